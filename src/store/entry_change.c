/*
 * The changes part of an entry. The writer finds long runs that a value shares with the event part: the event
 * part is sampled every few bytes into a small table of 8-byte anchors; the value is probed at every byte,
 * and a hit is extended both ways. A failed extension costs less than PIECE_MIN, so writing is linear.
 */
#include <string.h>

#include "tocsin/entry.h"
#include "tocsin/err.h"

#define PIECE_MIN 64
#define ANCHOR 8
#define N_ANCHORS_LOG 10
#define N_ANCHORS (1u << N_ANCHORS_LOG)
#define STRIDE_MIN 16
#define VARINT_MAX 5

struct anchors {
	struct slice event;
	size_t stride;
	uint32_t at[N_ANCHORS]; /* 1 + offset / stride; 0 none */
};

struct piece {
	size_t val_at, event_at, n;
};

static uint32_t anchor_slot(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (uint32_t)((v * 0x9e3779b97f4a7c15u) >> (64 - N_ANCHORS_LOG));
}

static void anchors_init(struct anchors *a, struct slice event)
{
	const uint8_t *p = event.p;

	a->event = event;
	a->stride = event.n / N_ANCHORS + 1;
	if (a->stride < STRIDE_MIN)
		a->stride = STRIDE_MIN;
	memset(a->at, 0, sizeof(a->at));
	for (size_t at = 0; at + ANCHOR <= event.n; at += a->stride)
		a->at[anchor_slot(p + at)] = (uint32_t)(at / a->stride + 1);
}

/* Grow a hit at (val_at, event_at) both ways, not before `from` in the value. */
static struct piece piece_grow(
	struct slice val, size_t from, size_t val_at, struct slice event, size_t event_at)
{
	const uint8_t *v = val.p, *ev = event.p;
	size_t back = 0, ahead = 0;

	while (back < val_at - from && back < event_at && v[val_at - back - 1] == ev[event_at - back - 1])
		back++;
	while (val_at + ahead < val.n && event_at + ahead < event.n &&
		v[val_at + ahead] == ev[event_at + ahead])
		ahead++;
	return (struct piece){val_at - back, event_at - back, back + ahead};
}

/*
 * The next run at or behind `from`; n = 0 when there is none. A run of PIECE_MIN holds the anchors of three
 * samples, a stride apart; looking at one stride of bytes in three meets one of them, and growing backwards
 * finds the beginning.
 */
static struct piece piece_find(const struct anchors *a, struct slice val, size_t from)
{
	const uint8_t *v = val.p;

	for (size_t third = from; third + ANCHOR <= val.n; third += 3 * a->stride) {
		for (size_t at = third; at < third + a->stride && at + ANCHOR <= val.n; at++) {
			uint32_t hit = a->at[anchor_slot(v + at)];
			struct piece piece;

			if (hit == 0)
				continue;
			piece = piece_grow(val, from, at, a->event, (hit - 1) * a->stride);
			if (piece.n >= PIECE_MIN)
				return piece;
		}
	}
	return (struct piece){val.n, 0, 0};
}

static void varint_write(struct buf *b, size_t v)
{
	must(v <= UINT32_MAX);
	for (; v >= 0x80; v >>= 7)
		buf_add_u8(b, (uint8_t)(v | 0x80));
	buf_add_u8(b, (uint8_t)v);
}

static void pieces_write(struct buf *b, const struct anchors *a, struct slice val, struct piece piece)
{
	const uint8_t *v = val.p;
	size_t from = 0;

	while (from < val.n) {
		if (piece.val_at > from) {
			varint_write(b, (piece.val_at - from) << 1);
			buf_add(b, v + from, piece.val_at - from);
		}
		if (piece.n > 0) {
			varint_write(b, piece.n << 1 | 1);
			varint_write(b, piece.event_at);
		}
		from = piece.val_at + piece.n;
		piece = piece_find(a, val, from);
	}
}

static void head_write(struct buf *b, const struct change *c, uint8_t flags)
{
	must(c->table < CHANGE_PIECES);
	buf_add_u8(b, c->table | flags);
	varint_write(b, c->key.n);
	buf_add(b, c->key.p, c->key.n);
}

void change_write(struct buf *b, const struct change *c, struct slice event)
{
	struct anchors a;
	struct piece piece = {0};

	if (c->is_delete) {
		head_write(b, c, CHANGE_DELETE);
		return;
	}
	if (c->val.n >= PIECE_MIN && event.n >= PIECE_MIN) {
		anchors_init(&a, event);
		piece = piece_find(&a, c->val, 0);
	}
	head_write(b, c, piece.n > 0 ? CHANGE_PIECES : 0);
	varint_write(b, c->val.n);
	if (piece.n > 0)
		pieces_write(b, &a, c->val, piece);
	else
		buf_add(b, c->val.p, c->val.n);
}

/* ---- reading ------------------------------------------------------------------------------------------ */
void change_reader_init(struct change_reader *r, const struct entry *en, struct arena *arena)
{
	r->event = entry_event(en);
	r->rest = entry_changes(en);
	r->arena = arena;
}

/* 0, or -1 when fewer than n bytes are left. */
static int take(struct slice *rest, size_t n, struct slice *out)
{
	if (n > rest->n)
		return -1;
	*out = slice_of(rest->p, n);
	rest->p = (const uint8_t *)rest->p + n;
	rest->n -= n;
	return 0;
}

static int varint_read(struct slice *rest, size_t *out)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_MAX; i++) {
		struct slice b;
		uint8_t byte;

		if (take(rest, 1, &b) != 0)
			return -1;
		byte = *(const uint8_t *)b.p;
		v |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*out = (size_t)v;
			return v <= UINT32_MAX ? 0 : -1;
		}
	}
	return -1;
}

/* One piece into *out: literal bytes or a part of the event. */
static int piece_read(const struct change_reader *r, struct slice *rest, struct slice *out)
{
	size_t tag, n, at;

	if (varint_read(rest, &tag) != 0)
		return -1;
	n = tag >> 1;
	if (n == 0)
		return -1;
	if ((tag & 1) == 0)
		return take(rest, n, out);
	if (varint_read(rest, &at) != 0 || at > r->event.n || n > r->event.n - at)
		return -1;
	*out = slice_of((const uint8_t *)r->event.p + at, n);
	return 0;
}

/* Walk the pieces twice: measure, so that a lie about val_n allocates nothing, then assemble. */
static int pieces_read(struct change_reader *r, size_t val_n, struct slice *val)
{
	struct slice rest = r->rest, piece;
	uint8_t *to;
	size_t n = 0;

	while (n < val_n) {
		if (piece_read(r, &rest, &piece) != 0 || piece.n > val_n - n)
			return -1;
		n += piece.n;
	}
	to = arena_alloc(r->arena, val_n);
	*val = slice_of(to, val_n);
	for (n = 0; n < val_n; n += piece.n) {
		must(piece_read(r, &r->rest, &piece) == 0);
		memcpy(to + n, piece.p, piece.n);
	}
	return 0;
}

int change_next(struct change_reader *r, struct change *c)
{
	struct slice flags;
	size_t key_n, val_n;
	uint8_t f;

	if (r->rest.n == 0)
		return 0;
	if (take(&r->rest, 1, &flags) != 0 || varint_read(&r->rest, &key_n) != 0 ||
		take(&r->rest, key_n, &c->key) != 0)
		return -1;
	f = *(const uint8_t *)flags.p;
	c->table = f & (uint8_t) ~(CHANGE_DELETE | CHANGE_PIECES);
	c->is_delete = (f & CHANGE_DELETE) != 0;
	c->val = slice_of(NULL, 0);
	if (c->is_delete)
		return (f & CHANGE_PIECES) == 0 ? 1 : -1;
	if (varint_read(&r->rest, &val_n) != 0)
		return -1;
	if ((f & CHANGE_PIECES) != 0)
		return pieces_read(r, val_n, &c->val) == 0 ? 1 : -1;
	return take(&r->rest, val_n, &c->val) == 0 ? 1 : -1;
}
