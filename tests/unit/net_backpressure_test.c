/* The server on real sockets: what one client may take: calls, bytes, time, connections. */
#include "net_fixture.h"

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
		cmocka_unit_test(calls_in_flight),
		cmocka_unit_test(slow_consumer),
		cmocka_unit_test(slow_subscriber),
		cmocka_unit_test(late_reader),
		cmocka_unit_test(slowloris),
		cmocka_unit_test(hello_on_tcp),
		cmocka_unit_test(small_frames_before_hello),
		cmocka_unit_test(too_many_connections),
		cmocka_unit_test(behind),
		cmocka_unit_test(idle_connections),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
