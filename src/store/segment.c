#include "store/segment_int.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_DIGITS 16
#define FILL_BYTES ((size_t)1 << 20)

_Static_assert(sizeof(struct segment_head) <= 512, "the head must lie within one sector");

/* The one place that turns an errno of the journal's files into an error. */
static int io_err(struct err *e, const char *what, const char *name, int number)
{
	enum err_code code =
		number == EROFS || number == EACCES || number == EPERM ? ERR_READ_ONLY : ERR_STORAGE;

	err_set(e, code, "journal: %s %s: %s", what, name, strerror(number));
	if (number == ENOSPC || number == EDQUOT)
		snprintf(e->reason, sizeof(e->reason), SEGMENT_NO_SPACE);
	return -1;
}

/* ---- names --------------------------------------------------------------------------------------------- */
static void segment_name(uint64_t number, char out[SEGMENT_NAME])
{
	snprintf(out, SEGMENT_NAME, "%0*ju.seg", NAME_DIGITS, (uintmax_t)number);
}

bool segment_number(const char *name, uint64_t *number)
{
	uint64_t n = 0;

	for (int i = 0; i < NAME_DIGITS; i++) {
		if (name[i] < '0' || name[i] > '9')
			return false;
		n = n * 10 + (uint64_t)(name[i] - '0');
	}
	*number = n;
	return n > 0 && strcmp(name + NAME_DIGITS, ".seg") == 0;
}

struct segment *segment_new(uint64_t number)
{
	struct segment *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->number = number;
	s->fd = -1;
	s->at = SEGMENT_HEAD;
	segment_name(number, s->name);
	return s;
}

void segment_free(struct segment *s)
{
	if (s == NULL)
		return;
	if (s->fd >= 0)
		close(s->fd);
	free(s);
}

/* ---- whole reads and writes ---------------------------------------------------------------------------- */
int segment_read(const struct segment *s, void *p, size_t n, uint64_t at, struct err *e)
{
	for (size_t done = 0; done < n;) {
		ssize_t got = pread(s->fd, (uint8_t *)p + done, n - done, (off_t)(at + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_err(e, "read", s->name, errno);
		if (got == 0)
			return err_set(e, ERR_STORAGE,
				"journal: read %s: the file ends at %ju, expected %zu more bytes", s->name,
				(uintmax_t)(at + done), n - done);
		done += (size_t)got;
	}
	return 0;
}

int segment_write(const struct segment *s, const void *p, size_t n, uint64_t at, struct err *e)
{
	struct iovec iov = {(void *)(uintptr_t)p, n};

	return segment_writev(s, &iov, 1, at, e);
}

/* Forget the first n bytes of iov; returns how many vectors are used up. */
static size_t iov_skip(struct iovec *iov, size_t n_iov, size_t n)
{
	size_t i = 0;

	for (; i < n_iov && n >= iov[i].iov_len; i++)
		n -= iov[i].iov_len;
	if (n > 0 && i < n_iov) {
		iov[i].iov_base = (uint8_t *)iov[i].iov_base + n;
		iov[i].iov_len -= n;
	}
	return i;
}

int segment_writev(const struct segment *s, struct iovec *iov, size_t n_iov, uint64_t at, struct err *e)
{
	while (n_iov > 0) {
		int n = n_iov < IOV_MAX ? (int)n_iov : IOV_MAX;
		ssize_t put = pwritev(s->fd, iov, n, (off_t)at);
		size_t used;

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return io_err(e, "write", s->name, put < 0 ? errno : ENOSPC);
		used = iov_skip(iov, n_iov, (size_t)put);
		iov += used;
		n_iov -= used;
		at += (uint64_t)put;
	}
	return 0;
}

int segment_sync(const struct segment *s, struct err *e)
{
	return fdatasync(s->fd) == 0 ? 0 : io_err(e, "sync", s->name, errno);
}

int dir_sync(int dir_fd, struct err *e)
{
	if (fsync(dir_fd) == 0)
		return 0;
	io_err(e, "sync", "its directory", errno);
	e->reason[0] = '\0'; /* whatever the cause: trying again proves nothing */
	return -1;
}

/* ---- making and opening -------------------------------------------------------------------------------- */
/*
 * Real zeros, not only reserved blocks: an overwrite of written blocks needs no metadata, so that fdatasync
 * has one thing to do.
 */
static int fill(const struct segment *s, const struct segment_head *head, struct err *e)
{
	uint8_t *zeros;
	int rc = posix_fallocate(s->fd, 0, (off_t)s->bytes);

	if (rc != 0)
		return io_err(e, "allocate", s->name, rc);
	zeros = calloc(1, FILL_BYTES);
	must(zeros != NULL);
	for (uint64_t at = 0; rc == 0 && at < s->bytes; at += FILL_BYTES) {
		size_t n = s->bytes - at < FILL_BYTES ? (size_t)(s->bytes - at) : FILL_BYTES;

		rc = segment_write(s, zeros, n, at, e);
	}
	if (rc == 0 && head != NULL)
		rc = segment_write(s, head, sizeof(*head), 0, e);
	free(zeros);
	if (rc == 0 && fsync(s->fd) != 0)
		rc = io_err(e, "sync", s->name, errno);
	return rc;
}

struct segment *segment_make(
	int dir_fd, uint64_t number, uint64_t bytes, const struct segment_head *head, struct err *e)
{
	struct segment *s = segment_new(number);
	char half[SEGMENT_NAME + 4];

	snprintf(half, sizeof(half), "%s.new", s->name);
	s->bytes = bytes;
	s->fd = openat(dir_fd, half, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0) {
		io_err(e, "create", half, errno);
		segment_free(s);
		return NULL;
	}
	if (fill(s, head, e) != 0)
		goto undo;
	if (renameat(dir_fd, half, dir_fd, s->name) != 0) {
		io_err(e, "rename", half, errno);
		goto undo;
	}
	if (dir_sync(dir_fd, e) != 0) {
		segment_free(s);
		return NULL;
	}
	return s;
undo:
	unlinkat(dir_fd, half, 0);
	segment_free(s);
	return NULL;
}

int segment_rename(int dir_fd, struct segment *s, uint64_t number, struct err *e)
{
	char name[SEGMENT_NAME];

	segment_name(number, name);
	if (renameat(dir_fd, s->name, dir_fd, name) != 0)
		return io_err(e, "rename", s->name, errno);
	segment_name(number, s->name);
	s->number = number;
	s->first_seq = 0;
	s->at = SEGMENT_HEAD;
	return 0;
}

int segment_open(int dir_fd, struct segment *s, bool is_read_only, struct err *e)
{
	struct stat st;

	s->fd = openat(dir_fd, s->name, (is_read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st) != 0)
		return io_err(e, "open", s->name, errno);
	s->bytes = (uint64_t)st.st_size;
	return 0;
}

/* ---- the head ------------------------------------------------------------------------------------------ */
static uint32_t head_crc(const struct segment_head *h)
{
	return crc32c(0, h, offsetof(struct segment_head, crc));
}

void segment_head_fill(struct segment_head *h, uint64_t number, const uint8_t id[JOURNAL_ID_LEN],
	uint64_t first_seq, uint64_t synced, const uint8_t chain[SHA256_LEN])
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, SEGMENT_MAGIC, sizeof(h->magic));
	h->order = SEGMENT_ORDER;
	h->format = JOURNAL_FORMAT;
	memcpy(h->id, id, JOURNAL_ID_LEN);
	h->number = number;
	h->first_seq = first_seq;
	h->synced = synced;
	memcpy(h->chain, chain, SHA256_LEN);
	h->crc = head_crc(h);
}

static int foreign_err(const struct segment *s, const uint8_t id[JOURNAL_ID_LEN],
	const struct segment_head *h, struct err *e)
{
	char found[2 * JOURNAL_ID_LEN + 1], wanted[2 * JOURNAL_ID_LEN + 1];

	return err_set(e, ERR_STORAGE,
		"journal: %s belongs to journal %s, expected %s; tables and journal must come from the same "
		"data directory",
		s->name, hex(h->id, JOURNAL_ID_LEN, found), hex(id, JOURNAL_ID_LEN, wanted));
}

int segment_head_read(
	const struct segment *s, const uint8_t id[JOURNAL_ID_LEN], struct segment_head *h, struct err *e)
{
	static const uint8_t any[JOURNAL_ID_LEN];

	if (s->bytes < SEGMENT_HEAD)
		return 0;
	if (segment_read(s, h, sizeof(*h), 0, e) != 0)
		return -1;
	if (memcmp(h->magic, SEGMENT_MAGIC, sizeof(h->magic)) != 0)
		return 0;
	if (h->order == __builtin_bswap32(SEGMENT_ORDER))
		return err_set(e, ERR_STORAGE, "journal: %s was written on a machine of the other byte order",
			s->name);
	if (h->crc != head_crc(h))
		return 0;
	if (h->format != JOURNAL_FORMAT)
		return err_set(e, ERR_STORAGE,
			"journal: %s has format %u, expected %u; use the program that wrote it", s->name,
			h->format, JOURNAL_FORMAT);
	if (memcmp(id, any, JOURNAL_ID_LEN) != 0 && memcmp(h->id, id, JOURNAL_ID_LEN) != 0)
		return foreign_err(s, id, h, e);
	return h->number == s->number ? 1 : 0;
}
