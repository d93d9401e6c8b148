/*
 * What an incident becomes: a major complaint's emergency, by how many numbers it hits and for how long. At
 * each close of warnings, and each minute while one is open, the pack is asked about every open incident
 * (point "declare"). What it says is an entry; where it has nothing to say there is none.
 */
#include <string.h>

#include "desk/affected.h"
#include "desk/cases.h"
#include "tocsin/log.h"
#include "warn_int.h"

#define DECLARED_MAX 1000 /* incidents that are asked about */

static bool has_rules(const struct desk *d)
{
	return value_true(value_get(packs_catalog(d->packs), "declares"));
}

static int add_hit(struct work *w, const struct value *row, int64_t id, struct value *facts, struct err *e)
{
	const struct value *fields = value_get(row, "fields");
	int64_t created_ms = value_int_or(value_get(row, "created"), w->now_ms),
		occurred_ms = value_int_or(value_get(row, "occurred"), created_ms),
		affected = affected_of_case(w->desk, id), n;
	struct value hit = value_map(w->arena, 4);

	if (cases_children(w->desk, id, &n, e) != 0)
		return -1;
	value_add(w->arena, &hit, "affected",
		value_int(affected < 0 ? value_int_or(value_get(fields, "affected"), 0) : affected));
	value_add(w->arena, &hit, "complainers", value_int(n + value_int_or(value_get(row, "contacts"), 0)));
	value_add(w->arena, &hit, "began",
		value_int(value_int_or(
			value_get(fields, "began"), occurred_ms < created_ms ? occurred_ms : created_ms)));
	if (w->desk->warn->declared_ms != 0)
		value_add(w->arena, &hit, "before", value_int(w->desk->warn->declared_ms));
	value_add(w->arena, facts, "hit", hit);
	return 0;
}

#define MERGES_DEEP 8

/* What it became before, and what the cases became that were merged into it: one fault is one emergency. */
static int list_raised(struct work *w, const struct value *row, int depth, struct value *list, struct err *e)
{
	const struct value *links = value_get(row, "links"), *merged = value_path(row, "fields.merged");
	struct value one;

	for (uint32_t i = 0; links != NULL && i < links->n; i++) {
		const struct value *link = &links->as.items[i];
		struct value shown = value_map(w->arena, 3);

		if (!value_is_text(value_get(link, "type"), "raised"))
			continue;
		if (ticket_load(w->desk, w->tx, w->arena, value_int_or(value_get(link, "id"), 0), &one, e) !=
			0)
			return -1;
		value_add(w->arena, &shown, "id", *value_get(&one, "id"));
		value_add(w->arena, &shown, "kind", *value_get(&one, "kind"));
		value_add(w->arena, &shown, "is_open", value_bool(ticket_is_open(&one)));
		value_push(w->arena, list, shown);
	}
	for (uint32_t i = 0; depth < MERGES_DEEP && value_is(merged, VALUE_ARRAY) && i < merged->n; i++)
		if (ticket_load(w->desk, w->tx, w->arena, value_int_or(&merged->as.items[i], 0), &one, e) !=
				0 ||
			(value_get(&one, "merged_into") != NULL &&
				list_raised(w, &one, depth + 1, list, e) != 0))
			return -1;
	return 0;
}

static int add_raised(struct work *w, const struct value *row, struct value *facts, struct err *e)
{
	struct value list = value_array(w->arena, 2);

	if (list_raised(w, row, 0, &list, e) != 0)
		return -1;
	value_add(w->arena, facts, "raised", list);
	return 0;
}

static bool says_nothing(const struct value *decision)
{
	const struct value *open = value_get(decision, "open"), *acts = value_get(decision, "acts");

	return (open == NULL || open->n == 0) && (acts == NULL || acts->n == 0);
}

/* 1 staged, 0 there is nothing to say, -1. */
static int declare(struct work *w, int64_t id, struct err *e)
{
	struct value before, after, facts, decision;

	if (ticket_load(w->desk, w->tx, w->arena, id, &before, e) != 0)
		return -1;
	if (value_true(value_path(&before, "fields.drill"))) /* 演练: nothing follows from it */
		return 0;
	facts = ticket_facts(w, &before);
	if (add_hit(w, &before, id, &facts, e) != 0 || add_raised(w, &before, &facts, e) != 0 ||
		work_ask(w, "declare", &facts, &decision, e) != 0)
		return -1;
	if (says_nothing(&decision))
		return 0;
	after = value_copy_map(w->arena, &before);
	w->roles = ROLE_ADMIN; /* the pack has decided: nobody's role is asked for */
	return ticket_decided(w, &decision, &before, &after, e) == 0 ? 1 : -1;
}

int64_t warn_declare_next(const struct warn *n, int64_t now_ms)
{
	int64_t id;

	return has_rules(n->desk) && cases_ids(n->desk, &id, 1) > 0 ? bin_end(MINUTE_MS, now_ms) : INT64_MAX;
}

void warn_declare(struct warn *n, int64_t now_ms)
{
	struct desk *d = n->desk;
	int64_t ids[DECLARED_MAX];
	uint32_t n_ids = has_rules(d) ? cases_ids(d, ids, DECLARED_MAX) : 0;

	for (uint32_t i = n_ids; i > 0; i--) { /* the oldest first */
		struct work w;
		struct err e;
		int got;

		arena_reset(&d->arena);
		warn_begin(&w, d, "incident.declare", now_ms);
		got = declare(&w, ids[i - 1], &e);
		if (got == 1 && work_commit(&w, &e) == 0)
			continue;
		if (got != 1)
			work_abort(&w);
		if (got != 0)
			log_line(LOG_ERROR, "incident.declare", "incident=%jd error=\"%s\"",
				(intmax_t)ids[i - 1], e.text);
	}
	n->declared_ms = now_ms;
}
