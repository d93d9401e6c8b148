/* What the slices of jobs with numbers do: batch them into tasks, once or as long as it lasts. */
#include <string.h>

#include "desk/affected.h"
#include "desk/tasks.h"
#include "jobs_int.h"

/* The key of a number in the tasks of a case, kind by kind; kind empty: what all of them begin with. */
static struct slice texted_key(struct arena *a, int64_t ticket, struct slice number, struct slice kind)
{
	struct slice prefix = job_key(a, 't', &ticket, 1);
	uint8_t *p = arena_alloc(a, prefix.n + number.n + 1 + kind.n);

	memcpy(p, prefix.p, prefix.n);
	memcpy(p + prefix.n, number.p, number.n);
	p[prefix.n + number.n] = '\0';
	if (kind.n > 0)
		memcpy(p + prefix.n + number.n + 1, kind.p, kind.n);
	return slice_of(p, prefix.n + number.n + 1 + kind.n);
}

/* The task was taken back before anybody had it: 1 yes, 0 no, also when it is forgotten already, -1. */
static int is_void(
	struct desk *d, struct tx *tx, struct arena *a, int64_t task, struct looked *last, struct err *e)
{
	struct value row;
	uint8_t key[8];
	int got;

	if (task == last->task)
		return last->is_void;
	task_key(key, task);
	got = row_get(d, tx, a, TABLE_TASK, slice_of(key, 8), &row, e);
	if (got < 0)
		return -1;
	last->task = task;
	last->is_done = got == 0 || value_is_text(value_get(&row, "state"), "done");
	last->is_void = got == 1 && value_is_text(value_get(&row, "state"), "cancelled") &&
			int_of(&row, "attempts") == 0;
	return last->is_void;
}

int jobs_texted(struct desk *d, struct arena *a, int64_t ticket, struct slice number, struct looked *last,
	int64_t *version, struct err *e)
{
	struct slice prefix = texted_key(a, ticket, number, slice_of(NULL, 0));
	struct scan s;
	int got;

	*version = -1;
	scan_init(&s, d->store, NULL, TABLE_JOB, prefix, key_after(a, prefix), false);
	while ((got = scan_next(&s, e)) == 1) {
		int64_t told = load_be32((const uint8_t *)s.val.p + 8);

		if (is_void(d, NULL, a, (int64_t)load_be64(s.val.p), last, e) < 0) {
			got = -1;
			break;
		}
		if (last->is_done && told > *version)
			*version = told;
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

/* The same as is_first, over all jobs of the case. */
static int is_first_of_case(struct work *w, const struct value *job, const struct value *number,
	struct looked *last, struct err *e)
{
	struct slice once = value_slice(value_get(job, "once")), val,
		     key = texted_key(w->arena, int_of(job, "ticket"), value_slice(number),
			     value_slice(value_get(job, "task")));
	int64_t task = (int64_t)(tx_seq(w->tx) * TASKS_AN_ENTRY + w->n_tasks); /* that put_task will make */
	int got = tx_get(w->tx, TABLE_JOB, key, &val, e);
	uint8_t *p;

	if (got < 0)
		return -1;
	if (got == 1 && slice_cmp(slice_of((const uint8_t *)val.p + 12, val.n - 12), once) == 0) {
		int gone = is_void(w->desk, w->tx, w->arena, (int64_t)load_be64(val.p), last, e);

		if (gone <= 0)
			return gone;
	}
	p = arena_alloc(w->arena, 12 + once.n);
	store_be64(p, (uint64_t)task);
	store_be32(p + 8, (uint32_t)value_int_or(value_path(job, "data.version"), 0));
	memcpy(p + 12, once.p, once.n);
	tx_put(w->tx, TABLE_JOB, key, slice_of(p, 12 + once.n));
	return 1;
}

/* Not in a task of this job yet: then it is, from now on. 1 yes, 0 no, -1. */
static int is_first(struct work *w, const struct value *job, const struct value *number, struct looked *last,
	struct err *e)
{
	struct slice key = job_number_key(w->arena, int_of(job, "id"), value_slice(number)), val;
	int got;

	if (value_get(job, "once") != NULL)
		return is_first_of_case(w, job, number, last, e);
	got = tx_get(w->tx, TABLE_JOB, key, &val, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	tx_put(w->tx, TABLE_JOB, key, slice_of("", 0));
	return 1;
}

/* What has been counted once is not when it is walked over again. */
static void count_looked(struct work *w, struct value *job, bool is_taken)
{
	if (is_taken || value_get(job, "seen") == NULL)
		job_count(w, job, is_taken ? "n_done" : "n_skipped", 1);
}

/* The number of an open child, when it is not asked for yet. */
static int take_number(struct work *w, struct value *job, int64_t id, struct value *numbers,
	struct looked *last, struct err *e)
{
	const struct value *number;
	struct value row;
	int first;

	if (ticket_load(w->desk, w->tx, w->arena, id, &row, e) != 0)
		return -1;
	number = value_get(&row, "number");
	if (!value_is(number, VALUE_TEXT) || number->n == 0 || number->n > 64 || !ticket_is_open(&row)) {
		count_looked(w, job, false);
		return 0;
	}
	first = is_first(w, job, number, last, e);
	if (first < 0)
		return -1;
	count_looked(w, job, first == 1);
	if (first)
		value_push(w->arena, numbers, *number);
	return 0;
}

/* A job that goes on remembers which of its tasks may be open: that one, too, which is made next. */
static void note_open(struct work *w, struct value *job)
{
	const struct value *known = value_get(job, "open");
	struct value open = value_array(w->arena, JOB_AHEAD);

	if (value_get(job, "again_ms") == NULL)
		return;
	for (uint32_t i = 0; known != NULL && i < known->n; i++)
		value_push(w->arena, &open, known->as.items[i]);
	value_push(w->arena, &open, value_int((int64_t)(tx_seq(w->tx) * TASKS_AN_ENTRY + w->n_tasks)));
	value_set(w->arena, job, "open", open);
}

/* One task for them, as if the decision had asked for it. */
static int put_task(struct work *w, struct value *job, const struct value *numbers, struct err *e)
{
	struct value task = value_map(w->arena, 2), tasks = value_array(w->arena, 1), incident,
		     data = value_is(value_get(job, "data"), VALUE_MAP)
				    ? value_copy_map(w->arena, value_get(job, "data"))
				    : value_map(w->arena, 1);

	value_set(w->arena, &data, "numbers", *numbers);
	value_add(w->arena, &task, "kind", *value_get(job, "task"));
	value_add(w->arena, &task, "data", data);
	value_push(w->arena, &tasks, task);
	if (ticket_load(w->desk, w->tx, w->arena, int_of(job, "ticket"), &incident, e) != 0 ||
		tasks_check(w, &tasks, e) != 0)
		return -1;
	note_open(w, job);
	tasks_put_of_job(w, &tasks, &incident, int_of(job, "id"));
	job_count(w, job, "n_tasks", 1);
	return 0;
}

/* The next affected numbers of the case; `listed` says up to which. */
static int from_lists(struct work *w, struct value *job, int64_t batch, bool *is_over, struct err *e)
{
	struct value found = value_array(w->arena, 64), numbers = value_array(w->arena, 64), until;
	struct affected_walk walk = {.incident = int_of(job, "ticket"),
		.since = value_get(job, "seen"),
		.is_failing = value_get(job, "again_ms") != NULL,
		.after = value_slice(value_get(job, "listed")),
		.limit = (uint32_t)batch};
	struct looked last = {0};

	if (affected_next(w->desk, w->arena, &walk, &found, &until, is_over, e) != 0)
		return -1;
	for (uint32_t i = 0; i < found.n; i++) {
		int first = is_first(w, job, &found.as.items[i], &last, e);

		if (first < 0)
			return -1;
		count_looked(w, job, first == 1);
		if (first)
			value_push(w->arena, &numbers, found.as.items[i]);
	}
	value_set(w->arena, job, "listed", until);
	return numbers.n == 0 ? 0 : put_task(w, job, &numbers, e);
}

/* The next numbers of open children. */
static int from_children(struct work *w, struct value *job, int64_t batch, bool *is_over, struct err *e)
{
	int64_t ids[JOB_LOOKS];
	struct value numbers = value_array(w->arena, 64);
	struct looked last = {0};
	int n = JOB_LOOKS;

	for (int looked = 0; n == JOB_LOOKS && looked < TASK_NUMBERS_MAX && numbers.n < (uint32_t)batch;) {
		int max = batch - numbers.n < JOB_LOOKS ? (int)(batch - numbers.n) : JOB_LOOKS;

		if (job_next_children(w, job, ids, max, &n, e) != 0)
			return -1;
		for (int i = 0; i < n; i++)
			if (take_number(w, job, ids[i], &numbers, &last, e) != 0)
				return -1;
		if (n > 0)
			value_set(w->arena, job, "cursor", value_int(ids[n - 1]));
		looked += n;
		*is_over = n < max;
		if (*is_over)
			break;
		n = JOB_LOOKS;
	}
	return numbers.n == 0 ? 0 : put_task(w, job, &numbers, e);
}

/* Once over lists and children, a batch at a time. */
static int next_batch(struct work *w, struct value *job, bool *is_over, struct err *e)
{
	int64_t batch = value_int_or(value_get(job, "batch"), JOB_BATCH);
	const struct value *of = value_get(job, "of");

	if (value_is_text(of, "complainers") || value_true(value_get(job, "lists_over")))
		return from_children(w, job, batch, is_over, e);
	if (from_lists(w, job, batch, is_over, e) != 0)
		return -1;
	if (*is_over && value_is_text(of, "everybody")) {
		value_set(w->arena, job, "lists_over", value_bool(true));
		*is_over = false;
	}
	return 0;
}

/* As many of its tasks are open as may be. 1 yes, 0 no, -1. */
static int is_ahead(struct work *w, struct value *job, struct err *e)
{
	const struct value *known = value_get(job, "open");
	struct value open = value_array(w->arena, JOB_AHEAD);

	if (known == NULL || known->n < JOB_AHEAD)
		return 0;
	for (uint32_t i = 0; i < known->n; i++) {
		struct value row;
		int got = task_load(w, known->as.items[i].as.i, &row, e);

		if (got < 0)
			return -1;
		if (got == 1 && (value_is_text(value_get(&row, "state"), "waiting") ||
					value_is_text(value_get(&row, "state"), "claimed")))
			value_push(w->arena, &open, known->as.items[i]);
	}
	value_set(w->arena, job, "open", open);
	return open.n >= JOB_AHEAD;
}

/* Begins to walk over the lists, when they have a version that was not walked over. 1 it walks, 0 no, -1. */
static int begin_walk(struct work *w, struct value *job, struct err *e)
{
	const struct value *seen = value_get(job, "seen");
	struct value upto;

	if (value_get(job, "upto") != NULL)
		return 1;
	if (affected_versions(w->desk, w->arena, int_of(job, "ticket"), &upto, e) != 0)
		return -1;
	if (seen != NULL && value_is_text(value_get(job, "of"), "affected") && value_equal(seen, &upto))
		return 0;
	value_set(w->arena, job, "upto", upto);
	return 1;
}

/* All that may come later has the versions behind these. */
static void end_walk(struct work *w, struct value *job)
{
	value_set(w->arena, job, "seen", *value_get(job, "upto"));
	value_unset(job, "upto");
	value_unset(job, "listed");
	value_unset(job, "lists_over");
	value_unset(job, "cursor");
}

/* A batch more for those who came later; job.due: not before that. */
static int go_on(struct work *w, struct value *job, bool *is_over, struct err *e)
{
	int64_t from_ms = task_not_before(w->desk, value_slice(value_get(job, "task")), w->now_ms),
		next_ms = w->now_ms + int_of(job, "again_ms");
	struct value incident;
	bool has_walked = false;
	int rc;

	if (ticket_load(w->desk, w->tx, w->arena, int_of(job, "ticket"), &incident, e) != 0)
		return -1;
	*is_over = !ticket_is_open(&incident) ||
		   value_int_or(value_path(job, "data.until_ms"), INT64_MAX) <= w->now_ms;
	if (*is_over)
		return 0;
	if (from_ms > w->now_ms) {
		value_set(w->arena, job, "due", value_int(from_ms));
		return 0;
	}
	rc = is_ahead(w, job, e);
	if (rc == 1)
		value_set(w->arena, job, "is_ahead", value_bool(true));
	else if (rc == 0 && (rc = begin_walk(w, job, e)) == 1) {
		if (next_batch(w, job, &has_walked, e) != 0)
			return -1;
		if (!has_walked)
			return 0;
		end_walk(w, job);
	}
	value_set(w->arena, job, "due", value_int(next_ms));
	*is_over = value_true(value_get(job, "drill")); /* one look is all that a drill notes */
	return rc < 0 ? -1 : 0;
}

int job_numbers(struct work *w, struct value *job, bool *is_over, struct err *e)
{
	return value_get(job, "again_ms") != NULL ? go_on(w, job, is_over, e)
						  : next_batch(w, job, is_over, e);
}
