/*
 * Values: the one neutral tree that calls, rows, facts and decisions are made of. Plain data; every part
 * lives in the arena it was built in (or borrows from bytes that outlive it). Texts are UTF-8, not
 * NUL-terminated unless built by value_text.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

enum value_type {
	VALUE_NIL,
	VALUE_BOOL,
	VALUE_INT,   /* int64 */
	VALUE_UINT,  /* only above INT64_MAX */
	VALUE_FLOAT, /* double */
	VALUE_TEXT,
	VALUE_BIN,
	VALUE_EXT, /* accepted by the scanner, refused as an argument */
	VALUE_ARRAY,
	VALUE_MAP,
};

struct value {
	uint8_t type;    /* enum value_type */
	int8_t ext_type; /* of VALUE_EXT */
	uint16_t zero;   /* so that the first eight bytes compare as one word */
	uint32_t n;      /* bytes of TEXT, BIN, EXT; items of ARRAY; pairs of MAP */
	union {
		bool b;
		int64_t i;
		uint64_t u;
		double f;
		const char *text;
		struct value *items;
		struct pair *pairs;
	} as;
};

struct pair {
	struct value key;
	struct value val;
};

extern const struct value value_nil;

/* ---- making -------------------------------------------------------------------------------------------- */
static inline struct value value_bool(bool b)
{
	return (struct value){.type = VALUE_BOOL, .as.b = b};
}
static inline struct value value_int(int64_t i)
{
	return (struct value){.type = VALUE_INT, .as.i = i};
}
static inline struct value value_float(double f)
{
	return (struct value){.type = VALUE_FLOAT, .as.f = f};
}
/* TEXT that points at p. */
static inline struct value value_borrow(const char *p, size_t n)
{
	must(n <= UINT32_MAX);
	return (struct value){.type = VALUE_TEXT, .n = (uint32_t)n, .as.text = p};
}
/* TEXT that points at a NUL-terminated constant. */
static inline struct value value_literal(const char *text)
{
	return value_borrow(text, strlen(text));
}
/* BIN that points at p. */
static inline struct value value_bytes(const void *p, size_t n)
{
	must(n <= UINT32_MAX);
	return (struct value){.type = VALUE_BIN, .n = (uint32_t)n, .as.text = p};
}
struct value value_text(struct arena *, const char *p, size_t n); /* TEXT, copied, NUL behind it */
struct value value_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct value value_array(struct arena *, uint32_t capacity); /* n = 0 */
struct value value_map(struct arena *, uint32_t capacity);   /* n = 0 */
/* Append; grows in the arena when over capacity. Returns the stored copy. Keys must be constants or in the
 * arena. */
struct value *value_push(struct arena *, struct value *array, struct value item);
/* Append without looking for an earlier one. */
struct value *value_add_key(struct arena *, struct value *map, struct value key, struct value val);
static inline struct value *value_add(struct arena *a, struct value *map, const char *key, struct value val)
{
	return value_add_key(a, map, value_literal(key), val); /* of a literal: a constant */
}
/* Set key, replacing an earlier one. */
struct value *value_set_key(struct arena *, struct value *map, struct value key, struct value val);
static inline struct value *value_set(struct arena *a, struct value *map, const char *key, struct value val)
{
	return value_set_key(a, map, value_literal(key), val);
}
void value_unset_n(struct value *map, const char *key, size_t key_n);
static inline void value_unset(struct value *map, const char *key)
{
	value_unset_n(map, key, strlen(key));
}
/* Deep copy into the arena. */
struct value value_copy(struct arena *, const struct value *);
/* A map of its own that shares the values: for setting and unsetting keys. */
struct value value_copy_map(struct arena *, const struct value *map);

/* ---- reading: NULL v is allowed everywhere and means absent -------------------------------------------- */
/* NULL if absent, nil, or not a map. */
const struct value *value_get_n(const struct value *map, const char *key, size_t key_n);
static inline const struct value *value_get(const struct value *map, const char *key)
{
	return value_get_n(map, key, strlen(key)); /* of a literal: a constant */
}
const struct value *value_path(const struct value *map, const char *dotted); /* "customer.vip" */
const struct value *value_at(const struct value *array, uint32_t index);     /* NULL if out of range */
static inline bool value_is(const struct value *v, enum value_type type)
{
	return v != NULL && v->type == type;
}
static inline bool value_is_text(const struct value *v, const char *literal)
{
	return v != NULL && v->type == VALUE_TEXT && v->n == strlen(literal) &&
	       memcmp(v->as.text, literal, v->n) == 0;
}
static inline bool value_is_number(const struct value *v)
{
	return v != NULL && (v->type == VALUE_INT || v->type == VALUE_UINT || v->type == VALUE_FLOAT);
}
bool value_as_int(const struct value *, int64_t *); /* INT, or FLOAT with an integral value */
int64_t value_int_or(const struct value *, int64_t otherwise);
bool value_true(const struct value *);                            /* BOOL true */
struct slice value_slice(const struct value *);                   /* TEXT or BIN bytes, else empty */
bool value_has_text(const struct value *list, struct slice text); /* in an ARRAY; in nothing else */
/* The texts of a list with `between` between them; "" of none. */
const char *value_joined(struct arena *, const struct value *texts, const char *between);
const char *value_cstr(struct arena *, const struct value *); /* NUL-terminated copy of a TEXT, else NULL */
bool value_equal(const struct value *, const struct value *); /* maps regardless of order */
int value_cmp(
	const struct value *, const struct value *); /* total order: by type, numbers together by size */
const char *value_type_name(const struct value *);   /* "text", "integer", "map" … as used in error texts */

/* ---- MessagePack (wire/codec.c) ------------------------------------------------------------------------ */
/* Append the shortest encoding; numbers with a fraction are always 64 bits. Map pairs keep their order. */
void value_encode(struct buf *, const struct value *);
/* The heads alone: as many pairs or items must follow. */
void value_encode_map(struct buf *, uint32_t n);
void value_encode_array(struct buf *, uint32_t n);
/*
 * Decode one whole value from exactly these bytes, which must have passed scan() (wire.h). Texts borrow from
 * `bytes`. 0, or -1 with ERR_BAD_REQUEST.
 */
int value_decode(struct arena *, struct slice bytes, struct value *out, struct err *) MUST_CHECK;
/*
 * A JSON text, an object or array unless is_any (wire/json.c). 0, or -1 with ERR_BAD_REQUEST "line 1 column
 * 9: …": no NaN, no key twice, no NUL, UTF-8 only, at most 2,048 deep.
 */
int value_parse_json(
	struct arena *, struct slice text, bool is_any, struct value *out, struct err *) MUST_CHECK;
/* One line of JSON for people (control characters escaped, bin as base64 text, ext as map). */
void value_json(struct buf *, const struct value *);
