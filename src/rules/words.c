/*
 * Word lists. A list is searched in one pass over the text, however long the list: words are chained by the
 * hash of their first character (of the first two, if ASCII), and where a character of the text begins only
 * that chain is compared. A small bit set in front says of nearly all characters that no word begins with
 * them.
 */
#include <string.h>

#include "text_int.h"

#define WORDS_MAX 20000
#define BEGINS_LOG 11
#define BEGINS (1u << BEGINS_LOG)

struct word {
	uint32_t at, n; /* in bytes */
	uint32_t next;  /* index + 1 of the next in the chain, in list order */
};

struct words {
	uint32_t n_words;
	uint64_t begins[BEGINS / 64]; /* by hash of the first character, of its first byte alone if ASCII */
	int shift;                    /* 32 - log2 of the number of slots */
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

static uint32_t begin_of(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	uint32_t key = fold(p[0]);

	if (p[0] >= 0xe0 && n > 2)
		key = key << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	return (key * 2654435761u) >> (32 - BEGINS_LOG);
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

/* Bytes of the character that begins with c; texts are valid UTF-8. */
static size_t utf8_step(char first)
{
	unsigned char c = (unsigned char)first;

	return c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
}

uint32_t words_find(const struct words *w, const char *text, size_t n)
{
	const uint32_t *slots = slots_of(w);
	uint32_t best = w->n_words + 1, begin;

	if (n > SUBJECT_MAX)
		n = utf8_clip(text, SUBJECT_MAX);
	for (size_t at = 0; at < n && best > 1; at += utf8_step(text[at])) {
		unsigned char c = (unsigned char)text[at];

		begin = begin_of(text + at, n - at);
		if ((w->begins[begin / 64] >> begin % 64 & 1) == 0)
			continue;
		best = chain_find(w, slots[slot_of(w, text + at, n - at)], text, n, at, best);
		if (c < 0x80 && at + 1 < n)
			best = chain_find(w, slots[slot_of(w, text + at, 1)], text, n, at, best);
	}
	return best > w->n_words ? 0 : best;
}

/* Upvalue: struct words. find(text): the index of the first word in list order that the text holds, or nil.
 */
static int l_find(lua_State *L)
{
	size_t n;
	const char *text = subject(L, 1, &n);
	uint32_t found = words_find(lua_touserdata(L, lua_upvalueindex(1)), text, n);

	if (found == 0)
		return 0;
	lua_pushinteger(L, found);
	return 1;
}

const struct words *words_at(lua_State *L, int index)
{
	const struct words *w;

	if (lua_tocfunction(L, index) != l_find || lua_getupvalue(L, index, 1) == NULL)
		return NULL;
	w = lua_touserdata(L, -1);
	lua_pop(L, 1);
	return w;
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

const char *subject(lua_State *L, int arg, size_t *n)
{
	const char *text = luaL_checklstring(L, arg, n);

	if (*n > SUBJECT_MAX)
		*n = utf8_clip(text, SUBJECT_MAX);
	vm_charge(L, *n / 64);
	return text;
}

int l_words(lua_State *L)
{
	struct words *w;
	size_t total, slots_n, at = 0;
	uint32_t begin;
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
		begin = begin_of(bytes_of(w) + one->at, one->n);
		w->begins[begin / 64] |= UINT64_C(1) << begin % 64;
	}
	lua_pushcclosure(L, l_find, 1);
	return 1;
}
