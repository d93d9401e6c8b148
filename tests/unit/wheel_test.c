/*
 * The wheel against a plain array searched for its smallest (due, id).
 * SEED=n replays one seed. Built with -DMUTANT_WHEEL_OFF_BY_ONE or -DMUTANT_LOST_CANCEL this must fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/util.h"
#include "tocsin/wheel.h"

#define N_NODES 96
#define N_SEEDS 1500
#define N_STEPS 300

struct model {
	struct wheel wheel;
	struct wheel_node nodes[N_NODES];
	bool is_armed[N_NODES];
	int64_t due_ms[N_NODES];
	int64_t now_ms;
	struct rng rng;
	uint64_t seed;
	size_t n_out;
};

static void fail_at(const struct model *m, const char *what)
{
	fail_msg("SEED=%ju now %jd: %s", (uintmax_t)m->seed, (intmax_t)m->now_ms, what);
}

/* Ids run against the order of the array, so that order by address or by arming is not order by id. */
static uint64_t id_of(size_t i)
{
	return 1 + (i * 37) % N_NODES;
}

/* The armed one with the smallest (due, id) up to until_ms, or N_NODES. */
static size_t model_first(const struct model *m, int64_t until_ms)
{
	size_t best = N_NODES;

	for (size_t i = 0; i < N_NODES; i++) {
		if (!m->is_armed[i] || m->due_ms[i] > until_ms)
			continue;
		if (best == N_NODES || m->due_ms[i] < m->due_ms[best] ||
			(m->due_ms[i] == m->due_ms[best] && id_of(i) < id_of(best)))
			best = i;
	}
	return best;
}

/* A distance as timers have it, and as slot boundaries have it. */
static int64_t random_away(struct model *m)
{
	int64_t level_ms = INT64_C(1) << 6 * rng_below(&m->rng, 9), edge;

	switch (rng_below(&m->rng, 6)) {
	case 0:
		return (int64_t)rng_below(&m->rng, 4);
	case 1:
		return (int64_t)rng_below(&m->rng, 300);
	case 2:
		return (int64_t)rng_below(&m->rng, 20 * 24 * 3600 * 1000);
	case 3: /* just before, at, or just behind a slot of some level */
		edge = ((m->now_ms / level_ms) + (int64_t)rng_below(&m->rng, 130)) * level_ms;
		return edge - m->now_ms + (int64_t)rng_below(&m->rng, 3) - 1;
	case 4:
		return level_ms + (int64_t)rng_below(&m->rng, 3) - 1;
	default:
		return (int64_t)(rng_u64(&m->rng) >> (2 + rng_below(&m->rng, 60)));
	}
}

static void random_arm(struct model *m, size_t i)
{
	int64_t away = random_away(m), due_ms = m->now_ms + away;

	switch (rng_below(&m->rng, 20)) {
	case 0:
		due_ms = INT64_MAX;
		break;
	case 1:
		due_ms = m->now_ms - away;
		break;
	case 2:
		due_ms = m->due_ms[rng_below(&m->rng, N_NODES)];
		break;
	}
	m->is_armed[i] = true;
	m->due_ms[i] = due_ms;
	wheel_arm(&m->wheel, &m->nodes[i], due_ms, id_of(i));
}

static void random_cancel(struct model *m, size_t i)
{
	if (wheel_cancel(&m->wheel, &m->nodes[i]) != m->is_armed[i])
		fail_at(m, "cancel gave the wrong answer");
	m->is_armed[i] = false;
}

static void on_due(struct wheel_node *n, void *udata)
{
	struct model *m = udata;
	size_t i = (size_t)(n - m->nodes), expected = model_first(m, m->now_ms);

	if (i != expected)
		fail_at(m, "the wrong node came out");
	if (wheel_is_armed(n))
		fail_at(m, "a node came out armed");
	m->is_armed[i] = false;
	m->n_out++;
	switch (rng_below(&m->rng, 6)) {
	case 0:
		random_arm(m, i);
		break;
	case 1:
		random_arm(m, rng_below(&m->rng, N_NODES));
		break;
	case 2:
		random_cancel(m, rng_below(&m->rng, N_NODES));
		break;
	case 3: /* the next in line */
		if ((i = model_first(m, INT64_MAX)) < N_NODES)
			random_cancel(m, i);
		break;
	}
}

static void check_state(struct model *m)
{
	const char *wrong = wheel_check(&m->wheel);
	size_t first = model_first(m, INT64_MAX), n_armed = 0;
	int64_t next_ms = wheel_next_ms(&m->wheel);

	if (wrong != NULL)
		fail_at(m, wrong);
	for (size_t i = 0; i < N_NODES; i++) {
		n_armed += m->is_armed[i];
		if (wheel_is_armed(&m->nodes[i]) != m->is_armed[i])
			fail_at(m, "armed and not armed are mixed up");
	}
	if (n_armed != m->wheel.n_nodes)
		fail_at(m, "the count is wrong");
	if (n_armed == 0 ? next_ms != INT64_MAX : next_ms > m->due_ms[first])
		fail_at(m, "next is later than the first due");
}

static void random_advance(struct model *m)
{
	size_t max = rng_below(&m->rng, 4) == 0 ? rng_below(&m->rng, 3) : 64, n_out = m->n_out, got;
	int64_t next_ms = wheel_next_ms(&m->wheel);

	if (rng_below(&m->rng, 3) == 0 && next_ms < INT64_C(1) << 60)
		m->now_ms = next_ms > m->now_ms ? next_ms : m->now_ms;
	else if (m->now_ms < INT64_C(1) << 59)
		m->now_ms += rng_below(&m->rng, 2) ? (int64_t)rng_below(&m->rng, 3)
						   : random_away(m) & ((INT64_C(1) << 49) - 1);
	got = wheel_advance(&m->wheel, m->now_ms, max, on_due, m);
	if (got != m->n_out - n_out || got > max)
		fail_at(m, "advance counted wrongly");
	if (got < max && model_first(m, m->now_ms) != N_NODES)
		fail_at(m, "a due node stayed");
}

static uint64_t seed_first(void)
{
	const char *seed = getenv("SEED");

	return seed == NULL ? 0 : strtoull(seed, NULL, 0);
}

static void test_model(void **state)
{
	static struct model m;
	uint64_t first = seed_first(), n_seeds = first != 0 ? 1 : N_SEEDS;

	(void)state;
	for (uint64_t seed = first != 0 ? first : 1; n_seeds-- > 0; seed++) {
		memset(&m, 0, sizeof(m));
		m.seed = seed;
		rng_init_seeded(&m.rng, seed);
		m.now_ms = seed % 3 == 0 ? 0 : (int64_t)(rng_u64(&m.rng) >> (10 + seed % 50));
		wheel_init(&m.wheel, m.now_ms);
		for (int step = 0; step < N_STEPS; step++) {
			size_t i = rng_below(&m.rng, N_NODES);

			switch (rng_below(&m.rng, 4)) {
			case 0:
				random_cancel(&m, i);
				break;
			case 1:
				random_advance(&m);
				break;
			default:
				random_arm(&m, i);
			}
			check_state(&m);
		}
	}
}

static void count_out(struct wheel_node *n, void *udata)
{
	(void)n;
	++*(size_t *)udata;
}

/* One node at a time around every kind of boundary of every level: silent one ms before, out at its ms. */
static void test_slot_boundaries(void **state)
{
	static const int64_t starts[] = {0, 1, 62, 63, 64, 65, 4095, 4096, 262143, 1790042400000};
	static const int64_t blocks[] = {0, 1, 2, 3, 62, 63, 64, 65, 126, 127, 128, 129};
	struct wheel w;
	struct wheel_node n = {0};

	(void)state;
	for (size_t s = 0; s < 10; s++) {
		for (int level = 0; level <= WHEEL_LEVELS; level++) {
			int64_t level_ms = INT64_C(1) << 6 * level, base = starts[s] / level_ms;

			for (int64_t i = 0; i < 12 * 3; i++) {
				int64_t due_ms = (base + blocks[i / 3]) * level_ms + i % 3 - 1;
				size_t n_out = 0;

				if (due_ms <= starts[s])
					continue;
				wheel_init(&w, starts[s]);
				wheel_arm(&w, &n, due_ms, 1);
				for (int64_t next_ms; (next_ms = wheel_next_ms(&w)) < due_ms;)
					assert_int_equal(wheel_advance(&w, next_ms, 9, count_out, &n_out), 0);
				assert_int_equal(wheel_next_ms(&w), due_ms);
				wheel_init(&w, starts[s]);
				memset(&n, 0, sizeof(n));
				wheel_arm(&w, &n, due_ms, 1);
				assert_int_equal(wheel_advance(&w, due_ms - 1, 9, count_out, &n_out), 0);
				assert_null(wheel_check(&w));
				assert_int_equal(wheel_advance(&w, due_ms, 9, count_out, &n_out), 1);
				assert_int_equal(wheel_next_ms(&w), INT64_MAX);
			}
		}
	}
}

/* ---- bursts and work per call -------------------------------------------------------------------------- */

#define N_BURST 100000

struct burst {
	struct wheel_node *nodes;
	struct wheel wheel;
	int64_t last_due_ms;
	uint64_t last_id;
	size_t n_out;
};

static void on_burst(struct wheel_node *n, void *udata)
{
	struct burst *b = udata;

	assert_true(n->due_ms > b->last_due_ms || (n->due_ms == b->last_due_ms && n->id > b->last_id));
	b->last_due_ms = n->due_ms;
	b->last_id = n->id;
	b->n_out++;
}

static void burst_init(struct burst *b)
{
	memset(b, 0, sizeof(*b));
	b->nodes = calloc(N_BURST, sizeof(*b->nodes));
	assert_non_null(b->nodes);
	wheel_init(&b->wheel, 1000);
}

/* Advance once and count the nodes that went to another place: never more than the header says. */
static size_t advance_counted(struct burst *b, int64_t now_ms)
{
	static uint8_t before[N_BURST][2];
	size_t n_moved = 0, n_out;

	for (size_t i = 0; i < N_BURST; i++) {
		before[i][0] = b->nodes[i].place;
		before[i][1] = b->nodes[i].slot;
	}
	n_out = wheel_advance(&b->wheel, now_ms, 256, on_burst, b);
	assert_true(n_out <= 256);
	for (size_t i = 0; i < N_BURST; i++)
		n_moved += before[i][0] != b->nodes[i].place || before[i][1] != b->nodes[i].slot;
	assert_true(n_moved <= WHEEL_MOVES + n_out);
	return n_out;
}

/* Ids 1 ... N in an order that has nothing to do with them (7919 is prime to N). */
static uint64_t burst_id(size_t i)
{
	return 1 + (i * 7919) % N_BURST;
}

static void test_burst_in_one_ms(void **state)
{
	struct burst b;
	int n_calls = 0;

	(void)state;
	burst_init(&b);
	for (size_t i = 0; i < N_BURST; i++)
		wheel_arm(&b.wheel, &b.nodes[i], 5000000, burst_id(i));
	assert_int_equal(advance_counted(&b, 4999999), 0);
	while (advance_counted(&b, 5000000) == 0) {
		n_calls++;
		assert_true(wheel_next_ms(&b.wheel) <= 5000000);
	}
	assert_true(n_calls <= 4 * N_BURST / (WHEEL_MOVES - WHEEL_AHEAD));
	assert_int_equal(b.n_out, 256);
	assert_int_equal(b.last_id, 256);
	for (size_t i = 0; i < N_BURST; i += 3) {
		if (burst_id(i) > 256)
			assert_true(wheel_cancel(&b.wheel, &b.nodes[i]));
	}
	assert_null(wheel_check(&b.wheel));
	while (b.wheel.n_nodes > 256)
		assert_int_equal(wheel_advance(&b.wheel, 5000000, 256, on_burst, &b), 256);
	wheel_advance(&b.wheel, 5000000, 256, on_burst, &b);
	assert_int_equal(b.wheel.n_nodes, 0);
	assert_int_equal(wheel_next_ms(&b.wheel), INT64_MAX);
	free(b.nodes);
}

/* Cancelled while the burst is half on its way into the heap. */
static void test_burst_cancelled_midway(void **state)
{
	struct burst b;
	size_t n_left = N_BURST;

	(void)state;
	burst_init(&b);
	for (size_t i = 0; i < N_BURST; i++)
		wheel_arm(&b.wheel, &b.nodes[i], 1001, burst_id(i));
	for (int call = 0; call < 12; call++)
		assert_int_equal(advance_counted(&b, 2000), 0);
	assert_null(wheel_check(&b.wheel));
	for (size_t i = 0; i < N_BURST; i++) {
		if (i % 5 != 0) {
			assert_true(wheel_cancel(&b.wheel, &b.nodes[i]));
			n_left--;
		}
	}
	assert_null(wheel_check(&b.wheel));
	while (b.wheel.n_nodes > 0)
		wheel_advance(&b.wheel, 2000, 256, on_burst, &b);
	assert_int_equal(b.n_out, n_left);
	free(b.nodes);
}

/* Timers of a day; a jump over all of it, and a call every second. */
static void test_work_per_call(void **state)
{
	struct burst b;
	struct rng rng;

	(void)state;
	for (int is_jump = 0; is_jump < 2; is_jump++) {
		int64_t now_ms = 1000;
		size_t n_calls = 0;

		burst_init(&b);
		rng_init_seeded(&rng, 7);
		for (size_t i = 0; i < N_BURST; i++)
			wheel_arm(&b.wheel, &b.nodes[i], 1000 + (int64_t)rng_below(&rng, 86400000),
				burst_id(i));
		while (b.wheel.n_nodes > 0) {
			now_ms = is_jump ? 86401000 : now_ms + 1000;
			if (n_calls++ % 97 == 0)
				advance_counted(&b, now_ms);
			else
				wheel_advance(&b.wheel, now_ms, 256, on_burst, &b);
			assert_true(n_calls < 90000);
		}
		assert_int_equal(b.n_out, N_BURST);
		assert_null(wheel_check(&b.wheel));
		free(b.nodes);
	}
}

/* While time is in slot 4 of level 2, slot 5 is spread over level 1, so that nothing is left to do when it
 * begins. */
static void test_cascade_is_ahead(void **state)
{
	int64_t slot_ms = 64 * 64, now_ms = 4 * slot_ms;
	size_t n_nodes = 4000, n_calls = 0, n_left;
	struct burst b;

	(void)state;
	burst_init(&b);
	for (size_t i = 0; i < n_nodes; i++) {
		wheel_arm(&b.wheel, &b.nodes[i], 5 * slot_ms + (int64_t)i % slot_ms, burst_id(i));
		assert_int_equal(b.nodes[i].place, 1 + 2);
	}
	do {
		n_left = 0;
		assert_int_equal(wheel_advance(&b.wheel, now_ms++, 256, on_burst, &b), 0);
		for (size_t i = 0; i < n_nodes; i++)
			n_left += b.nodes[i].place == 1 + 2;
		n_calls++;
		assert_null(wheel_check(&b.wheel));
	} while (n_left > 0 && n_calls < 100);
	assert_int_equal(n_calls, n_nodes / WHEEL_AHEAD + 1);
	assert_true(now_ms < 5 * slot_ms);
	free(b.nodes);
}

static void rearm_self(struct wheel_node *n, void *udata)
{
	wheel_arm(udata, n, n->due_ms, n->id);
}

/* What a callback arms in the past takes part in the same call, up to max; time never goes back. */
static void test_rearm_in_callback(void **state)
{
	struct wheel w;
	struct wheel_node n = {0}, late = {0};
	size_t n_out = 0;

	(void)state;
	wheel_init(&w, 100);
	wheel_arm(&w, &n, 50, 1);
	assert_int_equal(wheel_next_ms(&w), 50);
	assert_int_equal(wheel_advance(&w, 100, 7, rearm_self, &w), 7);
	assert_true(wheel_cancel(&w, &n));
	assert_false(wheel_cancel(&w, &n));
	wheel_arm(&w, &late, 101, 2);
	assert_int_equal(wheel_advance(&w, 90, 7, count_out, &n_out), 0);
	assert_int_equal(wheel_advance(&w, 101, 0, count_out, &n_out), 0);
	assert_int_equal(wheel_advance(&w, 101, 1, count_out, &n_out), 1);
	assert_int_equal(wheel_advance(&w, INT64_C(1) << 62, 1, count_out, &n_out), 0);
	assert_null(wheel_check(&w));
}

/* The checker itself notices damage. */
static void test_check_sees_damage(void **state)
{
	struct wheel w;
	struct wheel_node n[3] = {{0}};

	(void)state;
	wheel_init(&w, 1000);
	for (int i = 0; i < 3; i++)
		wheel_arm(&w, &n[i], i == 2 ? 900 : 5000, (uint64_t)i);
	assert_null(wheel_check(&w));
	n[0].due_ms = 99999;
	assert_string_equal(wheel_check(&w), "a node is in another instant's slot");
	n[0].due_ms = 999;
	assert_string_equal(wheel_check(&w), "a node in a slot is before pos");
	n[0].due_ms = 5000;
	w.n_nodes++;
	assert_string_equal(wheel_check(&w), "a node is armed but in no slot");
	w.n_nodes--;
	w.taken[3][1] = 1;
	assert_string_equal(wheel_check(&w), "the bit map disagrees with a slot");
	w.taken[3][1] = 0;
	n[2].rank = 2;
	assert_string_equal(wheel_check(&w), "the heap is not leftist");
	n[2].rank = 1;
	assert_null(wheel_check(&w));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_slot_boundaries),
		cmocka_unit_test(test_burst_in_one_ms),
		cmocka_unit_test(test_burst_cancelled_midway),
		cmocka_unit_test(test_work_per_call),
		cmocka_unit_test(test_cascade_is_ahead),
		cmocka_unit_test(test_rearm_in_callback),
		cmocka_unit_test(test_check_sees_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
