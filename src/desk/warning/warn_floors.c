/*
 * Levels that no watch makes: a roll-up's, and that of a source which is silent. They stand for as long as who
 * made them says so; where another pack has nobody who would, nobody could end them any more.
 */
#include <string.h>

#include "desk/sources.h"
#include "warn_int.h"

static bool lost(struct floor_lost *out, const char *name, const char *why, const char *why_zh)
{
	*out = (struct floor_lost){name, why, why_zh};
	return true;
}

static bool has_rollup(const struct value *catalog, struct slice key)
{
	const struct value *list = value_get(catalog, "rollups");

	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (slice_cmp(value_slice(value_get(&list->as.items[i], "key")), key) == 0)
			return true;
	return false;
}

static bool is_silence_lost(
	const struct value *catalog, const struct watches *watches, struct slice key, struct floor_lost *out)
{
	struct slice name =
		slice_of((const char *)key.p + strlen(SOURCE_PREFIX), key.n - strlen(SOURCE_PREFIX));
	const struct watch *watch = watch_of_key(watches, name);

	if (value_path(catalog, "silence.level") == NULL)
		return lost(out, "silence", "since the source is silent, but this pack has no silence",
			"因为来源中断，而这个规则包没有 silence");
	if (source_rhythm(catalog, name) != NULL || (watch != NULL && watch->silent_ms > 0))
		return false;
	return lost(out, (const char *)key.p, "since the source is silent, but this pack gives it no rhythm",
		"因为来源中断，而这个规则包没有写它的 rhythm");
}

bool floor_is_lost(const struct value *catalog, const struct watches *watches, struct slice key,
	const struct value *floor, struct floor_lost *out)
{
	if (value_is_text(value_get(floor, "by"), "silence"))
		return is_silence_lost(catalog, watches, key, out);
	return value_is_text(value_get(floor, "by"), "rollup") && !has_rollup(catalog, key) &&
	       lost(out, (const char *)key.p, "by a roll-up that this pack does not have",
		       "由汇总（rollup）判断，而这个规则包没有它");
}

void floor_set(struct work *w, struct wkey *k, uint8_t level, const char *by, struct value *row)
{
	struct value floor = value_map(w->arena, 2);

	k->floor = level;
	k->level = k->det.level.level > level ? k->det.level.level : level;
	if (level == 0) {
		value_unset(row, "floor");
		return;
	}
	value_add(w->arena, &floor, "level", value_literal(warn_level_name(w->desk->warn, level)));
	value_add(w->arena, &floor, "by", value_literal(by));
	value_set(w->arena, row, "floor", floor);
}

void warn_floors_end(struct work *w)
{
	struct warn *n = w->desk->warn;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct value row, floor;
		struct floor_lost why;

		if (k->floor == 0)
			continue;
		row = wkey_row(w, k);
		floor = value_copy_map(w->arena, value_get(&row, "floor"));
		if (value_get(&floor, "until") != NULL ||
			!floor_is_lost(packs_catalog(w->desk->packs), n->watches,
				slice_of(k->text, k->text_n), &floor, &why))
			continue;
		value_set(w->arena, &floor, "until", value_int(w->now_ms));
		value_set(w->arena, &row, "floor", floor);
		wkey_put(w, k, &row);
		warn_arm(w, w->now_ms);
	}
}
