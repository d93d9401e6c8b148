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
 * Bins behind midnight wait for the daily lesson (warn_learn_holds), never for one anew.
 */
#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "warn_learn.h"

#define PAUSE_MS 2               /* between two slices */
#define IMPORT_MS INT64_C(60000) /* history that came in is learned so long after its first piece */
#define RETRY_MS INT64_C(60000)
/* A slice, about half a millisecond (2026-11, tests/bench/README.md). */
#define CLEAN_ROWS 400
#define READ_ROWS 4000
#define UNITS_A_SLICE 6000 /* of teaching: minutes added up, and */
#define UNITS_A_BIN 2      /* … for each bin learned */

enum phase { PHASE_CLEAN, PHASE_READ, PHASE_SUM, PHASE_TEACH };

struct lesson {
	bool is_on, is_anew, is_last; /* last: of anew, the day after which all is written */
	bool is_stale;                /* history came into it */
	enum phase phase;
	int32_t first; /* of all days; of anew */
	struct day_counts day;
	struct baseline **totals; /* of anew */
	uint32_t **sums;          /* by watch: the day's bins */
	bool has_cursor;          /* keys up to this one are done */
	size_t cursor_n;
	char cursor[KEY_TEXT_MAX];
};

struct lessons {
	struct lesson daily, anew;
	bool has_leftover; /* rows of the other side are to go */
};

/* ---- lessons ----------------------------------------------------------------------------------------------
 */
static void sums_free(const struct warn *n, struct lesson *l)
{
	for (uint32_t i = 0; l->sums != NULL && i < n->watches->n; i++)
		free(l->sums[i]);
	free(l->sums);
	l->sums = NULL;
}

static void lesson_fini(struct warn *n, struct lesson *l)
{
	bool is_anew = l->is_anew;

	day_fini(&l->day);
	sums_free(n, l);
	for (uint32_t i = 0; l->totals != NULL && i < n->watches->n; i++)
		baseline_free(l->totals[i]);
	free(l->totals);
	for (uint32_t i = 0; is_anew && i < n->n_keys; i++)
		learned_fini(&n->keys[i]->anew);
	memset(l, 0, sizeof(*l));
	l->is_anew = is_anew;
}

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

/* ---- which days -------------------------------------------------------------------------------------------
 */
static void take_days(struct warn *n, struct slice val)
{
	const uint8_t *p = val.p;

	n->taught = (struct taught){.is_any = val.n == 18};
	if (!n->taught.is_any)
		return;
	n->taught.first = (int32_t)load_be32(p);
	n->taught.last = (int32_t)load_be32(p + 4);
	n->taught.side = p[8] & 1;
	n->taught.wants_anew = p[9] != 0;
	n->taught.mark = load_be64(p + 10);
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

static void put_days(struct work *w, const struct taught *t)
{
	uint8_t val[18];

	store_be32(val, (uint32_t)t->first);
	store_be32(val + 4, (uint32_t)t->last);
	val[8] = t->side;
	val[9] = t->wants_anew;
	store_be64(val + 10, t->mark);
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

bool warn_learn_waits(const struct warn *n, int64_t now_ms)
{
	return wants_daily(n, now_ms) || (n->taught.is_any && wants_anew(n));
}

int64_t warn_learn_holds(const struct warn *n)
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
	l->is_on = true;
	l->first = day;
	l->phase = PHASE_CLEAN;
	day_begin(&l->day, day);
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
		daily->is_on = true;
		daily->first = n->taught.first;
		daily->phase = PHASE_READ;
		day_begin(&daily->day, n->taught.last + 1);
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

/* ---- one slice --------------------------------------------------------------------------------------------
 */
static uint8_t side_of(const struct warn *n, const struct lesson *l)
{
	return l->is_anew ? (n->taught.is_any ? n->taught.side ^ 1 : 0) : n->taught.side;
}

/* 1 there are more, 0 the side is clean, -1. */
static int clean(struct work *w, uint8_t side, struct err *e)
{
	struct slice bounds[2];
	struct scan s;
	int got = 1, left = CLEAN_ROWS;

	usual_side_bounds(side, bounds);
	scan_init(&s, w->desk->store, NULL, TABLE_BASELINE, bounds[0], bounds[1], false);
	while (left-- > 0 && (got = scan_next(&s, e)) == 1)
		tx_del(w->tx, TABLE_BASELINE, slice_of(arena_copy(w->arena, s.key.p, s.key.n), s.key.n));
	scan_fini(&s);
	return got;
}

static void put_baseline(struct work *w, struct slice key, const struct baseline *b)
{
	struct buf *out = &w->desk->scratch;

	buf_reset(out);
	baseline_encode(b, out);
	must(!out->is_full);
	tx_put(w->tx, TABLE_BASELINE, key, buf_slice(out));
}

static void put_learned(struct work *w, uint8_t side, const struct wkey *k, const struct learned *u)
{
	struct buf *out = &w->desk->scratch;

	if (u->baseline != NULL)
		put_baseline(w, usual_row_key(w->arena, side, ROW_KEY, k->watch, k), u->baseline);
	if (!bin_is_long(k->watch->bin_ms))
		return;
	buf_reset(out);
	past_encode(&u->past, out);
	must(!out->is_full);
	tx_put(w->tx, TABLE_BASELINE, usual_row_key(w->arena, side, ROW_PAST, k->watch, k), buf_slice(out));
}

static int total_of(
	struct warn *n, struct lesson *l, const struct watch *w, struct baseline **out, struct err *e)
{
	size_t at = (size_t)(w - n->watches->list);

	*out = NULL;
	if (w->expect != EXPECT_BASELINE)
		return 0;
	if (!l->is_anew)
		return usual_total(n, w, out, e);
	if (l->totals == NULL) {
		l->totals = calloc(n->watches->n, sizeof(*l->totals));
		must(l->totals != NULL);
	}
	if (l->totals[at] == NULL)
		l->totals[at] = watch_baseline(n->watches, w);
	*out = l->totals[at];
	return 0;
}

/* ---- adding up, key after key -----------------------------------------------------------------------------
 */
static uint32_t at_cursor(const struct warn *n, const struct lesson *l)
{
	struct slice text = slice_of(l->cursor, l->cursor_n);
	uint32_t at = l->has_cursor ? wkey_place(n, text) : 0;

	if (l->has_cursor && at < n->n_keys &&
		slice_cmp(slice_of(n->keys[at]->text, n->keys[at]->text_n), text) == 0)
		at++;
	return at;
}

static void set_cursor(struct lesson *l, const struct wkey *k)
{
	l->has_cursor = true;
	memcpy(l->cursor, k->text, k->text_n);
	l->cursor_n = k->text_n;
}

static uint32_t *sums_of(struct warn *n, struct lesson *l, const struct watch *w)
{
	size_t at = (size_t)(w - n->watches->list);

	if (l->sums == NULL) {
		l->sums = calloc(n->watches->n, sizeof(*l->sums));
		must(l->sums != NULL);
	}
	if (l->sums[at] == NULL) {
		l->sums[at] = calloc(day_bins(&l->day, w) + 1, sizeof(uint32_t));
		must(l->sums[at] != NULL);
	}
	return l->sums[at];
}

/* The sums of the day are complete: the watches' baselines learn it. */
static int teach_totals(struct work *w, struct lesson *l, struct err *e)
{
	struct warn *n = w->desk->warn;
	bool is_written = !l->is_anew || l->is_last;

	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *watch = &n->watches->list[i];
		struct baseline *total;

		if (!watch_learns(watch))
			continue;
		if (total_of(n, l, watch, &total, e) != 0)
			return -1;
		if (total == NULL)
			continue;
		baseline_learn(total, NULL, l->day.day, day_bins(&l->day, watch), sums_of(n, l, watch));
		if (is_written)
			put_baseline(
				w, usual_row_key(w->arena, side_of(n, l), ROW_TOTAL, watch, NULL), total);
	}
	if (!l->is_anew)
		usual_forget_ahead(n);
	return 0;
}

static int sum_up(struct work *w, struct lesson *l, struct err *e)
{
	struct warn *n = w->desk->warn;
	uint32_t units = 0;

	for (uint32_t i = at_cursor(n, l); i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];

		if (units >= UNITS_A_SLICE) {
			set_cursor(l, n->keys[i - 1]);
			return 0;
		}
		units++;
		if (watch_learns(k->watch) && k->watch->expect == EXPECT_BASELINE)
			units += day_add(&l->day, k, day_bins(&l->day, k->watch), sums_of(n, l, k->watch));
	}
	if (teach_totals(w, l, e) != 0)
		return -1;
	sums_free(n, l);
	l->has_cursor = false;
	l->phase = PHASE_TEACH;
	return 0;
}

/* ---- teaching keys ----------------------------------------------------------------------------------------
 */
static int begin_key(struct warn *n, const struct lesson *l, struct wkey *k, struct err *e)
{
	struct learned *u = &k->anew;

	if (!l->is_anew)
		return usual_load(n, k, e);
	if (u->is_loaded)
		return 0;
	u->is_loaded = true;
	if (k->watch->expect == EXPECT_BASELINE)
		u->baseline = watch_baseline(n->watches, k->watch);
	if (bin_is_long(k->watch->bin_ms) && n->taught.is_any) {
		if (usual_load(n, k, e) != 0)
			return -1;
		past_copy_before(&u->past, &k->usual.past, k->watch->bin_ms, l->first);
	}
	return 0;
}

/* Of what was learned for other watches a key without a row knows nothing, not that it had nothing. */
static bool may_catch_up(const struct warn *n, const struct lesson *l, const struct baseline *b)
{
	return l->is_anew || n->taught.mark == n->mark || baseline_last_day(b) != INT32_MIN;
}

static int teach_key(struct warn *n, struct lesson *l, struct wkey *k, uint32_t n_bins, const uint32_t *bins,
	struct err *e)
{
	struct learned *u = l->is_anew ? &k->anew : &k->usual;
	struct baseline *total;
	uint64_t count = 0;

	if (begin_key(n, l, k, e) != 0 || total_of(n, l, k->watch, &total, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n_bins; i++)
		count += bins[i];
	if (u->baseline != NULL) {
		if (may_catch_up(n, l, u->baseline))
			usual_catch_up(k, u->baseline, total, l->first, l->day.day - 1);
		baseline_learn(u->baseline, total, l->day.day, n_bins, bins);
	}
	if (bin_is_long(k->watch->bin_ms))
		past_learn(
			&u->past, k->watch->bin_ms, watch_past_bins(k->watch), l->first, l->day.day, count);
	u->is_dirty = true;
	return 0;
}

/* What the key costs, in units; written where it is time. */
static int visit(struct work *w, struct lesson *l, struct wkey *k, uint32_t *units, struct err *e)
{
	struct warn *n = w->desk->warn;
	struct learned *u = l->is_anew ? &k->anew : &k->usual;
	uint32_t n_bins = day_bins(&l->day, k->watch), spots;
	uint32_t *bins = arena_zalloc(w->arena, (n_bins + 1) * sizeof(uint32_t));

	spots = day_add(&l->day, k, n_bins, bins);
	*units += 1 + spots;
	if (spots > 0) {
		if (teach_key(n, l, k, n_bins, bins, e) != 0)
			return -1;
		*units += UNITS_A_BIN * n_bins;
	}
	if (u->is_dirty && (!l->is_anew || l->is_last)) {
		put_learned(w, side_of(n, l), k, u);
		u->is_dirty = false;
		*units += n_bins;
	}
	return 0;
}

/* The day is over: what is known now counts. */
static void end_day(struct work *w, struct lesson *l)
{
	struct warn *n = w->desk->warn;
	struct taught t = n->taught;

	t.last = l->day.day;
	if (l->is_anew)
		t = (struct taught){true, l->first, l->day.day, side_of(n, l), false, n->mark};
	if (!l->is_anew || l->is_last) {
		put_days(w, &t);
		if (n->bin_ms > 0)
			warn_arm(w, l->day.to_ms); /* bins that waited */
	}
}

/* Whether all keys are done. */
static int teach(struct work *w, struct lesson *l, bool *is_over, struct err *e)
{
	struct warn *n = w->desk->warn;
	uint32_t units = 0;

	*is_over = false;
	for (uint32_t i = at_cursor(n, l); i < n->n_keys; i++) {
		if (units >= UNITS_A_SLICE) {
			set_cursor(l, n->keys[i - 1]);
			return 0;
		}
		units++;
		if (watch_learns(n->keys[i]->watch) && visit(w, l, n->keys[i], &units, e) != 0)
			return -1;
	}
	end_day(w, l);
	*is_over = true;
	return 0;
}

/* ---- behind the entry -------------------------------------------------------------------------------------
 */
/* What was learned anew is in use. */
static void turn_sides(struct warn *n, struct lesson *l)
{
	warn_usual_forget(n);
	n->totals = l->totals;
	l->totals = NULL;
	for (uint32_t i = 0; i < n->n_keys; i++) {
		n->keys[i]->usual = n->keys[i]->anew;
		memset(&n->keys[i]->anew, 0, sizeof(n->keys[i]->anew));
	}
	n->lessons->has_leftover = true;
}

static void after_day(struct warn *n, struct lesson *l)
{
	int32_t next = l->day.day + 1, first = l->first;

	if (l->is_anew && !l->is_last) {
		l->phase = PHASE_READ;
		l->has_cursor = false;
		day_begin(&l->day, next);
		l->first = first;
		return;
	}
	if (l->is_anew)
		turn_sides(n, l);
	else
		usual_forget_ahead(n);
	lesson_fini(n, l);
}

static int step(struct work *w, struct lesson *l, bool *is_over, struct err *e)
{
	struct warn *n = w->desk->warn;
	int got;

	*is_over = false;
	switch (l->phase) {
	case PHASE_CLEAN:
		got = clean(w, side_of(n, l), e);
		if (got == 0)
			l->phase = PHASE_READ;
		return got < 0 ? -1 : 0;
	case PHASE_READ:
		got = day_read(&l->day, n, READ_ROWS, e);
		if (got == 0) {
			l->phase = PHASE_SUM;
			l->is_last = l->day.day >= civil_day_of(w->now_ms) - 1;
		}
		return got < 0 ? -1 : 0;
	case PHASE_SUM:
		return sum_up(w, l, e);
	case PHASE_TEACH:
		return teach(w, l, is_over, e);
	}
	never("a phase of a lesson");
}

/* ---- the timer --------------------------------------------------------------------------------------------
 */
static void put_timer(struct work *w, int64_t at_ms)
{
	struct warn *n = w->desk->warn;
	uint8_t key[DUE_KEY_LEN];

	if (n->learn_ms != INT64_MAX) {
		due_key(key, n->learn_ms, TIMER_OF_LEARN);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	if (at_ms == INT64_MAX)
		return;
	due_key(key, at_ms, TIMER_OF_LEARN);
	tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
}

void warn_learn_arm(struct work *w, int64_t at_ms)
{
	if (at_ms < w->desk->warn->learn_ms && is_any_learning(w->desk->warn))
		put_timer(w, at_ms);
}

void warn_learn_counted(struct work *w)
{
	if (w->desk->warn->learn_ms == INT64_MAX && is_any_learning(w->desk->warn))
		put_timer(w, civil_instant(civil_day_of(w->now_ms) + 1, 0));
}

void warn_learn_imported(struct work *w, int64_t at_ms)
{
	struct warn *n = w->desk->warn;
	struct lesson *daily = &n->lessons->daily, *anew = &n->lessons->anew;
	int32_t day = civil_day_of(at_ms);
	struct taught t = n->taught;

	if (day >= civil_day_of(w->now_ms) || !is_any_learning(n))
		return;
	anew->is_stale |= anew->is_on;
	if (t.is_any && !t.wants_anew && (day <= t.last || (daily->is_on && day <= daily->day.day))) {
		t.wants_anew = true;
		put_days(w, &t);
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
		if (step(w, *l, is_over, e) != 0)
			return -1;
	} else if (n->lessons->has_leftover) {
		got = clean(w, n->taught.side ^ 1, e);
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
	if (is_over)
		after_day(n, l);
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
