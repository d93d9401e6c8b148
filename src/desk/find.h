/* What ticket.find is asked: its conditions and fields, checked before anything is looked at. */
#pragma once

#include "desk_int.h"

/* A map is a condition, unless it is a whole subject or customer to compare with. */
bool find_is_condition(const char *field, const struct value *v);
/*
 * Fields and operators that there are, values of the field's type (times also as ISO 8601 text: they become
 * ms, in place). What was misspelt or of another type would find nothing and look like an answer.
 */
int find_check(
	struct arena *, const struct value *where, const struct value *fields, struct err *e) MUST_CHECK;
