/* An exchange becomes messages to the dispatch, and their answers JSON. */
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "http_int.h"
#include "tocsin/wire.h"

/* [0, 0, method, [args]] for rpc_message, within the limits of every frame. */
static int make_frame(const char *method, const struct value *args, struct buf *frame, struct err *e)
{
	struct value name = value_literal(method);

	buf_add(frame, "\x94\x00\x00", 3);
	value_encode(frame, &name);
	buf_add_u8(frame, args->type == VALUE_NIL ? 0x90 : 0x91);
	if (args->type != VALUE_NIL)
		value_encode(frame, args);
	if (frame->is_full)
		return err_set(e, ERR_TOO_LARGE, "the arguments have more than %zu bytes", FRAME_BYTES_MAX);
	return frame_check(buf_slice(frame), FRAME_BYTES_MAX, e);
}

/* An error map of the wire as struct err. */
static int err_of(struct arena *a, const struct value *map, struct err *e)
{
	static const enum err_code codes[] = {
#define ERR(name, wire, help) ERR_##name,
		ERR_CODES(ERR)
#undef ERR
	};
	const char *argument = value_cstr(a, value_get(map, "argument")),
		   *value = value_cstr(a, value_get(map, "value"));
	const char *reason = value_cstr(a, value_get(map, "reason")),
		   *message = value_cstr(a, value_get(map, "message"));

	err_arg(e, ERR_INTERNAL, argument == NULL ? "" : argument, value, "%s",
		message == NULL ? "" : message);
	if (reason != NULL)
		snprintf(e->reason, sizeof(e->reason), "%s", reason);
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (value_is_text(value_get(map, "code"), err_name(codes[i])))
			e->code = codes[i];
	return -1;
}

/* One call by the same way a connection's frame goes. *result lives in the exchange's arena. 0, -1 or
 * RPC_DEFERRED. */
static int call(
	struct exchange *x, const char *method, const struct value *args, struct value *result, struct err *e)
{
	struct http *h = x->http;
	struct buf frame;
	struct value answer;
	int rc = -1;

	buf_init(&frame, FRAME_BYTES_MAX);
	buf_reset(&h->reply);
	if (make_frame(method, args, &frame, e) != 0)
		goto out;
	rc = rpc_message(h->rpc, x->session, buf_slice(&frame), &h->reply);
	if (rc == RPC_DEFERRED)
		goto out;
	rc = value_decode(
		&h->arena, slice_of(arena_copy(&h->arena, h->reply.p, h->reply.n), h->reply.n), &answer, e);
	if (rc == 0 && value_at(&answer, 2)->type != VALUE_NIL)
		rc = err_of(&h->arena, value_at(&answer, 2), e);
	else if (rc == 0)
		*result = *value_at(&answer, 3);
out:
	buf_fini(&frame);
	return rc;
}

/* The end of a long call. */
static void on_answer(void *udata, const struct value *result, const struct err *e)
{
	struct exchange *x = udata;

	TAILQ_REMOVE(&x->http->deferred, x, next);
	if (e != NULL)
		answer_err(x, e);
	else
		answer_value(x, 200, "OK", result);
	TAILQ_INSERT_TAIL(&x->http->waiting, x, next);
	server_wake(x->http->server);
}

static void work_call(
	struct exchange *x, const char *method, const struct value *args, int status, const char *reason)
{
	struct value result;
	struct err e;
	int rc = call(x, method, args, &result, &e);

	if (rc == RPC_DEFERRED) {
		x->is_deferred = true;
		session_on_answer(x->session, on_answer, x);
	} else if (rc != 0) {
		answer_err(x, &e);
	} else {
		answer_value(x, status, reason, &result);
	}
}

static int read_body(struct exchange *x, struct value *out, struct err *e)
{
	struct evbuffer *in = evhttp_request_get_input_buffer(x->req);
	size_t n = evbuffer_get_length(in);

	*out = value_nil;
	if (n == 0)
		return 0;
	if (value_parse_json(&x->http->arena, slice_of(evbuffer_pullup(in, -1), n), false, out, e) != 0)
		return err_prefix(e, "the body is no JSON");
	return 0;
}

static struct value batch_item(struct exchange *x, const struct value *args)
{
	struct arena *a = &x->http->arena;
	struct value item = value_map(a, 2), result = value_nil;
	struct err e;
	int rc = args->type == VALUE_MAP ? call(x, "ticket.create", args, &result, &e)
					 : err_set(&e, ERR_BAD_REQUEST, "an item is %s; expected an object",
						   value_type_name(args));

	value_add(a, &item, "ok", value_bool(rc == 0));
	value_add(a, &item, rc == 0 ? "result" : "error", rc == 0 ? result : err_value(a, &e, x->lang));
	return item;
}

static void work_batch(struct exchange *x, const struct value *items)
{
	struct arena *a = &x->http->arena;
	struct value all = value_map(a, 1), results = value_array(a, items->n);
	struct err e;

	if (items->n > HTTP_BATCH_MAX) {
		err_set(&e, ERR_TOO_LARGE, "the batch has %u complaints; at most %d", items->n,
			HTTP_BATCH_MAX);
		answer_err(x, &e);
		return;
	}
	for (uint32_t i = 0; i < items->n; i++)
		value_push(a, &results, batch_item(x, &items->as.items[i]));
	value_add(a, &all, "results", results);
	answer_value(x, 200, "OK", &all);
}

static void work_complaints(struct exchange *x)
{
	struct value body;
	struct err e;

	if (read_body(x, &body, &e) != 0)
		answer_err(x, &e);
	else if (body.type == VALUE_ARRAY)
		work_batch(x, &body);
	else if (body.type == VALUE_MAP)
		work_call(x, "ticket.create", &body, 201, "Created");
	else {
		err_set(&e, ERR_BAD_REQUEST, "send a complaint as an object, or an array of them");
		answer_err(x, &e);
	}
}

static void work_rpc(struct exchange *x)
{
	struct value body;
	struct err e;
	int rc = read_body(x, &body, &e);

	if (rc == 0 && body.type == VALUE_ARRAY)
		rc = err_set(&e, ERR_BAD_REQUEST, "the arguments are an array; expected an object");
	if (rc != 0)
		answer_err(x, &e);
	else
		work_call(x, x->rest, &body, 200, "OK");
}

static void work_ticket(struct exchange *x)
{
	struct value args = value_map(&x->http->arena, 1);
	size_t n = strlen(x->rest);
	struct err e;

	if (n > 16 || strspn(x->rest, "0123456789") != n) {
		err_arg(&e, ERR_NOT_FOUND, "id", x->rest, "ticket \"%s\" does not exist", x->rest);
		answer_err(x, &e);
		return;
	}
	value_add(&x->http->arena, &args, "id", value_int(strtoll(x->rest, NULL, 10)));
	work_call(x, "ticket.get", &args, 200, "OK");
}

static void work_metrics(struct exchange *x)
{
	struct value stats;
	struct err e;

	if (call(x, "server.stats", &value_nil, &stats, &e) != 0) {
		answer_err(x, &e);
		return;
	}
	answer_value(x, 200, "OK", &value_nil);
	buf_reset(&x->body);
	metrics_write(&x->body, &stats);
	x->type = "text/plain; version=0.0.4; charset=utf-8";
}

static void work_health(struct exchange *x)
{
	struct value v = value_map(&x->http->arena, 2);
	struct err e;
	bool is_ok = rpc_accepts(x->http->rpc, &e) == 0;

	value_add(&x->http->arena, &v, "status", value_literal(is_ok ? "ok" : err_name(e.code)));
	if (!is_ok)
		value_add(&x->http->arena, &v, "message", value_literal(e.text));
	answer_value(x, is_ok ? 200 : 503, is_ok ? "OK" : "Service Unavailable", &v);
}

void exchange_work(struct exchange *x)
{
	static void (*const work[])(struct exchange *) = {[ROUTE_COMPLAINTS] = work_complaints,
		[ROUTE_TICKET] = work_ticket,
		[ROUTE_RPC] = work_rpc,
		[ROUTE_METRICS] = work_metrics,
		[ROUTE_HEALTH] = work_health};

	work[x->route](x);
}
