/* Calls that a voice prompt answered. heard.h draws the rows. */
#include "heard.h"

#include <string.h>

#include "cases.h"

#define TIMES_MAX 8 /* of a number that are kept, the newest */
#define AVOIDED_MS (INT64_C(2) * 3600 * 1000)

static int64_t window_ms(const struct desk *d)
{
	return packs_limit(d->packs, "avoided_ms", AVOIDED_MS);
}

static struct slice key_of(struct arena *a, int64_t incident, struct slice number)
{
	uint8_t *p = arena_alloc(a, 8 + number.n);

	store_be64(p, (uint64_t)incident);
	memcpy(p + 8, number.p, number.n);
	return slice_of(p, 8 + number.n);
}

/* The newest open case whose script has this prompt, 0 without one. */
static int64_t case_of_prompt(struct desk *d, struct slice prompt)
{
	int64_t ids[CASE_FACTS_MAX];
	uint32_t n = cases_ids(d, ids, CASE_FACTS_MAX);

	for (uint32_t i = 0; prompt.n > 0 && i < n; i++)
		if (slice_cmp(value_slice(value_get(cases_script(d, ids[i]), "prompt")), prompt) == 0)
			return ids[i];
	return 0;
}

int heard_deflected(struct work *w, struct slice number, struct slice prompt, int64_t at_ms, struct err *e)
{
	int64_t incident = case_of_prompt(w->desk, prompt);
	struct value row, times = value_array(w->arena, TIMES_MAX);
	const struct value *old;
	struct slice key;
	int got;

	if (incident == 0 || number.n == 0 || number.n > 32)
		return 0;
	key = key_of(w->arena, incident, number);
	got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);
	if (got < 0)
		return -1;
	if (got == 0)
		row = value_map(w->arena, 2);
	old = value_get(&row, "times");
	value_push(w->arena, &times, value_int(at_ms));
	for (uint32_t i = 0; old != NULL && i < old->n && times.n < TIMES_MAX; i++)
		value_push(w->arena, &times, old->as.items[i]);
	value_set(w->arena, &row, "times", times);
	row_put(w, TABLE_HEARD, key, &row);
	return 0;
}

static int reached_of(struct work *w, int64_t incident, struct slice number, struct err *e)
{
	struct slice key = key_of(w->arena, incident, number);
	struct value row, left;
	const struct value *old;
	int got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);

	if (got != 1)
		return got;
	old = value_get(&row, "times");
	left = value_array(w->arena, TIMES_MAX);
	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		if (value_int_or(&old->as.items[i], 0) + window_ms(w->desk) < w->now_ms)
			value_push(w->arena, &left, old->as.items[i]);
	if (old == NULL || left.n == old->n)
		return 0;
	value_set(w->arena, &row, "n_reached",
		value_int(value_int_or(value_get(&row, "n_reached"), 0) + old->n - left.n));
	value_set(w->arena, &row, "times", left);
	row_put(w, TABLE_HEARD, key, &row);
	return 0;
}

int heard_reached(struct work *w, const struct value *number, struct err *e)
{
	int64_t ids[CASE_FACTS_MAX];
	uint32_t n =
		value_slice(number).n == 0 || number->n > 32 ? 0 : cases_ids(w->desk, ids, CASE_FACTS_MAX);

	for (uint32_t i = 0; i < n; i++)
		if (value_get(cases_script(w->desk, ids[i]), "prompt") != NULL &&
			reached_of(w, ids[i], value_slice(number), e) != 0)
			return -1;
	return 0;
}

int heard_count(struct desk *d, struct arena *a, int64_t incident, struct heard_sums *sums, struct err *e)
{
	struct scan s;
	int got;

	memset(sums, 0, sizeof(*sums));
	scan_init(&s, d->store, NULL, TABLE_HEARD, key_of(a, incident, slice_of("", 0)),
		key_of(a, incident + 1, slice_of("", 0)), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct arena_mark mark = arena_mark(a);
		const struct value *times;
		struct value row;

		if (value_decode(a, slice_of(arena_copy(a, s.val.p, s.val.n), s.val.n), &row, e) != 0) {
			got = -1;
			break;
		}
		times = value_get(&row, "times");
		sums->n_reached += value_int_or(value_get(&row, "n_reached"), 0);
		for (uint32_t i = 0; times != NULL && i < times->n; i++)
			*(value_int_or(&times->as.items[i], 0) + window_ms(d) < d->clock->now_ms
					? &sums->n_avoided
					: &sums->n_pending) += 1;
		arena_rewind(a, mark);
	}
	scan_fini(&s);
	sums->n_deflected = sums->n_reached + sums->n_avoided + sums->n_pending;
	return got < 0 ? -1 : 0;
}
