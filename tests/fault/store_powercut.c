/*
 * Power cuts on the whole store: journal, checkpoints, LMDB, creation and closing, and mutants that the same
 * test must catch. Environment: TOCSIN_DOSE, SEED.
 */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "powercut.h"
#include "store_work.h"
#include "tocsin/log.h"

#define N_STATES 3000
#define N_MUTANT_STATES 300
#define N_ROUNDS 6
#define N_TESTS 4

struct subject {
	char writer_path[512];
	uint64_t seed;
	struct store_notes notes;
	char round_text[16], seed_text[24];
};

static void writer_args(
	void *udata, uint32_t round, const char *dir, const char *notes_path, char *argv[POWERCUT_ARGS])
{
	static char fd[] = "9", n_calls[] = "60";
	struct subject *s = udata;

	(void)notes_path;
	snprintf(s->round_text, sizeof(s->round_text), "%u", round);
	snprintf(s->seed_text, sizeof(s->seed_text), "%ju", (uintmax_t)(s->seed + round));
	argv[0] = s->writer_path;
	argv[1] = (char *)(uintptr_t)dir;
	argv[2] = fd;
	argv[3] = s->round_text;
	argv[4] = n_calls;
	argv[5] = s->seed_text;
}

static void notes_reset(void *udata)
{
	struct subject *s = udata;

	memset(&s->notes, 0, sizeof(s->notes));
}

static void notes_take(void *udata, const char *text, size_t n)
{
	struct subject *s = udata;

	store_notes_add(&s->notes, text, n);
}

static int check(void *udata, const char *dir)
{
	struct subject *s = udata;

	log_set_level(LOG_ERROR);
	return store_work_check(dir, &s->notes);
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
	rc = powercut_run(&pc, result);
	fault_scratch_free(scratch);
	printf("%s: %ju states, %ju bad; of %ju subsets %ju bad\n", name, (uintmax_t)result->n_states,
		(uintmax_t)result->n_bad, (uintmax_t)result->n_subsets, (uintmax_t)result->n_bad_subsets);
	return rc;
}

int main(int argc, char **argv)
{
	static const char *const mutants[] = {
		"store_writer_checkpoint_early", "store_writer_trim_early", "store_writer_no_mark"};
	const char *seed_text = getenv("SEED"), *bin = dirname(argv[0]);
	uint64_t seed = seed_text != NULL ? strtoull(seed_text, NULL, 10) : 1;
	struct powercut_result result;
	int n_passed = 0;

	(void)argc;
	printf("SEED=%ju\n", (uintmax_t)seed);
	n_passed += subject_run(bin, "store_writer", seed, (uint64_t)(N_STATES * fault_dose()), N_ROUNDS,
			    false, &result) == 0 &&
		    result.n_bad == 0;
	for (int i = 0; i < 3; i++) /* a mutant may also fail to open what it left */
		n_passed += subject_run(bin, mutants[i], seed, N_MUTANT_STATES, 2, true, &result) != 0 ||
			    result.n_bad > 0;
	printf("%d passed, %d failed, 0 skipped\n", n_passed, N_TESTS - n_passed);
	return n_passed == N_TESTS ? 0 : 1;
}
