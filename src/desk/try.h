/*
 * One ticket through a pack, nothing stored: what rules.try and the command line (without a daemon) answer.
 * Needs a generation and its calendars, nothing of the desk.
 */
#pragma once

#include "pack_calendars.h"
#include "tocsin/rules.h"

/* The facts of a create as it came in: kind, subject and created filled in, numbers written plainly. The rest
 * of the facts (now, local, who, history, subscriber) is the caller's. */
struct value try_ticket(
	struct arena *, const struct value *catalog, const struct value *args, int64_t now_ms);
/* facts.local of an instant in the process zone. */
struct value facts_local(struct arena *, int64_t at_ms);
/*
 * Ask "create" and explain it. *out: {ticket={what the ticket would be}, clocks=[{name, goal, unit, due?,
 * statutory?}], advice, duplicate_of?, refuse?, failed?, because=[{rule, line, because?}], not=[{rule, line,
 * failed={field, value?, expected, expected_zh}}]}; `not` holds the rule named by why_not, all that did not fire for
 * "all", none for NULL. 0, or -1 with ERR_BAD_REQUEST (a name the catalog does not know, no such rule) or
 * ERR_REJECTED (the pack cannot decide).
 */
int try_pack(struct generation *, const struct pack_calendars *, const struct value *facts,
	const char *why_not, struct arena *, struct value *out, struct err *e) MUST_CHECK;
