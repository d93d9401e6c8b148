/* What must hold, read from the rows alone: tickets, timers, indexes, events. */
#include "sim.h"

#include <string.h>

#include "tocsin/ledgers.h"

#define FIRES_MAX 8192

/* What the log of events has told so far. */
struct told {
	struct sim *sim;
	int64_t version[TICKETS_MAX];
	uint32_t n_created[REQUESTS_MAX];
	uint8_t chain[SHA256_LEN];
	struct fire {
		int64_t ticket, percent;
		char clock[LEDGER_TEXT_MAX];
	} fires[FIRES_MAX];
	uint32_t n_fires;
};

/* ---- events -------------------------------------------------------------------------------------------- */
static int check_chain(struct told *t, struct slice row)
{
	const struct entry *en = arena_copy(&t->sim->arena, row.p, row.n);
	uint8_t hash[SHA256_LEN];

	entry_hash(en, hash);
	entry_chain(t->chain, en->seq, hash, t->chain);
	if (memcmp(hash, en->event_hash, SHA256_LEN) != 0 || memcmp(t->chain, en->chain, SHA256_LEN) != 0)
		return sim_wrong(t->sim, "the chain breaks at event %ju", (uintmax_t)en->seq);
	return 0;
}

/* A ticket that somebody acted on may start its clocks again; else a percentage fires once. */
static void forget_fires(struct told *t, int64_t ticket)
{
	for (uint32_t i = 0; i < t->n_fires; i++)
		if (t->fires[i].ticket == ticket)
			t->fires[i--] = t->fires[--t->n_fires];
}

static int check_fire(struct told *t, const struct value *event)
{
	const struct value *timer = value_get(event, "params");
	struct fire f = {.ticket = value_int_or(value_get(timer, "ticket"), 0),
		.percent = value_int_or(value_get(timer, "percent"), 0)};
	struct slice clock = value_slice(value_get(timer, "clock"));

	if (!value_is_text(value_get(timer, "kind"), "clock"))
		return 0;
	must(clock.n < sizeof(f.clock) && t->n_fires < FIRES_MAX);
	memcpy(f.clock, clock.p, clock.n);
	for (uint32_t i = 0; i < t->n_fires; i++)
		if (t->fires[i].ticket == f.ticket && t->fires[i].percent == f.percent &&
			strcmp(t->fires[i].clock, f.clock) == 0)
			return sim_wrong(t->sim, "clock %s of ticket %jd fired %jd %% twice", f.clock,
				(intmax_t)f.ticket, (intmax_t)f.percent);
	t->fires[t->n_fires++] = f;
	return 0;
}

static int check_versions(struct told *t, const struct value *event, bool is_timer)
{
	const struct value *tickets = value_get(event, "tickets");

	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++) {
		int64_t id = value_int_or(value_get(&tickets->as.items[i], "id"), 0),
			version = value_int_or(value_get(&tickets->as.items[i], "version"), 1);

		must(id > 0 && id < TICKETS_MAX);
		if (version != t->version[id] + 1)
			return sim_wrong(t->sim, "ticket %jd went from version %jd to %jd", (intmax_t)id,
				(intmax_t)t->version[id], (intmax_t)version);
		t->version[id] = version;
		if (!is_timer)
			forget_fires(t, id);
	}
	return 0;
}

static int check_event(struct told *t, struct slice row)
{
	const struct value *request_id, *params;
	struct value event;
	struct err e;
	unsigned n;

	if (value_decode(&t->sim->arena, store_event_part(row), &event, &e) != 0)
		return sim_wrong(t->sim, "an event does not decode: %s", e.text);
	params = value_at(value_get(&event, "params"), 0);
	request_id = value_get(params, "request_id");
	if (value_is_text(value_get(&event, "method"), "ticket.create") && request_id != NULL) {
		must(sscanf(value_cstr(&t->sim->arena, request_id), "r%u", &n) == 1 && n < REQUESTS_MAX);
		if (++t->n_created[n] > 1)
			return sim_wrong(t->sim, "request r%u was worked twice", n);
	}
	if (value_is_text(value_get(&event, "method"), "timer.fire")) {
		t->sim->counts.n_fired++;
		return check_fire(t, &event) != 0 ? -1 : check_versions(t, &event, true);
	}
	return check_versions(t, &event, false);
}

static int check_events(struct told *t)
{
	struct sim *s = t->sim;
	uint8_t chain[SHA256_LEN];
	uint64_t seq = 0, head;
	struct scan scan;
	struct err e;
	int got, rc = 0;

	s->counts.n_fired = 0;
	scan_init(&scan, s->store, NULL, TABLE_EVENT, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while (rc == 0 && (got = scan_next(&scan, &e)) == 1) {
		arena_reset(&s->arena);
		if (load_be64(scan.key.p) != ++seq)
			rc = sim_wrong(s, "event %ju is missing", (uintmax_t)seq);
		else if (check_chain(t, scan.val) != 0 || check_event(t, scan.val) != 0)
			rc = -1;
	}
	scan_fini(&scan);
	if (rc != 0)
		return rc;
	journal_head(s->store->journal, &head, chain);
	if (head != seq || memcmp(chain, t->chain, SHA256_LEN) != 0)
		return sim_wrong(s, "the head %ju is not the chain of the %ju events", (uintmax_t)head,
			(uintmax_t)seq);
	for (uint32_t i = 0; i < s->n_requests; i++)
		if (s->requests[i].is_answered && t->n_created[i] != 1)
			return sim_wrong(s, "request r%u was answered, but its ticket is gone", i);
	return 0;
}

/* ---- tickets and timers -------------------------------------------------------------------------------- */
/* A running clock has fired what is over and waits for what is to come; one at rest waits for nothing. */
static int check_clock(
	struct sim *s, const struct value *row, const struct ledger_slot *slot, bool is_advanced)
{
	const struct ledger *l = &slot->ledger;
	const struct ledger_terms *terms = ledger_terms(l);
	int64_t id = value_int_or(value_get(row, "id"), 0),
		fired = value_int_or(value_get(value_get(row, "fired"), l->name), 0), last;
	bool waits = slot->armed_percent > 0, runs;

	if (ledger_check(l) != NULL)
		return sim_wrong(s, "ticket %jd holds a damaged clock", (intmax_t)id);
	last = terms->n_percents > 0 ? terms->percents[terms->n_percents - 1].percent : 0;
	runs = !ledger_is_stopped(l) && !ledger_is_paused(l) && l->due.is_known;
	if (waits != (runs && fired < last) || (waits && slot->armed_percent <= fired))
		return sim_wrong(s, "clock %s of ticket %jd, %jd %% fired, %s timer", l->name, (intmax_t)id,
			(intmax_t)fired, waits ? "has a needless" : "lacks its");
	if (runs && is_advanced && l->due.at_ms <= s->clock.now_ms && fired < 100 && last >= 100)
		return sim_wrong(s, "clock %s of ticket %jd was due at %jd, it is %jd and only %jd %% fired",
			l->name, (intmax_t)id, (intmax_t)l->due.at_ms, (intmax_t)s->clock.now_ms,
			(intmax_t)fired);
	return 0;
}

/* Its timer is there; one that is over has none, whatever rules asked for. */
static int check_timer(struct sim *s, const struct value *row, uint64_t *n_timers)
{
	int64_t id = value_int_or(value_get(row, "id"), 0), next = timers_next(row);
	uint8_t key[DUE_KEY_LEN];
	struct slice found;
	struct err e;

	if (next == INT64_MAX)
		return 0;
	if (!ticket_is_open(row))
		return sim_wrong(s, "ticket %jd is over and has a timer", (intmax_t)id);
	++*n_timers;
	due_key(key, next, (uint64_t)id);
	if (store_get(s->store, TABLE_TIMER, slice_of(key, sizeof(key)), &found, &e) != 1)
		return sim_wrong(s, "ticket %jd waits for a timer that is not there", (intmax_t)id);
	return 0;
}

static int check_ticket(struct told *t, struct slice val, bool is_advanced, uint64_t *n_timers)
{
	struct sim *s = t->sim;
	struct ledger_slot *slots;
	struct value row;
	struct err e;
	int64_t id, version;
	uint32_t n;

	if (ticket_decode(s->store, NULL, s->desk->lexicon, &s->arena, val, &row, &e) != 0 ||
		ledgers_decode(&s->arena, s->desk->lexicon, value_slice(value_get(&row, "clocks")), &slots,
			&n, &e) != 0)
		return sim_wrong(s, "a ticket does not decode: %s", e.text);
	id = value_int_or(value_get(&row, "id"), 0);
	version = value_int_or(value_get(&row, "version"), 0);
	must(id > 0 && id < TICKETS_MAX);
	if (version != t->version[id] || version < s->versions[id].seen)
		return sim_wrong(s, "ticket %jd is at version %jd; its events say %jd, it was at %jd",
			(intmax_t)id, (intmax_t)version, (intmax_t)t->version[id],
			(intmax_t)s->versions[id].seen);
	s->versions[id].seen = s->versions[id].durable = version;
	t->version[id] = 0;
	for (uint32_t i = 0; i < n; i++)
		if (check_clock(s, &row, &slots[i], is_advanced) != 0)
			return -1;
	return check_timer(s, &row, n_timers);
}

static int check_tickets(struct told *t, bool is_advanced, uint64_t *n_timers)
{
	struct sim *s = t->sim;
	struct scan scan;
	struct err e;
	int rc = 0;

	scan_init(&scan, s->store, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while (rc == 0 && scan_next(&scan, &e) == 1) {
		arena_reset(&s->arena);
		rc = check_ticket(t, scan.val, is_advanced, n_timers);
	}
	scan_fini(&scan);
	for (int id = 1; rc == 0 && id < TICKETS_MAX; id++)
		if (t->version[id] != 0)
			rc = sim_wrong(s, "ticket %d has events but no row", id);
	return rc;
}

static int check_timers(struct sim *s, bool is_advanced, uint64_t n_wanted)
{
	uint64_t n = 0;
	struct scan scan;
	struct err e;
	int rc = 0;

	scan_init(&scan, s->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while (rc == 0 && scan_next(&scan, &e) == 1) {
		n += timer_owner(load_be64((const uint8_t *)scan.key.p + 8)) == TIMER_OF_TICKET;
		if (is_advanced && (int64_t)load_be64(scan.key.p) <= s->clock.now_ms)
			rc = sim_wrong(s, "a timer due at %jd is left at %jd",
				(intmax_t)load_be64(scan.key.p), (intmax_t)s->clock.now_ms);
	}
	scan_fini(&scan);
	if (rc == 0 && n != n_wanted)
		return sim_wrong(
			s, "%ju timers are stored, tickets wait for %ju", (uintmax_t)n, (uintmax_t)n_wanted);
	if (rc == 0 && due_audit(s->desk->due, &e) != 0)
		return sim_wrong(s, "due_audit: %s", e.text);
	return rc;
}

static void say_wrong(void *udata, const char *line)
{
	sim_wrong(udata, "index: %s", line);
}

int sim_check(struct sim *s, bool is_advanced)
{
	struct told *t = calloc(1, sizeof(*t));
	uint64_t n_timers = 0;
	int rc;

	must(t != NULL);
	t->sim = s;
	s->counts.n_checks++;
	rc = check_events(t) != 0 || check_tickets(t, is_advanced, &n_timers) != 0 ||
			     check_timers(s, is_advanced, n_timers) != 0 ||
			     desk_check_index(NULL, s->store, say_wrong, s) != 0
		     ? -1
		     : 0;
	free(t);
	return rc;
}
