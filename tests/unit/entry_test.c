#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/entry.h"
#include "tocsin/util.h"

static const uint8_t id[16] = "journal-number-1";
static const uint8_t salt[ENTRY_SALT] = "0123456789abcdef";
static const uint8_t zero_chain[SHA256_LEN];

static void test_layout(void **state)
{
	struct entry *en = entry_new(7, 1790000000123, salt, SLICE_TEXT("event"), SLICE_TEXT("chg"));

	(void)state;
	assert_int_equal(entry_length(0, 0), 120);
	assert_int_equal(entry_length(5, 3), 128);
	assert_int_equal(entry_length(5, 4), 136);
	assert_int_equal(en->length, 128);
	assert_int_equal(en->seq, 7);
	assert_int_equal(en->at_ms, 1790000000123);
	assert_memory_equal(entry_event(en).p, "event", 5);
	assert_int_equal(entry_event(en).n, 5);
	assert_memory_equal(entry_changes(en).p, "chg", 3);
	assert_int_equal(entry_changes(en).n, 3);
	free(en);
}

/* Expected values computed apart, with Python's hashlib and a table-driven CRC-32C. */
static void test_seal(void **state)
{
	struct entry *en = entry_new(1, 5, salt, SLICE_TEXT("event"), SLICE_TEXT("chg"));
	char text[2 * SHA256_LEN + 1];

	(void)state;
	entry_seal(en, 0, zero_chain, id);
	assert_string_equal(hex(en->event_hash, SHA256_LEN, text),
		"893e010253b0e70d4c507d94ac21284d7eb39da2928db20750ab9e5fea83471c");
	assert_string_equal(hex(en->chain, SHA256_LEN, text),
		"0a54c0d1a35fb24b43fd849b6e6e3fb0c042a48127be537b6e5e6cce6f407b2c");
	assert_int_equal(en->crc, 0x5f289bbc);
	assert_true(entry_is_good(en, en->length, id));
	free(en);
}

static void test_every_flipped_bit_is_seen(void **state)
{
	struct entry *en = entry_new(9, 5, salt, SLICE_TEXT("an event"), SLICE_TEXT("and its changes"));
	uint8_t *raw = (uint8_t *)en;
	uint32_t length;

	(void)state;
	entry_seal(en, 8, zero_chain, id);
	length = en->length;
	for (uint32_t bit = 0; bit < 8 * length; bit++) {
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(entry_is_good(en, length, id));
		raw[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(entry_is_good(en, length, id));
	assert_false(entry_is_good(en, length - 8, id));
	assert_false(entry_is_good(en, 0, id));
	assert_false(entry_is_good(en, length, (const uint8_t *)"journal-number-2"));
	free(en);
}

/* Write the changes into an entry with this event and read them back. */
struct trip {
	struct buf out;
	struct entry *en;
	struct arena arena;
	struct change_reader reader;
};

static void trip_start(struct trip *t, const struct change *changes, size_t n, struct slice event)
{
	buf_init(&t->out, 1 << 24);
	arena_init(&t->arena, 0);
	for (size_t i = 0; i < n; i++)
		change_write(&t->out, &changes[i], event);
	t->en = entry_new(1, 1, salt, event, buf_slice(&t->out));
	change_reader_init(&t->reader, t->en, &t->arena);
}

static void trip_end(struct trip *t)
{
	buf_fini(&t->out);
	arena_fini(&t->arena);
	free(t->en);
}

static void test_changes_round_trip(void **state)
{
	static const struct change changes[] = {
		{.table = 1, .key = {"key", 3}, .val = {"value", 5}},
		{.table = 13, .is_delete = true, .key = {"gone", 4}},
		{.table = 0, .key = {"", 0}, .val = {"", 0}},
	};
	struct trip t;
	struct change c;

	(void)state;
	trip_start(&t, changes, 3, SLICE_TEXT("ev"));
	assert_int_equal(t.out.n, (1 + 1 + 3 + 1 + 5) + (1 + 1 + 4) + (1 + 1 + 1));
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(change_next(&t.reader, &c), 1);
		assert_int_equal(c.table, changes[i].table);
		assert_int_equal(c.is_delete, changes[i].is_delete);
		assert_int_equal(slice_cmp(c.key, changes[i].key), 0);
		assert_int_equal(slice_cmp(c.val, changes[i].val), 0);
	}
	assert_int_equal(change_next(&t.reader, &c), 0);
	trip_end(&t);
}

static void test_text_of_the_event_is_stored_once(void **state)
{
	char event[900], val[700];
	struct change in = {.table = 1, .key = {"k", 1}, .val = {val, sizeof(val)}}, c;
	struct trip t;

	(void)state;
	for (size_t i = 0; i < sizeof(event); i++)
		event[i] = (char)(i * 131 + i / 7 * 17);
	memset(val, '.', sizeof(val));
	memcpy(val + 33, event + 101, 64);   /* the shortest that counts */
	memcpy(val + 200, event + 300, 500); /* up to the end */
	trip_start(&t, &in, 1, slice_of(event, sizeof(event)));
	/* 33 + 103 literal bytes, and heads */
	assert_int_equal(t.out.n, (1 + 1 + 1 + 2) + (1 + 33) + (2 + 1) + (2 + 103) + (2 + 2));
	assert_int_equal(change_next(&t.reader, &c), 1);
	assert_int_equal(c.table, 1);
	assert_int_equal(slice_cmp(c.val, in.val), 0);
	assert_int_equal(change_next(&t.reader, &c), 0);
	trip_end(&t);
}

static void random_bytes(struct rng *rng, uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)rng_below(rng, 4); /* few letters: many accidental matches */
}

static void test_random_changes_round_trip(void **state)
{
	const char *seed_text = getenv("SEED");
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
	static uint8_t event[40000], val[40000];
	struct rng rng;

	(void)state;
	print_message("SEED=%ju\n", (uintmax_t)seed);
	rng_init_seeded(&rng, seed);
	for (int round = 0; round < 300; round++) {
		size_t event_n = rng_below(&rng, round % 10 == 0 ? sizeof(event) : 600),
		       val_n = rng_below(&rng, 600);
		struct change in = {.table = 3, .key = {"k", 1}, .val = {val, val_n}}, c;
		struct trip t;

		random_bytes(&rng, event, event_n);
		random_bytes(&rng, val, val_n);
		for (int i = 0; i < 3; i++) {
			size_t n = rng_below(&rng, (event_n < val_n ? event_n : val_n) + 1);

			memcpy(val + rng_below(&rng, val_n - n + 1), event + rng_below(&rng, event_n - n + 1),
				n);
		}
		trip_start(&t, &in, 1, slice_of(event, event_n));
		assert_int_equal(change_next(&t.reader, &c), 1);
		assert_int_equal(slice_cmp(c.val, in.val), 0);
		assert_int_equal(change_next(&t.reader, &c), 0);
		trip_end(&t);
	}
}

static int read_one(const char *changes, size_t n, struct slice *val)
{
	struct entry *en = entry_new(1, 1, salt, SLICE_TEXT("0123456789"), slice_of(changes, n));
	struct change_reader r;
	struct arena arena;
	struct change c;
	int rc;

	arena_init(&arena, 0);
	change_reader_init(&r, en, &arena);
	rc = change_next(&r, &c);
	if (rc == 1 && val != NULL)
		val->n = c.val.n;
	arena_fini(&arena);
	free(en);
	return rc;
}

#define READ(literal) read_one(literal, sizeof(literal) - 1, NULL)

static void test_broken_changes_are_refused(void **state)
{
	struct slice val = {0};

	(void)state;
	assert_int_equal(READ("\x01"), -1);                                  /* no key */
	assert_int_equal(READ("\x01\x05keys"), -1);                          /* key cut */
	assert_int_equal(READ("\x01\x01k\x04val"), -1);                      /* value cut */
	assert_int_equal(READ("\x01\xff\xff\xff\xff\x1fk"), -1);             /* varint over 32 bits */
	assert_int_equal(READ("\x01\xff\xff\xff\xff\xff\x01"), -1);          /* varint too long */
	assert_int_equal(READ("\xc1\x01k"), -1);                             /* a deletion in pieces */
	assert_int_equal(READ("\x41\x01k\x04\x07\x07"), -1);                 /* 3 bytes at 7, one missing */
	assert_int_equal(READ("\x41\x01k\x03\x07\x08"), -1);                 /* beyond the event */
	assert_int_equal(READ("\x41\x01k\x03\x09\x01"), -1);                 /* 4 bytes where 3 are said */
	assert_int_equal(READ("\x41\x01k\x03\x01\x01"), -1);                 /* an empty piece */
	assert_int_equal(READ("\x41\x01k\xff\xff\xff\xff\x0f\x07\x07"), -1); /* a lie about the size */
	assert_int_equal(read_one("\x41\x01k\x03\x07\x07", 6, &val), 1);
	assert_int_equal(val.n, 3);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_every_flipped_bit_is_seen),
		cmocka_unit_test(test_changes_round_trip),
		cmocka_unit_test(test_text_of_the_event_is_stored_once),
		cmocka_unit_test(test_random_changes_round_trip),
		cmocka_unit_test(test_broken_changes_are_refused),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
