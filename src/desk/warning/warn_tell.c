/* What is said of a warning: its brief for topics and lists, bulletins. Every text is the pack's. */
#include <string.h>

#include "tocsin/civil.h"
#include "warn_int.h"

void warn_notice(struct work *w, const char *topic, struct value data)
{
	struct value both = value_array(w->arena, 2);

	value_push(w->arena, &both, value_literal(topic));
	value_push(w->arena, &both, data);
	value_push(w->arena, &w->notices, both);
}

/* ---- texts with names in braces ------------------------------------------------------------------------ */
static void fill_one(struct buf *b, const struct value *v, const char *language)
{
	if (v == NULL)
		return;
	if (v->type == VALUE_MAP)
		v = value_get(v, language);
	if (v == NULL)
		return;
	if (v->type == VALUE_TEXT)
		buf_add(b, v->as.text, v->n);
	else if (v->type == VALUE_INT)
		buf_printf(b, "%jd", (intmax_t)v->as.i);
	else if (v->type == VALUE_FLOAT)
		buf_printf(b, "%.4g", v->as.f);
}

static struct value filled(
	struct arena *a, const struct value *text, const struct value *names, const char *language)
{
	const char *p = text->as.text, *end = p + text->n;
	struct value out;
	struct buf b;

	buf_init(&b, 4096);
	while (p < end) {
		const char *open = memchr(p, '{', (size_t)(end - p)),
			   *close = open == NULL ? NULL : memchr(open, '}', (size_t)(end - open));

		if (close == NULL) {
			buf_add(&b, p, (size_t)(end - p));
			break;
		}
		buf_add(&b, p, (size_t)(open - p));
		fill_one(&b, value_get_n(names, open + 1, (size_t)(close - open - 1)), language);
		p = close + 1;
	}
	out = value_text(a, b.n == 0 ? "" : (const char *)b.p, b.n);
	buf_fini(&b);
	return out;
}

struct value warn_text(
	struct arena *a, const struct value *catalog, const char *name, const struct value *names)
{
	const struct value *text = value_get(value_get(catalog, "warning_texts"), name);
	struct value out = value_map(a, 2);

	if (text == NULL || value_get(text, "zh") == NULL || value_get(text, "en") == NULL)
		return value_nil;
	value_add(a, &out, "zh", filled(a, value_get(text, "zh"), names, "zh"));
	value_add(a, &out, "en", filled(a, value_get(text, "en"), names, "en"));
	return out;
}

/* ---- the brief ----------------------------------------------------------------------------------------- */
static const struct value *label_in(const struct value *catalog, const char *of, const char *name)
{
	return name == NULL ? NULL : value_get(value_get(value_get(catalog, of), name), "label");
}

/* What a service is called: the label of the fault that its failures are. */
static const struct value *service_label(const struct value *catalog, const char *service)
{
	const struct value *faults = value_get(catalog, "faults");

	for (uint32_t i = 0; service != NULL && faults != NULL && i < faults->n; i++)
		if (value_is_text(value_get(&faults->as.pairs[i].val, "service"), service))
			return value_get(&faults->as.pairs[i].val, "label");
	return NULL;
}

struct value warn_brief(struct work *w, const struct wkey *k, const struct value *row)
{
	static const char *const shown[] = {"since", "input", "window", "incident", "is_ready", "parent",
		"children", "cities", "top", "silent", "episode", "affected", "assumed", "climbs",
		"caseless"};
	static const char *const figures[] = {"seen", "expected", "p"};
	const struct value *catalog = packs_catalog(w->desk->packs), *said = warn_figures_of(k, row),
			   *kind = warn_kind_label(w->desk->warn, k),
			   *service = service_label(catalog, k->watch == NULL ? NULL : k->watch->service),
			   *city = label_in(catalog, "cities", k->city),
			   *category = label_in(catalog, "categories", k->category);
	struct value v = value_map(w->arena, 24), line = warn_line(w, k, row);

	value_add(w->arena, &v, "key", value_text(w->arena, k->text, k->text_n));
	value_add(w->arena, &v, "level", value_literal(warn_level_name(w->desk->warn, k->level)));
	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++)
		if (value_get(row, shown[i]) != NULL)
			value_add(w->arena, &v, shown[i], *value_get(row, shown[i]));
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++)
		if (value_get(said, figures[i]) != NULL)
			value_add(w->arena, &v, figures[i], *value_get(said, figures[i]));
	if (k->watch != NULL)
		value_add(w->arena, &v, "watch", value_literal(k->watch->name));
	if (k->watch != NULL && k->watch->service != NULL)
		value_add(w->arena, &v, "service", value_literal(k->watch->service));
	if (k->watch != NULL && k->watch->component != NULL)
		value_add(w->arena, &v, "component", value_literal(k->watch->component));
	if (k->city != NULL)
		value_add(w->arena, &v, "city", value_literal(k->city));
	if (k->category != NULL)
		value_add(w->arena, &v, "category", value_literal(k->category));
	if (k->cluster != NULL)
		value_add(w->arena, &v, "cluster", value_literal(k->cluster));
	if (city != NULL)
		value_add(w->arena, &v, "city_label", *city);
	if (category != NULL)
		value_add(w->arena, &v, "category_label", *category);
	if (kind != NULL)
		value_add(w->arena, &v, "kind_label", *kind);
	if (service != NULL)
		value_add(w->arena, &v, "service_label", *service);
	if (line.type != VALUE_NIL)
		value_add(w->arena, &v, "line", line);
	return v;
}

struct value warn_time(struct arena *a, int64_t at_ms)
{
	char text[40];

	clock_format(at_ms, text);
	return value_text(a, text + 11, 5);
}

/* ---- bulletins ----------------------------------------------------------------------------------------- */
const struct value *warn_alarm(const struct warn *n, uint8_t level)
{
	return level == 0 ? NULL
			  : value_get(value_get(packs_catalog(n->desk->packs), "alarms"),
				    warn_level_name(n, level));
}

int64_t warn_slot_after(int64_t at_ms, int64_t every_ms, int64_t offset_ms)
{
	int32_t day;
	int64_t midnight_ms, passed_ms, slots;

	if (every_ms <= 0)
		return INT64_MAX;
	midnight_ms = at_ms - at_ms % 1000 - (int64_t)civil_second_of(at_ms, &day) * 1000;
	passed_ms = at_ms - midnight_ms - offset_ms;
	slots = passed_ms / every_ms - (passed_ms % every_ms < 0); /* rounded down */
	return midnight_ms + offset_ms + (slots + 1) * every_ms;
}

void warn_recovery(struct work *w, const struct value *ticket, struct value *data)
{
	const struct value *recovery = value_path(ticket, "fields.recovery"),
			   *text = value_path(packs_catalog(w->desk->packs), "warning_texts.recovering");

	if (!value_is(recovery, VALUE_TEXT))
		return;
	value_set(w->arena, data, "recovery", *recovery);
	if (text != NULL)
		value_set(w->arena, data, "recovery_label", *text);
}

/* Of the case: that it recovers, and what the pack wants told, the texts whose field of the incident has that
 * value. */
static void add_case(struct work *w, const struct value *row, struct value *data)
{
	const struct value *wanted = value_get(packs_catalog(w->desk->packs), "bulletin_facts"),
			   *incident = value_get(row, "incident");
	struct value facts = value_array(w->arena, 4), ticket;
	struct err e;

	if (incident == NULL ||
		ticket_load(w->desk, w->tx, w->arena, value_int_or(incident, 0), &ticket, &e) != 0)
		return;
	warn_recovery(w, &ticket, data);
	for (uint32_t i = 0; wanted != NULL && i < wanted->n; i++) {
		const struct value *one = value_at(wanted, i),
				   *is = value_get(value_get(&ticket, "fields"),
					   value_cstr(w->arena, value_get(one, "field")));

		if (is != NULL && value_equal(is, value_get(one, "is")))
			value_push(w->arena, &facts, *value_get(one, "label"));
	}
	if (facts.n > 0)
		value_add(w->arena, data, "facts", facts);
}

/* What the level is called; of one that is over, that it is. */
static void add_label(struct work *w, const struct wkey *k, const struct value *alarm, struct value *data)
{
	const struct value *label = value_get(alarm, "label");
	struct value names = value_map(w->arena, 1), over;

	if (label == NULL)
		return;
	value_add(w->arena, &names, "level", *label);
	over = k->level > 0 ? value_nil : warn_text(w->arena, packs_catalog(w->desk->packs), "over", &names);
	value_set(w->arena, data, "label", over.type == VALUE_NIL ? *label : over);
}

#define STANDING_SAID 20 /* in the bulletin of a disaster */

/* One to each recipient list of the level it has, or of the one it comes from. */
void warn_bulletin(struct work *w, const struct wkey *k, const struct value *row, const char *event,
	const struct value *extra)
{
	const struct warn *n = w->desk->warn;
	int from = warn_level_find(n, value_slice(value_get(extra, "from")));
	const struct value *alarm = warn_alarm(n, k->level > 0 || from < 0 ? k->level : (uint8_t)from),
			   *to = strcmp(k->text, KEY_ALL) == 0
					 ? value_path(packs_catalog(w->desk->packs), "disaster.to")
					 : value_get(alarm, "to");
	struct value data = warn_brief(w, k, row);

	value_add(w->arena, &data, "event", value_literal(event));
	if (strcmp(k->text, KEY_ALL) == 0)
		value_add(w->arena, &data, "warnings", warn_standing_list(w, STANDING_SAID));
	add_case(w, row, &data);
	value_add(w->arena, &data, "generation", value_int(packs_generation(w->desk->packs)));
	for (uint32_t i = 0; extra != NULL && i < extra->n; i++)
		value_set(w->arena, &data, value_cstr(w->arena, &extra->as.pairs[i].key),
			extra->as.pairs[i].val);
	add_label(w, k, alarm, &data);
	for (uint32_t i = 0; to != NULL && i < to->n; i++) {
		struct value one = value_copy_map(w->arena, &data);

		value_set(w->arena, &one, "to", to->as.items[i]);
		warn_notice(w, "bulletin", one);
	}
}
