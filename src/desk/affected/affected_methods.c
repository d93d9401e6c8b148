/* The methods: number.list, number.settle; number.check is affected_check.c. */
#include <string.h>

#include "affected_int.h"
#include "desk/jobs.h"
#include "desk/names.h"
#include "desk/pages.h"

#define LIST_MAX 1000
#define LIST_ROWS 20000 /* of a part looked at for one page */
#define SETTLE_MAX 5000

static const char *const state_names[] = {"", "affected", "potential", "review"};
static const char *const stage_names[] = {"failed", "fixed", "told", "silent", NULL};

/* ---- sums ---------------------------------------------------------------------------------------------- */
enum list {
	LIST_AFFECTED,
	LIST_POTENTIAL,
	LIST_WILL_COMPLAIN,
	LIST_COMPLAINED,
	LIST_REVIEW,
	LIST_FIXED,
	LIST_TOLD,
	LIST_SILENT,
	LIST_ALL
};
static const char *const list_names[] = {"affected", "potential", "will_complain", "complained", "review",
	"fixed", "told", "silent", "all", NULL};

static bool in_list(enum list list, uint8_t flags)
{
	bool is_open = STAGE_OF(flags) == STAGE_FAILED, is_review = STATE_OF(flags) == STATE_REVIEW;

	switch (list) {
	case LIST_AFFECTED:
		return STATE_OF(flags) == STATE_AFFECTED && is_open;
	case LIST_POTENTIAL:
		return STATE_OF(flags) == STATE_POTENTIAL && is_open;
	case LIST_WILL_COMPLAIN:
		return !is_review && is_open && !COMPLAINED(flags);
	case LIST_COMPLAINED:
		return !is_review && COMPLAINED(flags);
	case LIST_REVIEW:
		return is_review && is_open;
	case LIST_FIXED:
		return !is_review && STAGE_OF(flags) == STAGE_FIXED;
	case LIST_TOLD:
		return !is_review && STAGE_OF(flags) == STAGE_TOLD;
	case LIST_SILENT:
		return !is_review && STAGE_OF(flags) == STAGE_SILENT;
	case LIST_ALL:
		return true;
	}
	never("a list");
}

static uint64_t sum(const uint64_t counts[NUMSET_FLAGS], enum list list)
{
	uint64_t n = 0;

	for (uint8_t flags = 0; flags < NUMSET_FLAGS; flags++)
		n += in_list(list, flags) ? counts[flags] : 0;
	return n;
}

/* Of affected alone: the sums that must close. */
static struct value stages_value(struct arena *a, const uint64_t counts[NUMSET_FLAGS])
{
	struct value v = value_map(a, 5);
	uint64_t all = 0;

	for (int stage = STAGE_FAILED; stage <= STAGE_SILENT; stage++) {
		uint64_t n =
			counts[FLAGS(STATE_AFFECTED, stage, 0)] + counts[FLAGS(STATE_AFFECTED, stage, 1)];

		value_add(a, &v, stage_names[stage], value_int((int64_t)n));
		all += n;
	}
	value_add(a, &v, "total", value_int((int64_t)all));
	return v;
}

struct value counts_value(struct arena *a, const uint64_t counts[NUMSET_FLAGS])
{
	uint64_t complained = sum(counts, LIST_COMPLAINED), complainers = complained, permille;
	struct value v = value_map(a, 9);

	for (int stage = STAGE_FAILED; stage <= STAGE_SILENT; stage++)
		complainers += counts[FLAGS(STATE_REVIEW, stage, 1)];
	permille = complainers == 0 ? 0 : (complained * 1000 + complainers / 2) / complainers;
	value_add(a, &v, "affected", value_int((int64_t)sum(counts, LIST_AFFECTED)));
	value_add(a, &v, "potential", value_int((int64_t)sum(counts, LIST_POTENTIAL)));
	value_add(a, &v, "complained", value_int((int64_t)complained));
	value_add(a, &v, "will_complain", value_int((int64_t)sum(counts, LIST_WILL_COMPLAIN)));
	value_add(a, &v, "review", value_int((int64_t)sum(counts, LIST_REVIEW)));
	value_add(a, &v, "complainers", value_int((int64_t)complainers));
	if (complainers > 0)
		value_add(a, &v, "coverage", value_float((double)permille / 10));
	value_add(a, &v, "stages", stages_value(a, counts));
	return v;
}

/* ---- number.list --------------------------------------------------------------------------------------- */
/* Parts of a case, also of a closed one, in the arena; at most PARTS_MAX. */
static int parts_of_case(
	struct desk *d, struct arena *a, int64_t incident, struct part_edit **out, uint32_t *n, struct err *e)
{
	struct scan s;
	int got = 0;

	*out = arena_alloc(a, PARTS_MAX * sizeof(**out));
	*n = 0;
	scan_init(&s, d->store, NULL, TABLE_NUMBER, slice_of("p", 1), slice_of("q", 1), false);
	while (*n < PARTS_MAX && (got = scan_next(&s, e)) == 1) {
		struct value row;

		if (value_decode(a, slice_of(arena_copy(a, s.val.p, s.val.n), s.val.n), &row, e) != 0) {
			got = -1;
			break;
		}
		part_read_row(a, &row, load_be32((const uint8_t *)s.key.p + 1), &(*out)[*n]);
		*n += part_has_incident(&(*out)[*n].part, incident);
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

struct page {
	enum list list;
	int64_t since_version; /* -1: the whole list */
	uint64_t after, bound; /* numbers up to bound are complete */
	uint32_t limit;
	struct hit {
		uint64_t number;
		struct listed entry;
		const struct part_edit *part;
	} * hits;
	uint32_t n;
	bool is_more;
};

/* What was listed before the version and changed since; also what left the list. */
static bool wanted(const struct page *p, const struct listed *x)
{
	if (p->since_version < 0)
		return in_list(p->list, x->flags);
	return (int64_t)x->version > p->since_version;
}

static int page_part(struct desk *d, struct page *p, const struct part_edit *part, struct err *e)
{
	uint8_t from[13], to[13];
	uint32_t n_rows = 0, n_hits = 0;
	uint64_t last = 0;
	struct scan s;
	int got = 0;

	number_key(from, part->part.id, p->after + 1);
	number_key(to, part->part.id + 1, 0);
	scan_init(&s, d->store, NULL, TABLE_NUMBER, slice_of(from, 13), slice_of(to, 13), false);
	while (n_hits < p->limit && n_rows++ < LIST_ROWS && (got = scan_next(&s, e)) == 1) {
		struct hit *hit = &p->hits[p->n];

		last = hit->number = load_be64((const uint8_t *)s.key.p + 5);
		hit->part = part;
		if (entry_decode(s.val, part->part.opened_ms, &hit->entry) && wanted(p, &hit->entry)) {
			p->n++;
			n_hits++;
		}
	}
	scan_fini(&s);
	if (got == 1 && last < p->bound) { /* there may be more behind it */
		p->bound = last;
		p->is_more = true;
	}
	return got < 0 ? -1 : 0;
}

static int by_number(const void *a, const void *b)
{
	const struct hit *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static int add_texted(struct desk *d, struct arena *a, int64_t incident, struct value *v, struct looked *last,
	struct err *e)
{
	int64_t version;

	if (jobs_texted(d, a, incident, value_slice(value_get(v, "number")), last, &version, e) != 0)
		return -1;
	if (version >= 0)
		value_add(a, v, "texted", value_int(version));
	return 0;
}

static struct value hit_value(struct desk *d, struct arena *a, const struct hit *h)
{
	const struct value *reason = value_at(&h->part->reasons, (uint32_t)h->entry.reason);
	int64_t expires = fault_ms(d, fault_of(d, h->part->part.fault), "expires_ms");
	struct value v = value_map(a, 10);
	char text[NUMSET_TEXT];

	value_add(a, &v, "number", value_text(a, text, numset_text(h->number, text)));
	value_add(a, &v, "state", value_literal(state_names[STATE_OF(h->entry.flags)]));
	value_add(a, &v, "complained", value_bool(COMPLAINED(h->entry.flags)));
	value_add(a, &v, "stage", value_literal(stage_names[STAGE_OF(h->entry.flags)]));
	value_add(a, &v, "reason", reason == NULL ? value_literal("other") : *reason);
	value_add(a, &v, "city", value_literal(h->part->part.city));
	value_add(a, &v, "version", value_int((int64_t)h->entry.version));
	value_add(a, &v, "since", value_int(h->entry.since_ms));
	if (STAGE_OF(h->entry.flags) == STAGE_FAILED && STATE_OF(h->entry.flags) != STATE_REVIEW)
		value_add(a, &v, "expires", value_int(h->entry.last_ms + expires));
	return v;
}

/* The hits in order, one a number; of a delta those that left the list apart. */
static int page_answer(struct desk *d, struct arena *a, struct page *p, struct value *result, struct err *e)
{
	int64_t incident = value_int_or(value_get(result, "incident"), 0);
	struct looked last_task = {0};
	struct value numbers = value_array(a, 16), removed = value_array(a, 4);
	uint64_t last = 0;
	uint32_t n = 0, i;
	char text[NUMSET_TEXT];

	if (p->n > 1)
		qsort(p->hits, p->n, sizeof(*p->hits), by_number);
	for (i = 0; i < p->n && n < p->limit && p->hits[i].number <= p->bound; i++) {
		if (p->hits[i].number == last)
			continue;
		last = p->hits[i].number;
		n++;
		if (in_list(p->list, p->hits[i].entry.flags)) {
			struct value hit = hit_value(d, a, &p->hits[i]);

			if (add_texted(d, a, incident, &hit, &last_task, e) != 0)
				return -1;
			value_push(a, &numbers, hit);
		} else
			value_push(a, &removed, value_text(a, text, numset_text(last, text)));
	}
	if (i < p->n && p->hits[i].number <= p->bound)
		p->is_more = true; /* the page is full before the bound */
	else
		last = p->bound;
	value_add(a, result, "numbers", numbers);
	if (p->since_version >= 0)
		value_add(a, result, "removed", removed);
	if (p->is_more) {
		value_add(a, result, "after", value_text(a, text, numset_text(last, text)));
		value_add(a, result, "cursor", *value_get(result, "after"));
	}
	return 0;
}

static bool is_untold(uint8_t flags, bool is_failing)
{
	return STATE_OF(flags) == STATE_AFFECTED &&
	       (STAGE_OF(flags) == STAGE_FAILED || (STAGE_OF(flags) == STAGE_FIXED && !is_failing));
}

/* A list's name among the versions of its case. */
static const char *version_key(struct arena *a, const struct part *p)
{
	return arena_printf(a, "%u", p->id);
}

int affected_versions(struct desk *d, struct arena *a, int64_t incident, struct value *out, struct err *e)
{
	struct part_edit *parts;
	uint32_t n;

	if (parts_of_case(d, a, incident, &parts, &n, e) != 0)
		return -1;
	*out = value_map(a, n);
	for (uint32_t i = 0; i < n; i++) {
		const struct run *run = run_find(d->affected, parts[i].part.fault);

		if (run != NULL && !parts[i].part.is_closed)
			value_add(a, out, version_key(a, &parts[i].part),
				value_int(run->version - !(run->is_cut || run->is_read)));
	}
	return 0;
}

int affected_next(struct desk *d, struct arena *a, const struct affected_walk *walk, struct value *numbers,
	struct value *until, bool *is_over, struct err *e)
{
	uint32_t limit = walk->limit;
	struct page p = {.list = LIST_ALL,
		.after = walk->after.n == 0 ? 0 : numset_number(walk->after),
		.bound = UINT64_MAX,
		.limit = limit};
	struct part_edit *parts;
	uint32_t n, i, taken = 0;
	uint64_t last = 0;
	char text[NUMSET_TEXT];

	if (parts_of_case(d, a, walk->incident, &parts, &n, e) != 0)
		return -1;
	p.hits = arena_alloc(a, ((size_t)limit * n + 1) * sizeof(*p.hits));
	for (i = 0; i < n; i++) {
		p.since_version = value_int_or(value_get(walk->since, version_key(a, &parts[i].part)), -1);
		if (page_part(d, &p, &parts[i], e) != 0)
			return -1;
	}
	if (p.n > 1)
		qsort(p.hits, p.n, sizeof(*p.hits), by_number);
	for (i = 0; i < p.n && taken < limit && p.hits[i].number <= p.bound; i++) {
		if (p.hits[i].number == last || !is_untold(p.hits[i].entry.flags, walk->is_failing))
			continue;
		last = p.hits[i].number;
		taken++;
		value_push(a, numbers, value_text(a, text, numset_text(last, text)));
	}
	*is_over = !p.is_more && i == p.n;
	last = p.is_more && taken < limit ? p.bound : i > 0 ? p.hits[i - 1].number : p.after;
	*until = value_text(a, text, numset_text(last, text));
	return 0;
}

static int check_incident(struct desk *d, struct arena *a, int64_t id, struct err *e)
{
	struct value row;

	if (ticket_load(d, NULL, a, id, &row, e) != 0) {
		snprintf(e->argument, sizeof(e->argument), "incident");
		return -1;
	}
	if (!value_is_text(value_get(&row, "kind"), "incident"))
		return err_arg(e, ERR_BAD_REQUEST, "incident", NULL, "ticket %jd is a %s, not an incident",
			(intmax_t)id, value_cstr(a, value_get(&row, "kind")));
	return 0;
}

static int list_id(const struct value *name)
{
	for (int i = 0; list_names[i] != NULL; i++)
		if (value_is_text(name, list_names[i]))
			return i;
	return LIST_AFFECTED;
}

/*
 * Version of the lists; they were read: what changes from now on is another version. A version's first reader
 * makes an entry, so that a kill changes no version; while the store takes nothing, memory remembers.
 */
static int version_read(struct call *c, const struct part_edit *parts, uint32_t n, int64_t *version,
	bool *is_cut, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w;
	bool is_kept = rpc_accepts(d->rpc, e) == 0;

	*is_cut = false;
	*version = 0;
	work_begin(&w, d, c->arena, c->method->name, session_who(c->session), c->roles, c->params);
	for (uint32_t i = 0; i < n; i++) {
		struct run *run = run_find(d->affected, parts[i].part.fault);

		if (run == NULL || parts[i].part.is_closed)
			continue;
		if (!run->is_cut && !run->is_read) {
			run->is_read = true;
			if (is_kept)
				put_run(&w, run);
		}
		if (run->version > *version) {
			*version = run->version;
			*is_cut = run->is_cut;
		}
	}
	if (!tx_is_empty(w.tx))
		return work_commit(&w, e);
	work_abort(&w);
	return 0;
}

static int on_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct arena *a = c->arena;
	const struct value *after;
	int64_t incident = value_int_or(value_get(&c->args, "incident"), 0);
	struct page p = {.list = (enum list)list_id(value_get(&c->args, "list")), .bound = UINT64_MAX};
	uint64_t counts[NUMSET_FLAGS] = {0};
	struct part_edit *parts;
	uint32_t n;
	int64_t version;
	bool is_cut;

	if (cursor_given(a, &c->args, "after", &after, e) != 0 || check_incident(d, a, incident, e) != 0 ||
		parts_of_case(d, a, incident, &parts, &n, e) != 0)
		return -1;
	p.limit = (uint32_t)value_int_or(value_get(&c->args, "limit"), LIST_MAX);
	p.since_version = value_int_or(value_get(&c->args, "since_version"), -1);
	p.after = after == NULL ? 0 : numset_number(value_slice(after));
	if (after != NULL && p.after == 0 && value_get(&c->args, "cursor") != NULL)
		return cursor_wrong(a, c->method->name, after, e);
	if (after != NULL && p.after == 0)
		return err_arg(e, ERR_BAD_REQUEST, "after", NULL,
			"after must be a number as an earlier page gave it");
	p.hits = arena_alloc(a, ((size_t)p.limit * n + 1) * sizeof(*p.hits));
	for (uint32_t i = 0; i < n; i++) {
		if (page_part(d, &p, &parts[i], e) != 0)
			return -1;
		for (uint32_t k = 0; k < NUMSET_FLAGS; k++)
			counts[k] += parts[i].part.counts[k];
	}
	if (version_read(c, parts, n, &version, &is_cut, e) != 0)
		return -1;
	*result = value_map(a, 8);
	value_add(a, result, "incident", value_int(incident));
	value_add(a, result, "list", value_literal(list_names[p.list]));
	value_add(a, result, "version", value_int(version));
	value_add(a, result, "published", value_bool(is_cut));
	value_add(a, result, "counts", counts_value(a, counts));
	return page_answer(d, a, &p, result, e);
}

/* ---- number.settle ------------------------------------------------------------------------------------- */
struct settle {
	enum number_stage stage;
	enum list of;
	int64_t n_settled;
};

/* The given numbers, or up to SETTLE_MAX of a list; *left: there may be more. */
static int settle_part(struct affected_edit *edit, struct part_edit *p, const struct value *numbers,
	struct settle *s, bool *left, struct err *e)
{
	struct desk *d = edit->work->desk;
	struct page page = {.list = s->of, .since_version = -1, .bound = UINT64_MAX, .limit = SETTLE_MAX};
	bool moved;

	for (uint32_t i = 0; numbers != NULL && i < numbers->n; i++) {
		if (edit_settle(edit, p, numset_number(value_slice(&numbers->as.items[i])), s->stage, &moved,
			    e) != 0)
			return -1;
		s->n_settled += moved;
	}
	if (numbers != NULL)
		return 0;
	page.hits = arena_alloc(edit->work->arena, (SETTLE_MAX + 1) * sizeof(*page.hits));
	do {
		page.n = 0;
		page.is_more = false;
		page.bound = UINT64_MAX;
		if (page_part(d, &page, p, e) != 0)
			return -1;
		for (uint32_t i = 0; i < page.n; i++) {
			if (edit_settle(edit, p, page.hits[i].number, s->stage, &moved, e) != 0)
				return -1;
			s->n_settled += moved;
		}
		page.after = page.bound;
	} while (page.is_more && s->n_settled < SETTLE_MAX);
	*left |= page.is_more;
	return 0;
}

static int check_numbers(struct work *w, const struct value *numbers, struct err *e)
{
	if (numbers == NULL)
		return 0;
	if (numbers->n == 0 || numbers->n > SETTLE_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "numbers", NULL,
			"numbers must be a list of 1 to %d numbers", SETTLE_MAX);
	for (uint32_t i = 0; i < numbers->n; i++)
		if (numset_number(value_slice(&numbers->as.items[i])) == 0)
			return err_arg(e, ERR_BAD_REQUEST, "numbers",
				value_cstr(w->arena, &numbers->as.items[i]),
				"numbers[%u] is not 1 to %d digits as text", i, NUMSET_DIGITS);
	return 0;
}

static int settle(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	const struct value *numbers = value_get(args, "numbers"), *list = value_get(args, "list"),
			   *to = value_get(args, "to");
	int64_t incident = value_int_or(value_get(args, "incident"), 0);
	struct settle s = {.of = (enum list)list_id(list)};
	struct affected_edit *edit = affected_begin(w);
	struct part_edit *parts, *p;
	struct value said;
	bool left = false;
	uint32_t n;

	if (check_incident(w->desk, w->arena, incident, e) != 0 || check_numbers(w, numbers, e) != 0)
		return -1;
	if ((numbers == NULL) == (list == NULL))
		return err_arg(e, ERR_BAD_REQUEST, "numbers", NULL, "say either numbers or a list");
	while (stage_names[s.stage] != NULL && !value_is_text(to, stage_names[s.stage]))
		s.stage++;
	if (parts_of_case(w->desk, w->arena, incident, &parts, &n, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		if (parts[i].part.is_closed)
			continue;
		if (edit_part_by_id(edit, parts[i].part.id, &p, e) != 1 ||
			settle_part(edit, p, numbers, &s, &left, e) != 0)
			return -1;
	}
	*result = value_map(w->arena, 2);
	value_add(w->arena, result, "settled", value_int(s.n_settled));
	value_add(w->arena, result, "more", value_bool(left));
	said = value_copy_map(w->arena, result);
	value_add(w->arena, &said, "incident", value_int(incident));
	value_add(w->arena, &said, "to", value_literal(stage_names[s.stage]));
	value_add(w->arena, &w->extra, "settled", said);
	return affected_end(edit, e);
}

static int on_settle(struct call *c, struct value *result, struct err *e)
{
	c->params = slice_of(NULL, 0); /* the rows say which; the entry says who, how many and to what */
	return work_call(c, settle, result, e);
}

static const struct rpc_arg check_args[] = {
	{.name = "number",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = TEXT_BYTES_MAX,
		.help = "as people write it"},
};
static const struct rpc_arg list_args[] = {
	{.name = "incident", .type = ARG_ID, .is_required = true, .help = "the case"},
	{.name = "list", .type = ARG_ENUM, .is_required = true, .words = list_names, .help = "which numbers"},
	{.name = "after", .type = ARG_TEXT, .help = "number to go on behind, instead of a cursor"},
	CURSOR_ARG,
	{.name = "since_version",
		.type = ARG_INT,
		.min = 0,
		.max = ID_MAX,
		.help = "only what changed after that version: numbers came in, removed went out"},
	{.name = "limit",
		.type = ARG_INT,
		.min = 1,
		.max = LIST_MAX,
		.help = "numbers a page, 1000 unless said"},
};
static const struct rpc_arg settle_args[] = {
	{.name = "incident", .type = ARG_ID, .is_required = true, .help = "the case"},
	{.name = "to",
		.type = ARG_ENUM,
		.is_required = true,
		.words = stage_names + 1,
		.help = "the stage they have reached"},
	{.name = "numbers", .type = ARG_ARRAY, .help = "these"},
	{.name = "list",
		.type = ARG_ENUM,
		.words = list_names,
		.help = "or all of a list, 5000 and more at a time"},
};

#define SEEING                                                                                               \
	(ROLE_AGENT | ROLE_SUPERVISOR | ROLE_LEADER | ROLE_OPERATOR | ROLE_ADAPTER | ROLE_AUDITOR |          \
		ROLE_ADMIN)

static const struct rpc_method methods[] = {
	{.name = "number.check",
		.handler = affected_on_check,
		RPC_ARGS(check_args),
		.roles = SEEING | ROLE_INTAKE,
		.help = "Whether a known fault hits the number, and what to say; prompt: what the voice menu "
			"plays "
			"to this caller, by the rules \"prompt\".",
		.returns = "{state=clear|potential|affected, complained, incident?, say?, script?, prompt?, "
			   "since?, "
			   "eta?}"},
	{.name = "number.list",
		.handler = on_list,
		RPC_ARGS(list_args),
		.roles = SEEING & ~(uint32_t)ROLE_AGENT,
		.help = "The numbers of a case, in order, with the sums of its lists.",
		.returns = "{incident, list, version, published, counts, numbers=[{number, state, "
			   "complained, stage, reason, "
			   "city, version, since, expires?, texted?}], removed?=[number], after?, cursor?}"},
	{.name = "number.settle",
		.handler = on_settle,
		RPC_ARGS(settle_args),
		.roles = ROLE_SUPERVISOR | ROLE_LEADER | ROLE_OPERATOR | ROLE_ADAPTER | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Numbers of a case are fixed, told, or silent; a review is settled as silent.",
		.returns = "{settled, more}"},
};

void affected_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
