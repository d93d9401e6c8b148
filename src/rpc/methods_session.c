/* session.hello, session.ping, rpc.methods. */
#include <stdio.h>
#include <string.h>

#include "rpc_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

int rpc_auth(struct rpc *r, struct slice token, struct principal *out, struct err *e)
{
	if (r->hooks.auth == NULL)
		return err_set(e, ERR_UNAUTHENTICATED, "this server knows no tokens");
	return r->hooks.auth(r->hooks.ctx, token, out, e);
}

static int become_by_token(struct call *call, const struct value *token, struct err *e)
{
	struct principal me = {0};

	if (rpc_auth(call->rpc, value_slice(token), &me, e) != 0)
		return -1;
	session_become(call->session, &me);
	return 0;
}

int rpc_act_as(struct rpc *r, struct session *s, const char *name, struct err *e)
{
	const struct rpc_hooks *h = &r->hooks;
	char roles[ROLE_NAMES_LEN];
	uint32_t person_roles;

	if (!s->me.is_gateway && (s->me.roles & ROLE_ADMIN) == 0)
		return err_arg(e, ERR_FORBIDDEN, "as", name,
			"only a gateway or an admin may act for others; %s has the role %s", s->me.name,
			role_names(s->me.roles, roles));
	if (strlen(name) >= sizeof(s->as) || h->person == NULL)
		return err_arg(e, ERR_NOT_FOUND, "as", name, "there is no person \"%s\"", name);
	if (h->person(h->ctx, name, &person_roles, e) != 0)
		return -1;
	snprintf(s->as, sizeof(s->as), "%s", name);
	if (s->lang == LANG_ANY && h->lang != NULL)
		s->lang = h->lang(h->ctx, name);
	return 0;
}

/* A hello that fails leaves the session as it was, but for the language in which that is said. */
static int session_hello(struct call *call, struct value *result, struct err *e)
{
	const struct value *token = value_get(&call->args, "token"), *as = value_get(&call->args, "as");
	const struct value *client = value_get(&call->args, "client"), *lang = value_get(&call->args, "lang");
	struct session *s = call->session, before = *s;
	const struct rpc_hooks *h = &call->rpc->hooks;
	char roles[ROLE_NAMES_LEN];

	s->lang = lang == NULL ? LANG_ANY : value_is_text(lang, "zh") ? LANG_ZH : LANG_EN;
	if (token == NULL && !s->is_known)
		return err_arg(e, ERR_UNAUTHENTICATED, "token", NULL,
			"session.hello needs a token on this connection");
	if ((token != NULL && become_by_token(call, token, e) != 0) ||
		(as != NULL && rpc_act_as(call->rpc, s, value_cstr(call->arena, as), e) != 0)) {
		s->me = before.me;
		s->is_known = before.is_known;
		memcpy(s->as, before.as, sizeof(s->as));
		return -1;
	}
	if (as == NULL)
		s->as[0] = '\0';
	if (client != NULL) {
		snprintf(s->client, sizeof(s->client), "%s", value_cstr(call->arena, client));
		s->client[utf8_clip(s->client, strlen(s->client))] = '\0';
	}
	if (s->conn != NULL)
		conn_trust(s->conn);
	value_add(call->arena, result, "server", value_literal("tocsind"));
	value_add(call->arena, result, "version", value_literal(h->version != NULL ? h->version : "0"));
	value_add(call->arena, result, "role",
		value_printf(call->arena, "%s", role_names(session_roles(call->rpc, s), roles)));
	value_add(call->arena, result, "name", value_printf(call->arena, "%s", session_who(s)));
	value_add(call->arena, result, "now", value_int(call->now_ms));
	value_add(call->arena, result, "zone", value_printf(call->arena, "%s", clock_zone()));
	return 0;
}

static int session_ping(struct call *call, struct value *result, struct err *e)
{
	(void)e;
	value_add(call->arena, result, "now", value_int(call->now_ms));
	return 0;
}

static int rpc_methods(struct call *call, struct value *result, struct err *e)
{
	(void)e;
	value_add(call->arena, result, "methods", rpc_methods_value(call->rpc, call->arena));
	return 0;
}

static const char *const langs[] = {"zh", "en", NULL};

static const struct rpc_arg hello_args[] = {
	{.name = "token",
		.type = ARG_TEXT,
		.help = "secret of a token line; may be left out where the peer's uid says who it is"},
	{.name = "client", .type = ARG_TEXT, .help = "name and version of the client, for logs"},
	{.name = "as",
		.type = ARG_TEXT,
		.of = "persons",
		.help = "person to act for, with its roles in the pack (gateways and admins)"},
	{.name = "lang",
		.type = ARG_ENUM,
		.words = langs,
		.help = "of the messages of errors from now on; left out: as the pack says of the acting "
			"person, else English, and both where the pack refuses"},
};

const struct rpc_method methods_session[] = {
	{.name = "session.hello",
		.handler = session_hello,
		RPC_ARGS(hello_args),
		.roles = ROLE_ANY,
		.flags = RPC_BEFORE_HELLO,
		.help = "Say who you are; the first call on TCP",
		.returns = "{server, version, role, name, now, zone}"},
	{.name = "session.ping",
		.handler = session_ping,
		.roles = ROLE_ANY,
		.help = "See that the server answers",
		.returns = "{now}"},
	{.name = "rpc.methods",
		.handler = rpc_methods,
		.roles = ROLE_ANY,
		.help = "List every method with its arguments, roles and help",
		.returns = "{methods=[{name, help, args=[{name, type, required, help, words?, min?, max?, "
			   "of?, members?}…], "
			   "returns, roles, "
			   "changes, long, before_hello}…]}"},
};

const uint32_t n_methods_session = sizeof(methods_session) / sizeof(methods_session[0]);
