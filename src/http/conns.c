/*
 * Connections of the gateway: how many there may be, and until when one must have said something whole.
 * evhttp knows neither: its timeouts are of inactivity, and a byte now and then keeps a connection for ever.
 *
 * A connection is known from the moment evhttp asks for its buffer event. Until its first request evhttp
 * tells nobody when it closes; but it takes its callbacks off a buffer event it frees, and we hold a
 * reference: the sweep sees that.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define SWEEP_MS 250
#define TIDY_US 1000
#define BACKLOG 1024 /* a crowd: who finds no place here tries again after a second only */
/* Over the limit: those asked to go until evhttp has let go, and those that learn that we are busy. */
#define SPARE_CONNS 64

static int64_t mono_ms(void)
{
	return clock_mono_us() / 1000;
}

static void conn_free(struct http_conn *c)
{
	struct http *h = c->http;

	if (c->exchange != NULL)
		exchange_lost(c->exchange);
	TAILQ_REMOVE(&h->conns, c, next);
	(*(c->is_leaving ? &h->n_leaving : &h->n_conns))--;
	refusals_forget(c);
	bufferevent_decref(c->bev);
	free(c);
	if (h->is_full && h->listener != NULL) {
		h->is_full = false;
		evconnlistener_enable(h->listener);
	}
}

/* Nothing of a request is with us, and no answer of ours is on its way. */
static bool is_waiting(const struct http_conn *c)
{
	return !c->is_leaving && c->exchange == NULL &&
	       evbuffer_get_length(bufferevent_get_output(c->bev)) == 0;
}

/* The one that has kept us waiting the longest, before all others one that never sent a whole request; NULL:
 * all are at work. */
static struct http_conn *longest_waiting(struct http *h)
{
	struct http_conn *c, *found = NULL;

	TAILQ_FOREACH (c, &h->conns, next) {
		if (!is_waiting(c))
			continue;
		if (c->evcon == NULL)
			return c;
		if (found == NULL || c->deadline_ms < found->deadline_ms)
			found = c;
	}
	return found;
}

/* Nothing more is read from it: what it had sent whole by now is still answered, then evhttp sees the end of
 * the stream and closes. */
static void displace(struct http_conn *c)
{
	struct http *h = c->http;
	struct timeval soon = {.tv_usec = TIDY_US};
	int fd = bufferevent_getfd(c->bev);

	c->is_leaving = true;
	h->n_conns--;
	h->n_leaving++;
	h->n_displaced++;
	if (fd >= 0 && shutdown(fd, SHUT_RD) != 0 && errno != ENOTCONN)
		log_line(LOG_WARN, "http.displace", "errno=%d", errno);
	if (!event_pending(&h->tidy, EV_TIMEOUT, NULL))
		must(event_add(&h->tidy, &soon) == 0);
}

static void make_room(struct http *h)
{
	struct http_conn *c = h->n_conns < h->config.n_conns_max ? NULL : longest_waiting(h);

	if (c != NULL)
		displace(c);
}

static struct bufferevent *on_accept(struct event_base *base, void *udata)
{
	struct http *h = udata;
	struct http_conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	make_room(h);
	c->http = h;
	c->bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	must(c->bev != NULL);
	bufferevent_incref(c->bev);
	c->deadline_ms = mono_ms() + h->config.request_ms;
	TAILQ_INSERT_TAIL(&h->conns, c, next);
	refusals_watch(c, base);
	h->n_conns++;
	if (h->n_conns + h->n_leaving >= h->config.n_conns_max + SPARE_CONNS) {
		h->is_full = true;
		evconnlistener_disable(h->listener);
	}
	return c->bev;
}

static void on_conn_closed(struct evhttp_connection *evcon, void *udata)
{
	(void)evcon;
	conn_free(udata);
}

struct http_conn *conn_of(struct http *h, struct evhttp_request *req)
{
	struct evhttp_connection *evcon = evhttp_request_get_connection(req);
	struct bufferevent *bev = evhttp_connection_get_bufferevent(evcon);
	struct http_conn *c;

	TAILQ_FOREACH (c, &h->conns, next)
		if (c->bev == bev)
			break;
	must(c != NULL);
	c->evcon = evcon;
	evhttp_connection_set_closecb(evcon, on_conn_closed, c);
	return c;
}

void conn_busy(struct http_conn *c, struct exchange *x)
{
	c->exchange = x;
	c->deadline_ms = INT64_MAX;
}

void conn_idle(struct http_conn *c)
{
	c->exchange = NULL;
	c->lang = LANG_ANY;
	c->deadline_ms = mono_ms() + c->http->config.request_ms;
}

bool conns_are_over(const struct http *h)
{
	return h->n_conns > h->config.n_conns_max;
}

/* Whether evhttp has freed it, without having told. */
static bool is_let_go(const struct http_conn *c)
{
	bufferevent_data_cb on_read, on_write;
	bufferevent_event_cb on_event;
	void *udata;

	if (c->evcon != NULL)
		return false;
	bufferevent_getcb(c->bev, &on_read, &on_write, &on_event, &udata);
	return on_read == NULL && on_write == NULL && on_event == NULL;
}

/* Too late: evhttp sees the end of the stream and closes. */
static void expire(struct http_conn *c)
{
	int fd = bufferevent_getfd(c->bev);

	c->http->n_expired++;
	c->deadline_ms = INT64_MAX;
	if (fd >= 0 && shutdown(fd, SHUT_RDWR) != 0 && errno != ENOTCONN)
		log_line(LOG_WARN, "http.expire", "errno=%d", errno);
}

static void free_let_go(struct http *h)
{
	struct http_conn *c, *following;

	for (c = TAILQ_FIRST(&h->conns); c != NULL; c = following) {
		following = TAILQ_NEXT(c, next);
		if (is_let_go(c))
			conn_free(c);
	}
}

/* The displaced hold their files until then, and new ones come faster than the sweep. */
static void on_tidy(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	free_let_go(udata);
}

static void log_displaced(struct http *h)
{
	if (h->n_displaced == h->n_displaced_logged)
		return;
	log_line(LOG_WARN, "http.displace", "conns=%llu max=%u",
		(unsigned long long)(h->n_displaced - h->n_displaced_logged), h->config.n_conns_max);
	h->n_displaced_logged = h->n_displaced;
}

static void on_sweep(evutil_socket_t fd, short what, void *udata)
{
	struct http *h = udata;
	int64_t now = mono_ms();
	struct http_conn *c;

	(void)fd, (void)what;
	free_let_go(h);
	TAILQ_FOREACH (c, &h->conns, next)
		if (now >= c->deadline_ms)
			expire(c);
	log_displaced(h);
}

static void note_address(struct http *h)
{
	struct sockaddr_storage ss = {0};
	socklen_t n = sizeof(ss);

	if (getsockname(evconnlistener_get_fd(h->listener), (struct sockaddr *)&ss, &n) == 0)
		tcp_text(&ss, h->address);
}

int conns_listen(struct http *h, const char *address, struct err *e)
{
	struct event_base *base = server_base(h->server);
	struct timeval every = {.tv_usec = SWEEP_MS * 1000};
	struct sockaddr_storage ss;
	socklen_t n;

	if (tcp_parse(address, &ss, &n, e) != 0)
		return err_prefix(e, "http");
	h->listener = evconnlistener_new_bind(base, NULL, NULL,
		LEV_OPT_REUSEABLE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_CLOSE_ON_FREE, BACKLOG,
		(struct sockaddr *)&ss, (int)n);
	if (h->listener == NULL)
		return err_arg(e, ERR_STORAGE, "http", address, "http: cannot listen at %s: %s", address,
			strerror(errno));
	must(evhttp_bind_listener(h->evhttp, h->listener) != NULL);
	evhttp_set_bevcb(h->evhttp, on_accept, h);
	note_address(h);
	must(event_assign(&h->sweep, base, -1, EV_PERSIST, on_sweep, h) == 0);
	must(event_add(&h->sweep, &every) == 0);
	must(evtimer_assign(&h->tidy, base, on_tidy, h) == 0);
	return 0;
}

void conns_close(struct http *h)
{
	struct http_conn *c, *following;

	if (h->listener != NULL) {
		event_del(&h->sweep);
		event_del(&h->tidy);
	}
	h->listener = NULL; /* evhttp_free takes it along, and the connections: those it has told us of tell
			       us again */
	if (h->evhttp != NULL)
		evhttp_free(h->evhttp);
	for (c = TAILQ_FIRST(&h->conns); c != NULL; c = following) {
		following = TAILQ_NEXT(c, next);
		conn_free(c);
	}
}
