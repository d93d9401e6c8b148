/*
 * A service desk in one page, by the blocking client:
 *
 *   cc -o desk desk.c -ltocsin-client -levent_core
 *   ./desk unix:data/tocsin.sock [TOKEN]            a complaint's first minutes, then events until the next
 * one
 *   ./desk unix:data/tocsin.sock --follow N         the next N events behind those that were acknowledged
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tocsin.h>

#define CONSUMER "example-c" /* a name that no other program uses */

static void show_refusal(const struct tocsin_error *e)
{
	printf("refused: %s: %s\n", e->word, e->message);
	if (e->argument[0] != '\0')
		printf("         argument %s = %s\n", e->argument, e->value);
}

static int fail(const struct tocsin_error *e)
{
	show_refusal(e);
	return 1;
}

static void show_event(const struct tocsin_event *event)
{
	printf("event %s: ticket %" PRId64 " %s (%s by %s)\n", event->topic,
		tocsin_int(tocsin_get(event->data, "id"), 0),
		tocsin_text(tocsin_get(event->data, "stage"), "?"),
		tocsin_text(tocsin_get(event->data, "method"), "?"),
		tocsin_text(tocsin_get(event->data, "who"), "?"));
}

/* Show the next n events. What was shown is acknowledged: it never comes again, to no process. */
static int follow(struct tocsin *t, int n, struct tocsin_error *e)
{
	struct tocsin_event event;

	while (n-- > 0) {
		if (tocsin_next(t, e, -1, &event) < 0 || tocsin_ack(t, e, event.seq) != 0)
			return fail(e);
		show_event(&event);
	}
	return 0;
}

static int work(struct tocsin *t, struct tocsin_error *e)
{
	const struct tocsin_value *answer;
	int64_t id;

	answer = tocsin_change(t, e, "ticket.create",
		"{channel: 'app', number: %s, category: 'account.realname', customer: {name: %s, vip: %hhd}, "
		"text: %s}",
		"13800138000", "Li Ming", true, "the name on my card is wrong");
	if (answer == NULL)
		return fail(e);
	id = tocsin_int(tocsin_get(answer, "id"), 0);
	printf("ticket %" PRId64 " %s: %s, in %s\n", id, tocsin_text(tocsin_get(answer, "no"), "?"),
		tocsin_text(tocsin_get(answer, "stage"), "?"), tocsin_text(tocsin_get(answer, "queue"), "?"));

	answer = tocsin_change(t, e, "ticket.act", "{id: %" PRId64 ", action: 'dispatch', note: %s}", id,
		"please look at the copy of the card");
	if (answer == NULL)
		return fail(e);
	printf("ticket %" PRId64 ": %s\n", id, tocsin_text(tocsin_get(answer, "stage"), "?"));

	if (tocsin_change(t, e, "ticket.act", "{id: %" PRId64 ", action: 'close'}", id) == NULL)
		show_refusal(e); /* nobody has answered the customer yet: the rules say no */
	return 0;
}

static void on_lost(void *ctx, const char *why)
{
	(void)ctx;
	fprintf(stderr, "lost: %s; connecting again\n", why);
}

int main(int argc, char **argv)
{
	bool is_follower = argc == 4 && strcmp(argv[2], "--follow") == 0;
	struct tocsin_options options = {.client = "desk.c/1", .on_lost = on_lost};
	struct tocsin_error e;
	struct tocsin *t;
	int rc = 1;

	if (argc < 2) {
		fprintf(stderr, "Usage: desk ADDRESS [TOKEN | --follow N]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.address = argv[1];
	options.token = argc == 3 ? argv[2] : NULL;
	t = tocsin_open(&options, &e);
	if (t == NULL)
		return fail(&e);
	printf("connected as %s\n",
		tocsin_text(tocsin_get(tocsin_call(t, &e, "session.hello", "{}"), "role"), "?"));

	if (tocsin_subscribe(t, &e, "{topics: ['ticket.second_line'], consumer: %s}", CONSUMER) != 0)
		fail(&e);
	else if (is_follower)
		rc = follow(t, atoi(argv[3]), &e);
	else
		rc = work(t, &e) != 0 || follow(t, 2, &e) != 0;
	if (rc == 0 && !is_follower) {
		printf("the daemon may restart now\n");
		rc = follow(t, 1, &e);
	}
	tocsin_close(t);
	return rc;
}
