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

bool slice_is(struct slice s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
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

void buf_add_more(struct buf *b, const void *p, size_t n)
{
	void *to;

	if (n == 0)
		return;
	to = buf_space(b, n);
	if (to != NULL)
		memcpy(to, p, n);
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

/* ---- numbers in few bytes ------------------------------------------------------------------------------ */
void buf_add_varint(struct buf *b, uint64_t v)
{
	uint8_t raw[10];
	size_t n = 0;

	if (v < 0x80) {
		buf_add_u8(b, (uint8_t)v);
		return;
	}
	for (; v >= 0x80; v >>= 7)
		raw[n++] = (uint8_t)(v | 0x80);
	raw[n++] = (uint8_t)v;
	buf_add(b, raw, n);
}

void buf_add_signed(struct buf *b, int64_t v)
{
	uint64_t u = (uint64_t)v;

	buf_add_varint(b, v < 0 ? ~(u << 1) : u << 1);
}

int slice_take(struct slice *rest, size_t n, struct slice *out)
{
	if (n > rest->n)
		return -1;
	*out = slice_of(rest->p, n);
	rest->p = n > 0 ? (const uint8_t *)rest->p + n : rest->p;
	rest->n -= n;
	return 0;
}

int slice_varint(struct slice *rest, uint64_t *out)
{
	const uint8_t *p = rest->p;
	uint64_t v = 0;

	if (rest->n > 0 && p[0] < 0x80) {
		*out = p[0];
		*rest = slice_of(p + 1, rest->n - 1);
		return 0;
	}
	for (size_t i = 0; i < rest->n && i < 10; i++) {
		v |= (uint64_t)(p[i] & 0x7f) << (7 * i);
		if (p[i] >= 0x80)
			continue;
		if ((i > 0 && p[i] == 0) || (i == 9 && p[i] > 1))
			return -1;
		*out = v;
		rest->p = p + i + 1;
		rest->n -= i + 1;
		return 0;
	}
	return -1;
}

int slice_signed(struct slice *rest, int64_t *out)
{
	uint64_t u;

	if (slice_varint(rest, &u) != 0)
		return -1;
	*out = (int64_t)((u & 1) != 0 ? ~(u >> 1) : u >> 1);
	return 0;
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
