/*
 * ticket.find: pages of tickets by conditions. One index is walked, in its own order, everything else is a
 * filter; work that finds nothing for FIND_US stops with a cursor. The cursor is the last key walked, so it
 * survives restarts.
 */
#include <string.h>

#include "desk_int.h"

#define FIND_US 20000
#define FIND_PAGE_BYTES ((size_t)240 * 1024)
#define FIND_MAX 1000

/* How one index can serve: which fields it wants as equal, and the order its keys come in. */
struct plan {
	enum index_id index; /* 0: the tickets themselves, by id */
	struct slice prefix;
	bool is_by_due, is_reverse;
};

struct find {
	struct desk *desk;
	struct arena *arena;
	const struct value *where;
	const char *order; /* without the sign, or NULL */
	struct plan plan;
	uint32_t limit;
	struct slice after; /* key to go on behind, or empty */
	struct value tickets;
	size_t bytes;
	struct slice last_key;
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

	if (text.n == 0 || text.n > 200)
		return false;
	f->plan.index = index;
	f->plan.prefix = index_prefix(f->arena, index, &text, 1);
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
	if (texts[1].n == 0 || texts[1].n > 200)
		return false;
	f->plan.index = INDEX_SUBJECT;
	f->plan.prefix = index_prefix(f->arena, INDEX_SUBJECT, texts, 2);
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

static bool plan_status(struct find *f)
{
	struct slice texts[] = {
		value_slice(equal_to(f->where, "kind")), value_slice(equal_to(f->where, "status"))};

	if (texts[0].n == 0)
		texts[0] = SLICE_TEXT("complaint");
	if (texts[1].n == 0 || value_get(f->where, "kind") == NULL)
		return false;
	f->plan.index = INDEX_STATUS;
	f->plan.prefix = index_prefix(f->arena, INDEX_STATUS, texts, 2);
	return true;
}

/* Order by due: a queue's or a person's list, else all open tickets with a due. Order by id: whatever is
 * narrowest. */
static int make_plan(struct find *f, const char *order, struct err *e)
{
	f->plan.is_reverse = order != NULL && order[0] == '-';
	f->order = order == NULL ? NULL : order + f->plan.is_reverse;
	if (f->order != NULL && strcmp(f->order, "id") != 0 && strcmp(f->order, "due") != 0 &&
		strcmp(f->order, "created") != 0)
		return err_arg(e, ERR_BAD_REQUEST, "order", order,
			"order \"%s\" is not one of id, -id, due, -due, created, -created", order);
	if (f->order != NULL && strcmp(f->order, "due") == 0) {
		f->plan.is_by_due = true;
		if (plan_text(f, INDEX_OWNER, "owner") || plan_text(f, INDEX_QUEUE, "queue"))
			return 0;
		f->plan.index = INDEX_DUE;
		f->plan.prefix = index_prefix(f->arena, INDEX_DUE, NULL, 0);
		return 0;
	}
	if (plan_subject(f) || plan_parent(f))
		return 0;
	if (f->order == NULL && (plan_text(f, INDEX_OWNER, "owner") || plan_text(f, INDEX_QUEUE, "queue"))) {
		f->plan.is_by_due = true;
		return 0;
	}
	if (plan_text(f, INDEX_CATEGORY, "category") || plan_text(f, INDEX_CITY, "city") || plan_status(f))
		return 0;
	return 0;
}

/* ---- conditions
 * ----------------------------------------------------------------------------------------------- */
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
	return strcmp(op, "eq") == 0   ? c == 0
	       : strcmp(op, "ge") == 0 ? c >= 0
	       : strcmp(op, "gt") == 0 ? c > 0
	       : strcmp(op, "le") == 0 ? c <= 0
				       : c < 0;
}

/* A map is a condition, unless it is a whole subject or customer to compare with. */
static bool is_condition(const char *field, const struct value *v)
{
	return value_is(v, VALUE_MAP) && strcmp(field, "subject") != 0 && strcmp(field, "customer") != 0;
}

#define N_WORDS(list) (sizeof(list) / sizeof((list)[0]))

static int unknown(struct err *e, const char *argument, const char *what, const char *word,
	const char *const *known, size_t n_known)
{
	char hint[WORD_HINT_LEN];

	return err_arg(e, ERR_BAD_REQUEST, argument, word, "%s \"%s\" is not known%s", what, word,
		word_hint(word, known, n_known, hint));
}

static int check_operators(struct arena *a, const char *field, const struct value *condition, struct err *e)
{
	static const char *const ops[] = {"eq", "in", "ge", "gt", "le", "lt", "under"};

	for (uint32_t i = 0; i < condition->n; i++) {
		const struct pair *p = &condition->as.pairs[i];
		const char *op = value_cstr(a, &p->key);
		bool is_known = false;

		for (size_t k = 0; k < N_WORDS(ops); k++)
			is_known = is_known || strcmp(op, ops[k]) == 0;
		if (!is_known)
			return unknown(e, "where", "operator", op, ops, N_WORDS(ops));
		if (strcmp(op, "in") == 0 && p->val.type != VALUE_ARRAY)
			return err_arg(e, ERR_BAD_REQUEST, "where", NULL,
				"where.%s.in must be an array, not %s", field, value_type_name(&p->val));
	}
	return 0;
}

/* A misspelt field would find nothing and look like an answer. */
static int check_where(struct find *f, struct err *e)
{
	static const char *const fields[] = {"id", "no", "kind", "status", "stage", "version", "channel",
		"subject", "number", "caller", "callback", "customer", "category", "city", "title", "text",
		"priority", "form", "fields", "occurred", "source_ref", "outcome", "created", "created_by",
		"updated", "closed", "complete", "missing", "contacts", "last_contact", "grade", "queue",
		"department", "owner", "first_owner", "reply", "resolution", "cause", "tags", "merged_into",
		"escalation", "transfers", "reopened", "urges", "suspended", "parent", "late", "advice",
		"due", "open", "links", "clocks", "timers", "fired"};

	for (uint32_t i = 0; f->where != NULL && i < f->where->n; i++) {
		const struct pair *p = &f->where->as.pairs[i];
		const char *field = value_cstr(f->arena, &p->key);
		size_t n = strcspn(field, ".");
		bool is_known = false;

		for (size_t k = 0; k < N_WORDS(fields); k++)
			is_known = is_known || (strlen(fields[k]) == n && memcmp(fields[k], field, n) == 0);
		if (!is_known)
			return unknown(e, "where", "field", field, fields, N_WORDS(fields));
		if (is_condition(field, &p->val) && check_operators(f->arena, field, &p->val, e) != 0)
			return -1;
	}
	return 0;
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
	else if (ticket_due_next(row) == INT64_MAX)
		return NULL;
	else
		*made = value_int(ticket_due_next(row));
	return made;
}

static bool matches(struct find *f, const struct value *row)
{
	for (uint32_t i = 0; f->where != NULL && i < f->where->n; i++) {
		const struct pair *p = &f->where->as.pairs[i];
		const char *field = value_cstr(f->arena, &p->key);
		const struct value *got = field_of(f, row, field);

		if (!is_condition(field, &p->val)) {
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

/* ---- walking
 * ---------------------------------------------------------------------------------------------------- */
static int take_row(struct find *f, const struct scan *s, struct err *e)
{
	int64_t id = (int64_t)load_be64((const uint8_t *)s->key.p + s->key.n - 8);
	struct slice bytes;
	struct value row;

	if (ticket_read(f->desk, NULL, f->arena, id, &bytes, e) != 0 ||
		value_decode(f->arena, bytes, &row, e) != 0)
		return -1;
	if (matches(f, &row)) {
		f->bytes += bytes.n;
		value_push(f->arena, &f->tickets, row);
	}
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
		if (f->tickets.n >= f->limit || f->bytes >= FIND_PAGE_BYTES ||
			(f->last_key.n > 0 && clock_mono_us() > until_us))
			break;
		if (take_row(f, &s, e) != 0) {
			got = -1;
			break;
		}
		f->last_key = slice_of(arena_copy(f->arena, s.key.p, s.key.n), s.key.n);
	}
	scan_fini(&s);
	return got;
}

static int find_page(struct find *f, bool *has_more, struct err *e)
{
	struct slice to = f->plan.index == 0 ? slice_of(NULL, 0) : key_after(f->arena, f->plan.prefix);
	struct slice from = f->plan.prefix, bound = to, none = to;
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

static int ticket_find(struct call *c, struct value *result, struct err *e)
{
	struct find f = {
		.desk = c->ctx, .arena = c->arena, .where = value_get(&c->args, "where"), .limit = 100};
	bool has_more = false;

	f.limit = (uint32_t)value_int_or(value_get(&c->args, "limit"), 100);
	f.tickets = value_array(c->arena, 16);
	if (check_where(&f, e) != 0 ||
		make_plan(&f, value_cstr(c->arena, value_get(&c->args, "order")), e) != 0 ||
		read_cursor(&f, value_get(&c->args, "cursor"), e) != 0 || find_page(&f, &has_more, e) != 0)
		return -1;
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "tickets", f.tickets);
	if (has_more) {
		char *text = arena_alloc(c->arena, 2 * (f.last_key.n + 1) + 1);
		uint8_t head = (uint8_t)(f.plan.index | (f.plan.is_reverse ? 0x80 : 0));

		hex(&head, 1, text);
		hex(f.last_key.p, f.last_key.n, text + 2);
		value_add(c->arena, result, "cursor", value_literal(text));
	}
	return 0;
}

static int ticket_get(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	uint8_t key[8];
	struct slice val;
	int got;

	(void)result;
	store_be64(key, (uint64_t)value_int_or(value_get(&c->args, "id"), 0));
	got = store_get(d->store, TABLE_TICKET, slice_of(key, 8), &val, e);
	if (got == 1) {
		c->raw = val; /* the row is the answer, as it stands */
		return 0;
	}
	return got < 0 ? -1
		       : ticket_load(
				 d, NULL, c->arena, value_int_or(value_get(&c->args, "id"), 0), result, e);
}

#define READERS (ROLE_ANY)

static const struct rpc_arg get_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket"}};
static const struct rpc_arg find_args[] = {
	{.name = "where",
		.type = ARG_MAP,
		.help = "{field=value | {eq|in|ge|gt|le|lt|under=…}}; fields of a ticket, `due` (the next), "
			"`open`"},
	{.name = "order", .type = ARG_TEXT, .help = "id, -id, due, -due, created, -created"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = FIND_MAX, .help = "tickets a page, 100"},
	{.name = "cursor", .type = ARG_TEXT, .help = "of the page before"},
};

static const struct rpc_method methods[] = {
	{.name = "ticket.get",
		.handler = ticket_get,
		RPC_ARGS(get_args),
		.roles = READERS,
		.help = "One ticket, whole.",
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
