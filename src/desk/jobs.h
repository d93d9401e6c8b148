/*
 * Jobs: what one decision asks for many tickets or numbers, done in slices over turns. A slice is an entry of
 * its own: it holds the changes, the outcome of each item, and how far the job is, so a job goes on where it
 * was after a kill -9. Each has one durable timer. Rows of TABLE_JOB:
 *
 *   'j' be64 job                 → {id, kind, ticket, no, who, roles, state, created, cursor, n_*, …}
 *   'o' be64 ticket, be64 job    → ""   the jobs of a ticket
 *   'i' be64 job, be64 item      → {ok, why?}   what became of one ticket
 *   'n' be64 job, number         → "", or "t" when it was told: a number that is in a task of it already: none is
 *                                  asked for twice
 *   't' be64 ticket, number, 0, task kind → be64 task, be32 version, once   the same of all jobs of a case that
 *                                       say `once`: in which task, and data.version of it
 *
 * Decision: jobs = [{kind="children", action, data, stages?}] an action on every ticket that hangs on this
 * one, by the word of who asked for it · {kind="attach", of="category"|"city", names, since, of_case?} open
 * tickets of no case, or of that one, that may hang on it: the pack is asked at point "attach" for each ·
 * {kind="numbers", of="complainers"|"affected"|"everybody", task, batch?, once?, again_ms?, data} tasks of the outbox with the
 * numbers of its children, of its lists of affected numbers, or of both, `batch` (1,000) in each. With once = TEXT
 * no number comes twice from any job of the case that says the same text, unless its task was taken back before
 * anybody claimed it. With again_ms it goes on, and looks so often for numbers that came later (by the versions of the
 * lists, affected.h), until it is withdrawn, its ticket is over or data.until_ms has passed: only those that fail now,
 * none in the quiet hours of the task, and never more than JOB_AHEAD tasks that nobody has done, so that little
 * is to be taken back.
 *
 * state: "running", then "done", "failed" (error says why), or "withdrawn" by a later decision.
 */
#pragma once

#include "desk_int.h"

#define JOBS_A_DECISION 4
#define JOBS_AN_ENTRY 64 /* id = entry seq * this + n */

/* A decision's jobs: 0, or -1 with ERR_REJECTED naming the first that cannot be; nothing is staged. */
int jobs_check(struct work *, const struct value *jobs, struct err *e) MUST_CHECK;
/*
 * Jobs of this ticket that still run and that a decision takes back: those that make tasks of its
 * cancel_tasks = [{kind}], and an action on the children, when its jobs say another one or bring tickets back from
 * another case (of_case). 0, or -1 from the store.
 */
int jobs_withdraw(struct work *, const struct value *tasks, const struct value *jobs,
	const struct value *ticket, struct err *e) MUST_CHECK;
/* Stage them for this ticket; after jobs_check, cannot fail. */
void jobs_put(struct work *, const struct value *jobs, const struct value *ticket);
/* A job's timer is due. is_plain: a slice failed before, the job ends and says why. -1: not even that. */
int job_fire(struct desk *, int64_t due_ms, uint64_t id, struct err *e) MUST_CHECK;

/*
 * The job's task has results, [{number, ok}]: n_ok of the job counts the good ones; n_told, of tasks that tell,
 * the numbers that no job of its ticket told before. One that waits for its tasks goes on. 0, or -1 from the store.
 */
int job_answered(struct work *, int64_t job, const struct value *results, struct err *e) MUST_CHECK;
/*
 * What a number was told last by jobs of this case that say `once`: data.version of a task that is done (0: it
 * has none), -1 when of none. looked: {0} before the first of some numbers in order. 0, or -1 from the store.
 */
struct looked { /* the task that was looked at last */
	int64_t task;
	int is_void;  /* it was taken back before anybody had it */
	bool is_done; /* also when it is forgotten already */
};
int jobs_texted(struct desk *, struct arena *, int64_t ticket, struct slice number, struct looked *,
	int64_t *version, struct err *e) MUST_CHECK;
/* [{id, kind, action?, state, n_done, n_skipped, …}] of a ticket, oldest first. */
int jobs_of(struct desk *, struct arena *, int64_t ticket, struct value *out, struct err *e) MUST_CHECK;
/* What became of an item: 1 and {ok, why?}, 0 nothing said, -1. */
int job_outcome(struct desk *, struct arena *, int64_t job, int64_t item, struct value *out,
	struct err *e) MUST_CHECK;
/* Whether an action of this kind of ticket begins at its stage: the dry run of kind="children". */
bool job_applies(
	const struct desk *, const struct value *row, const char *action, const struct value *stages);
