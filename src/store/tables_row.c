/* How a row is stored and checked: tables_int.h. */
#include <string.h>

#include "store/tables_lmdb.h"
#include "tocsin/util.h"

#define KEY_SHOWN 24

static uint32_t row_crc(unsigned db, struct slice key, uint8_t flags, struct slice bytes)
{
	uint8_t about[2] = {(uint8_t)db, flags};
	uint32_t crc = crc32c(0, about, sizeof(about));

	crc = crc32c(crc, key.p, key.n);
	return crc32c(crc, bytes.p, bytes.n);
}

void row_fill(uint8_t *to, unsigned db, struct slice key, uint8_t flags, struct slice bytes)
{
	uint32_t crc = row_crc(db, key, flags, bytes);

	memcpy(to, &crc, sizeof(crc));
	to[4] = flags;
	if (bytes.n > 0)
		memcpy(to + ROW_HEAD, bytes.p, bytes.n);
}

bool row_is_good(unsigned db, struct slice key, struct slice stored, uint8_t *flags, struct slice *bytes)
{
	const uint8_t *p = stored.p;
	uint32_t crc;

	if (stored.n < ROW_HEAD)
		return false;
	memcpy(&crc, p, sizeof(crc));
	*flags = p[4];
	*bytes = slice_of(p + ROW_HEAD, stored.n - ROW_HEAD);
	return crc == row_crc(db, key, *flags, *bytes);
}

bool row_chunked(struct slice bytes, uint32_t *val_n, uint32_t *val_crc)
{
	const uint8_t *p = bytes.p;

	if (bytes.n != CHUNKED_BYTES)
		return false;
	*val_n = load_be32(p);
	*val_crc = load_be32(p + 4);
	return *val_n > CHUNK_BYTES && n_chunks(*val_n) <= UINT16_MAX;
}

struct slice chunk_key(uint8_t *to, enum table table, struct slice key, uint32_t n)
{
	must(key.n <= STORE_KEY_MAX && n <= UINT16_MAX);
	to[0] = (uint8_t)table;
	memcpy(to + 1, key.p, key.n);
	to[key.n + 1] = (uint8_t)(n >> 8);
	to[key.n + 2] = (uint8_t)n;
	return slice_of(to, key.n + CHUNK_KEY_MORE);
}

static int damaged(struct err *e, enum table table, struct slice key, const char *what)
{
	char digits[2 * KEY_SHOWN + 1];

	hex(key.p, key.n < KEY_SHOWN ? key.n : KEY_SHOWN, digits);
	return err_set(e, ERR_STORAGE, "table %s, key %s%s: %s; run tocsin fsck, restore a backup",
		table_name(table), digits, key.n > KEY_SHOWN ? "…" : "", what);
}

/* The bytes of chunk n, checked, or an empty slice. */
static struct slice chunk_get(struct tables_view *v, enum table table, struct slice key, uint32_t n)
{
	uint8_t raw[STORE_KEY_MAX + CHUNK_KEY_MORE], flags;
	struct slice ck = chunk_key(raw, table, key, n), bytes;
	MDB_val k = {ck.n, raw}, stored;

	if (mdb_get(v->txn, v->tables->dbs[CHUNK], &k, &stored) != 0)
		return slice_of(NULL, 0);
	return row_is_good(CHUNK, ck, slice_of_mdb(stored), &flags, &bytes) ? bytes : slice_of(NULL, 0);
}

static int chunks_read(struct tables_view *v, struct arena *a, enum table table, struct slice key,
	struct slice bytes, struct slice *val, struct err *e)
{
	uint32_t val_n, val_crc, at = 0;
	uint8_t *whole;

	if (!row_chunked(bytes, &val_n, &val_crc))
		return damaged(e, table, key, "it names no chunks");
	whole = arena_alloc(a, val_n);
	for (uint32_t n = 0; n < n_chunks(val_n); n++) {
		struct slice chunk = chunk_get(v, table, key, n);
		uint32_t want = val_n - at < CHUNK_BYTES ? val_n - at : CHUNK_BYTES;

		if (chunk.p == NULL || chunk.n != want)
			return damaged(e, table, key, "a chunk of its value is missing or damaged");
		memcpy(whole + at, chunk.p, chunk.n);
		at += want;
	}
	if (crc32c(0, whole, val_n) != val_crc)
		return damaged(e, table, key, "its chunks do not belong together");
	*val = slice_of(whole, val_n);
	return 0;
}

int row_read(struct tables_view *v, struct arena *a, enum table table, struct slice key, MDB_val stored,
	struct slice *val, struct err *e)
{
	uint8_t flags;

	if (!row_is_good(table, key, slice_of_mdb(stored), &flags, val))
		return damaged(e, table, key, "the record's checksum does not hold");
	if (flags == 0)
		return 0;
	return chunks_read(v, a, table, key, *val, val, e);
}
