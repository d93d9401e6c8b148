/*
 * Civil days and local time. Instants are ms since 1970 UTC, days are days since 1970-01-01 in the process
 * zone (clock_zone_set). Changes of the zone's offset are handled by tzdata: a local time that does not exist
 * is its first valid instant, one that exists twice the earlier.
 */
#pragma once

#include <stdint.h>

#include "tocsin/err.h"

#define CIVIL_YEAR_MIN 1970
#define CIVIL_YEAR_MAX 2199 /* of instants that periods begin at; results may lie later */
#define DAY_MINUTES 1440
#define INSTANT_MAX_MS INT64_C(253402300799999) /* the end of the year 9999, UTC: no instant lies behind it */

int32_t civil_day(int year, int month, int day);
void civil_split(int32_t day, int *year, int *month, int *mday);
int civil_year(int32_t day);
int civil_weekday(int32_t day); /* 0 = Monday ... 6 = Sunday */
/* "2026-10-01"; 0, or -1 with ERR_BAD_REQUEST for another shape or a day that does not exist. */
int civil_parse(const char *text, int32_t *day, struct err *) MUST_CHECK;
char *civil_format(int32_t day, char out[16]);
/* Seconds that local time is ahead of UTC at an instant, given in seconds. */
int32_t civil_offset_s(int64_t at_s);
/* The zone has changed (clock_zone_set; before there are threads). */
void civil_forget(void);
/* The local day of an instant, and the second of that day. */
int32_t civil_second_of(int64_t at_ms, int32_t *day);
/* The local day of an instant. */
int32_t civil_day_of(int64_t at_ms);
/* The first instant at which the local time is `minute` of the day or later; minute 0 ... 1440. */
int64_t civil_instant(int32_t day, int minute);
/* The same to the second, 0 ... 86400. */
int64_t civil_instant_s(int32_t day, int second);
