/* What of a ticket's clocks others are told: rules, timers, indexes, people. */
#include <string.h>

#include "desk_int.h"
#include "tocsin/ledgers.h"
#include "tocsin/log.h"

int clocks_slots(struct work *w, const struct value *row, bool is_mine, struct ledger_slot **slots,
	uint32_t *n, struct err *e)
{
	struct slice bytes = value_slice(value_get(row, "clocks"));

	if (bytes.p == NULL || w->read_clocks != bytes.p) {
		w->read_clocks = NULL;
		if (ledgers_decode(w->arena, w->desk->lexicon, bytes, &w->slots, &w->n_slots, e) != 0)
			return -1;
		w->read_clocks = bytes.p;
	}
	*slots = w->slots;
	*n = w->n_slots;
	if (is_mine)
		w->read_clocks = NULL;
	return 0;
}

static const struct ledger_slot *slots_of(struct work *w, const struct value *row, uint32_t *n)
{
	struct ledger_slot *slots;
	struct err e;

	if (clocks_slots(w, row, false, &slots, n, &e) == 0)
		return slots;
	log_line(LOG_ERROR, "ticket.clocks", "ticket=%jd error=\"%s\"",
		(intmax_t)value_int_or(value_get(row, "id"), 0), e.text);
	*n = 0;
	return NULL;
}

struct value clock_about(struct work *w, const struct value *row, const char *clock, int percent)
{
	struct value about = value_map(w->arena, 7);
	uint32_t n;
	const struct ledger_slot *slots = slots_of(w, row, &n);

	value_add(w->arena, &about, "kind", value_literal("clock"));
	value_add(w->arena, &about, "clock", value_literal(clock));
	value_add(w->arena, &about, "percent", value_int(percent));
	for (uint32_t i = 0; i < n; i++) {
		const struct ledger_terms *t = ledger_terms(&slots[i].ledger);

		if (strcmp(slots[i].ledger.name, clock) != 0)
			continue;
		for (uint32_t k = 0; k < t->n_percents; k++)
			if (t->percents[k].percent == percent && t->percents[k].rule != NULL) {
				value_add(w->arena, &about, "rule", value_literal(t->percents[k].rule));
				break;
			}
	}
	return about;
}

struct value facts_clocks(struct work *w, const struct value *ticket)
{
	const struct value *fired = value_get(ticket, "fired");
	uint32_t n;
	const struct ledger_slot *slots = slots_of(w, ticket, &n);
	struct value out = value_map(w->arena, n);

	for (uint32_t i = 0; i < n; i++) {
		const struct ledger *l = &slots[i].ledger;
		struct value one = value_map(w->arena, 6);

		value_add(w->arena, &one, "goal", value_int(ledger_terms(l)->goal));
		value_add(w->arena, &one, "unit", value_literal(unit_name(ledger_terms(l)->unit)));
		if (l->due.is_known)
			value_add(w->arena, &one, "due", value_int(l->due.at_ms));
		value_add(w->arena, &one, "state",
			value_literal(ledger_is_stopped(l)  ? "stopped"
				      : ledger_is_paused(l) ? "paused"
							    : "running"));
		value_add(w->arena, &one, "statutory", value_bool(l->is_statutory));
		value_add(w->arena, &one, "percent", value_int(value_int_or(value_get(fired, l->name), 0)));
		value_add(w->arena, &out, l->name, one);
	}
	return out;
}

struct value clocks_shown(struct work *w, const struct value *row)
{
	uint32_t n;
	const struct ledger_slot *slots = slots_of(w, row, &n);
	struct value out = value_map(w->arena, n);

	for (uint32_t i = 0; i < n; i++)
		value_add(w->arena, &out, slots[i].ledger.name, ledger_to_value(w->arena, &slots[i].ledger));
	return out;
}

int64_t clocks_due_next(const struct lexicon *lexicon, const struct value *row)
{
	const struct value *due = value_get(row, "due");
	struct ledger_heads heads;
	struct ledger_head h;
	int64_t next = INT64_MAX;
	uint64_t is_moving = 0; /* bit i: the i-th due stands still with a paused clock */

	ledger_heads_init(&heads, lexicon, value_slice(value_get(row, "clocks")));
	while (due != NULL && ledger_heads_next(&heads, &h))
		for (uint32_t i = 0; h.is_due_paused && i < due->n && i < 64; i++)
			if (slice_cmp(value_slice(&due->as.pairs[i].key), h.name) == 0)
				is_moving |= UINT64_C(1) << i;
	for (uint32_t i = 0; due != NULL && i < due->n; i++) {
		int64_t at = value_int_or(&due->as.pairs[i].val, INT64_MAX);

		if ((i >= 64 || (is_moving >> i & 1) == 0) && at < next)
			next = at;
	}
	return next;
}

bool clocks_wait_for_year(const struct value *row)
{
	struct ledger_heads heads;
	struct ledger_head h;

	ledger_heads_init(&heads, NULL, value_slice(value_get(row, "clocks")));
	while (ledger_heads_next(&heads, &h))
		if (!h.is_due_known && !h.is_stopped)
			return true;
	return false;
}
