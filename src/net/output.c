/*
 * A connection's answers: one buffer in order of calls, cut by marks that say which seq must be durable
 * before the bytes may leave. A mark covers one turn, since a turn's entries become durable together.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net_int.h"
#include "tocsin/log.h"

/* Take a buffer that another answer has left, or none. */
static void out_take(struct conn *c)
{
	struct server *s = c->server;

	if (s->n_spares == 0)
		return;
	c->out = s->spares[--s->n_spares].p;
	c->out_cap = s->spares[s->n_spares].cap;
	s->spare_bytes -= c->out_cap;
}

/* Leave it for the next, as long as there are few. */
static void out_leave(struct conn *c)
{
	struct server *s = c->server;

	if (c->out != NULL && s->n_spares < OUT_SPARES && s->spare_bytes + c->out_cap <= OUT_SPARE_BYTES) {
		s->spares[s->n_spares++] = (struct out_spare){c->out, c->out_cap};
		s->spare_bytes += c->out_cap;
	} else {
		free(c->out);
	}
	c->out = NULL;
	c->out_at = c->out_free = c->out_n = c->out_cap = 0;
}

void server_spares_fini(struct server *s)
{
	while (s->n_spares > 0)
		free(s->spares[--s->n_spares].p);
	s->spare_bytes = 0;
}

void conn_out_fini(struct conn *c)
{
	c->server->stats.queued_bytes -= conn_unsent(c);
	c->server->stats.n_awaiting -= c->n_awaiting;
	out_leave(c);
	free(c->marks);
	c->marks = NULL;
	c->mark_at = c->mark_n = c->mark_cap = 0;
	c->n_awaiting = 0;
}

static void out_append(struct conn *c, struct slice bytes)
{
	if (bytes.n == 0)
		return;
	if (c->out == NULL)
		out_take(c);
	/* sent bytes go when they are half of all: who takes slowly does not have all else moved each time */
	if (c->out_n + bytes.n > c->out_cap && c->out != NULL && c->out_at > 0 && c->out_at >= c->out_n / 2) {
		memmove(c->out, c->out + c->out_at, c->out_n - c->out_at);
		c->out_free -= c->out_at;
		c->out_n -= c->out_at;
		c->out_at = 0;
	}
	if (c->out_n + bytes.n > c->out_cap) {
		size_t cap = c->out_cap > 0 ? c->out_cap : 1024;

		while (cap < c->out_n + bytes.n)
			cap *= 2;
		c->out = realloc(c->out, cap);
		must(c->out != NULL);
		c->out_cap = cap;
	}
	must(c->out != NULL);
	memcpy(c->out + c->out_n, bytes.p, bytes.n);
	c->out_n += bytes.n;
}

static struct mark *mark_add(struct conn *c)
{
	if (c->mark_n == c->mark_cap && c->marks != NULL && c->mark_at > 0) {
		memmove(c->marks, c->marks + c->mark_at, (c->mark_n - c->mark_at) * sizeof(*c->marks));
		c->mark_n -= c->mark_at;
		c->mark_at = 0;
	}
	if (c->mark_n == c->mark_cap) {
		c->mark_cap = c->mark_cap > 0 ? c->mark_cap * 2 : 4;
		c->marks = realloc(c->marks, c->mark_cap * sizeof(*c->marks));
		must(c->marks != NULL);
	}
	must(c->marks != NULL);
	memset(&c->marks[c->mark_n], 0, sizeof(*c->marks));
	return &c->marks[c->mark_n++];
}

/* Many large answers to one peer leave within the turn, while the processor still has them at hand. */
static void send_early(struct conn *c)
{
	conn_release(c);
	conn_flush(c);
}

static void queue(struct conn *c, struct slice bytes, uint64_t seq, uint32_t n_replies)
{
	struct server *s = c->server;
	struct mark *m = c->mark_n > c->mark_at ? &c->marks[c->mark_n - 1] : NULL;

	if (c->is_dead || c->is_lingering)
		return;
	out_append(c, bytes);
	s->stats.n_sent++;
	s->stats.queued_bytes += bytes.n;
	s->stats.n_awaiting += n_replies;
	c->n_awaiting += n_replies;
	if (m == NULL || m->turn != s->stats.n_turns) {
		m = mark_add(c);
		m->turn = s->stats.n_turns;
	}
	m->seq = seq > m->seq ? seq : m->seq;
	m->n_bytes += (uint32_t)bytes.n;
	m->n_replies += n_replies;
	if (!c->is_waiting) {
		TAILQ_INSERT_TAIL(&s->waiting, c, waiting);
		c->is_waiting = true;
	}
	if (c->n_awaiting >= CONN_CALLS_MAX || conn_unsent(c) > CONN_OUT_STOP)
		c->is_choked = true;
	if (conn_unsent(c) >= CONN_OUT_EARLY && m->seq <= s->durable_seq)
		send_early(c);
}

void conn_reply(struct conn *c, struct slice bytes, uint64_t release_seq)
{
	queue(c, bytes, release_seq, 1);
}

void conn_push(struct conn *c, struct slice bytes, uint64_t release_seq)
{
	queue(c, bytes, release_seq, 0);
}

void conn_dirty_add(struct conn *c)
{
	if (c->is_dirty || c->is_dead)
		return;
	TAILQ_INSERT_TAIL(&c->server->dirty, c, dirty);
	c->is_dirty = true;
}

/* A full queue empties to half before frames are taken again, lest it opens and shuts with each answer. */
static void unchoke(struct conn *c)
{
	if (!c->is_choked || c->n_awaiting > CONN_CALLS_MAX / 2 || conn_unsent(c) >= CONN_OUT_RESUME)
		return;
	c->is_choked = false;
	if (c->frame_since_ms != 0)
		c->frame_since_ms = c->server->mono_ms;
	if (c->is_backlogged)
		conn_ready_add(c);
	else
		conn_watch(c);
}

void conn_release(struct conn *c)
{
	struct server *s = c->server;
	bool was_empty = c->out_free == c->out_at;

	while (c->mark_at < c->mark_n && c->marks[c->mark_at].seq <= s->durable_seq) {
		const struct mark *m = &c->marks[c->mark_at++];

		c->out_free += m->n_bytes;
		c->n_awaiting -= m->n_replies;
		s->stats.n_awaiting -= m->n_replies;
	}
	if (c->mark_at == c->mark_n) {
		TAILQ_REMOVE(&s->waiting, c, waiting);
		c->is_waiting = false;
		c->mark_at = c->mark_n = 0;
	}
	if (c->out_free == c->out_at)
		return;
	if (was_empty)
		c->progress_ms = s->mono_ms;
	conn_dirty_add(c);
}

static void drained(struct conn *c)
{
	if (c->is_writing) {
		event_del(&c->write_event);
		c->is_writing = false;
	}
	if (conn_unsent(c) > 0)
		return;
	out_leave(c);
	if (c->mark_n == 0) {
		free(c->marks);
		c->marks = NULL;
		c->mark_cap = 0;
	}
	if (c->is_closing && !c->is_held && !c->is_lingering) {
		/* closing with bytes unread would reset the connection and take our last answer with it */
		shutdown(c->fd, SHUT_WR);
		c->is_lingering = true;
		c->since_ms = c->server->mono_ms;
		if (c->is_eof)
			conn_kill(c);
		else
			conn_watch(c);
	}
}

static void drop_slow(struct conn *c)
{
	c->server->stats.n_dropped++;
	conn_drop(c, "slow_consumer");
}

void conn_flush(struct conn *c)
{
	struct server *s = c->server;

	while (c->out_at < c->out_free && !c->is_dead) {
		ssize_t n =
			send(c->fd, c->out + c->out_at, c->out_free - c->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK) {
			conn_kill(c);
			return;
		}
		if (n < 0)
			break;
		c->out_at += (size_t)n;
		c->progress_ms = s->mono_ms;
		s->stats.out_bytes += (uint64_t)n;
		s->stats.queued_bytes -= (uint64_t)n;
	}
	if (c->is_dead)
		return;
	if (c->out_at == c->out_free) {
		drained(c);
	} else if (c->out_free - c->out_at > CONN_OUT_DROP) {
		drop_slow(c);
		return;
	} else if (!c->is_writing) {
		c->is_writing = event_add(&c->write_event, NULL) == 0;
	}
	if (!c->is_dead)
		unchoke(c);
}

bool conn_is_full(const struct conn *c)
{
	return conn_unsent(c) > CONN_OUT_RESUME;
}
