/*
 * The timing wheel: what is due next, among millions (after Varghese and Lauck, "Hashed and hierarchical
 * timing wheels", SOSP 1987). It knows nothing but instants and ids; deadlines live in tables, the wheel is a
 * cache of them.
 *
 * Ticks of 1 ms. Level k holds 128 slots, each 64^k ms wide: two full turns of the level below. So while time
 * is in one slot of a level, the next slot is already spread over the level below, a few nodes a call, and
 * the cascade that makes textbook wheels stall is done before it is needed. What has come due waits in a
 * leftist heap (Crane 1972), which gives the exact order (due, id) with O(log n) in the worst case, and needs
 * no memory beyond the nodes.
 *
 * Work per call is bounded: see WHEEL_MOVES. Order is exact always; when a burst is larger than the bound,
 * the next call goes on, and wheel_next_ms says so.
 *
 * Nodes are intrusive, owned by the caller, and stay where they are while armed. One thread. No memory is
 * allocated.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WHEEL_LEVELS 8 /* 64^8 ms: 8,900 years; what is further waits in the last level */
#define WHEEL_SLOTS 128

/* Nodes one call of wheel_advance may move between slots, and of these how many for slots not yet reached. */
#define WHEEL_MOVES 4096
#define WHEEL_AHEAD 256

/* 48 bytes. Zeroed = not armed. Read due_ms and id, never write them. */
struct wheel_node {
	int64_t due_ms;
	uint64_t id;
	union {
		struct {
			struct wheel_node *next, **link; /* *link points here */
		} list;
		struct {
			struct wheel_node *left, *right;
		} heap;
	} in;
	struct wheel_node *parent; /* in the heap */
	uint8_t place;             /* 0 not armed, 1 + level, or WHEEL_READY */
	uint8_t slot;
	uint8_t rank; /* leftist rank in the heap */
};

struct wheel {
	int64_t pos_ms; /* everything due before it is in the heap, nothing in a slot is */
	size_t n_nodes;
	struct wheel_node *ready;                       /* heap by (due_ms, id) */
	uint64_t taken[WHEEL_LEVELS][WHEEL_SLOTS / 64]; /* bit set: slot not empty */
	struct wheel_node *slots[WHEEL_LEVELS][WHEEL_SLOTS];
};

/* An empty wheel whose time is now_ms (0 ... 2^62). */
void wheel_init(struct wheel *, int64_t now_ms);

/*
 * Arm the node, or re-arm it if it is armed. A due in the past is due now. (due_ms, id) should be unique
 * among armed nodes; equal ones come out in no promised order. O(1), except for what is already due: O(log
 * due nodes).
 */
void wheel_arm(struct wheel *, struct wheel_node *, int64_t due_ms, uint64_t id);

/* Disarm; false if it was not armed. Same cost as wheel_arm. */
bool wheel_cancel(struct wheel *, struct wheel_node *);

static inline bool wheel_is_armed(const struct wheel_node *n)
{
	return n->place != 0;
}

/* Called for a due node, which is no longer armed; may arm and cancel any node, also this one. */
typedef void wheel_fn(struct wheel_node *, void *udata);

/*
 * Hand out nodes with due_ms <= now_ms, smallest (due_ms, id) first, at most `max` of them; what the callback
 * arms takes part. Returns how many. Fewer than max means: all are out, or WHEEL_MOVES nodes were moved
 * first; the rest stays due, and wheel_next_ms is <= now_ms as long as there is some. A now_ms before an
 * earlier one counts as that.
 */
size_t wheel_advance(struct wheel *, int64_t now_ms, size_t max, wheel_fn *, void *udata);

/*
 * The earliest instant at which something may be due (never later than the earliest due_ms, at times earlier:
 * the start of its slot), or INT64_MAX when nothing is armed. Advancing to it always makes progress.
 * O(levels).
 */
int64_t wheel_next_ms(const struct wheel *);

/* NULL, or what is wrong: every invariant of slots, bit maps, links and heap. O(nodes); for tests and the
 * auditor. */
const char *wheel_check(const struct wheel *);
