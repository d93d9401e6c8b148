/*
 * Planned work (割接): first suspect while it runs and for a while behind its beginning, never a mute;
 * settled afterwards by what was expected and what was seen (signals.h).
 */
#include <string.h>

#include "desk/affected.h"
#include "desk/names.h"
#include "desk/pages.h"
#include "desk/signals.h"
#include "tocsin/due.h"
#include "tocsin/tail.h"
#include "tocsin/util.h"

#define ID_BYTES 120
#define OWNER_BYTES 200
#define LIST_MAX 1000
#define HOUR_MS (INT64_C(60) * SIGNAL_MINUTE_MS)

static struct slice change_key(struct arena *a, struct slice id)
{
	uint8_t *key = arena_alloc(a, 1 + id.n);

	key[0] = 'c';
	memcpy(key + 1, id.p, id.n);
	return slice_of(key, 1 + id.n);
}

static int64_t change_span(struct desk *d)
{
	return value_int_or(value_path(packs_catalog(d->packs), "suspects.change_ms"), 0);
}

/* ---- looking ------------------------------------------------------------------------------------------- */
static bool has_any(const struct value *list, const struct value *wanted)
{
	for (uint32_t i = 0; list != NULL && wanted != NULL && i < list->n; i++)
		for (uint32_t k = 0; k < wanted->n; k++)
			if (value_equal(&list->as.items[i], &wanted->as.items[k]))
				return true;
	return false;
}

static bool holds(const struct value *row, struct slice component, const struct value *cities)
{
	struct value name = value_borrow(component.p, component.n),
		     one = {.type = VALUE_ARRAY, .n = 1, .as.items = &name};
	const struct value *of = value_get(row, "cities");

	return has_any(value_get(row, "components"), &one) &&
	       (of == NULL || of->n == 0 || cities == NULL || has_any(of, cities));
}

int change_of(struct desk *d, struct tx *tx, struct arena *a, struct slice component,
	const struct value *cities, int64_t now_ms, int64_t span_ms, struct value *out, struct err *e)
{
	int64_t latest = -1;
	struct scan s;
	int got;

	scan_init(&s, d->store, tx, TABLE_CHANGE, slice_of("c", 1), slice_of("d", 1), false);
	while ((got = scan_next(&s, e)) == 1) {
		int64_t from, to;
		struct value row;

		if (value_decode(a, slice_of(arena_copy(a, s.val.p, s.val.n), s.val.n), &row, e) != 0) {
			got = -1;
			break;
		}
		from = value_int_or(value_get(&row, "from"), 0);
		to = value_int_or(value_get(&row, "to"), 0);
		if (from > now_ms || (now_ms > to && now_ms >= from + span_ms) || from < latest ||
			!holds(&row, component, cities))
			continue;
		latest = from;
		*out = row;
	}
	scan_fini(&s);
	return got < 0 ? -1 : latest >= 0;
}

/* ---- change.put ---------------------------------------------------------------------------------------- */
static int check_list(
	struct work *w, const struct value *list, const char *argument, const char *map, struct err *e)
{
	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		const char *said = value_cstr(w->arena, &list->as.items[i]);

		if (catalog_check(w->arena, packs_catalog(w->desk->packs), map, argument, &list->as.items[i],
			    e) != 0)
			return -1;
		for (uint32_t k = 0; k < i; k++)
			if (value_equal(&list->as.items[i], &list->as.items[k]))
				return err_arg(e, ERR_BAD_REQUEST, argument, said, "%s names \"%s\" twice",
					argument, said);
	}
	return 0;
}

/* A number for its timer: what it has, or the next. */
static int number_of(struct work *w, const struct value *was, int64_t *n, struct err *e)
{
	struct scan s;
	int got;

	if (value_as_int(value_get(was, "n"), n))
		return 0;
	scan_init(&s, w->desk->store, w->tx, TABLE_CHANGE, slice_of("n", 1), slice_of("o", 1), true);
	got = scan_next(&s, e);
	*n = got == 1 && s.key.n == 9 ? (int64_t)load_be64((const uint8_t *)s.key.p + 1) + 1 : 1;
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

static void number_key(uint8_t key[9], int64_t n)
{
	key[0] = 'n';
	store_be64(key + 1, (uint64_t)n);
}

static void set_timer(struct work *w, int64_t n, const struct value *was, int64_t due_ms)
{
	uint8_t key[DUE_KEY_LEN];
	int64_t old;

	if (value_as_int(value_get(was, "settles"), &old)) {
		due_key(key, old, TIMER_OF_CHANGE | (uint64_t)n);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	due_key(key, due_ms, TIMER_OF_CHANGE | (uint64_t)n);
	tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
}

static int change_check(struct work *w, const struct value *args, struct err *e)
{
	const struct value *components = value_get(args, "components");

	if (components->n == 0)
		return err_arg(e, ERR_BAD_REQUEST, "components", NULL,
			"components must name at least one component");
	if (value_get(args, "from")->as.i >= value_get(args, "to")->as.i)
		return err_arg(e, ERR_BAD_REQUEST, "to", NULL, "to must be later than from");
	return check_list(w, components, "components", "components", e) != 0
		       ? -1
		       : check_list(w, value_get(args, "cities"), "cities", "cities", e);
}

static int change_put(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	static const char *const taken[] = {"components", "cities", "from", "to", "owner", "notice_sent"};
	struct value was = value_nil, row = value_map(w->arena, 12);
	struct slice id = value_slice(value_get(args, "id"));
	int64_t n, settles, span = change_span(w->desk);
	uint8_t by_number[9];
	char text[UNIT_TEXT_LEN];
	int got;

	if (change_check(w, args, e) != 0)
		return -1;
	got = row_get(w->desk, w->tx, w->arena, TABLE_CHANGE, change_key(w->arena, id), &was, e);
	if (got < 0 || number_of(w, &was, &n, e) != 0)
		return -1;
	if (value_get(&was, "settled") != NULL)
		return err_arg(e, ERR_CONFLICT, "id", value_cstr(w->arena, value_get(args, "id")),
			"change \"%s\" is settled already", value_cstr(w->arena, value_get(args, "id")));
	settles = value_get(args, "from")->as.i + span;
	if (settles < value_get(args, "to")->as.i)
		settles = value_get(args, "to")->as.i;
	if (settles <= w->now_ms)
		return err_arg(e, ERR_BAD_REQUEST, "from", NULL,
			"the change began more than %s ago: it is no suspect any more",
			unit_text(span, span_units, N_SPAN_UNITS, text));
	value_add(w->arena, &row, "id", *value_get(args, "id"));
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (value_get(args, taken[i]) != NULL)
			value_add(w->arena, &row, taken[i], *value_get(args, taken[i]));
	value_add(w->arena, &row, "by", value_literal(w->who));
	value_add(w->arena, &row, "at", value_int(w->now_ms));
	value_add(w->arena, &row, "n", value_int(n));
	value_add(w->arena, &row, "settles", value_int(settles));
	number_key(by_number, n);
	tx_put(w->tx, TABLE_CHANGE, slice_of(by_number, 9), id);
	set_timer(w, n, &was, settles);
	row_put(w, TABLE_CHANGE, change_key(w->arena, id), &row);
	value_unset(&row, "n");
	*result = row;
	return 0;
}

/* ---- settling ------------------------------------------------------------------------------------------ */
struct settle {
	struct desk *desk;
	struct value row; /* its components with all that need them: what it may break */
	int64_t from_ms;
	uint64_t n_before, n_seen;
};

static int settle_bin(void *ctx, const struct signal_bin *b)
{
	struct settle *s = ctx;
	const struct value *kind =
		value_get_n(value_get(packs_catalog(s->desk->packs), "signals"), b->kind.p, b->kind.n);
	struct value city = value_borrow(b->city.p, b->city.n),
		     one = {.type = VALUE_ARRAY, .n = 1, .as.items = &city};

	if (!value_is_text(value_get(kind, "number"), "affected") || signal_is_own_mistake(b) ||
		!holds(&s->row, b->component, b->city.n == 0 ? NULL : &one))
		return 0;
	*(b->minute_ms < s->from_ms ? &s->n_before : &s->n_seen) += b->n;
	return 0;
}

/* The components that are worked on, and those that need one of them, at however many steps. */
static struct value reached(struct work *w, const struct value *components)
{
	const struct value *all = value_get(packs_catalog(w->desk->packs), "components");
	struct value out = value_copy(w->arena, components);
	bool is_more = true;

	while (is_more) {
		is_more = false;
		for (uint32_t i = 0; all != NULL && i < all->n; i++) {
			const struct value *name = &all->as.pairs[i].key;

			if (value_has_text(&out, value_slice(name)) ||
				!has_any(value_get(&all->as.pairs[i].val, "depends_on"), &out))
				continue;
			value_push(w->arena, &out, *name);
			is_more = true;
		}
	}
	return out;
}

/* How improbable so many are. Nothing before is not zero risk: a mean of one half, the usual correction for an
 * empty count. */
static struct value chance_of(int64_t expected, int64_t seen)
{
	return value_float(tail_poisson(expected == 0 ? 0.5 : (double)expected, (double)seen));
}

/* Failures of what it works on and of what needs that, from its beginning to its end, an hour at least, beside as
 * long before. */
static int settle(struct work *w, struct value *row, struct err *e)
{
	int64_t from = value_int_or(value_get(row, "from"), 0), to = value_int_or(value_get(row, "to"), 0),
		span = to - from;
	struct settle s = {.desk = w->desk, .row = value_copy_map(w->arena, row)};
	struct value v = value_map(w->arena, 6);

	if (span < HOUR_MS)
		span = HOUR_MS;
	if (span > change_span(w->desk))
		span = change_span(w->desk);
	s.from_ms = from - from % SIGNAL_MINUTE_MS;
	value_set(w->arena, &s.row, "components", reached(w, value_get(row, "components")));
	if (signal_bins(w->desk, w->tx, s.from_ms - span, s.from_ms + span, settle_bin, &s, e) != 0)
		return -1;
	value_add(w->arena, &v, "at", value_int(w->now_ms));
	value_add(w->arena, &v, "span_ms", value_int(span));
	value_add(w->arena, &v, "expected", value_int((int64_t)s.n_before));
	value_add(w->arena, &v, "seen", value_int((int64_t)s.n_seen));
	value_add(w->arena, &v, "p", chance_of((int64_t)s.n_before, (int64_t)s.n_seen));
	value_set(w->arena, row, "settled", v);
	return 0;
}

static void tell(struct work *w, const struct value *row)
{
	struct value both = value_array(w->arena, 2), data = value_copy_map(w->arena, row);

	value_unset(&data, "n");
	value_add(w->arena, &data, "event", value_literal("change_settled"));
	value_push(w->arena, &both, value_literal("duty"));
	value_push(w->arena, &both, data);
	value_push(w->arena, &w->notices, both);
}

int change_fire(struct work *w, uint64_t id, struct err *e)
{
	struct slice change;
	struct value row;
	uint8_t key[9];
	int got;

	number_key(key, (int64_t)(id & ~TIMER_OF_CHANGE));
	got = tx_get(w->tx, TABLE_CHANGE, slice_of(key, 9), &change, e);
	if (got == 1)
		got = row_get(w->desk, w->tx, w->arena, TABLE_CHANGE, change_key(w->arena, change), &row, e);
	if (got != 1)
		return got < 0 ? -1 : 0;
	if (settle(w, &row, e) != 0)
		return -1;
	value_unset(&row, "settles");
	row_put(w, TABLE_CHANGE, change_key(w->arena, value_slice(value_get(&row, "id"))), &row);
	tell(w, &row);
	return 0;
}

/* ---- change.list --------------------------------------------------------------------------------------- */
/* The team of its first component answers for it. */
static const struct value *team_of(struct desk *d, const struct value *row)
{
	const struct value *first = value_at(value_get(row, "components"), 0);

	return first == NULL ? NULL
			     : value_get(value_get_n(value_get(packs_catalog(d->packs), "components"),
						 first->as.text, first->n),
				       "team");
}

static void count_team(
	struct arena *a, struct value *teams, const struct value *team, const struct value *settled)
{
	const char *name = team == NULL ? "" : value_cstr(a, team);
	struct value *sum = (struct value *)value_get(teams, name);
	static const char *const keys[] = {"expected", "seen"};

	if (sum == NULL) {
		struct value new = value_map(a, 4);

		value_add(a, &new, "changes", value_int(0));
		value_add(a, &new, "expected", value_int(0));
		value_add(a, &new, "seen", value_int(0));
		sum = value_add(a, teams, name, new);
	}
	value_set(a, sum, "changes", value_int(value_int_or(value_get(sum, "changes"), 0) + 1));
	for (size_t i = 0; i < 2; i++)
		value_set(a, sum, keys[i],
			value_int(value_int_or(value_get(sum, keys[i]), 0) +
				  value_int_or(value_get(settled, keys[i]), 0)));
	value_set(a, sum, "p",
		chance_of(value_int_or(value_get(sum, "expected"), 0),
			value_int_or(value_get(sum, "seen"), 0)));
}

static const char *state_of(const struct value *row, int64_t now_ms)
{
	if (value_get(row, "settled") != NULL)
		return "settled";
	if (now_ms < value_int_or(value_get(row, "from"), 0))
		return "planned";
	return now_ms < value_int_or(value_get(row, "to"), 0) ? "running" : "watched";
}

static int on_list(struct call *c, struct value *result, struct err *e)
{
	const struct value *state = value_get(&c->args, "state"), *team = value_get(&c->args, "team"),
			   *cursor = value_get(&c->args, "cursor");
	int64_t limit = value_int_or(value_get(&c->args, "limit"), 100);
	struct value changes = value_array(c->arena, 16), teams = value_map(c->arena, 8), last = value_nil;
	struct desk *d = c->ctx;
	struct slice from = slice_of("c", 1), key;
	struct scan s;
	int got = 0;

	if (cursor != NULL) {
		key = change_key(c->arena, value_slice(cursor));
		got = cursor->n > ID_BYTES ? 0 : store_get(d->store, TABLE_CHANGE, key, &from, e);
		if (got != 1)
			return got < 0 ? -1 : cursor_wrong(c->arena, c->method->name, cursor, e);
		from = key_after(c->arena, key);
	}
	scan_init(&s, d->store, NULL, TABLE_CHANGE, from, slice_of("d", 1), false);
	while (changes.n < limit && (got = scan_next(&s, e)) == 1) {
		const struct value *of;
		struct value row;

		if (value_decode(c->arena, slice_of(arena_copy(c->arena, s.val.p, s.val.n), s.val.n), &row,
			    e) != 0) {
			got = -1;
			break;
		}
		last = *value_get(&row, "id");
		of = team_of(d, &row);
		if ((state != NULL && !value_is_text(state, state_of(&row, d->clock->now_ms))) ||
			(team != NULL && (of == NULL || !value_equal(team, of))))
			continue;
		value_unset(&row, "n");
		value_add(c->arena, &row, "state", value_literal(state_of(&row, d->clock->now_ms)));
		if (of != NULL)
			value_add(c->arena, &row, "team", *of);
		if (value_get(&row, "settled") != NULL)
			count_team(c->arena, &teams, of, value_get(&row, "settled"));
		value_push(c->arena, &changes, row);
	}
	scan_fini(&s);
	if (got < 0)
		return -1;
	*result = value_map(c->arena, 3);
	value_add(c->arena, result, "changes", changes);
	value_add(c->arena, result, "teams", teams);
	if (got == 1)
		value_add(c->arena, result, "cursor", last);
	return 0;
}

static int on_put(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, change_put, result, e);
}

static const char *const states[] = {"planned", "running", "watched", "settled", NULL};
static const struct rpc_arg put_args[] = {
	{.name = "id",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = ID_BYTES,
		.help = "of the change, in the system that plans it"},
	{.name = "components",
		.type = ARG_ARRAY,
		.is_required = true,
		.help = "what is worked on",
		.of = "components"},
	{.name = "cities", .type = ARG_ARRAY, .help = "where; everywhere unless said", .of = "cities"},
	{.name = "from", .type = ARG_TIME, .is_required = true, .help = "when it begins"},
	{.name = "to", .type = ARG_TIME, .is_required = true, .help = "when it ends"},
	{.name = "owner",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = OWNER_BYTES,
		.help = "who answers for it"},
	{.name = "notice_sent", .type = ARG_BOOL, .help = "customers and desks were told before"},
};
static const struct rpc_arg list_args[] = {
	{.name = "state", .type = ARG_ENUM, .words = states, .help = "only these"},
	{.name = "team", .type = ARG_TEXT, .help = "only of this team"},
	CURSOR_ARG,
	{.name = "limit",
		.type = ARG_INT,
		.min = 1,
		.max = LIST_MAX,
		.help = "changes a page, 100 unless said"},
};
static const struct rpc_method methods[] = {
	{.name = "change.put",
		.handler = on_put,
		RPC_ARGS(put_args),
		.roles = ROLE_OPERATOR | ROLE_ADAPTER | ROLE_LEADER | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Planned work on components: the first suspect for a while, never a mute. Again with "
			"the same id: changed.",
		.returns = "the change, with settles: when it will be settled"},
	{.name = "change.list",
		.handler = on_list,
		RPC_ARGS(list_args),
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "Planned work by id; settled ones with what was expected, seen and its probability, "
			"summed per team.",
		.returns = "{changes=[{id, components, cities?, from, to, owner, state, team?, "
			   "settled?={expected, seen, p, "
			   "span_ms, at}}], teams={TEAM={changes, expected, seen, p}}, cursor?}"},
};

void changes_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
