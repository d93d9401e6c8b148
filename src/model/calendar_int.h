/* Private to calendars and ledgers: the segments of a day, and counting days of which some are left out. */
#pragma once

#include "tocsin/calendar.h"

struct segment {
	int16_t from, to; /* minutes of the day */
};

struct segments {
	struct segment *list; /* ascending, not overlapping */
	uint32_t n;
};

/* The working segments of a day, none if it is off; a missing year is an error. */
int calendar_day(const struct calendar *, int32_t day, const struct segments **, struct err *) MUST_CHECK;

/* Fill in the error of a missing year, which calendar_is_missing knows; returns -1. */
int calendar_missing(const char *name, int year, struct err *);

/* Days [from, to) that do not count, because a pause covers each of them from 00:00 to 24:00. */
struct day_range {
	int32_t from, to;
};

/* In ascending order, not overlapping. */
struct day_ranges {
	const struct day_range *list;
	size_t n;
};

/* How many of the days [from, to) count, and how many would but are left out. */
int days_count_between(const struct calendar *, enum unit, int32_t from, int32_t to, struct day_ranges,
	int64_t *n_counted, int64_t *n_left_out, struct err *) MUST_CHECK;

/*
 * The last day of `percent` of a period of n days: counted day ceil(percent * n / 100), which from 100 % on
 * moves off holidays if natural days have a calendar.
 */
int days_percent(const struct calendar *, enum unit, int32_t receipt, int64_t n, int percent,
	struct day_ranges, int32_t *last, struct err *) MUST_CHECK;
