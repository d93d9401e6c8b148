/*
 * tocsin hook: claims tasks of a kind and posts each as JSON to a URL of this machine. The task's id is its
 * Idempotency-Key in every attempt, so that the other side does once what it is told twice.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_int.h"
#include "hook_post.h"

#define CLAIM_AT_ONCE 8
#define IDLE_MS 2000
#define AWAY_MS_MAX 30000
#define TIMEOUT_MS 10000
#define BODY_BYTES_MAX ((size_t)512 * 1024)
#define SECRET_BYTES_MAX 256

struct hooking {
	struct cli *cli;
	struct hook hook;
	const char *kind, *worker;
	bool is_once;
	int end_fd;
	char secret[SECRET_BYTES_MAX];
};

/* Worth another attempt: nothing came back, too early, too many, or their defect. */
static bool may_retry(int status)
{
	return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

static struct value done_args(
	struct arena *a, const struct hooking *k, const struct value *task, const struct hook_answer *got)
{
	struct value args = value_map(a, 8), result = value_map(a, 2);
	bool is_ok = got->status >= 200 && got->status < 300;

	value_add(a, &args, "id", *value_get(task, "id"));
	value_add(a, &args, "ok", value_bool(is_ok));
	value_add(a, &args, "worker", value_literal(k->worker));
	value_add(a, &result, "status", value_int(got->status));
	if (got->text[0] != '\0' && got->status != 0)
		value_add(a, &result, "body", value_literal(got->text));
	value_add(a, &args, "result", result);
	if (is_ok)
		return args;
	value_add(a, &args, "error",
		got->status == 0 ? value_literal(got->text)
				 : value_printf(a, "the other side answered %d", got->status));
	value_add(a, &args, "retry", value_bool(may_retry(got->status)));
	if (may_retry(got->status) && got->retry_after_s >= 0)
		value_add(a, &args, "after",
			value_int((got->retry_after_s < 3600 ? got->retry_after_s : 3600) * 1000));
	return args;
}

/* In a word. What went wrong here is recorded in English and shown in the reader's language. */
static const char *outcome(const struct hook_answer *got)
{
	if (got->status >= 200 && got->status < 300)
		return tr("ok");
	if (got->status != 0)
		return got->text;
	return strcmp(got->text, HOOK_LATE) == 0 ? tr("no answer in time") : tr("no connection, or it broke");
}

/* An answer that came too late for its task is the daemon's to refuse; the connection's end is ours to mend.
 */
static int post_task(struct hooking *k, struct arena *a, const struct value *task, struct err *e)
{
	struct hook_answer got;
	struct value args, result;
	struct buf body;
	char id[24];

	snprintf(id, sizeof(id), "%jd", (intmax_t)value_int_or(value_get(task, "id"), 0));
	buf_init(&body, BODY_BYTES_MAX);
	value_json(&body, task);
	hook_post(&k->hook, buf_slice(&body), id, wall_ms(), &got);
	buf_fini(&body);
	args = done_args(a, k, task, &got);
	printf(tr("task %s: %d %s\n"), id, got.status, outcome(&got));
	fflush(stdout);
	if (client_call(&k->cli->client, a, "task.done", &args, &result, e) == 0)
		return 0;
	if (k->cli->client.is_lost)
		return -1;
	cli_complain(k->cli, e);
	return 0;
}

static int claim(struct hooking *k, struct arena *a, struct value *tasks, struct err *e)
{
	struct value args = value_map(a, 4), kinds = value_array(a, 1), answer;

	value_push(a, &kinds, value_literal(k->kind));
	value_add(a, &args, "worker", value_literal(k->worker));
	value_add(a, &args, "kinds", kinds);
	value_add(a, &args, "limit", value_int(CLAIM_AT_ONCE));
	if (client_call(&k->cli->client, a, "task.claim", &args, &answer, e) != 0)
		return -1;
	*tasks = *value_get(&answer, "tasks");
	return 0;
}

/* Be told of new tasks; polling finds those whose time comes by itself. */
static int subscribe(struct hooking *k, struct arena *a, struct err *e)
{
	struct value args = value_map(a, 1), topics = value_array(a, 1), result;

	value_push(a, &topics, value_printf(a, "task.%s", k->kind));
	value_add(a, &args, "topics", topics);
	return client_call(&k->cli->client, a, "topic.subscribe", &args, &result, e);
}

/* While the connection holds. 0: the user ends, or all is done with --once; -1. */
static int serve(struct hooking *k, struct arena *a, struct err *e)
{
	struct message m;
	struct value tasks;

	if (!k->is_once && subscribe(k, a, e) != 0)
		return -1;
	while (!is_ended(k->end_fd, 0)) {
		arena_reset(a);
		if (claim(k, a, &tasks, e) != 0)
			return -1;
		for (uint32_t i = 0; i < tasks.n; i++)
			if (post_task(k, a, &tasks.as.items[i], e) != 0)
				return -1;
		if (tasks.n > 0)
			continue;
		if (k->is_once)
			return 0;
		if (client_receive(&k->cli->client, a, IDLE_MS, k->end_fd, &m, e) < 0)
			return -1;
	}
	return 0;
}

static void leave(struct cli *c)
{
	if (c->is_open)
		client_close(&c->client);
	c->is_open = false;
}

static int work(struct hooking *k, struct err *e)
{
	int wait_ms = 500, rc;
	struct arena a;

	arena_init(&a, 0);
	for (;;) {
		rc = cli_open(k->cli, e);
		if (rc == 0)
			rc = serve(k, &a, e);
		if (rc == 0 || k->is_once || !k->cli->client.is_lost)
			break;
		cli_complain(k->cli, e);
		leave(k->cli);
		if (is_ended(k->end_fd, wait_ms)) {
			rc = 0;
			break;
		}
		wait_ms = wait_ms * 2 > AWAY_MS_MAX ? AWAY_MS_MAX : wait_ms * 2;
	}
	arena_fini(&a);
	return rc;
}

static int read_secret(struct hooking *k, const char *path, struct err *e)
{
	FILE *f = path == NULL ? NULL : fopen(path, "re");

	if (path == NULL)
		return 0;
	if (f == NULL || fgets(k->secret, sizeof(k->secret), f) == NULL)
		k->secret[0] = '\0';
	if (f != NULL)
		fclose(f);
	k->secret[strcspn(k->secret, "\r\n")] = '\0';
	k->hook.secret = slice_of(k->secret, strlen(k->secret));
	return k->hook.secret.n > 0
		       ? 0
		       : err_set(e, ERR_BAD_REQUEST, tr("secret file %s cannot be read or is empty"), path);
}

static int run_hook(struct cli *c, int argc, char **argv, struct err *e)
{
	struct hooking k = {
		.cli = c, .kind = "webhook", .worker = "hook", .hook = {.timeout_ms = TIMEOUT_MS}};
	const char *secret = NULL, *timeout = NULL;
	const struct option_spec specs[] = {{"--kind", &k.kind, NULL}, {"--worker", &k.worker, NULL},
		{"--secret-file", &secret, NULL}, {"--timeout-ms", &timeout, NULL},
		{"--once", NULL, &k.is_once}, {NULL, NULL, NULL}};
	int rc = options_take(&argc, argv, specs, e);

	if (rc == 0 && argc != 1)
		rc = usage(e, "one URL is needed");
	if (rc == 0 && timeout != NULL)
		rc = option_int("--timeout-ms", timeout, 100, 600000, &k.hook.timeout_ms, e);
	if (rc == 0)
		rc = read_secret(&k, secret, e);
	if (rc == 0)
		rc = hook_open(&k.hook, argv[0], e);
	if (rc != 0)
		return rc;
	signal(SIGPIPE, SIG_IGN);
	k.end_fd = end_fd_open();
	rc = work(&k, e);
	close(k.end_fd);
	hook_close(&k.hook);
	return rc;
}

const struct command commands_hook[] = {
	{"hook", "URL [--kind KIND] [--secret-file FILE] [--worker NAME] [--timeout-ms N] [--once]",
		"Post tasks of the outbox to a web hook",
		"Claims tasks of the kind (webhook) and posts each as JSON {id, kind, ticket, no, data, "
		"created, attempt, …} to\n"
		"http://HOST:PORT/PATH of this machine (a proxy takes it further with TLS). 2xx is done; no "
		"answer, 408, 425,\n"
		"429 and 5xx are tried again as the pack says; anything else is given up. Headers: "
		"Idempotency-Key is the\n"
		"task's id, the same in every attempt; with --secret-file X-Tocsin-Signature is sha256=HEX, "
		"the HMAC-SHA256 of\n"
		"\"TIMESTAMP.BODY\" with the file's first line, TIMESTAMP as in X-Tocsin-Timestamp (ms since "
		"1970).\n"
		"  --once  what is due now, then end\n"
		"Exit: 0 ended or done; 1 the daemon refuses or, with --once, is away.\n",
		run_hook},
	{NULL, NULL, NULL, NULL, NULL},
};
