/*
 * Any bytes as a record and as a changes part: reading stays in bounds, and what a reader accepts is written
 * back and read again to the same changes. Input: u16 n, n bytes of event part, the rest is the changes part.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tocsin/entry.h"
#include "tocsin/err.h"

#define OUT_MAX ((size_t)1 << 24)

static const uint8_t salt[ENTRY_SALT], id[16];

static bool is_same(const struct change *a, const struct change *b)
{
	return a->table == b->table && a->is_delete == b->is_delete && slice_cmp(a->key, b->key) == 0 &&
	       slice_cmp(a->val, b->val) == 0;
}

/* Write the changes of `en` again and compare; the rewritten entry must be as good. */
static void round_trip(const struct entry *en)
{
	struct change_reader first, second;
	struct change a, b;
	struct arena arena;
	struct entry *again;
	struct buf out;
	int rc;

	arena_init(&arena, 0);
	buf_init(&out, OUT_MAX);
	change_reader_init(&first, en, &arena);
	while ((rc = change_next(&first, &a)) == 1 && arena.used < OUT_MAX && !out.is_full)
		change_write(&out, &a, entry_event(en));
	if (rc == 0 && !out.is_full) {
		again = entry_new(en->seq, en->at_ms, en->salt, entry_event(en), buf_slice(&out));
		change_reader_init(&first, en, &arena);
		change_reader_init(&second, again, &arena);
		while (change_next(&first, &a) == 1)
			must(change_next(&second, &b) == 1 && is_same(&a, &b));
		must(change_next(&second, &b) == 0);
		free(again);
	}
	buf_fini(&out);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	size_t event_n;
	struct entry *en;
	void *aligned;

	if (n < 2)
		return 0;
	event_n = (size_t)(data[0] | data[1] << 8);
	if (event_n > n - 2)
		event_n = n - 2;
	en = entry_new(
		1, 0, salt, slice_of(data + 2, event_n), slice_of(data + 2 + event_n, n - 2 - event_n));
	round_trip(en);
	free(en);
	aligned = malloc(n);
	must(aligned != NULL);
	memcpy(aligned, data, n);
	(void)entry_is_good(aligned, n, id);
	free(aligned);
	return 0;
}
