#include "store_work.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/tables_int.h"

#define N_KEYS 48
#define VAL_MAX 4500
#define EVENT_MAX 600
#define N_CHANGES_MAX 5
#define CHECK_ROUND (STORE_WORK_ROUNDS - 1)

struct work_change {
	uint64_t key;
	bool is_delete;
	size_t val_n;
	uint64_t val_seed;
};

/* ---- what a call does ---------------------------------------------------------------------------------- */
static uint32_t changes_of(uint32_t round, uint64_t seq, struct work_change out[N_CHANGES_MAX])
{
	struct rng rng;
	uint32_t n;

	rng_init_seeded(&rng, (uint64_t)round << 32 | seq);
	n = (uint32_t)rng_below(&rng, N_CHANGES_MAX + 1);
	for (uint32_t i = 0; i < n; i++) {
		out[i].key = rng_below(&rng, N_KEYS);
		out[i].is_delete = rng_below(&rng, 4) == 0;
		out[i].val_n = (size_t)(rng_below(&rng, 8) == 0 ? 1800 + rng_below(&rng, VAL_MAX - 1800)
								: rng_below(&rng, 300));
		out[i].val_seed = rng_u64(&rng);
	}
	return n;
}

static struct slice val_of(const struct work_change *c, uint8_t out[VAL_MAX])
{
	struct rng rng;

	rng_init_seeded(&rng, c->val_seed);
	rng_bytes(&rng, out, c->val_n);
	return slice_of(out, c->val_n);
}

static struct slice event_of(uint32_t round, uint64_t seq, uint8_t out[EVENT_MAX])
{
	size_t n;
	struct rng rng;

	rng_init_seeded(&rng, ~((uint64_t)round << 32 | seq));
	n = sizeof(round) + (size_t)rng_below(&rng, EVENT_MAX - sizeof(round));
	rng_bytes(&rng, out, n);
	memcpy(out, &round, sizeof(round));
	return slice_of(out, n);
}

struct store_config store_work_config(const char *dir, struct rng *rng)
{
	return (struct store_config){.dir = dir,
		.map_bytes = (uint64_t)64 << 20,
		.freeze_bytes = 24 * 1024,
		.freeze_ms = INT64_MAX,
		.segment_bytes = 32 * 1024,
		.rng = rng};
}

uint64_t store_work_call(struct store *s, uint32_t round)
{
	struct work_change changes[N_CHANGES_MAX];
	uint64_t seq = store_last_seq(s) + 1;
	uint32_t n = changes_of(round, seq, changes);
	struct tx *tx = tx_begin(s, (int64_t)seq);
	uint8_t key[8], val[VAL_MAX], event[EVENT_MAX];

	for (uint32_t i = 0; i < n; i++) {
		struct work_change *c = &changes[i];

		store_be64(key, c->key);
		if (c->is_delete) {
			tx_del(tx, TABLE_TICKET, slice_of(key, 8));
			tx_del(tx, TABLE_INDEX, slice_of(key, 8));
		} else {
			tx_put(tx, TABLE_TICKET, slice_of(key, 8), val_of(c, val));
			tx_put(tx, TABLE_INDEX, slice_of(key, 8), slice_of(NULL, 0));
		}
	}
	return tx_commit(tx, event_of(round, seq, event));
}

/* ---- notes --------------------------------------------------------------------------------------------- */
static void note_line(struct store_notes *w, const char *line)
{
	uint32_t round;
	uint64_t seq;
	char word[8];

	if (sscanf(line, "%7s %" SCNu32 " %" SCNu64, word, &round, &seq) != 3 || round >= STORE_WORK_ROUNDS ||
		seq >= STORE_WORK_SEQS) {
		fprintf(stderr, "not a note: \"%s\"\n", line);
		exit(2);
	}
	if (strcmp(word, "try") == 0) {
		w->tried[seq][round / 8] |= (uint8_t)(1u << round % 8);
		return;
	}
	if (seq > w->acked)
		w->acked = seq;
	/* what a round acknowledged, no later round wrote again */
	for (; strcmp(word, "ack") == 0 && seq > 0 && w->ack_round[seq] == 0; seq--)
		if ((w->tried[seq][round / 8] >> round % 8 & 1) != 0)
			w->ack_round[seq] = (uint16_t)(round + 1);
}

void store_notes_add(struct store_notes *w, const char *text, size_t n)
{
	char line[80];

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

void store_notes_load(struct store_notes *w, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[80];

	/* a killed writer's last line may be torn: it says nothing */
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strchr(line, '\n') != NULL)
			store_notes_add(w, line, strlen(line));
	if (f != NULL)
		fclose(f);
}

/* ---- checking ------------------------------------------------------------------------------------------ */
struct expected {
	bool has;
	struct work_change by;
};

/* The event of entry seq: its round, or -1. */
static int check_event(struct store *s, const struct store_notes *w, uint64_t seq, struct err *e)
{
	uint8_t want[EVENT_MAX];
	struct slice event;
	uint32_t round;
	int64_t at_ms;

	if (store_event(s, seq, &event, &at_ms, e) != 1)
		return err_prefix(e, "event %ju is not there", (uintmax_t)seq);
	if (event.n < sizeof(round))
		return err_set(e, ERR_INTERNAL, "event %ju is short", (uintmax_t)seq);
	memcpy(&round, event.p, sizeof(round));
	if (round >= STORE_WORK_ROUNDS || slice_cmp(event, event_of(round, seq, want)) != 0 ||
		at_ms != (int64_t)seq)
		return err_set(e, ERR_INTERNAL, "event %ju is not what any round wrote", (uintmax_t)seq);
	if ((w->tried[seq][round / 8] >> round % 8 & 1) == 0)
		return err_set(
			e, ERR_INTERNAL, "event %ju of round %u was never tried", (uintmax_t)seq, round);
	if (w->ack_round[seq] != 0 && w->ack_round[seq] != round + 1)
		return err_set(e, ERR_INTERNAL, "entry %ju is of round %u, but %u acknowledged it",
			(uintmax_t)seq, round, w->ack_round[seq] - 1u);
	return (int)round;
}

static int check_events(
	struct store *s, const struct store_notes *w, struct expected rows[N_KEYS], struct err *e)
{
	struct work_change changes[N_CHANGES_MAX];

	if (store_last_seq(s) < w->acked)
		return err_set(e, ERR_INTERNAL,
			"entries up to %ju were acknowledged, the store ends with %ju", (uintmax_t)w->acked,
			(uintmax_t)store_last_seq(s));
	for (uint64_t seq = 1; seq <= store_last_seq(s); seq++) {
		int round = check_event(s, w, seq, e);
		uint32_t n;

		if (round < 0)
			return -1;
		n = changes_of((uint32_t)round, seq, changes);
		for (uint32_t i = 0; i < n; i++)
			rows[changes[i].key] = (struct expected){!changes[i].is_delete, changes[i]};
		store_turn_end(s, (int64_t)seq);
	}
	return 0;
}

static int check_scan(struct store *s, enum table table, const struct expected rows[N_KEYS], struct err *e)
{
	struct scan scan;
	uint8_t val[VAL_MAX];
	int got = 1;

	scan_init(&scan, s, NULL, table, slice_of(NULL, 0), slice_of(NULL, 0), false);
	for (uint64_t key = 0; key < N_KEYS && got == 1; key++) {
		struct slice want;

		if (!rows[key].has)
			continue;
		want = table == TABLE_TICKET ? val_of(&rows[key].by, val) : slice_of(NULL, 0);
		got = scan_next(&scan, e);
		if (got == 1 &&
			(scan.key.n != 8 || load_be64(scan.key.p) != key || slice_cmp(scan.val, want) != 0))
			got = err_set(e, ERR_INTERNAL, "table %s is wrong at key %ju", table_name(table),
				(uintmax_t)key);
		else if (got == 0)
			got = err_set(e, ERR_INTERNAL, "table %s ends before key %ju", table_name(table),
				(uintmax_t)key);
	}
	if (got == 1 && scan_next(&scan, e) != 0)
		got = err_set(e, ERR_INTERNAL, "table %s has rows that nobody put", table_name(table));
	scan_fini(&scan);
	return got < 0 ? -1 : 0;
}

static void print_finding(void *udata, const char *line)
{
	(void)udata;
	printf("  fsck: %s\n", line);
}

static int check_pages(const char *dir, struct err *e)
{
	struct finder f = {print_finding, NULL, NULL, 0};
	struct tables *t;
	char path[512];

	snprintf(path, sizeof(path), "%s/tables.mdb", dir);
	if (tables_open(&t, path, 0, true, e) != 0)
		return -1;
	tables_check(t, &f);
	tables_close(t);
	return f.n_found == 0 ? 0 : err_set(e, ERR_INTERNAL, "%ju findings", (uintmax_t)f.n_found);
}

int store_work_check(const char *dir, const struct store_notes *w)
{
	struct expected rows[N_KEYS] = {{0}};
	struct store_config config;
	struct store *s = NULL;
	struct rng rng;
	struct err e = {0};
	int rc;

	rng_init_seeded(&rng, 1);
	config = store_work_config(dir, &rng);
	rc = store_open(&s, &config, &e);
	if (rc == 0)
		rc = check_events(s, w, rows, &e);
	if (rc == 0)
		rc = check_scan(s, TABLE_TICKET, rows, &e);
	if (rc == 0)
		rc = check_scan(s, TABLE_INDEX, rows, &e);
	if (rc == 0) {
		store_work_call(s, CHECK_ROUND);
		rc = store_checkpoint(s, &e);
	}
	store_close(s);
	if (rc == 0)
		rc = check_pages(dir, &e);
	if (rc != 0)
		printf("  %s\n", e.text);
	return rc;
}
