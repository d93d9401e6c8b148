/* What is due: promises to customers, reports by law. */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

static void due_line(struct now *n, const struct value *ticket)
{
	const struct value *due = value_get(ticket, "due");
	const char *clock = "";
	int64_t at_ms = INT64_MAX;

	for (uint32_t i = 0; value_is(due, VALUE_MAP) && i < due->n; i++)
		if (value_int_or(&due->as.pairs[i].val, INT64_MAX) < at_ms) {
			at_ms = value_int_or(&due->as.pairs[i].val, INT64_MAX);
			clock = value_cstr(&n->arena, &due->as.pairs[i].key);
		}
	if (at_ms < n->now_ms)
		now_line(n, now_say(n, "LATE by %s: %s %s, %s", "超时 %s：%s %s，%s"), now_ago(n, at_ms),
			now_shown(n, ticket, "no"), now_named(n, "clocks", clock),
			now_named(n, "queues", now_shown(n, ticket, "queue")));
	else
		now_line(n, "%.11s  %s %s, %s", minute_shown(&n->arena, at_ms) + 5,
			now_shown(n, ticket, "no"), now_named(n, "clocks", clock),
			now_named(n, "queues", now_shown(n, ticket, "queue")));
}

/* "12 min", "3 h 40 min". */
static const char *span(struct now *n, int64_t ms)
{
	int64_t minutes = ms / 60000;

	if (minutes < 120)
		return arena_printf(&n->arena, now_say(n, "%jd min", "%jd 分钟"), (intmax_t)minutes);
	return arena_printf(&n->arena, now_say(n, "%jd h %02jd min", "%jd 小时 %02jd 分"),
		(intmax_t)minutes / 60, (intmax_t)minutes % 60);
}

/* Reports that somebody outside is owed: which, in how long, how to print the draft. */
static int report_lines(struct now *n, struct err *e)
{
	struct value result;
	const struct value *drafts;

	if (now_call(n, "draft.list", NULL, &result, e) != 0)
		return -1;
	drafts = value_get(&result, "drafts");
	for (uint32_t i = 0; value_is(drafts, VALUE_ARRAY) && i < drafts->n; i++) {
		const struct value *one = &drafts->as.items[i];
		int64_t due_ms = value_int_or(value_get(one, "due"), 0);
		bool is_late = due_ms < n->now_ms;

		now_line(n,
			is_late ? now_say(n, "%sREPORT LATE by %s: tocsin report %s  (%s)",
					  "%s报告超时 %s：tocsin report %s（%s）")
				: now_say(n, "%sREPORT in %s: tocsin report %s  (%s)",
					  "%s%s内报告：tocsin report %s（%s）"),
			value_true(value_get(one, "drill")) ? now_say(n, "DRILL ", "演练 ") : "",
			span(n, is_late ? n->now_ms - due_ms : due_ms - n->now_ms), now_shown(n, one, "id"),
			now_label(n, value_get(one, "label"), now_shown(n, one, "draft")));
	}
	return 0;
}

/* The promises that end next; the late ones come first. Reports to the outside before all. */
int now_due(struct now *n, struct err *e)
{
	struct value args = value_map(&n->arena, 3), where = value_map(&n->arena, 1), result;
	const struct value *tickets;

	value_add(&n->arena, &where, "open", value_bool(true));
	value_add(&n->arena, &args, "where", where);
	value_add(&n->arena, &args, "order", value_literal("due"));
	value_add(&n->arena, &args, "limit", value_int(3));
	if (now_catalog(n, e) != 0 || report_lines(n, e) != 0 ||
		now_call(n, "ticket.find", &args, &result, e) != 0)
		return -1;
	tickets = value_get(&result, "tickets");
	for (uint32_t i = 0; value_is(tickets, VALUE_ARRAY) && i < tickets->n; i++)
		if (value_get(&tickets->as.items[i], "due") != NULL)
			due_line(n, &tickets->as.items[i]);
	if (n->answers.n == 0)
		now_line(n, "%s", now_say(n, "no clock runs", "没有在走的时限"));
	return 0;
}
