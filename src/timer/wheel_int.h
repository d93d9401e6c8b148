/* Private to the wheel: the heap of what is due. */
#pragma once

#include "tocsin/wheel.h"

#define WHEEL_READY 255 /* wheel_node.place: in the heap */
#define SLOT_BITS 6     /* slots of a level that make one slot of the next: 64 */

/* Add to the heap; O(log n). */
void heap_add(struct wheel_node **root, struct wheel_node *n);
/* Remove any node of the heap; O(log n). */
void heap_remove(struct wheel_node **root, struct wheel_node *n);

static inline bool node_before(const struct wheel_node *a, const struct wheel_node *b)
{
	return a->due_ms != b->due_ms ? a->due_ms < b->due_ms : a->id < b->id;
}

/* Which slot of the level an instant is in, counted from 1970. */
static inline int64_t block_of(int64_t at_ms, int level)
{
	return at_ms >> (SLOT_BITS * level);
}
