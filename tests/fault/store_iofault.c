/*
 * I/O faults on the whole store: for each kind of call, each way to fail, once and for ever, the n-th call
 * fails, n = 1.. until none fires. The writer must end by itself with a known status, and nothing
 * acknowledged may be lost.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "powercut.h"
#include "store_work.h"
#include "tocsin/log.h"

#define NOTE_FD 9
#define LIMIT_S 30
#define N_PRINTED 10
#define MOST 1000 /* no kind of call happens as often */

struct bench {
	char bin[PATH_MAX], scratch[64], live[128], notes[128], fired[128];
	unsigned n_passed, n_failed, n_fired_last;
	uint64_t n_runs;
};

struct fault {
	const char *kind, *how, *mode;
};

static void writer_exec(const struct bench *b, const char *fault)
{
	char shim[PATH_MAX + 32], writer[PATH_MAX + 32], fd[] = "9", round[] = "0", n_calls[] = "30",
							 seed[] = "1";
	int notes = open(b->notes, O_WRONLY | O_CREAT | O_APPEND, 0600), null = open("/dev/null", O_WRONLY);

	dup2(notes, NOTE_FD);
	dup2(null, STDERR_FILENO);
	snprintf(shim, sizeof(shim), "%s/shim.so", b->bin);
	snprintf(writer, sizeof(writer), "%s/store_writer", b->bin);
	setenv("LD_PRELOAD", shim, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0:exitcode=99", 1);
	setenv("SHIM_DIR", b->live, 1);
	setenv("SHIM_FAULT", fault, 1);
	setenv("SHIM_FIRED", b->fired, 1);
	alarm(LIMIT_S);
	execl(writer, writer, b->live, fd, round, n_calls, seed, (char *)NULL);
	_exit(127);
}

static int writer_run(const struct bench *b, const char *fault)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		writer_exec(b, fault);
	must(waitpid(pid, &status, 0) == pid);
	return status;
}

/* In a child, which a broken tree may kill. */
static bool is_good(const struct bench *b)
{
	static struct store_notes notes;
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		alarm(LIMIT_S);
		log_set_level(LOG_ERROR);
		store_notes_load(&notes, b->notes);
		status = store_work_check(b->live, &notes);
		fflush(stdout);
		_exit(status != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	return status == 0;
}

static bool is_known_end(int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	return code == 0 || code == 1 || code == 74 || code == 75;
}

/* One run with the n-th call failing; false when the fault did not fire. */
static bool fault_run(struct bench *b, const struct fault *f, unsigned n)
{
	char text[80];
	int status;

	fault_dir_clear(b->live);
	unlink(b->notes);
	unlink(b->fired);
	snprintf(text, sizeof(text), "%s:%u:%s:%s", f->kind, n, f->how, f->mode);
	status = writer_run(b, text);
	if (access(b->fired, F_OK) != 0)
		return false;
	b->n_runs++;
	if (is_known_end(status) && is_good(b)) {
		b->n_passed++;
		return true;
	}
	if (b->n_failed++ < N_PRINTED)
		printf("%s: the writer ended with status 0x%x\n", text, (unsigned)status);
	return true;
}

int main(int argc, char **argv)
{
	static const struct fault faults[] = {
		{"write", "EIO", "once"},
		{"write", "EIO", "sticky"},
		{"write", "ENOSPC", "once"},
		{"write", "ENOSPC", "sticky"},
		{"write", "EINTR", "once"},
		{"write", "short", "once"},
		{"write", "late", "once"},
		{"dsync", "EIO", "once"},
		{"dsync", "EIO", "sticky"},
		{"dsync", "late", "once"},
		{"dsync", "ENOSPC", "once"},
		{"dsync", "short", "once"},
		{"fdatasync", "EIO", "once"},
		{"fdatasync", "EIO", "sticky"},
		{"fsync", "EIO", "once"},
		{"fsync", "EIO", "sticky"},
		{"open", "EIO", "once"},
		{"open", "ENOSPC", "sticky"},
		{"truncate", "EIO", "once"},
		{"truncate", "ENOSPC", "sticky"},
		{"allocate", "ENOSPC", "once"},
		{"allocate", "ENOSPC", "sticky"},
		{"rename", "EIO", "once"},
		{"rename", "ENOSPC", "sticky"},
		{"unlink", "EIO", "sticky"},
	};
	static struct bench b;

	(void)argc;
	must(realpath(dirname(argv[0]), b.bin) != NULL);
	fault_scratch(b.scratch);
	snprintf(b.live, sizeof(b.live), "%s/live", b.scratch);
	snprintf(b.notes, sizeof(b.notes), "%s/notes", b.scratch);
	snprintf(b.fired, sizeof(b.fired), "%s/fired", b.scratch);
	must(mkdir(b.live, 0700) == 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		for (unsigned n = 1; n <= MOST && fault_run(&b, &faults[i], n); n++)
			;
	}
	fault_scratch_free(b.scratch);
	printf("store_iofault: %ju runs with a fault\n", (uintmax_t)b.n_runs);
	printf("%u passed, %u failed, 0 skipped\n", b.n_passed, b.n_failed);
	return b.n_failed == 0 ? 0 : 1;
}
