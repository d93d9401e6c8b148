/* rules.status, check, reload, rollback, and catalog.get. */
#include <string.h>

#include "desk/access.h"
#include "desk/packs_int.h"
#include "desk/try.h"
#include "desk/warn.h"
#include "tocsin/log.h"

static struct pack_build *build_new(struct desk *d, const char *dir, const char *by)
{
	struct pack_build *b = calloc(1, sizeof(*b));

	must(b != NULL);
	b->desk = d;
	arena_init(&b->arena, 0);
	b->dir = arena_text(&b->arena, dir, strlen(dir));
	b->share_dir = d->packs->share_dir;
	b->is_virtual = d->clock->is_virtual;
	snprintf(b->by, sizeof(b->by), "%s", by);
	return b;
}

struct spent {
	struct pack_build *build;
};

static void spent_fini(void *udata)
{
	struct spent *s = udata;

	if (s->build == NULL)
		return;
	pack_build_fini(s->build);
	free(s->build);
	s->build = NULL;
}

static void spent_done(void *udata)
{
	spent_fini(udata); /* where the worker ends before it */
	free(udata);
}

/* What a large build leaves takes milliseconds to free that the loop need not wait for. */
static void build_free(struct pack_build *b)
{
	struct spent *s = malloc(sizeof(*s));

	must(s != NULL);
	s->build = b;
	worker_submit(b->desk->worker, spent_fini, spent_done, s);
}

/* A build that is to decide. */
static struct pack_build *build_to_take(struct desk *d, const char *by)
{
	struct pack_build *b = build_new(d, d->packs->dir, by);

	b->replan = replan_begin(d);
	return b;
}

/* What the worker had to do when the daemon ends: nothing is taken, and nothing begins again. */
static void build_dropped(struct pack_build *b)
{
	struct err e;

	if (b->deferral != NULL) {
		err_set(&e, ERR_BUSY, "the daemon is stopping");
		deferral_finish(b->deferral, NULL, &e);
	}
	build_free(b);
}

/* Back on the loop: take the pack or not, answer who asked, and start again if a signal came meanwhile. */
static void build_done(void *udata)
{
	struct pack_build *b = udata;
	struct desk *d = b->desk;
	struct packs *p = d->packs;

	p->is_building = false;
	if (b->desk->is_ending) {
		build_dropped(b);
		return;
	}
	packs_accept(d, b);
	if (d->config.on_verdict != NULL)
		d->config.on_verdict(d->config.udata, p->number, p->is_ok, p->errors.n);
	if (b->deferral != NULL) {
		struct value status;

		arena_reset(&d->arena);
		status = packs_status(p, &d->arena);
		deferral_finish(b->deferral, &status, NULL);
	}
	build_free(b);
	if (p->is_wanted_again) {
		p->is_wanted_again = false;
		desk_reload(d, p->wanted_by);
	}
}

/* What a reload reads besides the rules. */
static void reload_begin(struct desk *d)
{
	access_reload(d);
	if (d->config.on_reload != NULL)
		d->config.on_reload(d->config.udata);
}

void desk_reload(struct desk *d, const char *by)
{
	struct packs *p = d->packs;

	reload_begin(d);
	if (p->is_building) {
		p->is_wanted_again = true;
		snprintf(p->wanted_by, sizeof(p->wanted_by), "%s", by);
		return;
	}
	p->is_building = true;
	packs_build(build_to_take(d, by), build_done);
}

static int rules_reload(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct pack_build *b;

	(void)result;
	if (d->packs->is_building)
		return err_set(
			e, ERR_BUSY, "a pack is being loaded already; ask rules.status for its verdict");
	reload_begin(d);
	d->packs->is_building = true;
	b = build_to_take(d, session_who(c->session));
	b->deferral = call_defer(c);
	packs_build(b, build_done);
	return RPC_DEFERRED;
}

static int rules_rollback(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	int64_t number = value_int_or(value_get(&c->args, "generation"), 0);
	struct pack_build *b;

	(void)result;
	if (d->packs->is_building)
		return err_set(
			e, ERR_BUSY, "a pack is being loaded already; ask rules.status for its verdict");
	b = build_to_take(d, session_who(c->session));
	if (packs_stored(d, number, &b->files, e) != 0) {
		build_free(b);
		return -1;
	}
	b->has_files = true;
	d->packs->is_building = true;
	b->deferral = call_defer(c);
	packs_build(b, build_done);
	return RPC_DEFERRED;
}

/* The same loader, nothing taken. */
static void check_done(void *udata)
{
	struct pack_build *b = udata;
	struct value report;

	if (b->desk->is_ending) {
		build_dropped(b);
		return;
	}
	packs_check_standing(b->desk, b);
	arena_reset(&b->desk->arena);
	report = pack_build_report(b, &b->desk->arena);
	deferral_finish(b->deferral, &report, NULL);
	build_free(b);
}

static int rules_check(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const char *dir = value_cstr(c->arena, value_get(&c->args, "dir"));
	struct pack_build *b = build_new(d, dir == NULL ? d->packs->dir : dir, session_who(c->session));

	(void)result;
	(void)e;
	b->deferral = call_defer(c);
	packs_build(b, check_done);
	return RPC_DEFERRED;
}

static int rules_status(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;

	(void)e;
	*result = packs_status(d->packs, c->arena);
	return 0;
}

/* As intake.c makes them, but nothing is opened. */
static int try_facts(struct work *w, const struct value *args, struct value *facts, struct err *e)
{
	struct value ticket = try_ticket(w->arena, packs_catalog(w->desk->packs), args, w->now_ms), history;

	*facts = facts_base(w);
	value_add(w->arena, facts, "ticket", ticket);
	if (facts_history(w, &ticket, &history, e) != 0)
		return -1;
	if (history.type != VALUE_NIL)
		value_add(w->arena, facts, "history", history);
	return subscriber_fact(w, &ticket, facts, e);
}

static int rules_try(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w = work_to_ask(c, value_int_or(value_get(&c->args, "at"), c->now_ms));
	struct value ticket = value_copy(c->arena, value_get(&c->args, "ticket")), facts;

	if (args_check(rpc_find(c->rpc, CREATE, sizeof(CREATE) - 1), c->arena, &ticket, e) != 0) {
		const char *member = arena_printf(c->arena, "ticket.%s", e->argument);

		snprintf(e->argument, sizeof(e->argument), "%s", member);
		return err_prefix(e, "ticket");
	}
	if (try_facts(&w, &ticket, &facts, e) != 0 ||
		try_pack(packs_live(d->packs), &d->packs->calendars, &facts,
			value_cstr(c->arena, value_get(&c->args, "why_not")), c->arena, result, e) != 0)
		return -1;
	value_add(c->arena, result, "generation", value_int(packs_generation(d->packs)));
	return 0;
}

static int catalog_get(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;

	(void)e;
	*result = value_copy_map(c->arena, packs_catalog(d->packs));
	value_unset(result, "places"); /* what there is, not where it is written */
	return 0;
}

#define RULE_ROLES (ROLE_ANALYST | ROLE_ADMIN)

static const struct rpc_arg check_args[] = {{.name = "dir",
	.type = ARG_TEXT,
	.help = "a pack folder on the server; else the one that reloads read"}};
static const struct rpc_arg rollback_args[] = {{.name = "generation",
	.type = ARG_INT,
	.is_required = true,
	.min = 1,
	.max = ID_MAX,
	.help = "an accepted one"}};

static const struct rpc_arg try_args[] = {
	{.name = "ticket", .type = ARG_MAP, .is_required = true, .help = "arguments of ticket.create"},
	{.name = "at", .type = ARG_TIME, .help = "as if it came in then; else now"},
	{.name = "why_not",
		.type = ARG_TEXT,
		.help = "a rule's name, \"routing/fibre outage\", or \"all\": why it did not fire"},
};

static const struct rpc_method methods[] = {
	{.name = "rules.status",
		.handler = rules_status,
		.roles = ROLE_ANY,
		.help = "Which pack decides, and the verdict of the last attempt to load one.",
		.returns = "{generation, sha256, loaded_at, by, ok, errors, took_ms, previous, specs, rules, "
			   "uncovered, uncovered_at, dir}"},
	{.name = "rules.check",
		.handler = rules_check,
		RPC_ARGS(check_args),
		.roles = RULE_ROLES,
		.flags = RPC_LONG,
		.help = "Load a pack aside and say everything that is wrong with it; nothing changes.",
		.returns = "{ok, errors=[{file, line, column, message, message_zh, cure, cure_zh}], specs, "
			   "rules, uncovered, uncovered_at}"},
	{.name = "rules.reload",
		.handler = rules_reload,
		.roles = RULE_ROLES,
		.flags = RPC_LONG,
		.help = "Load the rules folder; a pack that fails changes nothing.",
		.returns = "as rules.status"},
	{.name = "rules.rollback",
		.handler = rules_rollback,
		RPC_ARGS(rollback_args),
		.roles = RULE_ROLES,
		.flags = RPC_LONG,
		.help = "Take an earlier generation again; it gets the next number.",
		.returns = "as rules.status"},
	{.name = "rules.try",
		.handler = rules_try,
		RPC_ARGS(try_args),
		.roles = RULE_ROLES,
		.help = "What the rules would make of a complaint, and why; nothing is stored.",
		.returns =
			"{generation, now, ticket, clocks=[{name, goal, unit, due?, statutory?}], advice?, "
			"duplicate_of?, "
			"refuse?, failed?, because=[{rule, line, because?}], not?=[{rule, line, failed}]}"},
	{.name = "catalog.get",
		.handler = catalog_get,
		.roles = ROLE_ANY,
		.help = "What the pack declares: kinds, stages, actions, categories, channels, cities, "
			"queues, clocks, grades.",
		.returns = "the catalog"},
};

void rules_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
