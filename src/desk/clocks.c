/*
 * A ticket's clocks. The row keeps the ledgers as bytes under `clocks` (ledgers.h), what is due under `due`,
 * and under `fired` the last percentage of each clock that has fired. A clock waits for one percentage at a
 * time: its next.
 */
#include <string.h>

#include "desk_int.h"
#include "tocsin/ledgers.h"
#include "tocsin/log.h"

#define NAME_MAX_BYTES 256
#define OPS_MAX 64

/* The clocks of a row while they change: read once, written back once. */
struct clocks {
	struct work *w;
	struct value *row;
	struct ledger_slot *slots;
	uint32_t n, cap;
	struct value due, fired;
};

static int clocks_open(struct clocks *c, struct work *w, struct value *row, struct err *e)
{
	const struct value *due = value_get(row, "due"), *fired = value_get(row, "fired");

	c->w = w;
	c->row = row;
	if (clocks_slots(w, row, true, &c->slots, &c->n, e) != 0)
		return err_prefix(e, "ticket %jd", (intmax_t)value_int_or(value_get(row, "id"), 0));
	c->cap = c->n;
	c->due = due == NULL ? value_map(w->arena, 4) : value_copy_map(w->arena, due);
	c->fired = fired == NULL ? value_map(w->arena, 4) : value_copy_map(w->arena, fired);
	return 0;
}

static void clocks_close(struct clocks *c)
{
	struct buf *b = &c->w->desk->scratch;

	if (c->n == 0)
		return;
	buf_reset(b);
	ledgers_encode(b, c->w->desk->lexicon, c->slots, c->n);
	must(!b->is_full);
	value_set(c->w->arena, c->row, "clocks", value_bytes(arena_copy(c->w->arena, b->p, b->n), b->n));
	value_set(c->w->arena, c->row, "due", c->due);
	if (c->fired.n > 0)
		value_set(c->w->arena, c->row, "fired", c->fired);
	else
		value_unset(c->row, "fired");
}

static struct ledger_slot *slot_find(const struct clocks *c, const char *name)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->slots[i].ledger.name, name) == 0)
			return &c->slots[i];
	return NULL;
}

static int slot_add(struct clocks *c, const char *name, struct ledger_slot **out, struct err *e)
{
	*out = slot_find(c, name);
	if (*out != NULL)
		return 0;
	if (c->n >= LEDGERS_MAX)
		return err_set(e, ERR_REJECTED, "a ticket has at most %d clocks", LEDGERS_MAX);
	if (c->n == c->cap) {
		struct ledger_slot *more;

		c->cap = c->n + 8;
		more = arena_alloc(c->w->arena, c->cap * sizeof(*more));
		if (c->n > 0)
			memcpy(more, c->slots, c->n * sizeof(*more));
		c->slots = more;
	}
	*out = &c->slots[c->n++];
	return 0;
}

static const struct calendar *calendar_of(const struct work *w, const struct ledger *l)
{
	const char *name = ledger_terms(l)->calendar;

	return name == NULL ? NULL : packs_calendar(w->desk->packs, name);
}

/* Wait for the clock's next percentage, if it runs and its instants are known. */
static void slot_arm(struct clocks *c, struct ledger_slot *s)
{
	const struct ledger *l = &s->ledger;
	const struct ledger_terms *terms = ledger_terms(l);
	int64_t fired = value_int_or(value_get(&c->fired, l->name), 0);

	s->armed_percent = 0;
	s->armed_ms = 0;
	if (c->w->is_import || ledger_is_stopped(l) || ledger_is_paused(l))
		return;
	for (uint32_t i = 0; i < terms->n_percents; i++) {
		struct ledger_due at;

		if (terms->percents[i].percent <= fired)
			continue;
		at = ledger_percent_at(l, calendar_of(c->w, l), terms->percents[i].percent, c->w->now_ms);
		if (!at.is_known || at.is_paused)
			return;
		s->armed_percent = terms->percents[i].percent;
		s->armed_ms = at.at_ms < 0 ? 0 : at.at_ms;
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

/* A clock has changed: what is due, and what it waits for. */
static void slot_changed(struct clocks *c, struct ledger_slot *s)
{
	const struct ledger *l = &s->ledger;

	if (l->due.is_known && !ledger_is_stopped(l))
		value_set(c->w->arena, &c->due, l->name, value_int(l->due.at_ms));
	else
		value_unset(&c->due, l->name);
	if (!l->due.is_known && !ledger_is_stopped(l))
		duty_told_of_missing_year(c->w, l, c->row);
	slot_arm(c, s);
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
	int64_t created = value_int_or(value_get(row, "created"), w->now_ms), occurred;

	if (value_is_text(from, "created"))
		return created;
	if (value_is_text(from, "received")) { /* an occurred to come is a slip: no clock waits for it */
		occurred = value_int_or(value_get(row, "occurred"), created);
		return occurred < created ? occurred : created;
	}
	return value_int_or(from, w->is_import ? created : w->now_ms);
}

static int op_start(struct clocks *c, const struct value *op, const char *name, struct err *e)
{
	int64_t from_ms = start_at(c->w, op, c->row);
	const struct calendar *calendar;
	struct ledger_terms terms;
	struct ledger_slot *s;
	struct ledger l;

	if (read_terms(c->w, op, &terms, e) != 0)
		return -1;
	if (from_ms < 0 || from_ms > INSTANT_MAX_MS)
		return err_set(e, ERR_REJECTED, "the clock's start lies outside the years 1970 to 9999");
	calendar = terms.calendar == NULL ? NULL : packs_calendar(c->w->desk->packs, terms.calendar);
	if (ledger_start(&l, c->w->arena, name, value_true(value_get(op, "statutory")), &terms, calendar,
		    from_ms, e) != 0 ||
		slot_add(c, l.name, &s, e) != 0)
		return -1;
	s->ledger = l;
	value_unset(&c->fired, l.name);
	slot_changed(c, s);
	return 0;
}

static int resume(struct work *w, const struct value *op, const char *cause, const struct calendar *calendar,
	struct ledger *l, struct err *e)
{
	int64_t void_from, voided_ms;

	if (value_as_int(value_get(op, "void_from"), &void_from) &&
		ledger_void(l, calendar, void_from, LEDGER_OPEN, w->now_ms, cause, &voided_ms, e) != 0)
		return -1;
	return ledger_resume(l, calendar, w->now_ms, e);
}

static int op_change(
	struct clocks *c, const struct value *op, const char *verb, struct ledger_slot *s, struct err *e)
{
	struct ledger *l = &s->ledger;
	const char *cause = value_cstr(c->w->arena, value_get(op, "cause"));
	const struct calendar *calendar = calendar_of(c->w, l);
	struct ledger_terms terms;
	int rc;

	if (cause == NULL)
		cause = "";
	if (strcmp(verb, "pause") == 0)
		rc = ledger_pause(l, calendar, c->w->now_ms, cause, e);
	else if (strcmp(verb, "resume") == 0)
		rc = resume(c->w, op, cause, calendar, l, e);
	else if (strcmp(verb, "stop") == 0)
		rc = ledger_stop(l, calendar, c->w->now_ms, e);
	else if (strcmp(verb, "regoal") == 0)
		rc = read_terms(c->w, op, &terms, e) != 0
			     ? -1
			     : ledger_regoal(l, &terms, calendar, c->w->now_ms, e);
	else
		rc = err_set(e, ERR_REJECTED,
			"clock operation \"%s\" is not one of start, pause, resume, stop, regoal", verb);
	if (rc == 0)
		slot_changed(c, s);
	return rc;
}

static int op_named(
	struct clocks *c, const struct value *op, const char *verb, const char *name, struct err *e)
{
	struct ledger_slot *s;

	if (strcmp(verb, "start") == 0)
		return op_start(c, op, name, e);
	s = slot_find(c, name);
	if (s == NULL)
		return err_set(e, ERR_REJECTED, "ticket %jd has no clock \"%s\"",
			(intmax_t)value_int_or(value_get(c->row, "id"), 0), name);
	return op_change(c, op, verb, s, e);
}

/* Whether "*" means this clock: pause and resume leave statutory, stopped and fitting ones alone. */
static bool star_takes(const struct ledger *l, const char *verb)
{
	if (ledger_is_stopped(l))
		return false;
	if (strcmp(verb, "pause") == 0)
		return !l->is_statutory && !ledger_is_paused(l);
	return strcmp(verb, "resume") != 0 || ledger_is_paused(l);
}

static int op_star(struct clocks *c, const struct value *op, const char *verb, struct err *e)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (star_takes(&c->slots[i].ledger, verb) && op_change(c, op, verb, &c->slots[i], e) != 0)
			return err_prefix(e, "clock %s", c->slots[i].ledger.name);
	return 0;
}

int clocks_apply(struct work *w, const struct value *ops, struct value *row, struct err *e)
{
	struct clocks c;

	if (ops == NULL || ops->n == 0)
		return 0;
	if (ops->n > OPS_MAX)
		return err_set(
			e, ERR_REJECTED, "the decision has %u clock operations; at most %d", ops->n, OPS_MAX);
	if (clocks_open(&c, w, row, e) != 0)
		return -1;
	for (uint32_t i = 0; i < ops->n; i++) {
		const struct value *op = &ops->as.items[i];
		const char *verb = value_cstr(w->arena, value_get(op, "op")),
			   *name = value_cstr(w->arena, value_get(op, "name"));

		if (verb == NULL || name == NULL)
			return err_set(e, ERR_REJECTED, "the decision's clock operation %u needs op and name",
				i + 1);
		if (strcmp(name, "*") != 0) {
			if (op_named(&c, op, verb, name, e) != 0)
				return err_prefix(e, "clock %s", name);
		} else if (op_star(&c, op, verb, e) != 0) {
			return -1;
		}
	}
	clocks_close(&c);
	return 0;
}

int clocks_stop_all(struct work *w, struct value *row, struct err *e)
{
	struct value op = value_map(w->arena, 2), ops = value_array(w->arena, 1);

	value_add(w->arena, &op, "op", value_literal("stop"));
	value_add(w->arena, &op, "name", value_literal("*"));
	value_push(w->arena, &ops, op);
	timers_drop(w, row, "*");
	return clocks_apply(w, &ops, row, e);
}

int clock_fired(struct work *w, const char *name, int percent, struct value *row, struct err *e)
{
	struct ledger_slot *s;
	struct clocks c;

	if (clocks_open(&c, w, row, e) != 0)
		return -1;
	s = slot_find(&c, name);
	if (s == NULL)
		return err_set(e, ERR_INTERNAL, "ticket %jd has no clock \"%s\"",
			(intmax_t)value_int_or(value_get(row, "id"), 0), name);
	value_set(w->arena, &c.fired, s->ledger.name, value_int(percent));
	slot_arm(&c, s);
	clocks_close(&c);
	return 0;
}

/* ---- years that come later ----------------------------------------------------------------------------- */
#define REPIN_TICKETS 64

/* Pin what waits; 1 if something of it is known now. */
static int repin(struct work *w, struct value *row, struct err *e)
{
	struct clocks c;
	int is_known = 0;

	if (clocks_open(&c, w, row, e) != 0)
		return -1;
	for (uint32_t i = 0; i < c.n; i++) {
		struct ledger *l = &c.slots[i].ledger;

		if (l->due.is_known || ledger_is_stopped(l))
			continue;
		ledger_pin(l, calendar_of(w, l), w->now_ms);
		if (!l->due.is_known)
			continue;
		is_known = 1;
		slot_changed(&c, &c.slots[i]);
	}
	clocks_close(&c);
	return is_known;
}

/* Pin the waiting clocks of one ticket again; saved only if one of them is known now. */
static void repin_ticket(struct desk *d, int64_t id)
{
	struct value before, after;
	struct work w;
	struct err e;
	int got = -1;

	arena_reset(&d->arena);
	work_begin(&w, d, &d->arena, "calendar.pin", "calendar", 0, slice_of(NULL, 0));
	if (ticket_load(d, w.tx, w.arena, id, &before, &e) == 0) {
		after = value_copy_map(w.arena, &before);
		got = repin(&w, &after, &e);
	}
	if (got == 1 && ticket_save(&w, &before, &after, &e) == 0)
		got = work_commit(&w, &e);
	else
		work_abort(&w);
	if (got != 0)
		log_line(LOG_ERROR, "calendar.pin", "ticket=%jd error=\"%s\"", (intmax_t)id, e.text);
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
