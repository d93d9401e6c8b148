/* tocsin watch: print events of topics until interrupted; survives restarts of the daemon. */
#include <string.h>
#include <unistd.h>

#include "cli_int.h"
#include "client/handle.h"

static void print_event(struct cli *c, struct arena *a, const struct tocsin_event *event)
{
	const struct value *data = value_inside(event->data);
	struct value whole = value_map(a, 4);
	struct buf b;

	if (c->is_json) {
		value_add(a, &whole, "seq", value_int(event->seq));
		value_add(a, &whole, "topic", value_literal(event->topic));
		value_add(a, &whole, "at", value_int(event->at_ms));
		value_add(a, &whole, "data", data == NULL ? value_nil : *data);
		json_print(stdout, &whole);
	} else {
		buf_init(&b, (size_t)1024 * 1024);
		value_json(&b, data == NULL ? &value_nil : data);
		printf("%s  %s  %.*s\n", time_shown(a, event->at_ms), event->topic, (int)b.n,
			(const char *)b.p);
		buf_fini(&b);
	}
	fflush(stdout);
}

static void say_lost(void *ctx, const char *why)
{
	(void)ctx;
	fprintf(stderr, tr("tocsin: %s; connecting again\n"), why);
}

/* What the client says, as the commands say it. */
static int take_client_error(struct cli *c, const struct tocsin_error *from, struct err *e)
{
	c->client.is_lost = from->code == TOCSIN_LOST || from->code == TOCSIN_TIMEOUT;
	err_arg(e, from->code <= TOCSIN_INTERNAL ? (enum err_code)from->code : ERR_INTERNAL, from->argument,
		from->value, "%s", from->message);
	snprintf(e->reason, sizeof(e->reason), "%s", from->reason);
	return -1;
}

/* Until the user ends (0) or the daemon refuses (-1). */
static int follow(struct cli *c, struct tocsin *t, bool has_consumer, struct tocsin_error *e)
{
	struct tocsin_event event;
	struct arena a;
	int rc;

	arena_init(&a, 65536);
	for (;;) {
		rc = tocsin_next(t, e, -1, &event);
		if (rc <= 0)
			break;
		arena_reset(&a);
		print_event(c, &a, &event);
		if (has_consumer && tocsin_ack(t, e, event.seq) != 0)
			break;
	}
	arena_fini(&a);
	return rc;
}

static int run_watch(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *consumer = NULL;
	const struct option_spec specs[] = {{"--consumer", &consumer, NULL}, {NULL, NULL, NULL}};
	struct tocsin_options options = {.address = c->server, .client = "tocsin", .on_lost = say_lost};
	struct tocsin_error why;
	struct value topics;
	struct tocsin *t;
	int rc = -1;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc == 0)
		return usage(e, "which topics? warning, incident, ticket.QUEUE, frontdesk.CITY, rules, duty "
				"... or '#' for all");
	/* the events come on a connection of their own; this one says in which zone times are shown */
	if (cli_token(c, &options.token, e) != 0 || cli_open(c, e) != 0)
		return -1;
	client_close(&c->client);
	c->is_open = false;
	options.lang = cli_lang(c);
	topics = value_array(&c->arena, (uint32_t)argc);
	for (int i = 0; i < argc; i++)
		value_push(&c->arena, &topics, value_literal(argv[i]));
	options.wake_fd = end_fd_open();
	t = tocsin_open(&options, &why);
	if (t != NULL &&
		tocsin_subscribe(t, &why, "{topics: %p, consumer: %s}", (const void *)&topics, consumer) == 0)
		rc = follow(c, t, consumer != NULL, &why);
	tocsin_close(t);
	close(options.wake_fd);
	return rc == 0 ? 0 : take_client_error(c, &why, e);
}

const struct command commands_watch[] = {
	{"watch", "TOPIC ... [--consumer NAME]", "Print events as they happen, until interrupted",
		"Topics: warning, incident, ticket.QUEUE, frontdesk.CITY, ivr, bulletin, rules, duty; # is "
		"all you may see.\n"
		"With --consumer what was printed is acknowledged, and the next run goes on behind it.\n"
		"A broken connection is made again, and nothing in between is missed.\n",
		run_watch},
	{NULL, NULL, NULL, NULL, NULL},
};
