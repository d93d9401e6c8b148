/* What the words about texts share: folding of ASCII case, where a word stands alone, and word lists. */
#pragma once

#include "host_int.h"

#define SUBJECT_MAX ((size_t)32 * 1024) /* bytes of a text that are looked at */
#define WORD_MAX 256

static inline unsigned char fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static inline bool is_edge(unsigned char c)
{
	return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
}

static inline void fold_into(char *to, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)fold((unsigned char)text[i]);
}

/* "5G" is not in "15GB": a letter or digit at the word's end does not count beside another one. */
static inline bool stands_alone(const char *text, size_t n, size_t at, size_t word_n)
{
	unsigned char first = (unsigned char)text[at], last = (unsigned char)text[at + word_n - 1];

	if (is_edge(first) && at > 0 && is_edge((unsigned char)text[at - 1]))
		return false;
	return !(is_edge(last) && at + word_n < n && is_edge((unsigned char)text[at + word_n]));
}

struct words;

/*
 * The index (from 1) of the first word in list order that the text holds, 0 for none. One pass over at most
 * SUBJECT_MAX bytes.
 */
uint32_t words_find(const struct words *, const char *text, size_t n);
/* The list behind a function that host.words made, at this index of the stack; NULL if it is none. It lives
 * as long as that function. */
const struct words *words_at(lua_State *, int index);
/* host.words(list) → find */
int l_words(lua_State *);
/* The text at `arg`, clipped to SUBJECT_MAX, and charged. Raises. */
const char *subject(lua_State *, int arg, size_t *n);
