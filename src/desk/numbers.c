/*
 * Numbers as people write them, written plainly: one subscriber is one subject, however the number was typed.
 * What the country code and the area codes are is data of the pack.
 */
#include <string.h>

#include "desk_int.h"

#define NUMBER_MAX 40 /* bytes looked at; longer is no number */
#define LOCAL_MIN 7   /* digits of a fixed line without its area code */
#define LOCAL_MAX 8
#define MOBILE_LEN 11

/* What stands between digits: blanks, dashes, brackets, dots, also their full-width forms. */
static const char *const between[] = {" ", "-", "(", ")", ".", "/", "\t", "\xe3\x80\x80", "\xef\xbc\x88",
	"\xef\xbc\x89", "\xef\xbc\x8d", "\xe2\x80\x93"};

/* Bytes of a separator at p, 0 for none. */
static size_t separator_at(const char *p, size_t n)
{
	for (size_t i = 0; i < sizeof(between) / sizeof(between[0]); i++) {
		size_t len = strlen(between[i]);

		if (len <= n && memcmp(p, between[i], len) == 0)
			return len;
	}
	return 0;
}

/* One digit at p, also full-width (EF BC 90…99); bytes taken, 0 for none. */
static size_t digit_at(const char *p, size_t n, char *digit)
{
	const unsigned char *u = (const unsigned char *)p;

	if (*p >= '0' && *p <= '9') {
		*digit = *p;
		return 1;
	}
	if (n >= 3 && u[0] == 0xef && u[1] == 0xbc && u[2] >= 0x90 && u[2] <= 0x99) {
		*digit = (char)('0' + (u[2] - 0x90));
		return 3;
	}
	return 0;
}

/* Digits of the text; -1 when something else stands in it. *is_plus: it began with "+". */
static int digits_of(struct slice text, char out[NUMBER_MAX + 1], bool *is_plus)
{
	const char *p = text.p, *end = p + text.n;
	int n = 0;

	*is_plus = false;
	while (p < end) {
		size_t left = (size_t)(end - p), step = digit_at(p, left, &out[n]);

		if (step > 0 && ++n > NUMBER_MAX)
			return -1;
		if (step == 0 && n == 0 && !*is_plus) {
			step = *p == '+' ? 1 : left >= 3 && memcmp(p, "\xef\xbc\x8b", 3) == 0 ? 3 : 0;
			*is_plus = step > 0;
		}
		if (step == 0)
			step = separator_at(p, left);
		if (step == 0)
			return -1;
		p += step;
	}
	out[n] = '\0';
	return n;
}

/* The area code that begins these digits where its leading 0 was left out, NULL for none. */
static const char *area_without_zero(struct arena *a, const struct value *catalog, const char *digits)
{
	const struct value *cities = value_get(catalog, "cities");
	size_t n = strlen(digits);

	for (uint32_t i = 0; cities != NULL && i < cities->n; i++) {
		const char *code = value_cstr(a, value_get(&cities->as.pairs[i].val, "area_code"));
		size_t len = code == NULL || code[0] != '0' ? 0 : strlen(code) - 1;

		if (len > 0 && n >= len + LOCAL_MIN && n <= len + LOCAL_MAX &&
			strncmp(digits, code + 1, len) == 0)
			return code;
	}
	return NULL;
}

static const char *without_country(
	struct arena *a, const struct value *catalog, const char *digits, bool is_plus)
{
	const char *country = value_cstr(a, value_path(catalog, "numbers.country"));
	size_t n = country == NULL ? 0 : strlen(country);
	const char *rest = digits;

	if (n == 0)
		return digits;
	if (!is_plus && strncmp(digits, "00", 2) == 0 && strncmp(digits + 2, country, n) == 0)
		return digits + 2 + n;
	if (strncmp(digits, country, n) == 0)
		rest = digits + n;
	/* without a sign it is the country code only if a whole number follows */
	if (is_plus || (rest[0] == '1' && strlen(rest) == MOBILE_LEN) ||
		area_without_zero(a, catalog, rest) != NULL)
		return rest;
	return digits;
}

/* "+86 138-0013-8000" → "13800138000"; "(0755) 8888 6666", "755 88886666", and "88886666" in shenzhen →
 * "075588886666". False: it stays. */
static bool plain(struct arena *a, const struct value *catalog, const struct value *city, struct slice text,
	struct value *out)
{
	char digits[NUMBER_MAX + 1];
	const char *rest, *area = NULL;
	bool is_plus;

	if (text.n == 0 || text.n > 3 * NUMBER_MAX || digits_of(text, digits, &is_plus) <= 0)
		return false;
	rest = without_country(a, catalog, digits, is_plus);
	if (rest[0] != '0' && rest[0] != '1' && area_without_zero(a, catalog, rest) != NULL)
		*out = value_printf(a, "0%s", rest);
	else {
		size_t len = strlen(rest);

		if (len >= LOCAL_MIN && len <= LOCAL_MAX && rest[0] >= '2' && value_is(city, VALUE_TEXT))
			area = value_cstr(a,
				value_get(value_get_n(value_get(catalog, "cities"), city->as.text, city->n),
					"area_code"));
		*out = value_printf(a, "%s%s", area == NULL ? "" : area, rest);
	}
	return out->n != text.n || memcmp(out->as.text, text.p, text.n) != 0;
}

/* Most numbers are plain mobile numbers: these cost a look. */
static bool is_plain_mobile(const struct value *v)
{
	if (v->n != MOBILE_LEN || v->as.text[0] != '1')
		return false;
	for (uint32_t i = 1; i < MOBILE_LEN; i++)
		if (v->as.text[i] < '0' || v->as.text[i] > '9')
			return false;
	return true;
}

bool numbers_plain(struct arena *a, const struct value *catalog, const struct value *args, struct value *out)
{
	static const char *const keys[] = {"number", "caller", "callback"};
	const struct value *subject = value_get(args, "subject"), *id = value_get(subject, "id"),
			   *city = value_get(args, "city");
	bool is_changed = false;
	struct value to;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct value *v = value_get(args, keys[i]);

		if (!value_is(v, VALUE_TEXT) || is_plain_mobile(v) ||
			!plain(a, catalog, city, value_slice(v), &to))
			continue;
		if (!is_changed)
			*out = value_copy_map(a, args);
		is_changed = true;
		value_set(a, out, keys[i], to);
	}
	if (!value_is_text(value_get(subject, "type"), "mobile") || !value_is(id, VALUE_TEXT) ||
		is_plain_mobile(id) || !plain(a, catalog, city, value_slice(id), &to))
		return is_changed;
	if (!is_changed)
		*out = value_copy_map(a, args);
	value_set(a, out, "subject", value_copy_map(a, subject));
	value_set(a, (struct value *)value_get(out, "subject"), "id", to);
	return true;
}

/* ---- conditions ---------------------------------------------------------------------------------------- */
/* One number of a condition; a local one with the area code of the city asked for. */
static struct value plain_one(struct arena *a, const struct value *catalog, const struct value *city,
	const char *field, const struct value *given)
{
	struct value one = value_map(a, 2), out;

	value_add(a, &one, field, *given);
	if (value_is(city, VALUE_TEXT))
		value_add(a, &one, "city", *city);
	return numbers_plain(a, catalog, &one, &out) ? *value_get(&out, field) : *given;
}

/* {eq="+86 138…", in={…}} */
static struct value plain_condition(struct arena *a, const struct value *catalog, const struct value *city,
	const char *field, const struct value *condition)
{
	struct value out = value_copy_map(a, condition);

	for (uint32_t i = 0; i < out.n; i++) {
		struct value *v = &out.as.pairs[i].val, list;

		if (v->type == VALUE_TEXT) {
			*v = plain_one(a, catalog, city, field, v);
			continue;
		}
		if (v->type != VALUE_ARRAY)
			continue;
		list = value_array(a, v->n);
		for (uint32_t k = 0; k < v->n; k++)
			value_push(a, &list, plain_one(a, catalog, city, field, &v->as.items[k]));
		*v = list;
	}
	return out;
}

const struct value *numbers_plain_where(
	struct arena *a, const struct value *catalog, const struct value *where)
{
	static const char *const fields[] = {"number", "caller", "callback", "subject"};
	const struct value *city = value_get(where, "city");
	struct value *out = arena_alloc(a, sizeof(*out));

	if (value_is(city, VALUE_MAP))
		city = value_get(city, "eq");
	*out = value_copy_map(a, where);
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct value *v = value_get(where, fields[i]);
		bool is_condition = value_is(v, VALUE_MAP) && i < 3; /* a subject is a map itself */

		if (v != NULL)
			value_set(a, out, fields[i],
				is_condition ? plain_condition(a, catalog, city, fields[i], v)
					     : plain_one(a, catalog, city, fields[i], v));
	}
	return out;
}
