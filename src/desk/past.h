/*
 * Asking generations that are not in memory any more. A stored pack is built again on the worker thread (it
 * takes 50-200 ms, specs and all), so the answer comes later and nobody else waits: the handler is run again
 * from its arguments when what it wanted has been built.
 */
#pragma once

#include "packs_int.h"

#define PASTS_MAX 8 /* generations that one answer may build */

/* What one answer has had built so far. */
struct pasts {
	struct desk *desk;
	uint32_t n;
	struct {
		int64_t number;
		struct generation *made; /* NULL: it cannot be built, and why */
		struct err why;
	} built[PASTS_MAX];
	int64_t wanted; /* to be built before the answer can be made; 0: nothing */
};

/*
 * The generation; else NULL with *e when it is not stored, cannot be built, or has to be built first
 * (`wanted` is set then: return -1, the call is made again). is_full: this answer has had PASTS_MAX built;
 * NULL then.
 */
struct generation *pasts_get(struct pasts *, int64_t number, struct err *e);
bool pasts_full(const struct pasts *, int64_t number);

/* A read-only method's answer; 0, or -1 with *e. `args` as checked. May be run several times. */
typedef int past_fn(struct desk *, struct arena *, const struct value *args, struct pasts *,
	struct value *result, struct err *e);
/* The handler of an RPC_LONG method: answers at once when all is in memory, else later. */
int past_call(struct call *, past_fn *fn, struct value *result, struct err *e) MUST_CHECK;
