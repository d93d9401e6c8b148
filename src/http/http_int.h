/* What the files of http share. */
#pragma once

#include <event2/event.h>
#include <event2/event_struct.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <sys/queue.h>

#include "tocsin/http.h"

/* One connection. evhttp owns the buffer event; we hold a reference, so that it can be asked whether evhttp
 * let go. */
struct http_conn {
	TAILQ_ENTRY(http_conn) next;
	struct http *http;
	struct bufferevent *bev;
	struct evhttp_connection *evcon; /* from its first request on */
	int64_t deadline_ms;             /* INT64_MAX while we work on its request */
	struct exchange *exchange;
	bool is_leaving;      /* displaced by a newer one */
	bool is_ours;         /* what is being written, not evhttp's */
	struct event foreign; /* evhttp has written */
	enum lang lang;       /* that the request being read asks for */
};

enum route { ROUTE_COMPLAINTS, ROUTE_TICKET, ROUTE_RPC, ROUTE_METRICS, ROUTE_HEALTH };

/* A request and its answer. */
struct exchange {
	TAILQ_ENTRY(exchange) next;
	struct http *http;
	struct http_conn *conn;
	struct evhttp_request *req; /* NULL: its connection is gone */
	struct session *session;    /* NULL: none needed */
	enum route route;
	enum lang lang; /* of errors' messages */
	char rest[80];  /* of the path: the method, the ticket */
	bool is_answered, is_deferred;
	int status;
	const char *reason;
	const char *type; /* of the content */
	struct buf body;
	uint64_t release_seq;
};

TAILQ_HEAD(exchange_list, exchange);

struct http {
	struct rpc *rpc;
	struct server *server;
	struct http_config config;
	struct evhttp *evhttp;
	struct evconnlistener *listener;
	struct event sweep, tidy;
	bool is_full;
	char address[TCP_TEXT_LEN];
	TAILQ_HEAD(, http_conn) conns;
	struct exchange_list queue;    /* to be worked */
	struct exchange_list waiting;  /* answered, not durable yet */
	struct exchange_list deferred; /* a long call works on them */
	struct arena arena;            /* of the exchange at hand */
	struct buf reply;
	uint64_t n_conns, n_leaving, n_requests, n_errors, n_refused, n_expired, n_displaced,
		n_displaced_logged;
};

/* ---- conn.c */
int conns_listen(struct http *, const char *address, struct err *e) MUST_CHECK;
void conns_close(struct http *);
/* The connection a request came on, known from now on until it closes. */
struct http_conn *conn_of(struct http *, struct evhttp_request *);
/* Its request is with us / has been answered. */
void conn_busy(struct http_conn *, struct exchange *);
void conn_idle(struct http_conn *);
/* More are at work than there may be. */
bool conns_are_over(const struct http *);
/* The exchange of a connection that is closing. */
void exchange_lost(struct exchange *);

/* ---- refusals.c */
/* What evhttp refuses by itself on this connection is said in our words, until refusals_forget. */
void refusals_watch(struct http_conn *, struct event_base *);
void refusals_forget(struct http_conn *);

/* ---- exchange.c */
#define HTTP_JSON_TYPE "application/json; charset=utf-8"
/* The language that an Accept-Language names first, if we speak it. */
enum lang lang_said(const char *accept);
/* {error={…}} */
struct value error_value(struct arena *, const struct err *, enum lang);
/* Take a request that has come: answers it at once when it is wrong in itself, else queues it. */
void on_request(struct evhttp_request *req, void *udata);
/* The answer; sent by http_release. */
void answer_value(struct exchange *, int status, const char *reason, const struct value *);
void answer_err(struct exchange *, const struct err *);

/* ---- calls.c: an exchange becomes messages */
void exchange_work(struct exchange *);

/* ---- metrics.c */
/* Figures as Prometheus text: tocsin_store_head_seq 17 and so on. */
void metrics_write(struct buf *, const struct value *stats);
