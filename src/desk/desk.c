/* The desk itself: wiring, the turn, start and end. */
#include "desk_int.h"
#include "grants.h"

#include <string.h>

#include "access.h"
#include "affected.h"
#include "breaker.h"
#include "cases.h"
#include "packs_int.h"
#include "signals.h"
#include "sources.h"
#include "tasks.h"
#include "tocsin/log.h"
#include "tocsin/version.h"
#include "warn.h"
#include "words.h"

#define TIMERS_A_TURN 256
#define AUDIT_MS 60000
#define DRAIN_MS 2000
#define EXIT_LOST 74 /* EX_IOERR */
#define SCRATCH_BYTES_MAX ((size_t)8 * 1024 * 1024)

void desk_on_publish(void *udata, enum table table, struct slice key, const struct slice *val)
{
	struct desk *d = *(struct desk **)udata;

	if (d != NULL && d->due != NULL && table == TABLE_TIMER)
		due_on_publish(d->due, key, val);
	if (d != NULL && d->cases != NULL && (table == TABLE_INDEX || table == TABLE_TICKET))
		cases_on_publish(d->cases, table, key, val);
	if (d != NULL && d->outbox != NULL && table == TABLE_TASK)
		tasks_on_publish(d->outbox, key, val);
	if (d != NULL && d->sources != NULL && table == TABLE_COUNTER)
		sources_on_publish(d->sources, key, val);
	if (d != NULL && d->breakers != NULL && table == TABLE_COUNTER)
		breakers_on_publish(d->breakers, key, val);
	if (d != NULL && d->warn != NULL)
		warn_on_publish(d->warn, table, key, val);
	if (d != NULL && d->affected != NULL && table == TABLE_NUMBER)
		affected_on_publish(d->affected, key, val);
}

static int64_t hook_now_ms(void *ctx)
{
	return ((struct desk *)ctx)->clock->now_ms;
}

static uint64_t hook_last_seq(void *ctx)
{
	return store_last_seq(((struct desk *)ctx)->store);
}

static int hook_accepts(void *ctx, struct err *e)
{
	return store_accepts(((struct desk *)ctx)->store, e);
}

static void hook_end(void *ctx, struct session *s)
{
	topics_session_end(ctx, s);
}

/* ---- the turn ------------------------------------------------------------------------------------------ */
static void work_timers(struct desk *d)
{
	int64_t now = clock_tick(d->clock);
	struct err e;

	if (d->repin_after >= 0 && store_accepts(d->store, &e) == 0)
		d->repin_after = clocks_repin(d, d->repin_after);
	if (d->clock->is_virtual || d->clock->is_suspect || store_is_behind(d->store) ||
		store_accepts(d->store, &e) != 0)
		return; /* a virtual clock moves by clock.advance; held timers wait */
	due_work(d->due, now, TIMERS_A_TURN, timer_fire, d);
}

static void turn_begin(void *udata)
{
	struct desk *d = rpc_ctx(udata);

	work_timers(d);
	advance_work(d);
	if (d->http != NULL && !store_is_behind(d->store))
		http_serve(d->http);
}

static void audit(struct desk *d)
{
	struct err e;

	if (d->clock->now_ms - d->audited_ms < AUDIT_MS || d->advance != NULL)
		return;
	d->audited_ms = d->clock->now_ms;
	if (due_audit(d->due, &e) != 0)
		log_line(LOG_ERROR, "timers.audit", "error=\"%s\"", e.text);
}

static void turn_end(void *udata)
{
	struct desk *d = rpc_ctx(udata);

	topics_pump(d);
	audit(d);
	store_turn_end(d->store, d->clock->now_ms);
	server_durable(d->server, store_durable_seq(d->store));
	if (d->http != NULL)
		http_release(d->http, store_durable_seq(d->store));
}

static int64_t wait_ms(void *udata)
{
	struct desk *d = rpc_ctx(udata);
	int64_t next;

	if (d->clock->is_virtual)
		return d->advance != NULL && !store_is_behind(d->store) ? 0 : 1000;
	next = due_next_ms(d->due);
	if (next == INT64_MAX || next - d->clock->now_ms > 1000)
		return 1000;
	return next > d->clock->now_ms ? next - d->clock->now_ms : 0;
}

static bool is_behind(void *udata)
{
	struct desk *d = rpc_ctx(udata);

	return store_is_behind(d->store);
}

/* Durability moved, or the journal is lost: then memory is ahead of the disk and nobody may be answered
 * again. */
static void on_store(void *udata)
{
	struct desk *d = udata;
	struct err e;

	if (store_poll(d->store, &e) != 0) {
		if (!d->is_lost)
			log_line(LOG_ERROR, "journal.lost", "error=\"%s\"", e.text);
		d->is_lost = true;
		server_stop(d->server);
		return;
	}
	server_durable(d->server, store_durable_seq(d->store));
}

/* ---- start and end ------------------------------------------------------------------------------------- */
static void register_methods(struct desk *d)
{
	tickets_register(d);
	find_register(d);
	history_register(d);
	rules_register(d);
	replay_register(d);
	topics_register(d);
	admin_register(d);
	clock_register(d);
	calendar_register(d);
	duty_register(d);
	subscribers_register(d);
	backup_register(d);
	tasks_register(d);
	warn_counts_register(d);
	warn_methods_register(d);
	grants_register(d);
	erase_register(d);
	incidents_register(d);
	drafts_register(d);
	drills_register(d);
	affected_register(d);
	signals_register(d);
}

static void make_rpc(struct desk *d, struct server_hooks *hooks)
{
	struct rpc_hooks h = {.ctx = d,
		.version = TOCSIN_VERSION,
		.auth = access_auth,
		.peer = access_peer,
		.person = access_person,
		.lang = access_lang,
		.now_ms = hook_now_ms,
		.last_seq = hook_last_seq,
		.accepts = hook_accepts,
		.on_end = hook_end};

	d->rpc = rpc_new(&h);
	register_methods(d);
	rpc_serve(d->rpc, hooks);
	hooks->turn_begin = turn_begin;
	hooks->turn_end = turn_end;
	hooks->wait_ms = wait_ms;
	hooks->is_behind = is_behind;
}

static int last_ticket(struct desk *d, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, d->store, NULL, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), true);
	got = scan_next(&s, e);
	if (got == 1)
		d->last_ticket_id = load_be64(s.key.p);
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

int desk_new(struct desk **out, const struct desk_config *config, struct err *e)
{
	struct desk *d = calloc(1, sizeof(*d));
	struct server_hooks hooks = {0};
	struct http_config http = {.request_ms = config->limits.frame_ms};

	must(d != NULL);
	d->config = *config;
	d->store = config->store;
	d->clock = config->clock;
	d->rng = config->rng;
	d->away_ms = store_last_at_ms(d->store);
	d->is_new = store_last_seq(d->store) == 0;
	arena_init(&d->arena, (size_t)1024 * 1024);
	buf_init(&d->scratch, SCRATCH_BYTES_MAX);
	buf_init(&d->event, EVENT_BYTES_MAX);
	access_new(d);
	*out = d; /* on_publish looks through it */
	make_rpc(d, &hooks);
	d->lexicon = words_load(d->store, e);
	if (d->lexicon == NULL || last_ticket(d, e) != 0 || subscribers_new(d, e) != 0 ||
		packs_new(d, e) != 0 || due_new(&d->due, d->store, d->clock->now_ms, e) != 0 ||
		outbox_new(d, e) != 0 || sources_new(d, e) != 0 || breakers_new(d, e) != 0 ||
		warn_new(d, e) != 0 || cases_new(d, e) != 0 || affected_new(d, e) != 0 ||
		server_new(&d->server, &config->limits, &hooks, e) != 0)
		goto undo;
	d->worker = worker_new(d->server);
	if (server_watch(d->server, store_event_fd(d->store), on_store, d, e) != 0)
		goto undo;
	for (uint32_t i = 0; i < config->n_listen; i++)
		if (server_listen(d->server, config->listen[i], e) != 0)
			goto undo;
	if (config->http != NULL && config->http[0] != '\0' &&
		http_new(&d->http, d->rpc, d->server, config->http, &http, e) != 0)
		goto undo;
	d->audited_ms = d->clock->now_ms;
	warn_start(d);
	return 0;
undo:
	*out = NULL;
	desk_free(d);
	return -1;
}

int desk_run(struct desk *d)
{
	struct err e;

	server_run(d->server);
	if (d->is_lost)
		return EXIT_LOST;
	if (store_flush(d->store, &e) != 0) {
		log_line(LOG_ERROR, "journal.lost", "error=\"%s\"", e.text);
		return EXIT_LOST;
	}
	/* a backup under way waits for it; without room the journal still has everything */
	if (store_checkpoint(d->store, &e) != 0)
		log_line(LOG_WARN, "stop.checkpoint", "error=\"%s\"", e.text);
	server_durable(d->server, store_durable_seq(d->store));
	server_drain(d->server, DRAIN_MS);
	if (d->http != NULL) {
		http_release(d->http, store_durable_seq(d->store));
		http_drain(d->http, DRAIN_MS);
	}
	return 0;
}

void desk_stop(struct desk *d)
{
	server_stop(d->server);
}

void desk_free(struct desk *d)
{
	if (d == NULL)
		return;
	d->is_ending = true;
	worker_free(d->worker);
	advance_stop(d);
	http_free(d->http);
	server_free(d->server);
	rpc_free(d->rpc);
	packs_free(d->packs);
	due_free(d->due);
	outbox_free(d->outbox);
	sources_free(d->sources);
	breakers_free(d->breakers);
	warn_free(d->warn);
	cases_free(d->cases);
	affected_free(d->affected);
	access_free(d);
	lexicon_free(d->lexicon);
	arena_fini(&d->arena);
	buf_fini(&d->scratch);
	buf_fini(&d->event);
	free(d);
}

void desk_set_limits(struct desk *d, const struct server_config *limits)
{
	server_set_limits(d->server, limits);
}

void desk_figures(struct desk *d, struct desk_figures *out)
{
	struct server_stats server;
	struct store_stats store;

	server_stats(d->server, &server);
	store_stats(d->store, &store);
	out->generation = packs_generation(d->packs);
	out->n_connections = server.n_conns;
	out->n_awaiting = server.n_awaiting;
	out->undurable_bytes = store.journal.queued_bytes;
	out->memory_bytes = store.active_bytes + store.frozen_bytes;
	out->n_timers = due_count(d->due);
	out->head_seq = store.head_seq;
	memcpy(out->head_chain, store.head_chain, SHA256_LEN);
}

struct event_base *desk_base(struct desk *d)
{
	return server_base(d->server);
}

/* The methods alone: nothing of the desk is asked. */
static struct rpc *methods_only(void)
{
	struct rpc_hooks hooks = {.version = TOCSIN_VERSION};
	struct desk d = {.rpc = rpc_new(&hooks)};

	register_methods(&d);
	return d.rpc;
}

void desk_methods_markdown(struct buf *out)
{
	struct rpc *rpc = methods_only();

	rpc_methods_markdown(rpc, out);
	rpc_free(rpc);
}

struct value desk_methods(struct arena *a)
{
	struct rpc *rpc = methods_only();
	struct value methods = rpc_methods_value(rpc, a);

	methods = value_copy(a, &methods);
	rpc_free(rpc);
	return methods;
}

int desk_check_create(struct arena *a, struct value *args, struct err *e)
{
	struct rpc *rpc = methods_only();
	int rc = args_check(rpc_find(rpc, CREATE, sizeof(CREATE) - 1), a, args, e);

	rpc_free(rpc);
	return rc;
}
