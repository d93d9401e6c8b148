/*
 * One blocking connection: the command line calls by it, and tocsin.h's blocking flavour stands on it. One
 * thread; a client that failed is lost: close it and open another one.
 */
#pragma once

#include "message.h"

#define CLIENT_IN_FLIGHT_MAX 64 /* the daemon stops reading beyond */

struct client {
	int fd;
	bool is_lost; /* no connection, or it broke: the error came from here, not from the daemon */
	uint32_t last_msgid;
	struct buf in;
	size_t in_at; /* first byte of `in` that is not worked */
};

/*
 * Connect to "unix:PATH" or "tcp:HOST:PORT", waiting at most timeout_ms (-1: for ever), also for every send
 * later. 0, or -1 with is_lost and the reason. A client of zeroes with fd = -1 is one that never opened.
 */
int client_open(struct client *, const char *address, int timeout_ms, struct err *e) MUST_CHECK;
void client_close(struct client *); /* fine on one that never opened or was closed */
/* False once the daemon is known to have closed the connection; bytes that wait to be read are no reason. */
bool client_is_alive(const struct client *);

/* Send a call; `args` is a map or NULL. 0 and *msgid, or -1 (is_lost, or the call is too large). */
int client_send(struct client *, const char *method, const struct value *args, uint32_t *msgid,
	struct err *e) MUST_CHECK;
/* Send a notification: 0, or -1 with is_lost. */
int client_notify(struct client *, const char *method, const struct value *args, struct err *e) MUST_CHECK;
/*
 * The next message, decoded into the arena. 1, 0 after timeout_ms (-1: never) or when wake_fd (or -1) became
 * readable, -1 with is_lost.
 */
int client_receive(struct client *, struct arena *, int timeout_ms, int wake_fd, struct message *out,
	struct err *e) MUST_CHECK;
/* It is the answer to msgid, or a refusal of which the daemon could not tell what it refuses. */
bool message_answers(const struct message *, uint32_t msgid);
/* Call and wait for the answer; notifications meanwhile are dropped. 0 and *result, or -1 with *e. */
int client_call(struct client *, struct arena *, const char *method, const struct value *args,
	struct value *result, struct err *e) MUST_CHECK;
