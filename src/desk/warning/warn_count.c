/* What is counted, and how it gets into the rows: the hooks of the use cases, and warning.counts. */
#include <string.h>

#include "desk/cases.h"
#include "desk/names.h"
#include "desk/ticket_code.h"
#include "warn_int.h"

/* ---- counting ------------------------------------------------------------------------------------------ */
/* What the row of that minute says, also when this work has written it before. */
static int row_now(
	struct work *w, struct slice text, struct slice key, int64_t start_ms, uint64_t *n, struct err *e)
{
	struct slice val;
	int got;

	if (w->n_counted == 0 && counts_row(&w->desk->warn->counts, text, start_ms, n))
		return 0;
	*n = 0;
	got = tx_get(w->tx, TABLE_COUNT, key, &val, e);
	if (got == 1 && slice_varint(&val, n) != 0)
		return err_set(e, ERR_STORAGE, "a count is no number");
	return got < 0 ? -1 : 0;
}

/* The close of its bin, and learning when its day is over. What is imported counts in the bins to come, too,
 * if it is young enough. */
static void arm_for(struct work *w, const struct stream_name *what, int64_t start_ms)
{
	const struct warn *n = w->desk->warn;

	if (n->bin_ms == 0)
		return;
	if (!w->is_import || start_ms >= counts_first_ms(&n->counts))
		warn_arm(w, warn_next_end(n, w->now_ms));
	if (what->what == 's' && n->early_ms > 0)
		warn_arm(w, w->now_ms + n->early_ms);
	if (w->is_import)
		warn_learn_imported(w, start_ms);
	else
		warn_learn_counted(w, start_ms, what->what == 'c');
}

static int count_by(struct work *w, const struct stream_name *what, int64_t at_ms, int64_t by, struct err *e)
{
	char text[STREAM_TEXT_MAX];
	uint8_t key[COUNT_KEY_MAX];
	struct buf *b = &w->desk->scratch;
	int64_t start_ms = minute_of(at_ms > w->now_ms ? w->now_ms : at_ms);
	size_t text_n = stream_text(text, what->what, what->part, what->what == 'c' ? 2 : STREAM_PARTS),
	       key_n;
	uint64_t n;

	if (text_n == 0)
		return err_set(e, ERR_BAD_REQUEST, "what is counted has names of more than %d bytes",
			STREAM_TEXT_MAX);
	key_n = count_key(key, start_ms, slice_of(text, text_n));
	if (row_now(w, slice_of(text, text_n), slice_of(key, key_n), start_ms, &n, e) != 0)
		return -1;
	n = by >= 0 ? n + (uint64_t)by : n > (uint64_t)-by ? n - (uint64_t)-by : 0;
	buf_reset(b);
	buf_add_varint(b, n);
	tx_put(w->tx, TABLE_COUNT, slice_of(key, key_n), buf_slice(b));
	arm_for(w, what, start_ms);
	w->n_counted++;
	w->desk->warn->n_counted++;
	if (start_ms < minute_of(w->now_ms))
		w->desk->warn->n_late_counts++;
	return 0;
}

int warn_count(struct work *w, const struct stream_name *what, int64_t at_ms, uint64_t n, struct err *e)
{
	if (n == 0)
		return 0;
	return count_by(w, what, at_ms, (int64_t)n, e);
}

/* ---- hooks --------------------------------------------------------------------------------------------- */
static const struct value *counting(const struct desk *d)
{
	return value_get(packs_catalog(d->packs), "counting");
}

static bool has_link(const struct value *row, const char *type)
{
	const struct value *links = value_get(row, "links");

	for (uint32_t i = 0; links != NULL && i < links->n; i++)
		if (value_is_text(value_get(&links->as.items[i], "type"), type))
			return true;
	return false;
}

int64_t warn_counts_at(const struct desk *d, const struct value *row)
{
	int64_t created_ms = value_int_or(value_get(row, "created"), 0),
		occurred_ms = value_int_or(value_get(row, "occurred"), created_ms);

	return occurred_ms > created_ms ||
			       created_ms - occurred_ms > value_int_or(value_get(counting(d), "back_ms"), 0)
		       ? created_ms
		       : occurred_ms;
}

static int count_row(struct work *w, const struct value *row, int64_t at_ms, int64_t by, struct err *e)
{
	struct stream_name what = {.what = 'c',
		.city = value_slice(value_get(row, "city")),
		.category = value_slice(value_get(row, "category"))};

	return count_by(w, &what, at_ms, by, e);
}

static bool is_counted_kind(const struct value *row)
{
	return value_is_text(value_get(row, "kind"), "complaint");
}

int warn_created(struct work *w, const struct value *row, struct err *e)
{
	if (value_is_text(value_get(row, "kind"), CASE_KIND) &&
		value_true(value_get(packs_catalog(w->desk->packs), "declares")))
		warn_arm(w, bin_end(MINUTE_MS, w->now_ms));
	if (!is_counted_kind(row))
		return 0;
	if (!value_true(value_get(counting(w->desk), "duplicates")) && has_link(row, "duplicate_of"))
		return 0;
	return count_row(w, row, warn_counts_at(w->desk, row), 1, e);
}

int warn_contacted(struct work *w, const struct value *row, const struct value *contact, struct err *e)
{
	const struct value *counts = value_get(counting(w->desk), "contacts");
	struct slice kind = value_slice(value_get(contact, "kind"));

	/* of an incident too: one click of the front desk is one complaint of its category */
	if (!value_true(value_get_n(counts, kind.p, kind.n)))
		return 0;
	return count_row(w, row, w->now_ms, 1, e);
}

/*
 * As it counted when it came: its first entry says city, category and minute, whatever they became since.
 * What that entry does not say is as it is; nothing is said of one that was erased.
 */
static int as_it_came(struct work *w, const struct value *row, struct value *out, struct err *e)
{
	static const char *const names[] = {"city", "category"};
	int64_t id = value_int_or(value_get(row, "id"), 0);
	const struct value *tickets;
	struct ticket_parts parts;
	struct slice bytes;
	struct value event;
	int got;

	*out = value_copy_map(w->arena, row);
	value_set(w->arena, out, "occurred", value_int(warn_counts_at(w->desk, row)));
	if (ticket_bytes(w->desk, w->tx, id, &bytes, e) != 0 || ticket_parse(bytes, &parts, e) != 0)
		return -1;
	got = event_load(w->desk, w->arena, parts.seq, &event, e);
	tickets = got == 1 ? value_get(&event, "tickets") : NULL;
	for (uint32_t i = 0; tickets != NULL && i < tickets->n; i++) {
		struct value came;

		if (value_int_or(value_get(&tickets->as.items[i], "id"), 0) != id)
			continue;
		came = change_filled(w->desk, w->arena, &event, &tickets->as.items[i]);
		for (size_t k = 0; k < sizeof(names) / sizeof(names[0]); k++)
			if (value_get(&came, names[k]) != NULL)
				value_set(w->arena, out, names[k], *value_get(&came, names[k]));
	}
	return got < 0 ? -1 : 0;
}

static bool is_in_recovery(const struct value *row)
{
	return value_is(value_path(row, "fields.recovery"), VALUE_TEXT);
}

int warn_changed(struct work *w, const struct value *before, const struct value *after, struct err *e)
{
	struct value came;
	bool was_merged = value_get(before, "merged_into") != NULL,
	     is_merged = value_get(after, "merged_into") != NULL;

	if (is_in_recovery(after) && !is_in_recovery(before))
		warn_await_recovery(w, value_int_or(value_get(after, "id"), 0));
	if (was_merged == is_merged || !is_counted_kind(after) ||
		value_true(value_get(counting(w->desk), "merged")))
		return 0;
	if (as_it_came(w, before, &came, e) != 0)
		return -1;
	return count_row(w, &came, warn_counts_at(w->desk, &came), is_merged ? -1 : 1, e);
}

/* ---- keys ---------------------------------------------------------------------------------------------- */
bool warn_is_all(struct slice part)
{
	return part.n == 1 && memcmp(part.p, "*", 1) == 0;
}

bool warn_key_split(struct slice key, struct warn_key *out)
{
	const char *slash = key.n == 0 ? NULL : memchr(key.p, '/', key.n);
	size_t at = slash == NULL ? 0 : (size_t)(slash - (const char *)key.p);

	if (slash == NULL || at == 0 || at + 1 == key.n || memchr(slash + 1, '/', key.n - at - 1) != NULL)
		return false;
	out->city = slice_of(key.p, at);
	out->category = slice_of(slash + 1, key.n - at - 1);
	return true;
}

bool warn_key_names(struct slice key, struct slice category)
{
	struct warn_key parts;

	return warn_key_split(key, &parts) && name_under(category, parts.category);
}

bool warn_key_holds(const struct warn_key *k, const struct stream_name *s)
{
	return s->what == 'c' && (warn_is_all(k->city) || slice_cmp(k->city, s->city) == 0) &&
	       (warn_is_all(k->category) || name_under(s->category, k->category));
}
