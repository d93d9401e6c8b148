/* Tasks as rows: the keys each state has, what a save leaves behind, putting off, and what fsck finds. */
#include "store_fixture.h"

#include "desk/packs_int.h"
#include "desk/tasks.h"

#define NOW_MS INT64_C(1790042400000)

static struct store *store;
static struct desk desk;
static struct packs packs;
static struct clock fake;
static struct arena arena;
static char findings[4000];

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
	desk.packs = &packs;
	buf_init(&desk.scratch, 1 << 20);
	buf_init(&desk.event, 1 << 20);
	if (store_open(&store, &f->config, &e) != 0)
		return -1;
	desk.store = store;
	return 0;
}

static int tear_down(void **state)
{
	store_close(store);
	buf_fini(&desk.scratch);
	buf_fini(&desk.event);
	arena_fini(&arena);
	return fixture_teardown(state);
}

static void begin(struct work *w)
{
	memset(w, 0, sizeof(*w));
	w->desk = &desk;
	w->arena = &arena;
	w->now_ms = NOW_MS;
	w->method = "test";
	w->notices = value_array(&arena, 4);
	w->tx = tx_begin(store, NOW_MS);
}

static void commit(struct work *w)
{
	tx_commit(w->tx, SLICE_TEXT("\x80"));
	OK(store_flush(store, &why));
}

static struct value task(int64_t id, const char *state)
{
	struct value row = value_map(&arena, 16);

	value_add(&arena, &row, "id", value_int(id));
	value_add(&arena, &row, "kind", value_literal("sms"));
	value_add(&arena, &row, "state", value_literal(state));
	value_add(&arena, &row, "next", value_int(NOW_MS + 1000));
	value_add(&arena, &row, "expires", value_int(NOW_MS + 5000));
	value_add(&arena, &row, "finished", value_int(NOW_MS));
	return row;
}

static void save(int64_t id, const char *before, const char *after)
{
	struct work w;
	struct value old, row = task(id, after);
	struct err e;

	begin(&w);
	if (before != NULL)
		assert_int_equal(task_load(&w, id, &old, &e), 1);
	task_save(&w, before == NULL ? NULL : &old, &row);
	commit(&w);
}

static uint64_t count(enum table table)
{
	struct scan s;
	struct err e;
	uint64_t n = 0;
	int got;

	scan_init(&s, store, NULL, table, slice_of(NULL, 0), slice_of(NULL, 0), false);
	while ((got = scan_next(&s, &e)) == 1)
		n++;
	scan_fini(&s);
	assert_int_equal(got, 0);
	return n;
}

static void say(void *udata, const char *line)
{
	(void)udata;
	strncat(findings, line, sizeof(findings) - strlen(findings) - 2);
	strcat(findings, "\n");
}

static const char *found(void)
{
	int n;

	findings[0] = '\0';
	n = tasks_fsck(store, say, NULL);
	assert_int_equal(n > 0, findings[0] != '\0');
	return findings;
}

static void del(enum table table, struct slice key)
{
	struct tx *tx = tx_begin(store, NOW_MS);

	tx_del(tx, table, key);
	tx_commit(tx, SLICE_TEXT("\x80"));
	OK(store_flush(store, &why));
}

static void test_keys_of_each_state(void **state)
{
	static const struct {
		const char *state, *lists;
	} cases[] = {
		{"waiting", "aq"}, {"claimed", "a"}, {"given_up", "g"}, {"done", "d"}, {"cancelled", "d"}};
	struct slice keys[TASK_KEYS_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct value row = task(64, cases[i].state);
		int n = task_index_keys(&arena, &row, keys);

		assert_int_equal(n, strlen(cases[i].lists));
		for (int k = 0; k < n; k++)
			assert_int_equal(*(const char *)keys[k].p, cases[i].lists[k]);
	}
	assert_int_equal(task_index_keys(&arena, NULL, keys), 0);
}

static void test_a_save_keeps_keys_and_timer_in_step(void **state)
{
	static const char *const states[] = {
		"waiting", "claimed", "waiting", "given_up", "waiting", "claimed", "done"};
	static const uint64_t rows[] = {3, 2, 3, 2, 3, 2, 2}, timers[] = {1, 1, 1, 0, 1, 1, 0};

	(void)state;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		save(64, i == 0 ? NULL : states[i - 1], states[i]);
		assert_int_equal(count(TABLE_TASK), rows[i]);
		assert_int_equal(count(TABLE_TIMER), timers[i]);
		assert_string_equal(found(), "");
	}
}

static void test_put_off(void **state)
{
	struct work w;
	struct value row;
	struct err e;
	uint8_t key[DUE_KEY_LEN];

	(void)state;
	save(64, NULL, "waiting");
	begin(&w);
	due_key(key, NOW_MS + 1000, TIMER_OF_TASK | 64);
	tx_del(w.tx, TABLE_TIMER, slice_of(key, sizeof(key)));
	OK(task_put_off(&w, 64, &why));
	OK(task_put_off(&w, 128, &why)); /* there is none: nothing to do */
	commit(&w);
	begin(&w);
	assert_int_equal(task_load(&w, 64, &row, &e), 1);
	tx_abort(w.tx);
	assert_int_equal(value_int_or(value_get(&row, "timer_at"), 0), NOW_MS + TASK_PUT_OFF_MS);
	assert_string_equal(found(), "");
	save(64, "waiting", "done");
	assert_int_equal(count(TABLE_TIMER), 0);
}

static void test_fsck(void **state)
{
	struct slice keys[TASK_KEYS_MAX];
	struct value row = task(64, "waiting");
	uint8_t key[DUE_KEY_LEN];

	(void)state;
	save(64, NULL, "waiting");
	save(65, NULL, "done");
	assert_string_equal(found(), "");
	assert_int_equal(task_index_keys(&arena, &row, keys), 2);
	del(TABLE_TASK, keys[1]);
	assert_string_equal(found(), "task 64: its key in list q is missing\n"
				     "there are 4 rows of tasks and their keys, 5 are asked for\n");
	due_key(key, NOW_MS + 1000, TIMER_OF_TASK | 64);
	del(TABLE_TIMER, slice_of(key, sizeof(key)));
	assert_string_equal(found(), "task 64: its key in list q is missing\ntask 64: its timer is missing\n"
				     "there are 4 rows of tasks and their keys, 5 are asked for\n"
				     "there are 0 timers of tasks, 1 are asked for\n");
}

static void test_fsck_finds_keys_of_nothing(void **state)
{
	uint8_t key[8];

	(void)state;
	save(65, NULL, "done");
	task_key(key, 65);
	del(TABLE_TASK, slice_of(key, 8));
	assert_string_equal(found(), "there are 1 rows of tasks and their keys, 0 are asked for\n");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_keys_of_each_state),
		TEST(test_a_save_keeps_keys_and_timer_in_step),
		TEST(test_put_off),
		TEST(test_fsck),
		TEST(test_fsck_finds_keys_of_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
