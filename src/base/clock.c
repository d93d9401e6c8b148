#include "tocsin/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tocsin/civil.h"

static int64_t timespec_ms(clockid_t id)
{
	struct timespec ts;

	must(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t system_wall_ms(void *udata)
{
	(void)udata;
	return timespec_ms(CLOCK_REALTIME);
}

static int64_t system_mono_ms(void *udata)
{
	(void)udata;
	return timespec_ms(CLOCK_BOOTTIME);
}

static int64_t us_of(clockid_t id)
{
	struct timespec ts;

	must(clock_gettime(id, &ts) == 0);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t clock_mono_us(void)
{
	return us_of(CLOCK_MONOTONIC);
}

int64_t clock_thread_us(void)
{
	return us_of(CLOCK_THREAD_CPUTIME_ID);
}

void clock_init_real(struct clock *c, int64_t floor_ms)
{
	memset(c, 0, sizeof(*c));
	c->read_wall_ms = system_wall_ms;
	c->read_mono_ms = system_mono_ms;
	c->wall_ms = c->read_wall_ms(c->udata);
	c->mono_ms = c->read_mono_ms(c->udata);
	c->now_ms = c->wall_ms > floor_ms ? c->wall_ms : floor_ms;
}

void clock_init_virtual(struct clock *c, int64_t start_ms, int64_t floor_ms)
{
	memset(c, 0, sizeof(*c));
	c->is_virtual = true;
	c->now_ms = start_ms > floor_ms ? start_ms : floor_ms;
	c->wall_ms = c->now_ms;
}

int64_t clock_tick(struct clock *c)
{
	int64_t wall, mono, elapsed;

	if (c->is_virtual)
		return c->now_ms;
	wall = c->read_wall_ms(c->udata);
	mono = c->read_mono_ms(c->udata);
	elapsed = mono > c->mono_ms ? mono - c->mono_ms : 0;
	/* wall moved further than time can have passed: a step; small ones are believed */
	if (wall - c->wall_ms > elapsed + CLOCK_STEP_MS)
		c->is_suspect = true;
	if (wall <= c->now_ms + elapsed)
		c->is_suspect = false; /* stepped back to what we believe */
	c->wall_ms = wall;
	c->mono_ms = mono;
	if (c->is_suspect || wall < c->now_ms)
		c->now_ms += elapsed;
	else
		c->now_ms = wall;
	return c->now_ms;
}

int64_t clock_accept(struct clock *c)
{
	c->is_suspect = false;
	if (c->wall_ms > c->now_ms)
		c->now_ms = c->wall_ms;
	return c->now_ms;
}

void clock_advance_to(struct clock *c, int64_t to_ms)
{
	must(c->is_virtual);
	if (to_ms > c->now_ms)
		c->now_ms = to_ms;
	c->wall_ms = c->now_ms;
}

char *clock_format(int64_t at_ms, char out[40])
{
	int64_t s = at_ms >= 0 ? at_ms / 1000 : -((-at_ms + 999) / 1000);
	int32_t day, second = civil_second_of(at_ms, &day);
	int year, month, mday, minutes = civil_offset_s(s) / 60;

	civil_split(day, &year, &month, &mday);
	snprintf(out, 40, "%04d-%02d-%02dT%02d:%02d:%02d.%03d%c%02d:%02d", year % 10000, month, mday,
		second / 3600, second / 60 % 60, second % 60, (int)(at_ms - s * 1000),
		minutes < 0 ? '-' : '+', abs(minutes) / 60 % 24, abs(minutes) % 60);
	return out;
}

/* Read exactly n digits; -1 if they are not there. */
static int digits(const char **p, int n)
{
	int v = 0;

	for (int i = 0; i < n; i++) {
		if ((*p)[i] < '0' || (*p)[i] > '9')
			return -1;
		v = v * 10 + (*p)[i] - '0';
	}
	*p += n;
	return v;
}

static int parse_date(const char **p, struct tm *tm)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = digits(p, 4), month, day, last;

	if (year < 1970 || *(*p)++ != '-' || (month = digits(p, 2)) < 1 || month > 12 || *(*p)++ != '-')
		return -1;
	day = digits(p, 2);
	last = days[month - 1] + (month == 2 && (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)));
	if (day < 1 || day > last)
		return -1;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

static int parse_time(const char **p, struct tm *tm, int *ms)
{
	if ((tm->tm_hour = digits(p, 2)) < 0 || tm->tm_hour > 23 || *(*p)++ != ':')
		return -1;
	if ((tm->tm_min = digits(p, 2)) < 0 || tm->tm_min > 59)
		return -1;
	if (**p == ':') {
		(*p)++;
		if ((tm->tm_sec = digits(p, 2)) < 0 || tm->tm_sec > 59)
			return -1;
	}
	if (**p == '.') {
		(*p)++;
		if ((*ms = digits(p, 3)) < 0)
			return -1;
	}
	return 0;
}

/* A time in a gap becomes the gap's end, whatever its part of a second. */
static int64_t local_instant(const struct tm *tm, int ms)
{
	int32_t day = civil_day(tm->tm_year + 1900, tm->tm_mon + 1, tm->tm_mday);
	int second = tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
	int64_t at_ms = civil_instant_s(day, second);

	return at_ms == civil_instant_s(day, second + 1) ? at_ms : at_ms + ms;
}

/* "Z", "+08:00" or nothing; minutes east of UTC, *has_offset false for nothing. */
static int parse_offset(const char **p, bool *has_offset, int *minutes)
{
	int sign = **p == '-' ? -1 : 1, h, m;

	*has_offset = **p == 'Z' || **p == '+' || **p == '-';
	*minutes = 0;
	if (!*has_offset || *(*p)++ == 'Z')
		return 0;
	if ((h = digits(p, 2)) < 0 || h > 14 || *(*p)++ != ':' || (m = digits(p, 2)) < 0 || m > 59)
		return -1;
	*minutes = sign * (h * 60 + m);
	return 0;
}

int clock_parse(const char *text, int64_t *at_ms, struct err *e)
{
	struct tm tm = {0};
	const char *p = text;
	int ms = 0, minutes = 0;
	bool has_offset = false;

	if (parse_date(&p, &tm) != 0)
		goto bad;
	if (*p == 'T' || *p == ' ') {
		p++;
		if (parse_time(&p, &tm, &ms) != 0 || parse_offset(&p, &has_offset, &minutes) != 0)
			goto bad;
	}
	if (*p != '\0')
		goto bad;
	if (has_offset)
		*at_ms = ((int64_t)timegm(&tm) - minutes * 60) * 1000 + ms;
	else
		*at_ms = local_instant(&tm, ms);
	return 0;
bad:
	return err_set(e, ERR_BAD_REQUEST, "\"%.60s\" is not a time such as 2026-09-22T10:00+08:00", text);
}

int clock_zone_set(const char *name, struct err *e)
{
	char path[256];

	snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", name);
	if (name[0] == '\0' || name[0] == '/' || strstr(name, "..") != NULL || access(path, R_OK) != 0)
		return err_set(e, ERR_BAD_REQUEST,
			"time zone \"%.80s\" is not in tzdata (/usr/share/zoneinfo)", name);
	if (setenv("TZ", name, 1) != 0)
		return err_set(e, ERR_INTERNAL, "setenv TZ: out of memory");
	tzset();
	civil_forget();
	return 0;
}

const char *clock_zone(void)
{
	const char *name = getenv("TZ");

	return name == NULL ? "" : name;
}
