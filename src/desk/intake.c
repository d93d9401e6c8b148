/* ticket.create: a complaint comes in. It is never lost to a form: what is odd or missing is the pack's to
 * judge. */
#include <string.h>

#include "affected.h"
#include "cases.h"
#include "heard.h"
#include "names.h"
#include "sources.h"
#include "tocsin/civil.h"
#include "tocsin/log.h"
#include "warn.h"

/* Fields taken from the call into the row as they came. */
static const char *const taken[] = {"channel", "subject", "number", "caller", "callback", "customer",
	"category", "city", "title", "text", "priority", "form", "fields", "occurred", "source_ref",
	"outcome"};

static int check_name(
	struct work *w, const struct value *args, const char *argument, const char *map, struct err *e)
{
	return catalog_check(
		w->arena, packs_catalog(w->desk->packs), map, argument, value_get(args, argument), e);
}

static int check_names(struct work *w, const struct value *args, struct err *e)
{
	return check_name(w, args, "kind", "kinds", e) != 0 ||
			       check_name(w, args, "channel", "channels", e) != 0 ||
			       check_name(w, args, "category", "categories", e) != 0 ||
			       check_name(w, args, "city", "cities", e) != 0 ||
			       check_name(w, args, "form", "forms", e) != 0
		       ? -1
		       : 0;
}

/* The subject as it was said; one without an id is none: no two complaints are of the same nobody. */
static int take_said(struct work *w, const struct value *subject, const struct value *number,
	struct value *row, struct err *e)
{
	const struct value *id = value_get(subject, "id");

	if (id->n == 0) {
		value_unset(row, "subject");
		return 0;
	}
	if (!value_is_text(value_get(subject, "type"), "mobile"))
		return 0;
	if (number != NULL && number->n > 0 && !value_equal(number, id))
		return err_arg(e, ERR_BAD_REQUEST, "number", value_cstr(w->arena, number),
			"number %s and subject.id %s are two; a subject of type mobile is the number",
			value_cstr(w->arena, number), value_cstr(w->arena, id));
	value_set(w->arena, row, "number", *id);
	return 0;
}

/* `number` is the subject of type mobile; a subject of type mobile is the number. */
static int take_subject(struct work *w, const struct value *args, struct value *row, struct err *e)
{
	const struct value *subject = value_get(args, "subject"), *number = value_get(args, "number");
	struct value made;

	if (subject != NULL) {
		if (!value_is(value_get(subject, "type"), VALUE_TEXT) ||
			!value_is(value_get(subject, "id"), VALUE_TEXT))
			return err_arg(
				e, ERR_BAD_REQUEST, "subject", NULL, "subject must be {type=text, id=text}");
		if (value_get(subject, "id")->n > 0 || number == NULL || number->n == 0)
			return take_said(w, subject, number, row, e);
	}
	if (number == NULL || number->n == 0)
		return 0;
	made = value_map(w->arena, 2);
	value_add(w->arena, &made, "type", value_literal("mobile"));
	value_add(w->arena, &made, "id", *number);
	value_set(w->arena, row, "subject", made);
	return 0;
}

static struct slice reference_key(struct work *w, const struct value *args)
{
	struct slice channel = value_slice(value_get(args, "channel")),
		     ref = value_slice(value_get(args, "source_ref"));
	uint8_t *p;

	if (ref.n == 0)
		return slice_of(NULL, 0);
	p = arena_alloc(w->arena, channel.n + 1 + ref.n);
	memcpy(p, channel.p, channel.n);
	p[channel.n] = 0;
	memcpy(p + channel.n + 1, ref.p, ref.n);
	if (channel.n + 1 + ref.n > 480) { /* longer than a key may be: its digest stands for it */
		uint8_t digest[SHA256_LEN];

		sha256(p, channel.n + 1 + ref.n, digest);
		return slice_of(arena_copy(w->arena, digest, sizeof(digest)), sizeof(digest));
	}
	return slice_of(p, channel.n + 1 + ref.n);
}

/* What the ticket of that reference says otherwise: "text", "number", or NULL. What it no longer has is the same. */
static const char *differing(const struct value *args, const struct value *row)
{
	static const char *const compared[] = {"text", "number"};

	for (size_t i = 0; i < sizeof(compared) / sizeof(compared[0]); i++) {
		const struct value *said = value_get(args, compared[i]), *has = value_get(row, compared[i]);

		if (said != NULL && said->n > 0 && has != NULL && has->n > 0 && !value_equal(said, has))
			return compared[i];
	}
	return NULL;
}

/* (channel, source_ref) is unique for ever. The same again is known; another complaint under it is named, lest it
 * be taken for the same. */
static int check_reference(struct work *w, const struct value *args, struct slice key, struct err *e)
{
	struct slice val;
	int got = key.n == 0 ? 0 : tx_get(w->tx, TABLE_REFERENCE, key, &val, e);
	const char *ref, *channel, *other;
	struct value row;
	uint64_t id;

	if (got <= 0)
		return got;
	id = load_be64(val.p);
	if (ticket_load(w->desk, w->tx, w->arena, (int64_t)id, &row, e) != 0)
		return -1;
	ref = value_cstr(w->arena, value_get(args, "source_ref"));
	channel = value_cstr(w->arena, value_get(args, "channel"));
	other = differing(args, &row);
	if (other == NULL)
		err_arg(e, ERR_CONFLICT, "source_ref", ref,
			"source_ref \"%s\" of channel %s is ticket %ju already", ref, channel, (uintmax_t)id);
	else
		err_arg(e, ERR_CONFLICT, other, NULL,
			"source_ref \"%s\" of channel %s is ticket %ju already, with another %s", ref,
			channel, (uintmax_t)id, other);
	snprintf(e->reason, sizeof(e->reason), "id=%ju", (uintmax_t)id);
	return -1;
}

/* "C20260922-000017": the kind's prefix, the local date, the id. */
static struct value make_no(struct work *w, const struct value *kind, int64_t created_ms, int64_t id)
{
	struct slice prefix = value_slice(value_get(kind, "prefix"));
	char date[16], digits[24], *no;
	size_t at = sizeof(digits);

	if (prefix.n == 0)
		prefix = SLICE_TEXT("T");
	for (int64_t left = id; left > 0 || sizeof(digits) - at < 6; left /= 10)
		digits[--at] = (char)('0' + left % 10);
	civil_format(civil_day_of(created_ms), date);
	no = arena_alloc(w->arena, prefix.n + 9 + sizeof(digits));
	memcpy(no, prefix.p, prefix.n);
	memcpy(no + prefix.n, date, 4);
	memcpy(no + prefix.n + 4, date + 5, 2);
	memcpy(no + prefix.n + 6, date + 8, 2);
	no[prefix.n + 8] = '-';
	memcpy(no + prefix.n + 9, digits + at, sizeof(digits) - at);
	return value_borrow(no, prefix.n + 9 + sizeof(digits) - at);
}

static struct value new_row(struct work *w, const struct value *args, int64_t id)
{
	struct arena *a = w->arena;
	const struct value *kind_name = value_get(args, "kind"), *kind, *first;
	struct value row = value_map(a, 40);
	int64_t created = value_int_or(value_get(args, "created"), w->now_ms);

	kind = packs_kind(w->desk->packs, kind_name);
	first = value_get(kind, "first");
	value_add(a, &row, "id", value_int(id));
	value_add(a, &row, "no", make_no(w, kind, created, id));
	value_add(a, &row, "kind", kind_name == NULL ? value_literal("complaint") : *kind_name);
	value_add(a, &row, "status",
		value_get(first, "status") ? *value_get(first, "status") : value_literal("acknowledged"));
	value_add(a, &row, "stage",
		value_get(first, "stage") ? *value_get(first, "stage") : value_literal("accepted"));
	value_add(a, &row, "version", value_int(0));
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (value_get(args, taken[i]) != NULL)
			value_add(a, &row, taken[i], *value_get(args, taken[i]));
	value_add(a, &row, "created", value_int(created));
	value_add(a, &row, "created_by", value_literal(w->who));
	value_add(a, &row, "complete", value_bool(true));
	value_add(a, &row, "missing", value_array(a, 0));
	value_add(a, &row, "contacts", value_int(0));
	return row;
}

/* What create answers: the contract's fields that the row has. */
static struct value answer(struct work *w, const struct value *row)
{
	static const char *const shown[] = {"id", "no", "status", "stage", "version", "complete", "missing",
		"category", "city", "grade", "queue", "department", "owner", "due", "advice"};
	const struct value *links = value_get(row, "links");
	struct value r = value_map(w->arena, 20);

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL)
			value_add(w->arena, &r, shown[i], *value_get(row, shown[i]));
	if (value_get(row, "due") == NULL)
		value_add(w->arena, &r, "due", value_map(w->arena, 0));
	for (uint32_t i = 0; links != NULL && i < links->n; i++) {
		const struct value *type = value_get(&links->as.items[i], "type");

		if (value_is_text(type, "duplicate_of"))
			value_add(w->arena, &r, "duplicate_of", *value_get(&links->as.items[i], "id"));
		else if (value_is_text(type, "parent") || value_is_text(type, "incident"))
			value_set(w->arena, &r, "incident", *value_get(&links->as.items[i], "id"));
	}
	if (value_get(row, "advice") == NULL)
		value_add(w->arena, &r, "advice", value_array(w->arena, 0));
	value_add(w->arena, &r, "generation", value_int(packs_generation(w->desk->packs)));
	return r;
}

/* Facts of a create: the row as it came in, without what the core itself made. */
static int create_facts(struct work *w, const struct value *row, struct value *facts, struct err *e)
{
	static const char *const made[] = {
		"id", "no", "version", "created_by", "complete", "missing", "contacts", "status", "stage"};
	struct value ticket = value_copy_map(w->arena, row), history;

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		value_unset(&ticket, made[i]);
	*facts = facts_base(w);
	value_add(w->arena, facts, "ticket", ticket);
	if (facts_history(w, row, &history, e) != 0)
		return -1;
	if (history.type != VALUE_NIL)
		value_add(w->arena, facts, "history", history);
	if (subscriber_fact(w, row, facts, e) != 0 ||
		cases_facts(w, value_get(row, "city"), value_get(row, "category"), facts, e) != 0)
		return -1;
	affected_fact(w, row, facts);
	if (heard_fact(w, value_get(row, "number"), facts, e) != 0 ||
		again_fact(w, value_get(row, "number"), facts, e) != 0)
		return -1;
	if (w->is_import)
		value_add(w->arena, facts, "is_import", value_bool(true));
	return 0;
}

/* Duplicates are closed by the pack; the original counts them as a contact. */
static int count_duplicate(struct work *w, const struct value *row, struct err *e)
{
	const struct value *links = value_get(row, "links");

	for (uint32_t i = 0; links != NULL && i < links->n; i++) {
		struct value before, after;

		if (!value_is_text(value_get(&links->as.items[i], "type"), "duplicate_of"))
			continue;
		if (ticket_load_merged(
			    w, value_int_or(value_get(&links->as.items[i], "id"), 0), &before, e) != 0)
			return -1;
		after = value_copy_map(w->arena, &before);
		value_set(w->arena, &after, "contacts",
			value_int(value_int_or(value_get(&before, "contacts"), 0) + 1));
		if (ticket_save(w, &before, &after, e) != 0)
			return -1;
	}
	return 0;
}

int ticket_open(struct work *w, const struct value *args, struct value *row, struct err *e)
{
	struct slice reference = reference_key(w, args);
	int64_t id = (int64_t)w->desk->last_ticket_id + 1 + w->n_opened;
	struct value facts, decision, plain;
	uint8_t id_bytes[8];

	if (numbers_plain(w->arena, packs_catalog(w->desk->packs), args, &plain))
		args = &plain;
	if (check_names(w, args, e) != 0 || check_reference(w, args, reference, e) != 0)
		return -1;
	*row = new_row(w, args, id);
	if (take_subject(w, args, row, e) != 0 || create_facts(w, row, &facts, e) != 0)
		return -1;
	if (work_ask(w, "create", &facts, &decision, e) != 0)
		return -1;
	if (decision_apply(w, &decision, row, e) != 0) {
		/* the pack decided something the core cannot do: the complaint is kept, the defect is shown
		 */
		*row = new_row(w, args, id);
		if (take_subject(w, args, row, e) != 0)
			return -1;
		work_otherwise(w, "create", e, row);
	}
	w->acts = value_get(&decision, "acts") == NULL ? value_nil : *value_get(&decision, "acts");
	w->again = value_get(&decision, "again") == NULL ? value_nil : *value_get(&decision, "again");
	w->n_opened++;
	store_be64(id_bytes, (uint64_t)id);
	if (reference.n > 0)
		tx_put(w->tx, TABLE_REFERENCE, reference, slice_of(id_bytes, 8));
	return 0;
}

/* The duty desk hears of what could not be done, and the record says it. */
static void tell_undone(struct work *w, int64_t self, const struct err *why)
{
	struct value both = value_array(w->arena, 2), data = value_map(w->arena, 3);

	log_line(LOG_ERROR, "create.acts", "ticket=%jd error=\"%s\"", (intmax_t)self, why->text);
	value_add(w->arena, &data, "event", value_literal("acts_failed"));
	value_add(w->arena, &data, "ticket", value_int(self));
	value_add(w->arena, &data, "error", value_text(w->arena, why->text, strlen(why->text)));
	value_push(w->arena, &both, value_literal("duty"));
	value_push(w->arena, &both, data);
	value_push(w->arena, &w->notices, both);
	value_add(w->arena, &w->extra, "acts_failed", *value_get(&data, "error"));
}

/* What the new ticket means for its case. It is taken in all the same when that cannot be done. */
static void act_on_others(struct work *w, const struct value *row)
{
	struct value acts = w->acts, again = w->again;
	int64_t self = value_int_or(value_get(row, "id"), 0);
	struct work was;
	struct err e;

	if (acts.type != VALUE_ARRAY)
		return;
	work_part(w, &was);
	if (also_act(w, &acts, self, &e) == 0 && again_keep(w, value_get(row, "number"), &again, &e) == 0) {
		work_part_keep(w);
		return;
	}
	work_part_drop(w, &was);
	tell_undone(w, self, &e);
}

int ticket_create(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value row;

	if (opening_check(w, args, e) != 0 || ticket_open(w, args, &row, e) != 0)
		return -1;
	if (ticket_save(w, NULL, &row, e) != 0 || count_duplicate(w, &row, e) != 0 ||
		warn_created(w, &row, e) != 0)
		return -1;
	act_on_others(w, &row);
	if (heard_reached(w, value_get(&row, "number"), e) != 0)
		return -1;
	source_seen(w, value_slice(value_get(args, "channel")));
	w->desk->counts.n_creates++;
	*result = answer(w, &row);
	return 0;
}
