/*
 * Which component is at fault (signals.h): for every component that the failing service needs, its evidence;
 * then sorted by the criteria of catalog.suspects, first what counts most. Two components are equal in a
 * criterion when they fall into the same step of it; then the next one decides, at last the name. What people
 * are shown are the numbers, never a score.
 */
#include <string.h>

#include "desk/names.h"
#include "suspects_int.h"

#define NAME_BYTES 200 /* of a key or a service, at most */

/* ---- criteria ------------------------------------------------------------------------------------------ */
static int64_t percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : (int64_t)(part * 100 / whole);
}

/* The criterion's number, more is more suspect; *is_there: worth telling. */
static int64_t number_of(const struct search *s, const struct candidate *c, const char *by, bool *is_there)
{
	int64_t first = s->about->first_ms > 0 ? s->about->first_ms : s->now_ms;
	uint32_t which;

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
	if (strcmp(by, "metric") == 0) {
		int64_t worst = suspect_metric(s, c, &which);

		*is_there = worst > 0;
		return worst;
	}
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

/* ---- the answer ---------------------------------------------------------------------------------------- */
/* Which metric, and its means. */
static void add_metric(const struct search *s, const struct candidate *c, struct value *one)
{
	const struct metric *m;
	uint32_t which;

	suspect_metric(s, c, &which);
	m = &c->metrics[which];
	value_add(s->arena, one, "metric",
		*value_path(value_at(value_get(s->settings, "metrics"), which), "name"));
	value_add(s->arena, one, "mean", value_float(m->sum / (double)m->n));
	value_add(s->arena, one, "mean_before", value_float(m->sum_before / (double)m->n_before));
}

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
		if (strcmp(by, "metric") == 0)
			add_metric(s, c, &one);
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
	int64_t by_metric = value_int_or(value_get(minimum, "metric"), 0);
	uint32_t which;

	if (c->has_change || c->state == STATE_DOWN ||
		(by_metric > 0 && suspect_metric(s, c, &which) >= by_metric))
		return true;
	return (int64_t)c->explained >= value_int_or(value_get(minimum, "failed"), 0) &&
	       percent(c->explained, s->n_failures) >= value_int_or(value_get(minimum, "share"), 0) &&
	       (int64_t)c->explained >=
		       value_int_or(value_get(minimum, "times_usual"), 0) * (int64_t)c->explained_before;
}

static void answer(struct search *s, struct value *out)
{
	struct candidate **in_order = arena_alloc(s->arena, (s->n + 1) * sizeof(*in_order));
	struct value list = value_array(s->arena, 8), order = value_array(s->arena, 8);
	const struct value *criteria = value_get(s->settings, "order");
	uint32_t n = 0, most = (uint32_t)value_int_or(value_get(s->settings, "most"), 0);

	for (uint32_t i = 0; i < s->n; i++) {
		uint32_t at = n;

		if (!suspect_has_evidence(s, &s->all[i]))
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
	s->window_ms = value_int_or(value_get(s->settings, "window_ms"), 0);
	s->change_ms = value_int_or(value_get(s->settings, "change_ms"), 0);
	s->from_ms = now_ms - s->window_ms;
	s->from_ms -= s->from_ms % SIGNAL_MINUTE_MS;
	components = value_get(s->catalog, "components");
	s->all = arena_zalloc(a, ((components == NULL ? 0 : components->n) + 1) * sizeof(*s->all));
	for (uint32_t i = 0; components != NULL && i < components->n && i < COMPONENTS_MAX; i++)
		s->all[s->n++] = (struct candidate){.name = &components->as.pairs[i].key,
			.row = &components->as.pairs[i].val,
			.distance = -1,
			.first_ms = INT64_MAX};
	if (suspects_look(s, tx, e) != 0)
		return -1;
	answer(s, out);
	return 0;
}

/* ---- incident.suspects --------------------------------------------------------------------------------- */
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
	if (!suspect_is_named(about->city))
		about->city = value_slice(value_get(&row, "city"));
	if (!suspect_is_named(about->category))
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
	if (catalog_check(c->arena, packs_catalog(d->packs), "services", "service",
		    value_get(&c->args, "service"), e) != 0)
		return -1;
	if (key != NULL)
		about_key(value_slice(key), &about);
	if (incident != NULL && about_incident(c, incident->as.i, &about, e) != 0)
		return -1;
	return suspects_find(d, NULL, c->arena, d->clock->now_ms, &about, result, e);
}

static const struct rpc_arg suspects_args[] = {
	{.name = "incident", .type = ARG_ID, .help = "the case"},
	{.name = "key",
		.type = ARG_TEXT,
		.min = 1,
		.max = NAME_BYTES,
		.help = "or a warning's key: CITY/CATEGORY"},
	{.name = "service",
		.type = ARG_TEXT,
		.min = 1,
		.max = NAME_BYTES,
		.help = "or a service of the components"},
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
