/*
 * Conditions of rules, tested in C: words.lua says what a word means once, while the pack loads; here it is
 * only compared. A test is a field, an operation and what to compare with; a row holds when all its tests do;
 * a matcher is the rows of one rule set in order.
 */
#include "match.h"

#include <string.h>

#include "lua_value.h"
#include "text_int.h"
#include "view.h"

#define MATCHERS_MAX 4096
#define DEPTH_MAX 16       /* conditions inside conditions */
#define NO_RULE UINT32_MAX /* -1 in the list of numbers */
#define LIST_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* OP(name, what it says of the field's value x) */
#define TEST_OPS(OP)                                                                                         \
	OP(any)      /* x is one of the list */                                                              \
	OP(none)     /* x is none of the list; also when absent */                                           \
	OP(untrue)   /* x is false or absent */                                                              \
	OP(has_key)  /* the map x has one of the list as a key that is true */                               \
	OP(at_least) /* the number x >= limit; of a count, within window ms */                               \
	OP(at_most)                                                                                          \
	OP(more_than)                                                                                        \
	OP(less_than)                                                                                        \
	OP(between)     /* from <= x <= to, of the bounds' type */                                           \
	OP(time_of_day) /* from <= x < to, over midnight when from > to */                                   \
	OP(within)      /* x is an instant at most `window` ms ago */                                        \
	OP(has_word)    /* the text x holds one of the words */                                              \
	OP(starts_with) /* the text x starts with one of the list */                                         \
	OP(present)     /* x is neither absent nor "" */                                                     \
	OP(absent)                                                                                           \
	OP(any_of_these) /* one of the parts holds, each a list of tests */                                  \
	OP(unless)       /* none of the parts holds */                                                       \
	OP(call)         /* fn(view) is true */

enum test_op {
#define OP(name) TEST_##name,
	TEST_OPS(OP)
#undef OP
};

static const char *const op_names[] = {
#define OP(name) #name,
	TEST_OPS(OP)
#undef OP
};

struct row;

struct test {
	enum test_op op;
	uint32_t field;
	int64_t window_ms; /* -1: none */
	struct value limit, to;
	struct value list;         /* array */
	const struct words *words; /* kept by the pack's own tables */
	struct row *parts;
	uint32_t n_parts;
	int fn; /* in the registry's table of functions */
};

struct row {
	uint32_t n;
	struct test *tests;
};

struct matcher {
	uint32_t n;
	struct row *rows;
	const uint32_t *numbers;   /* of the rules, n of them, and the otherwise's behind */
	const struct words *words; /* a set that only looks for words of one field: one pass over the text */
	const uint32_t *owner;     /* row of each word */
	uint32_t field;
};

static const char functions_key; /* of the registry */

/* ---- making ------------------------------------------------------------------------------------------- */
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

	lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
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
};

static struct row *take_rows(lua_State *L, int at, uint32_t *n, struct taking *k);

/* The test described by the table on top. */
static void take_test(lua_State *L, struct test *t, struct taking *k)
{
	int at = lua_gettop(L);

	luaL_checktype(L, at, LUA_TTABLE);
	memset(t, 0, sizeof(*t));
	t->op = take_op(L, at);
	t->field = view_field_at(L, at);
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
	m->field = view_field_at(L, at);
	m->words = take_words(L, at);
	lua_getfield(L, at, "owner");
	m->owner = take_numbers(L, luaL_len(L, -1));
	lua_pop(L, 1);
}

/* host.matcher(rows, numbers, finder?) → its number, and whether it calls functions of the pack */
static int l_matcher(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct taking k = {0};
	struct matcher *m;

	lua_settop(L, 3);
	if (g->files == NULL)
		return luaL_error(L, "matchers are made while the pack loads");
	if (g->n_matchers == MATCHERS_MAX)
		return luaL_error(L, "more than %d rule sets", MATCHERS_MAX);
	if (g->matchers == NULL)
		g->matchers = generation_alloc(L, MATCHERS_MAX * sizeof(struct matcher *));
	m = generation_alloc(L, sizeof(*m));
	memset(m, 0, sizeof(*m));
	m->rows = take_rows(L, 1, &m->n, &k);
	lua_pushvalue(L, 2);
	m->numbers = take_numbers(L, (lua_Integer)m->n + 1);
	lua_pop(L, 1);
	if (!lua_isnil(L, 3))
		take_finder(L, 3, m);
	g->matchers[g->n_matchers++] = m;
	lua_pushinteger(L, g->n_matchers);
	lua_pushboolean(L, k.has_calls);
	return 2;
}

/* ---- testing ------------------------------------------------------------------------------------------ */
static bool is_number(const struct value *v)
{
	return v != NULL && (v->type == VALUE_INT || v->type == VALUE_FLOAT || v->type == VALUE_UINT);
}

static bool is_same(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_TEXT)
		return b->type == VALUE_TEXT && a->n == b->n && memcmp(a->as.text, b->as.text, a->n) == 0;
	return value_equal(a, b);
}

static bool in_list(const struct value *list, const struct value *x)
{
	for (uint32_t i = 0; x != NULL && i < list->n; i++)
		if (is_same(&list->as.items[i], x))
			return true;
	return false;
}

static bool has_key(const struct value *list, const struct value *map)
{
	for (uint32_t i = 0; value_is(map, VALUE_MAP) && i < list->n; i++) {
		const struct value *key = &list->as.items[i];
		const struct value *v =
			key->type == VALUE_TEXT ? value_get_n(map, key->as.text, key->n) : NULL;

		if (v != NULL && !(v->type == VALUE_BOOL && !v->as.b))
			return true;
	}
	return false;
}

static bool between(const struct value *from, const struct value *to, const struct value *x)
{
	if (x == NULL || (is_number(from) ? !is_number(x) : x->type != from->type))
		return false;
	return value_cmp(x, from) >= 0 && value_cmp(x, to) <= 0;
}

static bool time_of_day(const struct test *t, const struct value *x)
{
	int64_t at, from = value_int_or(&t->limit, 0), to = value_int_or(&t->to, 0);

	if (!value_as_int(x, &at))
		return false;
	return from <= to ? at >= from && at < to : at >= from || at < to;
}

static bool starts_with(const struct value *list, const struct value *x)
{
	for (uint32_t i = 0; value_is(x, VALUE_TEXT) && i < list->n; i++) {
		const struct value *p = &list->as.items[i];

		if (p->n <= x->n && memcmp(x->as.text, p->as.text, p->n) == 0)
			return true;
	}
	return false;
}

static bool is_blank(const struct value *x)
{
	return x == NULL || (x->type == VALUE_TEXT && x->n == 0);
}

static bool is_false(const struct value *x)
{
	return x == NULL || (x->type == VALUE_BOOL && !x->as.b);
}

/* fn(view); the view is at index 2 of every l_* here. */
static bool call(lua_State *L, int fn)
{
	bool is_true;

	vm_arm(vm_of(L));
	luaL_checkstack(L, 4, "a condition");
	lua_rawgetp(L, LUA_REGISTRYINDEX, &functions_key);
	lua_rawgeti(L, -1, fn);
	lua_pushvalue(L, 2);
	lua_call(L, 1, 1);
	is_true = lua_toboolean(L, -1);
	lua_pop(L, 2);
	return is_true;
}

static bool compare(struct generation *g, struct view *w, const struct test *t, const struct value *x)
{
	struct value counted;
	int c;

	if (t->window_ms >= 0) {
		counted = value_int(view_count(g, w, t->field, t->window_ms));
		x = &counted;
	}
	if (!is_number(x))
		return false;
	c = value_cmp(x, &t->limit);
	switch (t->op) {
	case TEST_at_least:
		return c >= 0;
	case TEST_at_most:
		return c <= 0;
	case TEST_more_than:
		return c > 0;
	default:
		return c < 0;
	}
}

static bool row_holds(
	lua_State *L, struct generation *g, struct view *w, const struct row *r, uint32_t *failed);

static bool parts_hold(lua_State *L, struct generation *g, struct view *w, const struct test *t)
{
	uint32_t failed;

	for (uint32_t i = 0; i < t->n_parts; i++)
		if (row_holds(L, g, w, &t->parts[i], &failed))
			return true;
	return false;
}

static bool test_holds(lua_State *L, struct generation *g, struct view *w, const struct test *t)
{
	const struct value *x = view_get(g, w, t->field);
	int64_t at;

	switch (t->op) {
	case TEST_any:
		return in_list(&t->list, x);
	case TEST_none:
		return !in_list(&t->list, x);
	case TEST_untrue:
		return is_false(x);
	case TEST_has_key:
		return has_key(&t->list, x);
	case TEST_at_least:
	case TEST_at_most:
	case TEST_more_than:
	case TEST_less_than:
		return compare(g, w, t, x);
	case TEST_between:
		return between(&t->limit, &t->to, x);
	case TEST_time_of_day:
		return time_of_day(t, x);
	case TEST_within:
		return value_as_int(x, &at) && view_now(w) - at <= t->window_ms;
	case TEST_has_word:
		if (!value_is(x, VALUE_TEXT))
			return false;
		vm_charge(L, x->n / 64);
		return words_find(t->words, x->as.text, x->n) != 0;
	case TEST_starts_with:
		return starts_with(&t->list, x);
	case TEST_present:
		return !is_blank(x);
	case TEST_absent:
		return is_blank(x);
	case TEST_any_of_these:
		return parts_hold(L, g, w, t);
	case TEST_unless:
		return !parts_hold(L, g, w, t);
	case TEST_call:
		return call(L, t->fn);
	}
	never("a test without an op");
}

/* *failed: the first test that does not hold. */
static bool row_holds(
	lua_State *L, struct generation *g, struct view *w, const struct row *r, uint32_t *failed)
{
	for (uint32_t i = 0; i < r->n; i++) {
		*failed = i;
		if (!test_holds(L, g, w, &r->tests[i]))
			return false;
	}
	return true;
}

static const struct matcher *matcher_check(lua_State *L, int arg)
{
	const struct generation *g = generation_of(L);
	lua_Integer i = luaL_checkinteger(L, arg);

	if (i < 1 || i > g->n_matchers)
		luaL_error(L, "no matcher %I", i);
	return g->matchers[i - 1];
}

/* The first row that holds, or m->n. */
static uint32_t first(lua_State *L, const struct matcher *m, struct view *w)
{
	struct generation *g = generation_of(L);
	const struct value *text;
	uint32_t failed, hit = 0, i;

	if (m->words != NULL) {
		text = view_get(g, w, m->field);
		if (value_is(text, VALUE_TEXT)) {
			vm_charge(L, text->n / 64);
			hit = words_find(m->words, text->as.text, text->n);
		}
		return hit == 0 ? m->n : m->owner[hit - 1] - 1;
	}
	vm_charge(L, m->n);
	for (i = 0; i < m->n && !row_holds(L, g, w, &m->rows[i], &failed);)
		i++;
	return i;
}

static void note(struct generation *g, struct view *w, const struct matcher *m, uint32_t row)
{
	if (m->numbers[row] != NO_RULE)
		view_note(g, w, m->numbers[row]);
}

/* host.first(matcher, view) → the first row that holds, or nil; what holds, or the otherwise, is noted */
static int l_first(lua_State *L)
{
	const struct matcher *m = matcher_check(L, 1);
	struct view *w = view_check(L, 2);
	uint32_t row = first(L, m, w);

	note(generation_of(L), w, m, row);
	if (row == m->n)
		return 0;
	lua_pushinteger(L, (lua_Integer)row + 1);
	return 1;
}

/* host.all(matcher, view, into, rows, is_quiet?) → how many rows hold; into[1…n] are their entries of `rows`
 */
static int l_all(lua_State *L)
{
	struct generation *g = generation_of(L);
	const struct matcher *m = matcher_check(L, 1);
	struct view *w = view_check(L, 2);
	uint32_t *held = arena_alloc(&g->scratch, m->n * sizeof(*held)), n = 0, failed;

	vm_charge(L, m->n);
	for (uint32_t i = 0; i < m->n; i++)
		if (row_holds(L, g, w, &m->rows[i], &failed))
			held[n++] = i;
	for (uint32_t i = 0; i < n; i++) {
		lua_rawgeti(L, 4, (lua_Integer)held[i] + 1);
		lua_rawseti(L, 3, (lua_Integer)i + 1);
	}
	lua_pushinteger(L, n);
	if (lua_toboolean(L, 5))
		return 1;
	for (uint32_t i = 0; i < n; i++)
		note(g, w, m, held[i]);
	if (n == 0)
		note(g, w, m, m->n);
	return 1;
}

/* host.failed(matcher, view, row) → nil when the row holds, else the number of its first test that does not
 */
static int l_failed(lua_State *L)
{
	const struct matcher *m = matcher_check(L, 1);
	struct view *w = view_check(L, 2);
	lua_Integer i = luaL_checkinteger(L, 3);
	uint32_t failed;

	if (i < 1 || i > m->n)
		return luaL_error(L, "no row %I", i);
	if (row_holds(L, generation_of(L), w, &m->rows[i - 1], &failed))
		return 0;
	lua_pushinteger(L, (lua_Integer)failed + 1);
	return 1;
}

void match_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"matcher", l_matcher}, {"first", l_first}, {"all", l_all},
		{"failed", l_failed}, {NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &functions_key);
}
