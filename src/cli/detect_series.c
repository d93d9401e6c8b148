/* A CSV file as counts in bins. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "detect_int.h"
#include "import_int.h"
#include "tocsin/civil.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS (DAY_MINUTES * MINUTE_MS)
#define WEEK_MS (7 * DAY_MS)

static const int64_t known_bins[] = {MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS, 15 * MINUTE_MS, 30 * MINUTE_MS,
	60 * MINUTE_MS, DAY_MS, WEEK_MS};

int bin_parse(const char *text, int64_t *ms, struct err *e)
{
	char *end;
	long n = strtol(text, &end, 10);
	int64_t unit = strcmp(end, "m") == 0   ? MINUTE_MS
		       : strcmp(end, "h") == 0 ? 60 * MINUTE_MS
		       : strcmp(end, "d") == 0 ? DAY_MS
		       : strcmp(end, "w") == 0 ? WEEK_MS
					       : 0;

	*ms = n * unit;
	if (n < 1 || n > 1440 || unit == 0 || (*ms > DAY_MS && *ms != WEEK_MS) ||
		(*ms < DAY_MS && DAY_MS % *ms != 0))
		return usage(e,
			"--bin \"%.40s\" is not a length that parts a day evenly, such as 5m, 1h, 1d, or 1w",
			text);
	return 0;
}

const char *bin_shown(struct arena *a, int64_t ms)
{
	if (ms % WEEK_MS == 0)
		return arena_printf(a, "%jdw", (intmax_t)(ms / WEEK_MS));
	if (ms % DAY_MS == 0)
		return arena_printf(a, "%jdd", (intmax_t)(ms / DAY_MS));
	if (ms % (60 * MINUTE_MS) == 0)
		return arena_printf(a, "%jdh", (intmax_t)(ms / (60 * MINUTE_MS)));
	return arena_printf(a, "%jdm", (intmax_t)(ms / MINUTE_MS));
}

/* ---- the length of a bin, where nobody says it --------------------------------------------------------- */
static int cmp_ms(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/* The known length nearest to the median distance of different times. */
static int64_t bin_of_rows(const struct timed_file *f)
{
	int64_t *at = malloc((f->n + 1) * sizeof(*at)), best = known_bins[0], median;
	uint64_t n = 0;

	must(at != NULL);
	for (uint64_t i = 0; i < f->n; i++)
		at[i] = f->rows[i].at_ms;
	qsort(at, f->n, sizeof(*at), cmp_ms);
	for (uint64_t i = 1; i < f->n; i++)
		if (at[i] != at[i - 1])
			at[n++] = at[i] - at[i - 1];
	qsort(at, n, sizeof(*at), cmp_ms);
	median = n == 0 ? 5 * MINUTE_MS : at[n / 2];
	free(at);
	for (size_t i = 1; i < sizeof(known_bins) / sizeof(known_bins[0]); i++)
		if (fabs(log((double)known_bins[i] / (double)median)) <
			fabs(log((double)best / (double)median)))
			best = known_bins[i];
	return best;
}

/* ---- counts -------------------------------------------------------------------------------------------- */
static bool is_blank(struct slice text)
{
	static const char *const words[] = {"", "na", "n/a", "nan", "null", "none", "-"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (text.n == strlen(words[i]) && strncasecmp(text.p, words[i], text.n) == 0)
			return true;
	return false;
}

/* 1 with the count, 0 where nothing is said, -1 where it is none. */
static int count_of(struct slice cell, double *out)
{
	struct slice text = text_trim(cell);
	char copy[64], *end;

	if (is_blank(text))
		return 0;
	if (text.n >= sizeof(copy))
		return -1;
	memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	*out = strtod(copy, &end);
	return *end == '\0' && end != copy && *out >= 0 && *out < (double)UINT32_MAX ? 1 : -1;
}

static uint32_t bin_index(const struct series *s, int64_t at_ms)
{
	/* days and weeks may be an hour longer or shorter than they should */
	return (uint32_t)((bin_start(s->bin_ms, at_ms) - s->start_ms + s->bin_ms / 2) / s->bin_ms);
}

static void add_count(struct series *s, uint32_t bin, double n)
{
	double sum = (s->counts[bin] == BIN_UNKNOWN ? 0 : s->counts[bin]) + n;

	s->counts[bin] = sum < BIN_UNKNOWN ? (uint32_t)sum : BIN_UNKNOWN - 1;
}

static int count_rows(struct series *s, const struct series_args *args, const struct timed_file *f, int value,
	struct err *e)
{
	for (uint64_t i = 0; i < f->n; i++) {
		const struct timed_row *r = &f->rows[i];
		double n = 1;
		int got = value < 0 ? 1 : count_of(r->cells[value], &n);

		if (got < 0)
			return err_arg(e, ERR_BAD_REQUEST, "--value", NULL,
				tr("%s line %ju: %s \"%.*s\" is not a count: a number of 0 or more"),
				args->file, (uintmax_t)r->line, f->columns[value],
				(int)(r->cells[value].n < 40 ? r->cells[value].n : 40),
				(const char *)r->cells[value].p);
		s->n_blank += got == 0;
		s->n_rounded += got > 0 && n != floor(n);
		if (got > 0)
			add_count(s, bin_index(s, r->at_ms), floor(n + 0.5));
	}
	return 0;
}

/* ---- flags --------------------------------------------------------------------------------------------- */
static bool is_truth(struct slice text)
{
	text = text_trim(text);
	return (text.n == 1 && memchr("1YyTt", *(const char *)text.p, 5) != NULL) ||
	       (text.n == 4 && strncasecmp(text.p, "true", 4) == 0) ||
	       (text.n == 3 && strncasecmp(text.p, "yes", 3) == 0);
}

static void flag_bins(struct series *s, const struct timed_file *f, int column)
{
	bool *is = calloc(s->n, sizeof(*is));

	must(is != NULL);
	for (uint64_t i = 0; i < f->n; i++)
		if (is_truth(f->rows[i].cells[column]))
			is[bin_index(s, f->rows[i].at_ms)] = true;
	for (uint32_t i = 0; i < s->n; i++)
		if (is[i])
			spans_add(
				&s->flagged, s->start_ms + i * s->bin_ms, s->start_ms + (i + 1) * s->bin_ms);
	free(is);
}

static int make_bins(
	struct series *s, const struct series_args *args, const struct timed_file *f, struct err *e)
{
	int64_t first = INT64_MAX, last = INT64_MIN;

	for (uint64_t i = 0; i < f->n; i++) {
		first = f->rows[i].at_ms < first ? f->rows[i].at_ms : first;
		last = f->rows[i].at_ms > last ? f->rows[i].at_ms : last;
	}
	s->bin_ms = args->bin_ms != 0 ? args->bin_ms : args->value == NULL ? 5 * MINUTE_MS : bin_of_rows(f);
	s->start_ms = bin_start(s->bin_ms, first);
	if ((last - s->start_ms) / s->bin_ms >= BINS_MAX)
		return err_set(e, ERR_BAD_REQUEST,
			tr("%s: from the first time to the last there are over %d bins; is one of them "
			   "wrong?"),
			args->file, BINS_MAX);
	s->n = bin_index(s, last) + 1;
	s->counts = malloc(s->n * sizeof(*s->counts));
	must(s->counts != NULL);
	for (uint32_t i = 0; i < s->n; i++)
		s->counts[i] = args->value == NULL || args->gaps_are_zero ? 0 : BIN_UNKNOWN;
	return 0;
}

int series_load(struct arena *a, const struct series_args *args, struct series *s, struct err *e)
{
	struct timed_file f;
	int rc = -1, value = -1, flags = -1;

	memset(s, 0, sizeof(*s));
	s->flagged.arena = a;
	if (timed_file_load(&f, args->file, args->encoding, args->time, args->time_format, e) != 0)
		goto out;
	if (args->value != NULL && (value = timed_file_column(&f, args->file, args->value, e)) < 0)
		goto out;
	if (args->flags != NULL && (flags = timed_file_column(&f, args->file, args->flags, e)) < 0)
		goto out;
	s->n_rows = f.n;
	if (make_bins(s, args, &f, e) != 0 || count_rows(s, args, &f, value, e) != 0)
		goto out;
	if (flags >= 0)
		flag_bins(s, &f, flags);
	rc = 0;
out:
	timed_file_fini(&f);
	return rc;
}

void series_fini(struct series *s)
{
	free(s->counts);
}
