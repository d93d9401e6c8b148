/* tocsin warn: what is warned of, and what a person does about it. */
#include <string.h>

#include "cli_int.h"

/* Of what had none, or has one that is over: that people would have to open one. */
static const char *case_shown(struct cli *c, const struct value *warning)
{
	if (value_get(warning, "caseless") != NULL)
		return cli_say(c, "NONE", "无");
	return value_get(warning, "incident") == NULL ? "" : field_shown(c, warning, "incident");
}

/* "black, recovering"; Chinese has the pack's own words, since the names are English: "黑色预警·恢复中". */
const char *warning_level_shown(struct cli *c, const struct value *warning)
{
	const struct value *zh = value_path(warning, "level_label.zh"),
			   *recovering =
				   value_path(warning, cli_say(c, "recovery_label.en", "recovery_label.zh"));
	const char *level = cli_say(c, field_shown(c, warning, "level"),
		zh == NULL ? "无预警" : value_shown(&c->arena, NULL, zh));

	if (value_get(warning, "order") != NULL)
		return cli_say(c, "disaster", "灾害模式");
	return recovering == NULL ? level
				  : arena_printf(&c->arena, cli_say(c, "%s, %s", "%s·%s"), level,
					    value_shown(&c->arena, NULL, recovering));
}

static void warnings_print(struct cli *c, const struct value *warnings)
{
	struct text_table t;

	table_init(&t, &c->arena,
		cli_say(c, "LEVEL|SINCE|KEY|>CASE|ACK BY|NEXT CALL|FIGURES",
			"等级|自|键|>事件|确认人|下次催告|数字"));
	for (uint32_t i = 0; i < warnings->n; i++) {
		const struct value *w = &warnings->as.items[i], *next = value_path(w, "next_call.at"),
				   *since = value_get(w, "since");

		table_cell(&t, warning_level_shown(c, w));
		table_cell(&t, since == NULL ? "" : minute_shown(&c->arena, value_int_or(since, 0)));
		table_cell(&t, field_shown(c, w, "key"));
		table_cell(&t, case_shown(c, w));
		table_cell(&t, value_get(w, "ack") == NULL ? "" : field_shown(c, value_get(w, "ack"), "by"));
		table_cell(&t, next == NULL ? "" : minute_shown(&c->arena, value_int_or(next, 0)));
		table_cell(&t, label_shown(c, value_get(w, "line"), ""));
	}
	table_print(&t, stdout);
}

static int list(struct cli *c, struct err *e)
{
	struct value result;

	if (cli_call(c, "warning.list", NULL, &result, e) != 0)
		return -1;
	if (c->is_json)
		json_print(stdout, &result);
	else
		warnings_print(c, value_get(&result, "warnings"));
	return 0;
}

static int act(struct cli *c, char **argv, const char *level, const char *until, struct err *e)
{
	struct value args = value_map(&c->arena, 5), result, one = value_array(&c->arena, 1);
	const struct value *arg;

	value_add(&c->arena, &args, "action", value_literal(argv[0]));
	value_add(&c->arena, &args, "key", value_literal(argv[1]));
	value_add(&c->arena, &args, "reason", value_literal(argv[2]));
	if (level != NULL)
		value_add(&c->arena, &args, "level", value_literal(level));
	if (until != NULL) {
		struct value at;

		if (methods_fetch(c, e) != 0)
			return -1;
		arg = argument_find(&c->methods, "warning.act", "until");
		if (argument_type(&c->arena, arg, "until", until, &at, e) != 0)
			return EXIT_WRONG_USAGE;
		value_add(&c->arena, &args, "until", at);
	}
	if (cli_call(c, "warning.act", &args, &result, e) != 0)
		return -1;
	value_push(&c->arena, &one, result);
	if (c->is_json)
		json_print(stdout, &result);
	else
		warnings_print(c, &one);
	return 0;
}

static int run_warn(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *level = NULL, *until = NULL;
	const struct option_spec specs[] = {{"--level", &level, NULL}, {"--until", &until, NULL},
		{"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc == 0 && (level != NULL || until != NULL))
		return usage(e, "--level and --until belong to an ACTION on a KEY");
	if (argc == 0)
		return list(c, e);
	if (argc != 3)
		return usage(e,
			"ACTION, KEY and REASON are needed, such as: ack shenzhen/recharge.not_credited "
			"'billing is called'");
	return act(c, argv, level, until, e);
}

const struct command commands_warn[] = {
	{"warn", "[ACTION KEY REASON [--level LEVEL] [--until TIME]] [--lang zh|en]",
		"What is warned of; acknowledge it, sign it down, raise, lower, note",
		"ACTION: ack, sign_down, raise, lower, note. KEY: as the list shows it, or * for disaster "
		"mode\n"
		"(raise with --until).\n"
		"  tocsin warn ack shenzhen/recharge.not_credited 'billing is called'\n",
		run_warn},
	{NULL, NULL, NULL, NULL, NULL},
};
