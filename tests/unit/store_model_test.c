/*
 * The store against a sorted map: random calls with reads of their own writes, aborts, scans across all four
 * layers, turns, freezes, checkpoints, reopening.
 */
#include "store_fixture.h"

#define N_KEYS 300
#define N_IN_MODEL 2
#define VAL_MAX 6000

static const enum table tables[N_IN_MODEL] = {TABLE_TICKET, TABLE_INDEX};

struct model {
	bool has[N_IN_MODEL][N_KEYS];
	size_t val_n[N_IN_MODEL][N_KEYS];
	uint64_t seed[N_IN_MODEL][N_KEYS];
};

struct world {
	struct fixture *f;
	struct store *s;
	struct rng rng;
	struct model published, staged;
	int64_t now_ms;
	uint64_t n_frozen_seen; /* reads that met a frozen table */
};

static struct slice key_of(uint8_t key[12], int k)
{
	store_be64(key, (uint64_t)k / 10 * 977);
	key[8] = (uint8_t)(k % 10);
	return slice_of(key, k % 10 == 0 ? 8 : 9);
}

static void assert_val(const struct model *m, int t, int k, struct slice got)
{
	static uint8_t want[VAL_MAX];

	assert_int_equal(slice_cmp(got, bytes_of(want, m->val_n[t][k], m->seed[t][k])), 0);
}

/* Rows of [from, to) in order, from the layers that a reader with or without tx sees. */
static void assert_scan(
	struct world *w, struct tx *tx, const struct model *m, int t, int from, int to, bool is_reverse)
{
	uint8_t a[12], b[12], key[12];
	struct scan scan;
	struct err e;

	scan_init(&scan, w->s, tx, tables[t], from < 0 ? slice_of(NULL, 0) : key_of(a, from),
		to < 0 ? slice_of(NULL, 0) : key_of(b, to), is_reverse);
	from = from < 0 ? 0 : from;
	to = to < 0 ? N_KEYS : to;
	for (int n = 0; n < to - from; n++) {
		int k = is_reverse ? to - 1 - n : from + n;

		if (!m->has[t][k])
			continue;
		assert_int_equal(scan_next(&scan, &e), 1);
		assert_int_equal(slice_cmp(scan.key, key_of(key, k)), 0);
		assert_val(m, t, k, scan.val);
	}
	assert_int_equal(scan_next(&scan, &e), 0);
	assert_int_equal(scan_next(&scan, &e), 0);
	scan_fini(&scan);
}

static int random_bound(struct world *w)
{
	return rng_below(&w->rng, 4) == 0 ? -1 : (int)rng_below(&w->rng, N_KEYS);
}

static void look(struct world *w, struct tx *tx, const struct model *m)
{
	int t = (int)rng_below(&w->rng, N_IN_MODEL), k = (int)rng_below(&w->rng, N_KEYS);
	uint8_t key[12];
	struct slice got;
	struct err e;
	int rc = tx != NULL ? tx_get(tx, tables[t], key_of(key, k), &got, &e)
			    : store_get(w->s, tables[t], key_of(key, k), &got, &e);

	w->n_frozen_seen += w->s->frozen != NULL;
	assert_int_equal(rc, m->has[t][k]);
	if (rc == 1)
		assert_val(m, t, k, got);
	if (rng_below(&w->rng, 10) == 0)
		assert_scan(w, tx, m, t, random_bound(w), random_bound(w), rng_below(&w->rng, 2) == 1);
}

static void stage(struct world *w, struct tx *tx)
{
	int t = (int)rng_below(&w->rng, N_IN_MODEL), k = (int)rng_below(&w->rng, N_KEYS);
	static uint8_t val[VAL_MAX];
	struct model *m = &w->staged;
	uint8_t key[12];

	m->has[t][k] = rng_below(&w->rng, 3) != 0;
	if (!m->has[t][k]) {
		tx_del(tx, tables[t], key_of(key, k));
		return;
	}
	m->val_n[t][k] = t == 1                       ? 0
			 : rng_below(&w->rng, 6) == 0 ? 1800 + (size_t)rng_below(&w->rng, 4200)
						      : (size_t)rng_below(&w->rng, 80);
	m->seed[t][k] = rng_u64(&w->rng);
	tx_put(tx, tables[t], key_of(key, k), bytes_of(val, m->val_n[t][k], m->seed[t][k]));
}

static void call(struct world *w)
{
	struct tx *tx = tx_begin(w->s, w->now_ms);
	struct err e;

	w->staged = w->published;
	for (uint64_t n = rng_below(&w->rng, 9); n > 0; n--) {
		stage(w, tx);
		look(w, tx, &w->staged);
	}
	assert_int_equal(tx_fits(tx, 100, &e), 0);
	if (rng_below(&w->rng, 4) == 0) {
		tx_abort(tx);
		return;
	}
	tx_commit(tx, slice_of(&w->now_ms, sizeof(w->now_ms)));
	w->published = w->staged;
}

static void reopen(struct world *w)
{
	uint64_t seq = store_last_seq(w->s);
	int64_t at_ms = store_last_at_ms(w->s);

	store_close(w->s);
	w->s = fixture_open(w->f);
	assert_int_equal(store_last_seq(w->s), seq);
	assert_int_equal(store_last_at_ms(w->s), at_ms);
}

/* As after kill -9: the files as they are, none of the memory; what was flushed is there. */
static void reopen_killed(struct world *w)
{
	uint64_t seq = store_last_seq(w->s);

	OK(store_flush(w->s, &why));
	if (w->s->frozen != NULL)
		return; /* the checkpoint thread may be writing: a copy would be no state of the disk */
	fixture_rest(w->s);
	fixture_run("cp -r %s %s/killed", w->f->data, w->f->dir);
	store_close(w->s);
	fixture_run("rm -rf %s", w->f->data, "");
	fixture_run("mv %s/killed %s", w->f->dir, w->f->data);
	w->s = fixture_open(w->f);
	assert_int_equal(store_last_seq(w->s), seq);
}

static void assert_whole(struct world *w)
{
	for (int t = 0; t < N_IN_MODEL; t++) {
		assert_scan(w, NULL, &w->published, t, -1, -1, false);
		assert_scan(w, NULL, &w->published, t, -1, -1, true);
	}
}

static void step(struct world *w)
{
	call(w);
	look(w, NULL, &w->published);
	if (rng_below(&w->rng, 3) == 0) {
		w->now_ms += (int64_t)rng_below(&w->rng, 40);
		store_turn_end(w->s, w->now_ms);
	}
	if (rng_below(&w->rng, 100) == 0)
		assert_whole(w);
	if (rng_below(&w->rng, 200) == 0)
		OK(store_checkpoint(w->s, &why));
	if (rng_below(&w->rng, 300) == 0)
		reopen(w);
	if (rng_below(&w->rng, 300) == 0)
		reopen_killed(w);
}

static void no_finding(void *udata, const char *line)
{
	(void)udata;
	fail_msg("finding: %s", line);
}

static void run(struct fixture *f, int steps, bool is_inline)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	w->f = f;
	w->now_ms = 1000;
	f->config.freeze_bytes = 20000;
	f->config.freeze_ms = 200;
	f->config.is_checkpoint_inline = is_inline;
	rng_init_seeded(&w->rng, fixture_seed());
	w->s = fixture_open(f);
	for (int i = 0; i < steps; i++)
		step(w);
	reopen(w);
	assert_whole(w);
	assert_true(w->n_frozen_seen > 0);
	store_close(w->s);
	assert_int_equal(store_fsck(f->data, NULL, NULL, no_finding, NULL, &e), 0);
	free(w);
}

static void is_a_sorted_map(void **state)
{
	run(*state, fixture_dose(5000), false);
}

static void is_a_sorted_map_without_threads(void **state)
{
	run(*state, fixture_dose(2000), true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(is_a_sorted_map, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			is_a_sorted_map_without_threads, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
