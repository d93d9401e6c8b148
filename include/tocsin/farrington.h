/*
 * Farrington flexible: what is expected of a week (or day) from the same weeks of former years. Pure; any
 * thread.
 *
 * Noufaily, Enki, Farrington, Garthwaite, Andrews, Charlett: An improved algorithm for outbreak detection in
 * multiple surveillance systems. Stat Med 2013, 32:1206-1222. A quasi-Poisson log-linear model over the last
 * `years`: a factor of `periods` levels for the season (the window of ±half_width around the present week of
 * the year is the reference level), a linear trend where it is significant at 5 % and the fit is not an
 * extrapolation beyond the largest past count, past outbreaks down-weighted by Anscombe residuals over
 * `reweight_above`, the newest `not_last` bins left out. Its threshold is a negative-binomial quantile of the
 * plug-in mean.
 *
 * Where the history does not hold one whole year besides the newest `not_last` bins, there is no season to
 * look at: the model is then a level over the last `short_bins` bins, equally re-weighted. Below `least_bins`
 * it is not learned. A trend needs three years, as in the R package surveillance.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct farrington_spec {
	uint32_t years;        /* 5 */
	uint32_t half_width;   /* 3 bins */
	uint32_t periods;      /* 10 */
	uint32_t not_last;     /* 26 bins */
	double reweight_above; /* 2.58 */
	bool has_trend;
	uint32_t year_bins; /* 52 */
	uint32_t short_bins, least_bins;
};

struct farrington {
	bool is_learned, is_short, has_trend; /* what came of it */
	double mean, dispersion;              /* of the bin asked for; >= 1 */
};

/* history: the n bins before the one asked for, newest first; UINT32_MAX: not known. */
struct farrington farrington_expect(const struct farrington_spec *, uint32_t n, const uint32_t *history);
