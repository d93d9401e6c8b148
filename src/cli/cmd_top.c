/* tocsin top: the daemon's figures, again and again until q or ^C. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/clock.h"
#include "tocsin/rpc.h"

/* Two answers, each with its arena: the one before and the last. */
struct top {
	struct cli *cli;
	struct arena arenas[2];
	struct value stats[2];
	int64_t at_us[2];
	int last;    /* index of the last answer */
	int n_stats; /* 0, 1, 2 */
	int64_t every_ms;
};

static int fetch(struct top *t, struct err *e)
{
	int next = 1 - t->last;

	arena_reset(&t->arenas[next]);
	if (cli_open(t->cli, e) != 0 ||
		client_call(&t->cli->client, &t->arenas[next], "server.stats", NULL, &t->stats[next], e) != 0)
		return -1;
	t->at_us[next] = clock_mono_us();
	t->last = next;
	t->n_stats = t->n_stats < 2 ? t->n_stats + 1 : 2;
	return 0;
}

static void print(struct top *t, FILE *out)
{
	int before = 1 - t->last;
	struct arena a;

	arena_init(&a, 0);
	top_print(out, &a, t->n_stats < 2 ? NULL : &t->stats[before], &t->stats[t->last],
		(double)(t->at_us[t->last] - t->at_us[before]) / 1e6);
	arena_fini(&a);
}

static int look(void *udata, FILE *out, struct err *e)
{
	struct top *t = udata;

	if (fetch(t, e) != 0) {
		t->n_stats = 0; /* whoever answers next counts anew */
		return -1;
	}
	print(t, out);
	return 0;
}

static int once(struct top *t, struct err *e)
{
	if (fetch(t, e) != 0)
		return -1;
	if (t->cli->is_json)
		json_print(stdout, &t->stats[t->last]);
	else
		print(t, stdout);
	return 0;
}

static int run_top(struct cli *c, int argc, char **argv, struct err *e)
{
	struct top t = {.cli = c, .every_ms = 2000};
	const char *every = NULL;
	bool is_once = false;
	const struct option_spec specs[] = {
		{"--every", &every, NULL}, {"--once", NULL, &is_once}, {NULL, NULL, NULL}};
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 0)
		return usage(e, "top takes options only, not \"%.60s\"", argv[0]);
	if (every != NULL && (duration_parse(every, strlen(every), &t.every_ms) != 0 || t.every_ms < 100 ||
				     t.every_ms > 3600000))
		return usage(e, "--every must be a duration from 100ms to 1h, not \"%.60s\"", every);
	arena_init(&t.arenas[0], 0);
	arena_init(&t.arenas[1], 0);
	rc = is_once || c->is_json || isatty(STDOUT_FILENO) == 0 ? once(&t, e)
								 : screen_run(c, t.every_ms, look, &t, e);
	arena_fini(&t.arenas[0]);
	arena_fini(&t.arenas[1]);
	return rc;
}

const struct command commands_top[] = {
	{"top", "[--every TIME] [--once]", "The daemon's figures on a screen, again and again",
		"Calls a second by method, commit times, queues, rules, memory and rows; every 2s unless "
		"--every says "
		"another\n"
		"time. q or ^C ends, any other key shows it now. --once, or an output that is no terminal: "
		"one look, "
		"without rates.\n",
		run_top},
	{NULL, NULL, NULL, NULL, NULL},
};
