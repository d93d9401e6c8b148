/* Packs and the store: what is live at start, and any earlier generation again. */
#include <stdlib.h>
#include <string.h>

#include "desk/packs_int.h"
#include "tocsin/log.h"

#define REPLAY_COMPLAINTS 100
#define REPLAYS_A_PASS 20

static int stored_row(struct desk *d, struct arena *a, int64_t number, struct value *row, struct err *e)
{
	uint8_t key[4];
	int got;

	store_be32(key, (uint32_t)number);
	got = row_get(d, NULL, a, TABLE_PACK, slice_of(key, 4), row, e);
	if (got == 0)
		return err_set(e, ERR_NOT_FOUND, "generation %jd is not stored", (intmax_t)number);
	return got < 0 ? -1 : 0;
}

int packs_stored(struct desk *d, int64_t number, struct pack_files *out, struct err *e)
{
	struct value row, whole, files;
	const struct value *names;
	struct arena a;
	int rc = -1;

	arena_init(&a, 0);
	if (stored_row(d, &a, number, &row, e) != 0)
		goto out;
	names = value_get(&row, "files");
	files = value_map(&a, names == NULL ? 0 : names->n);
	for (uint32_t i = 0; names != NULL && i < names->n; i++) {
		uint8_t key[1 + SHA256_LEN] = {'f'};
		struct slice sha = value_slice(&names->as.pairs[i].val), bytes;

		if (sha.n != SHA256_LEN)
			continue;
		memcpy(key + 1, sha.p, SHA256_LEN);
		if (store_get(d->store, TABLE_PACK, slice_of(key, sizeof(key)), &bytes, e) != 1) {
			err_set(e, ERR_STORAGE, "generation %jd: file %s is missing in the store",
				(intmax_t)number, value_cstr(&a, &names->as.pairs[i].key));
			goto out;
		}
		value_add(&a, &files, value_cstr(&a, &names->as.pairs[i].key),
			value_bytes(arena_copy(&a, bytes.p, bytes.n), bytes.n));
	}
	whole = value_map(&a, 2);
	value_add(&a, &whole, "files", files);
	value_add(&a, &whole, "sha", *value_get(&row, "sha256"));
	rc = pack_from_value(out, &whole, e);
out:
	arena_fini(&a);
	return rc;
}

static void collect(struct pack_build *b, struct slice stored)
{
	struct desk *d = b->desk;
	struct work w = {.desk = d,
		.arena = &b->arena,
		.now_ms = d->clock->now_ms,
		.who = "replay",
		.roles = ROLE_ADMIN};
	struct value row, facts;
	struct err e;

	if (ticket_decode(d->store, NULL, d->lexicon, &b->arena, stored, &row, &e) != 0)
		return;
	facts = facts_base(&w);
	ticket_show(&row);
	value_unset(&row, "links");
	value_add(&b->arena, &facts, "ticket", value_copy(&b->arena, &row)); /* it outlives the turn */
	value_push(&b->arena, &b->replays, facts);
}

/* The newest complaints' facts, so that a new pack meets real ones before it is taken. */
static void collect_some(void *udata)
{
	struct pack_build *b = udata;
	uint8_t to[8];
	struct scan s;
	struct err e;
	int got = 0;

	store_be64(to, b->replay_from);
	scan_init(&s, b->desk->store, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(to, 8), true);
	for (int n = 0; n < REPLAYS_A_PASS && b->replays.n < REPLAY_COMPLAINTS; n++) {
		got = scan_next(&s, &e);
		if (got != 1)
			break;
		b->replay_from = load_be64(s.key.p);
		collect(b, s.val);
	}
	scan_fini(&s);
	if (got == 1 && b->replays.n < REPLAY_COMPLAINTS)
		server_post(b->desk->server, collect_some, b);
	else
		worker_submit(b->desk->worker, pack_build_run, b->done, b);
}

void packs_build(struct pack_build *b, void (*done)(void *udata))
{
	b->replays = value_array(&b->arena, REPLAY_COMPLAINTS);
	b->replay_from = UINT64_MAX;
	b->done = done;
	collect_some(b);
}

static int64_t newest_stored(struct desk *d)
{
	uint8_t end[4] = {0x65, 0, 0, 0}; /* before 'f' */
	int64_t number = 0;
	struct scan s;
	struct err e;

	scan_init(&s, d->store, NULL, TABLE_PACK, slice_of(NULL, 0), slice_of(end, 4), true);
	if (scan_next(&s, &e) == 1 && s.key.n == 4)
		number = load_be32(s.key.p);
	scan_fini(&s);
	return number;
}

/* Build the stored pack again; it was accepted once, so specs and replay are not what decides now. */
static int start_stored(struct desk *d, int64_t number, struct err *e)
{
	struct packs *p = d->packs;
	struct pack_build b = {.desk = d, .by = "start"};
	int rc = -1;

	arena_init(&b.arena, 0);
	if (packs_stored(d, number, &b.files, e) == 0) {
		b.has_files = true;
		pack_build_run(&b);
		if (b.is_ok) {
			p->live = b.made;
			p->calendars = b.calendars;
			b.made = NULL;
			memset(&b.calendars, 0, sizeof(b.calendars));
			p->number = number;
			p->loaded_at_ms = d->clock->now_ms;
			snprintf(p->by, sizeof(p->by), "start");
			rc = 0;
		} else {
			*e = b.why;
		}
	}
	pack_build_fini(&b);
	return rc;
}

int packs_new(struct desk *d, struct err *e)
{
	struct packs *p = calloc(1, sizeof(*p));
	struct pack_build b = {.desk = d, .by = "start"};
	struct err why;

	must(p != NULL);
	d->packs = p;
	arena_init(&p->verdict, 0);
	p->dir = strdup(d->config.rules_dir);
	p->share_dir = strdup(d->config.share_dir);
	must(p->dir != NULL && p->share_dir != NULL);
	p->max_number = newest_stored(d);
	if (p->max_number > 0 && start_stored(d, p->max_number, &why) != 0)
		log_line(LOG_ERROR, "rules.stored", "generation=%jd error=\"%s\"", (intmax_t)p->max_number,
			why.text);
	arena_init(&b.arena, 0);
	b.dir = p->dir;
	b.share_dir = p->share_dir;
	b.is_virtual = d->clock->is_virtual;
	b.replays = value_array(&b.arena, 0);
	pack_build_run(&b);
	if (!b.is_ok && p->live == NULL) {
		*e = b.why;
		for (uint32_t i = 0; i < b.report.n_errors; i++)
			log_line(LOG_ERROR, "rules.error", "file=%s line=%d message=\"%s\"",
				b.report.errors[i].file, b.report.errors[i].line, b.report.errors[i].message);
		pack_build_fini(&b);
		return -1;
	}
	packs_accept(d, &b);
	pack_build_fini(&b);
	return 0;
}

void packs_free(struct packs *p)
{
	if (p == NULL)
		return;
	if (p->live != NULL)
		generation_free(p->live);
	if (p->previous != NULL)
		generation_free(p->previous);
	if (p->past != NULL)
		generation_free(p->past);
	pack_calendars_fini(&p->calendars);
	arena_fini(&p->verdict);
	free(p->dir);
	free(p->share_dir);
	free(p);
}

struct generation *packs_loaded(const struct packs *p, int64_t number)
{
	if (number == p->number)
		return p->live;
	if (number == p->previous_number && p->previous != NULL)
		return p->previous;
	return number == p->past_number ? p->past : NULL;
}

const struct value *packs_rules(struct desk *d, struct arena *a, int64_t number)
{
	struct generation *g = packs_loaded(d->packs, number);
	struct value *row;
	struct err e;

	if (g != NULL)
		return generation_rules(g);
	row = arena_alloc(a, sizeof(*row));
	return stored_row(d, a, number, row, &e) == 0 ? value_get(row, "rules") : NULL;
}

void packs_keep_past(struct packs *p, int64_t number, struct generation *g)
{
	if (p->past != NULL)
		generation_free(p->past);
	p->past = g;
	p->past_number = number;
}
