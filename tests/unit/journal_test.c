/* The journal as its user sees it: hand over, durable, reopen, trim, read-only, lost. */
#include "journal_fixture.h"

static void test_new_journal(void **state)
{
	struct fixture *f = *state;
	uint8_t id[JOURNAL_ID_LEN], chain[SHA256_LEN], zeros[SHA256_LEN] = {0};
	uint64_t seq;

	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(f->n_seen, 0);
	assert_int_equal(journal_durable_seq(f->j), 0);
	journal_head(f->j, &seq, chain);
	assert_int_equal(seq, 0);
	assert_memory_equal(chain, zeros, SHA256_LEN);
	journal_id(f->j, id);
	assert_memory_equal(id, "journal-number-1", JOURNAL_ID_LEN);
	assert_int_equal(journal_entry_max(f->j), 16384 - 4096);
	assert_int_equal(file_size(f, SEG(1)), 16384);
	assert_int_equal(journal_accepts(f->j, &f->e), 0);
}

static void test_entries_come_back_in_order(void **state)
{
	struct fixture *f = *state;
	uint8_t chain[SHA256_LEN], want[SHA256_LEN] = {0};
	uint64_t seq;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 1, 200);
	fixture_put(f, 2, 100, 400);            /* a batch over several segments */
	fixture_put(f, 101, 101, 16384 - 4096); /* fills a segment to the last byte */
	fixture_put(f, 102, 103, 200);
	journal_head(f->j, &seq, chain);
	assert_int_equal(seq, 103);
	for (uint64_t i = 1; i <= 103; i++)
		entry_chain(want, i, f->held[i]->event_hash, want);
	assert_memory_equal(chain, want, SHA256_LEN);
	fixture_close(f);

	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 103);
	assert_memory_equal(f->chain, want, SHA256_LEN);
	fixture_put(f, 104, 110, 300);
	fixture_close(f);
	f->config.from_seq = 103;
	memcpy(f->config.from_chain, want, SHA256_LEN);
	memcpy(f->config.id, "journal-number-1", JOURNAL_ID_LEN);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 104, 110);
}

static void test_closing_writes_what_waits(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_append(f, 1, 500, 300, 0);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 500);
}

static void test_synced_names_the_batch_before(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 3, 200);
	fixture_put(f, 4, 80, 400);
	assert_int_equal(f->held[1]->synced, 0);
	assert_int_equal(f->held[3]->synced, 0);
	for (uint64_t seq = 4; seq <= 80; seq++)
		assert_int_equal(f->held[seq]->synced, 3);
}

/* Wait until care has done its work: this many segments of which so many free. */
static void wait_segments(struct fixture *f, uint64_t n, uint64_t n_free)
{
	struct journal_stats stats = {0};

	for (int i = 0; i < 6000 && (stats.n_segments != n || stats.n_free_segments != n_free); i++) {
		journal_stats(f->j, &stats);
		usleep(10000);
	}
	assert_int_equal(stats.n_segments, n);
	assert_int_equal(stats.n_free_segments, n_free);
}

static void test_trimmed_segments_are_recycled(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 120, 400); /* 30 a segment: four */
	wait_segments(f, 4 + 2, 2);
	journal_trim(f->j, 65); /* the first two */
	wait_segments(f, 2 + 4, 4);
	assert_false(file_exists(f, SEG(1)));
	assert_false(file_exists(f, SEG(2)));
	assert_true(file_exists(f, SEG(3)));
	assert_true(file_exists(f, SEG(8)));
	fixture_put(f, 121, 300, 400);
	memcpy(f->config.from_chain, f->held[65]->chain, SHA256_LEN);
	fixture_close(f);
	f->config.from_seq = 65;
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 66, 300);
}

static void test_trim_never_takes_the_last_segment(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 30, 400);
	journal_trim(f->j, 30);
	wait_segments(f, 3, 2);
	memcpy(f->config.from_chain, f->held[30]->chain, SHA256_LEN);
	fixture_close(f);
	f->config.from_seq = 30;
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(f->n_seen, 0);
	assert_int_equal(journal_durable_seq(f->j), 30);
}

static void test_many_trims_keep_few_files(void **state)
{
	struct fixture *f = *state;
	struct journal_stats stats;

	assert_int_equal(fixture_open(f), 0);
	for (uint64_t seq = 1; seq < 2000; seq += 100) {
		fixture_put(f, seq, seq + 99, 400);
		journal_trim(f->j, seq + 99);
	}
	journal_stats(f->j, &stats);
	assert_int_equal(stats.n_entries, 2000);
	assert_int_equal(stats.n_bytes, 2000 * 400);
	assert_int_equal(stats.queued_bytes, 0);
	assert_true(stats.n_batches >= 20);
	assert_true(stats.commit_us_p50 <= stats.commit_us_p99 && stats.commit_us_p99 <= stats.commit_us_max);
	assert_true(stats.n_free_segments <= 2 + 8);
}

static void test_another_segment_size(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 50, 400);
	fixture_close(f);
	f->config.segment_bytes = 32768;
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 50);
	fixture_put(f, 51, 200, 400);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 200);
}

static void test_read_only(void **state)
{
	struct fixture *f = *state;

	f->config.is_read_only = true;
	assert_int_equal(fixture_open(f), 0); /* nothing there: nothing made */
	assert_false(file_exists(f, SEG(1)));
	fixture_close(f);
	f->config.is_read_only = false;
	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 5, 400);
	fixture_close(f);
	f->config.is_read_only = true;
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 5);
	assert_int_equal(journal_accepts(f->j, &f->e), -1);
	assert_int_equal(f->e.code, ERR_READ_ONLY);
	assert_string_equal(f->e.text, "the journal was opened read-only");
}

static int refuse(void *udata, const struct entry *en, struct err *e)
{
	(void)udata;
	return en->seq < 3 ? 0 : err_set(e, ERR_INTERNAL, "entry 3 does not please");
}

static void test_replay_may_refuse(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 5, 400);
	fixture_close(f);
	assert_int_equal(journal_open(&f->j, &f->config, refuse, NULL, &f->e), -1);
	assert_string_equal(f->e.text, "entry 3 does not please");
	assert_null(f->j);
}

static void test_missing_directory(void **state)
{
	struct fixture *f = *state;

	f->config.dir = "/nonexistent/journal";
	assert_int_equal(fixture_open(f), -1);
	assert_int_equal(f->e.code, ERR_STORAGE);
	assert_string_equal(f->e.text, "journal: open /nonexistent/journal: No such file or directory");
}

/* ---- the simulated disk -------------------------------------------------------------------------------- */
static void sim_open(struct fixture *f, struct journal_sim *sim)
{
	f->n_seen = 0;
	assert_int_equal(journal_open_sim(&f->j, &f->config, sim, fixture_replay, f, &f->e), 0);
}

static void test_sim_steps(void **state)
{
	struct fixture *f = *state;
	struct journal_sim *sim = journal_sim_new();

	sim_open(f, sim);
	fixture_append(f, 1, 3, 200, 0);
	assert_int_equal(journal_durable_seq(f->j), 0);
	journal_sim_step(f->j);
	assert_int_equal(journal_durable_seq(f->j), 3);
	fixture_append(f, 4, 5, 200, 0);
	fixture_close(f); /* syncs */
	sim_open(f, sim);
	assert_seen(f, 1, 5);
	journal_trim(f->j, 4);
	memcpy(f->config.from_chain, f->held[4]->chain, SHA256_LEN);
	fixture_close(f);
	f->config.from_seq = 4;
	sim_open(f, sim);
	assert_seen(f, 5, 5);
	fixture_close(f);
	journal_sim_free(sim);
}

static void test_sim_crash_keeps_a_prefix(void **state)
{
	struct fixture *f = *state;
	uint32_t n_kept[4] = {0};
	struct rng rng;

	rng_init_seeded(&rng, 7);
	for (int i = 0; i < 200; i++) {
		struct journal_sim *sim = journal_sim_new();
		uint64_t last;

		sim_open(f, sim);
		fixture_append(f, 1, 2, 200, 0);
		journal_sim_step(f->j);
		fixture_append(f, 3, 5, 200, 0);
		journal_sim_crash(sim, &rng);
		assert_int_equal(journal_fate(f->j, &f->e), JOURNAL_LOST);
		fixture_close(f);
		last = journal_sim_last_seq(sim);
		assert_true(last >= 2 && last <= 5);
		sim_open(f, sim);
		assert_seen(f, 1, last);
		n_kept[last - 2]++;
		fixture_close(f);
		journal_sim_free(sim);
	}
	for (int i = 0; i < 4; i++)
		assert_true(n_kept[i] > 20);
}

static void test_sim_failure_is_lost(void **state)
{
	struct fixture *f = *state;
	struct journal_sim *sim = journal_sim_new();

	sim_open(f, sim);
	fixture_append(f, 1, 1, 200, 0);
	journal_sim_fail_next(sim);
	journal_sim_step(f->j);
	assert_int_equal(journal_fate(f->j, &f->e), JOURNAL_LOST);
	assert_string_equal(f->e.text, "journal: sync of the simulated disk: Input/output error");
	assert_int_equal(journal_durable_seq(f->j), 0);
	assert_int_equal(journal_accepts(f->j, &f->e), -1);
	fixture_append(f, 2, 2, 200, 0); /* dropped */
	journal_sim_step(f->j);
	assert_int_equal(journal_durable_seq(f->j), 0);
	fixture_close(f);
	journal_sim_free(sim);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_new_journal),
		TEST(test_entries_come_back_in_order),
		TEST(test_closing_writes_what_waits),
		TEST(test_synced_names_the_batch_before),
		TEST(test_trimmed_segments_are_recycled),
		TEST(test_trim_never_takes_the_last_segment),
		TEST(test_many_trims_keep_few_files),
		TEST(test_another_segment_size),
		TEST(test_read_only),
		TEST(test_replay_may_refuse),
		TEST(test_missing_directory),
		TEST(test_sim_steps),
		TEST(test_sim_crash_keeps_a_prefix),
		TEST(test_sim_failure_is_lost),
	};

	return cmocka_run_group_tests_name("journal", tests, NULL, NULL);
}
