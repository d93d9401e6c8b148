/* What a case is about: which complaints and signals are its own. */
#include "desk/affected.h"
#include "desk/cases.h"
#include "desk/warn.h"
#include "tocsin/util.h"

/* A key of its evidence names this category, or one above it. */
static bool has_key_of(const struct value *fact, struct slice category)
{
	const struct value *keys = value_get(fact, "keys");

	for (uint32_t i = 0; value_is(keys, VALUE_ARRAY) && i < keys->n; i++)
		if (warn_key_names(value_slice(&keys->as.items[i]), category))
			return true;
	return false;
}

/* The case is about this category or one above it, or a key of its evidence is, when both are known. */
static bool fits_category(const struct value *fact, const struct value *category)
{
	const struct value *of = value_get(fact, "category");

	return of == NULL || category == NULL || name_under(value_slice(category), value_slice(of)) ||
	       has_key_of(fact, value_slice(category));
}

static bool fits_city(const struct value *fact, const struct value *city)
{
	const struct value *of = value_get(fact, "city"), *cities = value_get(fact, "cities");

	return city == NULL || (of == NULL && cities == NULL) || (of != NULL && value_equal(of, city)) ||
	       value_has_text(cities, value_slice(city));
}

bool case_fits(const struct value *fact, const struct value *city, const struct value *category)
{
	return fits_city(fact, city) && fits_category(fact, category);
}

/* ---- what was counted of it ---------------------------------------------------------------------------- */
int case_scope_of(
	struct desk *d, struct arena *a, const struct value *row, struct case_scope *out, struct err *e)
{
	struct value facts = value_map(a, 1);

	*out = (struct case_scope){.desk = d, .fact = case_fact(a, row)};
	value_add(a, &facts, "case", out->fact);
	return generation_ask(packs_live(d->packs), "about", &facts, a, &out->about, e);
}

/* Complaints: the pack says which. */
static bool is_about(const struct case_scope *s, struct slice category)
{
	return value_true(value_get(&s->about, "all")) || holds_category(&s->about, category);
}

static bool has_signals(
	struct desk *d, const struct value *fact, struct slice service, struct slice component)
{
	const struct value *faults = value_get(packs_catalog(d->packs), "faults"),
			   *category = value_get(fact, "category");

	if ((service.n > 0 && slice_cmp(value_slice(value_get(fact, "service")), service) == 0) ||
		(component.n > 0 && slice_cmp(value_slice(value_get(fact, "component")), component) == 0))
		return true;
	for (uint32_t i = 0; category != NULL && faults != NULL && i < faults->n; i++) {
		const struct value *of = &faults->as.pairs[i].val;

		if (holds_category(of, value_slice(category)) &&
			((service.n > 0 && slice_cmp(value_slice(value_get(of, "service")), service) == 0) ||
				(component.n > 0 && value_has_text(value_get(of, "components"), component))))
			return true;
	}
	return false;
}

/* One click on the case itself counts under the city and the category that it has, if any. */
static bool is_own(const struct value *fact, const struct stream_name *of)
{
	return of->what == 'c' && slice_cmp(value_slice(value_get(fact, "city")), of->city) == 0 &&
	       slice_cmp(value_slice(value_get(fact, "category")), of->category) == 0;
}

bool case_has_stream(void *scope, const struct stream_name *of)
{
	const struct case_scope *s = scope;
	struct value where = value_borrow(of->city.p, of->city.n);

	if (is_own(&s->fact, of))
		return true;
	return fits_city(&s->fact, &where) &&
	       (of->what == 'c' ? is_about(s, of->category)
				: has_signals(s->desk, &s->fact, of->service, of->component));
}
