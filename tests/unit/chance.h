/* Distributions over uniform(), a number in (0, 1) that each test makes from its own seed before it includes this. */
#pragma once

#include <math.h>
#include <stdint.h>

/* Gamma of this shape and mean 1 (Marsaglia and Tsang 2000). */
static inline double gamma_mean_1(double shape)
{
	double d = shape - 1.0 / 3, c = 1 / sqrt(9 * d);

	for (;;) {
		double x = sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform()), v = 1 + c * x;

		v = v * v * v;
		if (v > 0 && log(uniform()) < 0.5 * x * x + d - d * v + d * log(v))
			return d * v / shape;
	}
}

static inline uint32_t poisson(double mean)
{
	uint32_t n = 0;

	for (double left = mean; left > 0; left -= 500) {
		double end = exp(-(left < 500 ? left : 500));

		for (double p = uniform(); p > end; p *= uniform())
			n++;
	}
	return n;
}
