/*
 * Fields: what conditions may ask of the facts, each by a number. Declared while the pack loads (host.field),
 * never changed afterwards. Private to src/rules.
 */
#pragma once

#include "host_int.h"

#define PATH_MAX_PARTS 3

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

struct field {
	struct value name; /* under which a decision sets it; nil: it cannot be decided */
	enum field_op op;
	uint32_t n_parts;
	struct slice parts[PATH_MAX_PARTS];
	struct value otherwise; /* FIELD_PATH, FIELD_WHICH; nil: none */
	struct value list;      /* FIELD_ONE_OF, FIELD_WHICH: texts */
};

/* host.field{op, name?, path?, otherwise?, list?} → its number */
int l_field(lua_State *);
/* The number of the field in descriptor.field at `index`. Raises. */
uint32_t field_at(lua_State *, int index);
/* Its value for these facts; nil when absent. Texts that had to be made are in the scratch arena. */
struct value field_resolve(
	struct generation *, const struct field *, const struct value *facts, int64_t now_ms);
/* Entries of history within the last window_ms, all for -1: of a field that counts. */
int64_t field_count(const struct field *, const struct value *facts, int64_t now_ms, int64_t window_ms);
