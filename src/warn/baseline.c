/* Learning a day. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_int.h"
#include "tocsin/tail.h"

#define UNWATCHED UINT32_MAX
#define EXCESS_MOST 20

struct baseline *baseline_new(const struct baseline_spec *spec, const struct day_classes *days,
	int64_t bin_ms, uint32_t n_sums, const uint32_t *sum_bins)
{
	struct baseline *b = calloc(1, sizeof(*b));

	must(b != NULL && n_sums >= 1 && n_sums <= BASELINE_SUMS_MAX && spec->slot_minutes > 0);
	b->spec = spec;
	b->days = days;
	b->bin_ms = bin_ms;
	b->n_slots = spec->slot_minutes >= DAY_MINUTES ? 1 : DAY_MINUTES / spec->slot_minutes;
	b->n_sums = n_sums;
	memcpy(b->sum_bins, sum_bins, n_sums * sizeof(*sum_bins));
	b->last_day = INT32_MIN;
	return b;
}

void baseline_free(struct baseline *b)
{
	if (b == NULL)
		return;
	for (uint32_t i = 0; i <= DAY_CLASSES_MAX; i++)
		free(b->classes[i]);
	free(b);
}

/* ---- one day, with what was expected of it ------------------------------------------------------------- */
struct lesson {
	struct baseline *b;
	int32_t day;
	uint32_t n;
	const uint32_t *counts;
	double fade;
	bool is_robust; /* enough was learned to tell an outbreak */
	struct usual usual[BINS_OF_DAY_MAX];
	double mean[BINS_OF_DAY_MAX];
	double learned[BINS_OF_DAY_MAX]; /* the count, or the most that it may teach */
};

static double clipped(const struct lesson *l, double count, double mean, double dispersion)
{
	double most = mean + l->b->spec->clip * sqrt(dispersion * mean) + 1;

	return l->is_robust ? fmin(count, most) : count;
}

static void expect_day(struct lesson *l, const struct baseline *parent)
{
	int class = day_class_of(l->b->days, l->day, NULL);
	int64_t bin_minutes = l->b->bin_ms / 60000;

	for (uint32_t i = 0; i < l->n; i++) {
		int64_t minute = i * bin_minutes;

		l->usual[i] = baseline_usual(
			l->b, parent, class, l->day, (int)(minute < DAY_MINUTES ? minute : DAY_MINUTES - 1));
		l->mean[i] = usual_mean(l->b, l->usual[i]);
		if (l->counts[i] != UNWATCHED)
			l->learned[i] = clipped(l, l->counts[i], l->mean[i], baseline_dispersion(l->b, 1));
	}
}

/* ---- variance and tail: of sums that do not overlap ---------------------------------------------------- */
static void fade_sum(struct sum_stat *s, double fade)
{
	s->windows *= fade;
	s->squares *= fade;
	s->mass *= fade;
	s->n_over *= fade;
	s->excess *= fade;
}

/*
 * A run of windows over the threshold is one event with its largest excess (runs declustering). It counts for
 * EXCESS_MOST times the mean excess at most: heavy tails are learned from many runs, while the stream hardly
 * grows deaf by one outbreak, whatever its size.
 */
static void end_run(struct sum_stat *s, double *largest, double scale)
{
	if (*largest < 0)
		return;
	s->n_over += 1;
	s->excess += fmin(*largest, EXCESS_MOST * scale);
	*largest = -1;
}

static void learn_sum(const struct lesson *l, uint32_t index)
{
	struct sum_stat *s = &l->b->sums[index], fresh = {0};
	uint32_t bins = l->b->sum_bins[index];
	double dispersion = sum_dispersion(l->b, index), largest = -1;
	double scale = fmax(1, (s->excess + 10) / (s->n_over + 10));

	fade_sum(s, l->fade);
	for (uint32_t from = 0; from + bins <= l->n; from += bins) {
		double mean = 0, count = 0, off, over;
		bool is_whole = true;

		for (uint32_t i = from; i < from + bins && is_whole; i++) {
			is_whole = l->counts[i] != UNWATCHED;
			mean += l->mean[i];
			count += l->counts[i];
		}
		if (!is_whole)
			continue;
		off = clipped(l, count, mean, dispersion) - mean;
		fresh.windows += 1;
		fresh.squares += off * off;
		fresh.mass += mean;
		over = -log(fmax(tail_negbin(mean, dispersion, count), 1e-300)) + log(TAIL_FROM);
		if (over > 0)
			largest = fmax(largest, over);
		else
			end_run(&fresh, &largest, scale);
	}
	end_run(&fresh, &largest, scale);
	s->windows += fresh.windows;
	s->squares += fresh.squares;
	s->mass += fresh.mass;
	s->n_over += fresh.n_over;
	s->excess += fresh.excess;
}

/* ---- ratios -------------------------------------------------------------------------------------------- */
static void fade_ratio(struct ratio *r, double fade)
{
	r->seen *= fade;
	r->expected *= fade;
}

/* A day moves them by a fifth at most, once enough was learned: the day of an outbreak is not a new level. */
#define DAY_STEP 1.2

static void learn_ratios(const struct lesson *l)
{
	struct baseline *b = l->b;
	struct ratio *weekday = &b->weekday[civil_weekday(l->day)];
	double seen = 0, level = 0, both = 0, of_weekday = 1;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->counts[i] != UNWATCHED) {
			seen += l->learned[i];
			level += l->usual[i].profile * l->usual[i].weekday;
			both += l->usual[i].profile * l->usual[i].weekday * l->usual[i].level;
			of_weekday = l->usual[i].weekday;
		}
	if (l->is_robust) /* against what was expected of the day as a whole */
		seen = fmin(fmax(seen, both / DAY_STEP), both * DAY_STEP);
	fade_ratio(weekday, exp(-4 / b->spec->memory_days)); /* its days come a week apart */
	fade_ratio(&b->level,
		exp(-4 / b->spec->memory_days)); /* a quarter of the memory: what the profile lags behind */
	weekday->seen += seen;
	weekday->expected += both / of_weekday;
	b->level.seen += seen;
	b->level.expected += level;
}

static void learn_share(const struct lesson *l, const struct baseline *parent)
{
	struct baseline *b = l->b;
	double now = ratio_of(b->share, RATIO_PRIOR);

	fade_ratio(&b->share, l->fade);
	for (uint32_t i = 0; i < l->n; i++)
		if (l->counts[i] != UNWATCHED && parent != NULL) {
			b->share.seen += l->learned[i];
			b->share.expected += l->usual[i].profile / now;
		}
}

/* ---- the profile --------------------------------------------------------------------------------------- */
static struct cell *cells_of(struct baseline *b, uint32_t class)
{
	if (b->classes[class] == NULL) {
		b->classes[class] = calloc(b->n_slots, sizeof(struct cell));
		must(b->classes[class] != NULL);
	}
	return b->classes[class];
}

static void learn_profile(const struct lesson *l, struct cell *cells)
{
	struct baseline *b = l->b;
	int64_t bin_minutes = b->bin_ms / 60000;
	double bins_of_slot = fmax(1, (double)b->spec->slot_minutes / (double)bin_minutes);

	for (uint32_t slot = 0, i = 0; slot < b->n_slots; slot++) {
		struct cell *c = &cells[slot];
		double sum = 0, n = 0, weight;

		for (; i < l->n &&
			(i * bin_minutes / b->spec->slot_minutes <= slot || slot == b->n_slots - 1);
			i++)
			if (l->counts[i] != UNWATCHED) {
				sum += l->learned[i];
				n += 1;
			}
		weight = (double)c->weight * l->fade;
		if (n > 0) {
			double day = fmin(n / bins_of_slot, 1);

			c->mean = (float)(((double)c->mean * weight + sum / n * day) / (weight + day));
			c->weight = (float)(weight + day);
		}
	}
}

/* A thin stream leans on its parent for good, until it has enough of its own. */
static bool wants_profile(const struct baseline *b, const struct baseline *parent, double total)
{
	return b->classes[b->days->n] != NULL || parent == NULL || total >= b->spec->own_profile_from;
}

static void learn(struct lesson *l, const struct baseline *parent)
{
	struct baseline *b = l->b;
	int class = day_class_of(b->days, l->day, NULL);
	double total = 0;
	uint32_t n_watched = 0;

	for (uint32_t i = 0; i < l->n; i++) {
		n_watched += l->counts[i] != UNWATCHED;
		total += l->counts[i] != UNWATCHED ? l->counts[i] : 0;
	}
	if (n_watched == 0)
		return;
	expect_day(l, parent);
	if (b->n_days >= 1)
		for (uint32_t i = 0; i < b->n_sums; i++)
			learn_sum(l, i);
	learn_share(l, parent);
	if (wants_profile(b, parent, total)) {
		if (b->classes[b->days->n] != NULL)
			learn_ratios(l);
		learn_profile(l, cells_of(b, b->days->n));
		if (class >= 0)
			learn_profile(l, cells_of(b, (uint32_t) class));
	}
	b->n_days += (double)n_watched / (double)l->n;
}

void baseline_learn(struct baseline *b, const struct baseline *parent, int32_t day, uint32_t n_bins,
	const uint32_t *counts)
{
	struct lesson *l;

	if (day <= b->last_day || n_bins == 0)
		return;
	must(n_bins <= BINS_OF_DAY_MAX);
	l = calloc(1, sizeof(*l));
	must(l != NULL);
	l->b = b;
	l->day = day;
	l->n = n_bins;
	l->counts = counts;
	l->fade = exp(-1 / b->spec->memory_days);
	l->is_robust = b->n_days >= b->spec->least_days;
	learn(l, parent);
	free(l);
	b->last_day = day;
}
