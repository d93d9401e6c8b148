/*
 * The commit thread: takes all waiting entries, seals them, writes them with one call per segment touched,
 * syncs, publishes. A segment is synced before the next one is begun, so that entries reach the disk in order
 * of segments; inside one write any subset of sectors may survive a power cut, which recovery expects.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/journal_int.h"
#include "tocsin/clock.h"

#define PAGE 4096

static const uint8_t zero_page[PAGE];

static void iov_reserve(struct journal *j, uint32_t n)
{
	if (n <= j->iov_cap)
		return;
	j->iov = realloc(j->iov, n * sizeof(*j->iov));
	must(j->iov != NULL);
	j->iov_cap = n;
}

#define SPARE_TRIES 3
#define SPARE_WAIT_MS 100

/*
 * Wait for a spare. A disk without room is tried a few times more: the entries were accepted, and losing them
 * means the end of the process. Locked.
 */
static void spare_wait(struct journal *j)
{
	for (int tries = 0; j->spares.n == 0 && j->care_state != CARE_GAVE_UP;) {
		if (j->care_state == CARE_WELL) {
			pthread_cond_wait(&j->work, &j->lock);
			continue;
		}
		if (tries++ == SPARE_TRIES)
			return;
		pthread_mutex_unlock(&j->lock);
		usleep(SPARE_WAIT_MS * 1000);
		pthread_mutex_lock(&j->lock);
		if (j->care_state == CARE_RETRY) {
			j->care_state = CARE_WELL;
			pthread_cond_signal(&j->care);
		}
	}
}

/* Take the next spare as the active segment; waits for care to make one unless it gave up. */
static int segment_begin(struct journal *j, uint64_t synced, uint64_t first_seq, struct err *e)
{
	struct segment *s;

	pthread_mutex_lock(&j->lock);
	spare_wait(j);
	s = segment_list_pop(&j->spares);
	if (s == NULL) {
		*e = j->care_why;
		pthread_mutex_unlock(&j->lock);
		return err_prefix(e, "no free segment for accepted entries");
	}
	s->first_seq = first_seq;
	segment_list_push(&j->in_use, s);
	pthread_cond_signal(&j->care);
	pthread_mutex_unlock(&j->lock);
	j->active = s;
	segment_head_fill(&j->head, s->number, j->id, first_seq, synced, j->tail_chain);
	return 0;
}

static bool has_room(const struct segment *s, const struct entry *en)
{
	return en->length <= s->bytes && s->at <= s->bytes - en->length;
}

/*
 * Write what fits of entries into the active segment. Zeros fill the last page, so that the kernel need not
 * read the old one first and nothing stale stands behind the tail. Returns the number of entries written, 0
 * on error.
 */
static uint32_t segment_put(
	struct journal *j, struct entry **entries, uint32_t n, uint64_t synced, bool is_new, struct err *e)
{
	struct segment *s = j->active;
	uint64_t from = is_new ? 0 : s->at, pad;
	uint32_t n_put = 0, n_iov = 0;

	iov_reserve(j, n + 3);
	if (is_new) {
		j->iov[n_iov++] = (struct iovec){&j->head, sizeof(j->head)};
		j->iov[n_iov++] =
			(struct iovec){(void *)(uintptr_t)zero_page, SEGMENT_HEAD - sizeof(j->head)};
	}
	for (; n_put < n && has_room(s, entries[n_put]); n_put++) {
		struct entry *en = entries[n_put];

		entry_seal(en, synced, j->tail_chain, j->id);
		memcpy(j->tail_chain, en->chain, SHA256_LEN);
		j->tail_seq = en->seq;
		j->iov[n_iov++] = (struct iovec){en, en->length};
		s->at += en->length;
	}
	pad = (PAGE - s->at % PAGE) % PAGE;
	if (pad > s->bytes - s->at)
		pad = s->bytes - s->at;
	if (pad > 0)
		j->iov[n_iov++] = (struct iovec){(void *)(uintptr_t)zero_page, (size_t)pad};
	return segment_writev(s, j->iov, n_iov, from, e) == 0 ? n_put : 0;
}

static int batch_sync(struct journal *j, struct err *e)
{
#ifdef MUTANT_SKIP_SYNC /* planted defect: the power-cut tests must catch it */
	(void)j;
	(void)e;
	return 0;
#else
	return segment_sync(j->active, e);
#endif
}

static int batch_write(struct journal *j, struct err *e)
{
	struct entry **entries = j->taken.p;
	uint32_t n = j->taken.n;
	uint64_t synced = j->tail_seq;

	while (n > 0) {
		bool is_new = !has_room(j->active, entries[0]);
		uint32_t n_put;

		if (is_new && segment_begin(j, synced, entries[0]->seq, e) != 0)
			return -1;
		n_put = segment_put(j, entries, n, synced, is_new, e);
		if (n_put == 0 || batch_sync(j, e) != 0)
			return -1;
		entries += n_put;
		n -= n_put;
	}
	return 0;
}

static uint64_t taken_bytes(const struct journal *j)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < j->taken.n; i++)
		n += j->taken.p[i]->length;
	return n;
}

static int batch_commit(struct journal *j)
{
	uint32_t n = j->taken.n;
	uint64_t bytes = taken_bytes(j);
	int64_t start_us = clock_mono_us();
	struct err e = {0};

#ifdef MUTANT_ANSWER_EARLY /* planted defect: durable before the sync */
	journal_publish(j, j->taken.p[n - 1]->seq, j->tail_chain, 0, 0, 0);
#endif
	if (batch_write(j, &e) != 0) {
		journal_lose(j, &e);
		return -1;
	}
	journal_publish(j, j->tail_seq, j->tail_chain, n, bytes, clock_mono_us() - start_us);
	return 0;
}

/* Swap the waiting entries into j->taken; false when stopping and none wait. */
static bool batch_take(struct journal *j)
{
	struct entries waiting;

	pthread_mutex_lock(&j->lock);
	while (j->waiting.n == 0 && !j->is_stopping)
		pthread_cond_wait(&j->work, &j->lock);
	waiting = j->waiting;
	j->waiting = j->taken;
	j->waiting.n = 0;
	j->taken = waiting;
	pthread_mutex_unlock(&j->lock);
	return j->taken.n > 0;
}

void *journal_commit_main(void *arg)
{
	struct journal *j = arg;

	while (batch_take(j) && batch_commit(j) == 0)
		;
	return NULL;
}
