/* Rows of folded signals, and signal.counts over them (signals.h). */
#include <string.h>

#include "desk/names.h"
#include "desk/signals.h"

#define COUNTS_MAX 1000 /* groups of one answer */
#define COUNTS_SPAN_MS (INT64_C(31) * 24 * 3600 * 1000)
#define COUNTS_HOUR_MS INT64_C(3600000)

static double double_at(const uint8_t *p)
{
	uint64_t bits = load_be64(p);
	double v;

	memcpy(&v, &bits, sizeof(v));
	return v;
}

static bool take_text(struct slice *rest, struct slice *out)
{
	const char *zero = rest->n == 0 ? NULL : memchr(rest->p, '\0', rest->n);

	if (zero == NULL)
		return false;
	*out = slice_of(rest->p, (size_t)(zero - (const char *)rest->p));
	*rest = slice_of(zero + 1, rest->n - out->n - 1);
	return true;
}

bool signal_bin_read(struct slice key, struct slice val, struct signal_bin *b)
{
	struct slice rest;
	const uint8_t *p;

	memset(b, 0, sizeof(*b));
	if (key.n < 9 || *(const char *)key.p != 'b')
		return false;
	b->minute_ms = (int64_t)load_be64((const uint8_t *)key.p + 1);
	rest = slice_of((const uint8_t *)key.p + 9, key.n - 9);
	if (!take_text(&rest, &b->kind) || !take_text(&rest, &b->service) ||
		!take_text(&rest, &b->component) || !take_text(&rest, &b->city) ||
		slice_varint(&val, &b->n) != 0)
		return false;
	b->name = rest;
	b->is_metric = val.n == 32;
	if (b->is_metric) {
		p = val.p;
		b->sum = double_at(p);
		b->min = double_at(p + 8);
		b->max = double_at(p + 16);
		b->last = double_at(p + 24);
	}
	return true;
}

int signal_bins(struct desk *d, struct tx *tx, int64_t from_ms, int64_t to_ms,
	int (*each)(void *ctx, const struct signal_bin *), void *ctx, struct err *e)
{
	uint8_t from[9] = {'b'}, to[9] = {'b'};
	struct signal_bin bin;
	struct scan s;
	int got, rc = 0;

	store_be64(from + 1, (uint64_t)from_ms);
	store_be64(to + 1, (uint64_t)to_ms);
	scan_init(&s, d->store, tx, TABLE_SIGNAL, slice_of(from, 9), slice_of(to, 9), false);
	while (rc == 0 && (got = scan_next(&s, e)) == 1)
		if (signal_bin_read(s.key, s.val, &bin))
			rc = each(ctx, &bin);
	scan_fini(&s);
	return rc != 0 ? rc : got;
}

/* ---- signal.counts ------------------------------------------------------------------------------------- */
struct counting {
	struct desk *desk;
	struct arena *arena;
	const struct value *args;
	struct value groups; /* [{kind, service, component, city, name, n, …}] in order of first sight */
	bool is_full;
};

static bool matches(const struct value *args, const char *key, struct slice text)
{
	const struct value *want = value_get(args, key);

	return want == NULL || slice_cmp(value_slice(want), text) == 0;
}

static void set_text(struct arena *a, struct value *to, const char *key, struct slice text)
{
	if (text.n > 0)
		value_add(a, to, key, value_text(a, text.p, text.n));
}

static struct value *group_of(struct counting *c, const struct signal_bin *b)
{
	const struct slice texts[] = {b->kind, b->service, b->component, b->city, b->name};
	static const char *const keys[] = {"kind", "service", "component", "city", "name"};
	struct value new;

	for (uint32_t i = 0; i < c->groups.n; i++) {
		struct value *g = &c->groups.as.items[i];
		uint32_t k = 0;

		while (k < 5 && slice_cmp(value_slice(value_get(g, keys[k])), texts[k]) == 0)
			k++;
		if (k == 5)
			return g;
	}
	if (c->groups.n == COUNTS_MAX) {
		c->is_full = true;
		return NULL;
	}
	new = value_map(c->arena, 10);
	for (uint32_t k = 0; k < 5; k++)
		set_text(c->arena, &new, keys[k], texts[k]);
	value_add(c->arena, &new, "n", value_int(0));
	return value_push(c->arena, &c->groups, new);
}

static double float_or(const struct value *v, double otherwise)
{
	return v == NULL ? otherwise : v->as.f;
}

static int count_bin(void *ctx, const struct signal_bin *b)
{
	struct counting *c = ctx;
	struct value *g;

	if (!matches(c->args, "kind", b->kind) || !matches(c->args, "service", b->service) ||
		!matches(c->args, "component", b->component) || !matches(c->args, "city", b->city))
		return 0;
	g = group_of(c, b);
	if (g == NULL)
		return 0;
	value_set(c->arena, g, "n", value_int(value_int_or(value_get(g, "n"), 0) + (int64_t)b->n));
	if (!b->is_metric)
		return 0;
	value_set(c->arena, g, "sum", value_float(float_or(value_get(g, "sum"), 0) + b->sum));
	if (b->min < float_or(value_get(g, "min"), b->min + 1))
		value_set(c->arena, g, "min", value_float(b->min));
	if (b->max > float_or(value_get(g, "max"), b->max - 1))
		value_set(c->arena, g, "max", value_float(b->max));
	value_set(c->arena, g, "last", value_float(b->last));
	return 0;
}

/* What was counted under a name that the pack has no more is found; a name that nothing has is a slip. */
static int check_names(const struct counting *c, struct err *e)
{
	static const char *const names[][2] = {{"kind", "signals"}, {"service", "services"},
		{"component", "components"}, {"city", "cities"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (catalog_check(c->arena, packs_catalog(c->desk->packs), names[i][1], names[i][0],
			    value_get(c->args, names[i][0]), e) != 0)
			return -1;
	return 0;
}

static int on_counts(struct call *call, struct value *result, struct err *e)
{
	struct desk *d = call->ctx;
	struct counting c = {d, call->arena, &call->args, value_array(call->arena, 16), false};
	int64_t to = value_int_or(value_get(&call->args, "to"), d->clock->now_ms + 1),
		from = value_int_or(
			value_get(&call->args, "from"), to > COUNTS_HOUR_MS ? to - COUNTS_HOUR_MS : 0);

	if (from >= to || to - from > COUNTS_SPAN_MS)
		return err_arg(
			e, ERR_BAD_REQUEST, "from", NULL, "from must be before to, by at most 31 days");
	from -= from % SIGNAL_MINUTE_MS;
	if (signal_bins(d, NULL, from, to, count_bin, &c, e) != 0 ||
		(c.groups.n == 0 && check_names(&c, e) != 0))
		return -1;
	*result = value_map(call->arena, 4);
	value_add(call->arena, result, "from", value_int(from));
	value_add(call->arena, result, "to", value_int(to));
	value_add(call->arena, result, "counts", c.groups);
	value_add(call->arena, result, "is_cut", value_bool(c.is_full));
	return 0;
}

static const struct rpc_arg counts_args[] = {
	{.name = "from", .type = ARG_TIME, .help = "whole minutes from here; an hour before to unless said"},
	{.name = "to", .type = ARG_TIME, .help = "… to before this; now unless said"},
	{.name = "kind", .type = ARG_TEXT, .help = "only these", .of = "signals"},
	{.name = "service", .type = ARG_TEXT, .help = "only of this service"},
	{.name = "component", .type = ARG_TEXT, .help = "only of this component", .of = "components"},
	{.name = "city", .type = ARG_TEXT, .help = "only of this city", .of = "cities"},
};
static const struct rpc_method methods[] = {
	{.name = "signal.counts",
		.handler = on_counts,
		RPC_ARGS(counts_args),
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "How many signals came in, by kind, service, component and city; of metrics sum, "
			"least, most, last.",
		.returns = "{from, to, counts=[{kind, service?, component?, city?, name?, n, sum?, min?, "
			   "max?, last?}], is_cut}"},
};

void signal_counts_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
