/* Periods: counted days, and when a goal is due. */
#include <stdio.h>
#include <string.h>

#include "model/calendar_int.h"

static const char *const unit_names[] = {
#define UNIT(name, wire) wire,
	UNITS(UNIT)
#undef UNIT
};

#define N_UNITS (sizeof(unit_names) / sizeof(unit_names[0]))

const char *unit_name(enum unit unit)
{
	must((size_t)unit < N_UNITS);
	return unit_names[unit];
}

int unit_parse(const char *name, enum unit *unit, struct err *e)
{
	for (size_t i = 0; i < N_UNITS; i++) {
		if (strcmp(name, unit_names[i]) == 0) {
			*unit = (enum unit)i;
			return 0;
		}
	}
	err_arg(e, ERR_BAD_REQUEST, "unit", name,
		"the unit \"%.40s\" is not hours, natural_days or working_days", name);
	return err_hint(e, nearest_word(name, unit_names, N_UNITS));
}

/* Years 1970 to CIVIL_YEAR_MAX; only near the end does the zone matter. */
static bool is_in_years(int64_t at_ms)
{
	int64_t end_ms = (int64_t)civil_day(CIVIL_YEAR_MAX + 1, 1, 1) * DAY_MINUTES * 60000;

	if (at_ms >= 0 && at_ms < end_ms - DAY_MINUTES * 60000)
		return true;
	return at_ms >= 0 && at_ms < civil_instant(civil_day(CIVIL_YEAR_MAX + 1, 1, 1), 0);
}

int period_check(bool has_calendar, int64_t from_ms, int64_t goal, enum unit unit, struct err *e)
{
	int64_t max = unit == UNIT_HOURS ? GOAL_HOURS_MAX : GOAL_DAYS_MAX;
	char value[24];

	if (goal < 1 || goal > max) {
		snprintf(value, sizeof(value), "%jd", (intmax_t)goal);
		return err_arg(e, ERR_BAD_REQUEST, "goal", value, "the goal %s is not 1 to %jd %s", value,
			(intmax_t)max, unit_name(unit));
	}
	if (!is_in_years(from_ms)) {
		snprintf(value, sizeof(value), "%jd", (intmax_t)from_ms);
		return err_arg(e, ERR_BAD_REQUEST, "from", value,
			"the instant %s ms is not in the years %d to %d", value, CIVIL_YEAR_MIN,
			CIVIL_YEAR_MAX);
	}
	if (unit == UNIT_WORKING_DAYS && !has_calendar)
		return err_arg(e, ERR_BAD_REQUEST, "calendar", NULL, "working_days need a calendar");
	return 0;
}

/* Whether the day is left out; *at follows the days upwards. */
static bool is_left_out(struct day_ranges out, size_t *at, int32_t day)
{
	while (*at < out.n && out.list[*at].to <= day)
		++*at;
	return *at < out.n && out.list[*at].from <= day;
}

static int is_countable(const struct calendar *c, enum unit unit, int32_t day, bool *is, struct err *e)
{
	*is = true;
	return unit == UNIT_WORKING_DAYS ? calendar_is_working_day(c, day, is, e) : 0;
}

/*
 * The last day of a period of `n` counted days after the day `receipt`. When `rolls`, it moves off days which
 * the calendar calls off, and off days left out. A missing year is an error.
 */
static int days_count_to(const struct calendar *c, enum unit unit, int32_t receipt, int64_t n, bool rolls,
	struct day_ranges out, int32_t *last, struct err *e)
{
	size_t at = 0;
	bool is;

	for (*last = receipt; n > 0;) {
		++*last;
		if (is_countable(c, unit, *last, &is, e) != 0)
			return -1;
		n -= is && !is_left_out(out, &at, *last);
	}
	while (rolls) {
		if (calendar_is_working_day(c, *last, &is, e) != 0)
			return -1;
		if (is && !is_left_out(out, &at, *last))
			break;
		++*last;
	}
	return 0;
}

int days_count_between(const struct calendar *c, enum unit unit, int32_t from, int32_t to,
	struct day_ranges out, int64_t *n_counted, int64_t *n_left_out, struct err *e)
{
	size_t at = 0;
	bool is;

	*n_counted = *n_left_out = 0;
	for (int32_t day = from; day < to; day++) {
		if (is_countable(c, unit, day, &is, e) != 0)
			return -1;
		if (is)
			++*(is_left_out(out, &at, day) ? n_left_out : n_counted);
	}
	return 0;
}

int days_percent(const struct calendar *c, enum unit unit, int32_t receipt, int64_t n, int percent,
	struct day_ranges out, int32_t *last, struct err *e)
{
	bool rolls = unit == UNIT_NATURAL_DAYS && c != NULL && percent >= 100;

	return days_count_to(c, unit, receipt, (n * percent + 99) / 100, rolls, out, last, e);
}

int calendar_due(const struct calendar *c, int64_t from_ms, int64_t goal, enum unit unit, int64_t *due_ms,
	struct err *e)
{
	return calendar_percent(c, from_ms, goal, unit, 100, due_ms, e);
}

int calendar_percent(const struct calendar *c, int64_t from_ms, int64_t goal, enum unit unit, int percent,
	int64_t *at_ms, struct err *e)
{
	struct day_ranges none = {NULL, 0};
	int32_t last;

	must(percent >= 1 && percent <= 1000);
	if (period_check(c != NULL, from_ms, goal, unit, e) != 0)
		return -1;
	if (unit == UNIT_HOURS)
		return calendar_forward(c, from_ms, goal * (HOUR_MS / 100) * percent, at_ms, e);
	if (days_percent(c, unit, civil_day_of(from_ms), goal, percent, none, &last, e) != 0)
		return -1;
	*at_ms = civil_instant(last + 1, 0);
	return 0;
}
