/* fsck: the keys of the outbox say what its tasks say, and every task that waits has its timer. */
#include "desk/tasks.h"

struct check {
	struct store *store;
	struct arena arena;
	void (*say)(void *, const char *);
	void *udata;
	uint64_t n_rows, n_keys; /* seen · that there must be */
	uint64_t n_timers, n_timers_seen;
	int n_found;
};

static void say(struct check *c, uint64_t id, const char *what)
{
	char line[200];

	snprintf(line, sizeof(line), "task %ju: %s", (uintmax_t)id, what);
	c->say(c->udata, line);
	c->n_found++;
}

static bool is_there(struct check *c, enum table table, struct slice key, struct err *e)
{
	struct slice val;

	return store_get(c->store, table, key, &val, e) == 1;
}

static void check_task(struct check *c, uint64_t id, struct slice bytes, struct err *e)
{
	struct slice keys[TASK_KEYS_MAX];
	uint8_t due[DUE_KEY_LEN];
	struct value row;
	int64_t at_ms;
	int n;

	if (value_decode(&c->arena, bytes, &row, e) != 0) {
		say(c, id, "the row cannot be read");
		return;
	}
	n = task_index_keys(&c->arena, &row, keys);
	c->n_keys += (uint64_t)n;
	for (int i = 0; i < n; i++)
		if (!is_there(c, TABLE_TASK, keys[i], e))
			say(c, id,
				arena_printf(&c->arena, "its key in list %c is missing",
					*(const char *)keys[i].p));
	if (!value_as_int(value_get(&row, "timer_at"), &at_ms))
		return;
	c->n_timers++;
	due_key(due, at_ms, TIMER_OF_TASK | id);
	if (!is_there(c, TABLE_TIMER, slice_of(due, sizeof(due)), e))
		say(c, id, "its timer is missing");
}

static int check_tasks(struct check *c, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, c->store, NULL, TABLE_TASK, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		c->n_rows++;
		if (s.key.n != 8)
			continue;
		c->n_keys++; /* its own row */
		arena_reset(&c->arena);
		check_task(c, load_be64(s.key.p), s.val, e);
	}
	scan_fini(&s);
	return got;
}

static int count_timers(struct check *c, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, c->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1)
		c->n_timers_seen += s.key.n == DUE_KEY_LEN &&
				    timer_owner(load_be64((const uint8_t *)s.key.p + 8)) == TIMER_OF_TASK;
	scan_fini(&s);
	return got;
}

static void compare(struct check *c, const char *what, uint64_t n, uint64_t expected)
{
	char line[200];

	if (n == expected)
		return;
	snprintf(line, sizeof(line), "there are %ju %s, %ju are asked for", (uintmax_t)n, what,
		(uintmax_t)expected);
	c->say(c->udata, line);
	c->n_found++;
}

int tasks_fsck(struct store *store, void (*say_line)(void *, const char *), void *udata)
{
	struct check c = {.store = store, .say = say_line, .udata = udata};
	char line[700];
	struct err e;

	arena_init(&c.arena, (size_t)1024 * 1024);
	if (check_tasks(&c, &e) != 0 || count_timers(&c, &e) != 0) {
		snprintf(line, sizeof(line), "the check of tasks stopped after %ju rows: %s",
			(uintmax_t)c.n_rows, e.text);
		say_line(udata, line);
		c.n_found++;
	} else {
		compare(&c, "rows of tasks and their keys", c.n_rows, c.n_keys);
		compare(&c, "timers of tasks", c.n_timers_seen, c.n_timers);
	}
	arena_fini(&c.arena);
	return c.n_found;
}
