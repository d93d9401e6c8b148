/*
 * A walk over all that LMDB holds. Each row is read as a reader would (CRC, chunks), must lie behind its
 * predecessor, and must be found from the root by its key: a broken page above the leaves shows itself there.
 * Counts and pages must agree with what LMDB believes.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/tables_lmdb.h"
#include "tocsin/entry.h"

#define SAID_MAX 100 /* findings a table; more are only counted */

struct walk {
	struct tables_view *view;
	struct finder *finder;
	struct arena arena;
	unsigned db;
	uint64_t n_rows, n_said;
	uint64_t n_chunks_wanted;
	uint64_t n_pages;
	/* the chain of events */
	uint64_t seq;
	uint8_t chain[SHA256_LEN];
};

void finder_say(struct finder *f, const char *format, ...)
{
	char line[700];
	va_list ap;

	va_start(ap, format);
	vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	f->n_found++;
	f->say(f->udata, line);
}

static void say_row(struct walk *w, struct slice key, const char *what)
{
	char digits[2 * 64 + 1];

	if (w->n_said++ == SAID_MAX)
		finder_say(w->finder, "table %s: more than %d findings; the rest is not listed",
			db_name(w->db), SAID_MAX);
	if (w->n_said > SAID_MAX)
		return;
	finder_say(w->finder, "table %s, key %s: %s", db_name(w->db),
		hex(key.p, key.n < 64 ? key.n : 64, digits), what);
}

static void say_place(struct walk *w)
{
	char place[80];

	if (w->finder->at == NULL)
		return;
	snprintf(place, sizeof(place), "table %s, row %ju", db_name(w->db), (uintmax_t)w->n_rows);
	w->finder->at(w->finder->udata, place);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
/* Chunks of a row that looks chunked, also of one whose chunks are damaged. */
static uint32_t chunks_named(unsigned db, struct slice key, MDB_val stored)
{
	uint32_t val_n, val_crc;
	struct slice bytes;
	uint8_t flags;

	if (!row_is_good(db, key, slice_of_mdb(stored), &flags, &bytes) || flags != ROW_CHUNKED)
		return 0;
	return row_chunked(bytes, &val_n, &val_crc) ? n_chunks(val_n) : 0;
}

static void check_event(struct walk *w, struct slice key, struct slice val)
{
	static const uint8_t no_salt[ENTRY_SALT];
	uint8_t hash[SHA256_LEN], chain[SHA256_LEN];
	struct entry head;
	struct slice parts[2];

	if (key.n != 8 || val.n < sizeof(head)) {
		say_row(w, key, "it is no event");
		return;
	}
	memcpy(&head, val.p, sizeof(head));
	if (head.seq != load_be64(key.p) || val.n != sizeof(head) + head.event_n)
		say_row(w, key, "its head belongs to another event");
	if (head.event_n > 0 || memcmp(head.salt, no_salt, ENTRY_SALT) != 0) { /* else erased by law */
		parts[0] = slice_of(head.salt, ENTRY_SALT);
		parts[1] = slice_of((const uint8_t *)val.p + sizeof(head), val.n - sizeof(head));
		sha256_slices(parts, 2, hash);
		if (memcmp(hash, head.event_hash, SHA256_LEN) != 0)
			say_row(w, key, "the event is not the one that was hashed");
	}
	if (head.seq != w->seq + 1)
		say_row(w, key, "an event before it is missing");
	entry_chain(w->chain, head.seq, head.event_hash, chain);
	if (memcmp(chain, head.chain, SHA256_LEN) != 0)
		say_row(w, key, "the chain breaks here: this event or one before it was changed");
	w->seq = head.seq;
	memcpy(w->chain, head.chain, SHA256_LEN);
}

static void check_row(struct walk *w, struct slice key, MDB_val stored)
{
	enum table table = (enum table)w->db;
	struct slice val;
	struct err e;

	w->n_chunks_wanted += chunks_named(w->db, key, stored);
	arena_reset(&w->arena);
	if (row_read(w->view, &w->arena, table, key, stored, &val, &e) != 0)
		say_row(w, key, "the record or a chunk of it is damaged");
	else if (table == TABLE_EVENT)
		check_event(w, key, val);
}

/* A chunk: its own CRC, and a row that names it. */
static void check_chunk(struct walk *w, struct slice key, MDB_val stored)
{
	const uint8_t *p = key.p;
	struct slice bytes, parent;
	MDB_val k, v;
	uint32_t n;
	uint8_t flags;

	if (!row_is_good(CHUNK, key, slice_of_mdb(stored), &flags, &bytes)) {
		say_row(w, key, "the chunk is damaged");
		return;
	}
	if (key.n <= CHUNK_KEY_MORE || p[0] >= N_TABLES) {
		say_row(w, key, "the chunk belongs to no table");
		return;
	}
	parent = slice_of(p + 1, key.n - CHUNK_KEY_MORE);
	n = (uint32_t)p[key.n - 2] << 8 | p[key.n - 1];
	k = (MDB_val){parent.n, (void *)(uintptr_t)parent.p};
	if (mdb_get(w->view->txn, w->view->tables->dbs[p[0]], &k, &v) != 0 ||
		n >= chunks_named(p[0], parent, v))
		say_row(w, key, "no row names this chunk");
}

/* ---- tables -------------------------------------------------------------------------------------------- */
static bool is_found_from_root(struct walk *w, MDB_dbi dbi, MDB_val key, MDB_val stored)
{
	MDB_val again;

	return mdb_get(w->view->txn, dbi, &key, &again) == 0 && again.mv_data == stored.mv_data &&
	       again.mv_size == stored.mv_size;
}

static int walk_rows(struct walk *w, MDB_dbi dbi, MDB_cursor *cursor)
{
	uint8_t last[STORE_KEY_MAX + CHUNK_KEY_MORE];
	size_t last_n = 0;
	MDB_val k, v;
	int rc;

	for (rc = mdb_cursor_get(cursor, &k, &v, MDB_FIRST); rc == 0;
		rc = mdb_cursor_get(cursor, &k, &v, MDB_NEXT)) {
		struct slice key = slice_of_mdb(k);

		if (w->n_rows % 4096 == 0)
			say_place(w);
		if (key.n > sizeof(last) || slice_cmp(key, slice_of(last, last_n)) <= 0) {
			say_row(w, key, "it is out of order; the walk over this table ends here");
			return 0;
		}
		w->n_rows++;
		last_n = key.n;
		memcpy(last, key.p, key.n);
		if (!is_found_from_root(w, dbi, k, v))
			say_row(w, key, "it is there, but a look-up does not find it");
		if (w->db == CHUNK)
			check_chunk(w, key, v);
		else
			check_row(w, key, v);
	}
	return rc;
}

static void check_db(struct walk *w)
{
	MDB_txn *txn = w->view->txn;
	MDB_dbi dbi = w->view->tables->dbs[w->db];
	MDB_cursor *cursor;
	MDB_stat st;
	int rc;

	w->n_rows = w->n_said = 0;
	if (dbi == DB_MISSING)
		return;
	rc = mdb_cursor_open(txn, dbi, &cursor);
	if (rc == 0) {
		rc = walk_rows(w, dbi, cursor);
		mdb_cursor_close(cursor);
	}
	if (rc != 0 && rc != MDB_NOTFOUND)
		finder_say(w->finder, "table %s, after row %ju: %s", db_name(w->db), (uintmax_t)w->n_rows,
			mdb_strerror(rc));
	if (mdb_stat(txn, dbi, &st) != 0)
		return;
	w->n_pages += st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	if (st.ms_entries != w->n_rows)
		finder_say(w->finder, "table %s: %ju rows were found, LMDB counted %ju", db_name(w->db),
			(uintmax_t)w->n_rows, (uintmax_t)st.ms_entries);
}

/* ---- pages --------------------------------------------------------------------------------------------- */
/* The free list is database 0: txn id -> a count and that many page numbers. */
static uint64_t free_pages(MDB_txn *txn, uint64_t *own)
{
	MDB_cursor *cursor;
	MDB_stat st;
	MDB_val k, v;
	uint64_t n = 0;

	if (mdb_stat(txn, 0, &st) != 0 || mdb_cursor_open(txn, 0, &cursor) != 0)
		return 0;
	*own = st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0) {
		size_t count = 0;

		if (v.mv_size >= sizeof(count))
			memcpy(&count, v.mv_data, sizeof(count));
		n += count;
	}
	mdb_cursor_close(cursor);
	return n;
}

static void check_pages(struct walk *w)
{
	MDB_txn *txn = w->view->txn;
	uint64_t total = 2, own = 0, n_free = free_pages(txn, &own); /* two meta pages */
	MDB_envinfo info;
	MDB_dbi main_db;
	MDB_stat st;

	if (mdb_env_info(w->view->tables->env, &info) != 0 || mdb_dbi_open(txn, NULL, 0, &main_db) != 0 ||
		mdb_stat(txn, main_db, &st) != 0)
		return;
	if (st.ms_entries > N_DBS)
		finder_say(w->finder, "tables.mdb holds %zu tables, this version knows %d", st.ms_entries,
			N_DBS);
	total += own + n_free + w->n_pages + st.ms_branch_pages + st.ms_leaf_pages + st.ms_overflow_pages;
	if (total != info.me_last_pgno + 1)
		finder_say(w->finder, "tables.mdb has %zu pages, but %ju are in use or free",
			info.me_last_pgno + 1, (uintmax_t)total);
}

static void check_mark(struct walk *w, struct tables *t)
{
	struct tables_mark mark;
	struct err e;

	if (tables_mark_get(t, &mark, &e) != 0)
		finder_say(w->finder, "%s", e.text);
	else if (mark.seq != w->seq || memcmp(mark.chain, w->chain, SHA256_LEN) != 0)
		finder_say(w->finder,
			"the events end with %ju, but the tables were written up to entry %ju%s",
			(uintmax_t)w->seq, (uintmax_t)mark.seq,
			mark.seq == w->seq ? " with another chain" : "");
}

void tables_check(struct tables *t, struct finder *f)
{
	struct walk w = {.finder = f};
	uint64_t n_chunk_rows;
	struct err e;

	if (tables_view_new(&w.view, t, &e) != 0) {
		finder_say(f, "%s", e.text);
		return;
	}
	arena_init(&w.arena, 1 << 20);
	for (w.db = 0; w.db < N_DBS; w.db++)
		check_db(&w);
	n_chunk_rows = w.n_rows; /* CHUNK is the last */
	if (n_chunk_rows != w.n_chunks_wanted)
		finder_say(f, "table CHUNK: %ju rows, but %ju are named by other tables",
			(uintmax_t)n_chunk_rows, (uintmax_t)w.n_chunks_wanted);
	check_pages(&w);
	check_mark(&w, t);
	arena_fini(&w.arena);
	tables_view_free(w.view);
}
