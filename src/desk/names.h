/* Names of the catalog in arguments. */
#pragma once

#include "tocsin/value.h"

/*
 * 0, or -1 with ERR_BAD_REQUEST `city "fosan" is not in the catalog (did you mean "foshan"?)` when the
 * catalog has a map of this name and `given` (NULL: fine) is not one of its keys, or is no text.
 */
int catalog_check(struct arena *, const struct value *catalog, const char *map, const char *argument,
	const struct value *given, struct err *e) MUST_CHECK;
