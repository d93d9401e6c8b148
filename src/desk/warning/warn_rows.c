/*
 * TABLE_WARNING: a row for each key that has a level, a case or a machine that remembers.
 *
 *   'w' key → {level, since, opened, began, episode, incident?, caseless?={since, incident?, was?},
 *     of its watch:   watch?, state?=bytes of the machine, machine?=its level where that is another, judged?=end of the
 *                     last bin that it saw
 *     at the close:   input, window, seen, expected?, p?, before?=seen at the one before, closed=end of that bin,
 *                     sums={INPUT={seen, expected?, p?}}, top?=[…], NAME?=numbers handed in, quiet, closes, is_ready?,
 *                     climbs?, assumed?, unwatched?, under={LEVEL=n}?, silent?
 *     of people:      ack?={by, at, until}, rung, reminders, next_again?, next_bulletin?, told=[[level, person]…],
 *                     acts=[{at, by, action, reason}…], order?={by, at, until, reason}, relapse?
 *     without watch:  floor?={level, by=rollup, silence, early or a person, until?, reason?}, held?={level, over, until}
 *     of a roll-up:   parent?; its own: children=[key…], cities, minutes, rolled={seen, expected?, p?}}
 */
#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "warn_int.h"

#define ROW_PREFIX 'w'

static void clear(struct wkey *k)
{
	free(k->row);
	k->row = NULL;
	k->row_n = 0;
	memset(&k->det, 0, sizeof(k->det));
	k->level = k->floor = 0;
	k->is_early = false;
	k->next_ms = INT64_MAX;
	k->since_ms = k->incident = k->judged_ms = 0;
}

static uint8_t level_of(const struct warn *n, const struct value *name)
{
	int level = name == NULL ? 0 : warn_level_find(n, value_slice(name));

	return level > 0 ? (uint8_t)level : 0;
}

/*
 * The machine, as it goes on under the live pack: levels and CUSUMs by their names. Another watch makes the
 * key now: it goes on from the level alone.
 */
static void take_machine(const struct warn *n, struct wkey *k, const struct value *row)
{
	struct slice state = value_slice(value_get(row, "state"));
	const struct value *level = value_get(row, "machine");
	struct err e;

	if (k->watch == NULL || state.n == 0)
		return;
	if (detector_decode(k->watch, &k->det, state, &e) != 0) {
		log_line(LOG_ERROR, "warning.state", "key=\"%s\" error=\"%s\"", k->text, e.text);
		memset(&k->det, 0, sizeof(k->det));
		return;
	}
	if (!value_is_text(value_get(row, "watch"), k->watch->name))
		memset(&k->det, 0, sizeof(k->det));
	k->det.level.level = level_of(n, level != NULL ? level : value_get(row, "level"));
}

static void take_row(struct warn *n, struct wkey *k, struct slice bytes)
{
	struct arena a;
	struct value row;
	struct err e;

	clear(k);
	k->row = malloc(bytes.n);
	must(k->row != NULL);
	memcpy(k->row, bytes.p, bytes.n);
	k->row_n = bytes.n;
	arena_init(&a, 0);
	if (value_decode(&a, slice_of(k->row, k->row_n), &row, &e) == 0) {
		take_machine(n, k, &row);
		k->level = level_of(n, value_get(&row, "level"));
		k->floor = level_of(n, value_path(&row, "floor.level"));
		k->is_early = value_is_text(value_path(&row, "floor.by"), "early");
		k->since_ms = value_int_or(value_get(&row, "since"), 0);
		k->judged_ms = value_int_or(value_get(&row, "judged"), 0);
		k->incident = value_int_or(value_get(&row, "incident"), 0);
		k->next_ms = warn_care_next(&row);
	}
	arena_fini(&a);
}

void wkey_on_publish(struct warn *n, struct slice key, const struct slice *val)
{
	struct slice text = slice_of((const char *)key.p + 1, key.n - 1);
	struct wkey *k;

	if (key.n < 2 || *(const char *)key.p != ROW_PREFIX)
		return;
	k = wkey_find(n, text);
	if (k == NULL && val == NULL)
		return;
	if (k == NULL || k->watch == NULL) /* after a reload the plan knows keys with counts alone */
		k = warn_plan_key(n, text);
	if (k == NULL)
		k = wkey_need(n, text);
	if (val == NULL)
		clear(k);
	else
		take_row(n, k, *val);
}

void wkey_take_again(struct warn *n, struct wkey *k)
{
	uint8_t *bytes = k->row;

	k->row = NULL;
	if (bytes == NULL)
		clear(k);
	else
		take_row(n, k, slice_of(bytes, k->row_n));
	free(bytes);
}

void warn_rows_again(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++)
		wkey_take_again(n, n->keys[i]);
}

int warn_rows_load(struct warn *n, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, n->desk->store, NULL, TABLE_WARNING, SLICE_TEXT("w"), SLICE_TEXT("x"), false);
	while ((got = scan_next(&s, e)) == 1)
		wkey_on_publish(n, s.key, &s.val);
	scan_fini(&s);
	return got;
}

struct wkey_was {
	struct wkey *key;
	struct wkey was;
};

static void restore(void *ctx)
{
	const struct wkey_was *old = ctx;
	struct wkey *k = old->key;

	k->det = old->was.det;
	k->level = old->was.level;
	k->floor = old->was.floor;
	k->is_early = old->was.is_early;
	k->incident = old->was.incident;
}

void wkey_undo(struct work *w, struct wkey *k)
{
	struct wkey_was *old = arena_alloc(w->arena, sizeof(*old));

	*old = (struct wkey_was){k, *k};
	work_on_drop(w, restore, old);
}

struct value wkey_row(struct work *w, const struct wkey *k)
{
	struct value row;
	struct err e;

	if (k->row == NULL ||
		value_decode(
			w->arena, slice_of(arena_copy(w->arena, k->row, k->row_n), k->row_n), &row, &e) != 0)
		return value_map(w->arena, 16);
	return row;
}

/* Nothing would be lost without it: no level, no machine that remembers, no case that is looked after. */
static bool is_over(const struct wkey *k, const struct value *row)
{
	return k->level == 0 && k->floor == 0 && (k->watch == NULL || detector_is_idle(k->watch, &k->det)) &&
	       value_get(row, "incident") == NULL && value_get(row, "order") == NULL &&
	       value_get(row, "floor") == NULL && value_get(row, "held") == NULL;
}

void wkey_put(struct work *w, struct wkey *k, struct value *row)
{
	struct buf *b = &w->desk->scratch;
	char *key = arena_alloc(w->arena, k->text_n + 1);

	key[0] = ROW_PREFIX;
	memcpy(key + 1, k->text, k->text_n);
	warn_early_put(w, k, row);
	if (is_over(k, row)) {
		if (k->row != NULL)
			tx_del(w->tx, TABLE_WARNING, slice_of(key, k->text_n + 1));
		return;
	}
	value_set(w->arena, row, "level", value_literal(warn_level_name(w->desk->warn, k->level)));
	if (k->watch != NULL) {
		buf_reset(b);
		detector_encode(k->watch, &k->det, b);
		must(!b->is_full);
		value_set(w->arena, row, "state", value_bytes(arena_copy(w->arena, b->p, b->n), b->n));
		value_set(w->arena, row, "watch", value_literal(k->watch->name));
		if (k->det.level.level != k->level)
			value_set(w->arena, row, "machine",
				value_literal(warn_level_name(w->desk->warn, k->det.level.level)));
		else
			value_unset(row, "machine");
		value_set(w->arena, row, "judged", value_int(k->judged_ms));
	} else {
		value_unset(row, "state");
		value_unset(row, "watch");
		value_unset(row, "judged");
		value_unset(row, "machine");
	}
	row_put(w, TABLE_WARNING, slice_of(key, k->text_n + 1), row);
}
