#include <lua.h>

#include "tocsin/rules.h"

const char *rules_library(void)
{
	return LUA_VERSION_MAJOR "." LUA_VERSION_MINOR "." LUA_VERSION_RELEASE;
}
