/* signal.push inside: one signal and what is checked of it (signal_check.c), for what counts it
 * (signal_push.c). */
#pragma once

#include "desk/desk_int.h"

/* One signal, checked. */
struct signal {
	int64_t at_ms;
	const struct value *kind_row, *value;
	struct slice source, kind, city, component, service, code;
	uint64_t number;
	int64_t incident, version; /* of what a caller heard; 0: not said */
};

/* The checking of one call's signals. */
struct signal_check {
	struct work *w;
	const struct value *catalog;
	int64_t late_ms, ahead_ms;
	uint32_t index; /* of the signal at hand */
	int64_t n_rejected;
	struct value rejected; /* [{index, field, message, message_zh}], the first of them */
};

/* The signal does not count: argument of the error is the field. */
void signal_reject(struct signal_check *, const struct err *why);
/* What `said` says, checked against the catalog. 0, or -1 with what is wrong. Borrows from it. */
int signal_read(struct signal_check *, const struct value *said, struct signal *, struct err *e) MUST_CHECK;
