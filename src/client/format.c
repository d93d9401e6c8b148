/* One pass over the format; the arguments are taken as the places come. */
#include "format.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/wire.h"

struct format {
	const char *whole, *at;
	va_list ap;
	struct arena *arena;
	struct err *e;
	int depth;
	bool is_absent; /* the value read last was NULL: a map leaves it out */
};

static int wrong(const struct format *f, const char *expected)
{
	return err_set(f->e, ERR_BAD_REQUEST, "format at offset %zu: expected %s, not \"%.20s\"",
		(size_t)(f->at - f->whole), expected, f->at);
}

static bool take(struct format *f, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(f->at, word, n) != 0)
		return false;
	f->at += n;
	return true;
}

static void skip_blanks(struct format *f)
{
	while (isspace((unsigned char)*f->at))
		f->at++;
}

static bool is_key_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '.';
}

/* ---- leaves -------------------------------------------------------------------------------------------- */
static int quoted(struct format *f, struct value *out)
{
	char quote = *f->at++, *to = arena_alloc(f->arena, strlen(f->at) + 1), *p = to;

	while (*f->at != quote) {
		bool is_escaped = take(f, "\\");

		if (*f->at == '\0')
			return wrong(f, "the end of a quoted text");
		*p++ = is_escaped && *f->at == 'n' ? '\n' : *f->at;
		f->at++;
	}
	f->at++;
	*p = '\0';
	*out = value_borrow(to, (size_t)(p - to));
	return 0;
}

static struct value text_place(struct format *f, const char *text, size_t n)
{
	f->is_absent = text == NULL;
	return text == NULL ? value_nil : value_text(f->arena, text, n);
}

static struct value value_place(struct format *f)
{
	const struct value *v = va_arg(f->ap, const struct value *);

	f->is_absent = v == NULL;
	return v == NULL ? value_nil : value_copy(f->arena, v);
}

static struct value unsigned_place(uint64_t u)
{
	return u <= INT64_MAX ? value_int((int64_t)u) : (struct value){.type = VALUE_UINT, .as.u = u};
}

/* `f->at` stands behind the %. */
static int place(struct format *f, struct value *out)
{
	if (take(f, "s")) {
		const char *text = va_arg(f->ap, const char *);

		*out = text_place(f, text, text == NULL ? 0 : strlen(text));
	} else if (take(f, ".*s")) {
		int n = va_arg(f->ap, int);

		*out = text_place(f, va_arg(f->ap, const char *), n < 0 ? 0 : (size_t)n);
	} else if (take(f, "hhd")) {
		*out = value_bool(va_arg(f->ap, int) != 0);
	} else if (take(f, "d")) {
		*out = value_int(va_arg(f->ap, int));
	} else if (take(f, "lld")) {
		*out = value_int(va_arg(f->ap, long long));
	} else if (take(f, "ld")) {
		*out = value_int(va_arg(f->ap, long));
	} else if (take(f, "jd")) {
		*out = value_int(va_arg(f->ap, intmax_t));
	} else if (take(f, "zu")) {
		*out = unsigned_place(va_arg(f->ap, size_t));
	} else if (take(f, "f")) {
		*out = value_float(va_arg(f->ap, double));
	} else if (take(f, "p")) {
		*out = value_place(f);
	} else {
		return wrong(f, "s, .*s, hhd, d, ld, lld, jd, zu, f or p behind %");
	}
	return 0;
}

static const char *digits(const char *p)
{
	while (isdigit((unsigned char)*p))
		p++;
	return p;
}

/* Where a number of JSON ends; NULL: it is none ("nan", "0x10" and "1." are not). */
static const char *number_end(const char *p, bool *is_float)
{
	const char *from = p += *p == '-', *end = digits(p);

	if (end == from || (from[0] == '0' && end > from + 1))
		return NULL;
	*is_float = *end == '.' || *end == 'e' || *end == 'E';
	if (*end == '.') {
		from = end + 1;
		end = digits(from);
		if (end == from)
			return NULL;
	}
	if (*end == 'e' || *end == 'E') {
		from = end + 1 + (end[1] == '+' || end[1] == '-');
		end = digits(from);
	}
	return end == from || is_key_byte(*end) ? NULL : end;
}

static int number(struct format *f, struct value *out)
{
	bool is_float = false;
	const char *end = number_end(f->at, &is_float);

	if (end == NULL)
		return wrong(f, "a value");
	errno = 0;
	if (is_float)
		*out = value_float(strtod(f->at, NULL));
	else if (f->at[0] == '-')
		*out = value_int(strtoimax(f->at, NULL, 10));
	else
		*out = unsigned_place(strtoumax(f->at, NULL, 10));
	if (errno == ERANGE && (!is_float || !isfinite(out->as.f)))
		return wrong(f, is_float ? "a number that is not infinite" : "an integer of 64 bits");
	f->at = end;
	return 0;
}

/* ---- containers ---------------------------------------------------------------------------------------- */
static int any(struct format *f, struct value *out);

/* Behind an item: true at the end of the container. */
static int more(struct format *f, const char *end, bool *is_end)
{
	skip_blanks(f);
	*is_end = take(f, end);
	return *is_end || take(f, ",") ? 0 : wrong(f, end[0] == ']' ? ", or ]" : ", or }");
}

static int array(struct format *f, struct value *out)
{
	struct value item;
	bool is_end;

	*out = value_array(f->arena, 4);
	skip_blanks(f);
	is_end = take(f, "]");
	while (!is_end) {
		if (any(f, &item) != 0)
			return -1;
		value_push(f->arena, out, item);
		if (more(f, "]", &is_end) != 0)
			return -1;
	}
	return 0;
}

/* NULL if there is none. */
static const char *key(struct format *f)
{
	const char *from = f->at, *given;
	struct value v;

	if (*from == '"' || *from == '\'')
		return quoted(f, &v) == 0 ? v.as.text : NULL;
	if (take(f, "%s")) {
		given = va_arg(f->ap, const char *);
		if (given == NULL)
			wrong(f, "a key that is not NULL");
		return given == NULL ? NULL : arena_text(f->arena, given, strlen(given));
	}
	while (is_key_byte(*f->at))
		f->at++;
	if (f->at == from)
		wrong(f, "a key");
	return f->at == from ? NULL : arena_text(f->arena, from, (size_t)(f->at - from));
}

static int map(struct format *f, struct value *out)
{
	struct value v;
	const char *name;
	bool is_end;

	*out = value_map(f->arena, 8);
	skip_blanks(f);
	is_end = take(f, "}");
	while (!is_end) {
		skip_blanks(f);
		name = key(f);
		if (name == NULL)
			return -1;
		skip_blanks(f);
		if (!take(f, ":"))
			return wrong(f, ": behind a key");
		if (any(f, &v) != 0)
			return -1;
		if (!f->is_absent)
			value_set(f->arena, out, name, v);
		if (more(f, "}", &is_end) != 0)
			return -1;
	}
	return 0;
}

static int container(struct format *f, int (*read)(struct format *, struct value *), struct value *out)
{
	int rc;

	if (++f->depth > FRAME_DEPTH_MAX)
		return wrong(f, "less depth");
	rc = read(f, out);
	f->depth--;
	f->is_absent = false;
	return rc;
}

static int any(struct format *f, struct value *out)
{
	f->is_absent = false;
	skip_blanks(f);
	if (take(f, "{"))
		return container(f, map, out);
	if (take(f, "["))
		return container(f, array, out);
	if (take(f, "%"))
		return place(f, out);
	if (*f->at == '"' || *f->at == '\'')
		return quoted(f, out);
	if (take(f, "true"))
		*out = value_bool(true);
	else if (take(f, "false"))
		*out = value_bool(false);
	else if (take(f, "null"))
		*out = value_nil;
	else
		return number(f, out);
	return 0;
}

int format_value(struct arena *a, const char *format, va_list ap, struct value *out, struct err *e)
{
	struct format f = {.whole = format == NULL ? "{}" : format, .arena = a, .e = e};
	int rc;

	f.at = f.whole;
	va_copy(f.ap, ap);
	rc = any(&f, out);
	va_end(f.ap);
	skip_blanks(&f);
	return rc == 0 && *f.at != '\0' ? wrong(&f, "the end") : rc;
}
