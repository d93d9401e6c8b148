/*
 * A small blocking MessagePack-RPC client (rpc.h says what goes over the wire). One thread; a client that
 * failed is lost: close it and open another one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"
#include "tocsin/value.h"

#define CLIENT_IN_FLIGHT_MAX 64 /* the daemon stops reading beyond */

struct client {
	int fd;
	bool is_lost; /* no connection, or it broke: the error came from here, not from the daemon */
	uint32_t last_msgid;
	struct buf in;
	size_t in_at; /* first byte of `in` that is not worked */
};

/* What came: the reply to msgid (result, or error with is_error), or a notification. */
struct message {
	bool is_notification, is_error;
	uint32_t msgid;
	const char *method;   /* of a notification */
	struct value content; /* result, or the notification's first parameter */
	struct err error;
};

/*
 * Connect to "unix:PATH" or "tcp:HOST:PORT" and, with a token, say session.hello. 0, or -1 with the daemon's
 * error, or with is_lost and the reason.
 */
int client_open(struct client *, const char *address, const char *token, struct err *e) MUST_CHECK;
void client_close(struct client *); /* fine on one that never opened or was closed */

/* Send a call; `args` is a map or NULL. 0 and *msgid, or -1 (is_lost). */
int client_send(struct client *, const char *method, const struct value *args, uint32_t *msgid,
	struct err *e) MUST_CHECK;
/*
 * The next message, decoded into the arena. 1, 0 after timeout_ms (-1: never) or when wake_fd (or -1) became
 * readable, -1 with is_lost.
 */
int client_receive(struct client *, struct arena *, int timeout_ms, int wake_fd, struct message *out,
	struct err *e) MUST_CHECK;
/* Call and wait for the answer; notifications meanwhile are dropped. 0 and *result, or -1 with *e. */
int client_call(struct client *, struct arena *, const char *method, const struct value *args,
	struct value *result, struct err *e) MUST_CHECK;
