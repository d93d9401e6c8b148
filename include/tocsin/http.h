/*
 * The gateway: the same methods as JSON over HTTP/1.1, for programs that speak no MessagePack and for
 * monitoring. A request becomes one message to rpc.h (or one for each item of a batch), worked within a turn
 * like any other, and is answered when it is durable.
 *
 *   POST /complaints      one object: ticket.create's arguments → 201 and its answer; an array of at most
 *                         HTTP_BATCH_MAX: → 200 {results=[{ok=true, result} | {ok=false, error}…]} in order
 *   GET  /tickets/ID      ticket.get
 *   POST /rpc/METHOD      any method; the body is its arguments, an object or nothing
 *   GET  /metrics         server.stats as Prometheus text
 *   GET  /healthz         {status="ok"}, or 503 with the reason why nothing can be stored; needs no token
 *
 * Each request brings `Authorization: Bearer TOKEN`, and may name who it acts for with `Act-As: PERSON`
 * (gateways). Errors are {error={code, message, …}} as on the wire, with the status of http_status. Loopback
 * only. Refused: Transfer-Encoding, a Content-Length that is not one plain number, headers over 8 KiB, bodies
 * over 256 KiB, a request that is not whole 10 s after its connection was opened or its last answer sent. A
 * connection over n_conns_max displaces the one that has kept us waiting for a whole request the longest;
 * where all are at work, its request is answered busy (/healthz is answered).
 *
 * Loop thread only.
 */
#pragma once

#include <stdint.h>

#include "tocsin/err.h"
#include "tocsin/rpc.h"

#define HTTP_BATCH_MAX 1000
#define HTTP_HEAD_BYTES_MAX 8192

struct http;

/* 0 means the default. */
struct http_config {
	uint32_t n_conns_max; /* 256; see above about further ones */
	int64_t request_ms;   /* 10,000: a request must be whole by then */
};

/* Listen at "HOST:PORT". 0, or -1 with ERR_BAD_REQUEST (the address) or ERR_STORAGE (the system refuses). */
int http_new(struct http **out, struct rpc *, struct server *, const char *address,
	const struct http_config *, struct err *e) MUST_CHECK;
/* Before server_free. Unanswered requests are dropped. NULL is fine. */
void http_free(struct http *);

/* Within a turn, once its clock stands: work the requests that have come. */
void http_serve(struct http *);
/* At its end: send the answers whose entries are durable. */
void http_release(struct http *, uint64_t durable_seq);

/* Write what is released until all is out or within_ms have passed (shutdown). */
void http_drain(struct http *, int64_t within_ms);

/* {conns, requests, errors, refused, expired} for server.stats. */
struct value http_stats_value(const struct http *, struct arena *);

/* "400 Bad Request" and so on for an error's code: the one table. */
int http_status(enum err_code, const char **reason);
