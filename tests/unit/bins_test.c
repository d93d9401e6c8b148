/* Bins in local time, and the past in long ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/bins.h"
#include "tocsin/civil.h"
#include "tocsin/clock.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define MOST 10

static struct err err;

static int64_t at(const char *zone, const char *text)
{
	int64_t ms;

	assert_int_equal(clock_zone_set(zone, &err), 0);
	assert_int_equal(clock_parse(text, &ms, &err), 0);
	return ms;
}

static void bins_are_local(void **state)
{
	int64_t ms = at("Asia/Shanghai", "2026-09-22T10:07"),
		midnight = at("Asia/Shanghai", "2026-09-22T00:00");

	(void)state;
	assert_int_equal(bin_start(5 * MINUTE_MS, ms), midnight + 605 * MINUTE_MS);
	assert_int_equal(bin_end(5 * MINUTE_MS, ms), midnight + 610 * MINUTE_MS);
	assert_int_equal(bin_start(12 * HOUR_MS, ms), midnight);
	assert_int_equal(bin_end(12 * HOUR_MS, ms), midnight + 12 * HOUR_MS);
	assert_int_equal(bin_start(BIN_DAY_MS, ms), midnight);
	assert_int_equal(bin_end(BIN_DAY_MS, midnight), midnight + BIN_DAY_MS);
	assert_int_equal(bin_start(BIN_WEEK_MS, ms), at("Asia/Shanghai", "2026-09-21T00:00")); /* a Monday */
	assert_int_equal(bin_end(BIN_WEEK_MS, ms), at("Asia/Shanghai", "2026-09-28T00:00"));
	assert_int_equal(bin_end(BIN_WEEK_MS, at("Asia/Shanghai", "2026-09-27T23:59")),
		at("Asia/Shanghai", "2026-09-28T00:00"));
}

/* A day of 25 hours ends an hour later, and its last bin of half a day is longer by that in two parts. */
static void days_that_are_longer(void **state)
{
	int64_t midnight = at("Europe/Berlin", "2026-10-25T00:00");

	(void)state;
	assert_int_equal(bin_end(BIN_DAY_MS, midnight), midnight + 25 * HOUR_MS);
	assert_int_equal(bin_start(BIN_DAY_MS, midnight + 25 * HOUR_MS - 1), midnight);
	assert_int_equal(bin_end(12 * HOUR_MS, midnight + 13 * HOUR_MS), midnight + 24 * HOUR_MS);
	assert_int_equal(bin_end(12 * HOUR_MS, midnight + 24 * HOUR_MS), midnight + 25 * HOUR_MS);
	midnight = at("Europe/Berlin", "2026-03-29T00:00");
	assert_int_equal(bin_end(12 * HOUR_MS, midnight + 22 * HOUR_MS), midnight + 23 * HOUR_MS);
}

static void numbers_and_days(void **state)
{
	(void)state;
	for (int32_t day = -20; day < 20000; day++) {
		int32_t week = bin_number(BIN_WEEK_MS, day), first = bin_first_day(BIN_WEEK_MS, week);

		assert_int_equal(civil_weekday(first), 0);
		assert_true(first <= day && day < first + 7);
		assert_int_equal(bin_number(BIN_DAY_MS, day), day);
	}
}

/* Days without anything between are zeros; the week that was known in part stays unknown. */
static void the_past_of_weeks(void **state)
{
	int32_t monday = civil_day(2026, 9, 7), week = bin_number(BIN_WEEK_MS, monday);
	struct past p = {0};

	(void)state;
	past_learn(&p, BIN_WEEK_MS, MOST, monday - 3, monday - 2, 100);
	past_learn(&p, BIN_WEEK_MS, MOST, monday - 3, monday + 1, 4);
	past_learn(&p, BIN_WEEK_MS, MOST, monday - 3, monday + 6, 3);
	past_learn(&p, BIN_WEEK_MS, MOST, monday - 3, monday + 6, 3); /* again: ignored */
	past_learn(&p, BIN_WEEK_MS, MOST, monday - 3, monday + 15, 9);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week - 2), BIN_UNKNOWN);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week - 1), BIN_UNKNOWN);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week), 7);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week + 1), 0);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week + 2), 9);
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 20, week + 3), BIN_UNKNOWN); /* not learned yet */
	assert_int_equal(past_bin(&p, BIN_WEEK_MS, monday + 27, week + 3), 0);
	past_fini(&p);
}

static void the_oldest_are_forgotten(void **state)
{
	struct past p = {0};

	(void)state;
	for (int32_t day = 100; day < 100 + 2 * MOST; day++)
		past_learn(&p, BIN_DAY_MS, MOST, 100, day, (uint64_t)day);
	assert_int_equal(p.n, MOST);
	assert_int_equal(past_bin(&p, BIN_DAY_MS, 200, 100 + MOST - 1), BIN_UNKNOWN);
	assert_int_equal(past_bin(&p, BIN_DAY_MS, 200, 100 + MOST), 100 + MOST);
	past_fini(&p);
	past_learn(
		&p, BIN_DAY_MS, MOST, 100, 1000, UINT64_MAX); /* far behind the first day, and far too many */
	assert_int_equal(p.n, MOST);
	assert_int_equal(past_bin(&p, BIN_DAY_MS, 1000, 1000), BIN_UNKNOWN - 1);
	assert_int_equal(past_bin(&p, BIN_DAY_MS, 1000, 999), 0);
	past_fini(&p);
}

/* What lies before the first day that can be learned again is taken over, and learned on. */
static void taken_over(void **state)
{
	int32_t monday = civil_day(2026, 9, 7), week = bin_number(BIN_WEEK_MS, monday);
	struct past old = {0}, new = {0};

	(void)state;
	for (int32_t day = monday; day < monday + 21; day++)
		past_learn(&old, BIN_WEEK_MS, MOST, monday, day, 1);
	past_copy_before(&new, &old, BIN_WEEK_MS, monday + 9); /* in the second week */
	for (int32_t day = monday + 9; day < monday + 28; day++)
		past_learn(&new, BIN_WEEK_MS, MOST, monday + 9, day, 2);
	assert_int_equal(past_bin(&new, BIN_WEEK_MS, monday + 27, week), 7);
	assert_int_equal(past_bin(&new, BIN_WEEK_MS, monday + 27, week + 1), 7);
	assert_int_equal(past_bin(&new, BIN_WEEK_MS, monday + 27, week + 2), 14);
	assert_int_equal(past_bin(&new, BIN_WEEK_MS, monday + 27, week + 3), 14);
	past_fini(&old);
	past_fini(&new);
}

static void as_bytes(void **state)
{
	struct past p = {0}, q;
	struct buf a, b;

	(void)state;
	buf_init(&a, 4096);
	buf_init(&b, 4096);
	past_learn(&p, BIN_WEEK_MS, MOST, 20003, 20004, 5);
	past_learn(&p, BIN_WEEK_MS, MOST, 20003, 20034, 300);
	past_encode(&p, &a);
	assert_int_equal(past_decode(&q, buf_slice(&a), &err), 0);
	past_encode(&q, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	past_fini(&q);
	for (size_t n = 0; n < a.n; n++) {
		assert_int_equal(past_decode(&q, slice_of(a.p, n), &err), -1);
		assert_string_equal(err.text, "the past of a stream is damaged");
	}
	past_fini(&p);
	buf_fini(&a);
	buf_fini(&b);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bins_are_local),
		cmocka_unit_test(days_that_are_longer),
		cmocka_unit_test(numbers_and_days),
		cmocka_unit_test(the_past_of_weeks),
		cmocka_unit_test(the_oldest_are_forgotten),
		cmocka_unit_test(taken_over),
		cmocka_unit_test(as_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
