/* Reading a pack's folder: every byte once, nothing through a link, nothing that others may change under us.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pack_int.h"
#include "vm_int.h"

#define FILE_BYTES_MAX ((off_t)256 * 1024)
#define FILES_MAX 256 /* of one folder: pack, base, words */
#define FOLDERS_DEEP_MAX 4
#define TEMP_SUFFIX "~"

struct reader {
	struct pack_files *out;
	const char *dir;
	const char *prefix; /* "", "default/", "lib/" */
	uint32_t n_files;   /* of this folder */
	bool has_lib;       /* lib/ and meta/ at the top are not part of the pack */
};

/* Both languages are said with the same values. Returns -1. */
static int refuse(struct rules_error *f, const char *file, const char *cure, const char *cure_zh,
	const char *en, const char *zh, ...) __attribute__((format(printf, 5, 7), format(printf, 6, 7)));

static int refuse(struct rules_error *f, const char *file, const char *cure, const char *cure_zh,
	const char *en, const char *zh, ...)
{
	char text[sizeof(f->message)];
	va_list ap;

	va_start(ap, zh);
	vsnprintf(text, sizeof(text), en, ap);
	va_end(ap);
	fault_set(f, file, 0, 0, "%s", text);
	va_start(ap, zh);
	vsnprintf(text, sizeof(text), zh, ap);
	va_end(ap);
	fault_zh(f, "%s", text);
	if (cure != NULL) {
		fault_cure(f, "%s", cure);
		fault_cure_zh(f, "%s", cure_zh);
	}
	return -1;
}

static bool ends_with(const char *name, const char *end)
{
	size_t n = strlen(name), end_n = strlen(end);

	return n > end_n && strcmp(name + n - end_n, end) == 0;
}

static int check_mode(const struct stat *st, const char *name, struct rules_error *f)
{
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return 0;
	return refuse(f, name, "take that away: chmod go-w", "请收回权限：chmod go-w",
		"others may write to it (mode %04o)", "其他人可以写入（权限 %04o）",
		(unsigned)st->st_mode & 07777);
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
static int read_whole(
	struct reader *r, int fd, const struct stat *st, const char *name, struct rules_error *f)
{
	size_t n = (size_t)st->st_size, have = 0;
	char *p = arena_alloc(&r->out->arena, n + 1);
	struct pack_file *file;
	struct stat after;
	ssize_t got = 1;

	while (have <= n && got > 0) {
		got = read(fd, p + have, n + 1 - have);
		if (got < 0 && errno != EINTR)
			return refuse(
				f, name, NULL, NULL, "cannot be read: %s", "无法读取：%s", strerror(errno));
		have += got > 0 ? (size_t)got : 0;
		got = got < 0 ? 1 : got;
	}
	if (have != n || fstat(fd, &after) != 0 || after.st_size != st->st_size ||
		after.st_mtim.tv_sec != st->st_mtim.tv_sec || after.st_mtim.tv_nsec != st->st_mtim.tv_nsec)
		return refuse(f, name, "load again once it is saved", "请保存完毕后再加载",
			"changed while it was read", "读取时文件正在变化");
	p[n] = '\0';
	file = file_new(r->out);
	file->name = arena_text(&r->out->arena, name, strlen(name));
	file->bytes = slice_of(p, n);
	sha256(p, n, file->sha);
	return 0;
}

static int read_file(struct reader *r, int dir_fd, const char *leaf, const char *name, struct rules_error *f)
{
	struct stat st;
	int fd, rc;

	if (++r->n_files > FILES_MAX)
		return refuse(f, name, NULL, NULL, "more than %d files in one pack",
			"一个规则包的文件超过 %d 个", FILES_MAX);
	fd = openat(dir_fd, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return refuse(f, name, NULL, NULL, "cannot be opened: %s", "无法打开：%s", strerror(errno));
	if (fstat(fd, &st) != 0)
		rc = refuse(f, name, NULL, NULL, "%s", "%s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		rc = refuse(f, name, NULL, NULL, "not a regular file", "不是普通文件");
	else if (st.st_size > FILE_BYTES_MAX)
		rc = refuse(f, name, NULL, NULL, "%jd bytes, at most %jd", "%jd 字节，最多 %jd 字节",
			(intmax_t)st.st_size, (intmax_t)FILE_BYTES_MAX);
	else
		rc = check_mode(&st, name, f) != 0 ? -1 : read_whole(r, fd, &st, name, f);
	close(fd);
	return rc;
}

/* Names are shown in "file:line:" and are keys of the store. */
static int check_name(const char *name, struct rules_error *f)
{
	if (strlen(name) > PACK_NAME_MAX)
		return refuse(f, name, NULL, NULL, "a name of more than %d bytes", "名称超过 %d 字节",
			PACK_NAME_MAX);
	for (const char *p = name; *p != '\0'; p++)
		if ((unsigned char)*p < 0x20 || *p == ':' || *p == '\\' || *p == 0x7f)
			return refuse(f, name, NULL, NULL, "a name may not hold '%c'", "名称里不能有“%c”",
				*p < 0x20 ? '?' : *p);
	if (!utf8_valid(name, strlen(name)))
		return refuse(f, "", NULL, NULL, "a file's name is not UTF-8", "有文件的名称不是 UTF-8");
	return 0;
}

static int read_dir(struct reader *r, int dir_fd, const char *inside, int depth, struct rules_error *f);

/* What an analyst means to be part of the pack, and an editor or spreadsheet named otherwise. */
static int check_unread(const char *leaf, const char *name, struct rules_error *f)
{
	static const char *const ends[] = {".lua", ".csv", ".lua.txt", ".csv.txt", ".xls", ".xlsx"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (strlen(leaf) > strlen(ends[i]) &&
			strcasecmp(leaf + strlen(leaf) - strlen(ends[i]), ends[i]) == 0)
			return refuse(f, name,
				"name rules .lua and save tables as .csv, or take it out of the folder",
				"规则文件请以 .lua 结尾，表格请另存为 .csv；否则请移出该文件夹",
				"a file of this name is not read", "这样命名的文件不会被读取");
	return 0;
}

static int read_entry(struct reader *r, int dir_fd, const struct dirent *entry, const char *inside, int depth,
	struct rules_error *f)
{
	char name[512];
	struct stat st;

	if (entry->d_name[0] == '.' || ends_with(entry->d_name, TEMP_SUFFIX))
		return 0;
	if (fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return 0; /* gone since */
	snprintf(name, sizeof(name), "%s%s%s", r->prefix, inside, entry->d_name);
	if (S_ISLNK(st.st_mode))
		return refuse(f, name, "a pack holds its files itself", "规则包里要放文件本身", "a link",
			"是一个链接");
	if (S_ISDIR(st.st_mode)) {
		bool is_top = inside[0] == '\0',
		     is_own = strcmp(entry->d_name, "meta") == 0 || strcmp(entry->d_name, "lib") == 0;
		int fd;

		if (is_top && is_own && r->has_lib)
			return 0;
		snprintf(name, sizeof(name), "%s%s%s/", r->prefix, inside, entry->d_name);
		if (depth == FOLDERS_DEEP_MAX)
			return refuse(f, name, NULL, NULL, "folders nested too deep", "文件夹嵌套太深");
		fd = openat(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return refuse(
				f, name, NULL, NULL, "cannot be opened: %s", "无法打开：%s", strerror(errno));
		return read_dir(r, fd, name + strlen(r->prefix), depth + 1, f);
	}
	if (!ends_with(entry->d_name, ".lua") && !ends_with(entry->d_name, ".csv"))
		return check_unread(entry->d_name, name, f);
	return check_name(name, f) != 0 ? -1 : read_file(r, dir_fd, entry->d_name, name, f);
}

/* Takes dir_fd. */
static int read_dir(struct reader *r, int dir_fd, const char *inside, int depth, struct rules_error *f)
{
	const char *name = inside[0] == '\0' ? r->dir : inside;
	DIR *dir = fdopendir(dir_fd);
	struct dirent *entry;
	struct stat st;
	int rc = 0;

	must(dir != NULL);
	if (fstat(dir_fd, &st) != 0)
		rc = refuse(f, name, NULL, NULL, "%s", "%s", strerror(errno));
	else
		rc = check_mode(&st, name, f);
	while (rc == 0 && (entry = readdir(dir)) != NULL)
		rc = read_entry(r, dir_fd, entry, inside, depth, f);
	closedir(dir);
	return rc;
}

static int read_folder(struct pack_files *out, const char *dir, const char *prefix, struct rules_error *f)
{
	struct reader r = {out, dir, prefix, 0, strcmp(prefix, "lib/") != 0};
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return refuse(f, dir, NULL, NULL, "the folder cannot be opened: %s", "无法打开文件夹：%s",
			strerror(errno));
	return read_dir(&r, fd, "", 0, f);
}

/* "default" is what is installed beside the words; others stand beside the pack. */
static int read_base(struct pack_files *out, const char *dir, const char *share_dir, struct rules_error *f)
{
	char base[64], prefix[66], path[4096];
	struct stat st;

	if (!pack_base(out, base, sizeof(base)))
		return 0;
	for (const char *p = base; *p != '\0'; p++)
		if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p) == NULL)
			return refuse(f, "pack.lua", NULL, NULL, "base \"%s\" is not the name of a pack",
				"base “%s”不是规则包的名字", base);
	snprintf(prefix, sizeof(prefix), "%s/", base);
	for (uint32_t i = 0; i < out->n_files; i++)
		if (strncmp(out->files[i].name, prefix, strlen(prefix)) == 0)
			return refuse(f, out->files[i].name, NULL, NULL,
				"the folder %s belongs to the base of that name",
				"文件夹 %s 属于同名的基础规则包", prefix);
	if (strcmp(base, "default") == 0)
		snprintf(path, sizeof(path), "%s", share_dir);
	else
		snprintf(path, sizeof(path), "%s/../%s", dir, base);
	if (stat(path, &st) != 0 && errno == ENOENT)
		return refuse(f, "pack.lua", "write base = \"default\", or put the folder beside the pack's",
			"请写 base = \"default\"，或把该文件夹放在规则包旁边",
			"there is no pack \"%s\" to build on", "没有可作基础的规则包“%s”", base);
	return read_folder(out, path, prefix, f);
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

static int read_all(struct pack_files *out, const char *dir, const char *share_dir, struct rules_error *f)
{
	char path[4096];

	if (read_folder(out, dir, "", f) != 0)
		return -1;
	if (out->n_files == 0)
		return refuse(f, dir, NULL, NULL, "the folder holds no .lua file", "文件夹里没有 .lua 文件");
	if (read_base(out, dir, share_dir, f) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s/lib", share_dir);
	return read_folder(out, path, "lib/", f);
}

int pack_read(struct pack_files *out, const char *dir, const char *share_dir, struct rules_error *found,
	struct err *e)
{
	struct rules_error f;

	memset(out, 0, sizeof(*out));
	arena_init(&out->arena, 0);
	if (read_all(out, dir, share_dir, &f) == 0) {
		drop_replaced(out);
		return 0;
	}
	pack_files_fini(out);
	if (found != NULL)
		*found = f;
	err_set(e, ERR_REJECTED, "%s%s%s%s%s", f.file, f.file[0] == '\0' ? "" : ": ", f.message,
		f.cure[0] == '\0' ? "" : "; ", f.cure);
	return err_zh(e, "%s%s%s%s%s", f.file, f.file[0] == '\0' ? "" : "：", f.message_zh,
		f.cure_zh[0] == '\0' ? "" : "；", f.cure_zh);
}
