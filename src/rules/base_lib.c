/*
 * What Lua's own libraries are inside a generation: an allow-list, with every function that could run long,
 * remember, or show an address replaced or bounded. The words (lua/lib) see this; packs see what the words
 * give them.
 */
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

#include "host_int.h"

#define PATTERN_SUBJECT_MAX 8192
#define LIST_MAX 100000
#define SORT_MAX 10000

/* ---- base ---------------------------------------------------------------------------------------------- */
/* What has no text is named, never shown by its address: the words say of anything what it is. */
static int l_tostring(lua_State *L)
{
	luaL_checkany(L, 1);
	switch (lua_type(L, 1)) {
	case LUA_TNIL:
	case LUA_TBOOLEAN:
	case LUA_TNUMBER:
	case LUA_TSTRING:
		luaL_tolstring(L, 1, NULL);
		return 1;
	default:
		lua_pushstring(L, lua_type(L, 1) == LUA_TTABLE ? "{…}" : luaL_typename(L, 1));
		return 1;
	}
}

static int l_pcall(lua_State *L)
{
	int status;

	luaL_checkany(L, 1);
	lua_pushboolean(L, 1);
	lua_insert(L, 1);
	status = lua_pcall(L, lua_gettop(L) - 2, LUA_MULTRET, 0);
	if (status == LUA_OK)
		return lua_gettop(L);
	vm_rethrow_if_over(L, status);
	return push_failure(L);
}

static int l_setmetatable(lua_State *L)
{
	static const char *const refused[] = {"__gc", "__close", "__mode"};
	int type = lua_type(L, 2);

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
	if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
		return luaL_error(L, "cannot change a protected metatable");
	for (size_t i = 0; type == LUA_TTABLE && i < 3; i++) {
		lua_pushstring(L, refused[i]);
		if (lua_rawget(L, 2) != LUA_TNIL)
			return luaL_error(L, "%s is not allowed in a metatable", refused[i]);
		lua_pop(L, 1);
	}
	lua_settop(L, 2);
	lua_setmetatable(L, 1);
	return 1;
}

/* ---- sorted pairs -------------------------------------------------------------------------------------- */
struct sort_key {
	bool is_text, is_integer;
	lua_Integer i;
	lua_Number f;
	const char *text;
	size_t n;
	int at; /* position in the table of keys */
};

static int key_cmp(const void *a, const void *b)
{
	const struct sort_key *x = a, *y = b;

	if (x->is_text != y->is_text)
		return x->is_text ? 1 : -1;
	if (x->is_text)
		return slice_cmp(slice_of(x->text, x->n), slice_of(y->text, y->n));
	if (x->is_integer && y->is_integer)
		return (x->i > y->i) - (x->i < y->i);
	return (x->f > y->f) - (x->f < y->f);
}

/* Stack: … keys table at `keys`. Describe its i-th key. */
static void describe(lua_State *L, int keys, int i, struct sort_key *k)
{
	memset(k, 0, sizeof(*k));
	k->at = i;
	lua_rawgeti(L, keys, i);
	if (lua_type(L, -1) == LUA_TSTRING) {
		k->is_text = true;
		k->text = lua_tolstring(L, -1, &k->n);
	} else if (lua_type(L, -1) == LUA_TNUMBER) {
		k->is_integer = lua_isinteger(L, -1);
		k->i = k->is_integer ? lua_tointeger(L, -1) : 0;
		k->f = lua_tonumber(L, -1);
	} else {
		luaL_error(L, "pairs: a %s as a key has no order", luaL_typename(L, -1));
	}
	lua_pop(L, 1);
}

/* Push the keys of the table at index t, in order; returns how many. */
static int push_sorted_keys(lua_State *L, int t)
{
	struct sort_key *order;
	int n = 0, keys;

	lua_newtable(L);
	keys = lua_gettop(L);
	for (lua_pushnil(L); lua_next(L, t) != 0;) {
		lua_pop(L, 1);
		lua_pushvalue(L, -1);
		lua_rawseti(L, keys, ++n);
	}
	vm_charge(L, (size_t)n);
	if (n == 0)
		return 0;
	order = lua_newuserdatauv(L, (size_t)n * sizeof(*order), 0);
	for (int i = 0; i < n; i++)
		describe(L, keys, i + 1, &order[i]);
	qsort(order, (size_t)n, sizeof(*order), key_cmp);
	lua_createtable(L, n, 0);
	for (int i = 0; i < n; i++) {
		lua_rawgeti(L, keys, order[i].at);
		lua_rawseti(L, -2, i + 1);
	}
	lua_replace(L, keys);
	lua_settop(L, keys);
	return n;
}

/* Upvalues: table, its keys in order, how many are done. */
static int l_next_sorted(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3));

	for (;;) {
		if (lua_rawgeti(L, lua_upvalueindex(2), ++i) == LUA_TNIL)
			return 1;
		lua_pushvalue(L, -1);
		if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL)
			break;
		lua_pop(L, 2); /* taken out meanwhile */
	}
	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(3));
	return 2;
}

static int l_nothing(lua_State *L)
{
	lua_pushnil(L);
	return 1;
}

int l_pairs(lua_State *L)
{
	luaL_checkany(L, 1);
	lua_settop(L, 1);
	if (luaL_getmetafield(L, 1, "__pairs") != LUA_TNIL) {
		lua_pushvalue(L, 1);
		lua_call(L, 1, 3);
		return 3;
	}
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushnil(L);
	if (lua_next(L, 1) == 0) { /* mostly so: what an action may say and does not */
		lua_pushcfunction(L, l_nothing);
		return 1;
	}
	lua_settop(L, 1);
	lua_pushvalue(L, 1);
	push_sorted_keys(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, l_next_sorted, 3);
	return 1;
}

/* ---- string -------------------------------------------------------------------------------------------- */
/* Upvalue: Lua's own function. Matching backtracks, and no hook can stop it: short subjects, and charged. */
static int l_pattern(lua_State *L)
{
	size_t n;

	luaL_checklstring(L, 1, &n);
	luaL_checkstring(L, 2);
	if (n > PATTERN_SUBJECT_MAX)
		return luaL_error(
			L, "a pattern looks at %d bytes at most, not %d", PATTERN_SUBJECT_MAX, (int)n);
	vm_charge(L, n + n * n / 256);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
	return lua_gettop(L);
}

/* Upvalue: Lua's own string.format. %p and %a show what differs from run to run; a table has no text. */
static int l_format(lua_State *L)
{
	size_t n;
	const char *f = luaL_checklstring(L, 1, &n);
	int arg = 1, top = lua_gettop(L);

	for (const char *end = f + n; f < end; f++) {
		if (*f != '%' || ++f >= end || *f == '%')
			continue;
		while (f < end && strchr("-+ #0123456789.", *f) != NULL && *f != '\0')
			f++;
		if (f < end && (*f == 'p' || *f == 'a' || *f == 'A' || *f == 'q'))
			return luaL_error(L, "format: %%%c is not allowed", *f);
		arg++;
		if (arg <= top && lua_type(L, arg) >= LUA_TTABLE)
			return luaL_error(L, "format: a %s has no text", luaL_typename(L, arg));
	}
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, top, 1);
	return 1;
}

/* What ("x"):name is when the short list of methods has no such name: words keep all of string, packs do not.
 */
static int l_method(lua_State *L)
{
	lua_Debug ar;

	if (lua_getstack(L, 1, &ar) != 0 && lua_getinfo(L, "S", &ar) != 0 &&
		strncmp(ar.source, "@lib/", 5) == 0) {
		lua_settop(L, 2);
		lua_rawget(L, lua_upvalueindex(1));
		return 1;
	}
	return luaL_error(L, "a text has no word \"%s\"; use has_word, starts_with, any_of",
		lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : luaL_typename(L, 2));
}

/* ---- table --------------------------------------------------------------------------------------------- */
/* Upvalue: Lua's own function. Its loops are inside C: bounded lists, and charged. */
static int l_bounded(lua_State *L)
{
	int top = lua_gettop(L);

	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_rawlen(L, 1) > LIST_MAX)
		return luaL_error(L, "a list of more than %d entries", LIST_MAX);
	for (int i = 2; i <= top; i++)
		if (lua_isinteger(L, i) &&
			(lua_tointeger(L, i) > 2 * LIST_MAX || lua_tointeger(L, i) < -2 * LIST_MAX) &&
			i <= 4 && !lua_toboolean(L, lua_upvalueindex(2)))
			return luaL_error(L, "position %I is outside of a list", lua_tointeger(L, i));
	vm_charge(L, (size_t)lua_rawlen(L, 1) / 8);
	lua_pushvalue(L, lua_upvalueindex(1));
	lua_insert(L, 1);
	lua_call(L, top, LUA_MULTRET);
	return lua_gettop(L);
}

/* Does the value at index a come before the one at b, by the function at 2 or by <? */
static bool comes_before(lua_State *L, int a, int b)
{
	bool is;

	if (lua_isnil(L, 2))
		return lua_compare(L, a, b, LUA_OPLT);
	lua_pushvalue(L, 2);
	lua_pushvalue(L, a < 0 ? a - 1 : a);
	lua_pushvalue(L, b < 0 ? b - 2 : b);
	lua_call(L, 2, 1);
	is = lua_toboolean(L, -1);
	lua_pop(L, 1);
	return is;
}

/* Merge from[lo, mid) and from[mid, hi) into to; tables at stack indexes, positions from 1. */
static void merge(lua_State *L, int from, int to, lua_Integer lo, lua_Integer mid, lua_Integer hi)
{
	lua_Integer a = lo, b = mid;

	for (lua_Integer k = lo; k < hi; k++) {
		bool is_right = a >= mid;

		if (a < mid && b < hi) {
			lua_rawgeti(L, from, b);
			lua_rawgeti(L, from, a);
			is_right = comes_before(L, -2, -1);
			lua_pop(L, 2);
		}
		lua_rawgeti(L, from, is_right ? b++ : a++);
		lua_rawseti(L, to, k);
	}
}

/* Stable, so that equal entries keep their order; Lua's own sort draws pivots from the clock. */
static int l_sort(lua_State *L)
{
	lua_Integer n;
	int from = 1, to = 3;

	luaL_checktype(L, 1, LUA_TTABLE);
	lua_settop(L, 2);
	n = (lua_Integer)lua_rawlen(L, 1);
	if (n > SORT_MAX)
		return luaL_error(L, "sort: %I entries, at most %d", n, SORT_MAX);
	if (!lua_isnil(L, 2)) {
		luaL_checktype(L, 2, LUA_TFUNCTION);
		lua_rawgeti(L, 1, 1);
		if (n > 0 && comes_before(L, -1, -1))
			return luaL_error(
				L, "sort: by this function an entry comes before itself; write <, not <=");
		lua_settop(L, 2);
	}
	lua_createtable(L, (int)n, 0);
	for (lua_Integer width = 1; width < n; width *= 2) {
		vm_charge(L, (size_t)n);
		for (lua_Integer lo = 1; lo <= n; lo += 2 * width) {
			lua_Integer mid = lo + width <= n ? lo + width : n + 1;

			merge(L, from, to, lo, mid, mid + width <= n ? mid + width : n + 1);
		}
		from = 4 - from;
		to = 4 - to;
	}
	for (lua_Integer i = 1; from == 3 && i <= n; i++) {
		lua_rawgeti(L, 3, i);
		lua_rawseti(L, 1, i);
	}
	return 0;
}

/* ---- the allow-list ------------------------------------------------------------------------------------ */
/* From the table on top take `names` into a new table, which replaces it. */
static void keep(lua_State *L, const char *const *names)
{
	lua_newtable(L);
	for (; *names != NULL; names++) {
		lua_getfield(L, -2, *names);
		must(!lua_isnil(L, -1));
		lua_setfield(L, -2, *names);
	}
	lua_remove(L, -2);
}

/* Wrap functions of the table on top. */
static void wrap(lua_State *L, lua_CFunction fn, const char *const *names)
{
	for (; *names != NULL; names++) {
		lua_getfield(L, -1, *names);
		lua_pushboolean(L, strcmp(*names, "insert") == 0);
		lua_pushcclosure(L, fn, 2);
		lua_setfield(L, -2, *names);
	}
}

static void open_part(lua_State *L, lua_CFunction open, const char *const *names)
{
	lua_pushcfunction(L, open);
	lua_call(L, 0, 1);
	keep(L, names);
}

static void open_string(lua_State *L)
{
	static const char *const names[] = {"byte", "char", "find", "format", "gmatch", "gsub", "len",
		"lower", "match", "reverse", "sub", "upper", NULL};
	static const char *const methods[] = {"byte", "format", "len", "lower", "sub", "upper", NULL};
	static const char *const patterns[] = {"find", "gmatch", "gsub", "match", NULL};
	static const char *const formats[] = {"format", NULL};

	open_part(L, luaopen_string, names);
	wrap(L, l_pattern, patterns);
	wrap(L, l_format, formats);
	/* the metatable that every text shares */
	lua_newtable(L);
	lua_pushvalue(L, -2);
	keep(L, methods);
	lua_newtable(L);
	lua_pushvalue(L, -4);
	lua_pushcclosure(L, l_method, 1);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_pushliteral(L, "");
	lua_insert(L, -2);
	lua_setmetatable(L, -2);
	lua_pop(L, 1);
}

static void open_table(lua_State *L)
{
	static const char *const names[] = {"concat", "insert", "move", "pack", "remove", "unpack", NULL};
	static const char *const loops[] = {"concat", "insert", "move", "remove", "unpack", NULL};

	open_part(L, luaopen_table, names);
	wrap(L, l_bounded, loops);
	lua_pushcfunction(L, l_sort);
	lua_setfield(L, -2, "sort");
}

static int l_unknown(lua_State *L)
{
	return luaL_error(
		L, "%s is not declared", lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "this");
}

/* Seal the table on top: unknown names and new ones raise. */
static void seal(lua_State *L)
{
	lua_createtable(L, 0, 3);
	lua_pushcfunction(L, l_unknown);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, l_unknown);
	lua_setfield(L, -2, "__newindex");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_setmetatable(L, -2);
}

void base_open(lua_State *L)
{
	static const char *const base[] = {"assert", "error", "getmetatable", "ipairs", "next", "rawequal",
		"rawget", "rawlen", "rawset", "select", "tonumber", "type", NULL};
	/* no random, and nothing whose last bits differ between mathematics libraries */
	static const char *const math[] = {"abs", "ceil", "floor", "fmod", "huge", "max", "maxinteger", "min",
		"mininteger", "modf", "pi", "sqrt", "tointeger", "type", "ult", NULL};
	static const char *const utf8[] = {"char", "charpattern", "codepoint", "len", "offset", NULL};

	open_part(L, luaopen_base, base);
	lua_pushcfunction(L, l_pairs);
	lua_setfield(L, -2, "pairs");
	lua_pushcfunction(L, l_pcall);
	lua_setfield(L, -2, "pcall");
	lua_pushcfunction(L, l_setmetatable);
	lua_setfield(L, -2, "setmetatable");
	lua_pushcfunction(L, l_tostring);
	lua_setfield(L, -2, "tostring");
	open_string(L);
	lua_setfield(L, -2, "string");
	open_table(L);
	lua_setfield(L, -2, "table");
	open_part(L, luaopen_math, math);
	lua_setfield(L, -2, "math");
	open_part(L, luaopen_utf8, utf8);
	lua_setfield(L, -2, "utf8");
	seal(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_keys.env);
	/* an empty table, not nil: lua_load reads this entry from the registry's array without looking */
	lua_newtable(L);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
