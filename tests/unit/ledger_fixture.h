/* What tests of ledgers share: a calendar, times as texts, start. */
#pragma once

#include "time_fixture.h"
#include "tocsin/ledgers.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS INT64_C(86400000)

static struct arena arena;
__attribute__((unused)) static const struct ledger_percent quarters[] = {
	{50, "half"}, {75, NULL}, {100, "end"}, {150, NULL}};

static inline int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	return clock_zone_set("Asia/Shanghai", &err);
}

static inline int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static inline void assert_due(const struct ledger *l, const char *expected)
{
	assert_true(l->due.is_known);
	assert_at(l->due.at_ms, expected);
	assert_null(ledger_check(l));
}

static inline struct ledger through_bytes(const struct ledger *l)
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

static inline void assert_rejected(int result, const char *text)
{
	assert_int_equal(result, -1);
	assert_int_equal(err.code, ERR_REJECTED);
	assert_string_equal(err.text, text);
}

/* Monday to Friday 09:00-12:00 and 14:00-18:00, autumn 2026 in China. */
static inline struct calendar *calendar_cn(int n_years)
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

static inline struct ledger_terms terms_of(int64_t goal, enum unit unit, const char *calendar)
{
	struct ledger_terms t = {
		.goal = unit == UNIT_HOURS ? goal * HOUR_MS : goal, .unit = unit, .calendar = calendar};

	t.percents = quarters;
	t.n_percents = 4;
	return t;
}

static inline void start(struct ledger *l, const struct calendar *c, int64_t goal, enum unit unit,
	bool is_statutory, const char *from)
{
	struct ledger_terms t = terms_of(goal, unit, c == NULL ? NULL : calendar_name(c));

	OK(ledger_start(l, &arena, "answer", is_statutory, &t, c, at(from), &err));
}
