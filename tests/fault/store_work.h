/*
 * The work that the whole store's fault tests have it do. A writer runs in rounds (a round ends with a cut, a
 * fault or a kill); what the call of entry SEQ changes and says follows from (round, seq), so that a checker
 * can tell what it found and what the tables must hold then.
 *
 * Notes of the writer, one line each:
 *   have ROUND SEQ   the store was opened with that last entry: durable
 *   try ROUND SEQ    about to commit it
 *   ack ROUND SEQ    this round's entries up to SEQ are durable
 */
#pragma once

#include <stdint.h>

#include "tocsin/store.h"

#define STORE_WORK_SEQS 524288
#define STORE_WORK_ROUNDS 256

struct store_notes {
	uint64_t acked;                                        /* highest */
	uint8_t tried[STORE_WORK_SEQS][STORE_WORK_ROUNDS / 8]; /* by seq: bit of each round that tried it */
	uint16_t ack_round[STORE_WORK_SEQS]; /* by seq: 1 + the round that acknowledged it; 0: not yet */
};

/* Take in notes; exits on a line that is none. */
void store_notes_add(struct store_notes *, const char *text, size_t n);
void store_notes_load(struct store_notes *, const char *path);

/* Small limits: checkpoints every few calls, segments of 32 KiB. */
struct store_config store_work_config(const char *dir, struct rng *);
/* The next call of a round. Returns its seq. */
uint64_t store_work_call(struct store *, uint32_t round);

/*
 * Open the store and compare: acknowledged ⊆ there ⊆ tried, every event's bytes, every row of the tables;
 * then go on with one more call unless read-only, close, and check every page. 0, or -1 with the reason
 * printed.
 */
int store_work_check(const char *dir, const struct store_notes *);
