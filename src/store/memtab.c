#include "store/memtab_int.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)1024 * 1024)

/* ---- tables -------------------------------------------------------------------------------------------- */
struct memtab *memtab_new(size_t keep)
{
	struct memtab *m = calloc(1, sizeof(*m));

	must(m != NULL);
	arena_init(&m->arena, keep);
	m->arena.block_bytes = BLOCK_BYTES;
	return m;
}

void memtab_free(struct memtab *m)
{
	if (m == NULL)
		return;
	arena_fini(&m->arena);
	free(m);
}

void memtab_reset(struct memtab *m)
{
	arena_reset(&m->arena);
	memset(m->tables, 0, sizeof(m->tables));
	m->n_rows = 0;
	m->last = NULL;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
/* `room` bytes are left behind the key. */
static struct row *row_make(struct arena *a, enum table table, struct slice key, size_t room, bool is_delete)
{
	struct row *r = arena_alloc(a, sizeof(*r) + key.n + room);

	r->next = NULL;
	r->key_n = (uint16_t)key.n;
	r->table = (uint8_t)table;
	r->is_delete = is_delete;
	memcpy(r->key, key.p, key.n);
	return r;
}

struct row *row_new(struct arena *a, enum table table, struct slice key, struct slice val, bool is_delete)
{
	struct row *r = row_make(a, table, key, val.n, is_delete);
	uint8_t *to = r->key + key.n;

	if (val.n > 0)
		memcpy(to, val.p, val.n);
	r->val = to;
	r->val_n = (uint32_t)val.n;
	return r;
}

struct row *row_new_borrowing(
	struct arena *a, enum table table, struct slice key, struct slice val, bool is_delete)
{
	struct row *r = row_make(a, table, key, 0, is_delete);

	r->val = val.p;
	r->val_n = (uint32_t)val.n;
	return r;
}

void memtab_put(struct memtab *m, struct row *r)
{
	if (rows_put(&m->tables[r->table], &m->arena, r) == NULL)
		m->n_rows++;
}

void memtab_put_entry(struct memtab *m, const struct entry *en, int64_t now_ms)
{
	struct slice val = slice_of(en, sizeof(*en) + en->event_n);
	uint8_t key[8];

	store_be64(key, en->seq);
	memtab_put(m, row_new_borrowing(&m->arena, TABLE_EVENT, slice_of(key, 8), val, false));
	if (m->last == NULL)
		m->since_ms = now_ms;
	m->last = en;
}
