/* tocsin rules: what decides now, and the verdict on a pack. */
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"

/* "file:line:column: message (cure)", one error a line. */
static void print_errors(struct arena *a, const struct value *errors)
{
	for (uint32_t i = 0; value_is(errors, VALUE_ARRAY) && i < errors->n; i++) {
		const struct value *one = &errors->as.items[i];
		const char *file = value_shown(a, NULL, value_get(one, "file"));

		if (one->type != VALUE_MAP) {
			printf("%s\n", value_shown(a, NULL, one));
			continue;
		}
		if (file[0] != '\0')
			printf("%s:%s: ", file, value_shown(a, NULL, value_get(one, "line")));
		printf("%s", value_shown(a, NULL, value_get(one, "message")));
		if (value_get(one, "cure") != NULL && value_get(one, "cure")->n > 0)
			printf(" (%s)", value_shown(a, NULL, value_get(one, "cure")));
		printf("\n");
	}
}

static void print_list(struct arena *a, const char *title, const struct value *list)
{
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->n; i++)
		printf("%s %s\n", title, value_shown(a, NULL, &list->as.items[i]));
}

static int verdict(struct cli *c, const struct value *v, const char *what)
{
	const struct value *errors = value_get(v, "errors");
	bool is_ok = value_true(value_get(v, "ok"));
	struct arena *a = &c->arena;

	if (c->is_json) {
		json_print(stdout, v);
		return is_ok ? 0 : 1;
	}
	print_errors(a, errors);
	print_list(a, "no spec reaches", value_get(v, "uncovered"));
	if (!is_ok)
		printf("%s: refused, %u error%s; generation %s goes on deciding\n", what,
			errors == NULL ? 0 : errors->n, errors != NULL && errors->n == 1 ? "" : "s",
			value_get(v, "generation") ? value_shown(a, NULL, value_get(v, "generation"))
						   : "of before");
	else if (value_get(v, "generation") != NULL)
		printf("%s: ok, generation %s decides (%s rules, %s specs, %s ms, sha256 %.12s)\n", what,
			value_shown(a, NULL, value_get(v, "generation")),
			value_shown(a, NULL, value_get(v, "rules")),
			value_shown(a, NULL, value_get(v, "specs")),
			value_shown(a, NULL, value_get(v, "took_ms")),
			value_shown(a, NULL, value_get(v, "sha256")));
	else
		printf("%s: ok (%s rules, %s specs)\n", what, value_shown(a, NULL, value_get(v, "rules")),
			value_shown(a, NULL, value_get(v, "specs")));
	return is_ok ? 0 : 1;
}

/* A path of this program's folder means nothing to the daemon: make it absolute. */
static const char *whole_path(struct cli *c, const char *path)
{
	char *whole = realpath(path, NULL);
	const char *out = whole == NULL ? path : arena_text(&c->arena, whole, strlen(whole));

	free(whole);
	return out;
}

static int call_rules(
	struct cli *c, const char *method, const struct value *args, const char *what, struct err *e)
{
	struct value result;

	if (cli_call(c, method, args, &result, e) != 0)
		return -1;
	return verdict(c, &result, what);
}

static int rules_show(struct cli *c, struct err *e)
{
	struct value result;

	if (cli_call(c, "rules.status", NULL, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	map_print(&c->arena, &result);
	print_errors(&c->arena, value_get(&result, "errors"));
	return 0;
}

static int run_rules(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 1);
	int64_t number;

	if (argc == 1 && strcmp(argv[0], "status") == 0)
		return rules_show(c, e);
	if (argc == 1 && strcmp(argv[0], "reload") == 0)
		return call_rules(c, "rules.reload", NULL, "reload", e);
	if ((argc == 1 || argc == 2) && strcmp(argv[0], "check") == 0) {
		if (argc == 2)
			value_add(&c->arena, &args, "dir", value_literal(whole_path(c, argv[1])));
		return call_rules(c, "rules.check", &args, "check", e);
	}
	if (argc == 2 && strcmp(argv[0], "rollback") == 0) {
		if (option_int("N", argv[1], 1, INT64_MAX, &number, e) != 0)
			return EXIT_WRONG_USAGE;
		value_add(&c->arena, &args, "generation", value_int(number));
		return call_rules(c, "rules.rollback", &args, "rollback", e);
	}
	return usage(e, "expected status, check [DIR], reload or rollback N");
}

const struct command commands_rules[] = {
	{"rules", "status | check [DIR] | reload | rollback N",
		"Which pack decides; check, load or roll back one",
		"check and reload print every error as file:line: message and exit 1 on a bad pack; a bad "
		"pack changes nothing.\n"
		"check reads DIR on the machine of the daemon, else the folder that reloads read.\n",
		run_rules},
	{NULL, NULL, NULL, NULL, NULL},
};
