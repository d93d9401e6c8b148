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

/* Says where but not what, or is of the total of the province: about all that is complained of there. */
static bool is_whole(const struct value *fact)
{
	return value_get(fact, "city") != NULL || value_get(fact, "cities") != NULL ||
	       value_has_text(value_get(fact, "keys"), SLICE_TEXT("*/*"));
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
/* A fault that a case means which names no category: by its name, its component, or its service. */
static bool is_of_fault(const struct value *catalog, const struct value *fact, const struct pair *fault)
{
	const struct value *component = value_get(fact, "component"),
			   *service = value_get(&fault->val, "service"), *of;
	struct slice name = value_slice(component);

	if (value_get(fact, "fault") != NULL)
		return value_equal(value_get(fact, "fault"), &fault->key);
	if (component == NULL)
		return service != NULL && value_equal(value_get(fact, "service"), service);
	of = value_get(value_get_n(value_get(catalog, "components"), name.p, name.n), "service");
	return value_has_text(value_get(&fault->val, "components"), name) ||
	       (of != NULL && service != NULL && value_equal(of, service));
}

/*
 * What a case is about: its category, those of its cluster, those of its faults, and those that keys of its
 * evidence name; all when it only says where, nothing when it says neither. The pack asks the same of what hangs
 * on it (evidence.is_about in lua/lib/evidence.lua); tests/rpc/evidence_test.py holds both to the same answers.
 */
static bool is_about(struct desk *d, const struct value *fact, struct slice category)
{
	const struct value *catalog = packs_catalog(d->packs), *faults = value_get(catalog, "faults"),
			   *of = value_get(fact, "category");
	struct slice cluster = value_slice(value_get(fact, "cluster"));

	if (has_key_of(fact, category))
		return true;
	if (of != NULL)
		return name_under(category, value_slice(of));
	if (cluster.n > 0)
		return holds_category(
			value_get_n(value_get(catalog, "clusters"), cluster.p, cluster.n), category);
	if (value_get(fact, "fault") == NULL && value_get(fact, "service") == NULL &&
		value_get(fact, "component") == NULL)
		return is_whole(fact);
	for (uint32_t i = 0; faults != NULL && i < faults->n; i++)
		if (is_of_fault(catalog, fact, &faults->as.pairs[i]) &&
			holds_category(&faults->as.pairs[i].val, category))
			return true;
	return false;
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

bool case_has_stream(void *scope, const struct stream_name *of)
{
	const struct case_scope *s = scope;
	struct value where = value_borrow(of->city.p, of->city.n);

	return fits_city(&s->fact, &where) &&
	       (of->what == 'c' ? is_about(s->desk, &s->fact, of->category)
				: has_signals(s->desk, &s->fact, of->service, of->component));
}
