/*
 * The life of packs: read and build aside, swap between two turns, keep the last one warm, rebuild any other
 * from the store. A load that fails changes nothing but the verdict.
 *
 * TABLE_PACK:
 *   be32 generation → {generation, sha256, at, by, files={name=sha}}
 *   'f' sha         → file bytes
 */
#include "desk/packs_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk/warn.h"
#include "tocsin/log.h"

struct generation *packs_live(const struct packs *p)
{
	return p->live;
}

int64_t packs_generation(const struct packs *p)
{
	return p == NULL ? 0 : p->number;
}

const struct value *packs_catalog(const struct packs *p)
{
	return generation_catalog(p->live);
}

const struct value *packs_kind(const struct packs *p, const struct value *name)
{
	struct slice text = name == NULL ? SLICE_TEXT("complaint") : value_slice(name);

	return value_get_n(value_get(packs_catalog(p), "kinds"), text.p, text.n);
}

int64_t packs_limit(const struct packs *p, const char *name)
{
	int64_t limit = 0;

	must(value_as_int(value_get(value_get(packs_catalog(p), "limits"), name), &limit));
	return limit;
}

const struct calendar *packs_calendar(const struct packs *p, const char *name)
{
	return pack_calendars_find(&p->calendars, name);
}

/* ---- verdict ------------------------------------------------------------------------------------------- */
struct value packs_status(const struct packs *p, struct arena *a)
{
	struct value status = value_map(a, 15);
	char sha[2 * SHA256_LEN + 1];

	value_add(a, &status, "generation", value_int(p->number));
	value_add(a, &status, "sha256",
		value_text(a, hex(generation_sha(p->live), SHA256_LEN, sha), 2 * SHA256_LEN));
	value_add(a, &status, "loaded_at", value_int(p->loaded_at_ms));
	value_add(a, &status, "by", value_text(a, p->by, strlen(p->by)));
	value_add(a, &status, "ok", value_bool(p->is_ok));
	value_add(a, &status, "errors",
		p->errors.type == VALUE_NIL ? value_array(a, 0) : value_copy(a, &p->errors));
	value_add(a, &status, "took_ms", value_int(p->took_ms));
	value_add(a, &status, "previous", p->previous == NULL ? value_nil : value_int(p->previous_number));
	value_add(a, &status, "specs", value_int(p->n_specs));
	value_add(a, &status, "rules", value_int(p->n_rules));
	value_add(a, &status, "uncovered",
		p->uncovered.type == VALUE_NIL ? value_array(a, 0) : value_copy(a, &p->uncovered));
	value_add(a, &status, "uncovered_at",
		p->uncovered_at.type == VALUE_NIL ? value_array(a, 0) : value_copy(a, &p->uncovered_at));
	value_add(a, &status, "dir", value_text(a, p->dir, strlen(p->dir)));
	return status;
}

struct value pack_build_report(const struct pack_build *b, struct arena *a)
{
	struct value report = rules_report_value(a, &b->report), one, list;

	value_set(a, &report, "ok", value_bool(b->is_ok));
	if (b->is_ok || value_get(&report, "errors")->n > 0)
		return report;
	/* a failure before or behind the check: the folder itself, calendars, real complaints */
	list = value_array(a, 1);
	one = b->found.message[0] != '\0' ? rules_error_value(a, &b->found) : value_map(a, 1);
	if (one.n == 0)
		value_add(a, &one, "message", value_text(a, b->why.text, strlen(b->why.text)));
	value_push(a, &list, one);
	value_set(a, &report, "errors", list);
	return report;
}

static void keep_verdict(struct packs *p, const struct pack_build *b)
{
	struct value report;

	arena_reset(&p->verdict);
	report = pack_build_report(b, &p->verdict);
	p->is_ok = b->is_ok;
	p->errors = *value_get(&report, "errors");
	p->uncovered = *value_get(&report, "uncovered");
	p->uncovered_at = *value_get(&report, "uncovered_at");
	p->took_ms = b->took_us / 1000;
	p->n_specs = b->report.n_specs;
	p->n_rules = b->report.n_rules;
	for (uint32_t i = 0; i < b->report.n_errors; i++)
		log_line(LOG_WARN, "rules.error", "file=%s line=%d column=%d message=\"%s\"",
			b->report.errors[i].file, b->report.errors[i].line, b->report.errors[i].column,
			b->report.errors[i].message);
	log_line(b->is_ok ? LOG_INFO : LOG_WARN, "rules.reload",
		"ok=%s generation=%jd by=%s took_ms=%jd errors=%u specs=%u error=%s", b->is_ok ? "yes" : "no",
		(intmax_t)p->number, b->by, (intmax_t)p->took_ms, b->report.n_errors, b->report.n_specs,
		b->is_ok ? "-" : b->why.text);
}

#define RULES_BYTES_MAX (4 * 1024 * 1024) /* with the rest of its row within desk->scratch */

/* ---- building (worker thread, or the loop at start) ---------------------------------------------------- */
static int replay(struct pack_build *b, struct generation *g)
{
	for (uint32_t i = 0; i < b->replays.n; i++) {
		struct arena a;
		struct value decision;
		int rc;

		arena_init(&a, 0);
		rc = generation_ask(g, "create", &b->replays.as.items[i], &a, &decision, &b->why);
		if (rc == 0 && value_get(&decision, "failed") != NULL)
			rc = err_set(&b->why, ERR_REJECTED, "rule %s: %s",
				value_cstr(&a, value_path(&decision, "failed.rule")),
				value_cstr(&a, value_path(&decision, "failed.message")));
		arena_fini(&a);
		if (rc != 0) {
			snprintf(b->found.message_zh, sizeof(b->found.message_zh),
				"用最近的投诉试算，共 %u 件，第 %u 件：%.300s", b->replays.n, i + 1,
				b->why.text);
			err_prefix(&b->why, "replaying the last complaints, %u of %u", i + 1, b->replays.n);
			snprintf(b->found.message, sizeof(b->found.message), "%.399s", b->why.text);
			return -1;
		}
	}
	return 0;
}

/* Its table of rules as the store keeps it: encoded here, so that the loop need not. */
static int encode_rules(struct pack_build *b)
{
	struct buf out;
	int rc = 0;

	buf_init(&out, RULES_BYTES_MAX);
	value_encode(&out, generation_rules(b->made));
	if (out.is_full)
		rc = err_set(&b->why, ERR_TOO_LARGE, "the table of the pack's rules: more than %d bytes",
			RULES_BYTES_MAX);
	else
		b->rules = slice_of(arena_copy(&b->arena, out.p, out.n), out.n);
	buf_fini(&out);
	return rc;
}

void pack_build_run(void *udata)
{
	struct pack_build *b = udata;
	struct rules_limits limits = {
		.is_deterministic = b->is_virtual, .was_accepted = b->has_files, .spec = b->spec};
	int64_t began_us = clock_mono_us();

	b->is_ok = false;
	if (!b->has_files && pack_read(&b->files, b->dir, b->share_dir, &b->found, &b->why) != 0)
		goto out;
	b->has_files = true;
	if (generation_new(&b->made, &b->files, &limits, &b->report, &b->why) != 0)
		goto out;
	if (pack_calendars_read(&b->calendars, generation_catalog(b->made), &b->why) != 0 ||
		watches_new(&b->watches, generation_catalog(b->made), &b->why) != 0 ||
		replay(b, b->made) != 0 || encode_rules(b) != 0)
		goto out;
	b->words = watches_words(generation_catalog(b->made));
	replan_work(b->replan, b->watches, b->words);
	b->is_ok = true;
out:
	if (!b->is_ok && b->made != NULL) {
		generation_free(b->made);
		b->made = NULL;
	}
	b->took_us = clock_mono_us() - began_us;
}

void pack_build_fini(struct pack_build *b)
{
	if (b->has_files)
		pack_files_fini(&b->files);
	if (b->made != NULL)
		generation_free(b->made);
	watches_free(b->watches);
	replan_free(b->replan);
	pack_calendars_fini(&b->calendars);
	rules_report_fini(&b->report);
	arena_fini(&b->arena);
}

/* ---- accepting ----------------------------------------------------------------------------------------- */
/* The generation's row: what is known only now, and the rules as the worker encoded them. */
static struct slice pack_row(struct work *w, const struct pack_build *b, int64_t number, struct value names)
{
	struct value head[] = {value_literal("generation"), value_int(number), value_literal("sha256"),
		value_bytes(b->files.sha, SHA256_LEN), value_literal("at"), value_int(w->now_ms),
		value_literal("by"), value_text(w->arena, b->by, strlen(b->by)), value_literal("files"),
		names, value_literal("rules")};
	struct buf *row = &w->desk->scratch;

	buf_reset(row);
	value_encode_map(row, 6);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		value_encode(row, &head[i]);
	buf_add(row, b->rules.p, b->rules.n);
	must(!row->is_full);
	return buf_slice(row);
}

/* Files are kept once by content; the generation's row names them. */
static void store_pack(struct work *w, int64_t number, const struct pack_build *b)
{
	struct value names = value_map(w->arena, b->files.n_files);
	uint8_t key[4], file_key[1 + SHA256_LEN] = {'f'};
	struct slice there;
	struct err e;

	for (uint32_t i = 0; i < b->files.n_files; i++) {
		const struct pack_file *f = &b->files.files[i];

		memcpy(file_key + 1, f->sha, SHA256_LEN);
		if (tx_get(w->tx, TABLE_PACK, slice_of(file_key, sizeof(file_key)), &there, &e) != 1)
			tx_put_borrowed(w->tx, TABLE_PACK, slice_of(file_key, sizeof(file_key)), f->bytes);
		value_add(w->arena, &names, f->name, value_bytes(f->sha, SHA256_LEN));
	}
	store_be32(key, (uint32_t)number);
	tx_put(w->tx, TABLE_PACK, slice_of(key, 4), pack_row(w, b, number, names));
}

/* As packs_status, but nothing that depends on the machine (the same calls give the same journal), and no list of
 * rules without a spec, which may be long and is for whoever asks. */
static void notice_verdict(struct work *w, const struct packs *p)
{
	static const char *const not_told[] = {"took_ms", "dir", "uncovered", "uncovered_at"};
	struct value both = value_array(w->arena, 2), status = packs_status(p, w->arena);

	for (size_t i = 0; i < sizeof(not_told) / sizeof(not_told[0]); i++)
		value_unset(&status, not_told[i]);
	value_push(w->arena, &both, value_literal("rules"));
	value_push(w->arena, &both, status);
	value_push(w->arena, &w->notices, both);
}

struct retired {
	struct generation *made;
};

static void retired_free(void *udata)
{
	struct retired *r = udata;

	generation_free(r->made);
	r->made = NULL;
}

static void retired_done(void *udata)
{
	retired_free(udata); /* where the worker ends before it */
	free(udata);
}

/* Closing the state of a large pack takes milliseconds that the loop need not wait for. */
static void retire(struct desk *d, struct generation *g)
{
	struct retired *r = malloc(sizeof(*r));

	must(r != NULL);
	r->made = g;
	if (d->worker != NULL)
		worker_submit(d->worker, retired_free, retired_done, r);
	else
		retired_done(r);
}

static void swap(struct desk *d, struct pack_build *b, int64_t number, int64_t now_ms)
{
	struct packs *p = d->packs;

	if (p->previous != NULL)
		retire(d, p->previous);
	pack_calendars_fini(&p->calendars);
	p->previous = p->live;
	p->previous_number = p->number;
	p->live = b->made;
	p->calendars = b->calendars;
	b->made = NULL;
	memset(&b->calendars, 0, sizeof(b->calendars));
	p->number = number;
	p->max_number = number > p->max_number ? number : p->max_number;
	p->loaded_at_ms = now_ms;
	snprintf(p->by, sizeof(p->by), "%s", b->by);
}

#define VERDICT_BYTES_MAX ((size_t)1024 * 1024) /* what else stands in the entry */

/* Begin the entry that keeps the pack; what cannot be kept must not decide. 0, or -1 and no work: ERR_TOO_LARGE. */
static int work_to_keep(struct work *w, struct desk *d, struct pack_build *b, int64_t number, struct err *e)
{
	work_begin(w, d, &b->arena, "rules.reload", b->by, 0, slice_of(NULL, 0));
	store_pack(w, number, b);
	if (tx_fits(w->tx, VERDICT_BYTES_MAX, e) == 0)
		return 0;
	work_abort(w);
	return err_prefix(e, "the pack's files");
}

void packs_check_standing(struct desk *d, struct pack_build *b)
{
	const struct rules_error *first;

	if (!b->is_ok)
		return;
	if (pack_lost(d, b->watches, generation_catalog(b->made), &b->report, &b->why) != 0) {
		b->is_ok = false;
	} else if (b->report.n_errors > 0) {
		b->is_ok = false;
		first = &b->report.errors[0];
		err_both(&b->why, ERR_REJECTED, "", NULL, first->message, first->message_zh);
	}
}

/* Swap, and keep the pack and the verdict in one entry. */
static void take(struct desk *d, struct pack_build *b, struct work *w, int64_t number)
{
	struct packs *p = d->packs;
	struct err e;

	swap(d, b, number, d->clock->now_ms);
	warn_reload(d, b->replan, &b->watches, b->words);
	keep_verdict(p, b);
	notice_verdict(w, p);
	d->repin_after = 0;
	if (work_commit(w, &e) != 0)
		log_line(LOG_ERROR, "rules.store", "generation=%jd error=\"%s\"", (intmax_t)number, e.text);
	if (d->warn != NULL)
		warn_start(d);
}

void packs_accept(struct desk *d, struct pack_build *b)
{
	struct packs *p = d->packs;
	bool is_first = p->live == NULL;
	struct work w;
	struct err e;

	if (b->is_ok && is_first && store_accepts(d->store, &e) != 0) {
		/* a read-only start without a stored pack: serve with the folder's, which is no generation */
		swap(d, b, p->max_number, d->clock->now_ms);
		keep_verdict(p, b);
		return;
	}
	if (b->is_ok && !is_first &&
		memcmp(generation_sha(b->made), generation_sha(p->live), SHA256_LEN) == 0) {
		keep_verdict(p, b);
		return;
	}
	if (!is_first)
		packs_check_standing(d, b);
	if (b->is_ok && ((!is_first && store_accepts(d->store, &e) != 0) ||
				work_to_keep(&w, d, b, p->max_number + 1, &e) != 0)) {
		b->is_ok = false;
		b->why = e;
	}
	if (b->is_ok)
		take(d, b, &w, p->max_number + 1);
	else
		keep_verdict(p, b);
}
