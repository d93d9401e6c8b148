/*
 * Who may open a ticket of a kind, and with which fields. What actions write (a script that two persons
 * agreed on, who approved the green channel) is not to be had by saying so: the kind knows those names
 * (lua/lib/catalog.lua).
 */
#include <string.h>

#include "desk_int.h"

static bool has_role(const struct work *w, const struct value *roles)
{
	uint32_t wanted = ROLE_ADMIN;

	for (uint32_t i = 0; i < roles->n; i++)
		wanted |= role_by_name(value_cstr(w->arena, &roles->as.items[i]));
	return (w->roles & wanted) != 0;
}

static bool is_own(const struct value *kind, const struct value *field)
{
	const struct value *names = value_get(kind, "own"), *under = value_get(kind, "own_under");

	for (uint32_t i = 0; names != NULL && i < names->n; i++)
		if (value_equal(&names->as.items[i], field))
			return true;
	for (uint32_t i = 0; under != NULL && i < under->n; i++) {
		const struct value *start = &under->as.items[i];

		if (field->n >= start->n && memcmp(field->as.text, start->as.text, start->n) == 0)
			return true;
	}
	return false;
}

static const char *label(struct work *w, const struct value *kind, const char *path)
{
	return value_cstr(w->arena, value_path(kind, path));
}

int opening_check(struct work *w, const struct value *args, struct err *e)
{
	const struct value *name = value_get(args, "kind"), *fields = value_get(args, "fields"),
			   *kind = packs_kind(w->desk->packs, name), *roles = value_get(kind, "roles");

	if (roles != NULL && !has_role(w, roles))
		return err_both(e, ERR_FORBIDDEN, "kind", value_cstr(w->arena, name),
			arena_printf(w->arena, "%s is opened by %s only", label(w, kind, "label.en"),
				value_joined(w->arena, roles, ", ")),
			arena_printf(w->arena, "只有 %s 可以建立%s", value_joined(w->arena, roles, ", "),
				label(w, kind, "label.zh")));
	for (uint32_t i = 0; value_is(fields, VALUE_MAP) && i < fields->n; i++) {
		const struct value *field = &fields->as.pairs[i].key;
		const char *said;

		if (!is_own(kind, field))
			continue;
		said = value_cstr(w->arena, field);
		return err_both(e, ERR_BAD_REQUEST, "fields", said,
			arena_printf(w->arena, "fields.%s is written by actions of %s, not by who opens it",
				said, label(w, kind, "label.en")),
			arena_printf(w->arena, "fields.%s 由%s的操作写入，建立时不能填写", said,
				label(w, kind, "label.zh")));
	}
	return 0;
}
