/* Where on its line (or in its rule) a finding of the words is: they know lines and what was written, no columns. */
#include <stdlib.h>
#include <string.h>

#include "host_int.h"
#include "lex.h"

/* The first byte of a line, from 1; the end of the text when there is no such line. */
static size_t line_at(struct slice text, int line)
{
	const char *p = text.p, *end = p + text.n;

	for (; line > 1 && p != NULL && p < end; line--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p == NULL ? end : p + 1;
	}
	return (size_t)(p - (const char *)text.p);
}

static size_t line_end(struct slice text, size_t at)
{
	const char *p = text.p, *eol = at < text.n ? memchr(p + at, '\n', text.n - at) : NULL;

	return eol == NULL ? text.n : (size_t)(eol - p);
}

static void set_place(struct rules_error *e, const struct pack_file *f, size_t at)
{
	lex_place(f->bytes, at, &e->line, &e->column);
}

static bool is_what(const struct pack_file *f, struct token t, const char *what)
{
	const char *p = (const char *)f->bytes.p + t.at;
	size_t n = strlen(what);

	if (t.kind == TOKEN_NUMBER) { /* 4.5 is three tokens, -1 two */
		what += what[0] == '-';
		n = strlen(what);
		return t.at + n <= f->bytes.n && memcmp(p, what, n) == 0 && (t.n <= n);
	}
	if (t.n == n && memcmp(p, what, n) == 0)
		return true;
	return t.kind == TOKEN_TEXT && t.n == n + 2 && memcmp(p + 1, what, n) == 0;
}

/* From the finding's line on to the end of what begins there, at least that line. */
static bool find_token(const struct pack_file *f, struct rules_error *e, const char *what)
{
	struct lex x = lex_of(f->bytes);
	size_t end;
	int depth = 0;

	x.at = line_at(f->bytes, e->line);
	end = line_end(f->bytes, x.at);
	for (;;) {
		struct token t = lex_next(&x);
		char c = t.kind == TOKEN_SYMBOL ? ((const char *)f->bytes.p)[t.at] : '\0';

		if (t.kind == TOKEN_END || (t.at >= end && depth <= 0 && c != '{'))
			return false;
		depth += c == '{' || c == '(' ? 1 : c == '}' || c == ')' ? -1 : 0;
		if (is_what(f, t, what)) {
			set_place(e, f, t.at);
			return true;
		}
	}
}

static bool find_cell(const struct pack_file *f, struct rules_error *e, const char *what)
{
	size_t at = line_at(f->bytes, e->line), end = line_end(f->bytes, at);
	const char *p = (const char *)f->bytes.p + at, *found;

	found = what[0] == '\0' || !utf8_valid(f->bytes.p, f->bytes.n)
			? NULL
			: memmem(p, end - at, what, strlen(what));
	if (found != NULL)
		set_place(e, f, at + (size_t)(found - p));
	return found != NULL;
}

void place_find(const struct pack_file *f, struct rules_error *e, const char *const *sought, uint32_t n)
{
	bool is_lua = strlen(f->name) > 4 && strcmp(f->name + strlen(f->name) - 4, ".lua") == 0;
	struct lex x = lex_of(f->bytes);
	int line;

	for (uint32_t i = 0; i < n; i++)
		if (is_lua ? find_token(f, e, sought[i]) : find_cell(f, e, sought[i]))
			return;
	if (!is_lua)
		return;
	x.at = line_at(f->bytes, e->line);
	line = e->line;
	set_place(e, f, lex_next(&x).at);
	if (e->line != line) { /* nothing stands on it */
		e->line = line;
		e->column = 0;
	}
}
