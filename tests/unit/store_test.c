/* The store against a sorted model: random puts, deletes, aborts, freezes, checkpoints, reopenings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/store.h"

#define N_KEYS 300

struct model {
	bool has[2][N_KEYS];
	uint32_t val[2][N_KEYS];
	size_t val_n[2][N_KEYS];
};

static char dir[64];
static struct rng rng;
static const enum table tables[2] = {TABLE_TICKET, TABLE_INDEX};

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/store_test.XXXXXX");
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int drop_dir(void **state)
{
	char cmd[128];

	(void)state;
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd);
}

static struct store *open_store(void)
{
	struct store_config c = {.dir = dir,
		.freeze_bytes = 20000,
		.freeze_ms = 100,
		.segment_bytes = 256 * 1024,
		.rng = &rng};
	struct store *s;
	struct err e;

	if (store_open(&s, &c, &e) != 0)
		fail_msg("%s", e.text);
	return s;
}

static void key_of(uint8_t key[8], int k)
{
	store_be64(key, (uint64_t)k * 977);
}

static void fill(uint8_t *p, size_t n, uint32_t seed)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(seed >> (i % 4 * 8)) ^ (uint8_t)i;
}

static void check_val(struct slice got, uint32_t seed, size_t n)
{
	static uint8_t want[8000];

	fill(want, n, seed);
	assert_int_equal(got.n, n);
	assert_memory_equal(got.p, want, n);
}

static void check_all(struct store *s, struct model *m, int t)
{
	struct err e;

	for (int reverse = 0; reverse < 2; reverse++) {
		struct scan scan;
		int k = reverse ? N_KEYS - 1 : 0, step = reverse ? -1 : 1, got;

		scan_init(&scan, s, NULL, tables[t], slice_of(NULL, 0), slice_of(NULL, 0), reverse != 0);
		while ((got = scan_next(&scan, &e)) == 1) {
			uint8_t key[8];

			while (k >= 0 && k < N_KEYS && !m->has[t][k])
				k += step;
			assert_true(k >= 0 && k < N_KEYS);
			key_of(key, k);
			assert_memory_equal(scan.key.p, key, 8);
			check_val(scan.val, m->val[t][k], m->val_n[t][k]);
			k += step;
		}
		assert_int_equal(got, 0);
		while (k >= 0 && k < N_KEYS && !m->has[t][k])
			k += step;
		assert_true(k < 0 || k >= N_KEYS);
		scan_fini(&scan);
	}
}

static void check_bounds(struct store *s, struct model *m, int t)
{
	int from = (int)rng_below(&rng, N_KEYS), to = (int)rng_below(&rng, N_KEYS), n = 0, want = 0;
	uint8_t a[8], b[8];
	struct scan scan;
	struct err e;

	key_of(a, from);
	key_of(b, to);
	for (int k = from; k < to; k++)
		want += m->has[t][k];
	scan_init(&scan, s, NULL, tables[t], slice_of(a, 8), slice_of(b, 8), rng_below(&rng, 2) == 1);
	while (scan_next(&scan, &e) == 1)
		n++;
	scan_fini(&scan);
	assert_int_equal(n, want);
}

static void one_tx(struct store *s, struct model *m, int64_t now)
{
	struct model after = *m;
	struct tx *tx = tx_begin(s, now);
	struct err e;

	for (uint64_t n = 1 + rng_below(&rng, 8); n > 0; n--) {
		int t = (int)rng_below(&rng, 2), k = (int)rng_below(&rng, N_KEYS);
		uint8_t key[8], val[8000];
		struct slice got;

		key_of(key, k);
		if (rng_below(&rng, 3) == 0) {
			tx_del(tx, tables[t], slice_of(key, 8));
			after.has[t][k] = false;
			assert_int_equal(tx_get(tx, tables[t], slice_of(key, 8), &got, &e), 0);
			continue;
		}
		after.has[t][k] = true;
		after.val[t][k] = (uint32_t)rng_u64(&rng);
		after.val_n[t][k] = t == 0 && rng_below(&rng, 5) == 0 ? 1850 + (size_t)rng_below(&rng, 6000)
								      : (size_t)rng_below(&rng, 80);
		if (t == 1)
			after.val_n[t][k] = 0;
		fill(val, after.val_n[t][k], after.val[t][k]);
		tx_put(tx, tables[t], slice_of(key, 8), slice_of(val, after.val_n[t][k]));
		assert_int_equal(tx_get(tx, tables[t], slice_of(key, 8), &got, &e), 1);
		check_val(got, after.val[t][k], after.val_n[t][k]);
	}
	if (rng_below(&rng, 4) == 0) {
		tx_abort(tx);
		return;
	}
	tx_commit(tx, SLICE_TEXT("\x80"));
	*m = after;
}

static void merges_like_a_map(void **state)
{
	const char *text = getenv("SEED");
	uint64_t seed = text == NULL ? 7 : strtoull(text, NULL, 10);
	struct model *m = calloc(1, sizeof(*m));
	struct store *s;
	int64_t now = 1000;
	struct err e;

	(void)state;
	print_message("SEED=%ju\n", (uintmax_t)seed);
	rng_init_seeded(&rng, seed);
	s = open_store();
	for (int step = 0; step < 3000; step++) {
		one_tx(s, m, now);
		if (rng_below(&rng, 3) == 0)
			store_turn_end(s, now += (int64_t)rng_below(&rng, 40));
		if (rng_below(&rng, 50) == 0) {
			check_all(s, m, step % 2);
			check_bounds(s, m, step % 2);
		}
		if (rng_below(&rng, 200) == 0)
			assert_int_equal(store_checkpoint(s, &e), 0);
		if (rng_below(&rng, 300) == 0) {
			uint64_t seq = store_last_seq(s);

			store_close(s);
			s = open_store();
			assert_int_equal(store_last_seq(s), seq);
			check_all(s, m, 0);
			check_all(s, m, 1);
		}
	}
	store_close(s);
	free(m);
}

static void second_owner_is_refused(void **state)
{
	struct store_config c = {.dir = dir, .rng = &rng, .segment_bytes = 256 * 1024};
	struct store *s = open_store(), *second;
	char want[200];
	struct err e;

	(void)state;
	assert_int_equal(store_open(&second, &c, &e), -1);
	snprintf(want, sizeof(want),
		"data directory %s is in use by process %d; stop it first, or use another --data", dir,
		(int)getpid());
	assert_string_equal(e.text, want);
	assert_int_equal(e.code, ERR_STORAGE);
	store_close(s);
}

static void chain_and_events_survive(void **state)
{
	struct store *s = open_store();
	struct store_stats before, after;
	struct slice val;
	uint8_t key[8];
	struct err e;

	(void)state;
	for (int i = 0; i < 20; i++) {
		struct tx *tx = tx_begin(s, 5);

		tx_put(tx, TABLE_COUNTER, SLICE_TEXT("n"), SLICE_TEXT("v"));
		assert_int_equal(tx_commit(tx, SLICE_TEXT("\x81\xa1"
							  "a\x01")),
			(uint64_t)i + 1);
	}
	assert_int_equal(store_flush(s, &e), 0);
	store_stats(s, &before);
	assert_int_equal(before.head_seq, 20);
	store_close(s);
	s = open_store();
	store_stats(s, &after);
	assert_memory_equal(before.head_chain, after.head_chain, SHA256_LEN);
	store_be64(key, 11);
	assert_int_equal(store_get(s, TABLE_EVENT, slice_of(key, 8), &val, &e), 1);
	assert_int_equal(store_event_part(val).n, 4);
	assert_memory_equal(store_event_part(val).p,
		"\x81\xa1"
		"a\x01",
		4);
	store_close(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(merges_like_a_map, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(second_owner_is_refused, make_dir, drop_dir),
		cmocka_unit_test_setup_teardown(chain_and_events_survive, make_dir, drop_dir),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
