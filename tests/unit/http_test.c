/* The gateway's parts without a socket: JSON in, figures out, statuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/http_int.h"

static void check_json(const char *text, size_t n, const char *shown)
{
	struct arena a;
	struct value v;
	struct err e;
	struct buf b;

	arena_init(&a, 0);
	buf_init(&b, 65536);
	if (value_parse_json(&a, slice_of(text, n), false, &v, &e) == 0)
		value_json(&b, &v);
	else
		buf_add(&b, e.text, strlen(e.text));
	buf_add_u8(&b, '\0');
	assert_string_equal((const char *)b.p, shown);
	buf_fini(&b);
	arena_fini(&a);
}

#define JSON(text, shown) check_json(text, sizeof(text) - 1, shown)

static void test_json(void **state)
{
	(void)state;
	JSON("{\"a\":[1,-2,0.5,true,null,\"\\u5145\"]}", "{\"a\":[1,-2,0.5,true,null,\"充\"]}");
	JSON("[9223372036854775807,-9223372036854775808]", "[9223372036854775807,-9223372036854775808]");
	JSON("{}", "{}");
	JSON("[9223372036854775808]", "line 1 column 20: too big integer near '9223372036854775808'");
	JSON("[NaN]", "line 1 column 4: invalid token near 'NaN'");
	JSON("[1,]", "line 1 column 4: unexpected token near ']'");
	JSON("{\"a\":1,\"a\":1}", "line 1 column 10: duplicate object key near '\"a\"'");
	JSON("", "line 1 column 0: '[' or '{' expected near end of file");
	JSON("[]x", "line 1 column 3: end of file expected near 'x'");
	JSON("[1]\0", "line 1 column 4: end of file expected near end of file");
}

static void test_metrics(void **state)
{
	static const char json[] =
		"{\"a\":{\"b\":1,\"off\":false,\"text\":\"x\",\"none\":null},\"f\":0.25,"
		"\"rpc\":{\"methods\":{\"ticket.create\":{\"calls\":3},\"x\\\"y\":{\"calls\":1}}},"
		"\"sources\":[{\"name\":\"app\",\"is_late\":true},{\"age_ms\":1}],"
		"\"odd-name.x\":7,\"list\":[1,2]}";
	struct arena a;
	struct value v;
	struct err e;
	struct buf b;

	(void)state;
	arena_init(&a, 0);
	buf_init(&b, 65536);
	assert_int_equal(value_parse_json(&a, slice_of(json, sizeof(json) - 1), false, &v, &e), 0);
	metrics_write(&b, &v);
	buf_add_u8(&b, '\0');
	assert_string_equal((const char *)b.p, "tocsin_a_b 1\n"
					       "tocsin_a_off 0\n"
					       "tocsin_f 0.25\n"
					       "tocsin_rpc_methods_calls{method=\"ticket.create\"} 3\n"
					       "tocsin_rpc_methods_calls{method=\"x\\\"y\"} 1\n"
					       "tocsin_sources_is_late{source=\"app\"} 1\n"
					       "tocsin_odd_name_x 7\n");
	buf_fini(&b);
	arena_fini(&a);
}

static void test_long_names(void **state)
{
	char key[2000];
	struct arena a;
	struct value stats, kinds, one;
	struct buf b;

	(void)state;
	memset(key, 'k', sizeof(key) - 1);
	key[sizeof(key) - 1] = '\0';
	arena_init(&a, 0);
	buf_init(&b, 65536);
	one = value_map(&a, 1);
	value_add(&a, &one, "n", value_int(1));
	kinds = value_map(&a, 1);
	value_add(&a, &kinds, key, one);
	stats = value_map(&a, 2);
	value_add(&a, &stats, "kinds", kinds);
	value_add(&a, &stats, key, value_int(2));
	metrics_write(&b, &stats);
	assert_true(b.n > 0 && b.n < 1000);
	buf_fini(&b);
	arena_fini(&a);
}

static void test_status(void **state)
{
	static const struct {
		enum err_code code;
		int status;
	} want[] = {{ERR_NONE, 200}, {ERR_BAD_REQUEST, 400}, {ERR_UNAUTHENTICATED, 401}, {ERR_FORBIDDEN, 403},
		{ERR_NOT_FOUND, 404}, {ERR_CONFLICT, 409}, {ERR_TOO_LARGE, 413}, {ERR_REJECTED, 422},
		{ERR_INTERNAL, 500}, {ERR_BUSY, 503}, {ERR_READ_ONLY, 503}, {ERR_STORAGE, 507}};
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		assert_int_equal(http_status(want[i].code, &reason), want[i].status);
		assert_true(reason[0] != '\0');
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_json), cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_long_names), cmocka_unit_test(test_status)};

	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
