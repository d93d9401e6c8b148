/* What the host raises in English, in Chinese: a raised text goes through pcall, so it cannot carry both. */
#include <string.h>

#include "vm_int.h"

/* Both with at most one %s. */
static const struct {
	const char *en, *zh;
} raised[] = {
	{"a text has no word \"%s\"; use has_word, starts_with, any_of",
		"文本没有“%s”这个方法；请用 has_word、starts_with、any_of"},
	{"a quotation mark is never closed", "引号没有闭合"},
	{"text behind a closing quotation mark; a quotation mark inside a field is written twice",
		"闭引号之后还有文字；字段里的引号要写两次"},
	{"neither UTF-8 nor GBK: save it as \"CSV UTF-8\"", "既不是 UTF-8 也不是 GBK：请另存为“CSV UTF-8”"},
};

/* What stands for the %s of format in text, its length in *n; NULL: text is not of that format. */
static const char *hole_of(const char *format, const char *text, size_t *n)
{
	const char *hole = strstr(format, "%s");
	size_t before = hole == NULL ? strlen(format) : (size_t)(hole - format);
	size_t after = hole == NULL ? 0 : strlen(hole + 2), len = strlen(text);

	if (len < before + after || (hole == NULL && len != before) || strncmp(text, format, before) != 0 ||
		(hole != NULL && strcmp(text + len - after, hole + 2) != 0))
		return NULL;
	*n = len - before - after;
	return text + before;
}

void fault_raised_zh(struct rules_error *f)
{
	for (size_t i = 0; i < sizeof(raised) / sizeof(raised[0]); i++) {
		const char *zh = raised[i].zh, *hole = strstr(zh, "%s");
		size_t n;
		const char *said = hole_of(raised[i].en, f->message, &n);

		if (said == NULL)
			continue;
		if (hole == NULL)
			fault_zh(f, "%s", zh);
		else
			fault_zh(f, "%.*s%.*s%s", (int)(hole - zh), zh, (int)n, said, hole + 2);
		return;
	}
}
