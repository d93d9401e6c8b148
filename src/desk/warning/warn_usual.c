/*
 * What is usual of keys, and of all a watch counts, from which thin keys borrow: baselines, and the past in
 * long bins. Rows are written by learning alone (warn_learn.c), of keys that had something; a key that had
 * nothing since is caught up in memory, from its row and the sum's as they are, so that it does not matter
 * when it is asked for, nor whether there was a restart before.
 */
#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "warn_learn.h"

#define PAST_DAYS_MAX 400

static bool has_baseline(const struct watch *w)
{
	return w->expect == EXPECT_BASELINE;
}

bool watch_learns(const struct watch *w)
{
	return w != NULL && w->of != WATCH_SERIES && (has_baseline(w) || bin_is_long(w->bin_ms));
}

uint32_t watch_past_bins(const struct watch *w)
{
	const struct farrington_spec *f = &w->farrington;

	return w->n_back + (w->expect == EXPECT_FARRINGTON ? f->years * f->year_bins + f->half_width : 0);
}

int32_t warn_learn_reach(const struct warn *n)
{
	int32_t days = PAST_DAYS_MAX;

	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *w = &n->watches->list[i];
		int32_t needs = !watch_learns(w) || !bin_is_long(w->bin_ms)
					? 0
					: (int32_t)watch_past_bins(w) * (int32_t)(w->bin_ms / BIN_DAY_MS);

		days = needs > days ? needs : days;
	}
	return days;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
struct slice usual_row_key(
	struct arena *a, uint8_t side, enum usual_row what, const struct watch *w, const struct wkey *k)
{
	size_t name_n = what == ROW_KEY ? 0 : strlen(w->name), n = 1;
	char *p = arena_alloc(a, 2 + name_n + (k == NULL ? 0 : k->text_n));

	p[0] = (char)(side == 0 ? (int)what : (int)what - 'a' + 'A');
	if (name_n > 0)
		memcpy(p + n, w->name, name_n);
	n += name_n;
	if (what == ROW_PAST)
		p[n++] = '\0';
	if (k != NULL)
		memcpy(p + n, k->text, k->text_n);
	return slice_of(p, n + (k == NULL ? 0 : k->text_n));
}

void usual_side_bounds(uint8_t side, struct slice bounds[2])
{
	bounds[0] = side == 0 ? SLICE_TEXT("e") : SLICE_TEXT("A"); /* behind "d" */
	bounds[1] = side == 0 ? SLICE_TEXT("{") : SLICE_TEXT("[");
}

static int load_baseline(
	struct warn *n, const struct watch *w, struct slice key, struct baseline **out, struct err *e)
{
	struct slice bytes;
	bool is_other;
	int got = store_get(n->desk->store, TABLE_BASELINE, key, &bytes, e);

	if (got < 0)
		return -1;
	*out = watch_baseline(n->watches, w);
	if (got == 1 && baseline_decode(*out, bytes, &is_other, e) != 0) {
		baseline_free(*out);
		*out = NULL;
		return -1;
	}
	return got;
}

int usual_total(struct warn *n, const struct watch *w, struct baseline **out, struct err *e)
{
	size_t at = (size_t)(w - n->watches->list);

	if (n->totals == NULL) {
		n->totals = calloc(n->watches->n, sizeof(*n->totals));
		must(n->totals != NULL);
	}
	if (n->totals[at] == NULL &&
		load_baseline(n, w, usual_row_key(&n->desk->arena, n->taught.side, ROW_TOTAL, w, NULL),
			&n->totals[at], e) < 0)
		return -1;
	*out = n->totals[at];
	return 0;
}

int usual_load(struct warn *n, struct wkey *k, struct err *e)
{
	struct learned *u = &k->usual;
	struct arena *a = &n->desk->arena;
	struct slice bytes;
	int got = 0;

	if (u->is_loaded && !u->is_ahead)
		return 0;
	learned_fini(u);
	if (has_baseline(k->watch) &&
		load_baseline(n, k->watch, usual_row_key(a, n->taught.side, ROW_KEY, k->watch, k),
			&u->baseline, e) < 0)
		return -1;
	if (bin_is_long(k->watch->bin_ms)) {
		got = store_get(n->desk->store, TABLE_BASELINE,
			usual_row_key(a, n->taught.side, ROW_PAST, k->watch, k), &bytes, e);
		if (got < 0 || (got == 1 && past_decode(&u->past, bytes, e) != 0))
			return -1;
	}
	u->is_loaded = true;
	return 0;
}

void learned_fini(struct learned *u)
{
	baseline_free(u->baseline);
	past_fini(&u->past);
	memset(u, 0, sizeof(*u));
}

void warn_totals_forget(struct warn *n)
{
	for (uint32_t i = 0; n->totals != NULL && i < n->watches->n; i++)
		baseline_free(n->totals[i]);
	free(n->totals);
	n->totals = NULL;
}

void warn_usual_forget(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++)
		learned_fini(&n->keys[i]->usual);
	warn_totals_forget(n);
}

void usual_forget_ahead(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++)
		if (n->keys[i]->usual.is_ahead)
			learned_fini(&n->keys[i]->usual);
}

/* ---- asking -------------------------------------------------------------------------------------------- */
int32_t usual_catch_up(const struct warn *n, const struct wkey *k, struct baseline *b,
	const struct baseline *total, int32_t first, int32_t last, int32_t most)
{
	uint32_t n_bins = bin_is_long(k->watch->bin_ms) ? 1 : (uint32_t)(BIN_DAY_MS / k->watch->bin_ms);
	int32_t from = baseline_last_day(b);
	uint32_t *none;

	if (from >= last)
		return 0;
	none = calloc(n_bins, sizeof(uint32_t));
	must(none != NULL);
	from = from == INT32_MIN || from < first ? first : from + 1;
	from = last - from > CATCH_UP_MAX ? last - CATCH_UP_MAX : from;
	last = last - from >= most ? from + most - 1 : last;
	for (int32_t day = from; day <= last; day++) {
		memset(none, 0, n_bins * sizeof(uint32_t));
		day_mask(n, day, n_bins, none);
		baseline_learn(b, total, day, n_bins, none);
	}
	free(none);
	return last - from + 1;
}

/* A key without a row had nothing on the days learned, unless they were learned for other watches. */
static bool knows_nothing(const struct warn *n, const struct wkey *k)
{
	return baseline_last_day(k->usual.baseline) == INT32_MIN && n->taught.mark != n->mark;
}

static int need(struct warn *n, struct wkey *k, struct baseline **total, struct err *e)
{
	struct learned *u = &k->usual;

	if (usual_total(n, k->watch, total, e) != 0 || (!u->is_loaded && usual_load(n, k, e) != 0))
		return -1;
	if (baseline_last_day(u->baseline) >= n->taught.last || knows_nothing(n, k))
		return 0;
	(void)usual_catch_up(n, k, u->baseline, *total, n->taught.first, n->taught.last, CATCH_UP_MAX + 1);
	u->is_ahead = true;
	return 0;
}

static void tell(const struct wkey *k, const struct err *e)
{
	log_line(LOG_ERROR, "warning.baseline", "key=\"%s\" error=\"%s\"", k->text, e->text);
}

const struct baseline *warn_usual(struct warn *n, struct wkey *k)
{
	struct baseline *total;
	struct err e;

	if (!watch_learns(k->watch) || !has_baseline(k->watch) || !n->taught.is_any)
		return NULL;
	if (need(n, k, &total, &e) != 0) {
		tell(k, &e);
		return NULL;
	}
	return total;
}

void warn_past(struct warn *n, struct wkey *k, int64_t end_ms, uint32_t n_bins, uint32_t *bins)
{
	int64_t bin_ms = k->watch->bin_ms;
	int32_t number = bin_number(bin_ms, civil_day_of(end_ms - 1));
	struct err e;

	for (uint32_t i = 0; i < n_bins; i++)
		bins[i] = BIN_UNKNOWN;
	if (!n->taught.is_any)
		return;
	if (!k->usual.is_loaded && usual_load(n, k, &e) != 0) {
		tell(k, &e);
		return;
	}
	for (uint32_t i = 0; i < n_bins; i++)
		bins[i] = past_bin(&k->usual.past, bin_ms, n->taught.last, number - (int32_t)i);
}

/* ---- keys by their rows -------------------------------------------------------------------------------- */
static void meet(struct warn *n, struct slice rest)
{
	const char *name = rest.p, *end = memchr(rest.p, '\0', rest.n);
	const struct watch *w = end == NULL ? NULL : watch_find(n->watches, name);
	size_t name_n = end == NULL ? 0 : (size_t)(end - name) + 1;
	struct wkey *k;

	if (w == NULL || !watch_learns(w) || !bin_is_long(w->bin_ms) || rest.n == name_n)
		return;
	k = wkey_need(n, slice_of(name + name_n, rest.n - name_n));
	if (k->watch == NULL)
		k->watch = w;
}

int warn_past_keys(struct warn *n, struct err *e)
{
	uint8_t letter = n->taught.side == 0 ? ROW_PAST : ROW_PAST - 'a' + 'A', after = (uint8_t)(letter + 1);
	struct scan s;
	int got;

	scan_init(&s, n->desk->store, NULL, TABLE_BASELINE, slice_of(&letter, 1), slice_of(&after, 1), false);
	while ((got = scan_next(&s, e)) == 1)
		meet(n, slice_of((const uint8_t *)s.key.p + 1, s.key.n - 1));
	scan_fini(&s);
	return got;
}
