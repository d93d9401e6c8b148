/* Checksums against published vectors (FIPS 180-4 examples; RFC 3720 B.4). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/util.h"

static void assert_sha256(const struct slice *s, size_t n, const char *wanted)
{
	char text[2 * SHA256_LEN + 1];
	uint8_t sum[SHA256_LEN];

	sha256_slices(s, n, sum);
	assert_string_equal(hex(sum, SHA256_LEN, text), wanted);
}

static void sha256_of_published_texts(void **state)
{
	static const char *const two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	struct slice cut[] = {slice_of(two_blocks, 1), slice_of(NULL, 0), slice_of(two_blocks + 1, 55)};

	(void)state;
	assert_sha256(NULL, 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_sha256(&(struct slice){"abc", 3}, 1,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_sha256(cut, 3, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void crc32c_of_published_bytes(void **state)
{
	uint8_t bytes[32];

	(void)state;
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, 32), 0x8a9136aa);
	memset(bytes, 0xff, sizeof(bytes));
	assert_int_equal(crc32c(0, bytes, 32), 0x62a8ab43);
	for (uint8_t i = 0; i < 32; i++)
		bytes[i] = i;
	assert_int_equal(crc32c(0, bytes, 32), 0x46dd794e);
	assert_int_equal(crc32c(crc32c(0, bytes, 5), bytes + 5, 27), 0x46dd794e);
}

/* Bit by bit, as the polynomial is defined (RFC 3720 B.4), at every length and from odd addresses. */
static void crc32c_of_any_length(void **state)
{
	static uint8_t bytes[1600];
	uint32_t crc = UINT32_MAX;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 167 + (i >> 3) * 29 + 11);
	for (size_t n = 0; n < sizeof(bytes) - 3; n++) {
		assert_int_equal(crc32c(0, bytes + 3, n), ~crc);
		assert_int_equal(crc32c(crc32c(0, bytes + 3, n / 3), bytes + 3 + n / 3, n - n / 3), ~crc);
		crc ^= bytes[3 + n];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_published_texts),
		cmocka_unit_test(crc32c_of_published_bytes),
		cmocka_unit_test(crc32c_of_any_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
