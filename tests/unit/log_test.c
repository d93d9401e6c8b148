/* Log lines: key=value pairs that read back, whatever the values hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/log.h"
#include "tocsin/util.h"

static char last[2048];
static size_t n_lines;

static void keep(void *udata, const char *line, size_t n)
{
	(void)udata;
	assert_true(n < sizeof(last));
	memcpy(last, line, n);
	last[n] = '\0';
	n_lines++;
}

/* The line behind at, level and event. */
static const char *pairs(void)
{
	const char *p = strstr(last, " event=t ");

	assert_non_null(p);
	assert_int_equal('\n', last[strlen(last) - 1]);
	return p + strlen(" event=t ");
}

#define says(expected, ...)                                                                                  \
	do {                                                                                                 \
		log_line(LOG_WARN, "t", __VA_ARGS__);                                                        \
		assert_string_equal(expected "\n", pairs());                                                 \
	} while (0)

static void plain_values_stand_bare(void **state)
{
	(void)state;
	says("a=1 b=two c=-3 d=18446744073709551615 e=1.50 f=ff g=7%",
		"a=%d b=%s c=%jd d=%zu e=%.2f f=%x g=%u%%", 1, "two", (intmax_t)-3, SIZE_MAX, 1.5, 255, 7u);
	says("peer=tcp:127.0.0.1:7 where=a.c:12", "peer=%s where=%s:%d", "tcp:127.0.0.1:7", "a.c", 12);
	says("m=abc", "m=%.*s", 3, "abcdef");
	says("l=-5 ll=-6", "l=%ld ll=%lld", -5L, -6LL);
}

static void values_are_quoted_where_they_must_be(void **state)
{
	(void)state;
	says("by=\"the night shift\" n=1", "by=%s n=%d", "the night shift", 1);
	says("empty=\"\" next=x", "empty=%s next=%s", "", "x");
	says("a=\"x=y\"", "a=%s", "x=y");
	says("error=\"key \\\"lisen\\\" is \\\\ unknown\"", "error=\"%s\"", "key \"lisen\" is \\ unknown");
	says("error=\"say \\\"hi\\\"\"", "error=%s", "say \"hi\"");
}

static void nobody_makes_a_second_line_or_pair(void **state)
{
	(void)state;
	n_lines = 0;
	says("a=\"x level=error  event=fake\"", "a=%s", "x level=error\n event=fake");
	assert_int_equal(1, n_lines);
	says("client=\"a\\\" role=\\\"admin\"", "client=%s", "a\" role=\"admin");
}

static void long_lines_end_inside_their_last_value(void **state)
{
	char text[3000];
	size_t n;

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	log_line(LOG_WARN, "t", "error=\"%s\" lost=1", text);
	n = strlen(last);
	assert_true(n <= 1024);
	assert_string_equal("x\"\n", last + n - 3);
	/* wherever the cut falls: no half escape, no half character */
	for (size_t shift = 0; shift < 8; shift++) {
		memset(text, 'x', shift);
		for (size_t i = shift; i < sizeof(text) - 1; i++)
			text[i] = '"';
		log_line(LOG_WARN, "t", "error=%s", text);
		n = strlen(last);
		assert_true(memcmp(last + n - 4, "\\\"\"\n", 4) == 0);
		for (size_t i = shift; i + 3 < sizeof(text); i += 3)
			memcpy(text + i, "投", 3);
		log_line(LOG_WARN, "t", "error=%s", text);
		assert_true(utf8_valid(last, strlen(last)));
	}
}

static void numbers_are_masked(void **state)
{
	(void)state;
	says("number=138****5678 other=\"86139****5678\"", "number=%s other=\"%s\"", "13812345678",
		"8613912345678");
}

static void digests_stay_whole(void **state)
{
	(void)state;
	says("hash=ab13812345678cd0123456789abcdef0", "hash=%s", "ab13812345678cd0123456789abcdef0");
	says("hash=ab138****5678cd0", "hash=%s", "ab13812345678cd0");
}

static void levels(void **state)
{
	int64_t level;

	(void)state;
	assert_int_equal(0, log_level_parse("warn", &level));
	assert_int_equal(LOG_WARN, level);
	assert_int_equal(-1, log_level_parse("warning", &level));
	n_lines = 0;
	log_set_level(LOG_WARN);
	log_line(LOG_INFO, "t", "a=%d", 1);
	assert_int_equal(0, n_lines);
	log_line(LOG_WARN, "t", "a=%d", 1);
	assert_int_equal(1, n_lines);
	log_set_level(LOG_DEBUG);
	log_line(LOG_DEBUG, "t", "a=%d", 1);
	assert_int_equal(2, n_lines);
	assert_non_null(strstr(last, "Z level=debug event=t a=1\n"));
	log_set_level(LOG_INFO);
}

static void versions_compare_by_their_numbers(void **state)
{
	(void)state;
	assert_int_equal(0, version_cmp("2.1.12-stable", "2.1.12"));
	assert_int_equal(-1, version_cmp("2.1.8-stable", "2.1.12"));
	assert_int_equal(1, version_cmp("2.2.1-alpha-dev", "2.1.12"));
	assert_int_equal(1, version_cmp("3.0.19", "3.0"));
	assert_int_equal(-1, version_cmp("0.9.9", "0.9.24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_values_stand_bare),
		cmocka_unit_test(values_are_quoted_where_they_must_be),
		cmocka_unit_test(nobody_makes_a_second_line_or_pair),
		cmocka_unit_test(long_lines_end_inside_their_last_value),
		cmocka_unit_test(numbers_are_masked),
		cmocka_unit_test(digests_stay_whole),
		cmocka_unit_test(levels),
		cmocka_unit_test(versions_compare_by_their_numbers),
	};

	log_set_sink(keep, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
