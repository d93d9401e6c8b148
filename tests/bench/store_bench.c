/*
 * The store alone, fed like intake feeds it: a call puts a ticket of 300 bytes, one timer by
 * due, 7 index rows as src/desk/rows/index.c draws them, and commits an event of 850 bytes; 64 calls a turn; at
 * most 16 turns are on their way to the disk. Prints commits per second and CPU per call (engine thread;
 * whole process), then the same with a million tickets in LMDB, and look-ups and lists there.
 *
 *   make build/release/bench/store_bench && build/release/bench/store_bench [tickets, default 1000000] [dir]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "tocsin/clock.h"
#include "tocsin/log.h"
#include "tocsin/store.h"

#define CALLS_A_TURN 64
#define BEHIND_MAX (16 * CALLS_A_TURN)
#define N_MEASURED 200000
#define N_GETS 200000
#define TICKET_BYTES 300
#define EVENT_BYTES 850

struct bench {
	struct store *store;
	struct rng rng;
	int epoll;
	uint64_t n_tickets;
	uint8_t text[65536]; /* Chinese-like bytes that do not repeat */
};

static int64_t cpu_us(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void check(int rc, const struct err *e)
{
	if (rc >= 0)
		return;
	fprintf(stderr, "%s\n", e->text);
	exit(1);
}

/* One index row: which index, a terminated word or none, a number or none, the ticket. */
static void put_index(struct tx *tx, char index, const char *word, const uint64_t *number, uint64_t id)
{
	size_t n = word != NULL ? strlen(word) + 1 : 0;
	uint8_t key[64];

	key[0] = (uint8_t)index;
	if (n > 0)
		memcpy(key + 1, word, n);
	n++;
	if (number != NULL) {
		store_be64(key + n, *number);
		n += 8;
	}
	store_be64(key + n, id);
	tx_put(tx, TABLE_INDEX, slice_of(key, n + 8), slice_of(NULL, 0));
}

static void put_indexes(struct bench *b, struct tx *tx, uint64_t id, uint64_t due_ms)
{
	static const char *const cities[] = {"guangzhou", "shenzhen", "foshan", "dongguan", "zhuhai",
		"huizhou", "jiangmen", "shantou", "zhanjiang", "maoming", "zhaoqing", "meizhou", "shanwei",
		"heyuan", "yangjiang", "qingyuan", "chaozhou", "jieyang", "yunfu", "shaoguan", "zhongshan"};
	static const char *const categories[] = {"recharge.not_credited", "network.no_signal", "bill.wrong",
		"broadband.slow", "service.attitude", "roaming.price", "sms.spam"};
	uint64_t city = rng_below(&b->rng, 21);
	char subject[40], word[40];

	snprintf(subject, sizeof(subject), "mobile:%ju",
		(uintmax_t)(13800000000u + rng_below(&b->rng, 20000000)));
	put_index(tx, 'S', subject, NULL, id);
	snprintf(word, sizeof(word), "city_support.%s", cities[city]);
	put_index(tx, 'Q', word, &due_ms, id);
	snprintf(word, sizeof(word), "agent.%04ju", (uintmax_t)rng_below(&b->rng, 1000));
	put_index(tx, 'O', word, &due_ms, id);
	put_index(tx, 'D', NULL, &due_ms, id);
	put_index(tx, 'C', cities[city], NULL, id);
	put_index(tx, 'K', categories[rng_below(&b->rng, 7)], NULL, id);
	put_index(tx, 'T', "complaint_acknowledged", NULL, id);
}

static void create(struct bench *b, int64_t now_ms)
{
	uint64_t id = ++b->n_tickets, due_ms = (uint64_t)now_ms + 3600000 * (1 + rng_below(&b->rng, 240));
	size_t at = (size_t)rng_below(&b->rng, sizeof(b->text) - EVENT_BYTES);
	struct tx *tx = tx_begin(b->store, now_ms);
	uint8_t key[16];

	due_ms += rng_below(&b->rng, 3600000);
	store_be64(key, id);
	tx_put(tx, TABLE_TICKET, slice_of(key, 8), slice_of(b->text + at / 2, TICKET_BYTES));
	store_be64(key, due_ms);
	store_be64(key + 8, id);
	tx_put(tx, TABLE_TIMER, slice_of(key, 16), slice_of(NULL, 0));
	put_indexes(b, tx, id, due_ms);
	tx_commit(tx, slice_of(b->text + at, EVENT_BYTES));
}

/* Let the journal catch up until at most `behind` entries wait. */
static void wait_behind(struct bench *b, uint64_t behind)
{
	struct epoll_event ev;
	struct err e;

	while (store_last_seq(b->store) - store_durable_seq(b->store) > behind || store_is_behind(b->store)) {
		epoll_wait(b->epoll, &ev, 1, 100);
		check(store_poll(b->store, &e), &e);
		store_turn_end(b->store, clock_mono_us() / 1000);
	}
}

static void run(struct bench *b, uint64_t n_calls)
{
	for (uint64_t done = 0; done < n_calls; done += CALLS_A_TURN) {
		int64_t now_ms = clock_mono_us() / 1000;

		for (int i = 0; i < CALLS_A_TURN; i++)
			create(b, now_ms);
		store_turn_end(b->store, now_ms);
		wait_behind(b, BEHIND_MAX);
	}
	wait_behind(b, 0);
}

static void measure(struct bench *b, const char *what)
{
	int64_t wall = clock_mono_us(), mine = cpu_us(CLOCK_THREAD_CPUTIME_ID),
		all = cpu_us(CLOCK_PROCESS_CPUTIME_ID);
	struct store_stats before, after;
	double n = N_MEASURED;
	struct err e;

	store_stats(b->store, &before);
	run(b, N_MEASURED);
	wall = clock_mono_us() - wall;
	mine = cpu_us(CLOCK_THREAD_CPUTIME_ID) - mine;
	check(store_checkpoint(b->store, &e), &e); /* what was put off belongs to the price */
	all = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - all;
	store_stats(b->store, &after);
	printf("%s: %.0f commits/s, engine %.2f us CPU a call, process %.2f us; journal %.0f B a call, %.1f "
	       "calls a sync, "
	       "sync p50 %jd us p99 %jd us; %ju checkpoints, the last %ju ms; tables %.0f B a ticket\n",
		what, n * 1e6 / (double)wall, (double)mine / n, (double)all / n,
		(double)(after.journal.n_bytes - before.journal.n_bytes) / n,
		n / (double)(after.journal.n_batches - before.journal.n_batches),
		(intmax_t)after.journal.commit_us_p50, (intmax_t)after.journal.commit_us_p99,
		(uintmax_t)(after.n_checkpoints - before.n_checkpoints), (uintmax_t)after.checkpoint_ms_last,
		(double)after.tables_bytes / (double)b->n_tickets);
	fflush(stdout);
}

static void measure_gets(struct bench *b, const char *what)
{
	int64_t us = clock_mono_us();
	uint64_t sum = 0;

	for (int i = 0; i < N_GETS; i++) {
		struct slice val;
		uint8_t key[8];
		struct err e;

		store_be64(key, 1 + rng_below(&b->rng, b->n_tickets));
		check(store_get(b->store, TABLE_TICKET, slice_of(key, 8), &val, &e), &e);
		sum += val.n;
	}
	us = clock_mono_us() - us;
	printf("%s: %.2f us a look-up of %.0f bytes, CRC checked\n", what, (double)us / N_GETS,
		(double)sum / N_GETS);
}

/* The first rows of a queue by due, as ticket.find reads them. */
static void measure_scan(struct bench *b, const char *what, int n_rows)
{
	static const char queue[] = "Qcity_support.foshan";
	uint8_t to[sizeof(queue)];
	int64_t us = clock_mono_us();
	uint64_t n = 0;

	memcpy(to, queue, sizeof(queue));
	to[sizeof(queue) - 1] = 1;
	for (int i = 0; i < 2000; i++) {
		struct scan scan;
		struct err e;

		scan_init(&scan, b->store, NULL, TABLE_INDEX, slice_of(queue, sizeof(queue)),
			slice_of(to, sizeof(to)), false);
		for (int row = 0; row < n_rows && scan_next(&scan, &e) == 1; row++)
			n++;
		scan_fini(&scan);
	}
	us = clock_mono_us() - us;
	printf("%s: %.2f us for %.0f index rows\n", what, (double)us / 2000, (double)n / 2000);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
	char dir[200] = "/tmp/store_bench.XXXXXX", cmd[300];
	struct bench *b = calloc(1, sizeof(*b));
	struct store_config c = {.dir = dir, .rng = &b->rng};
	struct epoll_event ev = {.events = EPOLLIN};
	int64_t us;
	struct err e;

	if (argc > 2)
		snprintf(dir, sizeof(dir), "%s/store_bench.XXXXXX", argv[2]);
	must(mkdtemp(dir) != NULL);
	log_set_level(LOG_WARN);
	rng_init_seeded(&b->rng, 1);
	rng_bytes(&b->rng, b->text, sizeof(b->text));
	b->epoll = epoll_create1(0);
	check(store_open(&b->store, &c, &e), &e);
	epoll_ctl(b->epoll, EPOLL_CTL_ADD, store_event_fd(b->store), &ev);
	measure(b, "empty");
	if (n > b->n_tickets)
		run(b, n - b->n_tickets);
	check(store_checkpoint(b->store, &e), &e);
	measure(b, "filled");
	measure_gets(b, "get from LMDB");
	measure_scan(b, "open a list", 1);
	measure_scan(b, "top 20 from LMDB", 20);
	run(b, 20000);
	measure_scan(b, "top 20 over a memory table", 20);
	us = clock_mono_us();
	store_close(b->store);
	printf("close: %.0f ms", (double)(clock_mono_us() - us) / 1000);
	us = clock_mono_us();
	check(store_open(&b->store, &c, &e), &e);
	printf(", open: %.1f ms with %ju tickets\n", (double)(clock_mono_us() - us) / 1000,
		(uintmax_t)b->n_tickets);
	store_close(b->store);
	close(b->epoll);
	free(b);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", dir);
	return system(cmd) == 0 ? 0 : 1;
}
