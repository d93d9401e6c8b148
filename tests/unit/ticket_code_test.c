/* A ticket's row as bytes: what it borrows from its first event, what becomes of that, damage. */
#include "store_fixture.h"

#include "desk/ticket_code.h"

#define TEXT "the bill of last month shows calls that nobody in this house has made"
#define TITLE "a bill with calls that are not ours"

static struct err err;
static struct arena arena;
static struct buf bytes;
static struct store *store;
static struct lexicon *lexicon;

static int set_up(void **state)
{
	struct fixture *f;

	if (fixture_setup(state) != 0)
		return -1;
	f = *state;
	arena_init(&arena, 1 << 20);
	buf_init(&bytes, 1 << 20);
	lexicon = lexicon_new();
	return store_open(&store, &f->config, &err);
}

static int tear_down(void **state)
{
	store_close(store);
	store = NULL;
	lexicon_free(lexicon);
	buf_fini(&bytes);
	arena_fini(&arena);
	return fixture_teardown(state);
}

/* {params=[{title, text, channel}]…}, as an entry has it; *args point into it. */
static uint64_t commit(struct value *args, struct slice *params)
{
	struct value event = value_map(&arena, 2), map = value_map(&arena, 3), list = value_array(&arena, 1),
		     back;
	struct tx *tx = tx_begin(store, 1);
	struct slice part;
	uint64_t seq;
	int64_t at_ms;

	value_add(&arena, &map, "title", value_literal(TITLE));
	value_add(&arena, &map, "text", value_literal(TEXT));
	value_add(&arena, &map, "channel", value_literal("app"));
	value_push(&arena, &list, map);
	value_add(&arena, &event, "params", list);
	value_add(&arena, &event, "who", value_literal("root"));
	buf_reset(&bytes);
	value_encode(&bytes, &event);
	seq = tx_commit(tx, buf_slice(&bytes));
	buf_reset(&bytes);
	OK(store_flush(store, &why));
	assert_int_equal(store_event(store, seq, &part, &at_ms, &err), 1);
	OK(value_decode(&arena, part, &back, &why));
	*args = *value_at(value_get(&back, "params"), 0);
	*params = slice_of((const uint8_t *)part.p + EVENT_PARAMS_AT, part.n - EVENT_PARAMS_AT);
	return seq;
}

/* Of every length, and v. */
static struct value numbers(struct value v)
{
	struct value map = value_map(&arena, 20);

	for (int bits = 0; bits < 64; bits += 7)
		value_add(&arena, &map, arena_printf(&arena, "n%d", bits), value_int(INT64_MAX >> bits));
	for (int bits = 0; bits < 64; bits += 9)
		value_add(&arena, &map, arena_printf(&arena, "m%d", bits), value_int(INT64_MIN >> bits));
	value_add(&arena, &map, "v", v);
	return map;
}

static struct value row_of(const struct value *args)
{
	struct value row = value_map(&arena, 20), timers = value_array(&arena, 1),
		     timer = value_array(&arena, 1);

	value_push(&arena, &timer, value_int(9));
	value_push(&arena, &timers, timer);
	value_add(&arena, &row, "id", value_int(17));
	for (uint32_t i = 0; i < args->n; i++)
		value_add(&arena, &row, value_cstr(&arena, &args->as.pairs[i].key), args->as.pairs[i].val);
	value_add(&arena, &row, "reply", value_literal(TEXT)); /* equal, but not what came in */
	value_add(&arena, &row, "queue", value_literal("second_line"));
	value_add(&arena, &row, "due", numbers(value_int(1795644394093)));
	value_add(&arena, &row, "fields", numbers(value_literal("")));
	value_add(&arena, &row, "a field of a later day", numbers(value_float(0.5)));
	value_add(&arena, &row, "clocks", value_bytes("\1\2\3", 3));
	value_add(&arena, &row, "timers", timers);
	return row;
}

/* A saved row of a fresh entry; the value it was made of in *row. */
static struct slice saved(struct value *row, uint64_t *seq)
{
	struct ticket_parts p = {.n_texts = 0};
	struct slice params;
	struct value args;

	*seq = p.seq = commit(&args, &params);
	*row = row_of(&args);
	ticket_borrow(&p, row, params);
	buf_reset(&bytes);
	ticket_encode(&bytes, lexicon, &p, row);
	return slice_of(arena_copy(&arena, bytes.p, bytes.n), bytes.n);
}

static struct value shown(struct slice row, const struct value *fields)
{
	struct ticket_parts p;
	struct value v;

	OK(ticket_parse(row, &p, &why));
	OK(ticket_texts(store, NULL, &p, &why));
	buf_reset(&bytes);
	OK(ticket_compose(&bytes, lexicon, &p, fields, &why));
	OK(value_decode(&arena, slice_of(arena_copy(&arena, bytes.p, bytes.n), bytes.n), &v, &why));
	return v;
}

static bool holds(struct slice row, const char *text)
{
	return memmem(row.p, row.n, text, strlen(text)) != NULL;
}

static void erase(uint64_t seq)
{
	struct tx *tx = tx_begin(store, 2);

	OK(tx_erase_event(tx, seq, &why));
	tx_commit(tx, SLICE_TEXT("\x80"));
}

static void test_texts_stand_once(void **state)
{
	struct value row, back, v;
	struct slice raw;
	uint64_t seq;

	(void)state;
	raw = saved(&row, &seq);
	assert_false(holds(raw, TITLE));
	assert_true(holds(raw, TEXT)); /* the reply, which is nobody's words but ours */
	OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
	assert_true(value_equal(&row, &back));
	ticket_show(&row);
	v = shown(raw, NULL);
	assert_true(value_equal(&row, &v));
}

static struct slice saved_again(struct slice raw, const struct value *row)
{
	struct ticket_parts p;

	OK(ticket_parse(raw, &p, &why));
	OK(ticket_texts(store, NULL, &p, &why));
	ticket_keep_borrowed(&p, row);
	buf_reset(&bytes);
	ticket_encode(&bytes, lexicon, &p, row);
	return slice_of(arena_copy(&arena, bytes.p, bytes.n), bytes.n);
}

/* What the pack names is a number in the row; without the lexicon nobody knows what it means. */
static void test_names_are_numbers(void **state)
{
	struct value row, back, advice = value_array(&arena, 1), say = value_map(&arena, 2);
	struct slice raw;
	uint64_t seq;

	(void)state;
	raw = saved(&row, &seq);
	assert_false(holds(raw, "second_line"));
	assert_false(holds(raw, "queue"));
	assert_true(holds(raw, "a field of a later day"));
	assert_true(lexicon_find(lexicon, SLICE_TEXT("second_line")) != 0);
	assert_int_equal(lexicon_find(lexicon, SLICE_TEXT(TEXT)), 0);
	assert_int_equal(ticket_decode(store, NULL, NULL, &arena, raw, &back, &err), -1);
	assert_string_equal(err.text, "a stored ticket is damaged");
	value_add(&arena, &say, "zh", value_literal("said by the pack"));
	value_add(&arena, &say, "en", value_literal("said of this ticket alone"));
	value_push(&arena, &advice, say);
	value_set(&arena, &row, "advice", advice);
	(void)lexicon_number(lexicon, SLICE_TEXT("said by the pack"));
	raw = saved_again(raw, &row);
	assert_false(holds(raw, "said by the pack"));
	assert_true(holds(raw, "said of this ticket alone"));
	assert_int_equal(lexicon_find(lexicon, SLICE_TEXT("said of this ticket alone")), 0);
	for (int i = 0; i < 5; i++) { /* what stands alone as a number of each size */
		int64_t v[] = {
			INT64_MIN, -2000000000, -30000, -100, -3, 3, 200, 60000, 4000000000, INT64_MAX};

		value_set(&arena, &row, "version", value_int(v[2 * i]));
		value_set(&arena, &row, "contacts", value_int(v[2 * i + 1]));
		raw = saved_again(raw, &row);
		OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
		assert_true(value_equal(&row, &back));
	}
}

static void test_fields(void **state)
{
	struct value row, v, fields = value_array(&arena, 5), expected = value_map(&arena, 3);
	struct slice raw;
	uint64_t seq;

	(void)state;
	raw = saved(&row, &seq);
	for (size_t i = 0; i < 5; i++)
		value_push(&arena, &fields,
			value_literal((const char *[]){"text", "id", "nothing", "erased", "clocks"}[i]));
	v = shown(raw, &fields);
	value_add(&arena, &expected, "id", value_int(17));
	value_add(&arena, &expected, "text", value_literal(TEXT));
	assert_true(value_equal(&expected, &v));
	erase(seq);
	v = shown(raw, &fields);
	value_unset(&expected, "text");
	value_add(&arena, &expected, "erased", value_bool(true));
	assert_true(value_equal(&expected, &v));
}

/* What is still said stays borrowed, what was said anew stands in the row, what was taken away is gone. */
static void test_changes(void **state)
{
	struct value row, back;
	struct slice raw;
	uint64_t seq;

	(void)state;
	raw = saved(&row, &seq);
	value_unset(&row, "reply");
	value_set(&arena, &row, "title", value_literal("another title, twenty-four bytes and more"));
	raw = saved_again(raw, &row);
	assert_true(holds(raw, "another title"));
	assert_false(holds(raw, TEXT));
	OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
	assert_true(value_equal(&row, &back));
	value_unset(&row, "text");
	raw = saved_again(raw, &row);
	OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
	assert_true(value_equal(&row, &back));
}

static void test_erased_by_law(void **state)
{
	struct value row, back;
	struct slice raw;
	uint64_t seq;

	(void)state;
	raw = saved(&row, &seq);
	erase(seq);
	for (int i = 0; i < 2; i++) {
		OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
		assert_null(value_get(&back, "text"));
		assert_null(value_get(&back, "title"));
		assert_true(value_true(value_get(&back, "erased")));
		assert_true(value_is_text(value_get(&back, "channel"), "app"));
		/* a change keeps the mark, and brings nothing back */
		value_set(&arena, &back, "stage", value_literal("closed"));
		raw = saved_again(raw, &back);
	}
	value_set(&arena, &back, "text", value_literal("told again by the customer"));
	raw = saved_again(raw, &back);
	OK(ticket_decode(store, NULL, lexicon, &arena, raw, &back, &why));
	assert_true(value_is_text(value_get(&back, "text"), "told again by the customer"));
	assert_true(value_true(value_get(&back, "erased"))); /* the title is */
}

/* Rows are under a checksum; what gets through all the same is refused or read, never a crash. */
static void test_damage(void **state)
{
	struct value row, back;
	struct slice raw;
	uint64_t seq;
	uint8_t *p;

	(void)state;
	raw = saved(&row, &seq);
	for (size_t n = 0; n < raw.n; n++)
		assert_int_equal(
			ticket_decode(store, NULL, lexicon, &arena, slice_of(raw.p, n), &back, &err), -1);
	p = arena_copy(&arena, raw.p, raw.n);
	for (size_t i = 0; i < raw.n * 8; i++) {
		struct ticket_parts parts;

		p[i / 8] ^= (uint8_t)(1u << i % 8);
		(void)!ticket_decode(store, NULL, lexicon, &arena, slice_of(p, raw.n), &back, &err);
		if (ticket_parse(slice_of(p, raw.n), &parts, &err) == 0 &&
			ticket_texts(store, NULL, &parts, &err) == 0) {
			buf_reset(&bytes);
			(void)!ticket_compose(&bytes, lexicon, &parts, NULL, &err);
		}
		p[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	p[0] = 1;
	assert_int_equal(ticket_decode(store, NULL, lexicon, &arena, slice_of(p, raw.n), &back, &err), -1);
	assert_string_equal(err.text, "a stored ticket is not of format 2");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_texts_stand_once),
		TEST(test_names_are_numbers),
		TEST(test_fields),
		TEST(test_changes),
		TEST(test_erased_by_law),
		TEST(test_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
