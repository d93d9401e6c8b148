/* The figures of calls and connections, as server.stats shows them. */
#include "rpc_int.h"

static void add_count(struct arena *a, struct value *map, const char *key, uint64_t n)
{
	value_add(a, map, key, value_int((int64_t)n));
}

struct value rpc_stats(const struct rpc *r, struct arena *a)
{
	struct value v = value_map(a, 8), methods = value_map(a, r->n_methods);
	uint64_t n_sessions = 0;

	for (const struct session *s = r->sessions; s != NULL; s = s->next)
		n_sessions++;
	for (uint32_t i = 0; i < r->n_methods; i++) {
		const struct method_slot *slot = &r->methods[i];
		struct value one;

		if (slot->n_calls == 0)
			continue;
		one = value_map(a, 2);
		add_count(a, &one, "calls", slot->n_calls);
		add_count(a, &one, "errors", slot->n_errors);
		value_add(a, &methods, slot->method->name, one);
	}
	add_count(a, &v, "sessions", n_sessions);
	add_count(a, &v, "calls", r->n_messages);
	add_count(a, &v, "errors", r->n_errors);
	add_count(a, &v, "deferred", r->n_deferred);
	value_add(a, &v, "methods", methods);
	return v;
}

struct value server_stats_value(const struct server *server, struct arena *a)
{
	struct value v = value_map(a, 20);
	struct server_stats s;

	server_stats(server, &s);
	add_count(a, &v, "connections", s.n_conns);
	add_count(a, &v, "connections_max", s.n_conns_max);
	add_count(a, &v, "accepted", s.n_accepted);
	add_count(a, &v, "refused", s.n_refused);
	add_count(a, &v, "dropped", s.n_dropped);
	add_count(a, &v, "broken", s.n_broken);
	add_count(a, &v, "paused", s.n_paused);
	add_count(a, &v, "frames_in", s.n_frames);
	add_count(a, &v, "frames_out", s.n_sent);
	add_count(a, &v, "in_bytes", s.in_bytes);
	add_count(a, &v, "out_bytes", s.out_bytes);
	add_count(a, &v, "awaiting", s.n_awaiting);
	add_count(a, &v, "queued_bytes", s.queued_bytes);
	add_count(a, &v, "turns", s.n_turns);
	add_count(a, &v, "frames_a_turn_max", s.n_frames_turn_max);
	add_count(a, &v, "turn_us_max", (uint64_t)s.turn_us_max);
	add_count(a, &v, "pass_cpu_us_max", (uint64_t)s.pass_cpu_us_max);
	add_count(a, &v, "durable_seq", s.durable_seq);
	return v;
}
