/*
 * What the process does for its operators while the desk works: feeds the service manager's watchdog from the
 * loop, shows a status, writes the head of the chain into the log (at start, each day, at the end), takes
 * changed settings on a reload, and ends a desk that was opened read-only once its disk takes something.
 * Loop thread.
 */
#pragma once

#include "config.h"
#include "tocsin/desk.h"

struct event;

struct care {
	struct desk *desk;
	const struct store *store;
	const struct clock *clock;
	const struct config *at_start;
	struct config now; /* what the last reload read */
	bool is_reloaded;  /* now is filled in */
	int argc;
	char **argv; /* to read the settings again */
	struct event *beat;
	int32_t day; /* of the last head line */
	int64_t alive_us, status_us;
	int64_t watchdog_us;
	bool is_again;    /* the desk ended to be opened again */
	char verdict[64]; /* of the last load: "" before there was one */
};

/* `config` stays the caller's and as it is. The desk is made but does not serve yet. */
void care_start(struct care *, struct desk *, const struct store *, const struct clock *,
	const struct config *, int argc, char **argv);
/* The desk has ended well: the last head line. */
void care_end(struct care *);
void care_free(struct care *);

/* The desk's hooks (desk_config); udata is the care. */
void care_on_reload(void *udata);
void care_on_verdict(void *udata, int64_t generation, bool is_ok, uint32_t n_errors);

/* The limits of connections that the settings say. */
struct server_config care_limits(const struct config *);
