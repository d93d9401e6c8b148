/* Ledgers: random histories against a walker over every minute and every day. SEED=n replays one seed. */
#include "ledger_fixture.h"

#define W_DAYS 120
#define W_MINUTES (W_DAYS * 1440)
#define N_SEEDS 400

struct history {
	uint64_t seed;
	struct rng rng;
	struct ledger ledger;
	struct calendar *calendar; /* or NULL */
	int32_t first_day;
	int64_t start_ms; /* of the window */
	int start_min, now_min;
	bool is_work[W_MINUTES];
	bool is_working_day[W_DAYS];
	bool is_paused[W_MINUTES]; /* and not void */
};

static void check(const struct history *h, bool is_right, const char *what)
{
	if (!is_right)
		fail_msg("SEED=%ju: %s", (uintmax_t)h->seed, what);
}

static int64_t ms_of(const struct history *h, int minute)
{
	return h->start_ms + minute * MINUTE_MS;
}

static void history_init(struct history *h, uint64_t seed)
{
	h->seed = seed;
	rng_init_seeded(&h->rng, seed);
	h->first_day = civil_day(2026, 9, 1) - (int32_t)rng_below(&h->rng, 60);
	h->start_ms = civil_instant(h->first_day, 0);
	h->calendar = seed % 3 == 0 ? NULL : calendar_cn(1);
	for (int i = 0; i < W_MINUTES; i++) {
		h->is_work[i] = h->is_paused[i] = false;
		if (h->calendar != NULL && i % 60 == 0) {
			int64_t ms;

			OK(calendar_between(h->calendar, ms_of(h, i), ms_of(h, i) + 1, &ms, &err));
			h->is_work[i] = ms > 0;
		} else { /* the calendar's segments are whole hours */
			h->is_work[i] = h->calendar == NULL || h->is_work[i - 1];
		}
	}
	for (int d = 0; d < W_DAYS; d++) {
		h->is_working_day[d] = true;
		if (h->calendar != NULL)
			OK(calendar_is_working_day(
				h->calendar, h->first_day + d, &h->is_working_day[d], &err));
	}
}

static struct ledger_terms random_terms(struct history *h)
{
	enum unit unit = (enum unit)rng_below(&h->rng, h->calendar == NULL ? 2 : 3);
	struct ledger_terms t =
		terms_of(1 + (int64_t)rng_below(&h->rng, 12), unit, h->calendar == NULL ? NULL : "cn");

	if (unit == UNIT_HOURS) /* any percentage is a whole minute */
		t.goal = (1 + (int64_t)rng_below(&h->rng, 40)) * 100 * MINUTE_MS;
	return t;
}

static bool is_whole_day_paused(const struct history *h, int d)
{
	for (int i = 0; i < 1440; i++) {
		if (!h->is_paused[d * 1440 + i])
			return false;
	}
	return true;
}

/* Walk: how much counts, up to `goal`; returns the minute by which it is reached. Nothing after now is
 * paused. */
static int naive_hours(const struct history *h, int64_t goal_min)
{
	int i;

	for (i = h->start_min; goal_min > 0; i++)
		goal_min -= h->is_work[i] && !h->is_paused[i];
	return i;
}

static int naive_days(const struct history *h, enum unit unit, int64_t n, bool rolls)
{
	int d = h->start_min / 1440;

	while (n > 0) {
		d++;
		n -= (unit == UNIT_NATURAL_DAYS || h->is_working_day[d]) && !is_whole_day_paused(h, d);
	}
	while (rolls && (!h->is_working_day[d] || is_whole_day_paused(h, d)))
		d++;
	return (d + 1) * 1440;
}

static int64_t naive_percent(const struct history *h, int percent)
{
	const struct ledger_terms *t = ledger_terms(&h->ledger);
	int64_t days = (t->goal * percent + 99) / 100;
	bool rolls = t->unit == UNIT_NATURAL_DAYS && h->calendar != NULL && percent >= 100;

	if (t->unit == UNIT_HOURS)
		return ms_of(h, naive_hours(h, t->goal / MINUTE_MS * percent / 100));
	return ms_of(h, naive_days(h, t->unit, days, rolls));
}

static void check_elapsed(struct history *h)
{
	const struct ledger_terms *t = ledger_terms(&h->ledger);
	struct ledger_elapsed used;
	int64_t counted = 0, paused = 0;

	OK(ledger_elapsed(&h->ledger, h->calendar, ms_of(h, h->now_min), &used, &err));
	if (t->unit == UNIT_HOURS) {
		for (int i = h->start_min; i < h->now_min; i++)
			*(h->is_paused[i] ? &paused : &counted) += h->is_work[i] ? MINUTE_MS : 0;
	} else {
		for (int d = h->start_min / 1440 + 1; d < h->now_min / 1440; d++) {
			if (t->unit == UNIT_NATURAL_DAYS || h->is_working_day[d])
				++*(is_whole_day_paused(h, d) ? &paused : &counted);
		}
	}
	check(h, used.counted == counted, "elapsed");
	check(h, used.paused == paused, "paused");
}

static void check_round_trip(struct history *h)
{
	struct ledger back = through_bytes(&h->ledger);
	struct value v = ledger_to_value(&arena, &h->ledger), again = ledger_to_value(&arena, &back);

	check(h, value_equal(&v, &again), "round trip");
	h->ledger = back;
}

/* One random change, done on the ledger and on the minutes. */
static void random_change(struct history *h)
{
	struct ledger *l = &h->ledger;
	bool was_paused = ledger_is_paused(l);
	int step = rng_below(&h->rng, 3) == 0 ? (int)rng_below(&h->rng, 5) * 1440
					      : (int)rng_below(&h->rng, 2000);
	int from, to, n = 0;
	struct ledger_terms t;
	int64_t voided_ms;

	if (rng_below(&h->rng, 3) == 0) /* often midnight: whole days */
		step = 1440 * (int)rng_below(&h->rng, 4) + 1440 - h->now_min % 1440;
	/* an open pause goes on, but for its void part, which voids its future, too */
	for (int i = h->now_min; was_paused && i < h->now_min + step; i++)
		h->is_paused[i] = true;
	for (uint32_t i = 0; i < l->n_voids; i++) {
		for (int k = h->now_min; l->voids[i].to_ms == LEDGER_OPEN && k < h->now_min + step; k++)
			h->is_paused[k] = false;
	}
	h->now_min += step;
	switch (rng_below(&h->rng, 5)) {
	case 0:
	case 1:
		if (was_paused)
			OK(ledger_resume(l, h->calendar, ms_of(h, h->now_min), &err));
		else
			OK(ledger_pause(l, h->calendar, ms_of(h, h->now_min), "cause", &err));
		break;
	case 2:
		from = h->start_min + (int)rng_below(&h->rng, (uint64_t)(h->now_min - h->start_min + 1));
		to = from + 1 + (int)rng_below(&h->rng, (uint64_t)(h->now_min - from + 1));
		to = to > h->now_min ? h->now_min : to;
		for (int i = from; i < to; i++)
			n += h->is_paused[i];
		if (ledger_void(l, h->calendar, ms_of(h, from), ms_of(h, to), ms_of(h, h->now_min), "void",
			    &voided_ms, &err) != 0)
			check(h, n == 0, "void was refused");
		else
			check(h, voided_ms == n * MINUTE_MS, "void took another part");
		memset(h->is_paused + from, 0, (size_t)(to - from));
		break;
	case 3:
		t = random_terms(h);
		OK(ledger_regoal(l, &t, h->calendar, ms_of(h, h->now_min), &err));
		break;
	}
}

static uint64_t seed_first(void)
{
	const char *seed = getenv("SEED");

	return seed == NULL ? 0 : strtoull(seed, NULL, 0);
}

static void test_random_histories(void **state)
{
	static const int percents[] = {1, 20, 50, 75, 99, 100, 120, 150};
	static struct history h;
	uint64_t first = seed_first();

	(void)state;
	for (uint64_t seed = first ? first : 1; seed < (first ? first + 1 : N_SEEDS); seed++) {
		struct ledger_terms t;

		arena_reset(&arena);
		history_init(&h, seed);
		h.start_min = h.now_min = (int)rng_below(&h.rng, 2 * 1440);
		t = random_terms(&h);
		OK(ledger_start(
			&h.ledger, &arena, "answer", false, &t, h.calendar, ms_of(&h, h.now_min), &err));
		for (int step = 0; step < 12; step++) {
			random_change(&h);
			check(&h, ledger_check(&h.ledger) == NULL, "invariant");
			for (size_t i = 0; i < sizeof(percents) / sizeof(percents[0]); i++) {
				struct ledger_due due = ledger_percent_at(
					&h.ledger, h.calendar, percents[i], ms_of(&h, h.now_min));

				if (due.is_known && due.at_ms < h.start_ms + (W_DAYS - 40) * DAY_MS)
					check(&h, due.at_ms == naive_percent(&h, percents[i]), "percent");
			}
			check_elapsed(&h);
			check_round_trip(&h);
		}
		calendar_free(h.calendar);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_random_histories),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
