/* Values to Lua and back. Everything here may raise, so it owns nothing but arena memory. */
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rules_int.h"

#define DEPTH_MAX 32
#define ITEMS_MAX 20000

void value_push_lua(lua_State *L, const struct value *v)
{
	luaL_checkstack(L, 4, "facts are too deep");
	switch ((enum value_type)v->type) {
	case VALUE_BOOL:
		lua_pushboolean(L, v->as.b);
		break;
	case VALUE_INT:
		lua_pushinteger(L, v->as.i);
		break;
	case VALUE_UINT:
		lua_pushnumber(L, (double)v->as.u);
		break;
	case VALUE_FLOAT:
		lua_pushnumber(L, v->as.f);
		break;
	case VALUE_TEXT:
	case VALUE_BIN:
		lua_pushlstring(L, v->as.text, v->n);
		break;
	case VALUE_ARRAY:
		lua_createtable(L, (int)v->n, 0);
		for (uint32_t i = 0; i < v->n; i++) {
			value_push_lua(L, &v->as.items[i]);
			lua_rawseti(L, -2, (lua_Integer)i + 1);
		}
		break;
	case VALUE_MAP:
		lua_createtable(L, 0, (int)v->n);
		for (uint32_t i = 0; i < v->n; i++) {
			if (v->as.pairs[i].key.type != VALUE_TEXT)
				continue;
			lua_pushlstring(L, v->as.pairs[i].key.as.text, v->as.pairs[i].key.n);
			value_push_lua(L, &v->as.pairs[i].val);
			lua_rawset(L, -3);
		}
		break;
	case VALUE_NIL:
	case VALUE_EXT:
		lua_pushnil(L);
		break;
	}
}

/* Where in the decision we are, for messages: "set.queue". */
struct path {
	const struct path *up;
	const char *key;
	lua_Integer index;
};

static void path_text(const struct path *p, char *out, size_t size)
{
	size_t n;

	if (p == NULL || size < 2) {
		out[0] = '\0';
		return;
	}
	path_text(p->up, out, size);
	n = strlen(out);
	if (p->key != NULL)
		snprintf(out + n, size - n, "%s%s", n > 0 ? "." : "", p->key);
	else
		snprintf(out + n, size - n, "[%d]", (int)p->index);
}

static struct value from_lua(lua_State *L, int index, struct arena *a, const struct path *path, int depth);

static int cmp_pairs(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	return slice_cmp(value_slice(&a->key), value_slice(&b->key));
}

static struct value array_from_lua(
	lua_State *L, int index, lua_Integer n, struct arena *a, const struct path *path, int depth)
{
	struct value v = value_array(a, (uint32_t)n);

	for (lua_Integer i = 1; i <= n; i++) {
		struct path here = {path, NULL, i};

		lua_rawgeti(L, index, i);
		value_push(a, &v, from_lua(L, lua_gettop(L), a, &here, depth + 1));
		lua_pop(L, 1);
	}
	return v;
}

static struct value table_from_lua(
	lua_State *L, int index, struct arena *a, const struct path *path, int depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, index);
	struct value v;
	char where[160];
	int count = 0;

	luaL_checkstack(L, 6, "the decision is too deep");
	path_text(path, where, sizeof(where));
	if (depth > DEPTH_MAX)
		luaL_error(L, "%s: more than %d levels (does the table hold itself?)", where, DEPTH_MAX);
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1))
		if (++count > ITEMS_MAX)
			luaL_error(L, "%s: more than %d items", where, ITEMS_MAX);
	if (n > 0 && n == count)
		return array_from_lua(L, index, n, a, path, depth);
	v = value_map(a, (uint32_t)count);
	for (lua_pushnil(L); lua_next(L, index) != 0; lua_pop(L, 1)) {
		struct path here = {path, NULL, 0};
		size_t key_n;
		const char *key;
		struct value item;

		if (lua_type(L, -2) != LUA_TSTRING)
			luaL_error(L, "%s: keys must be all text, or 1, 2, 3 …; found a %s", where,
				luaL_typename(L, -2));
		key = lua_tolstring(L, -2, &key_n);
		here.key = arena_text(a, key, key_n);
		item = from_lua(L, lua_gettop(L), a, &here, depth + 1);
		value_add(a, &v, here.key, item);
	}
	qsort(v.as.pairs, v.n, sizeof(struct pair), cmp_pairs);
	return v;
}

static struct value from_lua(lua_State *L, int index, struct arena *a, const struct path *path, int depth)
{
	char where[160];
	const char *text;
	size_t n;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		return value_nil;
	case LUA_TBOOLEAN:
		return value_bool(lua_toboolean(L, index) != 0);
	case LUA_TNUMBER:
		if (lua_isinteger(L, index))
			return value_int(lua_tointeger(L, index));
		if (!isfinite(lua_tonumber(L, index))) {
			path_text(path, where, sizeof(where));
			luaL_error(L, "%s is not a finite number", where);
		}
		return value_float(lua_tonumber(L, index));
	case LUA_TSTRING:
		text = lua_tolstring(L, index, &n);
		if (!utf8_valid(text, n)) {
			path_text(path, where, sizeof(where));
			luaL_error(L, "%s is not valid UTF-8", where);
		}
		return value_text(a, text, n);
	case LUA_TTABLE:
		return table_from_lua(L, index, a, path, depth);
	default:
		path_text(path, where, sizeof(where));
		luaL_error(L, "%s is a %s, which is no data", where, luaL_typename(L, index));
		return value_nil;
	}
}

struct value value_from_lua(lua_State *L, int index, struct arena *a)
{
	return from_lua(L, lua_absindex(L, index), a, NULL, 0);
}
