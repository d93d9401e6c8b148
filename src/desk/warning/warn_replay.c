/* Recorded complaints through the live watches: what they would have said. Pure but for what is usual, which
 * is read. */
#include <math.h>
#include <string.h>

#include "tocsin/bins.h"
#include "warn_int.h"

#define REPLAY_BINS_MAX 4096

/* ---- recordings out of the counts ---------------------------------------------------------------------- */
int warn_recorded(struct desk *d, struct arena *a, struct slice city, struct slice category, int64_t from_ms,
	int64_t to_ms, int64_t bin_ms, struct recording *out, struct err *e)
{
	uint32_t n_bins = (uint32_t)((to_ms - from_ms + bin_ms - 1) / bin_ms), *counts;
	uint8_t from[8], to[8];
	struct scan s;
	int got;

	counts = arena_zalloc(a, (n_bins + 1) * sizeof(*counts));
	store_be64(from, (uint64_t)from_ms);
	store_be64(to, (uint64_t)to_ms);
	scan_init(&s, d->store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct slice rest = s.val;
		struct stream_name name;
		uint64_t n;

		stream_split(slice_of((const char *)s.key.p + 8, s.key.n - 8), &name);
		if (name.what == 'c' && slice_cmp(name.part[0], city) == 0 &&
			category_under(name.part[1], category) && slice_varint(&rest, &n) == 0)
			counts[((int64_t)load_be64(s.key.p) - from_ms) / bin_ms] += (uint32_t)n;
	}
	scan_fini(&s);
	*out = (struct recording){city, category, bin_ms, n_bins, counts};
	return got < 0 ? -1 : 0;
}

/* ---- one key ------------------------------------------------------------------------------------------- */
struct replay {
	struct desk *desk;
	struct arena *arena;
	const struct recording *of;
	const struct watch *watch;
	const char *key;
	uint32_t *back; /* newest first */
	double given[WATCH_INPUTS_MAX];
	struct value *events;
};

static void set_number(struct arena *a, struct value *map, const char *key, double x)
{
	if (isnan(x) || isinf(x))
		return;
	value_set(a, map, key, x == floor(x) && fabs(x) < 1e15 ? value_int((int64_t)x) : value_float(x));
}

static void note(struct replay *r, uint8_t from, uint8_t to, int64_t end_ms, const struct detected *seen)
{
	struct arena *a = r->arena;
	struct value one = value_map(a, 12), sums = value_map(a, r->watch->n_inputs);
	const struct warn *n = r->desk->warn;

	value_add(a, &one, "end_ms", value_int(end_ms));
	value_add(a, &one, "key", value_literal(r->key));
	value_add(a, &one, "city", value_text(a, r->of->city.p, r->of->city.n));
	value_add(a, &one, "category", value_text(a, r->of->category.p, r->of->category.n));
	value_add(a, &one, "watch", value_text(a, r->watch->name, strlen(r->watch->name)));
	value_add(a, &one, "from", value_literal(warn_level_name(n, from)));
	value_add(a, &one, "to", value_literal(warn_level_name(n, to)));
	set_number(a, &one, "seen", seen->seen[seen->input].value);
	set_number(a, &one, "expected", seen->seen[seen->input].expected);
	set_number(a, &one, "p", seen->seen[seen->input].p);
	for (uint32_t i = 0; i < r->watch->n_inputs; i++)
		if (seen->seen[i].is_known)
			set_number(a, &sums, r->watch->inputs[i].name, seen->seen[i].value);
	value_add(a, &one, "sums", sums);
	value_push(a, r->events, one);
}

/* What a bin of the watch holds. */
static uint32_t bin_of(const struct replay *r, uint32_t bin, uint32_t per_bin)
{
	uint32_t n = 0;

	for (uint32_t i = bin * per_bin; i < (bin + 1) * per_bin && i < r->of->n_bins; i++)
		n += r->of->counts[i];
	return n;
}

/* Not as warn/play.c: what is usual is that of the live key, and is not learned from the recording. */
static void close_bins(struct replay *r, int64_t start_ms, uint32_t per_bin)
{
	uint32_t n_bins = (r->of->n_bins + per_bin - 1) / per_bin;
	struct wkey *k = wkey_find(r->desk->warn, slice_of(r->key, strlen(r->key)));
	const struct baseline *parent =
		k != NULL && k->watch == r->watch ? warn_usual(r->desk->warn, k) : NULL;
	struct detector det;

	memset(&det, 0, sizeof(det));
	memset(r->back, 0, r->watch->n_back * sizeof(*r->back));
	for (uint32_t b = 0; b < n_bins; b++) {
		int64_t bin_start_ms = start_ms + (int64_t)b * r->watch->bin_ms;
		struct close c = {.start_ms = bin_start_ms,
			.counts = r->back,
			.city = NULL,
			.given = r->given,
			.parent = parent,
			.baseline = parent == NULL ? NULL : k->usual.baseline};
		uint8_t before = det.level.level;
		struct detected seen;

		c.city = arena_text(r->arena, r->of->city.p, r->of->city.n);
		memmove(r->back + 1, r->back, (r->watch->n_back - 1) * sizeof(*r->back));
		r->back[0] = bin_of(r, b, per_bin);
		detect(r->watch, &det, &c, &seen);
		if (det.level.level != before)
			note(r, before, det.level.level, (int64_t)(b + 1) * r->watch->bin_ms, &seen);
	}
}

int warn_replay(struct desk *d, struct arena *a, const struct recording *of, int64_t start_ms,
	struct value *events, struct err *e)
{
	struct replay r = {.desk = d, .arena = a, .of = of, .events = events};

	r.key = arena_printf(a, "%.*s/%.*s", (int)of->city.n, (const char *)of->city.p, (int)of->category.n,
		(const char *)of->category.p);
	r.watch = watch_of_key(d->warn->watches, slice_of(r.key, strlen(r.key)));
	if (r.watch == NULL)
		return err_set(
			e, ERR_REJECTED, "no watch has the key %s: a drill of it would warn nobody", r.key);
	if (r.watch->bin_ms % of->bin_ms != 0 || bin_is_long(r.watch->bin_ms) || of->n_bins > REPLAY_BINS_MAX)
		return err_set(e, ERR_REJECTED,
			"the recording of %s has %u bins of %jd min; at most %d, and the watch's %jd min "
			"must be a "
			"multiple shorter than a day",
			r.key, of->n_bins, (intmax_t)(of->bin_ms / MINUTE_MS), REPLAY_BINS_MAX,
			(intmax_t)(r.watch->bin_ms / MINUTE_MS));
	for (int i = 0; i < WATCH_INPUTS_MAX; i++)
		r.given[i] = NAN;
	r.back = arena_zalloc(a, r.watch->n_back * sizeof(*r.back));
	close_bins(&r, bin_start(r.watch->bin_ms, start_ms), (uint32_t)(r.watch->bin_ms / of->bin_ms));
	return 0;
}
