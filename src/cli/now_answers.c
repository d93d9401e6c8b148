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
#define COMMIT_US_SLOW 50000

/* ---- tickets of this hour, and of this hour on other days ---------------------------------------------- */
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
	value_add(&n->arena, &where, "kind",
		value_literal("complaint")); /* cases that the system opens are no feed */
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

int now_catalog(struct now *n, struct err *e)
{
	if (!n->has_catalog && now_call(n, "catalog.get", NULL, &n->catalog, e) != 0)
		return -1;
	n->has_catalog = true;
	return 0;
}

int now_warnings(struct now *n, struct err *e)
{
	struct value result;

	if (n->has_warnings)
		return 0;
	if (now_catalog(n, e) != 0 || now_call(n, "warning.list", NULL, &result, e) != 0)
		return -1;
	n->warnings = value_get(&result, "warnings") == NULL ? value_array(&n->arena, 0)
							     : *value_get(&result, "warnings");
	n->has_warnings = true;
	return 0;
}

/* ---- is the feed alive --------------------------------------------------------------------------------- */
/* Sources that are silent for longer than the pack expects, in the daemon's order. */
static int late_line(struct now *n, struct err *e)
{
	struct value stats;
	const struct value *sources;
	struct buf late;
	uint32_t n_expected = 0, n_late = 0;

	if (now_call(n, "server.stats", NULL, &stats, e) != 0)
		return -1;
	sources = value_get(&stats, "sources");
	buf_init(&late, 4096);
	for (uint32_t i = 0; value_is(sources, VALUE_ARRAY) && i < sources->n; i++) {
		const struct value *s = &sources->as.items[i], *last = value_get(s, "last");

		n_expected += value_get(s, "expected_ms") != NULL;
		n_late += value_true(value_get(s, "is_late"));
		if (value_true(value_get(s, "is_late")))
			buf_printf(&late, "%s%s %s", late.n > 0 ? ", " : "", now_shown(n, s, "name"),
				last == NULL ? now_say(n, "never", "从未")
					     : now_ago(n, value_int_or(last, 0)));
	}
	if (late.n > 0)
		now_line(n, now_say(n, "LATE %u: %.*s", "超时 %u 个：%.*s"), n_late, (int)late.n,
			(const char *)late.p);
	else
		now_line(n, now_say(n, "none of %u sources is late", "%u 个来源都没有超时"), n_expected);
	buf_fini(&late);
	return 0;
}

int now_feed(struct now *n, struct err *e)
{
	if (now_fetch(n, e) != 0)
		return -1;
	if (n->recent.n == 0)
		now_line(n,
			now_say(n, "SILENT: no complaint in the last hour; %s",
				"没有动静：最近一小时没有投诉；%s"),
			now_usual(n, n->earlier.n));
	else
		now_line(n,
			now_say(n, "%u in the last hour, the last %s ago; %s",
				"最近一小时 %u 件，最近一件在 %s前；%s"),
			n->recent.n,
			now_ago(n, value_int_or(value_get(&n->recent.as.items[0], "created"), 0)),
			now_usual(n, n->earlier.n));
	return late_line(n, e);
}

/* ---- what may I do ------------------------------------------------------------------------------------- */
/* Whether the pack lets the role do this to warnings. */
static bool may_on_warnings(struct now *n, const char *action, const char *role)
{
	const struct value *roles = value_get(value_get(&n->catalog, "warning_roles"), action);

	for (uint32_t i = 0; value_is(roles, VALUE_ARRAY) && i < roles->n; i++)
		if (strstr(role, value_cstr(&n->arena, &roles->as.items[i])) != NULL)
			return true;
	return strstr(role, "admin") != NULL;
}

/* What the worst warning waits for: somebody who takes it, or a signature. */
static void may_act(struct now *n, const char *role)
{
	for (uint32_t i = 0; i < n->warnings.n; i++) {
		const struct value *w = &n->warnings.as.items[i];
		bool is_ready = value_true(value_get(w, "is_ready"));
		const char *action = is_ready ? "sign_down" : "ack";

		if (!value_is(value_get(w, "called"), VALUE_ARRAY) ||
			(!is_ready && value_get(w, "ack") != NULL) || !may_on_warnings(n, action, role))
			continue;
		now_line(n, "tocsin warn %s '%s' %s", action, now_shown(n, w, "key"),
			now_say(n, "REASON", "原因"));
		return;
	}
}

int now_may(struct now *n, struct err *e)
{
	const char *role = now_shown(n, &n->hello, "role");
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

	if (now_warnings(n, e) != 0)
		return -1;
	may_act(n, role);
	for (size_t i = 0; i < sizeof(may) / sizeof(may[0]); i++)
		if (strstr(role, may[i].role) != NULL)
			now_line(n, "%s: tocsin %s", may[i].role, now_say(n, may[i].en, may[i].zh));
	if (n->answers.n == 0)
		now_line(n,
			now_say(n, "the role %s may call what `tocsin call rpc.methods` lists",
				"角色 %s 可调用 `tocsin call rpc.methods` 列出的方法"),
			role);
	return 0;
}

/* ---- who changed the rules, is Tocsin well ------------------------------------------------------------- */
int now_rules(struct now *n, struct err *e)
{
	struct value r;
	const struct value *errors;

	if (now_call(n, "rules.status", NULL, &r, e) != 0)
		return -1;
	now_line(n, now_say(n, "%s, %s ago: generation %s decides", "%s，%s前：第 %s 代在决定"),
		now_shown(n, &r, "by"), now_ago(n, value_int_or(value_get(&r, "loaded_at"), n->now_ms)),
		now_shown(n, &r, "generation"));
	errors = value_get(&r, "errors");
	if (!value_true(value_get(&r, "ok")))
		now_line(n, now_say(n, "the last load was REFUSED: %s", "上次加载未通过：%s"),
			now_shown(n, value_at(errors, 0), now_say(n, "message", "message_zh")));
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
		now_say(n, "%s; %jd calls, %jd refused; memory %jd MiB",
			"%s；调用 %jd 次，拒绝 %jd 次；内存 %jd MiB"),
		value_true(value_path(&s, "clock.suspect"))
			? now_say(n, "LOOK: the clock is suspect (tocsin call clock.accept)",
				  "注意：时钟可疑（tocsin call clock.accept）")
		: p99 > COMMIT_US_SLOW ? now_say(n, "LOOK: the disk is slow", "注意：磁盘慢")
		: failures > 0         ? now_say(n, "LOOK: rules failed", "注意：有规则出错")
				       : now_say(n, "well", "正常"),
		(intmax_t)value_int_or(value_path(&s, "rpc.calls"), 0),
		(intmax_t)value_int_or(value_path(&s, "rpc.errors"), 0),
		(intmax_t)value_int_or(value_path(&s, "memory.rss_bytes"), 0) / (1024 * 1024));
	now_line(n,
		now_say(n, "commit p99 %.1f ms, %jd rule failures, %jd tasks given up%s",
			"写盘 p99 %.1f 毫秒，规则出错 %jd 次，放弃的外发任务 %jd 个%s"),
		(double)p99 / 1000, (intmax_t)failures, (intmax_t)tasks_given_up(&s),
		value_true(value_path(&s, "outbox.paused")) ? now_say(n, ", PAUSED", "，外发已暂停") : "");
	return 0;
}
