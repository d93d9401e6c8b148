/*
 * A warning that stands without a case: its case was closed or cancelled, or could not be opened. Nobody would
 * notice; so the pack is asked at each close (warning = "caseless"). What it says is told once, and shown until
 * the key has a case again or the pack says nothing any more; it may open a case, as after an hour.
 *
 *   row.caseless = {since, incident=the case that it had, was=what became of that}
 */
#include <string.h>

#include "warn_int.h"

/* Since when; of one that never had a case since it was seen to have none. */
static int mark(struct work *w, int64_t was, const struct value *row, struct value *out, struct err *e)
{
	const struct value *old = value_get(row, "caseless");
	int64_t since_ms = value_int_or(value_get(row, "since"), w->now_ms);
	struct value ticket;

	*out = value_map(w->arena, 3);
	if (was == 0) {
		value_add(w->arena, out, "since", value_int(value_int_or(value_get(old, "since"), since_ms)));
		return 0;
	}
	if (ticket_load(w->desk, w->tx, w->arena, was, &ticket, e) != 0)
		return -1;
	value_add(w->arena, out, "since", value_int(value_int_or(value_get(&ticket, "closed"), since_ms)));
	value_add(w->arena, out, "incident", value_int(was));
	value_add(w->arena, out, "was", *value_get(&ticket, "status"));
	return 0;
}

/* The record of the case it had stays: only a new one takes its place. */
static int keep(struct work *w, struct wkey *k, int64_t was, struct value *row)
{
	k->incident = was;
	if (was != 0)
		value_set(w->arena, row, "incident", value_int(was));
	wkey_put(w, k, row);
	return 1;
}

static void tell(struct work *w, const struct wkey *k, const struct value *row, const struct value *say)
{
	struct value data = warn_brief(w, k, row);

	value_set(w->arena, &data, "event", value_literal("caseless"));
	value_set(w->arena, &data, "rung", value_literal("duty"));
	value_set(w->arena, &data, "note", *say);
	warn_notice(w, "duty", data);
}

int warn_caseless(
	struct work *w, struct wkey *k, int64_t was, int64_t end_ms, struct value *row, struct err *e)
{
	struct warn_event event = {.event = "caseless", .from = k->level, .at_ms = end_ms};
	const struct value *open, *say, *old = value_get(row, "caseless");
	uint32_t n_decisions = w->decisions.n;
	struct value facts, decision, now;
	bool is_told;

	if (mark(w, was, row, &now, e) != 0)
		return -1;
	is_told = old != NULL && value_equal(old, &now);
	value_set(w->arena, row, "caseless", now);
	if (warn_whole_of(w, k) == NULL)
		value_unset(row, "parent");
	if (warn_facts(w, k, &event, row, &facts, e) != 0 ||
		work_ask(w, "warning", &facts, &decision, e) != 0)
		return -1;
	open = value_get(&decision, "open");
	say = value_get(&decision, "say");
	if (open != NULL && open->n > 0) { /* asked again, with what follows; who was called is called anew */
		w->decisions.n = n_decisions;
		value_unset(row, "told");
		return warn_happened(w, k, &event, row, false, e) == 0 ? 1 : -1;
	}
	if ((say != NULL) == is_told)
		return 0;
	if (say != NULL)
		tell(w, k, row, say);
	else
		value_unset(row, "caseless");
	warn_noted(w, k, &event);
	return keep(w, k, was, row);
}
