/*
 * What is usual: the baselines of keys, and of all a watch counts, from which thin keys borrow. Whole local
 * days are learned from TABLE_COUNT at the first close behind them, oldest first.
 *
 *   TABLE_BASELINE  'k' key → a key's baseline (tocsin/baseline.h)
 *                   't' watch → that of the watch's sum
 *                   'd' → be32 first and be32 last day that was learned
 *
 * A key that is met for the first time had nothing on the days that its watch has learned: it is taught that.
 * When history is imported into days that were learned, all is learned anew.
 */
#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "warn_int.h"

#define ROW_KEY 'k'
#define ROW_TOTAL 't'
#define ROW_DAYS "d"
#define DAYS_MAX 400                       /* learned at once; of a longer past its end */
#define CATCH_UP_MAX 60                    /* days of nothing that a new key is taught */
#define STAGED_BYTES_MAX ((size_t)1 << 20) /* of one entry */

static bool learns(const struct watch *w)
{
	return w != NULL && w->expect == EXPECT_BASELINE && w->of != WATCH_SERIES &&
	       w->bin_ms <= 24 * 60 * MINUTE_MS;
}

static struct slice row_key(struct arena *a, char what, const char *text, size_t n)
{
	char *p = arena_alloc(a, n + 1);

	p[0] = what;
	memcpy(p + 1, text, n);
	return slice_of(p, n + 1);
}

/* ---- in memory --------------------------------------------------------------------------------------- */
void warn_learn_forget(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		baseline_free(n->keys[i]->baseline);
		n->keys[i]->baseline = NULL;
		n->keys[i]->has_baseline = false;
	}
	for (uint32_t i = 0; n->totals != NULL && i < n->watches->n; i++)
		baseline_free(n->totals[i]);
	free(n->totals);
	n->totals = NULL;
}

/* The stored one, or an empty one. */
static int load(struct warn *n, const struct watch *w, struct slice key, struct baseline **out, struct err *e)
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
	return 0;
}

static int total_of(struct warn *n, const struct watch *w, struct baseline **out, struct err *e)
{
	size_t at = (size_t)(w - n->watches->list);

	if (n->totals == NULL) {
		n->totals = calloc(n->watches->n, sizeof(*n->totals));
		must(n->totals != NULL);
	}
	if (n->totals[at] == NULL && load(n, w, row_key(&n->desk->arena, ROW_TOTAL, w->name, strlen(w->name)),
					     &n->totals[at], e) != 0)
		return -1;
	*out = n->totals[at];
	return 0;
}

/* Days on which the key had nothing, up to and with the last that was learned. */
static void catch_up(const struct warn *n, struct wkey *k, const struct baseline *total, int32_t last)
{
	uint32_t n_bins = (uint32_t)(24 * 60 * MINUTE_MS / k->watch->bin_ms);
	uint32_t *none = calloc(n_bins, sizeof(uint32_t));
	int32_t from = baseline_last_day(k->baseline);

	must(none != NULL);
	from = from == INT32_MIN || from < n->taught_first ? n->taught_first : from + 1;
	from = last - from > CATCH_UP_MAX ? last - CATCH_UP_MAX : from;
	for (int32_t day = from; day <= last; day++)
		baseline_learn(k->baseline, total, day, n_bins, none);
	free(none);
}

static int need(struct warn *n, struct wkey *k, int32_t last, struct baseline **total, struct err *e)
{
	if (total_of(n, k->watch, total, e) != 0)
		return -1;
	if (!k->has_baseline && load(n, k->watch, row_key(&n->desk->arena, ROW_KEY, k->text, k->text_n),
					&k->baseline, e) != 0)
		return -1;
	k->has_baseline = true;
	if (n->has_taught && baseline_last_day(k->baseline) < last)
		catch_up(n, k, *total, last);
	return 0;
}

const struct baseline *warn_usual(struct warn *n, struct wkey *k)
{
	struct baseline *total;
	struct err e;

	if (!learns(k->watch) || !n->has_taught)
		return NULL;
	if (need(n, k, n->taught_last, &total, &e) != 0) {
		log_line(LOG_ERROR, "warning.baseline", "key=%s error=\"%s\"", k->text, e.text);
		return NULL;
	}
	return total;
}

/* ---- one day ----------------------------------------------------------------------------------------- */
/* Counts by stream and minute of a day; a stream without any has NULL. */
struct day {
	int32_t day;
	int64_t from_ms, to_ms;
	uint32_t n_minutes, cap;
	uint32_t **streams; /* by number */
};

static void day_fini(struct day *d)
{
	for (uint32_t i = 0; i < d->cap; i++)
		free(d->streams[i]);
	free(d->streams);
}

static uint32_t *minutes_of(struct day *d, const struct stream *s)
{
	if (s->number >= d->cap) {
		uint32_t cap = s->number + 1024;

		d->streams = realloc(d->streams, cap * sizeof(*d->streams));
		must(d->streams != NULL);
		memset(d->streams + d->cap, 0, (cap - d->cap) * sizeof(*d->streams));
		d->cap = cap;
	}
	if (d->streams[s->number] == NULL) {
		d->streams[s->number] = calloc(d->n_minutes, sizeof(uint32_t));
		must(d->streams[s->number] != NULL);
	}
	return d->streams[s->number];
}

static int day_read(struct warn *n, struct day *d, int32_t day, struct err *e)
{
	uint8_t from[8], to[8];
	struct scan s;
	int got;

	*d = (struct day){.day = day, .from_ms = civil_instant(day, 0), .to_ms = civil_instant(day + 1, 0)};
	d->n_minutes = (uint32_t)((d->to_ms - d->from_ms) / MINUTE_MS);
	store_be64(from, (uint64_t)d->from_ms);
	store_be64(to, (uint64_t)d->to_ms);
	scan_init(&s, n->desk->store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		const struct stream *stream =
			counts_need(&n->counts, slice_of((const uint8_t *)s.key.p + 8, s.key.n - 8));
		struct slice val = s.val;
		uint64_t count;

		if (slice_varint(&val, &count) == 0)
			minutes_of(d, stream)[((int64_t)load_be64(s.key.p) - d->from_ms) / MINUTE_MS] =
				count < UINT32_MAX ? (uint32_t)count
						   : UINT32_MAX - 1; /* the largest says "not watched" */
	}
	scan_fini(&s);
	return got;
}

/* The key's bins of the day are added to `bins`. */
static void add_up(const struct day *d, const struct wkey *k, uint32_t n_bins, uint32_t *bins)
{
	uint32_t each = (uint32_t)(k->watch->bin_ms / MINUTE_MS);

	for (uint32_t i = 0; i < k->n_leaves; i++) {
		uint32_t at = k->leaves[i]->number;
		const uint32_t *minutes = at < d->cap ? d->streams[at] : NULL;

		for (uint32_t m = 0; minutes != NULL && m < n_bins * each; m++)
			bins[m / each] += minutes[m];
	}
}

static uint32_t bins_of(const struct day *d, const struct watch *w)
{
	return (uint32_t)((d->to_ms - d->from_ms) / w->bin_ms);
}

static int learn_total(struct warn *n, const struct day *d, const struct watch *w, struct err *e)
{
	uint32_t n_bins = bins_of(d, w), *bins = calloc(n_bins + 1, sizeof(uint32_t));
	struct baseline *total;
	int rc;

	must(bins != NULL);
	rc = total_of(n, w, &total, e);
	for (uint32_t i = 0; rc == 0 && i < n->n_keys; i++)
		if (n->keys[i]->watch == w)
			add_up(d, n->keys[i], n_bins, bins);
	if (rc == 0)
		baseline_learn(total, NULL, d->day, n_bins, bins);
	free(bins);
	return rc;
}

static int learn_key(struct warn *n, const struct day *d, struct wkey *k, struct err *e)
{
	uint32_t n_bins = bins_of(d, k->watch), *bins = calloc(n_bins + 1, sizeof(uint32_t));
	struct baseline *total;
	int rc;

	must(bins != NULL);
	rc = need(n, k, d->day - 1, &total, e);
	if (rc == 0) {
		add_up(d, k, n_bins, bins);
		baseline_learn(k->baseline, total, d->day, n_bins, bins);
	}
	free(bins);
	return rc;
}

static int learn_day(struct warn *n, int32_t day, struct err *e)
{
	struct day d;
	int rc = day_read(n, &d, day, e);

	for (uint32_t i = 0; rc == 0 && i < n->watches->n; i++)
		if (learns(&n->watches->list[i]))
			rc = learn_total(n, &d, &n->watches->list[i], e);
	for (uint32_t i = 0; rc == 0 && i < n->n_keys; i++)
		if (learns(n->keys[i]->watch))
			rc = learn_key(n, &d, n->keys[i], e);
	day_fini(&d);
	return rc;
}

/* ---- rows -------------------------------------------------------------------------------------------- */
struct writer {
	struct warn *warn;
	struct work work;
	int64_t at_ms;
	size_t staged;
};

static void write_begin(struct writer *w)
{
	arena_reset(&w->warn->desk->arena);
	warn_begin(&w->work, w->warn->desk, "warning.learn", w->at_ms);
	w->staged = 0;
}

/* A long list of baselines is several entries; the days are in the last, so a stop in between repeats. */
static int write_row(
	struct writer *w, char what, const char *text, size_t n, const struct baseline *b, struct err *e)
{
	struct buf *out = &w->warn->desk->scratch;

	if (w->staged > STAGED_BYTES_MAX) {
		if (work_commit(&w->work, e) != 0)
			return -1;
		write_begin(w);
	}
	buf_reset(out);
	baseline_encode(b, out);
	w->staged += out->n + n;
	tx_put(w->work.tx, TABLE_BASELINE, row_key(w->work.arena, what, text, n), buf_slice(out));
	return 0;
}

static int write_all(struct warn *n, int64_t at_ms, struct err *e)
{
	struct writer w = {.warn = n, .at_ms = at_ms};
	uint8_t days[8];

	write_begin(&w);
	for (uint32_t i = 0; n->totals != NULL && i < n->watches->n; i++) {
		const char *name = n->watches->list[i].name;

		if (n->totals[i] != NULL &&
			write_row(&w, ROW_TOTAL, name, strlen(name), n->totals[i], e) != 0)
			return -1;
	}
	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];

		if (k->baseline != NULL && write_row(&w, ROW_KEY, k->text, k->text_n, k->baseline, e) != 0)
			return -1;
	}
	store_be32(days, (uint32_t)n->taught_first);
	store_be32(days + 4, (uint32_t)n->taught_last);
	tx_put(w.work.tx, TABLE_BASELINE, SLICE_TEXT(ROW_DAYS), slice_of(days, sizeof(days)));
	return work_commit(&w.work, e);
}

/* Nothing counts any more of what was learned. */
static int begin_anew(struct warn *n, int64_t at_ms, struct err *e)
{
	struct work w;
	struct scan s;
	int got;

	warn_learn_forget(n);
	arena_reset(&n->desk->arena);
	warn_begin(&w, n->desk, "warning.learn", at_ms);
	scan_init(&s, n->desk->store, NULL, TABLE_BASELINE, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1)
		tx_del(w.tx, TABLE_BASELINE, slice_of(arena_copy(w.arena, s.key.p, s.key.n), s.key.n));
	scan_fini(&s);
	if (got < 0 || tx_is_empty(w.tx)) {
		work_abort(&w);
		return got;
	}
	return work_commit(&w, e);
}

/* ---- which days -------------------------------------------------------------------------------------- */
static int days_load(struct warn *n, struct err *e)
{
	struct slice val;
	int got = store_get(n->desk->store, TABLE_BASELINE, SLICE_TEXT(ROW_DAYS), &val, e);

	n->has_taught = got == 1 && val.n == 8;
	if (n->has_taught) {
		n->taught_first = (int32_t)load_be32(val.p);
		n->taught_last = (int32_t)load_be32((const uint8_t *)val.p + 4);
	}
	return got < 0 ? -1 : 0;
}

int warn_learn_load(struct warn *n, struct err *e)
{
	return days_load(n, e);
}

void warn_learn_imported(struct work *w, int64_t at_ms)
{
	const struct warn *n = w->desk->warn;

	if (n->has_taught && civil_day_of(at_ms) <= n->taught_last)
		tx_del(w->tx, TABLE_BASELINE, SLICE_TEXT(ROW_DAYS));
}

/* The day of the oldest count: 1 and *day, 0 nothing was ever counted. */
static int first_day(struct warn *n, int32_t *day, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, n->desk->store, NULL, TABLE_COUNT, slice_of(NULL, 0), slice_of(NULL, 0), false);
	got = scan_next(&s, e);
	if (got == 1)
		*day = civil_day_of((int64_t)load_be64(s.key.p));
	scan_fini(&s);
	return got;
}

static bool is_any_learning(const struct warn *n)
{
	for (uint32_t i = 0; i < n->watches->n; i++)
		if (learns(&n->watches->list[i]))
			return true;
	return false;
}

int warn_learn(struct warn *n, int64_t end_ms, struct err *e)
{
	int32_t last = civil_day_of(end_ms) - 1, day;
	int got;

	if (!is_any_learning(n))
		return 0;
	if (days_load(n, e) != 0) /* an import may have taken them away */
		return -1;
	if (n->has_taught && n->taught_last >= last)
		return 0;
	day = n->taught_last + 1;
	if (!n->has_taught) {
		got = first_day(n, &day, e);
		if (got != 1 || day > last)
			return got < 0 ? -1 : 0;
		if (begin_anew(n, end_ms, e) != 0)
			return -1;
		n->taught_first = day = last - day >= DAYS_MAX ? last - DAYS_MAX + 1 : day;
	}
	for (; day <= last; day++) {
		arena_reset(&n->desk->arena);
		if (learn_day(n, day, e) != 0)
			return -1;
		n->taught_last = day;
		n->has_taught = true;
	}
	return write_all(n, end_ms, e);
}
