/* Open incidents in memory: how many tickets hang on each, and how fast they came, whatever order rows come
 * in. */
#include "store_fixture.h"

#include "desk/cases.h"
#include "desk/words.h"

#define MINUTE_MS INT64_C(60000)
#define NOW_MS (INT64_C(1790042400000) + 30 * MINUTE_MS)
#define CASE 7

static struct store *store;
static struct desk desk;
static struct clock fake;
static struct arena arena;

/* A row of the index is stored, or deleted, and published. */
static void publish(struct slice key, const struct slice *val)
{
	struct tx *tx = tx_begin(store, NOW_MS);

	if (val == NULL)
		tx_del(tx, TABLE_INDEX, key);
	else
		tx_put(tx, TABLE_INDEX, key, *val);
	tx_commit(tx, SLICE_TEXT("\x80"));
	if (desk.cases != NULL)
		cases_on_publish(desk.cases, TABLE_INDEX, key, val);
}

static void child(int64_t ticket, int64_t created_ms)
{
	uint8_t val[8];
	struct slice said = slice_of(val, 8);

	store_be64(val, (uint64_t)created_ms);
	publish(case_child_key(&arena, CASE, ticket - 1), &said);
}

static void leaves(int64_t ticket)
{
	publish(case_child_key(&arena, CASE, ticket - 1), NULL);
}

static void status(const char *name, bool is_put)
{
	struct slice texts[] = {SLICE_TEXT(CASE_KIND), slice_of(name, strlen(name))},
		     prefix = index_prefix(&arena, desk.lexicon, INDEX_STATUS, texts, 2),
		     empty = SLICE_TEXT("");
	uint8_t *key = arena_alloc(&arena, prefix.n + 8);

	memcpy(key, prefix.p, prefix.n);
	store_be64(key + prefix.n, CASE);
	publish(slice_of(key, prefix.n + 8), is_put ? &empty : NULL);
}

static void restart(void)
{
	struct err e;

	cases_free(desk.cases);
	desk.cases = NULL;
	if (cases_new(&desk, &e) != 0)
		fail_msg("%s", e.text);
}

static int set_up(void **state)
{
	struct fixture *f;
	struct err e;

	if (fixture_setup(state) != 0)
		return -1;
	f = *state;
	arena_init(&arena, 1 << 20);
	memset(&desk, 0, sizeof(desk));
	fake.now_ms = NOW_MS;
	desk.clock = &fake;
	if (store_open(&store, &f->config, &e) != 0)
		return -1;
	desk.store = store;
	desk.lexicon = words_load(store, &e);
	if (desk.lexicon == NULL)
		return -1;
	restart();
	status("inProgress", true);
	return 0;
}

static int tear_down(void **state)
{
	cases_free(desk.cases);
	lexicon_free(desk.lexicon);
	store_close(store);
	arena_fini(&arena);
	return fixture_teardown(state);
}

static void assert_growth(int64_t children, int64_t recent, int64_t before)
{
	int64_t got[3];
	struct err e;

	assert_int_equal(cases_children(&desk, CASE, &got[0], &e), 0);
	assert_int_equal(cases_growth(&desk, CASE, &got[1], &got[2], &e), 0);
	assert_int_equal(got[0], children);
	assert_int_equal(got[1], recent);
	assert_int_equal(got[2], before);
}

static void test_minutes(void **state)
{
	(void)state;
	assert_growth(0, 0, 0);
	child(10, NOW_MS); /* the running minute */
	child(11, NOW_MS - 14 * MINUTE_MS);
	assert_growth(2, 2, 0);
	child(12, NOW_MS - 15 * MINUTE_MS);
	child(13, NOW_MS - 29 * MINUTE_MS);
	child(14, NOW_MS - 30 * MINUTE_MS); /* older than both */
	assert_growth(5, 2, 2);
	fake.now_ms += MINUTE_MS;
	assert_growth(5, 1, 2);
	fake.now_ms += 14 * MINUTE_MS;
	assert_growth(5, 0, 2);
	fake.now_ms += 15 * MINUTE_MS;
	assert_growth(5, 0, 0);
}

/* Tickets imported or attached later come in out of order; one may come from a clock that is ahead. */
static void test_any_order(void **state)
{
	(void)state;
	child(20, NOW_MS - MINUTE_MS);
	assert_growth(1, 1, 0);
	child(3, NOW_MS - 20 * MINUTE_MS);
	child(21, NOW_MS + 2 * MINUTE_MS);
	child(4, 0);
	assert_growth(4, 2, 1);
	fake.now_ms += 2 * MINUTE_MS;
	assert_growth(4, 2, 1);
}

static void test_what_leaves_is_not_counted(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 6000; i++)
		child(100 + i, NOW_MS - (i < 1000 ? 20 : 1) * MINUTE_MS);
	assert_growth(6000, 5000, 1000);
	leaves(100);
	leaves(6000);
	assert_growth(5998, 4999, 999);
	child(6000, NOW_MS);
	assert_growth(5999, 5000, 999);
	restart();
	assert_growth(5999, 5000, 999);
	child(9000, NOW_MS);
	assert_growth(6000, 5001, 999);
}

/* It moves from one open status to another within a commit, in either order of rows, and is dropped when
 * closed. */
static void test_statuses(void **state)
{
	int64_t ids[2];

	(void)state;
	status("resolved", true);
	status("inProgress", false);
	assert_int_equal(cases_ids(&desk, ids, 2), 1);
	assert_int_equal(ids[0], CASE);
	status("resolved", false);
	assert_int_equal(cases_ids(&desk, ids, 2), 0);
	status("closed", true);
	assert_int_equal(cases_ids(&desk, ids, 2), 0);
	child(10, NOW_MS); /* of a closed one: counted from the rows */
	assert_growth(1, 1, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_minutes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_any_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_leaves_is_not_counted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_statuses, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
