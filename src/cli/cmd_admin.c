/* For whoever runs the daemon: stats, backup, token. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/rpc.h"
#include "tocsin/util.h"

static void flatten(struct arena *a, struct text_table *t, const char *prefix, const struct value *map)
{
	for (uint32_t i = 0; i < map->n; i++) {
		const struct pair *p = &map->as.pairs[i];
		const char *key = value_cstr(a, &p->key), *name = key;

		if (prefix != NULL)
			name = arena_printf(a, "%s.%s", prefix, key);
		if (p->val.type == VALUE_MAP) {
			flatten(a, t, name, &p->val);
			continue;
		}
		table_cell(t, name);
		table_cell(t, value_shown(a, key, &p->val));
	}
}

static int run_stats(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value result;
	struct text_table t;

	(void)argv;
	if (argc != 0)
		return usage(e, "stats takes no arguments");
	if (cli_call(c, "server.stats", NULL, &result, e) != 0)
		return -1;
	if (c->is_json) {
		json_print(stdout, &result);
		return 0;
	}
	table_init(&t, &c->arena, tr("FIGURE|VALUE"));
	flatten(&c->arena, &t, NULL, &result);
	table_print(&t, stdout);
	return 0;
}

static int run_backup(struct cli *c, int argc, char **argv, struct err *e)
{
	struct value args = value_map(&c->arena, 1), result;
	char here[4096];

	if (argc != 1)
		return usage(e, "one DIR is needed, which must not exist");
	if (argv[0][0] != '/' && getcwd(here, sizeof(here)) != NULL)
		value_add(&c->arena, &args, "dir", value_printf(&c->arena, "%s/%s", here, argv[0]));
	else
		value_add(&c->arena, &args, "dir", value_literal(argv[0]));
	if (cli_call(c, "server.backup", &args, &result, e) != 0)
		return -1;
	if (c->is_json)
		json_print(stdout, &result);
	else
		map_print(&c->arena, &result);
	return 0;
}

/* ---- tokens -------------------------------------------------------------------------------------------- */
static int check_role(const char *role, struct err *e)
{
	static const char *const words[] = {
#define ROLE(name, wire, help) wire,
		ROLES(ROLE)
#undef ROLE
	};
	static const char all[] =
#define ROLE(name, wire, help) " " wire
		ROLES(ROLE)
#undef ROLE
		;
	size_t n = strcspn(role, "+");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strlen(words[i]) == n && memcmp(words[i], role, n) == 0 &&
			(role[n] == '\0' || strcmp(role + n, "+gateway") == 0))
			return 0;
	usage(e, "\"%.40s\" is no role; roles are:%s", role, all);
	return cli_hint(e, nearest_word(role, words, sizeof(words) / sizeof(words[0])), EXIT_WRONG_USAGE);
}

/* The daemon's name of a session goes into every entry: plain words only. */
static bool is_plain(const char *name)
{
	size_t n = strlen(name);

	return n > 0 && n < PERSON_LEN && name[0] != '#' && strcspn(name, " \t\r\n") == n &&
	       utf8_valid(name, n);
}

/* The daemon reads it as the owner of its directory: root may have written it for that one. */
static int give_to_owner(int fd, const char *dir)
{
	struct stat of_dir, of_file;

	if (stat(dir, &of_dir) != 0 || fstat(fd, &of_file) != 0)
		return -1;
	return of_dir.st_uid == of_file.st_uid ? 0 : fchown(fd, of_dir.st_uid, of_dir.st_gid);
}

static int append_line(const char *dir, const char *path, const char *line, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	size_t n = strlen(line);
	int rc = 0;

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_NOT_FOUND,
			tr("%s: there is no such data directory; name it with --data, or make it first"),
			path);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, "%s: %s", path, strerror(errno));
	if (fchmod(fd, 0600) != 0 || give_to_owner(fd, dir) != 0 || write(fd, line, n) != (ssize_t)n ||
		fsync(fd) != 0)
		rc = err_set(e, ERR_STORAGE, "%s: %s", path, strerror(errno));
	close(fd);
	return rc;
}

static int run_token(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *dir = "./data", *path;
	const struct option_spec specs[] = {{"--data", &dir, NULL}, {NULL, NULL, NULL}};
	uint8_t secret[32], digest[SHA256_LEN];
	char token[2 * sizeof(secret) + 1], sha[2 * SHA256_LEN + 1];
	struct rng rng;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	if (argc != 3 || strcmp(argv[0], "add") != 0)
		return usage(e, "expected add NAME ROLE");
	if (!is_plain(argv[1]))
		return usage(e, "the name must be 1 to %d bytes without blanks, not \"%.80s\"",
			PERSON_LEN - 1, argv[1]);
	if (check_role(argv[2], e) != 0)
		return EXIT_WRONG_USAGE;
	rng_init_system(&rng);
	rng_bytes(&rng, secret, sizeof(secret));
	hex(secret, sizeof(secret), token);
	sha256(token, strlen(token), digest);
	hex(digest, sizeof(digest), sha);
	path = arena_printf(&c->arena, "%s/tokens", dir);
	if (append_line(dir, path, arena_printf(&c->arena, "%s %s %s\n", argv[1], argv[2], sha), e) != 0)
		return -1;
	printf("%s\n", token);
	fprintf(stderr,
		tr("token of %s (%s): shown this once; its digest is in %s. The daemon reads it on SIGHUP or "
		   "restart.\n"),
		argv[1], argv[2], path);
	return 0;
}

const struct command commands_admin[] = {
	{"stats", "", "Figures of the running daemon", NULL, run_stats},
	{"backup", "DIR", "Copy the store while it runs",
		"DIR is on the machine of the daemon and must not exist; the installed service may write "
		"below\n"
		"/var/lib/tocsin-backups.\n",
		run_backup},
	{"token", "add NAME ROLE [--data DIR]", "Make a token of 256 bits and print it once",
		"Appends `NAME ROLE SHA-256` to DIR/tokens (DIR is ./data unless said; mode 0600). Roles: "
		"intake, agent,\n"
		"supervisor, leader, analyst, operator, adapter, auditor, admin; ROLE+gateway may act for "
		"persons of the pack.\n",
		run_token},
	{NULL, NULL, NULL, NULL, NULL},
};
