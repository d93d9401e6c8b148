/* Number set (numset.h): sorted arrays of 12 byte slots, one per partition of the mixed numbers. */
#include "tocsin/numset.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/err.h"

#define NUMBER_BITS 52
#define PARTITION_BITS 12
#define N_PARTITIONS (1u << PARTITION_BITS)
#define KEY_BITS (NUMBER_BITS - PARTITION_BITS)
#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)
#define SINCE_HIGH_BITS (NUMSET_SINCE_BITS - 32)
#define FLAG_BITS 5
#define PART_BITS 12
#define RANK_SHIFT (FLAG_BITS + SINCE_HIGH_BITS) /* above it: key and part, by which slots are sorted */

/* high: key 40, part 12, flags 5, since's upper 7; low: its lower 32. Two halves, so that a slot is 12 bytes.
 */
struct slot {
	uint32_t high[2], low;
};

struct numset {
	struct partition {
		struct slot *slots;
		uint32_t n, cap;
	} partitions[N_PARTITIONS];
	uint64_t n, bytes;
};

_Static_assert(sizeof(struct slot) == 12, "a slot is 12 bytes");
_Static_assert(KEY_BITS + PART_BITS + RANK_SHIFT == 64, "the upper half is full");

struct numset *numset_new(void)
{
	struct numset *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->bytes = sizeof(*s);
	return s;
}

void numset_free(struct numset *s)
{
	for (uint32_t i = 0; s != NULL && i < N_PARTITIONS; i++)
		free(s->partitions[i].slots);
	free(s);
}

uint64_t numset_number(struct slice text)
{
	const char *p = text.p;
	uint64_t number = 1; /* so that leading zeros count */

	if (text.n == 0 || text.n > NUMSET_DIGITS)
		return 0;
	for (size_t i = 0; i < text.n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return 0;
		number = number * 10 + (uint64_t)(p[i] - '0');
	}
	return number;
}

size_t numset_text(uint64_t number, char out[NUMSET_TEXT])
{
	char digits[24];
	size_t n = 0;

	for (; number > 1 && n < NUMSET_DIGITS; number /= 10)
		digits[n++] = (char)('0' + number % 10);
	for (size_t i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	out[n] = '\0';
	return n;
}

/* A bijection of 52 bits: an odd factor and two folds (the finaliser of splitmix64, narrowed). */
static uint64_t mix(uint64_t x)
{
	x ^= x >> 26;
	x = (x * UINT64_C(0xd6e8feb86659fd93)) & MASK(NUMBER_BITS);
	x ^= x >> 26;
	x = (x * UINT64_C(0xa5a3564e27f88629)) & MASK(NUMBER_BITS);
	return x ^ x >> 26;
}

static uint64_t high_of(const struct slot *s)
{
	return (uint64_t)s->high[0] << 32 | s->high[1];
}

static uint64_t rank_of(const struct slot *s)
{
	return high_of(s) >> RANK_SHIFT;
}

/* The first slot that is not below the rank. */
static uint32_t place_of(const struct partition *p, uint64_t rank)
{
	uint32_t from = 0, to = p->n;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (rank_of(&p->slots[middle]) < rank)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void grow(struct numset *s, struct partition *p)
{
	uint32_t cap = p->n + p->n / 8 + 4;

	s->bytes += (uint64_t)(cap - p->cap) * sizeof(struct slot);
	p->slots = realloc(p->slots, cap * sizeof(struct slot));
	must(p->slots != NULL);
	p->cap = cap;
}

static struct partition *partition_of(struct numset *s, uint64_t mixed)
{
	return &s->partitions[mixed >> KEY_BITS];
}

static uint64_t rank_made(uint64_t mixed, uint32_t part)
{
	return (mixed & MASK(KEY_BITS)) << PART_BITS | part;
}

static struct slot slot_made(uint64_t rank, const struct numset_item *item)
{
	uint64_t since = item->since > MASK(NUMSET_SINCE_BITS) ? MASK(NUMSET_SINCE_BITS) : item->since,
		 high = rank << RANK_SHIFT | (uint64_t)item->flags << SINCE_HIGH_BITS | since >> 32;

	return (struct slot){{(uint32_t)(high >> 32), (uint32_t)high}, (uint32_t)since};
}

static void check_item(uint64_t number, const struct numset_item *item)
{
	must(number <= MASK(NUMBER_BITS) && item->part < NUMSET_PARTS && item->flags < NUMSET_FLAGS);
}

void numset_put(struct numset *s, uint64_t number, const struct numset_item *item)
{
	uint64_t mixed = mix(number), rank = rank_made(mixed, item->part);
	struct partition *p = partition_of(s, mixed);
	uint32_t at = place_of(p, rank);

	check_item(number, item);
	if (at == p->n || rank_of(&p->slots[at]) != rank) {
		if (p->n == p->cap)
			grow(s, p);
		memmove(p->slots + at + 1, p->slots + at, (p->n - at) * sizeof(struct slot));
		p->n++;
		s->n++;
	}
	p->slots[at] = slot_made(rank, item);
}

void numset_add(struct numset *s, uint64_t number, const struct numset_item *item)
{
	uint64_t mixed = mix(number);
	struct partition *p = partition_of(s, mixed);

	check_item(number, item);
	if (p->n == p->cap)
		grow(s, p);
	p->slots[p->n++] = slot_made(rank_made(mixed, item->part), item);
	s->n++;
}

static int by_rank(const void *a, const void *b)
{
	uint64_t x = rank_of(a), y = rank_of(b);

	return (x > y) - (x < y);
}

void numset_sort(struct numset *s)
{
	for (uint32_t i = 0; i < N_PARTITIONS; i++)
		if (s->partitions[i].n > 1)
			qsort(s->partitions[i].slots, s->partitions[i].n, sizeof(struct slot), by_rank);
}

bool numset_del(struct numset *s, uint64_t number, uint32_t part)
{
	uint64_t mixed = mix(number), rank = rank_made(mixed, part);
	struct partition *p = partition_of(s, mixed);
	uint32_t at = place_of(p, rank);

	if (at == p->n || rank_of(&p->slots[at]) != rank)
		return false;
	memmove(p->slots + at, p->slots + at + 1, (p->n - at - 1) * sizeof(struct slot));
	p->n--;
	s->n--;
	if (p->n == 0) {
		s->bytes -= (uint64_t)p->cap * sizeof(struct slot);
		free(p->slots);
		memset(p, 0, sizeof(*p));
	}
	return true;
}

uint32_t numset_find(const struct numset *s, uint64_t number, struct numset_item *out, uint32_t max)
{
	uint64_t mixed = mix(number), key = mixed & MASK(KEY_BITS);
	const struct partition *p = &s->partitions[mixed >> KEY_BITS];
	uint32_t n = 0;

	if (number > MASK(NUMBER_BITS))
		return 0;
	for (uint32_t at = place_of(p, key << PART_BITS);
		at < p->n && n < max && rank_of(&p->slots[at]) >> PART_BITS == key; at++, n++) {
		uint64_t high = high_of(&p->slots[at]);

		out[n].part = (uint32_t)(high >> RANK_SHIFT & MASK(PART_BITS));
		out[n].flags = (uint8_t)(high >> SINCE_HIGH_BITS & MASK(FLAG_BITS));
		out[n].since = (high & MASK(SINCE_HIGH_BITS)) << 32 | p->slots[at].low;
	}
	return n;
}

uint64_t numset_count(const struct numset *s)
{
	return s->n;
}

uint64_t numset_bytes(const struct numset *s)
{
	return s->bytes;
}
