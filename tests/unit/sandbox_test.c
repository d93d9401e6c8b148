/* What hostile or careless rules meet: every case ends with a text that names the line, and the next decision
 * is fine. */
#include "rules_fixture.h"

static struct pack_dir dir;

/* Ask rules.lua at "create" with {n = 7, text = …}; NULL: it decides. */
static void ask_reason(const char *lua, const char *want, const char *reason)
{
	struct value facts, decision;
	struct generation *g;
	struct arena a;
	struct err e;
	int rc;

	dir_puts(&dir, "rules.lua", lua);
	g = load_or_fail(&dir);
	arena_init(&a, 0);
	facts = value_map(&a, 2);
	value_add(&a, &facts, "n", value_int(7));
	value_add(&a, &facts, "text", value_literal("Recharge 充值100元没有到账"));
	for (int again = 0; again < 2; again++) { /* what went over its budget must not leave a trace */
		rc = generation_ask(g, "create", &facts, &a, &decision, &e);
		if (want == NULL) {
			if (rc != 0)
				fail_msg("%s\n%s", lua, e.text);
			continue;
		}
		assert_int_equal(rc, -1);
		assert_int_equal(e.code, ERR_REJECTED);
		assert_string_equal(e.text, want);
		assert_string_equal(e.reason, reason);
		assert_true(generation_last_steps(g) <= test_limits.steps);
	}
	arena_fini(&a);
	generation_free(g);
}

static void ask(const char *lua, const char *want)
{
	ask_reason(lua, want, "raised");
}

#define STEPS "rules.lua:1: more than 100000 steps: a loop without end, or too much work"
#define MEMORY "more than 8192 KiB of memory"

static void endless_work_is_stopped(void **state)
{
	(void)state;
	ask("function ask.create() return { set = { a = 1 } } end", NULL);
	ask_reason("function ask.create() while true do end end", STEPS, "steps");
	ask_reason("function ask.create() while true do pcall(function() while true do end end) end end",
		STEPS, "steps");
	ask_reason("function ask.create() pcall(function() while true do end end) return {} end", STEPS,
		"steps");
	ask_reason(
		"function ask.create() local x <close> = setmetatable({}, setmetatable({}, { __index = "
		"function(_, k)\n"
		"  if k == '__close' then return function() while true do end end end end })) return {} end",
		"rules.lua:2: variable 'x' got a non-closable value", "raised");
	ask_reason("function ask.create() local m = {} local x = setmetatable({}, m)\n"
		   "m.__close = function() while true do end end local y <close> = x return {} end",
		"rules.lua:2: more than 100000 steps: a loop without end, or too much work", "steps");
	ask_reason(
		"function ask.create() local function f() return 1 + f() end return f() end", STEPS, "steps");
	ask_reason("function ask.create() local t = {} for i = 1, 9e9 do t[1] = i end end", STEPS, "steps");
	ask_reason("function ask.create() local x = setmetatable({}, {}) getmetatable(x).__index = "
		   "function(t, k) return t[k] end\n"
		   "return { a = x.b } end",
		"rules.lua:1: C stack overflow", "raised");
	ask_reason("function ask.create()\n for i = 1, 100 do host.sha(host.file and ('x'):upper()) end\n"
		   " table.sort({ 3, 1, 2 }, function(a, b) while true do end end) end",
		"rules.lua:3: more than 100000 steps: a loop without end, or too much work", "steps");
}

static void memory_is_bounded(void **state)
{
	(void)state;
	ask_reason("function ask.create() local s, t = 'x', {} for i = 1, 16 do s = s .. s end for i = 1, "
		   "1e5 do t[i] = s .. i end end",
		"rules.lua:1: " MEMORY, "memory");
	ask_reason("function ask.create() local s, t = 'x', {} for i = 1, 16 do s = s .. s end\n"
		   "pcall(function() for i = 1, 1e5 do t[i] = s .. i end end) return {} end",
		"rules.lua:2: " MEMORY, "memory");
	ask_reason("function ask.create() local s = 'x' for i = 1, 40 do s = s .. s end end",
		"rules.lua:1: a text of more than 256 KiB", "text");
	ask_reason("function ask.create() local s = 'x' for i = 1, 17 do s = s .. s end\n"
		   "for i = 1, 1e5 do local t = s .. i end end",
		"rules.lua:2: asked for more than 16384 KiB of memory in all", "memory");
	ask_reason("function ask.create() return { a = table.concat({ ('x'):upper() }, ','), b = "
		   "format('%099d', 1):len() } end",
		NULL, "");
}

static void errors_are_texts_with_a_place(void **state)
{
	(void)state;
	ask("function ask.create() local x\nreturn x.y.z end",
		"rules.lua:2: attempt to index a nil value (local 'x')");
	ask("function ask.create(f)\nreturn f.customer.star + 1 end",
		"rules.lua:2: attempt to index a nil value (field 'customer')");
	ask("function ask.create() return 1 < 'x' end", "rules.lua:1: attempt to compare number with string");
	ask("function ask.create()\n\nlocal x = fussy({}) return x end",
		"rules.lua:3: attempt to index a nil value (field 'a') (in lib/pack.lua:8)");
	ask("function ask.create() error(setmetatable({}, { __tostring = function() while true do end end "
	    "})) end",
		"rules.lua:1: an error that is a table, not a text");
	ask("function ask.create() error() end", "rules.lua:1: an error that is a nil, not a text");
	ask("function ask.create()\n error({ file = 'rules.lua', line = 9, message = 'no such queue' }) end",
		"rules.lua:9: no such queue");
	ask("function ask.create() error('a\\nb\\27[1m \\255 13812345678', 0) end",
		"rules.lua:1: a\\nb\\x1b[1m \\xff 138****5678");
	ask("function ask.create() local ok, why = pcall(error, {}) error(why, 0) end",
		"rules.lua:1: an error that is a table, not a text");
	ask("function ask.create() error(tostring({})) end", "rules.lua:1: {…}");
	ask("function ask.create() return { a = format('%s', {}) } end",
		"rules.lua:1: format: a table has no text");
	ask("function ask.create() return { a = format('%p', 'x') } end",
		"rules.lua:1: format: %p is not allowed");
}

static void nothing_shared_can_be_poisoned(void **state)
{
	(void)state;
	ask("function ask.create() x = 1 end", "rules.lua:1: x would become a global; write \"local x\"");
	ask("function ask.create() return { a = os } end", "rules.lua:1: os is not a word");
	ask("function ask.create() return { a = _G } end", "rules.lua:1: _G is not a word");
	ask("function ask.create() local _ENV = {} print('x') end",
		"rules.lua:1: attempt to call a nil value (global 'print')");
	ask("function ask.create() getmetatable('').__index.upper = 1 end",
		"rules.lua:1: attempt to index a boolean value");
	ask("function ask.create() setmetatable({}, { __gc = function() while true do end end }) end",
		"rules.lua:1: __gc is not allowed in a metatable");
	ask("function ask.create() setmetatable({}, { __close = 1 }) end",
		"rules.lua:1: __close is not allowed in a metatable");
	ask("function ask.create() setmetatable({}, { __mode = 'k' }) end",
		"rules.lua:1: __mode is not allowed in a metatable");
	ask("function ask.create() setmetatable(host.list({}), {}) end",
		"rules.lua:1: cannot change a protected metatable");
	ask("function ask.create() return ('a'):rep(1 << 40) end",
		"rules.lua:1: a text has no word \"rep\"; use has_word, starts_with, any_of");
	ask("function ask.create() return ('a'):find('.-.-.-.-b') end",
		"rules.lua:1: a text has no word \"find\"; use has_word, starts_with, any_of");
	ask("function ask.create() return { a = math.random(3) } end",
		"rules.lua:1: attempt to call a nil value (field 'random')");
	ask("function ask.create() local m = {} setmetatable({}, m) m.__gc = function() while true do end "
	    "end return {} end",
		NULL);
}

static void sorting_and_walking_are_the_same_every_time(void **state)
{
	(void)state;
	ask("function ask.create() local t = { 3, 1, 2 } table.sort(t) return { a = t } end", NULL);
	ask("function ask.create() local t = { 'b', 'a' } table.sort(t, function() return true end) return { "
	    "a = t } end",
		"rules.lua:1: sort: by this function an entry comes before itself; write <, not <=");
	ask("function ask.create() table.sort({ 1, 'a' }) end",
		"rules.lua:1: attempt to compare string with number");
	ask("function ask.create() local t = {} for i = 1, 300 do t[i] = { i % 3, i } end\n"
	    "table.sort(t, function(a, b) return a[1] < b[1] end)\n"
	    "for i = 2, 300 do if t[i - 1][1] == t[i][1] and t[i - 1][2] > t[i][2] then error('not stable') "
	    "end end return {} end",
		NULL);
	ask("function ask.create() local s = '' for k, v in pairs({ z = 1, [10] = 2, a = 3, [2] = 4, [2.5] = "
	    "5 }) do s = s .. k .. ' ' end\n"
	    "if s ~= '2 2.5 10 a z ' then error(s) end return {} end",
		NULL);
	ask("function ask.create() local n = 0 local t = { a = 1, b = 2, c = 3 } for k in pairs(t) do t.b = "
	    "nil n = n + 1 end\n"
	    "if n ~= 2 then error('n is ' .. n) end return {} end",
		NULL);
	ask("function ask.create() for k in pairs({ [{}] = 1 }) do end end",
		"rules.lua:1: pairs: a table as a key has no order");
	ask("function ask.create() local t = {} for i = 1, 10001 do t[i] = i end table.sort(t) end",
		"rules.lua:1: sort: 10001 entries, at most 10000");
	ask("function ask.create() table.move({}, 1, 1 << 60, 2) end",
		"rules.lua:1: position 1152921504606846976 is outside of a list");
}

static void decisions_are_plain_data(void **state)
{
	(void)state;
	ask("function ask.create() return 7 end", "decision: a number, expected a table");
	ask("function ask.create() return { set = { a = 1, b = pairs } } end",
		"decision.set.b: a function is not plain data");
	ask("function ask.create() local t = {} t.t = { t } return t end",
		"decision.t[1]: a table that holds itself");
	ask("function ask.create() local t = {} for i = 1, 17 do t = { d = t } end return t end",
		"decision.d.d.d.d.d.d.d.d.d.d.d.d.d.d.d.d: nested too deep");
	ask("function ask.create() return { x = 0 / 0 } end", "decision.x: not a number (0/0)");
	ask("function ask.create() return { x = -1 / 0 } end", "decision.x: an infinite number");
	ask("function ask.create() return { tags = { 'a', nil, 'c' } } end",
		"decision.tags: a list with holes");
	ask("function ask.create() return { tags = { 'a', b = 1 } } end",
		"decision.tags: a table with both positions and names");
	ask("function ask.create() return { [true] = 1 } end",
		"decision: keys must be texts, or positions 1, 2, 3 …");
	ask("function ask.create() return { [5] = 1 } end", "decision: a list with holes");
	ask("function ask.create() return { x = setmetatable({}, {}) } end",
		"decision.x: a table with a metatable is not plain data");
	ask("function ask.create(f) return { x = f.text:sub(1, 10) } end",
		"decision.x: a text that is not UTF-8 (a character cut in the middle?)");
	ask("function ask.create(f) local s = 'x' for i = 1, 17 do s = s .. s end return { s, s, s, s, s, s, "
	    "s, s } end",
		"decision[8]: the whole is too large");
}

static void words_find_what_is_there(void **state)
{
	(void)state;
	ask("function ask.create(f) if not host.has_word(f.text, '到账') then error('1') end\n"
	    "if host.has_word('15GB', '5G') or not host.has_word('a 5g card', '5G') then error('2') end\n"
	    "if not host.has_word('x5G 5G', '5g') or host.has_word('abc', '') then error('3') end\n"
	    "local find = host.words({ 'zzz', '到账', 'recharge', '元', '5g', 'x' })\n"
	    "if find(f.text) ~= 2 or find('RECHARGE') ~= 3 or find('') ~= nil or find('xx') ~= nil or "
	    "find('5G x') ~= 5 then error('4') end\n"
	    "if host.nearest('recharg', { 'routing', 'recharge' }) ~= 'recharge' or host.distance('ab', "
	    "'ba') ~= 1 then error('5') end\n"
	    "if host.clip('充值', 4) ~= '充' or host.lower('ABC充') ~= 'abc充' or #host.split('a,,b', ',') "
	    "~= 3 then error('6') end\n"
	    "if not host.starts_with('138', '13') or host.utf8_valid('\\255') then error('7') end\n"
	    "return {} end",
		NULL);
	ask("function ask.create() host.words({ 'a', 7 }) end",
		"rules.lua:1: words: entry 2 is a number, not a text");
	ask("function ask.create() return { a = host.file('pack.lua') } end",
		"rules.lua:1: pack.lua can only be read while the pack loads");
}

/* Facts and views are the core's memory: what a rule kept of an earlier decision is an error, not old bytes.
 */
static void facts_end_with_their_decision(void **state)
{
	struct value facts, decision;
	struct generation *g;
	struct arena a;
	struct err e;

	(void)state;
	dir_puts(&dir, "rules.lua",
		"local field = host.field { op = 'path', path = { 'ticket', 'n' } }\n"
		"local kept, seen\n"
		"function ask.create(f)\n"
		"  if f.peek == 'facts' then return { n = kept.ticket.n } end\n"
		"  if f.peek == 'view' then return { n = host.get(seen, field) } end\n"
		"  kept, seen = f, host.view(f)\n"
		"  host.note(seen, 3) host.note(seen, 1)\n"
		"  local n = host.get(seen, field)\n"
		"  host.set(seen, field, 9)\n"
		"  return { n = { n, host.get(seen, field), f.ticket.n, #f.ticket.list }, because = "
		"host.noted(seen) } "
		"end\n");
	g = load_or_fail(&dir);
	arena_init(&a, 0);
	facts = value_map(&a, 2);
	decision = value_map(&a, 2);
	value_add(&a, &decision, "n", value_int(7));
	value_add(&a, &decision, "list", value_array(&a, 0));
	value_add(&a, &facts, "ticket", decision);
	assert_int_equal(generation_ask(g, "create", &facts, &a, &decision, &e), 0);
	assert_int_equal(value_get(&decision, "n")->n, 4);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "n"), 0), -1), 7);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "n"), 1), -1), 9);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "n"), 2), -1), 7);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "n"), 3), -1), 0);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "because"), 0), -1), 3);
	assert_int_equal(value_int_or(value_at(value_get(&decision, "because"), 1), -1), 1);
	value_add(&a, &facts, "peek", value_literal("facts"));
	assert_int_equal(generation_ask(g, "create", &facts, &a, &decision, &e), -1);
	assert_string_equal(e.text, "rules.lua:4: the facts were used after their decision had ended");
	value_set(&a, &facts, "peek", value_literal("view"));
	assert_int_equal(generation_ask(g, "create", &facts, &a, &decision, &e), -1);
	assert_string_equal(e.text, "rules.lua:5: the ticket was used after its decision had ended");
	arena_fini(&a);
	generation_free(g);
}

static void time_is_civil(void **state)
{
	(void)state;
	ask("function ask.create() local c = host.civil(1790042400000)\n"
	    "if c.date ~= '2026-09-22' or c.hour ~= 10 or c.minute ~= 0 or c.weekday ~= 2 or c.minute_of_day "
	    "~= 600 then\n"
	    "error(c.date .. ' ' .. c.hour .. ':' .. c.minute .. ' ' .. c.weekday) end return {} end",
		NULL);
	ask("function ask.create() local d, why = host.due(nil, 1790042400000, 15, 'natural_days')\n"
	    "if d ~= 1791388800000 then error(why or d) end\n"
	    "d, why = host.due(nil, 1790042400000, 15, 'working_day') error(why, 0) end",
		"rules.lua:3: the unit \"working_day\" is not hours, natural_days or working_days (did you "
		"mean "
		"\"working_days\"?)");
}

static int set_up(void **state)
{
	struct err e;

	(void)state;
	dir_new(&dir);
	return clock_zone_set("Asia/Shanghai", &e);
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
		cmocka_unit_test(endless_work_is_stopped),
		cmocka_unit_test(memory_is_bounded),
		cmocka_unit_test(errors_are_texts_with_a_place),
		cmocka_unit_test(nothing_shared_can_be_poisoned),
		cmocka_unit_test(sorting_and_walking_are_the_same_every_time),
		cmocka_unit_test(decisions_are_plain_data),
		cmocka_unit_test(words_find_what_is_there),
		cmocka_unit_test(facts_end_with_their_decision),
		cmocka_unit_test(time_is_civil),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
