/*
 * incident.effect: did it help. Complaints before, during and after, who was told, calls avoided. All three phases
 * count the same by the same source, the counts by the minute of what the case is about; what hangs on it is said
 * beside.
 */
#include <math.h>
#include <string.h>

#include "desk/cases.h"
#include "desk/heard.h"
#include "desk/jobs.h"
#include "desk/signals.h"
#include "desk/warn.h"
#include "incidents_int.h"
#include "tocsin/tail.h"

#define MINUTE_MS 60000
#define HOUR_MS (60 * MINUTE_MS)

struct phase {
	int64_t from_ms, to_ms; /* whole minutes */
	int64_t until_ms;       /* counted up to there; from_ms: not at all */
	bool is_forgotten;      /* counting.keep is over for a part of it */
	int64_t n_complaints, n_children;
};
struct effect {
	struct desk *desk;
	struct phase phases[3]; /* before, during, after */
	int64_t n_answered;     /* of what hangs on it */
};

static bool effect_take(void *udata, const struct value *row)
{
	struct effect *x = udata;
	int64_t at = warn_counts_at(x->desk, row);

	x->n_answered += value_is_text(value_get(row, "status"), "resolved") ||
			 value_is_text(value_get(row, "status"), "closed");
	for (int i = 0; i < 3; i++)
		x->phases[i].n_children += at >= x->phases[i].from_ms && at < x->phases[i].to_ms;
	return true;
}

static struct value phase_value(struct arena *a, const struct phase *p)
{
	int64_t span = p->until_ms - p->from_ms;
	struct value v = value_map(a, 6);

	value_add(a, &v, "from", value_int(p->from_ms));
	value_add(a, &v, "to", value_int(p->to_ms));
	if (p->is_forgotten)
		value_add(a, &v, "forgotten", value_bool(true));
	else
		value_add(a, &v, "complaints", value_int(p->n_complaints));
	if (!p->is_forgotten && span > 0)
		value_add(
			a, &v, "per_hour", value_float((double)(p->n_complaints * HOUR_MS * 10 / span) / 10));
	if (!p->is_forgotten && p->until_ms < p->to_ms)
		value_add(a, &v, "counted_until", value_int(p->until_ms));
	value_add(a, &v, "children", value_int(p->n_children));
	return v;
}

/* How many numbers were told: each by the first job that told it. */
static int64_t numbers_told(const struct value *jobs)
{
	int64_t n = 0;

	for (uint32_t i = 0; i < jobs->n; i++)
		n += int_of(&jobs->as.items[i], "n_told");
	return n;
}

static struct value calls_value(struct arena *a, const struct heard_sums *h)
{
	struct value v = value_map(a, 6), versions = value_array(a, h->n_versions);

	for (uint32_t i = 0; i < h->n_versions; i++) {
		struct value one = value_map(a, 3);

		value_add(a, &one, "version", value_int(h->versions[i].version));
		value_add(a, &one, "deflected", value_int(h->versions[i].n_deflected));
		value_add(a, &one, "continued", value_int(h->versions[i].n_continued));
		value_push(a, &versions, one);
	}
	value_add(a, &v, "deflected", value_int(h->n_deflected));
	value_add(a, &v, "reached", value_int(h->n_reached));
	value_add(a, &v, "avoided", value_int(h->n_avoided));
	value_add(a, &v, "pending", value_int(h->n_pending));
	value_add(a, &v, "continued", value_int(h->n_continued));
	value_add(a, &v, "versions", versions);
	return v;
}

/* When the first of them came in, never later than the incident itself. */
static bool first_take(void *udata, const struct value *row)
{
	int64_t *first = udata, at = int_of(row, "created");

	*first = at < *first ? at : *first;
	return true;
}

/* Failed transactions that are the case's, by minutes: an hour in which it may have begun, and the one before. */
#define FAILING_MINUTES 120
#define FAILING_SPAN 5
#define FAILING_CHANCE 1e-4
struct failing {
	struct case_scope scope;
	int64_t from_ms;
	uint64_t n[FAILING_MINUTES];
};

static int failing_take(void *ctx, const struct signal_bin *b)
{
	struct failing *f = ctx;
	const struct value *kinds = value_get(packs_catalog(f->scope.desk->packs), "signals"),
			   *kind = value_get_n(kinds, b->kind.p, b->kind.n);
	struct stream_name of = {
		.what = 's', .city = b->city, .service = b->service, .component = b->component};

	if (value_is_text(value_get(kind, "number"), "affected") && !signal_is_own_mistake(b) &&
		case_has_stream(&f->scope, &of))
		f->n[(b->minute_ms - f->from_ms) / MINUTE_MS] += b->n;
	return 0;
}

/*
 * The first minute from which on more failed in five minutes than chance explains, after what is usual by the
 * hour before; at least one an hour, since that nothing failed then says no more.
 */
static int64_t failing_since(const struct failing *f)
{
	double usual = 0;

	for (int i = 0; i < FAILING_MINUTES / 2; i++)
		usual += (double)f->n[i];
	usual = fmax(usual, 1) / (FAILING_MINUTES / 2) * FAILING_SPAN;
	for (int i = FAILING_MINUTES / 2; i < FAILING_MINUTES; i++) {
		uint64_t n = 0;

		for (int k = i; k < i + FAILING_SPAN && k < FAILING_MINUTES; k++)
			n += f->n[k];
		if (tail_poisson(usual, (double)n) > FAILING_CHANCE)
			continue;
		while (f->n[i] * FAILING_SPAN < n) /* it begins within these minutes */
			i++;
		return f->from_ms + i * MINUTE_MS;
	}
	return INT64_MAX;
}

/* When what a person saw before any warning began: with its first complaint, or the first transactions that
 * failed. */
static int began_unwarned(struct call *c, const struct value *row, int64_t *at_ms, struct err *e)
{
	struct desk *d = c->ctx;
	int64_t created_ms = int_of(row, "created"), failing_ms;
	struct failing f = {
		.from_ms = created_ms - created_ms % MINUTE_MS - (FAILING_MINUTES - 1) * MINUTE_MS};

	*at_ms = created_ms;
	if (case_scope_of(d, c->arena, row, &f.scope, e) != 0 ||
		incident_walk(c, int_of(row, "id"), 0, first_take, at_ms, e) != 0 ||
		signal_bins(d, NULL, f.from_ms, f.from_ms + FAILING_MINUTES * MINUTE_MS, failing_take, &f,
			e) != 0)
		return -1;
	failing_ms = failing_since(&f);
	*at_ms = failing_ms < *at_ms ? failing_ms : *at_ms;
	return 0;
}

/* When the outbreak began: as the warnings say that are its evidence, else by what there is. */
static int began(struct call *c, const struct value *row, int64_t *at_ms, struct err *e)
{
	const struct value *said = value_path(row, "fields.began");

	if (value_as_int(said, at_ms))
		return 0;
	if (began_unwarned(c, row, at_ms, e) != 0)
		return -1;
	*at_ms -= *at_ms % MINUTE_MS;
	return 0;
}

static int64_t minutes_up(int64_t at_ms)
{
	return at_ms + (MINUTE_MS - at_ms % MINUTE_MS) % MINUTE_MS;
}

/* When it was proven to be over, or else told; 0: it is not over, perhaps not any more. */
static int64_t over_at(const struct value *row)
{
	const struct value *fields = value_get(row, "fields"), *recovery = value_get(fields, "recovery");
	int64_t proven = int_of(fields, "proven_at"), told = int_of(fields, "told_at"),
		relapse = int_of(fields, "relapse_at");

	if (ticket_is_open(row) && !value_is_text(recovery, "proven") && !value_is_text(recovery, "told") &&
		!value_is_text(recovery, "watched"))
		return 0;
	if (proven > relapse)
		return proven;
	return told > relapse ? told : 0;
}

/*
 * Before: the hour before the outbreak; during: until it was proven, or told; after: until it was closed, or
 * now. The minute in which something was proven or closed belongs to what was before.
 */
static void effect_phases(struct desk *d, const struct value *row, int64_t began_ms, struct effect *x)
{
	int64_t end = minutes_up(value_int_or(value_get(row, "closed"), d->clock->now_ms)),
		over = minutes_up(over_at(row));

	end = end < began_ms ? began_ms : end;
	over = over == 0 || over > end ? end : over < began_ms ? began_ms : over;
	*x = (struct effect){.desk = d};
	x->phases[0] = (struct phase){.from_ms = began_ms - HOUR_MS, .to_ms = began_ms};
	x->phases[1] = (struct phase){.from_ms = began_ms, .to_ms = over};
	x->phases[2] = (struct phase){.from_ms = over, .to_ms = end};
}

/* The one city of the case; empty: it is of several, or of all. */
static struct slice city_of(const struct value *fact)
{
	const struct value *cities = value_get(fact, "cities"), *city = value_get(fact, "city");

	return cities == NULL || (cities->n == 1 && value_has_text(cities, value_slice(city)))
		       ? value_slice(city)
		       : slice_of(NULL, 0);
}

static int count_phase(struct desk *d, struct case_scope *scope, struct phase *p, struct err *e)
{
	struct warn_counted_of of = {.is_of = case_has_stream, .ctx = scope, .city = city_of(&scope->fact)};

	p->until_ms = p->from_ms;
	p->is_forgotten = p->to_ms > p->from_ms && p->from_ms < warn_kept_from(d);
	if (p->is_forgotten)
		return 0;
	return warn_counted(d, &of, p->from_ms, p->to_ms, &p->n_complaints, &p->until_ms, e);
}

static int count_phases(struct call *c, const struct value *row, struct effect *x, struct err *e)
{
	struct case_scope scope;
	int64_t began_ms;

	if (case_scope_of(c->ctx, c->arena, row, &scope, e) != 0 || began(c, row, &began_ms, e) != 0)
		return -1;
	effect_phases(c->ctx, row, began_ms, x);
	for (int i = 0; i < 3; i++)
		if (count_phase(c->ctx, &scope, &x->phases[i], e) != 0)
			return -1;
	return incident_walk(c, int_of(row, "id"), 0, effect_take, x, e);
}

static int incident_effect(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct arena *a = c->arena;
	struct heard_sums heard;
	struct value row, jobs;
	struct effect x;

	if (incident_load(c, &row, e) != 0)
		return -1;
	if (count_phases(c, &row, &x, e) != 0 || jobs_of(d, a, int_of(&row, "id"), &jobs, e) != 0 ||
		heard_count(d, a, int_of(&row, "id"), &heard, e) != 0)
		return -1;
	*result = value_map(a, 8);
	value_add(a, result, "id", *value_get(&row, "id"));
	value_add(a, result, "before", phase_value(a, &x.phases[0]));
	value_add(a, result, "during", phase_value(a, &x.phases[1]));
	value_add(a, result, "after", phase_value(a, &x.phases[2]));
	value_add(a, result, "numbers_told", value_int(numbers_told(&jobs)));
	value_add(a, result, "complaints_answered", value_int(x.n_answered));
	value_add(a, result, "complained_again", value_int(int_of(value_get(&row, "fields"), "again_ever")));
	value_add(a, result, "relapses", value_int(int_of(&row, "reopened")));
	value_add(a, result, "calls", calls_value(a, &heard));
	return 0;
}

static const struct rpc_arg effect_args[] = {INCIDENT_ARG};
static const struct rpc_method methods[] = {
	{.name = "incident.effect",
		.handler = incident_effect,
		RPC_ARGS(effect_args),
		.roles = ROLE_ANY,
		.help = "What became of it: complaints and further contacts in the hour before the outbreak, "
			"during it and after, who was told, calls that the voice prompt avoided.",
		.returns =
			"{id, before={from, to, complaints?, per_hour?, counted_until?, forgotten?, "
			"children}, "
			"during, after, numbers_told, complaints_answered, "
			"complained_again, relapses, calls={deflected, reached, avoided, pending, continued, "
			"versions=[{version, deflected, continued}]}}"},
};

void incident_effect_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
