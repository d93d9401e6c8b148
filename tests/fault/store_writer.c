/*
 * store_writer DIR NOTES_FD ROUND N_CALLS SEED: opens the store in DIR, commits calls in turns of a few,
 * waits for them or goes on, closes. Notes go to the descriptor (store_work.h). N_CALLS 0: until killed.
 * Exit: 0 done, 1 cannot open, 74 lost, 75 refused.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store_work.h"
#include "tocsin/log.h"

#define IN_FLIGHT_MAX 40

struct writer {
	struct store *s;
	struct rng rng;
	uint32_t round;
	int note_fd;
	uint64_t acked;
};

static void note(const struct writer *w, const char *word, uint64_t seq)
{
	char line[80];
	int n = snprintf(line, sizeof(line), "%s %u %ju\n", word, w->round, (uintmax_t)seq);

	must(write(w->note_fd, line, (size_t)n) == n);
}

static void acknowledge(struct writer *w)
{
	uint64_t durable = store_durable_seq(w->s);

	if (durable == w->acked)
		return;
	w->acked = durable;
	note(w, "ack", durable);
}

/* Passes of the loop until at most n entries wait; -1 when the journal is lost. */
static int wait_for(struct writer *w, uint64_t n)
{
	struct pollfd p = {store_event_fd(w->s), POLLIN, 0};
	struct err e;

	for (;;) {
		if (store_poll(w->s, &e) != 0)
			return -1;
		acknowledge(w);
		store_turn_end(w->s, 1);
		if (store_last_seq(w->s) - w->acked <= n)
			return 0;
		must(poll(&p, 1, 20000) == 1);
	}
}

static int work(struct writer *w, unsigned long n_calls)
{
	for (unsigned long done = 0; n_calls == 0 || done < n_calls;) {
		struct err e;

		for (uint64_t n = 1 + rng_below(&w->rng, 6); n > 0; n--, done++) {
			if (store_accepts(w->s, &e) != 0 && e.code != ERR_BUSY)
				return store_poll(w->s, &e) != 0 ? 74 : 75;
			note(w, "try", store_last_seq(w->s) + 1);
			store_work_call(w->s, w->round);
		}
		store_turn_end(w->s, 1);
		if (wait_for(w, rng_below(&w->rng, 3) == 0 ? IN_FLIGHT_MAX : 0) != 0)
			return 74;
	}
	return wait_for(w, 0) == 0 ? 0 : 74;
}

int main(int argc, char **argv)
{
	struct writer w = {0};
	struct store_config config;
	struct rng salts;
	struct err e;
	int rc;

	if (argc < 6)
		return 2;
	w.note_fd = (int)strtol(argv[2], NULL, 10);
	w.round = (uint32_t)strtoul(argv[3], NULL, 10);
	log_set_level(LOG_ERROR);
	rng_init_seeded(&w.rng, strtoull(argv[5], NULL, 10));
	rng_init_seeded(&salts, strtoull(argv[5], NULL, 10));
	config = store_work_config(argv[1], &salts);
	if (store_open(&w.s, &config, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	if (store_is_read_only(w.s, &e)) {
		store_close(w.s);
		return 75;
	}
	w.acked = store_last_seq(w.s);
	note(&w, "have", w.acked);
	rc = work(&w, strtoul(argv[4], NULL, 10));
	store_close(w.s);
	return rc;
}
