/* Start, stop, crash; one call; one turn. */
#include "sim.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "tocsin/log.h"

int sim_wrong(struct sim *s, const char *format, ...)
{
	va_list args;

	if (s->why[0] != '\0')
		return -1;
	va_start(args, format);
	vsnprintf(s->why, sizeof(s->why), format, args);
	va_end(args);
	return -1;
}

/* The daemon logs an error only when something is wrong with it; a lost journal is our own doing. */
static void on_log(void *udata, const char *line, size_t n)
{
	n -= n > 0 && line[n - 1] == '\n';
	if (memmem(line, n, "event=journal.lost", 18) == NULL)
		sim_wrong(udata, "logged: %.*s", (int)(n < 400 ? n : 400), line);
}

/* Without the specs: a seed loads the pack a dozen times, and what they say does not depend on it. */
static void copy_rules(struct sim *s)
{
	char command[1000];

	snprintf(command, sizeof(command), "cp -r '%s' '%s' && rm '%s'/*_spec.lua '%s'/*/*_spec.lua",
		s->lua_dir, s->rules_dir, s->rules_dir, s->rules_dir);
	must(system(command) == 0);
}

void sim_init(struct sim *s, uint64_t seed, const char *lua_dir)
{
	const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	memset(s, 0, sizeof(*s));
	s->seed = seed;
	s->lua_dir = lua_dir;
	rng_init_seeded(&s->rng, seed);
	rng_init_seeded(&s->store_rng, ~seed);
	snprintf(s->dir, sizeof(s->dir), "%s/tocsin_sim.XXXXXX", tmp);
	must(mkdtemp(s->dir) != NULL);
	snprintf(s->rules_dir, sizeof(s->rules_dir), "%s/lua", s->dir);
	snprintf(s->data_dir, sizeof(s->data_dir), "%s/data", s->dir);
	copy_rules(s);
	s->disk = journal_sim_new();
	arena_init(&s->arena, (size_t)1024 * 1024);
	buf_init(&s->reply, 2 * FRAME_BYTES_MAX);
	log_set_level(LOG_ERROR);
	log_set_sink(on_log, s);
}

static void let_go(struct sim *s)
{
	desk_free(s->desk);
	s->desk = NULL;
}

void sim_fini(struct sim *s)
{
	char command[200];

	let_go(s);
	if (s->store != NULL)
		store_crash(s->store, &s->rng);
	journal_sim_free(s->disk);
	arena_fini(&s->arena);
	buf_fini(&s->reply);
	log_set_sink(NULL, NULL);
	snprintf(command, sizeof(command), "rm -rf '%s'", s->dir);
	must(system(command) == 0);
}

int sim_open(struct sim *s)
{
	static const struct principal root = {.name = "root", .roles = ROLE_ADMIN};
	struct store_config sc = {.dir = s->data_dir,
		.map_bytes = (uint64_t)256 << 20,
		.freeze_bytes = (uint64_t)512 << 10,
		.freeze_ms = INT64_C(6) * 3600 * 1000,
		.segment_bytes = (uint64_t)4 << 20,
		.rng = &s->store_rng,
		.sim = s->disk,
		.is_checkpoint_inline = true,
		.on_publish = desk_on_publish,
		.udata = &s->desk};
	struct desk_config dc = {.data_dir = s->data_dir,
		.rules_dir = s->rules_dir,
		.share_dir = s->lua_dir,
		.clock = &s->clock,
		.rng = &s->store_rng};
	struct err e;

	if (store_open(&s->store, &sc, &e) != 0) {
		s->store = NULL;
		return sim_wrong(s, "store_open: %s", e.text);
	}
	dc.store = s->store;
	clock_init_virtual(&s->clock, START_MS, store_last_at_ms(s->store));
	if (desk_new(&s->desk, &dc, &e) != 0)
		return sim_wrong(s, "desk_new: %s", e.text);
	s->session = rpc_session_new(s->desk->rpc, &root);
	return 0;
}

/* Answers that were not durable never left: whoever asked does not know. */
static void forget_undurable(struct sim *s, uint64_t durable_seq)
{
	for (uint32_t i = 0; i < s->n_requests; i++)
		if (s->requests[i].seq > durable_seq)
			s->requests[i].is_answered = false;
	for (uint32_t i = 0; i < TICKETS_MAX; i++)
		s->versions[i].seen = s->versions[i].durable;
}

int sim_crash(struct sim *s)
{
	uint64_t last = store_last_seq(s->store), told = store_durable_seq(s->store);

	s->counts.n_crashes++;
	let_go(s);
	store_crash(s->store, &s->rng);
	s->store = NULL;
	forget_undurable(s, told);
	s->counts.n_lost_entries += last - journal_sim_last_seq(s->disk);
	if (journal_sim_last_seq(s->disk) < told)
		return sim_wrong(s, "told of entry %ju, but the disk ends at %ju", (uintmax_t)told,
			(uintmax_t)journal_sim_last_seq(s->disk));
	return sim_open(s);
}

int sim_restart(struct sim *s)
{
	s->counts.n_restarts++;
	let_go(s);
	store_close(s->store);
	s->store = NULL;
	return sim_open(s);
}

int sim_call(struct sim *s, const char *method, struct value args, struct value *error, struct value *result)
{
	struct value frame, params, reply;
	struct buf b;
	struct err e;
	int rc;

	frame = value_array(&s->arena, 4);
	params = value_array(&s->arena, 1);
	value_push(&s->arena, &params, args);
	value_push(&s->arena, &frame, value_int(0));
	value_push(&s->arena, &frame, value_int(7));
	value_push(&s->arena, &frame, value_literal(method));
	value_push(&s->arena, &frame, params);
	buf_init(&b, FRAME_BYTES_MAX);
	value_encode(&b, &frame);
	buf_reset(&s->reply);
	rc = rpc_message(s->desk->rpc, s->session, buf_slice(&b), &s->reply);
	buf_fini(&b);
	if (rc != 0)
		return rc;
	if (value_decode(&s->arena, buf_slice(&s->reply), &reply, &e) != 0 || reply.n != 4)
		return sim_wrong(s, "%s: the reply does not decode", method);
	*error = reply.as.items[2];
	*result = reply.as.items[3];
	return 0;
}

int sim_turn(struct sim *s)
{
	server_step(s->desk->server, 0);
	if (rng_below(&s->rng, 2) == 0) {
		journal_sim_step(s->store->journal);
		server_step(s->desk->server, 0);
	}
	return s->why[0] != '\0' ? -1 : 0;
}

int sim_settle(struct sim *s)
{
	server_step(s->desk->server, 0);
	journal_sim_step(s->store->journal);
	server_step(s->desk->server, 0);
	if (store_durable_seq(s->store) != store_last_seq(s->store))
		return sim_wrong(s, "settled at entry %ju of %ju", (uintmax_t)store_durable_seq(s->store),
			(uintmax_t)store_last_seq(s->store));
	return s->why[0] != '\0' ? -1 : 0;
}
