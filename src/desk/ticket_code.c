/*
 * A ticket's row as bytes. What came in stands once, in the event of the entry that opened the ticket; the
 * row borrows the long texts from there.
 *
 *   format 1, varint seq, varint n, n texts {varint key_n, key, varint at, varint bytes}   of the event part
 *   varint n, clocks (ledgers.h)     varint n, timers (MessagePack)     the rest: a MessagePack map
 *
 * seq is the entry that opened the ticket: its history begins there. When that event has been erased by law
 * its texts are gone with it, and the ticket shows `erased`.
 */
#include <string.h>

#include "desk_int.h"
#include "ticket_code.h"
#include "tocsin/wire.h"

#define FORMAT 1

/* ---- parsing ------------------------------------------------------------------------------------------ */
static int take_sized(struct slice *rest, struct slice *out)
{
	uint64_t n;

	return slice_varint(rest, &n) != 0 || n > rest->n ? -1 : slice_take(rest, (size_t)n, out);
}

static int take_texts(struct slice *rest, struct ticket_parts *p)
{
	uint64_t n, at, bytes;

	if (slice_varint(rest, &n) != 0 || n > TICKET_TEXTS_MAX)
		return -1;
	p->n_texts = (uint32_t)n;
	for (uint32_t i = 0; i < p->n_texts; i++) {
		struct ticket_text *t = &p->texts[i];

		if (take_sized(rest, &t->key) != 0 || slice_varint(rest, &at) != 0 ||
			slice_varint(rest, &bytes) != 0 || at > UINT32_MAX || bytes > UINT32_MAX)
			return -1;
		t->at = (uint32_t)at;
		t->n = (uint32_t)bytes;
	}
	return 0;
}

int ticket_parse(struct slice row, struct ticket_parts *p, struct err *e)
{
	struct slice format;

	memset(p, 0, offsetof(struct ticket_parts, texts));
	if (slice_take(&row, 1, &format) != 0 || *(const uint8_t *)format.p != FORMAT)
		return err_set(e, ERR_STORAGE, "a stored ticket is not of format %d", FORMAT);
	if (slice_varint(&row, &p->seq) != 0 || take_texts(&row, p) != 0 ||
		take_sized(&row, &p->clocks) != 0 || take_sized(&row, &p->timers) != 0 || row.n == 0)
		return err_set(e, ERR_STORAGE, "a stored ticket is damaged");
	p->map = row;
	return 0;
}

/* The event that the texts stand in; empty when it was erased. */
static int event_of(struct store *s, struct tx *tx, uint64_t seq, struct slice *event, struct err *e)
{
	uint8_t key[8];
	struct slice row;
	int got;

	store_be64(key, seq);
	got = tx != NULL ? tx_get(tx, TABLE_EVENT, slice_of(key, 8), &row, e)
			 : store_get(s, TABLE_EVENT, slice_of(key, 8), &row, e);
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_STORAGE, "entry %ju, which a ticket's texts stand in, is missing",
			(uintmax_t)seq);
	*event = store_event_part(row);
	return 0;
}

int ticket_texts(struct store *s, struct tx *tx, struct ticket_parts *p, struct err *e)
{
	struct slice event;

	if (p->n_texts == 0)
		return 0;
	if (event_of(s, tx, p->seq, &event, e) != 0)
		return -1;
	p->is_erased = event.n == 0;
	for (uint32_t i = 0; i < p->n_texts && !p->is_erased; i++) {
		struct ticket_text *t = &p->texts[i];

		if (t->at > event.n || t->n > event.n - t->at)
			return err_set(e, ERR_STORAGE, "a stored ticket's text lies outside entry %ju",
				(uintmax_t)p->seq);
		t->p = (const char *)event.p + t->at;
	}
	return 0;
}

/* ---- as a value --------------------------------------------------------------------------------------- */
int ticket_decode(
	struct store *s, struct tx *tx, struct arena *a, struct slice bytes, struct value *row, struct err *e)
{
	struct ticket_parts p;
	struct value timers;

	if (ticket_parse(bytes, &p, e) != 0 || ticket_texts(s, tx, &p, e) != 0 ||
		value_decode(a, p.map, row, e) != 0)
		return -1;
	for (uint32_t i = 0; i < p.n_texts && !p.is_erased; i++)
		value_add(a, row, arena_text(a, p.texts[i].key.p, p.texts[i].key.n),
			value_borrow(p.texts[i].p, p.texts[i].n));
	if (p.is_erased)
		value_add(a, row, "erased", value_bool(true));
	if (p.clocks.n > 0)
		value_add(a, row, "clocks", value_bytes(p.clocks.p, p.clocks.n));
	if (p.timers.n > 0) {
		if (value_decode(a, p.timers, &timers, e) != 0)
			return -1;
		value_add(a, row, "timers", timers);
	}
	return 0;
}

/* ---- as MessagePack ----------------------------------------------------------------------------------- */
/* Number of pairs, and what stands behind the head of the map. */
static struct slice pairs_of(struct slice map, uint32_t *n)
{
	const uint8_t *p = map.p;
	size_t head = p[0] == 0xde ? 3 : p[0] == 0xdf ? 5 : 1;

	must(map.n >= head);
	*n = head == 1 ? p[0] & 15u : head == 3 ? (uint32_t)p[1] << 8 | p[2] : load_be32(p + 1);
	return slice_of(p + head, map.n - head);
}

#define ERASED                                                                                               \
	"\xa6"                                                                                               \
	"erased"                                                                                             \
	"\xc3" /* one pair */

static void put_pair(struct buf *b, const struct ticket_text *t)
{
	struct value key = value_borrow(t->key.p, t->key.n), text = value_borrow(t->p, t->n);

	value_encode(b, &key);
	value_encode(b, &text);
}

static bool is_asked(const struct value *fields, struct slice key)
{
	for (uint32_t i = 0; i < fields->n; i++)
		if (slice_cmp(value_slice(&fields->as.items[i]), key) == 0)
			return true;
	return false;
}

/* The bytes of the next value. */
static struct slice next_value(struct slice *rest)
{
	struct frame_scan scan;
	struct slice value = {NULL, 0};
	struct err e;

	frame_scan_init(&scan, rest->n + 1);
	must(frame_scan(&scan, rest->p, rest->n, &e) == FRAME_WHOLE &&
		slice_take(rest, scan.at, &value) == 0);
	return value;
}

/* A key of a row: a text shorter than 256 bytes. */
static struct slice key_of(struct slice encoded)
{
	const uint8_t *p = encoded.p;
	size_t head = p[0] == 0xd9 ? 2 : 1;

	return slice_of(p + head, encoded.n - head);
}

static void compose_fields(struct buf *b, const struct ticket_parts *p, struct slice pairs, uint32_t n_pairs,
	const struct value *fields)
{
	size_t from = b->n;
	uint32_t n = 0;

	buf_add(b, "\xde\0\0", 3); /* patched when it is known how many follow */
	for (uint32_t i = 0; i < n_pairs; i++) {
		struct slice key = next_value(&pairs), value = next_value(&pairs);

		if (!is_asked(fields, key_of(key)))
			continue;
		buf_add(b, key.p, key.n);
		buf_add(b, value.p, value.n);
		n++;
	}
	for (uint32_t i = 0; i < p->n_texts && !p->is_erased; i++) {
		if (!is_asked(fields, p->texts[i].key))
			continue;
		put_pair(b, &p->texts[i]);
		n++;
	}
	if (p->is_erased && is_asked(fields, SLICE_TEXT("erased"))) {
		buf_add(b, ERASED, sizeof(ERASED) - 1);
		n++;
	}
	if (!b->is_full) {
		b->p[from + 1] = (uint8_t)(n >> 8);
		b->p[from + 2] = (uint8_t)n;
	}
}

void ticket_compose(struct buf *b, const struct ticket_parts *p, const struct value *fields)
{
	struct slice pairs;
	uint32_t n;

	pairs = pairs_of(p->map, &n);
	if (fields != NULL) {
		compose_fields(b, p, pairs, n, fields);
		return;
	}
	value_encode_map(b, n + (p->is_erased ? 1 : p->n_texts));
	buf_add(b, pairs.p, pairs.n);
	for (uint32_t i = 0; i < p->n_texts && !p->is_erased; i++)
		put_pair(b, &p->texts[i]);
	if (p->is_erased)
		buf_add(b, ERASED, sizeof(ERASED) - 1);
}

/* ---- writing ------------------------------------------------------------------------------------------ */
/* Parts of the row that stand before its map, or are no part of it at all. */
static bool is_apart(const struct ticket_parts *p, const struct value *key)
{
	if (value_is_text(key, "clocks") || value_is_text(key, "timers") || value_is_text(key, "erased"))
		return true;
	for (uint32_t i = 0; i < p->n_texts; i++)
		if (p->texts[i].key.n == key->n && memcmp(p->texts[i].key.p, key->as.text, key->n) == 0)
			return true;
	return false;
}

static void put_texts(struct buf *b, const struct ticket_parts *p)
{
	buf_add_varint(b, p->n_texts);
	for (uint32_t i = 0; i < p->n_texts; i++) {
		const struct ticket_text *t = &p->texts[i];

		buf_add_varint(b, t->key.n);
		buf_add(b, t->key.p, t->key.n);
		buf_add_varint(b, t->at);
		buf_add_varint(b, t->n);
	}
}

/* A value with its length before it: encoded behind, then moved. */
static void put_timers(struct buf *b, const struct value *timers)
{
	size_t from = b->n, n;

	if (timers == NULL) {
		buf_add_varint(b, 0);
		return;
	}
	buf_add(b, "\0\0\0\0\0", 5);
	value_encode(b, timers);
	if (b->is_full)
		return;
	n = b->n - from - 5;
	b->n = from;
	buf_add_varint(b, n);
	memmove(b->p + b->n, b->p + from + 5, n);
	b->n += n;
}

void ticket_encode(struct buf *b, const struct ticket_parts *p, const struct value *row)
{
	struct slice clocks = value_slice(value_get(row, "clocks"));
	uint32_t n = 0;

	buf_add_u8(b, FORMAT);
	buf_add_varint(b, p->seq);
	put_texts(b, p);
	buf_add_varint(b, clocks.n);
	buf_add(b, clocks.p, clocks.n);
	put_timers(b, value_get(row, "timers"));
	for (uint32_t i = 0; i < row->n; i++)
		n += !is_apart(p, &row->as.pairs[i].key);
	value_encode_map(b, n);
	for (uint32_t i = 0; i < row->n; i++) {
		if (is_apart(p, &row->as.pairs[i].key))
			continue;
		value_encode(b, &row->as.pairs[i].key);
		value_encode(b, &row->as.pairs[i].val);
	}
}

/* ---- borrowing ---------------------------------------------------------------------------------------- */
void ticket_borrow(struct ticket_parts *p, const struct value *row, struct slice params)
{
	const char *from = params.p;

	for (uint32_t i = 0; from != NULL && i < row->n && p->n_texts < TICKET_TEXTS_MAX; i++) {
		const struct pair *pair = &row->as.pairs[i];
		const char *text = pair->val.as.text;

		if (pair->val.type != VALUE_TEXT || pair->val.n < TICKET_TEXT_MIN || text < from ||
			text > from + params.n || pair->val.n > params.n - (size_t)(text - from))
			continue;
		p->texts[p->n_texts++] = (struct ticket_text){.key = value_slice(&pair->key),
			.at = EVENT_PARAMS_AT + (uint32_t)(text - from),
			.n = pair->val.n};
	}
}

void ticket_keep_borrowed(struct ticket_parts *p, const struct value *row)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < p->n_texts; i++) {
		const struct ticket_text *t = &p->texts[i];
		const struct value *v = value_get_n(row, t->key.p, t->key.n);
		bool is_same = p->is_erased
				       ? v == NULL
				       : value_is(v, VALUE_TEXT) && v->n == t->n &&
						 (v->as.text == t->p || memcmp(v->as.text, t->p, t->n) == 0);

		if (is_same)
			p->texts[n++] = *t;
	}
	p->n_texts = n;
}
