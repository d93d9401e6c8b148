/* The clocks of a ticket as bytes. ledgers.h draws them. */
#include "tocsin/ledgers.h"

#include <string.h>

#include "model/ledgers_int.h"

/* ---- writing ------------------------------------------------------------------------------------------- */
static void put_text(struct buf *b, const char *text)
{
	size_t n = strlen(text);

	buf_add_varint(b, n);
	buf_add(b, text, n);
}

/* True: the text is a number, and written. */
static bool put_number(struct buf *b, struct lexicon *lexicon, struct slice text)
{
	uint32_t number = lexicon_number(lexicon, text);

	if (number == 0)
		return false;
	buf_add_varint(b, 2 * (uint64_t)number);
	return true;
}

static void put_name(struct buf *b, struct lexicon *lexicon, const char *name)
{
	if (put_number(b, lexicon, slice_of(name, strlen(name))))
		return;
	buf_add_varint(b, 1);
	put_text(b, name);
}

/* Of a lexicon only what the pack names; what people say stands here alone. */
static void put_word(struct buf *b, struct lexicon *lexicon, struct ledger_words *w, const char *text)
{
	if (text == NULL) {
		buf_add_varint(b, 0);
		return;
	}
	if (put_number(b, lexicon, slice_of(text, strlen(text))))
		return;
	for (uint32_t i = 0; i < w->n; i++) {
		if (w->texts[i] == text || strcmp(w->texts[i], text) == 0) {
			buf_add_varint(b, 2 * (uint64_t)i + 3);
			return;
		}
	}
	if (w->n < LEDGER_WORDS_MAX)
		w->texts[w->n++] = text;
	buf_add_varint(b, 1);
	put_text(b, text);
}

static void put_hash(struct buf *b, struct lexicon *lexicon, const uint8_t hash[SHA256_LEN])
{
	if (put_number(b, lexicon, slice_of(hash, SHA256_LEN)))
		return;
	buf_add_varint(b, 1);
	buf_add(b, hash, SHA256_LEN);
}

static void put_terms(
	struct buf *b, struct lexicon *lexicon, struct ledger_words *w, const struct ledger_terms *t)
{
	buf_add_varint(b, (uint64_t)t->goal);
	buf_add_u8(b, (uint8_t)((unsigned)t->unit | (t->calendar != NULL ? LEDGER_CALENDAR : 0u) |
				(t->has_hash ? LEDGER_HASH : 0u)));
	if (t->calendar != NULL)
		put_word(b, lexicon, w, t->calendar);
	if (t->has_hash)
		put_hash(b, lexicon, t->hash);
	buf_add_varint(b, t->n_percents);
	for (uint32_t i = 0; i < t->n_percents; i++) {
		buf_add_varint(b, (uint64_t)t->percents[i].percent);
		put_word(b, lexicon, w, t->percents[i].rule);
	}
}

/* An end that has not come is 0, another one 1 + how long it was. */
static void put_spans(struct buf *b, struct ledger_words *w, const struct ledger_span *spans, uint32_t n,
	int64_t started_ms)
{
	buf_add_varint(b, n);
	for (uint32_t i = 0; i < n; i++) {
		buf_add_signed(b, spans[i].from_ms - started_ms);
		buf_add_varint(b, spans[i].to_ms == LEDGER_OPEN
					  ? 0
					  : 1 + (uint64_t)(spans[i].to_ms - spans[i].from_ms));
		put_word(b, NULL, w, spans[i].cause);
	}
}

static uint8_t flags_of(const struct ledger_slot *s)
{
	const struct ledger *l = &s->ledger;

	return (uint8_t)((l->is_statutory ? LEDGER_STATUTORY : 0u) |
			 (ledger_is_stopped(l) ? LEDGER_STOPPED : 0u) |
			 (l->due.is_known ? LEDGER_DUE_KNOWN : 0u) |
			 (l->due.is_paused ? LEDGER_DUE_PAUSED : 0u) |
			 (s->armed_percent > 0 ? LEDGER_ARMED : 0u) | (l->n_pauses > 0 ? LEDGER_PAUSES : 0u));
}

static void put_record(struct buf *b, struct lexicon *lexicon, struct ledger_words *w,
	const struct ledger_slot *s, int64_t base_ms)
{
	const struct ledger *l = &s->ledger;

	buf_add_u8(b, flags_of(s));
	put_name(b, lexicon, l->name);
	if (s->armed_percent > 0) {
		buf_add_varint(b, (uint64_t)s->armed_percent);
		buf_add_signed(b, s->armed_ms - base_ms);
	}
	buf_add_signed(b, l->started_ms - base_ms);
	if (ledger_is_stopped(l))
		buf_add_signed(b, l->stopped_ms - l->started_ms);
	buf_add_varint(b, l->n_terms);
	for (uint32_t i = 0; i < l->n_terms; i++) {
		if (i > 0) /* the first are those of the start */
			buf_add_signed(b, l->terms[i].at_ms - l->started_ms);
		put_terms(b, lexicon, w, &l->terms[i]);
	}
	if (l->n_pauses > 0) {
		put_spans(b, w, l->pauses, l->n_pauses, l->started_ms);
		put_spans(b, w, l->voids, l->n_voids, l->started_ms);
	}
	if (l->due.is_known)
		buf_add_varint(b, (uint64_t)(l->due.at_ms - l->started_ms));
	else
		buf_add_varint(b, (uint64_t)l->due.needs_year);
}

/* A record is measured by where it ends: written behind the room of its length, then moved up to it. */
static void put_sized(struct buf *b, struct lexicon *lexicon, struct ledger_words *w,
	const struct ledger_slot *s, int64_t base_ms)
{
	enum { ROOM = 10 };
	size_t from = b->n, n;

	if (buf_space(b, ROOM) == NULL)
		return;
	put_record(b, lexicon, w, s, base_ms);
	if (b->is_full)
		return;
	n = b->n - from - ROOM;
	b->n = from;
	buf_add_varint(b, n);
	memmove(b->p + b->n, b->p + from + ROOM, n);
	b->n += n;
}

void ledgers_encode(struct buf *b, struct lexicon *lexicon, const struct ledger_slot *slots, uint32_t n)
{
	struct ledger_words w = {.n = 0};

	must(n > 0 && n <= LEDGERS_MAX);
	buf_add_u8(b, LEDGERS_VERSION);
	buf_add_varint(b, n);
	buf_add_varint(b, (uint64_t)slots[0].ledger.started_ms);
	for (uint32_t i = 0; i < n; i++)
		put_sized(b, lexicon, &w, &slots[i], slots[0].ledger.started_ms);
}

/* ---- heads --------------------------------------------------------------------------------------------- */
void ledger_heads_init(struct ledger_heads *h, const struct lexicon *lexicon, struct slice bytes)
{
	struct slice version;
	uint64_t n, base_ms;

	*h = (struct ledger_heads){.rest = bytes, .lexicon = lexicon};
	if (slice_take(&h->rest, 1, &version) != 0 || *(const uint8_t *)version.p != LEDGERS_VERSION ||
		slice_varint(&h->rest, &n) != 0 || slice_varint(&h->rest, &base_ms) != 0 ||
		base_ms > (uint64_t)LEDGER_MS_MAX || n > LEDGERS_MAX)
		return;
	h->left = (uint32_t)n;
	h->base_ms = (int64_t)base_ms;
}

int ledger_take_text(struct slice *rest, struct slice *out)
{
	uint64_t n;

	if (slice_varint(rest, &n) != 0 || n > LEDGER_TEXT_MAX || slice_take(rest, (size_t)n, out) != 0)
		return -1;
	return memchr(out->p, '\0', out->n) == NULL ? 0 : -1;
}

/* A difference to base_ms that stays within the years of ledgers. */
int ledger_take_instant(struct slice *rest, int64_t base_ms, int64_t *out)
{
	int64_t by;

	if (slice_signed(rest, &by) != 0 || by > INSTANT_MAX || by < -INSTANT_MAX)
		return -1;
	*out = base_ms + by;
	return 0;
}

static int take_name(struct slice *rest, const struct lexicon *lexicon, struct slice *out)
{
	uint64_t ref;

	if (slice_varint(rest, &ref) != 0 || ref == 0 || (ref > 1 && (ref & 1) != 0) || ref > 2 * LEXICON_MAX)
		return -1;
	if (ref == 1)
		return ledger_take_text(rest, out);
	*out = lexicon_text(lexicon, (uint32_t)(ref / 2));
	return 0;
}

static int take_head(
	struct slice record, const struct lexicon *lexicon, int64_t base_ms, struct ledger_head *head)
{
	struct slice first;
	uint64_t percent;

	memset(head, 0, sizeof(*head));
	if (slice_take(&record, 1, &first) != 0 || take_name(&record, lexicon, &head->name) != 0)
		return -1;
	head->flags = *(const uint8_t *)first.p;
	head->is_stopped = (head->flags & LEDGER_STOPPED) != 0;
	head->is_due_known = (head->flags & LEDGER_DUE_KNOWN) != 0;
	head->is_due_paused = (head->flags & LEDGER_DUE_PAUSED) != 0;
	if ((head->flags & LEDGER_ARMED) != 0) {
		if (slice_varint(&record, &percent) != 0 || percent < 1 || percent > LEDGER_PERCENT_MAX ||
			ledger_take_instant(&record, base_ms, &head->armed_ms) != 0 || head->armed_ms < 0)
			return -1;
		head->armed_percent = (int)percent;
	}
	head->rest = record;
	return (head->flags & ~(unsigned)LEDGER_FLAGS) == 0 ? 0 : -1;
}

bool ledger_heads_next(struct ledger_heads *h, struct ledger_head *head)
{
	struct slice record;
	uint64_t n;

	if (h->left == 0 || slice_varint(&h->rest, &n) != 0 || n > h->rest.n ||
		slice_take(&h->rest, (size_t)n, &record) != 0 ||
		take_head(record, h->lexicon, h->base_ms, head) != 0)
		return false;
	h->left--;
	return true;
}
