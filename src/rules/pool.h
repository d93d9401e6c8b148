/*
 * Small blocks for one lua_State: Lua says the size of what it frees, so that blocks of a size need no header
 * and go back to a list of their size. Half of what a decision cost was malloc and free finding that out
 * again. Private to src/rules; one thread at a time.
 */
#pragma once

#include <stddef.h>

#define POOL_SIZE_MAX 512 /* bytes of a block; larger ones are malloc's */
#define POOL_STEP 16

struct pool {
	void *free[POOL_SIZE_MAX / POOL_STEP]; /* lists by size class */
	struct pool_slab *slabs;
	char *next, *end; /* what is left of the newest slab */
};

/* As realloc with the old size: from 0 or p NULL makes a block, to 0 frees it. Aborts when there is no
 * memory. */
void *pool_realloc(struct pool *, void *p, size_t from, size_t to);
/* Give all slabs back; larger blocks must have been freed. */
void pool_fini(struct pool *);
