#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define MIB ((uint64_t)1024 * 1024)
#define CLOSE_WAIT_MS 10000

/* ---- opening ------------------------------------------------------------------------------------------------------ */
int entry_apply(struct memtab *m, const struct entry *entry, struct err *e)
{
	struct change_reader r;
	struct change c;
	uint8_t key[8];
	int got;

	change_reader_init(&r, entry, &m->arena);
	while ((got = change_next(&r, &c)) == 1) {
		if (c.table >= N_TABLES)
			break;
		memtab_put(m, (enum table)c.table, c.key, c.val, c.is_delete, true);
	}
	if (got != 0)
		return err_set(e, ERR_STORAGE, "entry %ju: its changes cannot be read", (uintmax_t)entry->seq);
	store_be64(key, entry->seq);
	memtab_put(m, TABLE_EVENT, slice_of(key, 8), slice_of(entry, sizeof(*entry) + entry->event_n), false, true);
	m->last_seq = entry->seq;
	return 0;
}

/* Replay at start; what grows past the mark is written at once, for it is durable already. */
static int replay(void *udata, const struct entry *entry, struct err *e)
{
	struct store *s = udata;

	if (entry_apply(s->active, entry, e) != 0)
		return -1;
	s->last_seq = entry->seq;
	s->last_at_ms = entry->at_ms;
	if (s->active->arena.used < s->config.freeze_bytes || s->is_read_only)
		return 0;
	if (checkpoint_write(s, s->active, e) != 0)
		return -1;
	s->watermark_seq = s->active->last_seq;
	memtab_reset(s->active);
	return tables_view_renew(s->view, e);
}

static void set_defaults(struct store_config *c)
{
	c->map_bytes = c->map_bytes > 0 ? c->map_bytes : 64 * 1024 * MIB;
	c->freeze_bytes = c->freeze_bytes > 0 ? c->freeze_bytes : 64 * MIB;
	c->freeze_ms = c->freeze_ms > 0 ? c->freeze_ms : 30000;
	c->stop_bytes = c->stop_bytes > 0 ? c->stop_bytes : 256 * MIB;
	c->stop_undurable_bytes = c->stop_undurable_bytes > 0 ? c->stop_undurable_bytes : 8 * MIB;
	c->segment_bytes = c->segment_bytes > 0 ? c->segment_bytes : 16 * MIB;
}

static struct memtab *memtab_new(void)
{
	struct memtab *m = malloc(sizeof(*m));

	must(m != NULL);
	memtab_init(m);
	return m;
}

static int open_journal(struct store *s, struct err *e)
{
	struct journal_config c = {.segment_bytes = s->config.segment_bytes, .n_free_segments = 2, .is_read_only = s->is_read_only};
	struct tables_head head = {0};
	char dir[4096];
	int got = tables_head(s->tables, &head, e);

	if (got < 0)
		return -1;
	snprintf(dir, sizeof(dir), "%s/journal", s->dir);
	if (!s->is_read_only && mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_STORAGE, "create %s: %s", dir, strerror(errno));
	c.dir = dir;
	if (got == 1) {
		memcpy(c.id, head.journal_id, JOURNAL_ID_LEN);
		memcpy(c.new_id, head.journal_id, JOURNAL_ID_LEN);
		memcpy(c.from_chain, head.chain, SHA256_LEN);
		c.from_seq = head.seq;
		s->last_at_ms = head.at_ms;
	} else {
		rng_bytes(s->config.rng, c.new_id, JOURNAL_ID_LEN);
	}
	s->last_seq = s->watermark_seq = head.seq;
	if (journal_open(&s->journal, &c, replay, s, e) != 0)
		return -1;
	journal_id(s->journal, s->journal_id);
	return 0;
}

static int open_poll(struct store *s, struct err *e)
{
	int fds[] = {s->done_fd, journal_event_fd(s->journal)};

	s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < 2 && s->poll_fd >= 0; i++) {
		struct epoll_event ev = {.events = EPOLLIN};

		if (fds[i] >= 0 && epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, fds[i], &ev) != 0)
			return err_set(e, ERR_INTERNAL, "epoll: %s", strerror(errno));
	}
	return s->poll_fd >= 0 ? 0 : err_set(e, ERR_INTERNAL, "epoll: %s", strerror(errno));
}

/* A full or read-only disk still serves reads. */
static void look_at_disk(struct store *s)
{
	struct statvfs fs;

	if (statvfs(s->dir, &fs) != 0)
		return;
	if (fs.f_flag & ST_RDONLY) {
		s->is_read_only = true;
		err_set(&s->read_only_why, ERR_READ_ONLY, "the file system of %s is read-only", s->dir);
	} else if ((uint64_t)fs.f_bavail * fs.f_frsize < 3 * s->config.segment_bytes) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/tables.mdb", s->dir);
		if (access(path, F_OK) != 0)
			return; /* nothing to read: opening says what is wrong */
		s->is_read_only = true;
		err_set(&s->read_only_why, ERR_READ_ONLY, "the disk of %s is full: %ju bytes free, %ju needed", s->dir,
			(uintmax_t)fs.f_bavail * fs.f_frsize, (uintmax_t)(3 * s->config.segment_bytes));
	}
}

int store_open(struct store **out, const struct store_config *config, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->config = *config;
	set_defaults(&s->config);
	s->lock_fd = s->poll_fd = -1;
	s->dir = strdup(config->dir);
	s->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(s->dir != NULL && s->done_fd >= 0);
	must(pthread_mutex_init(&s->lock, NULL) == 0 && pthread_cond_init(&s->wake, NULL) == 0);
	s->active = memtab_new();
	s->spare = memtab_new();
	memtab_init(&s->tx.over);
	arena_init(&s->reads, MIB);
	if (store_lock_dir(s->dir, false, &s->lock_fd, e) != 0)
		goto undo;
	look_at_disk(s);
	if (tables_open(&s->tables, s->dir, s->config.map_bytes, &s->is_read_only, e) != 0 ||
		tables_view_new(&s->view, s->tables, e) != 0 || open_journal(s, e) != 0 || open_poll(s, e) != 0)
		goto undo;
	if (s->is_read_only && s->read_only_why.code == ERR_NONE)
		err_set(&s->read_only_why, ERR_READ_ONLY, "%s cannot be written", s->dir);
	if (!s->is_read_only)
		checkpoint_start(s);
	log_line(LOG_INFO, "store.open", "dir=%s seq=%ju watermark=%ju read_only=%s", s->dir, (uintmax_t)s->last_seq,
		(uintmax_t)s->watermark_seq, s->is_read_only ? "yes" : "no");
	*out = s;
	return 0;
undo:
	store_close(s);
	return -1;
}

/* What is in memory goes to LMDB, so that the next start has nothing to replay. */
static void last_checkpoint(struct store *s)
{
	int64_t until_us = clock_mono_us() + (int64_t)CLOSE_WAIT_MS * 1000;
	struct err e;

	if (s->is_read_only || !s->has_thread || store_flush(s, &e) != 0)
		return;
	while ((s->frozen != NULL || s->active->last_seq > 0) && clock_mono_us() < until_us) {
		checkpoint_freeze(s);
		if (!checkpoint_collect(s, &e))
			usleep(500);
	}
}

void store_close(struct store *s)
{
	struct memtab *tabs[3];

	if (s == NULL)
		return;
	if (s->journal != NULL)
		last_checkpoint(s);
	checkpoint_stop(s);
	journal_close(s->journal);
	tables_view_free(s->view);
	tables_close(s->tables);
	memcpy(tabs, (struct memtab *[3]){s->active, s->frozen, s->spare}, sizeof(tabs));
	for (int i = 0; i < 3; i++)
		if (tabs[i] != NULL) {
			memtab_fini(tabs[i]);
			free(tabs[i]);
		}
	memtab_fini(&s->tx.over);
	arena_fini(&s->reads);
	if (s->poll_fd >= 0)
		close(s->poll_fd);
	if (s->done_fd >= 0)
		close(s->done_fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	pthread_mutex_destroy(&s->lock);
	pthread_cond_destroy(&s->wake);
	free(s->batch);
	free(s->dir);
	free(s);
}

/* ---- state ---------------------------------------------------------------------------------------------------------- */
bool store_is_read_only(const struct store *s, struct err *why)
{
	if (s->is_read_only)
		*why = s->read_only_why;
	return s->is_read_only;
}

int store_accepts(struct store *s, struct err *e)
{
	if (store_is_read_only(s, e))
		return -1;
	if (s->active->arena.used > s->config.stop_bytes) {
		pthread_mutex_lock(&s->lock);
		*e = s->checkpoint_why;
		pthread_mutex_unlock(&s->lock);
		if (e->code == ERR_NONE)
			return err_set(e, ERR_BUSY, "the tables are behind: %zu bytes wait for a checkpoint", s->active->arena.used);
		return err_prefix(e, "no checkpoint is possible");
	}
	return journal_accepts(s->journal, e);
}

bool store_is_behind(const struct store *s)
{
	struct journal_stats st;

	if (s->is_read_only)
		return false;
	if (s->active->arena.used > s->config.stop_bytes)
		return true;
	journal_stats(s->journal, &st);
	return st.queued_bytes > s->config.stop_undurable_bytes;
}

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
	return s->is_read_only ? s->last_seq : journal_durable_seq(s->journal);
}

int store_event_fd(const struct store *s)
{
	return s->poll_fd;
}

int store_poll(struct store *s, struct err *e)
{
	struct err why;

	if (s->is_read_only)
		return 0;
	journal_event_clear(s->journal);
	if (journal_fate(s->journal, e) == JOURNAL_LOST)
		return -1;
	/* reads of this turn may still borrow from the frozen table: it is dropped at the turn's end */
	(void)why;
	return 0;
}

void store_turn_end(struct store *s, int64_t now_ms)
{
	struct err e = {.code = ERR_NONE};

	s->now_ms = now_ms;
	arena_reset(&s->reads);
	if (s->is_read_only)
		return;
	if (s->n_batch > 0) {
		journal_append(s->journal, s->batch, s->n_batch);
		s->n_batch = 0;
	}
	if (s->frozen != NULL && !checkpoint_collect(s, &e) && e.code != ERR_NONE)
		log_line(LOG_ERROR, "store.renew", "error=\"%s\"", e.text);
	if (s->frozen == NULL && s->active->last_seq > 0 &&
		(s->active->arena.used >= s->config.freeze_bytes || now_ms - s->active->since_ms >= s->config.freeze_ms))
		checkpoint_freeze(s);
}

int store_flush(struct store *s, struct err *e)
{
	if (s->is_read_only)
		return 0;
	store_turn_end(s, s->now_ms);
	while (journal_durable_seq(s->journal) < s->last_seq) {
		if (journal_fate(s->journal, e) == JOURNAL_LOST)
			return -1;
		usleep(200);
	}
	return 0;
}

int store_checkpoint(struct store *s, struct err *e)
{
	if (s->is_read_only)
		return 0;
	if (store_flush(s, e) != 0)
		return -1;
	while (s->frozen != NULL || s->active->last_seq > 0) {
		checkpoint_freeze(s);
		e->code = ERR_NONE;
		if (!checkpoint_collect(s, e) && e->code != ERR_NONE)
			return -1;
		pthread_mutex_lock(&s->lock);
		*e = s->checkpoint_why;
		pthread_mutex_unlock(&s->lock);
		if (e->code != ERR_NONE)
			return -1;
		if (s->frozen != NULL)
			usleep(500);
	}
	return 0;
}

void store_stats(struct store *s, struct store_stats *out)
{
	memset(out, 0, sizeof(*out));
	journal_stats(s->journal, &out->journal);
	tables_stats(s->tables, out->n_rows, &out->tables_bytes);
	out->active_bytes = s->active->arena.used;
	out->frozen_bytes = s->frozen == NULL ? 0 : s->frozen->arena.used;
	out->n_checkpoints = s->n_checkpoints;
	pthread_mutex_lock(&s->lock);
	out->checkpoint_ms_last = s->checkpoint_ms_last;
	pthread_mutex_unlock(&s->lock);
	journal_head(s->journal, &out->head_seq, out->head_chain);
	out->watermark_seq = s->watermark_seq;
	memcpy(out->journal_id, s->journal_id, JOURNAL_ID_LEN);
}

/* ---- a call's transaction ------------------------------------------------------------------------------------------- */
struct tx *tx_begin(struct store *s, int64_t now_ms)
{
	must(!s->tx.is_open);
	s->tx.store = s;
	s->tx.now_ms = now_ms;
	s->tx.is_open = true;
	return &s->tx;
}

int tx_get(struct tx *tx, enum table table, struct slice key, struct slice *val, struct err *e)
{
	const struct memtab_row *row = memtab_get(&tx->over, table, key);

	if (row == NULL)
		return store_get(tx->store, table, key, val, e);
	*val = row->val;
	return row->is_delete ? 0 : 1;
}

void tx_put(struct tx *tx, enum table table, struct slice key, struct slice val)
{
	must(key.n > 0 && key.n <= 508);
	memtab_put(&tx->over, table, key, val, false, true);
}

void tx_del(struct tx *tx, enum table table, struct slice key)
{
	memtab_put(&tx->over, table, key, slice_of(NULL, 0), true, true);
}

bool tx_is_empty(const struct tx *tx)
{
	return tx->over.n_rows == 0;
}

uint64_t tx_seq(const struct tx *tx)
{
	return tx->store->last_seq + 1;
}

void tx_abort(struct tx *tx)
{
	memtab_reset(&tx->over);
	tx->is_open = false;
}

static void add_to_batch(struct store *s, struct entry *entry)
{
	if (s->n_batch == s->batch_cap) {
		s->batch_cap = s->batch_cap == 0 ? 64 : s->batch_cap * 2;
		s->batch = realloc(s->batch, s->batch_cap * sizeof(s->batch[0]));
		must(s->batch != NULL);
	}
	s->batch[s->n_batch++] = entry;
}

/* The entry block lives in the active table: journal record and events row are the same bytes. */
static struct entry *make_entry(struct store *s, struct slice event, struct slice changes, int64_t now_ms)
{
	uint64_t length = entry_length(event.n, changes.n);
	struct entry *entry = arena_zalloc(&s->active->arena, length);

	entry->length = (uint32_t)length;
	entry->seq = s->last_seq + 1;
	entry->at_ms = now_ms;
	entry->event_n = (uint32_t)event.n;
	entry->changes_n = (uint32_t)changes.n;
	rng_bytes(s->config.rng, entry->salt, ENTRY_SALT);
	memcpy(entry->bytes, event.p, event.n);
	if (changes.n > 0)
		memcpy(entry->bytes + event.n, changes.p, changes.n);
	return entry;
}

uint64_t tx_commit(struct tx *tx, struct slice event)
{
	struct store *s = tx->store;
	struct entry *entry;
	struct buf changes;
	uint8_t key[8];

	must(tx->is_open && !s->is_read_only);
	buf_init(&changes, (size_t)1024 * MIB);
	for (unsigned t = 0; t < N_TABLES; t++)
		for (const struct memtab_row *r = memtab_seek(&tx->over, (enum table)t, slice_of(NULL, 0), false); r != NULL;
			r = memtab_next(r, false)) {
			struct change c = {.table = (uint8_t)t, .is_delete = r->is_delete, .key = r->key, .val = r->val};

			change_write(&changes, &c, event);
			memtab_put(s->active, (enum table)t, r->key, r->val, r->is_delete, true);
			if (s->config.on_publish != NULL)
				s->config.on_publish(s->config.udata, (enum table)t, r->key, r->is_delete ? NULL : &r->val);
		}
	must(!changes.is_full);
	entry = make_entry(s, event, buf_slice(&changes), tx->now_ms);
	buf_fini(&changes);
	store_be64(key, entry->seq);
	memtab_put(s->active, TABLE_EVENT, slice_of(key, 8), slice_of(entry, sizeof(*entry) + entry->event_n), false, false);
	if (s->active->last_seq == 0)
		s->active->since_ms = tx->now_ms;
	s->active->last_seq = s->last_seq = entry->seq;
	s->last_at_ms = tx->now_ms;
	add_to_batch(s, entry);
	tx_abort(tx);
	return entry->seq;
}
