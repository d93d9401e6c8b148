/*
 * The tables: LMDB behind one door. A stored value is {u32 crc32c, u8 flags, u32 total, bytes}; the CRC covers table, key and value.
 * Values over PIECE_BYTES continue in the chunks table under {table, key, be16 n}, since LMDB's overflow pages make
 * small commits slow once the file has holes.
 */
#pragma once

#include "store/memtab.h"

#define PIECE_BYTES 1900

struct tables;

struct tables_head {
	uint64_t seq;
	uint8_t chain[SHA256_LEN];
	uint8_t journal_id[JOURNAL_ID_LEN];
	int64_t at_ms;
};

/* Created whole or not at all. is_read_only may be set by the call when the disk allows no more. */
int tables_open(struct tables **out, const char *dir, uint64_t map_bytes, bool *is_read_only, struct err *e) MUST_CHECK;
void tables_close(struct tables *);
/* 1 read, 0 none yet, -1. */
int tables_head(struct tables *, struct tables_head *, struct err *e) MUST_CHECK;
/* Write a whole memory table and the head in one transaction. Any one thread. */
int tables_write(struct tables *, const struct memtab *, const struct tables_head *, struct err *e) MUST_CHECK;

/* A reader's snapshot; one thread. Slices live until the arena is reset and the snapshot renewed. */
struct tables_view;
int tables_view_new(struct tables_view **out, struct tables *, struct err *e) MUST_CHECK;
void tables_view_free(struct tables_view *);
int tables_view_renew(struct tables_view *, struct err *e) MUST_CHECK;
int tables_get(struct tables_view *, struct arena *, enum table, struct slice key, struct slice *val, struct err *e) MUST_CHECK;

struct tables_cursor;
int tables_cursor_open(struct tables_cursor **out, struct tables_view *, enum table, struct err *e) MUST_CHECK;
void tables_cursor_close(struct tables_cursor *);
/* Position at the first key >= bound (reverse: the last < bound): 1 and the key, 0 none, -1. */
int tables_cursor_seek(struct tables_cursor *, struct slice bound, bool is_reverse, struct slice *key, struct err *e) MUST_CHECK;
int tables_cursor_next(struct tables_cursor *, bool is_reverse, struct slice *key, struct err *e) MUST_CHECK;
/* The value at the cursor, checked and whole. */
int tables_cursor_val(struct tables_cursor *, struct arena *, struct slice *val, struct err *e) MUST_CHECK;

int tables_copy(struct tables *, const char *path, struct err *e) MUST_CHECK;
void tables_stats(struct tables *, uint64_t n_rows[N_TABLES], uint64_t *bytes);
