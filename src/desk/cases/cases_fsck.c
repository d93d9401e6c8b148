/* fsck of what hangs on cases: jobs and their timers, what callers heard (fsck.h). */
#include <stdarg.h>
#include <string.h>

#include "desk/affected.h"
#include "desk/fsck.h"
#include "desk/heard.h"
#include "desk/jobs.h"

void fsck_say(struct fsck *f, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	f->say(f->udata, arena_vprintf(&f->arena, format, args));
	va_end(args);
	f->n_found++;
}

bool fsck_has(struct fsck *f, enum table table, struct slice key)
{
	struct slice val;
	struct err e;
	int got = store_get(f->store, table, key, &val, &e);

	if (got < 0)
		fsck_say(f, "a row cannot be read: %s", e.text);
	return got == 1;
}

/* ---- jobs ---------------------------------------------------------------------------------------------- */
struct job_sums {
	uint64_t n_rows, n_lists, n_running, n_timers;
};

static struct slice job_key_of(struct arena *a, char index, uint64_t x, const uint64_t *y)
{
	uint8_t *key = arena_alloc(a, 17);

	key[0] = (uint8_t)index;
	store_be64(key + 1, x);
	if (y != NULL)
		store_be64(key + 9, *y);
	return slice_of(key, y == NULL ? 9 : 17);
}

static void check_job(struct fsck *f, uint64_t id, struct slice val, struct job_sums *sums)
{
	struct value row;
	int64_t of, ticket;
	struct err e;

	if (value_decode(&f->arena, val, &row, &e) != 0 || !value_as_int(value_get(&row, "id"), &of) ||
		(uint64_t)of != id || !value_as_int(value_get(&row, "ticket"), &ticket)) {
		fsck_say(f, "job %ju: the row cannot be read", (uintmax_t)id);
		return;
	}
	sums->n_running += value_is_text(value_get(&row, "state"), "running");
	if (!fsck_has(f, TABLE_JOB, job_key_of(&f->arena, 'o', (uint64_t)ticket, &id)))
		fsck_say(f, "job %ju: its key of ticket %jd is missing", (uintmax_t)id, (intmax_t)ticket);
}

/* A row of a job: what became of an item, or a number that is in a task. */
static void check_item(struct fsck *f, char index, uint64_t id, struct slice val)
{
	struct value row;
	struct err e;

	if (!fsck_has(f, TABLE_JOB, job_key_of(&f->arena, 'j', id, NULL)))
		fsck_say(f, "job %ju: a row of it in list %c, and no job", (uintmax_t)id, index);
	else if (index == 'i' && (value_decode(&f->arena, val, &row, &e) != 0 ||
					 !value_is(value_get(&row, "ok"), VALUE_BOOL)))
		fsck_say(f, "job %ju: what became of an item cannot be read", (uintmax_t)id);
	else if (index == 'n' && val.n > 0 && slice_cmp(val, SLICE_TEXT("t")) != 0)
		fsck_say(f, "job %ju: whether a number was told cannot be read", (uintmax_t)id);
}

static int count_timers(struct fsck *f, struct job_sums *sums, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, f->store, NULL, TABLE_TIMER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		uint64_t id = s.key.n == DUE_KEY_LEN ? load_be64((const uint8_t *)s.key.p + 8) : 0;

		sums->n_timers += timer_owner(id) == TIMER_OF_JOB;
	}
	scan_fini(&s);
	return got;
}

static int check_jobs(struct fsck *f, struct job_sums *sums, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, f->store, NULL, TABLE_JOB, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, e)) == 1) {
		char index = s.key.n > 0 ? *(const char *)s.key.p : 0;
		uint64_t id = s.key.n >= 9 ? load_be64((const uint8_t *)s.key.p + 1) : 0;

		arena_reset(&f->arena);
		if (index == 'j' && s.key.n == 9) {
			sums->n_rows++;
			check_job(f, id, s.val, sums);
		} else if (index == 'o' && s.key.n == 17)
			sums->n_lists++;
		else if ((index == 'i' && s.key.n == 17) || (index == 'n' && s.key.n > 9))
			check_item(f, index, id, s.val);
		else if (index != 't' || s.key.n <= 9 || s.val.n <= 12)
			fsck_say(f, "a row of %zu bytes among the jobs is none of theirs", s.key.n);
	}
	scan_fini(&s);
	return got;
}

void jobs_fsck(struct fsck *f)
{
	struct job_sums sums = {0};
	struct err e;

	if (check_jobs(f, &sums, &e) != 0 || count_timers(f, &sums, &e) != 0) {
		fsck_say(f, "the check of jobs stopped: %s", e.text);
		return;
	}
	if (sums.n_lists != sums.n_rows)
		fsck_say(f, "there are %ju keys of jobs by ticket, %ju are asked for",
			(uintmax_t)sums.n_lists, (uintmax_t)sums.n_rows);
	if (sums.n_timers != sums.n_running)
		fsck_say(f, "there are %ju timers of jobs, %ju are asked for", (uintmax_t)sums.n_timers,
			(uintmax_t)sums.n_running);
}

/* ---- what callers heard -------------------------------------------------------------------------------- */
void heard_fsck(struct fsck *f)
{
	uint8_t id[8];
	struct scan s;
	struct err e;
	int got;

	scan_init(&s, f->store, NULL, TABLE_HEARD, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, &e)) == 1) {
		arena_reset(&f->arena);
		if (!heard_row_ok(&f->arena, s.key, s.val)) {
			fsck_say(f, "a row of what callers heard cannot be read");
			continue;
		}
		memcpy(id, s.key.p, sizeof(id));
		if (!fsck_has(f, TABLE_TICKET, slice_of(id, sizeof(id))))
			fsck_say(f, "callers heard a prompt of incident %ju, which does not exist",
				(uintmax_t)load_be64(id));
	}
	scan_fini(&s);
	if (got < 0)
		fsck_say(f, "the check of what callers heard stopped: %s", e.text);
}
