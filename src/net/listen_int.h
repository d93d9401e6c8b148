/* Listening, as the server sees it. */
#pragma once

#include <sys/socket.h>

#include "net_int.h"

/* Accept again after descriptors ran out. */
void listener_reopen(struct listener *);
void listener_free(struct listener *);
