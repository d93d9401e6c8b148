/* Upper tails by the incomplete gamma and beta functions. */
#include "tocsin/tail.h"

#include <math.h>

#include "tocsin/err.h"

#define TERMS_MAX 100000
#define TINY 1e-300
#define SIZE_MAX_NEGBIN                                                                                      \
	1e7 /* a negative binomial of that size differs from a Poisson by less than it is worth */

static double log_gamma(double x)
{
	int sign;

	return lgamma_r(x, &sign);
}

/* x^a e^-x / Gamma(a), the common factor of both expansions. */
static double gamma_factor(double a, double x)
{
	return exp(a * log(x) - x - log_gamma(a));
}

/* P(a, x), the regularized lower incomplete gamma function, for x < a + 1: the series. */
static double gamma_series(double a, double x)
{
	double term = 1 / a, sum = term;

	for (int n = 1; n < TERMS_MAX && term > sum * 1e-17; n++) {
		term *= x / (a + n);
		sum += term;
	}
	return sum * gamma_factor(a, x);
}

/* Q(a, x) = 1 - P(a, x) for x >= a + 1: the continued fraction, by Lentz's method. */
static double gamma_fraction(double a, double x)
{
	double b = x + 1 - a, c = 1 / TINY, d = 1 / b, h = d;

	for (int n = 1; n < TERMS_MAX; n++) {
		double an = -n * (n - a), step;

		b += 2;
		d = an * d + b;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = b + an / c;
		c = fabs(c) < TINY ? TINY : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return h * gamma_factor(a, x);
}

double tail_poisson(double mean, double x)
{
	if (x <= 0)
		return 1;
	if (mean <= 0)
		return 0;
	x = ceil(x);
	return mean < x + 1 ? gamma_series(x, mean) : 1 - gamma_fraction(x, mean);
}

/* The continued fraction of the incomplete beta function; converges fast for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x)
{
	double c = 1, d = 1 - (a + b) * x / (a + 1), h;

	d = 1 / (fabs(d) < TINY ? TINY : d);
	h = d;
	for (int m = 1; m < TERMS_MAX; m++) {
		double step, even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
			     odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));

		d = 1 + even * d;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = 1 + even / c;
		c = fabs(c) < TINY ? TINY : c;
		h *= d * c;
		d = 1 + odd * d;
		d = 1 / (fabs(d) < TINY ? TINY : d);
		c = 1 + odd / c;
		c = fabs(c) < TINY ? TINY : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return h;
}

/* I_x(a, b), regularized; y = 1 - x is handed in, so that it keeps its digits. */
static double beta_regular(double a, double b, double x, double y)
{
	double factor = exp(a * log(x) + b * log(y) + log_gamma(a + b) - log_gamma(a) - log_gamma(b));

	if (x < (a + 1) / (a + b + 2))
		return factor * beta_fraction(a, b, x) / a;
	return 1 - factor * beta_fraction(b, a, y) / b;
}

double tail_negbin(double mean, double dispersion, double x)
{
	double size;

	if (x <= 0)
		return 1;
	if (mean <= 0)
		return 0;
	size = dispersion > 1 ? mean / (dispersion - 1) : INFINITY;
	if (size > SIZE_MAX_NEGBIN)
		return tail_poisson(mean, x);
	return beta_regular(ceil(x), size, (dispersion - 1) / dispersion, 1 / dispersion);
}

double tail_least(double mean, double dispersion, double p, double at_least)
{
	double low = 0, high = fmax(ceil(mean), 1); /* P at low > p >= P at high, once high is found */

	must(p > 0 && p < 1);
	while (tail_negbin(mean, dispersion, high) > p) {
		low = high;
		high *= 2;
	}
	while (high - low > 1) {
		double middle = floor((low + high) / 2);

		if (tail_negbin(mean, dispersion, middle) > p)
			low = middle;
		else
			high = middle;
	}
	return fmax(high, ceil(at_least));
}
