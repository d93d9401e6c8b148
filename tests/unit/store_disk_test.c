/* Full and read-only disks: small file systems of the test's own. Skipped where mounting is not allowed. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#include "store_fixture.h"

#include "tocsin/clock.h"

#define VAL_BYTES 3000

static bool can_mount(struct fixture *f, const char *options)
{
	static bool is_apart;

	if (mkdir(f->data, 0700) != 0)
		return false;
	if (!is_apart &&
		(unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0))
		return false;
	is_apart = true;
	return mount("tmpfs", f->data, "tmpfs", 0, options) == 0;
}

#define NEEDS_MOUNT(f, options)                                                                              \
	do {                                                                                                 \
		if (!can_mount(f, options)) {                                                                \
			print_message("mounting is not allowed here\n");                                     \
			skip();                                                                              \
		}                                                                                            \
	} while (0)

static int teardown(void **state)
{
	struct fixture *f = *state;

	umount2(f->data, MNT_DETACH);
	return fixture_teardown(state);
}

static struct store *open_small(struct fixture *f)
{
	f->config.freeze_bytes = 256 * 1024;
	f->config.freeze_ms = INT64_MAX;
	return fixture_open(f);
}

static void put_numbered(struct store *s, uint64_t i)
{
	uint8_t val[VAL_BYTES];

	put_one(s, TABLE_TICKET, slice_of(&i, sizeof(i)), bytes_of(val, sizeof(val), i));
}

static void assert_numbered(struct store *s, uint64_t n)
{
	uint8_t val[VAL_BYTES];

	for (uint64_t i = 1; i <= n; i++)
		assert_row(s, TABLE_TICKET, slice_of(&i, sizeof(i)), bytes_of(val, sizeof(val), i));
}

/* Take all room but `left` bytes. */
static void fill_disk(struct fixture *f, const char *name)
{
	char path[200];
	static uint8_t zeros[65536];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->data, name);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static void a_full_disk_refuses_and_recovers(void **state)
{
	struct fixture *f = *state;
	uint64_t n = 0;
	struct store *s;
	struct err e = {.code = ERR_NONE};

	NEEDS_MOUNT(f, "size=8m");
	s = open_small(f);
	while (n < 10000) {
		s->room_at_us = 0; /* look each time */
		if (store_accepts(s, &e) != 0)
			break;
		put_numbered(s, ++n);
		OK(store_flush(s, &why));
	}
	assert_in_range(n, 250, 5000);
	assert_int_equal(e.code, ERR_STORAGE);
	assert_non_null(strstr(e.text, "is nearly full"));
	OK(store_checkpoint(s, &why)); /* what was accepted has room */
	assert_numbered(s, n);
	assert_int_equal(mount("tmpfs", f->data, "tmpfs", MS_REMOUNT, "size=32m"), 0);
	s->room_at_us = 0;
	OK(store_accepts(s, &why));
	put_numbered(s, ++n);
	store_close(s);
	s = fixture_open(f);
	assert_numbered(s, n);
	store_close(s);
}

/* No room for a checkpoint: it is tried again and again, and nothing is lost. */
static void a_checkpoint_without_room_is_repeated(void **state)
{
	struct fixture *f = *state;
	int64_t end_us = clock_mono_us() + 20 * 1000 * 1000;
	struct store_stats st;
	struct store *s;
	struct err e;

	NEEDS_MOUNT(f, "size=8m");
	s = fixture_open(f); /* freezes only when told to */
	for (uint64_t i = 1; i <= 100; i++)
		put_numbered(s, i);
	OK(store_flush(s, &why));
	fill_disk(f, "ballast");
	assert_int_equal(store_checkpoint(s, &e), -1);
	assert_int_equal(e.code, ERR_STORAGE);
	assert_non_null(strstr(e.text, "(is the disk full?)"));
	store_stats(s, &st);
	assert_true(st.n_checkpoint_failures > 0);
	assert_int_equal(st.watermark_seq, 0);
	assert_numbered(s, 100);
	fixture_run("rm %s/%s", f->data, "ballast");
	do {
		store_turn_end(s, 1);
		store_stats(s, &st);
		usleep(1000);
	} while (st.watermark_seq < 100 && clock_mono_us() < end_us);
	assert_int_equal(st.watermark_seq, 100);
	assert_int_equal(st.n_checkpoint_failures, 0);
	assert_numbered(s, 100);
	store_close(s);
}

static void assert_read_only(struct fixture *f, const char *format, uint64_t n)
{
	struct store *s = fixture_open(f);
	char want[300];
	struct err e;

	assert_true(store_is_read_only(s, &e));
	assert_false(store_may_write_now(s));
	snprintf(want, sizeof(want), format, f->data);
	assert_string_equal(e.text, want);
	assert_int_equal(e.code, ERR_READ_ONLY);
	assert_int_equal(store_accepts(s, &e), -1);
	assert_int_equal(e.code, ERR_READ_ONLY);
	assert_numbered(s, n);
	assert_int_equal(store_last_seq(s), n);
	assert_int_equal(store_durable_seq(s), n);
	OK(store_poll(s, &why));
	store_turn_end(s, 1);
	OK(store_flush(s, &why));
	OK(store_checkpoint(s, &why));
	store_close(s);
}

/* Some entries in the tables, some only in the journal: reads see all of them. */
static void make_half_checkpointed(struct fixture *f)
{
	struct store *s = open_small(f);

	for (uint64_t i = 1; i <= 20; i++)
		put_numbered(s, i);
	OK(store_checkpoint(s, &why));
	for (uint64_t i = 21; i <= 30; i++)
		put_numbered(s, i);
	OK(store_flush(s, &why));
	fixture_rest(s);
	fixture_run("cp -r %s %s/killed", f->data, f->dir);
	store_close(s);
	fixture_run("rm -r %s/*", f->data, "");
	fixture_run("cp -r %s/killed/. %s", f->dir, f->data);
}

static void a_read_only_file_system_serves_reads(void **state)
{
	struct fixture *f = *state;

	NEEDS_MOUNT(f, "size=8m");
	make_half_checkpointed(f);
	assert_int_equal(mount("tmpfs", f->data, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_read_only(f, "data directory %s is read-only: its file system is mounted read-only", 30);
}

static void a_full_disk_at_start_serves_reads(void **state)
{
	struct fixture *f = *state;
	struct store *s;
	struct err e;

	NEEDS_MOUNT(f, "size=8m");
	make_half_checkpointed(f);
	fill_disk(f, "ballast");
	assert_read_only(f,
		"data directory %s is read-only: the disk is full, 0 bytes free, 1441792 needed; it goes "
		"on by itself when there is room",
		30);
	s = fixture_open(f);
	fixture_run("rm %s/%s", f->data, "ballast");
	assert_true(store_may_write_now(s));
	assert_int_equal(store_accepts(s, &e), -1); /* until it is opened again */
	store_close(s);
	s = fixture_open(f);
	OK(store_accepts(s, &why));
	assert_false(store_may_write_now(s));
	assert_numbered(s, 30);
	store_close(s);
}

static void nothing_to_read_is_said(void **state)
{
	struct fixture *f = *state;
	char want[500];
	struct store *s;
	struct err e;

	NEEDS_MOUNT(f, "size=8m");
	assert_int_equal(mount("tmpfs", f->data, "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(&s, &f->config, &e), -1);
	snprintf(want, sizeof(want),
		"no data in %s, and none can be made: data directory %s is read-only: its file system is "
		"mounted read-only",
		f->data, f->data);
	assert_string_equal(e.text, want);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_full_disk_refuses_and_recovers),
		TEST(a_checkpoint_without_room_is_repeated),
		TEST(a_read_only_file_system_serves_reads),
		TEST(a_full_disk_at_start_serves_reads),
		TEST(nothing_to_read_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
