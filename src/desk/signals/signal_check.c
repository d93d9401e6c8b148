/* What is checked of one signal (signal_check.h). */
#include "signal_check.h"

#include <string.h>

#include "tocsin/numset.h"
#include "tocsin/util.h"

#define NAME_MAX_BYTES 64 /* of source, code, state */
#define ERRORS_MAX 1000   /* told in one answer; all are counted */
#define METRIC_MAX 1e18

void signal_reject(struct signal_check *p, const struct err *why)
{
	struct arena *a = p->w->arena;
	struct value row;

	p->n_rejected++;
	if (p->rejected.n == ERRORS_MAX)
		return;
	row = value_map(a, 4);
	value_add(a, &row, "index", value_int(p->index));
	value_add(a, &row, "field", value_text(a, why->argument, strlen(why->argument)));
	value_add(a, &row, "message", value_text(a, why->text, strlen(why->text)));
	value_add(a, &row, "message_zh", value_text(a, why->zh, strlen(why->zh)));
	value_push(a, &p->rejected, row);
}

static const char *const fields[] = {"at", "source", "kind", "city", "component", "service", "number", "code",
	"value", "incident", "version"};
#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static int check_fields(struct signal_check *p, const struct value *said, struct err *e)
{
	if (said->type != VALUE_MAP)
		return err_arg(e, ERR_BAD_REQUEST, "", NULL,
			"a signal is a map {at, source, kind, …}, not %s", value_type_name(said));
	for (uint32_t i = 0; i < said->n; i++) {
		const struct value *key = &said->as.pairs[i].key;
		size_t k = 0;

		while (k < N_FIELDS && !value_is_text(key, fields[k]))
			k++;
		if (k == N_FIELDS) {
			const char *text = value_cstr(p->w->arena, key);

			text = text == NULL ? "?" : text;
			err_arg(e, ERR_BAD_REQUEST, "", NULL, "%s is not a field of a signal", text);
			return err_hint(e, nearest_word(text, fields, N_FIELDS));
		}
	}
	return 0;
}

/* A name of the catalog's map; absent is fine unless it must be there. */
static int check_name(struct signal_check *p, const struct value *said, const char *field, const char *map,
	bool is_required, struct slice *out, const struct value **row, struct err *e)
{
	const struct value *given = value_get(said, field), *names = value_get(p->catalog, map);
	const char **words, *text;

	if (given == NULL)
		return is_required ? err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s is missing", field) : 0;
	if (given->type != VALUE_TEXT)
		return err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s must be text, not %s", field,
			value_type_name(given));
	*row = value_get_n(names, given->as.text, given->n);
	*out = value_slice(given);
	if (*row != NULL)
		return 0;
	text = value_cstr(p->w->arena, given);
	words = arena_alloc(p->w->arena, ((names == NULL ? 0 : names->n) + 1) * sizeof(*words));
	for (uint32_t i = 0; names != NULL && i < names->n; i++)
		words[i] = value_cstr(p->w->arena, &names->as.pairs[i].key);
	err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s \"%.*s\" is not in the catalog", field, NAME_MAX_BYTES,
		text);
	return err_hint(e, nearest_word(text, words, names == NULL ? 0 : names->n));
}

static int check_text(
	const struct value *said, const char *field, bool is_required, struct slice *out, struct err *e)
{
	const struct value *given = value_get(said, field);

	if (given == NULL)
		return is_required ? err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s is missing", field) : 0;
	if (given->type != VALUE_TEXT || given->n == 0 || given->n > NAME_MAX_BYTES ||
		memchr(given->as.text, 0, given->n) != NULL)
		return err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s must be text of 1 to %d bytes", field,
			NAME_MAX_BYTES);
	*out = value_slice(given);
	return 0;
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

static int check_time(struct signal_check *p, const struct value *said, struct signal *s, struct err *e)
{
	const struct value *at = value_get(said, "at");
	char at_text[40], span[UNIT_TEXT_LEN];

	if (at == NULL)
		return err_arg(e, ERR_BAD_REQUEST, "at", NULL, "%s is missing", "at");
	if (!time_of(p->w->arena, at, &s->at_ms))
		return err_arg(e, ERR_BAD_REQUEST, "at", NULL,
			"at must be a time: integer ms since 1970 UTC, or ISO 8601 text");
	if (s->at_ms > p->w->now_ms + p->ahead_ms)
		return err_arg(e, ERR_BAD_REQUEST, "at", NULL,
			"at is %s, further ahead than the %s by which clocks may differ",
			clock_format(s->at_ms, at_text),
			unit_text(p->ahead_ms, span_units, N_SPAN_UNITS, span));
	if (s->at_ms < p->w->now_ms - p->late_ms)
		return err_arg(e, ERR_BAD_REQUEST, "at", NULL,
			"at is %s, longer ago than the %s by which a signal may be late",
			clock_format(s->at_ms, at_text),
			unit_text(p->late_ms, span_units, N_SPAN_UNITS, span));
	return 0;
}

static int check_number(struct signal_check *p, const struct value *said, struct signal *s, struct err *e)
{
	const struct value *given = value_get(said, "number");
	struct value args, plain;

	if (given == NULL)
		return 0;
	if (given->type != VALUE_TEXT)
		return err_arg(e, ERR_BAD_REQUEST, "number", NULL, "%s must be text, not %s", "number",
			value_type_name(given));
	s->number = given->n == 11 && given->as.text[0] == '1' ? numset_number(value_slice(given)) : 0;
	if (s->number != 0)
		return 0;
	args = value_map(p->w->arena, 2);
	value_add(p->w->arena, &args, "number", *given);
	if (value_get(said, "city") != NULL)
		value_add(p->w->arena, &args, "city", *value_get(said, "city"));
	if (numbers_plain(p->w->arena, p->catalog, &args, &plain))
		args = plain;
	s->number = numset_number(value_slice(value_get(&args, "number")));
	return s->number != 0 ? 0
			      : err_arg(e, ERR_BAD_REQUEST, "number", NULL, "number is not 1 to %d digits",
					NUMSET_DIGITS);
}

static int check_value(const struct value *said, struct signal *s, struct err *e)
{
	const struct value *want = value_get(s->kind_row, "value");
	double v;

	s->value = value_get(said, "value");
	if (value_is_text(want, "number")) {
		if (s->value == NULL || (s->value->type != VALUE_INT && s->value->type != VALUE_FLOAT))
			return err_arg(e, ERR_BAD_REQUEST, "value", NULL, "value must be a number");
		v = s->value->type == VALUE_FLOAT ? s->value->as.f : (double)s->value->as.i;
		if (!(v >= -METRIC_MAX && v <= METRIC_MAX)) /* sums of a minute stay numbers */
			return err_arg(e, ERR_BAD_REQUEST, "value", NULL,
				"value is %g; expected a number from -1e18 to 1e18", v);
	}
	if (!value_is_text(want, "state"))
		return 0;
	if (!value_is_text(s->value, "up") && !value_is_text(s->value, "degraded") &&
		!value_is_text(s->value, "down"))
		return err_arg(
			e, ERR_BAD_REQUEST, "value", NULL, "value must be \"up\", \"degraded\" or \"down\"");
	return s->component.n > 0 ? 0
				  : err_arg(e, ERR_BAD_REQUEST, "component", NULL,
					    "component is missing: whose state is it?");
}

/* Of which case a caller heard which version: 1 and more, 0 where nothing is said. */
static int check_count(const struct value *said, const char *field, int64_t *out, struct err *e)
{
	const struct value *given = value_get(said, field);

	*out = 0;
	return given == NULL || (value_as_int(given, out) && *out > 0 && *out <= ID_MAX)
		       ? 0
		       : err_arg(e, ERR_BAD_REQUEST, field, NULL, "%s must be a whole number from 1", field);
}

static int check_service(struct signal_check *p, const struct value *said, const struct value *component,
	struct signal *s, struct err *e)
{
	const struct value *row;

	if (check_name(p, said, "service", "services", false, &s->service, &row, e) != 0)
		return -1;
	if (s->service.n == 0)
		s->service = value_slice(value_get(component, "service"));
	return 0;
}

int signal_read(struct signal_check *p, const struct value *said, struct signal *s, struct err *e)
{
	const struct value *component = NULL, *city = NULL;

	memset(s, 0, sizeof(*s));
	if (check_fields(p, said, e) != 0 || check_time(p, said, s, e) != 0 ||
		check_text(said, "source", true, &s->source, e) != 0 ||
		check_name(p, said, "kind", "signals", true, &s->kind, &s->kind_row, e) != 0 ||
		check_name(p, said, "city", "cities", false, &s->city, &city, e) != 0 ||
		check_name(p, said, "component", "components", false, &s->component, &component, e) != 0 ||
		check_service(p, said, component, s, e) != 0 ||
		check_text(said, "code", false, &s->code, e) != 0 || check_number(p, said, s, e) != 0 ||
		check_value(said, s, e) != 0 || check_count(said, "incident", &s->incident, e) != 0 ||
		check_count(said, "version", &s->version, e) != 0)
		return -1;
	return 0;
}
