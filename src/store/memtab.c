#include "store/memtab_int.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)1024 * 1024)

/* ---- order -------------------------------------------------------------------------------------------- */
static uint64_t prefix_of(struct slice key)
{
	uint8_t raw[8] = {0};

	memcpy(raw, key.p, key.n < sizeof(raw) ? key.n : sizeof(raw));
	return load_be64(raw);
}

static int row_cmp(const struct row *a, const struct row *b)
{
	size_t shorter = a->key_n < b->key_n ? a->key_n : b->key_n;
	int c;

	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	c = shorter > 8 ? memcmp(a->key + 8, b->key + 8, shorter - 8) : 0;
	return c != 0 ? c : a->key_n - b->key_n;
}

#define LOCAL static __attribute__((unused))
RB_PROTOTYPE_INTERNAL(row_tree, row, link, row_cmp, LOCAL)
RB_GENERATE_INTERNAL(row_tree, row, link, row_cmp, LOCAL)

/* How a key stands to a row, without making a row of it. */
static int key_cmp(uint64_t prefix, struct slice key, const struct row *r)
{
	if (prefix != r->prefix)
		return prefix < r->prefix ? -1 : 1;
	return slice_cmp(key, row_key(r));
}

/* ---- tables ------------------------------------------------------------------------------------------- */
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
	memset(m->trees, 0, sizeof(m->trees));
	m->n_rows = 0;
	m->last = NULL;
}

/* ---- rows --------------------------------------------------------------------------------------------- */
static struct row *row_make(struct arena *a, enum table table, struct slice key, size_t room)
{
	struct row *r = arena_alloc(a, sizeof(*r) + key.n + room);

	r->prefix = prefix_of(key);
	r->next = NULL;
	r->key_n = (uint16_t)key.n;
	r->table = (uint8_t)table;
	r->is_delete = false;
	memcpy(r->key, key.p, key.n);
	return r;
}

struct row *row_new(struct arena *a, enum table table, struct slice key, struct slice val, bool is_delete)
{
	struct row *r = row_make(a, table, key, val.n);
	uint8_t *to = r->key + key.n;

	if (val.n > 0)
		memcpy(to, val.p, val.n);
	r->val = to;
	r->val_n = (uint32_t)val.n;
	r->is_delete = is_delete;
	return r;
}

struct row *row_new_borrowing(struct arena *a, enum table table, struct slice key, struct slice val)
{
	struct row *r = row_make(a, table, key, 0);

	r->val = val.p;
	r->val_n = (uint32_t)val.n;
	return r;
}

struct row *rows_put(struct row_tree *tree, struct row *r)
{
	struct row *old = RB_INSERT(row_tree, tree, r);

	if (old != NULL) {
		old->val = r->val;
		old->val_n = r->val_n;
		old->is_delete = r->is_delete;
	}
	return old;
}

void memtab_put(struct memtab *m, struct row *r)
{
	if (rows_put(&m->trees[r->table], r) == NULL)
		m->n_rows++;
}

/* ---- looking ------------------------------------------------------------------------------------------ */
const struct row *rows_get(const struct row_tree *tree, struct slice key)
{
	const struct row *r = RB_ROOT(tree);
	uint64_t prefix = prefix_of(key);

	while (r != NULL) {
		int c = key_cmp(prefix, key, r);

		if (c == 0)
			break;
		r = c < 0 ? RB_LEFT(r, link) : RB_RIGHT(r, link);
	}
	return r;
}

const struct row *rows_seek(const struct row_tree *tree, struct slice bound, bool is_reverse)
{
	const struct row *r = RB_ROOT(tree), *below = NULL, *at_or_above = NULL;
	uint64_t prefix = bound.p != NULL ? prefix_of(bound) : 0;

	while (r != NULL) {
		bool is_left = bound.p != NULL ? key_cmp(prefix, bound, r) <= 0 : !is_reverse;

		if (is_left) {
			at_or_above = r;
			r = RB_LEFT(r, link);
		} else {
			below = r;
			r = RB_RIGHT(r, link);
		}
	}
	return is_reverse ? below : at_or_above;
}

const struct row *rows_step(const struct row *r, bool is_reverse)
{
	struct row *at = (struct row *)(uintptr_t)r; /* the macros only read */

	return is_reverse ? RB_PREV(row_tree, NULL, at) : RB_NEXT(row_tree, NULL, at);
}
