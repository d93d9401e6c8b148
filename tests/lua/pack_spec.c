/*
 * A pack through the loader that the daemon uses: pack_spec PACK SHARE. Prints every finding as
 * "file:line:column: message" with its cure and the Chinese of both below, else "N specs, N failed, N rules, N uncovered". Exit 0 when the pack
 * is accepted.
 */
#include <stdio.h>

#include "tocsin/clock.h"
#include "tocsin/rules.h"

static void show(const struct rules_error *f)
{
	printf("%s:", f->file);
	if (f->line > 0)
		printf("%d:", f->line);
	if (f->column > 0)
		printf("%d:", f->column);
	printf(" %s\n", f->message);
	if (f->message_zh[0] != '\0')
		printf("  %s\n", f->message_zh);
	if (f->cure[0] != '\0')
		printf("  cure: %s\n", f->cure);
	if (f->cure_zh[0] != '\0')
		printf("  办法：%s\n", f->cure_zh);
}

int main(int argc, char **argv)
{
	struct rules_limits limits = {.is_deterministic = true};
	struct rules_report report;
	struct pack_files files;
	struct generation *g;
	struct err e;
	int rc;

	if (argc != 3 || clock_zone_set("Asia/Shanghai", &e) != 0)
		return 2;
	if (pack_read(&files, argv[1], argv[2], NULL, &e) != 0) {
		printf("%s\n", e.text);
		return 1;
	}
	rc = generation_new(&g, &files, &limits, &report, &e);
	for (uint32_t i = 0; i < report.n_errors; i++)
		show(&report.errors[i]);
	if (rc == 0) {
		printf("%u specs, %u failed, %u rules, %u uncovered\n", report.n_specs, report.n_specs_failed,
			report.n_rules, report.n_uncovered);
		generation_free(g);
	}
	rules_report_fini(&report);
	pack_files_fini(&files);
	return rc == 0 ? 0 : 1;
}
