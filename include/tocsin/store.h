/*
 * The store: journal + memory tables over LMDB tables, as one ordered key/value space of named tables. Engine
 * thread only, except where said.
 *
 *   tx_put/tx_del  stage in the call's own overlay
 *   tx_commit      publishes into the active memory table (cannot fail) and makes one entry
 *   store_turn_end hands the turn's entries to the journal; freezes the memory table when it is due
 *   checkpoint     (own thread) writes a frozen table to LMDB once the journal is durable up to its last entry
 *
 * Reads see: the call's overlay, active, frozen, LMDB, in that order. Slices returned by reads stay valid until
 * store_turn_end (LMDB's read transaction is renewed there).
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
	TABLE(TICKET, "be64 id -> MessagePack map, the ticket as ticket.get shows it")                       \
	TABLE(INDEX, "index byte, fields, be64 id -> empty (desk/index.h draws each)")                       \
	TABLE(EVENT, "be64 seq -> entry head and event part (owned by the store)")                           \
	TABLE(TICKET_EVENT, "be64 ticket id, be64 seq -> empty; a ticket's history")                         \
	TABLE(TIMER, "be64 due_ms, be64 timer id -> MessagePack map (timer/due.h)")                          \
	TABLE(REQUEST, "16 bytes of SHA-256(person, method, request_id) -> MessagePack map")                 \
	TABLE(REFERENCE, "channel 0x00 source_ref -> be64 ticket id")                                        \
	TABLE(PACK, "be32 generation -> MessagePack map; 'f' SHA-256 -> file bytes")                         \
	TABLE(CONSUMER, "consumer name -> MessagePack map {acked, …}")                                       \
	TABLE(TASK, "be64 task id -> MessagePack map; the outbox")                                           \
	TABLE(PERSON, "name -> MessagePack map; runtime facts such as tokens' last use")                     \
	TABLE(COUNTER, "text -> MessagePack; absolute values, never increments")

enum table {
#define TABLE(name, help) TABLE_##name,
	TABLES(TABLE)
#undef TABLE
		N_TABLES
};

const char *table_name(enum table);

struct store;

struct store_config {
	const char *dir;            /* created 0700 when missing; holds LOCK, tables.mdb, journal/ */
	uint64_t map_bytes;         /* address space of LMDB; default 64 GiB */
	uint64_t freeze_bytes;      /* default 64 MiB */
	int64_t freeze_ms;          /* default 30,000 */
	uint64_t stop_bytes;        /* active above this stops reading sockets; default 256 MiB */
	uint64_t stop_undurable_bytes; /* default 8 MiB */
	uint64_t segment_bytes;     /* of the journal; default 16 MiB */
	struct rng *rng;            /* salts, journal id */
	struct journal_sim *sim;    /* non-NULL: simulated journal, tables in memory of the sim too */
	bool is_checkpoint_inline;  /* simulation: no threads, checkpoint inside store_turn_end */
	void (*on_publish)(void *udata, enum table table, struct slice key, const struct slice *val); /* NULL val: deleted */
	void *udata;
};

/*
 * Lock the directory, open tables, replay the journal behind the watermark. Refuses, each with ERR_STORAGE and a
 * text that names the cause and the cure: a directory owned by another process, a network file system, an
 * unknown format, a journal that is not the tables' own, a corrupt journal. A read-only or full disk opens read-only.
 */
int store_open(struct store **out, const struct store_config *config, struct err *e) MUST_CHECK;
/* Makes everything durable, checkpoints, closes. */
void store_close(struct store *);

bool store_is_read_only(const struct store *, struct err *why);
/* Whether a changing call may be taken now: 0, or -1 with ERR_READ_ONLY or ERR_STORAGE. */
int store_accepts(struct store *, struct err *e) MUST_CHECK;
/* True while sockets should not be read (memory or undurable bytes over their marks). */
bool store_is_behind(const struct store *);

uint64_t store_last_seq(const struct store *);   /* of the last committed call */
int64_t store_last_at_ms(const struct store *);  /* its time; the clock's floor */
uint64_t store_durable_seq(const struct store *);
/* Readable when durability moved, or a checkpoint finished; call store_poll then. */
int store_event_fd(const struct store *);
/* 0, or -1 when the journal is lost: send nothing, close all, exit 74. */
int store_poll(struct store *, struct err *e) MUST_CHECK;
/* End of a turn. Slices die here. */
void store_turn_end(struct store *, int64_t now_ms);
/* Block until everything committed so far is durable (shutdown, clock.advance, tests). */
int store_flush(struct store *, struct err *e) MUST_CHECK;
/* Checkpoint everything now and wait (backup, tests). */
int store_checkpoint(struct store *, struct err *e) MUST_CHECK;

/* ---- reading: 1 found, 0 not there, -1 with err (a record whose CRC fails, an I/O error) ------------------ */
int store_get(struct store *, enum table, struct slice key, struct slice *val, struct err *e) MUST_CHECK;

/* Ordered scan of [from, to); to.p == NULL: to the end of the table. Merges all layers, skips deleted keys. */
struct tx;
struct scan {
	struct store *store;
	struct tx *tx; /* or NULL */
	enum table table;
	bool is_reverse;
	struct slice from, to;
	void *state; /* private */
	struct slice key, val; /* current row after scan_next returned 1 */
};
void scan_init(struct scan *, struct store *, struct tx *, enum table, struct slice from, struct slice to, bool is_reverse);
int scan_next(struct scan *, struct err *e) MUST_CHECK; /* 1 row, 0 end, -1 error */
void scan_fini(struct scan *);

/* The event part inside a row of TABLE_EVENT; empty when it was erased by law. */
struct slice store_event_part(struct slice row);

/* ---- a call's transaction ------------------------------------------------------------------------------- */
/* One at a time. Its arena is the call's arena; key and value bytes are copied. */
struct tx *tx_begin(struct store *, int64_t now_ms);
int tx_get(struct tx *, enum table, struct slice key, struct slice *val, struct err *e) MUST_CHECK;
void tx_put(struct tx *, enum table, struct slice key, struct slice val);
void tx_del(struct tx *, enum table, struct slice key);
bool tx_is_empty(const struct tx *);
uint64_t tx_seq(const struct tx *); /* the seq that tx_commit will give */
/* Publish everything and make the entry with this event part. Returns its seq. Consumes tx. Cannot fail. */
uint64_t tx_commit(struct tx *, struct slice event);
void tx_abort(struct tx *);

/* ---- care ----------------------------------------------------------------------------------------------- */
struct store_stats {
	struct journal_stats journal;
	uint64_t n_rows[N_TABLES]; /* in LMDB */
	uint64_t active_bytes, frozen_bytes, tables_bytes, n_checkpoints, checkpoint_ms_last;
	uint64_t head_seq;
	uint8_t head_chain[SHA256_LEN];
	uint64_t watermark_seq;
	uint8_t journal_id[JOURNAL_ID_LEN];
};
void store_stats(struct store *, struct store_stats *out);

/*
 * Online copy into a new directory (worker thread): checkpointed tables, compacted, with a MANIFEST {head seq, chain, sizes,
 * SHA-256}. The directory must not exist.
 */
int store_backup(struct store *, const char *dir, struct err *e) MUST_CHECK;
/* Verify a backup, then make `dir` a data directory with a new journal id whose outbound work starts paused (META "outbound" = "paused"). */
int store_restore(const char *backup_dir, const char *dir, struct rng *, struct err *e) MUST_CHECK;

/*
 * Offline check of a data directory or backup: every record's CRC, the events' chain, journal records, and — through
 * `check_index`, given by the desk — that the indexes say what the tickets say. Findings go to `say`, one line
 * each; returns their number, or -1 when the directory cannot be opened at all.
 */
int store_fsck(const char *dir, int (*check_index)(void *udata, struct store *, void (*say)(void *, const char *), void *),
	void *udata, void (*say)(void *, const char *), void *say_udata, struct err *e) MUST_CHECK;

/* Erase by law: replace the event part and salt of these entries by nothing; the chain still verifies. */
int store_erase_event(struct store *, uint64_t seq, struct err *e) MUST_CHECK;
