/* tocsin watch: print events of topics until interrupted; survives restarts of the daemon. */
#include <string.h>
#include <unistd.h>

#include "cli_int.h"

#define RETRY_MS_MIN 200
#define RETRY_MS_MAX 5000

struct watch {
	struct cli *cli;
	const char *consumer; /* NULL: resumes only while this program runs */
	struct value topics;
	int64_t last_seq; /* -1 before the first event */
	int end_fd;       /* readable once the user wants to end */
};

static void print_event(struct watch *w, struct arena *a, const struct value *event)
{
	const struct value *data = value_get(event, "data");
	struct buf b;

	if (w->cli->is_json) {
		json_print(stdout, event);
	} else {
		buf_init(&b, (size_t)1024 * 1024);
		value_json(&b, data == NULL ? &value_nil : data);
		printf("%s  %s  %.*s\n", value_shown(a, "at", value_get(event, "at")),
			value_shown(a, NULL, value_get(event, "topic")), (int)b.n, (const char *)b.p);
		buf_fini(&b);
	}
	fflush(stdout);
}

static int subscribe(struct watch *w, struct arena *a, struct err *e)
{
	struct value args = value_map(a, 3), result;

	value_add(a, &args, "topics", w->topics);
	if (w->consumer != NULL)
		value_add(a, &args, "consumer", value_literal(w->consumer));
	else if (w->last_seq >= 0)
		value_add(a, &args, "after", value_int(w->last_seq));
	if (client_call(&w->cli->client, a, "topic.subscribe", &args, &result, e) != 0)
		return -1;
	if (w->last_seq < 0)
		w->last_seq = value_int_or(value_get(&result, "seq"), 0);
	return 0;
}

static int acknowledge(struct watch *w, struct arena *a, int64_t seq, struct err *e)
{
	struct value args = value_map(a, 2);
	uint32_t msgid;

	if (w->consumer == NULL)
		return 0;
	value_add(a, &args, "consumer", value_literal(w->consumer));
	value_add(a, &args, "seq", value_int(seq));
	return client_send(&w->cli->client, "topic.ack", &args, &msgid, e);
}

/* Until the user ends (0) or the connection breaks (-1, is_lost) or the daemon refuses (-1). */
static int follow(struct watch *w, struct arena *a, struct err *e)
{
	for (;;) {
		struct message m;
		int rc, n;

		arena_reset(a);
		rc = client_receive(&w->cli->client, a, -1, w->end_fd, &m, e);
		if (rc <= 0)
			return rc;
		if (m.is_error) {
			*e = m.error;
			return -1;
		}
		if (!m.is_notification || strcmp(m.method, "topic.event") != 0)
			continue;
		print_event(w, a, &m.content);
		w->last_seq = value_int_or(value_get(&m.content, "seq"), w->last_seq);
		n = acknowledge(w, a, w->last_seq, e);
		if (n != 0)
			return n;
	}
}

static int watch_run(struct watch *w, struct arena *a, struct err *e)
{
	int wait_ms = RETRY_MS_MIN;
	bool was_open = false;

	for (;;) {
		int rc = cli_open(w->cli, e);

		if (rc == 0)
			rc = subscribe(w, a, e);
		if (rc == 0) {
			was_open = true;
			wait_ms = RETRY_MS_MIN;
			rc = follow(w, a, e);
		}
		if (rc == 0 || !w->cli->client.is_lost || !was_open)
			return rc;
		fprintf(stderr, "tocsin: %s; connecting again\n", e->text);
		client_close(&w->cli->client);
		w->cli->is_open = false;
		if (is_ended(w->end_fd, wait_ms))
			return 0;
		wait_ms = wait_ms * 2 < RETRY_MS_MAX ? wait_ms * 2 : RETRY_MS_MAX;
	}
}

static int run_watch(struct cli *c, int argc, char **argv, struct err *e)
{
	struct watch w = {.cli = c, .last_seq = -1};
	const struct option_spec specs[] = {{"--consumer", &w.consumer, NULL}, {NULL, NULL, NULL}};
	struct arena a;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc == 0)
		return usage(e, "which topics? warning, incident, ticket.QUEUE, frontdesk.CITY, rules, duty "
				"... or '#' for all");
	w.topics = value_array(&c->arena, (uint32_t)argc);
	for (int i = 0; i < argc; i++)
		value_push(&c->arena, &w.topics, value_literal(argv[i]));
	w.end_fd = end_fd_open();
	arena_init(&a, 65536);
	rc = watch_run(&w, &a, e);
	arena_fini(&a);
	close(w.end_fd);
	return rc;
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
