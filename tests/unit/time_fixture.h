/* What tests of calendars and ledgers share: times as texts. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/clock.h"

static struct err err;

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

static inline int64_t at(const char *text)
{
	int64_t ms;

	OK(clock_parse(text, &ms, &err));
	return ms;
}

static inline void assert_at(int64_t got_ms, const char *expected)
{
	char text[40];

	assert_string_equal(clock_format(got_ms, text), expected);
}
