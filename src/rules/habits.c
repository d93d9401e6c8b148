/*
 * What Lua takes in silence though nobody can have meant it: city = "a" or "b" is "a", of a name that stands
 * twice in one { … } the last counts, rules "x" with nothing behind it is no rule at all. Lua's own parser
 * keeps nothing of it, so it is read from the tokens.
 */
#include <stdio.h>
#include <string.h>

#include "host_int.h"
#include "lex.h"

#define DEPTH_MAX 64
#define KEYS_MAX 1000    /* of one table that are compared with each other */
#define DECLARED_MAX 256 /* local names of a file; with more of them calls are taken for the file's own */
#define FINDINGS_MAX 20  /* of one file */

/* What the value at hand consists of so far. */
enum operand {
	NOTHING,
	LITERAL, /* one text, number or table: what is true, whatever it is */
	NAME,
	CALL, /* of a word: under "network", any_of("a", "b") */
	OTHER,
};

struct level {
	char open;
	enum operand operand;
	struct token first, last; /* of the value at hand */
	struct token key;         /* ["…"] at the beginning of an entry; n = 0: none */
	bool is_entry;            /* nothing of the entry was read yet but `first` */
	uint32_t keys;            /* where the names of this table begin in habits.keys */
	int blocks;               /* of habits where it opens: in one within it, = is an assignment */
};

struct habits {
	struct rules_report *report;
	const struct pack_file *file;
	struct lex lex;
	struct level levels[DEPTH_MAX];
	int depth;  /* of brackets */
	int blocks; /* function, if, do, repeat that have not ended */
	struct slice *keys, *declared;
	uint32_t n_keys, keys_room, n_declared, before;
	struct token was;
	bool is_fatal;
};

static struct slice text_of(const struct habits *h, struct token t)
{
	return slice_of(h->lex.p + t.at, t.n);
}

static bool is(const struct habits *h, struct token t, const char *word)
{
	return t.n == strlen(word) && memcmp(h->lex.p + t.at, word, t.n) == 0;
}

static bool is_any(const struct habits *h, struct token t, const char *const *words)
{
	for (; *words != NULL; words++)
		if (is(h, t, *words))
			return true;
	return false;
}

static struct rules_error *add(struct habits *h, struct token at, const char *en, const char *zh)
{
	struct rules_error *e = rules_report_add(h->report);
	int line, column;

	lex_place(h->file->bytes, at.at, &line, &column);
	fault_set(e, h->file->name, line, column, "%s", en);
	fault_zh(e, "%s", zh);
	return e;
}

/* The source of a value on one line, clipped. */
static void quote(const struct habits *h, struct token first, struct token last, char out[64])
{
	const char *p = h->lex.p + first.at, *eol;
	size_t n = last.at + last.n - first.at;

	eol = memchr(p, '\n', n);
	if (eol != NULL)
		n = (size_t)(eol - p);
	snprintf(out, 64, "%.*s%s", (int)utf8_clip(p, n < 50 ? n : 50), p, eol != NULL || n > 50 ? "…" : "");
}

/* ---- "a" or "b" ---------------------------------------------------------------------------------------- */
/* "a", "b" of "a" or "b" … from the token on; false unless it is nothing but literals. */
static bool literals(const struct habits *h, struct token first, char *out, size_t room)
{
	struct lex x = {h->lex.p, h->lex.n, first.at};
	size_t n = 0;

	for (;;) {
		struct token t = lex_next(&x);

		if (t.kind != TOKEN_TEXT && t.kind != TOKEN_NUMBER)
			return false;
		if (n + t.n + 3 > room)
			return false;
		n += (size_t)snprintf(
			out + n, room - n, "%s%.*s", n > 0 ? ", " : "", (int)t.n, h->lex.p + t.at);
		t = lex_next(&x);
		if (!is(h, t, "or") && !is(h, t, "and"))
			return is(h, t, ",") || is(h, t, "}") || is(h, t, ";") || is(h, t, ")");
	}
}

static bool is_declared(const struct habits *h, struct token name)
{
	if (h->n_declared == DECLARED_MAX || is(h, name, "tonumber"))
		return true;
	for (uint32_t i = 0; i < h->n_declared; i++)
		if (slice_cmp(h->declared[i], text_of(h, name)) == 0)
			return true;
	return false;
}

static void check_junction(struct habits *h, struct level *l, struct token t)
{
	char said[64], all[160], en[240], zh[240];
	bool is_or = is(h, t, "or");
	struct rules_error *e;

	if (l->operand != LITERAL &&
		(l->operand != CALL || h->blocks > 0 || h->depth == 0 || is_declared(h, l->first)))
		return;
	quote(h, l->first, l->last, said);
	snprintf(en, sizeof(en),
		is_or ? "%s or … is always %s: what stands behind or is never looked at"
		      : "%s and … is never %s: only what stands behind and counts",
		said, said);
	snprintf(zh, sizeof(zh),
		is_or ? "%s or … 永远是 %s：or 后面的不起作用"
		      : "%s and … 永远不是 %s：只有 and 后面的起作用",
		said, said);
	e = add(h, t, en, zh);
	if (literals(h, l->first, all, sizeof(all))) {
		fault_cure(e, "write any_of(%s)", all);
		fault_cure_zh(e, "请写成 any_of(%s)", all);
	} else {
		fault_cure(e, "write any_of(…) with all values, or any_of_these({ … }, { … }) with whole "
			      "conditions");
		fault_cure_zh(
			e, "请用 any_of(…) 写出所有的值，或用 any_of_these({ … }, { … }) 写出完整的条件");
	}
}

/* ---- names that stand twice, == for = ------------------------------------------------------------------ */
static struct slice bare(struct slice s)
{
	const char *p = s.p;

	return s.n >= 2 && (p[0] == '"' || p[0] == '\'') ? slice_of(p + 1, s.n - 2) : s;
}

static void note_key(struct habits *h, const struct level *l, struct token key)
{
	struct slice name = bare(text_of(h, key));
	char said[64], en[200], zh[200];
	struct rules_error *e;

	for (uint32_t i = l->keys; i < h->n_keys; i++) {
		if (slice_cmp(h->keys[i], name) != 0)
			continue;
		quote(h, key, key, said);
		snprintf(en, sizeof(en), "%s stands twice in one { … }: only the last one counts", said);
		snprintf(zh, sizeof(zh), "%s 在同一个 { … } 里写了两次：只有最后一个起作用", said);
		e = add(h, key, en, zh);
		fault_cure(e, "for several values write any_of(…); else take one of the two away");
		fault_cure_zh(e, "多个值请写 any_of(…)；否则请删去其中一个");
		return;
	}
	if (h->n_keys - l->keys >= KEYS_MAX)
		return;
	if (h->n_keys == h->keys_room) {
		uint32_t room = h->keys_room == 0 ? 64 : 2 * h->keys_room;
		struct slice *more = arena_alloc(&h->report->arena, room * sizeof(*more));

		if (h->n_keys > 0)
			memcpy(more, h->keys, h->n_keys * sizeof(*more));
		h->keys = more;
		h->keys_room = room;
	}
	h->keys[h->n_keys++] = name;
}

static void check_equals(struct habits *h, const struct level *l)
{
	char said[64];
	struct rules_error *e;

	if (l->open != '{' || !l->is_entry || l->operand != NAME || h->blocks > 0)
		return;
	quote(h, l->first, l->last, said);
	e = add(h, l->first, "== compares; in a table a field has one =", "== 是比较；表里的字段只写一个 =");
	fault_cure(e, "write %s = …", said);
	fault_cure_zh(e, "请写成 %s = …", said);
	h->is_fatal = true;
}

/* ---- rules "x" with nothing behind it ------------------------------------------------------------------ */
static void check_statement(struct habits *h, const struct level *l)
{
	char said[64], en[200], zh[200];

	if (h->depth > 0 || h->blocks > 0 || l->operand != CALL || h->was.kind != TOKEN_TEXT ||
		!l->is_entry || is_declared(h, l->first))
		return;
	quote(h, l->first, l->last, said);
	snprintf(en, sizeof(en), "%s says nothing: { … } is missing behind it", said);
	snprintf(zh, sizeof(zh), "%s 没有内容：后面缺少 { … }", said);
	add(h, l->first, en, zh);
}

/* ---- the walk ------------------------------------------------------------------------------------------ */
static const char *const opens_block[] = {"function", "if", "do", "repeat", NULL};
static const char *const ends_block[] = {"end", "until", NULL};
static const char *const breaks[] = {
	"return", "local", "then", "else", "elseif", "in", "while", "for", "goto", "break", NULL};

static void start_value(struct level *l, bool is_entry)
{
	l->operand = NOTHING;
	l->is_entry = is_entry;
	l->key.n = 0;
}

static void take_operand(struct level *l, struct token t, enum operand alone, enum operand behind_name)
{
	if (l->operand == NOTHING) {
		l->first = t;
		l->operand = alone;
	} else {
		l->operand = l->operand == NAME || l->operand == CALL ? behind_name : OTHER;
	}
	l->last = t;
}

static void declare(struct habits *h, struct token t)
{
	if (h->n_declared < DECLARED_MAX && (is(h, h->was, "local") || is(h, h->was, "function")))
		h->declared[h->n_declared++] = text_of(h, t);
}

static void take_name(struct habits *h, struct level *l, struct token t)
{
	bool opens = is_any(h, t, opens_block), is_dotted = h->was.n == 1 && is(h, h->was, ".");

	if (opens || is_any(h, t, ends_block) || is_any(h, t, breaks)) {
		check_statement(h, l);
		h->blocks += opens ? 1 : is_any(h, t, ends_block) ? -1 : 0;
		start_value(l, is_any(h, t, ends_block));
		l->operand = opens ? OTHER : NOTHING;
		return;
	}
	if (is(h, t, "or") || is(h, t, "and")) {
		check_junction(h, l, t);
		l->operand = OTHER;
		return;
	}
	declare(h, t);
	if (is(h, t, "not") || is(h, t, "true") || is(h, t, "false") || is(h, t, "nil")) {
		l->operand = OTHER;
	} else if (is_dotted && l->operand == NAME) {
		l->last = t;
	} else if (h->depth == 0 && !is_dotted && l->operand != NOTHING) { /* the next statement */
		check_statement(h, l);
		start_value(l, true);
		take_operand(l, t, NAME, OTHER);
	} else {
		take_operand(l, t, NAME, OTHER);
	}
}

static void open_level(struct habits *h, struct level *l, struct token t)
{
	struct level *inner;
	char c = h->lex.p[t.at];

	if (l->operand == NOTHING) {
		l->first = l->last = t;
		if (c != '{')
			l->operand = c == '[' ? NOTHING : OTHER;
	}
	inner = &h->levels[++h->depth];
	memset(inner, 0, sizeof(*inner));
	inner->open = c;
	inner->keys = h->n_keys;
	inner->blocks = h->blocks;
	start_value(inner, true);
}

static void close_level(struct habits *h, struct token t)
{
	struct level inner, *l;

	if (h->depth == 0)
		return;
	inner = h->levels[h->depth--];
	l = &h->levels[h->depth];
	h->n_keys = inner.keys;
	l->last = t;
	if (inner.open == '[') {
		if (l->operand == NOTHING && l->is_entry && inner.operand == LITERAL &&
			inner.first.at == inner.last.at)
			l->key = inner.first;
		l->operand = OTHER;
	} else if (l->operand == NOTHING) {
		l->operand = LITERAL; /* a table: open_level made of ( another */
	} else if (l->operand == NAME || l->operand == CALL) {
		l->operand = CALL;
	}
}

/* A name and its =: from here on the value is read. */
static void take_equals(struct habits *h, struct level *l)
{
	if (l->open == '{' && l->blocks == h->blocks && l->is_entry && (l->operand == NAME || l->key.n > 0))
		note_key(h, l, l->key.n > 0 ? l->key : l->first);
	start_value(l, false);
}

static void take_symbol(struct habits *h, struct level *l, struct token t)
{
	char c = h->lex.p[t.at], next = t.at + 1 < h->lex.n ? h->lex.p[t.at + 1] : '\0';

	if (strchr("=<>~", c) != NULL && next == '=') {
		lex_next(&h->lex);
		if (c == '=')
			check_equals(h, l);
		l->operand = OTHER;
	} else if (c == '=') {
		take_equals(h, l);
	} else if (c == ',' || c == ';') {
		check_statement(h, l);
		start_value(l, true);
	} else if (strchr("{([", c) != NULL) {
		open_level(h, l, t);
	} else if (strchr("})]", c) != NULL) {
		close_level(h, t);
	} else if (c == '.' && next != '.' && (l->operand == NAME || l->operand == LITERAL)) {
		return; /* tocsin.word, 4.5 */
	} else if (c != '-' || l->operand != NOTHING) {
		l->operand = OTHER;
	}
}

bool habits_check(struct rules_report *r, const struct pack_file *f)
{
	struct slice declared[DECLARED_MAX];
	struct habits h = {
		.report = r, .file = f, .lex = lex_of(f->bytes), .declared = declared, .before = r->n_errors};
	struct token t;

	start_value(&h.levels[0], true);
	for (; (t = lex_next(&h.lex)).kind != TOKEN_END; h.was = t) {
		struct level *l = &h.levels[h.depth];

		if (h.depth == DEPTH_MAX - 1 || r->n_errors - h.before == FINDINGS_MAX)
			return !h.is_fatal;
		if (t.kind == TOKEN_NAME)
			take_name(&h, l, t);
		else if (t.kind == TOKEN_NUMBER && l->operand == LITERAL && is(&h, h.was, "."))
			l->last = t; /* behind the point of 4.5 */
		else if (t.kind == TOKEN_SYMBOL)
			take_symbol(&h, l, t);
		else
			take_operand(l, t, LITERAL, t.kind == TOKEN_TEXT ? CALL : OTHER);
	}
	check_statement(&h, &h.levels[0]);
	return !h.is_fatal;
}
