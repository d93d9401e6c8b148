/* Reading across the layers: the call's overlay, active, frozen, LMDB; the newest layer that knows a key decides. */
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

int store_get(struct store *s, enum table table, struct slice key, struct slice *val, struct err *e)
{
	const struct memtab *layers[] = {s->active, s->frozen};

	for (int i = 0; i < 2; i++) {
		const struct memtab_row *row = layers[i] == NULL ? NULL : memtab_get(layers[i], table, key);

		if (row != NULL) {
			*val = row->val;
			return row->is_delete ? 0 : 1;
		}
	}
	return tables_get(s->view, &s->reads, table, key, val, e);
}

struct slice store_event_part(struct slice row)
{
	struct entry head;

	if (row.n < sizeof(head))
		return slice_of(NULL, 0);
	memcpy(&head, row.p, sizeof(head));
	if (row.n < sizeof(head) + head.event_n)
		return slice_of(NULL, 0);
	return slice_of((const uint8_t *)row.p + sizeof(head), head.event_n);
}

#define MEMORY_LAYERS 3

struct merge {
	const struct memtab_row *rows[MEMORY_LAYERS];
	struct tables_cursor *cursor;
	struct slice disk_key;
	bool has_disk;
};

void scan_init(struct scan *s, struct store *store, struct tx *tx, enum table table, struct slice from, struct slice to, bool is_reverse)
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

static int merge_start(struct scan *s, struct err *e)
{
	const struct memtab *layers[MEMORY_LAYERS] = {s->tx == NULL ? NULL : &s->tx->over, s->store->active, s->store->frozen};
	struct slice bound = s->is_reverse ? s->to : s->from;
	struct merge *m = calloc(1, sizeof(*m));
	int got;

	must(m != NULL);
	s->state = m;
	for (int i = 0; i < MEMORY_LAYERS; i++)
		m->rows[i] = layers[i] == NULL ? NULL : memtab_seek(layers[i], s->table, bound, s->is_reverse);
	if (tables_cursor_open(&m->cursor, s->store->view, s->table, e) != 0)
		return -1;
	got = tables_cursor_seek(m->cursor, bound, s->is_reverse, &m->disk_key, e);
	m->has_disk = got == 1;
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

	if (has)
		*key = m->disk_key;
	for (int i = 0; i < MEMORY_LAYERS; i++) {
		int c;

		if (m->rows[i] == NULL)
			continue;
		c = has ? slice_cmp(m->rows[i]->key, *key) : 0;
		if (!has || (s->is_reverse ? c > 0 : c < 0))
			*key = m->rows[i]->key;
		has = true;
	}
	return has && !is_outside(s, *key);
}

/* Move every layer that stands on the key; the first one decided. */
static int step_over(struct scan *s, struct merge *m, struct slice key, const struct memtab_row **decided, bool *on_disk, struct err *e)
{
	int got;

	*decided = NULL;
	for (int i = 0; i < MEMORY_LAYERS; i++) {
		if (m->rows[i] == NULL || slice_cmp(m->rows[i]->key, key) != 0)
			continue;
		if (*decided == NULL)
			*decided = m->rows[i];
		m->rows[i] = memtab_next(m->rows[i], s->is_reverse);
	}
	*on_disk = m->has_disk && slice_cmp(m->disk_key, key) == 0;
	if (!*on_disk)
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

	if (m == NULL && merge_start(s, e) != 0)
		return -1;
	m = s->state;
	while (next_key(s, m, &key)) {
		const struct memtab_row *row;
		bool on_disk;

		if (step_over(s, m, key, &row, &on_disk, e) != 0)
			return -1;
		if (row != NULL && row->is_delete)
			continue;
		s->key = key;
		if (row != NULL)
			s->val = row->val;
		return 1;
	}
	return 0;
}
