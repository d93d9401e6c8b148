/* The gateway's life. */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>

#include "http_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"
#include "tocsin/wire.h"

#define ARENA_KEEP ((size_t)1024 * 1024)
#define CONNS_MAX 256
#define REQUEST_MS 10000

static void set_limits(struct http *h)
{
	evhttp_set_max_headers_size(h->evhttp, HTTP_HEAD_BYTES_MAX);
	evhttp_set_max_body_size(h->evhttp, (ev_ssize_t)FRAME_BYTES_MAX);
	evhttp_set_allowed_methods(h->evhttp, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST);
	evhttp_set_timeout(h->evhttp, (int)((h->config.request_ms + 999) / 1000));
	evhttp_set_default_content_type(h->evhttp, NULL);
	evhttp_set_gencb(h->evhttp, on_request, h);
}

int http_new(struct http **out, struct rpc *rpc, struct server *server, const char *address,
	const struct http_config *config, struct err *e)
{
	struct http *h = calloc(1, sizeof(*h));

	must(h != NULL);
	h->rpc = rpc;
	h->server = server;
	h->config = *config;
	if (h->config.n_conns_max == 0)
		h->config.n_conns_max = CONNS_MAX;
	if (h->config.request_ms == 0)
		h->config.request_ms = REQUEST_MS;
	TAILQ_INIT(&h->conns);
	TAILQ_INIT(&h->queue);
	TAILQ_INIT(&h->waiting);
	TAILQ_INIT(&h->deferred);
	arena_init(&h->arena, ARENA_KEEP);
	buf_init(&h->reply, 2 * FRAME_BYTES_MAX);
	h->evhttp = evhttp_new(server_base(server));
	must(h->evhttp != NULL);
	set_limits(h);
	if (conns_listen(h, address, e) != 0) {
		http_free(h);
		return -1;
	}
	log_line(LOG_INFO, "http.listen", "address=%s", h->address);
	*out = h;
	return 0;
}

void http_free(struct http *h)
{
	if (h == NULL)
		return;
	conns_close(h);
	arena_fini(&h->arena);
	buf_fini(&h->reply);
	free(h);
}

struct value http_stats_value(const struct http *h, struct arena *a)
{
	struct value v = value_map(a, 6);

	value_add(a, &v, "conns", value_int((int64_t)h->n_conns));
	value_add(a, &v, "requests", value_int((int64_t)h->n_requests));
	value_add(a, &v, "errors", value_int((int64_t)h->n_errors));
	value_add(a, &v, "refused", value_int((int64_t)h->n_refused));
	value_add(a, &v, "expired", value_int((int64_t)h->n_expired));
	value_add(a, &v, "displaced", value_int((int64_t)h->n_displaced));
	return v;
}

static bool is_sent(const struct http *h)
{
	struct http_conn *c;

	TAILQ_FOREACH (c, &h->conns, next)
		if (evbuffer_get_length(bufferevent_get_output(c->bev)) > 0)
			return false;
	return true;
}

void http_drain(struct http *h, int64_t within_ms)
{
	int64_t end_ms = clock_mono_us() / 1000 + within_ms;

	/* the sweep's event ends a wait at the latest */
	while (!is_sent(h) && clock_mono_us() / 1000 < end_ms)
		event_base_loop(server_base(h->server), EVLOOP_ONCE);
}
