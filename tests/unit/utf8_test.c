/* UTF-8: bad bytes are found at every place of a text, whatever stands around them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/util.h"

static void bad_anywhere(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {{"\0", 1}, {"\x80", 1}, {"\xc0\x80", 2}, {"\xc3", 1}, {"\xe6\x8a", 2}, {"\xed\xa0\x80", 3},
		{"\xf4\x90\x80\x80", 4}, {"\xf8", 1}, {"\xff", 1}, {"\xe0\x9f\xbf", 3}};
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		for (size_t at = 0; at + bad[i].n <= sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			assert_true(utf8_valid(text, sizeof(text)));
			memcpy(text + at, bad[i].bytes, bad[i].n);
			assert_false(utf8_valid(text, sizeof(text)));
			assert_false(utf8_valid(text, at + bad[i].n));
			assert_true(utf8_valid(text, at));
		}
}

static void good_anywhere(void **state)
{
	static const char *const good[] = {"\x01", "\x7f", "é", "投", "🍺", "\xf4\x8f\xbf\xbf"};
	char text[40];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		for (size_t at = 0; at + strlen(good[i]) <= sizeof(text); at++) {
			memset(text, 'a', sizeof(text));
			memcpy(text + at, good[i], strlen(good[i]));
			assert_true(utf8_valid(text, sizeof(text)));
			assert_true(utf8_valid(text, at + strlen(good[i])));
			if (strlen(good[i]) > 1)
				assert_false(utf8_valid(text, at + strlen(good[i]) - 1));
		}
	assert_true(utf8_valid("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bad_anywhere),
		cmocka_unit_test(good_anywhere),
	};

	return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
