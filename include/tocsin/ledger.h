/*
 * A clock of a ticket, as a ledger: when it started and stopped, the pauses with their causes, what of them
 * was void, and the terms it was promised under. Nothing is ever taken out, so any new goal is evaluated over
 * the same ledger.
 *
 * Pauses are measured in the clock's own unit. For hours the paused time does not count (with a calendar: its
 * working time). For days a day does not count if it would have and is paused from 00:00 to 24:00; the last
 * day also moves off such days. Only what was paused before the clock ran out matters.
 *
 * `due` is part of the ledger: it is computed when the clock starts, pauses, resumes, stops, gets new terms
 * or is pinned, and stays what it is when the rules change. The functions that compute take the calendar that
 * the terms name, or NULL if they name none or there is none of that name; then, or if it lacks a year, due
 * is unknown and `needs_year` set, until ledger_pin brings the calendar. The terms record the hash of the
 * calendar last used.
 *
 * Plain data in an arena, which must outlive it; a copy of the struct shares the lists. Times are ms since
 * 1970 UTC, in the years CIVIL_YEAR_MIN ... MAX.
 */
#pragma once

#include "tocsin/buf.h"
#include "tocsin/calendar.h"
#include "tocsin/value.h"

#define LEDGER_OPEN INT64_MAX   /* an end that has not come */
#define LEDGER_ENTRIES_MAX 1000 /* pauses, voids and terms, each */
#define LEDGER_TEXT_MAX 200     /* bytes of a name or cause; longer ones are clipped */
#define LEDGER_PERCENTS_MAX 32
#define LEDGER_PERCENT_MAX 1000

/* A threshold, for instance 75 or 150, and the rule that is asked there (NULL: none). */
struct ledger_percent {
	int percent; /* 1 ... LEDGER_PERCENT_MAX */
	const char *rule;
};

/* What was promised: pinned data, never a pointer into rules. */
struct ledger_terms {
	int64_t at_ms; /* since when */
	int64_t goal;  /* ms for hours, so that half an hour can be promised; counted days for days */
	enum unit unit;
	const char *calendar; /* its name, or NULL */
	bool has_hash;
	uint8_t hash[SHA256_LEN];              /* calendar_hash of the one used */
	const struct ledger_percent *percents; /* not descending */
	uint32_t n_percents;
};

struct ledger_span {
	int64_t from_ms, to_ms; /* [from, to), to_ms may be LEDGER_OPEN */
	const char *cause;
};

/* An instant of the future, as known now. */
struct ledger_due {
	bool is_known;
	bool is_paused; /* at_ms is moving, and what it would be if the pause ended now: show it, arm nothing
			 */
	int needs_year; /* if not known: the calendar has no data for this year */
	int64_t at_ms;
};

struct ledger {
	struct arena *arena;
	const char *name;
	bool is_statutory; /* cannot be paused */
	int64_t started_ms;
	int64_t stopped_ms;         /* LEDGER_OPEN while it has not */
	struct ledger_terms *terms; /* the last ones hold */
	uint32_t n_terms;
	struct ledger_span *pauses; /* in order; the last may be open */
	uint32_t n_pauses;
	struct ledger_span *voids; /* each within one pause: this part ran */
	uint32_t n_voids;
	struct ledger_due due;
};

/*
 * Start a clock. Of `terms` at_ms and hash are filled in; texts are copied. -1 with ERR_BAD_REQUEST for a
 * goal, unit, percentage or instant out of range.
 */
int ledger_start(struct ledger *, struct arena *, const char *name, bool is_statutory,
	const struct ledger_terms *terms, const struct calendar *, int64_t at_ms, struct err *) MUST_CHECK;

/*
 * Each returns 0, or -1 with ERR_REJECTED that names the clock and says why: statutory, not in that state,
 * at_ms before its last change, or full; then nothing has changed.
 */
int ledger_pause(
	struct ledger *, const struct calendar *, int64_t at_ms, const char *cause, struct err *) MUST_CHECK;
int ledger_resume(struct ledger *, const struct calendar *, int64_t at_ms, struct err *) MUST_CHECK;
/* Ends an open pause, too. A stopped clock takes no more changes but void and pin. */
int ledger_stop(struct ledger *, const struct calendar *, int64_t at_ms, struct err *) MUST_CHECK;
/* New terms for the whole ledger, from its start; also ERR_BAD_REQUEST as ledger_start. */
int ledger_regoal(struct ledger *, const struct ledger_terms *, const struct calendar *, int64_t at_ms,
	struct err *) MUST_CHECK;
/*
 * Whatever was paused in [from_ms, to_ms) counts after all, for instance since the customer's answer lay
 * unread; to_ms LEDGER_OPEN = until that pause ends. *voided_ms (elapsed time) as of now_ms is what this call
 * took away. Rejected if nothing was.
 */
int ledger_void(struct ledger *, const struct calendar *, int64_t from_ms, int64_t to_ms, int64_t now_ms,
	const char *cause, int64_t *voided_ms, struct err *) MUST_CHECK;
/* Compute due anew: the missing year has arrived, or an explicit re-pin to a changed calendar. */
void ledger_pin(struct ledger *, const struct calendar *, int64_t now_ms);

/*
 * A goal as rules write it, a number of units, as terms keep it. Hours may be a fraction. -1 with
 * ERR_BAD_REQUEST for another type, a fraction of a day, or a number out of range.
 */
int ledger_goal(const struct value *goal, enum unit, int64_t *count, struct err *) MUST_CHECK;

/* The terms that hold. */
const struct ledger_terms *ledger_terms(const struct ledger *);
bool ledger_is_paused(const struct ledger *);
bool ledger_is_stopped(const struct ledger *);

/*
 * The instant at which `percent` of the goal is used up. Hours: that point on the ledger. Days: the end of
 * counted day ceil(percent * goal / 100). At 100 it is `due` computed with this calendar. As of now_ms: an
 * open pause lasts until then, and what is later does not exist.
 */
struct ledger_due ledger_percent_at(
	const struct ledger *, const struct calendar *, int percent, int64_t now_ms);

/* What has been used up, in the clock's own unit: ms for hours, days that are over for days. */
struct ledger_elapsed {
	int64_t counted;
	int64_t paused;
	int64_t voided_ms; /* elapsed time in any unit */
};

/* As of at_ms, or of the stop if that was before. -1 with ERR_REJECTED (calendar_is_missing). */
int ledger_elapsed(const struct ledger *, const struct calendar *, int64_t at_ms, struct ledger_elapsed *,
	struct err *) MUST_CHECK;

/*
 * As a map, for people: {name, statutory, started, stopped?, terms=[{at, goal, unit, calendar?, sha256?,
 * percents=[{percent, rule?}…]}…], pauses=[[from, to|nil, cause]…], voids=[…], due?, needs_year?, paused}.
 * Texts borrow from the ledger. As bytes for a row: ledgers.h.
 */
struct value ledger_to_value(struct arena *, const struct ledger *);

/* NULL, or which invariant of the ledger does not hold. */
const char *ledger_check(const struct ledger *);
