/* Texts by number: what was given stays, what was dropped is as if it had never been. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "tocsin/lexicon.h"

static struct slice text(uint32_t i, char to[100])
{
	return slice_of(
		to, (size_t)snprintf(to, 100, "%s%u", i % 3 == 0 ? "city_support.district number " : "q", i));
}

static void test_numbers(void **state)
{
	struct lexicon *l = lexicon_new();
	char raw[100];

	(void)state;
	assert_int_equal(lexicon_find(l, SLICE_TEXT("duty")), 0);
	for (uint32_t round = 0; round < 2; round++)
		for (uint32_t i = 1; i <= 3000; i++)
			assert_int_equal(lexicon_number(l, text(i, raw)), i);
	assert_int_equal(lexicon_count(l), 3000);
	for (uint32_t i = 1; i <= 3000; i++) {
		struct slice is = lexicon_text(l, i), packed = lexicon_packed(l, i), want = text(i, raw);
		const uint8_t *p = packed.p;

		assert_int_equal(slice_cmp(is, want), 0);
		assert_int_equal(((const char *)is.p)[is.n], '\0');
		if (want.n < 32)
			assert_int_equal(p[0], 0xa0 | want.n);
		else
			assert_true(p[0] == 0xd9 && p[1] == want.n);
		assert_int_equal(packed.n, want.n + (want.n < 32 ? 1 : 2));
	}
	lexicon_free(l);
}

static void test_what_has_none(void **state)
{
	struct lexicon *l = lexicon_new();
	char raw[LEXICON_TEXT_MAX + 1];

	(void)state;
	memset(raw, 'x', sizeof(raw));
	assert_int_equal(lexicon_number(l, slice_of("", 0)), 0);
	assert_int_equal(lexicon_number(l, slice_of(raw, LEXICON_TEXT_MAX + 1)), 0);
	assert_int_equal(lexicon_number(l, slice_of(raw, LEXICON_TEXT_MAX)), 1);
	assert_int_equal(lexicon_number(NULL, SLICE_TEXT("duty")), 0);
	assert_null(lexicon_text(l, 0).p);
	assert_null(lexicon_text(l, 2).p);
	assert_null(lexicon_packed(l, 2).p);
	for (uint32_t i = 2; i <= LEXICON_MAX; i++)
		assert_int_equal(lexicon_number(l, text(i, raw)), i);
	assert_int_equal(lexicon_number(l, SLICE_TEXT("one too many")), 0);
	assert_int_equal(lexicon_number(l, text(7, raw)), 7);
	lexicon_free(l);
}

static void test_drop(void **state)
{
	struct lexicon *l = lexicon_new();
	char raw[100];

	(void)state;
	for (uint32_t round = 0; round < 50; round++) {
		uint32_t kept = lexicon_kept(l);

		for (uint32_t i = 1; i <= 400; i++) /* over and over, through every growth of the table */
			assert_int_equal(lexicon_number(l, text(10000 + round * 400 + i, raw)), kept + i);
		lexicon_drop(l);
		assert_int_equal(lexicon_count(l), kept);
		for (uint32_t i = 1; i <= kept; i++)
			assert_int_equal(lexicon_find(l, text(i, raw)), i);
		for (uint32_t i = 1; i <= 400; i++)
			assert_int_equal(lexicon_find(l, text(10000 + round * 400 + i, raw)), 0);
		assert_int_equal(lexicon_number(l, text(kept + 1, raw)), kept + 1);
		lexicon_keep(l);
		lexicon_drop(l);
		assert_int_equal(lexicon_kept(l), kept + 1);
	}
	lexicon_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_what_has_none),
		cmocka_unit_test(test_drop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
