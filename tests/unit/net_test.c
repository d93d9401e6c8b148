/* The server on real sockets, turned by hand: order, durability, backpressure, deadlines, addresses. */
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
static struct world *world_of(void *udata)
{
	/* the hooks' udata is the rpc, its ctx the desk, which stands first in the world */
	return rpc_ctx(udata);
}

static struct server_stats stats(struct world *w)
{
	struct server_stats s;

	server_stats(w->server, &s);
	return s;
}

static void on_turn_begin(void *udata)
{
	world_of(udata)->n_turns_begun++;
}

static void on_turn_end(void *udata)
{
	struct world *w = world_of(udata);

	w->n_turns_ended++;
	w->queued_bytes = stats(w).queued_bytes;
}

static bool is_behind(void *udata)
{
	return world_of(udata)->desk.is_behind;
}

static void quiet(void *udata, const char *line, size_t n)
{
	(void)udata, (void)line, (void)n;
}

static struct world *world_new(struct server_config config)
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

static void world_free(struct world *w)
{
	server_free(w->server);
	fake_fini(&w->desk);
	assert_int_equal(rmdir(w->dir), 0); /* the socket file is gone */
	log_set_sink(NULL, NULL);
	free(w);
}

/* ---- the client side ----------------------------------------------------------------------------------- */
static int dial(struct world *w, bool is_tcp)
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

static void turns(struct world *w, int n)
{
	while (n-- > 0)
		server_step(w->server, 0);
}

static void turns_for(struct world *w, int64_t ms)
{
	int64_t end = clock_mono_us() / 1000 + ms;

	while (clock_mono_us() / 1000 < end)
		server_step(w->server, 5);
}

static void say(int fd, const void *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), n);
}

/* What is there to read now, as JSON values with a space behind each; "EOF" at the end. Static storage. */
static const char *heard(int fd)
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

static void greet(struct world *w, int fd)
{
	SAY(fd, HELLO);
	turns(w, 3);
	assert_non_null(strstr(heard(fd), "\"role\":\"admin\""));
}

/* ---- tests --------------------------------------------------------------------------------------------- */
static void pipelined_in_order(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	SAY(fd, RAW("\x01") PUT("\x02") RAW("\x03") "\x93\x02\xa8test.raw\x90" RAW("\x04"));
	turns(w, 3);
	assert_string_equal(heard(fd), SAID("1") "[1,2,null,{\"seq\":1}] " SAID("3") SAID("4"));
	assert_true(w->n_turns_begun == w->n_turns_ended && w->n_turns_begun >= 3);
	assert_int_equal(stats(w).n_frames, 5);
	assert_int_equal(stats(w).n_sent, 4);
	close(fd);
	turns(w, 2);
	assert_int_equal(stats(w).n_conns, 0);
	world_free(w);
}

/* Every place where a message can be cut between two reads. */
static void halves(void **state)
{
	static const char bytes[] = PUT("\x02") RAW("\x03");
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	for (size_t cut = 1; cut < sizeof(bytes) - 1; cut++) {
		char want[96];

		say(fd, bytes, cut);
		turns(w, 2);
		say(fd, bytes + cut, sizeof(bytes) - 1 - cut);
		turns(w, 2);
		snprintf(want, sizeof(want), "[1,2,null,{\"seq\":%zu}] " SAID("3"), cut);
		assert_string_equal(heard(fd), want);
	}
	for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
		say(fd, bytes + i, 1);
		turns(w, 1);
	}
	turns(w, 1);
	assert_non_null(strstr(heard(fd), SAID("3")));
	close(fd);
	world_free(w);
}

static void held_until_durable(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false), other = dial(w, false);

	(void)state;
	w->desk.seq = 1000000; /* all so far is durable */
	SAY(fd, RAW("\x01"));
	turns(w, 3);
	assert_string_equal(heard(fd), SAID("1"));
	SAY(fd, PUT("\x02"));
	turns(w, 3);
	assert_string_equal(heard(fd), "");
	SAY(fd, RAW("\x03")); /* a read saw the change: it waits too */
	SAY(other, RAW("\x04"));
	turns(w, 3);
	assert_string_equal(heard(fd), "");
	assert_string_equal(heard(other), "");
	assert_int_equal(stats(w).n_awaiting, 3);
	SAY(fd, PUT("\x05"));
	turns(w, 3);
	server_durable(w->server, 1000001);
	assert_string_equal(heard(fd), ""); /* not before the end of a turn */
	turns(w, 1);
	assert_string_equal(heard(fd), "[1,2,null,{\"seq\":1000001}] " SAID("3"));
	assert_string_equal(heard(other), SAID("4"));
	server_durable(w->server, 999); /* never goes back */
	server_durable(w->server, 1000002);
	turns(w, 1);
	assert_string_equal(heard(fd), "[1,5,null,{\"seq\":1000002}] ");
	assert_int_equal(stats(w).n_awaiting, 0);
	assert_int_equal(stats(w).queued_bytes, 0);
	close(fd);
	close(other);
	world_free(w);
}

static void pushes_wait_too(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);
	struct value data = value_literal("hello");
	struct session *s;

	(void)state;
	turns(w, 2);
	s = rpc_sessions(w->desk.rpc);
	session_push(s, "topic.event", &data, 1000001);
	turns(w, 2);
	assert_string_equal(heard(fd), "");
	SAY(fd, RAW("\x07"));
	turns(w, 2);
	assert_string_equal(heard(fd), "");
	server_durable(w->server, 1000001);
	turns(w, 2);
	assert_string_equal(heard(fd), "[2,\"topic.event\",[\"hello\"]] " SAID("7"));
	close(fd);
	world_free(w);
}

/* Six answers of 20 KB to one turn's calls: once more than CONN_OUT_EARLY are queued they need not wait for
 * its end. */
static void large_answers_leave_early(void **state)
{
	static const char big[] = "\x94\x00\x01\xa8test.big\x91\x81\xa4size\xcd\x4e\x20";
	const uint64_t answer = 20000 + 13; /* with what stands around its text */
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	turns(w, 2);
	for (int i = 0; i < 6; i++)
		SAY(fd, big);
	turns(w, 1);
	assert_int_equal(w->queued_bytes, 2 * answer);
	assert_int_equal(strlen(heard(fd)), 6 * strlen("[1,1,null,{\"text\":\"\"}] ") + (size_t)6 * 20000);
	SAY(fd, PUT("\x02")); /* not durable: what follows waits, however much it is */
	for (int i = 0; i < 6; i++)
		SAY(fd, big);
	w->desk.seq = 1000000;
	turns(w, 1);
	assert_true(w->queued_bytes > 6 * answer);
	assert_string_equal(heard(fd), "");
	close(fd);
	world_free(w);
}

/* 65 calls of which none is durable: 64 are taken. */
static void calls_in_flight(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false), other = dial(w, false);

	(void)state;
	w->desk.seq = 1000000;
	for (int i = 0; i < 100; i++)
		SAY(fd, PUT("\x02"));
	turns(w, 10);
	assert_int_equal(w->desk.n_put, 64);
	assert_int_equal(stats(w).n_paused, 1);
	SAY(other, RAW("\x01"));
	turns(w, 2);
	assert_int_equal(stats(w).n_awaiting, 65); /* others go on */
	server_durable(w->server, 1000020);
	turns(w, 3);
	assert_int_equal(w->desk.n_put, 64); /* hysteresis: not before half is away */
	server_durable(w->server, 1000064);
	turns(w, 3);
	assert_int_equal(w->desk.n_put, 100);
	server_durable(w->server, 1000100);
	turns(w, 2);
	heard(fd);
	assert_int_equal(stats(w).n_awaiting, 0);
	assert_int_equal(stats(w).n_paused, 0);
	close(fd);
	close(other);
	world_free(w);
}

/* One connection's flood: 32 frames a turn, the others' single call in the same turn. */
static void fair(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int flood = dial(w, false), meek = dial(w, false);
	char bytes[300 * (sizeof(RAW("\x02")) - 1)];

	(void)state;
	turns(w, 2);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = RAW("\x02")[i % (sizeof(RAW("\x02")) - 1)];
	say(flood, bytes, sizeof(bytes)); /* one by one they would fill the socket */
	SAY(meek, RAW("\x01"));
	turns(w, 1);
	assert_string_equal(heard(meek), SAID("1"));
	assert_int_equal(stats(w).n_frames, 33);
	assert_int_equal(stats(w).n_frames_turn_max, 33);
	turns(w, 12);
	assert_int_equal(stats(w).n_frames, 301);
	close(flood);
	close(meek);
	world_free(w);
}

static void long_call_holds_its_connection_only(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false), other = dial(w, false);
	struct value done = value_bool(true);

	(void)state;
	SAY(fd, "\x94\x00\x01\xa9test.wait\x90" RAW("\x02"));
	SAY(other, RAW("\x03"));
	turns(w, 4);
	assert_string_equal(heard(fd), "");
	assert_string_equal(heard(other), SAID("3"));
	deferral_finish(w->desk.deferred, &done, NULL);
	turns(w, 2);
	assert_string_equal(heard(fd), "[1,1,null,true] " SAID("2"));
	/* the caller goes away meanwhile */
	SAY(fd, "\x94\x00\x01\xa9test.wait\x90");
	turns(w, 2);
	close(fd);
	turns(w, 2);
	deferral_finish(w->desk.deferred, &done, NULL);
	turns(w, 4);
	assert_int_equal(stats(w).n_conns, 1);
	close(other);
	world_free(w);
}

/* The peer sends its calls, shuts its side and still gets all answers. */
static void half_closed(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	w->desk.seq = 1000000;
	SAY(fd, PUT("\x01") RAW("\x02") "\x94\x00");
	shutdown(fd, SHUT_WR);
	turns(w, 3);
	assert_string_equal(heard(fd), "");
	server_durable(w->server, 1000001);
	turns(w, 3);
	assert_string_equal(heard(fd), "[1,1,null,{\"seq\":1000001}] " SAID("2") "EOF");
	assert_int_equal(stats(w).n_conns, 0);
	close(fd);
	world_free(w);
}

static void broken_streams(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *want;
	} cases[] = {
		{"\xc1", 1,
			"[1,null,{\"code\":\"bad_request\",\"message\":\"byte 0xc1 at offset 0 of the frame "
			"is not "
			"MessagePack\"},null] EOF"},
		{"\x94\x00\x09\xa1x\x91\xdd\x0f\xff\xff\xff", 11,
			"[1,9,{\"code\":\"too_large\",\"message\":\"an array of 268435455 elements at offset "
			"6 does not fit in a "
			"frame of at most 262144 bytes\"},null] EOF"},
		{"\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91", 17,
			"[1,null,{\"code\":\"too_large\",\"message\":\"the value at offset 16 of the frame "
			"is nested deeper than 16 "
			"levels\"},null] EOF"},
		{"\x94\x00\x09\xc6\x00\x04\x00\x00", 8,
			"[1,9,{\"code\":\"too_large\",\"message\":\"a value of 262149 bytes at offset 3 does "
			"not fit in a frame of "
			"at most 262144 bytes\"},null] EOF"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct world *w = world_new((struct server_config){0});
		int fd = dial(w, false);
		char want[512];

		SAY(fd, RAW("\x01"));
		say(fd, cases[i].bytes, cases[i].n);
		SAY(fd, RAW("\x02")); /* never worked */
		turns(w, 3);
		snprintf(want, sizeof(want), SAID("1") "%s", cases[i].want);
		assert_string_equal(heard(fd), want);
		assert_int_equal(stats(w).n_broken, 1);
		close(fd);
		turns(w, 2);
		assert_int_equal(stats(w).n_conns, 0);
		world_free(w);
	}
}

/* A client in the middle of sending too much still gets to read why. */
static void broken_while_sending(void **state)
{
	struct world *w = world_new((struct server_config){.linger_ms = 50});
	int fd = dial(w, true);
	char junk[4096] = {0};

	(void)state;
	greet(w, fd);
	SAY(fd, "\xc1");
	for (int i = 0; i < 8; i++) {
		say(fd, junk, sizeof(junk));
		turns(w, 1);
	}
	assert_string_equal(heard(fd),
		"[1,null,{\"code\":\"bad_request\",\"message\":\"byte 0xc1 at offset 0 of the frame is "
		"not MessagePack\"},null] EOF");
	assert_int_equal(stats(w).n_conns, 1); /* lingers … */
	turns_for(w, 150);
	assert_int_equal(stats(w).n_conns, 0); /* … but not for ever */
	close(fd);
	world_free(w);
}

static void wrong_shape_goes_on(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	SAY(fd, "\xc0" RAW("\x02"));
	turns(w, 2);
	assert_string_equal(heard(fd), "[1,null,{\"code\":\"bad_request\",\"message\":\"a message is nil; "
				       "expected [0, msgid, method, params] or "
				       "[2, method, params]\"},null] " SAID("2"));
	close(fd);
	world_free(w);
}

static void slow_consumer(void **state)
{
	struct world *w = world_new((struct server_config){.stall_ms = 100});
	int fd = dial(w, false);
	int calls = 0;

	(void)state;
	/* answers of 200 KB that nobody fetches: reading stops, then the consumer is dropped */
	for (; calls < 40; calls++)
		SAY(fd, "\x94\x00\x01\xa8test.big\x91\x81\xa4size\xce\x00\x03\x0d\x40");
	turns(w, 20);
	assert_true(stats(w).n_frames < 6);
	assert_int_equal(stats(w).n_paused, 1);
	assert_int_equal(stats(w).n_conns, 1);
	turns_for(w, 300);
	assert_int_equal(stats(w).n_dropped, 1);
	assert_int_equal(stats(w).n_conns, 0);
	assert_int_equal(stats(w).queued_bytes, 0);
	close(fd);
	world_free(w);
}

static void slow_subscriber(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);
	char text[30000];
	struct value data;

	(void)state;
	memset(text, 'x', sizeof(text));
	data = value_borrow(text, sizeof(text));
	turns(w, 2);
	for (int i = 0; i < 100 && stats(w).n_conns == 1; i++) {
		session_push(rpc_sessions(w->desk.rpc), "topic.event", &data, 0);
		turns(w, 1);
	}
	assert_int_equal(stats(w).n_dropped, 1);
	assert_int_equal(stats(w).n_conns, 0);
	assert_true(stats(w).n_sent >= CONN_OUT_DROP / sizeof(text));
	close(fd);
	world_free(w);
}

/* A reader that is only late gets everything. */
static void late_reader(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);
	size_t n = 0;
	char bytes[65536];

	(void)state;
	for (int i = 0; i < 20; i++)
		SAY(fd, "\x94\x00\x01\xa8test.big\x91\x81\xa4size\xce\x00\x03\x0d\x40");
	for (int i = 0; i < 2000 && n < (size_t)20 * 200015; i++) {
		ssize_t got;

		turns(w, 1);
		got = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
		n += got > 0 ? (size_t)got : 0;
	}
	assert_int_equal(n, 20 * 200015);
	assert_int_equal(stats(w).n_dropped, 0);
	close(fd);
	world_free(w);
}

static void slowloris(void **state)
{
	struct world *w = world_new((struct server_config){.frame_ms = 100});
	int fd = dial(w, false), idle = dial(w, false);

	(void)state;
	SAY(fd, RAW("\x02") "\x94\x00\x05");
	turns_for(w, 40);
	assert_string_equal(heard(fd), SAID("2"));
	SAY(fd, "\xa8");
	turns_for(w, 40);
	SAY(fd, "t");
	turns_for(w, 150);
	assert_string_equal(heard(fd),
		"[1,5,{\"code\":\"bad_request\",\"message\":\"a message was begun and is not complete "
		"after 100 ms (5 bytes came)\"},null] EOF");
	assert_string_equal(heard(idle), ""); /* nothing begun: no deadline */
	close(fd);
	turns(w, 2);
	assert_int_equal(stats(w).n_conns, 1);
	close(idle);
	world_free(w);
}

static void hello_on_tcp(void **state)
{
	struct world *w = world_new((struct server_config){.hello_ms = 150});
	int fd = dial(w, true), silent = dial(w, true);

	(void)state;
	SAY(fd, RAW("\x02") "\x94\x00\x03\xa4quit\x90");
	turns(w, 3);
	assert_string_equal(heard(fd), "[1,2,{\"code\":\"unauthenticated\",\"message\":\"test.raw: say "
				       "session.hello with a token first\"},null] "
				       "[1,3,{\"code\":\"unauthenticated\",\"message\":\"say session.hello "
				       "with a token first\"},null] ");
	greet(w, fd);
	SAY(fd, RAW("\x04"));
	turns_for(w, 400);
	assert_string_equal(heard(fd), SAID("4"));
	assert_string_equal(heard(silent), "[1,null,{\"code\":\"unauthenticated\",\"message\":\"no "
					   "session.hello came within 150 ms\"},null] EOF");
	close(fd);
	close(silent);
	world_free(w);
}

/* 4 KiB before hello, 256 KiB behind it, even in one go. */
static void small_frames_before_hello(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, true), bad = dial(w, true);
	char big[8192];
	size_t n = 0;

	(void)state;
	memset(big, 'x', sizeof(big));
	memcpy(big, HELLO, sizeof(HELLO) - 1);
	n = sizeof(HELLO) - 1;
	memcpy(big + n, "\x94\x00\x02\xa9test.echo\x91\x81\xa4text\xda\x13\x88", 23);
	say(fd, big, n + 23 + 5000);
	turns(w, 3);
	assert_non_null(strstr(heard(fd), "[1,2,null,{\"args\":{\"text\":\"xxx"));
	say(bad, big + n, 23);
	turns(w, 3);
	assert_string_equal(heard(bad),
		"[1,2,{\"code\":\"too_large\",\"message\":\"a value of 5003 bytes at offset 20 does "
		"not fit in a frame of at most 4096 bytes\"},null] EOF");
	close(fd);
	close(bad);
	world_free(w);
}

static void too_many_connections(void **state)
{
	struct world *w = world_new((struct server_config){.n_conns_max = 2});
	int a = dial(w, false), b = dial(w, true), c = dial(w, true), d;

	(void)state;
	turns(w, 3);
	assert_string_equal(heard(c),
		"[1,null,{\"code\":\"busy\",\"message\":\"2 connections are open, more are not taken; "
		"close one or try again later\"},null] EOF");
	assert_int_equal(stats(w).n_refused, 1);
	close(a);
	turns(w, 2);
	d = dial(w, false);
	SAY(d, RAW("\x01"));
	turns(w, 3);
	assert_string_equal(heard(d), SAID("1"));
	close(b);
	close(c);
	close(d);
	world_free(w);
}

/* While the store is behind nothing is read; then all goes on. */
static void behind(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	turns(w, 2);
	w->desk.is_behind = true;
	turns(w, 1);
	SAY(fd, RAW("\x01"));
	turns(w, 3);
	assert_string_equal(heard(fd), "");
	assert_int_equal(stats(w).n_paused, 1);
	w->desk.is_behind = false;
	turns(w, 3);
	assert_string_equal(heard(fd), SAID("1"));
	close(fd);
	world_free(w);
}

static void refused_addresses(void **state)
{
	static const struct {
		const char *address, *text;
	} cases[] = {
		{"tcp:0.0.0.0:7070", "tcp:0.0.0.0:7070 is not a loopback address; without TLS Tocsin listens "
				     "at 127.0.0.1 or "
				     "[::1] only"},
		{"tcp:[::]:7070", "tcp:[::]:7070 is not a loopback address; without TLS Tocsin listens at "
				  "127.0.0.1 or [::1] only"},
		{"tcp:example.org:80", "tcp:example.org:80: the host is a numeric address or localhost"},
		{"tcp:127.0.0.1", "tcp:127.0.0.1 is not an address; write tcp:HOST:PORT, for example "
				  "tcp:127.0.0.1:7070"},
		{"tcp:127.0.0.1:x", "tcp:127.0.0.1:x is not an address; write tcp:HOST:PORT, for example "
				    "tcp:127.0.0.1:7070"},
		{"tcp:127.0.0.1:70000", "tcp:127.0.0.1:70000: the port is a number from 0 to 65535"},
		{"tcp:127.0.0.1:7o", "tcp:127.0.0.1:7o: the port is a number from 0 to 65535"},
		{"/tmp/x.sock", "\"/tmp/x.sock\" is not an address; write unix:PATH or tcp:HOST:PORT"},
		{"unix:/dev/null",
			"unix:/dev/null exists and is not a socket; remove it or choose another path"},
		{"unix:/nonexistent/x", "unix:/nonexistent/x: No such file or directory"},
		{"unix:", "unix:: a socket's path has 1 to 107 bytes, this one 0"},
	};
	struct world *w = world_new((struct server_config){0});
	char taken[256];
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(server_listen(w->server, cases[i].address, &e), -1);
		assert_string_equal(e.text, cases[i].text);
	}
	assert_int_equal(server_listen(w->server, w->unix_at, &e), -1);
	snprintf(taken, sizeof(taken), "another process answers at %s; stop it or choose another path",
		w->unix_at);
	assert_string_equal(e.text, taken);
	snprintf(taken, sizeof(taken), "%s: Address already in use", server_address(w->server, 1));
	assert_int_equal(server_listen(w->server, server_address(w->server, 1), &e), -1);
	assert_string_equal(e.text, taken);
	assert_null(server_address(w->server, 2));
	world_free(w);
}

static void socket_file(void **state)
{
	struct world *w = world_new((struct server_config){0});
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	char stale[160];
	struct stat st;
	struct err e;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_int_equal(stat(w->unix_at + 5, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0660);
	/* a file left by a process that was killed */
	snprintf(un.sun_path, sizeof(un.sun_path), "%s/old.sock", w->dir);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	close(fd);
	snprintf(stale, sizeof(stale), "unix:%s", un.sun_path);
	assert_int_equal(server_listen(w->server, stale, &e), 0);
	assert_string_equal(server_address(w->server, 2), stale);
	world_free(w);
}

static void mark_run(void *udata)
{
	(*(int *)udata)++;
}

static void *post_many(void *server)
{
	static int n;

	for (int i = 0; i < 100; i++)
		server_post(server, mark_run, &n);
	return &n;
}

static void posts_from_threads(void **state)
{
	struct world *w = world_new((struct server_config){0});
	pthread_t thread;
	void *n;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, post_many, w->server), 0);
	assert_int_equal(pthread_join(thread, &n), 0);
	turns(w, 2);
	assert_int_equal(*(int *)n, 100);
	world_free(w);
}

static void stop_now(void *server)
{
	server_stop(server);
}

static void runs_and_stops(void **state)
{
	struct world *w = world_new((struct server_config){0});
	int fd = dial(w, false);

	(void)state;
	SAY(fd, RAW("\x01"));
	turns(w, 1);
	SAY(fd, PUT("\x02"));
	server_post(w->server, stop_now, w->server);
	server_run(w->server);
	server_drain(w->server, 100);
	assert_string_equal(heard(fd), SAID("1") "[1,2,null,{\"seq\":1}] ");
	close(fd);
	world_free(w);
}

/* 1,000 idle connections that have called once: none keeps a buffer. (Under a sanitizer mallinfo2 says 0.) */
static void idle_connections(void **state)
{
	struct world *w = world_new((struct server_config){0});
	size_t before = mallinfo2().uordblks, heap_bytes;
	int fds[1000];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		fds[i] = dial(w, false);
		SAY(fds[i], RAW("\x01"));
		turns(w, 1);
	}
	turns(w, 5);
	assert_int_equal(stats(w).n_conns, 1000);
	assert_int_equal(stats(w).n_frames, 1000);
	assert_int_equal(stats(w).n_paused, 0);
	heap_bytes = (mallinfo2().uordblks - before) / 1000;
	printf("%zu bytes of heap a connection\n", heap_bytes);
	assert_true(heap_bytes < 2048);
	for (int i = 0; i < 1000; i++) {
		assert_string_equal(heard(fds[i]), SAID("1"));
		close(fds[i]);
	}
	turns(w, 8); /* libevent takes 32 events at first, then twice as many each pass */
	assert_int_equal(stats(w).n_conns, 0);
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelined_in_order),
		cmocka_unit_test(halves),
		cmocka_unit_test(held_until_durable),
		cmocka_unit_test(pushes_wait_too),
		cmocka_unit_test(large_answers_leave_early),
		cmocka_unit_test(calls_in_flight),
		cmocka_unit_test(fair),
		cmocka_unit_test(long_call_holds_its_connection_only),
		cmocka_unit_test(half_closed),
		cmocka_unit_test(broken_streams),
		cmocka_unit_test(broken_while_sending),
		cmocka_unit_test(wrong_shape_goes_on),
		cmocka_unit_test(slow_consumer),
		cmocka_unit_test(slow_subscriber),
		cmocka_unit_test(late_reader),
		cmocka_unit_test(slowloris),
		cmocka_unit_test(hello_on_tcp),
		cmocka_unit_test(small_frames_before_hello),
		cmocka_unit_test(too_many_connections),
		cmocka_unit_test(behind),
		cmocka_unit_test(refused_addresses),
		cmocka_unit_test(socket_file),
		cmocka_unit_test(posts_from_threads),
		cmocka_unit_test(runs_and_stops),
		cmocka_unit_test(idle_connections),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
