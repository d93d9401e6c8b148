#include "tocsin/err.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/log.h"
#include "tocsin/util.h"

static const char *(*zh_of)(const char *en);

void err_speak(const char *(*of)(const char *en))
{
	zh_of = of;
}

static void finish(char text[ERR_TEXT_LEN])
{
	text[utf8_clip(text, strlen(text))] = '\0';
	mask_numbers(text, strlen(text));
}

/* At most n bytes behind what the text says, as far as there is room. */
static void put(char text[ERR_TEXT_LEN], const char *more, size_t n)
{
	size_t at = strlen(text), room = ERR_TEXT_LEN - 1 - at;

	n = strnlen(more, n < room ? n : room);
	memcpy(text + at, more, n);
	text[at + n] = '\0';
}

/* \1word\2 becomes the word's Chinese; a mark without its end was clipped off. */
static void say_words(char text[ERR_TEXT_LEN])
{
	char out[ERR_TEXT_LEN] = "";
	const char *from = text;

	for (const char *open; (open = strchr(from, '\1')) != NULL;) {
		const char *end = strchrnul(open, '\2'), *zh;
		char word[ERR_TEXT_LEN] = "";

		memcpy(word, open + 1, (size_t)(end - open - 1));
		zh = zh_of == NULL ? NULL : zh_of(word);
		put(out, from, (size_t)(open - from));
		put(out, zh == NULL ? word : zh, SIZE_MAX);
		from = end + (*end != '\0');
	}
	put(out, from, SIZE_MAX);
	memcpy(text, out, sizeof(out));
}

static void fill_zh(struct err *e, const char *format, va_list ap)
{
	const char *zh = zh_of == NULL ? NULL : zh_of(format);

	if (zh == NULL)
		return;
	vsnprintf(e->zh, sizeof(e->zh), zh, ap);
	say_words(e->zh);
	finish(e->zh);
}

static void fill(struct err *e, enum err_code code, const char *format, va_list ap)
{
	va_list again;

	memset(e, 0, sizeof(*e));
	e->code = code;
	va_copy(again, ap);
	vsnprintf(e->text, sizeof(e->text), format, ap);
	finish(e->text);
	fill_zh(e, format, again);
	va_end(again);
}

static void fill_argument(struct err *e, const char *argument, const char *value)
{
	snprintf(e->argument, sizeof(e->argument), "%s", argument);
	e->argument[utf8_clip(e->argument, strlen(e->argument))] = '\0';
	if (value == NULL)
		return;
	snprintf(e->value, sizeof(e->value), "%s", value);
	e->value[utf8_clip(e->value, strlen(e->value))] = '\0';
	mask_numbers(e->value, strlen(e->value));
}

int err_set(struct err *e, enum err_code code, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fill(e, code, format, ap);
	va_end(ap);
	return -1;
}

int err_arg(
	struct err *e, enum err_code code, const char *argument, const char *value, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	fill(e, code, format, ap);
	va_end(ap);
	fill_argument(e, argument, value);
	return -1;
}

int err_both(struct err *e, enum err_code code, const char *argument, const char *value, const char *en,
	const char *zh)
{
	char shown[ERR_TEXT_LEN];

	snprintf(shown, sizeof(shown), "%s", en);
	finish(shown);
	err_arg(e, code, argument, value, "%s / %s", en, zh);
	e->en_n = strlen(shown);
	snprintf(e->zh, sizeof(e->zh), "%s", zh);
	finish(e->zh);
	return -1;
}

int err_zh(struct err *e, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->zh, sizeof(e->zh), format, ap);
	va_end(ap);
	say_words(e->zh);
	finish(e->zh);
	return -1;
}

static void hint(char text[ERR_TEXT_LEN], const char *before, const char *word, const char *behind)
{
	put(text, before, SIZE_MAX);
	put(text, word, SIZE_MAX);
	put(text, behind, SIZE_MAX);
	text[utf8_clip(text, strlen(text))] = '\0';
}

int err_hint(struct err *e, const char *word)
{
	if (word == NULL)
		return -1;
	hint(e->text, " (did you mean \"", word, "\"?)");
	if (e->zh[0] != '\0')
		hint(e->zh, "（是不是“", word, "”？）");
	return -1;
}

/* "prefix: text", clipped. */
static void put_before(char text[ERR_TEXT_LEN], const char *prefix, const char *between)
{
	char whole[2 * ERR_TEXT_LEN + 4];

	snprintf(whole, sizeof(whole), "%s%s%s", prefix, between, text);
	whole[ERR_TEXT_LEN - 1] = '\0';
	whole[utf8_clip(whole, strlen(whole))] = '\0';
	memcpy(text, whole, strlen(whole) + 1);
}

int err_prefix(struct err *e, const char *format, ...)
{
	const char *zh = zh_of == NULL ? NULL : zh_of(format);
	char prefix[ERR_TEXT_LEN];
	va_list ap;

	va_start(ap, format);
	vsnprintf(prefix, sizeof(prefix), format, ap);
	va_end(ap);
	put_before(e->text, prefix, ": ");
	if (e->en_n > 0)
		e->en_n += strlen(prefix) + 2;
	if (e->zh[0] == '\0')
		return -1;
	va_start(ap, format);
	vsnprintf(prefix, sizeof(prefix), zh == NULL ? format : zh, ap);
	va_end(ap);
	put_before(e->zh, prefix, "：");
	return -1;
}

enum lang lang_environment(void)
{
	static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *lang = getenv(names[i]);

		if (lang != NULL && lang[0] != '\0')
			return strncmp(lang, "zh", 2) == 0 ? LANG_ZH : LANG_EN;
	}
	return LANG_EN;
}

const char *err_said(const struct err *e, enum lang lang, size_t *n)
{
	if (lang == LANG_ZH && e->zh[0] != '\0') {
		*n = strlen(e->zh);
		return e->zh;
	}
	*n = strlen(e->text);
	if (lang != LANG_ANY && e->en_n > 0 && e->en_n < *n)
		*n = e->en_n;
	return e->text;
}

const char *err_name(enum err_code code)
{
	static const char *const names[] = {"none",
#define ERR(name, wire, help) wire,
		ERR_CODES(ERR)
#undef ERR
	};

	must((size_t)code < sizeof(names) / sizeof(names[0]));
	return names[code];
}

_Noreturn void must_fail(const char *what, const char *file, int line)
{
	void *frames[32];

	log_line(LOG_ERROR, "must", "what=\"%s\" where=%s:%d", what, file, line);
	backtrace_symbols_fd(frames, backtrace(frames, 32), STDERR_FILENO);
	abort();
}
