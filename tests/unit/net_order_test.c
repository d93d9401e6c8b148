/* The server on real sockets: what is answered when: in order, once it is durable, and other threads' work between. */
#include "net_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pipelined_in_order),
		cmocka_unit_test(halves),
		cmocka_unit_test(held_until_durable),
		cmocka_unit_test(pushes_wait_too),
		cmocka_unit_test(large_answers_leave_early),
		cmocka_unit_test(fair),
		cmocka_unit_test(long_call_holds_its_connection_only),
		cmocka_unit_test(half_closed),
		cmocka_unit_test(posts_from_threads),
		cmocka_unit_test(runs_and_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
