/*
 * What happens to a key: its row changes, the pack is asked at point "warning", and what it decides is done:
 * persons are called (each once per level of its case, or of its episode), an incident is opened or acted on,
 * tasks go out, everybody is told.
 */
#include <math.h>
#include <string.h>

#include "desk/tasks.h"
#include "warn_int.h"

/* ---- calling persons ----------------------------------------------------------------------------------- */
static bool was_told(const struct value *told, const char *level, const struct value *person)
{
	for (uint32_t i = 0; told != NULL && i < told->n; i++)
		if (value_is_text(value_at(&told->as.items[i], 0), level) &&
			value_equal(value_at(&told->as.items[i], 1), person))
			return true;
	return false;
}

static void note_told(struct work *w, struct value *row, const char *level, const struct value *person)
{
	const struct value *old = value_get(row, "told");
	struct value told = old == NULL ? value_array(w->arena, 4) : value_copy(w->arena, old),
		     one = value_array(w->arena, 2);

	value_push(w->arena, &one, value_literal(level));
	value_push(w->arena, &one, *person);
	value_push(w->arena, &told, one);
	value_set(w->arena, row, "told", told);
}

/* The row of the roll-up that this key is part of; false: of none. */
static bool parent_row(struct work *w, const struct value *row, struct wkey **parent, struct value *out)
{
	const struct value *key = value_get(row, "parent");

	*parent = key == NULL ? NULL : wkey_find(w->desk->warn, value_slice(key));
	if (*parent == NULL || (*parent)->row == NULL)
		return false;
	*out = wkey_row(w, *parent);
	return true;
}

/* Each person at most once per level of a case; whom a part has called its roll-up has called, too. */
static void call_persons(struct work *w, const struct wkey *k, const struct value *calls, struct value *row)
{
	const char *level = warn_level_name(w->desk->warn, k->level);
	struct wkey *parent = NULL;
	struct value whole, brief = warn_brief(w, k, row);
	bool is_part = parent_row(w, row, &parent, &whole), is_new = false;

	for (uint32_t i = 0; calls != NULL && i < calls->n; i++) {
		const struct value *call = &calls->as.items[i], *person = value_get(call, "person");
		struct value data;

		if (!value_is(person, VALUE_TEXT) || was_told(value_get(row, "told"), level, person) ||
			(is_part && was_told(value_get(&whole, "told"), level, person)))
			continue;
		if (warn_told_elsewhere(w, k, level, person)) {
			note_told(w, row, level, person);
			continue;
		}
		note_told(w, row, level, person);
		if (is_part)
			note_told(w, &whole, level, person);
		is_new = true;
		data = value_copy_map(w->arena, &brief);
		value_set(w->arena, &data, "event", value_literal("call"));
		for (uint32_t f = 0; f < call->n; f++)
			value_set(w->arena, &data, value_cstr(w->arena, &call->as.pairs[f].key),
				call->as.pairs[f].val);
		warn_notice(w, "duty", data);
	}
	if (is_part && is_new)
		wkey_put(w, parent, &whole);
}

/* ---- the incident -------------------------------------------------------------------------------------- */
/* What the entry says of its warning stands in the incident's history too. */
static void into_history(struct work *w, int64_t incident)
{
	uint8_t key[16];

	store_be64(key, (uint64_t)incident);
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, sizeof(key)), slice_of("", 0));
}

void warn_has_case(struct work *w, struct wkey *k, int64_t incident, struct value *row)
{
	k->incident = incident;
	value_set(w->arena, row, "incident", value_int(incident));
	value_unset(row, "caseless");
}

/* Incidents: what the pack asks to open, with the key by which it is found again. */
static int open_incident(
	struct work *w, struct wkey *k, const struct value *open, struct value *row, struct err *e)
{
	struct value ticket;

	if (!value_is(open, VALUE_ARRAY) || open->n == 0 || k->incident != 0)
		return 0;
	if (open->n > 1)
		return err_set(
			e, ERR_REJECTED, "the decision opens %u tickets for a warning; at most one", open->n);
	if (ticket_open(w, &open->as.items[0], &ticket, e) != 0)
		return err_prefix(e, "the decision opens a ticket for %s", k->text);
	if (ticket_save(w, NULL, &ticket, e) != 0)
		return -1;
	warn_has_case(w, k, value_int_or(value_get(&ticket, "id"), 0), row);
	return 0;
}

/* What the watch does, the pack has decided: nobody's role is asked for. */
int warn_act(struct work *w, const struct wkey *k, const struct value *acts, struct err *e)
{
	uint32_t roles = w->roles;

	for (uint32_t i = 0; value_is(acts, VALUE_ARRAY) && i < acts->n; i++) {
		struct value args = value_copy_map(w->arena, &acts->as.items[i]), result;
		int rc;

		if (k->incident == 0)
			return err_set(e, ERR_REJECTED,
				"the decision acts on the incident of %s, which has none", k->text);
		value_set(w->arena, &args, "id", value_int(k->incident));
		w->roles = ROLE_ADMIN;
		rc = ticket_act(w, &args, &result, e);
		w->roles = roles;
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int put_tasks(struct work *w, const struct wkey *k, const struct value *tasks, struct err *e)
{
	struct value ticket;

	if (tasks == NULL || tasks->n == 0)
		return 0;
	if (k->incident == 0)
		return err_set(
			e, ERR_REJECTED, "the decision's tasks need an incident, and %s has none", k->text);
	if (tasks_check(w, tasks, e) != 0 ||
		ticket_load(w->desk, w->tx, w->arena, k->incident, &ticket, e) != 0)
		return -1;
	tasks_put(w, tasks, &ticket);
	return 0;
}

bool warn_in_recovery(struct warn *n, const struct wkey *k)
{
	struct arena a;
	struct value row;
	struct err e;
	bool is_so;

	arena_init(&a, 0);
	is_so = ticket_load(n->desk, NULL, &a, k->incident, &row, &e) == 0 && ticket_is_open(&row) &&
		value_is(value_path(&row, "fields.recovery"), VALUE_TEXT);
	arena_fini(&a);
	return is_so;
}

bool warn_case_has(const struct value *ticket, const struct wkey *k)
{
	const struct value *keys = value_path(ticket, "fields.keys");

	return ticket_is_open(ticket) && (!value_is(keys, VALUE_ARRAY) || value_has_text(keys, wkey_text(k)));
}

int warn_let_go(struct work *w, struct wkey *k, struct value *row, struct err *e)
{
	struct value ticket;

	if (k->incident == 0)
		return 0;
	if (ticket_load_merged(w, k->incident, &ticket, e) != 0)
		return -1;
	if (warn_case_has(&ticket, k)) {
		warn_has_case(w, k, value_int_or(value_get(&ticket, "id"), 0), row);
	} else {
		value_unset(row, "incident");
		k->incident = 0;
	}
	return 0;
}

/* ---- the row ------------------------------------------------------------------------------------------- */
int64_t warn_began_ms(const struct warn *n, const struct wkey *k, int64_t risen_ms)
{
	const struct watch *w = k->watch;
	const struct watch_input *in = warn_window_of(k);
	int64_t end_ms = bin_end(w->bin_ms, risen_ms - 1), /* it may have risen within the bin */
		from_ms = end_ms - (in == NULL ? 1 : (int64_t)in->bins) * w->bin_ms;
	double expected = in == NULL ? 0 : k->seen.seen[in - w->inputs].expected,
	       usual = in == NULL || isnan(expected) ? 0 : expected / in->bins;

	for (; from_ms < end_ms - w->bin_ms; from_ms += w->bin_ms) {
		uint64_t count = 0;

		for (uint32_t i = 0; i < k->n_leaves; i++)
			count += counts_sum(&n->counts, k->leaves[i], from_ms, from_ms + w->bin_ms);
		if ((double)count > usual)
			break;
	}
	return from_ms;
}

/* A new level: since when, whom it calls next, its bulletins. */
static void new_level(struct work *w, const struct wkey *k, const struct warn_event *event, struct value *row)
{
	const struct value *alarm = warn_alarm(w->desk->warn, k->level);
	int64_t again_ms = value_int_or(value_get(alarm, "again_ms"), 0),
		bulletin_ms = value_int_or(value_get(alarm, "bulletin_ms"), 0);
	bool is_rise = k->level > event->from;

	value_set(w->arena, row, "since", value_int(event->at_ms));
	if (event->from == 0 && value_get(row, "incident") == NULL) { /* another episode */
		value_set(w->arena, row, "episode", value_int((int64_t)tx_seq(w->tx)));
		value_set(w->arena, row, "opened", value_int(event->at_ms));
		if (k->watch != NULL && k->is_seen)
			value_set(w->arena, row, "began",
				value_int(warn_began_ms(w->desk->warn, k, event->at_ms)));
		if (value_get(row, "children") == NULL) /* who was called for its parts need not be again */
			value_unset(row, "told");
	}
	if (is_rise) {
		value_unset(row, "ack");
		value_set(w->arena, row, "rung", value_int(1));
		value_set(w->arena, row, "reminders", value_int(0));
	}
	if (is_rise && again_ms > 0 && event->by == NULL)
		value_set(w->arena, row, "next_again", value_int(w->now_ms + again_ms));
	else if (k->level == 0 || again_ms == 0)
		value_unset(row, "next_again");
	if (bulletin_ms > 0)
		value_set(w->arena, row, "next_bulletin",
			value_int(warn_slot_after(event->at_ms, bulletin_ms,
				value_int_or(value_get(alarm, "bulletin_at_ms"), 0))));
	else
		value_unset(row, "next_bulletin");
	if (k->level == 0) {
		value_unset(row, "parent");
		value_unset(row, "children");
		value_unset(row, "caseless");
		value_unset(row, "ack");
	}
}

/* {key, from, to, at, …}: topic `warning`. */
static void tell_change(struct work *w, const struct wkey *k, const struct warn_event *event,
	const struct value *row, const struct value *decision)
{
	const struct warn *n = w->desk->warn;
	struct value data = warn_brief(w, k, row), extra = value_map(w->arena, 6);
	bool is_change = strcmp(event->event, "change") == 0;
	struct value ticket;
	struct err e;

	if (k->incident != 0 && ticket_load(w->desk, w->tx, w->arena, k->incident, &ticket, &e) == 0)
		warn_recovery(w, &ticket, &data);
	value_add(w->arena, &extra, "from", value_literal(warn_level_name(n, event->from)));
	value_add(w->arena, &extra, "at", value_int(event->at_ms));
	if (event->is_late) {
		struct value note = warn_text(w->arena, packs_catalog(w->desk->packs), "late", NULL);

		value_add(w->arena, &extra, "late", value_bool(true));
		if (note.type != VALUE_NIL)
			value_add(w->arena, &extra, "note", note);
	}
	if (event->by != NULL)
		value_add(w->arena, &extra, "by", value_literal(event->by));
	if (event->reason != NULL)
		value_add(w->arena, &extra, "reason", value_literal(event->reason));
	if (value_get(decision, "say") != NULL)
		value_add(w->arena, &extra, "say", *value_get(decision, "say"));
	value_add(w->arena, &data, "to", value_literal(warn_level_name(n, k->level)));
	value_add(w->arena, &data, "generation", value_int(packs_generation(w->desk->packs)));
	for (uint32_t i = 0; i < extra.n; i++)
		value_set(
			w->arena, &data, value_cstr(w->arena, &extra.as.pairs[i].key), extra.as.pairs[i].val);
	if (is_change)
		warn_notice(w, "warning", data);
	else if (strcmp(event->event, "ready") == 0) {
		value_set(w->arena, &data, "event", value_literal("ready"));
		warn_notice(w, "duty", data);
	}
	if (is_change || strcmp(event->event, "ready") == 0)
		warn_bulletin(w, k, row, event->event, &extra);
}

/* A part of a roll-up, or, when it rises again, not any more. */
static void find_whole(struct work *w, const struct wkey *k, bool is_rise, struct value *row)
{
	const struct wkey *whole = warn_whole_of(w, k);

	if (whole == NULL && is_rise)
		value_unset(row, "parent");
	else if (whole != NULL)
		value_set(w->arena, row, "parent", value_text(w->arena, whole->text, whole->text_n));
}

/* The event part: what of warnings this entry is about; explain finds the incident's entries by it. */
static void into_event(struct work *w, const struct wkey *k, const struct warn_event *event)
{
	const struct warn *n = w->desk->warn;
	struct value v = value_map(w->arena, 5);

	value_add(w->arena, &v, "key", value_literal(k->text));
	value_add(w->arena, &v, "event", value_literal(event->event));
	value_add(w->arena, &v, "from", value_literal(warn_level_name(n, event->from)));
	value_add(w->arena, &v, "to", value_literal(warn_level_name(n, k->level)));
	if (k->incident != 0)
		value_add(w->arena, &v, "incident", value_int(k->incident));
	value_set(w->arena, &w->extra, "warning", v);
}

void warn_noted(struct work *w, const struct wkey *k, const struct warn_event *event)
{
	into_event(w, k, event);
	if (k->incident != 0)
		into_history(w, k->incident);
}

static int decide(struct work *w, struct wkey *k, const struct warn_event *event, struct value *row,
	struct value *decision, struct err *e)
{
	struct value facts;

	if (warn_attach(w, k, event, row, e) != 0 || warn_facts(w, k, event, row, &facts, e) != 0)
		return -1;
	if (strcmp(event->event, "change") == 0 && k->level > event->from &&
		warn_suspects(w, k, row, &facts, e) != 0)
		return -1;
	if (work_ask(w, "warning", &facts, decision, e) != 0 ||
		open_incident(w, k, value_get(decision, "open"), row, e) != 0 ||
		warn_act(w, k, value_get(decision, "act"), e) != 0 ||
		put_tasks(w, k, value_get(decision, "tasks"), e) != 0)
		return -1;
	call_persons(w, k, value_get(decision, "call"), row);
	return 0;
}

int warn_happened(struct work *w, struct wkey *k, const struct warn_event *event, struct value *row,
	bool is_plain, struct err *e)
{
	struct value decision = value_map(w->arena, 1);
	bool is_change = strcmp(event->event, "change") == 0;

	if (is_change && k->level > event->from && warn_let_go(w, k, row, e) != 0)
		return -1;
	if (is_change) {
		find_whole(w, k, k->level > event->from, row);
		new_level(w, k, event, row);
	}
	if (is_plain) {
		struct value data = warn_brief(w, k, row);

		value_add(w->arena, &data, "rung", value_literal("duty"));
		value_add(w->arena, &data, "failed", value_text(w->arena, e->text, strlen(e->text)));
		warn_notice(w, "duty", data);
	} else if (decide(w, k, event, row, &decision, e) != 0) {
		return -1;
	}
	if (k->level == 0 && warn_let_go(w, k, row, e) != 0)
		return -1;
	tell_change(w, k, event, row, &decision);
	warn_noted(w, k, event);
	wkey_put(w, k, row);
	w->desk->warn->n_changes += is_change;
	return 0;
}
