/* A decision's tasks: checked against the catalog, then staged beside the ticket they belong to. */
#include <string.h>

#include "desk/tasks.h"

static int check_task(struct work *w, uint32_t n, const struct value *task, struct err *e)
{
	const struct value *kind = value_get(task, "kind"), *data = value_get(task, "data"),
			   *declared = value_get(packs_catalog(w->desk->packs), "tasks");
	struct buf b;
	bool is_full;

	if (!value_is(kind, VALUE_TEXT) || kind->n == 0 || kind->n > 100)
		return err_set(e, ERR_REJECTED, "the decision's task %u needs a kind", n);
	if (value_get_n(declared, kind->as.text, kind->n) == NULL)
		return err_set(e, ERR_REJECTED,
			"the decision's task %u is of kind \"%s\", which the pack does not declare", n,
			value_cstr(w->arena, kind));
	if (data != NULL && data->type != VALUE_MAP && !(data->type == VALUE_ARRAY && data->n == 0))
		return err_set(e, ERR_REJECTED, "the data of the decision's task %u is %s, expected a map", n,
			value_type_name(data));
	if (value_get(data, "numbers") != NULL && batch_check(w, n, value_get(data, "numbers"), e) != 0)
		return -1;
	buf_init(&b, TASK_BYTES_MAX);
	value_encode(&b, task);
	is_full = b.is_full;
	buf_fini(&b);
	return is_full ? err_set(e, ERR_REJECTED, "the decision's task %u has more than %zu bytes", n,
				 TASK_BYTES_MAX)
		       : 0;
}

int tasks_check(struct work *w, const struct value *tasks, struct err *e)
{
	if (tasks == NULL || (tasks->type == VALUE_MAP && tasks->n == 0))
		return 0;
	if (tasks->type != VALUE_ARRAY)
		return err_set(e, ERR_REJECTED, "the decision's tasks is %s, expected a list",
			value_type_name(tasks));
	if (w->n_tasks + tasks->n > TASKS_A_DECISION)
		return err_set(e, ERR_REJECTED, "the decision asks for %u tasks; at most %d",
			w->n_tasks + tasks->n, TASKS_A_DECISION);
	for (uint32_t i = 0; i < tasks->n; i++)
		if (check_task(w, i + 1, &tasks->as.items[i], e) != 0)
			return -1;
	return 0;
}

/* "{no}" and "{id}" in texts: only the core knows them when a ticket comes in. */
static struct value fill_text(struct work *w, const struct value *text, const struct value *ticket)
{
	struct slice no = value_slice(value_get(ticket, "no"));
	const char *p = text->as.text, *end = p + text->n, *brace;
	struct value out;
	struct buf b;

	if (text->n == 4 && memcmp(p, "{id}", 4) == 0)
		return *value_get(ticket, "id");
	buf_init(&b, TASK_BYTES_MAX);
	while ((brace = memchr(p, '{', (size_t)(end - p))) != NULL) {
		buf_add(&b, p, (size_t)(brace - p));
		p = brace;
		if (end - p >= 4 && memcmp(p, "{no}", 4) == 0) {
			buf_add(&b, no.p, no.n);
			p += 4;
		} else if (end - p >= 4 && memcmp(p, "{id}", 4) == 0) {
			buf_printf(&b, "%jd", (intmax_t)value_int_or(value_get(ticket, "id"), 0));
			p += 4;
		} else {
			buf_add(&b, p++, 1);
		}
	}
	buf_add(&b, p, (size_t)(end - p));
	out = value_text(w->arena, (const char *)b.p, b.n);
	buf_fini(&b);
	return out;
}

static struct value fill(struct work *w, const struct value *v, const struct value *ticket)
{
	struct value out = *v;

	if (v->type == VALUE_TEXT && memchr(v->as.text, '{', v->n) != NULL)
		return fill_text(w, v, ticket);
	if (v->type == VALUE_ARRAY) {
		out = value_array(w->arena, v->n);
		for (uint32_t i = 0; i < v->n; i++)
			value_push(w->arena, &out, fill(w, &v->as.items[i], ticket));
	} else if (v->type == VALUE_MAP) {
		out = value_copy_map(w->arena, v);
		for (uint32_t i = 0; i < v->n; i++)
			out.as.pairs[i].val = fill(w, &v->as.pairs[i].val, ticket);
	}
	return out;
}

struct value task_data(struct work *w, const struct value *data, const struct value *ticket)
{
	return fill(w, data, ticket);
}

static struct value new_task(
	struct work *w, const struct value *task, const struct value *ticket, int64_t job)
{
	struct arena *a = w->arena;
	const struct value *data = value_get(task, "data");
	struct slice kind = value_slice(value_get(task, "kind"));
	int64_t next = task_not_before(w->desk, kind, w->now_ms);
	struct value row = value_map(a, 21);

	value_add(a, &row, "id", value_int((int64_t)(tx_seq(w->tx) * TASKS_AN_ENTRY + w->n_tasks++)));
	value_add(a, &row, "kind", *value_get(task, "kind"));
	value_add(a, &row, "ticket", *value_get(ticket, "id"));
	value_add(a, &row, "no", *value_get(ticket, "no"));
	value_add(a, &row, "data", value_is(data, VALUE_MAP) ? fill(w, data, ticket) : value_map(a, 0));
	value_add(a, &row, "state", value_literal("waiting"));
	value_add(a, &row, "created", value_int(w->now_ms));
	value_add(a, &row, "expires", value_int(task_expires(w->desk, kind, w->now_ms)));
	value_add(a, &row, "attempts", value_int(0));
	value_add(a, &row, "next", value_int(next));
	if (task_setting(w->desk, kind, "alarm_ms") > 0)
		value_add(a, &row, "alarm_at", value_int(next + task_setting(w->desk, kind, "alarm_ms")));
	if (value_is(value_get(data, "numbers"), VALUE_ARRAY))
		value_add(a, &row, "n_numbers", value_int(value_get(data, "numbers")->n));
	if (job != 0)
		value_add(a, &row, "job", value_int(job));
	return row;
}

/* The open ones of a kind that this ticket asked for. */
static int open_of(struct work *w, struct slice kind, int64_t ticket, struct value *rows, struct err *e)
{
	struct slice prefix = task_prefix(w->arena, 'a', kind);
	struct scan s;
	int got = 0, n = 0;

	scan_init(&s, w->desk->store, w->tx, TABLE_TASK, prefix, key_after(w->arena, prefix), false);
	while (n++ < WITHDRAW_LOOKS && (got = scan_next(&s, e)) == 1) {
		struct value row;

		got = task_load(w, (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8), &row, e);
		if (got < 0)
			break;
		if (got == 1 && value_int_or(value_get(&row, "ticket"), 0) == ticket)
			value_push(w->arena, rows, row);
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

int tasks_withdraw(struct work *w, const struct value *list, const struct value *ticket, struct err *e)
{
	int64_t id = value_int_or(value_get(ticket, "id"), 0);

	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		struct value rows = value_array(w->arena, 4);

		if (open_of(w, value_slice(value_get(&list->as.items[i], "kind")), id, &rows, e) != 0)
			return -1;
		for (uint32_t k = 0; k < rows.n; k++) {
			struct value after = value_copy_map(w->arena, &rows.as.items[k]);

			value_set(w->arena, &after, "error", value_literal("withdrawn by the pack"));
			if (task_end(w, &after, "cancelled", true, e) != 0)
				return -1;
			task_save(w, &rows.as.items[k], &after);
		}
	}
	return 0;
}

void tasks_put(struct work *w, const struct value *tasks, const struct value *ticket)
{
	tasks_put_of_job(w, tasks, ticket, 0);
}

void tasks_put_of_job(struct work *w, const struct value *tasks, const struct value *ticket, int64_t job)
{
	const struct value *noted = value_get(&w->extra, "tasks");
	struct value said = noted == NULL ? value_array(w->arena, 2) : *noted;

	if (tasks == NULL || tasks->n == 0 || w->is_import)
		return;
	if (value_true(value_path(
		    ticket, "fields.drill"))) { /* 演练: what would have gone out is noted, no more */
		value_set(w->arena, &w->extra, "drill_tasks", *tasks);
		return;
	}
	for (uint32_t i = 0; i < tasks->n; i++) {
		struct value row = new_task(w, &tasks->as.items[i], ticket, job),
			     brief = value_map(w->arena, 3);

		task_save(w, NULL, &row);
		task_announce(w, &row);
		value_add(w->arena, &brief, "id", *value_get(&row, "id"));
		value_add(w->arena, &brief, "kind", *value_get(&row, "kind"));
		value_add(w->arena, &brief, "ticket", *value_get(&row, "ticket"));
		value_push(w->arena, &said, brief);
	}
	value_set(w->arena, &w->extra, "tasks", said);
}

/* ---- erasing by law ------------------------------------------------------------------------------------ */
static int task_erase(struct work *w, int64_t id, struct err *e)
{
	static const char *const kept[] = {"id", "kind", "ticket", "no", "state", "created", "expires",
		"attempts", "next", "finished", "late", "n_ok", "n_failed"};
	struct value before, after = value_map(w->arena, sizeof(kept) / sizeof(kept[0]) + 2);
	int got = task_load(w, id, &before, e);
	const char *state;

	if (got <= 0)
		return got;
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (value_get(&before, kept[i]) != NULL)
			value_add(w->arena, &after, kept[i], *value_get(&before, kept[i]));
	state = task_state(w, &before);
	if (strcmp(state, "done") != 0 && strcmp(state, "cancelled") != 0 &&
		task_end(w, &after, "cancelled", true, e) != 0)
		return -1;
	task_save(w, &before, &after);
	return 0;
}

int tasks_erase(struct work *w, const struct value *event, int64_t ticket, struct err *e)
{
	const struct value *tasks = value_get(event, "tasks");

	for (uint32_t i = 0; tasks != NULL && i < tasks->n; i++) {
		const struct value *task = &tasks->as.items[i];

		if (value_int_or(value_get(task, "ticket"), 0) == ticket &&
			task_erase(w, value_int_or(value_get(task, "id"), 0), e) != 0)
			return -1;
	}
	return 0;
}
