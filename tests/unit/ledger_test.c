/*
 * Ledgers: the worked figures, and random histories against a walker over every minute and every day.
 * SEED=n replays one seed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/clock.h"
#include "tocsin/ledgers.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

static struct err err;
static struct arena arena;
static const struct ledger_percent quarters[] = {{50, "half"}, {75, NULL}, {100, "end"}, {150, NULL}};

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return clock_zone_set("Asia/Shanghai", &err);
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t ms;

	OK(clock_parse(text, &ms, &err));
	return ms;
}

static void assert_at(int64_t got_ms, const char *expected)
{
	char text[40];

	assert_string_equal(clock_format(got_ms, text), expected);
}

static void assert_due(const struct ledger *l, const char *expected)
{
	assert_true(l->due.is_known);
	assert_at(l->due.at_ms, expected);
	assert_null(ledger_check(l));
}

static struct ledger through_bytes(const struct ledger *l)
{
	struct ledger_slot slot = {.ledger = *l}, *back;
	struct buf b;
	uint32_t n;

	buf_init(&b, 1 << 20);
	ledgers_encode(&b, NULL, &slot, 1);
	OK(ledgers_decode(&arena, NULL, buf_slice(&b), &back, &n, &err));
	assert_int_equal(n, 1);
	buf_fini(&b);
	return back->ledger;
}

static void assert_rejected(int result, const char *text)
{
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_REJECTED);
	assert_string_equal(err.text, text);
}

/* Monday to Friday 09:00-12:00 and 14:00-18:00, autumn 2026 in China. */
static struct calendar *calendar_cn(int n_years)
{
	struct calendar *c = calendar_new("cn");
	int32_t first;

	for (int weekday = 0; weekday < 5; weekday++) {
		OK(calendar_add_segment(c, weekday, 540, 720, &err));
		OK(calendar_add_segment(c, weekday, 840, 1080, &err));
	}
	for (int i = 0; i < n_years; i++)
		OK(calendar_add_year(c, 2026 + i, &err));
	first = civil_day(2026, 9, 25);
	for (int i = 0; i < 3; i++)
		OK(calendar_add_off(c, first + i, &err));
	for (int i = 6; i < 13; i++)
		OK(calendar_add_off(c, first + i, &err));
	OK(calendar_add_work(c, civil_day(2026, 9, 20), &err));
	OK(calendar_add_work(c, civil_day(2026, 10, 10), &err));
	OK(calendar_seal(c, &err));
	return c;
}

static struct ledger_terms terms_of(int64_t goal, enum unit unit, const char *calendar)
{
	struct ledger_terms t = {
		.goal = unit == UNIT_HOURS ? goal * HOUR_MS : goal, .unit = unit, .calendar = calendar};

	t.percents = quarters;
	t.n_percents = 4;
	return t;
}

static void start(struct ledger *l, const struct calendar *c, int64_t goal, enum unit unit, bool is_statutory,
	const char *from)
{
	struct ledger_terms t = terms_of(goal, unit, c == NULL ? NULL : calendar_name(c));

	OK(ledger_start(l, &arena, "answer", is_statutory, &t, c, at(from), &err));
}

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
	bool is_late;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct calendar *cal = rows[i].has_calendar ? c : NULL;

		start(&l, cal, rows[i].goal, rows[i].unit, true, "2026-09-22T10:00");
		assert_due(&l, rows[i].due);
		assert_false(l.due.is_paused);
		assert_rejected(ledger_pause(&l, cal, at("2026-09-22T11:00"), "waiting for customer", &err),
			"the clock \"answer\" is statutory: it cannot be paused");
		assert_int_equal(l.n_pauses, 0);
		OK(ledger_is_late(&l, l.due.at_ms, &is_late, &err));
		assert_false(is_late);
		OK(ledger_is_late(&l, l.due.at_ms + 1, &is_late, &err));
		assert_true(is_late);
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
	bool is_late;

	(void)state;
	start(&l, NULL, 2, UNIT_HOURS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-22T12:00"), "customer", &err));
	assert_false(l.due.is_paused);
	assert_due(&l, "2026-09-22T12:00:00.000+08:00");
	OK(ledger_stop(&l, NULL, at("2026-09-22T14:00"), &err));
	assert_due(&l, "2026-09-22T12:00:00.000+08:00");
	OK(ledger_is_late(&l, l.stopped_ms, &is_late, &err));
	assert_true(is_late);
	start(&l, NULL, 1, UNIT_NATURAL_DAYS, false, "2026-09-22T10:00");
	OK(ledger_pause(&l, NULL, at("2026-09-24T00:00"), "customer", &err));
	OK(ledger_resume(&l, NULL, at("2026-09-26T00:00"), &err));
	assert_due(&l, "2026-09-24T00:00:00.000+08:00");
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
	assert_true(ledger_is_pinned(&l, c));
	assert_false(ledger_is_pinned(&l, NULL));
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
	bool is_late;

	(void)state;
	start(&l, c, 15, UNIT_WORKING_DAYS, false, "2026-12-20T10:00");
	assert_false(l.due.is_known);
	assert_int_equal(l.due.needs_year, 2027);
	assert_rejected(ledger_is_late(&l, 1, &is_late, &err),
		"calendar \"cn\" has no data for the year 2027: add its holidays and make-up workdays");
	assert_true(ledger_percent_at(&l, c, 50, l.started_ms).is_known);
	v = ledger_to_value(&arena, &l);
	assert_null(value_get(&v, "due"));
	assert_int_equal(value_int_or(value_get(&v, "needs_year"), 0), 2027);
	back = through_bytes(&l);
	assert_true(ledger_is_pinned(&back, c));
	ledger_pin(&back, later, at("2026-12-21T10:00"));
	assert_due(&back, "2027-01-09T00:00:00.000+08:00");
	assert_false(ledger_is_pinned(&back, c));
	assert_true(ledger_is_pinned(&back, later));
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

/* ---- random histories ---------------------------------------------------------------------------------- */

#define W_DAYS 120
#define W_MINUTES (W_DAYS * 1440)
#define N_SEEDS 400

struct history {
	uint64_t seed;
	struct rng rng;
	struct ledger ledger;
	struct calendar *calendar; /* or NULL */
	int32_t first_day;
	int64_t start_ms; /* of the window */
	int start_min, now_min;
	bool is_work[W_MINUTES];
	bool is_working_day[W_DAYS];
	bool is_paused[W_MINUTES]; /* and not void */
};

static void check(const struct history *h, bool is_right, const char *what)
{
	if (!is_right)
		fail_msg("SEED=%ju: %s", (uintmax_t)h->seed, what);
}

static int64_t ms_of(const struct history *h, int minute)
{
	return h->start_ms + minute * MINUTE_MS;
}

static void history_init(struct history *h, uint64_t seed)
{
	h->seed = seed;
	rng_init_seeded(&h->rng, seed);
	h->first_day = civil_day(2026, 9, 1) - (int32_t)rng_below(&h->rng, 60);
	h->start_ms = civil_instant(h->first_day, 0);
	h->calendar = seed % 3 == 0 ? NULL : calendar_cn(1);
	for (int i = 0; i < W_MINUTES; i++) {
		h->is_work[i] = h->is_paused[i] = false;
		if (h->calendar != NULL && i % 60 == 0)
			OK(calendar_is_working_time(h->calendar, ms_of(h, i), &h->is_work[i], &err));
		else /* the calendar's segments are whole hours */
			h->is_work[i] = h->calendar == NULL || h->is_work[i - 1];
	}
	for (int d = 0; d < W_DAYS; d++) {
		h->is_working_day[d] = true;
		if (h->calendar != NULL)
			OK(calendar_is_working_day(
				h->calendar, h->first_day + d, &h->is_working_day[d], &err));
	}
}

static struct ledger_terms random_terms(struct history *h)
{
	enum unit unit = (enum unit)rng_below(&h->rng, h->calendar == NULL ? 2 : 3);
	struct ledger_terms t =
		terms_of(1 + (int64_t)rng_below(&h->rng, 12), unit, h->calendar == NULL ? NULL : "cn");

	if (unit == UNIT_HOURS) /* any percentage is a whole minute */
		t.goal = (1 + (int64_t)rng_below(&h->rng, 40)) * 100 * MINUTE_MS;
	return t;
}

static bool is_whole_day_paused(const struct history *h, int d)
{
	for (int i = 0; i < 1440; i++) {
		if (!h->is_paused[d * 1440 + i])
			return false;
	}
	return true;
}

/* Walk: how much counts, up to `goal`; returns the minute by which it is reached. Nothing after now is
 * paused. */
static int naive_hours(const struct history *h, int64_t goal_min)
{
	int i;

	for (i = h->start_min; goal_min > 0; i++)
		goal_min -= h->is_work[i] && !h->is_paused[i];
	return i;
}

static int naive_days(const struct history *h, enum unit unit, int64_t n, bool rolls)
{
	int d = h->start_min / 1440;

	while (n > 0) {
		d++;
		n -= (unit == UNIT_NATURAL_DAYS || h->is_working_day[d]) && !is_whole_day_paused(h, d);
	}
	while (rolls && (!h->is_working_day[d] || is_whole_day_paused(h, d)))
		d++;
	return (d + 1) * 1440;
}

static int64_t naive_percent(const struct history *h, int percent)
{
	const struct ledger_terms *t = ledger_terms(&h->ledger);
	int64_t days = (t->goal * percent + 99) / 100;
	bool rolls = t->unit == UNIT_NATURAL_DAYS && h->calendar != NULL && percent >= 100;

	if (t->unit == UNIT_HOURS)
		return ms_of(h, naive_hours(h, t->goal / MINUTE_MS * percent / 100));
	return ms_of(h, naive_days(h, t->unit, days, rolls));
}

static void check_elapsed(struct history *h)
{
	const struct ledger_terms *t = ledger_terms(&h->ledger);
	struct ledger_elapsed used;
	int64_t counted = 0, paused = 0;

	OK(ledger_elapsed(&h->ledger, h->calendar, ms_of(h, h->now_min), &used, &err));
	if (t->unit == UNIT_HOURS) {
		for (int i = h->start_min; i < h->now_min; i++)
			*(h->is_paused[i] ? &paused : &counted) += h->is_work[i] ? MINUTE_MS : 0;
	} else {
		for (int d = h->start_min / 1440 + 1; d < h->now_min / 1440; d++) {
			if (t->unit == UNIT_NATURAL_DAYS || h->is_working_day[d])
				++*(is_whole_day_paused(h, d) ? &paused : &counted);
		}
	}
	check(h, used.counted == counted, "elapsed");
	check(h, used.paused == paused, "paused");
}

static void check_round_trip(struct history *h)
{
	struct ledger back = through_bytes(&h->ledger);
	struct value v = ledger_to_value(&arena, &h->ledger), again = ledger_to_value(&arena, &back);

	check(h, value_equal(&v, &again), "round trip");
	h->ledger = back;
}

/* One random change, done on the ledger and on the minutes. */
static void random_change(struct history *h)
{
	struct ledger *l = &h->ledger;
	bool was_paused = ledger_is_paused(l);
	int step = rng_below(&h->rng, 3) == 0 ? (int)rng_below(&h->rng, 5) * 1440
					      : (int)rng_below(&h->rng, 2000);
	int from, to, n = 0;
	struct ledger_terms t;
	int64_t voided_ms;

	if (rng_below(&h->rng, 3) == 0) /* often midnight: whole days */
		step = 1440 * (int)rng_below(&h->rng, 4) + 1440 - h->now_min % 1440;
	/* an open pause goes on, but for its void part, which voids its future, too */
	for (int i = h->now_min; was_paused && i < h->now_min + step; i++)
		h->is_paused[i] = true;
	for (uint32_t i = 0; i < l->n_voids; i++) {
		for (int k = h->now_min; l->voids[i].to_ms == LEDGER_OPEN && k < h->now_min + step; k++)
			h->is_paused[k] = false;
	}
	h->now_min += step;
	switch (rng_below(&h->rng, 5)) {
	case 0:
	case 1:
		if (was_paused)
			OK(ledger_resume(l, h->calendar, ms_of(h, h->now_min), &err));
		else
			OK(ledger_pause(l, h->calendar, ms_of(h, h->now_min), "cause", &err));
		break;
	case 2:
		from = h->start_min + (int)rng_below(&h->rng, (uint64_t)(h->now_min - h->start_min + 1));
		to = from + 1 + (int)rng_below(&h->rng, (uint64_t)(h->now_min - from + 1));
		to = to > h->now_min ? h->now_min : to;
		for (int i = from; i < to; i++)
			n += h->is_paused[i];
		if (ledger_void(l, h->calendar, ms_of(h, from), ms_of(h, to), ms_of(h, h->now_min), "void",
			    &voided_ms, &err) != 0)
			check(h, n == 0, "void was refused");
		else
			check(h, voided_ms == n * MINUTE_MS, "void took another part");
		memset(h->is_paused + from, 0, (size_t)(to - from));
		break;
	case 3:
		t = random_terms(h);
		OK(ledger_regoal(l, &t, h->calendar, ms_of(h, h->now_min), &err));
		break;
	}
}

static uint64_t seed_first(void)
{
	const char *seed = getenv("SEED");

	return seed == NULL ? 0 : strtoull(seed, NULL, 0);
}

static void test_random_histories(void **state)
{
	static const int percents[] = {1, 20, 50, 75, 99, 100, 120, 150};
	static struct history h;
	uint64_t first = seed_first();

	(void)state;
	for (uint64_t seed = first ? first : 1; seed < (first ? first + 1 : N_SEEDS); seed++) {
		struct ledger_terms t;

		arena_reset(&arena);
		history_init(&h, seed);
		h.start_min = h.now_min = (int)rng_below(&h.rng, 2 * 1440);
		t = random_terms(&h);
		OK(ledger_start(
			&h.ledger, &arena, "answer", false, &t, h.calendar, ms_of(&h, h.now_min), &err));
		for (int step = 0; step < 12; step++) {
			random_change(&h);
			check(&h, ledger_check(&h.ledger) == NULL, "invariant");
			for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
				struct ledger_due due = ledger_percent_at(
					&h.ledger, h.calendar, percents[i], ms_of(&h, h.now_min));

				if (due.is_known && due.at_ms < h.start_ms + (W_DAYS - 40) * DAY_MS)
					check(&h, due.at_ms == naive_percent(&h, percents[i]), "percent");
			}
			check_elapsed(&h);
			check_round_trip(&h);
		}
		calendar_free(h.calendar);
	}
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
		TEST(test_random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
