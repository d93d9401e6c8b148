/*
 * The open incidents ("cases") in memory: which there are, how many tickets hang on each, and what rules are
 * told of them. Derived from the indexes and the incidents' rows, rebuilt at start; loop thread.
 */
#pragma once

#include "desk_int.h"
#include "stream_name.h"

#define CASE_KIND "incident" /* the kind whose tickets hold others */

struct cases;

/* Finds the open ones. 0, or -1 from the store. */
int cases_new(struct desk *, struct err *e) MUST_CHECK;
void cases_free(struct cases *);
/* A row of TABLE_INDEX or TABLE_TICKET was published (val) or deleted (NULL). */
void cases_on_publish(struct cases *, enum table table, struct slice key, const struct slice *val);

/*
 * facts.cases: [{id, no, kind, key, keys?, began?, category?, cluster?, city?, cities?, fault?, service?, component?, stage,
 * created, level?, level_at?, recovery?, script?, maintainers?}] of open incidents, newest first, those that a ticket of this
 * city and category may hang on (either NULL: unknown yet, any fits). At most CASE_FACTS_MAX. Nothing is
 * added when there are none. The values live until the next commit.
 */
#define CASE_FACTS_MAX 64
int cases_facts(struct work *, const struct value *city, const struct value *category, struct value *facts,
	struct err *e) MUST_CHECK;
/* One of them alone, whatever it is about. */
int cases_fact_one(struct work *, int64_t incident, struct value *facts, struct err *e) MUST_CHECK;
/* The same of any incident by its row; borrows from it. */
struct value case_fact(struct arena *, const struct value *row);
/* Whether it may be about this city and category, as far as it says; what is not known (NULL) fits. */
bool case_fits(const struct value *fact, const struct value *city, const struct value *category);
/*
 * What of all that is counted is the incident's: complaints of its cities and categories; signals of its cities,
 * by its service or component, or those of the faults that its category belongs to.
 */
struct case_scope {
	struct desk *desk;
	struct value fact;  /* case_fact */
	struct value about; /* what complaints: the pack's word (evidence.about in lua/lib/evidence.lua) */
};
/* Of an incident's row, which it borrows from. 0, or -1: the pack could not say. */
int case_scope_of(struct desk *, struct arena *, const struct value *row, struct case_scope *out,
	struct err *e) MUST_CHECK;
bool case_has_stream(void *scope, const struct stream_name *);
/* The script a case has now: {version, zh, en, prompt?, eta?, …}, or NULL. Lives until the next commit. */
const struct value *cases_script(struct desk *, int64_t incident);

/* The open ones, newest first, at most n. Returns how many. */
uint32_t cases_ids(struct desk *, int64_t *ids, uint32_t n);
/* Those of them whose facts have this field, newest first. Returns how many. */
uint32_t cases_with(struct desk *d, const char *field, int64_t *ids, uint32_t n);
/* How many tickets hang on it, whatever became of them. 0, or -1 from the store. */
int cases_children(struct desk *, int64_t incident, int64_t *n, struct err *e) MUST_CHECK;
/*
 * How many of them came in within the last CASE_GROWTH_MINUTES, the running minute among them, and within as
 * many before those; counted by the minute as they are taken in, exact for any number of them. 0, or -1 from
 * the store.
 */
#define CASE_GROWTH_MINUTES 15
int cases_growth(struct desk *, int64_t incident, int64_t *recent, int64_t *before, struct err *e) MUST_CHECK;
/* Key of INDEX_PARENT: where a walk over its children behind ticket `after` begins, and where it ends. */
struct slice case_child_key(struct arena *, int64_t incident, int64_t after);
