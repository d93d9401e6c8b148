/* What callers heard of a case's prompt, and who complained again. heard.h draws the rows. */
#include "desk/heard.h"

#include <string.h>

#include "desk/cases.h"

#define CALLS_MAX 256 /* of a number that are kept one by one, */
#define CALLS_LEAST 8 /* and those that are kept when nothing can become of them any more */
#define NUMBER_BYTES_MAX 32

struct called {
	int64_t at_ms, version, fate;
};

static int64_t window_ms(const struct desk *d)
{
	return packs_limit(d->packs, "avoided_ms");
}

static struct slice key_of(struct arena *a, int64_t incident, struct slice number)
{
	uint8_t *p = arena_alloc(a, 8 + number.n);

	store_be64(p, (uint64_t)incident);
	memcpy(p + 8, number.p, number.n);
	return slice_of(p, 8 + number.n);
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
static bool three_of(const struct value *v, int64_t out[3])
{
	for (uint32_t i = 0; i < 3; i++)
		if (v == NULL || v->type != VALUE_ARRAY || v->n != 3 ||
			!value_as_int(&v->as.items[i], &out[i]))
			return false;
	return true;
}

static bool call_of(const struct value *v, struct called *out)
{
	int64_t x[3];

	if (!three_of(v, x) || x[2] < 0 || x[2] >= HEARD_FATES)
		return false;
	*out = (struct called){x[0], x[1], x[2]};
	return true;
}

static struct value three_value(struct arena *a, int64_t x, int64_t y, int64_t z)
{
	struct value v = value_array(a, 3);

	value_push(a, &v, value_int(x));
	value_push(a, &v, value_int(y));
	value_push(a, &v, value_int(z));
	return v;
}

/* The number may still reach an agent, so that this call was not avoided. */
static bool is_pending(const struct desk *d, const struct called *c)
{
	return c->fate == HEARD_HUNG_UP && c->at_ms + window_ms(d) >= d->clock->now_ms;
}

/* n calls that are no longer kept by themselves: counted with others of their version and fate. */
static void add_old(struct arena *a, struct value *old, int64_t version, int64_t fate, int64_t n)
{
	int64_t x[3];

	for (uint32_t i = 0; i < old->n; i++)
		if (three_of(&old->as.items[i], x) && x[0] == version && x[1] == fate) {
			old->as.items[i] = three_value(a, version, fate, x[2] + n);
			return;
		}
	value_push(a, old, three_value(a, version, fate, n));
}

/* What is not known of a call by the time it is only counted is not claimed to be avoided. */
static int64_t fate_of(const struct desk *d, const struct called *c)
{
	return is_pending(d, c) ? HEARD_REACHED : c->fate;
}

bool heard_row_ok(struct arena *a, struct slice key, struct slice val)
{
	const struct value *calls, *old;
	struct called c;
	struct value row;
	int64_t x[3];
	struct err e;

	if (key.n < 8 || key.n > 8 + NUMBER_BYTES_MAX || value_decode(a, val, &row, &e) != 0)
		return false;
	calls = value_get(&row, "calls");
	old = value_get(&row, "old");
	if (key.n == 8 && (row.n != 1 || !value_is(old, VALUE_ARRAY) || old->n == 0)) /* of erased numbers */
		return false;
	if (calls == NULL ? key.n > 8 && value_get(&row, "again") == NULL
			  : calls->type != VALUE_ARRAY || calls->n == 0 || calls->n > CALLS_MAX)
		return false;
	if (value_get(&row, "again") != NULL && !value_is(value_get(&row, "again"), VALUE_INT))
		return false;
	for (uint32_t i = 0; calls != NULL && i < calls->n; i++)
		if (!call_of(&calls->as.items[i], &c))
			return false;
	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		if (!three_of(&old->as.items[i], x) || x[1] < 0 || x[1] >= HEARD_FATES || x[2] < 1)
			return false;
	return true;
}

/* ---- one call more ------------------------------------------------------------------------------------- */
/* The open case a call is about: as it says, or the newest whose script has this prompt; 0 without one. */
static int64_t case_of_call(struct desk *d, const struct heard_call *call)
{
	int64_t ids[CASE_FACTS_MAX];
	uint32_t n = cases_ids(d, ids, CASE_FACTS_MAX);

	for (uint32_t i = 0; i < n; i++) {
		const struct value *prompt = value_get(cases_script(d, ids[i]), "prompt");

		if (call->incident != 0
				? ids[i] == call->incident
				: call->prompt.n > 0 && slice_cmp(value_slice(prompt), call->prompt) == 0)
			return ids[i];
	}
	return 0;
}

int heard_add(struct work *w, const struct heard_call *call, struct err *e)
{
	int64_t incident = case_of_call(w->desk, call), version = call->version;
	struct value row, calls = value_array(w->arena, CALLS_MAX), old = value_array(w->arena, 2);
	const struct value *known;
	struct called c;
	struct slice key;
	int got;

	if (incident == 0 || call->number.n == 0 || call->number.n > NUMBER_BYTES_MAX)
		return 0;
	key = key_of(w->arena, incident, call->number);
	got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);
	if (got < 0)
		return -1;
	if (got == 0)
		row = value_map(w->arena, 2);
	if (version == 0)
		version = value_int_or(value_get(cases_script(w->desk, incident), "version"), 0);
	if (value_get(&row, "old") != NULL)
		old = value_copy(w->arena, value_get(&row, "old"));
	value_push(w->arena, &calls,
		three_value(w->arena, call->at_ms, version, call->went_on ? HEARD_WENT_ON : HEARD_HUNG_UP));
	known = value_get(&row, "calls");
	for (uint32_t i = 0; known != NULL && i < known->n; i++)
		if (!call_of(&known->as.items[i], &c))
			continue;
		else if (calls.n < CALLS_LEAST || (calls.n < CALLS_MAX && is_pending(w->desk, &c)))
			value_push(w->arena, &calls, known->as.items[i]);
		else
			add_old(w->arena, &old, c.version, fate_of(w->desk, &c), 1);
	value_set(w->arena, &row, "calls", calls);
	if (old.n > 0)
		value_set(w->arena, &row, "old", old);
	row_put(w, TABLE_HEARD, key, &row);
	return 0;
}

/* ---- an agent is reached ------------------------------------------------------------------------------- */
static int reached_of(struct work *w, int64_t incident, struct slice number, struct err *e)
{
	struct slice key = key_of(w->arena, incident, number);
	struct value row, calls = value_array(w->arena, CALLS_MAX);
	const struct value *known;
	bool is_changed = false;
	int got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);

	if (got != 1)
		return got;
	known = value_get(&row, "calls");
	for (uint32_t i = 0; known != NULL && i < known->n; i++) {
		struct called c;

		if (!call_of(&known->as.items[i], &c))
			continue;
		if (c.fate == HEARD_HUNG_UP && c.at_ms + window_ms(w->desk) >= w->now_ms) {
			c.fate = HEARD_REACHED;
			is_changed = true;
		}
		value_push(w->arena, &calls, three_value(w->arena, c.at_ms, c.version, c.fate));
	}
	if (!is_changed)
		return 0;
	value_set(w->arena, &row, "calls", calls);
	row_put(w, TABLE_HEARD, key, &row);
	return 0;
}

/* The open cases that have a prompt, newest first. */
static uint32_t prompted(struct desk *d, const struct value *number, int64_t ids[CASE_FACTS_MAX])
{
	uint32_t n = 0, all;

	if (number == NULL || value_slice(number).n == 0 || number->n > NUMBER_BYTES_MAX)
		return 0;
	all = cases_ids(d, ids, CASE_FACTS_MAX);
	for (uint32_t i = 0; i < all; i++)
		if (value_get(cases_script(d, ids[i]), "prompt") != NULL)
			ids[n++] = ids[i];
	return n;
}

int heard_reached(struct work *w, const struct value *number, struct err *e)
{
	int64_t ids[CASE_FACTS_MAX];
	uint32_t n = prompted(w->desk, number, ids);

	for (uint32_t i = 0; i < n; i++)
		if (reached_of(w, ids[i], value_slice(number), e) != 0)
			return -1;
	return 0;
}

int heard_fact(struct work *w, const struct value *number, struct value *facts, struct err *e)
{
	int64_t ids[CASE_FACTS_MAX], incident = 0;
	uint32_t n = prompted(w->desk, number, ids);
	struct called last = {0}, c;
	struct value v, row;

	for (uint32_t i = 0; i < n; i++) {
		int got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD,
			key_of(w->arena, ids[i], value_slice(number)), &row, e);

		if (got < 0)
			return -1;
		if (got == 1 && call_of(value_at(value_get(&row, "calls"), 0), &c) && c.at_ms > last.at_ms) {
			last = c;
			incident = ids[i];
		}
	}
	if (incident == 0 || last.at_ms + window_ms(w->desk) < w->now_ms)
		return 0;
	v = value_map(w->arena, 3);
	value_add(w->arena, &v, "incident", value_int(incident));
	value_add(w->arena, &v, "version", value_int(last.version));
	value_add(w->arena, &v, "at", value_int(last.at_ms));
	value_add(w->arena, facts, "heard", v);
	return 0;
}

/* ---- who was told and complains again ------------------------------------------------------------------ */
int again_fact(struct work *w, const struct value *number, struct value *facts, struct err *e)
{
	int64_t ids[CASE_FACTS_MAX];
	uint32_t n = number == NULL || value_slice(number).n == 0 || number->n > NUMBER_BYTES_MAX
			     ? 0
			     : cases_with(w->desk, "again", ids, CASE_FACTS_MAX);
	struct value list = value_array(w->arena, n), row;

	for (uint32_t i = 0; i < n; i++) {
		struct value one = value_map(w->arena, 2);
		int got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD,
			key_of(w->arena, ids[i], value_slice(number)), &row, e);

		if (got < 0)
			return -1;
		if (got == 0 || value_get(&row, "again") == NULL)
			continue;
		value_add(w->arena, &one, "id", value_int(ids[i]));
		value_add(w->arena, &one, "at", *value_get(&row, "again"));
		value_push(w->arena, &list, one);
	}
	if (list.n > 0)
		value_add(w->arena, facts, "again", list);
	return 0;
}

int again_keep(struct work *w, const struct value *number, const struct value *incidents, struct err *e)
{
	for (uint32_t i = 0; number != NULL && value_is(incidents, VALUE_ARRAY) && i < incidents->n; i++) {
		struct slice text = value_slice(number), key;
		struct value row;
		int got;

		if (text.n == 0 || text.n > NUMBER_BYTES_MAX)
			return 0;
		key = key_of(w->arena, value_int_or(&incidents->as.items[i], 0), text);
		got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);
		if (got < 0)
			return -1;
		if (got == 0)
			row = value_map(w->arena, 1);
		value_set(w->arena, &row, "again", value_int(w->now_ms));
		row_put(w, TABLE_HEARD, key, &row);
	}
	return 0;
}

/* ---- a number is erased -------------------------------------------------------------------------------- */
/* What it heard of one case goes to the case's row of nobody. */
static int erase_of(struct work *w, int64_t incident, struct slice number, struct err *e)
{
	struct slice key = key_of(w->arena, incident, number),
		     nobodys = key_of(w->arena, incident, slice_of("", 0));
	struct value row, kept, old = value_array(w->arena, 4);
	const struct value *calls, *counted;
	struct called c;
	int64_t x[3];
	int got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, key, &row, e);

	if (got != 1)
		return got;
	if ((got = row_get(w->desk, w->tx, w->arena, TABLE_HEARD, nobodys, &kept, e)) < 0)
		return -1;
	if (got == 0)
		kept = value_map(w->arena, 1);
	else
		old = value_copy(w->arena, value_get(&kept, "old"));
	calls = value_get(&row, "calls");
	for (uint32_t i = 0; calls != NULL && i < calls->n; i++)
		if (call_of(&calls->as.items[i], &c))
			add_old(w->arena, &old, c.version, fate_of(w->desk, &c), 1);
	counted = value_get(&row, "old");
	for (uint32_t i = 0; counted != NULL && i < counted->n; i++)
		if (three_of(&counted->as.items[i], x))
			add_old(w->arena, &old, x[0], x[1], x[2]);
	tx_del(w->tx, TABLE_HEARD, key);
	if (old.n == 0)
		return 0;
	value_set(w->arena, &kept, "old", old);
	row_put(w, TABLE_HEARD, nobodys, &kept);
	return 0;
}

/* The first case from `from` on of which somebody heard: 1 and its id, 0 none, -1. */
static int next_case(struct work *w, int64_t from, int64_t *incident, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, w->desk->store, w->tx, TABLE_HEARD, key_of(w->arena, from, slice_of("", 0)),
		slice_of(NULL, 0), false);
	got = scan_next(&s, e);
	if (got == 1)
		*incident = (int64_t)load_be64(s.key.p);
	scan_fini(&s);
	return got;
}

int heard_erase(struct work *w, struct slice number, struct err *e)
{
	int64_t incident = 0;
	int got;

	if (number.n == 0 || number.n > NUMBER_BYTES_MAX)
		return 0;
	while ((got = next_case(w, incident, &incident, e)) == 1) {
		if (erase_of(w, incident, number, e) != 0)
			return -1;
		incident++;
	}
	return got;
}

/* ---- sums ---------------------------------------------------------------------------------------------- */
static struct heard_version *version_of(struct heard_sums *s, int64_t version)
{
	uint32_t at = 0;

	while (at < s->n_versions && s->versions[at].version < version)
		at++;
	if (at < s->n_versions && s->versions[at].version == version)
		return &s->versions[at];
	if (s->n_versions == HEARD_VERSIONS_MAX)
		return NULL;
	memmove(s->versions + at + 1, s->versions + at, (s->n_versions++ - at) * sizeof(s->versions[0]));
	s->versions[at] = (struct heard_version){.version = version};
	return &s->versions[at];
}

static void count(struct heard_sums *s, int64_t version, int64_t fate, bool is_over, int64_t n)
{
	struct heard_version *v = version_of(s, version);

	if (fate == HEARD_WENT_ON)
		s->n_continued += n;
	else if (fate == HEARD_REACHED)
		s->n_reached += n;
	else
		*(is_over ? &s->n_avoided : &s->n_pending) += n;
	if (v != NULL)
		*(fate == HEARD_WENT_ON ? &v->n_continued : &v->n_deflected) += n;
}

static void count_row(struct desk *d, const struct value *row, struct heard_sums *s)
{
	const struct value *calls = value_get(row, "calls"), *old = value_get(row, "old");
	struct called c;
	int64_t x[3];

	for (uint32_t i = 0; calls != NULL && i < calls->n; i++)
		if (call_of(&calls->as.items[i], &c))
			count(s, c.version, c.fate, c.at_ms + window_ms(d) < d->clock->now_ms, 1);
	for (uint32_t i = 0; old != NULL && i < old->n; i++)
		if (three_of(&old->as.items[i], x))
			count(s, x[0], x[1], true, x[2]);
}

int heard_count(struct desk *d, struct arena *a, int64_t incident, struct heard_sums *sums, struct err *e)
{
	struct scan s;
	int got;

	memset(sums, 0, sizeof(*sums));
	scan_init(&s, d->store, NULL, TABLE_HEARD, key_of(a, incident, slice_of("", 0)),
		key_of(a, incident + 1, slice_of("", 0)), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct arena_mark mark = arena_mark(a);
		struct value row;

		if (value_decode(a, slice_of(arena_copy(a, s.val.p, s.val.n), s.val.n), &row, e) != 0) {
			got = -1;
			break;
		}
		count_row(d, &row, sums);
		arena_rewind(a, mark);
	}
	scan_fini(&s);
	sums->n_deflected = sums->n_reached + sums->n_avoided + sums->n_pending;
	return got < 0 ? -1 : 0;
}
