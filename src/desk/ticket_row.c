/* Tickets as rows: loading, saving with history and indexes, small questions about them. */
#include <string.h>

#include "desk_int.h"

int ticket_read(
	struct desk *d, struct tx *tx, struct arena *a, int64_t id, struct slice *bytes, struct err *e)
{
	uint8_t key[8];
	struct slice val;
	int got;

	store_be64(key, (uint64_t)id);
	got = tx != NULL ? tx_get(tx, TABLE_TICKET, slice_of(key, 8), &val, e)
			 : store_get(d->store, TABLE_TICKET, slice_of(key, 8), &val, e);
	if (got < 0)
		return -1;
	if (got == 0) {
		char text[32];

		snprintf(text, sizeof(text), "%jd", (intmax_t)id);
		return err_arg(e, ERR_NOT_FOUND, "id", text, "ticket %jd does not exist", (intmax_t)id);
	}
	*bytes = slice_of(arena_copy(a, val.p, val.n), val.n);
	return 0;
}

int ticket_load(struct desk *d, struct tx *tx, struct arena *a, int64_t id, struct value *row, struct err *e)
{
	struct slice bytes;

	return ticket_read(d, tx, a, id, &bytes, e) != 0 ? -1 : value_decode(a, bytes, row, e);
}

int ticket_load_merged(struct work *w, int64_t id, struct value *row, struct err *e)
{
	for (int hops = 0; hops < 8; hops++) {
		int64_t into;

		if (ticket_load(w->desk, w->tx, w->arena, id, row, e) != 0)
			return -1;
		if (!value_as_int(value_get(row, "merged_into"), &into))
			return 0;
		id = into;
	}
	return err_set(e, ERR_INTERNAL, "ticket %jd: more than 8 merges in a row", (intmax_t)id);
}

bool ticket_is_open(const struct value *row)
{
	const struct value *status = value_get(row, "status");

	return !value_is_text(status, "closed") && !value_is_text(status, "rejected") &&
	       !value_is_text(status, "cancelled");
}

int64_t ticket_due_next(const struct value *row)
{
	const struct value *due = value_get(row, "due"), *clocks = value_get(row, "clocks");
	int64_t next = INT64_MAX;

	if (due == NULL || !ticket_is_open(row))
		return INT64_MAX;
	for (uint32_t i = 0; i < due->n; i++) {
		const struct pair *p = &due->as.pairs[i];
		const struct value *clock = value_get_n(clocks, p->key.as.text, p->key.n);
		int64_t at = value_int_or(&p->val, INT64_MAX);

		if (value_true(value_get(clock, "paused")) || value_get(clock, "stopped") != NULL)
			continue;
		if (at < next)
			next = at;
	}
	return next;
}

void ticket_link(struct work *w, struct value *row, const char *type, int64_t id)
{
	const struct value *old = value_get(row, "links");
	struct value links = value_array(w->arena, (old == NULL ? 0 : old->n) + 1);
	struct value link = value_map(w->arena, 2);

	for (uint32_t i = 0; old != NULL && i < old->n; i++) {
		if (value_is_text(value_get(&old->as.items[i], "type"), type) &&
			value_int_or(value_get(&old->as.items[i], "id"), 0) == id)
			return;
		value_push(w->arena, &links, old->as.items[i]);
	}
	value_add(w->arena, &link, "type", value_text(w->arena, type, strlen(type)));
	value_add(w->arena, &link, "id", value_int(id));
	value_push(w->arena, &links, link);
	value_set(w->arena, row, "links", links);
	if (strcmp(type, "parent") == 0 ||
		strcmp(type, "merged_into") == 0) /* followed as fields of the row */
		value_set(w->arena, row, type, value_int(id));
}

/* What changed, for the permanent record: {field=[before, after]}; long texts and ledgers by their new value
 * only. */
static struct value changed_fields(struct work *w, const struct value *before, const struct value *after)
{
	static const char *const derived[] = {"updated", "version", "clocks", "timers", "fired"};
	struct value set = value_map(w->arena, 8);

	for (uint32_t i = 0; i < after->n; i++) {
		const struct pair *p = &after->as.pairs[i];
		const struct value *old = value_get_n(before, p->key.as.text, p->key.n);
		struct value both;
		bool skip = false;

		for (size_t k = 0; k < sizeof(derived) / sizeof(derived[0]); k++)
			skip = skip || value_is_text(&p->key, derived[k]);
		if (skip || (old == NULL && p->val.type == VALUE_NIL) ||
			(old != NULL && value_equal(old, &p->val)))
			continue;
		both = value_array(w->arena, 2);
		value_push(w->arena, &both, old == NULL ? value_nil : *old);
		value_push(w->arena, &both, p->val);
		value_add(w->arena, &set, value_cstr(w->arena, &p->key), both);
	}
	for (uint32_t i = 0; i < before->n; i++) {
		const struct pair *p = &before->as.pairs[i];
		struct value both;

		if (p->val.type == VALUE_NIL || value_get_n(after, p->key.as.text, p->key.n) != NULL ||
			value_is_text(&p->key, "clocks") || value_is_text(&p->key, "timers"))
			continue;
		both = value_array(w->arena, 2);
		value_push(w->arena, &both, p->val);
		value_push(w->arena, &both, value_nil);
		value_set(w->arena, &set, value_cstr(w->arena, &p->key), both);
	}
	return set;
}

static void note_change(struct work *w, const struct value *before, const struct value *after)
{
	static const char *const shown[] = {
		"id", "no", "kind", "version", "status", "stage", "queue", "city", "category"};
	struct value change = value_map(w->arena, 12);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct value *v = value_get(after, shown[i]);

		if (v != NULL)
			value_add(w->arena, &change, shown[i], *v);
	}
	if (before != NULL) {
		const struct value *from = value_get(before, "queue");

		if (from != NULL && value_get(after, "queue") != NULL &&
			!value_equal(from, value_get(after, "queue")))
			value_add(w->arena, &change, "from_queue", *from);
		value_add(w->arena, &change, "set", changed_fields(w, before, after));
	}
	value_push(w->arena, &w->tickets, change);
}

void ticket_save(struct work *w, const struct value *before, struct value *after)
{
	int64_t id = value_int_or(value_get(after, "id"), 0);
	uint8_t key[16];
	struct buf row;

	must(id > 0);
	value_set(w->arena, after, "version", value_int(value_int_or(value_get(before, "version"), 0) + 1));
	value_set(w->arena, after, "updated", value_int(w->now_ms));
	buf_init(&row, (size_t)512 * 1024);
	value_encode(&row, after);
	must(!row.is_full);
	store_be64(key, (uint64_t)id);
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET, slice_of(key, 8), buf_slice(&row));
	tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, 16), slice_of("", 0));
	buf_fini(&row);
	index_update(w, before, after);
	note_change(w, before, after);
}
