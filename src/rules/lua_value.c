#include "lua_value.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm_int.h"

/* ---- into Lua ------------------------------------------------------------------------------------------ */
static void push(lua_State *L, const struct value *v, int depth);

static void push_array(lua_State *L, const struct value *v, int depth)
{
	lua_createtable(L, (int)v->n, 0);
	for (uint32_t i = 0; i < v->n; i++) {
		push(L, &v->as.items[i], depth + 1);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
}

static void push_map(lua_State *L, const struct value *v, int depth)
{
	lua_createtable(L, 0, (int)v->n);
	for (uint32_t i = 0; i < v->n; i++) {
		const struct pair *p = &v->as.pairs[i];

		if (p->val.type == VALUE_NIL || (p->key.type != VALUE_TEXT && p->key.type != VALUE_INT))
			continue;
		push(L, &p->key, depth + 1);
		push(L, &p->val, depth + 1);
		lua_rawset(L, -3);
	}
}

static void push(lua_State *L, const struct value *v, int depth)
{
	if (depth > DATA_DEPTH_MAX * 2)
		luaL_error(L, "facts nested deeper than %d", DATA_DEPTH_MAX * 2);
	luaL_checkstack(L, 4, "facts");
	switch ((enum value_type)v->type) {
	case VALUE_BOOL:
		lua_pushboolean(L, v->as.b);
		break;
	case VALUE_INT:
		lua_pushinteger(L, v->as.i);
		break;
	case VALUE_UINT:
		lua_pushnumber(L, (lua_Number)v->as.u);
		break;
	case VALUE_FLOAT:
		lua_pushnumber(L, v->as.f);
		break;
	case VALUE_TEXT:
	case VALUE_BIN:
		lua_pushlstring(L, v->as.text, v->n);
		break;
	case VALUE_ARRAY:
		push_array(L, v, depth);
		break;
	case VALUE_MAP:
		push_map(L, v, depth);
		break;
	case VALUE_NIL:
	case VALUE_EXT:
		lua_pushnil(L);
		break;
	}
}

void value_to_lua(lua_State *L, const struct value *v)
{
	push(L, v, 0);
}

/* ---- out of Lua ---------------------------------------------------------------------------------------- */
/* One step of the path to the value being taken; the chain also finds a table that holds itself. */
struct step {
	const struct step *up;
	const char *key; /* NULL: index */
	lua_Integer index;
	const void *table;
	int depth;
};

struct take {
	lua_State *L;
	struct arena *arena;
	size_t left;
};

/* Lists of decision.h: what an empty table without a mark is, under these names; elsewhere it is a map. */
static bool is_list_name(const char *key)
{
	static const char *const names[] = {"acts", "advice", "allowed", "because", "cancel_tasks",
		"cancel_timers", "clocks", "from", "jobs", "links", "missing", "notices", "open", "percents",
		"roles", "tags", "tasks", "timers", "unlinks", "years"};

	for (size_t i = 0; key != NULL && i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

static size_t path_of(const struct step *at, char *to, size_t n)
{
	size_t len = at->up == NULL ? 0 : path_of(at->up, to, n);

	if (len >= n)
		return len;
	if (at->key == NULL)
		len += (size_t)snprintf(to + len, n - len, "[%lld]", (long long)at->index);
	else
		len += (size_t)snprintf(to + len, n - len, "%s%.60s", at->up == NULL ? "" : ".", at->key);
	return len;
}

static _Noreturn void take_error(struct take *t, const struct step *at, const char *what)
{
	char path[300];

	path_of(at, path, sizeof(path));
	luaL_error(t->L, "%s: %s", path, what);
	never("luaL_error returned");
}

static void spend(struct take *t, const struct step *at, size_t n)
{
	if (n > t->left)
		take_error(t, at, "the whole is too large");
	t->left -= n;
}

static struct value take(struct take *t, const struct step *at);

static struct value take_text(struct take *t, const struct step *at)
{
	size_t n;
	const char *text = lua_tolstring(t->L, -1, &n);

	spend(t, at, n + sizeof(struct value));
	if (!utf8_valid(text, n))
		take_error(t, at, "a text that is not UTF-8 (a character cut in the middle?)");
	return value_text(t->arena, text, n);
}

static struct value take_number(struct take *t, const struct step *at)
{
	lua_Number f;

	spend(t, at, sizeof(struct value));
	if (lua_isinteger(t->L, -1))
		return value_int(lua_tointeger(t->L, -1));
	f = lua_tonumber(t->L, -1);
	if (!isfinite(f))
		take_error(t, at, isnan(f) ? "not a number (0/0)" : "an infinite number");
	return value_float(f);
}

static struct value take_list(struct take *t, const struct step *at, lua_Integer n)
{
	struct value list;
	lua_Integer seen = 0;
	lua_State *L = t->L;

	spend(t, at, (size_t)n * sizeof(struct value));
	list = value_array(t->arena, (uint32_t)n);
	list.n = (uint32_t)n;
	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1), seen++) {
		struct step in = {at, NULL, 0, NULL, at->depth + 1};

		if (!lua_isinteger(L, -2))
			take_error(t, at, "a table with both positions and names");
		in.index = lua_tointeger(L, -2);
		if (in.index < 1 || in.index > n)
			take_error(t, at, "a list with holes");
		list.as.items[in.index - 1] = take(t, &in);
	}
	if (seen != n)
		take_error(t, at, "a list with holes");
	return list;
}

static int pair_cmp(const void *a, const void *b)
{
	const struct value *x = &((const struct pair *)a)->key, *y = &((const struct pair *)b)->key;

	return slice_cmp(slice_of(x->as.text, x->n), slice_of(y->as.text, y->n));
}

static void sort_pairs(struct value *map)
{
	struct pair *p = map->as.pairs, one;

	if (map->n > 24) {
		qsort(p, map->n, sizeof(*p), pair_cmp);
		return;
	}
	for (uint32_t i = 1; i < map->n; i++) {
		uint32_t k = i;

		for (one = p[i]; k > 0 && pair_cmp(&one, &p[k - 1]) < 0; k--)
			p[k] = p[k - 1];
		p[k] = one;
	}
}

static struct value take_map(struct take *t, const struct step *at)
{
	struct value map = value_map(t->arena, 8);
	lua_State *L = t->L;

	for (lua_pushnil(L); lua_next(L, -2) != 0; lua_pop(L, 1)) {
		struct step in = {at, NULL, 0, NULL, at->depth + 1};
		struct value key;
		size_t n;

		if (lua_type(L, -2) != LUA_TSTRING)
			take_error(t, at,
				lua_isinteger(L, -2) ? "a list with holes"
						     : "keys must be texts, or positions 1, 2, 3 …");
		in.key = lua_tolstring(L, -2, &n);
		if (!utf8_valid(in.key, n))
			take_error(t, at, "a key that is not UTF-8");
		spend(t, at, n + sizeof(struct pair));
		key = value_text(t->arena, in.key, n);
		value_add(t->arena, &map, "", take(t, &in));
		map.as.pairs[map.n - 1].key = key;
	}
	sort_pairs(&map);
	return map;
}

/*
 * What the metatable of the table on top says: &vm_keys.list, &vm_keys.map, &vm_keys.frozen with the value it
 * was made once; NULL for none. Any other metatable is an error.
 */
static const char *mark_of(struct take *t, const struct step *at, struct value *frozen)
{
	const void *meta;
	const char *mark = NULL;
	lua_State *L = t->L;

	if (!lua_getmetatable(L, -1))
		return NULL;
	meta = lua_topointer(L, -1);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.list);
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.map);
	lua_rawgetp(L, -3, &vm_keys.frozen);
	if (meta == lua_topointer(L, -3)) {
		mark = &vm_keys.list;
	} else if (meta == lua_topointer(L, -2)) {
		mark = &vm_keys.map;
	} else if (lua_islightuserdata(L, -1)) {
		mark = &vm_keys.frozen;
		*frozen = *(const struct value *)lua_touserdata(L, -1);
	} else {
		take_error(t, at, "a table with a metatable is not plain data");
	}
	lua_pop(L, 4);
	return mark;
}

static struct value take_table(struct take *t, const struct step *at)
{
	struct step here = *at;
	struct value frozen;
	const char *mark;
	lua_Unsigned n;

	here.table = lua_topointer(t->L, -1);
	for (const struct step *s = at->up; s != NULL; s = s->up)
		if (s->table == here.table)
			take_error(t, at, "a table that holds itself");
	if (at->depth >= DATA_DEPTH_MAX)
		take_error(t, at, "nested too deep");
	luaL_checkstack(t->L, 6, "data");
	mark = mark_of(t, at, &frozen);
	if (mark == &vm_keys.frozen)
		return frozen;
	n = lua_rawlen(t->L, -1);
	if (n > 0) {
		if (n > t->left)
			take_error(t, at, "the whole is too large");
		return take_list(t, &here, (lua_Integer)n);
	}
	lua_pushnil(t->L);
	if (lua_next(t->L, -2) != 0) {
		lua_pop(t->L, 2);
		return take_map(t, &here);
	}
	if (mark == &vm_keys.list || (mark == NULL && is_list_name(at->key)))
		return value_array(t->arena, 0);
	return value_map(t->arena, 0);
}

/* The value on top of the stack, which stays there. */
static struct value take(struct take *t, const struct step *at)
{
	char what[80];

	switch (lua_type(t->L, -1)) {
	case LUA_TNIL:
		return value_nil;
	case LUA_TBOOLEAN:
		return value_bool(lua_toboolean(t->L, -1));
	case LUA_TNUMBER:
		return take_number(t, at);
	case LUA_TSTRING:
		return take_text(t, at);
	case LUA_TTABLE:
		return take_table(t, at);
	default:
		snprintf(what, sizeof(what), "a %s is not plain data", luaL_typename(t->L, -1));
		take_error(t, at, what);
	}
}

void value_from_lua(
	lua_State *L, int index, struct arena *a, const char *root, size_t bytes_max, struct value *out)
{
	struct take t = {L, a, bytes_max};
	struct step at = {NULL, root, 0, NULL, 0};

	luaL_checkstack(L, 4, "data");
	lua_pushvalue(L, index);
	*out = take(&t, &at);
	lua_pop(L, 1);
}
