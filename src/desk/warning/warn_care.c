/*
 * What a standing warning needs as time goes: it is called out again until somebody acts, acknowledgements and orders
 * end, and bulletins come at their rhythm. What was missed while the system was down comes once, and says
 * what was skipped.
 */
#include <string.h>

#include "warn_int.h"

static int64_t earliest(int64_t a, const struct value *v)
{
	int64_t b = value_int_or(v, INT64_MAX);

	return a < b ? a : b;
}

int64_t warn_care_next(const struct value *row)
{
	const struct value *ack = value_get(row, "ack");
	int64_t next_ms = earliest(INT64_MAX, value_get(row, "next_bulletin"));

	next_ms = earliest(next_ms, value_path(row, "floor.until"));
	next_ms = earliest(next_ms, value_path(row, "order.until"));
	/* nobody is called out again while an acknowledgement holds; one without an end holds for this level
	 */
	return earliest(next_ms, ack != NULL ? value_get(ack, "until") : value_get(row, "next_again"));
}

static bool is_due(const struct value *v, int64_t now_ms)
{
	return value_int_or(v, INT64_MAX) <= now_ms;
}

/* ---- again, until somebody acts ------------------------------------------------------------------------ */
static int call_again(struct work *w, struct wkey *k, struct value *row, bool is_plain, struct err *e)
{
	const struct value *alarm = warn_alarm(w->desk->warn, k->level), *names = value_get(alarm, "call");
	int64_t rung = value_int_or(value_get(row, "rung"), 1) + 1,
		n = value_int_or(value_get(row, "reminders"), 0) + 1,
		again_ms = value_int_or(value_get(alarm, "again_ms"), 0);
	struct warn_event event = {
		.event = "again", .from = k->level, .at_ms = w->now_ms, .rung = (uint32_t)rung};
	struct value data, count = value_map(w->arena, 1), note;

	value_set(w->arena, row, "rung", value_int(rung));
	value_set(w->arena, row, "reminders", value_int(n));
	if (again_ms > 0)
		value_set(w->arena, row, "next_again", value_int(w->now_ms + again_ms));
	else
		value_unset(row, "next_again");
	value_add(w->arena, &count, "count", value_int(n));
	note = warn_text(w->arena, packs_catalog(w->desk->packs), "unanswered", &count);
	data = warn_brief(w, k, row);
	value_add(w->arena, &data, "event", value_literal("unanswered"));
	value_add(w->arena, &data, "reminders", value_int(n));
	value_add(w->arena, &data, "rung", value_int(rung));
	value_add(w->arena, &data, "is_last", value_bool(names == NULL || rung >= names->n));
	if (note.type != VALUE_NIL)
		value_add(w->arena, &data, "note", note);
	warn_notice(w, "duty", data);
	return warn_happened(w, k, &event, row, is_plain, e);
}

/* ---- bulletins at their rhythm ------------------------------------------------------------------------- */
static int64_t rhythm_of(const struct work *w, const struct wkey *k, int64_t *offset_ms)
{
	const struct value *of = strcmp(k->text, KEY_ALL) == 0
					 ? value_get(packs_catalog(w->desk->packs), "disaster")
					 : warn_alarm(w->desk->warn, k->level);

	*offset_ms = value_int_or(value_get(of, "bulletin_at_ms"), 0);
	return value_int_or(value_get(of, "bulletin_ms"), 0);
}

static void bulletin(struct work *w, struct wkey *k, struct value *row)
{
	int64_t offset_ms, every_ms = rhythm_of(w, k, &offset_ms),
			   slot_ms = value_int_or(value_get(row, "next_bulletin"), 0),
			   next_ms = warn_slot_after(w->now_ms, every_ms, offset_ms), n = 0;
	struct value extra = value_map(w->arena, 5), skipped = value_array(w->arena, 4),
		     names = value_map(w->arena, 2), note;
	struct buf b;

	buf_init(&b, 512);
	for (; every_ms > 0 && slot_ms + every_ms <= w->now_ms; slot_ms += every_ms, n++) {
		struct value text = warn_time(w->arena, slot_ms);

		value_push(w->arena, &skipped, value_int(slot_ms));
		buf_printf(&b, "%s%.*s", n == 0 ? "" : ", ", (int)text.n, text.as.text);
	}
	value_add(w->arena, &extra, "slot", value_int(slot_ms));
	if (w->now_ms - slot_ms >= MINUTE_MS)
		value_add(w->arena, &extra, "late", value_bool(true));
	if (n > 0) {
		value_add(w->arena, &extra, "skipped", skipped);
		value_add(w->arena, &names, "count", value_int(n));
		value_add(w->arena, &names, "skipped", value_text(w->arena, (const char *)b.p, b.n));
		note = warn_text(w->arena, packs_catalog(w->desk->packs), "missed", &names);
		if (note.type != VALUE_NIL)
			value_add(w->arena, &extra, "note", note);
	}
	warn_bulletin(w, k, row, "rhythm", &extra);
	buf_fini(&b);
	if (next_ms == INT64_MAX)
		value_unset(row, "next_bulletin");
	else
		value_set(w->arena, row, "next_bulletin", value_int(next_ms));
}

/* A level that was set by hand, and not by a watch, ends with its order. */
static int floor_over(struct work *w, struct wkey *k, struct value *row, bool is_plain, struct err *e)
{
	struct warn_event event = {.event = "change", .from = k->level, .at_ms = w->now_ms};

	value_unset(row, "floor");
	k->floor = 0;
	k->level = k->det.level.level;
	return k->level == event.from ? 0 : warn_happened(w, k, &event, row, is_plain, e);
}

static int care(struct work *w, struct wkey *k, struct value *row, bool is_plain, struct err *e)
{
	if (is_due(value_path(row, "order.until"), w->now_ms))
		warn_order_over(w, k, row);
	if (is_due(value_path(row, "floor.until"), w->now_ms) && floor_over(w, k, row, is_plain, e) != 0)
		return -1;
	if (is_due(value_path(row, "ack.until"), w->now_ms)) {
		value_unset(row, "ack");
		value_set(w->arena, row, "next_again", value_int(w->now_ms));
	}
	if (k->level > 0 && value_get(row, "ack") == NULL &&
		is_due(value_get(row, "next_again"), w->now_ms) && call_again(w, k, row, is_plain, e) != 0)
		return -1;
	if (is_due(value_get(row, "next_bulletin"), w->now_ms))
		bulletin(w, k, row);
	return 0;
}

static int stage_care(struct work *w, struct warn_try *t, struct err *e)
{
	struct wkey *k = t->ctx;
	struct value row = wkey_row(w, k);

	warn_try_on(w, t, k);
	if (care(w, k, &row, t->is_plain, e) != 0)
		return -1;
	wkey_put(w, k, &row);
	return 1;
}

int warn_care(struct warn *n, struct wkey *k, int64_t now_ms, struct err *e)
{
	return warn_twice(n, "warning.care", now_ms, stage_care, k, e);
}
