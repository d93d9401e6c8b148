/*
 * Signals of other systems (signal.push), the components they are about, planned work (change.put), and which
 * component is at fault (incident.suspects). Loop thread.
 *
 * A call's signals are folded into absolute rows, one a minute and stream (kind, service, component, city; of
 * a metric also its name; of a failure that is the customer's own mistake, not_codes of a fault of its service,
 * also its code: it is counted, but tells nothing against anybody); raw signals are kept nowhere, and the
 * entry holds none.
 *
 * TABLE_SIGNAL:
 *   'b' be64 minute, kind 0 service 0 component 0 city 0 name
 *                            → varint n; of a metric: n, be64 bits of sum, min, max, last
 *   'm' be64 minute, kind    → varint streams of the kind in it
 *   's' component 0 city     → map {state, at, source, was?}
 *
 * TABLE_CHANGE:
 *   'c' id                   → map {id, n, components, cities, from, to, owner, notice_sent, by, at, settled?}
 *   'n' be64 n               → id; n is in its timer's id
 */
#pragma once

#include "desk_int.h"

#define SIGNAL_MINUTE_MS 60000

/* A row of counts. Texts borrow from the row. */
struct signal_bin {
	int64_t minute_ms;
	struct slice kind, service, component, city, name;
	uint64_t n;
	double sum, min, max, last; /* of a metric */
	bool is_metric;
};

/* A wrong card, a used voucher: no fault of ours. */
static inline bool signal_is_own_mistake(const struct signal_bin *b)
{
	return !b->is_metric && b->name.n > 0;
}

/* Reads a row of 'b'; false: it is none. */
bool signal_bin_read(struct slice key, struct slice val, struct signal_bin *);
/* Calls each for every bin of [from_ms, to_ms). 0; what each returned, when it was not 0; -1 from the store.
 */
int signal_bins(struct desk *, struct tx *, int64_t from_ms, int64_t to_ms,
	int (*each)(void *ctx, const struct signal_bin *), void *ctx, struct err *e) MUST_CHECK;

/* ---- suspects (suspects.c) ----------------------------------------------------------------------------- */
/* What a case or warning is about; absent parts are empty or NULL. */
struct suspicion {
	struct slice city; /* or "*" */
	struct slice category, service, component;
	int64_t first_ms; /* of the first complaint; 0: now */
};
/*
 * {suspect="recharge_gateway"|"unknown", because?, window_ms, failures, order=[…], suspects=[{component,
 * label, service, team, planned_change?, evidence=[{by, value, unit, zh, en}]}]}, by the evidence of
 * catalog.suspects, most telling first. "unknown": less evidence than its minimum. Sums alone, in the order
 * of names: the same rows give the same answer.
 */
int suspects_find(struct desk *, struct tx *, struct arena *, int64_t now_ms, const struct suspicion *,
	struct value *out, struct err *e) MUST_CHECK;

/* ---- planned work (changes.c) -------------------------------------------------------------------------- */
/* The change of this component that began at most span_ms ago or is under way; in several the latest. 1, 0,
 * -1. */
int change_of(struct desk *, struct tx *, struct arena *, struct slice component, const struct value *cities,
	int64_t now_ms, int64_t span_ms, struct value *out, struct err *e) MUST_CHECK;
/* The timer of a change has fired (its number below the owner's bit); the caller has deleted its row. */
int change_fire(struct work *, uint64_t id, struct err *e) MUST_CHECK;
void signal_counts_register(struct desk *);
void changes_register(struct desk *);
void suspects_register(struct desk *);

void signals_register(struct desk *);
