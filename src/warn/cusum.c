/* The log-likelihood ratio of one count, summed and kept within [0, cap]. */
#include "tocsin/cusum.h"

#include <math.h>

double cusum_step(const struct cusum_spec *s, double value, double count, double mean, double dispersion)
{
	double raised = s->ratio * mean, step;

	if (dispersion - 1 < 1e-9) {
		step = count * log(s->ratio) - (raised - mean);
	} else {
		double a = (dispersion - 1) / mean, both = log1p(a * raised) - log1p(a * mean);

		step = count * (log(s->ratio) - both) - both / a;
	}
	value = fmin(fmax(value + step, 0), s->cap);
	return round(value * 1e6) / 1e6;
}
