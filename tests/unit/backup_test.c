/* Backup, restore: what they keep, what they refuse. */
#include <pthread.h>
#include <sys/epoll.h>

#include "store_fixture.h"
#include "tocsin/clock.h"

#define N_TICKETS 200

static void fill(struct store *s)
{
	uint8_t key[8], val[6000];

	for (uint64_t i = 1; i <= N_TICKETS; i++) {
		struct tx *tx = tx_begin(s, (int64_t)i);

		store_be64(key, i);
		tx_put(tx, TABLE_TICKET, slice_of(key, 8), bytes_of(val, (size_t)i * 29 % 6000, i));
		tx_put(tx, TABLE_INDEX, slice_of(key, 8), slice_of(NULL, 0));
		tx_commit(tx, bytes_of(val, 200, i));
	}
}

static void assert_filled(struct store *s)
{
	uint8_t key[8], val[6000];

	for (uint64_t i = 1; i <= N_TICKETS; i++) {
		store_be64(key, i);
		assert_row(s, TABLE_TICKET, slice_of(key, 8), bytes_of(val, (size_t)i * 29 % 6000, i));
		assert_row(s, TABLE_INDEX, slice_of(key, 8), slice_of(NULL, 0));
	}
}

static void no_finding(void *udata, const char *line)
{
	(void)udata;
	fail_msg("finding: %s", line);
}

static void assert_clean(const char *dir)
{
	struct err e = {.code = ERR_NONE};
	int n = store_fsck(dir, NULL, NULL, no_finding, NULL, &e);

	if (n < 0)
		fail_msg("%s", e.text);
	assert_int_equal(n, 0);
}

static char *path_in(struct fixture *f, const char *name, char out[200])
{
	snprintf(out, 200, "%s/%s", f->dir, name);
	return out;
}

static void make_backup(struct fixture *f, const char *to)
{
	struct store *s = fixture_open(f);

	fill(s);
	OK(store_checkpoint(s, &why));
	OK(store_backup(s, to, &why));
	store_close(s);
}

static void restored_data_goes_on(void **state)
{
	struct fixture *f = *state;
	struct store_stats before, after;
	char backup[200], other[200];
	struct store *s = fixture_open(f);

	path_in(f, "backup", backup);
	path_in(f, "other", other);
	fill(s);
	OK(store_checkpoint(s, &why));
	store_stats(s, &before);
	OK(store_backup(s, backup, &why));
	put_one(s, TABLE_TICKET, SLICE_TEXT("later"), SLICE_TEXT("not in the backup"));
	store_close(s);
	assert_clean(backup);

	OK(store_restore(backup, other, &f->rng, &why));
	f->config.dir = other;
	s = fixture_open(f);
	assert_filled(s);
	assert_no_row(s, TABLE_TICKET, SLICE_TEXT("later"));
	assert_row(s, TABLE_META, SLICE_TEXT("outbound"), SLICE_TEXT("paused"));
	store_stats(s, &after);
	assert_int_equal(after.head_seq, N_TICKETS);
	assert_memory_equal(after.head_chain, before.head_chain, SHA256_LEN);
	assert_memory_not_equal(after.journal_id, before.journal_id, JOURNAL_ID_LEN);
	assert_int_equal(put_one(s, TABLE_TICKET, SLICE_TEXT("new"), SLICE_TEXT("x")), N_TICKETS + 1);
	store_close(s);
	assert_clean(other);
	s = fixture_open(f);
	assert_row(s, TABLE_TICKET, SLICE_TEXT("new"), SLICE_TEXT("x"));
	store_close(s);
}

/* The engine's loop beside a backup thread: commits go on, the backup holds what was committed when it began.
 */
struct online {
	struct store *s;
	char dir[200];
	int rc;
	_Atomic bool is_done;
	struct err e;
};

static void *backup_main(void *arg)
{
	struct online *o = arg;

	o->rc = store_backup(o->s, o->dir, &o->e);
	o->is_done = true;
	return NULL;
}

static void online_beside_commits(void **state)
{
	struct fixture *f = *state;
	struct online o = {.s = fixture_open(f)};
	char other[200];
	uint64_t key = 0;
	pthread_t thread;
	struct epoll_event ev;
	int epoll = epoll_create1(0);

	path_in(f, "backup", o.dir);
	ev.events = EPOLLIN;
	epoll_ctl(epoll, EPOLL_CTL_ADD, store_event_fd(o.s), &ev);
	fill(o.s);
	store_turn_end(o.s, 1);
	assert_int_equal(pthread_create(&thread, NULL, backup_main, &o), 0);
	while (!o.is_done) {
		epoll_wait(epoll, &ev, 1, 5);
		OK(store_poll(o.s, &why));
		key++;
		put_one(o.s, TABLE_COUNTER, slice_of(&key, 8), SLICE_TEXT("x"));
		store_turn_end(o.s, 2);
	}
	pthread_join(thread, NULL);
	if (o.rc != 0)
		fail_msg("%s", o.e.text);
	store_close(o.s);
	close(epoll);
	assert_clean(o.dir);
	path_in(f, "other", other);
	OK(store_restore(o.dir, other, &f->rng, &why));
	f->config.dir = other;
	o.s = fixture_open(f);
	assert_filled(o.s);
	store_close(o.s);
}

static void refuses_a_used_directory(void **state)
{
	struct fixture *f = *state;
	char backup[200], want[300];
	struct store *s;
	struct err e;

	make_backup(f, path_in(f, "backup", backup));
	s = fixture_open(f);
	assert_int_equal(store_backup(s, backup, &e), -1);
	snprintf(want, sizeof(want), "%s exists and is not an empty directory; name a new one", backup);
	assert_string_equal(e.text, want);
	store_close(s);
	assert_int_equal(store_restore(backup, f->data, &f->rng, &e), -1);
	snprintf(want, sizeof(want), "%s exists and is not an empty directory; name a new one", f->data);
	assert_string_equal(e.text, want);
}

/* What is thrown away with the data is no copy of them. */
static void refuses_the_data_directory(void **state)
{
	struct fixture *f = *state;
	char inside[300], want[900];
	struct store *s = fixture_open(f);
	struct err e;

	fill(s);
	snprintf(inside, sizeof(inside), "%s/backup", f->data);
	assert_int_equal(store_backup(s, inside, &e), -1);
	assert_int_equal(e.code, ERR_BAD_REQUEST);
	snprintf(want, sizeof(want),
		"%s lies in the data directory %s and would be lost with it; name a folder elsewhere", inside,
		f->data);
	assert_string_equal(e.text, want);
	assert_int_equal(access(inside, F_OK), -1);
	snprintf(inside, sizeof(inside), "%s-too", f->data); /* beside it, of a longer name */
	OK(store_backup(s, inside, &why));
	store_close(s);
}

static void backup_is_no_data_directory(void **state)
{
	struct fixture *f = *state;
	char backup[200], want[300];
	struct store *s;
	struct err e;

	make_backup(f, path_in(f, "backup", backup));
	f->config.dir = backup;
	assert_int_equal(store_open(&s, &f->config, &e), -1);
	snprintf(want, sizeof(want),
		"%s is a backup, not a data directory; make one of it with tocsin restore", backup);
	assert_string_equal(e.text, want);
}

static void a_cut_off_backup_is_none(void **state)
{
	struct fixture *f = *state;
	char backup[200], other[200], want[600];
	struct err e;

	make_backup(f, path_in(f, "backup", backup));
	fixture_run("rm %s/%s", backup, "MANIFEST");
	assert_int_equal(store_restore(backup, path_in(f, "other", other), &f->rng, &e), -1);
	snprintf(want, sizeof(want),
		"%s/MANIFEST does not exist: %s is not a backup, or one that was cut off", backup, backup);
	assert_string_equal(e.text, want);
	assert_false(path_exists(other));
}

static void any_changed_byte_is_refused(void **state)
{
	struct fixture *f = *state;
	uint64_t seed = fixture_seed();
	char backup[200], other[200], path[220];
	static const char *const files[] = {"tables.mdb", "MANIFEST"};
	struct rng rng;
	struct err e;

	rng_init_seeded(&rng, seed);
	make_backup(f, path_in(f, "backup", backup));
	path_in(f, "other", other);
	for (int i = 0; i < fixture_dose(40); i++) {
		uint8_t byte, flip = (uint8_t)(1u << rng_below(&rng, 8));
		struct stat st;
		off_t at;
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", backup, files[i % 2]);
		assert_int_equal(stat(path, &st), 0);
		at = (off_t)rng_below(&rng, (uint64_t)st.st_size);
		file = fopen(path, "r+");
		assert_non_null(file);
		assert_int_equal(pread(fileno(file), &byte, 1, at), 1);
		byte ^= flip;
		assert_int_equal(pwrite(fileno(file), &byte, 1, at), 1);
		if (store_restore(backup, other, &f->rng, &e) == 0)
			fail_msg("flip of %#x at %jd in %s was not seen", flip, (intmax_t)at, path);
		assert_int_equal(e.code, ERR_STORAGE);
		assert_false(path_exists(other));
		byte ^= flip;
		assert_int_equal(pwrite(fileno(file), &byte, 1, at), 1);
		fclose(file);
	}
	OK(store_restore(backup, other, &f->rng, &why));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(restored_data_goes_on, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(online_beside_commits, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(refuses_a_used_directory, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(refuses_the_data_directory, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(backup_is_no_data_directory, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_cut_off_backup_is_none, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(any_changed_byte_is_refused, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
