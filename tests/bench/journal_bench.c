/*
 * The journal as segment files (A) and as an LMDB table (B): the same records, sealed alike (hash, chain,
 * CRC), one batch in flight, handed to a writer thread and waited for, each durable before the next. B puts
 * them with MDB_APPEND in default sync mode and never deletes, which flatters it: A trims and recycles.
 * Rounds of A and B are interleaved. journal_bench [SECONDS_PER_CELL [ROUNDS [DIR]]]   DIR must be on the
 * disk in question; default TMPDIR or /tmp
 */
#include <lmdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/journal.h"
#include "tocsin/log.h"

#define EVENT_BYTES 700 /* a create of 500 B of text with its decision */
#define CHANGES_BYTES 500
#define BATCH_MAX 256
#define N_TIMES_MAX 200000
#define TRIM_EVERY 500

struct side {
	const char *name;
	void *(*open)(const char *dir);
	void (*put)(void *side, struct entry **entries, uint32_t n); /* returns when durable */
	void (*close)(void *side);
	void *handle;
	uint64_t next;
	char dir[160];
};

struct cell {
	uint64_t n_commits, n_bytes;
	int64_t spent_us;
	uint32_t n_times;
	int32_t times_us[N_TIMES_MAX];
};

/* ---- A: segment files ---------------------------------------------------------------------------------- */
static int ignore(void *udata, const struct entry *en, struct err *e)
{
	(void)udata;
	(void)en;
	(void)e;
	return 0;
}

static void *file_open(const char *dir)
{
	struct journal_config config = {.dir = dir, .new_id = "the bench"};
	struct journal *j;
	struct err e;

	if (journal_open(&j, &config, ignore, NULL, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		exit(1);
	}
	return j;
}

static void file_put(void *side, struct entry **entries, uint32_t n)
{
	struct journal *j = side;
	struct pollfd p = {journal_event_fd(j), POLLIN, 0};
	uint64_t last = entries[n - 1]->seq;

	journal_append(j, entries, n);
	while (journal_durable_seq(j) < last) {
		must(journal_fate(j, NULL) == JOURNAL_DURABLE);
		poll(&p, 1, -1);
		journal_event_clear(j);
	}
	if (last % TRIM_EVERY < n)
		journal_trim(j, last);
}

static void file_close(void *side)
{
	journal_close(side);
}

/* ---- B: an LMDB table ---------------------------------------------------------------------------------- */
struct table {
	MDB_env *env;
	MDB_dbi dbi;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	struct entry **entries; /* NULL: nothing to do */
	uint32_t n;
	bool is_stopping;
	int event_fd;
	uint64_t synced;
	uint8_t chain[SHA256_LEN];
};

static void table_commit(struct table *t, struct entry **entries, uint32_t n)
{
	static const uint8_t id[16] = "the bench";
	MDB_txn *txn;

	must(mdb_txn_begin(t->env, NULL, 0, &txn) == 0);
	for (uint32_t i = 0; i < n; i++) {
		MDB_val key = {sizeof(entries[i]->seq), &entries[i]->seq},
			val = {entries[i]->length, entries[i]};

		entry_seal(entries[i], t->synced, t->chain, id);
		memcpy(t->chain, entries[i]->chain, SHA256_LEN);
		must(mdb_put(txn, t->dbi, &key, &val, MDB_APPEND) == 0);
	}
	must(mdb_txn_commit(txn) == 0);
	t->synced = entries[n - 1]->seq;
}

static void *table_main(void *arg)
{
	struct table *t = arg;
	uint64_t one = 1;

	pthread_mutex_lock(&t->lock);
	for (;;) {
		struct entry **entries;
		uint32_t n;

		while (t->entries == NULL && !t->is_stopping)
			pthread_cond_wait(&t->work, &t->lock);
		if (t->entries == NULL)
			break;
		entries = t->entries;
		n = t->n;
		t->entries = NULL;
		pthread_mutex_unlock(&t->lock);
		table_commit(t, entries, n);
		must(write(t->event_fd, &one, sizeof(one)) == sizeof(one));
		pthread_mutex_lock(&t->lock);
	}
	pthread_mutex_unlock(&t->lock);
	return NULL;
}

static void *table_open(const char *dir)
{
	struct table *t = calloc(1, sizeof(*t));
	MDB_txn *txn;

	must(t != NULL && mdb_env_create(&t->env) == 0);
	must(mdb_env_set_mapsize(t->env, (size_t)64 << 30) == 0);
	must(mdb_env_open(t->env, dir, 0, 0600) == 0);
	must(mdb_txn_begin(t->env, NULL, 0, &txn) == 0);
	must(mdb_dbi_open(txn, NULL, MDB_INTEGERKEY | MDB_CREATE, &t->dbi) == 0);
	must(mdb_txn_commit(txn) == 0);
	t->event_fd = eventfd(0, EFD_CLOEXEC);
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->work, NULL);
	must(pthread_create(&t->thread, NULL, table_main, t) == 0);
	return t;
}

static void table_put(void *side, struct entry **entries, uint32_t n)
{
	struct table *t = side;
	uint64_t done;

	pthread_mutex_lock(&t->lock);
	t->entries = entries;
	t->n = n;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	must(read(t->event_fd, &done, sizeof(done)) == sizeof(done));
}

static void table_close(void *side)
{
	struct table *t = side;

	pthread_mutex_lock(&t->lock);
	t->is_stopping = true;
	pthread_cond_signal(&t->work);
	pthread_mutex_unlock(&t->lock);
	pthread_join(t->thread, NULL);
	mdb_env_close(t->env);
	close(t->event_fd);
	free(t);
}

/* ---- measuring ----------------------------------------------------------------------------------------- */
static void cell_measure(struct side *s, uint32_t batch, double seconds, struct cell *c)
{
	static const uint8_t salt[ENTRY_SALT] = "salt";
	static uint8_t event[EVENT_BYTES], changes[CHANGES_BYTES];
	struct entry *entries[BATCH_MAX];
	int64_t end_us;

	for (uint32_t i = 0; i < batch; i++)
		entries[i] = entry_new(
			0, 0, salt, slice_of(event, sizeof(event)), slice_of(changes, sizeof(changes)));
	end_us = clock_mono_us() + (int64_t)(seconds * 1e6);
	while (clock_mono_us() < end_us) {
		int64_t start_us = clock_mono_us(), took_us;

		for (uint32_t i = 0; i < batch; i++)
			entries[i]->seq = s->next++;
		s->put(s->handle, entries, batch);
		took_us = clock_mono_us() - start_us;
		c->spent_us += took_us;
		c->n_commits++;
		c->n_bytes += (uint64_t)batch * entries[0]->length;
		if (c->n_times < N_TIMES_MAX)
			c->times_us[c->n_times++] = (int32_t)took_us;
	}
	for (uint32_t i = 0; i < batch; i++)
		free(entries[i]);
}

static int time_cmp(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

static double cell_print(const char *name, uint32_t batch, struct cell *c)
{
	double seconds = (double)c->spent_us / 1e6, rate = (double)c->n_commits / seconds;

	qsort(c->times_us, c->n_times, sizeof(c->times_us[0]), time_cmp);
	printf("%5u  %-6s %9.0f commits/s %10.0f entries/s %7.1f MB/s   p50 %5d us   p99 %5d us\n", batch,
		name, rate, rate * batch, (double)c->n_bytes / seconds / 1e6, c->times_us[c->n_times / 2],
		c->times_us[c->n_times / 100 * 99]);
	return rate;
}

static void side_start(struct side *s, const char *root)
{
	snprintf(s->dir, sizeof(s->dir), "%s/%s", root, s->name);
	must(mkdir(s->dir, 0700) == 0);
	s->next = 1;
	s->handle = s->open(s->dir);
}

static void side_end(struct side *s)
{
	char command[256];

	s->close(s->handle);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
	must(system(command) == 0);
}

int main(int argc, char **argv)
{
	static const uint32_t batches[] = {1, 16, 64, 256};
	static struct cell cells[4][2];
	struct side sides[2] = {{.name = "file", .open = file_open, .put = file_put, .close = file_close},
		{.name = "lmdb", .open = table_open, .put = table_put, .close = table_close}};
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
	long n_rounds = argc > 2 ? strtol(argv[2], NULL, 10) : 5;
	const char *tmp = argc > 3 ? argv[3] : getenv("TMPDIR");
	char root[100];

	log_set_level(LOG_ERROR);
	snprintf(root, sizeof(root), "%s/journal_bench.XXXXXX", tmp != NULL ? tmp : "/tmp");
	must(mkdtemp(root) != NULL);
	for (int i = 0; i < 2; i++)
		side_start(&sides[i], root);
	for (long round = 0; round < n_rounds; round++) {
		for (size_t b = 0; b < 4; b++) {
			for (size_t i = 0; i < 2; i++)
				cell_measure(&sides[(i + (size_t)round) % 2], batches[b], seconds,
					&cells[b][(i + (size_t)round) % 2]);
		}
	}
	for (size_t b = 0; b < 4; b++) {
		double a = cell_print("file", batches[b], &cells[b][0]);

		printf("       file / lmdb: %.2f\n", a / cell_print("lmdb", batches[b], &cells[b][1]));
	}
	for (int i = 0; i < 2; i++)
		side_end(&sides[i]);
	rmdir(root);
	return 0;
}
