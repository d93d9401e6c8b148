/* One row to the arguments of a call. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import_int.h"
#include "tocsin/util.h"

#define ROW_HASH_BYTES 12

static int refuse(struct refusal *r, const char *class, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int refuse(struct refusal *r, const char *class, const char *format, ...)
{
	va_list ap;

	snprintf(r->class, sizeof(r->class), "%s", class);
	r->class[utf8_clip(r->class, strlen(r->class))] = '\0';
	va_start(ap, format);
	vsnprintf(r->text, sizeof(r->text), format, ap);
	va_end(ap);
	r->text[utf8_clip(r->text, strlen(r->text))] = '\0';
	return -1;
}

struct slice text_trim(struct slice s)
{
	const char *p = s.p;
	size_t n = s.n;

	while (n > 0 && strchr(" \t\r\n", p[n - 1]) != NULL && p[n - 1] != '\0')
		n--;
	while (n > 0 && strchr(" \t\r\n", p[0]) != NULL && p[0] != '\0') {
		p++;
		n--;
	}
	return slice_of(p, n);
}

/* Times join by a blank, texts by a new line; empty cells leave no trace. */
struct slice field_text(struct arena *a, const struct field *f, const struct csv_row *row)
{
	char join = f->time_format != NULL ? ' ' : '\n', *out;
	size_t n = 0, room = FIELD_COLUMNS_MAX;

	if (f->n_columns == 1)
		return text_trim(row->cells[f->index[0]]);
	for (uint32_t k = 0; k < f->n_columns; k++)
		room += row->cells[f->index[k]].n;
	out = arena_alloc(a, room);
	for (uint32_t k = 0; k < f->n_columns; k++) {
		struct slice cell = text_trim(row->cells[f->index[k]]);

		if (cell.n == 0)
			continue;
		if (n > 0)
			out[n++] = join;
		memcpy(out + n, cell.p, cell.n);
		n += cell.n;
	}
	return slice_of(out, n);
}

static int take_time(const struct field *f, struct slice text, struct value *out, struct refusal *why)
{
	struct written w;
	int64_t at_ms;
	char class[160];

	if (time_read(f->time_format, text, &w) == 0 && time_resolve(&w, f->date_order, &at_ms) == 0) {
		*out = value_int(at_ms);
		return 0;
	}
	snprintf(class, sizeof(class), tr("%s is no date and time"), f->name);
	return refuse(why, class, tr("%s: \"%.*s\" is no date and time of the form %s"), f->name,
		(int)(text.n < 60 ? text.n : 60), (const char *)text.p, f->time_format);
}

/* Through the value table; the result may be empty: then the field is absent. */
static int take_table(struct arena *a, const struct field *f, struct slice *text, struct refusal *why)
{
	const struct value *found = value_get_n(&f->table->texts, text->p, text->n);
	char class[160];

	(void)a;
	if (found != NULL) {
		*text = value_slice(found);
		return 0;
	}
	if (f->table->other != NULL) {
		if (strcmp(f->table->other, "*") != 0)
			*text = slice_of(f->table->other, strlen(f->table->other));
		return 0;
	}
	snprintf(class, sizeof(class), tr("a value is not in [values %.100s]"), f->name);
	return refuse(why, class, tr("%s: \"%.*s\" is not in [values %s]"), f->name,
		(int)(text->n < 100 ? text->n : 100), (const char *)text->p, f->name);
}

bool is_rounded(struct slice text)
{
	const char *p = text.p, *end = p + text.n;
	size_t n = 0;

	for (; p < end && ((*p >= '0' && *p <= '9') || (n > 0 && *p == '.')); p++)
		n++;
	if (n == 0 || end - p < 3 || (*p != 'E' && *p != 'e') || p[1] != '+')
		return false;
	for (p += 2; p < end; p++)
		if (*p < '0' || *p > '9')
			return false;
	return true;
}

/* A spreadsheet shows long numbers so and saves what it shows: the digits behind are gone. */
static int refuse_rounded(const struct field *f, struct slice text, struct refusal *why)
{
	char class[160];

	snprintf(class, sizeof(class), tr("%s: Excel rounded this number"), f->name);
	return refuse(why, class,
		tr("%s: \"%.*s\": Excel rounded this number, its last digits are gone: make the column a "
		   "text in "
		   "Excel and save the file anew from the source"),
		f->name, (int)(text.n < 60 ? text.n : 60), (const char *)text.p);
}

static int take_field(struct arena *a, const struct field *f, const struct csv_row *row, struct value *args,
	struct refusal *why)
{
	struct slice text = slice_of("", 0);
	struct value v;
	struct err e;

	if (f->n_columns > 0)
		text = field_text(a, f, row);
	if (f->time_format == NULL && is_rounded(text))
		return refuse_rounded(f, text, why);
	if (text.n > 0 && f->table != NULL && take_table(a, f, &text, why) != 0)
		return -1;
	if (text.n == 0 && f->constant != NULL)
		text = slice_of(f->constant, strlen(f->constant));
	if (text.n == 0)
		return 0;
	v = value_borrow(text.p, text.n);
	if (f->time_format != NULL && take_time(f, text, &v, why) != 0)
		return -1;
	if (strcmp(f->name, "priority") == 0)
		v = value_int(strtoll(arena_text(a, text.p, text.n), NULL, 10));
	return value_set_path(a, args, f->name, v, &e) == 0
		       ? 0
		       : refuse(why, tr("the mapping"), "%s", cli_said(&e));
}

/* Rows without a key of their own are known by what they say. */
static void take_hash(struct arena *a, const struct csv_row *row, struct value *args)
{
	uint8_t digest[SHA256_LEN];
	char text[2 * ROW_HASH_BYTES + 1];

	sha256(row->raw.p, row->raw.n, digest);
	value_add(a, args, "source_ref", value_printf(a, "row:%s", hex(digest, ROW_HASH_BYTES, text)));
}

int row_arguments(struct arena *a, const struct mapping *m, const struct csv_row *row, uint32_t n_columns,
	struct value *args, struct refusal *out)
{
	if (row->n != n_columns)
		return refuse(out, tr("wrong number of columns"), tr("the row has %u columns, the header %u"),
			row->n, n_columns);
	*args = value_map(a, m->n_fields + 1);
	for (uint32_t i = 0; i < m->n_fields; i++)
		if (take_field(a, &m->fields[i], row, args, out) != 0)
			return -1;
	if (value_get(args, "text") == NULL)
		return refuse(out, tr("text is empty"), "%s", tr("text is empty"));
	if (strcmp(m->method, "ticket.import") == 0 && value_get(args, "created") == NULL)
		return refuse(out, tr("created is empty"), "%s", tr("created is empty"));
	if (value_get(args, "source_ref") == NULL)
		take_hash(a, row, args);
	return 0;
}
