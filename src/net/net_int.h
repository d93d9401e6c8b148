/* What the files of net share: the server, its connections and their queues. */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <pthread.h>
#include <sys/queue.h>

#include "tocsin/net.h"
#include "tocsin/wire.h"

#define READ_BYTES ((size_t)64 * 1024)
#define PEER_LEN 64

/* Bytes at the end of the queue that may leave together: one turn's answers of one connection. */
struct mark {
	uint64_t seq;  /* to be durable first */
	uint64_t turn; /* when queued */
	uint32_t n_bytes, n_replies;
};

struct conn {
	struct server *server;
	void *udata;
	int fd;
	bool is_tcp;
	bool is_trusted;
	bool is_held;                /* a deferred call: no frame is taken */
	bool is_choked;              /* too many calls or bytes on their way out: no frame is taken */
	bool is_backlogged;          /* whole frames may stand in the buffer: work them before reading */
	bool is_eof;                 /* the peer sends no more */
	bool is_closing;             /* nothing more is read; closes when the queue is empty */
	bool is_lingering;           /* all is sent and our side is shut; waits for the peer's end */
	bool is_dead;                /* on the dead list */
	bool is_reading, is_writing; /* what the events are set to */
	bool is_ready, is_waiting, is_dirty; /* on which lists */
	uid_t uid;
	struct event read_event, write_event;

	/* in: empty between frames, so that an idle connection holds no buffer */
	uint8_t *in;
	uint32_t in_at, in_n, in_cap; /* unread bytes are [in_at, in_n) */
	struct frame_scan scan;
	int64_t frame_since_ms; /* when the frame begun in the buffer began, 0: none */
	int64_t since_ms;       /* of accept; of the shutdown while lingering */

	/* out: [out_at, out_free) may leave, [out_free, out_n) waits for its marks */
	uint8_t *out;
	size_t out_at, out_free, out_n, out_cap;
	struct mark *marks;
	uint32_t mark_at, mark_n, mark_cap;
	uint32_t n_awaiting; /* replies behind marks */
	int64_t progress_ms; /* when the peer last took something, or there began to be something */

	TAILQ_ENTRY(conn) all, ready, waiting, dirty, dead;
	char peer[PEER_LEN];
};

struct listener {
	struct server *server;
	struct event event;
	int fd;
	bool is_tcp;
	bool is_open; /* its event is set; off for a while when descriptors run out */
	char address[160];
	char path[108]; /* of a Unix socket, to be removed at the end; "" if TCP */
	LIST_ENTRY(listener) next;
};

struct watch {
	struct event event;
	void (*ready)(void *udata);
	void *udata;
	LIST_ENTRY(watch) next;
};

struct post {
	void (*fn)(void *udata);
	void *udata;
	STAILQ_ENTRY(post) next;
};

#define OUT_SPARES 64
#define OUT_SPARE_BYTES ((size_t)16 * 1024 * 1024) /* of all */

struct server {
	struct server_config config;
	struct server_hooks hooks;
	struct event_base *base;
	struct event tick;  /* how long a pass may sleep */
	struct event sweep; /* deadlines; apart from the I/O events (libevent issue 1530) */
	struct event wake;
	int wake_fd;
	pthread_mutex_t post_lock;
	STAILQ_HEAD(, post) posts;
	TAILQ_HEAD(conn_list, conn) all, ready, waiting, dirty, dead;
	LIST_HEAD(, listener) listeners;
	LIST_HEAD(, watch) watches;
	bool is_stopping, is_behind;
	uint64_t durable_seq;
	int64_t mono_ms; /* of this pass */
	int64_t cpu_us;  /* of this thread when the last pass ended; 0: there was none */
	uint64_t turn_frames;
	struct server_stats stats;
	struct out_spare { /* buffers of answers between two uses: large ones are dear to map and unmap */
		uint8_t *p;
		size_t cap;
	} spares[OUT_SPARES];
	uint32_t n_spares;
	size_t spare_bytes;
	uint8_t scratch[READ_BYTES];
};

/* conn.c */
void conn_open(struct server *, int fd, bool is_tcp, uid_t uid, const char *peer);
void conn_close(struct conn *); /* free at once: the dead list's end */
void conn_serve(struct conn *); /* read once, work whole frames */
void conn_watch(struct conn *); /* set the read event to what is wanted now */
void conn_sweep(struct conn *); /* deadlines */
void conn_kill(struct conn *);  /* onto the dead list */
void conn_ready_add(struct conn *);

/* output.c */
void conn_release(struct conn *);   /* let go what is durable */
void conn_flush(struct conn *);     /* write what is let go */
void conn_dirty_add(struct conn *); /* flush at the end of the turn */
void conn_out_fini(struct conn *);
void server_spares_fini(struct server *);
static inline size_t conn_unsent(const struct conn *c)
{
	return c->out_n - c->out_at;
}
