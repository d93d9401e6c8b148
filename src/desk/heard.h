/*
 * What callers heard of the voice prompt of a case, and what became of their calls: the caller hung up or
 * went on to an agent, as signals of a kind with `heard` say. A call that was hung up is avoided when no
 * ticket or contact of that number follows within the pack's limits.avoided (2 h); who followed has reached
 * an agent. Loop thread.
 *
 * What a number heard goes with it when its ticket is erased by law: its calls are then counted without it.
 *
 * TABLE_HEARD, be64 incident and number (none: of numbers that were erased, `old` alone):
 * map {calls=[[ms, version, fate]…]?, old=[[version, fate, n]…]?, again=ms?}. calls: newest first, the newest few,
 * and all that may still reach an agent; those before them are only counted. again: when the number, which had been
 * told, last counted as complaining again. version: of the script the caller heard, 0 unknown; fate: enum heard_fate.
 */
#pragma once

#include "desk_int.h"

#define HEARD_VERSIONS_MAX 64 /* of a case that are told apart; what is behind counts in the sums alone */

enum heard_fate { HEARD_HUNG_UP, HEARD_REACHED, HEARD_WENT_ON, HEARD_FATES };

struct heard_call {
	struct slice number, prompt; /* prompt: names the newest open case that plays it, */
	int64_t incident;            /* where this is 0 */
	int64_t version;             /* 0: the one that is approved now */
	int64_t at_ms;
	bool went_on;
};

struct heard_sums {
	int64_t n_deflected, n_reached, n_avoided, n_pending; /* deflected = reached + avoided + pending */
	int64_t n_continued;
	struct heard_version {
		int64_t version, n_deflected, n_continued;
	} versions[HEARD_VERSIONS_MAX]; /* by version */
	uint32_t n_versions;
};

/* A caller heard a prompt. Nothing when no open case plays it. 0, or -1 from the store. */
int heard_add(struct work *, const struct heard_call *, struct err *e) MUST_CHECK;
/* The number reached an agent: what it heard shortly before was not avoided. 0, or -1 from the store. */
int heard_reached(struct work *, const struct value *number, struct err *e) MUST_CHECK;
/*
 * What the number heard last, within limits.avoided, of an open case: facts.heard = {incident, version, at};
 * nothing when it heard nothing. 0, or -1 from the store.
 */
int heard_fact(struct work *, const struct value *number, struct value *facts, struct err *e) MUST_CHECK;
/*
 * facts.again = [{id, at}]: open cases to which the number, told that it works, complained again, and when it
 * counted; nothing when there are none. And what the decision says of it: that it counts now for these cases.
 */
int again_fact(struct work *, const struct value *number, struct value *facts, struct err *e) MUST_CHECK;
int again_keep(
	struct work *, const struct value *number, const struct value *incidents, struct err *e) MUST_CHECK;
/* Of every case: the number's calls become counts of nobody's. 0, or -1 from the store. */
int heard_erase(struct work *, struct slice number, struct err *e) MUST_CHECK;
/* 0, or -1 from the store. */
int heard_count(
	struct desk *, struct arena *, int64_t incident, struct heard_sums *, struct err *e) MUST_CHECK;
/* Whether a row is what this file writes; of a key of 8 bytes and a number, which may be empty. */
bool heard_row_ok(struct arena *, struct slice key, struct slice val);
