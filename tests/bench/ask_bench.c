/*
 * What a question to the rules costs: 25 facts in, 12 results out through a body that does next to nothing,
 * so that it is the host that is measured; then the default pack's answer to a create. Prints us an ask
 * (median of rounds) and instructions.
 *
 *   make build/release/bench/ask_bench && build/release/bench/ask_bench [lua]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/clock.h"
#include "tocsin/rules.h"

#define N_ROUNDS 7
#define N_ASKS 20000

static const char words[] = "local lib = { ask = {}, catalog = {}, rule_names = {} }\n"
			    "function lib.ask.create(f) return { because = f.category, set = { queue = "
			    "f.queue, city = f.city, grade = 'normal',\n"
			    "  priority = 3, stage = f.stage, status = f.status, owner = f.owner, complete = "
			    "true, title = f.title },\n"
			    "  advice = { 'ask for the amount', 'and the time' } } end\n"
			    "function lib.env() return {} end function lib.finish() end function lib.specs() "
			    "return {} end return lib\n";

static struct value trivial_facts(struct arena *a)
{
	static const char *const names[] = {"category", "queue", "city", "stage", "status", "owner", "title",
		"channel", "number", "caller", "brand", "text", "region", "kind", "form", "person",
		"department", "vip", "age", "star", "opened", "closed", "due", "n", "id"};
	struct value facts = value_map(a, 25);

	for (int i = 0; i < 25; i++)
		value_add(a, &facts, names[i],
			i < 18 ? value_printf(a, "value of fact %d", i) : value_int(1790042400000 + i));
	return facts;
}

static struct value create_facts(struct arena *a)
{
	struct value facts = value_map(a, 8), local = value_map(a, 8), who = value_map(a, 2),
		     ticket = value_map(a, 16);
	struct value roles = value_map(a, 1), subject = value_map(a, 2);

	value_add(a, &local, "date", value_literal("2026-09-22"));
	value_add(a, &local, "year", value_int(2026));
	value_add(a, &local, "month", value_int(9));
	value_add(a, &local, "day", value_int(22));
	value_add(a, &local, "hour", value_int(10));
	value_add(a, &local, "minute", value_int(0));
	value_add(a, &local, "weekday", value_int(2));
	value_add(a, &local, "minute_of_day", value_int(600));
	value_add(a, &roles, "agent", value_bool(true));
	value_add(a, &who, "name", value_literal("ann"));
	value_add(a, &who, "roles", roles);
	value_add(a, &subject, "type", value_literal("mobile"));
	value_add(a, &subject, "id", value_literal("13800138000"));
	value_add(a, &ticket, "kind", value_literal("complaint"));
	value_add(a, &ticket, "channel", value_literal("hotline_10086"));
	value_add(a, &ticket, "number", value_literal("13800138000"));
	value_add(a, &ticket, "subject", subject);
	value_add(a, &ticket, "city", value_literal("shenzhen"));
	value_add(a, &ticket, "text",
		value_literal("客户来电反映充值100元没有到账，营业厅和热线都查过，要求今天之内答复。"));
	value_add(a, &ticket, "created", value_int(INT64_C(1790042400000)));
	value_add(a, &facts, "now", value_int(INT64_C(1790042400000)));
	value_add(a, &facts, "local", local);
	value_add(a, &facts, "who", who);
	value_add(a, &facts, "ticket", ticket);
	return facts;
}

static int cmp(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void measure(const char *what, const struct pack_files *files, const struct value *facts)
{
	struct rules_limits limits = {.is_deterministic = false};
	struct rules_report report;
	struct generation *g;
	double us[N_ROUNDS];
	struct value d;
	struct arena a;
	struct err e;

	if (generation_new(&g, files, &limits, &report, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	arena_init(&a, 1 << 20);
	for (int r = 0; r < N_ROUNDS; r++) {
		int64_t from_us = clock_mono_us();

		for (int i = 0; i < N_ASKS; i++) {
			arena_reset(&a);
			if (generation_ask(g, "create", facts, &a, &d, &e) != 0) {
				fprintf(stderr, "%s\n", e.text);
				exit(1);
			}
		}
		us[r] = (double)(clock_mono_us() - from_us) / N_ASKS;
	}
	qsort(us, N_ROUNDS, sizeof(us[0]), cmp);
	printf("%-28s %6.2f us an ask, %ju instructions, %zu KiB, loaded in %jd ms\n", what, us[N_ROUNDS / 2],
		(uintmax_t)generation_last_steps(g), generation_bytes(g) / 1024,
		(intmax_t)(report.took_us / 1000));
	arena_fini(&a);
	generation_free(g);
	rules_report_fini(&report);
}

int main(int argc, char **argv)
{
	struct pack_file mini[] = {{.name = "lib/pack.lua", .bytes = {words, sizeof(words) - 1}}};
	struct pack_files files = {.n_files = 1, .files = mini};
	struct value facts;
	struct arena a;
	struct err e;

	must(clock_zone_set("Asia/Shanghai", &e) == 0);
	arena_init(&a, 0);
	facts = trivial_facts(&a);
	measure("25 facts, 12 results", &files, &facts);
	if (argc > 1) {
		if (pack_read(&files, argv[1], argv[1], NULL, &e) != 0) {
			fprintf(stderr, "%s\n", e.text);
			return 1;
		}
		facts = create_facts(&a);
		measure("create by the default pack", &files, &facts);
		pack_files_fini(&files);
	}
	arena_fini(&a);
	return 0;
}
