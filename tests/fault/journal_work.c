#include "journal_work.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEGMENT_BYTES 16384

/* ---- entries ------------------------------------------------------------------------------------------- */
size_t work_event(uint32_t round, uint64_t seq, uint8_t *out)
{
	struct rng rng;
	size_t n, i;

	rng_init_seeded(&rng, (uint64_t)round << 32 | seq);
	n = 16 + rng_below(&rng, rng_below(&rng, 20) == 0 ? 3000 : 600);
	for (i = 0; i < n; i += 8) {
		uint64_t word = rng_u64(&rng);

		memcpy(out + i, &word, 8);
	}
	memcpy(out, &round, sizeof(round));
	return n;
}

struct entry *work_entry(uint32_t round, uint64_t seq)
{
	static const uint8_t salt[ENTRY_SALT] = "some salt";
	uint8_t event[WORK_MAX];
	size_t n = work_event(round, seq, event);

	return entry_new(seq, (int64_t)seq, salt, slice_of(event, n), SLICE_TEXT("changes"));
}

int work_round(const struct entry *en)
{
	struct slice event = entry_event(en);
	uint8_t want[WORK_MAX];
	uint32_t round;

	if (event.n < sizeof(round))
		return -1;
	memcpy(&round, event.p, sizeof(round));
	if (round >= 64 || slice_cmp(event, slice_of(want, work_event(round, en->seq, want))) != 0)
		return -1;
	return slice_cmp(entry_changes(en), SLICE_TEXT("changes")) == 0 ? (int)round : -1;
}

/* ---- notes --------------------------------------------------------------------------------------------- */
static void note_ack(struct work_notes *w, uint32_t round, uint64_t seq)
{
	for (uint64_t i = seq; i > 0 && w->ack_round[i] == 0; i--)
		w->ack_round[i] = (uint8_t)(round + 1);
	if (seq > w->acked)
		w->acked = seq;
}

static void note_line(struct work_notes *w, const char *line)
{
	uint32_t round;
	uint64_t a, b;
	char chain[2 * SHA256_LEN + 1];

	if (sscanf(line, "try %" SCNu32 " %" SCNu64 " %" SCNu64, &round, &a, &b) == 3 && b < WORK_SEQS &&
		round < 64) {
		for (; a <= b; a++)
			w->try_rounds[a] |= (uint64_t)1 << round;
		w->tried = b > w->tried ? b : w->tried;
		w->n_rounds = round + 1;
	} else if (sscanf(line, "ack %" SCNu32 " %" SCNu64, &round, &a) == 2 && a < WORK_SEQS) {
		note_ack(w, round, a);
	} else if (sscanf(line, "have %" SCNu32 " %" SCNu64, &round, &a) == 2 && a < WORK_SEQS) {
		w->ack_round[a] = (uint8_t)(round + 1);
		w->acked = a > w->acked ? a : w->acked;
	} else if (sscanf(line, "mark %" SCNu64 " %64s", &a, chain) == 2) {
		w->mark_seq = a;
		must(unhex(chain, 2 * SHA256_LEN, w->mark_chain, SHA256_LEN) == SHA256_LEN);
	} else if (strcmp(line, "open") == 0) {
		w->is_open = true;
	} else {
		fprintf(stderr, "not a note: \"%s\"\n", line);
		exit(2);
	}
}

void work_notes_add(struct work_notes *w, const char *text, size_t n)
{
	char line[160];

	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t line_n = end != NULL ? (size_t)(end - text) : n;

		snprintf(line, sizeof(line), "%.*s", (int)line_n, text);
		note_line(w, line);
		line_n += end != NULL;
		text += line_n;
		n -= line_n;
	}
}

void work_config(struct journal_config *c, const char *dir, const struct work_notes *w)
{
	static const char id[] = "the fault tests";

	*c = (struct journal_config){.dir = dir, .segment_bytes = SEGMENT_BYTES, .n_free_segments = 2};
	memcpy(c->new_id, id, JOURNAL_ID_LEN);
	if (w->is_open)
		memcpy(c->id, id, JOURNAL_ID_LEN);
	c->from_seq = w->mark_seq;
	memcpy(c->from_chain, w->mark_chain, SHA256_LEN);
}

/* ---- checking ------------------------------------------------------------------------------------------ */
struct check {
	const struct work_notes *w;
	uint64_t last;
	uint32_t extra_round; /* entries of it were written by the check itself */
};

static int check_replay(void *udata, const struct entry *en, struct err *e)
{
	struct check *c = udata;
	int round = work_round(en);

	if (en->seq != c->last + 1)
		return err_set(
			e, ERR_INTERNAL, "entry %ju follows %ju", (uintmax_t)en->seq, (uintmax_t)c->last);
	c->last = en->seq;
	if (round >= 0 && (uint32_t)round == c->extra_round)
		return 0;
	if (round < 0 || (c->w->try_rounds[en->seq] >> round & 1) == 0)
		return err_set(e, ERR_INTERNAL, "entry %ju was never handed over", (uintmax_t)en->seq);
	if (c->w->ack_round[en->seq] != 0 && c->w->ack_round[en->seq] != round + 1)
		return err_set(e, ERR_INTERNAL, "entry %ju is of round %d, but %d acknowledged it",
			(uintmax_t)en->seq, round, c->w->ack_round[en->seq] - 1);
	return 0;
}

static int check_open(struct journal **j, const struct journal_config *config, struct check *c, struct err *e)
{
	c->last = c->w->mark_seq;
	if (journal_open(j, config, check_replay, c, e) != 0)
		return -1;
	if (c->last >= c->w->acked)
		return 0;
	journal_close(*j);
	return err_set(e, ERR_INTERNAL, "entries %ju to %ju were acknowledged and are lost",
		(uintmax_t)c->last + 1, (uintmax_t)c->w->acked);
}

/* Write some entries of a round of their own behind what was recovered, and find them again. */
static int check_go_on(struct journal_config *config, struct check *c, struct journal **j, struct err *e)
{
	struct entry *more[3];
	uint64_t last = c->last;
	enum journal_fate fate = JOURNAL_DURABLE;
	struct pollfd p = {journal_event_fd(*j), POLLIN, 0};

	for (uint32_t i = 0; i < 3; i++)
		more[i] = work_entry(c->extra_round, last + 1 + i);
	journal_append(*j, more, 3);
	while (journal_durable_seq(*j) < last + 3 && (fate = journal_fate(*j, e)) == JOURNAL_DURABLE)
		poll(&p, 1, 1000);
	journal_id(*j, config->id);
	journal_close(*j);
	for (int i = 0; i < 3; i++)
		free(more[i]);
	if (fate == JOURNAL_LOST)
		return -1;
	if (check_open(j, config, c, e) != 0)
		return -1;
	return c->last == last + 3 ? 0 : err_set(e, ERR_INTERNAL, "entries written after recovery are lost");
}

int work_check(const char *dir, const struct work_notes *w, bool is_read_only)
{
	struct check c = {.w = w, .extra_round = 63};
	struct journal_config config;
	struct journal *j = NULL;
	struct err e = {0};
	int rc;

	work_config(&config, dir, w);
	config.is_read_only = is_read_only;
	rc = check_open(&j, &config, &c, &e);
	if (rc == 0 && !is_read_only)
		rc = check_go_on(&config, &c, &j, &e);
	if (rc != 0)
		printf("  %s\n", e.text);
	else
		journal_close(j);
	return rc;
}
