/*
 * Load on one server from one process: N connections with P calls in flight each (closed loop), or a given
 * rate with the latency counted from the scheduled time (open loop: a server that stalls is charged for the
 * calls that had to wait).
 *
 *   load peer=tocsin|tarantool|redis addr=unix:PATH|tcp:HOST:PORT [token=…]
 * [job=create|get|find|stats|check|push] [conns=50] [in_flight=16] [seconds=2 | count=N]
 * [rate=CALLS_A_SECOND] [tickets=N] [pid=SERVER] [seed=N]
 *
 * Prints one line of key=value: ops_s, p50_ms, p99_ms, cpu_us (of the server, an operation), n, errors,
 * rss_kb, anon_kb.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"
#include "tocsin/clock.h"
#include "tocsin/value.h"

#define RING 4096 /* calls in flight of one connection; a power of two */
#define BUF_MAX ((size_t)64 * 1024 * 1024)
#define READ_BYTES ((size_t)256 * 1024)
#define PACE_US 200
#define DRAIN_US 10000000
#define EVENTS 64

struct conn {
	int fd;
	struct buf out, in;
	size_t sent, parsed;
	bool is_waiting; /* for room to write */
	uint32_t n_called, n_replied;
	int64_t since_us[RING]; /* of a call in flight: when it was (to be) sent */
};

struct load {
	const struct peer *peer;
	enum job job;
	const char *addr, *token;
	uint32_t n_conns, in_flight;
	uint64_t rate, count, n_tickets, seed;
	double seconds;
	int pid, epoll, pace;
	struct conn *conns;
	struct rng rng;
	struct call_args args;
	int64_t from_us, until_us;
	uint64_t n_called, n_done, n_errors;
	uint32_t *latency_us;
	size_t n_latency, latency_cap;
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* ---- sockets ------------------------------------------------------------------------------------------- */
static int connect_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die(path);
	return fd;
}

static int connect_tcp(const char *host_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET};
	const char *colon = strrchr(host_port, ':');
	char host[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	must(colon != NULL && colon - host_port < (int)sizeof(host));
	snprintf(host, sizeof(host), "%.*s", (int)(colon - host_port), host_port);
	a.sin_port = htons((uint16_t)atoi(colon + 1));
	must(inet_pton(AF_INET, host, &a.sin_addr) == 1);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		die(host_port);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void read_whole(int fd, void *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, (char *)p + at, n - at);

		if (got <= 0)
			die("the server closed");
		at += (size_t)got;
	}
}

/* Blocking until it may call: greeting read, hello answered. */
static void conn_open(struct load *l, struct conn *c)
{
	char greeting[256];
	struct reply r = {0};

	buf_init(&c->out, BUF_MAX);
	buf_init(&c->in, BUF_MAX);
	c->fd = strncmp(l->addr, "unix:", 5) == 0 ? connect_unix(l->addr + 5) : connect_tcp(l->addr + 4);
	read_whole(c->fd, greeting, l->peer->greeting_n);
	if (l->token != NULL) {
		peer_hello(&c->out, l->token);
		if (write(c->fd, c->out.p, c->out.n) != (ssize_t)c->out.n)
			die("hello");
		buf_reset(&c->out);
		while (r.n == 0) {
			read_whole(c->fd, buf_space(&c->in, 1), 1);
			l->peer->reply(c->in.p, c->in.n, &r);
		}
		must(!r.is_error);
		buf_reset(&c->in);
	}
	fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd,
		    &(struct epoll_event){.events = EPOLLIN, .data.ptr = c}) != 0)
		die("epoll");
}

/* ---- calls and replies --------------------------------------------------------------------------------- */
static bool may_call(const struct load *l, int64_t now_us)
{
	return l->count > 0 ? l->n_called < l->count : now_us < l->until_us;
}

static void call(struct load *l, struct conn *c, int64_t since_us)
{
	uint32_t sync = c->n_called++;

	c->since_us[sync % RING] = since_us;
	call_random(&l->args, l->job, l->n_tickets, &l->rng);
	if (l->job == JOB_PUSH)
		l->args.id = l->n_called;
	l->peer->encode(&c->out, &l->args, sync % RING);
	must(!c->out.is_full);
	l->n_called++;
}

static void conn_flush(struct load *l, struct conn *c)
{
	while (c->sent < c->out.n) {
		ssize_t n = write(c->fd, c->out.p + c->sent, c->out.n - c->sent);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			die("write");
		if (n <= 0)
			break;
		c->sent += (size_t)n;
	}
	if (c->sent == c->out.n) {
		buf_reset(&c->out);
		c->sent = 0;
	}
	if (c->is_waiting != (c->out.n > 0)) {
		struct epoll_event ev = {.events = EPOLLIN | (c->out.n > 0 ? EPOLLOUT : 0U), .data.ptr = c};

		c->is_waiting = c->out.n > 0;
		epoll_ctl(l->epoll, EPOLL_CTL_MOD, c->fd, &ev);
	}
}

static void show_error(const struct load *l, const struct reply *r)
{
	if (l->n_errors == 1)
		fprintf(stderr, "load: %s answers an error: %.*s\n", l->peer->name,
			(int)(r->body.n > 300 ? 300 : r->body.n), (const char *)r->body.p);
}

static void note(struct load *l, struct conn *c, const struct reply *r, int64_t now_us)
{
	uint32_t sync = l->peer->has_sync ? r->sync : c->n_replied % RING;

	c->n_replied++;
	l->n_errors += r->is_error;
	if (r->is_error)
		show_error(l, r);
	if (l->count == 0 && now_us > l->until_us)
		return; /* the tail that drains is not part of the figure */
	l->n_done++;
	if (l->n_latency == l->latency_cap) {
		l->latency_cap = l->latency_cap * 2 + 65536;
		l->latency_us = realloc(l->latency_us, l->latency_cap * sizeof(l->latency_us[0]));
		must(l->latency_us != NULL);
	}
	l->latency_us[l->n_latency++] = (uint32_t)(now_us - c->since_us[sync]);
}

static void conn_parse(struct load *l, struct conn *c)
{
	int64_t now_us = clock_mono_us();
	struct reply r = {0};

	while (c->parsed < c->in.n) {
		l->peer->reply(c->in.p + c->parsed, c->in.n - c->parsed, &r);
		if (r.n == 0)
			break;
		c->parsed += r.n;
		note(l, c, &r, now_us);
		if (l->rate == 0 && may_call(l, now_us))
			call(l, c, now_us);
	}
	memmove(c->in.p, c->in.p + c->parsed, c->in.n - c->parsed);
	c->in.n -= c->parsed;
	c->parsed = 0;
}

static void conn_read(struct load *l, struct conn *c)
{
	uint8_t *p = buf_space(&c->in, READ_BYTES);
	ssize_t n;

	must(p != NULL);
	n = read(c->fd, p, READ_BYTES);
	c->in.n -= READ_BYTES - (n > 0 ? (size_t)n : 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		die("the server closed");
	conn_parse(l, c);
	conn_flush(l, c);
}

/* Open loop: call what the schedule says by now, connection after connection; a full ring waits, and pays for
 * it. */
static void keep_pace(struct load *l)
{
	int64_t now_us = clock_mono_us();
	uint64_t expirations;

	if (read(l->pace, &expirations, sizeof(expirations)) < 0 && errno != EAGAIN)
		die("timerfd");
	for (;;) {
		int64_t due_us = l->from_us + (int64_t)(l->n_called * 1000000 / l->rate);
		struct conn *c = &l->conns[l->n_called % l->n_conns];

		if (due_us > now_us || due_us >= l->until_us || c->n_called - c->n_replied == RING)
			break;
		call(l, c, due_us);
	}
	for (uint32_t i = 0; i < l->n_conns; i++)
		if (l->conns[i].out.n > 0)
			conn_flush(l, &l->conns[i]);
}

static void start(struct load *l)
{
	struct itimerspec every = {{0, PACE_US * 1000}, {0, PACE_US * 1000}};

	l->from_us = clock_mono_us();
	l->until_us = l->from_us + (int64_t)(l->seconds * 1e6);
	if (l->rate > 0) {
		l->pace = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
		must(l->pace >= 0 && timerfd_settime(l->pace, 0, &every, NULL) == 0);
		epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->pace,
			&(struct epoll_event){.events = EPOLLIN, .data.ptr = NULL});
		return;
	}
	for (uint32_t i = 0; i < l->n_conns; i++) {
		for (uint32_t k = 0; k < l->in_flight && may_call(l, l->from_us); k++)
			call(l, &l->conns[i], clock_mono_us());
		conn_flush(l, &l->conns[i]);
	}
}

static bool is_drained(const struct load *l)
{
	for (uint32_t i = 0; i < l->n_conns; i++)
		if (l->conns[i].n_called != l->conns[i].n_replied)
			return false;
	return true;
}

static void run(struct load *l)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(l->epoll, events, EVENTS, 100);
		int64_t now_us = clock_mono_us();

		for (int i = 0; i < n; i++)
			if (events[i].data.ptr == NULL)
				keep_pace(l);
			else
				conn_read(l, events[i].data.ptr);
		if (l->count > 0 ? l->n_done >= l->count : now_us >= l->until_us && is_drained(l))
			return;
		if (l->count == 0 && now_us > l->until_us + DRAIN_US) {
			fprintf(stderr, "load: replies are missing %d s after the last call\n",
				DRAIN_US / 1000000);
			exit(1);
		}
	}
}

/* ---- the server's own figures, and printing ------------------------------------------------------------ */
static double server_cpu_us(int pid)
{
	char path[64], line[1024], *p;
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (f == NULL)
		return 0;
	p = fgets(line, sizeof(line), f) == NULL ? NULL : strrchr(line, ')');
	if (p != NULL)
		(void)!sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
	fclose(f);
	return (double)(user + system) * 1e6 / (double)sysconf(_SC_CLK_TCK);
}

static long server_memory_kb(int pid, const char *key)
{
	char path[64], line[256];
	long kb = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (strncmp(line, key, strlen(key)) == 0)
			kb = atol(line + strlen(key));
	if (f != NULL)
		fclose(f);
	return kb;
}

static int cmp_u32(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static double percentile_ms(const struct load *l, double share)
{
	return l->n_latency == 0 ? 0 : l->latency_us[(size_t)(share * (double)(l->n_latency - 1))] / 1000.0;
}

static void measure(struct load *l)
{
	double cpu_us = server_cpu_us(l->pid), took_us;
	int64_t end_us;

	start(l);
	run(l);
	end_us = clock_mono_us();
	cpu_us = server_cpu_us(l->pid) - cpu_us;
	took_us = (double)(l->count > 0 || end_us < l->until_us ? end_us - l->from_us
								: l->until_us - l->from_us);
	qsort(l->latency_us, l->n_latency, sizeof(l->latency_us[0]), cmp_u32);
	printf("ops_s=%.0f p50_ms=%.3f p99_ms=%.3f cpu_us=%.2f n=%ju errors=%ju rss_kb=%ld anon_kb=%ld\n",
		(double)l->n_done * 1e6 / took_us, percentile_ms(l, 0.5), percentile_ms(l, 0.99),
		cpu_us / (double)l->n_called, (uintmax_t)l->n_called, (uintmax_t)l->n_errors,
		server_memory_kb(l->pid, "VmRSS:"), server_memory_kb(l->pid, "RssAnon:"));
}

/* One call of server.stats, as JSON. */
static void print_stats(struct load *l)
{
	struct conn *c = &l->conns[0];
	struct reply r = {0};
	struct arena a;
	struct value v;
	struct buf json;
	struct err e;

	call(l, c, 0);
	conn_flush(l, c);
	for (l->peer->reply(c->in.p, c->in.n, &r); r.n == 0; l->peer->reply(c->in.p, c->in.n, &r)) {
		uint8_t byte;

		if (read(c->fd, &byte, 1) == 1)
			buf_add_u8(&c->in, byte);
	}
	arena_init(&a, (size_t)1024 * 1024);
	buf_init(&json, BUF_MAX);
	must(value_decode(&a, r.body, &v, &e) == 0);
	value_json(&json, &v);
	printf("%.*s\n", (int)json.n, (const char *)json.p);
	buf_fini(&json);
	arena_fini(&a);
}

static bool take(struct load *l, const char *arg)
{
	static const char *const jobs[] = {"create", "get", "find", "stats", "check", "push"};
	const char *v = strchr(arg, '=');
	size_t n = v == NULL ? 0 : (size_t)(v++ - arg);

#define KEY(name) (n == strlen(name) && strncmp(arg, name, n) == 0)
	if (KEY("peer"))
		return (l->peer = peer_by_name(v)) != NULL;
	if (KEY("job")) {
		for (enum job j = JOB_CREATE; j <= JOB_PUSH; j++)
			if (strcmp(v, jobs[j]) == 0) {
				l->job = j;
				return true;
			}
		return false;
	}
	if (KEY("addr"))
		return *(l->addr = v) != '\0';
	if (KEY("token"))
		return *(l->token = v) != '\0';
	if (KEY("conns"))
		return (l->n_conns = (uint32_t)atoi(v)) > 0;
	if (KEY("in_flight"))
		return (l->in_flight = (uint32_t)atoi(v)) > 0 && l->in_flight <= RING;
	if (KEY("seconds"))
		return (l->seconds = atof(v)) > 0;
	if (KEY("count"))
		return (l->count = strtoull(v, NULL, 10)) > 0;
	if (KEY("rate"))
		return (l->rate = strtoull(v, NULL, 10)) > 0;
	if (KEY("tickets"))
		return (l->n_tickets = strtoull(v, NULL, 10)) > 0;
	if (KEY("seed"))
		return (l->seed = strtoull(v, NULL, 10)) > 0;
	return KEY("pid") && (l->pid = atoi(v)) > 0;
#undef KEY
}

int main(int argc, char **argv)
{
	struct load l = {.n_conns = 50, .in_flight = 16, .seconds = 2, .n_tickets = 1, .seed = 1};

	for (int i = 1; i < argc; i++)
		if (!take(&l, argv[i])) {
			fprintf(stderr, "load: what is \"%s\"? See the head of tests/bench/load.c\n",
				argv[i]);
			return 64;
		}
	if (l.peer == NULL || l.addr == NULL) {
		fprintf(stderr, "load: peer= and addr= are needed\n");
		return 64;
	}
	rng_init_seeded(&l.rng, l.seed);
	l.epoll = epoll_create1(EPOLL_CLOEXEC);
	l.conns = calloc(l.n_conns, sizeof(*l.conns));
	must(l.epoll >= 0 && l.conns != NULL);
	for (uint32_t i = 0; i < l.n_conns; i++)
		conn_open(&l, &l.conns[i]);
	if (l.job == JOB_STATS)
		print_stats(&l);
	else
		measure(&l);
	for (uint32_t i = 0; i < l.n_conns; i++) {
		close(l.conns[i].fd);
		buf_fini(&l.conns[i].out);
		buf_fini(&l.conns[i].in);
	}
	free(l.conns);
	free(l.latency_us);
	return l.n_errors > 0;
}
