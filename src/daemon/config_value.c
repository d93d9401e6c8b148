/* One value of one key: is it what the key's type wants? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config.h"
#include "tocsin/log.h"
#include "tocsin/rpc.h"
#include "tocsin/util.h"
#include "user.h"

/* Largest first: what is printed takes the first that divides. */
static const struct unit_name sizes[] = {{"GiB", GIB_(1)}, {"MiB", MIB_(1)}, {"KiB", KIB_(1)}, {"G", GIB_(1)},
	{"M", MIB_(1)}, {"K", KIB_(1)}, {"B", 1}};

char *config_size_text(int64_t bytes, char out[CONFIG_NUMBER_LEN])
{
	return unit_text(bytes, sizes, sizeof(sizes) / sizeof(sizes[0]), out);
}

char *config_duration_text(int64_t ms, char out[CONFIG_NUMBER_LEN])
{
	return unit_text(ms, span_units, N_SPAN_UNITS, out);
}

char *config_expected(const struct config_key *k, enum lang lang, char out[CONFIG_EXPECTED_LEN])
{
	static const char *const expected[][2] = {
#define T(name, word, text, text_zh) {text, text_zh},
		CONFIG_TYPES(T)
#undef T
	};
	bool is_zh = lang == LANG_ZH;
	char min[CONFIG_NUMBER_LEN], max[CONFIG_NUMBER_LEN];
	const char *what = expected[k->type][is_zh];
	const char *range = is_zh ? "%s，%s 到 %s" : "%s, from %s to %s";

	if (k->type == CONFIG_COUNT)
		snprintf(out, CONFIG_EXPECTED_LEN, is_zh ? "%s，%jd 到 %jd" : "%s from %jd to %jd", what,
			(intmax_t)k->min, (intmax_t)k->max);
	else if (k->type == CONFIG_DURATION)
		snprintf(out, CONFIG_EXPECTED_LEN, range, what, config_duration_text(k->min, min),
			config_duration_text(k->max, max));
	else if (k->type == CONFIG_SIZE)
		snprintf(out, CONFIG_EXPECTED_LEN, range, what, config_size_text(k->min, min),
			config_size_text(k->max, max));
	else
		snprintf(out, CONFIG_EXPECTED_LEN, "%s", what);
	return out;
}

static int digits(const char *text, int64_t *n, const char **end)
{
	*n = 0;
	for (*end = text; **end >= '0' && **end <= '9'; (*end)++)
		if (__builtin_mul_overflow(*n, 10, n) || __builtin_add_overflow(*n, **end - '0', n))
			return -1;
	return *end == text ? -1 : 0;
}

static int size_parse(const char *text, int64_t *bytes)
{
	const char *unit;

	if (digits(text, bytes, &unit) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (strcmp(unit, sizes[i].name) == 0)
			return __builtin_mul_overflow(*bytes, sizes[i].factor, bytes) ? -1 : 0;
	return -1;
}

static int number_parse(const struct config_key *k, const char *text, int64_t *n)
{
	const char *end;

	if (k->type == CONFIG_LEVEL)
		return log_level_parse(text, n);
	if (k->type == CONFIG_DURATION && duration_parse(text, strlen(text), n) != 0)
		return -1;
	if (k->type == CONFIG_SIZE && size_parse(text, n) != 0)
		return -1;
	if (k->type == CONFIG_COUNT && (digits(text, n, &end) != 0 || *end != '\0'))
		return -1;
	return *n >= k->min && *n <= k->max ? 0 : -1;
}

static bool is_right(const struct config_key *k, const char *text, int64_t *number)
{
	switch (k->type) {
	case CONFIG_PATH:
	case CONFIG_ZONE: /* tzdata is asked by config_times */
		return text[0] != '\0';
	case CONFIG_ADDRESS:
		return strncmp(text, "unix:", 5) == 0 || strncmp(text, "tcp:", 4) == 0;
	case CONFIG_HOST:
		return strchr(text, ':') != NULL && strncmp(text, "tcp:", 4) != 0;
	case CONFIG_CLOCK:
		return strcmp(text, "real") == 0 || strncmp(text, "virtual:", 8) == 0;
	default:
		return number_parse(k, text, number) == 0;
	}
}

int config_value(const struct config_key *k, const char *text, int64_t *number, struct err *e)
{
	char expected[CONFIG_EXPECTED_LEN];
	struct local_user user;

	*number = 0;
	if (k->type == CONFIG_USER)
		return user_parse(text, &user, e);
	if (is_right(k, text, number))
		return 0;
	err_set(e, ERR_BAD_REQUEST, "expected %s", config_expected(k, LANG_EN, expected));
	return err_zh(e, "应为%s", config_expected(k, LANG_ZH, expected));
}
