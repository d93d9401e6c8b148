/* The rules host: the default pack loads, decides, explains; hostile packs are stopped with a text that
 * helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/rules.h"

static char share[256];

static void put_file(const char *dir, const char *name, const char *text, size_t n)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, n, f), n);
	fclose(f);
}

static void make_dir(char dir[64])
{
	strcpy(dir, "/tmp/pack_test.XXXXXX");
	assert_non_null(mkdtemp(dir));
}

static void drop_dir(const char *dir)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	assert_int_equal(system(cmd), 0);
}

static struct generation *load(const char *dir, struct rules_report *report, struct err *e)
{
	struct rules_limits limits = {
		.is_deterministic = true, .steps = 100000, .bytes = (size_t)16 * 1024 * 1024};
	struct generation *g = NULL;
	struct pack_files files;

	memset(report, 0, sizeof(*report));
	if (pack_read(&files, dir, share, e) != 0)
		return NULL;
	if (generation_new(&g, &files, &limits, report, e) != 0)
		g = NULL;
	pack_files_fini(&files);
	return g;
}

/* A mini pack over tests/packs-free lib: its own lib folder stands in for lua/lib. */
static const char mini_lib[] =
	"local host = ...\n"
	"local lib = { ask = {}, catalog = { kinds = {} }, rule_names = {} }\n"
	"local env = { ask = lib.ask, host = host, pcall = pcall, string = string, tostring = tostring,\n"
	"  table = table, error = error, setmetatable = setmetatable, ipairs = ipairs, pairs = "
	"host.sorted_pairs }\n"
	"function lib.env() return setmetatable({}, { __index = env,\n"
	"  __newindex = function(_, k) error(k .. ' would become a global', 2) end, __metatable = false }) "
	"end\n"
	"function lib.add() end\n"
	"function lib.finish() end\n"
	"function lib.specs() return {} end\n"
	"function lib.coverage() return {} end\n"
	"function lib.explain() return {} end\n"
	"return lib\n";

static struct generation *load_mini(const char *text, struct rules_report *report, struct err *e)
{
	char dir[64], lib[80], kept[256];
	struct generation *g;

	make_dir(dir);
	snprintf(lib, sizeof(lib), "%s/lib", dir);
	assert_int_equal(mkdir(lib, 0700), 0);
	put_file(lib, "pack.lua", mini_lib, sizeof(mini_lib) - 1);
	put_file(dir, "rules.lua", text, strlen(text));
	memcpy(kept, share, sizeof(kept));
	snprintf(share, sizeof(share), "%s", dir);
	g = load(dir, report, e);
	memcpy(share, kept, sizeof(kept));
	drop_dir(dir);
	return g;
}

static void check_ask(const char *text, const char *want)
{
	struct rules_report report;
	struct err e;
	struct generation *g = load_mini(text, &report, &e);
	struct value facts, decision;
	struct arena a;
	int rc;

	if (g == NULL)
		fail_msg("%s", e.text);
	arena_init(&a, 0);
	facts = value_map(&a, 1);
	value_add(&a, &facts, "text", value_literal("没有到账"));
	rc = generation_ask(g, "create", &facts, &a, &decision, &e);
	if (want == NULL) {
		if (rc != 0)
			fail_msg("%s", e.text);
	} else {
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_REJECTED);
		assert_string_equal(e.text, want);
	}
	arena_fini(&a);
	generation_free(g);
	rules_report_fini(&report);
}

static void hostile_rules_are_stopped(void **state)
{
	(void)state;
	check_ask("function ask.create() return { set = { a = 1 } } end", NULL);
	check_ask("function ask.create() while true do end end",
		"rules.lua:1: the budget of instructions is spent; is there an endless loop?");
	check_ask("function ask.create() while true do pcall(function() while true do end end) end end",
		"rules.lua:1: the budget of instructions is spent; is there an endless loop?");
	check_ask("function ask.create() pcall(function() while true do end end) return {} end",
		"rules.lua:1: the budget of instructions is spent; is there an endless loop?");
	check_ask("function ask.create() local t = {} for i = 1, 1e7 do t[i] = { i, i, i, i } end end",
		"rules.lua:1: the budget of instructions is spent; is there an endless loop?");
	check_ask("function ask.create() local s = 'x' for i = 1, 40 do s = s .. s end end",
		"the rules need more than 16 MiB of memory");
	check_ask("function ask.create() local function f() return f() + 1 end return f() end",
		"rules.lua:1: the budget of instructions is spent; is there an endless loop?");
	check_ask("function ask.create() local x = nil\nreturn x.y.z end",
		"rules.lua:2: attempt to index a nil value (local 'x')");
	check_ask("function ask.create() return ('a'):rep(400):find('.-.-.-.-b') end",
		"rules.lua:1: string.find is not for rules; use has_word, starts_with, any_of …");
	check_ask("function ask.create() return string.rep('x', 1 << 40) end",
		"rules.lua:1: string.rep: more than 65536 bytes");
	check_ask("function ask.create() error(setmetatable({}, { __tostring = function() while true do end "
		  "end })) end",
		"a rule raised a table instead of a text");
	check_ask("function ask.create() setmetatable({}, { __gc = function() while true do end end }) end",
		"rules.lua:1: setmetatable: __gc is refused");
	check_ask(
		"function ask.create() table.sort({3, 1, 2, 5, 4}, function() return true end) return {} end",
		"rules.lua:1: invalid order function for sorting");
	check_ask("function ask.create() getmetatable('').__index.upper = 1 end",
		"rules.lua:1: attempt to call a nil value (global 'getmetatable')");
	check_ask("function ask.create() x = 1 end", "rules.lua:1: x would become a global");
	check_ask("function ask.create() return 7 end", "create: the decision is a number, expected a table");
	check_ask("function ask.create() return { set = { a = print, b = ask.create } } end",
		"set.b is a function, which is no data");
	check_ask("function ask.create() local t = {} t.t = t return t end",
		"t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t.t: more than 32 levels "
		"(does the table hold itself?)");
	check_ask("function ask.create() return { x = 0 / 0 } end", "x is not a finite number");
	check_ask("function ask.create() return { [1] = 2, a = 3 } end",
		": keys must be all text, or 1, 2, 3 …; found a number");
}

static void check_error(const char *text, const char *file, int line, int column, const char *message)
{
	struct rules_report report;
	struct err e;
	struct generation *g = load_mini(text, &report, &e);

	assert_null(g);
	assert_true(report.n_errors >= 1);
	assert_string_equal(report.errors[0].message, message);
	assert_string_equal(report.errors[0].file, file);
	assert_int_equal(report.errors[0].line, line);
	assert_int_equal(report.errors[0].column, column);
	rules_report_fini(&report);
}

static void broken_files_name_the_place(void **state)
{
	(void)state;
	check_error("ask.create = function(\nreturn", "rules.lua", 2, 0,
		"<name> or '...' expected near 'return'");
	check_error("local a = { 1，2 }", "rules.lua", 1, 14, "full-width \"，\" outside a text");
	check_error("-- 注释，可以\nlocal a = “x”", "rules.lua", 2, 11, "full-width \"“\" outside a text");
	check_error("local a = '\xcd\xb6\xcb\xdf'", "rules.lua", 0, 0,
		"the file is not UTF-8; it was probably saved as GBK");
	check_error("y = 2", "rules.lua", 1, 0, "y would become a global");
	check_error("\x1bLua", "rules.lua", 0, 0, "attempt to load a binary chunk (mode is 't')");
	check_error("while true do end", "rules.lua", 1, 0,
		"the budget of instructions is spent; is there an endless loop?");
}

static void a_byte_order_mark_is_fine(void **state)
{
	(void)state;
	check_ask("\xef\xbb\xbf"
		  "function ask.create(f) return { ok = host.has_word(f.text, '到账') } end",
		NULL);
}

static struct value create_facts(struct arena *a)
{
	struct value facts = value_map(a, 8), local = value_map(a, 8), who = value_map(a, 2),
		     ticket = value_map(a, 8);
	struct value roles = value_map(a, 1), subject = value_map(a, 2);

	value_add(a, &local, "date", value_literal("2026-09-22"));
	value_add(a, &local, "year", value_int(2026));
	value_add(a, &local, "month", value_int(9));
	value_add(a, &local, "day", value_int(22));
	value_add(a, &local, "hour", value_int(10));
	value_add(a, &local, "minute", value_int(0));
	value_add(a, &local, "weekday", value_int(2));
	value_add(a, &local, "minute_of_day", value_int(600));
	value_add(a, &roles, "agent", value_bool(true));
	value_add(a, &who, "name", value_literal("ann"));
	value_add(a, &who, "roles", roles);
	value_add(a, &subject, "type", value_literal("mobile"));
	value_add(a, &subject, "id", value_literal("13800138000"));
	value_add(a, &ticket, "kind", value_literal("complaint"));
	value_add(a, &ticket, "channel", value_literal("hotline_10086"));
	value_add(a, &ticket, "number", value_literal("13800138000"));
	value_add(a, &ticket, "subject", subject);
	value_add(a, &ticket, "city", value_literal("shenzhen"));
	value_add(a, &ticket, "text", value_literal("充值100元没有到账"));
	value_add(a, &ticket, "created", value_int(INT64_C(1790042400000)));
	value_add(a, &facts, "now", value_int(INT64_C(1790042400000)));
	value_add(a, &facts, "local", local);
	value_add(a, &facts, "who", who);
	value_add(a, &facts, "ticket", ticket);
	return facts;
}

static void the_default_pack_decides(void **state)
{
	struct rules_report report;
	struct err e;
	struct generation *g = load(share, &report, &e);
	struct value facts, decision, again;
	struct arena a;
	struct buf x, y;

	(void)state;
	for (uint32_t i = 0; i < report.n_errors; i++)
		print_message("%s:%d: %s\n", report.errors[i].file, report.errors[i].line,
			report.errors[i].message);
	if (g == NULL)
		fail_msg("%s", e.text);
	print_message("%u specs, %u rules\n", report.n_specs, report.n_rules);
	assert_true(report.n_specs >= 3);
	assert_int_equal(report.n_specs_failed, 0);
	arena_init(&a, 0);
	facts = create_facts(&a);
	assert_int_equal(generation_ask(g, "create", &facts, &a, &decision, &e), 0);
	assert_int_equal(generation_ask(g, "create", &facts, &a, &again, &e), 0);
	buf_init(&x, 1 << 20);
	buf_init(&y, 1 << 20);
	value_encode(&x, &decision);
	value_encode(&y, &again);
	assert_int_equal(x.n, y.n);
	assert_memory_equal(x.p, y.p, x.n);
	assert_true(value_is_text(value_path(&decision, "set.category"), "recharge.not_credited"));
	assert_null(value_get(&decision, "failed"));
	buf_reset(&x);
	value_json(&x, &decision);
	print_message("%.*s\n%ju steps of %zu bytes\n", (int)x.n, (const char *)x.p,
		(uintmax_t)generation_last_steps(g), generation_bytes(g));
	buf_fini(&x);
	buf_fini(&y);
	arena_fini(&a);
	generation_free(g);
	rules_report_fini(&report);
}

static void a_pack_survives_the_store(void **state)
{
	struct pack_files files, back;
	struct value v;
	struct arena a;
	struct err e;

	(void)state;
	assert_int_equal(pack_read(&files, share, share, &e), 0);
	arena_init(&a, 0);
	v = pack_to_value(&a, &files);
	assert_int_equal(pack_from_value(&back, &v, &e), 0);
	assert_memory_equal(files.sha, back.sha, SHA256_LEN);
	assert_int_equal(files.n_files, back.n_files);
	((char *)value_slice(&value_get(&v, "files")->as.pairs[0].val).p)[0] ^= 1;
	pack_files_fini(&back);
	assert_int_equal(pack_from_value(&back, &v, &e), -1);
	assert_string_equal(e.text, "the stored pack is damaged: its SHA-256 does not hold");
	arena_fini(&a);
	pack_files_fini(&files);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_rules_are_stopped),
		cmocka_unit_test(broken_files_name_the_place),
		cmocka_unit_test(a_byte_order_mark_is_fine),
		cmocka_unit_test(the_default_pack_decides),
		cmocka_unit_test(a_pack_survives_the_store),
	};
	struct err e;

	if (clock_zone_set("Asia/Shanghai", &e) != 0)
		return 1;
	snprintf(share, sizeof(share), "lua");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
