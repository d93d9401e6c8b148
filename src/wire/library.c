#include <msgpack/version_master.h>

#include "tocsin/wire.h"

#define TEXT(x) #x
#define NUMBER(x) TEXT(x)

const char *wire_library(void)
{
	return NUMBER(MSGPACK_VERSION_MAJOR) "." NUMBER(MSGPACK_VERSION_MINOR) "." NUMBER(
		MSGPACK_VERSION_REVISION);
}
