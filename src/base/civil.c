/* Days, weekdays and local time. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tocsin/civil.h"

#define DAY_S 86400

/* Euclidean: rounds towards minus infinity. */
static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * The calendar is cut into years that begin on 1 March, so that the leap day is the last of its year, and
 * into eras of 400 years = 146097 days, after which it repeats (Richards, in: Explanatory Supplement to the
 * Astronomical Almanac, 2013, ch. 15). Month m' = 0 for March begins on day (153 m' + 2) / 5 of such a year;
 * 1970-01-01 is day 719468.
 */
int32_t civil_day(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = floor_div(y, 400), of_era = y - era * 400;
	int64_t of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return (int32_t)(era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468);
}

void civil_split(int32_t day, int *year, int *month, int *mday)
{
	int64_t z = (int64_t)day + 719468, era = floor_div(z, 146097), of_era = z - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100), m = (5 * of_year + 2) / 153;

	*mday = (int)(of_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

int civil_year(int32_t day)
{
	int year, month, mday;

	civil_split(day, &year, &month, &mday);
	return year;
}

int civil_weekday(int32_t day)
{
	return (int)((((int64_t)day + 3) % 7 + 7) % 7); /* 1970-01-01 was a Thursday */
}

int civil_parse(const char *text, int32_t *day, struct err *e)
{
	int year, month, mday, y, m, d, n = 0;

	if (strlen(text) != 10 || strspn(text, "0123456789-") != 10 ||
		sscanf(text, "%4d-%2d-%2d%n", &year, &month, &mday, &n) != 3 || n != 10 || text[4] != '-' ||
		text[7] != '-' || month < 1 || month > 12)
		return err_set(e, ERR_BAD_REQUEST, "\"%.40s\" is not a date such as 2026-10-01", text);
	*day = civil_day(year, month, mday);
	civil_split(*day, &y, &m, &d);
	if (d != mday || m != month || y != year)
		return err_set(e, ERR_BAD_REQUEST, "the date %s does not exist", text);
	return 0;
}

static void put_digits(char *to, int v, int n)
{
	for (; n > 0; v /= 10)
		to[--n] = (char)('0' + v % 10);
}

char *civil_format(int32_t day, char out[16])
{
	int year, month, mday;

	civil_split(day, &year, &month, &mday);
	put_digits(out, year % 10000, 4);
	out[4] = out[7] = '-';
	put_digits(out + 5, month, 2);
	put_digits(out + 8, mday, 2);
	out[10] = '\0';
	return out;
}

/* ---- the zone ------------------------------------------------------------------------------------------ */
/*
 * glibc reads the zone's rule anew for each instant behind its last change (for China: all since 1991), which
 * costs microseconds. So each thread remembers the offset of the quarters of an hour it asked about; one in
 * which the offset changes is never remembered.
 */
#define QUARTER_S 900
#define N_QUARTERS 256 /* a power of two */

static _Thread_local struct {
	int64_t quarter;
	int32_t offset_s;
	bool is_known;
} quarters[N_QUARTERS];

void civil_forget(void)
{
	memset(quarters, 0, sizeof(quarters));
}

static int32_t ask_offset_s(int64_t at_s)
{
	time_t t = (time_t)at_s;
	struct tm tm;

	must(localtime_r(&t, &tm) != NULL);
	return (int32_t)tm.tm_gmtoff;
}

int32_t civil_offset_s(int64_t at_s)
{
	int64_t quarter = floor_div(at_s, QUARTER_S);
	size_t slot = (size_t)quarter & (N_QUARTERS - 1);
	int32_t first, last;

	if (quarters[slot].is_known && quarters[slot].quarter == quarter)
		return quarters[slot].offset_s;
	first = ask_offset_s(quarter * QUARTER_S);
	last = ask_offset_s(quarter * QUARTER_S + QUARTER_S - 1);
	if (first != last)
		return ask_offset_s(at_s);
	quarters[slot].quarter = quarter;
	quarters[slot].offset_s = first;
	quarters[slot].is_known = true;
	return first;
}

int32_t civil_second_of(int64_t at_ms, int32_t *day)
{
	int64_t at_s = floor_div(at_ms, 1000), local_s = at_s + civil_offset_s(at_s);

	*day = (int32_t)floor_div(local_s, DAY_S);
	return (int32_t)(local_s - (int64_t)*day * DAY_S);
}

int32_t civil_day_of(int64_t at_ms)
{
	int32_t day;

	civil_second_of(at_ms, &day);
	return day;
}

/*
 * Local time is at_s + civil_civil_offset_s(at_s). It grows with at_s except where the offset falls. A day
 * before and a day after the local time taken as UTC (offsets are within 15 hours) the offset is that of
 * before and after any change nearby.
 */
int64_t civil_instant_s(int32_t day, int second)
{
	int64_t local_s = (int64_t)day * DAY_S + second, low = local_s - DAY_S, high = local_s + DAY_S;
	int64_t before_s = local_s - civil_offset_s(low), after_s = local_s - civil_offset_s(high);

	if (before_s == after_s)
		return before_s * 1000;
	if (before_s + civil_offset_s(before_s) == local_s &&
		(before_s < after_s || after_s + civil_offset_s(after_s) != local_s))
		return before_s * 1000;
	if (after_s + civil_offset_s(after_s) == local_s)
		return after_s * 1000;
	while (high - low > 1) { /* in a gap: find its end */
		int64_t mid = low + (high - low) / 2;

		if (mid + civil_offset_s(mid) >= local_s)
			high = mid;
		else
			low = mid;
	}
	return high * 1000;
}

int64_t civil_instant(int32_t day, int minute)
{
	return civil_instant_s(day, minute * 60);
}
