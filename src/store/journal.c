#include "tocsin/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "store/journal_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define SEGMENT_BYTES ((uint64_t)16 << 20)
#define N_FREE_SEGMENTS 2
#define CARE_RETRY_US (1000 * 1000)

/* ---- segment lists ------------------------------------------------------------------------------------- */
void segment_list_push(struct segment_list *l, struct segment *s)
{
	s->next = NULL;
	if (l->last != NULL)
		l->last->next = s;
	else
		l->first = s;
	l->last = s;
	l->n++;
}

struct segment *segment_list_pop(struct segment_list *l)
{
	struct segment *s = l->first;

	if (s == NULL)
		return NULL;
	l->first = s->next;
	if (l->first == NULL)
		l->last = NULL;
	l->n--;
	s->next = NULL;
	return s;
}

void segment_list_free(struct segment_list *l)
{
	struct segment *s;

	while ((s = segment_list_pop(l)) != NULL)
		segment_free(s);
}

/* ---- opening and closing ------------------------------------------------------------------------------- */
struct journal *journal_new(const struct journal_config *config)
{
	struct journal *j = calloc(1, sizeof(*j));

	must(j != NULL);
	j->dir_fd = -1;
	j->is_read_only = config->is_read_only;
	j->segment_bytes = config->segment_bytes > 0 ? config->segment_bytes : SEGMENT_BYTES;
	j->segment_bytes &= ~(uint64_t)7;
	must(j->segment_bytes >= SEGMENT_MIN);
	j->n_free_wanted = config->n_free_segments > 0 ? config->n_free_segments : N_FREE_SEGMENTS;
	j->trim_seq = config->from_seq;
	j->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(j->event_fd >= 0);
	must(pthread_mutex_init(&j->lock, NULL) == 0);
	must(pthread_cond_init(&j->work, NULL) == 0);
	must(pthread_cond_init(&j->care, NULL) == 0);
	return j;
}

static void journal_free(struct journal *j)
{
	segment_list_free(&j->in_use);
	segment_list_free(&j->spares);
	if (j->dir_fd >= 0)
		close(j->dir_fd);
	close(j->event_fd);
	pthread_mutex_destroy(&j->lock);
	pthread_cond_destroy(&j->work);
	pthread_cond_destroy(&j->care);
	free(j->taken.p);
	free(j->waiting.p);
	free(j->iov);
	free(j);
}

void journal_start_at(struct journal *j, uint64_t seq, const uint8_t chain[SHA256_LEN])
{
	atomic_store(&j->durable_seq, seq);
	j->next_seq = seq + 1;
	j->tail_seq = seq;
	memcpy(j->tail_chain, chain, SHA256_LEN);
	j->head_seq = seq;
	memcpy(j->head_chain, chain, SHA256_LEN);
}

int journal_open(struct journal **out, const struct journal_config *config,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata, struct err *e)
{
	struct journal *j = journal_new(config);

	j->dir_fd = open(config->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (j->dir_fd < 0) {
		err_set(e, ERR_STORAGE, "journal: open %s: %s", config->dir, strerror(errno));
		goto undo;
	}
	if (journal_recover(j, config, replay, udata, e) != 0)
		goto undo;
	if (!j->is_read_only) {
		must(pthread_create(&j->committer, NULL, journal_commit_main, j) == 0);
		must(pthread_create(&j->keeper, NULL, journal_care_main, j) == 0);
		j->has_threads = true;
	}
	*out = j;
	return 0;
undo:
	journal_free(j);
	return -1;
}

/* The commit thread first: it may still need a spare for what waits. */
static void threads_stop(struct journal *j)
{
	pthread_mutex_lock(&j->lock);
	j->is_stopping = true;
	pthread_cond_signal(&j->work);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->committer, NULL);
	pthread_mutex_lock(&j->lock);
	j->is_care_stopping = true;
	pthread_cond_signal(&j->care);
	pthread_mutex_unlock(&j->lock);
	pthread_join(j->keeper, NULL);
}

void journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->has_threads)
		threads_stop(j);
	if (j->sim != NULL)
		journal_sim_detach(j);
	journal_free(j);
}

/* ---- handing over -------------------------------------------------------------------------------------- */
void entries_add(struct entries *list, struct entry *const *entries, uint32_t n)
{
	if (list->n + n > list->cap) {
		list->cap = (list->n + n) * 2;
		list->p = realloc(list->p, list->cap * sizeof(struct entry *));
		must(list->p != NULL);
	}
	memcpy(list->p + list->n, entries, n * sizeof(*entries));
	list->n += n;
}

uint64_t journal_entry_max(const struct journal *j)
{
	return j->segment_bytes - SEGMENT_HEAD;
}

void journal_append(struct journal *j, struct entry *const *entries, uint32_t n_entries)
{
	uint64_t bytes = 0;

	must(!j->is_read_only);
	for (uint32_t i = 0; i < n_entries; i++) {
		must(entries[i]->seq == j->next_seq);
		must(entries[i]->length == entry_length(entries[i]->event_n, entries[i]->changes_n));
		must(entries[i]->length <= journal_entry_max(j));
		j->next_seq++;
		bytes += entries[i]->length;
	}
	if (n_entries == 0 || journal_fate(j, NULL) == JOURNAL_LOST)
		return;
	pthread_mutex_lock(&j->lock);
	j->stats.queued_bytes += bytes;
	if (j->sim == NULL) {
		entries_add(&j->waiting, entries, n_entries);
		pthread_cond_signal(&j->work);
	}
	pthread_mutex_unlock(&j->lock);
	if (j->sim != NULL)
		journal_sim_write(j, entries, n_entries);
}

void journal_trim(struct journal *j, uint64_t seq)
{
	pthread_mutex_lock(&j->lock);
	if (seq > j->trim_seq)
		j->trim_seq = seq;
	pthread_cond_signal(&j->care);
	pthread_mutex_unlock(&j->lock);
	if (j->sim != NULL)
		journal_sim_trim(j->sim, seq);
}

/* ---- fates --------------------------------------------------------------------------------------------- */
void journal_event_raise(struct journal *j)
{
	uint64_t one = 1;

	while (write(j->event_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

int journal_event_fd(const struct journal *j)
{
	return j->event_fd;
}

void journal_event_clear(struct journal *j)
{
	uint64_t n;

	while (read(j->event_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

void journal_publish(struct journal *j, uint64_t seq, const uint8_t chain[SHA256_LEN], uint64_t n_entries,
	uint64_t n_bytes, int64_t took_us)
{
	pthread_mutex_lock(&j->lock);
	j->head_seq = seq;
	memcpy(j->head_chain, chain, SHA256_LEN);
	j->times_us[j->stats.n_batches % N_TIMES] = took_us;
	j->stats.n_batches++;
	j->stats.n_entries += n_entries;
	j->stats.n_bytes += n_bytes;
	j->stats.queued_bytes -= n_bytes;
	pthread_mutex_unlock(&j->lock);
	atomic_store_explicit(&j->durable_seq, seq, memory_order_release);
	journal_event_raise(j);
}

void journal_lose(struct journal *j, const struct err *why)
{
	pthread_mutex_lock(&j->lock);
	j->lost_why = *why;
	pthread_mutex_unlock(&j->lock);
	atomic_store_explicit(&j->fate, JOURNAL_LOST, memory_order_release);
	log_line(LOG_ERROR, "journal.lost", "durable_seq=%ju error=\"%s\"", (uintmax_t)journal_durable_seq(j),
		why->text);
	journal_event_raise(j);
}

uint64_t journal_durable_seq(const struct journal *j)
{
	return atomic_load_explicit(&j->durable_seq, memory_order_acquire);
}

enum journal_fate journal_fate(const struct journal *j, struct err *why)
{
	struct journal *lockable = (struct journal *)(uintptr_t)j;

	if (atomic_load_explicit(&j->fate, memory_order_acquire) == JOURNAL_DURABLE)
		return JOURNAL_DURABLE;
	if (why != NULL) {
		pthread_mutex_lock(&lockable->lock);
		*why = j->lost_why;
		pthread_mutex_unlock(&lockable->lock);
	}
	return JOURNAL_LOST;
}

int journal_accepts(struct journal *j, struct err *e)
{
	int rc = 0;

	if (j->is_read_only)
		return err_set(e, ERR_READ_ONLY, "the journal was opened read-only");
	if (journal_fate(j, e) == JOURNAL_LOST)
		return -1;
	if (j->sim != NULL)
		return 0;
	pthread_mutex_lock(&j->lock);
	if (j->care_state == CARE_RETRY && clock_mono_us() - j->care_failed_us >= CARE_RETRY_US) {
		j->care_state = CARE_WELL;
		pthread_cond_signal(&j->care);
	}
	if (j->care_state != CARE_WELL && j->spares.n < j->n_free_wanted) {
		*e = j->care_why;
		rc = err_prefix(e, "%u of %u free journal segments left", j->spares.n, j->n_free_wanted);
	}
	pthread_mutex_unlock(&j->lock);
	return rc;
}

bool journal_is_behind(struct journal *j)
{
	bool is_behind;

	if (j->is_read_only || j->sim != NULL)
		return false;
	pthread_mutex_lock(&j->lock);
	is_behind = j->care_state == CARE_WELL && j->spares.n < j->n_free_wanted &&
		    j->stats.queued_bytes >= j->spares.n * journal_entry_max(j);
	pthread_mutex_unlock(&j->lock);
	return is_behind;
}

/* ---- looking ------------------------------------------------------------------------------------------- */
void journal_head(struct journal *j, uint64_t *seq, uint8_t chain[SHA256_LEN])
{
	pthread_mutex_lock(&j->lock);
	*seq = j->head_seq;
	memcpy(chain, j->head_chain, SHA256_LEN);
	pthread_mutex_unlock(&j->lock);
}

void journal_id(const struct journal *j, uint8_t id[JOURNAL_ID_LEN])
{
	memcpy(id, j->id, JOURNAL_ID_LEN);
}

uint64_t journal_queued_bytes(struct journal *j)
{
	uint64_t n;

	pthread_mutex_lock(&j->lock);
	n = j->stats.queued_bytes;
	pthread_mutex_unlock(&j->lock);
	return n;
}

static int time_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

void journal_stats(struct journal *j, struct journal_stats *out)
{
	int64_t times[N_TIMES];
	size_t n;

	pthread_mutex_lock(&j->lock);
	*out = j->stats;
	out->n_segments = j->in_use.n + j->spares.n;
	out->n_free_segments = j->spares.n;
	memcpy(times, j->times_us, sizeof(times));
	pthread_mutex_unlock(&j->lock);
	n = out->n_batches < N_TIMES ? (size_t)out->n_batches : N_TIMES;
	if (n == 0)
		return;
	qsort(times, n, sizeof(times[0]), time_cmp);
	out->commit_us_p50 = times[(n - 1) / 2];
	out->commit_us_p99 = times[(n - 1) * 99 / 100];
	out->commit_us_max = times[n - 1];
}
