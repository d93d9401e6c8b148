/* What the parts of the journal share: front (journal.c), commit and care threads, recovery, simulation. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "store/segment_int.h"
#include "tocsin/journal.h"

#define N_TIMES 1024

/* Segments in order of their number. */
struct segment_list {
	struct segment *first, *last;
	uint32_t n;
};

void segment_list_push(struct segment_list *, struct segment *);
struct segment *segment_list_pop(struct segment_list *);
void segment_list_free(struct segment_list *);

struct entries {
	struct entry **p;
	uint32_t n, cap;
};

void entries_add(struct entries *, struct entry *const *entries, uint32_t n);

struct journal {
	/* fixed after opening */
	uint8_t id[JOURNAL_ID_LEN];
	int event_fd;
	bool is_read_only;
	bool has_threads;
	int dir_fd;
	uint64_t segment_bytes;
	uint32_t n_free_wanted;
	struct journal_sim *sim;
	pthread_t committer, keeper;

	uint64_t next_seq; /* loop thread: of the next entry handed over */

	_Atomic uint64_t durable_seq;
	_Atomic int fate;

	/* commit thread (before it starts: recovery) */
	struct segment *active; /* the last of in_use */
	struct entries taken;
	struct iovec *iov;
	uint32_t iov_cap;
	uint64_t tail_seq; /* of the last entry written */
	uint8_t tail_chain[SHA256_LEN];
	struct segment_head head; /* of the segment being started; lives until the write is done */

	/* care thread (before it starts: recovery) */
	uint64_t next_number;        /* above every name in the directory */
	struct segment_list surplus; /* to be removed */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t work;  /* to the commit thread: entries, a spare, care gave up, stop */
	pthread_cond_t care;  /* to the care thread: a spare was taken, a segment trimmed, stop */
	bool is_stopping;     /* commit what waits, then end */
	bool is_care_stopping;
	struct entries waiting;
	struct segment_list in_use, spares;
	uint64_t trim_seq;
	enum { CARE_WELL, CARE_RETRY, CARE_GAVE_UP } care_state; /* why spares are missing */
	int64_t care_failed_us;
	struct err care_why, lost_why;
	uint64_t head_seq;
	uint8_t head_chain[SHA256_LEN];
	struct journal_stats stats;
	int64_t times_us[N_TIMES];
};

/* The part that file and simulation share: everything empty, lock and event made. */
struct journal *journal_new(const struct journal_config *);
/* Start at this last entry: durable, head, next. */
void journal_start_at(struct journal *, uint64_t seq, const uint8_t chain[SHA256_LEN]);
/* Make known that everything up to seq is durable. */
void journal_publish(struct journal *, uint64_t seq, const uint8_t chain[SHA256_LEN], uint64_t n_entries,
	uint64_t n_bytes, int64_t took_us);
/* The fate LOST, once and for ever. */
void journal_lose(struct journal *, const struct err *why);
void journal_event_raise(struct journal *); /* any thread */

/* journal_recover.c: read the directory, replay, repair, and set up active, in_use, spares. */
int journal_recover(struct journal *, const struct journal_config *,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata,
	struct err *e) MUST_CHECK;

/* journal_commit.c, journal_care.c: thread bodies; the argument is the journal. */
void *journal_commit_main(void *);
void *journal_care_main(void *);

/* journal_sim.c */
void journal_sim_write(struct journal *, struct entry *const *entries, uint32_t n_entries);
void journal_sim_trim(struct journal_sim *, uint64_t seq);
void journal_sim_detach(struct journal *);
