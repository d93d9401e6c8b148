#include "tocsin/util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tocsin/err.h"

uint64_t hash_add(uint64_t hash, const void *p, size_t n)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ b[i]) * UINT64_C(1099511628211);
	return hash;
}

uint64_t slice_hash(struct slice s)
{
	return hash_add(HASH_START, s.p, s.n);
}

char *hex(const void *p, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *b = p;

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[b[i] >> 4];
		out[2 * i + 1] = digits[b[i] & 15];
	}
	out[2 * n] = '\0';
	return out;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int unhex(const char *text, size_t text_n, uint8_t *out, size_t out_n)
{
	if (text_n % 2 != 0 || text_n / 2 > out_n)
		return -1;
	for (size_t i = 0; i < text_n / 2; i++) {
		int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		out[i] = (uint8_t)(high << 4 | low);
	}
	return (int)(text_n / 2);
}

bool name_under(struct slice name, struct slice top)
{
	return top.n > 0 && name.n >= top.n && memcmp(name.p, top.p, top.n) == 0 &&
	       (name.n == top.n || ((const char *)name.p)[top.n] == '.');
}

/* The next number of a version, 0 at its end. */
static unsigned long version_part(const char **p)
{
	char *end;
	unsigned long n;

	*p += strcspn(*p, "0123456789");
	n = strtoul(*p, &end, 10);
	*p = end;
	return n;
}

int version_cmp(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		unsigned long x = version_part(&a), y = version_part(&b);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* ---- UTF-8 --------------------------------------------------------------------------------------------- */
/* Bytes of the character at p, 0 if it is not one (Unicode 15, table 3-7). */
static size_t utf8_char(const uint8_t *p, size_t n)
{
	uint8_t c = p[0], low = 0x80, high = 0xbf;
	size_t more;

	if (c < 0x80)
		return c != 0;
	if (c >= 0xc2 && c <= 0xdf) {
		more = 1;
	} else if (c >= 0xe0 && c <= 0xef) {
		more = 2;
		low = c == 0xe0 ? 0xa0 : low;
		high = c == 0xed ? 0x9f : high;
	} else if (c >= 0xf0 && c <= 0xf4) {
		more = 3;
		low = c == 0xf0 ? 0x90 : low;
		high = c == 0xf4 ? 0x8f : high;
	} else {
		return 0;
	}
	if (n < more + 1 || p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i <= more; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return more + 1;
}

/* Eight bytes that are each an ASCII character other than NUL. */
static bool is_ascii_word(const uint8_t *p)
{
	const uint64_t ones = UINT64_MAX / 255, highs = ones << 7;
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	/* without high bits, subtracting one from each byte borrows into a high bit only where a byte is 0 */
	return ((word | (word - ones)) & highs) == 0;
}

bool utf8_valid(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;

	while (n > 0) {
		size_t step;

		while (n >= 8 && is_ascii_word(p)) {
			p += 8;
			n -= 8;
		}
		/* most of Chinese text: three bytes, no overlong form, no surrogate */
		while (n >= 3 && p[0] > 0xe0 && p[0] < 0xed && (p[1] & 0xc0) == 0x80 &&
			(p[2] & 0xc0) == 0x80) {
			p += 3;
			n -= 3;
		}
		if (n == 0)
			return true;
		step = utf8_char(p, n);
		if (step == 0)
			return false;
		p += step;
		n -= step;
	}
	return true;
}

size_t utf8_clip(const char *text, size_t n)
{
	const uint8_t *p = (const uint8_t *)text;
	size_t start = n;

	while (start > 0 && n - start < 3 && (p[start - 1] & 0xc0) == 0x80)
		start--;
	if (start == 0 || p[start - 1] < 0xc0)
		return n;
	return utf8_char(p + start - 1, n - start + 1) == n - start + 1 ? n : start - 1;
}

/* ---- spelling ------------------------------------------------------------------------------------------ */
size_t edit_distance(const char *a, const char *b)
{
	size_t rows[3][65], an = strlen(a), bn = strlen(b);

	if (an > 63 || bn > 63)
		return 99;
	for (size_t j = 0; j <= bn; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= an; i++) {
		size_t *row = rows[i % 3], *up = rows[(i + 2) % 3], *up2 = rows[(i + 1) % 3];

		row[0] = i;
		for (size_t j = 1; j <= bn; j++) {
			size_t d = up[j - 1] + (a[i - 1] != b[j - 1]);

			d = up[j] + 1 < d ? up[j] + 1 : d;
			d = row[j - 1] + 1 < d ? row[j - 1] + 1 : d;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				up2[j - 2] + 1 < d)
				d = up2[j - 2] + 1;
			row[j] = d;
		}
	}
	return rows[an % 3][bn];
}

const char *nearest_word(const char *word, const char *const *candidates, size_t n_candidates)
{
	size_t limit = strlen(word) / 3 > 1 ? strlen(word) / 3 : 1, best = limit + 1;
	const char *found = NULL;

	for (size_t i = 0; i < n_candidates; i++) {
		size_t d = edit_distance(word, candidates[i]);

		if (d < best) {
			best = d;
			found = candidates[i];
		}
	}
	return found;
}

/* ---- units --------------------------------------------------------------------------------------------- */
const struct unit_name span_units[N_SPAN_UNITS] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

char *unit_text(int64_t n, const struct unit_name *units, size_t n_units, char out[UNIT_TEXT_LEN])
{
	size_t i = 0;

	while (i + 1 < n_units && (n % units[i].factor != 0 || n == 0))
		i++;
	snprintf(out, UNIT_TEXT_LEN, "%jd%s", (intmax_t)(n / units[i].factor), units[i].name);
	return out;
}

/* ---- random -------------------------------------------------------------------------------------------- */
void rng_init_system(struct rng *r)
{
	r->is_seeded = false;
	r->state = 0;
}

void rng_init_seeded(struct rng *r, uint64_t seed)
{
	r->is_seeded = true;
	r->state = seed;
}

/* splitmix64, Steele, Lea & Flood, OOPSLA 2014 */
static uint64_t splitmix64(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* getrandom gives up to 256 bytes in one piece, never fewer (getrandom(2)). */
static void system_bytes(uint8_t *to, size_t n)
{
	while (n > 0) {
		size_t step = n < 256 ? n : 256;

		must(getrandom(to, step, 0) == (ssize_t)step);
		to += step;
		n -= step;
	}
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t v;

	if (r->is_seeded)
		return splitmix64(&r->state);
	system_bytes((uint8_t *)&v, sizeof(v));
	return v;
}

void rng_bytes(struct rng *r, void *p, size_t n)
{
	uint8_t *to = p;

	if (!r->is_seeded) {
		system_bytes(to, n);
		return;
	}
	while (n > 0) {
		uint64_t v = splitmix64(&r->state);
		size_t step = n < sizeof(v) ? n : sizeof(v);

		memcpy(to, &v, step);
		to += step;
		n -= step;
	}
}

uint64_t rng_below(struct rng *r, uint64_t bound)
{
	uint64_t limit, v;

	must(bound > 0);
	limit = UINT64_MAX - UINT64_MAX % bound;
	do
		v = rng_u64(r);
	while (v >= limit);
	return v % bound;
}
