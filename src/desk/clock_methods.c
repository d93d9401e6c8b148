/*
 * clock.*: what time it is, and moving a virtual clock. A long way is worked in slices over turns, so that
 * others are answered meanwhile, at the time that has come; a slice is so many timers, and what the timers do
 * depends on none of it: the same calls give the same journal.
 */
#include <stdlib.h>
#include <string.h>

#include "desk_int.h"

#define TIMERS_A_SLICE 256

struct advance {
	struct deferral *later;
	int64_t to_ms;
	uint64_t n_before;
};

static struct value time_value(const struct desk *d, struct arena *a)
{
	struct value v = value_map(a, 5);
	char text[40];

	clock_format(d->clock->now_ms, text);
	value_add(a, &v, "now", value_int(d->clock->now_ms));
	value_add(a, &v, "iso", value_text(a, text, strlen(text)));
	value_add(a, &v, "virtual", value_bool(d->clock->is_virtual));
	value_add(a, &v, "suspect", value_bool(d->clock->is_suspect));
	return v;
}

static int clock_now(struct call *c, struct value *result, struct err *e)
{
	(void)e;
	*result = time_value(c->ctx, c->arena);
	return 0;
}

static int clock_accept_method(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;

	clock_accept(d->clock);
	return clock_now(c, result, e);
}

/* ---- moving it ----------------------------------------------------------------------------------------- */
static void advance_fire(void *udata, int64_t due_ms, uint64_t timer_id)
{
	struct desk *d = udata;

	clock_advance_to(d->clock, due_ms);
	timer_fire(d, due_ms, timer_id);
}

/* Everything due up to the target in (due, id) order, each with now = its due, also what gets armed
 * meanwhile. 1 the clock stands there, 0 there is more, -1. */
static int slice(struct desk *d, int64_t to_ms, struct err *e)
{
	for (int n = 0; n < TIMERS_A_SLICE; n++) {
		int64_t next = due_next_ms(d->due);

		if (next > to_ms) {
			clock_advance_to(d->clock, to_ms);
			return 1;
		}
		if (store_accepts(d->store, e) != 0)
			return -1;
		if (store_is_behind(d->store))
			return 0;
		if (next < d->clock->now_ms)
			next = d->clock->now_ms;
		clock_advance_to(
			d->clock, next); /* a timer that was put off is due later than its row says */
		due_work(d->due, next, 1, advance_fire, d);
	}
	return 0;
}

static struct value there(const struct desk *d, struct arena *a, uint64_t n_before)
{
	struct value v = time_value(d, a);

	value_add(a, &v, "fired", value_int((int64_t)(d->counts.n_timers - n_before)));
	return v;
}

static void finish(struct desk *d, const struct value *result, const struct err *e)
{
	struct advance *on = d->advance;

	d->advance = NULL;
	deferral_finish(on->later, result, e);
	free(on);
}

void advance_work(struct desk *d)
{
	struct value result;
	struct arena a;
	struct err e;
	int rc;

	if (d->advance == NULL || (rc = slice(d, d->advance->to_ms, &e)) == 0)
		return;
	arena_init(&a, 0);
	if (rc == 1)
		result = there(d, &a, d->advance->n_before);
	finish(d, rc == 1 ? &result : NULL, rc == 1 ? NULL : &e);
	arena_fini(&a);
}

void advance_stop(struct desk *d)
{
	struct err e;

	if (d->advance == NULL)
		return;
	err_set(&e, ERR_BUSY, "the daemon is stopping");
	finish(d, NULL, &e);
}

#define CLOCK_MS_MAX (INSTANT_MAX_MS - INT64_C(8) * 3600 * 1000) /* 9999-12-31T23:59:59.999+08:00 */

/* Where to, as the call says. */
static int target_of(const struct desk *d, const struct call *c, int64_t *to_ms, struct err *e)
{
	const struct value *by = value_get(&c->args, "by"), *to = value_get(&c->args, "to");
	char now[40];

	if (!d->clock->is_virtual)
		return err_set(
			e, ERR_REJECTED, "the clock is real; clock.advance needs --clock virtual:TIME");
	if ((by == NULL) == (to == NULL))
		return err_set(e, ERR_BAD_REQUEST, "clock.advance needs either by or to");
	if (value_int_or(by != NULL ? by : to, 0) > CLOCK_MS_MAX - (by != NULL ? d->clock->now_ms : 0))
		return err_arg(e, ERR_BAD_REQUEST, by != NULL ? "by" : "to", NULL,
			"the clock goes to the end of the year 9999 at most");
	*to_ms = by != NULL ? d->clock->now_ms + value_int_or(by, 0) : value_int_or(to, 0);
	if (*to_ms < d->clock->now_ms)
		return err_arg(e, ERR_REJECTED, by != NULL ? "by" : "to", NULL,
			"the clock does not go back; it stands at %s", clock_format(d->clock->now_ms, now));
	return 0;
}

static int clock_advance(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	uint64_t n_before = d->counts.n_timers;
	int64_t to_ms = 0;
	int rc;

	if (target_of(d, c, &to_ms, e) != 0)
		return -1;
	if (d->advance != NULL)
		return err_set(e, ERR_BUSY, "another call is moving the clock; try again when it is there");
	rc = slice(d, to_ms, e);
	if (rc < 0)
		return -1;
	if (rc == 1) {
		*result = there(d, c->arena, n_before);
		return 0;
	}
	d->advance = malloc(sizeof(*d->advance));
	must(d->advance != NULL);
	*d->advance = (struct advance){call_defer(c), to_ms, n_before};
	return RPC_DEFERRED;
}

static const struct rpc_arg advance_args[] = {
	{.name = "by", .type = ARG_DURATION, .help = "ms, or \"30m\""},
	{.name = "to", .type = ARG_TIME, .help = "ms, or ISO 8601"},
};

static const struct rpc_method methods[] = {
	{.name = "clock.now",
		.handler = clock_now,
		.roles = ROLE_ANY,
		.help = "What time it is here.",
		.returns = "{now, iso, virtual, suspect}"},
	{.name = "clock.accept",
		.handler = clock_accept_method,
		.roles = ROLE_ADMIN,
		.help = "Believe the wall clock again after a step.",
		.returns = "as clock.now"},
	{.name = "clock.advance",
		.handler = clock_advance,
		RPC_ARGS(advance_args),
		.roles = ROLE_ADMIN,
		.flags = RPC_LONG,
		.help = "Move a virtual clock and work everything due on the way.",
		.returns = "{now, iso, virtual, suspect, fired}"},
};

void clock_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
