/* One signed POST of JSON and what came back. */
#pragma once

#include <event2/http.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

struct hook {
	struct event_base *base;
	char *host, *path; /* numeric host */
	uint16_t port;
	const char *authority; /* for the header Host */
	int64_t timeout_ms;
	struct slice secret; /* empty: not signed */
};

#define HOOK_LATE "no answer in time"
#define HOOK_BROKEN "no connection, or it broke"
#define HOOK_BODY_KEPT 500

struct hook_answer {
	int status;                    /* 0: there was no answer */
	int64_t retry_after_s;         /* -1: not said */
	char text[HOOK_BODY_KEPT + 1]; /* the beginning of the body, or why there was no answer */
};

/* "http://127.0.0.1:8090/complaints": numeric loopback or localhost only; what goes further needs a TLS
 * proxy. */
int hook_open(struct hook *, const char *url, struct err *e) MUST_CHECK;
void hook_close(struct hook *);
/* Post and wait. `id` is the same in every attempt of the same task; `at_ms` goes into the signature. */
void hook_post(struct hook *, struct slice body, const char *id, int64_t at_ms, struct hook_answer *out);
