/* Inside the early warning of the desk (warn.h). */
#pragma once

#include "desk/warn.h"
#include "tocsin/bins.h"
#include "tocsin/detect.h"
#include "warn_counts.h"

#define BIN_LENGTHS_MAX 40
#define LEVEL_NAMES_MAX (LEVELS_MAX + 1)
#define KEY_TEXT_MAX 400
#define KEY_ALL "*" /* the key of the disaster mode */
#define SOURCE_PREFIX "source:"
#define CLUSTER_PREFIX "cluster:"
#define SIGNAL_PREFIX "signal:"

/* What was learned of a key (warn_usual.c). */
struct learned {
	struct baseline *baseline; /* NULL: its watch has none */
	struct past past;          /* of a watch with long bins */
	bool is_loaded;
	bool is_ahead; /* the baseline knows of days that its row does not: taken from memory, not learned */
	bool is_dirty; /* learned, and not in its rows yet */
};

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
	bool is_early; /* the floor is what the open bin enters already (warn_early.c) */
	int64_t next_ms, since_ms, incident;
	int64_t judged_ms; /* end of the last bin that the machine has seen: none is seen twice */
	double given[WATCH_INPUTS_MAX];
	/* of the close at hand */
	struct detected seen;
	uint8_t from;       /* its level before */
	int64_t changed_ms; /* end of the bin by which it got its present level; 0: no change */
	bool is_seen, is_ready_new;
	struct learned usual, anew; /* anew: while all is being learned again */
};

/* Which days were learned: TABLE_BASELINE "d". */
struct taught {
	bool is_any;
	int32_t first, last;
	uint8_t side;    /* whose rows count; the other side is where all is learned anew */
	bool wants_anew; /* history came into days that were learned */
	uint32_t n_late; /* complaints told too late for the lesson of their day */
	uint64_t mark;   /* of the watches that were learned for (watches_mark) */
};

struct warn {
	struct desk *desk;
	struct counts counts;
	struct watches *watches; /* of the live pack */
	struct wkey **slots;     /* by text */
	uint32_t n_slots;
	struct wkey **keys; /* by text, sorted: the order in which everything happens */
	uint32_t n_keys, keys_cap;
	int64_t bin_ms;                /* the shortest bin of a watch; 0: nothing is watched */
	int64_t early_ms;              /* how soon signals are looked at within a bin; 0: they are not */
	int64_t bins[BIN_LENGTHS_MAX]; /* all lengths, each once */
	uint32_t n_bins;
	uint32_t *back;           /* scratch: bins of a stream, the newest first */
	int64_t armed_ms;         /* when its row in TABLE_TIMER is due; INT64_MAX: there is none */
	struct baseline **totals; /* by watch: of all that it counts; NULL: none was asked for */
	struct taught taught;
	uint64_t mark;  /* of the live pack's watches */
	uint64_t words; /* of its catalog (watches_words) */
	struct lessons *lessons;
	int64_t learn_ms;    /* when learning is due; INT64_MAX: it is not */
	int64_t declared_ms; /* when incidents were asked about last (warn_declare.c); 0: not since the start */
	int64_t newest_case; /* the newest incident whose evidence was looked for; 0: none since the start */
	uint64_t n_counted, n_late_counts, n_closes, n_missed, n_changes, close_us_max, learn_us_max,
		learn_units_max, n_failures;
	uint32_t n_tries; /* of the close at hand that failed */
	struct gap {
		int64_t from_ms, to_ms;
	} * gaps; /* when nobody watched, oldest first */
	uint32_t n_gaps;
};

/* ---- keys, CITY/CATEGORY, cluster:NAME or source:NAME, by text (warn_wkey.c) --------------------------- */
struct slice wkey_text(const struct wkey *);
struct wkey *wkey_find(const struct warn *, struct slice text);
/* Without watch and row, of nobody yet; its name is final. Any thread. */
struct wkey *wkey_new(struct slice text);
void wkey_free(struct wkey *);
/* New keys, sorted by text, take their places. */
void wkeys_add(struct warn *, struct wkey **list, uint32_t n);
/* No numbers are handed in for it. */
void wkey_nothing_given(struct wkey *);
/* Found, or new and without watch and row. */
struct wkey *wkey_need(struct warn *, struct slice text);
/* Index of the first key whose text is not below this one. */
uint32_t wkey_place(const struct warn *, struct slice text);

/* ---- what falls under a key (warn_count.c) ------------------------------------------------------------- */
struct warn_key {
	struct slice city, category; /* "*": all; a category stands for those below it too */
};
/* A part that stands for all: "*". */
bool warn_is_all(struct slice part);
/* False: not of the form CITY/CATEGORY. */
bool warn_key_split(struct slice key, struct warn_key *out);
/* Whether what the stream counts falls under the key. */
bool warn_key_holds(const struct warn_key *, const struct stream_name *);

/* ---- which watch makes which key (warn_keys.c) --------------------------------------------------------- */
/* The key that the watch makes of this stream; empty when it does not count it, or it would be too long. */
struct slice watch_key(
	const struct watches *, const struct watch *, const struct stream_name *, char out[KEY_TEXT_MAX]);
/* The watch that would make this key, whether or not anything was counted under it; NULL: none. */
const struct watch *watch_of_key(const struct watches *, struct slice key);

/* ---- the plan: which streams make which key, what levels are called (warn_plan.c) ---------------------- */
/* These watches from now on, which are taken over; who makes which key is another's (warn_replan.c). */
void warn_plan_watches(struct warn *, struct watches *, uint64_t words);
/* A stream was met for the first time. */
void warn_plan_stream(void *warn, struct stream *);
/* The key with that watch; NULL: none. */
struct wkey *warn_plan_key(struct warn *, struct slice text);
void warn_plan_free(struct warn *);
/* The end of the next bin of any watch behind at_ms. Something is watched. */
int64_t warn_next_end(const struct warn *, int64_t at_ms);
/* Names of levels, as the catalog has them. */
const char *warn_level_name(const struct warn *, uint8_t level);
uint8_t warn_n_levels(const struct warn *);
int warn_level_find(const struct warn *, struct slice name); /* -1: none */

/* ---- another pack's plan (warn_replan.c) --------------------------------------------------------------- */
/* What was worked out for these watches counts from now on, also for what came meanwhile. */
void replan_take(struct warn *, struct replan *, struct watches *, uint64_t words);

/* ---- rows (warn_rows.c) -------------------------------------------------------------------------------- */
int warn_rows_load(struct warn *, struct err *e) MUST_CHECK;
/* What the key is is what its row says, under its watch. */
void wkey_take_again(struct warn *, struct wkey *);
/* A close was not written: all of them. */
void warn_rows_again(struct warn *);
void wkey_on_publish(struct warn *, struct slice key, const struct slice *val);
/* Memory follows the rows: machine, level and case are again what they are now when the work is dropped. */
void wkey_undo(struct work *, struct wkey *);
/* The row as a map of its own in the work's arena; empty without one. */
struct value wkey_row(struct work *, const struct wkey *);
/* Write it with level, machine and when it is to be looked after next; without anything to keep it goes. */
void wkey_put(struct work *, struct wkey *, struct value *row);

/* ---- one key at a close (warn_look.c) ------------------------------------------------------------------ */
/* Judge the key by the bin that ends at end_ms; it has a watch. */
void warn_look(struct warn *, struct wkey *, int64_t end_ms);
/* Its newest n_back bins, up to the one that ends at end_ms, into n->back; false: all of them are zero. */
bool warn_gather(struct warn *, struct wkey *, int64_t end_ms, struct close *);
/*
 * What failed transactions enter within a bin is not left until its end: the desk hears of it within seconds
 * (warn_early.c). Only a rise, which the end of the bin will see too; it stands as a floor "early", so that the
 * machine is as if nobody had looked, also after a restart.
 */
void warn_look_early(struct warn *, int64_t now_ms);
/* The bin ends: the machine speaks for itself. */
void warn_early_over(struct wkey *);
/* The row has the floor while the key does. */
void warn_early_put(struct work *, const struct wkey *, struct value *row);
/* A level that no watch makes any more ends with the next close. */
void warn_look_orphan(struct wkey *, int64_t end_ms);
/* Numbers that are handed in: how many the lists hold now. */
void warn_take_affected(struct warn *);
/* People of the city, or of all (NULL), where the watch asks for them; else 0. */
double warn_subscribers(const struct warn *, const struct watch *, const char *city);
bool wkey_has_given(const struct wkey *);
/* The sum that its figures are of; NULL: the watch has none. */
const struct watch_input *warn_window_of(const struct wkey *);
/* What the key's inputs were at the close of this bin, into the row. */
void warn_figures(struct work *, const struct wkey *, int64_t end_ms, struct value *row);
/* How many closes in a row each level would have been under its exit, had it been the present one. The key
 * has a watch. */
void warn_under(struct work *, const struct wkey *, struct value *row);

/* ---- the close, and its timer (warn_close.c) ----------------------------------------------------------- */
/* An entry of the system itself, at at_ms (never before the last entry). */
void warn_begin(struct work *, struct desk *, const char *method, int64_t at_ms);
/* Rings of the length that the live pack's watches need. */
int warn_rings(struct warn *, int64_t now_ms, struct err *e) MUST_CHECK;
/* The row of that timer, of which there is one at most. */
void warn_move_timer(struct work *, uint64_t id, int64_t was_ms, int64_t at_ms);
/* Let the timer be due at at_ms at the latest. */
void warn_arm(struct work *, int64_t at_ms);
/* This incident begins to recover: the next close of its keys asks about it, whether or not anything counts. */
void warn_await_recovery(struct work *, int64_t incident);

/* ---- what happens to a key (warn_case.c) --------------------------------------------------------------- */
struct warn_event {
	/* "change", "ready", "again", "recovery"; "joined": cities came to a roll-up; "standing": a case was
	 * opened while it stood; "part": its roll-up has another case;
	 * "caseless": it stands without one */
	const char *event;
	uint8_t from;
	int64_t at_ms;           /* the end of the bin */
	bool is_late;            /* it happened while the system was down */
	uint32_t rung;           /* "again": the next one */
	const char *by, *reason; /* a person did it; NULL: the watch */
};
/* The row of the key, the pack's decision, everybody told; staged. 0, or -1: it cannot be applied. */
int warn_happened(struct work *, struct wkey *, const struct warn_event *, struct value *row, bool is_plain,
	struct err *e) MUST_CHECK;
/* The entry says what happened to the key, and so does the history of its incident. */
void warn_noted(struct work *, const struct wkey *, const struct warn_event *);
/* When what it is warned of at end_ms began: the first bin of its window with more than is usual in one; else
 * the last. It has a watch, and was seen in this close. */
int64_t warn_began_ms(const struct warn *, const struct wkey *, int64_t end_ms);
/* The pack's actions on the incident of the key. */
int warn_act(struct work *, const struct wkey *, const struct value *acts, struct err *e) MUST_CHECK;
/*
 * A case is looked after until its incident is closed, which ends it: what rises afterwards is another case,
 * of another incident, and calls everybody anew. The key has none then. One that was merged goes on as the
 * other; one that was unmerged has its keys again: its other case does not name them any more. 0, or -1.
 */
int warn_let_go(struct work *, struct wkey *, struct value *row, struct err *e) MUST_CHECK;
/* It has this one from now on. */
void warn_has_case(struct work *, struct wkey *, int64_t incident, struct value *row);
/* Whether the incident is open, and the key is evidence of it: its list of them, if it keeps one, has the key. */
bool warn_case_has(const struct value *ticket, const struct wkey *);
/* Whether the key's incident says that it recovers (fields.recovery). */
bool warn_in_recovery(struct warn *, const struct wkey *);

/* ---- entries of the system (warn_twice.c) --------------------------------------------------------------- */
/*
 * An entry of the system itself about one key, at at_ms, in two tries: with the pack's decision, and plain
 * when that cannot be applied, which is logged. What a failed try changed of the key in memory is put back.
 */
struct warn_try {
	bool is_plain;
	void *ctx;
	struct wkey *key; /* that it is about; NULL: none yet */
};
/* 1 staged, 0 there is nothing to do, -1. */
typedef int warn_stage(struct work *, struct warn_try *, struct err *e);
int warn_twice(
	struct warn *, const char *method, int64_t at_ms, warn_stage *, void *ctx, struct err *e) MUST_CHECK;
/* From here on the try changes this key. */
void warn_try_on(struct work *, struct warn_try *, struct wkey *);
/* The same as such an entry, at event->at_ms. */
int warn_event_commit(struct warn *, struct wkey *, const struct warn_event *, struct err *e) MUST_CHECK;

/* ---- which case it is evidence of (warn_evidence.c) ---------------------------------------------------- */
/*
 * One fault is seen by several keys. What belongs together the pack says, at point "evidence"; here the key
 * becomes one of the case's, whose level is that of its worst key.
 */
/* The level of the worst key of that case. */
uint8_t warn_case_level(const struct warn *, int64_t incident);
/* A key that stands without a case becomes one of an open case, if it is evidence of it. 0, or -1. */
int warn_attach(
	struct work *, struct wkey *, const struct warn_event *, struct value *row, struct err *e) MUST_CHECK;
/* Cases were opened since the last close: what stands without one may be evidence of them; what stands with a
 * case that was closed may be so of any that is open; what has none all the same is told. Keys with a case
 * beside that of their roll-up: the pack says whether both are one. */
int warn_new_cases(struct warn *, int64_t end_ms, struct err *e) MUST_CHECK;

/* ---- warnings without a case (warn_caseless.c) ---------------------------------------------------------- */
/* The key stands without one; was: the one it had, which is over, 0: none. 1 staged, 0 nothing follows, -1. */
int warn_caseless(struct work *, struct wkey *, int64_t was, int64_t end_ms, struct value *row,
	struct err *e) MUST_CHECK;

/* ---- what the pack is told (warn_facts.c) -------------------------------------------------------------- */
/* The facts of the points "evidence" and "warning". */
int warn_facts(struct work *, const struct wkey *, const struct warn_event *, const struct value *row,
	struct value *facts, struct err *e) MUST_CHECK;
/* And of a rise: which component is at fault, by the evidence of this minute (signals.h). */
int warn_suspects(struct work *, const struct wkey *, const struct value *row, struct value *facts,
	struct err *e) MUST_CHECK;

/* ---- a level that is held down (warn_held.c) ----------------------------------------------------------- */
/* How long a level that nobody counts stays down when a person lowers it; 0: the key has a machine of its own,
 * or the pack does not say. */
int64_t warn_hold_ms(const struct warn *, const struct wkey *);
int warn_hold(struct work *, struct wkey *, uint8_t level, int64_t hold_ms, struct value *row,
	struct err *e) MUST_CHECK;
/* What is left of this level while it is held down; over, or worse than that, row.held goes. */
uint8_t warn_held_level(struct work *, uint8_t level, struct value *row);

/* ---- what is due of a key (warn_care.c) ---------------------------------------------------------------- */
/* By now: reminders, bulletins, ends of acknowledgements and orders. */
int warn_care(struct warn *, struct wkey *, int64_t now_ms, struct err *e) MUST_CHECK;
/* When the key wants care next, by its row. */
int64_t warn_care_next(const struct value *row);

/* ---- roll-ups (warn_rollup.c) -------------------------------------------------------------------------- */
/* Whether the person was called at this level for another key of its case, or another city of a roll-up that
 * the key belongs to. */
bool warn_told_elsewhere(struct work *, const struct wkey *, const char *level, const struct value *person);
/* The open roll-up whose part the key is at its level; NULL: none. */
const struct wkey *warn_whole_of(struct work *, const struct wkey *);
/* The open case of that roll-up when the key has another open one; else 0. */
int64_t warn_whole_case(struct work *, const struct wkey *);
/* The pack's roll-ups, NULL: none; whether a key of that city and category (either NULL: none) is part of one. */
const struct value *warn_rollup_list(const struct warn *);
bool warn_rollup_has(const struct value *rollup, const char *city, const char *category);
/*
 * Its rule, for the live keys and for those of a recording (warn_rolled.c): cities that are warned at its level or
 * above and left the level none within its time.
 */
struct rolled {
	struct arena *arena;
	const struct value *rollup;
	uint8_t least;
	int64_t since_ms; /* whoever was opened before that is not new */
	struct value cities;
	uint32_t n_fresh; /* of them are new */
	uint8_t level;    /* the highest */
};
/* None is in it yet; false: the pack has no such level, so that it is none. */
bool rolled_begin(
	struct rolled *, const struct warn *, struct arena *, const struct value *rollup, int64_t end_ms);
/* Whether a key of that city and category at that level is in it. */
bool rolled_has(const struct rolled *, const char *city, const char *category, uint8_t level);
/* It is; of the keys of one city the first says since when. */
void rolled_add(struct rolled *, const char *city, uint8_t level, int64_t opened_ms);
/* Enough cities are new. */
bool rolled_is_enough(const struct rolled *);
/* Enough cities stand, new or not. */
bool rolled_is_enough_by_all(const struct rolled *);
/* Cities warned of one kind become one case. The levels of the close are known and not told yet: what makes
 * the roll-up is part of it when it is told. */
int warn_rollups(struct warn *, int64_t end_ms, struct err *e) MUST_CHECK;

/* ---- what fell silent (warn_silence.c) ------------------------------------------------------------------ */
/* Some watch says how long its keys may be silent. */
bool warn_has_silent(const struct warn *);
/* Sources, and keys of such watches, that have fallen silent, or speak again; *next_ms: when to look again. */
int warn_sources(struct warn *, int64_t now_ms, int64_t *next_ms, struct err *e) MUST_CHECK;

/* ---- levels that no watch makes (warn_floors.c) --------------------------------------------------------- */
/* The key stands at that level at least, by "rollup" or "silence"; 0: no more. */
void floor_set(struct work *, struct wkey *, uint8_t level, const char *by, struct value *row);
struct floor_lost {
	const char *name; /* by which the pack may retire it */
	const char *why, *why_zh;
};
/* Whether the roll-up or the silence that made the floor of this key (NUL-terminated) is not in the catalog. */
bool floor_is_lost(const struct value *catalog, const struct watches *, struct slice key,
	const struct value *floor, struct floor_lost *);
/* Those of the live pack end with the timer. */
void warn_floors_end(struct work *);

/* ---- what an incident becomes (warn_declare.c) --------------------------------------------------------- */
/* The pack is asked about the open incidents. One that cannot be done is logged, and asked about again. */
void warn_declare(struct warn *, int64_t now_ms);
/* When they are asked about next at the latest; INT64_MAX: none is. */
int64_t warn_declare_next(const struct warn *, int64_t now_ms);

/* ---- when nobody watched (warn_gaps.c) ----------------------------------------------------------------- */
int warn_gaps_load(struct warn *, struct err *e) MUST_CHECK;
void gaps_on_publish(struct warn *, struct slice key, const struct slice *val);
void warn_gap_put(struct work *, int64_t from_ms, int64_t to_ms);
/* Those that ended before that are forgotten. */
void warn_gaps_drop(struct work *, int64_t before_ms);
/* The count of the bin that begins at from_ms: BIN_UNKNOWN if it is 0 and hardly anybody watched. */
uint32_t warn_unwatched(const struct warn *, int64_t from_ms, int64_t bin_ms, uint32_t count);

/* ---- what is usual (warn_usual.c) ---------------------------------------------------------------------- */
/* Whether what the watch counts is learned: it has a baseline, or bins of a day and longer. */
bool watch_learns(const struct watch *);
/* Days that something is learned from at most, of all watches. */
int32_t warn_learn_reach(const struct warn *);
/* Have k->usual ready and return the baseline of all its watch counts; NULL: nothing is expected. */
const struct baseline *warn_usual(struct warn *, struct wkey *k);
/* Bins that a key of a long watch may need, the newest included. */
uint32_t watch_past_bins(const struct watch *);
/* The newest n bins, up to the one that ends at end_ms, the newest first. The watch has long bins. */
void warn_past(struct warn *, struct wkey *k, int64_t end_ms, uint32_t n, uint32_t *bins);
/* Keys that have rows of long bins are met again: their streams may have been silent for days. */
int warn_past_keys(struct warn *, struct err *e) MUST_CHECK;
/* Drop what is in memory: it belongs to the watches of a plan, or to rows that were not written. */
void warn_usual_forget(struct warn *);
/* Of all that watches count alone. */
void warn_totals_forget(struct warn *);

/* ---- learning it (warn_learn.c) ------------------------------------------------------------------------ */
void warn_learn_new(struct warn *);
void warn_learn_free(struct warn *);
/* Which days were learned. */
int warn_learn_load(struct warn *, struct err *e) MUST_CHECK;
void taught_on_publish(struct warn *, struct slice key, const struct slice *val);
/* Begin again with the next slice. */
void warn_learn_forget(struct warn *);
/* Bins that end at this instant or later wait until the day before has been learned. INT64_MAX: none does. */
int64_t warn_learn_awaits(const struct warn *);
/* Let days that have ended by at_ms be learned then, at the latest. */
void warn_learn_arm(struct work *, int64_t at_ms);
/* Something was counted: its day is learned when it is over; one that is over knows nothing of it, which is
 * counted of complaints. */
void warn_learn_counted(struct work *, int64_t at_ms, bool is_complaint);
/* History came into the day of at_ms: if that was learned, all is learned anew. */
void warn_learn_imported(struct work *, int64_t at_ms);
/* There are days to learn, as of the work's time. */
bool warn_learn_has_days(const struct warn *, int64_t now_ms);

/* ---- telling (warn_tell.c) ----------------------------------------------------------------------------- */
void warn_notice(struct work *, const char *topic, struct value data);
/* Its line, as far as the pack has a text for it (warn_line.c): {zh, en}, or nil. */
struct value warn_line(struct work *, const struct wkey *, const struct value *row);
/* All that stands, worst first, `most` at most, as {key, level, level_label?, line, incident?} (warn_list.c). */
struct value warn_standing_list(struct work *, uint32_t most);
/* Where its seen, expected and p stand: in the row, or of a roll-up that is worse than its own watch says in row.rolled,
 * the sums over its cities. */
const struct value *warn_figures_of(const struct wkey *, const struct value *row);
/* Of a watch over one kind of signals, its label; NULL. */
const struct value *warn_kind_label(const struct warn *, const struct wkey *);
/* {key, level, seen, expected, p, line={zh, en}, …}: what topics, rules and lists say of a key. */
struct value warn_brief(struct work *, const struct wkey *, const struct value *row);
/* A text of catalog.warning_texts with the names in braces filled in from `names`; {zh, en}, or nil. */
struct value warn_text(
	struct arena *, const struct value *catalog, const char *name, const struct value *names);
/* That the warning's case recovers: recovery and recovery_label, added to a map; nothing when it does not. */
void warn_recovery(struct work *, const struct value *ticket, struct value *data);
/* "10:45", local. */
struct value warn_time(struct arena *, int64_t at_ms);
void warn_bulletin(struct work *, const struct wkey *, const struct value *row, const char *event,
	const struct value *extra);
/* A level's settings in the pack (catalog.alarms), or NULL. */
const struct value *warn_alarm(const struct warn *, uint8_t level);
/* The next multiple of the rhythm in local time behind at_ms, INT64_MAX without one. */
int64_t warn_slot_after(int64_t at_ms, int64_t every_ms, int64_t offset_ms);

/* ---- disaster mode (warn_order.c) ----------------------------------------------------------------------- */
/* On the key "*": "raise" gives the order, "lower" ends it, with what follows; the row is the caller's to put. 0, or
 * -1 with ERR_REJECTED. */
int warn_order(struct work *, struct wkey *, const char *action, const struct value *args, struct value *row,
	struct err *e) MUST_CHECK;
/* Its time has come. */
void warn_order_over(struct work *, struct wkey *, struct value *row);
/* Who signed an order, until when: what the text "disaster" says. */
void warn_order_names(struct work *, const struct value *order, struct value *names);

/* ---- methods (warn_list.c, warn_methods.c) ------------------------------------------------------------- */
/* warning.list's word about a key, behind the others of the list. */
int warn_listed(struct work *, const struct wkey *, const struct value *row, struct value *list,
	struct err *e) MUST_CHECK;
int warning_list(struct call *, struct value *result, struct err *e) MUST_CHECK;
/* -1 with ERR_REJECTED, in both languages. */
int warn_refuse(const char *argument, const char *en, const char *zh, struct err *e) MUST_CHECK;
/* What a person did, into the row, newest first; and to the duty desk. */
void warn_note_act(struct work *, const char *action, const char *reason, struct value *row);
void warn_tell_act(
	struct work *, const struct wkey *, const char *action, const char *reason, const struct value *row);
/* City and category of a key are the catalog's (`*`: all); a category stands for those below it, too. */
int warn_check_key(struct desk *, struct arena *, const struct warn_key *, struct err *e) MUST_CHECK;
