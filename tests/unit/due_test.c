/* Durable timers: what is due next is what a model says, near and far, whatever is put, moved, taken away and
 * fired. */
#include "store_fixture.h"
#include "tocsin/clock.h"
#include "tocsin/due.h"

#define START_MS INT64_C(1790042400000)
#define IDS 6 /* few, so that often all of them are far */

static struct store *store;
static struct due *due;
static int64_t model[IDS + 1]; /* when id is due, 0: not at all */

static void on_publish(void *udata, enum table table, struct slice key, const struct slice *val)
{
	(void)udata;
	if (due != NULL && table == TABLE_TIMER)
		due_on_publish(due, key, val);
}

/* Take the id's row away and, unless due_ms is 0, put another. */
static void set(uint64_t id, int64_t due_ms)
{
	struct tx *tx = tx_begin(store, START_MS);
	uint8_t key[DUE_KEY_LEN];

	if (model[id] != 0) {
		due_key(key, model[id], id);
		tx_del(tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	}
	if (due_ms != 0) {
		due_key(key, due_ms, id);
		tx_put(tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
	}
	model[id] = due_ms;
	tx_commit(tx, SLICE_TEXT("x"));
}

static int64_t first_of_model(void)
{
	int64_t first = INT64_MAX;

	for (int i = 1; i <= IDS; i++)
		if (model[i] != 0 && model[i] < first)
			first = model[i];
	return first;
}

static void fire(void *udata, int64_t due_ms, uint64_t id)
{
	(void)udata;
	assert_int_equal(due_ms, model[id]);
	set(id, 0);
}

static void start(struct fixture *f)
{
	memset(model, 0, sizeof(model));
	f->config.on_publish = on_publish;
	store = fixture_open(f);
	OK(due_new(&due, store, START_MS, &why));
}

static void stop(void)
{
	due_free(due);
	due = NULL;
	store_close(store);
}

static void test_far_ones(void **state)
{
	start(*state);
	assert_int_equal(due_next_ms(due), INT64_MAX);
	set(1, START_MS + 5 * DUE_HORIZON_MS);
	set(2, START_MS + 7 * DUE_HORIZON_MS);
	assert_int_equal(due_next_ms(due), START_MS + 5 * DUE_HORIZON_MS);
	set(3, START_MS + 5 * DUE_HORIZON_MS); /* two at one instant, then one */
	set(1, 0);
	assert_int_equal(due_next_ms(due), START_MS + 5 * DUE_HORIZON_MS);
	set(3, START_MS + 9 * DUE_HORIZON_MS);
	assert_int_equal(due_next_ms(due), START_MS + 7 * DUE_HORIZON_MS);
	set(2, 0);
	set(3, 0);
	assert_int_equal(due_next_ms(due), INT64_MAX);
	set(4, START_MS + 6 * DUE_HORIZON_MS);
	assert_int_equal(due_next_ms(due), START_MS + 6 * DUE_HORIZON_MS);
	stop();
}

static void test_like_a_model(void **state)
{
	struct fixture *f = *state;
	struct rng rng;
	int64_t now_ms = START_MS;
	int n_far = 0;

	rng_init_seeded(&rng, fixture_seed());
	start(f);
	for (int step = 0; step < fixture_dose(4000); step++) {
		uint64_t id = 1 + rng_below(&rng, IDS);
		uint64_t what = rng_below(&rng, 10);

		if (what < 6) /* mostly far: a wheel that holds something hides the rows behind it */
			set(id, now_ms + 1 + (int64_t)rng_below(&rng, what == 0 ? 1000 : 9 * DUE_HORIZON_MS));
		else if (what < 9)
			set(id, 0);
		else {
			int64_t next = first_of_model();

			now_ms += (int64_t)rng_below(&rng, DUE_HORIZON_MS);
			if (next < now_ms && next != INT64_MAX && rng_below(&rng, 2) == 0)
				now_ms = next;
			while (due_work(due, now_ms, 8, fire, NULL) > 0)
				;
			assert_true(first_of_model() > now_ms);
		}
		assert_true(
			due_next_ms(due) <= first_of_model()); /* the wheel may wake to move what it holds */
		if (due_count(due) == 0) {
			assert_int_equal(due_next_ms(due), first_of_model());
			n_far++;
		}
		if (step % 200 == 0)
			OK(due_audit(due, &why));
	}
	assert_true(n_far > 100);
	stop();
}

/* A row that was taken away is passed over once, not by every look: 200,000 looks beside 20,000 such rows. */
static void test_a_look_costs_nothing(void **state)
{
	int64_t began_us;

	start(*state);
	for (int i = 0; i < 20000; i++)
		set(1, START_MS + 2 * DUE_HORIZON_MS + i);
	began_us = clock_mono_us();
	for (int i = 0; i < 200000; i++)
		assert_int_equal(due_next_ms(due), START_MS + 2 * DUE_HORIZON_MS + 19999);
	/* over 20 s where each look walked */
	assert_true(clock_mono_us() - began_us < 2000000);
	stop();
}

/*
 * More timers than the wheel has room for, many of one instant: a start reads few of them, and all fire in
 * order, those that come meanwhile among them.
 */
#define N_MANY (DUE_ROOM + 20000)

static int64_t last_ms;
static uint64_t last_id;
static size_t n_fired, n_late; /* late: put while others were due already */

static void fire_many(void *udata, int64_t due_ms, uint64_t id)
{
	struct tx *tx = tx_begin(store, START_MS);
	uint8_t key[DUE_KEY_LEN];

	(void)udata;
	assert_true(due_ms > last_ms || (due_ms == last_ms && id > last_id));
	last_ms = due_ms;
	last_id = id;
	due_key(key, due_ms, id);
	tx_del(tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	if (++n_fired % 1000 == 0) {
		due_key(key, due_ms + 1, N_MANY + n_fired);
		tx_put(tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
		n_late++;
	}
	tx_commit(tx, SLICE_TEXT("x"));
}

static void test_more_than_its_room(void **state)
{
	int64_t now_ms = START_MS;
	struct tx *tx = NULL;

	start(*state);
	last_ms = 0;
	n_fired = n_late = 0;
	for (uint64_t id = 1; id <= N_MANY; id++) {
		uint8_t key[DUE_KEY_LEN];

		if (tx == NULL)
			tx = tx_begin(store, START_MS);
		due_key(key, START_MS + (int64_t)(id * 7919 % N_MANY) / 3000 * 1000, id);
		tx_put(tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
		if (id % 500 == 0 || id == N_MANY) {
			tx_commit(tx, SLICE_TEXT("x"));
			tx = NULL;
		}
	}
	due_free(due);
	OK(due_new(&due, store, START_MS, &why));
	assert_int_equal(due_count(due), 512);
	while (due_next_ms(due) != INT64_MAX) {
		now_ms = due_next_ms(due) > now_ms ? due_next_ms(due) : now_ms;
		due_work(due, now_ms, 100, fire_many, NULL);
		assert_true(due_count(due) <= DUE_ROOM + 512);
		if (n_fired % 10000 < 100)
			OK(due_audit(due, &why));
	}
	assert_int_equal(n_fired, N_MANY + n_late);
	assert_int_equal(due_count(due), 0);
	stop();
}

/* Timers that cannot be worked fill the wheel's room, put off: those behind them fire all the same. */
#define N_BROKEN (DUE_ROOM + 1024)

static void fire_or_put_off(void *udata, int64_t due_ms, uint64_t id)
{
	struct tx *tx;
	uint8_t key[DUE_KEY_LEN];

	(void)udata;
	if (id <= N_BROKEN) {
		due_put_off(due, due_ms, id, START_MS + 60000);
		return;
	}
	tx = tx_begin(store, START_MS);
	due_key(key, due_ms, id);
	tx_del(tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	tx_commit(tx, SLICE_TEXT("x"));
	n_fired++;
}

static void test_behind_those_put_off(void **state)
{
	struct tx *tx = NULL;

	start(*state);
	n_fired = 0;
	for (uint64_t id = 1; id <= N_BROKEN + 3; id++) {
		uint8_t key[DUE_KEY_LEN];

		if (tx == NULL)
			tx = tx_begin(store, START_MS);
		due_key(key, id <= N_BROKEN ? START_MS : START_MS + 10, id);
		tx_put(tx, TABLE_TIMER, slice_of(key, sizeof(key)), slice_of("", 0));
		if (id % 500 == 0 || id == N_BROKEN + 3) {
			tx_commit(tx, SLICE_TEXT("x"));
			tx = NULL;
		}
	}
	due_free(due);
	OK(due_new(&due, store, START_MS, &why));
	while (due_next_ms(due) <= START_MS + 10)
		assert_true(due_work(due, START_MS + 10, 100, fire_or_put_off, NULL) > 0 ||
			    due_next_ms(due) > START_MS + 10);
	assert_int_equal(n_fired, 3);
	OK(due_audit(due, &why));
	stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_far_ones, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_like_a_model, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_look_costs_nothing, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_more_than_its_room, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_behind_those_put_off, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
