/*
 * Which component is at fault (signals.h): for every component that the failing service needs, its evidence;
 * then sorted by the criteria of catalog.suspects, first what counts most. Two components are equal in a
 * criterion when they fall into the same step of it; then the next one decides, at last the name. What people
 * are shown are the numbers, never a score.
 */
#include <string.h>

#include "affected_int.h"
#include "signals.h"

#define COMPONENTS_MAX 512
#define WINDOW_MINUTES_MAX 1440
#define CITIES_MAX 1024
#define WINDOW_MS (INT64_C(60) * SIGNAL_MINUTE_MS)
#define CHANGE_MS (INT64_C(24) * 60 * SIGNAL_MINUTE_MS)

enum component_state_rank { STATE_UP, STATE_DEGRADED, STATE_DOWN };

struct candidate {
	const struct value *name, *row;
	uint64_t own, own_before, explained, explained_before;
	int64_t first_ms; /* of its own failures in the window; INT64_MAX: none */
	uint8_t minutes[WINDOW_MINUTES_MAX / 8 + 1], cities[CITIES_MAX / 8 + 1];
	uint32_t n_minutes, n_cities;
	int distance; /* from the failing service; -1: it does not need it */
	enum component_state_rank state;
	int64_t state_ms;
	struct value change;
	bool has_change;
};

struct search {
	struct desk *desk;
	struct arena *arena;
	const struct suspicion *about;
	const struct value *catalog, *settings;
	int64_t now_ms, from_ms, window_ms, change_ms;
	struct slice service;
	struct candidate *all;
	uint32_t n;
	uint64_t n_failures;
	uint8_t minutes[WINDOW_MINUTES_MAX / 8 + 1], cities[CITIES_MAX / 8 + 1];
	uint32_t n_minutes, n_cities;
};

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

static bool is_named(struct slice text)
{
	return text.n > 0 && !(text.n == 1 && *(const char *)text.p == '*');
}

/* ---- the graph
 * -------------------------------------------------------------------------------------------------- */
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
static struct slice service_of(struct search *s)
{
	const struct value *faults = value_get(s->catalog, "faults");

	if (s->about->service.n > 0 || !is_named(s->about->category))
		return s->about->service;
	for (uint32_t i = 0; faults != NULL && i < faults->n; i++)
		if (fault_has_category(&faults->as.pairs[i].val, s->about->category))
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

/* ---- failures
 * ----------------------------------------------------------------------------------------------------- */
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

	return value_is_text(value_get(kind, "number"), "affected") &&
	       (!is_named(s->about->city) || b->city.n == 0 || slice_cmp(b->city, s->about->city) == 0);
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

static int see(void *ctx, const struct signal_bin *b)
{
	struct search *s = ctx;
	struct candidate *c = find(s, b->component);

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

/* ---- states and changes
 * --------------------------------------------------------------------------------------------- */
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

		if (c == NULL ||
			(is_named(s->about->city) && city.n > 0 && slice_cmp(city, s->about->city) != 0))
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

	if (is_named(s->about->city))
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

static bool has_evidence(const struct candidate *c)
{
	return c->distance >= 0 && (c->own > 0 || c->state != STATE_UP || c->has_change);
}

/* What fails at a component may come from what it needs. */
static void explain(struct search *s)
{
	for (uint32_t i = 0; i < s->n; i++) {
		struct candidate *c = &s->all[i];

		for (uint32_t k = 0; has_evidence(c) && k < s->n; k++)
			if (k == i || (s->all[k].distance >= 0 && s->all[k].own + s->all[k].own_before > 0 &&
					      needs(s, &s->all[k], c))) {
				c->explained += s->all[k].own;
				c->explained_before += s->all[k].own_before;
			}
	}
}

/* ---- criteria
 * ---------------------------------------------------------------------------------------------------------
 */
static int64_t percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (int64_t)(part * 100 / whole);
}

/* The criterion's number, more is more suspect; *is_there: worth telling. */
static int64_t number_of(const struct search *s, const struct candidate *c, const char *by, bool *is_there)
{
	int64_t first = s->about->first_ms > 0 ? s->about->first_ms : s->now_ms;

	*is_there = c->own > 0;
	if (strcmp(by, "planned_change") == 0) {
		*is_there = c->has_change;
		return c->has_change ? s->now_ms - value_int_or(value_get(&c->change, "from"), 0) : -1;
	}
	if (strcmp(by, "state") == 0) {
		*is_there = c->state != STATE_UP;
		return c->state;
	}
	if (strcmp(by, "share") == 0) {
		*is_there = s->n_failures > 0;
		return percent(c->explained, s->n_failures);
	}
	if (strcmp(by, "failures") == 0)
		return (int64_t)c->own;
	if (strcmp(by, "lead") == 0) {
		*is_there = c->first_ms != INT64_MAX;
		return *is_there ? first - c->first_ms : INT64_MIN;
	}
	if (strcmp(by, "overlap_cities") == 0)
		return percent(c->n_cities, s->n_cities);
	if (strcmp(by, "overlap_minutes") == 0)
		return percent(c->n_minutes, s->n_minutes);
	*is_there = true;
	return c->distance;
}

/* Into which step it falls; more is more suspect. */
static int64_t step_of(const struct search *s, const struct candidate *c, const struct value *criterion)
{
	const char *by = value_cstr(s->arena, value_get(criterion, "by"));
	int64_t step = value_int_or(value_get(criterion, "step"), 1), n;
	bool is_there;

	n = number_of(s, c, by, &is_there);
	if (strcmp(by, "planned_change") == 0)
		return is_there;
	if (strcmp(by, "distance") == 0)
		return -n;
	if (n == INT64_MIN)
		return n;
	return n >= 0 ? n / (step > 0 ? step : 1) : -1;
}

static int compare(const struct search *s, const struct candidate *a, const struct candidate *b)
{
	const struct value *order = value_get(s->settings, "order");

	for (uint32_t i = 0; order != NULL && i < order->n; i++) {
		int64_t x = step_of(s, a, &order->as.items[i]), y = step_of(s, b, &order->as.items[i]);

		if (x != y)
			return x > y ? -1 : 1;
	}
	return value_cmp(a->name, b->name);
}

/* ---- the answer
 * ---------------------------------------------------------------------------------------------------------
 */
static void add_evidence(const struct search *s, const struct candidate *c, struct value *suspect)
{
	static const char *const states[] = {"up", "degraded", "down"};
	const struct value *order = value_get(s->settings, "order");
	struct value list = value_array(s->arena, 8);

	for (uint32_t i = 0; order != NULL && i < order->n; i++) {
		const struct value *criterion = &order->as.items[i];
		const char *by = value_cstr(s->arena, value_get(criterion, "by"));
		struct value one = value_map(s->arena, 6);
		bool is_there;
		int64_t n = number_of(s, c, by, &is_there);

		if (!is_there)
			continue;
		value_add(s->arena, &one, "by", *value_get(criterion, "by"));
		value_add(s->arena, &one, "value",
			strcmp(by, "state") == 0 ? value_literal(states[n]) : value_int(n));
		if (strcmp(by, "state") == 0)
			value_add(s->arena, &one, "since", value_int(c->state_ms));
		if (strcmp(by, "share") == 0)
			value_add(s->arena, &one, "failures", value_int((int64_t)c->explained));
		if (value_get(criterion, "unit") != NULL)
			value_add(s->arena, &one, "unit", *value_get(criterion, "unit"));
		if (value_get(criterion, "label") != NULL)
			value_add(s->arena, &one, "label", *value_get(criterion, "label"));
		value_push(s->arena, &list, one);
	}
	value_add(s->arena, suspect, "evidence", list);
}

static struct value suspect_value(const struct search *s, const struct candidate *c)
{
	static const char *const shown[] = {"label", "service", "team"};
	struct value v = value_map(s->arena, 8);

	value_add(s->arena, &v, "component", *c->name);
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(c->row, shown[i]) != NULL)
			value_add(s->arena, &v, shown[i], *value_get(c->row, shown[i]));
	if (c->has_change)
		value_add(s->arena, &v, "planned_change", c->change);
	value_add(s->arena, &v, "failures", value_int((int64_t)c->own));
	value_add(s->arena, &v, "failures_before", value_int((int64_t)c->own_before));
	add_evidence(s, c, &v);
	return v;
}

/* Thin evidence names nobody. */
static bool is_enough(const struct search *s, const struct candidate *c)
{
	const struct value *minimum = value_get(s->settings, "minimum");

	if (c->has_change || c->state == STATE_DOWN)
		return true;
	return (int64_t)c->explained >= value_int_or(value_get(minimum, "failed"), 1) &&
	       percent(c->explained, s->n_failures) >= value_int_or(value_get(minimum, "share"), 0) &&
	       (int64_t)c->explained >=
		       value_int_or(value_get(minimum, "times_usual"), 0) * (int64_t)c->explained_before;
}

static void answer(struct search *s, struct value *out)
{
	struct candidate **in_order = arena_alloc(s->arena, (s->n + 1) * sizeof(*in_order));
	struct value list = value_array(s->arena, 8), order = value_array(s->arena, 8);
	const struct value *criteria = value_get(s->settings, "order");
	uint32_t n = 0, most = (uint32_t)value_int_or(value_get(s->settings, "most"), 5);

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t at = n;

		if (!has_evidence(&s->all[i]))
			continue;
		for (; at > 0 && compare(s, &s->all[i], in_order[at - 1]) < 0; at--)
			in_order[at] = in_order[at - 1];
		in_order[at] = &s->all[i];
		n++;
	}
	for (uint32_t i = 0; i < n && i < most; i++)
		value_push(s->arena, &list, suspect_value(s, in_order[i]));
	for (uint32_t i = 0; criteria != NULL && i < criteria->n; i++)
		value_push(s->arena, &order, *value_get(&criteria->as.items[i], "by"));
	*out = value_map(s->arena, 7);
	value_add(s->arena, out, "suspect",
		n > 0 && is_enough(s, in_order[0]) ? *in_order[0]->name : value_literal("unknown"));
	value_add(s->arena, out, "failures", value_int((int64_t)s->n_failures));
	value_add(s->arena, out, "window_ms", value_int(s->window_ms));
	value_add(s->arena, out, "order", order);
	value_add(s->arena, out, "minimum",
		value_get(s->settings, "minimum") == NULL ? value_map(s->arena, 0)
							  : *value_get(s->settings, "minimum"));
	value_add(s->arena, out, "suspects", list);
}

int suspects_find(struct desk *d, struct tx *tx, struct arena *a, int64_t now_ms,
	const struct suspicion *about, struct value *out, struct err *e)
{
	struct search *s = arena_zalloc(a, sizeof(*s));
	const struct value *components;

	s->desk = d;
	s->arena = a;
	s->about = about;
	s->catalog = packs_catalog(d->packs);
	s->settings = value_get(s->catalog, "suspects");
	s->now_ms = now_ms;
	s->window_ms = value_int_or(value_get(s->settings, "window_ms"), WINDOW_MS);
	s->change_ms = value_int_or(value_get(s->settings, "change_ms"), CHANGE_MS);
	s->from_ms = now_ms - s->window_ms;
	s->from_ms -= s->from_ms % SIGNAL_MINUTE_MS;
	s->service = service_of(s);
	components = value_get(s->catalog, "components");
	s->all = arena_zalloc(a, ((components == NULL ? 0 : components->n) + 1) * sizeof(*s->all));
	for (uint32_t i = 0; components != NULL && i < components->n && i < COMPONENTS_MAX; i++)
		s->all[s->n++] = (struct candidate){.name = &components->as.pairs[i].key,
			.row = &components->as.pairs[i].val,
			.distance = -1,
			.first_ms = INT64_MAX};
	measure(s);
	if (signal_bins(d, tx, s->from_ms - s->window_ms, now_ms + 1, see, s, e) != 0 ||
		see_states(s, tx, e) != 0 || see_changes(s, tx, e) != 0)
		return -1;
	explain(s);
	answer(s, out);
	return 0;
}

/* ---- incident.suspects
 * ------------------------------------------------------------------------------------------------- */
/* "shenzhen/recharge.not_credited" */
static void about_key(struct slice key, struct suspicion *about)
{
	const char *slash = memchr(key.p, '/', key.n);

	about->city = slash == NULL ? key : slice_of(key.p, (size_t)(slash - (const char *)key.p));
	if (slash != NULL)
		about->category = slice_of(slash + 1, key.n - about->city.n - 1);
}

static int about_incident(struct call *c, int64_t id, struct suspicion *about, struct err *e)
{
	const struct value *fields;
	struct value row;

	if (ticket_load(c->ctx, NULL, c->arena, id, &row, e) != 0)
		return -1;
	fields = value_get(&row, "fields");
	if (!is_named(about->city))
		about->city = value_slice(value_get(&row, "city"));
	if (!is_named(about->category))
		about->category = value_slice(value_get(&row, "category"));
	about->service = value_slice(value_get(fields, "service"));
	about->component = value_slice(value_get(fields, "component"));
	about->first_ms =
		value_int_or(value_get(&row, "occurred"), value_int_or(value_get(&row, "created"), 0));
	return 0;
}

static int on_suspects(struct call *c, struct value *result, struct err *e)
{
	const struct value *incident = value_get(&c->args, "incident"), *key = value_get(&c->args, "key");
	struct desk *d = c->ctx;
	struct suspicion about = {.service = value_slice(value_get(&c->args, "service"))};

	if ((incident == NULL) + (key == NULL) + (about.service.n == 0) != 2)
		return err_arg(e, ERR_BAD_REQUEST, "incident", NULL, "say one of incident, key and service");
	if (key != NULL)
		about_key(value_slice(key), &about);
	if (incident != NULL && about_incident(c, incident->as.i, &about, e) != 0)
		return -1;
	return suspects_find(d, NULL, c->arena, d->clock->now_ms, &about, result, e);
}

static const struct rpc_arg suspects_args[] = {
	{.name = "incident", .type = ARG_ID, .help = "the case"},
	{.name = "key", .type = ARG_TEXT, .help = "or a warning's key: CITY/CATEGORY"},
	{.name = "service", .type = ARG_TEXT, .help = "or a service of the components"},
};
static const struct rpc_method methods[] = {
	{.name = "incident.suspects",
		.handler = on_suspects,
		RPC_ARGS(suspects_args),
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "Which component is at fault: by evidence, most telling first; unknown where it is "
			"thin.",
		.returns = "{suspect, failures, window_ms, order, minimum, suspects=[{component, label, "
			   "service?, team?, "
			   "planned_change?, failures, failures_before, evidence=[{by, value, …}]}]}"},
};

void suspects_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
