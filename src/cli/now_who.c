/* Who is on it, who comes next: cases and warnings first, then who is on duty. */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

/* ---- cases and warnings -------------------------------------------------------------------------------- */
static const char *names(struct now *n, const struct value *persons)
{
	const char *out = "";

	for (uint32_t i = 0; value_is(persons, VALUE_ARRAY) && i < persons->n; i++) {
		const struct value *p = &persons->as.items[i];

		out = arena_printf(&n->arena, "%s%s%s", out, i == 0 ? "" : now_say(n, ", ", "、"),
			p->type == VALUE_MAP ? now_person(n, p)
					     : now_named(n, "persons", value_cstr(&n->arena, p)));
	}
	return out;
}

/* "; 10:45 Zhou Gang", or that nobody is left to call. */
static const char *next_call(struct now *n, const struct value *warning)
{
	const struct value *next = value_get(warning, "next_call"), *people = value_get(next, "people");

	if (next == NULL)
		return "";
	return arena_printf(&n->arena, now_say(n, "; %s %s", "；%s %s"),
		now_hhmm(n, value_int_or(value_get(next, "at"), 0)),
		people->n == 0 ? now_say(n, "again, nobody is left above", "再催告，已无上级")
			       : names(n, people));
}

/* Who acknowledged it and who comes next; or that nobody has, and who was called. */
static const char *taken(struct now *n, const struct value *warning)
{
	const struct value *ack = value_get(warning, "ack"), *until = value_get(ack, "until");
	const char *called = names(n, value_get(warning, "called"));

	if (ack != NULL)
		return arena_printf(&n->arena, now_say(n, "%s since %s%s%s", "%s %s 起确认%s%s"),
			now_named(n, "persons", now_shown(n, ack, "by")),
			now_hhmm(n, value_int_or(value_get(ack, "at"), 0)),
			until == NULL ? "" : now_say(n, ", until ", "，至 "),
			until == NULL ? "" : now_hhmm(n, value_int_or(until, 0)));
	return arena_printf(&n->arena, now_say(n, "NOBODY yet%s%s%s", "无人确认%s%s%s"),
		next_call(n, warning), *called == '\0' ? "" : now_say(n, "; called ", "；已叫 "), called);
}

/* "Shenzhen, recharge not credited"; and that its case is over, or there never was one. */
static const char *without_case(struct now *n, const struct value *warning)
{
	const struct value *caseless = value_get(warning, "caseless");

	if (caseless == NULL)
		return now_place(n, warning);
	return arena_printf(&n->arena, now_say(n, "%s, NO CASE since %s", "%s，%s 起没有事件单"),
		now_place(n, warning), now_hhmm(n, value_int_or(value_get(caseless, "since"), 0)));
}

static const struct value *case_of(const struct value *cases, const struct value *warning)
{
	const struct value *id = value_get(warning, "incident");

	for (uint32_t i = 0; id != NULL && value_is(cases, VALUE_ARRAY) && i < cases->n; i++)
		if (value_equal(value_get(&cases->as.items[i], "id"), id))
			return &cases->as.items[i];
	return NULL;
}

static bool is_told(const struct value *told, const struct value *id)
{
	for (uint32_t i = 0; i < told->n; i++)
		if (value_equal(&told->as.items[i], id))
			return true;
	return false;
}

/* "#12 restoring Lu Min, Peng Yan"; before somebody took it, its owner is only whose desk it lies on. */
static const char *case_text(struct now *n, const struct value *one)
{
	const struct value *maintainers = value_get(one, "maintainers"), *owner = value_get(one, "owner");
	const char *stage = now_shown(n, one, "stage"), *who = "";

	if (value_is(maintainers, VALUE_ARRAY) && maintainers->n > 0)
		who = names(n, maintainers);
	else if (owner != NULL && !value_is_text(value_get(one, "status"), "acknowledged"))
		who = now_named(n, "persons", value_cstr(&n->arena, owner));
	return arena_printf(&n->arena, "%s#%s %s%s%s",
		value_true(value_get(one, "drill")) ? now_say(n, "DRILL ", "演练 ") : "",
		now_shown(n, one, "id"),
		now_label(n,
			value_path(&n->catalog,
				arena_printf(&n->arena, "kinds.incident.stages.%s.label", stage)),
			stage),
		*who == '\0' ? "" : " ", who);
}

/* Each case once, under its worst warning; then the cases that nothing warns of. */
static int case_lines(struct now *n, struct err *e)
{
	struct value result, told = value_array(&n->arena, 8);
	const struct value *cases;

	if (now_warnings(n, e) != 0 || now_call(n, "incident.list", NULL, &result, e) != 0)
		return -1;
	cases = value_get(&result, "incidents");
	for (uint32_t i = 0; i < n->warnings.n; i++) {
		const struct value *warning = &n->warnings.as.items[i], *one = case_of(cases, warning);

		if (value_get(warning, "called") == NULL || now_is_source(warning) ||
			value_get(warning, "parent") != NULL ||
			(one != NULL && is_told(&told, value_get(one, "id"))))
			continue;
		if (one != NULL)
			value_push(&n->arena, &told, *value_get(one, "id"));
		now_line(n, "%s %s: %s", now_level(n, warning),
			one == NULL ? without_case(n, warning) : case_text(n, one), taken(n, warning));
	}
	for (uint32_t i = 0; value_is(cases, VALUE_ARRAY) && i < cases->n; i++)
		if (!is_told(&told, value_get(&cases->as.items[i], "id")))
			now_line(n, "%s: %s", case_text(n, &cases->as.items[i]),
				now_shown(n, &cases->as.items[i], "title"));
	return 0;
}

/* ---- duty ---------------------------------------------------------------------------------------------- */
static void duty_line(struct now *n, const struct value *row, uint32_t n_tickets)
{
	const struct value *next = value_get(row, "next"), *reach = value_path(row, "on_duty.reach");
	int64_t from = value_int_or(value_get(next, "from"), 0);

	now_line(n, "%4u  %s: %s%s%s%s", n_tickets,
		now_label(n, value_get(row, "label"), now_shown(n, row, "department")),
		value_get(row, "on_duty") == NULL ? now_say(n, "NOBODY", "无人值班")
						  : now_person(n, value_get(row, "on_duty")),
		reach == NULL ? "" : " ", reach == NULL ? "" : value_shown(&n->arena, NULL, reach),
		next == NULL ? ""
			     : arena_printf(&n->arena, now_say(n, "; %.5s %s", "；%.5s 起 %s"),
				       minute_shown(&n->arena, from) + 11, now_person(n, next)));
}

/* Departments with tickets of the last hour first, by how many. */
static int duty_lines(struct now *n, struct err *e)
{
	struct value result;
	const struct value *rows;
	bool is_shown[64] = {false};

	if (now_fetch(n, e) != 0 || now_call(n, "duty.now", NULL, &result, e) != 0)
		return -1;
	rows = value_get(&result, "duty");
	for (uint32_t round = 0; value_is(rows, VALUE_ARRAY) && round < rows->n && round < 64; round++) {
		uint32_t best = UINT32_MAX, most = 0;

		for (uint32_t i = 0; i < rows->n && i < 64; i++) {
			struct slice name = value_slice(value_get(&rows->as.items[i], "department"));
			uint32_t count = 0;

			for (uint32_t k = 0; k < n->recent.n; k++)
				count += slice_cmp(
						 value_slice(value_get(&n->recent.as.items[k], "department")),
						 name) == 0;
			if (!is_shown[i] && (best == UINT32_MAX || count > most)) {
				best = i;
				most = count;
			}
		}
		is_shown[best] = true;
		duty_line(n, &rows->as.items[best], most);
	}
	return 0;
}

int now_who(struct now *n, struct err *e)
{
	return case_lines(n, e) != 0 || duty_lines(n, e) != 0 ? -1 : 0;
}
