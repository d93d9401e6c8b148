#include "desk/warn.h"

#include <math.h>
#include <string.h>

#include "desk/sources.h"
#include "tocsin/log.h"
#include "warn_int.h"

#define SPOKE_MS                                                                                             \
	(INT64_C(2) * 24 * 60 * MINUTE_MS) /* what has spoken within it is missed when it falls silent */

static int64_t *timer_of(struct warn *n, struct slice key)
{
	uint64_t id = load_be64((const uint8_t *)key.p + 8);

	return id == TIMER_OF_WARN ? &n->armed_ms : id == TIMER_OF_LEARN ? &n->learn_ms : NULL;
}

static void timer_on_publish(struct warn *n, struct slice key, const struct slice *val)
{
	int64_t due_ms = (int64_t)load_be64(key.p), *at_ms = timer_of(n, key);

	if (at_ms != NULL && val != NULL)
		*at_ms = due_ms;
	else if (at_ms != NULL && *at_ms == due_ms)
		*at_ms = INT64_MAX;
}

void warn_on_publish(struct warn *n, enum table table, struct slice key, const struct slice *val)
{
	if (table == TABLE_COUNT)
		counts_on_publish(&n->counts, key, val);
	else if (table == TABLE_WARNING) {
		wkey_on_publish(n, key, val);
		gaps_on_publish(n, key, val);
	} else if (table == TABLE_BASELINE)
		taught_on_publish(n, key, val);
	else if (table == TABLE_TIMER)
		timer_on_publish(n, key, val);
}

/* The timers that wait, of which there is one each at most. */
static int find_timers(struct warn *n, struct err *e)
{
	struct slice there = SLICE_TEXT("");
	struct scan s;
	int got = 0;

	scan_init(&s, n->desk->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1)
		timer_on_publish(n, s.key, &there);
	scan_fini(&s);
	return got;
}

int warn_new(struct desk *d, struct err *e)
{
	struct warn *n = calloc(1, sizeof(*n));
	struct watches *made;

	must(n != NULL);
	d->warn = n;
	n->desk = d;
	n->armed_ms = INT64_MAX;
	warn_learn_new(n);
	counts_init(&n->counts);
	n->counts.udata = n;
	if (watches_new(&made, packs_catalog(d->packs), e) != 0)
		return -1;
	warn_plan_watches(n, made, watches_words(packs_catalog(d->packs)));
	if (warn_rings(n, d->clock->now_ms, e) != 0 ||
		(warn_has_silent(n) &&
			counts_meet(&n->counts, d->store, d->clock->now_ms - SPOKE_MS, e) != 0))
		return -1;
	for (uint32_t i = 0; i < n->counts.n_streams; i++)
		warn_plan_stream(n, n->counts.list[i]);
	n->counts.on_stream = warn_plan_stream;
	return warn_learn_load(n, e) != 0 || warn_past_keys(n, e) != 0 || warn_rows_load(n, e) != 0 ||
			       warn_gaps_load(n, e) != 0 || find_timers(n, e) != 0
		       ? -1
		       : 0;
}

void warn_free(struct warn *n)
{
	if (n == NULL)
		return;
	warn_plan_free(n);
	counts_fini(&n->counts);
	free(n->gaps);
	free(n);
}

/*
 * Levels and counts stay. Most packs that are loaded change nothing of what is watched: then nothing is to be
 * done. Where the new watches look back further, the next close reads what the rings lack.
 */
void warn_reload(struct desk *d, struct replan *r, struct watches **made, uint64_t words)
{
	struct warn *n = d->warn;
	struct err e;

	if (n == NULL || n->words == words)
		return; /* the pack of the start comes first */
	replan_take(n, r, *made, words);
	*made = NULL;
	if (warn_past_keys(n, &e) != 0)
		log_line(LOG_ERROR, "warning.plan", "error=\"%s\"", e.text);
}

/* {yellow=3, red=1}: how many keys stand at each level that any stands at, the lowest first. */
static struct value levels_value(const struct warn *n, struct arena *a)
{
	struct value v = value_map(a, LEVEL_NAMES_MAX);

	for (uint8_t level = 1; level < LEVEL_NAMES_MAX; level++) {
		int64_t n_keys = 0;

		for (uint32_t i = 0; i < n->n_keys; i++)
			n_keys += n->keys[i]->level == level;
		if (n_keys > 0)
			value_add(a, &v, warn_level_name(n, level), value_int(n_keys));
	}
	return v;
}

struct value warn_value(struct desk *d, struct arena *a)
{
	const struct warn *n = d->warn;
	struct value v = value_map(a, 15);
	int64_t n_levels = 0;

	for (uint32_t i = 0; i < n->n_keys; i++)
		n_levels += n->keys[i]->level > 0;
	value_add(a, &v, "streams", value_int(n->counts.n_streams));
	value_add(a, &v, "keys", value_int(n->n_keys));
	value_add(a, &v, "watches", value_int(n->watches->n));
	value_add(a, &v, "warned", value_int(n_levels));
	value_add(a, &v, "levels", levels_value(n, a));
	value_add(a, &v, "counted", value_int((int64_t)n->n_counted));
	value_add(a, &v, "counted_late", value_int((int64_t)n->n_late_counts));
	value_add(a, &v, "closes", value_int((int64_t)n->n_closes));
	value_add(a, &v, "closes_missed", value_int((int64_t)n->n_missed));
	value_add(a, &v, "changes", value_int((int64_t)n->n_changes));
	value_add(a, &v, "failures", value_int((int64_t)n->n_failures));
	value_add(a, &v, "close_us_max", value_int((int64_t)n->close_us_max));
	value_add(a, &v, "learn_us_max", value_int((int64_t)n->learn_us_max));
	value_add(a, &v, "learn_units_max", value_int((int64_t)n->learn_units_max));
	value_add(a, &v, "late_unlearned", value_int(n->taught.n_late));
	return v;
}

/*
 * From the last entry before this start until now nobody watched: once, and not for less than half a bin. Before
 * the first start nobody did, either: of that day only what is imported is known.
 */
static void note_gap(struct work *w, int64_t now_ms)
{
	struct desk *d = w->desk;

	if (d->is_new)
		d->away_ms = civil_instant(civil_day_of(now_ms), 0);
	d->is_new = false;
	if (d->away_ms > 0 && now_ms - d->away_ms > d->warn->bin_ms / 2 && d->warn->bin_ms > 0)
		warn_gap_put(w, d->away_ms, now_ms);
	d->away_ms = 0;
}

void warn_start(struct desk *d)
{
	struct warn *n = d->warn;
	int64_t now_ms = d->clock->now_ms;
	struct work w;
	struct err e;

	if (store_accepts(d->store, &e) != 0)
		return;
	arena_reset(&d->arena);
	warn_begin(&w, d, "warning.start", now_ms);
	note_gap(&w, now_ms);
	sources_expect(&w);
	warn_floors_end(&w);
	if (value_path(packs_catalog(d->packs), "silence.level") != NULL && n->armed_ms == INT64_MAX)
		warn_arm(&w, now_ms + MINUTE_MS);
	if (warn_learn_has_days(n, now_ms))
		warn_learn_arm(&w, now_ms);
	if (tx_is_empty(w.tx))
		work_abort(&w);
	else if (work_commit(&w, &e) != 0)
		log_line(LOG_ERROR, "warning.start", "error=\"%s\"", e.text);
}
