/* Reading and writing rows of delimited text. */
#include "csv.h"

#include <string.h>

#include "cli_int.h"

void csv_init(struct csv *c, struct slice text, char delimiter)
{
	c->begin = c->p = text.p;
	c->end = c->begin + text.n;
	c->delimiter = delimiter;
	c->line = 1;
}

double csv_part(const struct csv *c)
{
	return c->end == c->begin ? 1 : (double)(c->p - c->begin) / (double)(c->end - c->begin);
}

static bool at_line_end(const struct csv *c)
{
	return c->p == c->end || *c->p == '\n' || (*c->p == '\r' && (c->p + 1 == c->end || c->p[1] == '\n'));
}

static void skip_line_end(struct csv *c)
{
	if (c->p < c->end && *c->p == '\r')
		c->p++;
	if (c->p < c->end && *c->p == '\n')
		c->p++;
	c->line++;
}

/* Behind the opening quote. 0, or -1 if no closing one comes. */
static int quoted_cell(struct csv *c, struct arena *a, struct slice *cell)
{
	const char *from = c->p, *quote;
	bool has_doubled = false;
	char *out;
	size_t n = 0;

	for (;;) {
		quote = memchr(c->p, '"', (size_t)(c->end - c->p));
		if (quote == NULL) {
			c->p = c->end;
			return -1;
		}
		c->p = quote + 1;
		if (c->p == c->end || *c->p != '"')
			break;
		has_doubled = true;
		c->p++;
	}
	for (const char *p = from; p < quote; p++)
		c->line += *p == '\n';
	*cell = slice_of(from, (size_t)(quote - from));
	if (!has_doubled)
		return 0;
	out = arena_alloc(a, cell->n);
	for (const char *p = from; p < quote; p += *p == '"' ? 2 : 1)
		out[n++] = *p;
	*cell = slice_of(out, n);
	return 0;
}

static struct slice plain_cell(struct csv *c)
{
	const char *from = c->p;

	while (!at_line_end(c) && *c->p != c->delimiter)
		c->p++;
	return slice_of(from, (size_t)(c->p - from));
}

/* Such a row has no cells, only what it was cut from. */
static int broken(struct csv *c, struct csv_row *row, const char *from, struct err *e, const char *what)
{
	row->n = 0;
	while (!at_line_end(c))
		c->p++;
	row->raw = slice_of(from, (size_t)(c->p - from));
	if (c->p < c->end)
		skip_line_end(c);
	return err_set(e, ERR_BAD_REQUEST, "%s", what);
}

int csv_next(struct csv *c, struct arena *a, struct csv_row *row, struct err *e)
{
	struct slice cells[CSV_COLUMNS_MAX];
	const char *from;

	memset(row, 0, sizeof(*row));
	while (c->p < c->end && at_line_end(c))
		skip_line_end(c);
	if (c->p == c->end)
		return 0;
	from = c->p;
	row->line = c->line;
	for (;;) {
		if (row->n == CSV_COLUMNS_MAX)
			return broken(c, row, from, e, tr("the row has more than 512 columns"));
		if (c->p < c->end && *c->p == '"') {
			c->p++;
			if (quoted_cell(c, a, &cells[row->n]) != 0)
				return broken(c, row, from, e, tr("a quote that is opened is never closed"));
			if (!at_line_end(c) && *c->p != c->delimiter)
				return broken(c, row, from, e, tr("text stands behind a closing quote"));
		} else {
			cells[row->n] = plain_cell(c);
		}
		row->n++;
		if (at_line_end(c))
			break;
		c->p++;
	}
	row->raw = slice_of(from, (size_t)(c->p - from));
	if (c->p < c->end)
		skip_line_end(c);
	row->cells = arena_copy(a, cells, row->n * sizeof(cells[0]));
	return 1;
}

void csv_write(struct buf *b, struct slice cell)
{
	const char *p = cell.p;
	bool is_quoted = false;

	for (size_t i = 0; i < cell.n && !is_quoted; i++)
		is_quoted = strchr(",\"\r\n", p[i]) != NULL && p[i] != '\0';
	if (!is_quoted) {
		buf_add(b, p, cell.n);
		return;
	}
	buf_add(b, "\"", 1);
	for (size_t i = 0; i < cell.n; i++) {
		if (p[i] == '"')
			buf_add(b, "\"", 1);
		buf_add_u8(b, (uint8_t)p[i]);
	}
	buf_add(b, "\"", 1);
}
