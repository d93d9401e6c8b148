/*
 * What goes over the wire, as a client sees it: calls and notifications to bytes, bytes to answers and
 * notifications (rpc.h has the shapes). Texts of what was read end with NUL.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"
#include "tocsin/value.h"

/* What came: the reply to msgid (result, or error with is_error), or a notification. */
struct message {
	bool is_notification, is_error;
	uint32_t msgid;       /* 0: the daemon could not tell which call it refused */
	const char *method;   /* of a notification */
	struct value content; /* result, or the notification's first parameter */
	struct err error;
	const char *word; /* the error's code as the daemon wrote it */
};

/* Append [0, msgid, method, [args]]; `args` is a map or NULL. 0, or -1 with ERR_TOO_LARGE and nothing
 * appended. */
int message_call(
	struct buf *, uint32_t msgid, const char *method, const struct value *args, struct err *e) MUST_CHECK;
/* Append [2, method, [args]]. */
void message_notify(struct buf *, const char *method, const struct value *args);
/* The first message in these bytes, decoded into the arena: its length, 0 if it is not whole yet, -1. */
int message_read(struct arena *, struct slice bytes, struct message *, struct err *e) MUST_CHECK;
/* The first value in these bytes, as message_read. */
int message_value(struct arena *, struct slice bytes, struct value *, struct err *e) MUST_CHECK;
