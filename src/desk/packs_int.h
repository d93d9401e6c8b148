/* Inside the life of packs: packs.c (accepting), packs_store.c (start, past generations), rules_methods.c
 * (methods). */
#pragma once

#include "desk_int.h"
#include "pack_calendars.h"
#include "tocsin/watch.h"

struct packs {
	char *dir;
	char *share_dir;
	struct generation *live, *previous;
	int64_t number, previous_number, max_number;
	int64_t loaded_at_ms;
	char by[PERSON_LEN];
	struct pack_calendars calendars;
	/* verdict of the last attempt */
	struct arena verdict;
	bool is_ok;
	struct value errors, uncovered, uncovered_at;
	int64_t took_ms;
	uint32_t n_specs, n_rules;
	bool is_building;
	bool is_wanted_again; /* a signal came while building */
	char wanted_by[PERSON_LEN];
	/* the generation last rebuilt for explain (past.h) */
	struct generation *past;
	int64_t past_number;
};

/* One attempt: what to read, what came of it. */
struct pack_build {
	struct desk *desk;
	struct arena arena;
	const char *dir, *share_dir;
	const char *spec; /* run only the specs of this name; a check, then */
	bool is_virtual;  /* the clock is: no wall clock may end a decision */
	char by[PERSON_LEN];
	bool has_files; /* before it is run: of the store, so it was accepted once */
	struct pack_files files;
	struct value replays;      /* facts of the last complaints */
	uint64_t replay_from;      /* the id before which to look for more */
	void (*done)(void *udata); /* on the loop, once it is built */
	struct generation *made;
	struct slice rules; /* its table of rules in MessagePack, as the store keeps it */
	struct pack_calendars calendars;
	struct watches *watches; /* of its catalog, until they are taken */
	uint64_t words;          /* watches_words of it */
	struct replan *replan;   /* what they make of what is counted (warn.h); NULL: a check, or the start */
	struct rules_report report;
	bool is_ok;
	struct rules_error found; /* what is wrong before or behind the check */
	struct err why;
	int64_t took_us;
	struct deferral *deferral;
};

/* Read (unless has_files) and build; needs nothing of the desk, so the command line does it, too. */
void pack_build_run(void *udata);
/* rules_report_value, never without a reason when it is refused. */
struct value pack_build_report(const struct pack_build *, struct arena *);
void pack_build_fini(struct pack_build *);
void packs_accept(struct desk *, struct pack_build *);
/* Something that is in use would be lost with the pack that was built: is_ok becomes false, its report names all of
 * it. */
void packs_check_standing(struct desk *, struct pack_build *);
/* What that is: kinds, stages and drills of open tickets (pack_lost.c), faults of open cases, what makes warnings
 * that stand. It is added to the report. 0, or -1 from the store. */
int pack_lost(struct desk *, const struct watches *, const struct value *catalog, struct rules_report *,
	struct err *e) MUST_CHECK;
struct value packs_status(const struct packs *, struct arena *);
/* Read a stored generation's files: 0, or -1. */
int packs_stored(struct desk *, int64_t number, struct pack_files *out, struct err *e) MUST_CHECK;
/* The generation if it is in memory, else NULL. */
struct generation *packs_loaded(const struct packs *, int64_t number);
/* Keep a rebuilt one in case it is asked for again; takes it over. */
void packs_keep_past(struct packs *, int64_t number, struct generation *);
/* Gather facts of the last complaints, a few in each pass of the loop, then have the worker build and the loop
 * call b->done. */
void packs_build(struct pack_build *b, void (*done)(void *udata));
/* At start: the last accepted pack, then the folder. */
int packs_new(struct desk *, struct err *e) MUST_CHECK;
void packs_free(struct packs *);
