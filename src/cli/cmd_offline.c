/* On files, while no daemon runs on them: restore, fsck. */
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli_int.h"
#include "tocsin/desk.h"
#include "tocsin/store.h"
#include "tocsin/util.h"

/* What root restores into a directory of the daemon's user, the daemon could not open. */
static int check_owner(const char *dir, struct err *e)
{
	struct stat st;
	struct passwd *owner;

	if (stat(dir, &st) != 0 || st.st_uid == geteuid())
		return 0;
	owner = getpwuid(st.st_uid);
	if (owner == NULL)
		return err_set(e, ERR_REJECTED, tr("%s belongs to user %ju: restore as that user"), dir,
			(uintmax_t)st.st_uid);
	return err_set(e, ERR_REJECTED,
		tr("%s belongs to %s: restore as that user (runuser -u %s -- tocsin restore …), or the "
		   "daemon "
		   "cannot open it"),
		dir, owner->pw_name, owner->pw_name);
}

static int run_restore(struct cli *c, int argc, char **argv, struct err *e)
{
	struct rng rng;

	(void)c;
	if (argc != 2)
		return usage(e, "BACKUP and DIR are needed");
	if (check_owner(argv[1], e) != 0)
		return -1;
	rng_init_system(&rng);
	if (store_restore(argv[0], argv[1], &rng, e) != 0)
		return -1;
	printf(tr("%s was verified and is restored as %s; outbound work starts paused there\n"), argv[0],
		argv[1]);
	return 0;
}

static void say_finding(void *udata, const char *line)
{
	(void)udata;
	printf("%s\n", line);
}

static int run_fsck(struct cli *c, int argc, char **argv, struct err *e)
{
	int n;

	(void)c;
	if (argc != 1)
		return usage(e, "one DIR is needed: a data directory or a backup");
	n = store_fsck(argv[0], desk_check_index, NULL, say_finding, NULL, e);
	if (n < 0)
		return -1;
	printf(tr("%s: %d finding%s\n"), argv[0], n, n == 1 ? "" : "s");
	return n == 0 ? 0 : 1;
}

const struct command commands_offline[] = {
	{"restore", "BACKUP DIR", "Verify a backup and make a data directory of it",
		"DIR must not exist, or be empty and of the user who restores. Outbound work starts "
		"paused.\n",
		run_restore},
	{"fsck", "DIR", "Check every record, the chain of events and the indexes",
		"DIR is a data directory that no daemon uses, or a backup. Exit 1 if anything is wrong.\n",
		run_fsck},
	{NULL, NULL, NULL, NULL, NULL},
};
