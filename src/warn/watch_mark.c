/* Whether two packs watch the same: two hashes, of what is counted and of all that watches are made of. */
#include "tocsin/watch.h"

#include <string.h>

#include "tocsin/util.h"

#define CATALOG_BYTES_MAX ((size_t)256 << 20)

static void mark_number(uint64_t *h, uint64_t v)
{
	uint8_t bytes[8];

	store_be64(bytes, v);
	*h = hash_add(*h, bytes, sizeof(bytes));
}

static void mark_text(uint64_t *h, const char *text)
{
	mark_number(h, text == NULL ? 0 : slice_hash(slice_of(text, strlen(text))));
}

static void mark_texts(uint64_t *h, const struct texts *t)
{
	mark_number(h, t->n);
	for (uint32_t i = 0; i < t->n; i++)
		mark_text(h, t->p[i]);
}

static void mark_watch(uint64_t *h, const struct watches *all, const struct watch *w)
{
	const struct cluster *c = w->cluster == NULL ? NULL : cluster_find(all, w->cluster);

	mark_text(h, w->name);
	mark_number(h, w->of);
	mark_texts(h, &w->categories);
	mark_texts(h, &w->kinds);
	mark_text(h, w->service);
	mark_text(h, w->component);
	mark_text(h, w->cluster);
	if (c != NULL)
		mark_texts(h, &c->categories);
	mark_number(h, w->by);
	mark_number(h, (uint64_t)w->bin_ms);
	mark_number(h, w->expect);
	mark_number(h, w->expect == EXPECT_BASELINE ? w->baseline.slot_minutes : 0);
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_SUM)
			mark_number(h, w->inputs[i].bins);
}

uint64_t watches_mark(const struct watches *all)
{
	uint64_t h = HASH_START;

	for (uint32_t i = 0; i < all->n; i++)
		if (all->list[i].of != WATCH_SERIES)
			mark_watch(&h, all, &all->list[i]);
	return h;
}

uint64_t watches_words(const struct value *catalog)
{
	static const char *const parts[] = {
		"watches", "level_tables", "levels", "clusters", "day_classes", "calendars"};
	uint64_t h = 0;
	struct buf b;

	buf_init(&b, CATALOG_BYTES_MAX);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const struct value *part = value_get(catalog, parts[i]);

		buf_reset(&b);
		if (part != NULL)
			value_encode(&b, part);
		mark_number(&h, slice_hash(buf_slice(&b)));
	}
	buf_fini(&b);
	return h;
}
