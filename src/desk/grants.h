/*
 * Grants: money that a person may give away by one ticket and in one day. How much is the pack's
 * (lua/lib/grants.lua, word `grants`); what was given is kept here, and reserved in the entry of the decision
 * that gives it:
 *
 *   TABLE_COUNTER "grant NAME PERSON" -> {day="2026-09-22", spent}: absolute, of the last day on which
 *     something was given; the day is the civil day of the pack's zone
 *   ticket row    spent=[{grant, amount, by, day}], newest last, at most GRANTS_A_TICKET
 *
 * Amounts are whole numbers of the smallest unit (fen).
 */
#pragma once

#include "desk_int.h"

#define GRANTS_A_TICKET 64

/*
 * facts.spent={NAME={day?, ticket?}} of who acts: what is given already today, and by this ticket (row, or
 * NULL; by anybody). Absent where nothing was given. 0, or -1.
 */
int grants_facts(struct work *, const struct value *row, struct value *facts, struct err *e) MUST_CHECK;
/*
 * decision.reserve=[{grant, amount, ticket_max?, day_max?}] and decision.release=[NAME | "*"]: give back what
 * the row has of a grant, then reserve. 0, or -1 with ERR_REJECTED and nothing changed: a part that is
 * malformed, an unknown grant, or more than the limits that the decision itself names.
 */
int grants_apply(struct work *, const struct value *decision, struct value *row, struct err *e) MUST_CHECK;
/* {NAME={ticket_left?, day_left?}} after the reservations of a decision, for the answer; nil when it made
 * none. */
int grants_left(struct work *, const struct value *decision, const struct value *row, struct value *left,
	struct err *e) MUST_CHECK;
void grants_register(struct desk *);
