/*
 * The plan: which streams make which key. A stream belongs to each watch that counts it, and gives that watch
 * one key by what the watch says `by` (warn_keys.c). A key is made by one watch: of several the first.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "warn_int.h"

#define SLOTS_MIN 1024

/* ---- keys by text -------------------------------------------------------------------------------------- */
static uint64_t hash_of(struct slice text)
{
	const uint8_t *p = text.p;
	uint64_t h = UINT64_C(14695981039346656037); /* only where it is found depends on it */

	for (size_t i = 0; i < text.n; i++)
		h = (h ^ p[i]) * UINT64_C(1099511628211);
	return h;
}

static struct wkey **slot_of(const struct warn *n, struct slice text)
{
	return &n->slots[hash_of(text) & (n->n_slots - 1)];
}

struct wkey *wkey_find(const struct warn *n, struct slice text)
{
	struct wkey *k = n->n_slots == 0 ? NULL : *slot_of(n, text);

	while (k != NULL && (k->text_n != text.n || memcmp(k->text, text.p, text.n) != 0))
		k = k->next_in_slot;
	return k;
}

static void enter(struct warn *n, struct wkey *k)
{
	struct wkey **slot = slot_of(n, slice_of(k->text, k->text_n));

	k->next_in_slot = *slot;
	*slot = k;
}

static void grow(struct warn *n)
{
	n->n_slots = n->n_slots == 0 ? SLOTS_MIN : n->n_slots * 2;
	free(n->slots);
	n->slots = calloc(n->n_slots, sizeof(struct wkey *));
	must(n->slots != NULL);
	for (uint32_t i = 0; i < n->n_keys; i++)
		enter(n, n->keys[i]);
}

uint32_t wkey_place(const struct warn *n, struct slice text)
{
	uint32_t low = 0, high = n->n_keys;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (slice_cmp(slice_of(n->keys[middle]->text, n->keys[middle]->text_n), text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static char *own(struct slice s)
{
	char *p = malloc(s.n + 1);

	must(p != NULL);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

static bool starts(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.n >= n && memcmp(s.p, prefix, n) == 0;
}

/* The first part of "signal:CITY/KIND/SERVICE/COMPONENT"; stars stand for all, trailing ones are left out. */
static void name_signal(struct wkey *k)
{
	const char *from = k->text + strlen(SIGNAL_PREFIX);
	struct slice city = slice_of(from, strcspn(from, "/"));

	if (city.n > 0 && !warn_is_all(city))
		k->city = own(city);
}

/* What the key is about, as its text says it. */
static void name_parts(struct wkey *k)
{
	struct slice text = slice_of(k->text, k->text_n), rest = text;
	struct warn_key parts;

	if (starts(text, SOURCE_PREFIX))
		return;
	if (starts(text, SIGNAL_PREFIX)) {
		name_signal(k);
		return;
	}
	if (warn_key_split(text, &parts)) {
		if (!warn_is_all(parts.city))
			k->city = own(parts.city);
		rest = parts.category;
	}
	if (starts(rest, CLUSTER_PREFIX))
		k->cluster = own(slice_of(
			(const char *)rest.p + strlen(CLUSTER_PREFIX), rest.n - strlen(CLUSTER_PREFIX)));
	else if (rest.p != text.p && !warn_is_all(rest))
		k->category = own(rest);
}

static void nothing_given(struct wkey *k)
{
	for (int i = 0; i < WATCH_INPUTS_MAX; i++)
		k->given[i] = (double)NAN;
}

struct wkey *wkey_need(struct warn *n, struct slice text)
{
	struct wkey *k = wkey_find(n, text);
	uint32_t at;

	if (k != NULL)
		return k;
	if (n->n_keys >= n->n_slots)
		grow(n);
	if (n->n_keys == n->keys_cap) {
		n->keys_cap = n->keys_cap == 0 ? SLOTS_MIN : n->keys_cap * 2;
		n->keys = realloc(n->keys, n->keys_cap * sizeof(struct wkey *));
		must(n->keys != NULL);
	}
	k = calloc(1, sizeof(*k));
	must(k != NULL);
	k->text = own(text);
	k->text_n = text.n;
	k->next_ms = INT64_MAX;
	nothing_given(k);
	name_parts(k);
	at = wkey_place(n, text);
	memmove(&n->keys[at + 1], &n->keys[at], (n->n_keys - at) * sizeof(struct wkey *));
	n->keys[at] = k;
	n->n_keys++;
	enter(n, k);
	return k;
}

static void wkey_free(struct wkey *k)
{
	free((char *)k->city);
	free((char *)k->category);
	free((char *)k->cluster);
	free(k->leaves);
	free(k->row);
	free(k->text);
	free(k);
}

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

void warn_plan(struct warn *n, struct watches *made, uint64_t words)
{
	if (n->watches != NULL) {
		warn_learn_forget(n);
		warn_usual_forget(n);
	}
	watches_free(n->watches);
	n->watches = made;
	n->mark = watches_mark(made);
	n->words = words;
	take_bins(n);
	for (uint32_t i = 0; i < n->n_keys; i++) {
		n->keys[i]->watch = NULL;
		n->keys[i]->n_leaves = 0;
		nothing_given(n->keys[i]);
	}
	for (uint32_t i = 0; i < n->counts.n_streams; i++)
		warn_plan_stream(n, n->counts.list[i]);
}

static bool is_text(struct slice s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* ---- levels by name ------------------------------------------------------------------------------------ */
static const char *const usual[] = {"none", "yellow", "orange", "red", "black"};
#define N_USUAL (sizeof(usual) / sizeof(usual[0]))

const char *warn_level_name(const struct warn *n, uint8_t level)
{
	if (n->watches->n_levels > 1)
		return level_name(n->watches, level);
	return level < N_USUAL ? usual[level] : "none";
}

uint8_t warn_n_levels(const struct warn *n)
{
	return (uint8_t)(n->watches->n_levels > 1 ? n->watches->n_levels : N_USUAL);
}

int warn_level_find(const struct warn *n, struct slice name)
{
	for (uint8_t i = 0; i < warn_n_levels(n); i++)
		if (is_text(name, warn_level_name(n, i)))
			return i;
	return -1;
}
