/* tocsin explain: why a ticket went where it went, and why the other rules did not fire. */
#include <string.h>

#include "cli_int.h"

#define GOT_COLUMNS 40

static const char *shown(struct arena *a, const struct value *map, const char *key)
{
	return value_shown(a, key, value_get(map, key));
}

const char *why_not_shown(struct arena *a, const struct value *rule)
{
	const struct value *failed = value_get(rule, "failed"), *got = value_get(failed, "value");
	const char *text = got == NULL ? "" : value_shown(a, NULL, got);
	const char *wanted = cli_reads_zh() && value_get(failed, "expected_zh") != NULL
				     ? shown(a, failed, "expected_zh")
				     : shown(a, failed, "expected");

	if (value_is_text(value_get(failed, "field"), "order"))
		return arena_printf(a, tr("%s holds, and stands before it"), text);
	if (got == NULL)
		return arena_printf(a, tr("%s is unknown, not %s"), shown(a, failed, "field"), wanted);
	return arena_printf(a, tr("%s is %s, not %s"), shown(a, failed, "field"),
		text_clip(a, slice_of(text, strlen(text)), GOT_COLUMNS), wanted);
}

/* The first condition that did not hold, its value and what was expected; for a rule that fired, its reason.
 */
static const char *why_shown(struct arena *a, const struct value *rule)
{
	const struct value *failed = value_get(rule, "failed");

	if (failed == NULL)
		return shown(a, rule, "because");
	return failed->type == VALUE_MAP ? why_not_shown(a, rule) : value_shown(a, NULL, failed);
}

static void rules_print(struct arena *a, const struct value *rules)
{
	struct text_table t;

	table_init(&t, a, tr("  |RULE|WHERE|WHY"));
	for (uint32_t i = 0; i < rules->n; i++) {
		const struct value *rule = &rules->as.items[i];

		table_cell(&t, value_true(value_get(rule, "fired")) ? " *" : "  ");
		table_cell(&t, shown(a, rule, "rule"));
		table_cell(&t, shown(a, rule, "line"));
		table_cell(&t, why_shown(a, rule));
	}
	table_print(&t, stdout);
}

static void decision_print(struct arena *a, const struct value *decision)
{
	const struct value *rules = value_get(decision, "rules");

	printf("\n%s\n", shown(a, decision, "point"));
	if (value_get(decision, "failed") != NULL)
		printf(tr("  a rule failed: %s\n"), shown(a, decision, "failed"));
	if (value_is(rules, VALUE_ARRAY) && rules->n > 0)
		rules_print(a, rules);
}

static int run_explain(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *rule = NULL, *seq = NULL;
	const struct option_spec specs[] = {
		{"--rule", &rule, NULL}, {"--seq", &seq, NULL}, {NULL, NULL, NULL}};
	struct value args = value_map(&c->arena, 3), result;
	const struct value *decisions;
	int64_t id, at;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 1)
		return usage(e, "one ID is needed");
	if (option_id(argv[0], &id, e) != 0 ||
		(seq != NULL && option_int("--seq", seq, 1, INT64_MAX, &at, e) != 0))
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "id", value_int(id));
	if (rule != NULL)
		value_add(&c->arena, &args, "rule", value_literal(rule));
	if (seq != NULL)
		value_add(&c->arena, &args, "seq", value_int(at));
	if (cli_call(c, "ticket.explain", &args, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	printf(tr("ticket %s, entry %s of %s, rules of generation %s (* fired)\n"),
		shown(&c->arena, &result, "id"), shown(&c->arena, &result, "seq"),
		shown(&c->arena, &result, "at"), shown(&c->arena, &result, "generation"));
	decisions = value_get(&result, "decisions");
	for (uint32_t i = 0; decisions != NULL && i < decisions->n; i++)
		decision_print(&c->arena, &decisions->as.items[i]);
	return 0;
}

const struct command commands_explain[] = {
	{"explain", "ID [--rule NAME] [--seq N]",
		"Why it went where it went, and why other rules did not fire",
		"The stored pack is asked again with the facts as they were. --seq: another entry than the "
		"last decided one.\n",
		run_explain},
	{NULL, NULL, NULL, NULL, NULL},
};
