#include "store/tables.h"

#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 9
#define FLAG_PIECES 1
#define MAX_READERS 256
#define N_DBS (N_TABLES + 1)
#define CHUNKS N_TABLES

struct tables {
	MDB_env *env;
	MDB_dbi dbs[N_DBS];
};

struct tables_view {
	struct tables *tables;
	MDB_txn *txn;
};

struct tables_cursor {
	struct tables_view *view;
	enum table table;
	MDB_cursor *cursor;
	MDB_val key, val;
};

/* The only place where LMDB's codes become ours. */
static int mdb_err(struct err *e, int rc, const char *what)
{
	const char *hint = "";

	if (rc == MDB_INVALID || rc == MDB_VERSION_MISMATCH)
		hint = " (not a file of LMDB 0.9; a file of LMDB 1.0 must be dumped and loaded again)";
	else if (rc == MDB_MAP_FULL)
		hint = " (raise map_bytes)";
	return err_set(e, ERR_STORAGE, "tables: %s: %s%s", what, mdb_strerror(rc), hint);
}

const char *table_name(enum table t)
{
	static const char *const names[] = {
#define TABLE(name, help) #name,
		TABLES(TABLE)
#undef TABLE
	};

	must((size_t)t < N_TABLES);
	return names[t];
}

static int open_dbs(struct tables *t, bool is_read_only, struct err *e)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(t->env, NULL, is_read_only ? MDB_RDONLY : 0, &txn);

	if (rc != 0)
		return mdb_err(e, rc, "begin");
	for (unsigned i = 0; i < N_DBS && rc == 0; i++)
		rc = mdb_dbi_open(txn, i == CHUNKS ? "CHUNKS" : table_name((enum table)i), is_read_only ? 0 : MDB_CREATE,
			&t->dbs[i]);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return mdb_err(e, rc, "open tables");
	}
	rc = mdb_txn_commit(txn);
	return rc == 0 ? 0 : mdb_err(e, rc, "create tables");
}

static int open_env(struct tables *t, const char *path, uint64_t map_bytes, bool is_read_only, struct err *e)
{
	unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | (is_read_only ? MDB_RDONLY : 0);
	int rc = mdb_env_create(&t->env), dead;

	if (rc != 0)
		return mdb_err(e, rc, "create environment");
	if ((rc = mdb_env_set_maxdbs(t->env, N_DBS)) != 0 || (rc = mdb_env_set_mapsize(t->env, map_bytes)) != 0 ||
		(rc = mdb_env_set_maxreaders(t->env, MAX_READERS)) != 0 || (rc = mdb_env_open(t->env, path, flags, 0600)) != 0 ||
		(rc = mdb_reader_check(t->env, &dead)) != 0) {
		mdb_env_close(t->env);
		t->env = NULL;
		return mdb_err(e, rc, path);
	}
	if (open_dbs(t, is_read_only, e) == 0)
		return 0;
	mdb_env_close(t->env);
	t->env = NULL;
	return -1;
}

static int sync_dir(const char *dir, struct err *e)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return err_set(e, ERR_STORAGE, "open %s: %s", dir, strerror(errno));
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? 0 : err_set(e, ERR_STORAGE, "fsync %s: %s", dir, strerror(errno));
}

/*
 * LMDB writes both meta pages of a new file without a sync, so a power cut can leave a file that no longer opens. So the
 * file is made under another name, synced, and renamed when it is whole.
 */
static int create_file(const char *dir, const char *path, uint64_t map_bytes, struct err *e)
{
	struct tables made = {0};
	char temp[4096], lock[4200];
	int rc;

	snprintf(temp, sizeof(temp), "%s/tables.new", dir);
	snprintf(lock, sizeof(lock), "%s-lock", temp);
	unlink(temp);
	unlink(lock);
	if (open_env(&made, temp, map_bytes, false, e) != 0)
		return -1;
	rc = mdb_env_sync(made.env, 1);
	mdb_env_close(made.env);
	unlink(lock);
	if (rc != 0)
		return mdb_err(e, rc, "sync a new file");
	if (rename(temp, path) != 0)
		return err_set(e, ERR_STORAGE, "rename %s: %s", temp, strerror(errno));
	return sync_dir(dir, e);
}

int tables_open(struct tables **out, const char *dir, uint64_t map_bytes, bool *is_read_only, struct err *e)
{
	struct tables *t = calloc(1, sizeof(*t));
	char path[4096];

	must(t != NULL);
	snprintf(path, sizeof(path), "%s/tables.mdb", dir);
	if (access(path, F_OK) != 0 && (*is_read_only || create_file(dir, path, map_bytes, e) != 0)) {
		if (*is_read_only)
			err_set(e, ERR_STORAGE, "%s does not exist", path);
		goto undo;
	}
	if (!*is_read_only && open_env(t, path, map_bytes, false, e) != 0) {
		struct err why = *e;

		if (access(path, W_OK) == 0 && errno != ENOSPC)
			goto undo;
		*is_read_only = true;
		if (open_env(t, path, map_bytes, true, e) != 0) {
			*e = why;
			goto undo;
		}
	} else if (t->env == NULL && open_env(t, path, map_bytes, true, e) != 0) {
		goto undo;
	}
	*out = t;
	return 0;
undo:
	free(t);
	return -1;
}

void tables_close(struct tables *t)
{
	if (t == NULL)
		return;
	mdb_env_close(t->env);
	free(t);
}

/* ---- values --------------------------------------------------------------------------------------------------- */
static uint32_t value_crc(enum table table, struct slice key, struct slice val)
{
	uint8_t t = (uint8_t)table;
	uint32_t crc = crc32c(0, &t, 1);

	crc = crc32c(crc, key.p, key.n);
	return crc32c(crc, val.p, val.n);
}

static size_t chunk_key(uint8_t *to, enum table table, struct slice key, unsigned n)
{
	must(key.n + 3 <= 511);
	to[0] = (uint8_t)table;
	memcpy(to + 1, key.p, key.n);
	to[1 + key.n] = (uint8_t)(n >> 8);
	to[2 + key.n] = (uint8_t)n;
	return key.n + 3;
}

/* Forget the chunks that an earlier, longer value left. */
static int drop_chunks(struct tables *t, MDB_txn *txn, enum table table, struct slice key, unsigned from)
{
	uint8_t raw[512];
	int rc = 0;

	for (unsigned n = from; rc == 0 && n < 0xffff; n++) {
		MDB_val k = {.mv_data = raw};

		k.mv_size = chunk_key(raw, table, key, n);
		rc = mdb_del(txn, t->dbs[CHUNKS], &k, NULL);
	}
	return rc == MDB_NOTFOUND ? 0 : rc;
}

static bool may_have_chunks(enum table table)
{
	return table != TABLE_INDEX && table != TABLE_TICKET_EVENT && table != TABLE_REFERENCE;
}

static int write_row(struct tables *t, MDB_txn *txn, enum table table, const struct memtab_row *row)
{
	MDB_val k = {row->key.n, (void *)row->key.p}, v;
	size_t first = row->val.n > PIECE_BYTES ? PIECE_BYTES : row->val.n, at = first;
	unsigned n = 0;
	uint8_t *to;
	uint32_t crc;
	int rc;

	if (row->is_delete) {
		rc = mdb_del(txn, t->dbs[table], &k, NULL);
		if (rc != 0 && rc != MDB_NOTFOUND)
			return rc;
		return may_have_chunks(table) ? drop_chunks(t, txn, table, row->key, 0) : 0;
	}
	v.mv_size = HEAD_BYTES + first;
	if ((rc = mdb_put(txn, t->dbs[table], &k, &v, MDB_RESERVE)) != 0)
		return rc;
	to = v.mv_data;
	crc = value_crc(table, row->key, row->val);
	memcpy(to, &crc, 4);
	to[4] = at < row->val.n ? FLAG_PIECES : 0;
	store_be32(to + 5, (uint32_t)row->val.n);
	if (first > 0)
		memcpy(to + HEAD_BYTES, row->val.p, first);
	for (; at < row->val.n; n++) {
		uint8_t raw[512];
		size_t piece = row->val.n - at > PIECE_BYTES ? PIECE_BYTES : row->val.n - at;
		MDB_val ck = {.mv_data = raw}, cv = {piece, (uint8_t *)row->val.p + at};

		ck.mv_size = chunk_key(raw, table, row->key, n);
		if ((rc = mdb_put(txn, t->dbs[CHUNKS], &ck, &cv, 0)) != 0)
			return rc;
		at += piece;
	}
	return may_have_chunks(table) && table != TABLE_EVENT ? drop_chunks(t, txn, table, row->key, n) : 0;
}

/* Check a stored value and put its pieces together. */
static int read_row(struct tables_view *v, struct arena *a, enum table table, struct slice key, MDB_val stored, struct slice *val,
	struct err *e)
{
	const uint8_t *p = stored.mv_data;
	char name[80];
	uint32_t crc, total;

	snprintf(name, sizeof(name), "%s", table_name(table));
	if (stored.mv_size < HEAD_BYTES)
		goto bad;
	memcpy(&crc, p, 4);
	total = load_be32(p + 5);
	*val = slice_of(p + HEAD_BYTES, stored.mv_size - HEAD_BYTES);
	if (p[4] & FLAG_PIECES) {
		uint8_t *whole = arena_alloc(a, total), raw[512];
		size_t at = val->n;

		if (at > total)
			goto bad;
		memcpy(whole, val->p, at);
		for (unsigned n = 0; at < total; n++) {
			MDB_val ck = {.mv_data = raw}, cv;

			ck.mv_size = chunk_key(raw, table, key, n);
			if (mdb_get(v->txn, v->tables->dbs[CHUNKS], &ck, &cv) != 0 || cv.mv_size > total - at || cv.mv_size == 0)
				goto bad;
			memcpy(whole + at, cv.mv_data, cv.mv_size);
			at += cv.mv_size;
		}
		*val = slice_of(whole, total);
	}
	if (val->n == total && value_crc(table, key, *val) == crc)
		return 0;
bad: {
	char digits[2 * 24 + 1];

	return err_set(e, ERR_STORAGE, "table %s, key %s: the record is damaged (its checksum does not hold); restore a backup", name,
		hex(key.p, key.n > 24 ? 24 : key.n, digits));
}
}

/* ---- reading ---------------------------------------------------------------------------------------------------- */
int tables_view_new(struct tables_view **out, struct tables *t, struct err *e)
{
	struct tables_view *v = calloc(1, sizeof(*v));
	int rc;

	must(v != NULL);
	v->tables = t;
	rc = mdb_txn_begin(t->env, NULL, MDB_RDONLY, &v->txn);
	if (rc != 0) {
		free(v);
		return mdb_err(e, rc, "begin reading");
	}
	*out = v;
	return 0;
}

void tables_view_free(struct tables_view *v)
{
	if (v == NULL)
		return;
	mdb_txn_abort(v->txn);
	free(v);
}

int tables_view_renew(struct tables_view *v, struct err *e)
{
	int rc;

	mdb_txn_reset(v->txn);
	rc = mdb_txn_renew(v->txn);
	return rc == 0 ? 0 : mdb_err(e, rc, "renew reading");
}

int tables_get(struct tables_view *v, struct arena *a, enum table table, struct slice key, struct slice *val, struct err *e)
{
	MDB_val k = {key.n, (void *)key.p}, stored;
	int rc;

	if (key.n == 0 || key.n > 508)
		return 0;
	rc = mdb_get(v->txn, v->tables->dbs[table], &k, &stored);
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return mdb_err(e, rc, table_name(table));
	return read_row(v, a, table, key, stored, val, e) == 0 ? 1 : -1;
}

int tables_cursor_open(struct tables_cursor **out, struct tables_view *v, enum table table, struct err *e)
{
	struct tables_cursor *c = calloc(1, sizeof(*c));
	int rc;

	must(c != NULL);
	c->view = v;
	c->table = table;
	rc = mdb_cursor_open(v->txn, v->tables->dbs[table], &c->cursor);
	if (rc != 0) {
		free(c);
		return mdb_err(e, rc, "cursor");
	}
	*out = c;
	return 0;
}

void tables_cursor_close(struct tables_cursor *c)
{
	if (c == NULL)
		return;
	mdb_cursor_close(c->cursor);
	free(c);
}

static int cursor_at(struct tables_cursor *c, int rc, struct slice *key, struct err *e)
{
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc != 0)
		return mdb_err(e, rc, table_name(c->table));
	*key = slice_of(c->key.mv_data, c->key.mv_size);
	return 1;
}

int tables_cursor_seek(struct tables_cursor *c, struct slice bound, bool is_reverse, struct slice *key, struct err *e)
{
	int rc;

	c->key = (MDB_val){bound.n, (void *)bound.p};
	if (bound.p == NULL || bound.n == 0)
		rc = mdb_cursor_get(c->cursor, &c->key, &c->val, is_reverse && bound.p == NULL ? MDB_LAST : MDB_FIRST);
	else
		rc = mdb_cursor_get(c->cursor, &c->key, &c->val, MDB_SET_RANGE);
	if (is_reverse && bound.p != NULL)
		rc = rc == MDB_NOTFOUND ? mdb_cursor_get(c->cursor, &c->key, &c->val, MDB_LAST)
			: rc == 0       ? mdb_cursor_get(c->cursor, &c->key, &c->val, MDB_PREV)
					: rc;
	return cursor_at(c, rc, key, e);
}

int tables_cursor_next(struct tables_cursor *c, bool is_reverse, struct slice *key, struct err *e)
{
	return cursor_at(c, mdb_cursor_get(c->cursor, &c->key, &c->val, is_reverse ? MDB_PREV : MDB_NEXT), key, e);
}

int tables_cursor_val(struct tables_cursor *c, struct arena *a, struct slice *val, struct err *e)
{
	return read_row(c->view, a, c->table, slice_of(c->key.mv_data, c->key.mv_size), c->val, val, e);
}

/* ---- head and writing ------------------------------------------------------------------------------------------- */
/* META "head": be32 format, be64 seq, chain, journal id, be64 at. */
#define HEAD_ROW (4 + 8 + SHA256_LEN + JOURNAL_ID_LEN + 8)
#define TABLES_FORMAT 1

int tables_head(struct tables *t, struct tables_head *h, struct err *e)
{
	struct tables_view *v;
	struct slice val;
	struct arena a;
	int got;

	if (tables_view_new(&v, t, e) != 0)
		return -1;
	arena_init(&a, 0);
	got = tables_get(v, &a, TABLE_META, SLICE_TEXT("head"), &val, e);
	if (got == 1) {
		const uint8_t *p = val.p;

		if (val.n != HEAD_ROW || load_be32(p) != TABLES_FORMAT) {
			got = err_set(e, ERR_STORAGE, "tables have format %u; this version reads format %d",
				val.n >= 4 ? load_be32(p) : 0, TABLES_FORMAT);
		} else {
			h->seq = load_be64(p + 4);
			memcpy(h->chain, p + 12, SHA256_LEN);
			memcpy(h->journal_id, p + 12 + SHA256_LEN, JOURNAL_ID_LEN);
			h->at_ms = (int64_t)load_be64(p + 12 + SHA256_LEN + JOURNAL_ID_LEN);
		}
	}
	arena_fini(&a);
	tables_view_free(v);
	return got;
}

static int write_head(struct tables *t, MDB_txn *txn, const struct tables_head *h)
{
	uint8_t raw[HEAD_ROW];
	struct memtab_row row = {.key = SLICE_TEXT("head"), .val = {raw, sizeof(raw)}};

	store_be32(raw, TABLES_FORMAT);
	store_be64(raw + 4, h->seq);
	memcpy(raw + 12, h->chain, SHA256_LEN);
	memcpy(raw + 12 + SHA256_LEN, h->journal_id, JOURNAL_ID_LEN);
	store_be64(raw + 12 + SHA256_LEN + JOURNAL_ID_LEN, (uint64_t)h->at_ms);
	return write_row(t, txn, TABLE_META, &row);
}

int tables_write(struct tables *t, const struct memtab *m, const struct tables_head *h, struct err *e)
{
	MDB_txn *txn;
	int rc = mdb_txn_begin(t->env, NULL, 0, &txn);

	if (rc != 0)
		return mdb_err(e, rc, "begin a checkpoint");
	for (unsigned table = 0; table < N_TABLES && rc == 0; table++)
		for (const struct memtab_row *r = memtab_seek(m, (enum table)table, slice_of(NULL, 0), false); r != NULL && rc == 0;
			r = memtab_next(r, false))
			rc = write_row(t, txn, (enum table)table, r);
	if (rc == 0)
		rc = write_head(t, txn, h);
	if (rc != 0) {
		mdb_txn_abort(txn);
		return mdb_err(e, rc, "write a checkpoint");
	}
	rc = mdb_txn_commit(txn); /* consumes txn, also on failure */
	return rc == 0 ? 0 : mdb_err(e, rc, "commit a checkpoint");
}

int tables_copy(struct tables *t, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc;

	if (fd < 0)
		return err_set(e, ERR_STORAGE, "create %s: %s", path, strerror(errno));
	rc = mdb_env_copyfd2(t->env, fd, MDB_CP_COMPACT);
	if (rc == 0 && fsync(fd) != 0)
		rc = errno;
	close(fd);
	return rc == 0 ? 0 : mdb_err(e, rc, path);
}

void tables_stats(struct tables *t, uint64_t n_rows[N_TABLES], uint64_t *bytes)
{
	MDB_envinfo info;
	MDB_stat st;
	MDB_txn *txn;

	*bytes = 0;
	memset(n_rows, 0, N_TABLES * sizeof(n_rows[0]));
	if (mdb_env_info(t->env, &info) != 0 || mdb_env_stat(t->env, &st) != 0)
		return;
	*bytes = ((uint64_t)info.me_last_pgno + 1) * st.ms_psize;
	if (mdb_txn_begin(t->env, NULL, MDB_RDONLY, &txn) != 0)
		return;
	for (unsigned i = 0; i < N_TABLES; i++)
		if (mdb_stat(txn, t->dbs[i], &st) == 0)
			n_rows[i] = st.ms_entries;
	mdb_txn_abort(txn);
}
