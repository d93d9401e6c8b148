/*
 * The daemon's settings. One table of keys gives the command line, the config file, --help, --help-config,
 * the sample of --print-config and the manual pages.
 *
 * Texts belong to the config and live until config_fini.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tocsin/buf.h"
#include "tocsin/clock.h"
#include "tocsin/err.h"
#include "tocsin/util.h"

/* CONFIG_TYPE(name, the word for a value, what is expected as errors say it) */
#define CONFIG_TYPES(T)                                                                                      \
	T(PATH, "PATH", "a path", "路径")                                                                    \
	T(ADDRESS, "ADDR", "tcp:HOST:PORT or unix:PATH", "tcp:HOST:PORT 或 unix:PATH")                       \
	T(HOST, "HOST:PORT", "HOST:PORT of this machine, such as 127.0.0.1:8080",                            \
		"本机的 HOST:PORT，例如 127.0.0.1:8080")                                                     \
	T(CLOCK, "CLOCK", "real or virtual:ISO8601, such as virtual:2026-09-22T10:00",                       \
		"real 或 virtual:ISO8601，例如 virtual:2026-09-22T10:00")                                    \
	T(ZONE, "ZONE", "a time zone of tzdata, such as Asia/Shanghai", "tzdata 的时区，例如 Asia/Shanghai") \
	T(LEVEL, "LEVEL", "debug, info, warn or error", "debug、info、warn 或 error")                        \
	T(COUNT, "N", "an integer", "整数")                                                                  \
	T(DURATION, "TIME", "a duration such as 500ms, 10s or 5m", "500ms、10s、5m 这样的时长")              \
	T(SIZE, "SIZE", "a size such as 512KiB, 64MiB or 2GiB", "512KiB、64MiB、2GiB 这样的大小")            \
	T(USER, "NAME ROLE", "a local user and a role, such as `alice agent` or `uid:1001 adapter+gateway`", \
		"本机用户和角色，例如 `alice agent` 或 `uid:1001 adapter+gateway`")

enum config_type {
#define T(name, word, expected, expected_zh) CONFIG_##name,
	CONFIG_TYPES(T)
#undef T
		N_CONFIG_TYPES
};

enum config_flags {
	CONFIG_MANY = 1,   /* may be given more than once */
	CONFIG_RELOAD = 2, /* takes effect on a reload; the others need a restart */
};

#define KIB_(n) (INT64_C(n) * 1024)
#define MIB_(n) (INT64_C(n) * 1024 * 1024)
#define GIB_(n) (INT64_C(n) * 1024 * 1024 * 1024)

/* KEY(id, name, type, default, min, max, flags, help); "" is no default: the help says what then counts. */
#define CONFIG_KEYS(KEY)                                                                                     \
	KEY(DATA, "data", PATH, "./data", 0, 0, 0, "directory of the store; made when it is missing")        \
	KEY(RULES, "rules", PATH, "", 0, 0, 0, "folder of the pack that decides; else the default pack")     \
	KEY(SHARE, "share", PATH, "", 0, 0, 0,                                                               \
		"folder of the words (lib/) and the default pack; else the one this program came with")      \
	KEY(LISTEN, "listen", ADDRESS, "", 0, 0, CONFIG_MANY,                                                \
		"where clients connect; else unix:DATA/tocsin.sock")                                         \
	KEY(HTTP, "http", HOST, "", 0, 0, 0,                                                                 \
		"where the gateway takes JSON over HTTP, on loopback; else nowhere")                         \
	KEY(USER, "user", USER, "", 0, 0, CONFIG_MANY | CONFIG_RELOAD,                                       \
		"a local user's role on the Unix socket, ROLE or ROLE+gateway; root and the daemon's owner " \
		"are admin")                                                                                 \
	KEY(LOG_LEVEL, "log-level", LEVEL, "info", 0, 0, CONFIG_RELOAD, "lines below this are not logged")   \
	KEY(CLOCK, "clock", CLOCK, "real", 0, 0, 0,                                                          \
		"where time comes from; a virtual clock stands still until clock.advance")                   \
	KEY(ZONE, "zone", ZONE, ZONE_DEFAULT, 0, 0, 0, "time zone of civil rules: days, hours, holidays")    \
	KEY(CONNECTIONS, "connections", COUNT, "4096", 1, 100000, CONFIG_RELOAD,                             \
		"connections at once; further ones are answered busy")                                       \
	KEY(FRAME_TIMEOUT, "frame-timeout", DURATION, "10s", 100, 600000, CONFIG_RELOAD,                     \
		"a message that began must be whole by then")                                                \
	KEY(HELLO_TIMEOUT, "hello-timeout", DURATION, "5s", 100, 600000, CONFIG_RELOAD,                      \
		"a stranger must have said session.hello by then")                                           \
	KEY(STALL_TIMEOUT, "stall-timeout", DURATION, "10s", 100, 600000, CONFIG_RELOAD,                     \
		"a client that fetches nothing of what waits for it is dropped after this")                  \
	KEY(MEMORY_TABLE, "memory-table", SIZE, "64MiB", MIB_(1), GIB_(16), 0,                               \
		"changes kept in memory before a checkpoint writes them to the tables")                      \
	KEY(MEMORY_AGE, "memory-age", DURATION, "30s", 100, 86400000, 0,                                     \
		"the same by time: a checkpoint begins at least this often")                                 \
	KEY(MEMORY_LIMIT, "memory-limit", SIZE, "256MiB", MIB_(2), GIB_(64), 0,                              \
		"changes in memory that stop reading from clients until a checkpoint is done")               \
	KEY(JOURNAL_LIMIT, "journal-limit", SIZE, "8MiB", KIB_(256), GIB_(1), 0,                             \
		"bytes waiting for the disk that stop reading from clients")                                 \
	KEY(JOURNAL_SEGMENT, "journal-segment", SIZE, "16MiB", MIB_(1), GIB_(1), 0,                          \
		"size of one file of the journal; three are always there")                                   \
	KEY(TABLES_SPACE, "tables-space", SIZE, "64GiB", MIB_(64), GIB_(16384), 0,                           \
		"address space of the tables, so the most they can grow to; costs nothing until used")

enum config_id {
#define KEY(id, name, type, value, min, max, flags, help) CONFIG_KEY_##id,
	CONFIG_KEYS(KEY)
#undef KEY
		N_CONFIG_KEYS
};

struct config_key {
	const char *name;
	const char *value; /* default */
	const char *help;
	int64_t min, max; /* of COUNT, DURATION (ms), SIZE (bytes) */
	enum config_type type;
	uint32_t flags;
};
extern const struct config_key config_keys[N_CONFIG_KEYS];

/* What one key is set to: by default, file or command line. */
struct setting {
	const char **texts;
	uint32_t n;        /* of texts; 0 only without a default */
	bool is_given;     /* not by default */
	bool is_argument;  /* by the command line */
	int64_t number;    /* of COUNT, DURATION, SIZE, LEVEL (enum log_level) */
	const char *where; /* the last one: "FILE:LINE" or "--log-level", "" by default */
};

/* ACTION(name, option, help): options that print something and end the program; "" is for the build alone. */
#define CONFIG_ACTIONS(ACTION)                                                                               \
	ACTION(HELP, "help", "this text")                                                                    \
	ACTION(HELP_CONFIG, "help-config", "every key with its type, default and when it takes effect")      \
	ACTION(PRINT, "print-config", "a commented config file with what is set now")                        \
	ACTION(CHECK, "check-config", "say whether the settings are right: exit 0, or 64 with the reason")   \
	ACTION(METHODS, "methods", "the table of methods, in Markdown")                                      \
	ACTION(VERSION, "version", "versions of this program and of the libraries it found")                 \
	ACTION(MAN_OPTIONS, "man-options", "")                                                               \
	ACTION(MAN_KEYS, "man-keys", "")

enum config_action {
	CONFIG_SERVE,
#define ACTION(name, option, help) CONFIG_DO_##name,
	CONFIG_ACTIONS(ACTION)
#undef ACTION
};

struct config {
	struct arena arena;
	struct setting settings[N_CONFIG_KEYS];
	const char *file; /* of --config, or NULL */
	enum config_action action;
	bool is_virtual;
	int64_t virtual_ms;
};

/*
 * Command line over config file (`--config FILE`) over defaults; the words that end the program (--help, …)
 * set `action`. A list on the command line replaces the file's. 0, or -1 with ERR_BAD_REQUEST:
 * `FILE:LINE: key "lisen" is unknown (did you mean "listen"?)` or `--lisen: no such option (…)`.
 */
int config_read(struct config *, int argc, char **argv, struct err *e) MUST_CHECK;
/* Take the zone as the process zone and read --clock in it. Before threads. */
int config_times(struct config *, struct err *e) MUST_CHECK;
void config_fini(struct config *);

/* The (last) text of a key; never NULL after config_read, but "" for a key without default that is not given.
 */
const char *config_text(const struct config *, enum config_id);
int64_t config_number(const struct config *, enum config_id);

/*
 * The settings that differ between two readings, in the table's order, are handed to `changed`: either those
 * that a reload takes, or those that need a restart. Lists are joined by ", ".
 */
void config_compare(const struct config *before, const struct config *after, bool is_reloadable,
	void (*changed)(void *udata, const struct config_key *, const char *before, const char *after),
	void *udata);

/* ---- config_value.c ------------------------------------------------------------------------------------ */
/* One value of a key, checked: 0 and *number where the type has one, or -1 with "expected …" as text. */
int config_value(const struct config_key *, const char *text, int64_t *number, struct err *e) MUST_CHECK;
/* "512KiB", "10s": as short as it can be said exactly. Returns out. */
#define CONFIG_NUMBER_LEN UNIT_TEXT_LEN
char *config_size_text(int64_t bytes, char out[CONFIG_NUMBER_LEN]);
char *config_duration_text(int64_t ms, char out[CONFIG_NUMBER_LEN]);
/* What a key's value looks like, with its range: "a duration such as 10s, from 100ms to 10m". Returns out. */
#define CONFIG_EXPECTED_LEN 160
char *config_expected(const struct config_key *, enum lang, char out[CONFIG_EXPECTED_LEN]);

/* ---- config_text.c ------------------------------------------------------------------------------------- */
void config_help(FILE *);
/* Every key with type, default, whether a reload takes it, and help. */
void config_help_keys(FILE *);
/* A commented sample; settings that were given stand uncommented, so that it reads back as what is. */
void config_print(const struct config *, FILE *);
/* The same tables for the manual pages (roff). */
void config_man_options(FILE *);
void config_man_keys(FILE *);
