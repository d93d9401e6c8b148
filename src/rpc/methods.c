/* The registry of methods, and what can be said from it alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rpc_int.h"
#include "tocsin/util.h"

#define REQUEST_ID_BYTES 200

const struct rpc_arg arg_request_id = {.name = "request_id",
	.type = ARG_TEXT,
	.min = 1,
	.max = REQUEST_ID_BYTES,
	.help = "repeats of the same call with the same request_id get the first answer"};

/* ---- roles --------------------------------------------------------------------------------------------- */
static const char *const role_words[] = {
#define ROLE(name, wire, help) wire,
	ROLES(ROLE)
#undef ROLE
};

uint32_t role_by_name(const char *name)
{
	for (uint32_t i = 0; i < N_ROLES; i++)
		if (strcmp(name, role_words[i]) == 0)
			return 1u << i;
	return 0;
}

char *role_names(uint32_t roles, char out[ROLE_NAMES_LEN])
{
	size_t n = 0;

	snprintf(out, ROLE_NAMES_LEN, "none");
	for (uint32_t i = 0; i < N_ROLES; i++)
		if ((roles & 1u << i) != 0)
			n += (size_t)snprintf(
				out + n, ROLE_NAMES_LEN - n, "%s%s", n > 0 ? ", " : "", role_words[i]);
	must(n < ROLE_NAMES_LEN);
	return out;
}

/* ---- the registry -------------------------------------------------------------------------------------- */
static int cmp_name(const struct method_slot *slot, const char *name, size_t name_n)
{
	return slice_cmp(slice_of(slot->method->name, strlen(slot->method->name)), slice_of(name, name_n));
}

/* The first slot that is not before the name. */
static uint32_t lower_bound(const struct rpc *r, const char *name, size_t name_n)
{
	uint32_t low = 0, high = r->n_methods;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (cmp_name(&r->methods[middle], name, name_n) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct method_slot *method_find(const struct rpc *r, const char *name, size_t name_n)
{
	uint32_t at = lower_bound(r, name, name_n);

	if (at == r->n_methods || cmp_name(&r->methods[at], name, name_n) != 0)
		return NULL;
	return &r->methods[at];
}

const struct rpc_method *rpc_find(const struct rpc *r, const char *name, size_t name_n)
{
	const struct method_slot *slot = method_find(r, name, name_n);

	return slot == NULL ? NULL : slot->method;
}

static void check_arg(const struct rpc_arg *arg)
{
	must(arg->help != NULL && (arg->type == ARG_ENUM) == (arg->words != NULL));
	must(arg->n_members == 0 || arg->type == ARG_MAP || arg->type == ARG_ARRAY);
	for (uint32_t i = 0; i < arg->n_members; i++)
		check_arg(&arg->members[i]);
}

void rpc_register(struct rpc *r, const struct rpc_method *methods, uint32_t n_methods, void *ctx)
{
	r->methods = realloc(r->methods, (r->n_methods + n_methods) * sizeof(*r->methods));
	must(r->methods != NULL);
	for (uint32_t i = 0; i < n_methods; i++) {
		const struct rpc_method *m = &methods[i];
		size_t name_n = strlen(m->name);
		uint32_t at = lower_bound(r, m->name, name_n);

		must(m->handler != NULL && m->help != NULL && m->returns != NULL);
		must(m->n_args <= RPC_ARGS_MAX);
		for (uint32_t j = 0; j < m->n_args; j++)
			check_arg(&m->args[j]);
		must(at == r->n_methods || cmp_name(&r->methods[at], m->name, name_n) != 0);
		memmove(&r->methods[at + 1], &r->methods[at], (r->n_methods - at) * sizeof(*r->methods));
		r->methods[at] = (struct method_slot){.method = m, .ctx = ctx};
		r->n_methods++;
	}
}

int method_unknown(const struct rpc *r, const char *name, size_t name_n, struct err *e)
{
	const char **names = calloc(r->n_methods + 1, sizeof(*names)), *meant;
	char shown[64];

	must(names != NULL);
	snprintf(shown, sizeof(shown), "%.*s", (int)utf8_clip(name, name_n < 60 ? name_n : 60), name);
	for (uint32_t i = 0; i < r->n_methods; i++)
		names[i] = r->methods[i].method->name;
	meant = nearest_word(shown, names, r->n_methods);
	if (meant != NULL)
		err_set(e, ERR_NOT_FOUND, "method \"%s\" does not exist", shown);
	else
		err_set(e, ERR_NOT_FOUND, "method \"%s\" does not exist; rpc.methods lists all", shown);
	free(names);
	return err_hint(e, meant);
}

/* ---- documentation ------------------------------------------------------------------------------------- */
static const char *const type_words[] = {
#define T(name, wire, expected, expected_zh) wire,
	ARG_TYPES(T)
#undef T
};

static const char *const type_expected[] = {
#define T(name, wire, expected, expected_zh) expected,
	ARG_TYPES(T)
#undef T
};

static const char *const type_expected_zh[] = {
#define T(name, wire, expected, expected_zh) expected_zh,
	ARG_TYPES(T)
#undef T
};

bool arg_bounds(const struct rpc_arg *arg, int64_t *min, int64_t *max)
{
	bool is_said = arg->min < arg->max;

	*min = is_said ? arg->min : 0;
	*max = is_said ? arg->max : INSTANT_MAX_MS;
	return is_said || arg->type == ARG_TIME;
}

void arg_expected(const struct rpc_arg *arg, struct buf *out)
{
	if (arg->type != ARG_ENUM) {
		buf_printf(out, "%s", type_expected[arg->type]);
		if (arg->min < arg->max && arg->type == ARG_TEXT)
			buf_printf(out, " of %jd to %jd bytes", (intmax_t)arg->min, (intmax_t)arg->max);
		else if (arg->min < arg->max)
			buf_printf(out, " from %jd to %jd", (intmax_t)arg->min, (intmax_t)arg->max);
		return;
	}
	buf_printf(out, "one of ");
	for (uint32_t i = 0; arg->words[i] != NULL; i++)
		buf_printf(out, "%s\"%s\"", i > 0 ? ", " : "", arg->words[i]);
}

void arg_expected_zh(const struct rpc_arg *arg, struct buf *out)
{
	if (arg->type != ARG_ENUM) {
		buf_printf(out, "%s", type_expected_zh[arg->type]);
		if (arg->min < arg->max)
			buf_printf(out, "，%jd 到 %jd%s", (intmax_t)arg->min, (intmax_t)arg->max,
				arg->type == ARG_TEXT ? " 字节" : "");
		return;
	}
	for (uint32_t i = 0; arg->words[i] != NULL; i++)
		buf_printf(out, "%s“%s”", i > 0 ? "、" : "", arg->words[i]);
	buf_printf(out, " 之一");
}

static struct value arg_value(struct arena *a, const struct rpc_arg *arg)
{
	struct value v = value_map(a, 8), words, members;
	int64_t min, max;

	value_add(a, &v, "name", value_literal(arg->name));
	value_add(a, &v, "type", value_literal(type_words[arg->type]));
	value_add(a, &v, "required", value_bool(arg->is_required));
	value_add(a, &v, "help", value_literal(arg->help));
	if (arg_bounds(arg, &min, &max)) {
		value_add(a, &v, "min", value_int(min));
		value_add(a, &v, "max", value_int(max));
	}
	if (arg->type == ARG_ENUM) {
		words = value_array(a, 8);
		for (uint32_t i = 0; arg->words[i] != NULL; i++)
			value_push(a, &words, value_literal(arg->words[i]));
		value_add(a, &v, "words", words);
	}
	if (arg->of != NULL)
		value_add(a, &v, "of", value_literal(arg->of));
	if (arg->n_members > 0) {
		members = value_array(a, arg->n_members);
		for (uint32_t i = 0; i < arg->n_members; i++)
			value_push(a, &members, arg_value(a, &arg->members[i]));
		value_add(a, &v, "members", members);
	}
	return v;
}

static struct value method_value(struct arena *a, const struct rpc_method *m)
{
	struct value v = value_map(a, 8), args = value_array(a, m->n_args + 1),
		     roles = value_array(a, N_ROLES);

	for (uint32_t i = 0; i < m->n_args; i++)
		value_push(a, &args, arg_value(a, &m->args[i]));
	if ((m->flags & RPC_CHANGES) != 0)
		value_push(a, &args, arg_value(a, &arg_request_id));
	for (uint32_t i = 0; i < N_ROLES; i++)
		if ((m->roles & 1u << i) != 0)
			value_push(a, &roles, value_literal(role_words[i]));
	value_add(a, &v, "name", value_literal(m->name));
	value_add(a, &v, "help", value_literal(m->help));
	value_add(a, &v, "args", args);
	value_add(a, &v, "returns", value_literal(m->returns));
	value_add(a, &v, "roles", roles);
	value_add(a, &v, "changes", value_bool((m->flags & RPC_CHANGES) != 0));
	value_add(a, &v, "long", value_bool((m->flags & RPC_LONG) != 0));
	value_add(a, &v, "before_hello", value_bool((m->flags & RPC_BEFORE_HELLO) != 0));
	return v;
}

struct value rpc_methods_value(const struct rpc *r, struct arena *a)
{
	struct value all = value_array(a, r->n_methods);

	for (uint32_t i = 0; i < r->n_methods; i++)
		value_push(a, &all, method_value(a, r->methods[i].method));
	return all;
}

/* A cell of a Markdown table: no pipe, no line end. */
static void cell(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '|')
			buf_add(b, "\\", 1);
		buf_add_u8(b, *text == '\n' ? ' ' : (uint8_t)*text);
	}
}

static void method_roles(struct buf *b, uint32_t roles)
{
	char names[ROLE_NAMES_LEN];

	buf_printf(b, "%s", roles == ROLE_ANY ? "all" : role_names(roles, names));
}

static void method_args(struct buf *b, const struct rpc_method *m)
{
	buf_printf(b, "\n#### %s\n\n", m->name);
	buf_printf(b, "%.*s. Answers `%s`.%s%s\n",
		(int)strlen(m->help) - (m->help[strlen(m->help) - 1] == '.'), m->help, m->returns,
		(m->flags & RPC_CHANGES) != 0 ? " Takes `request_id`." : "",
		(m->flags & RPC_LONG) != 0 ? " May take long; later calls of the same connection wait." : "");
	if (m->n_args == 0)
		return;
	buf_printf(b, "\n| argument | type | meaning |\n|---|---|---|\n");
	for (uint32_t i = 0; i < m->n_args; i++) {
		const struct rpc_arg *arg = &m->args[i];

		buf_printf(b, "| `%s`%s | ", arg->name, arg->is_required ? "" : "?");
		if (arg->type == ARG_ENUM)
			for (uint32_t j = 0; arg->words[j] != NULL; j++)
				buf_printf(b, "%s`%s`", j > 0 ? ", " : "", arg->words[j]);
		else
			buf_printf(b, "%s", type_words[arg->type]);
		if (arg->min < arg->max)
			buf_printf(b, " %jd…%jd%s", (intmax_t)arg->min, (intmax_t)arg->max,
				arg->type == ARG_TEXT ? " bytes" : "");
		if (arg->of != NULL)
			buf_printf(b, " of `%s`", arg->of);
		buf_printf(b, " | ");
		cell(b, arg->help);
		buf_printf(b, " |\n");
	}
}

void rpc_methods_markdown(const struct rpc *r, struct buf *b)
{
	buf_printf(b, "| method | who | what |\n|---|---|---|\n");
	for (uint32_t i = 0; i < r->n_methods; i++) {
		const struct rpc_method *m = r->methods[i].method;

		buf_printf(b, "| `%s` | ", m->name);
		method_roles(b, m->roles);
		buf_printf(b, " | ");
		cell(b, m->help);
		buf_printf(b, " |\n");
	}
	for (uint32_t i = 0; i < r->n_methods; i++)
		method_args(b, r->methods[i].method);
}
