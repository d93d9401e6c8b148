#include "store/memtab.h"

#include <string.h>

#define KEEP_BYTES ((size_t)1024 * 1024)

static int row_cmp(const struct memtab_row *a, const struct memtab_row *b)
{
	return slice_cmp(a->key, b->key);
}

RB_PROTOTYPE(memtab_tree, memtab_row, link, row_cmp);
RB_GENERATE(memtab_tree, memtab_row, link, row_cmp)

void memtab_init(struct memtab *m)
{
	memset(m, 0, sizeof(*m));
	arena_init(&m->arena, KEEP_BYTES);
}

void memtab_fini(struct memtab *m)
{
	arena_fini(&m->arena);
}

void memtab_reset(struct memtab *m)
{
	arena_reset(&m->arena);
	memset(m->trees, 0, sizeof(m->trees));
	m->n_rows = 0;
	m->last_seq = 0;
	m->since_ms = 0;
}

static struct slice copied(struct memtab *m, struct slice s)
{
	return slice_of(arena_copy(&m->arena, s.p, s.n), s.n);
}

void memtab_put(struct memtab *m, enum table table, struct slice key, struct slice val, bool is_delete, bool copies)
{
	struct memtab_row *row = arena_alloc(&m->arena, sizeof(*row)), *old;

	row->key = key;
	old = RB_INSERT(memtab_tree, &m->trees[table], row);
	if (old != NULL)
		row = old; /* the spare row is the price of one look-up less */
	else {
		row->key = copied(m, key);
		m->n_rows++;
	}
	row->val = copies ? copied(m, val) : val;
	row->is_delete = is_delete;
}

const struct memtab_row *memtab_get(const struct memtab *m, enum table table, struct slice key)
{
	struct memtab_row wanted = {.key = key};

	return RB_FIND(memtab_tree, (struct memtab_tree *)&m->trees[table], &wanted);
}

const struct memtab_row *memtab_seek(const struct memtab *m, enum table table, struct slice bound, bool is_reverse)
{
	struct memtab_tree *tree = (struct memtab_tree *)&m->trees[table];
	struct memtab_row wanted = {.key = bound}, *row;

	if (!is_reverse)
		return bound.p == NULL ? RB_MIN(memtab_tree, tree) : RB_NFIND(memtab_tree, tree, &wanted);
	row = bound.p == NULL ? NULL : RB_NFIND(memtab_tree, tree, &wanted);
	return row == NULL ? RB_MAX(memtab_tree, tree) : RB_PREV(memtab_tree, tree, row);
}

const struct memtab_row *memtab_next(const struct memtab_row *row, bool is_reverse)
{
	struct memtab_row *r = (struct memtab_row *)row;

	return is_reverse ? RB_PREV(memtab_tree, NULL, r) : RB_NEXT(memtab_tree, NULL, r);
}
