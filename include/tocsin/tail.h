/*
 * Upper tails of counts: how probable it is to see as many or more by chance. Pure; any thread.
 *
 * Both are the textbook identities with the incomplete gamma and beta functions (Abramowitz and
 * Stegun 26.4.21 and 26.5.26), summed so that no digit is lost to 1 - x: right to 1e-9 of the value down to
 * 1e-300.
 */
#pragma once

/* P(X >= x), X Poisson with this mean. x <= 0 gives 1; a mean of 0 gives 0 for every x > 0. */
double tail_poisson(double mean, double x);

/*
 * The same for a negative binomial of this mean whose variance is `dispersion` times the mean (its size is
 * mean / (dispersion - 1)). A dispersion of 1 or less is Poisson.
 */
double tail_negbin(double mean, double dispersion, double x);

/* The smallest whole number x >= at_least with P(X >= x) <= p; p in (0, 1). */
double tail_least(double mean, double dispersion, double p, double at_least);
