/* What adapters do: task.claim, task.done. */
#include <string.h>

#include "desk/affected.h"
#include "desk/jobs.h"
#include "desk/tasks.h"

#define CLAIM_BYTES ((size_t)160 * 1024) /* of rows in one answer */
#define KINDS_MAX 32
#define HOLDERS_MAX 16
#define RESULT_BYTES_MAX ((size_t)192 * 1024)

/* ---- claim --------------------------------------------------------------------------------------------- */
/* A kind that nobody declares would wait for ever. */
static int check_kind(struct work *w, const struct value *kind, struct err *e)
{
	const struct value *declared = value_get(packs_catalog(w->desk->packs), "tasks");
	uint32_t n = declared == NULL ? 0 : declared->n;
	const char *text = value_cstr(w->arena, kind), **words;

	if (text == NULL)
		return err_arg(e, ERR_BAD_REQUEST, "kinds", NULL, "kinds must be texts, not %s",
			value_type_name(kind));
	if (value_get(declared, text) != NULL)
		return 0;
	words = arena_alloc(w->arena, (n + 1) * sizeof(*words));
	for (uint32_t i = 0; i < n; i++)
		words[i] = value_cstr(w->arena, &declared->as.pairs[i].key);
	err_arg(e, ERR_BAD_REQUEST, "kinds", text, "kind \"%s\" is not a task of the pack", text);
	return err_hint(e, nearest_word(text, words, n));
}

static int check_kinds(struct work *w, const struct value *kinds, struct err *e)
{
	if (kinds->n == 0 || kinds->n > KINDS_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "kinds", NULL, "kinds must name 1 to %d kinds", KINDS_MAX);
	for (uint32_t i = 0; i < kinds->n; i++) {
		if (check_kind(w, &kinds->as.items[i], e) != 0)
			return -1;
		for (uint32_t k = 0; k < i; k++)
			if (value_equal(&kinds->as.items[i], &kinds->as.items[k]))
				return err_arg(e, ERR_BAD_REQUEST, "kinds",
					value_cstr(w->arena, &kinds->as.items[i]), "kinds names \"%s\" twice",
					value_cstr(w->arena, &kinds->as.items[i]));
	}
	return 0;
}

struct claim {
	const struct value *worker;
	int64_t limit, lease_ms; /* lease_ms 0: as the pack says */
	size_t n_bytes;
	struct value tasks, ids;
};

static struct value claimed_task(struct arena *a, const struct value *row)
{
	static const char *const shown[] = {"id", "kind", "ticket", "no", "data", "created", "expires"};
	struct value t = value_map(a, 10);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL)
			value_add(a, &t, shown[i], *value_get(row, shown[i]));
	value_add(a, &t, "attempt", *value_get(row, "attempts"));
	value_add(a, &t, "lease_until", *value_get(row, "next"));
	return t;
}

/* Who has held it, the newest first. */
static struct value holders(struct work *w, const struct value *row, const struct value *worker)
{
	const struct value *old = value_get(row, "held_by");
	struct value out = value_array(w->arena, HOLDERS_MAX);

	value_push(w->arena, &out, *worker);
	for (uint32_t i = 0; old != NULL && i < old->n && out.n < HOLDERS_MAX; i++)
		if (!value_equal(&old->as.items[i], worker))
			value_push(w->arena, &out, old->as.items[i]);
	return out;
}

static bool has_held(const struct value *row, const struct value *worker)
{
	const struct value *held = value_get(row, "held_by");

	for (uint32_t i = 0; held != NULL && i < held->n; i++)
		if (value_equal(&held->as.items[i], worker))
			return true;
	return false;
}

static void give(struct work *w, struct claim *c, const struct value *before)
{
	struct value after = value_copy_map(w->arena, before);
	int64_t lease = c->lease_ms > 0
				? c->lease_ms
				: task_setting(w->desk, value_slice(value_get(before, "kind")), "lease_ms");

	value_set(w->arena, &after, "state", value_literal("claimed"));
	value_set(w->arena, &after, "worker", *c->worker);
	value_set(w->arena, &after, "held_by", holders(w, before, c->worker));
	value_set(
		w->arena, &after, "attempts", value_int(value_int_or(value_get(before, "attempts"), 0) + 1));
	value_set(w->arena, &after, "next", value_int(w->now_ms + lease));
	task_save(w, before, &after);
	value_push(w->arena, &c->tasks, claimed_task(w->arena, &after));
	value_push(w->arena, &c->ids, *value_get(&after, "id"));
}

/* The ids of one kind that are due, oldest due first: read before anything is changed. */
static int due_ids(
	struct work *w, const struct value *kind, int64_t max, int64_t *ids, int64_t *n, struct err *e)
{
	struct slice name = value_slice(kind), prefix = task_prefix(w->arena, 'q', name);
	int64_t from = outbox_first_ms(w->desk, name), until = w->now_ms + 1, first = until;
	struct scan s;
	int got = 0;

	*n = 0;
	if (from >= until || task_not_before(w->desk, name, w->now_ms) > w->now_ms)
		return 0;
	scan_init(&s, w->desk->store, w->tx, TABLE_TASK, task_numbers_key(w->arena, prefix, &from, 1),
		task_numbers_key(w->arena, prefix, &until, 1), false);
	while (*n < max && (got = scan_next(&s, e)) == 1) {
		const uint8_t *numbers = (const uint8_t *)s.key.p + s.key.n - 16;

		if (*n == 0)
			first = (int64_t)load_be64(numbers);
		ids[(*n)++] = (int64_t)load_be64(numbers + 8);
	}
	scan_fini(&s);
	if (got < 0)
		return -1;
	outbox_first_set(w->desk, name, first); /* the claimed ones, too: this work may yet fail */
	return 0;
}

static int claim_kind(struct work *w, struct claim *c, const struct value *kind, struct err *e)
{
	int64_t ids[CLAIM_MAX], n;

	if (due_ids(w, kind, c->limit - c->tasks.n, ids, &n, e) != 0)
		return -1;
	for (int64_t i = 0; i < n; i++) {
		uint8_t key[8];
		struct slice bytes;
		struct value row;
		int got;

		task_key(key, ids[i]);
		got = tx_get(w->tx, TABLE_TASK, slice_of(key, 8), &bytes, e);
		if (got != 1)
			return got < 0 ? -1
				       : err_set(e, ERR_INTERNAL, "task %jd is queued but not there",
						 (intmax_t)ids[i]);
		if (c->tasks.n > 0 && c->n_bytes + bytes.n > CLAIM_BYTES)
			return 0; /* the answer is full; the rest is claimed next time */
		if (task_load(w, ids[i], &row, e) != 1)
			return -1;
		c->n_bytes += bytes.n;
		give(w, c, &row);
	}
	return 0;
}

int task_claim(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	const struct value *kinds = value_get(args, "kinds");
	struct claim c = {.worker = value_get(args, "worker"),
		.limit = value_int_or(value_get(args, "limit"), 1),
		.lease_ms = value_int_or(value_get(args, "lease"), 0),
		.tasks = value_array(w->arena, 8),
		.ids = value_array(w->arena, 8)};
	bool is_paused = outbound_is_paused(w->desk, w->tx);

	if (check_kinds(w, kinds, e) != 0)
		return -1;
	for (uint32_t i = 0; !is_paused && i < kinds->n; i++)
		if (claim_kind(w, &c, &kinds->as.items[i], e) != 0)
			return -1;
	if (c.ids.n > 0)
		value_set(w->arena, &w->extra, "claimed", c.ids);
	*result = value_map(w->arena, 2);
	value_add(w->arena, result, "tasks", c.tasks);
	value_add(w->arena, result, "paused", value_bool(is_paused));
	return 0;
}

/* ---- done ---------------------------------------------------------------------------------------------- */
/*
 * Whether this answer may be taken. 1: it was given before, nothing changes. What was done is done, whoever
 * of those who had it holds the task now; a failure counts only from who holds it. Of more than HOLDERS_MAX
 * the first are forgotten: then nobody is told that he never had it.
 */
static int check_answer(struct work *w, const struct value *args, const struct value *row, struct err *e)
{
	const struct value *by = value_get(args, "worker"), *held_by = value_get(row, "held_by");
	const char *state = task_state(w, row), *worker = value_cstr(w->arena, by);
	intmax_t id = (intmax_t)value_int_or(value_get(row, "id"), 0);
	bool is_ok = value_true(value_get(args, "ok"));

	if (worker != NULL && held_by != NULL && held_by->n < HOLDERS_MAX && !has_held(row, by))
		return err_arg(e, ERR_CONFLICT, "worker", worker,
			"task %jd was never with %s; %s claimed it last", id, worker,
			value_cstr(w->arena, value_at(held_by, 0)));
	if (strcmp(state, "done") == 0 && is_ok)
		return 1;
	if (strcmp(state, "waiting") == 0 && is_ok && value_int_or(value_get(row, "attempts"), 0) > 0)
		return 0; /* its lease had ended */
	if (strcmp(state, "claimed") != 0)
		return err_arg(e, ERR_CONFLICT, "id", NULL, "task %jd is %s, not claimed", id, state);
	if (!is_ok && worker != NULL && !value_is_text(value_get(row, "worker"), worker))
		return err_arg(e, ERR_CONFLICT, "worker", worker, "task %jd is with %s now, not with %s", id,
			value_cstr(w->arena, value_get(row, "worker")), worker);
	return 0;
}

/* A result for each number: into the task, the lists, and the sum of its job. */
static int take_numbers(
	struct work *w, struct value *row, const struct value *results, bool is_last, struct err *e)
{
	int64_t job;

	if (batch_take(w, row, results, is_last, e) != 0 || affected_task(w, row, results, e) != 0)
		return -1;
	if (!value_as_int(value_get(row, "job"), &job))
		return 0;
	return job_answered(w, job, results, e);
}

static int take_result(struct work *w, const struct value *args, struct value *row, struct err *e)
{
	const struct value *result = value_get(args, "result");
	struct value kept;
	bool is_full;
	struct buf b;

	if (value_path(row, "data.numbers") != NULL &&
		take_numbers(w, row, value_get(result, "numbers"), value_true(value_get(args, "ok")), e) != 0)
		return -1;
	if (result == NULL)
		return 0;
	kept = value_copy_map(w->arena, result);
	if (value_path(row, "data.numbers") != NULL)
		value_unset(&kept, "numbers"); /* they stand in numbers_done */
	buf_init(&b, RESULT_BYTES_MAX);
	value_encode(&b, &kept);
	is_full = b.is_full;
	buf_fini(&b);
	if (is_full)
		return err_arg(e, ERR_TOO_LARGE, "result", NULL, "the result has more than %zu bytes",
			RESULT_BYTES_MAX);
	value_set(w->arena, row, "result", kept);
	return 0;
}

static int end_attempt(
	struct work *w, const struct value *args, struct value *row, bool is_plain, struct err *e)
{
	const struct value *retry = value_get(args, "retry");
	const char *why = value_cstr(w->arena, value_get(args, "error"));

	if (!value_true(value_get(args, "ok")))
		return task_failed(w, row, why == NULL ? "the adapter says that it failed" : why,
			retry == NULL || value_true(retry), value_int_or(value_get(args, "after"), -1),
			is_plain, e);
	value_unset(row, "error");
	return task_end(w, row, "done", is_plain, e);
}

static int done_once(
	struct work *w, const struct value *args, bool is_plain, struct value *result, struct err *e)
{
	struct value before, after;
	int rc;

	if (task_need(w, args, &before, e) != 0 || (rc = check_answer(w, args, &before, e)) < 0)
		return -1;
	after = value_copy_map(w->arena, &before);
	if (rc == 0) {
		if (take_result(w, args, &after, e) != 0)
			return -1;
		if (end_attempt(w, args, &after, is_plain, e) != 0)
			return 1;
		task_save(w, &before, &after);
	}
	task_answer(w, &after, result);
	return 0;
}

/* An answer of the pack that cannot be applied never loses what the adapter did: the same again, without
 * asking. */
int task_done(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	int rc = done_once(w, args, false, result, e);

	if (rc == 1) {
		work_again(w);
		rc = done_once(w, args, true, result, e);
	}
	return rc != 0 || tasks_forget(w, e) != 0 ? -1 : 0;
}
