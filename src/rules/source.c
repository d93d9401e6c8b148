/*
 * What editors do to files: byte-order marks, GBK, full-width punctuation, files cut short. Found here,
 * before Lua sees the bytes, because Lua's own words for them ("unexpected symbol near '<\239>'") help
 * nobody.
 */
#include <stdio.h>
#include <string.h>

#include "host_int.h"
#include "lex.h"

#define FINDINGS_MAX 20 /* of one file */

static struct rules_error *add(struct rules_report *r, const struct pack_file *f, size_t at,
	const char *message, const char *zh, const char *cure, const char *cure_zh)
{
	struct rules_error *e = rules_report_add(r);
	int line, column;

	lex_place(f->bytes, at, &line, &column);
	fault_set(e, f->name, line, column, "%s", message);
	fault_zh(e, "%s", zh);
	fault_cure(e, "%s", cure);
	fault_cure_zh(e, "%s", cure_zh);
	return e;
}

/* ---- encodings ----------------------------------------------------------------------------------------- */
static size_t first_invalid(const char *p, size_t n)
{
	size_t at = 0;

	while (at < n) {
		unsigned char c = (unsigned char)p[at];
		size_t step = c < 0xc2 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;

		if (at + step > n || !utf8_valid(p + at, step))
			return at;
		at += step;
	}
	return n;
}

static bool check_encoding(struct rules_report *r, const struct pack_file *f)
{
	const char *p = f->bytes.p;
	size_t n = f->bytes.n, at;
	struct slice as_utf8;
	bool is_known;

	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
		add(r, f, 0, "begins with a byte-order mark", "文件以字节顺序标记（BOM）开头",
			"save it as \"UTF-8\", not \"UTF-8 with BOM\"",
			"请另存为“UTF-8”，不要选“带 BOM 的 UTF-8”");
		return false;
	}
	if (n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0)) {
		add(r, f, 0, "saved as UTF-16, not UTF-8", "文件存成了 UTF-16，应为 UTF-8",
			"save it again with the encoding UTF-8", "请用 UTF-8 编码另存");
		return false;
	}
	if (n > 0 && p[0] == '\x1b') {
		add(r, f, 0, "compiled Lua, not text", "这是编译过的 Lua，不是文本",
			"put the text of the rules here", "请在这里放规则的文本");
		return false;
	}
	at = first_invalid(p, n);
	if (at == n)
		return true;
	if (p[at] == '\0') {
		add(r, f, at, "holds a zero byte, which no text has: is it saved completely?",
			"文件里有零字节，不是文本：是否没有保存完整？", "save it again", "请重新保存");
		return false;
	}
	is_known = text_to_utf8(&r->arena, f->bytes, &as_utf8);
	add(r, f, at, is_known ? "saved as GBK, not UTF-8" : "not UTF-8 text",
		is_known ? "文件存成了 GBK 编码，应为 UTF-8" : "不是 UTF-8 文本",
		"save it again with the encoding UTF-8", "请用 UTF-8 编码另存");
	return false;
}

/* ---- punctuation --------------------------------------------------------------------------------------- */
static const struct wide {
	const char *wide, *plain;
} wides[] = {{"，", ","}, {"、", ","}, {"。", "."}, {"；", ";"}, {"：", ":"}, {"（", "("}, {"）", ")"},
	{"｛", "{"}, {"｝", "}"}, {"【", "["}, {"】", "]"}, {"［", "["}, {"］", "]"}, {"＝", "="},
	{"＜", "<"}, {"＞", ">"}, {"＋", "+"}, {"－", "-"}, {"—", "-"}, {"＊", "*"}, {"／", "/"}, {"％", "%"},
	{"＃", "#"}, {"～", "~"}, {"《", "<"}, {"》", ">"}};

static const char *const quotes[] = {"“", "”", "‘", "’", "＂", "＇", "「", "」", "『", "』"};
static const char *const blanks[] = {"\u3000", "\u00a0", "\u200b", "\u2003", "\ufeff"};

static bool is_one_of(const char *const *list, size_t n, const char *p, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(list[i]) == len && memcmp(list[i], p, len) == 0)
			return true;
	return false;
}

static bool is_quote(const char *p, size_t n)
{
	return is_one_of(quotes, sizeof(quotes) / sizeof(quotes[0]), p, n);
}

/* Behind a text between full-width quotes, so that it is reported once. */
static void skip_wide_text(struct lex *x)
{
	for (size_t at = x->at; at < x->n && x->p[at] != '\n'; at++)
		if (x->p[at] == '"' || (at + 3 <= x->n && is_quote(x->p + at, 3))) {
			x->at = at + (x->p[at] == '"' ? 1 : 3);
			return;
		}
}

/* A run of Chinese where no text is open. */
static void add_bare_text(struct rules_report *r, const struct pack_file *f, struct lex *x, struct token t)
{
	char message[200], zh[200], cure[200], cure_zh[200];
	size_t n = t.n;

	while (x->at < x->n && (unsigned char)x->p[x->at] >= 0x80 && n < 60) {
		struct token more = lex_next(x);

		n = more.at + more.n - t.at;
	}
	n = utf8_clip(x->p + t.at, n);
	snprintf(message, sizeof(message), "%.*s stands outside of quotation marks", (int)n, x->p + t.at);
	snprintf(zh, sizeof(zh), "%.*s 写在了引号之外", (int)n, x->p + t.at);
	snprintf(cure, sizeof(cure), "write \"%.*s\", or put -- before a remark", (int)n, x->p + t.at);
	snprintf(cure_zh, sizeof(cure_zh), "请写成 \"%.*s\"；如果是注释，前面加 --", (int)n, x->p + t.at);
	add(r, f, t.at, message, zh, cure, cure_zh);
}

static void add_foreign(struct rules_report *r, const struct pack_file *f, struct lex *x, struct token t)
{
	const char *p = x->p + t.at;
	char message[120], zh[120], cure[120], cure_zh[120];

	if (is_quote(p, t.n)) {
		snprintf(message, sizeof(message), "full-width \"%.*s\" as a quotation mark", (int)t.n, p);
		snprintf(zh, sizeof(zh), "引号 %.*s 是全角的", (int)t.n, p);
		add(r, f, t.at, message, zh, "write \"…\" with straight quotation marks",
			"请用半角引号 \"…\"");
		skip_wide_text(x);
		return;
	}
	if (is_one_of(blanks, sizeof(blanks) / sizeof(blanks[0]), p, t.n)) {
		add(r, f, t.at, "full-width or invisible space", "全角空格或不可见字符",
			"write an ordinary space", "请改用普通空格");
		return;
	}
	for (size_t i = 0; i < sizeof(wides) / sizeof(wides[0]); i++) {
		if (strlen(wides[i].wide) != t.n || memcmp(wides[i].wide, p, t.n) != 0)
			continue;
		snprintf(message, sizeof(message), "full-width \"%s\" outside a text", wides[i].wide);
		snprintf(zh, sizeof(zh), "%s 是全角符号", wides[i].wide);
		snprintf(cure, sizeof(cure), "write %s", wides[i].plain);
		snprintf(cure_zh, sizeof(cure_zh), "请写成 %s", wides[i].plain);
		add(r, f, t.at, message, zh, cure, cure_zh);
		return;
	}
	add_bare_text(r, f, x, t);
}

/* An empty file would take away all that it used to say, and nobody would notice. pack.lua may say nothing: a
 * pack without a base. */
static void add_silent(struct rules_report *r, const struct pack_file *f)
{
	if (memchr(f->bytes.p, '\r', f->bytes.n) != NULL && memchr(f->bytes.p, '\n', f->bytes.n) == NULL)
		add(r, f, 0, "lines end in carriage returns alone, so all of it is one comment",
			"行尾只有回车符（CR），整个文件成了一行注释", "save it with line feeds (LF)",
			"请以换行符（LF）行尾保存");
	else
		add(r, f, 0, "says nothing: it is empty or holds comments alone",
			"文件没有内容：为空，或只有注释",
			"delete it, restore what was cut off, or write return to replace a file of the base "
			"by nothing",
			"删除该文件，或补回被截断的内容；若要去掉基础包的同名文件，写 return");
}

bool source_check(struct rules_report *r, const struct pack_file *f)
{
	uint32_t before = r->n_errors;
	struct lex x = lex_of(f->bytes);
	bool is_silent = true;
	struct token t;

	if (!check_encoding(r, f))
		return false;
	for (; (t = lex_next(&x)).kind != TOKEN_END && r->n_errors - before < FINDINGS_MAX; is_silent = false)
		if (t.kind == TOKEN_FOREIGN)
			add_foreign(r, f, &x, t);
	if (is_silent && strcmp(f->name, "pack.lua") != 0)
		add_silent(r, f);
	return r->n_errors == before;
}

/* ---- syntax errors ------------------------------------------------------------------------------------- */
struct drip {
	const struct pack_file *file;
	size_t at;
};

static const char *read_byte(lua_State *L, void *udata, size_t *n)
{
	struct drip *d = udata;

	(void)L;
	*n = d->at < d->file->bytes.n;
	return *n == 0 ? NULL : (const char *)d->file->bytes.p + d->at++;
}

/* Byte by byte, so that d->at tells how far Lua had read when it gave up. */
static int l_drip(lua_State *L)
{
	struct drip *d = lua_touserdata(L, 1);

	lua_load(L, read_byte, d, "=drip", "t");
	return 0;
}

/* The token of "… near 'token'" in the message; false for <eof>. */
static bool near_token(const char *message, const char **token, size_t *n)
{
	const char *at = strstr(message, " near '"), *more;

	if (at == NULL)
		return false;
	while ((more = strstr(at + 1, " near '")) != NULL)
		at = more;
	*token = at + 7;
	*n = strlen(*token);
	if (*n > 0 && (*token)[*n - 1] == '\'')
		--*n;
	return *n > 0;
}

static void find_column(struct vm *vm, const struct pack_file *f, struct rules_error *e)
{
	struct drip d = {f, 0};
	const char *p = f->bytes.p, *token;
	struct rules_error kept = *e;
	struct err ignored;
	int line, column;
	size_t n;

	if (vm_call(vm, l_drip, &d, &ignored) != 0)
		d.at = f->bytes.n;
	*e = kept;
	if (!near_token(e->message, &token, &n)) {
		lex_place(f->bytes, f->bytes.n, &e->line, &e->column);
		return;
	}
	for (size_t at = d.at; at-- > 0;) {
		if (at + n > f->bytes.n || memcmp(p + at, token, n) != 0)
			continue;
		lex_place(f->bytes, at, &line, &column);
		if (line <= e->line) {
			e->line = line;
			e->column = column;
		}
		return;
	}
}

static void explain_unclosed(struct rules_error *e, const char *near)
{
	char open[8] = "", wanted[8] = "";
	int line = 0;

	if (sscanf(e->message, "'%7[^']' expected (to close '%7[^']' at line %d)", wanted, open, &line) == 3)
		fault_zh(e, "第 %d 行的 %s 没有对应的 %s（在 %s 附近）", line, open, wanted, near);
	else if (sscanf(e->message, "'%7[^']' expected", wanted) == 1)
		fault_zh(e, "这里应有 %s（在 %s 附近）", wanted, near);
	if (strcmp(wanted, "}") == 0 && strcmp(near, "=") == 0) {
		fault_cure(e, "a word before = is one word of letters, digits and _, or [\"…\"]");
		fault_cure_zh(e, "等号前只能是由字母、数字和 _ 组成的一个词，或 [\"…\"]");
	} else if (strcmp(wanted, "}") == 0 && near[0] != '<') {
		fault_cure(e, "a comma is probably missing before %s", near);
		fault_cure_zh(e, "%s 前面可能少了一个逗号", near);
	}
}

void source_explain(struct vm *vm, const struct pack_file *f, struct rules_error *e)
{
	const char *token;
	char near[64] = "<eof>";
	size_t n;

	find_column(vm, f, e);
	if (near_token(e->message, &token, &n))
		snprintf(near, sizeof(near), "%.*s", (int)(n < 60 ? n : 60), token);
	if (strncmp(e->message, "unfinished", 10) == 0)
		fault_zh(e, "文字没有结束：缺少后引号（在 %s 附近）", near);
	else if (strncmp(e->message, "unexpected symbol", 17) == 0)
		fault_zh(e, "这里不该出现 %s", near);
	else if (strncmp(e->message, "malformed number", 16) == 0)
		fault_zh(e, "数字写法不对：%s", near);
	else if (strncmp(e->message, "<name> expected", 15) == 0)
		fault_zh(e, "这里应是一个名字（在 %s 附近）", near);
	else
		fault_zh(e, "语法错误（在 %s 附近）", near);
	if (e->message[0] == '\'')
		explain_unclosed(e, near);
	if (strncmp(e->message, "<name> expected", 15) == 0 &&
		(near[0] == '"' || near[0] == '\'' || near[0] == '{')) {
		fault_cure(e, "between a field and its value stands =");
		fault_cure_zh(e, "字段和值之间请写 =");
	}
	if (strcmp(near, "<eof>") == 0) {
		fault_cure(e, "the file ends too early: is it saved completely?");
		fault_cure_zh(e, "文件结束得太早：是否没有保存完整？");
	} else if (strncmp(e->message, "unfinished", 10) == 0) {
		fault_cure(e, "end the text with the quotation mark it began with, on the same line");
		fault_cure_zh(e, "请在同一行用开头的那种引号结束文字");
	}
}
