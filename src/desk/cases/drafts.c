/* draft.get and draft.list: reports that somebody outside is owed. The core keeps the clock and gathers the
 * facts; the pack's words fill the text (lua/lib/drafts.lua). */
#include <stdlib.h>
#include <string.h>

#include "desk/affected.h"
#include "desk/cases.h"
#include "desk/names.h"

#define LIST_MAX 1000
#define WALK_MAX 20000 /* open tickets of the kinds looked at; kinds that owe reports are rare */
#define LINKS_LOOKED_AT 64
#define MINUTE_MS 60000

/* ---- draft.get ----------------------------------------------------------------------------------------- */
/* The incident that the ticket is about: fields.incident, its parent, or a link to one; of one that was merged the
 * one that goes on. 0: none. */
static int incident_of(struct desk *d, struct arena *a, const struct value *ticket, int64_t *id,
	struct value *row, struct err *e)
{
	const struct value *links = value_get(ticket, "links");
	struct work w = {.desk = d, .arena = a};
	int64_t ids[LINKS_LOOKED_AT + 2];
	uint32_t n = 0;

	*id = 0;
	if (value_as_int(value_path(ticket, "fields.incident"), &ids[n]))
		n++;
	if (value_as_int(value_get(ticket, "parent"), &ids[n]))
		n++;
	for (uint32_t i = 0; links != NULL && i < links->n && i < LINKS_LOOKED_AT; i++)
		if (value_as_int(value_get(&links->as.items[i], "id"), &ids[n]))
			n++;
	for (uint32_t i = 0; i < n; i++) {
		if (ticket_load_merged(&w, ids[i], row, e) != 0) {
			if (e->code != ERR_NOT_FOUND) /* people write the field, and may be wrong */
				return -1;
		} else if (value_is_text(value_get(row, "kind"), CASE_KIND)) {
			*id = value_int_or(value_get(row, "id"), 0);
			return 0;
		}
	}
	return 0;
}

/* Until when it lasted: until it was proven, or told; now while it goes on. */
static int64_t lasted_until(const struct value *row, int64_t now_ms)
{
	const struct value *fields = value_get(row, "fields");
	int64_t over_ms = value_int_or(value_get(row, "closed"), now_ms);

	if (over_ms == now_ms && !value_is(value_get(fields, "recovery"), VALUE_TEXT))
		return now_ms; /* also after a relapse */
	return value_int_or(
		value_get(fields, "proven_at"), value_int_or(value_get(fields, "told_at"), over_ms));
}

/* case.hit={users, minutes}: how many numbers it has hit so far, and how long it lasts, begun minutes. */
static void add_hit(
	struct arena *a, const struct value *row, int64_t n_users, int64_t now_ms, struct value *out)
{
	int64_t created_ms = value_int_or(value_get(row, "created"), now_ms),
		occurred_ms = value_int_or(value_get(row, "occurred"), created_ms),
		began_ms = value_int_or(
			value_path(row, "fields.began"), occurred_ms < created_ms ? occurred_ms : created_ms),
		lasted_ms = lasted_until(row, now_ms) - began_ms;
	struct value hit = value_map(a, 2);

	value_add(a, &hit, "users", value_int(n_users));
	value_add(
		a, &hit, "minutes", value_int(lasted_ms <= 0 ? 0 : (lasted_ms + MINUTE_MS - 1) / MINUTE_MS));
	value_add(a, out, "hit", hit);
}

/* facts.case: the incident's fields, how many complain, how many numbers its lists say are affected. */
static int add_case(
	struct desk *d, struct arena *a, const struct value *ticket, struct value *facts, struct err *e)
{
	int64_t id, n_children, n_affected;
	struct value row, one;

	if (incident_of(d, a, ticket, &id, &row, e) != 0)
		return -1;
	if (id == 0)
		return 0;
	if (cases_children(d, id, &n_children, e) != 0)
		return -1;
	one = value_copy_map(a, &row);
	ticket_show(&one);
	value_set(
		a, &one, "complainers", value_int(n_children + value_int_or(value_get(&row, "contacts"), 0)));
	n_affected = affected_of_case(d, id);
	if (n_affected > 0) /* lists without a number say nothing about how many are hit */
		value_set(a, &one, "affected", value_int(n_affected));
	else
		n_affected = value_int_or(value_path(&row, "fields.affected"), 0);
	if (n_affected > 0)
		add_hit(a, &row, n_affected, d->clock->now_ms, &one);
	value_add(a, facts, "case", one);
	return 0;
}

/* How long until then; below zero when it is late. */
static void add_left(struct arena *a, struct value *one, int64_t now_ms)
{
	int64_t due_ms;

	if (value_as_int(value_get(one, "due"), &due_ms))
		value_set(a, one, "left_ms", value_int(due_ms - now_ms));
}

static int draft_get(struct call *c, struct value *result, struct err *e)
{
	static const char *const shown[] = {"id", "no", "kind", "stage", "title"};
	struct desk *d = c->ctx;
	struct work w = work_to_ask(c, c->now_ms);
	const struct value *draft = value_get(&c->args, "draft"), *drafts;
	struct value row, ticket, facts, answer, list;

	if (catalog_check(c->arena, packs_catalog(d->packs), "drafts", "draft", draft, e) != 0 ||
		ticket_load(d, NULL, c->arena, value_int_or(value_get(&c->args, "id"), 0), &row, e) != 0)
		return -1;
	facts = facts_base(&w);
	ticket = value_copy_map(c->arena, &row);
	ticket_show(&ticket);
	value_add(c->arena, &facts, "ticket", ticket);
	value_add(c->arena, &facts, "clocks", facts_clocks(&w, &row));
	if (draft != NULL)
		value_add(c->arena, &facts, "draft", *draft);
	if (add_case(d, c->arena, &row, &facts, e) != 0 ||
		generation_ask(packs_live(d->packs), "draft", &facts, c->arena, &answer, e) != 0)
		return -1;
	drafts = value_get(&answer, "drafts");
	if (!value_is(drafts, VALUE_ARRAY) || drafts->n == 0)
		return err_arg(e, ERR_NOT_FOUND, draft == NULL ? "id" : "draft",
			draft == NULL ? NULL : value_cstr(c->arena, draft),
			draft == NULL ? "the pack drafts no report of a ticket of kind %s"
				      : "the pack drafts no such report of a ticket of kind %s",
			value_cstr(c->arena, value_get(&row, "kind")));
	list = value_array(c->arena, drafts->n);
	for (uint32_t i = 0; i < drafts->n; i++) {
		struct value one = value_copy_map(c->arena, &drafts->as.items[i]);

		add_left(c->arena, &one, d->clock->now_ms);
		value_push(c->arena, &list, one);
	}
	*result = value_map(c->arena, 8);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(&row, shown[i]) != NULL)
			value_add(c->arena, result, shown[i], *value_get(&row, shown[i]));
	value_add(c->arena, result, "drafts", list);
	return 0;
}

/* ---- draft.list ---------------------------------------------------------------------------------------- */
struct owed {
	int64_t due_ms, id;
	struct value shown;
};

struct owed_list {
	struct desk *desk;
	struct arena *arena;
	struct owed *all;
	uint32_t n, n_walked;
};

static bool is_kind_of(const struct value *draft, const struct value *kind)
{
	const struct value *kinds = value_get(draft, "kinds");

	for (uint32_t i = 0; value_is(kinds, VALUE_ARRAY) && i < kinds->n; i++)
		if (value_equal(&kinds->as.items[i], kind))
			return true;
	return false;
}

static void take_due(
	struct owed_list *l, const struct value *row, const struct value *name, const struct value *draft)
{
	static const char *const of_row[] = {"id", "no", "kind", "stage", "title", "owner"};
	static const char *const of_draft[] = {"label", "to", "action"};
	int64_t due_ms;
	struct owed *o;

	if (l->n == LIST_MAX ||
		!value_as_int(value_get(value_get(row, "due"), value_cstr(l->arena, name)), &due_ms))
		return;
	o = &l->all[l->n++];
	o->due_ms = due_ms;
	o->id = value_int_or(value_get(row, "id"), 0);
	o->shown = value_map(l->arena, 12);
	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		if (value_get(row, of_row[i]) != NULL)
			value_add(l->arena, &o->shown, of_row[i],
				value_copy(l->arena, value_get(row, of_row[i])));
	value_add(l->arena, &o->shown, "draft", *name);
	for (size_t i = 0; i < sizeof(of_draft) / sizeof(of_draft[0]); i++)
		if (value_get(draft, of_draft[i]) != NULL)
			value_add(l->arena, &o->shown, of_draft[i], *value_get(draft, of_draft[i]));
	value_add(l->arena, &o->shown, "due", value_int(due_ms));
	add_left(l->arena, &o->shown, l->desk->clock->now_ms);
	if (value_true(value_path(row, "fields.drill")))
		value_add(l->arena, &o->shown, "drill", value_bool(true));
}

/* Tickets of the kind at one status. */
static int walk_status(struct owed_list *l, const struct value *drafts, const struct value *kind,
	const char *status, struct err *e)
{
	struct slice texts[2] = {value_slice(kind), slice_of(status, strlen(status))};
	struct slice from = index_prefix(l->arena, l->desk->lexicon, INDEX_STATUS, texts, 2);
	struct scan s;
	int got = 0;

	scan_init(&s, l->desk->store, NULL, TABLE_INDEX, from, key_after(l->arena, from), false);
	while (l->n_walked < WALK_MAX && (got = scan_next(&s, e)) == 1) {
		struct value row;

		l->n_walked++;
		if (ticket_load(l->desk, NULL, l->arena,
			    (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8), &row, e) != 0) {
			got = -1;
			break;
		}
		for (uint32_t i = 0; i < drafts->n; i++)
			if (is_kind_of(&drafts->as.pairs[i].val, kind))
				take_due(l, &row, &drafts->as.pairs[i].key, &drafts->as.pairs[i].val);
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

/* Tickets of the kind that are not over. */
static int walk_kind(struct owed_list *l, const struct value *drafts, const struct value *kind, struct err *e)
{
	for (size_t i = 0; ticket_open_statuses[i] != NULL; i++)
		if (walk_status(l, drafts, kind, ticket_open_statuses[i], e) != 0)
			return -1;
	return 0;
}

/* What is due soonest comes first; then the older ticket. */
static int by_due(const void *x, const void *y)
{
	const struct owed *a = x, *b = y;

	if (a->due_ms != b->due_ms)
		return a->due_ms < b->due_ms ? -1 : 1;
	return a->id < b->id ? -1 : a->id > b->id;
}

static int draft_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *catalog = packs_catalog(d->packs), *drafts = value_get(catalog, "drafts"),
			   *kinds = value_get(catalog, "kinds");
	struct owed_list l = {d, c->arena, arena_alloc(c->arena, LIST_MAX * sizeof(struct owed)), 0, 0};
	struct value list;

	for (uint32_t k = 0; value_is(drafts, VALUE_MAP) && value_is(kinds, VALUE_MAP) && k < kinds->n; k++) {
		bool is_asked = false;

		for (uint32_t i = 0; i < drafts->n; i++)
			is_asked |= is_kind_of(&drafts->as.pairs[i].val, &kinds->as.pairs[k].key);
		if (is_asked && walk_kind(&l, drafts, &kinds->as.pairs[k].key, e) != 0)
			return -1;
	}
	if (l.n > 1)
		qsort(l.all, l.n, sizeof(*l.all), by_due);
	list = value_array(c->arena, l.n);
	for (uint32_t i = 0; i < l.n; i++)
		value_push(c->arena, &list, l.all[i].shown);
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "drafts", list);
	if (l.n == LIST_MAX || l.n_walked == WALK_MAX)
		value_add(c->arena, result, "is_cut", value_bool(true));
	return 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */
static const struct rpc_arg get_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket, such as an emergency"},
	{.name = "draft", .type = ARG_TEXT, .of = "drafts", .help = "only this one"},
};
static const struct rpc_method methods[] = {
	{.name = "draft.get",
		.handler = draft_get,
		RPC_ARGS(get_args),
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "Reports that a ticket owes to somebody outside, drafted: what is known is filled "
			"in, what is not is "
			"named as missing.",
		.returns = "{id, no, kind, stage, title?, drafts=[{name, label, to, clock, action, class?, "
			   "state=none|running|made, due?, left_ms?, zh, en, missing=[{name, label}]}]}"},
	{.name = "draft.list",
		.handler = draft_list,
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "Reports to the outside that are owed now, the next due first; left_ms below 0: "
			"late.",
		.returns = "{drafts=[{id, no, kind, stage, title?, owner?, draft, label, to, action, due, "
			   "left_ms, drill?}], is_cut?}"},
};

void drafts_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
