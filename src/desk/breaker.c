#include "breaker.h"

#include <string.h>

#define RULES_MAX 64 /* that failed lately; of more the first are known */
#define NAME_BYTES 160
#define PREFIX "breaker "

struct breakers {
	struct breaker {
		char rule[NAME_BYTES];
		int64_t generation, failures, last_ms, until_ms; /* until_ms 0: never off */
	} list[RULES_MAX];
	uint32_t n;
};

static struct breaker *find(struct breakers *b, struct slice rule)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (strlen(b->list[i].rule) == rule.n && memcmp(b->list[i].rule, rule.p, rule.n) == 0)
			return &b->list[i];
	return NULL;
}

/* What is written is what counts: a call that fails has written nothing. */
static void keep(struct breakers *b, struct slice key, struct slice val)
{
	size_t n = sizeof(PREFIX) - 1;
	struct breaker *one;
	struct slice rule;
	struct value row;
	struct arena a;
	struct err e;

	if (key.n <= n || key.n - n >= NAME_BYTES || memcmp(key.p, PREFIX, n) != 0)
		return;
	rule = slice_of((const char *)key.p + n, key.n - n);
	one = find(b, rule);
	if (one == NULL && b->n == RULES_MAX)
		return;
	arena_init(&a, 0);
	if (value_decode(&a, val, &row, &e) == 0) {
		if (one == NULL)
			one = &b->list[b->n++];
		memset(one, 0, sizeof(*one));
		memcpy(one->rule, rule.p, rule.n);
		one->generation = value_int_or(value_get(&row, "generation"), 0);
		one->failures = value_int_or(value_get(&row, "failures"), 0);
		one->last_ms = value_int_or(value_get(&row, "last"), 0);
		one->until_ms = value_int_or(value_get(&row, "until"), 0);
	}
	arena_fini(&a);
}

void breakers_on_publish(struct breakers *b, struct slice key, const struct slice *val)
{
	if (val != NULL)
		keep(b, key, *val);
}

int breakers_new(struct desk *d, struct err *e)
{
	struct breakers *b = calloc(1, sizeof(*b));
	struct slice from = SLICE_TEXT(PREFIX), to = SLICE_TEXT("breaker!");
	struct scan s;
	int got;

	must(b != NULL);
	d->breakers = b;
	scan_init(&s, d->store, NULL, TABLE_COUNTER, from, to, false);
	while ((got = scan_next(&s, e)) == 1)
		keep(b, s.key, s.val);
	scan_fini(&s);
	return got;
}

void breakers_free(struct breakers *b)
{
	free(b);
}

static bool is_off(const struct work *w, const struct breaker *one)
{
	return one->until_ms > w->now_ms && one->generation == packs_generation(w->desk->packs);
}

void breakers_facts(struct work *w, struct value *facts)
{
	const struct breakers *b = w->desk->breakers;
	struct value off = value_array(w->arena, 0);

	for (uint32_t i = 0; i < b->n; i++)
		if (is_off(w, &b->list[i]))
			value_push(w->arena, &off,
				value_text(w->arena, b->list[i].rule, strlen(b->list[i].rule)));
	if (off.n > 0)
		value_add(w->arena, facts, "off", off);
}

static void tell(struct work *w, const struct breaker *now, const struct value *message)
{
	struct value data = value_map(w->arena, 5), notice = value_array(w->arena, 2);

	value_add(w->arena, &data, "rule", value_text(w->arena, now->rule, strlen(now->rule)));
	value_add(w->arena, &data, "rung", value_literal("duty"));
	value_add(w->arena, &data, "switched_off_until", value_int(now->until_ms));
	value_add(w->arena, &data, "failures", value_int(now->failures));
	if (message != NULL)
		value_add(w->arena, &data, "message", *message);
	value_push(w->arena, &notice, value_literal("duty"));
	value_push(w->arena, &notice, data);
	value_push(w->arena, &w->notices, notice);
}

void breakers_count(struct work *w, const struct value *failed)
{
	struct slice rule = value_slice(value_get(failed, "rule"));
	const struct breaker *old = find(w->desk->breakers, rule);
	int64_t rest_ms = packs_limit(w->desk->packs, "rule_rest_ms"),
		generation = packs_generation(w->desk->packs);
	struct breaker now = {.generation = generation, .failures = 1, .last_ms = w->now_ms};
	struct value row = value_map(w->arena, 4);
	const char *key;

	if (rule.n == 0 || rule.n >= NAME_BYTES || (old != NULL && is_off(w, old)))
		return;
	memcpy(now.rule, rule.p, rule.n);
	if (old != NULL && old->generation == generation && w->now_ms - old->last_ms <= 2 * rest_ms)
		now.failures = old->failures + 1;
	if (now.failures >= packs_limit(w->desk->packs, "rule_failures")) {
		now.until_ms = w->now_ms + rest_ms;
		tell(w, &now, value_get(failed, "message"));
	}
	value_add(w->arena, &row, "generation", value_int(generation));
	value_add(w->arena, &row, "failures", value_int(now.failures));
	value_add(w->arena, &row, "last", value_int(now.last_ms));
	value_add(w->arena, &row, "until", value_int(now.until_ms));
	key = arena_printf(w->arena, PREFIX "%s", now.rule);
	row_put(w, TABLE_COUNTER, slice_of(key, strlen(key)), &row);
}

struct value breakers_value(struct desk *d, struct arena *a)
{
	const struct breakers *b = d->breakers;
	struct value list = value_array(a, b->n);

	for (uint32_t i = 0; i < b->n; i++) {
		const struct breaker *one = &b->list[i];
		struct value row = value_map(a, 4);

		if (one->generation != packs_generation(d->packs))
			continue;
		value_add(a, &row, "rule", value_text(a, one->rule, strlen(one->rule)));
		value_add(a, &row, "failures", value_int(one->failures));
		value_add(a, &row, "until", value_int(one->until_ms));
		value_add(a, &row, "is_off", value_bool(one->until_ms > d->clock->now_ms));
		value_push(a, &list, row);
	}
	return list;
}
