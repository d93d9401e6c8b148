/*
 * Durable timers: rows of TABLE_TIMER, the near ones cached in the wheel. Loop thread.
 *
 *   key    be64 due_ms, be64 id: one row an id at most: a ticket, or a task of the outbox
 *   value  nothing: what is due then stands in the ticket or task
 *
 * The wheel holds what is due within DUE_HORIZON_MS, of many the first DUE_ROOM or so; the rest is fetched as
 * time goes. Who fires a timer
 * takes its row away, or writes the next one of that id, in the same entry as the effects: fired exactly once
 * in effect. The wheel has let go of what it hands out, so a next row of the same instant must be written
 * again.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tocsin/store.h"

#define DUE_HORIZON_MS (2 * 60 * 60 * 1000)
#define DUE_ROOM 65536
#define DUE_KEY_LEN 16

struct due;

/* Reads the first rows. 0, or -1 from the store. */
int due_new(struct due **out, struct store *, int64_t now_ms, struct err *e) MUST_CHECK;
void due_free(struct due *);
/* A row of TABLE_TIMER was published (val) or deleted (NULL). */
void due_on_publish(struct due *, struct slice key, const struct slice *val);
/* Earliest instant at which something may be due, INT64_MAX without timers (reads one row beyond the
 * horizon). */
int64_t due_next_ms(struct due *);
/* Call fire for at most max due timers in (due_ms, id) order. Returns how many. The row is still there. */
size_t due_work(struct due *, int64_t now_ms, size_t max,
	void (*fire)(void *udata, int64_t due_ms, uint64_t id), void *udata);
/*
 * The timer that was handed out could not be worked, and its row is still there: hand it out again at at_ms
 * (as due_ms, if it still stands then). After a restart it is due at once.
 */
void due_put_off(struct due *, int64_t due_ms, uint64_t id, int64_t at_ms);
void due_key(uint8_t key[DUE_KEY_LEN], int64_t due_ms, uint64_t id);
/* Compare wheel and rows within the horizon: 0, or -1 naming the first difference. */
int due_audit(struct due *, struct err *e) MUST_CHECK;
size_t due_count(const struct due *);
