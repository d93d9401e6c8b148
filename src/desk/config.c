#include "config.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/util.h"

#ifndef PREFIX
#define PREFIX "/usr"
#endif
#define LINE_BYTES 4096

struct key {
	const char *name;
	size_t offset; /* of a char * in struct config; SIZE_MAX: listen */
	const char *value, *help;
};

static const struct key keys[] = {
	{"data", offsetof(struct config, data_dir), "./data", "directory of the store"},
	{"rules", offsetof(struct config, rules_dir), NULL,
		"folder of the pack that decides; default: the default pack"},
	{"share", offsetof(struct config, share_dir), NULL,
		"folder of the words (lib/) and the default pack"},
	{"listen", SIZE_MAX, NULL, "tcp:HOST:PORT or unix:PATH, may repeat; default unix:DATA/tocsin.sock"},
	{"clock", offsetof(struct config, clock_text), "real", "real, or virtual:ISO8601"},
	{"zone", offsetof(struct config, zone), "Asia/Shanghai", "time zone of civil rules"},
};
#define N_KEYS (sizeof(keys) / sizeof(keys[0]))

static char **slot(struct config *c, const struct key *k)
{
	return (char **)((char *)c + k->offset);
}

static const struct key *key_find(const char *name, struct err *e)
{
	const char *names[N_KEYS];
	char hint[WORD_HINT_LEN];

	for (size_t i = 0; i < N_KEYS; i++) {
		if (strcmp(keys[i].name, name) == 0)
			return &keys[i];
		names[i] = keys[i].name;
	}
	err_arg(e, ERR_BAD_REQUEST, name, NULL, "unknown setting \"%s\"%s", name,
		word_hint(name, names, N_KEYS, hint));
	return NULL;
}

static int set(struct config *c, const struct key *k, const char *value, struct err *e)
{
	char *copy = strdup(value);

	must(copy != NULL);
	if (k->offset != SIZE_MAX) {
		free(*slot(c, k));
		*slot(c, k) = copy;
		return 0;
	}
	if (c->n_listen == LISTEN_MAX) {
		free(copy);
		return err_set(e, ERR_BAD_REQUEST, "more than %d listen addresses", LISTEN_MAX);
	}
	c->listen[c->n_listen++] = copy;
	return 0;
}

static char *trim(char *s)
{
	char *end;

	s += strspn(s, " \t\r\n");
	end = s + strlen(s);
	while (end > s && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return s;
}

static int read_line(struct config *c, char *line, struct err *e)
{
	char *equals, *name = trim(line);
	const struct key *k;

	if (*name == '\0' || *name == '#')
		return 0;
	equals = strchr(name, '=');
	if (equals == NULL)
		return err_set(e, ERR_BAD_REQUEST, "expected `key = value`, got \"%.60s\"", name);
	*equals = '\0';
	k = key_find(trim(name), e);
	return k == NULL ? -1 : set(c, k, trim(equals + 1), e);
}

static int read_file(struct config *c, const char *path, struct err *e)
{
	char line[LINE_BYTES];
	FILE *f = fopen(path, "re");
	int number = 0, rc = 0;

	if (f == NULL)
		return err_set(e, ERR_BAD_REQUEST, "config file %s: %s", path, strerror(errno));
	while (rc == 0 && fgets(line, sizeof(line), f) != NULL) {
		number++;
		rc = read_line(c, line, e);
	}
	fclose(f);
	return rc == 0 ? 0 : err_prefix(e, "%s:%d", path, number);
}

/* build/tocsind finds ../lua beside it; an installed one PREFIX/share/tocsin/lua. */
static char *default_share(void)
{
	char exe[PATH_MAX], path[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *dir;

	if (n > 0) {
		exe[n] = '\0';
		dir = dirname(exe);
		for (int up = 0; up < 3; up++) {
			snprintf(path, sizeof(path), "%s/lua/lib", dir);
			if (access(path, R_OK) == 0) {
				path[strlen(path) - 4] = '\0';
				return strdup(path);
			}
			dir = dirname(dir);
		}
	}
	return strdup(PREFIX "/share/tocsin/lua");
}

static void set_defaults(struct config *c)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].value != NULL && *slot(c, &keys[i]) == NULL)
			*slot(c, &keys[i]) = strdup(keys[i].value);
	if (c->share_dir == NULL)
		c->share_dir = default_share();
	if (c->rules_dir == NULL)
		c->rules_dir = strdup(c->share_dir);
	if (c->n_listen == 0) {
		snprintf(path, sizeof(path), "unix:%s/tocsin.sock", c->data_dir);
		c->listen[c->n_listen++] = strdup(path);
	}
}

int config_read(struct config *c, int argc, char **argv, struct err *e)
{
	memset(c, 0, sizeof(*c));
	for (int i = 1; i < argc; i++) /* the file first: the command line wins */
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc && read_file(c, argv[i + 1], e) != 0)
			return -1;
	for (int i = 1; i < argc; i++) {
		const struct key *k;

		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			c->is_help = true;
			continue;
		}
		if (strcmp(argv[i], "--methods") == 0) {
			c->is_methods = true;
			continue;
		}
		if (strncmp(argv[i], "--", 2) != 0)
			return err_set(e, ERR_BAD_REQUEST, "unexpected argument \"%s\"; see --help", argv[i]);
		if (i + 1 >= argc)
			return err_set(e, ERR_BAD_REQUEST, "%s needs a value", argv[i]);
		if (strcmp(argv[i], "--config") != 0 &&
			((k = key_find(argv[i] + 2, e)) == NULL || set(c, k, argv[i + 1], e) != 0))
			return -1;
		i++;
	}
	set_defaults(c);
	return 0;
}

int config_times(struct config *c, struct err *e)
{
	if (strcmp(c->clock_text, "real") == 0)
		return 0;
	if (strncmp(c->clock_text, "virtual:", 8) != 0)
		return err_arg(e, ERR_BAD_REQUEST, "clock", c->clock_text,
			"--clock must be real or virtual:ISO8601, not \"%s\"", c->clock_text);
	c->is_virtual = true;
	return clock_parse(c->clock_text + 8, &c->virtual_ms, e) == 0 ? 0 : err_prefix(e, "--clock");
}

void config_fini(struct config *c)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].offset != SIZE_MAX)
			free(*slot(c, &keys[i]));
	for (uint32_t i = 0; i < c->n_listen; i++)
		free(c->listen[i]);
	memset(c, 0, sizeof(*c));
}

void config_help(FILE *f)
{
	fprintf(f, "tocsind [--config FILE] [--KEY VALUE]…\n\n");
	for (size_t i = 0; i < N_KEYS; i++)
		fprintf(f, "  --%-8s %s%s%s%s\n", keys[i].name, keys[i].help,
			keys[i].value == NULL ? "" : " (default ", keys[i].value == NULL ? "" : keys[i].value,
			keys[i].value == NULL ? "" : ")");
	fprintf(f, "  --methods  print the table of methods and exit\n");
	fprintf(f, "\nSIGHUP reloads the rules, SIGTERM finishes the turn and exits 0.\n");
}
