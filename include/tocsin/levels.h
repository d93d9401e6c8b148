/*
 * The level machine: one level per key, up at once, down with hysteresis. Plain data; pure; any thread.
 *
 * A table has a row for each level, rising. At the close of a bin
 *   1. the highest row above the present level whose `enter` holds is entered: levels may be skipped upward;
 *   2. else the present level is left when its `leave` has held, and its `enter` has not, for `closes` closes
 *      in a row and at least `stay` bins have closed since it was entered (quiet closes count during the
 *      stay): one row down, never more;
 *   3. any change restarts both counters. A row with `is_signed` is not left but "ready to lower", until a
 *      person signs (level_sign). Being ready ends when its `leave` no longer holds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/err.h"

#define LEVELS_MAX 8

enum test_op {
	TEST_AT_LEAST,    /* value of the input >= value */
	TEST_MORE_THAN,   /* > */
	TEST_AT_MOST,     /* <= */
	TEST_LESS_THAN,   /* < */
	TEST_TAIL,        /* P(as many or more by chance) <= value, and the count >= at_least */
	TEST_CALM,        /* that probability is > value */
	TEST_BELOW_ENTRY, /* the count < value x the smallest count that enters this row by the same input */
};

/* One comparison. */
struct test {
	uint8_t op;        /* enum test_op */
	uint8_t input;     /* index into watch.inputs */
	bool is_per_10000; /* the input is taken per 10,000 subscribers of the key's city */
	bool is_poisson;   /* TAIL, CALM: without over-dispersion, whatever the baseline says */
	double value;      /* the limit; of TAIL and CALM a probability */
	double at_least;   /* TAIL: the minimum count */
};

/* All tests of one group hold, of at least one group. No group: never holds. */
struct condition {
	uint32_t n_groups;
	struct test_group {
		uint32_t n;
		struct test *tests;
	} * groups;
};

struct level_row {
	uint8_t level; /* place of its name among the pack's levels, 1 = lowest; 0 is "none" */
	struct condition enter, leave;
	uint32_t closes, stay;
	bool is_signed;
	uint32_t n_roles; /* who may sign */
	const char **roles;
};

struct level_table {
	const char *name;
	uint32_t n_rows; /* rising */
	struct level_row rows[LEVELS_MAX];
};

/* What is kept of a key. All zero: level none. */
struct level_state {
	uint8_t level;
	bool is_ready;  /* to lower, waits for a signature */
	uint32_t stay;  /* closes since the level was entered */
	uint32_t quiet; /* closes in a row at which `leave` held */
};

/* The row of this level; where a table has lost it, the nearest below; NULL: none. */
const struct level_row *level_row_of(const struct level_table *, uint8_t level);
/* The row under this level; NULL: none below. */
const struct level_row *level_row_below(const struct level_table *, uint8_t level);

/*
 * One close. `enters` has a bit for each row (by index in the table) whose `enter` holds; leaves: whether the
 * `leave` of level_row_of(state->level) holds. True if the level or is_ready changed.
 */
bool level_step(const struct level_table *, struct level_state *, uint32_t enters, bool leaves);

/* A person signs: one row down. 0, or -1 with ERR_REJECTED when it is not ready to lower. */
int level_sign(const struct level_table *, struct level_state *, struct err *) MUST_CHECK;

/* A person (or a relapse) sets the level, up or down; counters restart. The table must have it, or 0: else -1
 * with ERR_BAD_REQUEST. */
int level_set(const struct level_table *, struct level_state *, uint8_t level, struct err *) MUST_CHECK;
