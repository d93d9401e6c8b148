/* The outbox as a whole: how much waits, whether anything goes out, and forgetting what is over. */
#include <string.h>

#include "desk/tasks.h"

#define OUTBOX_KINDS_MAX 64 /* further ones are counted together under "…" */
#define KIND_LEN 104

struct outbox {
	struct outbox_count {
		char kind[KIND_LEN];
		int64_t n_open, n_waiting, n_given_up;
		int64_t first_ms; /* no waiting task is due before it: deleted keys there need not be walked
				     over */
	} counts[OUTBOX_KINDS_MAX];
	uint32_t n_counts;
	int64_t finished_ms; /* none that is over ended before it */
};

/* ---- counts: derived from the keys, never stored ------------------------------------------------------- */
static struct outbox_count *count_of(struct outbox *o, struct slice kind)
{
	struct outbox_count *c;

	for (uint32_t i = 0; i < o->n_counts; i++)
		if (strlen(o->counts[i].kind) == kind.n && memcmp(o->counts[i].kind, kind.p, kind.n) == 0)
			return &o->counts[i];
	if (o->n_counts == OUTBOX_KINDS_MAX)
		return &o->counts[OUTBOX_KINDS_MAX - 1];
	c = &o->counts[o->n_counts++];
	memset(c, 0, sizeof(*c));
	if (o->n_counts == OUTBOX_KINDS_MAX)
		kind = SLICE_TEXT("…");
	snprintf(c->kind, sizeof(c->kind), "%.*s", (int)kind.n, (const char *)kind.p);
	return c;
}

void tasks_on_publish(struct outbox *o, struct slice key, const struct slice *val)
{
	const char *p = key.p, *end = memchr(p, '\0', key.n);
	struct outbox_count *c;
	int64_t by = val != NULL ? 1 : -1;

	if (end == NULL || (p[0] != 'a' && p[0] != 'q' && p[0] != 'g'))
		return;
	c = count_of(o, slice_of(p + 1, (size_t)(end - p) - 1));
	if (p[0] == 'a') {
		c->n_open += by;
	} else if (p[0] == 'q') {
		int64_t next_ms = (int64_t)load_be64(end + 1);

		c->n_waiting += by;
		if (val != NULL && next_ms < c->first_ms)
			c->first_ms = next_ms;
	} else
		c->n_given_up += by;
}

int64_t outbox_first_ms(struct desk *d, struct slice kind)
{
	return count_of(d->outbox, kind)->first_ms;
}

void outbox_first_set(struct desk *d, struct slice kind, int64_t first_ms)
{
	struct outbox_count *c = count_of(d->outbox, kind);

	/* kinds that share a count would hide each other's */
	if (strlen(c->kind) == kind.n && memcmp(c->kind, kind.p, kind.n) == 0)
		c->first_ms = first_ms;
}

int outbox_new(struct desk *d, struct err *e)
{
	struct slice there = SLICE_TEXT("");
	struct scan s;
	int got;

	d->outbox = calloc(1, sizeof(*d->outbox));
	must(d->outbox != NULL);
	scan_init(&s, d->store, NULL, TABLE_TASK, SLICE_TEXT("a"), SLICE_TEXT("r"), false);
	while ((got = scan_next(&s, e)) == 1)
		tasks_on_publish(d->outbox, s.key, &there);
	scan_fini(&s);
	return got;
}

void outbox_free(struct outbox *o)
{
	free(o);
}

/* ---- paused -------------------------------------------------------------------------------------------- */
bool outbound_is_paused(struct desk *d, struct tx *tx)
{
	struct slice val;
	struct err e;

	return (tx != NULL ? tx_get(tx, TABLE_META, OUTBOUND_KEY, &val, &e)
			   : store_get(d->store, TABLE_META, OUTBOUND_KEY, &val, &e)) != 0;
}

/* ---- figures ------------------------------------------------------------------------------------------- */
/* When the oldest open task of a kind was made, 0 without one. */
static int64_t oldest_ms(struct desk *d, struct arena *a, const char *kind)
{
	struct slice prefix = task_prefix(a, 'a', slice_of(kind, strlen(kind)));
	struct value row;
	struct scan s;
	struct err e;
	uint8_t key[8];
	int got;

	scan_init(&s, d->store, NULL, TABLE_TASK, prefix, key_after(a, prefix), false);
	got = scan_next(&s, &e);
	if (got == 1)
		memcpy(key, (const uint8_t *)s.key.p + s.key.n - 8, 8);
	scan_fini(&s);
	if (got != 1 || row_get(d, NULL, a, TABLE_TASK, slice_of(key, 8), &row, &e) != 1)
		return 0;
	return value_int_or(value_get(&row, "created"), 0);
}

struct value outbox_value(struct desk *d, struct arena *a)
{
	struct value v = value_map(a, 2), kinds = value_map(a, d->outbox->n_counts);

	for (uint32_t i = 0; i < d->outbox->n_counts; i++) {
		const struct outbox_count *c = &d->outbox->counts[i];
		struct value one = value_map(a, 4);

		value_add(a, &one, "waiting", value_int(c->n_waiting));
		value_add(a, &one, "claimed", value_int(c->n_open - c->n_waiting));
		value_add(a, &one, "given_up", value_int(c->n_given_up));
		if (c->n_open > 0)
			value_add(a, &one, "oldest_age_ms",
				value_int(d->clock->now_ms - oldest_ms(d, a, c->kind)));
		value_add(a, &kinds, c->kind, one);
	}
	value_add(a, &v, "paused", value_bool(outbound_is_paused(d, NULL)));
	value_add(a, &v, "kinds", kinds);
	return v;
}

/* ---- forgetting ---------------------------------------------------------------------------------------- */
#define FORGET_AT_ONCE 2

int tasks_forget(struct work *w, struct err *e)
{
	int64_t until = w->now_ms - packs_limit(w->desk->packs, "task_keep_ms");
	int64_t *from = &w->desk->outbox->finished_ms;
	struct slice old[FORGET_AT_ONCE];
	int n = 0, got = 0;
	struct scan s;

	if (until <= *from)
		return 0;
	scan_init(&s, w->desk->store, w->tx, TABLE_TASK, task_numbers_key(w->arena, SLICE_TEXT("d"), from, 1),
		task_numbers_key(w->arena, SLICE_TEXT("d"), &until, 1), false);
	while (n < FORGET_AT_ONCE && (got = scan_next(&s, e)) == 1)
		old[n++] = slice_of(arena_copy(w->arena, s.key.p, s.key.n), s.key.n);
	scan_fini(&s);
	if (got >= 0) /* what is found stays the first until this work is committed */
		*from = n > 0 ? (int64_t)load_be64((const char *)old[0].p + 1) : until;
	while (got >= 0 && n-- > 0) {
		tx_del(w->tx, TABLE_TASK, old[n]);
		tx_del(w->tx, TABLE_TASK, slice_of((const char *)old[n].p + 9, 8));
	}
	return got < 0 ? -1 : 0;
}
