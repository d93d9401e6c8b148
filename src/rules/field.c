#include "field.h"

#include <string.h>

#include "lua_value.h"

#define FIELDS_MAX 4096
#define DATA_BYTES_MAX ((size_t)1024 * 1024)

static const char *const op_names[] = {"path", "since", "said", "count", "one_of", "which", "decided"};

static enum field_op take_op(lua_State *L)
{
	const char *name = lua_tostring(L, -1);

	for (size_t i = 0; name != NULL && i < sizeof(op_names) / sizeof(op_names[0]); i++)
		if (strcmp(name, op_names[i]) == 0)
			return (enum field_op)i;
	luaL_error(L, "host.field: no op %s", name == NULL ? "given" : name);
	never("luaL_error returned");
}

static void take_path(lua_State *L, struct arena *a, struct field *f)
{
	lua_Integer n = lua_type(L, -1) == LUA_TTABLE ? (lua_Integer)lua_rawlen(L, -1) : 0;

	if (n > PATH_MAX_PARTS)
		luaL_error(L, "host.field: a path of more than %d names", PATH_MAX_PARTS);
	for (lua_Integer i = 0; i < n; i++) {
		size_t len;
		const char *text;

		lua_rawgeti(L, -1, i + 1);
		text = luaL_checklstring(L, -1, &len);
		f->parts[i] = slice_of(arena_text(a, text, len), len);
		lua_pop(L, 1);
	}
	f->n_parts = (uint32_t)n;
}

/* host.field{op, name?, path?, otherwise?, list?} → its number */
int l_field(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct field *f;

	luaL_checktype(L, 1, LUA_TTABLE);
	if (g->files == NULL)
		return luaL_error(L, "fields are declared while the pack loads");
	if (g->n_fields == FIELDS_MAX)
		return luaL_error(L, "more than %d fields", FIELDS_MAX);
	if (g->n_fields % 64 == 0) {
		struct field *more = generation_alloc(L, (g->n_fields + 64) * sizeof(*more));

		if (g->n_fields > 0)
			memcpy(more, g->fields, g->n_fields * sizeof(*more));
		g->fields = more;
	}
	f = &g->fields[g->n_fields];
	memset(f, 0, sizeof(*f));
	lua_getfield(L, 1, "name");
	value_from_lua(L, -1, &g->arena, "name", DATA_BYTES_MAX, &f->name);
	lua_getfield(L, 1, "op");
	f->op = take_op(L);
	lua_getfield(L, 1, "path");
	take_path(L, &g->arena, f);
	lua_getfield(L, 1, "otherwise");
	value_from_lua(L, -1, &g->arena, "otherwise", DATA_BYTES_MAX, &f->otherwise);
	lua_getfield(L, 1, "list");
	value_from_lua(L, -1, &g->arena, "list", DATA_BYTES_MAX, &f->list);
	lua_pushinteger(L, g->n_fields++);
	return 1;
}

uint32_t field_at(lua_State *L, int index)
{
	lua_Integer i;

	index = lua_absindex(L, index);
	lua_getfield(L, index, "field");
	i = luaL_checkinteger(L, -1);
	lua_pop(L, 1);
	if (i < 0 || i >= generation_of(L)->n_fields)
		luaL_error(L, "no field %I", i);
	return (uint32_t)i;
}

/* ---- resolving ----------------------------------------------------------------------------------------- */
static const struct value *walk(const struct value *v, const struct field *f, uint32_t n)
{
	for (uint32_t i = 0; v != NULL && i < n; i++)
		v = value_get_n(v, f->parts[i].p, f->parts[i].n);
	return v;
}

static struct value said(struct arena *a, const struct value *ticket)
{
	const struct value *title = value_get(ticket, "title"), *text = value_get(ticket, "text");
	char *both;

	if (!value_is(title, VALUE_TEXT) || !value_is(text, VALUE_TEXT))
		return value_is(title, VALUE_TEXT) ? *title : value_is(text, VALUE_TEXT) ? *text : value_nil;
	both = arena_alloc(a, (size_t)title->n + text->n + 1);
	memcpy(both, title->as.text, title->n);
	both[title->n] = '\n';
	memcpy(both + title->n + 1, text->as.text, text->n);
	return value_borrow(both, (size_t)title->n + 1 + text->n);
}

static bool stands_in(const struct value *list, const struct value *v)
{
	for (uint32_t i = 0; v != NULL && i < list->n; i++)
		if (value_equal(&list->as.items[i], v))
			return true;
	return false;
}

static struct value which(const struct value *facts, const struct field *f)
{
	for (uint32_t i = 0; i + 1 < f->list.n; i += 2) {
		struct slice part = value_slice(&f->list.as.items[i]);

		if (value_get_n(facts, part.p, part.n) != NULL)
			return f->list.as.items[i + 1];
	}
	return f->otherwise;
}

/* history.NAME is a list of {created=ms} or of ms, newest first, at most so long; history.n_NAME counts all.
 */
int64_t field_count(const struct field *f, const struct value *facts, int64_t now_ms, int64_t window_ms)
{
	const struct value *history = value_get(facts, "history"), *list, *n;
	int64_t in = 0, at;
	char name[64] = "n_";

	if (f->n_parts == 0 || f->parts[0].n > sizeof(name) - 3)
		return 0;
	memcpy(name + 2, f->parts[0].p, f->parts[0].n);
	list = value_get_n(history, f->parts[0].p, f->parts[0].n);
	n = value_get_n(history, name, 2 + f->parts[0].n);
	if (window_ms < 0 || !value_is(list, VALUE_ARRAY))
		return value_int_or(n, 0);
	for (uint32_t i = 0; i < list->n; i++) {
		const struct value *one = &list->as.items[i];

		if (one->type == VALUE_MAP)
			one = value_get(one, "created");
		if (value_as_int(one, &at) && at >= now_ms - window_ms)
			in++;
	}
	return in;
}

struct value field_resolve(
	struct generation *g, const struct field *f, const struct value *facts, int64_t now_ms)
{
	const struct value *v;
	int64_t at;

	switch (f->op) {
	case FIELD_PATH:
		v = walk(facts, f, f->n_parts);
		if (v == NULL && f->otherwise.type != VALUE_NIL && walk(facts, f, f->n_parts - 1) != NULL)
			v = &f->otherwise;
		return v == NULL ? value_nil : *v;
	case FIELD_SINCE:
		return value_as_int(walk(facts, f, f->n_parts), &at) ? value_int(now_ms - at) : value_nil;
	case FIELD_SAID:
		return said(&g->scratch, value_get(facts, "ticket"));
	case FIELD_COUNT:
		return value_int(field_count(f, facts, now_ms, -1));
	case FIELD_ONE_OF:
		return value_bool(stands_in(&f->list, walk(facts, f, f->n_parts)));
	case FIELD_WHICH:
		return which(facts, f);
	case FIELD_DECIDED:
		return value_bool(false);
	}
	never("a field without an op");
}
