#include <lmdb.h>
#include <stdio.h>

#include "tocsin/store.h"

char *store_library(char out[STORE_LIBRARY_LEN])
{
	int major, minor, patch;

	mdb_version(&major, &minor, &patch);
	snprintf(out, STORE_LIBRARY_LEN, "%d.%d.%d", major, minor, patch);
	return out;
}
