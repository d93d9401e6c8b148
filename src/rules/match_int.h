/*
 * Conditions of rules as the core keeps them: a test is a field, an operation and what to compare with; a row
 * holds when all its tests do; a matcher is the rows of one rule set in order. Made while the pack loads
 * (match_load.c), never changed afterwards.
 */
#pragma once

#include "host_int.h"
#include "text_int.h"

#define NO_RULE UINT32_MAX /* -1 in the list of numbers */

/* OP(name, what it says of the field's value x) */
#define TEST_OPS(OP)                                                                                         \
	OP(any)      /* x is one of the list */                                                              \
	OP(none)     /* x is none of the list; also when absent */                                           \
	OP(untrue)   /* x is false or absent */                                                              \
	OP(has_key)  /* the map x has one of the list as a key that is true */                               \
	OP(at_least) /* the number x >= limit; of a count, within window ms */                               \
	OP(at_most)                                                                                          \
	OP(more_than)                                                                                        \
	OP(less_than)                                                                                        \
	OP(between)     /* from <= x <= to, of the bounds' type */                                           \
	OP(time_of_day) /* from <= x < to, over midnight when from > to */                                   \
	OP(within)      /* x is an instant at most `window` ms ago */                                        \
	OP(has_word)    /* the text x holds one of the words */                                              \
	OP(starts_with) /* the text x starts with one of the list */                                         \
	OP(present)     /* x is neither absent nor "" */                                                     \
	OP(absent)                                                                                           \
	OP(any_of_these) /* one of the parts holds, each a list of tests */                                  \
	OP(unless)       /* none of the parts holds */                                                       \
	OP(call)         /* fn(view) is true */

enum test_op {
#define OP(name) TEST_##name,
	TEST_OPS(OP)
#undef OP
};

struct row;

struct test {
	enum test_op op;
	uint32_t field;
	int64_t window_ms; /* -1: none */
	struct value limit, to;
	struct value list;         /* array */
	const struct words *words; /* kept by the pack's own tables */
	struct row *parts;
	uint32_t n_parts;
	int fn; /* in the registry's table of functions */
};

struct row {
	uint32_t rule; /* its number */
	uint32_t n;
	struct test *tests;
};

struct matcher {
	uint32_t n;
	struct row *rows;
	const uint32_t *numbers;   /* of the rules, n of them, and the otherwise's behind */
	const struct value **says; /* what each row, and the otherwise behind them, says; NULL: nothing */
	const uint32_t *same;      /* rows of one number say it once, the first that holds; 0: each says it */
	const struct words *words; /* a set that only looks for words of one field: one pass over the text */
	const uint32_t *owner;     /* row of each word */
	uint32_t field;
};

/* Key of the registry: the functions that tests call. */
extern const char match_functions;

/* host.matcher(rows, numbers, finder?, says?) → its number, and whether it calls functions of the pack */
int l_matcher(lua_State *);
