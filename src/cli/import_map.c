/* The mapping file: sections of `key = value` lines; # begins a comment line. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import_int.h"
#include "tocsin/util.h"

/* What ticket.create and ticket.import take; `{` marks those that are maps and need a name behind a dot. */
static const char *const known[] = {"kind", "channel", "number", "subject{", "caller", "callback",
	"customer{", "category", "city", "title", "text", "priority", "form", "fields{", "occurred",
	"source_ref", "created", "due", "closed", "outcome"};
#define N_KNOWN (sizeof(known) / sizeof(known[0]))

struct reader {
	struct mapping *m;
	struct arena *a;
	int line;
	char section[80];
	enum date_order order; /* of all time fields that do not say their own */
	struct err *e;
};

static int fail(const struct reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static int fail(const struct reader *r, const char *format, ...)
{
	char text[320];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), tr(format), ap);
	va_end(ap);
	if (r->line == 0) /* about the whole file */
		return err_set(r->e, ERR_BAD_REQUEST, "%s: %s", r->m->path, text);
	return err_set(r->e, ERR_BAD_REQUEST, "%s:%d: %s", r->m->path, r->line, text);
}

static char *trim(char *p)
{
	char *end;

	p += strspn(p, " \t\r\n");
	end = p + strlen(p);
	while (end > p && strchr(" \t\r\n", end[-1]) != NULL)
		*--end = '\0';
	return p;
}

/* "text" without its quotes, doubled ones inside undone. */
static char *unquote(char *p)
{
	size_t n = strlen(p);
	char *to = p;

	if (n < 2 || p[0] != '"' || p[n - 1] != '"')
		return p;
	for (size_t i = 1; i + 1 < n; i++) {
		*to++ = p[i];
		if (p[i] == '"' && p[i + 1] == '"' && i + 2 < n)
			i++;
	}
	*to = '\0';
	return p;
}

/* The equals sign between key and value: not one inside quotes. */
static char *find_equals(char *p)
{
	bool is_quoted = false;

	for (; *p != '\0'; p++)
		if (*p == '"')
			is_quoted = !is_quoted;
		else if (*p == '=' && !is_quoted)
			return p;
	return NULL;
}

static int field_check(const struct reader *r, const char *name)
{
	size_t n = strcspn(name, ".");
	for (size_t i = 0; i < N_KNOWN; i++) {
		size_t k = strcspn(known[i], "{");

		if (k != n || memcmp(known[i], name, n) != 0)
			continue;
		if (known[i][k] == '{' && (name[n] != '.' || name[n + 1] == '\0'))
			return fail(r, "%s is a map; write %s.NAME", name, name);
		if (known[i][k] != '{' && name[n] == '.')
			return fail(r, "%.*s has no parts", (int)n, name);
		return 0;
	}
	fail(r, "a ticket has no field \"%.60s\"", name);
	return cli_hint(r->e, nearest_word(name, known, N_KNOWN), -1);
}

/* The field of that name, made when it is not there; NULL after an error. */
static struct field *field_of(struct reader *r, const char *name)
{
	struct mapping *m = r->m;

	for (uint32_t i = 0; i < m->n_fields; i++)
		if (strcmp(m->fields[i].name, name) == 0)
			return &m->fields[i];
	if (field_check(r, name) != 0)
		return NULL;
	if (m->n_fields == sizeof(m->fields) / sizeof(m->fields[0])) {
		fail(r, "more than 64 fields");
		return NULL;
	}
	m->fields[m->n_fields] = (struct field){.name = arena_text(r->a, name, strlen(name))};
	return &m->fields[m->n_fields++];
}

static int take_file(struct reader *r, const char *key, char *value)
{
	struct mapping *m = r->m;
	const char *copy = arena_text(r->a, value, strlen(value));

	if (strcmp(key, "method") == 0) {
		if (strcmp(value, "ticket.import") != 0 && strcmp(value, "ticket.create") != 0)
			return fail(r, "method must be ticket.import or ticket.create, not \"%.40s\"", value);
		m->method = copy;
	} else if (strcmp(key, "encoding") == 0) {
		m->encoding = copy;
	} else if (strcmp(key, "zone") == 0) {
		m->zone = copy;
	} else if (strcmp(key, "delimiter") == 0) {
		m->delimiter = strcmp(value, "tab") == 0 ? '\t' : value[0];
		if ((strlen(value) != 1 && m->delimiter != '\t') || m->delimiter == '"')
			return fail(r, "delimiter must be one character or `tab`, not \"%.40s\"", value);
	} else {
		return fail(r, "[file] knows method, encoding, zone and delimiter, not \"%.40s\"", key);
	}
	return 0;
}

/* "A + B": the texts of several columns together. */
static int take_column(struct reader *r, const char *key, char *value)
{
	struct field *f = field_of(r, key);

	if (f == NULL)
		return -1;
	for (char *next = value; next != NULL;) {
		char *plus = next[0] == '"' ? strstr(next + 1, "\" + ") : strstr(next, " + "), *one = next;

		next = plus == NULL ? NULL : strstr(plus, " + ") + 3;
		if (plus != NULL)
			plus[next[-4] == '"' && plus[0] == '"' ? 1 : 0] = '\0';
		if (f->n_columns == FIELD_COLUMNS_MAX)
			return fail(r, "%s: more than %d columns", key, FIELD_COLUMNS_MAX);
		one = unquote(trim(one));
		if (one[0] == '\0')
			return fail(r, "%s: which column?", key);
		f->columns[f->n_columns++] = arena_text(r->a, one, strlen(one));
	}
	return 0;
}

static int take_time(struct reader *r, char *key, char *value)
{
	char *dot = strrchr(key, '.');
	struct field *f;

	if (strcmp(key, "date_order") == 0)
		return date_order_parse(value, &r->order, r->e) == 0
			       ? 0
			       : err_prefix(r->e, "%s:%d", r->m->path, r->line);
	if (dot != NULL && strcmp(dot, ".date_order") == 0) {
		*dot = '\0';
		f = field_of(r, key);
		if (f == NULL)
			return -1;
		return date_order_parse(value, &f->date_order, r->e) == 0
			       ? 0
			       : err_prefix(r->e, "%s:%d", r->m->path, r->line);
	}
	f = field_of(r, key);
	if (f == NULL)
		return -1;
	f->time_format = arena_text(r->a, value, strlen(value));
	return time_format_check(value, r->e) == 0 ? 0 : err_prefix(r->e, "%s:%d", r->m->path, r->line);
}

static int take_value(struct reader *r, char *key, char *value)
{
	struct field *f = field_of(r, r->section + strlen("values "));
	bool is_other = strcmp(key, "*") == 0;

	if (f == NULL)
		return -1;
	if (f->table == NULL) {
		f->table = arena_zalloc(r->a, sizeof(*f->table));
		f->table->texts = value_map(r->a, 16);
	}
	value = unquote(value);
	if (is_other) {
		f->table->other = arena_text(r->a, value, strlen(value));
		return 0;
	}
	key = unquote(key);
	if (value_get(&f->table->texts, key) != NULL)
		return fail(r, "\"%.60s\" stands twice in [%.60s]", key, r->section);
	value_add(r->a, &f->table->texts, arena_text(r->a, key, strlen(key)),
		value_text(r->a, value, strlen(value)));
	return 0;
}

static int take_pair(struct reader *r, char *key, char *value)
{
	struct field *f;

	if (strcmp(r->section, "file") == 0)
		return take_file(r, key, value);
	if (strcmp(r->section, "columns") == 0)
		return take_column(r, key, value);
	if (strcmp(r->section, "times") == 0)
		return take_time(r, key, value);
	if (strncmp(r->section, "values ", 7) == 0)
		return take_value(r, key, value);
	if (r->section[0] == '\0')
		return fail(r, "a section must come first: [file], [columns], [constants], [times] or "
			       "[values FIELD]");
	f = field_of(r, key);
	if (f == NULL)
		return -1;
	value = unquote(value);
	f->constant = arena_text(r->a, value, strlen(value));
	return 0;
}

static int take_section(struct reader *r, char *text)
{
	static const char *const sections[] = {"file", "columns", "constants", "times", "values"};
	size_t n = strlen(text);

	if (text[n - 1] != ']' || n >= sizeof(r->section))
		return fail(r, "expected [SECTION]");
	text[n - 1] = '\0';
	snprintf(r->section, sizeof(r->section), "%s", trim(text + 1));
	for (size_t i = 0; i < 4; i++)
		if (strcmp(r->section, sections[i]) == 0)
			return 0;
	if (strncmp(r->section, "values ", 7) == 0)
		return field_check(r, r->section + 7);
	return fail(r,
		"there is no section [%.60s]; there are [file], [columns], [constants], [times] and [values "
		"FIELD]",
		r->section);
}

static int take_line(struct reader *r, char *line)
{
	char *equals;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (line[0] == '[')
		return take_section(r, line);
	equals = find_equals(line);
	if (equals == NULL || equals == line)
		return fail(r, "expected key = value");
	*equals = '\0';
	return take_pair(r, trim(line), trim(equals + 1));
}

/* What must be said at all, and times that have no format. */
static int mapping_check(struct reader *r)
{
	static const char *const times[] = {"created", "due", "closed", "occurred"};
	const char *const needed[] = {
		"channel", "text", strcmp(r->m->method, "ticket.import") == 0 ? "created" : "text"};
	struct mapping *m = r->m;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		bool has = false;

		for (uint32_t k = 0; k < m->n_fields; k++)
			has = has || (strcmp(m->fields[k].name, needed[i]) == 0 &&
					     (m->fields[k].n_columns > 0 || m->fields[k].constant != NULL));
		if (!has)
			return fail(r, "%s needs %s: give it a column or a constant", m->method, needed[i]);
	}
	for (uint32_t k = 0; k < m->n_fields; k++) {
		struct field *f = &m->fields[k];
		bool is_time = false;

		for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
			is_time = is_time || strcmp(f->name, times[i]) == 0;
		if (is_time && f->time_format == NULL)
			return fail(r,
				"%s is a time: give its format in [times], for example %s = YYYY-MM-DD "
				"hh:mm:ss",
				f->name, f->name);
		if (!is_time && f->time_format != NULL && strncmp(f->name, "fields.", 7) != 0)
			return fail(r, "%s is no time", f->name);
		if (f->n_columns == 0 && f->constant == NULL)
			return fail(r, "%s has neither a column nor a constant", f->name);
		if (f->date_order == ORDER_JUDGED)
			f->date_order = r->order;
	}
	return 0;
}

int mapping_load(struct mapping *m, struct arena *a, const char *path, struct err *e)
{
	struct reader r = {.m = m, .a = a, .e = e};
	struct slice text;
	char *copy, *save = NULL;

	memset(m, 0, sizeof(*m));
	m->path = path;
	m->method = "ticket.import";
	m->encoding = "utf-8";
	m->zone = "Asia/Shanghai";
	m->delimiter = ',';
	if (text_load(path, "utf-8", &text, e) != 0)
		return -1;
	copy = arena_text(a, text.p, text.n);
	free((void *)text.p);
	for (char *line = copy; line != NULL; line = save) {
		save = strchr(line, '\n');
		if (save != NULL)
			*save++ = '\0';
		r.line++;
		if (take_line(&r, line) != 0)
			return -1;
	}
	r.line = 0;
	return mapping_check(&r);
}
