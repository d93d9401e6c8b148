/* Disaster mode: the key "*", by the order of a person and until a time. row.order = {by, at, until, reason} */
#include <string.h>

#include "warn_int.h"

void warn_order_names(struct work *w, const struct value *order, struct value *names)
{
	const struct value *by = value_get(order, "by"),
			   *label = value_get(value_get_n(value_get(packs_catalog(w->desk->packs), "persons"),
						      by->as.text, by->n),
				   "label");

	value_add(w->arena, names, "person", label == NULL ? *by : *label);
	value_add(w->arena, names, "until", warn_time(w->arena, value_int_or(value_get(order, "until"), 0)));
}

static int end_order(struct work *w, struct value *row, struct value *note, struct err *e)
{
	if (value_get(row, "order") == NULL)
		return warn_refuse("key", "there is no disaster mode to end", "现在没有灾害模式", e);
	value_unset(row, "order");
	value_unset(row, "next_bulletin");
	*note = warn_text(w->arena, packs_catalog(w->desk->packs), "disaster_over", NULL);
	return 0;
}

/* of: the pack's disaster mode. */
static int give_order(struct work *w, const struct value *of, const struct value *args, struct value *row,
	struct value *note, struct err *e)
{
	int64_t until_ms = value_int_or(value_get(args, "until"), 0),
		longest_ms = value_int_or(value_get(of, "longest_ms"), 0),
		every_ms = value_int_or(value_get(of, "bulletin_ms"), 0);
	struct value made = value_map(w->arena, 4), names = value_map(w->arena, 2);

	if (until_ms <= w->now_ms || (longest_ms > 0 && until_ms > w->now_ms + longest_ms))
		return warn_refuse("until",
			arena_printf(w->arena, "until must lie within the next %jd hours",
				(intmax_t)(longest_ms / 3600000)),
			arena_printf(
				w->arena, "until 应在今后 %jd 小时之内", (intmax_t)(longest_ms / 3600000)),
			e);
	value_add(w->arena, &made, "by", value_literal(w->who));
	value_add(w->arena, &made, "at", value_int(w->now_ms));
	value_add(w->arena, &made, "until", value_int(until_ms));
	value_add(w->arena, &made, "reason", value_literal(value_cstr(w->arena, value_get(args, "reason"))));
	value_set(w->arena, row, "order", made);
	if (every_ms > 0)
		value_set(w->arena, row, "next_bulletin",
			value_int(warn_slot_after(
				w->now_ms, every_ms, value_int_or(value_get(of, "bulletin_at_ms"), 0))));
	warn_order_names(w, &made, &names);
	*note = warn_text(w->arena, packs_catalog(w->desk->packs), "disaster", &names);
	return 0;
}

int warn_order(struct work *w, struct wkey *k, const char *action, const struct value *args,
	struct value *row, struct err *e)
{
	const struct value *of = value_get(packs_catalog(w->desk->packs), "disaster");
	const char *reason = value_cstr(w->arena, value_get(args, "reason"));
	bool is_end = strcmp(action, "lower") == 0;
	const char *event = is_end ? "disaster_over" : "disaster";
	struct value extra = value_map(w->arena, 1), note;

	if (of == NULL)
		return warn_refuse("key", "the pack knows no disaster mode", "规则包没有灾害模式", e);
	if ((is_end ? end_order(w, row, &note, e) : give_order(w, of, args, row, &note, e)) != 0)
		return -1;
	if (note.type != VALUE_NIL)
		value_add(w->arena, &extra, "note", note);
	warn_note_act(w, action, reason, row);
	warn_tell_act(w, k, event, reason, row);
	warn_bulletin(w, k, row, event, &extra);
	return 0;
}

/* ---- orders that end ----------------------------------------------------------------------------------- */
void warn_order_over(struct work *w, struct wkey *k, struct value *row)
{
	struct value extra = value_map(w->arena, 2),
		     note = warn_text(w->arena, packs_catalog(w->desk->packs), "disaster_over", NULL);

	if (note.type != VALUE_NIL)
		value_add(w->arena, &extra, "note", note);
	warn_bulletin(w, k, row, "disaster_over", &extra);
	value_unset(row, "order");
	value_unset(row, "next_bulletin");
}
