/*
 * Learning what is usual: whole local days, oldest first, from the rows of counts, in slices. Each slice is a
 * turn of a durable timer and an entry, bounded by units of work and not by time, so that the same calls give
 * the same journal; calls go on between two of them.
 *
 *   a lesson   clean (the other side's rows) → read a day → sum it up per watch → teach the keys that had
 *              something → the next day, or the end
 *   daily      the day that has ended: sums and keys are written as they are learned. Everything knows its
 *              last day, so a lesson that was cut off by a kill is repeated and comes to the same
 *   anew       all days: history was imported into days that were learned, or the pack watches something
 *              else. In memory and then into the other side's rows, while the old ones are in use; the row
 *              "d" turns sides
 *
 * Bins behind midnight wait for the daily lesson (warn_learn_awaits), never for one anew.
 */
#include <stdlib.h>

#include "tocsin/log.h"
#include "warn_learn.h"

#define PAUSE_MS 2               /* between two slices */
#define IMPORT_MS INT64_C(60000) /* history that came in is learned so long after its first piece */
#define RETRY_MS INT64_C(60000)
#define TAUGHT_LEN 22

struct lessons {
	struct lesson daily, anew;
	bool has_leftover; /* rows of the other side are to go */
};

/* ---- lessons ------------------------------------------------------------------------------------------- */
void warn_learn_new(struct warn *n)
{
	n->lessons = calloc(1, sizeof(*n->lessons));
	must(n->lessons != NULL);
	n->lessons->anew.is_anew = true;
	n->learn_ms = INT64_MAX;
}

void warn_learn_forget(struct warn *n)
{
	lesson_fini(n, &n->lessons->daily);
	lesson_fini(n, &n->lessons->anew);
}

void warn_learn_free(struct warn *n)
{
	if (n->lessons == NULL)
		return;
	warn_learn_forget(n);
	free(n->lessons);
	n->lessons = NULL;
}

/* ---- which days ---------------------------------------------------------------------------------------- */
static void take_days(struct warn *n, struct slice val)
{
	const uint8_t *p = val.p;

	n->taught = (struct taught){.is_any = val.n == TAUGHT_LEN};
	if (!n->taught.is_any)
		return;
	n->taught.first = (int32_t)load_be32(p);
	n->taught.last = (int32_t)load_be32(p + 4);
	n->taught.side = p[8] & 1;
	n->taught.wants_anew = p[9] != 0;
	n->taught.mark = load_be64(p + 10);
	n->taught.n_late = load_be32(p + 18);
}

int warn_learn_load(struct warn *n, struct err *e)
{
	struct slice val;
	int got = store_get(n->desk->store, TABLE_BASELINE, SLICE_TEXT(ROW_DAYS), &val, e);

	take_days(n, got == 1 ? val : slice_of(NULL, 0));
	return got < 0 ? -1 : 0;
}

void taught_on_publish(struct warn *n, struct slice key, const struct slice *val)
{
	if (slice_cmp(key, SLICE_TEXT(ROW_DAYS)) == 0)
		take_days(n, val == NULL ? slice_of(NULL, 0) : *val);
}

void taught_put(struct work *w, const struct taught *t)
{
	uint8_t val[TAUGHT_LEN];

	store_be32(val, (uint32_t)t->first);
	store_be32(val + 4, (uint32_t)t->last);
	val[8] = t->side;
	val[9] = t->wants_anew;
	store_be64(val + 10, t->mark);
	store_be32(val + 18, t->n_late);
	tx_put(w->tx, TABLE_BASELINE, SLICE_TEXT(ROW_DAYS),
		slice_of(arena_copy(w->arena, val, sizeof(val)), sizeof(val)));
}

static bool is_any_learning(const struct warn *n)
{
	for (uint32_t i = 0; i < n->watches->n; i++)
		if (watch_learns(&n->watches->list[i]))
			return true;
	return false;
}

static bool has_long(const struct warn *n)
{
	for (uint32_t i = 0; i < n->n_bins; i++)
		if (bin_is_long(n->bins[i]))
			return true;
	return false;
}

static bool wants_daily(const struct warn *n, int64_t now_ms)
{
	return n->taught.is_any && is_any_learning(n) && n->taught.last < civil_day_of(now_ms) - 1;
}

static bool wants_anew(const struct warn *n)
{
	return is_any_learning(n) && (!n->taught.is_any || n->taught.wants_anew || n->taught.mark != n->mark);
}

bool warn_learn_has_days(const struct warn *n, int64_t now_ms)
{
	return wants_daily(n, now_ms) || (n->taught.is_any && wants_anew(n));
}

int64_t warn_learn_awaits(const struct warn *n)
{
	if (!n->taught.is_any || !is_any_learning(n))
		return INT64_MAX;
	return civil_instant(n->taught.last + 2, 0);
}

/* The first day that counts are kept of as a whole, at most as far back as any watch looks: 1 and *day, 0
 * none before today, -1. */
static int first_day(struct warn *n, int64_t now_ms, int32_t *day, struct err *e)
{
	int64_t keep_ms = value_int_or(value_path(packs_catalog(n->desk->packs), "counting.keep_ms"), 0);
	int32_t today = civil_day_of(now_ms), oldest = today - warn_learn_reach(n);
	struct scan s;
	int got;

	if (keep_ms > 0 && civil_day_of(now_ms - keep_ms) + 1 > oldest)
		oldest = civil_day_of(now_ms - keep_ms) + 1; /* of older ones a part may be gone */
	scan_init(&s, n->desk->store, NULL, TABLE_COUNT, slice_of(NULL, 0), slice_of(NULL, 0), false);
	got = scan_next(&s, e);
	*day = got == 1 ? civil_day_of((int64_t)load_be64(s.key.p)) : today;
	scan_fini(&s);
	*day = *day > oldest ? *day : oldest;
	return got < 0 ? -1 : *day < today;
}

/* 1 it is on, 0 there is nothing to do, -1. */
static int begin_anew(struct warn *n, struct lesson *l, int64_t now_ms, struct err *e)
{
	int32_t day;
	int got = first_day(n, now_ms, &day, e);

	if (got != 1)
		return got;
	lesson_fini(n, l);
	lesson_begin(l, day, day, PHASE_CLEAN);
	return 1;
}

/* The lesson to go on with; *out NULL: there is none. */
static int next_lesson(struct warn *n, int64_t now_ms, struct lesson **out, struct err *e)
{
	struct lesson *daily = &n->lessons->daily, *anew = &n->lessons->anew;
	int got;

	*out = daily;
	if (daily->is_on)
		return 0;
	if (wants_daily(n, now_ms)) {
		lesson_begin(daily, n->taught.first, n->taught.last + 1, PHASE_READ);
		return 0;
	}
	*out = anew;
	if (anew->is_on && !anew->is_stale)
		return 0;
	got = wants_anew(n) ? begin_anew(n, anew, now_ms, e) : 0;
	if (got != 1)
		*out = NULL;
	return got < 0 ? -1 : 0;
}

/* ---- the timer ----------------------------------------------------------------------------------------- */
static int64_t due_of(const struct work *w)
{
	return w->learn_due_ms != 0 ? w->learn_due_ms : w->desk->warn->learn_ms;
}

static void put_timer(struct work *w, int64_t at_ms)
{
	warn_move_timer(w, TIMER_OF_LEARN, due_of(w), at_ms);
	w->learn_due_ms = at_ms;
}

void warn_learn_arm(struct work *w, int64_t at_ms)
{
	if (at_ms < due_of(w) && is_any_learning(w->desk->warn))
		put_timer(w, at_ms);
}

/* Its day was learned, or is being learned now. */
static bool is_learned(const struct warn *n, int32_t day)
{
	const struct lesson *daily = &n->lessons->daily;

	return n->taught.is_any && (day <= n->taught.last || (daily->is_on && day <= daily->day.day));
}

bool learn_is_many(const struct warn *n, uint32_t n_late)
{
	int64_t many = value_int_or(value_path(packs_catalog(n->desk->packs), "counting.relearn"), 0);

	return many > 0 && n_late >= many;
}

/*
 * Told too late for the lesson of its day. What was learned cannot be mended by one more, so they are counted,
 * and when the pack says that they are many, all is learned anew.
 */
static void count_late(struct work *w)
{
	struct taught t = w->desk->warn->taught; /* without what this work counted before */

	w->n_late++;
	t.n_late += w->n_late;
	if (learn_is_many(w->desk->warn, t.n_late) && !t.wants_anew) {
		t.wants_anew = true;
		warn_learn_arm(w, w->now_ms + IMPORT_MS);
	}
	taught_put(w, &t);
}

void warn_learn_counted(struct work *w, int64_t at_ms, bool is_complaint)
{
	struct warn *n = w->desk->warn;
	struct lesson *anew = &n->lessons->anew;
	int32_t day = civil_day_of(at_ms);

	if (!is_any_learning(n))
		return;
	if (due_of(w) == INT64_MAX)
		put_timer(w, civil_instant(civil_day_of(w->now_ms) + 1, 0));
	if (!is_complaint)
		return;
	anew->n_late += anew->is_on && day <= anew->day.day;
	if (is_learned(n, day))
		count_late(w);
}

void warn_learn_imported(struct work *w, int64_t at_ms)
{
	struct warn *n = w->desk->warn;
	struct lesson *anew = &n->lessons->anew;
	int32_t day = civil_day_of(at_ms);
	struct taught t = n->taught;

	if (day >= civil_day_of(w->now_ms) || !is_any_learning(n))
		return;
	anew->is_stale |= anew->is_on;
	if (!t.wants_anew && is_learned(n, day)) {
		t.wants_anew = true;
		taught_put(w, &t);
	}
	warn_learn_arm(w, w->now_ms + IMPORT_MS);
}

/* When learning is due after this slice. */
static int64_t next_slice(const struct warn *n, const struct lesson *l, int64_t now_ms)
{
	if (l != NULL || n->lessons->has_leftover)
		return now_ms + PAUSE_MS;
	return has_long(n) && n->taught.is_any ? civil_instant(civil_day_of(now_ms) + 1, 0) : INT64_MAX;
}

static int slice(struct work *w, struct lesson **l, bool *is_over, struct err *e)
{
	struct warn *n = w->desk->warn;
	int got;

	*is_over = false;
	if (next_lesson(n, w->now_ms, l, e) != 0)
		return -1;
	if (*l != NULL) {
		if (lesson_step(w, *l, is_over, e) != 0)
			return -1;
		if ((*l)->n_units > n->learn_units_max)
			n->learn_units_max = (*l)->n_units;
	} else if (n->lessons->has_leftover) {
		got = lesson_clean(w, n->taught.side ^ 1, e);
		if (got < 0)
			return -1;
		n->lessons->has_leftover = got == 1;
	}
	put_timer(w, next_slice(n, *l, w->now_ms));
	return 0;
}

static int learn(struct warn *n, struct err *e)
{
	struct lesson *l = NULL;
	bool is_over = false;
	struct work w;

	arena_reset(&n->desk->arena);
	warn_begin(&w, n->desk, "warning.learn", n->desk->clock->now_ms);
	if (slice(&w, &l, &is_over, e) != 0) {
		work_abort(&w);
		return -1;
	}
	if (work_commit(&w, e) != 0)
		return -1;
	if (is_over && lesson_after_day(n, l))
		n->lessons->has_leftover = true;
	return 0;
}

void warn_learn_fire(struct desk *d, int64_t due_ms)
{
	struct warn *n = d->warn;
	int64_t began_us = clock_mono_us(), took_us;
	struct err e;

	if (learn(n, &e) != 0) { /* what is in memory may be ahead of the rows */
		n->n_failures++;
		log_line(LOG_ERROR, "warning.learn", "due_ms=%jd error=\"%s\"", (intmax_t)due_ms, e.text);
		warn_learn_forget(n);
		warn_usual_forget(n);
		due_put_off(d->due, due_ms, TIMER_OF_LEARN, d->clock->now_ms + RETRY_MS);
	}
	took_us = clock_mono_us() - began_us;
	if ((uint64_t)took_us > n->learn_us_max)
		n->learn_us_max = (uint64_t)took_us;
}
