/*
 * Conditions of rules, tested in C: words.lua says what a word means once, while the pack loads; here it is
 * only compared (match_int.h).
 */
#include "match.h"

#include <string.h>

#include "match_int.h"
#include "view.h"

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
	if (x == NULL || (value_is_number(from) ? !value_is_number(x) : x->type != from->type))
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
	lua_rawgetp(L, LUA_REGISTRYINDEX, &match_functions);
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
	if (!value_is_number(x))
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
		return !view_is_blank(x);
	case TEST_absent:
		return view_is_blank(x);
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
		if (r->tests[i].op == TEST_call && view_is_off(g, w, r->rule))
			return false;
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

static bool was_said(const struct matcher *m, const uint32_t *held, uint32_t n, uint32_t row)
{
	for (uint32_t i = 0; m->same[row] != 0 && i < n; i++)
		if (m->same[held[i]] == m->same[row])
			return true;
	return false;
}

/* host.say(matcher, view, list): what the rows that hold say goes into a list of the decision; noted */
static int l_say(lua_State *L)
{
	struct generation *g = generation_of(L);
	const struct matcher *m = matcher_check(L, 1);
	struct view *w = view_check(L, 2);
	lua_Integer list = luaL_checkinteger(L, 3);
	uint32_t *held = arena_alloc(&g->scratch, ((size_t)m->n + 1) * sizeof(*held)), n = 0, failed;

	luaL_argcheck(L, list >= 0 && list < N_LISTS, 3, "a list of the decision");
	must(m->says != NULL);
	vm_charge(L, m->n);
	for (uint32_t i = 0; i < m->n; i++)
		if (row_holds(L, g, w, &m->rows[i], &failed) && !was_said(m, held, n, i))
			held[n++] = i;
	if (n == 0)
		held[n++] = m->n;
	for (uint32_t i = 0; i < n; i++) {
		note(g, w, m, held[i]);
		if (m->says[held[i]] != NULL)
			view_say(g, w, (enum view_list)list, m->says[held[i]]);
	}
	return 0;
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
		{"say", l_say}, {"failed", l_failed}, {NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
	lua_newtable(L);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &match_functions);
}
