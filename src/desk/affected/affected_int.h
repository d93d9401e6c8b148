/* Inside the lists of affected numbers (affected.h). */
#pragma once

#include "desk/affected.h"
#include "tocsin/numset.h"

#define PARTS_MAX NUMSET_PARTS
#define NAME_BYTES 64
#define CASES_MAX 1024
#define RUNS_MAX 256
#define REASONS_MAX 250 /* of a part; what comes later is "other" */
#define PART_INCIDENTS_MAX 16
#define SINCE_BACK_MS                                                                                        \
	(INT64_C(31) * 24 * 3600 * 1000) /* a part's own time begins so long before it was opened */

/* flags of a number: state, stage << 2, complained << 4 */
enum number_state { STATE_AFFECTED = 1, STATE_POTENTIAL = 2, STATE_REVIEW = 3 };
enum number_stage { STAGE_FAILED, STAGE_FIXED, STAGE_TOLD, STAGE_SILENT };
#define FLAGS(state, stage, complained)                                                                      \
	((uint8_t)((unsigned)(state) | (unsigned)(stage) << 2 | (unsigned)(complained) << 4))
#define STATE_OF(flags) ((flags)&3)
#define STAGE_OF(flags) ((flags) >> 2 & 3)
#define COMPLAINED(flags) (((flags)&16) != 0)

struct part {
	uint32_t id;
	bool is_closed;
	char fault[NAME_BYTES], city[NAME_BYTES]; /* city "": unknown */
	int64_t opened_ms;
	uint32_t counts[NUMSET_FLAGS];
	int64_t incidents[PART_INCIDENTS_MAX]; /* cases it is or was a list of */
	uint32_t n_incidents;
	int64_t from_ms;  /* what is older is not of its case, and leaves as the sweep comes by; 0: nothing
			    does */
	uint64_t swept;   /* memory only: the sweep goes on behind this number */
	bool is_unloaded; /* memory only: closed, none of its numbers is in memory any more */
};

struct run { /* of a fault */
	char fault[NAME_BYTES];
	int64_t version;
	int64_t since_ms; /* of the version's first change */
	bool is_cut;      /* published: the next change begins a new version */
	bool is_read;     /* so does one that somebody has read */
};

struct fault_case {
	int64_t id;
	struct arena arena; /* of row */
	struct value row;
};

struct affected {
	struct desk *desk;
	struct numset *set;
	bool is_loading;               /* rows come in at start, each once */
	struct part *parts[PARTS_MAX]; /* at id % PARTS_MAX */
	struct run runs[RUNS_MAX];
	uint32_t n_runs, n_parts;
	struct fault_case *cases[CASES_MAX];
	uint32_t n_cases;
	int64_t armed_ms; /* INT64_MAX: no timer */
};

/* What a number's row says. */
struct listed {
	uint8_t flags;
	bool was_told; /* that it works, also when it has failed again since */
	uint64_t reason, version;
	int64_t since_ms; /* it is in its stage */
	int64_t last_ms;  /* of the newest signal that told of it, never before since_ms */
};

/* A part being changed. */
struct part_edit {
	struct part part;
	struct value reasons;
	bool is_changed, is_gone;
	struct part_edit *next;
};

struct affected_edit {
	struct work *work;
	struct part_edit *parts;
	struct run_edit {
		struct run run;
		bool is_changed;
		struct run_edit *next;
	} * runs;
	uint64_t n_staged; /* numbers written by this edit */
	bool wants_sweep;
};

/* ---- affected_rows.c: keys, rows, memory --------------------------------------------------------------- */
void number_key(uint8_t key[13], uint32_t part, uint64_t number);
bool entry_decode(struct slice val, int64_t opened_ms, struct listed *);
struct slice entry_encode(struct arena *, const struct listed *, int64_t opened_ms);
/* 1 and the part as it is staged, 0, -1. */
int part_load(struct work *, uint32_t id, struct part_edit *, struct err *e) MUST_CHECK;
struct part *part_of_slot(struct affected *, uint32_t slot);
struct run *run_find(struct affected *, const char *fault);
const struct value *fault_of(struct desk *, const char *name);
/* A span of the fault, "window_ms" or "expires_ms"; of one that is gone from the pack (NULL) the pack's usual one. */
int64_t fault_ms(struct desk *, const struct value *fault, const char *key);
/* How well an open case matches a fault's part: 0 not, more is more exact. */
int case_weight(
	const struct fault_case *, const struct value *fault, const char *fault_name, struct slice city);
/* The open case of a part: the one that says most, of those the oldest; NULL without one. */
const struct fault_case *case_of(struct affected *, const struct part *);
const struct fault_case *case_find(struct affected *, int64_t id);

/* ---- affected_moves.c: what an edit does --------------------------------------------------------------- */
/* 1 and the part's edit; 0: there is none and may_open is false, or no more parts can be; -1. */
int edit_part(struct affected_edit *, const char *fault, struct slice city, bool may_open,
	struct part_edit **, struct err *e) MUST_CHECK;
int edit_part_by_id(struct affected_edit *, uint32_t id, struct part_edit **, struct err *e) MUST_CHECK;
/* 1 and what the number is now, 0 nothing, -1. */
int entry_get(struct affected_edit *, const struct part_edit *, uint64_t number, struct listed *,
	struct err *e) MUST_CHECK;
void entry_drop(struct affected_edit *, struct part_edit *, uint64_t number, const struct listed *before);
/* The version a change of this fault has now; begins one where needed. */
int edit_version(struct affected_edit *, const char *fault, int64_t *version, struct err *e) MUST_CHECK;
/* Stages a run's row. */
void put_run(struct work *, const struct run *);
/* The number complains. */
int edit_complained(
	struct affected_edit *, struct part_edit *, uint64_t number, int64_t at_ms, struct err *e) MUST_CHECK;
/* Key of an open part: 'o' fault 0 city. */
struct slice part_open_key(struct arena *, const char *fault, struct slice city);
/* The timer at at_ms, or earlier where it stands already. */
int affected_arm(struct work *, int64_t at_ms, struct err *e) MUST_CHECK;
/* On to a later stage; *moved: it was before it. */
int edit_settle(struct affected_edit *, struct part_edit *, uint64_t number, enum number_stage, bool *moved,
	struct err *e) MUST_CHECK;

/* ---- affected_cases.c ---------------------------------------------------------------------------------- */
/* A part is opened: it belongs to the open cases that match. */
void part_join_cases(struct affected *, struct part_edit *);
/* {affected, potential, complained, will_complain, review, complainers, coverage, stages={…}} of summed
 * counts. */
struct value counts_value(struct arena *, const uint64_t counts[NUMSET_FLAGS]);
void part_read_row(struct arena *, const struct value *row, uint32_t id, struct part_edit *);
bool part_has_incident(const struct part *, int64_t incident);
/* {incident, say?, prompt?, eta?, script?} added to a map; script: its version. */
void case_say(struct arena *, const struct fault_case *, struct value *out);
/* The number's strongest entry: false, it has none. */
bool number_strongest(struct affected *, uint64_t number, struct part **part, struct numset_item *item);

/* ---- affected_tell.c, affected_check.c */
/*
 * Topics hear of the versions that are due; staged with the edit. *next_ms: when the next is due, where that
 * is earlier.
 */
void affected_publish(struct affected_edit *, int64_t *next_ms);
/* signals.version_every of the pack. */
int64_t version_every_ms(struct desk *);
int affected_on_check(struct call *, struct value *result, struct err *e);
