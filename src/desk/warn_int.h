/* Inside the early warning of the desk (warn.h). */
#pragma once

#include "warn.h"
#include "warn_counts.h"

struct warn {
	struct desk *desk;
	struct counts counts;
	int64_t armed_ms; /* when its row in TABLE_TIMER is due; INT64_MAX: there is none */
	uint64_t n_counted, n_late_counts;
};

/* ---- keys: CITY/CATEGORY (a star stands for all), cluster:NAME, source:NAME ------------------------------
 */
struct warn_key {
	struct slice city, category; /* "*": all; a category stands for those below it too */
};
/* False: not of the form CITY/CATEGORY. */
bool warn_key_split(struct slice key, struct warn_key *out);
/* Whether what the stream counts falls under the key. */
bool warn_key_holds(const struct warn_key *, const struct stream_name *);
bool category_under(struct slice category, struct slice top);
