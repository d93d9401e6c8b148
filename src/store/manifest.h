/*
 * MANIFEST of a backup, text, one "word value…" a line, written last:
 *
 *   tocsin-backup 1
 *   head_seq 4711
 *   head_chain 64 hex digits
 *   journal_id 32 hex digits
 *   file tables.mdb 1234567 64 hex digits
 */
#pragma once

#include "store/tables_int.h"

#define MANIFEST "MANIFEST"
#define MANIFEST_FORMAT 1

struct manifest {
	uint64_t head_seq;
	uint8_t head_chain[SHA256_LEN];
	uint8_t journal_id[JOURNAL_ID_LEN];
	uint64_t tables_bytes;
	uint8_t tables_digest[SHA256_LEN];
};

/* Read it, and compare size and digest of the file it names. */
int manifest_verify(const char *dir, struct manifest *out, struct err *e) MUST_CHECK;
