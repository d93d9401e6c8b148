/* Small tools that know nobody: checksums, digests, UTF-8, spelling help, random bytes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tocsin/buf.h"

/* CRC-32C (Castagnoli, RFC 3720 B.4), hardware where present; crc = 0 to start, chainable. */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* FNV-1a, to find and to compare, never against an adversary; HASH_START to begin, chainable. */
#define HASH_START UINT64_C(14695981039346656037)
uint64_t hash_add(uint64_t hash, const void *p, size_t n);
uint64_t slice_hash(struct slice);

#define SHA256_LEN 32
void sha256(const void *p, size_t n, uint8_t out[SHA256_LEN]);
/* SHA-256 over several slices in order. */
void sha256_slices(const struct slice *, size_t n_slices, uint8_t out[SHA256_LEN]);
/* Lower-case hex with NUL; out holds 2n + 1. */
char *hex(const void *p, size_t n, char *out);
/* Bytes compared, or -1 for an odd length or a non-hex digit. */
int unhex(const char *text, size_t text_n, uint8_t *out, size_t out_n);

/*
 * The folder of the words (lib/) and the default pack that this program came with: build/tocsin finds ../lua,
 * PREFIX/bin/tocsin ../share/tocsin/lua. out holds PATH_MAX bytes; false and "" if there is none.
 */
bool share_find(char *out);

/* "3.0.17": the OpenSSL that was found. */
const char *digest_library(void);
/* Compare versions such as "2.1.12-stable" by their numbers, whatever stands between and behind them. */
int version_cmp(const char *a, const char *b);

/* Names in levels: "recharge.card" is under "recharge", and so is "recharge". Nothing is under an empty name. */
bool name_under(struct slice name, struct slice top);

/* Valid UTF-8 without surrogates, overlong forms or NUL. */
bool utf8_valid(const char *p, size_t n);
/* The largest length <= n that does not cut a character. */
size_t utf8_clip(const char *p, size_t n);

/* Optimal string alignment distance: insert, delete, replace, swap of neighbours; over 63 bytes: 99. */
size_t edit_distance(const char *a, const char *b);
/*
 * What was probably meant: the candidate with the smallest edit distance (at most a third of the word, at
 * least 1), or NULL.
 */
const char *nearest_word(const char *word, const char *const *candidates, size_t n_candidates);

/* Units from the largest to 1, for what people read. */
struct unit_name {
	const char *name;
	int64_t factor;
};
/* n in the largest unit that divides it: "90s". Returns out. */
#define UNIT_TEXT_LEN 32
char *unit_text(int64_t n, const struct unit_name *, size_t n_units, char out[UNIT_TEXT_LEN]);
/* d, h, m, s, ms, in ms. */
#define N_SPAN_UNITS 5
extern const struct unit_name span_units[N_SPAN_UNITS];

/*
 * Random bytes. rng_init_system draws from the kernel; rng_init_seeded is a reproducible generator
 * (splitmix64) for virtual clocks and simulation, never for secrets.
 */
struct rng {
	bool is_seeded;
	uint64_t state;
};
void rng_init_system(struct rng *);
void rng_init_seeded(struct rng *, uint64_t seed);
void rng_bytes(struct rng *, void *p, size_t n);
uint64_t rng_u64(struct rng *);
uint64_t rng_below(struct rng *, uint64_t bound); /* uniform in [0, bound) */
