/* The codec: any bytes decode or fail cleanly; what decodes encodes to bytes that decode to the same. */
#include <string.h>

#include "fuzz.h"
#include "tocsin/value.h"
#include "tocsin/wire.h"

static void round_trip(struct arena *a, const struct value *v)
{
	struct buf first, second;
	struct value back;
	struct err e;

	buf_init(&first, 8 * FRAME_BYTES_MAX);
	buf_init(&second, 8 * FRAME_BYTES_MAX);
	value_encode(&first, v);
	must(!first.is_full);
	must(value_decode(a, buf_slice(&first), &back, &e) == 0);
	value_encode(&second, &back);
	must(slice_cmp(buf_slice(&first), buf_slice(&second)) == 0);
	buf_fini(&first);
	buf_fini(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct arena a;
	struct value v;
	struct err e;
	struct buf json;

	arena_init(&a, 0);
	if (value_decode(&a, slice_of(p, n), &v, &e) == 0) {
		round_trip(&a, &v);
		buf_init(&json, FRAME_BYTES_MAX);
		value_json(&json, &v);
		buf_fini(&json);
	} else {
		must(n > FRAME_BYTES_MAX || frame_check(slice_of(p, n), FRAME_BYTES_MAX, &e) != 0);
	}
	arena_fini(&a);
	return 0;
}
