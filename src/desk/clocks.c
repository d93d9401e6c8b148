/*
 * A ticket's clocks and timers. The row keeps each clock's ledger under `clocks`, what is due under `due`,
 * and under `timers` the keys of its rows in TABLE_TIMER. A clock arms one timer at a time: its next
 * percentage; `fired` remembers the last one.
 */
#include <string.h>

#include "desk_int.h"
#include "tocsin/ledger.h"
#include "tocsin/log.h"

#define TIMERS_MAX TIMERS_A_WORK
#define NAME_MAX_BYTES 256
#define OPS_MAX 64
#define FAR_MS INT64_C(253402300800000) /* year 10000 */
#define AGAIN_MS 1000 /* a timer that arms a timer waits at least this, so that time goes on */

/* ---- timers of the row
 * ------------------------------------------------------------------------------------------ */
static void timer_arm(struct work *w, struct value *row, int64_t due_ms, struct value about, const char *name)
{
	uint64_t id = work_timer_id(w); /* decision_apply has counted */
	const struct value *old = value_get(row, "timers");
	struct value timers = value_array(w->arena, (old == NULL ? 0 : old->n) + 1),
		     entry = value_map(w->arena, 3);
	uint8_t key[DUE_KEY_LEN];

	if (w->is_import)
		return;
	due_key(key, due_ms, id);
	value_set(w->arena, &about, "ticket", *value_get(row, "id"));
	row_put(w, TABLE_TIMER, slice_of(key, sizeof(key)), &about);
	value_add(w->arena, &entry, "due", value_int(due_ms));
	value_add(w->arena, &entry, "id", value_int((int64_t)id));
	value_add(w->arena, &entry, "name", value_text(w->arena, name, strlen(name)));
	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		value_push(w->arena, &timers, old->as.items[i]);
	value_push(w->arena, &timers, entry);
	value_set(w->arena, row, "timers", timers);
}

/* Drop the timers of one name ("*" for all), with their rows. */
static void timers_drop(struct work *w, struct value *row, const char *name)
{
	const struct value *old = value_get(row, "timers");
	struct value kept = value_array(w->arena, old == NULL ? 0 : old->n);

	for (uint32_t i = 0; old != NULL && i < old->n; i++) {
		const struct value *t = &old->as.items[i];
		uint8_t key[DUE_KEY_LEN];

		if (strcmp(name, "*") != 0 && !value_is_text(value_get(t, "name"), name)) {
			value_push(w->arena, &kept, *t);
			continue;
		}
		due_key(key, value_int_or(value_get(t, "due"), 0),
			(uint64_t)value_int_or(value_get(t, "id"), 0));
#ifndef MUTANT_LOSE_CANCEL /* planted defect: the row of a dropped timer stays */
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
#endif
	}
	if (kept.n > 0)
		value_set(w->arena, row, "timers", kept);
	else
		value_unset(row, "timers");
}

void timers_clear(struct work *w, struct value *row)
{
	timers_drop(w, row, "*");
}

void timers_forget(struct value *row, int64_t due_ms, int64_t timer_id)
{
	struct value *timers = (struct value *)value_get(row, "timers");

	for (uint32_t i = 0; timers != NULL && i < timers->n; i++) {
		struct value *t = &timers->as.items[i];

		if (value_int_or(value_get(t, "id"), -1) != timer_id ||
			value_int_or(value_get(t, "due"), -1) != due_ms)
			continue;
		memmove(t, t + 1, (timers->n - i - 1) * sizeof(*t));
		timers->n--;
	}
	if (timers != NULL && timers->n == 0)
		value_unset(row, "timers");
}

static int arm_one(struct work *w, const struct value *op, struct value *row, struct err *e)
{
	static const char *const kept[] = {
		"clock", "percent"}; /* what a rule's timer repeats: the rule is told it again */
	const char *name = value_cstr(w->arena, value_get(op, "name")),
		   *rule = value_cstr(w->arena, value_get(op, "rule"));
	struct value about = value_map(w->arena, 6);
	int64_t at_ms, after_ms;

	if (name == NULL || rule == NULL || strlen(name) > NAME_MAX_BYTES || strlen(rule) > NAME_MAX_BYTES)
		return err_set(e, ERR_REJECTED,
			"the decision's timer needs name and rule, texts of at most %d bytes",
			NAME_MAX_BYTES);
	if (value_slice(value_get(op, "clock")).n > NAME_MAX_BYTES)
		return err_set(e, ERR_REJECTED, "the decision's timer %s: clock is too long", name);
	if (w->n_timers >= TIMERS_MAX / 2)
		return err_set(e, ERR_REJECTED, "the decision arms more than %d timers", TIMERS_MAX / 2);
	if (!value_as_int(value_get(op, "at_ms"), &at_ms)) {
		if (!value_as_int(value_get(op, "after_ms"), &after_ms) || after_ms < 0 || after_ms > FAR_MS)
			return err_set(e, ERR_REJECTED,
				"the decision's timer %s needs at_ms or after_ms >= 0", name);
		at_ms = w->now_ms + after_ms;
	}
	if (at_ms < w->now_ms)
		at_ms = w->now_ms;
	if (strcmp(w->method, "timer.fire") == 0 && at_ms < w->now_ms + AGAIN_MS)
		at_ms = w->now_ms + AGAIN_MS;
	value_add(w->arena, &about, "kind", value_literal("rule"));
	value_add(w->arena, &about, "name", value_literal(name));
	value_add(w->arena, &about, "rule", value_literal(rule));
	value_add(w->arena, &about, "round", value_int(value_int_or(value_get(op, "round"), 1)));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (value_is(value_get(op, kept[i]), VALUE_TEXT) ||
			value_is(value_get(op, kept[i]), VALUE_INT))
			value_add(w->arena, &about, kept[i], *value_get(op, kept[i]));
	timers_drop(w, row, name);
	timer_arm(w, row, at_ms, about, name);
	return 0;
}

int timers_apply(
	struct work *w, const struct value *arm, const struct value *cancel, struct value *row, struct err *e)
{
	for (uint32_t i = 0; cancel != NULL && i < cancel->n; i++) {
		const char *name = value_cstr(w->arena, &cancel->as.items[i]);

		if (name == NULL)
			return err_set(e, ERR_REJECTED, "cancel_timers[%u] is not a text", i + 1);
		timers_drop(w, row, name);
	}
	for (uint32_t i = 0; arm != NULL && i < arm->n; i++)
		if (arm_one(w, &arm->as.items[i], row, e) != 0)
			return -1;
	return 0;
}

/* ---- clocks
 * ------------------------------------------------------------------------------------------------------ */
static const struct calendar *calendar_of(const struct work *w, const struct ledger *l)
{
	const char *name = ledger_terms(l)->calendar;

	return name == NULL ? NULL : packs_calendar(w->desk->packs, name);
}

/* Arm the clock's next percentage, if it runs and its instants are known. */
static void clock_rearm(struct work *w, const struct ledger *l, struct value *row)
{
	const struct ledger_terms *terms = ledger_terms(l);
	int64_t fired = value_int_or(value_get(value_get(row, "fired"), l->name), 0);
	char name[LEDGER_TEXT_MAX + 8];

	snprintf(name, sizeof(name), "clock:%s", l->name);
	timers_drop(w, row, name);
	if (ledger_is_stopped(l) || ledger_is_paused(l))
		return;
	for (uint32_t i = 0; i < terms->n_percents; i++) {
		const struct ledger_percent *p = &terms->percents[i];
		struct ledger_due at;
		struct value about;

		if (p->percent <= fired)
			continue;
		at = ledger_percent_at(l, calendar_of(w, l), p->percent, w->now_ms);
		if (!at.is_known || at.is_paused)
			return;
		about = value_map(w->arena, 6);
		value_add(w->arena, &about, "kind", value_literal("clock"));
		value_add(w->arena, &about, "clock", value_text(w->arena, l->name, strlen(l->name)));
		value_add(w->arena, &about, "percent", value_int(p->percent));
		if (p->rule != NULL)
			value_add(w->arena, &about, "rule", value_text(w->arena, p->rule, strlen(p->rule)));
		if (w->n_timers >= TIMERS_MAX)
			return; /* clocks_apply refuses before; this is the last line for a year of very many
				   clocks */
		timer_arm(w, row, at.at_ms < 0 ? 0 : at.at_ms, about, name);
		return;
	}
}

static void duty_told_of_missing_year(struct work *w, const struct ledger *l, const struct value *row)
{
	struct value both = value_array(w->arena, 2), data = value_map(w->arena, 5);
	const char *calendar = ledger_terms(l)->calendar;

	value_add(w->arena, &data, "reason", value_literal("calendar_missing"));
	value_add(w->arena, &data, "ticket", *value_get(row, "id"));
	value_add(w->arena, &data, "clock", value_text(w->arena, l->name, strlen(l->name)));
	value_add(w->arena, &data, "calendar",
		calendar == NULL ? value_nil : value_text(w->arena, calendar, strlen(calendar)));
	value_add(w->arena, &data, "year", value_int(l->due.needs_year));
	value_push(w->arena, &both, value_literal("duty"));
	value_push(w->arena, &both, data);
	value_push(w->arena, &w->notices, both);
	log_line(LOG_WARN, "calendar.missing", "calendar=%s year=%d clock=%s",
		calendar == NULL ? "-" : calendar, l->due.needs_year, l->name);
}

static void map_of_row_set(
	struct work *w, struct value *row, const char *map_name, const char *key, const struct value *val)
{
	const struct value *old = value_get(row, map_name);
	struct value map = old == NULL ? value_map(w->arena, 2) : value_copy_map(w->arena, old);

	if (val == NULL)
		value_unset(&map, key);
	else
		value_set(w->arena, &map,
			value_cstr(w->arena,
				&(struct value){
					.type = VALUE_TEXT, .n = (uint32_t)strlen(key), .as.text = key}),
			*val);
	value_set(w->arena, row, map_name, map);
}

/* Write the clock back: ledger, due, timer. */
static void clock_save(struct work *w, const struct ledger *l, struct value *row)
{
	struct value ledger = ledger_to_value(w->arena, l), due = value_int(l->due.at_ms);

	map_of_row_set(w, row, "clocks", l->name, &ledger);
	map_of_row_set(w, row, "due", l->name, l->due.is_known && !ledger_is_stopped(l) ? &due : NULL);
	if (!l->due.is_known && !ledger_is_stopped(l))
		duty_told_of_missing_year(w, l, row);
	clock_rearm(w, l, row);
}

static int clock_load(
	struct work *w, const struct value *row, const char *name, struct ledger *l, struct err *e)
{
	const struct value *v = value_get(value_get(row, "clocks"), name);

	if (v == NULL)
		return err_set(e, ERR_REJECTED, "ticket %jd has no clock \"%s\"",
			(intmax_t)value_int_or(value_get(row, "id"), 0), name);
	return ledger_from_value(w->arena, v, l, e);
}

/* percents: {75, 100} or {{percent=75, rule="…"}, …}; `rule` of the operation stands for all without one. */
static int read_percents(struct work *w, const struct value *op, struct ledger_terms *t, struct err *e)
{
	const struct value *list = value_get(op, "percents");
	const char *rule = value_cstr(w->arena, value_get(op, "rule"));
	struct ledger_percent *out;

	t->n_percents = value_is(list, VALUE_ARRAY) ? list->n : 0;
	if (t->n_percents > LEDGER_PERCENTS_MAX)
		return err_set(e, ERR_REJECTED, "a clock has at most %d percents", LEDGER_PERCENTS_MAX);
	out = arena_alloc(w->arena, (t->n_percents + 1) * sizeof(*out));
	for (uint32_t i = 0; i < t->n_percents; i++) {
		const struct value *p = &list->as.items[i];
		const char *own = value_cstr(w->arena, value_get(p, "rule"));

		out[i].percent = (int)value_int_or(p->type == VALUE_MAP ? value_get(p, "percent") : p, 0);
		out[i].rule = own != NULL ? own : rule;
		if (out[i].rule != NULL && strlen(out[i].rule) > NAME_MAX_BYTES)
			return err_set(
				e, ERR_REJECTED, "a clock's rule has at most %d bytes", NAME_MAX_BYTES);
	}
	t->percents = out;
	return 0;
}

static int read_terms(struct work *w, const struct value *op, struct ledger_terms *t, struct err *e)
{
	const char *unit = value_cstr(w->arena, value_get(op, "unit"));

	memset(t, 0, sizeof(*t));
	t->calendar = value_cstr(w->arena, value_get(op, "calendar"));
	if (unit == NULL)
		return err_set(e, ERR_REJECTED, "a clock needs a unit: hours, natural_days or working_days");
	if (unit_parse(unit, &t->unit, e) != 0 ||
		ledger_goal(value_get(op, "goal"), t->unit, &t->goal, e) != 0)
		return -1;
	return read_percents(w, op, t, e);
}

static int64_t start_at(const struct work *w, const struct value *op, const struct value *row)
{
	const struct value *from = value_get(op, "from");
	int64_t created = value_int_or(value_get(row, "created"), w->now_ms);

	if (value_is_text(from, "created"))
		return created;
	if (value_is_text(from, "received"))
		return value_int_or(value_get(row, "occurred"), created);
	return value_int_or(from, w->is_import ? created : w->now_ms);
}

static int op_start(
	struct work *w, const struct value *op, const char *name, struct value *row, struct err *e)
{
	const struct calendar *c;
	struct ledger_terms terms;
	struct ledger l;

	if (read_terms(w, op, &terms, e) != 0)
		return -1;
	if (start_at(w, op, row) < 0 || start_at(w, op, row) > FAR_MS)
		return err_set(e, ERR_REJECTED, "the clock's start lies outside the years 1970 to 9999");
	c = terms.calendar == NULL ? NULL : packs_calendar(w->desk->packs, terms.calendar);
	if (ledger_start(&l, w->arena, name, value_true(value_get(op, "statutory")), &terms, c,
		    start_at(w, op, row), e) != 0)
		return -1;
	map_of_row_set(w, row, "fired", name, NULL);
	clock_save(w, &l, row);
	return 0;
}

static int op_change(struct work *w, const struct value *op, const char *verb, const char *name,
	struct value *row, struct err *e)
{
	const char *cause = value_cstr(w->arena, value_get(op, "cause"));
	const struct calendar *c;
	struct ledger_terms terms;
	int64_t void_from, voided_ms;
	struct ledger l;
	int rc = 0;

	if (clock_load(w, row, name, &l, e) != 0)
		return -1;
	c = calendar_of(w, &l);
	if (strcmp(verb, "pause") == 0)
		rc = ledger_pause(&l, c, w->now_ms, cause == NULL ? "" : cause, e);
	else if (strcmp(verb, "resume") == 0) {
		if (value_as_int(value_get(op, "void_from"), &void_from))
			rc = ledger_void(&l, c, void_from, LEDGER_OPEN, w->now_ms, cause == NULL ? "" : cause,
				&voided_ms, e);
		if (rc == 0)
			rc = ledger_resume(&l, c, w->now_ms, e);
	} else if (strcmp(verb, "stop") == 0)
		rc = ledger_stop(&l, c, w->now_ms, e);
	else if (strcmp(verb, "regoal") == 0)
		rc = read_terms(w, op, &terms, e) != 0 ? -1 : ledger_regoal(&l, &terms, c, w->now_ms, e);
	else
		rc = err_set(e, ERR_REJECTED,
			"clock operation \"%s\" is not one of start, pause, resume, stop, regoal", verb);
	if (rc == 0)
		clock_save(w, &l, row);
	return rc;
}

/* Whether "*" means this clock: pause and resume leave statutory, stopped and fitting ones alone. */
static bool star_takes(struct work *w, const struct value *clock, const char *verb)
{
	struct ledger l;
	struct err e;

	if (ledger_from_value(w->arena, clock, &l, &e) != 0 || ledger_is_stopped(&l))
		return false;
	if (strcmp(verb, "pause") == 0)
		return !l.is_statutory && !ledger_is_paused(&l);
	return strcmp(verb, "resume") != 0 || ledger_is_paused(&l);
}

int clocks_apply(struct work *w, const struct value *ops, struct value *row, struct err *e)
{
	if (ops != NULL && ops->n > OPS_MAX)
		return err_set(
			e, ERR_REJECTED, "the decision has %u clock operations; at most %d", ops->n, OPS_MAX);
	for (uint32_t i = 0; ops != NULL && i < ops->n; i++) {
		const struct value *op = &ops->as.items[i];
		struct value clocks; /* by value: stopping one moves the row's pairs */
		const char *verb = value_cstr(w->arena, value_get(op, "op")),
			   *name = value_cstr(w->arena, value_get(op, "name"));

		if (w->n_timers > TIMERS_MAX - 256)
			return err_set(e, ERR_REJECTED,
				"the decision starts or moves more clocks than %d timers serve",
				TIMERS_MAX - 256);
		if (verb == NULL || name == NULL)
			return err_set(e, ERR_REJECTED, "the decision's clock operation %u needs op and name",
				i + 1);
		if (strcmp(name, "*") != 0) {
			if ((strcmp(verb, "start") == 0 ? op_start(w, op, name, row, e)
							: op_change(w, op, verb, name, row, e)) != 0)
				return err_prefix(e, "clock %s", name);
			continue;
		}
		clocks = value_get(row, "clocks") == NULL ? value_nil : *value_get(row, "clocks");
		for (uint32_t k = 0; clocks.type == VALUE_MAP && k < clocks.n; k++) {
			const char *each = value_cstr(w->arena, &clocks.as.pairs[k].key);

			if (w->n_timers < TIMERS_MAX - 1 && star_takes(w, &clocks.as.pairs[k].val, verb) &&
				op_change(w, op, verb, each, row, e) != 0)
				return err_prefix(e, "clock %s", each);
		}
	}
	return 0;
}

int clocks_stop_all(struct work *w, struct value *row, struct err *e)
{
	struct value op = value_map(w->arena, 2), ops = value_array(w->arena, 1);

	value_add(w->arena, &op, "op", value_literal("stop"));
	value_add(w->arena, &op, "name", value_literal("*"));
	value_push(w->arena, &ops, op);
	timers_clear(w, row);
	return clocks_apply(w, &ops, row, e);
}

int clock_fired(struct work *w, const struct value *timer, struct value *row, struct err *e)
{
	const char *name = value_cstr(w->arena, value_get(timer, "clock"));
	struct ledger l;

	/* a rule's timer repeats clock and percentage, but is no firing of the clock */
#ifndef MUTANT_RULE_FIRES /* planted defect: the repetition of an escalation sets its clock back */
	if (!value_is_text(value_get(timer, "kind"), "clock"))
		return 0;
#endif
	if (name == NULL)
		return 0;
	map_of_row_set(w, row, "fired", name, value_get(timer, "percent"));
	if (clock_load(w, row, name, &l, e) != 0)
		return -1;
	clock_rearm(w, &l, row);
	return 0;
}

struct value facts_clocks(struct work *w, const struct value *ticket)
{
	const struct value *clocks = value_get(ticket, "clocks"), *fired = value_get(ticket, "fired");
	struct value out = value_map(w->arena, clocks == NULL ? 0 : clocks->n);

	for (uint32_t i = 0; clocks != NULL && i < clocks->n; i++) {
		const struct pair *p = &clocks->as.pairs[i];
		struct value one = value_map(w->arena, 6);
		struct ledger l;
		struct err e;

		if (ledger_from_value(w->arena, &p->val, &l, &e) != 0)
			continue;
		value_add(w->arena, &one, "goal", value_int(ledger_terms(&l)->goal));
		value_add(w->arena, &one, "unit", value_literal(unit_name(ledger_terms(&l)->unit)));
		if (l.due.is_known)
			value_add(w->arena, &one, "due", value_int(l.due.at_ms));
		value_add(w->arena, &one, "state",
			value_literal(ledger_is_stopped(&l)  ? "stopped"
				      : ledger_is_paused(&l) ? "paused"
							     : "running"));
		value_add(w->arena, &one, "statutory", value_bool(l.is_statutory));
		value_add(w->arena, &one, "percent",
			value_int(value_int_or(value_get_n(fired, p->key.as.text, p->key.n), 0)));
		value_add(w->arena, &out, value_cstr(w->arena, &p->key), one);
	}
	return out;
}

/* ---- years that come later
 * -------------------------------------------------------------------------------------- */
#define REPIN_TICKETS 64

static bool waits(const struct value *clock)
{
	return value_get(clock, "needs_year") != NULL && value_get(clock, "stopped") == NULL;
}

bool clocks_wait_for_year(const struct value *row)
{
	const struct value *clocks = value_get(row, "clocks");

	for (uint32_t i = 0; clocks != NULL && i < clocks->n; i++)
		if (waits(&clocks->as.pairs[i].val))
			return true;
	return false;
}

/* Pin the waiting clocks of one ticket again; saved only if one of them is known now. */
static void repin_ticket(struct desk *d, int64_t id)
{
	struct value before, after;
	bool is_known = false;
	struct work w;
	struct err e;

	arena_reset(&d->arena);
	work_begin(&w, d, &d->arena, "calendar.pin", "calendar", 0, slice_of(NULL, 0));
	if (ticket_load(d, w.tx, w.arena, id, &before, &e) != 0) {
		log_line(LOG_ERROR, "calendar.pin", "ticket=%jd error=\"%s\"", (intmax_t)id, e.text);
		work_abort(&w);
		return;
	}
	after = value_copy(w.arena, &before);
	for (uint32_t i = 0; i < value_get(&before, "clocks")->n; i++) {
		const struct pair *p = &value_get(&before, "clocks")->as.pairs[i];
		struct ledger l;

		if (!waits(&p->val) || ledger_from_value(w.arena, &p->val, &l, &e) != 0)
			continue;
		ledger_pin(&l, calendar_of(&w, &l), w.now_ms);
		if (!l.due.is_known)
			continue;
		is_known = true;
		clock_save(&w, &l, &after);
	}
	if (is_known) {
		ticket_save(&w, &before, &after);
		if (work_commit(&w, &e) != 0)
			log_line(LOG_ERROR, "calendar.pin", "ticket=%jd error=\"%s\"", (intmax_t)id, e.text);
	} else {
		work_abort(&w);
	}
}

int64_t clocks_repin(struct desk *d, int64_t after)
{
	int64_t ids[REPIN_TICKETS];
	uint8_t from[9] = {INDEX_YEAR}, to[1] = {INDEX_YEAR + 1};
	uint32_t n = 0;
	struct scan s;
	struct err e;

	store_be64(from + 1, (uint64_t)after + 1);
	scan_init(&s, d->store, NULL, TABLE_INDEX, slice_of(from, 9), slice_of(to, 1), false);
	while (n < REPIN_TICKETS && scan_next(&s, &e) == 1)
		ids[n++] = (int64_t)load_be64((const uint8_t *)s.key.p + 1);
	scan_fini(&s);
	for (uint32_t i = 0; i < n; i++)
		repin_ticket(d, ids[i]);
	return n == REPIN_TICKETS ? ids[n - 1] : -1;
}
