/* What happens to a clock. Every change renews due; one that is refused changes nothing. */
#include "tocsin/ledger.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "model/ledger_int.h"
#include "tocsin/clock.h"

/* A longer copy of an array of n items, the new last one zeroed. */
static void *append(struct arena *a, const void *list, uint32_t n, size_t size)
{
	uint8_t *longer = arena_zalloc(a, (n + 1) * size);

	if (n > 0)
		memcpy(longer, list, n * size);
	return longer;
}

static const char *keep_text(struct arena *a, const char *text)
{
	size_t n = strlen(text);

	return arena_text(a, text, n <= LEDGER_TEXT_MAX ? n : utf8_clip(text, LEDGER_TEXT_MAX));
}

static void renew_due(struct ledger *l, const struct calendar *c, int64_t now_ms)
{
	struct ledger_terms *t = &l->terms[l->n_terms - 1];

	must(c == NULL || t->calendar != NULL);
	t->has_hash = c != NULL;
	if (c != NULL)
		memcpy(t->hash, calendar_hash(c), SHA256_LEN);
	l->due = ledger_percent_at(l, c, 100, now_ms);
}

static int64_t last_change_ms(const struct ledger *l)
{
	int64_t last_ms = l->terms[l->n_terms - 1].at_ms;

	if (l->n_pauses > 0) {
		const struct ledger_span *p = &l->pauses[l->n_pauses - 1];
		int64_t end_ms = p->to_ms == LEDGER_OPEN ? p->from_ms : p->to_ms;

		last_ms = end_ms > last_ms ? end_ms : last_ms;
	}
	return last_ms;
}

/* May the running or paused clock change now? */
static int check_change(const struct ledger *l, int64_t at_ms, struct err *e)
{
	char at[40], last[40];

	if (ledger_is_stopped(l))
		return err_set(e, ERR_REJECTED, "the clock \"%s\" stopped at %s", l->name,
			clock_format(l->stopped_ms, last));
	if (at_ms > LEDGER_MS_MAX)
		return err_set(e, ERR_REJECTED, "the clock \"%s\": the instant is after the year %d", l->name,
			CIVIL_YEAR_MAX);
	if (at_ms < last_change_ms(l))
		return err_set(e, ERR_REJECTED, "the clock \"%s\": %s is before its last change at %s",
			l->name, clock_format(at_ms, at), clock_format(last_change_ms(l), last));
	return 0;
}

static int check_room(const struct ledger *l, uint32_t n, const char *what, struct err *e)
{
	if (n < LEDGER_ENTRIES_MAX)
		return 0;
	return err_set(
		e, ERR_REJECTED, "the clock \"%s\" already has %d %s", l->name, LEDGER_ENTRIES_MAX, what);
}

static int terms_add(struct ledger *l, const struct ledger_terms *terms, int64_t at_ms, struct err *e)
{
	struct ledger_terms t = *terms;
	struct ledger_percent *percents;

	if (terms_check(&t, l->started_ms, e) != 0)
		return err_prefix(e, "the clock \"%s\"", l->name);
	t.at_ms = at_ms;
	t.calendar = t.calendar == NULL ? NULL : keep_text(l->arena, t.calendar);
	percents = arena_zalloc(l->arena, (t.n_percents + 1) * sizeof(*percents));
	for (uint32_t i = 0; i < t.n_percents; i++) {
		percents[i] = t.percents[i];
		if (percents[i].rule != NULL)
			percents[i].rule = keep_text(l->arena, percents[i].rule);
	}
	t.percents = percents;
	l->terms = append(l->arena, l->terms, l->n_terms, sizeof(*l->terms));
	l->terms[l->n_terms++] = t;
	return 0;
}

int ledger_start(struct ledger *l, struct arena *a, const char *name, bool is_statutory,
	const struct ledger_terms *terms, const struct calendar *c, int64_t at_ms, struct err *e)
{
	memset(l, 0, sizeof(*l));
	l->arena = a;
	l->name = keep_text(a, name);
	l->is_statutory = is_statutory;
	l->started_ms = at_ms;
	l->stopped_ms = LEDGER_OPEN;
	if (terms_add(l, terms, at_ms, e) != 0)
		return -1;
	renew_due(l, c, at_ms);
	return 0;
}

int ledger_pause(struct ledger *l, const struct calendar *c, int64_t at_ms, const char *cause, struct err *e)
{
	if (l->is_statutory)
		return err_set(
			e, ERR_REJECTED, "the clock \"%s\" is statutory: it cannot be paused", l->name);
	if (check_change(l, at_ms, e) != 0 || check_room(l, l->n_pauses, "pauses", e) != 0)
		return -1;
	if (ledger_is_paused(l))
		return err_set(e, ERR_REJECTED, "the clock \"%s\" is already paused: %s", l->name,
			l->pauses[l->n_pauses - 1].cause);
	l->pauses = append(l->arena, l->pauses, l->n_pauses, sizeof(*l->pauses));
	l->pauses[l->n_pauses++] = (struct ledger_span){at_ms, LEDGER_OPEN, keep_text(l->arena, cause)};
	renew_due(l, c, at_ms);
	return 0;
}

/* End the open pause, and what of it is void. */
static void pause_end(struct ledger *l, int64_t at_ms)
{
	l->pauses[l->n_pauses - 1].to_ms = at_ms;
	for (uint32_t i = 0; i < l->n_voids; i++) {
		if (l->voids[i].to_ms > at_ms)
			l->voids[i].to_ms = at_ms;
	}
}

int ledger_resume(struct ledger *l, const struct calendar *c, int64_t at_ms, struct err *e)
{
	if (check_change(l, at_ms, e) != 0)
		return -1;
	if (!ledger_is_paused(l))
		return err_set(e, ERR_REJECTED, "the clock \"%s\" is not paused", l->name);
	pause_end(l, at_ms);
	renew_due(l, c, at_ms);
	return 0;
}

int ledger_stop(struct ledger *l, const struct calendar *c, int64_t at_ms, struct err *e)
{
	if (check_change(l, at_ms, e) != 0)
		return -1;
	l->stopped_ms = at_ms;
	if (ledger_is_paused(l)) {
		pause_end(l, at_ms);
		renew_due(l, c, at_ms);
	}
	return 0;
}

int ledger_regoal(struct ledger *l, const struct ledger_terms *terms, const struct calendar *c, int64_t at_ms,
	struct err *e)
{
	if (check_change(l, at_ms, e) != 0 || check_room(l, l->n_terms, "terms", e) != 0 ||
		terms_add(l, terms, at_ms, e) != 0)
		return -1;
	renew_due(l, c, at_ms);
	return 0;
}

/* The part of each pause that lies in [from_ms, to_ms). */
static int voids_add(struct ledger *l, int64_t from_ms, int64_t to_ms, const char *cause, struct err *e)
{
	for (uint32_t i = 0; i < l->n_pauses; i++) {
		const struct ledger_span *p = &l->pauses[i];
		int64_t from = p->from_ms > from_ms ? p->from_ms : from_ms;
		int64_t to = p->to_ms < to_ms ? p->to_ms : to_ms;

		if (from >= to)
			continue;
		if (check_room(l, l->n_voids, "voids", e) != 0)
			return -1;
		l->voids = append(l->arena, l->voids, l->n_voids, sizeof(*l->voids));
		l->voids[l->n_voids++] = (struct ledger_span){from, to, cause};
		if (to_ms == LEDGER_OPEN)
			break; /* until that pause ends */
	}
	return 0;
}

int ledger_void(struct ledger *l, const struct calendar *c, int64_t from_ms, int64_t to_ms, int64_t now_ms,
	const char *cause, int64_t *voided_ms, struct err *e)
{
	int64_t before_ms = ledger_paused_ms(l, now_ms);
	struct ledger saved = *l;
	char from[40];

	*voided_ms = 0;
	if (from_ms < now_ms && voids_add(l, from_ms, to_ms, keep_text(l->arena, cause), e) != 0)
		goto undo;
	*voided_ms = before_ms - ledger_paused_ms(l, now_ms);
	if (*voided_ms == 0) {
		err_set(e, ERR_REJECTED,
			"the clock \"%s\": nothing was paused from %s on, or it is void already", l->name,
			clock_format(from_ms, from));
		goto undo;
	}
	renew_due(l, c, now_ms);
	return 0;
undo:
	*l = saved;
	return -1;
}

void ledger_pin(struct ledger *l, const struct calendar *c, int64_t now_ms)
{
	renew_due(l, c, now_ms);
}

int ledger_goal(const struct value *goal, enum unit unit, int64_t *count, struct err *e)
{
	double units, max = unit == UNIT_HOURS ? GOAL_HOURS_MAX : GOAL_DAYS_MAX;
	char value[32];

	if (!value_is(goal, VALUE_INT) && !value_is(goal, VALUE_FLOAT))
		return err_arg(e, ERR_BAD_REQUEST, "goal", NULL, "the goal is %s, not a number of %s",
			value_type_name(goal), unit_name(unit));
	units = value_is(goal, VALUE_INT) ? (double)goal->as.i : goal->as.f;
	if (!(units > 0 && units <= max) || (unit != UNIT_HOURS && units != floor(units))) {
		snprintf(value, sizeof(value), "%g", units);
		return err_arg(e, ERR_BAD_REQUEST, "goal", value, "the goal %s is not 1 to %.0f %s", value,
			max, unit_name(unit));
	}
	*count = unit == UNIT_HOURS ? llround(units * (double)HOUR_MS) : (int64_t)units;
	if (*count < 1)
		*count = 1;
	return 0;
}

const struct ledger_terms *ledger_terms(const struct ledger *l)
{
	return &l->terms[l->n_terms - 1];
}

bool ledger_is_paused(const struct ledger *l)
{
	return l->n_pauses > 0 && l->pauses[l->n_pauses - 1].to_ms == LEDGER_OPEN;
}

bool ledger_is_stopped(const struct ledger *l)
{
	return l->stopped_ms != LEDGER_OPEN;
}
