/* ticket.import: a ticket that happened elsewhere. The pack classifies and routes it; it arms no timers and
 * tells nobody. */
#include <string.h>

#include "warn.h"

int ticket_import(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	const struct value *closed = value_get(args, "closed"), *due = value_get(args, "due");
	int64_t created = value_int_or(value_get(args, "created"), 0);
	struct value row;

	if (created > w->now_ms)
		return err_arg(e, ERR_BAD_REQUEST, "created", NULL, "created lies in the future");
	if (closed != NULL && value_int_or(closed, 0) < created)
		return err_arg(e, ERR_BAD_REQUEST, "closed", NULL, "closed is before created");
	w->is_import = true;
	if (opening_check(w, args, e) != 0 || ticket_open(w, args, &row, e) != 0)
		return -1;
	if (due != NULL) {
		struct value map = value_map(w->arena, 1);

		value_add(w->arena, &map, "resolve", *due);
		value_set(w->arena, &row, "due", map);
	}
	if (closed != NULL) {
		const struct value *outcome = value_get(args, "outcome");

		value_set(w->arena, &row, "status", value_literal("closed"));
		value_set(w->arena, &row, "stage", value_literal("closed"));
		value_set(w->arena, &row, "closed", *closed);
		if (outcome != NULL)
			value_set(w->arena, &row, "resolution", *outcome);
		if (due != NULL)
			value_set(w->arena, &row, "late",
				value_bool(value_int_or(closed, 0) > value_int_or(due, 0)));
	}
	if (ticket_save(w, NULL, &row, e) != 0 || warn_created(w, &row, e) != 0)
		return -1;
	*result = value_map(w->arena, 4);
	value_add(w->arena, result, "id", *value_get(&row, "id"));
	value_add(w->arena, result, "no", *value_get(&row, "no"));
	if (value_get(&row, "category") != NULL)
		value_add(w->arena, result, "category", *value_get(&row, "category"));
	value_add(w->arena, result, "status", *value_get(&row, "status"));
	return 0;
}
