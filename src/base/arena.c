#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define BLOCK_BYTES ((size_t)64 * 1024)

struct arena_block {
	struct arena_block *next;
	size_t n;
	size_t cap;
	_Alignas(16) uint8_t bytes[];
};

void arena_init(struct arena *a, size_t keep)
{
	memset(a, 0, sizeof(*a));
	a->keep = keep;
}

static void block_free(struct arena *a, struct arena_block *b)
{
	a->total -= b->cap;
	free(b);
}

void arena_fini(struct arena *a)
{
	while (a->head != NULL) {
		struct arena_block *b = a->head;

		a->head = b->next;
		block_free(a, b);
	}
	a->used = 0;
}

void arena_reset(struct arena *a)
{
	struct arena_block **at = &a->head;

	while (*at != NULL) {
		struct arena_block *b = *at;

		if (a->total > a->keep) {
			*at = b->next;
			block_free(a, b);
			continue;
		}
		b->n = 0;
		at = &b->next;
	}
	a->used = 0;
}

static struct arena_block *block_with_room(struct arena *a, size_t n)
{
	struct arena_block *b = a->head;
	size_t cap = n > BLOCK_BYTES / 4 ? n : BLOCK_BYTES;

	if (b != NULL && b->cap - b->n >= n)
		return b;
	/* an emptied block kept by arena_reset may follow */
	if (b != NULL && b->next != NULL && b->next->n == 0 && b->next->cap >= n) {
		struct arena_block *next = b->next;

		b->next = next->next;
		next->next = b;
		a->head = next;
		return next;
	}
	b = malloc(sizeof(*b) + cap);
	must(b != NULL);
	b->n = 0;
	b->cap = cap;
	b->next = a->head;
	a->head = b;
	a->total += cap;
	return b;
}

void *arena_alloc(struct arena *a, size_t n)
{
	struct arena_block *b;
	void *p;

	n = (n + 7) & ~(size_t)7;
	b = block_with_room(a, n);
	p = b->bytes + b->n;
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

char *arena_printf(struct arena *a, const char *format, ...)
{
	va_list ap, again;
	int n;
	char *to;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	must(n >= 0);
	to = arena_alloc(a, (size_t)n + 1);
	vsnprintf(to, (size_t)n + 1, format, again);
	va_end(again);
	return to;
}
