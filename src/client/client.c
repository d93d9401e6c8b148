/* Sockets and calls of one blocking connection. */
#include "client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "dial.h"
#include "tocsin/wire.h"

#define READ_BYTES 65536
#define IN_BYTES_MAX (2 * FRAME_BYTES_MAX + READ_BYTES)

static int lost(struct client *c, struct err *e, const char *what, const char *why)
{
	c->is_lost = true;
	return err_set(e, ERR_INTERNAL, "%s: %s", what, why);
}

int client_open(struct client *c, const char *address, int timeout_ms, struct err *e)
{
	struct timeval limit = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};

	memset(c, 0, sizeof(*c));
	buf_init(&c->in, IN_BYTES_MAX);
	c->fd = dial_connect(address, timeout_ms, e);
	c->is_lost = c->fd < 0;
	if (c->is_lost)
		return -1;
	if (timeout_ms > 0)
		setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	return 0;
}

void client_close(struct client *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	buf_fini(&c->in);
}

bool client_is_alive(const struct client *c)
{
	uint8_t byte;
	ssize_t n;

	if (c->fd < 0 || c->is_lost)
		return false;
	n = recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static int send_all(struct client *c, const struct buf *out, struct err *e)
{
	for (size_t at = 0; at < out->n;) {
		ssize_t n = send(c->fd, out->p + at, out->n - at, MSG_NOSIGNAL);

		if (n > 0)
			at += (size_t)n;
		else if (errno != EINTR)
			return lost(c, e, "the connection broke while sending", strerror(errno));
	}
	return 0;
}

int client_send(
	struct client *c, const char *method, const struct value *args, uint32_t *msgid, struct err *e)
{
	struct buf out;
	int rc;

	*msgid = ++c->last_msgid;
	buf_init(&out, 4 * FRAME_BYTES_MAX);
	rc = message_call(&out, *msgid, method, args, e);
	if (rc == 0)
		rc = send_all(c, &out, e);
	buf_fini(&out);
	return rc;
}

int client_notify(struct client *c, const char *method, const struct value *args, struct err *e)
{
	struct buf out;
	int rc;

	buf_init(&out, FRAME_BYTES_MAX);
	message_notify(&out, method, args);
	rc = send_all(c, &out, e);
	buf_fini(&out);
	return rc;
}

/* A whole message that is in the buffer already: 1, 0 if there is none. */
static int take_message(struct client *c, struct arena *a, struct message *m, struct err *e)
{
	int used = message_read(a, slice_of(c->in.p + c->in_at, c->in.n - c->in_at), m, e);

	if (used < 0) {
		c->is_lost = true;
		return -1;
	}
	c->in_at += (size_t)used;
	if (c->in_at == c->in.n) {
		buf_reset(&c->in);
		c->in_at = 0;
	}
	return used > 0;
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
		int rc = take_message(c, a, m, e), n;

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

bool message_answers(const struct message *m, uint32_t msgid)
{
	return !m->is_notification && (m->msgid == msgid || (m->is_error && m->msgid == 0));
}

int client_call(struct client *c, struct arena *a, const char *method, const struct value *args,
	struct value *result, struct err *e)
{
	struct message m = {.is_notification = true};
	uint32_t msgid;

	if (client_send(c, method, args, &msgid, e) != 0)
		return -1;
	while (!message_answers(&m, msgid))
		if (client_receive(c, a, -1, -1, &m, e) < 0)
			return -1;
	if (m.is_error) {
		*e = m.error;
		return -1;
	}
	*result = m.content;
	return 0;
}
