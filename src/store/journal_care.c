/*
 * The care thread: keeps zero-filled spares ready and recycles trimmed segments, outside the commit path.
 * What it makes is durable, name included, before a commit may use it.
 *
 * A disk without room is tried again when journal_accepts asks, at most once a second. Any other failure ends
 * care for the life of the process: after a failed sync of the directory a later one may lie.
 */
#include <string.h>
#include <unistd.h>

#include "store/journal_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define N_SPARES_OVER 8 /* recycled segments kept above the wanted ones; more are removed */

/* A segment whose entries are all in the tables, and whose successor is durable. Locked. */
static struct segment *trimmed_pop(struct journal *j)
{
	struct segment *s = j->in_use.first;

	if (s == NULL || s->next == NULL || s->next->first_seq > j->trim_seq + 1)
		return NULL;
	if (s->next->first_seq > atomic_load_explicit(&j->durable_seq, memory_order_acquire))
		return NULL;
	return segment_list_pop(&j->in_use);
}

static void care_failed(struct journal *j, const struct err *why, bool is_final)
{
	log_line(LOG_ERROR, "journal.care", "final=%d error=\"%s\"", is_final, why->text);
	pthread_mutex_lock(&j->lock);
	j->care_state = is_final ? CARE_GAVE_UP : CARE_RETRY;
	j->care_failed_us = clock_mono_us();
	j->care_why = *why;
	pthread_cond_signal(&j->work);
	pthread_mutex_unlock(&j->lock);
	journal_event_raise(j);
}

static void spare_add(struct journal *j, struct segment *s)
{
	pthread_mutex_lock(&j->lock);
	segment_list_push(&j->spares, s);
	pthread_cond_signal(&j->work);
	pthread_mutex_unlock(&j->lock);
	journal_event_raise(j);
}

/* All segments to recycle; those of another size, or more than enough, are removed. Locked. */
static struct segment_list trimmed_take(struct journal *j)
{
	uint32_t n_most = j->n_free_wanted + N_SPARES_OVER;
	struct segment_list taken = {0};
	struct segment *s;

	while (j->care_state != CARE_GAVE_UP && (s = trimmed_pop(j)) != NULL) {
		if (s->bytes != j->segment_bytes || j->spares.n + taken.n >= n_most)
			segment_list_push(&j->surplus, s);
		else
			segment_list_push(&taken, s);
	}
	return taken;
}

static void surplus_remove(struct journal *j)
{
	struct segment *s;

	while ((s = segment_list_pop(&j->surplus)) != NULL) {
		if (unlinkat(j->dir_fd, s->name, 0) != 0)
			log_line(LOG_WARN, "journal.care", "cannot_remove=%s", s->name);
		segment_free(s);
	}
}

/* Give them their next names; one sync of the directory for all. */
static void recycle(struct journal *j, struct segment_list *taken)
{
	struct err e = {0};
	struct segment *s;
	int rc = 0;

	for (s = taken->first; rc == 0 && s != NULL; s = s->next)
		rc = segment_rename(j->dir_fd, s, j->next_number++, &e);
	if (rc == 0)
		rc = dir_sync(j->dir_fd, &e);
	if (rc != 0) {
		care_failed(j, &e, true);
		segment_list_free(taken);
		return;
	}
	while ((s = segment_list_pop(taken)) != NULL)
		spare_add(j, s);
}

static void make(struct journal *j)
{
	struct err e = {0};
	struct segment *s = segment_make(j->dir_fd, j->next_number, j->segment_bytes, NULL, &e);

	if (s == NULL) {
		care_failed(j, &e, strcmp(e.reason, SEGMENT_NO_SPACE) != 0);
		return;
	}
	j->next_number++;
	spare_add(j, s);
}

void *journal_care_main(void *arg)
{
	struct journal *j = arg;

	pthread_mutex_lock(&j->lock);
	while (!j->is_care_stopping) {
		struct segment_list taken = trimmed_take(j);
		bool is_short = j->care_state == CARE_WELL && j->spares.n + taken.n < j->n_free_wanted;

		if (taken.n == 0 && j->surplus.n == 0 && !is_short) {
			pthread_cond_wait(&j->care, &j->lock);
			continue;
		}
		pthread_mutex_unlock(&j->lock);
		surplus_remove(j);
		if (taken.n > 0)
			recycle(j, &taken);
		else if (is_short)
			make(j);
		pthread_mutex_lock(&j->lock);
	}
	pthread_mutex_unlock(&j->lock);
	return NULL;
}
