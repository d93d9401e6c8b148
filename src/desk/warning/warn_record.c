/* Recordings out of the counts: what a drill of an incident that happened goes through. */
#include "warn_int.h"

static bool is_same(const struct stream_name *a, const struct stream_name *b)
{
	for (int i = 0; i < STREAM_PARTS; i++)
		if (slice_cmp(a->part[i], b->part[i]) != 0)
			return false;
	return a->what == b->what;
}

/* NULL: there are as many as there may be. */
static struct recorded *need_stream(
	struct recording *out, const struct stream_name *name, uint32_t most, struct arena *a)
{
	struct recorded *s;

	for (uint32_t i = 0; i < out->n_streams; i++)
		if (is_same(&out->streams[i].of, name))
			return &out->streams[i];
	if (out->n_streams == most)
		return NULL;
	s = &out->streams[out->n_streams++];
	s->of = *name;
	for (int i = 0; i < STREAM_PARTS; i++)
		s->of.part[i].p = arena_copy(a, name->part[i].p, name->part[i].n);
	s->counts = arena_zalloc(a, (out->n_bins + 1) * sizeof(*s->counts));
	return s;
}

int warn_recorded(struct desk *d, struct arena *a, warn_is_of *is_of, void *ctx, int64_t from_ms,
	int64_t to_ms, uint32_t most, struct recording *out, struct err *e)
{
	uint8_t from[8], to[8];
	struct scan s;
	int got;

	*out = (struct recording){.bin_ms = MINUTE_MS,
		.n_bins = (uint32_t)((to_ms - from_ms + MINUTE_MS - 1) / MINUTE_MS),
		.streams = arena_zalloc(a, most * sizeof(struct recorded))};
	store_be64(from, (uint64_t)from_ms);
	store_be64(to, (uint64_t)to_ms);
	scan_init(&s, d->store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct slice rest = s.val;
		struct stream_name name;
		struct recorded *stream;
		uint64_t n;

		stream_split(slice_of((const char *)s.key.p + 8, s.key.n - 8), &name);
		if (slice_varint(&rest, &n) != 0 || !is_of(ctx, &name))
			continue;
		stream = need_stream(out, &name, most, a);
		if (stream == NULL) {
			got = err_set(e, ERR_REJECTED, "the recording has more than %u streams", most);
			break;
		}
		stream->counts[((int64_t)load_be64(s.key.p) - from_ms) / MINUTE_MS] += (uint32_t)n;
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}
