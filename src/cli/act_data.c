/* What an action asks for, typed as the pack says: true, amounts, times of the daemon's zone, lists. */
#include <string.h>

#include "cli_int.h"
#include "tocsin/clock.h"

/* How the pack's types are written on the command line; those of names and texts stay text (tests/rpc/fields_test.py). */
static const struct {
	const char *asked, *type;
} types[] = {{"boolean", "bool"}, {"number", "number"}, {"money", "integer"}, {"ticket", "integer"},
	{"count", "integer"}, {"minutes", "integer"}, {"map", "map"}, {"list", "list"}, {"numbers", "list"},
	{"cities", "list"}, {"time", "instant"}, {"future", "instant"}};

/* The data that an action of this ticket asks for, NULL where the daemon does not say. */
static const struct value *asked_data(struct cli *c, int64_t id, const char *action)
{
	struct value args = value_map(&c->arena, 1), ticket, catalog;
	struct err ignored;
	const char *path;

	value_add(&c->arena, &args, "id", value_int(id));
	if (cli_call(c, "ticket.get", &args, &ticket, &ignored) != 0 ||
		cli_call(c, "catalog.get", NULL, &catalog, &ignored) != 0)
		return NULL;
	path = arena_printf(&c->arena, "kinds.%s.actions.%s.data",
		value_cstr(&c->arena, value_get(&ticket, "kind")), action);
	return value_path(&catalog, path);
}

static const char *type_of(const struct value *asked, const char *name)
{
	const struct value *type = value_get(value_get(asked, name), "type");

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (value_is_text(type, types[i].asked))
			return types[i].type;
	return "text";
}

/* "a,b" where no JSON is meant. */
static struct value words_list(struct arena *a, const char *text)
{
	struct value list = value_array(a, 8);

	while (text[0] != '\0') {
		size_t n = strcspn(text, ",");

		value_push(a, &list, value_text(a, arena_text(a, text, n), n));
		text += n + (text[n] == ',');
	}
	return list;
}

static int typed(
	struct cli *c, const char *name, const char *type, const char *text, struct value *out, struct err *e)
{
	struct value arg = value_map(&c->arena, 1);
	int64_t at_ms;

	if (strcmp(type, "list") == 0 && text[0] != '[') {
		*out = words_list(&c->arena, text);
		return 0;
	}
	if (strcmp(type, "instant") == 0 && strspn(text, "0123456789") != strlen(text)) {
		if (clock_parse(text, &at_ms, e) != 0)
			return err_prefix(e, "%s", name);
		*out = value_int(at_ms);
		return 0;
	}
	value_add(&c->arena, &arg, "type",
		value_literal(strcmp(type, "list") == 0      ? "array"
			      : strcmp(type, "instant") == 0 ? "integer"
							     : type));
	return argument_type(&c->arena, &arg, name, text, out, e);
}

int act_data_take(struct cli *c, int64_t id, const char *action, int argc, char **argv, struct value *data,
	struct err *e)
{
	const struct value *asked = NULL;
	bool is_asked = false;

	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '='), *name;
		struct value v;
		int rc;

		if (equals == NULL || equals == argv[i] || equals[-1] == ':' || argv[i][0] == '{') {
			if ((rc = arguments_take(c, "", 1, argv + i, data, e)) != 0)
				return rc;
			continue;
		}
		if (!is_asked)
			asked = asked_data(c, id, action);
		is_asked = true;
		name = arena_text(&c->arena, argv[i], (size_t)(equals - argv[i]));
		if (typed(c, name, type_of(asked, name), equals + 1, &v, e) != 0 ||
			value_set_path(&c->arena, data, name, v, e) != 0)
			return -1;
	}
	return 0;
}
