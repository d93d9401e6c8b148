/* What the pack is told of a key when it is asked at the points "evidence" and "warning". */
#include <string.h>

#include "desk/signals.h"
#include "warn_int.h"

/* {S15=34, …} of one figure of the sums. */
static struct value figures_of(struct arena *a, const struct value *row, const char *what)
{
	const struct value *sums = value_get(row, "sums");
	struct value out = value_map(a, 4);

	for (uint32_t i = 0; sums != NULL && i < sums->n; i++)
		if (value_get(&sums->as.pairs[i].val, what) != NULL)
			value_add(a, &out, value_cstr(a, &sums->as.pairs[i].key),
				*value_get(&sums->as.pairs[i].val, what));
	return out;
}

static void add_ticket(struct work *w, const struct wkey *k, struct value *facts)
{
	struct value ticket = value_map(w->arena, 2);

	/* city and category of a warning stand where a ticket's do */
	if (k->city != NULL)
		value_add(w->arena, &ticket, "city", value_literal(k->city));
	if (k->category != NULL)
		value_add(w->arena, &ticket, "category", value_literal(k->category));
	value_add(w->arena, facts, "ticket", ticket);
}

/* What the incident says of itself, without lists and maps such as its script. */
static struct value case_fields(struct arena *a, const struct value *fields)
{
	struct value out = value_map(a, fields == NULL ? 0 : fields->n);

	for (uint32_t i = 0; fields != NULL && i < fields->n; i++) {
		const struct pair *p = &fields->as.pairs[i];

		if (p->val.type != VALUE_MAP && p->val.type != VALUE_ARRAY && p->val.type != VALUE_NIL)
			value_add(a, &out, value_cstr(a, &p->key), p->val);
	}
	return out;
}

/*
 * Of a roll-up: in_cities, those of its case (`has`, NULL: none) and behind them those that are warned by
 * now; joined: how many its case does not have yet.
 */
static void add_cities(struct arena *a, const struct value *row, const struct value *has, struct value *said)
{
	const struct value *children = value_get(row, "children");
	struct value list = has == NULL ? value_array(a, 16) : value_copy(a, has);
	uint32_t n_had = list.n;

	for (uint32_t i = 0; children != NULL && i < children->n; i++) {
		struct warn_key key;

		if (!warn_key_split(value_slice(&children->as.items[i]), &key))
			continue;
		if (!value_has_text(&list, key.city))
			value_push(a, &list, value_text(a, key.city.p, key.city.n));
	}
	if (children == NULL)
		return;
	value_add(a, said, "in_cities", list);
	value_add(a, said, "joined", value_int(list.n - n_had));
}

/* What its incident says of itself. */
static int add_case(
	struct work *w, const struct wkey *k, const struct value *of, struct value *said, struct err *e)
{
	const struct value *recovery, *cities;
	int64_t whole = warn_whole_case(w, k);
	struct value row;
	uint8_t level;

	if (k->incident == 0) {
		add_cities(w->arena, of, NULL, said);
		return 0;
	}
	if (whole != 0) {
		if (ticket_load(w->desk, w->tx, w->arena, whole, &row, e) != 0)
			return -1;
		value_add(w->arena, said, "whole_case", value_int(whole));
		value_add(w->arena, said, "whole_stage", *value_get(&row, "stage"));
	}
	if (ticket_load(w->desk, w->tx, w->arena, k->incident, &row, e) != 0)
		return -1;
	value_add(w->arena, said, "incident", value_int(k->incident));
	value_add(w->arena, said, "stage", *value_get(&row, "stage"));
	recovery = value_path(&row, "fields.recovery");
	if (value_is(recovery, VALUE_TEXT))
		value_add(w->arena, said, "recovery", *recovery);
	value_add(w->arena, said, "case_fields", case_fields(w->arena, value_get(&row, "fields")));
	level = warn_case_level(w->desk->warn, k->incident);
	value_add(w->arena, said, "case_rank", value_int(level));
	value_add(w->arena, said, "case_moved",
		value_bool(!value_is_text(
			value_path(&row, "fields.level"), warn_level_name(w->desk->warn, level))));
	cities = value_path(&row, "fields.cities");
	add_cities(w->arena, of, value_is(cities, VALUE_ARRAY) ? cities : NULL, said);
	if (cities == NULL && value_get(&row, "city") == NULL && value_get(said, "joined") != NULL)
		value_set(w->arena, said, "joined",
			value_int(0)); /* of the whole province: none is new to it */
	return 0;
}

static struct slice text_of(const char *text)
{
	return slice_of(text, text == NULL ? 0 : strlen(text));
}

/* A rise: which component is at fault, by the evidence of this minute (signals.h). */
int warn_suspects(
	struct work *w, const struct wkey *k, const struct value *row, struct value *facts, struct err *e)
{
	struct suspicion about = {.city = text_of(k->city),
		.category = text_of(k->category),
		.service = text_of(k->watch == NULL ? NULL : k->watch->service),
		.component = text_of(k->watch == NULL ? NULL : k->watch->component),
		.first_ms = value_int_or(value_get(row, "since"), w->now_ms)};
	struct value suspects;

	if (suspects_find(w->desk, w->tx, w->arena, w->now_ms, &about, &suspects, e) != 0)
		return -1;
	value_add(w->arena, facts, "suspects", suspects);
	return 0;
}

/* Closes that the key is under the exit of that level by now; INT64_MAX: its table does not know the level. */
static int64_t under_of(const struct wkey *k, uint8_t level)
{
	const struct level_table *levels = &k->watch->levels;

	for (uint32_t i = 0; i < levels->n_rows; i++)
		if (levels->rows[i].level == level)
			return k->det.under[i];
	return INT64_MAX;
}

/* Whether that key says how long the case that k speaks for is under the exits. */
static bool is_asked(const struct wkey *k, const struct wkey *one)
{
	return one->watch != NULL &&
	       (one == k || (k->incident != 0 && one->incident == k->incident && one->level > 0));
}

/* Whether another one of them knows it sooner: by shorter bins of what is counted alike, and before a bin of
 * days by any. */
static bool is_known_sooner(const struct warn *n, const struct wkey *k, const struct wkey *one, uint8_t level)
{
	int64_t bin_ms = one->watch->bin_ms;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *other = n->keys[i];

		if (is_asked(k, other) && other->watch->bin_ms < bin_ms &&
			under_of(other, level) != INT64_MAX &&
			(other->watch->of == one->watch->of || bin_is_long(bin_ms)))
			return true;
	}
	return false;
}

/* How long a case is under each level's exit: of several keys that have it, the one that was so for the
 * fewest closes. */
static void add_under(struct work *w, const struct wkey *k, struct value *said)
{
	const struct warn *n = w->desk->warn;
	struct value under = value_map(w->arena, LEVELS_MAX);

	for (uint8_t level = 1; level < LEVEL_NAMES_MAX; level++) {
		int64_t least = INT64_MAX, closes;

		for (uint32_t i = 0; i < n->n_keys; i++) {
			const struct wkey *one = n->keys[i];

			if (!is_asked(k, one))
				continue;
			closes = under_of(one, level);
			if (closes < least && !is_known_sooner(n, k, one, level))
				least = closes;
		}
		if (least != INT64_MAX)
			value_add(w->arena, &under, warn_level_name(n, level), value_int(least));
	}
	if (under.n > 0)
		value_set(w->arena, said, "under", under);
}

static void add_caseless(struct arena *a, const struct value *caseless, struct value *said)
{
	static const char *const names[][2] = {
		{"since", "caseless_since"}, {"incident", "was_case"}, {"was", "case_was"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (value_get(caseless, names[i][0]) != NULL)
			value_add(a, said, names[i][1], *value_get(caseless, names[i][0]));
}

int warn_facts(struct work *w, const struct wkey *k, const struct warn_event *event, const struct value *row,
	struct value *facts, struct err *e)
{
	static const char *const taken[] = {
		"p", "since", "children", "cities", "reminders", "is_ready", "began"};
	const struct warn *n = w->desk->warn;
	const struct wkey *all = wkey_find(n, SLICE_TEXT(KEY_ALL));
	struct value said = warn_brief(w, k, row);

	*facts = facts_base(w);
	value_add(w->arena, &said, "event", value_literal(event->event));
	value_add(w->arena, &said, "from", value_literal(warn_level_name(n, event->from)));
	value_add(w->arena, &said, "to", value_literal(warn_level_name(n, k->level)));
	value_add(w->arena, &said, "rank", value_int(k->level));
	value_add(w->arena, &said, "was", value_int(event->from));
	value_add(w->arena, &said, "late", value_bool(event->is_late));
	value_add(w->arena, &said, "rung", value_int(event->rung == 0 ? 1 : event->rung));
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (value_get(row, taken[i]) != NULL)
			value_set(w->arena, &said, taken[i], *value_get(row, taken[i]));
	add_under(w, k, &said);
	value_set(w->arena, &said, "seen", figures_of(w->arena, row, "seen"));
	value_set(w->arena, &said, "expected", figures_of(w->arena, row, "expected"));
	if (strcmp(event->event, "caseless") == 0)
		add_caseless(w->arena, value_get(row, "caseless"), &said);
	if (event->by != NULL)
		value_add(w->arena, &said, "by", value_literal(event->by));
	value_unset(&said, "incident");
	if (all != NULL && all->row != NULL)
		value_add(w->arena, &said, "disaster", value_bool(true));
	if (add_case(w, k, row, &said, e) != 0)
		return -1;
	add_ticket(w, k, facts);
	value_add(w->arena, facts, "warning", said);
	return 0;
}
