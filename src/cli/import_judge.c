/*
 * Whether the dates of a file can be trusted, judged over whole columns before anything is imported. A date
 * that is valid by itself says little: where a spreadsheet of another country read 4/8 as 8 April, every
 * swapped date is valid too. What gives it away, year by year:
 *
 *   F = the months that hold a day over 12; such a date cannot have been swapped, so business was going on in
 * F A = the dates that could be swapped (both numbers <= 12, and different) as written, a good part of A lies
 * outside F; swapped, (nearly) all of A lies inside F  =>  A was swapped
 *
 * A column of which nothing decides between day and month is refused as well, and one that needs two orders.
 */
#include <stdlib.h>
#include <string.h>

#include "import_int.h"

#define SWAPPABLE_MIN 30       /* fewer prove nothing */
#define OUTSIDE_PART 10        /* more than a tenth of A outside F … */
#define STILL_OUTSIDE_PART 100 /* … and swapped less than a hundredth */
#define BAD_PART 5             /* more than a fifth are no dates at all: the format is wrong */
#define YEAR_MIN 1970
#define YEARS 231

struct sample {
	uint64_t line;
	char text[64];
};

struct column_judge {
	const struct field *field;
	uint64_t n, n_bad, n_only_other,
		n_only_written; /* of those with an order: valid only swapped, only as written */
	uint64_t n_either;
	struct sample bad, only_other, either;
	uint32_t (*days)[13][32]; /* [year][month][day] as written */
	struct sample *outside;   /* per year: the first date in each month, [year][month] */
};

static void keep(struct sample *s, uint64_t line, struct slice text)
{
	if (s->line != 0)
		return;
	s->line = line;
	snprintf(s->text, sizeof(s->text), "%.*s", (int)(text.n < 60 ? text.n : 60), (const char *)text.p);
}

static void see(struct column_judge *j, uint64_t line, struct slice text)
{
	struct written w;
	int month, day;
	bool as_is, other;

	if (text.n == 0)
		return;
	j->n++;
	if (time_read(j->field->time_format, text, &w) != 0) {
		j->n_bad++;
		keep(&j->bad, line, text);
		return;
	}
	if (w.is_instant)
		return;
	month = w.is_day_first ? w.second : w.first;
	day = w.is_day_first ? w.first : w.second;
	as_is = date_exists(w.year, month, day);
	other = date_exists(w.year, day, month);
	if (!as_is && !other) {
		j->n_bad++;
		keep(&j->bad, line, text);
	} else if (!as_is) {
		j->n_only_other++;
		keep(&j->only_other, line, text);
	} else if (!other) {
		j->n_only_written++;
	} else if (month != day) {
		j->n_either++;
		keep(&j->either, line, text);
	}
	if (as_is) {
		j->days[w.year - YEAR_MIN][month][day]++;
		keep(&j->outside[(w.year - YEAR_MIN) * 13 + month], line, text);
	}
}

/* ---- the verdict --------------------------------------------------------------------------------------- */
static const char *const month_names[] = {"", "January", "February", "March", "April", "May", "June", "July",
	"August", "September", "October", "November", "December"};

static bool is_full(uint32_t days[13][32], int month)
{
	for (int d = 13; d <= 31; d++)
		if (days[month][d] > 0)
			return true;
	return false;
}

struct outside {
	uint64_t n_swappable, n_outside, n_still_outside;
	bool is_thin[13]; /* months that hold dates, yet no day over 12 */
	bool day_seen[13];
};

static struct outside count_outside(uint32_t days[13][32])
{
	struct outside o = {0};

	for (int m = 1; m <= 12; m++)
		for (int d = 1; d <= 12; d++) {
			uint32_t n = days[m][d];

			if (n == 0 || m == d)
				continue;
			o.n_swappable += n;
			if (!is_full(days, d))
				o.n_still_outside += n;
			if (is_full(days, m))
				continue;
			o.n_outside += n;
			o.is_thin[m] = true;
			o.day_seen[d] = true;
		}
	return o;
}

static bool is_swapped(const struct outside *o)
{
	return o->n_swappable >= SWAPPABLE_MIN && o->n_outside * OUTSIDE_PART > o->n_swappable &&
	       o->n_still_outside * STILL_OUTSIDE_PART <= o->n_swappable;
}

static const char *column_name(const struct field *f)
{
	return f->n_columns > 0 ? f->columns[0] : f->name;
}

static void names(struct buf *b, bool is_month, const bool *is_in)
{
	int n = 0;

	for (int i = 1; i <= 12; i++) {
		if (!is_in[i])
			continue;
		if (is_month)
			buf_printf(b, "%s%s", n++ > 0 ? ", " : "", month_names[i]);
		else
			buf_printf(b, "%s%d", n++ > 0 ? ", " : "", i);
	}
}

static int swapped(const struct column_judge *j, int year, const struct outside *o, struct err *e)
{
	bool full[13] = {false};
	const struct sample *first = NULL;
	struct buf in, thin, days;

	buf_init(&in, 256);
	buf_init(&thin, 256);
	buf_init(&days, 256);
	for (int m = 1; m <= 12; m++) {
		full[m] = is_full(j->days[year - YEAR_MIN], m);
		if (o->is_thin[m] &&
			(first == NULL || j->outside[(year - YEAR_MIN) * 13 + m].line < first->line))
			first = &j->outside[(year - YEAR_MIN) * 13 + m];
	}
	names(&in, true, full);
	names(&thin, true, o->is_thin);
	names(&days, false, o->day_seen);
	err_set(e, ERR_REJECTED,
		tr("column \"%s\": day and month are swapped: in %d only %.*s hold days over 12, while %.*s "
		   "hold only the days %.*s (%ju "
		   "values, the first in line %ju: \"%s\"). Say date_order in [times], probably %s"),
		column_name(j->field), year, (int)in.n, (char *)in.p, (int)thin.n, (char *)thin.p,
		(int)days.n, (char *)days.p, (uintmax_t)o->n_outside, (uintmax_t)first->line, first->text,
		strstr(j->field->time_format, "DD") < strstr(j->field->time_format, "MM") ? "mdy_else_dmy"
											  : "dmy_else_mdy");
	buf_fini(&in);
	buf_fini(&thin);
	buf_fini(&days);
	return -1;
}

static int verdict_order(const struct column_judge *j, struct err *e)
{
	const char *name = column_name(j->field), *format = j->field->time_format;

	if (j->n_only_other > 0 && j->n_only_written > 0)
		return err_set(e, ERR_REJECTED,
			tr("column \"%s\": %ju values are dates only with day and month swapped (line %ju: "
			   "\"%s\"), %ju others only as %s says: two "
			   "orders are mixed. Say date_order = mdy_else_dmy or dmy_else_mdy in [times] once "
			   "you "
			   "know which was meant"),
			name, (uintmax_t)j->n_only_other, (uintmax_t)j->only_other.line, j->only_other.text,
			(uintmax_t)j->n_only_written, format);
	if (j->n_only_other > 0)
		return err_set(e, ERR_REJECTED,
			tr("column \"%s\": %ju values are no dates as %s says, but are with day and month "
			   "swapped (line %ju: \"%s\"), and none "
			   "speaks for the format. Correct the format in [times]"),
			name, (uintmax_t)j->n_only_other, format, (uintmax_t)j->only_other.line,
			j->only_other.text);
	if (j->n_only_written == 0 && j->n_either > 0 && time_format_has_order(format))
		return err_set(e, ERR_REJECTED,
			tr("column \"%s\": nothing in the file says which of the numbers is the day: all %ju "
			   "dates can be read both ways (line "
			   "%ju: \"%s\"). Say date_order = dmy or mdy in [times]"),
			name, (uintmax_t)j->n_either, (uintmax_t)j->either.line, j->either.text);
	return 0;
}

static int verdict(const struct column_judge *j, struct err *e)
{
	if (j->n_bad * BAD_PART > j->n)
		return err_set(e, ERR_REJECTED,
			tr("column \"%s\": %ju of %ju values are no dates of the form %s (line %ju: \"%s\"). "
			   "Correct the format in [times]"),
			column_name(j->field), (uintmax_t)j->n_bad, (uintmax_t)j->n, j->field->time_format,
			(uintmax_t)j->bad.line, j->bad.text);
	if (j->field->date_order != ORDER_JUDGED)
		return 0;
	if (verdict_order(j, e) != 0)
		return -1;
	for (int year = YEAR_MIN; year < YEAR_MIN + YEARS - 1; year++) {
		struct outside o = count_outside(j->days[year - YEAR_MIN]);

		if (is_swapped(&o))
			return swapped(j, year, &o, e);
	}
	return 0;
}

/* Every value of the column; rows of another width are rejected when they come to be sent. */
static void see_all(struct column_judge *j, const struct mapping *m, struct slice text,
	void (*see_one)(struct column_judge *, uint64_t line, struct slice))
{
	struct csv csv;
	struct csv_row row;
	struct arena a;
	struct err ignored;
	uint32_t n_columns = 0;
	int rc;

	arena_init(&a, (size_t)1024 * 1024);
	csv_init(&csv, text, m->delimiter);
	for (uint32_t n = 0; (rc = csv_next(&csv, &a, &row, &ignored)) != 0; n++) {
		if (n == 0)
			n_columns = row.n;
		else if (rc == 1 && row.n == n_columns)
			see_one(j, row.line, field_text(&a, j->field, &row));
		arena_reset(&a);
	}
	arena_fini(&a);
}

static int judge_column(const struct mapping *m, const struct field *f, struct slice text, struct err *e)
{
	struct column_judge j = {.field = f};
	int rc;

	j.days = calloc(YEARS, sizeof(*j.days));
	j.outside = calloc(YEARS * 13, sizeof(*j.outside));
	must(j.days != NULL && j.outside != NULL);
	see_all(&j, m, text, see);
	rc = verdict(&j, e);
	free(j.days);
	free(j.outside);
	return rc;
}

static void see_rounded(struct column_judge *j, uint64_t line, struct slice text)
{
	if (text.n == 0)
		return;
	j->n++;
	if (is_rounded(text)) {
		j->n_bad++;
		keep(&j->bad, line, text);
	}
}

/* Rows with a rounded number are rejected one by one; that a whole column is such is said first. */
static void hint_rounded(const struct mapping *m, const struct field *f, struct slice text)
{
	struct column_judge j = {.field = f};

	see_all(&j, m, text, see_rounded);
	if (j.n_bad > 0 && j.n_bad * 2 >= j.n)
		fprintf(stderr,
			tr("%s: %s: column \"%s\": Excel rounded %ju of %ju numbers (line %ju: \"%s\"): "
			   "their "
			   "rows are rejected. Make the column a text in Excel and save the file anew from "
			   "the "
			   "source\n"),
			m->path, f->name, column_name(f), (uintmax_t)j.n_bad, (uintmax_t)j.n,
			(uintmax_t)j.bad.line, j.bad.text);
}

int import_judge(const struct mapping *m, struct slice text, struct err *e)
{
	struct err one;
	int n = 0;

	for (uint32_t i = 0; i < m->n_fields; i++) {
		const struct field *f = &m->fields[i];

		if (f->time_format == NULL && f->n_columns > 0)
			hint_rounded(m, f, text);
		if (f->time_format == NULL || f->n_columns == 0 || judge_column(m, f, text, &one) == 0)
			continue;
		fprintf(stderr, "%s: %s: %s\n", m->path, f->name, cli_said(&one));
		n++;
	}
	if (n == 0)
		return 0;
	return err_set(e, ERR_REJECTED,
		tr("the dates cannot be trusted (%d finding%s above): nothing was imported"), n,
		n == 1 ? "" : "s");
}
