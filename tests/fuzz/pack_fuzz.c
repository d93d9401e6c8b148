/*
 * A pack's file as bytes: source check, compiler, syntax error's place, CSV reader. Whatever the bytes,
 * loading ends within its budgets in a generation or in findings that are whole UTF-8 texts, and leaves
 * nothing behind.
 */
#include <string.h>

#include "fuzz.h"
#include "tocsin/err.h"
#include "tocsin/rules.h"

static const char words[] = "local host = ... local lib = { ask = {}, catalog = {}, rule_names = {} }\n"
			    "local env = { ask = lib.ask, rows = function() return host.csv('t.csv') end, "
			    "find = host.words { 'a', '断网' } }\n"
			    "function lib.env() return env end function lib.finish() end function "
			    "lib.specs() return {} end return lib\n";

static void put(struct pack_files *p, uint32_t i, const char *name, const void *bytes, size_t n)
{
	p->files[i] = (struct pack_file){.name = name, .bytes = slice_of(bytes, n)};
	sha256(bytes, n, p->files[i].sha);
}

/* The first byte says whether the rest is rules or a table; files in the order of their names. */
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const struct rules_limits limits = {.is_deterministic = true,
		.steps = 10000,
		.load_steps = 100000,
		.bytes = (size_t)4 * 1024 * 1024};
	struct pack_file files[3];
	struct pack_files pack = {.n_files = 3, .files = files};
	struct generation *g = NULL;
	struct rules_report report;
	struct err e;
	int rc;

	if (n == 0 || n > 65536)
		return 0;
	put(&pack, 0, "lib/pack.lua", words, sizeof(words) - 1);
	put(&pack, 1, "pack.lua", p[0] % 2 == 0 ? (const char *)p + 1 : "rows()", p[0] % 2 == 0 ? n - 1 : 6);
	put(&pack, 2, "t.csv", p + 1, n - 1);
	rc = generation_new(&g, &pack, &limits, &report, &e);
	must((rc == 0) == (report.n_errors == 0) && (rc == 0) == (g != NULL));
	for (uint32_t i = 0; i < report.n_errors; i++) {
		must(report.errors[i].message[0] != '\0');
		must(utf8_valid(report.errors[i].message, strlen(report.errors[i].message)));
		must(utf8_valid(report.errors[i].message_zh, strlen(report.errors[i].message_zh)));
	}
	generation_free(g);
	rules_report_fini(&report);
	return 0;
}
