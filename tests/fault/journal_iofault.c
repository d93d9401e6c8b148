/*
 * I/O faults on the bare journal: for each kind of call, each way to fail, once and for ever, the n-th call
 * fails, n = 1.. until none fires. The writer must end by itself, with a word, and nothing acknowledged may
 * be lost. Then a full disk.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "journal_work.h"
#include "powercut.h"
#include "tocsin/log.h"

#define NOTE_FD 9
#define LIMIT_S 30
#define N_PRINTED 10
#define STATUS(code) ((code) << 8)

enum {
	DONE = 1,
	NOT_OPENED = 2,
	LOST = 4,
	REFUSED = 8,
};

struct bench {
	char bin[PATH_MAX], scratch[64], live[128], notes[128], fired[128];
	const char *n_batches, *manner; /* the writer's last arguments */
	unsigned n_passed, n_failed, n_skipped;
	uint64_t n_runs;
};

struct fault {
	const char *kind, *how, *mode;
	unsigned may_end; /* the ways the writer may end */
};

/* Run a child's work; its status as of wait. */
static int child_run(void (*body)(const struct bench *, void *), const struct bench *b, void *arg)
{
	pid_t pid;
	int status;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(LIMIT_S);
		body(b, arg);
		fflush(stdout);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

static void writer_body(const struct bench *b, void *fault)
{
	char shim[PATH_MAX + 32], writer[PATH_MAX + 32], round[] = "0", seed[] = "1";
	int fd = open(b->notes, O_WRONLY | O_CREAT | O_APPEND, 0600);
	int null = open("/dev/null", O_WRONLY);

	dup2(fd, NOTE_FD);
	dup2(null, STDERR_FILENO);
	snprintf(shim, sizeof(shim), "%s/shim.so", b->bin);
	snprintf(writer, sizeof(writer), "%s/journal_writer", b->bin);
	setenv("LD_PRELOAD", shim, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	setenv("SHIM_DIR", b->live, 1);
	if (fault != NULL)
		setenv("SHIM_FAULT", fault, 1);
	setenv("SHIM_FIRED", b->fired, 1);
	execl(writer, writer, b->live, b->notes, seed, round, b->n_batches, b->manner, (char *)NULL);
	_exit(127);
}

static void notes_load(struct work_notes *notes, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[160];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		work_notes_add(notes, line, strlen(line));
	if (f != NULL)
		fclose(f);
}

static void check_body(const struct bench *b, void *is_read_only)
{
	static struct work_notes notes;

	log_set_level(LOG_ERROR);
	notes_load(&notes, b->notes);
	if (work_check(b->live, &notes, is_read_only != NULL) != 0) {
		fflush(stdout);
		_exit(1);
	}
}

static unsigned end_of(int status)
{
	switch (status) {
	case 0:
		return DONE;
	case STATUS(1):
		return NOT_OPENED;
	case STATUS(74):
		return LOST;
	case STATUS(75):
		return REFUSED;
	default:
		return 0;
	}
}

static void live_clear(const struct bench *b)
{
	fault_dir_clear(b->live);
	unlink(b->notes);
	unlink(b->fired);
}

/* One run with the n-th call failing; false when the fault did not fire. */
static bool fault_run(struct bench *b, const struct fault *f, unsigned n)
{
	char text[80];
	int status;

	live_clear(b);
	snprintf(text, sizeof(text), "%s:%u:%s:%s", f->kind, n, f->how, f->mode);
	status = child_run(writer_body, b, text);
	if (access(b->fired, F_OK) != 0)
		return false;
	b->n_runs++;
	if ((end_of(status) & f->may_end) == 0) {
		if (b->n_failed++ < N_PRINTED)
			printf("%s: the writer ended with status 0x%x\n", text, (unsigned)status);
		return true;
	}
	if (child_run(check_body, b, NULL) == 0) {
		b->n_passed++;
		return true;
	}
	if (b->n_failed++ < N_PRINTED)
		printf("%s: bad after the writer ended with status 0x%x\n", text, (unsigned)status);
	return true;
}

static void faults_run(struct bench *b)
{
	/* a call that may go on must: EINTR and short writes; a failed sync must never be answered over */
	static const struct fault faults[] = {
		{"write", "EIO", "once", NOT_OPENED | LOST | REFUSED},
		{"write", "EIO", "sticky", NOT_OPENED | LOST | REFUSED},
		{"write", "ENOSPC", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"write", "ENOSPC", "sticky", NOT_OPENED | LOST | REFUSED},
		{"write", "EDQUOT", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"write", "EROFS", "sticky", NOT_OPENED | LOST | REFUSED},
		{"write", "EINTR", "once", DONE},
		{"write", "short", "once", DONE},
		{"write", "short", "sticky", DONE},
		{"write", "late", "once", NOT_OPENED | LOST | REFUSED},
		{"fdatasync", "EIO", "once", NOT_OPENED | LOST},
		{"fdatasync", "EIO", "sticky", NOT_OPENED | LOST},
		{"fdatasync", "EINTR", "once", NOT_OPENED | LOST},
		{"fdatasync", "ENOSPC", "once", NOT_OPENED | LOST},
		{"fsync", "EIO", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"fsync", "EIO", "sticky", NOT_OPENED | LOST | DONE | REFUSED},
		{"fsync", "ENOSPC", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"open", "EIO", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"open", "ENOSPC", "sticky", NOT_OPENED | LOST | DONE | REFUSED},
		{"allocate", "ENOSPC", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"allocate", "ENOSPC", "sticky", NOT_OPENED | LOST | DONE | REFUSED},
		{"allocate", "EIO", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"rename", "EIO", "once", NOT_OPENED | LOST | DONE | REFUSED},
		{"rename", "ENOSPC", "sticky", NOT_OPENED | LOST | DONE | REFUSED},
		{"unlink", "EIO", "sticky", DONE},
	};
	unsigned most = (unsigned)(200 * fault_dose());

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (unsigned n = 1; n <= most && fault_run(b, &faults[i], n); n++)
			;
	}
}

/* A disk that was full for a moment: the journal refuses, tries again, goes on. */
static void space_comes_back(struct bench *b)
{
	static const struct fault fault = {"allocate", "ENOSPC", "once", DONE};

	b->manner = "patient";
	for (unsigned n = 2; n <= 4; n++) {
		if (!fault_run(b, &fault, n)) {
			printf("space comes back: the fault did not fire at %u\n", n);
			b->n_failed++;
		}
	}
	b->manner = NULL;
}

/* ---- a full disk --------------------------------------------------------------------------------------- */
static bool disk_mount(const struct bench *b, const char *options)
{
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return false;
	return mount("tmpfs", b->live, "tmpfs", 0, options) == 0;
}

#define EXPECT(condition)                                                                                    \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			printf("full disk: expected %s\n", #condition);                                      \
			fflush(stdout);                                                                      \
			_exit(1);                                                                            \
		}                                                                                            \
	} while (0)

/* Its own mount name space dies with the process. Exit 3: may not mount. */
static void full_body(const struct bench *b, void *arg)
{
	(void)arg;
	if (!disk_mount(b, "size=64k"))
		_exit(3);
	EXPECT(child_run(writer_body, b, NULL) == STATUS(75));
	EXPECT(child_run(check_body, b, (void *)(uintptr_t)1) == 0);
	EXPECT(mount("tmpfs", b->live, "tmpfs", MS_REMOUNT, "size=4m") == 0);
	EXPECT(child_run(writer_body, b, NULL) == 0);
	EXPECT(child_run(check_body, b, NULL) == 0);
}

static void full_disk(struct bench *b)
{
	int status;

	live_clear(b);
	b->manner = "heedful";
	b->n_batches = "80";
	status = child_run(full_body, b, NULL);
	if (status == STATUS(3)) {
		printf("full disk: skipped: mounting a tmpfs is not allowed here\n");
		b->n_skipped++;
	} else if (status == 0) {
		b->n_passed++;
	} else {
		b->n_failed++;
	}
}

int main(int argc, char **argv)
{
	static struct bench b = {.n_batches = "25"};

	(void)argc;
	must(realpath(dirname(argv[0]), b.bin) != NULL);
	fault_scratch(b.scratch);
	snprintf(b.live, sizeof(b.live), "%s/live", b.scratch);
	snprintf(b.notes, sizeof(b.notes), "%s/notes", b.scratch);
	snprintf(b.fired, sizeof(b.fired), "%s/fired", b.scratch);
	must(mkdir(b.live, 0700) == 0);
	faults_run(&b);
	space_comes_back(&b);
	full_disk(&b);
	fault_scratch_free(b.scratch);
	printf("journal_iofault: %ju runs with a fault\n", (uintmax_t)b.n_runs);
	printf("%u passed, %u failed, %u skipped\n", b.n_passed, b.n_failed, b.n_skipped);
	return b.n_failed == 0 ? 0 : 1;
}
