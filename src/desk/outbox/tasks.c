/* Tasks as rows: from a decision into the outbox, their states, their timers. tasks.h draws both. */
#include "desk/tasks.h"

#include <string.h>

#include "tocsin/civil.h"

/* ---- settings of a kind -------------------------------------------------------------------------------- */
static const struct {
	const char *key;
	int64_t otherwise;
} settings[] = {
	{"lease_ms", 60 * 1000}, {"attempts", 8}, {"backoff_ms", 10 * 1000},
	{"backoff_max_ms", 10 * 60 * 1000}, {"expires_ms", INT64_C(24) * 3600 * 1000},
	{"alarm_ms", 0}, /* none */
};

int64_t task_setting(const struct desk *d, struct slice kind, const char *key)
{
	const struct value *declared =
		value_get_n(value_get(packs_catalog(d->packs), "tasks"), kind.p, kind.n);

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		if (strcmp(settings[i].key, key) == 0)
			return value_int_or(value_get(declared, key), settings[i].otherwise);
	never("a task's setting that is not in the table");
}

static struct slice kind_of(const struct value *row)
{
	return value_slice(value_get(row, "kind"));
}

/* ---- keys ---------------------------------------------------------------------------------------------- */
void task_key(uint8_t key[8], int64_t id)
{
	store_be64(key, (uint64_t)id);
}

/* The kind's quiet hours as minutes of the day; false: it has none. */
static bool quiet_of(const struct desk *d, struct slice kind, int64_t *from, int64_t *to)
{
	const struct value *quiet =
		value_get(value_get_n(value_get(packs_catalog(d->packs), "tasks"), kind.p, kind.n), "quiet");

	*from = value_int_or(value_get(quiet, "from_minute"), -1);
	*to = value_int_or(value_get(quiet, "to_minute"), -1);
	return *from >= 0 && *to >= 0 && *from != *to;
}

/* The next time from at_ms on that this minute of the day begins. */
static int64_t next_minute(int64_t at_ms, int64_t minute)
{
	int32_t day;
	int64_t now = civil_second_of(at_ms, &day) / 60;

	return civil_instant(now < minute ? day : day + 1, (int)minute);
}

int64_t task_not_before(const struct desk *d, struct slice kind, int64_t at_ms)
{
	int64_t from, to, minute;
	int32_t day;

	if (!quiet_of(d, kind, &from, &to))
		return at_ms;
	minute = civil_second_of(at_ms, &day) / 60;
	if (from < to ? minute < from || minute >= to : minute < from && minute >= to)
		return at_ms;
	return next_minute(at_ms, to);
}

int64_t task_expires(const struct desk *d, struct slice kind, int64_t from_ms)
{
	int64_t left = task_setting(d, kind, "expires_ms"), from, to,
		at_ms = task_not_before(d, kind, from_ms);

	if (!quiet_of(d, kind, &from, &to))
		return at_ms + left;
	for (;;) {
		int64_t quiet_ms = next_minute(at_ms, from);

		if (at_ms + left <= quiet_ms)
			return at_ms + left;
		left -= quiet_ms - at_ms;
		at_ms = next_minute(quiet_ms, to);
	}
}

struct slice task_prefix(struct arena *a, char index, struct slice kind)
{
	char *p = arena_alloc(a, kind.n + 2);

	p[0] = index;
	memcpy(p + 1, kind.p, kind.n);
	p[1 + kind.n] = '\0';
	return slice_of(p, kind.n + 2);
}

struct slice task_numbers_key(struct arena *a, struct slice prefix, const int64_t *numbers, int n)
{
	uint8_t *p = arena_alloc(a, prefix.n + (size_t)n * 8);

	memcpy(p, prefix.p, prefix.n);
	for (int i = 0; i < n; i++)
		store_be64(p + prefix.n + (size_t)i * 8, (uint64_t)numbers[i]);
	return slice_of(p, prefix.n + (size_t)n * 8);
}

int task_index_keys(struct arena *a, const struct value *row, struct slice out[TASK_KEYS_MAX])
{
	const struct value *state = value_get(row, "state");
	int64_t id = int_of(row, "id"), next[] = {int_of(row, "next"), id},
		finished[] = {int_of(row, "finished"), id};
	int n = 0;

	if (row == NULL)
		return 0;
	if (value_is_text(state, "given_up"))
		out[n++] = task_numbers_key(a, task_prefix(a, 'g', kind_of(row)), &id, 1);
	else if (value_is_text(state, "waiting") || value_is_text(state, "claimed"))
		out[n++] = task_numbers_key(a, task_prefix(a, 'a', kind_of(row)), &id, 1);
	else
		out[n++] = task_numbers_key(a, SLICE_TEXT("d"), finished, 2);
	if (value_is_text(state, "waiting"))
		out[n++] = task_numbers_key(a, task_prefix(a, 'q', kind_of(row)), next, 2);
	return n;
}

static bool has_key(const struct slice *keys, int n, struct slice key)
{
	for (int i = 0; i < n; i++)
		if (slice_cmp(keys[i], key) == 0)
			return true;
	return false;
}

/* A key is put only where it was not and deleted only where it was: the counts live on that. */
static void keys_update(struct work *w, const struct value *before, const struct value *after)
{
	struct slice old[TASK_KEYS_MAX], new[TASK_KEYS_MAX];
	int n_old = task_index_keys(w->arena, before, old), n_new = task_index_keys(w->arena, after, new);

	for (int i = 0; i < n_old; i++)
		if (!has_key(new, n_new, old[i]))
			tx_del(w->tx, TABLE_TASK, old[i]);
	for (int i = 0; i < n_new; i++)
		if (!has_key(old, n_old, new[i]))
			tx_put(w->tx, TABLE_TASK, new[i], slice_of("", 0));
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
int task_load(struct work *w, int64_t id, struct value *row, struct err *e)
{
	uint8_t key[8];

	task_key(key, id);
	return row_get(w->desk, w->tx, w->arena, TABLE_TASK, slice_of(key, 8), row, e);
}

/* When the task must be looked at again, -1: never. */
static int64_t look_ms(struct work *w, const struct value *row)
{
	const struct value *state = value_get(row, "state");
	int64_t next = int_of(row, "next"), expires = int_of(row, "expires"),
		alarm = value_int_or(value_get(row, "alarm_at"), INT64_MAX), look;

	if (!value_is_text(state, "claimed") && !value_is_text(state, "waiting"))
		return -1;
	look = value_is_text(state, "claimed") || (next > w->now_ms && next < expires) ? next : expires;
	return alarm < look ? alarm : look;
}

/* The task's one timer; a row that has fired is gone already, and deleting it again does no harm. */
static void task_timer_update(struct work *w, const struct value *before, struct value *after)
{
	uint64_t id = TIMER_OF_TASK | (uint64_t)int_of(after, "id");
	int64_t at_ms = look_ms(w, after);
	uint8_t key[DUE_KEY_LEN];

	if (value_get(before, "timer_at") != NULL) {
		due_key(key, int_of(before, "timer_at"), id);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	value_unset(after, "timer_at");
	if (at_ms < 0)
		return;
	value_set(w->arena, after, "timer_at", value_int(at_ms));
	due_key(key, at_ms, id);
	tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
}

void task_save(struct work *w, const struct value *before, struct value *after)
{
	uint8_t key[8];

	task_timer_update(w, before, after);
	keys_update(w, before, after);
	task_key(key, int_of(after, "id"));
	row_put(w, TABLE_TASK, slice_of(key, 8), after);
}

/* ---- telling ------------------------------------------------------------------------------------------- */
static void notice(struct work *w, const char *topic, struct value data)
{
	struct value both = value_array(w->arena, 2);

	value_push(w->arena, &both, value_literal(topic));
	value_push(w->arena, &both, data);
	value_push(w->arena, &w->notices, both);
}

/* The fields of a task that topics, history and the pack are shown. */
static struct value task_brief(struct work *w, const struct value *row)
{
	static const char *const shown[] = {
		"id", "kind", "ticket", "no", "state", "attempts", "worker", "error", "n_ok", "n_failed"};
	struct value brief = value_map(w->arena, sizeof(shown) / sizeof(shown[0]) + 2);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL)
			value_add(w->arena, &brief, shown[i], *value_get(row, shown[i]));
	if (value_path(row, "data.op") != NULL)
		value_add(w->arena, &brief, "op", *value_path(row, "data.op"));
	return brief;
}

/* Topic task.KIND: adapters that listen need not poll. */
void task_announce(struct work *w, const struct value *row)
{
	struct slice kind = kind_of(row);

	notice(w, arena_printf(w->arena, "task.%.*s", (int)kind.n, (const char *)kind.p), task_brief(w, row));
}

static void tell_duty(struct work *w, const struct value *row)
{
	const struct value *queue = value_path(packs_catalog(w->desk->packs), "otherwise.queue");
	struct value data = task_brief(w, row);

	value_set(w->arena, &data, "task", *value_get(row, "id"));
	value_unset(&data, "id");
	value_add(w->arena, &data, "rung", value_literal("duty"));
	value_add(w->arena, &data, "queue", queue == NULL ? value_literal(OTHERWISE_QUEUE) : *queue);
	notice(w, "duty", data);
}

/* ---- from state to state ------------------------------------------------------------------------------- */
void task_wait(struct work *w, struct value *row, int64_t wait_ms)
{
	value_set(w->arena, row, "state", value_literal("waiting"));
	value_set(w->arena, row, "next",
		value_int(task_not_before(w->desk, kind_of(row), w->now_ms + wait_ms)));
	value_unset(row, "worker");
	value_unset(row, "finished");
	if (wait_ms == 0)
		task_announce(w, row);
}

/* What became of the task goes into the entry and into the history of its ticket. */
void task_record(struct work *w, const struct value *row)
{
	struct value said = task_brief(w, row);
	uint8_t key[16];

	if (value_get(row, "result") != NULL)
		value_add(w->arena, &said, "result", *value_get(row, "result"));
	value_set(w->arena, &w->extra, "task", said);
	if (value_get(row, "ticket") == NULL)
		return;
	store_be64(key, (uint64_t)int_of(row, "ticket"));
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, sizeof(key)), slice_of("", 0));
}

int task_end(struct work *w, struct value *row, const char *state, bool is_plain, struct err *e)
{
	const struct value *ticket = value_get(row, "ticket");
	struct value about;

	value_set(w->arena, row, "state", value_literal(state));
	value_set(w->arena, row, "finished", value_int(w->now_ms));
	task_announce(w, row);
	if (strcmp(state, "given_up") == 0)
		tell_duty(w, row);
	task_record(w, row);
	if (ticket == NULL || strcmp(state, "cancelled") == 0)
		return 0;
	about = task_brief(w, row);
	if (value_get(row, "result") != NULL)
		value_add(w->arena, &about, "result", *value_get(row, "result"));
	return ticket_told(w, value_int_or(ticket, 0), about, is_plain, e);
}

/* Doubles from attempt to attempt up to its limit. */
static int64_t backoff_ms(const struct desk *d, const struct value *row)
{
	int64_t wait = task_setting(d, kind_of(row), "backoff_ms"),
		max = task_setting(d, kind_of(row), "backoff_max_ms");

	for (int64_t n = int_of(row, "attempts"); n > 1 && wait < max; n--)
		wait *= 2;
	return wait < max ? wait : max;
}

int task_failed(struct work *w, struct value *row, const char *why, bool may_retry, int64_t after_ms,
	bool is_plain, struct err *e)
{
	int64_t attempts = int_of(row, "attempts");

	value_set(w->arena, row, "error", value_text(w->arena, why, strlen(why)));
	if (!may_retry || attempts >= task_setting(w->desk, kind_of(row), "attempts") ||
		w->now_ms >= int_of(row, "expires"))
		return task_end(w, row, "given_up", is_plain, e);
	task_wait(w, row, after_ms >= 0 ? after_ms : backoff_ms(w->desk, row));
	task_record(w, row);
	return 0;
}

/* Its time has come: the lease, the backoff or the task itself has ended. */
static int fire_waiting(struct work *w, struct value *row, bool is_plain, struct err *e)
{
	if (w->now_ms < int_of(row, "expires")) {
		task_announce(w, row); /* the backoff is over */
		return 0;
	}
	if (outbound_is_paused(w->desk, w->tx)) { /* not its fault that nobody may have it */
		value_set(
			w->arena, row, "expires", value_int(task_expires(w->desk, kind_of(row), w->now_ms)));
		return 0;
	}
	value_set(w->arena, row, "error",
		value_get(row, "error") == NULL ? value_literal("nobody claimed it before it expired")
						: *value_get(row, "error"));
	return task_end(w, row, "given_up", is_plain, e);
}

/*
 * Nobody has done it in the time that its kind's `alarm` gives: the duty desk is told, and the pack as of a
 * task whose state is "late". It goes on being tried.
 */
static int sound_alarm(struct work *w, struct value *row, bool is_plain, struct err *e)
{
	const struct value *ticket = value_get(row, "ticket");
	struct value about;

	value_unset(row, "alarm_at");
	value_set(w->arena, row, "late", value_bool(true));
	about = value_copy_map(w->arena, row);
	value_set(w->arena, &about, "state", value_literal("late"));
	tell_duty(w, &about);
	task_record(w, &about);
	about = task_brief(w, &about);
	return ticket == NULL ? 0 : ticket_told(w, value_int_or(ticket, 0), about, is_plain, e);
}

static bool is_alarm_due(struct work *w, const struct value *row)
{
	const struct value *state = value_get(row, "state");

	return value_get(row, "alarm_at") != NULL && int_of(row, "alarm_at") <= w->now_ms &&
	       (value_is_text(state, "claimed") || value_is_text(state, "waiting"));
}

int task_fire(struct work *w, int64_t task, bool is_plain, struct err *e)
{
	struct value before, after;
	const char *worker;
	int rc = task_load(w, task, &before, e);

	if (rc <= 0)
		return rc;
	after = value_copy_map(w->arena, &before);
	worker = value_cstr(w->arena, value_get(&before, "worker"));
	if (is_alarm_due(w, &before)) /* what else is due then has the next timer */
		rc = sound_alarm(w, &after, is_plain, e);
	else if (value_is_text(value_get(&before, "state"), "claimed"))
		rc = task_failed(w, &after,
			arena_printf(w->arena, "the lease of %s ended without an answer",
				worker == NULL ? "?" : worker),
			true, -1, is_plain, e);
	else if (value_is_text(value_get(&before, "state"), "waiting"))
		rc = fire_waiting(w, &after, is_plain, e);
	else
		rc = 0;
	if (rc == 0)
		task_save(w, &before, &after);
	return rc;
}

int task_put_off(struct work *w, int64_t task, struct err *e)
{
	struct value row;
	int64_t at_ms = w->now_ms + TASK_PUT_OFF_MS;
	uint8_t key[8], due[DUE_KEY_LEN];
	int rc = task_load(w, task, &row, e);

	if (rc <= 0)
		return rc;
	value_set(w->arena, &row, "timer_at", value_int(at_ms));
	task_key(key, task);
	row_put(w, TABLE_TASK, slice_of(key, 8), &row);
	due_key(due, at_ms, TIMER_OF_TASK | (uint64_t)task);
	tx_put(w->tx, TABLE_TIMER, slice_of(due, sizeof(due)), slice_of("", 0));
	return 0;
}
