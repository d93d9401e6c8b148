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
 *   host.lib(name)               → what lib/NAME.lua returned (its chunk gets `host` too), run once on first
 * use; the entry is "pack". lib files see Lua's base, string, table, math, utf8; packs only what lib.env
 * gives them host.where(level)            → "routing.lua:12", counted as luaL_where does (1 = the function
 * that calls host.where); "" if unknown host.has_word(text, word), host.starts_with(text, prefix),
 * host.lower(text), host.clip(text, n), host.split(text, sep) → C, linear, subject at most 32 KiB;
 * host.distance(a, b) → edit distance; host.nearest(word, list) host.words(list)             → find, where
 * find(text) → index of the first entry in list order that text holds, or nil. ASCII letters compare without
 * case, and a word that begins (ends) with an ASCII letter or digit does not count right behind (before)
 * another one; has_word is the same for one word host.sorted_pairs(t)         → iteration in key order (what
 * `pairs` is inside packs); host.utf8_valid(text); host.sha(text) host.csv(name)               → rows (arrays
 * of texts) of a CSV file of the pack, UTF-8 or GBK, BOM accepted host.files                   → sorted array
 * of the pack's file names (base first), host.file(name) → its text host.due(calendar_data, from, goal, unit)
 * → due ms or nil, message    (for specs and tables that count days) host.civil(ms)               → {year,
 * month, day, hour, minute, weekday (1 = Monday), date = "2026-09-22", minute_of_day} lib.env(file) → the
 * environment table of one pack file (an allow-list; unknown names and writes are reported), or nil: leave
 * this file out (a file of the base that the pack replaces by one of the same name). Called in the order of
 * host.files, each time followed by running the chunk and by lib.add lib.add(file, result)        → takes
 * what the file's chunk returned lib.fail(file, line, column, message, cure)  → the host reports syntax
 * errors through the same collector lib.finish()                 → nil, or an array of {file, line?, column?,
 * message, message_zh?, cure?}: all errors at once lib.catalog                  → after finish: plain data,
 * as catalog.get shows it (decision.h says what the core reads) lib.ask[point](facts)        → decision, a
 * plain table (decision.h); also used by replay and what-if lib.explain(point, facts, rule_or_nil) → array of
 * {rule, line, fired, because?, failed={field, value, expected}?} lib.specs(order_seed)        → array of
 * {name, line, ok, message?}; lib.coverage() → rules no spec reached lib.rule_names               → array of
 * every rule's stable name, "routing/fibre outage"
 *
 * Errors raised by lib with error() carry "file:line: message"; the host turns budget, memory and other
 * failures into struct err the same way, always naming the file and line where it can.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tocsin/err.h"
#include "tocsin/util.h"
#include "tocsin/value.h"

struct generation;

struct rules_limits {
	uint64_t steps;      /* VM instructions a decision; default 200,000 */
	uint64_t load_steps; /* … for loading and specs; default 50,000,000 */
	size_t bytes;        /* memory of one generation; default 64 MiB */
	int64_t wall_us;     /* last resort a decision, 50,000; not applied when is_deterministic */
	bool is_deterministic;
};

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

/*
 * Read a pack folder, the base it names (looked up beside `share_dir`), and the words of share_dir/lib.
 * Regular files of at most 256 KiB, at most 256 of them, not writable by others, no links out. 0, or -1 with
 * ERR_REJECTED naming the file. Any thread.
 */
int pack_read(struct pack_files *out, const char *dir, const char *share_dir, struct err *e) MUST_CHECK;
void pack_files_fini(struct pack_files *);
/* As a value for the store ({files={name=bytes}, sha}), and back. Round trip exact. */
struct value pack_to_value(struct arena *, const struct pack_files *);
int pack_from_value(struct pack_files *out, const struct value *, struct err *e) MUST_CHECK;

/* One finding of a check. */
struct rules_error {
	char file[128];
	int line, column; /* 0: unknown */
	char message[400], message_zh[400], cure[200];
};

struct rules_report {
	struct arena arena;
	uint32_t n_errors;
	struct rules_error *errors;
	uint32_t n_specs, n_specs_failed, n_rules, n_uncovered;
	const char **uncovered; /* rules no spec reaches */
	int64_t took_us;
};
void rules_report_fini(struct rules_report *);
/* {ok, errors=[{file,line,column,message,message_zh,cure}], specs, uncovered} */
struct value rules_report_value(struct arena *, const struct rules_report *);

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
bool generation_has_rule(const struct generation *, const char *name);
size_t generation_bytes(const struct generation *);

/*
 * Ask a decision point ("create", "act", "contact", "timer"). The decision is built in `arena`. 0, or -1 with
 * ERR_REJECTED: a rule raised, returned no decision, or went over its budget (text has file:line). Leaves the
 * Lua stack as found. Thread: the one that owns the generation at that time.
 */
int generation_ask(struct generation *, const char *point, const struct value *facts, struct arena *,
	struct value *decision, struct err *e) MUST_CHECK;
int generation_explain(struct generation *, const char *point, const struct value *facts, const char *rule,
	struct arena *, struct value *out, struct err *e) MUST_CHECK;
/* Instructions of the last ask (0..steps), for statistics. */
uint64_t generation_last_steps(const struct generation *);
