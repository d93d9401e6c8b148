/*
 * tocsin drop: a folder into which other systems put CSV files.
 *
 *   FILE.csv            as it came; taken once it has not changed for a while
 *   FILE.csv.work       being imported; what is there at start is gone on with
 *   FILE.csv.done       all rows are accounted for; beside it
 *   FILE.csv.rejected.csv   … the rows that were not taken, with line and reason (only if there are any) and
 *   FILE.csv.result.json    … the figures
 *   FILE.csv.failed     not a row was taken: the file is wrong as a whole; the reason is in its .result.json
 *
 * Every step is one rename or link, and a row that is there already counts as known: whatever moment this
 * ends at, the next run goes on, and no row becomes two complaints. A second file of the same name gets .2
 * behind its endings.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "import_int.h"

#define LOOK_MS 1000
#define RETRY_MS_MAX 30000
#define STABLE_MS 2000
#define NAMES_MAX 10000

struct drop {
	struct cli *cli;
	const char *dir, *map;
	int64_t stable_ms;
	bool is_once;
	int end_fd;       /* readable once the user wants to end */
	int64_t retry_ms; /* 0: the daemon answers */
	uint64_t n_files;
};

static bool ends_in(const char *name, const char *ending)
{
	size_t n = strlen(name), k = strlen(ending);

	return n > k && strcmp(name + n - k, ending) == 0;
}

static void say(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(const char *name, const char *format, ...)
{
	va_list ap;

	printf("%s: ", name);
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

static int failed(struct err *e, const char *what, const char *path)
{
	return err_set(e, ERR_STORAGE, "%s %s: %s", what, path, strerror(errno));
}

/* ---- looking ------------------------------------------------------------------------------------------- */
/* Whoever writes it has been silent for a while; a file being copied in pieces is left alone. */
static bool is_stable(const struct drop *d, const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	return wall_ms() - ((int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000) >= d->stable_ms;
}

static bool is_incoming(const char *name)
{
	return name[0] != '.' && ends_in(name, ".csv") && !ends_in(name, ".rejected.csv");
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names to work, those begun first, each by name; *n of them in the arena. */
static int look(struct drop *d, struct arena *a, char ***names, size_t *n, struct err *e)
{
	char *work[NAMES_MAX], *fresh[NAMES_MAX];
	size_t n_work = 0, n_fresh = 0;
	DIR *dir = opendir(d->dir);
	struct dirent *entry;

	if (dir == NULL)
		return failed(e, tr("cannot read"), d->dir);
	while ((entry = readdir(dir)) != NULL && n_work < NAMES_MAX && n_fresh < NAMES_MAX) {
		char *name = arena_text(a, entry->d_name, strlen(entry->d_name));

		if (ends_in(name, ".csv.work"))
			work[n_work++] = name;
		else if (is_incoming(name) && is_stable(d, arena_printf(a, "%s/%s", d->dir, name)))
			fresh[n_fresh++] = name;
	}
	closedir(dir);
	qsort(work, n_work, sizeof(work[0]), by_name);
	qsort(fresh, n_fresh, sizeof(fresh[0]), by_name);
	*n = n_work + n_fresh;
	*names = arena_alloc(a, (*n + 1) * sizeof(**names));
	memcpy(*names, work, n_work * sizeof(work[0]));
	memcpy(*names + n_work, fresh, n_fresh * sizeof(fresh[0]));
	return 0;
}

/* ---- one file ------------------------------------------------------------------------------------------ */
struct file {
	struct drop *d;
	struct arena *a;
	const char *name; /* "FILE.csv" */
	const char *work; /* DIR/FILE.csv.work */
	struct import *im;
};

/* DIR/FILE.csv.ENDING, numbered when another file of this name has ended before. */
static char *path_of(const struct file *f, const char *ending, int number)
{
	if (number == 1)
		return arena_printf(f->a, "%s/%s.%s", f->d->dir, f->name, ending);
	return arena_printf(f->a, "%s/%s.%d.%s", f->d->dir, f->name, number, ending);
}

static bool is_taken(const struct file *f, int number)
{
	struct stat st;

	return lstat(path_of(f, "done", number), &st) == 0 || lstat(path_of(f, "failed", number), &st) == 0;
}

static int sync_dir(const struct drop *d, struct err *e)
{
	int fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;

	if (fd < 0)
		return failed(e, tr("cannot open"), d->dir);
	rc = fsync(fd);
	close(fd);
	return rc == 0 ? 0 : failed(e, tr("cannot sync"), d->dir);
}

static int write_result(const struct file *f, const char *path, struct value result, struct err *e)
{
	const char *part = arena_printf(f->a, "%s.part", path);
	FILE *out = fopen(part, "we");
	bool is_bad;

	if (out == NULL)
		return failed(e, tr("cannot write"), part);
	json_print(out, &result);
	is_bad = fflush(out) != 0 || fsync(fileno(out)) != 0;
	is_bad = fclose(out) != 0 || is_bad;
	return is_bad || rename(part, path) != 0 ? failed(e, tr("cannot write"), path) : 0;
}

/* Results first, the work file's last name last: until that one is there the file is worked again. */
static int end_file(const struct file *f, const char *ending, struct value result, struct err *e)
{
	int number = 1;

	while (is_taken(f, number))
		number++;
	if (f->im->rejects != NULL) {
		bool is_bad = fflush(f->im->rejects) != 0 || fsync(fileno(f->im->rejects)) != 0;

		is_bad = fclose(f->im->rejects) != 0 || is_bad;
		f->im->rejects = NULL;
		if (is_bad || rename(f->im->rejects_path, path_of(f, "rejected.csv", number)) != 0)
			return failed(e, tr("cannot write"), f->im->rejects_path);
	}
	unlink(f->im->resume_path == NULL ? "" : f->im->resume_path);
	if (write_result(f, path_of(f, "result.json", number), result, e) != 0 || sync_dir(f->d, e) != 0)
		return -1;
	if (rename(f->work, path_of(f, ending, number)) != 0)
		return failed(e, tr("cannot rename"), f->work);
	return sync_dir(f->d, e);
}

static int refuse_file(const struct file *f, const struct err *why, struct err *e)
{
	struct value result = value_map(f->a, 2);

	value_add(f->a, &result, "file", value_literal(f->name));
	value_add(f->a, &result, "error", value_literal(cli_said(why)));
	say(f->name, tr("failed: %s"), cli_said(why));
	return end_file(f, "failed", result, e);
}

static int finish_file(const struct file *f, struct err *e)
{
	const struct import_report *r = &f->im->report;
	struct value counts = import_result(f->im, f->a), result = value_map(f->a, 10);

	value_add(f->a, &result, "file", value_literal(f->name));
	for (uint32_t i = 0; i < counts.n; i++)
		value_add(f->a, &result, counts.as.pairs[i].key.as.text, counts.as.pairs[i].val);
	say(f->name, tr("%ju rows: %ju imported, %ju known, %ju rejected"), (uintmax_t)r->n_rows,
		(uintmax_t)r->n_imported, (uintmax_t)r->n_known, (uintmax_t)r->n_rejected);
	return end_file(f, "done", result, e);
}

/* What the writer added after all belongs to the file: it is looked at again from the start. */
static bool has_grown(const struct file *f, off_t size)
{
	struct stat st;

	return stat(f->work, &st) == 0 && st.st_size != size;
}

/* 0: it has ended, one way or the other. 1: once more, later. -1: the folder. */
static int import_file(struct file *f, struct err *e)
{
	struct stat st;
	struct err why;

	if (stat(f->work, &st) != 0)
		return failed(e, tr("cannot read"), f->work);
	f->im->cli = f->d->cli;
	f->im->file = f->work;
	f->im->is_quiet = true;
	f->im->rejects_path = arena_printf(f->a, "%s/.%s.rejects", f->d->dir, f->name);
	if (import_prepare(f->im, f->d->map, false, &why) != 0 ||
		import_judge(&f->im->map, f->im->text, &why) != 0)
		return refuse_file(f, &why, e);
	if (cli_open(f->d->cli, &why) != 0 || import_send(f->im, &why) != 0) {
		say(f->name, tr("waits: %s"), cli_said(&why));
		return 1;
	}
	if (has_grown(f, st.st_size)) {
		say(f->name, "%s", tr("waits: it grew while it was imported"));
		return 1;
	}
	return finish_file(f, e);
}

static void leave_daemon(struct drop *d)
{
	if (d->cli->is_open)
		client_close(&d->cli->client);
	d->cli->is_open = false;
}

static int take_file(struct drop *d, struct arena *a, const char *name, struct err *e)
{
	struct file f = {.d = d, .a = a, .im = calloc(1, sizeof(*f.im))};
	struct arena_mark mark = arena_mark(&d->cli->arena);
	bool is_begun = ends_in(name, ".work");
	int rc;

	must(f.im != NULL);
	f.name = is_begun ? arena_text(a, name, strlen(name) - 5) : name;
	f.work = arena_printf(a, "%s/%s.work", d->dir, f.name);
	if (!is_begun && rename(arena_printf(a, "%s/%s", d->dir, name), f.work) != 0)
		rc = errno == ENOENT ? 0 : failed(e, tr("cannot rename"), name);
	else
		rc = import_file(&f, e);
	if (f.im->rejects != NULL)
		fclose(f.im->rejects);
	free((void *)f.im->text.p);
	free(f.im);
	if (rc != 0)
		leave_daemon(d);
	arena_rewind(&d->cli->arena, mark);
	return rc;
}

/* ---- the round ----------------------------------------------------------------------------------------- */
/* Everything there is: 0, 1 when something must wait, -1. */
static int work_all(struct drop *d, struct err *e)
{
	struct arena a;
	char **names;
	size_t n;
	int rc;

	arena_init(&a, 0);
	rc = look(d, &a, &names, &n, e);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		if (is_ended(d->end_fd, 0))
			break;
		/* a file of the same name that came again waits until the first is through */
		if (!ends_in(names[i], ".work") &&
			access(arena_printf(&a, "%s/%s.work", d->dir, names[i]), F_OK) == 0)
			continue;
		rc = take_file(d, &a, names[i], e);
		d->n_files++;
	}
	arena_fini(&a);
	return rc;
}

static int rounds(struct drop *d, struct err *e)
{
	int rc;

	do {
		rc = work_all(d, e);
		if (rc < 0 || d->is_once)
			return rc;
		d->retry_ms = rc == 0 ? 0 : d->retry_ms == 0 ? LOOK_MS : d->retry_ms * 2;
		if (d->retry_ms > RETRY_MS_MAX)
			d->retry_ms = RETRY_MS_MAX;
	} while (!is_ended(d->end_fd, d->retry_ms > 0 ? d->retry_ms : LOOK_MS));
	return 0;
}

/* One program a folder. */
static int lock_dir(const struct drop *d, int *fd, struct err *e)
{
	*fd = open(d->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*fd < 0)
		return failed(e, tr("cannot open"), d->dir);
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	close(*fd);
	return err_set(e, ERR_CONFLICT, tr("%s is being worked by another tocsin drop"), d->dir);
}

static int run_drop(struct cli *c, int argc, char **argv, struct err *e)
{
	struct drop d = {.cli = c, .stable_ms = STABLE_MS};
	struct mapping *map = calloc(1, sizeof(*map));
	const char *stable = NULL;
	const struct option_spec specs[] = {{"--map", &d.map, NULL}, {"--once", NULL, &d.is_once},
		{"--stable-ms", &stable, NULL}, {NULL, NULL, NULL}};
	int lock, rc = options_take(&argc, argv, specs, e);

	must(map != NULL);
	if (rc == 0 && (argc != 1 || d.map == NULL))
		rc = usage(e, "one DIR and --map MAPPING are needed");
	if (rc == 0 && stable != NULL)
		rc = option_int("--stable-ms", stable, 0, 3600000, &d.stable_ms, e);
	if (rc == 0)
		rc = mapping_load(map, &c->arena, d.map, e);
	free(map);
	d.dir = argv[0];
	if (rc != 0 || (rc = lock_dir(&d, &lock, e)) != 0)
		return rc;
	d.end_fd = end_fd_open();
	rc = rounds(&d, e);
	close(d.end_fd);
	close(lock);
	return rc;
}

const struct command commands_drop[] = {
	{"drop", "DIR --map MAPPING [--once] [--stable-ms N]",
		"Import the CSV files that are put into a folder",
		"Takes every FILE.csv that has not changed for a while (--stable-ms, 2000), the way `tocsin "
		"import` does.\n"
		"While it works, the file is FILE.csv.work; then FILE.csv.done, with its figures in "
		"FILE.csv.result.json and\n"
		"the rows that were not taken, each with line and reason, in FILE.csv.rejected.csv. A file "
		"that is wrong as\n"
		"a whole becomes FILE.csv.failed. It may be ended at any moment: the next run goes on, and "
		"no row becomes\n"
		"two complaints. While the daemon is away it waits.\n"
		"  --once  what is there now, then end\n"
		"Exit: 0; 1 with --once when something must wait, or the folder cannot be worked.\n",
		run_drop},
	{NULL, NULL, NULL, NULL, NULL},
};
