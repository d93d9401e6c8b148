/* tocsin rules diff: which of the last decisions would change under another pack. Read-only. */
#include <stdlib.h>
#include <string.h>

#include "rules_int.h"
#include "tocsin/log.h"

#define PAGE 500
#define LAST 1000
#define EXAMPLES_MAX 3
#define SHOWN_COLUMNS 32

/* Decisions that change in the same way. */
struct group {
	const char *point, *what, *before, *after;
	uint32_t n, n_examples;
	const char *examples[EXAMPLES_MAX];
};

struct diff {
	struct cli *cli;
	struct pack_build pack;
	struct arena page; /* of the decisions at hand; groups are kept in the cli's */
	int64_t last;
	uint32_t n_asked, n_changed, n_unknown;
	struct group *groups;
	uint32_t n_groups, cap;
	bool has_changed; /* the decision at hand */
	const char *point, *no;
};

/* ---- grouping ------------------------------------------------------------------------------------------ */
static const char *keep(struct diff *d, const char *text)
{
	return arena_text(&d->cli->arena, text, strlen(text));
}

static struct group *group_of(struct diff *d, const char *what, const char *before, const char *after)
{
	for (uint32_t i = 0; i < d->n_groups; i++) {
		struct group *g = &d->groups[i];

		if (strcmp(g->point, d->point) == 0 && strcmp(g->what, what) == 0 &&
			strcmp(g->before, before) == 0 && strcmp(g->after, after) == 0)
			return g;
	}
	if (d->n_groups == d->cap) {
		d->cap = d->cap == 0 ? 64 : 2 * d->cap;
		d->groups = realloc(d->groups, d->cap * sizeof(*d->groups));
		must(d->groups != NULL);
	}
	d->groups[d->n_groups] = (struct group){.point = keep(d, d->point),
		.what = keep(d, what),
		.before = keep(d, before),
		.after = keep(d, after)};
	return &d->groups[d->n_groups++];
}

/* One line, numbers of subscribers masked. */
static const char *shown(struct diff *d, const struct value *v)
{
	const char *text = v == NULL ? "-" : value_shown(&d->page, NULL, v);
	char *copy = arena_text(&d->page, text, strlen(text));

	mask_numbers(copy, strlen(copy));
	return text_clip(&d->page, slice_of(copy, strlen(copy)), SHOWN_COLUMNS);
}

static void differ(struct diff *d, const char *what, const char *before, const char *after)
{
	struct group *g = group_of(d, what, before, after);

	d->has_changed = true;
	g->n++;
	if (g->n_examples < EXAMPLES_MAX &&
		(g->n_examples == 0 || strcmp(g->examples[g->n_examples - 1], d->no) != 0))
		g->examples[g->n_examples++] = keep(d, d->no);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */
static bool same(const struct value *a, const struct value *b)
{
	return a == NULL || b == NULL ? a == b : value_equal(a, b);
}

static void compare(struct diff *d, const char *what, const struct value *before, const struct value *after)
{
	if (!same(before, after))
		differ(d, what, shown(d, before), shown(d, after));
}

/* Key by key, also those that only one of them has. */
static void compare_maps(
	struct diff *d, const char *prefix, const struct value *before, const struct value *after)
{
	struct arena *a = &d->page;

	for (uint32_t i = 0; value_is(before, VALUE_MAP) && i < before->n; i++) {
		const char *key = value_cstr(a, &before->as.pairs[i].key);

		compare(d, arena_printf(a, "%s%s", prefix, key), &before->as.pairs[i].val,
			value_get(after, key));
	}
	for (uint32_t i = 0; value_is(after, VALUE_MAP) && i < after->n; i++) {
		const char *key = value_cstr(a, &after->as.pairs[i].key);

		if (value_get(before, key) == NULL)
			compare(d, arena_printf(a, "%s%s", prefix, key), NULL, &after->as.pairs[i].val);
	}
}

/* Clocks that start, by name: "48 hours". */
static struct value clocks_of(struct arena *a, const struct value *decision)
{
	const struct value *ops = value_get(decision, "clocks");
	struct value out = value_map(a, 4);

	for (uint32_t i = 0; value_is(ops, VALUE_ARRAY) && i < ops->n; i++) {
		const struct value *op = &ops->as.items[i];

		if (value_is_text(value_get(op, "op"), "start"))
			value_set(a, &out, value_shown(a, NULL, value_get(op, "name")),
				value_printf(a, "%s %s", value_shown(a, NULL, value_get(op, "goal")),
					value_shown(a, NULL, value_get(op, "unit"))));
	}
	return out;
}

static void compare_decisions(struct diff *d, const struct value *before, const struct value *after)
{
	static const char *const whole[] = {"links", "advice", "notices", "timers", "open", "tasks",
		"cancel_timers", "unlinks", "failed"};
	struct arena *a = &d->page;
	struct value clocks[2] = {clocks_of(a, before), clocks_of(a, after)};

	compare(d, "refused", value_path(before, "refuse.message"), value_path(after, "refuse.message"));
	compare_maps(d, "", value_get(before, "set"), value_get(after, "set"));
	compare_maps(d, "clock ", &clocks[0], &clocks[1]);
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
		compare(d, whole[i], value_get(before, whole[i]), value_get(after, whole[i]));
}

static void take(struct diff *d, const struct value *one)
{
	struct arena *a = &d->page;
	const struct value *decided = value_get(one, "decided");
	struct value decision;
	struct err e;

	d->n_asked++;
	if (decided == NULL) {
		d->n_unknown++;
		return;
	}
	d->point = value_cstr(a, value_get(one, "point"));
	d->no = value_shown(a, NULL, value_get(one, "no"));
	d->has_changed = false;
	if (generation_ask(d->pack.made, d->point, value_get(one, "facts"), a, &decision, &e) != 0) {
		struct value text = value_printf(a, "%s", e.text);

		compare(d, "failed", value_path(decided, "failed.message"), &text);
	} else
		compare_decisions(d, decided, &decision);
	d->n_changed += d->has_changed;
}

static int compare_all(struct diff *d, struct err *e)
{
	struct cli *c = d->cli;
	struct value args, result;
	const struct value *page, *next;
	char cursor[64] = "";

	do {
		int64_t left = d->last - d->n_asked;

		arena_reset(&d->page);
		cli_progress(arena_printf(&d->page,
			cli_say(c, "%u of %jd decisions asked again, %u change ...",
				"已重问 %u/%jd 个决定，%u 个会变……"),
			d->n_asked, (intmax_t)d->last, d->n_changed));
		args = value_map(&d->page, 2);
		value_add(&d->page, &args, "limit", value_int(left < PAGE ? left : PAGE));
		if (cursor[0] != '\0')
			value_add(&d->page, &args, "cursor", value_literal(cursor));
		if (client_call(&c->client, &d->page, "rules.facts", &args, &result, e) != 0)
			return -1;
		page = value_get(&result, "decisions");
		for (uint32_t i = 0; page != NULL && i < page->n && d->n_asked < d->last; i++)
			take(d, &page->as.items[i]);
		next = value_get(&result, "cursor");
		snprintf(cursor, sizeof(cursor), "%s", next == NULL ? "" : value_cstr(&d->page, next));
	} while (next != NULL && d->n_asked < d->last);
	return 0;
}

/* ---- showing ------------------------------------------------------------------------------------------- */
static int more_first(const void *x, const void *y)
{
	const struct group *a = x, *b = y;
	int by = a->n != b->n ? (a->n > b->n ? -1 : 1) : strcmp(a->point, b->point);

	by = by != 0 ? by : strcmp(a->what, b->what);
	by = by != 0 ? by : strcmp(a->before, b->before);
	return by != 0 ? by : strcmp(a->after, b->after);
}

static void print(struct diff *d, const char *dir)
{
	struct cli *c = d->cli;
	struct text_table t;

	printf(cli_say(c, "%u of %u decisions would change under %s\n", "%u/%u 个决定在 %s 之下会改变\n"),
		d->n_changed, d->n_asked, dir);
	if (d->n_unknown > 0)
		printf(cli_say(c, "%u could not be asked again: their pack is not there any more\n",
			       "%u 个无法重问：当时的规则包已不在\n"),
			d->n_unknown);
	if (d->n_groups == 0)
		return;
	table_init(&t, &c->arena,
		cli_say(c, ">COUNT|AT|WHAT|NOW|THEN|TICKETS, SUCH AS", ">件数|时机|内容|现在|改后|例如工单"));
	for (uint32_t i = 0; i < d->n_groups; i++) {
		const struct group *g = &d->groups[i];

		table_cellf(&t, "%u", g->n);
		table_cell(&t, g->point);
		table_cell(&t, g->what);
		table_cell(&t, g->before);
		table_cell(&t, g->after);
		table_cellf(&t, "%s%s%s%s%s", g->examples[0], g->n_examples > 1 ? " " : "",
			g->n_examples > 1 ? g->examples[1] : "", g->n_examples > 2 ? " " : "",
			g->n_examples > 2 ? g->examples[2] : "");
	}
	table_print(&t, stdout);
}

static void print_json(struct diff *d)
{
	struct arena *a = &d->cli->arena;
	struct value out = value_map(a, 4), groups = value_array(a, d->n_groups);

	for (uint32_t i = 0; i < d->n_groups; i++) {
		const struct group *g = &d->groups[i];
		struct value one = value_map(a, 6), tickets = value_array(a, EXAMPLES_MAX);

		for (uint32_t k = 0; k < g->n_examples; k++)
			value_push(a, &tickets, value_literal(g->examples[k]));
		value_add(a, &one, "count", value_int(g->n));
		value_add(a, &one, "point", value_literal(g->point));
		value_add(a, &one, "what", value_literal(g->what));
		value_add(a, &one, "now", value_literal(g->before));
		value_add(a, &one, "then", value_literal(g->after));
		value_add(a, &one, "tickets", tickets);
		value_push(a, &groups, one);
	}
	value_add(a, &out, "asked", value_int(d->n_asked));
	value_add(a, &out, "changed", value_int(d->n_changed));
	value_add(a, &out, "unknown", value_int(d->n_unknown));
	value_add(a, &out, "groups", groups);
	json_print(stdout, &out);
}

int rules_diff(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *last = NULL;
	const struct option_spec specs[] = {{"--last", &last, NULL}, {NULL, NULL, NULL}};
	struct diff d = {.cli = c, .last = LAST};
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 1)
		return usage(e, "diff needs the DIR of one pack to compare with");
	if (last != NULL && option_int("--last", last, 1, 1000000, &d.last, e) != 0)
		return EXIT_WRONG_USAGE;
	/* the connection first: the pack is loaded in the daemon's zone */
	if (cli_open(c, e) != 0 || pack_need_here(c, argv[0], &d.pack, e) != 0)
		return -1;
	arena_init(&d.page, 0);
	rc = compare_all(&d, e);
	cli_progress(NULL);
	if (rc == 0 && d.n_groups > 0)
		qsort(d.groups, d.n_groups, sizeof(d.groups[0]), more_first);
	if (rc == 0 && c->is_json)
		print_json(&d);
	else if (rc == 0)
		print(&d, argv[0]);
	free(d.groups);
	arena_fini(&d.page);
	pack_build_fini(&d.pack);
	return rc;
}
