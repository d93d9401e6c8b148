#include "desk/pack_calendars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What counts; labels and the like are for people. */
static struct calendar *read_one(const char *name, const struct value *v, struct err *e)
{
	static const char *const keys[] = {"week", "days", "years"};
	struct calendar *made;
	struct value data;
	struct arena a;

	arena_init(&a, 0);
	data = value_map(&a, 3);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (value_get(v, keys[i]) != NULL)
			value_add(&a, &data, keys[i], *value_get(v, keys[i]));
	made = calendar_from_value(name, &data, e);
	arena_fini(&a);
	return made;
}

int pack_calendars_read(struct pack_calendars *out, const struct value *catalog, struct err *e)
{
	const struct value *calendars = value_get(catalog, "calendars");
	uint32_t n = value_is(calendars, VALUE_MAP) ? calendars->n : 0;

	out->n = 0;
	out->all = calloc(n + 1, sizeof(out->all[0]));
	must(out->all != NULL);
	for (uint32_t i = 0; i < n; i++) {
		const struct pair *p = &calendars->as.pairs[i];
		char name[64];

		snprintf(name, sizeof(name), "%.*s", (int)(p->key.n < 63 ? p->key.n : 63), p->key.as.text);
		out->all[i] = read_one(name, &p->val, e);
		if (out->all[i] == NULL) {
			pack_calendars_fini(out);
			return -1;
		}
		out->n++;
	}
	return 0;
}

void pack_calendars_fini(struct pack_calendars *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		calendar_free(c->all[i]);
	free(c->all);
	c->all = NULL;
	c->n = 0;
}

const struct calendar *pack_calendars_find(const struct pack_calendars *c, const char *name)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(calendar_name(c->all[i]), name) == 0)
			return c->all[i];
	return NULL;
}
