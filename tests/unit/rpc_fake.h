/* A desk for tests: methods that echo, count, fail and wait; hooks that can be set by hand. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/rpc.h"

struct fake {
	struct rpc *rpc;
	uint64_t seq; /* +1 for each call of put */
	uint64_t n_put, n_end;
	int64_t now_ms;
	bool is_read_only, is_behind;
	struct deferral *deferred;
	struct value args; /* of the last echo; only to look at while it lasts */
	size_t params_n;
};

static inline int fake_echo(struct call *call, struct value *result, struct err *e)
{
	struct fake *f = call->ctx;

	(void)e;
	f->params_n = call->params.n;
	value_add(call->arena, result, "args", call->args);
	value_add(call->arena, result, "who", value_printf(call->arena, "%s", session_who(call->session)));
	return 0;
}

static inline int fake_put(struct call *call, struct value *result, struct err *e)
{
	struct fake *f = call->ctx;

	(void)e;
	f->n_put++;
	value_add(call->arena, result, "seq", value_int((int64_t)++f->seq));
	return 0;
}

static inline int fake_fail(struct call *call, struct value *result, struct err *e)
{
	(void)call, (void)result;
	err_arg(e, ERR_REJECTED, "stage", "closed", "ticket 7 is closed; it can be reopened");
	snprintf(e->reason, sizeof(e->reason), "reopen");
	return -1;
}

static inline int fake_wait(struct call *call, struct value *result, struct err *e)
{
	struct fake *f = call->ctx;

	(void)result, (void)e;
	f->deferred = call_defer(call);
	return RPC_DEFERRED;
}

/* size bytes of text; raw as stored bytes when asked */
static inline int fake_big(struct call *call, struct value *result, struct err *e)
{
	int64_t size = value_int_or(value_get(&call->args, "size"), 0);
	char *text = arena_alloc(call->arena, (size_t)size + 1);

	(void)e;
	memset(text, 'x', (size_t)size);
	value_add(call->arena, result, "text", value_borrow(text, (size_t)size));
	return 0;
}

static inline int fake_raw(struct call *call, struct value *result, struct err *e)
{
	(void)result, (void)e;
	call->raw = slice_of("\x81\xa2id\x07", 5);
	return 0;
}

static const char *const fake_words[] = {"urge", "ask", "withdraw", NULL};

static const struct rpc_arg fake_members[] = {
	{.name = "star", .type = ARG_INT, .min = 0, .max = 9, .help = "stars"},
	{.name = "since", .type = ARG_TIME, .help = "a time"},
};

static const struct rpc_arg fake_args[] = {
	{.name = "text", .type = ARG_TEXT, .help = "a text"},
	{.name = "count", .type = ARG_INT, .min = 1, .max = 1000, .help = "a count"},
	{.name = "share", .type = ARG_NUMBER, .min = 0, .max = 1, .help = "a share"},
	{.name = "urgent", .type = ARG_BOOL, .help = "a flag"},
	{.name = "fields", .type = ARG_MAP, .help = "a map"},
	{.name = "list", .type = ARG_ARRAY, .help = "an array"},
	{.name = "any", .type = ARG_ANY, .help = "anything"},
	{.name = "at", .type = ARG_TIME, .help = "a time"},
	{.name = "id", .type = ARG_ID, .help = "an id"},
	{.name = "by", .type = ARG_DURATION, .help = "a duration"},
	{.name = "kind", .type = ARG_ENUM, .words = fake_words, .help = "a | word"},
	{.name = "name", .type = ARG_TEXT, .min = 1, .max = 8, .help = "a short text"},
	{.name = "code", .type = ARG_TEXT, .min = 2, .max = 4, .help = "two letters and more"},
	{.name = "person", .type = ARG_MAP, RPC_MEMBERS(fake_members), .help = "a map of known things"},
};

static const struct rpc_arg fake_need_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "which"},
	{.name = "note", .type = ARG_TEXT, .help = "why"},
};

static const struct rpc_arg fake_big_args[] = {
	{.name = "size", .type = ARG_INT, .is_required = true, .help = "bytes"},
};

static const struct rpc_method fake_methods[] = {
	{.name = "test.echo",
		.handler = fake_echo,
		RPC_ARGS(fake_args),
		.roles = ROLE_ANY,
		.help = "Echo",
		.returns = "{args, who}"},
	{.name = "test.need",
		.handler = fake_echo,
		RPC_ARGS(fake_need_args),
		.roles = ROLE_AGENT | ROLE_LEADER,
		.help = "Need an id",
		.returns = "{args, who}"},
	{.name = "test.put",
		.handler = fake_put,
		RPC_ARGS(fake_need_args),
		.roles = ROLE_INTAKE | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Change",
		.returns = "{seq}"},
	{.name = "test.fail", .handler = fake_fail, .roles = ROLE_ANY, .help = "Fail", .returns = "never"},
	{.name = "test.wait",
		.handler = fake_wait,
		.roles = ROLE_ADMIN,
		.flags = RPC_LONG,
		.help = "Wait",
		.returns = "{done}"},
	{.name = "test.big",
		.handler = fake_big,
		RPC_ARGS(fake_big_args),
		.roles = ROLE_ADMIN,
		.help = "Much",
		.returns = "{text}"},
	{.name = "test.raw",
		.handler = fake_raw,
		.roles = ROLE_ANY,
		.help = "Stored bytes",
		.returns = "{id}"},
};

/* The token "secret-ROLE" is a person of that name and role; "secret-gateway" an adapter that may act for
 * others. */
static inline int fake_auth(void *ctx, struct slice token, struct principal *out, struct err *e)
{
	char text[64];

	(void)ctx;
	snprintf(text, sizeof(text), "%.*s", (int)token.n, (const char *)token.p);
	if (strncmp(text, "secret-", 7) != 0)
		return err_set(e, ERR_UNAUTHENTICATED, "this token is not known");
	out->is_gateway = strcmp(text + 7, "gateway") == 0;
	out->roles = out->is_gateway ? ROLE_ADAPTER : role_by_name(text + 7);
	if (out->roles == 0)
		return err_set(e, ERR_UNAUTHENTICATED, "this token is not known");
	snprintf(out->name, sizeof(out->name), "%.60s", text + 7);
	return 0;
}

static inline int fake_person(void *ctx, const char *as, uint32_t *roles, struct err *e)
{
	(void)ctx;
	*roles = ROLE_LEADER | ROLE_ADMIN;
	if (strcmp(as, "lena") == 0)
		return 0;
	return err_arg(e, ERR_NOT_FOUND, "as", as, "there is no person \"%s\"", as);
}

static inline int64_t fake_now(void *ctx)
{
	return ((struct fake *)ctx)->now_ms;
}

static inline uint64_t fake_seq(void *ctx)
{
	return ((struct fake *)ctx)->seq;
}

static inline int fake_accepts(void *ctx, struct err *e)
{
	if (((struct fake *)ctx)->is_read_only)
		return err_set(e, ERR_READ_ONLY, "the store is read-only: no room on the disk");
	return 0;
}

static inline void fake_end(void *ctx, struct session *s)
{
	(void)s;
	((struct fake *)ctx)->n_end++;
}

static inline void fake_init(struct fake *f)
{
	struct rpc_hooks hooks = {.ctx = f,
		.version = "1.2.3",
		.auth = fake_auth,
		.person = fake_person,
		.now_ms = fake_now,
		.last_seq = fake_seq,
		.accepts = fake_accepts,
		.on_end = fake_end};

	memset(f, 0, sizeof(*f));
	f->now_ms = 1790042400000; /* 2026-09-22T10:00+08:00 */
	f->rpc = rpc_new(&hooks);
	rpc_register(f->rpc, fake_methods, sizeof(fake_methods) / sizeof(fake_methods[0]), f);
}

static inline void fake_fini(struct fake *f)
{
	rpc_free(f->rpc);
}
