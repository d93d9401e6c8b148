/* tocsin cases: open cases in the order in which they need people, three numbers each and never one score. */
#include <string.h>

#include "cli_int.h"

/* A thing of the catalog as people call it. */
static const char *labelled(struct cli *c, const struct value *row, const char *otherwise)
{
	return label_shown(c, value_get(row, "label"), otherwise);
}

static const char *people(struct cli *c, const struct value *catalog, const struct value *names)
{
	const char *out = "";

	for (uint32_t i = 0; value_is(names, VALUE_ARRAY) && i < names->n; i++) {
		const char *name = value_shown(&c->arena, NULL, &names->as.items[i]);

		out = arena_printf(&c->arena, "%s%s%s", out, i == 0 ? "" : cli_say(c, ", ", "、"),
			labelled(c, value_get(value_get(catalog, "persons"), name), name));
	}
	return *out == '\0' ? cli_say(c, "NOBODY", "无人") : out;
}

static const char *suspect(struct cli *c, const struct value *catalog, const char *name)
{
	return *name == '\0' || strcmp(name, "unknown") == 0
		       ? cli_say(c, "unknown", "未知")
		       : labelled(c, value_get(value_get(catalog, "components"), name), name);
}

static void cases_print(struct cli *c, const struct value *catalog, const struct value *cases)
{
	const struct value *stages = value_path(catalog, "kinds.incident.stages");
	struct text_table t;

	table_init(&t, &c->arena,
		cli_say(c, ">ID|LEVEL|STAGE|>COMPLAINED|>AFFECTED|>SEVERITY|>GROWTH|PEOPLE|SUSPECT|KEY",
			">编号|等级|环节|>投诉|>受影响|>严重|>增长|人员|疑似瓶颈|键"));
	for (uint32_t i = 0; i < cases->n; i++) {
		const struct value *one = &cases->as.items[i];
		const char *stage = field_shown(c, one, "stage");

		table_cell(&t, field_shown(c, one, "id"));
		table_cell(&t, level_called(c, value_get(catalog, "levels"), field_shown(c, one, "level")));
		table_cell(&t, labelled(c, value_get(stages, stage), stage));
		table_cell(&t, field_shown(c, one, "complainers"));
		table_cell(&t, field_shown(c, one, "affected"));
		table_cell(&t, field_shown(c, one, "severity"));
		table_cell(&t, field_shown(c, one, "growth"));
		table_cell(&t, people(c, catalog, value_get(one, "maintainers")));
		table_cell(&t, suspect(c, catalog, field_shown(c, one, "suspect")));
		table_cell(&t, field_shown(c, one, "key"));
	}
	table_print(&t, stdout);
}

static int run_cases(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *order = NULL;
	const struct option_spec specs[] = {
		{"--order", &order, NULL}, {"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};
	struct value args = value_map(&c->arena, 1), result, catalog;
	const struct value *cases;

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc > 0)
		return usage(e, "nothing stands behind cases; `tocsin show ID` shows one of them");
	if (order != NULL && strcmp(order, "principles") != 0 && strcmp(order, "growth") != 0)
		return usage(e, "--order must be principles or growth, not \"%.40s\"", order);
	if (order != NULL)
		value_add(&c->arena, &args, "order", value_literal(order));
	if (cli_call(c, "incident.list", &args, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	if (cli_call(c, "catalog.get", NULL, &catalog, e) != 0)
		return -1;
	cases = value_get(&result, "incidents");
	if (!value_is(cases, VALUE_ARRAY) || cases->n == 0)
		puts(cli_say(c, "no open case", "没有未结事件"));
	else
		cases_print(c, &catalog, cases);
	return 0;
}

const struct command commands_cases[] = {
	{"cases", "[--order principles|growth] [--lang zh|en]",
		"Open cases, what needs people most first, and who works on each",
		"Sorted by the three principles, one after the other and never one score: who complained, "
		"who is "
		"hit,\n"
		"how severe; or by growth, complaints of the last 15 minutes beside the 15 before.\n"
		"  tocsin cases --order growth\n",
		run_cases},
	{NULL, NULL, NULL, NULL, NULL},
};
