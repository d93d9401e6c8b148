/* ticket.act, contact.add: get the ticket, ask the rules, apply, save. */
#include <string.h>

#include "affected.h"
#include "cases.h"
#include "grants.h"
#include "heard.h"
#include "names.h"
#include "sources.h"
#include "warn.h"

#define CHILDREN_MAX 64
#define ACTS_MAX 8
#define CONTACT_TIMES 20 /* of a ticket, the newest; all are counted */

struct value ticket_facts(struct work *w, const struct value *row)
{
	struct value facts = facts_base(w), ticket = value_copy_map(w->arena, row);

	ticket_show(&ticket);
	value_add(w->arena, &facts, "ticket", ticket);
	value_add(w->arena, &facts, "clocks", facts_clocks(w, row));
	return facts;
}

static void add_if(struct work *w, struct value *facts, const struct value *args, const char *key)
{
	const struct value *v = value_get(args, key);

	if (v != NULL)
		value_add(w->arena, facts, key, *v);
}

/* They follow nothing further themselves. */
int also_act(struct work *w, const struct value *acts, int64_t self, struct err *e)
{
	if (acts == NULL || acts->n == 0 || w->is_following)
		return 0;
	if (acts->n > ACTS_MAX)
		return err_set(e, ERR_REJECTED, "the decision acts on %u other tickets; at most %d", acts->n,
			ACTS_MAX);
	w->is_following = true;
	for (uint32_t i = 0; i < acts->n; i++) {
		const struct value *act = &acts->as.items[i];
		int64_t id = value_int_or(value_get(act, "id"), 0);
		struct value before, after;

		if (id == self)
			return err_set(
				e, ERR_REJECTED, "the decision's act %u is on the ticket itself", i + 1);
		if (ticket_load(w->desk, w->tx, w->arena, id, &before, e) != 0 ||
			ticket_do(w, &before, act, &after, e) != 0)
			return err_prefix(e, "the decision's act %u on ticket %jd", i + 1, (intmax_t)id);
	}
	w->is_following = false;
	return 0;
}

/* A relapse: {level, reason}; the warning of the incident's key stands at least there. */
static int raise_warning(struct work *w, const struct value *raise, const struct value *row, struct err *e)
{
	if (raise == NULL || raise->n == 0 || value_true(value_path(row, "fields.drill"))) /* 演练 */
		return 0;
	return warn_relapse(w, value_slice(value_path(row, "fields.key")),
		value_int_or(value_get(row, "id"), 0), value_slice(value_get(raise, "level")),
		value_get(raise, "reason") == NULL ? "relapse"
						   : value_cstr(w->arena, value_get(raise, "reason")),
		e);
}

/* Tickets that a decision opens beside this one. */
static int open_children(struct work *w, const struct value *open, struct value *row, struct err *e)
{
	if (open != NULL && open->n > CHILDREN_MAX)
		return err_set(
			e, ERR_REJECTED, "the decision opens %u tickets; at most %d", open->n, CHILDREN_MAX);
	for (uint32_t i = 0; open != NULL && i < open->n; i++) {
		const struct value *link = value_get(&open->as.items[i], "link");
		struct value child;

		if (ticket_open(w, &open->as.items[i], &child, e) != 0)
			return err_prefix(e, "the decision opens ticket %u", i + 1);
		ticket_link(w, &child, link == NULL ? "parent" : "related",
			value_int_or(value_get(row, "id"), 0));
		ticket_link(w, row, link == NULL ? "child" : value_cstr(w->arena, link),
			value_int_or(value_get(&child, "id"), 0));
		if (ticket_save(w, NULL, &child, e) != 0)
			return -1;
	}
	return 0;
}

int ticket_decided(struct work *w, const struct value *decision, const struct value *before,
	struct value *after, struct err *e)
{
	if (decision_apply(w, decision, after, e) != 0 ||
		open_children(w, value_get(decision, "open"), after, e) != 0 ||
		ticket_save(w, before, after, e) != 0)
		return -1;
	if (also_act(w, value_get(decision, "acts"), value_int_or(value_get(after, "id"), 0), e) != 0)
		return -1;
	return raise_warning(w, value_get(decision, "raise"), after, e);
}

/* Ask, and do it; *after is the row as saved. */
int ticket_decide(struct work *w, const char *point, const struct value *facts, const struct value *before,
	struct value *after, struct value *decision, struct err *e)
{
	return work_ask(w, point, facts, decision, e) != 0 ? -1
							   : ticket_decided(w, decision, before, after, e);
}

static int check_version(struct work *w, const struct value *args, const struct value *row, struct err *e)
{
	int64_t wanted, version = value_int_or(value_get(row, "version"), 0);
	char text[32];

	(void)w;
	if (!value_as_int(value_get(args, "version"), &wanted) || wanted == version)
		return 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)wanted);
	return err_arg(e, ERR_CONFLICT, "version", text,
		"ticket %jd is at version %jd, not %jd; read it again",
		(intmax_t)value_int_or(value_get(row, "id"), 0), (intmax_t)version, (intmax_t)wanted);
}

/* What the case of this ticket is; of an incident also the others, since people move between them, and of one that
 * was merged which of them has what it had (whole): the other one may have been merged, too. */
static int add_cases(struct work *w, const struct value *row, struct value *facts, struct err *e)
{
	struct value whole;
	int64_t parent, into;

	if (value_as_int(value_get(row, "merged_into"), &into)) {
		if (ticket_load_merged(w, into, &whole, e) != 0)
			return -1;
		value_add(w->arena, facts, "whole", *value_get(&whole, "id"));
	}
	if (value_is_text(value_get(row, "kind"), CASE_KIND))
		return cases_facts(w, NULL, NULL, facts, e);
	if (value_as_int(value_get(row, "parent"), &parent))
		return cases_fact_one(w, parent, facts, e);
	return 0;
}

/* The rules know what may be done with each of their kinds, and nothing of another. */
static int check_kind(struct work *w, const struct value *row, struct err *e)
{
	const struct value *kind = value_get(row, "kind");

	if (packs_kind(w->desk->packs, kind) != NULL)
		return 0;
	return err_set(e, ERR_REJECTED,
		"ticket %jd is of kind \"%s\", which the rules do not have: nothing can be done with it",
		(intmax_t)value_int_or(value_get(row, "id"), 0), value_cstr(w->arena, kind));
}

static int act_decided(struct work *w, const struct value *before, const struct value *args,
	struct value *after, struct value *decision, struct err *e)
{
	struct value facts = ticket_facts(w, before), history;

	if (check_kind(w, before, e) != 0)
		return -1;
	add_if(w, &facts, args, "action");
	add_if(w, &facts, args, "data");
	add_if(w, &facts, args, "note");
	if (facts_history(w, before, &history, e) != 0 || grants_facts(w, before, &facts, e) != 0 ||
		add_cases(w, before, &facts, e) != 0)
		return -1;
	if (history.type != VALUE_NIL)
		value_add(w->arena, &facts, "history", history);
	*after = value_copy_map(w->arena, before);
	if (ticket_decide(w, "act", &facts, before, after, decision, e) != 0)
		return -1;
	return warn_changed(w, before, after, e);
}

int ticket_do(struct work *w, const struct value *before, const struct value *args, struct value *after,
	struct err *e)
{
	struct value decision;

	return act_decided(w, before, args, after, &decision, e);
}

int ticket_act(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value before, decision, left;

	if (ticket_load(w->desk, w->tx, w->arena, value_int_or(value_get(args, "id"), 0), &before, e) != 0 ||
		check_version(w, args, &before, e) != 0 ||
		act_decided(w, &before, args, result, &decision, e) != 0 ||
		grants_left(w, &decision, result, &left, e) != 0)
		return -1;
	ticket_show(result);
	if (left.type != VALUE_NIL)
		value_add(w->arena, result, "grants", left);
	w->desk->counts.n_acts++;
	return 0;
}

static int contact_incident(struct work *w, int64_t id, struct value *row, struct err *e)
{
	const char *said;

	if (ticket_load_merged(w, id, row, e) != 0)
		return -1;
	if (value_is_text(value_get(row, "kind"), CASE_KIND))
		return 0;
	said = arena_printf(w->arena, "%jd", (intmax_t)id);
	return err_arg(e, ERR_BAD_REQUEST, "incident", said,
		"ticket %s is a %s; expected an incident, or ticket=%s", said,
		value_cstr(w->arena, value_get(row, "kind")), said);
}

/* The ticket a contact belongs to: named, or the newest open one of the number, or a new one. */
static int contact_ticket(struct work *w, const struct value *args, struct value *row, struct err *e)
{
	const struct value *number = value_get(args, "number"), *ticket = value_get(args, "ticket"),
			   *incident = value_get(args, "incident");
	struct value history, who = value_map(w->arena, 1), subject = value_map(w->arena, 2);
	int64_t id;

	if (ticket != NULL && incident != NULL)
		return err_arg(e, ERR_BAD_REQUEST, "incident",
			arena_printf(w->arena, "%jd", (intmax_t)incident->as.i),
			"a contact belongs to one: say either ticket %jd or incident %jd",
			(intmax_t)ticket->as.i, (intmax_t)incident->as.i);
	if (value_as_int(ticket, &id))
		return ticket_load_merged(w, id, row, e);
	if (value_as_int(incident, &id))
		return contact_incident(w, id, row, e);
	if (number == NULL || number->n == 0)
		return err_arg(
			e, ERR_BAD_REQUEST, "ticket", NULL, "a contact needs ticket, incident or number");
	value_add(w->arena, &subject, "type", value_literal("mobile"));
	value_add(w->arena, &subject, "id", *number);
	value_add(w->arena, &who, "subject", subject);
	if (facts_history(w, &who, &history, e) != 0)
		return -1;
	for (uint32_t i = 0; value_at(value_get(&history, "tickets"), i) != NULL; i++) {
		const struct value *t = value_at(value_get(&history, "tickets"), i);

		if (ticket_is_open(t))
			return ticket_load_merged(w, value_int_or(value_get(t, "id"), 0), row, e);
	}
	return err_arg(e, ERR_NOT_FOUND, "number", value_cstr(w->arena, number),
		"number %s has no open ticket; name one, or use ticket.create", value_cstr(w->arena, number));
}

/* When the customer came again, newest first. */
static struct value contact_times(struct work *w, const struct value *before)
{
	const struct value *old = value_get(before, "contact_at");
	struct value times = value_array(w->arena, CONTACT_TIMES);

	value_push(w->arena, &times, value_int(w->now_ms));
	for (uint32_t i = 0; old != NULL && i < old->n && times.n < CONTACT_TIMES; i++)
		value_push(w->arena, &times, old->as.items[i]);
	return times;
}

/* What the caller is told now, and which version of it: into the answer and the permanent record. */
static void add_script(struct work *w, const struct value *row, struct value *result)
{
	int64_t incident = value_int_or(value_get(row, "parent"), 0);
	const struct value *script;
	struct value heard = value_map(w->arena, 2);

	if (value_is_text(value_get(row, "kind"), CASE_KIND))
		incident = value_int_or(value_get(row, "id"), 0);
	else if (incident > 0 && value_get(result, "incident") == NULL)
		value_add(w->arena, result, "incident", value_int(incident));
	script = incident > 0 ? cases_script(w->desk, incident) : NULL;
	if (script == NULL)
		return;
	value_add(w->arena, result, "script", value_copy(w->arena, script));
	value_add(w->arena, &heard, "incident", value_int(incident));
	value_add(w->arena, &heard, "version", *value_get(script, "version"));
	value_set(w->arena, &w->extra, "script", heard);
}

int contact_add(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value before, after, facts, decision, contact = value_map(w->arena, 5), plain;
	const struct value *caller;
	int64_t n;

	if (numbers_plain(w->arena, packs_catalog(w->desk->packs), args, &plain))
		args = &plain;
	if (catalog_check(w->arena, packs_catalog(w->desk->packs), "channels", "channel",
		    value_get(args, "channel"), e) != 0 ||
		contact_ticket(w, args, &before, e) != 0)
		return -1;
	facts = ticket_facts(w, &before);
	add_if(w, &contact, args, "kind");
	add_if(w, &contact, args, "channel");
	add_if(w, &contact, args, "number");
	add_if(w, &contact, args, "text");
	value_add(w->arena, &facts, "contact", contact);
	if (value_get(&contact, "number") != NULL)
		affected_fact_of(w, value_slice(value_get(&contact, "number")), &facts);
	caller = value_get(value_get(args, "number") != NULL ? args : &before, "number");
	if (add_cases(w, &before, &facts, e) != 0 || again_fact(w, caller, &facts, e) != 0)
		return -1;
	after = value_copy_map(w->arena, &before);
	n = value_int_or(value_get(&before, "contacts"), 0) + 1;
	value_set(w->arena, &after, "contacts", value_int(n));
	value_set(w->arena, &after, "last_contact", value_int(w->now_ms));
	value_set(w->arena, &after, "contact_at", contact_times(w, &before));
	if (ticket_decide(w, "contact", &facts, &before, &after, &decision, e) != 0 ||
		warn_contacted(w, &after, &contact, e) != 0 ||
		again_keep(w, caller, value_get(&decision, "again"), e) != 0)
		return -1;
	caller = value_get(value_get(args, "number") != NULL ? args : &after, "number");
	if (heard_fact(w, caller, &w->extra, e) != 0 || heard_reached(w, caller, e) != 0)
		return -1;
	if (value_is_text(value_get(args, "kind"), "same_fault") &&
		affected_contacted(w, &after, value_get(args, "number"), e) != 0)
		return -1;
	source_seen(w, value_slice(value_get(args, "channel")));
	*result = value_map(w->arena, 5);
	value_add(w->arena, result, "id", value_int((int64_t)tx_seq(w->tx)));
	value_add(w->arena, result,
		value_is_text(value_get(&after, "kind"), "incident") ? "incident" : "ticket",
		*value_get(&after, "id"));
	value_add(w->arena, result, "contacts", value_int(n));
	add_script(w, &after, result);
	return 0;
}

int ticket_told(struct work *w, int64_t id, struct value about, bool is_plain, struct err *e)
{
	struct value before, after, facts, decision;
	uint32_t n_decisions = w->decisions.n;

	if (ticket_load_merged(w, id, &before, e) != 0)
		return -1;
	after = value_copy_map(w->arena, &before);
	if (is_plain) {
		work_otherwise(w, "task", e, &after);
		return ticket_save(w, &before, &after, e);
	}
	facts = ticket_facts(w, &before);
	value_add(w->arena, &facts, "task", about);
	if (work_ask(w, "task", &facts, &decision, e) != 0)
		return -1;
	if (value_get(&decision, "failed") == NULL &&
		(value_get(&decision, "because") == NULL || value_get(&decision, "because")->n == 0)) {
		w->decisions.n = n_decisions; /* no rule has anything to say */
		return 0;
	}
	if (decision_apply(w, &decision, &after, e) != 0 ||
		open_children(w, value_get(&decision, "open"), &after, e) != 0)
		return -1;
	return ticket_save(w, &before, &after, e);
}
