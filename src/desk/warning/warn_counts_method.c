/* warning.counts: how many came in, by bins, from the rows of minutes. */
#include <string.h>

#include "desk/names.h"
#include "warn_int.h"

#define COUNTS_BINS_MAX 2016 /* a week of five minutes */
#define SCAN_ROWS_MAX 200000 /* about 20 ms */

struct asked {
	struct warn_key key;
	const struct cluster *cluster; /* in place of key.category; NULL: of no cluster */
	int64_t from_ms, to_ms, bin_ms;
};

static bool names_cluster(struct slice s)
{
	const size_t n = strlen(CLUSTER_PREFIX);

	return s.n >= n && memcmp(s.p, CLUSTER_PREFIX, n) == 0;
}

/* CITY/CATEGORY, CITY/cluster:NAME or cluster:NAME of the whole province. */
static int read_key(struct call *c, struct asked *q, struct err *e)
{
	const struct desk *d = c->ctx;
	const struct value *key = value_get(&c->args, "key");
	const size_t n = strlen(CLUSTER_PREFIX);
	struct value name;

	q->key = (struct warn_key){SLICE_TEXT("*"), value_slice(key)};
	if (!names_cluster(q->key.category) && !warn_key_split(value_slice(key), &q->key))
		return err_arg(e, ERR_BAD_REQUEST, "key", value_cstr(c->arena, key),
			"key must be CITY/CATEGORY or cluster:NAME; * stands for all");
	if (!names_cluster(q->key.category))
		return warn_check_key(c->ctx, c->arena, &q->key, e);
	name = value_text(c->arena, (const char *)q->key.category.p + n, q->key.category.n - n);
	q->key.category = SLICE_TEXT("*");
	q->cluster = cluster_find(d->warn->watches, value_cstr(c->arena, &name));
	return q->cluster == NULL
		       ? catalog_check(c->arena, packs_catalog(d->packs), "clusters", "key", &name, e)
		       : warn_check_key(c->ctx, c->arena, &q->key, e);
}

static bool is_asked(const struct asked *q, const struct stream_name *s)
{
	char category[STREAM_TEXT_MAX + 1];

	if (!warn_key_holds(&q->key, s))
		return false;
	if (q->cluster == NULL)
		return true;
	if (s->category.n > 0)
		memcpy(category, s->category.p, s->category.n);
	category[s->category.n] = '\0';
	return cluster_has_category(q->cluster, category);
}

static int read_asked(struct call *c, struct asked *q, struct err *e)
{
	const struct desk *d = c->ctx;

	if (read_key(c, q, e) != 0)
		return -1;
	q->bin_ms = value_int_or(value_get(&c->args, "bin"), 5 * MINUTE_MS);
	q->to_ms = value_int_or(value_get(&c->args, "to"), d->clock->now_ms + MINUTE_MS);
	q->from_ms = value_int_or(value_get(&c->args, "from"), q->to_ms - 12 * q->bin_ms);
	if (q->bin_ms % MINUTE_MS != 0)
		return err_arg(e, ERR_BAD_REQUEST, "bin", NULL, "bin must be whole minutes");
	q->from_ms = bin_start(q->bin_ms, q->from_ms);
	if (q->from_ms < 0 || q->to_ms <= q->from_ms || (q->to_ms - q->from_ms) / q->bin_ms > COUNTS_BINS_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "from", NULL,
			"from and to must hold 1 to %d bins of %jd minutes", COUNTS_BINS_MAX,
			(intmax_t)(q->bin_ms / MINUTE_MS));
	return 0;
}

/* Adds the rows of [from, to) up; *until_ms is where the walk was broken off, else to_ms. */
static int add_up(struct desk *d, const struct asked *q, uint64_t *bins, int64_t *until_ms, struct err *e)
{
	uint8_t from[8], to[8];
	uint32_t n_rows = 0;
	struct scan s;
	int got;

	*until_ms = q->to_ms;
	store_be64(from, (uint64_t)q->from_ms);
	store_be64(to, (uint64_t)q->to_ms);
	scan_init(&s, d->store, NULL, TABLE_COUNT, slice_of(from, 8), slice_of(to, 8), false);
	while ((got = scan_next(&s, e)) == 1) {
		int64_t start_ms = (int64_t)load_be64(s.key.p);
		struct stream_name name;
		struct slice val = s.val;
		uint64_t n;

		if (++n_rows > SCAN_ROWS_MAX && (start_ms - q->from_ms) % q->bin_ms == 0) {
			*until_ms = start_ms;
			break;
		}
		stream_split(slice_of((const uint8_t *)s.key.p + 8, s.key.n - 8), &name);
		if (slice_varint(&val, &n) == 0 && is_asked(q, &name))
			bins[(start_ms - q->from_ms) / q->bin_ms] += n;
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

static int warning_counts(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct value list = value_array(c->arena, 16);
	struct asked q = {0};
	int64_t until_ms;
	uint64_t *bins;

	if (read_asked(c, &q, e) != 0)
		return -1;
	bins = arena_zalloc(c->arena, (size_t)((q.to_ms - q.from_ms) / q.bin_ms + 1) * sizeof(*bins));
	if (add_up(d, &q, bins, &until_ms, e) != 0)
		return -1;
	for (int64_t at_ms = q.from_ms; at_ms < until_ms; at_ms += q.bin_ms)
		value_push(c->arena, &list, value_int((int64_t)bins[(at_ms - q.from_ms) / q.bin_ms]));
	*result = value_map(c->arena, 4);
	value_add(c->arena, result, "from", value_int(q.from_ms));
	value_add(c->arena, result, "bin", value_int(q.bin_ms));
	value_add(c->arena, result, "counts", list);
	if (until_ms < q.to_ms)
		value_add(c->arena, result, "next", value_int(until_ms));
	return 0;
}

static const struct rpc_arg counts_args[] = {
	{.name = "key",
		.type = ARG_TEXT,
		.is_required = true,
		.help = "CITY/CATEGORY; a category holds those below it, * stands for all; or cluster:NAME"},
	{.name = "bin",
		.type = ARG_DURATION,
		.min = MINUTE_MS,
		.max = 24 * 60 * MINUTE_MS,
		.help = "whole minutes, 5m; days begin at midnight"},
	{.name = "from", .type = ARG_TIME, .help = "start of the first bin; else twelve bins before to"},
	{.name = "to", .type = ARG_TIME, .help = "end; else now"},
};
static const struct rpc_method methods[] = {
	{.name = "warning.counts",
		.handler = warning_counts,
		RPC_ARGS(counts_args),
		.roles = ROLE_ANY,
		.help = "How many complaints and further contacts fell into each bin.",
		.returns = "{from, bin, counts=[n, …], next?}"},
};

void warn_counts_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
