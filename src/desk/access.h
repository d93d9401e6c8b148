/* Tokens and persons; hooks for rpc.h. */
#pragma once

#include "desk_int.h"

void access_new(struct desk *);
void access_free(struct desk *);
/* Read DATADIR/tokens again; bad lines are logged and give nobody access. */
void access_reload(struct desk *);
int access_auth(void *ctx, struct slice token, struct principal *out, struct err *e);
/* The role that the settings give a local user: 0, or -1 for none. */
int access_peer(void *ctx, uid_t uid, struct principal *out);
/* The language that the pack gives a person. */
enum lang access_lang(void *ctx, const char *as);
int access_person(void *ctx, const char *as, uint32_t *roles, struct err *e);

/* Who acts when he sees only what he took in himself (the role intake and no other), else NULL. */
const char *call_own(const struct call *);
/* Whether the caller may see a ticket: 0, or -1 with ERR_FORBIDDEN, or that of ticket_load. */
int call_may_see(struct call *, int64_t id, struct err *e) MUST_CHECK;
