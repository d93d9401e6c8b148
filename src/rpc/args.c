/* What arguments may be, and how it is said when they are not. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define DUPLICATE_SORT_OVER 16

static int clipped(const struct value *v)
{
	return (int)(v->n < 60 ? utf8_clip(v->as.text, v->n) : utf8_clip(v->as.text, 60));
}

/* ---- values of any depth ------------------------------------------------------------------------------- */
static int check_text(const char *path, const struct value *v, struct err *e)
{
	if (v->n > TEXT_BYTES_MAX)
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" has %u bytes; a text has at most %d", path, v->n, TEXT_BYTES_MAX);
	if (utf8_valid(v->as.text, v->n))
		return 0;
	if (memchr(v->as.text, 0, v->n) != NULL)
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" holds a NUL character at byte %zu", path,
			(size_t)((const char *)memchr(v->as.text, 0, v->n) - v->as.text));
	return err_arg(e, ERR_BAD_REQUEST, path, NULL, "argument \"%s\" is not valid UTF-8", path);
}

static int check_key(const char *path, const struct value *key, struct err *e)
{
	if (key->type != VALUE_TEXT)
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" has a key that is %s; keys are texts", path, value_type_name(key));
	if (key->n > TEXT_BYTES_MAX)
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" has a key of %u bytes; a text has at most %d", path, key->n,
			TEXT_BYTES_MAX);
	if (!utf8_valid(key->as.text, key->n))
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" has a key that is not valid UTF-8", path);
	return 0;
}

static int cmp_keys(const void *a, const void *b)
{
	return slice_cmp(value_slice(a), value_slice(b));
}

/* Whether a key stands twice. Keys are texts. */
static bool has_duplicate(struct arena *a, const struct value *map, struct value *twice)
{
	struct value *keys;

	if (map->n <= DUPLICATE_SORT_OVER) {
		for (uint32_t i = 1; i < map->n; i++)
			for (uint32_t j = 0; j < i; j++) {
				*twice = map->as.pairs[i].key;
				if (cmp_keys(twice, &map->as.pairs[j].key) == 0)
					return true;
			}
		return false;
	}
	keys = arena_alloc(a, map->n * sizeof(*keys));
	for (uint32_t i = 0; i < map->n; i++)
		keys[i] = map->as.pairs[i].key;
	qsort(keys, map->n, sizeof(*keys), cmp_keys);
	for (uint32_t i = 1; i < map->n; i++) {
		*twice = keys[i];
		if (cmp_keys(&keys[i - 1], &keys[i]) == 0)
			return true;
	}
	return false;
}

/* What a map inside an argument may hold: no binary, no extension, no NaN, text keys once … `path` names it in errors. */
static int check_value(struct arena *a, const char *path, const struct value *v, struct err *e);

static int check_map(struct arena *a, const char *path, const struct value *map, struct err *e)
{
	struct value twice;

	for (uint32_t i = 0; i < map->n; i++)
		if (check_key(path, &map->as.pairs[i].key, e) != 0)
			return -1;
	if (has_duplicate(a, map, &twice))
		return err_arg(e, ERR_BAD_REQUEST, path, NULL, "argument \"%s\" has the key \"%.*s\" twice",
			path, clipped(&twice), twice.as.text);
	for (uint32_t i = 0; i < map->n; i++) {
		const struct pair *p = &map->as.pairs[i];

		/* the path is wanted in errors only: plain good values do without */
		if (p->val.type <= VALUE_UINT || (p->val.type == VALUE_TEXT && p->val.n <= TEXT_BYTES_MAX &&
							 utf8_valid(p->val.as.text, p->val.n)))
			continue;
		if (check_value(a, arena_printf(a, "%s.%.*s", path, clipped(&p->key), p->key.as.text),
			    &p->val, e) != 0)
			return -1;
	}
	return 0;
}

static int check_value(struct arena *a, const char *path, const struct value *v, struct err *e)
{
	switch ((enum value_type)v->type) {
	case VALUE_TEXT:
		return check_text(path, v, e);
	case VALUE_FLOAT:
		if (isfinite(v->as.f))
			return 0;
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" is %s; expected a finite number", path,
			isnan(v->as.f) ? "not a number" : "infinite");
	case VALUE_BIN:
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" is bytes; expected text, a number, a truth value, an array or a map",
			path);
	case VALUE_EXT:
		return err_arg(e, ERR_BAD_REQUEST, path, NULL,
			"argument \"%s\" is a MessagePack extension (type %d); "
			"extensions are not used",
			path, v->ext_type);
	case VALUE_ARRAY:
		for (uint32_t i = 0; i < v->n; i++)
			if (v->as.items[i].type > VALUE_UINT &&
				check_value(a, arena_printf(a, "%s[%u]", path, i), &v->as.items[i], e) != 0)
				return -1;
		return 0;
	case VALUE_MAP:
		return check_map(a, path, v, e);
	default:
		return 0;
	}
}

/* ---- one argument -------------------------------------------------------------------------------------- */
int duration_parse(const char *text, size_t n, int64_t *ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};
	size_t at = 0;
	int64_t sum = 0;

	while (at < n) {
		int64_t count = 0, unit_ms = 0;
		size_t digits = at, unit;

		while (at < n && text[at] >= '0' && text[at] <= '9' && at - digits < 12)
			count = count * 10 + (text[at++] - '0');
		unit = at;
		while (at < n && text[at] >= 'a' && text[at] <= 'z')
			at++;
		for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
			if (strlen(units[i].unit) == at - unit &&
				memcmp(units[i].unit, text + unit, at - unit) == 0)
				unit_ms = units[i].ms;
		if (unit == digits || unit_ms == 0)
			return -1;
		if (__builtin_mul_overflow(count, unit_ms, &count) ||
			__builtin_add_overflow(sum, count, &sum))
			return -1;
	}
	*ms = sum;
	return n > 0 ? 0 : -1;
}

static int wrong_type(const struct rpc_arg *arg, const struct value *v, struct err *e)
{
	char shown[96] = "";
	struct buf expected, json;

	buf_init(&expected, 400);
	arg_expected(arg, &expected);
	buf_init(&json, 4096);
	value_json(&json, v);
	if (!json.is_full && json.n < sizeof(shown))
		snprintf(shown, sizeof(shown), "%.*s", (int)json.n, json.p);
	err_arg(e, ERR_BAD_REQUEST, arg->name, v->type == VALUE_TEXT ? NULL : shown,
		"argument \"%s\" is %s%s%s; expected %.*s", arg->name, value_type_name(v),
		shown[0] != '\0' ? " " : "", shown, (int)expected.n, expected.p);
	if (v->type == VALUE_TEXT)
		snprintf(e->value, sizeof(e->value), "%.*s", clipped(v), v->as.text);
	buf_reset(&expected);
	arg_expected_zh(arg, &expected);
	err_zh(e, "参数“%s”是\1%s\2%s%s；应为%.*s", arg->name, value_type_name(v),
		shown[0] != '\0' ? " " : "", shown, (int)expected.n, expected.p);
	buf_fini(&expected);
	buf_fini(&json);
	return -1;
}

static int check_enum(const struct rpc_arg *arg, struct arena *a, const struct value *v, struct err *e)
{
	const char *word;
	struct buf words;
	size_t n = 0;

	if (v->type != VALUE_TEXT)
		return wrong_type(arg, v, e);
	for (; arg->words[n] != NULL; n++)
		if (value_is_text(v, arg->words[n]))
			return 0;
	word = value_cstr(a, v);
	buf_init(&words, sizeof(e->reason));
	arg_expected(arg, &words);
	err_arg(e, ERR_BAD_REQUEST, arg->name, word, "argument \"%s\" is \"%.*s\"; expected %.*s", arg->name,
		clipped(v), v->as.text, (int)words.n, words.p);
	snprintf(e->reason, sizeof(e->reason), "%.*s", (int)words.n, words.p);
	buf_reset(&words);
	arg_expected_zh(arg, &words);
	err_zh(e, "参数“%s”是“%.*s”；应为%.*s", arg->name, clipped(v), v->as.text, (int)words.n, words.p);
	buf_fini(&words);
	return err_hint(e, nearest_word(word, arg->words, n));
}

static int check_range(const struct rpc_arg *arg, const struct value *v, struct err *e)
{
	char shown[40];
	bool is_inside = true;
	int64_t min, max;

	if (!arg_bounds(arg, &min, &max))
		return 0;
	if (v->type == VALUE_INT) {
		is_inside = v->as.i >= min && v->as.i <= max;
		snprintf(shown, sizeof(shown), "%jd", (intmax_t)v->as.i);
	} else if (v->type == VALUE_FLOAT) {
		is_inside = v->as.f >= (double)min && v->as.f <= (double)max;
		snprintf(shown, sizeof(shown), "%.15g", v->as.f);
	} else {
		is_inside = false;
		snprintf(shown, sizeof(shown), "%ju", (uintmax_t)v->as.u);
	}
	if (is_inside)
		return 0;
	return err_arg(e, ERR_BAD_REQUEST, arg->name, shown, "argument \"%s\" is %s; expected %jd to %jd",
		arg->name, shown, (intmax_t)min, (intmax_t)max);
}

static bool is_blank(const struct value *v)
{
	for (uint32_t i = 0; i < v->n; i++)
		if (v->as.text[i] != ' ' && (v->as.text[i] < '\t' || v->as.text[i] > '\r'))
			return false;
	return true;
}

static int check_length(const struct rpc_arg *arg, const struct value *v, struct err *e)
{
	bool has_room = v->n >= arg->min && v->n <= arg->max;
	struct buf expected;
	char shown[64];

	if (arg->min >= arg->max || (has_room && (arg->min == 0 || !is_blank(v))))
		return 0;
	buf_init(&expected, 400);
	arg_expected(arg, &expected);
	snprintf(shown, sizeof(shown), "%.*s", clipped(v), v->as.text);
	if (has_room)
		err_arg(e, ERR_BAD_REQUEST, arg->name, shown, "argument \"%s\" is blank; expected %.*s",
			arg->name, (int)expected.n, expected.p);
	else
		err_arg(e, ERR_BAD_REQUEST, arg->name, shown, "argument \"%s\" has %u bytes; expected %.*s",
			arg->name, v->n, (int)expected.n, expected.p);
	buf_reset(&expected);
	arg_expected_zh(arg, &expected);
	if (has_room)
		err_zh(e, "参数“%s”是空白；应为%.*s", arg->name, (int)expected.n, expected.p);
	else
		err_zh(e, "参数“%s”有 %u 字节；应为%.*s", arg->name, v->n, (int)expected.n, expected.p);
	buf_fini(&expected);
	return -1;
}

static int as_integer(const struct rpc_arg *arg, struct value *v, struct err *e)
{
	int64_t i;

	if (!value_as_int(v, &i))
		return wrong_type(arg, v, e);
	if (arg->type == ARG_ID && (i < 1 || i > ID_MAX))
		return wrong_type(arg, v, e);
	*v = value_int(i);
	return check_range(arg, v, e);
}

static int as_time(const struct rpc_arg *arg, struct arena *a, struct value *v, struct err *e)
{
	int64_t at_ms;
	struct err why;

	if (v->type != VALUE_TEXT)
		return as_integer(arg, v, e);
	if (check_text(arg->name, v, e) != 0)
		return -1;
	if (clock_parse(value_cstr(a, v), &at_ms, &why) != 0 || at_ms < 0 || at_ms > INSTANT_MAX_MS)
		return wrong_type(arg, v, e);
	*v = value_int(at_ms);
	return check_range(arg, v, e);
}

static int as_duration(const struct rpc_arg *arg, struct value *v, struct err *e)
{
	int64_t ms;

	if (v->type != VALUE_TEXT)
		return as_integer(arg, v, e);
	if (duration_parse(v->as.text, v->n, &ms) != 0)
		return wrong_type(arg, v, e);
	v->type = VALUE_INT;
	v->as.i = ms;
	return check_range(arg, v, e);
}

static int check_arg(const struct rpc_arg *arg, struct arena *a, struct value *v, struct err *e);

/* Errors name the member by its path, which good maps do without. */
static int check_members(const struct rpc_arg *arg, struct arena *a, struct value *map, struct err *e)
{
	for (uint32_t i = 0; i < arg->n_members; i++) {
		struct value *v = (struct value *)value_get(map, arg->members[i].name);
		struct rpc_arg named = arg->members[i];

		if (v == NULL || v->type == VALUE_NIL || check_arg(&named, a, v, e) == 0)
			continue;
		named.name = arena_printf(a, "%s.%s", arg->name, named.name);
		return check_arg(&named, a, v, e);
	}
	return 0;
}

static int check_arg(const struct rpc_arg *arg, struct arena *a, struct value *v, struct err *e)
{
	enum value_type wanted = VALUE_NIL;

	switch (arg->type) {
	case ARG_INT:
	case ARG_ID:
		return as_integer(arg, v, e);
	case ARG_TIME:
		return as_time(arg, a, v, e);
	case ARG_DURATION:
		return as_duration(arg, v, e);
	case ARG_ENUM:
		return check_enum(arg, a, v, e);
	case ARG_NUMBER:
		if (v->type != VALUE_INT && v->type != VALUE_UINT && v->type != VALUE_FLOAT)
			return wrong_type(arg, v, e);
		return check_value(a, arg->name, v, e) != 0 ? -1 : check_range(arg, v, e);
	case ARG_TEXT:
		wanted = VALUE_TEXT;
		break;
	case ARG_BOOL:
		wanted = VALUE_BOOL;
		break;
	case ARG_MAP:
		wanted = VALUE_MAP;
		break;
	case ARG_ARRAY:
		wanted = VALUE_ARRAY;
		break;
	case ARG_ANY:
		return check_value(a, arg->name, v, e);
	}
	if (v->type != wanted)
		return wrong_type(arg, v, e);
	if (check_value(a, arg->name, v, e) != 0)
		return -1;
	if (wanted == VALUE_TEXT)
		return check_length(arg, v, e);
	return wanted == VALUE_MAP ? check_members(arg, a, v, e) : 0;
}

/* ---- all of a call ------------------------------------------------------------------------------------- */
static uint32_t n_args_of(const struct rpc_method *m)
{
	return m->n_args + ((m->flags & RPC_CHANGES) != 0);
}

static const struct rpc_arg *arg_at(const struct rpc_method *m, uint32_t i)
{
	return i < m->n_args ? &m->args[i] : &arg_request_id;
}

static int unknown_arg(const struct rpc_method *m, const struct value *key, struct err *e)
{
	const char *names[RPC_ARGS_MAX + 1], *meant;
	char name[64];
	uint32_t n = n_args_of(m);

	snprintf(name, sizeof(name), "%.*s", clipped(key), key->as.text);
	for (uint32_t i = 0; i < n; i++)
		names[i] = arg_at(m, i)->name;
	meant = nearest_word(name, names, n);
	if (meant != NULL) {
		err_arg(e, ERR_BAD_REQUEST, name, NULL, "%s has no argument \"%s\"", m->name, name);
		return err_hint(e, meant);
	}
	if (n == 0)
		return err_arg(e, ERR_BAD_REQUEST, name, NULL, "%s has no argument \"%s\"; it takes none",
			m->name, name);
	return err_arg(e, ERR_BAD_REQUEST, name, NULL, "%s has no argument \"%s\"; rpc.methods lists them",
		m->name, name);
}

/* Callers send arguments in the table's order more often than not: look from the last one found. */
static uint32_t find_arg(const struct rpc_method *m, const struct value *key, uint32_t from)
{
	uint32_t n = n_args_of(m);

	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = from + i < n ? from + i : from + i - n;

		if (arg_at(m, at)->name[0] == key->as.text[0] && value_is_text(key, arg_at(m, at)->name))
			return at;
	}
	return UINT32_MAX;
}

static int missing_arg(const struct rpc_method *m, uint64_t seen, struct err *e)
{
	for (uint32_t i = 0; i < m->n_args; i++) {
		struct buf expected;

		if (!m->args[i].is_required || (seen & UINT64_C(1) << i) != 0)
			continue;
		buf_init(&expected, 400);
		arg_expected(&m->args[i], &expected);
		err_arg(e, ERR_BAD_REQUEST, m->args[i].name, NULL, "%s needs the argument \"%s\": %.*s",
			m->name, m->args[i].name, (int)expected.n, expected.p);
		buf_reset(&expected);
		arg_expected_zh(&m->args[i], &expected);
		err_zh(e, "%s 需要参数“%s”：%.*s", m->name, m->args[i].name, (int)expected.n, expected.p);
		buf_fini(&expected);
		return -1;
	}
	return 0;
}

int args_check(const struct rpc_method *m, struct arena *a, struct value *args, struct err *e)
{
	uint64_t given = 0, seen = 0;
	uint32_t at = 0;

	if (args->type == VALUE_NIL)
		*args = value_map(a, 0);
	for (uint32_t i = 0; i < args->n; i++) {
		struct pair *p = &args->as.pairs[i];

		if (p->key.type != VALUE_TEXT)
			return err_set(e, ERR_BAD_REQUEST,
				"%s has an argument whose name is %s; names are texts", m->name,
				value_type_name(&p->key));
		if (!utf8_valid(p->key.as.text, p->key.n))
			return err_set(e, ERR_BAD_REQUEST, "%s has an argument whose name is not valid UTF-8",
				m->name);
		at = find_arg(m, &p->key, at);
		if (at == UINT32_MAX)
			return unknown_arg(m, &p->key, e);
		if ((given & UINT64_C(1) << at) != 0)
			return err_arg(e, ERR_BAD_REQUEST, arg_at(m, at)->name, NULL,
				"argument \"%s\" is given twice", arg_at(m, at)->name);
		given |= UINT64_C(1) << at;
		if (p->val.type == VALUE_NIL)
			continue;
		if (check_arg(arg_at(m, at), a, &p->val, e) != 0)
			return -1;
		seen |= UINT64_C(1) << at;
	}
	return missing_arg(m, seen, e);
}
