/*
 * One lua_State with its budgets, and the one door into it. Private to src/rules.
 *
 * Everything Lua does happens inside vm_call: a count hook for instructions, a counting allocator for memory,
 * the wall clock as the last resort. A budget that is over stays over (`over` is sticky and the hook is
 * re-armed for every instruction), so no pcall, handler or __close inside can go on. Functions called from
 * Lua are named l_* and own nothing that a jump could lose.
 */
#pragma once

#include <lauxlib.h>
#include <lua.h>

#include "pool.h"
#include "tocsin/rules.h"

#define TEXT_MAX ((size_t)256 * 1024 + 256) /* one text inside Lua, with its header */
#define HOOK_STEPS 250                      /* the hook's period, and the resolution of `steps` */

#define OVER_STEPS_EN "more than %ju steps: a loop without end, or too much work"
#define OVER_STEPS_ZH "超过 %ju 步：死循环，或工作量太大"

enum over { OVER_NOT, OVER_STEPS, OVER_WALL, OVER_MEMORY, OVER_CHURN, OVER_TEXT };

struct vm {
	lua_State *L;
	struct pool pool;
	size_t bytes, bytes_max; /* held now */
	size_t churn, churn_max; /* asked for since vm_budget */
	uint64_t steps, steps_max;
	uint64_t steps_try;  /* within l_try: the smaller limit; else 0 */
	uint64_t charged;    /* not in steps yet: less than the hook's period */
	int64_t wall_end_us; /* 0: none */
	enum over over;
	enum over refused;        /* why the allocator last said no */
	struct rules_error fault; /* where and why the last call failed */
	void *udata;              /* the generation */
};

/* Keys of the registry: the addresses of these. */
struct vm_keys {
	char host, lib, libs, env, list, map, frozen;
};
extern const struct vm_keys vm_keys;

static inline struct vm *vm_of(lua_State *L)
{
	return *(struct vm **)lua_getextraspace(L);
}

/* A new state with nothing in it; -1 when not even that fits into bytes_max. */
int vm_init(struct vm *, size_t bytes_max, struct err *) MUST_CHECK;
void vm_fini(struct vm *);

/*
 * Start counting anew. wall_us 0: no wall clock. churn: bytes that may be asked for in all. Instructions are
 * counted from vm_arm on: a count hook doubles what each costs, and the words' own code is bounded without
 * it.
 */
void vm_budget(struct vm *, uint64_t steps, size_t churn, int64_t wall_us);
/* Count instructions, until the next vm_budget. */
void vm_arm(struct vm *);

/*
 * Run fn(arg) under the budgets; fn finds arg as light userdata at index 1 and leaves results in *arg. 0, or
 * -1 with ERR_REJECTED "file:line: what happened", its reason "raised", "steps", "wall", "memory" or "text",
 * and vm->fault.
 */
int vm_call(struct vm *, lua_CFunction fn, void *arg, struct err *) MUST_CHECK;

/* From l_*: n units of work that no instruction counts. May raise. */
void vm_charge(lua_State *, size_t n);
/* From l_*: stop for good if the budget is over; `status` is what lua_pcall returned. */
void vm_rethrow_if_over(lua_State *, int status);
/* From l_try: the smaller limit was over, the larger is not; count on. */
void vm_resume(lua_State *);

/* The nearest frame from `level` up that runs a pack's file (or, without one, the words); false if none. */
bool vm_place(lua_State *, int level, char *file, size_t file_n, int *line);

/* Fill in a finding from "file:line:column: text": the position where there is one, the text cleaned. */
void fault_from_text(struct rules_error *, const char *text, size_t n);
/* The Chinese of a message that the host raised. */
void fault_raised_zh(struct rules_error *);
/* Positions and a formatted text, its control characters and broken UTF-8 escaped, numbers masked, clipped. */
void fault_set(struct rules_error *, const char *file, int line, int column, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
/* One text of it anew. */
void fault_say(struct rules_error *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fault_zh(struct rules_error *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fault_cure(struct rules_error *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void fault_cure_zh(struct rules_error *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* From the table on top of the stack: {file, line, column, message, message_zh, cure}, read raw. */
void fault_from_table(lua_State *, struct rules_error *);
/* "file:line:column: message" */
int fault_to_err(const struct rules_error *, const char *reason, struct err *);
