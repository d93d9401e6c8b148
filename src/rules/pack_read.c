/* Reading a pack: what is hashed is what is compiled. No links, no foreign writers, bounded sizes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/rules_int.h"

#define FILE_MAX ((off_t)256 * 1024)
#define FILES_MAX 256
#define DEPTH_MAX 4

struct reader {
	struct pack_files *out;
	struct err *e;
};

static bool has_suffix(const char *name, const char *suffix)
{
	size_t n = strlen(name), m = strlen(suffix);

	return n > m && strcmp(name + n - m, suffix) == 0;
}

static int add_file(struct reader *r, const char *name, int fd, size_t n)
{
	struct pack_files *p = r->out;
	struct pack_file *more;
	char *bytes;
	ssize_t got;

	if (p->n_files == FILES_MAX)
		return err_set(r->e, ERR_REJECTED, "%s: a pack has at most %d files", name, FILES_MAX);
	bytes = arena_alloc(&p->arena, n + 1);
	got = read(fd, bytes, n + 1);
	if (got < 0)
		return err_set(r->e, ERR_REJECTED, "%s: %s", name, strerror(errno));
	if ((size_t)got != n)
		return err_set(r->e, ERR_REJECTED,
			"%s: the file changed while it was read; is it still being written?", name);
	more = arena_alloc(&p->arena, (p->n_files + 1) * sizeof(*more));
	if (p->n_files > 0)
		memcpy(more, p->files, p->n_files * sizeof(*more));
	p->files = more;
	more += p->n_files++;
	more->name = arena_text(&p->arena, name, strlen(name));
	more->bytes = slice_of(bytes, n);
	sha256(bytes, n, more->sha);
	return 0;
}

static int read_file(struct reader *r, int dir_fd, const char *entry, const char *name)
{
	int fd = openat(dir_fd, entry, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK), rc = -1;
	struct stat st;

	if (fd < 0)
		return err_set(r->e, ERR_REJECTED, "%s: %s", name,
			errno == ELOOP ? "is a symbolic link; a pack holds its files itself"
				       : strerror(errno));
	if (fstat(fd, &st) != 0)
		err_set(r->e, ERR_REJECTED, "%s: %s", name, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		err_set(r->e, ERR_REJECTED, "%s: is not a regular file", name);
	else if ((st.st_mode & S_IWOTH) != 0)
		err_set(r->e, ERR_REJECTED, "%s: everybody may write it; take that right away (chmod o-w)",
			name);
	else if (st.st_size > FILE_MAX)
		err_set(r->e, ERR_REJECTED, "%s: %jd bytes; a file has at most %jd", name,
			(intmax_t)st.st_size, (intmax_t)FILE_MAX);
	else
		rc = add_file(r, name, fd, (size_t)st.st_size);
	close(fd);
	return rc;
}

/* Folders that are no rules: the words, generated types. */
static bool is_skipped(const char *prefix, const char *entry, bool is_lib)
{
	return entry[0] == '.' ||
	       (!is_lib && prefix[0] == '\0' && (strcmp(entry, "lib") == 0 || strcmp(entry, "meta") == 0));
}

static int read_dir(
	struct reader *r, int dir_fd, const char *prefix, const char *inside, bool is_lib, int depth)
{
	DIR *d = fdopendir(dir_fd);
	struct dirent *entry;
	int rc = 0;

	if (d == NULL) {
		close(dir_fd);
		return err_set(r->e, ERR_REJECTED, "%s: %s", prefix, strerror(errno));
	}
	while (rc == 0 && (entry = readdir(d)) != NULL) {
		char name[512];
		struct stat st;

		snprintf(name, sizeof(name), "%s%s%s", prefix, inside, entry->d_name);
		if (is_skipped(inside, entry->d_name, is_lib))
			continue;
		if (fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue; /* gone since */
		if (S_ISDIR(st.st_mode)) {
			char deeper[512];
			int fd;

			if (depth == DEPTH_MAX) {
				rc = err_set(r->e, ERR_REJECTED, "%s: folders are nested too deep", name);
				break;
			}
			fd = openat(dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
			snprintf(deeper, sizeof(deeper), "%s%s/", inside, entry->d_name);
			rc = fd < 0 ? err_set(r->e, ERR_REJECTED, "%s: %s", name, strerror(errno))
				    : read_dir(r, fd, prefix, deeper, is_lib, depth + 1);
		} else if (has_suffix(entry->d_name, ".lua") || has_suffix(entry->d_name, ".csv")) {
			rc = read_file(r, dirfd(d), entry->d_name, name);
		}
	}
	closedir(d);
	return rc;
}

static int read_folder(struct reader *r, const char *dir, const char *prefix, bool is_lib)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_set(r->e, ERR_REJECTED, "pack folder %s: %s", dir, strerror(errno));
	return read_dir(r, fd, prefix, "", is_lib, 0);
}

/* The name in `base = "name"` of pack.lua; it is needed before any Lua runs. */
static bool find_base(const struct pack_files *p, char *base, size_t size)
{
	for (uint32_t i = 0; i < p->n_files; i++) {
		char *text, *line, *save = NULL;
		bool found = false;

		if (strcmp(p->files[i].name, "pack.lua") != 0)
			continue;
		text = strndup(p->files[i].bytes.p, p->files[i].bytes.n);
		must(text != NULL);
		for (line = strtok_r(text, "\n", &save); line != NULL && !found;
			line = strtok_r(NULL, "\n", &save)) {
			char *comment = strstr(line, "--"), *at = strstr(line, "base"), name[64];

			if (comment != NULL)
				*comment = '\0';
			if (at != NULL && (comment == NULL || at < comment) &&
				sscanf(at, "base = \"%63[A-Za-z0-9_-]\"", name) == 1) {
				snprintf(base, size, "%s", name);
				found = true;
			}
		}
		free(text);
		return found;
	}
	return false;
}

static int cmp_files(const void *a, const void *b)
{
	return strcmp(((const struct pack_file *)a)->name, ((const struct pack_file *)b)->name);
}

static void seal(struct pack_files *p)
{
	struct slice *parts = arena_alloc(&p->arena, (2 * p->n_files + 1) * sizeof(*parts));

	if (p->n_files > 0)
		qsort(p->files, p->n_files, sizeof(p->files[0]), cmp_files);
	for (uint32_t i = 0; i < p->n_files; i++) {
		parts[2 * i] = slice_of(p->files[i].name, strlen(p->files[i].name) + 1);
		parts[2 * i + 1] = slice_of(p->files[i].sha, SHA256_LEN);
	}
	sha256_slices(parts, 2 * p->n_files, p->sha);
}

int pack_read(struct pack_files *out, const char *dir, const char *share_dir, struct err *e)
{
	struct reader r = {out, e};
	char path[4096], base[64], prefix[72];

	memset(out, 0, sizeof(*out));
	arena_init(&out->arena, 0);
	if (read_folder(&r, dir, "", false) != 0)
		goto undo;
	if (out->n_files == 0) {
		err_set(e, ERR_REJECTED, "pack folder %s holds no .lua file", dir);
		goto undo;
	}
	if (find_base(out, base, sizeof(base))) {
		if (strcmp(base, "default") == 0)
			snprintf(path, sizeof(path), "%s", share_dir);
		else
			snprintf(path, sizeof(path), "%s/../%s", dir, base);
		snprintf(prefix, sizeof(prefix), "%s/", base);
		if (read_folder(&r, path, prefix, false) != 0) {
			err_prefix(e, "base \"%s\"", base);
			goto undo;
		}
	}
	snprintf(path, sizeof(path), "%s/lib", share_dir);
	if (read_folder(&r, path, "lib/", true) != 0)
		goto undo;
	seal(out);
	return 0;
undo:
	pack_files_fini(out);
	return -1;
}

void pack_files_fini(struct pack_files *p)
{
	arena_fini(&p->arena);
	memset(p, 0, sizeof(*p));
}

bool pack_file_is_base(const struct pack_files *p, const char *name)
{
	const char *slash = strchr(name, '/');
	char head[128];

	if (slash == NULL)
		return false;
	snprintf(head, sizeof(head), "%.*s/pack.lua", (int)(slash - name), name);
	for (uint32_t i = 0; i < p->n_files; i++)
		if (strcmp(p->files[i].name, head) == 0)
			return true;
	return false;
}

struct value pack_to_value(struct arena *a, const struct pack_files *p)
{
	struct value v = value_map(a, 2), files = value_map(a, p->n_files);

	for (uint32_t i = 0; i < p->n_files; i++)
		value_add(a, &files, p->files[i].name, value_bytes(p->files[i].bytes.p, p->files[i].bytes.n));
	value_add(a, &v, "files", files);
	value_add(a, &v, "sha", value_bytes(p->sha, SHA256_LEN));
	return v;
}

int pack_from_value(struct pack_files *out, const struct value *v, struct err *e)
{
	const struct value *files = value_get(v, "files");
	struct slice sha = value_slice(value_get(v, "sha"));

	memset(out, 0, sizeof(*out));
	arena_init(&out->arena, 0);
	if (!value_is(files, VALUE_MAP) || sha.n != SHA256_LEN)
		goto bad;
	out->files = arena_alloc(&out->arena, (files->n + 1) * sizeof(out->files[0]));
	for (uint32_t i = 0; i < files->n; i++) {
		struct pack_file *f = &out->files[out->n_files++];
		struct slice bytes = value_slice(&files->as.pairs[i].val);

		f->name = value_cstr(&out->arena, &files->as.pairs[i].key);
		f->bytes = slice_of(arena_copy(&out->arena, bytes.p, bytes.n), bytes.n);
		sha256(bytes.p, bytes.n, f->sha);
	}
	seal(out);
	if (memcmp(out->sha, sha.p, SHA256_LEN) == 0)
		return 0;
bad:
	pack_files_fini(out);
	return err_set(e, ERR_STORAGE, "the stored pack is damaged: its SHA-256 does not hold");
}
