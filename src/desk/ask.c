/* Asking the live pack, and keeping why it said what it said. */
#include <string.h>

#include "breaker.h"
#include "desk_int.h"
#include "tocsin/log.h"

/* What facts_history says of a subject that never complained. */
static bool is_first(const struct value *history)
{
	return value_int_or(value_get(history, "n_tickets"), -1) == 0;
}

/* Of a case's script the version: the texts stand in the incident's own history. */
static struct value kept_cases(struct work *w, const struct value *cases)
{
	struct value kept = value_array(w->arena, cases->n);

	for (uint32_t i = 0; i < cases->n; i++) {
		const struct value *version = value_path(&cases->as.items[i], "script.version");
		struct value one = value_copy_map(w->arena, &cases->as.items[i]),
			     script = value_map(w->arena, 1);

		if (version != NULL) {
			value_add(w->arena, &script, "version", *version);
			value_set(w->arena, &one, "script", script);
		}
		value_push(w->arena, &kept, one);
	}
	return kept;
}

/* Whether this is the ticket that the call itself brings: the entry's params say what it was. */
static bool is_of_call(const struct work *w)
{
	return w->n_opened == 0 &&
	       (strcmp(w->method, "ticket.create") == 0 || strcmp(w->method, "ticket.import") == 0);
}

/*
 * What of the facts goes into the permanent record, so that `explain` can ask again: all but what the entry
 * already holds (the ticket of a create is its params), what follows from `now`, and the history of who
 * complains for the first time: a create without a subject, which has none, says so with nil (event_facts).
 */
static struct value kept_facts(struct work *w, const char *point, const struct value *facts)
{
	struct value kept = value_map(w->arena, facts->n + 1);
	bool is_create = strcmp(point, "create") == 0;

	if (is_create && value_get(facts, "history") == NULL)
		value_add(w->arena, &kept, "history", value_nil);
	for (uint32_t i = 0; i < facts->n; i++) {
		const struct pair *p = &facts->as.pairs[i];
		struct value v = p->val;

		if (value_is_text(&p->key, "local") || value_is_text(&p->key, "now") ||
			value_is_text(&p->key, "who") ||
			(is_create && value_is_text(&p->key, "history") && is_first(&p->val)))
			continue;
		if (value_is_text(&p->key, "ticket")) {
			/* a ticket that another one, a warning or a drill opens did not come in: nothing else
			 * says what it was */
			if (is_create && is_of_call(w))
				continue;
			v = value_copy_map(w->arena, &p->val);
			value_unset(&v, "text");
			value_unset(&v, "clocks");
			value_unset(&v, "timers");
		}
		if (value_is_text(&p->key, "cases"))
			v = kept_cases(w, &p->val);
		value_add_key(w->arena, &kept, p->key, v);
	}
	return kept;
}

static void record(struct work *w, const char *point, const struct value *facts, const struct value *decision)
{
	struct value r = value_map(w->arena, 5);
	const struct value *because = value_get(decision, "because"), *failed = value_get(decision, "failed");

	value_add(w->arena, &r, "point", value_literal(point));
	if (because != NULL) /* numbers; the generation's table says what they mean (packs_rules) */
		value_add(w->arena, &r, "because", *because);
	if (failed != NULL)
		value_add(w->arena, &r, "failed", *failed);
	if (strcmp(point, "create") == 0 && !is_of_call(w)) /* whose decision it is */
		value_add(w->arena, &r, "opened",
			value_int((int64_t)w->desk->last_ticket_id + 1 + w->n_opened));
	value_add(w->arena, &r, "facts", kept_facts(w, point, facts));
	value_push(w->arena, &w->decisions, r);
}

static int refuse(struct work *w, const struct value *r, struct err *e)
{
	const char *message = value_cstr(w->arena, value_get(r, "message"));
	const struct value *about = value_get(r, "argument"), *value = value_get(r, "value");
	const char *argument = about == NULL ? "" : value_cstr(w->arena, about);
	const char *said = value == NULL ? NULL : value_cstr(w->arena, value);
	const char *code = value_cstr(w->arena, value_get(r, "code"));
	const struct value *allowed = value_get(r, "allowed");
	enum err_code code_of =
		code != NULL && strcmp(code, "bad_request") == 0 ? ERR_BAD_REQUEST : ERR_REJECTED;
	const struct value *zh = value_get(r, "message_zh");
	struct buf text;

	buf_init(&text, 160);
	if (allowed != NULL)
		value_json(&text, allowed);
	if (value_is(zh, VALUE_TEXT))
		err_both(e, code_of, argument, said, message == NULL ? "refused by the pack" : message,
			value_cstr(w->arena, zh));
	else
		err_arg(e, code_of, argument, said, "%s", message == NULL ? "refused by the pack" : message);
	if (text.n > 0) {
		snprintf(e->reason, sizeof(e->reason), "allowed: %.*s", (int)text.n, (const char *)text.p);
		e->reason[utf8_clip(e->reason, strlen(e->reason))] = '\0';
	}
	buf_fini(&text);
	return -1;
}

static struct value failure(struct work *w, const char *point, const struct err *why)
{
	struct value failed = value_map(w->arena, 2);

	w->desk->counts.n_rule_failures++;
	log_line(LOG_ERROR, "rules.failed", "point=%s generation=%jd error=\"%s\"", point,
		(intmax_t)packs_generation(w->desk->packs), why->text);
	value_add(w->arena, &failed, "rule", value_literal(point));
	value_add(w->arena, &failed, "message", value_text(w->arena, why->text, strlen(why->text)));
	return failed;
}

static struct value duty_queue(const struct work *w)
{
	const struct value *named = value_path(packs_catalog(w->desk->packs), "otherwise.queue");

	return named == NULL ? value_literal(OTHERWISE_QUEUE) : *named;
}

void work_otherwise(struct work *w, const char *point, const struct err *why, struct value *row)
{
	struct value r = value_map(w->arena, 2);

	value_add(w->arena, &r, "point", value_literal(point));
	value_add(w->arena, &r, "failed", failure(w, point, why));
	value_push(w->arena, &w->decisions, r);
	value_set(w->arena, row, "queue", duty_queue(w));
}

/* No usable decision: the ticket is stored, goes to the duty queue, and everybody can see why. */
static void otherwise(struct work *w, const char *point, const struct err *why, struct value *decision)
{
	struct value set = value_map(w->arena, 1);

	*decision = value_map(w->arena, 2);
	value_add(w->arena, decision, "failed", failure(w, point, why));
	value_add(w->arena, &set, "queue", duty_queue(w));
	value_add(w->arena, decision, "set", set);
}

int work_ask(
	struct work *w, const char *point, const struct value *facts, struct value *decision, struct err *e)
{
	struct desk *d = w->desk;
	int64_t began_us = clock_mono_us();
	struct err why;

	if (generation_ask(packs_live(d->packs), point, facts, w->arena, decision, &why) != 0) {
		if (strcmp(point, "act") == 0) { /* who acts must not believe that it was done */
			failure(w, point, &why);
			return err_set(e, ERR_REJECTED, "the pack could not decide, and nothing was done: %s",
				why.text);
		}
		otherwise(w, point, &why, decision);
	} else if (value_get(decision, "failed") != NULL) {
		d->counts.n_rule_failures++;
		log_line(LOG_ERROR, "rules.failed", "point=%s rule=%s error=\"%s\"", point,
			value_cstr(w->arena, value_path(decision, "failed.rule")),
			value_cstr(w->arena, value_path(decision, "failed.message")));
		breakers_count(w, value_get(decision, "failed"));
	}
	d->counts.n_asks++;
	d->counts.rule_us += (uint64_t)(clock_mono_us() - began_us);
	if (value_get(decision, "refuse") != NULL)
		return refuse(w, value_get(decision, "refuse"), e);
	record(w, point, facts, decision);
	return 0;
}
