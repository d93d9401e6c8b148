/* A series through a watch, and how well that found what was labelled. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "detect_int.h"
#include "tocsin/civil.h"

#define MINUTE_MS INT64_C(60000)
#define WEEK_MS (7.0 * DAY_MINUTES * 60000)

/* ---- the walk ------------------------------------------------------------------------------------------ */
static void add_change(struct run *r, int64_t start_ms, const struct detected *seen)
{
	if (r->n_changes == r->cap) {
		r->cap = r->cap == 0 ? 64 : r->cap * 2;
		r->changes = realloc(r->changes, r->cap * sizeof(*r->changes));
		must(r->changes != NULL);
	}
	r->changes[r->n_changes++] = (struct level_change){start_ms, *seen};
}

static void keep_close(void *udata, uint32_t bin, int64_t start_ms, const struct detected *seen)
{
	struct run *r = udata;

	r->levels[bin] = seen->to;
	r->expected[bin] = (float)seen->seen[seen->input].expected;
	r->p[bin] = (float)seen->seen[seen->input].p;
	if (seen->is_learned && r->learned_ms == INT64_MAX)
		r->learned_ms = start_ms;
	if (seen->from != seen->to)
		add_change(r, start_ms, seen);
}

void run_watch(struct run *r)
{
	const struct series *s = r->series;
	struct play p = {.watches = r->watches,
		.watch = r->watch,
		.start_ms = s->start_ms,
		.n = s->n,
		.counts = s->counts};

	r->levels = calloc(s->n, sizeof(*r->levels));
	r->expected = calloc(s->n, sizeof(*r->expected));
	r->p = calloc(s->n, sizeof(*r->p));
	must(r->levels != NULL && r->expected != NULL && r->p != NULL);
	r->learned_ms = INT64_MAX;
	play(&p, keep_close, r);
}

void run_fini(struct run *r)
{
	free(r->levels);
	free(r->expected);
	free(r->p);
	free(r->changes);
}

/* ---- scores -------------------------------------------------------------------------------------------- */
static bool overlaps(const struct spans *labels, int64_t from_ms, int64_t to_ms, uint32_t *at)
{
	while (*at < labels->n && labels->p[*at].to_ms <= from_ms)
		++*at; /* bins come in order */
	return *at < labels->n && labels->p[*at].from_ms < to_ms;
}

static int cmp_ms(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* End of the first bin at a level that the window has a part in, -1: none. */
static int64_t found_ms(const struct run *r, const struct span *window)
{
	const struct series *s = r->series;
	int64_t first = (window->from_ms - s->start_ms) / s->bin_ms;

	for (int64_t bin = first < 0 ? 0 : first; bin < s->n; bin++) {
		int64_t from = bin_after(s->bin_ms, s->start_ms, (uint32_t)bin), to = from + s->bin_ms;

		if (from >= window->to_ms)
			break;
		if (r->levels[bin] > 0 && to > window->from_ms)
			return to;
	}
	return -1;
}

static void score_windows(const struct run *r, const struct spans *labels, struct score *out)
{
	int64_t *delays = malloc((labels->n + 1) * sizeof(*delays));
	const struct series *s = r->series;

	must(delays != NULL);
	for (uint32_t i = 0; i < labels->n; i++) {
		int64_t at = found_ms(r, &labels->p[i]);

		if (labels->p[i].to_ms <= s->start_ms ||
			labels->p[i].from_ms >= s->start_ms + s->n * s->bin_ms)
			continue; /* not in this file */
		out->n_windows++;
		out->n_before += labels->p[i].to_ms <= r->learned_ms;
		if (at >= 0)
			delays[out->n_found++] = at - labels->p[i].from_ms;
	}
	qsort(delays, out->n_found, sizeof(*delays), cmp_ms);
	out->median_delay_ms = out->n_found == 0 ? -1 : delays[(out->n_found - 1) / 2];
	free(delays);
}

struct score score_run(const struct run *r, const struct spans *labels)
{
	const struct series *s = r->series;
	struct score out = {0};
	uint32_t at = 0, n_quiet = 0, n_loud = 0;

	score_windows(r, labels, &out);
	for (uint32_t bin = 0; bin < s->n; bin++) {
		int64_t from = bin_after(s->bin_ms, s->start_ms, bin);

		if (s->counts[bin] == BIN_UNKNOWN || overlaps(labels, from, from + s->bin_ms, &at))
			continue;
		n_quiet++;
		n_loud += r->levels[bin] > 0;
		out.n_false += r->levels[bin] > 0 && (bin == 0 || r->levels[bin - 1] == 0);
	}
	out.quiet_weeks = n_quiet * (double)s->bin_ms / WEEK_MS;
	out.false_share = n_quiet == 0 ? 0 : (double)n_loud / n_quiet;
	return out;
}
