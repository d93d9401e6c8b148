/*
 * A connection's input: bytes are read into the server's own buffer, whole frames are handed up from there,
 * and only a beginning that is left over is kept.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_int.h"
#include "tocsin/log.h"

/* ---- facts --------------------------------------------------------------------------------------------- */
void conn_set_udata(struct conn *c, void *udata)
{
	c->udata = udata;
}

void *conn_udata(const struct conn *c)
{
	return c->udata;
}

bool conn_peer_uid(const struct conn *c, uid_t *uid)
{
	if (c->is_tcp)
		return false;
	*uid = c->uid;
	return true;
}

static size_t frame_max(const struct conn *c)
{
	return c->is_trusted ? FRAME_BYTES_MAX : CONN_STRANGER_FRAME_MAX;
}

void conn_trust(struct conn *c)
{
	c->is_trusted = true;
}

/* ---- what is wanted of the socket ---------------------------------------------------------------------- */
static bool takes_frames(const struct conn *c)
{
	return !c->is_dead && !c->is_closing && !c->is_held && !c->is_choked && !c->server->is_behind;
}

static bool wants_bytes(const struct conn *c)
{
	if (c->is_dead || c->is_eof)
		return false;
	return c->is_lingering || (takes_frames(c) && !c->is_backlogged);
}

void conn_watch(struct conn *c)
{
	bool wanted = wants_bytes(c);

	if (wanted == c->is_reading)
		return;
	if (wanted)
		event_add(&c->read_event, NULL);
	else
		event_del(&c->read_event);
	c->is_reading = wanted;
	if (!c->is_dead)
		c->server->stats.n_paused += wanted ? (uint64_t)-1 : 1;
}

void conn_ready_add(struct conn *c)
{
	if (c->is_ready || c->is_dead)
		return;
	TAILQ_INSERT_TAIL(&c->server->ready, c, ready);
	c->is_ready = true;
}

void conn_hold(struct conn *c)
{
	c->is_held = true;
}

void conn_go_on(struct conn *c)
{
	c->is_held = false;
	if (c->frame_since_ms != 0)
		c->frame_since_ms = c->server->mono_ms;
	if (c->is_closing)
		conn_dirty_add(c);
	else
		conn_ready_add(c);
}

/* ---- beginning and end --------------------------------------------------------------------------------- */
static void on_readable(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	conn_ready_add(udata);
}

static void on_writable(evutil_socket_t fd, short what, void *udata)
{
	(void)fd, (void)what;
	conn_dirty_add(udata);
}

void conn_open(struct server *s, int fd, bool is_tcp, uid_t uid, const char *peer)
{
	struct conn *c = calloc(1, sizeof(*c));

	must(c != NULL);
	c->server = s;
	c->fd = fd;
	c->is_tcp = is_tcp;
	c->uid = uid;
	c->since_ms = s->mono_ms;
	memcpy(c->peer, peer, strnlen(peer, sizeof(c->peer) - 1));
	must(event_assign(&c->read_event, s->base, fd, EV_READ | EV_PERSIST, on_readable, c) == 0);
	must(event_assign(&c->write_event, s->base, fd, EV_WRITE | EV_PERSIST, on_writable, c) == 0);
	TAILQ_INSERT_TAIL(&s->all, c, all);
	s->stats.n_conns++;
	s->stats.n_paused++;
	if (s->hooks.on_open != NULL)
		s->hooks.on_open(s->hooks.udata, c);
	frame_scan_init(&c->scan, frame_max(c));
	conn_watch(c);
}

void conn_kill(struct conn *c)
{
	struct server *s = c->server;

	if (c->is_dead)
		return;
	if (!c->is_reading)
		s->stats.n_paused--;
	c->is_dead = true;
	TAILQ_INSERT_TAIL(&s->dead, c, dead);
}

void conn_drop(struct conn *c, const char *reason)
{
	if (c->is_dead)
		return;
	log_line(
		LOG_WARN, "conn.drop", "peer=%s reason=%s unsent_bytes=%zu", c->peer, reason, conn_unsent(c));
	conn_kill(c);
}

/* Read no more, send what is queued, then close. */
static void conn_finish(struct conn *c)
{
	c->is_closing = true;
	c->is_backlogged = false;
	c->frame_since_ms = 0;
	conn_watch(c);
	conn_dirty_add(c);
}

void conn_close(struct conn *c)
{
	struct server *s = c->server;

	if (s->hooks.on_close != NULL)
		s->hooks.on_close(s->hooks.udata, c);
	event_del(&c->read_event);
	event_del(&c->write_event);
	if (c->is_ready)
		TAILQ_REMOVE(&s->ready, c, ready);
	if (c->is_waiting)
		TAILQ_REMOVE(&s->waiting, c, waiting);
	if (c->is_dirty)
		TAILQ_REMOVE(&s->dirty, c, dirty);
	TAILQ_REMOVE(&s->all, c, all);
	s->stats.n_conns--;
	conn_out_fini(c);
	free(c->in);
	close(c->fd);
	free(c);
}

/* ---- reading ------------------------------------------------------------------------------------------- */
/* Room for a good read behind what is kept. A begun frame is kept at the buffer's start, so it grows by
 * doubling. */
static void in_reserve(struct conn *c)
{
	uint32_t kept = c->in_n - c->in_at;
	uint32_t cap = c->in_cap;

	if (c->in_at > 0)
		memmove(c->in, c->in + c->in_at, kept);
	c->in_at = 0;
	c->in_n = kept;
	while (cap - kept < 2048)
		cap *= 2;
	if (cap == c->in_cap)
		return;
	c->in = realloc(c->in, cap);
	must(c->in != NULL);
	c->in_cap = cap;
}

static void in_keep(struct conn *c, const uint8_t *p, size_t n)
{
	uint32_t cap = 1024;

	while (cap < n)
		cap *= 2;
	c->in = malloc(cap);
	must(c->in != NULL);
	memcpy(c->in, p, n);
	c->in_at = 0;
	c->in_n = (uint32_t)n;
	c->in_cap = cap;
}

static void in_release(struct conn *c)
{
	free(c->in);
	c->in = NULL;
	c->in_at = c->in_n = c->in_cap = 0;
}

static struct slice in_begun(const struct conn *c)
{
	return c->in == NULL ? slice_of(NULL, 0) : slice_of(c->in + c->in_at, c->in_n - c->in_at);
}

/* Bytes read, 0 when there is nothing (is_eof and is_dead say why). */
static size_t read_into(struct conn *c, uint8_t *to, size_t room)
{
	ssize_t n;

	do
		n = recv(c->fd, to, room, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n > 0) {
		c->server->stats.in_bytes += (uint64_t)n;
		return (size_t)n;
	}
	if (n == 0)
		c->is_eof = true;
	else if (errno != EAGAIN && errno != EWOULDBLOCK)
		conn_kill(c);
	return 0;
}

/* The stream cannot be read on; `begun` is what there is of the broken frame. */
static void conn_give_up(struct conn *c, struct slice begun, const struct err *e)
{
	struct server *s = c->server;

	s->stats.n_broken++;
	log_line(LOG_INFO, "conn.broken", "peer=%s code=%s text=\"%s\"", c->peer, err_name(e->code), e->text);
	if (s->hooks.on_broken != NULL)
		s->hooks.on_broken(s->hooks.udata, c, begun, e);
	conn_finish(c);
}

/* Hand up whole frames of the n bytes at p; returns how many bytes were taken. */
static size_t work_frames(struct conn *c, const uint8_t *p, size_t n)
{
	struct server *s = c->server;
	size_t at = 0;
	int n_frames = 0;
	struct err e;

	c->is_backlogged = false;
	while (at < n) {
		if (n_frames == SERVER_FRAMES_A_PASS || !takes_frames(c)) {
			c->is_backlogged = !c->is_closing;
			break;
		}
		switch (frame_scan(&c->scan, p + at, n - at, &e)) {
		case FRAME_MORE:
			return at;
		case FRAME_BROKEN:
			conn_give_up(c, slice_of(p + at, n - at), &e);
			return n;
		case FRAME_WHOLE:
			break;
		}
		n_frames++;
		s->stats.n_frames++;
		s->turn_frames++;
		s->hooks.on_frame(s->hooks.udata, c, slice_of(p + at, c->scan.at));
		at += c->scan.at;
		frame_scan_init(&c->scan, frame_max(c));
		c->frame_since_ms = 0;
	}
	return at;
}

static void work_buffer(struct conn *c)
{
	uint8_t *in = c->in;
	size_t n = c->in_n - c->in_at, taken = work_frames(c, in + c->in_at, n);

	if (c->is_closing) {
		in_release(c);
		return;
	}
	c->in_at += (uint32_t)taken;
	if (taken == n)
		in_release(c);
}

static void work_scratch(struct conn *c, size_t n)
{
	const uint8_t *p = c->server->scratch;
	size_t taken = work_frames(c, p, n);

	if (c->is_closing)
		in_release(c);
	else if (taken < n)
		in_keep(c, p + taken, n - taken);
}

static void read_once(struct conn *c)
{
	struct server *s = c->server;
	size_t n;

	if (c->in == NULL) {
		n = read_into(c, s->scratch, sizeof(s->scratch));
		if (n > 0)
			work_scratch(c, n);
		return;
	}
	in_reserve(c);
	n = read_into(c, c->in + c->in_n, c->in_cap - c->in_n);
	c->in_n += (uint32_t)n;
	if (n > 0)
		work_buffer(c);
}

void conn_serve(struct conn *c)
{
	if (c->is_lingering) {
		read_into(c, c->server->scratch, sizeof(c->server->scratch));
		if (c->is_eof)
			conn_kill(c);
		return;
	}
	if (!takes_frames(c))
		return;
	if (c->is_backlogged)
		work_buffer(c);
	else if (!c->is_eof)
		read_once(c);
	if (c->is_dead)
		return;
	if (c->in != NULL && c->frame_since_ms == 0 && !c->is_backlogged)
		c->frame_since_ms = c->server->mono_ms;
	if (c->is_backlogged && takes_frames(c))
		conn_ready_add(c);
	if (c->is_eof && !c->is_backlogged && !c->is_held)
		conn_finish(c);
	conn_watch(c);
}

/* ---- deadlines ----------------------------------------------------------------------------------------- */
void conn_sweep(struct conn *c)
{
	struct server *s = c->server;
	const struct server_config *k = &s->config;
	int64_t now = s->mono_ms;
	struct err e;

	if (c->is_dead)
		return;
	if (c->is_lingering && now - c->since_ms > k->linger_ms) {
		conn_kill(c);
	} else if (c->out_free > c->out_at && now - c->progress_ms > k->stall_ms) {
		s->stats.n_dropped++;
		conn_drop(c, "slow_consumer");
	} else if (c->is_closing) {
		return;
	} else if (!c->is_trusted && now - c->since_ms > k->hello_ms) {
		err_set(&e, ERR_UNAUTHENTICATED, "no session.hello came within %jd ms",
			(intmax_t)k->hello_ms);
		conn_give_up(c, in_begun(c), &e);
		in_release(c);
	} else if (c->frame_since_ms != 0 && takes_frames(c) && now - c->frame_since_ms > k->frame_ms) {
		err_set(&e, ERR_BAD_REQUEST,
			"a message was begun and is not complete after %jd ms (%u bytes came)",
			(intmax_t)k->frame_ms, c->in_n - c->in_at);
		conn_give_up(c, in_begun(c), &e);
		in_release(c);
	}
}
