/* Facts: what the pack is told about a call (decision.h). */
#include <string.h>

#include "breaker.h"
#include "desk_int.h"
#include "try.h"

#define HISTORY_TICKETS 20
#define HISTORY_SEEN_MAX 60 /* rows looked at for them */

struct value facts_base(struct work *w)
{
	struct arena *a = w->arena;
	struct value facts = value_map(a, 10), who = value_map(a, 2), roles = value_map(a, 2);
	char names[ROLE_NAMES_LEN];

	for (uint32_t bit = 0; bit < N_ROLES; bit++)
		if (w->roles & (1u << bit)) {
			role_names(1u << bit, names);
			value_add(a, &roles, arena_text(a, names, strlen(names)), value_bool(true));
		}
	value_add(a, &who, "name", value_literal(w->who));
	value_add(a, &who, "roles", roles);
	value_add(a, &facts, "now", value_int(w->now_ms));
	value_add(a, &facts, "local", facts_local(a, w->now_ms));
	value_add(a, &facts, "who", who);
	breakers_facts(w, &facts);
	return facts;
}

/* The few fields of an earlier ticket that rules may ask about. */
static struct value history_ticket(struct arena *a, const struct value *row)
{
	static const char *const shown[] = {"id", "no", "kind", "category", "city", "status", "stage",
		"queue", "created", "closed", "contacts", "merged_into", "parent"};
	struct value t = value_map(a, sizeof(shown) / sizeof(shown[0]));

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		const struct value *v = value_get(row, shown[i]);

		if (v != NULL)
			value_add(a, &t, shown[i], *v);
	}
	return t;
}

static int newest_first(const void *a, const void *b)
{
	return value_cmp(b, a);
}

/* A ticket is a contact, and so is each further call on it. */
static void add_contacts(struct arena *a, const struct value *row, struct value *times)
{
	const struct value *more = value_get(row, "contact_at");

	if (value_get(row, "created") != NULL)
		value_push(a, times, *value_get(row, "created"));
	for (uint32_t i = 0; more != NULL && i < more->n; i++)
		value_push(a, times, more->as.items[i]);
}

static struct value history_of(
	struct arena *a, struct value tickets, struct value contacts, int64_t n_contacts)
{
	struct value history = value_map(a, 4);

	value_add(a, &history, "n_tickets", value_int(tickets.n));
	value_add(a, &history, "n_contacts", value_int(n_contacts));
	value_add(a, &history, "contacts", contacts);
	value_add(a, &history, "tickets", tickets);
	return history;
}

struct value history_none(struct arena *a)
{
	return history_of(a, value_array(a, 0), value_array(a, 0), 0);
}

int facts_history(struct work *w, const struct value *ticket, struct value *out, struct err *e)
{
	struct slice texts[] = {value_slice(value_path(ticket, "subject.type")),
		value_slice(value_path(ticket, "subject.id"))};
	int64_t since = w->now_ms - packs_limit(w->desk->packs, "history_ms");
	int64_t self = value_int_or(value_get(ticket, "id"), 0), n_contacts = 0;
	struct value tickets = value_array(w->arena, 4), contacts = value_array(w->arena, 4);
	struct slice prefix;
	struct scan s;
	int got = 0, n_seen = 0;

	*out = value_nil;
	if (texts[1].n == 0 || texts[1].n > 200)
		return 0;
	prefix = index_prefix(w->arena, w->desk->lexicon, INDEX_SUBJECT, texts, 2);
	scan_init(&s, w->desk->store, w->tx, TABLE_INDEX, prefix, key_after(w->arena, prefix), true);
	while (tickets.n < HISTORY_TICKETS && n_seen++ < HISTORY_SEEN_MAX && (got = scan_next(&s, e)) == 1) {
		int64_t id = (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8);
		struct value row;

		if (id == self)
			continue;
		if ((got = ticket_load(w->desk, w->tx, w->arena, id, &row, e)) != 0)
			break;
		if (value_int_or(value_get(&row, "created"), 0) < since)
			continue; /* an imported one: newer ids, older times */
		n_contacts += 1 + value_int_or(value_get(&row, "contacts"), 0);
		value_push(w->arena, &tickets, history_ticket(w->arena, &row));
		add_contacts(w->arena, &row, &contacts);
		got = 0;
	}
	scan_fini(&s);
	if (got < 0)
		return -1;
	if (contacts.n > 1)
		qsort(contacts.as.items, contacts.n, sizeof(struct value), newest_first);
	if (contacts.n > HISTORY_TICKETS)
		contacts.n = HISTORY_TICKETS;
	*out = history_of(w->arena, tickets, contacts, n_contacts);
	return 0;
}
