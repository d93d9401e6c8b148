/* Tokens and persons; hooks for rpc.h. */
#pragma once

#include "desk_int.h"

void access_new(struct desk *);
void access_free(struct desk *);
/* Read DATADIR/tokens again; bad lines are logged and give nobody access. */
void access_reload(struct desk *);
int access_auth(void *ctx, struct slice token, struct principal *out, struct err *e);
int access_person(void *ctx, const char *as, struct err *e);
