/*
 * Sources: since when each channel has been silent, and whether that is as it should be. A feed that is quiet
 * and one that is dead look alike from outside; the pack's rhythm tells them apart.
 *
 *   TABLE_COUNTER "source NAME" → {last}, written with what came in, at most every KEEP_MS; memory is exact
 *                               → {since} until it is heard first: when a pack first expected it
 */
#include <string.h>
#include <time.h>

#include "sources.h"

#define SOURCES_MAX 256
#define NAME_BYTES 104
#define KEEP_MS 10000
#define PREFIX "source "
#define DAY_MINUTES 1440

struct sources {
	struct source {
		char name[NAME_BYTES];
		int64_t last_ms, kept_ms; /* INT64_MIN: never */
		int64_t since_ms; /* that it is expected, where it was never heard; INT64_MIN: not yet */
	} list[SOURCES_MAX];
	uint32_t n;
};

static struct source *find(struct sources *s, struct slice name)
{
	struct source *found;

	for (uint32_t i = 0; i < s->n; i++)
		if (strlen(s->list[i].name) == name.n && memcmp(s->list[i].name, name.p, name.n) == 0)
			return &s->list[i];
	if (s->n == SOURCES_MAX || name.n == 0 || name.n >= NAME_BYTES)
		return NULL;
	found = &s->list[s->n++];
	snprintf(found->name, sizeof(found->name), "%.*s", (int)name.n, (const char *)name.p);
	found->last_ms = found->kept_ms = found->since_ms = INT64_MIN;
	return found;
}

static struct slice source_key(struct arena *a, const char *name)
{
	const char *key = arena_printf(a, PREFIX "%s", name);

	return slice_of(key, strlen(key));
}

void source_seen(struct work *w, struct slice name)
{
	struct source *s = find(w->desk->sources, name);
	struct value row;

	if (s == NULL)
		return;
	s->last_ms = w->now_ms;
	if (s->kept_ms != INT64_MIN && w->now_ms - s->kept_ms < KEEP_MS)
		return;
	row = value_map(w->arena, 1);
	value_add(w->arena, &row, "last", value_int(w->now_ms));
	row_put(w, TABLE_COUNTER, source_key(w->arena, s->name), &row);
}

/* What is written is what counts for writing again: a call that fails has written nothing. */
static void keep(struct sources *s, struct slice key, struct slice val)
{
	size_t n = sizeof(PREFIX) - 1;
	struct source *found;
	struct arena a;
	struct value row;
	struct err e;

	if (key.n <= n || memcmp(key.p, PREFIX, n) != 0)
		return;
	found = find(s, slice_of((const char *)key.p + n, key.n - n));
	arena_init(&a, 0);
	if (found != NULL && value_decode(&a, val, &row, &e) == 0) {
		found->since_ms = value_int_or(value_get(&row, "since"), INT64_MIN);
		found->kept_ms = value_int_or(value_get(&row, "last"), INT64_MIN);
		if (found->last_ms < found->kept_ms)
			found->last_ms = found->kept_ms;
	}
	arena_fini(&a);
}

void sources_on_publish(struct sources *s, struct slice key, const struct slice *val)
{
	if (val != NULL)
		keep(s, key, *val);
}

int sources_new(struct desk *d, struct err *e)
{
	struct slice from = SLICE_TEXT(PREFIX);
	struct scan scan;
	int got;

	d->sources = calloc(1, sizeof(*d->sources));
	must(d->sources != NULL);
	arena_reset(&d->arena);
	scan_init(&scan, d->store, NULL, TABLE_COUNTER, from, key_after(&d->arena, from), false);
	while ((got = scan_next(&scan, e)) == 1)
		keep(d->sources, scan.key, scan.val);
	scan_fini(&scan);
	return got;
}

void sources_free(struct sources *s)
{
	free(s);
}

/* ---- rhythm -------------------------------------------------------------------------------------------- */
/* Since when, in ms since 1970, the source's hours have run; -1 outside of them. */
static int64_t hours_began_ms(const struct value *rhythm, int64_t now_ms)
{
	int64_t from = value_int_or(value_get(rhythm, "from_minute"), 0),
		to = value_int_or(value_get(rhythm, "to_minute"), DAY_MINUTES), minute, passed;
	time_t s = (time_t)(now_ms / 1000);
	struct tm tm;

	localtime_r(&s, &tm);
	minute = tm.tm_hour * 60 + tm.tm_min;
	if (from < to ? minute < from || minute >= to : minute < from && minute >= to)
		return -1;
	if (from == 0 && to == DAY_MINUTES)
		return 0; /* day and night */
	passed = (minute - from + DAY_MINUTES) % DAY_MINUTES;
	return now_ms - now_ms % 60000 - passed * 60000;
}

/* A channel's rhythm, or that of a component which always speaks. */
const struct value *source_rhythm(const struct value *catalog, struct slice name)
{
	const struct value *rhythm =
		value_get(value_get_n(value_get(catalog, "channels"), name.p, name.n), "rhythm");

	return rhythm != NULL
		       ? rhythm
		       : value_get(value_get_n(value_get(catalog, "components"), name.p, name.n), "rhythm");
}

static const struct value *rhythm_of(struct desk *d, const char *name)
{
	return source_rhythm(packs_catalog(d->packs), slice_of(name, strlen(name)));
}

/* When it spoke last; where it never did, since when it is expected to; 0: long ago. */
static int64_t heard_ms(const struct source *s)
{
	int64_t at_ms = s->last_ms != INT64_MIN ? s->last_ms : s->since_ms;

	return at_ms > 0 ? at_ms : 0;
}

/*
 * late: within its hours it has been silent for longer than its rhythm. quiet: silent for as long, but nobody
 * expects more: outside its hours, or they have just begun.
 */
static struct value source_value(struct desk *d, struct arena *a, const struct source *s)
{
	const struct value *rhythm = rhythm_of(d, s->name);
	int64_t every = value_int_or(value_get(rhythm, "every_ms"), 0), now = d->clock->now_ms;
	int64_t began = every > 0 ? hours_began_ms(rhythm, now) : -1, heard = heard_ms(s);
	bool is_late = began >= 0 && now - (heard > began ? heard : began) > every,
	     is_silent = every > 0 && (now - heard > every || (began < 0 && s->last_ms == INT64_MIN));
	struct value v = value_map(a, 6);

	value_add(a, &v, "name", value_text(a, s->name, strlen(s->name)));
	if (s->last_ms != INT64_MIN) {
		value_add(a, &v, "last", value_int(s->last_ms));
		value_add(a, &v, "age_ms", value_int(now - s->last_ms));
	}
	if (every > 0)
		value_add(a, &v, "expected_ms", value_int(every));
	value_add(a, &v, "is_quiet", value_bool(is_silent && !is_late));
	value_add(a, &v, "is_late", value_bool(is_late));
	return v;
}

/* Those that are expected to speak, though they never have. */
static void find_expected(struct desk *d)
{
	static const char *const maps[] = {"channels", "components"};

	for (size_t m = 0; m < sizeof(maps) / sizeof(maps[0]); m++) {
		const struct value *names = value_get(packs_catalog(d->packs), maps[m]);

		for (uint32_t i = 0; names != NULL && i < names->n; i++)
			if (value_get(&names->as.pairs[i].val, "rhythm") != NULL)
				find(d->sources, value_slice(&names->as.pairs[i].key));
	}
}

void sources_expect(struct work *w)
{
	struct desk *d = w->desk;

	find_expected(d);
	for (uint32_t i = 0; i < d->sources->n; i++) {
		const struct source *s = &d->sources->list[i];
		struct value row;

		if (s->last_ms != INT64_MIN || s->since_ms != INT64_MIN || rhythm_of(d, s->name) == NULL)
			continue;
		row = value_map(w->arena, 1);
		value_add(w->arena, &row, "since", value_int(w->now_ms));
		row_put(w, TABLE_COUNTER, source_key(w->arena, s->name), &row);
	}
}

struct value sources_value(struct desk *d, struct arena *a)
{
	struct value list = value_array(a, 8);

	find_expected(d);
	for (uint32_t i = 0; i < d->sources->n; i++) {
		const struct source *s = &d->sources->list[i];
		bool is_expected = rhythm_of(d, s->name) != NULL;

		if (is_expected || s->last_ms != INT64_MIN)
			value_push(a, &list, source_value(d, a, s));
	}
	return list;
}

/* The first instant at which the source, not heard until then, is late; of a late one when to look again. */
static int64_t late_ms(struct desk *d, const struct source *s)
{
	const struct value *rhythm = rhythm_of(d, s->name);
	int64_t every = value_int_or(value_get(rhythm, "every_ms"), 0), now = d->clock->now_ms, began, at;

	if (every <= 0)
		return INT64_MAX;
	began = hours_began_ms(rhythm, now);
	if (began < 0) { /* its hours begin within a day */
		for (at = now - now % 60000 + 60000; hours_began_ms(rhythm, at) < 0;)
			at += 60000;
		return at + every + 1;
	}
	at = (heard_ms(s) > began ? heard_ms(s) : began) + every + 1;
	return at > now ? at : now + every;
}

int64_t sources_late_ms(struct desk *d)
{
	int64_t next = INT64_MAX;

	for (uint32_t i = 0; i < d->sources->n; i++) {
		int64_t at = late_ms(d, &d->sources->list[i]);

		next = at < next ? at : next;
	}
	return next;
}
