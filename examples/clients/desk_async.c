/*
 * The same desk on a libevent loop: nothing waits, every answer and event comes to a function.
 *
 *   cc -o desk_async desk_async.c -ltocsin-client -levent_core
 *   ./desk_async unix:data/tocsin.sock [TOKEN]
 *   ./desk_async unix:data/tocsin.sock --follow N
 */
#include <event2/event.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tocsin.h>

#define CONSUMER "example-c-async"

struct desk {
	struct event_base *base;
	struct tocsin_async *t;
	int64_t id;      /* of our ticket */
	int n_events;    /* to show until the end */
	bool is_working; /* not only following */
	bool was_up;
	int rc;
};

static const char *text(const struct tocsin_value *map, const char *key)
{
	return tocsin_text(tocsin_get(map, key), "?");
}

static void end(struct desk *d, int rc)
{
	d->rc = rc;
	event_base_loopexit(d->base, NULL);
}

static void show_refusal(const struct tocsin_error *e)
{
	printf("refused: %s: %s\n", e->word, e->message);
	if (e->argument[0] != '\0')
		printf("         argument %s = %s\n", e->argument, e->value);
}

static void on_event(void *ctx, const struct tocsin_event *event)
{
	struct desk *d = ctx;

	printf("event %s: ticket %" PRId64 " %s (%s by %s)\n", event->topic,
		tocsin_int(tocsin_get(event->data, "id"), 0), text(event->data, "stage"),
		text(event->data, "method"), text(event->data, "who"));
	tocsin_async_ack(d->t, event->seq);
	if (--d->n_events == 0)
		end(d, 0);
}

static void on_close(void *ctx, const struct tocsin_value *ticket, const struct tocsin_error *e)
{
	(void)ctx, (void)ticket;
	if (e != NULL)
		show_refusal(e); /* nobody has answered the customer yet: the rules say no */
	printf("the daemon may restart now\n");
}

static void on_dispatch(void *ctx, const struct tocsin_value *ticket, const struct tocsin_error *e)
{
	struct desk *d = ctx;

	if (e != NULL) {
		show_refusal(e);
		end(d, 1);
		return;
	}
	printf("ticket %" PRId64 ": %s\n", d->id, text(ticket, "stage"));
}

static void on_create(void *ctx, const struct tocsin_value *made, const struct tocsin_error *e)
{
	struct desk *d = ctx;

	if (e != NULL) {
		show_refusal(e);
		end(d, 1);
		return;
	}
	d->id = tocsin_int(tocsin_get(made, "id"), 0);
	printf("ticket %" PRId64 " %s: %s, in %s\n", d->id, text(made, "no"), text(made, "stage"),
		text(made, "queue"));
	/* Two calls at once: they are worked, and answered, in this order. */
	tocsin_async_change(
		d->t, on_dispatch, d, "ticket.act", "{id: %" PRId64 ", action: 'dispatch'}", d->id);
	tocsin_async_change(d->t, on_close, d, "ticket.act", "{id: %" PRId64 ", action: 'close'}", d->id);
}

static void on_subscribed(void *ctx, const struct tocsin_value *result, const struct tocsin_error *e)
{
	struct desk *d = ctx;

	(void)result;
	if (e != NULL) {
		show_refusal(e);
		end(d, 1);
	} else if (d->is_working) {
		tocsin_async_change(d->t, on_create, d, "ticket.create",
			"{channel: 'app', number: %s, category: 'account.realname', customer: {name: %s, "
			"vip: %hhd}, "
			"text: %s}",
			"13800138000", "Li Ming", true, "the name on my card is wrong");
	}
}

static void on_hello(void *ctx, const struct tocsin_value *hello, const struct tocsin_error *e)
{
	(void)ctx;
	printf("connected as %s\n", e == NULL ? text(hello, "role") : e->word);
}

static void on_state(void *ctx, const struct tocsin_error *why)
{
	struct desk *d = ctx;

	if (why != NULL)
		fprintf(stderr, "lost: %s; connecting again\n", why->message);
	if (why != NULL && !d->was_up) {
		show_refusal(why); /* not even once: give up */
		end(d, 1);
	}
	d->was_up = d->was_up || why == NULL;
}

int main(int argc, char **argv)
{
	bool is_follower = argc == 4 && strcmp(argv[2], "--follow") == 0;
	struct tocsin_options options = {.client = "desk_async.c/1"};
	struct desk d = {.is_working = !is_follower, .n_events = 3};
	struct tocsin_error e;

	if (argc < 2) {
		fprintf(stderr, "Usage: desk_async ADDRESS [TOKEN | --follow N]\n");
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	options.address = argv[1];
	options.token = argc == 3 ? argv[2] : NULL;
	if (is_follower)
		d.n_events = atoi(argv[3]);
	d.base = event_base_new();
	d.t = tocsin_async_open(d.base, &options, on_state, &d, &e);
	if (d.t == NULL) {
		show_refusal(&e);
		event_base_free(d.base);
		return 1;
	}
	tocsin_async_call(d.t, on_hello, &d, "session.hello", "{}");
	tocsin_async_subscribe(
		d.t, on_subscribed, on_event, &d, "{topics: ['ticket.second_line'], consumer: %s}", CONSUMER);
	event_base_dispatch(d.base);
	tocsin_async_close(d.t);
	event_base_free(d.base);
	return d.rc;
}
