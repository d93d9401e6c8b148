/*
 * MessagePack by msgpack-c. Its parser and packer are templates (unpack_template.h, pack_template.h, made for
 * language bindings): given callbacks that build struct value in the arena and append to struct buf, they
 * need neither a zone nor a second tree to convert from.
 */
#include <assert.h>
#include <msgpack/pack_define.h>
#include <msgpack/sysdep.h>
#include <msgpack/timestamp.h>
#include <msgpack/unpack.h>
#include <msgpack/unpack_define.h>
#include <stddef.h>
#include <string.h>

#include "tocsin/value.h"

/* ---- decoding ------------------------------------------------------------------------------------------ */
struct decoder {
	struct arena *arena;
	size_t n_bytes;
};

#define LEAF static inline int
#define MADE(made) return *v = (made), 0

static inline struct value decode_root(struct decoder *d)
{
	(void)d;
	return value_nil;
}

LEAF decode_nil(struct decoder *d, struct value *v)
{
	(void)d;
	MADE((struct value){.type = VALUE_NIL});
}

LEAF decode_true(struct decoder *d, struct value *v)
{
	(void)d;
	MADE(((struct value){.type = VALUE_BOOL, .as.b = true}));
}

LEAF decode_false(struct decoder *d, struct value *v)
{
	(void)d;
	MADE(((struct value){.type = VALUE_BOOL, .as.b = false}));
}

LEAF decode_int64(struct decoder *d, int64_t i, struct value *v)
{
	(void)d;
	MADE(((struct value){.type = VALUE_INT, .as.i = i}));
}

LEAF decode_uint64(struct decoder *d, uint64_t u, struct value *v)
{
	(void)d;
	if (u <= INT64_MAX)
		MADE(((struct value){.type = VALUE_INT, .as.i = (int64_t)u}));
	MADE(((struct value){.type = VALUE_UINT, .as.u = u}));
}

#define decode_uint8 decode_int64
#define decode_uint16 decode_int64
#define decode_uint32 decode_int64
#define decode_int8 decode_int64
#define decode_int16 decode_int64
#define decode_int32 decode_int64

LEAF decode_double(struct decoder *d, double f, struct value *v)
{
	(void)d;
	MADE(((struct value){.type = VALUE_FLOAT, .as.f = f}));
}

LEAF decode_float(struct decoder *d, float f, struct value *v)
{
	return decode_double(d, (double)f, v);
}

/* An empty text may come without a position. */
LEAF decode_bytes(uint8_t type, const char *p, unsigned int n, struct value *v)
{
	MADE(((struct value){.type = type, .n = n, .as.text = n > 0 ? p : ""}));
}

LEAF decode_str(struct decoder *d, const char *base, const char *p, unsigned int n, struct value *v)
{
	(void)d, (void)base;
	return decode_bytes(VALUE_TEXT, p, n, v);
}

LEAF decode_bin(struct decoder *d, const char *base, const char *p, unsigned int n, struct value *v)
{
	(void)d, (void)base;
	return decode_bytes(VALUE_BIN, p, n, v);
}

/* n counts the type byte in front. */
LEAF decode_ext(struct decoder *d, const char *base, const char *p, unsigned int n, struct value *v)
{
	(void)d, (void)base;
	if (n == 0)
		return MSGPACK_UNPACK_PARSE_ERROR;
	decode_bytes(VALUE_EXT, p + 1, n - 1, v);
	v->ext_type = (int8_t)p[0];
	return 0;
}

/* Every element takes a byte at least: a count over the bytes is a bomb, whatever the caller has checked. */
LEAF decode_array(struct decoder *d, unsigned int n, struct value *v)
{
	if (n > d->n_bytes)
		return MSGPACK_UNPACK_NOMEM_ERROR;
	MADE(value_array(d->arena, n));
}

LEAF decode_map(struct decoder *d, unsigned int n, struct value *v)
{
	if (n > d->n_bytes)
		return MSGPACK_UNPACK_NOMEM_ERROR;
	MADE(value_map(d->arena, n));
}

LEAF decode_array_item(struct decoder *d, struct value *array, struct value item)
{
	(void)d;
	array->as.items[array->n++] = item;
	return 0;
}

LEAF decode_map_item(struct decoder *d, struct value *map, struct value key, struct value val)
{
	struct pair *p = &map->as.pairs[map->n++];

	(void)d;
	p->key = key;
	p->val = val;
	return 0;
}

#define msgpack_unpack_struct(name) struct parser##name
#define msgpack_unpack_func(ret, name) static inline ret parser##name
#define msgpack_unpack_callback(name) decode##name
#define msgpack_unpack_object struct value
#define msgpack_unpack_user struct decoder
#include <msgpack/unpack_template.h>

int value_decode(struct arena *a, struct slice bytes, struct value *out, struct err *e)
{
	struct parser_context parser;
	size_t at = 0;
	int ret;

	parser.user = (struct decoder){.arena = a, .n_bytes = bytes.n};
	parser_init(&parser);
	ret = bytes.n > 0 ? parser_execute(&parser, bytes.p, bytes.n, &at) : 0;
	if (ret == MSGPACK_UNPACK_NOMEM_ERROR)
		return err_set(e, ERR_BAD_REQUEST,
			"MessagePack of %zu bytes declares more than it can hold at offset %zu", bytes.n, at);
	if (ret < 0)
		return err_set(e, ERR_BAD_REQUEST, "byte at offset %zu is not MessagePack", at);
	if (ret == 0)
		return err_set(e, ERR_BAD_REQUEST, "MessagePack is cut off after %zu bytes", bytes.n);
	if (at != bytes.n)
		return err_set(e, ERR_BAD_REQUEST, "%zu bytes follow the MessagePack value", bytes.n - at);
	*out = parser_data(&parser);
	return 0;
}

/* ---- encoding ------------------------------------------------------------------------------------------ */
static inline int append(struct buf *b, const void *p, size_t n)
{
	if (n <= b->cap - b->n && !b->is_full) {
		memcpy(b->p + b->n, p, n);
		b->n += n;
	} else {
		buf_add(b, p, n);
	}
	return 0;
}

#define msgpack_pack_inline_func(name) static inline int pack##name
#define msgpack_pack_inline_func_cint(name) static inline int pack##name
#define msgpack_pack_inline_func_fixint(name) static inline int pack_fix##name
#define msgpack_pack_user struct buf *
#define msgpack_pack_append_buffer(user, p, n) return append(user, (const void *)(p), n)
#include <msgpack/pack_template.h>

static void encode_payload(struct buf *b, const struct value *v)
{
	if (v->n > 0)
		append(b, v->as.text, v->n);
}

void value_encode_map(struct buf *b, uint32_t n)
{
	pack_map(b, n);
}

void value_encode_array(struct buf *b, uint32_t n)
{
	pack_array(b, n);
}

void value_encode(struct buf *b, const struct value *v)
{
	switch ((enum value_type)v->type) {
	case VALUE_NIL:
		pack_nil(b);
		break;
	case VALUE_BOOL:
		v->as.b ? pack_true(b) : pack_false(b);
		break;
	case VALUE_INT:
		pack_int64(b, v->as.i);
		break;
	case VALUE_UINT:
		pack_uint64(b, v->as.u);
		break;
	case VALUE_FLOAT:
		pack_double(b, v->as.f);
		break;
	case VALUE_TEXT:
		pack_str(b, v->n);
		encode_payload(b, v);
		break;
	case VALUE_BIN:
		pack_bin(b, v->n);
		encode_payload(b, v);
		break;
	case VALUE_EXT:
		pack_ext(b, v->n, v->ext_type);
		encode_payload(b, v);
		break;
	case VALUE_ARRAY:
		pack_array(b, v->n);
		for (uint32_t i = 0; i < v->n; i++)
			value_encode(b, &v->as.items[i]);
		break;
	case VALUE_MAP:
		pack_map(b, v->n);
		for (uint32_t i = 0; i < v->n; i++) {
			value_encode(b, &v->as.pairs[i].key);
			value_encode(b, &v->as.pairs[i].val);
		}
		break;
	}
}
