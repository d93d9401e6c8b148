/*
 * ticket.erase: what a ticket says of persons goes for ever, as the law asks (Personal Information Protection
 * Law of China, art. 47). Its entries lose their event parts and salts, the row all that is not on the list
 * below, answers kept for a request_id and tasks their texts; hashes stay, so the chain still proves the
 * rest. The call's own entry says who did it and why.
 *
 * An entry can be of several tickets. One that brought in another ticket, and says of this one nothing but
 * what is kept, stays. Of any other the rest loses the entry, but nothing of what came in: texts that another
 * ticket borrows from it move into that ticket's own row first.
 */
#include <string.h>

#include "heard.h"
#include "tasks.h"
#include "ticket_code.h"

#define ERASE_EVENTS_MAX 10000

/* What figures and reports need and tells nothing of the customer; everything else goes. */
static const char *const kept[] = {"id", "no", "kind", "status", "stage", "version", "channel", "category",
	"city", "priority", "grade", "form", "queue", "department", "owner", "first_owner", "occurred",
	"created", "created_by", "updated", "closed", "complete", "missing", "contacts", "contact_at",
	"last_contact", "tags", "merged_into", "parent", "incident", "links", "escalation", "transfers",
	"ping_pong", "been", "reopened", "urges", "satisfied", "suspended", "due", "late", "clocks", "timers",
	"fired", "spent", "outcome", "source_ref"};

static struct value without_persons(struct arena *a, const struct value *row)
{
	struct value out = value_map(a, row->n);

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (value_get(row, kept[i]) != NULL)
			value_add(a, &out, kept[i], *value_get(row, kept[i]));
	return out;
}

static bool is_kept(const struct value *field)
{
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (value_is_text(field, kept[i]))
			return true;
	return false;
}

/* Whether the entry took in another ticket, and says of this one only what is kept. */
static bool is_anothers(const struct value *event, int64_t id, bool opened_it)
{
	const struct value *tickets = value_get(event, "tickets"), *method = value_get(event, "method");

	if (opened_it || (!value_is_text(method, "ticket.create") && !value_is_text(method, "ticket.import")))
		return false;
	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++) {
		const struct value *set = value_get(&tickets->as.items[i], "set");

		if (value_int_or(value_get(&tickets->as.items[i], "id"), 0) != id)
			continue;
		for (uint32_t k = 0; set != NULL && k < set->n; k++)
			if (!is_kept(&set->as.pairs[k].key))
				return false;
	}
	return true;
}

/* What the ticket borrows from the entry that opened it moves into its row, when it is this entry. */
static int give_texts(struct work *w, int64_t id, uint64_t seq, struct err *e)
{
	struct buf *b = &w->desk->scratch;
	struct ticket_parts parts;
	struct value row;
	struct slice bytes;
	uint8_t key[8];

	if (ticket_bytes(w->desk, w->tx, id, &bytes, e) != 0 || ticket_parse(bytes, &parts, e) != 0)
		return -1;
	if (parts.seq != seq || parts.n_texts == 0)
		return 0;
	if (ticket_load(w->desk, w->tx, w->arena, id, &row, e) != 0)
		return -1;
	parts.n_texts = 0;
	buf_reset(b);
	ticket_encode(b, w->desk->lexicon, &parts, &row);
	must(!b->is_full);
	store_be64(key, (uint64_t)id);
	tx_put(w->tx, TABLE_TICKET, slice_of(key, sizeof(key)), buf_slice(b));
	return 0;
}

/* 1 erased now, 0 there was nothing left or it stays, -1. What another erasure said of itself stays. */
static int erase_one(struct work *w, int64_t id, uint64_t seq, bool opened_it, struct err *e)
{
	const struct value *tickets;
	struct value event;
	int got = event_load(w->desk, w->arena, seq, &event, e);

	if (got <= 0)
		return got;
	if (value_is_text(value_get(&event, "method"), w->method) || is_anothers(&event, id, opened_it))
		return 0;
	tickets = value_get(&event, "tickets");
	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++) {
		int64_t other = value_int_or(value_get(&tickets->as.items[i], "id"), 0);

		if (other != id && give_texts(w, other, seq, e) != 0)
			return -1;
	}
	if (request_erase(w, &event, id, e) != 0 || tasks_erase(w, &event, id, e) != 0)
		return -1;
	return tx_erase_event(w->tx, seq, e) != 0 ? err_prefix(e, "entry %ju", (uintmax_t)seq) : 1;
}

/* The entries of a ticket, its first one first: read before anything is changed. */
static int entries_of(struct work *w, int64_t id, uint64_t first, uint64_t *seqs, uint32_t *n, struct err *e)
{
	uint8_t from[8], to[8];
	struct scan s;
	int got = 0;

	store_be64(from, (uint64_t)id);
	store_be64(to, (uint64_t)id + 1);
	seqs[0] = first;
	*n = 1;
	scan_init(&s, w->desk->store, w->tx, TABLE_TICKET_EVENT, slice_of(from, 8), slice_of(to, 8), false);
	while (*n < ERASE_EVENTS_MAX && (got = scan_next(&s, e)) == 1)
		seqs[(*n)++] = load_be64((const uint8_t *)s.key.p + 8);
	scan_fini(&s);
	if (got == 1)
		return err_set(e, ERR_TOO_LARGE, "ticket %jd has more than %d entries", (intmax_t)id,
			ERASE_EVENTS_MAX);
	return got;
}

static int check_over(const struct value *row, struct err *e)
{
	if (!ticket_is_open(row))
		return 0;
	return err_arg(e, ERR_REJECTED, "id", NULL,
		"ticket %jd is still open: what is being worked cannot be erased; close or cancel it first",
		(intmax_t)value_int_or(value_get(row, "id"), 0));
}

/* What its numbers heard of cases is of the same person. */
static int erase_heard(struct work *w, const struct value *row, struct err *e)
{
	static const char *const numbers[] = {"number", "caller", "callback"};

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (heard_erase(w, value_slice(value_get(row, numbers[i])), e) != 0)
			return -1;
	return 0;
}

static int ticket_erase(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	int64_t id = value_int_or(value_get(args, "id"), 0);
	uint64_t *seqs = arena_alloc(w->arena, ERASE_EVENTS_MAX * sizeof(*seqs));
	struct ticket_parts parts;
	struct value before, after;
	uint32_t n_entries, n_erased = 0;
	struct slice bytes;

	if (ticket_load(w->desk, w->tx, w->arena, id, &before, e) != 0 || check_over(&before, e) != 0 ||
		ticket_bytes(w->desk, w->tx, id, &bytes, e) != 0 || ticket_parse(bytes, &parts, e) != 0 ||
		entries_of(w, id, parts.seq, seqs, &n_entries, e) != 0)
		return -1;
	for (uint32_t i = 0; i < n_entries; i++) {
		int rc = erase_one(w, id, seqs[i], i == 0, e);

		if (rc < 0)
			return -1;
		n_erased += (uint32_t)rc;
	}
	if (n_erased == 0)
		return err_arg(e, ERR_REJECTED, "id", NULL, "ticket %jd is erased already", (intmax_t)id);
	if (erase_heard(w, &before, e) != 0)
		return -1;
	after = without_persons(w->arena, &before);
	w->is_erasing = true;
	if (ticket_save(w, &before, &after, e) != 0)
		return -1;
	*result = value_map(w->arena, 3);
	value_add(w->arena, result, "id", value_int(id));
	value_add(w->arena, result, "entries", value_int(n_erased));
	value_add(w->arena, result, "version", *value_get(&after, "version"));
	return 0;
}

static int on_erase(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, ticket_erase, result, e);
}

static const struct rpc_arg erase_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the ticket; it must be over"},
	{.name = "reason",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = TEXT_BYTES_MAX,
		.help = "who asked for it and by what right; kept for ever"},
};
static const struct rpc_method methods[] = {
	{.name = "ticket.erase",
		.handler = on_erase,
		RPC_ARGS(erase_args),
		.roles = ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Erase by law what a ticket says of persons, in it and in its entries; it cannot be "
			"taken "
			"back, and the chain still verifies.",
		.returns = "{id, entries, version}"},
};

void erase_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
