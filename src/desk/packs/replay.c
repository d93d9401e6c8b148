/* rules.facts: what the last decisions were made of, so that another pack can be asked the same. Read-only.
 */
#include <string.h>

#include "desk/pages.h"
#include "desk/past.h"

#define PAGE_BYTES ((size_t)160 * 1024) /* facts are texts: the answer stays under a frame */
#define EVENTS_SEEN_MAX 4000            /* a call; most entries hold a decision */

struct replay {
	struct desk *desk;
	struct arena *arena; /* of the answer */
	struct pasts *pasts;
	struct value decisions;
	int64_t limit;
};

/* A create's facts are the call's arguments, so one that a decision opened beside it cannot be asked again.
 */
static bool can_be_asked(const struct value *event, const struct value *decision, uint32_t index)
{
	const struct value *method = value_get(event, "method");

	if (value_get(decision, "facts") == NULL)
		return false;
	return !value_is_text(value_get(decision, "point"), "create") ||
	       (index == 0 &&
		       (value_is_text(method, "ticket.create") || value_is_text(method, "ticket.import")));
}

/* What the generation that decided says to these facts; nothing when it cannot be built any more. */
static void add_decided(struct replay *r, struct arena *a, const struct value *event, const char *point,
	const struct value *facts, struct value *one)
{
	struct err e;
	struct generation *g = pasts_get(r->pasts, value_int_or(value_get(event, "generation"), 0), &e);
	struct value decided;

	if (g == NULL || generation_ask(g, point, facts, a, &decided, &e) != 0) {
		value_add(r->arena, one, "error", value_printf(r->arena, "%s", e.text));
		return;
	}
	value_unset(&decided, "because"); /* numbers of that generation's rules */
	value_add(r->arena, one, "decided", value_copy(r->arena, &decided));
}

static int take(struct replay *r, struct arena *a, uint64_t seq, const struct value *event,
	const struct value *decision, struct err *e)
{
	const struct value *change = value_at(value_get(event, "tickets"), 0),
			   *point = value_get(decision, "point");
	struct value row, facts, one = value_map(r->arena, 8);

	if (change == NULL)
		return 0;
	if (ticket_load(r->desk, NULL, a, value_int_or(value_get(change, "id"), 0), &row, e) != 0)
		return e->code == ERR_NOT_FOUND ? 0 : -1;
	facts = event_facts(r->desk, a, event, decision, &row);
	value_add(r->arena, &one, "seq", value_int((int64_t)seq));
	value_add(r->arena, &one, "at", *value_get(event, "at"));
	value_add(r->arena, &one, "generation", *value_get(event, "generation"));
	value_add(r->arena, &one, "point", value_copy(r->arena, point));
	value_add(r->arena, &one, "no", value_copy(r->arena, value_get(&row, "no")));
	value_add(r->arena, &one, "facts", value_copy(r->arena, &facts));
	add_decided(r, a, event, value_cstr(a, point), &facts, &one);
	value_push(r->arena, &r->decisions, one);
	return 0;
}

/* Whether the generation of an entry can be asked: 0; 1 it would be one too many for this answer; -1 it is to
 * be built first. */
static int check_generation(struct replay *r, const struct value *event)
{
	int64_t number = value_int_or(value_get(event, "generation"), 0);
	struct err e;

	if (pasts_full(r->pasts, number))
		return 1;
	return pasts_get(r->pasts, number, &e) == NULL && r->pasts->wanted != 0 ? -1 : 0;
}

/* All decisions of an entry, the last first. 1: the page ends before it. */
static int take_event(struct replay *r, uint64_t seq, struct err *e)
{
	const struct value *recorded;
	struct value event;
	struct arena a;
	int rc;

	arena_init(&a, 0);
	rc = event_load(r->desk, &a, seq, &event, e);
	recorded = rc == 1 ? value_get(&event, "decisions") : NULL;
	rc = rc < 0 ? -1 : recorded == NULL ? 0 : check_generation(r, &event);
	for (uint32_t i = recorded == NULL ? 0 : recorded->n; i > 0 && rc == 0; i--)
		if (can_be_asked(&event, &recorded->as.items[i - 1], i - 1))
			rc = take(r, &a, seq, &event, &recorded->as.items[i - 1], e);
	arena_fini(&a);
	return rc;
}

static int facts_page(struct desk *d, struct arena *arena, const struct value *args, struct pasts *pasts,
	struct value *result, struct err *e)
{
	struct replay r = {.desk = d,
		.arena = arena,
		.pasts = pasts,
		.decisions = value_array(arena, 64),
		.limit = value_int_or(value_get(args, "limit"), 100)};
	size_t page_end = arena->used + PAGE_BYTES;
	int64_t before = 0;
	uint8_t to[8];
	struct scan s;
	int got = 0, n_seen = 0, rc = 0;

	if (cursor_number(arena, "rules.facts", value_get(args, "cursor"), INT64_MAX, &before, e) != 0)
		return -1;
	store_be64(to, (uint64_t)before);
	scan_init(&s, d->store, NULL, TABLE_EVENT, slice_of(NULL, 0), slice_of(to, 8), true);
	while (rc == 0 && r.decisions.n < (uint32_t)r.limit && arena->used < page_end &&
		n_seen++ < EVENTS_SEEN_MAX && (got = scan_next(&s, e)) == 1) {
		uint64_t seq = load_be64(s.key.p);

		rc = take_event(&r, seq, e);
		if (rc == 0)
			before = (int64_t)seq;
	}
	scan_fini(&s);
	if (got < 0 || rc < 0)
		return -1;
	*result = value_map(arena, 2);
	value_add(arena, result, "decisions", r.decisions);
	if (got == 1)
		cursor_add(arena, result, before);
	return 0;
}

static int rules_facts(struct call *c, struct value *result, struct err *e)
{
	return past_call(c, facts_page, result, e);
}

static const struct rpc_arg facts_args[] = {
	{.name = "limit", .type = ARG_INT, .min = 1, .max = 1000, .help = "decisions a page, 100"},
	CURSOR_ARG,
};
static const struct rpc_method methods[] = {
	{.name = "rules.facts",
		.handler = rules_facts,
		RPC_ARGS(facts_args),
		.roles = ROLE_ANALYST | ROLE_ADMIN,
		.flags = RPC_LONG,
		.help = "The last decisions, newest first: the facts as they were, and what the pack of then "
			"says to them.",
		.returns = "{decisions=[{seq, at, generation, point, no, facts, decided | error}], cursor?}"},
};

void replay_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
