/*
 * Power cuts on the bare journal, and on three mutants of it that the same test must catch. Environment:
 * TOCSIN_DOSE, SEED.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal_work.h"
#include "powercut.h"
#include "tocsin/log.h"

#define N_STATES 20000
#define N_MUTANT_STATES 600
#define N_ROUNDS 12
#define N_TESTS 4

struct subject {
	char writer_path[512];
	uint64_t seed;
	const char *n_batches;
	struct work_notes notes;
	char seed_text[24], round_text[16];
};

static void writer_args(
	void *udata, uint32_t round, const char *dir, const char *notes_path, char *argv[POWERCUT_ARGS])
{
	struct subject *s = udata;

	snprintf(s->seed_text, sizeof(s->seed_text), "%ju", (uintmax_t)(s->seed + round));
	snprintf(s->round_text, sizeof(s->round_text), "%u", round);
	argv[0] = s->writer_path;
	argv[1] = (char *)(uintptr_t)dir;
	argv[2] = (char *)(uintptr_t)notes_path;
	argv[3] = s->seed_text;
	argv[4] = s->round_text;
	argv[5] = (char *)(uintptr_t)s->n_batches;
}

static void notes_reset(void *udata)
{
	struct subject *s = udata;

	memset(&s->notes, 0, sizeof(s->notes));
}

static void notes_take(void *udata, const char *text, size_t n)
{
	struct subject *s = udata;

	work_notes_add(&s->notes, text, n);
}

static int check(void *udata, const char *dir)
{
	struct subject *s = udata;

	log_set_level(LOG_ERROR);
	return work_check(dir, &s->notes, false);
}

static int subject_run(const char *bin, const char *name, uint64_t seed, uint64_t n_states, uint32_t n_rounds,
	bool is_mutant, struct powercut_result *result)
{
	static struct subject subject;
	char shim[512], scratch[64];
	struct powercut pc = {.name = name,
		.shim = shim,
		.scratch = scratch,
		.seed = seed,
		.n_rounds = n_rounds,
		.n_states = n_states,
		.sync_us = 100,
		.is_quiet = is_mutant,
		.writer = writer_args,
		.reset = notes_reset,
		.note = notes_take,
		.check = check,
		.udata = &subject};
	int rc;

	fault_scratch(scratch);
	snprintf(shim, sizeof(shim), "%s/shim.so", bin);
	snprintf(subject.writer_path, sizeof(subject.writer_path), "%s/%s", bin, name);
	subject.seed = seed;
	subject.n_batches = "60";
	rc = powercut_run(&pc, result);
	fault_scratch_free(scratch);
	printf("%s: %ju states, %ju bad; of %ju subsets %ju bad\n", name, (uintmax_t)result->n_states,
		(uintmax_t)result->n_bad, (uintmax_t)result->n_subsets, (uintmax_t)result->n_bad_subsets);
	return rc;
}

int main(int argc, char **argv)
{
	const char *seed_text = getenv("SEED"), *bin = dirname(argv[0]);
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
	struct powercut_result result;
	int n_passed = 0;

	(void)argc;
	printf("SEED=%ju\n", (uintmax_t)seed);
	n_passed += subject_run(bin, "journal_writer", seed, (uint64_t)(N_STATES * fault_dose()), N_ROUNDS,
			    false, &result) == 0 &&
		    result.n_bad == 0;
	n_passed +=
		subject_run(bin, "journal_writer_skip_sync", seed, N_MUTANT_STATES, 1, true, &result) == 0 &&
		2 * result.n_bad_subsets >= result.n_subsets;
	n_passed += subject_run(bin, "journal_writer_answer_early", seed, N_MUTANT_STATES, 1, true,
			    &result) == 0 &&
		    result.n_bad > 0;
	/* shows only behind a failed sync: either a state is bad, or the next writer cannot open */
	n_passed += subject_run(bin, "journal_writer_trust_cache", seed, N_MUTANT_STATES * 5, N_ROUNDS, true,
			    &result) != 0 ||
		    result.n_bad > 0;
	printf("%d passed, %d failed, 0 skipped\n", n_passed, N_TESTS - n_passed);
	return n_passed == N_TESTS ? 0 : 1;
}
