/*
 * The only source of time. Everything takes `now_ms`, integer milliseconds since 1970 UTC, from here.
 *
 * `now` never goes back: while the wall clock is behind, now = last + monotonic elapsed. A forward step of
 * more than CLOCK_STEP_MS that is not downtime makes the clock suspect: now continues on monotonic time
 * until clock_accept. A virtual clock moves only by clock_advance_to.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/err.h"

#define CLOCK_STEP_MS (60 * 60 * 1000)

struct clock {
	bool is_virtual;
	bool is_suspect;                 /* a forward step over CLOCK_STEP_MS waits for clock_accept */
	int64_t now_ms;                  /* as of the last clock_tick */
	int64_t wall_ms;                 /* raw wall clock at the last tick; for messages */
	int64_t mono_ms;                 /* monotonic at the last tick */
	int64_t (*read_wall_ms)(void *); /* replaced in tests */
	int64_t (*read_mono_ms)(void *);
	void *udata;
};

/* A real clock, already ticked; never before `floor_ms` (the last entry's now; 0 if none). */
void clock_init_real(struct clock *, int64_t floor_ms);

/* A virtual clock standing at max(start_ms, floor_ms). */
void clock_init_virtual(struct clock *, int64_t start_ms, int64_t floor_ms);

/* Read the time once per turn; returns now_ms. */
int64_t clock_tick(struct clock *);

/* Believe the wall clock again after a suspect step; returns the new now_ms. */
int64_t clock_accept(struct clock *);

/* Move a virtual clock forward to to_ms; earlier than now_ms is a no-op. */
void clock_advance_to(struct clock *, int64_t to_ms);

/* Monotonic microseconds for measuring durations (statistics only, never decisions). */
int64_t clock_mono_us(void);
/* Microseconds of CPU that the calling thread has had: what it did, whatever else the machine did meanwhile. */
int64_t clock_thread_us(void);

/* "2026-09-22T10:00:00.000+08:00" in the process zone (clock_zone_set) into out; returns out. */
char *clock_format(int64_t at_ms, char out[40]);

/*
 * Parse ISO 8601: "2026-09-22T10:00[:SS[.mmm]][Z|+08:00]" or "2026-09-22". Without an offset the process zone
 * counts; a non-existing local time is its first valid instant, an ambiguous one the earlier. 0, or -1 with
 * ERR_BAD_REQUEST.
 */
int clock_parse(const char *text, int64_t *at_ms, struct err *) MUST_CHECK;

#define ZONE_DEFAULT "Asia/Shanghai"
/* Set the process zone by tzdata name, for example "Asia/Shanghai"; called once by main before threads. */
int clock_zone_set(const char *name, struct err *) MUST_CHECK;
/* Its name, "" if none was set. */
const char *clock_zone(void);
