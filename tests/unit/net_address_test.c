/* The server on real sockets: streams that are broken, addresses that are none. */
#include "net_fixture.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broken_streams),
		cmocka_unit_test(broken_while_sending),
		cmocka_unit_test(wrong_shape_goes_on),
		cmocka_unit_test(refused_addresses),
		cmocka_unit_test(socket_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
