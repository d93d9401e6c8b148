/* Indexes of tickets: which keys a ticket has, and keeping them in step. desk_int.h draws the keys. */
#include <string.h>

#include "desk/affected.h"
#include "desk/fsck.h"
#include "desk/tasks.h"
#include "desk/words.h"
#include "tocsin/ledgers.h"

/* Keys being made, one behind the other in one piece of the arena. */
struct keys {
	const struct lexicon *lexicon;
	struct slice *out;
	uint32_t n;
	uint8_t *at; /* the key being made begins at out[n].p and ends here */
};
#define KEY_BYTES_MAX (1 + 2 * (2 + INDEX_TEXT_MAX + 1) + 16) /* LMDB's longest key is 511 */

static void key_begin(struct keys *k, enum index_id id)
{
	k->out[k->n].p = k->at;
	*k->at++ = (uint8_t)id;
}

static void key_text(struct keys *k, struct slice text)
{
	if (text.n > 0)
		memcpy(k->at, text.p, text.n);
	k->at += text.n;
	*k->at++ = '\0';
}

static void key_name(struct keys *k, struct slice name)
{
	uint32_t number = lexicon_find(k->lexicon, name);

	*k->at++ = (uint8_t)(number >> 8);
	*k->at++ = (uint8_t)number;
	if (number == 0)
		key_text(k, name);
}

struct slice index_name_take(const struct lexicon *lexicon, struct slice *rest)
{
	const uint8_t *p = rest->p, *end;
	struct slice name;

	if (rest->n < 2)
		return slice_of(NULL, 0);
	name = lexicon_text(lexicon, (uint32_t)p[0] << 8 | p[1]);
	*rest = slice_of(p + 2, rest->n - 2);
	if (p[0] != 0 || p[1] != 0 || (end = memchr(rest->p, '\0', rest->n)) == NULL)
		return name;
	name = slice_of(rest->p, (size_t)(end - (const uint8_t *)rest->p));
	*rest = slice_of(end + 1, rest->n - name.n - 1);
	return name;
}

struct slice index_prefix(struct arena *a, const struct lexicon *lexicon, enum index_id id,
	const struct slice *texts, uint32_t n_texts)
{
	struct slice out = {NULL, 0};
	struct keys k = {.lexicon = lexicon, .out = &out};
	size_t n = 1;

	for (uint32_t i = 0; i < n_texts; i++)
		n += 2 + texts[i].n + 1;
	k.at = arena_alloc(a, n);
	key_begin(&k, id);
	for (uint32_t i = 0; i < n_texts; i++)
		if (id == INDEX_SUBJECT)
			key_text(&k, texts[i]);
		else
			key_name(&k, texts[i]);
	out.n = (size_t)(k.at - (const uint8_t *)out.p);
	return out;
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
static struct slice field(const struct value *map, const char *name)
{
	struct slice s = value_slice(value_get(map, name));

	s.n = s.n > INDEX_TEXT_MAX ? INDEX_TEXT_MAX : s.n;
	return s;
}

static void key_number(struct keys *k, int64_t v)
{
	store_be64(k->at, (uint64_t)v);
	k->at += 8;
}

static void key_end(struct keys *k, int64_t id)
{
	key_number(k, id);
	k->out[k->n].n = (size_t)(k->at - (const uint8_t *)k->out[k->n].p);
	k->n++;
}

/* A key of one name, nothing without it; ordered by due where there is one. */
static void add_name(struct keys *k, enum index_id index, struct slice name, const int64_t *due, int64_t id)
{
	if (name.n == 0)
		return;
	key_begin(k, index);
	key_name(k, name);
	if (due != NULL)
		key_number(k, *due);
	key_end(k, id);
}

static void add_number(struct keys *k, enum index_id index, const int64_t *number, int64_t id)
{
	key_begin(k, index);
	if (number != NULL)
		key_number(k, *number);
	key_end(k, id);
}

static void add_subject(struct keys *k, struct slice type, struct slice subject, int64_t id)
{
	if (subject.n == 0)
		return;
	key_begin(k, INDEX_SUBJECT);
	key_text(k, type);
	key_text(k, subject);
	key_end(k, id);
}

static void add_status(struct keys *k, struct slice kind, struct slice status, int64_t id)
{
	key_begin(k, INDEX_STATUS);
	key_name(k, kind);
	key_name(k, status);
	key_end(k, id);
}

/* Every index key of a ticket, in `a`. Its texts have their numbers already: the row is encoded. */
static uint32_t index_keys(struct arena *a, const struct lexicon *lexicon, const struct value *row,
	struct slice out[INDEX_ROWS_MAX])
{
	int64_t id = value_int_or(value_get(row, "id"), 0), due = ticket_due_next(lexicon, row), parent;
	const struct value *subject = value_get(row, "subject");
	struct keys k = {
		.lexicon = lexicon, .out = out, .at = arena_alloc(a, (size_t)INDEX_ROWS_MAX * KEY_BYTES_MAX)};

	add_subject(&k, field(subject, "type"), field(subject, "id"), id);
	add_name(&k, INDEX_QUEUE, field(row, "queue"), &due, id);
	add_name(&k, INDEX_OWNER, field(row, "owner"), &due, id);
	add_name(&k, INDEX_CITY, field(row, "city"), NULL, id);
	add_name(&k, INDEX_CATEGORY, field(row, "category"), NULL, id);
	add_status(&k, field(row, "kind"), field(row, "status"), id);
	if (due != INT64_MAX)
		add_number(&k, INDEX_DUE, &due, id);
	if (value_as_int(value_get(row, "parent"), &parent))
		add_number(&k, INDEX_PARENT, &parent, id);
	if (clocks_wait_for_year(row))
		add_number(&k, INDEX_YEAR, NULL, id);
	must(k.n <= INDEX_ROWS_MAX);
	return k.n;
}

static bool has_key(const struct slice *keys, uint32_t n, struct slice key)
{
	for (uint32_t i = 0; i < n; i++) /* their first byte is the index, of which each has one key */
		if (*(const char *)keys[i].p == *(const char *)key.p)
			return slice_cmp(keys[i], key) == 0;
	return false;
}

/* A child's row says when it came in: how fast a case grows is counted from it (cases.h). The others say
 * nothing. */
static struct slice val_of(struct arena *a, struct slice key, const struct value *row)
{
	uint8_t *val;

	if (*(const char *)key.p != INDEX_PARENT)
		return slice_of("", 0);
	val = arena_alloc(a, 8);
	store_be64(val, (uint64_t)value_int_or(value_get(row, "created"), 0));
	return slice_of(val, 8);
}

void index_update(struct work *w, const struct value *before, const struct value *after)
{
	struct slice old[INDEX_ROWS_MAX], new[INDEX_ROWS_MAX];
	uint32_t n_old = before == NULL ? 0 : index_keys(w->arena, w->desk->lexicon, before, old);
	uint32_t n_new = index_keys(w->arena, w->desk->lexicon, after, new);

	for (uint32_t i = 0; i < n_old; i++)
		if (!has_key(new, n_new, old[i]))
			tx_del(w->tx, TABLE_INDEX, old[i]);
	for (uint32_t i = 0; i < n_new; i++)
		if (!has_key(old, n_old, new[i]))
			tx_put(w->tx, TABLE_INDEX, new[i], val_of(w->arena, new[i], after));
}

/* ---- fsck: the indexes say what the tickets say -------------------------------------------------------- */
struct check {
	struct store *store;
	struct lexicon *lexicon;
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
	uint32_t n = index_keys(&c->arena, c->lexicon, row, keys);

	c->n_keys += n;
	for (uint32_t i = 0; i < n; i++)
		if (store_get(c->store, TABLE_INDEX, keys[i], &val, e) != 1) {
			char index[2] = {*(const char *)keys[i].p, '\0'};

			check_say(c, "ticket %ju: its row in index %s is missing", id, index);
		} else if (slice_cmp(val, val_of(&c->arena, keys[i], row)) != 0)
			check_say(c, "ticket %ju: its row below its incident says another time%s", id, "");
}

static void check_timer(struct check *c, uint64_t id, const struct value *row, struct err *e)
{
	struct ledger_slot *slots;
	uint8_t key[DUE_KEY_LEN];
	struct slice val;
	uint32_t n;

	if (ledgers_decode(&c->arena, c->lexicon, value_slice(value_get(row, "clocks")), &slots, &n, e) != 0)
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
		if (ticket_decode(c->store, NULL, c->lexicon, &c->arena, s.val, &row, e) != 0) {
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
		      timer_owner(load_be64((const uint8_t *)s.key.p + 8)) == TIMER_OF_TICKET;
	scan_fini(&s);
	return got;
}

/* The desk's further tables. */
static int check_lists(struct check *c)
{
	struct fsck f = {.store = c->store, .lexicon = c->lexicon, .say = c->say, .udata = c->udata};

	if (c->lexicon == NULL)
		return 0;
	arena_init(&f.arena, (size_t)64 * 1024);
	numbers_fsck(&f);
	jobs_fsck(&f);
	heard_fsck(&f);
	timers_fsck(&f);
	arena_fini(&f.arena);
	return f.n_found;
}

int desk_check_index(void *udata, struct store *store, void (*say)(void *, const char *), void *say_udata)
{
	struct check c = {.store = store, .say = say, .udata = say_udata};
	uint64_t n_keys = 0, n_timers = 0;
	struct err e;

	(void)udata;
	arena_init(&c.arena, (size_t)1024 * 1024);
	c.lexicon = words_load(store, &e);
	if (c.lexicon == NULL || check_tickets(&c, &e) != 0 ||
		count_rows(store, TABLE_INDEX, &n_keys, &e) != 0 ||
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
	c.n_found += check_lists(&c);
	lexicon_free(c.lexicon);
	arena_fini(&c.arena);
	return c.n_found + tasks_fsck(store, say, say_udata);
}
