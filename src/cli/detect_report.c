/* What was found, for people and for machines. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "detect_int.h"
#include "tocsin/clock.h"

static const char *level_shown(const struct report *r, uint8_t level)
{
	const struct level_name *l = &r->run->watches->levels[level < r->run->watches->n_levels ? level : 0];
	const struct value *label = value_get(&l->label, cli_is_zh(r->cli) ? "zh" : "en");

	if (level == 0)
		return cli_say(r->cli, "none", "无");
	return label == NULL ? l->name : value_cstr(&r->cli->arena, label);
}

static const char *number_shown(struct arena *a, const char *format, double v)
{
	char text[40];

	if (isnan(v))
		return "-";
	if (strcmp(format, "p") == 0 && v < 1e-300)
		return "<1e-300";
	snprintf(text, sizeof(text), strcmp(format, "p") == 0 ? "%.1e" : "%.1f", v);
	return arena_text(a, text, strlen(text));
}

static const char *span_shown(struct arena *a, double ms)
{
	double minutes = ms / 60000;

	if (minutes < 120)
		return arena_printf(a, "%.0f min", minutes);
	if (minutes < 2 * 1440)
		return arena_printf(a, "%.1f h", minutes / 60);
	return arena_printf(a, "%.1f d", minutes / 1440);
}

static void print_head(const struct report *r)
{
	struct arena *a = &r->cli->arena;
	const struct series *s = r->run->series;
	uint32_t n_unknown = 0;

	for (uint32_t i = 0; i < s->n; i++)
		n_unknown += s->counts[i] == BIN_UNKNOWN;
	printf(cli_say(r->cli, "%s: %ju rows, %u bins of %s from %s; pack %s, watch \"%s\"\n",
		       "%s：%ju 行，%u 个时段（每段 %s），自 %s 起；规则包 %s，监视项“%s”\n"),
		r->file, (uintmax_t)s->n_rows, s->n, bin_shown(a, s->bin_ms), time_plain(a, s->start_ms),
		r->pack, r->run->watch->name);
	if (n_unknown > 0)
		printf(cli_say(r->cli,
			       "%u bins have no row and are not known (--gaps zero takes them for 0)\n",
			       "%u 个时段没有数据，按未知处理（--gaps zero 按 0 处理）\n"),
			n_unknown);
	if (s->n_rounded > 0)
		printf(cli_say(r->cli, "%ju values have a fraction and are taken as the nearest count\n",
			       "%ju 个值带小数，已取最近的整数\n"),
			(uintmax_t)s->n_rounded);
	if (r->run->learned_ms == INT64_MAX)
		puts(cli_say(r->cli,
			"the series is too short: what is usual was not learned, so nothing was expected",
			"序列太短：还没有学到平常水平，因此没有预期值"));
	else if (r->run->learned_ms > s->start_ms)
		printf(cli_say(r->cli, "not learned yet before %s\n", "%s 之前还在学习平常水平\n"),
			time_plain(a, r->run->learned_ms));
}

static void print_changes(const struct report *r)
{
	struct arena *a = &r->cli->arena;
	const struct watch *w = r->run->watch;
	struct text_table t;

	table_init(&t, a,
		cli_say(r->cli, "BIN|LEVEL|INPUT|>SEEN|>EXPECTED|>P", "时段|等级|依据|>实际|>预期|>概率"));
	for (uint32_t i = 0; i < r->run->n_changes; i++) {
		const struct level_change *c = &r->run->changes[i];
		const struct seen *s = &c->seen.seen[c->seen.input];

		table_cell(&t, time_plain(a, c->start_ms));
		table_cellf(&t, "%s → %s", level_shown(r, c->seen.from), level_shown(r, c->seen.to));
		table_cell(&t, w->inputs[c->seen.input].name);
		table_cell(&t, number_shown(a, "n", s->value));
		table_cell(&t, number_shown(a, "n", s->expected));
		table_cell(&t, number_shown(a, "p", s->p));
	}
	if (r->run->n_changes > 0)
		table_print(&t, stdout);
	printf(cli_say(r->cli, "%u level change%s\n", "%u 次等级变化%s\n"), r->run->n_changes,
		cli_is_zh(r->cli) || r->run->n_changes == 1 ? "" : "s");
}

static void print_score(const struct report *r)
{
	const struct score *s = &r->score;
	struct arena *a = &r->cli->arena;

	printf(cli_say(r->cli,
		       "labels: %u of %u events found; %u false alarms in %.1f quiet stream-weeks (%.3f a "
		       "week, %.2f %% of the time)\n",
		       "标注：%2$u 个事件中发现 %1$u 个；%4$.1f 个平静的序列周里误报 %3$u 次（每周 %5$.3f "
		       "次，占时间 %6$.2f %%）\n"),
		s->n_found, s->n_windows, s->n_false, s->quiet_weeks,
		s->quiet_weeks > 0 ? s->n_false / s->quiet_weeks : 0, s->false_share * 100);
	if (s->n_before > 0)
		printf(cli_say(r->cli, "%u of the events were over before anything was learned\n",
			       "其中 %u 个事件在学到平常水平之前就结束了\n"),
			s->n_before);
	if (s->median_delay_ms >= 0)
		printf(cli_say(r->cli, "median delay from the start of an event: %s\n",
			       "从事件开始到报警的中位延迟：%s\n"),
			span_shown(a, (double)s->median_delay_ms));
}

void report_print(const struct report *r)
{
	print_head(r);
	print_changes(r);
	if (r->labels != NULL)
		print_score(r);
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */
static void add_float(struct arena *a, struct value *map, const char *key, double v)
{
	value_add(a, map, key, isfinite(v) ? value_float(v) : value_nil);
}

static struct value change_value(const struct report *r, const struct level_change *c)
{
	struct arena *a = &r->cli->arena;
	const struct seen *s = &c->seen.seen[c->seen.input];
	struct value map = value_map(a, 9);

	value_add(a, &map, "bin", value_int(c->start_ms));
	value_add(a, &map, "at", value_int(c->start_ms + r->run->series->bin_ms));
	value_add(a, &map, "from", value_literal(level_name(r->run->watches, c->seen.from)));
	value_add(a, &map, "to", value_literal(level_name(r->run->watches, c->seen.to)));
	value_add(a, &map, "input", value_literal(r->run->watch->inputs[c->seen.input].name));
	add_float(a, &map, "seen", s->value);
	add_float(a, &map, "expected", s->expected);
	add_float(a, &map, "p", s->p);
	return map;
}

static struct value score_value(struct arena *a, const struct score *s)
{
	struct value map = value_map(a, 8);

	value_add(a, &map, "events", value_int(s->n_windows));
	value_add(a, &map, "found", value_int(s->n_found));
	value_add(a, &map, "before_learned", value_int(s->n_before));
	add_float(a, &map, "sensitivity", s->n_windows == 0 ? NAN : (double)s->n_found / s->n_windows);
	value_add(a, &map, "false_alarms", value_int(s->n_false));
	add_float(a, &map, "quiet_weeks", s->quiet_weeks);
	add_float(a, &map, "false_alarms_a_week", s->quiet_weeks > 0 ? s->n_false / s->quiet_weeks : NAN);
	add_float(a, &map, "false_share", s->false_share);
	value_add(a, &map, "median_delay_ms",
		s->median_delay_ms < 0 ? value_nil : value_int(s->median_delay_ms));
	return map;
}

void report_json(const struct report *r)
{
	struct arena *a = &r->cli->arena;
	const struct run *run = r->run;
	struct value map = value_map(a, 10), changes = value_array(a, run->n_changes);

	for (uint32_t i = 0; i < run->n_changes; i++)
		value_push(a, &changes, change_value(r, &run->changes[i]));
	value_add(a, &map, "file", value_literal(r->file));
	value_add(a, &map, "pack", value_literal(r->pack));
	value_add(a, &map, "watch", value_literal(run->watch->name));
	value_add(a, &map, "bin_ms", value_int(run->series->bin_ms));
	value_add(a, &map, "start", value_int(run->series->start_ms));
	value_add(a, &map, "rows", value_int((int64_t)run->series->n_rows));
	value_add(a, &map, "bins", value_int(run->series->n));
	value_add(a, &map, "learned", run->learned_ms == INT64_MAX ? value_nil : value_int(run->learned_ms));
	value_add(a, &map, "changes", changes);
	if (r->labels != NULL)
		value_add(a, &map, "score", score_value(a, &r->score));
	json_print(stdout, &map);
}

/* ---- every bin ----------------------------------------------------------------------------------------- */
static void write_bin(const struct report *r, uint32_t bin, FILE *out)
{
	const struct run *run = r->run;
	struct arena_mark mark = arena_mark(&r->cli->arena);
	int64_t at = bin_after(run->series->bin_ms, run->series->start_ms, bin);

	fprintf(out, "%s,%s,", time_plain(&r->cli->arena, at), level_name(run->watches, run->levels[bin]));
	if (run->series->counts[bin] != BIN_UNKNOWN)
		fprintf(out, "%u", run->series->counts[bin]);
	fputc(',', out);
	if (!isnan(run->expected[bin]))
		fprintf(out, "%.6g", (double)run->expected[bin]);
	fputc(',', out);
	if (!isnan(run->p[bin]))
		fprintf(out, "%.6g", (double)run->p[bin]);
	fputc('\n', out);
	arena_rewind(&r->cli->arena, mark);
}

int report_alarms(const struct report *r, const char *path, struct err *e)
{
	FILE *out = fopen(path, "we");

	if (out == NULL)
		return err_set(e, ERR_STORAGE, "%s: %s", path, strerror(errno));
	fputs("bin,level,count,expected,p\n", out);
	for (uint32_t bin = 0; bin < r->run->series->n; bin++)
		write_bin(r, bin, out);
	if (fclose(out) != 0)
		return err_set(e, ERR_STORAGE, tr("%s cannot be written: %s"), path, strerror(errno));
	return 0;
}
