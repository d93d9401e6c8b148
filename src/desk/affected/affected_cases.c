/*
 * Cases and their lists: which parts an incident takes, what happens when it closes, versions told, numbers
 * forgotten (affected.h).
 */
#include <string.h>

#include "affected_int.h"
#include "desk/tasks.h"
#include "tocsin/log.h"

#define SWEEP_ROWS 20000     /* rows of a part looked at by one sweep */
#define SWEEP_DROPS 4000     /* rows deleted by one entry at most */
#define PURGE_ROWS 2000      /* of closed cases, past signals.number_keep */
#define SWEEP_EVERY_MS 60000 /* while there are numbers that nobody published */
#define TAKE_EVERY_MS 100    /* between slices of what a new case does not take */

static struct slice case_key(struct arena *a, int64_t id)
{
	uint8_t *key = arena_alloc(a, 9);

	key[0] = 'c';
	store_be64(key + 1, (uint64_t)id);
	return slice_of(key, 9);
}

/* ---- an incident's row as a case ----------------------------------------------------------------------- */
static void add_of(struct arena *a, const struct value *from, const char *key, struct value *to)
{
	if (value_get(from, key) != NULL)
		value_add(a, to, key, *value_get(from, key));
}

/* What of the incident's ticket says which numbers are its own, and what is said to them. */
static struct value case_row(struct arena *a, const struct value *ticket)
{
	static const char *const of_fields[] = {"fault", "service", "component", "cities", "script", "level",
		"recovery", "drill", "script_until_time"};
	const struct value *fields = value_get(ticket, "fields");
	struct value row = value_map(a, 12);

	add_of(a, ticket, "category", &row);
	add_of(a, ticket, "city", &row);
	add_of(a, ticket, "stage", &row);
	for (size_t i = 0; i < sizeof(of_fields) / sizeof(of_fields[0]); i++)
		add_of(a, fields, of_fields[i], &row);
	return row;
}

void case_say(struct arena *a, const struct fault_case *c, struct value *out)
{
	const struct value *script = value_get(&c->row, "script");
	struct value say = value_map(a, 2);

	value_add(a, out, "incident", value_int(c->id));
	add_of(a, script, "zh", &say);
	add_of(a, script, "en", &say);
	if (say.n > 0)
		value_add(a, out, "say", say);
	add_of(a, script, "prompt", out);
	add_of(a, script, "eta", out);
	if (value_get(script, "version") != NULL)
		value_add(a, out, "script", *value_get(script, "version"));
}

/* ---- parts and cases ----------------------------------------------------------------------------------- */
static void join(struct part_edit *p, int64_t incident)
{
	if (part_has_incident(&p->part, incident) || p->part.n_incidents == PART_INCIDENTS_MAX)
		return;
	p->part.incidents[p->part.n_incidents++] = incident;
	p->is_changed = true;
}

void part_join_cases(struct affected *x, struct part_edit *p)
{
	const struct value *fault = fault_of(x->desk, p->part.fault);

	for (uint32_t i = 0; i < x->n_cases; i++)
		if (case_weight(x->cases[i], fault, p->part.fault,
			    slice_of(p->part.city, strlen(p->part.city))) > 0)
			join(p, x->cases[i]->id);
}

/* Numbers of the part in order of number, behind `after`, at most `max` looked at; *last: where it ended, 0
 * at the part's end. */
typedef int each_fn(struct affected_edit *, struct part_edit *, uint64_t number, const struct listed *,
	void *ctx, struct err *e);

struct row {
	uint64_t number;
	struct listed entry;
};

static int walk(struct affected_edit *edit, struct part_edit *p, uint64_t *after, uint32_t max, each_fn *fn,
	void *ctx, struct err *e)
{
	struct work *w = edit->work;
	uint8_t from[13], to[13];
	struct row *rows = arena_alloc(w->arena, max * sizeof(*rows));
	struct scan s;
	uint32_t n = 0;
	int got = 0;

	number_key(from, p->part.id, *after + 1);
	number_key(to, p->part.id + 1, 0);
	scan_init(&s, w->desk->store, w->tx, TABLE_NUMBER, slice_of(from, 13), slice_of(to, 13), false);
	while (n < max && (got = scan_next(&s, e)) == 1) {
		rows[n].number = load_be64((const uint8_t *)s.key.p + 5);
		n += entry_decode(s.val, p->part.opened_ms, &rows[n].entry);
	}
	scan_fini(&s);
	*after = n == max ? rows[n - 1].number : 0;
	for (uint32_t i = 0; i < n && got >= 0; i++)
		got = fn(edit, p, rows[i].number, &rows[i].entry, ctx, e);
	return got < 0 ? -1 : 0;
}

struct forget {
	int64_t before_ms;
	uint32_t left; /* rows that may still be dropped */
};

static int forget_one(struct affected_edit *edit, struct part_edit *p, uint64_t number,
	const struct listed *x, void *ctx, struct err *e)
{
	struct forget *f = ctx;

	(void)e;
	if (x->last_ms < f->before_ms && f->left > 0) {
		entry_drop(edit, p, number, x);
		f->left--;
	}
	return 0;
}

/*
 * A case begins: what is older than the fault's window back is not its own. The first slice of it goes here,
 * the rest as the sweep comes by: millions of rows would hold every other call.
 */
static int take_part(struct affected_edit *edit, struct part_edit *p, const struct value *fault,
	int64_t incident, struct err *e)
{
	int64_t window = fault_ms(edit->work->desk, fault, "window_ms"), version;
	struct forget f = {edit->work->now_ms - window, SWEEP_DROPS};
	struct part *memory = part_of_slot(edit->work->desk->affected, p->part.id);
	uint64_t after = 0;
	bool is_first = p->part.n_incidents == 0;

	join(p, incident);
	edit->wants_sweep = true;
	if (!is_first)
		return 0;
	if (walk(edit, p, &after, SWEEP_ROWS, forget_one, &f, e) != 0)
		return -1;
	p->part.from_ms = after == 0 && f.left > 0 ? 0 : f.before_ms;
	if (memory != NULL)
		memory->swept = 0;
	if (p->part.from_ms != 0 && affected_arm(edit->work, edit->work->now_ms + TAKE_EVERY_MS, e) != 0)
		return -1;
	return edit_version(edit, p->part.fault, &version, e);
}

static int each_open_part(struct affected_edit *edit,
	int (*fn)(struct affected_edit *, struct part_edit *, void *ctx, struct err *e), void *ctx,
	struct err *e)
{
	struct affected *x = edit->work->desk->affected;

	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		struct part_edit *p;

		if (x->parts[i] == NULL || x->parts[i]->is_closed)
			continue;
		if (edit_part_by_id(edit, x->parts[i]->id, &p, e) < 0)
			return -1;
		if (fn(edit, p, ctx, e) != 0)
			return -1;
	}
	return 0;
}

static int take_if(struct affected_edit *edit, struct part_edit *p, void *ctx, struct err *e)
{
	const struct fault_case *c = ctx;
	const struct value *fault = fault_of(edit->work->desk, p->part.fault);

	if (case_weight(c, fault, p->part.fault, slice_of(p->part.city, strlen(p->part.city))) == 0)
		return 0;
	return take_part(edit, p, fault, c->id, e);
}

static void drop_open_key(struct work *w, const struct part *p)
{
	struct slice key = part_open_key(w->arena, p->fault, slice_of(p->city, strlen(p->city)));

	tx_del(w->tx, TABLE_NUMBER, key);
}

/* ---- a case closes ------------------------------------------------------------------------------------- */
static uint32_t open_numbers(const struct part *p, const struct value *fault, uint32_t *review)
{
	bool is_told = value_is_text(value_get(fault, "closes_at"), "told");
	uint32_t n = 0;

	*review = 0;
	for (uint8_t flags = 0; flags < NUMSET_FLAGS; flags++) {
		bool is_open = STAGE_OF(flags) == STAGE_FAILED || (is_told && STAGE_OF(flags) == STAGE_FIXED);

		if (STATE_OF(flags) == STATE_AFFECTED && is_open)
			n += p->counts[flags];
		if (STATE_OF(flags) == STATE_POTENTIAL && STAGE_OF(flags) == STAGE_FAILED)
			n += p->counts[flags];
		if (STATE_OF(flags) == STATE_REVIEW && STAGE_OF(flags) == STAGE_FAILED)
			*review += p->counts[flags];
	}
	return n;
}

static bool affected_any(const struct part *p)
{
	uint32_t n = 0;

	for (uint8_t flags = 0; flags < NUMSET_FLAGS; flags++)
		n += STATE_OF(flags) == STATE_AFFECTED || STATE_OF(flags) == STATE_POTENTIAL
			     ? p->counts[flags]
			     : 0;
	return n > 0;
}

struct closing {
	const struct fault_case *closed;
	int64_t into; /* the case it was merged into, which goes on with its lists; 0: none */
	uint32_t n_open, n_review;
	bool is_forced; /* cancelled, rejected: it was no case */
};

/* Whether another open case has the part. */
static bool has_other_case(struct affected *x, const struct part *p, int64_t but)
{
	for (uint32_t i = 0; i < p->n_incidents; i++)
		if (p->incidents[i] != but && case_find(x, p->incidents[i]) != NULL)
			return true;
	return false;
}

static int close_if(struct affected_edit *edit, struct part_edit *p, void *ctx, struct err *e)
{
	struct work *w = edit->work;
	struct closing *c = ctx;
	uint32_t review;

	(void)e;
	if (part_has_incident(&p->part, c->closed->id) && case_find(w->desk->affected, c->into) != NULL)
		join(p, c->into);
	if (!part_has_incident(&p->part, c->closed->id) ||
		has_other_case(w->desk->affected, &p->part, c->closed->id))
		return 0;
	c->n_open += open_numbers(&p->part, fault_of(w->desk, p->part.fault), &review);
	if (affected_any(
		    &p->part)) /* where nothing is known to have failed there is nothing to compare with */
		c->n_review += review;
	p->part.is_closed = true;
	p->is_changed = edit->wants_sweep = true;
	drop_open_key(w, &p->part);
	return 0;
}

static int close_case(struct work *w, int64_t incident, int64_t into, bool is_forced, struct err *e)
{
	struct affected_edit *edit = affected_begin(w);
	struct closing c = {
		.closed = case_find(w->desk->affected, incident), .into = into, .is_forced = is_forced};

	if (c.closed == NULL)
		return 0;
	if (each_open_part(edit, close_if, &c, e) != 0)
		return -1;
	if (!is_forced && c.n_open + c.n_review > 0)
		return err_both(e, ERR_REJECTED, "", NULL,
			arena_printf(w->arena,
				"incident %jd cannot close: %u affected or potential numbers are not "
				"settled, %u numbers wait for review (number.list, number.settle)",
				(intmax_t)incident, c.n_open, c.n_review),
			arena_printf(w->arena,
				"事件 %jd 不能关闭：还有 %u 个故障或潜在故障号码未处理完，%u 个号码待核查",
				(intmax_t)incident, c.n_open, c.n_review));
	tx_del(w->tx, TABLE_NUMBER, case_key(w->arena, incident));
	return affected_end(edit, e);
}

static int open_case(struct work *w, int64_t incident, const struct value *ticket, struct err *e)
{
	struct value row = case_row(w->arena, ticket);
	const struct fault_case *known = case_find(w->desk->affected, incident);
	struct fault_case c = {.id = incident, .row = row};
	struct affected_edit *edit;

	if (known != NULL && value_equal(&known->row, &row))
		return 0;
	if (known == NULL && w->desk->affected->n_cases == CASES_MAX) {
		log_line(LOG_WARN, "numbers.cases", "incident=%jd error=\"%d cases are open\"",
			(intmax_t)incident, CASES_MAX);
		return 0;
	}
	row_put(w, TABLE_NUMBER, case_key(w->arena, incident), &row);
	edit = affected_begin(w);
	return each_open_part(edit, take_if, &c, e) != 0 ? -1 : affected_end(edit, e);
}

static int incident_saved(
	struct work *w, const struct value *before, const struct value *after, struct err *e)
{
	int64_t id = value_int_or(value_get(after, "id"), 0);
	bool was_open = before != NULL && ticket_is_open(before),
	     is_closed = value_is_text(value_get(after, "status"), "closed");

	if (value_true(value_path(after, "fields.drill"))) /* 演练: it has no numbers */
		return 0;
	if (ticket_is_open(after))
		return open_case(w, id, after, e);
	return was_open ? close_case(w, id, value_int_or(value_get(after, "merged_into"), 0), !is_closed, e)
			: 0;
}

/* ---- complaints ---------------------------------------------------------------------------------------- */
static int complained(struct work *w, uint64_t number, struct slice category, struct slice city,
	int64_t at_ms, struct err *e)
{
	const struct value *faults = value_get(packs_catalog(w->desk->packs), "faults");
	struct affected_edit *edit = affected_begin(w);

	for (uint32_t i = 0; faults != NULL && i < faults->n; i++) {
		const char *name = value_cstr(w->arena, &faults->as.pairs[i].key);
		struct numset_item found[64];
		struct part_edit *p = NULL;
		uint32_t n;
		int got = 0;

		if (!holds_category(&faults->as.pairs[i].val, category))
			continue;
		n = numset_find(w->desk->affected->set, number, found, 64);
		for (uint32_t k = 0; k < n && got == 0; k++) {
			const struct part *known = part_of_slot(w->desk->affected, found[k].part);

			if (known != NULL && !known->is_closed && strcmp(known->fault, name) == 0)
				got = edit_part_by_id(edit, known->id, &p, e);
		}
		if (got == 0)
			got = edit_part(edit, name, city, true, &p, e);
		if (got < 0 || (got == 1 && edit_complained(edit, p, number, at_ms, e) != 0))
			return -1;
	}
	return affected_end(edit, e);
}

static bool is_same(const struct value *before, const struct value *after, const char *key)
{
	const struct value *a = value_get(before, key), *b = value_get(after, key);

	return a == NULL ? b == NULL : b != NULL && value_equal(a, b);
}

int affected_saved(struct work *w, const struct value *before, const struct value *after, struct err *e)
{
	const struct value *subject = value_get(after, "subject"), *category = value_get(after, "category");
	uint64_t number;

	if (value_is_text(value_get(after, "kind"), "incident"))
		return incident_saved(w, before, after, e);
	if (w->is_import || category == NULL || !value_is_text(value_get(after, "kind"), "complaint") ||
		!value_is_text(value_get(subject, "type"), "mobile") ||
		(before != NULL && is_same(before, after, "category") && is_same(before, after, "subject")))
		return 0;
	number = numset_number(value_slice(value_get(subject, "id")));
	if (number == 0)
		return 0;
	return complained(w, number, value_slice(category), value_slice(value_get(after, "city")),
		value_int_or(value_get(after, "occurred"), w->now_ms), e);
}

int affected_contacted(struct work *w, const struct value *row, const struct value *given, struct err *e)
{
	const struct value *of = given != NULL ? given : value_path(row, "subject.id");
	uint64_t number = numset_number(value_slice(of));

	if (number == 0 || value_get(row, "category") == NULL)
		return 0;
	return complained(w, number, value_slice(value_get(row, "category")),
		value_slice(value_get(row, "city")), w->now_ms, e);
}

/* ---- the timer: versions told, numbers forgotten ------------------------------------------------------- */
struct sweep {
	int64_t now_ms, expires_ms, from_ms;
	struct forget forget;
};

/* In a case nothing is forgotten but what came before it: what was silent for so long leaves the lists, and
 * stays accounted for. */
static int expire_one(struct affected_edit *edit, struct part_edit *p, uint64_t number,
	const struct listed *x, void *ctx, struct err *e)
{
	struct sweep *s = ctx;
	bool moved;

	if (s->forget.left > 0 && x->last_ms < s->from_ms) {
		entry_drop(edit, p, number, x);
		s->forget.left--;
		return 0;
	}
	if (STAGE_OF(x->flags) != STAGE_FAILED || x->last_ms + s->expires_ms > s->now_ms ||
		s->forget.left == 0)
		return 0;
	s->forget.left--;
	return edit_settle(edit, p, number, STAGE_SILENT, &moved, e);
}

static bool is_empty(const struct part *p)
{
	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		if (p->counts[i] != 0)
			return false;
	return true;
}

/* *wait_ms: until when the sweep need not come again for this part. */
static int sweep_part(
	struct affected_edit *edit, struct part *memory, struct sweep *s, int64_t *wait_ms, struct err *e)
{
	const struct value *fault = fault_of(edit->work->desk, memory->fault);
	int64_t window = fault_ms(edit->work->desk, fault, "window_ms");
	bool has_case = case_of(edit->work->desk->affected, memory) != NULL;
	struct part_edit *p;
	uint64_t after = memory->swept;
	int got = edit_part_by_id(edit, memory->id, &p, e);

	if (got != 1)
		return got;
	s->expires_ms = fault_ms(edit->work->desk, fault, "expires_ms");
	s->forget.before_ms = s->now_ms - window;
	s->from_ms = p->part.from_ms;
	if (walk(edit, p, &after, SWEEP_ROWS, has_case ? expire_one : forget_one,
		    has_case ? (void *)s : (void *)&s->forget, e) != 0)
		return -1;
	memory->swept = s->forget.left == 0 ? memory->swept : after;
	*wait_ms = after != 0 || s->forget.left == 0 ? 0 : (has_case ? s->expires_ms : window) / 8;
	if (*wait_ms < SWEEP_EVERY_MS)
		*wait_ms = SWEEP_EVERY_MS;
	if (p->part.from_ms != 0 && s->forget.left > 0 && after == 0) {
		p->part.from_ms = 0;
		p->is_changed = true;
	} else if (p->part.from_ms != 0) {
		*wait_ms = TAKE_EVERY_MS;
	}
	if (is_empty(&p->part) && !has_case) {
		p->is_gone = true;
		drop_open_key(edit->work, &p->part);
	}
	return 0;
}

/* A closed part's numbers leave memory, some at a time: rows stay. */
static int unload_part(struct affected *x, struct part *p, struct err *e)
{
	uint8_t from[13], to[13];
	struct scan s;
	uint32_t n = 0;
	int got = 0;

	number_key(from, p->id, p->swept + 1);
	number_key(to, p->id + 1, 0);
	scan_init(&s, x->desk->store, NULL, TABLE_NUMBER, slice_of(from, 13), slice_of(to, 13), false);
	while (n++ < SWEEP_ROWS && (got = scan_next(&s, e)) == 1) {
		p->swept = load_be64((const uint8_t *)s.key.p + 5);
		numset_del(x->set, p->swept, p->id % PARTS_MAX);
	}
	scan_fini(&s);
	p->is_unloaded = got == 0;
	return got < 0 ? -1 : 0;
}

/* Those whose numbers have left go themselves: before anything is staged, so that no entry rests on them. */
static void drop_unloaded(struct affected *x)
{
	for (uint32_t i = 0; i < PARTS_MAX; i++)
		if (x->parts[i] != NULL && x->parts[i]->is_unloaded) {
			free(x->parts[i]);
			x->parts[i] = NULL;
			x->n_parts--;
		}
}

/* Lists of cases that closed long ago: their rows go, PURGE_ROWS at a time. */
static int purge(struct work *w, struct err *e)
{
	int64_t keep = value_int_or(
		value_path(packs_catalog(w->desk->packs), "signal_limits.number_keep_ms"), INT64_MAX);
	uint8_t to[9] = {'k'}, age[13], from[13], until[13], part[5] = {'p'};
	struct slice *keys = arena_alloc(w->arena, PURGE_ROWS * sizeof(*keys));
	uint32_t n = 0, id = 0;
	struct scan s;
	int got;

	store_be64(to + 1, w->now_ms > keep ? (uint64_t)(w->now_ms - keep) : 0);
	scan_init(&s, w->desk->store, w->tx, TABLE_NUMBER, slice_of("k", 1), slice_of(to, sizeof(to)), false);
	if ((got = scan_next(&s, e)) == 1 && s.key.n == sizeof(age)) {
		memcpy(age, s.key.p, sizeof(age));
		id = load_be32(age + 9);
	}
	scan_fini(&s);
	if (got != 1)
		return got;
	number_key(from, id, 0);
	number_key(until, id + 1, 0);
	scan_init(&s, w->desk->store, w->tx, TABLE_NUMBER, slice_of(from, 13), slice_of(until, 13), false);
	while (n < PURGE_ROWS && (got = scan_next(&s, e)) == 1)
		keys[n++] = slice_of(arena_copy(w->arena, s.key.p, s.key.n), s.key.n);
	scan_fini(&s);
	for (uint32_t i = 0; i < n && got >= 0; i++)
		tx_del(w->tx, TABLE_NUMBER, keys[i]);
	if (got == 0) {
		store_be32(part + 1, id);
		tx_del(w->tx, TABLE_NUMBER, slice_of(part, sizeof(part)));
		tx_del(w->tx, TABLE_NUMBER, slice_of(age, sizeof(age)));
	}
	return got < 0 ? -1 : 0;
}

/* A fault without parts begins at version 1 again. */
static void end_runs(struct affected_edit *edit)
{
	struct work *w = edit->work;
	struct affected *x = w->desk->affected;

	for (uint32_t i = 0; i < x->n_runs; i++) {
		bool is_used = false;

		for (uint32_t k = 0; k < PARTS_MAX && !is_used; k++)
			is_used = x->parts[k] != NULL && strcmp(x->parts[k]->fault, x->runs[i].fault) == 0;
		if (!is_used) {
			const char *key = arena_printf(w->arena, "f%s", x->runs[i].fault);

			tx_del(w->tx, TABLE_NUMBER, slice_of(key, strlen(key)));
		}
	}
}

int affected_fire(struct work *w, struct err *e)
{
	struct affected *x = w->desk->affected;
	struct affected_edit *edit;
	struct sweep s = {.now_ms = w->now_ms, .forget = {0, SWEEP_DROPS}};
	int64_t next_ms = INT64_MAX, wait_ms = 0;

	drop_unloaded(x);
	edit = affected_begin(w);
	tx_del(w->tx, TABLE_NUMBER, SLICE_TEXT("t"));
	affected_publish(edit, &next_ms);
	if (purge(w, e) != 0)
		return -1;
	end_runs(edit);
	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		struct part *p = x->parts[i];

		if (p == NULL)
			continue;
		if (p->is_closed) {
			if (unload_part(x, p, e) != 0)
				return -1;
			wait_ms = 1000;
		} else if (sweep_part(edit, p, &s, &wait_ms, e) != 0)
			return -1;
		if (w->now_ms + wait_ms < next_ms)
			next_ms = w->now_ms + wait_ms;
	}
	if (affected_end(edit, e) != 0)
		return -1;
	if (next_ms == INT64_MAX && x->n_runs == 0)
		return 0;
	return affected_arm(w, next_ms == INT64_MAX ? w->now_ms + SWEEP_EVERY_MS : next_ms, e);
}
