/* What a ticket and a task have to do with the lists: facts of a create, results per number (affected.h). */
#include <string.h>

#include "affected_int.h"
#include "tasks.h"

void affected_fact(struct work *w, const struct value *row, struct value *facts)
{
	const struct value *subject = value_get(row, "subject");
	struct affected *x = w->desk->affected;
	const struct fault_case *c;
	struct numset_item item;
	struct part *p;
	struct value v;
	uint64_t number;

	if (numset_count(x->set) == 0 || !value_is_text(value_get(subject, "type"), "mobile"))
		return;
	number = numset_number(value_slice(value_get(subject, "id")));
	if (number == 0 || !number_strongest(x, number, &p, &item) || STATE_OF(item.flags) == STATE_REVIEW)
		return;
	v = value_map(w->arena, 9);
	if (STAGE_OF(item.flags) == STAGE_FAILED) /* else it is over; but who was told may complain again */
		value_add(w->arena, &v, "state",
			value_literal(STATE_OF(item.flags) == STATE_AFFECTED ? "affected" : "potential"));
	value_add(w->arena, &v, "stage", value_literal(stage_names[STAGE_OF(item.flags)]));
	value_add(w->arena, &v, "complained", value_bool(COMPLAINED(item.flags)));
	value_add(w->arena, &v, "fault", value_literal(p->fault));
	value_add(w->arena, &v, "since", value_int(p->opened_ms - SINCE_BACK_MS + (int64_t)item.since));
	c = case_of(x, p);
	if (c != NULL)
		case_say(w->arena, c, &v);
	value_add(w->arena, facts, "number", v);
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

			if (stage == STAGE_TOLD && STAGE_OF(found[k].flags) != STAGE_FIXED)
				continue; /* it was told of something else: it still fails */
			if (got < 0 || (got == 1 && edit_settle(edit, pe, number, stage, &moved, e) != 0))
				return -1;
		}
	}
	return affected_end(edit, e);
}
