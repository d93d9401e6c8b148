/* duty.now: who is on duty, who is next, how to reach them; the pack's organisation answers. */
#include "desk_int.h"

/* A name the pack does not have is refused with what was probably meant. */
static int check_named(struct call *c, const char *argument, const char *map, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *given = value_get(&c->args, argument),
			   *names = value_get(packs_catalog(d->packs), map);
	const char **words, *text = value_cstr(c->arena, given);
	char hint[WORD_HINT_LEN];

	if (given == NULL || names == NULL || value_get_n(names, given->as.text, given->n) != NULL)
		return 0;
	words = arena_alloc(c->arena, (names->n + 1) * sizeof(*words));
	for (uint32_t i = 0; i < names->n; i++)
		words[i] = value_cstr(c->arena, &names->as.pairs[i].key);
	return err_arg(e, ERR_BAD_REQUEST, argument, text, "%s \"%s\" is not in the catalog%s", argument,
		text, word_hint(text, words, names->n, hint));
}

static int duty_now(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w = {.desk = d,
		.arena = c->arena,
		.now_ms = c->now_ms,
		.who = session_who(c->session),
		.roles = c->session->me.roles};
	struct value facts;

	if (check_named(c, "city", "cities", e) != 0 || check_named(c, "department", "departments", e) != 0)
		return -1;
	facts = facts_base(&w);
	if (value_get(&c->args, "city") != NULL)
		value_add(c->arena, &facts, "city", *value_get(&c->args, "city"));
	if (value_get(&c->args, "department") != NULL)
		value_add(c->arena, &facts, "department", *value_get(&c->args, "department"));
	return generation_ask(packs_live(d->packs), "duty", &facts, c->arena, result, e);
}

static const struct rpc_arg now_args[] = {
	{.name = "city", .type = ARG_TEXT, .help = "for this city; else what serves all"},
	{.name = "department", .type = ARG_TEXT, .help = "of this one; else of all"},
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
