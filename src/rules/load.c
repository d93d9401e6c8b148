/* From bytes to rules: open the sandbox, run the words and the pack's files, collect every finding, run the
 * examples. */
#include <stdlib.h>
#include <string.h>

#include "host_int.h"
#include "lua_value.h"

#define CATALOG_BYTES_MAX ((size_t)8 * 1024 * 1024)

struct loading {
	struct generation *g;
	struct rules_report *report;
	const struct pack_file *file;
	lua_Integer index; /* in host.files */
	bool is_compiled;
};

/* ---- steps, each inside vm_call ------------------------------------------------------------------------ */
static int l_open(lua_State *L)
{
	base_open(L);
	host_open(L);
	return 0;
}

static int l_start(lua_State *L)
{
	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.host);
	lua_getfield(L, -1, "lib");
	lua_pushliteral(L, "pack");
	lua_call(L, 1, 1);
	lua_rawsetp(L, LUA_REGISTRYINDEX, &vm_keys.lib);
	return 0;
}

/* The next file to run, or NULL at the end. */
static int l_next_file(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	size_t n;

	lua_rawgetp(L, LUA_REGISTRYINDEX, &vm_keys.host);
	lua_getfield(L, -1, "files");
	for (x->file = NULL; x->file == NULL; lua_pop(L, 1)) {
		if (lua_rawgeti(L, -1, ++x->index) != LUA_TSTRING)
			return 0;
		x->file = pack_find(x->g->files, lua_tolstring(L, -1, &n));
		if (n < 5 || strcmp(lua_tostring(L, -1) + n - 4, ".lua") != 0)
			x->file = NULL;
	}
	return 0;
}

static int l_run_file(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);

	push_lib(L, "env");
	lua_pushstring(L, x->file->name);
	lua_call(L, 1, 1);
	if (lua_isnil(L, -1))
		return 0;
	luaL_checktype(L, -1, LUA_TTABLE);
	x->is_compiled = false;
	host_compile(L, x->file);
	x->is_compiled = true;
	lua_call(L, 0, 1);
	if (push_lib(L, "add") == LUA_TFUNCTION) {
		lua_pushstring(L, x->file->name);
		lua_pushvalue(L, -3);
		lua_call(L, 2, 0);
	}
	return 0;
}

/* Texts of the list on top, in the arena. */
static const char **take_names(lua_State *L, struct arena *a, uint32_t *n_names)
{
	lua_Integer n = lua_type(L, -1) == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;
	const char **names = arena_alloc(a, ((size_t)n + 1) * sizeof(*names));

	*n_names = 0;
	for (lua_Integer i = 1; i <= n; i++) {
		size_t len;
		const char *name;

		lua_rawgeti(L, -1, i);
		name = luaL_checklstring(L, -1, &len);
		names[(*n_names)++] = arena_text(a, name, len);
		lua_pop(L, 1);
	}
	return names;
}

/* The finding on top: the words name its line and what to look for. */
static void take_finding(lua_State *L, const struct loading *x, struct rules_error *e)
{
	const struct pack_file *f;
	const char **sought;
	uint32_t n;

	fault_from_table(L, e);
	f = pack_find(x->g->files, e->file);
	if (e->line == 0 || e->column > 0 || f == NULL)
		return;
	lua_pushliteral(L, "sought");
	lua_rawget(L, -2);
	sought = take_names(L, &x->g->scratch, &n);
	lua_pop(L, 1);
	place_find(f, e, sought, n);
}

static bool stands_before(const struct rules_error *a, const struct rules_error *b)
{
	int order = strcmp(a->file, b->file);

	if (order != 0 || a->line != b->line)
		return order != 0 ? order < 0 : a->line < b->line;
	return a->column < b->column;
}

/* By file and place; what stands at the same place as it was found. */
static void sort_findings(struct rules_error *found, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct rules_error one = found[i];
		uint32_t k = i;

		for (; k > 0 && stands_before(&one, &found[k - 1]); k--)
			found[k] = found[k - 1];
		found[k] = one;
	}
}

static int l_finish(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	uint32_t before = x->report->n_errors;
	lua_Integer n;

	push_lib(L, "finish");
	lua_call(L, 0, 1);
	if (lua_isnil(L, -1))
		return 0;
	luaL_checktype(L, -1, LUA_TTABLE);
	n = (lua_Integer)lua_rawlen(L, -1);
	for (lua_Integer i = 1; i <= n; i++) {
		if (lua_rawgeti(L, -1, i) == LUA_TTABLE)
			take_finding(L, x, rules_report_add(x->report));
		lua_pop(L, 1);
	}
	sort_findings(x->report->errors + before, x->report->n_errors - before);
	return 0;
}

static int l_take_data(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	struct generation *g = x->g;

	if (push_lib(L, "catalog") != LUA_TTABLE)
		return luaL_error(L, "the words made no catalog");
	value_from_lua(L, -1, &g->arena, "catalog", CATALOG_BYTES_MAX, &g->catalog);
	x->report->n_rules = push_lib(L, "rule_names") == LUA_TTABLE ? (uint32_t)lua_rawlen(L, -1) : 0;
	push_lib(L, "is_trusted");
	g->is_trusted = lua_toboolean(L, -1);
	if (push_lib(L, "rule_table") == LUA_TTABLE)
		value_from_lua(L, -1, &g->arena, "rule_table", CATALOG_BYTES_MAX, &g->rules);
	return 0;
}

static int l_coverage(lua_State *L)
{
	struct loading *x = lua_touserdata(L, 1);
	uint32_t n_places;

	if (x->g->limits.spec != NULL || push_lib(L, "coverage") != LUA_TFUNCTION)
		return 0;
	lua_call(L, 0, 2);
	x->report->uncovered_at = take_names(L, &x->report->arena, &n_places);
	lua_pop(L, 1);
	x->report->uncovered = take_names(L, &x->report->arena, &x->report->n_uncovered);
	if (n_places != x->report->n_uncovered)
		return luaL_error(L, "the words name %d places for %d rules", (int)n_places,
			(int)x->report->n_uncovered);
	return 0;
}

/* ---- the way through ----------------------------------------------------------------------------------- */
static int step(struct loading *x, lua_CFunction fn, const char *file)
{
	struct rules_error *found;
	struct err e;

	if (vm_call(&x->g->vm, fn, x, &e) == 0)
		return 0;
	found = rules_report_add(x->report);
	*found = x->g->vm.fault;
	if (found->file[0] == '\0')
		memcpy(found->file, file, strlen(file) + 1);
	return -1;
}

/* A file that cannot be run is a finding, and the next one is tried; a spent budget ends it. */
static void run_file(struct loading *x)
{
	if (!source_check(x->report, x->file) ||
		(!x->g->limits.was_accepted && !habits_check(x->report, x->file)))
		return;
	x->is_compiled = true;
	if (step(x, l_run_file, x->file->name) != 0 && !x->is_compiled && x->g->vm.over == OVER_NOT)
		source_explain(&x->g->vm, x->file, &x->report->errors[x->report->n_errors - 1]);
}

static int run_files(struct loading *x)
{
	for (;;) {
		if (step(x, l_next_file, "pack.lua") != 0)
			return -1;
		if (x->file == NULL)
			return 0;
		run_file(x);
		if (x->g->vm.over != OVER_NOT)
			return -1;
	}
}

int generation_load(struct generation *g, struct rules_report *report)
{
	struct loading x = {.g = g, .report = report};

	if (step(&x, l_open, "lib/pack.lua") != 0 || step(&x, l_start, "lib/pack.lua") != 0)
		return -1;
	if (run_files(&x) != 0 || step(&x, l_finish, "pack.lua") != 0 || report->n_errors > 0)
		return -1;
	if (step(&x, l_take_data, "catalog.lua") != 0)
		return -1;
	if (generation_specs(g, report) != 0 || step(&x, l_coverage, "pack.lua") != 0)
		return -1;
	return report->n_errors > 0 ? -1 : 0;
}
