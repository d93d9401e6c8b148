/* A table of levels, with its probabilities made out of budgets. */
#include <string.h>

#include "watch_int.h"

static const struct {
	const char *name;
	enum test_op op;
} ops[] = {{"at_least", TEST_AT_LEAST}, {"more_than", TEST_MORE_THAN}, {"at_most", TEST_AT_MOST},
	{"less_than", TEST_LESS_THAN}, {"tail", TEST_TAIL}, {"calm", TEST_CALM},
	{"below_entry", TEST_BELOW_ENTRY}};

static int op_read(const struct reader *r, const struct value *v, uint8_t *op)
{
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (value_is_text(v, ops[i].name)) {
			*op = (uint8_t)ops[i].op;
			return 0;
		}
	return read_failed(r, "levels.op", "a known comparison");
}

/* So many false alarms in that time, over all streams and all their closes. */
static int budget_read(const struct reader *r, const struct watch *w, const struct value *v, double *p)
{
	double alarms, every_ms, streams;

	if (read_number(r, v, "alarms", true, &alarms) != 0 ||
		read_number(r, v, "every_ms", true, &every_ms) != 0 ||
		read_number(r, v, "streams", true, &streams) != 0)
		return -1;
	*p = alarms * (double)w->bin_ms / (every_ms * streams);
	return 0;
}

static int test_read(const struct reader *r, const struct watch *w, struct test *t, const struct value *v)
{
	const struct value *budget = value_get(v, "budget");
	const char *input;
	int i;

	if (read_text(r, v, "input", &input) != 0)
		return -1;
	i = input == NULL ? -1 : watch_input_find(w, input);
	if (i < 0)
		return read_failed(r, "levels.input", "one of its inputs");
	t->input = (uint8_t)i;
	t->is_poisson = value_true(value_get(v, "poisson"));
	t->is_per_10000 = value_true(value_get(v, "per_10000"));
	if (op_read(r, value_get(v, "op"), &t->op) != 0 ||
		read_number(r, v, "at_least", false, &t->at_least) != 0)
		return -1;
	if (budget != NULL ? budget_read(r, w, budget, &t->value)
			   : read_number(r, v, "value", true, &t->value))
		return -1;
	if ((t->op == TEST_TAIL || t->op == TEST_CALM) && (t->value <= 0 || t->value >= 1))
		return read_failed(
			r, "levels.value", "a probability; the budget is too large for its streams");
	return 0;
}

static int condition_read(
	const struct reader *r, const struct watch *w, struct condition *c, const struct value *v)
{
	if (!value_is(v, VALUE_ARRAY))
		return read_failed(r, "levels.enter and leave", "lists");
	c->n_groups = v->n;
	c->groups = arena_zalloc(r->arena, v->n * sizeof(*c->groups));
	for (uint32_t g = 0; g < v->n; g++) {
		const struct value *tests = &v->as.items[g];
		struct test_group *group = &c->groups[g];

		if (!value_is(tests, VALUE_ARRAY) || tests->n == 0)
			return read_failed(r, "levels.enter and leave", "lists of tests");
		group->n = tests->n;
		group->tests = arena_zalloc(r->arena, tests->n * sizeof(*group->tests));
		for (uint32_t i = 0; i < tests->n; i++)
			if (test_read(r, w, &group->tests[i], &tests->as.items[i]) != 0)
				return -1;
	}
	return 0;
}

static int row_read(
	const struct reader *r, const struct watch *w, struct level_row *row, const struct value *v)
{
	struct texts roles;
	uint32_t level;

	if (read_count(r, v, "level", true, &level) != 0 ||
		read_count(r, v, "closes", true, &row->closes) != 0 ||
		read_count(r, v, "stay", true, &row->stay) != 0 || read_texts(r, v, "sign", &roles) != 0 ||
		condition_read(r, w, &row->enter, value_get(v, "enter")) != 0 ||
		condition_read(r, w, &row->leave, value_get(v, "leave")) != 0)
		return -1;
	if (level < 1 || level > LEVELS_MAX)
		return read_failed(r, "levels.level", "1 to 8");
	row->level = (uint8_t)level;
	row->is_signed = roles.n > 0;
	row->n_roles = roles.n;
	row->roles = roles.p;
	return 0;
}

int level_table_read(const struct reader *r, struct watch *w, const char *name, const struct value *rows)
{
	struct level_table *t = &w->levels;

	if (!value_is(rows, VALUE_ARRAY) || rows->n < 1 || rows->n > LEVELS_MAX)
		return read_failed(r, "levels", "the name of a table");
	t->name = name;
	for (; t->n_rows < rows->n; t->n_rows++) {
		if (row_read(r, w, &t->rows[t->n_rows], &rows->as.items[t->n_rows]) != 0)
			return -1;
		if (t->n_rows > 0 && t->rows[t->n_rows].level <= t->rows[t->n_rows - 1].level)
			return read_failed(r, "levels", "rising");
	}
	return 0;
}
