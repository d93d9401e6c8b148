/* What tells of each component (suspects_int.h). */
#include "suspects_int.h"

#include <string.h>

#include "desk/affected.h"

#define METRIC_PERCENT_MAX 100000 /* and where it was nothing before */

static bool bit_set(uint8_t *bits, uint32_t i)
{
	bool was = (bits[i / 8] & 1u << i % 8) != 0;

	bits[i / 8] = (uint8_t)(bits[i / 8] | 1u << i % 8);
	return !was;
}

static struct candidate *find(struct search *s, struct slice name)
{
	for (uint32_t i = 0; i < s->n; i++)
		if (slice_cmp(value_slice(s->all[i].name), name) == 0)
			return &s->all[i];
	return NULL;
}

bool suspect_is_named(struct slice text)
{
	return text.n > 0 && !(text.n == 1 && *(const char *)text.p == '*');
}

/* ---- the graph ----------------------------------------------------------------------------------------- */
/* Distance of what a component needs, and of what that needs. */
static void reach(struct search *s, struct candidate *c, int distance)
{
	const struct value *below = value_get(c->row, "depends_on");

	if (c->distance >= 0 && c->distance <= distance)
		return;
	c->distance = distance;
	for (uint32_t i = 0; below != NULL && i < below->n; i++) {
		struct candidate *next = find(s, value_slice(&below->as.items[i]));

		if (next != NULL)
			reach(s, next, distance + 1);
	}
}

/* The service of the suspicion, or of the fault its category belongs to. */
static struct slice service_of(const struct search *s)
{
	const struct value *faults = value_get(s->catalog, "faults");

	if (s->about->service.n > 0 || !suspect_is_named(s->about->category))
		return s->about->service;
	for (uint32_t i = 0; faults != NULL && i < faults->n; i++)
		if (holds_category(&faults->as.pairs[i].val, s->about->category))
			return value_slice(value_get(&faults->as.pairs[i].val, "service"));
	return slice_of(NULL, 0);
}

static void measure(struct search *s)
{
	bool is_any = s->service.n == 0 && s->about->component.n == 0;

	for (uint32_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->all[i];

		if (is_any ||
			(s->service.n > 0 &&
				slice_cmp(value_slice(value_get(c->row, "service")), s->service) == 0) ||
			(s->about->component.n > 0 &&
				slice_cmp(value_slice(c->name), s->about->component) == 0))
			reach(s, c, 0);
	}
}

/* Whether x needs y, also by others; not itself. */
static bool needs(struct search *s, const struct candidate *x, const struct candidate *y)
{
	const struct value *below = value_get(x->row, "depends_on");

	for (uint32_t i = 0; below != NULL && i < below->n; i++) {
		const struct candidate *next = find(s, value_slice(&below->as.items[i]));

		if (next == y || (next != NULL && needs(s, next, y)))
			return true;
	}
	return false;
}

/* ---- failures ------------------------------------------------------------------------------------------ */
static int64_t city_place(const struct search *s, struct slice city)
{
	const struct value *cities = value_get(s->catalog, "cities");

	for (uint32_t i = 0; cities != NULL && i < cities->n && i < CITIES_MAX; i++)
		if (slice_cmp(value_slice(&cities->as.pairs[i].key), city) == 0)
			return i;
	return -1;
}

static bool is_failure(const struct search *s, const struct signal_bin *b)
{
	const struct value *kind = value_get_n(value_get(s->catalog, "signals"), b->kind.p, b->kind.n);

	return value_is_text(value_get(kind, "number"), "affected") && !signal_is_own_mistake(b) &&
	       (!suspect_is_named(s->about->city) || b->city.n == 0 ||
		       slice_cmp(b->city, s->about->city) == 0);
}

static void add_failures(struct search *s, struct candidate *c, const struct signal_bin *b)
{
	uint32_t minute = (uint32_t)((b->minute_ms - s->from_ms) / SIGNAL_MINUTE_MS);
	int64_t city = city_place(s, b->city);

	s->n_failures += b->n;
	if (minute < WINDOW_MINUTES_MAX)
		s->n_minutes += bit_set(s->minutes, minute);
	if (city >= 0)
		s->n_cities += bit_set(s->cities, (uint32_t)city);
	if (c == NULL)
		return;
	c->own += b->n;
	if (minute < WINDOW_MINUTES_MAX)
		c->n_minutes += bit_set(c->minutes, minute);
	if (city >= 0)
		c->n_cities += bit_set(c->cities, (uint32_t)city);
	if (b->minute_ms < c->first_ms)
		c->first_ms = b->minute_ms;
}

/* ---- metrics ------------------------------------------------------------------------------------------- */
static void add_metric(struct search *s, struct candidate *c, const struct signal_bin *b)
{
	const struct value *metrics = value_get(s->settings, "metrics");

	if (suspect_is_named(s->about->city) && b->city.n > 0 && slice_cmp(b->city, s->about->city) != 0)
		return;
	for (uint32_t i = 0; metrics != NULL && i < metrics->n && i < METRICS_MAX; i++) {
		struct metric *m = &c->metrics[i];

		if (slice_cmp(value_slice(value_get(&metrics->as.items[i], "name")), b->name) != 0)
			continue;
		*(b->minute_ms < s->from_ms ? &m->sum_before : &m->sum) += b->sum;
		*(b->minute_ms < s->from_ms ? &m->n_before : &m->n) += b->n;
	}
}

/* The bad way's percentage of one metric, 0 when it is no evidence. */
static int64_t metric_percent(const struct value *of, const struct metric *m)
{
	uint64_t readings = (uint64_t)value_int_or(value_get(of, "readings"), 1);
	bool is_lower = value_is_text(value_get(of, "worse"), "lower");
	double now, before, much, little;

	if (m->n < readings || m->n_before < readings)
		return 0;
	now = m->sum / (double)m->n;
	before = m->sum_before / (double)m->n_before;
	much = is_lower ? before : now;
	little = is_lower ? now : before;
	if (much <= 0 || much < little * (double)value_int_or(value_get(of, "times"), 2))
		return 0; /* what is not above 0 has no ratio */
	return little * METRIC_PERCENT_MAX < much * 100 ? METRIC_PERCENT_MAX : (int64_t)(much * 100 / little);
}

int64_t suspect_metric(const struct search *s, const struct candidate *c, uint32_t *which)
{
	const struct value *metrics = value_get(s->settings, "metrics");
	int64_t worst = 0;

	*which = 0;
	for (uint32_t i = 0; metrics != NULL && i < metrics->n && i < METRICS_MAX; i++) {
		int64_t percent = metric_percent(&metrics->as.items[i], &c->metrics[i]);

		if (percent > worst) {
			worst = percent;
			*which = i;
		}
	}
	return worst;
}

static int see(void *ctx, const struct signal_bin *b)
{
	struct search *s = ctx;
	struct candidate *c = find(s, b->component);

	if (b->is_metric && c != NULL && c->distance >= 0)
		add_metric(s, c, b);
	if (!is_failure(s, b))
		return 0;
	if (c != NULL ? c->distance < 0 : s->service.n > 0 && slice_cmp(b->service, s->service) != 0)
		return 0; /* of another service */
	if (b->minute_ms < s->from_ms)
		c == NULL ? (void)0 : (void)(c->own_before += b->n);
	else
		add_failures(s, c, b);
	return 0;
}

/* ---- states and changes -------------------------------------------------------------------------------- */
static int see_states(struct search *s, struct tx *tx, struct err *e)
{
	struct scan scan;
	int got;

	scan_init(&scan, s->desk->store, tx, TABLE_SIGNAL, slice_of("s", 1), slice_of("t", 1), false);
	while ((got = scan_next(&scan, e)) == 1) {
		const char *name = (const char *)scan.key.p + 1, *zero = memchr(name, '\0', scan.key.n - 1);
		struct slice city = slice_of(zero + 1, scan.key.n - 2 - (size_t)(zero - name));
		struct candidate *c = find(s, slice_of(name, (size_t)(zero - name)));
		enum component_state_rank rank;
		struct value row;

		if (c == NULL || (suspect_is_named(s->about->city) && city.n > 0 &&
					 slice_cmp(city, s->about->city) != 0))
			continue;
		if (value_decode(s->arena, slice_of(arena_copy(s->arena, scan.val.p, scan.val.n), scan.val.n),
			    &row, e) != 0) {
			got = -1;
			break;
		}
		rank = value_is_text(value_get(&row, "state"), "down")       ? STATE_DOWN
		       : value_is_text(value_get(&row, "state"), "degraded") ? STATE_DEGRADED
									     : STATE_UP;
		if (rank > c->state) {
			c->state = rank;
			c->state_ms = value_int_or(value_get(&row, "at"), 0);
		}
	}
	scan_fini(&scan);
	return got;
}

static int see_changes(struct search *s, struct tx *tx, struct err *e)
{
	struct value city = value_array(s->arena, 1);

	if (suspect_is_named(s->about->city))
		value_push(s->arena, &city, value_borrow(s->about->city.p, s->about->city.n));
	for (uint32_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->all[i];
		int got = c->distance < 0 ? 0
					  : change_of(s->desk, tx, s->arena, value_slice(c->name),
						    city.n > 0 ? &city : NULL, s->now_ms, s->change_ms,
						    &c->change, e);

		if (got < 0)
			return -1;
		c->has_change = got == 1;
	}
	return 0;
}

bool suspect_has_evidence(const struct search *s, const struct candidate *c)
{
	uint32_t which;

	return c->distance >= 0 &&
	       (c->own > 0 || c->state != STATE_UP || c->has_change || suspect_metric(s, c, &which) > 0);
}

/* What fails at a component may come from what it needs. */
static void explain(struct search *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->all[i];

		for (uint32_t k = 0; suspect_has_evidence(s, c) && k < s->n; k++)
			if (k == i || (s->all[k].distance >= 0 && s->all[k].own + s->all[k].own_before > 0 &&
					      needs(s, &s->all[k], c))) {
				c->explained += s->all[k].own;
				c->explained_before += s->all[k].own_before;
			}
	}
}

int suspects_look(struct search *s, struct tx *tx, struct err *e)
{
	s->service = service_of(s);
	measure(s);
	if (signal_bins(s->desk, tx, s->from_ms - s->window_ms, s->now_ms + 1, see, s, e) != 0 ||
		see_states(s, tx, e) != 0 || see_changes(s, tx, e) != 0)
		return -1;
	explain(s);
	return 0;
}
