/* What is usual: profile of the day class, weekday, level; dispersion; the tail. */
#include <math.h>
#include <stdlib.h>

#include "baseline_int.h"

#define ALL_WEIGHT 0.25 /* days that the mean over all slots counts in a slot */

double ratio_of(struct ratio r, double prior_counts)
{
	return (r.seen + prior_counts) / (r.expected + prior_counts);
}

/* ---- the profile --------------------------------------------------------------------------------------- */
static double mean_of_day(const struct cell *cells, uint32_t n)
{
	double sum = 0, weight = 0;

	for (uint32_t i = 0; i < n; i++) {
		sum += (double)cells[i].mean * cells[i].weight;
		weight += cells[i].weight;
	}
	return weight > 0 ? sum / weight : 0;
}

/* Of one slot: the class's own mean, shrunk to that of the class it is like, and so on up to all days. */
static double slot_mean(const struct baseline *b, int class, uint32_t slot)
{
	const struct cell *all = b->classes[b->days->n], *own;
	double above;

	if (class < 0)
		return all == NULL ? 0
				   : ((double)all[slot].mean * all[slot].weight +
					     mean_of_day(all, b->n_slots) * ALL_WEIGHT) /
					     (all[slot].weight + ALL_WEIGHT);
	own = b->classes[class];
	above = slot_mean(b, b->days->list[class].like, slot);
	if (own == NULL)
		return above;
	return ((double)own[slot].mean * own[slot].weight + above * b->spec->borrow_days) /
	       (own[slot].weight + b->spec->borrow_days);
}

/* Between the middles of slots, where a slot holds several bins. */
static double profile_at(const struct baseline *b, int class, int minute)
{
	double length = (double)b->spec->slot_minutes, at, part;
	uint32_t slot = (uint32_t)minute / b->spec->slot_minutes;

	if (b->n_slots == 1 || b->spec->slot_minutes * INT64_C(60000) <= b->bin_ms)
		return slot_mean(b, class, slot < b->n_slots ? slot : b->n_slots - 1);
	at = ((double)minute + (double)b->bin_ms / 120000) / length - 0.5;
	if (at < 0)
		at += b->n_slots;
	slot = (uint32_t)at % b->n_slots;
	part = at - floor(at);
	return slot_mean(b, class, slot) * (1 - part) + slot_mean(b, class, (slot + 1) % b->n_slots) * part;
}

static bool is_thin(const struct baseline *b)
{
	return b->classes[b->days->n] == NULL;
}

struct usual baseline_usual(
	const struct baseline *b, const struct baseline *parent, int class, int32_t day, int minute)
{
	struct usual u = {0, 1, 1};

	if (is_thin(b)) {
		if (parent != NULL)
			u.profile = usual_mean(parent, baseline_usual(parent, NULL, class, day, minute)) *
				    ratio_of(b->share, RATIO_PRIOR);
		return u;
	}
	u.profile = profile_at(b, class, minute);
	if (b->spec->is_weekly)
		u.weekday = ratio_of(b->weekday[civil_weekday(day)],
			RATIO_PRIOR + b->spec->borrow_days * b->level.expected / fmax(b->n_days, 1));
	u.level = ratio_of(b->level, RATIO_PRIOR + b->level.expected / fmax(b->n_days, 1) * 2);
	return u;
}

double usual_mean(const struct baseline *b, struct usual u)
{
	return fmax(u.profile * u.weekday * u.level, b->spec->least_expected);
}

struct expectation baseline_expect_at(
	const struct baseline *b, const struct baseline *parent, int class, int32_t day, int minute)
{
	return (struct expectation){
		.is_learned = b->n_days >= b->spec->least_days &&
			      (!is_thin(b) || (parent != NULL && parent->n_days >= parent->spec->least_days)),
		.mean = usual_mean(b, baseline_usual(b, parent, class, day, minute))};
}

int baseline_class(const struct baseline *b, int32_t day)
{
	return day_class_of(b->days, day, NULL);
}

/* ---- how far counts stray ------------------------------------------------------------------------------ */
/* Of a sum's length, or of the nearest one. */
static uint32_t sum_index(const struct baseline *b, uint32_t bins)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < b->n_sums; i++)
		if (abs((int)b->sum_bins[i] - (int)bins) < abs((int)b->sum_bins[best] - (int)bins))
			best = i;
	return best;
}

double sum_dispersion(const struct baseline *b, uint32_t i)
{
	const struct sum_stat *s = &b->sums[i];

	return fmax(1, (s->squares + DISPERSION_PRIOR * b->spec->dispersion) / (s->mass + DISPERSION_PRIOR));
}

double baseline_dispersion(const struct baseline *b, uint32_t bins)
{
	return sum_dispersion(b, sum_index(b, bins));
}

#define RUNS_PRIOR 10 /* runs over the threshold, as the model would have them */
#define WINDOWS_PRIOR 100

double baseline_calibrate(const struct baseline *b, uint32_t bins, double p)
{
	const struct sum_stat *s = &b->sums[sum_index(b, bins)];
	double often, scale;

	if (!b->spec->is_calibrated || isnan(p))
		return p;
	often = fmax(TAIL_FROM, (s->n_over + TAIL_FROM * WINDOWS_PRIOR) / (s->windows + WINDOWS_PRIOR));
	if (p >= TAIL_FROM) /* what is less unusual than the threshold is not rarer than what is beyond it */
		return fmax(p, often);
	scale = fmax(1, (s->excess + RUNS_PRIOR) / (s->n_over + RUNS_PRIOR));
	return often * exp((log(fmax(p, 1e-300)) - log(TAIL_FROM)) / scale);
}

int32_t baseline_last_day(const struct baseline *b)
{
	return b->last_day;
}
