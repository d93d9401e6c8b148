/* Settings: file, command line, defaults, and every error with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config.h"
#include "daemon/user.h"
#include "tocsin/log.h"

#define ARGS(...)                                                                                            \
	(char *[])                                                                                           \
	{                                                                                                    \
		"tocsind", __VA_ARGS__, NULL                                                                 \
	}

static char path[] = "/tmp/tocsin-config-XXXXXX";

static void file_is(const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static int read_args(struct config *c, char **argv, struct err *e)
{
	int argc = 0;

	while (argv[argc] != NULL)
		argc++;
	return config_read(c, argc, argv, e);
}

static void reads(struct config *c, char **argv)
{
	struct err e = {.text = ""};

	if (read_args(c, argv, &e) != 0)
		fail_msg("%s", e.text);
}

static void refuses(char **argv, const char *expected)
{
	struct config c;
	struct err e;

	assert_int_equal(-1, read_args(&c, argv, &e));
	assert_int_equal(ERR_BAD_REQUEST, e.code);
	assert_string_equal(expected, e.text);
}

/* The file's first line is wrong in this way; %s stands for its path. */
static void file_refuses(const char *text, const char *expected)
{
	char whole[512];

	file_is(text);
	snprintf(whole, sizeof(whole), "%s%s", path, expected);
	refuses(ARGS("--config", path), whole);
}

static void defaults(void **state)
{
	struct config c;

	(void)state;
	reads(&c, ARGS("--data", "/d"));
	assert_string_equal("/d", config_text(&c, CONFIG_KEY_DATA));
	assert_string_equal("unix:/d/tocsin.sock", config_text(&c, CONFIG_KEY_LISTEN));
	assert_string_equal("real", config_text(&c, CONFIG_KEY_CLOCK));
	assert_int_equal(LOG_INFO, config_number(&c, CONFIG_KEY_LOG_LEVEL));
	assert_int_equal(4096, config_number(&c, CONFIG_KEY_CONNECTIONS));
	assert_int_equal(10000, config_number(&c, CONFIG_KEY_FRAME_TIMEOUT));
	assert_int_equal(64 * 1024 * 1024, config_number(&c, CONFIG_KEY_MEMORY_TABLE));
	assert_int_equal(CONFIG_SERVE, c.action);
	config_fini(&c);
}

static void the_file_is_read(void **state)
{
	struct config c;

	(void)state;
	file_is("# a comment\n\n  data = /var/lib/t \r\nlisten=unix:/a\nlisten = tcp:127.0.0.1:1\n"
		"user = alice agent\nuser = uid:7 adapter+gateway\nlog-level = debug\njournal-segment = "
		"2M\nhello-timeout = "
		"1m30s\nzone = UTC");
	reads(&c, ARGS("--config", path));
	assert_string_equal("/var/lib/t", config_text(&c, CONFIG_KEY_DATA));
	assert_int_equal(2, c.settings[CONFIG_KEY_LISTEN].n);
	assert_string_equal("unix:/a", c.settings[CONFIG_KEY_LISTEN].texts[0]);
	assert_string_equal("tcp:127.0.0.1:1", c.settings[CONFIG_KEY_LISTEN].texts[1]);
	assert_int_equal(2, c.settings[CONFIG_KEY_USER].n);
	assert_int_equal(LOG_DEBUG, config_number(&c, CONFIG_KEY_LOG_LEVEL));
	assert_int_equal(2 * 1024 * 1024, config_number(&c, CONFIG_KEY_JOURNAL_SEGMENT));
	assert_int_equal(90000, config_number(&c, CONFIG_KEY_HELLO_TIMEOUT));
	assert_string_equal("UTC", config_text(&c, CONFIG_KEY_ZONE));
	config_fini(&c);
}

static void the_command_line_wins(void **state)
{
	struct config c;

	(void)state;
	file_is("data = /file\nlisten = unix:/a\nlisten = unix:/b\nlog-level = debug\n");
	reads(&c, ARGS("--listen", "unix:/c", "--config", path, "--data=/line", "--listen=unix:/d"));
	assert_string_equal("/line", config_text(&c, CONFIG_KEY_DATA));
	assert_int_equal(2, c.settings[CONFIG_KEY_LISTEN].n);
	assert_string_equal("unix:/c", c.settings[CONFIG_KEY_LISTEN].texts[0]);
	assert_string_equal("unix:/d", c.settings[CONFIG_KEY_LISTEN].texts[1]);
	assert_int_equal(LOG_DEBUG, config_number(&c, CONFIG_KEY_LOG_LEVEL));
	config_fini(&c);
}

static void errors_of_the_file(void **state)
{
	char line[6000];

	(void)state;
	file_refuses("\nlisen = unix:/a\n", ":2: key \"lisen\" is unknown (did you mean \"listen\"?)");
	file_refuses("zzzzzzzz = 1", ":1: key \"zzzzzzzz\" is unknown");
	file_refuses("data /x\n", ":1: expected `key = value`, not \"data /x\"");
	file_refuses("data =\n", ":1: data = : expected a path");
	file_refuses("listen = 127.0.0.1:7070\n",
		":1: listen = 127.0.0.1:7070: expected tcp:HOST:PORT or unix:PATH");
	file_refuses("log-level = loud\n", ":1: log-level = loud: expected debug, info, warn or error");
	file_refuses("connections = many\n", ":1: connections = many: expected an integer from 1 to 100000");
	file_refuses("connections = 0\n", ":1: connections = 0: expected an integer from 1 to 100000");
	file_refuses("connections = 99999999999999999999\n",
		":1: connections = 99999999999999999999: expected an integer from 1 to 100000");
	file_refuses("stall-timeout = 10\n",
		":1: stall-timeout = 10: expected a duration such as 500ms, 10s or 5m, from 100ms to 10m");
	file_refuses("journal-segment = 1KiB\n", ":1: journal-segment = 1KiB: expected a size such as "
						 "512KiB, 64MiB or 2GiB, from 1MiB to 1GiB");
	file_refuses("journal-segment = 9223372036854775807G\n",
		":1: journal-segment = 9223372036854775807G: expected a size such as 512KiB, 64MiB or 2GiB, "
		"from 1MiB to "
		"1GiB");
	file_refuses("clock = now\n",
		":1: clock = now: expected real or virtual:ISO8601, such as virtual:2026-09-22T10:00");
	file_refuses("user = alice\n",
		":1: user = alice: expected a local user and a role, such as `alice agent` or "
		"`uid:1001 adapter+gateway`");
	file_refuses("user = alice agnet\n",
		":1: user = alice agnet: \"agnet\" is no role (did you mean \"agent\"?)");
	file_refuses("user = uid:x agent\n", ":1: user = uid:x agent: \"uid:x\" is no user id");
	file_refuses("user = a agent+root\n",
		":1: user = a agent+root: only +gateway may follow a role, not \"+root\"");
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\0';
	file_refuses(line, ":1: the line has over 4094 bytes");
	file_is("data = /a\ndata = /b\n");
	snprintf(line, sizeof(line), "%s:2: data is set already at %s:1", path, path);
	refuses(ARGS("--config", path), line);
	refuses(ARGS("--config", "/nonexistent/t.conf"),
		"config file /nonexistent/t.conf: No such file or directory");
	refuses(ARGS("--config", "/"), "config file /: Is a directory");
}

static void errors_of_the_command_line(void **state)
{
	(void)state;
	file_is("");
	refuses(ARGS("--lisen", "x"), "--lisen: no such option (did you mean \"--listen\"?)");
	refuses(ARGS("--zzzzzzzz", "x"), "--zzzzzzzz: no such option; see --help");
	refuses(ARGS("data"), "unexpected argument \"data\"; see --help");
	refuses(ARGS("--data"), "--data needs a value");
	refuses(ARGS("--config", path, "--config", path), "--config is given twice");
	refuses(ARGS("--log-level=loud"), "--log-level loud: expected debug, info, warn or error");
	refuses(ARGS("--memory-table", "64M", "--memory-limit", "64MiB"),
		"memory-table 64M must be less than memory-limit 64MiB");
	refuses(ARGS("--tables-space", "511MiB"),
		"tables-space 511MiB must be at least 8 times memory-table 64MiB");
	refuses(ARGS("--listen", "tcp:0.0.0.0:7"),
		"--listen: tcp:0.0.0.0:7 is not a loopback address; without "
		"TLS Tocsin listens at 127.0.0.1 or [::1] "
		"only");
	refuses(ARGS("--listen", "tcp:127.0.0.1:99999"),
		"--listen: tcp:127.0.0.1:99999: the port is a number from 0 to 65535");
	refuses(ARGS("--http", "0.0.0.0:80"), "--http: tcp:0.0.0.0:80 is not a loopback address; without TLS "
					      "Tocsin listens at 127.0.0.1 or [::1] "
					      "only");
}

static void times_say_where_they_stand(void **state)
{
	struct config c;
	char expected[512];
	struct err e;

	(void)state;
	file_is("\nzone = Asia/Nowhere\n");
	reads(&c, ARGS("--config", path));
	assert_int_equal(-1, config_times(&c, &e));
	snprintf(expected, sizeof(expected),
		"%s:2: zone: time zone \"Asia/Nowhere\" is not in tzdata (/usr/share/zoneinfo)", path);
	assert_string_equal(expected, e.text);
	config_fini(&c);
	reads(&c, ARGS("--clock", "virtual:then"));
	assert_int_equal(-1, config_times(&c, &e));
	assert_string_equal("--clock: \"then\" is not a time such as 2026-09-22T10:00+08:00", e.text);
	config_fini(&c);
	reads(&c, ARGS("--clock", "virtual:2026-09-22T10:00"));
	assert_int_equal(0, config_times(&c, &e));
	assert_true(c.is_virtual && c.virtual_ms == 1790042400000);
	config_fini(&c);
}

static void numbers_print_as_short_as_exact(void **state)
{
	char out[CONFIG_NUMBER_LEN];

	(void)state;
	assert_string_equal("64MiB", config_size_text(64 * 1024 * 1024, out));
	assert_string_equal("1GiB", config_size_text(1024 * 1024 * 1024, out));
	assert_string_equal("1025B", config_size_text(1025, out));
	assert_string_equal("0B", config_size_text(0, out));
	assert_string_equal("1500ms", config_duration_text(1500, out));
	assert_string_equal("10m", config_duration_text(600000, out));
	assert_string_equal("1d", config_duration_text(86400000, out));
}

/* Every key of the table has a default that its own type takes, and the sample reads back as what was set. */
static void the_sample_reads_back(void **state)
{
	struct config c, again;
	FILE *f;

	(void)state;
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		int64_t number;
		struct err e;

		assert_true(config_keys[i].help[0] != '\0');
		if (config_keys[i].value[0] != '\0')
			assert_int_equal(0, config_value(&config_keys[i], config_keys[i].value, &number, &e));
	}
	file_is("");
	reads(&c,
		ARGS("--data", "/d", "--user", "alice agent", "--user", "bob auditor", "--connections", "7"));
	f = fopen(path, "we");
	assert_non_null(f);
	config_print(&c, f);
	fclose(f);
	reads(&again, ARGS("--config", path));
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		assert_int_equal(c.settings[i].is_given, again.settings[i].is_given);
		assert_int_equal(c.settings[i].n, again.settings[i].n);
		assert_int_equal(c.settings[i].number, again.settings[i].number);
		for (uint32_t n = 0; n < c.settings[i].n; n++)
			assert_string_equal(c.settings[i].texts[n], again.settings[i].texts[n]);
	}
	config_fini(&c);
	config_fini(&again);
}

static void note(void *udata, const struct config_key *k, const char *before, const char *after)
{
	char *out = udata;

	snprintf(out + strlen(out), 256, "%s: %s -> %s\n", k->name, before, after);
}

static void differences_by_when_they_count(void **state)
{
	struct config a, b;
	char out[1024] = "";

	(void)state;
	reads(&a, ARGS("--data", "/a", "--user", "x agent"));
	reads(&b, ARGS("--data", "/b", "--user", "x agent", "--user", "y auditor", "--log-level", "warn"));
	config_compare(&a, &b, true, note, out);
	assert_string_equal("user: x agent -> x agent, y auditor\nlog-level: info -> warn\n", out);
	out[0] = '\0';
	config_compare(&a, &b, false, note, out);
	assert_string_equal("data: /a -> /b\nlisten: unix:/a/tocsin.sock -> unix:/b/tocsin.sock\n", out);
	config_fini(&a);
	config_fini(&b);
}

static void actions(void **state)
{
	struct config c;

	(void)state;
	reads(&c, ARGS("--help"));
	assert_int_equal(CONFIG_DO_HELP, c.action);
	config_fini(&c);
	reads(&c, ARGS("-h"));
	assert_int_equal(CONFIG_DO_HELP, c.action);
	config_fini(&c);
	reads(&c, ARGS("--data", "/x", "--check-config"));
	assert_int_equal(CONFIG_DO_CHECK, c.action);
	config_fini(&c);
}

static void local_users(void **state)
{
	struct local_user u;
	struct err e;

	(void)state;
	assert_int_equal(0, user_parse("uid:1001 adapter+gateway", &u, &e));
	assert_true(u.has_uid && u.uid == 1001 && u.is_gateway && u.roles == ROLE_ADAPTER);
	assert_int_equal(0, user_parse("alice  agent", &u, &e));
	assert_string_equal("alice", u.name);
	assert_true(!u.has_uid && !u.is_gateway && u.roles == ROLE_AGENT);
	assert_int_equal(-1, user_parse("alice agent more", &u, &e));
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(the_file_is_read),
		cmocka_unit_test(the_command_line_wins),
		cmocka_unit_test(errors_of_the_file),
		cmocka_unit_test(errors_of_the_command_line),
		cmocka_unit_test(times_say_where_they_stand),
		cmocka_unit_test(numbers_print_as_short_as_exact),
		cmocka_unit_test(the_sample_reads_back),
		cmocka_unit_test(differences_by_when_they_count),
		cmocka_unit_test(actions),
		cmocka_unit_test(local_users),
	};

	return cmocka_run_group_tests(tests, make_file, remove_file);
}
