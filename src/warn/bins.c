/* Bins in local time, and the past of a stream in long ones. */
#include "tocsin/bins.h"

#include <stdlib.h>
#include <string.h>

#include "tocsin/civil.h"

#define QUARTER_MS (INT64_C(15) * 60 * 1000)
#define COUNT_MAX (BIN_UNKNOWN - 1)
#define BINS_KEPT_MAX 100000

int64_t bin_start(int64_t bin_ms, int64_t at_ms)
{
	int64_t midnight_ms;
	int32_t day;

	if (QUARTER_MS % bin_ms == 0) /* zones are whole quarters of an hour ahead */
		return at_ms - at_ms % bin_ms;
	day = civil_day_of(at_ms);
	if (bin_is_long(bin_ms))
		return civil_instant(bin_first_day(bin_ms, bin_number(bin_ms, day)), 0);
	midnight_ms = civil_instant(day, 0);
	return midnight_ms + (at_ms - midnight_ms) / bin_ms * bin_ms;
}

int64_t bin_end(int64_t bin_ms, int64_t at_ms)
{
	int64_t end_ms, midnight_ms;
	int32_t day;

	if (QUARTER_MS % bin_ms == 0)
		return at_ms - at_ms % bin_ms + bin_ms;
	day = civil_day_of(at_ms);
	if (bin_is_long(bin_ms))
		return civil_instant(bin_first_day(bin_ms, bin_number(bin_ms, day) + 1), 0);
	end_ms = bin_start(bin_ms, at_ms) + bin_ms;
	midnight_ms = civil_instant(day + 1, 0); /* a day may be shorter by an hour */
	return end_ms < midnight_ms ? end_ms : midnight_ms;
}

int64_t bin_after(int64_t bin_ms, int64_t start_ms, uint32_t bins)
{
	int64_t at_ms = start_ms + bins * bin_ms;

	return bin_is_long(bin_ms) ? bin_start(bin_ms, at_ms + bin_ms / 2) : at_ms;
}

int32_t bin_number(int64_t bin_ms, int32_t day)
{
	return bin_ms == BIN_WEEK_MS ? (day - civil_weekday(day) + 3) / 7 : day;
}

int32_t bin_first_day(int64_t bin_ms, int32_t number)
{
	return bin_ms == BIN_WEEK_MS ? number * 7 - 3 : number;
}

/* ---- the past ------------------------------------------------------------------------------------------ */
void past_fini(struct past *p)
{
	free(p->bins);
	memset(p, 0, sizeof(*p));
}

static void push(struct past *p, uint32_t most, uint32_t count)
{
	if (p->n >= most) {
		uint32_t over = p->n - most + 1;

		memmove(p->bins, p->bins + over, (p->n - over) * sizeof(*p->bins));
		p->first += (int32_t)over;
		p->n -= over;
	}
	if (p->n == p->cap) {
		p->cap = p->cap == 0 ? 16 : p->cap * 2;
		p->bins = realloc(p->bins, p->cap * sizeof(*p->bins));
		must(p->bins != NULL);
	}
	p->bins[p->n++] = count;
}

static bool is_whole(int64_t bin_ms, int32_t began, int32_t number)
{
	return bin_first_day(bin_ms, number) >= began;
}

void past_learn(struct past *p, int64_t bin_ms, uint32_t most, int32_t began, int32_t day, uint64_t count)
{
	int32_t number = bin_number(bin_ms, day);
	uint32_t *bin;

	if (p->n == 0) {
		p->first = bin_number(bin_ms, began < day ? began : day);
		if (number - p->first >= (int32_t)most)
			p->first = number - (int32_t)most + 1;
	} else if (day <= p->last_day) {
		return;
	}
	while (p->first + (int32_t)p->n <= number)
		push(p, most, is_whole(bin_ms, began, p->first + (int32_t)p->n) ? 0 : BIN_UNKNOWN);
	bin = &p->bins[number - p->first];
	if (*bin != BIN_UNKNOWN)
		*bin = count < COUNT_MAX - *bin ? *bin + (uint32_t)count : COUNT_MAX;
	p->last_day = day;
}

uint32_t past_bin(const struct past *p, int64_t bin_ms, int32_t last, int32_t number)
{
	if (p->n == 0 || number < p->first || bin_first_day(bin_ms, number) > last)
		return BIN_UNKNOWN;
	return number < p->first + (int32_t)p->n ? p->bins[number - p->first] : 0;
}

void past_copy_before(struct past *to, const struct past *from, int64_t bin_ms, int32_t day)
{
	int32_t end = bin_number(bin_ms, day);

	must(to->n == 0);
	if (bin_first_day(bin_ms, end) < day)
		end++; /* what is known of the days before it cannot be learned again */
	to->first = from->first;
	for (uint32_t i = 0; i < from->n && from->first + (int32_t)i < end; i++)
		push(to, BINS_KEPT_MAX, from->bins[i]);
	to->last_day = bin_first_day(bin_ms, to->first + (int32_t)to->n) - 1;
}

/* ---- as bytes: first, last day, how many, then each count and 1, unknown 0 ----------------------------- */
void past_encode(const struct past *p, struct buf *b)
{
	buf_add_signed(b, p->first);
	buf_add_signed(b, p->last_day);
	buf_add_varint(b, p->n);
	for (uint32_t i = 0; i < p->n; i++)
		buf_add_varint(b, p->bins[i] == BIN_UNKNOWN ? 0 : (uint64_t)p->bins[i] + 1);
}

static int decode(struct past *p, struct slice rest)
{
	int64_t first, last;
	uint64_t n, v;

	if (slice_signed(&rest, &first) != 0 || slice_signed(&rest, &last) != 0 ||
		slice_varint(&rest, &n) != 0 || n > BINS_KEPT_MAX || n > rest.n || first < INT32_MIN / 8 ||
		first > INT32_MAX / 8 || last < INT32_MIN || last > INT32_MAX)
		return -1;
	p->first = (int32_t)first;
	p->last_day = (int32_t)last;
	for (uint64_t i = 0; i < n; i++) {
		if (slice_varint(&rest, &v) != 0 || v > (uint64_t)COUNT_MAX + 1)
			return -1;
		push(p, BINS_KEPT_MAX, v == 0 ? BIN_UNKNOWN : (uint32_t)(v - 1));
	}
	return rest.n == 0 ? 0 : -1;
}

int past_decode(struct past *p, struct slice bytes, struct err *e)
{
	memset(p, 0, sizeof(*p));
	if (decode(p, bytes) == 0)
		return 0;
	past_fini(p);
	return err_set(e, ERR_STORAGE, "the past of a stream is damaged");
}
