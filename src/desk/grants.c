#include "grants.h"

#include <string.h>

#include "tocsin/civil.h"

#define NAME_MAX_LEN 128

/* What somebody has given by one grant today, as it stands and as it is to stand. */
struct counter {
	const char *grant, *who;
	int64_t spent;
};

static const char *today(struct work *w)
{
	char *date = arena_alloc(w->arena, 16);

	return civil_format(civil_day_of(w->now_ms), date);
}

static struct slice counter_key(struct work *w, const char *grant, const char *who)
{
	const char *key = arena_printf(w->arena, "grant %s %s", grant, who);

	return slice_of(key, strlen(key));
}

/* What was given today; 0 when the row is of another day. */
static int counter_get(struct work *w, const char *grant, const char *who, int64_t *spent, struct err *e)
{
	struct value row;
	int got = row_get(w->desk, w->tx, w->arena, TABLE_COUNTER, counter_key(w, grant, who), &row, e);

	*spent = 0;
	if (got == 1 && value_is_text(value_get(&row, "day"), today(w)))
		*spent = value_int_or(value_get(&row, "spent"), 0);
	return got < 0 ? -1 : 0;
}

static void counter_put(struct work *w, const struct counter *c)
{
	struct value row = value_map(w->arena, 2);

	value_add(w->arena, &row, "day", value_literal(today(w)));
	value_add(w->arena, &row, "spent", value_int(c->spent));
	row_put(w, TABLE_COUNTER, counter_key(w, c->grant, c->who), &row);
}

/* What a ticket has had of a grant, by anybody on any day. */
static int64_t ticket_spent(const struct value *row, const char *grant)
{
	const struct value *spent = row == NULL ? NULL : value_get(row, "spent");
	int64_t sum = 0;

	for (uint32_t i = 0; spent != NULL && i < spent->n; i++)
		if (value_is_text(value_get(&spent->as.items[i], "grant"), grant))
			sum += value_int_or(value_get(&spent->as.items[i], "amount"), 0);
	return sum;
}

int grants_facts(struct work *w, const struct value *row, struct value *facts, struct err *e)
{
	const struct value *grants = value_get(packs_catalog(w->desk->packs), "grants");
	struct value all = value_map(w->arena, 2);

	for (uint32_t i = 0; grants != NULL && grants->type == VALUE_MAP && i < grants->n; i++) {
		const char *grant = value_cstr(w->arena, &grants->as.pairs[i].key);
		int64_t of_day, of_ticket = ticket_spent(row, grant);
		struct value one = value_map(w->arena, 2);

		if (counter_get(w, grant, w->who, &of_day, e) != 0)
			return -1;
		if (of_day > 0)
			value_add(w->arena, &one, "day", value_int(of_day));
		if (of_ticket > 0)
			value_add(w->arena, &one, "ticket", value_int(of_ticket));
		if (one.n > 0)
			value_add(w->arena, &all, grant, one);
	}
	if (all.n > 0)
		value_add(w->arena, facts, "spent", all);
	return 0;
}

/* ---- applying ------------------------------------------------------------------------------------------ */
struct giving {
	struct work *w;
	struct counter *counters; /* each pair of grant and person once */
	uint32_t n, cap;
	struct value spent; /* of the ticket, as it is to stand */
};

/* The counter of a grant and a person, read when first asked for; NULL with *e. */
static struct counter *counter_of(struct giving *c, const char *grant, const char *who, struct err *e)
{
	struct counter *counter;

	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->counters[i].grant, grant) == 0 && strcmp(c->counters[i].who, who) == 0)
			return &c->counters[i];
	must(c->n < c->cap);
	counter = &c->counters[c->n];
	*counter = (struct counter){.grant = grant, .who = who};
	if (counter_get(c->w, grant, who, &counter->spent, e) != 0)
		return NULL;
	c->n++;
	return counter;
}

static bool is_named(const struct value *names, const struct value *grant)
{
	for (uint32_t i = 0; i < names->n; i++)
		if (value_is_text(&names->as.items[i], "*") || value_equal(&names->as.items[i], grant))
			return true;
	return false;
}

/* What is given back counts for the day on which it was given: past days are not written again. */
static int give_back(struct giving *c, const struct value *names, struct err *e)
{
	struct work *w = c->w;
	struct value kept = value_array(w->arena, c->spent.n);

	for (uint32_t i = 0; i < c->spent.n; i++) {
		const struct value *one = &c->spent.as.items[i];
		struct counter *counter;

		if (!is_named(names, value_get(one, "grant"))) {
			value_push(w->arena, &kept, *one);
			continue;
		}
		if (!value_is_text(value_get(one, "day"), today(w)))
			continue;
		counter = counter_of(c, value_cstr(w->arena, value_get(one, "grant")),
			value_cstr(w->arena, value_get(one, "by")), e);
		if (counter == NULL)
			return -1;
		counter->spent -= value_int_or(value_get(one, "amount"), 0);
		if (counter->spent < 0)
			counter->spent = 0;
	}
	c->spent = kept;
	return 0;
}

static int check_part(
	struct work *w, uint32_t place, const struct value *part, int64_t *amount, struct err *e)
{
	const struct value *grant = value_get(part, "grant"),
			   *grants = value_get(packs_catalog(w->desk->packs), "grants");

	if (!value_is(grant, VALUE_TEXT) || grant->n > NAME_MAX_LEN ||
		value_get_n(grants, grant->as.text, grant->n) == NULL)
		return err_set(
			e, ERR_REJECTED, "the decision's reserve %u names no grant of the catalog", place);
	if (!value_as_int(value_get(part, "amount"), amount) || *amount < 1 || *amount > ID_MAX)
		return err_arg(e, ERR_REJECTED, "amount", NULL,
			"the decision's reserve %u of %s needs an amount: a whole number of fen from 1 on",
			place, value_cstr(w->arena, grant));
	return 0;
}

/* The limits are the decision's own; that both hold is for nobody but us to say. */
static int take(struct giving *c, uint32_t place, const struct value *part, struct err *e)
{
	struct work *w = c->w;
	const char *grant = value_cstr(w->arena, value_get(part, "grant"));
	struct value one = value_map(w->arena, 4), whole = value_map(w->arena, 1);
	struct counter *counter;
	int64_t amount, of_ticket;

	if (check_part(w, place, part, &amount, e) != 0)
		return -1;
	counter = counter_of(c, grant, w->who, e);
	if (counter == NULL)
		return -1;
	value_add(w->arena, &whole, "spent", c->spent);
	of_ticket = ticket_spent(&whole, grant);
	if (of_ticket + amount > value_int_or(value_get(part, "ticket_max"), ID_MAX))
		return err_set(e, ERR_REJECTED,
			"%s of %jd would make %jd by this ticket, more than its limit", grant,
			(intmax_t)amount, (intmax_t)(of_ticket + amount));
	if (counter->spent + amount > value_int_or(value_get(part, "day_max"), ID_MAX))
		return err_set(e, ERR_REJECTED, "%s of %jd would make %jd today, more than the limit of %s",
			grant, (intmax_t)amount, (intmax_t)(counter->spent + amount), w->who);
	if (c->spent.n >= GRANTS_A_TICKET)
		return err_set(e, ERR_REJECTED, "the ticket has had money %d times already", GRANTS_A_TICKET);
	counter->spent += amount;
	value_add(w->arena, &one, "grant", *value_get(part, "grant"));
	value_add(w->arena, &one, "amount", value_int(amount));
	value_add(w->arena, &one, "by", value_literal(w->who));
	value_add(w->arena, &one, "day", value_literal(today(w)));
	value_push(w->arena, &c->spent, one);
	return 0;
}

static bool is_list(const struct value *v)
{
	return v != NULL && v->type == VALUE_ARRAY && v->n > 0;
}

int grants_apply(struct work *w, const struct value *decision, struct value *row, struct err *e)
{
	const struct value *reserve = value_get(decision, "reserve"),
			   *release = value_get(decision, "release"), *spent = value_get(row, "spent");
	struct giving c = {.w = w, .spent = value_array(w->arena, 4)};

	if (!is_list(reserve) && !is_list(release))
		return 0;
	for (uint32_t i = 0; spent != NULL && i < spent->n; i++)
		value_push(w->arena, &c.spent, spent->as.items[i]);
	c.cap = c.spent.n + (is_list(reserve) ? reserve->n : 0);
	c.counters = arena_alloc(w->arena, (c.cap + 1) * sizeof(*c.counters));
	if (is_list(release) && give_back(&c, release, e) != 0)
		return -1;
	for (uint32_t i = 0; is_list(reserve) && i < reserve->n; i++)
		if (take(&c, i + 1, &reserve->as.items[i], e) != 0)
			return -1;
	for (uint32_t i = 0; i < c.n; i++)
		counter_put(w, &c.counters[i]);
	if (c.spent.n > 0)
		value_set(w->arena, row, "spent", c.spent);
	else
		value_unset(row, "spent");
	if (is_list(reserve))
		value_unset(row, "approval");
	return 0;
}

int grants_left(struct work *w, const struct value *decision, const struct value *row, struct value *left,
	struct err *e)
{
	const struct value *reserve = value_get(decision, "reserve");

	*left = value_nil;
	if (!is_list(reserve))
		return 0;
	*left = value_map(w->arena, reserve->n);
	for (uint32_t i = 0; i < reserve->n; i++) {
		const struct value *part = &reserve->as.items[i];
		const char *grant = value_cstr(w->arena, value_get(part, "grant"));
		struct value one = value_map(w->arena, 2);
		int64_t of_day, max;

		if (counter_get(w, grant, w->who, &of_day, e) != 0)
			return -1;
		if (value_as_int(value_get(part, "ticket_max"), &max))
			value_add(w->arena, &one, "ticket_left", value_int(max - ticket_spent(row, grant)));
		if (value_as_int(value_get(part, "day_max"), &max))
			value_add(w->arena, &one, "day_left", value_int(max - of_day));
		value_set(w->arena, left, grant, one);
	}
	return 0;
}

/* ---- grant.list ---------------------------------------------------------------------------------------- */
#define SEES_OTHERS (ROLE_SUPERVISOR | ROLE_LEADER | ROLE_AUDITOR | ROLE_ADMIN)

static int check_person(struct call *c, const char *name, struct err *e)
{
	struct desk *d = c->ctx;
	char roles[ROLE_NAMES_LEN];

	if (strcmp(name, session_who(c->session)) != 0 && (c->roles & SEES_OTHERS) == 0)
		return err_arg(e, ERR_FORBIDDEN, "person", name,
			"the grants of others are for the role %s; %s has the role %s",
			"supervisor, leader, auditor, admin", session_who(c->session),
			role_names(c->roles, roles));
	if (value_get(value_get(packs_catalog(d->packs), "persons"), name) == NULL)
		return err_arg(
			e, ERR_BAD_REQUEST, "person", name, "\"%s\" is not a person of the pack", name);
	return 0;
}

static int grant_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct work w = work_to_ask(c, c->now_ms);
	const char *person = value_cstr(c->arena, value_get(&c->args, "person"));
	struct value facts, who = value_map(c->arena, 1);

	if (person != NULL && check_person(c, person, e) != 0)
		return -1;
	if (person != NULL)
		w.who = person;
	facts = facts_base(&w);
	if (person != NULL &&
		strcmp(person, session_who(c->session)) != 0) { /* its own roles, not the asker's */
		value_add(c->arena, &who, "name", value_literal(person));
		value_set(c->arena, &facts, "who", who);
	}
	if (grants_facts(&w, NULL, &facts, e) != 0 ||
		generation_ask(packs_live(d->packs), "grants", &facts, c->arena, result, e) != 0)
		return -1;
	value_set(c->arena, result, "person", value_literal(w.who));
	return 0;
}

static const struct rpc_arg list_args[] = {
	{.name = "person", .type = ARG_TEXT, .of = "persons", .help = "whose; else the caller's own"},
};
static const struct rpc_method methods[] = {
	{.name = "grant.list",
		.handler = grant_list,
		RPC_ARGS(list_args),
		.roles = ROLE_ANY,
		.help = "What somebody may give away by one ticket and in one day, and what is left of "
			"today's.",
		.returns = "{person, grants=[{name, label, ticket?, day?, day_spent, day_left?}]}"},
};

void grants_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
