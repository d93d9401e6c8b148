#include "view.h"

#include <string.h>

#include "lua_value.h"

#define PATH_MAX_PARTS 3
#define FIELDS_MAX 4096
#define NOTED_STEP 32
#define FACTS_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* FIELD(op, what it reads) */
enum field_op {
	FIELD_PATH,  /* facts by path; `otherwise` when the part in front of the last name is there without it
		      */
	FIELD_SINCE, /* now minus the path's instant, ms */
	FIELD_SAID,  /* ticket.title, a line end, ticket.text */
	FIELD_COUNT, /* how many: history.n_NAME, or history.NAME within a window */
	FIELD_ONE_OF,  /* whether the path's text is one of a list */
	FIELD_WHICH,   /* list = {part, name, part, name…}: the name of the first part that is there, or
			  `otherwise` */
	FIELD_DECIDED, /* false until the point of decision sets it */
};

static const char *const op_names[] = {"path", "since", "said", "count", "one_of", "which", "decided"};

struct field {
	struct value name; /* under which a decision sets it; nil: it cannot be decided */
	enum field_op op;
	uint32_t n_parts;
	struct slice parts[PATH_MAX_PARTS];
	struct value otherwise; /* FIELD_PATH, FIELD_WHICH; nil: none */
	struct value list;      /* FIELD_ONE_OF, FIELD_WHICH: texts */
};

enum state { STATE_UNREAD, STATE_READ, STATE_DECIDED };

struct view {
	uint32_t magic;
	uint32_t n;
	const struct value *facts;
	uint64_t serial; /* of the asking it was made in */
	int64_t now_ms;
	uint32_t n_noted, noted_cap;
	uint32_t *noted; /* rules that fired, in order */
	uint32_t n_decided;
	uint32_t *decided;           /* fields, in order */
	struct value lists[N_LISTS]; /* what rules of whole sets said */
	uint8_t *state;              /* enum state of each field */
	struct value vals[];
};

struct facts {
	uint32_t magic;
	const struct value *root;
	uint64_t serial;
};

#define VIEW_MAGIC 0x76696577u  /* "view" */
#define FACTS_MAGIC 0x66616374u /* "fact" */

static const char facts_meta; /* key of the registry */

/* ---- fields ------------------------------------------------------------------------------------------- */
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
static int l_field(lua_State *L)
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
	value_from_lua(L, -1, &g->arena, "name", FACTS_BYTES_MAX, &f->name);
	lua_getfield(L, 1, "op");
	f->op = take_op(L);
	lua_getfield(L, 1, "path");
	take_path(L, &g->arena, f);
	lua_getfield(L, 1, "otherwise");
	value_from_lua(L, -1, &g->arena, "otherwise", FACTS_BYTES_MAX, &f->otherwise);
	lua_getfield(L, 1, "list");
	value_from_lua(L, -1, &g->arena, "list", FACTS_BYTES_MAX, &f->list);
	lua_pushinteger(L, g->n_fields++);
	return 1;
}

uint32_t view_field_at(lua_State *L, int index)
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

/* ---- resolving ---------------------------------------------------------------------------------------- */
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
static int64_t count(const struct view *w, const struct field *f, int64_t window_ms)
{
	const struct value *history = value_get(w->facts, "history"), *list, *n;
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
		if (value_as_int(one, &at) && at >= w->now_ms - window_ms)
			in++;
	}
	return in;
}

int64_t view_count(struct generation *g, struct view *w, uint32_t field, int64_t window_ms)
{
	return count(w, &g->fields[field], window_ms);
}

int64_t view_now(const struct view *w)
{
	return w->now_ms;
}

static struct value resolve(struct generation *g, const struct view *w, const struct field *f)
{
	const struct value *v;
	int64_t at;

	switch (f->op) {
	case FIELD_PATH:
		v = walk(w->facts, f, f->n_parts);
		if (v == NULL && f->otherwise.type != VALUE_NIL && walk(w->facts, f, f->n_parts - 1) != NULL)
			v = &f->otherwise;
		return v == NULL ? value_nil : *v;
	case FIELD_SINCE:
		return value_as_int(walk(w->facts, f, f->n_parts), &at) ? value_int(w->now_ms - at)
									: value_nil;
	case FIELD_SAID:
		return said(&g->scratch, value_get(w->facts, "ticket"));
	case FIELD_COUNT:
		return value_int(count(w, f, -1));
	case FIELD_ONE_OF:
		return value_bool(stands_in(&f->list, walk(w->facts, f, f->n_parts)));
	case FIELD_WHICH:
		return which(w->facts, f);
	case FIELD_DECIDED:
		return value_bool(false);
	}
	never("a field without an op");
}

const struct value *view_get(struct generation *g, struct view *w, uint32_t field)
{
	struct value *v = &w->vals[field];

	must(field < w->n);
	if (w->state[field] == STATE_UNREAD) {
		*v = resolve(g, w, &g->fields[field]);
		w->state[field] = STATE_READ;
	}
	return v->type == VALUE_NIL ? NULL : v;
}

/* ---- for Lua ------------------------------------------------------------------------------------------ */
static const struct value *facts_check(lua_State *L, int arg)
{
	const struct facts *f = lua_touserdata(L, arg);

	must(f != NULL && f->magic == FACTS_MAGIC); /* only the words see such objects */
	if (f->serial != generation_of(L)->serial)
		luaL_error(L, "the facts were used after their decision had ended");
	return f->root;
}

/* facts.ticket: a table, made once and kept beside the facts. */
static int l_facts_index(lua_State *L)
{
	const struct value *root = facts_check(L, 1), *v;
	size_t n;
	const char *key = lua_tolstring(L, 2, &n);

	if (lua_getiuservalue(L, 1, 1) == LUA_TTABLE) {
		lua_pushvalue(L, 2);
		if (lua_rawget(L, -2) != LUA_TNIL)
			return 1;
		lua_pop(L, 1);
	}
	v = lua_type(L, 2) == LUA_TSTRING ? value_get_n(root, key, n) : NULL;
	if (v == NULL)
		return 0;
	value_to_lua(L, v);
	if (v->type != VALUE_MAP && v->type != VALUE_ARRAY)
		return 1;
	if (!lua_istable(L, 3)) {
		lua_createtable(L, 0, 4);
		lua_pushvalue(L, -1);
		lua_setiuservalue(L, 1, 1);
		lua_replace(L, 3);
	}
	lua_pushvalue(L, 2);
	lua_pushvalue(L, -2);
	lua_rawset(L, 3);
	return 1;
}

void view_push_facts(lua_State *L, const struct value *root)
{
	struct facts *f = lua_newuserdatauv(L, sizeof(*f), 1);

	*f = (struct facts){FACTS_MAGIC, root, generation_of(L)->serial};
	lua_rawgetp(L, LUA_REGISTRYINDEX, &facts_meta);
	lua_setmetatable(L, -2);
}

/* Before something is made in the scratch arena, which no allocator of Lua counts. */
static struct arena *scratch(lua_State *L)
{
	struct generation *g = generation_of(L);

	if (generation_bytes(g) > g->limits.bytes)
		luaL_error(L, "more than %d KiB of memory", (int)(g->limits.bytes / 1024));
	return &g->scratch;
}

/* host.view(facts): of a question, or a plain table (examples, explain). */
static int l_view(lua_State *L)
{
	struct generation *g = generation_of(L);
	const struct value *root;
	struct view *w;

	if (lua_type(L, 1) == LUA_TUSERDATA) {
		root = facts_check(L, 1);
	} else {
		struct arena *a = scratch(L);
		struct value *made = arena_alloc(a, sizeof(*made));

		luaL_checktype(L, 1, LUA_TTABLE);
		value_from_lua(L, 1, a, "facts", FACTS_BYTES_MAX, made);
		root = made;
	}
	w = lua_newuserdatauv(L, sizeof(*w) + g->n_fields * (sizeof(w->vals[0]) + sizeof(uint32_t) + 1), 0);
	memset(w, 0, sizeof(*w));
	w->magic = VIEW_MAGIC;
	w->facts = root;
	w->serial = g->serial;
	w->now_ms = value_int_or(value_get(root, "now"), 0);
	w->n = g->n_fields;
	w->decided = (uint32_t *)&w->vals[w->n];
	w->state = (uint8_t *)&w->decided[w->n];
	memset(w->state, STATE_UNREAD, w->n);
	return 1;
}

struct view *view_check(lua_State *L, int arg)
{
	struct view *w = lua_touserdata(L, arg);

	must(w != NULL && w->magic == VIEW_MAGIC); /* only the words see such objects */
	if (w->serial != generation_of(L)->serial)
		luaL_error(L, "the ticket was used after its decision had ended");
	return w;
}

static uint32_t field_check(lua_State *L, const struct view *w, int arg)
{
	lua_Integer i = luaL_checkinteger(L, arg);

	if (i < 0 || i >= w->n)
		luaL_error(L, "no field %I", i);
	return (uint32_t)i;
}

/* host.get(view, number) */
static int l_get(lua_State *L)
{
	struct view *w = view_check(L, 1);
	const struct value *v = view_get(generation_of(L), w, field_check(L, w, 2));

	if (v == NULL)
		lua_pushnil(L);
	else
		value_to_lua(L, v);
	return 1;
}

/* host.set(view, number, x) */
static int l_set(lua_State *L)
{
	struct view *w = view_check(L, 1);
	uint32_t i = field_check(L, w, 2);

	value_from_lua(L, 3, scratch(L), "field", FACTS_BYTES_MAX, &w->vals[i]);
	w->state[i] = STATE_READ;
	return 0;
}

/* host.decide(view, number, x): as set, and the decision sets it */
static int l_decide(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct view *w = view_check(L, 1);
	uint32_t i = field_check(L, w, 2);

	if (g->fields[i].name.type != VALUE_TEXT)
		return luaL_error(L, "field %d is not one that is decided", (int)i);
	value_from_lua(L, 3, g->out != NULL ? g->out : scratch(L), "field", FACTS_BYTES_MAX, &w->vals[i]);
	if (w->state[i] != STATE_DECIDED)
		w->decided[w->n_decided++] = i;
	w->state[i] = STATE_DECIDED;
	return 0;
}

void view_note(struct generation *g, struct view *w, uint32_t rule)
{
	if (w->n_noted == w->noted_cap) {
		uint32_t *more = arena_alloc(&g->scratch, (w->noted_cap + NOTED_STEP) * sizeof(*more));

		if (w->n_noted > 0)
			memcpy(more, w->noted, w->n_noted * sizeof(*more));
		w->noted = more;
		w->noted_cap += NOTED_STEP;
	}
	w->noted[w->n_noted++] = rule;
}

void view_say(struct generation *g, struct view *w, enum view_list list, const struct value *what)
{
	struct value *to = &w->lists[list];

	if (to->type != VALUE_ARRAY)
		*to = value_array(g->out != NULL ? g->out : &g->scratch, 6);
	value_push(g->out != NULL ? g->out : &g->scratch, to, *what);
}

static struct value noted(const struct view *w, struct arena *a)
{
	struct value list = value_array(a, w->n_noted);

	for (uint32_t i = 0; i < w->n_noted; i++)
		list.as.items[i] = value_int(w->noted[i]);
	list.n = w->n_noted;
	return list;
}

void view_finish(struct generation *g, const struct view *w, struct arena *a, struct value *decision)
{
	static const char *const names[] = {"clocks", "advice"};
	const struct value *old = value_get(decision, "set");
	struct value set = value_map(a, (old == NULL ? 0 : old->n) + w->n_decided);

	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		set.as.pairs[set.n++] = old->as.pairs[i];
	for (uint32_t i = 0; i < w->n_decided; i++) {
		const struct value *v = &w->vals[w->decided[i]];

		if (v->type != VALUE_NIL)
			set.as.pairs[set.n++] = (struct pair){g->fields[w->decided[i]].name, *v};
	}
	value_set(a, decision, "set", set);
	for (size_t i = 0; i < N_LISTS; i++)
		if (w->lists[i].type == VALUE_ARRAY)
			value_set(a, decision, names[i], w->lists[i]);
	value_set(a, decision, "because", noted(w, a));
}

/* host.whole(decision, view) → the decision with what the view has of it, as a table: for examples */
static int l_whole(lua_State *L)
{
	struct generation *g = generation_of(L);
	struct value decision;

	luaL_checktype(L, 1, LUA_TTABLE);
	value_from_lua(L, 1, scratch(L), "decision", FACTS_BYTES_MAX, &decision);
	view_finish(g, view_check(L, 2), &g->scratch, &decision);
	value_to_lua(L, &decision);
	return 1;
}

/* host.note(view, rule) */
static int l_note(lua_State *L)
{
	lua_Integer rule = luaL_checkinteger(L, 2);

	luaL_argcheck(L, rule >= 0 && rule <= UINT32_MAX, 2, "the number of a rule");
	view_note(generation_of(L), view_check(L, 1), (uint32_t)rule);
	return 0;
}

/* host.noted(view) → array of the rules noted so far */
static int l_noted(lua_State *L)
{
	const struct view *w = view_check(L, 1);

	lua_createtable(L, (int)w->n_noted, 0);
	for (uint32_t i = 0; i < w->n_noted; i++) {
		lua_pushinteger(L, w->noted[i]);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

void view_open(lua_State *L)
{
	static const luaL_Reg functions[] = {{"field", l_field}, {"view", l_view}, {"get", l_get},
		{"set", l_set}, {"decide", l_decide}, {"whole", l_whole}, {"note", l_note},
		{"noted", l_noted}, {NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, l_facts_index);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &facts_meta);
}
