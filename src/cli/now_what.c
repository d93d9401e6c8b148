/* What, where, how many, rising: warnings first, then what came in within the hour. */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define HOUR_MS INT64_C(3600000)
#define GROUPS_MAX 512
#define PLACE_COLUMNS 32
#define LEVEL_COLUMNS 9

/* ---- warnings ------------------------------------------------------------------------------------------ */
static double number(const struct value *v)
{
	return v == NULL ? 0 : v->type == VALUE_FLOAT ? v->as.f : (double)value_int_or(v, 0);
}

/* Since the close before. */
static const char *trend(struct now *n, const struct value *warning)
{
	const struct value *before = value_get(warning, "before");
	double now = number(value_get(warning, "seen")), was = number(before);

	if (before == NULL)
		return now_say(n, "new", "新增");
	return now > was   ? now_say(n, "rising", "上升")
	       : now < was ? now_say(n, "falling", "下降")
			   : now_say(n, "steady", "持平");
}

/* "811, usual 24, rising"; where numbers are hit "12000 numbers, 3 seen": the warning may stand by them alone. */
static const char *figures(struct now *n, const struct value *warning)
{
	const struct value *expected = value_get(warning, "expected"),
			   *affected = value_get(warning, "affected");
	double seen = number(value_get(warning, "seen"));

	if (affected != NULL)
		return arena_printf(&n->arena, now_say(n, "%.0f numbers, %.0f seen", "号码 %.0f，投诉 %.0f"),
			number(affected), seen);
	return expected == NULL
		       ? arena_printf(&n->arena, "%.0f, %s", seen, trend(n, warning))
		       : arena_printf(&n->arena, now_say(n, "%.0f, usual %.3g, %s", "%.0f，平常 %.3g，%s"),
				 seen, number(expected), trend(n, warning));
}

/* "black   Shenzhen, recharge not credited   811, usual 24, rising" */
static void warning_line(struct now *n, const struct value *warning)
{
	now_line(n, "%s%s %s%s", now_padded(n, now_level(n, warning), LEVEL_COLUMNS),
		now_padded(n, now_place(n, warning), PLACE_COLUMNS), figures(n, warning),
		value_get(warning, "recovery") == NULL ? "" : now_say(n, ", recovering", "，恢复中"));
}

/* Disaster mode: by whose order, until when. */
static void order_line(struct now *n, const struct value *order)
{
	now_line(n, now_say(n, "DISASTER MODE until %s, by %s: %s", "灾害模式至 %s，%s 签发：%s"),
		now_hhmm(n, value_int_or(value_get(order, "until"), 0)),
		now_named(n, "persons", now_shown(n, order, "by")), now_shown(n, order, "reason"));
}

static void warning_lines(struct now *n)
{
	for (uint32_t i = 0; i < n->warnings.n; i++) {
		const struct value *warning = &n->warnings.as.items[i];

		if (value_get(warning, "order") != NULL)
			order_line(n, value_get(warning, "order"));
		else if (!now_is_source(warning))
			warning_line(n, warning);
	}
}

/* Whether a line above says it already. */
static bool is_warned(const struct now *n, const struct value *category, const struct value *city)
{
	for (uint32_t i = 0; i < n->warnings.n; i++) {
		const struct value *warning = &n->warnings.as.items[i];

		if (category != NULL && city != NULL && value_get(warning, "category") != NULL &&
			value_get(warning, "city") != NULL &&
			value_equal(value_get(warning, "category"), category) &&
			value_equal(value_get(warning, "city"), city))
			return true;
	}
	return false;
}

/* ---- what came in within the hour ---------------------------------------------------------------------- */
struct group {
	const struct value *category, *city;
	uint32_t n_now, n_late_half, n_earlier;
};

static struct group *group_of(struct group *groups, uint32_t *n_groups, const struct value *ticket)
{
	const struct value *category = value_get(ticket, "category"), *city = value_get(ticket, "city");

	for (uint32_t i = 0; i < *n_groups; i++)
		if (slice_cmp(value_slice(groups[i].category), value_slice(category)) == 0 &&
			slice_cmp(value_slice(groups[i].city), value_slice(city)) == 0)
			return &groups[i];
	if (*n_groups == GROUPS_MAX)
		return NULL;
	groups[*n_groups] = (struct group){category, city, 0, 0, 0};
	return &groups[(*n_groups)++];
}

static int more_first(const void *x, const void *y)
{
	const struct group *a = x, *b = y;
	int by_name;

	if (a->n_now != b->n_now)
		return a->n_now > b->n_now ? -1 : 1;
	by_name = slice_cmp(value_slice(a->category), value_slice(b->category));
	return by_name != 0 ? by_name : slice_cmp(value_slice(a->city), value_slice(b->city));
}

static void group_line(struct now *n, const struct group *g)
{
	const char *category =
		g->category == NULL ? now_say(n, "unclassified", "未分类")
				    : now_named(n, "categories", value_shown(&n->arena, NULL, g->category));
	uint32_t first_half = g->n_now - g->n_late_half;

	now_line(n, "%4u  %s, %s  (%s)%s", g->n_now, category,
		g->city == NULL ? "-" : now_named(n, "cities", value_shown(&n->arena, NULL, g->city)),
		now_usual(n, g->n_earlier),
		g->n_late_half > first_half ? now_say(n, "  rising", "  上升") : "");
}

int now_what(struct now *n, struct err *e)
{
	struct group groups[GROUPS_MAX];
	uint32_t n_groups = 0, n_now;

	if (now_fetch(n, e) != 0 || now_warnings(n, e) != 0)
		return -1;
	warning_lines(n);
	for (uint32_t i = 0; i < n->recent.n; i++) {
		struct group *g = group_of(groups, &n_groups, &n->recent.as.items[i]);
		int64_t created = value_int_or(value_get(&n->recent.as.items[i], "created"), 0);

		if (g != NULL) {
			g->n_now++;
			g->n_late_half += n->now_ms - created < HOUR_MS / 2;
		}
	}
	n_now = n_groups;
	for (uint32_t i = 0; i < n->earlier.n; i++) {
		struct group *g = group_of(groups, &n_groups, &n->earlier.as.items[i]);

		if (g != NULL)
			g->n_earlier++;
	}
	qsort(groups, n_groups, sizeof(groups[0]), more_first);
	for (uint32_t i = 0; i < n_now; i++)
		if (!is_warned(n, groups[i].category, groups[i].city))
			group_line(n, &groups[i]);
	if (n->answers.n == 0)
		now_line(n, "%s", now_say(n, "nothing", "没有"));
	return 0;
}
