/* Inside the early warning of the desk (warn.h). */
#pragma once

#include "tocsin/detect.h"
#include "warn.h"
#include "warn_counts.h"

#define LEVEL_NAMES_MAX (LEVELS_MAX + 1)
#define KEY_TEXT_MAX 400
#define KEY_ALL "*" /* the key of the disaster mode */
#define SOURCE_PREFIX "source:"
#define CLUSTER_PREFIX "cluster:"
#define SIGNAL_PREFIX "signal:"

/*
 * A key that is watched, was warned of, or both. What stands in its row of TABLE_WARNING is derived from the
 * row as it is published; streams and watch follow from the live pack.
 */
struct wkey {
	struct wkey *next_in_slot;
	char *text;
	size_t text_n;
	const struct watch *watch; /* that makes its level; NULL: none does (any more) */
	struct stream **leaves;
	uint32_t n_leaves, leaves_cap;
	const char *city, *category, *cluster; /* what it is about; NULL: all, or none. Own memory */
	/* of its row */
	uint8_t *row; /* MessagePack; NULL: it has none */
	size_t row_n;
	struct detector det;
	uint8_t level; /* what it stands at: of the machine, or of its floor when that is higher */
	uint8_t floor;
	int64_t next_ms, since_ms, incident;
	double given[WATCH_INPUTS_MAX];
	/* of the close at hand */
	struct detected seen;
	uint8_t from;       /* its level before */
	int64_t changed_ms; /* end of the bin by which it got its present level; 0: no change */
	bool is_seen, is_ready_new, has_baseline;
	struct baseline *baseline; /* NULL: its watch has none */
};

struct warn {
	struct desk *desk;
	struct counts counts;
	struct watches *watches; /* of the live pack */
	struct wkey **slots;     /* by text */
	uint32_t n_slots;
	struct wkey **keys; /* by text, sorted: the order in which everything happens */
	uint32_t n_keys, keys_cap;
	int64_t bin_ms;           /* parts every watch's bin; 0: nothing is watched */
	uint32_t *back;           /* scratch: bins of a stream */
	int64_t armed_ms;         /* when its row in TABLE_TIMER is due; INT64_MAX: there is none */
	struct baseline **totals; /* by watch: of all that it counts; NULL: none was asked for */
	bool has_taught;          /* days were learned: */
	int32_t taught_first, taught_last;
	uint64_t n_counted, n_late_counts, n_closes, n_missed, n_changes, close_us_max, n_failures;
};

/* ---- keys: CITY/CATEGORY (a star stands for all), cluster:NAME, source:NAME ------------------------------
 */
struct warn_key {
	struct slice city, category; /* "*": all; a category stands for those below it too */
};
/* A part that stands for all: "*". */
bool warn_is_all(struct slice part);
/* False: not of the form CITY/CATEGORY. */
bool warn_key_split(struct slice key, struct warn_key *out);
/* Whether what the stream counts falls under the key. */
bool warn_key_holds(const struct warn_key *, const struct stream_name *);
bool category_under(struct slice category, struct slice top);

/* ---- the plan (warn_plan.c): which streams make which key
 * -------------------------------------------------- */
struct wkey *wkey_find(const struct warn *, struct slice text);
/* Found, or new and without watch and row. */
struct wkey *wkey_need(struct warn *, struct slice text);
/* Another pack: its watches, and the keys of all streams anew. 0, or -1: the old plan stays. */
int warn_plan(struct warn *, struct err *e) MUST_CHECK;
/* A stream was met for the first time. */
void warn_plan_stream(void *warn, struct stream *);
/* The watch whose key this would be, and the key with it; NULL: none. */
struct wkey *warn_plan_key(struct warn *, struct slice text);
void warn_plan_free(struct warn *);
/* Names of levels: the pack's, or those of the contract where it has no table. */
const char *warn_level_name(const struct warn *, uint8_t level);
int warn_level_find(const struct warn *, struct slice name); /* -1: none */

/* ---- rows (warn_rows.c)
 * ------------------------------------------------------------------------------------- */
int warn_rows_load(struct warn *, struct err *e) MUST_CHECK;
void wkey_on_publish(struct warn *, struct slice key, const struct slice *val);
/* Memory follows the rows: machine, level and case are again what they were. */
void wkey_restore(struct wkey *, const struct wkey *was);
/* The row as a map of its own in the work's arena; empty without one. */
struct value wkey_row(struct work *, const struct wkey *);
/* Write it with level, machine and when it is to be looked after next; without anything to keep it goes. */
void wkey_put(struct work *, struct wkey *, struct value *row);

/* ---- what happens to a key (warn_case.c)
 * -------------------------------------------------------------------- */
struct warn_event {
	const char *event; /* "change", "ready", "again", "recovery", "joined": cities came to a roll-up */
	uint8_t from;
	int64_t at_ms;           /* the end of the bin */
	bool is_late;            /* it happened while the system was down */
	uint32_t rung;           /* "again": the next one */
	const char *by, *reason; /* a person did it; NULL: the watch */
};
/* The row of the key, the pack's decision, everybody told; staged. 0, or -1: it cannot be applied. */
int warn_happened(struct work *, struct wkey *, const struct warn_event *, struct value *row, bool is_plain,
	struct err *e) MUST_CHECK;
/*
 * An entry of the system itself about one key, at at_ms, in two tries: with the pack's decision, and plain
 * when that cannot be applied, which is logged. What a failed try changed of the key in memory is put back.
 */
struct warn_try {
	bool is_plain;
	void *ctx;
	struct wkey *key; /* NULL: none was changed yet */
	struct wkey was;
};
/* 1 staged, 0 there is nothing to do, -1. */
typedef int warn_stage(struct work *, struct warn_try *, struct err *e);
int warn_twice(
	struct warn *, const char *method, int64_t at_ms, warn_stage *, void *ctx, struct err *e) MUST_CHECK;
/* From here on the try changes this key. */
void warn_try_on(struct warn_try *, struct wkey *);
/* The same as such an entry, at event->at_ms. */
int warn_event_commit(struct warn *, struct wkey *, const struct warn_event *, struct err *e) MUST_CHECK;

/* ---- telling (warn_tell.c) --------------------------------------------------------------------------------
 */
void warn_notice(struct work *, const char *topic, struct value data);
/* {key, level, seen, expected, p, line={zh, en}, …}: what topics, rules and lists say of a key. */
struct value warn_brief(struct work *, const struct wkey *, const struct value *row);
/* A text of catalog.warning_texts with the names in braces filled in from `names`; {zh, en}, or nil. */
struct value warn_text(
	struct arena *, const struct value *catalog, const char *name, const struct value *names);
void warn_bulletin(struct work *, const struct wkey *, const struct value *row, const char *event,
	const struct value *extra);
/* A level's settings in the pack (catalog.alarms), or NULL. */
const struct value *warn_alarm(const struct warn *, uint8_t level);
/* The next multiple of the rhythm in local time behind at_ms, INT64_MAX without one. */
int64_t warn_slot_after(int64_t at_ms, int64_t every_ms, int64_t offset_ms);

/* ---- the close (warn_close.c) -----------------------------------------------------------------------------
 */
/* An entry of the system itself, at at_ms (never before the last entry). */
void warn_begin(struct work *, struct desk *, const char *method, int64_t at_ms);
/* What the key's inputs were at the close of this bin, into the row. */
void warn_figures(struct work *, const struct wkey *, int64_t end_ms, struct value *row);
/* How many closes in a row each level would have been under its exit, had it been the present one; once a
 * close. The key has a watch. */
void warn_under(struct work *, struct wkey *, int64_t end_ms, struct value *row);
/* Rings of the length that the live pack's watches need. */
int warn_rings(struct warn *, int64_t now_ms, struct err *e) MUST_CHECK;
/* Whether the key's incident says that it recovers (fields.recovery). */
bool warn_in_recovery(struct warn *, const struct wkey *);

/* ---- what is usual (warn_learn.c) -------------------------------------------------------------------------
 */
/* Which days were learned. */
int warn_learn_load(struct warn *, struct err *e) MUST_CHECK;
/* Drop what is in memory: it belongs to the watches of a plan. */
void warn_learn_forget(struct warn *);
/* Learn the local days that have ended by end_ms, if any: entries of their own. */
int warn_learn(struct warn *, int64_t end_ms, struct err *e) MUST_CHECK;
/* Have k->baseline ready and return that of all its watch counts; NULL: nothing is expected of this key. */
const struct baseline *warn_usual(struct warn *, struct wkey *k);
/* History came into the day of at_ms: if that was learned, all is learned anew at the next close. */
void warn_learn_imported(struct work *, int64_t at_ms);

/* ---- time (warn_close.c, warn_care.c) ---------------------------------------------------------------------
 */
/* Let the timer be due at at_ms at the latest. */
void warn_arm(struct work *, int64_t at_ms);
/* What is due of the key by now: reminders, bulletins, ends of acknowledgements and orders. */
int warn_care(struct warn *, struct wkey *, int64_t now_ms, struct err *e) MUST_CHECK;
/* When the key wants care next, by its row. */
int64_t warn_care_next(const struct value *row);
/* Whether the person was called at this level for another city of a roll-up that the key belongs to. */
bool warn_told_elsewhere(struct work *, const struct wkey *, const char *level, const struct value *person);
/* The open roll-up whose part the key is at its level; NULL: none. */
const struct wkey *warn_whole_of(struct work *, const struct wkey *);
/* Cities warned of one kind become one case. */
int warn_rollups(struct warn *, int64_t end_ms, struct err *e) MUST_CHECK;
/* Sources that have fallen silent, or speak again; *next_ms: when to look again. */
int warn_sources(struct warn *, int64_t now_ms, int64_t *next_ms, struct err *e) MUST_CHECK;
