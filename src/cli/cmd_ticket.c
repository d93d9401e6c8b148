/* Tickets: new, show, list, act, history. */
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"

#define TITLE_COLUMNS 44
#define LIST_LIMIT "50"

/* ---- showing ------------------------------------------------------------------------------------------- */
/* The clock that ends next, and "!" once it was missed. */
static const char *due_shown(struct arena *a, const struct value *ticket)
{
	const struct value *due = value_get(ticket, "due");
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; value_is(due, VALUE_MAP) && i < due->n; i++) {
		int64_t at = value_int_or(&due->as.pairs[i].val, INT64_MAX);

		next = at < next ? at : next;
	}
	if (next == INT64_MAX)
		return "";
	return arena_printf(
		a, "%s%s", minute_shown(a, next), value_true(value_get(ticket, "late")) ? " !" : "");
}

static const char *text_of(struct arena *a, const struct value *ticket, const char *field)
{
	return value_shown(a, field, value_get(ticket, field));
}

static void tickets_print(struct arena *a, const struct value *tickets)
{
	struct text_table t;

	table_init(&t, a, tr(">ID|NO|STATUS|STAGE|CATEGORY|CITY|QUEUE|DUE|TITLE"));
	for (uint32_t i = 0; i < tickets->n; i++) {
		const struct value *ticket = &tickets->as.items[i], *title = value_get(ticket, "title");

		if (title == NULL)
			title = value_get(ticket, "text");
		table_cell(&t, text_of(a, ticket, "id"));
		table_cell(&t, text_of(a, ticket, "no"));
		table_cell(&t, text_of(a, ticket, "status"));
		table_cell(&t, text_of(a, ticket, "stage"));
		table_cell(&t, text_of(a, ticket, "category"));
		table_cell(&t, text_of(a, ticket, "city"));
		table_cell(&t, text_of(a, ticket, "queue"));
		table_cell(&t, due_shown(a, ticket));
		table_cell(&t, text_clip(a, value_slice(title), TITLE_COLUMNS));
	}
	table_print(&t, stdout);
}

/* Maps one level deep become lines of their own: due.resolve, customer.name. */
void map_print(struct arena *a, const struct value *map)
{
	struct text_table t;

	table_init(&t, a, tr("FIELD|VALUE"));
	for (uint32_t i = 0; value_is(map, VALUE_MAP) && i < map->n; i++) {
		const struct pair *p = &map->as.pairs[i];
		const char *name = value_cstr(a, &p->key);

		for (uint32_t k = 0; p->val.type == VALUE_MAP && k < p->val.n; k++) {
			const struct pair *q = &p->val.as.pairs[k];

			table_cellf(&t, "%s.%s", name, value_cstr(a, &q->key));
			table_cell(&t,
				value_shown(a, field_is_time(name) ? name : value_cstr(a, &q->key), &q->val));
		}
		if (p->val.type == VALUE_MAP)
			continue;
		table_cell(&t, name);
		table_cell(&t, value_shown(a, name, &p->val));
	}
	table_print(&t, stdout);
}

static int show(struct cli *c, const struct value *ticket)
{
	if (c->is_json)
		json_print(stdout, ticket);
	else
		map_print(&c->arena, ticket);
	return 0;
}

/* ---- commands ------------------------------------------------------------------------------------------ */
static int run_new(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 8), result;
	int rc;

	if (argc == 0)
		return usage(e, "what is the complaint? At least channel=... and text=...");
	rc = arguments_take(c, "ticket.create", argc, argv, &args, e);
	if (rc != 0)
		return rc;
	return cli_call(c, "ticket.create", &args, &result, e) != 0 ? -1 : show(c, &result);
}

static int run_show(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 1), result;
	int64_t id;

	if (argc != 1)
		return usage(e, "one ID is needed");
	if (option_id(argv[0], &id, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	if (cli_call(c, "ticket.get", &args, &result, e) != 0)
		return -1;
	show(c, &result);
	return c->is_json || !value_is_text(value_get(&result, "kind"), "incident")
		       ? 0
		       : show_incident(c, value_get(&result, "id"), e);
}

static int run_list(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *order = NULL, *limit = NULL;
	const struct option_spec specs[] = {
		{"--order", &order, NULL}, {"--limit", &limit, NULL}, {NULL, NULL, NULL}};
	struct value args = value_map(&c->arena, 4), where, result, tickets = value_array(&c->arena, 64);
	const struct value *cursor;
	int64_t wanted;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0 ||
		option_int("--limit", limit == NULL ? LIST_LIMIT : limit, 1, 100000, &wanted, e) != 0)
		return EXIT_WRONG_USAGE;
	rc = where_take(c, argc, argv, &where, e);
	if (rc != 0)
		return rc;
	value_add(&c->arena, &args, "where", where);
	if (order != NULL)
		value_add(&c->arena, &args, "order", value_literal(order));
	do {
		int64_t left = wanted - tickets.n;
		const struct value *page;

		value_set(&c->arena, &args, "limit", value_int(left < 1000 ? left : 1000));
		if (cli_call(c, "ticket.find", &args, &result, e) != 0)
			return -1;
		page = value_get(&result, "tickets");
		for (uint32_t i = 0; page != NULL && i < page->n && tickets.n < wanted; i++)
			value_push(&c->arena, &tickets, page->as.items[i]);
		cursor = value_get(&result, "cursor");
		if (cursor != NULL)
			value_set(&c->arena, &args, "cursor", *cursor);
	} while (cursor != NULL && tickets.n < wanted);
	if (c->is_json)
		json_print(stdout, &tickets);
	else
		tickets_print(&c->arena, &tickets);
	if (cursor != NULL && limit == NULL)
		fputs(tr("there are more; --limit N shows them\n"), stderr);
	return 0;
}

static int run_act(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *note = NULL, *version = NULL;
	const struct option_spec specs[] = {
		{"--note", &note, NULL}, {"--version", &version, NULL}, {NULL, NULL, NULL}};
	struct value args = value_map(&c->arena, 5), data = value_map(&c->arena, 4), result;
	int64_t id, at;
	int rc, skip;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc < 2)
		return usage(e,
			"ID and ACTION are needed; `tocsin call catalog.get` lists the actions of each kind");
	if (option_id(argv[0], &id, e) != 0 ||
		(version != NULL && option_int("--version", version, 1, INT64_MAX, &at, e) != 0))
		return EXIT_WRONG_USAGE;
	skip = argc > 2 && strcmp(argv[2], "data") == 0 ? 3 : 2;
	rc = act_data_take(c, id, argv[1], argc - skip, argv + skip, &data, e);
	if (rc != 0)
		return rc;
	value_add(&c->arena, &args, "id", value_int(id));
	value_add(&c->arena, &args, "action", value_literal(argv[1]));
	if (data.n > 0)
		value_add(&c->arena, &args, "data", data);
	if (note != NULL)
		value_add(&c->arena, &args, "note", value_literal(note));
	if (version != NULL)
		value_add(&c->arena, &args, "version", value_int(at));
	return cli_call(c, "ticket.act", &args, &result, e) != 0 ? -1 : show(c, &result);
}

static void change_print(struct buf *out, struct arena *a, const char *field, const struct value *before,
	const struct value *after)
{
	const char *was = value_shown(a, field, before), *is = value_shown(a, field, after);

	buf_printf(out, "%s%s: %s → %s", out->n > 0 ? "; " : "", field,
		text_clip(a, slice_of(was, strlen(was)), 40), text_clip(a, slice_of(is, strlen(is)), 60));
}

/* Of a map those of its fields that are otherwise now. */
static void changes_print(struct buf *out, struct arena *a, const char *field, const struct value *before,
	const struct value *after)
{
	bool was_none = before == NULL || before->type == VALUE_NIL;

	if (!value_is(after, VALUE_MAP) || (!was_none && before->type != VALUE_MAP)) {
		change_print(out, a, field, before, after);
		return;
	}
	for (uint32_t i = 0; i < after->n; i++) {
		const char *key = value_cstr(a, &after->as.pairs[i].key);
		const struct value *was = value_get(before, key), *is = &after->as.pairs[i].val;

		if (was == NULL || !value_equal(was, is))
			change_print(out, a, arena_printf(a, "%s.%s", field, key), was, is);
	}
	for (uint32_t i = 0; value_is(before, VALUE_MAP) && i < before->n; i++) {
		const char *key = value_cstr(a, &before->as.pairs[i].key);

		if (value_get(after, key) == NULL)
			change_print(
				out, a, arena_printf(a, "%s.%s", field, key), &before->as.pairs[i].val, NULL);
	}
}

static void history_print(struct arena *a, const struct value *events)
{
	struct text_table t;

	table_init(&t, a, tr(">SEQ|AT|WHO|WHAT|CHANGED"));
	for (uint32_t i = 0; i < events->n; i++) {
		const struct value *ev = &events->as.items[i], *set = value_get(ev, "set"),
				   *action = value_get(ev, "action");
		struct buf changed;

		buf_init(&changed, 65536);
		for (uint32_t k = 0; value_is(set, VALUE_MAP) && k < set->n; k++) {
			const struct value *both = &set->as.pairs[k].val;

			changes_print(&changed, a, value_cstr(a, &set->as.pairs[k].key), value_at(both, 0),
				value_at(both, 1));
		}
		if (value_get(ev, "note") != NULL)
			buf_printf(&changed, "%s“%s”", changed.n > 0 ? "; " : "", text_of(a, ev, "note"));
		table_cell(&t, text_of(a, ev, "seq"));
		table_cell(&t, text_of(a, ev, "at"));
		table_cell(&t, text_of(a, ev, "who"));
		table_cellf(&t, "%s%s%s", text_of(a, ev, "method"), action != NULL ? " " : "",
			action != NULL ? text_of(a, ev, "action") : "");
		table_cell(&t, arena_text(a, changed.n > 0 ? (const char *)changed.p : "", changed.n));
		buf_fini(&changed);
	}
	table_print(&t, stdout);
}

static int run_history(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 2), events = value_array(&c->arena, 16), result;
	const struct value *cursor, *page;
	int64_t id;

	if (argc != 1)
		return usage(e, "one ID is needed");
	if (option_id(argv[0], &id, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	do {
		if (cli_call(c, "ticket.history", &args, &result, e) != 0)
			return -1;
		page = value_get(&result, "events");
		for (uint32_t i = 0; page != NULL && i < page->n; i++)
			value_push(&c->arena, &events, page->as.items[i]);
		cursor = value_get(&result, "cursor");
		if (cursor != NULL)
			value_set(&c->arena, &args, "cursor", *cursor);
	} while (cursor != NULL);
	if (c->is_json)
		json_print(stdout, &events);
	else
		history_print(&c->arena, &events);
	return 0;
}

const struct command commands_ticket[] = {
	{"new", "key=value ...", "Take a complaint in (ticket.create)",
		"  tocsin new channel=hotline_10086 number=13800138000 text='充值没有到账' "
		"customer.name=王女士\n",
		run_new},
	{"show", "ID",
		"One ticket, whole; of an incident also its warning, numbers, script, suspects, effect", NULL,
		run_show},
	{"list", "[where] [field=value ...] [--order FIELD|-FIELD] [--limit N]", "Tickets by conditions",
		"Conditions: field=value, field=a,b (one of), field>=value, <=, >, <; times as ISO 8601.\n"
		"Order: id, -id, due, -due. --limit is 50 unless said.\n"
		"  tocsin list queue=second_line 'due<2026-10-01' --order due\n",
		run_list},
	{"act", "ID ACTION [data key=value ...] [--note TEXT] [--version N]",
		"Do one of the actions of a ticket's kind",
		"Values are read as the action's data say: true or false, fen, times as ISO 8601, lists as "
		"a,b; key:=JSON is\n"
		"taken as it is.\n"
		"  tocsin act 17 dispatch queue=second_line --note '客户催办'\n"
		"  tocsin act 17 confirm satisfied=true\n",
		run_act},
	{"history", "ID", "Everything that happened to a ticket, in order", NULL, run_history},
	{NULL, NULL, NULL, NULL, NULL},
};
