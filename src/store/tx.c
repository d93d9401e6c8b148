/*
 * One call's transaction. Rows are staged in an overlay, in an arena that each turn uses again and that so
 * stays in the caches; committing writes them once more, into the entry, and publishes rows whose values are
 * the entry's bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

struct tx *tx_begin(struct store *s, int64_t now_ms)
{
	struct tx *tx = &s->tx;

	must(!tx->is_open && !s->is_read_only);
	memset(tx, 0, sizeof(*tx));
	tx->store = s;
	tx->is_open = true;
	tx->now_ms = now_ms;
	tx->tail = &tx->first;
	return tx;
}

int tx_get(struct tx *tx, enum table table, struct slice key, struct slice *val, struct err *e)
{
	const struct row *r = rows_get(&tx->over[table], key);

	if (r == NULL)
		return store_get(tx->store, table, key, val, e);
	*val = row_val(r);
	return r->is_delete ? 0 : 1;
}

/* What a row from before tx_mark said when it was overwritten. */
struct undo {
	struct undo *before;
	struct row *row, was;
};

static void check_row(const struct tx *tx, enum table table, struct slice key, struct slice val)
{
	must(tx->is_open);
	must(key.n > 0 && key.n <= STORE_KEY_MAX && val.n <= STORE_VAL_MAX);
	must(table != TABLE_META || slice_cmp(key, SLICE_TEXT(META_STORE)) != 0);
}

static void stage_row(struct tx *tx, struct row *r)
{
	enum table table = (enum table)r->table;
	struct slice key = row_key(r);
	const struct row *known;
	struct row was = {0}, *old;

	known = tx->is_marked ? rows_get(&tx->over[table], key) : NULL;
	if (known != NULL)
		was = *known;
	old = rows_put(&tx->over[table], &tx->store->staged, r);
	if (old != NULL && tx->is_marked) {
		struct undo *u = arena_alloc(&tx->store->staged, sizeof(*u));

		*u = (struct undo){tx->undos, old, was};
		tx->undos = u;
	}
	if (old != NULL)
		return;
	*tx->tail = r;
	tx->tail = &r->next;
}

static void stage(struct tx *tx, enum table table, struct slice key, struct slice val, bool is_delete)
{
	check_row(tx, table, key, val);
	stage_row(tx, row_new(&tx->store->staged, table, key, val, is_delete));
}

void tx_put(struct tx *tx, enum table table, struct slice key, struct slice val)
{
	must(table != TABLE_EVENT); /* written by tx_commit and tx_erase_event */
	stage(tx, table, key, val, false);
}

void tx_put_borrowed(struct tx *tx, enum table table, struct slice key, struct slice val)
{
	must(table != TABLE_EVENT);
	check_row(tx, table, key, val);
	stage_row(tx, row_new_borrowing(&tx->store->staged, table, key, val, false));
}

void tx_del(struct tx *tx, enum table table, struct slice key)
{
	stage(tx, table, key, slice_of(NULL, 0), true);
}

int tx_erase_event(struct tx *tx, uint64_t seq, struct err *e)
{
	uint8_t key[8];
	struct entry head;
	struct slice row;
	int got;

	if (seq > store_durable_seq(tx->store))
		return err_set(e, ERR_BUSY, "entry %ju is not durable yet; try again", (uintmax_t)seq);
	store_be64(key, seq);
	got = tx_get(tx, TABLE_EVENT, slice_of(key, 8), &row, e);
	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "there is no event of entry %ju", (uintmax_t)seq);
	must(row.n >= sizeof(head));
	memcpy(&head, row.p, sizeof(head));
	head.event_n = 0;
	memset(head.salt, 0, sizeof(head.salt));
	stage(tx, TABLE_EVENT, slice_of(key, 8), slice_of(&head, sizeof(head)), false);
	return 0;
}

void tx_mark(struct tx *tx)
{
	must(tx->is_open && !tx->is_marked);
	tx->is_marked = true;
	tx->mark = tx->tail;
	tx->undos = NULL;
}

void tx_unmark(struct tx *tx)
{
	must(tx->is_marked);
	tx->is_marked = false;
}

/* Rows cannot be taken out of a tree: it is made anew of those that stay. */
void tx_rewind(struct tx *tx)
{
	tx_unmark(tx);
	for (const struct undo *u = tx->undos; u != NULL; u = u->before) {
		u->row->val = u->was.val;
		u->row->val_n = u->was.val_n;
		u->row->is_delete = u->was.is_delete;
	}
	tx->tail = tx->mark;
	*tx->tail = NULL;
	memset(tx->over, 0, sizeof(tx->over));
	for (struct row *r = tx->first; r != NULL; r = r->next)
		(void)rows_put(&tx->over[r->table], &tx->store->staged, r);
}

bool tx_is_empty(const struct tx *tx)
{
	return tx->first == NULL;
}

uint64_t tx_seq(const struct tx *tx)
{
	return tx->store->last_seq + 1;
}

static struct change change_of(const struct row *r)
{
	return (struct change){
		.table = r->table, .is_delete = r->is_delete, .key = row_key(r), .val = row_val(r)};
}

static uint64_t length_of(const struct tx *tx, size_t event_n)
{
	size_t n = 0;

	for (const struct row *r = tx->first; r != NULL; r = r->next) {
		struct change c = change_of(r);

		n += change_size(&c);
	}
	return entry_length(event_n, n);
}

int tx_fits(const struct tx *tx, size_t event_n, struct err *e)
{
	uint64_t max = store_entry_max(tx->store), n = length_of(tx, event_n);

	if (n <= max)
		return 0;
	return err_set(e, ERR_TOO_LARGE,
		"the call would write %ju bytes at once, at most %ju are possible; split it, or raise "
		"journal-segment",
		(uintmax_t)n, (uintmax_t)max);
}

void tx_abort(struct tx *tx)
{
	must(tx->is_open);
	tx->is_open = false;
}

/* ---- commit -------------------------------------------------------------------------------------------- */
static void salt_take(struct store *s, uint8_t salt[ENTRY_SALT])
{
	if (s->n_salts == 0) {
		rng_bytes(s->config.rng, s->salts, sizeof(s->salts));
		s->n_salts = N_SALTS;
	}
	memcpy(salt, s->salts[--s->n_salts], ENTRY_SALT);
}

/* Journal record and source of the EVENT row, in the arena of the active table; its changes are still to be
 * written. */
static struct entry *entry_make(struct tx *tx, struct slice event)
{
	struct store *s = tx->store;
	uint64_t length = length_of(tx, event.n);
	struct entry *en;

	must(length <= store_entry_max(s)); /* tx_fits was asked */
	en = arena_alloc(&s->active->arena, length);
	*en = (struct entry){.length = (uint32_t)length,
		.seq = s->last_seq + 1,
		.at_ms = tx->now_ms,
		.event_n = (uint32_t)event.n};
	salt_take(s, en->salt);
	if (event.n > 0)
		memcpy(en->bytes, event.p, event.n);
	return en;
}

static void batch_add(struct store *s, struct entry *en)
{
	if (s->n_batch == s->batch_cap) {
		s->batch_cap = s->batch_cap > 0 ? 2 * s->batch_cap : 64;
		s->batch = realloc(s->batch, s->batch_cap * sizeof(*s->batch));
		must(s->batch != NULL);
	}
	s->batch[s->n_batch++] = en;
}

/* Write a staged row at `to` and publish it with the value that stands there now; returns what is behind. */
static uint8_t *row_publish(struct store *s, uint8_t *to, const struct row *staged)
{
	enum table table = (enum table)staged->table;
	struct slice key = row_key(staged), val;
	struct change c = change_of(staged);

	to = change_write(to, &c);
	val = slice_of(to - staged->val_n, staged->val_n);
	memtab_put(s->active, row_new_borrowing(&s->active->arena, table, key, val, staged->is_delete));
	if (s->config.on_publish != NULL)
		s->config.on_publish(s->config.udata, table, key, staged->is_delete ? NULL : &val);
	return to;
}

uint64_t tx_commit(struct tx *tx, struct slice event)
{
	struct store *s = tx->store;
	struct entry *en;
	uint8_t *to;

	must(tx->is_open);
	en = entry_make(tx, event);
	to = en->bytes + event.n;
	for (const struct row *r = tx->first; r != NULL; r = r->next)
		to = row_publish(s, to, r);
	en->changes_n = (uint32_t)((size_t)(to - en->bytes) - event.n);
	memset(to, 0, en->length - sizeof(*en) - event.n - en->changes_n); /* padding */
	memtab_put_entry(s->active, en, tx->now_ms);
	s->last_seq = en->seq;
	s->last_at_ms = tx->now_ms;
	batch_add(s, en);
	tx->is_open = false;
	return en->seq;
}
