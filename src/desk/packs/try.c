#include "desk/try.h"

#include "desk/desk_int.h"
#include "desk/names.h"
#include "tocsin/civil.h"
#include "tocsin/ledger.h"

struct value facts_local(struct arena *a, int64_t at_ms)
{
	struct value local = value_map(a, 8);
	int32_t day, minute = civil_second_of(at_ms, &day) / 60;
	char *date = arena_alloc(a, 16);
	int year, month, mday;

	civil_split(day, &year, &month, &mday);
	value_add(a, &local, "date", value_borrow(civil_format(day, date), 10));
	value_add(a, &local, "year", value_int(year));
	value_add(a, &local, "month", value_int(month));
	value_add(a, &local, "day", value_int(mday));
	value_add(a, &local, "hour", value_int(minute / 60));
	value_add(a, &local, "minute", value_int(minute % 60));
	value_add(a, &local, "weekday", value_int(civil_weekday(day) + 1));
	value_add(a, &local, "minute_of_day", value_int(minute));
	return local;
}

struct value try_ticket(
	struct arena *a, const struct value *catalog, const struct value *args, int64_t now_ms)
{
	struct value ticket, plain;
	const struct value *number;

	ticket = numbers_plain(a, catalog, args, &plain) ? plain : value_copy_map(a, args);
	number = value_get(&ticket, "number");
	if (value_get(&ticket, "kind") == NULL)
		value_set(a, &ticket, "kind", value_literal("complaint"));
	if (value_get(&ticket, "subject") == NULL && number != NULL && number->n > 0) {
		struct value subject = value_map(a, 2);

		value_add(a, &subject, "type", value_literal("mobile"));
		value_add(a, &subject, "id", *number);
		value_set(a, &ticket, "subject", subject);
	}
	value_set(a, &ticket, "created", value_int(now_ms));
	return ticket;
}

/* ---- what would become of it --------------------------------------------------------------------------- */
static int check_names(
	struct arena *a, const struct value *catalog, const struct value *ticket, struct err *e)
{
	static const char *const named[][2] = {
		{"kind", "kinds"}, {"channel", "channels"}, {"category", "categories"}, {"city", "cities"}};

	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (catalog_check(a, catalog, named[i][1], named[i][0], value_get(ticket, named[i][0]), e) !=
			0)
			return -1;
	return 0;
}

/* When a clock that starts would be due; false while its calendar does not know the year. */
static bool clock_due(struct arena *a, const struct pack_calendars *calendars, const struct value *op,
	const struct value *facts, int64_t *due_ms)
{
	const struct value *from = value_get(op, "from"), *ticket = value_get(facts, "ticket");
	const char *unit = value_cstr(a, value_get(op, "unit"));
	int64_t now_ms = value_int_or(value_get(facts, "now"), 0), from_ms = value_int_or(from, now_ms);
	struct ledger_terms terms = {.calendar = value_cstr(a, value_get(op, "calendar"))};
	struct ledger l;
	struct err e;

	if (value_is_text(from, "received"))
		from_ms = value_int_or(value_get(ticket, "occurred"), now_ms);
	if (value_is_text(from, "received") && from_ms > now_ms)
		from_ms = now_ms;
	if (unit == NULL || unit_parse(unit, &terms.unit, &e) != 0 ||
		ledger_goal(value_get(op, "goal"), terms.unit, &terms.goal, &e) != 0)
		return false;
	if (ledger_start(&l, a, "try", value_true(value_get(op, "statutory")), &terms,
		    terms.calendar == NULL ? NULL : pack_calendars_find(calendars, terms.calendar), from_ms,
		    &e) != 0)
		return false;
	*due_ms = l.due.at_ms;
	return l.due.is_known;
}

static struct value clocks_of(struct arena *a, const struct pack_calendars *calendars,
	const struct value *decision, const struct value *facts)
{
	static const char *const shown[] = {"name", "goal", "unit", "calendar", "statutory", "rule"};
	const struct value *ops = value_get(decision, "clocks");
	struct value clocks = value_array(a, ops == NULL ? 0 : ops->n);

	for (uint32_t i = 0; value_is(ops, VALUE_ARRAY) && i < ops->n; i++) {
		const struct value *op = &ops->as.items[i];
		struct value one = value_map(a, 8);
		int64_t due_ms;

		if (!value_is_text(value_get(op, "op"), "start"))
			continue;
		for (size_t k = 0; k < sizeof(shown) / sizeof(shown[0]); k++)
			if (value_get(op, shown[k]) != NULL)
				value_add(a, &one, shown[k], *value_get(op, shown[k]));
		if (clock_due(a, calendars, op, facts, &due_ms))
			value_add(a, &one, "due", value_int(due_ms));
		value_push(a, &clocks, one);
	}
	return clocks;
}

static struct value ticket_of(struct arena *a, const struct value *facts, const struct value *decision)
{
	struct value ticket = value_copy_map(a, value_get(facts, "ticket"));
	const struct value *set = value_get(decision, "set");

	for (uint32_t i = 0; value_is(set, VALUE_MAP) && i < set->n; i++)
		value_set(a, &ticket, value_cstr(a, &set->as.pairs[i].key), set->as.pairs[i].val);
	value_unset(&ticket, "created");
	return ticket;
}

/* ---- why, and why not ---------------------------------------------------------------------------------- */
static int no_such_rule(struct arena *a, const struct value *rules, const char *name, struct err *e)
{
	const char **names = arena_alloc(a, (rules->n + 1) * sizeof(*names));

	for (uint32_t i = 0; i < rules->n; i++)
		names[i] = value_cstr(a, value_get(&rules->as.items[i], "rule"));
	err_arg(e, ERR_BAD_REQUEST, "why_not", name, "no rule \"%.80s\" is asked about a new ticket", name);
	return err_hint(e, nearest_word(name, names, rules->n));
}

/* "routing/gold customers", or without its set. */
static bool is_called(const struct value *rule, const char *name)
{
	const char *set = rule->n > strlen(name) ? memchr(rule->as.text, '/', rule->n) : NULL;

	return value_is_text(rule, name) ||
	       (set != NULL && slice_cmp(slice_of(set + 1, rule->n - (size_t)(set + 1 - rule->as.text)),
				       slice_of(name, strlen(name))) == 0);
}

static int reasons(
	struct arena *a, const struct value *rules, const char *why_not, struct value *out, struct err *e)
{
	struct value because = value_array(a, 16), not = value_array(a, 16);
	bool is_found = why_not == NULL || strcmp(why_not, "all") == 0;

	for (uint32_t i = 0; i < rules->n; i++) {
		const struct value *rule = &rules->as.items[i];
		bool has_fired = value_true(value_get(rule, "fired"));
		bool is_named = why_not != NULL && is_called(value_get(rule, "rule"), why_not);

		is_found = is_found || is_named;
		if (has_fired)
			value_push(a, &because, *rule);
		else if (is_named || (why_not != NULL && strcmp(why_not, "all") == 0))
			value_push(a, &not, *rule);
	}
	if (!is_found)
		return no_such_rule(a, rules, why_not, e);
	value_add(a, out, "because", because);
	if (why_not != NULL)
		value_add(a, out, "not", not );
	return 0;
}

int try_pack(struct generation *g, const struct pack_calendars *calendars, const struct value *facts,
	const char *why_not, struct arena *a, struct value *out, struct err *e)
{
	static const char *const kept[] = {"refuse", "failed", "advice"};
	struct value decision, rules;
	const struct value *links;

	if (check_names(a, generation_catalog(g), value_get(facts, "ticket"), e) != 0 ||
		generation_ask(g, "create", facts, a, &decision, e) != 0 ||
		generation_explain(g, "create", facts, NULL, a, &rules, e) != 0)
		return -1;
	*out = value_map(a, 10);
	value_add(a, out, "now", *value_get(facts, "now"));
	value_add(a, out, "ticket", ticket_of(a, facts, &decision));
	value_add(a, out, "clocks", clocks_of(a, calendars, &decision, facts));
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (value_get(&decision, kept[i]) != NULL)
			value_add(a, out, kept[i], *value_get(&decision, kept[i]));
	links = value_get(&decision, "links");
	for (uint32_t i = 0; value_is(links, VALUE_ARRAY) && i < links->n; i++)
		if (value_is_text(value_get(&links->as.items[i], "type"), "duplicate_of"))
			value_set(a, out, "duplicate_of", *value_get(&links->as.items[i], "id"));
	return reasons(a, &rules, why_not, out, e);
}
