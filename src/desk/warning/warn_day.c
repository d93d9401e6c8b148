/* The counts of a day, read from the rows in parts: by stream the minutes that had something. */
#include <stdlib.h>
#include <string.h>

#include "warn_learn.h"

void day_begin(struct day_counts *d, int32_t day)
{
	day_fini(d);
	d->day = day;
	d->from_ms = civil_instant(day, 0);
	d->to_ms = civil_instant(day + 1, 0);
	store_be64(d->row, (uint64_t)d->from_ms);
	d->row_n = 8;
}

void day_fini(struct day_counts *d)
{
	for (uint32_t i = 0; i < d->cap; i++)
		free(d->streams[i].list);
	free(d->streams);
	memset(d, 0, sizeof(*d));
}

static struct spots *spots_of(struct day_counts *d, const struct stream *s)
{
	if (s->number >= d->cap) {
		uint32_t cap = s->number + 1024;

		d->streams = realloc(d->streams, cap * sizeof(*d->streams));
		must(d->streams != NULL);
		memset(d->streams + d->cap, 0, (cap - d->cap) * sizeof(*d->streams));
		d->cap = cap;
	}
	return &d->streams[s->number];
}

static void add(struct spots *s, int64_t minute, uint64_t count)
{
	if (s->n == s->cap) {
		s->cap = s->cap == 0 ? 8 : s->cap * 2;
		s->list = realloc(s->list, s->cap * sizeof(*s->list));
		must(s->list != NULL);
	}
	s->list[s->n++] =
		(struct spot){(uint16_t)minute, count < BIN_UNKNOWN ? (uint32_t)count : BIN_UNKNOWN - 1};
}

int day_read(struct day_counts *d, struct warn *n, uint32_t most, struct err *e)
{
	uint32_t n_read = 0;
	uint8_t to[8];
	struct scan s;
	int got = 1;

	store_be64(to, (uint64_t)d->to_ms);
	scan_init(&s, n->desk->store, NULL, TABLE_COUNT, slice_of(d->row, d->row_n), slice_of(to, 8), false);
	while (n_read < most && (got = scan_next(&s, e)) == 1) {
		const struct stream *stream =
			counts_need(&n->counts, slice_of((const uint8_t *)s.key.p + 8, s.key.n - 8));
		struct slice val = s.val;
		uint64_t count;

		n_read++;
		memcpy(d->row, s.key.p, s.key.n);
		d->row[s.key.n] = 0; /* the smallest key behind it */
		d->row_n = s.key.n + 1;
		if (slice_varint(&val, &count) == 0)
			add(spots_of(d, stream), ((int64_t)load_be64(s.key.p) - d->from_ms) / MINUTE_MS,
				count);
	}
	scan_fini(&s);
	return got;
}

uint32_t day_bins(const struct day_counts *d, const struct watch *w)
{
	return bin_is_long(w->bin_ms) ? 1 : (uint32_t)((d->to_ms - d->from_ms) / w->bin_ms);
}

uint32_t day_add(const struct day_counts *d, const struct wkey *k, uint32_t *leaf, uint32_t most,
	uint32_t n_bins, uint32_t *bins)
{
	uint32_t each = n_bins == 1 ? UINT32_MAX : (uint32_t)(k->watch->bin_ms / MINUTE_MS), n = 0;

	for (; *leaf < k->n_leaves && n < most; (*leaf)++) {
		uint32_t at = k->leaves[*leaf]->number;
		const struct spots *s = at < d->cap ? &d->streams[at] : NULL;

		for (uint32_t m = 0; s != NULL && m < s->n; m++)
			if (s->list[m].minute / each < n_bins)
				bins[s->list[m].minute / each] += s->list[m].count;
		n += s == NULL ? 0 : s->n;
	}
	return n;
}

void day_mask(const struct warn *n, int32_t day, uint32_t n_bins, uint32_t *bins)
{
	int64_t from_ms = civil_instant(day, 0), bin_ms = (civil_instant(day + 1, 0) - from_ms) / n_bins;

	for (uint32_t i = 0; n->n_gaps > 0 && i < n_bins; i++)
		bins[i] = warn_unwatched(n, from_ms + i * bin_ms, bin_ms, bins[i]);
}
