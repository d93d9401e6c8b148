/* The columns of a mapping found in the header of a file. */
#include <string.h>

#include "import_int.h"
#include "tocsin/util.h"

#define HEADER_SHOWN_MAX 400

static int no_column(const struct mapping *m, struct arena *a, const struct csv_row *header, const char *name,
	struct err *e)
{
	const char **names = arena_alloc(a, header->n * sizeof(*names));
	struct buf all;

	buf_init(&all, HEADER_SHOWN_MAX);
	for (uint32_t i = 0; i < header->n; i++) {
		names[i] = arena_text(a, header->cells[i].p, header->cells[i].n);
		buf_printf(&all, "%s%s", i > 0 ? ", " : "", names[i]);
	}
	err_set(e, ERR_BAD_REQUEST, tr("%s: the file has no column \"%s\"; it has: %.*s"), m->path, name,
		(int)utf8_clip((char *)all.p, all.n), (char *)all.p);
	buf_fini(&all);
	return cli_hint(e, nearest_word(name, names, header->n), -1);
}

static int bind_one(struct mapping *m, struct arena *a, const struct csv_row *header, struct field *f,
	uint32_t k, struct err *e)
{
	uint32_t n_found = 0;

	for (uint32_t i = 0; i < header->n; i++) {
		struct slice cell = text_trim(header->cells[i]);

		if (slice_cmp(cell, slice_of(f->columns[k], strlen(f->columns[k]))) != 0)
			continue;
		f->index[k] = i;
		n_found++;
	}
	if (n_found > 1)
		return err_set(e, ERR_BAD_REQUEST, tr("%s: the file has %u columns \"%s\""), m->path, n_found,
			f->columns[k]);
	return n_found == 1 ? 0 : no_column(m, a, header, f->columns[k], e);
}

int mapping_bind(struct mapping *m, struct arena *a, const struct csv_row *header, struct err *e)
{
	for (uint32_t i = 0; i < m->n_fields; i++)
		for (uint32_t k = 0; k < m->fields[i].n_columns; k++)
			if (bind_one(m, a, header, &m->fields[i], k, e) != 0)
				return -1;
	return 0;
}
