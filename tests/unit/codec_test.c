/* MessagePack to values and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "suite_msgpack.h"
#include "tocsin/util.h"
#include "tocsin/value.h"
#include "tocsin/wire.h"

static struct value from_hex(struct arena *a, json_t *text)
{
	uint8_t bytes[1024];
	size_t n = suite_bytes(json_string_value(text), bytes);

	return value_bytes(arena_copy(a, bytes, n), n);
}

/* Timestamp extension: 32, 64 or 96 bits, the smallest that holds it (spec.md, "Timestamp extension type").
 */
static struct value from_timestamp(struct arena *a, int64_t s, uint64_t ns)
{
	struct buf b;
	struct value v;

	buf_init(&b, 64);
	if (s >= 0 && s >> 34 == 0) {
		uint64_t both = ns << 34 | (uint64_t)s;

		if (both <= UINT32_MAX)
			buf_add_be32(&b, (uint32_t)both);
		else
			buf_add_be64(&b, both);
	} else {
		buf_add_be32(&b, (uint32_t)ns);
		buf_add_be64(&b, (uint64_t)s);
	}
	v = value_bytes(arena_copy(a, b.p, b.n), b.n);
	v.type = VALUE_EXT;
	v.ext_type = -1;
	buf_fini(&b);
	return v;
}

static struct value from_json(struct arena *a, json_t *json)
{
	struct value v = value_nil;
	const char *key;
	json_t *item;
	size_t i;

	switch (json_typeof(json)) {
	case JSON_TRUE:
	case JSON_FALSE:
		return value_bool(json_is_true(json));
	case JSON_INTEGER:
		return value_int(json_integer_value(json));
	case JSON_REAL:
		return value_float(json_real_value(json));
	case JSON_STRING:
		return value_text(a, json_string_value(json), json_string_length(json));
	case JSON_ARRAY:
		v = value_array(a, 0);
		json_array_foreach(json, i, item) value_push(a, &v, from_json(a, item));
		return v;
	case JSON_OBJECT:
		v = value_map(a, 0);
		json_object_foreach(json, key, item)
			value_add(a, &v, arena_text(a, key, strlen(key)), from_json(a, item));
		return v;
	default:
		return v;
	}
}

static struct value expected(struct arena *a, json_t *entry)
{
	const char *kind = json_object_iter_key(json_object_iter(entry));
	json_t *json = json_object_iter_value(json_object_iter(entry));
	struct value v;

	if (strcmp(kind, "binary") == 0)
		return from_hex(a, json);
	if (strcmp(kind, "ext") == 0) {
		v = from_hex(a, json_array_get(json, 1));
		v.type = VALUE_EXT;
		v.ext_type = (int8_t)json_integer_value(json_array_get(json, 0));
		return v;
	}
	if (strcmp(kind, "timestamp") == 0)
		return from_timestamp(a, json_integer_value(json_array_get(json, 0)),
			(uint64_t)json_integer_value(json_array_get(json, 1)));
	if (strcmp(kind, "bignum") == 0) {
		const char *digits = json_string_value(json);

		v = value_int(strtoll(digits, NULL, 10));
		if (strtoull(digits, NULL, 10) > INT64_MAX && digits[0] != '-')
			v = (struct value){.type = VALUE_UINT, .as.u = strtoull(digits, NULL, 10)};
		return v;
	}
	return from_json(a, json);
}

static void check_encodings(struct arena *a, json_t *entry, size_t *n_encodings)
{
	struct value want = expected(a, entry);
	json_t *encoding;
	struct err e;
	size_t j;

	json_array_foreach(json_object_get(entry, "msgpack"), j, encoding)
	{
		uint8_t bytes[1024], listed[1024];
		size_t n = suite_bytes(json_string_value(encoding), bytes);
		json_t *other;
		struct value got;
		struct buf b;
		bool is_listed = false;
		size_t k;

		assert_int_equal(value_decode(a, slice_of(bytes, n), &got, &e), 0);
		assert_true(value_equal(&got, &want));
		buf_init(&b, 4096);
		value_encode(&b, &got);
		json_array_foreach(json_object_get(entry, "msgpack"), k, other)
		{
			size_t listed_n = suite_bytes(json_string_value(other), listed);

			is_listed |= listed_n == b.n && memcmp(listed, b.p, b.n) == 0;
			if (got.type != VALUE_FLOAT && (listed[0] | 1) != 0xcb)
				assert_true(b.n <= listed_n);
		}
		assert_true(is_listed);
		buf_fini(&b);
		(*n_encodings)++;
	}
}

static void suite_values(void **state)
{
	json_t *suite = suite_load(), *group, *entry;
	const char *name;
	size_t i, n_values = 0, n_encodings = 0;
	struct arena a;

	(void)state;
	if (suite == NULL)
		skip();
	arena_init(&a, 0);
	json_object_foreach(suite, name, group) json_array_foreach(group, i, entry)
	{
		check_encodings(&a, entry, &n_encodings);
		n_values++;
	}
	assert_int_equal(n_values, 85);
	assert_int_equal(n_encodings, 233);
	arena_fini(&a);
	json_decref(suite);
}

static void check_bytes(const struct value *v, const char *want, size_t n)
{
	struct buf b;

	buf_init(&b, 1 << 20);
	value_encode(&b, v);
	assert_int_equal(b.n, n);
	assert_memory_equal(b.p, want, n);
	buf_fini(&b);
}

static void shortest(void **state)
{
	struct value v;

	(void)state;
	v = value_int(-32);
	check_bytes(&v, "\xe0", 1);
	v = value_int(-33);
	check_bytes(&v, "\xd0\xdf", 2);
	v = value_int(128);
	check_bytes(&v, "\xcc\x80", 2);
	v = value_int(65536);
	check_bytes(&v, "\xce\x00\x01\x00\x00", 5);
	v = value_float(0.5);
	check_bytes(&v, "\xcb\x3f\xe0\x00\x00\x00\x00\x00\x00", 9);
	v = value_float(0.1);
	check_bytes(&v, "\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", 9);
	v = value_float(1e300);
	check_bytes(&v, "\xcb\x7e\x37\xe4\x3c\x88\x00\x75\x9c", 9);
	v = value_float(-INFINITY);
	check_bytes(&v, "\xcb\xff\xf0\x00\x00\x00\x00\x00\x00", 9);
	v = value_literal("");
	check_bytes(&v, "\xa0", 1);
	v = value_bytes(NULL, 0);
	check_bytes(&v, "\xc4\x00", 2);
	v = (struct value){.type = VALUE_UINT, .as.u = UINT64_MAX};
	check_bytes(&v, "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 9);
}

static void nan_survives(void **state)
{
	struct arena a;
	struct value v;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(value_decode(&a, slice_of("\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01", 9), &v, &e), 0);
	assert_true(isnan(v.as.f));
	check_bytes(&v, "\xcb\x7f\xf8\x00\x00\x00\x00\x00\x01", 9);
	arena_fini(&a);
}

static void refuse(const char *bytes, size_t n, const char *text)
{
	struct arena a;
	struct value v;
	struct err e;

	arena_init(&a, 0);
	assert_int_equal(value_decode(&a, slice_of(bytes, n), &v, &e), -1);
	assert_string_equal(e.text, text);
	assert_int_equal(e.code, ERR_BAD_REQUEST);
	assert_true(a.total <= 1 << 20);
	arena_fini(&a);
}

/* What the walker would have refused is an error here too, and costs no memory. */
static void broken(void **state)
{
	char deep[40];

	(void)state;
	refuse("", 0, "MessagePack is cut off after 0 bytes");
	refuse("\x92\x01", 2, "MessagePack is cut off after 2 bytes");
	refuse("\xa5hel", 4, "MessagePack is cut off after 4 bytes");
	refuse("\x01\x02", 2, "1 bytes follow the MessagePack value");
	refuse("\x91\xc1", 2, "byte at offset 1 is not MessagePack");
	refuse("\xdd\x0f\xff\xff\xff", 5,
		"MessagePack of 5 bytes declares more than it can hold at offset 4");
	refuse("\xdf\xff\xff\xff\xff", 5,
		"MessagePack of 5 bytes declares more than it can hold at offset 4");
	memset(deep, 0x91, sizeof(deep));
	refuse(deep, sizeof(deep), "MessagePack of 40 bytes declares more than it can hold at offset 32");
}

/* Decoded containers can grow as if they had been made by value_map. */
static void decoded_grows(void **state)
{
	struct arena a;
	struct value v, *list;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(value_decode(&a, slice_of("\x82\xa1k\x01\xa1l\x90", 7), &v, &e), 0);
	list = (struct value *)value_get(&v, "l");
	for (int i = 0; i < 20; i++)
		value_push(&a, list, value_int(i));
	value_set(&a, &v, "z", value_bool(true));
	value_set(&a, &v, "k", value_nil);
	assert_int_equal(v.n, 3);
	assert_int_equal(value_int_or(value_at(value_get(&v, "l"), 19), 0), 19);
	assert_true(value_true(value_get(&v, "z")));
	assert_null(value_get(&v, "k"));
	arena_fini(&a);
}

static void text_borrows(void **state)
{
	char bytes[] = "\xa3one";
	struct arena a;
	struct value v;
	struct err e;

	(void)state;
	arena_init(&a, 0);
	assert_int_equal(value_decode(&a, slice_of(bytes, 4), &v, &e), 0);
	assert_ptr_equal(v.as.text, bytes + 1);
	arena_fini(&a);
}

/* A full buffer drops what does not fit and says so. */
static void full_buffer(void **state)
{
	struct value v = value_literal("0123456789");
	struct buf b;

	(void)state;
	buf_init(&b, 8);
	value_encode(&b, &v);
	assert_true(b.is_full);
	assert_true(b.n <= 8);
	buf_fini(&b);
}

static struct value random_value(struct arena *a, struct rng *r, int levels)
{
	static const char text[] = "投诉 complaint 13800138000";
	struct value v;

	switch (rng_below(r, levels > 0 ? 9 : 7)) {
	case 0:
		return value_nil;
	case 1:
		return value_bool(rng_below(r, 2) != 0);
	case 2:
		return value_int((int64_t)(rng_u64(r) >> rng_below(r, 64)));
	case 3:
		return value_int(-(int64_t)(rng_u64(r) >> (1 + rng_below(r, 63))));
	case 4:
		return value_float((double)(int64_t)rng_u64(r) / (double)(1 + rng_below(r, 1000)));
	case 5:
		return value_borrow(text, rng_below(r, sizeof(text)));
	case 6:
		return value_bytes(text, rng_below(r, sizeof(text)));
	case 7:
		v = value_array(a, 0);
		for (uint64_t n = rng_below(r, 40); n > 0; n--)
			value_push(a, &v, random_value(a, r, levels - 1));
		return v;
	default:
		v = value_map(a, 0);
		for (uint64_t n = rng_below(r, 20); n > 0; n--)
			value_add(
				a, &v, arena_printf(a, "k%ju", (uintmax_t)n), random_value(a, r, levels - 1));
		return v;
	}
}

static void random_trees(void **state)
{
	const char *seed = getenv("SEED");
	struct rng r;
	struct arena a;

	(void)state;
	rng_init_seeded(&r, seed != NULL ? strtoull(seed, NULL, 0) : 20260922);
	printf("SEED=%ju\n", (uintmax_t)r.state);
	arena_init(&a, 1 << 20);
	for (int round = 0; round < 500; round++) {
		struct value v = random_value(&a, &r, 3), back;
		struct buf b, again;
		struct err e;

		buf_init(&b, 1 << 24);
		buf_init(&again, 1 << 24);
		value_encode(&b, &v);
		assert_int_equal(value_decode(&a, buf_slice(&b), &back, &e), 0);
		assert_true(value_equal(&v, &back));
		value_encode(&again, &back);
		assert_int_equal(b.n, again.n);
		assert_memory_equal(b.p, again.p, b.n);
		if (b.n <= FRAME_BYTES_MAX)
			assert_int_equal(frame_check(buf_slice(&b), FRAME_BYTES_MAX, &e), 0);
		buf_fini(&b);
		buf_fini(&again);
		arena_reset(&a);
	}
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite_values),
		cmocka_unit_test(shortest),
		cmocka_unit_test(nan_survives),
		cmocka_unit_test(broken),
		cmocka_unit_test(decoded_grows),
		cmocka_unit_test(text_borrows),
		cmocka_unit_test(full_buffer),
		cmocka_unit_test(random_trees),
	};

	return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
