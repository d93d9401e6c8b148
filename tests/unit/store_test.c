/* One store: owners, journals that fit and do not, events, limits, what a commit tells. */
#include "store_fixture.h"

static void refusal(struct fixture *f, const char *format, ...)
{
	char want[600];
	struct store *s;
	struct err e;
	va_list ap;

	va_start(ap, format);
	vsnprintf(want, sizeof(want), format, ap);
	va_end(ap);
	assert_int_equal(store_open(&s, &f->config, &e), -1);
	assert_string_equal(e.text, want);
	assert_int_equal(e.code, ERR_STORAGE);
}

/* ---- owners and journals ------------------------------------------------------------------------------- */
static void a_second_owner_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);

	refusal(f, "data directory %s is in use by process %d; stop it first, or use another --data", f->data,
		(int)getpid());
	store_close(s);
	store_close(fixture_open(f));
}

static void a_lost_journal_is_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);

	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	store_close(s);
	fixture_run("rm %s/journal/*", f->data, "");
	refusal(f,
		"journal: %s/journal holds no segment of the journal that the tables belong to; expected one "
		"that continues entry 1",
		f->data);
}

/* Tables and journal from two moments, or two stores, are not joined. */
static void a_journal_of_other_tables_is_refused(void **state)
{
	struct fixture *f = *state;
	char other[160], digits[2][2 * JOURNAL_ID_LEN + 1];
	struct store *s = fixture_open(f);

	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	hex(s->mark.journal_id, JOURNAL_ID_LEN, digits[0]);
	store_close(s);
	snprintf(other, sizeof(other), "%s/other", f->dir);
	f->config.dir = other;
	s = fixture_open(f);
	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	hex(s->mark.journal_id, JOURNAL_ID_LEN, digits[1]);
	store_close(s);
	fixture_run("rm -r %s/journal", f->data, "");
	fixture_run("mv %s/journal %s", other, f->data);
	f->config.dir = f->data;
	refusal(f,
		"journal: 0000000000000001.seg belongs to journal %s, expected %s; tables and journal must "
		"come from the same data "
		"directory",
		digits[1], digits[0]);
}

static void older_tables_are_refused(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	uint8_t val[4000];

	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	store_close(s);
	fixture_run("cp %s/tables.mdb %s/old", f->data, f->dir);
	s = fixture_open(f);
	for (uint64_t i = 0; i < 200; i++) { /* past two segments, which are recycled */
		put_one(s, TABLE_TICKET, SLICE_TEXT("k"), bytes_of(val, sizeof(val), i));
		if (i % 20 == 19)
			OK(store_checkpoint(s, &why));
	}
	store_close(s);
	fixture_run("cp %s/old %s/tables.mdb", f->dir, f->data);
	{
		struct err e;

		assert_int_equal(store_open(&s, &f->config, &e), -1);
		assert_int_equal(e.code, ERR_STORAGE);
		assert_non_null(strstr(e.text, "but the tables hold only up to 1"));
	}
}

/* Tables that were lost before anything was trimmed are built again from the journal. */
static void lost_tables_are_built_from_a_whole_journal(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);

	put_one(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	store_close(s);
	fixture_run("rm %s/tables.mdb", f->data, "");
	s = fixture_open(f);
	assert_row(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	assert_int_equal(store_last_seq(s), 1);
	store_close(s);
	s = fixture_open(f);
	assert_row(s, TABLE_TICKET, SLICE_TEXT("k"), SLICE_TEXT("v"));
	store_close(s);
}

static void flip_first_byte_of(const char *dir, const char *event)
{
	char path[300], *bytes = malloc(1 << 20);
	FILE *f;
	size_t n;
	char *at;

	snprintf(path, sizeof(path), "%s/journal/0000000000000001.seg", dir);
	f = fopen(path, "r+");
	assert_non_null(f);
	n = fread(bytes, 1, 1 << 20, f);
	at = memmem(bytes, n, event, strlen(event));
	assert_non_null(at);
	assert_int_equal(fseek(f, at - bytes, SEEK_SET), 0);
	assert_int_equal(fputc(*at ^ 1, f) != EOF, 1);
	fclose(f);
	free(bytes);
}

static uint64_t mark_seq(struct fixture *f)
{
	struct tables_mark mark;
	char path[200];
	struct tables *t = NULL;

	snprintf(path, sizeof(path), "%s/tables.mdb", f->data);
	OK(tables_open(&t, path, 0, true, &why));
	OK(tables_mark_get(t, &mark, &why));
	tables_close(t);
	return mark.seq;
}

/*
 * Entries of one batch, then two batches of one entry. The first of these is broken, so the journal refuses,
 * after replaying the batch. Nothing had proved by then that the batch is on the disk and not in the page
 * cache alone: the tables must not have run ahead of it. (Found by power cuts behind a failed sync.)
 */
static void replay_does_not_run_ahead_of_the_journal(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	uint8_t val[1000];
	struct err e;

	for (uint64_t i = 0; i < 30; i++)
		put_one(s, TABLE_TICKET, slice_of(&i, 8), bytes_of(val, sizeof(val), i));
	OK(store_flush(s, &why));
	put_one(s, TABLE_TICKET, SLICE_TEXT("to be broken"), SLICE_TEXT("v"));
	OK(store_flush(s, &why));
	put_one(s, TABLE_TICKET, SLICE_TEXT("the witness"), SLICE_TEXT("v"));
	OK(store_flush(s, &why));
	fixture_run("cp -r %s %s/killed", f->data, f->dir);
	store_close(s);
	fixture_run("rm -r %s", f->data, "");
	fixture_run("mv %s/killed %s", f->dir, f->data);
	f->config.freeze_bytes = 10000;
	flip_first_byte_of(f->data, "to be broken");
	assert_int_equal(store_open(&s, &f->config, &e), -1);
	assert_int_equal(mark_seq(f), 0);
	flip_first_byte_of(f->data, "uo be broken"); /* whole again */
	s = fixture_open(f);
	assert_int_equal(store_last_seq(s), 32);
	assert_int_equal(mark_seq(f), 30); /* entry 31 knew */
	store_close(s);
}

/* ---- events -------------------------------------------------------------------------------------------- */
static void assert_event(struct store *s, uint64_t seq, struct slice want, int64_t want_at_ms)
{
	struct slice event;
	int64_t at_ms;
	struct err e;

	assert_int_equal(store_event(s, seq, &event, &at_ms, &e), 1);
	assert_int_equal(slice_cmp(event, want), 0);
	assert_int_equal(at_ms, want_at_ms);
}

static void every_entry_is_an_event(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	uint8_t long_event[30000];
	struct slice event;
	int64_t at_ms;
	struct err e;

	assert_int_equal(tx_commit(tx_begin(s, 70), SLICE_TEXT("first")), 1);
	assert_int_equal(tx_commit(tx_begin(s, 71), slice_of(NULL, 0)), 2);
	assert_int_equal(tx_commit(tx_begin(s, 72), bytes_of(long_event, sizeof(long_event), 9)), 3);
	for (int round = 0; round < 3; round++) {
		assert_event(s, 1, SLICE_TEXT("first"), 70);
		assert_event(s, 2, slice_of(NULL, 0), 71);
		assert_event(s, 3, slice_of(long_event, sizeof(long_event)), 72);
		assert_int_equal(store_event(s, 4, &event, &at_ms, &e), 0);
		if (round == 0) {
			OK(store_checkpoint(s, &why));
		} else if (round == 1) {
			store_close(s);
			s = fixture_open(f);
		}
	}
	store_close(s);
}

static void say_nothing(void *udata, const char *line)
{
	(void)udata;
	fail_msg("finding: %s", line);
}

static void an_event_is_erased_and_the_chain_holds(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	struct store_stats before, after;
	struct tx *tx;
	struct err e;

	for (uint64_t i = 1; i <= 3; i++)
		tx_commit(tx_begin(s, (int64_t)i), SLICE_TEXT("who said what"));
	tx = tx_begin(s, 4);
	assert_int_equal(tx_erase_event(tx, 2, &e), -1);
	assert_string_equal(e.text, "entry 2 is not durable yet; try again");
	assert_int_equal(e.code, ERR_BUSY);
	tx_abort(tx);
	OK(store_flush(s, &why));
	tx = tx_begin(s, 5);
	OK(tx_erase_event(tx, 2, &why));
	assert_int_equal(tx_erase_event(tx, 9, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	assert_int_equal(tx_commit(tx, SLICE_TEXT("erased 2")), 4);
	assert_event(s, 2, slice_of(NULL, 0), 2);
	OK(store_flush(s, &why));
	store_stats(s, &before);
	fixture_rest(s);
	fixture_run("cp -r %s %s/killed", f->data, f->dir);
	store_close(s);
	fixture_run("cp -r %s/killed/. %s", f->dir, f->data); /* replay erases again */
	s = fixture_open(f);
	store_stats(s, &after);
	assert_memory_equal(before.head_chain, after.head_chain, SHA256_LEN);
	assert_event(s, 1, SLICE_TEXT("who said what"), 1);
	assert_event(s, 2, slice_of(NULL, 0), 2);
	store_close(s);
	assert_int_equal(store_fsck(f->data, NULL, NULL, say_nothing, NULL, &e), 0);
}

/* ---- calls --------------------------------------------------------------------------------------------- */
static void too_large_is_said_before_the_commit(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	uint8_t *val = calloc(1, f->config.segment_bytes);
	struct tx *tx = tx_begin(s, 1);
	char want[200];
	size_t room =
		(size_t)store_entry_max(s) - sizeof(struct entry) - (1 + 2 + 3); /* heads of key and value */
	struct err e;

	tx_put(tx, TABLE_TICKET, SLICE_TEXT("k"), bytes_of(val, room, 1));
	assert_int_equal(tx_fits(tx, 1, &e), -1);
	snprintf(want, sizeof(want),
		"the call would write %ju bytes at once, at most %ju are possible; split it, or raise "
		"journal-segment",
		(uintmax_t)store_entry_max(s) + 8, (uintmax_t)store_entry_max(s));
	assert_string_equal(e.text, want);
	assert_int_equal(e.code, ERR_TOO_LARGE);
	OK(tx_fits(tx, 0, &why));
	tx_commit(tx, slice_of(NULL, 0));
	OK(store_flush(s, &why));
	store_close(s);
	s = fixture_open(f);
	assert_row(s, TABLE_TICKET, SLICE_TEXT("k"), slice_of(val, room));
	store_close(s);
	free(val);
}

struct told {
	char text[400];
};

static void tell(void *udata, enum table table, struct slice key, const struct slice *val)
{
	struct told *told = udata;
	size_t n = strlen(told->text);

	snprintf(told->text + n, sizeof(told->text) - n, "%s %.*s %.*s\n", table_name(table), (int)key.n,
		(const char *)key.p, val != NULL ? (int)val->n : 4,
		val != NULL ? (const char *)val->p : "gone");
}

static void a_commit_tells_each_change_once_in_order(void **state)
{
	struct fixture *f = *state;
	struct told told = {""};
	struct store *s;
	struct tx *tx;

	f->config.on_publish = tell;
	f->config.udata = &told;
	s = fixture_open(f);
	tx = tx_begin(s, 1);
	tx_put(tx, TABLE_TIMER, SLICE_TEXT("b"), SLICE_TEXT("1"));
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("a"), SLICE_TEXT("2"));
	tx_del(tx, TABLE_TIMER, SLICE_TEXT("c"));
	tx_put(tx, TABLE_TIMER, SLICE_TEXT("b"), SLICE_TEXT("3"));
	assert_string_equal(told.text, "");
	tx_commit(tx, SLICE_TEXT("x"));
	assert_string_equal(told.text, "TIMER b 3\nTICKET a 2\nTIMER c gone\n");
	tx = tx_begin(s, 2);
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("z"), SLICE_TEXT("z"));
	tx_abort(tx);
	assert_string_equal(told.text, "TIMER b 3\nTICKET a 2\nTIMER c gone\n");
	store_close(s);
}

/* Rows staged before the mark say what they said, rows staged behind it are gone; what comes later counts. */
static void a_rewind_drops_what_came_since_the_mark(void **state)
{
	struct fixture *f = *state;
	struct told told = {""};
	struct slice val;
	struct scan scan;
	struct err e;
	struct store *s;
	struct tx *tx;

	f->config.on_publish = tell;
	f->config.udata = &told;
	s = fixture_open(f);
	tx = tx_begin(s, 1);
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("a"), SLICE_TEXT("1"));
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("1"));
	tx_mark(tx);
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("a"), SLICE_TEXT("2"));
	tx_del(tx, TABLE_TICKET, SLICE_TEXT("a"));
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("ab"), SLICE_TEXT("2"));
	tx_put(tx, TABLE_TIMER, SLICE_TEXT("t"), SLICE_TEXT("2"));
	tx_rewind(tx);
	assert_int_equal(tx_get(tx, TABLE_TICKET, SLICE_TEXT("a"), &val, &e), 1);
	assert_memory_equal(val.p, "1", 1);
	assert_int_equal(tx_get(tx, TABLE_TICKET, SLICE_TEXT("ab"), &val, &e), 0);
	assert_int_equal(tx_get(tx, TABLE_TIMER, SLICE_TEXT("t"), &val, &e), 0);
	scan_init(&scan, s, tx, TABLE_TICKET, slice_of(NULL, 0), slice_of(NULL, 0), false);
	assert_int_equal(scan_next(&scan, &e), 1);
	assert_memory_equal(scan.key.p, "a", 1);
	assert_int_equal(scan_next(&scan, &e), 1);
	assert_memory_equal(scan.key.p, "b", 1);
	assert_int_equal(scan_next(&scan, &e), 0);
	scan_fini(&scan);
	tx_mark(tx);
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("b"), SLICE_TEXT("3"));
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("c"), SLICE_TEXT("3"));
	tx_unmark(tx);
	tx_commit(tx, SLICE_TEXT("x"));
	assert_string_equal(told.text, "TICKET a 1\nTICKET b 3\nTICKET c 3\n");
	tx = tx_begin(s, 2);
	tx_mark(tx);
	tx_put(tx, TABLE_TICKET, SLICE_TEXT("d"), SLICE_TEXT("4"));
	tx_rewind(tx);
	assert_true(tx_is_empty(tx));
	tx_abort(tx);
	store_close(s);
}

/* Nothing of the lent bytes is needed behind the commit. */
static void a_value_may_be_lent(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	char lent[] = "lent", again[] = "again";
	struct slice val;
	struct err e;
	struct tx *tx = tx_begin(s, 1);

	tx_put(tx, TABLE_PACK, SLICE_TEXT("a"), SLICE_TEXT("copied"));
	tx_put_borrowed(tx, TABLE_PACK, SLICE_TEXT("a"), slice_of(lent, 4));
	tx_put_borrowed(tx, TABLE_PACK, SLICE_TEXT("b"), slice_of(lent, 4));
	tx_mark(tx);
	tx_put_borrowed(tx, TABLE_PACK, SLICE_TEXT("b"), slice_of(again, 5));
	assert_int_equal(tx_get(tx, TABLE_PACK, SLICE_TEXT("b"), &val, &e), 1);
	assert_memory_equal(val.p, "again", 5);
	tx_rewind(tx);
	tx_commit(tx, SLICE_TEXT("x"));
	memset(lent, '?', sizeof(lent));
	memset(again, '?', sizeof(again));
	assert_row(s, TABLE_PACK, SLICE_TEXT("a"), SLICE_TEXT("lent"));
	assert_row(s, TABLE_PACK, SLICE_TEXT("b"), SLICE_TEXT("lent"));
	store_close(s);
}

static void an_abort_leaves_no_memory_behind(void **state)
{
	struct fixture *f = *state;
	struct store *s = fixture_open(f);
	uint64_t used = s->active->arena.used;
	static uint8_t val[100000];

	for (uint64_t i = 0; i < 50; i++) {
		struct tx *tx = tx_begin(s, 1);

		assert_int_equal(tx_seq(tx), 1);
		assert_true(tx_is_empty(tx));
		tx_put(tx, TABLE_TICKET, slice_of(&i, 8), slice_of(val, sizeof(val)));
		assert_false(tx_is_empty(tx));
		tx_abort(tx);
	}
	assert_int_equal(s->active->arena.used, used);
	assert_int_equal(store_last_seq(s), 0);
	store_close(s);
}

static void memory_marks_stop_reading_and_accepting(void **state)
{
	struct fixture *f = *state;
	struct store *s;
	uint8_t val[2000];
	struct err e;

	f->config.stop_bytes = 1500 * 1024;
	s = fixture_open(f);
	for (uint64_t i = 0; s->active->arena.used <= 1500 * 1024; i++) {
		OK(store_accepts(s, &why));
		put_one(s, TABLE_TICKET, slice_of(&i, 8), bytes_of(val, sizeof(val), i));
		if (i % 20 == 0)
			OK(store_flush(s, &why));
	}
	assert_true(store_is_behind(s));
	assert_int_equal(store_accepts(s, &e), -1);
	assert_int_equal(e.code, ERR_BUSY);
	OK(store_checkpoint(s, &why));
	fixture_rest(s);
	assert_false(store_is_behind(s));
	OK(store_accepts(s, &why));
	store_close(s);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_second_owner_is_refused),
		TEST(a_lost_journal_is_refused),
		TEST(a_journal_of_other_tables_is_refused),
		TEST(older_tables_are_refused),
		TEST(lost_tables_are_built_from_a_whole_journal),
		TEST(replay_does_not_run_ahead_of_the_journal),
		TEST(every_entry_is_an_event),
		TEST(an_event_is_erased_and_the_chain_holds),
		TEST(too_large_is_said_before_the_commit),
		TEST(a_commit_tells_each_change_once_in_order),
		TEST(a_rewind_drops_what_came_since_the_mark),
		TEST(a_value_may_be_lent),
		TEST(an_abort_leaves_no_memory_behind),
		TEST(memory_marks_stop_reading_and_accepting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
