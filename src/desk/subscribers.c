/* subscriber.put: what CRM knows of a number, kept for the next complaint about it. Intake never waits for
 * CRM. */
#include <string.h>

#include "desk_int.h"

#define NUMBER_KEY_MAX 64

static struct slice number_key(const struct value *number)
{
	struct slice key = value_slice(number);

	return key.n > NUMBER_KEY_MAX ? slice_of(NULL, 0) : key;
}

int subscribers_new(struct desk *d, struct err *e)
{
	struct scan s;
	int got;

	scan_init(&s, d->store, NULL, TABLE_SUBSCRIBER, slice_of(NULL, 0), slice_of(NULL, 0), false);
	got = scan_next(&s, e);
	scan_fini(&s);
	d->has_subscribers = got == 1;
	return got < 0 ? -1 : 0;
}

int subscriber_fact(struct work *w, const struct value *row, struct value *facts, struct err *e)
{
	const struct value *subject = value_get(row, "subject");
	struct slice key = number_key(value_get(subject, "id"));
	struct value known;
	int got;

	if (!w->desk->has_subscribers || key.n == 0 || !value_is_text(value_get(subject, "type"), "mobile"))
		return 0;
	got = row_get(w->desk, w->tx, w->arena, TABLE_SUBSCRIBER, key, &known, e);
	if (got == 1)
		value_add(w->arena, facts, "subscriber", known);
	return got < 0 ? -1 : 0;
}

static int check_city(struct work *w, const struct value *city, struct err *e)
{
	const struct value *cities = value_get(packs_catalog(w->desk->packs), "cities");
	const char *text = value_cstr(w->arena, city);

	if (city == NULL || value_get_n(cities, city->as.text, city->n) != NULL)
		return 0;
	return err_arg(e, ERR_BAD_REQUEST, "city", text, "city \"%s\" is not in the catalog", text);
}

/* The row becomes what was put; a put of the number alone forgets it. */
static int subscriber_put(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct value plain, row = value_map(w->arena, args->n);
	struct slice key;

	if (numbers_plain(w->arena, packs_catalog(w->desk->packs), args, &plain))
		args = &plain;
	key = number_key(value_get(args, "number"));
	if (key.n == 0)
		return err_arg(
			e, ERR_BAD_REQUEST, "number", NULL, "number must have 1 to %d bytes", NUMBER_KEY_MAX);
	if (check_city(w, value_get(args, "city"), e) != 0)
		return -1;
	for (uint32_t i = 0; i < args->n; i++) {
		const struct pair *p = &args->as.pairs[i];

		if (p->val.type != VALUE_NIL && !value_is_text(&p->key, "number") &&
			!value_is_text(&p->key, "request_id"))
			value_add(w->arena, &row, value_cstr(w->arena, &p->key), p->val);
	}
	if (row.n == 0) {
		tx_del(w->tx, TABLE_SUBSCRIBER, key);
	} else {
		value_add(w->arena, &row, "at", value_int(w->now_ms));
		row_put(w, TABLE_SUBSCRIBER, key, &row);
		w->desk->has_subscribers = true;
	}
	*result = value_map(w->arena, 2);
	value_add(w->arena, result, "number", *value_get(args, "number"));
	value_add(w->arena, result, "known", value_bool(row.n > 0));
	return 0;
}

static int on_put(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, subscriber_put, result, e);
}

static const struct rpc_arg put_args[] = {
	{.name = "number",
		.type = ARG_TEXT,
		.is_required = true,
		.min = 1,
		.max = NUMBER_KEY_MAX,
		.help = "as people write it; kept plainly"},
	{.name = "city",
		.type = ARG_TEXT,
		.of = "cities",
		.help = "where it is used now: ported numbers, moved customers"},
	{.name = "name", .type = ARG_TEXT, .help = "the customer's"},
	{.name = "brand", .type = ARG_TEXT, .help = "brand"},
	{.name = "star", .type = ARG_INT, .min = 0, .max = STAR_MAX, .help = "stars"},
	{.name = "group", .type = ARG_TEXT, .help = "the company it belongs to"},
	{.name = "vip", .type = ARG_BOOL, .help = "a very important customer"},
	{.name = "age65", .type = ARG_BOOL, .help = "65 or older"},
	{.name = "carrier", .type = ARG_TEXT, .help = "who serves it now, if it was ported"},
	{.name = "fields", .type = ARG_MAP, .help = "what else CRM knows"},
};
static const struct rpc_method methods[] = {
	{.name = "subscriber.put",
		.handler = on_put,
		RPC_ARGS(put_args),
		.roles = ROLE_ADAPTER | ROLE_ADMIN,
		.flags = RPC_CHANGES,
		.help = "What CRM knows of a number: it fills the next complaint. The number alone forgets "
			"it.",
		.returns = "{number, known}"},
};

void subscribers_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
