#include "desk/ticket_fields.h"

#include <string.h>

#include "tocsin/wire.h"

#define FIELD(name, kind, type)                                                                              \
	_Static_assert(sizeof(#name) < FIELD_NAME_ROOM, "the name fits, its head is a byte");
TICKET_FIELDS(FIELD)
#undef FIELD

const struct field_name ticket_field_names[N_TICKET_FIELDS] = {{0xa0, "", 0, FIELD_PLAIN},
#define FIELD(name, kind, type) {0xa0 | (sizeof(#name) - 1), #name, sizeof(#name) - 1, FIELD_##kind},
	TICKET_FIELDS(FIELD)
#undef FIELD
};

unsigned ticket_field_number(struct slice name, unsigned from)
{
	const char *text = name.p;

	for (unsigned i = 0; name.n > 0 && i < N_TICKET_FIELDS; i++) {
		unsigned at = from + i < N_TICKET_FIELDS ? from + i : from + i - N_TICKET_FIELDS;
		const struct field_name *f = &ticket_field_names[at];

		if (f->n == name.n && f->name[0] == text[0] && memcmp(f->name, text, name.n) == 0)
			return at;
	}
	return TICKET_FIELD_NONE;
}

enum arg_type ticket_field_type(const char *path)
{
#define FIELD(name, kind, type) {#name, sizeof(#name) - 1, ARG_##type},
	static const struct {
		const char *name;
		size_t n;
		enum arg_type type;
	} fields[] = {TICKET_FIELDS(FIELD) TICKET_FIELDS_UNNUMBERED(FIELD)};
#undef FIELD
	size_t n = strcspn(path, ".");

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (fields[i].n == n && memcmp(fields[i].name, path, n) == 0)
			return fields[i].type;
	return ARG_ANY;
}

/* ---- writing ------------------------------------------------------------------------------------------- */
static void put_numbered(struct buf *b, uint32_t number, const struct value *v)
{
	uint8_t ref[3] = {TEXT_REF, (uint8_t)(number >> 8), (uint8_t)number};

	if (number == 0)
		value_encode(b, v);
	else
		buf_add(b, ref, sizeof(ref));
}

static void put_name(struct buf *b, struct lexicon *lexicon, const struct value *v)
{
	put_numbered(b, v->type == VALUE_TEXT ? lexicon_number(lexicon, value_slice(v)) : 0, v);
}

static void put_keyed(struct buf *b, struct lexicon *lexicon, const struct value *map)
{
	value_encode_map(b, map->n);
	for (uint32_t i = 0; i < map->n; i++) {
		put_name(b, lexicon, &map->as.pairs[i].key);
		value_encode(b, &map->as.pairs[i].val);
	}
}

static void put_names(struct buf *b, struct lexicon *lexicon, const struct value *names)
{
	value_encode_array(b, names->n);
	for (uint32_t i = 0; i < names->n; i++)
		put_name(b, lexicon, &names->as.items[i]);
}

static void put_said(struct buf *b, const struct lexicon *lexicon, const struct value *v)
{
	if (v->type == VALUE_TEXT) {
		put_numbered(b, lexicon_find(lexicon, value_slice(v)), v);
	} else if (v->type == VALUE_ARRAY) {
		value_encode_array(b, v->n);
		for (uint32_t i = 0; i < v->n; i++)
			put_said(b, lexicon, &v->as.items[i]);
	} else if (v->type == VALUE_MAP) {
		value_encode_map(b, v->n);
		for (uint32_t i = 0; i < v->n; i++) {
			put_said(b, lexicon, &v->as.pairs[i].key);
			put_said(b, lexicon, &v->as.pairs[i].val);
		}
	} else {
		value_encode(b, v);
	}
}

void stored_put(struct buf *b, struct lexicon *lexicon, unsigned kind, const struct value *v)
{
	if (kind == FIELD_NAME)
		put_name(b, lexicon, v);
	else if (kind == FIELD_SAID)
		put_said(b, lexicon, v);
	else if (kind == FIELD_KEYED && v->type == VALUE_MAP)
		put_keyed(b, lexicon, v);
	else if (kind == FIELD_NAMES && v->type == VALUE_ARRAY)
		put_names(b, lexicon, v);
	else
		value_encode(b, v);
}

/* ---- reading ------------------------------------------------------------------------------------------- */
#define TIMES_4(v) v, v, v, v
#define TIMES_16(v) TIMES_4(v), TIMES_4(v), TIMES_4(v), TIMES_4(v)
#define TIMES_64(v) TIMES_16(v), TIMES_16(v), TIMES_16(v), TIMES_16(v)
#define NUMBERS(n) n, n + 1, n + 2, n + 3, n + 4, n + 5, n + 6, n + 7

const uint8_t stored_lengths[256] = {
	TIMES_64(1), TIMES_64(1),                         /* small numbers */
	TIMES_16(0), TIMES_16(0),                         /* maps, arrays */
	NUMBERS(1), NUMBERS(9), NUMBERS(17), NUMBERS(25), /* short texts */
	1, 3, 1, 1,                                       /* nil, TEXT_REF, false, true */
	0, 0, 0, 0, 0, 0,                                 /* bin, ext */
	5, 9, 2, 3, 5, 9, 2, 3, 5, 9,                     /* floats, numbers with and without a sign */
	3, 4, 6, 10, 18,                                  /* ext of one length */
	0, 0, 0, 0, 0, 0, 0,                              /* longer texts, arrays, maps */
	TIMES_16(1), TIMES_16(1),                         /* small negative numbers */
};

/* Bytes of the heads of what has a size or count, from 0xc4 and from 0xd9 on. */
static const uint8_t heads_c4[] = {2, 3, 5, 3, 4, 6}, heads_d9[] = {2, 3, 5, 3, 5, 3, 5};

/* The big-endian number in the n bytes behind the first. */
static uint64_t number_at(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 1; i <= n; i++)
		v = v << 8 | p[i];
	return v;
}

/* Bytes of the value at p without what it holds, and how many values it holds; 0: damaged. */
static size_t flat_length(const uint8_t *p, size_t n, uint64_t *n_inside)
{
	uint8_t c = p[0];
	size_t head;

	*n_inside = 0;
	if (stored_lengths[c] > 0)
		return stored_lengths[c];
	if (c < 0xa0) {
		*n_inside = c < 0x90 ? 2 * (c & 15u) : c & 15u;
		return 1;
	}
	head = c < 0xd0 ? heads_c4[c - 0xc4] : heads_d9[c - 0xd9];
	if (head > n)
		return 0;
	if (c <= 0xc6 || (c >= 0xd9 && c <= 0xdb))
		return head + number_at(p, head - 1);
	if (c <= 0xc9)
		return head + number_at(p, head - 2);
	*n_inside = (c >= 0xde ? 2 : 1) * number_at(p, head - 1);
	return head;
}

size_t stored_length(struct slice stored)
{
	const uint8_t *p = stored.p;
	uint64_t left = 1, n_inside;
	size_t at = 0;

	if (stored.n > 0 && stored_lengths[p[0]] > 0)
		return stored_lengths[p[0]] <= stored.n ? stored_lengths[p[0]] : 0;
	for (; left > 0; left += n_inside - 1) {
		size_t n = at < stored.n ? flat_length(p + at, stored.n - at, &n_inside) : 0;

		if (n == 0 || n > stored.n - at)
			return 0;
		at += n;
	}
	return at;
}

static struct slice ref_packed(const struct lexicon *lexicon, const uint8_t *ref)
{
	struct slice packed = lexicon_packed(lexicon, (uint32_t)ref[1] << 8 | ref[2]);

	return packed.p == NULL ? SLICE_TEXT("\xc0") : packed;
}

void stored_copy(struct buf *b, const struct lexicon *lexicon, struct slice stored)
{
	const uint8_t *p = stored.p, *end = p + stored.n;
	uint64_t n_inside;

	while (p < end) {
		size_t n = flat_length(p, (size_t)(end - p), &n_inside);
		struct slice packed = p[0] == TEXT_REF ? ref_packed(lexicon, p) : slice_of(p, n);

		buf_add(b, packed.p, packed.n);
		p += n;
	}
}

static int from_number(const uint8_t *p, size_t n, struct value *v)
{
	uint64_t u;

	must(n >= 2 && n <= 9);
	u = number_at(p, n - 1);
	if (p[0] > 0xcf && n < 9 && (u >> (8 * (n - 1) - 1)) != 0) /* extend the sign */
		u |= UINT64_MAX << 8 * (n - 1);
	*v = p[0] == 0xcf && u > INT64_MAX ? (struct value){.type = VALUE_UINT, .as.u = u}
					   : value_int((int64_t)u);
	return 0;
}

int stored_value(struct arena *a, const struct lexicon *lexicon, struct slice stored, struct value *v)
{
	const uint8_t *p = stored.p;
	struct slice text;
	struct buf plain;
	struct err e;
	int rc;

	if (p[0] < 0x80) {
		*v = value_int(p[0]);
		return 0;
	}
	if (p[0] >= 0xa0 && p[0] < 0xc0) {
		*v = value_borrow(stored.n > 1 ? (const char *)p + 1 : "", stored.n - 1);
		return 0;
	}
	if (p[0] == TEXT_REF) {
		text = lexicon_text(lexicon, (uint32_t)p[1] << 8 | p[2]);
		*v = value_borrow(text.p, text.n);
		return text.p == NULL ? -1 : 0;
	}
	if (p[0] >= 0xcc && p[0] <= 0xd3)
		return from_number(p, stored.n, v);
	if (p[0] == 0xc2 || p[0] == 0xc3) {
		*v = value_bool(p[0] == 0xc3);
		return 0;
	}
	buf_init(&plain, SIZE_MAX / 2);
	stored_copy(&plain, lexicon, stored);
	rc = value_decode(a, slice_of(arena_copy(a, plain.p, plain.n), plain.n), v, &e);
	buf_fini(&plain);
	return rc;
}
