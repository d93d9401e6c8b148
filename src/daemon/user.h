/* Local users of the Unix socket: `alice agent`, `uid:1001 adapter+gateway`. */
#pragma once

#include "config.h"
#include "tocsin/desk.h"

struct local_user {
	char name[PERSON_LEN]; /* of passwd, or "uid:N" */
	bool has_uid;          /* given by number */
	uid_t uid;
	uint32_t roles;
	bool is_gateway;
};

/* 0, or -1 with what is wrong. Asks no passwd. */
int user_parse(const char *text, struct local_user *out, struct err *e) MUST_CHECK;

/*
 * Tell the desk who they are. A line without effect is logged: a name that passwd does not know, root or the
 * daemon's owner, who are admin, a user for the second time.
 */
void users_apply(struct desk *, const struct config *);
