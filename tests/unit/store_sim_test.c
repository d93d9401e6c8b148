/* The store on a simulated journal: crashes that drop what was not synced, lost journals, equal bytes for
 * equal calls. */
#include "store_fixture.h"

#define N_KEYS 40
#define N_CALLS 60

/* What one seed's calls had made of the keys, after each entry. */
struct history {
	uint8_t val[N_CALLS * 8][N_KEYS]; /* 0: no row */
	uint64_t n;
};

static struct store *open_sim(struct fixture *f, struct journal_sim *sim)
{
	f->config.sim = sim;
	f->config.is_checkpoint_inline = true;
	f->config.freeze_bytes = 6000;
	f->config.freeze_ms = 50;
	return fixture_open(f);
}

static void random_call(struct store *s, struct history *h, struct rng *rng)
{
	uint64_t seq = store_last_seq(s);
	struct tx *tx = tx_begin(s, (int64_t)seq + 1);

	memcpy(h->val[seq + 1], h->val[seq], N_KEYS);
	for (uint64_t n = rng_below(rng, 5); n > 0; n--) {
		uint8_t key = (uint8_t)rng_below(rng, N_KEYS), val = (uint8_t)rng_below(rng, 256);

		h->val[seq + 1][key] = val;
		if (val == 0)
			tx_del(tx, TABLE_TICKET, slice_of(&key, 1));
		else
			tx_put(tx, TABLE_TICKET, slice_of(&key, 1), slice_of(&val, 1));
	}
	tx_commit(tx, slice_of(&seq, sizeof(seq)));
}

static void assert_state(struct store *s, const uint8_t val[N_KEYS])
{
	for (uint8_t key = 0; key < N_KEYS; key++) {
		if (val[key] == 0)
			assert_no_row(s, TABLE_TICKET, slice_of(&key, 1));
		else
			assert_row(s, TABLE_TICKET, slice_of(&key, 1), slice_of(&val[key], 1));
	}
}

/* Calls with turns and syncs between them, then a crash: what had become durable is there, and nothing but a
 * prefix. */
static void run_and_crash(struct fixture *f, struct journal_sim *sim, struct history *h, struct rng *rng)
{
	struct store *s = open_sim(f, sim);
	uint64_t durable, last;

	assert_state(s, h->val[store_last_seq(s)]);
	for (int i = 0; i < N_CALLS; i++) {
		random_call(s, h, rng);
		if (rng_below(rng, 3) == 0)
			store_turn_end(s, (int64_t)store_last_seq(s));
		if (rng_below(rng, 4) == 0)
			journal_sim_step(store_journal(s));
		if (rng_below(rng, 40) == 0)
			OK(store_checkpoint(s, &why));
		OK(store_poll(s, &why));
	}
	store_turn_end(s, (int64_t)store_last_seq(s));
	durable = store_durable_seq(s);
	last = store_last_seq(s);
	store_crash(s, rng);
	s = open_sim(f, sim);
	assert_in_range(store_last_seq(s), durable, last);
	assert_state(s, h->val[store_last_seq(s)]);
	store_crash(s, rng);
}

static void crashes_keep_what_was_durable(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = fixture_seed();

	for (int i = 0; i < fixture_dose(30); i++) {
		struct history *h = calloc(1, sizeof(*h));
		struct journal_sim *sim = journal_sim_new();
		struct rng rng;

		rng_init_seeded(&rng, seed + (uint64_t)i);
		for (int crash = 0; crash < 5; crash++)
			run_and_crash(f, sim, h, &rng);
		journal_sim_free(sim);
		free(h);
		fixture_run("rm -r %s", f->data, "");
	}
}

static void run_once(struct fixture *f, struct store_stats *out)
{
	struct history *h = calloc(1, sizeof(*h));
	struct journal_sim *sim = journal_sim_new();
	struct rng rng;
	struct store *s;

	rng_init_seeded(&rng, 5);
	rng_init_seeded(&f->rng, 6);
	s = open_sim(f, sim);
	for (int i = 0; i < N_CALLS; i++) {
		random_call(s, h, &rng);
		store_turn_end(s, i);
	}
	OK(store_flush(s, &why));
	store_stats(s, out);
	store_close(s);
	journal_sim_free(sim);
	free(h);
	fixture_run("rm -r %s", f->data, "");
}

static void equal_calls_make_an_equal_chain(void **state)
{
	struct fixture *f = *state;
	struct store_stats a, b;

	run_once(f, &a);
	run_once(f, &b);
	assert_int_equal(a.head_seq, N_CALLS);
	assert_int_equal(b.head_seq, N_CALLS);
	assert_memory_equal(a.head_chain, b.head_chain, SHA256_LEN);
	assert_int_equal(a.journal.n_bytes, b.journal.n_bytes);
	assert_memory_equal(a.journal_id, b.journal_id, JOURNAL_ID_LEN);
}

static void a_lost_journal_ends_everything(void **state)
{
	struct fixture *f = *state;
	struct journal_sim *sim = journal_sim_new();
	struct store *s = open_sim(f, sim);
	struct err e;

	put_one(s, TABLE_TICKET, SLICE_TEXT("kept"), SLICE_TEXT("v"));
	OK(store_flush(s, &why));
	put_one(s, TABLE_TICKET, SLICE_TEXT("lost"), SLICE_TEXT("v"));
	store_turn_end(s, 1);
	journal_sim_fail_next(sim);
	assert_int_equal(store_flush(s, &e), -1);
	assert_string_equal(e.text, "journal: sync of the simulated disk: Input/output error");
	assert_int_equal(store_poll(s, &e), -1);
	assert_int_equal(store_accepts(s, &e), -1);
	assert_int_equal(e.code, ERR_STORAGE);
	assert_int_equal(store_checkpoint(s, &e), -1);
	assert_int_equal(store_durable_seq(s), 1);
	assert_row(s, TABLE_TICKET, SLICE_TEXT("lost"), SLICE_TEXT("v")); /* memory is ahead of the disk */
	store_close(s);
	journal_sim_free(sim);
}

/* A checkpoint never runs ahead of the journal: what it wrote could otherwise not be taken back. */
static void a_checkpoint_waits_for_the_journal(void **state)
{
	struct fixture *f = *state;
	struct journal_sim *sim = journal_sim_new();
	struct store *s = open_sim(f, sim);
	struct store_stats st;
	uint8_t val[7000];

	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), bytes_of(val, sizeof(val), 1));
	for (int i = 0; i < 3; i++) {
		store_turn_end(s, 100 * i);
		OK(store_poll(s, &why));
		store_stats(s, &st);
		assert_int_equal(st.watermark_seq, 0);
		assert_true(st.frozen_bytes > 0);
	}
	journal_sim_step(store_journal(s));
	store_turn_end(s, 1000);
	store_turn_end(s, 1001);
	store_stats(s, &st);
	assert_int_equal(st.watermark_seq, 1);
	assert_int_equal(st.frozen_bytes, 0);
	store_close(s);
	journal_sim_free(sim);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(crashes_keep_what_was_durable),
		TEST(equal_calls_make_an_equal_chain),
		TEST(a_lost_journal_ends_everything),
		TEST(a_checkpoint_waits_for_the_journal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
