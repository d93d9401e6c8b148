/*
 * The sandbox: an allow-list of libraries, a counting allocator, and a budget of VM instructions.
 *
 * A count hook does not see C functions run, so those that can run long on a short argument (pattern
 * matching, string.rep) work only for the words in lua/lib, which are ours; a pack gets has_word and its kin.
 * When the budget is spent the hook re-arms itself for every instruction, so that a pcall in a rule cannot
 * carry on (measured: without that, 20,000 times). There are no finalizers: packs have no setmetatable, and
 * the one that lib gets refuses __gc, for those run with hooks off.
 */
#include <lauxlib.h>
#include <lualib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rules_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define HOOK_STEPS 1000
#define REP_BYTES_MAX (64 * 1024)

/* ---- memory
 * -------------------------------------------------------------------------------------------------------- */
static void *allocate(void *udata, void *p, size_t old_n, size_t n)
{
	struct generation *g = udata;
	size_t had = p == NULL ? 0 : old_n;
	void *q;

	if (n == 0) {
		free(p);
		g->bytes -= had;
		return NULL;
	}
	if (n > had && g->bytes + (n - had) > g->max_bytes)
		return NULL; /* Lua collects and asks again, then raises; only growing may fail */
	q = realloc(p, n);
	if (q != NULL)
		g->bytes = g->bytes + n - had;
	return q;
}

/* ---- budget
 * -------------------------------------------------------------------------------------------------------- */
static void on_count(lua_State *L, lua_Debug *ar)
{
	struct generation *g = generation_of(L);
	const char *why;

	if (!g->is_spent) {
		g->steps_left = g->steps_left > HOOK_STEPS ? g->steps_left - HOOK_STEPS : 0;
		if (g->steps_left == 0)
			why = "the budget of instructions is spent; is there an endless loop?";
		else if (!g->limits.is_deterministic && clock_mono_us() > g->until_us)
			why = "the time for one decision is over";
		else
			return;
		g->is_spent = true;
		lua_getinfo(L, "Sl", ar);
		snprintf(
			g->spent_why, sizeof(g->spent_why), "%s:%d: %s", ar->short_src, ar->currentline, why);
		lua_sethook(L, on_count, LUA_MASKCOUNT, 1);
	}
	lua_pushstring(L, g->spent_why);
	lua_error(L);
}

void budget_start(struct generation *g, uint64_t steps)
{
	g->steps_given = g->steps_left = steps;
	g->is_spent = false;
	g->spent_why[0] = '\0';
	g->until_us = clock_mono_us() + (steps > g->limits.steps ? 60 * 1000000 : g->limits.wall_us);
	lua_sethook(g->L, on_count, LUA_MASKCOUNT, HOOK_STEPS);
}

/* ---- library functions, guarded
 * ------------------------------------------------------------------------------------- */
/* Whether the Lua function that called us is one of the words (chunk names "@lib/…"). */
static bool is_called_by_lib(lua_State *L)
{
	lua_Debug ar;

	return lua_getstack(L, 1, &ar) != 0 && lua_getinfo(L, "S", &ar) != 0 &&
	       strncmp(ar.source, "@lib/", 5) == 0;
}

/* Upvalues: the real function, its name. */
static int l_only_lib(lua_State *L)
{
	if (!is_called_by_lib(L))
		return luaL_error(L, "%s is not for rules; use has_word, starts_with, any_of …",
			lua_tostring(L, lua_upvalueindex(2)));
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

static int l_rep(lua_State *L)
{
	size_t n;
	lua_Integer times = luaL_checkinteger(L, 2);

	luaL_checklstring(L, 1, &n);
	if (times > 0 && n > 0 && (size_t)times > REP_BYTES_MAX / n)
		return luaL_error(L, "string.rep: more than %d bytes", REP_BYTES_MAX);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, 1);
	return 1;
}

static int l_setmetatable(lua_State *L)
{
	static const char *const refused[] = {"__gc", "__close", "__mode"};

	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_istable(L, 2))
		for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
			lua_pushstring(L, refused[i]);
			if (lua_rawget(L, 2) != LUA_TNIL)
				return luaL_error(L, "setmetatable: %s is refused", refused[i]);
			lua_pop(L, 1);
		}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

static void guard(lua_State *L, const char *library, const char *name, lua_CFunction with)
{
	lua_getfield(L, -1, name);
	lua_pushfstring(L, "%s.%s", library, name);
	lua_pushcclosure(L, with, 2);
	lua_setfield(L, -2, name);
}

static void drop(lua_State *L, const char *const *names)
{
	for (; *names != NULL; names++) {
		lua_pushnil(L);
		lua_setfield(L, -2, *names);
	}
}

static void open_string(lua_State *L)
{
	static const char *const patterns[] = {"find", "match", "gmatch", "gsub", NULL};

	luaL_requiref(L, "string", luaopen_string, 1);
	drop(L, (const char *const[]){"dump", "pack", "unpack", "packsize", NULL});
	for (const char *const *p = patterns; *p != NULL; p++)
		guard(L, "string", *p, l_only_lib);
	guard(L, "string", "rep", l_rep);
	lua_pop(L, 1);
	lua_pushliteral(L, "");
	lua_getmetatable(L, -1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pop(L, 2);
}

/* Protected, for opening libraries allocates. */
static int l_open(lua_State *L)
{
	luaL_requiref(L, "_G", luaopen_base, 1);
	drop(L, (const char *const[]){
			"load", "loadfile", "dofile", "collectgarbage", "print", "warn", "_G", NULL});
	lua_pushcfunction(L, l_setmetatable);
	lua_setfield(L, -2, "setmetatable");
	lua_pop(L, 1);
	luaL_requiref(L, "table", luaopen_table, 1);
	guard(L, "table", "move", l_only_lib);
	lua_pop(L, 1);
	luaL_requiref(L, "math", luaopen_math, 1);
	drop(L, (const char *const[]){"random", "randomseed", NULL});
	lua_pop(L, 1);
	luaL_requiref(L, "utf8", luaopen_utf8, 1);
	lua_pop(L, 1);
	open_string(L);
	return 0;
}

static int on_panic(lua_State *L)
{
	log_line(LOG_ERROR, "rules.panic", "error=\"%s\"",
		lua_tostring(L, -1) == NULL ? "?" : lua_tostring(L, -1));
	never("an unprotected error in Lua");
}

lua_State *sandbox_new(struct generation *g)
{
	lua_State *L = lua_newstate(allocate, g);

	if (L == NULL)
		return NULL;
	*(struct generation **)lua_getextraspace(L) = g;
	lua_atpanic(L, on_panic);
	lua_pushcfunction(L, l_open);
	if (lua_pcall(L, 0, 0, 0) != LUA_OK) {
		lua_close(L);
		return NULL;
	}
	return L;
}

/* ---- the door
 * ------------------------------------------------------------------------------------------------------- */
static void word_error(struct generation *g, int status)
{
	const char *text = lua_type(g->L, -1) == LUA_TSTRING ? lua_tostring(g->L, -1) : NULL;

	if (status == LUA_ERRMEM)
		snprintf(g->error, sizeof(g->error), "the rules need more than %zu MiB of memory",
			g->max_bytes / (1024 * 1024));
	else if (text == NULL)
		snprintf(g->error, sizeof(g->error), "a rule raised a %s instead of a text",
			luaL_typename(g->L, -1));
	else
		snprintf(g->error, sizeof(g->error), "%s", text);
	g->error[utf8_clip(g->error, strlen(g->error))] = '\0';
	for (char *p = g->error; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20)
			*p = ' ';
}

int door(struct generation *g, lua_CFunction fn, void *udata, struct err *e)
{
	int top = lua_gettop(g->L), status;

	lua_pushcfunction(g->L, fn); /* light, does not allocate */
	lua_pushlightuserdata(g->L, udata);
	status = lua_pcall(g->L, 1, 0, 0);
	if (status == LUA_OK && g->is_spent) { /* swallowed by a pcall on its way out */
		lua_pushstring(g->L, g->spent_why);
		status = LUA_ERRRUN;
	}
	if (status != LUA_OK)
		word_error(g, status);
	lua_settop(g->L, top);
	return status == LUA_OK ? 0 : err_set(e, ERR_REJECTED, "%s", g->error);
}
