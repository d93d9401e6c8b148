#include "tocsin/lexicon.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"

#define SLOTS_MIN 256u
#define HEAD_MAX 2 /* bytes of a text's head: LEXICON_TEXT_MAX < 256 */

_Static_assert(LEXICON_TEXT_MAX < 256, "a text's head has two bytes");

struct lexicon *lexicon_new(void)
{
	struct lexicon *l = calloc(1, sizeof(*l));

	must(l != NULL);
	arena_init(&l->arena, 0);
	l->mark = arena_mark(&l->arena);
	l->n_slots = SLOTS_MIN;
	l->slots = calloc(l->n_slots, sizeof(l->slots[0]));
	must(l->slots != NULL);
	return l;
}

void lexicon_free(struct lexicon *l)
{
	if (l == NULL)
		return;
	arena_fini(&l->arena);
	free(l->words);
	free(l->slots);
	free(l);
}

static uint32_t hash(const uint8_t *p, size_t n)
{
	uint64_t h = n, eight = 0;

	for (; n > 8; p += 8, n -= 8) {
		memcpy(&eight, p, 8);
		h = (h ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 32;
	}
	eight = 0;
	memcpy(&eight, p, n);
	h = (h ^ eight) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(h >> 32);
}

static struct slice text_of(const struct lexicon_word *w)
{
	return slice_of(w->packed + w->head_n, w->n);
}

/* Where the text's number stands, or would stand. */
static uint32_t *slot_of(const struct lexicon *l, struct slice text)
{
	uint32_t i = hash(text.p, text.n);

	for (;; i++) {
		uint32_t *slot = &l->slots[i & (l->n_slots - 1)];
		const struct lexicon_word *w = *slot == 0 ? NULL : &l->words[*slot - 1];

		if (w == NULL || (w->n == text.n && memcmp(w->packed + w->head_n, text.p, text.n) == 0))
			return slot;
	}
}

uint32_t lexicon_find(const struct lexicon *l, struct slice text)
{
	return l == NULL || text.n == 0 || text.n > LEXICON_TEXT_MAX ? 0 : *slot_of(l, text);
}

static void grow(struct lexicon *l)
{
	if (l->n == l->cap) {
		l->cap = l->cap == 0 ? SLOTS_MIN / 2 : 2 * l->cap;
		l->words = realloc(l->words, l->cap * sizeof(l->words[0]));
		must(l->words != NULL);
	}
	if (2 * (l->n + 1) <= l->n_slots)
		return;
	free(l->slots);
	l->n_slots *= 2;
	l->slots = calloc(l->n_slots, sizeof(l->slots[0]));
	must(l->slots != NULL);
	for (uint32_t i = 0; i < l->n; i++)
		*slot_of(l, text_of(&l->words[i])) = i + 1;
}

static void add(struct lexicon *l, struct slice text)
{
	uint8_t *p = arena_alloc(&l->arena, HEAD_MAX + text.n + LEXICON_ROOM);
	size_t head_n = text.n < 32 ? 1 : 2;

	p[0] = text.n < 32 ? (uint8_t)(0xa0 | text.n) : 0xd9;
	p[1] = (uint8_t)text.n; /* or the text's first byte */
	memcpy(p + head_n, text.p, text.n);
	p[head_n + text.n] = '\0';
	l->words[l->n++] =
		(struct lexicon_word){.packed = p, .head_n = (uint8_t)head_n, .n = (uint8_t)text.n};
}

uint32_t lexicon_number(struct lexicon *l, struct slice text)
{
	uint32_t number = lexicon_find(l, text);

	if (number != 0 || l == NULL || text.n == 0 || text.n > LEXICON_TEXT_MAX || l->n == LEXICON_MAX)
		return number;
	grow(l);
	add(l, text);
	*slot_of(l, text) = l->n;
	return l->n;
}

uint32_t lexicon_count(const struct lexicon *l)
{
	return l->n;
}

uint32_t lexicon_kept(const struct lexicon *l)
{
	return l->n_kept;
}

void lexicon_keep(struct lexicon *l)
{
	if (l->n_kept == l->n)
		return;
	l->n_kept = l->n;
	l->mark = arena_mark(&l->arena);
}

/* The last given goes first: then no search passes over its slot. */
void lexicon_drop(struct lexicon *l)
{
	if (l->n_kept == l->n)
		return;
	for (; l->n > l->n_kept; l->n--)
		*slot_of(l, text_of(&l->words[l->n - 1])) = 0;
	arena_rewind(&l->arena, l->mark);
}
