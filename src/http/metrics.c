/*
 * server.stats as Prometheus text. Every number or truth of the map is a gauge named by its path; keys that
 * name things (methods, tables, kinds, sources) become labels, so that a new one is not a new metric.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "http_int.h"

#define NAME_MAX_BYTES 200
#define LABELS_MAX_BYTES 400

/* Maps whose keys, or lists whose members' names, are labels. */
static const struct {
	const char *key, *label;
} labelled[] = {
	{"methods", "method"},
	{"rows", "table"},
	{"kinds", "kind"},
	{"sources", "source"},
};

static const char *label_of(const struct value *key)
{
	for (size_t i = 0; i < sizeof(labelled) / sizeof(labelled[0]); i++)
		if (value_is_text(key, labelled[i].key))
			return labelled[i].label;
	return NULL;
}

static void number(struct buf *out, const struct value *v)
{
	if (v->type == VALUE_BOOL)
		buf_printf(out, "%d", v->as.b);
	else if (v->type == VALUE_INT)
		buf_printf(out, "%" PRId64, v->as.i);
	else if (v->type == VALUE_UINT)
		buf_printf(out, "%" PRIu64, v->as.u);
	else
		buf_printf(out, "%.17g", v->as.f);
}

static void line(struct buf *out, const char *name, const char *labels, const struct value *v)
{
	buf_printf(
		out, "%s%s%s%s ", name, labels[0] != '\0' ? "{" : "", labels, labels[0] != '\0' ? "}" : "");
	number(out, v);
	buf_add_u8(out, '\n');
}

static void walk(struct buf *out, const char *name, const char *labels, const struct value *v);

/* name_key, only with the characters a metric may have. */
static void join(char out[NAME_MAX_BYTES], const char *name, const struct value *key)
{
	size_t n = strlen(name);

	snprintf(out, NAME_MAX_BYTES, "%s_%.*s", name, (int)key->n, key->as.text);
	for (char *p = out + n; *p != '\0'; p++)
		if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && !(*p >= 'A' && *p <= 'Z'))
			*p = '_';
}

static void add_label(
	char out[LABELS_MAX_BYTES], const char *labels, const char *label, const struct value *named)
{
	size_t n = (size_t)snprintf(
		out, LABELS_MAX_BYTES, "%s%s%s=\"", labels, labels[0] != '\0' ? "," : "", label);

	for (uint32_t i = 0; i < named->n && n + 4 < LABELS_MAX_BYTES; i++) {
		char c = named->as.text[i];

		if (c == '"' || c == '\\')
			out[n++] = '\\';
		out[n++] = c == '\n' ? ' ' : c;
	}
	out[n++] = '"';
	out[n] = '\0';
}

static void walk_labelled(
	struct buf *out, const char *name, const char *labels, const char *label, const struct value *v)
{
	char more[LABELS_MAX_BYTES];

	for (uint32_t i = 0; i < v->n; i++) {
		const struct value *item = v->type == VALUE_MAP ? &v->as.pairs[i].val : &v->as.items[i];
		const struct value *named =
			v->type == VALUE_MAP ? &v->as.pairs[i].key : value_get(item, "name");

		if (!value_is(named, VALUE_TEXT))
			continue;
		add_label(more, labels, label, named);
		walk(out, name, more, item);
	}
}

static void walk(struct buf *out, const char *name, const char *labels, const struct value *v)
{
	char longer[NAME_MAX_BYTES];

	if (v->type == VALUE_BOOL || v->type == VALUE_INT || v->type == VALUE_UINT || v->type == VALUE_FLOAT)
		line(out, name, labels, v);
	for (uint32_t i = 0; v->type == VALUE_MAP && i < v->n; i++) {
		const struct pair *p = &v->as.pairs[i];
		const char *label = label_of(&p->key);

		if (p->key.type != VALUE_TEXT)
			continue;
		join(longer, name, &p->key);
		if (label != NULL)
			walk_labelled(out, longer, labels, label, &p->val);
		else
			walk(out, longer, labels, &p->val);
	}
}

void metrics_write(struct buf *out, const struct value *stats)
{
	walk(out, "tocsin", "", stats);
}
