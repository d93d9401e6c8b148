/* Reading a pack's folder: every byte once, nothing through a link, nothing that others may change under us.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack_int.h"

#define FILE_BYTES_MAX ((off_t)256 * 1024)
#define FILES_MAX 256 /* of one folder: pack, base, words */
#define FOLDERS_DEEP_MAX 4
#define TEMP_SUFFIX "~"

struct reader {
	struct pack_files *out;
	const char *prefix; /* "", "default/", "lib/" */
	uint32_t n_files;   /* of this folder */
	bool has_lib;       /* lib/ and meta/ at the top are not part of the pack */
};

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), end_n = strlen(end);

	return n > end_n && strcmp(name + n - end_n, end) == 0;
}

static int check_mode(const struct stat *st, const char *name, struct err *e)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return err_set(e, ERR_REJECTED, "%s: others may write to it (mode %04o); take that away: chmod go-w",
		name, (unsigned)st->st_mode & 07777);
}

static struct pack_file *file_new(struct pack_files *p)
{
	uint32_t n = p->n_files++;

	if ((n & (n - 1)) == 0) { /* full at every power of two */
		struct pack_file *more = arena_alloc(&p->arena, (n == 0 ? 1 : 2 * (size_t)n) * sizeof(*more));

		if (n > 0)
			memcpy(more, p->files, n * sizeof(*more));
		p->files = more;
	}
	return &p->files[n];
}

/* All bytes of fd into the arena; a file that changes meanwhile is being saved. */
static int read_whole(struct reader *r, int fd, const struct stat *st, const char *name, struct err *e)
{
	size_t n = (size_t)st->st_size, have = 0;
	char *p = arena_alloc(&r->out->arena, n + 1);
	struct pack_file *f;
	struct stat after;
	ssize_t got = 1;

	while (have <= n && got > 0) {
		got = read(fd, p + have, n + 1 - have);
		if (got < 0 && errno != EINTR)
			return err_set(e, ERR_REJECTED, "%s: cannot be read: %s", name, strerror(errno));
		have += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	if (have != n || fstat(fd, &after) != 0 || after.st_size != st->st_size ||
		after.st_mtim.tv_sec != st->st_mtim.tv_sec || after.st_mtim.tv_nsec != st->st_mtim.tv_nsec)
		return err_set(
			e, ERR_REJECTED, "%s: changed while it was read; load again once it is saved", name);
	p[n] = '\0';
	f = file_new(r->out);
	f->name = arena_text(&r->out->arena, name, strlen(name));
	f->bytes = slice_of(p, n);
	sha256(p, n, f->sha);
	return 0;
}

static int read_file(struct reader *r, int dir_fd, const char *leaf, const char *name, struct err *e)
{
	struct stat st;
	int fd, rc;

	if (++r->n_files > FILES_MAX)
		return err_set(e, ERR_REJECTED, "%s: more than %d files in one pack", name, FILES_MAX);
	fd = openat(dir_fd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_set(e, ERR_REJECTED, "%s: cannot be opened: %s", name, strerror(errno));
	if (fstat(fd, &st) != 0)
		rc = err_set(e, ERR_REJECTED, "%s: %s", name, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = err_set(e, ERR_REJECTED, "%s: not a regular file", name);
	else if (st.st_size > FILE_BYTES_MAX)
		rc = err_set(e, ERR_REJECTED, "%s: %jd bytes, at most %jd", name, (intmax_t)st.st_size,
			(intmax_t)FILE_BYTES_MAX);
	else
		rc = check_mode(&st, name, e) != 0 ? -1 : read_whole(r, fd, &st, name, e);
	close(fd);
	return rc;
}

/* Names are shown in "file:line:" and are keys of the store. */
static int check_name(const char *name, struct err *e)
{
	if (strlen(name) > PACK_NAME_MAX)
		return err_set(e, ERR_REJECTED, "%.60s…: a name of more than %d bytes", name, PACK_NAME_MAX);
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == ':' || *p == '\\' || *p == 0x7f)
			return err_set(
				e, ERR_REJECTED, "%s: a name may not hold '%c'", name, *p < 0x20 ? '?' : *p);
	if (!utf8_valid(name, strlen(name)))
		return err_set(e, ERR_REJECTED, "a file's name is not UTF-8");
	return 0;
}

static int read_dir(struct reader *r, int dir_fd, const char *inside, int depth, struct err *e);

static int read_entry(struct reader *r, int dir_fd, const struct dirent *entry, const char *inside, int depth,
	struct err *e)
{
	char name[512];
	struct stat st;

	if (entry->d_name[0] == '.' || ends_with(entry->d_name, TEMP_SUFFIX))
		return 0;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0; /* gone since */
	if (S_ISLNK(st.st_mode))
		return err_set(e, ERR_REJECTED, "%s%s%s: a link; a pack holds its files itself", r->prefix,
			inside, entry->d_name);
	if (S_ISDIR(st.st_mode)) {
		bool is_top = inside[0] == '\0',
		     is_own = strcmp(entry->d_name, "meta") == 0 || strcmp(entry->d_name, "lib") == 0;
		int fd;

		if (is_top && is_own && r->has_lib)
			return 0;
		snprintf(name, sizeof(name), "%s%s/", inside, entry->d_name);
		if (depth == FOLDERS_DEEP_MAX)
			return err_set(e, ERR_REJECTED, "%s%s: folders nested too deep", r->prefix, name);
		fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_set(e, ERR_REJECTED, "%s%s: cannot be opened: %s", r->prefix, name,
				strerror(errno));
		return read_dir(r, fd, name, depth + 1, e);
	}
	if (!ends_with(entry->d_name, ".lua") && !ends_with(entry->d_name, ".csv"))
		return 0;
	snprintf(name, sizeof(name), "%s%s%s", r->prefix, inside, entry->d_name);
	return check_name(name, e) != 0 ? -1 : read_file(r, dir_fd, entry->d_name, name, e);
}

/* Takes dir_fd. */
static int read_dir(struct reader *r, int dir_fd, const char *inside, int depth, struct err *e)
{
	DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;
	struct stat st;
	int rc = 0;

	must(dir != NULL);
	if (fstat(dir_fd, &st) != 0)
		rc = err_set(e, ERR_REJECTED, "%s%s: %s", r->prefix, inside, strerror(errno));
	else
		rc = check_mode(&st, inside[0] == '\0' ? "the folder itself" : inside, e);
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		rc = read_entry(r, dir_fd, entry, inside, depth, e);
	closedir(dir);
	return rc;
}

static int read_folder(struct pack_files *out, const char *dir, const char *prefix, struct err *e)
{
	struct reader r = {out, prefix, 0, strcmp(prefix, "lib/") != 0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(e, ERR_REJECTED, "pack folder %s: %s", dir, strerror(errno));
	if (read_dir(&r, fd, "", 0, e) != 0)
		return err_prefix(e, "%s", dir);
	return 0;
}

/* "default" is what is installed beside the words; others stand beside the pack. */
static int read_base(struct pack_files *out, const char *dir, const char *share_dir, struct err *e)
{
	char base[64], prefix[66], path[4096];

	if (!pack_base(out, base, sizeof(base)))
		return 0;
	for (const char *p = base; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p) == NULL)
			return err_set(
				e, ERR_REJECTED, "pack.lua: base \"%s\" is not the name of a pack", base);
	snprintf(prefix, sizeof(prefix), "%s/", base);
	for (uint32_t i = 0; i < out->n_files; i++)
		if (strncmp(out->files[i].name, prefix, strlen(prefix)) == 0)
			return err_set(e, ERR_REJECTED, "%s: the folder %s belongs to the base of that name",
				out->files[i].name, prefix);
	if (strcmp(base, "default") == 0)
		snprintf(path, sizeof(path), "%s", share_dir);
	else
		snprintf(path, sizeof(path), "%s/../%s", dir, base);
	if (read_folder(out, path, prefix, e) != 0)
		return err_prefix(e, "base \"%s\"", base);
	return 0;
}

/* A file of the pack stands for the base's of the same name; both pack.lua count. */
static void drop_replaced(struct pack_files *p)
{
	uint32_t kept = 0;

	pack_seal(p); /* sorted, for pack_find */
	for (uint32_t i = 0; i < p->n_files; i++) {
		const char *slash = strchr(p->files[i].name, '/');
		bool is_replaced = slash != NULL && strcmp(slash + 1, "pack.lua") != 0 &&
				   strncmp(p->files[i].name, "lib/", 4) != 0 &&
				   pack_is_base_file(p, p->files[i].name) && pack_find(p, slash + 1) != NULL;

		if (!is_replaced)
			continue;
		p->files[i].bytes = slice_of(NULL, 0);
	}
	for (uint32_t i = 0; i < p->n_files; i++)
		if (p->files[i].bytes.p != NULL)
			p->files[kept++] = p->files[i];
	p->n_files = kept;
	pack_seal(p);
}

int pack_read(struct pack_files *out, const char *dir, const char *share_dir, struct err *e)
{
	char path[4096];

	memset(out, 0, sizeof(*out));
	arena_init(&out->arena, 0);
	if (read_folder(out, dir, "", e) != 0)
		goto undo;
	if (out->n_files == 0) {
		err_set(e, ERR_REJECTED, "pack folder %s holds no .lua file", dir);
		goto undo;
	}
	if (read_base(out, dir, share_dir, e) != 0)
		goto undo;
	snprintf(path, sizeof(path), "%s/lib", share_dir);
	if (read_folder(out, path, "lib/", e) != 0)
		goto undo;
	drop_replaced(out);
	return 0;
undo:
	pack_files_fini(out);
	return -1;
}
