/* tocsin: the command line. Finds the command, lets it run, says what went wrong. */
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"
#include "tocsin/util.h"
#include "tocsin/version.h"
#include "tocsin/zh.h"

#define INSTALLED_SOCKET "/run/tocsin/tocsin.sock"

const struct global_option global_options[] = {
	{"--server", "ADDR",
		"where the daemon listens; else $TOCSIN_SERVER, else ./data/tocsin.sock, "
		"else " INSTALLED_SOCKET},
	{"--token-file", "FILE",
		"a file whose first line is the token (needed over TCP); else $TOCSIN_TOKEN_FILE"},
	{"--json", "", "print JSON for machines instead of tables"},
	{"--lang", "zh|en", "language of what people read; else by $LC_ALL, $LC_MESSAGES, $LANG"},
	{"--version", "", "the version of this program"},
	{"--help", "", "this text; after a command: that command's"},
	{NULL, NULL, NULL},
};

bool cli_is_zh(const struct cli *c)
{
	return c->lang != NULL ? strcmp(c->lang, "zh") == 0 : lang_environment() == LANG_ZH;
}

/* Programs read --json: for them nothing is translated. */
static enum lang lang_wanted(const struct cli *c)
{
	return c->is_json ? LANG_ANY : cli_is_zh(c) ? LANG_ZH : LANG_EN;
}

const char *cli_lang(const struct cli *c)
{
	enum lang lang = lang_wanted(c);

	return lang == LANG_ANY ? NULL : lang == LANG_ZH ? "zh" : "en";
}

/* Whose language `tr` speaks. */
static const struct cli *speaker;

bool cli_reads_zh(void)
{
	return speaker != NULL && lang_wanted(speaker) == LANG_ZH;
}

const char *tr(const char *en)
{
	return cli_reads_zh() ? text_zh(en) : en;
}

const char *cli_said(const struct err *e)
{
	size_t n;

	return err_said(e, cli_reads_zh() ? LANG_ZH : LANG_ANY, &n);
}

int usage(struct err *e, const char *format, ...)
{
	char text[sizeof(e->text)];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), tr(format), ap);
	va_end(ap);
	err_set(e, ERR_BAD_REQUEST, "%s", text);
	return EXIT_WRONG_USAGE;
}

int cli_hint(struct err *e, const char *word, int rc)
{
	size_t n = strlen(e->text);

	if (word != NULL)
		snprintf(e->text + n, sizeof(e->text) - n, tr(" (did you mean \"%s\"?)"), word);
	return rc;
}

/* ---- the connection ------------------------------------------------------------------------------------ */
int cli_token(struct cli *c, const char **token, struct err *e)
{
	char line[256] = "";
	FILE *f;

	*token = NULL;
	if (c->token_file == NULL)
		return 0;
	f = fopen(c->token_file, "re");
	if (f == NULL || fgets(line, sizeof(line), f) == NULL) {
		if (f != NULL)
			fclose(f);
		return err_set(e, ERR_UNAUTHENTICATED, tr("token file %s cannot be read or is empty"),
			c->token_file);
	}
	fclose(f);
	line[strcspn(line, " \t\r\n")] = '\0';
	*token = arena_text(&c->arena, line, strlen(line));
	return 0;
}

/*
 * Who we are, and in which zone times are shown: the daemon's. Without a token a daemon that does not know us
 * says no, and the method that is called then says so better; times are then shown in the zone of this
 * program.
 */
static int say_hello(struct cli *c, const char *token, struct err *e)
{
	struct value args = value_map(&c->arena, 3), result;
	const char *zone;
	struct err ignored;

	if (token != NULL)
		value_add(&c->arena, &args, "token", value_literal(token));
	value_add(&c->arena, &args, "client", value_literal("tocsin"));
	if (cli_lang(c) != NULL)
		value_add(&c->arena, &args, "lang", value_literal(cli_lang(c)));
	if (client_call(&c->client, &c->arena, "session.hello", &args, &result, e) != 0)
		return token == NULL && !c->client.is_lost ? 0 : -1;
	zone = value_cstr(&c->arena, value_get(&result, "zone"));
	if (!c->keeps_zone && zone != NULL && clock_zone_set(zone, &ignored) != 0)
		fprintf(stderr, tr("tocsin: times are shown in this machine's zone: %s\n"), ignored.text);
	return 0;
}

int cli_open(struct cli *c, struct err *e)
{
	const char *token;

	if (c->is_open)
		return 0;
	if (cli_token(c, &token, e) != 0)
		return -1;
	if (client_open(&c->client, c->server, -1, e) != 0 || say_hello(c, token, e) != 0) {
		client_close(&c->client);
		return -1;
	}
	c->is_open = true;
	return 0;
}

int cli_call(struct cli *c, const char *method, const struct value *args, struct value *result, struct err *e)
{
	if (cli_open(c, e) != 0)
		return -1;
	return client_call(&c->client, &c->arena, method, args, result, e);
}

const char *cli_say(const struct cli *c, const char *en, const char *zh)
{
	return cli_is_zh(c) ? zh : en;
}

int cli_check_lang(const struct cli *c, struct err *e)
{
	if (c->lang == NULL || strcmp(c->lang, "zh") == 0 || strcmp(c->lang, "en") == 0)
		return 0;
	return usage(e, "--lang must be zh or en, not \"%.40s\"", c->lang);
}

void cli_progress(const char *what)
{
	if (!isatty(STDERR_FILENO))
		return;
	if (what == NULL)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K%s", what);
	fflush(stderr);
}

void cli_complain(const struct cli *c, const struct err *e)
{
	fprintf(stderr, "tocsin: %s: %s", c->client.is_lost ? "unreachable" : err_name(e->code), cli_said(e));
	if (e->argument[0] != '\0' && e->value[0] != '\0')
		fprintf(stderr, tr(" (argument %s = %s)"), e->argument, e->value);
	else if (e->argument[0] != '\0')
		fprintf(stderr, tr(" (argument %s)"), e->argument);
	if (e->reason[0] != '\0')
		fprintf(stderr, " [%s]", e->reason);
	fputc('\n', stderr);
}

/* ---- commands ------------------------------------------------------------------------------------------ */
static const struct command *const groups[] = {commands_ticket, commands_explain, commands_cases,
	commands_warn, commands_report, commands_drill, commands_watch, commands_export, commands_import,
	commands_detect, commands_drop, commands_hook, commands_rules, commands_now, commands_top,
	commands_admin, commands_offline, commands_call};

uint32_t commands_all(const struct command *out[N_COMMANDS_MAX])
{
	uint32_t n = 0;

	for (size_t g = 0; g < sizeof(groups) / sizeof(groups[0]); g++)
		for (const struct command *k = groups[g]; k->name != NULL; k++) {
			must(n < N_COMMANDS_MAX);
			out[n++] = k;
		}
	return n;
}

static const char *help_of(const char *name, const char *en)
{
	return cli_is_zh(speaker) ? help_zh(name)->help : en;
}

static void print_help(FILE *out)
{
	const struct command *all[N_COMMANDS_MAX];
	uint32_t n = commands_all(all);

	fputs(tr("Usage: tocsin [--server unix:PATH|tcp:HOST:PORT] [--token-file FILE] [--json] COMMAND "
		 "...\n\n"),
		out);
	for (const struct global_option *o = global_options; o->name != NULL; o++)
		fprintf(out, "  %-12s %-5s %s\n", o->name, o->value, help_of(o->name, o->help));
	fputc('\n', out);
	for (uint32_t i = 0; i < n; i++)
		fprintf(out, "  %-9s %s\n", all[i]->name, help_of(all[i]->name, all[i]->help));
	fputs(tr("\n`tocsin COMMAND --help` says more. Exit: 0 done, 1 refused or failed, 2 wrong "
		 "usage.\n"),
		out);
}

static void print_command_help(FILE *out, const struct command *k)
{
	const char *more = cli_is_zh(speaker) ? help_zh(k->name)->more : k->more;

	fprintf(out, tr("Usage: tocsin %s %s\n"), k->name, k->args);
	fprintf(out, "\n%s%s\n", help_of(k->name, k->help), cli_say(speaker, ".", "。"));
	if (more != NULL)
		fprintf(out, "\n%s", more);
}

static int run_command(struct cli *c, const struct command *k, int argc, char **argv)
{
	struct err e = {.code = ERR_NONE};
	int rc;

	rc = option_lang(c, &argc, argv, &e);
	for (int i = 0; rc == 0 && i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0) {
			print_command_help(stdout, k);
			return 0;
		}
	if (rc == 0)
		rc = k->run(c, argc, argv, &e);
	if (rc < 0)
		cli_complain(c, &e);
	if (rc == EXIT_WRONG_USAGE) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		fprintf(stderr, tr("Usage: tocsin %s %s\n"), k->name, k->args);
	}
	if (fflush(stdout) != 0 && rc == 0)
		rc = -1;
	return rc < 0 ? 1 : rc;
}

static void no_command(const char *word, const char *meant, struct err *e)
{
	usage(e, "there is no command \"%.60s\"%s", word,
		meant == NULL ? tr("; tocsin --help lists all") : "");
	cli_hint(e, meant, -1);
}

static int find_and_run(struct cli *c, int argc, char **argv)
{
	const struct command *all[N_COMMANDS_MAX];
	const char *names[N_COMMANDS_MAX];
	uint32_t n = commands_all(all);
	struct err e;

	for (uint32_t i = 0; i < n; i++) {
		names[i] = all[i]->name;
		if (strcmp(argv[0], all[i]->name) == 0)
			return run_command(c, all[i], argc - 1, argv + 1);
	}
	no_command(argv[0], nearest_word(argv[0], names, n), &e);
	fprintf(stderr, "tocsin: %s\n", cli_said(&e));
	return EXIT_WRONG_USAGE;
}

/* Options before the command; returns how many words they took, or -1. */
static int take_globals(struct cli *c, int argc, char **argv, bool *wants_help, struct err *e)
{
	const struct option_spec specs[] = {{"--server", &c->server, NULL},
		{"--token-file", &c->token_file, NULL}, {"--lang", &c->lang, NULL},
		{"--json", NULL, &c->is_json}, {"--version", NULL, &c->wants_version},
		{"--help", NULL, wants_help}, {NULL, NULL, NULL}};
	int n = 0;

	while (n < argc && strncmp(argv[n], "--", 2) == 0) {
		bool has_value = strchr(argv[n], '=') == NULL &&
				 (strcmp(argv[n], "--server") == 0 || strcmp(argv[n], "--token-file") == 0 ||
					 strcmp(argv[n], "--lang") == 0);
		int used = has_value && n + 1 < argc ? 2 : 1, left = used;

		if (options_take(&left, argv + n, specs, e) != 0)
			return -1;
		n += used;
	}
	if (cli_check_lang(c, e) != 0)
		return -1;
	return n;
}

/* Where nothing is said: a daemon started here, else the installed one. */
static const char *default_server(void)
{
	return access("./data/tocsin.sock", F_OK) != 0 && access(INSTALLED_SOCKET, F_OK) == 0
		       ? "unix:" INSTALLED_SOCKET
		       : "unix:./data/tocsin.sock";
}

int main(int argc, char **argv)
{
	struct cli c = {.server = getenv("TOCSIN_SERVER"),
		.token_file = getenv("TOCSIN_TOKEN_FILE"),
		.client.fd = -1};
	bool wants_help = false;
	struct err e;
	int n, rc;

	speaker = &c;
	zh_speak();
	log_set_level(LOG_WARN); /* of the store's log, for commands that work on files */
	if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
		setlocale(LC_CTYPE, "C.UTF-8"); /* texts are UTF-8 wherever we run */
	if (c.server == NULL)
		c.server = default_server();
	if (argc > 1 && strcmp(argv[1], "--complete") == 0)
		return complete(&c, argc - 2, argv + 2);
	if (argc > 1 && strcmp(argv[1], "--man-commands") == 0) {
		man_commands(stdout);
		return 0;
	}
	n = take_globals(&c, argc - 1, argv + 1, &wants_help, &e);
	if (n < 0) {
		fprintf(stderr, "tocsin: %s\n", e.text);
		return EXIT_WRONG_USAGE;
	}
	if (c.wants_version) {
		printf("tocsin %s\n", TOCSIN_VERSION);
		return 0;
	}
	if (wants_help || n == argc - 1) {
		print_help(wants_help ? stdout : stderr);
		return wants_help ? 0 : EXIT_WRONG_USAGE;
	}
	arena_init(&c.arena, 0);
	rc = find_and_run(&c, argc - 1 - n, argv + 1 + n);
	client_close(&c.client);
	arena_fini(&c.arena);
	return rc;
}
