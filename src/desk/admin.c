/* For operators: server.stats. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "affected.h"
#include "breaker.h"
#include "sources.h"
#include "tasks.h"
#include "warn.h"

static struct value store_value(struct arena *a, const struct store_stats *s)
{
	struct value v = value_map(a, 16), rows = value_map(a, N_TABLES), head = value_map(a, 2),
		     j = value_map(a, 10);
	char text[2 * SHA256_LEN + 1];

	value_add(a, &head, "seq", value_int((int64_t)s->head_seq));
	value_add(a, &head, "hash", value_text(a, hex(s->head_chain, SHA256_LEN, text), 2 * SHA256_LEN));
	value_add(a, &j, "id", value_text(a, hex(s->journal_id, JOURNAL_ID_LEN, text), 2 * JOURNAL_ID_LEN));
	value_add(a, &j, "entries", value_int((int64_t)s->journal.n_entries));
	value_add(a, &j, "batches", value_int((int64_t)s->journal.n_batches));
	value_add(a, &j, "bytes", value_int((int64_t)s->journal.n_bytes));
	value_add(a, &j, "segments", value_int((int64_t)s->journal.n_segments));
	value_add(a, &j, "free_segments", value_int((int64_t)s->journal.n_free_segments));
	value_add(a, &j, "queued_bytes", value_int((int64_t)s->journal.queued_bytes));
	value_add(a, &j, "commit_us_p50", value_int(s->journal.commit_us_p50));
	value_add(a, &j, "commit_us_p99", value_int(s->journal.commit_us_p99));
	value_add(a, &j, "commit_us_max", value_int(s->journal.commit_us_max));
	for (unsigned t = 0; t < N_TABLES; t++)
		value_add(a, &rows, table_name((enum table)t), value_int((int64_t)s->n_rows[t]));
	value_add(a, &v, "head", head);
	value_add(a, &v, "journal", j);
	value_add(a, &v, "watermark", value_int((int64_t)s->watermark_seq));
	value_add(a, &v, "active_bytes", value_int((int64_t)s->active_bytes));
	value_add(a, &v, "frozen_bytes", value_int((int64_t)s->frozen_bytes));
	value_add(a, &v, "tables_bytes", value_int((int64_t)s->tables_bytes));
	value_add(a, &v, "checkpoints", value_int((int64_t)s->n_checkpoints));
	value_add(a, &v, "checkpoint_ms_last", value_int((int64_t)s->checkpoint_ms_last));
	value_add(a, &v, "checkpoint_failures", value_int((int64_t)s->n_checkpoint_failures));
	value_add(a, &v, "rows", rows);
	return v;
}

static struct value rules_value(struct desk *d, struct arena *a)
{
	struct value v = value_map(a, 8);
	uint64_t n = d->counts.n_asks;

	value_add(a, &v, "generation", value_int(packs_generation(d->packs)));
	value_add(a, &v, "asks", value_int((int64_t)n));
	value_add(a, &v, "us_mean", value_float(n == 0 ? 0 : (double)d->counts.rule_us / (double)n));
	value_add(a, &v, "failures", value_int((int64_t)d->counts.n_rule_failures));
	value_add(a, &v, "bytes", value_int((int64_t)generation_bytes(packs_live(d->packs))));
	return v;
}

/* Resident now; 0 where the system does not say. */
static int64_t rss_bytes(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	intmax_t size, resident = 0;

	if (f == NULL)
		return 0;
	if (fscanf(f, "%jd %jd", &size, &resident) != 2)
		resident = 0;
	fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static int server_stats_method(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct value tickets = value_map(c->arena, 4), clock = value_map(c->arena, 3),
		     memory = value_map(c->arena, 3);
	struct store_stats s;
	struct rusage usage;

	(void)e;
	store_stats(d->store, &s);
	getrusage(RUSAGE_SELF, &usage);
	value_add(c->arena, &tickets, "last_id", value_int((int64_t)d->last_ticket_id));
	value_add(c->arena, &tickets, "created", value_int((int64_t)d->counts.n_creates));
	value_add(c->arena, &tickets, "acts", value_int((int64_t)d->counts.n_acts));
	value_add(c->arena, &tickets, "timers_fired", value_int((int64_t)d->counts.n_timers));
	value_add(c->arena, &tickets, "timers_near", value_int((int64_t)due_count(d->due)));
	value_add(c->arena, &clock, "now", value_int(d->clock->now_ms));
	value_add(c->arena, &clock, "virtual", value_bool(d->clock->is_virtual));
	value_add(c->arena, &clock, "suspect", value_bool(d->clock->is_suspect));
	value_add(c->arena, &memory, "rss_bytes", value_int(rss_bytes()));
	value_add(c->arena, &memory, "rss_max_bytes", value_int((int64_t)usage.ru_maxrss * 1024));
	value_add(c->arena, &memory, "cpu_us",
		value_int((int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
			  usage.ru_utime.tv_usec + usage.ru_stime.tv_usec));
	*result = store_value(c->arena, &s);
	value_add(c->arena, result, "server", server_stats_value(d->server, c->arena));
	if (d->http != NULL)
		value_add(c->arena, result, "http", http_stats_value(d->http, c->arena));
	value_add(c->arena, result, "rpc", rpc_stats(d->rpc, c->arena));
	value_add(c->arena, result, "rules", rules_value(d, c->arena));
	value_add(c->arena, result, "tickets", tickets);
	value_add(c->arena, result, "sources", sources_value(d, c->arena));
	value_add(c->arena, result, "numbers", affected_value(d, c->arena));
	value_add(c->arena, result, "failing_rules", breakers_value(d, c->arena));
	value_add(c->arena, result, "outbox", outbox_value(d, c->arena));
	value_add(c->arena, result, "warnings", warn_value(d, c->arena));
	value_add(c->arena, result, "clock", clock);
	value_add(c->arena, result, "memory", memory);
	return 0;
}

#define CARE_ROLES (ROLE_OPERATOR | ROLE_ADMIN)

static const struct rpc_method methods[] = {
	{.name = "server.stats",
		.handler = server_stats_method,
		.roles = CARE_ROLES | ROLE_AUDITOR,
		.help = "Figures of the daemon: journal, tables, connections, calls, rules, memory, chain "
			"head.",
		.returns = "a map"},
};

void admin_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
