/* Entries of the system itself about one key, in two tries: with the pack's decision, and plain. */
#include <string.h>

#include "tocsin/log.h"
#include "warn_int.h"

void warn_try_on(struct work *w, struct warn_try *t, struct wkey *k)
{
	t->key = k;
	wkey_undo(w, k);
}

/* 0 done, or there was nothing to do; -1. */
static int try_once(struct warn *n, const char *method, int64_t at_ms, warn_stage *stage, struct warn_try *t,
	struct err *e)
{
	struct work w;
	int got;

	arena_reset(&n->desk->arena);
	warn_begin(&w, n->desk, method, at_ms);
	got = stage(&w, t, e);
	if (got == 1 && work_commit(&w, e) == 0)
		return 0;
	if (got != 1)
		work_abort(&w);
	if (got == 0)
		return 0;
	n->n_failures++;
	log_line(LOG_ERROR, "warning.failed", "key=\"%s\" error=\"%s\"", t->key == NULL ? "" : t->key->text,
		e->text);
	return -1;
}

int warn_twice(struct warn *n, const char *method, int64_t at_ms, warn_stage *stage, void *ctx, struct err *e)
{
	struct warn_try with = {.ctx = ctx}, plain = {.ctx = ctx, .is_plain = true};

	return try_once(n, method, at_ms, stage, &with, e) == 0 ||
			       try_once(n, method, at_ms, stage, &plain, e) == 0
		       ? 0
		       : -1;
}

struct key_event {
	struct wkey *key;
	const struct warn_event *event;
};

/* Whether no rule had an answer to the one thing that was asked. */
static bool is_unanswered(const struct work *w)
{
	const struct value *asked = value_at(&w->decisions, 0), *because = value_get(asked, "because");

	return w->decisions.n == 1 && (because == NULL || because->n == 0) &&
	       value_get(asked, "failed") == NULL;
}

static bool is_resolved(struct work *w, int64_t incident)
{
	struct value row;
	struct err e;

	return ticket_load(w->desk, w->tx, w->arena, incident, &row, &e) == 0 &&
	       value_is_text(value_get(&row, "status"), "resolved");
}

/*
 * Why a recovery is not proven yet is on record for each close. Once the case is resolved, a close that
 * nothing follows from leaves no entry: a watch has a hundred of them, and one that cannot end no end of them.
 */
static int stage_event(struct work *w, struct warn_try *t, struct err *e)
{
	const struct key_event *of = t->ctx;
	const struct warn_event *event = of->event;
	struct wkey *k = of->key;
	struct value row = wkey_row(w, k);
	bool is_recovery = strcmp(event->event, "recovery") == 0;

	warn_try_on(w, t, k);
	warn_figures(w, k, event->at_ms, &row);
	if (k->watch != NULL && is_recovery)
		warn_under(w, k, &row);
	if (warn_happened(w, k, event, &row, t->is_plain, e) != 0)
		return -1;
	return !(is_recovery && !t->is_plain && is_unanswered(w) && is_resolved(w, k->incident));
}

int warn_event_commit(struct warn *n, struct wkey *k, const struct warn_event *event, struct err *e)
{
	struct key_event of = {k, event};

	return warn_twice(n, "warning.change", event->at_ms, stage_event, &of, e);
}
