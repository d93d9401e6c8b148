/* Which open case a warning is evidence of. warn_int.h tells what for. */
#include <string.h>

#include "desk/cases.h"
#include "warn_int.h"

uint8_t warn_case_level(const struct warn *n, int64_t incident)
{
	uint8_t worst = 0;

	for (uint32_t i = 0; i < n->n_keys; i++)
		if (n->keys[i]->incident == incident && n->keys[i]->level > worst)
			worst = n->keys[i]->level;
	return worst;
}

/* From now on: it rose, it is wider, or there is another case. */
static bool may_be_evidence(const struct wkey *k, const struct warn_event *event)
{
	bool is_change = strcmp(event->event, "change") == 0;

	return k->incident == 0 && k->level > 0 &&
	       (is_change ? k->level > event->from
			  : strcmp(event->event, "joined") == 0 || strcmp(event->event, "standing") == 0);
}

static bool stands_in(const struct value *cases, int64_t id)
{
	for (uint32_t i = 0; i < cases->n; i++)
		if (value_int_or(value_get(&cases->as.items[i], "id"), 0) == id)
			return true;
	return false;
}

int warn_attach(
	struct work *w, struct wkey *k, const struct warn_event *event, struct value *row, struct err *e)
{
	struct value facts, decision;
	const struct value *cases;
	int64_t incident;

	if (!may_be_evidence(k, event))
		return 0;
	if (warn_facts(w, k, event, row, &facts, e) != 0 || cases_facts(w, NULL, NULL, &facts, e) != 0)
		return -1;
	cases = value_get(&facts, "cases");
	if (cases == NULL)
		return 0;
	if (work_ask(w, "evidence", &facts, &decision, e) != 0)
		return -1;
	incident = value_int_or(value_get(&decision, "incident"), 0);
	if (incident == 0)
		return 0;
	if (!stands_in(cases, incident))
		return err_set(e, ERR_REJECTED,
			"the decision makes %s evidence of %jd, which is no open incident", k->text,
			(intmax_t)incident);
	warn_has_case(w, k, incident, row);
	return warn_act(w, k, value_get(&decision, "act"), e);
}

/* ---- what stood when a case was opened ----------------------------------------------------------------- */
/* A key at the close, of which the pack is asked. */
struct asked {
	struct wkey *key;
	int64_t end_ms;
	bool may_attach; /* there is a case that it was not asked about yet */
};

static int stage_standing(struct work *w, struct warn_try *t, struct err *e)
{
	const struct asked *of = t->ctx;
	struct warn_event event = {.event = "standing", .from = of->key->level, .at_ms = of->end_ms};
	struct value row = wkey_row(w, of->key);
	int64_t was = of->key->incident;

	if (t->is_plain) /* it stays without a case, as it was */
		return 0;
	warn_try_on(w, t, of->key);
	if (warn_let_go(w, of->key, &row, e) != 0 ||
		(of->may_attach && warn_attach(w, of->key, &event, &row, e) != 0))
		return -1;
	if (of->key->incident == 0)
		return warn_caseless(w, of->key, was, of->end_ms, &row, e);
	return warn_happened(w, of->key, &event, &row, false, e) == 0 ? 1 : -1;
}

/* Its case was closed, cancelled, or merged while it stands, or let the key go. What is open may take the key,
 * also when it was opened before that. */
static bool is_left_behind(struct warn *n, const struct wkey *k)
{
	struct arena a;
	struct value ticket;
	struct err e;
	bool is_over;

	arena_init(&a, 0);
	is_over = ticket_load(n->desk, NULL, &a, k->incident, &ticket, &e) == 0 && !warn_case_has(&ticket, k);
	arena_fini(&a);
	return is_over;
}

/* ---- cases beside that of a roll-up -------------------------------------------------------------------- */
/* Asked at each close, so nothing is noted where the pack does nothing. */
static int stage_part(struct work *w, struct warn_try *t, struct err *e)
{
	const struct asked *of = t->ctx;
	struct warn_event event = {.event = "part", .from = of->key->level, .at_ms = of->end_ms};
	struct value row = wkey_row(w, of->key), facts, decision;
	const struct value *acts;

	if (t->is_plain || warn_whole_case(w, of->key) == 0)
		return 0;
	warn_try_on(w, t, of->key);
	if (warn_facts(w, of->key, &event, &row, &facts, e) != 0 ||
		work_ask(w, "warning", &facts, &decision, e) != 0)
		return -1;
	acts = value_get(&decision, "act");
	if (acts == NULL || acts->n == 0)
		return 0;
	if (warn_act(w, of->key, acts, e) != 0)
		return -1;
	warn_noted(w, of->key, &event);
	return 1;
}

static int join_wholes(struct warn *n, int64_t end_ms, struct err *e)
{
	if (warn_rollup_list(n) == NULL)
		return 0;
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct asked of = {.key = n->keys[i], .end_ms = end_ms};

		if (of.key->level > 0 && of.key->incident != 0 && of.key->city != NULL &&
			warn_twice(n, "warning.change", end_ms, stage_part, &of, e) != 0)
			return -1;
	}
	return 0;
}

/* Part of a roll-up that has a case, which may have become so only now. */
static bool whole_has_case(const struct warn *n, const struct wkey *k)
{
	const struct value *list = warn_rollup_list(n);

	for (uint32_t r = 0; list != NULL && r < list->n; r++) {
		const struct wkey *whole = wkey_find(n, value_slice(value_get(&list->as.items[r], "key")));

		if (whole != NULL && whole->floor > 0 && whole->incident != 0 &&
			warn_rollup_has(&list->as.items[r], k->city, k->category))
			return true;
	}
	return false;
}

/* Keys of a city first, so that a case that comes of it says the most exact of what it is about. */
static int look_after(struct warn *n, int64_t end_ms, bool is_of_city, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct asked of = {.key = n->keys[i], .end_ms = end_ms};
		bool is_left;
		int64_t newest;

		if (of.key->level == 0 || (of.key->city != NULL) != is_of_city)
			continue;
		is_left = of.key->incident != 0 && is_left_behind(n, of.key);
		of.may_attach = is_left || whole_has_case(n, of.key) ||
				(cases_ids(n->desk, &newest, 1) == 1 && newest > n->newest_case);
		if ((of.key->incident == 0 || is_left) &&
			warn_twice(n, "warning.change", end_ms, stage_standing, &of, e) != 0)
			return -1;
	}
	return 0;
}

int warn_new_cases(struct warn *n, int64_t end_ms, struct err *e)
{
	int64_t newest = 0;

	if (join_wholes(n, end_ms, e) != 0 || look_after(n, end_ms, true, e) != 0 ||
		look_after(n, end_ms, false, e) != 0)
		return -1;
	(void)cases_ids(n->desk, &newest, 1);
	n->newest_case = newest > n->newest_case ? newest : n->newest_case;
	return 0;
}
