/* The server on real sockets, turned by hand, and a client that says bytes and hears what comes. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "rpc_fake.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"
#include "tocsin/wire.h"

struct world {
	struct fake desk;
	struct server *server;
	char dir[64], unix_at[128];
	int n_turns_begun, n_turns_ended;
	uint64_t queued_bytes; /* at the end of the last turn's work, before its answers leave */
	char order[256];       /* what happened: b turn_begin, e turn_end */
};

/* ---- the server side ----------------------------------------------------------------------------------- */
static inline struct world *world_of(void *udata)
{
	/* the hooks' udata is the rpc, its ctx the desk, which stands first in the world */
	return rpc_ctx(udata);
}

static inline struct server_stats stats(struct world *w)
{
	struct server_stats s;

	server_stats(w->server, &s);
	return s;
}

static inline void on_turn_begin(void *udata)
{
	world_of(udata)->n_turns_begun++;
}

static inline void on_turn_end(void *udata)
{
	struct world *w = world_of(udata);

	w->n_turns_ended++;
	w->queued_bytes = stats(w).queued_bytes;
}

static inline bool is_behind(void *udata)
{
	return world_of(udata)->desk.is_behind;
}

static inline void quiet(void *udata, const char *line, size_t n)
{
	(void)udata, (void)line, (void)n;
}

static inline struct world *world_new(struct server_config config)
{
	struct world *w = calloc(1, sizeof(*w));
	struct server_hooks hooks = {
		.turn_begin = on_turn_begin, .turn_end = on_turn_end, .is_behind = is_behind};
	const char *tmp = getenv("TMPDIR");
	struct err e;

	assert_non_null(w);
	log_set_sink(quiet, NULL);
	fake_init(&w->desk);
	rpc_serve(w->desk.rpc, &hooks);
	assert_int_equal(server_new(&w->server, &config, &hooks, &e), 0);
	snprintf(w->dir, sizeof(w->dir), "%s/tocsin-net-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->unix_at, sizeof(w->unix_at), "unix:%s/s.sock", w->dir);
	assert_int_equal(server_listen(w->server, w->unix_at, &e), 0);
	assert_int_equal(server_listen(w->server, "tcp:127.0.0.1:0", &e), 0);
	server_durable(w->server, 1000000);
	return w;
}

static inline void world_free(struct world *w)
{
	server_free(w->server);
	fake_fini(&w->desk);
	assert_int_equal(rmdir(w->dir), 0); /* the socket file is gone */
	log_set_sink(NULL, NULL);
	free(w);
}

/* ---- the client side ----------------------------------------------------------------------------------- */
static inline int dial(struct world *w, bool is_tcp)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct sockaddr_in in = {.sin_family = AF_INET};
	int fd = socket(is_tcp ? AF_INET : AF_UNIX, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	in.sin_port = htons((uint16_t)atoi(strrchr(server_address(w->server, 1), ':') + 1));
	memcpy(un.sun_path, w->unix_at + 5, strlen(w->unix_at) - 5);
	if (is_tcp)
		assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof(in)), 0);
	else
		assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static inline void turns(struct world *w, int n)
{
	while (n-- > 0)
		server_step(w->server, 0);
}

static inline void turns_for(struct world *w, int64_t ms)
{
	int64_t end = clock_mono_us() / 1000 + ms;

	while (clock_mono_us() / 1000 < end)
		server_step(w->server, 5);
}

static inline void say(int fd, const void *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

/* What is there to read now, as JSON values with a space behind each; "EOF" at the end. Static storage. */
static inline const char *heard(int fd)
{
	static char text[1 << 20];
	static uint8_t bytes[1 << 20];
	size_t n = 0, at = 0, text_n = 0;
	ssize_t got;
	struct arena a;
	struct err e;

	while ((got = recv(fd, bytes + n, sizeof(bytes) - n, MSG_DONTWAIT)) > 0)
		n += (size_t)got;
	arena_init(&a, 0);
	text[0] = '\0';
	while (at < n) {
		struct frame_scan scan;
		struct value v;
		struct buf b;

		frame_scan_init(&scan, FRAME_BYTES_MAX);
		assert_int_equal(frame_scan(&scan, bytes + at, n - at, &e), FRAME_WHOLE);
		assert_int_equal(value_decode(&a, slice_of(bytes + at, scan.at), &v, &e), 0);
		at += scan.at;
		buf_init(&b, sizeof(text));
		value_json(&b, &v);
		text_n += (size_t)snprintf(text + text_n, sizeof(text) - text_n, "%.*s ", (int)b.n, b.p);
		buf_fini(&b);
	}
	if (got == 0)
		snprintf(text + text_n, sizeof(text) - text_n, "EOF");
	arena_fini(&a);
	return text;
}

#define PUT(id) "\x94\x00" id "\xa8test.put\x91\x81\xa2id\x01"
#define RAW(id) "\x94\x00" id "\xa8test.raw\x90"
#define SAY(fd, bytes) say(fd, bytes, sizeof(bytes) - 1)
#define SAID(id) "[1," id ",null,{\"id\":7}] "
#define HELLO "\x94\x00\x01\xadsession.hello\x91\x81\xa5token\xacsecret-admin"

static inline void greet(struct world *w, int fd)
{
	SAY(fd, HELLO);
	turns(w, 3);
	assert_non_null(strstr(heard(fd), "\"role\":\"admin\""));
}
