/* key=value words to typed arguments. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"
#include "desk/ticket_fields.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

int methods_fetch(struct cli *c, struct err *e)
{
	if (c->methods.type != VALUE_NIL)
		return 0;
	if (cli_call(c, "rpc.methods", NULL, &c->methods, e) != 0)
		return -1;
	if (c->methods.type == VALUE_MAP) /* {methods=[…]} */
		c->methods = value_get(&c->methods, "methods") ? *value_get(&c->methods, "methods")
							       : value_array(&c->arena, 0);
	return 0;
}

static const struct value *named(const struct value *array, const char *name, size_t n)
{
	for (uint32_t i = 0; array != NULL && array->type == VALUE_ARRAY && i < array->n; i++) {
		struct slice s = value_slice(value_get(&array->as.items[i], "name"));

		if (s.n == n && memcmp(s.p, name, n) == 0)
			return &array->as.items[i];
	}
	return NULL;
}

const struct value *argument_find(const struct value *methods, const char *method, const char *name)
{
	return named(value_get(named(methods, method, strlen(method)), "args"), name, strcspn(name, "."));
}

static int wrong(const char *name, const char *text, const char *expected, struct err *e)
{
	return err_arg(
		e, ERR_BAD_REQUEST, name, text, tr("%s must be %s, not \"%.60s\""), name, expected, text);
}

static bool whole_int(const char *text, int64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && end != text && *end == '\0';
}

/* Times and durations also go as text: the daemon reads those in its own zone. */
int argument_type(struct arena *a, const struct value *arg, const char *name, const char *text,
	struct value *out, struct err *e)
{
	const struct value *type = value_get(arg, "type");
	int64_t i;

	*out = value_text(a, text, strlen(text));
	if (value_is_text(type, "integer") || value_is_text(type, "id")) {
		if (!whole_int(text, &i))
			return wrong(name, text, tr("an integer"), e);
		*out = value_int(i);
	} else if (value_is_text(type, "time") || value_is_text(type, "duration")) {
		if (whole_int(text, &i))
			*out = value_int(i);
	} else if (value_is_text(type, "number")) {
		char *end;
		double f = strtod(text, &end);

		if (end == text || *end != '\0' || !isfinite(f))
			return wrong(name, text, tr("a number"), e);
		*out = whole_int(text, &i) ? value_int(i) : value_float(f);
	} else if (value_is_text(type, "bool")) {
		if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
			return wrong(name, text, tr("true or false"), e);
		*out = value_bool(text[0] == 't');
	} else if (value_is_text(type, "map") || value_is_text(type, "array")) {
		if (json_parse(a, text, strlen(text), out, e) != 0)
			return err_prefix(e, "%s", name);
	} else if (value_is_text(type, "any")) {
		struct err ignored;

		if (json_parse(a, text, strlen(text), out, &ignored) != 0)
			*out = value_text(a, text, strlen(text));
	}
	return 0;
}

int value_set_path(struct arena *a, struct value *map, const char *path, struct value val, struct err *e)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		const char *key = arena_text(a, path, (size_t)(dot - path));
		struct value *inner = (struct value *)value_get(map, key);

		if (inner == NULL)
			inner = value_set(a, map, key, value_map(a, 4));
		if (inner->type != VALUE_MAP)
			return err_set(e, ERR_BAD_REQUEST, tr("%s is no map, so \"%s\" cannot be set in it"),
				key, dot + 1);
		map = inner;
		path = dot + 1;
	}
	value_set(a, map, arena_text(a, path, strlen(path)), val);
	return 0;
}

static int take_word(struct cli *c, const char *method, const char *word, struct value *args, struct err *e)
{
	const char *equals = strchr(word, '=');
	const struct value *arg;
	struct value v;
	char *name;

	if (equals == NULL || equals == word)
		return usage(e, "expected key=value, not \"%.60s\"", word);
	if (equals[-1] == ':') {
		name = arena_text(&c->arena, word, (size_t)(equals - word - 1));
		if (json_parse(&c->arena, equals + 1, strlen(equals + 1), &v, e) != 0)
			return err_prefix(e, "%s", name);
		return value_set_path(&c->arena, args, name, v, e);
	}
	name = arena_text(&c->arena, word, (size_t)(equals - word));
	arg = argument_find(&c->methods, method, name);
	if (strchr(name, '.') != NULL) /* inside a map: the table does not say more */
		arg = NULL;
	if (argument_type(&c->arena, arg, name, equals + 1, &v, e) != 0)
		return -1;
	return value_set_path(&c->arena, args, name, v, e);
}

int arguments_take(
	struct cli *c, const char *method, int argc, char **argv, struct value *args, struct err *e)
{
	if (argc == 1 && argv[0][0] == '{')
		return json_parse(&c->arena, argv[0], strlen(argv[0]), args, e);
	if (argc > 0 && methods_fetch(c, e) != 0)
		return -1;
	for (int i = 0; i < argc; i++) {
		int rc = take_word(c, method, argv[i], args, e);

		if (rc != 0)
			return rc;
	}
	return 0;
}

/* ---- conditions of ticket.find ------------------------------------------------------------------------- */
static int where_value(struct cli *c, const char *field, const char *text, struct value *out, struct err *e)
{
	enum arg_type type = ticket_field_type(field);
	int64_t i;

	*out = value_text(&c->arena, text, strlen(text));
	if (field_is_time(field)) {
		if (!whole_int(text, &i)) {
			if (cli_open(c, e) != 0) /* for its zone */
				return -1;
			if (clock_parse(text, &i, e) != 0)
				return err_prefix(e, "%s", field);
		}
		*out = value_int(i);
	} else if (type == ARG_NUMBER) {
		if (!whole_int(text, &i))
			return wrong(field, text, tr("an integer"), e);
		*out = value_int(i);
	} else if (type != ARG_TEXT && (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)) {
		*out = value_bool(text[0] == 't');
	}
	return 0;
}

static int where_list(struct cli *c, const char *field, char *text, struct value *where, struct err *e)
{
	struct value list = value_array(&c->arena, 4), map = value_map(&c->arena, 1), v;
	char *save = NULL;

	for (char *p = strtok_r(text, ",", &save); p != NULL; p = strtok_r(NULL, ",", &save)) {
		if (where_value(c, field, p, &v, e) != 0)
			return -1;
		value_push(&c->arena, &list, v);
	}
	value_add(&c->arena, &map, "in", list);
	value_set(&c->arena, where, field, map);
	return 0;
}

static int where_word(struct cli *c, const char *word, struct value *where, struct err *e)
{
	size_t n = strcspn(word, "<>=");
	const char *field = arena_text(&c->arena, word, n), *rest = word + n;
	bool is_or = rest[0] != '\0' && rest[0] != '=' && rest[1] == '=';
	const char *op = rest[0] == '<'   ? (is_or ? "le" : "lt")
			 : rest[0] == '>' ? (is_or ? "ge" : "gt")
					  : "eq";
	struct value v, *map;

	if (n == 0 || rest[0] == '\0')
		return usage(e, "expected field=value (or >=, <=, >, <), not \"%.60s\"", word);
	rest += is_or ? 2 : 1;
	if (op[0] == 'e' && strchr(rest, ',') != NULL)
		return where_list(c, field, arena_text(&c->arena, rest, strlen(rest)), where, e);
	if (where_value(c, field, rest, &v, e) != 0)
		return -1;
	if (op[0] == 'e') {
		value_set(&c->arena, where, field, v);
		return 0;
	}
	map = (struct value *)value_get(where, field); /* created>=… created<… make one range */
	if (map == NULL || map->type != VALUE_MAP)
		map = value_set(&c->arena, where, field, value_map(&c->arena, 2));
	value_set(&c->arena, map, op, v);
	return 0;
}

int where_take(struct cli *c, int argc, char **argv, struct value *where, struct err *e)
{
	int rc = 0;

	*where = value_map(&c->arena, 4);
	for (int i = 0; rc == 0 && i < argc; i++)
		if (i > 0 || strcmp(argv[i], "where") != 0)
			rc = where_word(c, argv[i], where, e);
	return rc;
}
