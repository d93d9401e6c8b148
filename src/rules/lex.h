/* Lua's tokens, as far as an editor's colours need them: where texts and comments begin and end. */
#pragma once

#include "tocsin/buf.h"

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_TEXT, /* with its quotes or brackets; may lack its end */
	TOKEN_SYMBOL,
	TOKEN_FOREIGN, /* one character outside ASCII where none may stand */
};

struct token {
	enum token_kind kind;
	size_t at, n;
};

struct lex {
	const char *p;
	size_t n, at;
};

static inline struct lex lex_of(struct slice text)
{
	struct lex x = {text.p, text.n, 0};

	return x;
}

/* The next token, white space and comments left out. */
struct token lex_next(struct lex *);
/* Line and column (in characters, both from 1) of a byte. */
void lex_place(struct slice text, size_t at, int *line, int *column);
