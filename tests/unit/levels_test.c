/* The level machine: S1, S2 and S17 of the field's scenarios to the bin, signatures, stays, skips, encodings.
 */
#include "warn_fixture.h"

static const uint32_t s1[] = {2, 3, 11, 20, 41, 77, 120, 160, 150, 130, 95, 70, 48, 30, 16, 9, 5, 3, 2, 2, 1,
	2, 3, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 1, 2, 2, 2, 1, 2};
static const uint32_t s2[] = {5, 6, 5, 4, 6, 5, 6, 4, 5, 7, 4, 5};
#define N(array) (sizeof(array) / sizeof((array)[0]))

/* Play a curve; every change as "10:15 yellow 16; ". */
static const char *changes(struct play *p, const uint32_t *counts, size_t n)
{
	static char out[1000];
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < n; i++)
		if (play_bin(p, counts[i])) {
			int shown = p->seen.to == 4 || p->seen.from == 4 ? watch_input_find(p->watch, "S60")
									 : watch_input_find(p->watch, "S15");
			len += (size_t)snprintf(out + len, sizeof(out) - len, "%s %s %.0f; ", play_time(p),
				level_name(watches, p->seen.to), p->seen.seen[shown].value);
		}
	return out;
}

static const char s1_changes[] =
	"10:15 yellow 16; 10:20 orange 34; 10:35 red 238; 10:55 black 811; 12:00 red 122; "
	"12:30 orange 6; 12:45 yellow 5; 13:00 none 5; ";

static void test_s1(void **state)
{
	struct play p;

	(void)state;
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	assert_string_equal(changes(&p, s1, N(s1)), s1_changes);
}

/* Black and red need a signature: at 12:00 it is ready to lower, and stays black until someone signs. */
static void test_s1_signed(void **state)
{
	struct play p;
	size_t i = 0;

	(void)state;
	play_init(&p, "signed", "2026-09-22T10:00", 2);
	for (; i < N(s1) && !p.seen.is_ready; i++) {
		play_bin(&p, s1[i]);
		if (!p.seen.is_ready && p.detector.level.level > 0)
			assert_int_equal(level_sign(&p.watch->levels, &p.detector.level, &err), -1);
	}
	assert_string_equal(play_time(&p), "12:00");
	assert_true(p.seen.is_changed && p.seen.from == 4 && p.seen.to == 4);
	for (; i < N(s1); i++) {
		assert_false(play_bin(&p, s1[i]));
		assert_true(p.seen.is_ready && !p.seen.is_changed);
	}
	OK(level_sign(&p.watch->levels, &p.detector.level, &err));
	assert_int_equal(p.detector.level.level, 3);
	assert_int_equal(level_sign(&p.watch->levels, &p.detector.level, &err), -1);
	assert_string_equal(err.text, "the level is not ready to lower: 0 quiet closes so far");
	for (i = 0; i < 5; i++) {
		play_bin(&p, 2);
		assert_false(p.seen.is_ready);
	}
	play_bin(&p, 2); /* the stay of red is over */
	assert_true(p.seen.is_ready);
	play_bin(&p, 100); /* over the exit again: no longer ready */
	assert_true(p.seen.is_changed && !p.seen.is_ready && p.seen.to == 3);
}

/* Four hours round the threshold: a plain one changes 23 times. */
static void test_s2(void **state)
{
	struct play p;
	int n_plain = 0;
	bool was = false;
	uint32_t all[4 * N(s2)];

	(void)state;
	for (size_t i = 0; i < N(all); i++)
		all[i] = s2[i % N(s2)];
	for (size_t i = 0; i < N(all); i++) {
		uint32_t sum = all[i] + (i > 0 ? all[i - 1] : 2) + (i > 1 ? all[i - 2] : 2);

		n_plain += (sum >= 16) != was;
		was = sum >= 16;
	}
	assert_int_equal(n_plain, 23);
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	assert_string_equal(changes(&p, all, N(all)), "10:15 yellow 16; ");
}

/* The same rule in a city with a seventh of the traffic. */
static void test_s17(void **state)
{
	const uint32_t small[] = {1, 0, 2, 1, 2, 2, 1, 0, 0, 0, 0, 0, 0};
	struct play p;

	(void)state;
	play_init(&p, "S17", "2026-09-22T10:00", 2);
	p.close.city = "shenzhen";
	assert_string_equal(changes(&p, s1, 3), "10:15 yellow 16; ");
	assert_true(fabs(p.seen.seen[0].p - 5.1e-4) < 5e-6 && p.seen.seen[0].expected == 6);
	play_init(&p, "S17", "2026-09-22T10:00", 0);
	p.close.city = "heyuan";
	assert_string_equal(changes(&p, small, 5), "");
	assert_string_equal(changes(&p, small + 5, 1), ""); /* 5 in 15 minutes */
	play_init(&p, "S17", "2026-09-22T10:00", 0);
	p.close.city = "heyuan";
	/* 6 are warned; below 3 for three closes it is over */
	assert_string_equal(changes(&p, (const uint32_t[]){1, 2, 3, 0, 0, 0, 0, 0, 0, 0}, 10),
		"10:15 yellow 6; 10:40 none 0; ");
}

static void test_per_10000(void **state)
{
	struct play p;

	(void)state;
	play_init(&p, "S17", "2026-09-22T10:00", 0);
	p.close.city = "heyuan";
	play_bin(&p, 60);
	assert_int_equal(p.seen.to, 2); /* subscribers unknown: a rate never holds */
	p.close.subscribers = 2000000;
	play_bin(&p, 0);
	assert_int_equal(p.seen.to, 3); /* 60 of 2,000,000 are 0.3 of 10,000 */
}

/* Few complain, but the numbers that brought the level about are still there: it does not come and go. */
static void test_held_by_its_entry(void **state)
{
	struct play p;
	double given[WATCH_INPUTS_MAX] = {0};
	int affected, changes = 0;

	(void)state;
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	affected = watch_input_find(p.watch, "affected");
	p.close.given = given;
	given[affected] = 10000;
	for (int i = 0; i < 40; i++)
		changes += play_bin(&p, 2);
	assert_int_equal(p.seen.to, 3);
	assert_int_equal(changes, 1);
	assert_int_equal(p.detector.under[2], 40); /* under its exit all the same, for who asks of recovery */
	given[affected] = 9999;
	assert_false(play_bin(&p, 2));
	assert_false(play_bin(&p, 2));
	assert_true(play_bin(&p, 2));
	assert_int_equal(p.seen.to, 2);
}

static void test_affected(void **state)
{
	struct play p;
	double given[WATCH_INPUTS_MAX] = {0};
	int affected;

	(void)state;
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	affected = watch_input_find(p.watch, "affected");
	assert_true(affected > 0);
	p.close.given = given;
	given[affected] = 9999;
	assert_false(play_bin(&p, 2));
	given[affected] = 10000;
	assert_true(play_bin(&p, 2));
	assert_int_equal(p.seen.to, 3);
	assert_int_equal(p.seen.group, 1);
	assert_int_equal(p.seen.input, affected);
	given[affected] = 500000;
	play_bin(&p, 2);
	given[affected] = 250000; /* S60 is quiet, the numbers are not */
	for (int i = 0; i < 20; i++)
		play_bin(&p, 2);
	assert_int_equal(p.seen.to, 4);
	assert_int_equal(p.detector.under[3], 0);
	given[affected] = NAN; /* none is handed in any more */
	play_bin(&p, 2);
	play_bin(&p, 2);
	assert_int_equal(p.seen.to, 4);
	play_bin(&p, 2);
	assert_int_equal(p.seen.to, 3);
}

/* Closes under an exit are counted for every level, whatever the present one: recovery asks for red's under
 * black. */
static void test_under(void **state)
{
	struct play p;
	size_t i = 0;

	(void)state;
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	while (p.detector.under[2] < 3 || p.detector.level.level < 4)
		play_bin(&p, s1[i++]);
	assert_string_equal(play_time(&p), "11:30");
	assert_int_equal(p.detector.level.level, 4);
}

/* What was not watched is neither a zero nor an alarm. */
static void test_gap(void **state)
{
	struct play p;

	(void)state;
	play_init(&p, "S17", "2026-09-22T10:00", UINT32_MAX);
	p.close.city = "shenzhen";
	play_bin(&p, UINT32_MAX);
	assert_false(p.seen.seen[0].is_known);
	assert_true(isnan(p.seen.seen[0].p));
	play_bin(&p, 9);
	assert_true(p.seen.seen[0].expected == 2); /* of the one bin that was watched */
	assert_int_equal(p.seen.to, 1);
}

static void test_set(void **state)
{
	struct play p;

	(void)state;
	play_init(&p, "S1", "2026-09-22T10:00", 2);
	OK(level_set(&p.watch->levels, &p.detector.level, 2, &err));
	for (int i = 0; i < 2; i++)
		assert_false(play_bin(&p, 2));
	assert_true(play_bin(&p, 2));
	assert_int_equal(p.seen.to, 1);
	assert_int_equal(level_set(&p.watch->levels, &p.detector.level, 7, &err), -1);
	assert_string_equal(err.text, "the table \"recharge\" has no level 7");
	p.detector.level.level = 6; /* of a pack that had more levels: left like the highest */
	for (int i = 0; i < 6; i++)
		play_bin(&p, 2);
	assert_int_equal(p.seen.to, 4);
}

/* At every close of S1: to bytes, back, the same bytes, and the same future. */
static void test_code(void **state)
{
	struct play p, q;
	struct buf a, b;

	(void)state;
	buf_init(&a, 1000);
	buf_init(&b, 1000);
	play_init(&p, "failed transactions", "2026-09-22T10:00", 0);
	for (size_t i = 0; i < N(s1); i++) {
		play_bin(&p, s1[i] / 8);
		buf_reset(&a);
		buf_reset(&b);
		detector_encode(p.watch, &p.detector, &a);
		OK(detector_decode(p.watch, &q.detector, buf_slice(&a), &err));
		assert_memory_equal(&q.detector, &p.detector, sizeof(p.detector));
		detector_encode(p.watch, &q.detector, &b);
		assert_int_equal(slice_cmp(buf_slice(&a), buf_slice(&b)), 0);
		for (size_t n = 0; n < a.n; n++)
			assert_int_equal(detector_decode(p.watch, &q.detector, slice_of(a.p, n), &err), -1);
	}
	assert_string_equal(err.text, "watch \"failed transactions\": the state of a key is damaged");
	OK(detector_decode(
		watch_of("S1"), &q.detector, buf_slice(&a), &err)); /* another table: the level is kept */
	assert_int_equal(q.detector.level.level, p.detector.level.level);
	buf_fini(&a);
	buf_fini(&b);
}

/* Inputs stand by name, so one more of them moves the others: each CUSUM goes on as what it is called. */
static void test_cusum_by_name(void **state)
{
	const struct watch *old = watch_of("failed transactions");
	struct watch more = *old, renamed = *old;
	int at = watch_input_find(old, "climb");
	struct detector from = {.level = {.level = 1}}, to;
	struct buf b;

	(void)state;
	assert_true(at >= 0);
	from.cusum[at] = 7.5;
	buf_init(&b, 1000);
	detector_encode(old, &from, &b);
	memmove(&more.inputs[1], &more.inputs[0], more.n_inputs * sizeof(more.inputs[0]));
	more.inputs[0] =
		(struct watch_input){.name = "accel", .kind = INPUT_CUSUM, .cusum = {.ratio = 2, .cap = 40}};
	more.n_inputs++;
	OK(detector_decode(&more, &to, buf_slice(&b), &err));
	assert_true(to.cusum[0] == 0 && to.cusum[at + 1] == 7.5);
	renamed.inputs[at].name = "rise";
	OK(detector_decode(&renamed, &to, buf_slice(&b), &err));
	assert_true(to.cusum[at] == 0);
	assert_int_equal(to.level.level, 1);
	buf_fini(&b);
}

/* Random curves: one step down at a time, no level left before its stay, none skipped downward. */
static void test_walk(void **state)
{
	uint32_t seed = 7, since = 0;
	struct play p;

	(void)state;
	for (int run = 0; run < 200; run++) {
		play_init(&p, "S1", "2026-09-22T10:00", 2);
		since = 0;
		for (int i = 0; i < 300; i++) {
			uint32_t scale;

			seed = seed * 1664525 + 1013904223;
			scale = seed >> 28;
			since++;
			if (!play_bin(&p, (seed >> 8) % (1 + scale * scale)))
				continue;
			if (p.seen.to < p.seen.from) {
				const struct level_row *row = level_row_of(&p.watch->levels, p.seen.from);

				assert_int_equal(p.seen.to, p.seen.from - 1);
				assert_true(since >= row->stay && since >= row->closes);
			}
			since = 0;
		}
	}
}

static void test_catalog(void **state)
{
	const struct watch *w = watch_of("failed transactions");

	(void)state;
	assert_int_equal(w->of, WATCH_SIGNALS);
	assert_string_equal(w->kinds.p[0], "txn_failed");
	assert_string_equal(w->service, "recharge");
	assert_string_equal(w->component, "boss");
	assert_int_equal(w->by, BY_CITY);
	assert_int_equal(w->silent_ms, 600000);
	assert_true(w->dispersion == 1.5 && w->n_back == 12);
	assert_true(watch_has_category(watches, watch_of("payment"), "recharge.not_credited"));
	assert_true(watch_has_category(watches, watch_of("payment"), "billing.overcharge"));
	assert_false(watch_has_category(watches, watch_of("payment"), "billing.overcharged"));
	assert_false(watch_has_category(watches, watch_of("payment"), "billing.cdr"));
	assert_true(watch_has_category(watches, watch_of("signed"), "recharge.not_credited"));
	w = watch_of("payment"); /* 1 false alarm a day over 100 streams of 288 closes */
	assert_true(fabs(w->levels.rows[1].enter.groups[0].tests[0].value - 1.0 / 28800) < 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_s1), cmocka_unit_test(test_s1_signed),
		cmocka_unit_test(test_s2), cmocka_unit_test(test_s17), cmocka_unit_test(test_per_10000),
		cmocka_unit_test(test_affected), cmocka_unit_test(test_held_by_its_entry),
		cmocka_unit_test(test_under), cmocka_unit_test(test_gap), cmocka_unit_test(test_set),
		cmocka_unit_test(test_code), cmocka_unit_test(test_cusum_by_name),
		cmocka_unit_test(test_walk), cmocka_unit_test(test_catalog)};

	return cmocka_run_group_tests(tests, load_watches, free_watches);
}
