/*
 * Preloaded into a program under test: records what it does to the files of one directory, and makes chosen
 * calls fail (shim_log.h). Calls are logged one after the other; a sync is logged twice, since what is
 * written or answered while it runs is not covered by it. Memory maps and stdio are not seen.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "shim_log.h"

#define N_FDS 1024
#define EXPORT __attribute__((visibility("default")))

struct tracked {
	bool is_tracked, is_dir, is_dsync, is_append;
	uint64_t ino;
	char path[256]; /* of directories */
};

static struct {
	pthread_mutex_t lock;
	pthread_once_t once;
	char dir[PATH_MAX];
	size_t dir_n;
	int log_fd, note_fd;
	unsigned sync_us;
	uint64_t n_events;
	struct tracked fds[N_FDS];
	char fault_kind[16], fault_how[16], fired[PATH_MAX];
	long fault_n, n_calls;
	bool is_sticky;
} shim = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT, .log_fd = -1, .note_fd = -1};

/* ---- set-up -------------------------------------------------------------------------------------------- */
static void fault_parse(const char *text)
{
	char mode[16];

	if (text != NULL && sscanf(text, "%15[^:]:%ld:%15[^:]:%15s", shim.fault_kind, &shim.fault_n,
				    shim.fault_how, mode) == 4)
		shim.is_sticky = strcmp(mode, "sticky") == 0;
}

static void shim_start(void)
{
	const char *dir = getenv("SHIM_DIR"), *log = getenv("SHIM_LOG"), *note = getenv("SHIM_NOTE_FD");
	const char *us = getenv("SHIM_SYNC_US"), *fired = getenv("SHIM_FIRED");

	if (dir != NULL)
		shim.dir_n = (size_t)snprintf(shim.dir, sizeof(shim.dir), "%s", dir);
	if (log != NULL)
		shim.log_fd = (int)syscall(
			SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (note != NULL)
		shim.note_fd = (int)strtol(note, NULL, 10);
	if (us != NULL)
		shim.sync_us = (unsigned)strtoul(us, NULL, 10);
	if (fired != NULL)
		snprintf(shim.fired, sizeof(shim.fired), "%s", fired);
	fault_parse(getenv("SHIM_FAULT"));
}

static void enter(void)
{
	pthread_once(&shim.once, shim_start);
	pthread_mutex_lock(&shim.lock);
}

static void leave(void)
{
	int saved = errno;

	pthread_mutex_unlock(&shim.lock);
	errno = saved;
}

/* ---- log ----------------------------------------------------------------------------------------------- */
static void log_bytes(const void *p, size_t n)
{
	while (n > 0) {
		long put = syscall(SYS_write, shim.log_fd, p, n);

		if (put < 0)
			abort();
		p = (const uint8_t *)p + put;
		n -= (size_t)put;
	}
}

static void log_head(enum shim_kind kind, uint64_t file, uint64_t offset, size_t n_data)
{
	struct shim_event ev = {kind, (uint32_t)n_data, file, offset};

	shim.n_events++;
	log_bytes(&ev, sizeof(ev));
}

static void log_event(enum shim_kind kind, uint64_t file, uint64_t offset, const void *data, size_t n_data)
{
	if (shim.log_fd < 0)
		return;
	log_head(kind, file, offset, n_data);
	log_bytes(data, n_data);
}

static void log_write(const struct tracked *t, uint64_t offset, const struct iovec *iov, int n_iov, size_t n)
{
	if (shim.log_fd < 0)
		return;
	log_head(t->is_dsync ? SHIM_DSYNC : SHIM_WRITE, t->ino, offset, n);
	for (int i = 0; i < n_iov && n > 0; i++) {
		size_t part = iov[i].iov_len < n ? iov[i].iov_len : n;

		log_bytes(iov[i].iov_base, part);
		n -= part;
	}
}

/* ---- faults -------------------------------------------------------------------------------------------- */
static int how_errno(void)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EINTR", EINTR}, {"EROFS", EROFS}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(shim.fault_how, names[i].name) == 0)
			return names[i].number;
	}
	return EIO;
}

/* Whether this call is to fail; errno is set. Locked. */
static bool fault_fires(const char *kind)
{
	int fd;

	if (shim.fault_n == 0 || strcmp(kind, shim.fault_kind) != 0)
		return false;
	shim.n_calls++;
	if (shim.n_calls < shim.fault_n || (shim.n_calls > shim.fault_n && !shim.is_sticky))
		return false;
	fd = (int)syscall(SYS_openat, AT_FDCWD, shim.fired, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = how_errno();
	return true;
}

/* ---- descriptors --------------------------------------------------------------------------------------- */
static void path_full(int dir_fd, const char *path, char out[PATH_MAX])
{
	char link[64], base[PATH_MAX];
	ssize_t n;

	if (path[0] == '/') {
		snprintf(out, PATH_MAX, "%s", path);
		return;
	}
	if (dir_fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/self/cwd");
	else
		snprintf(link, sizeof(link), "/proc/self/fd/%d", dir_fd);
	n = readlink(link, base, sizeof(base) - 1);
	base[n > 0 ? n : 0] = '\0';
	if ((size_t)snprintf(out, PATH_MAX, "%s/%s", base, path) >= PATH_MAX)
		abort();
}

/* The path below the directory, or NULL when it is elsewhere; "" is the directory itself. */
static const char *path_inside(const char *full)
{
	if (shim.dir_n == 0 || strncmp(full, shim.dir, shim.dir_n) != 0)
		return NULL;
	if (full[shim.dir_n] == '\0')
		return full + shim.dir_n;
	return full[shim.dir_n] == '/' ? full + shim.dir_n + 1 : NULL;
}

static struct tracked *tracked_of(int fd)
{
	return fd >= 0 && fd < N_FDS && shim.fds[fd].is_tracked ? &shim.fds[fd] : NULL;
}

static void track(int fd, const char *inside, int flags, bool is_new)
{
	struct tracked *t;
	struct stat st;

	if (fd >= N_FDS || fstat(fd, &st) != 0)
		abort();
	t = &shim.fds[fd];
	*t = (struct tracked){.is_tracked = true, .ino = st.st_ino};
	t->is_dir = S_ISDIR(st.st_mode);
	t->is_dsync = (flags & (O_DSYNC | O_SYNC)) != 0;
	t->is_append = (flags & O_APPEND) != 0;
	snprintf(t->path, sizeof(t->path), "%s", t->is_dir && strcmp(inside, ".") != 0 ? inside : "");
	if (is_new)
		log_event(SHIM_CREATE, t->ino, 0, inside, strlen(inside));
	else if ((flags & O_TRUNC) != 0)
		log_event(SHIM_SIZE, t->ino, 0, NULL, 0);
}

static int open_any(int dir_fd, const char *path, int flags, mode_t mode)
{
	char full[PATH_MAX];
	const char *inside;
	bool is_new;
	int fd;

	enter();
	path_full(dir_fd, path, full);
	inside = path_inside(full);
	if (inside != NULL && (flags & O_DIRECTORY) == 0 && fault_fires("open")) {
		leave();
		return -1;
	}
	is_new = (flags & O_CREAT) != 0 && access(full, F_OK) != 0;
	fd = (int)syscall(SYS_openat, dir_fd, path, flags, mode);
	if (fd >= 0 && fd < N_FDS)
		shim.fds[fd].is_tracked = false;
	if (fd >= 0 && inside != NULL)
		track(fd, inside, flags, is_new);
	leave();
	return fd;
}

static mode_t mode_arg(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
}

#define OPEN(name)                                                                                           \
	EXPORT int name(const char *path, int flags, ...)                                                    \
	{                                                                                                    \
		va_list ap;                                                                                  \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(ap, flags);                                                                         \
		mode = mode_arg(flags, ap);                                                                  \
		va_end(ap);                                                                                  \
		return open_any(AT_FDCWD, path, flags, mode);                                                \
	}
#define OPENAT(name)                                                                                         \
	EXPORT int name(int dir_fd, const char *path, int flags, ...)                                        \
	{                                                                                                    \
		va_list ap;                                                                                  \
		mode_t mode;                                                                                 \
                                                                                                             \
		va_start(ap, flags);                                                                         \
		mode = mode_arg(flags, ap);                                                                  \
		va_end(ap);                                                                                  \
		return open_any(dir_fd, path, flags, mode);                                                  \
	}
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir_fd, const char *path, int flags);
int __openat64_2(int dir_fd, const char *path, int flags);

EXPORT int __open_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return open_any(AT_FDCWD, path, flags, 0);
}

EXPORT int __openat_2(int dir_fd, const char *path, int flags)
{
	return open_any(dir_fd, path, flags, 0);
}

EXPORT int __openat64_2(int dir_fd, const char *path, int flags)
{
	return open_any(dir_fd, path, flags, 0);
}

EXPORT int creat(const char *path, mode_t mode)
{
	return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

EXPORT int close(int fd)
{
	enter();
	if (fd >= 0 && fd < N_FDS)
		shim.fds[fd].is_tracked = false;
	leave();
	return (int)syscall(SYS_close, fd);
}

/* ---- writing ------------------------------------------------------------------------------------------- */
static size_t iov_bytes(const struct iovec *iov, int n_iov)
{
	size_t n = 0;

	for (int i = 0; i < n_iov; i++)
		n += iov[i].iov_len;
	return n;
}

static ssize_t iov_put(int fd, const struct iovec *iov, int n_iov, off_t at)
{
	if (at < 0)
		return syscall(SYS_writev, fd, iov, n_iov);
	return syscall(SYS_pwritev, fd, iov, n_iov, (long)at, 0L);
}

/* Half of the bytes of the first vector that has two. */
static ssize_t put_short(int fd, const struct iovec *iov, int n_iov, off_t at)
{
	struct iovec half = iov[0];
	size_t n = iov_bytes(iov, n_iov);

	half.iov_len = half.iov_len < n ? half.iov_len : (n + 1) / 2;
	return iov_put(fd, &half, 1, at);
}

static ssize_t put_tracked(struct tracked *t, int fd, const struct iovec *iov, int n_iov, off_t at)
{
	off_t where = at >= 0 ? at : lseek(fd, 0, t->is_append ? SEEK_END : SEEK_CUR);
	bool is_faulty = fault_fires(t->is_dsync ? "dsync" : "write");
	int fault = errno;
	ssize_t put;

	if (is_faulty && strcmp(shim.fault_how, "short") == 0) {
		put = put_short(fd, iov, n_iov, at);
	} else if (is_faulty && strcmp(shim.fault_how, "late") != 0) {
		errno = fault;
		return -1;
	} else {
		put = iov_put(fd, iov, n_iov, at);
	}
	if (put > 0)
		log_write(t, (uint64_t)where, iov, n_iov, (size_t)put);
	if (is_faulty && strcmp(shim.fault_how, "late") == 0) {
		errno = EIO;
		return -1;
	}
	return put;
}

/* at < 0: at the file's own position. */
static ssize_t write_any(int fd, const struct iovec *iov, int n_iov, off_t at)
{
	struct tracked *t;
	ssize_t put;

	enter();
	t = tracked_of(fd);
	if (t != NULL) {
		put = put_tracked(t, fd, iov, n_iov, at);
	} else {
		put = iov_put(fd, iov, n_iov, at);
		if (fd == shim.note_fd && put > 0)
			log_event(SHIM_NOTE, 0, 0, iov[0].iov_base, iov[0].iov_len);
	}
	leave();
	return put;
}

static ssize_t write_one(int fd, const void *p, size_t n, off_t at)
{
	struct iovec iov = {(void *)(uintptr_t)p, n};

	return write_any(fd, &iov, 1, at);
}

EXPORT ssize_t write(int fd, const void *p, size_t n)
{
	return write_one(fd, p, n, -1);
}

EXPORT ssize_t writev(int fd, const struct iovec *iov, int n_iov)
{
	return write_any(fd, iov, n_iov, -1);
}

EXPORT ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
	return write_one(fd, p, n, at);
}

EXPORT ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
	return write_one(fd, p, n, at);
}

EXPORT ssize_t pwritev(int fd, const struct iovec *iov, int n_iov, off_t at)
{
	return write_any(fd, iov, n_iov, at);
}

EXPORT ssize_t pwritev64(int fd, const struct iovec *iov, int n_iov, off64_t at)
{
	return write_any(fd, iov, n_iov, at);
}

/* ---- syncing ------------------------------------------------------------------------------------------- */
static int sync_any(int fd, long call, const char *kind)
{
	struct tracked t;
	bool is_tracked;
	uint64_t begin;
	int rc;

	enter();
	is_tracked = tracked_of(fd) != NULL;
	if (!is_tracked || fault_fires(kind)) {
		leave();
		return is_tracked ? -1 : (int)syscall(call, fd);
	}
	t = shim.fds[fd];
	begin = shim.n_events;
	log_event(t.is_dir ? SHIM_DIR_BEGIN : SHIM_SYNC_BEGIN, t.ino, 0, t.path, strlen(t.path));
	leave();
	rc = (int)syscall(call, fd);
	if (shim.sync_us > 0)
		usleep(shim.sync_us);
	enter();
	if (rc == 0)
		log_event(t.is_dir ? SHIM_DIR_END : SHIM_SYNC_END, t.ino, begin, t.path, strlen(t.path));
	leave();
	return rc;
}

EXPORT int fdatasync(int fd)
{
	return sync_any(fd, SYS_fdatasync, "fdatasync");
}

EXPORT int fsync(int fd)
{
	return sync_any(fd, SYS_fsync, "fsync");
}

/* ---- sizes --------------------------------------------------------------------------------------------- */
EXPORT int ftruncate(int fd, off_t size)
{
	struct tracked *t;
	int rc = -1;

	enter();
	t = tracked_of(fd);
	if (t == NULL || !fault_fires("truncate"))
		rc = (int)syscall(SYS_ftruncate, fd, size);
	if (rc == 0 && t != NULL)
		log_event(SHIM_SIZE, t->ino, (uint64_t)size, NULL, 0);
	leave();
	return rc;
}

EXPORT int ftruncate64(int fd, off64_t size)
{
	return ftruncate(fd, size);
}

EXPORT int fallocate(int fd, int mode, off_t at, off_t n)
{
	struct tracked *t;
	struct stat before, after;
	int rc = -1;

	enter();
	t = tracked_of(fd);
	if (t == NULL) {
		rc = (int)syscall(SYS_fallocate, fd, mode, at, n);
	} else if (!fault_fires("allocate") && fstat(fd, &before) == 0) {
		rc = (int)syscall(SYS_fallocate, fd, mode, at, n);
		if (rc == 0 && fstat(fd, &after) == 0 && after.st_size != before.st_size)
			log_event(SHIM_SIZE, t->ino, (uint64_t)after.st_size, NULL, 0);
	}
	leave();
	return rc;
}

EXPORT int fallocate64(int fd, int mode, off64_t at, off64_t n)
{
	return fallocate(fd, mode, at, n);
}

EXPORT int posix_fallocate(int fd, off_t at, off_t n)
{
	return fallocate(fd, 0, at, n) == 0 ? 0 : errno;
}

EXPORT int posix_fallocate64(int fd, off64_t at, off64_t n)
{
	return posix_fallocate(fd, at, n);
}

/* ---- names --------------------------------------------------------------------------------------------- */
static int rename_any(int from_dir, const char *from, int to_dir, const char *to)
{
	char full_from[PATH_MAX], full_to[PATH_MAX], both[2 * PATH_MAX];
	const char *in_from, *in_to;
	int rc = -1;

	enter();
	path_full(from_dir, from, full_from);
	path_full(to_dir, to, full_to);
	in_from = path_inside(full_from);
	in_to = path_inside(full_to);
	if (in_from == NULL || in_to == NULL || !fault_fires("rename"))
		rc = (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
	if (rc == 0 && in_from != NULL && in_to != NULL) {
		int n = snprintf(both, sizeof(both), "%s%c%s", in_from, '\0', in_to);

		log_event(SHIM_RENAME, 0, 0, both, (size_t)n);
	}
	leave();
	return rc;
}

EXPORT int rename(const char *from, const char *to)
{
	return rename_any(AT_FDCWD, from, AT_FDCWD, to);
}

EXPORT int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return rename_any(from_dir, from, to_dir, to);
}

EXPORT int unlinkat(int dir_fd, const char *path, int flags)
{
	char full[PATH_MAX];
	const char *inside;
	int rc = -1;

	enter();
	path_full(dir_fd, path, full);
	inside = path_inside(full);
	if (inside == NULL || !fault_fires("unlink"))
		rc = (int)syscall(SYS_unlinkat, dir_fd, path, flags);
	if (rc == 0 && inside != NULL)
		log_event(SHIM_UNLINK, 0, 0, inside, strlen(inside));
	leave();
	return rc;
}

EXPORT int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}
