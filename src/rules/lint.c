/* What analysts' editors do to files: byte-order marks, GBK, full-width punctuation outside texts and
 * comments. */
#include <iconv.h>
#include <stdio.h>
#include <string.h>

#include "rules/rules_int.h"

bool text_to_utf8(struct arena *a, struct slice in, struct slice *out)
{
	char *from, *to, *made;
	size_t left = in.n, room = in.n * 2 + 4;
	iconv_t cd;

	if (in.n >= 3 && memcmp(in.p, "\xef\xbb\xbf", 3) == 0)
		in = slice_of((const char *)in.p + 3, in.n - 3);
	*out = in;
	if (utf8_valid(in.p, in.n))
		return true;
	cd = iconv_open("UTF-8", "GB18030");
	if (cd == (iconv_t)-1)
		return false;
	made = to = arena_alloc(a, room);
	from = (char *)in.p;
	if (iconv(cd, &from, &left, &to, &room) == (size_t)-1)
		made = NULL;
	iconv_close(cd);
	if (made == NULL)
		return false;
	*out = slice_of(made, (size_t)(to - made));
	return true;
}

static const struct {
	const char *wide, *plain;
} full_width[] = {
	{"，", ","},
	{"“", "\""},
	{"”", "\""},
	{"‘", "'"},
	{"’", "'"},
	{"（", "("},
	{"）", ")"},
	{"｛", "{"},
	{"｝", "}"},
	{"＝", "="},
	{"；", ";"},
	{"：", ":"},
	{"。", "."},
	{"［", "["},
	{"］", "]"},
	{"　", "a space"},
	{"＜", "<"},
	{"＞", ">"},
};

struct lexer {
	const char *p, *end, *line_start;
	int line;
	lint_fn *found;
	void *udata;
	int n_found;
};

static void step(struct lexer *x)
{
	if (*x->p++ == '\n') {
		x->line++;
		x->line_start = x->p;
	}
}

/* Characters, not bytes, since that is what an editor counts. */
static int column(const struct lexer *x)
{
	int n = 1;

	for (const char *p = x->line_start; p < x->p; p++)
		n += ((unsigned char)*p & 0xc0) != 0x80;
	return n;
}

/* "[==[": its level, or -1. */
static int long_bracket(const struct lexer *x)
{
	const char *p = x->p + 1;

	while (p < x->end && *p == '=')
		p++;
	return x->p < x->end && *x->p == '[' && p < x->end && *p == '[' ? (int)(p - x->p - 1) : -1;
}

static void skip_long(struct lexer *x, int level)
{
	for (; x->p < x->end; step(x)) {
		const char *p = x->p + 1;

		if (*x->p != ']')
			continue;
		while (p < x->end && *p == '=')
			p++;
		if (p < x->end && *p == ']' && p - x->p - 1 == level) {
			x->p = p + 1;
			return;
		}
	}
}

static void skip_quoted(struct lexer *x)
{
	char quote = *x->p;

	for (step(x); x->p < x->end && *x->p != '\n'; step(x)) {
		if (*x->p == '\\' && x->p + 1 < x->end) {
			step(x);
		} else if (*x->p == quote) {
			x->p++;
			return;
		}
	}
}

static void skip_comment(struct lexer *x)
{
	int level;

	x->p += 2;
	level = long_bracket(x);
	if (level >= 0)
		skip_long(x, level);
	else
		while (x->p < x->end && *x->p != '\n')
			x->p++;
}

static void check_wide(struct lexer *x)
{
	for (size_t i = 0; i < sizeof(full_width) / sizeof(full_width[0]); i++) {
		size_t n = strlen(full_width[i].wide);
		char message[160], zh[160], cure[80];

		if ((size_t)(x->end - x->p) < n || memcmp(x->p, full_width[i].wide, n) != 0)
			continue;
		snprintf(message, sizeof(message), "full-width \"%s\" outside a text", full_width[i].wide);
		snprintf(zh, sizeof(zh), "文字之外出现了全角符号“%s”", full_width[i].wide);
		snprintf(cure, sizeof(cure), "write %s", full_width[i].plain);
		x->found(x->udata, x->line, column(x), message, zh, cure);
		x->n_found++;
		x->p += n - 1;
		return;
	}
}

/* A line break is one byte in GBK and in UTF-8, and never part of another character. */
static int not_utf8_line(struct slice text)
{
	const char *p = text.p, *end = p + text.n;
	int line = 1;

	for (const char *next; p < end; p = next + 1, line++) {
		next = memchr(p, '\n', (size_t)(end - p));
		if (next == NULL || !utf8_valid(p, (size_t)(next - p)))
			break;
	}
	return line;
}

int lint_lua(struct slice text, lint_fn *found, void *udata)
{
	struct lexer x = {.p = text.p,
		.end = (const char *)text.p + text.n,
		.line_start = text.p,
		.line = 1,
		.found = found,
		.udata = udata};

	if (!utf8_valid(text.p, text.n)) {
		found(udata, not_utf8_line(text), 0, "the file is not UTF-8; it was probably saved as GBK",
			"文件不是 UTF-8 编码，可能存成了 GBK", "save it again as UTF-8");
		return 1;
	}
	while (x.p < x.end) {
		int level = long_bracket(&x);

		if (*x.p == '-' && x.p + 1 < x.end && x.p[1] == '-')
			skip_comment(&x);
		else if (*x.p == '"' || *x.p == '\'')
			skip_quoted(&x);
		else if (level >= 0)
			skip_long(&x, level);
		else {
			if ((unsigned char)*x.p >= 0x80)
				check_wide(&x);
			step(&x);
		}
	}
	return x.n_found;
}
