/* Detectors as bytes; tests as people read them. */
#include <math.h>
#include <string.h>

#include "tocsin/detect.h"

#define MICRO 1e6
#define CUSUM_NAME_MAX 4096

static uint32_t n_cusums(const struct watch *w)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < w->n_inputs; i++)
		n += w->inputs[i].kind == INPUT_CUSUM;
	return n;
}

/* level, is_ready, stay, quiet, n rows, under…, n CUSUMs, each its name and millionths. */
void detector_encode(const struct watch *w, const struct detector *d, struct buf *b)
{
	buf_add_varint(b, d->level.level);
	buf_add_varint(b, d->level.is_ready);
	buf_add_varint(b, d->level.stay);
	buf_add_varint(b, d->level.quiet);
	buf_add_varint(b, w->levels.n_rows);
	for (uint32_t i = 0; i < w->levels.n_rows; i++)
		buf_add_varint(b, d->under[i]);
	buf_add_varint(b, n_cusums(w));
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_CUSUM) {
			buf_add_varint(b, strlen(w->inputs[i].name));
			buf_add(b, w->inputs[i].name, strlen(w->inputs[i].name));
			buf_add_varint(b, (uint64_t)llround(d->cusum[i] * MICRO));
		}
}

static int take(struct slice *rest, uint64_t max, uint64_t *out)
{
	return slice_varint(rest, out) != 0 || *out > max ? -1 : 0;
}

/* What the pack of that time counted and this one does not is read and left. */
static int take_under(const struct watch *w, struct detector *d, struct slice *rest)
{
	uint64_t n, v;

	if (take(rest, LEVELS_MAX, &n) != 0)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		if (take(rest, UINT32_MAX, &v) != 0)
			return -1;
		if (n == w->levels.n_rows)
			d->under[i] = (uint32_t)v;
	}
	return 0;
}

/* The CUSUM of that name, or -1: the watch has it no more. */
static int cusum_of(const struct watch *w, struct slice name)
{
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_CUSUM && strlen(w->inputs[i].name) == name.n &&
			memcmp(w->inputs[i].name, name.p, name.n) == 0)
			return (int)i;
	return -1;
}

static int take_cusums(const struct watch *w, struct detector *d, struct slice *rest)
{
	uint64_t n, name_n, v;

	if (take(rest, WATCH_INPUTS_MAX, &n) != 0)
		return -1;
	for (uint64_t i = 0; i < n; i++) {
		struct slice name;
		int at;

		if (take(rest, CUSUM_NAME_MAX, &name_n) != 0 || slice_take(rest, name_n, &name) != 0 ||
			take(rest, UINT64_C(1) << 52, &v) != 0)
			return -1;
		at = cusum_of(w, name);
		if (at >= 0)
			d->cusum[at] = fmin((double)v / MICRO, w->inputs[at].cusum.cap);
	}
	return 0;
}

int detector_decode(const struct watch *w, struct detector *d, struct slice rest, struct err *e)
{
	uint64_t level, ready, stay, quiet;

	*d = (struct detector){0};
	if (take(&rest, LEVELS_MAX, &level) != 0 || take(&rest, 1, &ready) != 0 ||
		take(&rest, UINT32_MAX, &stay) != 0 || take(&rest, UINT32_MAX, &quiet) != 0 ||
		take_under(w, d, &rest) != 0 || take_cusums(w, d, &rest) != 0 || rest.n != 0)
		return err_set(e, ERR_STORAGE, "watch \"%s\": the state of a key is damaged", w->name);
	d->level = (struct level_state){(uint8_t)level, ready == 1, (uint32_t)stay, (uint32_t)quiet};
	return 0;
}
