/* The state of a baseline: baseline.c learns, baseline_expect.c asks, baseline_code.c stores. */
#pragma once

#include "tocsin/baseline.h"

#define BINS_OF_DAY_MAX 1500 /* a day of minutes, with an hour more where the clocks go back */

/* Mean count a bin, and how many days it rests on. */
struct cell {
	float mean, weight;
};

/* A ratio of what was seen to what was expected, both fading. */
struct ratio {
	double seen, expected;
};

/* Of the sums of one length, over windows that do not overlap. */
struct sum_stat {
	double windows;        /* looked at */
	double squares, mass;  /* of (seen - expected)^2, and of what was expected */
	double n_over, excess; /* runs of windows with -ln p over the threshold; what they exceed it by */
};

struct baseline {
	const struct baseline_spec *spec;
	const struct day_classes *days;
	int64_t bin_ms;
	uint32_t n_slots, n_sums;
	uint32_t sum_bins[BASELINE_SUMS_MAX];
	double n_days;
	int32_t last_day;
	struct cell *
		classes[DAY_CLASSES_MAX + 1]; /* n_slots each, NULL: never seen; [n of days->n] is all days */
	struct ratio weekday[7], level, share; /* share: of the parent's */
	struct sum_stat sums[BASELINE_SUMS_MAX];
};

/* A bin's expectation with what it is made of. */
struct usual {
	double profile, weekday,
		level; /* mean = their product; of a thin stream profile is its share of the parent's */
};
struct usual baseline_usual(
	const struct baseline *, const struct baseline *parent, int class, int32_t day, int minute);
double usual_mean(const struct baseline *, struct usual);
double ratio_of(struct ratio, double prior_counts);
double sum_dispersion(const struct baseline *, uint32_t index);

#define TAIL_FROM 0.02      /* p below which a stream's own past is asked */
#define DISPERSION_PRIOR 20 /* counts */
#define RATIO_PRIOR 0.5     /* counts */
