/* Messages to answers without sockets: shapes, methods, roles, hello, documentation. */
#include "rpc_fake.h"
#include "tocsin/clock.h"
#include "tocsin/wire.h"

static struct principal principal_of(const char *name, uint32_t roles)
{
	struct principal p = {.roles = roles};

	snprintf(p.name, sizeof(p.name), "%s", name);
	return p;
}

/* The answer as JSON of [1, msgid, error, result]; static storage. */
static const char *answer(struct fake *f, struct session *s, const void *bytes, size_t n)
{
	static char text[FRAME_BYTES_MAX];
	struct buf reply, json;
	struct arena a;
	struct value v;
	struct err e;

	arena_init(&a, 0);
	buf_init(&reply, 2 * FRAME_BYTES_MAX);
	buf_init(&json, sizeof(text));
	text[0] = '\0';
	if (rpc_message(f->rpc, s, slice_of(bytes, n), &reply) == RPC_DEFERRED)
		snprintf(text, sizeof(text), "deferred");
	if (reply.n > 0) {
		assert_int_equal(frame_check(buf_slice(&reply), FRAME_BYTES_MAX, &e), 0);
		assert_int_equal(value_decode(&a, buf_slice(&reply), &v, &e), 0);
		value_json(&json, &v);
		snprintf(text, sizeof(text), "%.*s", (int)json.n, json.p);
	}
	buf_fini(&json);
	buf_fini(&reply);
	arena_fini(&a);
	return text;
}

/* A call without arguments; 0, -1 with code and text of the error in *e, or RPC_DEFERRED. */
static int call_named(struct fake *f, struct session *s, const char *method, struct err *e)
{
	struct arena a;
	struct value frame, v;
	struct buf bytes, reply;
	int ret;

	arena_init(&a, 0);
	buf_init(&bytes, 1024);
	buf_init(&reply, 2 * FRAME_BYTES_MAX);
	frame = value_array(&a, 4);
	value_push(&a, &frame, value_int(0));
	value_push(&a, &frame, value_int(7));
	value_push(&a, &frame, value_text(&a, method, strlen(method)));
	value_push(&a, &frame, value_array(&a, 0));
	value_encode(&bytes, &frame);
	ret = rpc_message(f->rpc, s, buf_slice(&bytes), &reply);
	if (ret == 0) {
		assert_int_equal(value_decode(&a, buf_slice(&reply), &v, e), 0);
		if (value_at(&v, 2)->type != VALUE_NIL) {
			for (e->code = ERR_NONE;
				!value_is_text(value_get(value_at(&v, 2), "code"), err_name(e->code));)
				e->code++;
			snprintf(e->text, sizeof(e->text), "%s",
				value_cstr(&a, value_get(value_at(&v, 2), "message")));
			ret = -1;
		}
	}
	buf_fini(&bytes);
	buf_fini(&reply);
	arena_fini(&a);
	return ret;
}

#define ANSWER(f, s, bytes) answer(f, s, bytes, sizeof(bytes) - 1)

static void shapes(void **state)
{
	struct principal me = principal_of("root", ROLE_ADMIN);
	struct fake f;
	struct session *s;

	(void)state;
	fake_init(&f);
	s = rpc_session_new(f.rpc, &me);
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\xa8test.raw\x90"), "[1,5,null,{\"id\":7}]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\xce\xff\xff\xff\xff\xa8test.raw\x91\x80"),
		"[1,4294967295,null,{\"id\":7}]");
	assert_string_equal(ANSWER(&f, s, "\x93\x02\xa8test.raw\x90"), "");
	assert_string_equal(ANSWER(&f, s, "\x93\x02\xa8test.nix\x90"), "");
#define BAD(id, message) "[1," id ",{\"code\":\"bad_request\",\"message\":\"" message "\"},null]"
	assert_string_equal(ANSWER(&f, s, "\x07"),
		BAD("null", "a message is integer; expected [0, msgid, method, params] "
			    "or [2, method, params]"));
	assert_string_equal(
		ANSWER(&f, s, "\x90"), BAD("null", "a message does not begin with its type; expected "
						   "[0, msgid, method, params] or [2, method, params]"));
	assert_string_equal(ANSWER(&f, s, "\x94\x01\x05\xc0\xc0"),
		BAD("null", "message type 1 is not one a server takes; "
			    "expected [0, msgid, method, params] or [2, method, params]"));
	assert_string_equal(ANSWER(&f, s, "\x93\x00\x05\xa8test.raw"),
		BAD("5", "a request has 3 elements; expected [0, msgid, method, params]"));
	assert_string_equal(ANSWER(&f, s, "\x92\x02\xa8test.raw"),
		BAD("null", "a notification has 2 elements; expected [2, method, params]"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\xff\xa8test.raw\x90"),
		BAD("null", "msgid is -1; expected an integer from 0 to 4294967295"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\xa1x\xa8test.raw\x90"),
		BAD("null", "msgid is text; expected an integer from 0 to 4294967295"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\x07\x90"),
		BAD("5", "the method's name is integer; expected text"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\xa2\xff\xfe\x90"),
		BAD("5", "the method's name is not valid UTF-8"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\xa8test.raw\x80"),
		BAD("5", "params is map; expected [] or [map]"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\xa8test.raw\x91\x07"),
		BAD("5", "params holds integer; expected [] or [map]"));
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x05\xa8test.raw\x92\x80\x80"),
		BAD("5", "params has 2 elements; expected [] or [map]"));
	rpc_session_end(f.rpc, s);
	fake_fini(&f);
	assert_int_equal(f.n_end, 1);
}

static void methods_and_errors(void **state)
{
	struct principal me = principal_of("root", ROLE_ADMIN);
	struct fake f;
	struct session *s;

	(void)state;
	fake_init(&f);
	s = rpc_session_new(f.rpc, &me);
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.rav\x90"),
		"[1,1,{\"code\":\"not_found\",\"message\":\"method \\\"test.rav\\\" does not exist (did you "
		"mean "
		"\\\"test.raw\\\"?)\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa4quit\x90"),
		"[1,1,{\"code\":\"not_found\",\"message\":\"method \\\"quit\\\" does not exist; rpc.methods "
		"lists all\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa0\x90"),
		"[1,1,{\"code\":\"not_found\",\"message\":\"method \\\"\\\" does not exist; rpc.methods "
		"lists all\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa9test.need\x91\x81\xa2id\x01"),
		"[1,1,{\"code\":\"forbidden\",\"message\":\"test.need needs the role agent, leader; root has "
		"the role "
		"admin\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa9test.fail\x90"),
		"[1,1,{\"code\":\"rejected\",\"message\":\"ticket 7 is closed; it can be "
		"reopened\",\"argument\":\"stage\","
		"\"value\":\"closed\",\"reason\":\"reopen\"},null]");
	assert_string_equal(
		ANSWER(&f, s, "\x94\x00\x01\xa8test.put\x91\x81\xa2id\x01"), "[1,1,null,{\"seq\":1}]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.put\x91\x82\xa2id\x01\xaarequest_id\xa1r"),
		"[1,1,null,{\"seq\":2}]");
	f.is_read_only = true;
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.put\x91\x81\xa2id\x01"),
		"[1,1,{\"code\":\"read_only\",\"message\":\"the store is read-only: no room on the "
		"disk\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.raw\x90"), "[1,1,null,{\"id\":7}]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.big\x91\x81\xa4size\xce\x00\x04\x00\x00"),
		"[1,1,{\"code\":\"too_large\",\"message\":\"the answer of test.big would be over 262144 "
		"bytes; ask for less at "
		"once\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa8test.big\x91\x81\xa4size\xce\x00\x10\x00\x00"),
		"[1,1,{\"code\":\"too_large\",\"message\":\"the answer of test.big would be over 262144 "
		"bytes; ask for less at "
		"once\"},null]");
	assert_string_equal(
		ANSWER(&f, s, "\x94\x00\x01\xacsession.ping\x90"), "[1,1,null,{\"now\":1790042400000}]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa9test.echo\x91\x81\xa4text\xa2hi"),
		"[1,1,null,{\"args\":{\"text\":\"hi\"},\"who\":\"root\"}]");
	assert_int_equal(f.params_n, 10);
	rpc_session_end(f.rpc, s);
	fake_fini(&f);
}

static struct session *stranger(struct fake *f)
{
	struct principal nobody = {0};
	struct session *s = rpc_session_new(f->rpc, &nobody);

	s->is_known = false;
	return s;
}

static const char *hello(struct fake *f, struct session *s, const char *token, const char *as)
{
	struct value call, params, args;
	struct arena a;
	struct buf b;
	const char *text;

	arena_init(&a, 0);
	buf_init(&b, 4096);
	args = value_map(&a, 3);
	if (token != NULL)
		value_add(&a, &args, "token", value_literal(token));
	if (as != NULL)
		value_add(&a, &args, "as", value_literal(as));
	params = value_array(&a, 1);
	value_push(&a, &params, args);
	call = value_array(&a, 4);
	value_push(&a, &call, value_int(0));
	value_push(&a, &call, value_int(1));
	value_push(&a, &call, value_literal("session.hello"));
	value_push(&a, &call, params);
	value_encode(&b, &call);
	text = answer(f, s, b.p, b.n);
	buf_fini(&b);
	arena_fini(&a);
	return text;
}

static void hello_rules(void **state)
{
	struct fake f;
	struct session *s;
	struct err e;

	(void)state;
	assert_int_equal(clock_zone_set("Asia/Shanghai", &e), 0);
	fake_init(&f);
	s = stranger(&f);
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xacsession.ping\x90"),
		"[1,1,{\"code\":\"unauthenticated\",\"message\":\"session.ping: say session.hello with a "
		"token first\"},null]");
	assert_string_equal(ANSWER(&f, s, "\x94\x00\x01\xa4quit\x90"),
		"[1,1,{\"code\":\"unauthenticated\",\"message\":"
		"\"say session.hello with a token first\"},null]");
	assert_string_equal(hello(&f, s, NULL, NULL), "[1,1,{\"code\":\"unauthenticated\",\"message\":"
						      "\"session.hello needs a token on this connection\","
						      "\"argument\":\"token\"},null]");
	assert_string_equal(hello(&f, s, "guess", NULL),
		"[1,1,{\"code\":\"unauthenticated\",\"message\":\"this token is not known\"},null]");
	assert_false(s->is_known);
	assert_string_equal(hello(&f, s, "secret-agent", NULL),
		"[1,1,null,{\"server\":\"tocsind\",\"version\":\"1.2.3\",\"role\":\"agent\",\"name\":"
		"\"agent\","
		"\"now\":1790042400000,\"zone\":\"Asia/Shanghai\"}]");
	assert_string_equal(hello(&f, s, NULL, "lena"),
		"[1,1,{\"code\":\"forbidden\",\"message\":\"only a gateway or an admin may act for others; "
		"agent has the role "
		"agent\",\"argument\":\"as\",\"value\":\"lena\"},null]");
	/* a hello that fails changes nothing, also not half */
	assert_string_equal(hello(&f, s, "secret-gateway", "nobody"),
		"[1,1,{\"code\":\"not_found\",\"message\":\"there is no person "
		"\\\"nobody\\\"\",\"argument\":\"as\","
		"\"value\":\"nobody\"},null]");
	assert_string_equal(session_who(s), "agent");
	assert_int_equal(s->me.roles, ROLE_AGENT);
	assert_string_equal(hello(&f, s, "secret-gateway", "lena"),
		"[1,1,null,{\"server\":\"tocsind\",\"version\":\"1.2.3\",\"role\":\"leader\",\"name\":"
		"\"lena\","
		"\"now\":1790042400000,\"zone\":\"Asia/Shanghai\"}]");
	assert_string_equal(session_who(s), "lena");
	assert_non_null(strstr(ANSWER(&f, s, "\x94\x00\x01\xa9test.echo\x90"), "\"who\":\"lena\""));
	assert_int_equal(
		session_roles(f.rpc, s), ROLE_LEADER); /* no admin by a pack, nothing of the gateway's */
	assert_non_null(strstr(hello(&f, s, NULL, NULL), "\"name\":\"gateway\""));
	assert_int_equal(session_roles(f.rpc, s), ROLE_ADAPTER);
	assert_non_null(strstr(hello(&f, s, "secret-admin", "lena"), "\"role\":\"leader, admin\""));
	rpc_session_end(f.rpc, s);
	fake_fini(&f);
}

/* Every method, every role, before and after hello: what is allowed is what the table says. */
static void role_matrix(void **state)
{
	static const char *const roles[] = {
#define ROLE(name, wire, help) wire,
		ROLES(ROLE)
#undef ROLE
	};
	struct fake f;
	struct arena a;
	struct value all;
	uint32_t n_cells = 0;

	(void)state;
	fake_init(&f);
	arena_init(&a, 1 << 20);
	all = rpc_methods_value(f.rpc, &a);
	assert_int_equal(all.n, 10);
	for (uint32_t r = 0; r < N_ROLES * 2; r++) {
		for (uint32_t i = 0; i < all.n; i++) {
			const char *name = value_cstr(&a, value_get(&all.as.items[i], "name"));
			const struct rpc_method *m = rpc_find(f.rpc, name, strlen(name));
			struct principal me = principal_of(roles[r % N_ROLES], 1u << r % N_ROLES);
			struct session *s = rpc_session_new(f.rpc, &me);
			enum err_code wanted = ERR_NONE;
			struct err e = {.code = ERR_NONE};

			s->is_known = r >= N_ROLES;
			if (!s->is_known && strcmp(name, "session.hello") != 0)
				wanted = ERR_UNAUTHENTICATED;
			else if (s->is_known && (m->roles & 1u << r % N_ROLES) == 0)
				wanted = ERR_FORBIDDEN;
			if (call_named(&f, s, name, &e) == RPC_DEFERRED)
				deferral_finish(f.deferred, &value_nil, NULL);
			if (wanted != ERR_NONE || e.code == ERR_FORBIDDEN)
				assert_int_equal(e.code, wanted);
			else if (e.code == ERR_UNAUTHENTICATED)
				assert_string_equal(e.text, "session.hello needs a token on this connection");
			n_cells++;
			rpc_session_end(f.rpc, s);
		}
	}
	assert_int_equal(n_cells, 180);
	arena_fini(&a);
	fake_fini(&f);
}

static void on_answer(void *udata, const struct value *result, const struct err *e)
{
	int *n = udata;

	*n = e != NULL ? -1 : (int)value_int_or(value_get(result, "done"), 0);
}

static void deferred(void **state)
{
	struct principal me = principal_of("root", ROLE_ADMIN);
	struct value done;
	struct fake f;
	struct session *s;
	struct arena a;
	struct err e;
	int got = 0;

	(void)state;
	fake_init(&f);
	arena_init(&a, 0);
	s = rpc_session_new(f.rpc, &me);
	session_on_answer(s, on_answer, &got);
	assert_int_equal(call_named(&f, s, "test.wait", &e), RPC_DEFERRED);
	done = value_map(&a, 1);
	value_add(&a, &done, "done", value_int(42));
	deferral_finish(f.deferred, &done, NULL);
	assert_int_equal(got, 42);
	assert_int_equal(call_named(&f, s, "test.wait", &e), RPC_DEFERRED);
	err_set(&e, ERR_INTERNAL, "no");
	deferral_finish(f.deferred, NULL, &e);
	assert_int_equal(got, -1);
	/* the session ends before its answer */
	assert_int_equal(call_named(&f, s, "test.wait", &e), RPC_DEFERRED);
	got = 0;
	rpc_session_end(f.rpc, s);
	deferral_finish(f.deferred, &done, NULL);
	assert_int_equal(got, 0);
	arena_fini(&a);
	fake_fini(&f);
}

static void documentation(void **state)
{
	struct fake f;
	struct arena a;
	struct value all;
	struct buf b;

	(void)state;
	fake_init(&f);
	arena_init(&a, 0);
	buf_init(&b, 1 << 16);
	rpc_methods_markdown(f.rpc, &b);
	buf_add_u8(&b, 0);
	assert_non_null(strstr((char *)b.p, "| `test.need` | agent, leader | Need an id |\n"));
	assert_non_null(strstr((char *)b.p, "| `session.ping` | all | See that the server answers |\n"));
	assert_non_null(
		strstr((char *)b.p, "#### test.put\n\nChange. Answers `{seq}`. Takes `request_id`.\n\n"
				    "| argument | type | meaning |\n|---|---|---|\n| `id` | id | which |\n"));
	assert_non_null(strstr((char *)b.p, "| `kind`? | `urge`, `ask`, `withdraw` | a \\| word |\n"));
	assert_non_null(strstr((char *)b.p, "| `count`? | integer 1…1000 | a count |\n"));
	buf_reset(&b);
	all = rpc_methods_value(f.rpc, &a);
	value_json(&b, value_at(&all, 7));
	buf_add_u8(&b, 0);
	assert_string_equal((char *)b.p,
		"{\"name\":\"test.put\",\"help\":\"Change\",\"args\":[{\"name\":\"id\",\"type\":\"id\","
		"\"required\":true,"
		"\"help\":\"which\"},{\"name\":\"note\",\"type\":\"text\",\"required\":false,\"help\":"
		"\"why\"},{\"name\":"
		"\"request_id\",\"type\":\"text\",\"required\":false,\"help\":\"repeats of the same call "
		"with the same "
		"request_id get the first "
		"answer\",\"min\":1,\"max\":200}],\"returns\":\"{seq}\",\"roles\":[\"intake\",\"admin\"],"
		"\"changes\":true,"
		"\"long\":false,\"before_hello\":false}");
	buf_fini(&b);
	arena_fini(&a);
	fake_fini(&f);
}

static void counted(void **state)
{
	struct principal me = principal_of("root", ROLE_ADMIN);
	struct fake f;
	struct session *s;
	struct arena a;
	struct value v;
	struct buf b;

	(void)state;
	fake_init(&f);
	arena_init(&a, 0);
	buf_init(&b, 4096);
	s = rpc_session_new(f.rpc, &me);
	ANSWER(&f, s, "\x94\x00\x01\xa8test.raw\x90");
	ANSWER(&f, s, "\x94\x00\x01\xa8test.raw\x90");
	ANSWER(&f, s, "\x94\x00\x01\xa9test.fail\x90");
	ANSWER(&f, s, "\x94\x00\x01\xa9test.none\x90");
	v = rpc_stats(f.rpc, &a);
	value_json(&b, &v);
	buf_add_u8(&b, 0);
	assert_string_equal((char *)b.p, "{\"sessions\":1,\"calls\":4,\"errors\":2,\"deferred\":0,"
					 "\"methods\":{\"test.fail\":{\"calls\":1,\"errors\":1},"
					 "\"test.raw\":{\"calls\":2,\"errors\":0}}}");
	assert_int_equal(s->n_calls, 4);
	buf_fini(&b);
	arena_fini(&a);
	fake_fini(&f);
}

static void roles(void **state)
{
	char out[ROLE_NAMES_LEN];

	(void)state;
	assert_int_equal(role_by_name("auditor"), ROLE_AUDITOR);
	assert_int_equal(role_by_name("Auditor"), 0);
	assert_string_equal(role_names(ROLE_NONE, out), "none");
	assert_string_equal(role_names(ROLE_ANY, out),
		"intake, agent, supervisor, leader, analyst, operator, adapter, auditor, admin");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shapes),
		cmocka_unit_test(methods_and_errors),
		cmocka_unit_test(hello_rules),
		cmocka_unit_test(role_matrix),
		cmocka_unit_test(deferred),
		cmocka_unit_test(documentation),
		cmocka_unit_test(counted),
		cmocka_unit_test(roles),
	};

	return cmocka_run_group_tests_name("rpc", tests, NULL, NULL);
}
