/* Tables over LMDB: rows of every size against a model, snapshots, a full map, files that are none of ours.
 */
#include "store_fixture.h"

#include "store/tables_lmdb.h"

#define N_KEYS 60
#define VAL_MAX 9000
#define MIB ((uint64_t)1 << 20)

struct model {
	bool has[N_KEYS];
	size_t val_n[N_KEYS];
	uint64_t seed[N_KEYS];
};

static struct tables *open_tables(struct fixture *f, uint64_t map_bytes, bool is_read_only)
{
	struct tables_mark fresh = {.seq = 0};
	struct tables *t = NULL;
	char path[200];

	snprintf(path, sizeof(path), "%s/tables.mdb", f->dir);
	if (!path_exists(path))
		OK(tables_create(f->dir, map_bytes, &fresh, &why));
	OK(tables_open(&t, path, map_bytes, is_read_only, &why));
	return t;
}

static void no_finding(void *udata, const char *line)
{
	(void)udata;
	fail_msg("finding: %s", line);
}

/* tables_check also wants events and a mark that agree: an event a write, in a chain of its own. */
static void add_event(struct memtab *m, struct tables_mark *mark)
{
	struct entry head = {.seq = ++mark->seq, .at_ms = 5, .salt = {1}};
	uint8_t key[8];

	entry_hash(&head, head.event_hash);
	entry_chain(mark->chain, head.seq, head.event_hash, head.chain);
	memcpy(mark->chain, head.chain, SHA256_LEN);
	store_be64(key, head.seq);
	memtab_put(
		m, row_new(&m->arena, TABLE_EVENT, slice_of(key, 8), slice_of(&head, sizeof(head)), false));
}

static struct slice key_of(uint8_t key[3], int i)
{
	key[0] = 'k';
	key[1] = (uint8_t)(i / 7);
	key[2] = (uint8_t)(i % 7);
	return slice_of(key, i % 7 == 0 ? 2 : 3); /* some are prefixes of others */
}

static size_t random_size(struct rng *rng)
{
	static const size_t edges[] = {0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES,
		2 * CHUNK_BYTES + 1, VAL_MAX};

	return rng_below(rng, 2) == 0 ? edges[rng_below(rng, 8)] : (size_t)rng_below(rng, 200);
}

static void write_random(struct tables *t, struct model *model, struct tables_mark *mark, struct rng *rng)
{
	struct memtab *m = memtab_new(0);
	uint8_t key[3], val[VAL_MAX];

	for (uint64_t n = 1 + rng_below(rng, 15); n > 0; n--) {
		int i = (int)rng_below(rng, N_KEYS);
		bool is_delete = rng_below(rng, 3) == 0;

		model->has[i] = !is_delete;
		model->val_n[i] = random_size(rng);
		model->seed[i] = rng_u64(rng);
		memtab_put(m, row_new(&m->arena, TABLE_PACK, key_of(key, i),
				      is_delete ? slice_of(NULL, 0)
						: bytes_of(val, model->val_n[i], model->seed[i]),
				      is_delete));
	}
	add_event(m, mark);
	OK(tables_write(t, m, mark, &why));
	memtab_free(m);
}

static void assert_scan(struct tables_view *v, const struct model *model, bool is_reverse)
{
	struct tables_cursor *c;
	uint8_t key[3], val[VAL_MAX];
	struct slice at, got;
	struct arena a;
	struct err e;
	int rc;

	arena_init(&a, 0);
	OK(tables_cursor_open(&c, v, TABLE_PACK, &why));
	rc = tables_cursor_seek(c, slice_of(NULL, 0), is_reverse, &at, &e);
	for (int n = 0; n < N_KEYS; n++) {
		int i = is_reverse ? N_KEYS - 1 - n : n;

		if (!model->has[i])
			continue;
		assert_int_equal(rc, 1);
		assert_int_equal(slice_cmp(at, key_of(key, i)), 0);
		OK(tables_cursor_val(c, &a, &got, &why));
		assert_int_equal(slice_cmp(got, bytes_of(val, model->val_n[i], model->seed[i])), 0);
		rc = tables_cursor_next(c, is_reverse, &at, &e);
	}
	assert_int_equal(rc, 0);
	tables_cursor_close(c);
	arena_fini(&a);
}

static void assert_model(struct tables *t, const struct model *model)
{
	struct finder f = {no_finding, NULL, NULL, 0};
	uint8_t key[3], val[VAL_MAX];
	struct tables_view *v;
	struct slice got;
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	OK(tables_view_new(&v, t, &why));
	for (int i = 0; i < N_KEYS; i++) {
		assert_int_equal(tables_get(v, &a, TABLE_PACK, key_of(key, i), &got, &e), model->has[i]);
		if (model->has[i])
			assert_int_equal(slice_cmp(got, bytes_of(val, model->val_n[i], model->seed[i])), 0);
	}
	assert_scan(v, model, false);
	assert_scan(v, model, true);
	tables_view_free(v);
	arena_fini(&a);
	tables_check(t, &f);
}

static void rows_of_every_size(void **state)
{
	struct fixture *f = *state;
	struct tables_mark mark = {.seq = 0}, got;
	struct model model = {0};
	struct tables *t = open_tables(f, 64 * MIB, false);
	struct rng rng;

	rng_init_seeded(&rng, fixture_seed());
	for (int i = 0; i < fixture_dose(150); i++) {
		write_random(t, &model, &mark, &rng);
		if (i % 5 == 0)
			assert_model(t, &model);
		if (i % 40 == 39) {
			tables_close(t);
			t = open_tables(f, 64 * MIB, i % 80 == 79);
			OK(tables_mark_get(t, &got, &why));
			assert_int_equal(got.seq, mark.seq);
			assert_memory_equal(got.chain, mark.chain, SHA256_LEN);
			if (i % 80 == 79) {
				assert_model(t, &model);
				tables_close(t);
				t = open_tables(f, 64 * MIB, false);
			}
		}
	}
	tables_close(t);
}

static void a_view_stands_still_until_renewed(void **state)
{
	struct fixture *f = *state;
	struct tables *t = open_tables(f, 64 * MIB, false);
	struct tables_mark mark = {.seq = 0};
	struct memtab *m = memtab_new(0);
	struct tables_view *v;
	struct slice got;
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	OK(tables_view_new(&v, t, &why));
	memtab_put(m, row_new(&m->arena, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"), false));
	OK(tables_write(t, m, &mark, &why));
	assert_int_equal(tables_get(v, &a, TABLE_TICKET, SLICE_TEXT("k"), &got, &e), 0);
	OK(tables_view_renew(v, &why));
	assert_int_equal(tables_get(v, &a, TABLE_TICKET, SLICE_TEXT("k"), &got, &e), 1);
	tables_view_free(v);
	memtab_free(m);
	arena_fini(&a);
	tables_close(t);
}

/* A full map refuses the whole write; what was there stays, and a larger map takes it. */
static void a_full_map_loses_nothing(void **state)
{
	struct fixture *f = *state;
	struct tables *t = open_tables(f, MIB / 2, false);
	struct tables_mark mark = {.seq = 0}, got;
	struct model model = {0};
	struct memtab *m = memtab_new(0);
	struct rng rng;
	struct err e;

	rng_init_seeded(&rng, 3);
	for (int i = 0; i < 10; i++)
		write_random(t, &model, &mark, &rng);
	for (uint64_t i = 0; i < 1000; i++)
		memtab_put(m, row_new(&m->arena, TABLE_TICKET, slice_of(&i, 8),
				      bytes_of((uint8_t[1000]){0}, 1000, i), false));
	got = mark;
	got.seq++;
	assert_int_equal(tables_write(t, m, &got, &e), -1);
	assert_int_equal(e.code, ERR_STORAGE);
	assert_string_equal(e.text, "tables: write up to entry 11: MDB_MAP_FULL: Environment mapsize limit "
				    "reached (raise tables-space)");
	assert_model(t, &model);
	tables_close(t);
	t = open_tables(f, 64 * MIB, false);
	assert_model(t, &model);
	OK(tables_write(t, m, &mark, &why));
	assert_model(t, &model);
	memtab_free(m);
	tables_close(t);
}

static void refusal(struct fixture *f, const char *want)
{
	struct tables_mark mark;
	char path[200], text[600];
	struct tables *t;
	struct err e;

	snprintf(path, sizeof(path), "%s/tables.mdb", f->dir);
	if (tables_open(&t, path, MIB, false, &e) == 0) {
		assert_int_equal(tables_mark_get(t, &mark, &e), -1);
		tables_close(t);
	}
	snprintf(text, sizeof(text), want, path);
	assert_string_equal(e.text, text);
	assert_int_equal(e.code, ERR_STORAGE);
}

static void a_foreign_file_is_refused(void **state)
{
	struct fixture *f = *state;

	fixture_run("head -c 20000 /dev/urandom > %s/tables.mdb", f->dir, "");
	refusal(f, "open %s: MDB_INVALID: File is not an LMDB file (expected a file of LMDB 0.9; one of LMDB "
		   "1.0 must be dumped "
		   "there and loaded here)");
}

static void a_newer_format_is_refused(void **state)
{
	struct fixture *f = *state;
	struct tables *t = open_tables(f, MIB, false);
	struct slice key = SLICE_TEXT(MARK_KEY);
	uint8_t raw[200] = {0};
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v = {ROW_HEAD + 4, raw};
	MDB_txn *txn;

	row_fill(raw, TABLE_META, key, 0, slice_of("\0\0\0\3", 4));
	assert_int_equal(mdb_txn_begin(t->env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_put(txn, t->dbs[TABLE_META], &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	tables_close(t);
	refusal(f, "tables.mdb has format 3, this version knows format 2: use the version that wrote it%.0s");
}

static void an_empty_environment_is_refused(void **state)
{
	struct fixture *f = *state;
	struct tables *t;
	char path[200];

	snprintf(path, sizeof(path), "%s/tables.mdb", f->dir);
	OK(tables_open(&t, path, MIB, false, &why));
	tables_close(t);
	refusal(f, "tables.mdb says nothing about its entries (no row META \"store\"): it is damaged or not "
		   "Tocsin's%.0s");
}

/* What a creation leaves that was cut off is not looked at. */
static void a_cut_off_creation_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char path[200];

	fixture_run("head -c 3000 /dev/urandom > %s/tables.new; touch %s/tables.new-lock", f->dir, f->dir);
	tables_close(open_tables(f, MIB, false));
	snprintf(path, sizeof(path), "%s/tables.new", f->dir);
	assert_false(path_exists(path));
}

static void damage_names_table_and_key(void **state)
{
	struct fixture *f = *state;
	struct tables *t = open_tables(f, MIB, false);
	MDB_val k = {3, "abc"}, v = {7, "\1\2\3\4\0xy"};
	struct tables_view *view;
	struct slice got;
	MDB_txn *txn;
	struct err e;

	assert_int_equal(mdb_txn_begin(t->env, NULL, 0, &txn), 0);
	assert_int_equal(mdb_put(txn, t->dbs[TABLE_TICKET], &k, &v, 0), 0);
	assert_int_equal(mdb_txn_commit(txn), 0);
	OK(tables_view_new(&view, t, &why));
	assert_int_equal(tables_get(view, NULL, TABLE_TICKET, SLICE_TEXT("abc"), &got, &e), -1);
	assert_string_equal(e.text, "table TICKET, key 616263: the record's checksum does not hold; run "
				    "tocsin fsck, restore a backup");
	tables_view_free(view);
	tables_close(t);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rows_of_every_size),
		TEST(a_view_stands_still_until_renewed),
		TEST(a_full_map_loses_nothing),
		TEST(a_foreign_file_is_refused),
		TEST(a_newer_format_is_refused),
		TEST(an_empty_environment_is_refused),
		TEST(a_cut_off_creation_leaves_nothing),
		TEST(damage_names_table_and_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
