/* tocsin.h: the blocking flavour. One deadline a call; a lost connection is made again inside it. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "handle.h"
#include "tocsin/clock.h"

#define EVENTS_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define FRAME_KEEP ((size_t)64 * 1024)

struct tocsin {
	struct tocsin_options options; /* texts in `kept` */
	struct arena kept, answer, event;
	struct client client;
	struct follow follow;
	struct buf events; /* contents of topic.event that came while an answer was awaited */
	size_t events_at;
};

/* ---- time ---------------------------------------------------------------------------------------------- */
#define NEVER INT64_MAX

static int64_t deadline(int timeout_ms)
{
	return timeout_ms < 0 ? NEVER : clock_mono_us() / 1000 + timeout_ms;
}

/* As poll takes it: -1 for ever. */
static int left_ms(int64_t until)
{
	int64_t left = until == NEVER ? -1 : until - clock_mono_us() / 1000;

	return until != NEVER && left < 0 ? 0 : (int)left;
}

/* Wait before the next try. False if there is none: the time is up, or wake_fd became readable. */
static bool pause_before_retry(int *wait_ms, int64_t until, int wake_fd)
{
	struct pollfd p = {.fd = wake_fd, .events = POLLIN};
	int left = left_ms(until), ms = left >= 0 && left < *wait_ms ? left : *wait_ms;

	if (left == 0 || poll(&p, 1, ms) > 0)
		return false;
	*wait_ms = *wait_ms * 2 < RETRY_MS_MAX ? *wait_ms * 2 : RETRY_MS_MAX;
	return true;
}

/* ---- one call on the connection that is ---------------------------------------------------------------- */
static int lost(struct tocsin *t, const struct err *why, struct tocsin_error *e)
{
	if (t->options.on_lost != NULL && t->client.fd >= 0)
		t->options.on_lost(t->options.ctx, why->text);
	client_close(&t->client);
	return error_set(e, TOCSIN_LOST, why->text);
}

static bool is_event(const struct message *m)
{
	return m->is_notification && strcmp(m->method, "topic.event") == 0;
}

/* Answer into the arena; events on the way are kept. */
static int ask(struct tocsin *t, struct arena *a, const char *method, const struct value *args, int64_t until,
	struct value *result, struct tocsin_error *e)
{
	struct message m = {.is_notification = true};
	char text[128];
	struct err why;
	uint32_t msgid;

	if (client_send(&t->client, method, args, &msgid, &why) != 0)
		return t->client.is_lost ? lost(t, &why, e) : error_take(e, &why, NULL);
	while (!message_answers(&m, msgid)) {
		int rc = client_receive(&t->client, a, left_ms(until), -1, &m, &why);

		if (rc < 0)
			return lost(t, &why, e);
		if (rc == 0) {
			snprintf(text, sizeof(text), "%.60s: no answer in time", method);
			return error_set(e, TOCSIN_TIMEOUT, text);
		}
		if (is_event(&m))
			value_encode(&t->events, &m.content);
		if (t->events.is_full) {
			err_set(&why, ERR_TOO_LARGE, "more events came than can be kept during a call");
			return lost(t, &why, e);
		}
	}
	if (m.is_error)
		return error_take(e, &m.error, m.word);
	*result = m.content;
	return 0;
}

/* ---- connecting ---------------------------------------------------------------------------------------- */
static int tell_acked(struct tocsin *t, struct arena *a)
{
	struct value args = follow_ack(&t->follow, a);
	struct err why;

	return client_notify(&t->client, "topic.ack", &args, &why);
}

static int subscribe(struct tocsin *t, int64_t until, struct tocsin_error *e)
{
	struct value args, result;

	arena_reset(&t->event);
	buf_reset(&t->events); /* they come again behind last_seq */
	t->events_at = 0;
	args = follow_args(&t->follow, &t->event);
	if (ask(t, &t->event, "topic.subscribe", &args, until, &result, e) != 0)
		return -1;
	if (follow_started(&t->follow, &result) && tell_acked(t, &t->event) != 0)
		return error_set(e, TOCSIN_LOST, "the connection broke while sending");
	return 0;
}

/* Unless the connection is alive, make a new one, as the same person and on the same topics. */
static int connect_again(struct tocsin *t, int64_t until, struct tocsin_error *e)
{
	struct value args, result;
	struct err why;

	if (client_is_alive(&t->client))
		return 0;
	if (t->client.fd >= 0) {
		err_set(&why, ERR_INTERNAL, "the connection: was closed by the daemon");
		lost(t, &why, e);
	}
	if (client_open(&t->client, t->options.address, t->options.timeout_ms, &why) != 0) {
		client_close(&t->client);
		return error_set(e, why.code == ERR_BAD_REQUEST ? TOCSIN_BAD_REQUEST : TOCSIN_LOST, why.text);
	}
	arena_reset(&t->event);
	args = hello_args(&t->event, &t->options);
	if (ask(t, &t->event, "session.hello", &args, until, &result, e) != 0 ||
		(t->follow.is_on && subscribe(t, until, e) != 0)) {
		client_close(&t->client);
		return -1;
	}
	return 0;
}

struct tocsin *tocsin_open(const struct tocsin_options *options, struct tocsin_error *e)
{
	struct tocsin *t = calloc(1, sizeof(*t));

	must(t != NULL);
	arena_init(&t->kept, 0);
	arena_init(&t->answer, FRAME_KEEP);
	arena_init(&t->event, FRAME_KEEP);
	follow_init(&t->follow);
	buf_init(&t->events, EVENTS_BYTES_MAX);
	t->client.fd = -1;
	if (options_keep(&t->options, options, &t->kept, e) == 0 &&
		connect_again(t, deadline(t->options.timeout_ms), e) == 0)
		return t;
	tocsin_close(t);
	return NULL;
}

void tocsin_close(struct tocsin *t)
{
	if (t == NULL)
		return;
	client_close(&t->client);
	buf_fini(&t->events);
	follow_fini(&t->follow);
	arena_fini(&t->event);
	arena_fini(&t->answer);
	arena_fini(&t->kept);
	free(t);
}

/* ---- calls --------------------------------------------------------------------------------------------- */
static int call_until(struct tocsin *t, const char *method, const struct value *args, int64_t until,
	struct value *result, struct tocsin_error *e)
{
	bool may_repeat = value_get(args, "request_id") != NULL, was_sent = false;
	int wait_ms = RETRY_MS_MIN, rc;

	do {
		rc = connect_again(t, until, e);
		if (rc == 0) {
			was_sent = true;
			rc = ask(t, &t->answer, method, args, until, result, e);
		}
	} while (rc != 0 && e->code == TOCSIN_LOST && (may_repeat || !was_sent) &&
		 pause_before_retry(&wait_ms, until, -1));
	return rc;
}

static const struct tocsin_value *call(struct tocsin *t, struct tocsin_error *e, bool is_change,
	const char *method, const char *format, va_list ap)
{
	struct value args, *result;
	struct tocsin_error unseen;
	struct err why;

	e = e == NULL ? &unseen : e;
	arena_reset(&t->answer);
	if (args_take(&t->answer, is_change, format, ap, &args, &why) != 0) {
		error_take(e, &why, NULL);
		return NULL;
	}
	result = arena_alloc(&t->answer, sizeof(*result));
	if (call_until(t, method, &args, deadline(t->options.timeout_ms), result, e) != 0)
		return NULL;
	return value_outside(result);
}

const struct tocsin_value *tocsin_call(
	struct tocsin *t, struct tocsin_error *e, const char *method, const char *format, ...)
{
	const struct tocsin_value *result;
	va_list ap;

	va_start(ap, format);
	result = call(t, e, false, method, format, ap);
	va_end(ap);
	return result;
}

const struct tocsin_value *tocsin_change(
	struct tocsin *t, struct tocsin_error *e, const char *method, const char *format, ...)
{
	const struct tocsin_value *result;
	va_list ap;

	va_start(ap, format);
	result = call(t, e, true, method, format, ap);
	va_end(ap);
	return result;
}

/* ---- events -------------------------------------------------------------------------------------------- */
static int subscribe_first(struct tocsin *t, struct tocsin_error *e)
{
	int64_t until = deadline(t->options.timeout_ms);
	int rc = client_is_alive(&t->client) ? subscribe(t, until, e) : connect_again(t, until, e);

	if (rc != 0)
		t->follow.is_on = false;
	return rc;
}

int tocsin_subscribe(struct tocsin *t, struct tocsin_error *e, const char *format, ...)
{
	struct tocsin_error unseen;
	struct value args;
	struct err why;
	va_list ap;
	int rc;

	e = e == NULL ? &unseen : e;
	arena_reset(&t->event);
	va_start(ap, format);
	rc = args_take(&t->event, false, format, ap, &args, &why);
	va_end(ap);
	if (rc != 0)
		return error_take(e, &why, NULL);
	follow_start(&t->follow, &args);
	return subscribe_first(t, e);
}

/* An event that came during a call: 1, 0 if there is none. */
static int take_kept(struct tocsin *t, struct value *content)
{
	struct err why;
	int used = message_value(
		&t->event, slice_of(t->events.p + t->events_at, t->events.n - t->events_at), content, &why);

	must(used >= 0); /* we wrote them */
	t->events_at += (size_t)used;
	if (t->events_at == t->events.n) {
		buf_reset(&t->events);
		t->events_at = 0;
	}
	return used > 0;
}

/* 1 and what came, 0 when the time is up or it is woken, -1. */
static int receive(struct tocsin *t, int64_t until, struct value *content, struct tocsin_error *e)
{
	struct message m = {.is_notification = false};
	struct err why;

	while (!is_event(&m)) {
		int rc = client_receive(&t->client, &t->event, left_ms(until), t->options.wake_fd, &m, &why);

		if (rc < 0)
			return lost(t, &why, e);
		if (rc == 0)
			return 0;
	}
	*content = m.content;
	return 1;
}

/* The same, over lost connections. */
static int receive_always(struct tocsin *t, int64_t until, struct value *content, struct tocsin_error *e)
{
	int wait_ms = RETRY_MS_MIN, rc;

	for (;;) {
		rc = t->client.fd >= 0
			     ? 0
			     : connect_again(t, until == NEVER ? deadline(TOCSIN_TIMEOUT_MS) : until, e);
		if (rc == 0 && (rc = receive(t, until, content, e)) >= 0)
			return rc;
		if (e->code != TOCSIN_LOST && e->code != TOCSIN_TIMEOUT)
			return -1;
		if (!pause_before_retry(&wait_ms, until, t->options.wake_fd))
			return 0;
	}
}

int tocsin_next(struct tocsin *t, struct tocsin_error *e, int timeout_ms, struct tocsin_event *event)
{
	int64_t until = deadline(timeout_ms);
	struct tocsin_error unseen;
	struct value content;
	int rc;

	e = e == NULL ? &unseen : e;
	if (!t->follow.is_on)
		return error_set(e, TOCSIN_BAD_REQUEST, "no topic is subscribed to");
	do {
		arena_reset(&t->event);
		rc = take_kept(t, &content);
		if (rc == 0)
			rc = receive_always(t, until, &content, e);
	} while (rc == 1 && !follow_event(&t->follow, &content, event));
	return rc;
}

int tocsin_ack(struct tocsin *t, struct tocsin_error *e, int64_t seq)
{
	struct arena a;

	if (!t->follow.is_on || t->follow.consumer == NULL)
		return error_set(
			e, TOCSIN_BAD_REQUEST, "only a subscription with a consumer is acknowledged");
	if (seq <= t->follow.acked)
		return 0;
	t->follow.acked = seq;
	if (t->client.fd < 0)
		return 0; /* said again on the next connection */
	arena_init(&a, 0);
	if (tell_acked(t, &a) != 0)
		client_close(&t->client);
	arena_fini(&a);
	return 0;
}
