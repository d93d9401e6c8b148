/*
 * The work that the journal's fault tests have it do. A writer runs in rounds (a round ends with a cut or a
 * fault); every entry's bytes follow from (round, seq), so that a checker can tell what it found.
 *
 * Notes of the writer, one line each:
 *   open                 opening succeeded: the journal's id counts as recorded
 *   have ROUND SEQ       the entry was replayed; durable
 *   try ROUND FROM TO    about to hand these over
 *   ack ROUND SEQ        this round's entries up to SEQ are durable
 *   mark SEQ CHAIN       the tables hold everything up to SEQ: trimming follows
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/journal.h"

#define WORK_MAX 4096 /* bytes of the longest event */
#define WORK_SEQS 65536

struct work_notes {
	bool is_open;
	uint64_t mark_seq;
	uint8_t mark_chain[SHA256_LEN];
	uint32_t n_rounds;
	uint64_t acked; /* highest */
	uint64_t tried;
	uint64_t try_rounds[WORK_SEQS]; /* by seq: bit of each round that handed it over */
	uint8_t ack_round[WORK_SEQS];   /* by seq: 1 + the round it was acknowledged in; 0 not */
};

/* The event part of an entry; out holds WORK_MAX. Returns its length. */
size_t work_event(uint32_t round, uint64_t seq, uint8_t *out);
struct entry *work_entry(uint32_t round, uint64_t seq);
/* The round an entry is from, when its event is exactly what that round wrote; -1 when it is not. */
int work_round(const struct entry *);

/* Take in notes; exits on a line that is none. */
void work_notes_add(struct work_notes *, const char *text, size_t n);

/* What the tables would tell the journal. */
void work_config(struct journal_config *, const char *dir, const struct work_notes *);

/*
 * Open the journal in dir as the notes say, read-only when told, and compare: acknowledged ⊆ recovered ⊆
 * attempted, in order, bytes exact. When not read-only, also write a little and open once more. 0, or -1 with
 * the reason printed.
 */
int work_check(const char *dir, const struct work_notes *, bool is_read_only);
