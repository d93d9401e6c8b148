#include "lex.h"

#include <stdbool.h>
#include <string.h>

static bool is_name(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
}

/* The '=' signs of a long bracket "[==[" at x->at, or -1 if it is none. */
static int long_level(const struct lex *x)
{
	size_t at = x->at + 1;

	if (x->at >= x->n || x->p[x->at] != '[')
		return -1;
	while (at < x->n && x->p[at] == '=')
		at++;
	return at < x->n && x->p[at] == '[' ? (int)(at - x->at - 1) : -1;
}

static void skip_long(struct lex *x, int level)
{
	size_t width = (size_t)level + 2;

	for (x->at += width; x->at + width <= x->n; x->at++) {
		size_t k = 1;

		if (x->p[x->at] != ']')
			continue;
		while (k < width - 1 && x->p[x->at + k] == '=')
			k++;
		if (k == width - 1 && x->p[x->at + k] == ']') {
			x->at += width;
			return;
		}
	}
	x->at = x->n;
}

static void skip_line(struct lex *x)
{
	while (x->at < x->n && x->p[x->at] != '\n')
		x->at++;
}

/* A text in quotes ends at its quote or, broken, at the end of the line. */
static void skip_quoted(struct lex *x)
{
	char quote = x->p[x->at++];

	while (x->at < x->n && x->p[x->at] != quote && x->p[x->at] != '\n')
		x->at += x->p[x->at] == '\\' && x->at + 1 < x->n ? 2 : 1;
	if (x->at < x->n && x->p[x->at] == quote)
		x->at++;
}

static void skip_blank(struct lex *x)
{
	while (x->at < x->n) {
		char c = x->p[x->at];

		if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f') {
			x->at++;
		} else if (c == '-' && x->at + 1 < x->n && x->p[x->at + 1] == '-') {
			int level;

			x->at += 2;
			level = long_level(x);
			if (level >= 0)
				skip_long(x, level);
			else
				skip_line(x);
		} else {
			return;
		}
	}
}

static enum token_kind skip_token(struct lex *x)
{
	unsigned char c = (unsigned char)x->p[x->at];
	int level = long_level(x);

	if (level >= 0) {
		skip_long(x, level);
		return TOKEN_TEXT;
	}
	if (c == '"' || c == '\'') {
		skip_quoted(x);
		return TOKEN_TEXT;
	}
	if (is_name(c)) {
		while (x->at < x->n && is_name((unsigned char)x->p[x->at]))
			x->at++;
		return c >= '0' && c <= '9' ? TOKEN_NUMBER : TOKEN_NAME;
	}
	x->at++;
	if (c < 0x80)
		return TOKEN_SYMBOL;
	while (x->at < x->n && ((unsigned char)x->p[x->at] & 0xc0) == 0x80)
		x->at++;
	return TOKEN_FOREIGN;
}

struct token lex_next(struct lex *x)
{
	struct token t = {TOKEN_END, x->n, 0};

	skip_blank(x);
	if (x->at >= x->n)
		return t;
	t.at = x->at;
	t.kind = skip_token(x);
	if (x->at > x->n)
		x->at = x->n;
	t.n = x->at - t.at;
	return t;
}

void lex_place(struct slice text, size_t at, int *line, int *column)
{
	const char *p = text.p;

	*line = *column = 1;
	for (size_t i = 0; i < at && i < text.n; i++) {
		if (p[i] == '\n') {
			++*line;
			*column = 1;
		} else if (((unsigned char)p[i + 1 < text.n ? i + 1 : i] & 0xc0) != 0x80 || i + 1 >= text.n) {
			++*column;
		}
	}
}
