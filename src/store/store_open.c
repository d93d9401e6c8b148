/* Opening: lock, tables, replay of the journal behind the mark. Closing: everything durable, checkpointed. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/manifest.h"
#include "store/store_file.h"
#include "store/store_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define MIB ((uint64_t)1024 * 1024)
#define N_FREE_SEGMENTS 2
#define READS_KEEP ((size_t)1024 * 1024)

/* ---- replay -------------------------------------------------------------------------------------------- */
/* Put an entry's changes and its EVENT row into a memory table; copies it. */
static int entry_apply(struct memtab *m, const struct entry *en, struct err *e)
{
	const struct entry *copy = arena_copy(&m->arena, en, en->length);
	struct slice rest = entry_changes(copy);
	struct change c;
	int got;

	while ((got = change_next(&rest, &c)) == 1) {
		if (c.table >= N_TABLES || c.key.n == 0 || c.key.n > STORE_KEY_MAX)
			return err_set(e, ERR_STORAGE,
				"entry %ju changes table %u with a key of %zu bytes: a newer version wrote "
				"it?",
				(uintmax_t)en->seq, c.table, c.key.n);
		memtab_put(m, row_new_borrowing(&m->arena, (enum table)c.table, c.key, c.val, c.is_delete));
	}
	if (got != 0)
		return err_set(e, ERR_STORAGE, "entry %ju: its changes cannot be read", (uintmax_t)en->seq);
	memtab_put_entry(m, copy, en->at_ms);
	return 0;
}

static int write_active(struct store *s, struct err *e)
{
	struct tables_mark mark = s->mark;
	const struct entry *last = s->active->last;

	mark.seq = last->seq;
	mark.at_ms = last->at_ms;
	memcpy(mark.chain, last->chain, SHA256_LEN);
	if (tables_write(s->tables, s->active, &mark, e) != 0)
		return -1;
	s->mark = mark;
	memtab_reset(s->active);
	return tables_view_renew(s->view, e);
}

/*
 * Whether the replayed table is large and may go to LMDB before the journal is open: an entry may be in the
 * page cache alone until journal_open has written it again, unless a later one knew it as durable.
 */
static bool may_write_active(const struct store *s, const struct entry *en)
{
	const struct memtab *m = s->active;

	if (s->is_read_only || s->config.is_checkpoint_inline || m->last == NULL)
		return false;
	return m->arena.used >= s->config.freeze_bytes && en->synced >= m->last->seq;
}

static int replay(void *udata, const struct entry *en, struct err *e)
{
	struct store *s = udata;

	if (may_write_active(s, en) && write_active(s, e) != 0)
		return -1;
	if (entry_apply(s->active, en, e) != 0)
		return -1;
	s->last_seq = en->seq;
	s->last_at_ms = en->at_ms;
	return 0;
}

/* ---- opening ------------------------------------------------------------------------------------------- */
static void set_defaults(struct store_config *c)
{
	c->map_bytes = c->map_bytes > 0 ? c->map_bytes : 64 * 1024 * MIB;
	c->freeze_bytes = c->freeze_bytes > 0 ? c->freeze_bytes : 64 * MIB;
	c->freeze_ms = c->freeze_ms > 0 ? c->freeze_ms : 30000;
	c->stop_bytes = c->stop_bytes > 0 ? c->stop_bytes : 256 * MIB;
	c->stop_undurable_bytes = c->stop_undurable_bytes > 0 ? c->stop_undurable_bytes : 8 * MIB;
	c->segment_bytes = c->segment_bytes > 0 ? c->segment_bytes : 16 * MIB;
}

static struct store *store_new(const struct store_config *config)
{
	struct store *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->config = *config;
	set_defaults(&s->config);
	s->dir = strdup(config->dir);
	s->lock_fd = s->poll_fd = -1;
	s->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	must(s->dir != NULL && s->event_fd >= 0);
	checkpoint_init(s);
	s->active = memtab_new(memtab_keep(&s->config));
	arena_init(&s->staged, READS_KEEP);
	arena_init(&s->reads, READS_KEEP);
	return s;
}

static void store_free(struct store *s)
{
	checkpoint_fini(s);
	journal_close(s->journal);
	tables_view_free(s->view);
	tables_close(s->tables);
	memtab_free(s->active);
	memtab_free(s->frozen);
	memtab_free(s->spare);
	arena_fini(&s->staged);
	arena_fini(&s->reads);
	if (s->poll_fd >= 0)
		close(s->poll_fd);
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	close(s->event_fd);
	free(s->batch);
	free(s->dir);
	free(s);
}

static int set_why(const struct store *s, const char *what, struct err *e)
{
	return err_set(e, ERR_READ_ONLY, "data directory %s is read-only: %s", s->dir, what);
}

static void set_read_only(struct store *s, const char *what)
{
	s->is_read_only = true;
	set_why(s, what, &s->read_only_why);
}

static bool has_tables(const struct store *s)
{
	char path[4096];

	path_join(path, s->dir, "tables.mdb");
	return path_exists(path);
}

/* Whether the disk takes what a start writes (a journal segment, its spares, a little of LMDB): 0, or -1 and
 * why not. */
static int disk_takes(const struct store *s, struct err *e)
{
	uint64_t free_bytes, need = (1 + N_FREE_SEGMENTS) * s->config.segment_bytes + MIB;
	struct statvfs fs;

	if (statvfs(s->dir, &fs) != 0)
		return 0;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if ((fs.f_flag & ST_RDONLY) != 0)
		return set_why(s, "its file system is mounted read-only", e);
	if (access(s->dir, W_OK) != 0)
		return set_why(s, strerror(errno), e);
	if (free_bytes >= need)
		return 0;
	if (!has_tables(s)) /* nothing to serve meanwhile: the start ends */
		return err_set(e, ERR_READ_ONLY, "the disk of %s is full: %ju bytes free, %ju needed", s->dir,
			(uintmax_t)free_bytes, (uintmax_t)need);
	return err_set(e, ERR_READ_ONLY,
		"data directory %s is read-only: the disk is full, %ju bytes free, %ju needed; it goes on by "
		"itself when there is room",
		s->dir, (uintmax_t)free_bytes, (uintmax_t)need);
}

bool store_may_write_now(const struct store *s)
{
	struct err e;

	return s->is_refused && disk_takes(s, &e) == 0;
}

static bool is_backup(const struct store *s)
{
	char path[4096];

	path_join(path, s->dir, MANIFEST);
	return path_exists(path);
}

static int open_tables(struct store *s, struct err *e)
{
	struct tables_mark fresh = {.seq = 0};
	char path[4096];

	if (s->lock_fd >= 0 && is_backup(s))
		return err_set(e, ERR_STORAGE,
			"%s is a backup, not a data directory; make one of it with tocsin restore", s->dir);
	path_join(path, s->dir, "tables.mdb");
	if (!path_exists(path)) {
		if (s->is_read_only) {
			*e = s->read_only_why;
			return err_prefix(e, "no data in %s, and none can be made", s->dir);
		}
		rng_bytes(s->config.rng, fresh.journal_id, JOURNAL_ID_LEN);
		if (tables_create(s->dir, s->config.map_bytes, &fresh, e) != 0)
			return -1;
	}
	if (!s->is_read_only && access(path, W_OK) != 0)
		set_read_only(s, strerror(errno));
	if (tables_open(&s->tables, path, s->config.map_bytes, s->is_read_only, e) != 0 ||
		tables_mark_get(s->tables, &s->mark, e) != 0 || tables_view_new(&s->view, s->tables, e) != 0)
		return -1;
	s->last_seq = s->mark.seq;
	s->last_at_ms = s->mark.at_ms;
	return 0;
}

/* The last event the tables hold must be the one the mark names. */
static int check_mark(struct store *s, struct err *e)
{
	struct entry head;
	struct slice row;
	uint8_t key[8];
	int got;

	if (s->mark.seq == 0)
		return 0;
	store_be64(key, s->mark.seq);
	got = tables_get(s->view, &s->reads, TABLE_EVENT, slice_of(key, 8), &row, e);
	if (got < 0)
		return -1;
	if (got == 1 && row.n >= sizeof(head)) {
		memcpy(&head, row.p, sizeof(head));
		if (head.seq == s->mark.seq && memcmp(head.chain, s->mark.chain, SHA256_LEN) == 0)
			return 0;
	}
	return err_set(e, ERR_STORAGE, "tables.mdb: event %ju is %s; run tocsin fsck, restore a backup",
		(uintmax_t)s->mark.seq, got == 0 ? "missing" : "not the one that its checkpoint wrote");
}

/* The journal's id is trusted once it was recorded; before that only an empty journal, or one from the first
 * entry, fits. */
static int adopt_journal(struct store *s, struct err *e)
{
	uint8_t id[JOURNAL_ID_LEN];

	journal_id(s->journal, id);
	if (s->mark.seq > 0 && memcmp(id, s->mark.journal_id, JOURNAL_ID_LEN) != 0)
		return err_set(e, ERR_STORAGE, "%s/journal belongs to other tables: move it away", s->dir);
	if (s->mark.has_journal || s->is_read_only)
		return 0;
	memcpy(s->mark.journal_id, id, JOURNAL_ID_LEN);
	s->mark.has_journal = true;
	if (tables_write(s->tables, NULL, &s->mark, e) != 0)
		return -1;
	return tables_view_renew(s->view, e);
}

static int open_journal(struct store *s, struct err *e)
{
	struct journal_config c = {.segment_bytes = s->config.segment_bytes,
		.n_free_segments = N_FREE_SEGMENTS,
		.from_seq = s->mark.seq,
		.is_read_only = s->is_read_only};
	char dir[4096];
	int rc;

	path_join(dir, s->dir, "journal");
	c.dir = dir;
	if (!s->is_read_only && mkdir(dir, 0700) != 0 && errno != EEXIST)
		return err_set(e, ERR_STORAGE, "create %s: %s", dir, strerror(errno));
	if (s->is_read_only && (!s->mark.has_journal || is_backup(s)))
		return 0; /* none was written yet, or none belongs to it */
	if (s->mark.has_journal)
		memcpy(c.id, s->mark.journal_id, JOURNAL_ID_LEN);
	memcpy(c.new_id, s->mark.journal_id, JOURNAL_ID_LEN);
	memcpy(c.from_chain, s->mark.chain, SHA256_LEN);
	if (s->config.sim != NULL)
		rc = journal_open_sim(&s->journal, &c, s->config.sim, replay, s, e);
	else
		rc = journal_open(&s->journal, &c, replay, s, e);
	if (rc != 0 || adopt_journal(s, e) != 0)
		return -1;
	if (s->is_read_only) {
		journal_close(s->journal);
		s->journal = NULL;
	}
	return 0;
}

static int open_poll(struct store *s, struct err *e)
{
	int fds[] = {s->event_fd, s->journal != NULL ? journal_event_fd(s->journal) : -1};

	s->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (s->poll_fd < 0)
		return err_set(e, ERR_INTERNAL, "epoll_create1: %s", strerror(errno));
	for (int i = 0; i < 2; i++) {
		struct epoll_event ev = {.events = EPOLLIN};

		if (fds[i] >= 0 && epoll_ctl(s->poll_fd, EPOLL_CTL_ADD, fds[i], &ev) != 0)
			return err_set(e, ERR_INTERNAL, "epoll_ctl: %s", strerror(errno));
	}
	return 0;
}

static int open_parts(struct store *s, struct err *e)
{
	if (open_tables(s, e) != 0 || check_mark(s, e) != 0 || open_journal(s, e) != 0 ||
		open_poll(s, e) != 0)
		return -1;
	arena_reset(&s->reads);
	s->now_ms = s->last_at_ms;
	s->checkpoint.done_seq = s->mark.seq;
	atomic_store(&s->shared_last_seq, s->last_seq);
	log_line(LOG_INFO, "store.open", "dir=%s seq=%ju checkpoint=%ju read_only=%s", s->dir,
		(uintmax_t)s->last_seq, (uintmax_t)s->mark.seq, s->is_read_only ? "yes" : "no");
	return 0;
}

int store_open_to_look(struct store **out, const struct store_config *config, struct err *e)
{
	struct store *s = store_new(config);

	set_read_only(s, "it is only being looked at");
	if (open_parts(s, e) != 0) {
		store_free(s);
		return -1;
	}
	*out = s;
	return 0;
}

int store_open(struct store **out, const struct store_config *config, struct err *e)
{
	struct store *s = store_new(config);

	if (dir_lock(s->dir, &s->lock_fd, e) != 0)
		goto undo;
	s->is_read_only = s->is_refused = disk_takes(s, &s->read_only_why) != 0;
	if (open_parts(s, e) != 0)
		goto undo;
	if (!s->is_read_only && !s->config.is_checkpoint_inline)
		checkpoint_start_thread(s);
	*out = s;
	return 0;
undo:
	store_free(s);
	return -1;
}

void store_close(struct store *s)
{
	struct err e;

	if (s == NULL)
		return;
	if (s->journal != NULL && store_checkpoint(s, &e) != 0)
		log_line(LOG_WARN, "store.close", "checkpoint=\"%s\"", e.text);
	store_free(s);
}

/* ---- for simulation and tests -------------------------------------------------------------------------- */
struct journal *store_journal(struct store *s)
{
	return s->journal;
}

void store_crash(struct store *s, struct rng *rng)
{
	if (s->config.sim != NULL)
		journal_sim_crash(s->config.sim, rng);
	store_free(s);
}
