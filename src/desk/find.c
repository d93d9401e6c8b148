/*
 * ticket.find: pages of tickets by conditions. One index is walked, in its own order, everything else is a
 * filter; work that finds nothing for FIND_US stops with a cursor. The cursor is the last key walked, so it
 * survives restarts. Rows go into the answer as they stand; one is decoded only when a condition needs it.
 */
#include <string.h>

#include "access.h"
#include "find.h"
#include "pages.h"
#include "ticket_code.h"

#define FIND_US 20000
#define FIND_PAGE_BYTES ((size_t)240 * 1024)
#define FIND_MAX 1000

/* How one index can serve: which fields it wants as equal, and the order its keys come in. */
struct plan {
	enum index_id index; /* 0: the tickets themselves, by id */
	struct slice prefix;
	const char *field; /* its condition holds for all that is walked; or NULL */
	bool is_by_due, is_reverse;
};

struct find {
	struct desk *desk;
	struct arena *arena;
	const struct value *where, *fields;
	const char *order; /* without the sign, or NULL */
	const char *own;   /* only what this one took in, or NULL */
	struct plan plan;
	bool needs_rows; /* conditions are left that only the row can answer */
	uint32_t limit, n_tickets;
	struct slice after; /* key to go on behind, or empty */
	struct buf *out;    /* the tickets, encoded */
	uint8_t last_key[STORE_KEY_MAX];
	size_t last_key_n;
};

static const struct value *equal_to(const struct value *where, const char *field)
{
	const struct value *v = value_get(where, field);

	if (v != NULL && v->type == VALUE_MAP)
		v = value_get(v, "eq");
	return v;
}

static bool plan_text(struct find *f, enum index_id index, const char *field)
{
	struct slice text = value_slice(equal_to(f->where, field));

	if (text.n == 0 || text.n >= INDEX_TEXT_MAX) /* longer ones are clipped in the index */
		return false;
	f->plan.index = index;
	f->plan.field = field;
	f->plan.prefix = index_prefix(f->arena, f->desk->lexicon, index, &text, 1);
	return true;
}

static bool plan_subject(struct find *f)
{
	const struct value *subject = equal_to(f->where, "subject");
	struct slice texts[] = {SLICE_TEXT("mobile"), value_slice(equal_to(f->where, "number"))};

	if (subject == NULL)
		subject = value_get(f->where, "subject");
	if (texts[1].n == 0 && subject != NULL) {
		texts[0] = value_slice(value_get(subject, "type"));
		texts[1] = value_slice(value_get(subject, "id"));
	}
	if (texts[1].n == 0 || texts[1].n > INDEX_TEXT_MAX)
		return false;
	f->plan.index = INDEX_SUBJECT;
	f->plan.prefix = index_prefix(f->arena, f->desk->lexicon, INDEX_SUBJECT, texts, 2);
	return true;
}

static bool plan_parent(struct find *f)
{
	int64_t parent;
	uint8_t *p;

	if (!value_as_int(equal_to(f->where, "parent"), &parent))
		return false;
	p = arena_alloc(f->arena, 9);
	p[0] = INDEX_PARENT;
	store_be64(p + 1, (uint64_t)parent);
	f->plan.index = INDEX_PARENT;
	f->plan.prefix = slice_of(p, 9);
	return true;
}

static void plan_status(struct find *f)
{
	struct slice texts[] = {
		value_slice(equal_to(f->where, "kind")), value_slice(equal_to(f->where, "status"))};

	if (texts[0].n == 0)
		texts[0] = SLICE_TEXT("complaint");
	if (texts[1].n == 0 || value_get(f->where, "kind") == NULL)
		return;
	f->plan.index = INDEX_STATUS;
	f->plan.prefix = index_prefix(f->arena, f->desk->lexicon, INDEX_STATUS, texts, 2);
}

/* Order by due: a queue's or a person's list, else all open tickets with a due. Order by id: whatever is
 * narrowest. */
static void make_plan(struct find *f, const char *order)
{
	f->plan.is_reverse = order != NULL && order[0] == '-';
	f->order = order == NULL ? NULL : order + f->plan.is_reverse;
	if (f->order != NULL && strcmp(f->order, "due") == 0) {
		f->plan.is_by_due = true;
		if (plan_text(f, INDEX_OWNER, "owner") || plan_text(f, INDEX_QUEUE, "queue"))
			return;
		f->plan.index = INDEX_DUE;
		f->plan.prefix = index_prefix(f->arena, f->desk->lexicon, INDEX_DUE, NULL, 0);
		return;
	}
	if (plan_subject(f) || plan_parent(f))
		return;
	if (f->order == NULL && (plan_text(f, INDEX_OWNER, "owner") || plan_text(f, INDEX_QUEUE, "queue"))) {
		f->plan.is_by_due = true;
		return;
	}
	if (!plan_text(f, INDEX_CATEGORY, "category") && !plan_text(f, INDEX_CITY, "city"))
		plan_status(f);
}

/* ---- conditions ---------------------------------------------------------------------------------------- */
/* "x" is neither before nor after a time: what compares them by mistake is not to find everything. */
static bool is_comparable(const struct value *a, const struct value *b)
{
	return a->type == b->type || (value_is_number(a) && value_is_number(b));
}

static bool test_one(const struct value *got, const char *op, const struct value *wanted)
{
	int c;

	if (strcmp(op, "in") == 0) {
		for (uint32_t i = 0; value_is(wanted, VALUE_ARRAY) && got != NULL && i < wanted->n; i++)
			if (value_equal(got, &wanted->as.items[i]))
				return true;
		return false;
	}
	if (strcmp(op, "under") == 0) /* a category and what is below it */
		return value_is(got, VALUE_TEXT) && value_is(wanted, VALUE_TEXT) && got->n >= wanted->n &&
		       memcmp(got->as.text, wanted->as.text, wanted->n) == 0 &&
		       (got->n == wanted->n || got->as.text[wanted->n] == '.');
	if (got == NULL)
		return strcmp(op, "eq") == 0 && wanted->type == VALUE_NIL;
	c = value_cmp(got, wanted);
	if (strcmp(op, "eq") != 0 && !is_comparable(got, wanted))
		return false;
	return strcmp(op, "eq") == 0   ? c == 0
	       : strcmp(op, "ge") == 0 ? c >= 0
	       : strcmp(op, "gt") == 0 ? c > 0
	       : strcmp(op, "le") == 0 ? c <= 0
				       : c < 0;
}

/* Whether the walk itself answers this condition. */
static bool is_answered(const struct find *f, const struct pair *p)
{
	return f->plan.field != NULL && value_is_text(&p->key, f->plan.field) &&
	       (p->val.type != VALUE_MAP || p->val.n == 1);
}

/* The field of a row; `due` means the next one, `open` whether it is not over. */
static const struct value *field_of(struct find *f, const struct value *row, const char *name)
{
	struct value *made;

	if (strcmp(name, "due") != 0 && strcmp(name, "open") != 0)
		return value_path(row, name);
	made = arena_alloc(f->arena, sizeof(*made));
	if (name[0] == 'o')
		*made = value_bool(ticket_is_open(row));
	else if (ticket_due_next(f->desk->lexicon, row) == INT64_MAX)
		return NULL;
	else
		*made = value_int(ticket_due_next(f->desk->lexicon, row));
	return made;
}

static bool matches(struct find *f, const struct value *row)
{
	if (f->own != NULL && !value_is_text(value_get(row, "created_by"), f->own))
		return false;
	for (uint32_t i = 0; f->where != NULL && i < f->where->n; i++) {
		const struct pair *p = &f->where->as.pairs[i];
		const char *field = value_cstr(f->arena, &p->key);
		const struct value *got;

		if (is_answered(f, p))
			continue;
		got = field_of(f, row, field);
		if (!find_is_condition(field, &p->val)) {
			if (!test_one(got, "eq", &p->val))
				return false;
			continue;
		}
		for (uint32_t k = 0; k < p->val.n; k++)
			if (!test_one(got, value_cstr(f->arena, &p->val.as.pairs[k].key),
				    &p->val.as.pairs[k].val))
				return false;
	}
	return true;
}

/* ---- walking ------------------------------------------------------------------------------------------- */
/* 1: it may be answered. */
static int is_wanted(struct find *f, struct slice bytes, struct err *e)
{
	struct arena_mark mark = arena_mark(f->arena);
	struct value row;
	int got;

	if (!f->needs_rows)
		return 1;
	if (ticket_decode(f->desk->store, NULL, f->desk->lexicon, f->arena, bytes, &row, e) != 0)
		return -1;
	got = matches(f, &row);
	arena_rewind(f->arena, mark);
	return got;
}

/* Add the row to the page if it fits; 1: it does not, the page ends before it. */
static int take_row(struct find *f, const struct scan *s, struct err *e)
{
	int64_t id = (int64_t)load_be64((const uint8_t *)s->key.p + s->key.n - 8);
	size_t from = f->out->n;
	struct ticket_parts parts;
	struct slice bytes = s->val;
	int got;

	if (f->plan.index != 0 && ticket_bytes(f->desk, NULL, id, &bytes, e) != 0)
		return -1;
	got = is_wanted(f, bytes, e);
	if (got != 1)
		return got;
	if (ticket_parse(bytes, &parts, e) != 0 || ticket_texts(f->desk->store, NULL, &parts, e) != 0)
		return -1;
	if (ticket_compose(f->out, f->desk->lexicon, &parts, f->fields, e) != 0)
		return -1;
	if (f->n_tickets > 0 && (f->out->is_full || f->out->n > FIND_PAGE_BYTES)) {
		f->out->n = from;
		f->out->is_full = false;
		return 1;
	}
	f->n_tickets++;
	return 0;
}

/* Walk [from, to); 1: stopped by a limit, more may follow; 0: walked to the end. */
static int walk(struct find *f, struct slice from, struct slice to, int64_t until_us, struct err *e)
{
	enum table table = f->plan.index == 0 ? TABLE_TICKET : TABLE_INDEX;
	struct scan s;
	int got;

	scan_init(&s, f->desk->store, NULL, table, from, to, f->plan.is_reverse);
	while ((got = scan_next(&s, e)) == 1) {
		if (f->after.n > 0 && slice_cmp(s.key, f->after) == 0)
			continue;
		if (f->n_tickets >= f->limit || (f->last_key_n > 0 && clock_mono_us() > until_us))
			break;
		got = take_row(f, &s, e);
		if (got != 0)
			break;
		memcpy(f->last_key, s.key.p, s.key.n);
		f->last_key_n = s.key.n;
	}
	scan_fini(&s);
	return got;
}

static int find_page(struct find *f, bool *has_more, struct err *e)
{
	struct slice to = f->plan.index == 0 ? slice_of(NULL, 0) : key_after(f->arena, f->plan.prefix);
	struct slice from = f->plan.prefix, bound = to, none;
	int64_t until_us = clock_mono_us() + FIND_US;
	int got;

	if (f->after.n > 0 && !f->plan.is_reverse)
		from = f->after;
	if (f->after.n > 0 && f->plan.is_reverse)
		bound = f->after;
	if (f->plan.is_by_due && f->plan.is_reverse) {
		/* tickets without a due stand at the far end of the index, and last in both orders */
		uint8_t *far = arena_alloc(f->arena, f->plan.prefix.n + 8);

		memcpy(far, f->plan.prefix.p, f->plan.prefix.n);
		store_be64(far + f->plan.prefix.n, (uint64_t)INT64_MAX);
		none = slice_of(far, f->plan.prefix.n + 8);
		if (f->after.n == 0 || slice_cmp(f->after, none) < 0) {
			got = walk(f, from, f->after.n > 0 ? f->after : none, until_us, e);
			if (got != 0) {
				*has_more = got == 1;
				return got < 0 ? -1 : 0;
			}
			f->after.n = 0;
			bound = to;
		}
		from = none;
	}
	got = walk(f, from, bound, until_us, e);
	*has_more = got == 1;
	return got < 0 ? -1 : 0;
}

static int read_cursor(struct find *f, const struct value *cursor, struct err *e)
{
	uint8_t *key;
	int n;

	if (cursor == NULL)
		return 0;
	key = arena_alloc(f->arena, cursor->n / 2 + 1);
	n = unhex(cursor->as.text, cursor->n, key, cursor->n / 2 + 1);
	if (n < 1 || key[0] != (uint8_t)(f->plan.index | (f->plan.is_reverse ? 0x80 : 0)) ||
		(f->plan.index != 0 && ((size_t)n < f->plan.prefix.n + 8 ||
					       memcmp(key + 1, f->plan.prefix.p, f->plan.prefix.n) != 0)) ||
		(f->plan.index == 0 && n != 9))
		return err_arg(e, ERR_BAD_REQUEST, "cursor", NULL, "the cursor belongs to another search");
	f->after = slice_of(key + 1, (size_t)n - 1);
	return 0;
}

#define ANSWER_ROOM 32 /* before the tickets: heads of map and array, one key */

/* {tickets=[…], cursor?}: the head is written before the tickets when their number is known. */
static struct slice answer(struct find *f, bool has_more)
{
	uint8_t head = (uint8_t)(f->plan.index | (f->plan.is_reverse ? 0x80 : 0));
	struct value key = value_literal("tickets");
	struct buf before;

	if (has_more) {
		char *text = arena_alloc(f->arena, 2 * (f->last_key_n + 1) + 1);
		struct value cursor = value_literal("cursor"), hexed;

		hex(&head, 1, text);
		hex(f->last_key, f->last_key_n, text + 2);
		hexed = value_literal(text);
		value_encode(f->out, &cursor);
		value_encode(f->out, &hexed);
	}
	buf_init(&before, ANSWER_ROOM);
	value_encode_map(&before, has_more ? 2 : 1);
	value_encode(&before, &key);
	value_encode_array(&before, f->n_tickets);
	memcpy(f->out->p + ANSWER_ROOM - before.n, before.p, before.n);
	head = (uint8_t)before.n;
	buf_fini(&before);
	return slice_of(f->out->p + ANSWER_ROOM - head, f->out->n - ANSWER_ROOM + head);
}

static int ticket_find(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct find f = {.desk = d,
		.arena = c->arena,
		.where = value_get(&c->args, "where"),
		.fields = value_get(&c->args, "fields"),
		.own = call_own(c),
		.out = &d->scratch};
	bool has_more = false;

	(void)result;
	f.limit = (uint32_t)value_int_or(value_get(&c->args, "limit"), 100);
	if (find_check(c->arena, f.where, f.fields, e) != 0)
		return -1;
	if (f.where != NULL)
		f.where = numbers_plain_where(c->arena, packs_catalog(d->packs), f.where);
	make_plan(&f, value_cstr(c->arena, value_get(&c->args, "order")));
	if (read_cursor(&f, value_get(&c->args, "cursor"), e) != 0)
		return -1;
	f.needs_rows = f.own != NULL;
	for (uint32_t i = 0; f.where != NULL && i < f.where->n; i++)
		f.needs_rows = f.needs_rows || !is_answered(&f, &f.where->as.pairs[i]);
	buf_reset(f.out);
	must(buf_space(f.out, ANSWER_ROOM) != NULL);
	if (find_page(&f, &has_more, e) != 0)
		return -1;
	c->raw = answer(&f, has_more);
	return 0;
}

/* ---- one ticket ---------------------------------------------------------------------------------------- */
/* What is kept as bytes, in a form for people. */
static int show_with(
	struct call *c, const struct value *with, struct slice bytes, struct value *row, struct err *e)
{
	static const struct {
		const char *name;
		struct value (*shown)(struct work *, const struct value *);
	} parts[] = {{"clocks", clocks_shown}, {"timers", timers_shown}};
	struct desk *d = c->ctx;
	struct work w = {.desk = d, .arena = c->arena};
	struct value whole;

	if (ticket_decode(d->store, NULL, d->lexicon, c->arena, bytes, &whole, e) != 0)
		return -1;
	*row = value_copy_map(c->arena, &whole);
	ticket_show(row);
	for (uint32_t i = 0; i < with->n; i++) {
		const struct value *word = &with->as.items[i];
		bool is_known = false;

		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
			if (!value_is_text(word, parts[k].name))
				continue;
			value_set(c->arena, row, parts[k].name, parts[k].shown(&w, &whole));
			is_known = true;
		}
		if (!is_known)
			return err_arg(e, ERR_BAD_REQUEST, "with", value_cstr(c->arena, word),
				"with[%u] is not one of clocks, timers", i);
	}
	return 0;
}

static int ticket_get(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *with = value_get(&c->args, "with");
	struct ticket_parts parts;
	struct slice bytes;

	if (call_may_see(c, value_int_or(value_get(&c->args, "id"), 0), e) != 0 ||
		ticket_bytes(d, NULL, value_int_or(value_get(&c->args, "id"), 0), &bytes, e) != 0)
		return -1;
	if (with != NULL)
		return show_with(c, with, bytes, result, e);
	if (ticket_parse(bytes, &parts, e) != 0 || ticket_texts(d->store, NULL, &parts, e) != 0)
		return -1;
	buf_reset(&d->scratch);
	if (ticket_compose(&d->scratch, d->lexicon, &parts, NULL, e) != 0)
		return -1;
	c->raw = buf_slice(&d->scratch);
	return 0;
}

#define READERS (ROLE_ANY)

static const struct rpc_arg get_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket"},
	{.name = "with",
		.type = ARG_ARRAY,
		.help = "also `clocks` (the ledgers: terms, pauses, voids), `timers` (what is to fire)"}};
static const char *const orders[] = {"id", "-id", "due", "-due", NULL};
static const struct rpc_arg find_args[] = {
	{.name = "where",
		.type = ARG_MAP,
		.help = "{field=value | {eq|in|ge|gt|le|lt|under=…}}; fields of a ticket, `due` (the next), "
			"`open`"},
	{.name = "order",
		.type = ARG_ENUM,
		.words = orders,
		.help = "ids grow as tickets come in; by due without a queue or owner: open ones with a due "
			"only"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = FIND_MAX, .help = "tickets a page, 100"},
	CURSOR_ARG,
	{.name = "fields", .type = ARG_ARRAY, .help = "only these fields of each ticket"},
};

static const struct rpc_method methods[] = {
	{.name = "ticket.get",
		.handler = ticket_get,
		RPC_ARGS(get_args),
		.roles = READERS,
		.help = "One ticket, whole; `erased` when texts of it were erased by law.",
		.returns = "the ticket"},
	{.name = "ticket.find",
		.handler = ticket_find,
		RPC_ARGS(find_args),
		.roles = READERS,
		.help = "Tickets by conditions, a page at a time.",
		.returns = "{tickets, cursor?}"},
};

void find_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
