/* server.backup: a verified copy while serving, made by the worker. */
#include <string.h>

#include "desk_int.h"

#define DIR_BYTES 4096

struct backup {
	struct desk *desk;
	struct deferral *deferral;
	char *dir;
	int rc;
	struct err why;
};

static void backup_run(void *udata)
{
	struct backup *b = udata;

	b->rc = store_backup(b->desk->store, b->dir, &b->why);
}

static void backup_done(void *udata)
{
	struct backup *b = udata;
	struct value result;

	arena_reset(&b->desk->arena);
	result = value_map(&b->desk->arena, 1);
	value_add(&b->desk->arena, &result, "dir", value_literal(b->dir));
	deferral_finish(b->deferral, &result, b->rc == 0 ? NULL : &b->why);
	free(b->dir);
	free(b);
}

static int server_backup(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct backup *b;

	(void)result;
	(void)e;
	b = calloc(1, sizeof(*b));
	must(b != NULL);
	b->desk = d;
	b->rc = err_set(&b->why, ERR_BUSY, "the daemon is stopping"); /* unless the worker gets to it */
	b->dir = strdup(value_cstr(c->arena, value_get(&c->args, "dir")));
	must(b->dir != NULL);
	b->deferral = call_defer(c);
	worker_submit(d->worker, backup_run, backup_done, b);
	return RPC_DEFERRED;
}

static const struct rpc_arg backup_args[] = {{.name = "dir",
	.type = ARG_TEXT,
	.is_required = true,
	.min = 1,
	.max = DIR_BYTES,
	.help = "a folder that does not exist yet"}};

static const struct rpc_method methods[] = {
	{.name = "server.backup",
		.handler = server_backup,
		RPC_ARGS(backup_args),
		.roles = ROLE_ADMIN,
		.flags = RPC_LONG,
		.help = "A verified copy of everything, while serving.",
		.returns = "{dir}"},
};

void backup_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
