/* The rule of a roll-up (catalog.rollups), for the live keys and for those of a recording: cities that are new within
 * its time. */
#include <string.h>

#include "warn_int.h"

const struct value *warn_rollup_list(const struct warn *n)
{
	return value_get(packs_catalog(n->desk->packs), "rollups");
}

bool warn_rollup_has(const struct value *rollup, const char *city, const char *category)
{
	const struct value *categories = value_get(rollup, "categories");

	for (uint32_t i = 0; city != NULL && category != NULL && categories != NULL && i < categories->n; i++)
		if (name_under(slice_of(category, strlen(category)), value_slice(&categories->as.items[i])))
			return true;
	return false;
}

bool rolled_begin(
	struct rolled *r, const struct warn *n, struct arena *a, const struct value *rollup, int64_t end_ms)
{
	int least = warn_level_find(n, value_slice(value_get(rollup, "level")));

	*r = (struct rolled){.arena = a,
		.rollup = rollup,
		.least = (uint8_t)(least < 0 ? 0 : least),
		.since_ms = end_ms - value_int_or(value_get(rollup, "within_ms"), 0),
		.cities = value_array(a, 16)};
	return least > 0;
}

bool rolled_has(const struct rolled *r, const char *city, const char *category, uint8_t level)
{
	return level >= r->least && warn_rollup_has(r->rollup, city, category);
}

void rolled_add(struct rolled *r, const char *city, uint8_t level, int64_t opened_ms)
{
	r->level = level > r->level ? level : r->level;
	if (value_has_text(&r->cities, slice_of(city, strlen(city))))
		return;
	value_push(r->arena, &r->cities, value_literal(city));
	r->n_fresh += opened_ms >= r->since_ms;
}

static bool is_enough(const struct rolled *r, uint32_t n)
{
	return n >= value_int_or(value_get(r->rollup, "cities"), 0);
}

bool rolled_is_enough(const struct rolled *r)
{
	return is_enough(r, r->n_fresh);
}

bool rolled_is_enough_by_all(const struct rolled *r)
{
	return is_enough(r, r->cities.n);
}
