/* Calendars: the worked figures of law and contract, and where clocks are changed. */
#include "calendar_fixture.h"

static void test_worked_figures(void **state)
{
	static const struct {
		const char *from;
		int64_t goal;
		enum unit unit;
		bool has_calendar;
		const char *due;
	} rows[] = {
		{"2026-09-22T10:00", 15, UNIT_NATURAL_DAYS, true, "2026-10-09T00:00:00.000+08:00"},
		{"2026-09-22T10:00", 15, UNIT_NATURAL_DAYS, false, "2026-10-08T00:00:00.000+08:00"},
		{"2026-09-22T10:00", 15, UNIT_WORKING_DAYS, true, "2026-10-21T00:00:00.000+08:00"},
		{"2026-09-22T10:00", 5, UNIT_WORKING_DAYS, true, "2026-10-01T00:00:00.000+08:00"},
		{"2026-09-22T00:00", 5, UNIT_WORKING_DAYS, true, "2026-10-01T00:00:00.000+08:00"},
		{"2026-09-22T23:59:59.999", 5, UNIT_WORKING_DAYS, true, "2026-10-01T00:00:00.000+08:00"},
		{"2026-09-22T10:00", 48, UNIT_HOURS, false, "2026-09-24T10:00:00.000+08:00"},
		{"2026-09-22T10:00", 72, UNIT_HOURS, false, "2026-09-25T10:00:00.000+08:00"},
		/* Tuesday 6 h left, Wednesday and Thursday 7 h each, then Monday the 28th */
		{"2026-09-22T10:00", 20, UNIT_HOURS, true, "2026-09-24T18:00:00.000+08:00"},
		{"2026-09-22T10:00", 21, UNIT_HOURS, true, "2026-09-28T10:00:00.000+08:00"},
		{"2026-09-22T10:00", 2, UNIT_HOURS, true, "2026-09-22T12:00:00.000+08:00"},
		{"2026-09-22T12:30", 1, UNIT_HOURS, true, "2026-09-22T15:00:00.000+08:00"},
		{"2026-10-09T17:30", 1, UNIT_HOURS, true,
			"2026-10-10T09:30:00.000+08:00"}, /* a Saturday that is worked */
		/* five working days past the limit of 10-08: 09, 10, 12, 13, 14 */
		{"2026-10-08T23:59:59.999", 5, UNIT_WORKING_DAYS, true, "2026-10-15T00:00:00.000+08:00"},
		{"2026-09-24T10:00", 1, UNIT_NATURAL_DAYS, true, "2026-09-29T00:00:00.000+08:00"},
		{"2026-09-18T10:00", 1, UNIT_NATURAL_DAYS, true,
			"2026-09-21T00:00:00.000+08:00"}, /* Sat., worked Sunday */
	};
	struct calendar *c;

	(void)state;
	use_zone("Asia/Shanghai");
	c = calendar_2026();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t due_ms;

		OK(calendar_due(rows[i].has_calendar ? c : NULL, at(rows[i].from), rows[i].goal, rows[i].unit,
			&due_ms, &err));
		assert_at(due_ms, rows[i].due);
	}
	calendar_free(c);
}

static void test_percent(void **state)
{
	static const struct {
		int64_t goal;
		enum unit unit;
		int percent;
		const char *at;
	} rows[] = {
		{15, UNIT_NATURAL_DAYS, 50, "2026-10-01T00:00:00.000+08:00"}, /* day 8 */
		{15, UNIT_NATURAL_DAYS, 75,
			"2026-10-05T00:00:00.000+08:00"}, /* day 12; only the last day moves */
		{15, UNIT_NATURAL_DAYS, 100, "2026-10-09T00:00:00.000+08:00"}, /* 10-07 moves to 10-08 */
		{15, UNIT_NATURAL_DAYS, 120,
			"2026-10-11T00:00:00.000+08:00"}, /* day 18: the worked Saturday */
		{10, UNIT_NATURAL_DAYS, 101, "2026-10-09T00:00:00.000+08:00"}, /* never before 100 % */
		{5, UNIT_WORKING_DAYS, 1, "2026-09-24T00:00:00.000+08:00"},
		{5, UNIT_WORKING_DAYS, 75, "2026-09-30T00:00:00.000+08:00"}, /* day 4 */
		{20, UNIT_HOURS, 75, "2026-09-24T11:00:00.000+08:00"},       /* 15 h */
		{7, UNIT_HOURS, 50, "2026-09-22T15:30:00.000+08:00"},        /* 3.5 h */
	};
	struct calendar *c;

	(void)state;
	use_zone("Asia/Shanghai");
	c = calendar_2026();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t at_ms;

		OK(calendar_percent(c, at("2026-09-22T10:00"), rows[i].goal, rows[i].unit, rows[i].percent,
			&at_ms, &err));
		assert_at(at_ms, rows[i].at);
	}
	calendar_free(c);
}

/* Only what is needed must be known: the end of natural days, all days of the others. */
static void test_missing_year(void **state)
{
	struct calendar *c;
	int64_t ms;

	(void)state;
	use_zone("Asia/Shanghai");
	c = calendar_2026();
	assert_missing(calendar_due(c, at("2026-12-20T10:00"), 15, UNIT_NATURAL_DAYS, &ms, &err), 2027);
	assert_missing(calendar_due(c, at("2026-12-30T10:00"), 2, UNIT_WORKING_DAYS, &ms, &err), 2027);
	OK(calendar_due(c, at("2026-12-30T10:00"), 1, UNIT_WORKING_DAYS, &ms, &err));
	assert_at(ms, "2027-01-01T00:00:00.000+08:00");
	OK(calendar_due(c, at("2026-12-31T17:00"), 1, UNIT_HOURS, &ms, &err));
	assert_missing(calendar_due(c, at("2026-12-31T17:00"), 2, UNIT_HOURS, &ms, &err), 2027);
	assert_missing(calendar_due(c, at("2025-12-31T17:00"), 1, UNIT_HOURS, &ms, &err), 2025);
	OK(calendar_due(c, at("2025-12-31T17:00"), 5, UNIT_WORKING_DAYS, &ms, &err));
	OK(calendar_between(c, at("2026-12-31T00:00"), at("2027-01-01T00:00"), &ms, &err));
	assert_int_equal(ms, 7 * HOUR_MS);
	assert_missing(
		calendar_between(c, at("2026-12-31T00:00"), at("2027-01-01T00:00") + 1, &ms, &err), 2027);
	assert_false(calendar_has_year(c, 2027));
	assert_false(calendar_has_year(c, 100000));
	calendar_free(c);
}

static void assert_bad(int result, const char *text)
{
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_BAD_REQUEST);
	assert_string_equal(err.text, text);
}

static void test_errors(void **state)
{
	struct calendar *c = calendar_new("cn");
	enum unit unit;
	int64_t ms;
	int32_t d;

	(void)state;
	use_zone("Asia/Shanghai");
	memset(&err, 0, sizeof(err));
	assert_bad(calendar_seal(c, &err),
		"calendar \"cn\": no weekday has working time; add segments such as 09:00-18:00");
	assert_bad(calendar_add_segment(c, 7, 0, 60, &err),
		"calendar \"cn\": weekday 7 is not 0 (Monday) to 6 (Sunday)");
	assert_bad(calendar_add_segment(c, 0, 60, 60, &err),
		"calendar \"cn\", Monday: the segment of minutes "
		"60 to 60 is not within 0 to 1440, or is empty");
	assert_bad(calendar_add_segment(c, 0, 60, 1441, &err),
		"calendar \"cn\", Monday: the segment of minutes 60 to 1441 is not within 0 to 1440, or is "
		"empty");
	OK(calendar_add_segment(c, 0, 540, 720, &err));
	OK(calendar_add_segment(c, 0, 720, 780, &err));
	assert_bad(calendar_add_segment(c, 0, 530, 541, &err),
		"calendar \"cn\", Monday: the segment 08:50-09:01 overlaps another");
	assert_bad(calendar_add_segment(c, 0, 779, 800, &err),
		"calendar \"cn\", Monday: the segment 12:59-13:20 overlaps another");
	OK(calendar_add_off(c, day("2026-10-01"), &err));
	OK(calendar_add_off(c, day("2026-10-01"), &err));
	assert_bad(calendar_add_work(c, day("2026-10-01"), &err),
		"calendar \"cn\": 2026-10-01 is off and also worked");
	OK(calendar_add_day_segment(c, day("2026-10-02"), 0, 1440, &err));
	assert_bad(calendar_add_day_segment(c, day("2026-10-02"), 1, 2, &err),
		"calendar \"cn\", 2026-10-02: the segment 00:01-00:02 overlaps another");
	assert_bad(calendar_add_off(c, day("2026-10-02"), &err),
		"calendar \"cn\": 2026-10-02 is given its own segments and also off");
	assert_bad(calendar_add_year(c, 2200, &err), "calendar \"cn\": the year 2200 is not 1970 to 2199");
	calendar_free(c);
	assert_bad(civil_parse("2026-02-29", &d, &err), "the date 2026-02-29 does not exist");
	assert_bad(civil_parse("2026-2-29", &d, &err), "\"2026-2-29\" is not a date such as 2026-10-01");
	assert_bad(civil_parse("2026--2-29", &d, &err), "\"2026--2-29\" is not a date such as 2026-10-01");
	assert_bad(civil_parse("2026-13-01", &d, &err), "\"2026-13-01\" is not a date such as 2026-10-01");
	assert_bad(unit_parse("workin_days", &unit, &err),
		"the unit \"workin_days\" is not hours, natural_days "
		"or working_days (did you mean \"working_days\"?)");
	assert_bad(unit_parse("xyzzy", &unit, &err),
		"the unit \"xyzzy\" is not hours, natural_days or working_days");
	OK(unit_parse("natural_days", &unit, &err));
	assert_int_equal(unit, UNIT_NATURAL_DAYS);
	assert_bad(calendar_due(NULL, 0, 0, UNIT_HOURS, &ms, &err), "the goal 0 is not 1 to 876000 hours");
	assert_bad(calendar_due(NULL, 0, 36501, UNIT_NATURAL_DAYS, &ms, &err),
		"the goal 36501 is not 1 to 36500 natural_days");
	assert_bad(calendar_due(NULL, 0, 1, UNIT_WORKING_DAYS, &ms, &err), "working_days need a calendar");
	assert_bad(calendar_due(NULL, -1, 1, UNIT_HOURS, &ms, &err),
		"the instant -1 ms is not in the years 1970 to 2199");
	OK(calendar_due(NULL, at("2199-12-31T23:59:59.999"), GOAL_HOURS_MAX, UNIT_HOURS, &ms, &err));
}

static void test_hash(void **state)
{
	struct calendar *a, *b = calendar_new("another name");
	char text[2 * SHA256_LEN + 1];

	(void)state;
	use_zone("Asia/Shanghai");
	a = calendar_2026();
	add_days(b, false, "2026-10-10", "2026-10-10");
	add_days(b, true, "2026-10-01", "2026-10-07");
	add_days(b, true, "2026-09-25", "2026-09-27");
	add_days(b, false, "2026-09-20", "2026-09-20");
	OK(calendar_add_year(b, 2026, &err));
	for (int weekday = 4; weekday >= 0; weekday--) {
		OK(calendar_add_segment(b, weekday, 9 * 60, 12 * 60, &err));
		OK(calendar_add_segment(b, weekday, 14 * 60, 18 * 60, &err));
	}
	OK(calendar_seal(b, &err));
	assert_memory_equal(calendar_hash(a), calendar_hash(b), SHA256_LEN);
	assert_string_equal(calendar_name(b), "another name");
	/* pinned clocks hold this value: it may change only with the format version of the store */
	hex(calendar_hash(a), SHA256_LEN, text);
	assert_string_equal(text, "123c50752526e731ee892357db82e3e6197716aae5d86a58562292dc9b04fe7e");
	calendar_free(b);
	b = calendar_new("cn");
	OK(calendar_add_segment(b, 0, 0, 1440, &err));
	OK(calendar_seal(b, &err));
	assert_memory_not_equal(calendar_hash(a), calendar_hash(b), SHA256_LEN);
	calendar_free(a);
	calendar_free(b);
}

static void test_civil_days(void **state)
{
	char text[16], expected[16];
	int year, month, mday;

	(void)state;
	for (int32_t d = -800000; d < 800000; d++) {
		time_t t = (time_t)d * 86400;
		struct tm tm;

		gmtime_r(&t, &tm);
		civil_split(d, &year, &month, &mday);
		if (year != tm.tm_year + 1900 || month != tm.tm_mon + 1 || mday != tm.tm_mday ||
			civil_weekday(d) != (tm.tm_wday + 6) % 7 || civil_day(year, month, mday) != d)
			fail_msg("day %d", d);
		if (year < 1000 || d % 1000 != 0)
			continue;
		strftime(expected, sizeof(expected), "%F", &tm);
		assert_string_equal(civil_format(d, text), expected);
		assert_int_equal(day(text), d);
	}
	assert_int_equal(civil_year(day("2026-12-31")), 2026);
}

/* Gaps, overlaps, and days that begin late, twice or not at all. */
static void test_offset_changes(void **state)
{
	static const struct {
		const char *zone, *day;
		int minute;
		const char *at;
	} rows[] = {
		{"Asia/Shanghai", "2026-09-22", 600, "2026-09-22T10:00:00.000+08:00"},
		{"Asia/Shanghai", "1988-07-01", 600, "1988-07-01T10:00:00.000+09:00"},
		{"America/New_York", "2026-03-08", 119, "2026-03-08T01:59:00.000-05:00"},
		{"America/New_York", "2026-03-08", 120, "2026-03-08T03:00:00.000-04:00"},
		{"America/New_York", "2026-03-08", 150, "2026-03-08T03:00:00.000-04:00"},
		{"America/New_York", "2026-03-08", 180, "2026-03-08T03:00:00.000-04:00"},
		{"America/New_York", "2026-11-01", 90, "2026-11-01T01:30:00.000-04:00"},
		{"America/New_York", "2026-11-01", 120, "2026-11-01T02:00:00.000-05:00"},
		{"America/New_York", "2026-11-01", 1440, "2026-11-02T00:00:00.000-05:00"},
		{"Australia/Lord_Howe", "2026-04-05", 105, "2026-04-05T01:45:00.000+11:00"},
		{"Australia/Lord_Howe", "2026-04-05", 120, "2026-04-05T02:00:00.000+10:30"},
		{"Australia/Lord_Howe", "2026-10-04", 135, "2026-10-04T02:30:00.000+11:00"},
		{"America/Sao_Paulo", "2018-11-04", 0, "2018-11-04T01:00:00.000-02:00"},
		{"Pacific/Apia", "2011-12-30", 0, "2011-12-31T00:00:00.000+14:00"},
		{"Pacific/Apia", "2011-12-30", 720, "2011-12-31T00:00:00.000+14:00"},
		{"Pacific/Apia", "2011-12-31", 0, "2011-12-31T00:00:00.000+14:00"},
	};
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		use_zone(rows[i].zone);
		assert_at(civil_instant(day(rows[i].day), rows[i].minute), rows[i].at);
		if (rows[i].minute == 1440)
			continue;
		snprintf(text, sizeof(text), "%sT%02d:%02d", rows[i].day, rows[i].minute / 60,
			rows[i].minute % 60);
		assert_at(at(text), rows[i].at);
	}
	assert_int_equal(civil_day_of(-1), day("1969-12-31"));
	use_zone("America/New_York");
	assert_at(at("2026-03-08T02:30:15.250"), "2026-03-08T03:00:00.000-04:00");
	assert_at(at("2026-03-08T01:59:59.250"), "2026-03-08T01:59:59.250-05:00");
	assert_at(at("2026-11-01T01:59:59.250"), "2026-11-01T01:59:59.250-04:00");
}

static void test_hours_over_offset_changes(void **state)
{
	struct calendar *c = calendar_new("night");
	int64_t ms;

	(void)state;
	for (int weekday = 0; weekday < 7; weekday++)
		OK(calendar_add_segment(c, weekday, 0, 4 * 60, &err));
	OK(calendar_add_year(c, 2026, &err));
	OK(calendar_seal(c, &err));
	use_zone("America/New_York");
	OK(calendar_due(NULL, at("2026-03-07T12:00"), 24, UNIT_HOURS, &ms, &err));
	assert_at(ms, "2026-03-08T13:00:00.000-04:00");
	OK(calendar_due(NULL, at("2026-03-07T12:00"), 1, UNIT_NATURAL_DAYS, &ms, &err));
	assert_at(ms, "2026-03-09T00:00:00.000-04:00");
	OK(calendar_between(c, at("2026-03-08T00:00"), at("2026-03-09T00:00"), &ms, &err));
	assert_int_equal(ms, 3 * HOUR_MS);
	OK(calendar_between(c, at("2026-11-01T00:00"), at("2026-11-02T00:00"), &ms, &err));
	assert_int_equal(ms, 5 * HOUR_MS);
	OK(calendar_due(c, at("2026-11-01T00:00"), 3, UNIT_HOURS, &ms, &err));
	assert_at(ms, "2026-11-01T02:00:00.000-05:00");
	use_zone("Australia/Lord_Howe");
	OK(calendar_between(c, at("2026-04-05T00:00"), at("2026-04-06T00:00"), &ms, &err));
	assert_int_equal(ms, 4 * HOUR_MS + HOUR_MS / 2);
	OK(calendar_due(
		c, at("2026-10-03T23:00"), 4, UNIT_HOURS, &ms, &err)); /* 3.5 h that night, 0.5 h the next */
	assert_at(ms, "2026-10-05T00:30:00.000+11:00");
	calendar_free(c);
}

/* Newfoundland, one minute past midnight: back to 23:01 of the day before, whose end has been already. */
static void test_back_over_midnight(void **state)
{
	struct calendar *c = calendar_new("night");
	int64_t midnight_ms, ms;

	(void)state;
	use_zone("America/St_Johns");
	midnight_ms = civil_instant(day("2010-11-07"), 0);
	assert_at(midnight_ms, "2010-11-07T00:00:00.000-02:30");
	assert_int_equal(civil_day_of(midnight_ms + 31 * 60000), day("2010-11-06"));
	OK(calendar_add_segment(c, 0, 540, 600, &err));
	OK(calendar_add_day_segment(c, day("2010-11-07"), 0, 60, &err));
	OK(calendar_add_year(c, 2010, &err));
	OK(calendar_seal(c, &err));
	OK(calendar_between(c, midnight_ms - HOUR_MS, midnight_ms + 31 * 60000, &ms, &err));
	assert_int_equal(ms, 31 * 60000);
	calendar_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_figures),
		cmocka_unit_test(test_percent),
		cmocka_unit_test(test_missing_year),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_civil_days),
		cmocka_unit_test(test_offset_changes),
		cmocka_unit_test(test_hours_over_offset_changes),
		cmocka_unit_test(test_back_over_midnight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
