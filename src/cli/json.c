/* JSON texts to values, and out again. */
#include "cli_int.h"

int json_parse(struct arena *a, const char *text, size_t n, struct value *out, struct err *e)
{
	return value_parse_json(a, slice_of(text, n), true, out, e) == 0 ? 0 : err_prefix(e, tr("no JSON"));
}

void json_print(FILE *out, const struct value *v)
{
	struct buf b;

	buf_init(&b, (size_t)64 * 1024 * 1024);
	value_json(&b, v);
	buf_add(&b, "\n", 1);
	fwrite(b.p, 1, b.n, out);
	buf_fini(&b);
}
