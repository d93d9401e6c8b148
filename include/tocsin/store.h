/*
 * The store: journal + memory tables over LMDB tables, as one ordered key/value space of named tables. Engine
 * thread only, except where said.
 *
 *   tx_put/tx_del  stage in the call's own overlay
 *   tx_commit      publishes into the active memory table (cannot fail) and makes one entry
 *   store_turn_end hands the turn's entries to the journal; freezes the memory table when it is due
 *   checkpoint     (own thread) writes a frozen table to LMDB once the journal is durable up to its last
 * entry
 *
 * Reads see: the call's overlay, active, frozen, LMDB, in that order. Slices returned by reads stay valid
 * until store_turn_end (LMDB's read transaction is renewed there).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"
#include "tocsin/journal.h"

/* TABLE(name, what its keys and values are). Order is the format: append only. */
#define TABLES(TABLE)                                                                                        \
	TABLE(META, "text -> bytes; watermark, chain, journal id, format (owned by the store), counters")    \
	TABLE(TICKET, "be64 id -> the ticket (desk/rows/ticket_code.c draws it)")                            \
	TABLE(INDEX, "index byte, fields, be64 id -> empty, of children be64 created (desk/rows/index.c)")   \
	TABLE(EVENT, "be64 seq -> entry head and event part (owned by the store)")                           \
	TABLE(TICKET_EVENT, "be64 ticket id, be64 seq -> empty; a ticket's history but for its beginning")   \
	TABLE(TIMER, "be64 due_ms, be64 ticket or task -> empty; its earliest timer (tocsin/due.h)")         \
	TABLE(REQUEST, "16 bytes of SHA-256(person, method, request_id) -> MessagePack map")                 \
	TABLE(REFERENCE, "channel 0x00 source_ref -> be64 ticket id")                                        \
	TABLE(PACK, "be32 generation -> MessagePack map {files, rules, …}; 'f' SHA-256 -> file bytes")       \
	TABLE(CONSUMER, "consumer name -> MessagePack map {acked, …}")                                       \
	TABLE(TASK, "be64 task id -> map; the outbox, desk/tasks.h")                                         \
	TABLE(PERSON, "name -> MessagePack map; runtime facts such as tokens' last use")                     \
	TABLE(COUNTER, "text -> MessagePack; absolute values, never increments")                             \
	TABLE(SUBSCRIBER, "number -> MessagePack map {city, brand, star, …}; facts from CRM")                \
	TABLE(COUNT, "be64 start of the minute, stream text -> varint (desk/warning/warn_counts.h)")         \
	TABLE(BASELINE, "what was learned of a key or a watch (desk/warning/warn_learn.h)")                  \
	TABLE(WARNING, "'w' key -> MessagePack map; 's' key -> state of its levels (desk/warn.h)")           \
	TABLE(JOB, "index byte, be64 job, … -> map; what is done in slices, desk/jobs.h")                    \
	TABLE(NUMBER, "affected and potential numbers; desk/affected.h")                                     \
	TABLE(SIGNAL, "counts per minute and states of components; desk/signals.h")                          \
	TABLE(CHANGE, "planned work; desk/signals.h")                                                        \
	TABLE(WORD, "be16 number -> text; what rows and index keys name by number (desk/words.h)")           \
	TABLE(HEARD, "be64 incident, number -> map; who heard a prompt and hung up, desk/heard.h")

enum table {
#define TABLE(name, help) TABLE_##name,
	TABLES(TABLE)
#undef TABLE
		N_TABLES
};

const char *table_name(enum table);

#define STORE_KEY_MAX 508                /* bytes of a key, at least 1 */
#define STORE_VAL_MAX (64 * 1024 * 1024) /* bytes of a value; tx_fits is the tighter bound */
#define META_STORE "store"               /* the key in META that belongs to the store alone */

struct store;

struct store_config {
	const char *dir;       /* created 0700 when missing; holds LOCK, tables.mdb, journal/ */
	uint64_t map_bytes;    /* address space of LMDB; default 64 GiB */
	uint64_t freeze_bytes; /* default 64 MiB */
	int64_t freeze_ms;     /* default 30,000 */
	uint64_t stop_bytes;   /* active above this stops reading sockets, and accepting; default 256 MiB */
	uint64_t stop_undurable_bytes; /* waiting for the journal above this stops reading sockets; default 8
					  MiB */
	uint64_t segment_bytes;        /* of the journal; default 16 MiB */
	struct rng *rng;               /* salts, journal id; borrowed */
	struct journal_sim *sim; /* non-NULL: simulated journal; the tables are files in `dir` all the same */
	bool is_checkpoint_inline; /* simulation: no threads, checkpoint inside store_turn_end */
	/* Each change of a commit, in order of staging; NULL val: deleted. Not called by replay: what is
	 * derived is built after opening. */
	void (*on_publish)(void *udata, enum table table, struct slice key, const struct slice *val);
	void *udata;
};

/*
 * Lock the directory, open tables, replay the journal behind the watermark. Refuses, each with ERR_STORAGE
 * and a text that names the cause and the cure: a directory owned by another process, a network file system,
 * an unknown format, a journal that is not the tables' own, a corrupt journal, tables whose last event is not
 * the one their checkpoint wrote. A read-only or full disk opens read-only. No walk over rows: that is tocsin
 * fsck's.
 */
int store_open(struct store **out, const struct store_config *config, struct err *e) MUST_CHECK;
/* Makes everything durable, checkpoints, closes. What cannot be checkpointed stays in the journal. NULL is
 * fine. */
void store_close(struct store *);

bool store_is_read_only(const struct store *, struct err *why);
/* Its disk took nothing when it was opened and would now: close it and open it again. */
bool store_may_write_now(const struct store *);
/*
 * Whether a changing call may be taken now: 0, or -1 with ERR_READ_ONLY; ERR_STORAGE (no room for journal or
 * tables, journal lost, checkpoints fail and memory is full); ERR_BUSY (checkpoints are behind). Cheap: ask
 * for each call.
 */
int store_accepts(struct store *, struct err *e) MUST_CHECK;
/* True while sockets should not be read (memory or undurable bytes over their marks). */
bool store_is_behind(const struct store *);

uint64_t store_last_seq(const struct store *);  /* of the last committed call */
int64_t store_last_at_ms(const struct store *); /* its time; the clock's floor */
uint64_t store_durable_seq(const struct store *);
uint64_t store_entry_max(const struct store *); /* bytes of the largest entry; see tx_fits */
/* Readable when durability moved, or a checkpoint finished or is asked for: call store_poll, end that pass
 * with store_turn_end. */
int store_event_fd(const struct store *);
/* 0, or -1 when the journal is lost: send nothing, close all, exit 74. */
int store_poll(struct store *, struct err *e) MUST_CHECK;
/* End of a turn: entries go to the journal, a due memory table freezes, a finished one is dropped. Slices die
 * here. */
void store_turn_end(struct store *, int64_t now_ms);
/* End the turn and block until everything committed is durable (shutdown, clock.advance, tests). -1: the
 * journal is lost. */
int store_flush(struct store *, struct err *e) MUST_CHECK;
/* Flush, checkpoint everything and wait (shutdown, tests; an online backup needs none). -1: the reason, once
 * it failed. */
int store_checkpoint(struct store *, struct err *e) MUST_CHECK;

/* ---- reading: 1 found, 0 not there, -1 with err (a record whose CRC fails, an I/O error) --------------- */
int store_get(struct store *, enum table, struct slice key, struct slice *val, struct err *e) MUST_CHECK;

/*
 * Ordered scan of [from, to); p == NULL: an open end. Merges all layers, skips deleted keys. Rows that a
 * commit publishes meanwhile may or may not appear. Ends before its turn does. Bounds are borrowed.
 */
struct tx;
struct scan {
	struct store *store;
	struct tx *tx; /* or NULL */
	enum table table;
	bool is_reverse;
	struct slice from, to;
	void *state;           /* private */
	struct slice key, val; /* current row after scan_next returned 1 */
};
void scan_init(struct scan *, struct store *, struct tx *, enum table, struct slice from, struct slice to,
	bool is_reverse);
int scan_next(struct scan *, struct err *e) MUST_CHECK; /* 1 row, 0 end, -1 error */
void scan_fini(struct scan *);

/*
 * The event of an entry: its part (empty when it was erased by law) and its time. Of the head in front of it,
 * event_hash, chain, synced and crc may be read only once the entry is durable: the journal thread fills them
 * in place.
 */
int store_event(struct store *, uint64_t seq, struct slice *event, int64_t *at_ms, struct err *e) MUST_CHECK;
/* The event part inside a row of TABLE_EVENT, for scans. */
struct slice store_event_part(struct slice row);

/* ---- a call's transaction ------------------------------------------------------------------------------ */
/*
 * One at a time, ended in the turn that began it. Key and value bytes are copied, but for the value of
 * tx_put_borrowed, which stays as it is until the commit: for what is large. Calls that change nothing need no
 * tx; an event without changes is a valid entry.
 */
struct tx *tx_begin(struct store *, int64_t now_ms);
int tx_get(struct tx *, enum table, struct slice key, struct slice *val, struct err *e) MUST_CHECK;
void tx_put(struct tx *, enum table, struct slice key, struct slice val);
void tx_put_borrowed(struct tx *, enum table, struct slice key, struct slice val);
void tx_del(struct tx *, enum table, struct slice key);
bool tx_is_empty(const struct tx *);
/*
 * A place to come back to: tx_rewind drops what was staged since tx_mark and nothing else, tx_unmark keeps
 * it. One at a time; scans of the transaction end before tx_rewind.
 */
void tx_mark(struct tx *);
void tx_unmark(struct tx *);
void tx_rewind(struct tx *);
uint64_t tx_seq(const struct tx *); /* the seq that tx_commit will give */
/*
 * Whether the staged changes and an event part of that size fit one entry; ask before tx_commit. -1:
 * ERR_TOO_LARGE.
 */
int tx_fits(const struct tx *, size_t event_n, struct err *e) MUST_CHECK;
/*
 * Erase by law: the event part and salt of a durable entry are replaced by nothing, as a change of this call
 * (whose own event says who and why); event_hash stays, so the chain still verifies. The old bytes leave the
 * files when the journal's segment is recycled and LMDB reuses the page; a fresh backup has none. -1:
 * ERR_NOT_FOUND, ERR_BUSY (not durable yet).
 */
int tx_erase_event(struct tx *, uint64_t seq, struct err *e) MUST_CHECK;
/* Publish everything and make the entry with this event part. Returns its seq. Consumes tx. Cannot fail. */
uint64_t tx_commit(struct tx *, struct slice event);
void tx_abort(struct tx *);

/* ---- care ---------------------------------------------------------------------------------------------- */
struct store_stats {
	struct journal_stats journal;
	uint64_t n_rows[N_TABLES]; /* in LMDB */
	uint64_t active_bytes, frozen_bytes, tables_bytes, n_checkpoints, checkpoint_ms_last;
	uint64_t n_checkpoint_failures; /* in a row */
	uint64_t head_seq;
	uint8_t head_chain[SHA256_LEN];
	uint64_t watermark_seq;
	uint8_t journal_id[JOURNAL_ID_LEN];
};
void store_stats(struct store *, struct store_stats *out);

/*
 * Online copy into a new directory: asks the engine for a checkpoint of everything committed, waits for it,
 * copies the tables compacted, verifies the copy as fsck does, writes MANIFEST {format, head seq and chain,
 * journal id, files with size and SHA-256} last. Worker thread; on the engine thread only right after
 * store_checkpoint. The directory must not exist, or be empty; after a failure it has no MANIFEST. Progress
 * goes to the log.
 */
int store_backup(struct store *, const char *dir, struct err *e) MUST_CHECK;
/*
 * Verify a backup (MANIFEST, digests, every row, the chain), then make `dir`, missing or empty, a data
 * directory with a new journal id whose outbound work starts paused (META "outbound" = "paused").
 */
int store_restore(const char *backup_dir, const char *dir, struct rng *, struct err *e) MUST_CHECK;

/*
 * Offline check of a data directory or backup: every page and row of the tables, the events' chain up to the
 * watermark, journal records, and — through `check_index` (or NULL), given by the desk — that the indexes say
 * what the tickets say. The walk runs in a child process, since a broken tree can crash LMDB: that is a
 * finding too. `check_index` runs there, on a read-only store. Findings go to `say` in the caller, one line
 * each; returns their number, or -1 when the directory cannot be looked at (in use, missing). No other
 * threads may run.
 */
int store_fsck(const char *dir,
	int (*check_index)(void *udata, struct store *, void (*say)(void *, const char *), void *),
	void *udata, void (*say)(void *, const char *), void *say_udata, struct err *e) MUST_CHECK;

/* "0.9.24": the LMDB that was found. Returns out. */
#define STORE_LIBRARY_LEN 48
char *store_library(char out[STORE_LIBRARY_LEN]);
