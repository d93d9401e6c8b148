/* warning.act: what persons may do about a warning; the table of methods. */
#include <stdlib.h>
#include <string.h>

#include "desk/names.h"
#include "desk/pages.h"
#include "warn_int.h"

#define ACTS_KEPT 20 /* of what persons did about a key, the newest */

/* ---- warning.act --------------------------------------------------------------------------------------- */
static bool has_role(const struct work *w, const struct value *roles)
{
	for (uint32_t i = 0; roles != NULL && i < roles->n; i++)
		if (w->roles & role_by_name(value_cstr(w->arena, &roles->as.items[i])))
			return true;
	return (w->roles & ROLE_ADMIN) != 0;
}

static const char *roles_text(struct work *w, const struct value *roles)
{
	struct buf b;
	const char *out;

	buf_init(&b, 512);
	for (uint32_t i = 0; roles != NULL && i < roles->n; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ", value_cstr(w->arena, &roles->as.items[i]));
	out = arena_text(w->arena, b.n == 0 ? "nobody" : (const char *)b.p, b.n == 0 ? 6 : b.n);
	buf_fini(&b);
	return out;
}

int warn_refuse(const char *argument, const char *en, const char *zh, struct err *e)
{
	return err_both(e, ERR_REJECTED, argument, NULL, en, zh);
}

static int check_roles(struct work *w, const char *action, const struct value *roles, struct err *e)
{
	const char *names;

	if (has_role(w, roles))
		return 0;
	names = roles_text(w, roles);
	return warn_refuse("action", arena_printf(w->arena, "%s is for %s only", action, names),
		arena_printf(w->arena, "只有 %s 可以 %s", names, action), e);
}

/* Roles of the level's own table for a signature, else of the pack's warning_roles. */
static int check_may(struct work *w, const struct wkey *k, const char *action, struct err *e)
{
	const struct value *roles =
		value_get(value_get(packs_catalog(w->desk->packs), "warning_roles"), action);
	const struct level_row *row = strcmp(action, "sign_down") == 0 && k->watch != NULL
					      ? level_row_of(&k->watch->levels, k->det.level.level)
					      : NULL;
	struct value own;

	if (row == NULL || row->n_roles == 0)
		return check_roles(w, action, roles, e);
	own = value_array(w->arena, row->n_roles);
	for (uint32_t i = 0; i < row->n_roles; i++)
		value_push(w->arena, &own, value_literal(row->roles[i]));
	return check_roles(w, action, &own, e);
}

static int need_level(struct work *w, const struct wkey *k, const char *action, struct err *e)
{
	if (k->level > 0)
		return 0;
	return warn_refuse("key",
		arena_printf(w->arena, "%s stands at no level; there is nothing to %s", k->text, action),
		arena_printf(w->arena, "%s 没有预警，不能 %s", k->text, action), e);
}

void warn_note_act(struct work *w, const char *action, const char *reason, struct value *row)
{
	const struct value *old = value_get(row, "acts");
	struct value acts = value_array(w->arena, ACTS_KEPT), one = value_map(w->arena, 4);

	value_add(w->arena, &one, "at", value_int(w->now_ms));
	value_add(w->arena, &one, "by", value_literal(w->who));
	value_add(w->arena, &one, "action", value_literal(action));
	value_add(w->arena, &one, "reason", value_literal(reason));
	value_push(w->arena, &acts, one);
	for (uint32_t i = 0; old != NULL && i < old->n && acts.n < ACTS_KEPT; i++)
		value_push(w->arena, &acts, old->as.items[i]);
	value_set(w->arena, row, "acts", acts);
}

void warn_tell_act(
	struct work *w, const struct wkey *k, const char *action, const char *reason, const struct value *row)
{
	struct value data = warn_brief(w, k, row);

	value_set(w->arena, &data, "event", value_literal(action));
	value_set(w->arena, &data, "by", value_literal(w->who));
	value_set(w->arena, &data, "reason", value_literal(reason));
	if (value_get(row, "ack") != NULL)
		value_set(w->arena, &data, "ack", *value_get(row, "ack"));
	warn_notice(w, "duty", data);
}

static void acknowledge(struct work *w, const struct wkey *k, struct value *row)
{
	int64_t hold_ms = value_int_or(value_get(warn_alarm(w->desk->warn, k->level), "ack_ms"), 0);
	struct value ack = value_map(w->arena, 3);

	value_add(w->arena, &ack, "by", value_literal(w->who));
	value_add(w->arena, &ack, "at", value_int(w->now_ms));
	if (hold_ms > 0)
		value_add(w->arena, &ack, "until", value_int(w->now_ms + hold_ms));
	value_set(w->arena, row, "ack", ack);
}

/* The level one step away, or the one that was named. */
static int wanted_level(struct work *w, const struct wkey *k, const struct value *args, bool is_up,
	uint8_t *out, struct err *e)
{
	const struct warn *n = w->desk->warn;
	const struct value *named = value_get(args, "level");
	int level = named == NULL ? -1 : warn_level_find(n, value_slice(named));

	if (named == NULL && !is_up) {
		const struct level_row *below =
			k->watch == NULL ? NULL : level_row_below(&k->watch->levels, k->level);

		level = below == NULL ? 0 : below->level;
	}
	for (uint32_t i = 0;
		named == NULL && is_up && k->watch != NULL && level < 0 && i < k->watch->levels.n_rows; i++)
		if (k->watch->levels.rows[i].level > k->level)
			level = k->watch->levels.rows[i].level;
	if (level < 0 && k->watch == NULL && k->level + 1 < LEVEL_NAMES_MAX &&
		strcmp(warn_level_name(n, (uint8_t)(k->level + 1)), "none") != 0)
		level = k->level + 1;
	if (level < 0 || (is_up ? level <= k->level : level >= k->level))
		return warn_refuse("level",
			arena_printf(w->arena, "%s stands at %s; it cannot be %s", k->text,
				warn_level_name(n, k->level), is_up ? "raised further" : "lowered to that"),
			arena_printf(w->arena, "%s 处于 %s，不能再%s", k->text, warn_level_name(n, k->level),
				is_up ? "升级" : "降级"),
			e);
	*out = (uint8_t)level;
	return 0;
}

static int set_level(
	struct work *w, struct wkey *k, uint8_t level, const char *reason, struct value *row, struct err *e)
{
	struct value floor = value_map(w->arena, 3);
	int64_t hold_ms = level < k->level ? warn_hold_ms(w->desk->warn, k) : 0;

	if (hold_ms > 0)
		return warn_hold(w, k, level, hold_ms, row, e);
	value_unset(row, "held");
	value_unset(row, "floor");
	k->floor = 0;
	k->is_early = false;
	if (k->watch != NULL)
		return level_set(&k->watch->levels, &k->det.level, level, e);
	if (level == 0)
		return 0;
	value_add(w->arena, &floor, "level", value_literal(warn_level_name(w->desk->warn, level)));
	value_add(w->arena, &floor, "by", value_literal(w->who));
	value_add(w->arena, &floor, "reason", value_literal(reason));
	value_set(w->arena, row, "floor", floor);
	k->floor = level;
	return 0;
}

static int change_level(struct work *w, struct wkey *k, const char *action, const struct value *args,
	struct value *row, struct err *e)
{
	const char *reason = value_cstr(w->arena, value_get(args, "reason"));
	struct warn_event event = {
		.event = "change", .from = k->level, .at_ms = w->now_ms, .by = w->who, .reason = reason};
	uint8_t level = 0;

	if (strcmp(action, "sign_down") == 0) {
		if (!k->det.level.is_ready || k->watch == NULL)
			return warn_refuse("key",
				arena_printf(w->arena,
					"%s is not ready to lower: it has not been under its exit long "
					"enough",
					k->text),
				arena_printf(w->arena, "%s 还不到可以降级的时候", k->text), e);
		if (level_sign(&k->watch->levels, &k->det.level, e) != 0)
			return -1;
	} else if (wanted_level(w, k, args, strcmp(action, "raise") == 0, &level, e) != 0 ||
		   set_level(w, k, level, reason, row, e) != 0) {
		return -1;
	}
	k->level = k->det.level.level > k->floor ? k->det.level.level : k->floor;
	value_unset(row, "is_ready");
	acknowledge(w, k, row);
	return warn_happened(w, k, &event, row, false, e);
}

static int do_act(struct work *w, struct wkey *k, const char *action, const struct value *args,
	struct value *row, struct err *e)
{
	const char *reason = value_cstr(w->arena, value_get(args, "reason"));

	if (strcmp(action, "raise") != 0 && strcmp(action, "note") != 0 && need_level(w, k, action, e) != 0)
		return -1;
	warn_note_act(w, action, reason, row);
	if (strcmp(action, "ack") == 0)
		acknowledge(w, k, row);
	else if (strcmp(action, "note") != 0 && change_level(w, k, action, args, row, e) != 0)
		return -1;
	warn_tell_act(w, k, action, reason, row);
	return 0;
}

static void into_incident(struct work *w, const struct wkey *k)
{
	uint8_t key[16];

	if (k->incident == 0)
		return;
	store_be64(key, (uint64_t)k->incident);
	store_be64(key + 8, tx_seq(w->tx));
	tx_put(w->tx, TABLE_TICKET_EVENT, slice_of(key, sizeof(key)), slice_of("", 0));
}

static int check_level(struct work *w, const struct value *named, struct err *e)
{
	const char *words[LEVEL_NAMES_MAX], *said;
	struct buf list;
	uint8_t n = 0;

	if (named == NULL || warn_level_find(w->desk->warn, value_slice(named)) >= 0)
		return 0;
	buf_init(&list, sizeof(e->reason));
	for (; n < warn_n_levels(w->desk->warn); n++) {
		words[n] = warn_level_name(w->desk->warn, n);
		buf_printf(&list, "%s\"%s\"", n == 0 ? "" : ", ", words[n]);
	}
	said = value_cstr(w->arena, named);
	err_arg(e, ERR_BAD_REQUEST, "level", said, "argument \"level\" is \"%s\"; expected one of %.*s", said,
		(int)list.n, list.p);
	buf_fini(&list);
	return err_hint(e, nearest_word(said, words, n));
}

/* What an action takes no notice of is refused: who says it believes that it counts. */
static int check_belongs(
	struct work *w, const struct value *args, const char *action, bool is_all, struct err *e)
{
	bool is_raise = strcmp(action, "raise") == 0, is_move = is_raise || strcmp(action, "lower") == 0;
	const struct value *level = value_get(args, "level"), *until = value_get(args, "until");

	if (level != NULL && (is_all || !is_move))
		return err_arg(e, ERR_BAD_REQUEST, "level", value_cstr(w->arena, level),
			is_all ? "%s on * takes no level; raise and lower of a warning do"
			       : "%s takes no level; raise and lower of a warning do",
			action);
	if (until != NULL && (!is_all || !is_raise))
		return err_arg(e, ERR_BAD_REQUEST, "until",
			arena_printf(w->arena, "%jd", (intmax_t)until->as.i),
			is_all ? "%s on * takes no until; raise on * does"
			       : "%s of a warning takes no until; raise on * does",
			action);
	return check_level(w, level, e);
}

/* Its care, and the next close, which goes on from what a person did. */
static void arm_for(struct work *w, const struct value *row)
{
	warn_arm(w, warn_care_next(row));
	if (w->desk->warn->bin_ms > 0)
		warn_arm(w, warn_next_end(w->desk->warn, w->now_ms));
}

static int act_on_key(
	struct work *w, struct wkey *k, const struct value *args, struct value *result, struct err *e)
{
	const char *action = value_cstr(w->arena, value_get(args, "action"));
	bool is_all = strcmp(k->text, KEY_ALL) == 0;
	struct value row = wkey_row(w, k), list = value_array(w->arena, 1);

	if (is_all && strcmp(action, "raise") != 0 && strcmp(action, "lower") != 0)
		return warn_refuse("action",
			"on * only raise (disaster mode, with until) and lower are possible",
			"对 * 只能 raise（灾害模式，写明 until）或 lower", e);
	if (is_all ? check_roles(w, "disaster",
			     value_path(packs_catalog(w->desk->packs), "warning_roles.disaster"), e) != 0
		   : check_may(w, k, action, e) != 0)
		return -1;
	if ((is_all ? warn_order : do_act)(w, k, action, args, &row, e) != 0)
		return -1;
	into_incident(w, k);
	wkey_put(w, k, &row);
	arm_for(w, &row);
	if (warn_listed(w, k, &row, &list, e) != 0)
		return -1;
	*result = list.as.items[0];
	return 0;
}

int warn_check_key(struct desk *d, struct arena *a, const struct warn_key *key, struct err *e)
{
	const struct value *catalog = packs_catalog(d->packs), *codes = value_get(catalog, "categories");
	struct value city = value_borrow(key->city.p, key->city.n),
		     category = value_borrow(key->category.p, key->category.n);

	if (!warn_is_all(key->city) && catalog_check(a, catalog, "cities", "key", &city, e) != 0)
		return -1;
	for (uint32_t i = 0; codes != NULL && i < codes->n; i++)
		if (name_under(value_slice(&codes->as.pairs[i].key), key->category))
			return 0;
	return warn_is_all(key->category) ? 0 : catalog_check(a, catalog, "categories", "key", &category, e);
}

static int act(struct work *w, const struct value *args, struct value *result, struct err *e)
{
	struct warn *n = w->desk->warn;
	struct slice text = value_slice(value_get(args, "key"));
	bool is_all = slice_cmp(text, SLICE_TEXT(KEY_ALL)) == 0, is_key = text.n > 0 && text.n < KEY_TEXT_MAX;
	struct wkey *k;
	struct warn_key parts;

	if (check_belongs(w, args, value_cstr(w->arena, value_get(args, "action")), is_all, e) != 0)
		return -1;
	if (is_key && !is_all && warn_key_split(text, &parts) &&
		warn_check_key(w->desk, w->arena, &parts, e) != 0)
		return -1;
	k = !is_key ? NULL : is_all ? wkey_need(n, text) : warn_plan_key(n, text);
	if (k == NULL)
		return err_arg(e, ERR_NOT_FOUND, "key", value_cstr(w->arena, value_get(args, "key")),
			"nothing is watched under \"%s\"; warning.list shows the keys",
			value_cstr(w->arena, value_get(args, "key")));
	wkey_undo(w, k);
	return act_on_key(w, k, args, result, e);
}

/* From here on as when a person raises it, by whoever this work is done for. */
static int raise_again(
	struct work *w, struct wkey *k, int64_t incident, uint8_t level, const char *reason, struct err *e)
{
	struct warn_event event = {
		.event = "change", .from = k->level, .at_ms = w->now_ms, .by = w->who, .reason = reason};
	struct value row = wkey_row(w, k);

	warn_note_act(w, "raise", reason, &row);
	value_set(w->arena, &row, "relapse", value_bool(true));
	value_set(w->arena, &row, "incident", value_int(incident));
	k->incident = incident;
	memset(k->det.under, 0,
		sizeof(k->det.under)); /* how calm it was before proves no recovery from this */
	if (level > k->level && set_level(w, k, level, reason, &row, e) != 0)
		return -1;
	k->level = k->det.level.level > k->floor ? k->det.level.level : k->floor;
	value_unset(&row, "is_ready");
	if (k->level != event.from && warn_happened(w, k, &event, &row, false, e) != 0)
		return -1;
	warn_tell_act(w, k, "relapse", reason, &row);
	wkey_put(w, k, &row);
	arm_for(w, &row);
	return 0;
}

int warn_relapse(struct work *w, struct slice key, int64_t incident, struct slice level, const char *reason,
	struct err *e)
{
	struct warn *n = w->desk->warn;
	struct wkey *k = key.n == 0 || key.n >= KEY_TEXT_MAX ? NULL : warn_plan_key(n, key);
	int to = warn_level_find(n, level);

	if (to < 0)
		return err_set(e, ERR_REJECTED, "the decision raises to \"%.*s\", which is not a level",
			(int)level.n, (const char *)level.p);
	if (k == NULL)
		return 0;
	wkey_undo(w, k);
	return raise_again(w, k, incident, (uint8_t)to, reason, e);
}

static int warning_act(struct call *c, struct value *result, struct err *e)
{
	return work_call(c, act, result, e);
}

static const struct rpc_arg list_args[] = {
	{.name = "limit", .type = ARG_INT, .min = 1, .max = 10000, .help = "at most so many"},
	CURSOR_ARG,
};
static const char *const actions[] = {"ack", "sign_down", "raise", "lower", "note", NULL};
static const struct rpc_arg act_args[] = {
	{.name = "key",
		.type = ARG_TEXT,
		.is_required = true,
		.help = "as warning.list has it; * is disaster mode"},
	{.name = "action",
		.type = ARG_ENUM,
		.words = actions,
		.is_required = true,
		.help = "who may do what is the pack's"},
	REASON_ARG,
	{.name = "level", .type = ARG_TEXT, .help = "of raise and lower: to this level; else one step"},
	{.name = "until", .type = ARG_TIME, .help = "of raise on * alone: when the order ends"},
};
static const struct rpc_method methods[] = {
	{.name = "warning.list",
		.handler = warning_list,
		RPC_ARGS(list_args),
		.roles = ROLE_ANY,
		.help = "What is warned of now, worst first: as many as one answer holds.",
		.returns = "{warnings=[{key, level, since, count, expected, p, line={zh, en}, incident?, "
			   "recovery?, "
			   "before?, called=[person], next={what=close|down|sign, at?, zh, en}, "
			   "next_call?={at, rung, people=[{person, rung, department, label, reach?}]}, "
			   "ack?, children?, caseless?={since, incident?}, …}], more?, cursor?}"},
	{.name = "warning.act",
		.handler = warning_act,
		RPC_ARGS(act_args),
		.roles = ROLE_ANY & ~(uint32_t)(ROLE_INTAKE | ROLE_AUDITOR),
		.flags = RPC_CHANGES,
		.help = "A person acknowledges a warning, signs it down, raises or lowers it, notes "
			"something; on the key "
			"* declares or ends disaster mode.",
		.returns = "the warning, as warning.list has it"},
};

void warn_methods_register(struct desk *d)
{
	rpc_register(d->rpc, methods, sizeof(methods) / sizeof(methods[0]), d);
}
