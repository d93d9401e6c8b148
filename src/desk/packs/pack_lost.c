/*
 * What another pack does not have though tickets are in the middle of it: kinds and stages of open tickets, which
 * could never be acted on again, and recordings that drills play. The pack is refused and all of it is named; of
 * what is over nothing is lost. Faults are looked after in affected/, warnings in warning/.
 */
#include <stdio.h>
#include <string.h>

#include "desk/affected.h"
#include "desk/cases.h"
#include "desk/packs_int.h"
#include "desk/warn.h"

#define NAMED_MAX 5

struct rules_error *pack_lost_add(
	struct rules_report *report, const struct value *catalog, const char *of, struct slice name)
{
	struct rules_error *f = rules_report_add(report);
	struct slice place =
		value_slice(value_get_n(value_get(value_get(catalog, "places"), of), name.p, name.n));
	const char *colon = place.n == 0 ? NULL : memrchr(place.p, ':', place.n);

	if (colon == NULL)
		return f;
	snprintf(f->file, sizeof(f->file), "%.*s", (int)(colon - (const char *)place.p),
		(const char *)place.p);
	for (const char *p = colon + 1; p < (const char *)place.p + place.n && *p >= '0' && *p <= '9'; p++)
		f->line = f->line * 10 + (*p - '0');
	return f;
}

/* ---- open tickets that are in it ----------------------------------------------------------------------- */
/* Whether the row is one of those that are looked for; its name is that of a stage, a drill. */
typedef bool is_in_it(const struct value *row, const struct value *name);

struct open_tickets {
	struct desk *desk;
	is_in_it *is_in_it; /* NULL: all of the kind */
	const struct value *name;
	struct arena arena, rows;
	uint32_t n;
	struct value named; /* the first NAMED_MAX: their numbers as people say them */
};

static int add(struct open_tickets *of, struct slice key, struct err *e)
{
	struct value row;

	if (of->is_in_it == NULL && of->n >= NAMED_MAX) {
		of->n++;
		return 0;
	}
	arena_reset(&of->rows);
	if (ticket_load(of->desk, NULL, &of->rows, (int64_t)load_be64((const uint8_t *)key.p + key.n - 8),
		    &row, e) != 0)
		return -1;
	if (of->is_in_it != NULL && !of->is_in_it(&row, of->name))
		return 0;
	if (of->n++ < NAMED_MAX && value_get(&row, "no") != NULL)
		value_push(&of->arena, &of->named, value_copy(&of->arena, value_get(&row, "no")));
	return 0;
}

static int add_status(struct open_tickets *of, struct slice kind, const char *status, struct err *e)
{
	struct slice texts[2] = {kind, slice_of(status, strlen(status))};
	struct slice from = index_prefix(&of->arena, of->desk->lexicon, INDEX_STATUS, texts, 2);
	struct scan s;
	int got;

	scan_init(&s, of->desk->store, NULL, TABLE_INDEX, from, key_after(&of->arena, from), false);
	while ((got = scan_next(&s, e)) == 1)
		if (add(of, s.key, e) != 0) {
			got = -1;
			break;
		}
	scan_fini(&s);
	return got;
}

/* With a name to look for every open ticket of the kind is read: only where a pack drops what the live one has. */
static int find_open(struct open_tickets *of, struct desk *d, struct slice kind, is_in_it *is_it,
	const struct value *name, struct err *e)
{
	int rc = 0;

	memset(of, 0, sizeof(*of));
	of->desk = d;
	of->is_in_it = is_it;
	of->name = name;
	arena_init(&of->arena, 0);
	arena_init(&of->rows, 0);
	of->named = value_array(&of->arena, NAMED_MAX);
	for (size_t i = 0; rc == 0 && ticket_open_statuses[i] != NULL; i++)
		rc = add_status(of, kind, ticket_open_statuses[i], e);
	return rc;
}

static void open_fini(struct open_tickets *of)
{
	arena_fini(&of->arena);
	arena_fini(&of->rows);
}

/* "C1, C2 and 3 more" */
static const char *named(struct open_tickets *of)
{
	const char *names = value_joined(&of->arena, &of->named, ", ");

	return of->n > of->named.n ? arena_printf(&of->arena, "%s and %u more", names, of->n - of->named.n)
				   : names;
}

static const char *named_zh(struct open_tickets *of)
{
	const char *names = value_joined(&of->arena, &of->named, "、");

	return of->n > of->named.n ? arena_printf(&of->arena, "%s 等", names) : names;
}

/* ---- kinds, stages, recordings ------------------------------------------------------------------------- */
struct comparison {
	struct desk *desk;
	const struct value *live, *kept; /* catalogs */
	struct rules_report *report;
};

static int look_at_kind(const struct comparison *c, const struct value *kind, struct err *e)
{
	struct open_tickets of;
	const char *name;
	int rc = find_open(&of, c->desk, value_slice(kind), NULL, NULL, e);

	if (rc == 0 && of.n > 0) {
		struct rules_error *f = pack_lost_add(c->report, c->live, "kinds", value_slice(kind));

		name = value_cstr(&of.arena, kind);
		snprintf(f->message, sizeof(f->message),
			"%u ticket%s of kind \"%.60s\" %s open (%s), but this pack does not have the kind",
			of.n, of.n == 1 ? "" : "s", name, of.n == 1 ? "is" : "are", named(&of));
		snprintf(f->message_zh, sizeof(f->message_zh),
			"有 %u 件“%.60s”工单未结（%s），而这个规则包没有这种工单", of.n, name, named_zh(&of));
		snprintf(f->cure, sizeof(f->cure),
			"keep kind \"%.60s\", or bring these tickets to an end first", name);
		snprintf(f->cure_zh, sizeof(f->cure_zh), "请保留 kind “%.60s”，或先办结这些工单", name);
	}
	open_fini(&of);
	return rc;
}

static bool is_at_stage(const struct value *row, const struct value *stage)
{
	return value_get(row, "stage") != NULL && value_equal(value_get(row, "stage"), stage);
}

static int look_at_stage(
	const struct comparison *c, const struct value *kind, const struct value *stage, struct err *e)
{
	struct open_tickets of;
	int rc = find_open(&of, c->desk, value_slice(kind), is_at_stage, stage, e);

	if (rc == 0 && of.n > 0) {
		struct rules_error *f = pack_lost_add(c->report, c->kept, "kinds", value_slice(kind));
		const char *name = value_cstr(&of.arena, stage), *of_kind = value_cstr(&of.arena, kind);

		snprintf(f->message, sizeof(f->message),
			"%u ticket%s of kind \"%.60s\" %s at stage \"%.60s\" (%s), which the kind does not "
			"have in this pack",
			of.n, of.n == 1 ? "" : "s", of_kind, of.n == 1 ? "is" : "are", name, named(&of));
		snprintf(f->message_zh, sizeof(f->message_zh),
			"有 %u 件“%.60s”工单处于环节“%.60s”（%s），而这个规则包的这种工单没有该环节", of.n,
			of_kind, name, named_zh(&of));
		snprintf(f->cure, sizeof(f->cure), "keep stage \"%.60s\", or move these tickets on first",
			name);
		snprintf(f->cure_zh, sizeof(f->cure_zh), "请保留 stage “%.60s”，或先把这些工单办到别的环节",
			name);
	}
	open_fini(&of);
	return rc;
}

static bool is_playing(const struct value *row, const struct value *drill)
{
	const struct value *source = value_path(row, "fields.replay.source");

	return source != NULL && value_equal(source, drill) &&
	       value_path(row, "fields.replay_ended_at") == NULL;
}

static int look_at_drill(const struct comparison *c, const struct value *drill, struct err *e)
{
	struct open_tickets of;
	int rc = find_open(&of, c->desk, SLICE_TEXT(CASE_KIND), is_playing, drill, e);

	if (rc == 0 && of.n > 0) {
		struct rules_error *f = pack_lost_add(c->report, c->live, "drills", value_slice(drill));
		const char *name = value_cstr(&of.arena, drill);

		snprintf(f->message, sizeof(f->message),
			"drill \"%.60s\" is being played (%s), but this pack does not have its recording",
			name, named(&of));
		snprintf(f->message_zh, sizeof(f->message_zh),
			"演练“%.60s”正在进行（%s），而这个规则包没有它的记录", name, named_zh(&of));
		snprintf(f->cure, sizeof(f->cure), "keep drill \"%.60s\", or stop it first", name);
		snprintf(f->cure_zh, sizeof(f->cure_zh), "请保留 drill “%.60s”，或先停止它", name);
	}
	open_fini(&of);
	return rc;
}

static bool has(const struct value *map, const struct value *name)
{
	return value_get_n(map, name->as.text, name->n) != NULL;
}

static int look_at_stages(const struct comparison *c, const struct pair *kind, struct err *e)
{
	struct slice name = value_slice(&kind->key);
	const struct value *live = value_get(&kind->val, "stages"),
			   *kept = value_get(
				   value_get_n(value_get(c->kept, "kinds"), name.p, name.n), "stages");

	for (uint32_t i = 0; value_is(live, VALUE_MAP) && i < live->n; i++)
		if (!has(kept, &live->as.pairs[i].key) &&
			look_at_stage(c, &kind->key, &live->as.pairs[i].key, e) != 0)
			return -1;
	return 0;
}

static int look_at_all(const struct comparison *c, struct err *e)
{
	const struct value *kinds = value_get(c->live, "kinds"), *drills = value_get(c->live, "drills");

	for (uint32_t i = 0; value_is(kinds, VALUE_MAP) && i < kinds->n; i++) {
		const struct pair *kind = &kinds->as.pairs[i];

		if ((has(value_get(c->kept, "kinds"), &kind->key) ? look_at_stages(c, kind, e)
								  : look_at_kind(c, &kind->key, e)) != 0)
			return -1;
	}
	for (uint32_t i = 0; value_is(drills, VALUE_MAP) && i < drills->n; i++)
		if (!has(value_get(c->kept, "drills"), &drills->as.pairs[i].key) &&
			look_at_drill(c, &drills->as.pairs[i].key, e) != 0)
			return -1;
	return 0;
}

int pack_lost(struct desk *d, const struct watches *watches, const struct value *catalog,
	struct rules_report *report, struct err *e)
{
	struct comparison c = {d, packs_catalog(d->packs), catalog, report};

	return look_at_all(&c, e) != 0 || affected_lost(d, catalog, report, e) != 0 ||
			       warn_standing_lost(d, watches, catalog, report, e) != 0
		       ? -1
		       : 0;
}
