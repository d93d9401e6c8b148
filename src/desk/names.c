#include "names.h"

#include "tocsin/util.h"

int catalog_check(struct arena *a, const struct value *catalog, const char *map, const char *argument,
	const struct value *given, struct err *e)
{
	const struct value *names = value_get(catalog, map);
	const char **words, *text;

	if (given != NULL && given->type != VALUE_TEXT)
		return err_arg(e, ERR_BAD_REQUEST, argument, NULL, "%s must be text, not %s", argument,
			value_type_name(given));
	if (given == NULL || names == NULL || value_get_n(names, given->as.text, given->n) != NULL)
		return 0;
	text = value_cstr(a, given);
	words = arena_alloc(a, (names->n + 1) * sizeof(*words));
	for (uint32_t i = 0; i < names->n; i++)
		words[i] = value_cstr(a, &names->as.pairs[i].key);
	err_arg(e, ERR_BAD_REQUEST, argument, text, "%s \"%s\" is not in the catalog", argument, text);
	return err_hint(e, nearest_word(text, words, names->n));
}
