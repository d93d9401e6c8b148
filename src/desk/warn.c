#include "warn.h"

#include <string.h>

#include "warn_int.h"

#define RING_MINUTES 120 /* at least, so that what comes late is seldom behind it */

void warn_on_publish(struct warn *n, enum table table, struct slice key, const struct slice *val)
{
	if (table == TABLE_COUNT)
		counts_on_publish(&n->counts, key, val);
}

int warn_new(struct desk *d, struct err *e)
{
	struct warn *n = calloc(1, sizeof(*n));

	must(n != NULL);
	d->warn = n;
	n->desk = d;
	n->armed_ms = INT64_MAX;
	counts_init(&n->counts);
	return counts_load(&n->counts, d->store, RING_MINUTES, d->clock->now_ms, e);
}

void warn_free(struct warn *n)
{
	if (n == NULL)
		return;
	counts_fini(&n->counts);
	free(n);
}

struct value warn_value(struct desk *d, struct arena *a)
{
	struct value v = value_map(a, 6);

	value_add(a, &v, "streams", value_int(d->warn->counts.n_streams));
	value_add(a, &v, "counted", value_int((int64_t)d->warn->n_counted));
	value_add(a, &v, "counted_late", value_int((int64_t)d->warn->n_late_counts));
	return v;
}
