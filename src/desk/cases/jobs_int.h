/* Between the jobs' rows (jobs.c) and what their slices do (job_slices.c). */
#pragma once

#include "desk/jobs.h"

#define JOB_CHANGES 14 /* tickets changed in a slice: an entry tells topics of 16 */
#define JOB_LOOKS 256  /* rows looked at in a slice */
#define JOB_PAUSE_MS 5 /* between two slices: calls go on meanwhile */
#define JOB_BATCH 1000 /* numbers in a task, where the job says nothing */
#define JOB_AHEAD 8    /* open tasks of a job that goes on */
#define ONCE_BYTES_MAX 64

/* Does the next part; *is_over when nothing is left; job.due: not before that goes on. 0, or -1 when the store fails: the slice is dropped. */
typedef int job_slice_fn(struct work *, struct value *job, bool *is_over, struct err *e);
job_slice_fn job_children, job_attach, job_numbers;

/* Key of TABLE_JOB: index byte and be64 numbers. */
struct slice job_key(struct arena *, char index, const int64_t *numbers, int n);
/* The jobs of a ticket: their ids, oldest first. 0, or -1 from the store. */
int job_ids(struct work *, int64_t ticket, struct value *ids, struct err *e) MUST_CHECK;
/* Its 'n' row of a number. */
struct slice job_number_key(struct arena *, int64_t job, struct slice number);
/* One that waits (job.due) goes on now; the caller writes its row. */
void job_wake(struct work *, struct value *job);
/* What became of an item; counted. */
void job_note(struct work *, struct value *job, int64_t item, bool is_ok, const char *why);
/* The next children behind the job's cursor. 0, or -1 from the store. */
int job_next_children(
	struct work *, const struct value *job, int64_t *ids, int max, int *n, struct err *e) MUST_CHECK;
void job_count(struct work *, struct value *job, const char *key, int64_t by);
