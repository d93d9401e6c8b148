/* Upper tails against exact values (sums of rationals, computed with 60 digits), and CUSUM steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tocsin/cusum.h"
#include "tocsin/tail.h"

static void near(double got, double want, double part)
{
	if (!(fabs(got - want) <= fabs(want) * part))
		fail_msg("got %.17g, want %.17g", got, want);
}

static const struct {
	double mean, dispersion, x, p;
} exact[] = {
#include "tail_exact.h"
};

static void test_exact(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		near(tail_negbin(exact[i].mean, exact[i].dispersion, exact[i].x), exact[i].p, 1e-9);
		if (exact[i].dispersion == 1)
			near(tail_poisson(exact[i].mean, exact[i].x), exact[i].p, 1e-9);
	}
}

static void test_worked(void **state)
{
	(void)state;
	near(tail_poisson(6, 16), 5.1e-4, 0.01);
	near(tail_poisson(6, 30), 2.6e-12, 0.02);
	near(tail_poisson(6, 34), 2.9e-15, 0.02);
	assert_true(tail_poisson(0.9, 6) <= 6e-4 && tail_poisson(0.9, 5) > 6e-4);
	assert_true(tail_poisson(6, 16) <= 6e-4 && tail_poisson(6, 15) > 6e-4);
	assert_true(tail_least(6, 1, 6e-4, 6) == 16);
	assert_true(tail_least(0.9, 1, 6e-4, 6) == 6);
	assert_true(tail_least(0.01, 1, 6e-4, 6) == 6);
}

static void test_edges(void **state)
{
	(void)state;
	assert_true(tail_poisson(3, 0) == 1 && tail_poisson(0, 0) == 1 && tail_poisson(0, 1) == 0);
	assert_true(tail_negbin(3, 2, -1) == 1 && tail_negbin(0, 2, 1) == 0);
	near(tail_negbin(5, 1.0000000001, 9), tail_poisson(5, 9), 1e-6);
	for (double x = 1; x < 400; x++) { /* falls, and is a probability, on both sides of the mean */
		assert_true(tail_negbin(100, 3, x) <= tail_negbin(100, 3, x - 1));
		assert_true(tail_poisson(100, x) <= tail_poisson(100, x - 1));
		assert_true(tail_poisson(100, x) >= 0 && tail_poisson(100, x) <= 1);
	}
}

static void test_least_is_least(void **state)
{
	(void)state;
	for (double mean = 0.05; mean < 3000; mean *= 1.7)
		for (double dispersion = 1; dispersion < 20; dispersion *= 2.1) {
			double x = tail_least(mean, dispersion, 1e-6, 0);

			assert_true(tail_negbin(mean, dispersion, x) <= 1e-6);
			assert_true(tail_negbin(mean, dispersion, x - 1) > 1e-6);
		}
}

static void test_cusum(void **state)
{
	struct cusum_spec s = {.ratio = 1.5, .cap = 20};
	double c = 0;

	(void)state;
	near(cusum_step(&s, 0, 6, 3, 1), 6 * log(1.5) - 1.5, 1e-5); /* Poisson: x ln r - (m1 - m0) */
	/* negative binomial: m0 = 3, m1 = 4.5, a = 1/3: 6 ln(1.5 * 2/2.5) - 3 ln(2.5/2) */
	near(cusum_step(&s, 0, 6, 3, 2), 6 * log(1.2) - 3 * log(1.25), 1e-5);
	assert_true(cusum_step(&s, 0, 0, 3, 1) == 0);
	for (int i = 0; i < 400; i++)
		c = cusum_step(
			&s, c, i % 2 == 0 ? 3 : 4, 3, 1); /* a climb of a sixth stays below half of 1.5 */
	assert_true(c < 1);
	for (int i = 0; i < 40; i++)
		c = cusum_step(&s, c, i % 2 == 0 ? 4 : 5, 3, 1);
	assert_true(c > 5 && c <= 20);
	for (int i = 0; i < 400; i++)
		c = cusum_step(&s, c, 9, 3, 1);
	assert_true(c == 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_exact), cmocka_unit_test(test_worked),
		cmocka_unit_test(test_edges), cmocka_unit_test(test_least_is_least),
		cmocka_unit_test(test_cusum)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
