/* A lesson: a day is read, summed up and taught, in slices that are bounded by units of work. */
#include <stdlib.h>
#include <string.h>

#include "warn_learn.h"

/*
 * A slice, about half a millisecond of a quiet machine. What is begun with its last unit is at most the minutes
 * of one stream, or the bins of one key, in one day (learned and written): never a key with all its streams.
 */
#define CLEAN_ROWS 400
#define READ_ROWS 4000
#define UNITS_A_SLICE 6000 /* of teaching: minutes added up, and */
#define UNITS_A_BIN 2      /* … for each bin learned or written */

/* ---- its life ------------------------------------------------------------------------------------------ */
void lesson_begin(struct lesson *l, int32_t first, int32_t day, enum lesson_phase phase)
{
	l->is_on = true;
	l->first = first;
	l->phase = phase;
	day_begin(&l->day, day);
}

static void sums_free(const struct warn *n, struct lesson *l)
{
	for (uint32_t i = 0; l->sums != NULL && i < n->watches->n; i++)
		free(l->sums[i]);
	free(l->sums);
	l->sums = NULL;
}

void lesson_fini(struct warn *n, struct lesson *l)
{
	bool is_anew = l->is_anew;

	day_fini(&l->day);
	sums_free(n, l);
	free(l->bins);
	for (uint32_t i = 0; l->totals != NULL && i < n->watches->n; i++)
		baseline_free(l->totals[i]);
	free(l->totals);
	for (uint32_t i = 0; is_anew && i < n->n_keys; i++)
		learned_fini(&n->keys[i]->anew);
	memset(l, 0, sizeof(*l));
	l->is_anew = is_anew;
}

/* ---- one slice ----------------------------------------------------------------------------------------- */
static uint8_t side_of(const struct warn *n, const struct lesson *l)
{
	return l->is_anew ? (n->taught.is_any ? n->taught.side ^ 1 : 0) : n->taught.side;
}

/* 1 there are more, 0 the side is clean, -1. */
int lesson_clean(struct work *w, uint8_t side, struct err *e)
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

/* ---- adding up, key after key -------------------------------------------------------------------------- */
static bool is_spent(const struct lesson *l)
{
	return l->n_units >= UNITS_A_SLICE;
}

static void spend(struct lesson *l, uint32_t units)
{
	l->n_units += units;
}

static uint32_t at_cursor(const struct warn *n, const struct lesson *l)
{
	return l->has_cursor ? wkey_place(n, slice_of(l->cursor, l->cursor_n)) : 0;
}

/* The slice ends before this key, or within it. */
static void set_cursor(struct lesson *l, const struct wkey *k)
{
	l->has_cursor = true;
	memcpy(l->cursor, k->text, k->text_n);
	l->cursor_n = k->text_n;
}

static void begin_keys(struct lesson *l, enum lesson_phase phase)
{
	l->phase = phase;
	l->has_cursor = false;
	l->leaf = 0;
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

/* The sums of the day are complete: the watch's baseline learns it. */
static int teach_total(struct work *w, struct lesson *l, const struct watch *watch, struct err *e)
{
	struct warn *n = w->desk->warn;
	uint32_t n_bins = day_bins(&l->day, watch);
	struct baseline *total;

	if (total_of(n, l, watch, &total, e) != 0)
		return -1;
	if (total == NULL)
		return 0;
	day_mask(n, l->day.day, n_bins, sums_of(n, l, watch));
	baseline_learn(total, NULL, l->day.day, n_bins, sums_of(n, l, watch));
	spend(l, UNITS_A_BIN * n_bins);
	if (l->is_anew && !l->is_last)
		return 0;
	put_baseline(w, usual_row_key(w->arena, side_of(n, l), ROW_TOTAL, watch, NULL), total);
	spend(l, UNITS_A_BIN * n_bins);
	return 0;
}

static int teach_totals(struct work *w, struct lesson *l, struct err *e)
{
	struct warn *n = w->desk->warn;

	for (; l->watch < n->watches->n; l->watch++) {
		if (is_spent(l))
			return 0;
		if (watch_learns(&n->watches->list[l->watch]) &&
			teach_total(w, l, &n->watches->list[l->watch], e) != 0)
			return -1;
	}
	if (!l->is_anew)
		usual_forget_ahead(n);
	sums_free(n, l);
	l->watch = 0;
	begin_keys(l, PHASE_TEACH);
	return 0;
}

static void sum_up(struct warn *n, struct lesson *l)
{
	for (uint32_t i = at_cursor(n, l); i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];

		if (watch_learns(k->watch) && k->watch->expect == EXPECT_BASELINE && !is_spent(l))
			spend(l, day_add(&l->day, k, &l->leaf, UNITS_A_SLICE - l->n_units,
					 day_bins(&l->day, k->watch), sums_of(n, l, k->watch)));
		if (is_spent(l)) {
			set_cursor(l, k);
			return;
		}
		spend(l, 1);
		l->leaf = 0;
	}
	begin_keys(l, PHASE_TOTALS);
}

/* ---- teaching keys ------------------------------------------------------------------------------------- */
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

/* Days on which it had nothing come first. False: there are more than this slice has room for. */
static bool catch_up(
	struct warn *n, struct lesson *l, struct wkey *k, const struct baseline *total, uint32_t n_bins)
{
	struct learned *u = l->is_anew ? &k->anew : &k->usual;

	while (may_catch_up(n, l, u->baseline) &&
		usual_catch_up(n, k, u->baseline, total, l->first, l->day.day - 1, 1) > 0) {
		spend(l, UNITS_A_BIN * n_bins);
		if (is_spent(l))
			return false;
	}
	return true;
}

/* The key has all its minutes in l->bins: 1 it has learned them, 0 the slice is spent, -1. */
static int teach_key(struct warn *n, struct lesson *l, struct wkey *k, uint32_t n_bins, struct err *e)
{
	struct learned *u = l->is_anew ? &k->anew : &k->usual;
	struct baseline *total;
	uint64_t count = 0;

	if (begin_key(n, l, k, e) != 0 || total_of(n, l, k->watch, &total, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n_bins; i++)
		count += l->bins[i];
	if (u->baseline != NULL) {
		if (!catch_up(n, l, k, total, n_bins))
			return 0;
		day_mask(n, l->day.day, n_bins, l->bins);
		baseline_learn(u->baseline, total, l->day.day, n_bins, l->bins);
	}
	if (bin_is_long(k->watch->bin_ms))
		past_learn(
			&u->past, k->watch->bin_ms, watch_past_bins(k->watch), l->first, l->day.day, count);
	u->is_dirty = true;
	spend(l, UNITS_A_BIN * n_bins);
	return 1;
}

static int learn_key(struct work *w, struct lesson *l, struct wkey *k, uint32_t n_bins, struct err *e)
{
	struct warn *n = w->desk->warn;
	struct learned *u = l->is_anew ? &k->anew : &k->usual;
	int got = l->n_spots == 0 ? 1 : teach_key(n, l, k, n_bins, e);

	if (got == 1 && u->is_dirty && (!l->is_anew || l->is_last)) {
		put_learned(w, side_of(n, l), k, u);
		u->is_dirty = false;
		spend(l, UNITS_A_BIN * n_bins);
	}
	return got;
}

/* Minutes of its leaves, then the lesson; written where it is time. 1 it is done, 0 the slice is spent, -1. */
static int visit(struct work *w, struct lesson *l, struct wkey *k, struct err *e)
{
	uint32_t n_bins = day_bins(&l->day, k->watch);
	int got;

	if (l->bins == NULL) {
		l->bins = calloc(n_bins + 1, sizeof(*l->bins));
		must(l->bins != NULL);
		l->n_spots = 0;
	}
	while (l->leaf < k->n_leaves && !is_spent(l)) {
		uint32_t n_spots = day_add(&l->day, k, &l->leaf, UNITS_A_SLICE - l->n_units, n_bins, l->bins);

		l->n_spots += n_spots;
		spend(l, n_spots);
	}
	got = is_spent(l) ? 0 : learn_key(w, l, k, n_bins, e);
	if (got == 0)
		return 0;
	free(l->bins);
	l->bins = NULL;
	l->leaf = 0;
	return got;
}

/* The day is over: what is known now counts. */
static void end_day(struct work *w, struct lesson *l)
{
	struct warn *n = w->desk->warn;
	struct taught t = n->taught;

	t.last = l->day.day;
	if (l->is_anew)
		t = (struct taught){.is_any = true,
			.first = l->first,
			.last = l->day.day,
			.side = side_of(n, l),
			.wants_anew = learn_is_many(n, l->n_late),
			.n_late = l->n_late,
			.mark = n->mark};
	if (!l->is_anew || l->is_last) {
		taught_put(w, &t);
		if (n->bin_ms > 0)
			warn_arm(w, l->day.to_ms); /* bins that waited */
	}
}

/* Whether all keys are done. */
static int teach(struct work *w, struct lesson *l, bool *is_over, struct err *e)
{
	struct warn *n = w->desk->warn;

	*is_over = false;
	for (uint32_t i = at_cursor(n, l); i < n->n_keys; i++) {
		int got = is_spent(l) ? 0 : watch_learns(n->keys[i]->watch) ? visit(w, l, n->keys[i], e) : 1;

		if (got < 0)
			return -1;
		if (got == 0) {
			set_cursor(l, n->keys[i]);
			return 0;
		}
		spend(l, 1);
	}
	end_day(w, l);
	*is_over = true;
	return 0;
}

/* ---- behind the entry ---------------------------------------------------------------------------------- */
/* What was in use before: of thousands of keys the loop need not wait until it is freed. */
struct forgotten {
	struct baseline **totals;
	uint32_t n_totals, n;
	struct learned list[];
};

static void forgotten_free(void *udata)
{
	struct forgotten *f = udata;

	for (uint32_t i = 0; i < f->n; i++)
		learned_fini(&f->list[i]);
	for (uint32_t i = 0; f->totals != NULL && i < f->n_totals; i++)
		baseline_free(f->totals[i]);
	free(f->totals);
	f->totals = NULL;
	f->n = 0;
}

static void forgotten_done(void *udata)
{
	forgotten_free(udata); /* where the worker ends before it */
	free(udata);
}

/* What was learned anew is in use. */
static void turn_sides(struct warn *n, struct lesson *l)
{
	struct forgotten *old = malloc(sizeof(*old) + n->n_keys * sizeof(old->list[0]));

	must(old != NULL);
	*old = (struct forgotten){.totals = n->totals, .n_totals = n->watches->n, .n = n->n_keys};
	n->totals = l->totals;
	l->totals = NULL;
	for (uint32_t i = 0; i < n->n_keys; i++) {
		old->list[i] = n->keys[i]->usual;
		n->keys[i]->usual = n->keys[i]->anew;
		memset(&n->keys[i]->anew, 0, sizeof(n->keys[i]->anew));
	}
	if (n->desk->worker != NULL)
		worker_submit(n->desk->worker, forgotten_free, forgotten_done, old);
	else
		forgotten_done(old);
}

bool lesson_after_day(struct warn *n, struct lesson *l)
{
	int32_t next = l->day.day + 1, first = l->first;
	bool is_anew = l->is_anew;

	if (l->is_anew && !l->is_last) {
		begin_keys(l, PHASE_READ);
		day_begin(&l->day, next);
		l->first = first;
		return false;
	}
	if (is_anew)
		turn_sides(n, l);
	else
		usual_forget_ahead(n);
	lesson_fini(n, l);
	return is_anew;
}

int lesson_step(struct work *w, struct lesson *l, bool *is_over, struct err *e)
{
	struct warn *n = w->desk->warn;
	int got;

	*is_over = false;
	l->n_units = 0;
	switch (l->phase) {
	case PHASE_CLEAN:
		got = lesson_clean(w, side_of(n, l), e);
		if (got == 0)
			l->phase = PHASE_READ;
		return got < 0 ? -1 : 0;
	case PHASE_READ:
		got = day_read(&l->day, n, READ_ROWS, e);
		if (got == 0) {
			begin_keys(l, PHASE_SUM);
			l->is_last = l->day.day >= civil_day_of(w->now_ms) - 1;
		}
		return got < 0 ? -1 : 0;
	case PHASE_SUM:
		sum_up(n, l);
		return 0;
	case PHASE_TOTALS:
		return teach_totals(w, l, e);
	case PHASE_TEACH:
		return teach(w, l, is_over, e);
	}
	never("a phase of a lesson");
}
