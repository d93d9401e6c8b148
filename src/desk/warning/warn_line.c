/*
 * The line of a warning, which a manager reads: how many were seen, how many are usual, how likely so many are by
 * chance. Which words it is put in is the pack's (warning_texts); here they are chosen, and the names filled in.
 */
#include <math.h>

#include "warn_int.h"

/* "15 min" and "15分钟", "1 h" and "1小时" */
static struct value span_text(struct arena *a, int64_t ms)
{
	int64_t minutes = ms / MINUTE_MS, n = minutes % 60 == 0 ? minutes / 60 : minutes;
	struct value out = value_map(a, 2);

	value_add(a, &out, "zh", value_printf(a, "%jd%s", (intmax_t)n, minutes % 60 == 0 ? "小时" : "分钟"));
	value_add(a, &out, "en", value_printf(a, "%jd %s", (intmax_t)n, minutes % 60 == 0 ? "h" : "min"));
	return out;
}

static bool number_of(const struct value *v, double *out)
{
	if (v == NULL || (v->type != VALUE_INT && v->type != VALUE_FLOAT))
		return false;
	*out = v->type == VALUE_INT ? (double)v->as.i : v->as.f;
	return true;
}

/* Tails are exact to 1e-300 (tail.h): what is less likely is not called impossible. */
static struct value p_text(struct arena *a, const struct value *p)
{
	double x;

	if (!number_of(p, &x))
		return value_literal("-");
	return x < 1e-300 ? value_literal("<1e-300") : value_printf(a, "%.1e", x);
}

/* ---- how likely, in words ------------------------------------------------------------------------------ */
#define PERCENT_FROM 0.01
#define RAREST 1e9

/* Two digits are enough: 1,964 is told as 2,000. */
static double rounded(double x)
{
	double unit = pow(10, floor(log10(x)) - 1);

	return round(x / unit) * unit;
}

/* 12000 → "12,000" */
static const char *with_commas(struct arena *a, int64_t n)
{
	return n < 1000 ? arena_printf(a, "%jd", (intmax_t)n)
			: arena_printf(a, "%s,%03jd", with_commas(a, n / 1000), (intmax_t)(n % 1000));
}

/* 12000 → "1.2万" */
static const char *with_wan(struct arena *a, double n)
{
	if (n >= 1e8)
		return arena_printf(a, "%.3g亿", n / 1e8);
	return n >= 1e4 ? arena_printf(a, "%.4g万", n / 1e4) : arena_printf(a, "%.0f", n);
}

/* "12 %", "1 in 2,000", "under 1 in a billion" */
static struct value chance_text(struct arena *a, const struct value *p)
{
	struct value out = value_map(a, 2);
	double x, n;

	if (!number_of(p, &x))
		return value_literal("-");
	if (x >= PERCENT_FROM) {
		const char *percent = arena_printf(a, x < 0.1 ? "%.2g" : "%.0f", x * 100);

		value_add(a, &out, "zh", value_printf(a, "%s%%", percent));
		value_add(a, &out, "en", value_printf(a, "%s %%", percent));
		return out;
	}
	if (x * RAREST < 1) {
		value_add(a, &out, "zh", value_literal("不到十亿分之一"));
		value_add(a, &out, "en", value_literal("under 1 in a billion"));
		return out;
	}
	n = rounded(1 / x);
	value_add(a, &out, "zh", value_printf(a, "约%s分之一", with_wan(a, n)));
	value_add(a, &out, "en", value_printf(a, "1 in %s", with_commas(a, (int64_t)n)));
	return out;
}

/* ---- the line ------------------------------------------------------------------------------------------ */
const struct value *warn_kind_label(const struct warn *n, const struct wkey *k)
{
	const struct texts *kinds = k->watch == NULL ? NULL : &k->watch->kinds;

	return kinds == NULL || k->watch->of != WATCH_SIGNALS || kinds->n != 1
		       ? NULL
		       : value_get(
				 value_get(value_get(packs_catalog(n->desk->packs), "signals"), kinds->p[0]),
				 "label");
}

/* A roll-up that is worse than its own watch says: its figures are row.rolled. */
static bool speaks_for_cities(const struct wkey *k, const struct value *row)
{
	return value_get(row, "rolled") != NULL &&
	       (k->watch == NULL || k->det.level.level < k->floor || value_get(row, "expected") == NULL);
}

const struct value *warn_figures_of(const struct wkey *k, const struct value *row)
{
	return speaks_for_cities(k, row) ? value_get(row, "rolled") : row;
}

static struct value line_names(struct work *w, const struct wkey *k, const struct value *row)
{
	static const char *const of_row[] = {"cities", "minutes", "count", "incident", "affected"};
	static const char *const of_figures[] = {"seen", "expected"};
	const struct value *figures = warn_figures_of(k, row), *kind = warn_kind_label(w->desk->warn, k),
			   *p = value_get(figures, "p");
	struct value names = value_map(w->arena, 16);

	for (size_t i = 0; i < sizeof(of_row) / sizeof(of_row[0]); i++)
		if (value_get(row, of_row[i]) != NULL)
			value_add(w->arena, &names, of_row[i], *value_get(row, of_row[i]));
	for (size_t i = 0; i < sizeof(of_figures) / sizeof(of_figures[0]); i++)
		if (value_get(figures, of_figures[i]) != NULL)
			value_set(w->arena, &names, of_figures[i], *value_get(figures, of_figures[i]));
	value_add(w->arena, &names, "p", p_text(w->arena, p));
	value_add(w->arena, &names, "chance", chance_text(w->arena, p));
	value_add(w->arena, &names, "window", span_text(w->arena, value_int_or(value_get(row, "window"), 0)));
	value_add(w->arena, &names, "key", value_text(w->arena, k->text, k->text_n));
	if (kind != NULL)
		value_add(w->arena, &names, "kind", *kind);
	return names;
}

/* By which text of the pack it is said. */
static const char *text_of(const struct warn *n, const struct wkey *k, const struct value *row)
{
	if (value_get(row, "order") != NULL)
		return "disaster";
	if (value_get(row, "silent") != NULL)
		return "silent";
	if (speaks_for_cities(k, row) || (value_get(row, "children") != NULL && k->watch == NULL))
		return "rolled_up";
	if (value_get(row, "seen") == NULL)
		return "uncounted";
	if (value_get(row, "unwatched") != NULL)
		return "unwatched";
	if (value_get(row, "expected") == NULL)
		return "unlearned";
	if (warn_kind_label(n, k) != NULL)
		return "signals";
	return value_get(row, "assumed") != NULL ? "assumed" : "line";
}

/* In front of it, if the pack has such a text. */
static void put_before(struct work *w, const char *text, const struct value *names, struct value *line)
{
	static const char *const languages[] = {"zh", "en"};
	struct value more = warn_text(w->arena, packs_catalog(w->desk->packs), text, names);

	for (size_t i = 0; more.type != VALUE_NIL && i < sizeof(languages) / sizeof(languages[0]); i++)
		value_set(w->arena, line, languages[i],
			value_printf(w->arena, "%s%s", value_cstr(w->arena, value_get(&more, languages[i])),
				value_cstr(w->arena, value_get(line, languages[i]))));
}

struct value warn_line(struct work *w, const struct wkey *k, const struct value *row)
{
	const struct value *order = value_get(row, "order");
	struct value names = order == NULL ? line_names(w, k, row) : value_map(w->arena, 2), line;

	if (order != NULL)
		warn_order_names(w, order, &names);
	line = warn_text(w->arena, packs_catalog(w->desk->packs), text_of(w->desk->warn, k, row), &names);
	if (line.type == VALUE_NIL)
		return line;
	if (value_get(row, "climbs") != NULL)
		put_before(w, "climbing", &names, &line);
	if (value_get(row, "affected") != NULL)
		put_before(w, "numbers", &names, &line);
	return line;
}
