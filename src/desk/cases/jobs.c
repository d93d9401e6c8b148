/* Jobs as rows: from a decision into the table, their slices, their end. jobs.h draws them. */
#include "desk/jobs.h"

#include <string.h>

#include "desk/tasks.h"
#include "jobs_int.h"
#include "tocsin/log.h"

#define NAMES_MAX 64
#define AGAIN_LEAST_MS 1000
#define JOB_BYTES_MAX ((size_t)64 * 1024)

/* Whose word it is when no person acts: a timer, the answer of a task. The pack said so, so it may. */
#define RULES_NAME "rules"
#define RULES_ROLES (ROLE_SUPERVISOR | ROLE_LEADER)

static const struct job_kind {
	const char *name;
	job_slice_fn *slice;
} kinds[] = {{"children", job_children}, {"attach", job_attach}, {"numbers", job_numbers}};

static const struct job_kind *kind_find(const struct value *name)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (value_is_text(name, kinds[i].name))
			return &kinds[i];
	return NULL;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */
struct slice job_key(struct arena *a, char index, const int64_t *numbers, int n)
{
	char text[2] = {index, '\0'};

	return task_numbers_key(a, slice_of(arena_text(a, text, 1), 1), numbers, n);
}

int job_ids(struct work *w, int64_t ticket, struct value *ids, struct err *e)
{
	int64_t next = ticket + 1;
	struct scan s;
	int got;

	*ids = value_array(w->arena, 4);
	scan_init(&s, w->desk->store, w->tx, TABLE_JOB, job_key(w->arena, 'o', &ticket, 1),
		job_key(w->arena, 'o', &next, 1), false);
	while ((got = scan_next(&s, e)) == 1)
		value_push(
			w->arena, ids, value_int((int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8)));
	scan_fini(&s);
	return got;
}

static void arm(struct work *w, int64_t id, int64_t at_ms)
{
	uint8_t key[DUE_KEY_LEN];

	due_key(key, at_ms, TIMER_OF_JOB | (uint64_t)id);
	tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
}

void job_wake(struct work *w, struct value *job)
{
	int64_t id = value_int_or(value_get(job, "id"), 0), due;
	uint8_t key[DUE_KEY_LEN];

	if (!value_as_int(value_get(job, "due"), &due))
		return;
	due_key(key, due, TIMER_OF_JOB | (uint64_t)id);
	tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	arm(w, id, w->now_ms);
	value_set(w->arena, job, "due", value_int(w->now_ms));
}

/* ---- from a decision ----------------------------------------------------------------------------------- */
static int check_children(struct work *w, uint32_t n, const struct value *job, struct err *e)
{
	const struct value *data = value_get(job, "data");

	(void)w;
	if (!value_is(value_get(job, "action"), VALUE_TEXT))
		return err_set(e, ERR_REJECTED, "the decision's job %u needs an action", n);
	if (data != NULL && data->type != VALUE_MAP)
		return err_set(e, ERR_REJECTED, "the data of the decision's job %u is %s, expected a map", n,
			value_type_name(data));
	return 0;
}

static int check_attach(struct work *w, uint32_t n, const struct value *job, struct err *e)
{
	const struct value *of = value_get(job, "of"), *names = value_get(job, "names");

	(void)w;
	if (!value_is_text(of, "category") && !value_is_text(of, "city"))
		return err_set(
			e, ERR_REJECTED, "the decision's job %u: of must be \"category\" or \"city\"", n);
	if (!value_is(names, VALUE_ARRAY) || names->n == 0 || names->n > NAMES_MAX)
		return err_set(e, ERR_REJECTED, "the decision's job %u: names must be a list of 1 to %d", n,
			NAMES_MAX);
	return 0;
}

static int check_once(uint32_t n, const struct value *job, struct err *e)
{
	const struct value *once = value_get(job, "once"), *again = value_get(job, "again_ms");

	if (once != NULL && (once->type != VALUE_TEXT || once->n == 0 || once->n > ONCE_BYTES_MAX))
		return err_set(e, ERR_REJECTED, "the decision's job %u: once must be a text of 1 to %d bytes",
			n, ONCE_BYTES_MAX);
	if (again != NULL && (once == NULL || value_int_or(again, 0) < AGAIN_LEAST_MS))
		return err_set(e, ERR_REJECTED,
			"the decision's job %u: again needs once, and is at least a second", n);
	return 0;
}

static int check_numbers(struct work *w, uint32_t n, const struct value *job, struct err *e)
{
	const struct value *task = value_get(job, "task"), *of = value_get(job, "of");
	int64_t batch = value_int_or(value_get(job, "batch"), JOB_BATCH);

	if (!value_is(task, VALUE_TEXT) || value_get_n(value_get(packs_catalog(w->desk->packs), "tasks"),
						   task->as.text, task->n) == NULL)
		return err_set(e, ERR_REJECTED,
			"the decision's job %u: task \"%s\" is not one that the pack declares", n,
			value_cstr(w->arena, task));
	if (!value_is_text(of, "complainers") && !value_is_text(of, "affected") &&
		!value_is_text(of, "everybody"))
		return err_set(e, ERR_REJECTED,
			"the decision's job %u: of must be \"complainers\", \"affected\" or \"everybody\"",
			n);
	if (batch < 1 || batch > TASK_NUMBERS_MAX)
		return err_set(
			e, ERR_REJECTED, "the decision's job %u: batch must be 1 to %d", n, TASK_NUMBERS_MAX);
	return check_once(n, job, e);
}

static int check_one(struct work *w, uint32_t n, const struct value *job, struct err *e)
{
	const struct job_kind *kind = kind_find(value_get(job, "kind"));
	struct buf b;
	bool is_full;

	if (kind == NULL)
		return err_set(e, ERR_REJECTED,
			"the decision's job %u: kind is none of children, attach, numbers", n);
	buf_init(&b, JOB_BYTES_MAX);
	value_encode(&b, job);
	is_full = b.is_full;
	buf_fini(&b);
	if (is_full)
		return err_set(
			e, ERR_REJECTED, "the decision's job %u has more than %zu bytes", n, JOB_BYTES_MAX);
	if (kind->slice == job_children)
		return check_children(w, n, job, e);
	return kind->slice == job_attach ? check_attach(w, n, job, e) : check_numbers(w, n, job, e);
}

int jobs_check(struct work *w, const struct value *jobs, struct err *e)
{
	if (jobs == NULL || jobs->n == 0)
		return 0;
	if (jobs->type != VALUE_ARRAY)
		return err_set(
			e, ERR_REJECTED, "the decision's jobs is %s, expected a list", value_type_name(jobs));
	if (w->n_jobs + jobs->n > JOBS_A_DECISION)
		return err_set(e, ERR_REJECTED, "the decision asks for %u jobs; at most %d",
			w->n_jobs + jobs->n, JOBS_A_DECISION);
	for (uint32_t i = 0; i < jobs->n; i++)
		if (check_one(w, i + 1, &jobs->as.items[i], e) != 0)
			return -1;
	return 0;
}

void jobs_put(struct work *w, const struct value *jobs, const struct value *ticket)
{
	bool is_asked = strcmp(w->method, "ticket.act") == 0;

	for (uint32_t i = 0; jobs != NULL && !w->is_import && i < jobs->n; i++) {
		int64_t id = (int64_t)(tx_seq(w->tx) * JOBS_AN_ENTRY + w->n_jobs++);
		int64_t of[] = {value_int_or(value_get(ticket, "id"), 0), id};
		struct value row = value_copy_map(w->arena, &jobs->as.items[i]);

		value_set(w->arena, &row, "id", value_int(id));
		value_set(w->arena, &row, "ticket", value_int(of[0]));
		value_set(w->arena, &row, "no", *value_get(ticket, "no"));
		if (value_true(value_path(ticket, "fields.drill")))
			value_set(w->arena, &row, "drill", value_bool(true));
		value_set(w->arena, &row, "who", value_literal(is_asked ? w->who : RULES_NAME));
		value_set(w->arena, &row, "roles", value_int(is_asked ? w->roles : RULES_ROLES));
		value_set(w->arena, &row, "state", value_literal("running"));
		value_set(w->arena, &row, "created", value_int(w->now_ms));
		row_put(w, TABLE_JOB, job_key(w->arena, 'j', &id, 1), &row);
		tx_put(w->tx, TABLE_JOB, job_key(w->arena, 'o', of, 2), slice_of("", 0));
		arm(w, id, w->now_ms);
	}
}

static bool has_named(const struct value *list, const char *key, const char *is)
{
	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (value_is_text(value_get(&list->as.items[i], key), is))
			return true;
	return false;
}

/* Its children hear something else now, or those of another case become its own again. */
static bool speaks_of_children(const struct value *jobs)
{
	for (uint32_t i = 0; jobs != NULL && i < jobs->n; i++)
		if (value_is_text(value_get(&jobs->as.items[i], "kind"), "children") ||
			value_get(&jobs->as.items[i], "of_case") != NULL)
			return true;
	return false;
}

/* Whether the decision takes it back: its tasks are not to be done, or its children are spoken of anew. */
static bool is_taken_back(
	struct work *w, const struct value *job, const struct value *tasks, const struct value *jobs)
{
	const char *kind = value_cstr(w->arena, value_get(job, "kind"));

	if (strcmp(kind, "numbers") == 0)
		return has_named(tasks, "kind", value_cstr(w->arena, value_get(job, "task")));
	return strcmp(kind, "children") == 0 && speaks_of_children(jobs);
}

int jobs_withdraw(struct work *w, const struct value *tasks, const struct value *jobs,
	const struct value *ticket, struct err *e)
{
	struct value ids;

	if (tasks == NULL && !speaks_of_children(jobs))
		return 0;
	if (job_ids(w, value_int_or(value_get(ticket, "id"), 0), &ids, e) != 0)
		return -1;
	for (uint32_t i = 0; i < ids.n; i++) {
		struct slice key = job_key(w->arena, 'j', &ids.as.items[i].as.i, 1);
		struct value job;

		if (row_get(w->desk, w->tx, w->arena, TABLE_JOB, key, &job, e) < 0)
			return -1;
		if (!value_is_text(value_get(&job, "state"), "running") ||
			!is_taken_back(w, &job, tasks, jobs))
			continue;
		value_set(w->arena, &job, "withdrawn", value_bool(true)); /* its timer ends it */
		job_wake(w, &job);
		row_put(w, TABLE_JOB, key, &job);
	}
	return 0;
}

/* ---- slices -------------------------------------------------------------------------------------------- */
void job_count(struct work *w, struct value *job, const char *key, int64_t by)
{
	value_set(w->arena, job, key, value_int(value_int_or(value_get(job, key), 0) + by));
}

void job_note(struct work *w, struct value *job, int64_t item, bool is_ok, const char *why)
{
	int64_t of[] = {value_int_or(value_get(job, "id"), 0), item};
	struct value row = value_map(w->arena, 2);

	value_add(w->arena, &row, "ok", value_bool(is_ok));
	if (why != NULL)
		value_add(w->arena, &row, "why", value_text(w->arena, why, strlen(why)));
	row_put(w, TABLE_JOB, job_key(w->arena, 'i', of, 2), &row);
	job_count(w, job, is_ok ? "n_done" : "n_skipped", 1);
}

/* What people are shown of a job. */
static struct value brief(struct arena *a, const struct value *job)
{
	static const char *const shown[] = {"id", "kind", "ticket", "no", "action", "task", "state", "who",
		"created", "finished", "n_done", "n_skipped", "n_tasks", "n_ok", "n_told", "error", "drill"};
	struct value out = value_map(a, sizeof(shown) / sizeof(shown[0]));

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(job, shown[i]) != NULL)
			value_add(a, &out, shown[i], *value_get(job, shown[i]));
	return out;
}

/* It is over: the topic and the history of its ticket say what came of it. */
static void end(struct work *w, struct value *job, const char *state)
{
	struct value both = value_array(w->arena, 2), said;
	uint8_t key[16];

	value_set(w->arena, job, "state", value_literal(state));
	value_set(w->arena, job, "finished", value_int(w->now_ms));
	said = brief(w->arena, job);
	value_set(w->arena, &w->extra, "job", said);
	store_be64(key, (uint64_t)value_int_or(value_get(job, "ticket"), 0));
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, sizeof(key)), slice_of("", 0));
	value_push(w->arena, &both, value_literal("incident"));
	said = value_copy_map(w->arena, &said);
	value_add(w->arena, &said, "event", value_literal("job"));
	if (value_true(value_get(job, "drill")))
		value_add(w->arena, &said, "label", value_literal("演练"));
	value_push(w->arena, &both, said);
	value_push(w->arena, &w->notices, both);
}

/* What the permanent record says came in. */
static void take_params(struct work *w, const struct value *job)
{
	struct buf *b = &w->desk->scratch;
	struct value params = value_map(w->arena, 4);

	value_add(w->arena, &params, "job", *value_get(job, "id"));
	value_add(w->arena, &params, "incident", *value_get(job, "ticket"));
	if (value_get(job, "action") != NULL)
		value_add(w->arena, &params, "action", *value_get(job, "action"));
	buf_reset(b);
	value_encode(b, &params);
	must(!b->is_full);
	w->params = slice_of(arena_copy(w->arena, b->p, b->n), b->n);
}

/* The job's row with whose word it has; its timer's row goes. 1; 0: there is nothing to do any more; -1. */
static int take_job(struct work *w, int64_t due_ms, uint64_t id, struct value *job, struct err *e)
{
	int64_t number = (int64_t)(id & ~TIMER_OF_JOB);
	uint8_t key[DUE_KEY_LEN];
	int got;

	due_key(key, due_ms, id);
	tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	got = row_get(w->desk, w->tx, w->arena, TABLE_JOB, job_key(w->arena, 'j', &number, 1), job, e);
	if (got != 1 || !value_is_text(value_get(job, "state"), "running"))
		return got < 0 ? -1 : 0;
	value_unset(job, "due");
	value_unset(job, "is_ahead");
	w->who = value_cstr(w->arena, value_get(job, "who"));
	w->roles = (uint32_t)value_int_or(value_get(job, "roles"), 0);
	take_params(w, job);
	return 1;
}

/* One slice, or, after one that failed, the end with its reason. */
static int run(struct work *w, struct value *job, const struct err *failed, struct err *e)
{
	int64_t id = value_int_or(value_get(job, "id"), 0);
	bool is_over = true;

	if (failed != NULL) {
		value_set(w->arena, job, "error", value_text(w->arena, failed->text, strlen(failed->text)));
		end(w, job, "failed");
	} else if (value_true(value_get(job, "withdrawn"))) {
		end(w, job, "withdrawn");
	} else {
		if (kind_find(value_get(job, "kind"))->slice(w, job, &is_over, e) != 0)
			return -1;
		if (is_over)
			end(w, job, "done");
		else
			arm(w, id, value_int_or(value_get(job, "due"), w->now_ms + JOB_PAUSE_MS));
	}
	row_put(w, TABLE_JOB, job_key(w->arena, 'j', &id, 1), job);
	return 0;
}

int job_fire(struct desk *d, int64_t due_ms, uint64_t id, struct err *e)
{
	struct err why;
	int rc = -1;

	for (int is_failed = 0; is_failed < 2 && rc != 0; is_failed++) {
		struct value job;
		struct work w;
		int got;

		work_begin(&w, d, &d->arena, "job.run", RULES_NAME, 0, slice_of(NULL, 0));
		got = take_job(&w, due_ms, id, &job, e);
		rc = got < 0 ? -1 : got == 0 ? 0 : run(&w, &job, is_failed ? &why : NULL, e);
		if (rc == 0 && work_commit(&w, e) == 0)
			return 0;
		if (rc != 0)
			work_abort(&w);
		rc = -1;
		why = *e;
		log_line(LOG_ERROR, "job.failed", "job=%ju error=\"%s\"", (uintmax_t)(id & ~TIMER_OF_JOB),
			e->text);
	}
	return -1;
}

/* ---- questions ----------------------------------------------------------------------------------------- */
int jobs_of(struct desk *d, struct arena *a, int64_t ticket, struct value *out, struct err *e)
{
	int64_t next = ticket + 1;
	struct scan s;
	int got;

	*out = value_array(a, 4);
	scan_init(
		&s, d->store, NULL, TABLE_JOB, job_key(a, 'o', &ticket, 1), job_key(a, 'o', &next, 1), false);
	while ((got = scan_next(&s, e)) == 1) {
		int64_t id = (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8);
		struct value job;

		got = row_get(d, NULL, a, TABLE_JOB, job_key(a, 'j', &id, 1), &job, e);
		if (got < 0)
			break;
		if (got == 1)
			value_push(a, out, brief(a, &job));
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

int job_outcome(struct desk *d, struct arena *a, int64_t job, int64_t item, struct value *out, struct err *e)
{
	int64_t of[] = {job, item};

	return row_get(d, NULL, a, TABLE_JOB, job_key(a, 'i', of, 2), out, e);
}
