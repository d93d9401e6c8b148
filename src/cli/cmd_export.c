/* tocsin export: tickets as NDJSON or CSV, page by page, however many there are. */
#include <string.h>

#include "cli_int.h"

/* Columns of the CSV; a ticket's other fields are in the NDJSON. Maps and lists are written as JSON. */
static const char *const columns[] = {"id", "no", "kind", "status", "stage", "channel", "number", "category",
	"city", "grade", "queue", "department", "owner", "created", "due", "closed", "late", "source_ref",
	"title", "text"};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* RFC 4180; a text that a spreadsheet would take for a formula gets an apostrophe in front. */
static void csv_cell(FILE *out, const char *text, bool is_first)
{
	bool is_formula = text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
	bool is_quoted = is_formula || text[strcspn(text, ",\"\r\n")] != '\0';

	if (!is_first)
		fputc(',', out);
	if (!is_quoted) {
		fputs(text, out);
		return;
	}
	fputs(is_formula ? "\"'" : "\"", out);
	for (; *text != '\0'; text++) {
		if (*text == '"')
			fputc('"', out);
		fputc(*text, out);
	}
	fputc('"', out);
}

static void csv_header(FILE *out)
{
	for (size_t i = 0; i < N_COLUMNS; i++)
		csv_cell(out, columns[i], i == 0);
	fputs("\r\n", out);
}

static void csv_ticket(FILE *out, struct arena *a, const struct value *ticket)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		const struct value *v = value_get(ticket, columns[i]);
		int64_t at;

		/* without its offset: a spreadsheet takes it for a time only so */
		csv_cell(out,
			value_is_time(columns[i], v, &at) ? time_plain(a, at) : value_shown(a, columns[i], v),
			i == 0);
	}
	fputs("\r\n", out);
}

static int write_page(FILE *out, struct arena *a, const struct value *tickets, bool is_csv, struct err *e)
{
	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++)
		if (is_csv)
			csv_ticket(out, a, &tickets->as.items[i]);
		else
			json_print(out, &tickets->as.items[i]);
	return ferror(out) ? err_set(e, ERR_STORAGE, tr("the output cannot be written")) : 0;
}

static int write_pages(
	struct cli *c, const struct value *where, const char *order, bool is_csv, struct err *e)
{
	struct value args, result;
	const struct value *next;
	char cursor[2048] = "";
	struct arena a;
	int rc = -1;

	arena_init(&a, (size_t)1024 * 1024);
	do {
		arena_reset(&a);
		args = value_map(&a, 4);
		value_add(&a, &args, "where", *where);
		value_add(&a, &args, "order", value_literal(order));
		value_add(&a, &args, "limit", value_int(1000));
		if (cursor[0] != '\0')
			value_add(&a, &args, "cursor", value_literal(cursor));
		if (client_call(&c->client, &a, "ticket.find", &args, &result, e) != 0 ||
			write_page(stdout, &a, value_get(&result, "tickets"), is_csv, e) != 0)
			goto out;
		next = value_get(&result, "cursor");
		if (next != NULL && next->n >= sizeof(cursor)) {
			err_set(e, ERR_INTERNAL, tr("the daemon's cursor has %u bytes"), next->n);
			goto out;
		}
		snprintf(cursor, sizeof(cursor), "%.*s", next == NULL ? 0 : (int)next->n,
			next == NULL ? "" : next->as.text);
	} while (cursor[0] != '\0');
	rc = 0;
out:
	arena_fini(&a);
	return rc;
}

static int run_export(struct cli *c, int argc, char **argv, struct err *e)
{
	const char *format = "ndjson", *order = "id";
	const struct option_spec specs[] = {
		{"--format", &format, NULL}, {"--order", &order, NULL}, {NULL, NULL, NULL}};
	struct value where;
	bool is_csv;
	int rc;

	if (options_take(&argc, argv, specs, e) != 0)
		return EXIT_WRONG_USAGE;
	is_csv = strcmp(format, "csv") == 0;
	if (!is_csv && strcmp(format, "ndjson") != 0)
		return usage(e, "--format must be ndjson or csv, not \"%.40s\"", format);
	rc = where_take(c, argc, argv, &where, e);
	if (rc != 0)
		return rc;
	if (cli_open(c, e) != 0)
		return -1;
	if (is_csv)
		csv_header(stdout);
	return write_pages(c, &where, order, is_csv, e);
}

const struct command commands_export[] = {
	{"export", "[where] [field=value ...] [--format ndjson|csv] [--order FIELD]",
		"All tickets that match, on standard output",
		"Conditions as in `tocsin list`. ndjson (the default): one whole ticket a line. csv: the "
		"main columns, UTF-8; texts that\n"
		"a spreadsheet would run as a formula get an apostrophe in front.\n",
		run_export},
	{NULL, NULL, NULL, NULL, NULL},
};
