/*
 * A work: one changing call or due timer, all or nothing. It stages rows, collects decisions and changed
 * tickets, and commits them as one entry.
 *
 * Event part: {params, at, who, role, via?, method, generation, decisions?, tickets?, notices?, …extra}. What
 * came in stands first, so that its place is known before the rest is: rows borrow texts from there.
 */
#include <stdlib.h>
#include <string.h>

#include "words.h"

void work_begin(struct work *w, struct desk *d, struct arena *a, const char *method, const char *who,
	uint32_t roles, struct slice params)
{
	memset(w, 0, sizeof(*w));
	w->desk = d;
	w->arena = a;
	w->now_ms = d->clock->now_ms;
	w->method = method;
	w->who = who;
	w->roles = roles;
	w->params = params;
	w->decisions = value_array(a, 2);
	w->tickets = value_array(a, 2);
	w->notices = value_array(a, 2);
	w->extra = value_map(a, 2);
	w->tx = tx_begin(d->store, w->now_ms);
}

void work_on_drop(struct work *w, void (*put_back)(void *ctx), void *ctx)
{
	struct work_undo *u = arena_alloc(w->arena, sizeof(*u));

	*u = (struct work_undo){w->undo, put_back, ctx};
	w->undo = u;
}

static void put_back(struct work *w, const struct work_undo *until)
{
	for (; w->undo != until; w->undo = w->undo->next)
		w->undo->put_back(w->undo->ctx);
}

void work_abort(struct work *w)
{
	if (w->tx == NULL)
		return;
	put_back(w, NULL);
	tx_abort(w->tx);
	lexicon_drop(w->desk->lexicon);
	w->tx = NULL;
}

static void encode_pair(struct buf *b, const char *key, struct value v)
{
	struct value k = value_literal(key);

	value_encode(b, &k);
	value_encode(b, &v);
}

struct work work_to_ask(struct call *c, int64_t now_ms)
{
	return (struct work){.desk = c->ctx,
		.arena = c->arena,
		.now_ms = now_ms,
		.who = session_who(c->session),
		.roles = c->roles};
}

void work_again(struct work *w)
{
	bool is_import = w->is_import;
	const char *via = w->via;

	work_abort(w);
	work_begin(w, w->desk, w->arena, w->method, w->who, w->roles, w->params);
	w->is_import = is_import;
	w->via = via;
}

void work_part(struct work *w, struct work *was)
{
	w->read_clocks = NULL; /* the part may change them, and be dropped */
	*was = *w;
	was->extra = value_copy(w->arena, &w->extra);
	tx_mark(w->tx);
}

void work_part_keep(struct work *w)
{
	tx_unmark(w->tx);
}

/* Numbers that the lexicon gave meanwhile stay: they are staged when the work commits. */
void work_part_drop(struct work *w, const struct work *was)
{
	tx_rewind(w->tx);
	put_back(w, was->undo);
	*w = *was;
}

/* The params go in as the bytes that came, not re-encoded: they are MessagePack already. */
static void encode_event(struct work *w, struct buf *b)
{
	char names[ROLE_NAMES_LEN];
	uint32_t n_notices = w->is_import ? 0 : w->notices.n;
	uint32_t n = 5u + (w->decisions.n > 0) + (w->tickets.n > 0) + (n_notices > 0) + (w->via != NULL) +
		     w->extra.n;
	struct value params = value_literal("params");

	must(n < 16);
	value_encode_map(b, n);
	value_encode(b, &params);
	must(b->n == EVENT_PARAMS_AT);
	if (w->params.n > 0)
		buf_add(b, w->params.p, w->params.n);
	else
		value_encode(b, &value_nil);
	encode_pair(b, "who", value_literal(w->who));
	encode_pair(b, "role", value_literal(role_names(w->roles, names)));
	if (w->via != NULL)
		encode_pair(b, "via", value_literal(w->via));
	encode_pair(b, "method", value_literal(w->method));
	encode_pair(b, "generation", value_int(packs_generation(w->desk->packs)));
	if (w->decisions.n > 0)
		encode_pair(b, "decisions", w->decisions);
	if (w->tickets.n > 0)
		encode_pair(b, "tickets", w->tickets);
	if (n_notices > 0)
		encode_pair(b, "notices", w->notices);
	for (uint32_t i = 0; i < w->extra.n; i++) {
		value_encode(b, &w->extra.as.pairs[i].key);
		value_encode(b, &w->extra.as.pairs[i].val);
	}
}

int work_commit(struct work *w, struct err *e)
{
	struct buf *event = &w->desk->event;
	uint32_t n_told = w->tickets.n * EVENTS_A_TICKET + w->notices.n;

	words_stage(w);
	buf_reset(event);
	encode_event(w, event);
	if (n_told > EVENTS_AN_ENTRY)
		err_set(e, ERR_TOO_LARGE, "%s: the entry would tell topics %u times, more than %d", w->method,
			n_told, EVENTS_AN_ENTRY);
	else if (event->is_full)
		err_set(e, ERR_TOO_LARGE, "%s: the entry would be more than %zu bytes", w->method,
			EVENT_BYTES_MAX);
	else if (tx_fits(w->tx, event->n, e) == 0) {
		tx_commit(w->tx, buf_slice(event));
		lexicon_keep(w->desk->lexicon);
		w->tx = NULL;
		w->undo = NULL;
		w->desk->last_ticket_id += w->n_opened;
		return 0;
	}
	work_abort(w);
	return -1;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */
int row_get(struct desk *d, struct tx *tx, struct arena *a, enum table table, struct slice key,
	struct value *row, struct err *e)
{
	struct slice val;
	int got = tx != NULL ? tx_get(tx, table, key, &val, e) : store_get(d->store, table, key, &val, e);

	if (got != 1)
		return got;
	val.p = arena_copy(a, val.p, val.n);
	return value_decode(a, val, row, e) == 0 ? 1 : -1;
}

void row_put(struct work *w, enum table table, struct slice key, const struct value *row)
{
	struct buf *b = &w->desk->scratch;

	buf_reset(b);
	value_encode(b, row);
	must(!b->is_full);
	tx_put(w->tx, table, key, buf_slice(b));
}

/* ---- request_id: the same call again gets the first answer --------------------------------------------- */
#define REQUEST_KEY_LEN 16

static int cmp_pairs(const void *x, const void *y)
{
	const struct pair *a = x, *b = y;

	return value_cmp(&a->key, &b->key);
}

/* Digest of the arguments without regard to the order of keys; request_id itself left out. */
static void args_digest(struct work *w, const struct value *args, uint8_t out[SHA256_LEN])
{
	struct value sorted = value_map(w->arena, args->n);
	struct buf *b = &w->desk->scratch;

	for (uint32_t i = 0; i < args->n; i++)
		if (!value_is_text(&args->as.pairs[i].key, "request_id"))
			sorted.as.pairs[sorted.n++] = args->as.pairs[i];
	qsort(sorted.as.pairs, sorted.n, sizeof(struct pair), cmp_pairs);
	buf_reset(b);
	value_encode(b, &sorted);
	sha256(b->p, b->n, out);
}

static void request_key(
	const char *who, const char *method, struct slice request_id, uint8_t key[REQUEST_KEY_LEN])
{
	uint8_t digest[SHA256_LEN];
	struct slice parts[] = {
		slice_of(who, strlen(who) + 1), slice_of(method, strlen(method) + 1), request_id};

	sha256_slices(parts, 3, digest);
	memcpy(key, digest, REQUEST_KEY_LEN);
}

/* 1 and the first answer, 0 not seen before, -1 other arguments. */
static int request_seen(struct work *w, const uint8_t *key, const struct value *request_id,
	const uint8_t digest[SHA256_LEN], struct value *result, struct err *e)
{
	struct value seen;
	int got = row_get(w->desk, w->tx, w->arena, TABLE_REQUEST, slice_of(key, REQUEST_KEY_LEN), &seen, e);

	if (got <= 0)
		return got;
	if (slice_cmp(value_slice(value_get(&seen, "args")), slice_of(digest, REQUEST_KEY_LEN)) != 0)
		return err_arg(e, ERR_CONFLICT, "request_id", value_cstr(w->arena, request_id),
			"request_id was used for %s before, with other arguments; a new call needs a new "
			"request_id",
			w->method);
	if (value_get(&seen, "answer") != NULL)
		*result = *value_get(&seen, "answer");
	return 1;
}

#define REQUEST_AGE_KEY_LEN (1 + 8 + REQUEST_KEY_LEN)

/*
 * Whoever brings one request_id takes up to two away that are past the pack's limit: they never pile up. The
 * walk begins where the last one stood, so that it does not pass over deleted keys again and again.
 */
static int request_forget(struct work *w, struct err *e)
{
	int64_t until_ms = w->now_ms - packs_limit(w->desk->packs, "request_keep_ms");
	int64_t *from_ms = &w->desk->requests_from_ms;
	uint8_t from[1 + 8] = {'t'}, to[1 + 8] = {'t'}, old[2][REQUEST_AGE_KEY_LEN];
	struct scan s;
	int n = 0, got = 0;

	if (until_ms <= *from_ms)
		return 0;
	store_be64(from + 1, (uint64_t)*from_ms);
	store_be64(to + 1, (uint64_t)until_ms);
	scan_init(&s, w->desk->store, w->tx, TABLE_REQUEST, slice_of(from, sizeof(from)),
		slice_of(to, sizeof(to)), false);
	while (n < 2 && (got = scan_next(&s, e)) == 1)
		if (s.key.n == REQUEST_AGE_KEY_LEN)
			memcpy(old[n++], s.key.p, REQUEST_AGE_KEY_LEN);
	scan_fini(&s);
	if (got >= 0) /* what is found stays the first until this work is committed */
		*from_ms = n > 0 ? (int64_t)load_be64(old[0] + 1) : until_ms;
	while (got >= 0 && n-- > 0) {
		tx_del(w->tx, TABLE_REQUEST, slice_of(old[n], REQUEST_AGE_KEY_LEN));
		tx_del(w->tx, TABLE_REQUEST, slice_of(old[n] + 9, REQUEST_KEY_LEN));
	}
	return got < 0 ? -1 : 0;
}

/* Key of the row by age, so that request_forget finds it: 't', be64 at, request key. */
static void request_keep(
	struct work *w, const uint8_t *key, const uint8_t digest[SHA256_LEN], const struct value *result)
{
	struct value row = value_map(w->arena, 3);
	uint8_t by_age[REQUEST_AGE_KEY_LEN] = {'t'};

	value_add(w->arena, &row, "args", value_bytes(digest, REQUEST_KEY_LEN));
	value_add(w->arena, &row, "answer", *result);
	row_put(w, TABLE_REQUEST, slice_of(key, REQUEST_KEY_LEN), &row);
	store_be64(by_age + 1, (uint64_t)w->now_ms);
	memcpy(by_age + 9, key, REQUEST_KEY_LEN);
	tx_put(w->tx, TABLE_REQUEST, slice_of(by_age, sizeof(by_age)), slice_of("", 0));
}

int request_erase(struct work *w, const struct value *event, int64_t ticket, struct err *e)
{
	const char *who = value_cstr(w->arena, value_get(event, "who")),
		   *method = value_cstr(w->arena, value_get(event, "method"));
	const struct value *request_id = value_get(value_at(value_get(event, "params"), 0), "request_id");
	struct value row, answer = value_map(w->arena, 2);
	uint8_t key[REQUEST_KEY_LEN];
	int got;

	if (request_id == NULL || request_id->type != VALUE_TEXT || who == NULL || method == NULL)
		return 0;
	request_key(who, method, value_slice(request_id), key);
	got = row_get(w->desk, w->tx, w->arena, TABLE_REQUEST, slice_of(key, sizeof(key)), &row, e);
	if (got != 1)
		return got;
	value_add(w->arena, &answer, "id", value_int(ticket));
	value_add(w->arena, &answer, "erased", value_bool(true));
	value_set(w->arena, &row, "answer", answer);
	row_put(w, TABLE_REQUEST, slice_of(key, sizeof(key)), &row);
	return 0;
}

int work_call(struct call *c, work_fn *fn, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const struct value *request_id = value_get(&c->args, "request_id");
	uint8_t key[REQUEST_KEY_LEN], digest[SHA256_LEN];
	struct work w;
	int seen = 0;

	work_begin(&w, d, c->arena, c->method->name, session_who(c->session), c->roles, c->params);
	w.via = c->session->as[0] != '\0' ? c->session->me.name : NULL;
	if (request_id != NULL) {
		args_digest(&w, &c->args, digest);
		request_key(w.who, w.method, value_slice(request_id), key);
		seen = request_seen(&w, key, request_id, digest, result, e);
	}
	if (seen != 0 || fn(&w, &c->args, result, e) != 0 ||
		(request_id != NULL && request_forget(&w, e) != 0)) {
		work_abort(&w);
		return seen > 0 ? 0 : -1;
	}
	if (request_id != NULL)
		request_keep(&w, key, digest, result);
	if (tx_is_empty(w.tx) && w.extra.n == 0)
		work_abort(&w);
	else
		return work_commit(&w, e);
	return 0;
}
