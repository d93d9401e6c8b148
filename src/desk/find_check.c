/* The conditions of ticket.find (find.h). */
#include "find.h"

#include <string.h>

#include "ticket_code.h"

bool find_is_condition(const char *field, const struct value *v)
{
	return value_is(v, VALUE_MAP) && strcmp(field, "subject") != 0 && strcmp(field, "customer") != 0;
}

#define N_WORDS(list) (sizeof(list) / sizeof((list)[0]))

static int unknown(struct err *e, const char *argument, const char *what, const char *word,
	const char *const *known, size_t n_known)
{
	err_arg(e, ERR_BAD_REQUEST, argument, word, "%s \"%s\" is not known", what, word);
	return err_hint(e, nearest_word(word, known, n_known));
}

/* ---- values -------------------------------------------------------------------------------------------- */
static bool is_one_of(const char *word, size_t n, const char *const *words, size_t n_words)
{
	for (size_t i = 0; i < n_words; i++)
		if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0)
			return true;
	return false;
}

/* As an argument of that type is checked, in place; nil is fine: the ticket has none. */
static int check_value(struct arena *a, const char *path, enum arg_type type, struct value *v, struct err *e)
{
	const struct rpc_arg arg = {.name = path, .type = type, .help = ""};
	const struct rpc_method find = {.name = "ticket.find", .args = &arg, .n_args = 1};
	struct value args = value_map(a, 1);

	if (v->type == VALUE_NIL)
		return 0;
	value_add(a, &args, path, *v);
	if (args_check(&find, a, &args, e) != 0)
		return -1;
	*v = *value_get(&args, path);
	return 0;
}

static int check_in(struct arena *a, const char *path, enum arg_type type, struct value *list, struct err *e)
{
	if (list->type != VALUE_ARRAY)
		return err_arg(e, ERR_BAD_REQUEST, "where", NULL, "%s must be an array, not %s", path,
			value_type_name(list));
	for (uint32_t i = 0; i < list->n; i++)
		if (check_value(a, arena_printf(a, "%s[%u]", path, i), type, &list->as.items[i], e) != 0)
			return -1;
	return 0;
}

static int check_operators(struct arena *a, const char *field, const struct value *condition, struct err *e)
{
	static const char *const ops[] = {"eq", "in", "ge", "gt", "le", "lt", "under"};

	for (uint32_t i = 0; i < condition->n; i++) {
		struct pair *p = &condition->as.pairs[i];
		const char *op = value_cstr(a, &p->key), *path = arena_printf(a, "where.%s.%s", field, op);
		enum arg_type type = ticket_field_type(field);

		if (!is_one_of(op, strlen(op), ops, N_WORDS(ops)))
			return unknown(e, "where", "operator", op, ops, N_WORDS(ops));
		if ((strcmp(op, "in") == 0 ? check_in : check_value)(a, path, type, &p->val, e) != 0)
			return -1;
	}
	return 0;
}

/* ---- names --------------------------------------------------------------------------------------------- */
#define FIELD(name, kind, type) #name,
static const char *const ticket_fields[] = {TICKET_FIELDS(FIELD) TICKET_FIELDS_UNNUMBERED(FIELD)};
#undef FIELD

/* What stands apart is shown by ticket.get {with}; `open` can be asked for in `where` only. */
static bool is_hidden(const char *argument, const char *field)
{
	return strcmp(field, "clocks") == 0 || strcmp(field, "timers") == 0 ||
	       (strcmp(field, "open") == 0 && strcmp(argument, "where") != 0);
}

/* A misspelt field would find nothing and look like an answer; `n` bytes of it count. */
static int check_field(const char *argument, const char *field, size_t n, struct err *e)
{
	const char *known[N_WORDS(ticket_fields)];
	size_t n_known = 0;

	for (size_t k = 0; k < N_WORDS(ticket_fields); k++) {
		if (is_hidden(argument, ticket_fields[k]))
			continue;
		if (strlen(ticket_fields[k]) == n && memcmp(ticket_fields[k], field, n) == 0)
			return 0;
		known[n_known++] = ticket_fields[k];
	}
	return unknown(e, argument, "field", field, known, n_known);
}

int find_check(struct arena *a, const struct value *where, const struct value *fields, struct err *e)
{
	for (uint32_t i = 0; where != NULL && i < where->n; i++) {
		struct pair *p = &where->as.pairs[i];
		const char *field = value_cstr(a, &p->key);

		if (check_field("where", field, strcspn(field, "."), e) != 0)
			return -1;
		if (find_is_condition(field, &p->val) ? check_operators(a, field, &p->val, e) != 0
						      : check_value(a, arena_printf(a, "where.%s", field),
								ticket_field_type(field), &p->val, e) != 0)
			return -1;
	}
	for (uint32_t i = 0; fields != NULL && i < fields->n; i++) {
		const char *field = value_cstr(a, &fields->as.items[i]);

		if (field == NULL)
			return err_arg(e, ERR_BAD_REQUEST, "fields", NULL, "fields[%u] must be text", i);
		if (check_field("fields", field, strlen(field), e) != 0)
			return -1;
	}
	return 0;
}
