/* tocsin import: a file of complaints, by a mapping. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

/* What --resume compares: the bytes of the file and the mapping's. */
static int make_digest(struct import *im, struct err *e)
{
	uint8_t digest[SHA256_LEN];
	struct slice both[2] = {im->text};

	if (text_load(im->map.path, "utf-8", &both[1], e) != 0)
		return -1;
	sha256_slices(both, 2, digest);
	hex(digest, sizeof(digest), im->digest);
	free((void *)both[1].p);
	return 0;
}

static int read_header(struct import *im, struct err *e)
{
	struct csv csv;
	int got;

	csv_init(&csv, im->text, im->map.delimiter);
	got = csv_next(&csv, &im->cli->arena, &im->header, e);
	if (got < 0)
		return err_prefix(e, tr("%s: the header"), im->file);
	if (got == 0)
		return err_set(e, ERR_BAD_REQUEST, tr("%s is empty"), im->file);
	return mapping_bind(&im->map, &im->cli->arena, &im->header, e);
}

int import_prepare(struct import *im, const char *map_path, bool is_resume, struct err *e)
{
	struct arena *a = &im->cli->arena;
	const char *base = strrchr(im->file, '/');

	im->cli->keeps_zone = true; /* the mapping's */
	if (mapping_load(&im->map, a, map_path, e) != 0 || clock_zone_set(im->map.zone, e) != 0 ||
		text_load(im->file, im->map.encoding, &im->text, e) != 0 || read_header(im, e) != 0 ||
		make_digest(im, e) != 0)
		return -1;
	base = base == NULL ? im->file : base + 1;
	if (im->rejects_path == NULL)
		im->rejects_path = arena_printf(a, "%s.rejects.csv", base);
	im->resume_path = arena_printf(a, "%s.resume", im->rejects_path);
	return is_resume ? resume_load(im, e) : 0;
}

static int work(struct import *im, struct err *e)
{
	int rc;

	if (import_judge(&im->map, im->text, e) != 0 || (!im->is_dry && cli_open(im->cli, e) != 0))
		return -1;
	im->begin_us = clock_mono_us();
	rc = import_send(im, e);
	import_print(im);
	if (im->rejects != NULL && fclose(im->rejects) != 0 && rc == 0)
		rc = err_set(e, ERR_STORAGE, tr("%s cannot be written"), im->rejects_path);
	if (rc != 0)
		return err_prefix(e, tr("the import stopped; once that is cured, repeat it with --resume"));
	if (!im->is_dry)
		unlink(im->resume_path);
	return im->report.n_rejected > 0 ? 1 : 0;
}

static int run_import(struct cli *c, int argc, char **argv, struct err *e)
{
	struct import *im = calloc(1, sizeof(*im));
	const char *map = NULL;
	bool is_resume = false;
	const struct option_spec specs[] = {{"--map", &map, NULL}, {"--dry-run", NULL, &im->is_dry},
		{"--rejects", &im->rejects_path, NULL}, {"--resume", NULL, &is_resume}, {NULL, NULL, NULL}};
	int rc = EXIT_WRONG_USAGE;

	must(im != NULL);
	im->cli = c;
	if (options_take(&argc, argv, specs, e) != 0)
		goto out;
	if (argc != 1 || map == NULL) {
		usage(e, "one FILE and --map MAPPING are needed");
		goto out;
	}
	im->file = argv[0];
	rc = import_prepare(im, map, is_resume, e);
	if (rc == 0)
		rc = work(im, e);
out:
	free((void *)im->text.p);
	free(im);
	return rc;
}

const struct command commands_import[] = {
	{"import", "FILE --map MAPPING [--dry-run] [--rejects FILE] [--resume]",
		"Import a CSV file by a mapping file",
		"examples/imports/README.md is the manual of mapping files.\n"
		"The dates of the whole file are judged first: if they are ambiguous, impossible or swapped, "
		"nothing is imported.\n"
		"A row that is there already counts as known, so an import may be repeated. Rejected rows "
		"go, with line and\n"
		"reason, into --rejects FILE (else FILE.rejects.csv here), which can be corrected and "
		"imported like the first.\n"
		"  --dry-run  everything but the sending; needs no daemon\n"
		"  --resume   go on where an interrupted import stopped\n"
		"Exit: 0 every row is there; 1 some were rejected, or the import was refused or stopped.\n",
		run_import},
	{NULL, NULL, NULL, NULL, NULL},
};
