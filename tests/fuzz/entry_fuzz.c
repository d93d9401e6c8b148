/*
 * Any bytes as a record and as a changes part: reading stays in bounds, and what a reader accepts is written
 * back and read again to the same changes. Input: u16 n, n bytes of event part, the rest is the changes part.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "tocsin/entry.h"
#include "tocsin/err.h"

static const uint8_t salt[ENTRY_SALT], id[16];

/* What is read is written again as the same bytes. */
static void round_trip(struct slice changes)
{
	struct slice rest = changes;
	struct change c;

	for (const uint8_t *from = changes.p; change_next(&rest, &c) == 1; from = rest.p) {
		size_t n = (size_t)((const uint8_t *)rest.p - from);
		uint8_t *again = malloc(n);

		must(again != NULL && change_size(&c) == n);
		must(change_write(again, &c) == again + n && memcmp(again, from, n) == 0);
		free(again);
	}
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
	round_trip(entry_changes(en));
	free(en);
	aligned = malloc(n);
	must(aligned != NULL);
	memcpy(aligned, data, n);
	(void)entry_is_good(aligned, n, id);
	free(aligned);
	return 0;
}
