/* Inside learning (warn_learn.c): the counts of a day, rows of what was learned. */
#pragma once

#include "warn_int.h"

/* ---- the counts of a local day (warn_day.c) ------------------------------------------------------------ */
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
/*
 * The key's minutes, of its leaf *leaf and those behind it, are added to `bins`, until `most` or more were;
 * *leaf is then the next. Returns how many there were: most, and a day's minutes of one stream, at most.
 */
uint32_t day_add(const struct day_counts *, const struct wkey *, uint32_t *leaf, uint32_t most,
	uint32_t n_bins, uint32_t *bins);
/* Bins of a local day without a count at which nobody watched are unknown. */
void day_mask(const struct warn *, int32_t day, uint32_t n_bins, uint32_t *bins);

/* ---- what was learned (warn_usual.c) ------------------------------------------------------------------- */
/*
 *   TABLE_BASELINE  'k' key → a key's baseline (tocsin/baseline.h)
 *                   'h' watch 0 key → a key's long bins (tocsin/bins.h)
 *                   't' watch → baseline of the watch's sum
 *                   'd' → be32 first day, be32 last day, side, wants_anew, be64 mark, be32 told too late
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
/* Days on which the key had nothing, up to and with `last`, `most` at once; `first`: that was learned at all.
 * Returns how many it was taught: fewer than `most`, then these were all. */
int32_t usual_catch_up(const struct warn *, const struct wkey *, struct baseline *,
	const struct baseline *total, int32_t first, int32_t last, int32_t most);
#define CATCH_UP_MAX 60 /* days of nothing that a key is taught */
void learned_fini(struct learned *);
/* What is in memory beyond the rows is forgotten: it rested on other sums. */
void usual_forget_ahead(struct warn *);

/* ---- a lesson, slice by slice (warn_lesson.c) ---------------------------------------------------------- */
enum lesson_phase { PHASE_CLEAN, PHASE_READ, PHASE_SUM, PHASE_TOTALS, PHASE_TEACH };

struct lesson {
	bool is_on, is_anew, is_last; /* last: of anew, the day after which all is written */
	bool is_stale;                /* history came into it */
	uint32_t n_late;              /* of anew: complaints told after it had read their day */
	enum lesson_phase phase;
	int32_t first; /* of all days; of anew */
	struct day_counts day;
	struct baseline **totals; /* of anew */
	uint32_t **sums;          /* by watch: the day's bins */
	uint32_t watch;           /* those before it have learned the sums */
	bool has_cursor;          /* keys before this one are done */
	size_t cursor_n;
	char cursor[KEY_TEXT_MAX];
	uint32_t leaf;    /* … and of it the leaves before this one, */
	uint32_t n_spots; /* … which had so many minutes, */
	uint32_t *bins;   /* … added up here; NULL: it was not begun */
	uint32_t n_units; /* of the slice at hand */
};

void lesson_begin(struct lesson *, int32_t first, int32_t day, enum lesson_phase);
/* It is not on any more; what it kept in memory is dropped. */
void lesson_fini(struct warn *, struct lesson *);
/* The next slice, staged; *is_over: it was the last one of the day. 0, or -1 from the store. */
int lesson_step(struct work *, struct lesson *, bool *is_over, struct err *e) MUST_CHECK;
/* That slice was committed: the next day, or the end, when what was learned anew is in use: true. */
bool lesson_after_day(struct warn *, struct lesson *);
/* Delete some rows of a side: 1 there are more, 0 it is clean, -1. */
int lesson_clean(struct work *, uint8_t side, struct err *e) MUST_CHECK;
/* Whether the pack says that so many are to be learned anew. */
bool learn_is_many(const struct warn *, uint32_t n_late);
/* Which days were learned, as a row of this work. */
void taught_put(struct work *, const struct taught *);
