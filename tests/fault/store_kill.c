/*
 * kill -9 of a writer, a hundred times on one directory, each after a random moment, sometimes while it still
 * opens or replays: what was acknowledged is there, nothing twice, every row and page good. Environment:
 * TOCSIN_DOSE, SEED.
 */
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "powercut.h"
#include "store_work.h"
#include "tocsin/log.h"

#define N_ROUNDS 100
#define AFTER_US_MAX 60000
#define CHECK_EVERY 5
#define FRESH_EVERY 20 /* rounds on one directory */

static void writer_kill(const char *bin, const char *live, const char *notes, uint32_t round, struct rng *rng)
{
	char writer[PATH_MAX + 32], round_text[16], fd[] = "9", n_calls[] = "0", seed[24];
	useconds_t after_us = (useconds_t)(500 + rng_below(rng, AFTER_US_MAX));
	pid_t pid;
	int status;

	snprintf(writer, sizeof(writer), "%s/store_writer", bin);
	snprintf(round_text, sizeof(round_text), "%u", round);
	snprintf(seed, sizeof(seed), "%ju", (uintmax_t)rng_u64(rng));
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		must(dup2(open(notes, O_WRONLY | O_CREAT | O_APPEND, 0600), 9) == 9);
		execl(writer, writer, live, fd, round_text, n_calls, seed, (char *)NULL);
		_exit(127);
	}
	usleep(after_us);
	kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid);
	if (!WIFSIGNALED(status)) {
		printf("round %u: the writer ended by itself with status 0x%x\n", round, (unsigned)status);
		exit(1);
	}
}

/* On a copy: a check goes on with a call of its own and closes, the next writer shall start where the last
 * was killed. */
static int check(const char *live, const char *copy, const char *notes_path)
{
	struct store_notes *notes = calloc(1, sizeof(*notes));
	char cmd[300];
	int rc;

	must(notes != NULL);
	fault_dir_clear(copy);
	snprintf(cmd, sizeof(cmd), "mkdir -p %s; cp -r %s/. %s", copy, live, copy);
	must(system(cmd) == 0);
	store_notes_load(notes, notes_path);
	rc = store_work_check(copy, notes);
	printf("acknowledged up to %ju: %s\n", (uintmax_t)notes->acked, rc == 0 ? "all there" : "BAD");
	free(notes);
	return rc;
}

int main(int argc, char **argv)
{
	const char *seed_text = getenv("SEED");
	char bin[PATH_MAX], scratch[64], live[80], copy[80], notes[80];
	int n_rounds = (int)(N_ROUNDS * fault_dose()), n_failed = 0, n_checks = 0;
	struct rng rng;

	(void)argc;
	must(realpath(dirname(argv[0]), bin) != NULL);
	log_set_level(LOG_ERROR);
	rng_init_seeded(&rng, seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1);
	fault_scratch(scratch);
	snprintf(live, sizeof(live), "%s/live", scratch);
	snprintf(copy, sizeof(copy), "%s/copy", scratch);
	snprintf(notes, sizeof(notes), "%s/notes", scratch);
	for (int i = 0; i < n_rounds && n_failed == 0; i++) {
		writer_kill(bin, live, notes, (uint32_t)i % (STORE_WORK_ROUNDS - 1), &rng);
		if (i % CHECK_EVERY != CHECK_EVERY - 1)
			continue;
		n_checks++;
		n_failed += check(live, copy, notes) != 0;
		if (i % FRESH_EVERY == FRESH_EVERY - 1) {
			fault_dir_clear(live);
			unlink(notes);
		}
	}
	fault_scratch_free(scratch);
	printf("%d rounds\n%d passed, %d failed, 0 skipped\n", n_rounds, n_checks - n_failed, n_failed);
	return n_failed == 0 ? 0 : 1;
}
