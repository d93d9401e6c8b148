/* Keys by text: a table to find them, and a sorted list, the order in which everything happens. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/util.h"
#include "warn_int.h"

#define SLOTS_MIN 1024

struct slice wkey_text(const struct wkey *k)
{
	return slice_of(k->text, k->text_n);
}

static struct wkey **slot_of(const struct warn *n, struct slice text)
{
	return &n->slots[slice_hash(text) & (n->n_slots - 1)];
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
	struct wkey **slot = slot_of(n, wkey_text(k));

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

/* Index of the first of the first n_keys keys whose text is not below this one. */
static uint32_t wkey_place_among(const struct warn *n, struct slice text, uint32_t n_keys)
{
	uint32_t low = 0, high = n_keys;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (slice_cmp(wkey_text(n->keys[middle]), text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

uint32_t wkey_place(const struct warn *n, struct slice text)
{
	return wkey_place_among(n, text, n->n_keys);
}

/* Room for so many more, and the table of them not too full. */
static void make_room(struct warn *n, uint32_t n_more)
{
	while (n->n_keys + n_more > n->n_slots)
		grow(n);
	if (n->n_keys + n_more <= n->keys_cap)
		return;
	n->keys_cap = n->n_keys + n_more + SLOTS_MIN;
	n->keys = realloc(n->keys, n->keys_cap * sizeof(struct wkey *));
	must(n->keys != NULL);
}

void wkeys_add(struct warn *n, struct wkey **list, uint32_t n_list)
{
	uint32_t from = n->n_keys;

	make_room(n, n_list);
	for (uint32_t i = n_list; i-- > 0;) { /* from the end, so that each is moved once */
		struct slice text = wkey_text(list[i]);
		uint32_t at = wkey_place_among(n, text, from);

		memmove(&n->keys[at + i + 1], &n->keys[at], (from - at) * sizeof(struct wkey *));
		n->keys[at + i] = list[i];
		from = at;
	}
	n->n_keys += n_list;
	for (uint32_t i = 0; i < n_list; i++)
		enter(n, list[i]);
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
	struct slice text = wkey_text(k), rest = text;
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

void wkey_nothing_given(struct wkey *k)
{
	for (int i = 0; i < WATCH_INPUTS_MAX; i++)
		k->given[i] = (double)NAN;
}

struct wkey *wkey_new(struct slice text)
{
	struct wkey *k = calloc(1, sizeof(*k));

	must(k != NULL);
	k->text = own(text);
	k->text_n = text.n;
	k->next_ms = INT64_MAX;
	wkey_nothing_given(k);
	name_parts(k);
	return k;
}

struct wkey *wkey_need(struct warn *n, struct slice text)
{
	struct wkey *k = wkey_find(n, text);

	if (k == NULL) {
		k = wkey_new(text);
		wkeys_add(n, &k, 1);
	}
	return k;
}

void wkey_free(struct wkey *k)
{
	free((char *)k->city);
	free((char *)k->category);
	free((char *)k->cluster);
	free(k->leaves);
	free(k->row);
	free(k->text);
	free(k);
}
