/* The answers of `tocsin now`, from what the daemon knows today. */
#include <stdlib.h>
#include <string.h>

#include "now_int.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define HOUR_MS INT64_C(3600000)
#define DAY_MS (24 * HOUR_MS)
#define DAYS 7       /* earlier days that this hour is compared with */
#define PAGES_MAX 20 /* of tickets read for it; a busy week is cut, and the screen says so */
#define GROUPS_MAX 512
#define COMMIT_US_SLOW 50000

static const char *shown(struct now *n, const struct value *map, const char *key)
{
	return value_shown(&n->arena, key, value_get(map, key));
}

static const char *say(struct now *n, const char *en, const char *zh)
{
	return cli_say(n->cli, en, zh);
}

/* The reader's language of {zh, en}, else the name itself. */
static const char *label(struct now *n, const struct value *both, const char *name)
{
	const struct value *v = value_get(both, say(n, "en", "zh"));

	return v == NULL ? name : value_shown(&n->arena, NULL, v);
}

static const char *ago(struct now *n, int64_t since_ms)
{
	int64_t minutes = (n->now_ms - since_ms) / 60000;

	if (minutes < 120)
		return arena_printf(&n->arena, say(n, "%jd min", "%jd 分钟"), (intmax_t)minutes);
	if (minutes < 48 * 60)
		return arena_printf(&n->arena, say(n, "%jd h", "%jd 小时"), (intmax_t)minutes / 60);
	return arena_printf(&n->arena, say(n, "%jd days", "%jd 天"), (intmax_t)minutes / 1440);
}

/* ---- tickets of this hour, and of this hour on other days -------------------------------------------------
 */
/* Which day before today the ticket belongs to, 0 for the last hour, -1 for another hour. */
static int day_of(const struct now *n, int64_t created_ms)
{
	int64_t age = n->now_ms - created_ms;

	return age >= 0 && age % DAY_MS < HOUR_MS && age / DAY_MS <= DAYS ? (int)(age / DAY_MS) : -1;
}

static int take_page(struct now *n, struct value *args, int64_t *oldest_ms, bool *has_more, struct err *e)
{
	struct value result;
	const struct value *page, *cursor;

	if (now_call(n, "ticket.find", args, &result, e) != 0)
		return -1;
	page = value_get(&result, "tickets");
	for (uint32_t i = 0; page != NULL && i < page->n; i++) {
		int64_t created = value_int_or(value_get(&page->as.items[i], "created"), 0);
		int day = day_of(n, created);

		*oldest_ms = created < *oldest_ms ? created : *oldest_ms;
		if (day >= 0)
			value_push(&n->arena, day == 0 ? &n->recent : &n->earlier, page->as.items[i]);
	}
	cursor = value_get(&result, "cursor");
	*has_more = cursor != NULL;
	if (cursor != NULL)
		value_set(&n->arena, args, "cursor", *cursor);
	return 0;
}

int now_fetch(struct now *n, struct err *e)
{
	struct value args = value_map(&n->arena, 4), where = value_map(&n->arena, 2),
		     since = value_map(&n->arena, 1);
	int64_t oldest_ms = n->now_ms, from_ms = n->now_ms - DAYS * DAY_MS - HOUR_MS;
	bool has_more = true;

	if (n->has_recent)
		return 0;
	n->recent = value_array(&n->arena, 64);
	n->earlier = value_array(&n->arena, 64);
	value_add(&n->arena, &since, "ge", value_int(from_ms));
	value_add(&n->arena, &where, "created", since);
	value_add(&n->arena, &args, "where", where);
	value_add(&n->arena, &args, "order", value_literal("-id"));
	value_add(&n->arena, &args, "limit", value_int(1000));
	for (int i = 0; i < PAGES_MAX && has_more; i++)
		if (take_page(n, &args, &oldest_ms, &has_more, e) != 0)
			return -1;
	n->is_cut = has_more;
	n->n_days = (int)((n->now_ms - oldest_ms + HOUR_MS - 1) / DAY_MS);
	n->n_days = n->n_days > DAYS ? DAYS : n->n_days;
	n->has_recent = true;
	return 0;
}

/* "usual 3.5", the mean of the hour on the earlier days that are known. */
static const char *usual(struct now *n, uint32_t n_earlier)
{
	if (n->n_days == 0)
		return say(n, "nothing to compare with", "没有可比的前几天");
	return arena_printf(&n->arena, say(n, "usual %.1f%s", "平常 %.1f%s"), (double)n_earlier / n->n_days,
		n->is_cut ? say(n, " (of fewer days)", "（天数不足）") : "");
}

/* Sources that are silent for longer than the pack expects, in the daemon's order. */
static int late_line(struct now *n, struct err *e)
{
	struct value stats;
	const struct value *sources;
	struct buf late;
	uint32_t n_expected = 0;

	if (now_call(n, "server.stats", NULL, &stats, e) != 0)
		return -1;
	sources = value_get(&stats, "sources");
	buf_init(&late, 4096);
	for (uint32_t i = 0; value_is(sources, VALUE_ARRAY) && i < sources->n; i++) {
		const struct value *s = &sources->as.items[i], *last = value_get(s, "last");

		n_expected += value_get(s, "expected_ms") != NULL;
		if (value_true(value_get(s, "is_late")))
			buf_printf(&late, "%s%s %s", late.n > 0 ? ", " : "", shown(n, s, "name"),
				last == NULL ? say(n, "never", "从未") : ago(n, value_int_or(last, 0)));
	}
	if (late.n > 0)
		now_line(n, "%s%.*s", say(n, "LATE: ", "超时："), (int)late.n, (const char *)late.p);
	else
		now_line(n, say(n, "none of %u sources is late", "%u 个来源都没有超时"), n_expected);
	buf_fini(&late);
	return 0;
}

int now_feed(struct now *n, struct err *e)
{
	if (now_fetch(n, e) != 0)
		return -1;
	if (n->recent.n == 0)
		now_line(n,
			say(n, "SILENT: no complaint in the last hour; %s",
				"没有动静：最近一小时没有投诉；%s"),
			usual(n, n->earlier.n));
	else
		now_line(n,
			say(n, "%u in the last hour, the last %s ago; %s",
				"最近一小时 %u 件，最近一件在 %s前；%s"),
			n->recent.n, ago(n, value_int_or(value_get(&n->recent.as.items[0], "created"), 0)),
			usual(n, n->earlier.n));
	return late_line(n, e);
}

/* ---- what, where, how many, rising ------------------------------------------------------------------------
 */
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

static void group_line(struct now *n, const struct value *catalog, const struct group *g)
{
	const char *category = g->category == NULL ? say(n, "unclassified", "未分类")
						   : value_shown(&n->arena, NULL, g->category);
	const char *city = g->city == NULL ? "-" : value_shown(&n->arena, NULL, g->city);
	uint32_t first_half = g->n_now - g->n_late_half;

	now_line(n, "%4u  %s, %s  (%s)%s", g->n_now,
		label(n,
			value_path(value_get_n(value_get(catalog, "categories"), category, strlen(category)),
				"label"),
			category),
		label(n, value_path(value_get_n(value_get(catalog, "cities"), city, strlen(city)), "label"),
			city),
		usual(n, g->n_earlier), g->n_late_half > first_half ? say(n, "  rising", "  上升") : "");
}

int now_what(struct now *n, struct err *e)
{
	struct group groups[GROUPS_MAX];
	uint32_t n_groups = 0, n_now;
	struct value catalog;

	if (now_fetch(n, e) != 0 || now_call(n, "catalog.get", NULL, &catalog, e) != 0)
		return -1;
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
		group_line(n, &catalog, &groups[i]);
	if (n_now == 0)
		now_line(n, "%s", say(n, "nothing", "没有"));
	return 0;
}

/* ---- who is on it, who next -------------------------------------------------------------------------------
 */
static const char *person(struct now *n, const struct value *p)
{
	return label(n, value_get(p, "label"), shown(n, p, "name"));
}

static void duty_line(struct now *n, const struct value *row, uint32_t n_tickets)
{
	const struct value *next = value_get(row, "next"), *reach = value_path(row, "on_duty.reach");
	int64_t from = value_int_or(value_get(next, "from"), 0);

	now_line(n, "%4u  %s: %s%s%s%s", n_tickets,
		label(n, value_get(row, "label"), shown(n, row, "department")),
		value_get(row, "on_duty") == NULL ? say(n, "NOBODY", "无人值班")
						  : person(n, value_get(row, "on_duty")),
		reach == NULL ? "" : " ", reach == NULL ? "" : value_shown(&n->arena, NULL, reach),
		next == NULL ? ""
			     : arena_printf(&n->arena, say(n, "; %.5s %s", "；%.5s 起 %s"),
				       minute_shown(&n->arena, from) + 11, person(n, next)));
}

/* Departments with tickets of the last hour first, by how many. */
int now_who(struct now *n, struct err *e)
{
	struct value result;
	const struct value *rows;
	bool is_shown[64] = {false};

	if (now_fetch(n, e) != 0 || now_call(n, "duty.now", NULL, &result, e) != 0)
		return -1;
	rows = value_get(&result, "duty");
	for (uint32_t round = 0; value_is(rows, VALUE_ARRAY) && round < rows->n && round < 64; round++) {
		uint32_t best = UINT32_MAX, most = 0;

		for (uint32_t i = 0; i < rows->n && i < 64; i++) {
			struct slice name = value_slice(value_get(&rows->as.items[i], "department"));
			uint32_t count = 0;

			for (uint32_t k = 0; k < n->recent.n; k++)
				count += slice_cmp(
						 value_slice(value_get(&n->recent.as.items[k], "department")),
						 name) == 0;
			if (!is_shown[i] && (best == UINT32_MAX || count > most)) {
				best = i;
				most = count;
			}
		}
		is_shown[best] = true;
		duty_line(n, &rows->as.items[best], most);
	}
	return 0;
}

/* ---- what may I do, what is due ---------------------------------------------------------------------------
 */
int now_may(struct now *n, struct err *e)
{
	const char *role = shown(n, &n->hello, "role");
	static const struct {
		const char *role, *en, *zh;
	} may[] = {
		{"admin", "act ID ACTION; rules reload, rollback; backup DIR",
			"act ID 操作；rules reload、rollback N；backup 目录"},
		{"analyst", "rules check DIR, try, diff DIR, reload, rollback N",
			"rules check 目录、try、diff 目录、reload、rollback N"},
		{"leader", "act ID escalate, transfer; list, explain ID",
			"act ID escalate、transfer；list、explain ID"},
		{"supervisor", "act ID transfer, dispatch, escalate; list, explain ID",
			"act ID transfer、dispatch、escalate；list、explain ID"},
		{"agent", "act ID accept, handle, reply; list owner=ME --order due",
			"act ID accept、handle、reply；list owner=自己 --order due"},
		{"intake", "new channel=... text=...; show ID", "new channel=… text=…；show ID"},
		{"operator", "stats, top", "stats、top"},
		{"auditor", "read all: list, history ID, explain ID, stats",
			"只读：list、history ID、explain ID、stats"},
	};

	(void)e;
	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (strstr(role, may[i].role) != NULL)
			now_line(n, "%s: tocsin %s", may[i].role, say(n, may[i].en, may[i].zh));
	if (n->n_lines == 0)
		now_line(n,
			say(n, "the role %s may call what `tocsin call rpc.methods` lists",
				"角色 %s 可调用 `tocsin call rpc.methods` 列出的方法"),
			role);
	return 0;
}

static void due_line(struct now *n, const struct value *ticket)
{
	const struct value *due = value_get(ticket, "due");
	const char *clock = "";
	int64_t at_ms = INT64_MAX;

	for (uint32_t i = 0; value_is(due, VALUE_MAP) && i < due->n; i++)
		if (value_int_or(&due->as.pairs[i].val, INT64_MAX) < at_ms) {
			at_ms = value_int_or(&due->as.pairs[i].val, INT64_MAX);
			clock = value_cstr(&n->arena, &due->as.pairs[i].key);
		}
	if (at_ms < n->now_ms)
		now_line(n, say(n, "LATE by %s: %s %s, %s", "超时 %s：%s %s，%s"), ago(n, at_ms),
			shown(n, ticket, "no"), clock, shown(n, ticket, "queue"));
	else
		now_line(n, "%.11s  %s %s, %s", minute_shown(&n->arena, at_ms) + 5, shown(n, ticket, "no"),
			clock, shown(n, ticket, "queue"));
}

/* The promises that end next; the late ones come first. */
int now_due(struct now *n, struct err *e)
{
	struct value args = value_map(&n->arena, 3), where = value_map(&n->arena, 1), result;
	const struct value *tickets;

	value_add(&n->arena, &where, "open", value_bool(true));
	value_add(&n->arena, &args, "where", where);
	value_add(&n->arena, &args, "order", value_literal("due"));
	value_add(&n->arena, &args, "limit", value_int(3));
	if (now_call(n, "ticket.find", &args, &result, e) != 0)
		return -1;
	tickets = value_get(&result, "tickets");
	for (uint32_t i = 0; value_is(tickets, VALUE_ARRAY) && i < tickets->n; i++)
		if (value_get(&tickets->as.items[i], "due") != NULL)
			due_line(n, &tickets->as.items[i]);
	if (n->n_lines == 0)
		now_line(n, "%s", say(n, "no clock runs", "没有在走的时限"));
	return 0;
}

/* ---- who changed the rules, is Tocsin well ----------------------------------------------------------------
 */
int now_rules(struct now *n, struct err *e)
{
	struct value r;
	const struct value *errors;

	if (now_call(n, "rules.status", NULL, &r, e) != 0)
		return -1;
	now_line(n, say(n, "%s, %s ago: generation %s decides", "%s，%s前：第 %s 代在决定"),
		shown(n, &r, "by"), ago(n, value_int_or(value_get(&r, "loaded_at"), n->now_ms)),
		shown(n, &r, "generation"));
	errors = value_get(&r, "errors");
	if (!value_true(value_get(&r, "ok")))
		now_line(n, say(n, "the last load was REFUSED: %s", "上次加载未通过：%s"),
			shown(n, value_at(errors, 0), say(n, "message", "message_zh")));
	return 0;
}

static int64_t tasks_given_up(const struct value *stats)
{
	const struct value *kinds = value_path(stats, "outbox.kinds");
	int64_t n = 0;

	for (uint32_t i = 0; value_is(kinds, VALUE_MAP) && i < kinds->n; i++)
		n += value_int_or(value_get(&kinds->as.pairs[i].val, "given_up"), 0);
	return n;
}

int now_well(struct now *n, struct err *e)
{
	struct value s;
	int64_t p99, failures;

	if (now_call(n, "server.stats", NULL, &s, e) != 0)
		return -1;
	p99 = value_int_or(value_path(&s, "journal.commit_us_p99"), 0);
	failures = value_int_or(value_path(&s, "rules.failures"), 0);
	now_line(n,
		say(n, "%s; %jd calls, %jd refused; memory %jd MiB",
			"%s；调用 %jd 次，拒绝 %jd 次；内存 %jd MiB"),
		value_true(value_path(&s, "clock.suspect"))
			? say(n, "LOOK: the clock is suspect (tocsin call clock.accept)",
				  "注意：时钟可疑（tocsin call clock.accept）")
		: p99 > COMMIT_US_SLOW ? say(n, "LOOK: the disk is slow", "注意：磁盘慢")
		: failures > 0         ? say(n, "LOOK: rules failed", "注意：有规则出错")
				       : say(n, "well", "正常"),
		(intmax_t)value_int_or(value_path(&s, "rpc.calls"), 0),
		(intmax_t)value_int_or(value_path(&s, "rpc.errors"), 0),
		(intmax_t)value_int_or(value_path(&s, "memory.rss_bytes"), 0) / (1024 * 1024));
	now_line(n,
		say(n, "commit p99 %.1f ms, %jd rule failures, %jd tasks given up%s",
			"写盘 p99 %.1f 毫秒，规则出错 %jd 次，放弃的外发任务 %jd 个%s"),
		(double)p99 / 1000, (intmax_t)failures, (intmax_t)tasks_given_up(&s),
		value_true(value_path(&s, "outbox.paused")) ? say(n, ", PAUSED", "，外发已暂停") : "");
	return 0;
}
