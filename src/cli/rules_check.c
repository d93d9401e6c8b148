/* tocsin rules check: a pack loaded here, by the loader that the daemon has. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "rules_int.h"
#include "tocsin/clock.h"

int zone_take(struct cli *c, const char *zone, struct err *e)
{
	c->keeps_zone = true;
	return clock_zone_set(zone == NULL ? ZONE_DEFAULT : zone, e) == 0 ? 0 : EXIT_WRONG_USAGE;
}

int pack_load_here(struct cli *c, const char *dir, const char *spec, struct pack_build *b, struct err *e)
{
	char *share = arena_alloc(&c->arena, PATH_MAX);

	memset(b, 0, sizeof(*b));
	if (!share_find(share))
		return err_set(e, ERR_NOT_FOUND,
			tr("the folder of the words (lua/lib beside this program, or share/tocsin/lua/lib) "
			   "is "
			   "missing; "
			   "is tocsin installed completely?"));
	arena_init(&b->arena, 0);
	b->dir = dir;
	b->share_dir = share;
	b->spec = spec;
	cli_progress(arena_printf(
		&c->arena, cli_say(c, "loading %s, running its specs ...", "正在加载 %s 并运行用例……"), dir));
	pack_build_run(b);
	cli_progress(NULL);
	return 0;
}

int pack_need_here(struct cli *c, const char *dir, struct pack_build *b, struct err *e)
{
	struct value report;

	if (pack_load_here(c, dir, NULL, b, e) != 0)
		return -1;
	if (b->is_ok)
		return 0;
	report = pack_build_report(b, &c->arena);
	errors_print(c, value_get(&report, "errors"));
	err_set(e, ERR_REJECTED, tr("the pack in %s is bad: %u error%s, listed above"), dir,
		value_get(&report, "errors")->n, value_get(&report, "errors")->n == 1 ? "" : "s");
	pack_build_fini(b);
	return -1;
}

static int check_here(struct cli *c, const char *dir, const char *spec, struct err *e)
{
	struct pack_build b;
	struct value report;
	int rc;

	if (pack_load_here(c, dir, spec, &b, e) != 0)
		return -1;
	report = pack_build_report(&b, &c->arena);
	if (spec != NULL)
		value_add(&c->arena, &report, "spec", value_literal(spec));
	rc = verdict_print(c, &report, cli_say(c, "check", "检查"));
	pack_build_fini(&b);
	return rc;
}

int rules_check(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *spec = NULL, *zone = NULL;
	const struct option_spec specs[] = {
		{"--spec", &spec, NULL}, {"--zone", &zone, NULL}, {NULL, NULL, NULL}};
	struct value result;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc > 1)
		return usage(e, "check takes one DIR, not %d", argc);
	if (argc == 1)
		return zone_take(c, zone, e) != 0 ? EXIT_WRONG_USAGE : check_here(c, argv[0], spec, e);
	if (spec != NULL || zone != NULL)
		return usage(e, "%s needs DIR: the daemon runs all specs, in its own zone",
			spec != NULL ? "--spec" : "--zone");
	cli_progress(cli_say(c, "the daemon loads its folder aside ...", "守护进程正在另行加载其规则目录……"));
	rc = cli_call(c, "rules.check", NULL, &result, e);
	cli_progress(NULL);
	return rc != 0 ? -1 : verdict_print(c, &result, cli_say(c, "check", "检查"));
}
