/* Cursors (pages.h). */
#include "pages.h"

int cursor_given(
	struct arena *a, const struct value *args, const char *also, const struct value **out, struct err *e)
{
	const struct value *cursor = value_get(args, "cursor"), *other = value_get(args, also);

	*out = cursor != NULL ? cursor : other;
	if (cursor == NULL || other == NULL)
		return 0;
	return err_arg(e, ERR_BAD_REQUEST, "cursor", value_cstr(a, cursor),
		"say either cursor or %s: both tell where the page begins", also);
}

int cursor_wrong(struct arena *a, const char *method, const struct value *cursor, struct err *e)
{
	const char *text = value_cstr(a, cursor);

	return err_arg(
		e, ERR_BAD_REQUEST, "cursor", text, "cursor \"%s\" is not one that %s gave", text, method);
}

int cursor_number(struct arena *a, const char *method, const struct value *cursor, int64_t otherwise,
	int64_t *out, struct err *e)
{
	const char *text;
	char *end = NULL;

	*out = otherwise;
	if (cursor == NULL || value_as_int(cursor, out))
		return 0;
	text = value_cstr(a, cursor);
	if (text[0] >= '1' && text[0] <= '9')
		*out = strtoll(text, &end, 10);
	return end != NULL && *end == '\0' && *out <= ID_MAX ? 0 : cursor_wrong(a, method, cursor, e);
}

void cursor_add(struct arena *a, struct value *result, int64_t last)
{
	value_add(a, result, "cursor", value_printf(a, "%jd", (intmax_t)last));
}
