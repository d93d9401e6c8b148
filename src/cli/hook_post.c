#include "hook_post.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/keyvalq_struct.h>
#include <inttypes.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"
#include "tocsin/net.h"
#include "tocsin/util.h"

#define ANSWER_BYTES_MAX 65536
#define HEAD_BYTES_MAX 8192

int hook_open(struct hook *h, const char *url, struct err *e)
{
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *scheme = uri == NULL ? NULL : evhttp_uri_get_scheme(uri), *host, *path, *query;
	int rc = -1, port;
	char address[80];
	struct sockaddr_storage ss;
	socklen_t n;

	if (scheme == NULL || strcmp(scheme, "http") != 0 || (host = evhttp_uri_get_host(uri)) == NULL) {
		err_arg(e, ERR_BAD_REQUEST, "URL", url, tr("%s is not http://HOST[:PORT][/PATH]"), url);
		goto out;
	}
	port = evhttp_uri_get_port(uri) < 0 ? 80 : evhttp_uri_get_port(uri);
	snprintf(address, sizeof(address), "%.60s:%d", host, port);
	if (tcp_parse(address, &ss, &n, e) != 0) {
		err_prefix(e, tr("%s: only this machine is posted to without TLS; put a proxy between"), url);
		goto out;
	}
	path = evhttp_uri_get_path(uri);
	query = evhttp_uri_get_query(uri);
	h->base = event_base_new();
	h->host = strdup(strcmp(host, "localhost") == 0 ? "127.0.0.1" : host);
	h->port = (uint16_t)port;
	must(h->base != NULL && h->host != NULL &&
		asprintf((char **)&h->authority, "%s:%d", host, port) > 0 &&
		asprintf(&h->path, "%s%s%s", path == NULL || path[0] == '\0' ? "/" : path,
			query == NULL ? "" : "?", query == NULL ? "" : query) > 0);
	rc = 0;
out:
	if (uri != NULL)
		evhttp_uri_free(uri);
	return rc;
}

void hook_close(struct hook *h)
{
	free(h->host);
	free(h->path);
	free((char *)h->authority);
	if (h->base != NULL)
		event_base_free(h->base);
}

/* sha256=HEX over "TIME.BODY": whoever shares the secret knows who wrote it, and when. */
static void sign(const struct hook *h, struct slice body, const char *at, char out[80])
{
	unsigned char digest[SHA256_LEN];
	unsigned n = sizeof(digest);
	struct buf text;

	buf_init(&text, body.n + 64);
	buf_printf(&text, "%s.", at);
	buf_add(&text, body.p, body.n);
	must(HMAC(EVP_sha256(), h->secret.p, (int)h->secret.n, text.p, text.n, digest, &n) != NULL);
	memcpy(out, "sha256=", 7);
	hex(digest, sizeof(digest), out + 7);
	buf_fini(&text);
}

struct wait {
	struct hook_answer *out;
	bool is_over, is_late;
	enum evhttp_request_error why;
};

static void on_error(enum evhttp_request_error why, void *udata)
{
	((struct wait *)udata)->why = why;
}

static void on_answer(struct evhttp_request *req, void *udata)
{
	struct wait *w = udata;
	struct hook_answer *out = w->out;
	const char *after;
	ev_ssize_t n;

	w->is_over = true;
	if (req == NULL || evhttp_request_get_response_code(req) == 0) {
		snprintf(out->text, sizeof(out->text), "%s",
			req == NULL && w->why == EVREQ_HTTP_TIMEOUT ? HOOK_LATE : HOOK_BROKEN);
		return;
	}
	out->status = evhttp_request_get_response_code(req);
	n = evbuffer_copyout(evhttp_request_get_input_buffer(req), out->text, HOOK_BODY_KEPT);
	n = n < 0 ? 0 : n;
	out->text[utf8_clip(out->text, (size_t)n)] = '\0';
	if (!utf8_valid(out->text, strlen(out->text)))
		out->text[0] = '\0';
	after = evhttp_find_header(evhttp_request_get_input_headers(req), "Retry-After");
	if (after != NULL && after[0] >= '0' && after[0] <= '9')
		out->retry_after_s = strtol(after, NULL, 10);
}

/* An absolute end, whatever comes byte by byte. */
static void on_end(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	((struct wait *)udata)->is_late = true;
}

static void fill(
	const struct hook *h, struct evhttp_request *req, struct slice body, const char *id, int64_t at_ms)
{
	struct evkeyvalq *head = evhttp_request_get_output_headers(req);
	char at[24], signature[80];

	snprintf(at, sizeof(at), "%" PRId64, at_ms);
	evhttp_add_header(head, "Host", h->authority);
	evhttp_add_header(head, "Content-Type", "application/json; charset=utf-8");
	evhttp_add_header(head, "Connection", "close");
	evhttp_add_header(head, "Idempotency-Key", id);
	evhttp_add_header(head, "X-Tocsin-Timestamp", at);
	if (h->secret.n > 0) {
		sign(h, body, at, signature);
		evhttp_add_header(head, "X-Tocsin-Signature", signature);
	}
	must(evbuffer_add(evhttp_request_get_output_buffer(req), body.p, body.n) == 0);
}

void hook_post(struct hook *h, struct slice body, const char *id, int64_t at_ms, struct hook_answer *out)
{
	struct evhttp_connection *conn = evhttp_connection_base_new(h->base, NULL, h->host, h->port);
	struct timeval timeout = {.tv_sec = h->timeout_ms / 1000, .tv_usec = h->timeout_ms % 1000 * 1000};
	struct wait w = {.out = out};
	struct evhttp_request *req = evhttp_request_new(on_answer, &w);
	struct event *end = evtimer_new(h->base, on_end, &w);

	must(conn != NULL && req != NULL);
	memset(out, 0, sizeof(*out));
	out->retry_after_s = -1;
	evhttp_connection_set_max_headers_size(conn, HEAD_BYTES_MAX);
	evhttp_connection_set_max_body_size(conn, ANSWER_BYTES_MAX);
	evhttp_connection_set_timeout_tv(conn, &timeout);
	evhttp_request_set_error_cb(req, on_error);
	fill(h, req, body, id, at_ms);
	must(end != NULL && evtimer_add(end, &timeout) == 0);
	if (evhttp_make_request(conn, req, EVHTTP_REQ_POST, h->path) != 0)
		snprintf(out->text, sizeof(out->text), HOOK_BROKEN);
	else
		while (!w.is_over && !w.is_late)
			event_base_loop(h->base, EVLOOP_ONCE);
	event_free(end);
	evhttp_connection_free(conn);
	if (w.is_late && !w.is_over)
		snprintf(out->text, sizeof(out->text), HOOK_LATE);
	event_base_loop(h->base, EVLOOP_NONBLOCK); /* what the connection left behind */
}
