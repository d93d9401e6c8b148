/*
 * The examples of a pack: as written, once more, and shuffled. An answer that depends on what was asked
 * before means that a rule has a memory, which would make replay, what-if and explain lie.
 */
#include <stdio.h>
#include <string.h>

#include "host_int.h"
#include "lua_value.h"

#define DECISION_BYTES_MAX ((size_t)1024 * 1024)

struct outcome {
	const char *name, *line, *message, *message_zh;
	bool is_ok;
	uint8_t decision[SHA256_LEN];
};

struct round {
	struct rules_report *report;
	struct arena *arena;
	const char *only;
	lua_Integer seed;
	uint32_t n;
	struct outcome *outcomes;
};

static const char *take_text(lua_State *L, struct arena *a, const char *key)
{
	const char *text = "";
	size_t n;

	lua_pushstring(L, key);
	if (lua_rawget(L, -2) == LUA_TSTRING) {
		text = lua_tolstring(L, -1, &n);
		text = arena_text(a, text, n);
	}
	lua_pop(L, 1);
	return text;
}

/* A spec may show its decision, so that more than its verdict is compared. */
static void take_decision(lua_State *L, struct arena *a, uint8_t sha[SHA256_LEN])
{
	struct value v;
	struct buf b;

	memset(sha, 0, SHA256_LEN);
	lua_pushliteral(L, "decision");
	if (lua_rawget(L, -2) == LUA_TTABLE) {
		value_from_lua(L, -1, a, "decision", DECISION_BYTES_MAX, &v);
		buf_init(&b, 4 * DECISION_BYTES_MAX);
		value_encode(&b, &v);
		sha256(b.p, b.n, sha);
		buf_fini(&b);
	}
	lua_pop(L, 1);
}

static int l_round(lua_State *L)
{
	struct round *r = lua_touserdata(L, 1);

	if (push_lib(L, "specs") != LUA_TFUNCTION)
		return luaL_error(L, "the words have no lib.specs");
	lua_pushinteger(L, r->seed);
	lua_pushstring(L, r->only); /* nil for NULL */
	lua_call(L, 2, 1);
	luaL_checktype(L, -1, LUA_TTABLE);
	r->n = (uint32_t)lua_rawlen(L, -1);
	r->outcomes = arena_zalloc(r->arena, ((size_t)r->n + 1) * sizeof(r->outcomes[0]));
	for (uint32_t i = 0; i < r->n; i++) {
		struct outcome *o = &r->outcomes[i];

		lua_rawgeti(L, -1, (lua_Integer)i + 1);
		luaL_checktype(L, -1, LUA_TTABLE);
		o->name = take_text(L, r->arena, "name");
		o->line = take_text(L, r->arena, "line");
		o->message = take_text(L, r->arena, "message");
		o->message_zh = take_text(L, r->arena, "message_zh");
		lua_pushliteral(L, "ok");
		lua_rawget(L, -2);
		o->is_ok = lua_toboolean(L, -1);
		lua_pop(L, 1);
		take_decision(L, r->arena, o->decision);
		lua_pop(L, 1);
	}
	return 0;
}

static int run(struct generation *g, struct round *r)
{
	struct err e;

	if (vm_call(&g->vm, l_round, r, &e) == 0)
		return 0;
	if (g->n_endless < ENDLESS_MAX) /* else it is a finding already */
		*rules_report_add(r->report) = g->vm.fault;
	return -1;
}

/* A spec that met a rule without end says so in its message; the rule's line is a finding already. */
static bool is_told(const struct rules_report *r, const struct outcome *o)
{
	char text[700];

	for (uint32_t i = 0; i < r->n_errors; i++) {
		snprintf(text, sizeof(text), "%s:%d: %s", r->errors[i].file, r->errors[i].line,
			r->errors[i].message);
		if (strstr(o->message, text) != NULL)
			return true;
	}
	return false;
}

static void add_failed(struct rules_report *r, const struct outcome *o)
{
	struct rules_error *f;

	r->n_specs_failed++;
	if (is_told(r, o))
		return;
	f = rules_report_add(r);
	fault_from_text(f, o->line, strlen(o->line));
	if (o->message[0] != '\0')
		fault_from_text(f, o->message, strlen(o->message));
	else
		fault_say(f, "spec \"%.300s\" failed", o->name);
	if (o->message_zh[0] != '\0')
		fault_zh(f, "%s", o->message_zh);
	else
		fault_zh(f, "用例没有通过：%s", f->message);
}

static const struct outcome *same_spec(const struct round *r, const struct outcome *o, uint32_t guess)
{
	for (uint32_t i = 0; i < r->n; i++) {
		const struct outcome *other = &r->outcomes[(guess + i) % r->n];

		if (strcmp(other->line, o->line) == 0 && strcmp(other->name, o->name) == 0)
			return other;
	}
	return NULL;
}

static void add_memory(struct rules_report *r, const struct outcome *o, const struct outcome *again)
{
	struct rules_error *f = rules_report_add(r);
	const char *why = !o->is_ok ? o->message : again->message;

	r->n_specs_failed++;
	fault_from_text(f, o->line, strlen(o->line));
	fault_say(f,
		"spec \"%.80s\" gives another answer when it is asked again: a rule keeps something in mind "
		"(%.200s)",
		o->name, why[0] != '\0' ? why : "the decisions differ");
	fault_zh(f, "用例“%.80s”再问一次，答案就不同：有规则记住了东西", o->name);
	fault_cure(f, "a rule's function assigns only to its own locals");
	fault_cure_zh(f, "规则里的函数只能给自己的 local 变量赋值");
}

static void compare(struct rules_report *report, const struct round *first, const struct round *later)
{
	for (uint32_t i = 0; i < first->n; i++) {
		const struct outcome *o = &first->outcomes[i], *again = same_spec(later, o, i);

		if (again == NULL)
			continue;
		if (o->is_ok != again->is_ok || memcmp(o->decision, again->decision, SHA256_LEN) != 0) {
			add_memory(report, o, again);
			return; /* the rest of this round follows from it */
		}
	}
}

int generation_specs(struct generation *g, struct rules_report *report)
{
	static const lua_Integer seeds[] = {0, 0, 12345};
	struct round rounds[3];
	struct arena arena;
	uint32_t before;
	int rc = 0;

	arena_init(&arena, 0);
	rc = memory_watch(g, report, false);
	g->report = report;
	for (int i = 0; i < 3 && rc == 0; i++) {
		rounds[i] = (struct round){report, &arena, g->limits.spec, seeds[i], 0, NULL};
		rc = run(g, &rounds[i]);
	}
	g->report = NULL;
	if (rc == 0) {
		report->n_specs = rounds[0].n;
		for (uint32_t i = 0; i < rounds[0].n; i++)
			if (!rounds[0].outcomes[i].is_ok)
				add_failed(report, &rounds[0].outcomes[i]);
		before = report->n_errors;
		rc = memory_watch(g, report, true);
		for (int i = 1; i < 3 && report->n_errors == before; i++)
			compare(report, &rounds[0], &rounds[i]);
	}
	arena_fini(&arena);
	return rc;
}
