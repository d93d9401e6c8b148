/* What the tasks of jobs came to: numbers that have a good result, and those that were told for the first time. */
#include <string.h>

#include "desk/tasks.h"
#include "jobs_int.h"

struct slice job_number_key(struct arena *a, int64_t job, struct slice number)
{
	struct slice prefix = job_key(a, 'n', &job, 1);
	uint8_t *p = arena_alloc(a, prefix.n + number.n);

	memcpy(p, prefix.p, prefix.n);
	memcpy(p + prefix.n, number.p, number.n);
	return slice_of(p, prefix.n + number.n);
}

#define TOLD SLICE_TEXT("t") /* the value of an 'n' row */

/* 1: one of these jobs told it, 0 none, -1. */
static int was_told(struct work *w, const struct value *ids, const struct value *number, struct err *e)
{
	struct slice val;
	int got = 0;

	for (uint32_t i = 0; i < ids->n; i++) {
		got = tx_get(w->tx, TABLE_JOB,
			job_number_key(w->arena, ids->as.items[i].as.i, value_slice(number)), &val, e);
		if (got < 0 || (got == 1 && val.n > 0))
			return got;
	}
	return 0;
}

/* Whoever is told for the first time is counted. */
static int count_told(struct work *w, struct value *job, const struct value *results, struct err *e)
{
	struct value ids;

	if (job_ids(w, value_int_or(value_get(job, "ticket"), 0), &ids, e) != 0)
		return -1;
	for (uint32_t i = 0; i < results->n; i++) {
		const struct value *number = value_get(&results->as.items[i], "number");
		int got =
			value_true(value_get(&results->as.items[i], "ok")) ? was_told(w, &ids, number, e) : 1;

		if (got < 0)
			return -1;
		if (got == 1)
			continue;
		tx_put(w->tx, TABLE_JOB,
			job_number_key(w->arena, value_int_or(value_get(job, "id"), 0), value_slice(number)),
			TOLD);
		job_count(w, job, "n_told", 1);
	}
	return 0;
}

int job_answered(struct work *w, int64_t id, const struct value *results, struct err *e)
{
	const struct value *tasks = value_get(packs_catalog(w->desk->packs), "tasks");
	struct slice key = job_key(w->arena, 'j', &id, 1), task;
	struct value job;
	int64_t n_ok = 0;
	int got = row_get(w->desk, w->tx, w->arena, TABLE_JOB, key, &job, e);

	for (uint32_t i = 0; results != NULL && i < results->n; i++)
		n_ok += value_true(value_get(&results->as.items[i], "ok"));
	if (got == 1 && value_get(&job, "is_ahead") != NULL) {
		job_wake(w, &job);
		row_put(w, TABLE_JOB, key, &job);
	}
	if (got != 1 || n_ok == 0)
		return got < 0 ? -1 : 0;
	job_count(w, &job, "n_ok", n_ok);
	task = value_slice(value_get(&job, "task"));
	if (value_is_text(value_get(value_get_n(tasks, task.p, task.n), "numbers"), "told") &&
		count_told(w, &job, results, e) != 0)
		return -1;
	row_put(w, TABLE_JOB, key, &job);
	return 0;
}
