/*
 * One memory table into LMDB, in one transaction with the mark. Rows come in key order; whatever lies behind
 * the last stored key is appended (MDB_APPEND: full pages, no search), which is every row of a table whose
 * keys grow.
 */
#include <string.h>

#include "store/tables_lmdb.h"
#include "tocsin/util.h"

#define MARK_BYTES (4 + 8 + 8 + SHA256_LEN + JOURNAL_ID_LEN + 1)

struct writer {
	struct tables *tables;
	MDB_txn *txn;
	MDB_cursor *cursor; /* of the table being written */
	enum table table;
	bool is_behind_end; /* every further key is greater than all stored ones */
	uint8_t last[STORE_KEY_MAX];
	size_t last_n; /* of the greatest stored key; 0: none */
};

static bool is_behind_end(struct writer *w, struct slice key)
{
	if (!w->is_behind_end)
		w->is_behind_end = slice_cmp(key, slice_of(w->last, w->last_n)) > 0;
	return w->is_behind_end;
}

/* ---- chunks -------------------------------------------------------------------------------------------- */
static int chunks_put(struct writer *w, struct slice key, struct slice val)
{
	const uint8_t *p = val.p;

	for (uint32_t n = 0; n < n_chunks((uint32_t)val.n); n++) {
		uint8_t raw[STORE_KEY_MAX + CHUNK_KEY_MORE];
		struct slice ck = chunk_key(raw, w->table, key, n);
		size_t at = (size_t)n * CHUNK_BYTES,
		       size = val.n - at < CHUNK_BYTES ? val.n - at : CHUNK_BYTES;
		MDB_val k = {ck.n, raw}, v = {ROW_HEAD + size, NULL};
		int rc = mdb_put(w->txn, w->tables->dbs[CHUNK], &k, &v, MDB_RESERVE);

		if (rc != 0)
			return rc;
		row_fill(v.mv_data, CHUNK, ck, 0, slice_of(p + at, size));
	}
	return 0;
}

/* Forget the chunks of the row that is stored now. */
static int chunks_drop(struct writer *w, struct slice key, struct slice stored)
{
	uint32_t val_n, val_crc;
	struct slice bytes;
	uint8_t flags;

	if (!row_is_good(w->table, key, stored, &flags, &bytes) || flags != ROW_CHUNKED ||
		!row_chunked(bytes, &val_n, &val_crc))
		return 0; /* a damaged row: its chunks, if any, are for fsck */
	for (uint32_t n = 0; n < n_chunks(val_n); n++) {
		uint8_t raw[STORE_KEY_MAX + CHUNK_KEY_MORE];
		MDB_val k = {chunk_key(raw, w->table, key, n).n, raw};
		int rc = mdb_del(w->txn, w->tables->dbs[CHUNK], &k, NULL);

		if (rc != 0 && rc != MDB_NOTFOUND)
			return rc;
	}
	return 0;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
static int row_put_raw(struct writer *w, struct slice key, uint8_t flags, struct slice bytes)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v = {ROW_HEAD + bytes.n, NULL};
	unsigned how = is_behind_end(w, key) ? MDB_APPEND : MDB_NOOVERWRITE;
	int rc = mdb_cursor_put(w->cursor, &k, &v, MDB_RESERVE | how);

	if (rc == MDB_KEYEXIST && how == MDB_NOOVERWRITE) {
		rc = chunks_drop(w, key, slice_of_mdb(v));
		v = (MDB_val){ROW_HEAD + bytes.n, NULL};
		if (rc == 0)
			rc = mdb_cursor_put(w->cursor, &k, &v, MDB_RESERVE);
	}
	if (rc == 0)
		row_fill(v.mv_data, w->table, key, flags, bytes);
	return rc;
}

static int row_put(struct writer *w, struct slice key, struct slice val)
{
	uint8_t about[CHUNKED_BYTES];
	int rc;

	if (val.n <= CHUNK_BYTES)
		return row_put_raw(w, key, 0, val);
	store_be32(about, (uint32_t)val.n);
	store_be32(about + 4, crc32c(0, val.p, val.n));
	rc = row_put_raw(w, key, ROW_CHUNKED, slice_of(about, sizeof(about)));
	return rc == 0 ? chunks_put(w, key, val) : rc;
}

static int row_del(struct writer *w, struct slice key)
{
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v;
	int rc = is_behind_end(w, key) ? MDB_NOTFOUND : mdb_cursor_get(w->cursor, &k, &v, MDB_SET_KEY);

	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = chunks_drop(w, key, slice_of_mdb(v));
	return rc == 0 ? mdb_cursor_del(w->cursor, 0) : rc;
}

static int end_find(struct writer *w)
{
	MDB_val k, v;
	int rc = mdb_cursor_get(w->cursor, &k, &v, MDB_LAST);

	w->is_behind_end = false;
	w->last_n = 0;
	if (rc == MDB_NOTFOUND)
		return 0;
	if (rc == 0 && k.mv_size <= sizeof(w->last)) {
		w->last_n = k.mv_size;
		memcpy(w->last, k.mv_data, k.mv_size);
	}
	return rc;
}

static int row_write(void *udata, const struct row *r)
{
	struct writer *w = udata;

	return r->is_delete ? row_del(w, row_key(r)) : row_put(w, row_key(r), row_val(r));
}

static int table_write(struct writer *w, const struct rows *rows)
{
	int rc;

	if (rows->first == NULL)
		return 0;
	rc = mdb_cursor_open(w->txn, w->tables->dbs[w->table], &w->cursor);
	if (rc != 0)
		return rc;
	rc = end_find(w);
	if (rc == 0)
		rc = rows_each(rows, row_write, w);
	mdb_cursor_close(w->cursor);
	return rc;
}

/* ---- the mark ------------------------------------------------------------------------------------------ */
static int mark_put(struct writer *w, const struct tables_mark *m)
{
	struct slice key = SLICE_TEXT(MARK_KEY);
	uint8_t raw[MARK_BYTES], *p = raw;
	MDB_val k = {key.n, (void *)(uintptr_t)key.p}, v = {ROW_HEAD + sizeof(raw), NULL};
	int rc;

	store_be32(p, TABLES_FORMAT);
	store_be64(p += 4, m->seq);
	store_be64(p += 8, (uint64_t)m->at_ms);
	memcpy(p += 8, m->chain, SHA256_LEN);
	memcpy(p += SHA256_LEN, m->journal_id, JOURNAL_ID_LEN);
	p[JOURNAL_ID_LEN] = m->has_journal;
	rc = mdb_put(w->txn, w->tables->dbs[TABLE_META], &k, &v, MDB_RESERVE);
	if (rc == 0)
		row_fill(v.mv_data, TABLE_META, key, 0, slice_of(raw, sizeof(raw)));
	return rc;
}

static int mark_parse(struct slice row, struct tables_mark *out, struct err *e)
{
	const uint8_t *p = row.p;
	uint32_t format = row.n >= 4 ? load_be32(p) : 0;

	if (row.n != MARK_BYTES || format != TABLES_FORMAT)
		return err_set(e, ERR_STORAGE,
			"tables.mdb has format %u, this version knows format %d: use the version that wrote "
			"it",
			format, TABLES_FORMAT);
	out->seq = load_be64(p += 4);
	out->at_ms = (int64_t)load_be64(p += 8);
	memcpy(out->chain, p += 8, SHA256_LEN);
	memcpy(out->journal_id, p += SHA256_LEN, JOURNAL_ID_LEN);
	out->has_journal = p[JOURNAL_ID_LEN] != 0;
	return 0;
}

int tables_mark_get(struct tables *t, struct tables_mark *out, struct err *e)
{
	struct tables_view *v;
	struct arena a;
	struct slice row;
	int got;

	if (tables_view_new(&v, t, e) != 0)
		return -1;
	arena_init(&a, 0);
	got = tables_get(v, &a, TABLE_META, SLICE_TEXT(MARK_KEY), &row, e);
	if (got == 0)
		got = err_set(e, ERR_STORAGE,
			"tables.mdb says nothing about its entries (no row META \"" MARK_KEY
			"\"): it is damaged or not Tocsin's");
	else if (got == 1)
		got = mark_parse(row, out, e);
	arena_fini(&a);
	tables_view_free(v);
	return got;
}

int tables_write(struct tables *t, const struct memtab *m, const struct tables_mark *mark, struct err *e)
{
	struct writer w = {.tables = t};
	int rc = mdb_txn_begin(t->env, NULL, 0, &w.txn);

	if (rc != 0)
		return mdb_err(e, rc, "tables: begin to write");
	for (unsigned i = 0; m != NULL && i < N_TABLES && rc == 0; i++) {
		w.table = (enum table)i;
		rc = table_write(&w, &m->tables[i]);
	}
#ifndef MUTANT_NO_MARK /* planted defect: a checkpoint does not say how far it went */
	if (rc == 0)
		rc = mark_put(&w, mark);
#else
	if (rc == 0 && m == NULL)
		rc = mark_put(&w, mark);
#endif
	if (rc != 0) {
		mdb_txn_abort(w.txn);
		return mdb_err(e, rc, "tables: write up to entry %ju", (uintmax_t)mark->seq);
	}
	rc = mdb_txn_commit(w.txn); /* consumes it, also on failure */
	return rc == 0 ? 0 : mdb_err(e, rc, "tables: commit up to entry %ju", (uintmax_t)mark->seq);
}
