/* How the answers of `tocsin now` are put. */
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"

const char *now_shown(struct now *n, const struct value *map, const char *key)
{
	return value_shown(&n->arena, key, value_get(map, key));
}

const char *now_say(struct now *n, const char *en, const char *zh)
{
	return cli_say(n->cli, en, zh);
}

const char *now_label(struct now *n, const struct value *both, const char *name)
{
	const struct value *v = value_get(both, now_say(n, "en", "zh"));

	return v == NULL ? name : value_shown(&n->arena, NULL, v);
}

const char *now_ago(struct now *n, int64_t since_ms)
{
	int64_t minutes = (n->now_ms - since_ms) / 60000;

	if (minutes < 120)
		return arena_printf(&n->arena, now_say(n, "%jd min", "%jd 分钟"), (intmax_t)minutes);
	if (minutes < 48 * 60)
		return arena_printf(&n->arena, now_say(n, "%jd h", "%jd 小时"), (intmax_t)minutes / 60);
	return arena_printf(&n->arena, now_say(n, "%jd days", "%jd 天"), (intmax_t)minutes / 1440);
}

const char *now_named(struct now *n, const char *list, const char *name)
{
	return now_label(
		n, value_path(value_get_n(value_get(&n->catalog, list), name, strlen(name)), "label"), name);
}

const char *now_person(struct now *n, const struct value *person)
{
	const struct value *name = value_get(person, "name");

	return now_label(n, value_get(person, "label"),
		value_shown(&n->arena, NULL, name != NULL ? name : value_get(person, "person")));
}

const char *now_hhmm(struct now *n, int64_t at_ms)
{
	return arena_printf(&n->arena, "%.5s", minute_shown(&n->arena, at_ms) + 11);
}

const char *now_padded(struct now *n, const char *text, size_t columns)
{
	const char *clipped = text_clip(&n->arena, slice_of(text, strlen(text)), columns);

	return arena_printf(&n->arena, "%s%*s", clipped, (int)(columns - text_columns(clipped)), "");
}

/* The level's word; Chinese has the pack's own, since the names are English. */
const char *now_level(struct now *n, const struct value *warning)
{
	const char *name = now_shown(n, warning, "level");

	return now_say(n, name, now_label(n, value_get(warning, "level_label"), name));
}

static const char *part(struct now *n, const struct value *warning, const char *label, const char *of,
	const char *en, const char *zh)
{
	if (value_get(warning, of) == NULL)
		return now_say(n, en, zh);
	return now_label(n, value_get(warning, label), now_shown(n, warning, of));
}

const char *now_place(struct now *n, const struct value *warning)
{
	const struct value *cluster = value_get(warning, "cluster"), *key = value_get(warning, "key"),
			   *service = value_get(warning, "service_label");

	if (cluster != NULL)
		return now_named(n, "clusters", value_cstr(&n->arena, cluster));
	if (service == NULL)
		service = value_get(warning, "kind_label");
	if (service != NULL) /* of signals, no complaints */
		return arena_printf(&n->arena, now_say(n, "%s, %s", "%s，%s"),
			part(n, warning, "city_label", "city", "all cities", "全省"),
			now_label(n, service, ""));
	if (value_get(warning, "city") == NULL && value_get(warning, "category") == NULL)
		return value_shown(&n->arena, NULL, key);
	return arena_printf(&n->arena, now_say(n, "%s, %s", "%s，%s"),
		part(n, warning, "city_label", "city", "all cities", "全省"),
		part(n, warning, "category_label", "category", "all complaints", "全部投诉"));
}

bool now_is_source(const struct value *warning)
{
	const char source[] = "source:";
	struct slice key = value_slice(value_get(warning, "key"));

	return key.n >= sizeof(source) - 1 && memcmp(key.p, source, sizeof(source) - 1) == 0;
}

const char *now_usual(struct now *n, uint32_t n_earlier)
{
	if (n->n_days == 0)
		return now_say(n, "nothing to compare with", "没有可比的前几天");
	return arena_printf(&n->arena, now_say(n, "usual %.1f%s", "平常 %.1f%s"),
		(double)n_earlier / n->n_days,
		n->is_cut ? now_say(n, " (of fewer days)", "（天数不足）") : "");
}
