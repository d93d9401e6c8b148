/* What a ledger says: points on it, and how much of it is used up. */
#include <string.h>

#include "model/calendar_int.h"
#include "model/ledger_int.h"

/* Walks the spans that are paused and not void, in order. */
struct paused {
	const struct ledger *l;
	int64_t now_ms; /* what is later is not known */
	uint32_t i;
	int64_t from_ms; /* what is before has been given out */
};

/* The void that covers at_ms; else NULL, and *next_ms is lowered to the first one that begins after it. */
static const struct ledger_span *void_at(const struct ledger *l, int64_t at_ms, int64_t *next_ms)
{
	for (uint32_t i = 0; i < l->n_voids; i++) {
		const struct ledger_span *v = &l->voids[i];

		if (v->from_ms <= at_ms && at_ms < v->to_ms)
			return v;
		if (v->from_ms > at_ms && v->from_ms < *next_ms)
			*next_ms = v->from_ms;
	}
	return NULL;
}

static bool paused_next(struct paused *w, int64_t *from_ms, int64_t *to_ms)
{
	while (w->i < w->l->n_pauses) {
		const struct ledger_span *p = &w->l->pauses[w->i], *v;
		int64_t end_ms = p->to_ms < w->now_ms ? p->to_ms : w->now_ms;
		int64_t start_ms = p->from_ms > w->from_ms ? p->from_ms : w->from_ms;

		if (start_ms >= end_ms) {
			w->i++;
			continue;
		}
		v = void_at(w->l, start_ms, &end_ms);
		w->from_ms = v != NULL ? v->to_ms : end_ms;
		if (v != NULL)
			continue;
		*from_ms = start_ms;
		*to_ms = end_ms;
		return true;
	}
	return false;
}

int64_t ledger_paused_ms(const struct ledger *l, int64_t now_ms)
{
	struct paused w = {l, now_ms, 0, INT64_MIN};
	int64_t from_ms, to_ms, ms = 0;

	while (paused_next(&w, &from_ms, &to_ms))
		ms += to_ms - from_ms;
	return ms;
}

/* The days that are paused from 00:00 to 24:00, in the arena. Pauses that touch are one. */
static struct day_ranges paused_days(const struct ledger *l, int64_t now_ms)
{
	struct day_range *list = arena_alloc(l->arena, (l->n_pauses + l->n_voids + 1) * sizeof(*list));
	struct paused w = {l, now_ms, 0, INT64_MIN};
	struct day_ranges out = {list, 0};
	int64_t from_ms, to_ms, next_from_ms = 0, next_to_ms = 0;
	bool is_more = paused_next(&w, &from_ms, &to_ms);

	while (is_more) {
		int32_t first;

		while ((is_more = paused_next(&w, &next_from_ms, &next_to_ms)) && next_from_ms == to_ms)
			to_ms = next_to_ms;
		first = civil_day_of(from_ms);
		first += civil_instant(first, 0) < from_ms;
		if (civil_day_of(to_ms) > first)
			list[out.n++] = (struct day_range){first, civil_day_of(to_ms)};
		from_ms = next_from_ms;
		to_ms = next_to_ms;
	}
	return out;
}

/* The instant by which `ms` ran since the start. */
static int hours_point(const struct ledger *l, const struct calendar *c, int64_t ms, int64_t now_ms,
	int64_t *at_ms, struct err *e)
{
	struct paused w = {l, now_ms, 0, INT64_MIN};
	int64_t pos_ms = l->started_ms, from_ms, to_ms, ran_ms;

	while (paused_next(&w, &from_ms, &to_ms)) {
		/* where a year is missing before the pause, the point may still lie before that */
		if (calendar_between(c, pos_ms, from_ms, &ran_ms, e) != 0 || ran_ms >= ms)
			break;
		ms -= ran_ms;
		pos_ms = to_ms;
	}
	return calendar_forward(c, pos_ms, ms, at_ms, e);
}

static int days_point(const struct ledger *l, const struct calendar *c, int percent, int64_t now_ms,
	int64_t *at_ms, struct err *e)
{
	const struct ledger_terms *t = ledger_terms(l);
	int32_t last;

	if (days_percent(c, t->unit, civil_day_of(l->started_ms), t->goal, percent, paused_days(l, now_ms),
		    &last, e) != 0)
		return -1;
	*at_ms = civil_instant(last + 1, 0);
	return 0;
}

/* A calendar that the terms name and nobody has lacks all years; the first one needed is that of the start.
 */
static int check_calendar(const struct ledger *l, const struct calendar *c, struct err *e)
{
	const char *name = ledger_terms(l)->calendar;

	must(c == NULL || name != NULL);
	if (c != NULL || name == NULL)
		return 0;
	return calendar_missing(name, civil_year(civil_day_of(l->started_ms)), e);
}

struct ledger_due ledger_percent_at(
	const struct ledger *l, const struct calendar *c, int percent, int64_t now_ms)
{
	const struct ledger_terms *t = ledger_terms(l);
	int64_t never_ms = INT64_MAX;
	struct ledger_due due = {0};
	struct err e = {0};
	int failed;

	must(percent >= 1 && percent <= LEDGER_PERCENT_MAX);
	failed = check_calendar(l, c, &e);
	if (failed == 0 && t->unit == UNIT_HOURS)
		failed = hours_point(l, c, (t->goal * percent + 99) / 100, now_ms, &due.at_ms, &e);
	else if (failed == 0)
		failed = days_point(l, c, percent, now_ms, &due.at_ms, &e);
	due.is_known = failed == 0;
	due.is_paused = ledger_is_paused(l) && void_at(l, now_ms, &never_ms) == NULL &&
			!(due.is_known && due.at_ms <= l->pauses[l->n_pauses - 1].from_ms);
	if (failed != 0) {
		due.at_ms = 0;
		must(calendar_is_missing(&e, &due.needs_year));
	}
	return due;
}

static int hours_elapsed(const struct ledger *l, const struct calendar *c, int64_t end_ms,
	struct ledger_elapsed *out, struct err *e)
{
	struct paused w = {l, end_ms, 0, INT64_MIN};
	int64_t from_ms, to_ms, ms;

	if (calendar_between(c, l->started_ms, end_ms, &out->counted, e) != 0)
		return -1;
	while (paused_next(&w, &from_ms, &to_ms)) {
		if (calendar_between(c, from_ms, to_ms, &ms, e) != 0)
			return -1;
		out->paused += ms;
		out->counted -= ms;
	}
	return 0;
}

int ledger_elapsed(const struct ledger *l, const struct calendar *c, int64_t at_ms,
	struct ledger_elapsed *out, struct err *e)
{
	const struct ledger_terms *t = ledger_terms(l);
	int64_t end_ms = at_ms < l->stopped_ms ? at_ms : l->stopped_ms;
	struct ledger bare = *l;

	memset(out, 0, sizeof(*out));
	if (check_calendar(l, c, e) != 0)
		return -1;
	if (end_ms <= l->started_ms)
		return 0;
	bare.n_voids = 0;
	out->voided_ms = ledger_paused_ms(&bare, end_ms) - ledger_paused_ms(l, end_ms);
	if (t->unit == UNIT_HOURS)
		return hours_elapsed(l, c, end_ms, out, e);
	return days_count_between(c, t->unit, civil_day_of(l->started_ms) + 1, civil_day_of(end_ms),
		paused_days(l, end_ms), &out->counted, &out->paused, e);
}
