/* Matchers from what words.lua and rules.lua say, while the pack loads (match_int.h). */
#include <string.h>

#include "field.h"
#include "lua_value.h"
#include "match_int.h"

#define MATCHERS_MAX 4096
#define DEPTH_MAX 16 /* conditions inside conditions */
#define LIST_BYTES_MAX ((size_t)4 * 1024 * 1024)

const char match_functions;

static const char *const op_names[] = {
#define OP(name) #name,
	TEST_OPS(OP)
#undef OP
};

static enum test_op take_op(lua_State *L, int at)
{
	const char *name;

	lua_getfield(L, at, "op");
	name = luaL_checkstring(L, -1);
	for (size_t i = 0; i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (strcmp(name, op_names[i]) == 0) {
			lua_pop(L, 1);
			return (enum test_op)i;
		}
	luaL_error(L, "no test %s", name);
	never("luaL_error returned");
}

static struct value take_value(lua_State *L, int at, const char *key)
{
	struct value v;

	lua_getfield(L, at, key);
	value_from_lua(L, -1, &generation_of(L)->arena, key, LIST_BYTES_MAX, &v);
	lua_pop(L, 1);
	return v;
}

static int take_function(lua_State *L, int at)
{
	int i;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &match_functions);
	i = (int)lua_rawlen(L, -1) + 1;
	lua_getfield(L, at, "fn");
	luaL_checktype(L, -1, LUA_TFUNCTION);
	lua_rawseti(L, -2, i);
	lua_pop(L, 1);
	return i;
}

static const struct words *take_words(lua_State *L, int at)
{
	const struct words *w;

	lua_getfield(L, at, "words");
	w = words_at(L, -1);
	if (w == NULL)
		luaL_error(L, "has_word needs what host.words made");
	lua_pop(L, 1);
	return w;
}

struct taking {
	bool has_calls;
	int depth;
	const uint32_t *rules; /* of the rows */
	uint32_t rule;         /* of the row at hand, also of what is nested in it */
};

static struct row *take_rows(lua_State *L, int at, uint32_t *n, struct taking *k);

/* The test described by the table on top. */
static void take_test(lua_State *L, struct test *t, struct taking *k)
{
	int at = lua_gettop(L);

	luaL_checktype(L, at, LUA_TTABLE);
	memset(t, 0, sizeof(*t));
	t->op = take_op(L, at);
	t->field = field_at(L, at);
	t->limit = take_value(L, at, "limit");
	t->to = take_value(L, at, "to");
	t->list = take_value(L, at, "list");
	lua_getfield(L, at, "window");
	t->window_ms = luaL_optinteger(L, -1, -1);
	lua_pop(L, 1);
	if (t->op == TEST_has_word)
		t->words = take_words(L, at);
	if (t->op == TEST_call) {
		t->fn = take_function(L, at);
		k->has_calls = true;
	}
	if (t->op == TEST_any_of_these || t->op == TEST_unless) {
		lua_getfield(L, at, "parts");
		t->parts = take_rows(L, at + 1, &t->n_parts, k);
		lua_pop(L, 1);
	}
}

static void take_row(lua_State *L, struct row *r, struct taking *k)
{
	int at = lua_gettop(L);

	luaL_checktype(L, at, LUA_TTABLE);
	r->n = (uint32_t)lua_rawlen(L, at);
	r->tests = generation_alloc(L, r->n * sizeof(r->tests[0]));
	for (uint32_t i = 0; i < r->n; i++) {
		lua_rawgeti(L, at, (lua_Integer)i + 1);
		take_test(L, &r->tests[i], k);
		lua_pop(L, 1);
	}
}

static struct row *take_rows(lua_State *L, int at, uint32_t *n, struct taking *k)
{
	struct row *rows;

	luaL_checktype(L, at, LUA_TTABLE);
	if (++k->depth > DEPTH_MAX)
		luaL_error(L, "conditions nested deeper than %d", DEPTH_MAX);
	luaL_checkstack(L, 8, "conditions");
	*n = (uint32_t)lua_rawlen(L, at);
	rows = generation_alloc(L, *n * sizeof(*rows));
	for (uint32_t i = 0; i < *n; i++) {
		if (k->depth == 1)
			k->rule = k->rules[i];
		rows[i].rule = k->rule;
		lua_rawgeti(L, at, (lua_Integer)i + 1);
		take_row(L, &rows[i], k);
		lua_pop(L, 1);
	}
	k->depth--;
	return rows;
}

/* The list of numbers on top, in the generation's arena. */
static const uint32_t *take_numbers(lua_State *L, lua_Integer n)
{
	uint32_t *numbers = generation_alloc(L, (size_t)n * sizeof(*numbers));

	luaL_checktype(L, -1, LUA_TTABLE);
	for (lua_Integer i = 0; i < n; i++) {
		lua_rawgeti(L, -1, i + 1);
		numbers[i] = (uint32_t)luaL_checkinteger(L, -1);
		lua_pop(L, 1);
	}
	return numbers;
}

/* One look through the text instead of one a row: `owner[i]` is the row of the i-th word of `words`. */
static void take_finder(lua_State *L, int at, struct matcher *m)
{
	m->field = field_at(L, at);
	m->words = take_words(L, at);
	lua_getfield(L, at, "owner");
	m->owner = take_numbers(L, luaL_len(L, -1));
	lua_pop(L, 1);
}

/* What rows say in whole: {values = {frozen table or false…}, same = {number…}}, the otherwise's last. */
static void take_says(lua_State *L, struct matcher *m)
{
	struct value frozen;

	m->says = generation_alloc(L, ((size_t)m->n + 1) * sizeof(m->says[0]));
	lua_getfield(L, 4, "same");
	m->same = take_numbers(L, (lua_Integer)m->n + 1);
	lua_getfield(L, 4, "values");
	luaL_checktype(L, -1, LUA_TTABLE);
	for (uint32_t i = 0; i <= m->n; i++) {
		m->says[i] = NULL;
		if (lua_rawgeti(L, -1, (lua_Integer)i + 1) == LUA_TTABLE) {
			struct value *v = generation_alloc(L, sizeof(*v));

			value_from_lua(L, -1, &generation_of(L)->arena, "says", LIST_BYTES_MAX, &frozen);
			*v = frozen;
			m->says[i] = v;
		}
		lua_pop(L, 1);
	}
	lua_pop(L, 2);
}

/* host.matcher(rows, numbers, finder?, says?) → its number, and whether it calls functions of the pack */
int l_matcher(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct taking k = {0};
	struct matcher *m;

	lua_settop(L, 4);
	if (g->files == NULL)
		return luaL_error(L, "matchers are made while the pack loads");
	if (g->n_matchers == MATCHERS_MAX)
		return luaL_error(L, "more than %d rule sets", MATCHERS_MAX);
	if (g->matchers == NULL)
		g->matchers = generation_alloc(L, MATCHERS_MAX * sizeof(struct matcher *));
	m = generation_alloc(L, sizeof(*m));
	memset(m, 0, sizeof(*m));
	luaL_checktype(L, 1, LUA_TTABLE);
	lua_pushvalue(L, 2);
	m->numbers = k.rules = take_numbers(L, (lua_Integer)lua_rawlen(L, 1) + 1);
	lua_pop(L, 1);
	m->rows = take_rows(L, 1, &m->n, &k);
	if (!lua_isnil(L, 3))
		take_finder(L, 3, m);
	if (!lua_isnil(L, 4))
		take_says(L, m);
	g->matchers[g->n_matchers++] = m;
	lua_pushinteger(L, g->n_matchers);
	lua_pushboolean(L, k.has_calls);
	return 2;
}
