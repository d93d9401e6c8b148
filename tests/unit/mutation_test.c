/*
 * Broken packs never hurt: 2,000 mutated packs load or are refused with a finding, 1,000 alternations of a
 * good and a broken pack leave nothing behind, and the live generation goes on deciding the same, byte for
 * byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/clock.h"
#include "tocsin/rules.h"

#define MUTANTS 2000
#define ALTERNATIONS 1000
#define GROWTH_MAX ((size_t)1024 * 1024)

static struct rng rng;

static struct generation *load(const struct pack_files *files, struct rules_report *report)
{
	struct rules_limits limits = {.is_deterministic = true, .load_steps = 20000000};
	struct generation *g = NULL;
	struct err e;

	if (generation_new(&g, files, &limits, report, &e) != 0) {
		assert_true(report->n_errors > 0);
		assert_true(report->errors[0].message[0] != '\0');
		assert_true(e.text[0] != '\0');
		return NULL;
	}
	assert_int_equal(report->n_errors, 0);
	return g;
}

static void read_pack(struct pack_files *files, const char *dir)
{
	struct err e;

	if (pack_read(files, dir, "lua", NULL, &e) != 0)
		fail_msg("%s", e.text);
}

/* The decision on one complaint, as bytes. */
static void ask(struct generation *g, struct buf *out)
{
	struct value facts, ticket, decision;
	struct arena a;
	struct err e;

	arena_init(&a, 0);
	facts = value_map(&a, 3);
	ticket = value_map(&a, 4);
	value_add(&a, &ticket, "kind", value_literal("complaint"));
	value_add(&a, &ticket, "channel", value_literal("app"));
	value_add(&a, &ticket, "number", value_literal("13800138000"));
	value_add(&a, &ticket, "text", value_literal("充值没有到账"));
	value_add(&a, &facts, "now", value_int(INT64_C(1790042400000)));
	value_add(&a, &facts, "ticket", ticket);
	buf_reset(out);
	if (generation_ask(g, "create", &facts, &a, &decision, &e) != 0)
		fail_msg("%s", e.text);
	value_encode(out, &decision);
	arena_fini(&a);
}

/* Where a word, number or sign begins behind `at`. */
static size_t token_end(const char *p, size_t n, size_t at)
{
	bool is_word = at < n && (p[at] == '_' || (p[at] | 32) >= 'a');

	do
		at++;
	while (is_word && at < n && (p[at] == '_' || ((p[at] | 32) >= 'a' && (p[at] | 32) <= 'z')));
	return at < n ? at : n;
}

/* One file changed: a token gone, doubled, swapped with a piece elsewhere, or bytes at random. */
static struct slice mutate(struct slice in, struct arena *a)
{
	const char *p = in.p;
	size_t at = (size_t)rng_below(&rng, in.n), end = token_end(p, in.n, at), n = end - at;
	char *out = arena_alloc(a, in.n + n + 16);

	memcpy(out, p, in.n);
	switch (rng_below(&rng, 4)) {
	case 0:
		memcpy(out + at, p + end, in.n - end);
		return slice_of(out, in.n - n);
	case 1:
		memcpy(out + end, p + at, in.n - at);
		return slice_of(out, in.n + n);
	case 2:
		memcpy(out + rng_below(&rng, in.n - n + 1), p + at, n);
		return slice_of(out, in.n);
	default:
		for (uint64_t i = 1 + rng_below(&rng, 4); i > 0; i--)
			out[rng_below(&rng, in.n)] = (char)rng_u64(&rng);
		return slice_of(out, in.n);
	}
}

static uint32_t pick_file(const struct pack_files *files)
{
	for (;;) {
		uint32_t i = (uint32_t)rng_below(&rng, files->n_files);

		if (strncmp(files->files[i].name, "lib/", 4) != 0 && files->files[i].bytes.n > 0)
			return i;
	}
}

static void mutated_packs(void **state)
{
	const char *seed_text = getenv("SEED"), *dose = getenv("TOCSIN_DOSE");
	uint64_t seed = seed_text == NULL ? 1 : strtoull(seed_text, NULL, 10),
		 n = MUTANTS * (dose == NULL ? 1 : strtoull(dose, NULL, 10));
	struct pack_files small, whole;
	struct rules_report report;
	struct generation *live;
	struct buf before, after;
	unsigned n_refused = 0;

	(void)state;
	print_message("SEED=%ju\n", (uintmax_t)seed);
	rng_init_seeded(&rng, seed);
	read_pack(&whole, "lua");
	read_pack(&small, "tests/packs/alone");
	live = load(&whole, &report);
	rules_report_fini(&report);
	assert_non_null(live);
	buf_init(&before, 1 << 20);
	buf_init(&after, 1 << 20);
	ask(live, &before);
	for (uint64_t i = 0; i < n; i++) {
		struct pack_files *files = i % 20 == 0 ? &whole : &small;
		uint32_t which = pick_file(files);
		struct slice kept = files->files[which].bytes;
		struct generation *g;
		struct arena a;

		arena_init(&a, 0);
		files->files[which].bytes = mutate(kept, &a);
		g = load(files, &report);
		n_refused += g == NULL;
		generation_free(g);
		rules_report_fini(&report);
		files->files[which].bytes = kept;
		arena_fini(&a);
	}
	ask(live, &after);
	assert_int_equal(before.n, after.n);
	assert_memory_equal(before.p, after.p, before.n);
	print_message("%ju mutants, %u refused\n", (uintmax_t)n, n_refused);
	assert_true(n_refused > n / 10);
	buf_fini(&before);
	buf_fini(&after);
	generation_free(live);
	pack_files_fini(&whole);
	pack_files_fini(&small);
}

static void alternations_leave_nothing(void **state)
{
	struct pack_files good, bad;
	struct rules_report report;
	size_t after_warm_up = 0;

	(void)state;
	read_pack(&good, "tests/packs/alone");
	read_pack(&bad, "tests/packs/alone");
	for (uint32_t i = 0; i < bad.n_files; i++)
		if (strcmp(bad.files[i].name, "pack.lua") == 0)
			bad.files[i].bytes.n /= 2; /* half written */
	for (int i = 0; i < ALTERNATIONS; i++) {
		struct generation *g = load(i % 2 == 0 ? &good : &bad, &report);

		assert_true((g != NULL) == (i % 2 == 0));
		generation_free(g);
		rules_report_fini(&report);
		if (i == ALTERNATIONS / 10)
			after_warm_up = mallinfo2().uordblks;
	}
	assert_true(mallinfo2().uordblks < after_warm_up + GROWTH_MAX);
	pack_files_fini(&good);
	pack_files_fini(&bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutated_packs),
		cmocka_unit_test(alternations_leave_nothing),
	};
	struct err e;

	if (clock_zone_set("Asia/Shanghai", &e) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
