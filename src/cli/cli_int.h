/* What the commands of `tocsin` share: the session, options, typed arguments, tables, the list of commands.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "client/client.h"

#define EXIT_WRONG_USAGE 2

struct cli {
	const char *server; /* "unix:PATH" or "tcp:HOST:PORT" */
	const char *token_file;
	const char *lang; /* "zh", "en" or NULL: by the environment */
	bool is_json, wants_version;
	bool is_open;
	bool keeps_zone;    /* times are of this program's zone, not of the daemon's */
	struct arena arena; /* lives until the command is over */
	struct client client;
	struct value methods; /* answer of rpc.methods, nil until it is needed */
};

struct command {
	const char *name;
	const char *args;
	const char *help; /* one line */
	const char *more; /* paragraphs of --help, or NULL */
	/* argv[0] is the first argument. 0; 1 with everything said; -1 with *e; EXIT_WRONG_USAGE with *e. */
	int (*run)(struct cli *, int argc, char **argv, struct err *e);
};

/* One group a file. */
extern const struct command commands_call[], commands_ticket[], commands_explain[], commands_watch[],
	commands_rules[], commands_admin[], commands_top[], commands_now[], commands_offline[],
	commands_export[], commands_import[], commands_detect[], commands_drop[], commands_hook[],
	commands_warn[], commands_cases[], commands_report[], commands_drill[];

#define N_COMMANDS_MAX 64
/* All of them, in the order of --help; returns how many. */
uint32_t commands_all(const struct command *out[N_COMMANDS_MAX]);

/* Options before the command; {NULL} ends. */
struct global_option {
	const char *name, *value, *help; /* "--server", "ADDR" or "", … */
};
extern const struct global_option global_options[];

/* ---- complete.c, man.c --------------------------------------------------------------------------------- */
/*
 * For shells: what may stand for the last of the words behind `tocsin`, one a line. Asks the daemon where
 * only it knows (methods, their arguments); prints nothing when it cannot. 0.
 */
int complete(struct cli *, int argc, char **argv);
/* Options and commands for tocsin(1). */
void man_commands(FILE *);

/* ---- main.c -------------------------------------------------------------------------------------------- */
/* Fill *e and return EXIT_WRONG_USAGE. */
int usage(struct err *e, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Append ` (did you mean "word"?)` unless word is NULL. Returns rc. */
int cli_hint(struct err *e, const char *word, int rc);
/* Connect unless connected, and take the daemon's zone as that of all times shown. 0, or -1. */
int cli_open(struct cli *, struct err *e) MUST_CHECK;
/* client_call on the open connection, result in the cli's arena. */
int cli_call(struct cli *, const char *method, const struct value *args, struct value *result,
	struct err *e) MUST_CHECK;
/* The token of --token-file, NULL without one. 0, or -1. */
int cli_token(struct cli *, const char **token, struct err *e) MUST_CHECK;
/* What people read: Chinese by --lang or $LANG, else English. */
bool cli_is_zh(const struct cli *);
const char *cli_say(const struct cli *, const char *en, const char *zh);
/* What stands in texts.c for it, in the reader's language; English with --json, since programs read that. */
const char *tr(const char *en) __attribute__((format_arg(1)));
/* Whether what is printed for people is Chinese. */
bool cli_reads_zh(void);
/* The language to ask the daemon for: "zh", "en", NULL for --json. */
const char *cli_lang(const struct cli *);
/* What an error says in that language. */
const char *cli_said(const struct err *);
/* Whether --lang is a language we speak: 0 or EXIT_WRONG_USAGE. */
int cli_check_lang(const struct cli *, struct err *e) MUST_CHECK;
/* What takes a while, on stderr if that is a terminal; NULL takes it away again. */
void cli_progress(const char *what);
/* "tocsin: CODE: message (argument …)" on stderr. */
void cli_complain(const struct cli *, const struct err *e);

/* ---- texts.c, texts_help.c ----------------------------------------------------------------------------- */
/* The Chinese of a message, itself where there is none. */
const char *text_zh(const char *en) __attribute__((format_arg(1)));
/* --help of a command or an option before it; a row of NULLs when it has none. */
struct text_help {
	const char *name, *help, *more; /* as in struct command */
};
const struct text_help *help_zh(const char *name);

/* ---- patient.c ----------------------------------------------------------------------------------------- */
/* A descriptor that is readable once the user wants to end (SIGINT, SIGTERM). */
int end_fd_open(void);
/* Whether that is so, waiting for it that long. */
bool is_ended(int end_fd, int64_t within_ms);
/* ms since 1970 UTC. */
int64_t wall_ms(void);

/* ---- options.c ----------------------------------------------------------------------------------------- */
/* One option: `flag` for one without a value, else `value`. The list ends with {NULL}. */
struct option_spec {
	const char *name; /* "--limit" */
	const char **value;
	bool *flag;
};
/* Take the options out of argv, wherever they stand ("--name value", "--name=value"; "--" ends them). 0 or
 * EXIT_WRONG_USAGE. */
int options_take(int *argc, char **argv, const struct option_spec *specs, struct err *e) MUST_CHECK;
/* Take --lang out of the words behind any command. 0 or EXIT_WRONG_USAGE. */
int option_lang(struct cli *, int *argc, char **argv, struct err *e) MUST_CHECK;
/* An integer in [min, max]: 0 or EXIT_WRONG_USAGE naming the option. */
int option_int(
	const char *name, const char *text, int64_t min, int64_t max, int64_t *out, struct err *e) MUST_CHECK;
/* A ticket's id: 0 or EXIT_WRONG_USAGE. */
int option_id(const char *text, int64_t *out, struct err *e) MUST_CHECK;

/* ---- arguments.c --------------------------------------------------------------------------------------- */
/*
 * Arguments of a call from `key=value` words, typed by the daemon's own table of methods; `a.b=text` goes
 * into the map a, `key:=JSON` is taken as JSON whatever the table says. One word that begins with `{` is the
 * whole map as JSON. Added to *args, which is a map.
 */
int arguments_take(struct cli *, const char *method, int argc, char **argv, struct value *args,
	struct err *e) MUST_CHECK;
/* What an action of a ticket asks for (act_data.c): `key=value` words by the pack's types of its data. */
int act_data_take(struct cli *, int64_t id, const char *action, int argc, char **argv, struct value *data,
	struct err *e) MUST_CHECK;
/* One text, typed as the table says for the argument (NULL: unknown, stays text). */
int argument_type(struct arena *, const struct value *arg, const char *name, const char *text,
	struct value *out, struct err *e) MUST_CHECK;
/* The table's entry of an argument, NULL if there is none; "a.b" is looked up as "a". */
const struct value *argument_find(const struct value *methods, const char *method, const char *name);
/* Fetch rpc.methods unless it is there. */
int methods_fetch(struct cli *, struct err *e) MUST_CHECK;
/* Set "a" or "a.b" (made on the way) in a map. -1 if a is there and no map. */
int value_set_path(
	struct arena *, struct value *map, const char *path, struct value val, struct err *e) MUST_CHECK;
/* Conditions of ticket.find: field=value, field>=value, <=, >, <; commas make a list. */
int where_take(struct cli *, int argc, char **argv, struct value *where, struct err *e) MUST_CHECK;

/* ---- cmd_explain.c ------------------------------------------------------------------------------------- */
/* Of a rule that did not fire: the first condition that did not hold, its value and what it wants. */
const char *why_not_shown(struct arena *, const struct value *rule);

/* ---- top_screen.c -------------------------------------------------------------------------------------- */
/* Lines of text: rates are those of the `seconds` between two answers of server.stats, "-" without `before`.
 */
/* ---- screen.c ------------------------------------------------------------------------------------------ */
/* Write what is to be seen. 0, or -1 with *e: a lost connection is tried again once it was there. */
typedef int screen_look(void *udata, FILE *out, struct err *e);
/* On the terminal, every so often, until q or ^C; any other key looks at once. 0, or -1. */
int screen_run(struct cli *, int64_t every_ms, screen_look *, void *udata, struct err *e) MUST_CHECK;

void top_print(FILE *, struct arena *, const struct value *before, const struct value *now, double seconds);

/* ---- json.c -------------------------------------------------------------------------------------------- */
/* 0, or -1 with line, column and reason. */
int json_parse(struct arena *, const char *text, size_t n, struct value *out, struct err *e) MUST_CHECK;
void json_print(FILE *, const struct value *); /* one line */

/* ---- table.c ------------------------------------------------------------------------------------------- */
#define TABLE_COLUMNS_MAX 12

struct text_table {
	struct arena *arena;
	uint32_t n_columns, n_cells, cap;
	const char **cells; /* the first n_columns are the headings */
};

/* Headings separated by |. A column whose heading begins with > is aligned right. */
void table_init(struct text_table *, struct arena *, const char *headings);
void table_cell(struct text_table *, const char *text); /* copied; NULL is empty */
void table_cellf(struct text_table *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void table_print(const struct text_table *, FILE *);
/* Columns a text takes on a terminal; Chinese characters take two. */
size_t text_columns(const char *text);
/* At most `columns` wide, "…" at the end if cut; line ends and control characters become blanks. */
const char *text_clip(struct arena *, struct slice text, size_t columns);
/* A value as people read it: text as it is, times of fields that are times as "2026-09-22 10:00:00+08:00",
 * the rest as JSON. */
const char *value_shown(struct arena *, const char *field, const struct value *);
const char *time_shown(struct arena *, int64_t at_ms);
const char *time_plain(struct arena *, int64_t at_ms);   /* the same without its offset */
const char *minute_shown(struct arena *, int64_t at_ms); /* "2026-09-22 10:00+08:00" */
bool value_is_time(const char *field, const struct value *, int64_t *at_ms);
bool field_is_time(const char *field);
/* A field of a map, as value_shown. */
const char *field_shown(struct cli *, const struct value *map, const char *key);
/* What {zh, en} says to the reader; `otherwise` where it says nothing. */
const char *label_shown(struct cli *, const struct value *both, const char *otherwise);
/* A level as people call it, by the catalog's `levels`; its name where that has none of it, or is NULL. */
const char *level_called(struct cli *, const struct value *levels, const char *name);
/* A warning's level as people read it, and that its case recovers (cmd_warn.c). */
const char *warning_level_shown(struct cli *, const struct value *warning);

/* ---- cmd_ticket.c -------------------------------------------------------------------------------------- */
/* Of an incident, in brief: its warning, numbers, script, suspects, effect (show_incident.c). 0, or -1: the
 * connection is lost. */
int show_incident(struct cli *, const struct value *id, struct err *e) MUST_CHECK;
/* FIELD and VALUE lines; a map inside becomes field.name lines. */
void map_print(struct arena *, const struct value *map);
