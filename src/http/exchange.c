/* Requests in, answers out: what is wrong with a request in itself, whose it is, and sending when it is
 * durable. */
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http_int.h"
#include "tocsin/wire.h"

#define BODY_BYTES_MAX (4 * FRAME_BYTES_MAX) /* of an answer: MessagePack grows as JSON */

/* What a header's name consists of: a blank before its colon hides it from some readers (RFC 9112, 5.1). */
#define TOKEN "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* STATUS(code of the error, status, reason) */
#define STATUSES(STATUS)                                                                                     \
	STATUS(BAD_REQUEST, 400, "Bad Request")                                                              \
	STATUS(UNAUTHENTICATED, 401, "Unauthorized")                                                         \
	STATUS(FORBIDDEN, 403, "Forbidden")                                                                  \
	STATUS(NOT_FOUND, 404, "Not Found")                                                                  \
	STATUS(CONFLICT, 409, "Conflict")                                                                    \
	STATUS(TOO_LARGE, 413, "Content Too Large")                                                          \
	STATUS(REJECTED, 422, "Unprocessable Content")                                                       \
	STATUS(INTERNAL, 500, "Internal Server Error")                                                       \
	STATUS(BUSY, 503, "Service Unavailable")                                                             \
	STATUS(READ_ONLY, 503, "Service Unavailable")                                                        \
	STATUS(STORAGE, 507, "Insufficient Storage")

int http_status(enum err_code code, const char **reason)
{
	switch (code) {
#define STATUS(name, status, text)                                                                           \
	case ERR_##name:                                                                                     \
		*reason = text;                                                                              \
		return status;
		STATUSES(STATUS)
#undef STATUS
	case ERR_NONE:
		break;
	}
	*reason = "OK";
	return 200;
}

/* ---- answers ------------------------------------------------------------------------------------------- */
void answer_value(struct exchange *x, int status, const char *reason, const struct value *v)
{
	buf_reset(&x->body);
	value_json(&x->body, v);
	buf_add_u8(&x->body, '\n');
	x->status = status;
	x->reason = reason;
	x->type = HTTP_JSON_TYPE;
	x->release_seq = rpc_last_seq(x->http->rpc);
	x->is_answered = true;
	if (status >= 400)
		x->http->n_errors++;
}

struct value error_value(struct arena *a, const struct err *e, enum lang lang)
{
	struct value v = value_map(a, 1);

	value_add(a, &v, "error", err_value(a, e, lang));
	return v;
}

void answer_err(struct exchange *x, const struct err *e)
{
	struct arena a;
	struct value v;
	const char *reason;
	int status = http_status(e->code, &reason);

	arena_init(&a, 0);
	v = error_value(&a, e, x->lang);
	answer_value(x, status, reason, &v);
	arena_fini(&a);
}

static void exchange_free(struct exchange *x)
{
	if (x->session != NULL)
		rpc_session_end(x->http->rpc, x->session);
	buf_fini(&x->body);
	free(x);
}

/* Nobody waits for it any more. What is queued is not worked; a long call goes on and its answer is dropped.
 */
void exchange_lost(struct exchange *x)
{
	struct http *h = x->http;

	TAILQ_REMOVE(x->is_answered ? &h->waiting : x->is_deferred ? &h->deferred : &h->queue, x, next);
	exchange_free(x);
}

static void add_headers(struct exchange *x)
{
	struct evkeyvalq *out = evhttp_request_get_output_headers(x->req);

	evhttp_add_header(out, "Content-Type", x->type);
	evhttp_add_header(out, "Cache-Control", "no-store");
	evhttp_add_header(out, "X-Content-Type-Options", "nosniff");
	if (x->status == 401)
		evhttp_add_header(out, "WWW-Authenticate", "Bearer");
	if (x->status == 503)
		evhttp_add_header(out, "Retry-After", "1");
}

static void send_answer(struct exchange *x)
{
	struct evbuffer *body = evbuffer_new();
	struct err e;

	must(body != NULL);
	if (x->body.is_full) {
		err_set(&e, ERR_TOO_LARGE, "the answer would be over %zu bytes; ask for less at once",
			BODY_BYTES_MAX);
		x->body.is_full = false;
		answer_err(x, &e);
	}
	must(x->body.n == 0 || evbuffer_add(body, x->body.p, x->body.n) == 0);
	add_headers(x);
	conn_idle(x->conn);
	x->conn->is_ours = true;
	evhttp_send_reply(x->req, x->status, x->reason, body);
	x->conn->is_ours = false;
	evbuffer_free(body);
	exchange_free(x);
}

void http_release(struct http *h, uint64_t durable_seq)
{
	struct exchange *x, *following;

	for (x = TAILQ_FIRST(&h->waiting); x != NULL; x = following) {
		following = TAILQ_NEXT(x, next);
		if (x->release_seq > durable_seq)
			continue;
		TAILQ_REMOVE(&h->waiting, x, next);
		send_answer(x);
	}
}

/* ---- requests ------------------------------------------------------------------------------------------ */
/* Whether it is of those that must not stand twice: two readers could take each another one. */
static bool is_single(const char *name)
{
	static const char *const names[] = {"Content-Length", "Authorization", "Act-As"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool stands_before(const struct evkeyvalq *in, const struct evkeyval *header)
{
	const struct evkeyval *h = in->tqh_first;

	while (h != header && strcasecmp(h->key, header->key) != 0)
		h = h->next.tqe_next;
	return h != header;
}

/* A length, an encoding or a name that two readers could understand differently. The connection ends with the
 * answer. */
static int check_framing(struct evhttp_request *req, struct err *e)
{
	struct evkeyvalq *in = evhttp_request_get_input_headers(req);
	struct evkeyval *header;

	for (header = in->tqh_first; header != NULL; header = header->next.tqe_next) {
		if (header->key[0] == '\0' || header->key[strspn(header->key, TOKEN)] != '\0')
			return err_set(
				e, ERR_BAD_REQUEST, "a header's name has a character it must not have");
		if (strcasecmp(header->key, "Transfer-Encoding") == 0)
			return err_arg(e, ERR_BAD_REQUEST, "Transfer-Encoding", NULL,
				"Transfer-Encoding is not taken; send Content-Length");
		if (is_single(header->key) && stands_before(in, header))
			return err_arg(e, ERR_BAD_REQUEST, header->key, NULL, "%s stands twice", header->key);
		if (strcasecmp(header->key, "Content-Length") != 0)
			continue;
		if (header->value[0] == '\0' || header->value[strspn(header->value, "0123456789")] != '\0')
			return err_arg(e, ERR_BAD_REQUEST, "Content-Length", header->value,
				"Content-Length must be one plain number");
	}
	return 0;
}

static const struct {
	const char *path; /* ends in '/': a prefix */
	enum route route;
	enum evhttp_cmd_type method;
} routes[] = {
	{"/complaints", ROUTE_COMPLAINTS, EVHTTP_REQ_POST},
	{"/tickets/", ROUTE_TICKET, EVHTTP_REQ_GET},
	{"/rpc/", ROUTE_RPC, EVHTTP_REQ_POST},
	{"/metrics", ROUTE_METRICS, EVHTTP_REQ_GET},
	{"/healthz", ROUTE_HEALTH, EVHTTP_REQ_GET},
};

static bool is_method(enum evhttp_cmd_type got, enum evhttp_cmd_type want)
{
	return got == want || (got == EVHTTP_REQ_HEAD && want == EVHTTP_REQ_GET);
}

static int find_route(struct exchange *x, struct err *e)
{
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(x->req);
	const char *path = uri == NULL ? NULL : evhttp_uri_get_path(uri);

	for (size_t i = 0; path != NULL && i < sizeof(routes) / sizeof(routes[0]); i++) {
		size_t n = strlen(routes[i].path);
		bool is_prefix = routes[i].path[n - 1] == '/';

		if (strncmp(path, routes[i].path, n) != 0 || (is_prefix ? path[n] == '\0' : path[n] != '\0'))
			continue;
		if (!is_method(evhttp_request_get_command(x->req), routes[i].method))
			return err_set(e, ERR_BAD_REQUEST, "%s takes %s only", routes[i].path,
				routes[i].method == EVHTTP_REQ_POST ? "POST" : "GET");
		if (strlen(path + n) >= sizeof(x->rest))
			break;
		x->route = routes[i].route;
		snprintf(x->rest, sizeof(x->rest), "%s", path + n);
		return 0;
	}
	return err_set(e, ERR_NOT_FOUND,
		"there is no such page; there are POST /complaints, GET /tickets/ID, POST /rpc/METHOD, GET "
		"/metrics and "
		"GET /healthz");
}

enum lang lang_said(const char *said)
{
	if (said == NULL)
		return LANG_ANY;
	return strncasecmp(said, "zh", 2) == 0   ? LANG_ZH
	       : strncasecmp(said, "en", 2) == 0 ? LANG_EN
						 : LANG_ANY;
}

static int open_session(struct exchange *x, struct err *e)
{
	static const char bearer[] = "Bearer ";
	struct evkeyvalq *in = evhttp_request_get_input_headers(x->req);
	const char *given = evhttp_find_header(in, "Authorization"), *as = evhttp_find_header(in, "Act-As");
	struct principal me = {0};

	if (x->route == ROUTE_HEALTH)
		return 0;
	if (given == NULL || strncasecmp(given, bearer, sizeof(bearer) - 1) != 0)
		return err_set(e, ERR_UNAUTHENTICATED, "send a token: Authorization: Bearer TOKEN");
	given += sizeof(bearer) - 1;
	if (rpc_auth(x->http->rpc, slice_of(given, strlen(given)), &me, e) != 0)
		return -1;
	x->session = rpc_session_new(x->http->rpc, &me);
	x->session->lang = x->lang;
	if (as != NULL && rpc_act_as(x->http->rpc, x->session, as, e) != 0)
		return -1;
	x->lang = x->session->lang; /* the person's, where the request says none */
	return 0;
}

/* A health check asks whether we are there. */
static int check_room(struct exchange *x, struct err *e)
{
	struct http *h = x->http;

	if (x->route == ROUTE_HEALTH || !conns_are_over(h))
		return 0;
	h->n_refused++;
	evhttp_add_header(evhttp_request_get_output_headers(x->req), "Connection", "close");
	return err_set(e, ERR_BUSY,
		"%u connections are open, more are not taken; close one or try again later",
		h->config.n_conns_max);
}

void on_request(struct evhttp_request *req, void *udata)
{
	struct http *h = udata;
	struct exchange *x = calloc(1, sizeof(*x));
	struct err e;

	must(x != NULL);
	h->n_requests++;
	x->http = h;
	x->req = req;
	x->conn = conn_of(h, req);
	buf_init(&x->body, BODY_BYTES_MAX);
	conn_busy(x->conn, x);
	x->lang = lang_said(evhttp_find_header(evhttp_request_get_input_headers(req), "Accept-Language"));
	if (check_framing(req, &e) != 0) {
		h->n_refused++;
		evhttp_add_header(evhttp_request_get_output_headers(req), "Connection", "close");
		answer_err(x, &e);
	} else if (find_route(x, &e) != 0 || check_room(x, &e) != 0 || open_session(x, &e) != 0) {
		answer_err(x, &e);
	}
	if (x->is_answered)
		TAILQ_INSERT_TAIL(&h->waiting, x, next);
	else
		TAILQ_INSERT_TAIL(&h->queue, x, next);
}

void http_serve(struct http *h)
{
	struct exchange *x;

	while ((x = TAILQ_FIRST(&h->queue)) != NULL) {
		TAILQ_REMOVE(&h->queue, x, next);
		arena_reset(&h->arena);
		exchange_work(x);
		if (x->is_answered)
			TAILQ_INSERT_TAIL(&h->waiting, x, next);
		else
			TAILQ_INSERT_TAIL(&h->deferred, x, next);
	}
}
