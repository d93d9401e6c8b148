/* tocsin top: the daemon's figures, again and again until q or ^C. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/clock.h"
#include "tocsin/rpc.h"

#define SCREEN_BEGIN "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define SCREEN_END "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

/* Two answers, each with its arena: the one before and the last. */
struct top {
	struct cli *cli;
	struct arena arenas[2];
	struct value stats[2];
	int64_t at_us[2];
	int last;    /* index of the last answer */
	int n_stats; /* 0, 1, 2 */
	int end_fd;  /* readable once a signal asks to end */
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

/* ---- the screen -------------------------------------------------------------------------------------------
 */
/* As much of the text as the terminal has room for. */
static void draw(const char *text)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct arena a;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) {
		size.ws_row = 24;
		size.ws_col = 80;
	}
	arena_init(&a, 0);
	fputs(HOME, stdout);
	for (int row = 0; row < size.ws_row && *text != '\0'; row++) {
		size_t n = strcspn(text, "\n");

		printf("%s%s" CLEAR_LINE, row == 0 ? "" : "\n",
			text_clip(&a, slice_of(text, n), size.ws_col));
		text += n + (text[n] == '\n');
	}
	fputs(CLEAR_BELOW, stdout);
	fflush(stdout);
	arena_fini(&a);
}

static void draw_stats(struct top *t)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);

	must(f != NULL);
	print(t, f);
	must(fclose(f) == 0);
	draw(text);
	free(text);
}

/* Wait for the next round: true when the user wants to end. */
static bool wait_or_end(struct top *t)
{
	int64_t end_us = clock_mono_us() + t->every_ms * 1000, left_us;

	while ((left_us = end_us - clock_mono_us()) > 0) {
		struct pollfd p[2] = {
			{.fd = t->end_fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
		char c;

		if (poll(p, 2, (int)(left_us / 1000) + 1) <= 0)
			continue;
		if (p[0].revents != 0)
			return true;
		if (p[1].revents != 0) {
			if (read(STDIN_FILENO, &c, 1) <= 0 || c == 'q' || c == 'Q')
				return true;
			return false; /* any other key: now */
		}
	}
	return false;
}

/* A daemon that goes away may come back; one that refuses will do so again. */
static int watch(struct top *t, struct err *e)
{
	bool was_there = false;

	do {
		if (fetch(t, e) == 0) {
			was_there = true;
			draw_stats(t);
			continue;
		}
		if (!t->cli->client.is_lost || !was_there)
			return -1;
		draw(e->text);
		client_close(&t->cli->client);
		t->cli->is_open = false;
		t->n_stats = 0; /* whoever answers next counts anew */
	} while (!wait_or_end(t));
	return 0;
}

static int on_screen(struct top *t, struct err *e)
{
	struct termios before, quiet;
	int rc;

	t->end_fd = end_fd_open();
	if (tcgetattr(STDIN_FILENO, &before) != 0)
		return err_set(e, ERR_BAD_REQUEST, "top needs a terminal; --once does without");
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	fputs(SCREEN_BEGIN, stdout);
	rc = watch(t, e);
	fputs(SCREEN_END, stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	close(t->end_fd);
	return rc;
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
	rc = is_once || c->is_json || isatty(STDOUT_FILENO) == 0 ? once(&t, e) : on_screen(&t, e);
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
