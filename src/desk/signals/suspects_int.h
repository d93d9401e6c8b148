/* Suspects inside: what tells of each component (suspects_look.c), for who weighs it (suspects.c). */
#pragma once

#include "desk/signals.h"

#define COMPONENTS_MAX 512
#define WINDOW_MINUTES_MAX 1440
#define CITIES_MAX 1024
#define METRICS_MAX 16 /* that are evidence; the pack is checked for it */

enum component_state_rank { STATE_UP, STATE_DEGRADED, STATE_DOWN };

/* A component, and what tells of it. */
struct candidate {
	const struct value *name, *row;
	uint64_t own, own_before, explained, explained_before;
	int64_t first_ms; /* of its own failures in the window; INT64_MAX: none */
	uint8_t minutes[WINDOW_MINUTES_MAX / 8 + 1], cities[CITIES_MAX / 8 + 1];
	uint32_t n_minutes, n_cities;
	int distance; /* from the failing service; -1: it does not need it */
	enum component_state_rank state;
	int64_t state_ms;
	struct value change;
	bool has_change;
	struct metric {
		double sum, sum_before;
		uint64_t n, n_before;
	} metrics[METRICS_MAX]; /* in the order of catalog.suspects.metrics */
};

/* One question. */
struct search {
	struct desk *desk;
	struct arena *arena;
	const struct suspicion *about;
	const struct value *catalog, *settings;
	int64_t now_ms, from_ms, window_ms, change_ms;
	struct slice service;
	struct candidate *all;
	uint32_t n;
	uint64_t n_failures;
	uint8_t minutes[WINDOW_MINUTES_MAX / 8 + 1], cities[CITIES_MAX / 8 + 1];
	uint32_t n_minutes, n_cities;
};

/* Whether it names one: not empty, not "*". */
bool suspect_is_named(struct slice text);
bool suspect_has_evidence(const struct search *, const struct candidate *);
/* Fills all candidates from signals, states and planned work. 0, or -1 from the store. */
int suspects_look(struct search *, struct tx *, struct err *e) MUST_CHECK;
/*
 * How far a metric of the component went the bad way: its mean in the window over that of the window before
 * ("higher" is worse), or the other way round ("lower"), in percent; of several that are far enough (`times`)
 * and told often enough (`readings`) in both the farthest. 0: none. *which: its place in
 * catalog.suspects.metrics.
 */
int64_t suspect_metric(const struct search *, const struct candidate *, uint32_t *which);
