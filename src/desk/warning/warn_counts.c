#include "warn_counts.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/util.h"

#define SLOTS_MIN 256

size_t count_key(uint8_t out[COUNT_KEY_MAX], int64_t start_ms, struct slice text)
{
	must(text.n <= STREAM_TEXT_MAX);
	store_be64(out, (uint64_t)start_ms);
	memcpy(out + 8, text.p, text.n);
	return 8 + text.n;
}

size_t stream_text(char out[STREAM_TEXT_MAX], char what, const struct slice *parts, uint32_t n_parts)
{
	size_t n = 1;

	out[0] = what;
	for (uint32_t i = 0; i < n_parts; i++) {
		if (n + 1 + parts[i].n > STREAM_TEXT_MAX)
			return 0;
		out[n++] = '/';
		if (parts[i].n > 0)
			memcpy(out + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	return n;
}

void stream_split(struct slice text, struct stream_name *out)
{
	const char *p = text.p, *end = p + text.n;

	memset(out, 0, sizeof(*out));
	out->what = *p++;
	for (int i = 0; i < STREAM_PARTS && p < end; i++) {
		const char *from = p + 1, *to = from < end ? memchr(from, '/', (size_t)(end - from)) : NULL;

		p = to == NULL ? end : to;
		out->part[i] = slice_of(from, (size_t)(p - from));
	}
}

/* ---- streams by text ----------------------------------------------------------------------------------- */
static struct stream **slot_of(const struct counts *c, struct slice text)
{
	return &c->slots[slice_hash(text) & (c->n_slots - 1)];
}

/* NULL: never counted. */
static struct stream *counts_find(const struct counts *c, struct slice text)
{
	struct stream *s = *slot_of(c, text);

	while (s != NULL && (s->text_n != text.n || memcmp(s->text, text.p, text.n) != 0))
		s = s->next_in_slot;
	return s;
}

static void enter(struct counts *c, struct stream *s)
{
	struct stream **slot = slot_of(c, slice_of(s->text, s->text_n));

	s->next_in_slot = *slot;
	*slot = s;
}

static void grow(struct counts *c)
{
	free(c->slots);
	c->n_slots *= 2;
	must(c->n_slots > 0);
	c->slots = calloc(c->n_slots, sizeof(struct stream *));
	must(c->slots != NULL);
	for (uint32_t i = 0; i < c->n_streams; i++)
		enter(c, c->list[i]);
}

static struct stream *add(struct counts *c, struct slice text)
{
	struct stream *s = calloc(1, sizeof(*s) + text.n);

	must(s != NULL);
	s->number = c->n_streams;
	s->text_n = text.n;
	memcpy(s->text, text.p, text.n);
	stream_split(slice_of(s->text, text.n), &s->name);
	if (c->n_minutes > 0) {
		s->ring = calloc(c->n_minutes, sizeof(*s->ring));
		must(s->ring != NULL);
	}
	if (c->n_streams == c->list_cap) {
		c->list_cap = c->list_cap == 0 ? SLOTS_MIN : c->list_cap * 2;
		c->list = realloc(c->list, c->list_cap * sizeof(struct stream *));
		must(c->list != NULL);
	}
	c->list[c->n_streams++] = s;
	if (c->n_streams > c->n_slots)
		grow(c);
	else
		enter(c, s);
	if (c->on_stream != NULL)
		c->on_stream(c->udata, s);
	return s;
}

struct stream *counts_need(struct counts *c, struct slice text)
{
	struct stream *s = counts_find(c, text);

	return s != NULL ? s : add(c, text);
}

void counts_init(struct counts *c)
{
	memset(c, 0, sizeof(*c));
	c->n_slots = SLOTS_MIN;
	c->slots = calloc(c->n_slots, sizeof(struct stream *));
	must(c->slots != NULL);
}

void counts_fini(struct counts *c)
{
	for (uint32_t i = 0; i < c->n_streams; i++) {
		free(c->list[i]->ring);
		free(c->list[i]);
	}
	free(c->list);
	free(c->slots);
	memset(c, 0, sizeof(*c));
}

/* ---- rings --------------------------------------------------------------------------------------------- */
int64_t minute_of(int64_t at_ms)
{
	int64_t rest = at_ms % MINUTE_MS;

	return at_ms - (rest < 0 ? rest + MINUTE_MS : rest);
}

int64_t counts_first_ms(const struct counts *c)
{
	return c->head_ms - (int64_t)(c->n_minutes - 1) * MINUTE_MS;
}

static uint32_t *cell(const struct counts *c, const struct stream *s, int64_t start_ms)
{
	return &s->ring[(uint64_t)(start_ms / MINUTE_MS) % c->n_minutes];
}

uint64_t counts_sum(const struct counts *c, const struct stream *s, int64_t from_ms, int64_t to_ms)
{
	int64_t first_ms = counts_first_ms(c), end_ms = c->head_ms + MINUTE_MS;
	uint64_t n = 0;

	from_ms = from_ms > first_ms ? from_ms : first_ms;
	to_ms = to_ms < end_ms ? to_ms : end_ms;
	for (int64_t at_ms = from_ms; at_ms < to_ms; at_ms += MINUTE_MS)
		n += *cell(c, s, at_ms);
	return n;
}

int counts_row(const struct counts *c, struct slice text, int64_t start_ms, uint64_t *n)
{
	const struct stream *s;

	if (start_ms < counts_first_ms(c))
		return 0;
	s = start_ms > c->head_ms ? NULL : counts_find(c, text);
	*n = s == NULL ? 0 : *cell(c, s, start_ms);
	return 1;
}

/* What falls out of the rings is only in the rows. */
static void advance(struct counts *c, int64_t head_ms)
{
	int64_t from_ms = c->head_ms + MINUTE_MS,
		oldest_ms = head_ms - (int64_t)(c->n_minutes - 1) * MINUTE_MS;

	from_ms = from_ms > oldest_ms ? from_ms : oldest_ms;
	for (int64_t at_ms = from_ms; at_ms <= head_ms; at_ms += MINUTE_MS)
		for (uint32_t i = 0; i < c->n_streams; i++)
			*cell(c, c->list[i], at_ms) = 0;
	c->head_ms = head_ms;
}

void counts_on_publish(struct counts *c, struct slice key, const struct slice *val)
{
	struct slice rest = val == NULL ? slice_of(NULL, 0) : *val,
		     text = slice_of((const uint8_t *)key.p + 8, key.n - 8);
	int64_t start_ms = (int64_t)load_be64(key.p);
	struct stream *s;
	uint64_t n;

	if (key.n <= 8 || key.n > COUNT_KEY_MAX || slice_varint(&rest, &n) != 0 ||
		start_ms < counts_first_ms(c))
		return; /* forgotten, or older than the rings */
	s = counts_need(c, text);
	if (start_ms > c->head_ms)
		advance(c, start_ms);
	if (start_ms > s->newest_ms)
		s->newest_ms = start_ms;
	*cell(c, s, start_ms) = n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

int counts_load(struct counts *c, struct store *store, uint32_t n_minutes, int64_t until_ms, struct err *e)
{
	uint8_t from[8], to[8];
	struct scan s;
	int got;

	must(n_minutes > 0);
	c->n_minutes = n_minutes;
	c->head_ms = minute_of(until_ms);
	for (uint32_t i = 0; i < c->n_streams; i++) {
		free(c->list[i]->ring);
		c->list[i]->ring = calloc(n_minutes, sizeof(uint32_t));
		must(c->list[i]->ring != NULL);
	}
	store_be64(from, (uint64_t)(counts_first_ms(c) > 0 ? counts_first_ms(c) : 0));
	store_be64(to, (uint64_t)(c->head_ms + MINUTE_MS));
	scan_init(&s, store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1)
		counts_on_publish(c, s.key, &s.val);
	scan_fini(&s);
	return got;
}

int counts_meet(struct counts *c, struct store *store, int64_t from_ms, struct err *e)
{
	uint8_t from[8], to[8];
	struct scan s;
	int got;

	store_be64(from, (uint64_t)(from_ms > 0 ? from_ms : 0));
	store_be64(to, (uint64_t)(counts_first_ms(c) > from_ms ? counts_first_ms(c) : from_ms));
	scan_init(&s, store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct stream *stream = counts_need(c, slice_of((const uint8_t *)s.key.p + 8, s.key.n - 8));
		int64_t start_ms = (int64_t)load_be64(s.key.p);

		stream->newest_ms = start_ms > stream->newest_ms ? start_ms : stream->newest_ms;
	}
	scan_fini(&s);
	return got;
}
