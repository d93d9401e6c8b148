/* Who is told of a new version of a list (affected.h). */
#include <string.h>

#include "affected_int.h"

/* incident, frontdesk.CITY, ivr: where the fault's lists are told of. IVR hears of a list with an approved
 * prompt. */
static void tell(
	struct work *w, const struct fault_case *c, const struct part *p, const char *fault, int64_t version)
{
	const struct value *topics = value_get(fault_of(w->desk, fault), "publish");
	uint64_t counts[NUMSET_FLAGS];

	for (uint32_t i = 0; i < NUMSET_FLAGS; i++)
		counts[i] = p->counts[i];
	for (uint32_t i = 0; topics != NULL && i < topics->n; i++) {
		struct value both = value_array(w->arena, 2), data = value_map(w->arena, 10),
			     topic = topics->as.items[i];
		struct slice text = value_slice(&topic), tail = SLICE_TEXT(".CITY");

		if (value_is_text(&topic, "ivr") && value_path(&c->row, "script.prompt") == NULL)
			continue;
		if (text.n > tail.n && memcmp((const char *)text.p + text.n - tail.n, tail.p, tail.n) == 0)
			topic = value_printf(w->arena, "%.*s.%s", (int)(text.n - tail.n),
				(const char *)text.p, p->city[0] != '\0' ? p->city : "*");
		value_add(w->arena, &data, "event", value_literal("numbers"));
		value_add(w->arena, &data, "fault", value_literal(fault));
		value_add(w->arena, &data, "city", value_literal(p->city));
		value_add(w->arena, &data, "version", value_int(version));
		value_add(w->arena, &data, "counts", counts_value(w->arena, counts));
		case_say(w->arena, c, &data);
		value_push(w->arena, &both, topic);
		value_push(w->arena, &both, data);
		value_push(w->arena, &w->notices, both);
	}
}

/* Changes of a fault's lists that a case has become a version. */
void affected_publish(struct affected_edit *edit, int64_t *next_ms)
{
	struct work *w = edit->work;
	struct affected *x = w->desk->affected;
	int64_t every_ms = version_every_ms(w->desk);

	for (uint32_t i = 0; i < x->n_runs; i++) {
		struct run *run = &x->runs[i];
		struct run_edit *r;
		uint32_t n = 0;

		if (run->is_cut)
			continue;
		if (run->since_ms + every_ms > w->now_ms) {
			if (run->since_ms + every_ms < *next_ms)
				*next_ms = run->since_ms + every_ms;
			continue;
		}
		for (uint32_t k = 0; k < PARTS_MAX; k++) {
			const struct part *p = x->parts[k];
			const struct fault_case *c =
				p == NULL || p->is_closed || strcmp(p->fault, run->fault) != 0
					? NULL
					: case_of(x, p);

			if (c != NULL) {
				tell(w, c, p, run->fault, run->version);
				n++;
			}
		}
		if (n == 0)
			continue;
		r = arena_zalloc(w->arena, sizeof(*r));
		r->run = *run;
		r->run.is_cut = r->is_changed = true;
		r->next = edit->runs;
		edit->runs = r;
	}
}
