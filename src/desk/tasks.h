/*
 * The outbox: what other systems are asked to do, as rows of TABLE_TASK. Staged in the entry of the decision
 * that asks for it, so a task is there exactly if its cause is.
 *
 *   be64 id                     → {id, kind, ticket?, no?, data, state, created, expires, attempts, next, …}
 *   'a' kind 0 be64 id          → ""   open: waiting or claimed; the first is the oldest
 *   'q' kind 0 be64 next, id    → ""   waiting; may be claimed when next ≤ now
 *   'g' kind 0 be64 id          → ""   given up
 *   'd' be64 finished, id       → ""   done or cancelled; forgotten after limits.task_keep
 *
 *   waiting ─claim─► claimed ─done─► done
 *      ▲               │ failed, or the lease ends
 *      └───backoff─────┴─ no attempt left, or expired ─► given_up ─retry─► waiting
 *
 * Every open task has one timer (kind "task"): the end of its lease, of its backoff, when it is late by the
 * alarm of its kind, or when it expires. In the quiet hours of its kind no task is given to anybody. A
 * task is done exactly once in effect here; to the other side it goes at least once, always under the same
 * id, by which the other side knows a repetition.
 */
#pragma once

#include "desk_int.h"

#define TASKS_A_DECISION 16
#define TASK_BYTES_MAX ((size_t)96 * 1024)
#define TASK_NUMBERS_MAX 5000

#define TASKS_AN_ENTRY 64                   /* id = entry seq * this + n */
#define OUTBOUND_KEY SLICE_TEXT("outbound") /* in META; there: nothing goes out */

/* How many tasks of each kind there are, kept by tasks_on_publish. */
struct outbox;

/* Counts what is stored. 0, or -1 from the store. */
int outbox_new(struct desk *, struct err *e) MUST_CHECK;
void outbox_free(struct outbox *);
/* A row of TABLE_TASK was published (val) or deleted (NULL). */
void tasks_on_publish(struct outbox *, struct slice key, const struct slice *val);
/* Nothing of this kind is due before it: where a walk over the queue may begin. Never too late, also when a
 * work fails. */
int64_t outbox_first_ms(struct desk *, struct slice kind);
void outbox_first_set(struct desk *, struct slice kind, int64_t first_ms);
/* {paused, kinds={KIND={waiting, claimed, given_up, oldest_age_ms?}}} for server.stats. */
struct value outbox_value(struct desk *, struct arena *);
/* Whether nothing goes out: after a restore, or by outbound.pause. */
bool outbound_is_paused(struct desk *, struct tx *);

/* A decision's tasks: 0, or -1 with ERR_REJECTED naming the first that cannot be; nothing is staged. */
int tasks_check(struct work *, const struct value *tasks, struct err *e) MUST_CHECK;
/*
 * A decision's cancel_tasks = [{kind}]: open tasks of that kind that this ticket asked for are not to be done
 * any more (looks at WITHDRAW_LOOKS of the kind). 0, or -1 from the store.
 */
#define WITHDRAW_LOOKS 2000
int tasks_withdraw(
	struct work *, const struct value *list, const struct value *ticket, struct err *e) MUST_CHECK;
/* What is told with "{id}" and "{no}" of the ticket in its texts. */
struct value task_data(struct work *, const struct value *data, const struct value *ticket);
/* Stage them for this ticket; after tasks_check, cannot fail. */
void tasks_put(struct work *, const struct value *tasks, const struct value *ticket);
/* The same of a job, which counts what is done for how many numbers. */
void tasks_put_of_job(struct work *, const struct value *tasks, const struct value *ticket, int64_t job);
/*
 * What an entry's decision asked of other systems for this ticket goes for ever: the row keeps what counts
 * and tells nothing of persons; one that is not over is cancelled. 0, or -1 from the store.
 */
int tasks_erase(struct work *, const struct value *event, int64_t ticket, struct err *e) MUST_CHECK;
/*
 * A task's timer has fired; the caller has deleted its row. is_plain: the pack is not asked, since its answer
 * could not be applied: the ticket goes to the duty queue.
 */
int task_fire(struct work *, int64_t task, bool is_plain, struct err *e) MUST_CHECK;

/* ---- for the methods (task_methods.c) ------------------------------------------------------------------ */
/* 1 and the row, 0 there is none, -1. */
int task_load(struct work *, int64_t id, struct value *row, struct err *e) MUST_CHECK;
/* Write a changed (or new: before NULL) task with its keys and its timer. */
void task_save(struct work *, const struct value *before, struct value *after);
/* Back into the queue, `wait_ms` from now. */
void task_wait(struct work *, struct value *row, int64_t wait_ms);
/* "done", "given_up" or "cancelled": tell topic and history; the pack is asked unless is_plain. */
int task_end(struct work *, struct value *row, const char *state, bool is_plain, struct err *e) MUST_CHECK;
/* What became of the task goes into the entry and into the history of its ticket. */
void task_record(struct work *, const struct value *row);
/* A failed attempt: waits for the next, or is given up when none is left. `after_ms` < 0: by the backoff of
 * its kind. */
int task_failed(struct work *, struct value *row, const char *why, bool may_retry, int64_t after_ms,
	bool is_plain, struct err *e) MUST_CHECK;
/* A setting of the task's kind in the pack, or of the core. */
int64_t task_setting(const struct desk *, struct slice kind, const char *key);
/* Up to two finished tasks that are past limits.task_keep go: they never pile up. */
int tasks_forget(struct work *, struct err *e) MUST_CHECK;
/* The first instant from at_ms on at which a task of this kind may go out: the pack's `quiet` hours are over.
 */
int64_t task_not_before(const struct desk *, struct slice kind, int64_t at_ms);
/* When a task that begins to wait at from_ms expires: quiet hours do not count. */
int64_t task_expires(const struct desk *, struct slice kind, int64_t from_ms);
/* 'q' kind 0 and the like, in `a`. */
struct slice task_prefix(struct arena *a, char index, struct slice kind);
void task_key(uint8_t key[8], int64_t id);
/* The keys a task has by its state; returns their number. */
#define TASK_KEYS_MAX 2
int task_index_keys(struct arena *, const struct value *row, struct slice out[TASK_KEYS_MAX]);
/* For fsck (task_check.c): returns the number of findings. */
int tasks_fsck(struct store *, void (*say)(void *, const char *), void *udata);
/* Neither what its timer asks for nor a failure can be kept: it is tried again after TASK_PUT_OFF_MS. */
#define TASK_PUT_OFF_MS 60000
int task_put_off(struct work *, int64_t task, struct err *e) MUST_CHECK;
/* A prefix and be64 numbers behind it. */
struct slice task_numbers_key(struct arena *, struct slice prefix, const int64_t *numbers, int n);
/* Topic task.KIND: adapters that listen need not poll. */
void task_announce(struct work *, const struct value *row);

/* The task an argument `id` names, or -1 with ERR_NOT_FOUND. */
int task_need(struct work *, const struct value *args, struct value *row, struct err *e) MUST_CHECK;
const char *task_state(struct work *, const struct value *row);
/* What changing a task answers. */
void task_answer(struct work *, const struct value *row, struct value *result);
#define CLAIM_MAX 100
work_fn task_claim, task_done;

/* ---- batches (task_batch.c): data.numbers, and a result for each --------------------------------------- */
/* The numbers of a decision's nth task: texts, none twice, at most TASK_NUMBERS_MAX. */
int batch_check(struct work *, uint32_t n, const struct value *numbers, struct err *e) MUST_CHECK;
/*
 * Take result.numbers = [{number, ok, …}] into the task: what is settled moves from data.numbers to
 * row.numbers_done, n_ok and n_failed count it. is_last (the task is done): every number must be settled;
 * else what failed is asked again. 0, or -1 with ERR_BAD_REQUEST and nothing taken: a number that was not
 * asked for, twice, or missing.
 */
int batch_take(struct work *, struct value *row, const struct value *results, bool is_last,
	struct err *e) MUST_CHECK;
