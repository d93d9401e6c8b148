/* `host`: what the words in lua/lib get from C (rules.h lists it). Everything is linear in its arguments and
 * bounded. */
#include <ctype.h>
#include <lauxlib.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "rules/rules_int.h"

#define SUBJECT_MAX (32 * 1024)
#define WORDS_MAX 4096

static const struct pack_file *file_find(const struct generation *g, const char *name)
{
	for (uint32_t i = 0; g->files != NULL && i < g->files->n_files; i++)
		if (strcmp(g->files->files[i].name, name) == 0)
			return &g->files->files[i];
	return NULL;
}

/* ---- files
 * ----------------------------------------------------------------------------------------------------------
 */
static int l_lib(lua_State *L)
{
	const char *name = luaL_checkstring(L, 1);
	const struct pack_file *f;
	char path[200];

	lua_settop(L, 1);
	lua_pushvalue(L, 1);
	lua_rawget(L, lua_upvalueindex(1));
	if (!lua_isnil(L, -1))
		return 1;
	snprintf(path, sizeof(path), "lib/%s.lua", name);
	f = file_find(generation_of(L), path);
	if (f == NULL)
		return luaL_error(L, "host.lib: %s is not there", path);
	snprintf(path, sizeof(path), "@lib/%s.lua", name);
	if (luaL_loadbufferx(L, f->bytes.p, f->bytes.n, path, "t") != LUA_OK)
		return lua_error(L);
	lua_pushvalue(L, lua_upvalueindex(2));
	lua_call(L, 1, 1);
	lua_pushvalue(L, 1);
	lua_pushvalue(L, -2);
	lua_rawset(L, lua_upvalueindex(1));
	return 1;
}

static int l_file(lua_State *L)
{
	const struct pack_file *f = file_find(generation_of(L), luaL_checkstring(L, 1));

	if (f == NULL)
		return 0;
	lua_pushlstring(L, f->bytes.p, f->bytes.n);
	return 1;
}

/* One field of a CSV line (RFC 4180); *p moves behind it and its comma. */
static void csv_field(lua_State *L, const char **p, const char *end)
{
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	if (*p < end && **p == '"') {
		for ((*p)++; *p < end; (*p)++) {
			if (**p != '"') {
				luaL_addchar(&b, **p);
			} else if (*p + 1 < end && (*p)[1] == '"') {
				luaL_addchar(&b, '"');
				(*p)++;
			} else {
				(*p)++;
				break;
			}
		}
	}
	while (*p < end && **p != ',' && **p != '\n') {
		if (**p != '\r')
			luaL_addchar(&b, **p);
		(*p)++;
	}
	luaL_pushresult(&b);
}

static int l_csv(lua_State *L)
{
	struct generation *g = generation_of(L);
	const char *name = luaL_checkstring(L, 1), *p, *end;
	const struct pack_file *f = file_find(g, name);
	struct slice text;
	lua_Integer row = 0;

	if (f == NULL)
		return luaL_error(L, "%s is not a file of the pack", name);
	if (!text_to_utf8(&g->arena, f->bytes, &text))
		return luaL_error(L, "%s is neither UTF-8 nor GBK", name);
	lua_newtable(L);
	p = text.p;
	end = p + text.n;
	while (p < end) {
		lua_Integer column = 0;

		if (*p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n')) {
			p += *p == '\n' ? 1 : 2;
			continue;
		}
		lua_newtable(L);
		for (;;) {
			csv_field(L, &p, end);
			lua_rawseti(L, -2, ++column);
			if (p >= end || *p == '\n')
				break;
			p++;
		}
		p++;
		lua_rawseti(L, -2, ++row);
	}
	return 1;
}

/* ---- text
 * -----------------------------------------------------------------------------------------------------------
 */
static int l_lower(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	luaL_Buffer b;
	char *to = luaL_buffinitsize(L, &b, n);

	for (size_t i = 0; i < n; i++)
		to[i] = s[i] >= 'A' && s[i] <= 'Z' ? (char)(s[i] + 32) : s[i];
	luaL_pushresultsize(&b, n);
	return 1;
}

static bool is_word_byte(unsigned char c)
{
	return c < 128 && isalnum(c) != 0;
}

/* A word that begins or ends with an ASCII letter or digit does not count inside a longer one; Chinese has no
 * such edges. */
static bool has_word(const char *text, size_t n, const char *word, size_t word_n)
{
	const char *at = text, *end = text + n;

	if (word_n == 0 || word_n > n)
		return false;
	for (; (size_t)(end - at) >= word_n; at++) {
		if (strncasecmp(at, word, word_n) != 0)
			continue;
		if (is_word_byte((unsigned char)word[0]) && at > text && is_word_byte((unsigned char)at[-1]))
			continue;
		if (is_word_byte((unsigned char)word[word_n - 1]) && at + word_n < end &&
			is_word_byte((unsigned char)at[word_n]))
			continue;
		return true;
	}
	return false;
}

static const char *subject(lua_State *L, int arg, size_t *n)
{
	const char *s = luaL_checklstring(L, arg, n);

	if (*n > SUBJECT_MAX)
		*n = SUBJECT_MAX;
	return s;
}

static int l_has_word(lua_State *L)
{
	size_t n, word_n;
	const char *text = subject(L, 1, &n), *word = luaL_checklstring(L, 2, &word_n);

	lua_pushboolean(L, has_word(text, n, word, word_n));
	return 1;
}

/* Upvalue 1: the list. The first entry in list order that the text holds. */
static int l_words_find(lua_State *L)
{
	size_t n, word_n;
	const char *text = subject(L, 1, &n);
	lua_Integer count = (lua_Integer)lua_rawlen(L, lua_upvalueindex(1));

	for (lua_Integer i = 1; i <= count; i++) {
		const char *word;
		bool found;

		lua_rawgeti(L, lua_upvalueindex(1), i);
		word = lua_tolstring(L, -1, &word_n);
		found = word != NULL && has_word(text, n, word, word_n);
		lua_pop(L, 1);
		if (found) {
			lua_pushinteger(L, i);
			return 1;
		}
	}
	return 0;
}

static int l_words(lua_State *L)
{
	luaL_checktype(L, 1, LUA_TTABLE);
	if (lua_rawlen(L, 1) > WORDS_MAX)
		return luaL_error(L, "a word list has at most %d words", WORDS_MAX);
	lua_settop(L, 1);
	lua_pushcclosure(L, l_words_find, 1);
	return 1;
}

static int l_starts_with(lua_State *L)
{
	size_t n, prefix_n;
	const char *s = luaL_checklstring(L, 1, &n), *prefix = luaL_checklstring(L, 2, &prefix_n);

	lua_pushboolean(L, prefix_n <= n && memcmp(s, prefix, prefix_n) == 0);
	return 1;
}

static int l_clip(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	lua_Integer max = luaL_checkinteger(L, 2);

	lua_pushlstring(L, s, max >= (lua_Integer)n ? n : utf8_clip(s, max < 0 ? 0 : (size_t)max));
	return 1;
}

static int l_split(lua_State *L)
{
	size_t n, sep_n;
	const char *s = subject(L, 1, &n), *sep = luaL_checklstring(L, 2, &sep_n), *end = s + n;
	lua_Integer i = 0;

	luaL_argcheck(L, sep_n == 1, 2, "one character");
	lua_newtable(L);
	for (;;) {
		const char *at = memchr(s, sep[0], (size_t)(end - s));

		lua_pushlstring(L, s, (size_t)((at == NULL ? end : at) - s));
		lua_rawseti(L, -2, ++i);
		if (at == NULL)
			return 1;
		s = at + 1;
	}
}

static int l_utf8_valid(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);

	lua_pushboolean(L, utf8_valid(s, n));
	return 1;
}

static int l_sha(lua_State *L)
{
	size_t n;
	const char *s = luaL_checklstring(L, 1, &n);
	uint8_t digest[SHA256_LEN];
	char text[2 * SHA256_LEN + 1];

	sha256(s, n, digest);
	lua_pushstring(L, hex(digest, SHA256_LEN, text));
	return 1;
}

/* nearest(word, list): what was probably meant, or nil. */
static int l_nearest(lua_State *L)
{
	const char *word = luaL_checkstring(L, 1), *best, **names;
	lua_Integer count;

	luaL_checktype(L, 2, LUA_TTABLE);
	count = (lua_Integer)lua_rawlen(L, 2);
	if (count > WORDS_MAX)
		count = WORDS_MAX;
	names = lua_newuserdatauv(L, ((size_t)count + 1) * sizeof(*names), 0);
	for (lua_Integer i = 1; i <= count; i++) {
		lua_rawgeti(L, 2, i);
		names[i - 1] = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
		lua_pop(L, 1); /* still held by the list */
	}
	best = nearest_word(word, names, (size_t)count);
	if (best == NULL)
		return 0;
	lua_pushstring(L, best);
	return 1;
}

/* ---- order, place, time
 * ----------------------------------------------------------------------------------------------- */
/* Upvalues: table, array of its keys in order, position. */
static int l_next_sorted(lua_State *L)
{
	lua_Integer i = lua_tointeger(L, lua_upvalueindex(3)) + 1;

	lua_pushinteger(L, i);
	lua_replace(L, lua_upvalueindex(3));
	lua_rawgeti(L, lua_upvalueindex(2), i);
	if (lua_isnil(L, -1))
		return 1;
	lua_pushvalue(L, -1);
	lua_rawget(L, lua_upvalueindex(1));
	return 2;
}

/* Numbers before texts, each in order; anything else has no order and raises. */
static bool key_less(lua_State *L, int a, int b)
{
	int ta = lua_type(L, a), tb = lua_type(L, b);

	if (ta != tb)
		return ta == LUA_TNUMBER;
	return lua_compare(L, a, b, LUA_OPLT) != 0;
}

/* Merge sort of keys[from, to) through scratch, both Lua arrays at these stack indexes. */
static void sort_keys(lua_State *L, int keys, int scratch, lua_Integer from, lua_Integer to)
{
	lua_Integer mid = from + (to - from) / 2, i = from, j = mid, out = from;

	if (to - from < 2)
		return;
	sort_keys(L, keys, scratch, from, mid);
	sort_keys(L, keys, scratch, mid, to);
	while (i < mid || j < to) {
		bool left;

		lua_rawgeti(L, keys, i < mid ? i : j);
		lua_rawgeti(L, keys, j < to ? j : i);
		left = j >= to || (i < mid && !key_less(L, -1, -2));
		if (i >= mid)
			left = false;
		lua_pop(L, 2);
		lua_rawgeti(L, keys, left ? i++ : j++);
		lua_rawseti(L, scratch, out++);
	}
	for (out = from; out < to; out++) {
		lua_rawgeti(L, scratch, out);
		lua_rawseti(L, keys, out);
	}
}

static int l_sorted_pairs(lua_State *L)
{
	lua_Integer n = 0;

	luaL_checktype(L, 1, LUA_TTABLE);
	luaL_checkstack(L, 40, "sorted_pairs");
	lua_settop(L, 1);
	lua_newtable(L);
	for (lua_pushnil(L); lua_next(L, 1) != 0; lua_pop(L, 1)) {
		if (lua_type(L, -2) != LUA_TSTRING && lua_type(L, -2) != LUA_TNUMBER)
			return luaL_error(
				L, "pairs: a key is a %s, which has no order", luaL_typename(L, -2));
		lua_pushvalue(L, -2);
		lua_rawseti(L, 2, ++n);
	}
	lua_newtable(L);
	sort_keys(L, 2, 3, 1, n + 1);
	lua_pop(L, 1);
	lua_pushinteger(L, 0);
	lua_pushcclosure(L, l_next_sorted, 3);
	return 1;
}

static int l_where(lua_State *L)
{
	lua_Debug ar;

	if (lua_getstack(L, (int)luaL_optinteger(L, 1, 1), &ar) == 0 || lua_getinfo(L, "Sl", &ar) == 0 ||
		ar.currentline <= 0)
		lua_pushliteral(L, "");
	else
		lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
	return 1;
}

static void set_int(lua_State *L, const char *name, int v)
{
	lua_pushinteger(L, v);
	lua_setfield(L, -2, name);
}

static int l_civil(lua_State *L)
{
	lua_Integer ms = luaL_checkinteger(L, 1);
	time_t s = (time_t)(ms / 1000);
	char date[40];
	struct tm tm;

	localtime_r(&s, &tm);
	snprintf(date, sizeof(date), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
	lua_createtable(L, 0, 8);
	set_int(L, "year", tm.tm_year + 1900);
	set_int(L, "month", tm.tm_mon + 1);
	set_int(L, "day", tm.tm_mday);
	set_int(L, "hour", tm.tm_hour);
	set_int(L, "minute", tm.tm_min);
	set_int(L, "weekday", tm.tm_wday == 0 ? 7 : tm.tm_wday);
	set_int(L, "minute_of_day", tm.tm_hour * 60 + tm.tm_min);
	lua_pushstring(L, date);
	lua_setfield(L, -2, "date");
	return 1;
}

void host_push(lua_State *L)
{
	static const luaL_Reg functions[] = {{"file", l_file}, {"csv", l_csv}, {"lower", l_lower},
		{"has_word", l_has_word}, {"words", l_words}, {"starts_with", l_starts_with},
		{"clip", l_clip}, {"split", l_split}, {"utf8_valid", l_utf8_valid}, {"sha", l_sha},
		{"nearest", l_nearest}, {"sorted_pairs", l_sorted_pairs}, {"where", l_where},
		{"civil", l_civil}, {NULL, NULL}};
	const struct generation *g = generation_of(L);
	lua_Integer n = 0;

	luaL_newlib(L, functions);
	lua_newtable(L);
	lua_pushvalue(L, -2);
	lua_pushcclosure(L, l_lib, 2);
	lua_setfield(L, -2, "lib");
	lua_newtable(L);
	/* a pack's base comes first, so that the pack's own files can replace and add */
	for (int own = 0; own < 2; own++)
		for (uint32_t i = 0; i < g->files->n_files; i++) {
			const char *name = g->files->files[i].name;

			if (strncmp(name, "lib/", 4) == 0 ||
				(pack_file_is_base(g->files, name) ? 0 : 1) != own)
				continue;
			lua_pushstring(L, name);
			lua_rawseti(L, -2, ++n);
		}
	lua_setfield(L, -2, "files");
}
