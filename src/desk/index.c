/* Indexes of tickets: which keys a ticket has, and keeping them in step. desk_int.h draws the keys. */
#include <string.h>

#include "desk_int.h"
#include "tocsin/ledgers.h"

struct slice index_prefix(struct arena *a, enum index_id id, const struct slice *texts, uint32_t n_texts)
{
	size_t n = 1;
	char *p;

	for (uint32_t i = 0; i < n_texts; i++)
		n += texts[i].n + 1;
	p = arena_alloc(a, n);
	p[0] = (char)id;
	n = 1;
	for (uint32_t i = 0; i < n_texts; i++) {
		/* LMDB's longest key is 511 bytes; no field of an index comes near it (facts are checked) */
		memcpy(p + n, texts[i].p, texts[i].n);
		n += texts[i].n;
		p[n++] = '\0';
	}
	return slice_of(p, n);
}

struct slice key_after(struct arena *a, struct slice prefix)
{
	uint8_t *p = arena_copy(a, prefix.p, prefix.n);

	for (size_t n = prefix.n; n > 0; n--)
		if (p[n - 1] < 0xff) {
			p[n - 1]++;
			return slice_of(p, n);
		}
	return slice_of(NULL, 0);
}

/* A text field, clipped so that the whole key stays under LMDB's 511 bytes. */
static struct slice field(const struct value *row, const char *dotted)
{
	struct slice s = value_slice(value_path(row, dotted));

	s.n = s.n > INDEX_TEXT_MAX ? INDEX_TEXT_MAX : s.n;
	return s;
}

static struct slice with_numbers(
	struct arena *a, struct slice prefix, int64_t first, bool has_first, int64_t id)
{
	uint8_t *p = arena_alloc(a, prefix.n + 16);
	size_t n = prefix.n;

	memcpy(p, prefix.p, n);
	if (has_first) {
		store_be64(p + n, (uint64_t)first);
		n += 8;
	}
	store_be64(p + n, (uint64_t)id);
	return slice_of(p, n + 8);
}

static uint32_t add_text(struct arena *a, enum index_id index, struct slice text, const int64_t *due,
	int64_t id, struct slice *out)
{
	if (text.n == 0)
		return 0;
	*out = with_numbers(a, index_prefix(a, index, &text, 1), due == NULL ? 0 : *due, due != NULL, id);
	return 1;
}

uint32_t index_keys(struct arena *a, const struct value *row, struct slice out[INDEX_ROWS_MAX])
{
	int64_t id = value_int_or(value_get(row, "id"), 0), due = ticket_due_next(row), parent;
	struct slice subject[] = {field(row, "subject.type"), field(row, "subject.id")};
	struct slice status[] = {field(row, "kind"), field(row, "status")};
	uint32_t n = 0;

	if (subject[1].n > 0)
		out[n++] = with_numbers(a, index_prefix(a, INDEX_SUBJECT, subject, 2), 0, false, id);
	n += add_text(a, INDEX_QUEUE, field(row, "queue"), &due, id, out + n);
	n += add_text(a, INDEX_OWNER, field(row, "owner"), &due, id, out + n);
	n += add_text(a, INDEX_CITY, field(row, "city"), NULL, id, out + n);
	n += add_text(a, INDEX_CATEGORY, field(row, "category"), NULL, id, out + n);
	out[n++] = with_numbers(a, index_prefix(a, INDEX_STATUS, status, 2), 0, false, id);
	if (due != INT64_MAX)
		out[n++] = with_numbers(a, index_prefix(a, INDEX_DUE, NULL, 0), due, true, id);
	if (value_as_int(value_get(row, "parent"), &parent))
		out[n++] = with_numbers(a, index_prefix(a, INDEX_PARENT, NULL, 0), parent, true, id);
	if (clocks_wait_for_year(row))
		out[n++] = with_numbers(a, index_prefix(a, INDEX_YEAR, NULL, 0), 0, false, id);
	must(n <= INDEX_ROWS_MAX);
	return n;
}

static bool has_key(const struct slice *keys, uint32_t n, struct slice key)
{
	for (uint32_t i = 0; i < n; i++)
		if (slice_cmp(keys[i], key) == 0)
			return true;
	return false;
}

void index_update(struct work *w, const struct value *before, const struct value *after)
{
	struct slice old[INDEX_ROWS_MAX], new[INDEX_ROWS_MAX];
	uint32_t n_old = before == NULL ? 0 : index_keys(w->arena, before, old);
	uint32_t n_new = index_keys(w->arena, after, new);

	for (uint32_t i = 0; i < n_old; i++)
		if (!has_key(new, n_new, old[i]))
			tx_del(w->tx, TABLE_INDEX, old[i]);
	for (uint32_t i = 0; i < n_new; i++)
		if (!has_key(old, n_old, new[i]))
			tx_put(w->tx, TABLE_INDEX, new[i], slice_of("", 0));
}

/* ---- fsck: the indexes say what the tickets say
 * ------------------------------------------------------------- */
struct check {
	struct store *store;
	struct arena arena;
	void (*say)(void *, const char *);
	void *udata;
	uint64_t n_keys, n_timers; /* that there must be */
	int n_found;
};

static void check_say(struct check *c, const char *format, uint64_t id, const char *what)
{
	char line[700];

	snprintf(line, sizeof(line), format, (uintmax_t)id, what);
	c->say(c->udata, line);
	c->n_found++;
}

static void check_indexes(struct check *c, uint64_t id, const struct value *row, struct err *e)
{
	struct slice keys[INDEX_ROWS_MAX], val;
	uint32_t n = index_keys(&c->arena, row, keys);

	c->n_keys += n;
	for (uint32_t i = 0; i < n; i++)
		if (store_get(c->store, TABLE_INDEX, keys[i], &val, e) != 1) {
			char index[2] = {*(const char *)keys[i].p, '\0'};

			check_say(c, "ticket %ju: its row in index %s is missing", id, index);
		}
}

static void check_timer(struct check *c, uint64_t id, const struct value *row, struct err *e)
{
	struct ledger_slot *slots;
	uint8_t key[DUE_KEY_LEN];
	struct slice val;
	uint32_t n;

	if (ledgers_decode(&c->arena, value_slice(value_get(row, "clocks")), &slots, &n, e) != 0)
		check_say(c, "ticket %ju: %s", id, e->text);
	if (timers_next(row) == INT64_MAX)
		return;
	c->n_timers++;
	due_key(key, timers_next(row), id);
	if (store_get(c->store, TABLE_TIMER, slice_of(key, sizeof(key)), &val, e) != 1)
		check_say(c, "ticket %ju: its timer%s is missing", id, "");
}

/* Every key of every ticket is in the index, and its timer among the timers; counts them, so that the other
 * direction is a comparison of totals. */
static int check_tickets(struct check *c, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, c->store, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		uint64_t id = load_be64(s.key.p);
		struct value row;

		arena_reset(&c->arena);
		if (ticket_decode(c->store, NULL, &c->arena, s.val, &row, e) != 0) {
			check_say(c, "ticket %ju: the row cannot be read: %s", id, e->text);
			continue;
		}
		check_indexes(c, id, &row, e);
		check_timer(c, id, &row, e);
	}
	scan_fini(&s);
	return got;
}

/* Of timers those of tickets. */
static int count_rows(struct store *store, enum table table, uint64_t *n, struct err *e)
{
	struct scan s;
	int got;

	*n = 0;
	scan_init(&s, store, NULL, table, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1)
		*n += table != TABLE_TIMER || s.key.n != DUE_KEY_LEN ||
		      load_be64((const uint8_t *)s.key.p + 8) < TIMER_OF_TASK;
	scan_fini(&s);
	return got;
}

int desk_check_index(void *udata, struct store *store, void (*say)(void *, const char *), void *say_udata)
{
	struct check c = {.store = store, .say = say, .udata = say_udata};
	uint64_t n_keys = 0, n_timers = 0;
	struct err e;

	(void)udata;
	arena_init(&c.arena, (size_t)1024 * 1024);
	if (check_tickets(&c, &e) != 0 || count_rows(store, TABLE_INDEX, &n_keys, &e) != 0 ||
		count_rows(store, TABLE_TIMER, &n_timers, &e) != 0) {
		check_say(&c, "index check stopped after %ju rows: %s", c.n_keys, e.text);
	} else {
		if (n_keys != c.n_keys)
			check_say(&c, "the index has %ju rows%s", n_keys,
				", more or fewer than the tickets ask for");
		if (n_timers != c.n_timers)
			check_say(&c, "there are %ju timers of tickets%s", n_timers,
				", more or fewer than the tickets wait for");
	}
	arena_fini(&c.arena);
	return c.n_found;
}
