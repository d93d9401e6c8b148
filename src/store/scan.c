/* Reading across the layers: the call's overlay, active, frozen, LMDB; the newest layer that knows a key
 * decides. */
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

#define MEMORY_LAYERS 3

struct merge {
	const struct row *rows[MEMORY_LAYERS]; /* newest first; where each layer stands, NULL: at its end */
	struct tables_cursor *cursor;
	struct slice disk_key;
	bool has_disk;
	bool is_open;
};

int store_get(struct store *s, enum table table, struct slice key, struct slice *val, struct err *e)
{
	const struct memtab *layers[] = {s->active, s->frozen};

	for (int i = 0; i < 2; i++) {
		const struct row *r = layers[i] != NULL ? rows_get(&layers[i]->tables[table], key) : NULL;

		if (r != NULL) {
			*val = row_val(r);
			return r->is_delete ? 0 : 1;
		}
	}
	return tables_get(s->view, &s->reads, table, key, val, e);
}

int store_event(struct store *s, uint64_t seq, struct slice *event, int64_t *at_ms, struct err *e)
{
	uint8_t key[8];
	struct slice row;
	int got;

	store_be64(key, seq);
	got = store_get(s, TABLE_EVENT, slice_of(key, 8), &row, e);
	if (got != 1)
		return got;
	*event = store_event_part(row);
	memcpy(at_ms, (const uint8_t *)row.p + offsetof(struct entry, at_ms), sizeof(*at_ms));
	return 1;
}

struct slice store_event_part(struct slice row)
{
	uint32_t event_n;

	must(row.n >= sizeof(struct entry));
	/* only fields that the engine wrote: the journal may be filling the others */
	memcpy(&event_n, (const uint8_t *)row.p + offsetof(struct entry, event_n), sizeof(event_n));
	must(row.n == sizeof(struct entry) + event_n);
	return slice_of((const uint8_t *)row.p + sizeof(struct entry), event_n);
}

/* ---- scans --------------------------------------------------------------------------------------------- */
void scan_init(struct scan *s, struct store *store, struct tx *tx, enum table table, struct slice from,
	struct slice to, bool is_reverse)
{
	memset(s, 0, sizeof(*s));
	s->store = store;
	s->tx = tx;
	s->table = table;
	s->from = from;
	s->to = to;
	s->is_reverse = is_reverse;
}

void scan_fini(struct scan *s)
{
	struct merge *m = s->state;

	if (m == NULL)
		return;
	tables_cursor_close(m->cursor);
	free(m);
	s->state = NULL;
}

static int merge_start(struct scan *s, struct merge *m, struct err *e)
{
	const struct store *st = s->store;
	const struct rows *layers[MEMORY_LAYERS] = {
		s->tx != NULL ? &s->tx->over[s->table] : NULL,
		&st->active->tables[s->table],
		st->frozen != NULL ? &st->frozen->tables[s->table] : NULL,
	};
	struct slice bound = s->is_reverse ? s->to : s->from;
	int got;

	for (int i = 0; i < MEMORY_LAYERS; i++)
		m->rows[i] = layers[i] != NULL ? rows_seek(layers[i], bound, s->is_reverse) : NULL;
	if (tables_cursor_open(&m->cursor, st->view, s->table, e) != 0)
		return -1;
	got = tables_cursor_seek(m->cursor, bound, s->is_reverse, &m->disk_key, e);
	m->has_disk = got == 1;
	m->is_open = got >= 0;
	return got < 0 ? -1 : 0;
}

static bool is_outside(const struct scan *s, struct slice key)
{
	if (s->is_reverse)
		return s->from.p != NULL && slice_cmp(key, s->from) < 0;
	return s->to.p != NULL && slice_cmp(key, s->to) >= 0;
}

/* The next key in order among all layers. */
static bool next_key(const struct scan *s, const struct merge *m, struct slice *key)
{
	bool has = m->has_disk;

	*key = m->disk_key;
	for (int i = 0; i < MEMORY_LAYERS; i++) {
		struct slice mine;
		int c;

		if (m->rows[i] == NULL)
			continue;
		mine = row_key(m->rows[i]);
		c = has ? slice_cmp(mine, *key) : 0;
		if (!has || (s->is_reverse ? c > 0 : c < 0))
			*key = mine;
		has = true;
	}
	return has && !is_outside(s, *key);
}

/* Move every layer that stands on the key; the newest of them decides. NULL: LMDB did, its value is in
 * s->val. */
static int step_over(
	struct scan *s, struct merge *m, struct slice key, const struct row **decided, struct err *e)
{
	int got;

	*decided = NULL;
	for (int i = 0; i < MEMORY_LAYERS; i++) {
		const struct row *r = m->rows[i];

		if (r == NULL || slice_cmp(row_key(r), key) != 0)
			continue;
		if (*decided == NULL)
			*decided = r;
		m->rows[i] = rows_step(r, s->is_reverse);
	}
	if (!m->has_disk || slice_cmp(m->disk_key, key) != 0)
		return 0;
	if (*decided == NULL && tables_cursor_val(m->cursor, &s->store->reads, &s->val, e) != 0)
		return -1;
	got = tables_cursor_next(m->cursor, s->is_reverse, &m->disk_key, e);
	m->has_disk = got == 1;
	return got < 0 ? -1 : 0;
}

int scan_next(struct scan *s, struct err *e)
{
	struct merge *m = s->state;
	struct slice key;

	if (m == NULL) {
		m = s->state = calloc(1, sizeof(*m));
		must(m != NULL);
	}
	if (!m->is_open && merge_start(s, m, e) != 0)
		return -1;
	while (next_key(s, m, &key)) {
		const struct row *r;

		if (step_over(s, m, key, &r, e) != 0)
			return -1;
		if (r != NULL && r->is_delete)
			continue;
		s->key = key;
		if (r != NULL)
			s->val = row_val(r);
		return 1;
	}
	return 0;
}
