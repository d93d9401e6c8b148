/* Reading the clocks of a ticket: trusts nothing. */
#include <string.h>

#include "model/ledgers_int.h"

struct reader {
	struct arena *arena;
	const struct lexicon *lexicon;
	struct slice rest;
	struct ledger_words words;
};

static int read_word(struct reader *r, bool is_needed, const char **out)
{
	struct slice text;
	uint64_t ref;

	*out = NULL; /* of a number that the lexicon does not have, too */
	if (slice_varint(&r->rest, &ref) != 0 || (ref == 0 && is_needed))
		return -1;
	if (ref == 0)
		return 0;
	if (ref > 1 && ref % 2 == 0) {
		*out = ref > 2 * LEXICON_MAX ? NULL : lexicon_text(r->lexicon, (uint32_t)(ref / 2)).p;
		return *out == NULL ? -1 : 0;
	}
	if (ref > 1) {
		if (ref / 2 - 1 >= r->words.n)
			return -1;
		*out = r->words.texts[ref / 2 - 1];
		return 0;
	}
	if (ledger_take_text(&r->rest, &text) != 0)
		return -1;
	*out = arena_text(r->arena, text.p, text.n);
	for (uint32_t i = 0; i < r->words.n; i++)
		if (strcmp(r->words.texts[i], *out) == 0)
			return -1; /* it stands there already */
	if (r->words.n < LEDGER_WORDS_MAX)
		r->words.texts[r->words.n++] = *out;
	return 0;
}

static int read_hash(struct reader *r, uint8_t hash[SHA256_LEN])
{
	struct slice bytes;
	uint64_t ref;

	if (slice_varint(&r->rest, &ref) != 0 || (ref != 1 && (ref % 2 != 0 || ref > 2 * LEXICON_MAX)))
		return -1;
	if (ref == 1 && slice_take(&r->rest, SHA256_LEN, &bytes) != 0)
		return -1;
	if (ref != 1)
		bytes = lexicon_text(r->lexicon, (uint32_t)(ref / 2));
	if (bytes.n != SHA256_LEN)
		return -1;
	memcpy(hash, bytes.p, SHA256_LEN);
	return 0;
}

/* A number of things of which each takes a byte at least. */
static int read_count(struct reader *r, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (slice_varint(&r->rest, &n) != 0 || n > max || n > r->rest.n)
		return -1;
	*out = (uint32_t)n;
	return 0;
}

static int read_percents(struct reader *r, struct ledger_terms *t)
{
	struct ledger_percent *percents;

	if (read_count(r, LEDGER_PERCENTS_MAX, &t->n_percents) != 0)
		return -1;
	percents = arena_zalloc(r->arena, (t->n_percents + 1) * sizeof(*percents));
	for (uint32_t i = 0; i < t->n_percents; i++) {
		uint64_t percent;

		if (slice_varint(&r->rest, &percent) != 0 || percent > LEDGER_PERCENT_MAX ||
			read_word(r, false, &percents[i].rule) != 0)
			return -1;
		percents[i].percent = (int)percent;
	}
	t->percents = percents;
	return 0;
}

static int read_terms(struct reader *r, struct ledger_terms *t)
{
	struct slice first;
	uint64_t goal;
	uint8_t flags;

	if (slice_varint(&r->rest, &goal) != 0 || goal > INT64_MAX || slice_take(&r->rest, 1, &first) != 0)
		return -1;
	flags = *(const uint8_t *)first.p;
	if ((flags & ~(unsigned)(LEDGER_UNIT | LEDGER_CALENDAR | LEDGER_HASH)) != 0 ||
		(flags & LEDGER_UNIT) > UNIT_WORKING_DAYS)
		return -1;
	t->goal = (int64_t)goal;
	t->unit = (enum unit)(flags & LEDGER_UNIT);
	t->has_hash = (flags & LEDGER_HASH) != 0;
	if ((flags & LEDGER_CALENDAR) != 0 && read_word(r, true, &t->calendar) != 0)
		return -1;
	if (t->has_hash && read_hash(r, t->hash) != 0)
		return -1;
	return read_percents(r, t);
}

static int read_spans(struct reader *r, int64_t started_ms, struct ledger_span **out, uint32_t *n)
{
	if (read_count(r, LEDGER_ENTRIES_MAX, n) != 0)
		return -1;
	*out = arena_zalloc(r->arena, (*n + 1) * sizeof(**out));
	for (uint32_t i = 0; i < *n; i++) {
		struct ledger_span *s = &(*out)[i];
		uint64_t lasted;

		if (ledger_take_instant(&r->rest, started_ms, &s->from_ms) != 0 ||
			slice_varint(&r->rest, &lasted) != 0 || lasted > (uint64_t)LEDGER_MS_MAX + 1 ||
			read_word(r, true, &s->cause) != 0)
			return -1;
		s->to_ms = lasted == 0 ? LEDGER_OPEN : s->from_ms + (int64_t)lasted - 1;
	}
	return 0;
}

static int read_due(struct reader *r, bool is_known, struct ledger *l)
{
	uint64_t v;

	if (slice_varint(&r->rest, &v) != 0 || v > (is_known ? INT64_MAX / 2 : 9999))
		return -1;
	l->due.is_known = is_known;
	if (is_known)
		l->due.at_ms = l->started_ms + (int64_t)v;
	else
		l->due.needs_year = (int)v;
	return 0;
}

static int read_ledger(struct reader *r, uint8_t flags, int64_t base_ms, struct ledger *l)
{
	l->arena = r->arena;
	l->is_statutory = (flags & LEDGER_STATUTORY) != 0;
	l->stopped_ms = LEDGER_OPEN;
	l->due.is_paused = (flags & LEDGER_DUE_PAUSED) != 0;
	if (ledger_take_instant(&r->rest, base_ms, &l->started_ms) != 0 || l->started_ms < 0 ||
		((flags & LEDGER_STOPPED) != 0 &&
			ledger_take_instant(&r->rest, l->started_ms, &l->stopped_ms) != 0) ||
		read_count(r, LEDGER_ENTRIES_MAX, &l->n_terms) != 0)
		return -1;
	l->terms = arena_zalloc(r->arena, (l->n_terms + 1) * sizeof(*l->terms));
	for (uint32_t i = 0; i < l->n_terms; i++) {
		l->terms[i].at_ms = l->started_ms;
		if ((i > 0 && ledger_take_instant(&r->rest, l->started_ms, &l->terms[i].at_ms) != 0) ||
			read_terms(r, &l->terms[i]) != 0)
			return -1;
	}
	if ((flags & LEDGER_PAUSES) != 0 &&
		(read_spans(r, l->started_ms, &l->pauses, &l->n_pauses) != 0 || l->n_pauses == 0 ||
			read_spans(r, l->started_ms, &l->voids, &l->n_voids) != 0))
		return -1;
	return read_due(r, (flags & LEDGER_DUE_KNOWN) != 0, l) != 0 || r->rest.n != 0 ? -1 : 0;
}

static const char *check_slot(const struct ledger_slot *s)
{
	const struct ledger_terms *t;

	if (s->armed_percent == 0)
		return NULL;
	if (ledger_is_stopped(&s->ledger))
		return "a stopped clock waits for a percentage";
	t = ledger_terms(&s->ledger);
	for (uint32_t i = 0; i < t->n_percents; i++)
		if (t->percents[i].percent == s->armed_percent)
			return NULL;
	return "it waits for a percentage that its terms do not have";
}

static int read_slot(struct reader *r, struct ledger_heads *heads, struct ledger_slot *s, struct err *e)
{
	struct ledger_head head;
	const char *wrong;

	if (!ledger_heads_next(heads, &head) || head.name.p == NULL)
		return err_set(e, ERR_INTERNAL, "a stored clock is damaged: its head cannot be read");
	s->ledger.name = arena_text(r->arena, head.name.p, head.name.n);
	s->armed_percent = head.armed_percent;
	s->armed_ms = head.armed_ms;
	r->rest = head.rest;
	if (read_ledger(r, head.flags, heads->base_ms, &s->ledger) != 0)
		return err_set(
			e, ERR_INTERNAL, "a stored clock is damaged: \"%s\" cannot be read", s->ledger.name);
	if ((wrong = ledger_check(&s->ledger)) != NULL || (wrong = check_slot(s)) != NULL)
		return err_set(
			e, ERR_INTERNAL, "a stored clock is damaged: \"%s\": %s", s->ledger.name, wrong);
	return 0;
}

int ledgers_decode(struct arena *a, const struct lexicon *lexicon, struct slice bytes,
	struct ledger_slot **out, uint32_t *n, struct err *e)
{
	struct reader r = {.arena = a, .lexicon = lexicon};
	struct ledger_heads heads;

	*n = 0;
	*out = NULL;
	if (bytes.n == 0)
		return 0;
	ledger_heads_init(&heads, lexicon, bytes);
	if (heads.left == 0)
		return err_set(e, ERR_INTERNAL, "a stored clock is damaged: no version %d", LEDGERS_VERSION);
	*n = heads.left;
	*out = arena_zalloc(a, *n * sizeof(**out));
	for (uint32_t i = 0; i < *n; i++) {
		struct ledger_slot *s = &(*out)[i];

		if (read_slot(&r, &heads, s, e) != 0)
			return -1;
		for (uint32_t k = 0; k < i; k++)
			if (strcmp((*out)[k].ledger.name, s->ledger.name) == 0)
				return err_set(e, ERR_INTERNAL,
					"a stored clock is damaged: \"%s\" stands twice", s->ledger.name);
	}
	if (heads.rest.n > 0 || heads.base_ms != (*out)[0].ledger.started_ms)
		return err_set(e, ERR_INTERNAL, "a stored clock is damaged: bytes follow the last one");
	return 0;
}
