/*
 * A memory table: the newest puts and deletes of every table, ordered, over one arena that is dropped at once. Keys and values
 * live in the arena (or in an entry there). Not thread-safe; a frozen one is only read.
 */
#pragma once

#include <bsd/sys/tree.h>
#include <stdbool.h>

#include "tocsin/store.h"

struct memtab_row {
	RB_ENTRY(memtab_row) link;
	struct slice key, val;
	bool is_delete;
};

RB_HEAD(memtab_tree, memtab_row);

struct memtab {
	struct arena arena;
	struct memtab_tree trees[N_TABLES];
	uint64_t n_rows;
	uint64_t last_seq;   /* of the last entry in it; 0 none */
	int64_t since_ms;    /* when its first row came */
};

void memtab_init(struct memtab *);
void memtab_fini(struct memtab *);
void memtab_reset(struct memtab *);
/* Copies the key; the value is copied when `copies`, else borrowed from the arena of this table. */
void memtab_put(struct memtab *, enum table, struct slice key, struct slice val, bool is_delete, bool copies);
/* NULL if it says nothing about the key. */
const struct memtab_row *memtab_get(const struct memtab *, enum table, struct slice key);
/* First row >= from, or (reverse) last row < to; an open end is {NULL, 0}. */
const struct memtab_row *memtab_seek(const struct memtab *, enum table, struct slice bound, bool is_reverse);
const struct memtab_row *memtab_next(const struct memtab_row *, bool is_reverse);
