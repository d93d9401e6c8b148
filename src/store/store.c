/* The store between two turns: what is accepted, durable, behind; figures. */
#include "tocsin/store.h"

#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/statvfs.h>

#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define ROOM_FACTOR 4
#define LOOK_AT_ROOM_US (500 * 1000)
#define WAIT_MS 100

bool store_is_read_only(const struct store *s, struct err *why)
{
	if (s->is_read_only)
		*why = s->read_only_why;
	return s->is_read_only;
}

/* ---- room ---------------------------------------------------------------------------------------------- */
/*
 * Room kept: four times what is in memory and what may come before the next look, since pages are written
 * anew before the old ones are free, and are not full. LMDB's address space is finite too.
 */
static void look_at_room(struct store *s)
{
	uint64_t more =
		s->config.freeze_bytes < s->config.stop_bytes ? s->config.freeze_bytes : s->config.stop_bytes;
	uint64_t need = ROOM_FACTOR *
			(s->active->arena.used + (s->frozen != NULL ? s->frozen->arena.used : 0) + more),
		 free_bytes;
	struct tables_stats st;
	struct statvfs fs;

	s->room_why.code = ERR_NONE;
	if (statvfs(s->dir, &fs) != 0)
		return;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	tables_stats(s->tables, &st);
	if (free_bytes < need)
		err_set(&s->room_why, ERR_STORAGE,
			"the disk of %s is nearly full: %ju bytes free, %ju kept for the tables", s->dir,
			(uintmax_t)free_bytes, (uintmax_t)need);
	else if (st.used_bytes + need > st.map_bytes)
		err_set(&s->room_why, ERR_STORAGE,
			"tables.mdb is nearly full: %ju of %ju bytes used; raise tables-space",
			(uintmax_t)st.used_bytes, (uintmax_t)st.map_bytes);
}

int store_accepts(struct store *s, struct err *e)
{
	struct checkpoint *c = &s->checkpoint;
	int64_t now_us = clock_mono_us();

	if (store_is_read_only(s, e) || journal_accepts(s->journal, e) != 0)
		return -1;
	if (s->room_at_us == 0 || now_us - s->room_at_us >= LOOK_AT_ROOM_US) {
		s->room_at_us = now_us;
		look_at_room(s);
	}
	if (s->room_why.code != ERR_NONE) {
		*e = s->room_why;
		return -1;
	}
	if (s->active->arena.used <= s->config.stop_bytes)
		return 0;
	pthread_mutex_lock(&c->lock);
	*e = c->why;
	pthread_mutex_unlock(&c->lock);
	if (e->code == ERR_NONE)
		return err_set(e, ERR_BUSY, "the tables are behind: %zu bytes wait to be written; try again",
			s->active->arena.used);
	return err_prefix(e, "memory is full and no checkpoint succeeds");
}

bool store_is_behind(const struct store *s)
{
	if (s->is_read_only)
		return false;
	return s->active->arena.used > s->config.stop_bytes ||
	       journal_queued_bytes(s->journal) > s->config.stop_undurable_bytes ||
	       journal_is_behind(s->journal);
}

uint64_t store_entry_max(const struct store *s)
{
	return s->journal != NULL ? journal_entry_max(s->journal) : 0;
}

/* ---- progress ------------------------------------------------------------------------------------------ */
uint64_t store_last_seq(const struct store *s)
{
	return s->last_seq;
}

int64_t store_last_at_ms(const struct store *s)
{
	return s->last_at_ms;
}

uint64_t store_durable_seq(const struct store *s)
{
#ifdef MUTANT_TELL_EARLY /* planted defect: what is committed is told before it is durable */
	return s->last_seq;
#endif
	return s->journal != NULL ? journal_durable_seq(s->journal) : s->last_seq;
}

int store_event_fd(const struct store *s)
{
	return s->poll_fd;
}

int store_poll(struct store *s, struct err *e)
{
	eventfd_t n;

	(void)!eventfd_read(s->event_fd, &n);
	if (s->journal == NULL)
		return 0;
	journal_event_clear(s->journal);
	if (journal_fate(s->journal, e) == JOURNAL_LOST)
		return -1;
	checkpoint_push(s);
	return 0;
}

static bool freeze_is_due(const struct store *s)
{
	const struct memtab *m = s->active;

	if (m->last == NULL)
		return false;
	return m->arena.used >= s->config.freeze_bytes || s->now_ms - m->since_ms >= s->config.freeze_ms ||
	       atomic_load(&s->wanted_seq) > s->mark.seq;
}

void store_turn_end(struct store *s, int64_t now_ms)
{
	must(!s->tx.is_open);
	s->now_ms = now_ms;
	arena_reset(&s->reads);
	arena_reset(&s->staged);
	if (s->journal == NULL)
		return;
	if (s->n_batch > 0) {
		journal_append(s->journal, s->batch, s->n_batch);
		s->n_batch = 0;
		atomic_store(&s->shared_last_seq, s->last_seq);
	}
	checkpoint_collect(s);
	if (freeze_is_due(s))
		checkpoint_freeze(s);
	checkpoint_push(s);
}

static void wait_for_journal(struct store *s)
{
	struct pollfd p = {.fd = journal_event_fd(s->journal), .events = POLLIN};

	if (s->config.sim != NULL)
		journal_sim_step(s->journal);
	else if (poll(&p, 1, WAIT_MS) > 0)
		journal_event_clear(s->journal);
}

int store_flush(struct store *s, struct err *e)
{
	if (s->journal == NULL)
		return 0;
	store_turn_end(s, s->now_ms);
	while (journal_fate(s->journal, e) != JOURNAL_LOST && journal_durable_seq(s->journal) < s->last_seq)
		wait_for_journal(s);
	eventfd_write(s->event_fd, 1); /* the loop still has to answer what became durable here */
	return journal_fate(s->journal, e) == JOURNAL_LOST ? -1 : 0;
}

int store_checkpoint(struct store *s, struct err *e)
{
	if (s->journal == NULL)
		return 0;
	s->retry_ms = s->now_ms;
	if (store_flush(s, e) != 0 || checkpoint_wait(s, e) != 0)
		return -1;
	checkpoint_freeze(s);
	return checkpoint_wait(s, e);
}

void store_stats(struct store *s, struct store_stats *out)
{
	struct tables_stats tables;

	memset(out, 0, sizeof(*out));
	tables_stats(s->tables, &tables);
	memcpy(out->n_rows, tables.n_rows, sizeof(out->n_rows));
	out->tables_bytes = tables.used_bytes;
	out->active_bytes = s->active->arena.used;
	out->frozen_bytes = s->frozen != NULL ? s->frozen->arena.used : 0;
	out->n_checkpoints = s->n_checkpoints;
	out->watermark_seq = s->mark.seq;
	memcpy(out->journal_id, s->mark.journal_id, JOURNAL_ID_LEN);
	pthread_mutex_lock(&s->checkpoint.lock);
	out->checkpoint_ms_last = (uint64_t)s->checkpoint.took_ms;
	out->n_checkpoint_failures = s->checkpoint.n_failed;
	pthread_mutex_unlock(&s->checkpoint.lock);
	if (s->journal == NULL) {
		out->head_seq = s->last_seq;
		memcpy(out->head_chain, s->active->last != NULL ? s->active->last->chain : s->mark.chain,
			SHA256_LEN);
		return;
	}
	journal_stats(s->journal, &out->journal);
	journal_head(s->journal, &out->head_seq, out->head_chain);
}
