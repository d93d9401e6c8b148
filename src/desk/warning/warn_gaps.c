/*
 * When nobody watched: the time from the last entry of one run to the start of the next. A bin of such a time
 * in which nothing is known to have come in was not quiet, it is unknown: it ends no level, and nothing is
 * learned from it. What is told of it later counts.
 *
 *   TABLE_WARNING  'g' be64 from → be64 to
 */
#include <stdlib.h>
#include <string.h>

#include "warn_int.h"

#define ROW_PREFIX 'g'
#define KEY_LEN 9

static struct slice gap_key(uint8_t key[KEY_LEN], int64_t from_ms)
{
	key[0] = ROW_PREFIX;
	store_be64(key + 1, (uint64_t)from_ms);
	return slice_of(key, KEY_LEN);
}

static uint32_t place_of(const struct warn *n, int64_t from_ms)
{
	uint32_t at = n->n_gaps;

	while (at > 0 && n->gaps[at - 1].from_ms >= from_ms)
		at--;
	return at;
}

void gaps_on_publish(struct warn *n, struct slice key, const struct slice *val)
{
	struct gap gap;
	uint32_t at;

	if (key.n != KEY_LEN || *(const uint8_t *)key.p != ROW_PREFIX)
		return;
	gap.from_ms = (int64_t)load_be64((const uint8_t *)key.p + 1);
	at = place_of(n, gap.from_ms);
	if (at < n->n_gaps && n->gaps[at].from_ms == gap.from_ms) {
		n->n_gaps--;
		memmove(&n->gaps[at], &n->gaps[at + 1], (n->n_gaps - at) * sizeof(gap));
	}
	if (val == NULL || val->n != 8)
		return;
	gap.to_ms = (int64_t)load_be64(val->p);
	n->gaps = realloc(n->gaps, (n->n_gaps + 1) * sizeof(gap));
	must(n->gaps != NULL);
	memmove(&n->gaps[at + 1], &n->gaps[at], (n->n_gaps - at) * sizeof(gap));
	n->gaps[at] = gap;
	n->n_gaps++;
}

int warn_gaps_load(struct warn *n, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, n->desk->store, NULL, TABLE_WARNING, SLICE_TEXT("g"), SLICE_TEXT("h"), false);
	while ((got = scan_next(&s, e)) == 1)
		gaps_on_publish(n, s.key, &s.val);
	scan_fini(&s);
	return got;
}

void warn_gap_put(struct work *w, int64_t from_ms, int64_t to_ms)
{
	uint8_t key[KEY_LEN], val[8];

	store_be64(val, (uint64_t)to_ms);
	tx_put(w->tx, TABLE_WARNING, gap_key(key, from_ms), slice_of(val, sizeof(val)));
}

void warn_gaps_drop(struct work *w, int64_t before_ms)
{
	const struct warn *n = w->desk->warn;
	uint8_t key[KEY_LEN];

	for (uint32_t i = 0; i < n->n_gaps; i++)
		if (n->gaps[i].to_ms < before_ms)
			tx_del(w->tx, TABLE_WARNING, gap_key(key, n->gaps[i].from_ms));
}

/* More than half of [from_ms, to_ms) lies in gaps. */
static bool was_away(const struct warn *n, int64_t from_ms, int64_t to_ms)
{
	int64_t away_ms = 0;

	for (uint32_t i = n->n_gaps; i > 0 && n->gaps[i - 1].to_ms > from_ms; i--) {
		const struct gap *g = &n->gaps[i - 1];
		int64_t begin_ms = g->from_ms > from_ms ? g->from_ms : from_ms,
			end_ms = g->to_ms < to_ms ? g->to_ms : to_ms;

		away_ms += end_ms > begin_ms ? end_ms - begin_ms : 0;
	}
	return away_ms * 2 > to_ms - from_ms;
}

uint32_t warn_unwatched(const struct warn *n, int64_t from_ms, int64_t bin_ms, uint32_t count)
{
	return count == 0 && n->n_gaps > 0 && was_away(n, from_ms, from_ms + bin_ms) ? BIN_UNKNOWN : count;
}
