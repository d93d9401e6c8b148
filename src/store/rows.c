#include "store/rows_int.h"

#include <string.h>

#include "tocsin/err.h"

#define CACHE_LINE 64

struct part key_part(struct slice key, size_t from)
{
	size_t n = key.n - from;
	uint8_t raw[PART_BYTES] = {0};

	if (n >= PART_BYTES)
		return (struct part){
			load_be64((const uint8_t *)key.p + from), n > PART_BYTES ? PART_MORE : PART_BYTES};
	if (n > 0)
		memcpy(raw, (const uint8_t *)key.p + from, n);
	return (struct part){load_be64(raw), (uint8_t)n};
}

/* ---- nodes --------------------------------------------------------------------------------------------- */
static struct node *node_new(struct arena *a, uint16_t cap, uint16_t height)
{
	struct node *nd = arena_alloc(a, sizeof(*nd) + cap * (sizeof(uint64_t) + sizeof(uintptr_t) + 1u));

	nd->n = 0;
	nd->cap = cap;
	nd->height = height;
	return nd;
}

/* The first entry that is not below the part. */
static uint32_t node_find(const struct node *nd, struct part part, bool *is_there)
{
	const uint64_t *at = nd->bytes;
	uint32_t i;

	for (uint32_t n = nd->n; n > 1; n -= n / 2)
		at += at[n / 2 - 1] < part.bytes ? n / 2 : 0;
	i = (uint32_t)(at - nd->bytes);
	i += i < nd->n && nd->bytes[i] < part.bytes;
	while (i < nd->n && nd->bytes[i] == part.bytes && node_parts_n(nd)[i] < part.n)
		i++;
	*is_there = i < nd->n && nd->bytes[i] == part.bytes && node_parts_n(nd)[i] == part.n;
	return i;
}

/* Above the leaves: the child in whose range the part lies. It is wanted at once, and whole but for its ways.
 */
static uint32_t node_child(const struct node *nd, struct part part)
{
	bool is_there;
	uint32_t i = node_find(nd, part, &is_there);
	const uint8_t *child;

	i -= i > 0 && !is_there;
	child = (const uint8_t *)node_ways(nd)[i];
	for (size_t at = 0; at < NODE_MAX * sizeof(uint64_t); at += CACHE_LINE)
		__builtin_prefetch(child + at);
	return i;
}

static void node_insert(struct node *nd, uint32_t i, struct part part, uintptr_t way)
{
	uint32_t n = nd->n - i;

	memmove(nd->bytes + i + 1, nd->bytes + i, n * sizeof(*nd->bytes));
	memmove(node_ways(nd) + i + 1, node_ways(nd) + i, n * sizeof(way));
	memmove(node_parts_n(nd) + i + 1, node_parts_n(nd) + i, n);
	nd->bytes[i] = part.bytes;
	node_ways(nd)[i] = way;
	node_parts_n(nd)[i] = part.n;
	nd->n++;
}

/* The entries of `from` from i on become those of the empty node `to`. */
static void node_move(struct node *to, struct node *from, uint32_t i)
{
	uint32_t n = from->n - i;

	memcpy(to->bytes, from->bytes + i, n * sizeof(*to->bytes));
	memcpy(node_ways(to), node_ways(from) + i, n * sizeof(uintptr_t));
	memcpy(node_parts_n(to), node_parts_n(from) + i, n);
	to->n = (uint16_t)n;
	from->n = (uint16_t)i;
}

/*
 * Split the full child c of nd, which has room, before `part` goes into it. What comes behind all others
 * splits off alone: keys that grow fill their nodes.
 */
static void child_split(struct arena *a, struct node *nd, uint32_t c, struct part part)
{
	struct node *left = (struct node *)node_ways(nd)[c], *right = node_new(a, NODE_MAX, left->height);
	bool is_there;

	node_move(right, left, node_find(left, part, &is_there) == left->n ? left->n - 1u : left->n / 2u);
	node_insert(nd, c + 1, (struct part){right->bytes[0], node_parts_n(right)[0]}, (uintptr_t)right);
}

/* Room for one more entry in the topmost node of a layer: a larger one, or one more above it. */
static struct node *top_grow(struct arena *a, struct node *top, struct part part)
{
	struct node *more;

	if (top->n < top->cap)
		return top;
	if (top->cap < NODE_MAX) {
		more = node_new(a, (uint16_t)(top->cap * 2), top->height);
		node_move(more, top, 0);
		return more;
	}
	more = node_new(a, NODE_MAX, (uint16_t)(top->height + 1));
	node_insert(more, 0, (struct part){top->bytes[0], node_parts_n(top)[0]}, (uintptr_t)top);
	child_split(a, more, 0, part);
	return more;
}

static struct row *way_last(uintptr_t way, uint32_t height)
{
	while (height > 0 || way_is_layer(way)) {
		const struct node *nd = height > 0 ? (const struct node *)way : way_layer(way);

		way = node_ways(nd)[nd->n - 1];
		height = nd->height;
	}
	return (struct row *)way;
}

/* ---- putting ------------------------------------------------------------------------------------------- */
/* How the bytes of two keys behind `from` compare. */
static int rest_cmp(struct slice a, struct slice b, size_t from)
{
	return slice_cmp(slice_of((const uint8_t *)a.p + from, a.n - from),
		slice_of((const uint8_t *)b.p + from, b.n - from));
}

/* Put r between its neighbours. Both stand in its leaf as a rule, so that neither is read here, only written:
 * a read would wait for memory. */
static void row_link(struct rows *t, struct row *r, struct row *before, struct row *after)
{
	r->before = before;
	r->after = after;
	*(before != NULL ? &before->after : &t->first) = r;
	*(after != NULL ? &after->before : &t->last) = r;
}

/* The row behind a new one that goes to entry i of a leaf. */
static struct row *row_above(
	const struct rows *t, const struct node *leaf, uint32_t i, const struct row *before)
{
	if (i < leaf->n && !way_is_layer(node_ways(leaf)[i]))
		return (struct row *)node_ways(leaf)[i];
	return before != NULL ? before->after : t->first;
}

/* Where a key goes, as far as it is known: the way to the greatest row below it. */
struct below {
	uintptr_t way; /* 0: none */
	uint32_t height;
};

static void below_note(struct below *b, const struct node *nd, uint32_t i)
{
	if (i > 0)
		*b = (struct below){node_ways(nd)[i - 1], nd->height};
}

static struct row *below_row(const struct below *b)
{
	return b->way != 0 ? way_last(b->way, b->height) : NULL;
}

/* Above the leaves: the first child is about to hold this part, which may be less than any. */
static void node_reach(struct node *nd, struct part part)
{
	uint8_t *n = node_parts_n(nd);

	if (part.bytes > nd->bytes[0] || (part.bytes == nd->bytes[0] && part.n >= n[0]))
		return;
	nd->bytes[0] = part.bytes;
	n[0] = part.n;
}

/* The leaf of the layer under *top where the part belongs, with room for one more. */
static struct node *leaf_with_room(struct arena *a, struct node **top, struct part part, struct below *below)
{
	struct node *nd = *top = top_grow(a, *top, part);

	while (nd->height > 0) {
		uint32_t c;

		node_reach(nd, part);
		c = node_child(nd, part);
		if (((struct node *)node_ways(nd)[c])->n == NODE_MAX) {
			child_split(a, nd, c, part);
			c = node_child(nd, part);
		}
		below_note(below, nd, c);
		nd = (struct node *)node_ways(nd)[c];
	}
	return nd;
}

static struct row *row_replace(struct row *old, const struct row *r)
{
	old->val = r->val;
	old->val_n = r->val_n;
	old->is_delete = r->is_delete;
	return old;
}

/* A layer for a row that shares its part with another key. */
static struct node *layer_new(struct arena *a, struct row *r, size_t from)
{
	struct node *nd = node_new(a, NODE_MIN, 0);

	node_insert(nd, 0, key_part(row_key(r), from), (uintptr_t)r);
	return nd;
}

struct row *rows_put(struct rows *t, struct arena *a, struct row *r)
{
	struct below below = {0, 0};
	struct node **top = &t->top, *layer;
	uintptr_t *way = NULL; /* that *top is behind */
	struct row *before;

	if (t->top == NULL)
		t->top = node_new(a, NODE_MIN, 0);
	for (size_t from = 0;; from += PART_BYTES) {
		struct part part = key_part(row_key(r), from);
		struct node *leaf = leaf_with_room(a, top, part, &below);
		bool is_there;
		uint32_t i = node_find(leaf, part, &is_there);

		if (way != NULL)
			*way = (uintptr_t)*top + 1;
		below_note(&below, leaf, i);
		if (!is_there) {
			before = below_row(&below);
			row_link(t, r, before, row_above(t, leaf, i, before));
			node_insert(leaf, i, part, (uintptr_t)r);
			return NULL;
		}
		way = node_ways(leaf) + i;
		if (!way_is_layer(*way)) {
			struct row *old = (struct row *)*way;

			if (part.n != PART_MORE || rest_cmp(row_key(old), row_key(r), from + PART_BYTES) == 0)
				return row_replace(old, r);
			*way = (uintptr_t)layer_new(a, old, from + PART_BYTES) + 1;
		}
		layer = way_layer(*way);
		top = &layer;
	}
}

/* ---- looking ------------------------------------------------------------------------------------------- */
const struct row *rows_get(const struct rows *t, struct slice key)
{
	const struct node *nd = t->top;

	for (size_t from = 0; nd != NULL; from += PART_BYTES) {
		struct part part = key_part(key, from);
		bool is_there;
		uintptr_t way;
		uint32_t i;

		while (nd->height > 0)
			nd = (const struct node *)node_ways(nd)[node_child(nd, part)];
		i = node_find(nd, part, &is_there);
		if (!is_there)
			return NULL;
		way = node_ways(nd)[i];
		if (!way_is_layer(way)) {
			const struct row *r = (const struct row *)way;

			return part.n != PART_MORE || rest_cmp(row_key(r), key, from + PART_BYTES) == 0
				       ? r
				       : NULL;
		}
		nd = way_layer(way);
	}
	return NULL;
}

/* The greatest row below the key, or NULL. */
static const struct row *row_below(const struct rows *t, struct slice key)
{
	const struct node *nd = t->top;
	struct below below = {0, 0};

	for (size_t from = 0; nd != NULL; from += PART_BYTES) {
		struct part part = key_part(key, from);
		const struct row *r;
		bool is_there;
		uintptr_t way;
		uint32_t i;

		for (; nd->height > 0; nd = (const struct node *)node_ways(nd)[i]) {
			i = node_child(nd, part);
			below_note(&below, nd, i);
		}
		i = node_find(nd, part, &is_there);
		below_note(&below, nd, i);
		if (!is_there)
			break;
		way = node_ways(nd)[i];
		if (way_is_layer(way)) {
			nd = way_layer(way);
			continue;
		}
		r = (const struct row *)way;
		if (part.n == PART_MORE && rest_cmp(row_key(r), key, from + PART_BYTES) < 0)
			return r;
		break;
	}
	return below_row(&below);
}

const struct row *rows_seek(const struct rows *t, struct slice bound, bool is_reverse)
{
	const struct row *r = bound.p != NULL ? row_below(t, bound) : NULL;

	if (bound.p == NULL)
		return is_reverse ? t->last : t->first;
	if (is_reverse)
		return r;
	return r != NULL ? r->after : t->first;
}

/* ---- all of them --------------------------------------------------------------------------------------- */
static int node_each(const struct node *nd, int (*visit)(void *udata, const struct row *), void *udata)
{
	int rc = 0;

	for (uint32_t i = 0; i < nd->n; i++)
		__builtin_prefetch((const void *)(node_ways(nd)[i] & ~(uintptr_t)1));
	for (uint32_t i = 0; i < nd->n && rc == 0; i++) {
		uintptr_t way = node_ways(nd)[i];

		if (nd->height > 0)
			rc = node_each((const struct node *)way, visit, udata);
		else if (way_is_layer(way))
			rc = node_each(way_layer(way), visit, udata);
		else
			rc = visit(udata, (const struct row *)way);
	}
	return rc;
}

int rows_each(const struct rows *t, int (*visit)(void *udata, const struct row *), void *udata)
{
	return t->top != NULL ? node_each(t->top, visit, udata) : 0;
}
