#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

void arena_init(struct arena *a, size_t keep)
{
	memset(a, 0, sizeof(*a));
	a->keep = keep;
	a->block_bytes = BLOCK_BYTES;
}

static void blocks_free(struct arena_block *b)
{
	while (b != NULL) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_fini(struct arena *a)
{
	blocks_free(a->head);
	blocks_free(a->spare);
	a->head = a->spare = NULL;
	a->used = a->total = 0;
}

/* Take the newest block out of use: to the spares, or back to the system when more than `keep` bytes are
 * held. */
static void block_retire(struct arena *a, size_t keep)
{
	struct arena_block *b = a->head;

	a->head = b->next;
	if (a->total > keep) {
		a->total -= b->cap;
		free(b);
		return;
	}
	b->n = 0;
	b->next = a->spare;
	a->spare = b;
}

void arena_reset(struct arena *a)
{
	while (a->head != NULL)
		block_retire(a, a->keep);
	a->used = 0;
}

bool arena_holds(const struct arena *a, const void *p)
{
	for (const struct arena_block *b = a->head; b != NULL; b = b->next)
		if ((uintptr_t)p - (uintptr_t)b->bytes < b->n)
			return true;
	return false;
}

struct arena_mark arena_mark(const struct arena *a)
{
	struct arena_mark m = {a->head, a->head != NULL ? a->head->n : 0, a->used};

	return m;
}

void arena_rewind(struct arena *a, struct arena_mark m)
{
	/* one spare stays whatever `keep` is: who rewinds once does it again, and a block of 64 KiB that is
	 * freed each time makes malloc tidy its whole heap each time */
	while (a->head != m.head)
		block_retire(a, a->spare == NULL ? SIZE_MAX : a->keep);
	if (a->head != NULL)
		a->head->n = m.n;
	a->used = m.used;
}

static struct arena_block *block_new(struct arena *a, size_t n)
{
	size_t cap = n > a->block_bytes / 4 ? n : a->block_bytes;
	struct arena_block *b = malloc(sizeof(*b) + cap);

	must(b != NULL);
	b->n = 0;
	b->cap = cap;
	a->total += cap;
	return b;
}

static struct arena_block *block_with_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;

	if (b != NULL && b->cap - b->n >= n)
		return b;
	b = a->spare;
	if (b != NULL && b->cap >= n)
		a->spare = b->next;
	else
		b = block_new(a, n);
	b->next = a->head;
	a->head = b;
	return b;
}

/* n is a multiple of eight. */
void *arena_alloc_more(struct arena *a, size_t n)
{
	struct arena_block *b = block_with_room(a, n);
	void *p = b->bytes + b->n;

	b->n += n;
	a->used += n;
	return p;
}

void *arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	memset(p, 0, n);
	return p;
}

void *arena_copy(struct arena *a, const void *p, size_t n)
{
	void *to = arena_alloc(a, n);

	if (n > 0)
		memcpy(to, p, n);
	return to;
}

char *arena_text(struct arena *a, const char *p, size_t n)
{
	char *to = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(to, p, n);
	to[n] = '\0';
	return to;
}

char *arena_vprintf(struct arena *a, const char *format, va_list ap)
{
	va_list again;
	int n;
	char *to;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	must(n >= 0);
	to = arena_alloc(a, (size_t)n + 1);
	vsnprintf(to, (size_t)n + 1, format, again);
	va_end(again);
	return to;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *to;

	va_start(ap, format);
	to = arena_vprintf(a, format, ap);
	va_end(ap);
	return to;
}
