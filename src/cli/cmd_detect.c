/* tocsin detect: a count series judged by the watches of a pack. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect_int.h"
#include "rules_int.h"
#include "tocsin/util.h"

struct order {
	struct series_args series;
	const char *bin, *gaps, *rules, *watch, *labels, *alarms, *zone;
};

/* Guangdong's pack beside the words, in the sources as installed; else the default pack. */
static int default_rules(struct cli *c, const char **dir, struct err *e)
{
	char *share = arena_alloc(&c->arena, PATH_MAX);
	const char *example;

	if (!share_find(share))
		return err_set(e, ERR_NOT_FOUND,
			tr("the folder of the words is missing; is tocsin installed completely?"));
	example = arena_printf(&c->arena, "%s/../examples/guangdong", share);
	*dir = access(arena_printf(&c->arena, "%s/pack.lua", example), R_OK) == 0 ? example : share;
	return 0;
}

/* The watch of that name, else the pack's first watch of series with bins of that length. */
static int find_watch(struct cli *c, const struct watches *all, const char *name, const char *dir,
	int64_t bin_ms, const struct watch **out, struct err *e)
{
	struct arena *a = &c->arena;
	const char *lengths = "", **names;

	for (uint32_t i = 0; i < all->n; i++) {
		const struct watch *w = &all->list[i];

		if (name != NULL ? strcmp(w->name, name) == 0
				 : w->of == WATCH_SERIES && w->bin_ms == bin_ms) {
			*out = w;
			return 0;
		}
		if (name == NULL && w->of == WATCH_SERIES)
			lengths = arena_printf(
				a, "%s%s%s", lengths, *lengths == '\0' ? "" : ", ", bin_shown(a, w->bin_ms));
	}
	if (name == NULL)
		return err_set(e, ERR_NOT_FOUND,
			tr("the pack in %s watches no series with bins of %s; it has %s"), dir,
			bin_shown(a, bin_ms),
			*lengths == '\0' ? "none (watch … { of = \"series\" })" : lengths);
	names = arena_alloc(a, (all->n + 1) * sizeof(*names));
	for (uint32_t i = 0; i < all->n; i++)
		names[i] = all->list[i].name;
	err_set(e, ERR_NOT_FOUND, tr("the pack in %s has no watch \"%s\""), dir, name);
	return cli_hint(e, nearest_word(name, names, all->n), -1);
}

static int judge(
	struct cli *c, const struct order *o, const struct watches *all, const char *pack, struct err *e)
{
	struct series_args args = o->series;
	const struct watch *named = NULL;
	struct run run = {.watches = all};
	struct series series = {0};
	struct spans labels;
	struct report report = {.cli = c, .file = args.file, .pack = pack, .run = &run};
	int rc = -1;

	if (o->watch != NULL) {
		if (find_watch(c, all, o->watch, pack, 0, &named, e) != 0)
			return -1;
		if (args.bin_ms != 0 && args.bin_ms != named->bin_ms)
			return usage(e, "--bin %s: the bins of watch \"%s\" are %s long", o->bin, named->name,
				bin_shown(&c->arena, named->bin_ms));
		args.bin_ms = named->bin_ms;
	}
	if (o->labels != NULL && access(o->labels, F_OK) != 0)
		args.flags = o->labels; /* a column of the file itself */
	if (series_load(&c->arena, &args, &series, e) != 0)
		goto out;
	if (named == NULL && find_watch(c, all, NULL, pack, series.bin_ms, &named, e) != 0)
		goto out;
	if (args.flags != NULL)
		labels = series.flagged;
	else if (o->labels != NULL &&
		 labels_load(&c->arena, o->labels, args.file, series.bin_ms, &labels, e) != 0)
		goto out;
	run.watch = named;
	run.series = &series;
	run_watch(&run);
	if (o->labels != NULL) {
		report.labels = &labels;
		report.score = score_run(&run, &labels);
	}
	if (o->alarms != NULL && report_alarms(&report, o->alarms, e) != 0)
		goto out;
	if (c->is_json)
		report_json(&report);
	else
		report_print(&report);
	rc = 0;
out:
	run_fini(&run);
	series_fini(&series);
	return rc;
}

/* Its specs are written for the zone of its people, which need not be that of the series. */
static int load_pack(struct cli *c, const char *zone, const char *dir, struct pack_build *b, struct err *e)
{
	if (zone_take(c, NULL, e) != 0 || pack_load_here(c, dir, NULL, b, e) != 0)
		return -1;
	if (b->is_ok)
		return zone_take(c, zone, e);
	pack_build_fini(b);
	return zone_take(c, zone, e) != 0 ? -1 : pack_need_here(c, dir, b, e);
}

static int with_pack(struct cli *c, const struct order *o, const char *dir, struct err *e)
{
	struct watches *all = NULL;
	struct pack_build b;
	int rc;

	if (load_pack(c, o->zone, dir, &b, e) != 0)
		return -1;
	rc = watches_new(&all, generation_catalog(b.made), e);
	if (rc == 0)
		rc = judge(c, o, all, dir, e);
	watches_free(all);
	pack_build_fini(&b);
	return rc;
}

static int run_detect(struct cli *c, int argc, char **argv, struct err *e)
{
	struct order o = {.series.encoding = "utf-8"};
	const struct option_spec specs[] = {{"--time", &o.series.time, NULL},
		{"--value", &o.series.value, NULL}, {"--bin", &o.bin, NULL}, {"--gaps", &o.gaps, NULL},
		{"--rules", &o.rules, NULL}, {"--watch", &o.watch, NULL}, {"--labels", &o.labels, NULL},
		{"--alarms", &o.alarms, NULL}, {"--zone", &o.zone, NULL},
		{"--time-format", &o.series.time_format, NULL}, {"--encoding", &o.series.encoding, NULL},
		{"--json", NULL, &c->is_json}, {"--lang", &c->lang, NULL}, {NULL, NULL, NULL}};

	if (options_take(&argc, argv, specs, e) != 0 || cli_check_lang(c, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 1 || o.series.time == NULL)
		return usage(e, "one FILE and --time COLUMN are needed");
	if (o.gaps != NULL && strcmp(o.gaps, "zero") != 0 && strcmp(o.gaps, "unknown") != 0)
		return usage(e, "--gaps must be zero or unknown, not \"%.40s\"", o.gaps);
	o.series.gaps_are_zero = o.gaps != NULL && strcmp(o.gaps, "zero") == 0;
	o.series.file = argv[0];
	if ((o.bin != NULL && bin_parse(o.bin, &o.series.bin_ms, e) != 0) || zone_take(c, o.zone, e) != 0)
		return EXIT_WRONG_USAGE;
	if (o.rules == NULL && default_rules(c, &o.rules, e) != 0)
		return -1;
	return with_pack(c, &o, o.rules, e);
}

const struct command commands_detect[] = {
	{"detect",
		"FILE.csv --time COLUMN [--value COLUMN] [--bin 5m|1h|1d|1w] [--rules DIR] [--labels FILE] "
		"[--alarms OUT.csv]",
		"Judge a count series by a pack's watches and level tables, as the daemon does",
		"FILE has a header; rows in any order, several of a bin add up. Needs no daemon.\n"
		"  --time COLUMN     ISO 8601, YYYY/MM/DD, DD.MM.YYYY, 2026年9月22日, epoch …: found out "
		"over the whole column\n"
		"  --time-format F   else say it, with YYYY YY MMM MM DD hh mm ss SSS AM, such as "
		"\"DD/MM/YYYY hh:mm\"\n"
		"  --value COLUMN    how many; without it each row is one event, and a bin without a row is "
		"0\n"
		"  --bin LENGTH      else the distance of the rows (5m for events)\n"
		"  --gaps zero       a bin without a row is 0, too; else it is not known: neither an alarm "
		"nor a lesson\n"
		"  --rules DIR       the pack; else Guangdong's. Its watch of = \"series\" with bins of that "
		"length judges\n"
		"  --watch NAME      another watch of it\n"
		"  --labels FILE     when something did happen: CSV of from and to, or of a time and 0 or 1; "
		"JSON windows as of NAB;\n"
		"                    or the name of a 0/1 column of FILE. Prints sensitivity, false alarms a "
		"stream-week, delay\n"
		"  --alarms OUT.csv  every bin: bin,level,count,expected,p (bin is its start, in --zone)\n"
		"  --zone NAME       of times without an offset; Asia/Shanghai unless said\n"
		"  --encoding NAME   of FILE, such as gbk; utf-8 unless said\n"
		"An alarm is a run of bins at a level; it is false when it begins outside of every labelled "
		"event.\n",
		run_detect},
	{NULL, NULL, NULL, NULL, NULL},
};
