/*
 * journal_writer DIR NOTES SEED ROUND N_BATCHES [patient|heedful]: opens the journal in DIR as the file NOTES
 * tells, hands over batches of random size, some of them without waiting for the last, marks and trims now and
 * then. Its own notes go to descriptor 9 (journal_work.h). Exit: 0 done, 1 cannot open, 74 lost, 75 refused
 * for want of space (patient: for longer than five seconds). Heedful: small batches, and none while
 * journal_is_behind.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal_work.h"

#define NOTE_FD 9
#define BATCH_MAX 40
#define IN_FLIGHT_MAX 120

struct writer {
	struct journal *j;
	struct rng rng;
	uint32_t round;
	bool is_patient, is_heedful;
	uint64_t next, acked, trimmed;
	struct entry *held[WORK_SEQS];
	struct buf haves;
};

static void note(const char *text, size_t n)
{
	must(write(NOTE_FD, text, n) == (ssize_t)n);
}

static int keep(void *udata, const struct entry *en, struct err *e)
{
	struct writer *w = udata;

	(void)e;
	buf_printf(&w->haves, "have %d %ju\n", work_round(en), (uintmax_t)en->seq);
	return 0;
}

static void hand_over(struct writer *w)
{
	bool is_large = !w->is_heedful && rng_below(&w->rng, 4) == 0;
	uint32_t n = 1 + (uint32_t)rng_below(&w->rng, is_large ? BATCH_MAX : 5);
	char line[80];
	int line_n;

	line_n = snprintf(line, sizeof(line), "try %u %ju %ju\n", w->round, (uintmax_t)w->next,
		(uintmax_t)w->next + n - 1);
	note(line, (size_t)line_n);
	for (uint32_t i = 0; i < n; i++)
		w->held[w->next + i] = work_entry(w->round, w->next + i);
	journal_append(w->j, w->held + w->next, n);
	w->next += n;
}

static void acknowledge(struct writer *w)
{
	uint64_t durable = journal_durable_seq(w->j);
	char line[80];

	if (durable == w->acked)
		return;
	w->acked = durable;
	note(line, (size_t)snprintf(line, sizeof(line), "ack %u %ju\n", w->round, (uintmax_t)durable));
}

static void event_wait(struct writer *w)
{
	struct pollfd p = {journal_event_fd(w->j), POLLIN, 0};

	must(poll(&p, 1, 20000) == 1);
	journal_event_clear(w->j);
}

/* Until at most n entries are under way; -1 when lost. */
static int wait_for(struct writer *w, uint64_t n)
{
	for (;;) {
		acknowledge(w);
		if (journal_fate(w->j, NULL) == JOURNAL_LOST)
			return -1;
		if (w->next - 1 - w->acked <= n)
			return 0;
		event_wait(w);
	}
}

static void mark(struct writer *w)
{
	uint64_t seq = w->acked - (w->acked > 20 ? rng_below(&w->rng, 20) : 0);
	char line[120], chain[2 * SHA256_LEN + 1];

	if (seq <= w->trimmed || w->held[seq] == NULL)
		return;
	hex(w->held[seq]->chain, SHA256_LEN, chain);
	note(line, (size_t)snprintf(line, sizeof(line), "mark %ju %s\n", (uintmax_t)seq, chain));
	journal_trim(w->j, seq);
	w->trimmed = seq;
}

static bool may_hand_over(struct writer *w)
{
	struct err e = {0};

	while (w->is_heedful && journal_is_behind(w->j) && journal_fate(w->j, NULL) != JOURNAL_LOST)
		event_wait(w);
	for (int i = 0; journal_accepts(w->j, &e) != 0; i++) {
		if (!w->is_patient || i == 50)
			return false;
		usleep(100 * 1000);
	}
	return true;
}

static int work(struct writer *w, unsigned long n_batches)
{
	while (n_batches-- > 0) {
		if (!may_hand_over(w))
			return journal_fate(w->j, NULL) == JOURNAL_LOST ? 74 : 75;
		hand_over(w);
		if (wait_for(w, rng_below(&w->rng, 3) == 0 ? IN_FLIGHT_MAX : 0) != 0)
			return 74;
		if (rng_below(&w->rng, 5) == 0)
			mark(w);
	}
	return wait_for(w, 0) == 0 ? 0 : 74;
}

static void notes_read(struct work_notes *notes, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[160];

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		work_notes_add(notes, line, strlen(line));
	if (f != NULL)
		fclose(f);
}

int main(int argc, char **argv)
{
	static struct work_notes notes;
	static struct writer w;
	struct journal_config config;
	struct err e = {0};
	int rc;

	if (argc < 6)
		return 2;
	w.is_patient = argc > 6 && strcmp(argv[6], "patient") == 0;
	w.is_heedful = argc > 6 && strcmp(argv[6], "heedful") == 0;
	notes_read(&notes, argv[2]);
	rng_init_seeded(&w.rng, strtoull(argv[3], NULL, 10));
	w.round = (uint32_t)strtoul(argv[4], NULL, 10);
	buf_init(&w.haves, 1 << 24);
	work_config(&config, argv[1], &notes);
	if (journal_open(&w.j, &config, keep, &w, &e) != 0) {
		fprintf(stderr, "%s\n", e.text);
		return 1;
	}
	note("open\n", 5);
	if (w.haves.n > 0)
		note((const char *)w.haves.p, w.haves.n);
	w.acked = journal_durable_seq(w.j);
	w.trimmed = config.from_seq;
	w.next = w.acked + 1;
	rc = work(&w, strtoul(argv[5], NULL, 10));
	journal_close(w.j);
	for (uint64_t seq = 0; seq < w.next; seq++)
		free(w.held[seq]);
	buf_fini(&w.haves);
	return rc;
}
