/* What an import says: progress, rejected rows, the summary, and how far it came. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "import_int.h"
#include "tocsin/clock.h"

#define SHOW_US 200000 /* between two pictures of the bar */
#define BAR_COLUMNS 24

/* ---- progress ------------------------------------------------------------------------------------------ */
static void show_bar(const struct import *im, double part, double rows_s, double left_s, bool is_end)
{
	int filled = (int)(part * BAR_COLUMNS);

	fprintf(stderr, tr("\r%3d %% [%.*s%*s] %ju rows  %.0f rows/s  %s %d:%02d  "), (int)(part * 100),
		filled, "########################", BAR_COLUMNS - filled, "", (uintmax_t)im->report.n_rows,
		rows_s, is_end ? tr("took") : tr("left"), (int)left_s / 60, (int)left_s % 60);
	if (is_end)
		fputc('\n', stderr);
}

void import_progress(struct import *im, double part, bool is_end)
{
	int64_t now_us = clock_mono_us();
	double took_s = (double)(now_us - im->begin_us) / 1e6;
	double rows_s =
		(double)(im->report.n_rows - im->report.n_skipped) / (took_s > 0.001 ? took_s : 0.001);
	int tenth = (int)(part * 10) * 10;

	if (im->is_quiet)
		return;
	if (isatty(STDERR_FILENO)) {
		if (!is_end && now_us - im->shown_us < SHOW_US)
			return;
		im->shown_us = now_us;
		show_bar(im, part, rows_s, is_end ? took_s : part > 0 ? took_s / part - took_s : 0, is_end);
		return;
	}
	if (tenth == im->shown_percent || is_end)
		return;
	im->shown_percent = tenth;
	fprintf(stderr, tr("%d %%, %ju rows, %.0f rows/s\n"), tenth, (uintmax_t)im->report.n_rows, rows_s);
}

/* ---- rejected rows ------------------------------------------------------------------------------------- */
static void write_row(FILE *out, const char *line, const char *reason, const struct csv_row *row)
{
	struct buf b;

	buf_init(&b, (size_t)64 * 1024 * 1024);
	csv_write(&b, slice_of(line, strlen(line)));
	buf_add(&b, ",", 1);
	csv_write(&b, slice_of(reason, strlen(reason)));
	for (uint32_t i = 0; i < row->n; i++) {
		buf_add(&b, ",", 1);
		csv_write(&b, row->cells[i]);
	}
	buf_add(&b, "\r\n", 2);
	fwrite(b.p, 1, b.n, out);
	buf_fini(&b);
}

static void count_class(struct import_report *r, const char *class)
{
	uint32_t i = 0;

	while (i < r->n_classes && strcmp(r->classes[i].text, class) != 0)
		i++;
	if (i == REFUSAL_CLASSES_MAX) {
		r->classes[i - 1].n++; /* too many to tell apart */
		return;
	}
	if (i == r->n_classes) {
		r->n_classes++;
		snprintf(r->classes[i].text, sizeof(r->classes[i].text), "%s",
			i + 1 == REFUSAL_CLASSES_MAX ? tr("other reasons") : class);
	}
	r->classes[i].n++;
}

void import_refuse(struct import *im, const struct csv_row *row, const struct refusal *why)
{
	struct csv_row as_cells = *row;
	struct slice raw = row->raw;
	char line[24];

	im->report.n_rejected++;
	count_class(&im->report, why->class);
	if (im->rejects == NULL) {
		im->rejects = fopen(im->rejects_path, im->skip > 0 ? "ae" : "we");
		if (im->rejects == NULL) {
			fprintf(stderr, tr("line %ju: %s (%s: %s)\n"), (uintmax_t)row->line, why->text,
				im->rejects_path, strerror(errno));
			return;
		}
		if (im->skip == 0)
			write_row(im->rejects, "line", "reason", &im->header);
	}
	if (as_cells.n == 0) { /* a row that could not be cut into cells stays whole */
		as_cells.n = 1;
		as_cells.cells = &raw;
	}
	snprintf(line, sizeof(line), "%ju", (uintmax_t)row->line);
	write_row(im->rejects, line, why->text, &as_cells);
}

/* ---- the summary --------------------------------------------------------------------------------------- */
struct value import_result(const struct import *im, struct arena *a)
{
	const struct import_report *r = &im->report;
	struct value v = value_map(a, 8), reasons = value_map(a, REFUSAL_CLASSES_MAX);

	for (uint32_t i = 0; i < r->n_classes; i++)
		value_add(a, &reasons, r->classes[i].text, value_int((int64_t)r->classes[i].n));
	value_add(a, &v, "rows", value_int((int64_t)r->n_rows));
	value_add(a, &v, im->is_dry ? "would_import" : "imported", value_int((int64_t)r->n_imported));
	value_add(a, &v, "known", value_int((int64_t)r->n_known));
	value_add(a, &v, "rejected", value_int((int64_t)r->n_rejected));
	value_add(a, &v, "skipped", value_int((int64_t)r->n_skipped));
	value_add(a, &v, "reasons", reasons);
	return v;
}

static void print_json(const struct import *im)
{
	struct value v;
	struct arena a;

	arena_init(&a, 0);
	v = import_result(im, &a);
	json_print(stdout, &v);
	arena_fini(&a);
}

void import_print(const struct import *im)
{
	const struct import_report *r = &im->report;
	struct arena a;
	struct text_table t;

	if (im->cli->is_json) {
		print_json(im);
		return;
	}
	printf(tr("%s: %ju rows: %ju %s, %ju known, %ju rejected"), im->file, (uintmax_t)r->n_rows,
		(uintmax_t)r->n_imported, im->is_dry ? tr("would be imported") : tr("imported"),
		(uintmax_t)r->n_known, (uintmax_t)r->n_rejected);
	if (r->n_skipped > 0)
		printf(tr(", %ju worked before"), (uintmax_t)r->n_skipped);
	printf("\n");
	if (r->n_rejected == 0)
		return;
	arena_init(&a, 0);
	table_init(&t, &a, tr(">ROWS|REJECTED BECAUSE"));
	for (uint32_t i = 0; i < r->n_classes; i++) {
		table_cellf(&t, "%ju", (uintmax_t)r->classes[i].n);
		table_cell(&t, r->classes[i].text);
	}
	table_print(&t, stdout);
	printf(tr("each with its line and reason in %s\n"), im->rejects_path);
	arena_fini(&a);
}

/* ---- how far it came ----------------------------------------------------------------------------------- */
/* The file holds "DIGEST ROWS": rows that need not be sent again, for this very file and mapping. */
int resume_load(struct import *im, struct err *e)
{
	FILE *f = fopen(im->resume_path, "re");
	char digest[80] = "";
	uintmax_t rows = 0;
	int n;

	if (f == NULL)
		return err_set(e, ERR_NOT_FOUND,
			tr("nothing to resume: there is no %s; without --resume the import begins at the "
			   "first "
			   "row, "
			   "and rows that are there already count as known"),
			im->resume_path);
	n = fscanf(f, "%79s %ju", digest, &rows);
	fclose(f);
	if (n != 2 || strcmp(digest, im->digest) != 0)
		return err_set(e, ERR_CONFLICT,
			tr("%s belongs to another file or mapping; import without --resume: rows that are "
			   "there "
			   "already count as known"),
			im->resume_path);
	im->skip = rows;
	return 0;
}

void resume_save(const struct import *im, uint64_t n_rows)
{
	FILE *f = im->is_dry ? NULL : fopen(im->resume_path, "we");

	if (im->rejects != NULL)
		fflush(im->rejects);
	if (f == NULL)
		return;
	fprintf(f, "%s %ju\n", im->digest, (uintmax_t)n_rows);
	fclose(f);
}
