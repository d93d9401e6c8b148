/* From files to rules: every finding with its place, its Chinese text and its cure; nothing bad touches what
 * lives. */
#include "rules_fixture.h"

static struct pack_dir dir;

/* ---- findings ------------------------------------------------------------------------------------------ */
/* "file:line:column: message | cure" of each finding of rules.lua, one a line. */
static void findings_of(const void *lua, size_t n, const char *want)
{
	struct rules_report report;
	struct generation *g;
	char have[4000] = "";
	struct err e;

	dir_put(&dir, "rules.lua", lua, n);
	g = dir_load(&dir, &report, &e);
	assert_null(g);
	for (uint32_t i = 0; i < report.n_errors; i++) {
		const struct rules_error *f = &report.errors[i];
		size_t at = strlen(have);

		snprintf(have + at, sizeof(have) - at, "%s%s:%d:%d: %s%s%s", i > 0 ? "\n" : "", f->file,
			f->line, f->column, f->message, f->cure[0] != '\0' ? " | " : "", f->cure);
	}
	assert_string_equal(have, want);
	assert_int_equal(e.code, ERR_REJECTED);
	rules_report_fini(&report);
}

#define FINDINGS(lua, want) findings_of(lua, sizeof(lua) - 1, want)

static void files_saved_wrongly_are_explained(void **state)
{
	(void)state;
	FINDINGS("\xef\xbb\xbflocal a = 1\n", "rules.lua:1:1: begins with a byte-order mark | save it as "
					      "\"UTF-8\", not \"UTF-8 with BOM\"");
	FINDINGS("\xff\xfel\0o\0",
		"rules.lua:1:1: saved as UTF-16, not UTF-8 | save it again with the encoding UTF-8");
	FINDINGS("-- a\nlocal a = '\xcd\xb6\xcb\xdf'\n",
		"rules.lua:2:13: saved as GBK, not UTF-8 | save it again with the encoding UTF-8");
	FINDINGS("local a = '\xff\xff'\n",
		"rules.lua:1:12: not UTF-8 text | save it again with the encoding UTF-8");
	FINDINGS("local a\n\0\0\0\0", "rules.lua:2:1: holds a zero byte, which no text has: is it saved "
				      "completely? | save it again");
	FINDINGS("\x1bLuaT\0\x19\x93",
		"rules.lua:1:1: compiled Lua, not text | put the text of the rules here");
}

static void full_width_punctuation_is_found(void **state)
{
	(void)state;
	FINDINGS("-- 注释，可以\nlocal a = { \"文字，可以\"，'b'，c }\n",
		"rules.lua:2:20: full-width \"，\" outside a text | write ,\n"
		"rules.lua:2:24: full-width \"，\" outside a text | write ,");
	FINDINGS("local a = “深圳，断网” .. [[（可以）]]\n--[[ “可以” ]] f（1）\n",
		"rules.lua:1:11: full-width \"“\" as a quotation mark | write \"…\" with straight quotation "
		"marks\n"
		"rules.lua:2:15: full-width \"（\" outside a text | write (\n"
		"rules.lua:2:17: full-width \"）\" outside a text | write )");
	FINDINGS("local a　= 1\nlocal 投诉 = 2\n",
		"rules.lua:1:8: full-width or invisible space | write an ordinary space\n"
		"rules.lua:2:7: 投诉 stands outside of quotation marks | write \"投诉\", or put -- before a "
		"remark");
}

static void syntax_errors_have_a_column(void **state)
{
	(void)state;
	FINDINGS("local a = { \"x\", y = 1\n  z = 2 }\n",
		"rules.lua:2:3: '}' expected (to close '{' at line 1) near 'z' | a comma is probably missing "
		"before z");
	FINDINGS("local a = 1 local b = 2 )\n", "rules.lua:1:25: unexpected symbol near ')'");
	FINDINGS("local a, a = a a a\n", "rules.lua:1:18: syntax error near 'a'");
	FINDINGS("local a = \"深圳\nlocal b\n",
		"rules.lua:1:11: unfinished string near '\"深圳' | "
		"end the text with the quotation mark it began with, on the same line");
	FINDINGS("return f {\n  a = { 1, 2,\n", "rules.lua:3:1: unexpected symbol near <eof> | the file ends "
						"too early: is it saved completely?");
	FINDINGS("local a = 12ab\n", "rules.lua:1:11: malformed number near '12ab'");
	FINDINGS("for = 1\n", "rules.lua:1:5: <name> expected near '='");
	FINDINGS("a = [==[ long\n", "rules.lua:2:1: unfinished long string (starting at line 1) near <eof> "
				    "| the file ends too early: is it saved completely?");
}

static void running_errors_have_a_line(void **state)
{
	(void)state;
	FINDINGS("y = 2", "rules.lua:1:0: y would become a global; write \"local y\"");
	FINDINGS("local x = nope", "rules.lua:1:0: nope is not a word");
	FINDINGS("\nlocal x = fussy({ })\nlocal y = 1",
		"rules.lua:2:0: attempt to index a nil value (field 'a') (in lib/pack.lua:8)");
	FINDINGS("\n\nwhile true do end",
		"rules.lua:3:0: more than 1000000 steps: a loop without end, or too much work");
	FINDINGS(
		"local t = {} for i = 1, 1e9 do t[i] = 1 end", "rules.lua:1:0: more than 8192 KiB of memory");
	FINDINGS("local s = 'xxxxxxxxxxxxxxxx' while true do s = s .. s end",
		"rules.lua:1:0: a text of more than 256 KiB");
	FINDINGS("catalog.f = { g = function() end }",
		"catalog.lua:0:0: catalog.f.g: a function is not plain data");
	FINDINGS("error({ file = 'x.csv', line = 7, column = 2, message = 'm\\nn', cure = 'c' })",
		"x.csv:7:2: m\\nn | c");
}

static void all_findings_come_at_once(void **state)
{
	struct rules_report report;
	struct value v;
	struct arena a;
	struct err e;
	struct buf b;

	(void)state;
	dir_puts(&dir, "a.lua", "local a = {，}\n");
	dir_puts(&dir, "b.lua", "local b = = 1\n");
	dir_puts(&dir, "rules.lua", "complain('third')\ncomplain('fourth')\n");
	assert_null(dir_load(&dir, &report, &e));
	assert_string_equal(e.text, "a.lua:1:12: full-width \"，\" outside a text");
	arena_init(&a, 0);
	buf_init(&b, 1 << 16);
	v = rules_report_value(&a, &report);
	value_set(&a, &v, "took_ms", value_int(0));
	value_json(&b, &v);
	buf_add_u8(&b, 0);
	assert_string_equal((char *)b.p,
		"{\"ok\":false,\"errors\":[{\"file\":\"a.lua\",\"line\":1,\"column\":12,\"message\":\"full-"
		"width \\\"，\\\" outside a "
		"text\","
		"\"message_zh\":\"， 是全角符号\",\"cure\":\"write ,\",\"cure_zh\":\"请写成 ,\"},"
		"{\"file\":\"b.lua\",\"line\":1,\"column\":11,\"message\":\"unexpected symbol near "
		"'='\",\"message_zh\":\"这里不该出现 =\"},"
		"{\"file\":\"pack.lua\",\"line\":3,\"message\":\"third\",\"message_zh\":\"错\",\"cure\":"
		"\"mend it\"},"
		"{\"file\":\"pack.lua\",\"line\":3,\"message\":\"fourth\",\"message_zh\":\"错\",\"cure\":"
		"\"mend it\"}],"
		"\"specs\":0,\"specs_failed\":0,\"rules\":0,\"uncovered\":[],\"uncovered_at\":[],\"took_ms\":"
		"0}");
	buf_fini(&b);
	arena_fini(&a);
	rules_report_fini(&report);
	dir_puts(&dir, "a.lua", "return\n");
	dir_puts(&dir, "b.lua", "return\n");
}

/* A store goes on with the pack it had, also when a later version finds more in its text. */
static void what_was_accepted_stays_accepted(void **state)
{
	struct rules_limits limits = {.is_deterministic = true};
	struct rules_report report;
	struct generation *g;
	struct pack_files files;
	struct err e;

	(void)state;
	dir_puts(&dir, "rules.lua", "function ask.create() return { queue = 'a' or 'b' } end\n");
	assert_int_equal(pack_read(&files, dir.path, dir.share, NULL, &e), 0);
	assert_int_equal(generation_new(&g, &files, &limits, &report, &e), -1);
	assert_string_equal(
		e.text, "rules.lua:1:44: 'a' or … is always 'a': what stands behind or is never looked at");
	rules_report_fini(&report);
	limits.was_accepted = true;
	assert_int_equal(generation_new(&g, &files, &limits, &report, &e), 0);
	generation_free(g);
	rules_report_fini(&report);
	pack_files_fini(&files);
}

/* tests/packs/broken: each line of expected.txt is a finding; one that ends in * leaves the rest open. */
static void check_broken(const char *name)
{
	char path[300], line[1000], have[1000];
	struct rules_report report = {0};
	struct generation *g = NULL;
	struct pack_files files;
	uint32_t n = 0;
	struct err e;
	FILE *f;

	snprintf(path, sizeof(path), "tests/packs/broken/%s", name);
	if (pack_read(&files, path, "lua", NULL, &e) != 0)
		fail_msg("%s", e.text);
	assert_int_equal(generation_new(&g, &files, NULL, &report, &e), -1);
	snprintf(path, sizeof(path), "tests/packs/broken/%s/expected.txt", name);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		size_t len = strcspn(line, "\n");

		if (line[0] == ' ')
			continue;
		assert_true(n < report.n_errors);
		snprintf(have, sizeof(have), "%s:%d:%.0d%s %s", report.errors[n].file, report.errors[n].line,
			report.errors[n].column, report.errors[n].column > 0 ? ":" : "",
			report.errors[n].message);
		line[len] = '\0';
		if (len > 0 && line[len - 1] == '*')
			have[len - 1] = '*', have[len] = '\0';
		assert_string_equal(have, line);
		n++;
	}
	assert_int_equal(n, report.n_errors);
	fclose(f);
	pack_files_fini(&files);
	rules_report_fini(&report);
}

static void every_broken_pack_says_what_is_expected(void **state)
{
	static const char *const names[] = {"bom", "duplicate_rule", "endless_loop", "full_width", "gap",
		"gbk", "global_write", "misspelt_field", "misspelt_word", "nil_index", "roster_empty",
		"spec_fails", "syntax", "unknown_city", "unknown_queue", "unreachable"};

	(void)state;
	if (access("tests/packs/broken", R_OK) != 0)
		skip();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		check_broken(names[i]);
}

/* ---- examples ------------------------------------------------------------------------------------------ */
static void examples_decide_what_loads(void **state)
{
	(void)state;
	FINDINGS("function ask.create(f) return { queue = f.n > 1 and 'many' or 'few' } end\n"
		 "spec 'two are many' { { n = 2 }, 'many' }\nspec 'one is many' { { n = 1 }, 'many' }\n",
		"rules.lua:3:0: one is many: expected many, got few");
	FINDINGS("function ask.create(f) while f.n == 3 do end return { queue = 'x' } end\n"
		 "spec 'a' { { n = 3 }, 'x' }\nspec 'b' { { n = 1 }, 'y' }\n",
		"rules.lua:1:0: more than 100000 steps: a loop without end, or too much work\n"
		"rules.lua:3:0: b: expected y, got x");
}

#define KEEPS                                                                                                \
	", which stands outside of this function, was changed while the examples ran: a rule keeps "         \
	"something "                                                                                         \
	"in mind | write local "

static void a_rule_with_a_memory_is_caught(void **state)
{
	(void)state;
	FINDINGS("local seen = 0\nfunction ask.create(f) seen = seen + f.n return { queue = seen > 4 and "
		 "'many' or 'few' } end\n"
		 "spec 'a' { { n = 1 }, 'few' }\nspec 'b' { { n = 2 }, 'few' }\n",
		"rules.lua:2:0: seen" KEEPS "seen inside the function");
	FINDINGS("local last, limits = { who = {} }, { 1, 2 }\n\n"
		 "function ask.create(f) last.who[f.n] = true return { queue = 'q', n = limits[1] } "
		 "end\nspec 'a' { { n = 1 }, 'q' }\n",
		"rules.lua:3:0: last" KEEPS "last inside the function");
	FINDINGS("function ask.create(f) ask.n = (ask.n or 0) + f.n return { queue = ask.n > 4 and 'many' or "
		 "'few' } end\n"
		 "spec 'a' { { n = 1 }, 'few' }\nspec 'b' { { n = 2 }, 'few' }\n",
		"rules.lua:3:0: spec \"b\" gives another answer when it is asked again: a rule keeps "
		"something in mind "
		"(rules.lua:3: b: expected few, got many) | a rule's function assigns only to its own "
		"locals");
	FINDINGS("function ask.create(f) ask.n = (ask.n or 0) + 1 return { queue = 'q', n = ask.n } "
		 "end\nspec 'a' { {}, 'q' }\n",
		"rules.lua:2:0: spec \"a\" gives another answer when it is asked again: a rule keeps "
		"something in mind "
		"(the decisions differ) | a rule's function assigns only to its own locals");
}

static void a_generation_shows_what_it_holds(void **state)
{
	struct rules_report report;
	struct generation *g;
	struct value facts, out;
	struct arena a;
	struct err e;

	(void)state;
	dir_puts(&dir, "rules.lua",
		"catalog.list = host.list {} catalog.tags = {} catalog.map = {} catalog.n = 1\n"
		"function ask.create(f) return { n = f.n, queue = 'q' } end spec 'a' { { n = 1 }, 'q' }\n");
	g = dir_load(&dir, &report, &e);
	if (g == NULL)
		fail_msg("%s", e.text);
	assert_int_equal(report.n_specs, 1);
	assert_int_equal(report.n_rules, 2);
	assert_int_equal(report.n_uncovered, 1);
	assert_string_equal(report.uncovered[0], "a/one");
	assert_string_equal(report.uncovered_at[0], "a.lua:1");
	rules_report_fini(&report);
	assert_true(value_is(value_get(generation_catalog(g), "list"), VALUE_ARRAY));
	assert_true(value_is(value_get(generation_catalog(g), "tags"), VALUE_ARRAY));
	assert_true(value_is(value_get(generation_catalog(g), "map"), VALUE_MAP));
	assert_true(generation_bytes(g) > 10000);
	arena_init(&a, 0);
	facts = value_map(&a, 1);
	value_add(&a, &facts, "n", value_int(5));
	assert_int_equal(generation_explain(g, "create", &facts, "a/one", &a, &out, &e), 0);
	assert_true(value_is_text(value_get(value_at(&out, 0), "rule"), "a/one"));
	assert_true(value_is_text(value_get(value_at(&out, 0), "line"), "create5"));
	assert_int_equal(generation_ask(g, "nope", &facts, &a, &out, &e), -1);
	assert_string_equal(e.text, "the pack decides nothing at \"nope\"");
	arena_fini(&a);
	generation_free(g);
}

/* ---- the same every time ------------------------------------------------------------------------------- */
static void encode_decision(struct generation *g, struct buf *b)
{
	struct value facts, decision, list;
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	facts = value_map(&a, 4);
	list = value_array(&a, 3);
	for (int i = 0; i < 3; i++)
		value_push(&a, &list, value_printf(&a, "item %d", i));
	value_add(&a, &facts, "n", value_int(42));
	value_add(&a, &facts, "list", list);
	value_add(&a, &facts, "half", value_float(0.5));
	value_add(&a, &facts, "nothing", value_nil);
	if (generation_ask(g, "create", &facts, &a, &decision, &e) != 0)
		fail_msg("%s", e.text);
	value_encode(b, &decision);
	arena_fini(&a);
}

static void two_states_give_the_same_bytes(void **state)
{
	struct generation *one, *two;
	struct buf a, b;

	(void)state;
	dir_puts(&dir, "rules.lua",
		"local words = {} for i = 1, 200 do words['k' .. (i * 7919 % 1000)] = i end\n"
		"function ask.create(f) local d = { f = { f.n, f.list, f.half }, order = {}, words = words, "
		"[ 'x' .. f.n ] = "
		"f.half * 3 }\n"
		"  for k, v in pairs(words) do d.order[#d.order + 1] = k .. v end return d end\n");
	one = load_or_fail(&dir);
	two = load_or_fail(&dir);
	buf_init(&a, 1 << 20);
	buf_init(&b, 1 << 20);
	encode_decision(one, &a);
	encode_decision(one, &b);
	assert_int_equal(slice_cmp(buf_slice(&a), buf_slice(&b)), 0);
	buf_reset(&b);
	encode_decision(two, &b);
	assert_true(a.n > 2000);
	assert_int_equal(slice_cmp(buf_slice(&a), buf_slice(&b)), 0);
	buf_fini(&a);
	buf_fini(&b);
	generation_free(one);
	generation_free(two);
}

/* ---- many loads ---------------------------------------------------------------------------------------- */
static const char sound[] =
	"-- a pack of the usual kind\n"
	"local critical = { 'outage', 'no_service' }\n"
	"local function any(list, x) for _, v in ipairs(list) do if v == x then return true end end return "
	"false end\n"
	"function ask.create(f)\n"
	"  local d = { queue = 'second_line', set = { priority = 3, tags = {} } }\n"
	"  if any(critical, f.category) then d.queue = \"city_support.\" .. (f.city or 'none') end\n"
	"  for i = 1, f.n or 0 do d.set.tags[i] = 'tag ' .. i end\n"
	"  return d\n"
	"end\n"
	"spec 'critical goes to the city' { { category = 'outage', city = 'foshan' }, 'city_support.foshan' "
	"}\n"
	"spec 'else the second line' { { category = 'billing' }, 'second_line' }\n";

/* What the live generation says must stay what it was, whatever else is loaded meanwhile. */
static void stays_alive(struct generation *live, struct buf *first)
{
	struct buf now;

	buf_init(&now, 1 << 16);
	encode_decision(live, first->n == 0 ? first : &now);
	if (now.n > 0)
		assert_int_equal(slice_cmp(buf_slice(first), buf_slice(&now)), 0);
	buf_fini(&now);
}

static unsigned long number_env(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text != NULL ? strtoul(text, NULL, 0) : otherwise;
}

static void a_thousand_good_and_bad_loads(void **state)
{
	static const char *const bad[] = {"local a = = 1", "while true do end", "local x = nil; x.y = 1",
		"y = 1", "local s = 'xxxxxxxx' while true do s = s .. s end", "spec 'a' { { n = 1 }, 'b' }",
		"function ask.create() while true do end end spec 'a' { {}, 'b' }", "complain('no')"};
	unsigned long n = number_env("LOADS", 1000);
	struct generation *live, *g;
	size_t settled = 0;
	struct buf first;

	(void)state;
	dir_puts(&dir, "rules.lua", sound);
	live = load_or_fail(&dir);
	buf_init(&first, 1 << 16);
	for (unsigned long i = 0; i < n; i++) {
		struct rules_report report;
		struct err e;

		dir_puts(&dir, "rules.lua", i % 2 == 0 ? sound : bad[i / 2 % 8]);
		g = dir_load(&dir, &report, &e);
		assert_int_equal(g != NULL, i % 2 == 0);
		assert_int_equal(report.n_errors > 0, i % 2 != 0);
		if (g != NULL) {
			settled = settled == 0 ? generation_bytes(g) : settled;
			assert_true(generation_bytes(g) < settled + settled / 10);
		}
		generation_free(g);
		rules_report_fini(&report);
		if (i % 50 == 0)
			stays_alive(live, &first);
	}
	buf_fini(&first);
	generation_free(live);
}

/* One change to the bytes: a token dropped, doubled or swapped with its neighbour, or bytes at random. */
static size_t mutate(struct rng *rng, char *text, size_t n, size_t max)
{
	size_t at = (size_t)rng_below(rng, n), end = at, len;

	switch (rng_below(rng, 5)) {
	case 0:
		text[at] = (char)rng_u64(rng);
		return n;
	case 1:
		return at > 0 ? at : n; /* cut short */
	default:
		break;
	}
	while (at < n && (text[at] == ' ' || text[at] == '\n'))
		at++;
	for (end = at; end < n && text[end] != ' ' && text[end] != '\n'; end++)
		;
	len = end - at;
	if (len == 0)
		return n;
	if (rng_below(rng, 3) == 0) {
		memmove(text + at, text + end, n - end);
		return n - len;
	}
	if (n + len + 1 > max)
		return n;
	memmove(text + end + len, text + end, n - end);
	memmove(text + end, text + at, len);
	if (rng_below(rng, 2) == 0)
		text[end] = ' ';
	return n + len;
}

static void mutated_packs_never_reach_what_lives(void **state)
{
	unsigned long n = number_env("MUTANTS", 2000), n_good = 0;
	uint64_t seed = number_env("SEED", (unsigned long)clock_mono_us());
	struct generation *live;
	struct buf first;
	struct rng rng;

	(void)state;
	print_message("SEED=%ju\n", (uintmax_t)seed);
	rng_init_seeded(&rng, seed);
	dir_puts(&dir, "rules.lua", sound);
	live = load_or_fail(&dir);
	buf_init(&first, 1 << 16);
	for (unsigned long i = 0; i < n; i++) {
		char text[8192];
		size_t len = sizeof(sound) - 1;
		struct rules_report report;
		struct generation *g;
		struct err e;

		memcpy(text, sound, len);
		for (uint64_t k = rng_below(&rng, 4) + 1; k > 0 && len > 0; k--)
			len = mutate(&rng, text, len, sizeof(text));
		dir_put(&dir, "rules.lua", text, len);
		g = dir_load(&dir, &report, &e);
		if (g == NULL) {
			assert_true(report.n_errors > 0);
			assert_true(report.errors[0].message[0] != '\0');
			assert_true(utf8_valid(report.errors[0].message, strlen(report.errors[0].message)));
		} else {
			n_good++;
		}
		generation_free(g);
		rules_report_fini(&report);
		if (i % 100 == 0)
			stays_alive(live, &first);
	}
	stays_alive(live, &first);
	print_message("%lu of %lu mutants load\n", n_good, n);
	buf_fini(&first);
	generation_free(live);
}

static int set_up(void **state)
{
	struct err e;

	(void)state;
	dir_new(&dir);
	return clock_zone_set("Asia/Shanghai", &e); /* specs say times of it */
}

static int tear_down(void **state)
{
	(void)state;
	dir_free(&dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_saved_wrongly_are_explained),
		cmocka_unit_test(full_width_punctuation_is_found),
		cmocka_unit_test(syntax_errors_have_a_column),
		cmocka_unit_test(running_errors_have_a_line),
		cmocka_unit_test(all_findings_come_at_once),
		cmocka_unit_test(what_was_accepted_stays_accepted),
		cmocka_unit_test(every_broken_pack_says_what_is_expected),
		cmocka_unit_test(examples_decide_what_loads),
		cmocka_unit_test(a_rule_with_a_memory_is_caught),
		cmocka_unit_test(a_generation_shows_what_it_holds),
		cmocka_unit_test(two_states_give_the_same_bytes),
		cmocka_unit_test(a_thousand_good_and_bad_loads),
		cmocka_unit_test(mutated_packs_never_reach_what_lives),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
