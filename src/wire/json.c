/* JSON texts to values: what jansson takes, without keys that come twice. value_json (base) is the way back.
 */
#include <jansson.h>
#include <string.h>

#include "tocsin/value.h"

static struct value from_json(struct arena *a, const json_t *j)
{
	struct value v;
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		v = value_map(a, (uint32_t)json_object_size(j));
		json_object_foreach((json_t *)j, key, item)
			value_add(a, &v, arena_text(a, key, strlen(key)), from_json(a, item));
		return v;
	case JSON_ARRAY:
		v = value_array(a, (uint32_t)json_array_size(j));
		json_array_foreach(j, i, item) value_push(a, &v, from_json(a, item));
		return v;
	case JSON_STRING:
		return value_text(a, json_string_value(j), json_string_length(j));
	case JSON_INTEGER:
		return value_int(json_integer_value(j));
	case JSON_REAL:
		return value_float(json_real_value(j));
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(j));
	case JSON_NULL:
		break;
	}
	return value_nil;
}

int value_parse_json(struct arena *a, struct slice text, bool is_any, struct value *out, struct err *e)
{
	json_error_t why;
	json_t *j = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES | (is_any ? JSON_DECODE_ANY : 0), &why);

	if (j == NULL)
		return err_set(e, ERR_BAD_REQUEST, "line %d column %d: %s", why.line, why.column, why.text);
	*out = from_json(a, j);
	json_decref(j);
	return 0;
}
