/* tocsin rules try: one complaint through a pack, as a person reads it. */
#include <string.h>

#include "desk/try.h"
#include "rules_int.h"
#include "tocsin/clock.h"
#include "tocsin/desk.h"

struct trial {
	struct cli *cli;
	const char *dir, *at, *why_not, *zone;
	struct value ticket;
};

/* ---- asking -------------------------------------------------------------------------------------------- */
static int ask_daemon(struct trial *t, struct value *out, struct err *e)
{
	struct cli *c = t->cli;
	struct value args = value_map(&c->arena, 3);

	value_add(&c->arena, &args, "ticket", t->ticket);
	if (t->at != NULL)
		value_add(&c->arena, &args, "at", value_literal(t->at));
	if (t->why_not != NULL)
		value_add(&c->arena, &args, "why_not", value_literal(t->why_not));
	return cli_call(c, "rules.try", &args, out, e);
}

/* Whoever tries acts for nobody; the facts that only a store knows (earlier tickets, CRM) are absent. */
static struct value facts_here(
	struct cli *c, const struct value *catalog, const struct value *args, int64_t at_ms)
{
	struct value facts = value_map(&c->arena, 4), who = value_map(&c->arena, 2);

	value_add(&c->arena, &who, "name", value_literal("try"));
	value_add(&c->arena, &who, "roles", value_map(&c->arena, 0));
	value_add(&c->arena, &facts, "now", value_int(at_ms));
	value_add(&c->arena, &facts, "local", facts_local(&c->arena, at_ms));
	value_add(&c->arena, &facts, "who", who);
	value_add(&c->arena, &facts, "ticket", try_ticket(&c->arena, catalog, args, at_ms));
	return facts;
}

static int ask_here(struct trial *t, struct value *out, struct err *e)
{
	struct cli *c = t->cli;
	struct pack_build b;
	struct value facts;
	struct clock clock;
	int64_t at_ms;
	int rc = -1;

	clock_init_real(&clock, 0);
	at_ms = clock.now_ms;
	if (t->at != NULL && clock_parse(t->at, &at_ms, e) != 0)
		return err_prefix(e, "--at");
	if (desk_check_create(&c->arena, &t->ticket, e) != 0 || pack_need_here(c, t->dir, &b, e) != 0)
		return -1;
	facts = facts_here(c, generation_catalog(b.made), &t->ticket, at_ms);
	if (try_pack(b.made, &b.calendars, &facts, t->why_not, &c->arena, out, e) == 0) {
		*out = value_copy(&c->arena, out);
		rc = 0;
	}
	pack_build_fini(&b);
	return rc;
}

/* ---- showing ------------------------------------------------------------------------------------------- */
static const char *shown(struct trial *t, const struct value *map, const char *key)
{
	return value_shown(&t->cli->arena, key, value_get(map, key));
}

static const char *said(struct trial *t, const struct value *both)
{
	const struct value *v = value_get(both, cli_is_zh(t->cli) ? "zh" : "en");

	return value_shown(&t->cli->arena, NULL, v != NULL ? v : both);
}

static void line(struct text_table *table, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	table_cell(table, name);
	table_cell(table, text);
}

static void clocks_print(struct trial *t, struct text_table *table, const struct value *clocks)
{
	struct cli *c = t->cli;

	for (uint32_t i = 0; value_is(clocks, VALUE_ARRAY) && i < clocks->n; i++) {
		const struct value *one = &clocks->as.items[i], *due = value_get(one, "due");

		table_cell(table, i == 0 ? cli_say(c, "clocks", "时限") : "");
		table_cellf(table, "%s: %s %s%s%s%s%s", shown(t, one, "name"), shown(t, one, "goal"),
			shown(t, one, "unit"), cli_say(c, ", due ", "，到期 "),
			due != NULL
				? minute_shown(&c->arena, value_int_or(due, 0))
				: cli_say(c, "unknown: the calendar lacks that year", "未知：日历没有那一年"),
			value_true(value_get(one, "statutory")) ? cli_say(c, ", by law", "，法定") : "", "");
	}
}

static void list_print(struct trial *t, struct text_table *table, const char *name, const struct value *list)
{
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->n; i++) {
		table_cell(table, i == 0 ? name : "");
		table_cell(table, said(t, &list->as.items[i]));
	}
}

static void ticket_print(struct trial *t, const struct value *out)
{
	const struct value *ticket = value_get(out, "ticket");
	struct cli *c = t->cli;
	static const struct {
		const char *field, *en, *zh;
	} fields[] = {{"category", "category", "分类"}, {"city", "city", "地市"}, {"grade", "grade", "等级"},
		{"priority", "priority", "优先级"}, {"stage", "stage", "阶段"}, {"queue", "queue", "队列"},
		{"department", "department", "部门"}, {"owner", "on duty", "当班"}, {"tags", "tags", "标签"}};
	struct text_table table;

	table_init(&table, &c->arena, cli_say(c, "DECISION|", "决定|"));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		line(&table, cli_say(c, fields[i].en, fields[i].zh), shown(t, ticket, fields[i].field));
	clocks_print(t, &table, value_get(out, "clocks"));
	list_print(t, &table, cli_say(c, "missing", "缺少"), value_get(ticket, "missing"));
	line(&table, cli_say(c, "duplicate of", "重复于"), shown(t, out, "duplicate_of"));
	list_print(t, &table, cli_say(c, "advice", "提示"), value_get(out, "advice"));
	table_print(&table, stdout);
}

static void rules_print(struct trial *t, const char *title, const struct value *rules, bool has_fired)
{
	struct text_table table;

	if (!value_is(rules, VALUE_ARRAY))
		return;
	printf("\n%s\n", title);
	table_init(&table, &t->cli->arena, cli_say(t->cli, "RULE|WHERE|BECAUSE", "规则|位置|原因"));
	for (uint32_t i = 0; i < rules->n; i++) {
		table_cell(&table, shown(t, &rules->as.items[i], "rule"));
		table_cell(&table, shown(t, &rules->as.items[i], "line"));
		table_cell(&table, has_fired ? shown(t, &rules->as.items[i], "because")
					     : why_not_shown(&t->cli->arena, &rules->as.items[i]));
	}
	table_print(&table, stdout);
}

static void refuse_print(struct trial *t, const struct value *refuse)
{
	const struct value *zh = cli_is_zh(t->cli) ? value_get(refuse, "message_zh") : NULL;

	printf("%s%s\n", cli_say(t->cli, "refused: ", "拒绝："),
		value_shown(&t->cli->arena, NULL, zh != NULL ? zh : value_get(refuse, "message")));
}

static void trial_print(struct trial *t, const struct value *out)
{
	struct cli *c = t->cli;
	const char *at = minute_shown(&c->arena, value_int_or(value_get(out, "now"), 0));

	if (t->dir != NULL)
		printf(cli_say(c,
			       "%s by the pack in %s, without a store: no earlier tickets, nothing from "
			       "CRM\n",
			       "%s，按 %s 的规则包；没有存储：不知道以前的工单和客户资料\n"),
			at, t->dir);
	else
		printf(cli_say(c, "%s by generation %s, nothing stored\n", "%s，按第 %s 代规则，未入库\n"),
			at, shown(t, out, "generation"));
	if (value_get(out, "refuse") != NULL)
		refuse_print(t, value_get(out, "refuse"));
	else
		ticket_print(t, out);
	if (value_get(out, "failed") != NULL)
		printf(cli_say(c, "rule %s failed: %s\n", "规则 %s 出错：%s\n"),
			value_shown(&c->arena, NULL, value_path(out, "failed.rule")),
			value_shown(&c->arena, NULL, value_path(out, "failed.message")));
	rules_print(t, cli_say(c, "why", "为什么"), value_get(out, "because"), true);
	rules_print(t, cli_say(c, "why not", "为什么没有"), value_get(out, "not"), false);
}

int rules_try(struct cli *c, int argc, char **argv, struct err *e)
{
	struct trial t = {.cli = c, .ticket = value_map(&c->arena, 8)};
	const struct option_spec specs[] = {{"--rules", &t.dir, NULL}, {"--at", &t.at, NULL},
		{"--why-not", &t.why_not, NULL}, {"--zone", &t.zone, NULL}, {"--json", NULL, &c->is_json},
		{NULL, NULL, NULL}};
	struct value out;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc == 0)
		return usage(e, "what is the complaint? At least channel=... and text=...");
	if (t.dir == NULL && t.zone != NULL)
		return usage(e, "--zone needs --rules: the daemon has its own zone");
	if (t.dir != NULL) {
		if (zone_take(c, t.zone, e) != 0)
			return EXIT_WRONG_USAGE;
		c->methods = desk_methods(&c->arena);
	}
	rc = arguments_take(c, "ticket.create", argc, argv, &t.ticket, e);
	if (rc != 0)
		return rc;
	if ((t.dir != NULL ? ask_here(&t, &out, e) : ask_daemon(&t, &out, e)) != 0)
		return -1;
	if (c->is_json)
		json_print(stdout, &out);
	else
		trial_print(&t, &out);
	return 0;
}
