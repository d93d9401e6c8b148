/*
 * The wheel's levels. A node due at d is in the lowest level k for which
 *
 *     block(d, k + 1) - block(pos, k + 1) <= 1        block(t, k) = t >> 6k, the number of t's slot in level
 * k
 *
 * that is, the part of the level above which holds d is the current or the next one. pos only grows, so a
 * node keeps satisfying this until its own slot in level k >= 1 is the next or the current: then it fits the
 * level below. Slots that are next are moved down ahead of time (cascade_ahead), slots that are current must
 * be, before pos may move on (step). A level-0 slot is one instant; when pos stands on it, its nodes go to
 * the heap, and once it is empty pos moves past it. Only nodes before pos are handed out, so a half-moved
 * slot cannot disturb the order.
 *
 * -DMUTANT_WHEEL_OFF_BY_ONE and -DMUTANT_LOST_CANCEL plant defects that the tests must find.
 */
#include "timer/wheel_int.h"

#include <string.h>

#include "tocsin/err.h"

_Static_assert(sizeof(struct wheel_node) <= 48, "a wheel node is at most 48 bytes");

#define REACH_MS ((int64_t)1 << (SLOT_BITS * WHEEL_LEVELS)) /* how far the last level sees */

static void slot_add(struct wheel *w, struct wheel_node *n, int level, unsigned slot)
{
	struct wheel_node **head = &w->slots[level][slot];

	n->place = (uint8_t)(1 + level);
	n->slot = (uint8_t)slot;
	n->in.list.next = *head;
	n->in.list.link = head;
	if (*head != NULL)
		(*head)->in.list.link = &n->in.list.next;
	*head = n;
	w->taken[level][slot / 64] |= UINT64_C(1) << slot % 64;
}

static void slot_remove(struct wheel *w, struct wheel_node *n)
{
	int level = n->place - 1;

	*n->in.list.link = n->in.list.next;
	if (n->in.list.next != NULL)
		n->in.list.next->in.list.link = n->in.list.link;
	if (w->slots[level][n->slot] == NULL)
		w->taken[level][n->slot / 64] &= ~(UINT64_C(1) << n->slot % 64);
}

static void make_ready(struct wheel *w, struct wheel_node *n)
{
	n->place = WHEEL_READY;
	heap_add(&w->ready, n);
}

/* Put a node that is nowhere where it belongs. */
static void place(struct wheel *w, struct wheel_node *n)
{
	int64_t away = n->due_ms - w->pos_ms, due = n->due_ms;
	int level;

	if (n->due_ms < w->pos_ms) {
		make_ready(w, n);
		return;
	}
	if (away >= REACH_MS) { /* placed again when the last level gets there */
		away = REACH_MS - 1;
		due = w->pos_ms + away;
	}
	level = (63 - __builtin_clzll((uint64_t)away | 1)) / SLOT_BITS;
	if (level > 0 && block_of(due, level) - block_of(w->pos_ms, level) <= 1)
		level--;
	slot_add(w, n, level, (unsigned)(block_of(due, level) & (WHEEL_SLOTS - 1)));
}

static void unlink_node(struct wheel *w, struct wheel_node *n)
{
	if (n->place == WHEEL_READY)
		heap_remove(&w->ready, n);
	else
		slot_remove(w, n);
	n->place = 0;
	w->n_nodes--;
}

void wheel_init(struct wheel *w, int64_t now_ms)
{
	must(now_ms >= 0 && now_ms <= INT64_C(1) << 62);
	memset(w, 0, sizeof(*w));
	w->pos_ms = now_ms;
}

void wheel_arm(struct wheel *w, struct wheel_node *n, int64_t due_ms, uint64_t id)
{
	if (wheel_is_armed(n))
		unlink_node(w, n);
	n->due_ms = due_ms;
	n->id = id;
	w->n_nodes++;
	place(w, n);
}

bool wheel_cancel(struct wheel *w, struct wheel_node *n)
{
	if (!wheel_is_armed(n))
		return false;
#ifdef MUTANT_LOST_CANCEL
	if (n->place > 1)
		return true;
#endif
	unlink_node(w, n);
	return true;
}

/* The first slot of the level that is not empty, as a block number from pos on; -1 if none. */
static int64_t first_block(const struct wheel *w, int level)
{
	int64_t from = block_of(w->pos_ms, level);
	unsigned at = (unsigned)(from & (WHEEL_SLOTS - 1)), half = at / 64, bit = at % 64;
	uint64_t here = w->taken[level][half], there = w->taken[level][!half];
	unsigned ahead;

	if (here >> bit != 0)
		ahead = (unsigned)__builtin_ctzll(here >> bit);
	else if (there != 0)
		ahead = 64 - bit + (unsigned)__builtin_ctzll(there);
	else if (here != 0)
		ahead = 128 - bit + (unsigned)__builtin_ctzll(here);
	else
		return -1;
	return from + ahead;
}

/* The earliest instant, not before pos, at which a slot must be looked at; INT64_MAX if all are empty. */
static int64_t next_slot_ms(const struct wheel *w)
{
	int64_t next_ms = INT64_MAX;

	for (int level = 0; level < WHEEL_LEVELS; level++) {
		int64_t first = first_block(w, level), start_ms;

		if (first < 0)
			continue;
#ifdef MUTANT_WHEEL_OFF_BY_ONE
		first += level > 0;
#endif
		start_ms = first << (SLOT_BITS * level);
		if (start_ms < next_ms)
			next_ms = start_ms;
	}
	return next_ms > w->pos_ms ? next_ms : w->pos_ms;
}

int64_t wheel_next_ms(const struct wheel *w)
{
	int64_t next_ms = w->n_nodes == 0 ? INT64_MAX : next_slot_ms(w);

	return w->ready != NULL && w->ready->due_ms < next_ms ? w->ready->due_ms : next_ms;
}

/*
 * Move up to `max` nodes of a slot: of level 0 into the heap, else to where they belong now, which is a lower
 * level if the slot is the current or the next. Returns how many.
 */
static size_t slot_drain(struct wheel *w, int level, int64_t number, size_t max)
{
	struct wheel_node **head = &w->slots[level][number & (WHEEL_SLOTS - 1)], *n;
	size_t moved;

	for (moved = 0; moved < max && (n = *head) != NULL; moved++) {
		if (n->in.list.next != NULL)
			__builtin_prefetch(n->in.list.next);
		slot_remove(w, n);
		if (level == 0)
			make_ready(w, n);
		else
			place(w, n);
	}
	return moved;
}

/* Go to the next instant up to now_ms at which something is to do, and do it; returns nodes moved, at most
 * max. */
static size_t step(struct wheel *w, int64_t now_ms, size_t max)
{
	int64_t next_ms = next_slot_ms(w);
	size_t moved = 0;

	if (next_ms > now_ms) {
		w->pos_ms = now_ms + 1;
		return 0;
	}
	w->pos_ms = next_ms;
	for (int level = WHEEL_LEVELS - 1; level > 0; level--) {
		moved += slot_drain(w, level, block_of(w->pos_ms, level), max - moved);
		if (moved == max)
			return moved; /* there may be more in this slot: pos stays */
	}
	moved += slot_drain(w, 0, w->pos_ms, max - moved);
	if (w->slots[0][w->pos_ms & (WHEEL_SLOTS - 1)] == NULL)
		w->pos_ms++; /* this instant is whole in the heap */
	return moved;
}

/* Spread the next slot of every level over the level below, the nearest first. */
static void cascade_ahead(struct wheel *w, size_t max)
{
	for (int level = 1; level < WHEEL_LEVELS && max > 0; level++)
		max -= slot_drain(w, level, block_of(w->pos_ms, level) + 1, max);
}

size_t wheel_advance(struct wheel *w, int64_t now_ms, size_t max, wheel_fn *fn, void *udata)
{
	size_t n_out = 0, budget = WHEEL_MOVES - WHEEL_AHEAD;

	must(now_ms >= 0 && now_ms <= INT64_C(1) << 62);
	while (n_out < max) {
		struct wheel_node *n = w->ready;

		if (n != NULL && n->due_ms < w->pos_ms) {
			unlink_node(w, n);
			fn(n, udata);
			n_out++;
		} else if (w->pos_ms <= now_ms && budget > 0) {
			budget -= step(w, now_ms, budget);
		} else {
			break;
		}
	}
	cascade_ahead(w, WHEEL_AHEAD);
	return n_out;
}
