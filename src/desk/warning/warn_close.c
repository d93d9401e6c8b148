/*
 * The close of a bin. A durable timer fires at its end; every key that has something to look at is evaluated
 * with the counts up to there. A key whose level changed is an entry of its own (warn_case.c): roll-ups, then
 * cities, then what is wider, in the order of the keys; one last entry holds what the other machines
 * remember, and the next timer. After a stop in between the timer is still there, and a key that was done
 * before comes to the same again.
 *
 * After downtime the bins that were missed are evaluated one after another from the stored counts; what
 * changed is marked late, and only the level a key has in the end is told.
 */
#include <stdlib.h>
#include <string.h>

#include "tocsin/log.h"
#include "warn_int.h"

#define FORGET_A_CLOSE 4096
#define RETRY_MS INT64_C(1000)                    /* doubled with each time, up to */
#define RETRY_STEPS 6                             /* … about a minute */
#define RING_SPARE_MINUTES 120                    /* so that what comes late is seldom behind the ring */
#define REPLAY_MS (INT64_C(2) * 24 * 3600 * 1000) /* of a longer downtime only its end */

/* ---- works --------------------------------------------------------------------------------------------- */
/* An entry of the system itself, at at_ms; entries never go back in time. */
void warn_begin(struct work *w, struct desk *d, const char *method, int64_t at_ms)
{
	int64_t last_ms = store_last_at_ms(d->store);

	work_begin(w, d, &d->arena, method, "warning", 0, slice_of(NULL, 0));
	tx_abort(w->tx);
	w->now_ms = at_ms > last_ms ? at_ms : last_ms;
	w->tx = tx_begin(d->store, w->now_ms);
}

/* The timer's one row moves from was_ms to at_ms; INT64_MAX: there was none, there is none from now on. */
void warn_move_timer(struct work *w, uint64_t id, int64_t was_ms, int64_t at_ms)
{
	uint8_t key[DUE_KEY_LEN];

	if (was_ms != INT64_MAX) {
		due_key(key, was_ms, id);
		tx_del(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	if (at_ms != INT64_MAX) {
		due_key(key, at_ms, id);
		tx_put(w->tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
	}
}

void warn_arm(struct work *w, int64_t at_ms)
{
	/* what memory knows follows the rows only when they are published */
	int64_t due_ms = w->close_due_ms != 0 ? w->close_due_ms : w->desk->warn->armed_ms;

	if (at_ms >= due_ms)
		return;
	warn_move_timer(w, TIMER_OF_WARN, due_ms, at_ms);
	w->close_due_ms = at_ms;
}

/* Counts past counting.keep go, some at each close. */
static int forget(struct work *w, struct err *e)
{
	int64_t keep_ms = value_int_or(value_path(packs_catalog(w->desk->packs), "counting.keep_ms"), 0),
		until_ms = w->now_ms - keep_ms;
	uint8_t to[8];
	struct scan s;
	int got = 0, left = FORGET_A_CLOSE;

	if (keep_ms <= 0 || until_ms <= 0)
		return 0;
	store_be64(to, (uint64_t)until_ms);
	warn_gaps_drop(w, until_ms);
	scan_init(&s, w->desk->store, NULL, TABLE_COUNT, slice_of(NULL, 0), slice_of(to, 8), false);
	while (left-- > 0 && (got = scan_next(&s, e)) == 1)
		tx_del(w->tx, TABLE_COUNT, slice_of(arena_copy(w->arena, s.key.p, s.key.n), s.key.n));
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

/*
 * Something of the key counts at the end of the bin that is open at at_ms. Of long bins whether something
 * does is known when their days were learned, which looks after that itself.
 */
static bool is_watched_on(const struct wkey *k, int64_t at_ms)
{
	const struct watch *w = k->watch;
	int64_t from_ms = bin_start(w->bin_ms, at_ms) - (int64_t)(w->n_back - 1) * w->bin_ms;

	if (k->level > 0 || wkey_has_given(k) || !detector_is_idle(w, &k->det))
		return true;
	for (uint32_t i = 0; i < k->n_leaves; i++)
		if (k->leaves[i]->newest_ms >= from_ms)
			return true;
	return false;
}

/* The end of the key's bin that is open at at_ms; one without a watch is looked at with every bin. */
static int64_t key_close(const struct warn *n, const struct wkey *k, int64_t at_ms)
{
	return k->watch == NULL ? warn_next_end(n, at_ms) : bin_end(k->watch->bin_ms, at_ms);
}

/*
 * When the next bin of anything that still has to be looked at ends. A case in recovery is asked about at the
 * closes of its keys, so these go on when nobody complains any more; its incident is read only for a key that
 * would bring the close forward.
 */
static int64_t next_close(struct warn *n, int64_t end_ms)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *k = n->keys[i];
		int64_t at_ms = key_close(n, k, end_ms);

		if (at_ms < next_ms && ((k->watch != NULL && is_watched_on(k, end_ms)) ||
					       (k->incident != 0 && warn_in_recovery(n, k))))
			next_ms = at_ms;
	}
	return next_ms;
}

void warn_await_recovery(struct work *w, int64_t incident)
{
	const struct warn *n = w->desk->warn;

	for (uint32_t i = 0; n->bin_ms > 0 && i < n->n_keys; i++)
		if (n->keys[i]->incident == incident)
			warn_arm(w, key_close(n, n->keys[i], w->now_ms));
}

/* What was just looked after and is due all the same would be so for ever: not before a pause, and it is
 * said. */
static int64_t next_care(const struct warn *n, int64_t now_ms)
{
	int64_t next_ms = INT64_MAX;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		int64_t at_ms = n->keys[i]->next_ms;

		if (at_ms <= now_ms) {
			log_line(LOG_ERROR, "warning.care", "key=\"%s\" next_ms=%jd error=\"still due\"",
				n->keys[i]->text, (intmax_t)at_ms);
			at_ms = now_ms + RETRY_MS;
		}
		next_ms = at_ms < next_ms ? at_ms : next_ms;
	}
	return next_ms;
}

/* The last entry of a close: machines that remember, old counts, the next timer. */
static int finish(
	struct warn *n, int64_t due_ms, int64_t end_ms, int64_t next_ms, bool is_waiting, struct err *e)
{
	struct desk *d = n->desk;
	struct work w;

	arena_reset(&d->arena);
	warn_begin(&w, d, "warning.close", end_ms);
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct value row;

		if (!k->is_seen || (k->row == NULL && k->level == 0 && detector_is_idle(k->watch, &k->det)))
			continue;
		row = wkey_row(&w, k);
		warn_figures(&w, k, end_ms, &row);
		if (k->level > 0 || k->incident != 0)
			warn_under(&w, k, &row);
		wkey_put(&w, k, &row);
	}
	warn_move_timer(&w, TIMER_OF_WARN, due_ms, INT64_MAX);
	w.close_due_ms = INT64_MAX;
	if (next_ms != INT64_MAX)
		warn_arm(&w, next_ms);
	if (is_waiting) /* the lesson's end closes them */
		warn_learn_arm(&w, n->desk->clock->now_ms);
	if (forget(&w, e) != 0) {
		work_abort(&w);
		return -1;
	}
	return work_commit(&w, e);
}

/* ---- the timer ----------------------------------------------------------------------------------------- */
static int64_t floor_to(int64_t at_ms, int64_t every_ms)
{
	return at_ms - at_ms % every_ms;
}

/* The ends of bins from due_ms on, up to now, as far as none has to wait; of a long downtime the last ones.
 * False: some wait until the day before was learned. */
static bool close_bins(struct warn *n, int64_t due_ms, int64_t now_ms, int64_t *end_ms)
{
	int64_t end = warn_next_end(n, due_ms - 1), awaits_ms = warn_learn_awaits(n);

	if (now_ms - end > REPLAY_MS) {
		log_line(LOG_WARN, "warning.skipped", "from_ms=%jd to_ms=%jd", (intmax_t)end,
			(intmax_t)(now_ms - REPLAY_MS));
		end = floor_to(now_ms - REPLAY_MS, n->bin_ms);
		end = warn_next_end(n, end - 1);
	}
	for (; end <= now_ms && end < awaits_ms; end = warn_next_end(n, end)) {
		n->n_closes++;
		n->n_missed += now_ms - end >= n->bin_ms;
		*end_ms = end;
		for (uint32_t i = 0; i < n->n_keys; i++) {
			struct wkey *k = n->keys[i];

			if (k->watch == NULL)
				warn_look_orphan(k, end);
			else if (bin_start(k->watch->bin_ms, end) == end)
				warn_look(n, k, end);
		}
	}
	return end > now_ms;
}

/* The rings must reach back over the first window. */
static int rings(struct warn *n, int64_t due_ms, int64_t now_ms, struct err *e)
{
	int64_t from_ms = due_ms > now_ms - REPLAY_MS ? due_ms : now_ms - REPLAY_MS, reach_ms = 0;

	for (uint32_t i = 0; i < n->watches->n; i++) {
		const struct watch *w = &n->watches->list[i];
		int64_t ms =
			w->of == WATCH_SERIES || bin_is_long(w->bin_ms) ? 0 : (int64_t)w->n_back * w->bin_ms;

		reach_ms = ms > reach_ms ? ms : reach_ms;
	}
	if (n->counts.n_minutes > 0 && counts_first_ms(&n->counts) <= from_ms - reach_ms)
		return 0;
	return counts_load(&n->counts, n->desk->store,
		(uint32_t)((now_ms - from_ms + reach_ms) / MINUTE_MS) + RING_SPARE_MINUTES, now_ms, e);
}

int warn_rings(struct warn *n, int64_t now_ms, struct err *e)
{
	n->counts.n_minutes = 0;
	return rings(n, now_ms, now_ms, e);
}

static bool is_late(const struct warn *n, int64_t at_ms, int64_t now_ms)
{
	return now_ms - at_ms >= (n->bin_ms > 0 ? n->bin_ms : MINUTE_MS);
}

/* Those of a city first: what is seen from farther away is evidence of the case that they open. */
static int tell_changes(struct warn *n, int64_t now_ms, bool is_of_city, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct warn_event event = {.event = "change", .from = k->from, .at_ms = k->changed_ms};

		if ((k->changed_ms == 0 && !k->is_ready_new) || (k->city != NULL) != is_of_city)
			continue;
		if (k->changed_ms != 0 &&
			k->level == k->from) { /* up and down again while nobody was there */
			k->changed_ms = 0;
			continue;
		}
		if (k->changed_ms == 0) {
			event.event = "ready";
			event.at_ms = now_ms;
		}
		event.is_late = is_late(n, event.at_ms, now_ms);
		if (warn_event_commit(n, k, &event, e) != 0)
			return -1;
		k->from = k->level; /* told */
	}
	return 0;
}

static bool is_judged_at(const struct wkey *k, int64_t end_ms)
{
	return k->watch == NULL || bin_start(k->watch->bin_ms, end_ms) == end_ms;
}

/* Of the keys of one case one speaks for it: that of the longest bins, when the others were judged too. A key
 * of days does so only when it was judged itself: the others do not wait for it. */
static bool speaks_for_case(const struct warn *n, const struct wkey *k, int64_t end_ms)
{
	int64_t bin_ms = k->watch == NULL ? 0 : k->watch->bin_ms;

	for (uint32_t i = 0; i < n->n_keys; i++) {
		const struct wkey *one = n->keys[i];
		int64_t its_ms = one->watch == NULL ? 0 : one->watch->bin_ms;

		if (one != k && one->incident == k->incident &&
			(is_judged_at(one, end_ms) || !bin_is_long(its_ms)) &&
			(its_ms > bin_ms || (its_ms == bin_ms && strcmp(one->text, k->text) < 0)))
			return false;
	}
	return true;
}

/* A case in recovery is asked about at every close of the bins of who speaks for it. */
static int tell_recovery(struct warn *n, int64_t end_ms, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];
		struct warn_event event = {.event = "recovery", .from = k->level, .at_ms = end_ms};

		if (k->incident != 0 && k->changed_ms == 0 && is_judged_at(k, end_ms) &&
			speaks_for_case(n, k, end_ms) && warn_in_recovery(n, k) &&
			warn_event_commit(n, k, &event, e) != 0)
			return -1;
	}
	return 0;
}

static int care(struct warn *n, int64_t now_ms, struct err *e)
{
	for (uint32_t i = 0; i < n->n_keys; i++)
		if (n->keys[i]->next_ms <= now_ms && warn_care(n, n->keys[i], now_ms, e) != 0)
			return -1;
	return 0;
}

static void forget_close(struct warn *n)
{
	for (uint32_t i = 0; i < n->n_keys; i++) {
		n->keys[i]->is_seen = n->keys[i]->is_ready_new = false;
		n->keys[i]->changed_ms = 0;
		n->keys[i]->from = n->keys[i]->level;
	}
}

static int fire(struct warn *n, int64_t due_ms, struct err *e)
{
	int64_t now_ms = n->desk->clock->now_ms > due_ms ? n->desk->clock->now_ms : due_ms, end_ms = due_ms,
		next_ms = INT64_MAX, quiet_ms = INT64_MAX, care_ms, declare_ms;
	bool is_waiting = false;

	forget_close(n);
	if (n->bin_ms > 0) {
		if (rings(n, due_ms, now_ms, e) != 0)
			return -1;
		warn_take_affected(n);
		is_waiting = !close_bins(n, due_ms, now_ms, &end_ms);
		if (!is_waiting)
			warn_look_early(n, now_ms);
		if (warn_rollups(n, end_ms, e) != 0 || tell_changes(n, now_ms, true, e) != 0 ||
			tell_changes(n, now_ms, false, e) != 0 || warn_new_cases(n, end_ms, e) != 0 ||
			tell_recovery(n, end_ms, e) != 0)
			return -1;
		next_ms = is_waiting ? INT64_MAX : next_close(n, end_ms > now_ms ? end_ms : now_ms);
	}
	if (warn_sources(n, now_ms, &quiet_ms, e) != 0 || care(n, now_ms, e) != 0)
		return -1;
	warn_declare(n, now_ms);
	care_ms = next_care(n, now_ms);
	declare_ms = warn_declare_next(n, now_ms);
	next_ms = next_ms < quiet_ms ? next_ms : quiet_ms;
	next_ms = next_ms < care_ms ? next_ms : care_ms;
	next_ms = next_ms < declare_ms ? next_ms : declare_ms;
	return finish(n, due_ms, end_ms, next_ms, is_waiting, e);
}

/* The row of its timer is still there; keys that were done come to the same. */
static void try_again(struct warn *n, int64_t due_ms, const struct err *e)
{
	int64_t pause_ms = RETRY_MS << (n->n_tries < RETRY_STEPS ? n->n_tries : RETRY_STEPS);

	n->n_tries++;
	n->n_failures++;
	log_line(LOG_ERROR, "warning.broken", "due_ms=%jd again_ms=%jd error=\"%s\"", (intmax_t)due_ms,
		(intmax_t)pause_ms, e->text);
	warn_rows_again(n);
	due_put_off(n->desk->due, due_ms, TIMER_OF_WARN, n->desk->clock->now_ms + pause_ms);
}

void warn_fire(struct desk *d, int64_t due_ms)
{
	struct warn *n = d->warn;
	int64_t began_us = clock_mono_us(), took_us;
	struct err e;

	if (fire(n, due_ms, &e) != 0)
		try_again(n, due_ms, &e);
	else
		n->n_tries = 0;
	took_us = clock_mono_us() - began_us;
	if ((uint64_t)took_us > n->close_us_max)
		n->close_us_max = (uint64_t)took_us;
}
