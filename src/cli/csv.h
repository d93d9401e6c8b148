/*
 * Delimited text per RFC 4180: quoted cells may hold delimiters, line ends and doubled quotes; lines end in
 * LF or CRLF; empty lines are skipped. Cells of unquoted text are taken as they are.
 */
#pragma once

#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define CSV_COLUMNS_MAX 512

struct csv {
	const char *p, *end, *begin; /* borrowed UTF-8 */
	char delimiter;
	uint64_t line; /* of the next row, as an editor counts */
};

struct csv_row {
	uint64_t line; /* on which the row begins */
	uint32_t n;
	struct slice *cells; /* in the arena or borrowed from the text */
	struct slice raw;    /* the row's bytes without its line end */
};

void csv_init(struct csv *, struct slice text, char delimiter);
/*
 * The next row. 1; 0 at the end; -1 with ERR_BAD_REQUEST if this row is broken (text behind a closing quote,
 * a quote that is never closed, too many columns): row->line and raw are set, and reading goes on behind it.
 */
int csv_next(struct csv *, struct arena *, struct csv_row *row, struct err *e) MUST_CHECK;
/* How much was read, 0...1. */
double csv_part(const struct csv *);
/* Append one cell, quoted if it must be. */
void csv_write(struct buf *, struct slice cell);
