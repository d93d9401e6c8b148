/* What tests of calendars share: autumn 2026 in China, times and days as texts. */
#pragma once

#include <time.h>
#include <unistd.h>

#include "time_fixture.h"
#include "tocsin/calendar.h"

static inline void use_zone(const char *zone)
{
	OK(clock_zone_set(zone, &err));
}

static inline int32_t day(const char *text)
{
	int32_t d;

	OK(civil_parse(text, &d, &err));
	return d;
}

static inline void add_days(struct calendar *c, bool is_off, const char *from, const char *to)
{
	for (int32_t d = day(from); d <= day(to); d++)
		OK(is_off ? calendar_add_off(c, d, &err) : calendar_add_work(c, d, &err));
}

/* Autumn 2026 in China, Monday to Friday 09:00-12:00 and 14:00-18:00. */
static inline struct calendar *calendar_2026(void)
{
	struct calendar *c = calendar_new("cn");

	for (int weekday = 0; weekday < 5; weekday++) {
		OK(calendar_add_segment(c, weekday, 14 * 60, 18 * 60, &err));
		OK(calendar_add_segment(c, weekday, 9 * 60, 12 * 60, &err));
	}
	OK(calendar_add_year(c, 2026, &err));
	add_days(c, true, "2026-09-25", "2026-09-27");
	add_days(c, true, "2026-10-01", "2026-10-07");
	add_days(c, false, "2026-09-20", "2026-09-20");
	add_days(c, false, "2026-10-10", "2026-10-10");
	OK(calendar_seal(c, &err));
	return c;
}

static inline void assert_missing(int result, int year)
{
	int got = 0;
	char text[120];

	snprintf(text, sizeof(text),
		"calendar \"cn\" has no data for the year %d: add its holidays and make-up workdays", year);
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_REJECTED);
	assert_string_equal(err.text, text);
	assert_true(calendar_is_missing(&err, &got));
	assert_int_equal(got, year);
}
