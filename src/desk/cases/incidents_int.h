/* What the methods about incidents share (incidents.c, incident_effect.c). */
#pragma once

#include "desk/desk_int.h"

#define INCIDENT_ARG                                                                                         \
	{                                                                                                    \
		.name = "id", .type = ARG_ID, .is_required = true, .help = "the incident"                    \
	}

/* The incident an argument `id` names: 0, or -1 with ERR_NOT_FOUND, ERR_BAD_REQUEST. */
int incident_load(struct call *, struct value *row, struct err *e) MUST_CHECK;
/*
 * The next tickets that hang on it behind ticket `after`: calls each() until it says no. A row lives until
 * each() returns. 0, or -1 from the store.
 */
int incident_walk(struct call *, int64_t incident, int64_t after,
	bool (*each)(void *udata, const struct value *row), void *udata, struct err *e) MUST_CHECK;
void incident_effect_register(struct desk *);
