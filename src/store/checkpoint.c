/*
 * Checkpoints: a frozen memory table becomes part of LMDB, in one transaction with the mark.
 *
 *   engine   freeze at an entry boundary (turn end) · push when the journal is durable up to the last entry ·
 * when it is done, at a turn's end: renew the view, drop the frozen table, trim the journal thread   write
 * the job; a failure is kept, logged and tried again with growing pauses: the frozen table stays, active
 * grows until store_accepts says no; nothing is lost, the journal has it all
 *
 * Inline (simulation): the engine itself writes, at a turn's end.
 */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>

#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define RETRY_MIN_MS 100
#define RETRY_MAX_MS 10000

static int64_t retry_ms(uint64_t n_failed)
{
	int64_t ms = RETRY_MIN_MS;

	for (; n_failed > 1 && ms < RETRY_MAX_MS; n_failed--)
		ms *= 2;
	return ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS;
}

static void mark_of(const struct store *s, const struct memtab *m, struct tables_mark *mark)
{
	*mark = s->mark;
	mark->seq = m->last->seq;
	mark->at_ms = m->last->at_ms;
	memcpy(mark->chain, m->last->chain, SHA256_LEN);
}

/* Write the job; lock held on entry and exit. */
static int job_write(struct checkpoint *c, struct tables *tables)
{
	const struct memtab *m = c->job;
	struct tables_mark mark = c->job_mark;
	int64_t start_us = clock_mono_us(), took_ms;
	struct err e = {.code = ERR_NONE};
	int rc;

	pthread_mutex_unlock(&c->lock);
	rc = tables_write(tables, m, &mark, &e);
	took_ms = (clock_mono_us() - start_us) / 1000;
	if (rc == 0)
		log_line(LOG_DEBUG, "checkpoint", "seq=%ju rows=%ju ms=%jd", (uintmax_t)mark.seq,
			(uintmax_t)m->n_rows, (intmax_t)took_ms);
	else
		log_line(LOG_ERROR, "checkpoint.failed", "seq=%ju error=\"%s\"", (uintmax_t)mark.seq, e.text);
	pthread_mutex_lock(&c->lock);
	c->why = e;
	c->took_ms = took_ms;
	c->is_hurried = false;
	c->n_failed = rc == 0 ? 0 : c->n_failed + 1;
	if (rc == 0) {
		c->done_seq = mark.seq;
		c->state = CHECKPOINT_DONE;
	}
	pthread_cond_broadcast(&c->moved);
	return rc;
}

int checkpoint_sleep(struct checkpoint *c, pthread_cond_t *cond, int64_t until_us)
{
	int64_t us = until_us - clock_mono_us();
	struct timespec until;

	if (us <= 0)
		return ETIMEDOUT;
	must(timespec_get(&until, TIME_UTC) == TIME_UTC);
	us += until.tv_nsec / 1000;
	until.tv_sec += us / 1000000;
	until.tv_nsec = us % 1000000 * 1000;
	return pthread_cond_timedwait(cond, &c->lock, &until);
}

/* The pause after a failure; stop, or somebody who waits, ends it. Lock held. */
static void pause_after_failure(struct checkpoint *c)
{
	int64_t until_us = clock_mono_us() + retry_ms(c->n_failed) * 1000;

	while (!c->is_stopping && !c->is_hurried && checkpoint_sleep(c, &c->work, until_us) != ETIMEDOUT)
		;
}

static void *checkpoint_main(void *arg)
{
	struct store *s = arg;
	struct checkpoint *c = &s->checkpoint;

	pthread_mutex_lock(&c->lock);
	for (;;) {
		while (!c->is_stopping && c->state != CHECKPOINT_WORKING)
			pthread_cond_wait(&c->work, &c->lock);
		if (c->state != CHECKPOINT_WORKING)
			break;
		if (job_write(c, s->tables) == 0)
			eventfd_write(s->event_fd, 1);
		else if (c->is_stopping)
			break;
		else
			pause_after_failure(c);
	}
	pthread_mutex_unlock(&c->lock);
	return NULL;
}

void checkpoint_init(struct store *s)
{
	struct checkpoint *c = &s->checkpoint;

	must(pthread_mutex_init(&c->lock, NULL) == 0);
	must(pthread_cond_init(&c->work, NULL) == 0 && pthread_cond_init(&c->moved, NULL) == 0);
}

void checkpoint_start_thread(struct store *s)
{
	must(pthread_create(&s->checkpoint.thread, NULL, checkpoint_main, s) == 0);
	s->checkpoint.has_thread = true;
}

void checkpoint_fini(struct store *s)
{
	struct checkpoint *c = &s->checkpoint;

	if (c->has_thread) {
		pthread_mutex_lock(&c->lock);
		c->is_stopping = true;
		pthread_cond_broadcast(&c->work);
		pthread_mutex_unlock(&c->lock);
		pthread_join(c->thread, NULL);
	}
	pthread_cond_destroy(&c->work);
	pthread_cond_destroy(&c->moved);
	pthread_mutex_destroy(&c->lock);
}

/* ---- engine thread ------------------------------------------------------------------------------------- */
void checkpoint_freeze(struct store *s)
{
	if (s->frozen != NULL || s->active->last == NULL)
		return;
	s->frozen = s->active;
	s->active = s->spare != NULL ? s->spare : memtab_new(memtab_keep(&s->config));
	s->spare = NULL;
}

static void push_inline(struct store *s)
{
	struct checkpoint *c = &s->checkpoint;

	if (s->now_ms < s->retry_ms)
		return;
	pthread_mutex_lock(&c->lock);
	c->state = CHECKPOINT_WORKING;
	if (job_write(c, s->tables) != 0) {
		c->state = CHECKPOINT_IDLE;
		s->retry_ms = s->now_ms + retry_ms(c->n_failed);
	}
	pthread_mutex_unlock(&c->lock);
}

static bool may_write(const struct store *s)
{
#ifdef MUTANT_CHECKPOINT_EARLY /* planted defect: tables ahead of the journal; the power-cut tests must      \
				  catch it */
	return s->frozen != NULL;
#else
	return journal_durable_seq(s->journal) >= s->frozen->last->seq;
#endif
}

void checkpoint_push(struct store *s)
{
	struct checkpoint *c = &s->checkpoint;
	bool is_idle;

	if (s->frozen == NULL || !may_write(s))
		return;
	pthread_mutex_lock(&c->lock);
	is_idle = c->state == CHECKPOINT_IDLE;
	if (is_idle) {
		c->job = s->frozen;
		mark_of(s, s->frozen, &c->job_mark);
#ifdef MUTANT_TRIM_EARLY /* planted defect: entries leave the journal before the tables have them */
		journal_trim(s->journal, c->job_mark.seq);
#endif
		if (c->has_thread) {
			c->state = CHECKPOINT_WORKING;
			pthread_cond_signal(&c->work);
		}
	}
	pthread_mutex_unlock(&c->lock);
	if (is_idle && !c->has_thread)
		push_inline(s);
}

void checkpoint_collect(struct store *s)
{
	struct checkpoint *c = &s->checkpoint;
	struct err e;
	bool is_done;

	pthread_mutex_lock(&c->lock);
	is_done = c->state == CHECKPOINT_DONE;
	pthread_mutex_unlock(&c->lock);
	if (!is_done)
		return;
	if (tables_view_renew(s->view, &e) != 0) {
		/* the old snapshot is gone: go on only with a new one */
		log_line(LOG_ERROR, "store.view", "error=\"%s\"", e.text);
		tables_view_free(s->view);
		must(tables_view_new(&s->view, s->tables, &e) == 0);
	}
	s->mark = c->job_mark;
	s->n_checkpoints++;
	memtab_reset(s->frozen);
	s->spare = s->frozen;
	s->frozen = NULL;
	pthread_mutex_lock(&c->lock);
	c->state = CHECKPOINT_IDLE;
	c->job = NULL;
	pthread_mutex_unlock(&c->lock);
	journal_trim(s->journal, s->mark.seq);
}

void checkpoint_hurry(struct checkpoint *c)
{
	c->is_hurried = true;
	pthread_cond_signal(&c->work);
}

int checkpoint_wait(struct store *s, struct err *e)
{
	struct checkpoint *c = &s->checkpoint;
	uint64_t n_failed;
	int rc = 0;

	while (rc == 0 && s->frozen != NULL) {
		checkpoint_push(s);
		pthread_mutex_lock(&c->lock);
		n_failed = c->n_failed;
		checkpoint_hurry(c);
		while (c->state == CHECKPOINT_WORKING && c->n_failed <= n_failed)
			pthread_cond_wait(&c->moved, &c->lock);
		if (c->state != CHECKPOINT_DONE) {
			*e = c->why;
			rc = e->code != ERR_NONE
				     ? -1
				     : err_set(e, ERR_BUSY, "the checkpoint waits for the journal");
		}
		pthread_mutex_unlock(&c->lock);
		checkpoint_collect(s);
	}
	return rc;
}
