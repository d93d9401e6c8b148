/*
 * Errors. A function that can fail returns 0, or -1 with a struct err filled in; `err_set` returns -1,
 * so a leaf check reads `return err_set(e, ERR_NOT_FOUND, "ticket %ju does not exist", id);`.
 * The text names the object and the value; callers add context with err_prefix, never replace it.
 * The codes are the wire's (README, "Errors").
 */
#pragma once

#include <stddef.h>

/* ERR(name, wire code, what it means for the caller) */
#define ERR_CODES(ERR)                                                                                       \
	ERR(BAD_REQUEST, "bad_request", "an argument is missing, unknown or of the wrong type or value")     \
	ERR(REJECTED, "rejected", "the pack or a rule refuses; the message says why and what is allowed")    \
	ERR(NOT_FOUND, "not_found", "there is no such id or method")                                         \
	ERR(CONFLICT, "conflict", "the version is stale, or a request_id was used for other arguments")      \
	ERR(UNAUTHENTICATED, "unauthenticated", "say session.hello with a token first")                      \
	ERR(FORBIDDEN, "forbidden", "the role may not call this method")                                     \
	ERR(TOO_LARGE, "too_large", "a frame, text or result is over its limit")                             \
	ERR(BUSY, "busy", "too much at once; try again")                                                     \
	ERR(READ_ONLY, "read_only", "the store was opened read-only; reads go on")                           \
	ERR(STORAGE, "storage", "no room or no working disk; nothing was stored; reads go on")               \
	ERR(INTERNAL, "internal", "a defect of Tocsin; nothing was stored")

enum err_code {
	ERR_NONE = 0,
#define ERR(name, wire, help) ERR_##name,
	ERR_CODES(ERR)
#undef ERR
};

#define ERR_TEXT_LEN 480

/* The language that somebody asked for; ANY: as it is, which is English but for refusals in both. */
enum lang { LANG_ANY, LANG_EN, LANG_ZH };

struct err {
	enum err_code code;
	char text[ERR_TEXT_LEN]; /* one sentence; UTF-8 */
	char zh[ERR_TEXT_LEN];   /* the same in Chinese, or "" */
	size_t en_n; /* bytes of the text that are its English, if it says it in both languages; else 0 */
	char argument[64]; /* name of the offending argument, or "" */
	char value[96];    /* its value as text, clipped, numbers masked, or "" */
	char reason[160];  /* machine-usable detail, for instance the allowed values, or "" */
};

#define MUST_CHECK __attribute__((warn_unused_result))

/*
 * All are marked cold: the compiler puts what leads to an error aside, so that the way good calls go stays in
 * the processor's cache.
 */

/* Fill *e and return -1. Numbers of subscribers in the text are masked (log.h). */
int err_set(struct err *e, enum err_code code, const char *format, ...)
	__attribute__((cold, format(printf, 3, 4)));

/* The same with the argument and value that were wrong. `value` may be NULL. */
int err_arg(struct err *e, enum err_code code, const char *argument, const char *value, const char *format,
	...) __attribute__((cold, format(printf, 5, 6)));

/* The same in both languages at once, as packs refuse: the text is "en / zh". `value` may be NULL. */
int err_both(struct err *e, enum err_code code, const char *argument, const char *value, const char *en,
	const char *zh) __attribute__((cold));

/* Say the Chinese here: where values are sentences of their own, which no format can translate. Returns -1.
 */
int err_zh(struct err *e, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));

/* Add " (did you mean "word"?)" unless the word is NULL; returns -1. */
int err_hint(struct err *e, const char *word) __attribute__((cold));

/* Put "prefix: " before the text; returns -1. */
int err_prefix(struct err *e, const char *format, ...) __attribute__((cold, format(printf, 2, 3)));

/* What $LC_ALL, $LC_MESSAGES or $LANG, the first that is set, asks for: ZH, else EN. */
enum lang lang_environment(void);

/* What is said to somebody of this language, and its bytes; English where there is no Chinese. */
const char *err_said(const struct err *e, enum lang, size_t *n);

/*
 * Who knows the Chinese of an English format, or of a word that stands between \1 and \2 in what a Chinese
 * format made: NULL if it has none. Called once, before there are threads; until then errors are English.
 */
void err_speak(const char *(*zh_of)(const char *en));

/* The wire's name of a code, "bad_request" and so on. */
const char *err_name(enum err_code code);

/* must(x): our own bug if false, aborts with a trace line, in release too. never(why): impossible arm. */
#define must(x) ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__))
#define never(why) must_fail(why, __FILE__, __LINE__)
_Noreturn void must_fail(const char *what, const char *file, int line) __attribute__((cold));
