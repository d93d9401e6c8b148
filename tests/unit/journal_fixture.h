/* What the journal's tests share: a directory, small entries, waiting, a replay that records, pokes into
 * files. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tocsin/journal.h"
#include "tocsin/util.h"

#define N_SEEN 4096
#define SEG(n) "000000000000000" #n ".seg"

struct fixture {
	char dir[128];
	struct journal_config config;
	struct journal *j;
	struct entry *held[N_SEEN]; /* handed over, by seq */
	uint64_t seen[N_SEEN];      /* seqs replayed by the last opening */
	uint32_t n_seen;
	uint8_t chain[SHA256_LEN]; /* of the last entry seen */
	struct err e;
};

static inline int fixture_replay(void *udata, const struct entry *en, struct err *e)
{
	struct fixture *f = udata;

	(void)e;
	assert_true(f->n_seen < N_SEEN);
	f->seen[f->n_seen++] = en->seq;
	memcpy(f->chain, en->chain, SHA256_LEN);
	return 0;
}

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	const char *tmp = getenv("TMPDIR");

	snprintf(f->dir, sizeof(f->dir), "%s/journal.XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(f->dir));
	f->config = (struct journal_config){.dir = f->dir, .segment_bytes = 16384, .n_free_segments = 2};
	memcpy(f->config.new_id, "journal-number-1", JOURNAL_ID_LEN);
	*state = f;
	return 0;
}

static inline void dir_clear(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;

	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (d->d_name[0] != '.')
			unlinkat(dirfd(dir), d->d_name, 0);
	}
	if (dir != NULL)
		closedir(dir);
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	journal_close(f->j);
	for (uint32_t i = 0; i < N_SEEN; i++)
		free(f->held[i]);
	dir_clear(f->dir);
	rmdir(f->dir);
	free(f);
	return 0;
}

static inline int fixture_open(struct fixture *f)
{
	assert_null(f->j);
	f->n_seen = 0;
	memset(&f->e, 0, sizeof(f->e));
	return journal_open(&f->j, &f->config, fixture_replay, f, &f->e);
}

static inline void fixture_close(struct fixture *f)
{
	journal_close(f->j);
	f->j = NULL;
}

/* An entry whose record has `bytes` bytes, which depend on seq and mark. */
static inline struct entry *entry_sized(uint64_t seq, uint32_t bytes, uint8_t mark)
{
	uint8_t salt[ENTRY_SALT] = {mark}, event[16384];

	memset(event, (int)(mark + seq), sizeof(event));
	return entry_new(
		seq, (int64_t)seq * 10, salt, slice_of(event, bytes - sizeof(struct entry)), slice_of("", 0));
}

static inline void fixture_append(struct fixture *f, uint64_t from, uint64_t to, uint32_t bytes, uint8_t mark)
{
	for (uint64_t seq = from; seq <= to; seq++) {
		free(f->held[seq]);
		f->held[seq] = entry_sized(seq, bytes, mark);
	}
	journal_append(f->j, f->held + from, (uint32_t)(to - from + 1));
}

/* Wait until seq is durable or the journal lost; a minute at most. */
static inline enum journal_fate fixture_wait(struct fixture *f, uint64_t seq)
{
	struct pollfd p = {journal_event_fd(f->j), POLLIN, 0};

	while (journal_durable_seq(f->j) < seq && journal_fate(f->j, NULL) == JOURNAL_DURABLE) {
		assert_int_equal(poll(&p, 1, 60000), 1);
		journal_event_clear(f->j);
	}
	return journal_fate(f->j, NULL);
}

/* One batch, written and durable. */
static inline void fixture_put(struct fixture *f, uint64_t from, uint64_t to, uint32_t bytes)
{
	fixture_append(f, from, to, bytes, 0);
	assert_int_equal(fixture_wait(f, to), JOURNAL_DURABLE);
}

static inline void assert_seen(const struct fixture *f, uint64_t from, uint64_t to)
{
	assert_int_equal(f->n_seen, to + 1 - from);
	for (uint32_t i = 0; i < f->n_seen; i++)
		assert_int_equal(f->seen[i], from + i);
}

static inline int file_open(const struct fixture *f, const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static inline bool file_exists(const struct fixture *f, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	return access(path, F_OK) == 0;
}

static inline void file_remove(const struct fixture *f, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", f->dir, name);
	assert_int_equal(unlink(path), 0);
}

static inline void file_read(const struct fixture *f, const char *name, uint64_t at, void *p, size_t n)
{
	int fd = file_open(f, name);

	assert_int_equal(pread(fd, p, n, (off_t)at), n);
	close(fd);
}

static inline void file_write(const struct fixture *f, const char *name, uint64_t at, const void *p, size_t n)
{
	int fd = file_open(f, name);

	assert_int_equal(pwrite(fd, p, n, (off_t)at), n);
	close(fd);
}

static inline void file_flip(const struct fixture *f, const char *name, uint64_t at)
{
	uint8_t b;

	file_read(f, name, at, &b, 1);
	b ^= 1;
	file_write(f, name, at, &b, 1);
}

static inline uint64_t file_size(const struct fixture *f, const char *name)
{
	struct stat st;
	int fd = file_open(f, name);

	assert_int_equal(fstat(fd, &st), 0);
	close(fd);
	return (uint64_t)st.st_size;
}
