/*
 * The whole daemon in one process, without sockets, threads of the store, real time or a disk that is real:
 * everything that happens is drawn from one seed. desk_sim.c does things to it, sim_world.c starts, stops and
 * crashes it, sim_check.c says what must hold.
 */
#pragma once

#include "desk/desk_int.h"
#include "store/store_int.h"
#include "tocsin/net.h"

#define REQUESTS_MAX 400
#define TICKETS_MAX 2000
#define START_MS INT64_C(1790042400000) /* 2026-09-22T10:00+08:00 */

/* A create under one request_id: repeated, it must be the same ticket with the same bytes. */
struct request {
	uint64_t args_seed;
	int64_t sent_ms; /* first */
	uint64_t seq;    /* durable from here on; 0: never answered, or its answer died in a crash */
	bool is_answered;
	uint8_t answer[SHA256_LEN]; /* digest of the reply's bytes */
};

struct sim {
	uint64_t seed;
	struct rng rng;       /* what happens */
	struct rng store_rng; /* what the daemon draws */
	char dir[100], rules_dir[120], data_dir[120];
	const char *lua_dir;
	struct clock clock;
	struct journal_sim *disk;
	struct store *store;
	struct desk *desk;
	struct session *session;
	struct arena arena;
	struct buf reply;
	struct request requests[REQUESTS_MAX];
	uint32_t n_requests;
	struct version {
		int64_t seen, durable;
	} versions[TICKETS_MAX]; /* by ticket id */
	bool is_answered;        /* the deferred call's answer has come */
	struct sim_counts {
		uint64_t n_creates, n_repeats, n_acts, n_refused, n_contacts, n_finds, n_fired, n_reloads,
			n_broken, n_crashes, n_lost_entries, n_fail_next, n_restarts, n_checks;
	} counts;
	char why[700]; /* the first thing that was wrong, or "" */
};

/* Remember what is wrong; the first counts. Returns -1. */
int sim_wrong(struct sim *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* ---- sim_world.c */
void sim_init(struct sim *, uint64_t seed, const char *lua_dir);
void sim_fini(struct sim *);
int sim_open(struct sim *);
/* Memory is gone, and a drawn part of what was not yet synced; then it starts again. */
int sim_crash(struct sim *);
int sim_restart(struct sim *);
/*
 * One call as bytes; args stand in s->arena, which the caller has reset. The reply stands in s->reply and,
 * decoded into s->arena, in *error (or nil) and *result. 0, RPC_DEFERRED, or -1.
 */
int sim_call(struct sim *, const char *method, struct value args, struct value *error, struct value *result);
/* End the turn, and sometimes let the disk sync. */
int sim_turn(struct sim *);
/* End the turn and sync. */
int sim_settle(struct sim *);

/* ---- sim_check.c */
/* Everything that must hold between two turns. Settled: all is durable. After an advance nothing may be due.
 */
int sim_check(struct sim *, bool is_advanced);
