/*
 * Negative-binomial CUSUM: finds a slow climb that no single window shows. Pure; any thread.
 *
 * Log-likelihood ratio of `ratio` times the expected mean against the expected mean, summed and never below
 * 0: C = max(0, C + x ln(m1 (1 + a m0) / (m0 (1 + a m1))) - (1/a) ln((1 + a m1) / (1 + a m0))) with m1 =
 * ratio m0 and a = (dispersion - 1) / m0; a = 0 is the Poisson case x ln(ratio) - (m1 - m0). Höhle and Paul,
 * Comput Stat Data Anal 2008, 52:4357; Moustakides 1986 for its optimality. A cap keeps it from remembering
 * a past outbreak for hours. Units: nats.
 */
#pragma once

struct cusum_spec {
	double ratio; /* > 1 */
	double cap;
};

/* The next value, rounded to 1e-6 (so that its encoding is exact). m0 > 0. */
double cusum_step(const struct cusum_spec *, double value, double count, double mean, double dispersion);
