/* The truth, in several shapes. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "detect_int.h"
#include "import_int.h"

static int cmp_span(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->from_ms != y->from_ms ? (x->from_ms > y->from_ms) - (x->from_ms < y->from_ms)
					: (x->to_ms > y->to_ms) - (x->to_ms < y->to_ms);
}

static void add_window(struct spans *s, int64_t from_ms, int64_t to_ms)
{
	struct span *more = arena_alloc(s->arena, (s->n + 1) * sizeof(*more));

	if (s->n > 0)
		memcpy(more, s->p, s->n * sizeof(*more));
	more[s->n++] = (struct span){from_ms, to_ms};
	s->p = more;
}

static int window_of(struct spans *s, const char *path, const char *where, struct slice from, struct slice to,
	struct err *e)
{
	int64_t from_ms, to_ms;
	struct slice *bad = time_guess(from, &from_ms) != 0 ? &from
			    : time_guess(to, &to_ms) != 0   ? &to
							    : NULL;

	if (bad != NULL)
		return err_set(e, ERR_BAD_REQUEST,
			tr("%s %s: \"%.*s\" is not a time such as 2026-09-22T10:00"), path, where,
			(int)(bad->n < 40 ? bad->n : 40), (const char *)bad->p);
	if (to_ms < from_ms)
		return err_set(e, ERR_BAD_REQUEST,
			tr("%s %s: the window ends (%.*s) before it begins (%.*s)"), path, where, (int)to.n,
			(const char *)to.p, (int)from.n, (const char *)from.p);
	add_window(s, from_ms, to_ms + 1); /* its last instant is in it */
	return 0;
}

/* ---- JSON ---------------------------------------------------------------------------------------------- */
static int windows_of(struct spans *s, const char *path, const struct value *list, struct err *e)
{
	char where[40];

	if (!value_is(list, VALUE_ARRAY))
		return err_set(e, ERR_BAD_REQUEST, tr("%s: a list of [from, to] is needed, not %s"), path,
			list == NULL ? "nothing" : value_type_name(list));
	for (uint32_t i = 0; i < list->n; i++) {
		const struct value *w = &list->as.items[i];

		snprintf(where, sizeof(where), "window %u", i + 1);
		if (!value_is(w, VALUE_ARRAY) || w->n != 2 || !value_is(&w->as.items[0], VALUE_TEXT) ||
			!value_is(&w->as.items[1], VALUE_TEXT))
			return err_set(
				e, ERR_BAD_REQUEST, tr("%s %s must be [\"from\", \"to\"]"), path, where);
		if (window_of(s, path, where, value_slice(&w->as.items[0]), value_slice(&w->as.items[1]),
			    e) != 0)
			return -1;
	}
	return 0;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

static int json_labels(
	struct spans *s, const char *path, struct slice text, const char *series_file, struct err *e)
{
	struct value v;
	const char *name = base_of(series_file);

	if (json_parse(s->arena, text.p, text.n, &v, e) != 0)
		return err_prefix(e, "%s", path);
	if (v.type == VALUE_ARRAY)
		return windows_of(s, path, &v, e);
	for (uint32_t i = 0; i < v.n; i++) {
		const char *key = value_cstr(s->arena, &v.as.pairs[i].key);

		if (strcmp(base_of(key), name) == 0)
			return windows_of(s, path, &v.as.pairs[i].val, e);
	}
	return err_set(e, ERR_BAD_REQUEST, tr("%s has no labels for %s"), path, name);
}

/* ---- CSV ----------------------------------------------------------------------------------------------- */
static int csv_labels(struct spans *s, const char *path, int64_t bin_ms, struct err *e)
{
	struct timed_file f;
	int rc = -1;
	int64_t ignored;

	if (timed_file_load(&f, path, "utf-8", NULL, NULL, e) != 0)
		goto out;
	if (f.n_columns < 2) {
		err_set(e, ERR_BAD_REQUEST,
			tr("%s: two columns are needed: from and to, or a time and 0 or 1"), path);
		goto out;
	}
	for (uint64_t i = 0; i < f.n; i++) {
		const struct timed_row *r = &f.rows[i];
		struct slice second = text_trim(r->cells[1]);
		char where[40];

		snprintf(where, sizeof(where), "line %ju", (uintmax_t)r->line);
		if (second.n == 1 && (*(const char *)second.p == '0' || *(const char *)second.p == '1')) {
			if (*(const char *)second.p == '1')
				add_window(
					s, bin_start(bin_ms, r->at_ms), bin_start(bin_ms, r->at_ms) + bin_ms);
		} else if (time_guess(second, &ignored) != 0) {
			err_set(e, ERR_BAD_REQUEST, tr("%s %s: %s \"%.*s\" is neither a time nor 0 or 1"),
				path, where, f.columns[1], (int)(second.n < 40 ? second.n : 40),
				(const char *)second.p);
			goto out;
		} else if (window_of(s, path, where, text_trim(r->cells[0]), second, e) != 0) {
			goto out;
		}
	}
	rc = 0;
out:
	timed_file_fini(&f);
	return rc;
}

int labels_load(struct arena *a, const char *path, const char *series_file, int64_t bin_ms, struct spans *out,
	struct err *e)
{
	struct spans found = {.arena = a};
	struct slice text, trimmed;
	char first;
	int rc;

	*out = (struct spans){.arena = a};
	if (text_load(path, "utf-8", &text, e) != 0)
		return -1;
	trimmed = text_trim(text);
	first = trimmed.n > 0 ? *(const char *)trimmed.p : '\0';
	rc = first == '{' || first == '[' ? json_labels(&found, path, text, series_file, e)
					  : csv_labels(&found, path, bin_ms, e);
	if (rc == 0 && found.n > 0) {
		qsort(found.p, found.n, sizeof(*found.p), cmp_span);
		for (uint32_t i = 0; i < found.n; i++)
			spans_add(out, found.p[i].from_ms, found.p[i].to_ms);
	}
	free((void *)text.p);
	return rc;
}
