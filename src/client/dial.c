#include "dial.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

static int unix_address(const char *path, struct dial *out, struct err *e)
{
	struct sockaddr_un *to = (struct sockaddr_un *)&out->to;

	if (strlen(path) >= sizeof(to->sun_path))
		return err_set(e, ERR_BAD_REQUEST, "%s: the path of the socket is too long", path);
	to->sun_family = AF_UNIX;
	memcpy(to->sun_path, path, strlen(path) + 1);
	out->n = sizeof(*to);
	out->n_turns = 1;
	return 0;
}

static int tcp_address(const char *where, unsigned turn, struct dial *out, struct err *e)
{
	const char *colon = strrchr(where, ':');
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	char host[256];
	int rc;

	if (colon == NULL || colon == where || (size_t)(colon - where) >= sizeof(host))
		return err_set(e, ERR_BAD_REQUEST, "%s: expected tcp:HOST:PORT", where);
	snprintf(host, sizeof(host), "%.*s", (int)(colon - where), where);
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host[strlen(host) - 1] = '\0';
		memmove(host, host + 1, strlen(host));
	}
	rc = getaddrinfo(host, colon + 1, &hints, &found);
	if (rc != 0)
		return err_set(e, ERR_BAD_REQUEST, "%s: %s", where, gai_strerror(rc));
	for (struct addrinfo *a = found; a != NULL; a = a->ai_next)
		if (out->n_turns++ == turn) {
			memcpy(&out->to, a->ai_addr, a->ai_addrlen);
			out->n = a->ai_addrlen;
		}
	freeaddrinfo(found);
	return 0;
}

int dial_address(const char *address, unsigned turn, struct dial *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	if (strncmp(address, "unix:", 5) == 0)
		return unix_address(address + 5, out, e);
	if (strncmp(address, "tcp:", 4) == 0)
		return tcp_address(address + 4, turn, out, e);
	return err_set(e, ERR_BAD_REQUEST, "%s: expected unix:PATH or tcp:HOST:PORT", address);
}

int dial_failed(const char *address, int why, struct err *e)
{
	const char *where = strchr(address, ':');

	return err_set(e, ERR_INTERNAL, "%s: %s", where == NULL ? address : where + 1,
		why == ENOENT ? "no such socket; is tocsind running there?" : strerror(why));
}

/* 0, or the errno. */
static int connect_within(int fd, const struct dial *to, int timeout_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t n = sizeof(int);
	int why = 0, rc;

	if (connect(fd, (const struct sockaddr *)&to->to, to->n) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	do
		rc = poll(&p, 1, timeout_ms);
	while (rc < 0 && errno == EINTR);
	if (rc == 0)
		return ETIMEDOUT;
	return getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &n) != 0 ? errno : why;
}

/* The descriptor, or -1 and *why. */
static int connect_turn(const struct dial *to, int timeout_ms, int *why)
{
	int fd = socket(to->to.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	*why = fd < 0 ? errno : connect_within(fd, to, timeout_ms);
	if (*why == 0 && fcntl(fd, F_SETFL, 0) != 0)
		*why = errno;
	if (*why == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

int dial_connect(const char *address, int timeout_ms, struct err *e)
{
	struct dial to = {.n_turns = 1};
	int fd = -1, why = 0;

	for (unsigned turn = 0; fd < 0 && turn < to.n_turns; turn++) {
		if (dial_address(address, turn, &to, e) != 0)
			return -1;
		fd = connect_turn(&to, timeout_ms, &why);
	}
	return fd >= 0 ? fd : dial_failed(address, why, e);
}
