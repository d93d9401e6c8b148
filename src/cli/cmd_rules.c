/* tocsin rules: what decides now, and the verdict on a pack. */
#include <stdlib.h>
#include <string.h>

#include "rules_int.h"
#include "tocsin/util.h"

/* In the reader's language, as far as there is one. */
static const char *in_language(struct cli *c, const struct value *map, const char *key)
{
	const struct value *zh = cli_is_zh(c) ? value_get(map, arena_printf(&c->arena, "%s_zh", key)) : NULL;

	return value_shown(&c->arena, NULL, zh != NULL ? zh : value_get(map, key));
}

/* "file:line:column: message", and below it what to do. */
static void error_print(struct cli *c, const struct value *one)
{
	if (one->type != VALUE_MAP) {
		printf("%s\n", value_shown(&c->arena, NULL, one));
		return;
	}
	if (value_get(one, "file") != NULL)
		printf("%s:", field_shown(c, one, "file"));
	if (value_get(one, "line") != NULL)
		printf("%s:", field_shown(c, one, "line"));
	if (value_get(one, "column") != NULL)
		printf("%s:", field_shown(c, one, "column"));
	printf("%s%s\n", value_get(one, "file") != NULL ? " " : "", in_language(c, one, "message"));
	if (value_get(one, "cure") != NULL)
		printf("    %s%s\n", cli_say(c, "cure: ", "办法："), in_language(c, one, "cure"));
}

void errors_print(struct cli *c, const struct value *errors)
{
	for (uint32_t i = 0; value_is(errors, VALUE_ARRAY) && i < errors->n; i++)
		error_print(c, &errors->as.items[i]);
}

static void uncovered_print(struct cli *c, const struct value *verdict)
{
	const struct value *names = value_get(verdict, "uncovered"), *at = value_get(verdict, "uncovered_at");

	for (uint32_t i = 0; value_is(names, VALUE_ARRAY) && i < names->n; i++)
		printf(cli_say(c, "%s: no spec reaches rule %s\n", "%s：没有用例覆盖规则 %s\n"),
			value_shown(&c->arena, NULL, value_at(at, i)),
			value_shown(&c->arena, NULL, &names->as.items[i]));
}

static const char *plural(int64_t n)
{
	return n == 1 ? "" : "s";
}

static void refused_print(struct cli *c, const struct value *v, const char *what)
{
	const struct value *errors = value_get(v, "errors"), *generation = value_get(v, "generation");
	uint32_t n = errors == NULL ? 0 : errors->n;

	if (cli_is_zh(c))
		printf("%s：不通过，%u 处错误", what, n);
	else
		printf("%s: refused, %u error%s", what, n, plural(n));
	if (generation != NULL)
		printf(cli_say(c, "; generation %s goes on deciding", "；仍由第 %s 代规则决定"),
			field_shown(c, v, "generation"));
	printf("\n");
}

static void counts_print(struct cli *c, const struct value *v, const char *what)
{
	intmax_t rules = value_int_or(value_get(v, "rules"), 0),
		 specs = value_int_or(value_get(v, "specs"), 0);
	uint32_t bare = value_get(v, "uncovered") == NULL ? 0 : value_get(v, "uncovered")->n;

	if (cli_is_zh(c))
		printf("%s：通过，%jd 条规则，%jd 个用例全部通过，%u 条规则没有用例覆盖\n", what, rules,
			specs, bare);
	else
		printf("%s: ok, %jd rule%s, %jd spec%s passed, no spec reaches %u rule%s\n", what, rules,
			plural(rules), specs, plural(specs), bare, plural(bare));
}

static void taken_print(struct cli *c, const struct value *v, const char *what)
{
	if (value_get(v, "generation") != NULL)
		printf(cli_say(c,
			       "%s: ok, generation %s decides (%s rule%s, %s spec%s, %s ms, sha256 %.12s)\n",
			       "%s：通过，现由第 %s 代规则决定（%s 条规则%.0s，%s 个用例%.0s，%s "
			       "毫秒，sha256 "
			       "%.12s）\n"),
			what, field_shown(c, v, "generation"), field_shown(c, v, "rules"),
			plural(value_int_or(value_get(v, "rules"), 0)), field_shown(c, v, "specs"),
			plural(value_int_or(value_get(v, "specs"), 0)), field_shown(c, v, "took_ms"),
			field_shown(c, v, "sha256"));
	else if (value_get(v, "spec") != NULL)
		printf(cli_say(c, "%s: ok, spec \"%s\" passed\n", "%s：用例“%s”通过\n"), what,
			field_shown(c, v, "spec"));
	else
		counts_print(c, v, what);
}

int verdict_print(struct cli *c, const struct value *v, const char *what)
{
	bool is_ok = value_true(value_get(v, "ok"));

	if (c->is_json) {
		json_print(stdout, v);
		return is_ok ? 0 : 1;
	}
	errors_print(c, value_get(v, "errors"));
	uncovered_print(c, v);
	if (is_ok)
		taken_print(c, v, what);
	else
		refused_print(c, v, what);
	return is_ok ? 0 : 1;
}

/* ---- verbs --------------------------------------------------------------------------------------------- */
static int call_rules(struct cli *c, const char *method, const struct value *args, const char *what,
	const char *doing, struct err *e)
{
	struct value result;
	int rc;

	cli_progress(doing);
	rc = cli_call(c, method, args, &result, e);
	cli_progress(NULL);
	return rc != 0 ? -1 : verdict_print(c, &result, what);
}

static int rules_status(struct cli *c, int argc, char **argv, struct err *e)
{
	static const char *const below[] = {
		"errors", "uncovered", "uncovered_at"}; /* … the table, one a line */
	struct value result, plain;

	(void)argv;
	if (argc != 0)
		return usage(e, "status takes no arguments");
	if (cli_call(c, "rules.status", NULL, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	plain = value_copy_map(&c->arena, &result);
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++)
		value_unset(&plain, below[i]);
	map_print(&c->arena, &plain);
	errors_print(c, value_get(&result, "errors"));
	uncovered_print(c, &result);
	return 0;
}

static int rules_reload(struct cli *c, int argc, char **argv, struct err *e)
{
	(void)argv;
	if (argc != 0)
		return usage(e,
			"reload takes no arguments: it loads the folder that the daemon was started with "
			"(--rules)");
	return call_rules(c, "rules.reload", NULL, cli_say(c, "reload", "重新加载"),
		cli_say(c, "loading the pack, running its specs ...", "正在加载规则包并运行用例……"), e);
}

static int rules_rollback(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 1);
	int64_t number;

	if (argc != 1)
		return usage(e,
			"rollback needs the number of one generation; `tocsin rules status` shows the "
			"previous one");
	if (option_int("N", argv[0], 1, INT64_MAX, &number, e) != 0)
		return EXIT_WRONG_USAGE;
	value_add(&c->arena, &args, "generation", value_int(number));
	return call_rules(c, "rules.rollback", &args, cli_say(c, "rollback", "回退"),
		cli_say(c, "building that generation again ...", "正在重建那一代规则……"), e);
}

static const struct verb {
	const char *name;
	int (*run)(struct cli *, int argc, char **argv, struct err *e);
} verbs[] = {
	{"status", rules_status},
	{"check", rules_check},
	{"try", rules_try},
	{"diff", rules_diff},
	{"reload", rules_reload},
	{"rollback", rules_rollback},
};
#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int run_rules(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *names[N_VERBS];

	for (size_t i = 0; i < N_VERBS; i++) {
		names[i] = verbs[i].name;
		if (argc > 0 && strcmp(argv[0], names[i]) == 0)
			return verbs[i].run(c, argc - 1, argv + 1, e);
	}
	if (argc == 0)
		return usage(e, "what about the rules? status, check, try, diff, reload or rollback");
	usage(e, "rules has no \"%.40s\"; it has status, check, try, diff, reload, rollback", argv[0]);
	return cli_hint(e, nearest_word(argv[0], names, N_VERBS), EXIT_WRONG_USAGE);
}

const struct command commands_rules[] = {
	{"rules",
		"status | check [DIR] [--spec NAME] [--zone ZONE] | try key=value ... [--rules DIR] "
		"[--why-not RULE|all] [--at TIME] | diff DIR [--last N] | reload | rollback N",
		"Which pack decides; check, try, compare, load or roll back one",
		"  status              what decides now, and what the last attempt to load a pack said\n"
		"  check [DIR] [--spec NAME] [--zone ZONE]\n"
		"                      everything that is wrong with the pack in DIR, as file:line:column: "
		"message;\n"
		"                      needs no daemon. Without DIR the daemon checks the folder that "
		"reloads read.\n"
		"                      --spec: run one spec only\n"
		"  try [--rules DIR] key=value ... [--at TIME] [--why-not RULE|all]\n"
		"                      what the rules would make of a complaint, and why; stores nothing.\n"
		"                      --rules: those of a folder, without a daemon; else those that decide "
		"now\n"
		"  diff DIR [--last N]\n"
		"                      which of the last N decisions (1000) would change under the pack in "
		"DIR,\n"
		"                      and how; both are asked with the facts as they were. Changes nothing\n"
		"  reload              load the daemon's folder; a bad pack changes nothing, and exits 1\n"
		"  rollback N          generation N decides again, under a new number\n"
		"All take --lang zh|en.\n",
		run_rules},
	{NULL, NULL, NULL, NULL, NULL},
};
