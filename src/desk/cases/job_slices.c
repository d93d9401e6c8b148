/* What the slices of jobs do: act on children, hang open tickets on a case. */
#include <string.h>

#include "desk/cases.h"
#include "desk/tasks.h"
#include "jobs_int.h"

static bool stands_in(const struct value *list, const struct value *v)
{
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && v != NULL && i < list->n; i++)
		if (value_equal(&list->as.items[i], v))
			return true;
	return false;
}

/* ---- children ------------------------------------------------------------------------------------------ */
bool job_applies(
	const struct desk *d, const struct value *row, const char *action, const struct value *stages)
{
	const struct value *kind = packs_kind(d->packs, value_get(row, "kind")),
			   *from = value_get(value_get(value_get(kind, "actions"), action), "from");

	return stands_in(from, value_get(row, "stage")) &&
	       (stages == NULL || stands_in(stages, value_get(row, "stage")));
}

/* The action on one child. 0 and its outcome is noted, -1 when the store fails. */
static int act_on(struct work *w, struct value *job, int64_t id, uint32_t *n_changed, struct err *e)
{
	const char *action = value_cstr(w->arena, value_get(job, "action"));
	struct value before, after, args = value_map(w->arena, 3);
	struct work was;
	struct err why;

	if (ticket_load(w->desk, w->tx, w->arena, id, &before, e) != 0)
		return -1;
	if (!job_applies(w->desk, &before, action, value_get(job, "stages"))) {
		job_note(w, job, id, false, value_cstr(w->arena, value_get(&before, "stage")));
		return 0;
	}
	value_add(w->arena, &args, "action", *value_get(job, "action"));
	if (value_get(job, "data") != NULL)
		value_add(w->arena, &args, "data", *value_get(job, "data"));
	work_part(w, &was);
	if (ticket_do(w, &before, &args, &after, &why) == 0) {
		work_part_keep(w);
		job_note(w, job, id, true, NULL);
		++*n_changed;
		return 0;
	}
	work_part_drop(w, &was);
	if (why.code == ERR_STORAGE || why.code == ERR_INTERNAL) {
		*e = why;
		return -1;
	}
	job_note(w, job, id, false, why.text);
	return 0;
}

int job_next_children(struct work *w, const struct value *job, int64_t *ids, int max, int *n, struct err *e)
{
	int64_t incident = int_of(job, "ticket");
	struct scan s;
	int got = 0;

	*n = 0;
	scan_init(&s, w->desk->store, w->tx, TABLE_INDEX,
		case_child_key(w->arena, incident, int_of(job, "cursor")),
		case_child_key(w->arena, incident + 1, -1), false);
	while (*n < max && (got = scan_next(&s, e)) == 1)
		ids[(*n)++] = (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8);
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

int job_children(struct work *w, struct value *job, bool *is_over, struct err *e)
{
	int64_t ids[JOB_LOOKS];
	uint32_t n_changed = 0;
	int n, i;

	if (job_next_children(w, job, ids, JOB_LOOKS, &n, e) != 0)
		return -1;
	for (i = 0; i < n && n_changed < JOB_CHANGES; i++) {
		if (act_on(w, job, ids[i], &n_changed, e) != 0)
			return -1;
		value_set(w->arena, job, "cursor", value_int(ids[i]));
	}
	*is_over = i == n && n < JOB_LOOKS;
	return 0;
}

/* ---- attach -------------------------------------------------------------------------------------------- */
/* Ask whether this one hangs on the case, and hang it there. */
static int attach_one(struct work *w, struct value *job, const struct value *before, struct err *e)
{
	struct value facts = facts_base(w), ticket = value_copy_map(w->arena, before), decision, after;
	uint32_t n_decisions = w->decisions.n;
	const struct value *links;
	struct err why;

	ticket_show(&ticket);
	value_add(w->arena, &facts, "ticket", ticket);
	if (cases_fact_one(w, int_of(job, "ticket"), &facts, e) != 0)
		return -1;
	if (work_ask(w, "attach", &facts, &decision, &why) != 0)
		return 0;
	links = value_get(&decision, "links");
	if (links == NULL || links->n == 0) {
		w->decisions.n = n_decisions;
		return 0;
	}
	after = value_copy_map(w->arena, before);
	if (decision_apply(w, &decision, &after, &why) != 0) {
		w->decisions.n = n_decisions;
		job_note(w, job, int_of(before, "id"), false, why.text);
		return 0;
	}
	job_note(w, job, int_of(before, "id"), true, NULL);
	return ticket_save(w, before, &after, e);
}

/* Ids of the index of one name, newest first, below `below`. */
static int ids_below(struct work *w, enum index_id index, const struct value *name, int64_t below,
	int64_t *ids, int *n, struct err *e)
{
	struct slice text = value_slice(name),
		     prefix = index_prefix(w->arena, w->desk->lexicon, index, &text, 1);
	struct scan s;
	int got = 0;

	*n = 0;
	scan_init(&s, w->desk->store, w->tx, TABLE_INDEX, prefix,
		task_numbers_key(w->arena, prefix, &below, 1), true);
	while (*n < JOB_LOOKS && (got = scan_next(&s, e)) == 1)
		ids[(*n)++] = (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8);
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

/* From the cursor down to tickets older than `since`, name by name; `name` and `cursor` say where it is. */
int job_attach(struct work *w, struct value *job, bool *is_over, struct err *e)
{
	const struct value *names = value_get(job, "names");
	enum index_id index = value_is_text(value_get(job, "of"), "category") ? INDEX_CATEGORY : INDEX_CITY;
	int64_t name = int_of(job, "name"), below = value_int_or(value_get(job, "cursor"), INT64_MAX),
		since = int_of(job, "since"), ids[JOB_LOOKS], n_before = int_of(job, "n_done");
	bool is_old = false;
	int n, i;

	if (ids_below(w, index, value_at(names, (uint32_t)name), below, ids, &n, e) != 0)
		return -1;
	for (i = 0; i < n && !is_old && int_of(job, "n_done") - n_before < JOB_CHANGES; i++) {
		struct value row;

		if (ticket_load(w->desk, w->tx, w->arena, ids[i], &row, e) != 0)
			return -1;
		value_set(w->arena, job, "cursor", value_int(ids[i]));
		is_old = int_of(&row, "created") < since && value_get(&row, "outcome") == NULL;
		if (int_of(&row, "created") >= since && ticket_is_open(&row) &&
			(value_get(&row, "parent") == NULL ||
				int_of(&row, "parent") == int_of(job, "of_case")) &&
			ids[i] != int_of(job, "ticket") && attach_one(w, job, &row, e) != 0)
			return -1;
	}
	if (!is_old && (i < n || n == JOB_LOOKS)) {
		*is_over = false;
		return 0;
	}
	value_set(w->arena, job, "name", value_int(name + 1));
	value_unset(job, "cursor");
	*is_over = name + 1 >= names->n;
	return 0;
}
