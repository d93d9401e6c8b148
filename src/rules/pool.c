#include "pool.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"

#define SLAB_BYTES ((size_t)64 * 1024)

struct pool_slab {
	struct pool_slab *next;
	_Alignas(16) char bytes[];
};

static size_t class_of(size_t n)
{
	return (n - 1) / POOL_STEP;
}

static void *take(struct pool *p, size_t n)
{
	size_t class = class_of(n), size = (class + 1) * POOL_STEP;
	void *block = p->free[class];

	if (block != NULL) {
		memcpy(&p->free[class], block, sizeof(void *));
		return block;
	}
	if ((size_t)(p->end - p->next) < size) { /* the rest of the old slab stays unused */
		struct pool_slab *slab = malloc(sizeof(*slab) + SLAB_BYTES);

		must(slab != NULL);
		slab->next = p->slabs;
		p->slabs = slab;
		p->next = slab->bytes;
		p->end = slab->bytes + SLAB_BYTES;
	}
	block = p->next;
	p->next += size;
	return block;
}

static void give(struct pool *p, void *block, size_t n)
{
	memcpy(block, &p->free[class_of(n)], sizeof(void *));
	p->free[class_of(n)] = block;
}

static void *block_new(struct pool *p, size_t n)
{
	void *block = n <= POOL_SIZE_MAX ? take(p, n) : malloc(n);

	must(block != NULL);
	return block;
}

static void block_free(struct pool *p, void *block, size_t n)
{
	if (n <= POOL_SIZE_MAX)
		give(p, block, n);
	else
		free(block);
}

void *pool_realloc(struct pool *p, void *old, size_t from, size_t to)
{
	void *block;

	if (old == NULL)
		return block_new(p, to);
	if (to == 0) {
		block_free(p, old, from);
		return NULL;
	}
	if (from > POOL_SIZE_MAX && to > POOL_SIZE_MAX) {
		block = realloc(old, to);
		must(block != NULL);
		return block;
	}
	if (from <= POOL_SIZE_MAX && to <= POOL_SIZE_MAX && class_of(from) == class_of(to))
		return old;
	block = block_new(p, to);
	memcpy(block, old, from < to ? from : to);
	block_free(p, old, from);
	return block;
}

void pool_fini(struct pool *p)
{
	while (p->slabs != NULL) {
		struct pool_slab *next = p->slabs->next;

		free(p->slabs);
		p->slabs = next;
	}
	memset(p, 0, sizeof(*p));
}
