/* fsck of the lists of numbers, of jobs and of what callers heard: clean rows say nothing, each flipped bit
 * that matters is told. */
#include "store_fixture.h"

#include "desk/affected.h"
#include "desk/fsck.h"
#include "desk/heard.h"
#include "tocsin/numset.h"

#define NOW_MS INT64_C(1790042400000)
#define OPEN_LIST 7u
#define CLOSED_LIST 8u
#define JOB UINT64_C(640)
#define TICKET UINT64_C(5)
/* Flags of affected numbers (affected_int.h). */
#define FAILED 1
#define FIXED_COMPLAINED (1 | 1 << 2 | 1 << 4)

static struct store *store;
static struct arena arena;
static char findings[20000];

/* Rows as the desk writes them; n_key, n_val: so many bytes in front of which each bit is checked. */
static struct stored {
	enum table table;
	uint8_t key[40];
	size_t key_n;
	uint8_t val[400];
	size_t val_n, n_key, n_val;
} rows[20];
static uint32_t n_rows;

static void add(enum table table, struct slice key, struct slice val, size_t n_key, size_t n_val)
{
	struct stored *r = &rows[n_rows++];

	assert_true(key.n <= sizeof(r->key) && val.n <= sizeof(r->val));
	*r = (struct stored){.table = table, .key_n = key.n, .val_n = val.n, .n_key = n_key, .n_val = n_val};
	memcpy(r->key, key.p, key.n);
	if (val.n > 0)
		memcpy(r->val, val.p, val.n);
}

static struct slice encoded(struct value v)
{
	struct buf b;
	struct slice out;

	buf_init(&b, 1000);
	value_encode(&b, &v);
	out = slice_of(arena_copy(&arena, b.p, b.n), b.n);
	buf_fini(&b);
	return out;
}

static struct slice key_of(char index, uint64_t x, size_t n_x, uint64_t y, size_t n_y)
{
	uint8_t *key = arena_zalloc(&arena, 1 + n_x + n_y);

	key[0] = (uint8_t)index;
	for (size_t i = 0; i < n_x; i++)
		key[1 + i] = (uint8_t)(x >> 8 * (n_x - 1 - i));
	for (size_t i = 0; i < n_y; i++)
		key[1 + n_x + i] = (uint8_t)(y >> 8 * (n_y - 1 - i));
	return slice_of(key, 1 + n_x + n_y);
}

static struct slice be32(uint32_t x)
{
	uint8_t *p = arena_alloc(&arena, 4);

	store_be32(p, x);
	return slice_of(p, 4);
}

static struct value part_row(const char *city, const uint32_t counts[NUMSET_FLAGS], bool is_closed)
{
	struct value row = value_map(&arena, 8), list = value_array(&arena, NUMSET_FLAGS);

	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		value_push(&arena, &list, value_int(counts[i]));
	value_add(&arena, &row, "fault", value_literal("recharge"));
	value_add(&arena, &row, "city", value_literal(city));
	value_add(&arena, &row, "opened", value_int(NOW_MS));
	value_add(&arena, &row, "counts", list);
	value_add(&arena, &row, "reasons", value_array(&arena, 0));
	value_add(&arena, &row, "incidents", value_array(&arena, 0));
	if (is_closed)
		value_add(&arena, &row, "closed", value_int(NOW_MS));
	return row;
}

static void add_numbers(uint32_t part, uint64_t first, const uint8_t *flags, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		uint8_t val[] = {
			flags[i], 1, 3, 10, 4}; /* reason, version, since 5 ms on, last 4 ms behind that */

		add(TABLE_NUMBER, key_of('n', part, 4, first + i, 8), slice_of(val, sizeof(val)), 5, 1);
	}
}

static void add_lists(void)
{
	static const uint8_t flags[] = {FAILED, FAILED, FIXED_COMPLAINED};
	uint32_t open[NUMSET_FLAGS] = {0}, closed[NUMSET_FLAGS] = {0};
	struct value run = value_map(&arena, 2);
	uint8_t due[8];

	open[flags[0]] = 2;
	open[flags[2]] = closed[flags[0]] = 1;
	closed[flags[2]] = 4; /* some of them are purged already */
	add(TABLE_NUMBER, key_of('p', OPEN_LIST, 4, 0, 0), encoded(part_row("shenzhen", open, false)), 5, 0);
	add(TABLE_NUMBER, key_of('p', CLOSED_LIST, 4, 0, 0), encoded(part_row("foshan", closed, true)), 5, 0);
	add_numbers(OPEN_LIST, 100, flags, 3);
	add_numbers(CLOSED_LIST, 100, flags, 1);
	add(TABLE_NUMBER, slice_of("orecharge\0shenzhen", 18), be32(OPEN_LIST), 18, 4);
	add(TABLE_NUMBER, key_of('k', (uint64_t)NOW_MS, 8, CLOSED_LIST, 4), slice_of("", 0), 1, 0);
	value_add(&arena, &run, "version", value_int(3));
	add(TABLE_NUMBER, SLICE_TEXT("frecharge"), encoded(run), 1, 0);
	add(TABLE_NUMBER, SLICE_TEXT("i"), be32(9), 1, 0);
	store_be64(due, (uint64_t)NOW_MS);
	add(TABLE_NUMBER, SLICE_TEXT("t"), slice_of(due, 8), 1, 8);
}

static void add_jobs(void)
{
	struct value job = value_map(&arena, 3), item = value_map(&arena, 1);
	uint8_t timer[DUE_KEY_LEN];

	value_add(&arena, &job, "id", value_int((int64_t)JOB));
	value_add(&arena, &job, "ticket", value_int((int64_t)TICKET));
	value_add(&arena, &job, "state", value_literal("running"));
	value_add(&arena, &item, "ok", value_bool(true));
	add(TABLE_JOB, key_of('j', JOB, 8, 0, 0), encoded(job), 9, 0);
	add(TABLE_JOB, key_of('o', TICKET, 8, JOB, 8), slice_of("", 0), 17, 0);
	add(TABLE_JOB, key_of('i', JOB, 8, 77, 8), encoded(item), 9, 0);
	add(TABLE_JOB, key_of('n', JOB, 8, 0x31333830, 4), slice_of("", 0), 9, 0);
	due_key(timer, NOW_MS, TIMER_OF_JOB | JOB);
	add(TABLE_TIMER, slice_of(timer, sizeof(timer)), slice_of("", 0), 0, 0);
	due_key(timer, NOW_MS, TIMER_OF_AFFECTED);
	add(TABLE_TIMER, slice_of(timer, sizeof(timer)), slice_of("", 0), 0, 0);
}

static void add_heard(void)
{
	struct value row = value_map(&arena, 1), calls = value_array(&arena, 1),
		     call = value_array(&arena, 3);

	value_push(&arena, &call, value_int(NOW_MS));
	value_push(&arena, &call, value_int(1));
	value_push(&arena, &call, value_int(HEARD_WENT_ON));
	value_push(&arena, &calls, call);
	value_add(&arena, &row, "calls", calls);
	add(TABLE_HEARD, slice_of((const uint8_t *)key_of('-', TICKET, 8, 0x3133, 2).p + 1, 10), encoded(row),
		8, 0);
	add(TABLE_TICKET, slice_of((const uint8_t *)key_of('-', TICKET, 8, 0, 0).p + 1, 8),
		SLICE_TEXT("a ticket"), 0, 0);
}

static void write_row(const struct stored *was, const struct stored *now)
{
	struct tx *tx = tx_begin(store, NOW_MS);

	if (was != NULL)
		tx_del(tx, was->table, slice_of(was->key, was->key_n));
	if (now != NULL)
		tx_put(tx, now->table, slice_of(now->key, now->key_n), slice_of(now->val, now->val_n));
	tx_commit(tx, SLICE_TEXT("\x80"));
}

static int set_up(void **state)
{
	struct fixture *f;
	struct err e;

	if (fixture_setup(state) != 0)
		return -1;
	f = *state;
	arena_init(&arena, 1 << 20);
	if (store_open(&store, &f->config, &e) != 0)
		return -1;
	n_rows = 0;
	add_lists();
	add_jobs();
	add_heard();
	for (uint32_t i = 0; i < n_rows; i++)
		write_row(NULL, &rows[i]);
	return 0;
}

static int tear_down(void **state)
{
	store_close(store);
	arena_fini(&arena);
	return fixture_teardown(state);
}

static void say(void *udata, const char *line)
{
	(void)udata;
	if (strlen(findings) + strlen(line) + 2 < sizeof(findings)) {
		strcat(findings, line);
		strcat(findings, "\n");
	}
}

static const char *found(void)
{
	struct fsck f = {.store = store, .say = say};

	findings[0] = '\0';
	arena_init(&f.arena, 1 << 16);
	numbers_fsck(&f);
	jobs_fsck(&f);
	heard_fsck(&f);
	timers_fsck(&f);
	arena_fini(&f.arena);
	assert_int_equal(f.n_found > 0, findings[0] != '\0');
	return findings;
}

static void test_clean(void **state)
{
	(void)state;
	assert_string_equal(found(), "");
}

/* Each bit of what follows from other rows; then the row as it was. */
static void test_flipped_bits_are_found(void **state)
{
	uint32_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < n_rows; i++)
		for (size_t bit = 0; bit < (rows[i].n_key + rows[i].n_val) * 8; bit++, n++) {
			struct stored flipped = rows[i];
			bool is_key = bit < rows[i].n_key * 8;
			size_t at = is_key ? bit : bit - rows[i].n_key * 8;

			(is_key ? flipped.key : flipped.val)[at / 8] ^= (uint8_t)(1u << at % 8);
			write_row(&rows[i], &flipped);
			if (found()[0] == '\0')
				fail_msg("row %u (%c), %s bit %zu: nothing is found", i, rows[i].key[0],
					is_key ? "key" : "value", at);
			write_row(&flipped, &rows[i]);
		}
	assert_true(n > 800);
	assert_string_equal(found(), "");
}

/* What no other row says again may be read otherwise, but is always read or told. */
static void test_any_bit_is_survived(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < n_rows; i++)
		for (size_t bit = 0; bit < rows[i].val_n * 8; bit++) {
			struct stored flipped = rows[i];

			flipped.val[bit / 8] ^= (uint8_t)(1u << bit % 8);
			write_row(NULL, &flipped);
			found();
			write_row(NULL, &rows[i]);
		}
	assert_string_equal(found(), "");
}

static void test_two_rows_of_a_timer(void **state)
{
	struct stored later = {.table = TABLE_TIMER, .key_n = DUE_KEY_LEN};

	(void)state;
	due_key(later.key, NOW_MS + 60000, TIMER_OF_WARN);
	write_row(NULL, &later);
	assert_string_equal(found(), "");
	due_key(later.key, NOW_MS, TIMER_OF_WARN);
	write_row(NULL, &later);
	assert_string_equal(found(), "timer 0x2000000000000000 is due at 1790042400000 and at 1790042460000; "
				     "a timer has one row\n");
}

/* A row that is missing is told, with these words. */
static void test_missing_rows(void **state)
{
	static const struct {
		uint32_t row;
		const char *says;
	} cases[] = {
		{0, "numbers of list 7, and no list\na key of open lists names one that is none\n"
		    "there are 1 keys of open lists, 0 are asked for\n"},
		{2, "list 7: it says 2 numbers of flags 1, there are 1\n"},
		{6, "list 7: its key recharge/shenzhen is missing\nthere are 0 keys of open lists, 1 are "
		    "asked for\n"},
		{7, "there are 0 keys of closed lists, 1 are asked for\n"},
		{11, "job 640: a row of it in list i, and no job\njob 640: a row of it in list n, and no "
		     "job\n"
		     "there are 1 keys of jobs by ticket, 0 are asked for\nthere are 1 timers of jobs, 0 are "
		     "asked for\n"},
		{12, "job 640: its key of ticket 5 is missing\nthere are 0 keys of jobs by ticket, 1 are "
		     "asked for\n"},
		{15, "there are 0 timers of jobs, 1 are asked for\n"},
		{16, "the timer of the lists of numbers is missing\n"},
		{18, "callers heard a prompt of incident 5, which does not exist\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_row(&rows[cases[i].row], NULL);
		assert_string_equal(found(), cases[i].says);
		write_row(NULL, &rows[cases[i].row]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_clean, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_flipped_bits_are_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_any_bit_is_survived, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_two_rows_of_a_timer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_missing_rows, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
