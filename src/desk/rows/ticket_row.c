/* Tickets as rows: loading, saving with history and indexes, small questions about them. */
#include <string.h>

#include "desk/affected.h"
#include "desk/ticket_code.h"

int ticket_bytes(struct desk *d, struct tx *tx, int64_t id, struct slice *bytes, struct err *e)
{
	uint8_t key[8];
	char text[32];
	int got;

	store_be64(key, (uint64_t)id);
	got = tx != NULL ? tx_get(tx, TABLE_TICKET, slice_of(key, 8), bytes, e)
			 : store_get(d->store, TABLE_TICKET, slice_of(key, 8), bytes, e);
	if (got != 0)
		return got < 0 ? -1 : 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)id);
	return err_arg(e, ERR_NOT_FOUND, "id", text, "ticket %jd does not exist", (intmax_t)id);
}

int ticket_load(struct desk *d, struct tx *tx, struct arena *a, int64_t id, struct value *row, struct err *e)
{
	struct slice bytes;

	if (ticket_bytes(d, tx, id, &bytes, e) != 0)
		return -1;
	if (ticket_decode(d->store, tx, d->lexicon, a, bytes, row, e) != 0)
		return err_prefix(e, "ticket %jd", (intmax_t)id);
	return 0;
}

void ticket_show(struct value *row)
{
	value_unset(row, "clocks");
	value_unset(row, "timers");
}

int ticket_load_merged(struct work *w, int64_t id, struct value *row, struct err *e)
{
	for (int hops = 0; hops < MERGES_MAX; hops++) {
		int64_t into;

		if (ticket_load(w->desk, w->tx, w->arena, id, row, e) != 0)
			return -1;
		if (!value_as_int(value_get(row, "merged_into"), &into))
			return 0;
		id = into;
	}
	return err_set(e, ERR_INTERNAL, "ticket %jd: more than %d merges in a row", (intmax_t)id, MERGES_MAX);
}

const char *const ticket_open_statuses[] = {
	"acknowledged", "inProgress", "pending", "held", "resolved", NULL};

bool ticket_is_open(const struct value *row)
{
	const struct value *status = value_get(row, "status");

	return !value_is_text(status, "closed") && !value_is_text(status, "rejected") &&
	       !value_is_text(status, "cancelled");
}

int64_t ticket_due_next(const struct lexicon *lexicon, const struct value *row)
{
	return ticket_is_open(row) ? clocks_due_next(lexicon, row) : INT64_MAX;
}

void ticket_link(struct work *w, struct value *row, const char *type, int64_t id)
{
	/* followed as fields of the row, which hold one */
	bool is_one = strcmp(type, "parent") == 0 || strcmp(type, "merged_into") == 0;
	const struct value *old = value_get(row, "links");
	struct value links = value_array(w->arena, (old == NULL ? 0 : old->n) + 1);
	struct value link = value_map(w->arena, 2);

	for (uint32_t i = 0; old != NULL && i < old->n; i++) {
		bool is_of_type = value_is_text(value_get(&old->as.items[i], "type"), type);

		if (is_of_type && value_int_or(value_get(&old->as.items[i], "id"), 0) == id)
			return;
		if (!is_of_type || !is_one)
			value_push(w->arena, &links, old->as.items[i]);
	}
	value_add(w->arena, &link, "type", value_text(w->arena, type, strlen(type)));
	value_add(w->arena, &link, "id", value_int(id));
	value_push(w->arena, &links, link);
	value_set(w->arena, row, "links", links);
	if (is_one)
		value_set(w->arena, row, type, value_int(id));
}

/* What the permanent record leaves out: it follows from the rest. */
static bool is_derived(const struct value *key)
{
	static const char *const derived[] = {"updated", "version", "clocks", "timers", "fired", "erased"};

	for (size_t i = 0; i < sizeof(derived) / sizeof(derived[0]); i++)
		if (value_is_text(key, derived[i]))
			return true;
	return false;
}

/*
 * The pair of this key, also where its value is nil. A row is mostly a copy of the one before it, so that it
 * stands at the same place in both.
 */
static const struct pair *pair_of(const struct value *row, const struct value *key, uint32_t place)
{
	if (place < row->n && value_equal(&row->as.pairs[place].key, key))
		return &row->as.pairs[place];
	for (uint32_t i = 0; i < row->n; i++)
		if (value_equal(&row->as.pairs[i].key, key))
			return &row->as.pairs[i];
	return NULL;
}

static void add_change(
	struct work *w, struct value *set, const struct value *key, struct value before, struct value after)
{
	struct value both = value_array(w->arena, 2);

	value_push(w->arena, &both, before);
	value_push(w->arena, &both, after);
	value_add(w->arena, set, value_cstr(w->arena, key), both);
}

/* What changed, for the permanent record: {field=[before, after]}. */
static struct value changed_fields(struct work *w, const struct value *before, const struct value *after)
{
	struct value set = value_map(w->arena, 8);

	must(before->n == 0 || before->as.pairs != NULL);
	for (uint32_t i = 0; i < after->n; i++) {
		const struct pair *p = &after->as.pairs[i], *was = pair_of(before, &p->key, i);
		const struct value *old = was == NULL ? &value_nil : &was->val;

		if (!value_equal(old, &p->val) && !is_derived(&p->key))
			add_change(w, &set, &p->key, *old, p->val);
	}
	for (uint32_t i = 0; i < before->n; i++) {
		const struct pair *p = &before->as.pairs[i];

		if (p->val.type != VALUE_NIL && pair_of(after, &p->key, i) == NULL && !is_derived(&p->key))
			add_change(w, &set, &p->key, p->val, value_nil);
	}
	return set;
}

/* What came in as it is stands in the params of this entry. */
static bool is_in_params(const struct work *w, const struct value *v)
{
	const char *from = w->params.p;

	return from != NULL && v->type == VALUE_TEXT && v->as.text >= from && v->as.text < from + w->params.n;
}

/*
 * The entry says of a changed ticket what topics and history need. Of a new one (which has no version here)
 * only what was decided: kind and number stand in its row for ever, the rest in the params (change_filled).
 */
static void note_change(struct work *w, const struct value *before, const struct value *after)
{
	static const char *const shown[] = {
		"id", "no", "kind", "version", "status", "stage", "queue", "city", "category"};
	struct value change = value_map(w->arena, 12);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct value *v = value_get(after, shown[i]);

		if (v != NULL && (before != NULL || ((i == 0 || i > 3) && !is_in_params(w, v))))
			value_add(w->arena, &change, shown[i], *v);
	}
	if (value_true(value_path(after, "fields.drill")))
		value_add(w->arena, &change, "drill", value_bool(true));
	if (before != NULL) {
		const struct value *from = value_get(before, "queue");

		if (from != NULL && value_get(after, "queue") != NULL &&
			!value_equal(from, value_get(after, "queue")))
			value_add(w->arena, &change, "from_queue", *from);
		if (!w->is_erasing)
			value_add(w->arena, &change, "set", changed_fields(w, before, after));
	}
	value_push(w->arena, &w->tickets, change);
}

struct value change_filled(
	struct desk *d, struct arena *a, const struct value *event, const struct value *change)
{
	static const char *const kept[] = {"no", "kind"}, *const came[] = {"city", "category"};
	const struct value *params = value_at(value_get(event, "params"), 0);
	struct value out = value_copy_map(a, change), row;
	struct err e;

	if (value_get(change, "version") != NULL)
		return out;
	value_add(a, &out, "version", value_int(1));
	if (ticket_load(d, NULL, a, value_int_or(value_get(change, "id"), 0), &row, &e) == 0)
		for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			value_add(a, &out, kept[i], *value_get(&row, kept[i]));
	for (size_t i = 0; i < sizeof(came) / sizeof(came[0]); i++)
		if (value_is_text(value_get(event, "method"), "ticket.create") &&
			value_get(&out, came[i]) == NULL && value_get(params, came[i]) != NULL)
			value_add(a, &out, came[i], *value_get(params, came[i]));
	return out;
}

/* What the new row borrows: of the call that opens it, or what the old row borrowed and the new one still
 * says. */
static int borrow(struct work *w, const struct value *before, const struct value *after,
	struct ticket_parts *p, struct err *e)
{
	struct slice old;

	if (before == NULL) {
		p->seq = tx_seq(w->tx);
		ticket_borrow(p, after, w->params);
		return 0;
	}
	if (ticket_bytes(w->desk, w->tx, value_int_or(value_get(after, "id"), 0), &old, e) != 0 ||
		ticket_parse(old, p, e) != 0 || ticket_texts(w->desk->store, w->tx, p, e) != 0)
		return -1;
	if (w->is_erasing) { /* a text of no bytes in an erased entry: that is what `erased` is read from */
		p->texts[0] = (struct ticket_text){.key = SLICE_TEXT("text")};
		p->n_texts = 1;
		return 0;
	}
	ticket_keep_borrowed(p, after);
	return 0;
}

int ticket_save(struct work *w, const struct value *before, struct value *after, struct err *e)
{
	int64_t id = value_int_or(value_get(after, "id"), 0);
	struct buf *row = &w->desk->scratch;
	struct ticket_parts parts;
	uint8_t key[16];

	must(id > 0);
	value_set(w->arena, after, "version", value_int(value_int_or(value_get(before, "version"), 0) + 1));
	value_set(w->arena, after, "updated", value_int(w->now_ms));
	parts.n_texts = 0;
	if (borrow(w, before, after, &parts, e) != 0)
		return -1;
	buf_reset(row);
	ticket_encode(row, w->desk->lexicon, &parts, after);
	must(!row->is_full);
	store_be64(key, (uint64_t)id);
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET, slice_of(key, 8), buf_slice(row));
	if (before != NULL) /* the row itself says where it begins */
		tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, 16), slice_of("", 0));
	index_update(w, before, after);
	timer_update(w, before, after);
	note_change(w, before, after);
	return affected_saved(w, before, after, e);
}
