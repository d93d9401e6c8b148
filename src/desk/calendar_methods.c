/* calendar.due: when a period ends, by the live pack's calendars. */
#include <string.h>

#include "desk_int.h"
#include "tocsin/calendar.h"

static const struct calendar *calendar_by_name(struct desk *d, const char *name, struct err *e)
{
	const struct calendar *c = packs_calendar(d->packs, name);

	if (c == NULL)
		err_arg(e, ERR_BAD_REQUEST, "calendar", name, "calendar \"%s\" is not in the pack", name);
	return c;
}

/*
 * Natural days roll off holidays and working days need a calendar: where none is named, the pack's own
 * (limits.calendar, else "china") counts. Hours without a calendar are elapsed hours.
 */
static int calendar_due_method(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const char *name = value_cstr(c->arena, value_get(&c->args, "calendar"));
	const struct value *usual = value_path(packs_catalog(d->packs), "limits.calendar");
	const struct calendar *calendar = NULL;
	int64_t due_ms;
	enum unit unit;

	if (unit_parse(value_cstr(c->arena, value_get(&c->args, "unit")), &unit, e) != 0)
		return -1;
	if (name != NULL) {
		calendar = calendar_by_name(d, name, e);
		if (calendar == NULL)
			return -1;
	} else if (unit != UNIT_HOURS) {
		calendar = packs_calendar(d->packs, usual == NULL ? "china" : value_cstr(c->arena, usual));
	}
	if (calendar_due(calendar, value_int_or(value_get(&c->args, "from"), 0),
		    value_int_or(value_get(&c->args, "goal"), 0), unit, &due_ms, e) != 0)
		return -1;
	*result = value_map(c->arena, 1);
	value_add(c->arena, result, "due", value_int(due_ms));
	return 0;
}

static const char *const units[] = {"hours", "natural_days", "working_days", NULL};
static const struct rpc_arg due_args[] = {
	{.name = "from", .type = ARG_TIME, .is_required = true, .help = "when the period begins"},
	{.name = "goal",
		.type = ARG_INT,
		.is_required = true,
		.min = 1,
		.max = GOAL_HOURS_MAX,
		.help = "how many units"},
	{.name = "unit",
		.type = ARG_ENUM,
		.is_required = true,
		.words = units,
		.help = "hours: elapsed, or working ones of a calendar"},
	{.name = "calendar", .type = ARG_TEXT, .of = "calendars", .help = "name in the pack"},
};
static const struct rpc_method methods[] = {
	{.name = "calendar.due",
		.handler = calendar_due_method,
		RPC_ARGS(due_args),
		.roles = ROLE_ANY,
		.help = "When a period ends, counted by the Civil Code of China, arts 200-204.",
		.returns = "{due}"},
};

void calendar_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
