/*
 * Seeds of the simulation, one after another: random calls, advances, reloads, crashes; what must hold is
 * looked at every few steps. Some seeds run twice and must end at the same head. SEED=n plays one, twice;
 * TOCSIN_DOSE=n takes n times the seeds.
 */
#include "sim.h"

#include <string.h>

#define SEED_FIRST 20261124
#define N_SEEDS 200
#define N_STEPS 45
#define TWICE_EVERY 8
#define REQUEST_KEEP_MS (INT64_C(7) * 24 * 3600 * 1000) /* lua/pack.lua: limits.request_keep */

#define COUNT_OF(a) (sizeof(a) / sizeof((a)[0]))
#define PICK(rng, list) ((list)[rng_below(rng, COUNT_OF(list))])

/* ---- calls --------------------------------------------------------------------------------------------- */
/* A refusal is an answer; a defect or a refusal of the store is not. */
static int check_error(struct sim *s, const char *method, const struct value *error)
{
	static const char *const fine[] = {"rejected", "conflict", "not_found", "bad_request"};

	s->counts.n_refused++;
	for (size_t i = 0; i < COUNT_OF(fine); i++)
		if (value_is_text(value_get(error, "code"), fine[i]))
			return 0;
	return sim_wrong(s, "%s: %.300s", method, value_cstr(&s->arena, value_get(error, "message")));
}

static void add_number(struct sim *s, struct rng *rng, struct value *args)
{
	value_add(&s->arena, args, "number",
		value_printf(&s->arena, "1380013%04u", (unsigned)rng_below(rng, 12)));
}

/* The same seed gives the same arguments again. */
static struct value create_args(struct sim *s, uint32_t n, uint64_t seed)
{
	static const char *const categories[] = {"account.realname", "account.cancel", "network.no_service",
		"network.slow", "recharge.not_credited", "billing.cdr"};
	static const char *const cities[] = {"foshan", "shenzhen", "guangzhou", "zhuhai"};
	static const char *const provinces[] = {"henan", "chongqing", "guangdong"};
	struct value args = value_map(&s->arena, 8), fields = value_map(&s->arena, 1);
	struct rng rng;

	rng_init_seeded(&rng, seed);
	value_add(&s->arena, &args, "request_id", value_printf(&s->arena, "r%u", n));
	value_add(&s->arena, &args, "channel", value_literal(rng_below(&rng, 2) == 0 ? "app" : "hall"));
	value_add(&s->arena, &args, "text",
		value_printf(&s->arena, "there has been no signal in our street since %u days",
			(unsigned)rng_below(&rng, 9)));
	if (rng_below(&rng, 4) > 0)
		add_number(s, &rng, &args);
	if (rng_below(&rng, 5) > 0)
		value_add(&s->arena, &args, "category", value_literal(PICK(&rng, categories)));
	if (rng_below(&rng, 5) > 0)
		value_add(&s->arena, &args, "city", value_literal(PICK(&rng, cities)));
	if (rng_below(&rng, 3) == 0) {
		value_add(&s->arena, &fields, "region", value_literal(PICK(&rng, provinces)));
		value_add(&s->arena, &args, "fields", fields);
	}
	if (rng_below(&rng, 10) == 0)
		value_add(&s->arena, &args, "source_ref",
			value_printf(&s->arena, "s%u", (unsigned)rng_below(&rng, 5)));
	return args;
}

/* One that was sent before and is still remembered by the pack's limit, or a new one. */
static uint32_t draw_request(struct sim *s)
{
	uint32_t n = (uint32_t)rng_below(&s->rng, s->n_requests + 1);

	if (n < s->n_requests && rng_below(&s->rng, 2) == 0 &&
		s->clock.now_ms - s->requests[n].sent_ms < REQUEST_KEEP_MS)
		return n;
	must(s->n_requests < REQUESTS_MAX);
	n = s->n_requests++;
	s->requests[n].args_seed = rng_u64(&s->rng);
	s->requests[n].sent_ms = s->clock.now_ms;
	return n;
}

static int do_create(struct sim *s)
{
	uint32_t n_before = s->n_requests, n = draw_request(s);
	bool is_repeat = n < n_before;
	struct request *r = &s->requests[n];
	uint8_t answer[SHA256_LEN];
	struct value error, result;

	arena_reset(&s->arena);
	if (sim_call(s, "ticket.create", create_args(s, n, r->args_seed), &error, &result) != 0)
		return -1;
	if (error.type != VALUE_NIL)
		return r->is_answered ? sim_wrong(s, "request r%u was answered once, and is refused now", n)
				      : check_error(s, "ticket.create", &error);
	sha256(s->reply.p, s->reply.n, answer);
	if (r->is_answered && memcmp(answer, r->answer, SHA256_LEN) != 0)
		return sim_wrong(s, "request r%u was answered otherwise before", n);
	s->counts.n_creates += !is_repeat;
	s->counts.n_repeats += is_repeat;
	if (!r->is_answered)
		r->seq = store_last_seq(s->store); /* what the answer waits for */
	r->is_answered = true;
	memcpy(r->answer, answer, SHA256_LEN);
	return 0;
}

static struct value action_data(struct sim *s, const char *action)
{
	struct value data = value_map(&s->arena, 2);

	if (strcmp(action, "suspend") == 0)
		value_add(&s->arena, &data, "cause", value_literal("customer away"));
	else if (strcmp(action, "reply") == 0)
		value_add(&s->arena, &data, "text", value_literal("done"));
	else if (strcmp(action, "merge") == 0)
		value_add(&s->arena, &data, "ticket",
			value_int(1 + (int64_t)rng_below(&s->rng, s->desk->last_ticket_id + 1)));
	else if (strcmp(action, "confirm") == 0)
		value_add(&s->arena, &data, "satisfied", value_bool(true));
	else if (strcmp(action, "reopen") == 0 || strcmp(action, "reject") == 0 ||
		 strcmp(action, "escalate") == 0)
		value_add(&s->arena, &data, "reason", value_literal("again"));
	return data;
}

static int do_act(struct sim *s)
{
	static const char *const actions[] = {"accept", "dispatch", "dispatch", "handle", "handle", "suspend",
		"suspend", "resume", "reply", "confirm", "close", "reopen", "merge", "escalate", "reject",
		"cancel", "nosuch"};
	const char *action = PICK(&s->rng, actions);
	struct value args, error, result;
	int64_t id = 1 + (int64_t)rng_below(&s->rng, s->desk->last_ticket_id + 1);

	arena_reset(&s->arena);
	args = value_map(&s->arena, 5);
	value_add(&s->arena, &args, "id", value_int(id));
	value_add(&s->arena, &args, "action", value_literal(action));
	value_add(&s->arena, &args, "data", action_data(s, action));
	if (rng_below(&s->rng, 4) == 0)
		value_add(&s->arena, &args, "version", value_int(1 + (int64_t)rng_below(&s->rng, 4)));
	if (sim_call(s, "ticket.act", args, &error, &result) != 0)
		return -1;
	if (error.type != VALUE_NIL)
		return check_error(s, "ticket.act", &error);
	s->counts.n_acts++;
	return 0;
}

static int do_contact(struct sim *s)
{
	struct value args, error, result;

	arena_reset(&s->arena);
	args = value_map(&s->arena, 4);
	value_add(&s->arena, &args, "channel", value_literal("app"));
	value_add(&s->arena, &args, "kind", value_literal(rng_below(&s->rng, 2) == 0 ? "urge" : "add_info"));
	if (rng_below(&s->rng, 2) == 0)
		add_number(s, &s->rng, &args);
	else
		value_add(&s->arena, &args, "ticket",
			value_int(1 + (int64_t)rng_below(&s->rng, s->desk->last_ticket_id + 1)));
	if (sim_call(s, "contact.add", args, &error, &result) != 0)
		return -1;
	if (error.type != VALUE_NIL)
		return check_error(s, "contact.add", &error);
	s->counts.n_contacts++;
	return 0;
}

static int do_find(struct sim *s)
{
	static const char *const cities[] = {"foshan", "shenzhen", "guangzhou", "zhuhai"};
	const char *city = PICK(&s->rng, cities);
	const struct value *tickets;
	struct value args, where, error, result;

	arena_reset(&s->arena);
	args = value_map(&s->arena, 1);
	where = value_map(&s->arena, 1);
	value_add(&s->arena, &where, "city", value_literal(city));
	value_add(&s->arena, &args, "where", where);
	if (sim_call(s, "ticket.find", args, &error, &result) != 0)
		return -1;
	if (error.type != VALUE_NIL)
		return sim_wrong(
			s, "ticket.find: %.300s", value_cstr(&s->arena, value_get(&error, "message")));
	tickets = value_get(&result, "tickets");
	for (uint32_t i = 0; i < tickets->n; i++)
		if (!value_is_text(value_get(&tickets->as.items[i], "city"), city))
			return sim_wrong(s, "ticket.find city=%s found another", city);
	s->counts.n_finds++;
	return 0;
}

/* ---- time, packs, disasters ---------------------------------------------------------------------------- */
static void on_there(void *udata, const struct value *result, const struct err *e)
{
	struct sim *s = udata;

	(void)result;
	s->is_answered = true;
	if (e != NULL)
		sim_wrong(s, "clock.advance: %s", e->text);
}

/* A long way is gone over many turns, while the disk works. */
static int await_advance(struct sim *s)
{
	while (!s->is_answered && s->why[0] == '\0') {
		journal_sim_step(s->store->journal);
		server_step(s->desk->server, 0);
	}
	return s->why[0] != '\0' ? -1 : 0;
}

static int do_advance(struct sim *s)
{
	static const int64_t most_ms[] = {
		600000, 600000, 18000000, 18000000, 18000000, 259200000, 259200000, 1728000000};
	struct value args, error = value_nil, result;
	int rc;

	arena_reset(&s->arena);
	args = value_map(&s->arena, 1);
	value_add(&s->arena, &args, "by",
		value_int((int64_t)rng_below(&s->rng, (uint64_t)PICK(&s->rng, most_ms))));
	s->is_answered = false;
	session_on_answer(s->session, on_there, s);
	rc = sim_call(s, "clock.advance", args, &error, &result);
	if (rc == RPC_DEFERRED ? await_advance(s) != 0 : rc != 0)
		return -1;
	if (error.type != VALUE_NIL)
		return sim_wrong(
			s, "clock.advance: %.300s", value_cstr(&s->arena, value_get(&error, "message")));
	return sim_settle(s) != 0 ? -1 : sim_check(s, true);
}

static void on_verdict(void *udata, const struct value *result, const struct err *e)
{
	struct sim *s = udata;

	(void)result;
	s->is_answered = true;
	if (e != NULL)
		sim_wrong(s, "rules.reload: %s", e->text);
}

/* The folder becomes a new good pack, or one that does not compile; a broken one must change nothing. */
static int do_reload(struct sim *s)
{
	bool is_good = rng_below(&s->rng, 2) == 0;
	int64_t before = packs_generation(s->desk->packs);
	struct value error, result;
	char path[200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/simulated.lua", s->rules_dir);
	f = fopen(path, "we");
	must(f != NULL);
	fprintf(f, is_good ? "local edition = \"%ju\"\n" : "rules.all \"clocks\" { -- edition %ju\n",
		(uintmax_t)rng_u64(&s->rng));
	must(fclose(f) == 0);
	arena_reset(&s->arena);
	s->is_answered = false;
	session_on_answer(s->session, on_verdict, s);
	if (sim_call(s, "rules.reload", value_map(&s->arena, 0), &error, &result) != RPC_DEFERRED)
		return sim_wrong(s, "rules.reload was not deferred");
	while (!s->is_answered)
		server_step(s->desk->server, 1000);
	if (packs_generation(s->desk->packs) != before + is_good)
		return sim_wrong(s, "a %s pack made generation %jd of %jd", is_good ? "good" : "broken",
			(intmax_t)packs_generation(s->desk->packs), (intmax_t)before);
	s->counts.n_reloads++;
	s->counts.n_broken += !is_good;
	return s->why[0] != '\0' ? -1 : 0;
}

/* The disk refuses the next sync: nobody is told anything any more, and the machine starts again. */
static int do_lose(struct sim *s)
{
	struct err e;

	s->counts.n_fail_next++;
	journal_sim_fail_next(s->disk);
	server_step(s->desk->server, 0);
	journal_sim_step(s->store->journal);
	server_step(s->desk->server, 0);
	if (store_durable_seq(s->store) < store_last_seq(s->store) &&
		(!s->desk->is_lost || store_accepts(s->store, &e) == 0))
		return sim_wrong(s, "the journal is lost, and the desk goes on");
	return sim_crash(s);
}

static int settle_and_check(struct sim *s)
{
	return sim_settle(s) != 0 ? -1 : sim_check(s, false);
}

static int step(struct sim *s)
{
	uint64_t k = rng_below(&s->rng, 1000);
	int rc;

	if (k < 10)
		return sim_crash(s) != 0 ? -1 : settle_and_check(s);
	if (k < 15)
		return do_lose(s) != 0 ? -1 : settle_and_check(s);
	if (k < 20)
		return sim_restart(s) != 0 ? -1 : settle_and_check(s);
	if (k < 28)
		return do_reload(s);
	if (k < 120)
		return do_advance(s);
	rc = k < 450 ? do_create(s) : k < 850 ? do_act(s) : k < 950 ? do_contact(s) : do_find(s);
	if (rc != 0 || rng_below(&s->rng, 2) == 0)
		return rc; /* the turn goes on */
	return rng_below(&s->rng, 8) == 0 ? settle_and_check(s) : sim_turn(s);
}

/* ---- seeds --------------------------------------------------------------------------------------------- */
static int play(uint64_t seed, const char *lua_dir, uint8_t head[SHA256_LEN], struct sim *s)
{
	uint64_t seq;
	int rc;

	sim_init(s, seed, lua_dir);
	rc = sim_open(s);
	for (int i = 0; rc == 0 && i < N_STEPS; i++)
		rc = step(s);
	/* every seed ends with a crash, and with whatever is left falling due */
	if (rc == 0)
		rc = sim_crash(s) != 0 ? -1 : do_advance(s);
	if (rc == 0 && s->desk->counts.n_rule_failures > 0)
		rc = sim_wrong(s, "a rule of the default pack failed");
	if (rc == 0)
		journal_head(s->store->journal, &seq, head);
	sim_fini(s);
	return rc;
}

static int play_seed(uint64_t seed, const char *lua_dir, bool is_twice, struct sim *s)
{
	uint8_t head[2][SHA256_LEN];

	if (play(seed, lua_dir, head[0], s) != 0 || (is_twice && play(seed, lua_dir, head[1], s) != 0) ||
		(is_twice && memcmp(head[0], head[1], SHA256_LEN) != 0 &&
			sim_wrong(s, "two runs end at two heads") != 0)) {
		printf("SEED=%ju failed: %s\n", (uintmax_t)seed, s->why);
		return -1;
	}
	return 0;
}

static void add_counts(uint64_t *sum, const struct sim *s)
{
	const uint64_t *one = (const uint64_t *)&s->counts;

	for (size_t i = 0; i < sizeof(s->counts) / sizeof(*one); i++)
		sum[i] += one[i];
}

static void print_counts(const struct sim_counts *c)
{
	printf("creates %ju, repeats %ju, acts %ju, refused %ju, contacts %ju, finds %ju, fired %ju, "
	       "reloads %ju (%ju broken), crashes %ju (%ju entries lost), lost journals %ju, restarts %ju, "
	       "checks %ju\n",
		(uintmax_t)c->n_creates, (uintmax_t)c->n_repeats, (uintmax_t)c->n_acts,
		(uintmax_t)c->n_refused, (uintmax_t)c->n_contacts, (uintmax_t)c->n_finds,
		(uintmax_t)c->n_fired, (uintmax_t)c->n_reloads, (uintmax_t)c->n_broken,
		(uintmax_t)c->n_crashes, (uintmax_t)c->n_lost_entries, (uintmax_t)c->n_fail_next,
		(uintmax_t)c->n_restarts, (uintmax_t)c->n_checks);
}

static int play_all(uint64_t first, uint64_t n, const char *lua_dir, bool is_mutant, struct sim *s)
{
	uint64_t n_failed = 0, n_played = 0;
	struct sim_counts sum = {0};

	while (n_played < n && (!is_mutant || n_failed == 0)) {
		uint64_t seed = first + n_played;

		printf("SEED=%ju\n", (uintmax_t)seed);
		n_failed += play_seed(seed, lua_dir, n == 1 || n_played % TWICE_EVERY == 0, s) != 0;
		add_counts((uint64_t *)&sum, s);
		n_played++;
	}
	print_counts(&sum);
	if (is_mutant)
		printf("%d passed, %d failed, 0 skipped\n", n_failed > 0, n_failed == 0);
	else
		printf("%ju passed, %ju failed, 0 skipped\n", (uintmax_t)(n - n_failed), (uintmax_t)n_failed);
	return (n_failed > 0) != is_mutant;
}

/* --mutant: a planted defect is compiled in; the first seed that finds it makes it pass. */
int main(int argc, char **argv)
{
	const char *one = getenv("SEED"), *dose = getenv("TOCSIN_DOSE");
	uint64_t first = one != NULL ? strtoull(one, NULL, 10) : SEED_FIRST;
	uint64_t n_doses = dose != NULL && atoi(dose) > 0 ? (uint64_t)atoi(dose) : 1;
	struct sim *s = calloc(1, sizeof(*s));
	struct err e;
	int rc;

	must(s != NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (clock_zone_set("Asia/Shanghai", &e) != 0) {
		printf("%s\n0 passed, 1 failed, 0 skipped\n", e.text);
		return 1;
	}
	rc = play_all(first, one != NULL ? 1 : N_SEEDS * n_doses, "lua",
		argc > 1 && strcmp(argv[1], "--mutant") == 0, s);
	free(s);
	return rc;
}
