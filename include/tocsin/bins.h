/*
 * Bins, as watches count in them: whole minutes that part the local day from its midnight on; a bin of a week
 * begins on Monday. Pure; any thread.
 *
 * The past of a stream in long bins (a day, a week) is a `struct past`: its bins by number, learned by whole
 * local days. The daemon keeps it where minutes would be too many, and where Farrington looks years back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define BIN_DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define BIN_WEEK_MS (7 * BIN_DAY_MS)
#define BIN_UNKNOWN UINT32_MAX /* nobody looked: neither louder nor quieter, and no lesson */

/* Start and end of the bin that holds the instant. */
int64_t bin_start(int64_t bin_ms, int64_t at_ms);
int64_t bin_end(int64_t bin_ms, int64_t at_ms);
/* Start of the bin so many after the one that starts at start_ms; days are not all of one length. */
int64_t bin_after(int64_t bin_ms, int64_t start_ms, uint32_t bins);
/* Of a day or longer: such bins are known when their last day was learned. */
static inline bool bin_is_long(int64_t bin_ms)
{
	return bin_ms >= BIN_DAY_MS;
}
/* The number of the long bin that holds the day; and the first day of a bin. */
int32_t bin_number(int64_t bin_ms, int32_t day);
int32_t bin_first_day(int64_t bin_ms, int32_t number);

/* All zero: nothing is known. */
struct past {
	int32_t first;    /* number of bins[0] */
	int32_t last_day; /* that was learned, if n > 0 */
	uint32_t n, cap;
	uint32_t *bins;
};

void past_fini(struct past *);
/*
 * The day's count, days in order; one that was learned is ignored, those left out had nothing. began: the
 * first day of which anything is known; a bin that holds days before it stays unknown. Of more than `most`
 * bins the oldest are forgotten.
 */
void past_learn(struct past *, int64_t bin_ms, uint32_t most, int32_t began, int32_t day, uint64_t count);
/* What the bin of that number had, when days up to `last` were learned. */
uint32_t past_bin(const struct past *, int64_t bin_ms, int32_t last, int32_t number);
/* The bins of `from` that begin before the day; *to must know nothing, and learns on behind them. */
void past_copy_before(struct past *to, const struct past *from, int64_t bin_ms, int32_t day);

/* As bytes and back. 0, or -1 with ERR_STORAGE for bytes that are none. */
void past_encode(const struct past *, struct buf *);
int past_decode(struct past *, struct slice, struct err *) MUST_CHECK;
