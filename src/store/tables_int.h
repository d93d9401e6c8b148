/*
 * Tables: LMDB behind named tables. Only src/store/tables*.c see lmdb.h.
 *
 * Default sync mode: a commit that returns 0 is durable. Never NOSYNC, NOMETASYNC, WRITEMAP, DUPSORT.
 *
 * A stored row is {le32 CRC-32C, flags, value}; the CRC covers table, key, flags and value, so that a row
 * which some broken page presents under another key or in another table is found. Values over CHUNK_BYTES lie
 * in rows of their own in the database CHUNK, {table, key, be16 n}; the row then holds {be32 bytes, be32
 * CRC-32C of the whole value}: runs of overflow pages would make each later commit search the free list
 * (12-20 ms measured).
 */
#pragma once

#include "store/memtab_int.h"
#include "tocsin/store.h"

#define TABLES_FORMAT 2
#define CHUNK_BYTES 1900

struct tables;
struct tables_view;
struct tables_cursor;

/* What the tables hold: META "store", written in the transaction of each checkpoint. */
struct tables_mark {
	uint64_t seq;              /* every entry up to here is in */
	int64_t at_ms;             /* its time */
	uint8_t chain[SHA256_LEN]; /* its chain */
	uint8_t journal_id[JOURNAL_ID_LEN];
	bool has_journal; /* a journal with that id was made: from now on its absence is a loss */
};

/* Make DIR/tables.mdb whole and durable under another name, then rename it: a cut-off creation leaves
 * nothing. */
int tables_create(const char *dir, uint64_t map_bytes, const struct tables_mark *, struct err *e) MUST_CHECK;
/* Read-only takes no locks and leaves no trace: the caller holds the directory's LOCK. */
int tables_open(struct tables **out, const char *path, uint64_t map_bytes, bool is_read_only,
	struct err *e) MUST_CHECK;
void tables_close(struct tables *); /* NULL is fine */

int tables_mark_get(struct tables *, struct tables_mark *out, struct err *e) MUST_CHECK;
/* One durable transaction: the rows of m (or none), and the mark. */
int tables_write(
	struct tables *, const struct memtab *m, const struct tables_mark *, struct err *e) MUST_CHECK;
/* Compacted copy of a consistent snapshot into a new file, synced. Any thread. */
int tables_copy(struct tables *, const char *path, struct err *e) MUST_CHECK;

struct tables_stats {
	uint64_t n_rows[N_TABLES];
	uint64_t used_bytes, map_bytes;
};
void tables_stats(struct tables *, struct tables_stats *out);

/* ---- a snapshot to read from; one thread at a time ----------------------------------------------------- */
int tables_view_new(struct tables_view **out, struct tables *, struct err *e) MUST_CHECK;
void tables_view_free(struct tables_view *);
/* Move to the newest snapshot: every slice and cursor of the old one dies. */
int tables_view_renew(struct tables_view *, struct err *e) MUST_CHECK;
/* 1 found (value in the map, or whole in the arena when chunked), 0, -1 damaged. */
int tables_get(struct tables_view *, struct arena *, enum table, struct slice key, struct slice *val,
	struct err *e) MUST_CHECK;

int tables_cursor_open(
	struct tables_cursor **out, struct tables_view *, enum table, struct err *e) MUST_CHECK;
void tables_cursor_close(struct tables_cursor *);
/* At the first key >= bound (reverse: the last < bound); bound.p == NULL: an open end. 1 and the key, 0 none,
 * -1. */
int tables_cursor_seek(struct tables_cursor *, struct slice bound, bool is_reverse, struct slice *key,
	struct err *e) MUST_CHECK;
int tables_cursor_next(struct tables_cursor *, bool is_reverse, struct slice *key, struct err *e) MUST_CHECK;
/* The value at the cursor, checked and whole. */
int tables_cursor_val(struct tables_cursor *, struct arena *, struct slice *val, struct err *e) MUST_CHECK;

/* ---- care ---------------------------------------------------------------------------------------------- */
struct finder {
	void (*say)(void *udata, const char *line);
	void (*at)(void *udata, const char *place); /* where the walk stands, should it die there; or NULL */
	void *udata;
	uint64_t n_found;
};
void finder_say(struct finder *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Walk every page and row: order, look-ups, CRCs, chunks, counts, pages. May crash on a broken tree: see
 * fsck.c. */
void tables_check(struct tables *, struct finder *);
