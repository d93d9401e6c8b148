/*
 * A recorded outage through the live watches: what they and the roll-ups would have said, key by key. Pure but
 * for what is usual, which is read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/bins.h"
#include "warn_int.h"

#define REPLAY_BINS_MAX 4096
#define KEYS_MAX 512

/* A key as it goes through the recording. */
struct played {
	char *text;
	const struct watch *watch;   /* NULL: a roll-up that nobody else watches */
	const struct value *rollup;  /* of the catalog; NULL: it is none */
	const char *city, *category; /* NULL: all */
	const struct recorded **leaves;
	uint32_t n_leaves;
	uint32_t *back; /* newest first */
	const struct baseline *usual, *parent;
	double subscribers, given[WATCH_INPUTS_MAX];
	struct detector det;
	uint8_t level, floor;
	int64_t opened_ms; /* behind the start: when it left the level none */
	int64_t seen;
};

struct replay {
	struct warn *n;
	struct arena *arena;
	const struct recording *of;
	int64_t start_ms;
	struct played *keys;
	uint32_t n_keys;
	struct value *events;
};

/* ---- its keys ------------------------------------------------------------------------------------------ */
static struct stream_name name_of(const struct recorded *s)
{
	struct stream_name name = s->of;

	if (name.what == 'a') /* numbers are hit under the keys of complaints */
		name.what = 'c';
	return name;
}

static struct played *find(struct replay *r, struct slice text)
{
	for (uint32_t i = 0; i < r->n_keys; i++)
		if (slice_cmp(slice_of(r->keys[i].text, strlen(r->keys[i].text)), text) == 0)
			return &r->keys[i];
	return NULL;
}

static struct played *add(struct replay *r, struct slice text, const struct watch *w, struct err *e)
{
	struct played *p = &r->keys[r->n_keys];
	struct wkey *live = wkey_find(r->n, text);

	if (r->n_keys == KEYS_MAX) {
		err_set(e, ERR_REJECTED, "the recording has more than %d keys of the live watches", KEYS_MAX);
		return NULL;
	}
	memset(p, 0, sizeof(*p));
	p->text = arena_text(r->arena, text.p, text.n);
	p->watch = w;
	p->leaves = arena_alloc(r->arena, r->of->n_streams * sizeof(*p->leaves));
	for (int i = 0; i < WATCH_INPUTS_MAX; i++)
		p->given[i] = (double)NAN;
	r->n_keys++;
	if (w == NULL)
		return p;
	p->back = arena_zalloc(r->arena, w->n_back * sizeof(*p->back));
	if (live != NULL && live->watch == w) {
		p->parent = warn_usual(r->n, live);
		p->usual = live->usual.baseline;
	}
	return p;
}

static const char *own_part(struct arena *a, bool is_told, struct slice part)
{
	return is_told ? arena_text(a, part.p, part.n) : NULL;
}

static int check_bins(const struct replay *r, const struct watch *w, const char *key, struct err *e)
{
	if (w->bin_ms % r->of->bin_ms == 0)
		return 0;
	return err_set(e, ERR_REJECTED,
		"the recording of %s has bins of %jd min, the watch \"%s\" of %jd min, which must be a "
		"multiple of "
		"them",
		key, (intmax_t)(r->of->bin_ms / MINUTE_MS), w->name, (intmax_t)(w->bin_ms / MINUTE_MS));
}

/* The stream counts for the keys that the live watches make of it; the first that gives a key has it. */
static int add_stream(struct replay *r, const struct recorded *s, struct err *e)
{
	struct stream_name name = name_of(s);

	for (uint32_t i = 0; i < r->n->watches->n; i++) {
		const struct watch *w = &r->n->watches->list[i];
		char made[KEY_TEXT_MAX];
		struct slice text = watch_key(r->n->watches, w, &name, made);
		struct played *p = text.n == 0 ? NULL : find(r, text);

		if (text.n == 0 || bin_is_long(w->bin_ms) || (p != NULL && p->watch != w))
			continue;
		if (p == NULL && (p = add(r, text, w, e)) == NULL)
			return -1;
		if (check_bins(r, w, p->text, e) != 0)
			return -1;
		p->city = own_part(r->arena, (w->by & BY_CITY) != 0, s->of.city);
		p->category =
			own_part(r->arena, name.what == 'c' && (w->by & BY_CATEGORY) != 0, s->of.category);
		p->subscribers = warn_subscribers(r->n, w, p->city);
		if (s->of.what != 'a')
			p->leaves[p->n_leaves++] = s;
	}
	return 0;
}

static int add_rollups(struct replay *r, struct err *e)
{
	const struct value *list = warn_rollup_list(r->n);

	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		struct slice text = value_slice(value_get(&list->as.items[i], "key"));
		struct played *p = find(r, text);

		if (p == NULL && (p = add(r, text, NULL, e)) == NULL)
			return -1;
		p->rollup = &list->as.items[i];
	}
	return 0;
}

/* What is seen of one city comes first, as at a close (warn_close.c); else by name. */
static int in_order(const void *pa, const void *pb)
{
	const struct played *a = pa, *b = pb;

	if ((a->city == NULL) != (b->city == NULL))
		return a->city == NULL ? 1 : -1;
	return strcmp(a->text, b->text);
}

/* ---- what is said -------------------------------------------------------------------------------------- */
static void set_number(struct arena *a, struct value *map, const char *key, double x)
{
	if (isnan(x) || isinf(x))
		return;
	value_set(a, map, key, x == floor(x) && fabs(x) < 1e15 ? value_int((int64_t)x) : value_float(x));
}

static void add_seen(struct replay *r, const struct played *p, const struct detected *seen, struct value *one)
{
	struct value sums = value_map(r->arena, p->watch->n_inputs);

	value_add(r->arena, one, "watch", value_literal(p->watch->name));
	set_number(r->arena, one, "seen", seen->seen[seen->input].value);
	set_number(r->arena, one, "expected", seen->seen[seen->input].expected);
	set_number(r->arena, one, "p", seen->seen[seen->input].p);
	for (uint32_t i = 0; i < p->watch->n_inputs; i++) {
		if (!seen->seen[i].is_known)
			continue;
		set_number(r->arena, &sums, p->watch->inputs[i].name, seen->seen[i].value);
		if (strcmp(p->watch->inputs[i].name, "affected") == 0 && seen->seen[i].value > 0)
			set_number(r->arena, one, "affected", seen->seen[i].value);
	}
	value_add(r->arena, one, "sums", sums);
}

/* The level it has now, and since when; *one: its event, when it changed. */
static bool moved(struct replay *r, struct played *p, int64_t end_ms, struct value *one)
{
	uint8_t from = p->level, to = p->det.level.level > p->floor ? p->det.level.level : p->floor;
	const struct warn *n = r->n;

	if (from == to)
		return false;
	p->level = to;
	if (from == 0)
		p->opened_ms = end_ms;
	*one = value_map(r->arena, 14);
	value_add(r->arena, one, "end_ms", value_int(end_ms));
	value_add(r->arena, one, "key", value_literal(p->text));
	if (p->city != NULL)
		value_add(r->arena, one, "city", value_literal(p->city));
	if (p->category != NULL)
		value_add(r->arena, one, "category", value_literal(p->category));
	value_add(r->arena, one, "from", value_literal(warn_level_name(n, from)));
	value_add(r->arena, one, "to", value_literal(warn_level_name(n, to)));
	return true;
}

/* ---- a bin's end --------------------------------------------------------------------------------------- */
/* What the recording holds of its leaves in the watch's bin that ends behind bin `last`. */
static uint32_t sum_of(const struct replay *r, const struct played *p, uint32_t last)
{
	uint32_t per_bin = (uint32_t)(p->watch->bin_ms / r->of->bin_ms), first = last + 1 - per_bin, sum = 0;

	for (uint32_t k = 0; k < p->n_leaves; k++)
		for (uint32_t i = first; i <= last && i < r->of->n_bins; i++)
			sum += p->leaves[k]->counts[i];
	return sum;
}

/* Numbers that are hit by then under the key: the input "affected". */
static void give_affected(const struct replay *r, struct played *p, uint32_t last)
{
	int at = p->category == NULL ? -1 : watch_input_find(p->watch, "affected");
	uint32_t sum = 0;

	if (at < 0 || p->watch->inputs[at].kind != INPUT_GIVEN)
		return;
	for (uint32_t i = 0; i < r->of->n_streams; i++) {
		const struct recorded *s = &r->of->streams[i];

		if (s->of.what == 'a' && last < r->of->n_bins &&
			(p->city == NULL || slice_cmp(s->of.city, slice_of(p->city, strlen(p->city))) == 0) &&
			name_under(s->of.category, slice_of(p->category, strlen(p->category))))
			sum += s->counts[last];
	}
	p->given[at] = sum > 0 ? (double)sum : (double)NAN;
}

/* Nothing was counted, and nothing is remembered: this close changes nothing. */
static bool is_idle(const struct played *p)
{
	uint32_t i = 0;

	while (i < p->watch->n_back && p->back[i] == 0)
		i++;
	for (uint32_t k = 0; k < p->watch->n_inputs; k++)
		if (!isnan(p->given[k]))
			return false;
	return i == p->watch->n_back && p->det.level.level == 0 && detector_is_idle(p->watch, &p->det);
}

/* What came in by its first sum: numbers that are hit are nothing that was seen. */
static int64_t counted(const struct watch *w, const struct detected *seen)
{
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (w->inputs[i].kind == INPUT_SUM && seen->seen[i].is_known)
			return (int64_t)seen->seen[i].value;
	return 0;
}

static void close_key(struct replay *r, struct played *p, uint32_t last)
{
	int64_t end_ms = (last + 1) * r->of->bin_ms;
	struct close c = {.start_ms = r->start_ms + end_ms - p->watch->bin_ms,
		.counts = p->back,
		.city = p->city,
		.subscribers = p->subscribers,
		.given = p->given,
		.parent = p->parent,
		.baseline = p->usual};
	struct detected seen;
	struct value one;

	memmove(p->back + 1, p->back, (p->watch->n_back - 1) * sizeof(*p->back));
	p->back[0] = sum_of(r, p, last);
	give_affected(r, p, last);
	if (is_idle(p))
		return;
	detect(p->watch, &p->det, &c, &seen);
	p->seen = counted(p->watch, &seen);
	if (!moved(r, p, end_ms, &one))
		return;
	add_seen(r, p, &seen, &one);
	value_push(r->arena, r->events, one);
}

static void roll_up(struct replay *r, struct played *whole, int64_t end_ms)
{
	struct rolled rolled;
	struct value one;
	int64_t seen = 0;

	if (!rolled_begin(&rolled, r->n, r->arena, whole->rollup, end_ms))
		return;
	for (uint32_t i = 0; i < r->n_keys; i++) {
		const struct played *p = &r->keys[i];

		if (!rolled_has(&rolled, p->city, p->category, p->level))
			continue;
		rolled_add(&rolled, p->city, p->level, p->opened_ms);
		seen += p->seen;
	}
	if (whole->floor == 0 && !rolled_is_enough(&rolled))
		return;
	whole->floor = rolled.level;
	if (!moved(r, whole, end_ms, &one))
		return;
	value_add(r->arena, &one, "seen", value_int(seen));
	value_add(r->arena, &one, "cities", value_int(rolled.cities.n));
	value_push(r->arena, r->events, one);
}

static void play_all(struct replay *r)
{
	for (uint32_t b = 0; b < r->of->n_bins; b++) {
		int64_t end_ms = (b + 1) * r->of->bin_ms;

		for (uint32_t i = 0; i < r->n_keys; i++)
			if (r->keys[i].watch != NULL && end_ms % r->keys[i].watch->bin_ms == 0)
				close_key(r, &r->keys[i], b);
		for (uint32_t i = 0; i < r->n_keys; i++)
			if (r->keys[i].rollup != NULL)
				roll_up(r, &r->keys[i], end_ms);
	}
}

int warn_replay(struct desk *d, struct arena *a, const struct recording *of, int64_t start_ms,
	struct value *events, struct err *e)
{
	struct replay r = {.n = d->warn, .arena = a, .of = of, .events = events};
	int64_t longest_ms = of->bin_ms;

	if (of->n_bins > REPLAY_BINS_MAX)
		return err_set(e, ERR_REJECTED, "the recording has %u bins; at most %d", of->n_bins,
			REPLAY_BINS_MAX);
	r.keys = arena_alloc(a, KEYS_MAX * sizeof(*r.keys));
	for (uint32_t i = 0; i < of->n_streams; i++)
		if (add_stream(&r, &of->streams[i], e) != 0)
			return -1;
	if (r.n_keys == 0 && of->n_streams > 0)
		return err_set(e, ERR_REJECTED,
			"no watch counts anything of the recording: a drill of it would warn nobody");
	for (uint32_t i = 0; i < r.n_keys; i++)
		longest_ms = r.keys[i].watch->bin_ms > longest_ms ? r.keys[i].watch->bin_ms : longest_ms;
	r.start_ms = bin_start(longest_ms, start_ms);
	if (add_rollups(&r, e) != 0)
		return -1;
	qsort(r.keys, r.n_keys, sizeof(*r.keys), in_order);
	play_all(&r);
	return 0;
}
