/* The number set against a plain list, by seed; its texts; its size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/numset.h"
#include "tocsin/util.h"

static uint64_t number_of(const char *text)
{
	return numset_number(slice_of(text, strlen(text)));
}

static void texts(void **state)
{
	static const char *const good[] = {
		"13800138000", "075588886666", "0", "00", "999999999999999", "1440012345678"};
	static const char *const bad[] = {"", "1234567890123456", "+8613800138000", "138 0013", "１３８"};
	char out[NUMSET_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(strlen(good[i]), numset_text(number_of(good[i]), out));
		assert_string_equal(good[i], out);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(0, number_of(bad[i]));
	assert_true(number_of("13800138000") < number_of("13800138001"));
}

/* ---- model --------------------------------------------------------------------------------------------- */
#define MODEL_NUMBERS 300
#define MODEL_PARTS 7

struct model {
	bool is_there[MODEL_NUMBERS][MODEL_PARTS];
	struct numset_item items[MODEL_NUMBERS][MODEL_PARTS];
	uint64_t n;
};

static uint64_t model_number(uint32_t i)
{
	return number_of("13800000000") + (uint64_t)i * 7919;
}

static void compare(const struct numset *s, const struct model *m, uint32_t i)
{
	struct numset_item got[MODEL_PARTS + 1];
	uint32_t n = numset_find(s, model_number(i), got, MODEL_PARTS + 1), k = 0;

	for (uint32_t part = 0; part < MODEL_PARTS; part++) {
		if (!m->is_there[i][part])
			continue;
		assert_true(k < n);
		assert_int_equal(part, got[k].part);
		assert_int_equal(m->items[i][part].flags, got[k].flags);
		assert_true(m->items[i][part].since == got[k].since);
		k++;
	}
	assert_int_equal(k, n);
}

static void step(struct numset *s, struct model *m, struct rng *rng)
{
	uint32_t i = (uint32_t)rng_below(rng, MODEL_NUMBERS), part = (uint32_t)rng_below(rng, MODEL_PARTS);
	struct numset_item item = {part, (uint8_t)rng_below(rng, NUMSET_FLAGS),
		rng_below(rng, UINT64_C(1) << NUMSET_SINCE_BITS)};

	if (rng_below(rng, 3) == 0) {
		assert_int_equal(m->is_there[i][part], numset_del(s, model_number(i), part));
		m->n -= m->is_there[i][part];
		m->is_there[i][part] = false;
	} else {
		numset_put(s, model_number(i), &item);
		m->n += !m->is_there[i][part];
		m->is_there[i][part] = true;
		m->items[i][part] = item;
	}
	compare(s, m, i);
	assert_true(m->n == numset_count(s));
}

static void model(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		struct numset *s = numset_new();
		struct model *m = calloc(1, sizeof(*m));
		struct rng rng;

		rng_init_seeded(&rng, seed);
		for (int k = 0; k < 5000; k++)
			step(s, m, &rng);
		for (uint32_t i = 0; i < MODEL_NUMBERS; i++)
			compare(s, m, i);
		free(m);
		numset_free(s);
	}
}

/* All at once, from the last to the first, is the same set; it takes changes then. */
static void added_and_sorted(void **state)
{
	struct numset *s = numset_new();
	struct model *m = calloc(1, sizeof(*m));
	struct rng rng;

	(void)state;
	rng_init_seeded(&rng, 7);
	for (uint32_t i = MODEL_NUMBERS; i-- > 0;)
		for (uint32_t part = MODEL_PARTS; part-- > 0;) {
			struct numset_item item = {part, (uint8_t)(i % NUMSET_FLAGS), i * 1000 + part};

			if ((i + part) % 3 == 0)
				continue;
			numset_add(s, model_number(i), &item);
			m->is_there[i][part] = true;
			m->items[i][part] = item;
			m->n++;
		}
	numset_sort(s);
	for (uint32_t i = 0; i < MODEL_NUMBERS; i++)
		compare(s, m, i);
	for (int k = 0; k < 5000; k++)
		step(s, m, &rng);
	free(m);
	numset_free(s);
}

static void since_is_cut(void **state)
{
	struct numset_item item = {4095, 31, UINT64_MAX}, got;
	struct numset *s = numset_new();

	(void)state;
	numset_put(s, number_of("999999999999999"), &item);
	assert_int_equal(1, numset_find(s, number_of("999999999999999"), &got, 1));
	assert_int_equal(4095, got.part);
	assert_int_equal(31, got.flags);
	assert_true(got.since == (UINT64_C(1) << NUMSET_SINCE_BITS) - 1);
	numset_free(s);
}

/* The budget: 16 bytes a number at 5 M; here a tenth of it, 14 by arithmetic from 64 a partition on. */
static void size(void **state)
{
	struct numset *s = numset_new();
	struct numset_item item = {0, 1, 12345};
	uint64_t from = number_of("13800000000");

	(void)state;
	for (uint64_t i = 0; i < 500000; i++)
		numset_put(s, from + i * 3, &item);
	assert_int_equal(500000, numset_count(s));
	assert_true(numset_bytes(s) <= 500000 * 16);
	for (uint64_t i = 0; i < 500000; i++)
		assert_true(numset_del(s, from + i * 3, 0));
	assert_int_equal(0, numset_count(s));
	numset_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts),
		cmocka_unit_test(model),
		cmocka_unit_test(added_and_sorted),
		cmocka_unit_test(since_is_cut),
		cmocka_unit_test(size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
