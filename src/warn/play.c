/* The bins of a series, one close after the other. */
#include "tocsin/play.h"

#include <math.h>
#include <stdlib.h>

#include "tocsin/civil.h"

#define DAY_MS (DAY_MINUTES * INT64_C(60000))

struct walk {
	const struct play *play;
	struct baseline *baseline;
	struct detector detector;
	uint32_t *newest_first; /* bin i at n - 1 - i; unknown ones behind the last */
	int32_t day;
	uint32_t n_day, today[DAY_MINUTES];
};

/* ---- what a day teaches -------------------------------------------------------------------------------- */
static void begin_day(struct walk *w, int32_t day)
{
	w->day = day;
	for (uint32_t i = 0; i < w->n_day; i++)
		w->today[i] = BIN_UNKNOWN;
}

/* The bin's count is part of its day; a day is learned when the next one begins. */
static void note_day(struct walk *w, int64_t start_ms, uint32_t count)
{
	int32_t day, second = civil_second_of(start_ms, &day);
	uint32_t at = (uint32_t)(second * INT64_C(1000) / w->play->watch->bin_ms);

	if (day != w->day) {
		baseline_learn(w->baseline, NULL, w->day, w->n_day, w->today);
		begin_day(w, day);
	}
	w->today[at < w->n_day ? at : w->n_day - 1] = count;
}

/* ---- the walk ------------------------------------------------------------------------------------------ */
static void close_bin(struct walk *w, uint32_t bin, int64_t start_ms, struct detected *seen)
{
	const struct play *p = w->play;
	double given[WATCH_INPUTS_MAX];
	struct close c = {.start_ms = start_ms,
		.counts = &w->newest_first[p->n - 1 - bin],
		.city = p->city,
		.subscribers = p->subscribers,
		.given = given,
		.baseline = w->baseline,
		.n_history = bin,
		.history = &w->newest_first[p->n - bin]};

	for (uint32_t i = 0; i < WATCH_INPUTS_MAX; i++)
		given[i] = p->given[i] == NULL ? (double)NAN : p->given[i][bin];
	detect(p->watch, &w->detector, &c, seen);
}

static void walk_init(struct walk *w)
{
	const struct play *p = w->play;
	int32_t day;

	w->newest_first = malloc((p->n + WATCH_BINS_MAX) * sizeof(*w->newest_first));
	must(w->newest_first != NULL);
	for (uint32_t i = 0; i < p->n; i++)
		w->newest_first[p->n - 1 - i] = p->counts[i];
	for (uint32_t i = 0; i < WATCH_BINS_MAX; i++)
		w->newest_first[p->n + i] = BIN_UNKNOWN;
	if (p->watch->expect != EXPECT_BASELINE)
		return;
	w->baseline = watch_baseline(p->watches, p->watch);
	w->n_day = (uint32_t)(DAY_MS / p->watch->bin_ms);
	civil_second_of(p->start_ms, &day);
	begin_day(w, day);
}

void play(const struct play *p, play_close on_close, void *udata)
{
	struct walk w = {.play = p};
	struct detected seen;

	walk_init(&w);
	for (uint32_t bin = 0; bin < p->n; bin++) {
		int64_t start_ms = bin_after(p->watch->bin_ms, p->start_ms, bin);

		if (w.baseline != NULL)
			note_day(&w, start_ms, p->counts[bin]);
		if (bin < p->from)
			continue;
		close_bin(&w, bin, start_ms, &seen);
		on_close(udata, bin, start_ms, &seen);
	}
	baseline_free(w.baseline);
	free(w.newest_first);
}
