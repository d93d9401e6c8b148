/*
 * The plan: which streams make which key. A stream belongs to each watch that counts it, and gives that watch
 * one key by what the watch says `by` (warn_keys.c). A key is made by one watch: of several the first.
 */
#include <stdlib.h>
#include <string.h>

#include "warn_int.h"

void warn_plan_free(struct warn *n)
{
	warn_learn_free(n);
	warn_usual_forget(n);
	for (uint32_t i = 0; i < n->n_keys; i++)
		wkey_free(n->keys[i]);
	free(n->keys);
	free(n->slots);
	free(n->back);
	watches_free(n->watches);
}

/* ---- streams and watches ------------------------------------------------------------------------------- */
static void add_leaf(struct wkey *k, struct stream *s)
{
	if (k->n_leaves == k->leaves_cap) {
		k->leaves_cap = k->leaves_cap == 0 ? 4 : k->leaves_cap * 2;
		k->leaves = realloc(k->leaves, k->leaves_cap * sizeof(struct stream *));
		must(k->leaves != NULL);
	}
	k->leaves[k->n_leaves++] = s;
}

void warn_plan_stream(void *warn, struct stream *s)
{
	struct warn *n = warn;
	char text[KEY_TEXT_MAX];

	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *w = &n->watches->list[i];
		struct slice key = watch_key(n->watches, w, &s->name, text);
		struct wkey *k;

		if (key.n == 0)
			continue;
		k = wkey_need(n, key);
		if (k->watch == NULL)
			k->watch = w;
		if (k->watch == w)
			add_leaf(k, s);
	}
}

struct wkey *warn_plan_key(struct warn *n, struct slice text)
{
	struct wkey *k = wkey_find(n, text);
	const struct watch *w;

	if (k != NULL && k->watch != NULL)
		return k;
	w = watch_of_key(n->watches, text);
	if (w == NULL)
		return k;
	k = wkey_need(n, text);
	k->watch = w;
	return k;
}

/* ---- the bins of all watches --------------------------------------------------------------------------- */
static void add_bin(struct warn *n, int64_t bin_ms)
{
	for (uint32_t i = 0; i < n->n_bins; i++)
		if (n->bins[i] == bin_ms)
			return;
	must(n->n_bins < BIN_LENGTHS_MAX); /* no more lengths part a day evenly in whole minutes */
	n->bins[n->n_bins++] = bin_ms;
	if (n->bin_ms == 0 || bin_ms < n->bin_ms)
		n->bin_ms = bin_ms;
}

static void take_bins(struct warn *n)
{
	uint32_t n_back = 1;

	n->bin_ms = 0;
	n->n_bins = 0;
	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *w = &n->watches->list[i];
		uint32_t needs = bin_is_long(w->bin_ms) ? watch_past_bins(w) : w->n_back;

		if (w->of == WATCH_SERIES)
			continue; /* fed from files alone (tocsin detect) */
		add_bin(n, w->bin_ms);
		n_back = needs > n_back ? needs : n_back;
	}
	n->back = realloc(n->back, n_back * sizeof(uint32_t));
	must(n->back != NULL);
}

int64_t warn_next_end(const struct warn *n, int64_t at_ms)
{
	int64_t end_ms = INT64_MAX;

	for (uint32_t i = 0; i < n->n_bins; i++) {
		int64_t ms = bin_end(n->bins[i], at_ms);

		end_ms = ms < end_ms ? ms : end_ms;
	}
	return end_ms;
}

void warn_plan_watches(struct warn *n, struct watches *made, uint64_t words)
{
	n->watches = made;
	n->mark = watches_mark(made);
	n->words = words;
	take_bins(n);
	n->early_ms = 0;
	for (uint32_t i = 0; i < made->n; i++) {
		int64_t early_ms = made->list[i].early_ms;

		if (early_ms > 0 && (n->early_ms == 0 || early_ms < n->early_ms))
			n->early_ms = early_ms;
	}
}

/* ---- levels by name ------------------------------------------------------------------------------------ */
const char *warn_level_name(const struct warn *n, uint8_t level)
{
	return level_name(n->watches, level);
}

uint8_t warn_n_levels(const struct warn *n)
{
	return (uint8_t)n->watches->n_levels;
}

int warn_level_find(const struct warn *n, struct slice name)
{
	for (uint8_t i = 0; i < warn_n_levels(n); i++)
		if (slice_is(name, warn_level_name(n, i)))
			return i;
	return -1;
}
