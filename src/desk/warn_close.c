/*
 * The close of a bin. A durable timer fires at its end; every key that has something to look at is evaluated
 * with the counts up to there. A key whose level changed is an entry of its own (warn_case.c), in the order
 * of the keys; one last entry holds what the other machines remember, and the next timer. After a stop in
 * between the timer is still there, and a key that was done before comes to the same again.
 *
 * After downtime the bins that were missed are evaluated one after another from the stored counts; what
 * changed is marked late, and only the level a key has in the end is told.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "affected.h"
#include "tocsin/log.h"
#include "warn_int.h"

#define FORGET_A_CLOSE 4096
#define RING_SPARE_MINUTES 120                    /* so that what comes late is seldom behind the ring */
#define REPLAY_MS (INT64_C(2) * 24 * 3600 * 1000) /* of a longer downtime only its end */

/* ---- one key
 * ------------------------------------------------------------------------------------------------ */
static int64_t floor_to(int64_t at_ms, int64_t every_ms)
{
	return at_ms - at_ms % every_ms;
}

/* The newest n_back bins of the key into n->back; false: all of them are zero. */
static bool gather(struct warn *n, const struct wkey *k, int64_t end_ms)
{
	const struct watch *w = k->watch;
	int64_t from_ms = end_ms - (int64_t)w->n_back * w->bin_ms;
	bool is_any = false;

	memset(n->back, 0, w->n_back * sizeof(uint32_t));
	for (uint32_t i = 0; i < k->n_leaves; i++) {
		const struct stream *s = k->leaves[i];

		if (s->newest_ms < from_ms)
			continue;
		for (uint32_t b = 0; b < w->n_back; b++) {
			int64_t to_ms = end_ms - (int64_t)b * w->bin_ms;
			uint64_t sum = counts_sum(&n->counts, s, to_ms - w->bin_ms, to_ms);

			n->back[b] += (uint32_t)sum;
			is_any |= sum > 0;
		}
	}
	return is_any;
}

/* People behind the key: of its city, or of all. */
static double subscribers_of(const struct warn *n, const struct wkey *k)
{
	const struct value *cities = value_get(packs_catalog(n->desk->packs), "cities");
	int64_t sum = 0;

	for (uint32_t i = 0; cities != NULL && i < cities->n; i++)
		if (k->city == NULL || value_is_text(&cities->as.pairs[i].key, k->city))
			sum += value_int_or(value_get(&cities->as.pairs[i].val, "subscribers"), 0);
	return (double)sum;
}

static bool needs_subscribers(const struct watch *w)
{
	for (uint32_t r = 0; r < w->levels.n_rows; r++)
		for (uint32_t g = 0; g < w->levels.rows[r].enter.n_groups; g++)
			for (uint32_t i = 0; i < w->levels.rows[r].enter.groups[g].n; i++)
				if (w->levels.rows[r].enter.groups[g].tests[i].is_per_10000)
					return true;
	return false;
}

static bool has_given(const struct wkey *k)
{
	for (int i = 0; i < WATCH_INPUTS_MAX; i++)
		if (!isnan(k->given[i]))
			return true;
	return false;
}

/* ---- numbers of the lists (affected.h), the input "affected" ------------------------------------------- */
static void need_key(void *ctx, struct slice city, struct slice category)
{
	struct warn *n = ctx;
	char text[KEY_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%.*s/%.*s", (int)city.n, (const char *)city.p,
		(int)category.n, (const char *)category.p);

	if (len > 0 && len < KEY_TEXT_MAX)
		(void)warn_plan_key(n, slice_of(text, (size_t)len));
}

static struct slice or_all(const char *text)
{
	return text == NULL ? SLICE_TEXT("*") : slice_of(text, strlen(text));
}

/* Failed transactions warn before anybody complains: their keys are looked at too. */
static void take_affected(struct warn *n)
{
	affected_each(n->desk, need_key, n);
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		int at =
			k->watch == NULL || k->category == NULL ? -1 : watch_input_find(k->watch, "affected");
		int64_t count = at < 0 ? 0 : affected_count(n->desk, or_all(k->city), or_all(k->category));

		if (at >= 0 && k->watch->inputs[at].kind == INPUT_GIVEN)
			k->given[at] = count > 0 ? (double)count : (double)NAN;
	}
}

static uint8_t level_now(const struct wkey *k)
{
	return k->det.level.level > k->floor ? k->det.level.level : k->floor;
}

static void look(struct warn *n, struct wkey *k, int64_t end_ms)
{
	const struct watch *w = k->watch;
	struct close c = {
		.start_ms = end_ms - w->bin_ms, .counts = n->back, .city = k->city, .given = k->given};
	bool is_any = gather(n, k, end_ms);
	uint8_t before = k->level;

	if (!is_any && k->level == 0 && !has_given(k) && detector_is_idle(w, &k->det))
		return;
	c.subscribers = needs_subscribers(w) ? subscribers_of(n, k) : 0;
	c.parent = warn_usual(n, k);
	c.baseline = k->baseline;
	detect(w, &k->det, &c, &k->seen);
	k->is_seen = true;
	k->is_ready_new |= k->seen.is_ready && k->seen.is_changed;
	k->level = level_now(k);
	if (k->level != before)
		k->changed_ms = end_ms;
}

/* A level that no watch makes any more ends with the next close. */
static void look_orphan(struct wkey *k, int64_t end_ms)
{
	uint8_t before = k->level;

	if (k->watch != NULL || k->row == NULL)
		return;
	memset(&k->det, 0, sizeof(k->det));
	k->level = k->floor;
	if (k->level != before)
		k->changed_ms = end_ms;
}

/* ---- the figures of a close in the row
 * ---------------------------------------------------------------------- */
static void set_number(struct work *w, struct value *row, const char *key, double x)
{
	if (isnan(x) || isinf(x))
		value_unset(row, key);
	else if (x == floor(x) && fabs(x) < 1e15)
		value_set(w->arena, row, key, value_int((int64_t)x));
	else
		value_set(w->arena, row, key, value_float(x));
}

static struct value sums_value(struct work *w, const struct wkey *k)
{
	struct value sums = value_map(w->arena, k->watch->n_inputs);

	for (uint32_t i = 0; i < k->watch->n_inputs; i++) {
		struct value one = value_map(w->arena, 3);

		if (!k->seen.seen[i].is_known)
			continue;
		set_number(w, &one, "seen", k->seen.seen[i].value);
		set_number(w, &one, "expected", k->seen.seen[i].expected);
		set_number(w, &one, "p", k->seen.seen[i].p);
		value_add(w->arena, &sums, k->watch->inputs[i].name, one);
	}
	return sums;
}

/* The three streams that make most of it. */
static struct value top_value(struct work *w, const struct wkey *k, int64_t from_ms, int64_t to_ms)
{
	const struct stream *best[3] = {NULL};
	uint64_t n[3] = {0};
	struct value top = value_array(w->arena, 3);

	for (uint32_t i = 0; i < k->n_leaves; i++) {
		uint64_t sum = counts_sum(&w->desk->warn->counts, k->leaves[i], from_ms, to_ms);
		int at = 3;

		while (at > 0 && sum > n[at - 1])
			at--;
		for (int b = 2; at < 3 && b > at; b--) {
			best[b] = best[b - 1];
			n[b] = n[b - 1];
		}
		if (at < 3) {
			best[at] = k->leaves[i];
			n[at] = sum;
		}
	}
	for (int i = 0; i < 3 && n[i] > 0; i++) {
		struct value one = value_map(w->arena, 3);

		value_add(w->arena, &one, "city",
			value_text(w->arena, best[i]->name.part[0].p, best[i]->name.part[0].n));
		value_add(w->arena, &one, "category",
			value_text(w->arena, best[i]->name.part[1].p, best[i]->name.part[1].n));
		value_add(w->arena, &one, "n", value_int((int64_t)n[i]));
		value_push(w->arena, &top, one);
	}
	return top;
}

void warn_figures(struct work *w, const struct wkey *k, int64_t end_ms, struct value *row)
{
	const struct seen *s = &k->seen.seen[k->seen.input];
	const struct watch_input *in = k->watch == NULL ? NULL : &k->watch->inputs[k->seen.input];
	int64_t window_ms;

	if (in == NULL || !k->is_seen)
		return;
	window_ms = in->kind == INPUT_SUM ? (int64_t)in->bins * k->watch->bin_ms : k->watch->bin_ms;
	set_number(w, row, "seen", s->value);
	set_number(w, row, "expected", s->expected);
	set_number(w, row, "p", s->p);
	value_set(w->arena, row, "input", value_literal(in->name));
	value_set(w->arena, row, "window", value_int(window_ms));
	value_set(w->arena, row, "sums", sums_value(w, k));
	if (k->n_leaves > 1)
		value_set(w->arena, row, "top", top_value(w, k, end_ms - window_ms, end_ms));
	if (k->seen.is_ready)
		value_set(w->arena, row, "is_ready", value_bool(true));
	else
		value_unset(row, "is_ready");
	value_set(w->arena, row, "quiet", value_int(k->seen.quiet));
	value_set(w->arena, row, "closes", value_int(k->seen.closes));
}

void warn_under(struct work *w, struct wkey *k, int64_t end_ms, struct value *row)
{
	const struct watch *watch = k->watch;
	const struct value *old = value_get(row, "under");
	struct value under = value_map(w->arena, LEVELS_MAX);
	int64_t at_ms = value_int_or(value_get(row, "under_at"), 0);
	struct close c = {.start_ms = end_ms - watch->bin_ms,
		.counts = w->desk->warn->back,
		.city = k->city,
		.given = k->given,
		.baseline = k->baseline,
		.parent = k->baseline == NULL ? NULL : warn_usual(w->desk->warn, k)};

	if (at_ms >= end_ms) /* counted already: a case in recovery was asked about */
		return;
	gather(w->desk->warn, k, end_ms);
	c.subscribers = needs_subscribers(watch) ? subscribers_of(w->desk->warn, k) : 0;
	for (uint32_t i = 0; i < watch->levels.n_rows; i++) {
		struct detector as = {.level = {.level = watch->levels.rows[i].level}};
		const char *name = warn_level_name(w->desk->warn, as.level.level);
		struct detected out;

		detect(watch, &as, &c, &out);
		value_add(w->arena, &under, name,
			value_int(out.is_leaving ? value_int_or(value_get(old, name), 0) + 1 : 0));
	}
	value_set(w->arena, row, "under", under);
	value_set(w->arena, row, "under_at", value_int(end_ms));
}

/* ---- works
 * ---------------------------------------------------------------------------------------------------- */
/* An entry of the system itself, at at_ms; entries never go back in time. */
void warn_begin(struct work *w, struct desk *d, const char *method, int64_t at_ms)
{
	int64_t last_ms = store_last_at_ms(d->store);

	work_begin(w, d, &d->arena, method, "warning", 0, slice_of(NULL, 0));
	tx_abort(w->tx);
	w->now_ms = at_ms > last_ms ? at_ms : last_ms;
	w->tx = tx_begin(d->store, w->now_ms);
}

void warn_arm(struct work *w, int64_t at_ms)
{
	struct warn *n = w->desk->warn;
	uint8_t key[DUE_KEY_LEN];

	if (at_ms >= n->armed_ms)
		return;
	if (n->armed_ms != INT64_MAX) {
		due_key(key, n->armed_ms, TIMER_OF_WARN);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	due_key(key, at_ms, TIMER_OF_WARN);
	tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
}

/* Counts past counting.keep go, some at each close. */
static int forget(struct work *w, struct err *e)
{
	int64_t keep_ms = value_int_or(value_path(packs_catalog(w->desk->packs), "counting.keep_ms"), 0),
		until_ms = w->now_ms - keep_ms;
	uint8_t to[8];
	struct scan s;
	int got = 0, left = FORGET_A_CLOSE;

	if (keep_ms <= 0 || until_ms <= 0)
		return 0;
	store_be64(to, (uint64_t)until_ms);
	scan_init(&s, w->desk->store, NULL, TABLE_COUNT, slice_of(NULL, 0), slice_of(to, 8), false);
	while (left-- > 0 && (got = scan_next(&s, e)) == 1)
		tx_del(w->tx, TABLE_COUNT, slice_of(arena_copy(w->arena, s.key.p, s.key.n), s.key.n));
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

/* Something was counted in the key's bin that is still open: a shorter bin of another watch ended before it.
 */
static bool has_open_bin(const struct wkey *k, int64_t end_ms)
{
	for (uint32_t i = 0; i < k->n_leaves; i++)
		if (k->leaves[i]->newest_ms >= floor_to(end_ms, k->watch->bin_ms))
			return true;
	return false;
}

/* When the next bin of anything that still has to be looked at ends. */
static int64_t next_close(const struct warn *n, int64_t end_ms)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];
		int64_t at_ms;

		if (k->watch == NULL ||
			!(k->is_seen || k->level > 0 || has_given(k) || has_open_bin(k, end_ms) ||
				!detector_is_idle(k->watch, &k->det)))
			continue;
		at_ms = floor_to(end_ms, k->watch->bin_ms) + k->watch->bin_ms;
		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	return next_ms;
}

static int64_t next_care(const struct warn *n)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t i = 0; i < n->n_keys; i++)
		next_ms = n->keys[i]->next_ms < next_ms ? n->keys[i]->next_ms : next_ms;
	return next_ms;
}

/* The last entry of a close: machines that remember, old counts, the next timer. */
static int finish(struct warn *n, int64_t due_ms, int64_t end_ms, int64_t next_ms, struct err *e)
{
	struct desk *d = n->desk;
	uint8_t key[DUE_KEY_LEN];
	struct work w;

	arena_reset(&d->arena);
	warn_begin(&w, d, "warning.close", end_ms);
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct value row;

		if (!k->is_seen || (k->row == NULL && k->level == 0 && detector_is_idle(k->watch, &k->det)))
			continue;
		row = wkey_row(&w, k);
		warn_figures(&w, k, end_ms, &row);
		if (k->level > 0 || k->incident != 0)
			warn_under(&w, k, end_ms, &row);
		wkey_put(&w, k, &row);
	}
	due_key(key, due_ms, TIMER_OF_WARN);
	tx_del(w.tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	n->armed_ms = INT64_MAX;
	if (next_ms != INT64_MAX)
		warn_arm(&w, next_ms);
	if (forget(&w, e) != 0) {
		work_abort(&w);
		return -1;
	}
	return work_commit(&w, e);
}

/* ---- the timer
 * -------------------------------------------------------------------------------------------------- */
/* The ends of bins in [due, now]; of a long downtime the last ones. */
static void close_bins(struct warn *n, int64_t due_ms, int64_t now_ms, int64_t *end_ms)
{
	int64_t end = floor_to(due_ms + n->bin_ms - 1, n->bin_ms);

	if (now_ms - end > REPLAY_MS) {
		log_line(LOG_WARN, "warning.skipped", "from_ms=%jd to_ms=%jd", (intmax_t)end,
			(intmax_t)(now_ms - REPLAY_MS));
		end = floor_to(now_ms - REPLAY_MS, n->bin_ms);
	}
	for (; end <= now_ms; end += n->bin_ms) {
		n->n_closes++;
		n->n_missed += now_ms - end >= n->bin_ms;
		*end_ms = end;
		for (uint32_t i = 0; i < n->n_keys; i++) {
			struct wkey *k = n->keys[i];

			if (k->watch == NULL)
				look_orphan(k, end);
			else if (end % k->watch->bin_ms == 0)
				look(n, k, end);
		}
	}
}

/* The rings must reach back over the first window. */
static int rings(struct warn *n, int64_t due_ms, int64_t now_ms, struct err *e)
{
	int64_t from_ms = due_ms > now_ms - REPLAY_MS ? due_ms : now_ms - REPLAY_MS, reach_ms = 0;

	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *w = &n->watches->list[i];
		int64_t ms = (int64_t)w->n_back * w->bin_ms;

		reach_ms = ms > reach_ms ? ms : reach_ms;
	}
	if (n->counts.n_minutes > 0 && counts_first_ms(&n->counts) <= from_ms - reach_ms)
		return 0;
	return counts_load(&n->counts, n->desk->store,
		(uint32_t)((now_ms - from_ms + reach_ms) / MINUTE_MS) + RING_SPARE_MINUTES, now_ms, e);
}

int warn_rings(struct warn *n, int64_t now_ms, struct err *e)
{
	n->counts.n_minutes = 0;
	return rings(n, now_ms, now_ms, e);
}

static bool is_late(const struct warn *n, int64_t at_ms, int64_t now_ms)
{
	return now_ms - at_ms >= (n->bin_ms > 0 ? n->bin_ms : MINUTE_MS);
}

static int tell_changes(struct warn *n, int64_t now_ms, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct warn_event event = {.event = "change", .from = k->from, .at_ms = k->changed_ms};

		if (k->changed_ms == 0 && !k->is_ready_new)
			continue;
		if (k->changed_ms != 0 &&
			k->level == k->from) { /* up and down again while nobody was there */
			k->changed_ms = 0;
			continue;
		}
		if (k->changed_ms == 0) {
			event.event = "ready";
			event.at_ms = now_ms;
		}
		event.is_late = is_late(n, event.at_ms, now_ms);
		if (warn_event_commit(n, k, &event, e) != 0)
			return -1;
	}
	return 0;
}

/* A case in recovery is asked about at every close of its own bins. */
static int tell_recovery(struct warn *n, int64_t end_ms, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct warn_event event = {.event = "recovery", .from = k->level, .at_ms = end_ms};

		if (k->watch != NULL && end_ms % k->watch->bin_ms != 0)
			continue;
		if (k->incident != 0 && k->changed_ms == 0 && warn_in_recovery(n, k) &&
			warn_event_commit(n, k, &event, e) != 0)
			return -1;
	}
	return 0;
}

static int care(struct warn *n, int64_t now_ms, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++)
		if (n->keys[i]->next_ms <= now_ms && warn_care(n, n->keys[i], now_ms, e) != 0)
			return -1;
	return 0;
}

static void forget_close(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		n->keys[i]->is_seen = n->keys[i]->is_ready_new = false;
		n->keys[i]->changed_ms = 0;
		n->keys[i]->from = n->keys[i]->level;
	}
}

static int fire(struct warn *n, int64_t due_ms, struct err *e)
{
	int64_t now_ms = n->desk->clock->now_ms > due_ms ? n->desk->clock->now_ms : due_ms, end_ms = due_ms,
		next_ms = INT64_MAX, quiet_ms = INT64_MAX, care_ms;

	forget_close(n);
	if (n->bin_ms > 0) {
		if (rings(n, due_ms, now_ms, e) != 0 || warn_learn(n, now_ms, e) != 0)
			return -1;
		take_affected(n);
		close_bins(n, due_ms, now_ms, &end_ms);
		if (tell_changes(n, now_ms, e) != 0 || warn_rollups(n, end_ms, e) != 0 ||
			tell_recovery(n, end_ms, e) != 0)
			return -1;
		next_ms = next_close(n, end_ms);
	}
	if (warn_sources(n, now_ms, &quiet_ms, e) != 0 || care(n, now_ms, e) != 0)
		return -1;
	care_ms = next_care(n);
	next_ms = next_ms < quiet_ms ? next_ms : quiet_ms;
	next_ms = next_ms < care_ms ? next_ms : care_ms;
	return finish(n, due_ms, end_ms, next_ms, e);
}

void warn_fire(struct desk *d, int64_t due_ms)
{
	struct warn *n = d->warn;
	int64_t began_us = clock_mono_us(), took_us;
	struct err e;

	if (fire(n, due_ms, &e) != 0) {
		n->n_failures++;
		log_line(LOG_ERROR, "warning.broken", "due_ms=%jd error=\"%s\"", (intmax_t)due_ms, e.text);
	}
	took_us = clock_mono_us() - began_us;
	if ((uint64_t)took_us > n->close_us_max)
		n->close_us_max = (uint64_t)took_us;
}
