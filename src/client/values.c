/* tocsin.h: reading values, and documents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format.h"
#include "handle.h"

#define JSON_BYTES_MAX ((size_t)64 * 1024 * 1024)

enum tocsin_type tocsin_type(const struct tocsin_value *v)
{
	static const uint8_t types[] = {
		[VALUE_NIL] = TOCSIN_NIL,
		[VALUE_BOOL] = TOCSIN_BOOL,
		[VALUE_INT] = TOCSIN_INT,
		[VALUE_UINT] = TOCSIN_FLOAT, /* beyond int64: nothing in Tocsin is */
		[VALUE_FLOAT] = TOCSIN_FLOAT,
		[VALUE_TEXT] = TOCSIN_TEXT,
		[VALUE_BIN] = TOCSIN_BYTES,
		[VALUE_EXT] = TOCSIN_BYTES,
		[VALUE_ARRAY] = TOCSIN_ARRAY,
		[VALUE_MAP] = TOCSIN_MAP,
	};

	return v == NULL ? TOCSIN_NIL : (enum tocsin_type)types[value_inside(v)->type];
}

const struct tocsin_value *tocsin_get(const struct tocsin_value *map, const char *path)
{
	return value_outside(value_path(value_inside(map), path));
}

const struct tocsin_value *tocsin_member(const struct tocsin_value *map, const char *key)
{
	return value_outside(value_get(value_inside(map), key));
}

size_t tocsin_count(const struct tocsin_value *v)
{
	enum tocsin_type type = tocsin_type(v);

	return type == TOCSIN_ARRAY || type == TOCSIN_MAP ? value_inside(v)->n : 0;
}

const struct tocsin_value *tocsin_at(const struct tocsin_value *v, size_t i)
{
	const struct value *in = value_inside(v);

	if (i >= tocsin_count(v))
		return NULL;
	return value_outside(in->type == VALUE_MAP ? &in->as.pairs[i].val : &in->as.items[i]);
}

const char *tocsin_key(const struct tocsin_value *map, size_t i)
{
	if (tocsin_type(map) != TOCSIN_MAP || i >= value_inside(map)->n)
		return NULL;
	return tocsin_text(value_outside(&value_inside(map)->as.pairs[i].key), "");
}

int64_t tocsin_int(const struct tocsin_value *v, int64_t otherwise)
{
	return value_int_or(value_inside(v), otherwise);
}

double tocsin_float(const struct tocsin_value *v, double otherwise)
{
	const struct value *in = value_inside(v);

	if (value_is(in, VALUE_INT))
		return (double)in->as.i;
	if (value_is(in, VALUE_UINT))
		return (double)in->as.u;
	return value_is(in, VALUE_FLOAT) ? in->as.f : otherwise;
}

bool tocsin_bool(const struct tocsin_value *v, bool otherwise)
{
	return value_is(value_inside(v), VALUE_BOOL) ? value_inside(v)->as.b : otherwise;
}

const char *tocsin_text(const struct tocsin_value *v, const char *otherwise)
{
	return value_is(value_inside(v), VALUE_TEXT) ? value_inside(v)->as.text : otherwise;
}

const void *tocsin_bytes(const struct tocsin_value *v, size_t *n)
{
	enum tocsin_type type = tocsin_type(v);
	bool is_bytes = type == TOCSIN_TEXT || type == TOCSIN_BYTES;

	*n = is_bytes ? value_inside(v)->n : 0;
	return is_bytes ? value_inside(v)->as.text : NULL;
}

size_t tocsin_json(const struct tocsin_value *v, char *out, size_t size)
{
	struct buf b;
	size_t n, cut;

	buf_init(&b, JSON_BYTES_MAX);
	value_json(&b, v == NULL ? &value_nil : value_inside(v));
	n = b.n;
	cut = n < size ? n : size == 0 ? 0 : size - 1;
	if (cut > 0)
		memcpy(out, b.p, cut);
	if (size > 0)
		out[cut] = '\0';
	buf_fini(&b);
	return n;
}

/* ---- documents ----------------------------------------------------------------------------------------- */
struct tocsin_doc {
	struct arena arena;
	struct value root;
};

struct tocsin_doc *tocsin_doc_new(struct tocsin_error *e, const char *format, ...)
{
	struct tocsin_doc *d = calloc(1, sizeof(*d));
	struct err why;
	va_list ap;
	int rc;

	must(d != NULL);
	arena_init(&d->arena, 0);
	va_start(ap, format);
	rc = format_value(&d->arena, format, ap, &d->root, &why);
	va_end(ap);
	if (rc == 0)
		return d;
	error_take(e, &why, NULL);
	tocsin_doc_free(d);
	return NULL;
}

void tocsin_doc_free(struct tocsin_doc *d)
{
	if (d == NULL)
		return;
	arena_fini(&d->arena);
	free(d);
}

const struct tocsin_value *tocsin_doc_value(const struct tocsin_doc *d)
{
	return value_outside(&d->root);
}

/* The container at the path. */
static struct value *inside(
	struct tocsin_doc *d, const char *path, enum value_type type, struct tocsin_error *e)
{
	const struct value *v = path[0] == '\0' ? &d->root : value_path(&d->root, path);
	struct err why;

	if (value_is(v, type))
		return (struct value *)v;
	err_set(&why, ERR_BAD_REQUEST, "the document has no %s at \"%s\"",
		type == VALUE_ARRAY ? "array" : "map", path);
	error_take(e, &why, NULL);
	return NULL;
}

static int item(
	struct tocsin_doc *d, const char *format, va_list ap, struct value *out, struct tocsin_error *e)
{
	struct err why;

	return format_value(&d->arena, format, ap, out, &why) == 0 ? 0 : error_take(e, &why, NULL);
}

int tocsin_doc_push(struct tocsin_doc *d, struct tocsin_error *e, const char *path, const char *format, ...)
{
	struct value *array = inside(d, path, VALUE_ARRAY, e), v;
	va_list ap;
	int rc;

	if (array == NULL)
		return -1;
	va_start(ap, format);
	rc = item(d, format, ap, &v, e);
	va_end(ap);
	if (rc == 0)
		value_push(&d->arena, array, v);
	return rc;
}

int tocsin_doc_set(struct tocsin_doc *d, struct tocsin_error *e, const char *path, const char *key,
	const char *format, ...)
{
	struct value *map = inside(d, path, VALUE_MAP, e), v;
	va_list ap;
	int rc;

	if (map == NULL)
		return -1;
	va_start(ap, format);
	rc = item(d, format, ap, &v, e);
	va_end(ap);
	if (rc == 0)
		value_set(&d->arena, map, arena_text(&d->arena, key, strlen(key)), v);
	return rc;
}
