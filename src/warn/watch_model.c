/* What a watch expects, and the kinds of days. */
#include <stdlib.h>

#include "watch_int.h"

static int fixed_read(const struct reader *r, struct watch *w, const struct value *v)
{
	const struct value *cities = value_get(v, "cities");

	if (read_number(r, v, "value", true, &w->fixed) != 0)
		return -1;
	if (cities == NULL || cities->n == 0)
		return 0;
	w->cities = arena_alloc(r->arena, cities->n * sizeof(*w->cities));
	for (; w->n_cities < cities->n; w->n_cities++) {
		const struct pair *p = &cities->as.pairs[w->n_cities];
		struct city_expect *c = &w->cities[w->n_cities];

		c->city = value_cstr(r->arena, &p->key);
		if (read_number(r, cities, c->city, true, &c->value) != 0)
			return -1;
	}
	return 0;
}

static int baseline_read(const struct reader *r, struct watch *w, const struct value *v)
{
	const struct value *until_learned = value_get(v, "until_learned");
	struct baseline_spec *s = &w->baseline;
	double slot_ms;

	w->expect = EXPECT_BASELINE;
	if (read_number(r, v, "slot_ms", true, &slot_ms) != 0 ||
		read_number(r, v, "least_days", true, &s->least_days) != 0 ||
		read_number(r, v, "memory_days", true, &s->memory_days) != 0 ||
		read_number(r, v, "borrow_days", true, &s->borrow_days) != 0 ||
		read_number(r, v, "clip", true, &s->clip) != 0 ||
		read_number(r, v, "own_profile_from", true, &s->own_profile_from) != 0 ||
		read_number(r, v, "least_expected", true, &s->least_expected) != 0 ||
		read_number(r, v, "dispersion", true, &s->dispersion) != 0)
		return -1;
	s->slot_minutes = (uint32_t)(slot_ms / 60000);
	s->is_weekly = value_true(value_get(v, "weekly"));
	s->is_calibrated = value_true(value_get(v, "calibrated"));
	return until_learned == NULL ? 0 : fixed_read(r, w, until_learned);
}

static int farrington_read(const struct reader *r, struct watch *w, const struct value *v)
{
	struct farrington_spec *s = &w->farrington;

	w->expect = EXPECT_FARRINGTON;
	s->has_trend = value_true(value_get(v, "trend"));
	return read_count(r, v, "years", true, &s->years) != 0 ||
			       read_count(r, v, "half_width", true, &s->half_width) != 0 ||
			       read_count(r, v, "periods", true, &s->periods) != 0 ||
			       read_count(r, v, "not_last", true, &s->not_last) != 0 ||
			       read_number(r, v, "reweight_above", true, &s->reweight_above) != 0 ||
			       read_count(r, v, "year", true, &s->year_bins) != 0 ||
			       read_count(r, v, "short", true, &s->short_bins) != 0 ||
			       read_count(r, v, "least", true, &s->least_bins) != 0
		       ? -1
		       : 0;
}

int expected_read(const struct reader *r, struct watch *w, const struct value *v)
{
	const struct value *kind = value_get(v, "kind");

	if (v == NULL)
		return 0;
	if (value_is_text(kind, "fixed")) {
		w->expect = EXPECT_FIXED;
		return fixed_read(r, w, v);
	}
	if (value_is_text(kind, "baseline"))
		return baseline_read(r, w, v);
	if (value_is_text(kind, "farrington"))
		return farrington_read(r, w, v);
	return read_failed(r, "expected.kind", "fixed, baseline or farrington");
}

/* ---- kinds of days ------------------------------------------------------------------------------------- */
static int cmp_day(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static int dates_read(const struct reader *r, struct day_class *c, const struct value *v)
{
	struct texts dates;
	int32_t *days;

	if (read_texts(r, v, "dates", &dates) != 0)
		return -1;
	days = arena_alloc(r->arena, (dates.n + 1) * sizeof(*days));
	for (uint32_t i = 0; i < dates.n; i++)
		if (civil_parse(dates.p[i], &days[i], r->e) != 0)
			return err_prefix(r->e, "%s", r->what);
	qsort(days, dates.n, sizeof(*days), cmp_day);
	c->dates = days;
	c->n_dates = dates.n;
	return 0;
}

static uint32_t bits_of(const struct value *list, int64_t from)
{
	uint32_t bits = 0;

	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		bits |= UINT32_C(1) << ((value_int_or(&list->as.items[i], from) - from) & 31);
	return bits;
}

/* What calendar_from_value takes: the catalog's calendars say more. */
static struct calendar *calendar_of(const struct reader *r, const char *name, const struct value *said)
{
	static const char *const keys[] = {"week", "days", "years"};
	struct value map = value_map(r->arena, 3);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (value_get(said, keys[i]) != NULL)
			value_add(r->arena, &map, keys[i], *value_get(said, keys[i]));
	return calendar_from_value(name, &map, r->e);
}

static int calendar_read(
	const struct reader *r, struct day_class *c, const struct value *v, const struct value *catalog)
{
	const struct value *working = value_get(v, "working"), *said;
	const char *name;

	c->working = -1;
	if (working == NULL)
		return 0;
	c->working = value_true(working);
	if (read_text(r, v, "calendar", &name) != 0)
		return -1;
	said = name == NULL ? NULL : value_get(value_get(catalog, "calendars"), name);
	if (said == NULL)
		return read_failed(r, "calendar", "a declared calendar");
	c->calendar = calendar_of(r, name, said);
	return c->calendar == NULL ? err_prefix(r->e, "%s", r->what) : 0;
}

static int class_read(
	struct reader *r, struct day_classes *list, const struct value *v, const struct value *catalog)
{
	struct day_class *c = &list->list[list->n];
	const struct value *label = value_get(v, "label");

	r->what = "day_class";
	*c = (struct day_class){.like = -1};
	list->n++; /* from here on day_classes_fini frees its calendar */
	if (read_text(r, v, "name", &c->name) != 0)
		return -1;
	if (c->name == NULL)
		return read_failed(r, "name", "a text");
	r->what = arena_printf(r->arena, "day_class %s", c->name);
	c->label = label == NULL ? value_nil : value_copy(r->arena, label);
	c->month_days = bits_of(value_get(v, "month_days"), 0);
	c->weekdays = (uint8_t)bits_of(value_get(v, "weekdays"), 1);
	if (read_count(r, v, "last_days", false, &c->last_days) != 0 || dates_read(r, c, v) != 0)
		return -1;
	return calendar_read(r, c, v, catalog);
}

/* `like` may name a class that stands anywhere; a circle ends at all days. */
static void link_likes(struct day_classes *list, const struct value *all)
{
	for (uint32_t i = 0; i < list->n; i++) {
		const struct value *like = value_get(&all->as.items[i], "like");

		for (uint32_t k = 0; like != NULL && k < list->n; k++)
			if (k != i && value_is_text(like, list->list[k].name))
				list->list[i].like = (int)k;
	}
	for (uint32_t i = 0; i < list->n; i++) {
		int at = list->list[i].like;

		for (uint32_t steps = 0; at >= 0; at = list->list[at].like)
			if (at == (int)i || ++steps > list->n) {
				list->list[i].like = -1;
				break;
			}
	}
}

int day_classes_read(const struct reader *from, struct day_classes *list, const struct value *catalog)
{
	const struct value *all = value_get(catalog, "day_classes");
	struct reader r = *from;

	if (all == NULL || all->n == 0)
		return 0;
	if (!value_is(all, VALUE_ARRAY) || all->n > DAY_CLASSES_MAX)
		return read_failed(&r, "day_classes", "a list of up to 16");
	for (uint32_t i = 0; i < all->n; i++)
		if (class_read(&r, list, &all->as.items[i], catalog) != 0)
			return -1;
	link_likes(list, all);
	return 0;
}

void day_classes_fini(struct day_classes *list)
{
	for (uint32_t i = 0; i < list->n; i++)
		calendar_free(list->list[i].calendar);
	list->n = 0;
}
