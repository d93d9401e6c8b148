/*
 * Offline check. The walk runs in a child: what a flipped bit does to a B+ tree may crash whoever walks it.
 * Lines come through a pipe: "!text" is a finding, ".place" says where the walk stands.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/manifest.h"
#include "store/store_file.h"
#include "store/store_int.h"

#define MAP_AS_WRITTEN 0

struct job {
	const char *dir;
	int (*check_index)(void *, struct store *, void (*)(void *, const char *), void *);
	void *udata;
	struct finder finder;
	int fd;
};

/* ---- in the child -------------------------------------------------------------------------------------- */
static void send_line(int fd, char mark, const char *text)
{
	char line[800];
	size_t n;

	snprintf(line, sizeof(line), "%c%s", mark, text);
	for (char *p = line; *p != '\0'; p++)
		*p = *p == '\n' ? ' ' : *p;
	n = strlen(line);
	line[n] = '\n';
	if (write(fd, line, n + 1) < 0)
		_exit(1); /* nobody listens any more */
}

static void send_finding(void *udata, const char *text)
{
	send_line(((struct job *)udata)->fd, '!', text);
}

static void send_place(void *udata, const char *place)
{
	send_line(((struct job *)udata)->fd, '.', place);
}

/* Also called by the desk's check, which does not count for the finder. */
static void check_store(struct job *j)
{
	struct store_config c = {.dir = j->dir};
	struct store *s;
	struct err e;

	send_place(j, "journal and start");
	if (store_open_to_look(&s, &c, &e) != 0) {
		finder_say(&j->finder, "%s", e.text);
		return;
	}
	if (j->check_index != NULL) {
		send_place(j, "indexes");
		if (j->check_index(j->udata, s, send_finding, j) < 0)
			finder_say(&j->finder, "the indexes could not be compared");
	}
	store_close(s);
}

static void check_manifest(struct job *j)
{
	struct manifest m;
	char path[4096];
	struct err e;

	path_join(path, j->dir, MANIFEST);
	if (!path_exists(path))
		return;
	send_place(j, MANIFEST);
	if (manifest_verify(j->dir, &m, &e) != 0)
		finder_say(&j->finder, "%s", e.text);
}

static void check_all(struct job *j)
{
	struct tables *t;
	char path[4096];
	struct err e;

	check_manifest(j);
	path_join(path, j->dir, "tables.mdb");
	if (!path_exists(path)) {
		finder_say(&j->finder, "%s does not exist", path);
		return;
	}
	send_place(j, "tables.mdb");
	if (tables_open(&t, path, MAP_AS_WRITTEN, true, &e) != 0) {
		finder_say(&j->finder, "%s", e.text);
		return;
	}
	tables_check(t, &j->finder);
	tables_close(t); /* one environment at a time */
	check_store(j);
}

static _Noreturn void child_main(struct job *j)
{
	static const int deaths[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
	struct rlimit no_core = {0, 0};

	for (size_t i = 0; i < sizeof(deaths) / sizeof(deaths[0]); i++)
		signal(deaths[i], SIG_DFL); /* die at once: the caller's handlers are not for this */
	setrlimit(RLIMIT_CORE, &no_core);
	signal(SIGPIPE, SIG_IGN);
	j->finder = (struct finder){send_finding, send_place, j, 0};
	check_all(j);
	_exit(0);
}

/* ---- in the parent ------------------------------------------------------------------------------------- */
static int listen(FILE *in, void (*say)(void *, const char *), void *udata, char place[800])
{
	char line[800];
	int n = 0;

	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] == '.') {
			snprintf(place, 800, "%s", line + 1);
		} else if (line[0] == '!') {
			n++;
			say(udata, line + 1);
		}
	}
	return n;
}

/* How the child ended, if not well, is a finding. */
static int check_end(int status, const char *place, void (*say)(void *, const char *), void *udata)
{
	char line[900];

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		snprintf(
			line, sizeof(line), "the check died (%s) at: %s", strsignal(WTERMSIG(status)), place);
	else
		snprintf(line, sizeof(line), "the check ended with status %d at: %s", WEXITSTATUS(status),
			place);
	say(udata, line);
	return 1;
}

static int run_child(struct job *j, void (*say)(void *, const char *), void *say_udata, struct err *e)
{
	char place[800] = "start";
	int fds[2], status = 0, n;
	FILE *in;
	pid_t pid;

	if (pipe(fds) != 0)
		return err_set(e, ERR_INTERNAL, "pipe: %s", strerror(errno));
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(fds[0]);
		close(fds[1]);
		return err_set(e, ERR_INTERNAL, "fork: %s", strerror(errno));
	}
	if (pid == 0) {
		close(fds[0]);
		j->fd = fds[1];
		child_main(j);
	}
	close(fds[1]);
	in = fdopen(fds[0], "r");
	must(in != NULL);
	n = listen(in, say, say_udata, place);
	fclose(in);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return n + check_end(status, place, say, say_udata);
}

int store_fsck(const char *dir,
	int (*check_index)(void *udata, struct store *, void (*say)(void *, const char *), void *),
	void *udata, void (*say)(void *, const char *), void *say_udata, struct err *e)
{
	struct job j = {.dir = dir, .check_index = check_index, .udata = udata};
	char path[4096];
	int lock_fd = -1, n;

	if (!path_exists(dir))
		return err_set(e, ERR_STORAGE, "%s does not exist", dir);
	path_join(path, dir, MANIFEST);
	if (!path_exists(path) && dir_lock(dir, &lock_fd, e) != 0) /* a backup has no owner */
		return -1;
	n = run_child(&j, say, say_udata, e);
	if (lock_fd >= 0)
		close(lock_fd);
	return n;
}
