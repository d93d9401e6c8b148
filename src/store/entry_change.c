/* The changes part of an entry. */
#include <string.h>

#include "tocsin/entry.h"
#include "tocsin/err.h"

static size_t varint_size(size_t v)
{
	size_t n = 1;

	for (; v >= 0x80; v >>= 7)
		n++;
	return n;
}

static uint8_t *varint_write(uint8_t *to, size_t v)
{
	must(v <= UINT32_MAX);
	for (; v >= 0x80; v >>= 7)
		*to++ = (uint8_t)(v | 0x80);
	*to++ = (uint8_t)v;
	return to;
}

static uint8_t *slice_write(uint8_t *to, struct slice s)
{
	to = varint_write(to, s.n);
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	return to + s.n;
}

size_t change_size(const struct change *c)
{
	size_t n = 1 + varint_size(c->key.n) + c->key.n;

	return c->is_delete ? n : n + varint_size(c->val.n) + c->val.n;
}

uint8_t *change_write(uint8_t *to, const struct change *c)
{
	must(c->table < CHANGE_DELETE);
	*to++ = c->is_delete ? c->table | CHANGE_DELETE : c->table;
	to = slice_write(to, c->key);
	return c->is_delete ? to : slice_write(to, c->val);
}

/* ---- reading ------------------------------------------------------------------------------------------- */
static int slice_read(struct slice *rest, struct slice *out)
{
	uint64_t n;

	if (slice_varint(rest, &n) != 0 || n > rest->n)
		return -1;
	return slice_take(rest, (size_t)n, out);
}

int change_next(struct slice *rest, struct change *c)
{
	struct slice first;
	uint8_t head;

	if (rest->n == 0)
		return 0;
	if (slice_take(rest, 1, &first) != 0)
		return -1;
	head = *(const uint8_t *)first.p;
	*c = (struct change){
		.table = head & (uint8_t)~CHANGE_DELETE, .is_delete = (head & CHANGE_DELETE) != 0};
	if (slice_read(rest, &c->key) != 0 || (!c->is_delete && slice_read(rest, &c->val) != 0))
		return -1;
	return 1;
}
