/*
 * host.play: a series of counts through a watch of the pack that is being loaded, closed by closed bin, by
 * the code that the daemon runs (tocsin/play.h). host.tail_least: from which count on chance is ruled out.
 */
#include <math.h>

#include "host_int.h"
#include "lua_value.h"
#include "tocsin/play.h"
#include "tocsin/tail.h"

#define SERIES_BYTES_MAX ((size_t)1 << 20)
#define BINS_MAX 1000000
#define STEPS_A_CLOSE 200 /* what a close costs, in instructions */

/* One close, kept until all are played: pushing to Lua may jump. */
struct kept {
	int64_t start_ms;
	struct detected seen;
};

struct playing {
	struct play play;
	struct arena *arena;
	uint32_t *counts;
	struct kept *kept;
};

static void keep(void *udata, uint32_t bin, int64_t start_ms, const struct detected *seen)
{
	struct playing *x = udata;

	x->kept[bin - x->play.from] = (struct kept){start_ms, *seen};
}

static double number_or(const struct value *v, double otherwise)
{
	if (value_is(v, VALUE_FLOAT))
		return v->as.f;
	return value_is(v, VALUE_INT) ? (double)v->as.i : otherwise;
}

/* ---- what came before ---------------------------------------------------------------------------------- */
/* Of the last row that begins at or before this time of day; else of the last of all: yesterday's goes on. */
static double usual_at(const struct value *usual, int64_t at_ms)
{
	int32_t day, second = civil_second_of(at_ms, &day);
	const struct value *found = value_at(usual, usual->n - 1);

	for (uint32_t i = 0; i < usual->n; i++)
		if (number_or(value_get(value_at(usual, i), "minute"), 0) * 60 <= second)
			found = value_at(usual, i);
	return number_or(value_get(found, "mean"), 0);
}

/* Whole counts whose sum never strays by more than a half from what is usual. */
static void fill_before(struct playing *x, const struct value *usual)
{
	double sum = 0, told = 0;

	for (uint32_t i = 0; i < x->play.from; i++) {
		sum += usual_at(usual, bin_after(x->play.watch->bin_ms, x->play.start_ms, i));
		x->counts[i] = (uint32_t)(floor(sum + 0.5) - told);
		told += x->counts[i];
	}
}

/* A number, or false: not watched. */
static uint32_t count_of(const struct value *v)
{
	return value_is(v, VALUE_BOOL) ? BIN_UNKNOWN : (uint32_t)number_or(v, 0);
}

static void fill(struct playing *x, const struct value *asked)
{
	const struct value *past = value_get(asked, "past"), *usual = value_get(asked, "usual"),
			   *bins = value_get(asked, "bins");

	x->counts = arena_alloc(x->arena, x->play.n * sizeof(*x->counts));
	for (uint32_t i = 0; i < x->play.from && past != NULL; i++)
		x->counts[i] = count_of(value_at(past, i));
	if (past == NULL)
		fill_before(x, usual);
	for (uint32_t i = x->play.from; i < x->play.n; i++)
		x->counts[i] = count_of(value_at(bins, i - x->play.from));
	x->play.counts = x->counts;
}

/* Numbers that are handed in: a list by bin of `bins`; there are none before. */
static void fill_given(struct playing *x, const struct value *given)
{
	for (uint32_t i = 0; i < x->play.watch->n_inputs; i++) {
		const struct value *list = value_get(given, x->play.watch->inputs[i].name);
		double *numbers;

		if (list == NULL)
			continue;
		numbers = arena_alloc(x->arena, x->play.n * sizeof(*numbers));
		for (uint32_t bin = 0; bin < x->play.n; bin++)
			numbers[bin] = bin < x->play.from
					       ? (double)NAN
					       : number_or(value_at(list, bin - x->play.from), (double)NAN);
		x->play.given[i] = numbers;
	}
}

/* ---- the answer ---------------------------------------------------------------------------------------- */
static void push_number(lua_State *L, const char *key, double x)
{
	if (isnan(x))
		return;
	lua_pushnumber(L, x);
	lua_setfield(L, -2, key);
}

static void push_text(lua_State *L, const char *key, const char *text)
{
	lua_pushstring(L, text);
	lua_setfield(L, -2, key);
}

static void push_close(lua_State *L, const struct play *p, const struct kept *k)
{
	const struct detected *d = &k->seen;
	const struct seen *s = &d->seen[d->input];

	lua_createtable(L, 0, 9);
	lua_pushinteger(L, k->start_ms);
	lua_setfield(L, -2, "at");
	push_text(L, "from", level_name(p->watches, d->from));
	push_text(L, "to", level_name(p->watches, d->to));
	push_text(L, "input", p->watch->inputs[d->input].name);
	push_number(L, "value", s->value);
	push_number(L, "expected", s->expected);
	push_number(L, "p", s->p);
	lua_pushboolean(L, d->is_ready && d->is_changed && d->from == d->to);
	lua_setfield(L, -2, "is_ready");
	if (d->row < 0)
		return;
	lua_pushinteger(L, d->row + 1);
	lua_setfield(L, -2, "row");
}

/* ---- asking -------------------------------------------------------------------------------------------- */
static const struct watches *watches_of(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct err e;

	if (g->watches == NULL && watches_new(&g->watches, &g->catalog, &e) != 0)
		luaL_error(L, "%s", e.text);
	return g->watches;
}

static uint32_t length_of(const struct value *list)
{
	return value_is(list, VALUE_ARRAY) ? list->n : 0;
}

int l_play(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct arena_mark mark = arena_mark(&g->arena);
	struct playing x = {.arena = &g->arena, .play.watches = watches_of(L)};
	int64_t start_ms, before;
	struct value asked;

	value_from_lua(L, 1, &g->arena, "series", SERIES_BYTES_MAX, &asked);
	x.play.watch = watch_find(x.play.watches, value_cstr(&g->arena, value_get(&asked, "watch")));
	if (x.play.watch == NULL)
		return luaL_error(L, "there is no such watch");
	start_ms = value_int_or(value_get(&asked, "start"), 0);
	before = value_get(&asked, "past") != NULL ? length_of(value_get(&asked, "past"))
						   : value_int_or(value_get(&asked, "before"), 0);
	if (before < 0 || before + length_of(value_get(&asked, "bins")) > BINS_MAX)
		return luaL_error(L, "a series of more than %d bins", BINS_MAX);
	x.play.from = (uint32_t)before;
	x.play.n = x.play.from + length_of(value_get(&asked, "bins"));
	x.play.start_ms = bin_start(
		x.play.watch->bin_ms, start_ms - before * x.play.watch->bin_ms + x.play.watch->bin_ms / 2);
	vm_charge(L, x.play.from + (size_t)STEPS_A_CLOSE * (x.play.n - x.play.from));
	x.play.city =
		value_get(&asked, "city") == NULL ? NULL : value_cstr(&g->arena, value_get(&asked, "city"));
	x.play.subscribers = number_or(value_get(&asked, "subscribers"), 0);
	fill(&x, &asked);
	fill_given(&x, value_get(&asked, "given"));
	x.kept = arena_alloc(&g->arena, (x.play.n - x.play.from + 1) * sizeof(*x.kept));
	play(&x.play, keep, &x);
	lua_createtable(L, (int)(x.play.n - x.play.from), 0);
	for (uint32_t i = 0; i < x.play.n - x.play.from; i++) {
		push_close(L, &x.play, &x.kept[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	arena_rewind(&g->arena, mark);
	return 1;
}

/* (mean, dispersion, p, at_least) → the smallest count with P(as many or more) <= p */
int l_tail_least(lua_State *L)
{
	double p = luaL_checknumber(L, 3);

	luaL_argcheck(L, p > 0 && p < 1, 3, "a probability");
	lua_pushnumber(
		L, tail_least(luaL_checknumber(L, 1), luaL_checknumber(L, 2), p, luaL_checknumber(L, 4)));
	return 1;
}
