/* Due timers: each is worked by its owner, in an entry of its own. */

#include "affected.h"
#include "jobs.h"
#include "signals.h"
#include "tasks.h"
#include "tocsin/log.h"
#include "warn.h"

#define BROKEN_PAUSE_MS 60000 /* until a timer that could not be worked is due again */

static void begin_timer(struct work *w, struct desk *d, uint64_t id)
{
	work_begin(w, d, &d->arena, "timer.fire", "timer", 0, slice_of(NULL, 0));
	w->fired_ticket = timer_owner(id) == TIMER_OF_TICKET ? (int64_t)id : 0;
}

/* What the permanent record says came in. */
static void take_params(struct work *w, const struct value *params)
{
	struct buf *b = &w->desk->scratch;

	buf_reset(b);
	value_encode(b, params);
	must(!b->is_full);
	w->params = slice_of(arena_copy(w->arena, b->p, b->n), b->n);
}

/* {zh, en}: why what the timer asked for was not possible. */
static struct value refusal(struct arena *a, const struct err *why)
{
	struct value out = value_map(a, 2);
	size_t n;
	const char *text = err_said(why, LANG_EN, &n);

	value_add(a, &out, "en", value_text(a, text, n));
	text = err_said(why, LANG_ZH, &n);
	value_add(a, &out, "zh", value_text(a, text, n));
	return out;
}

/* What the timer is told, what comes of it. refused: why its first decision could not be applied, or NULL. */
static int timer_decide(struct work *w, const struct timer *t, const struct value *before,
	const struct err *refused, struct err *e)
{
	struct value after = value_copy_map(w->arena, before), facts = ticket_facts(w, before),
		     about = value_copy_map(w->arena, &t->about), decision;

	value_add(w->arena, &about, "due", value_int(t->due_ms));
	value_add(w->arena, &about, "ticket", value_int(w->fired_ticket));
	if (refused != NULL)
		value_add(w->arena, &about, "refused", refusal(w->arena, refused));
	value_add(w->arena, &facts, "timer", about);
	if (timer_spend(w, t, &after, e) != 0)
		return -1;
	return ticket_decide(w, "timer", &facts, before, &after, &decision, e);
}

/* A timer whose decision cannot be applied is still spent: its ticket goes to the duty queue, visibly. */
static int timer_failed(struct work *w, const struct timer *t, const struct value *before,
	const struct err *why, struct err *e)
{
	struct value after = value_copy_map(w->arena, before);

	log_line(LOG_ERROR, "timer.failed", "ticket=%jd due_ms=%jd error=\"%s\"", (intmax_t)w->fired_ticket,
		(intmax_t)t->due_ms, why->text);
	if (timer_spend(w, t, &after, e) != 0)
		return -1;
	work_otherwise(w, "timer", why, &after);
	return ticket_save(w, before, &after, e);
}

static void drop_row(struct work *w, int64_t due_ms, uint64_t id)
{
	uint8_t key[DUE_KEY_LEN];

	due_key(key, due_ms, id);
	tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
}

/* A row that no timer of its ticket stands behind would be due for ever: it goes. */
static int timer_lost(struct work *w, int64_t due_ms, uint64_t ticket, const char *why, struct err *e)
{
	log_line(LOG_ERROR, "timer.lost", "due_ms=%jd ticket=%ju error=\"%s\"", (intmax_t)due_ms,
		(uintmax_t)ticket, why);
	drop_row(w, due_ms, ticket);
	return work_commit(w, e);
}

/* 0: decided and kept. -1: the work is aborted. */
static int timer_work(struct work *w, const struct timer *t, const struct value *before,
	const struct err *refused, struct err *e)
{
	if (timer_decide(w, t, before, refused, e) == 0)
		return work_commit(w, e);
	work_abort(w);
	return -1;
}

/* Load, decide, save. -1: not even a failure could be kept, and the work is aborted. */
static int fire_ticket(struct desk *d, int64_t due_ms, uint64_t ticket, struct err *e)
{
	struct value before, params;
	struct timer t;
	struct work w;
	struct err why, again;

	begin_timer(&w, d, ticket);
	if (ticket_load(d, w.tx, w.arena, (int64_t)ticket, &before, &why) != 0)
		return timer_lost(&w, due_ms, ticket, why.text, e);
	if (!timer_first(&w, &before, &t) || t.due_ms != due_ms)
		return timer_lost(&w, due_ms, ticket, "the ticket waits for nothing then", e);
	params = value_copy_map(w.arena, &t.about);
	value_add(w.arena, &params, "ticket", value_int((int64_t)ticket));
	take_params(&w, &params);
	if (timer_work(&w, &t, &before, NULL, &why) == 0)
		return 0;
	if (why.code == ERR_REJECTED && t.clock == NULL) { /* asked again, the pack may put it off */
		begin_timer(&w, d, ticket);
		take_params(&w, &params);
		if (timer_work(&w, &t, &before, &why, &again) == 0)
			return 0;
	}
	begin_timer(&w, d, ticket);
	take_params(&w, &params);
	if (timer_failed(&w, &t, &before, &why, e) == 0)
		return work_commit(&w, e);
	work_abort(&w);
	return -1;
}

static int fire_task(struct desk *d, int64_t due_ms, uint64_t id, struct err *e)
{
	int64_t task = (int64_t)(id & ~TIMER_OF_TASK);
	struct value params = value_map(&d->arena, 2);
	struct work w;
	int rc;

	value_add(&d->arena, &params, "kind", value_literal("task"));
	value_add(&d->arena, &params, "task", value_int(task));
	for (int is_plain = 0; is_plain < 2; is_plain++) {
		begin_timer(&w, d, id);
		take_params(&w, &params);
		drop_row(&w, due_ms, id);
		rc = task_fire(&w, task, is_plain, e);
		if (rc == 0 && work_commit(&w, e) == 0)
			return 0;
		if (rc != 0)
			work_abort(&w);
	}
	log_line(LOG_ERROR, "task.put_off", "task=%jd error=\"%s\"", (intmax_t)task, e->text);
	begin_timer(&w, d, id); /* a row that stayed would be due for ever */
	take_params(&w, &params);
	drop_row(&w, due_ms, id);
	if (task_put_off(&w, task, e) == 0)
		return work_commit(&w, e);
	work_abort(&w);
	return -1;
}

/* An entry without its row. */
static void begin_spent(struct work *w, struct desk *d, int64_t due_ms, uint64_t id, const char *kind)
{
	struct value params = value_map(&d->arena, 1);

	value_add(&d->arena, &params, "kind", value_literal(kind));
	begin_timer(w, d, id);
	take_params(w, &params);
	drop_row(w, due_ms, id);
}

static int end_spent(struct work *w, int rc, struct err *e)
{
	if (rc == 0)
		return work_commit(w, e);
	work_abort(w);
	return -1;
}

static int fire_numbers(struct desk *d, int64_t due_ms, uint64_t id, struct err *e)
{
	struct work w;

	begin_spent(&w, d, due_ms, id, "numbers");
	return end_spent(&w, affected_fire(&w, e), e);
}

static int fire_change(struct desk *d, int64_t due_ms, uint64_t id, struct err *e)
{
	struct work w;

	begin_spent(&w, d, due_ms, id, "change");
	return end_spent(&w, change_fire(&w, id, e), e);
}

static int fire_warn(struct desk *d, int64_t due_ms, uint64_t id, struct err *e)
{
	(void)e; /* they put themselves off */
	(id == TIMER_OF_LEARN ? warn_learn_fire : warn_fire)(d, due_ms);
	return 0;
}

/* -1: it could not be worked, and nothing of it is done. */
static const struct timer_worker {
	uint64_t owner;
	const char *name;
	int (*fire)(struct desk *, int64_t due_ms, uint64_t id, struct err *e);
} workers[] = {
	{TIMER_OF_TICKET, "ticket", fire_ticket},
	{TIMER_OF_CHANGE, "change", fire_change},
	{TIMER_OF_JOB, "job", job_fire},
	{TIMER_OF_AFFECTED, "numbers", fire_numbers},
	{TIMER_OF_WARN, "warning", fire_warn},
	{TIMER_OF_TASK, "task", fire_task},
};

void timer_fire(void *udata, int64_t due_ms, uint64_t id)
{
	const struct timer_worker *worker = workers;
	struct desk *d = udata;
	struct err e;

	arena_reset(&d->arena);
	d->counts.n_timers++;
	while (worker->owner != timer_owner(id)) {
		worker++;
		must(worker < workers + sizeof(workers) / sizeof(workers[0]));
	}
	if (worker->fire(d, due_ms, id, &e) == 0)
		return;
	log_line(LOG_ERROR, "timer.broken", "%s=%ju due_ms=%jd again_ms=%d error=\"%s\"", worker->name,
		(uintmax_t)(id - worker->owner), (intmax_t)due_ms, BROKEN_PAUSE_MS, e.text);
	due_put_off(d->due, due_ms, id, d->clock->now_ms + BROKEN_PAUSE_MS); /* its row stands */
}
