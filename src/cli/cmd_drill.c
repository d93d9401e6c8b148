/* tocsin drill: a recorded outage is played again against tonight's rules and roster, and scored. */
#include <string.h>

#include "cli_int.h"

static int levels_print(struct cli *c, const struct value *levels, struct err *e)
{
	struct value catalog = value_nil; /* English readers have the names themselves */
	const struct value *known;
	struct text_table t;

	if (cli_is_zh(c) && cli_call(c, "catalog.get", NULL, &catalog, e) != 0)
		return -1;
	known = value_get(&catalog, "levels");
	table_init(&t, &c->arena, cli_say(c, "AT|KEY|FROM|TO|>SEEN", "时刻|键|原等级|新等级|>件数"));
	for (uint32_t i = 0; value_is(levels, VALUE_ARRAY) && i < levels->n; i++) {
		const struct value *one = &levels->as.items[i];

		table_cell(&t, minute_shown(&c->arena, value_int_or(value_get(one, "at"), 0)));
		table_cell(&t, field_shown(c, one, "key"));
		table_cell(&t, level_called(c, known, field_shown(c, one, "from")));
		table_cell(&t, level_called(c, known, field_shown(c, one, "to")));
		table_cell(&t, field_shown(c, one, "seen"));
	}
	table_print(&t, stdout);
	return 0;
}

static int start(struct cli *c, const char *name, const char *incident, const char *speed, struct err *e)
{
	struct value args = value_map(&c->arena, 3), result;
	int64_t id;

	if (name != NULL)
		value_add(&c->arena, &args, "drill", value_literal(name));
	if (incident != NULL) {
		if (option_id(incident, &id, e) != 0)
			return EXIT_WRONG_USAGE;
		value_add(&c->arena, &args, "incident", value_int(id));
	}
	if (speed != NULL) {
		if (option_int("--speed", speed, 1, 1000, &id, e) != 0)
			return EXIT_WRONG_USAGE;
		value_add(&c->arena, &args, "speed", value_int(id));
	}
	if (cli_call(c, "drill.start", &args, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	printf(cli_say(c, "DRILL %s (%s), until %s\n\n", "演练 %s（%s），至 %s\n\n"),
		field_shown(c, &result, "id"), field_shown(c, &result, "no"),
		minute_shown(&c->arena, value_int_or(value_get(&result, "ends"), 0)));
	return levels_print(c, value_get(&result, "events"), e);
}

static void step_print(
	struct cli *c, const struct value *report, const char *key, const char *en, const char *zh)
{
	const struct value *v = value_get(report, key);

	printf("%s: %s%s\n", cli_say(c, en, zh),
		v == NULL ? cli_say(c, "not yet", "尚未") : value_shown(&c->arena, NULL, v),
		v == NULL ? "" : cli_say(c, " min", " 分钟"));
}

static int report(struct cli *c, const char *id_text, struct err *e)
{
	struct value args = value_map(&c->arena, 1), result;
	const struct value *calls;
	int64_t id;

	if (option_id(id_text, &id, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	if (cli_call(c, "drill.report", &args, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	calls = value_get(&result, "calls");
	printf(cli_say(c, "DRILL %s%s\n", "演练 %s%s\n"), field_shown(c, &result, "id"),
		value_true(value_get(&result, "is_over")) ? cli_say(c, ", over", "，已结束") : "");
	step_print(c, &result, "acknowledge_min", "acknowledged after", "接手用时");
	step_print(c, &result, "call_min", "called out after", "召集用时");
	step_print(c, &result, "script_min", "script approved after", "口径批准用时");
	printf(cli_say(c, "persons called: %u\n\n", "催叫人次：%u\n\n"), calls == NULL ? 0 : calls->n);
	return value_get(&result, "levels") == NULL ? 0 : levels_print(c, value_get(&result, "levels"), e);
}

static int stop(struct cli *c, const char *id_text, const char *reason, struct err *e)
{
	struct value args = value_map(&c->arena, 3), data = value_map(&c->arena, 1), result;
	int64_t id;

	if (option_id(id_text, &id, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	if (cli_call(c, "drill.report", &args, &result, e) != 0) /* nobody cancels a real case by mistake */
		return -1;
	value_add(&c->arena, &args, "action", value_literal("cancel"));
	value_add(&c->arena, &data, "reason", value_literal(reason));
	value_add(&c->arena, &args, "data", data);
	return cli_call(c, "ticket.act", &args, &result, e) != 0 ? -1 : report(c, id_text, e);
}

static int run_drill(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *incident = NULL, *speed = NULL;
	const struct option_spec specs[] = {{"--incident", &incident, NULL}, {"--speed", &speed, NULL},
		{"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc >= 1 && strcmp(argv[0], "start") == 0 && argc == (incident == NULL ? 2 : 1))
		return start(c, argc == 2 ? argv[1] : NULL, incident, speed, e);
	if (argc == 2 && strcmp(argv[0], "report") == 0)
		return report(c, argv[1], e);
	if (argc == 3 && strcmp(argv[0], "stop") == 0)
		return stop(c, argv[1], argv[2], e);
	return usage(e, "start NAME, start --incident ID, report ID or stop ID REASON is needed; `tocsin "
			"call catalog.get` has the "
			"pack's drills");
}

const struct command commands_drill[] = {
	{"drill", "start NAME|--incident ID [--speed N] | report ID | stop ID REASON",
		"Play a recorded outage again against tonight's rules and roster; score it",
		"All that is said is marked as a drill; no task goes out, no count moves. --speed 10: an "
		"hour takes six "
		"minutes.\n"
		"  tocsin drill start recharge_outage --speed 10\n",
		run_drill},
	{NULL, NULL, NULL, NULL, NULL},
};
