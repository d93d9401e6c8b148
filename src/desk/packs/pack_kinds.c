/*
 * Kinds of tickets that another pack does not have. Open tickets of theirs could never be acted on again, so the
 * pack is refused; of those that are over nothing is lost.
 */
#include <stdio.h>
#include <string.h>

#include "desk/packs_int.h"

#define NAMED_MAX 5

struct open_tickets {
	struct desk *desk;
	struct arena arena;
	uint32_t n;
	struct value named; /* the first NAMED_MAX: their numbers as people say them */
};

static int add(struct open_tickets *of, struct slice key, struct err *e)
{
	struct value row;

	if (of->n++ >= NAMED_MAX)
		return 0;
	if (ticket_load(of->desk, NULL, &of->arena, (int64_t)load_be64((const uint8_t *)key.p + key.n - 8),
		    &row, e) != 0)
		return -1;
	if (value_get(&row, "no") != NULL)
		value_push(&of->arena, &of->named, *value_get(&row, "no"));
	return 0;
}

static int add_status(struct open_tickets *of, const struct value *kind, const char *status, struct err *e)
{
	struct slice texts[2] = {value_slice(kind), slice_of(status, strlen(status))};
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

static const char *names(struct open_tickets *of, const char *comma)
{
	const char *text = "";

	for (uint32_t i = 0; i < of->named.n; i++)
		text = arena_printf(&of->arena, "%s%s%s", text, i > 0 ? comma : "",
			value_cstr(&of->arena, &of->named.as.items[i]));
	return text;
}

static void tell(struct open_tickets *of, const char *kind, struct rules_error *out)
{
	const char *more =
		of->n > of->named.n ? arena_printf(&of->arena, " and %u more", of->n - of->named.n) : "";

	snprintf(out->message, sizeof(out->message),
		"%u ticket%s of kind \"%.60s\" %s open (%s%s), but this pack does not have the kind", of->n,
		of->n == 1 ? "" : "s", kind, of->n == 1 ? "is" : "are", names(of, ", "), more);
	snprintf(out->message_zh, sizeof(out->message_zh),
		"有 %u 件“%.60s”工单未结（%s%s），而这个规则包没有这种工单", of->n, kind, names(of, "、"),
		more[0] == '\0' ? "" : " 等");
	snprintf(out->cure, sizeof(out->cure), "keep kind \"%.60s\", or bring these tickets to an end first",
		kind);
	snprintf(out->cure_zh, sizeof(out->cure_zh), "请保留 kind “%.60s”，或先办结这些工单", kind);
}

static int look(struct desk *d, const struct value *kind, struct rules_error *out, struct err *e)
{
	struct open_tickets of = {.desk = d};
	int rc = 0;

	arena_init(&of.arena, 0);
	of.named = value_array(&of.arena, NAMED_MAX);
	for (size_t i = 0; rc == 0 && ticket_open_statuses[i] != NULL; i++)
		rc = add_status(&of, kind, ticket_open_statuses[i], e);
	if (rc == 0 && of.n > 0) {
		tell(&of, value_cstr(&of.arena, kind), out);
		rc = 1;
	}
	arena_fini(&of.arena);
	return rc;
}

int pack_kinds_lost(struct desk *d, const struct value *catalog, struct rules_error *out, struct err *e)
{
	const struct value *live = value_get(packs_catalog(d->packs), "kinds"),
			   *kept = value_get(catalog, "kinds");
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && value_is(live, VALUE_MAP) && i < live->n; i++) {
		const struct value *kind = &live->as.pairs[i].key;

		if (value_get_n(kept, value_slice(kind).p, value_slice(kind).n) == NULL)
			rc = look(d, kind, out, e);
	}
	return rc;
}
