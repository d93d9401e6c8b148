/* Inside learning (warn_learn.c): the counts of a day, rows of what was learned. */
#pragma once

#include "warn_int.h"

/* ---- the counts of a local day (warn_day.c) ---------------------------------------------------------------
 */
/* A minute of a stream. */
struct spot {
	uint16_t minute;
	uint32_t count;
};

struct day_counts {
	int32_t day;
	int64_t from_ms, to_ms;
	uint32_t cap;
	struct spots {
		uint32_t n, cap;
		struct spot *list;
	} * streams;                    /* by number */
	uint8_t row[COUNT_KEY_MAX + 1]; /* where reading goes on */
	size_t row_n;
};

void day_begin(struct day_counts *, int32_t day);
void day_fini(struct day_counts *);
/* Read the next rows, `most` at most: 1 there are more, 0 all are read, -1 from the store. */
int day_read(struct day_counts *, struct warn *, uint32_t most, struct err *e) MUST_CHECK;
/* Bins of this watch in the day; the last one of a long day may be cut. */
uint32_t day_bins(const struct day_counts *, const struct watch *);
/* The key's minutes are added to `bins`; returns how many there were. */
uint32_t day_add(const struct day_counts *, const struct wkey *, uint32_t n_bins, uint32_t *bins);

/* ---- what was learned (warn_usual.c) ----------------------------------------------------------------------
 *
 *   TABLE_BASELINE  'k' key → a key's baseline (tocsin/baseline.h)
 *                   'h' watch 0 key → a key's long bins (tocsin/bins.h)
 *                   't' watch → baseline of the watch's sum
 *                   'd' → be32 first day, be32 last day, side, wants_anew, be64 mark
 *
 * The other side's letters are capitals.
 */
#define ROW_DAYS "d"
enum usual_row { ROW_KEY = 'k', ROW_TOTAL = 't', ROW_PAST = 'h' };

struct slice usual_row_key(
	struct arena *, uint8_t side, enum usual_row, const struct watch *, const struct wkey *);
/* From `bounds[0]` to `bounds[1]`: all rows of a side. */
void usual_side_bounds(uint8_t side, struct slice bounds[2]);
/* The live sum of the watch, read when it is asked for first. */
int usual_total(struct warn *, const struct watch *, struct baseline **out, struct err *e) MUST_CHECK;
/* The key's live rows are in memory, as they are there: nothing beyond them. */
int usual_load(struct warn *, struct wkey *, struct err *e) MUST_CHECK;
/* Days on which the key had nothing, up to and with `last`; `first`: that was learned at all. */
void usual_catch_up(
	const struct wkey *, struct baseline *, const struct baseline *total, int32_t first, int32_t last);
void learned_fini(struct learned *);
/* What is in memory beyond the rows is forgotten: it rested on other sums. */
void usual_forget_ahead(struct warn *);
