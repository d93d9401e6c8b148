/*
 * One stream of one watch at the close of one bin: counts in, level out. Pure and deterministic: no clock, no
 * memory but what the caller hands in. The daemon and `tocsin detect` call the same function.
 *
 * Who calls it keeps per key: a struct detector (a dozen numbers; a row, detector_encode) and, where the
 * watch says EXPECT_BASELINE, a struct baseline (baseline.h; learns once a day). A stream at level none whose
 * newest n_back bins are all zero needs no call unless the watch has a CUSUM that is not 0 (detector_is_idle
 * says so).
 */
#pragma once

#include "tocsin/watch.h"

/* The state of a key. All zero: nothing seen, level none. */
struct detector {
	struct level_state level;
	uint32_t under[LEVELS_MAX];     /* by row of the table: closes in a row at which its `leave` held */
	double cusum[WATCH_INPUTS_MAX]; /* by input; 0 where it is none, and again when the level is left for
					   none */
};

struct close {
	int64_t start_ms;       /* of the bin that closes */
	const uint32_t *counts; /* watch.n_back bins, newest first; UINT32_MAX: not watched */
	const char *city;       /* of the key, or NULL */
	double subscribers;  /* of that city (of all cities for an aggregate); 0: not known, per_10000 never
				holds */
	const double *given; /* by input, for INPUT_GIVEN; NULL or NaN: none was handed in, counts as 0 */
	const struct baseline *baseline, *parent; /* EXPECT_BASELINE; NULL: nothing expected */
	uint32_t n_history; /* EXPECT_FARRINGTON: the bins before this one, newest first */
	const uint32_t *history;
};

/* What an input was at this close. */
struct seen {
	bool is_known;     /* false: a GIVEN one without a number, a sum of bins none of which was watched */
	uint32_t n_bins;   /* of a sum, those that were watched */
	double value;      /* the sum, the CUSUM, the number given */
	double expected;   /* of a sum; NaN: nothing is expected (no model, or not learned yet) */
	double dispersion; /* of a sum */
	double p;          /* of a sum: P(as many or more by chance); NaN likewise */
};

struct detected {
	uint8_t from, to; /* levels */
	bool is_changed;  /* level or readiness */
	bool is_ready;    /* to lower: waits for a signature */
	bool is_leaving;  /* the present level's `leave` holds at this close */
	bool is_learned;  /* false: the model knows too little yet; tests of probability hold of what the
				   pack says until then, without it they do not */
	uint32_t quiet, closes; /* closes in a row under the exit, and how many it takes */
	uint32_t stay, least_stay;
	struct seen seen[WATCH_INPUTS_MAX]; /* by input */
	int row;                            /* of a rise: row of the table that was entered, -1 else */
	int group;                          /* … which of its groups held */
	int input; /* the input that tells most: of that group's first test; else the first sum */
};

/* A close of a bin that was not watched (counts[0]) changes nothing. */
void detect(const struct watch *, struct detector *, const struct close *, struct detected *out);
/* Nothing would change by a close at which all counts are zero. */
bool detector_is_idle(const struct watch *, const struct detector *);
/* {level, since…} is the caller's; here the machine alone, canonical. decode: 0, or -1 with ERR_STORAGE. */
void detector_encode(const struct watch *, const struct detector *, struct buf *);
int detector_decode(const struct watch *, struct detector *, struct slice, struct err *) MUST_CHECK;
