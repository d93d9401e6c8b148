/*
 * Calls that a voice prompt answered: a caller heard the prompt of a case and hung up (signal ivr.deflected,
 * code = the prompt). The call is avoided when no ticket or contact of that number follows within the pack's
 * limits.avoided (2 h). Rows of TABLE_HEARD: be64 incident, number → {times=[ms], n_reached}.
 */
#pragma once

#include "desk_int.h"

struct heard_sums {
	int64_t n_deflected, n_reached, n_avoided, n_pending; /* deflected = reached + avoided + pending */
};

/* The caller heard this prompt and hung up. Nothing when no open case plays it. 0, or -1 from the store. */
int heard_deflected(
	struct work *, struct slice number, struct slice prompt, int64_t at_ms, struct err *e) MUST_CHECK;
/* The number reached an agent: what it heard shortly before was not avoided. 0, or -1 from the store. */
int heard_reached(struct work *, const struct value *number, struct err *e) MUST_CHECK;
/* 0, or -1 from the store. */
int heard_count(
	struct desk *, struct arena *, int64_t incident, struct heard_sums *, struct err *e) MUST_CHECK;
