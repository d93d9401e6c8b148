/* The quasi-Poisson model of Noufaily et al. 2013, fitted by re-weighted least squares. */
#include "tocsin/farrington.h"

#include <math.h>
#include <string.h>

#include "tocsin/err.h"

#define UNKNOWN UINT32_MAX
#define ROWS_MAX 1024
#define COLUMNS_MAX 14 /* level, trend, up to 12 further periods */
#define ROUNDS_MAX 50
#define ETA_MAX 25
#define RIDGE 1e-3        /* keeps the factor of a period that never had a case finite */
#define LEVERAGE_MAX 0.99 /* a row that is fitted by itself alone has no residual */
#define TREND_YEARS 3
#define TREND_NORMAL 1.96 /* significant at 5 % */

struct fit {
	uint32_t n, n_columns;
	uint32_t back[ROWS_MAX]; /* how many bins before the one asked for */
	double y[ROWS_MAX], weight[ROWS_MAX], x[ROWS_MAX][COLUMNS_MAX], mean[ROWS_MAX];
	double beta[COLUMNS_MAX], inverse[COLUMNS_MAX][COLUMNS_MAX];
	double dispersion;
};

/* ---- linear algebra of a handful of columns ------------------------------------------------------------ */
/* a := its inverse, for a symmetric positive definite matrix; false if it is none. */
static bool invert(uint32_t n, double a[COLUMNS_MAX][COLUMNS_MAX])
{
	for (uint32_t k = 0; k < n; k++) { /* Gauss and Jordan in place */
		double pivot = a[k][k];

		if (!(pivot > 1e-12))
			return false;
		a[k][k] = 1;
		for (uint32_t j = 0; j < n; j++)
			a[k][j] /= pivot;
		for (uint32_t i = 0; i < n; i++) {
			double factor = a[i][k];

			if (i == k)
				continue;
			a[i][k] = 0;
			for (uint32_t j = 0; j < n; j++)
				a[i][j] -= factor * a[k][j];
		}
	}
	return true;
}

static double eta_of(const struct fit *f, const double *x)
{
	double eta = 0;

	for (uint32_t j = 0; j < f->n_columns; j++)
		eta += f->beta[j] * x[j];
	return fmin(fmax(eta, -ETA_MAX), ETA_MAX);
}

/* One step of iteratively re-weighted least squares; the largest change of a coefficient, or -1. */
static double step(struct fit *f)
{
	double right[COLUMNS_MAX] = {0}, change = 0;
	uint32_t p = f->n_columns;

	memset(f->inverse, 0, sizeof(f->inverse));
	for (uint32_t i = 0; i < f->n; i++) {
		double w = f->weight[i] * f->mean[i],
		       z = log(f->mean[i]) + (f->y[i] - f->mean[i]) / f->mean[i];

		for (uint32_t j = 0; j < p; j++) {
			right[j] += w * f->x[i][j] * z;
			for (uint32_t k = 0; k < p; k++)
				f->inverse[j][k] += w * f->x[i][j] * f->x[i][k];
		}
	}
	for (uint32_t j = 0; j < p; j++)
		f->inverse[j][j] += RIDGE;
	if (!invert(p, f->inverse))
		return -1;
	for (uint32_t j = 0; j < p; j++) {
		double beta = 0;

		for (uint32_t k = 0; k < p; k++)
			beta += f->inverse[j][k] * right[k];
		change = fmax(change, fabs(beta - f->beta[j]));
		f->beta[j] = beta;
	}
	for (uint32_t i = 0; i < f->n; i++)
		f->mean[i] = fmax(exp(eta_of(f, f->x[i])), 1e-6);
	return change;
}

/* Weighted mean squared Pearson residual, 1 at least. */
static double dispersion_of(const struct fit *f)
{
	double sum = 0, degrees = (double)f->n - f->n_columns;

	for (uint32_t i = 0; i < f->n; i++)
		sum += f->weight[i] * (f->y[i] - f->mean[i]) * (f->y[i] - f->mean[i]) / f->mean[i];
	return degrees > 0 ? fmax(sum / degrees, 1) : 1;
}

static bool solve(struct fit *f)
{
	double change = 1;

	memset(f->beta, 0, sizeof(f->beta));
	for (uint32_t i = 0; i < f->n; i++)
		f->mean[i] = f->y[i] + 0.5;
	for (int round = 0; round < ROUNDS_MAX && change > 1e-8; round++) {
		change = step(f);
		if (change < 0)
			return false;
	}
	f->dispersion = dispersion_of(f);
	return true;
}

/* ---- past outbreaks ------------------------------------------------------------------------------------ */
/* What the row itself has to say in its own fitted mean: the diagonal of the hat matrix. */
static double leverage(const struct fit *f, uint32_t row)
{
	const double *x = f->x[row];
	double h = 0;

	for (uint32_t j = 0; j < f->n_columns; j++)
		for (uint32_t k = 0; k < f->n_columns; k++)
			h += x[j] * f->inverse[j][k] * x[k];
	return fmin(f->weight[row] * f->mean[row] * h, LEVERAGE_MAX);
}

/* Standardized Anscombe residual of a quasi-Poisson count (Noufaily et al. 2013, s_i). */
static double anscombe(const struct fit *f, uint32_t row)
{
	double y = f->y[row], mean = f->mean[row];

	return 1.5 * (pow(y, 2.0 / 3) * pow(mean, -1.0 / 6) - sqrt(mean)) /
	       sqrt(f->dispersion * (1 - leverage(f, row)));
}

static void reweight(struct fit *f, double above)
{
	double weight[ROWS_MAX], sum = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		double s = anscombe(f, i);

		weight[i] = s > above ? 1 / (s * s) : 1;
		sum += weight[i];
	}
	for (uint32_t i = 0; i < f->n; i++)
		f->weight[i] = weight[i] * f->n / sum;
}

static bool fit(struct fit *f, double above)
{
	for (uint32_t i = 0; i < f->n; i++)
		f->weight[i] = 1;
	if (!solve(f))
		return false;
	reweight(f, above);
	return solve(f);
}

/* ---- which bins, and their season ---------------------------------------------------------------------- */
/* The period of the year that lies `back` bins behind the one asked for: 0 is the window around it. */
static uint32_t period_of(const struct farrington_spec *s, uint32_t back)
{
	uint32_t window = 2 * s->half_width + 1, at = (back + s->half_width) % s->year_bins;

	if (at < window)
		return 0;
	return 1 + (at - window) * (s->periods - 1) / (s->year_bins - window);
}

static void take_rows(struct fit *f, const struct farrington_spec *s, uint32_t from, uint32_t to,
	const uint32_t *history, bool is_seasonal)
{
	f->n = 0;
	f->n_columns = is_seasonal ? s->periods : 1;
	for (uint32_t back = from; back <= to && f->n < ROWS_MAX; back++) {
		double *x = f->x[f->n];
		uint32_t period = is_seasonal ? period_of(s, back) : 0;

		if (history[back - 1] == UNKNOWN)
			continue;
		memset(x, 0, sizeof(f->x[0]));
		x[0] = 1;
		if (period > 0)
			x[period] = 1;
		f->back[f->n] = back;
		f->y[f->n++] = history[back - 1];
	}
}

static void add_trend(struct fit *f)
{
	for (uint32_t i = 0; i < f->n; i++)
		f->x[i][f->n_columns] = -(double)f->back[i] / 52;
	f->n_columns++;
}

static double largest(const struct fit *f)
{
	double most = 0;

	for (uint32_t i = 0; i < f->n; i++)
		most = fmax(most, f->y[i]);
	return most;
}

/* With a trend if it is significant and does not lead beyond every past count; the fit is then with it. */
static bool fit_trend(struct fit *f, const struct farrington_spec *s)
{
	uint32_t column = f->n_columns;
	double error;

	add_trend(f);
	if (fit(f, s->reweight_above)) {
		error = sqrt(f->inverse[column][column] * f->dispersion);
		if (fabs(f->beta[column]) > TREND_NORMAL * error && exp(f->beta[0]) <= largest(f))
			return true;
	}
	f->n_columns--;
	return false;
}

struct farrington farrington_expect(const struct farrington_spec *s, uint32_t n, const uint32_t *history)
{
	struct farrington out = {.dispersion = 1};
	uint32_t to = s->years * s->year_bins + s->half_width, from = s->not_last + 1;
	struct fit f;

	must(s->periods >= 1 && s->periods < COLUMNS_MAX && s->year_bins > 2 * s->half_width + 1);
	to = n < to ? n : to;
	out.is_short = to < from + s->year_bins - 1;
	if (out.is_short) {
		from = 1;
		to = to < s->short_bins ? to : s->short_bins;
	}
	if (n < s->least_bins)
		return out;
	f.dispersion = 1;
	f.inverse[0][0] = 0;
	take_rows(&f, s, from, to, history, !out.is_short);
	if (f.n < s->least_bins)
		return out;
	out.has_trend = s->has_trend && f.n >= TREND_YEARS * s->year_bins && fit_trend(&f, s);
	if (!out.has_trend && !fit(&f, s->reweight_above))
		return out;
	out.is_learned = true;
	out.mean = exp(f.beta[0]); /* the bin asked for: reference period, trend 0 */
	out.dispersion =
		f.dispersion * (1 + out.mean * f.inverse[0][0]); /* with that of the estimated mean */
	return out;
}
