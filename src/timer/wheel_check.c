/* Every invariant of the wheel, said once. */
#include "timer/wheel_int.h"

/* A node in a slot: linked both ways, in its own slot, not before pos, within the level's two turns. */
static const char *check_listed(const struct wheel *w, const struct wheel_node *n, int level, unsigned slot)
{
	int64_t here = block_of(w->pos_ms, level);
	int64_t number = here + ((slot - here) & (WHEEL_SLOTS - 1)); /* of the slot */

	if (*n->in.list.link != n)
		return "a node is not where its back link points";
	if (n->place != 1 + level || n->slot != slot)
		return "a node does not know its slot";
	if (n->due_ms < w->pos_ms)
		return "a node in a slot is before pos";
	if (level == WHEEL_LEVELS - 1) /* what is out of reach waits in an earlier slot, to be placed again */
		return block_of(n->due_ms, level) < number ? "a node is in a slot that comes too late" : NULL;
	if (block_of(n->due_ms, level) != number)
		return "a node is in another instant's slot";
	if (block_of(n->due_ms, level + 1) - block_of(w->pos_ms, level + 1) > 1)
		return "a node is in too low a level";
	return NULL;
}

static const char *check_slot(const struct wheel *w, int level, unsigned slot, size_t *n_seen)
{
	bool is_taken = w->taken[level][slot / 64] >> slot % 64 & 1;
	const char *wrong = NULL;

	if (is_taken != (w->slots[level][slot] != NULL))
		return "the bit map disagrees with a slot";
	for (const struct wheel_node *n = w->slots[level][slot]; n != NULL && wrong == NULL;
		n = n->in.list.next) {
		if (++*n_seen > w->n_nodes)
			return "a slot has more nodes than are armed";
		wrong = check_listed(w, n, level, slot);
	}
	return wrong;
}

/* Depth first without recursion: a left spine may be as long as the heap is large. */
static const char *check_heap(const struct wheel *w, size_t *n_seen)
{
	const struct wheel_node *n = w->ready, *from = NULL;

	while (n != NULL) {
		const struct wheel_node *l = n->in.heap.left, *r = n->in.heap.right, *up = n->parent;

		if (from == up) { /* first visit */
			if (++*n_seen > w->n_nodes)
				return "the heap has more nodes than are armed";
			if (n->place != WHEEL_READY || n->due_ms > w->pos_ms)
				return "a node in the heap does not belong there";
			if (up != NULL && !node_before(up, n) && node_before(n, up))
				return "a node in the heap is before its parent";
			if ((l != NULL && l->parent != n) || (r != NULL && r->parent != n))
				return "a node in the heap has another parent";
			if ((r ? r->rank : 0) > (l ? l->rank : 0) || n->rank != (r ? r->rank : 0) + 1)
				return "the heap is not leftist";
		}
		if (from == up && l != NULL) {
			from = n;
			n = l;
		} else if (from != r && r != NULL) {
			from = n;
			n = r;
		} else {
			from = n;
			n = up;
		}
	}
	return NULL;
}

const char *wheel_check(const struct wheel *w)
{
	const char *wrong = NULL;
	size_t n_seen = 0;

	for (int level = 0; level < WHEEL_LEVELS; level++) {
		for (unsigned slot = 0; slot < WHEEL_SLOTS && wrong == NULL; slot++)
			wrong = check_slot(w, level, slot, &n_seen);
	}
	if (wrong == NULL && w->ready != NULL && w->ready->parent != NULL)
		wrong = "the heap's root has a parent";
	if (wrong == NULL)
		wrong = check_heap(w, &n_seen);
	if (wrong == NULL && n_seen != w->n_nodes)
		wrong = "a node is armed but in no slot";
	return wrong;
}
