/* signal.push: fold the good signals of a call, say what is wrong with the others (signals.h). */
#include <string.h>

#include "desk/affected.h"
#include "desk/heard.h"
#include "desk/signals.h"
#include "desk/sources.h"
#include "desk/warn.h"
#include "signal_check.h"
#include "tocsin/numset.h"
#include "tocsin/util.h"

#define PUSH_MAX 10000

/* Signals of one minute and stream. */
struct fold {
	int64_t minute_ms;
	struct slice kind, service, component, city, name;
	uint64_t n;
	double sum, min, max, last;
	uint64_t n_before; /* as the row said it before this call */
	bool is_counted;   /* among the streams of its minute */
	bool is_metric;
	struct fold *next, *after; /* in its bucket; in the order of first sight */
};

#define FOLD_BUCKETS 4096

struct push {
	struct work *w;
	struct affected_edit *edit;
	struct signal_check check;
	int64_t keep_ms, max_streams;
	struct fold *buckets[FOLD_BUCKETS], *first, **tail;
	int64_t n_accepted;
};

static int64_t setting(const struct push *p, const char *key)
{
	return value_int_or(value_get(value_get(p->check.catalog, "signal_limits"), key), 0);
}

/* ---- folding ------------------------------------------------------------------------------------------- */
/* It decides no order. */
static uint64_t hash_of(const struct signal *s, int64_t minute_ms, struct slice name)
{
	const struct slice parts[] = {s->kind, s->service, s->component, s->city, name};
	uint64_t h = hash_add(HASH_START, &minute_ms, sizeof(minute_ms));

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		h = hash_add(hash_add(h, parts[i].p, parts[i].n), "", 1);
	return h;
}

static bool same_fold(const struct fold *f, int64_t minute_ms, const struct signal *s, struct slice name)
{
	return f->minute_ms == minute_ms && slice_cmp(f->kind, s->kind) == 0 &&
	       slice_cmp(f->service, s->service) == 0 && slice_cmp(f->component, s->component) == 0 &&
	       slice_cmp(f->city, s->city) == 0 && slice_cmp(f->name, name) == 0;
}

/* Longest: 1 + 8 + five texts of 64 bytes and their zeros. */
static struct slice bin_key(struct arena *a, const struct fold *f)
{
	const struct slice texts[] = {f->kind, f->service, f->component, f->city, f->name};
	uint8_t *key = arena_alloc(
			a, 9 + f->kind.n + f->service.n + f->component.n + f->city.n + f->name.n + 4),
		*at = key + 9;

	key[0] = 'b';
	store_be64(key + 1, (uint64_t)f->minute_ms);
	for (size_t i = 0; i < 5; i++) {
		if (texts[i].n > 0)
			memcpy(at, texts[i].p, texts[i].n);
		at += texts[i].n;
		if (i < 4)
			*at++ = '\0';
	}
	return slice_of(key, (size_t)(at - key));
}

/*
 * How many streams of its kind the minute has, by more or less: 1, 0 there is no room for more, -1. Each kind
 * has room of its own: who reports many metrics takes none from failures.
 */
static int count_stream(struct push *p, const struct fold *f, int by, struct err *e)
{
	uint8_t *key = arena_alloc(p->w->arena, 9 + f->kind.n), bytes[10];
	struct slice val;
	uint64_t n = 0;
	struct buf b;
	int got;

	key[0] = 'm';
	store_be64(key + 1, (uint64_t)f->minute_ms);
	memcpy(key + 9, f->kind.p, f->kind.n);
	got = tx_get(p->w->tx, TABLE_SIGNAL, slice_of(key, 9 + f->kind.n), &val, e);
	if (got < 0 || (got == 1 && slice_varint(&val, &n) != 0))
		return -1;
	if (by > 0 && (int64_t)n >= p->max_streams)
		return 0;
	buf_init(&b, sizeof(bytes));
	buf_add_varint(&b, n + (uint64_t)by);
	tx_put(p->w->tx, TABLE_SIGNAL, slice_of(key, 9 + f->kind.n), buf_slice(&b));
	buf_fini(&b);
	return 1;
}

/* A failure whose code a fault of its service takes for the customer's own mistake. */
static bool is_own_mistake(const struct push *p, const struct signal *s)
{
	const struct value *faults = value_get(p->check.catalog, "faults");

	if (s->code.n == 0 || !value_is_text(value_get(s->kind_row, "number"), "affected"))
		return false;
	for (uint32_t i = 0; faults != NULL && i < faults->n; i++) {
		const struct value *fault = &faults->as.pairs[i].val, *service = value_get(fault, "service");

		if (service != NULL && slice_cmp(value_slice(service), s->service) == 0 &&
			value_has_text(value_get(fault, "not_codes"), s->code))
			return true;
	}
	return false;
}

/* The fold of a signal, with what its row says so far. */
static int fold_of(struct push *p, const struct signal *s, struct fold **out, struct err *e)
{
	int64_t minute_ms = s->at_ms - s->at_ms % SIGNAL_MINUTE_MS;
	bool is_metric = value_is_text(value_get(s->kind_row, "value"), "number");
	struct slice name = is_metric || is_own_mistake(p, s) ? s->code : slice_of("", 0), val;
	struct fold **bucket = &p->buckets[hash_of(s, minute_ms, name) % FOLD_BUCKETS];
	struct signal_bin bin;
	struct fold *f;
	int got;

	for (f = *bucket; f != NULL; f = f->next)
		if (same_fold(f, minute_ms, s, name)) {
			*out = f;
			return 0;
		}
	f = arena_alloc(p->w->arena, sizeof(*f));
	*f = (struct fold){.minute_ms = minute_ms,
		.kind = s->kind,
		.service = s->service,
		.component = s->component,
		.city = s->city,
		.name = name,
		.is_metric = is_metric};
	got = tx_get(p->w->tx, TABLE_SIGNAL, bin_key(p->w->arena, f), &val, e);
	if (got < 0)
		return -1;
	if (got == 1 && signal_bin_read(bin_key(p->w->arena, f), val, &bin)) {
		f->is_counted = true;
		f->n = f->n_before = bin.n;
		f->sum = bin.sum;
		f->min = bin.min;
		f->max = bin.max;
		f->last = bin.last;
	}
	f->next = *bucket;
	*bucket = *p->tail = f;
	p->tail = &f->after;
	*out = f;
	return 0;
}

static void add_metric(struct fold *f, double v)
{
	f->sum += v;
	f->min = f->n == 0 || v < f->min ? v : f->min;
	f->max = f->n == 0 || v > f->max ? v : f->max;
	f->last = v;
}

/* ---- states -------------------------------------------------------------------------------------------- */
static struct slice state_key(struct arena *a, const struct signal *s)
{
	size_t n = s->component.n;
	char *raw = arena_alloc(a, 1 + n + 1 + s->city.n);

	raw[0] = 's';
	if (n > 0)
		memcpy(raw + 1, s->component.p, n);
	raw[1 + n] = '\0';
	if (s->city.n > 0)
		memcpy(raw + 1 + n + 1, s->city.p, s->city.n);
	return slice_of(raw, 1 + n + 1 + s->city.n);
}

/* A state older than the one that is known comes out of order: 1 it may be taken, 0 rejected, -1. */
static int check_state(struct push *p, const struct signal *s, struct err *e)
{
	struct arena *a = p->w->arena;
	struct value was;
	struct err why;
	char at_text[40];
	int got = row_get(p->w->desk, p->w->tx, a, TABLE_SIGNAL, state_key(a, s), &was, e);

	if (got < 0)
		return -1;
	if (got == 1 && value_int_or(value_get(&was, "at"), 0) > s->at_ms) {
		err_arg(&why, ERR_BAD_REQUEST, "at", NULL,
			"out of order: a state of %.*s from %s is known already", (int)s->component.n,
			(const char *)s->component.p,
			clock_format(value_int_or(value_get(&was, "at"), 0), at_text));
		signal_reject(&p->check, &why);
		return 0;
	}
	return 1;
}

/* Since when it has been so stays. */
static int put_state(struct push *p, const struct signal *s, struct err *e)
{
	struct arena *a = p->w->arena;
	struct slice key = state_key(a, s);
	struct value was, row = value_map(a, 4);
	int got = row_get(p->w->desk, p->w->tx, a, TABLE_SIGNAL, key, &was, e);

	if (got < 0 || (got == 1 && value_equal(value_get(&was, "state"), s->value)))
		return got < 0 ? -1 : 0;
	value_add(a, &row, "state", *s->value);
	value_add(a, &row, "at", value_int(s->at_ms));
	value_add(a, &row, "source", value_text(a, s->source.p, s->source.n));
	row_put(p->w, TABLE_SIGNAL, key, &row);
	return 0;
}

/* ---- taking -------------------------------------------------------------------------------------------- */
/* A caller heard the prompt of a case. */
static int take_heard(struct push *p, const struct signal *s, const struct value *says, struct err *e)
{
	char text[NUMSET_TEXT];
	struct heard_call call = {.number = slice_of(text, numset_text(s->number, text)),
		.prompt = s->code,
		.incident = s->incident,
		.version = s->version,
		.at_ms = s->at_ms,
		.went_on = value_is_text(says, "went_on")};

	return heard_add(p->w, &call, e);
}

static int take_number(struct push *p, const struct signal *s, struct err *e)
{
	const struct value *says = value_get(s->kind_row, "number");
	struct affected_signal a = {.number = s->number,
		.at_ms = s->at_ms,
		.says = says,
		.service = s->service,
		.component = s->component,
		.city = s->city,
		.code = s->code,
		.kind = s->kind};
	int rc = says == NULL || s->number == 0 ? 0 : affected_signal(p->edit, &a, e);
	struct err why;

	if (rc == 1) {
		err_arg(&why, ERR_BAD_REQUEST, "number", NULL,
			"the lists of numbers are full (signals.numbers of the pack)");
		signal_reject(&p->check, &why);
	}
	if (rc == 0 && s->number != 0 && value_get(s->kind_row, "heard") != NULL)
		return take_heard(p, s, value_get(s->kind_row, "heard"), e);
	return rc;
}

/* A component that is expected to speak was heard. */
static void hear(struct push *p, const struct signal *s)
{
	const struct value *row = s->component.n == 0 ? NULL
						      : value_get_n(value_get(p->check.catalog, "components"),
								s->component.p, s->component.n);

	if (value_get(row, "rhythm") != NULL)
		source_seen(p->w, s->component);
}

/* Into its stream and its number's lists: 1 taken, 0 rejected and nothing is kept of it, -1. */
static int take_both(struct push *p, const struct signal *s, struct fold *f, struct err *e)
{
	bool is_new = !f->is_counted;
	int rc = is_new ? count_stream(p, f, 1, e) : 1;
	struct err why;

	if (rc < 0)
		return -1;
	if (rc == 0) {
		err_arg(&why, ERR_BAD_REQUEST, "kind", NULL,
			"this minute has %jd streams of %.*s already (signals.streams of the pack)",
			(intmax_t)p->max_streams, (int)f->kind.n, (const char *)f->kind.p);
		signal_reject(&p->check, &why);
		return 0;
	}
	rc = take_number(p, s, e);
	if (rc < 0 || (rc > 0 && is_new && count_stream(p, f, -1, e) < 0))
		return -1;
	f->is_counted = rc == 0 || !is_new;
	return rc == 0;
}

static int take(struct push *p, const struct signal *s, struct err *e)
{
	bool is_state = value_is_text(value_get(s->kind_row, "value"), "state");
	struct fold *f;
	int rc = is_state ? check_state(p, s, e) : 1;

	if (rc != 1)
		return rc;
	if (fold_of(p, s, &f, e) != 0)
		return -1;
	rc = take_both(p, s, f, e);
	if (rc != 1)
		return rc;
	if (is_state && put_state(p, s, e) != 0)
		return -1;
	if (f->is_metric)
		add_metric(f, s->value->type == VALUE_INT ? (double)s->value->as.i : s->value->as.f);
	f->n++;
	p->n_accepted++;
	hear(p, s);
	return 0;
}

/* ---- the end ------------------------------------------------------------------------------------------- */
static void add_double(struct buf *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	buf_add_be64(b, bits);
}

static int put_fold(struct push *p, const struct fold *f, struct err *e)
{
	struct stream_name what = {.what = 's',
		.city = f->city,
		.category = f->kind,
		.service = f->service,
		.component = f->component};
	struct buf *b = &p->w->desk->scratch;

	if (f->n == f->n_before)
		return 0; /* what came was rejected after all */
	buf_reset(b);
	buf_add_varint(b, f->n);
	if (f->is_metric) {
		add_double(b, f->sum);
		add_double(b, f->min);
		add_double(b, f->max);
		add_double(b, f->last);
	}
	tx_put(p->w->tx, TABLE_SIGNAL, bin_key(p->w->arena, f), buf_slice(b));
	if (!f->is_metric && f->name.n > 0)
		return 0; /* the customers' own mistakes warn of nothing */
	return warn_count(p->w, &what, f->minute_ms, f->n - f->n_before, e);
}

/* Counts past signals.keep go, a few more than a call makes: they never pile up. */
static int forget(struct push *p, const char *index, uint32_t max, struct err *e)
{
	int64_t until_ms = p->w->now_ms - p->keep_ms;
	struct slice *keys = arena_alloc(p->w->arena, max * sizeof(*keys));
	uint8_t to[9] = {(uint8_t)index[0]};
	uint32_t n = 0;
	struct scan s;
	int got = 0;

	store_be64(to + 1, until_ms > 0 ? (uint64_t)until_ms : 0);
	scan_init(&s, p->w->desk->store, p->w->tx, TABLE_SIGNAL, slice_of(index, 1), slice_of(to, 9), false);
	while (n < max && (got = scan_next(&s, e)) == 1)
		keys[n++] = slice_of(arena_copy(p->w->arena, s.key.p, s.key.n), s.key.n);
	scan_fini(&s);
	while (n > 0)
		tx_del(p->w->tx, TABLE_SIGNAL, keys[--n]);
	return got < 0 ? -1 : 0;
}

static void push_init(struct push *p, struct work *w)
{
	memset(p, 0, sizeof(*p));
	p->w = p->check.w = w;
	p->check.catalog = packs_catalog(w->desk->packs);
	p->edit = affected_begin(w);
	p->check.rejected = value_array(w->arena, 4);
	p->tail = &p->first;
	p->check.late_ms = setting(p, "late_ms");
	p->check.ahead_ms = setting(p, "ahead_ms");
	p->keep_ms = setting(p, "keep_ms");
	p->max_streams = setting(p, "streams");
}

static int push(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	const struct value *signals = value_get(args, "signals");
	struct push *p = arena_alloc(w->arena, sizeof(*p));
	uint32_t n_folds = 0;

	if (signals->n > PUSH_MAX)
		return err_arg(e, ERR_BAD_REQUEST, "signals", NULL, "signals holds %u, more than %d",
			signals->n, PUSH_MAX);
	push_init(p, w);
	for (p->check.index = 0; p->check.index < signals->n; p->check.index++) {
		struct signal s;
		struct err why;

		if (signal_read(&p->check, &signals->as.items[p->check.index], &s, &why) != 0)
			signal_reject(&p->check, &why);
		else if (take(p, &s, e) != 0)
			return -1;
	}
	for (const struct fold *f = p->first; f != NULL; f = f->after, n_folds++)
		if (put_fold(p, f, e) != 0)
			return -1;
	if (affected_end(p->edit, e) != 0 || forget(p, "b", n_folds + 8, e) != 0 || forget(p, "m", 8, e) != 0)
		return -1;
	*result = value_map(w->arena, 4);
	value_add(w->arena, result, "accepted", value_int(p->n_accepted));
	value_add(w->arena, result, "rejected", p->check.rejected);
	if (p->check.n_rejected > p->check.rejected.n) {
		value_add(w->arena, result, "n_rejected", value_int(p->check.n_rejected));
		value_add(w->arena, result, "is_cut", value_bool(true));
	}
	return 0;
}

static int on_push(struct call *c, struct value *result, struct err *e)
{
	c->params = slice_of(NULL, 0); /* what came in is in the rows; raw signals are kept nowhere */
	return work_call(c, push, result, e);
}

static const struct rpc_arg signal_members[] = {
	{.name = "at", .type = ARG_TIME, .is_required = true, .help = "when it happened there"},
	{.name = "source", .type = ARG_TEXT, .is_required = true, .help = "the system that says it"},
	{.name = "kind",
		.type = ARG_TEXT,
		.is_required = true,
		.help = "metric, txn_failed, …",
		.of = "signals"},
	{.name = "city", .type = ARG_TEXT, .help = "where", .of = "cities"},
	{.name = "component", .type = ARG_TEXT, .help = "which part", .of = "components"},
	{.name = "service", .type = ARG_TEXT, .help = "the component's own unless said"},
	{.name = "number", .type = ARG_TEXT, .help = "whose transaction"},
	{.name = "code", .type = ARG_TEXT, .help = "of the error; of a metric its name"},
	{.name = "value",
		.type = ARG_ANY,
		.help = "a metric's number, a component's state: up, degraded, down"},
	{.name = "incident",
		.type = ARG_ID,
		.help = "whose prompt a caller heard; else the newest case with the prompt `code`"},
	{.name = "version",
		.type = ARG_INT,
		.min = 1,
		.help = "of the script a caller heard; else the one approved now"},
};
static const struct rpc_arg push_args[] = {
	{.name = "signals",
		.type = ARG_ARRAY,
		.is_required = true,
		.help = "at most 10,000; those that are wrong are rejected one by one, the rest count",
		RPC_MEMBERS(signal_members)},
};
static const struct rpc_method methods[] = {
	{.name = "signal.push",
		.handler = on_push,
		RPC_ARGS(push_args),
		.roles = ROLE_ADAPTER | ROLE_OPERATOR | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "What other systems see: failed and good transactions, metrics, states of "
			"components.",
		.returns =
			"{accepted, rejected=[{index, field, message, message_zh}], n_rejected?, is_cut?}"},
};

void signals_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
	signal_counts_register(d);
	changes_register(d);
	suspects_register(d);
}
