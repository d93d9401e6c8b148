#include "tocsin/value.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const struct value value_nil = {.type = VALUE_NIL};

/* ---- making -------------------------------------------------------------------------------------------- */
struct value value_text(struct arena *a, const char *p, size_t n)
{
	return value_borrow(arena_text(a, p, n), n);
}

struct value value_printf(struct arena *a, const char *format, ...)
{
	va_list ap;
	char *to;

	va_start(ap, format);
	to = arena_vprintf(a, format, ap);
	va_end(ap);
	return value_literal(to);
}

/*
 * Containers keep their capacity in a word before the items, so that struct value stays two words. Decoded
 * containers are exactly full, which a capacity word equal to n says too.
 */
static void *container(struct arena *a, uint32_t capacity, size_t item_size)
{
	uint64_t *p = arena_alloc(a, sizeof(uint64_t) + capacity * item_size);

	*p = capacity;
	return p + 1;
}

static void *container_grow(struct arena *a, void *items, uint32_t n, size_t item_size)
{
	uint64_t capacity = items == NULL ? 0 : ((uint64_t *)items)[-1];
	void *more;

	if (n < capacity)
		return items;
	more = container(a, n < 4 ? 8 : n * 2, item_size);
	if (items != NULL)
		memcpy(more, items, n * item_size);
	return more;
}

struct value value_array(struct arena *a, uint32_t capacity)
{
	struct value v = {.type = VALUE_ARRAY};

	v.as.items = container(a, capacity, sizeof(struct value));
	return v;
}

struct value value_map(struct arena *a, uint32_t capacity)
{
	struct value v = {.type = VALUE_MAP};

	v.as.pairs = container(a, capacity, sizeof(struct pair));
	return v;
}

struct value *value_push(struct arena *a, struct value *array, struct value item)
{
	must(array->type == VALUE_ARRAY);
	array->as.items = container_grow(a, array->as.items, array->n, sizeof(struct value));
	array->as.items[array->n] = item;
	return &array->as.items[array->n++];
}

struct value *value_add_key(struct arena *a, struct value *map, struct value key, struct value val)
{
	struct pair *p;

	must(map->type == VALUE_MAP);
	map->as.pairs = container_grow(a, map->as.pairs, map->n, sizeof(struct pair));
	p = &map->as.pairs[map->n++];
	p->key = key;
	p->val = val;
	return &p->val;
}

/* Type and length of a value as one word: keys of other lengths are passed over with one comparison each. */
static inline uint64_t head_of(const struct value *v)
{
	uint64_t head;

	memcpy(&head, v, sizeof(head));
	return head;
}

/* Keys are mostly literals, of which the linker keeps one each. */
static inline bool has_text(const struct value *key, const char *text, size_t n)
{
	const char *own = key->as.text;

	return own == text || n == 0 ||
	       (own[0] == text[0] && own[n - 1] == text[n - 1] && memcmp(own, text, n) == 0);
}

static struct pair *find(const struct value *map, const char *key, size_t n)
{
	const struct value like = {.type = VALUE_TEXT, .n = (uint32_t)n};
	const uint64_t head = head_of(&like);
	struct pair *p, *end;

	if (map == NULL || map->type != VALUE_MAP)
		return NULL;
	p = map->as.pairs;
	end = p + map->n;
	for (; end - p >= 4; p += 4) { /* by fours: half of what a look-up costs is its loop */
		if (head_of(&p[0].key) == head && has_text(&p[0].key, key, n))
			return &p[0];
		if (head_of(&p[1].key) == head && has_text(&p[1].key, key, n))
			return &p[1];
		if (head_of(&p[2].key) == head && has_text(&p[2].key, key, n))
			return &p[2];
		if (head_of(&p[3].key) == head && has_text(&p[3].key, key, n))
			return &p[3];
	}
	for (; p < end; p++)
		if (head_of(&p->key) == head && has_text(&p->key, key, n))
			return p;
	return NULL;
}

struct value *value_set_key(struct arena *a, struct value *map, struct value key, struct value val)
{
	struct pair *p = find(map, key.as.text, key.n);

	if (p == NULL)
		return value_add_key(a, map, key, val);
	p->val = val;
	return &p->val;
}

void value_unset_n(struct value *map, const char *key, size_t key_n)
{
	struct pair *p = find(map, key, key_n);

	if (p == NULL)
		return;
	memmove(p, p + 1, (size_t)(map->as.pairs + map->n - (p + 1)) * sizeof(*p));
	map->n--;
}

struct value value_copy(struct arena *a, const struct value *v)
{
	struct value copy = *v;

	switch (v->type) {
	case VALUE_TEXT:
	case VALUE_BIN:
	case VALUE_EXT:
		copy.as.text = arena_text(a, v->as.text, v->n);
		break;
	case VALUE_ARRAY:
		copy.as.items = container(a, v->n, sizeof(struct value));
		for (uint32_t i = 0; i < v->n; i++)
			copy.as.items[i] = value_copy(a, &v->as.items[i]);
		break;
	case VALUE_MAP:
		copy.as.pairs = container(a, v->n, sizeof(struct pair));
		for (uint32_t i = 0; i < v->n; i++) {
			copy.as.pairs[i].key = value_copy(a, &v->as.pairs[i].key);
			copy.as.pairs[i].val = value_copy(a, &v->as.pairs[i].val);
		}
		break;
	default:
		break;
	}
	return copy;
}

struct value value_copy_map(struct arena *a, const struct value *map)
{
	struct value copy = value_map(a, map->n + 4);

	must(map->type == VALUE_MAP);
	copy.n = map->n;
	memcpy(copy.as.pairs, map->as.pairs, map->n * sizeof(struct pair));
	return copy;
}

/* ---- reading ------------------------------------------------------------------------------------------- */
const struct value *value_get_n(const struct value *map, const char *key, size_t key_n)
{
	struct pair *p = find(map, key, key_n);

	return p == NULL || p->val.type == VALUE_NIL ? NULL : &p->val;
}

const struct value *value_path(const struct value *map, const char *dotted)
{
	const char *dot;

	while ((dot = strchr(dotted, '.')) != NULL) {
		map = value_get_n(map, dotted, (size_t)(dot - dotted));
		dotted = dot + 1;
	}
	return value_get(map, dotted);
}

const struct value *value_at(const struct value *array, uint32_t index)
{
	if (array == NULL || array->type != VALUE_ARRAY || index >= array->n)
		return NULL;
	return &array->as.items[index];
}

bool value_as_int(const struct value *v, int64_t *out)
{
	if (v == NULL)
		return false;
	if (v->type == VALUE_INT) {
		*out = v->as.i;
		return true;
	}
	if (v->type == VALUE_FLOAT && v->as.f == floor(v->as.f) && fabs(v->as.f) < 9007199254740992.0) {
		*out = (int64_t)v->as.f;
		return true;
	}
	return false;
}

int64_t value_int_or(const struct value *v, int64_t otherwise)
{
	int64_t i;

	return value_as_int(v, &i) ? i : otherwise;
}

bool value_true(const struct value *v)
{
	return v != NULL && v->type == VALUE_BOOL && v->as.b;
}

struct slice value_slice(const struct value *v)
{
	if (v == NULL || (v->type != VALUE_TEXT && v->type != VALUE_BIN))
		return slice_of(NULL, 0);
	return slice_of(v->as.text, v->n);
}

bool value_has_text(const struct value *list, struct slice text)
{
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->n; i++)
		if (slice_cmp(value_slice(&list->as.items[i]), text) == 0)
			return true;
	return false;
}

const char *value_joined(struct arena *a, const struct value *texts, const char *between)
{
	const char *all = "";

	for (uint32_t i = 0; i < texts->n; i++)
		all = arena_printf(
			a, "%s%s%s", all, i > 0 ? between : "", value_cstr(a, &texts->as.items[i]));
	return all;
}

const char *value_cstr(struct arena *a, const struct value *v)
{
	return v == NULL || v->type != VALUE_TEXT ? NULL : arena_text(a, v->as.text, v->n);
}

static int rank(const struct value *v)
{
	if (v->type == VALUE_UINT || v->type == VALUE_FLOAT)
		return VALUE_INT;
	return v->type;
}

static int cmp_numbers(const struct value *a, const struct value *b)
{
	long double x = a->type == VALUE_INT    ? (long double)a->as.i
			: a->type == VALUE_UINT ? (long double)a->as.u
						: (long double)a->as.f;
	long double y = b->type == VALUE_INT    ? (long double)b->as.i
			: b->type == VALUE_UINT ? (long double)b->as.u
						: (long double)b->as.f;

	return (x > y) - (x < y);
}

/* Compare maps of equal size: every key of a must be in b; the first difference in a's order decides. */
static int cmp_maps(const struct value *a, const struct value *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		const struct pair *p = &a->as.pairs[i];
		const struct pair *q =
			p->key.type == VALUE_TEXT ? find(b, p->key.as.text, p->key.n) : &b->as.pairs[i];
		int c = q == NULL ? 1 : value_cmp(&p->val, &q->val);

		if (c != 0)
			return c;
	}
	return 0;
}

int value_cmp(const struct value *a, const struct value *b)
{
	int c;

	if (rank(a) != rank(b))
		return rank(a) < rank(b) ? -1 : 1;
	switch (rank(a)) {
	case VALUE_NIL:
		return 0;
	case VALUE_BOOL:
		return (int)a->as.b - (int)b->as.b;
	case VALUE_INT:
		return cmp_numbers(a, b);
	case VALUE_TEXT:
	case VALUE_BIN:
	case VALUE_EXT:
		c = slice_cmp(slice_of(a->as.text, a->n), slice_of(b->as.text, b->n));
		return c != 0 || a->type != VALUE_EXT ? c : a->ext_type - b->ext_type;
	default:
		break;
	}
	if (a->type == VALUE_MAP)
		return a->n != b->n ? (a->n < b->n ? -1 : 1) : cmp_maps(a, b);
	for (uint32_t i = 0; i < a->n && i < b->n; i++)
		if ((c = value_cmp(&a->as.items[i], &b->as.items[i])) != 0)
			return c;
	return (a->n > b->n) - (a->n < b->n);
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type == VALUE_TEXT && b->type == VALUE_TEXT)
		return a->n == b->n && has_text(a, b->as.text, b->n);
	return value_cmp(a, b) == 0;
}

const char *value_type_name(const struct value *v)
{
	static const char *const names[] = {"nil", "true/false", "integer", "integer", "number", "text",
		"bytes", "extension", "array", "map"};

	if (v == NULL)
		return "absent";
	must(v->type < sizeof(names) / sizeof(names[0]));
	return names[v->type];
}

/* ---- JSON for people ----------------------------------------------------------------------------------- */
static void json_text(struct buf *b, const char *p, size_t n)
{
	buf_add_u8(b, '"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)p[i];

		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", c);
		else if (c == '\n')
			buf_add(b, "\\n", 2);
		else if (c == '\r')
			buf_add(b, "\\r", 2);
		else if (c == '\t')
			buf_add(b, "\\t", 2);
		else if (c < 0x20 || c == 0x7f)
			buf_printf(b, "\\u%04x", c);
		else
			buf_add_u8(b, c);
	}
	buf_add_u8(b, '"');
}

static void json_base64(struct buf *b, const uint8_t *p, size_t n)
{
	static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	buf_add_u8(b, '"');
	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = (uint32_t)p[i] << 16 | (uint32_t)(i + 1 < n ? p[i + 1] : 0) << 8 |
				 (uint32_t)(i + 2 < n ? p[i + 2] : 0);

		buf_add_u8(b, (uint8_t)digit[three >> 18]);
		buf_add_u8(b, (uint8_t)digit[three >> 12 & 63]);
		buf_add_u8(b, i + 1 < n ? (uint8_t)digit[three >> 6 & 63] : (uint8_t)'=');
		buf_add_u8(b, i + 2 < n ? (uint8_t)digit[three & 63] : (uint8_t)'=');
	}
	buf_add_u8(b, '"');
}

static void json_float(struct buf *b, double f)
{
	char text[40];

	if (!isfinite(f)) {
		buf_printf(b, "null");
		return;
	}
	snprintf(text, sizeof(text), "%.17g", f);
	for (int digits = 1; digits < 17; digits++) {
		char shorter[40];
		double back;

		snprintf(shorter, sizeof(shorter), "%.*g", digits, f);
		if (sscanf(shorter, "%lf", &back) == 1 && back == f) {
			memcpy(text, shorter, sizeof(text));
			break;
		}
	}
	buf_printf(b, "%s", text);
}

void value_json(struct buf *b, const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_NIL:
		buf_printf(b, "null");
		break;
	case VALUE_BOOL:
		buf_printf(b, v->as.b ? "true" : "false");
		break;
	case VALUE_INT:
		buf_printf(b, "%" PRId64, v->as.i);
		break;
	case VALUE_UINT:
		buf_printf(b, "%" PRIu64, v->as.u);
		break;
	case VALUE_FLOAT:
		json_float(b, v->as.f);
		break;
	case VALUE_TEXT:
		json_text(b, v->as.text, v->n);
		break;
	case VALUE_BIN:
		json_base64(b, (const uint8_t *)v->as.text, v->n);
		break;
	case VALUE_EXT:
		buf_printf(b, "{\"ext\":%d,\"bytes\":", v->ext_type);
		json_base64(b, (const uint8_t *)v->as.text, v->n);
		buf_add_u8(b, '}');
		break;
	case VALUE_ARRAY:
		buf_add_u8(b, '[');
		for (uint32_t i = 0; i < v->n; i++) {
			if (i > 0)
				buf_add(b, ",", 1);
			value_json(b, &v->as.items[i]);
		}
		buf_add_u8(b, ']');
		break;
	case VALUE_MAP:
		buf_add_u8(b, '{');
		for (uint32_t i = 0; i < v->n; i++) {
			if (i > 0)
				buf_add(b, ",", 1);
			if (v->as.pairs[i].key.type == VALUE_TEXT)
				json_text(b, v->as.pairs[i].key.as.text, v->as.pairs[i].key.n);
			else
				value_json(b, &v->as.pairs[i].key);
			buf_add_u8(b, ':');
			value_json(b, &v->as.pairs[i].val);
		}
		buf_add_u8(b, '}');
		break;
	}
}
