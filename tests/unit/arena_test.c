/* The bump arena: what a mark keeps, what a rewind drops, and which blocks are used again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tocsin/buf.h"

static void rewind_drops_what_came_after_the_mark(void **state)
{
	struct arena a;
	struct arena_mark m;
	char *kept;

	(void)state;
	arena_init(&a, 1 << 20);
	kept = arena_text(&a, "kept", 4);
	m = arena_mark(&a);
	memset(arena_alloc(&a, 100), 'x', 100);
	memset(arena_alloc(&a, 200 * 1024), 'x', 200 * 1024);
	memset(arena_alloc(&a, 60 * 1024), 'x', 60 * 1024);
	arena_rewind(&a, m);
	assert_int_equal(a.used, 8);
	assert_string_equal(kept, "kept");
	assert_ptr_equal(arena_alloc(&a, 8), kept + 8);
	arena_fini(&a);
}

static void rewind_to_the_empty_arena(void **state)
{
	struct arena a;
	struct arena_mark m;

	(void)state;
	arena_init(&a, 0);
	m = arena_mark(&a);
	for (int round = 0; round < 3; round++) {
		arena_alloc(&a, 10);
		arena_alloc(&a, 64 * 1024);
		arena_rewind(&a, m);
		assert_int_equal(a.used, 0);
		assert_int_equal(a.total, 64 * 1024); /* the one spare */
	}
	arena_reset(&a);
	arena_fini(&a);
}

static void every_kept_block_is_filled_again(void **state)
{
	struct arena a;
	size_t total;

	(void)state;
	arena_init(&a, 1 << 20);
	for (int i = 0; i < 40; i++)
		arena_alloc(&a, 8 * 1024);
	total = a.total;
	assert_int_equal(total, 5 * 64 * 1024);
	for (int round = 0; round < 3; round++) {
		arena_reset(&a);
		for (int i = 0; i < 40; i++)
			arena_alloc(&a, 8 * 1024);
		assert_int_equal(a.total, total);
	}
	arena_fini(&a);
}

static void block_size_can_be_set(void **state)
{
	struct arena a;

	(void)state;
	arena_init(&a, 0);
	a.block_bytes = 1 << 20;
	arena_alloc(&a, 1);
	assert_int_equal(a.total, 1 << 20);
	arena_reset(&a);
	assert_int_equal(a.total, 0);
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewind_drops_what_came_after_the_mark),
		cmocka_unit_test(rewind_to_the_empty_arena),
		cmocka_unit_test(every_kept_block_is_filled_again),
		cmocka_unit_test(block_size_can_be_set),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
