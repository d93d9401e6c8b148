/*
 * The journal: what makes an entry durable. Segment files of records (entry.h), zero-filled before use and
 * recycled; one journal thread writes all waiting entries in one write and one fdatasync.
 *
 * A record counts only if its CRC holds and seq = last + 1. What follows the last good record is a bad tail
 * and is zeroed when the journal opens — unless a later valid record proves, by synced >= the missing seq,
 * that the missing one had been acknowledged: then opening refuses, naming segment and offset (corruption,
 * not a crash).
 *
 * A failed write or sync is final: fate JOURNAL_LOST once, nothing more is written; memory is ahead of disk
 * and the process must not answer anybody again (exit 74).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/entry.h"
#include "tocsin/err.h"

#define JOURNAL_ID_LEN 16
#define JOURNAL_FORMAT 3

struct journal;
struct journal_sim;

enum journal_fate { JOURNAL_DURABLE, JOURNAL_LOST };

struct journal_config {
	const char *dir;          /* exists; holds segment files 0000000000000001.seg … */
	uint64_t segment_bytes;   /* default 16 MiB, at least 8 KiB; may differ from last time */
	uint32_t n_free_segments; /* spares kept ready; default 2 */
	/*
	 * The id that the tables hold: a journal with it must be there. All zero (first start, restore):
	 * accept what is found, or create with `new_id` and first entry from_seq + 1; the store records the
	 * id afterwards.
	 */
	uint8_t id[JOURNAL_ID_LEN];
	uint8_t new_id[JOURNAL_ID_LEN]; /* not all zero */
	uint64_t from_seq;              /* entries <= from_seq are already in the tables */
	uint8_t from_chain[SHA256_LEN]; /* chain at from_seq; 32 zero bytes at 0 */
	bool is_read_only;
};

/*
 * Open or create. Calls `replay` for each good entry with seq > from_seq, in order; the entry dies on return;
 * replay returns 0, or -1 to refuse. What was replayed is durable once this returns 0 (not when read-only).
 * 0, or -1 with ERR_STORAGE (corruption, foreign journal id, gap between from_seq and the first segment,
 * tables that are ahead of the journal or of another history, unknown format, I/O error; text names file and
 * offset), or with ERR_READ_ONLY (read-only file system, no permission: open again with is_read_only). A full
 * disk opens unless the first segment must be made; journal_accepts then says no. Starts two threads unless
 * read-only: commit, and care for spares.
 */
int journal_open(struct journal **out, const struct journal_config *config,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata,
	struct err *e) MUST_CHECK;

/* Simulated backend: same interface, memory instead of files, driven by hand; see journal_sim_*. */
int journal_open_sim(struct journal **out, const struct journal_config *config, struct journal_sim *disk,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata,
	struct err *e) MUST_CHECK;

/* Writes what waits, then frees. A lost journal frees at once. NULL is fine. */
void journal_close(struct journal *);

/* The longest record that fits a segment; the caller refuses longer calls before they become an entry. */
uint64_t journal_entry_max(const struct journal *);

/*
 * Hand over entries with consecutive seqs; they stay borrowed, and are not read or written by the caller,
 * until durable. Loop thread. Never blocks. seq, at_ms, event_n, changes_n, salt, length are filled
 * (entry_new); the journal fills the rest. The array itself is copied. A lost journal drops them.
 */
void journal_append(struct journal *, struct entry *const *entries, uint32_t n_entries);

/* Readable when the fate of something changed; the loop then reads journal_durable_seq and journal_fate. */
int journal_event_fd(const struct journal *);
void journal_event_clear(struct journal *);

/* Everything up to here is durable, chain and hash fields of those entries filled. Any thread (acquire). */
uint64_t journal_durable_seq(const struct journal *);
enum journal_fate journal_fate(const struct journal *, struct err *why);

/* Entries <= seq are in the tables: their segments may be recycled. Any thread. */
void journal_trim(struct journal *, uint64_t seq);

/*
 * Whether another batch may be accepted. 0, or -1: ERR_READ_ONLY; ERR_STORAGE when lost, or when spares are
 * missing and none can be made (no room on the disk: tried again at most once a second; any other failure:
 * final). A spare that is just being made is no reason to refuse: the commit waits for it. Loop thread;
 * cheap.
 */
int journal_accepts(struct journal *, struct err *e) MUST_CHECK;

/*
 * True while spares are being made and those at hand hold no more than what waits: the caller hands over
 * nothing until journal_event_fd is readable. Whoever heeds it, with batches that fit one segment, has room
 * for all that was accepted when the disk turns out to be full. Loop thread; cheap.
 */
bool journal_is_behind(struct journal *);

/* Copy the chain after the last durable entry. Any thread. */
void journal_head(struct journal *, uint64_t *seq, uint8_t chain[SHA256_LEN]);

void journal_id(const struct journal *, uint8_t id[JOURNAL_ID_LEN]);

struct journal_stats {
	uint64_t n_entries, n_batches, n_bytes, n_segments, n_free_segments;
	uint64_t queued_bytes; /* handed over, not yet durable */
	int64_t commit_us_p50, commit_us_p99,
		commit_us_max; /* write + fdatasync, over the last 1,024 batches */
};
void journal_stats(struct journal *, struct journal_stats *out);
/* The same queued_bytes alone: cheap, for every turn. */
uint64_t journal_queued_bytes(struct journal *);

/*
 * Simulated disk: holds what was "written" and what was "synced". Appending writes, journal_sim_step syncs
 * and publishes, or loses. journal_sim_crash drops an arbitrary part (chosen by rng) of what was written
 * since the last sync; the journal that was open on it is lost without a word and must be closed. Closing
 * without a crash syncs. One journal at a time on a disk. No threads; deterministic.
 */
struct rng;
struct journal_sim *journal_sim_new(void);
void journal_sim_free(struct journal_sim *);
void journal_sim_step(struct journal *);          /* makes everything appended so far durable */
void journal_sim_fail_next(struct journal_sim *); /* the next step is lost */
void journal_sim_crash(struct journal_sim *, struct rng *);
uint64_t journal_sim_last_seq(const struct journal_sim *); /* what a reopen would find */
