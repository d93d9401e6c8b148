/*
 * Import: a mapping says how the columns of a file become arguments of ticket.import or ticket.create. The
 * whole file is judged before the first row is sent (import_judge.c), rows are made in import_row.c and sent
 * in import_send.c. examples/imports/README.md is the manual of the mapping file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cli_int.h"
#include "csv.h"

/* ---- times (import_time.c) ----------------------------------------------------------------------------- */
/* ORDER(name, word, what it does with a value whose day and month could be each other) */
#define DATE_ORDERS(ORDER)                                                                                   \
	ORDER(JUDGED, "", "as the format says, after the whole column was judged")                           \
	ORDER(DMY, "dmy", "the day first")                                                                   \
	ORDER(MDY, "mdy", "the month first")                                                                 \
	ORDER(YMD, "ymd", "the year first")                                                                  \
	ORDER(MDY_ELSE_DMY, "mdy_else_dmy", "the month first where that is a date, else the day first")      \
	ORDER(DMY_ELSE_MDY, "dmy_else_mdy", "the day first where that is a date, else the month first")

enum date_order {
#define ORDER(name, word, help) ORDER_##name,
	DATE_ORDERS(ORDER)
#undef ORDER
};
int date_order_parse(const char *word, enum date_order *out, struct err *e) MUST_CHECK;

/* A date and time as written, before any order is applied. */
struct written {
	int year, first,
		second; /* the two of day and month as they stand; is_day_first says which is which */
	bool is_day_first;
	int64_t day_ms;  /* since 00:00, or the instant itself */
	bool is_instant; /* epoch or ISO 8601: no order */
};
/* A format has only tokens YYYY YY MMM MM DD hh mm ss SSS AM, or is iso, epoch_s or epoch_ms. 0, or -1. */
int time_format_check(const char *format, struct err *e) MUST_CHECK;
bool time_format_has_order(const char *format); /* day and month are both digits and the year is not first */
/* Read as the format says; ranges of day and month are not checked. 0, or -1 when the shape differs. */
int time_read(const char *format, struct slice text, struct written *out);
/* Apply the order: 0 and ms since 1970 UTC in the process zone, or -1 when there is no such date. */
int time_resolve(const struct written *, enum date_order, int64_t *at_ms);
bool date_exists(int year, int month, int day);

/* ---- mapping (import_map.c) ---------------------------------------------------------------------------- */
#define FIELD_COLUMNS_MAX 8

struct value_table {
	struct value texts; /* map: text of the file -> text of the field */
	const char *other;  /* for all else: "*" keeps the text; NULL: such a row is rejected */
};

struct field {
	const char *name; /* "created", "customer.name" */
	uint32_t n_columns;
	const char *columns[FIELD_COLUMNS_MAX];
	uint32_t index[FIELD_COLUMNS_MAX]; /* in the header */
	const char *constant;              /* where the columns say nothing */
	const char *time_format;           /* NULL: a text */
	enum date_order date_order;
	struct value_table *table; /* NULL: as it stands */
};

struct mapping {
	const char *path;
	const char *method, *encoding, *zone;
	char delimiter;
	uint32_t n_fields;
	struct field fields[64];
};
/* 0, or -1 with "FILE:LINE: ..." */
int mapping_load(struct mapping *, struct arena *, const char *path, struct err *e) MUST_CHECK;
/* Find every column in the header. 0, or -1 naming the column, what was probably meant and what there is. */
int mapping_bind(struct mapping *, struct arena *, const struct csv_row *header, struct err *e) MUST_CHECK;

/* ---- rows (import_row.c) ------------------------------------------------------------------------------- */
/* Why a row is not taken: `class` counts in the summary, `text` stands in the rejects file. */
struct refusal {
	char class[160];
	char text[600];
};
struct slice text_trim(struct slice); /* without blanks and line ends around it */
/* The text of a field before value tables; empty if the columns say nothing. */
struct slice field_text(struct arena *, const struct field *, const struct csv_row *);
/* "1.38E+10": what Excel makes of a long number. */
bool is_rounded(struct slice text);
/* 0 and the arguments of the call, or -1 with the refusal. */
int row_arguments(struct arena *, const struct mapping *, const struct csv_row *, uint32_t n_columns,
	struct value *args, struct refusal *out) MUST_CHECK;

/* ---- judging (import_judge.c) -------------------------------------------------------------------------- */
/* All time columns over the whole file: every finding goes to stderr. 0, or -1 with ERR_REJECTED. */
int import_judge(const struct mapping *, struct slice text, struct err *e) MUST_CHECK;

/* ---- sending (import_send.c, import_report.c) ---------------------------------------------------------- */
#define REFUSAL_CLASSES_MAX 48

struct import_report {
	uint64_t n_rows, n_imported, n_known, n_rejected, n_skipped;
	uint32_t n_classes;
	struct {
		char text[160];
		uint64_t n;
	} classes[REFUSAL_CLASSES_MAX];
};

struct import {
	struct cli *cli;
	struct mapping map;
	struct slice text; /* UTF-8 */
	const char *file, *rejects_path, *resume_path;
	bool is_dry, is_quiet; /* quiet: no progress */
	uint64_t skip;         /* rows worked by the run before */
	char digest[65];       /* of file and mapping */
	struct csv_row header;
	FILE *rejects; /* opened with the first refusal */
	struct import_report report;
	int64_t begin_us, shown_us;
	int shown_percent;
};
/* Read mapping and file (im->file), bind one to the other. 0, or -1: the file or the mapping is wrong. */
int import_prepare(struct import *, const char *map_path, bool is_resume, struct err *e) MUST_CHECK;
int import_send(struct import *, struct err *e) MUST_CHECK;
/* {rows, imported, known, rejected, skipped, reasons} */
struct value import_result(const struct import *, struct arena *);
void import_refuse(struct import *, const struct csv_row *, const struct refusal *);
void import_progress(struct import *, double part, bool is_end);
void import_print(const struct import *);
/* How many rows the interrupted run of the same file and mapping has worked; -1 when it was another one or
 * none. */
int resume_load(struct import *, struct err *e) MUST_CHECK;
void resume_save(const struct import *, uint64_t n_rows);

/* ---- reading the file (import_file.c) ------------------------------------------------------------------ */
/* The whole file as UTF-8 without a byte-order mark; freed with free((void *)out->p). 0, or -1. */
int text_load(const char *path, const char *encoding, struct slice *out, struct err *e) MUST_CHECK;
