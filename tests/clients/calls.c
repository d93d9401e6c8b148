/* What client_test.py has the C client do: `calls SCENARIO ADDRESS` prints what came of it, a line an
 * outcome. */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tocsin.h>

#define SHORT_MS 300  /* of the scenarios in which nobody answers */
#define LONG_MS 20000 /* never over in a test that passes */

static const char *volatile absent; /* NULL; the compiler warns of one it sees */

static void show(const char *what, const struct tocsin_value *result, const struct tocsin_error *e)
{
	char json[512];

	if (result == NULL) {
		printf("%s: %s: %s\n", what, e->word, e->message);
		return;
	}
	tocsin_json(result, json, sizeof(json));
	printf("%s: %s\n", what, json);
}

static void on_lost(void *ctx, const char *why)
{
	(void)ctx;
	printf("on_lost: %s\n", why);
}

static struct tocsin *open_at(const char *address, int timeout_ms)
{
	struct tocsin_options o = {.address = address, .timeout_ms = timeout_ms, .on_lost = on_lost};
	struct tocsin_error e;
	struct tocsin *t = tocsin_open(&o, &e);

	if (t == NULL)
		show("open", NULL, &e);
	return t;
}

/* ---- blocking ------------------------------------------------------------------------------------------ */
static void change_then_call(struct tocsin *t)
{
	struct tocsin_error e;

	show("change", tocsin_change(t, &e, "first", "{a: %d}", 1), &e);
	show("call", tocsin_call(t, &e, "second", "{}"), &e);
}

static void change_with_own_id(struct tocsin *t)
{
	struct tocsin_error e;

	show("change", tocsin_change(t, &e, "first", "{request_id: 'mine'}"), &e);
	show("call", tocsin_call(t, &e, "second", "{request_id: 'mine too'}"), &e);
}

static void call_then_call(struct tocsin *t)
{
	struct tocsin_error e;

	show("call", tocsin_call(t, &e, "first", "{}"), &e);
	show("call", tocsin_call(t, &e, "second", "{}"), &e);
}

static void unknown_code(struct tocsin *t)
{
	struct tocsin_error e;

	show("call", tocsin_call(t, &e, "first", "{}"), &e);
	printf("%d %s %s %s\n", e.code == TOCSIN_OTHER, e.argument, e.value, e.reason);
}

static void follow(struct tocsin *t)
{
	struct tocsin_event event;
	struct tocsin_error e;
	int rc = tocsin_subscribe(t, &e, "{topics: ['a.#'], consumer: %s}", "wall");

	printf("subscribe: %d\n", rc);
	while (rc == 0 && tocsin_next(t, &e, LONG_MS, &event) == 1) {
		printf("%jd %jd %s ", (intmax_t)event.seq, (intmax_t)event.at_ms, event.topic);
		show("data", event.data, &e);
		if (event.seq == 6)
			printf("ack: %d\n", tocsin_ack(t, &e, event.seq));
		if (event.seq >= 8)
			break;
	}
}

/* ---- formats ------------------------------------------------------------------------------------------- */
static void formats(struct tocsin *t)
{
	struct tocsin_error e;
	struct tocsin_doc *d;

	show("texts",
		tocsin_call(t, &e, "echo", "{a: %s, b: %.*s, c: %s, d: [%s, 'x'], %s: 'key'}", "', z: 1}%d",
			3, "abcdef", absent, absent, "odd key"),
		&e);
	show("numbers",
		tocsin_call(t, &e, "echo", "{a: %d, b: %ld, c: %lld, d: %jd, e: %zu, f: %f, g: [%hhd, %hhd]}",
			-1, -2L, 1LL << 52, INTMAX_MIN, SIZE_MAX, 0.25, true, false),
		&e);
	show("literals",
		tocsin_call(t, &e, "echo",
			"{ a:17 , b: -2.5,c:[true,false,null], 'd e': \"it's\", f.g: 'a\\\\b\\\"c\\'d\\ne', "
			"h: {}, "
			"i: [] }"),
		&e);
	show("large",
		tocsin_call(t, &e, "echo",
			"{a: 18446744073709551615, b: -9223372036854775808, c: 1e3, d: -0.5E-1, e: 0}"),
		&e);
	show("nothing", tocsin_call(t, &e, "echo", "{}"), &e);
	d = tocsin_doc_new(&e, "{list: [], deep: {er: [0]}}");
	for (int i = 1; i <= 3; i++)
		printf("push: %d\n", tocsin_doc_push(d, &e, i < 3 ? "list" : "deep.er", "{i: %d}", i));
	printf("set: %d\n", tocsin_doc_set(d, &e, "deep", "k.k", "'v'"));
	printf("push: %d %s\n", tocsin_doc_push(d, &e, "deep", "1"), e.message);
	printf("set: %d %s\n", tocsin_doc_set(d, &e, "list", "k", "1"), e.message);
	show("document", tocsin_call(t, &e, "echo", "%p", (const void *)tocsin_doc_value(d)), &e);
	show("parts",
		tocsin_call(t, &e, "echo", "{a: %p, b: %p, c: [%p]}",
			(const void *)tocsin_get(tocsin_doc_value(d), "deep.er"), (void *)NULL, (void *)NULL),
		&e);
	tocsin_doc_free(d);
}

/* None of these may reach the daemon. */
static void wrong_formats(struct tocsin *t)
{
	struct tocsin_error e;

	show("1", tocsin_call(t, &e, "echo", "{"), &e);
	show("2", tocsin_call(t, &e, "echo", "{a: }"), &e);
	show("3", tocsin_call(t, &e, "echo", "{a: 1"), &e);
	show("4", tocsin_call(t, &e, "echo", "{a 1}"), &e);
	show("5", tocsin_call(t, &e, "echo", "{a: [1 2]}"), &e);
	show("6", tocsin_call(t, &e, "echo", "{a: 'x}"), &e);
	show("7", tocsin_call(t, &e, "echo", "{a: 1} b"), &e);
	show("8", tocsin_call(t, &e, "echo", "{%s: 1}", absent), &e);
	show("9", tocsin_call(t, &e, "echo", "{a: %u}", 1U), &e);
	show("10", tocsin_call(t, &e, "echo", "[1]"), &e);
	show("12", tocsin_call(t, &e, "echo", "{a: nan}"), &e);
	show("13", tocsin_call(t, &e, "echo", "{a: 0x10}"), &e);
	show("14", tocsin_call(t, &e, "echo", "{a: inf}"), &e);
	show("15", tocsin_call(t, &e, "echo", "{a: 18446744073709551616}"), &e);
	show("16", tocsin_call(t, &e, "echo", "{a: -9223372036854775809}"), &e);
	show("17", tocsin_call(t, &e, "echo", "{a: 1e999}"), &e);
	show("18", tocsin_call(t, &e, "echo", "{a: 1.}"), &e);
	show("19", tocsin_call(t, &e, "echo", "{a: 017}"), &e);
	show("20", tocsin_call(t, &e, "echo", "{a: 12ab}"), &e);
	show("11", tocsin_change(t, &e, "echo", "%s", absent), &e);
	printf("%d\n", e.code == TOCSIN_BAD_REQUEST);
	printf("subscribe: %d %s\n", tocsin_subscribe(t, &e, "{topics: [}"), e.message);
	printf("document: %d %s\n", tocsin_doc_new(&e, "[1") == NULL, e.message);
}

/* ---- on a libevent loop -------------------------------------------------------------------------------- */
struct loop {
	struct event_base *base;
	struct tocsin_async *t;
	int n_left; /* answers until the loop is left */
};

static struct loop loop;

static void answered(void *ctx, const struct tocsin_value *result, const struct tocsin_error *e)
{
	show(ctx, result, e);
	if (--loop.n_left == 0)
		event_base_loopexit(loop.base, NULL);
}

static void on_state(void *ctx, const struct tocsin_error *why)
{
	(void)ctx;
	if (why == NULL)
		printf("up\n");
	else
		printf("down: %s: %s\n", why->word, why->message);
}

static void on_event(void *ctx, const struct tocsin_event *event)
{
	(void)ctx;
	printf("%jd %s\n", (intmax_t)event->seq, event->topic);
	if (event->seq == 6)
		tocsin_async_ack(loop.t, 6);
	if (event->seq >= 8)
		event_base_loopexit(loop.base, NULL);
}

static void wait_for(int n_answers)
{
	loop.n_left = n_answers;
	event_base_dispatch(loop.base);
	printf("waiting: %zu\n", tocsin_async_waiting(loop.t));
}

static void three_calls(void)
{
	tocsin_async_call(loop.t, answered, "one", "echo", "{n: 1}");
	tocsin_async_call(loop.t, answered, "two", "echo", "{n: %d}", 2);
	tocsin_async_call(loop.t, NULL, NULL, "echo", "{n: 3}");
	tocsin_async_change(loop.t, answered, "four", "echo", "{n: 4}");
	printf("waiting: %zu\n", tocsin_async_waiting(loop.t));
	wait_for(3);
}

static void mixed_calls(void)
{
	tocsin_async_change(loop.t, answered, "change", "first", "{}");
	tocsin_async_call(loop.t, answered, "call", "second", "{}");
	tocsin_async_call(loop.t, answered, "wrong", "never", "{");
	tocsin_async_change(loop.t, answered, "other change", "third", "{}");
	wait_for(4);
}

static void silence(void)
{
	tocsin_async_call(loop.t, answered, "silent", "first", "{}");
	wait_for(1);
	tocsin_async_call(loop.t, answered, "next", "second", "{}");
	wait_for(1);
}

static void give_up(void)
{
	tocsin_async_call(loop.t, answered, "answered", "first", "{}");
	tocsin_async_change(loop.t, answered, "open", "second", "{}");
	wait_for(1);
	loop.n_left = -1;
}

static void follow_on_loop(void)
{
	tocsin_async_subscribe(
		loop.t, answered, on_event, "subscribe", "{topics: ['a.#'], consumer: 'wall'}");
	wait_for(-1);
}

/* ---- which --------------------------------------------------------------------------------------------- */
static int run_blocking(void (*run)(struct tocsin *), const char *address, int timeout_ms)
{
	struct tocsin *t = open_at(address, timeout_ms);

	if (t == NULL)
		return 1;
	run(t);
	tocsin_close(t);
	return 0;
}

static int run_async(void (*run)(void), const char *address, int timeout_ms)
{
	struct tocsin_options o = {.address = address, .timeout_ms = timeout_ms};
	struct tocsin_error e;

	loop.base = event_base_new();
	loop.t = tocsin_async_open(loop.base, &o, on_state, NULL, &e);
	if (loop.t == NULL)
		return 1;
	run();
	tocsin_async_close(loop.t);
	event_base_free(loop.base);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*blocking)(struct tocsin *);
		void (*async)(void);
		int timeout_ms;
	} scenarios[] = {
		{"change-then-call", change_then_call, NULL, LONG_MS},
		{"change-in-vain", change_then_call, NULL, SHORT_MS},
		{"change-with-own-id", change_with_own_id, NULL, LONG_MS},
		{"call-then-call", call_then_call, NULL, LONG_MS},
		{"call-in-vain", call_then_call, NULL, SHORT_MS},
		{"unknown-code", unknown_code, NULL, LONG_MS},
		{"follow", follow, NULL, LONG_MS},
		{"formats", formats, NULL, LONG_MS},
		{"wrong-formats", wrong_formats, NULL, LONG_MS},
		{"three-calls", NULL, three_calls, LONG_MS},
		{"mixed-calls", NULL, mixed_calls, LONG_MS},
		{"silence", NULL, silence, SHORT_MS},
		{"give-up", NULL, give_up, LONG_MS},
		{"follow-on-loop", NULL, follow_on_loop, LONG_MS},
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc == 3 && i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		if (strcmp(scenarios[i].name, argv[1]) != 0)
			continue;
		if (scenarios[i].blocking != NULL)
			return run_blocking(scenarios[i].blocking, argv[2], scenarios[i].timeout_ms);
		return run_async(scenarios[i].async, argv[2], scenarios[i].timeout_ms);
	}
	fprintf(stderr, "usage: calls SCENARIO ADDRESS\n");
	return 2;
}
