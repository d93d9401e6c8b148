/*
 * Logs: one line of key=value pairs on stderr (or a test's sink): at, level, event, then the event's own.
 *
 *   at=2026-09-22T02:00:00.000Z level=warn event=rules.reload ok=no by="the night shift" errors=1
 *
 * A value is quoted where it has to be; in quotes `"` and `\` have a `\` before them. Control characters
 * become blanks. A line that would be too long is cut inside its last value. Every line is masked: a run of
 * 11 digits that starts with 1 and 3-9, the shape of a mobile number, prints as 138****5678, whoever logs it.
 * Any thread.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* LEVEL(name, as it is written) */
#define LOG_LEVELS(LEVEL)                                                                                    \
	LEVEL(DEBUG, "debug")                                                                                \
	LEVEL(INFO, "info")                                                                                  \
	LEVEL(WARN, "warn")                                                                                  \
	LEVEL(ERROR, "error")

enum log_level {
#define LEVEL(name, text) LOG_##name,
	LOG_LEVELS(LEVEL)
#undef LEVEL
};

/*
 * log_line(LOG_INFO, "journal.open", "segments=%d file=%s", n, path): `event` then the formatted pairs, one
 * blank apart. A %s that is a whole value is quoted by itself when it needs to be; in quotes that the format
 * has, it is escaped. Of printf's conversions: d i u x c s f g with the lengths l, ll, j and z; * as
 * precision.
 */
void log_line(enum log_level, const char *event, const char *format, ...)
	__attribute__((cold, format(printf, 3, 4)));

/* Lines below `level` are dropped; default LOG_INFO. */
void log_set_level(enum log_level level);
/* "warn" to LOG_WARN: 0, or -1. */
int log_level_parse(const char *text, int64_t *level);
/* Send lines elsewhere (tests); NULL restores stderr. */
void log_set_sink(void (*sink)(void *, const char *line, size_t n), void *udata);

/* Mask subscriber numbers inside text, in place (same length). Digests (32 hex digits and more) stay whole.
 */
void mask_numbers(char *text, size_t n);
