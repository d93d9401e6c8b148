/*
 * Logs: one line of key=value on stderr (or a test's sink). Every line is masked: a run of 11 digits that
 * starts with 1 and 3-9, the shape of a mobile number, prints as 138****5678, whoever logs it. Control
 * characters are escaped. Any thread.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* log_line(LOG_INFO, "journal.open", "segments=%d tail_seq=%ju", n, seq): `event` then the formatted pairs.
 */
void log_line(enum log_level, const char *event, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Lines below `level` are dropped; default LOG_INFO. */
void log_set_level(enum log_level level);
/* Send lines elsewhere (tests); NULL restores stderr. */
void log_set_sink(void (*sink)(void *, const char *line, size_t n), void *udata);

/* Mask subscriber numbers inside text, in place (same length). */
void mask_numbers(char *text, size_t n);
