/* Values into Lua and back (the rules are in tocsin/rules.h, "Data"). Both may raise: only inside vm_call. */
#pragma once

#include <lua.h>

#include "tocsin/value.h"

#define DATA_DEPTH_MAX 16

/* Push v; a key whose value is nil is left out. */
void value_to_lua(lua_State *, const struct value *v);

/*
 * Take the value at stack index `index`, copied into the arena, map keys sorted. `root` is its name in error
 * texts
 * ("decision"), bytes_max bounds texts and items together.
 */
void value_from_lua(
	lua_State *, int index, struct arena *, const char *root, size_t bytes_max, struct value *out);
