/* Building a calendar, and what it says about one day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/calendar_int.h"

#define N_YEARS (CIVIL_YEAR_MAX - CIVIL_YEAR_MIN + 1)

enum date_kind { DATE_OFF, DATE_WORK, DATE_OWN };

struct date {
	int32_t day;
	enum date_kind kind;
	struct segments own;
};

struct calendar {
	char name[64];
	bool is_sealed;
	bool has_year[N_YEARS];
	struct segments week[7];
	const struct segments *workday; /* of the first weekday that has some */
	struct date *dates;             /* ascending */
	size_t n_dates;
	uint8_t hash[SHA256_LEN];
};

static const char *const weekday_names[] = {
	"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"};
static const char *const kind_names[] = {"off", "worked", "given its own segments"};
static const struct segments no_segments;

struct calendar *calendar_new(const char *name)
{
	struct calendar *c = calloc(1, sizeof(*c));

	must(c != NULL);
	snprintf(c->name, sizeof(c->name), "%s", name);
	return c;
}

void calendar_free(struct calendar *c)
{
	if (c == NULL)
		return;
	for (int i = 0; i < 7; i++)
		free(c->week[i].list);
	for (size_t i = 0; i < c->n_dates; i++)
		free(c->dates[i].own.list);
	free(c->dates);
	free(c);
}

const char *calendar_name(const struct calendar *c)
{
	return c->name;
}

static int segment_insert(
	const struct calendar *c, struct segments *s, const char *where, int from, int to, struct err *e)
{
	uint32_t at = 0;

	if (from < 0 || to > DAY_MINUTES || from >= to)
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\", %s: the segment of minutes %d to %d is not within 0 to 1440, or is "
			"empty",
			c->name, where, from, to);
	while (at < s->n && s->list[at].from < from)
		at++;
	if ((at > 0 && s->list[at - 1].to > from) || (at < s->n && s->list[at].from < to))
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\", %s: the segment %02d:%02d-%02d:%02d overlaps another", c->name,
			where, from / 60, from % 60, to / 60, to % 60);
	s->list = realloc(s->list, (s->n + 1) * sizeof(*s->list));
	must(s->list != NULL);
	memmove(s->list + at + 1, s->list + at, (s->n - at) * sizeof(*s->list));
	s->list[at] = (struct segment){(int16_t)from, (int16_t)to};
	s->n++;
	return 0;
}

int calendar_add_segment(struct calendar *c, int weekday, int from_minute, int to_minute, struct err *e)
{
	must(!c->is_sealed);
	if (weekday < 0 || weekday > 6)
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\": weekday %d is not 0 (Monday) to 6 (Sunday)", c->name, weekday);
	return segment_insert(c, &c->week[weekday], weekday_names[weekday], from_minute, to_minute, e);
}

int calendar_add_year(struct calendar *c, int year, struct err *e)
{
	must(!c->is_sealed);
	if (year < CIVIL_YEAR_MIN || year > CIVIL_YEAR_MAX)
		return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\": the year %d is not %d to %d", c->name,
			year, CIVIL_YEAR_MIN, CIVIL_YEAR_MAX);
	c->has_year[year - CIVIL_YEAR_MIN] = true;
	return 0;
}

bool calendar_has_year(const struct calendar *c, int year)
{
	return year >= CIVIL_YEAR_MIN && year <= CIVIL_YEAR_MAX && c->has_year[year - CIVIL_YEAR_MIN];
}

/* Index of the first date that is not before day. */
static size_t date_index(const struct calendar *c, int32_t day)
{
	size_t low = 0, high = c->n_dates;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (c->dates[mid].day < day)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The date, made if need be; -1 if it is of another kind. */
static int date_need(struct calendar *c, int32_t day, enum date_kind kind, struct date **out, struct err *e)
{
	size_t at = date_index(c, day);
	char text[16];

	must(!c->is_sealed);
	if (at < c->n_dates && c->dates[at].day == day) {
		*out = &c->dates[at];
		if ((*out)->kind != kind)
			return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\": %s is %s and also %s", c->name,
				civil_format(day, text), kind_names[(*out)->kind], kind_names[kind]);
		return 0;
	}
	c->dates = realloc(c->dates, (c->n_dates + 1) * sizeof(*c->dates));
	must(c->dates != NULL);
	memmove(c->dates + at + 1, c->dates + at, (c->n_dates - at) * sizeof(*c->dates));
	c->dates[at] = (struct date){.day = day, .kind = kind};
	c->n_dates++;
	*out = &c->dates[at];
	return 0;
}

int calendar_add_off(struct calendar *c, int32_t day, struct err *e)
{
	struct date *d;

	return date_need(c, day, DATE_OFF, &d, e);
}

int calendar_add_work(struct calendar *c, int32_t day, struct err *e)
{
	struct date *d;

	return date_need(c, day, DATE_WORK, &d, e);
}

int calendar_add_day_segment(struct calendar *c, int32_t day, int from_minute, int to_minute, struct err *e)
{
	char text[16];
	struct date *d;

	if (date_need(c, day, DATE_OWN, &d, e) != 0)
		return -1;
	return segment_insert(c, &d->own, civil_format(day, text), from_minute, to_minute, e);
}

static void hash_segments(struct buf *b, const struct segments *s)
{
	buf_add_be32(b, s->n);
	for (uint32_t i = 0; i < s->n; i++)
		buf_add_be32(b, (uint32_t)s->list[i].from << 16 | (uint32_t)s->list[i].to);
}

/* Everything it says, in the order of days: week, years, dates. */
static void hash_all(struct calendar *c)
{
	struct buf b;

	buf_init(&b, SIZE_MAX);
	for (int i = 0; i < 7; i++)
		hash_segments(&b, &c->week[i]);
	buf_add(&b, c->has_year, sizeof(c->has_year));
	for (size_t i = 0; i < c->n_dates; i++) {
		buf_add_be32(&b, (uint32_t)c->dates[i].day);
		buf_add_u8(&b, (uint8_t)c->dates[i].kind);
		hash_segments(&b, &c->dates[i].own);
	}
	sha256(b.p, b.n, c->hash);
	buf_fini(&b);
}

int calendar_seal(struct calendar *c, struct err *e)
{
	must(!c->is_sealed);
	for (int i = 6; i >= 0; i--) {
		if (c->week[i].n > 0)
			c->workday = &c->week[i];
	}
	if (c->workday == NULL)
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\": no weekday has working time; add segments such as 09:00-18:00",
			c->name);
	hash_all(c);
	c->is_sealed = true;
	return 0;
}

const uint8_t *calendar_hash(const struct calendar *c)
{
	must(c->is_sealed);
	return c->hash;
}

/* What marks the error for calendar_is_missing. */
#define MISSING_REASON "calendar_year_missing"

bool calendar_is_missing(const struct err *e, int *year)
{
	if (strcmp(e->reason, MISSING_REASON) != 0)
		return false;
	*year = (int)strtol(e->value, NULL, 10);
	return true;
}

int calendar_missing(const char *name, int year, struct err *e)
{
	char value[16];

	snprintf(value, sizeof(value), "%d", year);
	err_arg(e, ERR_REJECTED, "calendar", value,
		"calendar \"%s\" has no data for the year %d: add its holidays and make-up workdays", name,
		year);
	snprintf(e->reason, sizeof(e->reason), MISSING_REASON);
	return -1;
}

int calendar_day(const struct calendar *c, int32_t day, const struct segments **out, struct err *e)
{
	const struct segments *week = &c->week[civil_weekday(day)];
	int year = civil_year(day);
	size_t at;

	must(c->is_sealed);
	if (!calendar_has_year(c, year))
		return calendar_missing(c->name, year, e);
	at = date_index(c, day);
	if (at == c->n_dates || c->dates[at].day != day)
		*out = week;
	else if (c->dates[at].kind == DATE_OFF)
		*out = &no_segments;
	else if (c->dates[at].kind == DATE_OWN)
		*out = &c->dates[at].own;
	else
		*out = week->n > 0 ? week : c->workday;
	return 0;
}
