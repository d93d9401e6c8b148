/*
 * Lowered by a person against what makes the level. A roll-up and a silent source have no machine that needs
 * new evidence to rise: their level follows from what is, so the next look would raise again what was just
 * signed. It stays down for as long as the pack says (`hold`), unless it becomes worse than what the person
 * saw.
 *
 *   row.held = {level=to which it was lowered, over=the level that the person saw, until}
 */
#include <string.h>

#include "warn_int.h"

int64_t warn_hold_ms(const struct warn *n, const struct wkey *k)
{
	const struct value *catalog = packs_catalog(n->desk->packs), *list = value_get(catalog, "rollups");

	if (strncmp(k->text, SOURCE_PREFIX, strlen(SOURCE_PREFIX)) == 0)
		return value_int_or(value_path(catalog, "silence.hold_ms"), 0);
	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (value_is_text(value_get(&list->as.items[i], "key"), k->text))
			return value_int_or(value_get(&list->as.items[i], "hold_ms"), 0);
	return 0;
}

/* The worst that the person saw: who lowers step by step saw what the first step was lowered from. */
static uint8_t level_seen(const struct warn *n, int64_t now_ms, uint8_t level, const struct value *held)
{
	int over = held == NULL || now_ms >= value_int_or(value_get(held, "until"), 0)
			   ? -1
			   : warn_level_find(n, value_slice(value_get(held, "over")));

	return over > level ? (uint8_t)over : level;
}

/* What is lowered is the floor and, where it is above, the machine; whose floor it is stays. */
int warn_hold(
	struct work *w, struct wkey *k, uint8_t level, int64_t hold_ms, struct value *row, struct err *e)
{
	const struct warn *n = w->desk->warn;
	struct value held = value_map(w->arena, 3), floor;
	uint8_t seen = level_seen(n, w->now_ms, k->level, value_get(row, "held"));

	value_add(w->arena, &held, "level", value_literal(warn_level_name(n, level)));
	value_add(w->arena, &held, "over", value_literal(warn_level_name(n, seen)));
	value_add(w->arena, &held, "until", value_int(w->now_ms + hold_ms));
	value_set(w->arena, row, "held", held);
	if (k->floor > level) {
		k->floor = level;
		floor = value_copy_map(w->arena, value_get(row, "floor"));
		value_set(w->arena, &floor, "level", value_literal(warn_level_name(n, level)));
		if (level > 0)
			value_set(w->arena, row, "floor", floor);
		else
			value_unset(row, "floor");
	}
	return k->watch != NULL && k->det.level.level > level
		       ? level_set(&k->watch->levels, &k->det.level, level, e)
		       : 0;
}

uint8_t warn_held_level(struct work *w, uint8_t level, struct value *row)
{
	const struct warn *n = w->desk->warn;
	const struct value *held = value_get(row, "held");
	int to = held == NULL ? -1 : warn_level_find(n, value_slice(value_get(held, "level"))),
	    over = held == NULL ? -1 : warn_level_find(n, value_slice(value_get(held, "over")));

	if (held == NULL)
		return level;
	if (to < 0 || level > over || w->now_ms >= value_int_or(value_get(held, "until"), 0)) {
		value_unset(row, "held");
		return level;
	}
	return level > to ? (uint8_t)to : level;
}
