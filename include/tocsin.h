/*
 * The C client of Tocsin: calls, and events that are not missed. Link with -ltocsin-client -levent_core; the
 * header stands alone.
 *
 *   struct tocsin_error e;
 *   struct tocsin *t = tocsin_open(&(struct tocsin_options){.address = "unix:data/tocsin.sock"}, &e);
 *   const struct tocsin_value *made =
 *       tocsin_change(t, &e, "ticket.create", "{channel: 'app', number: %s, text: %s}", number, text);
 *   if (made == NULL)
 *       fprintf(stderr, "%s: %s\n", e.word, e.message);
 *   else
 *       printf("%" PRId64 "\n", tocsin_int(tocsin_get(made, "id"), 0));
 *   tocsin_close(t);
 *
 * Which methods there are, with arguments, types and answers: the README, or the call rpc.methods. What the
 * rules declare (kinds, actions and their data, categories, labels in both languages): the call catalog.get.
 *
 * Units: every time is integer milliseconds since 1970 UTC; a name that ends in _ms is milliseconds.
 * Texts are UTF-8. Ids are below 2^53.
 *
 * Threads: a handle belongs to one thread at a time; several handles know nothing of each other. Nothing is
 * kept outside handles. A process that runs out of memory is ended by abort().
 *
 * Two flavours: blocking (tocsin_…), and on a libevent loop (tocsin_async_…) with many calls under way.
 */
#ifndef TOCSIN_H
#define TOCSIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define TOCSIN_API __attribute__((visibility("default")))
#define TOCSIN_FORMAT(at) __attribute__((format(printf, at, at + 1)))
#else
#define TOCSIN_API
#define TOCSIN_FORMAT(at)
#endif

/* ---- errors -------------------------------------------------------------------------------------------- */
/* The daemon's codes, as on the wire in lower case; then what only the client can say. */
enum tocsin_code {
	TOCSIN_OK,
	TOCSIN_BAD_REQUEST,     /* an argument is missing, unknown or of the wrong type or value */
	TOCSIN_REJECTED,        /* the rules refuse; the message says why and what is allowed */
	TOCSIN_NOT_FOUND,       /* there is no such id or method */
	TOCSIN_CONFLICT,        /* the version is stale, or a request_id was used for other arguments */
	TOCSIN_UNAUTHENTICATED, /* a token is needed first */
	TOCSIN_FORBIDDEN,       /* the role may not call this method */
	TOCSIN_TOO_LARGE,       /* a frame, text or result is over its limit */
	TOCSIN_BUSY,            /* too much at once; try again */
	TOCSIN_READ_ONLY,       /* the store takes nothing; reads go on */
	TOCSIN_STORAGE,         /* no room or no working disk; nothing was stored; reads go on */
	TOCSIN_INTERNAL,        /* a defect of the daemon; nothing was stored */

	TOCSIN_LOST = 100, /* no connection, or it broke: whether the call was done is unknown */
	TOCSIN_TIMEOUT,    /* no answer in time: whether the call was done is unknown */
	TOCSIN_OTHER       /* a code that this client does not know; see `word` */
};

/* Every text ends with NUL and may be "". Clipped where it is longer. */
struct tocsin_error {
	enum tocsin_code code;
	char word[24];     /* the code as the wire names it: "rejected"; "lost", "timeout" */
	char message[480]; /* one sentence for people */
	char argument[64]; /* which argument was wrong */
	char value[96];    /* its value */
	char reason[160];  /* for programs: for instance the allowed values */
};

/* ---- reading values ------------------------------------------------------------------------------------ */
/*
 * A part of an answer. It belongs to the answer, and lives as long (see the call that gave it). Every
 * function takes NULL, which means absent; so paths can be asked without checking each step.
 */
struct tocsin_value;

enum tocsin_type {
	TOCSIN_NIL, /* also of NULL */
	TOCSIN_BOOL,
	TOCSIN_INT,
	TOCSIN_FLOAT,
	TOCSIN_TEXT,
	TOCSIN_BYTES, /* MessagePack bin and ext */
	TOCSIN_ARRAY,
	TOCSIN_MAP
};

TOCSIN_API enum tocsin_type tocsin_type(const struct tocsin_value *);
/* Down the maps: tocsin_get(ticket, "customer.brand"). NULL if any step is absent or nil. */
TOCSIN_API const struct tocsin_value *tocsin_get(const struct tocsin_value *map, const char *path);
/* Exactly this key, which may hold dots: tocsin_member(categories, "billing.cdr"). */
TOCSIN_API const struct tocsin_value *tocsin_member(const struct tocsin_value *map, const char *key);
/* Items of an array or pairs of a map, else 0. */
TOCSIN_API size_t tocsin_count(const struct tocsin_value *);
/* The i-th item of an array, or value of the i-th pair of a map; NULL beyond the end. */
TOCSIN_API const struct tocsin_value *tocsin_at(const struct tocsin_value *, size_t i);
/* The key of the i-th pair of a map, NULL beyond the end. */
TOCSIN_API const char *tocsin_key(const struct tocsin_value *map, size_t i);
/* An integer, or a float without a fraction; `otherwise` if it is neither. */
TOCSIN_API int64_t tocsin_int(const struct tocsin_value *, int64_t otherwise);
TOCSIN_API double tocsin_float(const struct tocsin_value *, double otherwise);
TOCSIN_API bool tocsin_bool(const struct tocsin_value *, bool otherwise);
/* A text, ended with NUL; `otherwise` (may be NULL) if it is none. */
TOCSIN_API const char *tocsin_text(const struct tocsin_value *, const char *otherwise);
/* The bytes of a text or of TOCSIN_BYTES and their number; NULL and 0 if it is neither. */
TOCSIN_API const void *tocsin_bytes(const struct tocsin_value *, size_t *n);
/* One line of JSON into out, cut to size and ended with NUL; returns the length it would have, as snprintf.
 */
TOCSIN_API size_t tocsin_json(const struct tocsin_value *, char *out, size_t size);

/* ---- formats: how arguments are written ---------------------------------------------------------------- */
/*
 * A format is a value written like JSON with places to fill in. The compiler checks the places as it does
 * those of printf, and a filled-in text can never end the text it stands in.
 *
 *   {channel: 'app', number: %s, customer: {star: %d, vip: %hhd}, topics: ['duty', %s]}
 *
 *   literals   true  false  null  17  -2.5  "text"  'text' (\\ \" \' \n inside)
 *   keys       a name (letters, digits, _ and .), a quoted text, or %s
 *   %s         const char *; NULL leaves a member of a map out, and is nil elsewhere
 *   %.*s       int, const char *: that many bytes
 *   %hhd       bool
 *   %d %ld %lld %jd %zu    int, long, long long, intmax_t, size_t
 *   %f         double
 *   %p         const struct tocsin_value *: a part of an answer or of a document; NULL like %s
 *
 * A call's arguments are one map: "{}" when there are none. A format that is wrong gives
 * TOCSIN_BAD_REQUEST, "format at offset N: …".
 */

/* A value of one's own: arrays of any length, or an answer that shall be kept. */
struct tocsin_doc;

/* NULL and *e if the format is wrong. The caller frees it. tocsin_doc_new(&e, "%p", answer) copies. */
TOCSIN_API struct tocsin_doc *tocsin_doc_new(struct tocsin_error *e, const char *format, ...)
	TOCSIN_FORMAT(2);
/* Append to the array at the path ("" is the document itself): 0, or -1 if there is no array. */
TOCSIN_API int tocsin_doc_push(struct tocsin_doc *, struct tocsin_error *e, const char *path,
	const char *format, ...) TOCSIN_FORMAT(4);
/* Set a key of the map at the path: 0, or -1 if there is no map. */
TOCSIN_API int tocsin_doc_set(struct tocsin_doc *, struct tocsin_error *e, const char *path, const char *key,
	const char *format, ...) TOCSIN_FORMAT(5);
/* Lives until the document is changed or freed. */
TOCSIN_API const struct tocsin_value *tocsin_doc_value(const struct tocsin_doc *);
TOCSIN_API void tocsin_doc_free(struct tocsin_doc *); /* NULL is fine */

/* ---- connecting ---------------------------------------------------------------------------------------- */
#define TOCSIN_TIMEOUT_MS 30000

/* All texts are copied. What is 0 or NULL takes its default. */
struct tocsin_options {
	const char *address; /* "unix:PATH" or "tcp:HOST:PORT" */
	const char *token;   /* needed on TCP; on a Unix socket the peer's uid may be enough */
	const char *as;      /* the person to act for (gateways and admins) */
	const char *client;  /* name and version of your program, for the daemon's log */
	const char *lang;    /* of the messages of errors: "zh" or "en"; NULL: English, refusals in both */
	int timeout_ms;      /* of connecting and of one call in all, tries again included; -1 never */
	int wake_fd; /* blocking flavour: tocsin_next returns 0 when it becomes readable (eventfd, signalfd);
			0 is none */
	/* Blocking flavour: an established connection was lost; it will be made again when it is needed. */
	void (*on_lost)(void *ctx, const char *why);
	void *ctx;
};

#define TOCSIN_REQUEST_ID_LEN 33
/* A fresh random request_id into out; returns out. */
TOCSIN_API const char *tocsin_request_id(char out[TOCSIN_REQUEST_ID_LEN]);

/* An event of a topic. Lives as long as the function that gave it says. */
struct tocsin_event {
	int64_t seq; /* increasing, not dense */
	int64_t at_ms;
	const char *topic;
	const struct tocsin_value *data;
};

/* ---- blocking ------------------------------------------------------------------------------------------ */
struct tocsin;

/* Connect and say session.hello. NULL and *e: TOCSIN_LOST, TOCSIN_TIMEOUT, or what the daemon refused. */
TOCSIN_API struct tocsin *tocsin_open(const struct tocsin_options *, struct tocsin_error *e);
TOCSIN_API void tocsin_close(struct tocsin *); /* NULL is fine */

/*
 * Call a method. The result (a map) lives until the next tocsin_call, tocsin_change or tocsin_close of this
 * handle; NULL and *e if it failed.
 *
 * A connection found broken is made again first. One that breaks while the answer is awaited gives
 * TOCSIN_LOST, unless the arguments hold a request_id: then the call is sent again on a new connection until
 * timeout_ms, and the daemon does it once, whatever happened. So a call with a request_id is safe to repeat,
 * also by another process and on another day (7 days); the same request_id for the same method with other
 * arguments is refused with TOCSIN_CONFLICT, for another method it is another call.
 */
TOCSIN_API const struct tocsin_value *tocsin_call(struct tocsin *, struct tocsin_error *e, const char *method,
	const char *format, ...) TOCSIN_FORMAT(4);
/* The same with a fresh request_id: for every method that changes something. */
TOCSIN_API const struct tocsin_value *tocsin_change(struct tocsin *, struct tocsin_error *e,
	const char *method, const char *format, ...) TOCSIN_FORMAT(4);

/*
 * Follow topics; the arguments are those of topic.subscribe: "{topics: ['ticket.second_line'], consumer:
 * %s}". One subscription a handle, a later one replaces it. 0, or -1 and *e.
 *
 * With a consumer (a name of 1 to 100 bytes that is yours alone) the daemon remembers what tocsin_ack said,
 * and a later process goes on behind it; the first time it begins now. Without one, events of the time when
 * no process follows are not seen.
 */
TOCSIN_API int tocsin_subscribe(struct tocsin *, struct tocsin_error *e, const char *format, ...)
	TOCSIN_FORMAT(3);
/*
 * The next event, in order. 1 and *event, which lives until the next tocsin_next; 0 after timeout_ms (-1
 * never) or when wake_fd became readable; -1 and *e when the daemon refused. A lost connection is made again
 * and the subscription goes on behind the last event: nothing is missed, and one process sees nothing twice.
 */
TOCSIN_API int tocsin_next(
	struct tocsin *, struct tocsin_error *e, int timeout_ms, struct tocsin_event *event);
/* Everything up to seq is worked. Not answered; one that gets lost means that events come again to a later
 * process. 0, or -1 without a consumer. */
TOCSIN_API int tocsin_ack(struct tocsin *, struct tocsin_error *e, int64_t seq);

/* ---- on a libevent loop -------------------------------------------------------------------------------- */
struct event_base; /* <event2/event.h> */
struct tocsin_async;

/*
 * The answer of a call: result, or error and result = NULL. Both live until the function returns. Called from
 * the loop, never from inside tocsin_async_call; once for every call. It may call everything here but
 * tocsin_async_close.
 */
typedef void tocsin_on_answer(void *ctx, const struct tocsin_value *result, const struct tocsin_error *error);
/* An event; lives until the function returns, which acknowledges nothing by itself. */
typedef void tocsin_on_event(void *ctx, const struct tocsin_event *event);
/* The connection is up (why = NULL), or it is down and will be tried again in 0.1 s to 5 s. */
typedef void tocsin_on_state(void *ctx, const struct tocsin_error *why);

/*
 * Connects from the loop, and again whenever the connection is lost. NULL and *e if the address is wrong.
 * on_state may be NULL. timeout_ms counts from tocsin_async_call. The base must outlive the handle.
 */
TOCSIN_API struct tocsin_async *tocsin_async_open(struct event_base *, const struct tocsin_options *,
	tocsin_on_state *on_state, void *ctx, struct tocsin_error *e);
/* Calls that wait are answered with TOCSIN_LOST before it returns; calls made meanwhile are dropped. NULL is
 * fine. */
TOCSIN_API void tocsin_async_close(struct tocsin_async *);

/*
 * Send a call; on_answer may be NULL. Calls go out in order, as many as you like, and are answered in order.
 * While there is no connection they wait. A connection lost after sending gives TOCSIN_LOST, unless the
 * arguments hold a request_id: then the call is sent again, as tocsin_call says.
 */
TOCSIN_API void tocsin_async_call(struct tocsin_async *, tocsin_on_answer *, void *ctx, const char *method,
	const char *format, ...) TOCSIN_FORMAT(5);
/* The same with a fresh request_id. */
TOCSIN_API void tocsin_async_change(struct tocsin_async *, tocsin_on_answer *, void *ctx, const char *method,
	const char *format, ...) TOCSIN_FORMAT(5);
/* Calls that are not answered yet. */
TOCSIN_API size_t tocsin_async_waiting(const struct tocsin_async *);

/* As tocsin_subscribe; on_answer hears how it went the first time, on_event every event. */
TOCSIN_API void tocsin_async_subscribe(struct tocsin_async *, tocsin_on_answer *, tocsin_on_event *,
	void *ctx, const char *format, ...) TOCSIN_FORMAT(5);
/* As tocsin_ack. */
TOCSIN_API void tocsin_async_ack(struct tocsin_async *, int64_t seq);

#ifdef __cplusplus
}
#endif

#endif
