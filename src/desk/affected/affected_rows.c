/* Rows of the lists, what memory holds of them, and which case a part belongs to (affected_int.h). */
#include <string.h>

#include "affected_int.h"
#include "tocsin/log.h"

void number_key(uint8_t key[13], uint32_t part, uint64_t number)
{
	key[0] = 'n';
	store_be32(key + 1, part);
	store_be64(key + 5, number);
}

/* ---- a number's row ------------------------------------------------------------------------------------ */
#define ROW_WAS_TOLD 1 /* behind last; what memory holds has no room for it */

bool entry_decode(struct slice val, int64_t opened_ms, struct listed *out)
{
	struct slice flags;
	uint64_t last = 0, told = 0;
	int64_t since;

	if (slice_take(&val, 1, &flags) != 0 || slice_varint(&val, &out->reason) != 0 ||
		slice_varint(&val, &out->version) != 0 || slice_signed(&val, &since) != 0 ||
		(val.n != 0 && slice_varint(&val, &last) != 0) ||
		(val.n != 0 && (slice_varint(&val, &told) != 0 || told != ROW_WAS_TOLD)) || val.n != 0)
		return false;
	out->flags = *(const uint8_t *)flags.p;
	out->was_told = told == ROW_WAS_TOLD;
	out->since_ms = opened_ms + since;
	out->last_ms = out->since_ms + (int64_t)last;
	return out->flags < NUMSET_FLAGS && STATE_OF(out->flags) != 0;
}

struct slice entry_encode(struct arena *a, const struct listed *x, int64_t opened_ms)
{
	struct buf b;
	struct slice out;

	buf_init(&b, 64);
	buf_add_u8(&b, x->flags);
	buf_add_varint(&b, x->reason);
	buf_add_varint(&b, x->version);
	buf_add_signed(&b, x->since_ms - opened_ms);
	if (x->last_ms > x->since_ms || x->was_told)
		buf_add_varint(&b, (uint64_t)(x->last_ms - x->since_ms));
	if (x->was_told)
		buf_add_varint(&b, ROW_WAS_TOLD);
	out = slice_of(arena_copy(a, b.p, b.n), b.n);
	buf_fini(&b);
	return out;
}

/* ---- a part's row -------------------------------------------------------------------------------------- */
static void name_copy(char out[NAME_BYTES], struct slice from)
{
	size_t n = from.n < NAME_BYTES ? from.n : NAME_BYTES - 1;

	if (n > 0)
		memcpy(out, from.p, n);
	out[n] = '\0';
}

static void part_read(const struct value *row, uint32_t id, struct part *out)
{
	const struct value *counts = value_get(row, "counts"), *incidents = value_get(row, "incidents");

	memset(out, 0, sizeof(*out));
	out->id = id;
	out->is_closed = value_get(row, "closed") != NULL;
	name_copy(out->fault, value_slice(value_get(row, "fault")));
	name_copy(out->city, value_slice(value_get(row, "city")));
	out->opened_ms = value_int_or(value_get(row, "opened"), 0);
	out->from_ms = value_int_or(value_get(row, "from"), 0);
	for (uint32_t i = 0; counts != NULL && i < counts->n && i < NUMSET_FLAGS; i++)
		out->counts[i] = (uint32_t)value_int_or(value_at(counts, i), 0);
	for (uint32_t i = 0; incidents != NULL && i < incidents->n && i < PART_INCIDENTS_MAX; i++)
		out->incidents[out->n_incidents++] = value_int_or(value_at(incidents, i), 0);
}

void part_read_row(struct arena *a, const struct value *row, uint32_t id, struct part_edit *out)
{
	const struct value *reasons = value_get(row, "reasons");

	memset(out, 0, sizeof(*out));
	part_read(row, id, &out->part);
	out->reasons = reasons == NULL ? value_array(a, 4) : value_copy(a, reasons);
}

int part_load(struct work *w, uint32_t id, struct part_edit *out, struct err *e)
{
	struct value row;
	uint8_t key[5] = {'p'};
	int got;

	store_be32(key + 1, id);
	got = row_get(w->desk, w->tx, w->arena, TABLE_NUMBER, slice_of(key, sizeof(key)), &row, e);
	if (got != 1)
		return got;
	part_read_row(w->arena, &row, id, out);
	return 1;
}

/* ---- memory -------------------------------------------------------------------------------------------- */
struct part *part_of_slot(struct affected *x, uint32_t slot)
{
	return x->parts[slot % PARTS_MAX];
}

/* A closed part's numbers leave the set as the sweep comes by; until then look-ups pass them over. */
static void keep_part(struct affected *x, uint32_t id, const struct value *row)
{
	struct part **at = &x->parts[id % PARTS_MAX], *old = *at;
	uint64_t swept = old == NULL ? 0 : old->swept;

	if (row == NULL) {
		if (old != NULL && old->id == id) {
			free(old);
			*at = NULL;
			x->n_parts--;
		}
		return;
	}
	if (old == NULL) {
		if (value_get(row, "closed") != NULL)
			return; /* of long ago */
		*at = calloc(1, sizeof(**at));
		must(*at != NULL);
		x->n_parts++;
	}
	must(old == NULL || old->id == id);
	part_read(row, id, *at);
	(*at)->swept = swept;
	if ((*at)->is_closed && old != NULL)
		(*at)->swept = 0;
}

struct run *run_find(struct affected *x, const char *fault)
{
	for (uint32_t i = 0; i < x->n_runs; i++)
		if (strcmp(x->runs[i].fault, fault) == 0)
			return &x->runs[i];
	return NULL;
}

static void keep_run(struct affected *x, struct slice fault, const struct value *row)
{
	char name[NAME_BYTES];
	struct run *run;

	name_copy(name, fault);
	run = run_find(x, name);
	if (row == NULL) {
		if (run != NULL)
			*run = x->runs[--x->n_runs];
		return;
	}
	if (run == NULL) {
		must(x->n_runs < RUNS_MAX);
		run = &x->runs[x->n_runs++];
		memset(run, 0, sizeof(*run));
		memcpy(run->fault, name, sizeof(name));
	}
	if (run->version != value_int_or(value_get(row, "version"), 1))
		run->is_read = false;
	run->version = value_int_or(value_get(row, "version"), 1);
	run->since_ms = value_int_or(value_get(row, "since"), 0);
	run->is_read |= value_true(value_get(row, "is_read"));
	run->is_cut = value_true(value_get(row, "is_cut"));
}

static uint32_t case_place(const struct affected *x, int64_t id)
{
	uint32_t i = 0;

	while (i < x->n_cases && x->cases[i]->id < id)
		i++;
	return i;
}

const struct fault_case *case_find(struct affected *x, int64_t id)
{
	uint32_t i = case_place(x, id);

	return i < x->n_cases && x->cases[i]->id == id ? x->cases[i] : NULL;
}

static void keep_case(struct affected *x, int64_t id, const struct value *row)
{
	uint32_t i = case_place(x, id);
	struct fault_case *c = i < x->n_cases && x->cases[i]->id == id ? x->cases[i] : NULL;

	if (row == NULL) {
		if (c == NULL)
			return;
		arena_fini(&c->arena);
		free(c);
		memmove(x->cases + i, x->cases + i + 1, (--x->n_cases - i) * sizeof(x->cases[0]));
		return;
	}
	if (c == NULL) {
		must(x->n_cases < CASES_MAX);
		c = calloc(1, sizeof(*c));
		must(c != NULL);
		c->id = id;
		arena_init(&c->arena, 0);
		c->arena.block_bytes = 1024;
		memmove(x->cases + i + 1, x->cases + i, (x->n_cases++ - i) * sizeof(x->cases[0]));
		x->cases[i] = c;
	}
	arena_reset(&c->arena);
	c->row = value_copy(&c->arena, row);
}

static void keep_number(struct affected *x, struct slice key, const struct slice *val)
{
	const uint8_t *p = key.p;
	uint32_t id = load_be32(p + 1);
	struct part *part = x->parts[id % PARTS_MAX];
	uint64_t number = load_be64(p + 5);
	struct numset_item item = {.part = id % PARTS_MAX};
	struct listed entry;

	if (part != NULL && part->id != id)
		return; /* of a part that was closed long ago */
	if (val == NULL || part == NULL || part->is_closed) {
		if (!x->is_loading)
			numset_del(x->set, number, item.part);
		return;
	}
	if (!entry_decode(*val, part->opened_ms, &entry))
		return; /* fsck tells of it */
	item.flags = entry.flags;
	item.since = (uint64_t)(entry.since_ms - (part->opened_ms - SINCE_BACK_MS));
	(x->is_loading ? numset_add : numset_put)(x->set, number, &item);
}

void affected_on_publish(struct affected *x, struct slice key, const struct slice *val)
{
	const uint8_t *p = key.p;
	struct value row = value_nil;
	struct arena a;
	struct err e;

	if (p[0] == 'n' && key.n == 13)
		keep_number(x, key, val);
	if (p[0] == 't')
		x->armed_ms = val == NULL || val->n != 8 ? INT64_MAX : (int64_t)load_be64(val->p);
	if (p[0] != 'p' && p[0] != 'f' && p[0] != 'c')
		return;
	arena_init(&a, 0);
	if (val == NULL || value_decode(&a, *val, &row, &e) == 0) {
		const struct value *said = val == NULL ? NULL : &row;

		if (p[0] == 'p' && key.n == 5)
			keep_part(x, load_be32(p + 1), said);
		else if (p[0] == 'f')
			keep_run(x, slice_of(p + 1, key.n - 1), said);
		else if (p[0] == 'c' && key.n == 9)
			keep_case(x, (int64_t)load_be64(p + 1), said);
	}
	arena_fini(&a);
}

/* Parts before their numbers: 'c', 'f', then 'p', then 'n', 't'. */
static int load(struct affected *x, const char *index, struct err *e)
{
	struct scan s;
	uint8_t to = (uint8_t)(index[0] + 1);
	int got;

	scan_init(&s, x->desk->store, NULL, TABLE_NUMBER, slice_of(index, 1), slice_of(&to, 1), false);
	while ((got = scan_next(&s, e)) == 1)
		affected_on_publish(x, s.key, &s.val);
	scan_fini(&s);
	return got;
}

int affected_new(struct desk *d, struct err *e)
{
	struct affected *x = d->affected = calloc(1, sizeof(*x));

	must(x != NULL);
	x->desk = d;
	x->set = numset_new();
	x->armed_ms = INT64_MAX;
	x->is_loading = true;
	for (const char *index = "cfpnt"; *index != '\0'; index++)
		if (load(x, index, e) != 0)
			return -1;
	x->is_loading = false;
	numset_sort(x->set);
	return 0;
}

void affected_free(struct affected *x)
{
	if (x == NULL)
		return;
	for (uint32_t i = 0; i < PARTS_MAX; i++)
		free(x->parts[i]);
	while (x->n_cases > 0)
		keep_case(x, x->cases[0]->id, NULL);
	numset_free(x->set);
	free(x);
}

/* ---- faults and cases ---------------------------------------------------------------------------------- */
const struct value *fault_of(struct desk *d, const char *name)
{
	return value_get(value_get(packs_catalog(d->packs), "faults"), name);
}

int64_t fault_ms(struct desk *d, const struct value *fault, const char *key)
{
	int64_t usual_ms =
		value_int_or(value_get(value_get(packs_catalog(d->packs), "fault_defaults"), key), 0);

	return value_int_or(value_get(fault, key), usual_ms);
}

bool holds_category(const struct value *of, struct slice category)
{
	const struct value *list = value_get(of, "categories");

	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (name_under(category, value_slice(&list->as.items[i])))
			return true;
	return false;
}

/* A case of "recharge" is about the fault of "recharge.not_credited" too. */
static bool case_has_category(const struct value *fault, struct slice category)
{
	const struct value *list = value_get(fault, "categories");

	if (holds_category(fault, category))
		return true;
	for (uint32_t i = 0; list != NULL && i < list->n; i++)
		if (name_under(value_slice(&list->as.items[i]), category))
			return true;
	return false;
}

int case_weight(
	const struct fault_case *c, const struct value *fault, const char *fault_name, struct slice city)
{
	const struct value *named = value_get(&c->row, "fault"), *service = value_get(&c->row, "service"),
			   *component = value_get(&c->row, "component"),
			   *category = value_get(&c->row, "category"), *of = value_get(&c->row, "city"),
			   *cities = value_get(&c->row, "cities");
	int weight;

	if (named != NULL)
		weight = value_is_text(named, fault_name) ? 40 : 0;
	else if (category != NULL)
		weight = case_has_category(fault, value_slice(category)) ? 30 : 0;
	else if (component != NULL)
		weight = value_has_text(value_get(fault, "components"), value_slice(component)) ? 20 : 0;
	else
		weight = service != NULL && value_equal(service, value_get(fault, "service") == NULL
									 ? &value_nil
									 : value_get(fault, "service"))
				 ? 10
				 : 0;
	if (weight == 0)
		return 0;
	if (of != NULL && slice_cmp(value_slice(of), city) == 0)
		return weight + 3;
	if (of != NULL || cities != NULL) /* a case of one city takes in others */
		return value_has_text(cities, city) ? weight + 2 : 0;
	return weight + 1;
}

bool part_has_incident(const struct part *p, int64_t incident)
{
	for (uint32_t i = 0; i < p->n_incidents; i++)
		if (p->incidents[i] == incident)
			return true;
	return false;
}

const struct fault_case *case_of(struct affected *x, const struct part *p)
{
	const struct value *fault = fault_of(x->desk, p->fault);
	struct slice city = slice_of(p->city, strlen(p->city));
	const struct fault_case *best = NULL;
	int weight = 0;

	for (uint32_t i = 0; i < x->n_cases; i++) {
		int of =
			part_has_incident(p, x->cases[i]->id)
				? 1 + case_weight(x->cases[i], fault, p->fault, city)
				: 0; /* one that it fits not, or no longer, has it still: until it is closed */

		if (of > weight) {
			best = x->cases[i];
			weight = of;
		}
	}
	return best;
}

/* Affected before potential before review; of a case before of none; then the longest. */
bool number_strongest(struct affected *x, uint64_t number, struct part **part, struct numset_item *item)
{
	struct numset_item found[64];
	uint32_t n = numset_find(x->set, number, found, 64);
	int best = -1;

	for (uint32_t i = 0; i < n; i++) {
		struct part *p = x->parts[found[i].part];
		int rank;

		if (p == NULL || p->is_closed)
			continue;
		rank = (STAGE_OF(found[i].flags) == STAGE_FAILED ? 8 : 0) +
		       (4 - STATE_OF(found[i].flags)) * 2 + (case_of(x, p) != NULL);
		if (rank > best) {
			best = rank;
			*part = p;
			*item = found[i];
		}
	}
	return best >= 0;
}

static uint32_t affected_in(const struct part *p)
{
	return p->counts[FLAGS(STATE_AFFECTED, STAGE_FAILED, 0)] +
	       p->counts[FLAGS(STATE_AFFECTED, STAGE_FAILED, 1)];
}

int64_t affected_count(struct desk *d, struct slice city, struct slice category)
{
	struct affected *x = d->affected;
	bool is_all = city.n == 1 && *(const char *)city.p == '*';
	int64_t n = 0;

	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		const struct part *p = x->parts[i];

		if (p == NULL || p->is_closed || !case_has_category(fault_of(d, p->fault), category))
			continue;
		if (is_all || slice_cmp(city, slice_of(p->city, strlen(p->city))) == 0)
			n += affected_in(p);
	}
	return n;
}

void affected_each(
	struct desk *d, void (*each)(void *ctx, struct slice city, struct slice category), void *ctx)
{
	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		const struct part *p = d->affected->parts[i];
		const struct value *categories = p == NULL || p->is_closed || affected_in(p) == 0
							 ? NULL
							 : value_get(fault_of(d, p->fault), "categories");

		for (uint32_t k = 0; categories != NULL && k < categories->n; k++) {
			struct slice category = value_slice(&categories->as.items[k]);

			if (p->city[0] != '\0')
				each(ctx, slice_of(p->city, strlen(p->city)), category);
			each(ctx, SLICE_TEXT("*"), category);
		}
	}
}

int64_t affected_of_case(struct desk *d, int64_t incident)
{
	int64_t n = -1;

	for (uint32_t i = 0; i < PARTS_MAX; i++) {
		const struct part *p = d->affected->parts[i];

		if (p == NULL || !part_has_incident(p, incident))
			continue;
		n = n < 0 ? 0 : n;
		for (uint8_t flags = 0; flags < NUMSET_FLAGS; flags++)
			n += STATE_OF(flags) == STATE_AFFECTED ? p->counts[flags] : 0;
	}
	return n;
}

struct value affected_value(struct desk *d, struct arena *a)
{
	struct affected *x = d->affected;
	struct value v = value_map(a, 4);

	value_add(a, &v, "numbers", value_int((int64_t)numset_count(x->set)));
	value_add(a, &v, "bytes", value_int((int64_t)numset_bytes(x->set)));
	value_add(a, &v, "parts", value_int(x->n_parts));
	value_add(a, &v, "cases", value_int(x->n_cases));
	return v;
}
