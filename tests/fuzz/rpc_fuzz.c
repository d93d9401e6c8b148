/*
 * A connection's bytes through scanner, message layer, argument checks and handlers, as an admin or — when
 * the first byte is odd — as somebody who has not said hello. Each answer must be a whole frame of the shape
 * [1, id, error, result].
 */
#include <string.h>

#include "fuzz.h"
#include "tocsin/log.h"
#include "tocsin/rpc.h"
#include "tocsin/wire.h"

static int echo(struct call *call, struct value *result, struct err *e)
{
	(void)e;
	value_add(call->arena, result, "args", call->args);
	return 0;
}

static const char *const words[] = {"urge", "ask", "same_fault", NULL};

static const struct rpc_arg args[] = {
	{.name = "text", .type = ARG_TEXT, .help = "-"},
	{.name = "count", .type = ARG_INT, .min = 1, .max = 1000, .help = "-"},
	{.name = "share", .type = ARG_NUMBER, .help = "-"},
	{.name = "flag", .type = ARG_BOOL, .help = "-"},
	{.name = "fields", .type = ARG_MAP, .help = "-"},
	{.name = "list", .type = ARG_ARRAY, .help = "-"},
	{.name = "any", .type = ARG_ANY, .help = "-"},
	{.name = "at", .type = ARG_TIME, .help = "-"},
	{.name = "id", .type = ARG_ID, .help = "-"},
	{.name = "by", .type = ARG_DURATION, .help = "-"},
	{.name = "kind", .type = ARG_ENUM, .words = words, .help = "-"},
};

static const struct rpc_method methods[] = {
	{.name = "echo",
		.handler = echo,
		RPC_ARGS(args),
		.roles = ROLE_ANY,
		.flags = RPC_CHANGES,
		.help = "-",
		.returns = "-"},
};

static int auth(void *ctx, struct slice token, struct principal *out, struct err *e)
{
	(void)ctx;
	if (token.n != 1)
		return err_set(e, ERR_UNAUTHENTICATED, "this token is not known");
	strcpy(out->name, "agent");
	out->roles = ROLE_AGENT;
	return 0;
}

static void check_answer(struct slice bytes)
{
	struct arena a;
	struct value v;
	struct err e;

	arena_init(&a, 0);
	must(frame_check(bytes, FRAME_BYTES_MAX, &e) == 0);
	must(value_decode(&a, bytes, &v, &e) == 0);
	must(v.type == VALUE_ARRAY && v.n == 4 && value_int_or(value_at(&v, 0), 0) == 1);
	must(v.as.items[2].type == VALUE_NIL ||
		(v.as.items[3].type == VALUE_NIL && value_get(&v.as.items[2], "code") != NULL));
	arena_fini(&a);
}

static void work(struct rpc *r, struct session *s, const uint8_t *p, size_t n)
{
	struct frame_scan scan;
	struct buf reply;
	struct err e;

	buf_init(&reply, 2 * FRAME_BYTES_MAX);
	for (;;) {
		frame_scan_init(&scan, s->is_known ? FRAME_BYTES_MAX : CONN_STRANGER_FRAME_MAX);
		if (frame_scan(&scan, p, n, &e) != FRAME_WHOLE)
			break;
		buf_reset(&reply);
		must(rpc_message(r, s, slice_of(p, scan.at), &reply) == 0);
		if (reply.n > 0)
			check_answer(buf_slice(&reply));
		p += scan.at;
		n -= scan.at;
	}
	buf_fini(&reply);
}

static void quiet(void *udata, const char *line, size_t n)
{
	(void)udata, (void)line, (void)n;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct principal me = {.name = "root", .roles = ROLE_ADMIN};
	struct rpc_hooks hooks = {.auth = auth};
	struct rpc *r;
	struct session *s;

	if (n == 0)
		return 0;
	log_set_sink(quiet, NULL);
	r = rpc_new(&hooks);
	rpc_register(r, methods, 1, NULL);
	s = rpc_session_new(r, &me);
	s->is_known = p[0] % 2 == 0;
	work(r, s, p + 1, n - 1);
	rpc_free(r);
	return 0;
}
