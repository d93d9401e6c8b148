/* warning.list: what is warned of, worst first, with what people need to act. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/pages.h"
#include "warn_int.h"

#define LIST_BYTES ((size_t)200 << 10) /* of one answer, which holds 256 KiB */

static struct value next_value(
	struct work *w, const char *what, const char *text, int64_t at_ms, struct value names)
{
	struct value v = warn_text(w->arena, packs_catalog(w->desk->packs), text, &names);

	if (v.type == VALUE_NIL)
		v = value_map(w->arena, 2);
	value_set(w->arena, &v, "what", value_literal(what));
	if (at_ms != INT64_MAX)
		value_set(w->arena, &v, "at", value_int(at_ms));
	return v;
}

static struct value roles_in(
	struct work *w, const struct level_row *row, const char *language, const char *comma)
{
	const struct value *roles = value_get(packs_catalog(w->desk->packs), "roles");
	struct value out = value_literal("");

	for (uint32_t i = 0; row != NULL && i < row->n_roles; i++) {
		const struct value *label =
			value_get(value_get(value_get(roles, row->roles[i]), "label"), language);

		out = value_printf(w->arena, "%s%s%s", value_cstr(w->arena, &out), i == 0 ? "" : comma,
			label == NULL ? row->roles[i] : value_cstr(w->arena, label));
	}
	return out;
}

/* Who may sign the level that it has down, as people call them. */
static struct value sign_roles(struct work *w, const struct wkey *k)
{
	const struct level_row *row = level_row_of(&k->watch->levels, k->det.level.level);
	struct value out = value_map(w->arena, 2);

	value_add(w->arena, &out, "zh", roles_in(w, row, "zh", "、"));
	value_add(w->arena, &out, "en", roles_in(w, row, "en", ", "));
	return out;
}

/* What comes next for it: a signature, one level down, or the next close. */
static struct value next_of(struct work *w, const struct wkey *k, const struct value *row)
{
	int64_t quiet = value_int_or(value_get(row, "quiet"), 0),
		closes = value_int_or(value_get(row, "closes"), 0),
		every_ms = k->watch == NULL ? MINUTE_MS : k->watch->bin_ms,
		close_ms = bin_end(every_ms, w->now_ms);
	struct value names = value_map(w->arena, 2);

	if (k->det.level.is_ready) {
		value_add(w->arena, &names, "person", sign_roles(w, k));
		return next_value(w, "sign", "next_sign", INT64_MAX, names);
	}
	if (quiet > 0 && closes > quiet) {
		value_add(w->arena, &names, "count", value_int(closes - quiet));
		return next_value(w, "down", "next_down", close_ms + (closes - quiet - 1) * every_ms, names);
	}
	value_add(w->arena, &names, "at", warn_time(w->arena, close_ms));
	return next_value(w, "close", "next_close", close_ms, names);
}

static int add_recovery(struct work *w, const struct wkey *k, struct value *v, struct err *e)
{
	struct value ticket;

	if (k->incident == 0)
		return 0;
	if (ticket_load(w->desk, w->tx, w->arena, k->incident, &ticket, e) != 0)
		return -1;
	warn_recovery(w, &ticket, v);
	return 0;
}

/* Persons whom the level that it has now has called, in the order of the calls. */
static struct value called(struct work *w, const struct wkey *k, const struct value *row)
{
	const struct value *told = value_get(row, "told");
	struct value out = value_array(w->arena, 4);

	for (uint32_t i = 0; told != NULL && i < told->n; i++)
		if (value_is_text(value_at(&told->as.items[i], 0), warn_level_name(w->desk->warn, k->level)))
			value_push(w->arena, &out, *value_at(&told->as.items[i], 1));
	return out;
}

/*
 * Whom the level calls next unless somebody acts, and when: {at, rung, people=[{person, rung, department,
 * label, reach?}]}. The pack says who that is by tonight's roster. Behind the last rung nobody is left, and
 * people is empty. While an acknowledgement holds, `at` is its end.
 */
static int add_next_call(
	struct work *w, const struct wkey *k, const struct value *row, struct value *v, struct err *e)
{
	const struct value *ack = value_path(row, "ack.until"),
			   *at = ack != NULL ? ack : value_get(row, "next_again"),
			   *rungs = value_get(warn_alarm(w->desk->warn, k->level), "call"), *people;
	int64_t rung = value_int_or(value_get(row, "rung"), 1) + 1;
	struct value facts, answer, next;

	if (k->level == 0 || at == NULL)
		return 0;
	facts = facts_base(w);
	value_add(w->arena, &facts, "rungs",
		value_at(rungs, (uint32_t)rung - 1) == NULL ? value_array(w->arena, 0)
							    : *value_at(rungs, (uint32_t)rung - 1));
	if (k->city != NULL)
		value_add(w->arena, &facts, "city", value_literal(k->city));
	if (generation_ask(packs_live(w->desk->packs), "duty", &facts, w->arena, &answer, e) != 0)
		return -1;
	people = value_get(&answer, "people");
	next = value_map(w->arena, 3);
	value_add(w->arena, &next, "at", *at);
	value_add(w->arena, &next, "rung", value_int(rung));
	value_add(w->arena, &next, "people", people == NULL ? value_array(w->arena, 0) : *people);
	value_set(w->arena, v, "next_call", next);
	return 0;
}

int warn_listed(
	struct work *w, const struct wkey *k, const struct value *row, struct value *list, struct err *e)
{
	static const char *const shown[] = {
		"ack", "floor", "held", "order", "under", "reminders", "acts", "opened", "before"};
	struct value v = warn_brief(w, k, row);
	const struct value *alarm = warn_alarm(w->desk->warn, k->level);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL)
			value_set(w->arena, &v, shown[i], *value_get(row, shown[i]));
	value_set(
		w->arena, &v, "count", value_get(&v, "seen") != NULL ? *value_get(&v, "seen") : value_int(0));
	if (value_get(alarm, "label") != NULL)
		value_set(w->arena, &v, "level_label", *value_get(alarm, "label"));
	value_set(w->arena, &v, "next", next_of(w, k, row));
	if (k->level > 0)
		value_set(w->arena, &v, "called", called(w, k, row));
	if (add_recovery(w, k, &v, e) != 0 || add_next_call(w, k, row, &v, e) != 0)
		return -1;
	value_push(w->arena, list, v);
	return 0;
}

/* Of no city: what is seen from farther away. By its text alone, so that a cursor tells it too. */
static bool is_wide(const struct wkey *k)
{
	static const char *const begins[] = {"*/", CLUSTER_PREFIX, SIGNAL_PREFIX "*/"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (strncmp(k->text, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

/* Worst first, then the older, then those of a city, which say most exactly what it is, then by key. */
static int by_weight(const void *x, const void *y)
{
	const struct wkey *a = *(const struct wkey *const *)x, *b = *(const struct wkey *const *)y;

	if (a->level != b->level)
		return a->level < b->level ? 1 : -1;
	if (a->since_ms != b->since_ms)
		return a->since_ms < b->since_ms ? -1 : 1;
	if (is_wide(a) != is_wide(b))
		return is_wide(a) ? 1 : -1;
	return strcmp(a->text, b->text);
}

/* What has a level, or a case that recovers; the order of disaster mode. */
static bool is_shown(struct warn *n, const struct wkey *k)
{
	return k->row != NULL && (k->level > 0 || strcmp(k->text, KEY_ALL) == 0 ||
					 (k->incident != 0 && warn_in_recovery(n, k)));
}

struct value warn_standing_list(struct work *w, uint32_t most)
{
	static const char *const said[] = {"key", "level", "line", "incident"};
	const struct warn *n = w->desk->warn;
	const struct wkey **found = arena_alloc(w->arena, (n->n_keys + 1) * sizeof(*found));
	struct value list = value_array(w->arena, most);
	uint32_t n_found = 0;

	for (uint32_t i = 0; i < n->n_keys; i++)
		if (n->keys[i]->row != NULL && n->keys[i]->level > 0)
			found[n_found++] = n->keys[i];
	if (n_found > 1)
		qsort(found, n_found, sizeof(*found), by_weight);
	for (uint32_t i = 0; i < n_found && i < most; i++) {
		const struct value *label = value_get(warn_alarm(n, found[i]->level), "label");
		struct value row = wkey_row(w, found[i]), brief = warn_brief(w, found[i], &row),
			     one = value_map(w->arena, 5);

		for (size_t f = 0; f < sizeof(said) / sizeof(said[0]); f++)
			if (value_get(&brief, said[f]) != NULL)
				value_add(w->arena, &one, said[f], *value_get(&brief, said[f]));
		if (label != NULL)
			value_add(w->arena, &one, "level_label", *label);
		value_push(w->arena, &list, one);
	}
	return list;
}

/* Where a page ended: what stands behind it in the order of the list. "RANK SINCE KEY". */
static struct value cursor_of(struct arena *a, const struct wkey *k)
{
	return value_printf(a, "%u %jd %s", k->level, (intmax_t)k->since_ms, k->text);
}

static int cursor_read(struct arena *a, const struct value *cursor, struct wkey *out, struct err *e)
{
	const char *text = value_cstr(a, cursor);
	intmax_t since_ms;
	unsigned rank;
	int at = 0;

	if (sscanf(text, "%u %jd %n", &rank, &since_ms, &at) != 2 || at == 0 || rank >= LEVEL_NAMES_MAX)
		return cursor_wrong(a, "warning.list", cursor, e);
	out->level = (uint8_t)rank;
	out->since_ms = since_ms;
	out->text = arena_text(a, text + at, strlen(text + at));
	return 0;
}

/* All that is shown, worst first, from behind the cursor on. */
static int find_shown(
	struct call *c, struct warn *n, const struct wkey **found, uint32_t *n_found, struct err *e)
{
	const struct value *cursor = value_get(&c->args, "cursor");
	struct wkey *behind = arena_zalloc(c->arena, sizeof(*behind));
	const struct wkey *const end = behind;

	*n_found = 0;
	if (cursor != NULL && cursor_read(c->arena, cursor, behind, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];

		if (is_shown(n, k) && (cursor == NULL || by_weight(&k, &end) > 0))
			found[(*n_found)++] = k;
	}
	if (*n_found > 1)
		qsort(found, *n_found, sizeof(*found), by_weight);
	return 0;
}

/* The first of them, as many as were asked for and an answer holds; returns how many. -1 from the store. */
static int64_t list_page(struct work *w, const struct wkey *const *found, uint32_t n_found, int64_t limit,
	struct value *list, struct err *e)
{
	struct buf *b = &w->desk->scratch;
	size_t bytes = 0;

	while (list->n < n_found && list->n < limit) {
		struct value row = wkey_row(w, found[list->n]);

		if (warn_listed(w, found[list->n], &row, list, e) != 0)
			return -1;
		buf_reset(b);
		value_encode(b, &list->as.items[list->n - 1]);
		bytes += b->n;
		if (bytes > LIST_BYTES && list->n > 1) {
			list->n--;
			break;
		}
	}
	return list->n;
}

int warning_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct warn *n = d->warn;
	const struct wkey **found = arena_alloc(c->arena, (n->n_keys + 1) * sizeof(*found));
	struct value list = value_array(c->arena, 16);
	struct work w = {.desk = d, .arena = c->arena, .now_ms = c->now_ms, .who = session_who(c->session)};
	uint32_t n_found;
	int64_t n_listed;

	if (find_shown(c, n, found, &n_found, e) != 0)
		return -1;
	n_listed = list_page(
		&w, found, n_found, value_int_or(value_get(&c->args, "limit"), INT64_MAX), &list, e);
	if (n_listed < 0)
		return -1;
	*result = value_map(c->arena, 3);
	value_add(c->arena, result, "warnings", list);
	if (n_listed < n_found) {
		value_add(c->arena, result, "more", value_int(n_found - n_listed));
		value_add(c->arena, result, "cursor", cursor_of(c->arena, found[n_listed - 1]));
	}
	return 0;
}
