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

/* An entry with these changes; freed with free(). */
static struct entry *entry_with(const struct change *changes, size_t n)
{
	uint8_t raw[4096], *to = raw;
	size_t n_bytes = 0;

	for (size_t i = 0; i < n; i++) {
		n_bytes += change_size(&changes[i]);
		to = change_write(to, &changes[i]);
		assert_int_equal(to - raw, n_bytes);
	}
	return entry_new(1, 1, salt, SLICE_TEXT("ev"), slice_of(raw, n_bytes));
}

static void assert_changes(const struct entry *en, const struct change *changes, size_t n)
{
	struct slice rest = entry_changes(en);
	struct change c;

	for (size_t i = 0; i < n; i++) {
		assert_int_equal(change_next(&rest, &c), 1);
		assert_int_equal(c.table, changes[i].table);
		assert_int_equal(c.is_delete, changes[i].is_delete);
		assert_int_equal(slice_cmp(c.key, changes[i].key), 0);
		assert_int_equal(slice_cmp(c.val, changes[i].val), 0);
	}
	assert_int_equal(change_next(&rest, &c), 0);
}

static void test_changes_round_trip(void **state)
{
	static const struct change changes[] = {
		{.table = 1, .key = {"key", 3}, .val = {"value", 5}},
		{.table = 13, .is_delete = true, .key = {"gone", 4}},
		{.table = 0, .key = {"", 0}, .val = {"", 0}},
	};
	struct entry *en = entry_with(changes, 3);

	(void)state;
	assert_int_equal(en->changes_n, (1 + 1 + 3 + 1 + 5) + (1 + 1 + 4) + (1 + 1 + 1));
	assert_memory_equal(entry_changes(en).p, "\x01\x03key\x05value\x8d\x04gone\x00\x00\x00", 20);
	assert_changes(en, changes, 3);
	free(en);
}

/* Lengths around each further byte of a varint. */
static void test_lengths_round_trip(void **state)
{
	static const size_t lengths[] = {0, 1, 127, 128, 129, 16383, 16384, 2097151, 2097152};
	static const size_t heads[] = {1, 1, 1, 2, 2, 2, 3, 3, 4};
	uint8_t *raw = calloc(1, 4 << 20), *val = calloc(1, 4 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct change in = {.table = 3, .key = {"k", 1}, .val = {val, lengths[i]}}, out;
		struct slice rest;

		assert_int_equal(change_size(&in), 3 + heads[i] + lengths[i]);
		rest = slice_of(raw, (size_t)(change_write(raw, &in) - raw));
		assert_int_equal(rest.n, change_size(&in));
		assert_int_equal(change_next(&rest, &out), 1);
		assert_int_equal(out.val.n, lengths[i]);
		assert_int_equal(rest.n, 0);
	}
	free(raw);
	free(val);
}

static int read_one(const char *changes, size_t n)
{
	struct slice rest = slice_of(changes, n);
	struct change c;

	return change_next(&rest, &c);
}

#define READ(literal) read_one(literal, sizeof(literal) - 1)

static void test_broken_changes_are_refused(void **state)
{
	(void)state;
	assert_int_equal(READ(""), 0);
	assert_int_equal(READ("\x01"), -1);                         /* no key */
	assert_int_equal(READ("\x01\x05keys"), -1);                 /* key cut */
	assert_int_equal(READ("\x01\x01k"), -1);                    /* no value */
	assert_int_equal(READ("\x01\x01k\x04val"), -1);             /* value cut */
	assert_int_equal(READ("\x01\x80"), -1);                     /* varint cut */
	assert_int_equal(READ("\x01\xff\xff\xff\xff\x1fk"), -1);    /* varint over 32 bits */
	assert_int_equal(READ("\x01\xff\xff\xff\xff\xff\x01"), -1); /* varint too long */
	assert_int_equal(READ("\x81\x01k"), 1);
	assert_int_equal(READ("\x01\x01k\x03val"), 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_seal),
		cmocka_unit_test(test_every_flipped_bit_is_seen),
		cmocka_unit_test(test_changes_round_trip),
		cmocka_unit_test(test_lengths_round_trip),
		cmocka_unit_test(test_broken_changes_are_refused),
	};

	return cmocka_run_group_tests_name("entry", tests, NULL, NULL);
}
