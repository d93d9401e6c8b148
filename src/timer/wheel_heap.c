/*
 * A leftist heap (C. A. Crane 1972; Knuth TAOCP 5.2.3) with parent links. rank(n) is the length of the
 * shortest way down to an empty place; the right child never has the larger one, so a right spine is at most
 * log2(n + 1) long, and melding, the only real operation, walks right spines only. Unlike a pairing heap no
 * single call is ever long.
 */
#include "timer/wheel_int.h"

static uint8_t rank_of(const struct wheel_node *n)
{
	return n == NULL ? 0 : n->rank;
}

/* Put the smaller rank right and renew n's own; false if nothing changed. */
static bool balance(struct wheel_node *n)
{
	struct wheel_node *left = n->in.heap.left;
	bool must_swap = rank_of(left) < rank_of(n->in.heap.right);
	uint8_t rank;

	if (must_swap) {
		n->in.heap.left = n->in.heap.right;
		n->in.heap.right = left;
	}
	rank = (uint8_t)(rank_of(n->in.heap.right) + 1);
	if (rank == n->rank)
		return must_swap;
	n->rank = rank;
	return true;
}

/* One heap of two, whose root gets `parent`. */
static struct wheel_node *meld(struct wheel_node *a, struct wheel_node *b, struct wheel_node *parent)
{
	struct wheel_node *root = NULL, **link = &root, *last = parent;

	while (a != NULL && b != NULL) {
		if (node_before(b, a)) {
			struct wheel_node *t = a;

			a = b;
			b = t;
		}
		*link = a;
		a->parent = last;
		last = a;
		link = &a->in.heap.right;
		a = a->in.heap.right;
	}
	*link = a != NULL ? a : b;
	if (*link != NULL)
		(*link)->parent = last;
	/* root may still be reached through a right link that balance() swaps: it is the parent's business,
	 * not ours */
	for (struct wheel_node *n = last; n != parent; n = n->parent)
		balance(n);
	return root;
}

void heap_add(struct wheel_node **root, struct wheel_node *n)
{
	n->in.heap.left = n->in.heap.right = NULL;
	n->rank = 1;
	*root = meld(*root, n, NULL);
}

void heap_remove(struct wheel_node **root, struct wheel_node *n)
{
	struct wheel_node *parent = n->parent;
	struct wheel_node *rest = meld(n->in.heap.left, n->in.heap.right, parent);

	if (parent == NULL)
		*root = rest;
	else if (parent->in.heap.left == n)
		parent->in.heap.left = rest;
	else
		parent->in.heap.right = rest;
	/* a rank that changes makes its parent's at least as large a step up: at most log2(n) of them */
	while (parent != NULL && balance(parent))
		parent = parent->parent;
}
