/* Baselines as bytes and back. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "baseline_int.h"

#define FORMAT 1

/* ---- writing ------------------------------------------------------------------------------------------- */
static void add_double(struct buf *to, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	buf_add_be64(to, bits);
}

static void add_float(struct buf *to, float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof(bits));
	buf_add_be32(to, bits);
}

static void add_ratio(struct buf *to, struct ratio r)
{
	add_double(to, r.seen);
	add_double(to, r.expected);
}

static void add_class(struct buf *to, const struct baseline *b, const char *name, const struct cell *cells)
{
	buf_add_varint(to, strlen(name));
	buf_add(to, name, strlen(name));
	for (uint32_t i = 0; i < b->n_slots; i++) {
		add_float(to, cells[i].mean);
		add_float(to, cells[i].weight);
	}
}

/* A thin stream has only its share, one with a profile the rest: neither carries what it does not use. */
void baseline_encode(const struct baseline *b, struct buf *to)
{
	uint32_t n_classes = 0;

	for (uint32_t i = 0; i <= b->days->n; i++)
		n_classes += b->classes[i] != NULL;
	buf_add_u8(to, FORMAT);
	buf_add_varint(to, (uint64_t)b->bin_ms / 60000);
	buf_add_varint(to, b->spec->slot_minutes);
	buf_add_varint(to, b->n_sums);
	for (uint32_t i = 0; i < b->n_sums; i++)
		buf_add_varint(to, b->sum_bins[i]);
	buf_add_signed(to, b->last_day);
	add_double(to, b->n_days);
	add_ratio(to, b->share);
	for (uint32_t i = 0; i < b->n_sums; i++) {
		const struct sum_stat *s = &b->sums[i];

		add_double(to, s->windows);
		add_double(to, s->squares);
		add_double(to, s->mass);
		add_double(to, s->n_over);
		add_double(to, s->excess);
	}
	buf_add_varint(to, n_classes);
	if (n_classes == 0)
		return;
	add_ratio(to, b->level);
	for (uint32_t i = 0; i < 7; i++)
		add_ratio(to, b->weekday[i]);
	for (uint32_t i = 0; i <= b->days->n; i++)
		if (b->classes[i] != NULL)
			add_class(to, b, i == b->days->n ? "" : b->days->list[i].name, b->classes[i]);
}

/* ---- reading ------------------------------------------------------------------------------------------- */
static int take_double(struct slice *rest, double *out)
{
	struct slice bytes;
	uint64_t bits;

	if (slice_take(rest, 8, &bytes) != 0)
		return -1;
	bits = load_be64(bytes.p);
	memcpy(out, &bits, sizeof(bits));
	return isfinite(*out) && *out >= 0 ? 0 : -1;
}

static int take_float(struct slice *rest, float *out)
{
	struct slice bytes;
	uint32_t bits;

	if (slice_take(rest, 4, &bytes) != 0)
		return -1;
	bits = load_be32(bytes.p);
	memcpy(out, &bits, sizeof(bits));
	return isfinite(*out) && *out >= 0 ? 0 : -1;
}

static int take_ratio(struct slice *rest, struct ratio *r)
{
	return take_double(rest, &r->seen) != 0 || take_double(rest, &r->expected) != 0 ? -1 : 0;
}

static int take_sum(struct slice *rest, struct sum_stat *s)
{
	return take_double(rest, &s->windows) != 0 || take_double(rest, &s->squares) != 0 ||
			       take_double(rest, &s->mass) != 0 || take_double(rest, &s->n_over) != 0 ||
			       take_double(rest, &s->excess) != 0
		       ? -1
		       : 0;
}

/* Where a class of that name is now: its index, that of all days for "", -1: not declared any more. */
static int class_index(const struct baseline *b, struct slice name)
{
	if (name.n == 0)
		return (int)b->days->n;
	for (uint32_t i = 0; i < b->days->n; i++)
		if (strlen(b->days->list[i].name) == name.n &&
			memcmp(b->days->list[i].name, name.p, name.n) == 0)
			return (int)i;
	return -1;
}

static int take_class(struct baseline *b, struct slice *rest)
{
	struct slice name;
	struct cell *cells;
	uint64_t n;
	int index;

	if (slice_varint(rest, &n) != 0 || n > 64 || slice_take(rest, n, &name) != 0)
		return -1;
	index = class_index(b, name);
	cells = calloc(b->n_slots, sizeof(*cells));
	must(cells != NULL);
	for (uint32_t i = 0; i < b->n_slots; i++)
		if (take_float(rest, &cells[i].mean) != 0 || take_float(rest, &cells[i].weight) != 0) {
			free(cells);
			return -1;
		}
	if (index < 0 || b->classes[index] != NULL) {
		free(cells);
		return index < 0 ? 0 : -1;
	}
	b->classes[index] = cells;
	return 0;
}

/* 1: of another shape. */
static int take_shape(const struct baseline *b, struct slice *rest)
{
	uint64_t bin, slot, n, bins;
	struct slice format;
	bool is_other;

	if (slice_take(rest, 1, &format) != 0 || *(const uint8_t *)format.p != FORMAT ||
		slice_varint(rest, &bin) != 0 || slice_varint(rest, &slot) != 0 ||
		slice_varint(rest, &n) != 0 || n > BASELINE_SUMS_MAX)
		return -1;
	is_other = bin != (uint64_t)b->bin_ms / 60000 || slot != b->spec->slot_minutes || n != b->n_sums;
	for (uint64_t i = 0; i < n; i++) {
		if (slice_varint(rest, &bins) != 0)
			return -1;
		is_other = is_other || bins != b->sum_bins[i];
	}
	return is_other;
}

static int take_rest(struct baseline *b, struct slice *rest)
{
	int64_t last;
	uint64_t n;

	if (slice_signed(rest, &last) != 0 || last < INT32_MIN || last > INT32_MAX ||
		take_double(rest, &b->n_days) != 0 || take_ratio(rest, &b->share) != 0)
		return -1;
	b->last_day = (int32_t)last;
	for (uint32_t i = 0; i < b->n_sums; i++)
		if (take_sum(rest, &b->sums[i]) != 0)
			return -1;
	if (slice_varint(rest, &n) != 0 || n > DAY_CLASSES_MAX + 1)
		return -1;
	if (n == 0)
		return rest->n == 0 ? 0 : -1;
	if (take_ratio(rest, &b->level) != 0)
		return -1;
	for (uint32_t i = 0; i < 7; i++)
		if (take_ratio(rest, &b->weekday[i]) != 0)
			return -1;
	for (uint64_t i = 0; i < n; i++)
		if (take_class(b, rest) != 0)
			return -1;
	return rest->n == 0 && b->classes[b->days->n] != NULL ? 0 : -1;
}

int baseline_decode(struct baseline *b, struct slice rest, bool *is_other, struct err *e)
{
	struct baseline *fresh = baseline_new(b->spec, b->days, b->bin_ms, b->n_sums, b->sum_bins), kept;
	int shape = take_shape(fresh, &rest);

	*is_other = shape == 1;
	if (shape == 0 && take_rest(fresh, &rest) != 0)
		shape = -1;
	if (shape == 0) { /* trade places, so that what was there is freed */
		kept = *b;
		*b = *fresh;
		*fresh = kept;
	}
	baseline_free(fresh);
	return shape < 0 ? err_set(e, ERR_STORAGE, "the bytes of a baseline are damaged") : 0;
}
