/*
 * Inside the store. Threads: the engine thread owns everything here; the checkpoint thread reads one frozen
 * memory table and writes LMDB (checkpoint.c); backup reads LMDB from any thread.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/memtab_int.h"
#include "store/tables_int.h"
#include "tocsin/store.h"

#define N_SALTS 64

struct tx {
	struct store *store;
	bool is_open;
	int64_t now_ms;
	struct rows over[N_TABLES];
	struct row *first, **tail; /* every staged row once, in order of staging */
	bool is_marked;
	struct row **mark;  /* tail at tx_mark */
	struct undo *undos; /* what rows from before it said, the newest first */
};

enum checkpoint_state {
	CHECKPOINT_IDLE,
	CHECKPOINT_WORKING, /* the thread reads `job` */
	CHECKPOINT_DONE     /* committed; the loop has not dropped the frozen table yet */
};

struct checkpoint {
	bool has_thread;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;  /* to the thread: a job, stop */
	pthread_cond_t moved; /* to who waits: done, or failed once more */
	enum checkpoint_state state;
	bool is_stopping, is_hurried;
	const struct memtab *job;
	struct tables_mark job_mark;
	struct err why; /* of the last failure; ERR_NONE when the last one succeeded */
	uint64_t n_failed;
	int64_t took_ms;
	uint64_t done_seq; /* LMDB holds everything up to here */
};

struct store {
	struct store_config config;
	char *dir;
	int lock_fd, poll_fd, event_fd;
	bool is_read_only;
	struct err read_only_why;
	bool is_refused; /* read-only since the disk took nothing at start */
	struct tables *tables;
	struct tables_view *view;
	struct journal *journal; /* NULL when read-only: it was read, then closed */
	struct memtab *active, *frozen, *spare;
	struct tx tx;
	struct arena staged;  /* rows and nodes of tx.over, of all calls of this turn */
	struct arena reads;   /* chunked values of this turn */
	struct entry **batch; /* of this turn */
	uint32_t n_batch, batch_cap;
	uint8_t salts[N_SALTS][ENTRY_SALT];
	uint32_t n_salts;
	uint64_t last_seq;
	int64_t last_at_ms, now_ms;
	struct tables_mark mark; /* of what LMDB held when the view was renewed */
	struct checkpoint checkpoint;
	uint64_t n_checkpoints;
	int64_t retry_ms, room_at_us;     /* inline checkpoints; last look at the disk */
	struct err room_why;              /* no room for the tables; ERR_NONE: enough */
	_Atomic uint64_t shared_last_seq; /* for backup */
	_Atomic uint64_t wanted_seq;      /* backup asks for a checkpoint up to here */
};

/* What a memory table keeps when it is emptied: it goes on growing after it is due while a checkpoint runs.
 */
static inline size_t memtab_keep(const struct store_config *c)
{
	return c->freeze_bytes + c->freeze_bytes / 2;
}

/* ---- lock.c */
/*
 * Own the directory: makes it when missing, refuses network file systems and a second owner. *out_fd < 0
 * afterwards: read-only medium without a LOCK.
 */
int dir_lock(const char *dir, int *out_fd, struct err *e) MUST_CHECK;

/* ---- store_open.c */
/* As store_open, but read-only and without the lock, for who holds it (fsck). */
int store_open_to_look(struct store **out, const struct store_config *, struct err *e) MUST_CHECK;

/* ---- checkpoint.c */
void checkpoint_init(struct store *);
void checkpoint_start_thread(struct store *);
/* Ends the thread after the job in hand; a job that fails is given up (the journal has it all). */
void checkpoint_fini(struct store *);
/* Wait on `cond`, lock held, at most until that monotonic time: 0, or ETIMEDOUT. */
int checkpoint_sleep(struct checkpoint *, pthread_cond_t *cond, int64_t until_us);
/* Somebody waits: no pause before the next try. Lock held. */
void checkpoint_hurry(struct checkpoint *);
/* Active becomes frozen, if there is something in it and nothing is frozen. */
void checkpoint_freeze(struct store *);
/* Hand the frozen table over once the journal is durable up to its last entry. */
void checkpoint_push(struct store *);
/* End of turn: if it is in LMDB, renew the view, then drop it. */
void checkpoint_collect(struct store *);
/* Wait until nothing is frozen; -1 if it fails meanwhile. */
int checkpoint_wait(struct store *, struct err *e) MUST_CHECK;

/* ---- for simulation and tests */
struct journal *store_journal(struct store *);
/* The machine stops: memory is gone, LMDB holds the last checkpoint, the simulated journal what survives.
 * Frees the store. */
void store_crash(struct store *, struct rng *);
