/* Rows of a CSV file with a time each. */
#include <stdlib.h>
#include <string.h>

#include "detect_int.h"
#include "import_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

/* Tried in this order over the whole column; day and month in doubt are never guessed. */
static const char *const formats[] = {"iso", "YYYY-MM-DD hh:mm:ss", "YYYY-MM-DD hh:mm", "YYYY-MM-DD",
	"YYYY/MM/DD hh:mm:ss", "YYYY/MM/DD hh:mm", "YYYY/MM/DD", "YYYY.MM.DD hh:mm:ss", "YYYY.MM.DD",
	"YYYY年MM月DD日 hh:mm:ss", "YYYY年MM月DD日 hh:mm", "YYYY年MM月DD日", "DD.MM.YYYY hh:mm:ss",
	"DD.MM.YYYY hh:mm", "DD.MM.YYYY", "DD MMM YYYY hh:mm:ss", "DD MMM YYYY", "MMM DD YYYY", "DD-MMM-YYYY",
	"DD-MMM-YY", "MM/DD/YYYY hh:mm:ss AM", "MM/DD/YYYY hh:mm:ss", "MM/DD/YYYY hh:mm", "MM/DD/YYYY",
	"MM-DD-YYYY", "epoch_s", "epoch_ms"};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

/* Microseconds and the like: "04:37:53.000000" → "04:37:53.000". */
static struct slice clip_fraction(struct slice text, char copy[64])
{
	const char *p = text.p, *dot = memchr(p, '.', text.n);
	size_t digits = 0, head;

	if (dot == NULL || memchr(p, ':', (size_t)(dot - p)) == NULL || text.n >= 64)
		return text;
	head = (size_t)(dot - p);
	while (head + 1 + digits < text.n && dot[1 + digits] >= '0' && dot[1 + digits] <= '9')
		digits++;
	if (digits <= 3)
		return text;
	memcpy(copy, p, head + 4);
	memcpy(copy + head + 4, dot + 1 + digits, text.n - head - 1 - digits);
	return slice_of(copy, text.n - digits + 3);
}

/* Seconds lie before the year 2286, milliseconds after 1970-04: other numbers are no epoch. */
static bool is_epoch(const char *format, struct slice text)
{
	return strcmp(format, "epoch_s") == 0 ? text.n >= 9 && text.n <= 10 : text.n >= 12 && text.n <= 13;
}

static int read_one(const char *format, enum date_order order, struct slice text, int64_t *at_ms)
{
	struct written w;
	char copy[64];

	text = clip_fraction(text_trim(text), copy);
	if (text.n == 0 || (strncmp(format, "epoch", 5) == 0 && !is_epoch(format, text)))
		return -1;
	return time_read(format, text, &w) != 0 ? -1 : time_resolve(&w, order, at_ms);
}

int time_guess(struct slice text, int64_t *at_ms)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (!time_format_has_order(formats[i]) &&
			read_one(formats[i], ORDER_JUDGED, text, at_ms) == 0)
			return 0;
	return -1;
}

/* ---- the rows ------------------------------------------------------------------------------------------ */
static char delimiter_of(struct slice text)
{
	const char *p = text.p, *end = memchr(p, '\n', text.n);
	size_t n[3] = {0};

	for (end = end == NULL ? p + text.n : end; p < end; p++) {
		n[0] += *p == ',';
		n[1] += *p == ';';
		n[2] += *p == '\t';
	}
	return n[1] > n[0] && n[1] >= n[2] ? ';' : n[2] > n[0] ? '\t' : ',';
}

static int read_header(struct timed_file *f, struct csv *csv, const char *path, struct err *e)
{
	struct csv_row row;
	int got = csv_next(csv, &f->arena, &row, e);

	if (got < 0)
		return err_prefix(e, tr("%s: the header"), path);
	if (got == 0)
		return err_set(e, ERR_BAD_REQUEST, tr("%s is empty: a header and rows are needed"), path);
	f->n_columns = row.n;
	f->columns = arena_alloc(&f->arena, row.n * sizeof(*f->columns));
	for (uint32_t i = 0; i < row.n; i++) {
		struct slice name = text_trim(row.cells[i]);

		f->columns[i] = arena_text(&f->arena, name.p, name.n);
	}
	return 0;
}

static int read_rows(struct timed_file *f, struct csv *csv, const char *path, struct err *e)
{
	struct csv_row row;
	int got;

	while ((got = csv_next(csv, &f->arena, &row, e)) > 0) {
		if (row.n != f->n_columns)
			return err_set(e, ERR_BAD_REQUEST,
				tr("%s line %ju has %u columns, the header has %u"), path,
				(uintmax_t)row.line, row.n, f->n_columns);
		if (f->n == f->cap) {
			f->cap = f->cap == 0 ? 1024 : f->cap * 2;
			f->rows = realloc(f->rows, f->cap * sizeof(*f->rows));
			must(f->rows != NULL);
		}
		f->rows[f->n++] = (struct timed_row){.line = row.line, .cells = row.cells};
	}
	if (got < 0)
		return err_prefix(e, tr("%s line %ju"), path, (uintmax_t)row.line);
	return f->n > 0 ? 0 : err_set(e, ERR_BAD_REQUEST, tr("%s has a header and no row"), path);
}

/* ---- their times --------------------------------------------------------------------------------------- */
/* All rows read by this format? Else the first that is not, in *bad. */
static bool reads_all(
	struct timed_file *f, int column, const char *format, enum date_order order, uint64_t *bad)
{
	for (uint64_t i = 0; i < f->n; i++)
		if (read_one(format, order, f->rows[i].cells[column], &f->rows[i].at_ms) != 0) {
			*bad = i;
			return false;
		}
	return true;
}

static int wrong_time(const struct timed_file *f, const char *path, int column, uint64_t row,
	const char *format, struct err *e)
{
	struct slice cell = f->rows[row].cells[column];

	return err_arg(e, ERR_BAD_REQUEST, "--time", NULL, tr("%s line %ju: %s \"%.*s\" is not a time%s%s%s"),
		path, (uintmax_t)f->rows[row].line, f->columns[column], (int)(cell.n < 40 ? cell.n : 40),
		(const char *)cell.p,
		format == NULL
			? " that is known: name its format with --time-format, such as \"DD.MM.YYYY hh:mm\""
			: " of the format ",
		format == NULL ? "" : format, "");
}

static int take_format(struct timed_file *f, const char *path, int column, const char *format, struct err *e)
{
	uint64_t bad;

	if (time_format_check(format, e) != 0)
		return -1;
	return reads_all(f, column, format, ORDER_JUDGED, &bad) ? 0
								: wrong_time(f, path, column, bad, format, e);
}

static int find_format(struct timed_file *f, const char *path, int column, struct err *e)
{
	uint64_t bad, farthest = 0;

	for (size_t i = 0; i < N_FORMATS; i++) {
		bool day_first, month_first;

		if (!time_format_has_order(formats[i])) {
			if (reads_all(f, column, formats[i], ORDER_JUDGED, &bad))
				return 0;
			farthest = bad > farthest ? bad : farthest;
			continue;
		}
		day_first = reads_all(f, column, formats[i], ORDER_DMY, &bad);
		month_first = reads_all(f, column, formats[i], ORDER_MDY, &bad);
		if (day_first && month_first)
			return err_arg(e, ERR_BAD_REQUEST, "--time", NULL,
				tr("%s: day and month of %s could be each other in every row; say which with "
				   "--time-format, "
				   "such as \"%s\""),
				path, f->columns[column], formats[i]);
		if (month_first || (day_first && reads_all(f, column, formats[i], ORDER_DMY, &bad)))
			return 0;
		farthest = bad > farthest ? bad : farthest;
	}
	return wrong_time(f, path, column, farthest, NULL, e);
}

int timed_file_column(const struct timed_file *f, const char *path, const char *name, struct err *e)
{
	char all[300] = "";

	for (uint32_t i = 0; i < f->n_columns; i++)
		if (strcmp(f->columns[i], name) == 0)
			return (int)i;
	for (uint32_t i = 0; i < f->n_columns && strlen(all) + strlen(f->columns[i]) + 3 < sizeof(all); i++) {
		strncat(all, i > 0 ? ", " : "", 3);
		strncat(all, f->columns[i], sizeof(all) - strlen(all) - 1);
	}
	err_set(e, ERR_BAD_REQUEST, tr("%s has no column \"%.60s\"; it has %s"), path, name, all);
	return cli_hint(e, nearest_word(name, f->columns, f->n_columns), -1);
}

int timed_file_load(struct timed_file *f, const char *path, const char *encoding, const char *time,
	const char *time_format, struct err *e)
{
	struct csv csv;
	int column;

	memset(f, 0, sizeof(*f));
	arena_init(&f->arena, 0);
	if (text_load(path, encoding, &f->text, e) != 0)
		return -1;
	csv_init(&csv, f->text, delimiter_of(f->text));
	if (read_header(f, &csv, path, e) != 0)
		return -1;
	column = time == NULL ? 0 : timed_file_column(f, path, time, e);
	if (column < 0 || read_rows(f, &csv, path, e) != 0)
		return -1;
	return time_format != NULL ? take_format(f, path, column, time_format, e)
				   : find_format(f, path, column, e);
}

void timed_file_fini(struct timed_file *f)
{
	free((void *)f->text.p);
	free(f->rows);
	arena_fini(&f->arena);
}

void spans_add(struct spans *s, int64_t from_ms, int64_t to_ms)
{
	if (s->n > 0 && from_ms <= s->p[s->n - 1].to_ms) {
		if (to_ms > s->p[s->n - 1].to_ms)
			s->p[s->n - 1].to_ms = to_ms;
		return;
	}
	if (s->n == s->cap) {
		struct span *more;

		s->cap = s->cap == 0 ? 16 : s->cap * 2;
		more = arena_alloc(s->arena, s->cap * sizeof(*more));
		if (s->n > 0)
			memcpy(more, s->p, s->n * sizeof(*more));
		s->p = more;
	}
	s->p[s->n++] = (struct span){from_ms, to_ms};
}
