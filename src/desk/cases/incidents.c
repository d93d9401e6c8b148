/* incident.list, get, children, preview: the open cases by what they need first, and what hangs on them. */
#include <string.h>

#include "desk/affected.h"
#include "desk/cases.h"
#include "desk/jobs.h"
#include "desk/pages.h"
#include "incidents_int.h"

#define LIST_MAX 1000
#define CHILDREN_BYTES ((size_t)160 * 1024)
#define SAMPLE 5

int incident_load(struct call *c, struct value *row, struct err *e)
{
	struct desk *d = c->ctx;
	int64_t id = int_of(&c->args, "id");
	char text[32];

	if (ticket_load(d, NULL, c->arena, id, row, e) != 0)
		return -1;
	if (value_is_text(value_get(row, "kind"), CASE_KIND))
		return 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)id);
	return err_arg(e, ERR_BAD_REQUEST, "id", text, "ticket %jd is no incident", (intmax_t)id);
}

/* ---- list ---------------------------------------------------------------------------------------------- */
struct listed {
	int64_t id, complainers, affected, severity, recent, before;
	struct value shown;
};

static void show(struct arena *a, struct value *to, const struct value *of, const char *key, const char *as)
{
	const struct value *v = value_get(of, key);

	if (v != NULL && !(v->type == VALUE_BOOL && !v->as.b))
		value_add(a, to, as, *v);
}

static struct value shown_case(struct arena *a, const struct value *row, const struct listed *l)
{
	static const char *const of_row[] = {
		"id", "no", "title", "stage", "status", "category", "city", "grade", "owner", "created"};
	static const char *const of_fields[] = {"key", "keys", "cities", "merged", "cluster", "level",
		"highest", "recovery", "relapse", "drill", "suspect", "maintainers", "script_version"};
	const struct value *fields = value_get(row, "fields");
	struct value out = value_map(a, 32);

	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		show(a, &out, row, of_row[i], of_row[i]);
	for (size_t i = 0; i < sizeof(of_fields) / sizeof(of_fields[0]); i++)
		show(a, &out, fields, of_fields[i], of_fields[i]);
	show(a, &out, value_get(fields, "script"), "version", "script");
	show(a, &out, value_get(fields, "script"), "eta", "eta");
	value_add(a, &out, "complainers", value_int(l->complainers));
	value_add(a, &out, "affected", value_int(l->affected));
	value_add(a, &out, "severity", value_int(l->severity));
	value_add(a, &out, "growth", value_int(l->recent - l->before));
	value_add(a, &out, "recent", value_int(l->recent));
	value_add(a, &out, "before", value_int(l->before));
	return out;
}

/* How severe: the rank of its grade in the pack, 0 without one. */
static int64_t severity_of(struct desk *d, const struct value *row)
{
	struct slice grade = value_slice(value_get(row, "grade"));
	const struct value *of = value_get_n(value_get(packs_catalog(d->packs), "grades"), grade.p, grade.n);

	return int_of(of, "rank");
}

static int list_one(struct desk *d, struct arena *a, int64_t id, struct listed *l, struct err *e)
{
	struct value row;

	memset(l, 0, sizeof(*l));
	l->id = id;
	if (ticket_load(d, NULL, a, id, &row, e) != 0 || cases_children(d, id, &l->complainers, e) != 0 ||
		cases_growth(d, id, &l->recent, &l->before, e) != 0)
		return -1;
	l->complainers += int_of(&row, "contacts");
	l->affected = affected_of_case(d, id); /* by its lists; else as people say */
	if (l->affected < 0)
		l->affected = int_of(value_get(&row, "fields"), "affected");
	l->severity = severity_of(d, &row);
	l->shown = shown_case(a, &row, l);
	return 0;
}

static int down(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

/* Restore the complainers, then fewer users hit, then less severe; of equal ones the older. */
static int by_principles(const void *pa, const void *pb)
{
	const struct listed *a = pa, *b = pb;
	int c = down(a->complainers, b->complainers);

	if (c == 0)
		c = down(a->affected, b->affected);
	if (c == 0)
		c = down(a->severity, b->severity);
	return c != 0 ? c : down(b->id, a->id);
}

static int by_growth(const void *pa, const void *pb)
{
	const struct listed *a = pa, *b = pb;
	int c = down(a->recent - a->before, b->recent - b->before);

	return c != 0 ? c : by_principles(pa, pb);
}

static int incident_list(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	int64_t limit = value_int_or(value_get(&c->args, "limit"), 100), *ids;
	bool is_by_growth = value_is_text(value_get(&c->args, "order"), "growth");
	struct value list;
	struct listed *all;
	uint32_t n;

	ids = arena_alloc(c->arena, LIST_MAX * sizeof(*ids));
	n = cases_ids(d, ids, LIST_MAX);
	all = arena_alloc(c->arena, (n + 1) * sizeof(*all));
	for (uint32_t i = 0; i < n; i++)
		if (list_one(d, c->arena, ids[i], &all[i], e) != 0)
			return -1;
	qsort(all, n, sizeof(*all), is_by_growth ? by_growth : by_principles);
	list = value_array(c->arena, n);
	for (uint32_t i = 0; i < n && i < limit; i++)
		value_push(c->arena, &list, all[i].shown);
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "incidents", list);
	value_add(c->arena, result, "order", value_literal(is_by_growth ? "growth" : "principles"));
	if (n > limit || n == LIST_MAX)
		value_add(c->arena, result, "is_cut", value_bool(true));
	return 0;
}

/* ---- one ----------------------------------------------------------------------------------------------- */
static int incident_get(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	struct value row, jobs;
	struct listed l;

	if (incident_load(c, &row, e) != 0 || list_one(d, c->arena, int_of(&row, "id"), &l, e) != 0 ||
		jobs_of(d, c->arena, l.id, &jobs, e) != 0)
		return -1;
	*result = value_copy_map(c->arena, &l.shown);
	show(c->arena, result, &row, "contacts", "contacts");
	show(c->arena, result, &row, "advice", "advice");
	value_add(c->arena, result, "children", value_int(l.complainers - int_of(&row, "contacts")));
	value_add(c->arena, result, "fields",
		value_get(&row, "fields") == NULL ? value_map(c->arena, 0) : *value_get(&row, "fields"));
	value_add(c->arena, result, "jobs", jobs);
	return 0;
}

int incident_walk(struct call *c, int64_t incident, int64_t after,
	bool (*each)(void *udata, const struct value *row), void *udata, struct err *e)
{
	struct desk *d = c->ctx;
	struct scan s;
	int got;

	scan_init(&s, d->store, NULL, TABLE_INDEX, case_child_key(c->arena, incident, after),
		case_child_key(c->arena, incident + 1, -1), false);
	while ((got = scan_next(&s, e)) == 1) {
		struct arena_mark mark = arena_mark(c->arena);
		struct value row;

		if (ticket_load(d, NULL, c->arena, (int64_t)load_be64((const uint8_t *)s.key.p + s.key.n - 8),
			    &row, e) != 0) {
			got = -1;
			break;
		}
		if (!each(udata, &row))
			break;
		arena_rewind(c->arena, mark);
	}
	scan_fini(&s);
	return got < 0 ? -1 : 0;
}

struct page {
	struct call *call;
	struct buf bytes; /* encoded children: rows are read into an arena that is wound back */
	uint32_t n, limit;
	int64_t job, last;
	bool has_more;
	struct err *e;
	bool is_broken;
};

static bool page_take(void *udata, const struct value *row)
{
	static const char *const of_row[] = {
		"id", "no", "kind", "number", "stage", "status", "created", "reply", "owner"};
	struct page *p = udata;
	struct arena *a = p->call->arena;
	struct value child = value_map(a, 12), outcome;
	int got;

	if (p->n == p->limit || p->bytes.n > CHILDREN_BYTES) {
		p->has_more = true;
		return false;
	}
	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		show(a, &child, row, of_row[i], of_row[i]);
	show(a, &child, value_get(row, "fields"), "script_version", "script");
	if (p->job > 0) {
		got = job_outcome(p->call->ctx, a, p->job, int_of(row, "id"), &outcome, p->e);
		p->is_broken = got < 0;
		if (got == 1)
			value_add(a, &child, "outcome", outcome);
	}
	value_encode(&p->bytes, &child);
	p->last = int_of(row, "id");
	p->n++;
	return !p->is_broken;
}

static int check_job(struct call *c, int64_t incident, int64_t job, struct err *e)
{
	char text[32];
	struct value jobs;

	if (job == 0)
		return 0;
	if (jobs_of(c->ctx, c->arena, incident, &jobs, e) != 0)
		return -1;
	for (uint32_t i = 0; i < jobs.n; i++)
		if (int_of(&jobs.as.items[i], "id") == job)
			return 0;
	snprintf(text, sizeof(text), "%jd", (intmax_t)job);
	return err_arg(e, ERR_NOT_FOUND, "job", text,
		"job %jd is none of incident %jd; incident.get lists them", (intmax_t)job,
		(intmax_t)incident);
}

static int incident_children(struct call *c, struct value *result, struct err *e)
{
	struct page p = {.call = c,
		.limit = (uint32_t)value_int_or(value_get(&c->args, "limit"), 100),
		.job = int_of(&c->args, "job"),
		.e = e};
	struct value row, list = value_array(c->arena, p.limit);
	struct slice left;
	int64_t after;
	int rc;

	if (cursor_number(c->arena, c->method->name, value_get(&c->args, "cursor"), 0, &after, e) != 0 ||
		incident_load(c, &row, e) != 0 || check_job(c, int_of(&row, "id"), p.job, e) != 0)
		return -1;
	buf_init(&p.bytes, CHILDREN_BYTES * 4);
	rc = incident_walk(c, int_of(&row, "id"), after, page_take, &p, e);
	if (rc == 0 && !p.is_broken && !p.bytes.is_full) {
		struct buf head;

		buf_init(&head, CHILDREN_BYTES * 4 + 16);
		value_encode_array(&head, p.n);
		buf_add(&head, p.bytes.p, p.bytes.n);
		left = slice_of(arena_copy(c->arena, head.p, head.n), head.n);
		rc = value_decode(c->arena, left, &list, e);
		buf_fini(&head);
	}
	buf_fini(&p.bytes);
	if (rc != 0 || p.is_broken)
		return -1;
	*result = value_map(c->arena, 2);
	value_add(c->arena, result, "children", list);
	if (p.has_more)
		cursor_add(c->arena, result, p.last);
	return 0;
}

/* ---- preview: what an action would do to the children -------------------------------------------------- */
#define STAGES_MAX 32

struct preview {
	struct desk *desk;
	const char *action;
	const struct value *stages;
	int64_t n, n_would, sample[SAMPLE];
	struct {
		char stage[64];
		int64_t n;
	} skipped[STAGES_MAX];
	uint32_t n_skipped;
};

static bool preview_take(void *udata, const struct value *row)
{
	struct preview *p = udata;
	struct slice stage = value_slice(value_get(row, "stage"));
	uint32_t i;

	p->n++;
	if (job_applies(p->desk, row, p->action, p->stages)) {
		if (p->n_would < SAMPLE)
			p->sample[p->n_would] = int_of(row, "id");
		p->n_would++;
		return true;
	}
	for (i = 0; i < p->n_skipped; i++)
		if (strlen(p->skipped[i].stage) == stage.n &&
			memcmp(p->skipped[i].stage, stage.p, stage.n) == 0)
			break;
	if (i == p->n_skipped && i < STAGES_MAX)
		snprintf(p->skipped[p->n_skipped++].stage, sizeof(p->skipped[0].stage), "%.*s", (int)stage.n,
			(const char *)stage.p);
	if (i < STAGES_MAX)
		p->skipped[i].n++;
	return true;
}

static struct value preview_value(struct arena *a, const struct preview *p)
{
	struct value out = value_map(a, 6), skipped = value_map(a, p->n_skipped),
		     sample = value_array(a, SAMPLE);

	for (uint32_t i = 0; i < p->n_skipped; i++)
		value_add(a, &skipped, arena_text(a, p->skipped[i].stage, strlen(p->skipped[i].stage)),
			value_int(p->skipped[i].n));
	for (int64_t i = 0; i < SAMPLE && i < p->n_would; i++)
		value_push(a, &sample, value_int(p->sample[i]));
	value_add(a, &out, "child_action", value_literal(p->action));
	value_add(a, &out, "children", value_int(p->n));
	value_add(a, &out, "would", value_int(p->n_would));
	value_add(a, &out, "skipped", skipped);
	value_add(a, &out, "sample", sample);
	return out;
}

static int incident_preview(struct call *c, struct value *result, struct err *e)
{
	struct desk *d = c->ctx;
	const char *action = value_cstr(c->arena, value_get(&c->args, "action"));
	const struct value *kind = value_path(packs_catalog(d->packs), "kinds." CASE_KIND),
			   *children = value_get(value_get(value_get(kind, "actions"), action), "children");
	struct preview p = {.desk = d,
		.action = value_cstr(c->arena, value_get(children, "action")),
		.stages = value_get(children, "stages")};
	struct value row;

	if (p.action == NULL)
		return err_arg(e, ERR_BAD_REQUEST, "action", action,
			"\"%s\" is not an action of incidents that acts on what hangs on them", action);
	if (incident_load(c, &row, e) != 0 ||
		incident_walk(c, int_of(&row, "id"), 0, preview_take, &p, e) != 0)
		return -1;
	*result = preview_value(c->arena, &p);
	return 0;
}

/* ---- the table ----------------------------------------------------------------------------------------- */
static const char *const orders[] = {"principles", "growth", NULL};
static const struct rpc_arg list_args[] = {
	{.name = "order",
		.type = ARG_ENUM,
		.words = orders,
		.help = "principles (complainers, affected, severity: each more first) or growth"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = LIST_MAX, .help = "incidents at most, 100"},
};
static const struct rpc_arg get_args[] = {INCIDENT_ARG};
static const struct rpc_arg children_args[] = {
	INCIDENT_ARG,
	{.name = "job", .type = ARG_ID, .help = "also what became of each in this job"},
	{.name = "limit", .type = ARG_INT, .min = 1, .max = 1000, .help = "tickets a page, 100"},
	CURSOR_ARG,
};
static const struct rpc_arg preview_args[] = {
	INCIDENT_ARG,
	{.name = "action",
		.type = ARG_TEXT,
		.is_required = true,
		.help = "resolve, tell, relapse … (catalog.get: actions with children)"},
};

#define CASE_SHOWN                                                                                           \
	"id, no, key, keys?, stage, level?, recovery?, complainers, affected, severity, growth, recent, "    \
	"before, "                                                                                           \
	"maintainers?, suspect?, script?, eta?, …"

static const struct rpc_method methods[] = {
	{.name = "incident.list",
		.handler = incident_list,
		RPC_ARGS(list_args),
		.roles = ROLE_ANY,
		.help = "Open incidents, what needs people most comes first: by the three principles, three "
			"numbers "
			"and never one score, or by growth in 15 minutes.",
		.returns = "{incidents=[{" CASE_SHOWN "}], order, is_cut?}"},
	{.name = "incident.get",
		.handler = incident_get,
		RPC_ARGS(get_args),
		.roles = ROLE_ANY,
		.help = "One incident with its figures, its fields (script, green channel, …) and its jobs.",
		.returns = "{" CASE_SHOWN
			   ", children, contacts, fields, jobs=[{id, kind, action?, state, n_done?, "
			   "n_skipped?, n_tasks?, …}]}"},
	{.name = "incident.children",
		.handler = incident_children,
		RPC_ARGS(children_args),
		.roles = ROLE_ANY & ~(uint32_t)ROLE_INTAKE,
		.help = "The tickets that hang on an incident, a page at a time.",
		.returns =
			"{children=[{id, no, number?, stage, status, reply?, script?, outcome={ok, why?}?}], "
			"cursor?}"},
	{.name = "incident.preview",
		.handler = incident_preview,
		RPC_ARGS(preview_args),
		.roles = ROLE_ANY,
		.help = "How many of its tickets an action of the incident would act on; changes nothing.",
		.returns = "{child_action, children, would, skipped={STAGE=n}, sample=[id…]}"},
};

void incidents_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
	incident_effect_register(d);
}
