/* The loop: collect what is ready, then one turn. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "listen_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define SLEEP_MS_MAX 1000

static struct timeval timeval_of(int64_t ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	return tv;
}

/* ---- events that are not connections ------------------------------------------------------------------- */
/* A tick only ends the sleep; the turn that follows does the work. */
static void on_tick(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what, (void)udata;
}

bool server_run_posted(struct server *s)
{
	STAILQ_HEAD(, post) posts = STAILQ_HEAD_INITIALIZER(posts);
	struct post *p;
	bool is_any;

	pthread_mutex_lock(&s->post_lock);
	STAILQ_CONCAT(&posts, &s->posts);
	pthread_mutex_unlock(&s->post_lock);
	is_any = !STAILQ_EMPTY(&posts);
	while ((p = STAILQ_FIRST(&posts)) != NULL) {
		STAILQ_REMOVE_HEAD(&posts, next);
		p->fn(p->udata);
		free(p);
	}
	return is_any;
}

static void on_wake(evutil_socket_t fd, short what, void *udata)
{
	uint64_t n;

	(void)what;
	if (read(fd, &n, sizeof(n)) == (ssize_t)sizeof(n))
		(void)server_run_posted(udata);
}

static void on_sweep(evutil_socket_t fd, short what, void *udata)
{
	struct server *s = udata;
	struct conn *c;
	struct listener *l;

	(void)fd, (void)what;
	s->mono_ms = clock_mono_us() / 1000;
	TAILQ_FOREACH (c, &s->all, all)
		conn_sweep(c);
	LIST_FOREACH(l, &s->listeners, next)
	listener_reopen(l);
}

static void on_watch(evutil_socket_t fd, short what, void *udata)
{
	struct watch *w = udata;

	(void)fd, (void)what;
	w->ready(w->udata);
}

int server_watch(struct server *s, int fd, void (*ready)(void *), void *udata, struct err *e)
{
	struct watch *w = calloc(1, sizeof(*w));

	must(w != NULL);
	w->ready = ready;
	w->udata = udata;
	if (event_assign(&w->event, s->base, fd, EV_READ | EV_PERSIST, on_watch, w) != 0 ||
		event_add(&w->event, NULL) != 0) {
		free(w);
		return err_set(e, ERR_INTERNAL, "descriptor %d cannot be watched: %s", fd, strerror(errno));
	}
	LIST_INSERT_HEAD(&s->watches, w, next);
	return 0;
}

/* ---- other threads ------------------------------------------------------------------------------------- */
void server_wake(struct server *s)
{
	static const uint64_t one = 1;

	/* EAGAIN: the counter is full, so the loop is awake */
	if (write(s->wake_fd, &one, sizeof(one)) < 0)
		must(errno == EAGAIN || errno == EINTR);
}

void server_post(struct server *s, void (*fn)(void *), void *udata)
{
	struct post *p = malloc(sizeof(*p));

	must(p != NULL);
	p->fn = fn;
	p->udata = udata;
	pthread_mutex_lock(&s->post_lock);
	STAILQ_INSERT_TAIL(&s->posts, p, next);
	pthread_mutex_unlock(&s->post_lock);
	server_wake(s);
}

struct event_base *server_base(struct server *s)
{
	return s->base;
}

/* ---- life ---------------------------------------------------------------------------------------------- */
static void defaults(struct server_config *k)
{
	k->n_conns_max = k->n_conns_max > 0 ? k->n_conns_max : 4096;
	k->frame_ms = k->frame_ms > 0 ? k->frame_ms : 10000;
	k->hello_ms = k->hello_ms > 0 ? k->hello_ms : 5000;
	k->stall_ms = k->stall_ms > 0 ? k->stall_ms : 10000;
	k->linger_ms = k->linger_ms > 0 ? k->linger_ms : 1000;
}

static int64_t min64(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* A connection takes a descriptor; besides them the store, the journal and the loop need some. */
static void raise_open_files(uint32_t n_conns_max)
{
	struct rlimit r;
	rlim_t wanted = (rlim_t)n_conns_max + 256;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur >= wanted)
		return;
	r.rlim_cur = r.rlim_max == RLIM_INFINITY || r.rlim_max > wanted ? wanted : r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) != 0 || r.rlim_cur < wanted)
		log_line(LOG_WARN, "server.files", "limit=%ju wanted=%ju", (uintmax_t)r.rlim_cur,
			(uintmax_t)wanted);
}

static void start_sweep(struct server *s)
{
	const struct server_config *k = &s->config;
	struct timeval every = timeval_of(
		min64(250, min64(min64(k->frame_ms, k->hello_ms), min64(k->stall_ms, k->linger_ms)) / 4 + 1));

	must(event_add(&s->sweep, &every) == 0);
}

void server_set_limits(struct server *s, const struct server_config *config)
{
	s->config = *config;
	defaults(&s->config);
	raise_open_files(s->config.n_conns_max);
	start_sweep(s);
}

const char *server_library(void)
{
	return event_get_version();
}

static void start_events(struct server *s)
{

	must(event_assign(&s->tick, s->base, -1, 0, on_tick, s) == 0);
	must(event_assign(&s->sweep, s->base, -1, EV_PERSIST, on_sweep, s) == 0);
	must(event_assign(&s->wake, s->base, s->wake_fd, EV_READ | EV_PERSIST, on_wake, s) == 0);
	start_sweep(s);
	must(event_add(&s->wake, NULL) == 0);
}

int server_new(struct server **out, const struct server_config *config, const struct server_hooks *hooks,
	struct err *e)
{
	struct server *s = calloc(1, sizeof(*s));
	struct event_config *ec = event_config_new();

	must(s != NULL && ec != NULL && hooks->on_frame != NULL);
	s->config = *config;
	s->hooks = *hooks;
	defaults(&s->config);
	TAILQ_INIT(&s->all);
	TAILQ_INIT(&s->ready);
	TAILQ_INIT(&s->waiting);
	TAILQ_INIT(&s->dirty);
	TAILQ_INIT(&s->dead);
	STAILQ_INIT(&s->posts);
	pthread_mutex_init(&s->post_lock, NULL);
	s->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	/* one thread owns the base; interest that changes twice in a pass costs one system call or none */
	event_config_set_flag(ec, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(ec, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
	s->base = event_base_new_with_config(ec);
	event_config_free(ec);
	if (s->base == NULL || s->wake_fd < 0) {
		err_set(e, ERR_INTERNAL, "no event loop: %s", strerror(errno));
		server_free(s);
		return -1;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_open_files(s->config.n_conns_max);
	s->mono_ms = clock_mono_us() / 1000;
	start_events(s);
	*out = s;
	return 0;
}

void server_free(struct server *s)
{
	struct conn *c;
	struct listener *l;
	struct watch *w;
	struct post *p;

	if (s == NULL)
		return;
	while ((c = TAILQ_FIRST(&s->all)) != NULL)
		conn_close(c);
	server_spares_fini(s);
	while ((l = LIST_FIRST(&s->listeners)) != NULL)
		listener_free(l);
	while ((w = LIST_FIRST(&s->watches)) != NULL) {
		LIST_REMOVE(w, next);
		event_del(&w->event);
		free(w);
	}
	while ((p = STAILQ_FIRST(&s->posts)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->posts, next);
		free(p);
	}
	if (s->base != NULL)
		event_base_free(s->base);
	if (s->wake_fd >= 0)
		close(s->wake_fd);
	pthread_mutex_destroy(&s->post_lock);
	free(s);
}

/* ---- the turn ------------------------------------------------------------------------------------------ */
static void reap(struct server *s)
{
	struct conn *c;

	while ((c = TAILQ_FIRST(&s->dead)) != NULL) {
		TAILQ_REMOVE(&s->dead, c, dead);
		conn_close(c);
	}
}

static void serve_ready(struct server *s)
{
	struct conn_list now = TAILQ_HEAD_INITIALIZER(now);
	struct conn *c;

	TAILQ_CONCAT(&now, &s->ready, ready);
	while ((c = TAILQ_FIRST(&now)) != NULL) {
		TAILQ_REMOVE(&now, c, ready);
		c->is_ready = false;
		if (!c->is_dead)
			conn_serve(c);
	}
}

/* Answers that are durable leave now: the batch of this turn is already with the journal. */
static void send_durable(struct server *s)
{
	struct conn *c, *next;

	for (c = TAILQ_FIRST(&s->waiting); c != NULL; c = next) {
		next = TAILQ_NEXT(c, waiting);
		conn_release(c);
	}
	while ((c = TAILQ_FIRST(&s->dirty)) != NULL) {
		TAILQ_REMOVE(&s->dirty, c, dirty);
		c->is_dirty = false;
		conn_flush(c);
	}
}

static void mind_behind(struct server *s)
{
	bool is_behind = s->hooks.is_behind != NULL && s->hooks.is_behind(s->hooks.udata);
	struct conn *c;

	if (is_behind == s->is_behind)
		return;
	s->is_behind = is_behind;
	TAILQ_FOREACH (c, &s->all, all) {
		if (c->frame_since_ms != 0)
			c->frame_since_ms = s->mono_ms;
		if (!is_behind && c->is_backlogged)
			conn_ready_add(c);
		conn_watch(c);
	}
}

static void turn(struct server *s)
{
	const struct server_hooks *h = &s->hooks;
	int64_t from_us = clock_mono_us(), took_us;

	s->mono_ms = from_us / 1000;
	s->stats.n_turns++;
	s->turn_frames = 0;
	if (h->turn_begin != NULL)
		h->turn_begin(h->udata);
	if (!s->is_behind)
		serve_ready(s);
	if (h->turn_end != NULL)
		h->turn_end(h->udata);
	send_durable(s);
	mind_behind(s);
	reap(s);
	took_us = clock_mono_us() - from_us;
	s->stats.turn_us_max = took_us > s->stats.turn_us_max ? took_us : s->stats.turn_us_max;
	if (s->turn_frames > s->stats.n_frames_turn_max)
		s->stats.n_frames_turn_max = s->turn_frames;
}

/* Sleeping costs no CPU: what the thread has had since the last pass ended is what this one took. */
static void pass_end(struct server *s)
{
	int64_t cpu_us = clock_thread_us();

	if (s->cpu_us != 0 && cpu_us - s->cpu_us > s->stats.pass_cpu_us_max)
		s->stats.pass_cpu_us_max = cpu_us - s->cpu_us;
	s->cpu_us = cpu_us;
}

void server_step(struct server *s, int64_t wait_ms)
{
	struct timeval tv;

	if (!TAILQ_EMPTY(&s->ready) && !s->is_behind)
		wait_ms = 0;
	if (wait_ms > 0) {
		tv = timeval_of(wait_ms);
		event_add(&s->tick, &tv);
	}
	event_base_loop(s->base, EVLOOP_ONCE | (wait_ms > 0 ? 0 : EVLOOP_NONBLOCK));
	turn(s);
	pass_end(s);
}

void server_run(struct server *s)
{
	while (!s->is_stopping) {
		int64_t wait_ms = SLEEP_MS_MAX;

		if (s->hooks.wait_ms != NULL)
			wait_ms = min64(wait_ms, s->hooks.wait_ms(s->hooks.udata));
		server_step(s, wait_ms);
	}
}

void server_stop(struct server *s)
{
	s->is_stopping = true;
	server_wake(s);
}

void server_durable(struct server *s, uint64_t seq)
{
	if (seq > s->durable_seq)
		s->durable_seq = seq;
}

void server_drain(struct server *s, int64_t within_ms)
{
	int64_t end_ms = clock_mono_us() / 1000 + within_ms;

	send_durable(s);
	while (s->stats.queued_bytes > 0 && clock_mono_us() / 1000 < end_ms) {
		struct timeval tv = timeval_of(10);

		event_add(&s->tick, &tv);
		event_base_loop(s->base, EVLOOP_ONCE);
		send_durable(s);
		reap(s);
	}
}

void server_stats(const struct server *s, struct server_stats *out)
{
	*out = s->stats;
	out->n_conns_max = s->config.n_conns_max;
	out->durable_seq = s->durable_seq;
}
