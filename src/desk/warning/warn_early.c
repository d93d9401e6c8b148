/* Signals within a bin: a level that is entered before the bin ends rises at once. */
#include "warn_int.h"

static void look(struct warn *n, struct wkey *k, int64_t now_ms)
{
	const struct watch *w = k->watch;
	int64_t end_ms = bin_end(w->bin_ms, now_ms);
	struct close c = {.start_ms = bin_start(w->bin_ms, now_ms),
		.counts = n->back,
		.city = k->city,
		.given = k->given};
	struct detector det = k->det;
	struct detected seen;

	if (bin_start(w->bin_ms, now_ms) == now_ms || !warn_gather(n, k, end_ms, &c))
		return;
	c.subscribers = warn_subscribers(n, w, k->city);
	c.parent = warn_usual(n, k);
	c.baseline = k->usual.baseline;
	detect(w, &det, &c, &seen);
	if (seen.to <= k->level)
		return;
	k->seen = seen;
	k->is_seen = k->is_early = true;
	k->floor = k->level = seen.to;
	k->changed_ms = now_ms;
}

void warn_look_early(struct warn *n, int64_t now_ms)
{
	for (uint32_t i = 0; n->early_ms > 0 && i < n->n_keys; i++) {
		struct wkey *k = n->keys[i];

		if (k->watch != NULL && k->watch->early_ms > 0 && (k->floor == 0 || k->is_early))
			look(n, k, now_ms);
	}
}

void warn_early_over(struct wkey *k)
{
	if (k->is_early)
		k->floor = 0;
	k->is_early = false;
}

void warn_early_put(struct work *w, const struct wkey *k, struct value *row)
{
	struct value floor = value_map(w->arena, 2);

	if (k->is_early) {
		value_add(w->arena, &floor, "level", value_literal(warn_level_name(w->desk->warn, k->floor)));
		value_add(w->arena, &floor, "by", value_literal("early"));
		value_set(w->arena, row, "floor", floor);
	} else if (value_is_text(value_path(row, "floor.by"), "early")) {
		value_unset(row, "floor");
	}
}
