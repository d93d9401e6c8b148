/*
 * Early warning in the daemon: what came in is counted (warn_counts.h), and at the end of every bin the
 * watches of the live pack are evaluated (tocsin/detect.h); a level that changes is a warning. Loop thread.
 *
 * Counting and everything a close does are rows of the caller's or the timer's entry, so a restart or a
 * reload changes no level.
 */
#pragma once

#include "desk_int.h"
#include "stream_name.h"

struct warn;
struct watches;

/* Reads counts and warnings; after packs and timers. 0, or -1 from the store. */
int warn_new(struct desk *, struct err *e) MUST_CHECK;
void warn_free(struct warn *);
void warn_on_publish(struct warn *, enum table table, struct slice key, const struct slice *val);
/*
 * Warnings that stand and would lose their watch or their level when this pack decides from now on, where the pack
 * does not say what becomes of them (retire): each is added to the report, WARN_LOST_MAX at most. 0, or -1 from
 * the store.
 */
#define WARN_LOST_MAX 20
int warn_standing_lost(struct desk *, const struct watches *, const struct value *catalog,
	struct rules_report *, struct err *e) MUST_CHECK;
/*
 * Which stream makes which key under another pack's watches, worked out aside (warn_replan.c): begun on the
 * loop (NULL at the start, when the pack comes before the warnings), worked out on any thread, and taken on
 * the loop by warn_reload. One at a time.
 */
struct replan;
struct replan *replan_begin(struct desk *);
void replan_work(struct replan *, const struct watches *, uint64_t words);
void replan_free(void *replan);
/* It decides from now on: these are its watches, which are taken (then NULL) where they are others. */
void warn_reload(struct desk *, struct replan *, struct watches **, uint64_t words);

/* A pack that expects sources to speak has a timer from the start; so have days that wait to be learned. */
void warn_start(struct desk *);
/* The timer is due: the close of a bin, a slice of learning. A close that fails is tried again. */
void warn_fire(struct desk *, int64_t due_ms);
void warn_learn_fire(struct desk *, int64_t due_ms);

/*
 * n more of it at at_ms (what lies in the future counts now), as a row of this work. Costs one small row, and
 * a timer's when none waits. 0, or -1 from the store.
 */
int warn_count(
	struct work *, const struct stream_name *, int64_t at_ms, uint64_t n, struct err *e) MUST_CHECK;

/*
 * Complaints and further contacts counted in [from_ms, to_ms), whole minutes, of the streams that is_of() says and,
 * where it is named, of this city. One call walks WARN_COUNTED_ROWS rows (about 20 ms): *until_ms < to_ms is where
 * it was broken off, and *count is of [from_ms, *until_ms). 0, or -1 from the store.
 */
#define WARN_COUNTED_ROWS 200000
typedef bool warn_is_of(void *ctx, const struct stream_name *);
struct warn_counted_of {
	warn_is_of *is_of;
	void *ctx;
	struct slice city; /* empty: all */
};
int warn_counted(struct desk *, const struct warn_counted_of *, int64_t from_ms, int64_t to_ms,
	int64_t *count, int64_t *until_ms, struct err *e) MUST_CHECK;
/* Counts of minutes that began before it are gone, or will be (counting.keep). */
int64_t warn_kept_from(const struct desk *);
/* When a ticket's row counts: in the minute it speaks of; one of something long past, or to come, when it was taken
 * in. */
int64_t warn_counts_at(const struct desk *, const struct value *row);

/* ---- hooks of the use cases: one call each, 0 or -1 from the store ------------------------------------- */
/* A ticket came in (also an imported one, in its own past). */
int warn_created(struct work *, const struct value *row, struct err *e) MUST_CHECK;
/* The customer came again. */
int warn_contacted(
	struct work *, const struct value *row, const struct value *contact, struct err *e) MUST_CHECK;
/* A ticket changed: what it was merged into may take its count away, or give it back; an incident that begins to
 * recover is asked about at the next close. */
int warn_changed(
	struct work *, const struct value *before, const struct value *after, struct err *e) MUST_CHECK;

/*
 * The case relapses: the key stands at least at this level from now on, never lower than it does, and this
 * incident is its case again. Nothing when nothing is watched under the key. 0, or -1: it cannot be applied.
 */
int warn_relapse(struct work *, struct slice key, int64_t incident, struct slice level, const char *reason,
	struct err *e) MUST_CHECK;

/* The key of a warning, CITY/CATEGORY, is about this category or one above it. */
bool warn_key_names(struct slice key, struct slice category);

/* {counted, late, streams, rows of memory …} for server.stats. */
struct value warn_value(struct desk *, struct arena *);

/* The methods. */
void warn_counts_register(struct desk *);
void warn_methods_register(struct desk *);

/* ---- replay (warn_replay.c) ---------------------------------------------------------------------------- */
/* A stream in bins of equal length, oldest first: what came in, or numbers that are affected by then (of a city
 * and category). */
struct recorded {
	struct stream_name of;
	uint32_t *counts;
};
struct recording {
	int64_t bin_ms;
	uint32_t n_bins;
	struct recorded *streams;
	uint32_t n_streams;
};
/*
 * What the live pack's watches and roll-ups would have said to it, the first bin being the one that holds
 * start_ms (so that what is usual is that of tonight): level changes, oldest first, added to *events as
 * {end_ms (behind the start), key, city?, category?, watch?, from, to, seen, expected?, p?, sums={input=seen},
 * affected?, cities?}. Nothing else changes: what is usual is read, never learned. Watches of days and longer
 * are left out. 0, or -1 with ERR_REJECTED: no watch counts any of it, or its bins are no multiple of the
 * recording's.
 */
int warn_replay(struct desk *, struct arena *, const struct recording *, int64_t start_ms,
	struct value *events, struct err *e) MUST_CHECK;
/* What was counted in [from_ms, to_ms), by the minute, of streams that is_of() says; `most` streams
 * (warn_record.c). */
int warn_recorded(struct desk *, struct arena *, warn_is_of *, void *ctx, int64_t from_ms, int64_t to_ms,
	uint32_t most, struct recording *out, struct err *e) MUST_CHECK;
