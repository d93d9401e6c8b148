/* Inside the store: who owns what. The loop owns everything but `frozen` while a checkpoint writes it. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/tables.h"

struct tx {
	struct store *store;
	struct memtab over; /* staged rows */
	int64_t now_ms;
	bool is_open;
};

enum checkpoint_state { CHECKPOINT_IDLE, CHECKPOINT_WANTED, CHECKPOINT_DONE };

struct store {
	struct store_config config;
	char *dir;
	int lock_fd, poll_fd, done_fd;
	bool is_read_only;
	struct err read_only_why;
	struct tables *tables;
	struct tables_view *view;
	struct journal *journal;
	uint8_t journal_id[JOURNAL_ID_LEN];
	struct memtab *active, *frozen, *spare;
	struct tx tx;
	struct arena reads; /* values put together from pieces; until the end of the turn */
	struct entry **batch;
	uint32_t n_batch, batch_cap;
	uint64_t last_seq;
	int64_t last_at_ms;
	int64_t now_ms;
	uint64_t watermark_seq;
	uint64_t n_checkpoints;
	/* checkpoint thread */
	pthread_t thread;
	bool has_thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	enum checkpoint_state state; /* under lock */
	bool is_ending;              /* under lock */
	struct err checkpoint_why;   /* under lock; code 0 when the last one worked */
	uint64_t checkpoint_ms_last; /* under lock */
};

/* store_lock.c: own the directory, refuse network file systems. 0 and the lock's fd, or -1. */
int store_lock_dir(const char *dir, bool is_read_only, int *fd, struct err *e) MUST_CHECK;
/* Put an entry's rows into a memory table (replay and publish). 0, or -1 for broken bytes. */
int entry_apply(struct memtab *, const struct entry *, struct err *e) MUST_CHECK;
/* checkpoint.c */
void checkpoint_start(struct store *);
void checkpoint_stop(struct store *);
/* Hand the active table over if nothing is frozen. */
void checkpoint_freeze(struct store *);
/* Loop: drop what has been written. True if something was. */
bool checkpoint_collect(struct store *, struct err *e);
int checkpoint_write(struct store *, const struct memtab *, struct err *e) MUST_CHECK;
