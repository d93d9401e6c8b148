/*
 * The loop and its connections: bytes in, whole frames up; answers down, held until they are durable, bytes
 * out. Knows frames (wire.h), not what they say: that is rpc.h.
 *
 * One pass of the loop is a turn, in this order:
 *   libevent collects what is ready → turn_begin (clock, due timers) → on_frame for every whole frame, at
 * most SERVER_FRAMES_A_PASS of each connection → turn_end (the store hands its batch to the journal) →
 * answers whose release_seq is durable are written.
 *
 * All functions belong to the loop's thread, but for server_post and server_wake.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "tocsin/buf.h"
#include "tocsin/err.h"

#define SERVER_FRAMES_A_PASS 32
#define CONN_CALLS_MAX 64                      /* answers awaited before reading stops */
#define CONN_OUT_EARLY ((size_t)64 * 1024)     /* unsent bytes that leave within the turn, if durable */
#define CONN_OUT_STOP ((size_t)256 * 1024)     /* unsent bytes that stop reading … */
#define CONN_OUT_RESUME ((size_t)64 * 1024)    /* … until they are fewer than this */
#define CONN_OUT_DROP ((size_t)1024 * 1024)    /* bytes the peer does not fetch: dropped */
#define CONN_STRANGER_FRAME_MAX ((size_t)4096) /* frame ceiling before conn_trust */

struct event_base;
struct server;
struct conn;

/* 0 means the default. */
struct server_config {
	uint32_t n_conns_max; /* 4,096; further ones get the refusal of on_refuse and are closed */
	int64_t frame_ms;     /* 10,000: a frame begun must be whole by then */
	int64_t hello_ms;     /* 5,000: a connection must be trusted by then */
	int64_t stall_ms;     /* 10,000: a peer that fetches nothing of what waits for it is dropped */
	int64_t linger_ms; /* 1,000: how long the last bytes of a closing connection may take to be fetched */
};

/* The layer above. Every callback but on_frame may be NULL. */
struct server_hooks {
	void *udata;
	void (*on_open)(void *udata, struct conn *);
	/* One whole frame; the bytes live until it returns. */
	void (*on_frame)(void *udata, struct conn *, struct slice frame);
	/* The stream cannot be read on (broken, too large, too slow, no hello): a last answer may be sent;
	 * then it closes. */
	void (*on_broken)(void *udata, struct conn *, struct slice begun, const struct err *);
	/* The connection goes away after this; forget it. */
	void (*on_close)(void *udata, struct conn *);
	/* Fill in the frame for a connection over n_conns_max. */
	void (*on_refuse)(void *udata, struct buf *frame, const struct err *);
	void (*turn_begin)(void *udata);
	void (*turn_end)(void *udata);
	/* How long the loop may sleep when nothing comes, ms; at most 1,000 is used. */
	int64_t (*wait_ms)(void *udata);
	/* True while no socket should be read (store_is_behind). Asked once a turn. */
	bool (*is_behind)(void *udata);
};

/*
 * Ignores SIGPIPE and raises the soft limit of open files for this process. 0, or -1 with ERR_INTERNAL. The
 * hooks are copied.
 */
int server_new(struct server **out, const struct server_config *config, const struct server_hooks *hooks,
	struct err *e) MUST_CHECK;
/* Take other limits from now on; connections over a lower n_conns_max stay. */
void server_set_limits(struct server *, const struct server_config *config);
/* "2.1.12-stable": the libevent that was found. */
const char *server_library(void);
/* Closes everything at once, sends nothing more. */
void server_free(struct server *);

/*
 * Listen at "unix:PATH" (mode 0660; a stale socket file is replaced, one that answers is refused) or
 * "tcp:HOST:PORT" (loopback addresses only; "tcp:[::1]:7070"; port 0 takes a free one). 0, or -1 with
 * ERR_BAD_REQUEST (the address) or ERR_STORAGE (the system refuses).
 */
int server_listen(struct server *, const char *address, struct err *e) MUST_CHECK;
/* Whether server_listen would take the address, as far as its text says: 0, or -1 with ERR_BAD_REQUEST. */
int server_address_check(const char *address, struct err *e) MUST_CHECK;
/* The address of the nth listener as one can connect to it, or NULL. Lives as long as the server. */
const char *server_address(const struct server *, uint32_t index);

/* "127.0.0.1:7070" or "[::1]:7070" to a loopback address, the only ones taken; 0, or -1 with ERR_BAD_REQUEST.
 */
int tcp_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_n, struct err *e) MUST_CHECK;
/* "127.0.0.1:7070" of an IPv4 or IPv6 address. Returns out. */
#define TCP_TEXT_LEN 64
char *tcp_text(const struct sockaddr_storage *, char out[TCP_TEXT_LEN]);

/* Turns until server_stop. */
void server_run(struct server *);
/* One turn; sleeps at most wait_ms when nothing is ready. For tests and main loops of other makers. */
void server_step(struct server *, int64_t wait_ms);
/* server_run returns at the end of the turn. From the loop's thread or a signal event. */
void server_stop(struct server *);
/* Write what is released until all is out or within_ms have passed (shutdown; call server_durable first). */
void server_drain(struct server *, int64_t within_ms);

/* Everything up to seq is durable: its answers leave at the end of this turn. Never goes back. */
void server_durable(struct server *, uint64_t seq);

/* For events of others (signals, descriptors) on the same loop. */
struct event_base *server_base(struct server *);
/* Call `ready` before the turn whenever fd can be read, until server_free. 0, or -1 with ERR_INTERNAL. */
int server_watch(struct server *, int fd, void (*ready)(void *udata), void *udata, struct err *e) MUST_CHECK;
/* Any thread: run fn on the loop before its next turn. What is still waiting at server_free never runs. */
void server_post(struct server *, void (*fn)(void *udata), void *udata);
/* Run what was posted and has not run yet, for the end; false: nothing was. What that posts waits for the next call. */
bool server_run_posted(struct server *);
/* Any thread: have a turn soon. */
void server_wake(struct server *);

struct server_stats {
	uint64_t n_conns, n_conns_max, n_accepted, n_refused, n_dropped; /* dropped: slow consumers */
	uint64_t n_broken;                                               /* streams that had to be closed */
	uint64_t n_frames, n_sent; /* frames in; answers and pushes out */
	uint64_t in_bytes, out_bytes;
	uint64_t n_turns, n_frames_turn_max;
	uint64_t n_awaiting;   /* answers not released yet */
	uint64_t queued_bytes; /* bytes not sent yet, of all connections */
	uint64_t n_paused;     /* connections not being read now */
	uint64_t durable_seq;
	int64_t turn_us_max;
	/* The most CPU that one pass took, from one look at the sockets to the next: what a caller can have waited
	 * for the loop. Unlike turn_us_max it holds what was posted, too (a pack that is swapped), and nothing of
	 * other threads. */
	int64_t pass_cpu_us_max;
};
void server_stats(const struct server *, struct server_stats *out);

/* ---- a connection -------------------------------------------------------------------------------------- */
/* For the layer above. */
void conn_set_udata(struct conn *, void *udata);
void *conn_udata(const struct conn *);
/* The uid at the other end of a Unix socket; false on TCP. */
bool conn_peer_uid(const struct conn *, uid_t *uid);

/* Allow frames up to FRAME_BYTES_MAX and lift the deadline for the hello. */
void conn_trust(struct conn *);

/*
 * Queue bytes; they are copied and leave in order, not before release_seq is durable and not before this
 * turn's batch is handed over. conn_reply ends a call, conn_push does not.
 */
void conn_reply(struct conn *, struct slice bytes, uint64_t release_seq);
void conn_push(struct conn *, struct slice bytes, uint64_t release_seq);

/* Whether the peer fetches too little of what waits for it: push no more for now. */
bool conn_is_full(const struct conn *);

/* Take no further frame until conn_go_on: a call of this connection is answered later. */
void conn_hold(struct conn *);
void conn_go_on(struct conn *);

/* Close at the end of the turn, send nothing more. */
void conn_drop(struct conn *, const char *reason);
