/*
 * What evhttp answers by itself, in our words. A request that is too large, or that it cannot read, never
 * becomes an exchange: evhttp writes a page of HTML to the connection's output. We see it there before the
 * socket does (its write event needs another round of the loop) and put our error in its place.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <stdlib.h>
#include <string.h>

#include "http_int.h"
#include "tocsin/wire.h"

#define STATUS_LINE_BYTES 12 /* HTTP/1.1 413 */
#define JSON_BYTES_MAX 4096

/* The status of the answer that the output begins with; 0: none. */
static int status_of(struct evbuffer *out)
{
	char line[STATUS_LINE_BYTES + 1] = "";

	if (evbuffer_copyout(out, line, STATUS_LINE_BYTES) != STATUS_LINE_BYTES ||
		strncmp(line, "HTTP/1.", 7) != 0)
		return 0;
	return (int)strtol(line + 9, NULL, 10);
}

static void refusal_of(int status, struct err *e)
{
	if (status == 413)
		err_set(e, ERR_TOO_LARGE,
			"the request is too large: its headers may have %d bytes, its body %zu",
			HTTP_HEAD_BYTES_MAX, FRAME_BYTES_MAX);
	else if (status == 501)
		err_set(e, ERR_BAD_REQUEST,
			"the request's method is not taken; there are GET, HEAD and POST");
	else
		err_set(e, ERR_BAD_REQUEST, "the request cannot be read as HTTP/1.1");
}

static void put_refusal(struct evbuffer *out, const struct err *e, enum lang lang)
{
	struct arena a;
	struct buf body;
	struct value v;
	const char *reason;
	int status = http_status(e->code, &reason);

	arena_init(&a, 0);
	buf_init(&body, JSON_BYTES_MAX);
	v = error_value(&a, e, lang);
	value_json(&body, &v);
	buf_add_u8(&body, '\n');
	must(evbuffer_add_printf(out,
		     "HTTP/1.1 %d %s\r\nContent-Type: " HTTP_JSON_TYPE
		     "\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nContent-Length: "
		     "%zu\r\n"
		     "Connection: close\r\n\r\n%.*s",
		     status, reason, body.n, (int)body.n, (const char *)body.p) > 0);
	buf_fini(&body);
	arena_fini(&a);
}

static void on_foreign(evutil_socket_t fd, short what, void *udata)
{
	struct http_conn *c = udata;
	struct evbuffer *out = bufferevent_get_output(c->bev);
	int status = status_of(out);
	struct err e;

	(void)fd, (void)what;
	if (status < 400) /* 100 Continue */
		return;
	c->http->n_errors++;
	c->http->n_refused++;
	refusal_of(status, &e);
	c->is_ours = true;
	must(evbuffer_unfreeze(out, 1) == 0 && evbuffer_drain(out, evbuffer_get_length(out)) == 0 &&
		evbuffer_freeze(out, 1) == 0);
	put_refusal(out, &e, c->lang);
	c->is_ours = false;
}

static void on_output(struct evbuffer *out, const struct evbuffer_cb_info *info, void *udata)
{
	struct http_conn *c = udata;

	(void)out;
	if (info->n_added > 0 && !c->is_ours)
		event_active(&c->foreign, EV_WRITE, 0);
}

/* evhttp keeps the headers of what it refuses to itself: the language is read as they come. */
static void on_input(struct evbuffer *in, const struct evbuffer_cb_info *info, void *udata)
{
	static const char *const names[] = {"\nAccept-Language: ", "\naccept-language: "};
	struct http_conn *c = udata;
	struct evbuffer_ptr at;
	char said[3] = "";

	if (info->n_added == 0 || c->exchange != NULL)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && c->lang == LANG_ANY; i++) {
		size_t n = strlen(names[i]);

		at = evbuffer_search(in, names[i], n, NULL);
		if (at.pos >= 0 && evbuffer_ptr_set(in, &at, n, EVBUFFER_PTR_ADD) == 0 &&
			evbuffer_copyout_from(in, &at, said, sizeof(said) - 1) > 0)
			c->lang = lang_said(said);
	}
}

void refusals_watch(struct http_conn *c, struct event_base *base)
{
	must(event_assign(&c->foreign, base, -1, 0, on_foreign, c) == 0);
	must(evbuffer_add_cb(bufferevent_get_output(c->bev), on_output, c) != NULL);
	must(evbuffer_add_cb(bufferevent_get_input(c->bev), on_input, c) != NULL);
}

void refusals_forget(struct http_conn *c)
{
	event_del(&c->foreign);
	must(evbuffer_remove_cb(bufferevent_get_output(c->bev), on_output, c) == 0);
	must(evbuffer_remove_cb(bufferevent_get_input(c->bev), on_input, c) == 0);
}
