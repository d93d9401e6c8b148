#include "pack_calendars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int add_segment_fn(struct calendar *, int32_t at, int from, int to, struct err *e);

static int add_weekday(struct calendar *c, int32_t at, int from, int to, struct err *e)
{
	return calendar_add_segment(c, at, from, to, e);
}

/* {{from, to}, …} in minutes of the day. */
static int add_segments(struct calendar *c, const struct value *list, int32_t at, add_segment_fn *add, struct err *e)
{
	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		const struct value *pair = value_at(list, i);

		if (add(c, at, (int)value_int_or(value_at(pair, 0), -1), (int)value_int_or(value_at(pair, 1), -1), e) != 0)
			return -1;
	}
	return 0;
}

/* days: "2026-10-01" = false (off), true (make-up workday), or segments. */
static int add_days(struct calendar *c, const struct value *days, struct err *e)
{
	for (uint32_t i = 0; days != NULL && i < days->n; i++) {
		const struct pair *p = &days->as.pairs[i];
		char text[16];
		int32_t day;
		int rc;

		snprintf(text, sizeof(text), "%.*s", (int)(p->key.n < 15 ? p->key.n : 15), p->key.as.text);
		if (civil_parse(text, &day, e) != 0)
			return -1;
		if (p->val.type == VALUE_BOOL)
			rc = p->val.as.b ? calendar_add_work(c, day, e) : calendar_add_off(c, day, e);
		else
			rc = add_segments(c, &p->val, day, calendar_add_day_segment, e);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int read_one(struct calendar *c, const struct value *data, struct err *e)
{
	const struct value *week = value_get(data, "week"), *years = value_get(data, "years");

	for (uint32_t i = 0; value_is(week, VALUE_ARRAY) && i < week->n; i++)
		if (add_segments(c, &week->as.items[i], (int32_t)i, add_weekday, e) != 0)
			return -1;
	for (uint32_t i = 0; value_is(years, VALUE_ARRAY) && i < years->n; i++)
		if (calendar_add_year(c, (int)value_int_or(&years->as.items[i], 0), e) != 0)
			return -1;
	if (add_days(c, value_get(data, "days"), e) != 0)
		return -1;
	return calendar_seal(c, e);
}

int pack_calendars_read(struct pack_calendars *out, const struct value *catalog, struct err *e)
{
	const struct value *calendars = value_get(catalog, "calendars");
	uint32_t n = value_is(calendars, VALUE_MAP) ? calendars->n : 0;

	out->n = 0;
	out->all = calloc(n + 1, sizeof(out->all[0]));
	must(out->all != NULL);
	for (uint32_t i = 0; i < n; i++) {
		const struct pair *p = &calendars->as.pairs[i];
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(p->key.n < 63 ? p->key.n : 63), p->key.as.text);
		out->all[out->n++] = calendar_new(name);
		if (read_one(out->all[i], &p->val, e) != 0) {
			pack_calendars_fini(out);
			return err_prefix(e, "calendar %s", name);
		}
	}
	return 0;
}

void pack_calendars_fini(struct pack_calendars *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		calendar_free(c->all[i]);
	free(c->all);
	c->all = NULL;
	c->n = 0;
}

const struct calendar *pack_calendars_find(const struct pack_calendars *c, const char *name)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(calendar_name(c->all[i]), name) == 0)
			return c->all[i];
	return NULL;
}
