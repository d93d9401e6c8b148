/* A generation: one pack, loaded, checked and frozen in a lua_State of its own. */
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules/rules_int.h"
#include "tocsin/clock.h"

#define STEPS 200000
#define LOAD_STEPS 50000000
#define BYTES ((size_t)64 * 1024 * 1024)
#define WALL_US 50000
#define SPEC_SEED 12345

/* ---- findings
 * ------------------------------------------------------------------------------------------------------- */
static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from == NULL ? "" : from);
	to[utf8_clip(to, strlen(to))] = '\0';
}

static struct rules_error *add_error(struct rules_report *r)
{
	struct rules_error *more = arena_zalloc(&r->arena, (r->n_errors + 1) * sizeof(*more));

	if (r->n_errors > 0)
		memcpy(more, r->errors, r->n_errors * sizeof(*more));
	r->errors = more;
	return &more[r->n_errors++];
}

/* "routing.lua:12: text" into its parts; a text without a place belongs to `file`. */
static void place_error(struct rules_error *at, const char *file, const char *text)
{
	const char *colon = strchr(text, ':');
	int n = 0;

	set_text(at->file, sizeof(at->file), file);
	set_text(at->message, sizeof(at->message), text);
	if (colon != NULL && sscanf(colon, ":%d: %n", &at->line, &n) == 1 && n > 0 &&
		colon - text < (int)sizeof(at->file)) {
		snprintf(at->file, sizeof(at->file), "%.*s", (int)(colon - text), text);
		set_text(at->message, sizeof(at->message), colon + n);
	}
}

struct lint {
	struct rules_report *report;
	const char *file;
};

static void on_lint(
	void *udata, int line, int column, const char *message, const char *message_zh, const char *cure)
{
	struct lint *l = udata;
	struct rules_error *at = add_error(l->report);

	set_text(at->file, sizeof(at->file), l->file);
	at->line = line;
	at->column = column;
	set_text(at->message, sizeof(at->message), message);
	set_text(at->message_zh, sizeof(at->message_zh), message_zh);
	set_text(at->cure, sizeof(at->cure), cure);
}

/* ---- loading
 * ----------------------------------------------------------------------------------------------------------
 */
struct loading {
	struct generation *g;
	struct rules_report *report;
	const char *file; /* being run */
	uint32_t index;
};

static void push_lib(lua_State *L)
{
	lua_rawgeti(L, LUA_REGISTRYINDEX, generation_of(L)->lib_ref);
}

static int l_start(lua_State *L)
{
	struct generation *g = generation_of(L);

	host_push(L);
	lua_getfield(L, -1, "lib");
	lua_pushliteral(L, "pack");
	lua_call(L, 1, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	g->lib_ref = luaL_ref(L, LUA_REGISTRYINDEX);
	return 0;
}

/* One file: lib.env, compile, run, lib.add. */
static int l_run_file(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	const struct pack_file *f = &x->g->files->files[x->index];
	char chunk[200];
	struct slice text;

	push_lib(L);
	lua_getfield(L, -1, "env");
	lua_pushstring(L, f->name);
	lua_call(L, 1, 1);
	if (lua_isnil(L, -1))
		return 0;
	if (!text_to_utf8(&x->g->arena, f->bytes, &text))
		return luaL_error(L, "%s:1: the file is neither UTF-8 nor GBK", f->name);
	snprintf(chunk, sizeof(chunk), "@%s", f->name);
	if (luaL_loadbufferx(L, text.p, text.n, chunk, "t") != LUA_OK)
		return lua_error(L);
	lua_pushvalue(L, -2);
	lua_setupvalue(L, -2, 1); /* _ENV */
	lua_call(L, 0, 1);
	lua_getfield(L, -3, "add");
	lua_pushstring(L, f->name);
	lua_pushvalue(L, -3);
	lua_call(L, 2, 0);
	return 0;
}

static const char *field_text(lua_State *L, const char *name)
{
	const char *text;

	lua_getfield(L, -1, name);
	text = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
	lua_pop(L, 1); /* still held by the table */
	return text;
}

static int field_int(lua_State *L, const char *name)
{
	int v;

	lua_getfield(L, -1, name);
	v = (int)lua_tointeger(L, -1);
	lua_pop(L, 1);
	return v;
}

static int l_finish(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);

	push_lib(L);
	lua_getfield(L, -1, "finish");
	lua_call(L, 0, 1);
	for (lua_Integer i = 1; lua_istable(L, -1) && i <= (lua_Integer)lua_rawlen(L, -1); i++) {
		struct rules_error *at = add_error(x->report);

		lua_rawgeti(L, -1, i);
		set_text(at->file, sizeof(at->file), field_text(L, "file"));
		at->line = field_int(L, "line");
		at->column = field_int(L, "column");
		set_text(at->message, sizeof(at->message), field_text(L, "message"));
		set_text(at->message_zh, sizeof(at->message_zh), field_text(L, "message_zh"));
		set_text(at->cure, sizeof(at->cure), field_text(L, "cure"));
		lua_pop(L, 1);
	}
	return 0;
}

static int cmp_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The catalog and the names of the rules, out of Lua once and for all. */
static int l_take_data(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	struct generation *g = x->g;
	lua_Integer n;

	push_lib(L);
	lua_getfield(L, -1, "catalog");
	luaL_checktype(L, -1, LUA_TTABLE);
	g->catalog = value_from_lua(L, -1, &g->arena);
	lua_pop(L, 1);
	lua_getfield(L, -1, "rule_names");
	n = lua_istable(L, -1) ? (lua_Integer)lua_rawlen(L, -1) : 0;
	g->names = arena_alloc(&g->arena, ((size_t)n + 1) * sizeof(g->names[0]));
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		g->names[g->n_names++] =
			arena_text(&g->arena, luaL_checkstring(L, -1), strlen(lua_tostring(L, -1)));
		lua_pop(L, 1);
	}
	if (g->n_names > 0)
		qsort(g->names, g->n_names, sizeof(g->names[0]), cmp_names);
	x->report->n_rules = g->n_names;
	return 0;
}

static void spec_error(struct rules_report *r, lua_State *L)
{
	const char *message = field_text(L, "message"), *name = field_text(L, "name");
	struct rules_error *at = add_error(r);

	place_error(at, "specs", message == NULL ? "a spec failed" : message);
	if (message == NULL)
		snprintf(at->message, sizeof(at->message), "spec \"%.200s\" failed",
			name == NULL ? "?" : name);
}

/* Specs in file order, then shuffled: a rule with a memory answers differently. */
static int l_specs(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);

	for (int round = 0; round < 2; round++) {
		push_lib(L);
		lua_getfield(L, -1, "specs");
		lua_pushinteger(L, round == 0 ? 0 : SPEC_SEED);
		lua_call(L, 1, 1);
		if (!lua_istable(L, -1))
			return 0;
		x->report->n_specs = (uint32_t)lua_rawlen(L, -1);
		for (lua_Integer i = 1; i <= (lua_Integer)x->report->n_specs; i++) {
			bool ok;

			lua_rawgeti(L, -1, i);
			lua_getfield(L, -1, "ok");
			ok = lua_toboolean(L, -1) != 0;
			lua_pop(L, 1);
			if (!ok && (round == 0 || x->report->n_specs_failed == 0)) {
				x->report->n_specs_failed++;
				spec_error(x->report, L);
			}
			lua_pop(L, 1);
		}
		lua_pop(L, 2);
	}
	return 0;
}

static int l_coverage(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	struct rules_report *r = x->report;
	lua_Integer n;

	push_lib(L);
	lua_getfield(L, -1, "coverage");
	lua_call(L, 0, 1);
	n = lua_istable(L, -1) ? (lua_Integer)lua_rawlen(L, -1) : 0;
	r->uncovered = arena_alloc(&r->arena, ((size_t)n + 1) * sizeof(r->uncovered[0]));
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, -1, i);
		r->uncovered[r->n_uncovered++] =
			arena_text(&r->arena, luaL_checkstring(L, -1), strlen(lua_tostring(L, -1)));
		lua_pop(L, 1);
	}
	return 0;
}

static bool is_pack_lua(const char *name)
{
	size_t n = strlen(name);

	return strncmp(name, "lib/", 4) != 0 && n > 4 && strcmp(name + n - 4, ".lua") == 0;
}

/* Base files first, each linted, then run; a file that cannot be run is one finding, and the next one is
 * tried. */
static void run_files(struct loading *x)
{
	struct err e;

	for (int own = 0; own < 2; own++)
		for (x->index = 0; x->index < x->g->files->n_files; x->index++) {
			const struct pack_file *f = &x->g->files->files[x->index];
			struct lint lint = {x->report, f->name};
			struct slice text = f->bytes;

			if (!is_pack_lua(f->name) || (pack_file_is_base(x->g->files, f->name) ? 0 : 1) != own)
				continue;
			if (text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
				text = slice_of((const char *)text.p + 3, text.n - 3);
			if (lint_lua(text, on_lint, &lint) > 0)
				continue; /* Lua's own message about it would only confuse */
			if (door(x->g, l_run_file, x, &e) != 0)
				place_error(add_error(x->report), f->name, e.text);
			if (x->g->is_spent)
				budget_start(x->g, x->g->limits.load_steps);
		}
}

static int step_or_error(struct loading *x, lua_CFunction fn, const char *what)
{
	struct err e;

	if (door(x->g, fn, x, &e) == 0)
		return 0;
	place_error(add_error(x->report), what, e.text);
	return -1;
}

static int load(struct loading *x)
{
	if (step_or_error(x, l_start, "lib/pack.lua") != 0)
		return -1;
	run_files(x);
	if (step_or_error(x, l_finish, "pack.lua") != 0 || x->report->n_errors > 0)
		return -1;
	if (step_or_error(x, l_take_data, "catalog.lua") != 0)
		return -1;
	budget_start(x->g, x->g->limits.load_steps);
	if (step_or_error(x, l_specs, "specs") != 0 || step_or_error(x, l_coverage, "specs") != 0)
		return -1;
	return x->report->n_errors > 0 ? -1 : 0;
}

int generation_new(struct generation **out, const struct pack_files *files, const struct rules_limits *limits,
	struct rules_report *report, struct err *e)
{
	struct generation *g = calloc(1, sizeof(*g));
	struct loading x = {.g = g, .report = report};
	int64_t began_us = clock_mono_us();

	must(g != NULL);
	memset(report, 0, sizeof(*report));
	arena_init(&report->arena, 0);
	arena_init(&g->arena, 0);
	if (limits != NULL)
		g->limits = *limits;
	g->limits.steps = g->limits.steps > 0 ? g->limits.steps : STEPS;
	g->limits.load_steps = g->limits.load_steps > 0 ? g->limits.load_steps : LOAD_STEPS;
	g->limits.wall_us = g->limits.wall_us > 0 ? g->limits.wall_us : WALL_US;
	g->max_bytes = g->limits.bytes > 0 ? g->limits.bytes : BYTES;
	g->files = files;
	g->L = sandbox_new(g);
	must(g->L != NULL);
	budget_start(g, g->limits.load_steps);
	if (load(&x) != 0) {
		const struct rules_error *first = &report->errors[0];

		if (first->line > 0)
			err_set(e, ERR_REJECTED, "%s:%d: %s", first->file, first->line, first->message);
		else
			err_set(e, ERR_REJECTED, "%s: %s", first->file, first->message);
		report->took_us = clock_mono_us() - began_us;
		generation_free(g);
		return -1;
	}
	memcpy(g->sha, files->sha, SHA256_LEN);
	g->files = NULL;
	lua_gc(g->L, LUA_GCCOLLECT);
	report->took_us = clock_mono_us() - began_us;
	*out = g;
	return 0;
}

void generation_free(struct generation *g)
{
	if (g == NULL)
		return;
	if (g->L != NULL) {
		lua_sethook(g->L, NULL, 0, 0);
		lua_close(g->L);
	}
	arena_fini(&g->arena);
	free(g);
}

/* ---- asking
 * ---------------------------------------------------------------------------------------------------------
 */
struct asking {
	const char *point, *rule;
	const struct value *facts;
	struct arena *arena;
	struct value *out;
};

static int l_ask(lua_State *L)
{
	struct asking *a = lua_touserdata(L, 1);

	push_lib(L);
	lua_getfield(L, -1, "ask");
	lua_getfield(L, -1, a->point);
	value_push_lua(L, a->facts);
	lua_call(L, 1, 1);
	if (!lua_istable(L, -1))
		return luaL_error(
			L, "%s: the decision is a %s, expected a table", a->point, luaL_typename(L, -1));
	*a->out = value_from_lua(L, -1, a->arena);
	return 0;
}

int generation_ask(struct generation *g, const char *point, const struct value *facts, struct arena *arena,
	struct value *decision, struct err *e)
{
	struct asking a = {.point = point, .facts = facts, .arena = arena, .out = decision};

	budget_start(g, g->limits.steps);
	return door(g, l_ask, &a, e);
}

static int l_explain(lua_State *L)
{
	struct asking *a = lua_touserdata(L, 1);

	push_lib(L);
	lua_getfield(L, -1, "explain");
	lua_pushstring(L, a->point);
	value_push_lua(L, a->facts);
	if (a->rule == NULL)
		lua_pushnil(L);
	else
		lua_pushstring(L, a->rule);
	lua_call(L, 3, 1);
	*a->out = value_from_lua(L, -1, a->arena);
	return 0;
}

int generation_explain(struct generation *g, const char *point, const struct value *facts, const char *rule,
	struct arena *arena, struct value *out, struct err *e)
{
	struct asking a = {.point = point, .rule = rule, .facts = facts, .arena = arena, .out = out};

	budget_start(g, g->limits.steps * 10);
	return door(g, l_explain, &a, e);
}

/* ---- looking
 * -------------------------------------------------------------------------------------------------------- */
const uint8_t *generation_sha(const struct generation *g)
{
	return g->sha;
}

const struct value *generation_catalog(const struct generation *g)
{
	return &g->catalog;
}

bool generation_has_rule(const struct generation *g, const char *name)
{
	return g->n_names > 0 && bsearch(&name, g->names, g->n_names, sizeof(g->names[0]), cmp_names) != NULL;
}

size_t generation_bytes(const struct generation *g)
{
	return g->bytes;
}

uint64_t generation_last_steps(const struct generation *g)
{
	return g->steps_given - g->steps_left;
}

void rules_report_fini(struct rules_report *r)
{
	arena_fini(&r->arena);
	memset(r, 0, sizeof(*r));
}

static void add_text(struct arena *a, struct value *map, const char *key, const char *text)
{
	if (text[0] != '\0')
		value_add(a, map, key, value_text(a, text, strlen(text)));
}

struct value rules_report_value(struct arena *a, const struct rules_report *r)
{
	struct value v = value_map(a, 6), errors = value_array(a, r->n_errors),
		     uncovered = value_array(a, r->n_uncovered);

	for (uint32_t i = 0; i < r->n_errors; i++) {
		const struct rules_error *e = &r->errors[i];
		struct value one = value_map(a, 6);

		value_add(a, &one, "file", value_text(a, e->file, strlen(e->file)));
		if (e->line > 0)
			value_add(a, &one, "line", value_int(e->line));
		if (e->column > 0)
			value_add(a, &one, "column", value_int(e->column));
		value_add(a, &one, "message", value_text(a, e->message, strlen(e->message)));
		add_text(a, &one, "message_zh", e->message_zh);
		add_text(a, &one, "cure", e->cure);
		value_push(a, &errors, one);
	}
	for (uint32_t i = 0; i < r->n_uncovered; i++)
		value_push(a, &uncovered, value_text(a, r->uncovered[i], strlen(r->uncovered[i])));
	value_add(a, &v, "ok", value_bool(r->n_errors == 0));
	value_add(a, &v, "errors", errors);
	value_add(a, &v, "specs", value_int(r->n_specs));
	value_add(a, &v, "rules", value_int(r->n_rules));
	value_add(a, &v, "uncovered", uncovered);
	value_add(a, &v, "took_ms", value_int(r->took_us / 1000));
	return v;
}
