/* Tables for people: columns as wide as a terminal shows them. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli_int.h"
#include "desk/ticket_fields.h"
#include "tocsin/clock.h"
#include "tocsin/util.h"

#define INSTANT_MS_MIN                                                                                       \
	INT64_C(100000000000) /* 1973; smaller numbers in a field like `created` count something */

/* One character: its bytes and the columns it takes; bytes that are no character count as one column each. */
static size_t character(const char *p, size_t n, size_t *columns)
{
	mbstate_t state;
	wchar_t wide;
	size_t used;
	int width;

	memset(&state, 0, sizeof(state));
	used = mbrtowc(&wide, p, n, &state);
	if (used == 0 || used > n) {
		*columns = 1;
		return 1;
	}
	width = wcwidth(wide);
	*columns = width < 0 ? 1 : (size_t)width;
	return used;
}

size_t text_columns(const char *text)
{
	size_t n = strlen(text), at = 0, all = 0;

	while (at < n) {
		size_t columns;

		at += character(text + at, n - at, &columns);
		all += columns;
	}
	return all;
}

const char *text_clip(struct arena *a, struct slice text, size_t columns)
{
	const char *p = text.p;
	size_t at = 0, all = 0, last = 0;
	char *out = arena_alloc(a, text.n + 4);

	while (at < text.n) {
		size_t width, used = character(p + at, text.n - at, &width);

		if (all + width > columns)
			break;
		memcpy(out + at, p + at, used);
		if ((unsigned char)p[at] < ' ' || p[at] == 0x7f)
			out[at] = ' ';
		at += used;
		all += width;
		if (all + 1 <= columns)
			last = at;
	}
	if (at < text.n) {
		memcpy(out + last, "…", sizeof("…"));
		return out;
	}
	out[at] = '\0';
	return out;
}

void table_init(struct text_table *t, struct arena *a, const char *headings)
{
	memset(t, 0, sizeof(*t));
	t->arena = a;
	for (const char *p = headings; p != NULL;) {
		const char *bar = strchr(p, '|');

		must(t->n_columns < TABLE_COLUMNS_MAX);
		table_cell(t, arena_text(a, p, bar == NULL ? strlen(p) : (size_t)(bar - p)));
		t->n_columns++;
		p = bar == NULL ? NULL : bar + 1;
	}
}

void table_cell(struct text_table *t, const char *text)
{
	if (t->n_cells == t->cap) {
		const char **more = arena_alloc(t->arena, (t->cap * 2 + 64) * sizeof(*more));

		if (t->n_cells > 0)
			memcpy(more, t->cells, t->n_cells * sizeof(*more));
		t->cells = more;
		t->cap = t->cap * 2 + 64;
	}
	if (text == NULL)
		text = "";
	t->cells[t->n_cells++] = text_clip(t->arena, slice_of(text, strlen(text)), 4096);
}

void table_cellf(struct text_table *t, const char *format, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	text[utf8_clip(text, strlen(text))] = '\0';
	table_cell(t, text);
}

static void print_cell(FILE *out, const char *text, size_t width, bool is_right, bool is_last)
{
	size_t columns = text_columns(text), pad = columns < width ? width - columns : 0;

	if (is_right)
		fprintf(out, "%*s%s", (int)pad, "", text);
	else
		fprintf(out, "%s%*s", text, is_last ? 0 : (int)pad, "");
	fputs(is_last ? "\n" : "  ", out);
}

void table_print(const struct text_table *t, FILE *out)
{
	size_t width[TABLE_COLUMNS_MAX] = {0};
	bool is_right[TABLE_COLUMNS_MAX];

	must(t->n_columns > 0);
	for (uint32_t i = 0; i < t->n_columns; i++)
		is_right[i] = t->cells[i][0] == '>';
	for (uint32_t i = 0; i < t->n_cells; i++) {
		uint32_t column = i % t->n_columns;
		size_t columns = text_columns(t->cells[i] + (i < t->n_columns && is_right[column]));

		if (columns > width[column])
			width[column] = columns;
	}
	for (uint32_t i = 0; i < t->n_cells; i++) {
		uint32_t column = i % t->n_columns;

		print_cell(out, t->cells[i] + (i < t->n_columns && is_right[column]), width[column],
			is_right[column], column + 1 == t->n_columns);
	}
}

/* ---- values -------------------------------------------------------------------------------------------- */
const char *time_shown(struct arena *a, int64_t at_ms)
{
	char iso[40];

	clock_format(at_ms, iso);
	return arena_printf(a, "%.10s %.8s%s", iso, iso + 11, iso + 23);
}

const char *time_plain(struct arena *a, int64_t at_ms)
{
	return arena_printf(a, "%.19s", time_shown(a, at_ms));
}

const char *minute_shown(struct arena *a, int64_t at_ms)
{
	const char *whole = time_shown(a, at_ms);

	return arena_printf(a, "%.16s%s", whole, whole + 19);
}

static bool is_one_of(const char *name, const char *const *names)
{
	while (*names != NULL && strcmp(name, *names) != 0)
		names++;
	return *names != NULL;
}

bool field_is_time(const char *field)
{
	/* of answers that are no ticket */
	static const char *const times[] = {"at", "now", "from", "to", "since", "resolved", "received",
		"until", "started", "ends", "began", NULL};
	/* of a pack's own fields: asked_at, green_until, script_eta, script_until_time */
	static const char *const endings[] = {"at", "until", "eta", "time", NULL};
	const char *dot = strrchr(field, '.'), *name = dot == NULL ? field : dot + 1,
		   *line = strrchr(name, '_');

	return ticket_field_type(name) == ARG_TIME || is_one_of(name, times) ||
	       is_one_of(line == NULL ? name : line + 1, endings);
}

bool value_is_time(const char *field, const struct value *v, int64_t *at_ms)
{
	return field != NULL && field_is_time(field) && value_as_int(v, at_ms) && *at_ms >= INSTANT_MS_MIN;
}

/* Of {en=text, zh=text} what the reader reads, else NULL. */
static const struct value *text_of_reader(const struct value *v)
{
	const struct value *en = value_get(v, "en"), *zh = value_get(v, "zh");

	return v->n != 2 || !value_is(en, VALUE_TEXT) || !value_is(zh, VALUE_TEXT) ? NULL
	       : cli_reads_zh()                                                    ? zh
										   : en;
}

/* Times and texts inside lists and maps as people read them. */
static struct value as_read(struct arena *a, const char *field, const struct value *v)
{
	struct value out = *v;
	int64_t at;

	if (value_is_time(field, v, &at))
		return value_literal(time_shown(a, at));
	if (v->type == VALUE_ARRAY) {
		out = value_array(a, v->n);
		for (uint32_t i = 0; i < v->n; i++)
			value_push(a, &out, as_read(a, field, &v->as.items[i]));
	} else if (text_of_reader(v) != NULL) {
		out = *text_of_reader(v);
	} else if (v->type == VALUE_MAP) {
		out = value_map(a, v->n);
		for (uint32_t i = 0; i < v->n; i++) {
			const char *key = value_cstr(a, &v->as.pairs[i].key);

			value_add(a, &out, key, as_read(a, key, &v->as.pairs[i].val));
		}
	}
	return out;
}

const char *value_shown(struct arena *a, const char *field, const struct value *v)
{
	struct value shown;
	const char *text;
	int64_t at;
	struct buf b;

	if (v == NULL || v->type == VALUE_NIL)
		return "";
	if (v->type == VALUE_TEXT)
		return value_cstr(a, v);
	if (value_is_time(field, v, &at))
		return time_shown(a, at);
	buf_init(&b, (size_t)1024 * 1024);
	shown = as_read(a, field, v);
	value_json(&b, &shown);
	text = arena_text(a, (const char *)b.p, b.n);
	buf_fini(&b);
	return text;
}

const char *field_shown(struct cli *c, const struct value *map, const char *key)
{
	return value_shown(&c->arena, key, value_get(map, key));
}

const char *label_shown(struct cli *c, const struct value *both, const char *otherwise)
{
	const struct value *v = value_get(both, cli_say(c, "en", "zh"));

	return v == NULL ? otherwise : value_shown(&c->arena, NULL, v);
}

const char *level_called(struct cli *c, const struct value *levels, const char *name)
{
	for (uint32_t i = 0; value_is(levels, VALUE_ARRAY) && i < levels->n; i++)
		if (value_is_text(value_get(&levels->as.items[i], "name"), name))
			return label_shown(c, value_get(&levels->as.items[i], "label"), name);
	return strcmp(name, "none") == 0 ? cli_say(c, "none", "无") : name;
}
