/* Indexes of tickets: which keys a ticket has, and keeping them in step. desk_int.h draws the keys. */
#include <string.h>

#include "desk_int.h"

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

	s.n = s.n > 200 ? 200 : s.n;
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
	int n_found;
};

static void check_say(struct check *c, const char *format, uint64_t id, const char *what)
{
	char line[700];

	snprintf(line, sizeof(line), format, (uintmax_t)id, what);
	c->say(c->udata, line);
	c->n_found++;
}

/* Every key of every ticket is in the index; counts them, so that the other direction is a comparison of
 * totals. */
static int check_tickets(struct check *c, uint64_t *n_keys, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, c->store, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		uint64_t id = load_be64(s.key.p);
		struct slice keys[INDEX_ROWS_MAX], val;
		struct value row;
		uint32_t n;

		arena_reset(&c->arena);
		if (value_decode(&c->arena, s.val, &row, e) != 0) {
			check_say(c, "ticket %ju: the row cannot be read: %s", id, e->text);
			continue;
		}
		n = index_keys(&c->arena, &row, keys);
		*n_keys += n;
		for (uint32_t i = 0; i < n; i++)
			if (store_get(c->store, TABLE_INDEX, keys[i], &val, e) != 1) {
				char index[2] = {*(const char *)keys[i].p, '\0'};

				check_say(c, "ticket %ju: its row in index %s is missing", id, index);
			}
	}
	scan_fini(&s);
	return got;
}

int desk_check_index(void *udata, struct store *store, void (*say)(void *, const char *), void *say_udata)
{
	struct check c = {.store = store, .say = say, .udata = say_udata};
	uint64_t n_keys = 0, n_rows = 0;
	struct scan s;
	struct err e;
	int got;

	(void)udata;
	arena_init(&c.arena, (size_t)1024 * 1024);
	got = check_tickets(&c, &n_keys, &e);
	scan_init(&s, store, NULL, TABLE_INDEX, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while (got == 0 && (got = scan_next(&s, &e)) == 1) {
		n_rows++;
		got = 0;
	}
	scan_fini(&s);
	if (got != 0)
		check_say(&c, "index check stopped after %ju rows: %s", n_rows, e.text);
	else if (n_rows != n_keys)
		check_say(&c, "the index has %ju rows%s", n_rows, ", more or fewer than the tickets ask for");
	arena_fini(&c.arena);
	return c.n_found;
}
