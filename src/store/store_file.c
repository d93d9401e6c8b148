#include "store/store_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int file_err(struct err *e, const char *verb, const char *path)
{
	return err_set(e, ERR_STORAGE, "%s %s: %s", verb, path, strerror(errno));
}

void path_join(char out[4096], const char *dir, const char *name)
{
	int n = snprintf(out, 4096, "%s/%s", dir, name);

	must(n > 0 && n < 4096);
}

bool path_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool dir_is_free(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *d;
	bool is_free = true;

	if (dir == NULL)
		return errno == ENOENT;
	while (is_free && (d = readdir(dir)) != NULL)
		is_free = strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0;
	closedir(dir);
	return is_free;
}

int file_sync(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return file_err(e, "open", path);
	rc = fsync(fd) == 0 ? 0 : file_err(e, "sync", path);
	close(fd);
	return rc;
}

int file_rename(const char *from, const char *to, const char *dir, struct err *e)
{
	if (rename(from, to) != 0)
		return file_err(e, "rename to", to);
	return file_sync(dir, e);
}

static int write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

/* Make a new file of these bytes, synced. */
static int file_make(const char *path, struct slice bytes, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), rc = 0;

	if (fd < 0)
		return file_err(e, "create", path);
	if (write_all(fd, bytes.p, bytes.n) != 0 || fsync(fd) != 0)
		rc = file_err(e, "write", path);
	if (close(fd) != 0 && rc == 0)
		rc = file_err(e, "close", path);
	return rc;
}

int file_write(const char *dir, const char *name, struct slice bytes, struct err *e)
{
	char made[4096], path[4096];

	path_join(path, dir, name);
	must(snprintf(made, sizeof(made), "%s.new", path) < (int)sizeof(made));
	unlink(made);
	if (file_make(made, bytes, e) != 0)
		return -1;
	return file_rename(made, path, dir, e);
}

/* The file's bytes, mapped; an empty slice with p == NULL for an empty file. */
static int file_map(const char *path, struct slice *bytes, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	struct stat st;
	void *p = NULL;

	if (fd < 0)
		return file_err(e, "open", path);
	if (fstat(fd, &st) != 0)
		rc = file_err(e, "look at", path);
	else if (st.st_size > 0)
		p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		rc = file_err(e, "read", path);
	close(fd);
	*bytes = slice_of(p, rc == 0 && p != NULL ? (size_t)st.st_size : 0);
	return rc;
}

static void file_unmap(struct slice bytes)
{
	if (bytes.n > 0)
		munmap((void *)(uintptr_t)bytes.p, bytes.n);
}

int file_read(const char *path, struct buf *b, struct err *e)
{
	struct slice bytes;

	if (file_map(path, &bytes, e) != 0)
		return -1;
	buf_reset(b);
	buf_add(b, bytes.p, bytes.n);
	buf_add_u8(b, 0);
	file_unmap(bytes);
	if (b->is_full)
		return err_set(e, ERR_STORAGE, "%s is too large: %zu bytes, at most %zu expected", path,
			bytes.n, b->max - 1);
	b->n--;
	return 0;
}

int file_digest(const char *path, uint64_t *n_bytes, uint8_t digest[SHA256_LEN], struct err *e)
{
	struct slice bytes;

	if (file_map(path, &bytes, e) != 0)
		return -1;
	*n_bytes = bytes.n;
	sha256(bytes.p, bytes.n, digest);
	file_unmap(bytes);
	return 0;
}

int file_copy(const char *from, const char *to, struct err *e)
{
	struct slice bytes;
	int rc;

	if (file_map(from, &bytes, e) != 0)
		return -1;
	rc = file_make(to, bytes, e);
	file_unmap(bytes);
	return rc;
}
