/* Options of commands, without state between calls. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli_int.h"
#include "tocsin/rpc.h"
#include "tocsin/util.h"

static const struct option_spec *spec_find(const struct option_spec *specs, const char *word, size_t n)
{
	for (; specs->name != NULL; specs++)
		if (strlen(specs->name) == n && memcmp(specs->name, word, n) == 0)
			return specs;
	return NULL;
}

static int unknown(const struct option_spec *specs, const char *word, struct err *e)
{
	const char *names[16];
	size_t n = 0;

	for (; specs[n].name != NULL && n < 16; n++)
		names[n] = specs[n].name;
	usage(e, "unknown option \"%.60s\"", word);
	return cli_hint(e, nearest_word(word, names, n), EXIT_WRONG_USAGE);
}

/* Uses argv[i] and perhaps argv[i + 1]; returns how many, or -1. */
static int take_one(char **argv, int i, int argc, const struct option_spec *specs, struct err *e)
{
	const char *equals = strchr(argv[i], '=');
	size_t n = equals == NULL ? strlen(argv[i]) : (size_t)(equals - argv[i]);
	const struct option_spec *s = spec_find(specs, argv[i], n);

	if (s == NULL) {
		unknown(specs, argv[i], e);
		return -1;
	}
	if (s->flag != NULL) {
		*s->flag = true;
		if (equals != NULL)
			usage(e, "%s takes no value", s->name);
		return equals == NULL ? 1 : -1;
	}
	if (equals == NULL && i + 1 >= argc) {
		usage(e, "%s needs a value", s->name);
		return -1;
	}
	*s->value = equals != NULL ? equals + 1 : argv[i + 1];
	return equals != NULL ? 1 : 2;
}

int options_take(int *argc, char **argv, const struct option_spec *specs, struct err *e)
{
	int kept = 0, i = 0;

	while (i < *argc && strcmp(argv[i], "--") != 0) {
		int used;

		if (strncmp(argv[i], "--", 2) != 0) {
			argv[kept++] = argv[i++];
			continue;
		}
		used = take_one(argv, i, *argc, specs, e);
		if (used < 0)
			return EXIT_WRONG_USAGE;
		i += used;
	}
	for (i += i < *argc; i < *argc; i++)
		argv[kept++] = argv[i];
	*argc = kept;
	return 0;
}

int option_int(const char *name, const char *text, int64_t min, int64_t max, int64_t *out, struct err *e)
{
	char *end;
	long long v;

	errno = 0;
	v = strtoll(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || v < min || v > max)
		return usage(e, "%s must be an integer from %jd to %jd, not \"%.60s\"", name, (intmax_t)min,
			(intmax_t)max, text);
	*out = v;
	return 0;
}

int option_id(const char *text, int64_t *out, struct err *e)
{
	return option_int("ID", text, 1, ID_MAX, out, e);
}

int option_lang(struct cli *c, int *argc, char **argv, struct err *e)
{
	int kept = 0, i = 0;

	for (; i < *argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--lang=", 7) == 0)
			c->lang = argv[i] + 7;
		else if (strcmp(argv[i], "--lang") == 0 && i + 1 < *argc)
			c->lang = argv[++i];
		else
			argv[kept++] = argv[i];
	}
	for (; i < *argc; i++)
		argv[kept++] = argv[i];
	*argc = kept;
	return cli_check_lang(c, e);
}
