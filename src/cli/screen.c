/* A screen that is drawn again and again until q or ^C. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/clock.h"

#define SCREEN_BEGIN "\033[?1049h\033[?25l" /* the other screen, no cursor */
#define SCREEN_END "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

struct screen_run {
	struct cli *cli;
	int64_t every_ms;
	screen_look *look;
	void *udata;
	int end_fd; /* readable once a signal asks to end */
};

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

static int look(struct screen_run *r, struct err *e)
{
	char *text = NULL;
	size_t n;
	FILE *f = open_memstream(&text, &n);
	int rc;

	must(f != NULL);
	rc = r->look(r->udata, f, e);
	must(fclose(f) == 0);
	if (rc == 0)
		draw(text);
	free(text);
	return rc;
}

/* Wait for the next round: true when the user wants to end. */
static bool wait_or_end(const struct screen_run *r)
{
	int64_t end_us = clock_mono_us() + r->every_ms * 1000, left_us;

	while ((left_us = end_us - clock_mono_us()) > 0) {
		struct pollfd p[2] = {
			{.fd = r->end_fd, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
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
static int watch(struct screen_run *r, struct err *e)
{
	bool was_there = false;

	do {
		if (look(r, e) == 0) {
			was_there = true;
			continue;
		}
		if (!r->cli->client.is_lost || !was_there)
			return -1;
		draw(e->text);
		client_close(&r->cli->client);
		r->cli->is_open = false;
	} while (!wait_or_end(r));
	return 0;
}

int screen_run(struct cli *c, int64_t every_ms, screen_look *looker, void *udata, struct err *e)
{
	struct screen_run r = {c, every_ms, looker, udata, -1};
	struct termios before, quiet;
	int rc;

	r.end_fd = end_fd_open();
	if (tcgetattr(STDIN_FILENO, &before) != 0) {
		close(r.end_fd);
		return err_set(e, ERR_BAD_REQUEST, tr("a screen that is refreshed needs a terminal"));
	}
	quiet = before;
	quiet.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	tcsetattr(STDIN_FILENO, TCSANOW, &quiet);
	fputs(SCREEN_BEGIN, stdout);
	rc = watch(&r, e);
	fputs(SCREEN_END, stdout);
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	close(r.end_fd);
	return rc;
}
