/* A growable byte buffer with a ceiling, and a bump arena. Neither is shared between threads. */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Borrowed bytes. */
struct slice {
	const void *p;
	size_t n;
};

static inline struct slice slice_of(const void *p, size_t n)
{
	struct slice s = {p, n};
	return s;
}

#define SLICE_TEXT(literal) slice_of(literal, sizeof(literal) - 1)

/* <0, 0, >0 as memcmp, a shorter prefix sorts first. */
int slice_cmp(struct slice a, struct slice b);
bool slice_is(struct slice, const char *text);

struct buf {
	uint8_t *p;
	size_t n; /* bytes used */
	size_t cap;
	size_t max; /* ceiling; growing past it sets is_full and drops what does not fit */
	bool is_full;
};

void buf_init(struct buf *, size_t max);
void buf_fini(struct buf *);
void buf_reset(struct buf *); /* keeps the memory */
void buf_add_more(struct buf *, const void *p, size_t n);
static inline void buf_add(struct buf *b, const void *p, size_t n)
{
	if (b->is_full || n >= b->cap - b->n) {
		buf_add_more(b, p, n);
		return;
	}
	if (n > 0)
		memcpy(b->p + b->n, p, n);
	b->n += n;
}
static inline void buf_add_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}
void buf_add_be32(struct buf *, uint32_t);
void buf_add_be64(struct buf *, uint64_t); /* big endian: sorts as a key */
void buf_printf(struct buf *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Room for n bytes at the end, counted as used; NULL when full. */
void *buf_space(struct buf *, size_t n);
static inline struct slice buf_slice(const struct buf *b)
{
	return slice_of(b->p, b->n);
}

/* Numbers in few bytes: 7 bits a byte, lowest first; signed ones with the sign in the lowest bit. */
void buf_add_varint(struct buf *, uint64_t);
void buf_add_signed(struct buf *, int64_t);

/*
 * Take from the front: 0, or -1 when there is not as much. A number is taken in its shortest form only, so
 * that what was read and written again is the same bytes.
 */
int slice_take(struct slice *rest, size_t n, struct slice *out);
int slice_varint(struct slice *rest, uint64_t *out);
int slice_signed(struct slice *rest, int64_t *out);

uint64_t load_be64(const void *p);
void store_be64(void *p, uint64_t v);
uint32_t load_be32(const void *p);
void store_be32(void *p, uint32_t v);

/*
 * Arena: allocations live until arena_reset, arena_rewind or arena_fini. Aligned to 8. Blocks are kept across
 * resets up to `keep` bytes, and one across rewinds. Running out of memory aborts (must): the ceilings on
 * frames and turns bound every use.
 */
struct arena_block {
	struct arena_block *next;
	size_t n, cap;
	_Alignas(16) uint8_t bytes[];
};

struct arena {
	struct arena_block *head;  /* the block being filled; older ones behind it */
	struct arena_block *spare; /* emptied, to be filled again */
	size_t used;               /* bytes handed out since the last reset */
	size_t total;              /* bytes held */
	size_t keep;
	size_t block_bytes; /* of a new block; 64 KiB unless set after arena_init */
};

/* Where the arena stood: everything allocated later goes with arena_rewind. */
struct arena_mark {
	struct arena_block *head;
	size_t n, used;
};

void arena_init(struct arena *, size_t keep);
void arena_fini(struct arena *);
void arena_reset(struct arena *);
struct arena_mark arena_mark(const struct arena *);
/* Whether p lies in what it handed out. */
bool arena_holds(const struct arena *, const void *p);
void arena_rewind(struct arena *, struct arena_mark);
void *arena_alloc_more(struct arena *, size_t n);
/* Not zeroed. */
static inline void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	void *p;

	n = (n + 7) & ~(size_t)7;
	if (b == NULL || b->cap - b->n < n)
		return arena_alloc_more(a, n);
	p = b->bytes + b->n;
	b->n += n;
	a->used += n;
	return p;
}
void *arena_zalloc(struct arena *, size_t n); /* zeroed */
void *arena_copy(struct arena *, const void *p, size_t n);
char *arena_text(struct arena *, const char *p, size_t n); /* NUL-terminated copy */
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *, const char *format, va_list) __attribute__((format(printf, 2, 0)));
