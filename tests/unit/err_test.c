/* Errors in both languages: formats, words among values, prefixes, hints, and where the room ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"
#include "tocsin/util.h"
#include "tocsin/zh.h"

static void said(const struct err *e, enum lang lang, const char *want)
{
	char got[ERR_TEXT_LEN];
	size_t n;
	const char *text = err_said(e, lang, &n);

	snprintf(got, sizeof(got), "%.*s", (int)n, text);
	assert_string_equal(got, want);
}

static void both(const struct err *e, const char *en, const char *zh)
{
	said(e, LANG_ANY, en);
	said(e, LANG_EN, en);
	said(e, LANG_ZH, zh);
}

static void test_formats_and_words(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(err_set(&e, ERR_NOT_FOUND, "ticket %jd does not exist", (intmax_t)9), -1);
	both(&e, "ticket 9 does not exist", "工单 9 不存在");
	err_arg(&e, ERR_BAD_REQUEST, "x", "text", "%s must be text, not %s", "x", "map");
	both(&e, "x must be text, not map", "x 应为文本，而不是映射");
	assert_string_equal(e.argument, "x");
	assert_string_equal(e.value, "text");
	/* a word that nobody knows stays */
	err_set(&e, ERR_STORAGE, "open %s: %s", "a", "strange");
	both(&e, "open a: strange", "打开 a：strange");
	/* without Chinese it is said in English, whatever comes before it */
	err_set(&e, ERR_INTERNAL, "only here");
	both(&e, "only here", "only here");
	err_prefix(&e, "ticket %jd", (intmax_t)9);
	both(&e, "ticket 9: only here", "ticket 9: only here");
	err_zh(&e, "只在这里，是\1%s\2", "map");
	both(&e, "ticket 9: only here", "只在这里，是映射");
}

static void test_prefixes_and_hints(void **state)
{
	struct err e;

	(void)state;
	err_set(&e, ERR_BAD_REQUEST, "%s \"%s\" is not in the catalog", "city", "shenzen");
	assert_int_equal(err_hint(&e, NULL), -1);
	assert_int_equal(err_hint(&e, "shenzhen"), -1);
	assert_int_equal(err_prefix(&e, "ticket %jd", (intmax_t)7), -1);
	err_prefix(&e, "file");
	both(&e, "file: ticket 7: city \"shenzen\" is not in the catalog (did you mean \"shenzhen\"?)",
		"file：工单 7：地市“shenzen”不在目录里（是不是“shenzhen”？）");
}

static void test_both_at_once(void **state)
{
	struct err e;

	(void)state;
	err_both(&e, ERR_REJECTED, "action", NULL, "call 13800138000 first", "先联系 13800138000");
	said(&e, LANG_ANY, "call 138****8000 first / 先联系 138****8000");
	said(&e, LANG_EN, "call 138****8000 first");
	said(&e, LANG_ZH, "先联系 138****8000");
	err_prefix(&e, "the decision's act %u on ticket %jd", 1u, (intmax_t)7);
	said(&e, LANG_ANY, "the decision's act 1 on ticket 7: call 138****8000 first / 先联系 138****8000");
	said(&e, LANG_EN, "the decision's act 1 on ticket 7: call 138****8000 first");
	said(&e, LANG_ZH, "决定的第 1 个操作（工单 7）：先联系 138****8000");
}

/* Whatever is cut off, what is left is whole characters. */
static void test_the_room_ends(void **state)
{
	char word[2 * ERR_TEXT_LEN];

	(void)state;
	for (size_t n = ERR_TEXT_LEN - 60; n < ERR_TEXT_LEN + 30; n++) {
		struct err e;

		memset(word, 'x', n);
		word[n] = '\0';
		err_set(&e, ERR_BAD_REQUEST, "open %s: %s", word, "Permission denied");
		err_hint(&e, "word");
		err_prefix(&e, "ticket %jd", (intmax_t)7);
		assert_true(utf8_valid(e.text, strlen(e.text)) && strlen(e.text) < sizeof(e.text));
		assert_true(utf8_valid(e.zh, strlen(e.zh)) && strlen(e.zh) < sizeof(e.zh));
		assert_null(strpbrk(e.zh, "\1\2"));
		err_both(&e, ERR_REJECTED, "", NULL, word, "先联系");
		said(&e, LANG_ZH, "先联系");
		assert_true(e.en_n < sizeof(e.text));
	}
}

static void test_environment(void **state)
{
	(void)state;
	unsetenv("LC_ALL");
	unsetenv("LC_MESSAGES");
	unsetenv("LANG");
	assert_int_equal(lang_environment(), LANG_EN);
	setenv("LANG", "zh_CN.UTF-8", 1);
	assert_int_equal(lang_environment(), LANG_ZH);
	setenv("LC_MESSAGES", "de_DE.UTF-8", 1);
	assert_int_equal(lang_environment(), LANG_EN);
	setenv("LC_MESSAGES", "", 1);
	assert_int_equal(lang_environment(), LANG_ZH);
	setenv("LC_ALL", "C", 1);
	assert_int_equal(lang_environment(), LANG_EN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats_and_words),
		cmocka_unit_test(test_prefixes_and_hints),
		cmocka_unit_test(test_both_at_once),
		cmocka_unit_test(test_the_room_ends),
		cmocka_unit_test(test_environment),
	};

	zh_speak();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
