/*
 * Warnings that stand when another pack comes. Whoever renames a watch, takes it or a roll-up out, or drops a
 * level rarely means the red warning that people work on just then; so the pack is refused, unless it says
 * `retire`.
 */
#include <stdio.h>
#include <string.h>

#include "warn_int.h"

struct standing {
	const struct watches *watches;
	const struct value *catalog, *retired; /* its retired: {NAME={into?}} */
	const struct value *live;              /* the catalog of the pack that decides now */
	struct rules_report *report;
	struct rules_error *last;
	uint32_t n;
};

/* Bytes of a text that are shown, whole characters. */
static int clipped(const char *text, size_t most)
{
	size_t n = strlen(text);

	return (int)utf8_clip(text, n < most ? n : most);
}

/* One more: where to say it, NULL when enough are named. */
static struct rules_error *add(struct standing *s, const char *watch)
{
	if (s->n++ >= WARN_LOST_MAX)
		return NULL;
	s->last = pack_lost_add(s->report, s->live, "watches", slice_of(watch, strlen(watch)));
	return s->last;
}

/* What is wrong, in both languages. */
static void found(struct standing *s, const char *key, const char *level, const char *watch, const char *en,
	const char *zh)
{
	struct rules_error *f = add(s, watch);

	if (f == NULL)
		return;
	snprintf(f->message, sizeof(f->message), "warning %.*s stands at %s by watch \"%s\"%s",
		clipped(key, 150), key, level, watch, en);
	snprintf(f->message_zh, sizeof(f->message_zh), "预警 %.*s 正处于 %s，由监视项“%s”判断%s",
		clipped(key, 150), key, level, watch, zh);
	snprintf(f->cure, sizeof(f->cure),
		"keep it, or write retire \"%.*s\" { into = \"…\" } for who takes over, or retire \"%.*s\" "
		"{} to let "
		"its warnings end",
		clipped(watch, 40), watch, clipped(watch, 40), watch);
	snprintf(f->cure_zh, sizeof(f->cure_zh),
		"请保留，或写 retire \"%.*s\" { into = \"…\" } 由另一个接管，或写 retire \"%.*s\" {} "
		"让预警结束",
		clipped(watch, 40), watch, clipped(watch, 40), watch);
}

static bool has_level(const struct watches *all, const struct level_table *t, const char *level)
{
	for (uint32_t i = 0; i < t->n_rows; i++)
		if (strcmp(level_name(all, t->rows[i].level), level) == 0)
			return true;
	return false;
}

static void look(struct standing *s, struct arena *a, const char *key, const char *level, const char *name)
{
	const struct value *retired = value_get(s->retired, name), *into = value_get(retired, "into");
	const struct watch *was = watch_find(s->watches, name),
			   *now = watch_of_key(s->watches, slice_of(key, strlen(key)));

	if (into != NULL) {
		if (now == NULL || !value_is_text(into, now->name))
			found(s, key, level, name,
				arena_printf(a, ": \"%s\", which takes over, does not watch it",
					value_cstr(a, into)),
				arena_printf(a, "：接管的“%s”不监视该对象", value_cstr(a, into)));
	} else if (retired != NULL) {
		return;
	} else if (was == NULL) {
		found(s, key, level, name, ", which this pack does not have", "，而这个规则包没有它");
	} else if (now == NULL) {
		found(s, key, level, name, ", which no longer watches it", "，而它不再监视该对象");
	} else if (!has_level(s->watches, &now->levels, level)) {
		found(s, key, level, name,
			arena_printf(a, ", whose levels \"%s\" have no %s", now->levels.name, level),
			arena_printf(a, "，而它的等级表“%s”没有 %s", now->levels.name, level));
	}
}

/* A level that no watch makes, and who makes it is gone. */
static void look_at_floor(struct standing *s, const char *key, const struct value *floor, const char *level)
{
	struct floor_lost lost;
	struct rules_error *f;

	if (!floor_is_lost(s->catalog, s->watches, slice_of(key, strlen(key)), floor, &lost) ||
		value_get(s->retired, key) != NULL || value_get(s->retired, lost.name) != NULL ||
		(f = add(s, lost.name)) == NULL)
		return;
	snprintf(f->message, sizeof(f->message), "warning %.150s stands at %s %s", key, level, lost.why);
	snprintf(f->message_zh, sizeof(f->message_zh), "预警 %.150s 正处于 %s，%s", key, level, lost.why_zh);
	snprintf(f->cure, sizeof(f->cure), "keep it, or write retire \"%.100s\" {} to let the warning end",
		lost.name);
	snprintf(f->cure_zh, sizeof(f->cure_zh), "请保留，或写 retire \"%.100s\" {} 让预警结束", lost.name);
}

/* A row whose machine stands at a level, or that has one of its own. */
static void look_at_row(struct standing *s, struct arena *a, struct slice key, struct slice bytes)
{
	const char *name = arena_text(a, (const char *)key.p + 1, key.n - 1);
	const struct value *watch, *level;
	struct value row;
	struct err e;

	if (value_decode(a, bytes, &row, &e) != 0)
		return; /* fsck tells of it */
	watch = value_get(&row, "watch");
	level = value_get(&row, "machine");
	level = level != NULL ? level : value_get(&row, "level");
	if (watch != NULL && level != NULL && !value_is_text(level, "none"))
		look(s, a, name, value_cstr(a, level), value_cstr(a, watch));
	if (value_get(&row, "floor") != NULL)
		look_at_floor(
			s, name, value_get(&row, "floor"), value_cstr(a, value_path(&row, "floor.level")));
}

static void add_others(struct standing *s)
{
	char others[64], others_zh[64];
	struct rules_error *f = s->last;

	if (s->n <= WARN_LOST_MAX)
		return;
	snprintf(others, sizeof(others), " (and %u more)", s->n - WARN_LOST_MAX);
	snprintf(others_zh, sizeof(others_zh), "（另有 %u 个）", s->n - WARN_LOST_MAX);
	strncat(f->message, others, sizeof(f->message) - strlen(f->message) - 1);
	strncat(f->message_zh, others_zh, sizeof(f->message_zh) - strlen(f->message_zh) - 1);
}

int warn_standing_lost(struct desk *d, const struct watches *watches, const struct value *catalog,
	struct rules_report *report, struct err *e)
{
	struct standing s = {.watches = watches,
		.catalog = catalog,
		.live = packs_catalog(d->packs),
		.retired = value_get(catalog, "retired"),
		.report = report};
	struct arena a;
	struct scan scan;
	int got;

	arena_init(&a, 0);
	scan_init(&scan, d->store, NULL, TABLE_WARNING, SLICE_TEXT("w"), SLICE_TEXT("x"), false);
	while ((got = scan_next(&scan, e)) == 1) {
		look_at_row(&s, &a, scan.key, scan.val);
		arena_reset(&a);
	}
	scan_fini(&scan);
	arena_fini(&a);
	add_others(&s);
	return got < 0 ? -1 : 0;
}
