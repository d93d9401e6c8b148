/* ticket.history and ticket.explain: what happened to a ticket, and why; read from the events table. */
#include <string.h>

#include "access.h"
#include "pages.h"
#include "past.h"
#include "ticket_code.h"

#define HISTORY_BYTES ((size_t)192 * 1024)

/* The event part of an entry: 1 found, 0 not there or erased by law, -1. */
int event_load(struct desk *d, struct arena *a, uint64_t seq, struct value *event, struct err *e)
{
	struct slice part;
	int64_t at_ms;
	int got = store_event(d->store, seq, &part, &at_ms, e);

	if (got != 1 || part.n == 0)
		return got < 0 ? -1 : 0;
	part.p = arena_copy(a, part.p, part.n);
	if (value_decode(a, part, event, e) != 0)
		return -1;
	value_add(a, event, "at", value_int(at_ms)); /* the entry's own */
	return 1;
}

/* The change of this ticket among an entry's tickets. */
static const struct value *change_of(const struct value *event, int64_t id)
{
	const struct value *tickets = value_get(event, "tickets");

	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++)
		if (value_int_or(value_get(&tickets->as.items[i], "id"), 0) == id)
			return &tickets->as.items[i];
	return NULL;
}

static const char *action_of(struct arena *a, const struct value *event)
{
	const struct value *action = value_path(event, "params.action");

	if (action == NULL && value_is(value_get(event, "params"), VALUE_ARRAY))
		action = value_get(value_at(value_get(event, "params"), 0), "action");
	return action == NULL ? NULL : value_cstr(a, action);
}

/* Arguments of a call: the map inside [map], or the map itself for timers. */
static const struct value *params_of(const struct value *event)
{
	const struct value *params = value_get(event, "params");

	return value_is(params, VALUE_ARRAY) ? value_at(params, 0) : params;
}

/* The rules that fired, by name: entries hold their numbers. */
static struct value because_shown(
	struct desk *d, struct arena *a, const struct value *event, const struct value *because)
{
	const struct value *rules = packs_rules(d, a, value_int_or(value_get(event, "generation"), 0));
	struct value out = value_array(a, because->n);

	for (uint32_t i = 0; i < because->n; i++) {
		const struct value *number = &because->as.items[i],
				   *rule = value_at(rules, (uint32_t)value_int_or(number, UINT32_MAX));

		value_push(a, &out, rule != NULL ? *rule : *number);
	}
	return out;
}

static struct value decisions_shown(
	struct desk *d, struct arena *a, const struct value *event, const struct value *decisions)
{
	struct value out = value_array(a, decisions->n);

	for (uint32_t i = 0; i < decisions->n; i++) {
		struct value one = value_copy_map(a, &decisions->as.items[i]);
		const struct value *because = value_get(&one, "because");

		if (because != NULL)
			value_set(a, &one, "because", because_shown(d, a, event, because));
		value_push(a, &out, one);
	}
	return out;
}

static struct value history_item(
	struct desk *d, struct arena *a, uint64_t seq, const struct value *event, int64_t id)
{
	static const char *const shown[] = {"at", "who", "role", "via", "method", "generation", "tasks",
		"task", "job", "script", "heard", "drill_tasks", "acts_failed"};
	const struct value *change = change_of(event, id), *note = value_get(params_of(event), "note"),
			   *decisions = value_get(event, "decisions");
	struct value item = value_map(a, 14);

	value_add(a, &item, "seq", value_int((int64_t)seq));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(event, shown[i]) != NULL)
			value_add(a, &item, shown[i], *value_get(event, shown[i]));
	if (decisions != NULL)
		value_add(a, &item, "decisions", decisions_shown(d, a, event, decisions));
	if (action_of(a, event) != NULL)
		value_add(a, &item, "action", value_literal(action_of(a, event)));
	if (note != NULL)
		value_add(a, &item, "note", *note);
	if (value_is_text(value_get(event, "method"), "ticket.erase"))
		value_add(a, &item, "reason", *value_get(params_of(event), "reason"));
	if (change != NULL) /* of a new one it is not said */
		value_add(a, &item, "version", value_int(value_int_or(value_get(change, "version"), 1)));
	if (value_get(change, "set") != NULL)
		value_add(a, &item, "set", *value_get(change, "set"));
	return item;
}

static int history_add(
	struct desk *d, struct arena *a, uint64_t seq, int64_t id, struct value *items, struct err *e)
{
	struct value event, item;
	int got = event_load(d, a, seq, &event, e);

	if (got < 0)
		return -1;
	if (got == 1) {
		item = history_item(d, a, seq, &event, id);
	} else {
		item = value_map(a, 2);
		value_add(a, &item, "seq", value_int((int64_t)seq));
		value_add(a, &item, "erased", value_bool(true));
	}
	value_push(a, items, item);
	return 0;
}

/* The entry that opened the ticket; the row says it. */
static int opened_by(struct desk *d, int64_t id, uint64_t *seq, struct err *e)
{
	struct ticket_parts parts;
	struct slice bytes;

	if (ticket_bytes(d, NULL, id, &bytes, e) != 0 || ticket_parse(bytes, &parts, e) != 0)
		return -1;
	*seq = parts.seq;
	return 0;
}

/* Entries that changed it later, from `after` on. */
static void history_scan(struct scan *s, struct desk *d, uint8_t from[16], uint8_t to[8], int64_t id,
	uint64_t after, bool is_reverse)
{
	store_be64(from, (uint64_t)id);
	store_be64(from + 8, after + 1);
	store_be64(to, (uint64_t)id + 1);
	scan_init(s, d->store, NULL, TABLE_TICKET_EVENT, slice_of(from, 16), slice_of(to, 8), is_reverse);
}

static int ticket_history(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	int64_t id = value_int_or(value_get(&c->args, "id"), 0),
		limit = value_int_or(value_get(&c->args, "limit"), 100);
	const struct value *cursor;
	int64_t after;
	uint64_t first;
	struct value items = value_array(c->arena, 16);
	uint8_t from[16], to[8];
	struct scan s;
	size_t page_end;
	int got;

	if (cursor_given(c->arena, &c->args, "after", &cursor, e) != 0 ||
		cursor_number(c->arena, c->method->name, cursor, 0, &after, e) != 0 ||
		call_may_see(c, id, e) != 0 || opened_by(d, id, &first, e) != 0)
		return -1;
	page_end = c->arena->used + HISTORY_BYTES;
	if ((uint64_t)after < first && history_add(d, c->arena, first, id, &items, e) != 0)
		return -1;
	history_scan(&s, d, from, to, id, (uint64_t)after, false);
	got = 0;
	while (items.n < (uint32_t)limit && c->arena->used < page_end && (got = scan_next(&s, e)) == 1)
		if (history_add(d, c->arena, load_be64((const uint8_t *)s.key.p + 8), id, &items, e) != 0) {
			got = -1;
			break;
		}
	scan_fini(&s);
	if (got < 0)
		return -1;
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "events", items);
	if (items.n > 0 && (items.n == (uint32_t)limit || c->arena->used >= page_end)) {
		after = value_int_or(value_get(&items.as.items[items.n - 1], "seq"), 0);
		value_add(c->arena, result, "after", value_int(after));
		cursor_add(c->arena, result, after);
	}
	return 0;
}

/* ---- explain ------------------------------------------------------------------------------------------- */
/* Whether the entry holds decisions: 1, 0 (or it was erased by law), -1. */
static int load_decided(struct desk *d, struct arena *a, uint64_t seq, struct value *event, struct err *e)
{
	int got = event_load(d, a, seq, event, e);

	return got == 1 ? value_get(event, "decisions") != NULL : got;
}

/* The newest entry of the ticket that holds decisions. */
static int find_newest(
	struct desk *d, struct arena *a, int64_t id, uint64_t *found, struct value *event, struct err *e)
{
	uint8_t from[16], to[8];
	struct scan s;
	int got;

	history_scan(&s, d, from, to, id, 0, true);
	while ((got = scan_next(&s, e)) == 1) {
		*found = load_be64((const uint8_t *)s.key.p + 8);
		if ((got = load_decided(d, a, *found, event, e)) != 0)
			break;
	}
	scan_fini(&s);
	if (got != 0)
		return got;
	return opened_by(d, id, found, e) != 0 ? -1 : load_decided(d, a, *found, event, e);
}

/* That, or the entry asked for. */
static int find_decided(struct desk *d, struct arena *a, int64_t id, int64_t seq, uint64_t *found,
	struct value *event, struct err *e)
{
	int got;

	if (seq > 0) {
		*found = (uint64_t)seq;
		got = event_load(d, a, (uint64_t)seq, event, e);
		if (got == 1 && (change_of(event, id) != NULL ||
					value_int_or(value_path(event, "warning.incident"), 0) == id))
			return 0;
		return got < 0 ? -1
			       : err_set(e, ERR_NOT_FOUND, "ticket %jd has no entry %jd", (intmax_t)id,
					 (intmax_t)seq);
	}
	got = find_newest(d, a, id, found, event, e);
	if (got == 1)
		return 0;
	return got < 0 ? -1 : err_set(e, ERR_NOT_FOUND, "ticket %jd has no recorded decision", (intmax_t)id);
}

/* "agent, leader" as the entry has it, as bits. */
static uint32_t roles_of(struct arena *a, const struct value *event)
{
	char *text = (char *)value_cstr(a, value_get(event, "role")), *save = NULL, *name;
	uint32_t roles = 0;

	for (name = text == NULL ? NULL : strtok_r(text, ", ", &save); name != NULL;
		name = strtok_r(NULL, ", ", &save))
		roles |= role_by_name(name);
	return roles;
}

struct value event_facts(struct desk *d, struct arena *a, const struct value *event,
	const struct value *decision, const struct value *row)
{
	struct work w = {.desk = d, .arena = a, .now_ms = value_int_or(value_get(event, "at"), 0)};
	const struct value *kept = value_get(decision, "facts"), *params = params_of(event);
	struct value facts;

	w.who = value_cstr(a, value_get(event, "who"));
	w.roles = roles_of(a, event);
	facts = facts_base(&w);
	if (value_is_text(value_get(decision, "point"), "create"))
		value_set(a, &facts, "history", history_none(a)); /* unless the record says otherwise */
	for (uint32_t i = 0; kept != NULL && i < kept->n; i++)
		value_set(a, &facts, value_cstr(a, &kept->as.pairs[i].key), kept->as.pairs[i].val);
	if (value_get(&facts, "history") == NULL)
		value_unset(&facts, "history");
	if (value_is_text(value_get(decision, "point"), "create") && value_get(&facts, "ticket") == NULL) {
		struct value ticket = value_copy(a, params), plain;

		if (numbers_plain(a, packs_catalog(d->packs), &ticket, &plain))
			ticket = plain;
		value_unset(&ticket, "request_id");
		if (value_get(&ticket, "kind") == NULL)
			value_set(a, &ticket, "kind", *value_get(row, "kind"));
		if (value_get(row, "subject") != NULL)
			value_set(a, &ticket, "subject", *value_get(row, "subject"));
		value_set(a, &ticket, "created", *value_get(row, "created"));
		value_set(a, &facts, "ticket", ticket);
	} else if (value_get(&facts, "ticket") != NULL && value_get(row, "text") != NULL) {
		struct value ticket = value_copy(a, value_get(&facts, "ticket"));

		value_set(a, &ticket, "text", *value_get(row, "text"));
		value_set(a, &facts, "ticket", ticket);
	}
	return facts;
}

static int explain_one(struct desk *d, struct arena *a, const struct value *event, struct generation *g,
	const struct value *decision, const struct value *row, const char *rule, struct value *out,
	struct err *e)
{
	struct value facts = event_facts(d, a, event, decision, row), rules;

	if (generation_explain(g, value_cstr(a, value_get(decision, "point")), &facts, rule, a, &rules, e) !=
		0)
		return -1;
	*out = value_map(a, 5);
	value_add(a, out, "point", *value_get(decision, "point"));
	if (value_get(decision, "because") != NULL)
		value_add(a, out, "because", because_shown(d, a, event, value_get(decision, "because")));
	if (value_get(decision, "failed") != NULL)
		value_add(a, out, "failed", *value_get(decision, "failed"));
	value_add(a, out, "facts", facts);
	value_add(a, out, "rules", rules);
	return 0;
}

/*
 * Whether the decision is about the ticket. An entry holds those of all its tickets; one that opened another
 * ticket says which. Of a ticket that was opened beside another, only the decision that opened it (and those
 * on the warning that asked for it) is its own.
 */
static bool is_about(const struct value *decisions, const struct value *one, int64_t id)
{
	int64_t opened = value_int_or(value_get(one, "opened"), 0);

	if (opened != 0 || value_is_text(value_get(one, "point"), "warning") ||
		value_is_text(value_get(one, "point"), "evidence"))
		return opened == 0 || opened == id;
	for (uint32_t i = 0; i < decisions->n; i++)
		if (value_int_or(value_get(&decisions->as.items[i], "opened"), 0) == id)
			return false;
	return true;
}

static bool has_rules(const struct value *decisions)
{
	for (uint32_t i = 0; i < decisions->n; i++)
		if (value_get(&decisions->as.items[i], "rules")->n > 0)
			return true;
	return false;
}

static int explain(struct desk *d, struct arena *a, const struct value *args, struct pasts *pasts,
	struct value *result, struct err *e)
{
	int64_t id = value_int_or(value_get(args, "id"), 0);
	const char *rule = value_cstr(a, value_get(args, "rule"));
	struct value row, event, decisions = value_array(a, 2);
	const struct value *recorded;
	struct generation *g;
	uint64_t seq = 0;

	if (ticket_load(d, NULL, a, id, &row, e) != 0)
		return -1;
	if (value_true(value_get(&row, "erased")))
		return err_set(e, ERR_NOT_FOUND,
			"ticket %jd was erased by law: what was decided upon is gone, and so is why",
			(intmax_t)id);
	if (find_decided(d, a, id, value_int_or(value_get(args, "seq"), 0), &seq, &event, e) != 0)
		return -1;
	recorded = value_get(&event, "decisions");
	g = recorded == NULL ? NULL : pasts_get(pasts, value_int_or(value_get(&event, "generation"), 0), e);
	if (recorded != NULL && g == NULL)
		return -1;
	for (uint32_t i = 0; recorded != NULL && i < recorded->n; i++) {
		struct value one;

		if (!is_about(recorded, &recorded->as.items[i], id))
			continue;
		if (explain_one(d, a, &event, g, &recorded->as.items[i], &row, rule, &one, e) != 0)
			return -1;
		value_push(a, &decisions, one);
	}
	if (rule != NULL && !has_rules(&decisions))
		return err_arg(e, ERR_NOT_FOUND, "rule", rule,
			"no rule \"%s\" was asked about ticket %jd in entry %ju", rule, (intmax_t)id,
			(uintmax_t)seq);
	*result = value_map(a, 6);
	value_add(a, result, "id", value_int(id));
	value_add(a, result, "seq", value_int((int64_t)seq));
	value_add(a, result, "at", *value_get(&event, "at"));
	value_add(a, result, "generation", *value_get(&event, "generation"));
	value_add(a, result, "decisions", decisions);
	return 0;
}

static int ticket_explain(struct call *c, struct value *result, struct err *e)
{
	if (call_may_see(c, value_int_or(value_get(&c->args, "id"), 0), e) != 0)
		return -1;
	return past_call(c, explain, result, e);
}

static const struct rpc_arg history_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket"},
	{.name = "after",
		.type = ARG_INT,
		.min = 0,
		.max = ID_MAX,
		.help = "seq to go on behind, instead of a cursor"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = 1000, .help = "events a page, 100"},
	CURSOR_ARG,
};
static const struct rpc_arg explain_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket"},
	{.name = "seq",
		.type = ARG_INT,
		.min = 1,
		.max = ID_MAX,
		.help = "the entry; else the last one that was decided"},
	{.name = "rule", .type = ARG_TEXT, .help = "only this rule, \"routing/fibre outage\""},
};
static const struct rpc_method methods[] = {
	{.name = "ticket.history",
		.handler = ticket_history,
		RPC_ARGS(history_args),
		.roles = ROLE_ANY,
		.help = "Everything that happened to a ticket, in order.",
		.returns = "{events=[{seq, at, who, method, set, …}], after?, cursor?}"},
	{.name = "ticket.explain",
		.handler = ticket_explain,
		RPC_ARGS(explain_args),
		.roles = ROLE_ANY,
		.flags = RPC_LONG,
		.help = "Why a ticket went where it went, and why other rules did not fire: the stored pack "
			"asked again with the recorded facts.",
		.returns = "{id, seq, at, generation, decisions=[{point, because, facts, rules=[{rule, "
			   "fired, failed?}]}]}"},
};

void history_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
