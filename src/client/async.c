/*
 * tocsin.h: the flavour on a libevent loop.
 *
 *   down ──timer──► dialing ──connected──► hello ──answered──► up ──broken──► down
 *
 * Calls stand in one queue, in order, until they are answered; on the way up those that were not sent, or
 * that may be sent again, are sent. The subscription goes before them.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "dial.h"
#include "handle.h"
#include "tocsin/wire.h"

struct pending {
	TAILQ_ENTRY(pending) link;
	struct tocsin_async *owner;
	uint32_t msgid;
	bool is_sent, may_repeat;
	struct buf frame;
	struct event *timer; /* time is up, or *failed is to be told */
	struct tocsin_error *failed;
	tocsin_on_answer *on_answer;
	void *ctx;
};

TAILQ_HEAD(pendings, pending);

enum state { STATE_DOWN, STATE_DIALING, STATE_HELLO, STATE_UP };

struct tocsin_async {
	struct event_base *base;
	struct tocsin_options options; /* texts in `kept` */
	struct arena kept, arena;
	enum state state;
	unsigned turn, n_turns; /* which address of the host */
	int wait_ms;
	struct event *retry;
	struct bufferevent *bev;
	tocsin_on_state *on_state;
	void *state_ctx;
	uint32_t last_msgid, hello_msgid, subscribe_msgid;
	struct pendings calls;
	size_t n_calls;
	struct follow follow;
	tocsin_on_answer *on_subscribed; /* until it was told */
	tocsin_on_event *on_event;
	void *event_ctx;
	struct event *refused; /* tells a subscription that could not even be written */
	struct tocsin_error refusal;
};

static void in_ms(struct event *timer, int ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	must(event_add(timer, &tv) == 0);
}

/* ---- calls --------------------------------------------------------------------------------------------- */
/* Out of the queue, tell, free. */
static void finish(struct pending *p, const struct value *result, const struct tocsin_error *error)
{
	struct tocsin_async *t = p->owner;

	TAILQ_REMOVE(&t->calls, p, link);
	t->n_calls--;
	if (p->on_answer != NULL)
		p->on_answer(p->ctx, value_outside(result), error);
	event_free(p->timer);
	buf_fini(&p->frame);
	free(p->failed);
	free(p);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pending *p = arg;
	struct tocsin_error e;

	(void)fd, (void)what;
	error_set(&e, TOCSIN_TIMEOUT, "no answer in time");
	finish(p, NULL, p->failed != NULL ? p->failed : &e);
}

/* Move the calls that cannot wait for another connection to the end, by telling them. */
static void fail_calls(struct tocsin_async *t, const struct tocsin_error *e, bool are_all)
{
	struct pending *last = TAILQ_LAST(&t->calls, pendings), *p, *next;
	bool is_last = last == NULL;

	for (p = TAILQ_FIRST(&t->calls); !is_last; p = next) {
		is_last = p == last; /* what the callbacks add stands behind */
		next = TAILQ_NEXT(p, link);
		if (p->failed == NULL && (are_all || (p->is_sent && !p->may_repeat)))
			finish(p, NULL, e);
		else
			p->is_sent = false;
	}
}

static void send_frame(struct tocsin_async *t, struct pending *p)
{
	must(bufferevent_write(t->bev, p->frame.p, p->frame.n) == 0);
	p->is_sent = true;
}

static void call(struct tocsin_async *t, tocsin_on_answer *on_answer, void *ctx, bool is_change,
	const char *method, const char *format, va_list ap)
{
	struct pending *p = calloc(1, sizeof(*p));
	struct value args;
	struct arena a;
	struct err why;

	must(p != NULL);
	*p = (struct pending){.owner = t, .msgid = ++t->last_msgid, .on_answer = on_answer, .ctx = ctx};
	p->timer = evtimer_new(t->base, on_timer, p);
	must(p->timer != NULL);
	buf_init(&p->frame, 4 * FRAME_BYTES_MAX);
	arena_init(&a, 0);
	TAILQ_INSERT_TAIL(&t->calls, p, link);
	t->n_calls++;
	if (args_take(&a, is_change, format, ap, &args, &why) != 0 ||
		message_call(&p->frame, p->msgid, method, &args, &why) != 0) {
		p->failed = malloc(sizeof(*p->failed));
		must(p->failed != NULL);
		error_take(p->failed, &why, NULL);
		in_ms(p->timer, 0);
	} else {
		p->may_repeat = value_get(&args, "request_id") != NULL;
		if (t->options.timeout_ms >= 0)
			in_ms(p->timer, t->options.timeout_ms);
		if (t->state == STATE_UP)
			send_frame(t, p);
	}
	arena_fini(&a);
}

void tocsin_async_call(struct tocsin_async *t, tocsin_on_answer *on_answer, void *ctx, const char *method,
	const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	call(t, on_answer, ctx, false, method, format, ap);
	va_end(ap);
}

void tocsin_async_change(struct tocsin_async *t, tocsin_on_answer *on_answer, void *ctx, const char *method,
	const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	call(t, on_answer, ctx, true, method, format, ap);
	va_end(ap);
}

size_t tocsin_async_waiting(const struct tocsin_async *t)
{
	return t->n_calls;
}

/* ---- subscription -------------------------------------------------------------------------------------- */
/* Send a frame of our own: the msgid of a call, 0 of a notification. */
static uint32_t send_own(struct tocsin_async *t, const char *method, const struct value *args, bool is_call)
{
	uint32_t msgid = is_call ? ++t->last_msgid : 0;
	struct err why;
	struct buf b;

	buf_init(&b, 4 * FRAME_BYTES_MAX);
	if (!is_call)
		message_notify(&b, method, args);
	else if (message_call(&b, msgid, method, args, &why) != 0)
		never("our own calls are small");
	must(bufferevent_write(t->bev, b.p, b.n) == 0);
	buf_fini(&b);
	return msgid;
}

static void send_ack(struct tocsin_async *t)
{
	struct value args = follow_ack(&t->follow, &t->arena);

	send_own(t, "topic.ack", &args, false);
}

static void send_subscribe(struct tocsin_async *t)
{
	struct value args = follow_args(&t->follow, &t->arena);

	t->subscribe_msgid = send_own(t, "topic.subscribe", &args, true);
}

static void tell_subscribed(
	struct tocsin_async *t, const struct value *result, const struct tocsin_error *error)
{
	tocsin_on_answer *told = t->on_subscribed;

	t->on_subscribed = NULL;
	if (told != NULL)
		told(t->event_ctx, value_outside(result), error);
}

static void subscribed(struct tocsin_async *t, const struct message *m)
{
	struct tocsin_error e;

	t->subscribe_msgid = 0;
	if (m->is_error) {
		t->follow.is_on = false;
		error_take(&e, &m->error, m->word);
		tell_subscribed(t, NULL, &e);
		return;
	}
	if (follow_started(&t->follow, &m->content))
		send_ack(t);
	tell_subscribed(t, &m->content, NULL);
}

static void on_refused(evutil_socket_t fd, short what, void *arg)
{
	struct tocsin_async *t = arg;

	(void)fd, (void)what;
	tell_subscribed(t, NULL, &t->refusal);
}

void tocsin_async_subscribe(struct tocsin_async *t, tocsin_on_answer *on_answer, tocsin_on_event *on_event,
	void *ctx, const char *format, ...)
{
	struct value args;
	struct arena a;
	struct err why;
	va_list ap;
	int rc;

	t->on_subscribed = on_answer;
	t->on_event = on_event;
	t->event_ctx = ctx;
	arena_init(&a, 0);
	va_start(ap, format);
	rc = args_take(&a, false, format, ap, &args, &why);
	va_end(ap);
	if (rc == 0) {
		follow_start(&t->follow, &args);
		if (t->state == STATE_UP)
			send_subscribe(t);
	} else {
		t->follow.is_on = false;
		error_take(&t->refusal, &why, NULL);
		in_ms(t->refused, 0);
	}
	arena_fini(&a);
}

void tocsin_async_ack(struct tocsin_async *t, int64_t seq)
{
	if (!t->follow.is_on || t->follow.consumer == NULL || seq <= t->follow.acked)
		return;
	t->follow.acked = seq;
	if (t->state == STATE_UP && t->subscribe_msgid == 0)
		send_ack(t); /* else it is said on the next connection */
}

/* ---- the connection ------------------------------------------------------------------------------------ */
static void tell_state(struct tocsin_async *t, const struct tocsin_error *why)
{
	if (t->on_state != NULL)
		t->on_state(t->state_ctx, why);
}

/* Let go of the connection and try again later. */
static void go_down(struct tocsin_async *t, const struct tocsin_error *why, bool is_refusal)
{
	bool has_more_addresses = t->state == STATE_DIALING && ++t->turn < t->n_turns;

	t->state = STATE_DOWN;
	t->subscribe_msgid = 0;
	bufferevent_free(t->bev);
	t->bev = NULL;
	in_ms(t->retry, has_more_addresses ? 0 : t->wait_ms);
	if (has_more_addresses)
		return;
	t->turn = 0;
	t->wait_ms = t->wait_ms * 2 < RETRY_MS_MAX ? t->wait_ms * 2 : RETRY_MS_MAX;
	tell_state(t, why);
	fail_calls(t, why, is_refusal);
}

static void go_up(struct tocsin_async *t)
{
	struct pending *p;

	t->state = STATE_UP;
	t->wait_ms = RETRY_MS_MIN;
	if (t->follow.is_on)
		send_subscribe(t);
	TAILQ_FOREACH (p, &t->calls, link)
		if (p->failed == NULL)
			send_frame(t, p);
	tell_state(t, NULL);
}

static void broken(struct tocsin_async *t, const char *why)
{
	struct tocsin_error e;

	error_set(&e, TOCSIN_LOST, why);
	go_down(t, &e, false);
}

static void greeted(struct tocsin_async *t, const struct message *m)
{
	struct tocsin_error e;

	if (!m->is_error) {
		go_up(t);
		return;
	}
	error_take(&e, &m->error, m->word);
	go_down(t, &e, true);
}

static void answered(struct tocsin_async *t, const struct message *m)
{
	struct tocsin_error e;
	struct pending *p;

	if (t->state == STATE_HELLO && m->msgid == t->hello_msgid) {
		greeted(t, m);
		return;
	}
	if (t->subscribe_msgid != 0 && m->msgid == t->subscribe_msgid) {
		subscribed(t, m);
		return;
	}
	TAILQ_FOREACH (p, &t->calls, link)
		if (p->msgid == m->msgid)
			break;
	if (p == NULL)
		return; /* it was waited for too long */
	if (m->is_error)
		error_take(&e, &m->error, m->word);
	finish(p, m->is_error ? NULL : &m->content, m->is_error ? &e : NULL);
}

static void take_event(struct tocsin_async *t, const struct message *m)
{
	struct tocsin_event event;

	if (strcmp(m->method, "topic.event") == 0 && t->follow.is_on && t->subscribe_msgid == 0 &&
		follow_event(&t->follow, &m->content, &event) && t->on_event != NULL)
		t->on_event(t->event_ctx, &event);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct tocsin_async *t = arg;
	struct evbuffer *in = bufferevent_get_input(bev);

	while (t->bev == bev) {
		size_t n = evbuffer_get_length(in);
		struct message m;
		struct err why;
		int used;

		arena_reset(&t->arena);
		used = message_read(&t->arena, slice_of(evbuffer_pullup(in, -1), n), &m, &why);
		if (used == 0)
			return;
		if (used < 0) {
			broken(t, why.text);
			return;
		}
		evbuffer_drain(in, (size_t)used);
		if (m.is_notification)
			take_event(t, &m);
		else
			answered(t, &m);
	}
}

static void on_connection(struct bufferevent *bev, short what, void *arg)
{
	struct tocsin_async *t = arg;
	struct value args;
	struct err why;

	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0) {
		t->state = STATE_HELLO;
		arena_reset(&t->arena);
		args = hello_args(&t->arena, &t->options);
		t->hello_msgid = send_own(t, "session.hello", &args, true);
		return;
	}
	if (t->state == STATE_DIALING)
		dial_failed(t->options.address, EVUTIL_SOCKET_ERROR(), &why);
	else if ((what & BEV_EVENT_EOF) != 0)
		err_set(&why, ERR_INTERNAL, "the connection: was closed by the daemon");
	else
		err_set(&why, ERR_INTERNAL, "the connection: %s", strerror(EVUTIL_SOCKET_ERROR()));
	broken(t, why.text);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct tocsin_async *t = arg;
	struct dial to;
	struct err why;

	(void)fd, (void)what;
	t->bev = bufferevent_socket_new(t->base, -1, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	must(t->bev != NULL);
	bufferevent_setcb(t->bev, on_read, NULL, on_connection, t);
	bufferevent_enable(t->bev, EV_READ | EV_WRITE);
	t->state = STATE_DIALING;
	if (dial_address(t->options.address, t->turn, &to, &why) != 0) {
		broken(t, why.text);
		return;
	}
	t->n_turns = to.n_turns;
	if (bufferevent_socket_connect(t->bev, (struct sockaddr *)&to.to, (int)to.n) != 0 &&
		t->state == STATE_DIALING) {
		dial_failed(t->options.address, errno, &why);
		broken(t, why.text);
	}
}

struct tocsin_async *tocsin_async_open(struct event_base *base, const struct tocsin_options *options,
	tocsin_on_state *on_state, void *ctx, struct tocsin_error *e)
{
	struct tocsin_async *t = calloc(1, sizeof(*t));
	struct dial to;
	struct err why;

	must(t != NULL);
	*t = (struct tocsin_async){
		.base = base, .on_state = on_state, .state_ctx = ctx, .wait_ms = RETRY_MS_MIN};
	arena_init(&t->kept, 0);
	arena_init(&t->arena, (size_t)64 * 1024);
	follow_init(&t->follow);
	TAILQ_INIT(&t->calls);
	t->retry = evtimer_new(base, on_retry, t);
	t->refused = evtimer_new(base, on_refused, t);
	must(t->retry != NULL && t->refused != NULL);
	if (options_keep(&t->options, options, &t->kept, e) != 0)
		goto undo;
	if (dial_address(t->options.address, 0, &to, &why) != 0) {
		error_take(e, &why, NULL);
		goto undo;
	}
	in_ms(t->retry, 0);
	return t;
undo:
	tocsin_async_close(t);
	return NULL;
}

/* What was written just before the end, an acknowledgement most often: as much as the socket takes at once.
 */
static void send_rest(struct bufferevent *bev)
{
	struct evbuffer *out = bufferevent_get_output(bev);
	size_t n = evbuffer_get_length(out);

	if (n > 0 &&
		send(bufferevent_getfd(bev), evbuffer_pullup(out, -1), n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return; /* it comes again to a later process */
}

void tocsin_async_close(struct tocsin_async *t)
{
	struct tocsin_error e;

	if (t == NULL)
		return;
	error_set(&e, TOCSIN_LOST, "the client was closed");
	if (t->state == STATE_UP)
		send_rest(t->bev);
	t->state = STATE_DOWN;
	/* NOLINTBEGIN(clang-analyzer-unix.Malloc): it does not see that TAILQ_REMOVE in finish() moves the head */
	for (size_t n = t->n_calls; n > 0; n--)
		finish(TAILQ_FIRST(&t->calls), NULL, &e);
	while (!TAILQ_EMPTY(&t->calls)) { /* what those answers called */
		TAILQ_FIRST(&t->calls)->on_answer = NULL;
		finish(TAILQ_FIRST(&t->calls), NULL, &e);
	}
	/* NOLINTEND(clang-analyzer-unix.Malloc) */
	if (t->bev != NULL)
		bufferevent_free(t->bev);
	event_free(t->retry);
	event_free(t->refused);
	follow_fini(&t->follow);
	arena_fini(&t->arena);
	arena_fini(&t->kept);
	free(t);
}
