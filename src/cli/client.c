/* Sockets, frames, calls of the command line. */
#include "client.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tocsin/util.h"
#include "tocsin/wire.h"

#define READ_BYTES 65536
#define IN_BYTES_MAX (2 * FRAME_BYTES_MAX + READ_BYTES)

static int lost(struct client *c, struct err *e, const char *what, const char *why)
{
	c->is_lost = true;
	return err_set(e, ERR_INTERNAL, "%s: %s", what, why);
}

static int connect_unix(struct client *c, const char *path, struct err *e)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(to.sun_path))
		return lost(c, e, path, "the path of the socket is too long");
	memcpy(to.sun_path, path, strlen(path) + 1);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		return lost(c, e, path,
			errno == ENOENT ? "no such socket; is tocsind running there?" : strerror(errno));
	return 0;
}

static int connect_tcp(struct client *c, const char *where, struct err *e)
{
	const char *colon = strrchr(where, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char host[256];
	int rc;

	if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof(host))
		return lost(c, e, where, "expected tcp:HOST:PORT");
	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	rc = getaddrinfo(host, colon + 1, &hints, &found);
	if (rc != 0)
		return lost(c, e, where, gai_strerror(rc));
	for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
		c->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (c->fd >= 0 && connect(c->fd, a->ai_addr, a->ai_addrlen) == 0)
			break;
		rc = errno;
		if (c->fd >= 0)
			close(c->fd);
		c->fd = -1;
	}
	freeaddrinfo(found);
	return c->fd >= 0 ? 0 : lost(c, e, where, strerror(rc));
}

static int say_hello(struct client *c, const char *token, struct err *e)
{
	struct value args, result;
	struct arena a;
	int rc;

	arena_init(&a, 0);
	args = value_map(&a, 2);
	value_add(&a, &args, "token", value_literal(token));
	value_add(&a, &args, "client", value_literal("tocsin"));
	rc = client_call(c, &a, "session.hello", &args, &result, e);
	arena_fini(&a);
	return rc;
}

int client_open(struct client *c, const char *address, const char *token, struct err *e)
{
	int rc;

	memset(c, 0, sizeof(*c));
	c->fd = -1;
	buf_init(&c->in, IN_BYTES_MAX);
	if (strncmp(address, "unix:", 5) == 0)
		rc = connect_unix(c, address + 5, e);
	else if (strncmp(address, "tcp:", 4) == 0)
		rc = connect_tcp(c, address + 4, e);
	else
		rc = lost(c, e, address, "expected unix:PATH or tcp:HOST:PORT");
	if (rc == 0 && token != NULL)
		rc = say_hello(c, token, e);
	return rc;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_fini(&c->in);
}

int client_send(
	struct client *c, const char *method, const struct value *args, uint32_t *msgid, struct err *e)
{
	struct value items[4], params = {.type = VALUE_ARRAY},
			       call = {.type = VALUE_ARRAY, .n = 4, .as.items = items};
	struct buf out;
	int rc = 0;

	*msgid = ++c->last_msgid;
	if (args != NULL && args->type != VALUE_NIL) {
		params.n = 1;
		params.as.items = (struct value *)args;
	}
	items[0] = value_int(0);
	items[1] = value_int(*msgid);
	items[2] = value_literal(method);
	items[3] = params;
	buf_init(&out, 4 * FRAME_BYTES_MAX);
	value_encode(&out, &call);
	if (out.n > FRAME_BYTES_MAX)
		rc = err_set(e, ERR_TOO_LARGE, "%s: the call has %zu bytes, at most %zu are taken", method,
			out.n, FRAME_BYTES_MAX);
	for (size_t at = 0; rc == 0 && at < out.n;) {
		ssize_t n = send(c->fd, out.p + at, out.n - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			rc = lost(c, e, "the connection broke while sending", strerror(errno));
	}
	buf_fini(&out);
	return rc;
}

static enum err_code code_of(const struct value *name)
{
	static const struct {
		const char *wire;
		enum err_code code;
	} codes[] = {
#define ERR(name, wire, help) {wire, ERR_##name},
		ERR_CODES(ERR)
#undef ERR
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (value_is_text(name, codes[i].wire))
			return codes[i].code;
	return ERR_INTERNAL;
}

static void take_text(char *to, size_t size, const struct value *from)
{
	struct slice s = value_slice(from);
	size_t n = utf8_clip(s.p == NULL ? "" : s.p, s.n < size ? s.n : size - 1);

	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

static void take_error(const struct value *from, struct err *to)
{
	memset(to, 0, sizeof(*to));
	to->code = code_of(value_get(from, "code"));
	take_text(to->text, sizeof(to->text), value_get(from, "message"));
	take_text(to->argument, sizeof(to->argument), value_get(from, "argument"));
	take_text(to->value, sizeof(to->value), value_get(from, "value"));
	take_text(to->reason, sizeof(to->reason), value_get(from, "reason"));
}

static int take_message(
	struct client *c, struct arena *a, struct slice frame, struct message *m, struct err *e)
{
	const struct value *type, *error, *content;
	struct value v;
	int64_t n = -1;

	memset(m, 0, sizeof(*m));
	frame.p = arena_copy(a, frame.p, frame.n); /* texts of the value borrow from it */
	if (value_decode(a, frame, &v, e) != 0)
		return lost(c, e, "the daemon's answer", "is no MessagePack");
	type = value_at(&v, 0);
	if (value_as_int(type, &n) && n == 2 && v.n == 3) {
		m->is_notification = true;
		m->method = value_cstr(a, value_at(&v, 1));
		content = value_at(value_at(&v, 2), 0);
	} else if (n == 1 && v.n == 4) {
		m->msgid = (uint32_t)value_int_or(value_at(&v, 1), 0);
		error = value_at(&v, 2);
		content = value_at(&v, 3);
		m->is_error = error != NULL && error->type != VALUE_NIL;
		if (m->is_error)
			take_error(error, &m->error);
	} else {
		return lost(c, e, "the daemon's answer", "is neither a reply nor a notification");
	}
	m->content = content == NULL ? value_nil : *content;
	return 1;
}

/* A whole frame that is in the buffer already: 1, 0 if there is none. */
static int take_frame(struct client *c, struct arena *a, struct message *m, struct err *e)
{
	struct frame_scan scan;
	int rc;

	if (c->in_at == c->in.n)
		return 0;
	frame_scan_init(&scan, FRAME_BYTES_MAX);
	switch (frame_scan(&scan, c->in.p + c->in_at, c->in.n - c->in_at, e)) {
	case FRAME_MORE:
		return 0;
	case FRAME_BROKEN:
		return lost(c, e, "the daemon's answer", "is no MessagePack");
	case FRAME_WHOLE:
		break;
	}
	rc = take_message(c, a, slice_of(c->in.p + c->in_at, scan.at), m, e);
	c->in_at += scan.at;
	if (c->in_at == c->in.n) {
		buf_reset(&c->in);
		c->in_at = 0;
	}
	return rc;
}

static int read_more(struct client *c, struct err *e)
{
	size_t left = c->in.n - c->in_at;
	uint8_t bytes[READ_BYTES];
	ssize_t n;

	do
		n = recv(c->fd, bytes, sizeof(bytes), 0);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return lost(c, e, "the connection", n == 0 ? "was closed by the daemon" : strerror(errno));
	if (c->in_at > 0) {
		memmove(c->in.p, c->in.p + c->in_at, left);
		c->in.n = left;
		c->in_at = 0;
	}
	buf_add(&c->in, bytes, (size_t)n);
	return 0;
}

int client_receive(
	struct client *c, struct arena *a, int timeout_ms, int wake_fd, struct message *m, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = {{.fd = c->fd, .events = POLLIN}, {.fd = wake_fd, .events = POLLIN}};
		int rc = take_frame(c, a, m, e), n;

		if (rc != 0)
			return rc;
		n = poll(fds, 2, timeout_ms);
		if (n < 0 && errno != EINTR)
			return lost(c, e, "poll", strerror(errno));
		if (n == 0 || (n > 0 && fds[1].revents != 0))
			return 0;
		if (n > 0 && read_more(c, e) != 0)
			return -1;
	}
}

int client_call(struct client *c, struct arena *a, const char *method, const struct value *args,
	struct value *result, struct err *e)
{
	struct message m = {.is_notification = true};
	uint32_t msgid;

	if (client_send(c, method, args, &msgid, e) != 0)
		return -1;
	while (m.is_notification || (m.msgid != msgid && !m.is_error))
		if (client_receive(c, a, -1, -1, &m, e) < 0)
			return -1;
	if (m.is_error) {
		*e = m.error;
		return -1;
	}
	*result = m.content;
	return 0;
}
