/* What the store's tests share: a directory of their own, small limits, rows made from numbers. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_file.h"
#include "store/store_int.h"
#include "tocsin/log.h"

struct fixture {
	char dir[80];   /* temporary; holds what follows */
	char data[120]; /* the data directory; not made */
	struct rng rng;
	struct store_config config;
};

__attribute__((unused)) static uint64_t fixture_seed(void)
{
	const char *text = getenv("SEED");
	uint64_t seed = text != NULL ? strtoull(text, NULL, 10) : 20261124;

	print_message("SEED=%ju\n", (uintmax_t)seed);
	return seed;
}

/* How many times a test's usual dose; TOCSIN_DOSE=10 in soaks. */
__attribute__((unused)) static int fixture_dose(int usual)
{
	const char *text = getenv("TOCSIN_DOSE");

	return text != NULL && atoi(text) > 0 ? usual * atoi(text) : usual;
}

__attribute__((unused)) static int fixture_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *f = calloc(1, sizeof(*f));

	log_set_level(LOG_ERROR);
	snprintf(f->dir, sizeof(f->dir), "%.40s/tocsin_store.XXXXXX",
		tmp != NULL && strlen(tmp) <= 40 ? tmp : "/tmp");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(f->data, sizeof(f->data), "%s/data", f->dir);
	rng_init_seeded(&f->rng, 1);
	f->config = (struct store_config){.dir = f->data,
		.map_bytes = (uint64_t)1 << 30,
		.freeze_bytes = (uint64_t)1 << 30,
		.freeze_ms = INT64_MAX,
		.segment_bytes = 128 * 1024,
		.rng = &f->rng};
	*state = f;
	return 0;
}

__attribute__((unused)) static int fixture_teardown(void **state)
{
	struct fixture *f = *state;
	char cmd[200];
	int rc;

	snprintf(cmd, sizeof(cmd), "chmod -R u+w %s; rm -rf %s", f->dir, f->dir);
	rc = system(cmd);
	free(f);
	return rc;
}

__attribute__((unused)) static struct store *fixture_open(struct fixture *f)
{
	struct store *s;
	struct err e;

	if (store_open(&s, &f->config, &e) != 0)
		fail_msg("%s", e.text);
	return s;
}

/* Until the journal's care has its spares made: whoever copies the directory of an open store would else see a
 * file that is just being named, and the store counts as behind. */
__attribute__((unused)) static void fixture_rest(struct store *s)
{
	struct store_stats stats;

	for (int i = 0; i < 5000; i++) {
		store_stats(s, &stats);
		if (stats.journal.n_free_segments >= 2)
			return;
		usleep(1000);
	}
	fail_msg("the journal made no spares within 5 s");
}

__attribute__((unused)) static void fixture_run(const char *format, const char *a, const char *b)
{
	char cmd[400];

	snprintf(cmd, sizeof(cmd), format, a, b);
	if (system(cmd) != 0)
		fail_msg("%s", cmd);
}

/* Fail with the text unless the call succeeds. */
#define OK(call)                                                                                             \
	do {                                                                                                 \
		struct err why = {.code = ERR_NONE};                                                         \
		if ((call) != 0)                                                                             \
			fail_msg("%s: %s", #call, why.text);                                                 \
	} while (0)

__attribute__((unused)) static void assert_row(
	struct store *s, enum table table, struct slice key, struct slice want)
{
	struct slice got;
	struct err e;
	int rc = store_get(s, table, key, &got, &e);

	if (rc < 0)
		fail_msg("%s", e.text);
	assert_int_equal(rc, 1);
	assert_int_equal(got.n, want.n);
	if (want.n > 0)
		assert_memory_equal(got.p, want.p, want.n);
}

__attribute__((unused)) static void assert_no_row(struct store *s, enum table table, struct slice key)
{
	struct slice got;
	struct err e;

	assert_int_equal(store_get(s, table, key, &got, &e), 0);
}

/* One call that puts one row; its event is the key. */
__attribute__((unused)) static uint64_t put_one(
	struct store *s, enum table table, struct slice key, struct slice val)
{
	struct tx *tx = tx_begin(s, 1000 + (int64_t)store_last_seq(s));

	tx_put(tx, table, key, val);
	return tx_commit(tx, key);
}

/* Bytes that only (seed, n) decides. */
__attribute__((unused)) static struct slice bytes_of(uint8_t *to, size_t n, uint64_t seed)
{
	struct rng r;

	rng_init_seeded(&r, seed);
	rng_bytes(&r, to, n);
	return slice_of(to, n);
}
