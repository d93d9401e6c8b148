/* A generation: one pack, loaded, checked and frozen in a lua_State of its own. */
#include <stdlib.h>
#include <string.h>

#include "host_int.h"
#include "lua_value.h"
#include "tocsin/clock.h"
#include "tocsin/watch.h"
#include "view.h"

#define STEPS 200000
#define LOAD_STEPS 50000000
#define BYTES ((size_t)64 * 1024 * 1024)
#define WALL_US 50000
#define LOAD_CHURN 32 /* times `bytes` that loading may ask for in all */
#define SCRATCH_KEEP ((size_t)64 * 1024)
#define DECISION_BYTES_MAX ((size_t)1024 * 1024)
/*
 * The collector rests while Lua decides and steps afterwards. A cycle begins when the heap is ten times what
 * was live, so that marking the pack, which never changes, costs each of the thousands of decisions between
 * next to nothing.
 */
#define GC_PAUSE 1000

/* ---- making -------------------------------------------------------------------------------------------- */
static struct rules_limits with_defaults(const struct rules_limits *limits)
{
	struct rules_limits l = {0};

	if (limits != NULL)
		l = *limits;
	l.steps = l.steps > 0 ? l.steps : STEPS;
	l.load_steps = l.load_steps > 0 ? l.load_steps : LOAD_STEPS;
	l.bytes = l.bytes > 0 ? l.bytes : BYTES;
	l.wall_us = l.is_deterministic ? 0 : l.wall_us > 0 ? l.wall_us : WALL_US;
	return l;
}

static int build(struct generation *g, struct rules_report *report, struct err *e)
{
	if (vm_init(&g->vm, g->limits.bytes, e) != 0)
		return -1;
	g->vm.udata = g;
	vm_budget(&g->vm, g->limits.load_steps, g->limits.bytes * LOAD_CHURN, 0);
	vm_arm(&g->vm);
	lua_gc(g->vm.L, LUA_GCINC, 200, 0, 0);
	if (generation_load(g, report) != 0)
		return fault_to_err(&report->errors[0], "load", e);
	g->files = NULL;
	lua_gc(g->vm.L, LUA_GCCOLLECT);
	lua_gc(g->vm.L, LUA_GCINC, GC_PAUSE, 0, 0);
	lua_gc(g->vm.L, LUA_GCSTOP);
	return 0;
}

int generation_new(struct generation **out, const struct pack_files *files, const struct rules_limits *limits,
	struct rules_report *report, struct err *e)
{
	struct generation *g = calloc(1, sizeof(*g));
	int64_t began_us = clock_mono_us();
	int rc;

	must(g != NULL);
	memset(report, 0, sizeof(*report));
	arena_init(&report->arena, 0);
	arena_init(&g->arena, 0);
	arena_init(&g->scratch, SCRATCH_KEEP);
	g->limits = with_defaults(limits);
	g->files = files;
	memcpy(g->sha, files->sha, SHA256_LEN);
	rc = build(g, report, e);
	if (rc != 0 && report->n_errors == 0)
		fault_set(rules_report_add(report), "pack.lua", 0, 0, "%s", e->text);
	report->took_us = clock_mono_us() - began_us;
	if (rc == 0)
		*out = g;
	else
		generation_free(g);
	return rc;
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	vm_fini(&g->vm);
	watches_free(g->watches);
	arena_fini(&g->arena);
	arena_fini(&g->scratch);
	free(g);
}

/* ---- asking -------------------------------------------------------------------------------------------- */
struct question {
	const char *point, *rule;
	const struct value *facts;
	struct arena *arena;
	struct value *out;
};

int push_lib(lua_State *L, const char *name)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.lib);
	lua_pushstring(L, name);
	lua_rawget(L, -2);
	lua_remove(L, -2);
	return lua_type(L, -1);
}

static int l_ask(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);

	if (push_lib(L, "ask") != LUA_TTABLE)
		return luaL_error(L, "the words have no lib.ask");
	lua_pushstring(L, q->point);
	if (lua_rawget(L, -2) != LUA_TFUNCTION)
		return luaL_error(L, "the pack decides nothing at \"%s\"", q->point);
	view_push_facts(L, q->facts);
	generation_of(L)->out = q->arena;
	lua_call(L, 1, 2);
	if (lua_type(L, -2) != LUA_TTABLE)
		return luaL_error(L, "decision: a %s, expected a table", luaL_typename(L, -2));
	value_from_lua(L, -2, q->arena, "decision", DECISION_BYTES_MAX, q->out);
	if (!lua_isnil(L, -1))
		view_finish(generation_of(L), view_check(L, -1), q->arena, q->out);
	return 0;
}

static int l_explain(lua_State *L)
{
	struct question *q = lua_touserdata(L, 1);

	if (push_lib(L, "explain") != LUA_TFUNCTION)
		return luaL_error(L, "the words have no lib.explain");
	lua_pushstring(L, q->point);
	view_push_facts(L, q->facts);
	if (q->rule == NULL)
		lua_pushnil(L);
	else
		lua_pushstring(L, q->rule);
	lua_call(L, 3, 1);
	value_from_lua(L, -1, q->arena, "because", DECISION_BYTES_MAX, q->out);
	return 0;
}

static int ask(struct generation *g, lua_CFunction fn, struct question *q, unsigned times, struct err *e)
{
	int rc;

	arena_reset(&g->scratch);
	g->out = NULL;
	g->serial++;
	vm_budget(&g->vm, g->limits.steps * times, 2 * g->limits.bytes, g->limits.wall_us * times);
	if (!g->is_trusted)
		vm_arm(&g->vm);
	rc = vm_call(&g->vm, fn, q, e);
	g->last_steps = g->vm.steps < g->vm.steps_max ? g->vm.steps : g->vm.steps_max;
	lua_gc(g->vm.L, LUA_GCSTEP, 1); /* pays what was borrowed */
	return rc;
}

int generation_ask(struct generation *g, const char *point, const struct value *facts, struct arena *arena,
	struct value *decision, struct err *e)
{
	struct question q = {point, NULL, facts, arena, decision};

	return ask(g, l_ask, &q, 1, e);
}

int generation_explain(struct generation *g, const char *point, const struct value *facts, const char *rule,
	struct arena *arena, struct value *out, struct err *e)
{
	struct question q = {point, rule, facts, arena, out};

	return ask(g, l_explain, &q, 10, e);
}

/* ---- looking ------------------------------------------------------------------------------------------- */
const uint8_t *generation_sha(const struct generation *g)
{
	return g->sha;
}

const struct value *generation_catalog(const struct generation *g)
{
	return &g->catalog;
}

bool generation_says(const struct generation *g, const char *text)
{
	return arena_holds(&g->arena, text);
}

const struct value *generation_rules(const struct generation *g)
{
	return &g->rules;
}

size_t generation_bytes(const struct generation *g)
{
	return g->vm.bytes + g->arena.total + g->scratch.total;
}

void *generation_alloc(lua_State *L, size_t n)
{
	struct generation *g = generation_of(L);

	if (n > g->limits.bytes || generation_bytes(g) > g->limits.bytes - n)
		luaL_error(L, "more than %d KiB of memory", (int)(g->limits.bytes / 1024));
	return arena_alloc(&g->arena, n);
}

uint64_t generation_last_steps(const struct generation *g)
{
	return g->last_steps;
}
