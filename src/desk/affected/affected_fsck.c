/* fsck of the lists: parts say how many numbers they have, keys and cases what parts and incidents say
 * (fsck.h). */
#include <string.h>

#include "affected_int.h"
#include "desk/fsck.h"

struct lists {
	struct part part; /* whose numbers come now */
	bool has_part;
	uint32_t missing_id; /* the list that is not there; UINT32_MAX: none */
	uint32_t counts[NUMSET_FLAGS], none[NUMSET_FLAGS];
	uint64_t n_open, n_closed, n_open_keys, n_closed_keys;
	uint8_t armed[8];
	bool is_armed;
};

/* Whether so many numbers are what the part says. Of a closed one some may have been purged
 * (affected_cases.c). */
static void compare_counts(struct fsck *f, const struct part *p, const uint32_t seen[NUMSET_FLAGS])
{
	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		if (p->is_closed ? seen[i] > p->counts[i] : seen[i] != p->counts[i])
			fsck_say(f, "list %u: it says %u numbers of flags %u, there are %u", p->id,
				p->counts[i], i, seen[i]);
}

/* The part whose numbers came is seen whole. */
static void end_part(struct fsck *f, struct lists *l)
{
	if (l->has_part)
		compare_counts(f, &l->part, l->counts);
	l->has_part = false;
	memset(l->counts, 0, sizeof(l->counts));
}

static int part_of(struct fsck *f, uint32_t id, struct part *out, struct err *e)
{
	struct part_edit p;
	struct value row;
	struct slice val;
	uint8_t key[5] = {'p'};
	int got;

	store_be32(key + 1, id);
	got = store_get(f->store, TABLE_NUMBER, slice_of(key, sizeof(key)), &val, e);
	if (got != 1)
		return got;
	if (value_decode(&f->arena, slice_of(arena_copy(&f->arena, val.p, val.n), val.n), &row, e) != 0)
		return -1;
	part_read_row(&f->arena, &row, id, &p);
	*out = p.part;
	return 1;
}

static int check_number(struct fsck *f, struct lists *l, struct slice key, struct slice val, struct err *e)
{
	uint32_t id = load_be32((const uint8_t *)key.p + 1);
	struct listed x;

	if (id == l->missing_id)
		return 0; /* it is told once */
	if (!l->has_part || l->part.id != id) {
		int got;

		end_part(f, l);
		got = part_of(f, id, &l->part, e);
		l->has_part = got == 1;
		if (got < 0)
			return -1;
		if (got == 0) {
			fsck_say(f, "numbers of list %u, and no list", id);
			l->missing_id = id;
			return 0;
		}
	}
	if (entry_decode(val, l->part.opened_ms, &x))
		l->counts[x.flags]++;
	else
		fsck_say(f, "list %u: a number cannot be read", id);
	return 0;
}

/* A list without numbers is seen by no number: its counts are zero. */
static int check_part(struct fsck *f, struct lists *l, uint32_t id, struct err *e)
{
	uint8_t from[13], to[13];
	struct slice open;
	struct part p;
	struct scan s;
	int got;

	if (part_of(f, id, &p, e) != 1 || p.fault[0] == '\0') {
		fsck_say(f, "list %u: the row cannot be read", id);
		return 0;
	}
	*(p.is_closed ? &l->n_closed : &l->n_open) += 1;
	open = part_open_key(&f->arena, p.fault, slice_of(p.city, strlen(p.city)));
	if (!p.is_closed && !fsck_has(f, TABLE_NUMBER, open))
		fsck_say(f, "list %u: its key %s/%s is missing", id, p.fault, p.city);
	number_key(from, id, 0);
	number_key(to, id + 1, 0);
	scan_init(&s, f->store, NULL, TABLE_NUMBER, slice_of(from, 13), slice_of(to, 13), false);
	got = scan_next(&s, e);
	scan_fini(&s);
	if (got == 0)
		compare_counts(f, &p, l->none);
	return got < 0 ? -1 : 0;
}

/* 'o' fault 0 city → id, 'k' closed, id: the list that they name says the same. */
static void check_list_key(struct fsck *f, struct lists *l, struct slice key, struct slice val)
{
	bool is_open = *(const char *)key.p == 'o';
	struct slice id = is_open ? val : slice_of((const uint8_t *)key.p + (key.n - 4), 4), wanted;
	struct part p;
	struct err e;

	*(is_open ? &l->n_open_keys : &l->n_closed_keys) += 1;
	if (id.n != 4 || part_of(f, load_be32(id.p), &p, &e) != 1 || p.is_closed == is_open) {
		fsck_say(f, "a key of %s lists names one that is none", is_open ? "open" : "closed");
		return;
	}
	wanted = part_open_key(&f->arena, p.fault, slice_of(p.city, strlen(p.city)));
	if (is_open && slice_cmp(wanted, key) != 0)
		fsck_say(f, "list %u: another key names it", p.id);
}

/* The row of an open case: its incident is there, and open. */
static void check_case(struct fsck *f, struct slice key, struct slice val)
{
	uint64_t id = load_be64((const uint8_t *)key.p + 1);
	struct value row, ticket;
	struct slice bytes;
	uint8_t at[8];
	struct err e;

	store_be64(at, id);
	if (value_decode(&f->arena, val, &row, &e) != 0 || row.type != VALUE_MAP)
		fsck_say(f, "case %ju: the row cannot be read", (uintmax_t)id);
	else if (store_get(f->store, TABLE_TICKET, slice_of(at, 8), &bytes, &e) != 1 ||
		 ticket_decode(f->store, NULL, f->lexicon, &f->arena, bytes, &ticket, &e) != 0)
		fsck_say(f, "case %ju: its incident cannot be read", (uintmax_t)id);
	else if (!ticket_is_open(&ticket) || !value_is_text(value_get(&ticket, "kind"), "incident"))
		fsck_say(f, "case %ju: it is no open incident", (uintmax_t)id);
	else if (!value_equal(value_get(&row, "stage") == NULL ? &value_nil : value_get(&row, "stage"),
			 value_get(&ticket, "stage")))
		fsck_say(f, "case %ju: it is in another stage than its incident", (uintmax_t)id);
}

static void check_run(struct fsck *f, struct slice key, struct slice val)
{
	struct value row;
	struct err e;
	int64_t version;

	if (key.n < 2 || value_decode(&f->arena, val, &row, &e) != 0 ||
		!value_as_int(value_get(&row, "version"), &version) || version < 1)
		fsck_say(f, "the version of fault \"%.*s\" cannot be read", (int)key.n - 1,
			(const char *)key.p + 1);
}

static int check_row(struct fsck *f, struct lists *l, struct slice key, struct slice val, struct err *e)
{
	switch (key.n == 0 ? 0 : *(const char *)key.p) {
	case 'n':
		if (key.n == 13)
			return check_number(f, l, key, val, e);
		break;
	case 'p':
		if (key.n == 5)
			return check_part(f, l, load_be32((const uint8_t *)key.p + 1), e);
		break;
	case 'o':
		check_list_key(f, l, key, val);
		return 0;
	case 'k':
		if (key.n == 13) {
			check_list_key(f, l, key, val);
			return 0;
		}
		break;
	case 'c':
		if (key.n == 9) {
			check_case(f, key, val);
			return 0;
		}
		break;
	case 'f':
		check_run(f, key, val);
		return 0;
	case 'i':
		if (key.n == 1 && val.n == 4)
			return 0;
		break;
	case 't':
		l->is_armed = key.n == 1 && val.n == 8;
		if (l->is_armed) {
			memcpy(l->armed, val.p, 8);
			return 0;
		}
		break;
	}
	fsck_say(f, "a row of %zu bytes among the lists of numbers is none of theirs", key.n);
	return 0;
}

static void check_timer(struct fsck *f, const struct lists *l)
{
	uint8_t key[DUE_KEY_LEN];

	if (!l->is_armed)
		return;
	due_key(key, (int64_t)load_be64(l->armed), TIMER_OF_AFFECTED);
	if (!fsck_has(f, TABLE_TIMER, slice_of(key, sizeof(key))))
		fsck_say(f, "the timer of the lists of numbers is missing");
}

void numbers_fsck(struct fsck *f)
{
	struct lists l = {.missing_id = UINT32_MAX};
	struct scan s;
	struct err e;
	int got, rc = 0;

	scan_init(&s, f->store, NULL, TABLE_NUMBER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while (rc == 0 && (got = scan_next(&s, &e)) == 1) {
		arena_reset(&f->arena);
		rc = check_row(f, &l, s.key, s.val, &e);
	}
	scan_fini(&s);
	if (rc != 0 || got != 0) {
		fsck_say(f, "the check of the lists of numbers stopped: %s", e.text);
		return;
	}
	end_part(f, &l);
	if (l.n_open_keys != l.n_open)
		fsck_say(f, "there are %ju keys of open lists, %ju are asked for", (uintmax_t)l.n_open_keys,
			(uintmax_t)l.n_open);
	if (l.n_closed_keys != l.n_closed)
		fsck_say(f, "there are %ju keys of closed lists, %ju are asked for",
			(uintmax_t)l.n_closed_keys, (uintmax_t)l.n_closed);
	check_timer(f, &l);
}
