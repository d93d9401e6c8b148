/*
 * Calendars: random ones against walkers that look at every minute or every day. SEED=n replays one seed.
 */
#include "calendar_fixture.h"

#define W_DAYS 14
#define W_MINUTES ((W_DAYS + 4) * 1440)
#define N_WINDOWS 120
#define N_CALENDARS 20

struct window {
	uint64_t seed;
	struct rng rng;
	int64_t start_ms;         /* whole minutes from here */
	int32_t first_day;        /* local day of the first minute */
	int32_t shown[W_MINUTES]; /* largest local time so far, in minutes since first_day 00:00 */
	bool is_work[W_MINUTES];
	int worked[W_MINUTES + 1]; /* minutes worked before */
};

/* Segments as a set of minutes: 0 or 1 for each. */
/* A window touches W_DAYS + 5 local days, one more where a day is skipped. */
struct naive {
	bool week[7][1440];
	bool own[W_DAYS + 6][1440];
	char kind[W_DAYS + 6]; /* ' ' as the weekday, 'x' off, 'w' worked, 'o' own */
};

static const struct {
	const char *zone, *around;
} changes[] = {
	{"Asia/Shanghai", "2026-10-01"},
	{"Asia/Shanghai", "1986-05-04"},
	{"America/New_York", "2026-03-08"},
	{"America/New_York", "2026-11-01"},
	{"Australia/Lord_Howe", "2026-04-05"},
	{"Australia/Lord_Howe", "2026-10-04"},
	{"America/Sao_Paulo", "2018-11-04"},
	{"America/Sao_Paulo", "2019-02-17"},
	{"Pacific/Apia", "2011-12-30"},
	{"America/St_Johns", "2010-11-07"},
	{"America/St_Johns", "2010-03-14"},
	{"America/Havana", "2026-11-01"},
};

#define N_CHANGES (sizeof(changes) / sizeof(changes[0]))

/* Local time as seen on a clock at every minute; where it goes back, the largest so far stands. */
static void window_init(struct window *w, uint64_t seed)
{
	int64_t most = INT64_MIN;
	struct tm tm;

	w->seed = seed;
	rng_init_seeded(&w->rng, seed);
	use_zone(changes[seed % N_CHANGES].zone);
	w->start_ms = (int64_t)(day(changes[seed % N_CHANGES].around) - W_DAYS / 2) * 86400000;
	for (int i = 0; i < W_MINUTES; i++) {
		time_t t = (time_t)(w->start_ms / 1000 + i * 60);
		int64_t local;

		must(localtime_r(&t, &tm) != NULL);
		local = civil_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday) * INT64_C(1440) +
			tm.tm_hour * 60 + tm.tm_min;
		if (i == 0)
			w->first_day = civil_day(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
		if (local > most)
			most = local;
		w->shown[i] = (int32_t)(most - w->first_day * INT64_C(1440));
	}
}

/* Up to four segments, told to `add` in any order and set in the minutes. */
static void random_segments(
	struct window *w, struct calendar *c, int weekday, int32_t date, bool minutes[1440])
{
	int grain = rng_below(&w->rng, 2) ? 30 : 1, n = (int)rng_below(&w->rng, 5);

	memset(minutes, 0, 1440);
	for (int i = 0; i < n; i++) {
		int from = (int)rng_below(&w->rng, (uint64_t)(1440 / grain)) * grain;
		int to = from + (1 + (int)rng_below(&w->rng, (uint64_t)(360 / grain))) * grain;
		bool is_free = to <= 1440;

		for (int m = from; is_free && m < to; m++)
			is_free = !minutes[m];
		if (!is_free)
			continue;
		memset(minutes + from, 1, (size_t)(to - from));
		OK(weekday >= 0 ? calendar_add_segment(c, weekday, from, to, &err)
				: calendar_add_day_segment(c, date, from, to, &err));
	}
}

static bool any_minute(const bool minutes[1440])
{
	return memchr(minutes, 1, 1440) != NULL;
}

/* The minutes worked on a day of the window. */
static const bool *naive_day(const struct naive *n, const struct window *w, int index)
{
	static const bool none[1440];
	const bool *week = n->week[civil_weekday(w->first_day + index)];

	switch (n->kind[index]) {
	case 'x':
		return none;
	case 'o':
		return n->own[index];
	case 'w':
		for (int i = 0; i < 7 && !any_minute(week); i++)
			week = n->week[i];
	}
	return week;
}

static struct calendar *random_calendar(struct window *w, struct naive *n)
{
	struct calendar *c = calendar_new("random");

	for (int i = 0; i < 7; i++)
		random_segments(w, c, i, 0, n->week[i]);
	if (!any_minute(n->week[2])) {
		memset(n->week[2] + 540, 1, 60);
		OK(calendar_add_segment(c, 2, 540, 600, &err));
	}
	for (int i = 0; i < W_DAYS + 6; i++) {
		uint64_t kind = rng_below(&w->rng, 12);

		n->kind[i] = kind < 3 ? "xwo"[kind] : ' ';
		if (n->kind[i] == 'x')
			OK(calendar_add_off(c, w->first_day + i, &err));
		if (n->kind[i] == 'w')
			OK(calendar_add_work(c, w->first_day + i, &err));
		if (n->kind[i] == 'o')
			random_segments(w, c, -1, w->first_day + i, n->own[i]);
		if (n->kind[i] == 'o' && !any_minute(n->own[i]))
			n->kind[i] = ' '; /* no segment was told: the date is not special */
	}
	for (int i = 0; i < 2; i++)
		OK(calendar_add_year(c, civil_year(w->first_day + i * (W_DAYS + 6)), &err));
	OK(calendar_seal(c, &err));
	w->worked[0] = 0;
	for (int i = 0; i < W_MINUTES; i++) {
		w->is_work[i] = naive_day(n, w, w->shown[i] / 1440)[w->shown[i] % 1440];
		w->worked[i + 1] = w->worked[i] + w->is_work[i];
	}
	return c;
}

static int64_t naive_between(const struct window *w, int64_t from_ms, int64_t to_ms)
{
	int64_t a = from_ms - w->start_ms, b = to_ms - w->start_ms;
	int64_t ms = (int64_t)(w->worked[b / 60000] - w->worked[a / 60000]) * 60000;

	return ms + (w->is_work[b / 60000] ? b % 60000 : 0) - (w->is_work[a / 60000] ? a % 60000 : 0);
}

static int64_t random_instant(struct window *w)
{
	int64_t minute = 1440 + (int64_t)rng_below(&w->rng, W_DAYS * 1440);

	return w->start_ms + minute * 60000 +
	       (rng_below(&w->rng, 2) ? (int64_t)rng_below(&w->rng, 60000) : 0);
}

#define CHECK(w, condition)                                                                                  \
	do {                                                                                                 \
		if (!(condition))                                                                            \
			fail_msg("SEED=%ju: %s", (uintmax_t)(w)->seed, #condition);                          \
	} while (0)

static void check_times(struct window *w, const struct calendar *c)
{
	int64_t from_ms = random_instant(w), to_ms = random_instant(w), ms, got_ms, part_ms;

	if (from_ms > to_ms) {
		ms = from_ms;
		from_ms = to_ms;
		to_ms = ms;
	}
	ms = naive_between(w, from_ms, to_ms);
	OK(calendar_between(c, from_ms, to_ms, &got_ms, &err));
	CHECK(w, got_ms == ms);
	if (ms == 0)
		return;
	part_ms = 1 + (int64_t)rng_below(&w->rng, (uint64_t)ms);
	/* forward: part is done, and was not one ms before */
	OK(calendar_forward(c, from_ms, part_ms, &got_ms, &err));
	CHECK(w, got_ms <= to_ms && naive_between(w, from_ms, got_ms) == part_ms &&
			 naive_between(w, from_ms, got_ms - 1) == part_ms - 1);
}

static uint64_t seed_first(void)
{
	const char *seed = getenv("SEED");

	return seed == NULL ? 0 : strtoull(seed, NULL, 0);
}

static void test_random_times(void **state)
{
	static struct window w;
	static struct naive n;
	uint64_t first = seed_first();

	(void)state;
	for (uint64_t seed = first ? first : 1; seed < (first ? first + 1 : N_WINDOWS); seed++) {
		window_init(&w, seed);
		for (int i = 0; i < N_CALENDARS; i++) {
			struct calendar *c = random_calendar(&w, &n);

			for (int k = 0; k < 20; k++)
				check_times(&w, c);
			calendar_free(c);
		}
	}
}

/* Day by day: what the law says, in the words of the law. */
static int32_t naive_last_day(const bool *is_off, enum unit unit, int receipt, int n)
{
	int d = receipt;

	if (unit == UNIT_NATURAL_DAYS) {
		for (d = receipt + n; is_off[d]; d++)
			;
		return d;
	}
	while (n > 0)
		n -= !is_off[++d];
	return d;
}

#define Y_DAYS 420

static struct calendar *random_year(struct rng *r, int32_t first_day, bool *is_off)
{
	struct calendar *c = calendar_new("random");
	uint64_t free_days = rng_below(r, 4);

	for (int i = 0; i < 7; i++) {
		if ((uint64_t)i < 7 - free_days)
			OK(calendar_add_segment(
				c, i, (int)rng_below(r, 700), 701 + (int)rng_below(r, 700), &err));
	}
	for (int i = 0; i < Y_DAYS; i++) {
		int32_t d = first_day + i;

		is_off[i] = (uint64_t)civil_weekday(d) >= 7 - free_days;
		if (rng_below(r, 12) != 0)
			continue;
		is_off[i] = !is_off[i];
		OK(is_off[i] ? calendar_add_off(c, d, &err) : calendar_add_work(c, d, &err));
	}
	for (int i = 0; i < 3; i++)
		OK(calendar_add_year(c, civil_year(first_day) + i, &err));
	OK(calendar_seal(c, &err));
	return c;
}

static void test_random_days(void **state)
{
	static bool is_off[Y_DAYS];
	uint64_t first = seed_first();
	struct rng r;

	(void)state;
	for (uint64_t seed = first ? first : 1; seed < (first ? first + 1 : 3000); seed++) {
		int32_t first_day = day("2000-01-01") + (int32_t)(seed * 7), receipt, n, k, last;
		enum unit unit = seed % 2 ? UNIT_NATURAL_DAYS : UNIT_WORKING_DAYS;
		struct calendar *c;
		int64_t from_ms, due_ms;
		int percent;

		rng_init_seeded(&r, seed);
		use_zone(changes[seed % N_CHANGES].zone);
		c = random_year(&r, first_day, is_off);
		receipt = (int32_t)rng_below(&r, 100);
		n = 1 + (int32_t)rng_below(&r, 50);
		from_ms = civil_instant(first_day + receipt, (int)rng_below(&r, 1440));
		if (civil_day_of(from_ms) != first_day + receipt) /* a day that does not exist */
			receipt++;
		OK(calendar_due(c, from_ms, n, unit, &due_ms, &err));
		if (due_ms != civil_instant(first_day + naive_last_day(is_off, unit, receipt, n) + 1, 0))
			fail_msg("SEED=%ju: due", (uintmax_t)seed);
		/* the k-th part of n days: the naive way counts up until k / n is at least the percentage */
		percent = 1 + (int)rng_below(&r, 200);
		for (k = 1; k * 100 < n * percent; k++)
			;
		OK(calendar_percent(c, from_ms, n, unit, percent, &due_ms, &err));
		last = percent < 100 && unit == UNIT_NATURAL_DAYS ? receipt + k
								  : naive_last_day(is_off, unit, receipt, k);
		if (due_ms != civil_instant(first_day + last + 1, 0))
			fail_msg("SEED=%ju: %d %%", (uintmax_t)seed, percent);
		calendar_free(c);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_times),
		cmocka_unit_test(test_random_days),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
