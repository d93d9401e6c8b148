/* Inside the rules host. lua.h is seen in this room only. */
#pragma once

#include <lua.h>

#include "tocsin/rules.h"

struct generation {
	lua_State *L;
	struct rules_limits limits;
	size_t bytes, max_bytes;
	/* budget of the running call */
	uint64_t steps_left, steps_given;
	bool is_spent; /* sticky: once spent, every instruction raises again, so that pcall cannot go on */
	int64_t until_us;
	char spent_why[256];            /* with its place */
	const struct pack_files *files; /* while loading; NULL afterwards */
	struct arena arena;             /* catalog and rule names */
	struct value catalog;
	const char **names;
	uint32_t n_names;
	uint8_t sha[SHA256_LEN];
	int lib_ref;
	char error[512]; /* of the last failed call */
};

static inline struct generation *generation_of(lua_State *L)
{
	return *(struct generation **)lua_getextraspace(L);
}

/* sandbox.c: a state with the trimmed libraries, the counting allocator and the hook. NULL when out of
 * memory. */
lua_State *sandbox_new(struct generation *);
/* Give the next call its budget. */
void budget_start(struct generation *, uint64_t steps);
/*
 * The single door into Lua: run fn(L) with `udata` as its light userdata, protected. 0, or -1 with
 * ERR_REJECTED and the text
 * ("routing.lua:12: …"; budget, memory and foreign errors are worded). The stack is as before.
 */
int door(struct generation *, lua_CFunction fn, void *udata, struct err *e) MUST_CHECK;

/* Whether a file belongs to the base ("default/routing.lua" where default/pack.lua is). */
bool pack_file_is_base(const struct pack_files *, const char *name);

/* host.c: push the table `host`. */
void host_push(lua_State *L);

/* convert.c: may raise. */
void value_push_lua(lua_State *L, const struct value *v);
/*
 * The Lua value at `index` as a value in the arena. A table with keys 1..n is an array, one with text keys a
 * map (sorted by key), an empty one an empty map. Functions, other keys, NaN, more than 32 levels raise,
 * naming the path.
 */
struct value value_from_lua(lua_State *L, int index, struct arena *);

/* lint.c: what analysts' editors do to files, before Lua sees them. */
typedef void lint_fn(
	void *udata, int line, int column, const char *message, const char *message_zh, const char *cure);
/* Calls found for each finding; returns their number. */
int lint_lua(struct slice text, lint_fn *found, void *udata);
/* Without a byte-order mark; GBK turned into UTF-8 (in `a`) if it is not UTF-8 already. False: neither. */
bool text_to_utf8(struct arena *a, struct slice in, struct slice *out);
