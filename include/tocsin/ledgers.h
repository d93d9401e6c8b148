/*
 * The clocks of one ticket as bytes, as its row keeps them: the ledgers, and beside each the percentage it
 * waits for. Names of clocks, rules and calendars, and a calendar's hash, are numbers of a lexicon; what has
 * none there, and causes, stand once.
 *
 *   version 2, varint n, varint base_ms, n records of {varint bytes, head, ledger}
 *   head    flags, name, [varint percent, varint instant]   enough to know what is due next
 *   a text  varint 0: none; 1: varint bytes, text; 2k: number k of the lexicon; 2k + 1: the k-th written out
 * here
 *
 * Instants are differences to base_ms (the start of the first clock) or to the start of their own. The bytes
 * are canonical: whatever is accepted is written as the same bytes again.
 */
#pragma once

#include "tocsin/ledger.h"
#include "tocsin/lexicon.h"

#define LEDGERS_MAX 256 /* clocks of a ticket */

struct ledger_slot {
	struct ledger ledger;
	int armed_percent; /* the next one to fire; 0: none */
	int64_t armed_ms;  /* when; may be past */
};

/* At least one clock, each as ledger_check wants it, of different names. The lexicon may be NULL. */
void ledgers_encode(struct buf *, struct lexicon *, const struct ledger_slot *, uint32_t n);
/*
 * 0, or -1 with ERR_INTERNAL that says what is damaged. No bytes: no clocks. The slots are in the arena;
 * texts are copied there, or are the lexicon's.
 */
int ledgers_decode(struct arena *, const struct lexicon *, struct slice bytes, struct ledger_slot **out,
	uint32_t *n, struct err *) MUST_CHECK;

/* ---- without decoding ---------------------------------------------------------------------------------- */
struct ledger_head {
	struct slice name; /* p is NULL when its number is not in the lexicon */
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
	const struct lexicon *lexicon;
};

/* Stand before the first head; on damaged bytes there is none. Whoever needs no names gives no lexicon. */
void ledger_heads_init(struct ledger_heads *, const struct lexicon *, struct slice bytes);
bool ledger_heads_next(struct ledger_heads *, struct ledger_head *);
