/* Tables that analysts save from a spreadsheet: RFC 4180, in UTF-8, GBK or UTF-16. */
#include <iconv.h>
#include <string.h>

#include "host_int.h"
#include "lex.h"

static bool convert(struct arena *a, const char *encoding, struct slice in, struct slice *out)
{
	size_t room = in.n * 2 + 4, left = in.n, cap = room;
	iconv_t cd = iconv_open("UTF-8", encoding);
	char *made = arena_alloc(a, room), *to = made, *from = (char *)in.p; /* iconv only reads it */
	bool is_fine;

	if (cd == (iconv_t)-1)
		return false;
	is_fine = iconv(cd, &from, &left, &to, &room) != (size_t)-1 && left == 0;
	iconv_close(cd);
	*out = slice_of(made, cap - room);
	return is_fine && utf8_valid(made, out->n);
}

bool text_to_utf8(struct arena *a, struct slice in, struct slice *out)
{
	const unsigned char *p = in.p;

	if (in.n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		in = slice_of(p + 3, in.n - 3);
	else if (in.n >= 2 && memcmp(p, "\xff\xfe", 2) == 0)
		return convert(a, "UTF-16LE", slice_of(p + 2, in.n - 2), out);
	else if (in.n >= 2 && memcmp(p, "\xfe\xff", 2) == 0)
		return convert(a, "UTF-16BE", slice_of(p + 2, in.n - 2), out);
	*out = in;
	return utf8_valid(in.p, in.n) || convert(a, "GB18030", in, out);
}

struct csv {
	const char *p, *end;
	char comma;
	int line;
	const char *name;
};

/* The place is in the table, not where the pack reads it. */
static _Noreturn void raise_at(lua_State *L, const char *name, int line, const char *what)
{
	lua_pushfstring(L, "%s:%d: %s", name, line, what);
	lua_error(L);
	never("lua_error returned");
}

/* A field in quotes; "" is a quote. */
static void push_quoted(lua_State *L, struct csv *c)
{
	int began = c->line;
	luaL_Buffer b;

	luaL_buffinit(L, &b);
	for (c->p++; c->p < c->end; c->p++) {
		if (*c->p == '"') {
			if (c->p + 1 >= c->end || c->p[1] != '"')
				break;
			c->p++;
		}
		c->line += *c->p == '\n';
		luaL_addchar(&b, *c->p);
	}
	if (c->p >= c->end)
		raise_at(L, c->name, began, "a quotation mark is never closed");
	c->p++;
	luaL_pushresult(&b);
	if (c->p < c->end && *c->p != c->comma && *c->p != '\n' && *c->p != '\r')
		raise_at(L, c->name, c->line,
			"text behind a closing quotation mark; a quotation mark inside a field is written "
			"twice");
}

static void push_field(lua_State *L, struct csv *c)
{
	const char *from = c->p;

	if (c->p < c->end && *c->p == '"') {
		push_quoted(L, c);
		return;
	}
	while (c->p < c->end && *c->p != c->comma && *c->p != '\n' && *c->p != '\r')
		c->p++;
	lua_pushlstring(L, from, (size_t)(c->p - from));
}

/* One line as an array; an empty line is an empty array, so that positions are line numbers. */
static void push_row(lua_State *L, struct csv *c)
{
	lua_Integer i = 0;

	lua_newtable(L);
	if (c->p < c->end && (*c->p == '\n' || *c->p == '\r'))
		goto end_of_line;
	for (;; c->p++) {
		push_field(L, c);
		lua_rawseti(L, -2, ++i);
		if (c->p >= c->end || *c->p != c->comma)
			break;
	}
end_of_line:
	if (c->p < c->end && *c->p == '\r')
		c->p++;
	if (c->p < c->end && *c->p == '\n')
		c->p++;
	c->line++;
}

/* host.csv(name) → rows, lines: the second says in which line each row began. */
int l_csv(lua_State *L)
{
	struct generation *g = generation_of(L);
	const char *name = luaL_checkstring(L, 1), *eol;
	const struct pack_file *f = g->files == NULL ? NULL : pack_find(g->files, name);
	struct csv c = {.comma = ',', .line = 1, .name = name};
	struct slice text;
	lua_Integer i = 0;

	if (f == NULL)
		return luaL_error(L,
			g->files == NULL ? "%s can only be read while the pack loads" : "there is no file %s",
			name);
	if (!text_to_utf8(&g->arena, f->bytes, &text))
		raise_at(L, name, 1, "neither UTF-8 nor GBK: save it as \"CSV UTF-8\"");
	vm_charge(L, text.n / 8);
	c.p = text.p;
	c.end = c.p + text.n;
	eol = text.n > 0 ? memchr(text.p, '\n', text.n) : NULL;
	if (eol != NULL && memchr(c.p, '\t', (size_t)(eol - c.p)) != NULL &&
		memchr(c.p, ',', (size_t)(eol - c.p)) == NULL)
		c.comma = '\t'; /* "Unicode text" of a spreadsheet */
	lua_settop(L, 1);
	lua_newtable(L);
	lua_newtable(L);
	while (c.p < c.end) {
		lua_pushinteger(L, c.line);
		lua_rawseti(L, 3, ++i);
		push_row(L, &c);
		lua_rawseti(L, 2, i);
	}
	return 2;
}
