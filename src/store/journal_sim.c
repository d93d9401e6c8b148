#include <stdlib.h>
#include <string.h>

#include "store/journal_int.h"
#include "tocsin/util.h"

struct journal_sim {
	struct journal *journal; /* the open one, or NULL */
	bool has_id;
	uint8_t id[JOURNAL_ID_LEN];
	uint64_t base_seq; /* the entry before records[0] */
	uint8_t base_chain[SHA256_LEN];
	struct entries records;
	uint32_t n_synced;
	bool is_failing;
};

struct journal_sim *journal_sim_new(void)
{
	struct journal_sim *sim = calloc(1, sizeof(*sim));

	must(sim != NULL);
	return sim;
}

static void records_cut(struct journal_sim *sim, uint32_t n)
{
	while (sim->records.n > n)
		free(sim->records.p[--sim->records.n]);
}

void journal_sim_free(struct journal_sim *sim)
{
	if (sim == NULL)
		return;
	must(sim->journal == NULL);
	records_cut(sim, 0);
	free(sim->records.p);
	free(sim);
}

static int sim_replay(struct journal *j, const struct journal_config *c,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata, struct err *e)
{
	struct journal_sim *sim = j->sim;
	const uint8_t *chain = sim->base_chain;
	uint64_t last = sim->base_seq;

	if (last > c->from_seq)
		return err_set(e, ERR_STORAGE,
			"journal: begins with entry %ju, but the tables hold only up to %ju",
			(uintmax_t)last + 1, (uintmax_t)c->from_seq);
	for (uint32_t i = 0; i < sim->records.n; i++) {
		const struct entry *en = sim->records.p[i];

		must(en->seq == last + 1 && entry_is_good(en, en->length, sim->id));
		if (en->seq > c->from_seq && replay(udata, en, e) != 0)
			return -1;
		last = en->seq;
		chain = en->chain;
	}
	if (last < c->from_seq)
		return err_set(e, ERR_STORAGE, "journal: ends with entry %ju, but the tables hold up to %ju",
			(uintmax_t)last, (uintmax_t)c->from_seq);
	journal_start_at(j, last, chain);
	return 0;
}

static int sim_id(struct journal_sim *sim, const struct journal_config *c, struct err *e)
{
	static const uint8_t none[JOURNAL_ID_LEN];

	if (!sim->has_id && memcmp(c->id, none, JOURNAL_ID_LEN) == 0) {
		sim->has_id = true;
		memcpy(sim->id, c->new_id, JOURNAL_ID_LEN);
		sim->base_seq = c->from_seq;
		memcpy(sim->base_chain, c->from_chain, SHA256_LEN);
	}
	if (!sim->has_id ||
		(memcmp(c->id, none, JOURNAL_ID_LEN) != 0 && memcmp(c->id, sim->id, JOURNAL_ID_LEN) != 0))
		return err_set(e, ERR_STORAGE, "journal: not the one that the tables belong to");
	return 0;
}

int journal_open_sim(struct journal **out, const struct journal_config *c, struct journal_sim *sim,
	int (*replay)(void *udata, const struct entry *entry, struct err *e), void *udata, struct err *e)
{
	struct journal *j;

	must(sim->journal == NULL);
	if (sim_id(sim, c, e) != 0)
		return -1;
	j = journal_new(c);
	j->sim = sim;
	memcpy(j->id, sim->id, JOURNAL_ID_LEN);
	if (sim_replay(j, c, replay, udata, e) != 0) {
		j->sim = NULL;
		journal_close(j);
		return -1;
	}
	sim->journal = j;
	sim->n_synced = sim->records.n;
	*out = j;
	return 0;
}

void journal_sim_write(struct journal *j, struct entry *const *entries, uint32_t n_entries)
{
	struct journal_sim *sim = j->sim;
	uint64_t synced = journal_durable_seq(j);

	for (uint32_t i = 0; i < n_entries; i++) {
		struct entry *copy;

		entry_seal(entries[i], synced, j->tail_chain, j->id);
		memcpy(j->tail_chain, entries[i]->chain, SHA256_LEN);
		j->tail_seq = entries[i]->seq;
		copy = malloc(entries[i]->length);
		must(copy != NULL);
		memcpy(copy, entries[i], entries[i]->length);
		entries_add(&sim->records, &copy, 1);
	}
}

void journal_sim_step(struct journal *j)
{
	struct journal_sim *sim = j->sim;
	struct err e = {0};
	uint64_t bytes = 0;
	uint32_t n = sim->records.n - sim->n_synced;

	if (journal_fate(j, NULL) == JOURNAL_LOST || n == 0)
		return;
	if (sim->is_failing) {
		sim->is_failing = false;
		err_set(&e, ERR_STORAGE, "journal: sync of the simulated disk: Input/output error");
		journal_lose(j, &e);
		return;
	}
	for (uint32_t i = sim->n_synced; i < sim->records.n; i++)
		bytes += sim->records.p[i]->length;
	sim->n_synced = sim->records.n;
	journal_publish(j, j->tail_seq, j->tail_chain, n, bytes, 0);
}

void journal_sim_fail_next(struct journal_sim *sim)
{
	sim->is_failing = true;
}

void journal_sim_crash(struct journal_sim *sim, struct rng *rng)
{
	uint32_t n_unsynced = sim->records.n - sim->n_synced;

	if (sim->journal != NULL) {
		err_set(&sim->journal->lost_why, ERR_STORAGE, "journal: the simulated machine crashed");
		atomic_store_explicit(&sim->journal->fate, JOURNAL_LOST, memory_order_release);
		sim->journal = NULL;
	}
	records_cut(sim, sim->n_synced + (uint32_t)rng_below(rng, (uint64_t)n_unsynced + 1));
	sim->n_synced = sim->records.n;
	sim->is_failing = false;
}

void journal_sim_detach(struct journal *j)
{
	journal_sim_step(j);
	if (j->sim->journal == j)
		j->sim->journal = NULL;
}

void journal_sim_trim(struct journal_sim *sim, uint64_t seq)
{
	uint32_t n = 0;

	while (n < sim->n_synced && sim->records.p[n]->seq <= seq) {
		sim->base_seq = sim->records.p[n]->seq;
		memcpy(sim->base_chain, sim->records.p[n]->chain, SHA256_LEN);
		free(sim->records.p[n++]);
	}
	if (n == 0)
		return;
	memmove(sim->records.p, sim->records.p + n, (sim->records.n - n) * sizeof(struct entry *));
	sim->records.n -= n;
	sim->n_synced -= n;
}

uint64_t journal_sim_last_seq(const struct journal_sim *sim)
{
	return sim->base_seq + sim->records.n;
}
