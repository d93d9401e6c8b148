/* Addresses of daemons: "unix:PATH" and "tcp:HOST:PORT" to what connect() takes. */
#pragma once

#include <sys/socket.h>

#include "tocsin/err.h"

struct dial {
	struct sockaddr_storage to;
	socklen_t n;
	unsigned n_turns; /* addresses that the name stands for: try turn 0 … n_turns - 1 */
};

/* 0, or -1 if the address is written wrongly or the host is unknown. A host name is looked up at once. */
int dial_address(const char *address, unsigned turn, struct dial *out, struct err *e) MUST_CHECK;
/* Connect to any of them, waiting at most timeout_ms (-1: for ever). A blocking descriptor, or -1. */
int dial_connect(const char *address, int timeout_ms, struct err *e) MUST_CHECK;
/* Why connecting failed; returns -1. */
int dial_failed(const char *address, int why, struct err *e);
