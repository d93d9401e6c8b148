/*
 * Completion from the commands' own usage lines: in `add NAME ROLE [--data DIR]` a lower-case word stands for
 * itself, a word in capitals for what `sources` knows; ` | ` divides alternatives.
 */
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"
#include "tocsin/rpc.h"

#define TOKENS_MAX 32

struct completion {
	struct cli *cli;
	const char *current;
	const char *method; /* whose arguments are wanted */
};

static void offer(const struct completion *c, const char *word)
{
	if (strncmp(word, c->current, strlen(c->current)) == 0)
		printf("%s\n", word);
}

/* ---- what words in capitals stand for ------------------------------------------------------------------ */
static void offer_methods(const struct completion *c)
{
	struct err e;

	if (methods_fetch(c->cli, &e) != 0)
		return;
	for (uint32_t i = 0; i < c->cli->methods.n; i++)
		offer(c, value_cstr(&c->cli->arena, value_get(&c->cli->methods.as.items[i], "name")));
}

static void offer_arguments(const struct completion *c)
{
	const struct value *method = NULL, *args;
	struct arena *a = &c->cli->arena;
	struct err e;

	if (c->method == NULL || methods_fetch(c->cli, &e) != 0)
		return;
	for (uint32_t i = 0; i < c->cli->methods.n && method == NULL; i++)
		if (strcmp(value_cstr(a, value_get(&c->cli->methods.as.items[i], "name")), c->method) == 0)
			method = &c->cli->methods.as.items[i];
	args = method == NULL ? NULL : value_get(method, "args");
	for (uint32_t i = 0; args != NULL && i < args->n; i++)
		offer(c, arena_printf(a, "%s=", value_cstr(a, value_get(&args->as.items[i], "name"))));
}

static void offer_roles(const struct completion *c)
{
#define ROLE(name, wire, help) offer(c, wire);
	ROLES(ROLE)
#undef ROLE
}

static const struct source {
	const char *word;
	void (*offer)(const struct completion *);
} sources[] = {{"METHOD", offer_methods}, {"ROLE", offer_roles}, {"key=value", offer_arguments}};

static bool is_literal(const char *token)
{
	return token[strspn(token, "abcdefghijklmnopqrstuvwxyz_")] == '\0';
}

static void offer_token(const struct completion *c, const char *token)
{
	if (is_literal(token))
		offer(c, token);
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(token, sources[i].word) == 0)
			sources[i].offer(c);
}

/* ---- usage lines --------------------------------------------------------------------------------------- */
struct usage_line {
	const char *tokens[TOKENS_MAX];
	uint32_t n;
};

static void usage_split(struct arena *a, const char *args, struct usage_line *out)
{
	char *text = arena_text(a, args, strlen(args)), *save = NULL;

	out->n = 0;
	for (char *t = strtok_r(text, " []", &save); t != NULL && out->n < TOKENS_MAX;
		t = strtok_r(NULL, " []", &save))
		out->tokens[out->n++] = t;
}

/* The word for an option's value, NULL where it takes none or is unknown. */
static const char *option_value(const struct usage_line *u, const char *option)
{
	for (uint32_t i = 0; i + 1 < u->n; i++)
		if (strcmp(u->tokens[i], option) == 0 && strncmp(u->tokens[i + 1], "--", 2) != 0)
			return u->tokens[i + 1];
	return NULL;
}

static void offer_options(const struct completion *c, const struct usage_line *u)
{
	for (uint32_t i = 0; i < u->n; i++)
		if (strncmp(u->tokens[i], "--", 2) == 0)
			offer(c, u->tokens[i]);
	offer(c, "--help");
}

/* "ndjson|csv": each of them. */
static void offer_values(const struct completion *c, const char *value)
{
	char *text = arena_text(&c->cli->arena, value, strlen(value)), *save = NULL;

	for (char *t = strtok_r(text, "|", &save); t != NULL; t = strtok_r(NULL, "|", &save))
		offer_token(c, t);
}

/* One alternative's token at the place behind the given words, if these fit it; a list goes on for ever. */
static void offer_alternative(const struct completion *c, const struct usage_line *u, uint32_t from,
	uint32_t to, char **words, int n_words)
{
	int place = 0;

	for (uint32_t i = from; i < to && strncmp(u->tokens[i], "--", 2) != 0; i++) {
		const char *token = u->tokens[i];

		if (strcmp(token, "...") == 0)
			continue;
		if (place < n_words && strchr(token, '=') == NULL) {
			if (is_literal(token) && strcmp(token, words[place]) != 0)
				return;
			place++;
			continue;
		}
		offer_token(c, token);
		if (place == n_words)
			return;
	}
}

static void offer_words(const struct completion *c, const struct usage_line *u, char **words, int n_words)
{
	uint32_t from = 0;

	for (uint32_t i = 0; i <= u->n; i++)
		if (i == u->n || strcmp(u->tokens[i], "|") == 0) {
			offer_alternative(c, u, from, i, words, n_words);
			from = i + 1;
		}
}

static void complete_command(struct completion *c, const struct command *k, char **words, int n)
{
	struct usage_line u;
	const char *value = NULL;
	int kept = 0;

	usage_split(&c->cli->arena, k->args, &u);
	for (int i = 0; i < n; i++) {
		value = option_value(&u, words[i]);
		if (strncmp(words[i], "--", 2) != 0)
			words[kept++] = words[i];
		else if (value != NULL && i + 1 < n)
			i++, value = NULL;
	}
	if (value != NULL && n > 0 && strncmp(words[n - 1], "--", 2) == 0) {
		offer_values(c, value);
		return;
	}
	if (c->current[0] == '-') {
		offer_options(c, &u);
		return;
	}
	c->method = strcmp(k->name, "new") == 0 ? "ticket.create" : kept > 0 ? words[0] : NULL;
	offer_words(c, &u, words, kept);
}

/* ---- the whole line ------------------------------------------------------------------------------------ */
/* Options before the command; returns how many words they took, or -1 when the last one's value is wanted. */
static int skip_globals(struct cli *c, int n, char **words)
{
	int i = 0;

	while (i < n && strncmp(words[i], "--", 2) == 0) {
		const char **to = strcmp(words[i], "--server") == 0       ? &c->server
				  : strcmp(words[i], "--token-file") == 0 ? &c->token_file
									  : NULL;

		if (to == NULL) {
			i++;
			continue;
		}
		if (i + 1 >= n)
			return -1;
		*to = words[i + 1];
		i += 2;
	}
	return i;
}

static void complete_first(const struct completion *c, const struct command *const *all, uint32_t n_all)
{
	if (c->current[0] == '-') {
		for (const struct global_option *o = global_options; o->name != NULL; o++)
			offer(c, o->name);
		return;
	}
	for (uint32_t i = 0; i < n_all; i++)
		offer(c, all[i]->name);
}

int complete(struct cli *cli, int argc, char **argv)
{
	const struct command *all[N_COMMANDS_MAX];
	uint32_t n_all = commands_all(all);
	struct completion c = {.cli = cli, .current = argc == 0 ? "" : argv[argc - 1]};
	int n = argc == 0 ? 0 : argc - 1, first = skip_globals(cli, n, argv);

	if (first < 0)
		return 0;
	arena_init(&cli->arena, 0);
	if (first == n)
		complete_first(&c, all, n_all);
	for (uint32_t i = 0; first < n && i < n_all; i++)
		if (strcmp(all[i]->name, argv[first]) == 0)
			complete_command(&c, all[i], argv + first + 1, n - first - 1);
	client_close(&cli->client);
	arena_fini(&cli->arena);
	return 0;
}
