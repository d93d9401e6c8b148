/* Listening, as the server sees it. */
#pragma once

#include <sys/socket.h>

#include "net_int.h"

/* Accept again after descriptors ran out. */
void listener_reopen(struct listener *);
void listener_free(struct listener *);
/* "127.0.0.1:7070" to a loopback address; 0, or -1 with ERR_BAD_REQUEST. */
int tcp_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_n, struct err *e) MUST_CHECK;
