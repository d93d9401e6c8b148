/* The findings of a check. */
#include <string.h>

#include "host_int.h"

#define ERRORS_MAX 200

struct rules_error *rules_report_add(struct rules_report *r)
{
	uint32_t n = r->n_errors;

	if (n == ERRORS_MAX)
		return &r->errors[n - 1];
	if ((n & (n - 1)) == 0) { /* full at every power of two */
		struct rules_error *more = arena_alloc(&r->arena, (n == 0 ? 1 : 2 * n) * sizeof(*more));

		if (n > 0)
			memcpy(more, r->errors, n * sizeof(*more));
		r->errors = more;
	}
	r->n_errors++;
	memset(&r->errors[n], 0, sizeof(r->errors[n]));
	return &r->errors[n];
}

void rules_report_fini(struct rules_report *r)
{
	arena_fini(&r->arena);
	memset(r, 0, sizeof(*r));
}

static void add_text(struct arena *a, struct value *map, const char *key, const char *text)
{
	if (text[0] != '\0')
		value_add(a, map, key, value_text(a, text, strlen(text)));
}

static void add_number(struct arena *a, struct value *map, const char *key, int64_t n)
{
	if (n > 0)
		value_add(a, map, key, value_int(n));
}

struct value rules_error_value(struct arena *a, const struct rules_error *e)
{
	struct value v = value_map(a, 7);

	add_text(a, &v, "file", e->file);
	add_number(a, &v, "line", e->line);
	add_number(a, &v, "column", e->column);
	add_text(a, &v, "message", e->message);
	add_text(a, &v, "message_zh", e->message_zh);
	add_text(a, &v, "cure", e->cure);
	add_text(a, &v, "cure_zh", e->cure_zh);
	return v;
}

struct value rules_report_value(struct arena *a, const struct rules_report *r)
{
	struct value v = value_map(a, 8), errors = value_array(a, r->n_errors),
		     uncovered = value_array(a, r->n_uncovered), places = value_array(a, r->n_uncovered);

	for (uint32_t i = 0; i < r->n_errors; i++)
		value_push(a, &errors, rules_error_value(a, &r->errors[i]));
	for (uint32_t i = 0; i < r->n_uncovered; i++) {
		value_push(a, &uncovered, value_text(a, r->uncovered[i], strlen(r->uncovered[i])));
		value_push(a, &places, value_text(a, r->uncovered_at[i], strlen(r->uncovered_at[i])));
	}
	value_add(a, &v, "ok", value_bool(r->n_errors == 0));
	value_add(a, &v, "errors", errors);
	value_add(a, &v, "specs", value_int(r->n_specs));
	value_add(a, &v, "specs_failed", value_int(r->n_specs_failed));
	value_add(a, &v, "rules", value_int(r->n_rules));
	value_add(a, &v, "uncovered", uncovered);
	value_add(a, &v, "uncovered_at", places);
	value_add(a, &v, "took_ms", value_int(r->took_us / 1000));
	return v;
}
