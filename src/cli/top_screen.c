/* What `tocsin top` shows of one or two answers of server.stats. */
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"

#define METHODS_MAX 256

struct screen {
	FILE *out;
	struct arena *arena;
	const struct value *before, *now; /* before may be NULL */
	double seconds;
};

static int64_t figure(const struct value *stats, const char *path)
{
	return stats == NULL ? 0 : value_int_or(value_path(stats, path), 0);
}

/* "12.3/s", or "-" for want of an earlier answer. */
static const char *per_second(const struct screen *s, int64_t before, int64_t now)
{
	if (s->before == NULL || s->seconds <= 0)
		return "-";
	return arena_printf(s->arena, "%.1f/s", (double)(now - before) / s->seconds);
}

static const char *rate(const struct screen *s, const char *path)
{
	return per_second(s, figure(s->before, path), figure(s->now, path));
}

static const char *bytes(const struct screen *s, const char *path)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	double n = (double)figure(s->now, path);
	size_t unit = 0;

	while (n >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		unit++;
	}
	return arena_printf(s->arena, unit == 0 ? "%.0f %s" : "%.1f %s", n, units[unit]);
}

static double us_of_rules(const struct value *stats)
{
	const struct value *mean = stats == NULL ? NULL : value_path(stats, "rules.us_mean");

	if (mean == NULL)
		return 0;
	return (mean->type == VALUE_FLOAT ? mean->as.f : (double)value_int_or(mean, 0)) *
	       (double)figure(stats, "rules.asks");
}

/* Mean of the interval, else since the start. */
static double rule_us(const struct screen *s)
{
	int64_t n = figure(s->now, "rules.asks"), n_before = figure(s->before, "rules.asks");
	double us = us_of_rules(s->now);

	if (s->before != NULL && n > n_before) {
		us -= us_of_rules(s->before);
		n -= n_before;
	}
	return n > 0 ? us / (double)n : 0;
}

static const char *cpu(const struct screen *s)
{
	int64_t us = figure(s->now, "memory.cpu_us") - figure(s->before, "memory.cpu_us");

	if (s->before == NULL || s->seconds <= 0 || us < 0)
		return "-";
	return arena_printf(s->arena, "%.0f%%", (double)us / s->seconds / 10000);
}

/* ---- the head: one line a part of the daemon ----------------------------------------------------------- */
#define N(path) (intmax_t) figure(s->now, path)

/* How many keys stand at each level, the lowest first. */
static void print_warnings(const struct screen *s)
{
	const struct value *levels = value_path(s->now, "warnings.levels");

	fputs(tr("warnings"), s->out);
	for (uint32_t i = 0; value_is(levels, VALUE_MAP) && i < levels->n; i++)
		fprintf(s->out, "%s %jd %s", i == 0 ? "" : ",",
			(intmax_t)value_int_or(&levels->as.pairs[i].val, 0),
			value_cstr(s->arena, &levels->as.pairs[i].key));
	fprintf(s->out, tr("%s; %jd keys watched, %jd closes, the longest took %jd us\n"),
		value_is(levels, VALUE_MAP) && levels->n > 0 ? "" : tr(" none"), N("warnings.keys"),
		N("warnings.closes"), N("warnings.close_us_max"));
}

static void print_head(const struct screen *s)
{
	const struct value *flag = value_path(s->now, "clock.suspect");
	const char *clock = value_true(flag)                                  ? tr("  the clock is suspect")
			    : value_true(value_path(s->now, "clock.virtual")) ? tr("  virtual clock")
									      : "";

	fprintf(s->out, tr("%s%s  generation %jd  event %jd\n"),
		time_shown(s->arena, figure(s->now, "clock.now")), clock, N("rules.generation"),
		N("head.seq"));
	fprintf(s->out, tr("calls    %-9s %jd in all, %jd refused; %jd of %jd connections, %jd paused\n"),
		rate(s, "rpc.calls"), N("rpc.calls"), N("rpc.errors"), N("server.connections"),
		N("server.connections_max"), N("server.paused"));
	fprintf(s->out,
		tr("journal  %-9s %jd entries, %jd batches; commit p50 %jd us, p99 %jd us, max %jd us\n"),
		rate(s, "journal.entries"), N("journal.entries"), N("journal.batches"),
		N("journal.commit_us_p50"), N("journal.commit_us_p99"), N("journal.commit_us_max"));
	fprintf(s->out, tr("queues   %jd answers and %s await the disk, %s the clients; %jd timers near\n"),
		N("server.awaiting"), bytes(s, "journal.queued_bytes"), bytes(s, "server.queued_bytes"),
		N("tickets.timers_near"));
	fprintf(s->out, tr("rules    %-9s %jd asked, %.0f us each, %jd failed\n"), rate(s, "rules.asks"),
		N("rules.asks"), rule_us(s), N("rules.failures"));
	fprintf(s->out, tr("tickets  %-9s %jd created, %jd acts, %jd timers fired\n"),
		rate(s, "tickets.created"), N("tickets.created"), N("tickets.acts"),
		N("tickets.timers_fired"));
	print_warnings(s);
	fprintf(s->out, tr("memory   %s, changes %s + %s frozen, rules %s; cpu %s\n"),
		bytes(s, "memory.rss_bytes"), bytes(s, "active_bytes"), bytes(s, "frozen_bytes"),
		bytes(s, "rules.bytes"), cpu(s));
	fprintf(s->out, tr("tables   %s; %jd checkpoints, the last took %jd ms and reached event %jd\n"),
		bytes(s, "tables_bytes"), N("checkpoints"), N("checkpoint_ms_last"), N("watermark"));
}

static void print_rows(const struct screen *s)
{
	const struct value *rows = value_get(s->now, "rows");
	bool has_any = false;

	fputs(tr("rows    "), s->out);
	for (uint32_t i = 0; value_is(rows, VALUE_MAP) && i < rows->n; i++) {
		int64_t n = value_int_or(&rows->as.pairs[i].val, 0);

		if (n == 0)
			continue;
		fprintf(s->out, " %s %jd", value_cstr(s->arena, &rows->as.pairs[i].key), (intmax_t)n);
		has_any = true;
	}
	fputs(has_any ? "\n\n" : tr(" none in the tables yet\n\n"), s->out);
}

/* ---- methods ------------------------------------------------------------------------------------------- */
struct method_line {
	const char *name;
	int64_t calls, errors, calls_before;
};

static int64_t recent(const struct method_line *m)
{
	return m->calls - m->calls_before;
}

/* Busiest in the interval first, then of all time, then by name. */
static int by_calls(const void *a, const void *b)
{
	const struct method_line *x = a, *y = b;

	if (recent(x) != recent(y))
		return recent(x) > recent(y) ? -1 : 1;
	if (x->calls != y->calls)
		return x->calls > y->calls ? -1 : 1;
	return strcmp(x->name, y->name);
}

static uint32_t collect(const struct screen *s, struct method_line out[METHODS_MAX])
{
	const struct value *methods = value_path(s->now, "rpc.methods");
	const struct value *before = s->before == NULL ? NULL : value_path(s->before, "rpc.methods");
	uint32_t n = 0;

	for (uint32_t i = 0; value_is(methods, VALUE_MAP) && i < methods->n && n < METHODS_MAX; i++, n++) {
		const struct value *one = &methods->as.pairs[i].val;
		const struct value *was;

		out[n].name = value_cstr(s->arena, &methods->as.pairs[i].key);
		was = before == NULL ? NULL : value_get(before, out[n].name);
		out[n].calls = figure(one, "calls");
		out[n].errors = figure(one, "errors");
		out[n].calls_before = s->before == NULL ? out[n].calls : figure(was, "calls");
	}
	qsort(out, n, sizeof(out[0]), by_calls);
	return n;
}

void top_print(
	FILE *out, struct arena *a, const struct value *before, const struct value *now, double seconds)
{
	struct screen s = {out, a, before, now, seconds};
	struct method_line methods[METHODS_MAX];
	struct text_table t;
	uint32_t n = collect(&s, methods);

	print_head(&s);
	print_rows(&s);
	table_init(&t, a, tr("METHOD|>CALLS/S|>CALLS|>REFUSED"));
	for (uint32_t i = 0; i < n; i++) {
		table_cell(&t, methods[i].name);
		table_cell(&t, per_second(&s, methods[i].calls_before, methods[i].calls));
		table_cellf(&t, "%jd", (intmax_t)methods[i].calls);
		table_cellf(&t, "%jd", (intmax_t)methods[i].errors);
	}
	table_print(&t, out);
}
