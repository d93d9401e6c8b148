/* What the parts of the tables share; the only header beside tables*.c that knows LMDB. */
#pragma once

#include <lmdb.h>

#include "store/tables_int.h"

#define ROW_HEAD 5 /* le32 CRC-32C, flags */
#define ROW_CHUNKED 1
#define CHUNKED_BYTES 8  /* be32 bytes, be32 CRC-32C of the whole value */
#define CHUNK_KEY_MORE 3 /* table, be16 n */
#define CHUNK N_TABLES   /* index of its database */
#define N_DBS (N_TABLES + 1)
#define MARK_KEY "store"
#define DB_MISSING 0 /* 0 and 1 are LMDB's own */

_Static_assert(STORE_KEY_MAX + CHUNK_KEY_MORE <= 511, "LMDB's longest key");

struct tables {
	MDB_env *env;
	MDB_dbi dbs[N_DBS]; /* DB_MISSING: not there yet, and opened read-only */
};

struct tables_view {
	struct tables *tables;
	MDB_txn *txn;
};

/* The only place where LMDB's codes, and errno from it, become ours. */
int mdb_err(struct err *e, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

static inline struct slice slice_of_mdb(MDB_val v)
{
	return slice_of(v.mv_data, v.mv_size);
}

const char *db_name(unsigned db);

/* tables_row.c: how a row is stored */
/* Fill ROW_HEAD + bytes at `to`. */
void row_fill(uint8_t *to, unsigned db, struct slice key, uint8_t flags, struct slice bytes);
/* Whether the stored bytes are a whole row; `bytes` is what follows the head. */
bool row_is_good(unsigned db, struct slice key, struct slice stored, uint8_t *flags, struct slice *bytes);
/* Bytes of the value that a chunked row's payload names, and their CRC; false if it is no such payload. */
bool row_chunked(struct slice bytes, uint32_t *val_n, uint32_t *val_crc);
static inline uint32_t n_chunks(uint32_t val_n)
{
	return (val_n + CHUNK_BYTES - 1) / CHUNK_BYTES;
}
/* Key of chunk n; `to` has room for STORE_KEY_MAX + CHUNK_KEY_MORE. */
struct slice chunk_key(uint8_t *to, enum table, struct slice key, uint32_t n);
/* Check a stored row and put its value together. */
int row_read(struct tables_view *, struct arena *, enum table, struct slice key, MDB_val stored,
	struct slice *val, struct err *e) MUST_CHECK;
