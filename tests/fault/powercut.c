#include "powercut.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "tocsin/buf.h"
#include "tocsin/err.h"

#define NOTE_FD 9
#define CHECK_S 30
#define N_PRINTED 10
#define N_ROUNDS_MAX 64

/* ---- what all fault programs use ----------------------------------------------------------------------- */
double fault_dose(void)
{
	const char *text = getenv("TOCSIN_DOSE");
	double dose = text != NULL ? strtod(text, NULL) : 1;

	return dose > 0 ? dose : 1;
}

void fault_scratch(char out[64])
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

	must(snprintf(out, 64, "%s/tocsin-fault.XXXXXX", tmp != NULL ? tmp : "/tmp") < 64);
	must(mkdtemp(out) != NULL);
}

void fault_dir_clear(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	char below[1024];

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (entry->d_type != DT_DIR) {
			unlinkat(dirfd(dir), entry->d_name, 0);
			continue;
		}
		snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
		fault_dir_clear(below);
		rmdir(below);
	}
	if (dir != NULL)
		closedir(dir);
}

void fault_scratch_free(const char *dir)
{
	fault_dir_clear(dir);
	rmdir(dir);
}

/* ---- one run ------------------------------------------------------------------------------------------- */
struct run {
	const struct powercut *pc;
	struct powercut_result *result;
	struct rng rng;
	char live[128], state[128], log[128], notes_path[128];
	struct buf notes; /* of earlier rounds, up to their cuts */
	struct disk *disk;
	const uint8_t *events;
	size_t events_n, n_events;
	struct map {
		void *p;
		size_t n;
	} maps[N_ROUNDS_MAX]; /* of all logs: the disk borrows from them */
};

/* How a round gives over to the next. */
enum leave { LEAVE_CUT, LEAVE_KILLED, LEAVE_SYNC_FAILED, N_LEAVES };

/* One event of the mapped log at *at; moves on. */
static struct shim_event event_next(const struct run *r, size_t *at, const uint8_t **data)
{
	struct shim_event ev;

	memcpy(&ev, r->events + *at, sizeof(ev));
	*data = r->events + *at + sizeof(ev);
	*at += sizeof(ev) + ev.n_data;
	must(*at <= r->events_n);
	return ev;
}

static void writer_exec(const struct run *r, uint32_t round)
{
	char *argv[POWERCUT_ARGS] = {NULL}, us[16];
	int null = open("/dev/null", O_WRONLY);

	dup2(null, NOTE_FD);
	snprintf(us, sizeof(us), "%u", r->pc->sync_us);
	setenv("LD_PRELOAD", r->pc->shim, 1);
	setenv("ASAN_OPTIONS", "verify_asan_link_order=0", 1);
	setenv("SHIM_DIR", r->live, 1);
	setenv("SHIM_LOG", r->log, 1);
	setenv("SHIM_NOTE_FD", "9", 1);
	setenv("SHIM_SYNC_US", us, 1);
	r->pc->writer(r->pc->udata, round, r->live, r->notes_path, argv);
	execv(argv[0], argv);
	perror(argv[0]);
	_exit(127);
}

static int writer_run(struct run *r, uint32_t round)
{
	int fd = open(r->notes_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), status;
	pid_t pid;

	must(fd >= 0 && write(fd, r->notes.p, r->notes.n) == (ssize_t)r->notes.n);
	close(fd);
	unlink(r->log); /* the disk still borrows from the last one, which is mapped */
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		writer_exec(r, round);
	must(waitpid(pid, &status, 0) == pid);
	if (status == 0)
		return 0;
	printf("%s: the writer of round %u ended with status 0x%x\n", r->pc->name, round, (unsigned)status);
	return -1;
}

static void log_map(struct run *r, uint32_t round)
{
	int fd = open(r->log, O_RDONLY | O_CLOEXEC);
	const uint8_t *data;
	struct stat st;

	must(fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 0);
	r->events_n = (size_t)st.st_size;
	r->events = mmap(NULL, r->events_n, PROT_READ, MAP_PRIVATE, fd, 0);
	must(r->events != MAP_FAILED);
	close(fd);
	r->maps[round] = (struct map){(void *)(uintptr_t)r->events, r->events_n};
	r->n_events = 0;
	for (size_t at = 0; at < r->events_n; r->n_events++)
		event_next(r, &at, &data);
}

static bool state_is_good(const struct run *r)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (pid == 0) {
		if ((r->pc->is_quiet || r->result->n_bad >= N_PRINTED) &&
			freopen("/dev/null", "w", stdout) == NULL)
			_exit(3);
		alarm(CHECK_S);
		status = r->pc->check(r->pc->udata, r->state);
		fflush(stdout);
		_exit(status != 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	if (status != 0 && !r->pc->is_quiet && WIFSIGNALED(status))
		printf("  killed by signal %d\n", WTERMSIG(status));
	return status == 0;
}

static void state_judge(struct run *r, const struct disk *d, uint32_t round, uint64_t seed)
{
	/* half of the states are subsets */
	static const enum cut cuts[] = {CUT_SUBSET, CUT_TORN, CUT_SUBSET, CUT_ALL, CUT_SUBSET, CUT_NOTHING};
	static const char *const names[] = {"all", "nothing", "torn", "subset"};
	struct powercut_result *result = r->result;
	enum cut cut = cuts[result->n_states % 6];
	struct rng rng;

	rng_init_seeded(&rng, seed);
	fault_dir_clear(r->state);
	disk_cut(d, cut, &rng, r->state);
	result->n_states++;
	result->n_subsets += cut == CUT_SUBSET;
	if (state_is_good(r))
		return;
	result->n_bad++;
	result->n_bad_subsets += cut == CUT_SUBSET;
	if (!r->pc->is_quiet && result->n_bad <= N_PRINTED)
		printf("%s: bad: round %u, %s, state seed %ju, seed %ju\n", r->pc->name, round, names[cut],
			(uintmax_t)seed, (uintmax_t)r->pc->seed);
}

/* How many of n_left states belong to the event at hand when n_events are left: the rest by chance. */
static uint64_t share(struct rng *rng, uint64_t n_left, uint64_t n_events)
{
	return n_left / n_events + (rng_below(rng, n_events) < n_left % n_events);
}

/* The directory for the next round's writer. */
static void round_leave(struct run *r, enum leave leave)
{
	fault_dir_clear(r->live);
	if (leave != LEAVE_CUT) {
		disk_kill(r->disk, leave == LEAVE_SYNC_FAILED, r->live);
		return;
	}
	disk_cut(r->disk, CUT_SUBSET, &r->rng, r->live);
	disk_free(r->disk);
	r->disk = disk_new(r->live);
}

/*
 * How many events of the log to play: in the last round all, else some, more often many than few. A round
 * that ends with a failed sync ends in one.
 */
static uint64_t round_end(struct run *r, uint32_t round, enum leave leave)
{
	uint64_t a = rng_below(&r->rng, r->n_events), b = rng_below(&r->rng, r->n_events),
		 end = (a > b ? a : b) + 1;
	const uint8_t *data;
	size_t at = 0;

	if (round + 1 == r->pc->n_rounds)
		return r->n_events;
	for (uint64_t i = 1; leave == LEAVE_SYNC_FAILED && i <= r->n_events; i++) {
		if (event_next(r, &at, &data).kind == SHIM_SYNC_BEGIN && i >= end)
			return i;
	}
	return end;
}

/* Play the log up to some event and judge states on the way. */
static void round_judge(struct run *r, uint32_t round, uint64_t n_states)
{
	enum leave leave = (enum leave)(round % N_LEAVES);
	uint64_t end = round_end(r, round, leave);
	const uint8_t *data;

	r->pc->reset(r->pc->udata);
	r->pc->note(r->pc->udata, (const char *)r->notes.p, r->notes.n);
	for (size_t i = 0, at = 0; i < end; i++) {
		struct shim_event ev = event_next(r, &at, &data);
		uint64_t n = share(&r->rng, n_states, end - i);

		disk_play(r->disk, &ev, data);
		if (ev.kind == SHIM_NOTE) {
			r->pc->note(r->pc->udata, (const char *)data, ev.n_data);
			buf_add(&r->notes, data, ev.n_data);
		}
		for (n_states -= n; n > 0; n--)
			state_judge(r, r->disk, round, rng_u64(&r->rng));
	}
	round_leave(r, leave);
}

static void path_below(char out[128], const struct powercut *pc, const char *name)
{
	must(snprintf(out, 128, "%s/%s", pc->scratch, name) < 128);
}

int powercut_run(const struct powercut *pc, struct powercut_result *result)
{
	struct run r = {.pc = pc, .result = result};
	int rc = 0;

	must(pc->n_rounds <= N_ROUNDS_MAX);
	memset(result, 0, sizeof(*result));
	rng_init_seeded(&r.rng, pc->seed);
	buf_init(&r.notes, (size_t)1 << 28);
	path_below(r.live, pc, "live");
	path_below(r.state, pc, "state");
	path_below(r.log, pc, "log");
	path_below(r.notes_path, pc, "notes");
	must(mkdir(r.live, 0700) == 0 && mkdir(r.state, 0700) == 0);
	r.disk = disk_new(r.live);
	for (uint32_t round = 0; rc == 0 && round < pc->n_rounds; round++) {
		rc = writer_run(&r, round);
		if (rc == 0) {
			log_map(&r, round);
			round_judge(&r, round, pc->n_states / pc->n_rounds);
		}
	}
	disk_free(r.disk);
	for (uint32_t round = 0; round < pc->n_rounds && r.maps[round].p != NULL; round++)
		munmap(r.maps[round].p, r.maps[round].n);
	buf_fini(&r.notes);
	fault_dir_clear(pc->scratch);
	return rc;
}
