/* Calendars of a pack, built from its catalog (decision.h). */
#pragma once

#include "tocsin/calendar.h"
#include "tocsin/value.h"

struct pack_calendars {
	uint32_t n;
	struct calendar **all;
};

/* Absent calendars are fine; a broken one is -1 naming it. */
int pack_calendars_read(struct pack_calendars *out, const struct value *catalog, struct err *e) MUST_CHECK;
void pack_calendars_fini(struct pack_calendars *);
/* NULL if there is none of that name. */
const struct calendar *pack_calendars_find(const struct pack_calendars *, const char *name);
