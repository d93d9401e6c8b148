/* The ledger as a value in a row, and the rules that a ledger obeys. */
#include <string.h>

#include "model/ledger_int.h"

int terms_check(const struct ledger_terms *t, int64_t started_ms, struct err *e)
{
	int64_t hours = t->goal / HOUR_MS + (t->goal % HOUR_MS > 0);

	if (period_check(t->calendar != NULL, started_ms, t->unit == UNIT_HOURS ? hours : t->goal, t->unit,
		    e) != 0)
		return -1;
	if (t->n_percents > LEDGER_PERCENTS_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "percents", NULL,
			"there are %u percentages, at most %d fit", t->n_percents, LEDGER_PERCENTS_MAX);
	for (uint32_t i = 0; i < t->n_percents; i++) {
		int percent = t->percents[i].percent;

		if (percent < 1 || percent > LEDGER_PERCENT_MAX)
			return err_arg(e, ERR_BAD_REQUEST, "percents", NULL,
				"the percentage %d is not 1 to %d", percent, LEDGER_PERCENT_MAX);
		if (i > 0 && percent < t->percents[i - 1].percent)
			return err_arg(e, ERR_BAD_REQUEST, "percents", NULL,
				"the percentage %d is after %d: say them in order", percent,
				t->percents[i - 1].percent);
	}
	return 0;
}

/* ---- invariants ---------------------------------------------------------------------------------------- */

static bool in_range(int64_t at_ms)
{
	return at_ms >= 0 && at_ms <= LEDGER_MS_MAX;
}

static const char *check_terms(const struct ledger *l)
{
	struct err e;

	if (l->n_terms < 1 || l->n_terms > LEDGER_ENTRIES_MAX || l->terms[0].at_ms != l->started_ms)
		return "the first terms are not those of the start";
	for (uint32_t i = 0; i < l->n_terms; i++) {
		const struct ledger_terms *t = &l->terms[i];

		if (!in_range(t->at_ms) || (i > 0 && t->at_ms < l->terms[i - 1].at_ms))
			return "terms are not in order";
		if (t->has_hash && t->calendar == NULL)
			return "terms have the hash of a calendar they do not name";
		if (terms_check(t, l->started_ms, &e) != 0)
			return "terms are out of range";
	}
	return NULL;
}

static const char *check_pauses(const struct ledger *l)
{
	int64_t last_ms = l->started_ms;

	if (l->n_pauses > LEDGER_ENTRIES_MAX || (l->is_statutory && l->n_pauses > 0))
		return "there are more pauses than may be";
	for (uint32_t i = 0; i < l->n_pauses; i++) {
		const struct ledger_span *p = &l->pauses[i];
		bool is_open = p->to_ms == LEDGER_OPEN;

		if (!in_range(p->from_ms) || p->from_ms < last_ms ||
			(!is_open && (p->to_ms < p->from_ms || !in_range(p->to_ms))))
			return "pauses are not in order";
		if (is_open && (i + 1 < l->n_pauses || ledger_is_stopped(l)))
			return "a pause is open that is not the last, or of a stopped clock";
		last_ms = is_open ? p->from_ms : p->to_ms;
	}
	if (ledger_is_stopped(l) && (l->stopped_ms < last_ms || !in_range(l->stopped_ms)))
		return "the clock stopped before its last pause";
	return NULL;
}

static bool is_in_a_pause(const struct ledger *l, const struct ledger_span *v)
{
	for (uint32_t i = 0; i < l->n_pauses; i++) {
		if (l->pauses[i].from_ms <= v->from_ms && v->to_ms <= l->pauses[i].to_ms)
			return true;
	}
	return false;
}

const char *ledger_check(const struct ledger *l)
{
	const char *wrong;

	if (!in_range(l->started_ms))
		return "the start is out of range";
	if ((wrong = check_terms(l)) != NULL || (wrong = check_pauses(l)) != NULL)
		return wrong;
	if (l->n_voids > LEDGER_ENTRIES_MAX)
		return "there are more voids than may be";
	for (uint32_t i = 0; i < l->n_voids; i++) {
		if (l->voids[i].from_ms > l->voids[i].to_ms || !is_in_a_pause(l, &l->voids[i]))
			return "a void is not within a pause";
	}
	if (l->due.is_known
			? l->due.needs_year != 0 || l->due.at_ms < l->started_ms
			: l->due.needs_year == 0 || l->due.at_ms != 0 || ledger_terms(l)->calendar == NULL)
		return "due is neither known nor waiting for a year";
	return NULL;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static struct value text_value(const char *text)
{
	return value_borrow(text, strlen(text));
}

static struct value terms_value(struct arena *a, const struct ledger_terms *t)
{
	struct value map = value_map(a, 6), percents = value_array(a, t->n_percents);

	value_add(a, &map, "at", value_int(t->at_ms));
	value_add(a, &map, "goal", value_int(t->goal));
	value_add(a, &map, "unit", value_literal(unit_name(t->unit)));
	if (t->calendar != NULL)
		value_add(a, &map, "calendar", text_value(t->calendar));
	if (t->has_hash)
		value_add(a, &map, "sha256", value_bytes(t->hash, SHA256_LEN));
	for (uint32_t i = 0; i < t->n_percents; i++) {
		struct value p = value_map(a, 2);

		value_add(a, &p, "percent", value_int(t->percents[i].percent));
		if (t->percents[i].rule != NULL)
			value_add(a, &p, "rule", text_value(t->percents[i].rule));
		value_push(a, &percents, p);
	}
	value_add(a, &map, "percents", percents);
	return map;
}

static struct value spans_value(struct arena *a, const struct ledger_span *spans, uint32_t n)
{
	struct value list = value_array(a, n);

	for (uint32_t i = 0; i < n; i++) {
		struct value span = value_array(a, 3);

		value_push(a, &span, value_int(spans[i].from_ms));
		value_push(a, &span, spans[i].to_ms == LEDGER_OPEN ? value_nil : value_int(spans[i].to_ms));
		value_push(a, &span, text_value(spans[i].cause));
		value_push(a, &list, span);
	}
	return list;
}

struct value ledger_to_value(struct arena *a, const struct ledger *l)
{
	struct value map = value_map(a, 10), terms = value_array(a, l->n_terms);

	value_add(a, &map, "name", text_value(l->name));
	value_add(a, &map, "statutory", value_bool(l->is_statutory));
	value_add(a, &map, "started", value_int(l->started_ms));
	if (ledger_is_stopped(l))
		value_add(a, &map, "stopped", value_int(l->stopped_ms));
	for (uint32_t i = 0; i < l->n_terms; i++)
		value_push(a, &terms, terms_value(a, &l->terms[i]));
	value_add(a, &map, "terms", terms);
	value_add(a, &map, "pauses", spans_value(a, l->pauses, l->n_pauses));
	value_add(a, &map, "voids", spans_value(a, l->voids, l->n_voids));
	if (l->due.is_known)
		value_add(a, &map, "due", value_int(l->due.at_ms));
	else
		value_add(a, &map, "needs_year", value_int(l->due.needs_year));
	value_add(a, &map, "paused", value_bool(l->due.is_paused));
	return map;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* A map being read: counts what was asked for, so that a key that nobody knows is noticed. */
struct reader {
	struct arena *arena;
	struct err *e;
	const struct value *map;
	uint32_t n_read;
};

static int damaged(struct reader *r, const char *key, const char *expected)
{
	return err_set(r->e, ERR_INTERNAL, "a stored clock is damaged: \"%s\" is %s", key, expected);
}

/* The value, NULL if there is none; -1 if it is of another type. */
static int read_any(
	struct reader *r, const char *key, enum value_type type, bool is_needed, const struct value **out)
{
	*out = value_get(r->map, key);
	r->n_read += *out != NULL;
	if (*out == NULL)
		return is_needed ? damaged(r, key, "missing") : 0;
	return value_is(*out, type) ? 0 : damaged(r, key, "of another type");
}

static int read_int(struct reader *r, const char *key, int64_t *out)
{
	const struct value *v;

	if (read_any(r, key, VALUE_INT, true, &v) != 0)
		return -1;
	*out = v->as.i;
	return 0;
}

/* *out keeps what it is if there is none. */
static int read_int_if(struct reader *r, const char *key, bool *has, int64_t *out)
{
	const struct value *v;

	if (read_any(r, key, VALUE_INT, false, &v) != 0)
		return -1;
	*has = v != NULL;
	if (v != NULL)
		*out = v->as.i;
	return 0;
}

static int read_bool(struct reader *r, const char *key, bool *out)
{
	const struct value *v;

	if (read_any(r, key, VALUE_BOOL, true, &v) != 0)
		return -1;
	*out = v->as.b;
	return 0;
}

static bool is_text(const struct value *v)
{
	return value_is(v, VALUE_TEXT) && v->n <= LEDGER_TEXT_MAX && memchr(v->as.text, '\0', v->n) == NULL;
}

static int read_text(struct reader *r, const char *key, bool is_needed, const char **out)
{
	const struct value *v;

	*out = NULL;
	if (read_any(r, key, VALUE_TEXT, is_needed, &v) != 0)
		return -1;
	if (v == NULL)
		return 0;
	if (!is_text(v))
		return damaged(r, key, "too long");
	*out = value_cstr(r->arena, v);
	return 0;
}

static int read_list(struct reader *r, const char *key, uint32_t max, const struct value **out)
{
	if (read_any(r, key, VALUE_ARRAY, true, out) != 0)
		return -1;
	return (*out)->n <= max ? 0 : damaged(r, key, "too long");
}

static int read_end(struct reader *r)
{
	return r->map->n == r->n_read ? 0 : damaged(r, "clock", "a map with unknown keys");
}

static int read_spans(struct reader *r, const char *key, struct ledger_span **out, uint32_t *n)
{
	const struct value *list;

	if (read_list(r, key, LEDGER_ENTRIES_MAX, &list) != 0)
		return -1;
	*n = list->n;
	*out = arena_zalloc(r->arena, (list->n + 1) * sizeof(**out));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct value *from = value_at(&list->as.items[i], 0),
				   *to = value_at(&list->as.items[i], 1);
		const struct value *cause = value_at(&list->as.items[i], 2);

		if (list->as.items[i].n != 3 || !value_is(from, VALUE_INT) || !is_text(cause) ||
			(!value_is(to, VALUE_INT) && !value_is(to, VALUE_NIL)))
			return damaged(r, key, "not a list of {from, to, cause}");
		(*out)[i] = (struct ledger_span){from->as.i, value_is(to, VALUE_NIL) ? LEDGER_OPEN : to->as.i,
			value_cstr(r->arena, cause)};
	}
	return 0;
}

static int read_percents(struct reader *r, struct ledger_terms *t)
{
	struct ledger_percent *percents;
	const struct value *list;

	if (read_list(r, "percents", LEDGER_PERCENTS_MAX, &list) != 0)
		return -1;
	percents = arena_zalloc(r->arena, (list->n + 1) * sizeof(*percents));
	for (uint32_t i = 0; i < list->n; i++) {
		struct reader p = {r->arena, r->e, &list->as.items[i], 0};
		int64_t percent;

		if (read_int(&p, "percent", &percent) != 0 ||
			read_text(&p, "rule", false, &percents[i].rule) != 0 || read_end(&p) != 0)
			return -1;
		if (percent < 1 || percent > LEDGER_PERCENT_MAX)
			return damaged(&p, "percent", "out of range");
		percents[i].percent = (int)percent;
	}
	t->percents = percents;
	t->n_percents = list->n;
	return 0;
}

static int read_terms(struct reader *r, struct ledger_terms *t)
{
	const struct value *hash;
	const char *unit;

	if (read_int(r, "at", &t->at_ms) != 0 || read_int(r, "goal", &t->goal) != 0 ||
		read_text(r, "unit", true, &unit) != 0 ||
		read_text(r, "calendar", false, &t->calendar) != 0 || read_percents(r, t) != 0 ||
		read_any(r, "sha256", VALUE_BIN, false, &hash) != 0 || read_end(r) != 0)
		return -1;
	if (unit_parse(unit, &t->unit, r->e) != 0)
		return damaged(r, "unit", "none of the units");
	t->has_hash = hash != NULL;
	if (hash != NULL && hash->n != SHA256_LEN)
		return damaged(r, "sha256", "not 32 bytes");
	if (hash != NULL)
		memcpy(t->hash, hash->as.text, SHA256_LEN);
	return 0;
}

static int read_ledger(struct reader *r, struct ledger *l)
{
	int64_t needs_year = 0;
	const struct value *terms;
	bool has;

	l->arena = r->arena;
	l->stopped_ms = LEDGER_OPEN;
	if (read_text(r, "name", true, &l->name) != 0 || read_bool(r, "statutory", &l->is_statutory) != 0 ||
		read_int(r, "started", &l->started_ms) != 0 ||
		read_int_if(r, "stopped", &has, &l->stopped_ms) != 0 ||
		read_spans(r, "pauses", &l->pauses, &l->n_pauses) != 0 ||
		read_spans(r, "voids", &l->voids, &l->n_voids) != 0 ||
		read_int_if(r, "due", &l->due.is_known, &l->due.at_ms) != 0 ||
		read_int_if(r, "needs_year", &has, &needs_year) != 0 ||
		read_bool(r, "paused", &l->due.is_paused) != 0 ||
		read_list(r, "terms", LEDGER_ENTRIES_MAX, &terms) != 0 || read_end(r) != 0)
		return -1;
	if (needs_year < 0 || needs_year > 9999)
		return damaged(r, "needs_year", "no year");
	l->due.needs_year = (int)needs_year;
	l->n_terms = terms->n;
	l->terms = arena_zalloc(r->arena, (terms->n + 1) * sizeof(*l->terms));
	for (uint32_t i = 0; i < terms->n; i++) {
		struct reader t = {r->arena, r->e, &terms->as.items[i], 0};

		if (read_terms(&t, &l->terms[i]) != 0)
			return -1;
	}
	return 0;
}

int ledger_from_value(struct arena *a, const struct value *v, struct ledger *l, struct err *e)
{
	struct reader r = {a, e, v, 0};
	const char *wrong;

	memset(l, 0, sizeof(*l));
	if (!value_is(v, VALUE_MAP))
		return err_set(e, ERR_INTERNAL, "a stored clock is damaged: it is %s, not a map",
			value_type_name(v));
	if (read_ledger(&r, l) != 0)
		return -1;
	if ((wrong = ledger_check(l)) != NULL)
		return err_set(e, ERR_INTERNAL, "a stored clock is damaged: \"%s\": %s", l->name, wrong);
	return 0;
}
