/*
 * Power cuts on recorded programs. A writer program runs under the recorder (shim.c); its log is replayed
 * into the states a disk can show when the power goes at some event: what was synced, plus of everything
 * written since all            as after the death of the process alone nothing        a disk that writes only
 * when told a torn end     everything, the last write cut at a multiple of 512 bytes a subset       each
 * 512-byte sector of each write, each change of size or name, taken or not by chance and a checker looks at
 * each state in a child process. A sync covers what was written before it began; it makes a new file's own
 * name durable; other changes of names need a sync of their directory. Rounds end at some event; the next
 * writer starts on one of its states (recovery is cut, too), or on the page cache of a writer that was
 * killed, whose writes are still pending, or on the page cache after a failed sync, whose pages the kernel
 * calls clean.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POWERCUT_ARGS 16

struct powercut {
	const char *name;
	const char *shim;    /* path of the shared object */
	const char *scratch; /* an empty directory to work in */
	uint64_t seed;
	uint32_t n_rounds; /* at most 64 */
	uint64_t n_states; /* over all rounds */
	unsigned sync_us;  /* a recorded sync takes at least so long */
	bool is_quiet;     /* do not print what is bad (mutants) */
	/*
	 * The writer's arguments, NULL at the end; argv[0] is its path. `notes_path` holds what earlier
	 * rounds noted. It notes by writing to descriptor 9 and must exit with 0.
	 */
	void (*writer)(void *udata, uint32_t round, const char *dir, const char *notes_path,
		char *argv[POWERCUT_ARGS]);
	/* Forget all notes; take in the next ones, up to the cut. */
	void (*reset)(void *udata);
	void (*note)(void *udata, const char *text, size_t n);
	/* Judge the directory; in a child process, which it may crash. 0 good. */
	int (*check)(void *udata, const char *dir);
	void *udata;
};

struct powercut_result {
	uint64_t n_states, n_bad;
	uint64_t n_subsets, n_bad_subsets;
};

/* 0, or -1 when a writer did not run to its end (printed). */
int powercut_run(const struct powercut *, struct powercut_result *);

/* The dose of long tests: environment TOCSIN_DOSE, a multiplier, default 1. */
double fault_dose(void);
/* A directory of its own under /dev/shm, or TMPDIR, or /tmp; fault_scratch_free removes it. */
void fault_scratch(char out[64]);
void fault_scratch_free(const char *dir);
/* Remove the plain files in a directory. */
void fault_dir_clear(const char *dir);
