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
