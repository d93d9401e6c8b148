#include "tocsin/log.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tocsin/err.h"
#include "tocsin/util.h"

#define LINE_BYTES 1024
#define DIGEST_HEX_MIN 32 /* digits of a word that is a digest, not a number */

/* The one process-wide setting beside main.c's: any thread may log, also before anything is wired. */
static _Atomic enum log_level log_level_min = LOG_INFO;
static void (*log_sink)(void *, const char *, size_t);
static void *log_udata;

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Whether these digits stand inside a digest: one in some hundred holds the shape of a number by chance. */
static bool is_in_digest(const char *text, size_t n, size_t at)
{
	size_t from = at, to = at;

	while (from > 0 && is_hex(text[from - 1]))
		from--;
	while (to < n && is_hex(text[to]))
		to++;
	return to - from >= DIGEST_HEX_MIN;
}

void mask_numbers(char *text, size_t n)
{
	size_t i = 0;

	while (i < n) {
		size_t run = 0;

		while (i + run < n && isdigit((unsigned char)text[i + run]))
			run++;
		if (run >= 11 && is_in_digest(text, n, i)) {
			i += run;
			continue;
		}
		if (run == 11 && text[i] == '1' && text[i + 1] >= '3')
			memcpy(text + i + 3, "****", 4);
		else if (run == 13 && memcmp(text + i, "86", 2) == 0 && text[i + 2] == '1' &&
			 text[i + 3] >= '3')
			memcpy(text + i + 5, "****", 4);
		i += run > 0 ? run : 1;
	}
}

void log_set_level(enum log_level level)
{
	log_level_min = level;
}

static const char *const level_names[] = {
#define LEVEL(name, text) text,
	LOG_LEVELS(LEVEL)
#undef LEVEL
};
#define N_LEVELS (sizeof(level_names) / sizeof(level_names[0]))

int log_level_parse(const char *text, int64_t *level)
{
	for (size_t i = 0; i < N_LEVELS; i++)
		if (strcmp(text, level_names[i]) == 0) {
			*level = (int64_t)i;
			return 0;
		}
	return -1;
}

void log_set_sink(void (*sink)(void *, const char *, size_t), void *udata)
{
	log_sink = sink;
	log_udata = udata;
}

/* ---- a line being made --------------------------------------------------------------------------------- */
struct line {
	char text[LINE_BYTES];
	size_t n;
	bool is_full;
};

static void put(struct line *l, char c)
{
	if (l->n + sizeof("\"\n") > sizeof(l->text)) {
		l->is_full = true;
		return;
	}
	l->text[l->n++] = (unsigned char)c < 0x20 || c == 0x7f ? ' ' : c;
}

static void put_text(struct line *l, const char *text, size_t n, bool is_quoted)
{
	for (size_t i = 0; i < n; i++) {
		if (is_quoted && (text[i] == '"' || text[i] == '\\'))
			put(l, '\\');
		put(l, text[i]);
	}
}

/* What would not read back as one plain word. */
static bool needs_quotes(const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f || strchr("\"=\\", text[i]) != NULL)
			return true;
	return n == 0;
}

/* One conversion of the format. */
struct spec {
	char text[24]; /* as printf takes it, without a * */
	int precision; /* of %.*s, or -1 */
	char length;   /* l, L for ll, j, z or 0 */
	char conversion;
};

/* The conversion that begins at p; returns what follows it. */
static const char *spec_read(const char *p, struct spec *s, bool *has_star)
{
	const char *start = p++;
	size_t n;

	memset(s, 0, sizeof(*s));
	s->precision = -1;
	p += strspn(p, "-+ #0123456789.");
	*has_star = *p == '*';
	p += *has_star;
	if (*p == 'l' || *p == 'j' || *p == 'z') {
		s->length = *p++;
		if (*p == 'l') {
			s->length = 'L';
			p++;
		}
	}
	s->conversion = *p++;
	n = (size_t)(p - start);
	must(n < sizeof(s->text));
	memcpy(s->text, start, n);
	return p;
}

static void put_printf(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put_printf(struct line *l, const char *format, ...)
{
	char text[128];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	put_text(l, text, n < 0 ? 0 : strlen(text), false);
}

/* The formats come from spec_read: cut out of one that the compiler has checked against its arguments. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
static void put_number(struct line *l, const struct spec *s, va_list *ap)
{
	if (s->conversion == 'f' || s->conversion == 'g')
		put_printf(l, s->text, va_arg(*ap, double));
	else if (s->length == 'l')
		put_printf(l, s->text, va_arg(*ap, long));
	else if (s->length == 'L')
		put_printf(l, s->text, va_arg(*ap, long long));
	else if (s->length == 'j')
		put_printf(l, s->text, va_arg(*ap, intmax_t));
	else if (s->length == 'z')
		put_printf(l, s->text, va_arg(*ap, size_t));
	else
		put_printf(l, s->text, va_arg(*ap, int));
}
#pragma GCC diagnostic pop

static void put_string(struct line *l, const char *text, int precision, char before, char after)
{
	bool is_whole = before == '=' && (after == ' ' || after == '\0'), is_bare;
	size_t n;

	if (text == NULL)
		text = "-";
	n = precision < 0 ? strlen(text) : strnlen(text, (size_t)precision);
	is_bare = before != '"' && !(is_whole && needs_quotes(text, n));
	if (is_whole && !is_bare)
		put(l, '"');
	put_text(l, text, n, !is_bare);
	if (is_whole && !is_bare)
		put(l, '"');
}

static void put_pairs(struct line *l, const char *format, va_list *ap)
{
	char before = ' ';

	for (const char *p = format; *p != '\0';) {
		struct spec s;
		bool has_star;

		if (*p != '%' || p[1] == '%') {
			before = *p;
			put(l, *p);
			p += *p == '%' ? 2 : 1;
			continue;
		}
		p = spec_read(p, &s, &has_star);
		if (has_star)
			s.precision = va_arg(*ap, int);
		if (s.conversion == 's')
			put_string(l, va_arg(*ap, const char *), s.precision, before, *p);
		else
			put_number(l, &s, ap);
		before = s.conversion;
	}
}

/* What was cut off may have ended a quoted value: end it, so that the line still reads back. */
static void close_quote(struct line *l)
{
	bool is_open = false;
	size_t i = 0;

	l->n = utf8_clip(l->text, l->n);
	while (i < l->n) {
		if (is_open && l->text[i] == '\\' && i + 1 == l->n) {
			l->n--;
			break;
		}
		if (is_open && l->text[i] == '\\')
			i++;
		else if (l->text[i] == '"')
			is_open = !is_open;
		i++;
	}
	if (is_open)
		l->text[l->n++] = '"';
}

static void put_head(struct line *l, enum log_level level, const char *event)
{
	struct timespec ts;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	put_printf(l, "at=%04d-%02d-%02dT%02d:%02d:%02d.%03ldZ level=%s event=%s", tm.tm_year + 1900,
		tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, ts.tv_nsec / 1000000,
		level_names[level], event);
	put(l, ' ');
}

void log_line(enum log_level level, const char *event, const char *format, ...)
{
	struct line l = {.n = 0};
	va_list ap;

	if (level < log_level_min)
		return;
	put_head(&l, level, event);
	va_start(ap, format);
	put_pairs(&l, format, &ap);
	va_end(ap);
	if (l.is_full)
		close_quote(&l);
	mask_numbers(l.text, l.n);
	l.text[l.n++] = '\n';
	if (log_sink != NULL)
		log_sink(log_udata, l.text, l.n);
	else if (write(STDERR_FILENO, l.text, l.n) < 0)
		return; /* nowhere left to say so */
}
