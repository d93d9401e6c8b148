/* What a ticket and a task have to do with the lists: facts of a create, results per number (affected.h). */
#include <string.h>

#include "affected_int.h"
#include "desk/tasks.h"

/* Whether it was told that it works, also when it has failed again since: then only its row knows. */
static bool was_told(struct work *w, const struct part *p, uint64_t number, uint8_t flags)
{
	uint8_t key[13];
	struct listed x;
	struct slice val;
	struct err e;

	if (STATE_OF(flags) == STATE_REVIEW || STAGE_OF(flags) == STAGE_TOLD)
		return STATE_OF(flags) != STATE_REVIEW;
	number_key(key, p->id, number);
	return tx_get(w->tx, TABLE_NUMBER, slice_of(key, sizeof(key)), &val, &e) == 1 &&
	       entry_decode(val, p->opened_ms, &x) && x.was_told;
}

/* The open cases whose lists say that the number was told. */
static struct value told_cases(struct work *w, uint64_t number)
{
	struct affected *x = w->desk->affected;
	struct numset_item found[64];
	uint32_t n = numset_find(x->set, number, found, 64);
	struct value cases = value_array(w->arena, 2);

	for (uint32_t i = 0; i < n; i++) {
		const struct part *p = part_of_slot(x, found[i].part);

		if (p == NULL || p->is_closed || p->n_incidents == 0 ||
			!was_told(w, p, number, found[i].flags))
			continue;
		for (uint32_t k = 0; k < p->n_incidents; k++)
			if (case_find(x, p->incidents[k]) != NULL)
				value_push(w->arena, &cases, value_int(p->incidents[k]));
	}
	return cases;
}

/* The fault that hits it now: nothing of one that has ended, or of a review. */
static void add_hit(struct affected *x, struct arena *a, uint64_t number, struct value *out)
{
	const struct fault_case *c;
	struct numset_item item;
	struct part *p;

	if (!number_strongest(x, number, &p, &item) || STATE_OF(item.flags) == STATE_REVIEW ||
		STAGE_OF(item.flags) != STAGE_FAILED)
		return;
	value_add(a, out, "state",
		value_literal(STATE_OF(item.flags) == STATE_AFFECTED ? "affected" : "potential"));
	value_add(a, out, "complained", value_bool(COMPLAINED(item.flags)));
	value_add(a, out, "fault", value_literal(p->fault));
	value_add(a, out, "since", value_int(p->opened_ms - SINCE_BACK_MS + (int64_t)item.since));
	c = case_of(x, p);
	if (c != NULL)
		case_say(a, c, out);
}

void affected_fact_of(struct work *w, struct slice text, struct value *facts)
{
	struct affected *x = w->desk->affected;
	uint64_t number = numset_count(x->set) == 0 ? 0 : numset_number(text);
	struct value v, told;

	if (number == 0)
		return;
	v = value_map(w->arena, 8);
	add_hit(x, w->arena, number, &v);
	told = told_cases(w, number);
	if (told.n > 0)
		value_add(w->arena, &v, "told", told);
	if (v.n > 0)
		value_add(w->arena, facts, "number", v);
}

void affected_fact(struct work *w, const struct value *row, struct value *facts)
{
	const struct value *subject = value_get(row, "subject");

	if (value_is_text(value_get(subject, "type"), "mobile"))
		affected_fact_of(w, value_slice(value_get(subject, "id")), facts);
}

/*
 * What a task that tells says of a number. One that still fails was told of something else, unless the task
 * is of its own case, which the pack says is over, and nothing failed since the task was made.
 */
static int is_told(struct affected_edit *edit, const struct part_edit *p, uint64_t number,
	const struct value *task, struct err *e)
{
	struct listed x;
	int got = entry_get(edit, p, number, &x, e);

	if (got != 1 || STAGE_OF(x.flags) == STAGE_FIXED)
		return got;
	return STAGE_OF(x.flags) == STAGE_FAILED && STATE_OF(x.flags) == STATE_AFFECTED &&
	       part_has_incident(&p->part, value_int_or(value_get(task, "ticket"), 0)) &&
	       x.last_ms <= value_int_or(value_get(task, "created"), 0);
}

int affected_task(struct work *w, const struct value *task, const struct value *results, struct err *e)
{
	struct affected *x = w->desk->affected;
	const struct value *kinds = value_get(packs_catalog(w->desk->packs), "tasks"),
			   *says = value_get(value_get_n(kinds, value_slice(value_get(task, "kind")).p,
						     value_slice(value_get(task, "kind")).n),
				   "numbers");
	enum number_stage stage = value_is_text(says, "told") ? STAGE_TOLD : STAGE_FIXED;
	struct affected_edit *edit;

	if (says == NULL || results == NULL || results->type != VALUE_ARRAY)
		return 0;
	edit = affected_begin(w);
	for (uint32_t i = 0; i < results->n; i++) {
		uint64_t number = numset_number(value_slice(value_get(&results->as.items[i], "number")));
		struct numset_item found[64];
		uint32_t n = number == 0 || !value_true(value_get(&results->as.items[i], "ok"))
				     ? 0
				     : numset_find(x->set, number, found, 64);

		for (uint32_t k = 0; k < n; k++) {
			const struct part *p = part_of_slot(x, found[k].part);
			struct part_edit *pe;
			bool moved;
			int got = p == NULL || p->is_closed ? 0 : edit_part_by_id(edit, p->id, &pe, e);

			if (got == 1 && stage == STAGE_TOLD)
				got = is_told(edit, pe, number, task, e);
			if (got < 0 || (got == 1 && edit_settle(edit, pe, number, stage, &moved, e) != 0))
				return -1;
		}
	}
	return affected_end(edit, e);
}
