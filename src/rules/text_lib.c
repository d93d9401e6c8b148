/* The words about texts: linear, bounded, charged. ASCII letters compare without case; everything else byte
 * by byte. */
#include <stdlib.h>
#include <string.h>

#include "host_int.h"

#define SUBJECT_MAX ((size_t)32 * 1024)
#define WORD_MAX 256
#define WORDS_MAX 20000

static const char *subject(lua_State *L, int arg, size_t *n)
{
	const char *text = luaL_checklstring(L, arg, n);

	if (*n > SUBJECT_MAX)
		*n = utf8_clip(text, SUBJECT_MAX);
	vm_charge(L, *n / 64);
	return text;
}

static unsigned char fold(unsigned char c)
{
	return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

static bool is_edge(unsigned char c)
{
	return (c >= '0' && c <= '9') || (fold(c) >= 'a' && fold(c) <= 'z');
}

static void fold_into(char *to, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (char)fold((unsigned char)text[i]);
}

/* "5G" is not in "15GB": a letter or digit at the word's end does not count beside another one. */
static bool stands_alone(const char *text, size_t n, size_t at, size_t word_n)
{
	unsigned char first = (unsigned char)text[at], last = (unsigned char)text[at + word_n - 1];

	if (is_edge(first) && at > 0 && is_edge((unsigned char)text[at - 1]))
		return false;
	return !(is_edge(last) && at + word_n < n && is_edge((unsigned char)text[at + word_n]));
}

/* Both folded. memmem is linear (two-way, Crochemore & Perrin, J. ACM 38, 1991). */
static bool holds(const char *text, size_t n, const char *word, size_t word_n)
{
	const char *hit;

	for (size_t at = 0; word_n > 0 && at + word_n <= n; at++) {
		hit = memmem(text + at, n - at, word, word_n);
		if (hit == NULL)
			return false;
		at = (size_t)(hit - text);
		if (stands_alone(text, n, at, word_n))
			return true;
	}
	return false;
}

static int l_has_word(lua_State *L)
{
	size_t n, word_n;
	const char *text = subject(L, 1, &n), *word = luaL_checklstring(L, 2, &word_n);
	char *folded;

	if (word_n > WORD_MAX)
		return luaL_error(L, "has_word: a word of more than %d bytes", WORD_MAX);
	folded = lua_newuserdatauv(L, n + word_n + 1, 0);
	fold_into(folded, text, n);
	fold_into(folded + n, word, word_n);
	lua_pushboolean(L, holds(folded, n, folded + n, word_n));
	return 1;
}

static int l_starts_with(lua_State *L)
{
	size_t n, prefix_n;
	const char *text = luaL_checklstring(L, 1, &n), *prefix = luaL_checklstring(L, 2, &prefix_n);

	lua_pushboolean(L, prefix_n <= n && memcmp(text, prefix, prefix_n) == 0);
	return 1;
}

static int l_lower(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	char *to = lua_newuserdatauv(L, n + 1, 0);

	vm_charge(L, n / 64);
	fold_into(to, text, n);
	lua_pushlstring(L, to, n);
	return 1;
}

static int l_clip(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	lua_Integer max = luaL_checkinteger(L, 2);

	luaL_argcheck(L, max >= 0, 2, "a number of bytes");
	if ((size_t)max < n)
		n = utf8_clip(text, (size_t)max);
	lua_pushlstring(L, text, n);
	return 1;
}

static int l_split(lua_State *L)
{
	size_t n, sep_n;
	const char *text = subject(L, 1, &n), *sep = luaL_checklstring(L, 2, &sep_n), *end = text + n, *hit;
	lua_Integer i = 0;

	luaL_argcheck(L, sep_n > 0, 2, "not empty");
	lua_newtable(L);
	while ((hit = memmem(text, (size_t)(end - text), sep, sep_n)) != NULL) {
		lua_pushlstring(L, text, (size_t)(hit - text));
		lua_rawseti(L, -2, ++i);
		text = hit + sep_n;
		vm_charge(L, 1);
	}
	lua_pushlstring(L, text, (size_t)(end - text));
	lua_rawseti(L, -2, i + 1);
	return 1;
}

static int l_utf8_valid(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);

	lua_pushboolean(L, utf8_valid(text, n));
	return 1;
}

static int l_sha(lua_State *L)
{
	size_t n;
	const char *text = luaL_checklstring(L, 1, &n);
	uint8_t sha[SHA256_LEN];
	char out[2 * SHA256_LEN + 1];

	vm_charge(L, n / 16);
	sha256(text, n, sha);
	lua_pushstring(L, hex(sha, sizeof(sha), out));
	return 1;
}

/* ---- spelling ----------------------------------------------------------------------------------------- */
static int l_distance(lua_State *L)
{
	vm_charge(L, 64);
	lua_pushinteger(L, (lua_Integer)edit_distance(luaL_checkstring(L, 1), luaL_checkstring(L, 2)));
	return 1;
}

/* nearest(word, list): compared without case. */
static int l_nearest(lua_State *L)
{
	char word[64], *bytes;
	const char **names, *best;
	size_t total = 0, n;
	lua_Integer count;

	luaL_checktype(L, 2, LUA_TTABLE);
	fold_into(word, luaL_checkstring(L, 1), strnlen(luaL_checkstring(L, 1), sizeof(word) - 1) + 1);
	word[sizeof(word) - 1] = '\0';
	count = (lua_Integer)lua_rawlen(L, 2);
	count = count > WORDS_MAX ? WORDS_MAX : count;
	vm_charge(L, (size_t)count * 16);
	names = lua_newuserdatauv(L, ((size_t)count + 1) * (sizeof(*names) + sizeof(word)), 0);
	bytes = (char *)&names[count + 1];
	for (lua_Integer i = 0; i < count; i++, total += sizeof(word)) {
		names[i] = bytes + total;
		bytes[total] = '\0';
		if (lua_rawgeti(L, 2, i + 1) == LUA_TSTRING) {
			const char *text = lua_tolstring(L, -1, &n);

			if (n < sizeof(word))
				fold_into(bytes + total, text, n + 1);
		}
		lua_pop(L, 1);
	}
	best = nearest_word(word, names, (size_t)count);
	if (best == NULL)
		return 0;
	lua_rawgeti(L, 2, (lua_Integer)((size_t)(best - bytes) / sizeof(word)) + 1);
	return 1;
}

/* ---- word lists --------------------------------------------------------------------------------------- */
/*
 * A list is searched in one pass over the text, however long the list: words are chained by the hash of their
 * first character (of the first two, if ASCII), and where a character of the text begins only that chain is
 * compared.
 */
struct word {
	uint32_t at, n; /* in bytes */
	uint32_t next;  /* index + 1 of the next in the chain, in list order */
};

struct words {
	uint32_t n_words;
	int shift; /* 32 - log2 of the number of slots */
	struct word word[];
	/* then the slots, then the folded bytes */
};

static uint32_t *slots_of(const struct words *w)
{
	return (uint32_t *)&w->word[w->n_words];
}

static char *bytes_of(const struct words *w)
{
	return (char *)(slots_of(w) + (1u << (32 - w->shift)));
}

static uint32_t slot_of(const struct words *w, const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t key = fold(p[0]);

	if (n > 1)
		key |= (uint32_t)fold(p[1]) << 8;
	if (n > 2 && p[0] >= 0xe0)
		key |= (uint32_t)p[2] << 16;
	return (key * 2654435761u) >> w->shift;
}

static bool begins_with(const char *text, const char *word, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fold((unsigned char)text[i]) != (unsigned char)word[i])
			return false;
	return true;
}

/* The least index (from 1) in a chain whose word stands at text[at], below `best`. */
static uint32_t chain_find(
	const struct words *w, uint32_t i, const char *text, size_t n, size_t at, uint32_t best)
{
	const char *bytes = bytes_of(w);

	for (; i != 0 && i < best; i = w->word[i - 1].next) {
		const struct word *one = &w->word[i - 1];

		if (one->n <= n - at && begins_with(text + at, bytes + one->at, one->n) &&
			stands_alone(text, n, at, one->n))
			return i;
	}
	return best;
}

/* Upvalue: struct words. find(text): the index of the first word in list order that the text holds, or nil.
 */
static int l_find(lua_State *L)
{
	const struct words *w = lua_touserdata(L, lua_upvalueindex(1));
	const uint32_t *slots = slots_of(w);
	uint32_t best = w->n_words + 1;
	size_t n;
	const char *text = subject(L, 1, &n);

	for (size_t at = 0; at < n && best > 1; at++) {
		unsigned char c = (unsigned char)text[at];

		if ((c & 0xc0) == 0x80)
			continue; /* inside a character no word begins */
		best = chain_find(w, slots[slot_of(w, text + at, n - at)], text, n, at, best);
		if (c < 0x80 && at + 1 < n)
			best = chain_find(w, slots[slot_of(w, text + at, 1)], text, n, at, best);
	}
	if (best > w->n_words)
		return 0;
	lua_pushinteger(L, best);
	return 1;
}

/* Sum of the bytes of a list of texts at index 1. */
static size_t list_bytes(lua_State *L, lua_Integer count)
{
	size_t total = 0, n;

	for (lua_Integer i = 1; i <= count; i++) {
		if (lua_rawgeti(L, 1, i) != LUA_TSTRING)
			luaL_error(L, "words: entry %I is a %s, not a text", i, luaL_typename(L, -1));
		lua_tolstring(L, -1, &n);
		if (!utf8_valid(lua_tostring(L, -1), n))
			luaL_error(L, "words: entry %I is not UTF-8", i);
		if (n == 0 || n > WORD_MAX)
			luaL_error(L, "words: entry %I has %I bytes, expected 1 to %d", i, (lua_Integer)n,
				WORD_MAX);
		total += n;
		lua_pop(L, 1);
	}
	return total;
}

static int l_words(lua_State *L)
{
	struct words *w;
	size_t total, slots_n, at = 0;
	int shift = 26; /* 64 slots */
	lua_Integer count;

	luaL_checktype(L, 1, LUA_TTABLE);
	count = (lua_Integer)lua_rawlen(L, 1);
	if (count > WORDS_MAX)
		return luaL_error(L, "words: %I entries, at most %d", count, WORDS_MAX);
	total = list_bytes(L, count);
	while (shift > 18 && (1u << (32 - shift)) < 2 * (uint32_t)count)
		shift--;
	slots_n = sizeof(uint32_t) << (32 - shift);
	w = lua_newuserdatauv(L, sizeof(*w) + (size_t)count * sizeof(w->word[0]) + slots_n + total, 0);
	memset(w, 0, sizeof(*w) + (size_t)count * sizeof(w->word[0]) + slots_n);
	w->n_words = (uint32_t)count;
	w->shift = shift;
	for (lua_Integer i = 1; i <= count; i++) {
		const char *text;
		size_t n;

		lua_rawgeti(L, 1, i);
		text = lua_tolstring(L, -1, &n);
		fold_into(bytes_of(w) + at, text, n);
		w->word[i - 1] = (struct word){(uint32_t)at, (uint32_t)n, 0};
		at += n;
		lua_pop(L, 1);
	}
	for (uint32_t i = w->n_words; i > 0; i--) { /* backwards, so that every chain is in list order */
		struct word *one = &w->word[i - 1];
		uint32_t *head = &slots_of(w)[slot_of(w, bytes_of(w) + one->at, one->n)];

		one->next = *head;
		*head = i;
	}
	lua_pushcclosure(L, l_find, 1);
	return 1;
}

void text_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"has_word", l_has_word}, {"starts_with", l_starts_with},
		{"lower", l_lower}, {"clip", l_clip}, {"split", l_split}, {"utf8_valid", l_utf8_valid},
		{"sha", l_sha}, {"distance", l_distance}, {"nearest", l_nearest}, {"words", l_words},
		{NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
}
