/* What is checked of one signal (signal_check.h). */
#include "signal_check.h"

#include <string.h>

#include "tocsin/numset.h"

#define NAME_MAX_BYTES 64 /* of source, code, state */
#define ERRORS_MAX 1000   /* told in one answer; all are counted */
#define METRIC_MAX 1e18

bool signal_reject(struct signal_check *p, const char *field, const char *format, ...)
{
	struct arena *a = p->w->arena;
	struct value row;
	va_list args;
	char *text;

	p->n_rejected++;
	if (p->rejected.n == ERRORS_MAX)
		return false;
	va_start(args, format);
	text = arena_vprintf(a, format, args);
	va_end(args);
	row = value_map(a, 3);
	value_add(a, &row, "index", value_int(p->index));
	value_add(a, &row, "field", value_literal(field));
	value_add(a, &row, "message", value_literal(text));
	value_push(a, &p->rejected, row);
	return false;
}

static const char *const fields[] = {"at", "source", "kind", "city", "component", "service", "number", "code",
	"value", "incident", "version"};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static bool check_fields(struct signal_check *p, const struct value *said)
{
	if (said->type != VALUE_MAP)
		return signal_reject(
			p, "", "a signal is a map {at, source, kind, …}, not %s", value_type_name(said));
	for (uint32_t i = 0; i < said->n; i++) {
		const struct value *key = &said->as.pairs[i].key;
		char hint[WORD_HINT_LEN];
		size_t k = 0;

		while (k < N_FIELDS && !value_is_text(key, fields[k]))
			k++;
		if (k == N_FIELDS) {
			const char *text = value_cstr(p->w->arena, key);

			text = text == NULL ? "?" : text;
			return signal_reject(p, "", "%s is not a field of a signal%s", text,
				word_hint(text, fields, N_FIELDS, hint));
		}
	}
	return true;
}

/* A name of the catalog's map; absent is fine unless it must be there. */
static bool check_name(struct signal_check *p, const struct value *said, const char *field, const char *map,
	bool is_required, struct slice *out, const struct value **row)
{
	const struct value *given = value_get(said, field), *names = value_get(p->catalog, map);
	const char **words, *text;
	char hint[WORD_HINT_LEN];

	if (given == NULL)
		return !is_required || signal_reject(p, field, "%s is missing", field);
	if (given->type != VALUE_TEXT)
		return signal_reject(p, field, "%s must be text, not %s", field, value_type_name(given));
	*row = value_get_n(names, given->as.text, given->n);
	*out = value_slice(given);
	if (*row != NULL)
		return true;
	text = value_cstr(p->w->arena, given);
	words = arena_alloc(p->w->arena, ((names == NULL ? 0 : names->n) + 1) * sizeof(*words));
	for (uint32_t i = 0; names != NULL && i < names->n; i++)
		words[i] = value_cstr(p->w->arena, &names->as.pairs[i].key);
	return signal_reject(p, field, "%s \"%.*s\" is not in the catalog%s", field, NAME_MAX_BYTES, text,
		word_hint(text, words, names == NULL ? 0 : names->n, hint));
}

static bool check_text(struct signal_check *p, const struct value *said, const char *field, bool is_required,
	struct slice *out)
{
	const struct value *given = value_get(said, field);

	if (given == NULL)
		return !is_required || signal_reject(p, field, "%s is missing", field);
	if (given->type != VALUE_TEXT || given->n == 0 || given->n > NAME_MAX_BYTES ||
		memchr(given->as.text, 0, given->n) != NULL)
		return signal_reject(p, field, "%s must be text of 1 to %d bytes", field, NAME_MAX_BYTES);
	*out = value_slice(given);
	return true;
}

static bool time_of(struct arena *a, const struct value *given, int64_t *out)
{
	struct value args = value_map(a, 1);
	static const struct rpc_arg arg[] = {{.name = "at", .type = ARG_TIME}};
	static const struct rpc_method at = {.name = "at", .args = arg, .n_args = 1};
	struct err e;

	if (value_as_int(given, out))
		return *out >= 0 && *out <= INSTANT_MAX_MS;
	if (given->type != VALUE_TEXT)
		return false;
	value_add(a, &args, "at", *given);
	return args_check(&at, a, &args, &e) == 0 && value_as_int(value_get(&args, "at"), out);
}

static bool check_time(struct signal_check *p, const struct value *said, struct signal *s)
{
	const struct value *at = value_get(said, "at");

	if (at == NULL)
		return signal_reject(p, "at", "at is missing");
	if (!time_of(p->w->arena, at, &s->at_ms))
		return signal_reject(
			p, "at", "at must be a time: integer ms since 1970 UTC, or ISO 8601 text");
	if (s->at_ms > p->w->now_ms + p->ahead_ms)
		return signal_reject(p, "at",
			"at is %jd ms in the future, more than the %jd ms that clocks may differ",
			(intmax_t)(s->at_ms - p->w->now_ms), (intmax_t)p->ahead_ms);
	if (s->at_ms < p->w->now_ms - p->late_ms)
		return signal_reject(p, "at",
			"at is %jd ms ago, later than the %jd ms that a signal may come",
			(intmax_t)(p->w->now_ms - s->at_ms), (intmax_t)p->late_ms);
	return true;
}

static bool check_number(struct signal_check *p, const struct value *said, struct signal *s)
{
	const struct value *given = value_get(said, "number");
	struct value args, plain;

	if (given == NULL)
		return true;
	if (given->type != VALUE_TEXT)
		return signal_reject(p, "number", "number must be text, not %s", value_type_name(given));
	s->number = given->n == 11 && given->as.text[0] == '1' ? numset_number(value_slice(given)) : 0;
	if (s->number != 0)
		return true;
	args = value_map(p->w->arena, 2);
	value_add(p->w->arena, &args, "number", *given);
	if (value_get(said, "city") != NULL)
		value_add(p->w->arena, &args, "city", *value_get(said, "city"));
	if (numbers_plain(p->w->arena, p->catalog, &args, &plain))
		args = plain;
	s->number = numset_number(value_slice(value_get(&args, "number")));
	return s->number != 0 || signal_reject(p, "number", "number is not 1 to %d digits", NUMSET_DIGITS);
}

static bool check_value(struct signal_check *p, const struct value *said, struct signal *s)
{
	const struct value *want = value_get(s->kind_row, "value");
	double v;

	s->value = value_get(said, "value");
	if (value_is_text(want, "number")) {
		if (s->value == NULL || (s->value->type != VALUE_INT && s->value->type != VALUE_FLOAT))
			return signal_reject(p, "value", "value must be a number");
		v = s->value->type == VALUE_FLOAT ? s->value->as.f : (double)s->value->as.i;
		if (!(v >= -METRIC_MAX && v <= METRIC_MAX)) /* sums of a minute stay numbers */
			return signal_reject(
				p, "value", "value is %g; expected a number from -1e18 to 1e18", v);
	}
	if (!value_is_text(want, "state"))
		return true;
	if (!value_is_text(s->value, "up") && !value_is_text(s->value, "degraded") &&
		!value_is_text(s->value, "down"))
		return signal_reject(p, "value", "value must be \"up\", \"degraded\" or \"down\"");
	return s->component.n > 0 ||
	       signal_reject(p, "component", "component is missing: whose state is it?");
}

/* Of which case a caller heard which version: 1 and more, 0 where nothing is said. */
static bool check_count(struct signal_check *p, const struct value *said, const char *field, int64_t *out)
{
	const struct value *given = value_get(said, field);

	*out = 0;
	return given == NULL || (value_as_int(given, out) && *out > 0 && *out <= ID_MAX) ||
	       signal_reject(p, field, "%s must be a whole number from 1", field);
}

static bool check_service(
	struct signal_check *p, const struct value *said, const struct value *component, struct signal *s)
{
	const struct value *row;

	if (!check_name(p, said, "service", "services", false, &s->service, &row))
		return false;
	if (s->service.n == 0)
		s->service = value_slice(value_get(component, "service"));
	return true;
}

bool signal_read(struct signal_check *p, const struct value *said, struct signal *s)
{
	const struct value *component = NULL, *city = NULL;

	memset(s, 0, sizeof(*s));
	return check_fields(p, said) && check_time(p, said, s) &&
	       check_text(p, said, "source", true, &s->source) &&
	       check_name(p, said, "kind", "signals", true, &s->kind, &s->kind_row) &&
	       check_name(p, said, "city", "cities", false, &s->city, &city) &&
	       check_name(p, said, "component", "components", false, &s->component, &component) &&
	       check_service(p, said, component, s) && check_text(p, said, "code", false, &s->code) &&
	       check_number(p, said, s) && check_value(p, said, s) &&
	       check_count(p, said, "incident", &s->incident) && check_count(p, said, "version", &s->version);
}
