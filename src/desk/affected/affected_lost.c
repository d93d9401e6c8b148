/*
 * Faults that another pack does not have, while open cases have numbers on their lists: nobody would learn that
 * these were restored, nobody would be told, and the case could not be closed with its sums right.
 */
#include <stdio.h>
#include <string.h>

#include "affected_int.h"

#define NAMED_MAX 5

struct lost_fault {
	const char *name;
	uint32_t n; /* numbers */
	int64_t cases[NAMED_MAX];
	uint32_t n_cases;
};

/* What is asked for at the start is not in memory yet: rows say it. 1 yes, 0 no, -1. */
static int is_open_case(struct desk *d, struct arena *a, int64_t id, struct err *e)
{
	uint8_t key[9] = {'c'};
	struct value row;

	store_be64(key + 1, (uint64_t)id);
	return row_get(d, NULL, a, TABLE_NUMBER, slice_of(key, sizeof(key)), &row, e);
}

static void add_case(struct lost_fault *l, int64_t id)
{
	for (uint32_t i = 0; i < l->n_cases; i++)
		if (l->cases[i] == id)
			return;
	if (l->n_cases < NAMED_MAX)
		l->cases[l->n_cases++] = id;
}

static struct lost_fault *fault_in(struct arena *a, struct lost_fault *list, uint32_t *n, const char *name)
{
	for (uint32_t i = 0; i < *n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	list[*n] = (struct lost_fault){.name = arena_text(a, name, strlen(name))};
	return &list[(*n)++];
}

static int look_at_part(struct desk *d, struct arena *a, const struct value *row, const struct value *faults,
	struct lost_fault *list, uint32_t *n, struct err *e)
{
	struct lost_fault *l = NULL;
	struct part_edit p;
	uint32_t numbers = 0;

	part_read_row(a, row, 0, &p);
	if (p.part.is_closed || value_get(faults, p.part.fault) != NULL)
		return 0;
	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		numbers += p.part.counts[i];
	for (uint32_t i = 0; numbers > 0 && i < p.part.n_incidents; i++) {
		int got = is_open_case(d, a, p.part.incidents[i], e);

		if (got < 0)
			return -1;
		if (got == 0)
			continue;
		if (l == NULL)
			l = fault_in(a, list, n, p.part.fault);
		add_case(l, p.part.incidents[i]);
	}
	if (l != NULL)
		l->n += numbers;
	return 0;
}

/* Their numbers as people say them. */
static int case_names(
	struct desk *d, struct arena *a, const struct lost_fault *l, struct value *names, struct err *e)
{
	*names = value_array(a, NAMED_MAX);
	for (uint32_t i = 0; i < l->n_cases; i++) {
		struct value row;

		if (ticket_load(d, NULL, a, l->cases[i], &row, e) != 0)
			return -1;
		if (value_get(&row, "no") != NULL)
			value_push(a, names, *value_get(&row, "no"));
	}
	return 0;
}

static int tell(struct desk *d, struct arena *a, const struct lost_fault *l, struct rules_report *report,
	struct err *e)
{
	struct rules_error *f =
		pack_lost_add(report, packs_catalog(d->packs), "faults", slice_of(l->name, strlen(l->name)));
	struct value names;

	if (case_names(d, a, l, &names, e) != 0)
		return -1;
	snprintf(f->message, sizeof(f->message),
		"%u number%s on the lists of fault \"%.60s\" (open cases: %s), but this pack does not have "
		"the "
		"fault",
		l->n, l->n == 1 ? " is" : "s are", l->name, value_joined(a, &names, ", "));
	snprintf(f->message_zh, sizeof(f->message_zh),
		"故障“%.60s”的名单上有 %u 个号码（未结事件：%s），而这个规则包没有这个故障", l->name, l->n,
		value_joined(a, &names, "、"));
	snprintf(f->cure, sizeof(f->cure), "keep fault \"%.60s\", or close these cases first", l->name);
	snprintf(f->cure_zh, sizeof(f->cure_zh), "请保留 fault “%.60s”，或先关闭这些事件", l->name);
	return 0;
}

int affected_lost(struct desk *d, const struct value *catalog, struct rules_report *report, struct err *e)
{
	const struct value *faults = value_get(catalog, "faults");
	struct lost_fault *list;
	struct arena a, rows;
	struct scan s;
	uint32_t n = 0;
	int got;

	arena_init(&a, 0);
	arena_init(&rows, 0);
	list = arena_alloc(&a, PARTS_MAX * sizeof(*list));
	scan_init(&s, d->store, NULL, TABLE_NUMBER, SLICE_TEXT("p"), SLICE_TEXT("q"), false);
	while ((got = scan_next(&s, e)) == 1 && n < PARTS_MAX) {
		struct value row;

		arena_reset(&rows);
		if (value_decode(&rows, s.val, &row, e) == 0 &&
			look_at_part(d, &a, &row, faults, list, &n, e) != 0) {
			got = -1;
			break;
		}
	}
	scan_fini(&s);
	for (uint32_t i = 0; got >= 0 && i < n; i++)
		if (tell(d, &a, &list[i], report, e) != 0)
			got = -1;
	arena_fini(&a);
	arena_fini(&rows);
	return got < 0 ? -1 : 0;
}
