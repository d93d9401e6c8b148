/*
 * The clocks of one ticket as bytes, as its row keeps them: the ledgers, and beside each the percentage it
 * waits for. Names of rules, calendars and causes stand once.
 *
 *   version 1, varint n, varint base_ms, n records of {varint bytes, head, ledger}
 *   head    flags, varint name_n, name, [varint percent, varint instant]   enough to know what is due next
 *
 * Instants are differences to base_ms (the start of the first clock) or to the start of their own. The bytes
 * are canonical: whatever is accepted is written as the same bytes again.
 */
#pragma once

#include "tocsin/ledger.h"

#define LEDGERS_MAX 256 /* clocks of a ticket */

struct ledger_slot {
	struct ledger ledger;
	int armed_percent; /* the next one to fire; 0: none */
	int64_t armed_ms;  /* when; may be past */
};

/* At least one clock, each as ledger_check wants it, of different names. */
void ledgers_encode(struct buf *, const struct ledger_slot *, uint32_t n);
/*
 * 0, or -1 with ERR_INTERNAL that says what is damaged. No bytes: no clocks. The slots are in the arena;
 * texts are copied there.
 */
int ledgers_decode(
	struct arena *, struct slice bytes, struct ledger_slot **out, uint32_t *n, struct err *) MUST_CHECK;

/* ---- without decoding --------------------------------------------------------------------------------- */
struct ledger_head {
	struct slice name;
	bool is_stopped;
	bool is_due_known, is_due_paused; /* of struct ledger_due */
	int armed_percent;
	int64_t armed_ms;
	uint8_t flags;     /* private */
	struct slice rest; /* of the record */
};

struct ledger_heads {
	struct slice rest;
	int64_t base_ms;
	uint32_t left; /* records not yet seen */
};

/* Stand before the first head; on damaged bytes there is none. */
void ledger_heads_init(struct ledger_heads *, struct slice bytes);
bool ledger_heads_next(struct ledger_heads *, struct ledger_head *);
