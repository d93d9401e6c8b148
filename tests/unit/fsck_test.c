/* What fsck finds, and that no flipped bit is ever read as data. */
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "store_fixture.h"

#include "store/tables_lmdb.h"

#define N_ROWS 120
#define N_BEHIND 12 /* entries that only the journal has */
#define VAL_MAX 5000
#define JOURNAL_USED 16384 /* where flips in a segment are most likely to hit something */

/* ---- findings ------------------------------------------------------------------------------------------ */
struct findings {
	int n;
	char text[4000];
};

static void keep(void *udata, const char *line)
{
	struct findings *f = udata;
	size_t n = strlen(f->text);

	f->n++;
	snprintf(f->text + n, sizeof(f->text) - n, "%s\n", line);
}

static struct findings fsck(const char *dir)
{
	struct findings f = {0};
	struct err e;
	int n = store_fsck(dir, NULL, NULL, keep, &f, &e);

	if (n < 0)
		keep(&f, e.text);
	else
		assert_int_equal(n, f.n);
	return f;
}

static void assert_found(const char *dir, const char *want)
{
	struct findings f = fsck(dir);

	assert_string_equal(f.text, want);
}

/* ---- a store of known rows ----------------------------------------------------------------------------- */
static size_t val_n(uint64_t i)
{
	return i % 10 == 0 ? (size_t)i * 97 % VAL_MAX : (size_t)i * 7 % 400;
}

static void put_row(struct store *s, uint64_t i)
{
	struct tx *tx = tx_begin(s, (int64_t)i);
	uint8_t key[8], val[VAL_MAX];

	store_be64(key, i);
	tx_put(tx, TABLE_TICKET, slice_of(key, 8), bytes_of(val, val_n(i), i));
	tx_put(tx, TABLE_INDEX, slice_of(key, 8), slice_of(NULL, 0));
	tx_commit(tx, bytes_of(val, 100 + i, i));
}

static void fill(struct store *s, uint64_t from, uint64_t to)
{
	for (uint64_t i = from; i <= to; i++)
		put_row(s, i);
}

/*
 * The rows are exactly those of a store with n entries: 0. A row that reads wrong: -1 ("silent"). An
 * error: 1. Otherwise 2: rows are missing that should be there.
 */
static int compare(struct store *s, uint64_t n)
{
	int verdict = 0;

	for (uint64_t i = 1; i <= N_ROWS + N_BEHIND; i++) {
		uint8_t key[8], val[VAL_MAX];
		struct slice got, event, want;
		int64_t at_ms;
		struct err e;
		int rc;

		store_be64(key, i);
		rc = store_get(s, TABLE_TICKET, slice_of(key, 8), &got, &e);
		if (rc < 0)
			return 1;
		want = bytes_of(val, val_n(i), i);
		if (rc == 1 && slice_cmp(got, want) != 0)
			return -1;
		if (rc != (i <= n))
			verdict = 2;
		rc = store_event(s, i, &event, &at_ms, &e);
		if (rc < 0)
			return 1;
		want = bytes_of(val, 100 + i, i);
		if (rc == 1 && (slice_cmp(event, want) != 0 || at_ms != (int64_t)i))
			return -1;
		if (rc != (i <= n))
			verdict = 2;
	}
	return verdict;
}

static int compare_scan(struct store *s, uint64_t n)
{
	struct scan scan;
	uint64_t i = 0;
	struct err e;
	int rc;

	scan_init(&scan, s, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((rc = scan_next(&scan, &e)) == 1) {
		uint8_t val[VAL_MAX];
		uint64_t id = scan.key.n == 8 ? load_be64(scan.key.p) : 0;

		if (id <= i || id > N_ROWS + N_BEHIND ||
			slice_cmp(scan.val, bytes_of(val, val_n(id), id)) != 0) {
			scan_fini(&scan);
			return -1;
		}
		i = id;
	}
	scan_fini(&scan);
	return rc < 0 ? 1 : i == n ? 0 : 2;
}

/* ---- what is found ------------------------------------------------------------------------------------- */
static void a_whole_store_is_clean(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	struct tx *tx;

	fill(s, 1, N_ROWS);
	OK(store_checkpoint(s, &why));
	tx = tx_begin(s, 999);
	OK(tx_erase_event(tx, 5, &why));
	tx_del(tx, TABLE_TICKET, slice_of("\0\0\0\0\0\0\0\x14", 8)); /* one with chunks */
	tx_put(tx, TABLE_TICKET, slice_of("\0\0\0\0\0\0\0\x1e", 8), SLICE_TEXT("short now"));
	tx_commit(tx, SLICE_TEXT("erased"));
	store_close(s);
	assert_found(f->data, "");
}

/* Change one stored row as LMDB would, so that only Tocsin's own checks can see it. */
static void with_lmdb(
	struct fixture *f, void (*change)(MDB_txn *, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket))
{
	MDB_dbi event, chunk, ticket;
	char path[200];
	MDB_env *env;
	MDB_txn *txn;

	snprintf(path, sizeof(path), "%s/tables.mdb", f->data);
	assert_int_equal(mdb_env_create(&env), 0);
	assert_int_equal(mdb_env_set_maxdbs(env, 20), 0);
	assert_int_equal(mdb_env_set_mapsize(env, (size_t)1 << 28), 0);
	assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0600), 0);
	assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_dbi_open(txn, "EVENT", 0, &event), 0);
	assert_int_equal(mdb_dbi_open(txn, "CHUNK", 0, &chunk), 0);
	assert_int_equal(mdb_dbi_open(txn, "TICKET", 0, &ticket), 0);
	change(txn, event, chunk, ticket);
	assert_int_equal(mdb_txn_commit(txn), 0);
	mdb_env_close(env);
}

static void make_store(struct fixture *f)
{
	struct store *s = fixture_open(f);

	fill(s, 1, N_ROWS);
	store_close(s);
}

static void change_event_7(MDB_txn *txn, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket)
{
	MDB_val k = {8, "\0\0\0\0\0\0\0\7"}, v;
	struct slice key = slice_of("\0\0\0\0\0\0\0\7", 8), bytes;
	uint8_t copy[1000], flags;

	(void)chunk;
	(void)ticket;
	assert_int_equal(mdb_get(txn, event, &k, &v), 0);
	assert_true(row_is_good(TABLE_EVENT, key, slice_of_mdb(v), &flags, &bytes));
	memcpy(copy + ROW_HEAD, bytes.p, bytes.n);
	copy[ROW_HEAD + sizeof(struct entry)] ^= 1; /* the first byte of what was said */
	row_fill(copy, TABLE_EVENT, key, 0, slice_of(copy + ROW_HEAD, bytes.n));
	v = (MDB_val){ROW_HEAD + bytes.n, copy};
	assert_int_equal(mdb_put(txn, event, &k, &v, 0), 0);
}

static void a_forged_event_breaks_its_hash(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	with_lmdb(f, change_event_7);
	assert_found(
		f->data, "table EVENT, key 0000000000000007: the event is not the one that was hashed\n");
}

static void delete_event_7(MDB_txn *txn, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket)
{
	MDB_val k = {8, "\0\0\0\0\0\0\0\7"};

	(void)chunk;
	(void)ticket;
	assert_int_equal(mdb_del(txn, event, &k, NULL), 0);
}

static void a_missing_event_breaks_the_chain(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	with_lmdb(f, delete_event_7);
	assert_found(f->data, "table EVENT, key 0000000000000008: an event before it is missing\n"
			      "table EVENT, key 0000000000000008: the chain breaks here: this event or one "
			      "before it was changed\n");
}

static void delete_last_events(MDB_txn *txn, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket)
{
	MDB_val k = {8, "\0\0\0\0\0\0\0\x78"};

	(void)chunk;
	(void)ticket;
	assert_int_equal(mdb_del(txn, event, &k, NULL), 0);
}

static void a_cut_tail_is_seen_by_the_mark(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	with_lmdb(f, delete_last_events);
	assert_found(f->data, "the events end with 119, but the tables were written up to entry 120\n"
			      "tables.mdb: event 120 is missing; run tocsin fsck, restore a backup\n");
}

static void delete_chunk(MDB_txn *txn, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket)
{
	MDB_val k = {11, "\1\0\0\0\0\0\0\0\x1e\0\1"};

	(void)event;
	(void)ticket;
	assert_int_equal(mdb_del(txn, chunk, &k, NULL), 0);
}

static void a_missing_chunk(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	with_lmdb(f, delete_chunk);
	assert_found(f->data, "table TICKET, key 000000000000001e: the record or a chunk of it is damaged\n"
			      "table CHUNK: 16 rows, but 17 are named by other tables\n");
}

static void delete_chunked_row(MDB_txn *txn, MDB_dbi event, MDB_dbi chunk, MDB_dbi ticket)
{
	MDB_val k = {8, "\0\0\0\0\0\0\0\x1e"};

	(void)event;
	(void)chunk;
	assert_int_equal(mdb_del(txn, ticket, &k, NULL), 0);
}

static void chunks_without_a_row(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	with_lmdb(f, delete_chunked_row);
	assert_found(f->data, "table CHUNK, key 01000000000000001e0000: no row names this chunk\n"
			      "table CHUNK, key 01000000000000001e0001: no row names this chunk\n"
			      "table CHUNK: 17 rows, but 15 are named by other tables\n");
}

static int say_two(void *udata, struct store *s, void (*say)(void *, const char *), void *say_udata)
{
	assert_string_equal(udata, "desk");
	assert_int_equal(store_last_seq(s), N_ROWS);
	say(say_udata, "ticket 1 is not in index queue");
	say(say_udata, "index due names ticket 9, which does not exist");
	return 2;
}

static void the_desks_findings_count(void **state)
{
	struct fixture *f = *state;
	struct findings found = {0};
	struct err e;

	make_store(f);
	assert_int_equal(store_fsck(f->data, say_two, "desk", keep, &found, &e), 2);
	assert_string_equal(found.text,
		"ticket 1 is not in index queue\nindex due names ticket 9, which does not exist\n");
}

static void a_directory_in_use_is_refused(void **state)
{
	struct fixture *f = *state;
	struct findings found = {0};
	struct store *s = fixture_open(f);
	char want[300];
	struct err e;

	assert_int_equal(store_fsck(f->data, NULL, NULL, keep, &found, &e), -1);
	snprintf(want, sizeof(want),
		"data directory %s is in use by process %d; stop it first, or use another --data", f->data,
		(int)getpid());
	assert_string_equal(e.text, want);
	store_close(s);
}

static void a_cut_file_is_found(void **state)
{
	struct fixture *f = *state;
	char path[200];
	struct stat st;

	make_store(f);
	snprintf(path, sizeof(path), "%s/tables.mdb", f->data);
	assert_int_equal(stat(path, &st), 0);
	for (off_t n = st.st_size / 2; n >= 0; n -= st.st_size / 6) {
		assert_int_equal(truncate(path, n), 0);
		assert_true(fsck(f->data).n > 0);
	}
}

/* ---- flipped bits -------------------------------------------------------------------------------------- */
/* What a reader met; WRONG_STATE is fine only when fsck said something. */
enum outcome { HARMLESS, SEEN, TAIL_LOST, WRONG_STATE, SILENT };

/* A child, since reading a broken tree may kill whoever reads it: that is not silent. */
static _Noreturn void read_all(const struct fixture *f, uint64_t n)
{
	static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	int rc, scan_rc;
	struct store *s;
	uint64_t last;
	struct err e;

	for (int i = 0; i < 5; i++)
		signal(deaths[i], SIG_DFL); /* cmocka's would go on with the next test here */
	alarm(30);
	if (store_open(&s, &f->config, &e) != 0)
		_exit(SEEN);
	last = store_last_seq(s);
	rc = compare(s, last);
	scan_rc = compare_scan(s, last);
	if (rc < 0 || scan_rc < 0)
		_exit(SILENT);
	if (rc == 1 || scan_rc == 1)
		_exit(SEEN);
	if (rc != 0 || scan_rc != 0)
		_exit(WRONG_STATE);
	/* of a journal, the last record alone has no witness */
	_exit(last == n ? HARMLESS : last + 1 == n ? TAIL_LOST : WRONG_STATE);
}

static enum outcome read_in_child(const struct fixture *f, uint64_t n)
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)!freopen("/dev/null", "w", stderr);
		read_all(f, n);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status))
		return (enum outcome)WEXITSTATUS(status);
	assert_int_not_equal(WTERMSIG(status), SIGALRM);
	return SEEN;
}

struct files {
	int n;
	char name[20][48];
	uint64_t bytes[20];
};

static void list_files(const char *dir, struct files *files)
{
	char cmd[300], line[200];
	FILE *in;

	snprintf(cmd, sizeof(cmd), "cd %s && find tables.mdb journal -type f -printf '%%p %%s\\n' | sort -r",
		dir);
	in = popen(cmd, "r");
	assert_non_null(in);
	for (files->n = 0; files->n < 20 && fgets(line, sizeof(line), in) != NULL; files->n++)
		assert_int_equal(sscanf(line, "%47s %ju", files->name[files->n], &files->bytes[files->n]), 2);
	pclose(in);
	assert_true(files->n > 1);
	assert_string_equal(files->name[0], "tables.mdb");
}

static void flip(const char *dir, const char *name, uint64_t at, uint8_t mask)
{
	char path[300];
	uint8_t byte;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
	byte ^= mask;
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
	close(fd);
}

static void flip_one(struct fixture *f, const char *saved, const struct files *files, struct rng *rng,
	uint64_t n, int counts[SILENT + 1])
{
	int i = rng_below(rng, 4) > 0 ? 0 : 1 + (int)rng_below(rng, (uint64_t)files->n - 1);
	uint64_t span = i > 0 && files->bytes[i] > JOURNAL_USED ? JOURNAL_USED : files->bytes[i],
		 at = rng_below(rng, span);
	uint8_t mask = (uint8_t)(1u << rng_below(rng, 8));
	struct findings found;
	enum outcome outcome;

	fixture_run("rm -rf %s", f->data, "");
	fixture_run("cp -r %s %s", saved, f->data);
	flip(f->data, files->name[i], at, mask);
	found = fsck(f->data); /* first: opening repairs a torn tail */
	outcome = read_in_child(f, n);
	counts[outcome]++;
	if (outcome == SILENT || ((outcome == SEEN || outcome == WRONG_STATE) && found.n == 0))
		fail_msg("%s, offset %ju, bit %#x: outcome %d, fsck says \"%s\"", files->name[i],
			(uintmax_t)at, mask, outcome, found.text);
	if (outcome == TAIL_LOST)
		assert_true(i > 0);
}

static void flip_many(struct fixture *f, uint64_t n, int dose)
{
	int counts[SILENT + 1] = {0};
	char saved[120];
	struct files files;
	struct rng rng;

	rng_init_seeded(&rng, fixture_seed() + n);
	snprintf(saved, sizeof(saved), "%s/saved", f->dir);
	list_files(saved, &files);
	for (int i = 0; i < dose; i++)
		flip_one(f, saved, &files, &rng, n, counts);
	print_message("%d flips: %d harmless, %d met as an error, %d cost an unwitnessed tail, %d seen by "
		      "fsck alone\n",
		dose, counts[HARMLESS], counts[SEEN], counts[TAIL_LOST], counts[WRONG_STATE]);
	assert_true(counts[SEEN] > 0);
}

static void flips_of_a_closed_store(void **state)
{
	struct fixture *f = *state;

	make_store(f);
	fixture_run("cp -r %s %s/saved", f->data, f->dir);
	flip_many(f, N_ROWS, fixture_dose(300));
}

static void flips_of_a_killed_store(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);

	fill(s, 1, N_ROWS);
	OK(store_checkpoint(s, &why));
	for (uint64_t i = N_ROWS + 1; i <= N_ROWS + N_BEHIND; i++) {
		put_row(s, i);
		OK(store_flush(s, &why));
	}
	fixture_rest(s);
	fixture_run("cp -r %s %s/saved", f->data, f->dir);
	store_close(s);
	flip_many(f, N_ROWS + N_BEHIND, fixture_dose(300));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_whole_store_is_clean, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_forged_event_breaks_its_hash, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_missing_event_breaks_the_chain, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_cut_tail_is_seen_by_the_mark, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_missing_chunk, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(chunks_without_a_row, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(the_desks_findings_count, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			a_directory_in_use_is_refused, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(a_cut_file_is_found, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(flips_of_a_closed_store, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(flips_of_a_killed_store, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
