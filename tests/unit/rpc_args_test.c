/* What arguments may be: every type, every refusal with its text, normalised values. */
#include <math.h>

#include "rpc_fake.h"

/* Check `args` against test.echo (or test.put); the error's text, or the normalised args as JSON. Static
 * storage. */
static const char *checked(const char *method, struct arena *a, struct value *args)
{
	static char text[80000];
	struct fake f;
	struct buf b;
	struct err e;

	fake_init(&f);
	if (args_check(rpc_find(f.rpc, method, strlen(method)), a, args, &e) != 0) {
		assert_int_equal(e.code, ERR_BAD_REQUEST);
		snprintf(text, sizeof(text), "%s", e.text);
	} else {
		buf_init(&b, sizeof(text));
		value_json(&b, args);
		snprintf(text, sizeof(text), "%.*s", (int)b.n, b.p);
		buf_fini(&b);
	}
	fake_fini(&f);
	return text;
}

static void one(const char *name, struct value v, const char *want)
{
	struct arena a;
	struct value args;

	arena_init(&a, 0);
	args = value_map(&a, 1);
	value_add(&a, &args, name, v);
	assert_string_equal(checked("test.echo", &a, &args), want);
	arena_fini(&a);
}

static void accepted(void **state)
{
	struct value map = {.type = VALUE_MAP}, array = {.type = VALUE_ARRAY};

	(void)state;
	one("text", value_literal("投诉"), "{\"text\":\"投诉\"}");
	one("text", value_literal(""), "{\"text\":\"\"}");
	one("text", value_nil, "{\"text\":null}");
	one("count", value_int(1000), "{\"count\":1000}");
	one("count", value_float(3.0), "{\"count\":3}");
	one("share", value_float(0.5), "{\"share\":0.5}");
	one("share", value_int(1), "{\"share\":1}");
	one("urgent", value_bool(true), "{\"urgent\":true}");
	one("fields", map, "{\"fields\":{}}");
	one("list", array, "{\"list\":[]}");
	one("at", value_int(5), "{\"at\":5}");
	one("at", value_literal("2026-09-22T02:00Z"), "{\"at\":1790042400000}");
	one("id", value_int(1), "{\"id\":1}");
	one("id", value_int(ID_MAX), "{\"id\":9007199254740991}");
	one("by", value_int(90), "{\"by\":90}");
	one("by", value_literal("1d12h"), "{\"by\":129600000}");
	one("kind", value_literal("ask"), "{\"kind\":\"ask\"}");
}

static void wrong_types(void **state)
{
	struct value ext = {.type = VALUE_EXT, .ext_type = 5, .n = 1, .as.text = "x"};
	struct value map = {.type = VALUE_MAP};

	(void)state;
	one("text", value_int(5), "argument \"text\" is integer 5; expected text");
	one("text", value_bytes("x", 1), "argument \"text\" is bytes \"eA==\"; expected text");
	one("text", map, "argument \"text\" is map {}; expected text");
	one("count", value_literal("5"),
		"argument \"count\" is text \"5\"; expected an integer from 1 to 1000");
	one("count", value_float(2.5),
		"argument \"count\" is number 2.5; expected an integer from 1 to 1000");
	one("count", value_int(0), "argument \"count\" is 0; expected 1 to 1000");
	one("count", value_int(1001), "argument \"count\" is 1001; expected 1 to 1000");
	one("share", value_float(1.5), "argument \"share\" is 1.5; expected 0 to 1");
	one("share", (struct value){.type = VALUE_UINT, .as.u = UINT64_MAX},
		"argument \"share\" is 18446744073709551615; expected 0 to 1");
	one("share", value_float(NAN), "argument \"share\" is not a number; expected a finite number");
	one("share", value_float(-INFINITY), "argument \"share\" is infinite; expected a finite number");
	one("share", value_bool(true),
		"argument \"share\" is true/false true; expected a finite number from 0 to 1");
	one("urgent", value_int(1), "argument \"urgent\" is integer 1; expected true or false");
	one("fields", value_literal("{}"), "argument \"fields\" is text \"{}\"; expected a map");
	one("list", map, "argument \"list\" is map {}; expected an array");
	one("any", value_bytes("\x01", 1),
		"argument \"any\" is bytes; expected text, a number, a truth value, an array or a map");
	one("any", ext, "argument \"any\" is a MessagePack extension (type 5); extensions are not used");
	one("at", value_literal("tomorrow"),
		"argument \"at\" is text \"tomorrow\"; expected a time: integer ms since "
		"1970 UTC, or ISO 8601 text such as \"2026-09-22T10:00\"");
	one("id", value_int(0),
		"argument \"id\" is integer 0; expected an id: an integer from 1 to 9007199254740991");
	one("id", value_int(ID_MAX + 1),
		"argument \"id\" is integer 9007199254740992; expected an id: an integer from 1 to "
		"9007199254740991");
	one("id", value_float(NAN),
		"argument \"id\" is number null; expected an id: an integer from 1 to 9007199254740991");
	one("by", value_literal("30 min"),
		"argument \"by\" is text \"30 min\"; expected a duration: integer ms, or text such "
		"as \"90s\", \"30m\" or \"1d12h\"");
	one("kind", value_literal("urgent"),
		"argument \"kind\" is \"urgent\"; expected one of \"urge\", \"ask\", \"withdraw\" "
		"(did you mean \"urge\"?)");
	one("kind", value_literal("call"),
		"argument \"kind\" is \"call\"; expected one of \"urge\", \"ask\", \"withdraw\"");
	one("kind", value_int(1),
		"argument \"kind\" is integer 1; expected one of \"urge\", \"ask\", \"withdraw\"");
	/* a subscriber's number is masked wherever it turns up */
	one("count", value_literal("13800138000"),
		"argument \"count\" is text \"138****8000\"; expected an integer from 1 "
		"to 1000");
}

static void texts(void **state)
{
	char *big = malloc(TEXT_BYTES_MAX + 1);

	(void)state;
	assert_non_null(big);
	memset(big, 'a', TEXT_BYTES_MAX + 1);
	one("text", value_borrow(big, TEXT_BYTES_MAX + 1),
		"argument \"text\" has 32769 bytes; a text has at most 32768");
	one("any", value_borrow(big, TEXT_BYTES_MAX + 1),
		"argument \"any\" has 32769 bytes; a text has at most 32768");
	one("text", value_borrow("ab\0c", 4), "argument \"text\" holds a NUL character at byte 2");
	one("text", value_literal("\xed\xa0\x80"), "argument \"text\" is not valid UTF-8");
	one("text", value_literal("abc\xe6\x8a"), "argument \"text\" is not valid UTF-8");
	one("at", value_literal("\xff"), "argument \"at\" is not valid UTF-8");
	free(big);
}

static void inside(void **state)
{
	struct arena a;
	struct value map, list, deep;
	struct value ext = {.type = VALUE_EXT, .ext_type = -1, .n = 4, .as.text = "abcd"};

	(void)state;
	arena_init(&a, 0);
	map = value_map(&a, 2);
	list = value_array(&a, 2);
	value_push(&a, &list, value_int(1));
	value_push(&a, &list, ext);
	value_add(&a, &map, "list", list);
	one("fields", map,
		"argument \"fields.list[1]\" is a MessagePack extension (type -1); extensions are not used");
	map = value_map(&a, 2);
	deep = value_map(&a, 1);
	value_add(&a, &deep, "x", value_float(INFINITY));
	value_add(&a, &map, "deep", deep);
	one("any", map, "argument \"any.deep.x\" is infinite; expected a finite number");
	map = value_map(&a, 2);
	value_add(&a, &map, "same", value_int(1));
	value_add(&a, &map, "same", value_int(2));
	one("fields", map, "argument \"fields\" has the key \"same\" twice");
	for (int i = 0; i < 40; i++)
		value_add(&a, &map, arena_printf(&a, "k%d", i), value_int(i));
	one("fields", map, "argument \"fields\" has the key \"same\" twice");
	map = value_map(&a, 2);
	for (int i = 0; i < 40; i++)
		value_add(&a, &map, arena_printf(&a, "k%d", i), value_literal("v"));
	map.as.pairs[7].val = value_borrow("\0", 1);
	one("fields", map, "argument \"fields.k7\" holds a NUL character at byte 0");
	map = value_map(&a, 2);
	value_add(&a, &map, "", value_int(1));
	map.as.pairs[0].key = value_int(3);
	one("fields", map, "argument \"fields\" has a key that is integer; keys are texts");
	map.as.pairs[0].key = value_borrow("\xff", 1);
	one("fields", map, "argument \"fields\" has a key that is not valid UTF-8");
	arena_fini(&a);
}

static void names(void **state)
{
	struct arena a;
	struct value args;

	(void)state;
	one("txet", value_int(1), "test.echo has no argument \"txet\" (did you mean \"text\"?)");
	one("colour", value_int(1), "test.echo has no argument \"colour\"; rpc.methods lists them");
	one("request_id", value_literal("x"),
		"test.echo has no argument \"request_id\"; rpc.methods lists them");
	arena_init(&a, 0);
	args = value_map(&a, 2);
	value_add(&a, &args, "id", value_int(1));
	value_add(&a, &args, "id", value_int(1));
	assert_string_equal(checked("test.put", &a, &args), "argument \"id\" is given twice");
	args = value_map(&a, 2);
	value_add(&a, &args, "id", value_nil);
	value_add(&a, &args, "id", value_int(1));
	assert_string_equal(checked("test.put", &a, &args), "argument \"id\" is given twice");
	args = value_map(&a, 2);
	value_add(&a, &args, "note", value_literal("x"));
	assert_string_equal(checked("test.put", &a, &args),
		"test.put needs the argument \"id\": an id: an integer from 1 to 9007199254740991");
	value_add(&a, &args, "id", value_nil);
	assert_string_equal(checked("test.put", &a, &args),
		"test.put needs the argument \"id\": an id: an integer from 1 to 9007199254740991");
	args = value_nil;
	assert_string_equal(checked("test.echo", &a, &args), "{}");
	args = value_map(&a, 1);
	value_add(&a, &args, "x", value_int(1));
	assert_string_equal(checked("test.raw", &a, &args), "test.raw has no argument \"x\"; it takes none");
	args.as.pairs[0].key = value_int(7);
	assert_string_equal(checked("test.raw", &a, &args),
		"test.raw has an argument whose name is integer; names are texts");
	args.as.pairs[0].key = value_borrow("\xff", 1);
	assert_string_equal(
		checked("test.raw", &a, &args), "test.raw has an argument whose name is not valid UTF-8");
	args.as.pairs[0].key = value_literal("request_id");
	args.as.pairs[0].val = value_int(1);
	value_add(&a, &args, "id", value_int(5));
	assert_string_equal(checked("test.put", &a, &args),
		"argument \"request_id\" is integer 1; expected text of 1 to 200 bytes");
	arena_fini(&a);
}

static void bounds(void **state)
{
	(void)state;
	one("name", value_literal("12345678"), "{\"name\":\"12345678\"}");
	one("name", value_literal(""), "argument \"name\" has 0 bytes; expected text of 1 to 8 bytes");
	one("name", value_literal("123456789"),
		"argument \"name\" has 9 bytes; expected text of 1 to 8 bytes");
	one("name", value_literal(" \t\n"), "argument \"name\" is blank; expected text of 1 to 8 bytes");
	one("code", value_literal("ab"), "{\"code\":\"ab\"}");
	one("code", value_literal("a"), "argument \"code\" has 1 bytes; expected text of 2 to 4 bytes");
	one("code", value_literal(" "), "argument \"code\" has 1 bytes; expected text of 2 to 4 bytes");
	one("code", value_literal("  "), "argument \"code\" is blank; expected text of 2 to 4 bytes");
	one("at", value_int(0), "{\"at\":0}");
	one("at", value_int(INSTANT_MAX_MS), "{\"at\":253402300799999}");
	one("at", value_int(-1), "argument \"at\" is -1; expected 0 to 253402300799999");
	one("at", value_int(INT64_MAX),
		"argument \"at\" is 9223372036854775807; expected 0 to 253402300799999");
	one("at", value_literal("0001-01-01T00:00"),
		"argument \"at\" is text \"0001-01-01T00:00\"; expected a time: integer ms since "
		"1970 UTC, or ISO 8601 text such as \"2026-09-22T10:00\"");
}

static struct value person(struct arena *a, const char *key, struct value v)
{
	struct value map = value_map(a, 1);

	value_add(a, &map, key, v);
	return map;
}

static void members(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	one("person", person(&a, "star", value_float(5.0)), "{\"person\":{\"star\":5}}");
	one("person", person(&a, "star", value_nil), "{\"person\":{\"star\":null}}");
	one("person", person(&a, "shoe", value_literal("43")), "{\"person\":{\"shoe\":\"43\"}}");
	one("person", person(&a, "since", value_literal("1970-01-01T00:00Z")), "{\"person\":{\"since\":0}}");
	one("person", person(&a, "star", value_int(99)), "argument \"person.star\" is 99; expected 0 to 9");
	one("person", person(&a, "star", value_literal("five")),
		"argument \"person.star\" is text \"five\"; expected an integer from 0 to 9");
	one("person", person(&a, "shoe", value_bytes("x", 1)),
		"argument \"person.shoe\" is bytes; expected text, a number, a truth value, an array or a "
		"map");
	arena_fini(&a);
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {{"0s", 0}, {"250ms", 250}, {"90s", 90000}, {"30m", 1800000}, {"4h", 14400000},
		{"1d12h", 129600000}, {"2w", 1209600000}, {"1h30m5s1ms", 5405001}};
	static const char *const bad[] = {
		"", "5", "m", "-5m", "5 m", "5x", "1h30", "99999999999999s", "999999999999w", "1H"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(duration_parse(good[i].text, strlen(good[i].text), &ms), 0);
		assert_int_equal(ms, good[i].ms);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(duration_parse(bad[i], strlen(bad[i]), &ms), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accepted),
		cmocka_unit_test(wrong_types),
		cmocka_unit_test(texts),
		cmocka_unit_test(inside),
		cmocka_unit_test(names),
		cmocka_unit_test(bounds),
		cmocka_unit_test(members),
		cmocka_unit_test(durations),
	};

	return cmocka_run_group_tests_name("rpc_args", tests, NULL, NULL);
}
