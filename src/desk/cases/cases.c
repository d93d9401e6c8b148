/* The open incidents in memory. cases.h tells what they are for. */
#include "desk/cases.h"

#include <string.h>

#define UNCOUNTED (-1)
#define GROWTH_SPAN (2 * CASE_GROWTH_MINUTES)
#define MINUTE_MS 60000
#define FACT_BYTES_MAX ((size_t)64 * 1024) /* first size of a case's arena */

/* Statuses in which a case is open. */

struct one_case {
	int64_t id;
	uint32_t n_statuses; /* index rows that say it is open: one, but none or two within a commit */
	int64_t n_children;  /* UNCOUNTED: not asked for yet */
	struct growth {
		int64_t minute;          /* the newest that is counted */
		uint32_t n[GROWTH_SPAN]; /* at minute % GROWTH_SPAN */
	} growth;
	bool is_read;      /* `fact` says what the row says */
	struct value fact; /* in `arena` */
	struct arena arena;
};

struct cases {
	const struct lexicon *lexicon;
	struct one_case **list; /* by id */
	uint32_t n, cap;
};

/* ---- the list ------------------------------------------------------------------------------------------ */
/* Place of the first whose id is not below. */
static uint32_t place_of(const struct cases *c, int64_t id)
{
	uint32_t low = 0, high = c->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (c->list[mid]->id < id)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static struct one_case *find(const struct cases *c, int64_t id)
{
	uint32_t at = place_of(c, id);

	return at < c->n && c->list[at]->id == id ? c->list[at] : NULL;
}

static struct one_case *add(struct cases *c, int64_t id)
{
	uint32_t at = place_of(c, id);
	struct one_case *one;

	if (at < c->n && c->list[at]->id == id)
		return c->list[at];
	if (c->n == c->cap) {
		c->cap = c->cap == 0 ? 16 : c->cap * 2;
		c->list = realloc(c->list, c->cap * sizeof(struct one_case *));
		must(c->list != NULL);
	}
	one = calloc(1, sizeof(*one));
	must(one != NULL);
	one->id = id;
	one->n_children = UNCOUNTED;
	memmove(c->list + at + 1, c->list + at, (c->n - at) * sizeof(struct one_case *));
	c->list[at] = one;
	c->n++;
	return one;
}

static void drop(struct cases *c, int64_t id)
{
	uint32_t at = place_of(c, id);

	arena_fini(&c->list[at]->arena);
	free(c->list[at]);
	memmove(c->list + at, c->list + at + 1, (c->n - at - 1) * sizeof(struct one_case *));
	c->n--;
}

/* ---- growth: children by the minute -------------------------------------------------------------------- */
/* Counts of minutes up to this one; what is older than GROWTH_SPAN is forgotten. */
static void growth_to(struct growth *g, int64_t minute)
{
	if (minute - g->minute >= GROWTH_SPAN)
		memset(g->n, 0, sizeof(g->n));
	else
		for (int64_t m = g->minute + 1; m <= minute; m++)
			g->n[m % GROWTH_SPAN] = 0;
	g->minute = minute > g->minute ? minute : g->minute;
}

static void growth_add(struct growth *g, struct slice created)
{
	int64_t minute = created.n == 8 ? (int64_t)load_be64(created.p) / MINUTE_MS : 0;

	growth_to(g, minute);
	if (minute > g->minute - GROWTH_SPAN)
		g->n[minute % GROWTH_SPAN]++;
}

/* ---- in step with the store ---------------------------------------------------------------------------- */
/* INDEX_STATUS of an open incident: its id; -1 for any other key. */
static int64_t open_case_of(const struct lexicon *lexicon, struct slice key)
{
	const char *p = key.p;
	struct slice rest = slice_of(p + 1, key.n - 1), status;

	if (p[0] != INDEX_STATUS || slice_cmp(index_name_take(lexicon, &rest), SLICE_TEXT(CASE_KIND)) != 0)
		return -1;
	status = index_name_take(lexicon, &rest);
	for (size_t i = 0; rest.n == 8 && ticket_open_statuses[i] != NULL; i++)
		if (slice_cmp(status, slice_of(ticket_open_statuses[i], strlen(ticket_open_statuses[i]))) ==
			0)
			return (int64_t)load_be64(rest.p);
	return -1;
}

static void on_status(struct cases *c, int64_t id, bool is_open)
{
	struct one_case *one = is_open ? add(c, id) : find(c, id);

	if (one == NULL)
		return;
	one->n_statuses += is_open ? 1u : (uint32_t)-1;
	if (one->n_statuses == 0)
		drop(c, id);
}

void cases_on_publish(struct cases *c, enum table table, struct slice key, const struct slice *val)
{
	struct one_case *one;
	int64_t id;

	if (table == TABLE_TICKET && key.n == 8) {
		one = find(c, (int64_t)load_be64(key.p));
		if (one != NULL)
			one->is_read = false;
	} else if (table == TABLE_INDEX && (id = open_case_of(c->lexicon, key)) >= 0) {
		on_status(c, id, val != NULL);
	} else if (table == TABLE_INDEX && key.n == 17 && *(const char *)key.p == INDEX_PARENT) {
		one = find(c, (int64_t)load_be64((const char *)key.p + 1));
		if (one == NULL || one->n_children == UNCOUNTED)
			return;
		if (val == NULL) {
			one->n_children = UNCOUNTED; /* when it had come in nobody says any more */
			return;
		}
		one->n_children++;
		growth_add(&one->growth, *val);
	}
}

int cases_new(struct desk *d, struct err *e)
{
	struct slice kind = SLICE_TEXT(CASE_KIND), there = SLICE_TEXT("");
	struct arena a;
	struct scan s;
	int got;

	d->cases = calloc(1, sizeof(*d->cases));
	must(d->cases != NULL);
	d->cases->lexicon = d->lexicon;
	arena_init(&a, 0);
	kind = index_prefix(&a, d->lexicon, INDEX_STATUS, &kind, 1);
	scan_init(&s, d->store, NULL, TABLE_INDEX, kind, key_after(&a, kind), false);
	while ((got = scan_next(&s, e)) == 1)
		cases_on_publish(d->cases, TABLE_INDEX, s.key, &there);
	scan_fini(&s);
	arena_fini(&a);
	return got;
}

void cases_free(struct cases *c)
{
	if (c == NULL)
		return;
	while (c->n > 0)
		drop(c, c->list[c->n - 1]->id);
	free(c->list);
	free(c);
}

/* ---- what rules are told ------------------------------------------------------------------------------- */
static void take(struct arena *a, struct value *fact, const struct value *of, const char *key)
{
	const struct value *v = value_get(of, key);

	if (v != NULL && !(v->type == VALUE_BOOL && !v->as.b))
		value_add(a, fact, key, value_copy(a, v));
}

struct value case_fact(struct arena *a, const struct value *row)
{
	static const char *const of_row[] = {"id", "no", "kind", "category", "city", "stage", "created"},
				 *const of_fields[] = {"key", "keys", "began", "cities", "cluster", "level",
					 "highest", "level_at", "told_at", "again", "recovery", "drill",
					 "script", "maintainers", "fault", "service", "component", "follows"};
	struct value fact = value_map(a, 16);

	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		take(a, &fact, row, of_row[i]);
	for (size_t i = 0; i < sizeof(of_fields) / sizeof(of_fields[0]); i++)
		take(a, &fact, value_get(row, "fields"), of_fields[i]);
	return fact;
}

static int read_fact(struct desk *d, struct one_case *one, struct err *e)
{
	struct value row;

	if (one->is_read)
		return 0;
	arena_fini(&one->arena);
	arena_init(&one->arena, FACT_BYTES_MAX);
	if (ticket_load(d, NULL, &one->arena, one->id, &row, e) != 0)
		return -1;
	one->fact = case_fact(&one->arena, &row);
	one->is_read = true;
	return 0;
}

int cases_facts(struct work *w, const struct value *city, const struct value *category, struct value *facts,
	struct err *e)
{
	struct cases *c = w->desk->cases;
	struct value list;

	if (c->n == 0)
		return 0;
	list = value_array(w->arena, 4);
	for (uint32_t i = c->n; i > 0 && list.n < CASE_FACTS_MAX; i--) {
		struct one_case *one = c->list[i - 1];

		if (read_fact(w->desk, one, e) != 0)
			return -1;
		if (value_true(value_get(&one->fact, "drill")))
			continue; /* no customer hangs on a drill */
		if (case_fits(&one->fact, city, category))
			value_push(w->arena, &list, one->fact);
	}
	if (list.n > 0)
		value_add(w->arena, facts, "cases", list);
	return 0;
}

int cases_fact_one(struct work *w, int64_t incident, struct value *facts, struct err *e)
{
	struct one_case *one = find(w->desk->cases, incident);
	struct value list = value_array(w->arena, 1);

	if (one == NULL)
		return 0;
	if (read_fact(w->desk, one, e) != 0)
		return -1;
	value_push(w->arena, &list, one->fact);
	value_add(w->arena, facts, "cases", list);
	return 0;
}

const struct value *cases_script(struct desk *d, int64_t incident)
{
	struct one_case *one = find(d->cases, incident);
	const struct value *script;
	struct err e;

	if (one == NULL || read_fact(d, one, &e) != 0)
		return NULL;
	script = value_get(&one->fact, "script");
	return value_is(script, VALUE_MAP) ? script : NULL;
}

/* ---- questions ----------------------------------------------------------------------------------------- */
uint32_t cases_ids(struct desk *d, int64_t *ids, uint32_t n)
{
	uint32_t got = 0;

	for (uint32_t i = d->cases->n; i > 0 && got < n; i--)
		ids[got++] = d->cases->list[i - 1]->id;
	return got;
}

uint32_t cases_with(struct desk *d, const char *field, int64_t *ids, uint32_t n)
{
	uint32_t got = 0;
	struct err e;

	for (uint32_t i = d->cases->n; i > 0 && got < n; i--)
		if (read_fact(d, d->cases->list[i - 1], &e) == 0 &&
			value_get(&d->cases->list[i - 1]->fact, field) != NULL)
			ids[got++] = d->cases->list[i - 1]->id;
	return got;
}

struct slice case_child_key(struct arena *a, int64_t incident, int64_t after)
{
	uint8_t *p = arena_alloc(a, 17);

	p[0] = INDEX_PARENT;
	store_be64(p + 1, (uint64_t)incident);
	store_be64(p + 9, (uint64_t)after + 1);
	return slice_of(p, 17);
}

static int count_children(struct desk *d, int64_t incident, int64_t *n, struct growth *growth, struct err *e)
{
	struct arena a;
	struct scan s;
	int got;

	arena_init(&a, 0);
	*n = 0;
	memset(growth, 0, sizeof(*growth));
	scan_init(&s, d->store, NULL, TABLE_INDEX, case_child_key(&a, incident, -1),
		case_child_key(&a, incident + 1, -1), false);
	while ((got = scan_next(&s, e)) == 1) {
		++*n;
		growth_add(growth, s.val);
	}
	scan_fini(&s);
	arena_fini(&a);
	return got;
}

/* What hangs on it; of an open case it stays known. */
static int counted(struct desk *d, int64_t incident, int64_t *n, struct growth *growth, struct err *e)
{
	struct one_case *one = find(d->cases, incident);

	if (one != NULL && one->n_children != UNCOUNTED) {
		*n = one->n_children;
		*growth = one->growth;
		return 0;
	}
	if (count_children(d, incident, n, growth, e) != 0)
		return -1;
	if (one != NULL) {
		one->n_children = *n;
		one->growth = *growth;
	}
	return 0;
}

int cases_children(struct desk *d, int64_t incident, int64_t *n, struct err *e)
{
	struct growth growth;

	return counted(d, incident, n, &growth, e);
}

int cases_growth(struct desk *d, int64_t incident, int64_t *recent, int64_t *before, struct err *e)
{
	struct growth g;
	int64_t n;

	*recent = *before = 0;
	if (counted(d, incident, &n, &g, e) != 0)
		return -1;
	growth_to(&g, d->clock->now_ms / MINUTE_MS); /* what is said to come later counts as of now */
	for (int64_t age = 0; age < GROWTH_SPAN && age <= g.minute; age++)
		*(age < CASE_GROWTH_MINUTES ? recent : before) += g.n[(g.minute - age) % GROWTH_SPAN];
	return 0;
}
