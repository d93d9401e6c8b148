/* tocsin report: the reports a ticket owes to somebody outside, as drafts to be checked and sent by a person.
 */
#include <string.h>

#include "cli_int.h"

/* "due 2026-09-22 14:00+08:00", or that it was made, or is not owed yet. */
static const char *when(struct cli *c, const struct value *draft)
{
	const struct value *due = value_get(draft, "due");
	bool is_late = value_int_or(value_get(draft, "left_ms"), 0) < 0;

	if (value_is_text(value_get(draft, "state"), "made"))
		return cli_say(c, "it was made", "已报告");
	if (due == NULL)
		return cli_say(c, "not owed so far: no clock runs", "目前不需报告：没有在走的时限");
	return arena_printf(&c->arena,
		is_late ? cli_say(c, "LATE, was due %s", "已超时，应于 %s 前")
			: cli_say(c, "due %s", "应于 %s 前"),
		minute_shown(&c->arena, value_int_or(due, 0)));
}

static void draft_print(struct cli *c, const struct value *ticket, const struct value *draft)
{
	const struct value *text = value_get(draft, cli_say(c, "en", "zh")),
			   *missing = value_get(draft, "missing");
	const char *name = value_shown(&c->arena, NULL, value_get(draft, "name"));

	printf("# %s: %s\n\n", name, when(c, draft));
	if (value_is(text, VALUE_TEXT))
		printf("%.*s\n", (int)text->n, text->as.text);
	for (uint32_t i = 0; value_is(missing, VALUE_ARRAY) && i < missing->n; i++)
		printf("%s%s", i == 0 ? cli_say(c, "\nmissing: ", "\n缺：") : cli_say(c, ", ", "、"),
			label_shown(c, value_get(&missing->as.items[i], "label"), ""));
	printf(cli_say(c, "\nwhen it was made: tocsin act %s %s to=... text=...\n\n",
		       "\n报告后登记：tocsin act %s %s to=… text=…\n\n"),
		value_shown(&c->arena, NULL, value_get(ticket, "id")),
		value_shown(&c->arena, NULL, value_get(draft, "action")));
}

static int run_report(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *draft = NULL;
	const struct option_spec specs[] = {
		{"--draft", &draft, NULL}, {"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};
	struct value args = value_map(&c->arena, 2), result;
	const struct value *list;
	int64_t id;

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 1)
		return usage(e, "one ID is needed; `tocsin now` shows which reports are due");
	if (option_id(argv[0], &id, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	if (draft != NULL)
		value_add(&c->arena, &args, "draft", value_literal(draft));
	if (cli_call(c, "draft.get", &args, &result, e) != 0)
		return -1;
	list = value_get(&result, "drafts");
	if (c->is_json)
		json_print(stdout, &result);
	for (uint32_t i = 0; !c->is_json && value_is(list, VALUE_ARRAY) && i < list->n; i++)
		draft_print(c, &result, &list->as.items[i]);
	return 0;
}

const struct command commands_report[] = {
	{"report", "ID [--draft NAME] [--lang zh|en]",
		"Drafts of the reports that a ticket owes to somebody outside",
		"What is known is filled in, what is not is named as missing. It is sent by a person, and "
		"then noted as the\n"
		"action that ends its clock.\n"
		"  tocsin report 12 --draft report_written\n",
		run_report},
	{NULL, NULL, NULL, NULL, NULL},
};
