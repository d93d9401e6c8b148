/*
 * Number set: which numbers belong to which parts of a fault, among millions, in 12 bytes each and what an
 * eighth of slack takes (13.5 at most once a partition holds 64). A cache: rebuilt from rows.
 *
 *   number   52 bits, see numset_number; mixed by a bijection of 52 bits, whose upper 12 choose a partition
 *   slot     96 bits: the lower 40 of the mixed number, part 12, flags 5, since 39; sorted by number and part
 *
 * A partition is one sorted array: a look-up is a binary search in about 14 KB at 5 M numbers, an insertion
 * moves half of that. Nothing is rehashed at once, so no insertion stalls. Not shared between threads.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"

#define NUMSET_PARTS 4096    /* parts are 0 … this - 1 */
#define NUMSET_FLAGS 32      /* flags are 0 … this - 1 */
#define NUMSET_SINCE_BITS 39 /* since is 0 … 2^39 - 1: as ms, 17 years */
#define NUMSET_DIGITS 15     /* of a number at most (ITU-T E.164) */
#define NUMSET_TEXT (NUMSET_DIGITS + 1)

struct numset;

struct numset_item {
	uint32_t part;
	uint8_t flags;
	uint64_t since; /* in the part's own time; what is more than 39 bits is cut to the largest */
};

struct numset *numset_new(void);
void numset_free(struct numset *);

/* A text of 1 to 15 digits as a number that keeps leading zeros; 0: it is none. Texts of one length sort
 * alike. */
uint64_t numset_number(struct slice text);
/* The text again, with NUL; its length. */
size_t numset_text(uint64_t number, char out[NUMSET_TEXT]);

/* Put, replacing what the number had in that part. */
void numset_put(struct numset *, uint64_t number, const struct numset_item *);
/*
 * The same for many at once, as at start: each number and part comes once and is not in the set yet; until
 * numset_sort nothing is found.
 */
void numset_add(struct numset *, uint64_t number, const struct numset_item *);
void numset_sort(struct numset *);
/* False: it was not there. */
bool numset_del(struct numset *, uint64_t number, uint32_t part);
/* What the number has, by part; at most `max` of them. Returns how many. */
uint32_t numset_find(const struct numset *, uint64_t number, struct numset_item *out, uint32_t max);
uint64_t numset_count(const struct numset *);
uint64_t numset_bytes(const struct numset *); /* allocated */
