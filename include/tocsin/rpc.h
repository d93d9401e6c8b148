/*
 * Calls: MessagePack-RPC over the connections of net.h. One table of methods says everything about them, and
 * from it come dispatch, the check of arguments, roles, rpc.methods, the README's table and the fuzzers'
 * words.
 *
 *   request       [0, msgid, method, params]    msgid 0…2^32-1; params [] or [map]
 *   reply         [1, msgid, error, result]     error nil or {code, message, argument?, value?, reason?};
 *                                               message in the language of session.hello {lang}
 *   notification  [2, method, params]           never answered
 *
 * A message of another shape is answered [1, msgid or nil, bad_request, nil] and the connection goes on; a
 * byte stream that is broken or over its limits is answered the same way, then closed. Everything here
 * belongs to the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tocsin/civil.h"
#include "tocsin/net.h"
#include "tocsin/value.h"

#define TEXT_BYTES_MAX 32768
#define ID_MAX INT64_C(9007199254740991) /* 2^53 - 1: exact in every client's numbers */

/* ROLE(name, wire name, what it is) */
#define ROLES(ROLE)                                                                                          \
	ROLE(INTAKE, "intake", "takes complaints in, sees its own")                                          \
	ROLE(AGENT, "agent", "works complaints")                                                             \
	ROLE(SUPERVISOR, "supervisor", "leads agents, supervises and inspects")                              \
	ROLE(LEADER, "leader", "a manager: sees all, decides warnings")                                      \
	ROLE(ANALYST, "analyst", "owns the rules and reports")                                               \
	ROLE(OPERATOR, "operator", "network operations: signals, incidents, changes")                        \
	ROLE(ADAPTER, "adapter", "a program that connects another system")                                   \
	ROLE(AUDITOR, "auditor", "reads everything, changes nothing")                                        \
	ROLE(ADMIN, "admin", "runs the daemon")

enum role_index {
#define ROLE(name, wire, help) ROLE_INDEX_##name,
	ROLES(ROLE)
#undef ROLE
		N_ROLES
};

enum role {
	ROLE_NONE = 0,
#define ROLE(name, wire, help) ROLE_##name = 1 << ROLE_INDEX_##name,
	ROLES(ROLE)
#undef ROLE
		ROLE_ANY = (1 << N_ROLES) - 1
};

/* The bit of a role's wire name, 0 if there is none. */
uint32_t role_by_name(const char *name);
/* "agent" or "agent, leader", in the order of the list; "none". Returns out. */
#define ROLE_NAMES_LEN 96
char *role_names(uint32_t roles, char out[ROLE_NAMES_LEN]);

/* ---- the table ----------------------------------------------------------------------------------------- */
/* ARG_TYPE(name, wire name, what is expected, as the error says it, and in Chinese) */
#define ARG_TYPES(T)                                                                                         \
	T(TEXT, "text", "text", "文本")                                                                      \
	T(INT, "integer", "an integer", "整数")                                                              \
	T(NUMBER, "number", "a finite number", "有限的数")                                                   \
	T(BOOL, "bool", "true or false", "true 或 false")                                                    \
	T(MAP, "map", "a map", "映射")                                                                       \
	T(ARRAY, "array", "an array", "数组")                                                                \
	T(ANY, "any", "any value", "任意值")                                                                 \
	T(TIME, "time", "a time: integer ms since 1970 UTC, or ISO 8601 text such as \"2026-09-22T10:00\"",  \
		"时间：1970 年起的 UTC 毫秒整数，或 ISO 8601 文本，如“2026-09-22T10:00”")                    \
	T(ID, "id", "an id: an integer from 1 to 9007199254740991", "编号：1 到 9007199254740991 的整数")    \
	T(DURATION, "duration", "a duration: integer ms, or text such as \"90s\", \"30m\" or \"1d12h\"",     \
		"时长：毫秒整数，或文本，如“90s”、“30m”、“1d12h”")                                           \
	T(ENUM, "enum", "one of a list of words", "给定的词之一")

enum arg_type {
#define T(name, wire, expected, expected_zh) ARG_##name,
	ARG_TYPES(T)
#undef T
};

/*
 * One argument. The handler sees ARG_TIME and ARG_DURATION as integer milliseconds and an integral float
 * given for an ARG_INT or ARG_ID as integer; nil is absent.
 */
struct rpc_arg {
	const char *name;
	enum arg_type type;
	bool is_required;
	const char *help;
	const char *const *words; /* of ARG_ENUM, NULL at the end */
	/* Of ARG_INT, ARG_NUMBER, ARG_DURATION and ARG_TIME when min < max; every time lies within 0 and
	 * INSTANT_MAX_MS. Of ARG_TEXT the bytes it may have; with min > 0 it may not be blank either. */
	int64_t min, max;
	/* Where its names stand (of an ARG_ARRAY: those of its items): a key of catalog.get such as
	 * "channels", or another method's answer such as "report.list"; NULL: anything. Said in rpc.methods
	 * for forms and completion; the handler checks it, since only it knows the pack. */
	const char *of;
	/* What an ARG_MAP is known to hold: each is checked like an argument when it is there; what else the
	 * map holds, and what it must hold, is the handler's to judge. Of an ARG_ARRAY: what its maps hold,
	 * for rpc.methods alone. */
	const struct rpc_arg *members;
	uint32_t n_members;
};

enum rpc_flags {
	RPC_CHANGES = 1, /* refused while the store takes nothing; has the argument request_id by itself */
	RPC_LONG = 2,    /* may answer later (call_defer) */
	RPC_BEFORE_HELLO = 4, /* whoever is connected may call it */
};

struct call;

#define RPC_DEFERRED 1
/* 0 and *result, or -1 and *e, or RPC_DEFERRED after call_defer. */
typedef int rpc_handler(struct call *, struct value *result, struct err *e);

struct rpc_method {
	const char *name; /* "ticket.create" */
	rpc_handler *handler;
	const struct rpc_arg *args;
	uint32_t n_args;     /* at most RPC_ARGS_MAX */
	uint32_t roles;      /* who may call; nobody else */
	uint32_t flags;      /* enum rpc_flags */
	const char *help;    /* one sentence */
	const char *returns; /* shape of the answer: "{id, no, …}" */
};

#define RPC_ARGS_MAX 60
#define RPC_ARGS(array) .args = (array), .n_args = sizeof(array) / sizeof((array)[0])
#define RPC_MEMBERS(array) .members = (array), .n_members = sizeof(array) / sizeof((array)[0])

/* ---- sessions ------------------------------------------------------------------------------------------ */
#define PERSON_LEN 64

struct rpc;

/* Who someone is, as the desk knows it. */
struct principal {
	char name[PERSON_LEN];
	uint32_t roles;
	bool is_gateway; /* may act for others (session.hello {as}) */
};

struct session {
	uint64_t id;         /* never reused in a run */
	struct conn *conn;   /* NULL: not over a socket (HTTP gateway, tests) */
	struct principal me; /* name "" and roles 0 before hello */
	char as[PERSON_LEN]; /* the acting person, whose roles count then instead of me.roles; or "" */
	char client[PERSON_LEN];
	enum lang lang; /* of errors' messages */
	bool is_known;  /* authenticated, by token or by peer uid */
	void *topics;   /* of push: what this session subscribes to */
	uint64_t n_calls;
	struct deferral *deferral; /* the call it waits for, or NULL */
	struct session *next;      /* of rpc_sessions */
	struct session **at;       /* private, as what follows: session_on_answer */
	void (*answer)(void *udata, const struct value *result, const struct err *e);
	void *answer_udata;
};

/* The acting person, else the principal; "" before hello. What `who` is in every entry. */
const char *session_who(const struct session *);
/*
 * What whoever acts may do now: the principal's roles; of an acting person those the pack gives it at this
 * moment, none when the pack no longer has it, and admin only when the principal is an admin, so that
 * nobody becomes admin by editing a pack.
 */
uint32_t session_roles(struct rpc *, const struct session *);

/* ---- a call -------------------------------------------------------------------------------------------- */
struct call {
	void *ctx; /* given with rpc_register */
	struct rpc *rpc;
	struct session *session;
	uint32_t roles; /* of who acts (session_roles) */
	const struct rpc_method *method;
	struct value args;    /* a checked map; texts borrow from the frame */
	struct slice frame;   /* the message's bytes as they came */
	struct slice params;  /* … and its params: the bytes of [] or [map] */
	bool is_notification; /* the answer is dropped */
	uint32_t msgid;
	struct arena *arena; /* lives until the handler returns */
	int64_t now_ms;
	struct slice raw; /* set p: the answer as MessagePack bytes instead of *result; borrowed until the
			     reply is built */
};

/* ---- the registry -------------------------------------------------------------------------------------- */
/* The desk's side. Those that may be NULL say so. */
struct rpc_hooks {
	void *ctx;
	const char *version; /* of the daemon, for session.hello */
	/* Whose token this is: 0 and *out, or -1 with ERR_UNAUTHENTICATED. NULL: no tokens. */
	int (*auth)(void *ctx, struct slice token, struct principal *out, struct err *e);
	/* Who a local user other than root and the daemon's owner, who are admin, is: 0 and *out; -1 for
	 * nobody, who must say hello. NULL: nobody. */
	int (*peer)(void *ctx, uid_t uid, struct principal *out);
	/* Whether `as` exists, and its roles: 0, or -1 with the reason. NULL: nobody exists. */
	int (*person)(void *ctx, const char *as, uint32_t *roles, struct err *e);
	/* The language of a person, ANY where the pack does not say. NULL: ANY. */
	enum lang (*lang)(void *ctx, const char *as);
	int64_t (*now_ms)(void *ctx);
	/* The last seq any reader may have seen; answers wait until it is durable. NULL: 0. */
	uint64_t (*last_seq)(void *ctx);
	/* Whether RPC_CHANGES may be called now: 0, or -1 with ERR_READ_ONLY, ERR_STORAGE or ERR_BUSY. NULL:
	 * always. */
	int (*accepts)(void *ctx, struct err *e);
	/* A session has ended, is about to be freed. NULL: nothing to do. */
	void (*on_end)(void *ctx, struct session *);
};

struct rpc;

/* Hooks are copied. Already knows session.hello, session.ping and rpc.methods. */
struct rpc *rpc_new(const struct rpc_hooks *hooks);
/* After server_free. Deferrals not finished must be finished before. */
void rpc_free(struct rpc *);
/* Add static methods; ctx goes into each of their calls. Two of one name: aborts. */
void rpc_register(struct rpc *, const struct rpc_method *methods, uint32_t n_methods, void *ctx);
/* NULL if there is none. */
const struct rpc_method *rpc_find(const struct rpc *, const char *name, size_t name_n);

/* The connection side of hooks (on_open, on_frame, on_broken, on_close, on_refuse and udata) for server_new.
 */
void rpc_serve(struct rpc *, struct server_hooks *hooks);
/* The udata of other hooks is the same; this is what they get back. */
void *rpc_ctx(const struct rpc *);

/* Whose token this is: 0 and *out, or -1 with ERR_UNAUTHENTICATED. */
int rpc_auth(struct rpc *, struct slice token, struct principal *out, struct err *e) MUST_CHECK;
/* Let a gateway's or an admin's session act for a person: 0, or -1 with the reason. */
int rpc_act_as(struct rpc *, struct session *, const char *as, struct err *e) MUST_CHECK;
/* Whether changing calls are taken now: 0, or -1 with the reason. */
int rpc_accepts(struct rpc *, struct err *e) MUST_CHECK;
/* The last seq any answer so far may have seen: until it is durable none may leave. */
uint64_t rpc_last_seq(const struct rpc *);

/* A session that is not a connection; ends with rpc_session_end. */
struct session *rpc_session_new(struct rpc *, const struct principal *me);
void rpc_session_end(struct rpc *, struct session *);
/* for (s = rpc_sessions(rpc); s != NULL; s = s->next) */
struct session *rpc_sessions(const struct rpc *);

/*
 * Work one message. Appends the reply to `reply` (nothing for a notification). 0 answered, or RPC_DEFERRED;
 * shape errors are answers too. The gateway and tests call it themselves; connections come here through
 * rpc_serve.
 */
int rpc_message(struct rpc *, struct session *, struct slice frame, struct buf *reply);

/* Send ["topic.event", [data]] or the like: one notification, released with release_seq. Bytes are copied. */
void session_push(struct session *, const char *method, const struct value *data, uint64_t release_seq);

/* ---- calls answered later ------------------------------------------------------------------------------ */
struct deferral;

/*
 * Inside a handler of an RPC_LONG method, which then returns RPC_DEFERRED. Later calls of the same connection
 * wait. The session may end meanwhile; finishing stays right. What the work needs must be copied out of the
 * call.
 */
struct deferral *call_defer(struct call *);
/* Answer with *result, or with *e when it is not NULL; frees the deferral. */
void deferral_finish(struct deferral *, const struct value *result, const struct err *e);
/* Where the answer of a deferred rpc_message goes, instead of a connection. */
void session_on_answer(struct session *,
	void (*answer)(void *udata, const struct value *result, const struct err *e), void *udata);

/* ---- arguments (also for JSON and for import) ---------------------------------------------------------- */
/*
 * Check and normalise `args` (a map, or nil for none) against a method, in place. 0, or -1 with
 * ERR_BAD_REQUEST: unknown argument (with what was probably meant), missing, wrong type, binary, extension,
 * NaN or infinity, key that is not text or comes twice, text that is over TEXT_BYTES_MAX, not UTF-8 or holds NUL.
 */
int args_check(const struct rpc_method *, struct arena *, struct value *args, struct err *e) MUST_CHECK;
/* "90s", "30m", "1d12h", "250ms" (units ms s m h d w) to milliseconds: 0, or -1. */
int duration_parse(const char *text, size_t n, int64_t *ms) MUST_CHECK;

/* ---- documentation and figures ------------------------------------------------------------------------- */
/* What rpc.methods answers: an array of {name, help, args=[{name, type, required, help, …}], roles, changes,
 * long, returns}. */
struct value rpc_methods_value(const struct rpc *, struct arena *);
/* The README's section: a table of methods, then the arguments of each. */
void rpc_methods_markdown(const struct rpc *, struct buf *);
/* {sessions, calls, errors, deferred, methods={name={calls, errors}}} for server.stats. */
struct value rpc_stats(const struct rpc *, struct arena *);
/* The server's counters as a map, for server.stats. */
struct value server_stats_value(const struct server *, struct arena *);
/* {code, message, argument?, value?, reason?} as the wire shows an error to somebody of this language. */
struct value err_value(struct arena *, const struct err *, enum lang);
