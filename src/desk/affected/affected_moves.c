/* What an edit does to the lists: parts opened, numbers moved, versions begun (affected_int.h). */
#include <string.h>

#include "affected_int.h"
#include "tocsin/log.h"

struct affected_edit *affected_begin(struct work *w)
{
	struct affected_edit *edit = arena_zalloc(w->arena, sizeof(*edit));

	edit->work = w;
	return edit;
}

static void put_part(struct work *w, const struct part_edit *p);

/* ---- parts --------------------------------------------------------------------------------------------- */
struct slice part_open_key(struct arena *a, const char *fault, struct slice city)
{
	size_t n = strlen(fault) + 1;
	uint8_t *key = arena_alloc(a, 1 + n + city.n);

	key[0] = 'o';
	memcpy(key + 1, fault, n);
	if (city.n > 0)
		memcpy(key + 1 + n, city.p, city.n);
	return slice_of(key, 1 + n + city.n);
}

static struct part_edit *edit_add(struct affected_edit *edit, const struct part_edit *from)
{
	struct part_edit *p = arena_copy(edit->work->arena, from, sizeof(*from));

	p->next = edit->parts;
	edit->parts = p;
	return p;
}

int edit_part_by_id(struct affected_edit *edit, uint32_t id, struct part_edit **out, struct err *e)
{
	struct part_edit loaded;
	int got;

	for (struct part_edit *p = edit->parts; p != NULL; p = p->next)
		if (p->part.id == id) {
			*out = p;
			return 1;
		}
	got = part_load(edit->work, id, &loaded, e);
	if (got == 1)
		*out = edit_add(edit, &loaded);
	return got;
}

/* An id whose place in memory is free: 0, or -1. The next one to try is kept, so that works of one entry do
 * not take the same. */
static int next_id(struct affected_edit *edit, uint32_t *out, struct err *e)
{
	struct work *w = edit->work;
	struct slice key = SLICE_TEXT("i"), val;
	uint8_t bytes[4];
	int got = tx_get(w->tx, TABLE_NUMBER, key, &val, e);
	uint32_t id = got == 1 && val.n == 4 ? load_be32(val.p) : 1;

	if (got < 0)
		return -1;
	for (uint32_t i = 0; i < PARTS_MAX; i++, id++)
		if (id != 0 && w->desk->affected->parts[id % PARTS_MAX] == NULL) {
			store_be32(bytes, id + 1);
			tx_put(w->tx, TABLE_NUMBER, key, slice_of(bytes, 4));
			*out = id;
			return 1;
		}
	return 0;
}

static int open_part(struct affected_edit *edit, const char *fault, struct slice city, struct slice key,
	struct part_edit **out, struct err *e)
{
	struct work *w = edit->work;
	struct part_edit new = {.reasons = value_array(w->arena, 4)};
	uint8_t id[4];
	int got;

	if (strlen(fault) >= NAME_BYTES || city.n >= NAME_BYTES ||
		w->desk->affected->n_parts >= PARTS_MAX - 1)
		return 0;
	got = next_id(edit, &new.part.id, e);
	if (got != 1)
		return got;
	memcpy(new.part.fault, fault, strlen(fault));
	if (city.n > 0)
		memcpy(new.part.city, city.p, city.n);
	new.part.opened_ms = w->now_ms;
	new.is_changed = true;
	store_be32(id, new.part.id);
	tx_put(w->tx, TABLE_NUMBER, key, slice_of(id, 4));
	part_join_cases(w->desk->affected, &new);
	put_part(w, &new); /* here, so that it is published before its numbers are */
	*out = edit_add(edit, &new);
	return 1;
}

int edit_part(struct affected_edit *edit, const char *fault, struct slice city, bool may_open,
	struct part_edit **out, struct err *e)
{
	struct slice key, val;
	int got;

	for (struct part_edit *p = edit->parts; p != NULL; p = p->next)
		if (!p->part.is_closed && !p->is_gone && strcmp(p->part.fault, fault) == 0 &&
			slice_cmp(slice_of(p->part.city, strlen(p->part.city)), city) == 0) {
			*out = p;
			return 1;
		}
	key = part_open_key(edit->work->arena, fault, city);
	got = tx_get(edit->work->tx, TABLE_NUMBER, key, &val, e);
	if (got == 1 && val.n == 4)
		return edit_part_by_id(edit, load_be32(val.p), out, e);
	return got < 0 ? -1 : may_open ? open_part(edit, fault, city, key, out, e) : 0;
}

/* ---- versions ------------------------------------------------------------------------------------------ */
static struct slice run_key(struct arena *a, const char *fault)
{
	const char *key = arena_printf(a, "f%s", fault);

	return slice_of(key, strlen(key));
}

int edit_version(struct affected_edit *edit, const char *fault, int64_t *version, struct err *e)
{
	struct work *w = edit->work;
	const struct run *known = run_find(w->desk->affected, fault);
	struct run_edit *r;
	struct value row;
	int got;

	for (r = edit->runs; r != NULL; r = r->next)
		if (strcmp(r->run.fault, fault) == 0) {
			*version = r->run.version;
			return 0;
		}
	got = row_get(w->desk, w->tx, w->arena, TABLE_NUMBER, run_key(w->arena, fault), &row, e);
	if (got < 0)
		return -1;
	r = arena_zalloc(w->arena, sizeof(*r));
	memcpy(r->run.fault, fault, strlen(fault));
	r->run.version = got == 1 ? value_int_or(value_get(&row, "version"), 1) : 1;
	r->run.since_ms = got == 1 ? value_int_or(value_get(&row, "since"), 0) : w->now_ms;
	if (got == 1 && (value_true(value_get(&row, "is_cut")) || value_true(value_get(&row, "is_read")) ||
				(known != NULL && known->version == r->run.version && known->is_read))) {
		r->run.version++;
		r->run.since_ms = w->now_ms;
	}
	r->is_changed = true;
	r->next = edit->runs;
	edit->runs = r;
	*version = r->run.version;
	return 0;
}

/* ---- numbers ------------------------------------------------------------------------------------------- */
int entry_get(struct affected_edit *edit, const struct part_edit *p, uint64_t number, struct listed *out,
	struct err *e)
{
	struct slice val;
	uint8_t key[13];
	int got;

	number_key(key, p->part.id, number);
	got = tx_get(edit->work->tx, TABLE_NUMBER, slice_of(key, sizeof(key)), &val, e);
	if (got == 1 && !entry_decode(val, p->part.opened_ms, out))
		return err_set(e, ERR_STORAGE, "a number of list %u cannot be read", p->part.id);
	return got;
}

/* Write it (before NULL: new), with the version of now. */
static void entry_put(struct affected_edit *edit, struct part_edit *p, uint64_t number,
	const struct listed *before, struct listed *after)
{
	struct slice val = entry_encode(edit->work->arena, after, p->part.opened_ms);
	uint8_t key[13];

	number_key(key, p->part.id, number);
	tx_put(edit->work->tx, TABLE_NUMBER, slice_of(key, sizeof(key)), val);
	if (before != NULL)
		p->part.counts[before->flags]--;
	p->part.counts[after->flags]++;
	p->is_changed = true;
	edit->n_staged++;
}

void entry_drop(struct affected_edit *edit, struct part_edit *p, uint64_t number, const struct listed *before)
{
	uint8_t key[13];

	number_key(key, p->part.id, number);
	tx_del(edit->work->tx, TABLE_NUMBER, slice_of(key, sizeof(key)));
	p->part.counts[before->flags]--;
	p->is_changed = true;
}

/* The reason's place in the part's list. */
static uint64_t reason_place(struct affected_edit *edit, struct part_edit *p, struct slice reason)
{
	struct arena *a = edit->work->arena;

	for (uint32_t i = 0; i < p->reasons.n; i++)
		if (slice_cmp(value_slice(&p->reasons.as.items[i]), reason) == 0)
			return i;
	if (p->reasons.n >= REASONS_MAX && reason.n != 5)
		return reason_place(edit, p, SLICE_TEXT("other"));
	value_push(a, &p->reasons, value_text(a, reason.p, reason.n));
	p->is_changed = true;
	return p->reasons.n - 1;
}

static int change(struct affected_edit *edit, struct part_edit *p, uint64_t number,
	const struct listed *before, struct listed after, struct slice reason, struct err *e)
{
	int64_t version;

	if (edit_version(edit, p->part.fault, &version, e) != 0)
		return -1;
	after.version = (uint64_t)version;
	if (reason.n > 0)
		after.reason = reason_place(edit, p, reason);
	entry_put(edit, p, number, before, &after);
	return 0;
}

enum moved { MOVED_NOT, MOVED_LAST, MOVED };

/* A failure after the newest signal makes a number affected (again); an older one only tells since when. */
static enum moved moved_by_failure(int64_t at_ms, const struct listed *was, struct listed *to)
{
	if (STATE_OF(was->flags) == STATE_AFFECTED && STAGE_OF(was->flags) == STAGE_FAILED) {
		to->last_ms = at_ms > was->last_ms ? at_ms : was->last_ms;
		to->since_ms = at_ms < was->since_ms ? at_ms : was->since_ms;
		return to->last_ms != was->last_ms || to->since_ms != was->since_ms ? MOVED_LAST : MOVED_NOT;
	}
	if (STATE_OF(was->flags) == STATE_AFFECTED && at_ms <= was->last_ms)
		return MOVED_NOT; /* it went through since */
	to->flags = FLAGS(STATE_AFFECTED, STAGE_FAILED, COMPLAINED(was->flags));
	to->since_ms = to->last_ms = at_ms;
	return MOVED;
}

/* A success after the newest failure; the number of somebody who only complains has not failed. */
static enum moved moved_by_success(int64_t at_ms, const struct listed *was, struct listed *to)
{
	if (STATE_OF(was->flags) == STATE_REVIEW || at_ms < was->last_ms)
		return MOVED_NOT;
	to->last_ms = at_ms;
	if (STAGE_OF(was->flags) != STAGE_FAILED)
		return at_ms > was->last_ms ? MOVED_LAST : MOVED_NOT;
	to->flags = FLAGS(STATE_OF(was->flags), STAGE_FIXED, COMPLAINED(was->flags));
	return MOVED;
}

/* What a signal makes of a number; was NULL: it is not listed. MOVED_LAST: not of its state or stage. */
static enum moved moved_by_signal(
	const struct affected_signal *s, const struct listed *was, struct listed *to)
{
	bool is_failure = value_is_text(s->says, "affected");

	if (was != NULL) {
		*to = *was;
		if (is_failure)
			return moved_by_failure(s->at_ms, was, to);
		if (value_is_text(s->says, "fixed"))
			return moved_by_success(s->at_ms, was, to);
		if (STATE_OF(was->flags) != STATE_REVIEW)
			return MOVED_NOT; /* potential, and known already */
	}
	*to = (struct listed){.since_ms = s->at_ms, .last_ms = s->at_ms};
	to->flags = FLAGS(is_failure ? STATE_AFFECTED : STATE_POTENTIAL, STAGE_FAILED,
		was != NULL && COMPLAINED(was->flags));
	to->was_told = was != NULL && was->was_told;
	return value_is_text(s->says, "fixed") ? MOVED_NOT : MOVED;
}

static bool fault_is_of(const struct value *fault, const struct affected_signal *s)
{
	const struct value *components = value_get(fault, "components"), *codes = value_get(fault, "codes"),
			   *cities = value_get(fault, "cities"), *service = value_get(fault, "service");

	if (service != NULL && slice_cmp(value_slice(service), s->service) != 0)
		return false;
	if (components != NULL && !value_has_text(components, s->component))
		return false;
	if (cities != NULL && !value_has_text(cities, s->city))
		return false;
	if (value_is_text(s->says, "fixed"))
		return true; /* a success has no code */
	return (codes == NULL || value_has_text(codes, s->code)) &&
	       !value_has_text(value_get(fault, "not_codes"), s->code);
}

/* The open part of this fault the number is in already, as memory knows it. */
static struct part *part_with(struct affected *x, const char *fault, uint64_t number)
{
	struct numset_item found[64];
	uint32_t n = numset_find(x->set, number, found, 64);

	for (uint32_t i = 0; i < n; i++) {
		struct part *p = x->parts[found[i].part];

		if (p != NULL && !p->is_closed && strcmp(p->fault, fault) == 0)
			return p;
	}
	return NULL;
}

static bool is_full(struct affected_edit *edit)
{
	struct desk *d = edit->work->desk;
	int64_t max = value_int_or(value_path(packs_catalog(d->packs), "signal_limits.numbers"), 0);

	return (int64_t)(numset_count(d->affected->set) + edit->n_staged) >= max;
}

static int signal_of_fault(
	struct affected_edit *edit, const char *fault, const struct affected_signal *s, struct err *e)
{
	const struct part *known = part_with(edit->work->desk->affected, fault, s->number);
	bool is_fixed = value_is_text(s->says, "fixed");
	struct part_edit *p;
	struct listed was = {0}, to;
	enum moved moved;
	int got;

	if (known != NULL)
		got = edit_part_by_id(edit, known->id, &p, e);
	else if (is_fixed && edit->n_staged == 0)
		return 0; /* nothing of it is listed */
	else
		got = edit_part(edit, fault, s->city, !is_fixed, &p, e);
	if (got != 1)
		return got < 0 ? -1 : !is_fixed;
	got = entry_get(edit, p, s->number, &was, e);
	if (got < 0)
		return -1;
	moved = moved_by_signal(s, got == 1 ? &was : NULL, &to);
	if (moved == MOVED_LAST)
		entry_put(edit, p, s->number, &was, &to);
	if (moved != MOVED)
		return 0;
	if (got == 0 && is_full(edit))
		return 1;
	if (is_fixed)
		return change(edit, p, s->number, &was, to, slice_of(NULL, 0), e);
	return change(edit, p, s->number, got == 1 ? &was : NULL, to, s->code.n > 0 ? s->code : s->kind, e);
}

int affected_signal(struct affected_edit *edit, const struct affected_signal *s, struct err *e)
{
	const struct value *faults = value_get(packs_catalog(edit->work->desk->packs), "faults");
	int rc = 0;

	for (uint32_t i = 0; faults != NULL && i < faults->n && rc == 0; i++)
		if (fault_is_of(&faults->as.pairs[i].val, s))
			rc = signal_of_fault(
				edit, value_cstr(edit->work->arena, &faults->as.pairs[i].key), s, e);
	return rc;
}

int edit_complained(
	struct affected_edit *edit, struct part_edit *p, uint64_t number, int64_t at_ms, struct err *e)
{
	struct listed was = {0}, to = {.flags = FLAGS(STATE_REVIEW, STAGE_FAILED, 1),
					 .since_ms = at_ms,
					 .last_ms = at_ms};
	int got = entry_get(edit, p, number, &was, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return is_full(edit) ? 0 : change(edit, p, number, NULL, to, SLICE_TEXT("complaint"), e);
	if (COMPLAINED(was.flags))
		return 0;
	to = was;
	to.flags = FLAGS(STATE_OF(was.flags), STAGE_OF(was.flags), 1);
	return change(edit, p, number, &was, to, slice_of(NULL, 0), e);
}

int edit_settle(struct affected_edit *edit, struct part_edit *p, uint64_t number, enum number_stage stage,
	bool *moved, struct err *e)
{
	struct listed was, to;
	int got = entry_get(edit, p, number, &was, e);

	*moved = got == 1 && STAGE_OF(was.flags) < (int)stage;
	if (!*moved)
		return got < 0 ? -1 : 0;
	to = was;
	to.flags = FLAGS(STATE_OF(was.flags), stage, COMPLAINED(was.flags));
	to.was_told = was.was_told || stage == STAGE_TOLD;
	if (stage == STAGE_FIXED && edit->work->now_ms > to.last_ms)
		to.last_ms = edit->work->now_ms; /* a failure from before it comes too late */
	return change(edit, p, number, &was, to, slice_of(NULL, 0), e);
}

/* ---- the end ------------------------------------------------------------------------------------------- */
static void put_part(struct work *w, const struct part_edit *p)
{
	struct value row = value_map(w->arena, 9), counts = value_array(w->arena, NUMSET_FLAGS),
		     incidents = value_array(w->arena, p->part.n_incidents);
	uint8_t key[5] = {'p'};

	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		value_push(w->arena, &counts, value_int(p->part.counts[i]));
	for (uint32_t i = 0; i < p->part.n_incidents; i++)
		value_push(w->arena, &incidents, value_int(p->part.incidents[i]));
	value_add(w->arena, &row, "fault", value_literal(p->part.fault));
	value_add(w->arena, &row, "city", value_literal(p->part.city));
	value_add(w->arena, &row, "opened", value_int(p->part.opened_ms));
	if (p->part.from_ms != 0)
		value_add(w->arena, &row, "from", value_int(p->part.from_ms));
	value_add(w->arena, &row, "counts", counts);
	value_add(w->arena, &row, "reasons", p->reasons);
	value_add(w->arena, &row, "incidents", incidents);
	store_be32(key + 1, p->part.id);
	if (p->part.is_closed) {
		uint8_t age[13] = {'k'};

		value_add(w->arena, &row, "closed", value_int(w->now_ms));
		store_be64(age + 1, (uint64_t)w->now_ms);
		store_be32(age + 9, p->part.id);
		tx_put(w->tx, TABLE_NUMBER, slice_of(age, sizeof(age)), slice_of("", 0));
	}
	row_put(w, TABLE_NUMBER, slice_of(key, sizeof(key)), &row);
}

static void drop_part(struct work *w, const struct part_edit *p)
{
	uint8_t key[5] = {'p'};

	store_be32(key + 1, p->part.id);
	tx_del(w->tx, TABLE_NUMBER, slice_of(key, sizeof(key)));
}

void put_run(struct work *w, const struct run *run)
{
	struct value row = value_map(w->arena, 4);

	value_add(w->arena, &row, "version", value_int(run->version));
	value_add(w->arena, &row, "since", value_int(run->since_ms));
	value_add(w->arena, &row, "is_cut", value_bool(run->is_cut));
	if (run->is_read)
		value_add(w->arena, &row, "is_read", value_bool(true));
	row_put(w, TABLE_NUMBER, run_key(w->arena, run->fault), &row);
}

int affected_arm(struct work *w, int64_t at_ms, struct err *e)
{
	struct slice key = SLICE_TEXT("t"), val;
	uint8_t timer[DUE_KEY_LEN], due[8];
	int got = tx_get(w->tx, TABLE_NUMBER, key, &val, e);
	int64_t armed_ms = got == 1 && val.n == 8 ? (int64_t)load_be64(val.p) : INT64_MAX;

	if (got < 0)
		return -1;
	if (armed_ms <= at_ms)
		return 0;
	if (armed_ms != INT64_MAX) {
		due_key(timer, armed_ms, TIMER_OF_AFFECTED);
		tx_del(w->tx, TABLE_TIMER, slice_of(timer, sizeof(timer)));
	}
	due_key(timer, at_ms, TIMER_OF_AFFECTED);
	tx_put(w->tx, TABLE_TIMER, slice_of(timer, sizeof(timer)), slice_of("", 0));
	store_be64(due, (uint64_t)at_ms);
	tx_put(w->tx, TABLE_NUMBER, key, slice_of(due, 8));
	return 0;
}

int64_t version_every_ms(struct desk *d)
{
	return value_int_or(value_path(packs_catalog(d->packs), "signal_limits.version_every_ms"), 0);
}

int affected_end(struct affected_edit *edit, struct err *e)
{
	struct work *w = edit->work;
	bool is_changed = edit->wants_sweep;

	for (struct part_edit *p = edit->parts; p != NULL; p = p->next) {
		if (p->is_gone)
			drop_part(w, p);
		else if (p->is_changed)
			put_part(w, p);
		is_changed |= p->is_changed;
	}
	for (struct run_edit *r = edit->runs; r != NULL; r = r->next)
		if (r->is_changed)
			put_run(w, &r->run);
	return is_changed ? affected_arm(w, w->now_ms + version_every_ms(w->desk), e) : 0;
}
