/*
 * Memory tables: the newest puts and deletes of each table, in order, over one arena that is dropped at once.
 * A row is one block in the arena: links, key, value. It is made first (row_new) and put later, which cannot
 * fail: nodes come from the arena, and an arena that finds no memory ends the process wherever it is asked.
 * Not thread-safe; a frozen table is only read.
 */
#pragma once

#include "store/rows_int.h"

struct memtab {
	struct arena arena;
	struct rows tables[N_TABLES];
	uint64_t n_rows;
	const struct entry *last; /* entry in it; NULL: none */
	int64_t since_ms;         /* when the first came */
};

/* `keep` bytes of the arena survive memtab_reset, so that a table in use costs no new pages. */
struct memtab *memtab_new(size_t keep);
void memtab_free(struct memtab *);
void memtab_reset(struct memtab *);
/* Key and value copied. */
struct row *row_new(struct arena *, enum table table, struct slice key, struct slice val, bool is_delete);
/* The value borrowed. */
struct row *row_new_borrowing(
	struct arena *, enum table table, struct slice key, struct slice val, bool is_delete);
void memtab_put(struct memtab *, struct row *);
/* The entry, which lies in the arena, as the row of EVENT; it is the last one now. */
void memtab_put_entry(struct memtab *, const struct entry *, int64_t now_ms);
