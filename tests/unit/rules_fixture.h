/* Packs in a folder of their own, with words of a few lines instead of lua/lib. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/rules.h"

/* A pack says `function ask.create(facts) … end` and `spec "name" { facts, want }`. */
static const char mini_lib[] =
	"local host = ...\n"
	"local lib = { ask = {}, catalog = { kinds = {} }, rule_names = { 'b/two', 'a/one' } }\n"
	"local specs, found = {}, {}\n"
	"local env = { ask = lib.ask, host = host, pcall = pcall, tostring = tostring, error = error, table "
	"= table,\n"
	"  setmetatable = setmetatable, getmetatable = getmetatable, ipairs = ipairs, pairs = pairs, math = "
	"math,\n"
	"  format = string.format, catalog = lib.catalog, string = string, rawset = rawset, next = next }\n"
	"function env.complain(message) found[#found + 1] = { file = 'pack.lua', line = 3, message = "
	"message, message_zh = '错', cure = "
	"'mend it' } end\n"
	"function env.fussy(t) return t.a.b end\n"
	"function env.spec(name) local where = host.where(2)\n"
	"  return function(x) specs[#specs + 1] = { name = name, line = where, facts = x[1], want = x[2] } "
	"end end\n"
	"function lib.env(file) return setmetatable({}, { __metatable = false, __index = function(_, k)\n"
	"    if env[k] == nil then error(k .. ' is not a word', 2) end return env[k] end,\n"
	"  __newindex = function(_, k) error(k .. ' would become a global; write \"local ' .. k .. '\"', 2) "
	"end }) end\n"
	"function lib.finish() return found[1] and found end\n"
	"function lib.specs(seed) local out = {}\n"
	"  for i = 1, #specs do local s = specs[seed == 0 and i or #specs + 1 - i]\n"
	"    local ok, d = host.try(lib.ask.create, s.facts)\n"
	"    local got = ok and d.queue or d\n"
	"    out[i] = { name = s.name, line = s.line, ok = got == s.want, decision = ok and d or nil,\n"
	"      message = got ~= s.want and s.line .. ': ' .. s.name .. ': expected ' .. s.want .. ', got ' "
	".. tostring(got) or nil } end\n"
	"  return out end\n"
	"function lib.coverage() return { 'a/one' }, { 'a.lua:1' } end\n"
	"function lib.explain(point, facts, rule) return { { rule = rule or 'all', fired = true, line = "
	"point .. facts.n } } end\n"
	"return lib\n";

struct pack_dir {
	char path[200], share[220];
};

static inline void dir_path(char *to, size_t n, const struct pack_dir *d, const char *name)
{
	assert_true((size_t)snprintf(to, n, "%s/%s", d->path, name) < n);
}

static inline void dir_put(const struct pack_dir *d, const char *name, const void *text, size_t n)
{
	char path[1024];
	FILE *f;

	dir_path(path, sizeof(path), d, name);
	unlink(path);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
	assert_int_equal(chmod(path, 0644), 0);
}

static inline void dir_puts(const struct pack_dir *d, const char *name, const char *text)
{
	dir_put(d, name, text, strlen(text));
}

static inline void dir_make(const struct pack_dir *d, const char *name)
{
	char path[1024];

	dir_path(path, sizeof(path), d, name);
	assert_int_equal(mkdir(path, 0700), 0);
}

/* A folder with pack.lua; share/lib/pack.lua beside it holds the mini words. */
static inline void dir_new(struct pack_dir *d)
{
	const char *tmp = getenv("TMPDIR");
	char root[180];

	snprintf(root, sizeof(root), "%s/tocsin-rules.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(root));
	snprintf(d->path, sizeof(d->path), "%s", root);
	dir_make(d, "share");
	dir_make(d, "share/lib");
	dir_make(d, "pack");
	dir_puts(d, "share/lib/pack.lua", mini_lib);
	snprintf(d->path, sizeof(d->path), "%s/pack", root);
	snprintf(d->share, sizeof(d->share), "%s/share", root);
	dir_puts(d, "pack.lua", "-- a pack\n");
}

static int drop_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static inline void dir_free(struct pack_dir *d)
{
	*strrchr(d->path, '/') = '\0';
	assert_int_equal(nftw(d->path, drop_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static const struct rules_limits test_limits = {
	.is_deterministic = true, .steps = 100000, .load_steps = 1000000, .bytes = (size_t)8 * 1024 * 1024};

/* NULL with *e and the report filled in. */
static inline struct generation *dir_load(
	const struct pack_dir *d, struct rules_report *report, struct err *e)
{
	struct generation *g = NULL;
	struct pack_files files;

	memset(report, 0, sizeof(*report));
	if (pack_read(&files, d->path, d->share, NULL, e) != 0)
		return NULL;
	if (generation_new(&g, &files, &test_limits, report, e) != 0)
		g = NULL;
	pack_files_fini(&files);
	return g;
}

static inline struct generation *load_or_fail(const struct pack_dir *d)
{
	struct rules_report report;
	struct generation *g;
	struct err e;

	g = dir_load(d, &report, &e);
	if (g == NULL)
		fail_msg("%s", e.text);
	rules_report_fini(&report);
	return g;
}
