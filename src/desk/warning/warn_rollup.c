/*
 * Roll-up: what no single watch sees. The same categories warned in many cities within a short time (the rule:
 * warn_rolled.c) are one case of the province, whose level is the highest of its children's; nothing is counted
 * twice, since it counts nothing itself. It stands as a floor in the key's row, since no watch makes its level.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/tail.h"
#include "warn_int.h"

static bool is_member(const struct value *rollup, const struct wkey *k)
{
	return warn_rollup_has(rollup, k->city, k->category);
}

/* ---- what of the close is not told yet ----------------------------------------------------------------- */
static bool is_untold(const struct wkey *k)
{
	return k->changed_ms != 0 && k->level != k->from;
}

/* It rises, but its row still speaks of the last time. */
static bool is_risen_anew(const struct wkey *k)
{
	return is_untold(k) && k->from == 0 && k->incident == 0;
}

/* ---- who was called for the case, or one of the other cities, already ---------------------------------- */
static bool is_told_in(struct work *w, const struct wkey *k, const char *level, const struct value *person)
{
	struct value row = is_risen_anew(k) ? value_map(w->arena, 0) : wkey_row(w, k);
	const struct value *told = value_get(&row, "told");

	for (uint32_t i = 0; told != NULL && i < told->n; i++)
		if (value_is_text(value_at(&told->as.items[i], 0), level) &&
			value_equal(value_at(&told->as.items[i], 1), person))
			return true;
	return false;
}

bool warn_told_elsewhere(struct work *w, const struct wkey *k, const char *level, const struct value *person)
{
	const struct warn *n = w->desk->warn;
	const struct value *list = warn_rollup_list(n);

	for (uint32_t i = 0; k->incident != 0 && i < n->n_keys; i++)
		if (n->keys[i] != k && n->keys[i]->incident == k->incident &&
			is_told_in(w, n->keys[i], level, person))
			return true;
	for (uint32_t r = 0; list != NULL && r < list->n; r++) {
		if (!is_member(&list->as.items[r], k))
			continue;
		for (uint32_t i = 0; i < n->n_keys; i++)
			if (n->keys[i] != k && n->keys[i]->level > 0 &&
				is_member(&list->as.items[r], n->keys[i]) &&
				is_told_in(w, n->keys[i], level, person))
				return true;
	}
	return false;
}

/* ---- many cities are one key --------------------------------------------------------------------------- */
struct rolling {
	const struct value *rollup;
	int64_t end_ms;
	struct wkey *changed; /* its change is in the entry; NULL: none is */
};

struct group {
	struct rolled of;
	struct value children;       /* keys */
	int64_t seen, began_ms;      /* of the first; INT64_MAX: nobody knows */
	double expected, dispersion; /* of what was seen; NaN: of some city nobody knows */
	struct value told;
};

/* What came in by the key's first sum, and what was usual: numbers that are hit are nothing that was seen. */
static void add_counted(const struct wkey *k, const struct value *row, struct group *g)
{
	const struct watch *w = k->watch;
	const struct value *figures = row, *expected;
	uint32_t i = 0;

	while (w != NULL && i < w->n_inputs && w->inputs[i].kind != INPUT_SUM)
		i++;
	if (w != NULL && i < w->n_inputs) {
		figures = value_get(value_get(row, "sums"), w->inputs[i].name);
		if (k->is_seen)
			g->dispersion = fmax(g->dispersion, k->seen.seen[i].dispersion);
	}
	expected = value_get(figures, "expected");
	g->seen += value_int_or(value_get(figures, "seen"), 0);
	g->expected += expected == NULL                ? (double)NAN
		       : expected->type == VALUE_FLOAT ? expected->as.f
						       : (double)value_int_or(expected, 0);
}

/* What it says now: its row will say so when its change is told, which comes after the roll-ups. */
static struct value row_now(struct work *w, const struct wkey *k, int64_t end_ms)
{
	struct value row = wkey_row(w, k);

	warn_figures(w, k, end_ms, &row);
	if (!is_risen_anew(k))
		return row;
	value_unset(&row, "told");
	value_set(w->arena, &row, "opened", value_int(k->changed_ms));
	if (k->watch != NULL && k->is_seen)
		value_set(w->arena, &row, "began", value_int(warn_began_ms(w->desk->warn, k, k->changed_ms)));
	return row;
}

static void gather_group(struct work *w, const struct rolling *of, struct group *g)
{
	const struct warn *n = w->desk->warn;

	g->children = value_array(w->arena, 16);
	g->told = value_array(w->arena, 8);
	g->began_ms = INT64_MAX;
	g->seen = 0;
	g->expected = 0;
	g->dispersion = 1;
	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];
		const struct value *told;
		struct value row;
		int64_t began_ms;

		if (!rolled_has(&g->of, k->city, k->category, k->level))
			continue;
		row = row_now(w, k, of->end_ms);
		rolled_add(&g->of, k->city, k->level, value_int_or(value_get(&row, "opened"), 0));
		value_push(w->arena, &g->children, value_text(w->arena, k->text, k->text_n));
		began_ms = value_int_or(value_get(&row, "began"), INT64_MAX);
		g->began_ms = began_ms < g->began_ms ? began_ms : g->began_ms;
		add_counted(k, &row, g);
		told = value_get(&row, "told");
		for (uint32_t t = 0; told != NULL && t < told->n; t++)
			value_push(w->arena, &g->told, told->as.items[t]);
	}
}

/* The figures of all its cities together. */
static struct value rolled_sums(struct work *w, const struct group *g)
{
	struct value v = value_map(w->arena, 3);

	value_add(w->arena, &v, "seen", value_int(g->seen));
	if (!isnan(g->expected)) {
		value_add(w->arena, &v, "expected", value_float(g->expected));
		value_add(w->arena, &v, "p",
			value_float(tail_negbin(g->expected, g->dispersion, (double)g->seen)));
	}
	return v;
}

/* The children know their roll-up: whom they call counts there too. One whose change is not told yet hears of
 * it then: its row must not say what nobody was told. */
static void tie(struct work *w, struct wkey *parent, const struct value *children)
{
	for (uint32_t i = 0; i < children->n; i++) {
		struct wkey *k = wkey_find(w->desk->warn, value_slice(&children->as.items[i]));
		struct value row = wkey_row(w, k);

		if (is_untold(k) || value_get(&row, "parent") != NULL)
			continue;
		value_set(w->arena, &row, "parent", value_text(w->arena, parent->text, parent->text_n));
		wkey_put(w, k, &row);
	}
}

static bool is_rolled_up(const struct value *row)
{
	return value_is_text(value_path(row, "floor.by"), "rollup");
}

const struct wkey *warn_whole_of(struct work *w, const struct wkey *k)
{
	const struct warn *n = w->desk->warn;
	const struct value *list = warn_rollup_list(n);

	for (uint32_t r = 0; list != NULL && r < list->n; r++) {
		const struct value *rollup = &list->as.items[r];
		const struct wkey *whole = wkey_find(n, value_slice(value_get(rollup, "key")));
		int least = warn_level_find(n, value_slice(value_get(rollup, "level")));
		struct value row;

		if (whole == NULL || whole->floor == 0 || least <= 0 || k->level < least ||
			!is_member(rollup, k))
			continue;
		row = wkey_row(w, whole);
		if (is_rolled_up(&row))
			return whole;
	}
	return NULL;
}

int64_t warn_whole_case(struct work *w, const struct wkey *k)
{
	const struct wkey *whole = k->incident == 0 ? NULL : warn_whole_of(w, k);
	int64_t ids[] = {k->incident, whole == NULL ? 0 : whole->incident};
	struct value ticket;
	struct err e;

	if (ids[1] == 0 || ids[1] == ids[0])
		return 0;
	for (size_t i = 0; i < 2; i++)
		if (ticket_load(w->desk, w->tx, w->arena, ids[i], &ticket, &e) != 0 ||
			!ticket_is_open(&ticket))
			return 0;
	return ids[1];
}

/* Whether the list has a text that the other one, which may be absent, does not have. */
static bool has_more(const struct value *list, const struct value *old)
{
	for (uint32_t i = 0; i < list->n; i++) {
		uint32_t at = 0;

		while (old != NULL && at < old->n && !value_equal(&old->as.items[at], &list->as.items[i]))
			at++;
		if (old == NULL || at == old->n)
			return true;
	}
	return false;
}

/* A time for which it was held down is over, and it is not there any more. */
static int end_hold(struct work *w, struct wkey *k, struct value *row)
{
	if (value_get(row, "held") == NULL || is_untold(k))
		return 0;
	(void)warn_held_level(w, 0, row);
	if (value_get(row, "held") != NULL)
		return 0;
	wkey_put(w, k, row);
	return 1;
}

/*
 * Whether the cities make one of it: new ones do. After it was lowered none need be new: those that are worse
 * than what the person saw do, and when its time is over those that stand.
 */
static bool is_enough(
	struct work *w, const struct rolling *of, const struct group *g, const struct value *row)
{
	const struct value *held = value_get(row, "held");
	struct group worse;
	int over;

	if (held == NULL || rolled_is_enough(&g->of))
		return rolled_is_enough(&g->of);
	over = warn_level_find(w->desk->warn, value_slice(value_get(held, "over")));
	if (over < 0 || w->now_ms >= value_int_or(value_get(held, "until"), 0))
		return rolled_is_enough_by_all(&g->of);
	(void)rolled_begin(&worse.of, w->desk->warn, w->arena, of->rollup, of->end_ms);
	worse.of.least = (uint8_t)(over + 1);
	gather_group(w, of, &worse);
	return rolled_is_enough_by_all(&worse.of);
}

static bool is_held(const struct value *row)
{
	return value_get(row, "held") != NULL;
}

/* At this level, of these cities: nothing is to be told. */
static bool is_as_told(const struct wkey *k, uint8_t level, const struct group *g, const struct value *row)
{
	const struct value *children = value_get(row, "children");

	return level == k->floor && children != NULL && value_equal(children, &g->children);
}

/* 1: they are others; 0. */
static int put_sums(struct work *w, struct wkey *k, const struct value *sums, struct value *row)
{
	const struct value *old = value_get(row, "rolled");

	if (old != NULL && value_equal(old, sums))
		return 0;
	value_set(w->arena, row, "rolled", *sums);
	wkey_put(w, k, row);
	return 1;
}

static void take_group(struct work *w, const struct rolling *of, const struct group *g,
	const struct value *sums, struct value *row)
{
	int64_t within_ms = value_int_or(value_get(of->rollup, "within_ms"), 0);

	value_set(w->arena, row, "children", g->children);
	value_set(w->arena, row, "cities", value_int(g->of.cities.n));
	value_set(w->arena, row, "minutes", value_int(within_ms / MINUTE_MS));
	value_set(w->arena, row, "rolled", *sums);
}

/* What only its beginning says. */
static void take_beginning(struct work *w, const struct group *g, struct value *row)
{
	if (g->began_ms != INT64_MAX)
		value_set(w->arena, row, "began", value_int(g->began_ms));
	value_set(w->arena, row, "told", g->told);
}

/* The row has all that is new: put, and told if its level is another, or cities came. 1, or -1. */
static int tell_roll_up(struct work *w, struct warn_try *t, struct wkey *k, uint8_t from, bool is_joined,
	struct value *row, struct err *e)
{
	struct rolling *of = t->ctx;
	bool is_change = k->level != from;
	struct warn_event event = {
		.event = is_change ? "change" : "joined", .from = from, .at_ms = of->end_ms};

	if (!is_change && !is_joined) {
		wkey_put(w, k, row);
		return 1;
	}
	if (is_change)
		of->changed = k;
	return warn_happened(w, k, &event, row, t->is_plain, e) == 0 ? 1 : -1;
}

static int roll_up(struct work *w, struct warn_try *t, struct err *e)
{
	struct rolling *of = t->ctx;
	struct warn *n = w->desk->warn;
	struct slice key = value_slice(value_get(of->rollup, "key"));
	struct wkey *k = wkey_find(n, key);
	struct value row = k == NULL ? value_map(w->arena, 16) : wkey_row(w, k), sums;
	bool is_open = is_rolled_up(&row), was_held = is_held(&row), is_joined;
	struct group g;
	uint8_t level, from;

	of->changed = NULL;
	if (!rolled_begin(&g.of, n, w->arena, of->rollup, of->end_ms))
		return 0;
	gather_group(w, of, &g);
	if (!is_open && !is_enough(w, of, &g, &row))
		return k == NULL ? 0 : end_hold(w, k, &row);
	k = wkey_need(n, key);
	from = k->changed_ms == 0 ? k->level : k->from;
	level = warn_held_level(w, g.of.level, &row);
	if (!is_open && level == 0)
		return 0; /* lowered to none, and no worse since */
	sums = rolled_sums(w, &g);
	if (is_open && was_held == is_held(&row) && is_as_told(k, level, &g, &row))
		return put_sums(w, k, &sums, &row);
	warn_try_on(w, t, k);
	warn_figures(w, k, of->end_ms, &row);
	is_joined = has_more(&g.children, value_get(&row, "children"));
	floor_set(w, k, level, "rollup", &row);
	take_group(w, of, &g, &sums, &row);
	if (!is_open)
		take_beginning(w, &g, &row);
	tie(w, k, &g.children);
	return tell_roll_up(w, t, k, from, is_joined, &row, e);
}

int warn_rollups(struct warn *n, int64_t end_ms, struct err *e)
{
	const struct value *list = warn_rollup_list(n);

	for (uint32_t r = 0; list != NULL && r < list->n; r++) {
		struct rolling of = {&list->as.items[r], end_ms, NULL};

		if (warn_twice(n, "warning.change", end_ms, roll_up, &of, e) != 0)
			return -1;
		if (of.changed != NULL)
			of.changed->from = of.changed->level; /* told */
	}
	return 0;
}
