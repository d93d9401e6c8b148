/* The words about texts: linear, bounded, charged. ASCII letters compare without case; everything else byte
 * by byte. */
#include <stdlib.h>
#include <string.h>

#include "text_int.h"

#define WORDS_MAX 20000

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

/* ---- spelling ------------------------------------------------------------------------------------------ */
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

void text_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"has_word", l_has_word}, {"starts_with", l_starts_with},
		{"lower", l_lower}, {"clip", l_clip}, {"split", l_split}, {"utf8_valid", l_utf8_valid},
		{"sha", l_sha}, {"distance", l_distance}, {"nearest", l_nearest}, {"words", l_words},
		{NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
}
