#include "desk/past.h"

#include <string.h>

struct later {
	past_fn *fn;
	struct deferral *deferral;
	struct arena kept, scratch; /* the arguments · one attempt */
	struct value args;
	struct pasts pasts;
	struct pack_build build;
};

static void build_next(struct later *);

static int place_of(const struct pasts *p, int64_t number)
{
	for (uint32_t i = 0; i < p->n; i++)
		if (p->built[i].number == number)
			return (int)i;
	return -1;
}

bool pasts_full(const struct pasts *p, int64_t number)
{
	return p->n == PASTS_MAX && place_of(p, number) < 0 && packs_loaded(p->desk->packs, number) == NULL;
}

struct generation *pasts_get(struct pasts *p, int64_t number, struct err *e)
{
	struct generation *g = packs_loaded(p->desk->packs, number);
	int at = place_of(p, number);

	if (at >= 0 && p->built[at].made == NULL)
		*e = p->built[at].why;
	if (at >= 0)
		return p->built[at].made;
	if (g != NULL)
		return g;
	if (number < 1) {
		err_set(e, ERR_NOT_FOUND, "no generation decided this");
		return NULL;
	}
	p->wanted = number;
	err_set(e, ERR_BUSY, "generation %jd is being built", (intmax_t)number);
	return NULL;
}

static void later_free(struct later *l)
{
	for (uint32_t i = 0; i < l->pasts.n; i++)
		if (l->pasts.built[i].made != NULL)
			packs_keep_past(
				l->pasts.desk->packs, l->pasts.built[i].number, l->pasts.built[i].made);
	arena_fini(&l->kept);
	arena_fini(&l->scratch);
	free(l);
}

static void finish(struct later *l, const struct value *result, const struct err *e)
{
	deferral_finish(l->deferral, result, e);
	later_free(l);
}

static void take(struct later *l, struct generation *made, const struct err *why)
{
	uint32_t at = l->pasts.n++;

	must(at < PASTS_MAX);
	l->pasts.built[at].number = l->pasts.wanted;
	l->pasts.built[at].made = made;
	l->pasts.built[at].why = *why;
	l->pasts.wanted = 0;
}

/* Back on the loop: try to answer; another generation may be wanted. */
static void attempt(struct later *l)
{
	struct value result = value_nil;
	struct err e;
	int rc;

	arena_reset(&l->scratch);
	rc = l->fn(l->pasts.desk, &l->scratch, &l->args, &l->pasts, &result, &e);
	if (l->pasts.wanted != 0)
		build_next(l);
	else
		finish(l, &result, rc == 0 ? NULL : &e);
}

static void built(void *udata)
{
	struct later *l = udata;
	struct pack_build *b = &l->build;

	if (!b->is_ok && b->why.code == ERR_NONE) { /* the daemon ends before it was begun */
		struct err e;

		err_set(&e, ERR_BUSY, "the daemon is stopping");
		pack_build_fini(b);
		finish(l, NULL, &e);
		return;
	}
	take(l, b->is_ok ? b->made : NULL, &b->why);
	if (b->is_ok)
		b->made = NULL;
	pack_build_fini(b);
	attempt(l);
}

static void build_run(void *udata)
{
	struct later *l = udata;

	pack_build_run(&l->build);
}

/* The files are read here, where the store may be read; the worker does the rest. */
static void build_next(struct later *l)
{
	struct pack_build *b = &l->build;
	struct desk *d = l->pasts.desk;

	memset(b, 0, sizeof(*b));
	b->desk = d;
	b->is_virtual = d->clock->is_virtual;
	snprintf(b->by, sizeof(b->by), "explain");
	arena_init(&b->arena, 0);
	if (packs_stored(d, l->pasts.wanted, &b->files, &b->why) != 0) {
		take(l, NULL, &b->why);
		pack_build_fini(b);
		attempt(l);
		return;
	}
	b->has_files = true;
	b->why.code = ERR_NONE;
	worker_submit(d->worker, build_run, built, l);
}

int past_call(struct call *c, past_fn *fn, struct value *result, struct err *e)
{
	struct pasts pasts = {.desk = c->ctx};
	int rc = fn(pasts.desk, c->arena, &c->args, &pasts, result, e);
	struct later *l;

	if (pasts.wanted == 0)
		return rc;
	l = calloc(1, sizeof(*l));
	must(l != NULL);
	l->fn = fn;
	l->pasts = pasts;
	arena_init(&l->kept, 0);
	arena_init(&l->scratch, 0);
	l->args = value_copy(&l->kept, &c->args);
	l->deferral = call_defer(c);
	build_next(l);
	return RPC_DEFERRED;
}
