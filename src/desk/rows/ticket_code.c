/*
 * A ticket's row as bytes. What came in stands once, in the event of the entry that opened the ticket; the
 * row borrows the long texts from there.
 *
 *   format 2, varint seq, varint n, n texts {key, varint at, varint bytes}   of the event part
 *   varint n, clocks (ledgers.h)     varint n, timers (MessagePack)     varint n, the rest: n {key, value}
 *   key    the field's number (ticket_fields.h); 0: varint n, its name      value    as ticket_fields.h says
 *
 * seq is the entry that opened the ticket: its history begins there. When that event has been erased by law
 * its texts are gone with it, and the ticket shows `erased`.
 */
#include <string.h>

#include "desk/desk_int.h"
#include "desk/ticket_code.h"
#include "tocsin/wire.h"

#define FORMAT 2

/* ---- parsing ------------------------------------------------------------------------------------------- */
static int take_sized(struct slice *rest, struct slice *out)
{
	uint64_t n;

	return slice_varint(rest, &n) != 0 || n > rest->n ? -1 : slice_take(rest, (size_t)n, out);
}

static int take_key(struct slice *rest, struct slice *key, unsigned *field)
{
	const uint8_t *p = rest->p;

	if (rest->n == 0 || p[0] >= N_TICKET_FIELDS)
		return -1;
	*field = p[0];
	*rest = slice_of(p + 1, rest->n - 1);
	if (*field == TICKET_FIELD_NONE)
		return take_sized(rest, key);
	*key = ticket_field_name(*field);
	return 0;
}

static int take_texts(struct slice *rest, struct ticket_parts *p)
{
	uint64_t n, at, bytes;

	if (slice_varint(rest, &n) != 0 || n > TICKET_TEXTS_MAX)
		return -1;
	p->n_texts = (uint32_t)n;
	for (uint32_t i = 0; i < p->n_texts; i++) {
		struct ticket_text *t = &p->texts[i];

		if (take_key(rest, &t->key, &t->field) != 0 || slice_varint(rest, &at) != 0 ||
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
	uint64_t n;

	memset(p, 0, offsetof(struct ticket_parts, texts));
	if (slice_take(&row, 1, &format) != 0 || *(const uint8_t *)format.p != FORMAT)
		return err_set(e, ERR_STORAGE, "a stored ticket is not of format %d", FORMAT);
	if (slice_varint(&row, &p->seq) != 0 || take_texts(&row, p) != 0 ||
		take_sized(&row, &p->clocks) != 0 || take_sized(&row, &p->timers) != 0 ||
		slice_varint(&row, &n) != 0 || n > row.n)
		return err_set(e, ERR_STORAGE, "a stored ticket is damaged");
	p->n_pairs = (uint32_t)n;
	p->pairs = row;
	return 0;
}

int ticket_pair_take(struct slice *pairs, struct ticket_pair *pair)
{
	if (take_key(pairs, &pair->key, &pair->field) != 0)
		return -1;
	return slice_take(pairs, stored_length(*pairs), &pair->stored) == 0 && pair->stored.n > 0 ? 0 : -1;
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

/* ---- writing ------------------------------------------------------------------------------------------- */
/* Parts of the row that stand before its fields, or are no part of it at all. */
static bool is_apart(const struct ticket_parts *p, const struct value *key, unsigned field)
{
	if (ticket_field_names[field].kind == FIELD_APART)
		return true;
	for (uint32_t i = 0; i < p->n_texts; i++)
		if (field != TICKET_FIELD_NONE ? p->texts[i].field == field
					       : slice_cmp(p->texts[i].key, value_slice(key)) == 0)
			return true;
	return false;
}

static void put_key(struct buf *b, struct slice key, unsigned field)
{
	buf_add_u8(b, (uint8_t)field);
	if (field != TICKET_FIELD_NONE)
		return;
	buf_add_varint(b, key.n);
	buf_add(b, key.p, key.n);
}

static void put_texts(struct buf *b, const struct ticket_parts *p)
{
	buf_add_varint(b, p->n_texts);
	for (uint32_t i = 0; i < p->n_texts; i++) {
		const struct ticket_text *t = &p->texts[i];

		put_key(b, t->key, t->field);
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

/* A count of at most two bytes, known when what it counts is written. */
static void patch_count(struct buf *b, size_t at, uint32_t n)
{
	must(n < 1u << 14);
	if (b->is_full)
		return;
	if (n >= 0x80) {
		b->p[at] = (uint8_t)(n | 0x80);
		b->p[at + 1] = (uint8_t)(n >> 7);
		return;
	}
	b->p[at] = (uint8_t)n;
	memmove(b->p + at + 1, b->p + at + 2, b->n - at - 2);
	b->n--;
}

static void put_pairs(
	struct buf *b, struct lexicon *lexicon, const struct ticket_parts *p, const struct value *row)
{
	unsigned field = TICKET_FIELD_NONE, next = TICKET_FIELD_NONE;
	size_t at = b->n;
	uint32_t n = 0;

	buf_add(b, "\0\0", 2);
	for (uint32_t i = 0; i < row->n; i++) {
		const struct pair *pair = &row->as.pairs[i];

		field = ticket_field_number(value_slice(&pair->key), next);
		next = field == TICKET_FIELD_NONE ? next : field + 1;
		if (is_apart(p, &pair->key, field))
			continue;
		put_key(b, value_slice(&pair->key), field);
		stored_put(b, lexicon, ticket_field_names[field].kind, &pair->val);
		n++;
	}
	patch_count(b, at, n);
}

void ticket_encode(
	struct buf *b, struct lexicon *lexicon, const struct ticket_parts *p, const struct value *row)
{
	struct slice clocks = value_slice(value_get(row, "clocks"));

	buf_add_u8(b, FORMAT);
	buf_add_varint(b, p->seq);
	put_texts(b, p);
	buf_add_varint(b, clocks.n);
	buf_add(b, clocks.p, clocks.n);
	put_timers(b, value_get(row, "timers"));
	put_pairs(b, lexicon, p, row);
}

/* ---- borrowing ----------------------------------------------------------------------------------------- */
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
			.field = ticket_field_number(value_slice(&pair->key), TICKET_FIELD_title),
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
