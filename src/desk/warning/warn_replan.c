/*
 * Another pack's plan, made aside: of thousands of streams and keys it takes milliseconds that the loop need
 * not wait for. The loop notes which there are (streams and keys are never taken away, and their names never
 * change), the worker works out which stream makes which key, and the loop then only sets each key's watch
 * and leaves. What came meanwhile is planned as it always is, one by one.
 */
#include <stdlib.h>
#include <string.h>

#include "warn_learn.h"

/* What becomes of a key that there was. */
struct planned {
	const struct watch *watch;
	struct stream **leaves;
	uint32_t n, cap;
	struct learned was; /* what was learned of it, for the watch before: freed aside */
};

struct replan {
	const struct watches *before; /* NULL: the first plan */
	uint64_t words;               /* of them */
	uint32_t n_streams, n_keys, n_fresh, fresh_cap;
	struct stream **streams;
	struct wkey **keys; /* sorted by text */
	struct planned *of; /* as keys; NULL: nothing was worked out */
	struct wkey **fresh;
	const struct watch *
		*same; /* by new watch: the one before whose machines go on as they are; NULL: none */
	bool has_same_levels;
	struct watches *old; /* to be freed */
};

static void *copied(const void *list, uint32_t n, size_t size)
{
	void *out = malloc((n + 1) * size);

	must(out != NULL);
	if (n > 0)
		memcpy(out, list, n * size);
	return out;
}

struct replan *replan_begin(struct desk *d)
{
	const struct warn *n = d->warn;
	struct replan *r;

	if (n == NULL)
		return NULL; /* the pack of the start comes first */
	r = calloc(1, sizeof(*r));
	must(r != NULL);
	r->before = n->watches;
	r->words = n->words;
	r->n_streams = n->counts.n_streams;
	r->n_keys = n->n_keys;
	r->streams = copied(n->counts.list, r->n_streams, sizeof(*r->streams));
	r->keys = copied(n->keys, r->n_keys, sizeof(*r->keys));
	return r;
}

void replan_free(void *udata)
{
	struct replan *r = udata;

	if (r == NULL)
		return;
	for (uint32_t i = 0; r->of != NULL && i < r->n_keys; i++) {
		learned_fini(&r->of[i].was);
		free(r->of[i].leaves);
	}
	for (uint32_t i = 0; i < r->n_fresh; i++)
		wkey_free(r->fresh[i]);
	watches_free(r->old);
	free(r->same);
	free(r->fresh);
	free(r->of);
	free(r->keys);
	free(r->streams);
	free(r);
}

/* ---- on the worker: which stream makes which key ------------------------------------------------------- */
struct made {
	struct slice text;
	uint32_t stream, watch;
};

struct makings {
	struct arena arena;
	struct made *list;
	uint32_t n, cap;
};

static void add_making(struct makings *m, struct slice key, uint32_t stream, uint32_t watch)
{
	if (m->n == m->cap) {
		m->cap = m->cap == 0 ? 1024 : m->cap * 2;
		m->list = realloc(m->list, m->cap * sizeof(*m->list));
		must(m->list != NULL);
	}
	m->list[m->n++] = (struct made){slice_of(arena_copy(&m->arena, key.p, key.n), key.n), stream, watch};
}

/* By key, then in the order in which streams are planned one by one. */
static int cmp_made(const void *a, const void *b)
{
	const struct made *x = a, *y = b;
	int c = slice_cmp(x->text, y->text);

	if (c != 0)
		return c;
	if (x->stream != y->stream)
		return x->stream < y->stream ? -1 : 1;
	return (x->watch > y->watch) - (x->watch < y->watch);
}

static void make_all(const struct replan *r, const struct watches *all, struct makings *m)
{
	char text[KEY_TEXT_MAX];

	for (uint32_t i = 0; i < r->n_streams; i++)
		for (uint32_t k = 0; k < all->n; k++) {
			struct slice key = watch_key(all, &all->list[k], &r->streams[i]->name, text);

			if (key.n > 0)
				add_making(m, key, i, k);
		}
	if (m->n > 0)
		qsort(m->list, m->n, sizeof(*m->list), cmp_made);
}

/* All of one key: its watch is the first that makes it, and the streams of that watch are its leaves. */
static struct planned plan_one(
	const struct replan *r, const struct watches *all, const struct made *of, uint32_t n)
{
	struct planned p = {.watch = &all->list[of->watch], .cap = n};

	p.leaves = malloc(n * sizeof(*p.leaves));
	must(p.leaves != NULL);
	for (uint32_t i = 0; i < n; i++)
		if (of[i].watch == of->watch)
			p.leaves[p.n++] = r->streams[of[i].stream];
	return p;
}

static void add_fresh(struct replan *r, struct slice text, const struct planned *p)
{
	struct wkey *k = wkey_new(text);

	k->watch = p->watch;
	k->leaves = p->leaves;
	k->n_leaves = p->n;
	k->leaves_cap = p->cap;
	if (r->n_fresh == r->fresh_cap) {
		r->fresh_cap = r->fresh_cap == 0 ? 64 : r->fresh_cap * 2;
		r->fresh = realloc(r->fresh, r->fresh_cap * sizeof(*r->fresh));
		must(r->fresh != NULL);
	}
	r->fresh[r->n_fresh++] = k;
}

/* Both are sorted: keys that there are, and what is made. */
static void join(struct replan *r, const struct watches *all, const struct makings *m)
{
	uint32_t at = 0;

	for (uint32_t i = 0, n; i < m->n; i += n) {
		struct slice text = m->list[i].text;
		struct planned p;

		for (n = 1; i + n < m->n && slice_cmp(m->list[i + n].text, text) == 0;)
			n++;
		while (at < r->n_keys && slice_cmp(wkey_text(r->keys[at]), text) < 0)
			at++;
		p = plan_one(r, all, &m->list[i], n);
		if (at < r->n_keys && slice_cmp(wkey_text(r->keys[at]), text) == 0)
			r->of[at] = p;
		else
			add_fresh(r, text, &p);
	}
	for (uint32_t i = 0; i < r->n_keys; i++) /* nothing was counted, but it may stand at a level */
		if (r->of[i].watch == NULL)
			r->of[i].watch = watch_of_key(all, wkey_text(r->keys[i]));
}

static bool are_same_levels(const struct watches *a, const struct watches *b)
{
	bool same = a->n_levels == b->n_levels;

	for (uint32_t i = 0; same && i < a->n_levels; i++)
		same = strcmp(a->levels[i].name, b->levels[i].name) == 0;
	return same;
}

/* Whether a machine of one is a machine of the other: inputs and rows are the same, by place and name. */
static bool is_same_machine(const struct watch *a, const struct watch *b)
{
	bool same = strcmp(a->name, b->name) == 0 && a->n_inputs == b->n_inputs &&
		    a->levels.n_rows == b->levels.n_rows;

	for (uint32_t i = 0; same && i < a->n_inputs; i++)
		same = a->inputs[i].kind == b->inputs[i].kind &&
		       strcmp(a->inputs[i].name, b->inputs[i].name) == 0;
	for (uint32_t i = 0; same && i < a->levels.n_rows; i++)
		same = a->levels.rows[i].level == b->levels.rows[i].level;
	return same;
}

static void find_same(struct replan *r, const struct watches *all)
{
	r->has_same_levels = r->before != NULL && are_same_levels(r->before, all);
	r->same = calloc(all->n + 1, sizeof(*r->same));
	must(r->same != NULL);
	for (uint32_t i = 0; r->has_same_levels && i < all->n; i++) {
		const struct watch *before = watch_find(r->before, all->list[i].name);

		r->same[i] = before != NULL && is_same_machine(before, &all->list[i]) ? before : NULL;
	}
}

void replan_work(struct replan *r, const struct watches *all, uint64_t words)
{
	struct makings m = {.n = 0};

	if (r == NULL || (r->before != NULL && r->words == words))
		return;
	arena_init(&m.arena, 0);
	r->of = calloc(r->n_keys + 1, sizeof(*r->of));
	must(r->of != NULL);
	make_all(r, all, &m);
	join(r, all, &m);
	find_same(r, all);
	free(m.list);
	arena_fini(&m.arena);
}

/* ---- on the loop --------------------------------------------------------------------------------------- */
static void take_leaves(struct wkey *k, struct planned *p)
{
	struct planned was = {.leaves = k->leaves, .n = k->n_leaves, .cap = k->leaves_cap};

	k->watch = p->watch;
	k->leaves = p->leaves;
	k->n_leaves = p->n;
	k->leaves_cap = p->cap;
	p->leaves = was.leaves;
	p->n = was.n;
	p->cap = was.cap;
}

/* Its machine is what its row says, under the watch that it has now. */
static void take_again(struct warn *n, struct wkey *k)
{
	wkey_nothing_given(k);
	if (k->row != NULL)
		wkey_take_again(n, k);
}

static void take_keys(struct warn *n, struct replan *r)
{
	const struct watch *list = n->watches->list;

	for (uint32_t i = 0; i < r->n_keys; i++) {
		struct wkey *k = r->keys[i];
		const struct watch *before = k->watch, *now = r->of[i].watch;
		bool goes_on = now == NULL ? before == NULL : before != NULL && r->same[now - list] == before;

		take_leaves(k, &r->of[i]);
		if (k->usual.is_loaded) {
			r->of[i].was = k->usual;
			memset(&k->usual, 0, sizeof(k->usual));
		}
		if (!r->has_same_levels || !goes_on)
			take_again(n, k);
	}
}

/* A key that came meanwhile: leaves that the worker found for it, if it did. */
static void take_newcomer(struct warn *n, struct replan *r, struct wkey *k)
{
	struct planned p = {.watch = watch_of_key(n->watches, wkey_text(k))};

	for (uint32_t i = 0; i < r->n_fresh; i++) {
		struct wkey *f = r->fresh[i];

		if (f->text_n != k->text_n || memcmp(f->text, k->text, k->text_n) != 0)
			continue;
		p = (struct planned){
			.watch = f->watch, .leaves = f->leaves, .n = f->n_leaves, .cap = f->leaves_cap};
		f->leaves = NULL;
		wkey_free(f);
		memmove(&r->fresh[i], &r->fresh[i + 1], (r->n_fresh - i - 1) * sizeof(*r->fresh));
		r->n_fresh--;
		break;
	}
	take_leaves(k, &p);
	free(p.leaves);
	learned_fini(&k->usual);
	take_again(n, k);
}

static void take_newcomers(struct warn *n, struct replan *r)
{
	uint32_t at = 0;

	for (uint32_t i = 0; n->n_keys > r->n_keys && i < n->n_keys; i++)
		if (at < r->n_keys && n->keys[i] == r->keys[at])
			at++;
		else
			take_newcomer(n, r, n->keys[i]);
}

void replan_take(struct warn *n, struct replan *r, struct watches *made, uint64_t words)
{
	must(n->watches == r->before && r->of != NULL);
	if (n->watches != NULL) {
		warn_learn_forget(n);
		warn_totals_forget(n);
	}
	r->old = n->watches;
	warn_plan_watches(n, made, words);
	take_keys(n, r);
	take_newcomers(n, r);
	wkeys_add(n, r->fresh, r->n_fresh);
	r->n_fresh = 0;
	for (uint32_t i = r->n_streams; i < n->counts.n_streams; i++)
		warn_plan_stream(n, n->counts.list[i]);
}
