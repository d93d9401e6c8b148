/* Inside the rules host: a generation, and what its parts give one another. */
#pragma once

#include "pack_int.h"
#include "vm_int.h"

#define ENDLESS_MAX 20 /* examples that do not end, before the rest is given up */

struct field;
struct matcher;
struct watches;

struct generation {
	struct vm vm;
	struct rules_limits limits;
	const struct pack_files *files; /* while loading; NULL afterwards */
	struct arena arena;             /* catalog, texts that had to be converted */
	struct value catalog;
	uint8_t sha[SHA256_LEN];
	uint64_t last_steps;
	struct watches *watches;   /* of the catalog, once a spec has played a series; else NULL */
	struct value rules;        /* array of {rule, line, because?}, in the order of names */
	struct field *fields;      /* view.c */
	struct matcher **matchers; /* match.c */
	uint32_t n_fields, n_matchers;
	bool is_trusted;             /* lib.is_trusted: nothing of the pack runs but what match.c calls */
	struct arena *out;           /* of the decision at hand, or NULL */
	struct arena scratch;        /* of the asking at hand, or of loading */
	uint64_t serial;             /* of the asking at hand */
	struct rules_report *report; /* while the examples run */
	int n_endless;               /* how often one of them did not end */
};

static inline struct generation *generation_of(lua_State *L)
{
	return vm_of(L)->udata;
}

/* In the generation's arena, counted as its memory; raises when that is over. */
void *generation_alloc(lua_State *, size_t n);

/* base_lib.c: the trimmed libraries, kept in the registry under vm_keys.env. Raises. */
void base_open(lua_State *);
int l_pairs(lua_State *);
/* host.c: the table `host`, kept under vm_keys.host. Raises. */
void host_open(lua_State *);
/* From l_*, after a failed lua_pcall: push false and the error on top as a text; returns 2. */
int push_failure(lua_State *);
/* text_lib.c, csv.c: add their functions to the table on top. */
void text_open(lua_State *);
int l_csv(lua_State *);
/* series.c: host.play, host.tail_least */
int l_play(lua_State *);
int l_tail_least(lua_State *);
/* Compile one file, text only, its environment the table on top of the stack, which the chunk replaces.
 * Raises. */
void host_compile(lua_State *, const struct pack_file *);

/* source.c: what editors do to files, before Lua sees them. Findings go to the report; true: fit to compile.
 */
bool source_check(struct rules_report *, const struct pack_file *);
/* habits.c: what Lua takes in silence though nobody can have meant it; the rest as source_check. */
bool habits_check(struct rules_report *, const struct pack_file *);
/* To a syntax error in Lua's words add its column, the Chinese text and a cure. */
void source_explain(struct vm *, const struct pack_file *, struct rules_error *);

/* place.c: the column of a finding that has a line: of the first of `sought` that stands there, else of what
 * begins there. The line may become a later one of the same { … }. */
void place_find(const struct pack_file *, struct rules_error *, const char *const *sought, uint32_t n);

/* load.c: everything generation_new does with a fresh state; findings in the report. */
int generation_load(struct generation *, struct rules_report *);
/* memory.c: before the examples note the variables that functions of the pack share, afterwards report what
 * changed. */
int memory_watch(struct generation *, struct rules_report *, bool is_after);
/* specs.c: -1 only when the specs could not be run; a failed one is a finding. */
int generation_specs(struct generation *, struct rules_report *);
/* From l_*: push lib[name]. */
int push_lib(lua_State *, const char *name);
