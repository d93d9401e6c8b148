#include "view.h"

#include <string.h>

#include "field.h"
#include "lua_value.h"

#define NOTED_STEP 32
#define FACTS_BYTES_MAX ((size_t)4 * 1024 * 1024)

enum state { STATE_UNREAD, STATE_READ, STATE_DECIDED };

struct view {
	const struct value *facts;
	int64_t now_ms;
	uint32_t n;
	const struct value *off; /* names of rules that are switched off, or NULL */
	uint32_t n_noted, noted_cap;
	uint32_t *noted; /* rules that fired, in order */
	uint32_t n_decided;
	uint32_t *decided;           /* fields, in order */
	struct value lists[N_LISTS]; /* what rules of whole sets said */
	uint8_t *state;              /* enum state of each field */
	struct value vals[];
};

/* What Lua holds of a view. The view itself is in the scratch arena: the next asking finds it in the cache,
 * and the collector has nothing to take away. */
struct handle {
	uint32_t magic;
	uint64_t serial; /* of the asking it was made in */
	struct view *view;
};

struct facts {
	uint32_t magic;
	const struct value *root;
	uint64_t serial;
};

#define VIEW_MAGIC 0x76696577u  /* "view" */
#define FACTS_MAGIC 0x66616374u /* "fact" */

static const char facts_meta; /* key of the registry */

int64_t view_count(struct generation *g, struct view *w, uint32_t field, int64_t window_ms)
{
	return field_count(&g->fields[field], w->facts, w->now_ms, window_ms);
}

int64_t view_now(const struct view *w)
{
	return w->now_ms;
}

const struct value *view_get(struct generation *g, struct view *w, uint32_t field)
{
	struct value *v = &w->vals[field];

	must(field < w->n);
	if (w->state[field] == STATE_UNREAD) {
		*v = field_resolve(g, &g->fields[field], w->facts, w->now_ms);
		w->state[field] = STATE_READ;
	}
	return v->type == VALUE_NIL ? NULL : v;
}

/* ---- for Lua ------------------------------------------------------------------------------------------- */
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
	struct handle *h;
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
	h = lua_newuserdatauv(L, sizeof(*h), 0);
	w = arena_alloc(scratch(L), sizeof(*w) + g->n_fields * (sizeof(w->vals[0]) + sizeof(uint32_t) + 1));
	*h = (struct handle){VIEW_MAGIC, g->serial, w};
	memset(w, 0, sizeof(*w));
	w->facts = root;
	w->now_ms = value_int_or(value_get(root, "now"), 0);
	w->n = g->n_fields;
	w->off = value_get(root, "off");
	w->decided = (uint32_t *)&w->vals[w->n];
	w->state = (uint8_t *)&w->decided[w->n];
	memset(w->state, STATE_UNREAD, w->n);
	return 1;
}

struct view *view_check(lua_State *L, int arg)
{
	const struct handle *h = lua_touserdata(L, arg);

	must(h != NULL && h->magic == VIEW_MAGIC); /* only the words see such objects */
	if (h->serial != generation_of(L)->serial)
		luaL_error(L, "the ticket was used after its decision had ended");
	return h->view;
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

bool view_is_blank(const struct value *x)
{
	return x == NULL || (x->type == VALUE_TEXT && x->n == 0);
}

/* host.blank(view, number) → whether the field is absent or "": a long text need not become one of Lua's */
static int l_blank(lua_State *L)
{
	struct view *w = view_check(L, 1);

	lua_pushboolean(L, view_is_blank(view_get(generation_of(L), w, field_check(L, w, 2))));
	return 1;
}

/* host.at(view, name…) → what stands there in the facts, without a table for the parts on the way */
static int l_at(lua_State *L)
{
	const struct value *v = view_check(L, 1)->facts;

	for (int i = 2, n = lua_gettop(L); v != NULL && i <= n; i++) {
		size_t len;
		const char *name = luaL_checklstring(L, i, &len);

		v = value_get_n(v, name, len);
	}
	if (v == NULL)
		return 0;
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

bool view_is_off(const struct generation *g, const struct view *w, uint32_t rule)
{
	const struct value *name = w->off == NULL ? NULL : value_get(value_at(&g->rules, rule), "rule");

	for (uint32_t i = 0; name != NULL && i < w->off->n; i++)
		if (value_equal(&w->off->as.items[i], name))
			return true;
	return false;
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

/* What the point itself put into a list comes first. */
static struct value behind(struct arena *a, const struct value *first, const struct value *then)
{
	struct value both;

	if (!value_is(first, VALUE_ARRAY) || first->n == 0)
		return *then;
	both = value_array(a, first->n + then->n);
	for (uint32_t i = 0; i < first->n; i++)
		value_push(a, &both, first->as.items[i]);
	for (uint32_t i = 0; i < then->n; i++)
		value_push(a, &both, then->as.items[i]);
	return both;
}

void view_finish(struct generation *g, const struct view *w, struct arena *a, struct value *decision)
{
	static const char *const names[] = {"clocks", "advice"};
	const struct value *old = value_get(decision, "set"), *ticket = value_get(w->facts, "ticket");
	struct value set = value_map(a, (old == NULL ? 0 : old->n) + w->n_decided);

	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		set.as.pairs[set.n++] = old->as.pairs[i];
	for (uint32_t i = 0; i < w->n_decided; i++) {
		const struct value *v = &w->vals[w->decided[i]], *name = &g->fields[w->decided[i]].name;

		if (v->type != VALUE_NIL ||
			value_get_n(ticket, name->as.text, name->n) != NULL) /* nil removes */
			set.as.pairs[set.n++] = (struct pair){*name, *v};
	}
	value_set(a, decision, "set", set);
	for (size_t i = 0; i < N_LISTS; i++)
		if (w->lists[i].type == VALUE_ARRAY)
			value_set(a, decision, names[i],
				behind(a, value_get(decision, names[i]), &w->lists[i]));
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
		{"blank", l_blank}, {"at", l_at}, {"set", l_set}, {"decide", l_decide}, {"whole", l_whole},
		{"note", l_note}, {"noted", l_noted}, {NULL, NULL}};

	luaL_setfuncs(L, functions, 0);
	lua_createtable(L, 0, 2);
	lua_pushcfunction(L, l_facts_index);
	lua_setfield(L, -2, "__index");
	lua_pushboolean(L, 0);
	lua_setfield(L, -2, "__metatable");
	lua_rawsetp(L, LUA_REGISTRYINDEX, &facts_meta);
}
