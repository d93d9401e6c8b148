#include "tocsin/err.h"

#include <execinfo.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/log.h"
#include "tocsin/util.h"

static void fill_text(struct err *e, const char *format, va_list ap)
{
	vsnprintf(e->text, sizeof(e->text), format, ap);
	e->text[utf8_clip(e->text, strlen(e->text))] = '\0';
	mask_numbers(e->text, strlen(e->text));
}

int err_set(struct err *e, enum err_code code, const char *format, ...)
{
	va_list ap;

	memset(e, 0, sizeof(*e));
	e->code = code;
	va_start(ap, format);
	fill_text(e, format, ap);
	va_end(ap);
	return -1;
}

int err_arg(
	struct err *e, enum err_code code, const char *argument, const char *value, const char *format, ...)
{
	va_list ap;

	memset(e, 0, sizeof(*e));
	e->code = code;
	snprintf(e->argument, sizeof(e->argument), "%s", argument);
	e->argument[utf8_clip(e->argument, strlen(e->argument))] = '\0';
	if (value != NULL) {
		snprintf(e->value, sizeof(e->value), "%s", value);
		e->value[utf8_clip(e->value, strlen(e->value))] = '\0';
		mask_numbers(e->value, strlen(e->value));
	}
	va_start(ap, format);
	fill_text(e, format, ap);
	va_end(ap);
	return -1;
}

int err_prefix(struct err *e, const char *format, ...)
{
	char prefix[sizeof(e->text)];
	char whole[2 * sizeof(e->text) + 4];
	va_list ap;

	va_start(ap, format);
	vsnprintf(prefix, sizeof(prefix), format, ap);
	va_end(ap);
	snprintf(whole, sizeof(whole), "%s: %s", prefix, e->text);
	whole[sizeof(e->text) - 1] = '\0';
	whole[utf8_clip(whole, strlen(whole))] = '\0';
	memcpy(e->text, whole, strlen(whole) + 1);
	return -1;
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
