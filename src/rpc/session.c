/* Sessions: who is at the other end, and what goes between them and their connections. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rpc_int.h"
#include "tocsin/wire.h"

#define ARENA_KEEP ((size_t)1024 * 1024)

struct rpc *rpc_new(const struct rpc_hooks *hooks)
{
	struct rpc *r = calloc(1, sizeof(*r));

	must(r != NULL);
	r->hooks = *hooks;
	r->next_session = 1;
	arena_init(&r->arena, ARENA_KEEP);
	buf_init(&r->reply, 2 * FRAME_BYTES_MAX);
	rpc_register(r, methods_session, n_methods_session, NULL);
	return r;
}

void rpc_free(struct rpc *r)
{
	struct session *next;

	if (r == NULL)
		return;
	for (struct session *s = r->sessions; s != NULL; s = next) {
		next = s->next;
		rpc_session_end(r, s);
	}
	arena_fini(&r->arena);
	buf_fini(&r->reply);
	free(r->methods);
	free(r);
}

void *rpc_ctx(const struct rpc *r)
{
	return r->hooks.ctx;
}

uint64_t rpc_last_seq(const struct rpc *r)
{
	return r->hooks.last_seq != NULL ? r->hooks.last_seq(r->hooks.ctx) : 0;
}

int rpc_accepts(struct rpc *r, struct err *e)
{
	return r->hooks.accepts != NULL ? r->hooks.accepts(r->hooks.ctx, e) : 0;
}

int64_t rpc_now_ms(const struct rpc *r)
{
	return r->hooks.now_ms != NULL ? r->hooks.now_ms(r->hooks.ctx) : 0;
}

/* ---- sessions ------------------------------------------------------------------------------------------ */
const char *session_who(const struct session *s)
{
	return s->as[0] != '\0' ? s->as : s->me.name;
}

uint32_t session_roles(struct rpc *r, const struct session *s)
{
	uint32_t roles = 0;
	struct err e;

	if (s->as[0] == '\0')
		return s->me.roles;
	if (r->hooks.person == NULL || r->hooks.person(r->hooks.ctx, s->as, &roles, &e) != 0)
		return ROLE_NONE;
	return (s->me.roles & ROLE_ADMIN) != 0 ? roles : roles & ~(uint32_t)ROLE_ADMIN;
}

struct session *rpc_sessions(const struct rpc *r)
{
	return r->sessions;
}

void session_become(struct session *s, const struct principal *me)
{
	s->me = *me;
	s->is_known = true;
}

static struct session *session_new(struct rpc *r)
{
	struct session *s = calloc(1, sizeof(*s));

	must(s != NULL);
	s->id = r->next_session++;
	s->next = r->sessions;
	s->at = &r->sessions;
	if (s->next != NULL)
		s->next->at = &s->next;
	r->sessions = s;
	return s;
}

struct session *rpc_session_new(struct rpc *r, const struct principal *me)
{
	struct session *s = session_new(r);

	session_become(s, me);
	return s;
}

void rpc_session_end(struct rpc *r, struct session *s)
{
	if (r->hooks.on_end != NULL)
		r->hooks.on_end(r->hooks.ctx, s);
	if (s->deferral != NULL)
		s->deferral->session = NULL;
	*s->at = s->next;
	if (s->next != NULL)
		s->next->at = s->at;
	free(s);
}

void session_on_answer(
	struct session *s, void (*answer)(void *, const struct value *, const struct err *), void *udata)
{
	s->answer = answer;
	s->answer_udata = udata;
}

void session_push(struct session *s, const char *method, const struct value *data, uint64_t release_seq)
{
	struct value name = value_literal(method);
	struct buf b;

	if (s->conn == NULL)
		return;
	buf_init(&b, FRAME_BYTES_MAX);
	buf_add(&b, "\x93\x02", 2);
	value_encode(&b, &name);
	buf_add_u8(&b, 0x91);
	value_encode(&b, data);
	must(!b.is_full);
	conn_push(s->conn, buf_slice(&b), release_seq);
	buf_fini(&b);
}

/* ---- connections --------------------------------------------------------------------------------------- */
/* The daemon's owner and root are admin: they could read and write its files anyhow. */
static int local_peer(const struct rpc *r, uid_t uid, struct principal *out)
{
	struct passwd entry, *found = NULL;
	char names[1024];

	if (uid != 0 && uid != geteuid())
		return r->hooks.peer != NULL ? r->hooks.peer(r->hooks.ctx, uid, out) : -1;
	out->roles = ROLE_ADMIN;
	if (getpwuid_r(uid, &entry, names, sizeof(names), &found) == 0 && found != NULL)
		snprintf(out->name, sizeof(out->name), "%s", entry.pw_name);
	else
		snprintf(out->name, sizeof(out->name), "uid:%u", uid);
	return 0;
}

static void on_open(void *udata, struct conn *c)
{
	struct rpc *r = udata;
	struct session *s = session_new(r);
	struct principal me = {0};
	uid_t uid;

	s->conn = c;
	conn_set_udata(c, s);
	if (!conn_peer_uid(c, &uid) || local_peer(r, uid, &me) != 0)
		return;
	session_become(s, &me);
	conn_trust(c);
}

static void on_close(void *udata, struct conn *c)
{
	rpc_session_end(udata, conn_udata(c));
}

static void on_frame(void *udata, struct conn *c, struct slice frame)
{
	struct rpc *r = udata;

	buf_reset(&r->reply);
	if (rpc_message(r, conn_udata(c), frame, &r->reply) == 0 && r->reply.n > 0)
		conn_reply(c, buf_slice(&r->reply), rpc_last_seq(r));
}

static void on_broken(void *udata, struct conn *c, struct slice begun, const struct err *e)
{
	struct rpc *r = udata;
	uint32_t msgid;
	bool has_msgid = begun.n > 0 && frame_peek_msgid(begun.p, begun.n, &msgid);

	r->n_errors++;
	buf_reset(&r->reply);
	reply_encode(&r->reply, has_msgid ? &msgid : NULL, e, ((struct session *)conn_udata(c))->lang, NULL,
		slice_of(NULL, 0));
	conn_reply(c, buf_slice(&r->reply), rpc_last_seq(r));
}

static void on_refuse(void *udata, struct buf *frame, const struct err *e)
{
	(void)udata;
	reply_encode(frame, NULL, e, LANG_ANY, NULL, slice_of(NULL, 0));
}

void rpc_serve(struct rpc *r, struct server_hooks *h)
{
	h->udata = r;
	h->on_open = on_open;
	h->on_frame = on_frame;
	h->on_broken = on_broken;
	h->on_close = on_close;
	h->on_refuse = on_refuse;
}
