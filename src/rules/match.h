/* Conditions of rules, tested in C (match.c). Private to src/rules. */
#pragma once

#include "host_int.h"

/* host.matcher, first, all, failed: added to the table on top. Raises. */
void match_open(lua_State *);
