/*
 * Rules with a memory, found at their source: every variable that a function of the pack has from outside
 * itself is noted before the examples run and looked at again afterwards. Rules are pure, so none may have
 * changed; a table is compared by its contents.
 *
 * The functions are found by walking everything that can be reached from `lib`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host_int.h"
#include "tocsin/util.h"

#define DIGEST_DEPTH_MAX 6

/* Registry: variable (lua_upvalueid) → digest. */
static const char noted_key;

struct watch {
	struct rules_report *report;
	bool is_after;
	lua_Integer n_queued;
	int seen, queue, noted; /* stack indexes */
	uint32_t first;         /* finding of this walk */
};

/* Of the value on top; a table's does not depend on the order of its keys. */
static uint64_t digest(lua_State *L, int depth)
{
	int type = lua_type(L, -1);
	uint64_t h = hash_add(HASH_START, &type, sizeof(type));
	lua_Number f;
	size_t n;

	if (type == LUA_TSTRING) {
		const char *text = lua_tolstring(L, -1, &n);

		return hash_add(h, text, n);
	}
	if (type == LUA_TNUMBER) {
		f = lua_tonumber(L, -1);
		return hash_add(h, &f, sizeof(f));
	}
	if (type == LUA_TBOOLEAN)
		return h + (uint64_t)lua_toboolean(L, -1);
	if (type != LUA_TTABLE || depth == DIGEST_DEPTH_MAX)
		return h;
	luaL_checkstack(L, 4, "digest");
	for (lua_pushnil(L); lua_next(L, -2) != 0;) {
		uint64_t value = digest(L, depth + 1);

		lua_pop(L, 1);
		h += hash_add(digest(L, depth + 1), &value, sizeof(value));
		vm_charge(L, 1);
	}
	return h;
}

/* Pop a value; queue it if there is something behind it that was not seen yet. */
static void enqueue(lua_State *L, struct watch *w)
{
	int type = lua_type(L, -1);

	if (type != LUA_TTABLE && type != LUA_TFUNCTION) {
		lua_pop(L, 1);
		return;
	}
	lua_pushvalue(L, -1);
	if (lua_rawget(L, w->seen) != LUA_TNIL) {
		lua_pop(L, 2);
		return;
	}
	lua_pop(L, 1);
	lua_pushvalue(L, -1);
	lua_pushboolean(L, 1);
	lua_rawset(L, w->seen);
	lua_rawseti(L, w->queue, ++w->n_queued);
	vm_charge(L, 1);
}

static void add_changed(struct watch *w, const lua_Debug *ar, const char *name)
{
	struct rules_error *f = rules_report_add(w->report);

	fault_set(f, ar->source + 1, ar->linedefined, 0,
		"%s, which stands outside of this function, was changed while the examples ran: a rule keeps "
		"something "
		"in mind",
		name);
	fault_zh(f, "函数之外的变量 %s 在用例运行时被改写：规则不能记住东西", name);
	fault_cure(f, "write local %s inside the function", name);
	fault_cure_zh(f, "请在函数里写 local %s", name);
}

/* The variable on top belongs to a function of the pack: note it, or compare it. */
static void watch_variable(lua_State *L, struct watch *w, const lua_Debug *ar, const char *name, void *id)
{
	lua_Integer now = (lua_Integer)digest(L, 0);

	lua_rawgetp(L, w->noted, id);
	if (!w->is_after) {
		lua_pushinteger(L, now);
		lua_rawsetp(L, w->noted, id);
	} else if (lua_isinteger(L, -1) && lua_tointeger(L, -1) != now) {
		add_changed(w, ar, name);
		lua_pushnil(L); /* told once, though several functions may share it */
		lua_rawsetp(L, w->noted, id);
	}
	lua_pop(L, 1);
}

static void walk_function(lua_State *L, struct watch *w, int at)
{
	const char *name;
	lua_Debug ar;
	bool is_pack;

	lua_pushvalue(L, at);
	lua_getinfo(L, ">S", &ar);
	is_pack = ar.source[0] == '@' && strncmp(ar.source, "@lib/", 5) != 0;
	for (int i = 1; (name = lua_getupvalue(L, at, i)) != NULL; i++) {
		if (is_pack && strcmp(name, "_ENV") != 0)
			watch_variable(L, w, &ar, name, lua_upvalueid(L, at, i));
		enqueue(L, w);
	}
}

static void walk_table(lua_State *L, struct watch *w, int at)
{
	if (lua_getmetatable(L, at))
		enqueue(L, w);
	for (lua_pushnil(L); lua_next(L, at) != 0;) {
		enqueue(L, w);
		lua_pushvalue(L, -1);
		enqueue(L, w);
	}
}

static int error_cmp(const void *a, const void *b)
{
	const struct rules_error *x = a, *y = b;
	int c = strcmp(x->file, y->file);

	if (c == 0)
		c = (x->line > y->line) - (x->line < y->line);
	return c != 0 ? c : strcmp(x->message, y->message);
}

static int l_watch(lua_State *L)
{
	struct watch *w = lua_touserdata(L, 1);

	lua_newtable(L);
	w->seen = lua_gettop(L);
	lua_newtable(L);
	w->queue = lua_gettop(L);
	if (lua_rawgetp(L, LUA_REGISTRYINDEX, &noted_key) == LUA_TNIL) {
		lua_newtable(L);
		lua_pushvalue(L, -1);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &noted_key);
		lua_remove(L, -2);
	}
	w->noted = lua_gettop(L);
	w->first = w->report->n_errors;
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.lib);
	enqueue(L, w);
	for (lua_Integer i = 1; i <= w->n_queued; i++) {
		int type = lua_rawgeti(L, w->queue, i), at = lua_gettop(L);

		if (type == LUA_TTABLE)
			walk_table(L, w, at);
		else
			walk_function(L, w, at);
		lua_settop(L, w->noted);
	}
	if (w->report->n_errors > w->first) /* found in the order of the hash tables */
		qsort(&w->report->errors[w->first], w->report->n_errors - w->first,
			sizeof(w->report->errors[0]), error_cmp);
	if (w->is_after) {
		lua_pushnil(L);
		lua_rawsetp(L, LUA_REGISTRYINDEX, &noted_key);
	}
	return 0;
}

int memory_watch(struct generation *g, struct rules_report *report, bool is_after)
{
	struct watch w = {.report = report, .is_after = is_after};
	struct err e;

	if (vm_call(&g->vm, l_watch, &w, &e) == 0)
		return 0;
	*rules_report_add(report) = g->vm.fault;
	return -1;
}
