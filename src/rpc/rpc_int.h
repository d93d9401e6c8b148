/* What the files of rpc share. */
#pragma once

#include "tocsin/rpc.h"

struct method_slot {
	const struct rpc_method *method;
	void *ctx;
	uint64_t n_calls, n_errors;
};

struct rpc {
	struct rpc_hooks hooks;
	struct method_slot *methods; /* sorted by name */
	uint32_t n_methods;
	struct session *sessions;
	uint64_t next_session;
	uint64_t n_messages, n_errors, n_deferred;
	uint32_t depth; /* calls within calls: the arena is reset by the outermost */
	struct arena arena;
	struct buf reply;
};

struct deferral {
	struct rpc *rpc;
	struct session *session; /* NULL once it has ended */
	struct method_slot *slot;
	uint32_t msgid;
	bool is_notification;
};

/* methods.c */
struct method_slot *method_find(const struct rpc *, const char *name, size_t name_n);
/* "method \"tiket.get\" does not exist (did you mean \"ticket.get\"?)" */
int method_unknown(const struct rpc *, const char *name, size_t name_n, struct err *e);
/* The type as documentation and errors say it: "an id: an integer …", "one of \"a\", \"b\"". */
void arg_expected(const struct rpc_arg *, struct buf *);
/* What its integer, or the number of its bytes, must lie within; false: nothing is said. */
bool arg_bounds(const struct rpc_arg *, int64_t *min, int64_t *max);
void arg_expected_zh(const struct rpc_arg *, struct buf *);
/* The argument every changing method has. */
extern const struct rpc_arg arg_request_id;

/* methods_session.c */
extern const struct rpc_method methods_session[];
extern const uint32_t n_methods_session;

/* session.c */
/* Be someone: fills in me, marks the session known. */
void session_become(struct session *, const struct principal *);
int64_t rpc_now_ms(const struct rpc *);

/* dispatch.c: encode [1, msgid or nil, error, result]; `raw` instead of result when its p is set. */
void reply_encode(struct buf *, const uint32_t *msgid, const struct err *, enum lang,
	const struct value *result, struct slice raw);
