/*
 * Checkpoints: a frozen memory table becomes part of LMDB, in one transaction with the watermark, once the journal is durable
 * up to its last entry. The loop alone drops the frozen table, after its read snapshot shows what was written.
 */
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define RETRY_MS 1000
#define WAIT_MS 2

int checkpoint_write(struct store *s, const struct memtab *m, struct err *e)
{
	struct tables_head head = {.seq = m->last_seq, .at_ms = s->last_at_ms};
	const struct memtab_row *row;
	uint8_t key[8];
	struct entry entry;

	memcpy(head.journal_id, s->journal_id, JOURNAL_ID_LEN);
	store_be64(key, m->last_seq);
	row = memtab_get(m, TABLE_EVENT, slice_of(key, 8));
	must(row != NULL && row->val.n >= sizeof(entry));
	memcpy(&entry, row->val.p, sizeof(entry));
	memcpy(head.chain, entry.chain, SHA256_LEN);
	head.at_ms = entry.at_ms;
	return tables_write(s->tables, m, &head, e);
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, (ms % 1000) * 1000000};

	nanosleep(&t, NULL);
}

/* 0 when the journal holds everything in it, -1 when it never will (lost, or the store ends). */
static int wait_durable(struct store *s, const struct memtab *m)
{
	struct err why;

	while (journal_durable_seq(s->journal) < m->last_seq) {
		if (journal_fate(s->journal, &why) == JOURNAL_LOST)
			return -1;
		sleep_ms(WAIT_MS);
	}
	return 0;
}

static void write_frozen(struct store *s, const struct memtab *m)
{
	int64_t began_us = clock_mono_us();
	struct err e = {.code = ERR_NONE};
	int rc = wait_durable(s, m) == 0 ? checkpoint_write(s, m, &e) : -1;

	if (rc != 0 && e.code != ERR_NONE)
		log_line(LOG_ERROR, "checkpoint.failed", "seq=%ju error=\"%s\"", (uintmax_t)m->last_seq, e.text);
	pthread_mutex_lock(&s->lock);
	s->checkpoint_why = e;
	s->checkpoint_ms_last = (uint64_t)(clock_mono_us() - began_us) / 1000;
	if (rc == 0)
		s->state = CHECKPOINT_DONE;
	pthread_mutex_unlock(&s->lock);
	if (rc == 0)
		must(eventfd_write(s->done_fd, 1) == 0);
	else if (e.code != ERR_NONE)
		sleep_ms(RETRY_MS);
}

static void *checkpoint_main(void *udata)
{
	struct store *s = udata;
	struct err why;

	pthread_mutex_lock(&s->lock);
	for (;;) {
		const struct memtab *m = s->frozen;

		if (s->is_ending && (s->state != CHECKPOINT_WANTED || journal_fate(s->journal, &why) == JOURNAL_LOST))
			break;
		if (s->state != CHECKPOINT_WANTED) {
			pthread_cond_wait(&s->wake, &s->lock);
			continue;
		}
		if (s->is_ending && s->checkpoint_why.code != ERR_NONE)
			break; /* failing, and nobody waits any more: the journal has it all */
		pthread_mutex_unlock(&s->lock);
		write_frozen(s, m);
		pthread_mutex_lock(&s->lock);
		if (journal_fate(s->journal, &why) == JOURNAL_LOST && s->state == CHECKPOINT_WANTED)
			pthread_cond_wait(&s->wake, &s->lock);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

void checkpoint_start(struct store *s)
{
	must(pthread_create(&s->thread, NULL, checkpoint_main, s) == 0);
	s->has_thread = true;
}

void checkpoint_stop(struct store *s)
{
	if (!s->has_thread)
		return;
	pthread_mutex_lock(&s->lock);
	s->is_ending = true;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->thread, NULL);
	s->has_thread = false;
}

void checkpoint_freeze(struct store *s)
{
	struct memtab *next;

	if (s->frozen != NULL || s->active->last_seq == 0)
		return;
	next = s->spare;
	s->spare = NULL;
	pthread_mutex_lock(&s->lock);
	s->frozen = s->active;
	s->active = next;
	s->state = CHECKPOINT_WANTED;
	pthread_cond_signal(&s->wake);
	pthread_mutex_unlock(&s->lock);
}

bool checkpoint_collect(struct store *s, struct err *e)
{
	bool is_done;
	eventfd_t n;

	pthread_mutex_lock(&s->lock);
	is_done = s->state == CHECKPOINT_DONE;
	if (is_done)
		s->state = CHECKPOINT_IDLE;
	pthread_mutex_unlock(&s->lock);
	if (!is_done || tables_view_renew(s->view, e) != 0)
		return false;
	if (eventfd_read(s->done_fd, &n) != 0)
		n = 0; /* already read */
	s->watermark_seq = s->frozen->last_seq;
	s->n_checkpoints++;
	journal_trim(s->journal, s->watermark_seq);
	memtab_reset(s->frozen);
	s->spare = s->frozen;
	s->frozen = NULL;
	return true;
}
