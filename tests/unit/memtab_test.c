/* Memory tables against a sorted array, and what their nodes must hold after each step. */
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

/* ---- what must hold ------------------------------------------------------------------------------------ */
static bool part_is_below(struct part a, struct part b)
{
	return a.bytes != b.bytes ? a.bytes < b.bytes : a.n < b.n;
}

/* All rows under nd are those from *at on, in order; each node's least part is what its parent says. */
static void assert_node(const struct node *nd, size_t from, bool is_top, const struct row **at)
{
	assert_in_range(nd->n, 1, nd->cap);
	assert_true(is_top ? nd->cap >= NODE_MIN && nd->cap <= NODE_MAX : nd->cap == NODE_MAX);
	for (uint32_t i = 0; i < nd->n; i++) {
		struct part part = {nd->bytes[i], node_parts_n(nd)[i]};
		uintptr_t way = node_ways(nd)[i];
		const struct row *r = *at;
		struct part own;

		assert_true(i == 0 ||
			    part_is_below((struct part){nd->bytes[i - 1], node_parts_n(nd)[i - 1]}, part));
		assert_non_null(r);
		own = key_part(row_key(r), from);
		assert_true(own.bytes == part.bytes && own.n == part.n);
		if (nd->height > 0) {
			assert_int_equal(((const struct node *)way)->height, nd->height - 1);
			assert_node((const struct node *)way, from, false, at);
		} else if (way_is_layer(way)) {
			assert_int_equal(part.n, PART_MORE);
			assert_node(way_layer(way), from + PART_BYTES, true, at);
		} else {
			assert_ptr_equal((const struct row *)way, r);
			assert_ptr_equal(r->after != NULL ? r->after->before : r, r);
			*at = r->after;
		}
	}
}

static int is_next(void *udata, const struct row *r)
{
	const struct row **at = udata;

	assert_ptr_equal(r, *at);
	*at = r->after;
	return 0;
}

static int stop_at(void *udata, const struct row *r)
{
	return r == udata ? 7 : 0;
}

static void assert_sound(const struct rows *t, size_t n)
{
	const struct row *at = t->first;
	size_t n_linked = 0;

	assert_int_equal(t->top == NULL, n == 0);
	if (n > 0)
		assert_node(t->top, 0, true, &at);
	assert_null(at);
	for (at = t->first; at != NULL; at = at->after, n_linked++)
		assert_true(at->before == NULL || slice_cmp(row_key(at->before), row_key(at)) < 0);
	assert_int_equal(n_linked, n);
	at = t->first;
	assert_int_equal(rows_each(t, is_next, &at), 0);
	assert_null(at);
	assert_int_equal(rows_each(t, stop_at, t->last), t->last != NULL ? 7 : 0);
	assert_true(t->last == NULL || t->last->after == NULL);
}

static void assert_scan(
	const struct rows *tree, struct slice bound, bool is_reverse, const struct wanted *w, size_t n)
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
	const struct rows *tree = &m->tables[TABLE_INDEX];
	struct rng rng;
	struct wanted *w;
	size_t n;

	(void)state;
	rng_init_seeded(&rng, fixture_seed());
	w = put_random(m, &rng, &n);
	assert_int_equal(m->n_rows, n);
	assert_sound(tree, n);
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
	assert_null(rows_seek(&m->tables[TABLE_TICKET], slice_of(NULL, 0), false));
	free(w);
	memtab_free(m);
}

/* ---- shapes of keys, each of which splits nodes in its own way ----------------------------------------- */
enum shape { GROWING, FALLING, RANDOM, WORD_AND_GROWING, WORD_AND_RANDOM, LONG, N_SHAPES };

static size_t shape_key(enum shape shape, uint64_t i, struct rng *rng, uint8_t key[STORE_KEY_MAX])
{
	static const char *const words[] = {"Qcity_support.foshan", "Qcity_support.fushun", "Qcity", "Q"};
	size_t n = 0;

	if (shape == LONG) {
		memset(key, 'x', STORE_KEY_MAX);
		key[STORE_KEY_MAX - 1 - rng_below(rng, STORE_KEY_MAX)] = (uint8_t)rng_below(rng, 200);
		return STORE_KEY_MAX - (size_t)rng_below(rng, 30);
	}
	if (shape == WORD_AND_GROWING || shape == WORD_AND_RANDOM) {
		const char *word = words[rng_below(rng, 4)];

		n = strlen(word) + 1;
		memcpy(key, word, n);
	}
	if (shape == FALLING)
		i = UINT64_MAX - i;
	else if (shape == RANDOM || shape == WORD_AND_RANDOM)
		i = rng_u64(rng);
	store_be64(key + n, i);
	return n + 8;
}

static void holds_keys_of_any_shape(void **state)
{
	struct memtab *m = memtab_new(0);
	struct rng rng;

	(void)state;
	rng_init_seeded(&rng, fixture_seed());
	for (enum shape shape = 0; shape < N_SHAPES; shape++) {
		const struct rows *t = &m->tables[shape];
		size_t n = 0;

		for (uint64_t i = 0; i < 20000; i++) {
			uint8_t raw[STORE_KEY_MAX];
			struct slice key = slice_of(raw, shape_key(shape, i, &rng, raw));
			const struct row *old = rows_get(t, key), *r;

			memtab_put(m, row_new(&m->arena, (enum table)shape, key, slice_of(&i, 8), false));
			n += old == NULL;
			r = rows_get(t, key);
			assert_true(r != NULL && (old == NULL || old == r));
			assert_memory_equal(r->val, &i, 8);
			if (i < 200 || i % 2000 == 0)
				assert_sound(t, n);
		}
		assert_sound(t, n);
	}
	memtab_free(m);
}

/* Keys that grow leave full nodes behind, 17 bytes a row and little more. */
static void growing_keys_fill_their_nodes(void **state)
{
	struct memtab *m = memtab_new(0);
	size_t rows = 0;

	(void)state;
	for (uint64_t i = 0; i < 100000; i++) {
		uint8_t key[8];

		store_be64(key, i);
		memtab_put(m, row_new(&m->arena, TABLE_TICKET, slice_of(key, 8), slice_of(NULL, 0), false));
		rows += sizeof(struct row) + 8;
	}
	assert_in_range(m->arena.used - rows, 17 * 100000, 19 * 100000);
	memtab_free(m);
}

static void a_reader_may_stand_on_a_row_that_is_replaced(void **state)
{
	struct memtab *m = memtab_new(0);
	const struct row *at;

	(void)state;
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("old"), false));
	at = rows_get(&m->tables[TABLE_TICKET], SLICE_TEXT("b"));
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("c"), SLICE_TEXT("x"), false));
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("newer"), true));
	assert_ptr_equal(rows_get(&m->tables[TABLE_TICKET], SLICE_TEXT("b")), at);
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
		assert_null(rows_seek(&m->tables[TABLE_TICKET], slice_of(NULL, 0), false));
	}
	memtab_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_sorted_map),
		cmocka_unit_test(holds_keys_of_any_shape),
		cmocka_unit_test(growing_keys_fill_their_nodes),
		cmocka_unit_test(a_reader_may_stand_on_a_row_that_is_replaced),
		cmocka_unit_test(reset_empties_and_reuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
