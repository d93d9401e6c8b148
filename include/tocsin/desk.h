/*
 * The desk: every use case. get → ask the rules → apply. Wires store, rules, timers and topics to the methods
 * of the contract; main.c makes one and runs its loop.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/clock.h"
#include "tocsin/net.h"
#include "tocsin/rpc.h"
#include "tocsin/store.h"
#include "tocsin/util.h"

struct desk;

struct desk_config {
	const char *data_dir;
	const char *rules_dir; /* the folder that reloads read */
	const char *share_dir; /* holds lib/ (the words) and is the base "default" */
	struct clock *clock;
	struct rng *rng;
	struct store *store; /* open; on_publish is desk_on_publish with *desk as udata */
	const char *const *listen;
	uint32_t n_listen;
	const char *http; /* "HOST:PORT" of the gateway; NULL or "": none */
	struct server_config limits;
	/* Either may be NULL. A reload begins, by signal or method: the tokens were read again. */
	void (*on_reload)(void *udata);
	/* An attempt to load a pack is over: what decides now, and whether it was taken. */
	void (*on_verdict)(void *udata, int64_t generation, bool is_ok, uint32_t n_errors);
	void *udata;
};

/* A local user who has a role on the Unix socket. */
struct desk_user {
	uid_t uid;
	struct principal who;
};

/* What an operator wants to see at a glance. */
struct desk_figures {
	int64_t generation;
	uint64_t n_connections, n_awaiting; /* answers that wait for the disk */
	uint64_t undurable_bytes, memory_bytes;
	uint64_t n_timers; /* due soon */
	uint64_t head_seq;
	uint8_t head_chain[SHA256_LEN];
};

/* on_publish of the store (store_config); udata is a struct desk **, which may still hold NULL. */
void desk_on_publish(void *udata, enum table table, struct slice key, const struct slice *val);

/*
 * Load the last accepted pack and try the folder, arm the timers, listen. 0, or -1 when there is no usable
 * pack or an address cannot be had.
 */
int desk_new(struct desk **out, const struct desk_config *config, struct err *e) MUST_CHECK;
/* Turns until desk_stop or a lost journal. 0, or 74 (EX_IOERR) when the journal was lost. */
int desk_run(struct desk *);
/* Signal side: finish the turn and leave desk_run. */
void desk_stop(struct desk *);
/* Signal side (SIGHUP): read the tokens again and try the rules folder; one verdict in rules.status, log and
 * topic `rules`. The method rules.reload does the same. */
void desk_reload(struct desk *, const char *by);
void desk_free(struct desk *);
/* Take other users and limits from now on; connections that are open keep what they have. */
void desk_set_users(struct desk *, const struct desk_user *users, uint32_t n);
void desk_set_limits(struct desk *, const struct server_config *limits);
void desk_figures(struct desk *, struct desk_figures *out);
struct event_base *desk_base(struct desk *);

/* Without a daemon: what rpc.methods answers, and the checks of ticket.create's arguments (args_check). */
struct value desk_methods(struct arena *);
int desk_check_create(struct arena *, struct value *args, struct err *e) MUST_CHECK;

/* The README's section of methods, from the tables that dispatch uses (tocsind --methods). */
void desk_methods_markdown(struct buf *out);

/* For store_fsck: the indexes say what the tickets say. */
int desk_check_index(void *udata, struct store *, void (*say)(void *, const char *), void *say_udata);
