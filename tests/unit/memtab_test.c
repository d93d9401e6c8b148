/* Memory tables against a sorted array. */
#include "store_fixture.h"

#define N_KEYS 2000
#define KEY_MAX 20

struct wanted {
	uint8_t key[KEY_MAX];
	size_t key_n;
	uint64_t val;
	bool is_delete;
};

static int wanted_cmp(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return slice_cmp(slice_of(x->key, x->key_n), slice_of(y->key, y->key_n));
}

/* Few byte values, many zeros: keys that are prefixes of others, also within and behind the first eight
 * bytes. */
static size_t random_key(struct rng *rng, uint8_t *key)
{
	size_t n = 1 + (size_t)rng_below(rng, KEY_MAX);

	for (size_t i = 0; i < n; i++)
		key[i] = rng_below(rng, 2) == 0 ? 0 : (uint8_t)(255 * rng_below(rng, 2) + rng_below(rng, 2));
	return n;
}

static size_t position(const struct wanted *w, size_t n, struct slice key)
{
	size_t i = 0;

	while (i < n && slice_cmp(slice_of(w[i].key, w[i].key_n), key) < 0)
		i++;
	return i;
}

static struct wanted *put_random(struct memtab *m, struct rng *rng, size_t *n)
{
	struct wanted *w = calloc(N_KEYS, sizeof(*w));

	*n = 0;
	for (int i = 0; i < N_KEYS; i++) {
		struct wanted new = {.val = rng_u64(rng), .is_delete = rng_below(rng, 4) == 0};
		struct slice key;
		size_t at = 0;

		new.key_n = random_key(rng, new.key);
		key = slice_of(new.key, new.key_n);
		while (at < *n && slice_cmp(slice_of(w[at].key, w[at].key_n), key) != 0)
			at++;
		w[at] = new;
		*n += at == *n;
		memtab_put(m, row_new(&m->arena, TABLE_INDEX, key, slice_of(&new.val, sizeof(new.val)),
				      new.is_delete));
	}
	qsort(w, *n, sizeof(*w), wanted_cmp);
	return w;
}

static void assert_is(const struct row *r, const struct wanted *w)
{
	assert_non_null(r);
	assert_int_equal(slice_cmp(row_key(r), slice_of(w->key, w->key_n)), 0);
	assert_int_equal(r->is_delete, w->is_delete);
	assert_int_equal(slice_cmp(row_val(r), slice_of(&w->val, sizeof(w->val))), 0);
}

static void assert_scan(
	const struct row_tree *tree, struct slice bound, bool is_reverse, const struct wanted *w, size_t n)
{
	size_t at = bound.p == NULL ? (is_reverse ? n : 0) : position(w, n, bound);
	const struct row *r = rows_seek(tree, bound, is_reverse);

	if (is_reverse) {
		for (; at > 0; at--, r = rows_step(r, true))
			assert_is(r, &w[at - 1]);
	} else {
		for (; at < n; at++, r = rows_step(r, false))
			assert_is(r, &w[at]);
	}
	assert_null(r);
}

static void is_a_sorted_map(void **state)
{
	struct memtab *m = memtab_new(0);
	const struct row_tree *tree = &m->trees[TABLE_INDEX];
	struct rng rng;
	struct wanted *w;
	size_t n;

	(void)state;
	rng_init_seeded(&rng, fixture_seed());
	w = put_random(m, &rng, &n);
	assert_int_equal(m->n_rows, n);
	assert_scan(tree, slice_of(NULL, 0), false, w, n);
	assert_scan(tree, slice_of(NULL, 0), true, w, n);
	for (int i = 0; i < 500; i++) {
		uint8_t raw[KEY_MAX];
		struct slice key = slice_of(raw, random_key(&rng, raw));
		size_t at = position(w, n, key);

		if (at < n && slice_cmp(slice_of(w[at].key, w[at].key_n), key) == 0)
			assert_is(rows_get(tree, key), &w[at]);
		else
			assert_null(rows_get(tree, key));
		if (i % 20 == 0) {
			assert_scan(tree, key, false, w, n);
			assert_scan(tree, key, true, w, n);
		}
	}
	assert_null(rows_seek(&m->trees[TABLE_TICKET], slice_of(NULL, 0), false));
	free(w);
	memtab_free(m);
}

static void a_reader_may_stand_on_a_row_that_is_replaced(void **state)
{
	struct memtab *m = memtab_new(0);
	const struct row *at;

	(void)state;
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("old"), false));
	at = rows_get(&m->trees[TABLE_TICKET], SLICE_TEXT("b"));
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("c"), SLICE_TEXT("x"), false));
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("newer"), true));
	assert_ptr_equal(rows_get(&m->trees[TABLE_TICKET], SLICE_TEXT("b")), at);
	assert_true(at->is_delete);
	assert_int_equal(at->val_n, 5);
	assert_memory_equal(at->val, "newer", 5);
	assert_int_equal(rows_step(at, false)->key[0], 'c');
	assert_null(rows_step(at, true));
	memtab_free(m);
}

static void reset_empties_and_reuses(void **state)
{
	struct memtab *m = memtab_new((size_t)8 << 20);
	size_t total = 0;

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 0; i < 20000; i++)
			memtab_put(m, row_new(&m->arena, TABLE_TICKET, slice_of(&i, 8),
					      SLICE_TEXT("0123456789abcdef"), false));
		assert_int_equal(m->n_rows, 20000);
		if (round == 0)
			total = m->arena.total;
		assert_int_equal(m->arena.total, total);
		memtab_reset(m);
		assert_int_equal(m->n_rows, 0);
		assert_null(rows_seek(&m->trees[TABLE_TICKET], slice_of(NULL, 0), false));
	}
	memtab_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_sorted_map),
		cmocka_unit_test(a_reader_may_stand_on_a_row_that_is_replaced),
		cmocka_unit_test(reset_empties_and_reuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
