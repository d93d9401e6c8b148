/*
 * Drills (演练): a recorded outage is played again against tonight's rules and roster, and it is scored how
 * fast people were. The recording is a drill of the pack (catalog.drills: complaints, signals, numbers) or what
 * was counted of a past incident, its complaints and signals; how many numbers it hit by when nobody has
 * kept. What the live watches and roll-ups would have said to it is worked out at once; the drill is an incident with
 * fields.drill whose timers play it (lua/lib/drills.lua), so it survives restarts and is explained like any
 * other ticket. Whatever fields.drill marks has no tasks, no numbers, no complaints, and raises no warning.
 */
#include <string.h>

#include "desk/cases.h"
#include "desk/names.h"
#include "desk/warn.h"
#include "tocsin/clock.h"

#define HOUR_MS (INT64_C(60) * 60 * 1000)
#define BIN_MS                                                                                               \
	(INT64_C(5) * 60 * 1000) /* where the pack says nothing; what a recording of counts begins at */
#define INCIDENT_SPAN_MS (24 * HOUR_MS)
#define STREAMS_MAX 256
#define EVENTS_MAX 200
#define SPEED_MAX 1000

struct drill {
	struct work *work;
	int64_t speed;
	struct recording of;
	struct value events; /* of warn_replay */
	struct value source, label;
};

/* ---- where recordings come from ------------------------------------------------------------------------ */
static struct recorded stream_of(struct arena *a, const struct value *s, uint32_t n_bins)
{
	const struct value *what = value_get(s, "what"), *counts = value_get(s, "counts");
	struct recorded r = {
		.of = {.what = what->as.text[0],
			.city = value_slice(value_get(s, "city")),
			.category = value_slice(value_get(s, what->as.text[0] == 's' ? "kind" : "category")),
			.service = value_slice(value_get(s, "service")),
			.component = value_slice(value_get(s, "component"))},
		.counts = arena_zalloc(a, (n_bins + 1) * sizeof(uint32_t))};

	for (uint32_t i = 0; i < n_bins && i < counts->n; i++)
		r.counts[i] = (uint32_t)value_int_or(&counts->as.items[i], 0);
	return r;
}

static void from_pack(struct drill *d, const struct value *name)
{
	struct work *w = d->work;
	const struct value *of = value_get_n(value_get(packs_catalog(w->desk->packs), "drills"),
				   name->as.text, name->n),
			   *streams = value_get(of, "streams");

	d->source = *name;
	d->label = value_get(of, "label") == NULL ? value_nil : *value_get(of, "label");
	d->of = (struct recording){.bin_ms = value_int_or(value_get(of, "bin_ms"), BIN_MS),
		.n_bins = (uint32_t)value_int_or(value_get(of, "bins"), 0),
		.streams = arena_alloc(w->arena, (streams->n + 1) * sizeof(struct recorded))};
	for (uint32_t i = 0; i < streams->n; i++)
		d->of.streams[d->of.n_streams++] = stream_of(w->arena, &streams->as.items[i], d->of.n_bins);
}

/* What was counted from an hour before the incident until it was closed, at most a day. */
static int from_incident(struct drill *d, int64_t id, struct err *e)
{
	struct work *w = d->work;
	struct case_scope scope;
	struct value row;
	int64_t from_ms, to_ms;

	if (ticket_load(w->desk, w->tx, w->arena, id, &row, e) != 0)
		return -1;
	if (!value_is_text(value_get(&row, "kind"), CASE_KIND) ||
		value_true(value_path(&row, "fields.drill")))
		return err_arg(e, ERR_BAD_REQUEST, "incident", NULL,
			"ticket %jd is no incident that happened", (intmax_t)id);
	if (case_scope_of(w->desk, w->arena, &row, &scope, e) != 0)
		return -1;
	from_ms = value_int_or(value_get(&row, "created"), 0) - HOUR_MS;
	from_ms -= from_ms % BIN_MS;
	to_ms = value_int_or(value_get(&row, "closed"), w->now_ms);
	to_ms = to_ms - from_ms > INCIDENT_SPAN_MS ? from_ms + INCIDENT_SPAN_MS : to_ms;
	d->source = value_int(id);
	d->label = value_get(&row, "title") == NULL ? value_nil : *value_get(&row, "title");
	return warn_recorded(
		w->desk, w->arena, case_has_stream, &scope, from_ms, to_ms, STREAMS_MAX, &d->of, e);
}

/* ---- drill.start --------------------------------------------------------------------------------------- */
/* By when it happens; of one minute as they came. */
static void sort_events(struct value *events)
{
	for (uint32_t i = 1; i < events->n; i++) {
		struct value one = events->as.items[i];
		int64_t at = value_int_or(value_get(&one, "end_ms"), 0);
		uint32_t k = i;

		for (; k > 0 && value_int_or(value_get(&events->as.items[k - 1], "end_ms"), 0) > at; k--)
			events->as.items[k] = events->as.items[k - 1];
		events->as.items[k] = one;
	}
}

/* When each comes, as the speed has it. */
static void time_events(struct drill *d)
{
	for (uint32_t i = 0; i < d->events.n; i++) {
		struct value *one = &d->events.as.items[i];

		value_set(d->work->arena, one, "at",
			value_int(d->work->now_ms + value_int_or(value_get(one, "end_ms"), 0) / d->speed));
		value_unset(one, "end_ms");
	}
}

static struct value title_of(struct drill *d)
{
	const struct value *zh = value_get(&d->label, "zh");

	if (d->label.type == VALUE_TEXT)
		return d->label;
	return zh == NULL ? d->source : *zh;
}

static void add_new(struct arena *a, struct value *list, const struct value *v)
{
	bool is_new = v != NULL;

	for (uint32_t k = 0; is_new && k < list->n; k++)
		is_new &= !value_equal(&list->as.items[k], v);
	if (is_new)
		value_push(a, list, *v);
}

/* The first stream that says what the drill is about: of complaints, else of numbers, else of signals. */
static const struct stream_name *subject_of(const struct drill *d)
{
	static const char order[] = {'c', 'a', 's'};

	for (size_t i = 0; i < sizeof(order); i++)
		for (uint32_t k = 0; k < d->of.n_streams; k++)
			if (d->of.streams[k].of.what == order[i])
				return &d->of.streams[k].of;
	return &d->of.streams[0].of;
}

static void add_part(struct arena *a, struct value *to, const char *name, struct slice part)
{
	if (part.n > 0)
		value_add(a, to, name, value_text(a, part.p, part.n));
}

static struct value ticket_of(struct drill *d)
{
	struct arena *a = d->work->arena;
	const struct stream_name *about = subject_of(d);
	struct value args = value_map(a, 6), fields = value_map(a, 8), replay = value_map(a, 5),
		     cities = value_array(a, 8), keys = value_array(a, 8);

	value_add(a, &replay, "source", d->source);
	value_add(a, &replay, "speed", value_int(d->speed));
	value_add(a, &replay, "started", value_int(d->work->now_ms));
	value_add(a, &replay, "ends", value_int(d->work->now_ms + d->of.n_bins * d->of.bin_ms / d->speed));
	value_add(a, &replay, "events", d->events);
	for (uint32_t i = 0; i < d->events.n; i++) {
		add_new(a, &cities, value_get(&d->events.as.items[i], "city"));
		add_new(a, &keys, value_get(&d->events.as.items[i], "key"));
	}
	value_add(a, &fields, "drill", value_bool(true));
	value_add(a, &fields, "key", keys.as.items[0]);
	value_add(a, &fields, "keys", keys);
	value_add(a, &fields, "cities", cities);
	value_add(a, &fields, "replay", replay);
	if (about->what == 's') {
		add_part(a, &fields, "service", about->service);
		add_part(a, &fields, "component", about->component);
	} else {
		add_part(a, &args, "category", about->category);
	}
	value_add(a, &args, "kind", value_literal(CASE_KIND));
	add_part(a, &args, "city", about->city);
	value_add(a, &args, "title", title_of(d));
	value_add(a, &args, "fields", fields);
	return args;
}

static int drill_start_work(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct drill d = {.work = w,
		.speed = value_int_or(value_get(args, "speed"), 1),
		.events = value_array(w->arena, 8)};
	const struct value *name = value_get(args, "drill"), *incident = value_get(args, "incident");
	struct value row, wanted;

	if ((name == NULL) == (incident == NULL))
		return err_arg(e, ERR_BAD_REQUEST, "drill", NULL,
			"say one of drill (a recording of the pack) and incident (one that happened)");
	if (catalog_check(w->arena, packs_catalog(w->desk->packs), "drills", "drill", name, e) != 0)
		return -1;
	if (name != NULL)
		from_pack(&d, name);
	else if (from_incident(&d, incident->as.i, e) != 0)
		return -1;
	if (warn_replay(w->desk, w->arena, &d.of, w->now_ms, &d.events, e) != 0)
		return -1;
	if (d.events.n == 0 || d.events.n > EVENTS_MAX)
		return err_set(e, ERR_REJECTED,
			"the live rules would change the level %u times (1 to %d are a drill): nobody would "
			"be warned of "
			"it",
			d.events.n, EVENTS_MAX);
	sort_events(&d.events);
	time_events(&d);
	wanted = ticket_of(&d);
	if (ticket_open(w, &wanted, &row, e) != 0 || ticket_save(w, NULL, &row, e) != 0)
		return -1;
	*result = value_map(w->arena, 8);
	value_add(w->arena, result, "id", *value_get(&row, "id"));
	value_add(w->arena, result, "no", *value_get(&row, "no"));
	value_add(w->arena, result, "label", value_literal("演练 DRILL"));
	value_add(w->arena, result, "speed", value_int(d.speed));
	value_add(w->arena, result, "events", d.events);
	value_add(w->arena, result, "ends", value_int(w->now_ms + d.of.n_bins * d.of.bin_ms / d.speed));
	return 0;
}

static int drill_start(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, drill_start_work, result, e);
}

/* ---- drill.report: minutes of each step ---------------------------------------------------------------- */
/* The first level that was entered; of a drill that nothing is played in, its beginning. */
static int64_t began_ms(const struct value *row)
{
	const struct value *levels = value_path(row, "fields.replay_levels");
	int64_t created = value_int_or(value_get(row, "created"), 0);

	return value_int_or(value_get(value_at(levels, 0), "at"),
		value_path(row, "fields.replay") == NULL ? created : INT64_MAX);
}

static void add_replay(struct call *c, const struct value *fields, struct value *result)
{
	static const char *const of_replay[] = {"source", "speed", "started", "ends"};
	const struct value *replay = value_get(fields, "replay"),
			   *levels = value_get(fields, "replay_levels"),
			   *calls = value_get(fields, "replay_calls");

	if (replay == NULL)
		return;
	for (size_t i = 0; i < sizeof(of_replay) / sizeof(of_replay[0]); i++)
		if (value_get(replay, of_replay[i]) != NULL)
			value_add(c->arena, result, of_replay[i], *value_get(replay, of_replay[i]));
	value_add(c->arena, result, "levels", levels == NULL ? value_array(c->arena, 0) : *levels);
	value_add(c->arena, result, "calls", calls == NULL ? value_array(c->arena, 0) : *calls);
	value_add(c->arena, result, "is_over", value_bool(value_get(fields, "replay_ended_at") != NULL));
}

static int drill_report(struct call *c, struct value *result, struct err *e)
{
	static const struct {
		const char *name, *field;
	} steps[] = {{"acknowledge_min", "taken_at"}, {"call_min", "called_at"},
		{"script_min", "script_approved_at"}};
	const struct value *fields;
	struct value row;
	int64_t id = value_int_or(value_get(&c->args, "id"), 0), began;
	char text[32];

	if (ticket_load(c->ctx, NULL, c->arena, id, &row, e) != 0)
		return -1;
	snprintf(text, sizeof(text), "%jd", (intmax_t)id);
	if (!value_is_text(value_get(&row, "kind"), CASE_KIND))
		return err_arg(e, ERR_BAD_REQUEST, "id", text, "ticket %jd is no incident", (intmax_t)id);
	fields = value_get(&row, "fields");
	if (!value_true(value_get(fields, "drill")))
		return err_arg(e, ERR_BAD_REQUEST, "id", NULL, "incident %jd is no drill", (intmax_t)id);
	*result = value_map(c->arena, 12);
	value_add(c->arena, result, "id", *value_get(&row, "id"));
	value_add(c->arena, result, "label", value_literal("演练 drill"));
	began = began_ms(&row);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		int64_t at = value_int_or(value_get(fields, steps[i].field), 0);

		if (at >= began)
			value_add(c->arena, result, steps[i].name,
				value_float((double)((at - began) / 6000) / 10));
	}
	add_replay(c, fields, result);
	return 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */
static const struct rpc_arg start_args[] = {
	{.name = "drill",
		.type = ARG_TEXT,
		.of = "drills",
		.help = "a recording of the pack (catalog.drills)"},
	{.name = "incident", .type = ARG_ID, .help = "or an incident that happened: what was counted of it"},
	{.name = "speed",
		.type = ARG_INT,
		.min = 1,
		.max = SPEED_MAX,
		.help = "1: as it happened; 10: an hour takes six minutes"},
};
static const struct rpc_arg report_args[] = {
	{.name = "id", .type = ARG_ID, .is_required = true, .help = "the drill"},
};
static const struct rpc_method methods[] = {
	{.name = "drill.start",
		.handler = drill_start,
		RPC_ARGS(start_args),
		.roles = ROLE_SUPERVISOR | ROLE_LEADER | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "Plays a recorded outage again against tonight's rules and roster: an incident "
			"marked as a drill, "
			"whose levels, calls and bulletins come when they would have come. ticket.act cancel "
			"ends it.",
		.returns = "{id, no, label, speed, events=[{at, key, from, to, seen, expected?, p?}], ends}"},
	{.name = "drill.report",
		.handler = drill_report,
		RPC_ARGS(report_args),
		.roles = ROLE_ANY,
		.help = "Minutes that a drill (an incident with fields.drill) took, from its first warning, "
			"to be "
			"acknowledged, called out and to have its script approved; of a replay also its "
			"levels and calls.",
		.returns =
			"{id, label, acknowledge_min?, call_min?, script_min?, source?, speed?, started?, "
			"ends?, "
			"levels?=[{at, key, from, to, seen}], calls?=[{at, person, level, rung}], is_over?}"},
};

void drills_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
