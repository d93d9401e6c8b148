/* What was counted of a case, out of the rows of minutes, and of which time that can be said. */
#include <string.h>

#include "warn_int.h"

#define SEEK_ROWS 10 /* what going elsewhere costs, in rows */

struct counted_walk {
	struct desk *desk;
	warn_is_of *is_of;
	void *ctx;
	char prefix[STREAM_TEXT_MAX]; /* of the streams: all complaints, or those of one city */
	size_t prefix_n;
	int64_t at_ms, to_ms;
	uint32_t n_rows;
	int64_t count;
};

/* Before the streams of the prefix (< 0), one of them, or behind them. */
static int place_of(const struct counted_walk *k, struct slice text)
{
	size_t n = text.n < k->prefix_n ? text.n : k->prefix_n;
	int c = memcmp(text.p, k->prefix, n);

	return c == 0 && n < k->prefix_n ? -1 : c;
}

static void take(struct counted_walk *k, struct slice text, struct slice val)
{
	struct stream_name name;
	uint64_t n;

	stream_split(text, &name);
	if (slice_varint(&val, &n) == 0 && k->is_of(k->ctx, &name))
		k->count += (int64_t)n;
}

/*
 * From at_ms on, up to a row that is none of the prefix's: then at_ms is where the next may be. 1: there may be
 * more, 0: all was seen, or as much as may be at once; -1.
 */
static int walk_some(struct counted_walk *k, struct err *e)
{
	uint8_t from[COUNT_KEY_MAX], to[8];
	size_t from_n = count_key(from, k->at_ms, slice_of(k->prefix, k->prefix_n));
	struct scan s;
	int got;

	store_be64(to, (uint64_t)k->to_ms);
	k->n_rows += SEEK_ROWS;
	scan_init(&s, k->desk->store, NULL, TABLE_COUNT, slice_of(from, from_n), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct slice text = slice_of((const uint8_t *)s.key.p + 8, s.key.n - 8);
		int64_t start_ms = (int64_t)load_be64(s.key.p);
		int place = place_of(k, text);
		bool is_next = start_ms > k->at_ms;

		k->at_ms = start_ms;
		if (is_next && k->n_rows > WARN_COUNTED_ROWS) {
			got = 0; /* whole minutes alone */
			break;
		}
		k->n_rows++;
		if (place != 0) {
			k->at_ms += place > 0 ? MINUTE_MS : 0;
			break;
		}
		take(k, text, s.val);
	}
	if (got == 0 && k->n_rows <= WARN_COUNTED_ROWS)
		k->at_ms = k->to_ms;
	scan_fini(&s);
	return got;
}

int warn_counted(struct desk *d, const struct warn_counted_of *of, int64_t from_ms, int64_t to_ms,
	int64_t *count, int64_t *until_ms, struct err *e)
{
	struct counted_walk k = {
		.desk = d, .is_of = of->is_of, .ctx = of->ctx, .at_ms = from_ms, .to_ms = to_ms};
	const struct slice parts[] = {of->city, slice_of("", 0)};
	int got = 1;

	k.prefix_n = stream_text(k.prefix, 'c', parts, of->city.n > 0 ? 2 : 0);
	if (of->city.n == 0)
		k.prefix[k.prefix_n++] = '/';
	while (got == 1 && k.at_ms < to_ms && k.n_rows <= WARN_COUNTED_ROWS)
		got = walk_some(&k, e);
	*count = k.count;
	*until_ms = k.at_ms < to_ms ? k.at_ms : to_ms;
	return got < 0 ? -1 : 0;
}

int64_t warn_kept_from(const struct desk *d)
{
	int64_t keep_ms = value_int_or(value_path(packs_catalog(d->packs), "counting.keep_ms"), 0);

	return keep_ms > 0 ? d->clock->now_ms - keep_ms : 0;
}
