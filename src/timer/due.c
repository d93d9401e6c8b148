#include "tocsin/due.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "tocsin/wheel.h"

#define SLOTS_MIN 1024
#define FETCH_ROWS 512

/* row_ms: the due of its row, before which it may have been put off. */
struct due_node {
	struct wheel_node wheel; /* first: what the wheel hands out is the node */
	int64_t row_ms;
};

/* Nodes by timer id: open addressing, linear probing, backward-shift deletion (Knuth 6.4, algorithm R). */
struct nodes {
	struct due_node **slots;
	size_t n, cap; /* cap: a power of two */
};

struct due {
	struct store *store;
	struct wheel wheel;
	struct nodes nodes;
	/* rows before this key are in the wheel */
	int64_t horizon_ms;
	uint64_t horizon_id;
	/* No row of [horizon, far) is left, and one stands at far when it is known: without it each look
	 * would pass over every row that was taken away since the last checkpoint. */
	int64_t far_ms;
	bool far_is_known;
	int64_t now_ms;
	void (*fire)(void *, int64_t, uint64_t);
	void *udata;
};

static size_t home(const struct nodes *t, uint64_t id)
{
	return (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (t->cap - 1);
}

static size_t find(const struct nodes *t, uint64_t id)
{
	size_t i = home(t, id);

	while (t->slots[i] != NULL && t->slots[i]->wheel.id != id)
		i = (i + 1) & (t->cap - 1);
	return i;
}

static void grow(struct nodes *t)
{
	struct nodes more = {.cap = t->cap == 0 ? SLOTS_MIN : t->cap * 2, .n = t->n};

	more.slots = calloc(more.cap, sizeof(*more.slots));
	must(more.slots != NULL);
	for (size_t i = 0; i < t->cap; i++)
		if (t->slots[i] != NULL)
			more.slots[find(&more, t->slots[i]->wheel.id)] = t->slots[i];
	free(t->slots);
	*t = more;
}

static struct due_node *take(struct nodes *t, uint64_t id)
{
	size_t i = find(t, id), j = i;
	struct due_node *node = t->slots[i];

	if (node == NULL)
		return NULL;
	t->n--;
	for (;;) {
		size_t h;

		t->slots[i] = NULL;
		do {
			j = (j + 1) & (t->cap - 1);
			if (t->slots[j] == NULL)
				return node;
			h = home(t, t->slots[j]->wheel.id);
		} while (((j - h) & (t->cap - 1)) < ((j - i) & (t->cap - 1)));
		t->slots[i] = t->slots[j];
		i = j;
	}
}

void due_key(uint8_t key[DUE_KEY_LEN], int64_t due_ms, uint64_t id)
{
	store_be64(key, (uint64_t)due_ms);
	store_be64(key + 8, id);
}

static void arm(struct due *d, int64_t row_ms, uint64_t id, int64_t at_ms)
{
	struct due_node *node;
	size_t i;

	if (d->nodes.n * 2 >= d->nodes.cap)
		grow(&d->nodes);
	i = find(&d->nodes, id);
	node = d->nodes.slots[i];
	if (node == NULL) {
		node = calloc(1, sizeof(*node));
		must(node != NULL);
		d->nodes.slots[i] = node;
		node->wheel.id = id;
		d->nodes.n++;
	}
	node->row_ms = row_ms;
	wheel_arm(&d->wheel, &node->wheel, at_ms, id);
}

void due_put_off(struct due *d, int64_t due_ms, uint64_t id, int64_t at_ms)
{
	arm(d, due_ms, id, at_ms);
}

/* A row that went after another one of its id came says nothing about that. */
static void disarm(struct due *d, int64_t due_ms, uint64_t id)
{
	struct due_node *node = d->nodes.slots[find(&d->nodes, id)];

	if (node == NULL || node->row_ms != due_ms)
		return;
	take(&d->nodes, id);
	wheel_cancel(&d->wheel, &node->wheel);
	free(node);
}

void due_on_publish(struct due *d, struct slice key, const struct slice *val)
{
	int64_t due_ms = (int64_t)load_be64(key.p);
	uint64_t id = load_be64((const uint8_t *)key.p + 8);

	if (val == NULL && due_ms == d->far_ms)
		d->far_is_known = false;
	if (val == NULL)
		disarm(d, due_ms, id);
	else if (due_ms < d->horizon_ms || (due_ms == d->horizon_ms && id < d->horizon_id))
		arm(d, due_ms, id, due_ms);
	else if (due_ms <= d->far_ms) {
		d->far_ms = due_ms;
		d->far_is_known = true;
	}
}

/* Bring the next rows before `until` into the wheel. 1 when there may be more, 0, -1. */
static int fetch(struct due *d, int64_t until_ms, struct err *e)
{
	uint8_t from[DUE_KEY_LEN], to[8];
	struct scan s;
	int got, n = 0;

	due_key(from, d->horizon_ms, d->horizon_id);
	store_be64(to, (uint64_t)until_ms);
	scan_init(&s, d->store, NULL, TABLE_TIMER, slice_of(from, sizeof(from)), slice_of(to, sizeof(to)),
		false);
	while ((got = scan_next(&s, e)) == 1) {
		int64_t due_ms = (int64_t)load_be64(s.key.p);
		uint64_t id = load_be64((const uint8_t *)s.key.p + 8);

		if (n++ == FETCH_ROWS) {
			d->horizon_ms = due_ms;
			d->horizon_id = id;
			break;
		}
		arm(d, due_ms, id, due_ms);
	}
	scan_fini(&s);
	if (got == 0) {
		d->horizon_ms = until_ms;
		d->horizon_id = 0;
	}
	return got;
}

int due_new(struct due **out, struct store *store, int64_t now_ms, struct err *e)
{
	struct due *d = calloc(1, sizeof(*d));

	must(d != NULL);
	d->store = store;
	d->now_ms = now_ms;
	wheel_init(&d->wheel, now_ms);
	grow(&d->nodes);
	if (fetch(d, now_ms + DUE_HORIZON_MS, e) < 0) {
		due_free(d);
		return -1;
	}
	*out = d;
	return 0;
}

void due_free(struct due *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->nodes.cap; i++)
		free(d->nodes.slots[i]);
	free(d->nodes.slots);
	free(d);
}

/* Room for more; or what fills it was put off, and rows behind it may be due. */
static bool has_room(struct due *d, int64_t now_ms)
{
	return d->nodes.n < DUE_ROOM || (d->horizon_ms <= now_ms && wheel_next_ms(&d->wheel) > now_ms);
}

/*
 * Half a horizon before it ends the next part is fetched, some hundreds of rows at a time and no more than
 * fill the wheel's room: a start with millions of timers, or an hour in which as many are due, holds the loop
 * no longer than any other turn. 1 when rows that are due may be left behind.
 */
static int extend(struct due *d, int64_t now_ms)
{
	struct err e;
	int got;

	if (now_ms + DUE_HORIZON_MS / 2 <= d->horizon_ms || !has_room(d, now_ms))
		return 0;
	got = fetch(d, now_ms + DUE_HORIZON_MS, &e);
	if (got < 0)
		log_line(LOG_ERROR, "due.fetch", "error=\"%s\"", e.text);
	return got == 1 && d->horizon_ms <= now_ms;
}

/* The first row behind the horizon, INT64_MAX without one. */
static int64_t far_next_ms(struct due *d)
{
	int64_t next = INT64_MAX;
	uint8_t from[DUE_KEY_LEN];
	struct scan s;
	struct err e;
	int got;

	if (d->far_ms < d->horizon_ms) {
		d->far_ms = d->horizon_ms;
		d->far_is_known = false;
	}
	if (d->far_is_known)
		return d->far_ms;
	due_key(from, d->far_ms, d->far_ms == d->horizon_ms ? d->horizon_id : 0);
	scan_init(&s, d->store, NULL, TABLE_TIMER, slice_of(from, sizeof(from)), slice_of(NULL, 0), false);
	got = scan_next(&s, &e);
	if (got == 1)
		next = (int64_t)load_be64(s.key.p);
	scan_fini(&s);
	if (got >= 0) {
		d->far_ms = next;
		d->far_is_known = true;
	}
	return next;
}

int64_t due_next_ms(struct due *d)
{
	int64_t next = wheel_next_ms(&d->wheel), far;

	if (next < d->horizon_ms) /* always, unless all that the wheel holds was put off */
		return next;
	far = far_next_ms(d);
	return far < next ? far : next;
}

static void on_due(struct wheel_node *wheel, void *udata)
{
	struct due_node *node = (struct due_node *)wheel;
	struct due *d = udata;
	int64_t due_ms = node->row_ms;
	uint64_t id = wheel->id;

	take(&d->nodes, id);
	free(node);
	d->fire(d->udata, due_ms, id);
}

size_t due_work(
	struct due *d, int64_t now_ms, size_t max, void (*fire)(void *, int64_t, uint64_t), void *udata)
{
	bool is_more;
	size_t n = 0;

	d->fire = fire;
	d->udata = udata;
	do {
		is_more = extend(d, now_ms);
		n += wheel_advance(&d->wheel, now_ms, max - n, on_due, d);
	} while (is_more && n < max);
	return n;
}

size_t due_count(const struct due *d)
{
	return d->nodes.n;
}

int due_audit(struct due *d, struct err *e)
{
	const char *wrong = wheel_check(&d->wheel);
	size_t n_rows = 0;
	uint8_t to[DUE_KEY_LEN];
	struct scan s;
	int got;

	if (wrong != NULL)
		return err_set(e, ERR_INTERNAL, "timer wheel: %s", wrong);
	due_key(to, d->horizon_ms, d->horizon_id);
	scan_init(&s, d->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(to, sizeof(to)), false);
	while ((got = scan_next(&s, e)) == 1) {
		uint64_t id = load_be64((const uint8_t *)s.key.p + 8);
		const struct due_node *node = d->nodes.slots[find(&d->nodes, id)];

		n_rows++;
		if (node == NULL || node->row_ms != (int64_t)load_be64(s.key.p)) {
			got = err_set(e, ERR_INTERNAL,
				"timer %ju due at %jd is in the store but not in the wheel", (uintmax_t)id,
				(intmax_t)load_be64(s.key.p));
			break;
		}
	}
	scan_fini(&s);
	if (got == 0 && n_rows != d->nodes.n)
		return err_set(
			e, ERR_INTERNAL, "the wheel holds %zu timers, the store %zu", d->nodes.n, n_rows);
	return got;
}
