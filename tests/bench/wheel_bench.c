/*
 * The wheel with many timers: prints ns per operation and the worst call of wheel_advance.
 *
 *   gcc -std=c11 -D_GNU_SOURCE -O2 -Iinclude -Isrc -o /tmp/wheel_bench tests/bench/wheel_bench.c
 * build/release/libtocsin.a \ -lcrypto && /tmp/wheel_bench [timers, default 1000000]
 *
 * Delays are uniform over 4 hours. "arm + cancel" cancels a random armed timer and arms it anew elsewhere.
 * The worst call is the median of rounds' maxima, since one preemption on a shared machine outlasts any call;
 * the 99.99 % is over all.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tocsin/clock.h"
#include "tocsin/util.h"
#include "tocsin/wheel.h"

#define SPAN_MS (4 * 3600 * 1000)
#define N_ROUNDS 5

struct bench {
	struct wheel wheel;
	struct wheel_node *nodes;
	size_t n;
	struct rng rng;
	int64_t now_ms;
};

static int cmp_i64(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void ignore(struct wheel_node *n, void *udata)
{
	(void)n;
	(void)udata;
}

static void rearm(struct wheel_node *n, void *udata)
{
	struct bench *b = udata;

	wheel_arm(&b->wheel, n, b->now_ms + (int64_t)rng_below(&b->rng, SPAN_MS), n->id);
}

static void print_ns(const char *what, int64_t since_us, size_t n)
{
	printf("%-44s %8.1f ns\n", what, (double)(clock_mono_us() - since_us) * 1000 / (double)n);
}

static void arm_all(struct bench *b)
{
	int64_t since_us = clock_mono_us();

	for (size_t i = 0; i < b->n; i++)
		wheel_arm(
			&b->wheel, &b->nodes[i], b->now_ms + 1 + (int64_t)rng_below(&b->rng, SPAN_MS), i + 1);
	print_ns("arm (first touch of the memory)", since_us, b->n);
}

static void arm_cancel(struct bench *b)
{
	int64_t since_us = clock_mono_us();

	for (size_t i = 0; i < b->n; i++) {
		struct wheel_node *n = &b->nodes[rng_below(&b->rng, b->n)];

		wheel_cancel(&b->wheel, n);
		wheel_arm(&b->wheel, n, b->now_ms + 1 + (int64_t)rng_below(&b->rng, SPAN_MS), n->id);
	}
	print_ns("arm + cancel, random timer", since_us, b->n);
}

/* n_calls ticks of tick_ms each; the worst one in us, the times of all in took_us. */
static int64_t tick(
	struct bench *b, size_t n_calls, int64_t tick_ms, size_t max, int64_t *took_us, size_t *n_out)
{
	int64_t worst_us = 0;

	for (size_t i = 0; i < n_calls; i++) {
		int64_t since_us = clock_mono_us();

		b->now_ms += tick_ms;
		*n_out += wheel_advance(&b->wheel, b->now_ms, max, rearm, b);
		took_us[i] = clock_mono_us() - since_us;
		if (took_us[i] > worst_us)
			worst_us = took_us[i];
	}
	return worst_us;
}

static void ticks(struct bench *b, size_t n_calls, int64_t tick_ms, size_t max)
{
	int64_t worst_us[N_ROUNDS], *took_us = calloc(n_calls * N_ROUNDS, sizeof(*took_us)),
				    since_us = clock_mono_us();
	size_t n_out = 0;

	if (took_us == NULL)
		exit(1);
	for (size_t r = 0; r < N_ROUNDS; r++)
		worst_us[r] = tick(b, n_calls, tick_ms, max, took_us + r * n_calls, &n_out);
	printf("ticks of %" PRId64 " ms, max %zu a call: %zu out\n", tick_ms, max, n_out);
	print_ns("  out and armed again", since_us, n_out);
	qsort(worst_us, N_ROUNDS, sizeof(*worst_us), cmp_i64);
	qsort(took_us, n_calls * N_ROUNDS, sizeof(*took_us), cmp_i64);
	printf("  call: median %" PRId64 ", 99.99 %% %" PRId64 ", worst of a round %" PRId64
	       " (worst of all %" PRId64 ") us\n",
		took_us[n_calls * N_ROUNDS / 2], took_us[n_calls * N_ROUNDS * 9999 / 10000],
		worst_us[N_ROUNDS / 2], worst_us[N_ROUNDS - 1]);
	free(took_us);
}

static void burst(struct bench *b, size_t n)
{
	int64_t worst_us = 0, since_us, first_us = 0, start_us;
	size_t n_out = 0, n_calls = 0;

	wheel_init(&b->wheel, b->now_ms);
	memset(b->nodes, 0, b->n * sizeof(*b->nodes));
	for (size_t i = 0; i < n; i++)
		wheel_arm(&b->wheel, &b->nodes[rng_below(&b->rng, b->n)], b->now_ms + 3600000,
			rng_u64(&b->rng));
	n = b->wheel.n_nodes;
	b->now_ms += 3600000;
	for (start_us = clock_mono_us(); n_out < n; n_calls++) {
		since_us = clock_mono_us();
		n_out += wheel_advance(&b->wheel, b->now_ms, 256, ignore, b);
		if (first_us == 0 && n_out > 0)
			first_us = clock_mono_us() - start_us;
		if (clock_mono_us() - since_us > worst_us)
			worst_us = clock_mono_us() - since_us;
	}
	printf("%zu due in one ms, 256 a call: %zu calls, first out after %" PRId64 " us, worst call %" PRId64
	       " us\n",
		n, n_calls, first_us, worst_us);
	print_ns("  out", start_us, n);
}

int main(int argc, char **argv)
{
	static struct bench b;

	b.n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
	b.nodes = calloc(b.n, sizeof(*b.nodes));
	if (b.nodes == NULL || b.n < 1000)
		return 1;
	rng_init_seeded(&b.rng, 1);
	b.now_ms = INT64_C(1790042400000);
	wheel_init(&b.wheel, b.now_ms);
	printf("%zu timers of %zu bytes, delays uniform over 4 h\n", b.n, sizeof(struct wheel_node));
	arm_all(&b);
	arm_cancel(&b);
	arm_cancel(&b);
	ticks(&b, 20000, 1, 256);
	ticks(&b, 2000, 100, SIZE_MAX);
	arm_cancel(&b);
	burst(&b, 100000);
	free(b.nodes);
	return 0;
}
