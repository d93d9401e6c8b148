/* One key at the close of a bin: what it is judged by, and the figures of that in its row. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "desk/affected.h"
#include "warn_int.h"

/* ---- one key ------------------------------------------------------------------------------------------- */
/* Long bins were learned; with what lies before the bins that are summed up, for a model of the past. */
static bool gather_long(struct warn *n, struct wkey *k, int64_t end_ms, struct close *c)
{
	uint32_t n_bins = watch_past_bins(k->watch), n_back = k->watch->n_back;
	bool is_any = false;

	warn_past(n, k, end_ms, n_bins, n->back);
	for (uint32_t i = 0; i < n_back; i++)
		is_any |= n->back[i] != 0 && n->back[i] != BIN_UNKNOWN;
	c->history = n->back + 1;
	c->n_history = n_bins - 1;
	while (c->n_history > 0 && c->history[c->n_history - 1] == BIN_UNKNOWN)
		c->n_history--;
	return is_any;
}

bool warn_gather(struct warn *n, struct wkey *k, int64_t end_ms, struct close *c)
{
	const struct watch *w = k->watch;
	int64_t from_ms = end_ms - (int64_t)w->n_back * w->bin_ms;
	bool is_any = false;

	if (bin_is_long(w->bin_ms))
		return gather_long(n, k, end_ms, c);
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
	for (uint32_t b = 0; n->n_gaps > 0 && b < w->n_back; b++)
		n->back[b] = warn_unwatched(n, end_ms - (int64_t)(b + 1) * w->bin_ms, w->bin_ms, n->back[b]);
	return is_any;
}

/* People behind the key: of its city, or of all. */
static double subscribers_of(const struct warn *n, const char *city)
{
	const struct value *cities = value_get(packs_catalog(n->desk->packs), "cities");
	int64_t sum = 0;

	for (uint32_t i = 0; cities != NULL && i < cities->n; i++)
		if (city == NULL || value_is_text(&cities->as.pairs[i].key, city))
			sum += value_int_or(value_get(&cities->as.pairs[i].val, "subscribers"), 0);
	return (double)sum;
}

static bool is_by_subscribers(const struct condition *c)
{
	for (uint32_t g = 0; g < c->n_groups; g++)
		for (uint32_t i = 0; i < c->groups[g].n; i++)
			if (c->groups[g].tests[i].is_per_10000)
				return true;
	return false;
}

static bool needs_subscribers(const struct watch *w)
{
	for (uint32_t r = 0; r < w->levels.n_rows; r++)
		if (is_by_subscribers(&w->levels.rows[r].enter) ||
			is_by_subscribers(&w->levels.rows[r].leave))
			return true;
	return false;
}

double warn_subscribers(const struct warn *n, const struct watch *w, const char *city)
{
	return needs_subscribers(w) ? subscribers_of(n, city) : 0;
}

bool wkey_has_given(const struct wkey *k)
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
void warn_take_affected(struct warn *n)
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

void warn_look(struct warn *n, struct wkey *k, int64_t end_ms)
{
	const struct watch *w = k->watch;
	struct close c = {.start_ms = bin_start(w->bin_ms, end_ms - 1),
		.counts = n->back,
		.city = k->city,
		.given = k->given};
	uint8_t before = k->level;
	bool is_any;

	if (end_ms <= k->judged_ms)
		return; /* by a close that was cut off behind this key */
	warn_early_over(k);
	is_any = warn_gather(n, k, end_ms, &c);

	if (!is_any && k->level == 0 && k->incident == 0 && !wkey_has_given(k) &&
		detector_is_idle(w, &k->det))
		return;
	c.subscribers = warn_subscribers(n, w, k->city);
	c.parent = warn_usual(n, k);
	c.baseline = k->usual.baseline;
	detect(w, &k->det, &c, &k->seen);
	k->is_seen = true;
	k->judged_ms = end_ms;
	k->is_ready_new |= k->seen.is_ready && k->seen.is_changed;
	k->level = level_now(k);
	if (k->level != before)
		k->changed_ms = end_ms;
}

/* A level that no watch makes any more ends with the next close. */
void warn_look_orphan(struct wkey *k, int64_t end_ms)
{
	uint8_t before = k->level;

	if (k->watch != NULL || k->row == NULL)
		return;
	memset(&k->det, 0, sizeof(k->det));
	k->level = k->floor;
	if (k->level != before)
		k->changed_ms = end_ms;
}

/* ---- the figures of a close in the row ----------------------------------------------------------------- */
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

/* What the figures are of: the sum by which the key is judged; of a climb, of numbers that are hit, the longest
 * one. NULL: there is none. */
const struct watch_input *warn_window_of(const struct wkey *k)
{
	const struct watch *w = k->watch;
	const struct watch_input *longest = NULL;

	if (w->inputs[k->seen.input].kind == INPUT_SUM)
		return &w->inputs[k->seen.input];
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_SUM && (longest == NULL || w->inputs[i].bins > longest->bins))
			longest = &w->inputs[i];
	return longest;
}

static void set_flag(struct work *w, struct value *row, const char *key, bool is_so)
{
	if (is_so)
		value_set(w->arena, row, key, value_bool(true));
	else
		value_unset(row, key);
}

/* What else there is to say: numbers that are hit, that it climbs slowly, that nothing is learned yet. */
static void more_figures(struct work *w, const struct wkey *k, const struct seen *s, struct value *row)
{
	const struct detected *d = &k->seen;

	for (uint32_t i = 0; i < k->watch->n_inputs; i++)
		if (k->watch->inputs[i].kind == INPUT_GIVEN)
			set_number(w, row, k->watch->inputs[i].name,
				d->seen[i].is_known ? d->seen[i].value : (double)NAN);
	if (d->row >= 0 || k->level == 0)
		set_flag(w, row, "climbs", d->row >= 0 && k->watch->inputs[d->input].kind == INPUT_CUSUM);
	set_flag(w, row, "unwatched", !s->is_known);
	set_flag(w, row, "assumed", !d->is_learned && !isnan(s->expected));
	set_flag(w, row, "is_ready", d->is_ready);
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
			value_text(w->arena, best[i]->name.city.p, best[i]->name.city.n));
		value_add(w->arena, &one, "category",
			value_text(w->arena, best[i]->name.category.p, best[i]->name.category.n));
		value_add(w->arena, &one, "n", value_int((int64_t)n[i]));
		value_push(w->arena, &top, one);
	}
	return top;
}

/* What was seen at the close before, as long as the same input speaks for the key: whether it rises. */
static void keep_before(struct work *w, const struct watch_input *in, int64_t end_ms, struct value *row)
{
	const struct value *seen = value_get(row, "seen");

	if (value_int_or(value_get(row, "closed"), 0) == end_ms) /* an entry of its own came first */
		return;
	value_set(w->arena, row, "closed", value_int(end_ms));
	if (value_is_text(
		    value_path(row, "floor.by"), "early")) /* it was looked at within this bin already */
		return;
	if (seen != NULL && value_is_text(value_get(row, "input"), in->name))
		value_set(w->arena, row, "before", *seen);
	else
		value_unset(row, "before");
}

/* The key is wider than one stream, whether or not others are in memory. */
static bool is_sum(const struct wkey *k)
{
	return k->n_leaves > 1 || (k->n_leaves == 1 && k->watch->of == WATCH_COMPLAINTS &&
					  (k->city == NULL || k->category == NULL ||
						  !slice_is(k->leaves[0]->name.category, k->category)));
}

void warn_figures(struct work *w, const struct wkey *k, int64_t end_ms, struct value *row)
{
	const struct watch_input *in = k->watch == NULL || !k->is_seen ? NULL : warn_window_of(k);
	const struct seen *s;
	int64_t window_ms;

	if (k->watch == NULL || !k->is_seen)
		return;
	if (in == NULL)
		in = &k->watch->inputs[k->seen.input];
	s = &k->seen.seen[in - k->watch->inputs];
	window_ms = (in->kind == INPUT_SUM ? (int64_t)in->bins : 1) * k->watch->bin_ms;
	keep_before(w, in, end_ms, row);
	set_number(w, row, "seen", s->value);
	set_number(w, row, "expected", s->expected);
	set_number(w, row, "p", s->p);
	more_figures(w, k, s, row);
	value_set(w->arena, row, "input", value_literal(in->name));
	value_set(w->arena, row, "window",
		value_int(s->n_bins > 0 ? (int64_t)s->n_bins * k->watch->bin_ms : window_ms));
	value_set(w->arena, row, "sums", sums_value(w, k));
	if (is_sum(k) && end_ms - window_ms >= counts_first_ms(&w->desk->warn->counts))
		value_set(w->arena, row, "top", top_value(w, k, end_ms - window_ms, end_ms));
	else
		value_unset(row, "top");
	value_set(w->arena, row, "quiet", value_int(k->seen.quiet));
	value_set(w->arena, row, "closes", value_int(k->seen.closes));
}

void warn_under(struct work *w, const struct wkey *k, struct value *row)
{
	const struct level_table *levels = &k->watch->levels;
	struct value under = value_map(w->arena, LEVELS_MAX);

	for (uint32_t i = 0; i < levels->n_rows; i++)
		value_add(w->arena, &under, warn_level_name(w->desk->warn, levels->rows[i].level),
			value_int(k->det.under[i]));
	value_set(w->arena, row, "under", under);
}
