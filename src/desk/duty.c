/* duty.now: who is on duty, who is next, how to reach them; the pack's organisation answers. */
#include "desk_int.h"
#include "names.h"

static int duty_now(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w = work_to_ask(c, c->now_ms);
	struct value facts;

	if (catalog_check(c->arena, packs_catalog(d->packs), "cities", "city", value_get(&c->args, "city"),
		    e) != 0 ||
		catalog_check(c->arena, packs_catalog(d->packs), "departments", "department",
			value_get(&c->args, "department"), e) != 0)
		return -1;
	facts = facts_base(&w);
	if (value_get(&c->args, "city") != NULL)
		value_add(c->arena, &facts, "city", *value_get(&c->args, "city"));
	if (value_get(&c->args, "department") != NULL)
		value_add(c->arena, &facts, "department", *value_get(&c->args, "department"));
	return generation_ask(packs_live(d->packs), "duty", &facts, c->arena, result, e);
}

static const struct rpc_arg now_args[] = {
	{.name = "city", .type = ARG_TEXT, .of = "cities", .help = "for this city; else what serves all"},
	{.name = "department", .type = ARG_TEXT, .of = "departments", .help = "of this one; else of all"},
};
static const struct rpc_method methods[] = {
	{.name = "duty.now",
		.handler = duty_now,
		RPC_ARGS(now_args),
		.roles = ROLE_ANY,
		.help = "Who is on duty now, who comes next, how to reach them.",
		.returns = "{duty=[{department, label, on_duty={name, label, post?, reach?}, "
			   "by=shift|deputy|head|above, "
			   "next?={name, from, …}, head?, reach?}]}"},
};

void duty_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
