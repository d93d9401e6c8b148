/*
 * Pages of lists. An answer that does not hold all has `cursor`, a text that the same method takes to go on
 * behind it; at the end it is absent. It names the last row of the page by its key, so it survives restarts.
 */
#pragma once

#include "desk_int.h"

#define CURSOR_BYTES 2048
#define CURSOR_ARG                                                                                           \
	{                                                                                                    \
		.name = "cursor", .type = ARG_TEXT, .min = 1, .max = CURSOR_BYTES,                           \
		.help = "of the page before"                                                                 \
	}

/*
 * What `cursor` says, or the argument `also`, which says the same in another way; NULL: the first page.
 * -1: both are given.
 */
int cursor_given(struct arena *, const struct value *args, const char *also, const struct value **out,
	struct err *e) MUST_CHECK;
/* The whole number in it, `otherwise` on the first page; -1: it is none that this method gave. */
int cursor_number(struct arena *, const char *method, const struct value *cursor, int64_t otherwise,
	int64_t *out, struct err *e) MUST_CHECK;
/* -1 with `cursor "…" is not one that task.list gave`. */
int cursor_wrong(struct arena *, const char *method, const struct value *cursor, struct err *e);
/* The page ended at this number; there is more. */
void cursor_add(struct arena *, struct value *result, int64_t last);
