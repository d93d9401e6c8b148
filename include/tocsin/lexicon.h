/*
 * Texts by number. Names of the pack (queues, stages, categories, clocks, rules) stand in a lexicon once, and
 * rows say their numbers. A number is never given twice and never taken back once it is kept, so whoever has
 * the list in order has what every row means; who keeps it is the owner's matter (desk/rows/words.c). Engine
 * thread only.
 */
#pragma once

#include "tocsin/buf.h"

#define LEXICON_MAX 65535    /* texts; later ones have no number */
#define LEXICON_TEXT_MAX 200 /* bytes of one; longer ones have no number */

struct lexicon_word {
	const uint8_t *packed; /* at least LEXICON_ROOM bytes may be read */
	uint8_t head_n, n;     /* bytes */
};
#define LEXICON_ROOM 32

struct lexicon {
	struct arena arena;
	struct arena_mark mark; /* of what is kept */
	struct lexicon_word *words;
	uint32_t n, cap, n_kept;
	uint32_t *slots, n_slots; /* numbers by hash, 0 free; at most half full */
};

struct lexicon *lexicon_new(void);
void lexicon_free(struct lexicon *); /* NULL is fine */

/*
 * The number of a text, from 1; given now if it has none. 0: it has none (empty, too long, the lexicon is
 * full or NULL) and is to be written out; that stays so for ever.
 */
uint32_t lexicon_number(struct lexicon *, struct slice text);
/* The same without giving one. */
uint32_t lexicon_find(const struct lexicon *, struct slice text);
/* The text, with a NUL behind it; p is NULL for a number that was not given. Good as long as the lexicon. */
static inline struct slice lexicon_text(const struct lexicon *l, uint32_t number)
{
	const struct lexicon_word *w;

	if (l == NULL || number == 0 || number > l->n)
		return slice_of(NULL, 0);
	w = &l->words[number - 1];
	return slice_of(w->packed + w->head_n, w->n);
}
/* The text with its head of MessagePack; LEXICON_ROOM bytes may be read there. */
static inline struct slice lexicon_packed(const struct lexicon *l, uint32_t number)
{
	struct slice text = lexicon_text(l, number);
	size_t head_n = text.p == NULL ? 0 : l->words[number - 1].head_n;

	return slice_of(text.p == NULL ? NULL : (const uint8_t *)text.p - head_n, head_n + text.n);
}

uint32_t lexicon_count(const struct lexicon *); /* the last number given */
uint32_t lexicon_kept(const struct lexicon *);  /* the last one that is kept */
/* All numbers given so far stay. */
void lexicon_keep(struct lexicon *);
/* Numbers given since the last lexicon_keep were not: nobody may have written them down. */
void lexicon_drop(struct lexicon *);
