/*
 * A series of counts played through one watch, bin after bin, as the daemon would close them: what `tocsin
 * detect` and the `series` specs of a pack stand on. Pure: no clock, no store; any thread.
 */
#pragma once

#include "tocsin/bins.h"
#include "tocsin/detect.h"

struct play {
	const struct watches *watches;
	const struct watch *watch;
	int64_t start_ms;       /* of the first bin: a start by bin_start */
	uint32_t n, from;       /* bins; those before `from` only teach (sums, baseline, history) */
	const uint32_t *counts; /* n, oldest first; borrowed */
	const char *city;       /* as in struct close */
	double subscribers;
	const double *given[WATCH_INPUTS_MAX]; /* of an INPUT_GIVEN its n numbers, or NULL: none */
};

/* bin: from `from` on, in order. */
typedef void (*play_close)(void *udata, uint32_t bin, int64_t start_ms, const struct detected *seen);

/*
 * All closes. Where the watch says EXPECT_BASELINE a day is learned when the next one begins, without a
 * parent; with EXPECT_FARRINGTON the bins before are the history.
 */
void play(const struct play *, play_close, void *udata);
