/* `host`: what the words get from C (tocsin/rules.h lists it), apart from texts and tables. */
#include <stdio.h>
#include <string.h>

#include "host_int.h"
#include "lua_value.h"
#include "match.h"
#include "tocsin/calendar.h"
#include "tocsin/civil.h"
#include "view.h"

#define FROZEN_BYTES_MAX ((size_t)64 * 1024)

/* ---- files --------------------------------------------------------------------------------------------- */
void host_compile(lua_State *L, const struct pack_file *f)
{
	char chunk[PACK_NAME_MAX + 2];

	snprintf(chunk, sizeof(chunk), "@%s", f->name);
	if (luaL_loadbufferx(L, f->bytes.p, f->bytes.n, chunk, "t") != LUA_OK)
		lua_error(L);
	lua_insert(L, -2);
	lua_setupvalue(L, -2, 1); /* _ENV, the only upvalue of a chunk */
}

static const struct pack_file *file_of(lua_State *L, const char *name)
{
	const struct generation *g = generation_of(L);

	if (g->files == NULL)
		luaL_error(L, "%s can only be read while the pack loads", name);
	return pack_find(g->files, name);
}

/* host.lib(name): upvalue 1 holds what was run already. */
static int l_lib(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	const struct pack_file *f;
	char path[PACK_NAME_MAX];

	lua_settop(L, 1);
	lua_pushvalue(L, 1);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TBOOLEAN)
		return luaL_error(L, "lib/%s.lua needs itself", name);
	if (!lua_isnil(L, -1))
		return 1;
	snprintf(path, sizeof(path), "lib/%s.lua", name);
	f = file_of(L, path);
	if (f == NULL)
		return luaL_error(L, "there is no %s", path);
	lua_pushvalue(L, 1);
	lua_pushboolean(L, 1);
	lua_rawset(L, lua_upvalueindex(1));
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.env);
	host_compile(L, f);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.host);
	lua_call(L, 1, 1);
	if (lua_type(L, -1) != LUA_TTABLE)
		return luaL_error(L, "%s returned a %s, expected a table", path, luaL_typename(L, -1));
	lua_pushvalue(L, 1);
	lua_pushvalue(L, -2);
	lua_rawset(L, lua_upvalueindex(1));
	return 1;
}

static int l_file(lua_State *L)
{
	const struct pack_file *f = file_of(L, luaL_checkstring(L, 1));

	if (f == NULL)
		return 0;
	lua_pushlstring(L, f->bytes.p, f->bytes.n);
	return 1;
}

/* pack.lua first of each folder, examples last, the base before the pack's own. */
static int file_rank(const struct pack_files *p, const char *name)
{
	const char *slash = strrchr(name, '/'), *leaf = slash == NULL ? name : slash + 1;
	size_t n = strlen(name);
	int rank = pack_is_base_file(p, name) ? 0 : 3;

	if (strcmp(leaf, "pack.lua") == 0)
		return rank;
	if (n > 9 && strcmp(name + n - 9, "_spec.lua") == 0)
		return 6;
	return rank + 1;
}

static void push_files(lua_State *L, const struct pack_files *p)
{
	lua_Integer i = 0;

	lua_createtable(L, (int)p->n_files, 0);
	for (int rank = 0; rank <= 6; rank++)
		for (uint32_t k = 0; k < p->n_files; k++) {
			const char *name = p->files[k].name;

			if (strncmp(name, "lib/", 4) == 0 || file_rank(p, name) != rank)
				continue;
			lua_pushstring(L, name);
			lua_rawseti(L, -2, ++i);
		}
}

/* ---- places -------------------------------------------------------------------------------------------- */
/* host.where(level), or without a level: the nearest line of the pack itself. */
static int l_where(lua_State *L)
{
	char file[128];
	lua_Debug ar;
	int line = 0;

	if (lua_isnoneornil(L, 1)) {
		if (vm_place(L, 1, file, sizeof(file), &line))
			lua_pushfstring(L, "%s:%d", file, line);
		else
			lua_pushliteral(L, "");
		return 1;
	}
	if (lua_getstack(L, (int)luaL_checkinteger(L, 1), &ar) == 0 || lua_getinfo(L, "Sl", &ar) == 0 ||
		ar.currentline <= 0)
		lua_pushliteral(L, "");
	else
		lua_pushfstring(
			L, "%s:%d", ar.source[0] == '@' ? ar.source + 1 : ar.short_src, ar.currentline);
	return 1;
}

/* ---- time ---------------------------------------------------------------------------------------------- */
static void set_int(lua_State *L, const char *key, int64_t v)
{
	lua_pushinteger(L, v);
	lua_setfield(L, -2, key);
}

/* The minute of the local day; where the zone's offset changes, the latest that has come. */
static int minute_of(int32_t day, int64_t at_ms)
{
	int low = 0, high = DAY_MINUTES - 1;
	int64_t plain = (at_ms - civil_instant(day, 0)) / 60000;

	if (plain >= 0 && plain < high && civil_instant(day, (int)plain) <= at_ms &&
		civil_instant(day, (int)plain + 1) > at_ms)
		return (int)plain;
	while (low < high) {
		int mid = (low + high + 1) / 2;

		if (civil_instant(day, mid) <= at_ms)
			low = mid;
		else
			high = mid - 1;
	}
	return low;
}

static int l_civil(lua_State *L)
{
	lua_Integer at_ms = luaL_checkinteger(L, 1);
	int year, month, mday, minute;
	char date[16];
	int32_t day;

	if (at_ms < 0 || at_ms > INT64_C(7258118400000)) /* 2200-01-01 */
		return luaL_error(L, "civil: %I ms is not between 1970 and 2199", at_ms);
	day = civil_day_of(at_ms);
	civil_split(day, &year, &month, &mday);
	minute = minute_of(day, at_ms);
	lua_createtable(L, 0, 8);
	set_int(L, "year", year);
	set_int(L, "month", month);
	set_int(L, "day", mday);
	set_int(L, "hour", minute / 60);
	set_int(L, "minute", minute % 60);
	set_int(L, "weekday", civil_weekday(day) + 1);
	set_int(L, "minute_of_day", minute);
	lua_pushstring(L, civil_format(day, date));
	lua_setfield(L, -2, "date");
	return 1;
}

/* Nothing in here jumps between making the calendar and freeing it. */
static int due(const struct value *data, int64_t from_ms, int64_t goal, const char *unit_text,
	int64_t *due_ms, struct err *e)
{
	struct calendar *c = NULL;
	enum unit unit;
	int rc;

	if (unit_parse(unit_text, &unit, e) != 0)
		return -1;
	if (data->type != VALUE_NIL && (c = calendar_from_value("calendar", data, e)) == NULL)
		return -1;
	rc = period_check(c != NULL, from_ms, goal, unit, e);
	if (rc == 0)
		rc = calendar_due(c, from_ms, goal, unit, due_ms, e);
	calendar_free(c);
	return rc;
}

/* host.due(calendar_data or nil, from, goal, unit) → due ms, or nil and why. */
static int l_due(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct arena_mark mark = arena_mark(&g->arena);
	lua_Integer from_ms = luaL_checkinteger(L, 2), goal = luaL_checkinteger(L, 3);
	const char *unit = luaL_checkstring(L, 4);
	struct value data = value_nil;
	int64_t due_ms;
	struct err e;
	int rc;

	vm_charge(L, 1000);
	if (!lua_isnil(L, 1))
		value_from_lua(L, 1, &g->arena, "calendar", (size_t)1 << 20, &data);
	rc = due(&data, from_ms, goal, unit, &due_ms, &e);
	arena_rewind(&g->arena, mark);
	if (rc != 0) {
		lua_pushnil(L);
		lua_pushstring(L, e.text);
		return 2;
	}
	lua_pushinteger(L, due_ms);
	return 1;
}

/* ---- running and marking ------------------------------------------------------------------------------- */
/* What f may use: the steps of one decision, and never all that is left, so that its caller can go on. */
static uint64_t try_steps(const struct vm *vm, uint64_t decision)
{
	uint64_t bound = vm->steps_try > 0 ? vm->steps_try : vm->steps_max;
	uint64_t most = bound > vm->steps ? (bound - vm->steps) / 4 * 3 : 0;

	return most < decision ? most : decision;
}

/* While the examples run, a rule without end is a finding of its own, once for its line. False: too many of
 * them. */
static bool note_endless(struct generation *g, uint64_t limit)
{
	const struct rules_error *f = &g->vm.fault;
	struct rules_error *found;

	if (g->report == NULL)
		return true;
	for (uint32_t i = 0; i < g->report->n_errors; i++)
		if (g->report->errors[i].line == f->line && strcmp(g->report->errors[i].file, f->file) == 0)
			return ++g->n_endless < ENDLESS_MAX;
	found = rules_report_add(g->report);
	fault_set(found, f->file, f->line, 0, OVER_STEPS_EN, (uintmax_t)limit);
	fault_zh(found, OVER_STEPS_ZH, (uintmax_t)limit);
	return ++g->n_endless < ENDLESS_MAX;
}

int push_failure(lua_State *L)
{
	lua_pushboolean(L, 0);
	if (lua_type(L, -2) == LUA_TSTRING)
		lua_pushvalue(L, -2);
	else
		lua_pushfstring(L, "an error that is a %s, not a text", luaL_typename(L, -2));
	return 2;
}

/* host.try(f, ...) → true, results… | false, message. */
static int l_try(lua_State *L)
{
	struct vm *vm = vm_of(L);
	struct generation *g = generation_of(L);
	uint64_t outer = vm->steps_try, limit = try_steps(vm, g->limits.steps);
	char text[400];
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	vm->steps_try = vm->steps + limit;
	status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
	vm->steps_try = outer;
	if (status == LUA_OK && vm->over == OVER_NOT)
		return lua_gettop(L);
	if (vm->over == OVER_STEPS && vm->steps < (outer > 0 ? outer : vm->steps_max) &&
		note_endless(g, limit)) {
		snprintf(text, sizeof(text), "%s:%d: " OVER_STEPS_EN, vm->fault.file, vm->fault.line,
			(uintmax_t)limit);
		vm_resume(L);
		lua_pushstring(L, text);
		return push_failure(L);
	}
	vm_rethrow_if_over(L, status);
	return push_failure(L);
}

static int mark(lua_State *L, const void *key)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	if (lua_getmetatable(L, 1))
		return luaL_error(L, "a table with a metatable cannot be marked");
	lua_rawgetp(L, LUA_REGISTRYINDEX, key);
	lua_setmetatable(L, 1);
	return 1;
}

static int l_list(lua_State *L)
{
	return mark(L, &vm_keys.list);
}

static int l_map(lua_State *L)
{
	return mark(L, &vm_keys.map);
}

/* host.freeze(t) → t: made a value once, and that whenever it stands in a decision; it must not change any
 * more. */
static int l_freeze(lua_State *L)
{
	struct value *v = generation_alloc(L, sizeof(*v));

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 1);
	value_from_lua(L, 1, &generation_of(L)->arena, "frozen", FROZEN_BYTES_MAX, v);
	lua_createtable(L, 0, 2);
	lua_pushlightuserdata(L, v);
	lua_rawsetp(L, -2, &vm_keys.frozen);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, 1);
	return 1;
}

static void open_mark(lua_State *L, const void *key)
{
	lua_createtable(L, 0, 1);
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void host_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"file", l_file}, {"csv", l_csv}, {"where", l_where},
		{"civil", l_civil}, {"due", l_due}, {"try", l_try}, {"list", l_list}, {"map", l_map},
		{"freeze", l_freeze}, {"sorted_pairs", l_pairs}, {"play", l_play},
		{"tail_least", l_tail_least}, {NULL, NULL}};

	open_mark(L, &vm_keys.list);
	open_mark(L, &vm_keys.map);
	luaL_newlib(L, functions);
	text_open(L);
	view_open(L);
	match_open(L);
	lua_newtable(L);
	lua_pushcclosure(L, l_lib, 1);
	lua_setfield(L, -2, "lib");
	push_files(L, generation_of(L)->files);
	lua_setfield(L, -2, "files");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_keys.host);
}
