/*
 * Applying a decision to a ticket row: first everything is checked against the catalog, then all of it is
 * applied. A decision that names something the catalog does not know is the pack's bug: the error says which,
 * and nothing is applied.
 */
#include <string.h>

#include "cases.h"
#include "grants.h"
#include "jobs.h"
#include "tasks.h"
#include "words.h"

#define ROW_BYTES_MAX ((size_t)400 * 1024)

/* FIELD(name, type, catalog map that must hold the value, or NULL) */
#define SET_FIELDS(FIELD)                                                                                    \
	FIELD("category", VALUE_TEXT, "categories")                                                          \
	FIELD("city", VALUE_TEXT, "cities")                                                                  \
	FIELD("grade", VALUE_TEXT, "grades")                                                                 \
	FIELD("priority", VALUE_INT, NULL)                                                                   \
	FIELD("queue", VALUE_TEXT, "queues")                                                                 \
	FIELD("department", VALUE_TEXT, NULL)                                                                \
	FIELD("owner", VALUE_TEXT, NULL)                                                                     \
	FIELD("first_owner", VALUE_TEXT, NULL)                                                               \
	FIELD("stage", VALUE_TEXT, NULL)                                                                     \
	FIELD("status", VALUE_TEXT, NULL)                                                                    \
	FIELD("title", VALUE_TEXT, NULL)                                                                     \
	FIELD("number", VALUE_TEXT, NULL)                                                                    \
	FIELD("callback", VALUE_TEXT, NULL)                                                                  \
	FIELD("customer", VALUE_MAP, NULL)                                                                   \
	FIELD("subject", VALUE_MAP, NULL)                                                                    \
	FIELD("occurred", VALUE_INT, NULL)                                                                   \
	FIELD("complete", VALUE_BOOL, NULL)                                                                  \
	FIELD("missing", VALUE_ARRAY, NULL)                                                                  \
	FIELD("reply", VALUE_TEXT, NULL)                                                                     \
	FIELD("resolution", VALUE_TEXT, NULL)                                                                \
	FIELD("cause", VALUE_TEXT, NULL)                                                                     \
	FIELD("tags", VALUE_ARRAY, NULL)                                                                     \
	FIELD("fields", VALUE_MAP, NULL)                                                                     \
	FIELD("merged_into", VALUE_INT, NULL)                                                                \
	FIELD("escalation", VALUE_INT, NULL)                                                                 \
	FIELD("transfers", VALUE_INT, NULL)                                                                  \
	FIELD("ping_pong", VALUE_INT, NULL)                                                                  \
	FIELD("been", VALUE_ARRAY, NULL)                                                                     \
	FIELD("satisfied", VALUE_BOOL, NULL)                                                                 \
	FIELD("reopened", VALUE_INT, NULL)                                                                   \
	FIELD("urges", VALUE_INT, NULL)                                                                      \
	FIELD("suspended", VALUE_TEXT, NULL)                                                                 \
	FIELD("approval", VALUE_MAP, NULL)

struct set_field {
	const char *name;
	size_t name_n;
	enum value_type type;
	const char *catalog;
};

static const struct set_field set_fields[] = {
#define FIELD(name, type, catalog) {name, sizeof(name) - 1, type, catalog},
	SET_FIELDS(FIELD)
#undef FIELD
};
#define N_SET_FIELDS (sizeof(set_fields) / sizeof(set_fields[0]))

static const char *const statuses[] = {"acknowledged", "inProgress", "pending", "held", "resolved", "closed",
	"rejected", "cancelled"}; /* TMF621 TroubleTicketStatusType */

static const struct set_field *set_field_find(const struct value *key)
{
	if (key->type != VALUE_TEXT)
		return NULL;
	for (size_t i = 0; i < N_SET_FIELDS; i++)
		if (set_fields[i].name_n == key->n && memcmp(set_fields[i].name, key->as.text, key->n) == 0)
			return &set_fields[i];
	return NULL;
}

/* "city_support.shenzhen" is in a catalog that holds "city_support.CITY": a last part in capitals stands for
 * any. */
static bool in_catalog(const struct value *catalog, const char *map, const struct value *v)
{
	const struct value *names = value_get(catalog, map);
	const char *dot;

	if (names == NULL || value_get_n(names, v->as.text, v->n) != NULL)
		return true;
	dot = memrchr(v->as.text, '.', v->n);
	for (uint32_t i = 0; dot != NULL && i < names->n; i++) {
		const struct value *k = &names->as.pairs[i].key;
		size_t head = (size_t)(dot - v->as.text) + 1;

		if (k->n > head && memcmp(k->as.text, v->as.text, head) == 0 && k->as.text[head] >= 'A' &&
			k->as.text[head] <= 'Z')
			return true;
	}
	return false;
}

static int unknown_field(const char *key, struct err *e)
{
	const char *names[N_SET_FIELDS];

	for (size_t i = 0; i < N_SET_FIELDS; i++)
		names[i] = set_fields[i].name;
	err_set(e, ERR_REJECTED, "the decision sets \"%s\", which is not a field that rules set", key);
	return err_hint(e, nearest_word(key, names, N_SET_FIELDS));
}

static bool is_status(const struct value *v)
{
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (value_is_text(v, statuses[i]))
			return true;
	return false;
}

static int check_set(struct work *w, const struct pair *p, struct err *e)
{
	const struct set_field *f = set_field_find(&p->key);

	if (f == NULL)
		return unknown_field(value_cstr(w->arena, &p->key), e);
	if (p->val.type == VALUE_NIL || p->val.type == f->type)
		; /* as declared; an empty table of Lua may stand for an empty list */
	else if (!(f->type == VALUE_ARRAY && p->val.type == VALUE_MAP && p->val.n == 0))
		return err_set(e, ERR_REJECTED, "the decision sets %s to %s, expected %s", f->name,
			value_type_name(&p->val), value_type_name(&(struct value){.type = (uint8_t)f->type}));
	if (p->val.type != VALUE_TEXT)
		return 0;
	if (f->catalog != NULL && !in_catalog(packs_catalog(w->desk->packs), f->catalog, &p->val))
		return err_set(e, ERR_REJECTED,
			"the decision sets %s to \"%s\", which the catalog does not have in %s", f->name,
			value_cstr(w->arena, &p->val), f->catalog);
	if (value_is_text(&p->key, "status") && !is_status(&p->val))
		return err_set(e, ERR_REJECTED,
			"the decision sets status to \"%s\", which is none of TMF621's eight",
			value_cstr(w->arena, &p->val));
	return 0;
}

/* `fields` are merged, nil removes; everything else replaces. */
static void set_one(struct work *w, struct value *row, const struct pair *p)
{
	const struct value *old = value_is_text(&p->key, "fields") ? value_get(row, "fields") : NULL;

	if (p->val.type == VALUE_NIL) {
		value_unset_n(row, p->key.as.text, p->key.n);
	} else if (old != NULL) {
		struct value merged = value_copy(w->arena, old);

		for (uint32_t i = 0; i < p->val.n; i++)
			value_set_key(w->arena, &merged, p->val.as.pairs[i].key, p->val.as.pairs[i].val);
		value_set(w->arena, row, "fields", merged);
	} else if (value_is_text(&p->key, "missing") && p->val.type == VALUE_MAP) {
		value_set(w->arena, row, "missing", value_array(w->arena, 0));
	} else {
		value_set_key(w->arena, row, p->key, p->val);
	}
}

/* Merges are pointers that are followed: one that leads back to where it begins would have no end. */
static int check_merge(struct work *w, struct value row, int64_t self, int64_t into, struct err *e)
{
	for (int hops = 0; hops < MERGES_MAX; hops++) {
		int64_t next;

		if (!value_as_int(value_get(&row, "merged_into"), &next))
			return 0;
		if (next == self)
			return err_set(e, ERR_REJECTED,
				"ticket %jd is merged into ticket %jd already: a merge cannot go in a circle",
				(intmax_t)into, (intmax_t)self);
		if (ticket_load(w->desk, w->tx, w->arena, next, &row, e) != 0)
			return -1;
	}
	return err_set(
		e, ERR_REJECTED, "ticket %jd: more than %d merges in a row", (intmax_t)into, MERGES_MAX);
}

static int check_links(struct work *w, const struct value *links, int64_t self, struct err *e)
{
	for (uint32_t i = 0; links != NULL && i < links->n; i++) {
		const struct value *link = &links->as.items[i];
		struct value row;
		int64_t id;

		if (!value_is(value_get(link, "type"), VALUE_TEXT) ||
			!value_as_int(value_get(link, "id"), &id))
			return err_set(e, ERR_REJECTED,
				"the decision's link %u needs type (text) and id (integer)", i + 1);
		if (id == self)
			return err_set(
				e, ERR_REJECTED, "ticket %jd cannot be linked to itself", (intmax_t)id);
		if (ticket_load(w->desk, w->tx, w->arena, id, &row, e) != 0)
			return err_prefix(e, "the decision's link %u", i + 1);
		if (value_is_text(value_get(link, "type"), "merged_into") &&
			check_merge(w, row, self, id, e) != 0)
			return -1;
	}
	return 0;
}

/* What is to hang on a case that was merged, as a job may still say, hangs on the one that goes on. */
static int64_t linked_id(struct work *w, const struct value *link)
{
	int64_t id = value_int_or(value_get(link, "id"), 0);
	struct value row;
	struct err e;

	return value_is_text(value_get(link, "type"), "parent") && ticket_load_merged(w, id, &row, &e) == 0 &&
			       value_is_text(value_get(&row, "kind"), CASE_KIND)
		       ? value_int_or(value_get(&row, "id"), id)
		       : id;
}

/* Take links away; without an id all of the type. */
static void apply_unlinks(struct work *w, const struct value *unlinks, struct value *row)
{
	for (uint32_t i = 0; unlinks != NULL && i < unlinks->n; i++) {
		const struct value *type = value_get(&unlinks->as.items[i], "type"),
				   *links = value_get(row, "links");
		struct value old =
			links == NULL ? value_array(w->arena, 0) : *links; /* row's pairs move below */
		struct value kept = value_array(w->arena, old.n);
		int64_t id = value_int_or(value_get(&unlinks->as.items[i], "id"), 0);

		for (uint32_t k = 0; k < old.n; k++) {
			const struct value *link = &old.as.items[k], *of = value_get(link, "type");

			if (type == NULL || of == NULL || !value_equal(type, of) ||
				(id != 0 && value_int_or(value_get(link, "id"), 0) != id))
				value_push(w->arena, &kept, *link);
			else if (value_is_text(of, "parent") || value_is_text(of, "merged_into"))
				value_unset(row, value_cstr(w->arena, of));
		}
		if (kept.n > 0)
			value_set(w->arena, row, "links", kept);
		else
			value_unset(row, "links");
	}
}

/* A sentence under one of these keys, whatever shows it, begins so; NULL: it is none. */
static const char *drill_head(const struct value *key)
{
	static const char *const heads[][2] = {
		{"title", "【演练】"}, {"text", "【演练】"}, {"zh", "【演练】"}, {"en", "DRILL: "}};

	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (value_is_text(key, heads[i][0]))
			return heads[i][1];
	return NULL;
}

static bool begins_with(const struct value *text, const char *head)
{
	return text->n >= strlen(head) && memcmp(text->as.text, head, strlen(head)) == 0;
}

static struct value drill_texts(struct arena *a, const struct value *data)
{
	struct value out = value_map(a, data->n + 2);

	for (uint32_t i = 0; i < data->n; i++) {
		const struct pair *p = &data->as.pairs[i];
		struct value v = p->val.type == VALUE_MAP ? drill_texts(a, &p->val) : p->val;
		const char *head = v.type == VALUE_TEXT && v.n > 0 ? drill_head(&p->key) : NULL;

		if (head != NULL && !begins_with(&v, head))
			v = value_printf(a, "%s%.*s", head, (int)v.n, v.as.text);
		value_add_key(a, &out, p->key, v);
	}
	return out;
}

void mark_drill(struct arena *a, struct value *data)
{
	*data = drill_texts(a, data);
	value_set(a, data, "drill", value_bool(true));
	value_set(a, data, "label", value_literal("演练"));
}

/* "{id}" and "{no}" in what is told are the ticket's; of a drill all says so. */
static struct value told(struct work *w, const struct value *data, const struct value *row)
{
	struct value out = data == NULL ? value_nil : task_data(w, data, row);

	if (out.type == VALUE_MAP && value_true(value_path(row, "fields.drill")))
		mark_drill(w->arena, &out);
	return out;
}

static void apply_notices(struct work *w, const struct value *notices, const struct value *row)
{
	for (uint32_t i = 0; notices != NULL && i < notices->n; i++) {
		const struct value *topic = value_get(&notices->as.items[i], "topic");
		const struct value *data = value_get(&notices->as.items[i], "data");
		struct value both = value_array(w->arena, 2);

		value_push(w->arena, &both, topic == NULL ? value_literal("duty") : *topic);
		value_push(w->arena, &both, told(w, data, row));
		value_push(w->arena, &w->notices, both);
	}
}

/* A pack may answer anything; what follows reads these parts as what they must be. */
static int check_shape(const struct value *decision, struct err *e)
{
	static const char *const lists[] = {"links", "clocks", "timers", "cancel_timers", "notices", "open",
		"unlinks", "acts", "cancel_tasks"};
	const struct value *set = value_get(decision, "set"), *notices;

	if (set != NULL && set->type != VALUE_MAP)
		return err_set(
			e, ERR_REJECTED, "the decision's set is %s, expected a map", value_type_name(set));
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		const struct value *v = value_get(decision, lists[i]);

		if (v != NULL && v->type != VALUE_ARRAY && !(v->type == VALUE_MAP && v->n == 0))
			return err_set(e, ERR_REJECTED, "the decision's %s is %s, expected a list", lists[i],
				value_type_name(v));
	}
	notices = value_get(decision, "notices");
	for (uint32_t i = 0; notices != NULL && i < notices->n; i++) {
		const struct value *topic = value_get(&notices->as.items[i], "topic");

		if (topic != NULL && topic->type != VALUE_TEXT)
			return err_set(e, ERR_REJECTED,
				"the topic of the decision's notice %u is %s, expected text", i + 1,
				value_type_name(topic));
	}
	return 0;
}

/* Bytes that the encoded value has at most. */
static size_t size_max(const struct value *v)
{
	size_t n = 9;

	if (v->type == VALUE_TEXT || v->type == VALUE_BIN || v->type == VALUE_EXT)
		n += v->n;
	for (uint32_t i = 0; v->type == VALUE_ARRAY && i < v->n; i++)
		n += size_max(&v->as.items[i]);
	for (uint32_t i = 0; v->type == VALUE_MAP && i < v->n; i++)
		n += size_max(&v->as.pairs[i].key) + size_max(&v->as.pairs[i].val);
	return n;
}

/* Larger than this it could not be answered, and would not fit its entry with what else changes. */
static int check_size(struct work *w, const struct value *row, struct err *e)
{
	struct buf *b = &w->desk->scratch;

	if (size_max(row) <= ROW_BYTES_MAX)
		return 0;
	buf_reset(b);
	value_encode(b, row);
	if (!b->is_full && b->n <= ROW_BYTES_MAX)
		return 0;
	return err_set(e, ERR_TOO_LARGE, "the ticket would have more than %zu bytes", ROW_BYTES_MAX);
}

int decision_apply(struct work *w, const struct value *decision, struct value *row, struct err *e)
{
	const struct value *set = value_get(decision, "set"), *links = value_get(decision, "links");
	const struct value *tasks = value_get(decision, "tasks"), *jobs = value_get(decision, "jobs"),
			   *advice = value_get(decision, "advice");
	bool was_open = ticket_is_open(row);

	if (check_shape(decision, e) != 0)
		return -1;
	for (uint32_t i = 0; set != NULL && i < set->n; i++)
		if (check_set(w, &set->as.pairs[i], e) != 0)
			return -1;
	if (tasks_check(w, tasks, e) != 0 || jobs_check(w, jobs, e) != 0)
		return -1;
	if (check_links(w, links, value_int_or(value_get(row, "id"), 0), e) != 0)
		return -1;
	for (uint32_t i = 0; set != NULL && i < set->n; i++)
		set_one(w, row, &set->as.pairs[i]);
	apply_unlinks(w, value_get(decision, "unlinks"), row);
	for (uint32_t i = 0; links != NULL && i < links->n; i++)
		ticket_link(w, row, value_cstr(w->arena, value_get(&links->as.items[i], "type")),
			linked_id(w, &links->as.items[i]));
	if (clocks_apply(w, value_get(decision, "clocks"), row, e) != 0 ||
		timers_apply(
			w, value_get(decision, "timers"), value_get(decision, "cancel_timers"), row, e) != 0)
		return -1;
	if (advice != NULL) {
		words_say(w, advice);
		value_set(w->arena, row, "advice", *advice);
	}
	if (check_size(w, row, e) != 0)
		return -1;
	if (ticket_is_open(row)) {
		if (!was_open)
			value_unset(row, "closed");
	} else {
		if (value_get(row, "closed") == NULL)
			value_set(w->arena, row, "closed", value_int(w->now_ms));
		if (clocks_stop_all(w, row, e) != 0)
			return -1;
	}
	if (grants_apply(w, decision, row, e) != 0 ||
		tasks_withdraw(w, value_get(decision, "cancel_tasks"), row, e) != 0 ||
		jobs_withdraw(w, value_get(decision, "cancel_tasks"), jobs, row, e) != 0)
		return -1;
	apply_notices(w, value_get(decision, "notices"), row); /* last: what follows cannot be taken back */
	tasks_put(w, tasks, row);
	jobs_put(w, jobs, row);
	return 0;
}
