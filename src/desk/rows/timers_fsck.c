/* fsck of timers: the wheel holds one of each id, and of two rows of one the later would count after a start. */
#include <stdlib.h>

#include "desk/fsck.h"

struct due_row {
	int64_t due_ms;
	uint64_t id;
};

/* By id, then by due. */
static int cmp_rows(const void *a, const void *b)
{
	const struct due_row *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return (x->due_ms > y->due_ms) - (x->due_ms < y->due_ms);
}

static int read_rows(struct fsck *f, struct due_row **list, size_t *n, struct err *e)
{
	size_t cap = 0;
	struct scan s;
	int got;

	scan_init(&s, f->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		if (s.key.n != DUE_KEY_LEN)
			continue;
		if (*n == cap) {
			cap = cap == 0 ? 1024 : cap * 2;
			*list = realloc(*list, cap * sizeof(**list));
			must(*list != NULL);
		}
		(*list)[(*n)++] = (struct due_row){
			(int64_t)load_be64(s.key.p), load_be64((const uint8_t *)s.key.p + 8)};
	}
	scan_fini(&s);
	return got;
}

void timers_fsck(struct fsck *f)
{
	struct due_row *list = NULL;
	size_t n = 0;
	struct err e;

	if (read_rows(f, &list, &n, &e) < 0)
		fsck_say(f, "the check of timers stopped after %zu rows: %s", n, e.text);
	if (n > 0)
		qsort(list, n, sizeof(*list), cmp_rows);
	for (size_t i = 1; i < n; i++)
		if (list[i].id == list[i - 1].id)
			fsck_say(f, "timer %#jx is due at %jd and at %jd; a timer has one row",
				(uintmax_t)list[i].id, (intmax_t)list[i - 1].due_ms,
				(intmax_t)list[i].due_ms);
	free(list);
}
