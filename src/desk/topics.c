/*
 * Topics: every entry is also news. topic.event is made from the events table, so a subscriber who was away
 * resumes where it was.
 *
 *   seq of a topic event = entry seq * EVENTS_AN_ENTRY + its place in the entry; increasing, not dense
 *   cursor of a consumer = TABLE_CONSUMER name → {acked, by}, by: the principal whose consumer it is
 */
#include <stdlib.h>
#include <string.h>

#include "desk_int.h"
#include "tocsin/log.h"

#define PUMP_ENTRIES 256 /* a session a turn */
#define PUMP_BYTES ((size_t)128 * 1024)
#define CONSUMER_BYTES_MAX 100
#define TOPICS_MAX 256
#define TOPIC_BYTES_MAX 200

struct subscription {
	struct value topics; /* array of texts, in `arena` */
	uint64_t next;       /* topic seq to look at next */
	uint64_t waits;      /* the first that has no room in this turn; 0: none yet */
	size_t turn_bytes;
	uint32_t roles; /* of who acts, in this turn */
	struct arena arena;
};

/*
 * Who may read a family of topics: whoever may ask for the same by a method. A front desk that only takes
 * complaints in sees none of other people's; a task's parts are for those of task.list.
 */
static const struct topic_family {
	const char *name; /* "task" is task.KIND, too */
	uint32_t roles;
} families[] = {
	{"bulletin", ROLE_ANY},
	{"frontdesk", ROLE_ANY},
	{"incident", ROLE_ANY},
	{"ivr", ROLE_ANY},
	{"rules", ROLE_ANY},
	{"warning", ROLE_ANY},
	{"task", ROLE_SUPERVISOR | ROLE_LEADER | ROLE_OPERATOR | ROLE_ADAPTER | ROLE_AUDITOR | ROLE_ADMIN},
};
#define ROLES_OF_OTHERS (ROLE_ANY & ~ROLE_INTAKE) /* ticket.QUEUE, duty, what a pack names itself */

static uint32_t topic_roles(const char *topic, size_t n)
{
	const char *dot = memchr(topic, '.', n);
	size_t name_n = dot == NULL ? n : (size_t)(dot - topic);

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (strlen(families[i].name) == name_n && memcmp(families[i].name, topic, name_n) == 0)
			return families[i].roles;
	return ROLES_OF_OTHERS;
}

static bool wants(const struct subscription *sub, const char *topic)
{
	for (uint32_t i = 0; i < sub->topics.n; i++) {
		const struct value *t = &sub->topics.as.items[i];

		if (value_is_text(t, "#") || value_is_text(t, topic))
			return true;
		/* "ticket.#" and "ticket.city_support.#" */
		if (t->n >= 2 && memcmp(t->as.text + t->n - 2, ".#", 2) == 0 &&
			strncmp(topic, t->as.text, t->n - 1) == 0)
			return true;
	}
	return false;
}

static void push_event(struct desk *d, struct session *s, struct arena *a, uint64_t seq, const char *topic,
	int64_t at, struct value data)
{
	struct subscription *sub = s->topics;
	struct value event;

	if (seq < sub->next || sub->waits != 0 || !wants(sub, topic) ||
		(topic_roles(topic, strlen(topic)) & sub->roles) == 0)
		return;
	if (sub->turn_bytes >= PUMP_BYTES) {
		sub->waits = seq;
		return;
	}
	event = value_map(a, 4);
	value_add(a, &event, "seq", value_int((int64_t)seq));
	value_add(a, &event, "topic", value_text(a, topic, strlen(topic)));
	value_add(a, &event, "at", value_int(at));
	value_add(a, &event, "data", data);
	session_push(s, "topic.event", &event, store_last_seq(d->store));
	sub->turn_bytes += 256;
}

/* A changed ticket is news for its queue, and for the queue it left. */
static void push_ticket(struct desk *d, struct session *s, struct arena *a, uint64_t seq,
	const struct value *event, const struct value *change)
{
	static const char *const shown[] = {
		"id", "no", "kind", "version", "status", "stage", "queue", "from_queue", "city", "category"};
	const char *queue = value_cstr(a, value_get(change, "queue")),
		   *from = value_cstr(a, value_get(change, "from_queue"));
	const struct value *method = value_get(event, "method");
	struct value data = value_map(a, 14), filled = change_filled(d, a, event, change);
	int64_t at = value_int_or(value_get(event, "at"), 0);

	change = &filled;
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(change, shown[i]) != NULL)
			value_add(a, &data, shown[i], *value_get(change, shown[i]));
	value_add(a, &data, "method", *method);
	value_add(a, &data, "who", *value_get(event, "who"));
	if (value_true(value_get(change, "drill")))
		mark_drill(a, &data);
	if (queue != NULL)
		push_event(d, s, a, seq, arena_printf(a, "ticket.%s", queue), at, data);
	if (from != NULL)
		push_event(d, s, a, seq + 1, arena_printf(a, "ticket.%s", from), at, data);
}

static void push_entry(
	struct desk *d, struct session *s, struct arena *a, uint64_t entry_seq, const struct value *event)
{
	const struct value *tickets = value_get(event, "tickets"), *notices = value_get(event, "notices");
	uint64_t seq = entry_seq * EVENTS_AN_ENTRY;
	int64_t at = value_int_or(value_get(event, "at"), 0);

	if (value_is_text(value_get(event, "method"), "ticket.import"))
		return;
	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++, seq += EVENTS_A_TICKET)
		push_ticket(d, s, a, seq, event, &tickets->as.items[i]);
	for (uint32_t i = 0; notices != NULL && i < notices->n; i++, seq++) {
		const struct value *n = &notices->as.items[i];

		push_event(d, s, a, seq, value_cstr(a, value_at(n, 0)), at,
			value_at(n, 1) == NULL ? value_nil : *value_at(n, 1));
	}
}

static void pump_session(struct desk *d, struct session *s)
{
	struct subscription *sub = s->topics;
	uint64_t last = store_last_seq(d->store);
	int n = 0;

	sub->turn_bytes = 0;
	sub->waits = 0;
	sub->roles = session_roles(d->rpc, s);
	while (sub->next / EVENTS_AN_ENTRY <= last && n++ < PUMP_ENTRIES && sub->turn_bytes < PUMP_BYTES) {
		uint64_t seq = sub->next / EVENTS_AN_ENTRY;
		struct value event;
		struct err e;
		int got;

		arena_reset(&d->arena);
		got = seq == 0 ? 0 : event_load(d, &d->arena, seq, &event, &e);
		if (got < 0) {
			log_line(LOG_ERROR, "topic.broken", "seq=%ju error=\"%s\"", (uintmax_t)seq, e.text);
			return;
		}
		if (got == 1)
			push_entry(d, s, &d->arena, seq, &event);
		sub->next = sub->waits != 0 ? sub->waits : (seq + 1) * EVENTS_AN_ENTRY;
	}
	if (sub->next / EVENTS_AN_ENTRY <= last)
		server_wake(d->server);
}

void topics_pump(struct desk *d)
{
	for (struct session *s = rpc_sessions(d->rpc); s != NULL; s = s->next)
		if (s->topics != NULL && s->conn != NULL && !conn_is_full(s->conn))
			pump_session(d, s);
}

void topics_session_end(struct desk *d, struct session *s)
{
	struct subscription *sub = s->topics;

	(void)d;
	if (sub == NULL)
		return;
	arena_fini(&sub->arena);
	free(sub);
	s->topics = NULL;
}

/* ---- methods ------------------------------------------------------------------------------------------- */
static int consumer_acked(
	struct desk *d, struct arena *a, struct slice name, int64_t *acked, struct value *by, struct err *e)
{
	struct value row;
	int got = row_get(d, NULL, a, TABLE_CONSUMER, name, &row, e);

	*acked = -1;
	*by = value_nil;
	if (got != 1)
		return got;
	*acked = value_int_or(value_get(&row, "acked"), -1);
	if (value_get(&row, "by") != NULL)
		*by = *value_get(&row, "by");
	return 0;
}

/* Behind the last event nobody can have read: whoever believed it would be told nothing for ever. */
static int check_seq(const char *argument, int64_t seq, uint64_t next_entry, struct err *e)
{
	int64_t head = (int64_t)(next_entry * EVENTS_AN_ENTRY) - 1;
	char text[24];

	if (seq <= head)
		return 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)seq);
	return err_arg(e, ERR_BAD_REQUEST, argument, text,
		"%s %jd lies behind the last event, which is at most %jd; is it of another store?", argument,
		(intmax_t)seq, (intmax_t)head);
}

/* What is named must be text and, where it names one topic or family, one that the caller may read. */
static int check_topics(struct call *c, const struct value *topics, struct err *e)
{
	char needs[ROLE_NAMES_LEN], has[ROLE_NAMES_LEN];

	if (topics->n == 0 || topics->n > TOPICS_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "topics", NULL, "topics names %u; expected 1 to %d",
			topics->n, TOPICS_MAX);
	for (uint32_t i = 0; i < topics->n; i++) {
		const struct value *t = &topics->as.items[i];
		uint32_t roles;

		if (t->type != VALUE_TEXT || t->n == 0 || t->n > TOPIC_BYTES_MAX)
			return err_arg(e, ERR_BAD_REQUEST, "topics", NULL,
				"topics[%u] must be text of 1 to %d bytes", i, TOPIC_BYTES_MAX);
		roles = value_is_text(t, "#") ? ROLE_ANY : topic_roles(t->as.text, t->n);
		if ((roles & c->roles) == 0)
			return err_arg(e, ERR_FORBIDDEN, "topics", value_cstr(c->arena, t),
				"the topic \"%s\" needs the role %s; %s has the role %s",
				value_cstr(c->arena, t), role_names(roles, needs), session_who(c->session),
				role_names(c->roles, has));
	}
	return 0;
}

static int topic_subscribe(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *topics = value_get(&c->args, "topics"),
			   *consumer = value_get(&c->args, "consumer");
	int64_t after = value_int_or(value_get(&c->args, "after"), -1);
	struct subscription *sub;
	struct value by;

	if (c->session->conn == NULL)
		return err_set(e, ERR_REJECTED, "topics need a connection of their own");
	if (check_topics(c, topics, e) != 0)
		return -1;
	if (check_seq("after", after, store_last_seq(d->store) + 1, e) != 0 ||
		(after < 0 && consumer != NULL &&
			consumer_acked(d, c->arena, value_slice(consumer), &after, &by, e) != 0))
		return -1;
	topics_session_end(d, c->session);
	sub = calloc(1, sizeof(*sub));
	must(sub != NULL);
	arena_init(&sub->arena, 0);
	sub->topics = value_copy(&sub->arena, topics);
	sub->next = after >= 0 ? (uint64_t)after + 1 : (store_last_seq(d->store) + 1) * EVENTS_AN_ENTRY;
	c->session->topics = sub;
	server_wake(d->server);
	*result = value_map(c->arena, 1);
	value_add(c->arena, result, "seq", value_int((int64_t)sub->next - 1));
	return 0;
}

/* A consumer is its principal's, whatever persons it acts for: nobody else says what it has worked. */
static int check_owner(
	const struct work *w, struct slice name, const char *me, const struct value *by, struct err *e)
{
	if (by->type == VALUE_NIL || value_is_text(by, me) || (w->roles & ROLE_ADMIN) != 0)
		return 0;
	return err_arg(e, ERR_FORBIDDEN, "consumer", arena_text(w->arena, name.p, name.n),
		"the consumer \"%.*s\" is %.*s's, not %s's", (int)name.n, (const char *)name.p, (int)by->n,
		by->as.text, me);
}

static int ack(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct slice name = value_slice(value_get(args, "consumer"));
	const char *me = w->via != NULL ? w->via : w->who;
	int64_t seq = value_int_or(value_get(args, "seq"), 0), acked;
	struct value row = value_map(w->arena, 2), by;

	*result = value_map(w->arena, 1);
	value_add(w->arena, result, "seq", value_int(seq));
	if (consumer_acked(w->desk, w->arena, name, &acked, &by, e) != 0 ||
		check_owner(w, name, me, &by, e) != 0 || check_seq("seq", seq, tx_seq(w->tx), e) != 0)
		return -1;
	if (acked >= seq)
		return 0;
	value_add(w->arena, &row, "acked", value_int(seq));
	value_add(w->arena, &row, "by", by.type == VALUE_NIL ? value_literal(me) : by);
	row_put(w, TABLE_CONSUMER, name, &row);
	return 0;
}

static int topic_ack(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, ack, result, e);
}

static const struct rpc_arg subscribe_args[] = {
	{.name = "topics",
		.type = ARG_ARRAY,
		.is_required = true,
		.help = "names; \"ticket.#\" a family, \"#\" all that the caller may read"},
	{.name = "consumer",
		.type = ARG_TEXT,
		.min = 1,
		.max = CONSUMER_BYTES_MAX,
		.help = "durable name: resumes behind what it acknowledged"},
	{.name = "after", .type = ARG_INT, .min = 0, .max = ID_MAX, .help = "seq to go on behind"},
};
static const struct rpc_arg ack_args[] = {
	{.name = "consumer",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = CONSUMER_BYTES_MAX,
		.help = "the durable name"},
	{.name = "seq",
		.type = ARG_INT,
		.is_required = true,
		.min = 0,
		.max = ID_MAX,
		.help = "the last event that was worked"},
};
static const struct rpc_method methods[] = {
	{.name = "topic.subscribe",
		.handler = topic_subscribe,
		RPC_ARGS(subscribe_args),
		.roles = ROLE_ANY,
		.help = "Have events of topics pushed as [\"topic.event\", [{seq, topic, at, data}]], in "
			"order, at least once.",
		.returns = "{seq}"},
	{.name = "topic.ack",
		.handler = topic_ack,
		RPC_ARGS(ack_args),
		.roles = ROLE_ANY,
		.flags = RPC_CHANGES,
		.help = "A durable consumer has worked everything up to seq.",
		.returns = "{seq}"},
};

void topics_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
