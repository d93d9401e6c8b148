/* The catalog's watches as structs. */
#include <stdlib.h>
#include <string.h>

#include "watch_int.h"

int read_failed(const struct reader *r, const char *key, const char *want)
{
	return err_set(r->e, ERR_BAD_REQUEST, "%s: %s must be %s", r->what, key, want);
}

int read_number(const struct reader *r, const struct value *map, const char *key, bool needed, double *out)
{
	const struct value *v = value_get(map, key);

	if (v == NULL && !needed)
		return 0;
	if (v == NULL || (v->type != VALUE_INT && v->type != VALUE_FLOAT))
		return read_failed(r, key, "a number");
	*out = v->type == VALUE_INT ? (double)v->as.i : v->as.f;
	return 0;
}

int read_count(const struct reader *r, const struct value *map, const char *key, bool needed, uint32_t *out)
{
	const struct value *v = value_get(map, key);
	int64_t n;

	if (v == NULL && !needed)
		return 0;
	if (!value_as_int(v, &n) || n < 0 || n > INT32_MAX)
		return read_failed(r, key, "a whole number");
	*out = (uint32_t)n;
	return 0;
}

int read_text(const struct reader *r, const struct value *map, const char *key, const char **out)
{
	const struct value *v = value_get(map, key);

	*out = v == NULL ? NULL : value_cstr(r->arena, v);
	return v != NULL && *out == NULL ? read_failed(r, key, "a text") : 0;
}

int read_texts(const struct reader *r, const struct value *map, const char *key, struct texts *out)
{
	const struct value *v = value_get(map, key);

	*out = (struct texts){0};
	if (v == NULL || v->n == 0)
		return 0;
	if (!value_is(v, VALUE_ARRAY))
		return read_failed(r, key, "a list of texts");
	out->n = v->n;
	out->p = arena_alloc(r->arena, v->n * sizeof(*out->p));
	for (uint32_t i = 0; i < v->n; i++) {
		out->p[i] = value_cstr(r->arena, &v->as.items[i]);
		if (out->p[i] == NULL)
			return read_failed(r, key, "a list of texts");
	}
	return 0;
}

static struct value label_of(const struct reader *r, const struct value *map)
{
	const struct value *label = value_get(map, "label");

	return label == NULL ? value_nil : value_copy(r->arena, label);
}

/* ---- one watch ----------------------------------------------------------------------------------------- */
static int input_read(const struct reader *r, struct watch_input *in, const struct value *v)
{
	const struct value *kind = value_get(v, "kind");

	if (read_text(r, v, "name", &in->name) != 0)
		return -1;
	if (in->name == NULL)
		return read_failed(r, "inputs.name", "a text");
	if (value_is_text(kind, "given")) {
		in->kind = INPUT_GIVEN;
		return 0;
	}
	if (value_is_text(kind, "cusum")) {
		in->kind = INPUT_CUSUM;
		return read_number(r, v, "ratio", true, &in->cusum.ratio) != 0 ||
				       read_number(r, v, "cap", true, &in->cusum.cap) != 0
			       ? -1
			       : 0;
	}
	in->kind = INPUT_SUM;
	if (read_count(r, v, "bins", true, &in->bins) != 0)
		return -1;
	return in->bins < 1 || in->bins > WATCH_BINS_MAX ? read_failed(r, "inputs.bins", "1 to 4096") : 0;
}

static int inputs_read(const struct reader *r, struct watch *w, const struct value *list)
{
	if (!value_is(list, VALUE_ARRAY) || list->n < 1 || list->n > WATCH_INPUTS_MAX)
		return read_failed(r, "inputs", "a list of 1 to 8");
	w->n_inputs = list->n;
	w->n_back = 1;
	for (uint32_t i = 0; i < list->n; i++) {
		struct watch_input *in = &w->inputs[i];

		if (input_read(r, in, &list->as.items[i]) != 0)
			return -1;
		w->n_back = in->kind == INPUT_SUM && in->bins > w->n_back ? in->bins : w->n_back;
	}
	return 0;
}

static int by_read(const struct reader *r, struct watch *w, const struct value *map)
{
	static const struct {
		const char *name;
		uint32_t bit;
	} all[] = {{"city", BY_CITY}, {"category", BY_CATEGORY}, {"cluster", BY_CLUSTER},
		{"service", BY_SERVICE}, {"component", BY_COMPONENT}, {"kind", BY_KIND}};
	struct texts by;

	if (read_texts(r, map, "by", &by) != 0)
		return -1;
	for (uint32_t i = 0; i < by.n; i++) {
		uint32_t bit = 0;

		for (size_t k = 0; k < sizeof(all) / sizeof(all[0]); k++)
			if (strcmp(by.p[i], all[k].name) == 0)
				bit = all[k].bit;
		if (bit == 0)
			return read_failed(r, "by", "city, category, cluster, service, component, kind");
		w->by |= bit;
	}
	return 0;
}

static enum watch_of of_read(const struct value *map)
{
	const struct value *of = value_get(map, "of");

	return value_is_text(of, "signals")  ? WATCH_SIGNALS
	       : value_is_text(of, "series") ? WATCH_SERIES
					     : WATCH_COMPLAINTS;
}

static int watch_read(struct reader *r, struct watch *w, const struct value *v, const struct value *tables)
{
	const char *table;

	r->what = "watch";
	if (read_text(r, v, "name", &w->name) != 0)
		return -1;
	if (w->name == NULL)
		return read_failed(r, "name", "a text");
	r->what = arena_printf(r->arena, "watch \"%s\"", w->name);
	w->label = label_of(r, v);
	w->of = of_read(v);
	w->dispersion = 1;
	w->bin_ms = value_int_or(value_get(v, "bin_ms"), 0);
	w->silent_ms = value_int_or(value_get(v, "silent_ms"), 0);
	w->early_ms = value_int_or(value_get(v, "early_ms"), 0);
	if (w->bin_ms < 60000 || w->bin_ms % 60000 != 0)
		return read_failed(r, "bin_ms", "whole minutes");
	if (read_texts(r, v, "categories", &w->categories) != 0 ||
		read_texts(r, v, "kinds", &w->kinds) != 0 || read_text(r, v, "service", &w->service) != 0 ||
		read_text(r, v, "component", &w->component) != 0 ||
		read_text(r, v, "cluster", &w->cluster) != 0 || by_read(r, w, v) != 0 ||
		inputs_read(r, w, value_get(v, "inputs")) != 0 ||
		read_number(r, v, "dispersion", false, &w->dispersion) != 0 ||
		expected_read(r, w, value_get(v, "expected")) != 0 || read_text(r, v, "levels", &table) != 0)
		return -1;
	return level_table_read(r, w, table, table == NULL ? NULL : value_get(tables, table));
}

/* ---- all of them --------------------------------------------------------------------------------------- */
static int levels_read(const struct reader *r, struct watches *w, const struct value *list)
{
	w->levels[0].name = "none";
	w->n_levels = 1;
	for (uint32_t i = 0; list != NULL && i < list->n; i++) {
		if (!value_is(list, VALUE_ARRAY) || w->n_levels == LEVELS_MAX + 1)
			return read_failed(r, "levels", "a list of up to 8");
		if (read_text(r, &list->as.items[i], "name", &w->levels[w->n_levels].name) != 0 ||
			w->levels[w->n_levels].name == NULL)
			return read_failed(r, "levels", "names");
		w->levels[w->n_levels++].label = label_of(r, &list->as.items[i]);
	}
	return 0;
}

static int clusters_read(const struct reader *r, struct watches *w, const struct value *map)
{
	if (map == NULL || map->n == 0)
		return 0;
	w->clusters = arena_zalloc(r->arena, map->n * sizeof(*w->clusters));
	for (; w->n_clusters < map->n; w->n_clusters++) {
		struct cluster *c = &w->clusters[w->n_clusters];
		const struct pair *p = &map->as.pairs[w->n_clusters];

		c->name = value_cstr(r->arena, &p->key);
		c->label = label_of(r, &p->val);
		if (read_texts(r, &p->val, "categories", &c->categories) != 0)
			return -1;
	}
	return 0;
}

static int all_read(struct watches *w, const struct value *catalog, struct err *e)
{
	struct reader r = {.arena = &w->arena, .e = e, .what = "catalog"};
	const struct value *list = value_get(catalog, "watches");

	if (levels_read(&r, w, value_get(catalog, "levels")) != 0 ||
		clusters_read(&r, w, value_get(catalog, "clusters")) != 0 ||
		day_classes_read(&r, &w->days, catalog) != 0)
		return -1;
	if (list == NULL || list->n == 0)
		return 0;
	if (!value_is(list, VALUE_ARRAY))
		return read_failed(&r, "watches", "a list");
	w->list = arena_zalloc(r.arena, list->n * sizeof(*w->list));
	for (; w->n < list->n; w->n++)
		if (watch_read(&r, &w->list[w->n], &list->as.items[w->n],
			    value_get(catalog, "level_tables")) != 0)
			return -1;
	return 0;
}

int watches_new(struct watches **out, const struct value *catalog, struct err *e)
{
	struct watches *w = calloc(1, sizeof(*w));

	must(w != NULL);
	arena_init(&w->arena, 0);
	*out = w;
	if (all_read(w, catalog, e) == 0)
		return 0;
	watches_free(w);
	*out = NULL;
	return -1;
}

void watches_free(struct watches *w)
{
	if (w == NULL)
		return;
	day_classes_fini(&w->days);
	arena_fini(&w->arena);
	free(w);
}

/* ---- asking -------------------------------------------------------------------------------------------- */
const struct watch *watch_find(const struct watches *w, const char *name)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (strcmp(w->list[i].name, name) == 0)
			return &w->list[i];
	return NULL;
}

const char *level_name(const struct watches *w, uint8_t level)
{
	return level < w->n_levels ? w->levels[level].name : w->levels[0].name;
}

static bool is_under(const struct texts *tops, const char *category)
{
	struct slice name = slice_of(category, strlen(category));

	for (uint32_t i = 0; i < tops->n; i++)
		if (name_under(name, slice_of(tops->p[i], strlen(tops->p[i]))))
			return true;
	return false;
}

bool cluster_has_category(const struct cluster *c, const char *category)
{
	return is_under(&c->categories, category);
}

const struct cluster *cluster_find(const struct watches *w, const char *name)
{
	for (uint32_t i = 0; i < w->n_clusters; i++)
		if (strcmp(w->clusters[i].name, name) == 0)
			return &w->clusters[i];
	return NULL;
}

bool watch_has_category(const struct watches *all, const struct watch *w, const char *category)
{
	const struct cluster *c = w->cluster == NULL ? NULL : cluster_find(all, w->cluster);

	if (w->cluster != NULL && (c == NULL || !cluster_has_category(c, category)))
		return false;
	return w->categories.n == 0 || is_under(&w->categories, category);
}

struct baseline *watch_baseline(const struct watches *all, const struct watch *w)
{
	uint32_t n = 0, bins[BASELINE_SUMS_MAX];

	for (uint32_t i = 0; i < w->n_inputs && n < BASELINE_SUMS_MAX; i++)
		if (w->inputs[i].kind == INPUT_SUM)
			bins[n++] = w->inputs[i].bins;
	return baseline_new(&w->baseline, &all->days, w->bin_ms, n, bins);
}

double watch_fixed(const struct watch *w, const char *city)
{
	for (uint32_t i = 0; city != NULL && i < w->n_cities; i++)
		if (strcmp(w->cities[i].city, city) == 0)
			return w->cities[i].value;
	return w->fixed;
}

int watch_input_find(const struct watch *w, const char *name)
{
	for (uint32_t i = 0; i < w->n_inputs; i++)
		if (strcmp(w->inputs[i].name, name) == 0)
			return (int)i;
	return -1;
}
