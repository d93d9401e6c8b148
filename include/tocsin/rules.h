/*
 * The rules host: packs of Lua in, decisions out. The only room that sees lua.h.
 *
 * A *pack* is a folder of .lua and .csv files; pack.lua may name a `base` it builds on. A *generation* is one
 * loaded, checked, frozen pack in a lua_State of its own, never patched. Rules are pure: facts (a value tree)
 * in, a decision (a value tree) out; same facts, same pack ⇒ same decision, byte for byte.
 *
 * The words analysts use are written in Lua too (lua/lib, trusted, read with every pack). The protocol
 * between this host and lua/lib/pack.lua, whose chunk gets `host` as `...` and returns a table `lib`:
 *
 *   host.lib(name)         what lib/NAME.lua returned (its chunk gets `host` too), run once on first use;
 *                          the entry is "pack"
 *   host.where(level)      "routing.lua:12", counted as luaL_where does (1 = the function that calls
 *                          host.where), "" if unknown; without a level the nearest line of the pack itself
 *   host.has_word(text, word)     ASCII letters compare without case, and a word that begins (ends) with an
 *                          ASCII letter or digit does not count right behind (before) another one
 *   host.words(list)       find, where find(text) is the index of the first entry in list order that text
 *                          holds (as has_word), or nil: one pass over the text however long the list
 *   host.starts_with(text, prefix)  host.lower(text)  host.clip(text, n)  host.split(text, sep)
 *                          linear, in C, subject at most 32 KiB; so are has_word and find
 *   host.distance(a, b)    edit distance; host.nearest(word, list) what was probably meant, or nil
 *   host.sorted_pairs(t)   iteration in key order (what `pairs` is everywhere here): numbers, then texts by
 *                          bytes; other keys raise; __pairs is respected
 *   host.utf8_valid(text)  host.sha(text): SHA-256 in hex
 *   host.csv(name)         rows (arrays of texts) of a CSV file of the pack, UTF-8, GBK or UTF-16, BOM
 *                          accepted; an empty line is an empty row. Second result: the line of each row
 *   host.files             array of the pack's file names: base first, pack.lua before the others,
 *                          *_spec.lua last of all; host.file(name) is its text. While the pack loads only
 *   host.due(calendar_data or nil, from, goal, unit)  due ms, or nil and why
 *   host.play{watch, start, bins, before + usual=[{minute, mean}…] | past, city?, subscribers?, given?}
 *                          once the pack is loaded: an array of {at, from, to, is_ready, row?, input, value?,
 *                          expected?, p?}, one for each of `bins` (counts; false: not watched) behind
 *                          `before` bins that held what is usual from that minute of the day on, or behind
 *                          the counts of `past` (tocsin/play.h)
 *   host.civil(ms)         {year, month, day, hour, minute, weekday (1 = Monday), date = "2026-09-22",
 *                          minute_of_day}
 *   host.field{op, path?, otherwise?, list?}   a fact by number, while the pack loads (src/rules/view.h)
 *   host.view(facts)       what host.get(view, field), host.set(view, field, x) and tests read; facts of a
 *                          question are an object that is only indexed
 *   host.matcher(rows, numbers, finder?, says?)   a set of conditions, while the pack loads
 *                          (src/rules/match.c has the tests): its number, and whether it calls functions.
 *                          host.first(matcher, view): the first row that holds, or nil; host.all(matcher,
 *                          view, into): how many do; host.failed(matcher, view, row): nil, or which test of
 *                          the row does not hold
 *   host.freeze(t)         t, made data once; it must not change afterwards
 *   host.try(f, ...)       true, results… or false, message: f has the budget of one decision and may use it
 *                          up; for specs
 *   host.list(t), host.map(t)     t, marked: what it is when it is empty (see Data)
 *
 *   lib.env(file)          the environment table of one pack file (an allow-list; unknown names and writes
 *                          are reported), or nil: leave this file out. Called in the order of host.files,
 *                          each time followed by running the chunk and by lib.add
 *   lib.add(file, result)  takes what the file's chunk returned
 *   lib.finish()           nil, or an array of {file, line?, column?, message, message_zh?, cure?,
 *                          cure_zh?}: all errors at once. What kept a file from running (syntax, an error
 *                          raised) the host reports itself, before these
 *   lib.catalog            after finish: plain data, as catalog.get shows it (decision.h)
 *   lib.ask[point](facts)  a decision, a plain table (decision.h), and the view if it has a part in it; also
 *                          used by replay and what-if
 *   lib.is_trusted         true: ask runs nothing of the pack but the functions that matchers call, so that
 *                          instructions are counted only from the first such call on
 *   lib.explain(point, facts, rule or nil)  array of
 *                          {rule, line, fired, because?, failed = {field, value, expected}?}
 *   lib.specs(seed, name)  array of {name, line, ok, message?, message_zh?, decision?}, all or those of a
 *                          name; run as written (0), again, and shuffled: a spec whose verdict or decision
 *                          changes has met a rule with a memory
 *   lib.coverage()         rules no spec reached, and where each stands
 *   lib.rule_names         array of every rule's stable name, "routing/fibre outage"
 *   lib.rule_table         array of {rule, line, because?}, in the byte order of their names: `because` of a
 *                          decision names rules by their position in it, from 0
 *
 * lib files see: assert, error, getmetatable, ipairs, next, pairs, pcall, rawequal, rawget, rawlen, rawset,
 * select, setmetatable, tonumber, tostring, type; string (byte char find format gmatch gsub len lower match
 * reverse sub upper), table (concat insert move pack remove sort unpack), math (abs ceil floor fmod huge max
 * maxinteger min mininteger modf pi sqrt tointeger type ult), utf8. Bounded: patterns look at 8 KiB, lists
 * hold 100,000 entries, a text 256 KiB; sort is stable and takes 10,000. tostring and format refuse tables,
 * functions and %p (addresses differ from run to run). setmetatable refuses __gc, __close and __mode. A
 * pack's file sees what lib.env gives, and of texts the methods byte, format, len, lower, sub, upper.
 *
 * Errors: lib raises "file:line: message", or a table {file, line?, column?, message, message_zh?, cure?}. An
 * error inside lib is shown at the line of the pack that called it. Over budget (instructions, memory, wall
 * clock) is final: no pcall goes on after it.
 *
 * Data, Lua → value: a table with 1…n is an array, one with texts as keys a map, sorted by key bytes, so that
 * equal decisions are equal bytes. An empty table is what host.list or host.map marked it as; unmarked it is
 * an array under a name that is a list in decision.h (acts advice allowed because cancel_tasks cancel_timers
 * clocks from jobs links missing notices open percents roles tags tasks timers unlinks years), else a map.
 * Errors that name the path
 * ("decision.set.tags[2]"): functions, metatables, holes, mixed keys, cycles, more than 16 levels, NaN,
 * infinity, texts that are not UTF-8, over 1 MiB.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/err.h"
#include "tocsin/util.h"
#include "tocsin/value.h"

struct generation;

struct rules_limits {
	uint64_t steps; /* VM instructions a decision; default 200,000. Long C functions are charged too */
	uint64_t load_steps; /* … for loading and specs; default 50,000,000 */
	size_t bytes; /* memory of one generation; default 64 MiB. One decision may ask for twice that in all
		       */
	int64_t wall_us; /* last resort a decision, default 50,000; not applied when is_deterministic, nor to
			    loading */
	bool is_deterministic;
	bool was_accepted; /* a pack of the store: what only later versions object to is not held against it */
	const char *spec;  /* run only the specs of this name, and look at no coverage; NULL: all */
};                         /* 0 = default; a NULL limits = all defaults */

/* The bytes of a pack, read once: what is hashed is what is compiled. */
struct pack_files {
	struct arena arena;
	uint32_t n_files;
	struct pack_file {
		const char
			*name; /* "routing.lua", "words/outage.csv"; base files are "default/routing.lua" */
		struct slice bytes;
		uint8_t sha[SHA256_LEN];
	} * files;               /* sorted by name */
	uint8_t sha[SHA256_LEN]; /* over names and file hashes, lib included */
};

/* One finding of a check. */
struct rules_error {
	char file[128];
	int line, column; /* 0: unknown */
	char message[400], message_zh[400], cure[200], cure_zh[200];
};

/*
 * Read a pack folder, the base it names, and the words of share_dir/lib. The files are *.lua and *.csv,
 * folders up to four deep; hidden files, editors' copies ("~") and the folders lib/ and meta/ at the top are
 * left out. `base = "default"` in pack.lua means share_dir itself, another name a folder beside the pack; its
 * files are "NAME/…", and a file of the pack stands for the base's of the same name (but for pack.lua, where
 * both count).
 *
 * Regular files of at most 256 KiB, at most 256 of each folder, no links, neither file nor folder writable by
 * group or others. Each is read once. 0, or -1 with ERR_REJECTED naming the file, also when one changes while
 * it is read: it is being saved, ask again. *found (may be NULL) says the same in both languages. Any thread.
 */
int pack_read(struct pack_files *out, const char *dir, const char *share_dir, struct rules_error *found,
	struct err *e) MUST_CHECK;
void pack_files_fini(struct pack_files *);
/* From the value of the store, {files={name=bytes}, sha}. */
int pack_from_value(struct pack_files *out, const struct value *, struct err *e) MUST_CHECK;

struct rules_report {
	struct arena arena;
	uint32_t n_errors;
	struct rules_error *errors;
	uint32_t n_specs, n_specs_failed, n_rules, n_uncovered;
	const char **uncovered;    /* rules no spec reaches: told, not an error */
	const char **uncovered_at; /* … and where each stands: "gold.lua:3" */
	int64_t took_us;
};
void rules_report_fini(struct rules_report *);
/* A new empty finding; from the 200th on always the same last one. */
struct rules_error *rules_report_add(struct rules_report *);
/* {ok, errors=[{file, line, column, message, message_zh, cure, cure_zh}], specs, specs_failed, rules,
 * uncovered, uncovered_at, took_ms} */
struct value rules_report_value(struct arena *, const struct rules_report *);
struct value rules_error_value(struct arena *, const struct rules_error *); /* one of its errors */

/*
 * Build a generation: sandbox, text-only load, schema, all errors collected, specs run twice and shuffled.
 * Worker thread. 0, or -1 with ERR_REJECTED (the first error's text) and the full list in *report, which is
 * always filled.
 */
int generation_new(struct generation **out, const struct pack_files *, const struct rules_limits *,
	struct rules_report *report, struct err *e) MUST_CHECK;
void generation_free(struct generation *);

const uint8_t *generation_sha(const struct generation *);
/* Plain data of the pack; lives as long as the generation. */
const struct value *generation_catalog(const struct generation *);
/* Whether a text of a decision stands in the pack as it is: it says nothing of the ticket at hand. */
bool generation_says(const struct generation *, const char *text);
/* Array of {rule, line, because?}: what the numbers of a decision's `because` mean. Lives as long as the
 * generation. */
const struct value *generation_rules(const struct generation *);
size_t generation_bytes(const struct generation *);

/*
 * Ask a decision point ("create", "act", "contact", "timer"). The decision is built in `arena`; parts of it
 * that never change live as long as the generation. `facts` are borrowed. 0, or -1 with
 * ERR_REJECTED "routing.lua:12: what happened" and e->reason: "raised" (also: returned no decision), "steps",
 * "wall", "memory" or "text" (one grew over 256 KiB). Cost, by tests/bench/ask_bench: 2.1 us for 25 facts and
 * 12 results, and about 10 ns an instruction. Thread: the one that owns the generation at that time.
 */
int generation_ask(struct generation *, const char *point, const struct value *facts, struct arena *,
	struct value *decision, struct err *e) MUST_CHECK;
/* lib.explain's answer, with ten times the budget. Errors as above. */
int generation_explain(struct generation *, const char *point, const struct value *facts, const char *rule,
	struct arena *, struct value *out, struct err *e) MUST_CHECK;
/* Instructions of the last ask (0..steps) in units of 250, for statistics. */
uint64_t generation_last_steps(const struct generation *);

/* "5.4.4": the Lua this was built with; it tells no more than 5.4 when it runs. */
const char *rules_library(void);
