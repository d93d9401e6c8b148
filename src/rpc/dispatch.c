/* From a message to its answer: shape, method, permission, arguments, handler, reply. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_int.h"
#include "tocsin/log.h"
#include "tocsin/util.h"
#include "tocsin/wire.h"

/* ---- replies ------------------------------------------------------------------------------------------- */
static void add_text(struct arena *a, struct value *map, const char *key, const char *text)
{
	if (text[0] != '\0')
		value_add(a, map, key, value_text(a, text, strlen(text)));
}

struct value err_value(struct arena *a, const struct err *e, enum lang lang)
{
	struct value v = value_map(a, 5);
	size_t n;
	const char *text = err_said(e, lang, &n);

	value_add(a, &v, "code", value_literal(err_name(e->code)));
	value_add(a, &v, "message", value_text(a, text, n));
	add_text(a, &v, "argument", e->argument);
	add_text(a, &v, "value", e->value);
	add_text(a, &v, "reason", e->reason);
	return v;
}

static void add_value(struct buf *b, struct value v)
{
	value_encode(b, &v);
}

static void add_error(struct buf *b, const struct err *e, enum lang lang)
{
	struct arena a;

	arena_init(&a, 0);
	add_value(b, err_value(&a, e, lang));
	arena_fini(&a);
}

void reply_encode(struct buf *b, const uint32_t *msgid, const struct err *e, enum lang lang,
	const struct value *result, struct slice raw)
{
	buf_add(b, "\x94\x01", 2);
	if (msgid != NULL)
		add_value(b, value_int(*msgid));
	else
		buf_add_u8(b, 0xc0);
	if (e != NULL) {
		add_error(b, e, lang);
		buf_add_u8(b, 0xc0);
		return;
	}
	buf_add_u8(b, 0xc0);
	if (raw.p != NULL)
		buf_add(b, raw.p, raw.n);
	else
		value_encode(b, result);
}

/* ---- the shape of a message ---------------------------------------------------------------------------- */
struct message {
	bool has_msgid, is_notification;
	uint32_t msgid;
	struct slice method;
	struct value args; /* nil: none given */
	struct slice params;
};

#define SHAPES "[0, msgid, method, params] or [2, method, params]"

static int check_params(const struct value *params, struct message *m, struct err *e)
{
	if (params->type != VALUE_ARRAY)
		return err_set(
			e, ERR_BAD_REQUEST, "params is %s; expected [] or [map]", value_type_name(params));
	if (params->n > 1)
		return err_set(e, ERR_BAD_REQUEST, "params has %u elements; expected [] or [map]", params->n);
	if (params->n == 1 && params->as.items[0].type != VALUE_MAP)
		return err_set(e, ERR_BAD_REQUEST, "params holds %s; expected [] or [map]",
			value_type_name(&params->as.items[0]));
	m->args = params->n == 1 ? params->as.items[0] : value_nil;
	return 0;
}

static int check_method(const struct value *method, struct slice frame, struct message *m, struct err *e)
{
	const uint8_t *end;

	if (method->type != VALUE_TEXT)
		return err_set(e, ERR_BAD_REQUEST, "the method's name is %s; expected text",
			value_type_name(method));
	if (!utf8_valid(method->as.text, method->n))
		return err_set(e, ERR_BAD_REQUEST, "the method's name is not valid UTF-8");
	m->method = value_slice(method);
	/* params is the last element: its bytes are those behind the method's */
	if (method->n > 0) {
		end = (const uint8_t *)method->as.text + method->n;
		m->params = slice_of(end, (size_t)((const uint8_t *)frame.p + frame.n - end));
	}
	return 0;
}

static int check_msgid(const struct value *v, struct message *m, struct err *e)
{
	if (v->type != VALUE_INT)
		return err_set(e, ERR_BAD_REQUEST, "msgid is %s; expected an integer from 0 to 4294967295",
			value_type_name(v));
	if (v->as.i < 0 || v->as.i > UINT32_MAX)
		return err_set(e, ERR_BAD_REQUEST, "msgid is %jd; expected an integer from 0 to 4294967295",
			(intmax_t)v->as.i);
	m->msgid = (uint32_t)v->as.i;
	m->has_msgid = true;
	return 0;
}

static int read_message(struct arena *a, struct slice frame, struct message *m, struct err *e)
{
	struct value v;
	int64_t type;

	if (value_decode(a, frame, &v, e) != 0)
		return -1;
	if (v.type != VALUE_ARRAY)
		return err_set(e, ERR_BAD_REQUEST, "a message is %s; expected " SHAPES, value_type_name(&v));
	if (v.n == 0 || v.as.items[0].type != VALUE_INT)
		return err_set(
			e, ERR_BAD_REQUEST, "a message does not begin with its type; expected " SHAPES);
	type = v.as.items[0].as.i;
	if (type == 0 && v.n >= 2 && check_msgid(&v.as.items[1], m, e) != 0)
		return -1;
	if (type == 0 && v.n != 4)
		return err_set(e, ERR_BAD_REQUEST,
			"a request has %u elements; expected [0, msgid, method, params]", v.n);
	if (type == 2 && v.n != 3)
		return err_set(e, ERR_BAD_REQUEST,
			"a notification has %u elements; expected [2, method, params]", v.n);
	if (type != 0 && type != 2)
		return err_set(e, ERR_BAD_REQUEST,
			"message type %jd is not one a server takes; expected " SHAPES, (intmax_t)type);
	m->is_notification = type == 2;
	if (check_method(&v.as.items[v.n - 2], frame, m, e) != 0)
		return -1;
	return check_params(&v.as.items[v.n - 1], m, e);
}

/* ---- one call ------------------------------------------------------------------------------------------ */
static int check_permission(
	const struct rpc_method *m, const struct session *s, uint32_t roles, struct err *e)
{
	char needs[ROLE_NAMES_LEN], has[ROLE_NAMES_LEN];

	if ((m->flags & RPC_BEFORE_HELLO) != 0)
		return 0;
	if (!s->is_known)
		return err_set(e, ERR_UNAUTHENTICATED, "%s: say session.hello with a token first", m->name);
	if ((m->roles & roles) != 0)
		return 0;
	return err_set(e, ERR_FORBIDDEN, "%s needs the role %s; %s has the role %s", m->name,
		role_names(m->roles, needs), session_who(s), role_names(roles, has));
}

static int run(struct method_slot *slot, struct call *call, struct value *result, struct err *e)
{
	const struct rpc_method *m = slot->method;
	int ret;

	call->roles = session_roles(call->rpc, call->session);
	if (check_permission(m, call->session, call->roles, e) != 0 ||
		args_check(m, call->arena, &call->args, e) != 0)
		return -1;
	if ((m->flags & RPC_CHANGES) != 0 && rpc_accepts(call->rpc, e) != 0)
		return -1;
	call->method = m;
	call->ctx = slot->ctx;
	*result = value_map(call->arena, 8);
	e->code = ERR_NONE;
	ret = m->handler(call, result, e);
	must(ret == 0 || (ret == -1 && e->code != ERR_NONE) ||
		(ret == RPC_DEFERRED && call->session->deferral != NULL && (m->flags & RPC_LONG) != 0));
	return ret;
}

/* Find, count, run. */
static int call_by_name(struct call *call, struct slice name, struct value *result, struct err *e)
{
	struct rpc *r = call->rpc;
	struct method_slot *slot = method_find(r, name.p, name.n);
	int ret;

	call->session->n_calls++;
	if (slot == NULL) {
		r->n_errors++;
		if (!call->session->is_known)
			return err_set(e, ERR_UNAUTHENTICATED, "say session.hello with a token first");
		return method_unknown(r, name.p, name.n, e);
	}
	slot->n_calls++;
	ret = run(slot, call, result, e);
	if (ret == -1) {
		slot->n_errors++;
		r->n_errors++;
	}
	return ret;
}

/* A reply the other side could not take as a frame is an error instead. */
static void encode_result(struct call *call, const struct value *result, struct buf *reply)
{
	size_t from = reply->n;
	struct err e;

	must(call->method != NULL);
	reply_encode(reply, &call->msgid, NULL, LANG_ANY, result, call->raw);
	if (reply->n - from <= FRAME_BYTES_MAX && !reply->is_full)
		return;
	err_set(&e, ERR_TOO_LARGE, "the answer of %s would be over %zu bytes; ask for less at once",
		call->method->name, FRAME_BYTES_MAX);
	reply->n = from;
	reply->is_full = false;
	reply_encode(reply, &call->msgid, &e, call->session->lang, NULL, slice_of(NULL, 0));
}

int rpc_message(struct rpc *r, struct session *s, struct slice frame, struct buf *reply)
{
	struct message m = {.args = value_nil};
	struct call call = {
		.rpc = r, .session = s, .frame = frame, .arena = &r->arena, .now_ms = rpc_now_ms(r)};
	struct value result = value_nil;
	struct err e;
	int ret;

	must(r->depth++ == 0);
	r->n_messages++;
	if (read_message(&r->arena, frame, &m, &e) != 0) {
		r->n_errors++;
		reply_encode(reply, m.has_msgid ? &m.msgid : NULL, &e, s->lang, NULL, slice_of(NULL, 0));
		ret = 0;
		goto out;
	}
	call.args = m.args;
	call.params = m.params;
	call.msgid = m.msgid;
	call.is_notification = m.is_notification;
	ret = call_by_name(&call, m.method, &result, &e);
	if (ret == RPC_DEFERRED)
		goto out;
	if (m.is_notification && ret != 0)
		log_line(LOG_INFO, "rpc.notification", "method=%.*s code=%s text=\"%s\"",
			(int)(m.method.n < 60 ? m.method.n : 60), (const char *)m.method.p, err_name(e.code),
			e.text);
	else if (!m.is_notification && ret != 0)
		reply_encode(reply, &m.msgid, &e, s->lang, NULL, slice_of(NULL, 0));
	else if (!m.is_notification)
		encode_result(&call, &result, reply);
	ret = 0;
out:
	arena_reset(&r->arena);
	r->depth--;
	return ret;
}

/* ---- later --------------------------------------------------------------------------------------------- */
struct deferral *call_defer(struct call *call)
{
	struct deferral *d = calloc(1, sizeof(*d));

	must(d != NULL && call->session->deferral == NULL);
	d->rpc = call->rpc;
	d->session = call->session;
	d->slot = method_find(call->rpc, call->method->name, strlen(call->method->name));
	d->msgid = call->msgid;
	d->is_notification = call->is_notification;
	call->session->deferral = d;
	call->rpc->n_deferred++;
	if (call->session->conn != NULL)
		conn_hold(call->session->conn);
	return d;
}

static void answer_conn(struct deferral *d, const struct value *result, const struct err *e)
{
	struct session *s = d->session;
	struct buf reply;
	struct call call = {.session = s, .method = d->slot->method, .msgid = d->msgid};

	if (!d->is_notification) {
		buf_init(&reply, 2 * FRAME_BYTES_MAX);
		if (e != NULL)
			reply_encode(&reply, &d->msgid, e, s->lang, NULL, slice_of(NULL, 0));
		else
			encode_result(&call, result, &reply);
		conn_reply(s->conn, buf_slice(&reply), rpc_last_seq(d->rpc));
		buf_fini(&reply);
	}
	conn_go_on(s->conn);
}

void deferral_finish(struct deferral *d, const struct value *result, const struct err *e)
{
	struct session *s = d->session;

	d->rpc->n_deferred--;
	if (e != NULL) {
		d->slot->n_errors++;
		d->rpc->n_errors++;
	}
	if (s != NULL) {
		s->deferral = NULL;
		if (s->conn != NULL)
			answer_conn(d, result, e);
		else if (s->answer != NULL)
			s->answer(s->answer_udata, result, e);
	}
	free(d);
}
