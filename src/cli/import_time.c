/* Dates and times as files write them. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "import_int.h"
#include "tocsin/civil.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define MINUTE_MS 60000
#define PIVOT_YEAR 70 /* two digits: 70-99 are 19xx, the rest 20xx */

static const char *const tokens[] = {"YYYY", "YY", "MMM", "MM", "DD", "hh", "mm", "SSS", "ss", "AM"};
#define N_TOKENS (sizeof(tokens) / sizeof(tokens[0]))
enum token {
	T_YEAR4,
	T_YEAR2,
	T_MONTH_NAME,
	T_MONTH,
	T_DAY,
	T_HOUR,
	T_MINUTE,
	T_MS,
	T_SECOND,
	T_HALF,
	T_LITERAL
};

static const char *const order_words[] = {
#define ORDER(name, word, help) word,
	DATE_ORDERS(ORDER)
#undef ORDER
};

int date_order_parse(const char *word, enum date_order *out, struct err *e)
{
	for (size_t i = 1; i < sizeof(order_words) / sizeof(order_words[0]); i++)
		if (strcmp(word, order_words[i]) == 0) {
			*out = (enum date_order)i;
			return 0;
		}
	return err_set(e, ERR_BAD_REQUEST,
		tr("date_order \"%.40s\" is not one of dmy, mdy, ymd, mdy_else_dmy, dmy_else_mdy"), word);
}

static enum token token_at(const char **format)
{
	for (size_t i = 0; i < N_TOKENS; i++)
		if (strncmp(*format, tokens[i], strlen(tokens[i])) == 0) {
			*format += strlen(tokens[i]);
			return (enum token)i;
		}
	return T_LITERAL;
}

static bool is_special(const char *format)
{
	return strcmp(format, "iso") == 0 || strcmp(format, "epoch_s") == 0 ||
	       strcmp(format, "epoch_ms") == 0;
}

int time_format_check(const char *format, struct err *e)
{
	unsigned seen = 0;

	if (is_special(format))
		return 0;
	for (const char *p = format; *p != '\0';) {
		const char *at = p;
		enum token t = token_at(&p);

		if (t == T_LITERAL && isalpha((unsigned char)*p) && *p != 'T')
			return err_set(e, ERR_BAD_REQUEST,
				tr("time format \"%.60s\": \"%.10s\" is none of YYYY YY MMM MM DD hh mm ss "
				   "SSS "
				   "AM (or iso, epoch_s, epoch_ms)"),
				format, at);
		if (t == T_LITERAL)
			p++;
		else
			seen |= 1u << t;
	}
	if ((seen & (1u << T_YEAR4 | 1u << T_YEAR2)) == 0 ||
		(seen & (1u << T_MONTH | 1u << T_MONTH_NAME)) == 0 || (seen & 1u << T_DAY) == 0)
		return err_set(e, ERR_BAD_REQUEST,
			tr("time format \"%.60s\" needs a year, a month and a day"), format);
	return 0;
}

bool time_format_has_order(const char *format)
{
	return !is_special(format) && strstr(format, "MMM") == NULL && strncmp(format, "YY", 2) != 0;
}

static int number(const char **p, const char *end, int digits_min, int digits_max)
{
	int n = 0, v = 0;

	while (n < digits_max && *p < end && isdigit((unsigned char)**p)) {
		v = v * 10 + *(*p)++ - '0';
		n++;
	}
	return n >= digits_min ? v : -1;
}

/* "Apr" or "april": 1-12, or -1. */
static int month_name(const char **p, const char *end)
{
	static const char *const names[] = {"january", "february", "march", "april", "may", "june", "july",
		"august", "september", "october", "november", "december"};
	size_t n = 0;

	while (*p + n < end && isalpha((unsigned char)(*p)[n]))
		n++;
	for (int i = 0; n >= 3 && i < 12; i++)
		if (n <= strlen(names[i]) && strncasecmp(*p, names[i], n) == 0) {
			*p += n;
			return i + 1;
		}
	return -1;
}

struct parts {
	int v[T_LITERAL]; /* by token; -1 where absent */
	int half;         /* 0 AM, 1 PM, -1 */
};

static int read_token(enum token t, const char **p, const char *end, struct parts *out)
{
	switch (t) {
	case T_YEAR4:
		return out->v[t] = number(p, end, 4, 4);
	case T_YEAR2:
		return out->v[t] = number(p, end, 2, 2);
	case T_MONTH_NAME:
		return out->v[t] = month_name(p, end);
	case T_MS:
		return out->v[t] = number(p, end, 3, 3);
	case T_HALF:
		if (end - *p < 2 || (strncasecmp(*p, "AM", 2) != 0 && strncasecmp(*p, "PM", 2) != 0))
			return -1;
		out->half = toupper((unsigned char)**p) == 'P';
		*p += 2;
		return 0;
	default:
		return out->v[t] = number(p, end, 1, 2);
	}
}

static int read_literal(const char **format, const char **p, const char *end)
{
	if (**format != ' ') {
		if (*p == end || **p != **format)
			return -1;
		(*p)++;
	} else {
		if (*p == end || **p != ' ')
			return -1;
		while (*p < end && **p == ' ')
			(*p)++;
	}
	(*format)++;
	return 0;
}

static int read_special(const char *format, struct slice text, struct written *out)
{
	char copy[64], *end;
	struct err ignored;

	out->is_instant = true;
	if (text.n == 0 || text.n >= sizeof(copy))
		return -1;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (strcmp(format, "iso") == 0) {
		char *blank = strchr(copy, ' ');

		if (blank != NULL)
			*blank = 'T';
		return clock_parse(copy, &out->day_ms, &ignored);
	}
	out->day_ms = strtoll(copy, &end, 10) * (strcmp(format, "epoch_s") == 0 ? 1000 : 1);
	return *end == '\0' ? 0 : -1;
}

static int day_time(const struct parts *v, int64_t *ms)
{
	int h = v->v[T_HOUR], m = v->v[T_MINUTE], s = v->v[T_SECOND], f = v->v[T_MS];

	h = h < 0 ? 0 : h;
	m = m < 0 ? 0 : m;
	s = s < 0 ? 0 : s;
	if (v->half >= 0) {
		if (h < 1 || h > 12)
			return -1;
		h = h % 12 + 12 * v->half;
	}
	if (h > 23 || m > 59 || s > 59)
		return -1;
	*ms = ((h * 60 + m) * 60 + s) * INT64_C(1000) + (f < 0 ? 0 : f);
	return 0;
}

int time_read(const char *format, struct slice text, struct written *out)
{
	const char *p = text.p, *end = p + text.n;
	struct parts v = {.half = -1};
	int month;

	memset(out, 0, sizeof(*out));
	if (is_special(format))
		return read_special(format, text, out);
	for (int i = 0; i < T_LITERAL; i++)
		v.v[i] = -1;
	out->is_day_first = false;
	for (const char *f = format; *f != '\0';) {
		enum token t = token_at(&f);

		if ((t == T_LITERAL ? read_literal(&f, &p, end) : read_token(t, &p, end, &v)) < 0)
			return -1;
		if (t == T_DAY && v.v[T_MONTH] < 0 && v.v[T_MONTH_NAME] < 0)
			out->is_day_first = true;
	}
	if (p != end || day_time(&v, &out->day_ms) != 0)
		return -1;
	month = v.v[T_MONTH_NAME] >= 0 ? v.v[T_MONTH_NAME] : v.v[T_MONTH];
	out->year =
		v.v[T_YEAR4] >= 0 ? v.v[T_YEAR4] : v.v[T_YEAR2] + (v.v[T_YEAR2] >= PIVOT_YEAR ? 1900 : 2000);
	out->first = out->is_day_first ? v.v[T_DAY] : month;
	out->second = out->is_day_first ? month : v.v[T_DAY];
	return 0;
}

bool date_exists(int year, int month, int day)
{
	int y, m, d;

	if (year < CIVIL_YEAR_MIN || year > CIVIL_YEAR_MAX || month < 1 || month > 12 || day < 1 || day > 31)
		return false;
	civil_split(civil_day(year, month, day), &y, &m, &d);
	return m == month && d == day;
}

int time_resolve(const struct written *w, enum date_order order, int64_t *at_ms)
{
	bool day_first = w->is_day_first;
	int month, day;

	if (w->is_instant) {
		*at_ms = w->day_ms;
		return 0;
	}
	if (order == ORDER_DMY || order == ORDER_DMY_ELSE_MDY)
		day_first = true;
	if (order == ORDER_MDY || order == ORDER_MDY_ELSE_DMY)
		day_first = false;
	month = day_first ? w->second : w->first;
	day = day_first ? w->first : w->second;
	if (!date_exists(w->year, month, day) &&
		(order == ORDER_MDY_ELSE_DMY || order == ORDER_DMY_ELSE_MDY)) {
		int swap = month;

		month = day;
		day = swap;
	}
	if (!date_exists(w->year, month, day))
		return -1;
	*at_ms = civil_instant(civil_day(w->year, month, day), (int)(w->day_ms / MINUTE_MS)) +
		 w->day_ms % MINUTE_MS;
	return 0;
}
