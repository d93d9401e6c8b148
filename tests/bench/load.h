/* The load generator's parts: made-up complaints (load_ticket.c), three protocols (load_peer.c), the loop
 * (load.c). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/buf.h"
#include "tocsin/util.h"

enum job { JOB_CREATE, JOB_GET, JOB_FIND, JOB_STATS, JOB_CHECK, JOB_PUSH };

/* Signals, and so numbers, of one call of JOB_PUSH: its id-th thousand of the numbers from 13000000000 on. */
#define PUSH_SIGNALS 1000

/* One call's arguments. Texts point into the struct or at constants. */
struct call_args {
	enum job job;
	uint64_t id; /* of get, push */
	const char *channel, *category, *city;
	char number[16], title[96], queue[40], text[768];
};

/* Fill in a random call: create's complaint is about 500 bytes of Chinese; get's id is in 1…n_tickets,
 * check's number among as many from 13000000000 on. Push's id is the caller's to count. */
void call_random(struct call_args *, enum job, uint64_t n_tickets, struct rng *);

/* What a reply said. */
struct reply {
	size_t n;      /* its bytes; 0: not whole yet */
	uint32_t sync; /* which call it answers, where the protocol says so */
	bool is_error;
	struct slice body; /* result or error, as it came */
};

struct peer {
	const char *name;
	bool has_sync;     /* replies may come in another order than calls */
	size_t greeting_n; /* bytes the server says first */
	void (*encode)(struct buf *, const struct call_args *, uint32_t sync);
	void (*reply)(const uint8_t *p, size_t n, struct reply *);
};

/* NULL if there is no such peer. */
const struct peer *peer_by_name(const char *name);

/* Tocsin's first frame on TCP. */
void peer_hello(struct buf *, const char *token);
