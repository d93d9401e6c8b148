/*
 * Breakers: a rule whose condition raises or runs over its budget again and again is switched off for a
 * while: it costs nobody time any more, and tickets go by the rules that follow instead of all to the duty
 * queue. Loop thread.
 *
 * The pack says after how many failures (limits.rule_failures, 5) and for how long (limits.rule_rest, "60s").
 * Then the rule is tried again; failing, it is off again at once. A new generation begins anew. What is off
 * is a row (TABLE_COUNTER), written with the decision that failed, and stands in the facts of later
 * decisions, so that replay and explain see what the rules saw.
 */
#pragma once

#include "desk_int.h"

struct breakers;

/* Reads what is kept. 0, or -1 from the store. */
int breakers_new(struct desk *, struct err *e) MUST_CHECK;
void breakers_free(struct breakers *);
/* A row of TABLE_COUNTER was published. */
void breakers_on_publish(struct breakers *, struct slice key, const struct slice *val);
/* facts.off: the names of the rules that are off now; nothing when none is. */
void breakers_facts(struct work *, struct value *facts);
/* `failed` of a decision, {rule, message}: counted with this work; the duty topic hears of a rule that is now
 * off. */
void breakers_count(struct work *, const struct value *failed);
/* [{rule, failures, until}] of the rules that failed lately, for server.stats. */
struct value breakers_value(struct desk *, struct arena *);
