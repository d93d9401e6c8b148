/* A calendar from the data of a pack. */
#include <stdio.h>
#include <string.h>

#include "tocsin/calendar.h"

/* A list, which rules also write as an empty map; an absent one is empty. */
static int need_list(const char *name, const struct value *v, const char *where, struct err *e)
{
	if (v == NULL || value_is(v, VALUE_ARRAY) || (value_is(v, VALUE_MAP) && v->n == 0))
		return 0;
	return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\", %s: %s instead of a list", name, where,
		value_type_name(v));
}

static uint32_t list_n(const struct value *v)
{
	return value_is(v, VALUE_ARRAY) ? v->n : 0;
}

/* {from_minute, to_minute} */
static int read_segment(
	const char *name, const struct value *v, const char *where, int *from, int *to, struct err *e)
{
	int64_t a, b;

	if (list_n(v) != 2 || !value_as_int(value_at(v, 0), &a) || !value_as_int(value_at(v, 1), &b))
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\", %s: a segment is two minutes of the day, such as {540, 1080}", name,
			where);
	/* what does not fit in an int is out of range all the same */
	*from = a < -1 || a > DAY_MINUTES ? -1 : (int)a;
	*to = b < -1 || b > DAY_MINUTES ? DAY_MINUTES + 1 : (int)b;
	return 0;
}

static int read_week(struct calendar *c, const struct value *week, struct err *e)
{
	const char *name = calendar_name(c);
	char where[32];
	int from, to;

	if (need_list(name, week, "week", e) != 0)
		return -1;
	if (list_n(week) > 7)
		return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\": the week has %u days", name, week->n);
	for (uint32_t i = 0; i < list_n(week); i++) {
		const struct value *day = value_at(week, i);

		snprintf(where, sizeof(where), "week[%u]", i + 1);
		if (need_list(name, day, where, e) != 0)
			return -1;
		for (uint32_t k = 0; k < list_n(day); k++) {
			if (read_segment(name, value_at(day, k), where, &from, &to, e) != 0 ||
				calendar_add_segment(c, (int)i, from, to, e) != 0)
				return -1;
		}
	}
	return 0;
}

static int read_day(struct calendar *c, const char *date, const struct value *v, struct err *e)
{
	const char *name = calendar_name(c);
	int from, to;
	int32_t day;

	if (civil_parse(date, &day, e) != 0)
		return err_prefix(e, "calendar \"%s\"", name);
	if (value_is(v, VALUE_BOOL))
		return v->as.b ? calendar_add_work(c, day, e) : calendar_add_off(c, day, e);
	if (need_list(name, v, date, e) != 0)
		return -1;
	if (list_n(v) == 0)
		return calendar_add_off(c, day, e);
	for (uint32_t k = 0; k < list_n(v); k++) {
		if (read_segment(name, value_at(v, k), date, &from, &to, e) != 0 ||
			calendar_add_day_segment(c, day, from, to, e) != 0)
			return -1;
	}
	return 0;
}

static int read_days(struct calendar *c, const struct value *days, struct err *e)
{
	const char *name = calendar_name(c);

	if (days == NULL || (value_is(days, VALUE_ARRAY) && days->n == 0))
		return 0;
	if (!value_is(days, VALUE_MAP))
		return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\", days: %s instead of a map from dates",
			name, value_type_name(days));
	for (uint32_t i = 0; i < days->n; i++) {
		struct slice key = value_slice(&days->as.pairs[i].key);
		char date[64];

		snprintf(date, sizeof(date), "%.*s", (int)(key.n < 60 ? key.n : 60),
			key.n > 0 ? (const char *)key.p : "");
		if (read_day(c, date, &days->as.pairs[i].val, e) != 0)
			return -1;
	}
	return 0;
}

static int read_years(struct calendar *c, const struct value *years, struct err *e)
{
	if (need_list(calendar_name(c), years, "years", e) != 0)
		return -1;
	for (uint32_t i = 0; i < list_n(years); i++) {
		int64_t year;

		if (!value_as_int(value_at(years, i), &year) || year < 0 || year > 99999)
			return err_set(e, ERR_BAD_REQUEST, "calendar \"%s\": years[%u] is not a year",
				calendar_name(c), i + 1);
		if (calendar_add_year(c, (int)year, e) != 0)
			return -1;
	}
	return 0;
}

static int check_keys(const char *name, const struct value *v, struct err *e)
{
	static const char *const known[] = {"week", "days", "years"};

	if (!value_is(v, VALUE_MAP))
		return err_set(e, ERR_BAD_REQUEST,
			"calendar \"%s\": %s instead of a map of week, days and years", name,
			value_type_name(v));
	for (uint32_t i = 0; i < v->n; i++) {
		const struct value *key = &v->as.pairs[i].key;
		struct slice text = value_slice(key);

		if (!value_is_text(key, known[0]) && !value_is_text(key, known[1]) &&
			!value_is_text(key, known[2]))
			return err_set(e, ERR_BAD_REQUEST,
				"calendar \"%s\": unknown key \"%.*s\", known are week, days and years", name,
				(int)(text.n < 60 ? text.n : 60), text.n > 0 ? (const char *)text.p : "");
	}
	return 0;
}

struct calendar *calendar_from_value(const char *name, const struct value *v, struct err *e)
{
	struct calendar *c = calendar_new(name);

	if (check_keys(name, v, e) == 0 && read_week(c, value_get(v, "week"), e) == 0 &&
		read_days(c, value_get(v, "days"), e) == 0 && read_years(c, value_get(v, "years"), e) == 0 &&
		calendar_seal(c, e) == 0)
		return c;
	calendar_free(c);
	return NULL;
}
