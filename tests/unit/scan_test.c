/* Where frames end, and what breaks them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "suite_msgpack.h"
#include "tocsin/value.h"
#include "tocsin/wire.h"

/* The state after all bytes at once; *length is the frame's length if whole. */
static enum frame_state whole(const uint8_t *p, size_t n, size_t max, size_t *length, struct err *e)
{
	struct frame_scan s;
	enum frame_state state;

	frame_scan_init(&s, max);
	state = frame_scan(&s, p, n, e);
	*length = s.at;
	return state;
}

/* The same, one byte more a call; every call sees a buffer of exactly the bytes there are. */
static enum frame_state dripped(const uint8_t *p, size_t n, size_t max, size_t *length, struct err *e)
{
	struct frame_scan s;
	enum frame_state state = FRAME_MORE;

	frame_scan_init(&s, max);
	for (size_t have = 0; have <= n && state == FRAME_MORE; have++) {
		uint8_t *seen = malloc(have + 1);

		assert_non_null(seen);
		memcpy(seen, p, have);
		state = frame_scan(&s, seen, have, e);
		free(seen);
	}
	*length = s.at;
	return state;
}

static void check_whole(const uint8_t *p, size_t n)
{
	struct err e;
	size_t length;

	assert_int_equal(whole(p, n, FRAME_BYTES_MAX, &length, &e), FRAME_WHOLE);
	assert_int_equal(length, n);
	assert_int_equal(dripped(p, n, FRAME_BYTES_MAX, &length, &e), FRAME_WHOLE);
	assert_int_equal(length, n);
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(whole(p, cut, FRAME_BYTES_MAX, &length, &e), FRAME_MORE);
	assert_int_equal(frame_check(slice_of(p, n), FRAME_BYTES_MAX, &e), 0);
}

static void check_broken(const uint8_t *p, size_t n, size_t max, enum err_code code, const char *text)
{
	struct err e;
	size_t length;

	assert_int_equal(whole(p, n, max, &length, &e), FRAME_BROKEN);
	assert_string_equal(e.text, text);
	assert_int_equal(e.code, code);
	memset(&e, 0, sizeof(e));
	assert_int_equal(dripped(p, n, max, &length, &e), FRAME_BROKEN);
	assert_string_equal(e.text, text);
}

#define BROKEN(code, text, ...)                                                                              \
	do {                                                                                                 \
		static const uint8_t bytes[] = {__VA_ARGS__};                                                \
		check_broken(bytes, sizeof(bytes), FRAME_BYTES_MAX, code, text);                             \
	} while (0)

static void suite_frames(void **state)
{
	json_t *suite = suite_load(), *group, *value, *encoding;
	const char *name;
	size_t i, j, n_values = 0, n_encodings = 0;

	(void)state;
	if (suite == NULL)
		skip();
	json_object_foreach(suite, name, group) json_array_foreach(group, i, value)
	{
		n_values++;
		json_array_foreach(json_object_get(value, "msgpack"), j, encoding)
		{
			uint8_t bytes[1024];

			check_whole(bytes, suite_bytes(json_string_value(encoding), bytes));
			n_encodings++;
		}
	}
	assert_int_equal(n_values, 85);
	assert_int_equal(n_encodings, 233);
	json_decref(suite);
}

/* Every first byte, alone in a one-byte frame and as an array's element. */
static void every_first_byte(void **state)
{
	(void)state;
	for (int first = 0; first < 256; first++) {
		uint8_t bytes[64] = {0x92, (uint8_t)first};
		struct frame_scan s;
		struct err e;

		frame_scan_init(&s, 64);
		if (first == 0xc1)
			assert_int_equal(frame_scan(&s, bytes, sizeof(bytes), &e), FRAME_BROKEN);
		else
			assert_int_equal(frame_scan(&s, bytes, sizeof(bytes), &e), FRAME_WHOLE);
	}
}

static void bombs(void **state)
{
	(void)state;
	BROKEN(ERR_TOO_LARGE,
		"an array of 268435455 elements at offset 0 does not fit in a frame of at most 262144 bytes",
		0xdd, 0x0f, 0xff, 0xff, 0xff);
	BROKEN(ERR_TOO_LARGE,
		"a map of 4294967295 elements at offset 0 does not fit in a frame of at most 262144 bytes",
		0xdf, 0xff, 0xff, 0xff, 0xff);
	BROKEN(ERR_TOO_LARGE,
		"a value of 4294967300 bytes at offset 1 does not fit in a frame of at most 262144 bytes",
		0x91, 0xdb, 0xff, 0xff, 0xff, 0xff);
	BROKEN(ERR_TOO_LARGE,
		"a value of 4294967301 bytes at offset 0 does not fit in a frame of at most 262144 bytes",
		0xc9, 0xff, 0xff, 0xff, 0xff, 0x01);
	/* each array alone would fit: together they owe more than there is room for */
	BROKEN(ERR_TOO_LARGE,
		"an array of 65535 elements at offset 9 does not fit in a frame of at most 262144 bytes",
		0xdc, 0xff, 0xff, 0xdc, 0xff, 0xff, 0xdc, 0xff, 0xff, 0xdc, 0xff, 0xff, 0xdc, 0xff, 0xff);
	BROKEN(ERR_BAD_REQUEST, "byte 0xc1 at offset 0 of the frame is not MessagePack", 0xc1);
	BROKEN(ERR_BAD_REQUEST, "byte 0xc1 at offset 2 of the frame is not MessagePack", 0x92, 0x01, 0xc1);
}

static void depth(void **state)
{
	uint8_t bytes[64];

	(void)state;
	memset(bytes, 0x91, sizeof(bytes));
	bytes[16] = 0xc0;
	check_whole(bytes, 17);
	bytes[16] = 0x91;
	check_broken(bytes, 17, FRAME_BYTES_MAX, ERR_TOO_LARGE,
		"the value at offset 16 of the frame is nested deeper than 16 levels");
	bytes[16] = 0x80; /* an empty map is a level too */
	check_broken(bytes, 17, FRAME_BYTES_MAX, ERR_TOO_LARGE,
		"the value at offset 16 of the frame is nested deeper than 16 levels");
	bytes[15] = 0x80;
	check_whole(bytes, 16);
}

/* Levels close again: many short branches are not deep. */
static void branches(void **state)
{
	uint8_t bytes[3 + 1000 * 4] = {0xdc, 1000 >> 8, 1000 & 255};

	(void)state;
	for (int i = 0; i < 1000; i++)
		memcpy(bytes + 3 + i * 4, "\x81\xa1k\x90", 4);
	check_whole(bytes, sizeof(bytes));
}

static void ceiling(void **state)
{
	size_t n = 4096, length;
	uint8_t *bytes = calloc(1, FRAME_BYTES_MAX + 8);
	struct err e;

	(void)state;
	assert_non_null(bytes);
	memcpy(bytes, "\xda\x0f\xfd", 3); /* 3 + 4093 */
	assert_int_equal(whole(bytes, n, n, &length, &e), FRAME_WHOLE);
	assert_int_equal(length, n);
	bytes[2] = 0xfe;
	check_broken(bytes, n, n, ERR_TOO_LARGE,
		"a value of 4097 bytes at offset 0 does not fit in a frame of at most 4096 bytes");
	memcpy(bytes, "\xdb\x00\x03\xff\xfb", 5); /* 5 + 262139: exactly 256 KiB */
	assert_int_equal(whole(bytes, FRAME_BYTES_MAX, FRAME_BYTES_MAX, &length, &e), FRAME_WHOLE);
	bytes[4] = 0xfc;
	check_broken(bytes, 64, FRAME_BYTES_MAX, ERR_TOO_LARGE,
		"a value of 262145 bytes at offset 0 does not fit in a frame of at most 262144 bytes");
	/* a number's own bytes over the ceiling break at its first byte */
	check_broken((const uint8_t *)"\x92\x01\xcb", 3, 8, ERR_TOO_LARGE,
		"a value of 9 bytes at offset 2 does not fit in a frame of at most 8 bytes");
	free(bytes);
}

static void one_value_exactly(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(frame_check(slice_of("\x92\x01", 2), 100, &e), -1);
	assert_string_equal(e.text, "the value is cut off after 2 bytes");
	assert_int_equal(frame_check(slice_of("\x91\x01\xc0", 3), 100, &e), -1);
	assert_string_equal(e.text, "1 bytes follow the value");
	assert_int_equal(frame_check(slice_of("", 0), 100, &e), -1);
	assert_string_equal(e.text, "the value is cut off after 0 bytes");
	assert_int_equal(frame_check(slice_of("\xc1", 1), 100, &e), -1);
	assert_string_equal(e.text, "byte 0xc1 at offset 0 of the frame is not MessagePack");
}

static void frames_in_a_row(void **state)
{
	static const uint8_t bytes[] = {0x93, 1, 2, 3, 0xa1, 'x', 0x80};
	static const size_t lengths[] = {4, 2, 1};
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct frame_scan s;
		struct err e;

		frame_scan_init(&s, 100);
		assert_int_equal(frame_scan(&s, bytes + at, sizeof(bytes) - at, &e), FRAME_WHOLE);
		assert_int_equal(s.at, lengths[i]);
		at += s.at;
	}
}

static void msgid_of(const char *bytes, size_t n, bool is_there, uint32_t expected)
{
	uint32_t msgid = 0;

	assert_int_equal(frame_peek_msgid((const uint8_t *)bytes, n, &msgid), is_there);
	if (is_there)
		assert_int_equal(msgid, expected);
}

static void msgid(void **state)
{
	(void)state;
	msgid_of("\x94\x00\x07", 3, true, 7);
	msgid_of("\x94\x00\xcc\xff", 4, true, 255);
	msgid_of("\x94\x00\xcd\x01\x02", 5, true, 258);
	msgid_of("\x94\x00\xce\xff\xff\xff\xff", 7, true, UINT32_MAX);
	msgid_of("\x94\x00\xce\xff\xff\xff", 6, false, 0);
	msgid_of("\x94\x00", 2, false, 0);
	msgid_of("\x94\x01\x07", 3, false, 0);
	msgid_of("\x93\x02\xa1x", 4, false, 0);
	msgid_of("\x94\x00\xff", 3, false, 0);
	msgid_of("\x94\x00\xcf\x00\x00\x00\x00\x00\x00\x00\x01", 11, false, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suite_frames),
		cmocka_unit_test(every_first_byte),
		cmocka_unit_test(bombs),
		cmocka_unit_test(depth),
		cmocka_unit_test(branches),
		cmocka_unit_test(ceiling),
		cmocka_unit_test(one_value_exactly),
		cmocka_unit_test(frames_in_a_row),
		cmocka_unit_test(msgid),
	};

	return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
