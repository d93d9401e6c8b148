/* Batch tasks: one task for many numbers, a result for each. The sums must close: asked = settled + still
 * open. */
#include <string.h>

#include "desk/tasks.h"

static int cmp_values(const void *a, const void *b)
{
	return value_cmp(a, b);
}

static struct value sorted(struct work *w, const struct value *numbers)
{
	struct value out = value_array(w->arena, numbers->n);

	for (uint32_t i = 0; i < numbers->n; i++)
		value_push(w->arena, &out, numbers->as.items[i]);
	qsort(out.as.items, out.n, sizeof(*out.as.items), cmp_values);
	return out;
}

int batch_check(struct work *w, uint32_t n, const struct value *numbers, struct err *e)
{
	struct value in_order;

	if (numbers->type != VALUE_ARRAY || numbers->n == 0 || numbers->n > TASK_NUMBERS_MAX)
		return err_set(e, ERR_REJECTED,
			"the decision's task %u: numbers must be a list of 1 to %d numbers", n,
			TASK_NUMBERS_MAX);
	for (uint32_t i = 0; i < numbers->n; i++)
		if (numbers->as.items[i].type != VALUE_TEXT || numbers->as.items[i].n == 0)
			return err_set(
				e, ERR_REJECTED, "the decision's task %u: numbers[%u] is not text", n, i);
	in_order = sorted(w, numbers);
	for (uint32_t i = 1; i < in_order.n; i++)
		if (value_equal(&in_order.as.items[i - 1], &in_order.as.items[i]))
			return err_set(e, ERR_REJECTED, "the decision's task %u: number %s stands twice", n,
				value_cstr(w->arena, &in_order.as.items[i]));
	return 0;
}

/* Where a number stands among the sorted ones, -1 if it does not. */
static int64_t place(const struct value *in_order, const struct value *number)
{
	const struct value *found = in_order->n == 0 ? NULL
						     : bsearch(number, in_order->as.items, in_order->n,
							       sizeof(*number), cmp_values);

	return found == NULL ? -1 : found - in_order->as.items;
}

/* Which result each number has, by its place; NULL: none. */
static const struct value **match(
	struct work *w, const struct value *in_order, const struct value *results, struct err *e)
{
	const struct value **of = arena_zalloc(w->arena, (in_order->n + 1) * sizeof(*of));

	for (uint32_t i = 0; results != NULL && i < results->n; i++) {
		const struct value *r = &results->as.items[i], *number = value_get(r, "number");
		const char *text = value_cstr(w->arena, number);
		int64_t at;

		if (text == NULL || !value_is(value_get(r, "ok"), VALUE_BOOL)) {
			err_arg(e, ERR_BAD_REQUEST, "result", NULL,
				"result.numbers[%u] must be {number=text, ok=true or false, …}", i);
			return NULL;
		}
		at = place(in_order, number);
		if (at < 0 || of[at] != NULL) {
			err_arg(e, ERR_BAD_REQUEST, "result", text,
				at < 0 ? "result.numbers[%u]: number %s is not asked for in this task"
				       : "result.numbers[%u]: number %s stands twice",
				i, text);
			return NULL;
		}
		of[at] = r;
	}
	return of;
}

/* The first number without a result. */
static int check_all(
	struct work *w, const struct value *in_order, const struct value *const *of, struct err *e)
{
	for (uint32_t i = 0; i < in_order->n; i++)
		if (of[i] == NULL) {
			const char *text = value_cstr(w->arena, &in_order->as.items[i]);

			return err_arg(e, ERR_BAD_REQUEST, "result", text,
				"result.numbers says nothing of number %s; a batch is done when every number "
				"has a result",
				text);
		}
	return 0;
}

static void count(struct work *w, struct value *row, const char *key)
{
	value_set(w->arena, row, key, value_int(value_int_or(value_get(row, key), 0) + 1));
}

int batch_take(struct work *w, struct value *row, const struct value *results, bool is_last, struct err *e)
{
	const struct value *asked = value_path(row, "data.numbers"), *old = value_get(row, "numbers_done");
	struct value in_order, left, done, data;
	const struct value **of;

	if (results != NULL && results->type != VALUE_ARRAY)
		return err_arg(e, ERR_BAD_REQUEST, "result", NULL, "result.numbers must be an array");
	in_order = sorted(w, asked);
	of = match(w, &in_order, results, e);
	if (of == NULL || (is_last && check_all(w, &in_order, of, e) != 0))
		return -1;
	left = value_array(w->arena, asked->n);
	done = old == NULL ? value_array(w->arena, asked->n) : *old;
	for (uint32_t i = 0; i < asked->n; i++) {
		const struct value *r = of[place(&in_order, &asked->as.items[i])];
		bool is_ok = r != NULL && value_true(value_get(r, "ok"));

		if (r == NULL || (!is_ok && !is_last)) {
			value_push(w->arena, &left, asked->as.items[i]);
			continue;
		}
		value_push(w->arena, &done, *r);
		count(w, row, is_ok ? "n_ok" : "n_failed");
	}
	data = value_copy_map(w->arena, value_get(row, "data"));
	value_set(w->arena, &data, "numbers", left);
	value_set(w->arena, row, "data", data);
	value_set(w->arena, row, "numbers_done", done);
	return 0;
}
