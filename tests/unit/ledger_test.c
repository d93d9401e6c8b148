/* Ledgers: the worked figures. */
#include "ledger_fixture.h"

/* Three laws and two repairs for one complaint. */
static void test_statutory_clocks(void **state)
{
	static const struct {
		int64_t goal;
		enum unit unit;
		bool has_calendar;
		const char *due;
	} rows[] = {
		{15, UNIT_NATURAL_DAYS, true, "2026-10-09T00:00:00.000+08:00"},
		{5, UNIT_WORKING_DAYS, true, "2026-10-01T00:00:00.000+08:00"},
		{15, UNIT_WORKING_DAYS, true, "2026-10-21T00:00:00.000+08:00"},
		{48, UNIT_HOURS, false, "2026-09-24T10:00:00.000+08:00"},
		{72, UNIT_HOURS, false, "2026-09-25T10:00:00.000+08:00"},
	};
	struct calendar *c = calendar_cn(1);
	struct ledger l;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct calendar *cal = rows[i].has_calendar ? c : NULL;

		start(&l, cal, rows[i].goal, rows[i].unit, true, "2026-09-22T10:00");
		assert_due(&l, rows[i].due);
		assert_false(l.due.is_paused);
		assert_rejected(ledger_pause(&l, cal, at("2026-09-22T11:00"), "waiting for customer", &err),
			"the clock \"answer\" is statutory: it cannot be paused");
		assert_int_equal(l.n_pauses, 0);
		assert_int_equal(ledger_percent_at(&l, cal, 100, l.started_ms).at_ms, l.due.at_ms);
	}
	assert_at(ledger_percent_at(&l, NULL, 75, l.started_ms).at_ms,
		"2026-09-24T16:00:00.000+08:00"); /* 54 of 72 h */
	calendar_free(c);
}

/* Paused two days for the customer, who had answered after three hours. */
static void test_void_pause(void **state)
{
	struct ledger_elapsed used;
	struct ledger l;
	int64_t voided_ms;

	(void)state;
	start(&l, NULL, 72, UNIT_HOURS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-23T10:00"), "waiting for customer", &err));
	assert_true(l.due.is_paused);
	OK(ledger_resume(&l, NULL, at("2026-09-25T10:00"), &err));
	assert_due(&l, "2026-09-27T10:00:00.000+08:00");
	OK(ledger_void(&l, NULL, at("2026-09-23T13:00"), LEDGER_OPEN, at("2026-09-25T11:00"), "answer unread",
		&voided_ms, &err));
	assert_int_equal(voided_ms, 45 * HOUR_MS);
	assert_due(&l, "2026-09-25T13:00:00.000+08:00");
	OK(ledger_elapsed(&l, NULL, at("2026-09-25T11:00"), &used, &err));
	assert_int_equal(used.counted, 70 * HOUR_MS);
	assert_int_equal(used.paused, 3 * HOUR_MS);
	assert_int_equal(used.voided_ms, 45 * HOUR_MS);
	assert_rejected(ledger_void(&l, NULL, at("2026-09-23T14:00"), LEDGER_OPEN, at("2026-09-25T11:00"),
				"again", &voided_ms, &err),
		"the clock \"answer\": nothing was paused from 2026-09-23T14:00:00.000+08:00 on, or it is "
		"void already");
	assert_int_equal(l.n_voids, 1);
	assert_string_equal(l.voids[0].cause, "answer unread");
	assert_string_equal(l.pauses[0].cause, "waiting for customer");
}

/* While the pause is open: its void part runs, so the clock moves on and can be late. */
static void test_void_of_an_open_pause(void **state)
{
	struct ledger l;
	int64_t voided_ms;

	(void)state;
	start(&l, NULL, 10, UNIT_HOURS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-22T12:00"), "vendor", &err));
	assert_true(ledger_percent_at(&l, NULL, 100, at("2026-09-22T13:00")).is_paused);
	assert_at(ledger_percent_at(&l, NULL, 100, at("2026-09-22T13:00")).at_ms,
		"2026-09-22T21:00:00.000+08:00");
	OK(ledger_void(&l, NULL, at("2026-09-22T14:00"), LEDGER_OPEN, at("2026-09-22T15:00"), "reply",
		&voided_ms, &err));
	assert_int_equal(voided_ms, HOUR_MS);
	assert_false(l.due.is_paused);
	assert_due(&l, "2026-09-22T22:00:00.000+08:00");
	/* what was used up before the pause does not move */
	assert_at(ledger_percent_at(&l, NULL, 20, at("2026-09-22T20:00")).at_ms,
		"2026-09-22T12:00:00.000+08:00");
	OK(ledger_resume(&l, NULL, at("2026-09-22T16:00"), &err));
	assert_int_equal(l.voids[0].to_ms, at("2026-09-22T16:00"));
	OK(ledger_pause(&l, NULL, at("2026-09-22T17:00"), "vendor", &err));
	OK(ledger_resume(&l, NULL, at("2026-09-22T18:00"), &err));
	assert_due(&l, "2026-09-22T23:00:00.000+08:00"); /* the old void does not reach the new pause */
}

/* A weekend in a pause is worth nothing to a clock of working time, a whole day only if it is one. */
static void test_pause_in_own_unit(void **state)
{
	struct calendar *c = calendar_cn(1);
	struct ledger l;

	(void)state;
	start(&l, c, 10, UNIT_HOURS, false,
		"2026-09-18T16:00"); /* 2 h left on Friday; Sunday the 20th is worked, 7 h */
	assert_due(&l, "2026-09-21T10:00:00.000+08:00");
	OK(ledger_pause(&l, c, at("2026-09-18T17:00"), "customer", &err));
	OK(ledger_resume(&l, c, at("2026-09-20T10:00"), &err)); /* 1 h on Friday, 1 h on Sunday */
	assert_due(&l, "2026-09-21T12:00:00.000+08:00");

	start(&l, c, 5, UNIT_WORKING_DAYS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, c, at("2026-09-23T00:00") + 1, "customer", &err));
	OK(ledger_resume(&l, c, at("2026-09-24T23:59"), &err));
	assert_due(&l, "2026-10-01T00:00:00.000+08:00"); /* no day from 00:00 to 24:00 */
	OK(ledger_pause(&l, c, at("2026-09-24T23:59:30"), "customer", &err));
	OK(ledger_resume(&l, c, at("2026-09-28T00:00"), &err));
	assert_due(&l, "2026-10-01T00:00:00.000+08:00"); /* 25th to 27th are off */
	OK(ledger_pause(&l, c, at("2026-09-28T00:00"), "customer", &err));
	OK(ledger_resume(&l, c, at("2026-09-28T12:00"), &err));
	OK(ledger_pause(&l, c, at("2026-09-28T12:00"), "vendor", &err));
	OK(ledger_resume(&l, c, at("2026-09-29T00:00"), &err));
	assert_due(&l,
		"2026-10-09T00:00:00.000+08:00"); /* the 28th in two pieces: one more working day, 10-08 */

	start(&l, c, 15, UNIT_NATURAL_DAYS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, c, at("2026-10-03T00:00"), "customer", &err));
	OK(ledger_resume(&l, c, at("2026-10-05T00:00"), &err));
	assert_due(&l, "2026-10-10T00:00:00.000+08:00"); /* two natural days: 10-09 */
	OK(ledger_pause(&l, c, at("2026-10-09T00:00"), "customer", &err));
	OK(ledger_resume(&l, c, at("2026-10-11T00:00"), &err));
	assert_due(&l, "2026-10-13T00:00:00.000+08:00"); /* 10-11 is a Sunday */
	calendar_free(c);
}

/* A pause after the end moves nothing, and its open end does not make due move. */
static void test_pause_after_due(void **state)
{
	struct ledger l;

	(void)state;
	start(&l, NULL, 2, UNIT_HOURS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-22T12:00"), "customer", &err));
	assert_false(l.due.is_paused);
	assert_due(&l, "2026-09-22T12:00:00.000+08:00");
	OK(ledger_stop(&l, NULL, at("2026-09-22T14:00"), &err));
	assert_due(&l, "2026-09-22T12:00:00.000+08:00");
	start(&l, NULL, 1, UNIT_NATURAL_DAYS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-24T00:00"), "customer", &err));
	OK(ledger_resume(&l, NULL, at("2026-09-26T00:00"), &err));
	assert_due(&l, "2026-09-24T00:00:00.000+08:00");
}

/* The terms were computed with just this calendar (or with none, for NULL). */
static bool is_pinned(const struct ledger *l, const struct calendar *c)
{
	const struct ledger_terms *t = ledger_terms(l);

	return c == NULL ? !t->has_hash : t->has_hash && memcmp(t->hash, calendar_hash(c), SHA256_LEN) == 0;
}

/* A new goal sees the same history. */
static void test_regoal(void **state)
{
	struct calendar *c = calendar_cn(1);
	struct ledger_terms t;
	struct ledger l;

	(void)state;
	start(&l, NULL, 48, UNIT_HOURS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-22T12:00"), "customer", &err));
	OK(ledger_resume(&l, NULL, at("2026-09-22T15:00"), &err));
	assert_due(&l, "2026-09-24T13:00:00.000+08:00");
	t = terms_of(24, UNIT_HOURS, NULL);
	OK(ledger_regoal(&l, &t, NULL, at("2026-09-22T16:00"), &err));
	assert_due(&l, "2026-09-23T13:00:00.000+08:00");
	t = terms_of(8, UNIT_HOURS, "cn"); /* 2 h on the 22nd before the pause, 3 h after 15:00 */
	OK(ledger_regoal(&l, &t, c, at("2026-09-22T17:00"), &err));
	assert_due(&l, "2026-09-23T12:00:00.000+08:00");
	assert_true(is_pinned(&l, c));
	assert_false(is_pinned(&l, NULL));
	assert_int_equal(l.n_terms, 3);
	t.goal = 0;
	assert_int_equal(ledger_regoal(&l, &t, c, at("2026-09-22T17:00"), &err), -1);
	assert_string_equal(err.text, "the clock \"answer\": the goal 0 is not 1 to 876000 hours");
	assert_int_equal(l.n_terms, 3);
	calendar_free(c);
}

static void test_refusals(void **state)
{
	struct ledger_percent down[] = {{100, NULL}, {50, NULL}}, zero[] = {{0, NULL}};
	struct ledger_terms t = terms_of(5, UNIT_WORKING_DAYS, NULL);
	struct ledger l;

	(void)state;
	assert_int_equal(
		ledger_start(&l, &arena, "answer", false, &t, NULL, at("2026-09-22T10:00"), &err), -1);
	assert_string_equal(err.text, "the clock \"answer\": working_days need a calendar");
	t = terms_of(5, UNIT_HOURS, NULL);
	t.percents = down;
	t.n_percents = 2;
	assert_int_equal(
		ledger_start(&l, &arena, "answer", false, &t, NULL, at("2026-09-22T10:00"), &err), -1);
	assert_string_equal(
		err.text, "the clock \"answer\": the percentage 50 is after 100: say them in order");
	t.percents = zero;
	t.n_percents = 1;
	assert_int_equal(
		ledger_start(&l, &arena, "answer", false, &t, NULL, at("2026-09-22T10:00"), &err), -1);
	assert_string_equal(err.text, "the clock \"answer\": the percentage 0 is not 1 to 1000");
	start(&l, NULL, 5, UNIT_HOURS, false, "2026-09-22T10:00");
	assert_rejected(
		ledger_resume(&l, NULL, at("2026-09-22T10:00"), &err), "the clock \"answer\" is not paused");
	assert_rejected(ledger_pause(&l, NULL, at("2026-09-22T09:00"), "x", &err),
		"the clock \"answer\": 2026-09-22T09:00:00.000+08:00 is before its last change at "
		"2026-09-22T10:00:00.000+08:00");
	OK(ledger_pause(&l, NULL, at("2026-09-22T11:00"), "customer", &err));
	assert_rejected(ledger_pause(&l, NULL, at("2026-09-22T12:00"), "x", &err),
		"the clock \"answer\" is already paused: customer");
	OK(ledger_stop(&l, NULL, at("2026-09-22T12:00"), &err));
	assert_due(&l, "2026-09-22T16:00:00.000+08:00");
	assert_rejected(ledger_resume(&l, NULL, at("2026-09-22T13:00"), &err),
		"the clock \"answer\" stopped at 2026-09-22T12:00:00.000+08:00");
	assert_rejected(ledger_stop(&l, NULL, at("2026-09-22T13:00"), &err),
		"the clock \"answer\" stopped at 2026-09-22T12:00:00.000+08:00");
}

static void test_goals(void **state)
{
	struct value half = value_float(0.5), seven = value_int(7), none = value_int(0),
		     text = value_literal("7");
	int64_t count;

	(void)state;
	OK(ledger_goal(&half, UNIT_HOURS, &count, &err));
	assert_int_equal(count, 30 * MINUTE_MS);
	OK(ledger_goal(&seven, UNIT_HOURS, &count, &err));
	assert_int_equal(count, 7 * HOUR_MS);
	OK(ledger_goal(&seven, UNIT_WORKING_DAYS, &count, &err));
	assert_int_equal(count, 7);
	assert_int_equal(ledger_goal(&half, UNIT_NATURAL_DAYS, &count, &err), -1);
	assert_string_equal(err.text, "the goal 0.5 is not 1 to 36500 natural_days");
	assert_int_equal(ledger_goal(&none, UNIT_HOURS, &count, &err), -1);
	assert_string_equal(err.text, "the goal 0 is not 1 to 876000 hours");
	assert_int_equal(ledger_goal(&text, UNIT_HOURS, &count, &err), -1);
	assert_string_equal(err.text, "the goal is text, not a number of hours");
	assert_int_equal(ledger_goal(NULL, UNIT_HOURS, &count, &err), -1);
}

/* Stored without due; computed when the year arrives. */
static void test_missing_year(void **state)
{
	struct calendar *c = calendar_cn(1), *later = calendar_cn(2);
	struct ledger_terms t = terms_of(15, UNIT_WORKING_DAYS, "cn");
	struct ledger l, back;
	struct value v;

	(void)state;
	start(&l, c, 15, UNIT_WORKING_DAYS, false, "2026-12-20T10:00");
	assert_false(l.due.is_known);
	assert_int_equal(l.due.needs_year, 2027);
	assert_true(ledger_percent_at(&l, c, 50, l.started_ms).is_known);
	v = ledger_to_value(&arena, &l);
	assert_null(value_get(&v, "due"));
	assert_int_equal(value_int_or(value_get(&v, "needs_year"), 0), 2027);
	back = through_bytes(&l);
	assert_true(is_pinned(&back, c));
	ledger_pin(&back, later, at("2026-12-21T10:00"));
	assert_due(&back, "2027-01-09T00:00:00.000+08:00");
	assert_false(is_pinned(&back, c));
	assert_true(is_pinned(&back, later));
	/* a calendar that nobody has */
	OK(ledger_start(&l, &arena, "answer", false, &t, NULL, at("2026-09-22T10:00"), &err));
	assert_false(l.due.is_known);
	assert_int_equal(l.due.needs_year, 2026);
	assert_null(ledger_check(&l));
	/* an hour goal that ends before the missing year, though a pause reaches into it */
	start(&l, c, 7, UNIT_HOURS, false, "2026-12-31T09:00");
	OK(ledger_pause(&l, c, at("2027-02-01T09:00"), "late", &err));
	assert_due(&l, "2026-12-31T18:00:00.000+08:00");
	calendar_free(c);
	calendar_free(later);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_statutory_clocks),
		TEST(test_void_pause),
		TEST(test_void_of_an_open_pause),
		TEST(test_pause_in_own_unit),
		TEST(test_pause_after_due),
		TEST(test_regoal),
		TEST(test_refusals),
		TEST(test_goals),
		TEST(test_missing_year),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
