/* number.check: whether a known fault hits a number, and what to say. */
#include <string.h>

#include "affected_int.h"
#include "desk/cases.h"
#include "desk/try.h"
#include "tocsin/log.h"

/* Potential without being listed: its prefix is of a fault that has a case here. */
static const struct fault_case *case_by_prefix(struct affected *x, struct slice number, struct part **part)
{
	for (uint32_t i = 0; x->n_cases > 0 && i < PARTS_MAX; i++) {
		const struct value *prefixes =
			x->parts[i] == NULL || x->parts[i]->is_closed
				? NULL
				: value_path(fault_of(x->desk, x->parts[i]->fault), "potential.prefixes");

		for (uint32_t k = 0; prefixes != NULL && k < prefixes->n; k++) {
			struct slice prefix = value_slice(&prefixes->as.items[k]);
			const struct fault_case *c;

			if (prefix.n > number.n || memcmp(prefix.p, number.p, prefix.n) != 0)
				continue;
			c = case_of(x, x->parts[i]);
			if (c == NULL)
				continue;
			*part = x->parts[i];
			return c;
		}
	}
	return NULL;
}

/* The same by what CRM says: a customer of the city of a case whose fault asks for that. 1, 0, -1. */
static int case_by_city(struct desk *d, struct arena *a, struct slice number, const struct fault_case **c,
	struct part **part, struct err *e)
{
	struct affected *x = d->affected;
	struct value known;
	struct slice city;
	int got = 0;

	for (uint32_t i = 0; got == 0 && d->has_subscribers && x->n_cases > 0 && i < PARTS_MAX; i++)
		got = x->parts[i] != NULL && !x->parts[i]->is_closed &&
		      value_true(value_path(fault_of(d, x->parts[i]->fault), "potential.subscribers"));
	if (got == 0 || number.n == 0 || number.n > NUMSET_DIGITS)
		return 0;
	got = row_get(d, NULL, a, TABLE_SUBSCRIBER, number, &known, e);
	if (got != 1)
		return got;
	city = value_slice(value_get(&known, "city"));
	for (uint32_t i = 0; city.n > 0 && i < PARTS_MAX; i++) {
		struct part *p = x->parts[i];

		if (p == NULL || p->is_closed || slice_cmp(slice_of(p->city, strlen(p->city)), city) != 0 ||
			!value_true(value_path(fault_of(d, p->fault), "potential.subscribers")))
			continue;
		*c = case_of(x, p);
		*part = p;
		if (*c != NULL)
			return 1;
	}
	return 0;
}

/* ---- whom the prompt is for ---------------------------------------------------------------------------- */
static void add_of(struct arena *a, const struct value *from, const char *key, struct value *to)
{
	if (value_get(from, key) != NULL)
		value_add(a, to, key, *value_get(from, key));
}

/* The case as rules know incidents, with the caller as its customer. */
static struct value prompt_ticket(
	struct arena *a, const struct fault_case *c, struct slice number, const struct value *known)
{
	static const char *const of_row[] = {"category", "city", "stage"},
				 *const of_fields[] = {"level", "highest", "recovery", "drill",
					 "script_until_time"},
				 *const of_crm[] = {"name", "brand", "star", "group", "vip", "age65"};
	struct value ticket = value_map(a, 8), fields = value_map(a, 4), customer = value_map(a, 6);

	value_add(a, &ticket, "kind", value_literal(CASE_KIND));
	value_add(a, &ticket, "id", value_int(c->id));
	value_add(a, &ticket, "number", value_text(a, number.p, number.n));
	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		add_of(a, &c->row, of_row[i], &ticket);
	for (size_t i = 0; i < sizeof(of_fields) / sizeof(of_fields[0]); i++)
		add_of(a, &c->row, of_fields[i], &fields);
	if (value_path(&c->row, "script.approved_at") != NULL)
		value_add(a, &fields, "script_approved_at", *value_path(&c->row, "script.approved_at"));
	for (size_t i = 0; i < sizeof(of_crm) / sizeof(of_crm[0]); i++)
		add_of(a, known, of_crm[i], &customer);
	value_add(a, &ticket, "fields", fields);
	value_add(a, &ticket, "customer", customer);
	return ticket;
}

/*
 * Whether the pack lets the voice menu play it to this number. A rule that fails says no: the caller is put
 * through.
 */
static int prompt_is_for(struct desk *d, struct arena *a, const struct fault_case *c, struct slice number,
	const struct value *answer, bool *is_for, struct err *e)
{
	struct value facts = value_map(a, 6), known, decision, said = value_map(a, 2);
	int got = d->has_subscribers && number.n > 0 && number.n <= NUMSET_DIGITS
			  ? row_get(d, NULL, a, TABLE_SUBSCRIBER, number, &known, e)
			  : 0;
	const char *failed = NULL;
	struct err why;

	if (got < 0)
		return -1;
	if (got == 0)
		known = value_map(a, 0);
	add_of(a, answer, "state", &said);
	add_of(a, answer, "complained", &said);
	value_add(a, &facts, "now", value_int(d->clock->now_ms));
	value_add(a, &facts, "local", facts_local(a, d->clock->now_ms));
	value_add(a, &facts, "ticket", prompt_ticket(a, c, number, &known));
	value_add(a, &facts, "number", said);
	value_add(a, &facts, "subscriber", known);
	*is_for = false;
	if (generation_ask(packs_live(d->packs), "prompt", &facts, a, &decision, &why) != 0)
		failed = why.text;
	else if (value_get(&decision, "failed") != NULL)
		failed = value_cstr(a, value_path(&decision, "failed.message"));
	else
		*is_for = value_true(value_get(&decision, "prompt"));
	if (failed != NULL) {
		d->counts.n_rule_failures++;
		log_line(LOG_ERROR, "rules.failed", "point=prompt incident=%jd error=\"%s\"", (intmax_t)c->id,
			failed);
	}
	return 0;
}

static int check_answer(
	struct affected *x, struct arena *a, struct slice text, struct value *result, struct err *e)
{
	uint64_t number = numset_number(text);
	const struct fault_case *c = NULL;
	struct numset_item item = {0};
	struct part *part = NULL;
	bool is_for, is_listed = number != 0 && number_strongest(x, number, &part, &item),
		     is_hit = is_listed && STATE_OF(item.flags) != STATE_REVIEW &&
			      STAGE_OF(item.flags) == STAGE_FAILED;

	*result = value_map(a, 8);
	if (is_hit)
		c = case_of(x, part);
	else
		c = case_by_prefix(x, text, &part);
	if (!is_hit && c == NULL && case_by_city(x->desk, a, text, &c, &part, e) < 0)
		return -1;
	value_add(a, result, "state",
		value_literal(is_hit && STATE_OF(item.flags) == STATE_AFFECTED ? "affected"
			      : is_hit || c != NULL                            ? "potential"
									       : "clear"));
	value_add(a, result, "complained", value_bool(is_listed && COMPLAINED(item.flags)));
	if (c != NULL)
		case_say(a, c, result);
	if (is_hit)
		value_add(
			a, result, "since", value_int(part->opened_ms - SINCE_BACK_MS + (int64_t)item.since));
	else if (c != NULL)
		value_add(a, result, "since", value_int(part->opened_ms));
	if (value_get(result, "prompt") == NULL)
		return 0;
	if (prompt_is_for(x->desk, a, c, text, result, &is_for, e) != 0)
		return -1;
	if (!is_for)
		value_unset(result, "prompt");
	return 0;
}

int affected_on_check(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *args = &c->args;
	struct value plain;

	if (numbers_plain(c->arena, packs_catalog(d->packs), args, &plain))
		args = &plain;
	return check_answer(d->affected, c->arena, value_slice(value_get(args, "number")), result, e);
}
