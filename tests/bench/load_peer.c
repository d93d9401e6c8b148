/* Three protocols: MessagePack-RPC, Tarantool's IPROTO (CALL of a stored function), Redis' RESP (FCALL of a
 * function). */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "load.h"
#include "tocsin/value.h"
#include "tocsin/wire.h"

#define FIND_LIMIT 20
#define REPLY_BYTES_MAX ((size_t)4 * 1024 * 1024)

static void put_text(struct buf *b, const char *text)
{
	struct value v = value_literal(text);

	value_encode(b, &v);
}

static void put_uint(struct buf *b, uint64_t u)
{
	struct value v = value_int((int64_t)u);

	value_encode(b, &v);
}

static void put_pair(struct buf *b, const char *key, const char *text)
{
	put_text(b, key);
	put_text(b, text);
}

/* ---- Tocsin -------------------------------------------------------------------------------------------- */
static void tocsin_head(struct buf *b, uint32_t sync, const char *method, uint8_t n_args)
{
	buf_add(b, "\x94\x00", 2);
	put_uint(b, sync);
	put_text(b, method);
	buf_add_u8(b, 0x91);
	buf_add_u8(b, 0x80 | n_args);
}

/* Failed recharges of as many numbers, as BOSS reports them. */
static void put_signals(struct buf *b, uint64_t thousand)
{
	int64_t now_ms = (int64_t)time(NULL) * 1000;
	char number[16];

	value_encode_array(b, PUSH_SIGNALS);
	for (uint64_t i = 0; i < PUSH_SIGNALS; i++) {
		snprintf(number, sizeof(number), "%ju",
			(uintmax_t)(13000000000 + thousand * PUSH_SIGNALS + i));
		buf_add_u8(b, 0x87);
		put_text(b, "at");
		put_uint(b, (uint64_t)now_ms);
		put_pair(b, "source", "boss");
		put_pair(b, "kind", "txn_failed");
		put_pair(b, "city", "shenzhen");
		put_pair(b, "component", "recharge_gateway");
		put_pair(b, "number", number);
		put_pair(b, "code", "E1023");
	}
}

static void tocsin_encode(struct buf *b, const struct call_args *c, uint32_t sync)
{
	switch (c->job) {
	case JOB_CREATE:
		tocsin_head(b, sync, "ticket.create", 6);
		put_pair(b, "channel", c->channel);
		put_pair(b, "number", c->number);
		put_pair(b, "city", c->city);
		put_pair(b, "category", c->category);
		put_pair(b, "title", c->title);
		put_pair(b, "text", c->text);
		break;
	case JOB_GET:
		tocsin_head(b, sync, "ticket.get", 1);
		put_text(b, "id");
		put_uint(b, c->id);
		break;
	case JOB_FIND:
		tocsin_head(b, sync, "ticket.find", 3);
		put_text(b, "where");
		buf_add_u8(b, 0x81);
		put_pair(b, "queue", c->queue);
		put_pair(b, "order", "due");
		put_text(b, "limit");
		put_uint(b, FIND_LIMIT);
		break;
	case JOB_STATS:
		tocsin_head(b, sync, "server.stats", 0);
		break;
	case JOB_CHECK:
		tocsin_head(b, sync, "number.check", 1);
		put_pair(b, "number", c->number);
		break;
	case JOB_PUSH:
		tocsin_head(b, sync, "signal.push", 1);
		put_text(b, "signals");
		put_signals(b, c->id);
		break;
	}
}

void peer_hello(struct buf *b, const char *token)
{
	tocsin_head(b, 0, "session.hello", 1);
	put_pair(b, "token", token);
}

/* [1, msgid, error, result]; msgid in any width. */
static void tocsin_reply(const uint8_t *p, size_t n, struct reply *r)
{
	struct frame_scan scan;
	struct err e;
	size_t at;

	frame_scan_init(&scan, REPLY_BYTES_MAX);
	r->n = 0;
	switch (frame_scan(&scan, p, n, &e)) {
	case FRAME_MORE:
		return;
	case FRAME_BROKEN:
		fprintf(stderr, "load: broken reply: %s\n", e.text);
		r->is_error = true;
		r->n = n;
		return;
	case FRAME_WHOLE:
		break;
	}
	r->n = scan.at;
	must(r->n >= 5 && p[0] == 0x94 && p[1] == 1);
	at = 3 + (p[2] == 0xcc ? 1U : p[2] == 0xcd ? 2U : p[2] == 0xce ? 4U : 0);
	r->is_error = p[at] != 0xc0;
	r->body = slice_of(p + at + !r->is_error, r->n - at - !r->is_error);
}

/* ---- Tarantool ----------------------------------------------------------------------------------------- */
#define IPROTO_HEAD 5 /* 0xce and the packet's length */

static void tarantool_encode(struct buf *b, const struct call_args *c, uint32_t sync)
{
	static const char *const names[] = {
		"ticket_create", "ticket_get", "ticket_find", "ticket_stats", "number_check", "numbers_put"};
	size_t from = b->n;

	buf_add(b, "\xce\0\0\0\0\x82\x00\x0a\x01", 9); /* {type: CALL, sync: … */
	buf_add_u8(b, 0xce);
	buf_add_be32(b, sync);
	buf_add(b, "\x82\x22", 2); /* {function: …, tuple: … */
	put_text(b, names[c->job]);
	buf_add_u8(b, 0x21);
	switch (c->job) {
	case JOB_CREATE:
		buf_add_u8(b, 0x96);
		put_text(b, c->channel);
		put_text(b, c->number);
		put_text(b, c->city);
		put_text(b, c->category);
		put_text(b, c->title);
		put_text(b, c->text);
		break;
	case JOB_GET:
		buf_add_u8(b, 0x91);
		put_uint(b, c->id);
		break;
	case JOB_FIND:
		buf_add_u8(b, 0x92);
		put_text(b, c->queue);
		put_uint(b, FIND_LIMIT);
		break;
	case JOB_STATS:
		buf_add_u8(b, 0x90);
		break;
	case JOB_CHECK:
		buf_add_u8(b, 0x91);
		put_text(b, c->number);
		break;
	case JOB_PUSH:
		buf_add_u8(b, 0x92);
		put_uint(b, 13000000000 + c->id * PUSH_SIGNALS);
		put_uint(b, PUSH_SIGNALS);
		break;
	}
	if (!b->is_full)
		store_be32(b->p + from + 1, (uint32_t)(b->n - from - IPROTO_HEAD));
}

/* Header {0: code, 1: sync, 5: schema} in fixed widths, then the body; a code over 0x8000 is an error. */
static void tarantool_reply(const uint8_t *p, size_t n, struct reply *r)
{
	uint32_t packet_n;

	r->n = 0;
	if (n < IPROTO_HEAD)
		return;
	must(p[0] == 0xce);
	packet_n = load_be32(p + 1);
	if (n < IPROTO_HEAD + packet_n)
		return;
	r->n = IPROTO_HEAD + packet_n;
	p += IPROTO_HEAD;
	must(packet_n > 23 && p[1] == 0x00 && p[2] == 0xce && p[7] == 0x01 && p[8] == 0xcf);
	r->is_error = load_be32(p + 3) >= 0x8000;
	r->sync = (uint32_t)load_be64(p + 9);
	r->body = slice_of(p + 23, packet_n - 23);
}

/* ---- Redis --------------------------------------------------------------------------------------------- */
static void redis_word(struct buf *b, const char *text)
{
	buf_printf(b, "$%zu\r\n", strlen(text));
	buf_add(b, text, strlen(text));
	buf_add(b, "\r\n", 2);
}

static void redis_function(struct buf *b, const char *name, int n_args)
{
	buf_printf(b, "*%d\r\n", 3 + n_args);
	redis_word(b, "FCALL");
	redis_word(b, name);
	redis_word(b, "0");
}

static void redis_encode(struct buf *b, const struct call_args *c, uint32_t sync)
{
	char number[24];

	(void)sync;
	switch (c->job) {
	case JOB_CREATE:
		redis_function(b, "ticket_create", 6);
		redis_word(b, c->channel);
		redis_word(b, c->number);
		redis_word(b, c->city);
		redis_word(b, c->category);
		redis_word(b, c->title);
		redis_word(b, c->text);
		break;
	case JOB_GET: /* without a function: the quickest way Redis has */
		snprintf(number, sizeof(number), "t:%ju", (uintmax_t)c->id);
		buf_printf(b, "*2\r\n");
		redis_word(b, "HGETALL");
		redis_word(b, number);
		break;
	case JOB_FIND:
		redis_function(b, "ticket_find", 2);
		redis_word(b, c->queue);
		snprintf(number, sizeof(number), "%d", FIND_LIMIT);
		redis_word(b, number);
		break;
	case JOB_CHECK:
	case JOB_PUSH:
		never("Redis has no job of numbers");
	case JOB_STATS:
		buf_printf(b, "*1\r\n");
		redis_word(b, "INFO");
		break;
	}
}

/* The bytes of one RESP value, or 0 if it is not whole. */
static size_t redis_walk(const uint8_t *p, size_t n)
{
	size_t owed = 1, at = 0;

	while (owed > 0) {
		const uint8_t *end = at < n ? memchr(p + at, '\n', n - at) : NULL;
		long count = 0;
		size_t i = at + 1;
		bool is_negative;

		if (end == NULL)
			return 0;
		is_negative = p[i] == '-';
		for (; p[at] != '+' && p[at] != '-' && p + i < end && p[i] >= '0' && p[i] <= '9'; i++)
			count = count * 10 + (p[i] - '0');
		owed--;
		if (p[at] == '*' && !is_negative)
			owed += (size_t)count;
		i = (size_t)(end - p) + 1;
		at = p[at] == '$' && !is_negative ? i + (size_t)count + 2 : i;
	}
	return at > n ? 0 : at;
}

static void redis_reply(const uint8_t *p, size_t n, struct reply *r)
{
	r->n = redis_walk(p, n);
	r->is_error = r->n > 0 && p[0] == '-';
	r->body = slice_of(p, r->n);
}

static const struct peer peers[] = {
	{.name = "tocsin", .encode = tocsin_encode, .reply = tocsin_reply},
	{.name = "tarantool",
		.has_sync = true,
		.greeting_n = 128,
		.encode = tarantool_encode,
		.reply = tarantool_reply},
	{.name = "redis", .encode = redis_encode, .reply = redis_reply},
};

const struct peer *peer_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(peers) / sizeof(peers[0]); i++)
		if (strcmp(peers[i].name, name) == 0)
			return &peers[i];
	return NULL;
}
