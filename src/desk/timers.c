/*
 * A ticket's timers: of each clock its next percentage (in `clocks`), and what rules asked for (`timers`, an
 * array by due of [due, name, rule, round, clock, percent]; the last two may be nil). The earliest of them is
 * the ticket's one row in TABLE_TIMER, a pure function of the ticket's own row.
 */
#include <string.h>

#include "desk_int.h"
#include "tocsin/ledgers.h"

#define RULE_TIMERS_MAX 512 /* of a ticket */
#define NAME_MAX_BYTES 256
#define AGAIN_MS 1000 /* a timer that arms a timer waits at least this, so that time goes on */

enum place { DUE, NAME, RULE, ROUND, CLOCK, PERCENT, N_PLACES };

/* ---- what rules asked for ------------------------------------------------------------------------------ */
void timers_drop(struct work *w, struct value *row, const char *name)
{
	const struct value *old = value_get(row, "timers");
	struct value kept;

#ifdef MUTANT_LOSE_CANCEL /* planted defect: a cancelled timer stays */
	return;
#endif
	if (old == NULL)
		return;
	kept = value_array(w->arena, old->n);
	for (uint32_t i = 0; i < old->n; i++)
		if (strcmp(name, "*") != 0 && !value_is_text(value_at(&old->as.items[i], NAME), name))
			value_push(w->arena, &kept, old->as.items[i]);
	if (kept.n > 0)
		value_set(w->arena, row, "timers", kept);
	else
		value_unset(row, "timers");
}

static int64_t due_of(const struct value *timer)
{
	return value_int_or(value_at(timer, DUE), 0);
}

/* Behind all that are due at the same time. */
static void insert(struct work *w, struct value *row, struct value timer)
{
	const struct value *old = value_get(row, "timers");
	struct value timers = value_array(w->arena, (old == NULL ? 0 : old->n) + 1);
	uint32_t i = 0;

	for (; old != NULL && i < old->n && due_of(&old->as.items[i]) <= due_of(&timer); i++)
		value_push(w->arena, &timers, old->as.items[i]);
	value_push(w->arena, &timers, timer);
	for (; old != NULL && i < old->n; i++)
		value_push(w->arena, &timers, old->as.items[i]);
	value_set(w->arena, row, "timers", timers);
}

static int when_due(struct work *w, const struct value *op, const char *name, int64_t *at_ms, struct err *e)
{
	int64_t after_ms;

	if (!value_as_int(value_get(op, "at_ms"), at_ms)) {
		if (!value_as_int(value_get(op, "after_ms"), &after_ms) || after_ms < 0 ||
			after_ms > INSTANT_MAX_MS)
			return err_set(e, ERR_REJECTED,
				"the decision's timer %s needs at_ms or after_ms >= 0", name);
		*at_ms = w->now_ms + after_ms;
	}
	if (*at_ms < w->now_ms)
		*at_ms = w->now_ms;
	if (strcmp(w->method, "timer.fire") == 0 && *at_ms < w->now_ms + AGAIN_MS)
		*at_ms = w->now_ms + AGAIN_MS;
	return 0;
}

static struct value repeated(const struct value *op, const char *key)
{
	const struct value *v = value_get(op, key);

	return value_is(v, VALUE_TEXT) || value_is(v, VALUE_INT) ? *v : value_nil;
}

static int arm_one(struct work *w, const struct value *op, struct value *row, struct err *e)
{
	const struct value *old;
	const char *name = value_cstr(w->arena, value_get(op, "name")),
		   *rule = value_cstr(w->arena, value_get(op, "rule"));
	struct value timer = value_array(w->arena, N_PLACES);
	int64_t at_ms;

	if (name == NULL || rule == NULL || strlen(name) > NAME_MAX_BYTES || strlen(rule) > NAME_MAX_BYTES)
		return err_set(e, ERR_REJECTED,
			"the decision's timer needs name and rule, texts of at most %d bytes",
			NAME_MAX_BYTES);
	if (value_slice(value_get(op, "clock")).n > NAME_MAX_BYTES)
		return err_set(e, ERR_REJECTED, "the decision's timer %s: clock is too long", name);
	if (when_due(w, op, name, &at_ms, e) != 0)
		return -1;
	timers_drop(w, row, name);
	old = value_get(row, "timers");
	if (old != NULL && old->n >= RULE_TIMERS_MAX)
		return err_set(e, ERR_REJECTED, "the ticket would have more than %d timers", RULE_TIMERS_MAX);
	value_push(w->arena, &timer, value_int(at_ms));
	value_push(w->arena, &timer, value_literal(name));
	value_push(w->arena, &timer, value_literal(rule));
	value_push(w->arena, &timer, value_int(value_int_or(value_get(op, "round"), 1)));
	value_push(w->arena, &timer, repeated(op, "clock"));
	value_push(w->arena, &timer, repeated(op, "percent"));
	if (!w->is_import)
		insert(w, row, timer);
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

/* {kind="rule", name, rule, round, clock?, percent?}, as facts.timer. */
static struct value rule_about(struct arena *a, const struct value *timer)
{
	static const char *const keys[] = {NULL, "name", "rule", "round", "clock", "percent"};
	struct value about = value_map(a, N_PLACES + 2);

	value_add(a, &about, "kind", value_literal("rule"));
	for (uint32_t i = NAME; i < N_PLACES; i++)
		if (value_at(timer, i) != NULL && !value_is(value_at(timer, i), VALUE_NIL))
			value_add(a, &about, keys[i], *value_at(timer, i));
	return about;
}

/* ---- the earliest -------------------------------------------------------------------------------------- */
/* The clock that is to fire first, before rules' timers of the same instant. */
static bool first_clock(const struct lexicon *lexicon, const struct value *row, struct ledger_head *first)
{
	struct ledger_heads heads;
	struct ledger_head h;
	bool found = false;

	ledger_heads_init(&heads, lexicon, value_slice(value_get(row, "clocks")));
	while (ledger_heads_next(&heads, &h)) {
		if (h.armed_percent == 0 || (found && h.armed_ms >= first->armed_ms))
			continue;
		*first = h;
		found = true;
	}
	return found;
}

int64_t timers_next(const struct value *row)
{
	const struct value *rule = value_at(value_get(row, "timers"), 0);
	struct ledger_head clock;
	int64_t next = rule == NULL ? INT64_MAX : due_of(rule);

	return first_clock(NULL, row, &clock) && clock.armed_ms < next ? clock.armed_ms : next;
}

bool timer_first(struct work *w, const struct value *row, struct timer *t)
{
	const struct value *rule = value_at(value_get(row, "timers"), 0);
	struct ledger_head clock;

	memset(t, 0, sizeof(*t));
	if (first_clock(w->desk->lexicon, row, &clock) && (rule == NULL || clock.armed_ms <= due_of(rule))) {
		t->due_ms = clock.armed_ms;
		t->clock = arena_text(w->arena, clock.name.p, clock.name.n);
		t->percent = clock.armed_percent;
		t->about = clock_about(w, row, t->clock, t->percent);
		return true;
	}
	if (rule == NULL)
		return false;
	t->due_ms = due_of(rule);
	t->about = rule_about(w->arena, rule);
	return true;
}

int timer_spend(struct work *w, const struct timer *t, struct value *row, struct err *e)
{
	const struct value *timers = value_get(row, "timers");
	struct value left;

	if (t->clock != NULL)
		return clock_fired(w, t->clock, t->percent, row, e);
	left = value_array(w->arena, timers->n);
	for (uint32_t i = 1; i < timers->n; i++)
		value_push(w->arena, &left, timers->as.items[i]);
	if (left.n > 0)
		value_set(w->arena, row, "timers", left);
	else
		value_unset(row, "timers");
#ifdef MUTANT_RULE_FIRES /* planted defect: the repetition of an escalation sets its clock back */
	if (value_get(&t->about, "clock") != NULL)
		return clock_fired(w, value_cstr(w->arena, value_get(&t->about, "clock")),
			(int)value_int_or(value_get(&t->about, "percent"), 0), row, e);
#endif
	return 0;
}

/* ---- the row in TABLE_TIMER ---------------------------------------------------------------------------- */
void timer_update(struct work *w, const struct value *before, const struct value *after)
{
	int64_t id = value_int_or(value_get(after, "id"), 0), next = timers_next(after),
		last = before == NULL ? INT64_MAX : timers_next(before);
	uint8_t key[DUE_KEY_LEN];
	bool is_fired = w->fired_ticket == id, /* the wheel has let go of it */
		goes = last != INT64_MAX && last != next;

	if (next == last && !is_fired)
		return;
#ifdef MUTANT_FIRE_TWICE /* planted defect: the row of what has fired stays */
	goes = goes && !is_fired;
#endif
	if (goes) {
		due_key(key, last, (uint64_t)id);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	if (next != INT64_MAX) {
		due_key(key, next, (uint64_t)id);
		tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
	}
}

/* ---- for people ---------------------------------------------------------------------------------------- */
struct value timers_shown(struct work *w, const struct value *row)
{
	const struct value *timers = value_get(row, "timers");
	struct value out = value_array(w->arena, 4);
	struct ledger_heads heads;
	struct ledger_head h;

	ledger_heads_init(&heads, w->desk->lexicon, value_slice(value_get(row, "clocks")));
	while (ledger_heads_next(&heads, &h)) {
		const char *name = arena_text(w->arena, h.name.p, h.name.n);
		struct value one;

		if (h.armed_percent == 0)
			continue;
		one = clock_about(w, row, name, h.armed_percent);
		value_add(w->arena, &one, "name", value_printf(w->arena, "clock:%s", name));
		value_add(w->arena, &one, "due", value_int(h.armed_ms));
		value_push(w->arena, &out, one);
	}
	for (uint32_t i = 0; timers != NULL && i < timers->n; i++) {
		struct value one = rule_about(w->arena, &timers->as.items[i]);

		value_add(w->arena, &one, "due", value_int(due_of(&timers->as.items[i])));
		value_push(w->arena, &out, one);
	}
	return out;
}
