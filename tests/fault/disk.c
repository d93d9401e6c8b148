#include "disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tocsin/err.h"

#define SECTOR 512
#define PATH_BYTES 512

struct op {
	uint64_t index;
	uint64_t offset; /* or the new size */
	const uint8_t *data;
	uint32_t n;
	bool is_size, is_durable;
};

struct image {
	uint8_t *p;
	size_t n, cap;
};

struct file {
	uint64_t ino;
	struct image durable;
	struct op *ops; /* pending, in order */
	size_t n_ops, cap_ops;
};

enum name_kind { NAME_CREATE, NAME_RENAME, NAME_UNLINK };

struct name_op {
	enum name_kind kind;
	uint64_t index;
	char *path, *to; /* owned */
	size_t file;
};

struct name {
	char path[PATH_BYTES];
	size_t file;
};

struct names {
	struct name *p;
	size_t n, cap;
};

struct disk {
	uint64_t index; /* of the next event */
	uint64_t base;  /* index of the first event of the log that is played */
	struct file *files;
	size_t n_files, cap_files;
	struct names durable;
	struct name_op *name_ops; /* pending, in order */
	size_t n_name_ops, cap_name_ops;
};

/* Room for one more item of an array; the array may move. */
#define GROW(array, n, cap)                                                                                  \
	do {                                                                                                 \
		if ((n) == (cap)) {                                                                          \
			(cap) = (cap) > 0 ? 2 * (cap) : 16;                                                  \
			(array) = realloc((array), (cap) * sizeof(*(array)));                                \
			must((array) != NULL);                                                               \
		}                                                                                            \
	} while (0)

/* ---- images -------------------------------------------------------------------------------------------- */
static void image_size(struct image *im, size_t n)
{
	if (n > im->cap) {
		im->cap = n * 2;
		im->p = realloc(im->p, im->cap);
		must(im->p != NULL);
	}
	if (n > im->n)
		memset(im->p + im->n, 0, n - im->n);
	im->n = n;
}

static void image_write(struct image *im, size_t at, const uint8_t *p, size_t n)
{
	if (at + n > im->n)
		image_size(im, at + n);
	if (n > 0)
		memcpy(im->p + at, p, n);
}

static void image_apply(struct image *im, const struct op *op)
{
	if (op->is_size)
		image_size(im, op->offset);
	else
		image_write(im, op->offset, op->data, op->n);
}

/* ---- names --------------------------------------------------------------------------------------------- */
static struct name *names_find(struct names *names, const char *path)
{
	for (size_t i = 0; i < names->n; i++) {
		if (strcmp(names->p[i].path, path) == 0)
			return &names->p[i];
	}
	return NULL;
}

static void names_remove(struct names *names, const char *path)
{
	struct name *at = names_find(names, path);

	if (at != NULL)
		*at = names->p[--names->n];
}

static void names_set(struct names *names, const char *path, size_t file)
{
	names_remove(names, path);
	GROW(names->p, names->n, names->cap);
	snprintf(names->p[names->n].path, PATH_BYTES, "%s", path);
	names->p[names->n++].file = file;
}

static void names_apply(struct names *names, const struct name_op *op)
{
	struct name *at;
	size_t file;

	switch (op->kind) {
	case NAME_CREATE:
		names_set(names, op->path, op->file);
		break;
	case NAME_UNLINK:
		names_remove(names, op->path);
		break;
	case NAME_RENAME:
		at = names_find(names, op->path);
		if (at == NULL) /* its creation was not taken */
			break;
		file = at->file;
		names_remove(names, op->path);
		names_set(names, op->to, file);
		break;
	}
}

/* ---- playing ------------------------------------------------------------------------------------------- */
static struct file *file_add(struct disk *d, uint64_t ino)
{
	GROW(d->files, d->n_files, d->cap_files);
	d->files[d->n_files] = (struct file){.ino = ino};
	return &d->files[d->n_files++];
}

/* The youngest file of that inode: numbers are used again after an unlink. */
static struct file *file_find(struct disk *d, uint64_t ino)
{
	for (size_t i = d->n_files; i-- > 0;) {
		if (d->files[i].ino == ino)
			return &d->files[i];
	}
	never("an event of an unknown file");
}

static void op_add(struct disk *d, const struct shim_event *ev, const uint8_t *data)
{
	struct file *f = file_find(d, ev->file);
	struct op op = {
		d->index, ev->offset, data, ev->n_data, ev->kind == SHIM_SIZE, ev->kind == SHIM_DSYNC};

	GROW(f->ops, f->n_ops, f->cap_ops);
	f->ops[f->n_ops++] = op;
}

static char *text_of(const uint8_t *data, size_t n)
{
	char *text = strndup((const char *)data, n);

	must(text != NULL && n < PATH_BYTES);
	return text;
}

static void name_op_add(struct disk *d, enum name_kind kind, const uint8_t *data, size_t n, size_t file)
{
	struct name_op op = {.kind = kind, .index = d->index, .file = file};
	size_t path_n = strnlen((const char *)data, n);

	op.path = text_of(data, path_n);
	op.to = path_n < n ? text_of(data + path_n + 1, n - path_n - 1) : NULL;
	GROW(d->name_ops, d->n_name_ops, d->cap_name_ops);
	d->name_ops[d->n_name_ops++] = op;
}

static void name_op_free(struct name_op *op)
{
	free(op->path);
	free(op->to);
}

static void file_synced(struct file *f, uint64_t before)
{
	size_t n = 0;

	while (n < f->n_ops && f->ops[n].index < before)
		image_apply(&f->durable, &f->ops[n++]);
	f->n_ops -= n;
	if (f->n_ops > 0)
		memmove(f->ops, f->ops + n, f->n_ops * sizeof(f->ops[0]));
}

static bool is_in_dir(const char *path, const char *dir, size_t dir_n)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash != NULL ? (size_t)(slash - path) : 0;

	return n == dir_n && memcmp(path, dir, n) == 0;
}

/* Names of a directory, or, without one, the creation of a file, that were pending before an event become
 * durable. */
static void names_synced(struct disk *d, uint64_t before, const char *dir, size_t dir_n, size_t file)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->n_name_ops; i++) {
		struct name_op *op = &d->name_ops[i];
		bool is_covered = dir != NULL ? is_in_dir(op->path, dir, dir_n)
					      : op->kind == NAME_CREATE && op->file == file;

		if (op->index >= before || !is_covered) {
			d->name_ops[kept++] = *op;
			continue;
		}
		names_apply(&d->durable, op);
		name_op_free(op);
	}
	d->n_name_ops = kept;
}

void disk_play(struct disk *d, const struct shim_event *ev, const uint8_t *data)
{
	struct file *f;

	switch ((enum shim_kind)ev->kind) {
	case SHIM_CREATE:
		f = file_add(d, ev->file);
		name_op_add(d, NAME_CREATE, data, ev->n_data, (size_t)(f - d->files));
		break;
	case SHIM_SIZE:
	case SHIM_WRITE:
	case SHIM_DSYNC:
		op_add(d, ev, data);
		break;
	case SHIM_SYNC_END:
		f = file_find(d, ev->file);
		file_synced(f, d->base + ev->offset);
		names_synced(d, d->base + ev->offset, NULL, 0, (size_t)(f - d->files));
		break;
	case SHIM_DIR_END:
		names_synced(d, d->base + ev->offset, (const char *)data, ev->n_data, 0);
		break;
	case SHIM_RENAME:
		name_op_add(d, NAME_RENAME, data, ev->n_data, 0);
		break;
	case SHIM_UNLINK:
		name_op_add(d, NAME_UNLINK, data, ev->n_data, 0);
		break;
	case SHIM_SYNC_BEGIN:
	case SHIM_DIR_BEGIN:
	case SHIM_NOTE:
		break;
	}
	d->index++;
}

/* ---- cutting ------------------------------------------------------------------------------------------- */
struct cutter {
	enum cut cut;
	struct rng *rng;
	uint64_t odds;         /* of a sector, in 100 */
	uint64_t last_write;   /* index of the last pending write */
	uint64_t names_before; /* names with a smaller index are taken; 0: each by chance */
};

static void op_cut(const struct cutter *c, struct image *im, const struct op *op)
{
	uint32_t n = op->n;

	if (c->cut == CUT_ALL || op->is_durable) {
		image_apply(im, op);
	} else if (c->cut == CUT_TORN) {
		if (op->index == c->last_write && !op->is_size)
			n = (uint32_t)rng_below(c->rng, n / SECTOR + 1) * SECTOR;
		image_apply(im,
			&(struct op){.offset = op->offset, .data = op->data, .n = n, .is_size = op->is_size});
	} else if (c->cut == CUT_SUBSET && op->is_size) {
		if (rng_below(c->rng, 2) == 0)
			image_apply(im, op);
	} else if (c->cut == CUT_SUBSET) {
		for (uint64_t at = op->offset, end = op->offset + n, next; at < end; at = next) {
			next = (at / SECTOR + 1) * SECTOR < end ? (at / SECTOR + 1) * SECTOR : end;
			if (rng_below(c->rng, 100) < c->odds)
				image_write(im, at, op->data + (at - op->offset), next - at);
		}
	}
}

static bool name_is_taken(const struct cutter *c, const struct name_op *op)
{
	if (c->cut == CUT_ALL || c->cut == CUT_TORN)
		return true;
	if (c->cut == CUT_NOTHING)
		return false;
	return c->names_before > 0 ? op->index < c->names_before : rng_below(c->rng, 2) == 0;
}

static uint64_t file_ino(const char *dir, const char *path)
{
	char full[2 * PATH_BYTES];
	struct stat st;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	must(stat(full, &st) == 0);
	return st.st_ino;
}

static void image_store(const struct image *im, const char *dir, const char *path)
{
	char full[2 * PATH_BYTES];
	int fd;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	for (char *slash = strchr(full + strlen(dir) + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(full, 0700);
		*slash = '/';
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0);
	must(im->n == 0 || pwrite(fd, im->p, im->n, 0) == (ssize_t)im->n);
	close(fd);
}

static void cutter_init(struct cutter *c, const struct disk *d, enum cut cut, struct rng *rng)
{
	static const uint64_t odds[] = {50, 10, 90, 97};

	*c = (struct cutter){.cut = cut, .rng = rng, .odds = odds[rng_below(rng, 4)]};
	for (size_t i = 0; i < d->n_files; i++) {
		const struct file *f = &d->files[i];

		for (size_t k = 0; k < f->n_ops; k++) {
			if (f->ops[k].index > c->last_write)
				c->last_write = f->ops[k].index;
		}
	}
	if (d->n_name_ops > 0 && rng_below(rng, 2) == 0)
		c->names_before = d->name_ops[rng_below(rng, d->n_name_ops)].index + rng_below(rng, 2);
}

void disk_cut(const struct disk *d, enum cut cut, struct rng *rng, const char *dir)
{
	struct names names = {0};
	struct image im = {0};
	struct cutter c;

	cutter_init(&c, d, cut, rng);
	for (size_t i = 0; i < d->durable.n; i++)
		names_set(&names, d->durable.p[i].path, d->durable.p[i].file);
	for (size_t i = 0; i < d->n_name_ops; i++) {
		if (name_is_taken(&c, &d->name_ops[i]))
			names_apply(&names, &d->name_ops[i]);
	}
	for (size_t i = 0; i < names.n; i++) {
		const struct file *f = &d->files[names.p[i].file];

		im.n = 0;
		image_write(&im, 0, f->durable.p, f->durable.n);
		for (size_t k = 0; k < f->n_ops; k++)
			op_cut(&c, &im, &f->ops[k]);
		image_store(&im, dir, names.p[i].path);
	}
	free(im.p);
	free(names.p);
}

/* After a failed sync: what was written through O_DSYNC is there, the rest never gets there by itself. */
static void file_failed(struct file *f)
{
	for (size_t k = 0; k < f->n_ops; k++) {
		if (f->ops[k].is_durable)
			image_apply(&f->durable, &f->ops[k]);
	}
	f->n_ops = 0;
}

void disk_kill(struct disk *d, bool is_failed, const char *dir)
{
	struct names now = {0};
	struct rng rng;

	rng_init_seeded(&rng, 0);
	disk_cut(d, CUT_ALL, &rng, dir);
	for (size_t i = 0; i < d->durable.n; i++)
		names_set(&now, d->durable.p[i].path, d->durable.p[i].file);
	for (size_t i = 0; i < d->n_name_ops; i++)
		names_apply(&now, &d->name_ops[i]);
	for (size_t i = 0; i < d->n_files; i++) {
		d->files[i].ino = 0;
		if (is_failed)
			file_failed(&d->files[i]);
	}
	for (size_t i = 0; i < now.n; i++)
		d->files[now.p[i].file].ino = file_ino(dir, now.p[i].path);
	while (is_failed && d->n_name_ops > 0)
		name_op_free(&d->name_ops[--d->n_name_ops]);
	if (is_failed) {
		free(d->durable.p);
		d->durable = now;
	} else {
		free(now.p);
	}
	d->base = d->index;
}

/* ---- start and end ------------------------------------------------------------------------------------- */
static void file_load(struct disk *d, const char *dir, const char *path)
{
	char full[2 * PATH_BYTES];
	struct stat st;
	struct file *f;
	int fd;

	snprintf(full, sizeof(full), "%s/%s", dir, path);
	fd = open(full, O_RDONLY | O_CLOEXEC);
	must(fd >= 0 && fstat(fd, &st) == 0);
	f = file_add(d, st.st_ino);
	image_size(&f->durable, (size_t)st.st_size);
	must(read(fd, f->durable.p, f->durable.n) == (ssize_t)f->durable.n);
	close(fd);
	names_set(&d->durable, path, (size_t)(f - d->files));
}

static void dir_load(struct disk *d, const char *root, const char *below)
{
	char full[2 * PATH_BYTES], path[PATH_BYTES];
	struct dirent *entry;
	DIR *dir;

	snprintf(full, sizeof(full), "%s/%s", root, below);
	dir = opendir(full);
	must(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		must(snprintf(path, sizeof(path), "%s%s%s", below, below[0] != '\0' ? "/" : "",
			     entry->d_name) < PATH_BYTES);
		if (entry->d_type == DT_DIR)
			dir_load(d, root, path);
		else
			file_load(d, root, path);
	}
	closedir(dir);
}

struct disk *disk_new(const char *dir)
{
	struct disk *d = calloc(1, sizeof(*d));

	must(d != NULL);
	dir_load(d, dir, "");
	return d;
}

void disk_free(struct disk *d)
{
	for (size_t i = 0; i < d->n_files; i++) {
		free(d->files[i].durable.p);
		free(d->files[i].ops);
	}
	for (size_t i = 0; i < d->n_name_ops; i++)
		name_op_free(&d->name_ops[i]);
	free(d->files);
	free(d->name_ops);
	free(d->durable.p);
	free(d);
}
