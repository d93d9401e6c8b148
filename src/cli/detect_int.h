/*
 * tocsin detect: a count series out of any CSV file, judged by a watch of a pack, as the daemon would judge
 * it. detect_series.c reads the file, detect_labels.c the truth, detect_run.c walks the bins, detect_report.c
 * tells.
 */
#pragma once

#include "cli_int.h"
#include "tocsin/bins.h"
#include "tocsin/play.h"

#define BINS_MAX 10000000

/* ---- the series ---------------------------------------------------------------------------------------- */
struct series_args {
	const char *file, *time, *value, *time_format, *encoding;
	const char *flags;  /* a 0/1 column that says which rows belong to an event, or NULL */
	int64_t bin_ms;     /* 0: the distance of the rows */
	bool gaps_are_zero; /* else a bin without a row is not known; always so without `value` */
};

struct span {
	int64_t from_ms, to_ms; /* [from, to) */
};

struct spans {
	struct arena *arena;
	uint32_t n, cap;
	struct span *p;
};

struct series {
	int64_t bin_ms, start_ms;
	uint32_t n;       /* bins */
	uint32_t *counts; /* malloc: series_fini */
	uint64_t n_rows, n_blank, n_rounded;
	struct spans flagged; /* bins whose flag was set, joined */
};
/* 0, or -1 naming file, line, column and value. */
int series_load(struct arena *, const struct series_args *, struct series *, struct err *e) MUST_CHECK;
void series_fini(struct series *);
/* "5m", "1d", "1w" → ms: 0, or EXIT_WRONG_USAGE. */
int bin_parse(const char *text, int64_t *ms, struct err *e) MUST_CHECK;
const char *bin_shown(struct arena *, int64_t ms);

/* ---- rows of a CSV with a time (detect_rows.c) --------------------------------------------------------- */
struct timed_row {
	int64_t at_ms;
	uint64_t line;
	struct slice *cells;
};
struct timed_file {
	struct slice text; /* freed with free((void *)text.p) */
	uint32_t n_columns;
	const char **columns;
	uint64_t n, cap;
	struct timed_row *rows; /* malloc */
	struct arena arena;     /* cells */
};
/* All rows in their order. Formats: time_format of import (import_int.h), or NULL: found out over the whole
 * column. */
int timed_file_load(struct timed_file *, const char *path, const char *encoding, const char *time,
	const char *time_format, struct err *e) MUST_CHECK;
void timed_file_fini(struct timed_file *);
/* Index of a column by name, or -1 with the nearest name and all of them. */
int timed_file_column(const struct timed_file *, const char *path, const char *name, struct err *e);
/* One time on its own, in any format that is known without a doubt: 0, or -1. */
int time_guess(struct slice text, int64_t *at_ms);
void spans_add(struct spans *, int64_t from_ms, int64_t to_ms); /* joined to the one before if they touch */

/* ---- labels -------------------------------------------------------------------------------------------- */
/*
 * When something did happen: a CSV of two columns of times, or of a time and a 0/1 column (each row a bin),
 * or JSON: a list of [from, to], or NAB's {file: [[from, to]…]}, of which the entry that `file` ends with
 * counts. Sorted and joined.
 */
int labels_load(struct arena *, const char *path, const char *series_file, int64_t bin_ms, struct spans *out,
	struct err *e) MUST_CHECK;

/* ---- running ------------------------------------------------------------------------------------------- */
struct level_change {
	int64_t start_ms; /* of the bin whose close changed it */
	struct detected seen;
};

struct run {
	const struct watches *watches;
	const struct watch *watch;
	const struct series *series;
	uint8_t *levels;     /* by bin; malloc */
	float *expected, *p; /* of the first sum; NaN: none */
	uint32_t n_changes, cap;
	struct level_change *changes;
	int64_t learned_ms; /* start of the first bin for which something was expected, INT64_MAX: none */
};
void run_watch(struct run *);
void run_fini(struct run *);

struct score {
	uint32_t n_windows, n_found, n_before; /* n_before: of those that ended before anything was learned */
	uint32_t n_false;                      /* alarms (runs of bins at a level) that touch no window */
	double quiet_weeks, false_share; /* watched time outside of windows; part of it spent in an alarm */
	int64_t median_delay_ms; /* from the start of a window to the end of the first bin at a level; -1:
				    none found */
};
struct score score_run(const struct run *, const struct spans *labels);

/* ---- telling ------------------------------------------------------------------------------------------- */
struct report {
	struct cli *cli;
	const char *file, *pack;
	const struct run *run;
	const struct spans *labels; /* NULL: none */
	struct score score;
};
void report_print(const struct report *);
void report_json(const struct report *);
/* bin,level,count,expected,p: 0, or -1. */
int report_alarms(const struct report *, const char *path, struct err *e) MUST_CHECK;
