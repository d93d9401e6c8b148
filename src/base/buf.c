#include "tocsin/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"

int slice_cmp(struct slice a, struct slice b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

void buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void buf_fini(struct buf *b)
{
	free(b->p);
	memset(b, 0, sizeof(*b));
}

void buf_reset(struct buf *b)
{
	b->n = 0;
	b->is_full = false;
}

void *buf_space(struct buf *b, size_t n)
{
	if (b->is_full || n > b->max - b->n) {
		b->is_full = true;
		return NULL;
	}
	if (b->n + n > b->cap) {
		size_t cap = b->cap > 0 ? b->cap : 256;

		while (cap < b->n + n)
			cap *= 2;
		if (cap > b->max)
			cap = b->max;
		b->p = realloc(b->p, cap);
		must(b->p != NULL);
		b->cap = cap;
	}
	b->n += n;
	return b->p + b->n - n;
}

void buf_add(struct buf *b, const void *p, size_t n)
{
	void *to;

	if (n == 0)
		return;
	to = buf_space(b, n);
	if (to != NULL)
		memcpy(to, p, n);
}

void buf_add_u8(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void buf_add_be32(struct buf *b, uint32_t v)
{
	uint8_t raw[4];

	store_be32(raw, v);
	buf_add(b, raw, sizeof(raw));
}

void buf_add_be64(struct buf *b, uint64_t v)
{
	uint8_t raw[8];

	store_be64(raw, v);
	buf_add(b, raw, sizeof(raw));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	va_list ap, again;
	int n;
	char *to;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	must(n >= 0);
	to = buf_space(b, (size_t)n + 1);
	if (to != NULL) {
		vsnprintf(to, (size_t)n + 1, format, again);
		b->n--; /* the NUL stays behind the end */
	}
	va_end(again);
}

uint64_t load_be64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

void store_be64(void *p, uint64_t v)
{
	v = __builtin_bswap64(v);
	memcpy(p, &v, sizeof(v));
}

uint32_t load_be32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

void store_be32(void *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}
