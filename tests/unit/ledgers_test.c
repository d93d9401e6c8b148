/* The clocks of a ticket as bytes: exact round trips; damage of every kind is refused or is another truth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/clock.h"
#include "tocsin/ledgers.h"

static struct err err;
static struct arena arena;
static struct calendar *calendar;
static struct buf bytes;

#define OK(call)                                                                                             \
	do {                                                                                                 \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, err.text);                                                 \
	} while (0)

#define START_MS INT64_C(1790042400000) /* 2026-09-22T10:00+08:00 */
#define HOUR_MS INT64_C(3600000)

static const struct ledger_percent told[] = {{75, "escalation/near"}, {100, "escalation/late"}};

static struct ledger started(const char *name, int64_t goal, enum unit unit, bool is_statutory)
{
	const char *cal = unit == UNIT_HOURS ? NULL : "china";
	struct ledger_terms t = {
		.goal = goal, .unit = unit, .calendar = cal, .percents = told, .n_percents = 2};
	struct ledger l;

	OK(ledger_start(&l, &arena, name, is_statutory, &t, cal == NULL ? NULL : calendar, START_MS, &err));
	return l;
}

/* Everything that a ledger can hold, in three of them. */
static uint32_t three(struct ledger_slot slots[3])
{
	struct ledger_terms shorter = {.goal = 12 * HOUR_MS, .percents = told, .n_percents = 1};
	struct ledger dispatch = started("dispatch", 2 * HOUR_MS, UNIT_HOURS, false),
		      handle = started("handle", 48 * HOUR_MS, UNIT_HOURS, false),
		      answer = started("answer", 15, UNIT_WORKING_DAYS, true);
	int64_t voided_ms;

	OK(ledger_stop(&dispatch, NULL, START_MS + HOUR_MS, &err));
	OK(ledger_pause(&handle, NULL, START_MS + HOUR_MS, "customer away", &err));
	OK(ledger_void(&handle, NULL, START_MS + 2 * HOUR_MS, LEDGER_OPEN, START_MS + 3 * HOUR_MS, "unread",
		&voided_ms, &err));
	OK(ledger_resume(&handle, NULL, START_MS + 4 * HOUR_MS, &err));
	OK(ledger_regoal(&handle, &shorter, NULL, START_MS + 5 * HOUR_MS, &err));
	OK(ledger_pause(&handle, NULL, START_MS + 6 * HOUR_MS, "customer away", &err));
	slots[0] = (struct ledger_slot){.ledger = dispatch};
	slots[1] = (struct ledger_slot){.ledger = handle};
	slots[2] = (struct ledger_slot){
		.ledger = answer, .armed_percent = 75, .armed_ms = START_MS + 9 * HOUR_MS};
	return 3;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	buf_init(&bytes, 1 << 20);
	if (clock_zone_set("Asia/Shanghai", &err) != 0)
		return -1;
	calendar = calendar_new("china");
	for (int weekday = 0; weekday < 5; weekday++)
		OK(calendar_add_segment(calendar, weekday, 540, 1080, &err));
	return calendar_add_year(calendar, 2026, &err) != 0 || calendar_seal(calendar, &err) != 0 ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	calendar_free(calendar);
	buf_fini(&bytes);
	arena_fini(&arena);
	return 0;
}

static void encode(void)
{
	struct ledger_slot slots[3];
	uint32_t n = three(slots);

	ledgers_encode(&bytes, NULL, slots, n);
}

static void test_round_trip(void **state)
{
	struct ledger_slot slots[3], *back;
	uint32_t n = three(slots), n_back;

	(void)state;
	ledgers_encode(&bytes, NULL, slots, n);
	OK(ledgers_decode(&arena, NULL, buf_slice(&bytes), &back, &n_back, &err));
	assert_int_equal(n_back, n);
	for (uint32_t i = 0; i < n; i++) {
		struct value was = ledger_to_value(&arena, &slots[i].ledger),
			     is = ledger_to_value(&arena, &back[i].ledger);

		assert_true(value_equal(&was, &is));
		assert_int_equal(slots[i].armed_percent, back[i].armed_percent);
		assert_int_equal(slots[i].armed_ms, back[i].armed_ms);
	}
}

/* What a ticket costs: the words stand once. */
static void test_size(void **state)
{
	(void)state;
	encode();
	assert_in_range(bytes.n, 150, 230);
	assert_null(memmem((const uint8_t *)memmem(bytes.p, bytes.n, "escalation/near", 15) + 1,
		bytes.n - 100, "escalation/near", 15));
}

/* With a lexicon only what was said stands in the bytes; without the lexicon they are damaged. */
static void test_lexicon(void **state)
{
	struct lexicon *lexicon = lexicon_new();
	struct ledger_slot slots[3], *back;
	uint32_t n = three(slots), n_back;
	struct ledger_heads heads;
	struct ledger_head h;
	struct buf again;

	(void)state;
	ledgers_encode(&bytes, lexicon, slots, n);
	assert_in_range(bytes.n, 100, 140);
	assert_non_null(memmem(bytes.p, bytes.n, "customer away", 13));
	assert_int_equal(lexicon_find(lexicon, SLICE_TEXT("customer away")), 0);
	OK(ledgers_decode(&arena, lexicon, buf_slice(&bytes), &back, &n_back, &err));
	assert_int_equal(n_back, n);
	for (uint32_t i = 0; i < n; i++) {
		struct value was = ledger_to_value(&arena, &slots[i].ledger),
			     is = ledger_to_value(&arena, &back[i].ledger);

		assert_true(value_equal(&was, &is));
	}
	buf_init(&again, 1 << 20);
	ledgers_encode(&again, lexicon, back, n_back);
	assert_int_equal(slice_cmp(buf_slice(&bytes), buf_slice(&again)), 0);
	buf_fini(&again);
	ledger_heads_init(&heads, lexicon, buf_slice(&bytes));
	assert_true(ledger_heads_next(&heads, &h));
	assert_int_equal(slice_cmp(h.name, SLICE_TEXT("dispatch")), 0);
	assert_int_equal(ledgers_decode(&arena, NULL, buf_slice(&bytes), &back, &n_back, &err), -1);
	assert_string_equal(err.text, "a stored clock is damaged: its head cannot be read");
	lexicon_free(lexicon);
}

static void test_heads(void **state)
{
	struct ledger_heads heads;
	struct ledger_head h;

	(void)state;
	encode();
	ledger_heads_init(&heads, NULL, buf_slice(&bytes));
	assert_true(ledger_heads_next(&heads, &h));
	assert_int_equal(slice_cmp(h.name, SLICE_TEXT("dispatch")), 0);
	assert_true(h.is_stopped && h.is_due_known && !h.is_due_paused && h.armed_percent == 0);
	assert_true(ledger_heads_next(&heads, &h));
	assert_true(!h.is_stopped && h.is_due_paused);
	assert_true(ledger_heads_next(&heads, &h));
	assert_true(h.armed_percent == 75 && h.armed_ms == START_MS + 9 * HOUR_MS && !h.is_due_paused);
	assert_false(ledger_heads_next(&heads, &h));
	ledger_heads_init(&heads, NULL, slice_of("", 0));
	assert_false(ledger_heads_next(&heads, &h));
}

static void test_nothing(void **state)
{
	struct ledger_slot *slots;
	uint32_t n;

	(void)state;
	OK(ledgers_decode(&arena, NULL, slice_of("", 0), &slots, &n, &err));
	assert_int_equal(n, 0);
}

/* Refused with a reason, or accepted as something that is written as just these bytes again. */
static bool is_refused(struct slice damaged)
{
	struct ledger_slot *slots;
	struct buf again;
	uint32_t n;
	struct ledger_elapsed used;

	arena_reset(&arena);
	if (ledgers_decode(&arena, NULL, damaged, &slots, &n, &err) != 0) {
		assert_int_equal(err.code, ERR_INTERNAL);
		assert_memory_equal(err.text, "a stored clock is damaged: ", 27);
		return true;
	}
	buf_init(&again, 1 << 20);
	ledgers_encode(&again, NULL, slots, n);
	assert_int_equal(slice_cmp(damaged, buf_slice(&again)), 0);
	buf_fini(&again);
	for (uint32_t i = 0; i < n; i++) {
		const struct ledger *l = &slots[i].ledger;
		const char *name = ledger_terms(l)->calendar;
		const struct calendar *c = name != NULL && strcmp(name, "china") == 0 ? calendar : NULL;

		assert_null(ledger_check(l));
		(void)ledger_percent_at(l, c, 1000, START_MS + 9999 * HOUR_MS);
		if (ledger_elapsed(l, c, START_MS + 99 * HOUR_MS, &used, &err) != 0)
			assert_int_equal(err.code, ERR_REJECTED);
	}
	return false;
}

static void test_every_truncation(void **state)
{
	(void)state;
	encode();
	for (size_t n = 1; n < bytes.n; n++)
		assert_true(is_refused(slice_of(bytes.p, n)));
	buf_add_u8(&bytes, 0);
	assert_true(is_refused(buf_slice(&bytes)));
}

static void test_every_bit(void **state)
{
	size_t n_refused = 0;

	(void)state;
	encode();
	for (size_t i = 0; i < bytes.n * 8; i++) {
		bytes.p[i / 8] ^= (uint8_t)(1u << i % 8);
		n_refused += is_refused(buf_slice(&bytes));
		bytes.p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_in_range(n_refused, bytes.n, bytes.n * 8 - 1);
}

static void test_random_bytes(void **state)
{
	const char *text = getenv("SEED");
	uint64_t first = text == NULL ? 1 : strtoull(text, NULL, 0);

	(void)state;
	encode();
	for (uint64_t seed = first; seed < first + (text == NULL ? 20000 : 1); seed++) {
		uint8_t copy[512];
		struct rng r;

		rng_init_seeded(&r, seed);
		memcpy(copy, bytes.p, bytes.n);
		for (uint64_t k = 1 + rng_below(&r, 4); k > 0; k--)
			copy[rng_below(&r, bytes.n)] = (uint8_t)rng_below(&r, 256);
		(void)is_refused(slice_of(copy, bytes.n));
	}
}

/* Another instant is another number, not damage; the checks are about what cannot be. */
static void test_what_cannot_be(void **state)
{
	struct ledger_slot slots[3], *back;
	uint32_t n = three(slots);

	(void)state;
	slots[2].armed_percent = 80;
	ledgers_encode(&bytes, NULL, slots, n);
	assert_int_equal(ledgers_decode(&arena, NULL, buf_slice(&bytes), &back, &n, &err), -1);
	assert_string_equal(err.text,
		"a stored clock is damaged: \"answer\": it waits for a percentage that its "
		"terms do not have");
	buf_reset(&bytes);
	slots[2] = slots[0];
	ledgers_encode(&bytes, NULL, slots, 3);
	assert_int_equal(ledgers_decode(&arena, NULL, buf_slice(&bytes), &back, &n, &err), -1);
	assert_string_equal(err.text, "a stored clock is damaged: \"dispatch\" stands twice");
	buf_reset(&bytes);
	slots[0].armed_percent = 75;
	ledgers_encode(&bytes, NULL, slots, 1);
	assert_int_equal(ledgers_decode(&arena, NULL, buf_slice(&bytes), &back, &n, &err), -1);
	assert_string_equal(
		err.text, "a stored clock is damaged: \"dispatch\": a stopped clock waits for a percentage");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_round_trip),
		TEST(test_size),
		TEST(test_heads),
		TEST(test_lexicon),
		TEST(test_nothing),
		TEST(test_every_truncation),
		TEST(test_every_bit),
		TEST(test_random_bytes),
		TEST(test_what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
