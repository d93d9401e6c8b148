/*
 * Whose numbers a fault hits: per number of a fault two independent facts, `state` (affected: its transaction
 * failed; potential: it will; review: it complains, but nothing of it failed) and `complained`; and the stage
 * it is in, failed → fixed → told → silent. Loop thread.
 *
 * Signals and complaints put numbers into the part of their fault (catalog.faults) and city. An open incident
 * that matches a part (by category, or fields.fault, fields.service, or fields.component; by city or of all)
 * makes it a list of that case; without one a number is forgotten after the fault's window. One number is in
 * one part of a fault only. Changes of a fault's lists carry a version, which begins at 1, is closed when it
 * is published (topics of the fault's `publish`, at most signals.version_every after the first change) or was
 * read, and starts again at 1 when the fault has no part left.
 *
 * Rows of TABLE_NUMBER; what memory holds (numset.h, parts, cases) follows from them:
 *
 *   'n' be32 part, be64 number   → flags, varint reason, varint version, signed since − opened, varint
 *                                  last − since where there is one, 1 where it was told
 *   'p' be32 part                → map {fault, city, opened, from?, counts=[32 by flags], reasons=[…],
 *                                  incidents=[…], closed?}; what is older than `from` goes as the sweep
 *                                  comes by
 *   'o' fault 0 city             → be32 part; open ones
 *   'f' fault                    → map {version, since, is_cut, is_read?}; since: of the version's first
 *                                  change
 *   'c' be64 incident            → map {category?, city?, stage, fault?, service?, component?, cities?,
 *                                  script?, level?, recovery?, drill?, script_until_time?}; open ones
 *   'k' be64 closed, be32 part   → ""; closed parts by age
 *   't'                          → be64 due of the timer
 *   'i'                          → be32 id of the next part
 */
#pragma once

#include "desk_int.h"

struct affected;

/* Reads what is kept; after the pack. 0, or -1 from the store. */
int affected_new(struct desk *, struct err *e) MUST_CHECK;
void affected_free(struct affected *);
/* A row of TABLE_NUMBER was published (val) or deleted (NULL). */
void affected_on_publish(struct affected *, struct slice key, const struct slice *val);

/*
 * Faults that the catalog of another pack does not have, though open cases have numbers of them: each is added to
 * the report. By the rows: also before affected_new. 0, or -1 from the store.
 */
int affected_lost(
	struct desk *, const struct value *catalog, struct rules_report *, struct err *e) MUST_CHECK;

/* ---- signals ------------------------------------------------------------------------------------------- */
struct affected_edit;

struct affected_signal {
	uint64_t number; /* numset_number */
	int64_t at_ms;
	const struct value *says; /* "affected", "potential" or "fixed" */
	struct slice service, component, city, code, kind;
};
/* What one call does to the lists; in the work's arena. */
struct affected_edit *affected_begin(struct work *);
/* 0; 1: the lists are full, nothing was done; -1 from the store. */
int affected_signal(struct affected_edit *, const struct affected_signal *, struct err *e) MUST_CHECK;
/* Stages what the edit changed. */
int affected_end(struct affected_edit *, struct err *e) MUST_CHECK;

/* ---- hooks of the use cases ---------------------------------------------------------------------------- */
/*
 * A ticket is saved (before NULL: opened). A complaint marks its number; an incident takes its lists, or lets
 * go of them. -1 with ERR_REJECTED: a case cannot close while numbers are unaccounted for.
 */
int affected_saved(
	struct work *, const struct value *before, const struct value *after, struct err *e) MUST_CHECK;
/* Somebody calls again about this ticket or case; number: plain text, NULL: the ticket's own. */
int affected_contacted(
	struct work *, const struct value *row, const struct value *number, struct err *e) MUST_CHECK;
/*
 * What is known of a number (of the row's mobile subject) becomes facts.number = {state, complained, fault,
 * since, incident?, say?, prompt?, eta?, script?} of the fault that hits it now, and told=[open cases that
 * have told it]; nothing when nothing is known.
 */
void affected_fact_of(struct work *, struct slice number, struct value *facts);
void affected_fact(struct work *, const struct value *row, struct value *facts);
/* Its timer has fired; the caller has deleted its row. */
int affected_fire(struct work *, struct err *e) MUST_CHECK;
/* A task's numbers are settled: those of `kind` whose catalog entry says numbers = "fixed" or "told". */
int affected_task(
	struct work *, const struct value *task, const struct value *results, struct err *e) MUST_CHECK;

/* ---- figures ------------------------------------------------------------------------------------------- */
/* Affected numbers (stage failed) that complaints of the city ("*": all) and category are about: the input
 * "affected" of level tables. */
int64_t affected_count(struct desk *, struct slice city, struct slice category);
/*
 * Each city and category (of the faults) that has affected numbers, in the order of parts, cities before "*";
 * some may come twice. For the keys that a watch would not know of without complaints.
 */
void affected_each(
	struct desk *, void (*each)(void *ctx, struct slice city, struct slice category), void *ctx);
/* Affected numbers of a case, all stages; -1: it has no lists. */
int64_t affected_of_case(struct desk *, int64_t incident);
/*
 * Affected numbers of the case that are not told yet (stages failed and fixed; is_failing: failed alone): the
 * next behind `after` (empty: from the first), in order, at most `limit` and no number twice, pushed to
 * *numbers. since: what affected_versions said before, for those that changed after it; NULL: all. A call looks
 * at some rows only, and may find none: *until is the number up to which it has looked, for the next `after`;
 * *is_over: there are no more. 0, or -1 from the store.
 */
struct affected_walk {
	int64_t incident;
	const struct value *since;
	bool is_failing;
	struct slice after;
	uint32_t limit;
};
int affected_next(struct desk *, struct arena *, const struct affected_walk *, struct value *numbers,
	struct value *until, bool *is_over, struct err *e) MUST_CHECK;
/* {list = version} of the case's open lists: the last version that gets no more changes. 0, or -1. */
int affected_versions(
	struct desk *, struct arena *, int64_t incident, struct value *out, struct err *e) MUST_CHECK;
/* Whether the category is one of the fault's (or cluster's, NULL: none), or below one. */
bool holds_category(const struct value *of, struct slice category);
/* {numbers, bytes, parts, cases} for server.stats. */
struct value affected_value(struct desk *, struct arena *);

void affected_register(struct desk *);
