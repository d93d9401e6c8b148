/*
 * Inside the desk: the rooms' shared structs. A use case reads: begin a work, get, ask the rules, apply,
 * commit.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>

#include "tocsin/clock.h"
#include "tocsin/decision.h"
#include "tocsin/desk.h"
#include "tocsin/due.h"
#include "tocsin/http.h"
#include "tocsin/lexicon.h"
#include "tocsin/rpc.h"
#include "tocsin/rules.h"
#include "tocsin/store.h"
#include "tocsin/wire.h"
#include "tocsin/worker.h"

#include "timer_ids.h"

#define EVENT_BYTES_MAX ((size_t)8 * 1024 * 1024)

#define STAR_MAX 9 /* of a customer */
#define REASON_ARG                                                                                           \
	{                                                                                                    \
		.name = "reason", .type = ARG_TEXT, .is_required = true, .min = 1, .max = TEXT_BYTES_MAX,    \
		.help = "for the record"                                                                     \
	}

/* Whose arguments a ticket that is only tried has. */
#define CREATE "ticket.create"

struct desk {
	struct desk_config config;
	struct store *store;
	struct clock *clock;
	struct rng *rng;
	struct rpc *rpc;
	struct server *server;
	struct http *http; /* NULL: no gateway */
	struct worker *worker;
	bool is_ending; /* in desk_free: what ends now begins nothing */
	struct due *due;
	struct packs *packs;
	struct access *access;
	struct outbox *outbox;
	struct sources *sources;
	struct breakers *breakers;
	struct lexicon *lexicon; /* what rows name by number (words.h) */
	struct warn *warn;
	struct cases *cases;
	struct affected *affected;
	uint64_t last_ticket_id;
	struct arena arena; /* of timer works and pumps; reset after each */
	struct buf scratch; /* what is being encoded: copied before anything else is */
	struct buf event;   /* the event part of the entry being made */
	struct desk_counts {
		uint64_t n_creates, n_acts, n_timers, n_rule_failures;
		uint64_t rule_us, n_asks;
	} counts;
	int64_t audited_ms;
	bool is_new;     /* nothing ran on this store before, until warnings have taken note of it */
	int64_t away_ms; /* the last entry before this start, until warnings have taken note of it; 0: none */
	int64_t requests_from_ms; /* no request_id is remembered from before it */
	int64_t repin_after;      /* ticket id to go on behind, -1: nothing to do */
	bool has_subscribers;     /* some were put: creates look them up */
	struct advance *advance;  /* clock.advance is on its way; else NULL */
	bool is_lost;
};

/* ---- work: what one changing call (or due timer) does, all or nothing ---------------------------------- */
struct work {
	struct desk *desk;
	struct arena *arena;
	struct tx *tx;
	int64_t now_ms;
	const char *method;
	const char *who;
	uint32_t roles;
	const char *via;         /* who said that `who` acts (session.hello {as}), or NULL */
	struct slice params;     /* MessagePack of what came in; stands EVENT_PARAMS_AT in the event part */
	struct value decisions;  /* array: {point, because, failed?, facts} */
	struct value tickets;    /* array: {id, no, version, queue, set={field=[before, after]}} */
	struct value notices;    /* array: [topic, data] */
	struct value extra;      /* further keys of the event part */
	struct value acts;       /* what the decision about a new ticket does to others; nil */
	struct value again;      /* … and for which cases its number complains again (heard.h); nil */
	struct work_undo *undo;  /* what of memory is put back unless it is committed */
	const void *read_clocks; /* the bytes that `slots` were read from, or NULL: clocks_slots */
	struct ledger_slot *slots;
	uint32_t n_slots;
	int64_t fired_ticket; /* of a due timer: its ticket; else 0 */
	uint32_t n_opened;    /* ticket ids given so far */
	uint32_t n_tasks;     /* task ids given so far */
	uint32_t n_counted;   /* rows of TABLE_COUNT staged so far */
	uint32_t n_jobs;      /* job ids given so far */
	uint32_t n_late;      /* complaints told after the lesson of their day so far */
	/* when the closes of bins and learning are due as this work leaves it: INT64_MAX never, 0 as before */
	int64_t close_due_ms, learn_due_ms;
	bool is_import;    /* arms no timers, tells nobody */
	bool is_erasing;   /* its entry says nothing of what the ticket was, its row keeps no texts */
	bool is_following; /* does what another ticket's decision brought along */
};

#define EVENT_PARAMS_AT 8
void work_begin(struct work *, struct desk *, struct arena *, const char *method, const char *who,
	uint32_t roles, struct slice params);
/*
 * What a work changes in memory before its rows are published is put back when it, or the part that did it, is
 * dropped, and when its commit fails; newest first. ctx lives in the work's arena.
 */
struct work_undo {
	struct work_undo *next;
	void (*put_back)(void *ctx);
	void *ctx;
};
void work_on_drop(struct work *, void (*put_back)(void *ctx), void *ctx);
/* 0; or -1 and the work is aborted: it is more than an entry can hold. */
int work_commit(struct work *, struct err *e) MUST_CHECK;
void work_abort(struct work *);
/*
 * A part of a work that may fail alone: all it did, or nothing of it. Begin it, do the part, then keep it or
 * drop it. Not within another part.
 */
void work_part(struct work *, struct work *was);
void work_part_keep(struct work *);
void work_part_drop(struct work *, const struct work *was);
/* One that only asks the pack for this call and stages nothing: no transaction, nothing to commit or abort.
 */
struct work work_to_ask(struct call *, int64_t now_ms);
/* Drop what is staged and begin anew, as if nothing had been done. */
void work_again(struct work *);

/* The changing handler's frame: request_id, begin, fn, commit or abort. */
typedef int work_fn(struct work *, const struct value *args, struct value *result, struct err *e);
int work_call(struct call *, work_fn *fn, struct value *result, struct err *e);
/* The answer kept for the request_id of this entry's call becomes {id, erased}; the call stays known. */
int request_erase(struct work *, const struct value *event, int64_t ticket, struct err *e) MUST_CHECK;

/* ---- rows that are MessagePack maps -------------------------------------------------------------------- */
/* Decoded, in the arena: 1 there, 0 not, -1. tx may be NULL. */
int row_get(struct desk *, struct tx *, struct arena *, enum table, struct slice key, struct value *row,
	struct err *e) MUST_CHECK;
void row_put(struct work *, enum table, struct slice key, const struct value *row);
/* A number of a row; 0 where it has none. */
static inline int64_t int_of(const struct value *row, const char *key)
{
	return value_int_or(value_get(row, key), 0);
}

/* ---- numbers (numbers.c), subscribers (subscribers.c) -------------------------------------------------- */
/*
 * The texts of number, caller, callback and a mobile subject written plainly: digits alone, without the
 * country code of catalog.numbers, fixed lines with the area code of the catalog's cities (of `city` when
 * only the local number was given). A text that is no number stays as it is. True and a changed map of its
 * own, false when there is nothing to change.
 */
bool numbers_plain(struct arena *, const struct value *catalog, const struct value *args, struct value *out);
/* The `where` of ticket.find with its numbers written so, also in eq and in; borrows the rest. */
const struct value *numbers_plain_where(
	struct arena *, const struct value *catalog, const struct value *where);
/* What CRM knows of the row's mobile subject becomes facts.subscriber; nothing when it knows nothing. */
int subscriber_fact(struct work *, const struct value *row, struct value *facts, struct err *e) MUST_CHECK;
/* Whether any subscriber is known; asked once at start. */
int subscribers_new(struct desk *, struct err *e) MUST_CHECK;

/* ---- tickets as rows (ticket_row.c, ticket_code.c) ----------------------------------------------------- */
/*
 * The stored row as a value: the map that ticket.get shows, with `clocks` as bytes (ledgers.h) and `timers`
 * as a list (timers.c). Borrows from the store: good until the turn ends, or the tx is aborted, which may be
 * NULL.
 */
int ticket_decode(struct store *, struct tx *, const struct lexicon *, struct arena *, struct slice bytes,
	struct value *row, struct err *) MUST_CHECK;
/* The same by id; -1 with ERR_NOT_FOUND "ticket 17 does not exist". */
int ticket_load(
	struct desk *, struct tx *, struct arena *, int64_t id, struct value *row, struct err *e) MUST_CHECK;
/* The stored bytes of a ticket; as above. */
int ticket_bytes(struct desk *, struct tx *, int64_t id, struct slice *bytes, struct err *) MUST_CHECK;
/* As callers see it: no clocks and timers. */
void ticket_show(struct value *row);
#define MERGES_MAX 1000 /* in a row; a decision that would close a circle is refused (apply.c) */
/* Follow merged_into pointers. */
int ticket_load_merged(struct work *, int64_t id, struct value *row, struct err *e) MUST_CHECK;
/* Write a changed or new (before NULL) ticket: version, updated, indexes, timer, history row, change list. */
int ticket_save(struct work *, const struct value *before, struct value *after, struct err *e) MUST_CHECK;
/* An entry's word about one of its tickets, with what stands elsewhere: {id, no, kind, version, …}. */
struct value change_filled(
	struct desk *, struct arena *, const struct value *event, const struct value *change);
/* Earliest due of a running clock, INT64_MAX without one. */
int64_t ticket_due_next(const struct lexicon *, const struct value *row);
bool ticket_is_open(const struct value *row);
/* The statuses of those that are, NULL behind them. */
extern const char *const ticket_open_statuses[];
void ticket_link(struct work *, struct value *row, const char *type, int64_t id);

/* ---- facts, asking, applying --------------------------------------------------------------------------- */
struct value facts_base(struct work *);
/* {tickets, n_tickets, n_contacts} of the subject, or nil without one. */
int facts_history(struct work *, const struct value *ticket, struct value *out, struct err *e) MUST_CHECK;
/* What it says of a subject that has no ticket yet. */
struct value history_none(struct arena *);
struct value facts_clocks(struct work *, const struct value *ticket);
/*
 * The ledgers of a row's clocks; those of the row read last are not read again. With is_mine the caller may
 * change them. 0; -1 with ERR_INTERNAL: the bytes are no ledgers.
 */
int clocks_slots(struct work *, const struct value *row, bool is_mine, struct ledger_slot **slots,
	uint32_t *n, struct err *e) MUST_CHECK;
/*
 * Ask the live pack; records the decision. When it fails as a whole, *decision has only `failed` and
 * `otherwise` (queue duty); but at "act" nothing is done, and who acts is told so. A refusal, and that, is -1
 * with ERR_REJECTED.
 */
int work_ask(struct work *, const char *point, const struct value *facts, struct value *decision,
	struct err *e) MUST_CHECK;
/* The complaint is kept without a usable decision: duty queue, and `failed` in the record. */
void work_otherwise(struct work *, const char *point, const struct err *why, struct value *row);
/* Validate the whole decision, then apply all of it to the row. 0, or -1 with ERR_REJECTED; nothing was
 * applied. */
int decision_apply(struct work *, const struct value *decision, struct value *row, struct err *e) MUST_CHECK;
/* What is told of a drill (演练) says that it is one: drill, label, and in front of each title and text of it. */
void mark_drill(struct arena *, struct value *data);
/* Clock operations of a decision (clocks.c). */
int clocks_apply(struct work *, const struct value *ops, struct value *row, struct err *e) MUST_CHECK;
/* Stop every running clock of the row at now (closing). */
int clocks_stop_all(struct work *, struct value *row, struct err *e) MUST_CHECK;
/* A clock's percentage has fired: remember it, wait for the next. */
int clock_fired(struct work *, const char *clock, int percent, struct value *row, struct err *e) MUST_CHECK;
/* {kind="clock", clock, percent, rule?}, as facts.timer. */
struct value clock_about(struct work *, const struct value *row, const char *clock, int percent);
/* {NAME=ledger_to_value}, for people. */
struct value clocks_shown(struct work *, const struct value *row);
/* Earliest due of a clock that runs, INT64_MAX without one. */
int64_t clocks_due_next(const struct lexicon *, const struct value *row);
/* Whether a running clock of the row waits for a calendar's year. */
bool clocks_wait_for_year(const struct value *row);
/*
 * After a pack brought calendars: compute what waited for them, a few tickets a call, from ticket id `after`
 * on. Returns the id to go on behind, -1 when all are done.
 */
int64_t clocks_repin(struct desk *, int64_t after);

/* ---- timers (timers.c) --------------------------------------------------------------------------------- */
struct timer {
	int64_t due_ms;
	const char *clock; /* whose percentage it is; NULL: a rule asked for it */
	int percent;
	struct value about; /* as facts.timer, without due and ticket */
};
int timers_apply(struct work *, const struct value *arm, const struct value *cancel, struct value *row,
	struct err *e) MUST_CHECK;
/* Drop what rules asked for under a name, "*" for all. */
void timers_drop(struct work *, struct value *row, const char *name);
/* When the earliest timer of the row is due, INT64_MAX without one. */
int64_t timers_next(const struct value *row);
/* The earliest one; false: there is none. */
bool timer_first(struct work *, const struct value *row, struct timer *);
/* It has fired: take it out of the row; a clock goes on to its next percentage. */
int timer_spend(struct work *, const struct timer *, struct value *row, struct err *e) MUST_CHECK;
/* Keep the ticket's row in TABLE_TIMER in step. */
void timer_update(struct work *, const struct value *before, const struct value *after);
/* [{kind, name, due, …}], for people. */
struct value timers_shown(struct work *, const struct value *row);

/* ---- indexes (index.c) --------------------------------------------------------------------------------- */
/* Texts but those of the subject are be16 numbers of the lexicon; 0: it has none, the text and a 0 follow. */
enum index_id {
	INDEX_SUBJECT = 'S',  /* type 0 id 0 be64 ticket */
	INDEX_QUEUE = 'Q',    /* queue, be64 next due or max, be64 ticket */
	INDEX_OWNER = 'O',    /* owner, be64 next due or max, be64 ticket */
	INDEX_DUE = 'D',      /* be64 next due, be64 ticket; open tickets with a due only */
	INDEX_CITY = 'C',     /* city, be64 ticket */
	INDEX_CATEGORY = 'K', /* category, be64 ticket */
	INDEX_STATUS = 'T',   /* kind, status, be64 ticket */
	INDEX_PARENT = 'P',   /* be64 parent, be64 ticket; its value: be64 created */
	INDEX_YEAR = 'Y',     /* be64 ticket; a clock waits for a calendar's year */
};
#define INDEX_ROWS_MAX 12
#define INDEX_TEXT_MAX 200 /* bytes of a text in a key; the rest is clipped */
void index_update(struct work *, const struct value *before, const struct value *after);
/* Start of a key: index byte and text fields. */
struct slice index_prefix(
	struct arena *, const struct lexicon *, enum index_id, const struct slice *texts, uint32_t n_texts);
/* Take a name from the front of what follows the index byte, empty when there is none. */
struct slice index_name_take(const struct lexicon *, struct slice *rest);
/* The smallest key behind all that start with this prefix. */
struct slice key_after(struct arena *, struct slice prefix);

/* ---- use cases ----------------------------------------------------------------------------------------- */
/* A new ticket's row by create's arguments, decided and applied but not saved. */
/*
 * Whether the caller may open a ticket of this kind with these fields (opening.c); the pack's own tickets are
 * not asked about. 0, or -1 with ERR_FORBIDDEN or ERR_BAD_REQUEST.
 */
int opening_check(struct work *, const struct value *args, struct err *e) MUST_CHECK;
int ticket_open(struct work *, const struct value *args, struct value *row, struct err *e) MUST_CHECK;
work_fn ticket_create, ticket_import, ticket_act, contact_add;
/* Ask the pack at a point, apply all it says to *after, save; what it asks of other tickets, too. */
int ticket_decide(struct work *, const char *point, const struct value *facts, const struct value *before,
	struct value *after, struct value *decision, struct err *e) MUST_CHECK;
/*
 * An action on a ticket that was loaded: args = {action, data?, note?}; *after is the row as saved. -1 with
 * ERR_REJECTED: the pack refuses, nothing is staged.
 */
int ticket_do(struct work *, const struct value *before, const struct value *args, struct value *after,
	struct err *e) MUST_CHECK;
/* Actions on other tickets that a decision brings along: [{id, action, data?}]; self: the deciding one. */
int also_act(struct work *, const struct value *acts, int64_t self, struct err *e) MUST_CHECK;
/* The facts that every point about a ticket has. */
struct value ticket_facts(struct work *, const struct value *row);
/* A decision is done: applied, what it opens opened, the row saved, what it does elsewhere done. *after is a
 * copy of before, then the row as saved. */
int ticket_decided(struct work *, const struct value *decision, const struct value *before,
	struct value *after, struct err *e) MUST_CHECK;
/*
 * Something a ticket asked for has ended: ask the pack at point "task" with facts.task = about, and save what
 * follows. is_plain: the pack is not asked, the ticket goes to the duty queue. -1: the answer cannot be
 * applied.
 */
int ticket_told(struct work *, int64_t id, struct value about, bool is_plain, struct err *e) MUST_CHECK;
/* A ticket's earliest timer or a task's is due, as due_work hands it out. udata is the desk. */
void timer_fire(void *udata, int64_t due_ms, uint64_t id);

/* ---- the live pack ------------------------------------------------------------------------------------- */
struct generation *packs_live(const struct packs *);
int64_t packs_generation(const struct packs *);
const struct value *packs_catalog(const struct packs *);
/*
 * Something that another pack does not have, though it is in use: a new finding for the report, with file and line
 * where it stands, or stood, by this catalog: of is kinds, faults, drills or watches.
 */
struct rules_error *pack_lost_add(
	struct rules_report *, const struct value *catalog, const char *of, struct slice name);
/* The live pack's kind of ticket by name, a complaint without one (NULL); NULL: there is no such kind. */
const struct value *packs_kind(const struct packs *, const struct value *name);
/* A number of the live pack's limits, such as "history_ms": what it says, else what lua/lib/catalog.lua does. */
int64_t packs_limit(const struct packs *, const char *name);
struct calendar;
/* A calendar of the live pack by name, or NULL. */
const struct calendar *packs_calendar(const struct packs *, const char *name);
/* What the numbers in the decisions of a generation mean, {rule, line, because?} each; NULL: it is not
 * stored. */
const struct value *packs_rules(struct desk *, struct arena *, int64_t number);

/* An entry's event part as a value, with the `at` of its head: 1 found, 0 not there or erased by law, -1. */
int event_load(struct desk *, struct arena *, uint64_t seq, struct value *event, struct err *e) MUST_CHECK;

/* The facts of one of its decisions as they were: what was kept, the ticket (row) as it came or as it stood,
 * and the time. */
struct value event_facts(struct desk *, struct arena *, const struct value *event,
	const struct value *decision, const struct value *row);

/* ---- topics -------------------------------------------------------------------------------------------- */
#define EVENTS_AN_ENTRY 4096 /* places for topic events in an entry: work_commit refuses more */
#define EVENTS_A_TICKET 2    /* for its queue and for the one it left */
void topics_pump(struct desk *);
void topics_session_end(struct desk *, struct session *);

/* ---- method tables, one per file ----------------------------------------------------------------------- */
void tickets_register(struct desk *);
void find_register(struct desk *);
void history_register(struct desk *);
void rules_register(struct desk *);
void replay_register(struct desk *);
void topics_register(struct desk *);
void clock_register(struct desk *);
/* clock_methods.c, each turn: the next slice of the way that clock.advance goes. */
void advance_work(struct desk *);
/* The desk ends: whoever waits for clock.advance is told. */
void advance_stop(struct desk *);
void admin_register(struct desk *);
void calendar_register(struct desk *);
void duty_register(struct desk *);
void subscribers_register(struct desk *);
void backup_register(struct desk *);
void tasks_register(struct desk *);
void erase_register(struct desk *);
void incidents_register(struct desk *);
void drafts_register(struct desk *);
void drills_register(struct desk *);
