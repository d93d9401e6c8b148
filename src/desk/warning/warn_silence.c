/*
 * A source that is late by its rhythm (sources.h) is a warning of its own under "source:NAME", as is a key whose
 * watch says how long it may be silent; one that is quiet as expected is none. It stands as a floor in the
 * key's row, since no watch makes its level.
 */
#include "desk/sources.h"
#include "warn_int.h"

/* Late, or speaking again. */
struct judged {
	const struct value *source;
	uint8_t level;
	int64_t held_ms; /* until when it is held down; INT64_MAX: it is not */
};

/* What is left of it by what a person lowered; once the source spoke, a silence is another one. */
static uint8_t level_of_silence(struct work *w, struct judged *of, struct value *row)
{
	uint8_t level = 0;

	if (value_true(value_get(of->source, "is_late")))
		level = warn_held_level(w, of->level, row);
	else
		value_unset(row, "held");
	of->held_ms = value_int_or(value_path(row, "held.until"), INT64_MAX);
	return level;
}

static int judge(struct work *w, struct warn_try *t, struct err *e)
{
	struct judged *of = t->ctx;
	const struct value *source = of->source;
	struct warn *n = w->desk->warn;
	struct value text =
		value_printf(w->arena, SOURCE_PREFIX "%s", value_cstr(w->arena, value_get(source, "name")));
	struct wkey *k = wkey_find(n, value_slice(&text));
	struct warn_event event = {.event = "change", .at_ms = w->now_ms};
	struct value row = k == NULL ? value_map(w->arena, 8) : wkey_row(w, k);
	bool was_held = value_get(&row, "held") != NULL;
	uint8_t level = level_of_silence(w, of, &row), floor = k == NULL ? 0 : k->floor;

	if (level == floor || (level > 0 && level < floor)) { /* as it was, or a person raised it further */
		if (was_held == (value_get(&row, "held") != NULL))
			return 0;
		wkey_put(w, k, &row);
		return 1;
	}
	k = wkey_need(n, value_slice(&text));
	warn_try_on(w, t, k);
	event.from = k->level;
	floor_set(w, k, level, "silence", &row);
	value_set(w->arena, &row, "silent", *source);
	value_set(w->arena, &row, "minutes",
		value_int(value_int_or(value_get(source, "age_ms"),
				  value_int_or(value_get(source, "expected_ms"), 0)) /
			  MINUTE_MS));
	value_set(w->arena, &row, "expected",
		value_int(value_int_or(value_get(source, "expected_ms"), 0) / MINUTE_MS));
	return warn_happened(w, k, &event, &row, t->is_plain, e) == 0 ? 1 : -1;
}

bool warn_has_silent(const struct warn *n)
{
	for (uint32_t i = 0; i < n->watches->n; i++)
		if (n->watches->list[i].silent_ms > 0 && n->watches->list[i].of != WATCH_SERIES)
			return true;
	return false;
}

/* End of the newest minute that had something; 0: never. */
static int64_t spoke_ms(const struct wkey *k)
{
	int64_t newest_ms = INT64_MIN;

	for (uint32_t i = 0; i < k->n_leaves; i++)
		newest_ms = k->leaves[i]->newest_ms > newest_ms ? k->leaves[i]->newest_ms : newest_ms;
	return newest_ms > 0 ? newest_ms + MINUTE_MS : 0;
}

/* Keys whose watch says `silent`, as sources; *next_ms: when the next of them is late. */
static void add_silent(
	const struct warn *n, struct arena *a, int64_t now_ms, struct value *list, int64_t *next_ms)
{
	for (uint32_t i = 0; warn_has_silent(n) && i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];
		int64_t last_ms = k->watch == NULL || k->watch->silent_ms == 0 ? 0 : spoke_ms(k), late_ms;
		struct value v;

		if (last_ms == 0)
			continue;
		last_ms = last_ms < now_ms ? last_ms : now_ms;
		late_ms = last_ms + k->watch->silent_ms + 1;
		v = value_map(a, 6);
		value_add(a, &v, "name", value_text(a, k->text, k->text_n));
		value_add(a, &v, "last", value_int(last_ms));
		value_add(a, &v, "age_ms", value_int(now_ms - last_ms));
		value_add(a, &v, "expected_ms", value_int(k->watch->silent_ms));
		value_add(a, &v, "is_quiet", value_bool(false));
		value_add(a, &v, "is_late", value_bool(now_ms >= late_ms));
		value_push(a, list, v);
		if (late_ms > now_ms && late_ms < *next_ms)
			*next_ms = late_ms;
	}
}

int warn_sources(struct warn *n, int64_t now_ms, int64_t *next_ms, struct err *e)
{
	const struct value *named = value_path(packs_catalog(n->desk->packs), "silence.level");
	int level = named == NULL ? -1 : warn_level_find(n, value_slice(named));
	struct value list;
	struct arena a;
	int rc = 0;

	*next_ms = INT64_MAX;
	if (level <= 0)
		return 0;
	arena_init(&a, 0);
	list = sources_value(n->desk, &a);
	*next_ms = sources_late_ms(n->desk);
	add_silent(n, &a, now_ms, &list, next_ms);
	for (uint32_t i = 0; rc == 0 && i < list.n; i++) {
		struct judged of = {&list.as.items[i], (uint8_t)level, INT64_MAX};

		rc = warn_twice(n, "warning.change", now_ms, judge, &of, e);
		*next_ms = of.held_ms < *next_ms ? of.held_ms : *next_ms;
	}
	arena_fini(&a);
	return rc;
}
