/*
 * Working calendars: when a period ends. Plain data, no clock; times are ms since 1970 UTC,
 * days are days since 1970-01-01 in the process zone (clock_zone_set).
 *
 * Counting follows the Civil Code of China, arts 200-204: hours run from the moment; the day of receipt is
 * not counted; a last day that is a holiday moves to the next day that is none; the last day ends at 24:00,
 * which is 00:00 of the day after.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/civil.h"
#include "tocsin/err.h"
#include "tocsin/util.h"
#include "tocsin/value.h"

/* ---- calendars ----------------------------------------------------------------------------------------- */

/*
 * A calendar says which days and times are worked: segments for each weekday, and dates that differ. It knows
 * some years; the others are reported, never guessed. Built by calendar_add_*, then sealed, then never
 * changed: after that any thread may read it.
 */
struct calendar;

/* An empty calendar; the name is for messages. calendar_free(NULL) is fine. */
struct calendar *calendar_new(const char *name);
void calendar_free(struct calendar *);

/*
 * Each returns 0, or -1 with ERR_BAD_REQUEST naming calendar and value. Minutes are of the day, [from, to),
 * to <= 1440; segments of one day may not overlap. A date is off, worked or has own segments: saying it again
 * is fine, otherwise not.
 */
int calendar_add_segment(
	struct calendar *, int weekday, int from_minute, int to_minute, struct err *) MUST_CHECK;
int calendar_add_year(struct calendar *, int year, struct err *) MUST_CHECK;
int calendar_add_off(struct calendar *, int32_t day, struct err *) MUST_CHECK;
/* A make-up workday: the weekday's own segments if it has some, else those of the first weekday that has. */
int calendar_add_work(struct calendar *, int32_t day, struct err *) MUST_CHECK;
int calendar_add_day_segment(
	struct calendar *, int32_t day, int from_minute, int to_minute, struct err *) MUST_CHECK;
/* Done; -1 with ERR_BAD_REQUEST if no weekday has a segment. Every function below needs a sealed calendar. */
int calendar_seal(struct calendar *, struct err *) MUST_CHECK;

/*
 * A sealed calendar from data: {week={[1…7]={{from_minute, to_minute}…}}, days={["2026-10-01"]=false | true |
 * {{from, to}…}}, years={2026, …}}; week[1] is Monday, false off, true a make-up workday. An empty list may
 * also be an empty map. NULL with ERR_BAD_REQUEST that names calendar, place and value.
 */
struct calendar *calendar_from_value(const char *name, const struct value *, struct err *) MUST_CHECK;

const char *calendar_name(const struct calendar *);
/* SHA-256 of what it says: equal for the same segments, years and dates, in whatever order they were added.
 */
const uint8_t *calendar_hash(const struct calendar *);
bool calendar_has_year(const struct calendar *, int year);

/*
 * Every question below may end in -1 with ERR_REJECTED "calendar "cn" has no data for the year 2027 ...".
 * This tells that error from others, and which year it was.
 */
bool calendar_is_missing(const struct err *, int *year);

/* Off means a weekend, a holiday, or any other day without working time. */
int calendar_is_working_day(const struct calendar *, int32_t day, bool *is, struct err *) MUST_CHECK;

/*
 * Working time between two instants (0 if to_ms <= from_ms), and its inverse: the earliest instant by which
 * `ms` have been worked since from_ms; ms = 0 gives from_ms. Without a calendar (NULL) all time counts.
 */
int calendar_between(
	const struct calendar *, int64_t from_ms, int64_t to_ms, int64_t *ms, struct err *) MUST_CHECK;
int calendar_forward(
	const struct calendar *, int64_t from_ms, int64_t ms, int64_t *at_ms, struct err *) MUST_CHECK;

/* ---- periods ------------------------------------------------------------------------------------------- */

#define HOUR_MS INT64_C(3600000)
#define GOAL_HOURS_MAX 876000 /* 100 years */
#define GOAL_DAYS_MAX 36500

/* UNIT(name, wire name) */
#define UNITS(UNIT)                                                                                          \
	UNIT(HOURS, "hours")               /* elapsed, or working hours with a calendar */                   \
	UNIT(NATURAL_DAYS, "natural_days") /* the last day moves off holidays if there is a calendar */      \
	UNIT(WORKING_DAYS, "working_days") /* needs a calendar */

enum unit {
#define UNIT(name, wire) UNIT_##name,
	UNITS(UNIT)
#undef UNIT
};

const char *unit_name(enum unit);
/* 0, or -1 with ERR_BAD_REQUEST that lists the units and says what was probably meant. */
int unit_parse(const char *name, enum unit *, struct err *) MUST_CHECK;

/*
 * -1 with ERR_BAD_REQUEST if the goal is not 1 ... GOAL_HOURS_MAX or GOAL_DAYS_MAX, from_ms not in
 * CIVIL_YEAR_MIN ... CIVIL_YEAR_MAX, or working days are asked without a calendar.
 */
int period_check(bool has_calendar, int64_t from_ms, int64_t goal, enum unit, struct err *) MUST_CHECK;

/*
 * When a period of `goal` units that began at from_ms is over: late is what comes after due_ms. The day of
 * from_ms is not counted; so to count the days after a deadline, begin at deadline - 1, its last day's last
 * instant. Errors of period_check, and a missing year. Cost: O(days of the period).
 */
int calendar_due(const struct calendar *, int64_t from_ms, int64_t goal, enum unit, int64_t *due_ms,
	struct err *) MUST_CHECK;

/*
 * The instant at which `percent` (1 ... 1000) of the period is over. Hours: that part of the goal. Days: the
 * end of counted day ceil(percent * goal / 100); from 100 % on the day moves off holidays as the last one
 * does.
 */
int calendar_percent(const struct calendar *, int64_t from_ms, int64_t goal, enum unit, int percent,
	int64_t *at_ms, struct err *) MUST_CHECK;
