/* tocsin show of an incident: below its fields, in brief, what is warned of, whom it hits, what is said, who
 * is suspected, whether it helped. */
#include <string.h>

#include "cli_int.h"

#define SUSPECTS_SHOWN 3

/* One part of the brief; a part that this role may not see says why. */
struct part {
	const char *en, *zh;
	int (*text)(struct cli *, const struct value *id, const char **text, struct err *e);
};

static intmax_t count(const struct value *map, const char *key)
{
	return (intmax_t)value_int_or(value_get(map, key), 0);
}

static int ask(struct cli *c, const char *method, const char *name, const struct value *id,
	struct value *result, struct err *e)
{
	struct value args = value_map(&c->arena, 3);

	value_add(&c->arena, &args, name, *id);
	if (strcmp(method, "number.list") == 0) {
		value_add(&c->arena, &args, "list", value_literal("affected"));
		value_add(&c->arena, &args, "limit", value_int(1));
	}
	return cli_call(c, method, &args, result, e);
}

/* "red since 2026-09-22 10:35: 430 seen, 6 expected in 15 min; acknowledged by lu.min", each key of the case.
 */
static int warning_text(struct cli *c, const struct value *id, const char **text, struct err *e)
{
	struct value result;
	const struct value *list;

	*text = "";
	if (cli_call(c, "warning.list", NULL, &result, e) != 0)
		return -1;
	list = value_get(&result, "warnings");
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->n; i++) {
		const struct value *w = &list->as.items[i], *incident = value_get(w, "incident"),
				   *ack = value_get(w, "ack");

		if (incident == NULL || !value_equal(incident, id))
			continue;
		*text = arena_printf(&c->arena,
			cli_say(c, "%s%s%s %s since %s: %s; %s%s", "%s%s%s %s，自 %s：%s；%s%s"), *text,
			**text == '\0' ? "" : cli_say(c, "; ", "；"), field_shown(c, w, "key"),
			warning_level_shown(c, w),
			minute_shown(&c->arena, value_int_or(value_get(w, "since"), 0)),
			label_shown(c, value_get(w, "line"), ""),
			ack == NULL ? cli_say(c, "nobody has acknowledged it", "无人确认")
				    : field_shown(c, ack, "by"),
			ack == NULL ? "" : cli_say(c, " has acknowledged it", "已确认"));
	}
	if (**text == '\0')
		*text = cli_say(c, "none", "无");
	return 0;
}

static int numbers_text(struct cli *c, const struct value *id, const char **text, struct err *e)
{
	const struct value *n, *stages;
	struct value result;

	if (ask(c, "number.list", "incident", id, &result, e) != 0)
		return -1;
	n = value_get(&result, "counts");
	stages = value_get(n, "stages");
	*text = arena_printf(&c->arena,
		cli_say(c,
			"%jd affected (%jd failed, %jd fixed, %jd told, %jd silent), %jd potential, %jd "
			"complained, "
			"%jd to be looked at",
			"受影响 %jd（故障 %jd、已恢复 %jd、已告知 %jd、不再告知 %jd），潜在 %jd，已投诉 "
			"%jd，待核查 %jd"),
		count(n, "affected"), count(stages, "failed"), count(stages, "fixed"), count(stages, "told"),
		count(stages, "silent"), count(n, "potential"), count(n, "complained"), count(n, "review"));
	return 0;
}

static int script_text(struct cli *c, const struct value *id, const char **text, struct err *e)
{
	const struct value *script, *draft;
	struct value result;

	if (ask(c, "incident.get", "id", id, &result, e) != 0)
		return -1;
	script = value_path(&result, "fields.script");
	draft = value_path(&result, "fields.script_draft");
	*text = value_is(script, VALUE_MAP)
			? arena_printf(&c->arena,
				  cli_say(c, "version %s by %s, approved by %s: %s",
					  "第 %s 版，%s 起草，%s 批准：%s"),
				  field_shown(c, script, "version"), field_shown(c, script, "by"),
				  field_shown(c, script, "approved_by"),
				  label_shown(c, script, field_shown(c, script, "zh")))
			: cli_say(c, "none approved", "没有已批准的口径");
	if (value_is(draft, VALUE_MAP))
		*text = arena_printf(&c->arena,
			cli_say(c, "%s; version %s by %s waits for approval", "%s；第 %s 版（%s）待批准"),
			*text, field_shown(c, draft, "version"), field_shown(c, draft, "by"));
	return 0;
}

static int suspects_text(struct cli *c, const struct value *id, const char **text, struct err *e)
{
	const struct value *list;
	struct value result;

	if (ask(c, "incident.suspects", "incident", id, &result, e) != 0)
		return -1;
	list = value_get(&result, "suspects");
	*text = value_is_text(value_get(&result, "suspect"), "unknown") ? cli_say(c, "unknown", "未知")
									: field_shown(c, &result, "suspect");
	for (uint32_t i = 0; value_is(list, VALUE_ARRAY) && i < list->n && i < SUSPECTS_SHOWN; i++) {
		const struct value *s = &list->as.items[i];

		*text = arena_printf(&c->arena,
			cli_say(c, "%s%s%s (%s), %jd failures%s", "%s%s%s（%s），失败 %jd%s"), *text,
			i == 0 ? ": " : "; ",
			label_shown(c, value_get(s, "label"), field_shown(c, s, "component")),
			field_shown(c, s, "team"), count(s, "failures"),
			value_get(s, "planned_change") == NULL ? ""
							       : cli_say(c, ", planned work", "，有割接"));
	}
	return 0;
}

static const char *phase(struct cli *c, const struct value *result, const char *name)
{
	const struct value *v = value_get(result, name), *rate = value_get(v, "per_hour"),
			   *until = value_get(v, "counted_until");
	const char *so_far = until == NULL ? ""
					   : arena_printf(&c->arena, cli_say(c, ", up to %s", "，计至 %s"),
						     minute_shown(&c->arena, value_int_or(until, 0)));

	if (value_get(v, "complaints") == NULL)
		return cli_say(c, "not kept any more", "已不留存");
	return rate == NULL ? arena_printf(&c->arena, cli_say(c, "%jd (-/h%s)", "%jd（每小时 -%s）"),
				      count(v, "complaints"), so_far)
			    : arena_printf(&c->arena, cli_say(c, "%jd (%.10g/h%s)", "%jd（每小时 %.10g%s）"),
				      count(v, "complaints"),
				      rate->type == VALUE_FLOAT ? rate->as.f : (double)value_int_or(rate, 0),
				      so_far);
}

static int effect_text(struct cli *c, const struct value *id, const char **text, struct err *e)
{
	struct value result;

	if (ask(c, "incident.effect", "id", id, &result, e) != 0)
		return -1;
	*text = arena_printf(&c->arena,
		cli_say(c,
			"complaints %s before, %s during, %s after; %jd numbers told, %jd complaints "
			"answered, %jd "
			"calls avoided, %jd complained again",
			"投诉：之前 %s，期间 %s，之后 %s；告知号码 %jd，答复投诉 %jd，减少来话 %jd，再次投诉 "
			"%jd"),
		phase(c, &result, "before"), phase(c, &result, "during"), phase(c, &result, "after"),
		count(&result, "numbers_told"), count(&result, "complaints_answered"),
		count(value_get(&result, "calls"), "avoided"), count(&result, "complained_again"));
	if (count(&result, "relapses") > 0)
		*text = arena_printf(&c->arena, cli_say(c, "%s, %jd relapses", "%s，复发 %jd 次"), *text,
			count(&result, "relapses"));
	return 0;
}

static const struct part parts[] = {
	{"warning", "预警", warning_text},
	{"numbers", "号码", numbers_text},
	{"script", "口径", script_text},
	{"suspects", "疑似瓶颈", suspects_text},
	{"effect", "效果", effect_text},
};

int show_incident(struct cli *c, const struct value *id, struct err *e)
{
	struct text_table t;

	table_init(&t, &c->arena, cli_say(c, "IN BRIEF|", "概要|"));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		const char *text;
		struct err why;

		if (parts[i].text(c, id, &text, &why) != 0) {
			if (c->client.is_lost) {
				*e = why;
				return -1;
			}
			text = arena_text(&c->arena, why.text, strlen(why.text));
		}
		table_cell(&t, cli_say(c, parts[i].en, parts[i].zh));
		table_cell(&t, text);
	}
	fputc('\n', stdout);
	table_print(&t, stdout);
	return 0;
}
