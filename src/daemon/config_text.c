/* What people read of the table of keys: --help, --help-config, the sample, the manual pages. */
#include <string.h>

#include "config.h"
#include "tocsin/roff.h"

static const char *const value_words[] = {
#define T(name, word, expected, expected_zh) word,
	CONFIG_TYPES(T)
#undef T
};

/* The options that are no keys; those for the build alone are not shown. */
static const struct {
	const char *usage, *help;
} options[] = {{"config FILE", "read settings from FILE; the command line wins over it"},
#define ACTION(name, option, help) {option, help},
	CONFIG_ACTIONS(ACTION)
#undef ACTION
};
#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

static void print_option(FILE *f, const char *name, const char *help, const char *value)
{
	fprintf(f, "  --%-24s %s%s%s%s\n", name, help, value[0] == '\0' ? "" : " (", value,
		value[0] == '\0' ? "" : ")");
}

void config_help(FILE *f)
{
	fprintf(f, "Usage: tocsind [--config FILE] [--KEY VALUE]...\n\n");
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options[i].help[0] != '\0')
			print_option(f, options[i].usage, options[i].help, "");
	fprintf(f, "\nKeys, here as options or in the file as `key = value`:\n");
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		const struct config_key *k = &config_keys[i];
		char name[64];

		snprintf(name, sizeof(name), k->type == CONFIG_USER ? "%s '%s'" : "%s %s", k->name,
			value_words[k->type]);
		print_option(f, name, k->help, k->value);
	}
	fprintf(f,
		"\nSIGHUP reloads settings and rules, SIGTERM finishes the turn and ends.\n"
		"Exit: 0 ended as asked, 1 could not start, 64 wrong settings, 74 the journal was lost.\n");
}

static const char *effect(const struct config_key *k)
{
	return k->flags & CONFIG_RELOAD ? "reload" : "restart";
}

void config_help_keys(FILE *f)
{
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		const struct config_key *k = &config_keys[i];
		char expected[CONFIG_EXPECTED_LEN];

		fprintf(f, "%s%s\n    %s\n    expects: %s\n    default: %s\n    takes effect: %s\n", k->name,
			k->flags & CONFIG_MANY ? " (may repeat)" : "", k->help,
			config_expected(k, LANG_EN, expected), k->value[0] == '\0' ? "none" : k->value,
			k->flags & CONFIG_RELOAD ? "on a reload" : "on a restart");
	}
}

void config_print(const struct config *c, FILE *f)
{
	fprintf(f,
		"# Settings of tocsind, one `key = value` a line; a line that begins with # says nothing.\n"
		"# tocsind --config THIS --check-config checks them. SIGHUP, or `tocsin rules reload`, "
		"takes\n"
		"# those marked (reload); the others need a restart. See tocsin.conf(5).\n");
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		const struct config_key *k = &config_keys[i];
		const struct setting *s = &c->settings[i];
		char expected[CONFIG_EXPECTED_LEN];

		fprintf(f, "\n# %s (%s%s)\n# %s\n", k->help, effect(k),
			k->flags & CONFIG_MANY ? ", may repeat" : "", config_expected(k, LANG_EN, expected));
		for (uint32_t n = 0; s->is_given && n < s->n; n++)
			fprintf(f, "%s = %s\n", k->name, s->texts[n]);
		if (!s->is_given)
			fprintf(f, "#%s = %s\n", k->name,
				k->value[0] == '\0' ? value_words[k->type] : k->value);
	}
}

/* ---- roff ---------------------------------------------------------------------------------------------- */
static void man_option(FILE *f, const char *name, const char *value, const char *help)
{
	char tag[64];

	snprintf(tag, sizeof(tag), "--%s", name);
	roff_item(f, tag, value, help);
}

void config_man_options(FILE *f)
{
	for (size_t i = 0; i < N_OPTIONS; i++)
		if (options[i].help[0] != '\0')
			man_option(f, options[i].usage, "", options[i].help);
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		const struct config_key *k = &config_keys[i];

		man_option(f, k->name, value_words[k->type], k->help);
	}
}

void config_man_keys(FILE *f)
{
	for (int i = 0; i < N_CONFIG_KEYS; i++) {
		const struct config_key *k = &config_keys[i];
		char expected[CONFIG_EXPECTED_LEN];

		roff_item(f, k->name, value_words[k->type], k->help);
		fputs("Expects ", f);
		roff_text(f, config_expected(k, LANG_EN, expected));
		fputs(".\n", f);
		if (k->value[0] != '\0') {
			fputs("Default: ", f);
			roff_text(f, k->value);
			fputs(".\n", f);
		}
		fprintf(f, "Takes effect on a %s%s.\n", effect(k),
			k->flags & CONFIG_MANY ? "; may be given more than once" : "");
	}
}
