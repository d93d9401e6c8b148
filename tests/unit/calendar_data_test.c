/*
 * Calendars from data: as a pack says them, and those of the State Council. TOCSIN_DATA points at the data sets
 * (default ../shared/data).
 */
#include <jansson.h>

#include "calendar_fixture.h"

static struct value list_of(struct arena *a, int n, ...)
{
	struct value list = value_array(a, (uint32_t)n);
	va_list args;

	va_start(args, n);
	for (int i = 0; i < n; i++)
		value_push(a, &list, value_int(va_arg(args, int)));
	va_end(args);
	return list;
}

/* The calendar of calendar_2026 as a pack says it; the weekend as an empty map, as an empty table may arrive.
 */
static struct value data_2026(struct arena *a)
{
	struct value v = value_map(a, 3), week = value_array(a, 7), days = value_map(a, 16),
		     workday = value_array(a, 2);

	value_push(a, &workday, list_of(a, 2, 840, 1080));
	value_push(a, &workday, list_of(a, 2, 540, 720));
	for (int i = 0; i < 7; i++)
		value_push(a, &week, i < 5 ? value_copy(a, &workday) : value_map(a, 0));
	for (int i = 0; i < 10; i++) {
		char date[16];

		civil_format(i < 3 ? day("2026-09-25") + i : day("2026-10-01") + i - 3, date);
		value_add(a, &days, arena_text(a, date, 10), value_bool(false));
	}
	value_add(a, &days, "2026-09-20", value_bool(true));
	value_add(a, &days, "2026-10-10", value_bool(true));
	value_add(a, &v, "week", week);
	value_add(a, &v, "days", days);
	value_add(a, &v, "years", list_of(a, 1, 2026));
	return v;
}

static void assert_refused(struct arena *a, const char *key, struct value v, const char *text)
{
	struct value data = data_2026(a);

	value_set(a, &data, key, v);
	assert_null(calendar_from_value("cn", &data, &err));
	assert_int_equal(err.code, ERR_BAD_REQUEST);
	assert_string_equal(err.text, text);
}

static void test_from_value(void **state)
{
	struct calendar *c, *same = calendar_2026();
	struct arena a;
	struct value v, days, own;

	(void)state;
	arena_init(&a, 0);
	v = data_2026(&a);
	c = calendar_from_value("cn", &v, &err);
	assert_non_null(c);
	assert_memory_equal(calendar_hash(c), calendar_hash(same), SHA256_LEN);
	calendar_free(c);
	assert_refused(&a, "week", value_int(5), "calendar \"cn\", week: integer instead of a list");
	assert_refused(&a, "week", list_of(&a, 1, 5), "calendar \"cn\", week[1]: integer instead of a list");
	assert_refused(&a, "week", value_nil,
		"calendar \"cn\": no weekday has working time; add segments such as 09:00-18:00");
	assert_refused(&a, "years", list_of(&a, 2, 2026, -1), "calendar \"cn\": years[2] is not a year");
	assert_refused(
		&a, "years", list_of(&a, 1, 1969), "calendar \"cn\": the year 1969 is not 1970 to 2199");
	assert_refused(&a, "holidays", value_nil,
		"calendar \"cn\": unknown key \"holidays\", known are week, days and years");
	assert_refused(&a, "days", value_bool(true),
		"calendar \"cn\", days: true/false instead of a map from dates");
	days = value_map(&a, 1);
	value_add(&a, &days, "2026-02-30", value_bool(false));
	assert_refused(&a, "days", days, "calendar \"cn\": the date 2026-02-30 does not exist");
	days = value_map(&a, 1);
	own = value_array(&a, 1);
	value_push(&a, &own, list_of(&a, 1, 540));
	value_add(&a, &days, "2026-10-08", own);
	assert_refused(&a, "days", days,
		"calendar \"cn\", 2026-10-08: a segment is two minutes of the day, such as {540, 1080}");
	assert_null(calendar_from_value("cn", NULL, &err));
	calendar_free(same);
	arena_fini(&a);
}

static void add_year_file(struct calendar *c, const char *dir, int year, size_t *n_days)
{
	char path[512];
	json_error_t je;
	json_t *root, *item;
	size_t i;

	snprintf(path, sizeof(path), "%s/calendar/%d.json", dir, year);
	root = json_load_file(path, 0, &je);
	if (root == NULL)
		fail_msg("%s: %s", path, je.text);
	*n_days = json_array_size(json_object_get(root, "days"));
	json_array_foreach(json_object_get(root, "days"), i, item)
	{
		int32_t d = day(json_string_value(json_object_get(item, "date")));

		OK(json_is_true(json_object_get(item, "isOffDay")) ? calendar_add_off(c, d, &err)
								   : calendar_add_work(c, d, &err));
	}
	if (*n_days > 0)
		OK(calendar_add_year(c, year, &err));
	json_decref(root);
}

static void assert_working(const struct calendar *c, const char *date, bool expected)
{
	bool is;

	OK(calendar_is_working_day(c, day(date), &is, &err));
	if (is != expected)
		fail_msg("%s", date);
}

static void test_state_council(void **state)
{
	const char *dir = getenv("TOCSIN_DATA") ? getenv("TOCSIN_DATA") : "../shared/data";
	size_t n_days[2028];
	struct calendar *c;
	char path[512];
	int64_t ms;

	(void)state;
	snprintf(path, sizeof(path), "%s/calendar/2026.json", dir);
	if (access(path, R_OK) != 0) {
		print_message("no %s: skipped\n", path);
		skip();
	}
	use_zone("Asia/Shanghai");
	c = calendar_new("cn");
	for (int i = 0; i < 5; i++)
		OK(calendar_add_segment(c, i, 540, 1080, &err));
	for (int year = 2007; year <= 2027; year++)
		add_year_file(c, dir, year, &n_days[year]);
	OK(calendar_seal(c, &err));
	assert_int_equal(n_days[2024], 36);
	assert_int_equal(n_days[2025], 33);
	assert_int_equal(n_days[2026], 39);
	assert_int_equal(n_days[2027], 0);
	assert_working(c, "2011-12-31", true); /* a Saturday, said in 2012's file */
	assert_working(c, "2015-09-03", false);
	assert_working(c, "2026-02-14", true);
	assert_working(c, "2026-02-23", false);
	assert_working(c, "2026-02-24", true);
	assert_working(c, "2026-10-10", true);
	OK(calendar_due(c, at("2026-09-22T10:00"), 15, UNIT_WORKING_DAYS, &ms, &err));
	assert_at(ms, "2026-10-21T00:00:00.000+08:00");
	OK(calendar_due(c, at("2026-09-22T10:00"), 15, UNIT_NATURAL_DAYS, &ms, &err));
	assert_at(ms, "2026-10-09T00:00:00.000+08:00");
	assert_missing(calendar_due(c, at("2026-12-20T10:00"), 15, UNIT_NATURAL_DAYS, &ms, &err), 2027);
	calendar_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_from_value),
		cmocka_unit_test(test_state_council),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
