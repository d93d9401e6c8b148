/* Where others reach us: addresses, sockets, accepting. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "listen_int.h"
#include "tocsin/clock.h"
#include "tocsin/log.h"

#define ACCEPTS_A_PASS 64

/* ---- accepting ----------------------------------------------------------------------------------------- */
static void refuse(struct server *s, int fd)
{
	struct buf frame;
	struct err e;

	s->stats.n_refused++;
	err_set(&e, ERR_BUSY, "%u connections are open, more are not taken; close one or try again later",
		s->config.n_conns_max);
	buf_init(&frame, CONN_STRANGER_FRAME_MAX);
	if (s->hooks.on_refuse != NULL)
		s->hooks.on_refuse(s->hooks.udata, &frame, &e);
	if (frame.n > 0 && send(fd, frame.p, frame.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		log_line(LOG_DEBUG, "conn.refuse", "errno=%d", errno);
	buf_fini(&frame);
	close(fd);
}

char *tcp_text(const struct sockaddr_storage *at, char out[TCP_TEXT_LEN])
{
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	char host[INET6_ADDRSTRLEN] = "?";

	memcpy(&in, at, sizeof(in));
	memcpy(&in6, at, sizeof(in6));
	if (at->ss_family == AF_INET)
		snprintf(out, TCP_TEXT_LEN, "%s:%u", inet_ntop(AF_INET, &in.sin_addr, host, sizeof(host)),
			ntohs(in.sin_port));
	else
		snprintf(out, TCP_TEXT_LEN, "[%s]:%u",
			inet_ntop(AF_INET6, &in6.sin6_addr, host, sizeof(host)), ntohs(in6.sin6_port));
	return out;
}

static void peer_text(int fd, bool is_tcp, uid_t *uid, char out[PEER_LEN])
{
	struct sockaddr_storage from = {0};
	socklen_t n = sizeof(from);
	struct ucred cred = {.uid = (uid_t)-1};
	socklen_t cred_n = sizeof(cred);
	char text[TCP_TEXT_LEN];

	if (!is_tcp) {
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_n);
		*uid = cred.uid;
		snprintf(out, PEER_LEN, "unix:uid=%u", cred.uid);
		return;
	}
	*uid = (uid_t)-1;
	if (getpeername(fd, (struct sockaddr *)&from, &n) != 0)
		snprintf(out, PEER_LEN, "tcp:?");
	else
		snprintf(out, PEER_LEN, "tcp:%s", tcp_text(&from, text));
}

static void take(struct listener *l, int fd)
{
	struct server *s = l->server;
	char peer[PEER_LEN];
	int on = 1;
	uid_t uid;

	s->stats.n_accepted++;
	if (s->stats.n_conns >= s->config.n_conns_max) {
		refuse(s, fd);
		return;
	}
	if (l->is_tcp)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	peer_text(fd, l->is_tcp, &uid, peer);
	conn_open(s, fd, l->is_tcp, uid, peer);
}

/* Out of descriptors: a connection that cannot be accepted would wake the loop for ever. The sweep opens
 * again. */
static void shut(struct listener *l, int error)
{
	log_line(LOG_ERROR, "listen.shut", "address=%s error=\"%s\" connections=%ju", l->address,
		strerror(error), (uintmax_t)l->server->stats.n_conns);
	event_del(&l->event);
	l->is_open = false;
}

static void on_acceptable(evutil_socket_t listening, short what, void *udata)
{
	struct listener *l = udata;

	(void)what;
	l->server->mono_ms = clock_mono_us() / 1000;
	for (int i = 0; i < ACCEPTS_A_PASS; i++) {
		int fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			take(l, fd);
			continue;
		}
		if (errno == EINTR || errno == ECONNABORTED)
			continue;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			shut(l, errno);
		return;
	}
}

void listener_reopen(struct listener *l)
{
	if (!l->is_open)
		l->is_open = event_add(&l->event, NULL) == 0;
}

void listener_free(struct listener *l)
{
	event_del(&l->event);
	LIST_REMOVE(l, next);
	close(l->fd);
	if (l->path[0] != '\0')
		unlink(l->path);
	free(l);
}

/* ---- opening ------------------------------------------------------------------------------------------- */
/* Remove what is at the path if it is a socket nobody answers at: 0, or -1. */
static int clear_path(const struct sockaddr_un *un, struct err *e)
{
	const char *path = un->sun_path;
	struct stat st;
	int fd, error;

	if (lstat(path, &st) != 0)
		return errno == ENOENT ? 0 : err_set(e, ERR_STORAGE, "unix:%s: %s", path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return err_set(e, ERR_BAD_REQUEST,
			"unix:%s exists and is not a socket; remove it or choose another path", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return err_set(e, ERR_STORAGE, "unix:%s: %s", path, strerror(errno));
	error = connect(fd, (const struct sockaddr *)un, sizeof(*un)) == 0 ? 0 : errno;
	close(fd);
	if (error != ECONNREFUSED)
		return err_set(e, ERR_BAD_REQUEST,
			"another process answers at unix:%s; stop it or choose another path", path);
	if (unlink(path) != 0 && errno != ENOENT)
		return err_set(
			e, ERR_STORAGE, "unix:%s: stale and cannot be removed: %s", path, strerror(errno));
	return 0;
}

static int open_unix(struct listener *l, const char *path, struct err *e)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};

	memcpy(un.sun_path, path, strlen(path));
	if (clear_path(&un, e) != 0)
		return -1;
	l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* the mode set before bind is the mode the file is made with: never open to others, not even shortly
	 */
	if (l->fd < 0 || fchmod(l->fd, 0660) != 0 || bind(l->fd, (struct sockaddr *)&un, sizeof(un)) != 0 ||
		chmod(path, 0660) != 0)
		return err_set(e, ERR_STORAGE, "unix:%s: %s", path, strerror(errno));
	memcpy(l->path, path, strlen(path));
	snprintf(l->address, sizeof(l->address), "unix:%s", path);
	return 0;
}

int tcp_parse(const char *text, struct sockaddr_storage *out, socklen_t *out_n, struct err *e)
{
	const char *colon = strrchr(text, ':');
	struct sockaddr_in *in = (struct sockaddr_in *)out;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
	char host[64] = "", *end;
	unsigned long port;
	bool is_loopback;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (colon == NULL || colon[1] < '0' || colon[1] > '9' || (size_t)(colon - text) >= sizeof(host))
		return err_set(e, ERR_BAD_REQUEST,
			"tcp:%s is not an address; write tcp:HOST:PORT, for example "
			"tcp:127.0.0.1:7070",
			text);
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535)
		return err_set(e, ERR_BAD_REQUEST, "tcp:%s: the port is a number from 0 to 65535", text);
	n = (size_t)(colon - text);
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']')
		memcpy(host, text + 1, n - 2);
	else
		memcpy(host, text, n);
	if (strcmp(host, "localhost") == 0)
		memcpy(host, "127.0.0.1", sizeof("127.0.0.1"));
	if (inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		*out_n = sizeof(*in);
		is_loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
	} else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		*out_n = sizeof(*in6);
		is_loopback = IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	} else {
		return err_set(
			e, ERR_BAD_REQUEST, "tcp:%s: the host is a numeric address or localhost", text);
	}
	if (!is_loopback)
		return err_set(e, ERR_BAD_REQUEST,
			"tcp:%s is not a loopback address; without TLS Tocsin listens at "
			"127.0.0.1 or [::1] only",
			text);
	return 0;
}

static int open_tcp(struct listener *l, const char *text, struct err *e)
{
	struct sockaddr_storage at;
	socklen_t n = 0;
	int on = 1;

	if (tcp_parse(text, &at, &n, e) != 0)
		return -1;
	l->fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (l->fd < 0 || setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
		bind(l->fd, (struct sockaddr *)&at, n) != 0 ||
		getsockname(l->fd, (struct sockaddr *)&at, &n) != 0)
		return err_set(e, ERR_STORAGE, "tcp:%s: %s", text, strerror(errno));
	snprintf(l->address, sizeof(l->address), "tcp:%.*s:%u", (int)(strrchr(text, ':') - text), text,
		ntohs(((struct sockaddr_in *)&at)->sin_port)); /* the port stands alike in both families */
	l->is_tcp = true;
	return 0;
}

int server_address_check(const char *address, struct err *e)
{
	const size_t path_max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	struct sockaddr_storage at;
	socklen_t n;

	if (strncmp(address, "tcp:", 4) == 0)
		return tcp_parse(address + 4, &at, &n, e);
	if (strncmp(address, "unix:", 5) != 0)
		return err_set(e, ERR_BAD_REQUEST,
			"\"%s\" is not an address; write unix:PATH or tcp:HOST:PORT", address);
	if (address[5] == '\0' || strlen(address + 5) > path_max)
		return err_set(e, ERR_BAD_REQUEST,
			"unix:%s: a socket's path has 1 to %zu bytes, this one %zu", address + 5, path_max,
			strlen(address + 5));
	return 0;
}

int server_listen(struct server *s, const char *address, struct err *e)
{
	struct listener *l;
	int ret;

	if (server_address_check(address, e) != 0)
		return -1;
	l = calloc(1, sizeof(*l));
	must(l != NULL);
	l->server = s;
	l->fd = -1;
	ret = address[0] == 'u' ? open_unix(l, address + 5, e) : open_tcp(l, address + 4, e);
	if (ret != 0)
		goto undo;
	ret = -1;
	if (listen(l->fd, 1024) != 0) {
		err_set(e, ERR_STORAGE, "%s: %s", address, strerror(errno));
		goto undo;
	}
	must(event_assign(&l->event, s->base, l->fd, EV_READ | EV_PERSIST, on_acceptable, l) == 0);
	must(event_add(&l->event, NULL) == 0);
	l->is_open = true;
	LIST_INSERT_HEAD(&s->listeners, l, next);
	return 0;
undo:
	if (l->path[0] != '\0')
		unlink(l->path);
	if (l->fd >= 0)
		close(l->fd);
	free(l);
	return ret;
}

const char *server_address(const struct server *s, uint32_t index)
{
	const struct listener *l;
	uint32_t n = 0;

	LIST_FOREACH(l, &s->listeners, next)
	n++;
	LIST_FOREACH(l, &s->listeners, next)
	if (--n == index)
		return l->address;
	return NULL;
}
