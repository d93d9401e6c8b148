/* CRC-32C in software and by the processor's own instruction. */
#include <string.h>

#include "tocsin/util.h"

#define CRC32C_POLY 0x82f63b78u

static uint32_t crc32c_soft(uint32_t crc, const uint8_t *p, size_t n)
{
	while (n-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (CRC32C_POLY & (0u - (crc & 1)));
	}
	return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

/*
 * The instruction answers after three cycles but may start at each: three blocks side by side take the time of
 * one. Their sums become one by carry-less multiplication (Gopal et al., "Fast CRC Computation for iSCSI
 * Polynomial Using CRC32 Instruction", Intel 2011): a sum is moved over n bytes by x^(8n - 33) mod P, bits
 * reversed, and reduced by the instruction itself, which multiplies by x^32; the product of two reversed
 * words has the one x that is missing.
 */
#define BLOCK 128
#define OVER_ONE_BLOCK 0x0d3b6092 /* x^(8 * 128 - 33) mod P */
#define OVER_TWO_BLOCKS 0xb9e02b86u

__attribute__((target("sse4.2"))) static inline uint64_t crc_word(uint64_t crc, const uint8_t *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return _mm_crc32_u64(crc, word);
}

__attribute__((target("sse4.2,pclmul"))) static inline uint64_t moved(uint64_t crc, uint32_t over)
{
	__m128i product =
		_mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi32_si128((int)over), 0);

	return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("sse4.2,pclmul"))) static uint32_t crc32c_hard(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t wide = crc;

	for (; n >= 3 * BLOCK; p += 3 * BLOCK, n -= 3 * BLOCK) {
		uint64_t second = 0, third = 0;

		for (size_t i = 0; i < BLOCK; i += 8) {
			wide = crc_word(wide, p + i);
			second = crc_word(second, p + BLOCK + i);
			third = crc_word(third, p + (size_t)2 * BLOCK + i);
		}
		wide = moved(wide, OVER_TWO_BLOCKS) ^ moved(second, OVER_ONE_BLOCK) ^ third;
	}
	for (; n >= 8; p += 8, n -= 8)
		wide = crc_word(wide, p);
	crc = (uint32_t)wide;
	while (n-- > 0)
		crc = _mm_crc32_u8(crc, *p++);
	return crc;
}
#endif

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul"))
		return ~crc32c_hard(~crc, p, n);
#endif
	return ~crc32c_soft(~crc, p, n);
}
