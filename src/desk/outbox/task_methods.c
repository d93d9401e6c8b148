/* The methods of the outbox: their table, and what operators do: list, get, retry, cancel, pause, resume. */
#include <string.h>

#include "desk/names.h"
#include "desk/pages.h"
#include "desk/tasks.h"

#define LIST_LOOKED_AT 5000 /* rows a page */
#define LIST_BYTES ((size_t)192 * 1024)

int task_need(struct work *w, const struct value *args, struct value *row, struct err *e)
{
	int64_t id = value_int_or(value_get(args, "id"), 0);
	int got = task_load(w, id, row, e);
	char text[32];

	if (got != 0)
		return got < 0 ? -1 : 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)id);
	return err_arg(e, ERR_NOT_FOUND, "id", text, "task %jd does not exist", (intmax_t)id);
}

const char *task_state(struct work *w, const struct value *row)
{
	return value_cstr(w->arena, value_get(row, "state"));
}

void task_answer(struct work *w, const struct value *row, struct value *result)
{
	static const char *const shown[] = {"id", "state", "attempts", "next", "n_ok", "n_failed"};

	*result = value_map(w->arena, 6);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL &&
			(strcmp(shown[i], "next") != 0 || strcmp(task_state(w, row), "waiting") == 0))
			value_add(w->arena, result, shown[i], *value_get(row, shown[i]));
}

/* ---- operators ----------------------------------------------------------------------------------------- */
static int retry(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value before, after;

	if (task_need(w, args, &before, e) != 0)
		return -1;
	if (strcmp(task_state(w, &before), "given_up") != 0)
		return err_arg(e, ERR_CONFLICT, "id", NULL,
			"task %jd is %s; only what was given up is tried again",
			(intmax_t)value_int_or(value_get(&before, "id"), 0), task_state(w, &before));
	after = value_copy_map(w->arena, &before);
	value_set(w->arena, &after, "attempts", value_int(0));
	value_set(w->arena, &after, "expires",
		value_int(task_expires(w->desk, value_slice(value_get(&before, "kind")), w->now_ms)));
	task_wait(w, &after, 0);
	task_record(w, &after);
	task_save(w, &before, &after);
	task_answer(w, &after, result);
	return 0;
}

static int cancel(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value before, after;
	const char *state;

	if (task_need(w, args, &before, e) != 0)
		return -1;
	state = task_state(w, &before);
	if (strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0)
		return err_arg(e, ERR_CONFLICT, "id", NULL, "task %jd is %s already",
			(intmax_t)value_int_or(value_get(&before, "id"), 0), state);
	after = value_copy_map(w->arena, &before);
	value_set(w->arena, &after, "error", *value_get(args, "reason"));
	if (task_end(w, &after, "cancelled", true, e) != 0)
		return -1;
	task_save(w, &before, &after);
	task_answer(w, &after, result);
	return tasks_forget(w, e);
}

static int outbound(struct work *w, bool is_paused, struct value *result)
{
	if (is_paused && !outbound_is_paused(w->desk, w->tx))
		tx_put(w->tx, TABLE_META, OUTBOUND_KEY, SLICE_TEXT("paused"));
	else if (!is_paused && outbound_is_paused(w->desk, w->tx))
		tx_del(w->tx, TABLE_META, OUTBOUND_KEY);
	*result = value_map(w->arena, 1);
	value_add(w->arena, result, "paused", value_bool(is_paused));
	return 0;
}

static int pause_work(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	(void)args;
	(void)e;
	return outbound(w, true, result);
}

static int resume_work(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	(void)args;
	(void)e;
	return outbound(w, false, result);
}

/* ---- list ---------------------------------------------------------------------------------------------- */
static bool is_listed(const struct value *args, const struct value *row)
{
	static const char *const filters[] = {"state", "kind", "ticket"};

	for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
		const struct value *want = value_get(args, filters[i]), *got = value_get(row, filters[i]);

		if (want != NULL && (got == NULL || !value_equal(want, got)))
			return false;
	}
	return true;
}

/* A batch's numbers are left out: task.get shows them. */
static struct value listed_task(struct arena *a, const struct value *row)
{
	struct value t = value_copy_map(a, row), data;

	value_unset(&t, "timer_at");
	value_unset(&t, "held_by");
	value_unset(&t, "numbers_done");
	if (value_path(&t, "data.numbers") != NULL) {
		data = value_copy_map(a, value_get(&t, "data"));
		value_unset(&data, "numbers");
		value_set(a, &t, "data", data);
	}
	return t;
}

static int task_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *kind = value_get(&c->args, "kind");
	int64_t limit = value_int_or(value_get(&c->args, "limit"), 100), id;
	struct value tasks = value_array(c->arena, 16), row;
	size_t end_used = c->arena->used + LIST_BYTES;
	int got = 0, n_looked = 0;
	uint8_t from[8];
	struct scan s;

	if (cursor_number(c->arena, c->method->name, value_get(&c->args, "cursor"), 0, &id, e) != 0)
		return -1;
	task_key(from, id + 1);
	scan_init(&s, d->store, NULL, TABLE_TASK, slice_of(from, 8), SLICE_TEXT("\x01"), false);
	while (tasks.n < (uint32_t)limit && n_looked < LIST_LOOKED_AT && c->arena->used < end_used &&
		(got = scan_next(&s, e)) == 1) {
		struct arena_mark mark = arena_mark(c->arena);

		n_looked++;
		id = (int64_t)load_be64(s.key.p);
		if (value_decode(c->arena, slice_of(arena_copy(c->arena, s.val.p, s.val.n), s.val.n), &row,
			    e) != 0) {
			got = -1;
			break;
		}
		if (is_listed(&c->args, &row))
			value_push(c->arena, &tasks, listed_task(c->arena, &row));
		else
			arena_rewind(c->arena, mark);
	}
	scan_fini(&s);
	/* tasks of a kind that the pack has no more are found; a name that nothing has is a slip */
	if (got < 0 ||
		(got == 0 && tasks.n == 0 &&
			catalog_check(c->arena, packs_catalog(d->packs), "tasks", "kind", kind, e) != 0))
		return -1;
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "tasks", tasks);
	if (got == 1)
		cursor_add(c->arena, result, id);
	return 0;
}

static int task_get(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w = {.desk = d, .arena = c->arena};

	if (task_need(&w, &c->args, result, e) != 0)
		return -1;
	value_unset(result, "timer_at");
	value_unset(result, "held_by");
	return 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */
#define CHANGE(name, fn)                                                                                     \
	static int name(struct call *c, struct value *result, struct err *e)                                 \
	{                                                                                                    \
		return work_call(c, fn, result, e);                                                          \
	}
CHANGE(on_claim, task_claim)
CHANGE(on_done, task_done)
CHANGE(on_retry, retry)
CHANGE(on_cancel, cancel)
CHANGE(on_pause, pause_work)
CHANGE(on_resume, resume_work)

#define HOUR_MS 3600000
#define ID_ARG                                                                                               \
	{                                                                                                    \
		.name = "id", .type = ARG_ID, .is_required = true, .help = "the task"                        \
	}

static const char *const states[] = {"waiting", "claimed", "done", "given_up", "cancelled", NULL};
static const struct rpc_arg claim_args[] = {
	{.name = "worker",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = PERSON_LEN,
		.help = "who works them, for people to read"},
	{.name = "kinds",
		.type = ARG_ARRAY,
		.is_required = true,
		.of = "tasks",
		.help = "kinds of the pack, in the order wanted"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = CLAIM_MAX, .help = "tasks at most, 1"},
	{.name = "lease",
		.type = ARG_DURATION,
		.min = 1000,
		.max = 24 * HOUR_MS,
		.help = "given again when it ends without an answer; else as the pack says"},
};
static const struct rpc_arg done_args[] = {
	ID_ARG,
	{.name = "ok", .type = ARG_BOOL, .is_required = true, .help = "whether the other side did it"},
	{.name = "result",
		.type = ARG_MAP,
		.help = "what came of it; of a batch numbers=[{number, ok, …}], one for each when ok"},
	{.name = "error", .type = ARG_TEXT, .help = "why not"},
	{.name = "retry", .type = ARG_BOOL, .help = "false: trying again is of no use"},
	{.name = "after",
		.type = ARG_DURATION,
		.min = 0,
		.max = 24 * HOUR_MS,
		.help = "try again not before"},
	{.name = "worker",
		.type = ARG_TEXT,
		.min = 1,
		.max = PERSON_LEN,
		.help = "as claimed; that it failed then counts only from who holds the task, that it is "
			"done from whoever has held it"},
};
static const struct rpc_arg list_args[] = {
	{.name = "state", .type = ARG_ENUM, .words = states, .help = "only these"},
	{.name = "kind", .type = ARG_TEXT, .of = "tasks", .help = "only this kind"},
	{.name = "ticket", .type = ARG_ID, .help = "only of this ticket"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = 1000, .help = "tasks a page, 100"},
	CURSOR_ARG,
};
static const struct rpc_arg id_args[] = {ID_ARG};
static const struct rpc_arg cancel_args[] = {ID_ARG, REASON_ARG};
static const struct rpc_arg pause_args[] = {REASON_ARG};

#define ADAPTER_ROLES (ROLE_ADAPTER | ROLE_ADMIN)
#define CARE_ROLES (ROLE_OPERATOR | ROLE_ADMIN)
#define LOOK_ROLES (ADAPTER_ROLES | CARE_ROLES | ROLE_AUDITOR | ROLE_SUPERVISOR | ROLE_LEADER)

static const struct rpc_method methods[] = {
	{.name = "task.claim",
		.handler = on_claim,
		RPC_ARGS(claim_args),
		.roles = ADAPTER_ROLES,
		.flags = RPC_CHANGES,
		.help = "Take tasks of the outbox for a lease; nothing while outbound work is paused.",
		.returns = "{tasks=[{id, kind, ticket?, no?, data, created, expires, attempt, lease_until}], "
			   "paused}"},
	{.name = "task.done",
		.handler = on_done,
		RPC_ARGS(done_args),
		.roles = ADAPTER_ROLES,
		.flags = RPC_CHANGES,
		.help = "A task is done, or this attempt has failed; saying again that it is done changes "
			"nothing.",
		.returns = "{id, state, attempts, next?, n_ok?, n_failed?}"},
	{.name = "task.list",
		.handler = task_list,
		RPC_ARGS(list_args),
		.roles = LOOK_ROLES,
		.help = "Tasks of the outbox, oldest first; a batch without its numbers.",
		.returns = "{tasks=[{id, kind, ticket?, no?, data, state, created, expires, attempts, next, "
			   "worker?, error?, "
			   "result?, finished?, n_numbers?, n_ok?, n_failed?}], cursor?}"},
	{.name = "task.get",
		.handler = task_get,
		RPC_ARGS(id_args),
		.roles = LOOK_ROLES,
		.help = "One task whole, with the result of each number of a batch.",
		.returns = "the task, with numbers_done=[{number, ok, …}] of a batch"},
	{.name = "task.retry",
		.handler = on_retry,
		RPC_ARGS(id_args),
		.roles = CARE_ROLES,
		.flags = RPC_CHANGES,
		.help = "Put a task that was given up into the queue again, with all its attempts.",
		.returns = "as task.done"},
	{.name = "task.cancel",
		.handler = on_cancel,
		RPC_ARGS(cancel_args),
		.roles = CARE_ROLES,
		.flags = RPC_CHANGES,
		.help = "A task is not to be done any more.",
		.returns = "as task.done"},
	{.name = "outbound.pause",
		.handler = on_pause,
		RPC_ARGS(pause_args),
		.roles = CARE_ROLES,
		.flags = RPC_CHANGES,
		.help = "Give no tasks to adapters until outbound.resume; none expires meanwhile.",
		.returns = "{paused}"},
	{.name = "outbound.resume",
		.handler = on_resume,
		.roles = ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Give tasks again: after outbound.pause, or on a restored backup once its original "
			"is known to be dead.",
		.returns = "{paused}"},
};

void tasks_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
