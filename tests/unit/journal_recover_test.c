/* Opening directories in every state that a power cut, a fault or a person can leave. 16 KiB segments, 30
 * records each. */
#include "journal_fixture.h"

#include <stddef.h>

#include "store/segment_int.h"

#define AT(n) (4096 + 400 * (n)) /* offset of the n-th record, from 0, of a segment */
#define FIELD(name) offsetof(struct entry, name)

/* Batches 1..10, 11..20, 21..75: the last one lies in segments 1, 2 and 3. */
static struct fixture *fixture_filled(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 10, 400);
	fixture_put(f, 11, 20, 400);
	fixture_put(f, 21, 75, 400);
	fixture_close(f);
	return f;
}

static void assert_refused(struct fixture *f, const char *text)
{
	assert_int_equal(fixture_open(f), -1);
	assert_int_equal(f->e.code, ERR_STORAGE);
	assert_string_equal(f->e.text, text);
}

/* After a cut that left 1..last: new entries go on there, and nothing of the old ones comes back. */
static void assert_goes_on(struct fixture *f, uint64_t last)
{
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, last);
	fixture_append(f, last + 1, last + 1, 400, 77);
	assert_int_equal(fixture_wait(f, last + 1), JOURNAL_DURABLE);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, last + 1);
	assert_memory_equal(f->chain, f->held[last + 1]->chain, SHA256_LEN);
	fixture_append(f, last + 2, last + 60, 400, 77);
	assert_int_equal(fixture_wait(f, last + 60), JOURNAL_DURABLE);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, last + 60);
	assert_memory_equal(f->chain, f->held[last + 60]->chain, SHA256_LEN);
}

/* ---- the end ------------------------------------------------------------------------------------------- */
static void test_torn_last_record(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_flip(f, SEG(3), AT(14) + 399);
	assert_goes_on(f, 74);
}

static void test_torn_in_the_first_segment_of_the_batch(void **state)
{
	struct fixture *f = fixture_filled(state);
	uint8_t zeros[16384] = {0}, found[16384];

	file_flip(f, SEG(1), AT(22) + FIELD(length)); /* 23 */
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 22);
	fixture_close(f);
	file_read(f, SEG(1), AT(22), found, 16384 - AT(22));
	assert_memory_equal(found, zeros, 16384 - AT(22));
	file_read(f, SEG(2), 0, found, 128);
	assert_memory_equal(found, zeros, 128);
	file_read(f, SEG(3), 0, found, 128);
	assert_memory_equal(found, zeros, 128);
	assert_goes_on(f, 22);
}

static void test_torn_at_the_border(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_flip(f, SEG(2), 20); /* the head of a segment begun in the batch */
	assert_goes_on(f, 30);
}

static void test_border_without_records(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_flip(f, SEG(2), AT(0) + FIELD(event_n));
	assert_goes_on(f, 30);
}

static void test_stale_history_cannot_come_back(void **state)
{
	struct fixture *f = fixture_filled(state);
	uint8_t old[400];

	file_read(f, SEG(1), AT(24), old, sizeof(old)); /* 25 of a batch torn at 24 */
	file_flip(f, SEG(1), AT(23));
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 23);
	fixture_append(f, 24, 24, 400, 77);
	assert_int_equal(fixture_wait(f, 24), JOURNAL_DURABLE);
	fixture_close(f);
	file_write(f, SEG(1), AT(24), old, sizeof(old)); /* as if the wiping had been lost */
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 24);
}

static void test_everything_torn(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 75, 400); /* one batch */
	fixture_close(f);
	file_flip(f, SEG(1), AT(0));
	assert_goes_on(f, 0);
}

/* ---- corruption ---------------------------------------------------------------------------------------- */
static void test_loss_proved_in_the_same_segment(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_flip(f, SEG(1), AT(7) + 130); /* 8; 11 knows 10 as durable */
	assert_refused(f,
		"journal: 0000000000000001.seg is corrupt at offset 6896: entry 8 had been acknowledged "
		"(0000000000000001.seg, offset 8096, knew 10 as durable) but is not there; restore a backup, "
		"or "
		"ask for help before moving any file");
}

static void test_loss_proved_by_a_later_segment(void **state)
{
	struct fixture *f = fixture_filled(state);
	uint8_t zeros[16384] = {0};

	/* 20 .. 30 gone; the head of segment 2 knows 20 */
	file_write(f, SEG(1), AT(19), zeros, 16384 - AT(19));
	assert_refused(f,
		"journal: 0000000000000001.seg is corrupt at offset 11696: entry 20 had been acknowledged "
		"(0000000000000002.seg, offset 0, knew 20 as durable) but is not there; restore a backup, or "
		"ask for help before moving any file");
	file_write(f, SEG(2), 0, zeros, 128);
	assert_refused(f,
		"journal: 0000000000000001.seg is corrupt at offset 11696: entry 20 had been acknowledged "
		"(0000000000000002.seg, offset 4096, knew 20 as durable) but is not there; restore a backup, "
		"or "
		"ask for help before moving any file");
}

static void test_loss_of_a_whole_file(void **state)
{
	struct fixture *f = fixture_filled(state);

	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 76, 76, 400); /* knows 75 */
	fixture_close(f);
	file_remove(f, SEG(2));
	assert_refused(f,
		"journal: 0000000000000001.seg is corrupt at offset 16096: entry 31 had been acknowledged "
		"(0000000000000003.seg, offset 10096, knew 75 as durable) but is not there; restore a "
		"backup, or "
		"ask for help before moving any file");
}

/* ---- tables and journal that do not fit ---------------------------------------------------------------- */
static void expect_from(struct fixture *f, uint64_t seq)
{
	f->config.from_seq = seq;
	if (seq > 0)
		memcpy(f->config.from_chain, f->held[seq]->chain, SHA256_LEN);
	memcpy(f->config.id, "journal-number-1", JOURNAL_ID_LEN);
}

static void test_tables_of_another_history(void **state)
{
	struct fixture *f = fixture_filled(state);

	expect_from(f, 42);
	f->config.from_chain[5] ^= 1;
	assert_refused(f, "journal: 0000000000000002.seg: entry 42 is not the one the tables hold (its chain "
			  "differs); tables "
			  "and journal must come from the same data directory");
	expect_from(f, 30); /* the border: the head of segment 2 tells */
	f->config.from_chain[5] ^= 1;
	assert_refused(f, "journal: 0000000000000002.seg: entry 30 is not the one the tables hold (its chain "
			  "differs); tables "
			  "and journal must come from the same data directory");
}

static void test_tables_ahead(void **state)
{
	struct fixture *f = fixture_filled(state);

	expect_from(f, 75);
	f->config.from_seq = 80;
	assert_refused(f, "journal: 0000000000000003.seg ends at offset 10096 with entry 75, but the tables "
			  "hold up to 80");
}

static void test_tables_behind(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_remove(f, SEG(1));
	expect_from(f, 10);
	assert_refused(f, "journal: 0000000000000002.seg begins with entry 31, but the tables hold only up "
			  "to 10; older tables "
			  "cannot be joined with a newer journal");
	expect_from(f, 30);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 31, 75);
}

static void test_journal_of_another(void **state)
{
	struct fixture *f = fixture_filled(state);

	memcpy(f->config.id, "journal-number-2", JOURNAL_ID_LEN);
	assert_refused(f,
		"journal: 0000000000000001.seg belongs to journal 6a6f75726e616c2d6e756d6265722d31, expected "
		"6a6f75726e616c2d6e756d6265722d32; tables and journal must come from the same data "
		"directory");
}

static void test_journal_gone(void **state)
{
	struct fixture *f = fixture_filled(state);
	char want[300];

	dir_clear(f->dir);
	expect_from(f, 10);
	snprintf(want, sizeof(want),
		"journal: %s holds no segment of the journal that the tables belong to; expected one that "
		"continues entry 10",
		f->dir);
	assert_refused(f, want);
}

static void test_restored_tables_begin_a_journal(void **state)
{
	struct fixture *f = *state;

	f->config.from_seq = 500;
	memset(f->config.from_chain, 9, SHA256_LEN);
	assert_int_equal(fixture_open(f), 0);
	assert_int_equal(journal_durable_seq(f->j), 500);
	fixture_put(f, 501, 510, 400);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 501, 510);
}

static void head_change(struct fixture *f, const char *name, size_t at, uint32_t v)
{
	struct segment_head h;

	file_read(f, name, 0, &h, sizeof(h));
	memcpy((uint8_t *)&h + at, &v, sizeof(v));
	h.crc = crc32c(0, &h, offsetof(struct segment_head, crc));
	file_write(f, name, 0, &h, sizeof(h));
}

static void test_unknown_format(void **state)
{
	struct fixture *f = fixture_filled(state);

	head_change(f, SEG(2), offsetof(struct segment_head, format), 1);
	assert_refused(
		f, "journal: 0000000000000002.seg has format 1, expected 3; use the program that wrote it");
	head_change(f, SEG(2), offsetof(struct segment_head, order), 0x04030201);
	assert_refused(f, "journal: 0000000000000002.seg was written on a machine of the other byte order");
}

/* ---- files --------------------------------------------------------------------------------------------- */
static void file_make(const struct fixture *f, const char *name, off_t size)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void test_half_made_files_go(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_make(f, "0000000000000042.seg.new", 5000);
	file_make(f, "0000000000000043.seg", 0);
	file_make(f, "0000000000000044.seg", 9000);
	file_make(f, "README", 10);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 75);
	assert_false(file_exists(f, "0000000000000042.seg.new"));
	assert_false(file_exists(f, "0000000000000043.seg"));
	assert_false(file_exists(f, "0000000000000044.seg"));
	assert_true(file_exists(f, "README"));
	fixture_put(f, 76, 300, 400);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 300);
}

static void test_creation_cut_off(void **state)
{
	struct fixture *f = *state;

	file_make(f, "0000000000000001.seg.new", 5000);
	file_make(f, SEG(2), 16384);
	assert_int_equal(fixture_open(f), 0);
	fixture_put(f, 1, 60, 400);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 60);
}

static void file_truncate(const struct fixture *f, const char *name, off_t size)
{
	int fd = file_open(f, name);

	assert_int_equal(ftruncate(fd, size), 0);
	close(fd);
}

static void test_truncated_tail(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_truncate(f, SEG(3), AT(13) + 100);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 73);
	fixture_append(f, 74, 200, 400, 5);
	assert_int_equal(fixture_wait(f, 200), JOURNAL_DURABLE);
	fixture_close(f);
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 200);
	assert_memory_equal(f->chain, f->held[200]->chain, SHA256_LEN);
}

static void test_truncated_inside(void **state)
{
	struct fixture *f = fixture_filled(state);

	file_truncate(f, SEG(1), AT(12));
	assert_refused(f,
		"journal: 0000000000000001.seg is corrupt at offset 8896: entry 13 had been acknowledged "
		"(0000000000000002.seg, offset 0, knew 20 as durable) but is not there; restore a backup, or "
		"ask for help before moving any file");
}

/* Segments 1 and 2 were recycled as 6 and 7, but the directory shows any mixture of old and new names. */
static void test_renames_lost_in_any_order(void **state)
{
	for (unsigned lost = 0; lost < 4; lost++) {
		struct fixture *f = *state;
		char old[256], new[256];

		f->config.n_free_segments = 1;
		f->config.from_seq = 0;
		memset(f->config.from_chain, 0, SHA256_LEN);
		assert_int_equal(fixture_open(f), 0);
		fixture_put(f, 1, 75, 400);
		fixture_close(f);
		for (unsigned i = 0; i < 2; i++) {
			snprintf(old, sizeof(old), "%s/000000000000000%u.seg", f->dir, 1 + i);
			snprintf(new, sizeof(new), "%s/000000000000000%u.seg", f->dir, 6 + i);
			if ((lost & 1u << i) == 0)
				assert_int_equal(rename(old, new), 0);
		}
		f->config.from_seq = 60;
		memcpy(f->config.from_chain, f->held[60]->chain, SHA256_LEN);
		assert_int_equal(fixture_open(f), 0);
		assert_seen(f, 61, 75);
		fixture_put(f, 76, 300, 400);
		fixture_close(f);
		assert_int_equal(fixture_open(f), 0);
		assert_seen(f, 61, 300);
		fixture_close(f);
		dir_clear(f->dir);
	}
}

static void test_read_only_changes_nothing(void **state)
{
	struct fixture *f = fixture_filled(state);
	uint8_t before[16384], after[16384];

	file_flip(f, SEG(1), AT(22));
	file_make(f, "0000000000000042.seg.new", 5000);
	file_make(f, "0000000000000043.seg", 0);
	file_read(f, SEG(1), 0, before, sizeof(before));
	f->config.is_read_only = true;
	assert_int_equal(fixture_open(f), 0);
	assert_seen(f, 1, 22);
	fixture_close(f);
	file_read(f, SEG(1), 0, after, sizeof(after));
	assert_memory_equal(before, after, sizeof(before));
	assert_true(file_exists(f, "0000000000000042.seg.new"));
	assert_true(file_exists(f, "0000000000000043.seg"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(test_torn_last_record),
		TEST(test_torn_in_the_first_segment_of_the_batch),
		TEST(test_torn_at_the_border),
		TEST(test_border_without_records),
		TEST(test_stale_history_cannot_come_back),
		TEST(test_everything_torn),
		TEST(test_loss_proved_in_the_same_segment),
		TEST(test_loss_proved_by_a_later_segment),
		TEST(test_loss_of_a_whole_file),
		TEST(test_tables_of_another_history),
		TEST(test_tables_ahead),
		TEST(test_tables_behind),
		TEST(test_journal_of_another),
		TEST(test_journal_gone),
		TEST(test_restored_tables_begin_a_journal),
		TEST(test_unknown_format),
		TEST(test_half_made_files_go),
		TEST(test_creation_cut_off),
		TEST(test_truncated_tail),
		TEST(test_truncated_inside),
		TEST(test_renames_lost_in_any_order),
		TEST(test_read_only_changes_nothing),
	};

	return cmocka_run_group_tests_name("journal_recover", tests, NULL, NULL);
}
