/*
 * The slot baseline: how many are usual at this time of day, on this kind of day, in this stream. Pure; the
 * owner's thread.
 *
 *   expected = level of the stream x profile(day class, slot of the day) x weekday
 *
 * Day classes (workday, restday, lunar new year, month end, billing day, …) are pack data; a class that has
 * been seen too seldom borrows the profile of the class it is `like`, and so on up to all days. Every
 * estimate is a mean with weight, shrunk to what it borrows from by that weight (an empirical Bayes estimate
 * of a gamma mean), so there is no empty baseline: what was never seen is not zero. A thin stream keeps no
 * profile: it takes its parent's and its own level.
 *
 * Learning takes whole days, oldest first. An outbreak teaches little: a count above what was expected by
 * more than `clip` standard deviations is learned as that limit (after Noufaily et al., Stat Med 2013,
 * 32:1206, who down-weight by Anscombe residuals). So a plateau that stays is accepted in weeks, and never in
 * hours. The variance is learned beside the mean (quasi-Poisson moment estimate of the dispersion, per length
 * of sum, since neighbouring bins are not independent), and so is the tail: real counts have heavier ones
 * than a negative binomial. `tail_scale` is the mean excess of -ln p over the exponential that a right p
 * would have (peaks over a threshold, after Siffer et al., KDD 2017, on the scale of the model's own p): 1
 * where the model is right.
 */
#pragma once

#include "tocsin/calendar.h"
#include "tocsin/civil.h"
#include "tocsin/value.h"

#define DAY_CLASSES_MAX 16
#define BASELINE_SUMS_MAX 4

/* ---- kinds of days ------------------------------------------------------------------------------------- */
struct day_class {
	const char *name;
	struct value label;
	int like;         /* index of the class to borrow from, -1: all days */
	uint32_t n_dates; /* sorted days since 1970 */
	const int32_t *dates;
	uint32_t month_days; /* bit d: day d of the month */
	uint32_t last_days;  /* the last n days of the month */
	uint8_t weekdays;    /* bit 0 = Monday */
	int8_t working;      /* 1: working days of the calendar, 0: the others, -1: not asked */
	struct calendar *calendar;
};

struct day_classes {
	uint32_t n;
	struct day_class list[DAY_CLASSES_MAX];
};

/*
 * Index of the first class the day falls into, -1: none. A year that a calendar does not know counts as
 * Monday to Friday, and *is_guessed (may be NULL) says so.
 */
int day_class_of(const struct day_classes *, int32_t day, bool *is_guessed);

/* ---- baselines ----------------------------------------------------------------------------------------- */
struct baseline_spec {
	uint32_t slot_minutes;   /* of a profile; divides a day, at least a bin */
	double least_days;       /* before so many days it is not learned yet, and expects nothing */
	double memory_days;      /* a day's weight falls to 1/e after so many */
	double borrow_days;      /* weight of what is borrowed */
	double clip;             /* standard deviations */
	double own_profile_from; /* counts a day from which a stream has a profile of its own */
	double least_expected;   /* a bin; never expect less */
	double dispersion;       /* to begin with, worth borrow_days days */
	bool is_weekly;          /* weekday factors */
	bool is_calibrated;      /* learn the tail */
};

struct baseline;

/* What is expected of one bin. */
struct expectation {
	bool is_learned; /* there is a mean */
	bool is_assumed; /* which is what the pack says until the stream is learned */
	double mean;
};

/*
 * An empty one. n_sums lengths in bins, for which dispersion and tail are learned. `days` and `spec` must
 * outlive it.
 */
struct baseline *baseline_new(const struct baseline_spec *, const struct day_classes *days, int64_t bin_ms,
	uint32_t n_sums, const uint32_t *sum_bins);
void baseline_free(struct baseline *);

/*
 * One day's counts, bins from local midnight on, in order; a bin that was not watched (the daemon was down,
 * the series has a gap) is UINT32_MAX and teaches nothing. parent (may be NULL) must have learned the same
 * day before. Days in order; one that was learned already is ignored.
 */
void baseline_learn(struct baseline *, const struct baseline *parent, int32_t day, uint32_t n_bins,
	const uint32_t *counts);

/* A bin of a day: the day's class by baseline_class, the bin's minute. */
struct expectation baseline_expect_at(
	const struct baseline *, const struct baseline *parent, int class, int32_t day, int minute);
int baseline_class(const struct baseline *, int32_t day);
/* Variance over mean of a sum of so many bins (that of the nearest length known). */
double baseline_dispersion(const struct baseline *, uint32_t bins);
/* p as the model says it → p as this stream's past says it; sums of so many bins. */
double baseline_calibrate(const struct baseline *, uint32_t bins, double p);
int32_t baseline_last_day(const struct baseline *); /* INT32_MIN: none */

/*
 * As bytes and back, canonical: what was read and written again is the same. Bytes of another slot length or
 * other sums than the spec says are not an error: *is_other, and the baseline stays empty (it learns again).
 * Classes that are no longer declared are left out. 0, or -1 with ERR_STORAGE for bytes that are none.
 */
void baseline_encode(const struct baseline *, struct buf *);
int baseline_decode(struct baseline *, struct slice, bool *is_other, struct err *) MUST_CHECK;
